/* trainer_words.c - words of trainers into a deployment, by the tables of engines/trainers.
 *
 * Every word is accounted for, as with engines: it is a parameter, it moves no memory and is passed
 * over, it may move some and becomes a remark, or nobody knows it and a remark says so. */
#include "deploy/trainer_words.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/names.h"
#include "base/status.h"
#include "base/text.h"
#include "core/training_params.h"
#include "deploy/dialect.h"

/* ---- Rows ------------------------------------------------------------------------------- */

static bool same_letter(char ours, char theirs) {
  if (theirs >= 'A' && theirs <= 'Z') theirs = (char)(theirs - 'A' + 'a');
  return ours == theirs || (ours == '-' && theirs == '_');
}

/* One of a row's words, "lr-*" or "seq-len", against one that was written. */
static bool is_word(const char *ours, size_t length, const char *word) {
  bool open = length > 0 && ours[length - 1] == '*';
  size_t n = open ? length - 1 : length;
  for (size_t i = 0; i < n; i++)
    if (word[i] == '\0' || !same_letter(ours[i], word[i])) return false;
  return open || word[n] == '\0';
}

static bool has_word(const vf_spelling *row, const char *word) {
  for (const char *s = row->words; *s != '\0';) {
    size_t n = strcspn(s, " ");
    if (is_word(s, n, word)) return true;
    s += n + strspn(s + n, " ");
  }
  return false;
}

const vf_spelling *vf_trainer_row(const vf_dialect *const *tables, const char *word,
                                  const vf_spelling *after, const vf_dialect **table) {
  for (size_t t = 0; t < VF_TRAINER_TABLES && tables[t] != NULL; t++) {
    const vf_spelling *rows = tables[t]->rows, *end = rows + tables[t]->n_rows;
    bool here = after != NULL && after >= rows && after < end;
    if (after != NULL && !here) continue;
    for (const vf_spelling *row = here ? after + 1 : rows; row < end; row++) {
      if (here && row->param == NULL) break; /* what is read is not passed over as well */
      if (!has_word(row, word)) continue;
      if (table != NULL) *table = tables[t];
      return row;
    }
    if (here) return NULL;
  }
  return NULL;
}

/* Whether one of a row's words, "optimizer.type", begins with that one and a dot. */
static bool has_member(const vf_spelling *row, const char *word) {
  size_t m = strlen(word);
  for (const char *s = row->words; *s != '\0';) {
    size_t n = strcspn(s, " "), i = 0;
    while (i < m && i < n && same_letter(s[i], word[i])) i++;
    if (i == m && m < n && s[m] == '.') return true;
    s += n + strspn(s + n, " ");
  }
  return false;
}

bool vf_trainer_reads_within(const vf_dialect *const *tables, const char *word) {
  for (size_t t = 0; t < VF_TRAINER_TABLES && tables[t] != NULL; t++)
    for (size_t i = 0; i < tables[t]->n_rows; i++)
      if (tables[t]->rows[i].effect == VF_EFFECT_READ && has_member(&tables[t]->rows[i], word))
        return true;
  return false;
}

/* ---- Values that add up, or of which the furthest counts --------------------------------- */

/* Whether the first stands behind the second in a NULL-terminated list. */
static bool is_further(const char *const *list, const char *a, const char *b) {
  bool seen = false;
  for (; *list != NULL; list++) {
    if (strcmp(*list, a) == 0) return seen;
    seen |= b != NULL && strcmp(*list, b) == 0;
  }
  return false;
}

/* "load_in_4bit" makes QLoRA of what "use_peft" calls LoRA, in whatever order they stand. */
static bool is_outdone(const char *param, const vf_train_request *r, const char *value) {
  static const char *const methods[] = {"qlora", "dora", "lora", "full", NULL};
  static const char *const memory[] = {"offload", "selective", "full", "none", NULL};
  static const char *const objectives[] = {"orpo", "dpo", NULL};
  static const char *const rollouts[] = {"apart", "0.3", NULL}; /* a server's share is not here */
  static const char *const types[] = {"bf16", "fp16", "float8", "mixed", NULL};
  if (strcmp(param, "method") == 0 && r->method != NULL)
    return is_further(methods, value, r->method);
  if (strcmp(param, "checkpointing") == 0 && r->checkpointing != NULL)
    return is_further(memory, value, r->checkpointing);
  if (strcmp(param, "precision") == 0 && r->precision != NULL)
    return is_further(types, value, r->precision);
  if (strcmp(param, "objective") == 0 && r->objective != NULL)
    return is_further(objectives, value, r->objective);
  if (strcmp(param, "rollout") == 0 && r->rollout != NULL)
    return is_further(rollouts, value, r->rollout);
  return false;
}

