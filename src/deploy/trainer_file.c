/* trainer_file.c - files of trainers: which program's it is, and all its keys.
 *
 * A file is told by keys that one program alone has.  Files that it names (DeepSpeed's JSON,
 * Accelerate's YAML) are read as well, where they are. */
#include <stdio.h>
#include <string.h>

#include "base/args.h"
#include "base/status.h"
#include "base/text.h"
#include "deploy/trainer_words.h"
#include "readers/catalog.h"
#include "readers/files.h"

enum { MOST_DEPTH = 3, MOST_KEY = 160, MOST_VALUE = 512, MOST_STEPS = 20000 };

/* ---- Whose it is ------------------------------------------------------------------------ */

static const vf_dialect *const accelerate_tables[VF_TRAINER_TABLES] = {&vf_words_accelerate};

static const struct {
  const char *any, *also; /* one of each, with blanks between; NULL: nothing more */
  const char *trainer;    /* "": Accelerate, which starts any */
} signs[] = {
    {"zero_optimization train_micro_batch_size_per_gpu", NULL, "deepspeed"},
    {"distributed_type", NULL, ""},
    {"base_model", "datasets adapter sequence_len micro_batch_size pretraining_dataset", "axolotl"},
    {"finetuning_type cutoff_len stage", "model_name_or_path dataset template", "llama-factory"},
    {"model/_component_", "optimizer", "torchtune"},
    {"model/tensor_model_parallel_size model/micro_batch_size", NULL, "nemo"},
    {"fine_tune_type lora_parameters", NULL, "mlx-lm"},
    {"adapter_path iters", "model", "mlx-lm"},
    {"per_device_train_batch_size", NULL, "trl"},
    {"model_name_or_path", "dataset_name learning_rate max_length output_dir", "trl"},
};

static bool has_any(const vf_node *root, const char *keys) {
  for (const char *s = keys; *s != '\0';) {
    char key[64];
    size_t n = strcspn(s, " ");
    snprintf(key, sizeof key, "%.*s", (int)n, s);
    if (vf_node_get(root, key) != NULL) return true;
    s += n + strspn(s + n, " ");
  }
  return false;
}

const vf_trainer *vf_trainer_of_tree(const vf_node *root, const vf_dialect *const **tables) {
  const vf_trainer *t = NULL;
  for (size_t i = 0; i < sizeof signs / sizeof *signs; i++) {
    if (!has_any(root, signs[i].any)) continue;
    if (signs[i].also != NULL && !has_any(root, signs[i].also)) continue;
    bool starts_any = signs[i].trainer[0] == '\0';
    if (vf_trainer_find(&t, starts_any ? NULL : signs[i].trainer, NULL) != VF_OK) return NULL;
    *tables = starts_any ? accelerate_tables : t->words;
    return t;
  }
  return NULL;
}

/* ---- Its keys --------------------------------------------------------------------------- */

typedef struct walk {
  const vf_trainer_reading *r;
  size_t steps;
} walk;

static vf_status take_map(walk *w, const vf_node *map, const char *prefix, vf_error *err);

/* A list of plain values is one value with commas. */
static bool join(char out[MOST_VALUE], const vf_node *list) {
  vf_text t = vf_text_on(out, MOST_VALUE);
  for (const vf_item *i = list->items; i != NULL; i = i->next) {
    if (i->value->kind != VF_NODE_SCALAR) return false;
    vf_text_printf(&t, "%s%s", t.length > 0 ? "," : "", i->value->text);
  }
  return t.length < MOST_VALUE;
}

/* What is not looked into is told as one: nobody reads anything within it. */
static bool ends_here(const walk *w, const char *key) {
  const vf_spelling *row = vf_trainer_row(w->r->tables, key, NULL, NULL);
  return row != NULL && row->effect != VF_EFFECT_READ &&
         !vf_trainer_reads_within(w->r->tables, key);
}

static vf_status take_key(walk *w, const char *key, const vf_node *value, vf_error *err) {
  char text[MOST_VALUE];
  if (++w->steps > MOST_STEPS)
    return vf_fail(err, VF_LIMIT, "more keys than any configuration has");
  switch (value->kind) {
  case VF_NODE_SCALAR: return vf_trainer_take(w->r, key, value->text, err);
  case VF_NODE_LIST: return vf_trainer_take(w->r, key, join(text, value) ? text : "a list", err);
  case VF_NODE_MAP: break;
  }
  return ends_here(w, key) ? vf_trainer_take(w->r, key, "…", err) : take_map(w, value, key, err);
}

static vf_status take_map(walk *w, const vf_node *map, const char *prefix, vf_error *err) {
  vf_status status = VF_OK;
  for (const vf_item *i = map->items; status == VF_OK && i != NULL; i = i->next) {
    char key[MOST_KEY];
    vf_error cause = {.status = VF_OK};
    snprintf(key, sizeof key, "%.70s%s%.70s", prefix, prefix[0] != '\0' ? "." : "",
             i->key != NULL ? i->key->text : "");
    status = take_key(w, key, i->value, &cause);
    if (status == VF_OK || err == NULL) continue;
    *err = cause;
    if (err->line == 0) err->line = i->value->line, err->column = i->value->column;
  }
  return status;
}

vf_status vf_trainer_take_tree(const vf_trainer_reading *r, const vf_node *root, vf_error *err) {
  walk w = {r, 0};
  if (!vf_node_is(root, VF_NODE_MAP))
    return vf_fail(err, VF_MALFORMED, "keys with values are expected, not a list");
  return take_map(&w, root, "", err);
}