static bool lists(const char *list, const char *word, size_t n) {
  for (const char *s = list; s != NULL && *s != '\0';) {
    size_t m = strcspn(s, ",");
    if (m == n && strncmp(s, word, n) == 0) return true;
    s += m + (s[m] == ',');
  }
  return false;
}

/* "optimizer" and "params" from two words are both. */
static vf_status add_up(vf_command *c, const char **field, const char *value, vf_error *err) {
  char all[256];
  vf_text t = vf_text_on(all, sizeof all);
  vf_text_put(&t, *field != NULL ? *field : "");
  if (*field != NULL && strcmp(*field, "all-linear") == 0) return VF_OK;
  if (strcmp(value, "all-linear") == 0) t = vf_text_on(all, sizeof all);
  for (const char *s = value; *s != '\0';) {
    size_t n = strcspn(s, ",");
    if (!lists(all, s, n)) {
      vf_text_put(&t, t.length > 0 ? "," : "");
      vf_text_bytes(&t, s, n);
    }
    s += n + (s[n] == ',');
  }
  *field = vf_arena_copy(vf_command_arena(c), all, strlen(all));
  return *field != NULL ? VF_OK : vf_fail_nomem(err);
}

/* ---- Modules ----------------------------------------------------------------------------- */

static const char *target_of(const char *module, size_t n) {
  static const struct {
    const char *theirs, *ours;
  } names[] = {{"q_proj", "q"},
               {"k_proj", "k"},
               {"v_proj", "v"},
               {"o_proj", "o"},
               {"output_proj", "o"},
               {"gate_proj", "gate"},
               {"up_proj", "up"},
               {"down_proj", "down"},
               {"w1", "gate"},
               {"w3", "up"},
               {"w2", "down"},
               {"all", "all-linear"},
               {"all-linear", "all-linear"},
               {"all_linear", "all-linear"},
               {"*", "all-linear"},
               {"gate", "gate"},
               {"up", "up"},
               {"down", "down"},
               {"self_attn.q_proj", "q"},
               {"self_attn.k_proj", "k"},
               {"self_attn.v_proj", "v"},
               {"self_attn.o_proj", "o"},
               {"mlp.gate_proj", "gate"},
               {"mlp.up_proj", "up"},
               {"mlp.down_proj", "down"}};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    if (strlen(names[i].theirs) == n && strncmp(names[i].theirs, module, n) == 0)
      return names[i].ours;
  return NULL;
}

/* A list of modules; what is no matrix of a layer becomes a remark. */
static vf_status take_targets(const vf_trainer_reading *r, const char *who, const char *word,
                              const char *value, vf_error *err) {
  vf_train_request *q = &vf_command_edit(r->c)->train;
  vf_status status = VF_OK;
  for (const char *s = value; status == VF_OK && *s != '\0';) {
    s += strspn(s, ", ");
    size_t n = strcspn(s, ", ");
    const char *ours = target_of(s, n);
    char module[64];
    snprintf(module, sizeof module, "%.*s", (int)(n < 60 ? n : 60), s);
    if (n > 0 && ours != NULL) status = add_up(r->c, &q->lora_targets, ours, err);
    if (n > 0 && ours == NULL) status = vf_command_note_unread(r->c, who, word, module, true, err);
    s += n;
  }
  return status;
}

/* ---- torchtune's names -------------------------------------------------------------------- */

static bool begins_with(const char **s, const char *what) {
  size_t n = strlen(what);
  if (strncmp(*s, what, n) != 0) return false;
  *s += n;
  return true;
}