/* ---- Files ------------------------------------------------------------------------------ */

static vf_status read_tree(const vf_node **out, vf_command *c, const char *path, vf_error *err) {
  char *text = NULL;
  size_t length;
  const vf_node *all = NULL;
  vf_arena *arena = vf_command_arena(c);
  const vf_files *files = &vf_command_context(c)->files;
  vf_status status = vf_files_read(&text, &length, files, path, 1 << 20, arena, err);
  if (status == VF_OK && strlen(text) != length)
    return vf_fail(err, VF_MALFORMED, "it has a NUL in it: no text");
  if (status != VF_OK) return status;
  bool json = vf_text_ends_with(path, strlen(path), ".json");
  status = json ? vf_node_read_json(&all, text, length, arena, err)
                : vf_node_read_yaml(&all, text, length, arena, err);
  if (status != VF_OK) return status;
  *out = json && !vf_node_is(all, VF_NODE_LIST) ? all : vf_node_at(all, 0);
  return *out != NULL ? VF_OK : vf_fail(err, VF_MALFORMED, "it is empty");
}

static vf_status in_file(vf_status status, const char *path, const vf_error *cause, vf_error *err) {
  char word[sizeof cause->source];
  if (status == VF_OK || err == NULL) return status;
  *err = *cause;
  if (strcmp(cause->source, path) == 0) return status;
  snprintf(word, sizeof word, "%s", cause->source);
  snprintf(err->source, sizeof err->source, "%.150s", path);
  if (word[0] != '\0')
    snprintf(err->message, sizeof err->message, "%.100s: %.200s", word, cause->message);
  return status;
}

static vf_status unknown_kind(const vf_node *root, vf_error *err) {
  char keys[120];
  vf_text t = vf_text_on(keys, sizeof keys);
  size_t n = 0;
  for (const vf_item *i = vf_node_is(root, VF_NODE_MAP) ? root->items : NULL; i != NULL && n < 3;
       i = i->next, n++) {
    vf_text_put(&t, n > 0 ? ", " : "");
    vf_text_escaped(&t, i->key->text, strlen(i->key->text));
  }
  return vf_fail(err, VF_UNKNOWN,
                 "no trainer's configuration that is known (its keys: %s): DeepSpeed's JSON, "
                 "Accelerate, axolotl, LLaMA-Factory, torchtune, TRL, NeMo, mlx_lm.lora",
                 keys);
}

/* Its own trainer counts where nobody named one; DeepSpeed and Accelerate are below others. */
static void name_trainer(vf_command *c, const vf_trainer *t, const vf_dialect *const *tables) {
  vf_deployment *d = vf_command_edit(c);
  bool below = tables == accelerate_tables;
  d->training = true;
  if (d->request.engine == NULL && !below) d->request.engine = t->name;
}

static vf_status take_path(const vf_trainer_reading *from, const char *path, vf_error *err) {
  const vf_node *root;
  const char *slash = strrchr(path, '/');
  vf_trainer_reading r = *from;
  vf_error cause = {.status = VF_OK};
  vf_status status = read_tree(&root, r.c, path, &cause);
  const vf_trainer *t = status == VF_OK ? vf_trainer_of_tree(root, &r.tables) : NULL;
  if (status == VF_OK && t == NULL) status = unknown_kind(root, &cause);
  if (status != VF_OK) return in_file(status, path, &cause, err);
  r.folder =
      slash != NULL ? vf_arena_copy(vf_command_arena(r.c), path, (size_t)(slash + 1 - path)) : "";
  if (r.folder == NULL) return vf_fail_nomem(err);
  r.depth++;
  name_trainer(r.c, t, r.tables);
  status = vf_trainer_take_tree(&r, root, &cause);
  return in_file(status, path, &cause, err);
}

/* Where it is beside the file that names it, or where we are; else it is told as not read. */
vf_status vf_trainer_take_file(const vf_trainer_reading *r, const char *name, vf_error *err) {
  vf_path_kind kind = VF_PATH_NONE;
  const vf_files *files = &vf_command_context(r->c)->files;
  char beside[600];
  snprintf(beside, sizeof beside, "%.300s%.290s", name[0] == '/' ? "" : r->folder, name);
  if (r->depth >= MOST_DEPTH)
    return vf_fail(err, VF_LIMIT, "%.80s: files that name files that name files", name);
  for (int i = 0; i < 2; i++) {
    const char *path = i == 0 ? beside : name;
    if (vf_files_look(&kind, files, path, NULL) == VF_OK && kind == VF_PATH_FILE)
      return take_path(r, path, err);
  }
  return vf_command_note_unread(r->c, r->tables[0] != NULL ? r->tables[0]->name : "the line",
                                "file", name, true, err);
}

vf_status vf_command_read_config(vf_command *command, const char *path, vf_error *err) {
  static const vf_dialect *const none[VF_TRAINER_TABLES] = {NULL};
  VF_NEED(err, command);
  VF_NEED(err, path);
  vf_trainer_network network = {.nodes = 0};
  const vf_trainer_reading r = {.c = command, .tables = none, .folder = "", .network = &network};
  vf_status status = take_path(&r, path, err);
  return status == VF_OK ? vf_trainer_network_close(&r, err) : status;
}