/* Families whose own name has a point; in all others the first number after the name is a size. */
static const char *const pointed[] = {"llama3_1", "llama3_2", "llama3_3",
                                      "qwen2_5",  "phi3_5",   NULL};

/* "qwen2_5_0_5b_instruct" is "qwen2.5-0.5b-instruct". */
static size_t plain_name(char *out, size_t size, const char *s) {
  size_t n = 0, family = 0;
  for (size_t i = 0; pointed[i] != NULL; i++)
    if (strncmp(s, pointed[i], strlen(pointed[i])) == 0) family = strlen(pointed[i]);
  for (size_t i = 0; s[i] != '\0' && n + 1 < size; i++) {
    bool digits = i > family && s[i - 1] >= '0' && s[i - 1] <= '9' && s[i + 1] >= '0' &&
                  s[i + 1] <= '9' && strchr(s, '_') != s + i;
    out[n++] = s[i] != '_' ? s[i] : i < family || digits ? '.' : '-';
  }
  out[n] = '\0';
  return n;
}

/* "torchtune.models.llama3_1.qlora_llama3_1_8b": a method, and "llama3.1-8b". */
static vf_status take_component(const vf_trainer_reading *r, const char *value, vf_error *err) {
  vf_deployment *d = vf_command_edit(r->c);
  const char *dot = strrchr(value, '.'), *s = dot != NULL ? dot + 1 : value;
  char name[96];
  if (begins_with(&s, "qlora_"))
    d->train.method = "qlora";
  else if (begins_with(&s, "lora_"))
    d->train.method = d->train.method == NULL ? "lora" : d->train.method;
  d->model = vf_arena_copy(vf_command_arena(r->c), name, plain_name(name, sizeof name, s));
  return d->model != NULL ? VF_OK : vf_fail_nomem(err);
}

/* ---- One row ------------------------------------------------------------------------------ */

static bool says_nothing(const char *value) {
  static const char *const nothing[] = {"", "auto", "null", "none", "~", NULL};
  for (size_t i = 0; nothing[i] != NULL; i++)
    if (vf_name_equal(value, nothing[i])) return true;
  return false;
}

static bool is_off(const char *value) {
  return says_nothing(value) || vf_name_equal(value, "false") || strcmp(value, "0") == 0 ||
         vf_name_equal(value, "no");
}

static vf_status at_word(vf_status status, const char *word, const vf_error *cause, vf_error *err) {
  if (status == VF_OK || err == NULL) return status;
  *err = *cause;
  if (status == VF_UNKNOWN) err->status = status = VF_USAGE;
  if (err->source[0] == '\0') snprintf(err->source, sizeof err->source, "%.100s", word);
  return status;
}

/* YAML's 500_000 is 500000. */
static void plain_number(char *text) {
  size_t n = 0;
  if (text[strspn(text, "0123456789_")] != '\0' || text[0] == '_') return;
  for (const char *s = text; *s != '\0'; s++)
    if (*s != '_') text[n++] = *s;
  text[n] = '\0';
}

static vf_status set(const vf_trainer_reading *r, const char *param, const char *value,
                     vf_error *err) {
  vf_deployment *d = vf_command_edit(r->c);
  const vf_train_param *p = vf_train_param_find(param);
  char *kept = vf_arena_copy(vf_command_arena(r->c), value, strlen(value));
  if (kept == NULL) return vf_fail_nomem(err);
  plain_number(kept);
  if (p != NULL && p->kind == VF_TRAIN_list)
    return add_up(r->c, vf_train_param_text(p, &d->train), kept, err);
  if (strcmp(param, "lora-targets") == 0) return add_up(r->c, &d->train.lora_targets, kept, err);
  if (p != NULL && is_outdone(param, &d->train, kept)) return VF_OK;
  if (p != NULL) return vf_train_set(&d->train, param, kept, err);
  const vf_param *own = vf_param_find(param, strlen(param));
  if (own == NULL) return vf_fail(err, VF_USAGE, "no parameter is called '%s'", param);
  return vf_param_parse(own, d, kept, VF_MEASURE_OURS, err);
}

/* "4", or as torchrun has it from how many to how many, "2:4": the most. */
static vf_status set_nodes(const vf_trainer_reading *r, const char *value, vf_error *err) {
  char *end;
  const char *most = strchr(value, ':');
  if (most != NULL) value = most + 1;
  unsigned long long n = value[0] >= '0' && value[0] <= '9' ? strtoull(value, &end, 10) : 0;
  if (n == 0 || n > UINT16_MAX || *end != '\0')
    return vf_fail(err, VF_USAGE, "'%.40s' is not a number of nodes", value);
  if (r->network != NULL) r->network->nodes = (uint32_t)n;
  return VF_OK;
}

/* A parameter of ours, or something that is kept until all is read. */
static vf_status set_any(const vf_trainer_reading *r, const char *param, const char *value,
                         vf_error *err) {
  static const char network[] = "@network.";
  if (strcmp(param, "@nodes") == 0) return set_nodes(r, value, err);
  if (strncmp(param, network, sizeof network - 1) == 0)
    return vf_trainer_network_set(r, param + sizeof network - 1, value, err);
  return set(r, param, value, err);
}

/* Of a list the parts are words of the map, and those that say nothing say nothing. */
static vf_status take_map(const vf_trainer_reading *r, const vf_spelling *row, const char *who,
                          const char *word, const char *value, bool *taken, vf_error *err) {
  vf_status status = VF_OK;
  char part[128], ours[128];
  bool once = *value == '\0';
  for (const char *s = value; status == VF_OK && (*s != '\0' || once); once = false) {
    size_t n = row->form == VF_FORM_MANY ? strcspn(s, ", ") : strlen(s), m = 0;
    snprintf(part, sizeof part, "%.*s", (int)n, s);
    s += n + strspn(s + n, ", ");
    const char *found = vf_spelling_map(row, part, &m);
    if (found == NULL && says_nothing(part)) continue;
    if (found == NULL || (m == 1 && *found == '-')) {
      status = vf_command_note_unread(r->c, who, word, part, true, err);
      *taken = true;
      continue;
    }
    if (m == 0) continue;
    bool same = m == 1 && *found == '='; /* "*:=": any other as it is */
    snprintf(ours, sizeof ours, "%.*s", same ? (int)strlen(part) : (int)m, same ? part : found);
    if (row->param != NULL) status = set_any(r, row->param, ours, err);
    *taken = true;
  }
  return status;
}

static vf_status take_row(const vf_trainer_reading *r, const vf_spelling *row, const char *who,
                          const char *word, const char *value, bool *taken, vf_error *err) {
  vf_error cause = {.status = VF_OK};
  vf_status status;
  if (row->effect == VF_EFFECT_UNREAD) {
    *taken |= !is_off(value);
    return is_off(value) ? VF_OK : vf_command_note_unread(r->c, who, word, value, true, err);
  }
  if (row->effect == VF_EFFECT_NONE) return VF_OK;
  if (row->measure == VF_MEASURE_MAP) {
    status = take_map(r, row, who, word, value, taken, &cause);
    return at_word(status, word, &cause, err);
  }
  if (says_nothing(value)) return VF_OK;
  *taken = true;
  if (strcmp(row->param, "@config") == 0) return vf_trainer_take_file(r, value, err);
  if (strcmp(row->param, "@component") == 0)
    status = take_component(r, value, &cause);
  else if (strcmp(row->param, "lora-targets") == 0)
    status = take_targets(r, who, word, value, &cause);
  else
    status = set_any(r, row->param, value, &cause);
  return at_word(status, word, &cause, err);
}

vf_status vf_trainer_take(const vf_trainer_reading *r, const char *word, const char *value,
                          vf_error *err) {
  const vf_dialect *table;
  const char *program = r->tables[0]->name;
  const vf_spelling *row = vf_trainer_row(r->tables, word, NULL, &table);
  bool taken = false;
  vf_status status = VF_OK;
  if (row == NULL) return vf_command_note_unread(r->c, program, word, value, false, err);
  for (; status == VF_OK && row != NULL; row = vf_trainer_row(r->tables, word, row, NULL))
    status = take_row(r, row, table->name, word, value, &taken, err);
  if (status != VF_OK) return status;
  return taken ? vf_command_note_taken(r->c, word, err) : vf_command_note_passed(r->c, word, err);
}
