/* trainer_line.c - the line that starts a trainer: launchers, the script, and its options.
 *
 *   CUDA_VISIBLE_DEVICES=0,1 accelerate launch --num_processes 2 sft.py --max_length 4096
 *   `--- assignments ----'   `--- a launcher and its options ----' `script' `-- its options --'
 *
 * Launchers nest; the first word that is none decides whose options follow: a program's own command
 * (axolotl train, llamafactory-cli train, tune run, mlx_lm.lora, trl sft), or a script, which is
 * taken for one of TRL's or transformers' by its options. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/args.h"
#include "base/status.h"
#include "base/text.h"
#include "deploy/dialect.h"
#include "deploy/trainer_words.h"

typedef struct line {
  vf_trainer_reading r;
  const char *const *words;
  size_t count, at;
  bool launched; /* by something that starts several processes */
} line;

static const char *base_name(const char *word) {
  const char *slash = strrchr(word, '/');
  return slash != NULL ? slash + 1 : word;
}

static bool is_option(const char *word) {
  return word[0] == '-' && word[1] != '\0' && !(word[1] >= '0' && word[1] <= '9');
}

static const char *word_at(const line *l, size_t i) {
  return i < l->count ? l->words[i] : "";
}

/* ---- Options ---------------------------------------------------------------------------- */

static bool is_switch(const char *word) {
  static const char *const words[] = {"true", "false", "True", "False", "yes",
                                      "no",   "1",     "0",    NULL};
  for (size_t i = 0; words[i] != NULL; i++)
    if (strcmp(word, words[i]) == 0) return true;
  return false;
}

/* Words up to the next option, with commas between. */
static void join_next(line *l, char *out, size_t size) {
  vf_text t = vf_text_on(out, size);
  while (l->at + 1 < l->count && !is_option(l->words[l->at + 1]))
    vf_text_printf(&t, "%s%s", t.length > 0 ? "," : "", l->words[++l->at]);
}

/* What "true" means something to can stand by itself. */
static bool is_flag(const vf_spelling *row) {
  size_t n;
  return row->measure == VF_MEASURE_MAP && vf_spelling_map(row, "true", &n) != NULL;
}

/* The value that belongs to an option, by the form of its row. */
static vf_status find_value(line *l, const char *name, char *out, size_t size, vf_error *err) {
  const vf_spelling *row = vf_trainer_row(l->r.tables, name, NULL, NULL);
  const char *next = word_at(l, l->at + 1);
  bool there = next[0] != '\0' && !is_option(next);
  vf_form form = row == NULL ? VF_FORM_MAYBE : row->form;
  bool takes = form == VF_FORM_VALUE || (form == VF_FORM_MAYBE && (row == NULL || is_switch(next)));
  snprintf(out, size, "true");
  if (form == VF_FORM_MANY) {
    join_next(l, out, size);
  } else if (takes && there) {
    snprintf(out, size, "%s", next);
    l->at++;
  } else if (form == VF_FORM_VALUE && row->effect == VF_EFFECT_READ && !is_flag(row)) {
    return vf_fail_at(err, VF_USAGE, l->words[l->at], "", "it needs a value");
  }
  return VF_OK;
}

/* "--name value", "--name=value", "name=value"; at goes to its last word. */
static vf_status take_option(line *l, vf_error *err) {
  const char *word = l->words[l->at] + strspn(l->words[l->at], "-"), *equals = strchr(word, '=');
  char name[160], value[512];
  size_t n = equals != NULL ? (size_t)(equals - word) : strlen(word);
  vf_status status = VF_OK;
  snprintf(name, sizeof name, "%.*s", (int)(n < 150 ? n : 150), word);
  if (equals != NULL)
    snprintf(value, sizeof value, "%s", equals + 1);
  else
    status = find_value(l, name, value, sizeof value, err);
  return status == VF_OK ? vf_trainer_take(&l->r, name, value, err) : status;
}

static bool is_file_name(const char *word) {
  static const char *const ends[] = {".yaml", ".yml", ".json"};
  for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
    if (vf_text_ends_with(word, strlen(word), ends[i])) return true;
  return false;
}

/* All that is left: options, "key=value", and files of options. */
static vf_status take_rest(line *l, vf_error *err) {
  vf_status status = VF_OK;
  for (; status == VF_OK && l->at < l->count; l->at++) {
    const char *word = l->words[l->at];
    if (is_option(word) || strchr(word, '=') != NULL)
      status = take_option(l, err);
    else if (is_file_name(word))
      status = vf_trainer_take_file(&l->r, word, err);
    else
      status = vf_command_note_unread(l->r.c, l->r.tables[0]->name, word, "", true, err);
  }
  return status;
}

/* ---- Whose options follow ---------------------------------------------------------------- */

static vf_status begin(line *l, const char *trainer, vf_error *err) {
  const vf_trainer *t;
  vf_deployment *d = vf_command_edit(l->r.c);
  vf_status status = vf_trainer_find(&t, trainer, err);
  if (status != VF_OK) return status;
  d->training = true;
  if (d->request.engine == NULL) d->request.engine = t->name;
  l->r.tables = t->words;
  return VF_OK;
}

static vf_status take_as(line *l, const char *trainer, size_t skip, vf_error *err) {
  vf_status status = begin(l, trainer, err);
  l->at += skip;
  return status == VF_OK ? take_rest(l, err) : status;
}

static bool any_option(const line *l, const char *name) {
  for (size_t i = l->at; i < l->count; i++)
    if (strncmp(l->words[i], name, strlen(name)) == 0) return true;
  return false;
}

/* What a script's name says it does. */
static void guess_objective(line *l, const char *script) {
  static const struct {
    const char *part, *objective;
  } parts[] = {{"dpo", "dpo"},       {"grpo", "grpo"},   {"rloo", "grpo"},
               {"orpo", "orpo"},     {"kto", "kto"},     {"ppo", "ppo"},
               {"reward", "reward"}, {"gkd", "distill"}, {"distill", "distill"}};
  vf_train_request *q = &vf_command_edit(l->r.c)->train;
  for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
    if (strstr(script, parts[i].part) != NULL) q->objective = parts[i].objective;
}

/* A script of one's own: by the words that TRL alone has, or its name. */
static vf_status take_script(line *l, const char *script, vf_error *err) {
  const char *name = base_name(script);
  bool trl =
      any_option(l, "--max_length") || any_option(l, "--max_seq_length") ||
      any_option(l, "--use_peft") || strstr(name, "sft") != NULL || strstr(name, "dpo") != NULL ||
      strstr(name, "grpo") != NULL || strstr(name, "kto") != NULL || strstr(name, "orpo") != NULL ||
      strstr(name, "ppo") != NULL || strstr(name, "gkd") != NULL || strstr(name, "trl") != NULL;
  bool megatron = any_option(l, "--tensor-model-parallel-size") || any_option(l, "--num-layers") ||
                  strncmp(name, "pretrain_", 9) == 0;
  const char *trainer = megatron ? "megatron-lm"
                        : any_option(l, "--finetuning_type") || any_option(l, "--cutoff_len")
                            ? "llama-factory"
                        : strstr(name, "unsloth") != NULL ? "unsloth"
                        : trl                             ? "trl"
                                                          : "transformers";
  guess_objective(l, name);
  return take_as(l, trainer, 1, err);
}

/* ---- Programs --------------------------------------------------------------------------- */

static vf_status take_program(line *l, vf_error *err);

/* Its options up to the script or the module that it starts. */
static vf_status take_launcher(line *l, const vf_dialect *words, size_t skip, vf_error *err) {
  const vf_dialect *const tables[VF_TRAINER_TABLES] = {words};
  vf_trainer_reading outer = l->r;
  vf_status status = VF_OK;
  l->launched = true;
  l->at += skip;
  l->r.tables = tables;
  for (; status == VF_OK && l->at < l->count && is_option(l->words[l->at]); l->at++) {
    if (strcmp(l->words[l->at], "-m") == 0 || strcmp(l->words[l->at], "--module") == 0) break;
    status = take_option(l, err);
  }
  l->r.tables = outer.tables;
  return status == VF_OK ? take_program(l, err) : status;
}

/* TRL's own commands are named after what they do. */
static vf_status take_trl(line *l, vf_error *err) {
  guess_objective(l, word_at(l, l->at + 1));
  return take_as(l, "trl", 2, err);
}

/* tune run [launcher's options] RECIPE --config FILE key=value: a recipe's name is no option. */
static vf_status take_tune(line *l, vf_error *err) {
  static const vf_dialect *const tables[VF_TRAINER_TABLES] = {&vf_words_launcher};
  vf_status status = VF_OK;
  l->at += 2;
  l->r.tables = tables;
  for (; status == VF_OK && is_option(word_at(l, l->at)); l->at++) {
    l->launched = true;
    status = take_option(l, err);
  }
  const char *recipe = word_at(l, l->at);
  if (strstr(recipe, "dpo") != NULL) vf_command_edit(l->r.c)->train.objective = "dpo";
  if (status == VF_OK) status = begin(l, "torchtune", err);
  if (status != VF_OK) return status;
  l->at++;
  if (strcmp(word_at(l, l->at), "--config") == 0) {
    const char *file = word_at(l, l->at + 1);
    if (!is_file_name(file))
      return vf_fail_at(err, VF_USAGE, "--config", "",
                        "'%.80s' lies inside of torchtune: tune cp %.80s my.yaml writes it out",
                        file, file);
    status = vf_trainer_take_file(&l->r, file, err);
    l->at += 2;
  }
  if (vf_command_edit(l->r.c)->gpus > 1 && vf_command_edit(l->r.c)->train.parallel == NULL)
    vf_command_edit(l->r.c)->train.parallel = "fsdp"; /* its recipes for several GPUs are FSDP's */
  return status == VF_OK ? take_rest(l, err) : status;
}

static vf_status take_module(line *l, const char *module, vf_error *err) {
  if (strcmp(module, "axolotl.cli.train") == 0) return take_as(l, "axolotl", 1, err);
  if (strcmp(module, "mlx_lm.lora") == 0) return take_as(l, "mlx-lm", 1, err);
  if (strcmp(module, "mlx_lm") == 0) return take_as(l, "mlx-lm", 2, err);
  if (strstr(module, "llamafactory") != NULL) return take_as(l, "llama-factory", 1, err);
  if (strncmp(module, "torch.distributed", 17) == 0)
    return take_launcher(l, &vf_words_launcher, 1, err);
  if (strcmp(module, "accelerate.commands.launch") == 0)
    return take_launcher(l, &vf_words_accelerate, 1, err);
  return take_script(l, module, err);
}

static bool is_word(const line *l, size_t i, const char *word) {
  return strcmp(base_name(word_at(l, i)), word) == 0;
}

static bool is_python(const char *name) {
  return strncmp(name, "python", 6) == 0;
}

static vf_status no_trainer(vf_error *err) {
  return vf_fail(
      err, VF_UNKNOWN,
      "no trainer can be told from the line: it starts with accelerate launch, torchrun, "
      "deepspeed, python, trl sft, axolotl train, llamafactory-cli train, tune run, "
      "mlx_lm.lora");
}

static vf_status take_program(line *l, vf_error *err) {
  const char *name = base_name(word_at(l, l->at));
  size_t n = strlen(name);
  bool second_train = is_word(l, l->at + 1, "train");
  if (strcmp(name, "accelerate") == 0 && is_word(l, l->at + 1, "launch"))
    return take_launcher(l, &vf_words_accelerate, 2, err);
  if (strcmp(name, "torchrun") == 0 || strcmp(name, "deepspeed") == 0)
    return take_launcher(l, &vf_words_launcher, 1, err);
  if ((strcmp(name, "-m") == 0 || strcmp(name, "--module") == 0) && l->at + 1 < l->count) {
    l->at++;
    return take_module(l, l->words[l->at], err);
  }
  if (strcmp(name, "axolotl") == 0 && second_train) return take_as(l, "axolotl", 2, err);
  if ((strcmp(name, "llamafactory-cli") == 0 || strcmp(name, "lmf") == 0) && second_train)
    return take_as(l, "llama-factory", 2, err);
  if (strcmp(name, "tune") == 0 && is_word(l, l->at + 1, "run")) return take_tune(l, err);
  if (strcmp(name, "mlx_lm.lora") == 0) return take_as(l, "mlx-lm", 1, err);
  if (strcmp(name, "mlx_lm") == 0 && is_word(l, l->at + 1, "lora"))
    return take_as(l, "mlx-lm", 2, err);
  if (strcmp(name, "trl") == 0) return take_trl(l, err);
  if (is_python(name) && l->at + 1 < l->count) {
    l->at++;
    return take_program(l, err);
  }
  if (n > 3 && strcmp(name + n - 3, ".py") == 0) return take_script(l, name, err);
  return no_trainer(err);
}

/* ---- The line --------------------------------------------------------------------------- */

/* "CUDA_VISIBLE_DEVICES=0,1" and "NPROC_PER_NODE=2" count GPUs. */
static vf_status take_assignment(line *l, const char *word, vf_error *err) {
  vf_deployment *d = vf_command_edit(l->r.c);
  uint32_t n = 1;
  if (strncmp(word, "CUDA_VISIBLE_DEVICES=", 21) == 0 && word[21] != '\0') {
    for (const char *c = word; *c != '\0'; c++) n += *c == ',';
    if (d->gpus == 0 && n > 1) d->gpus = n;
    return vf_command_note_taken(l->r.c, "CUDA_VISIBLE_DEVICES", err);
  }
  if (strncmp(word, "NPROC_PER_NODE=", 15) == 0) {
    l->launched = true;
    d->gpus = (uint32_t)strtoul(word + 15, NULL, 10);
    return vf_command_note_taken(l->r.c, "NPROC_PER_NODE", err);
  }
  return VF_OK;
}

/* What starts a line without being any of it. */
static bool is_passed(const char *word) {
  static const char *const words[] = {"env",    "nohup", "time", "sudo", "uv",     "uvx", "run",
                                      "poetry", "srun",  "exec", "nice", "stdbuf", NULL};
  for (size_t i = 0; words[i] != NULL; i++)
    if (strcmp(base_name(word), words[i]) == 0) return true;
  return false;
}

vf_status vf_command_read_trainer(vf_command *command, const char *const *words, size_t count,
                                  vf_error *err) {
  static const vf_dialect *const none[VF_TRAINER_TABLES] = {NULL};
  VF_NEED(err, command);
  VF_NEED(err, words);
  vf_trainer_network network = {.nodes = 0};
  line l = {.r = {.c = command, .tables = none, .folder = "", .network = &network},
            .words = words,
            .count = count};
  vf_deployment *d = vf_command_edit(command);
  vf_status status = VF_OK;
  size_t length;
  for (; status == VF_OK && l.at < count; l.at++) {
    if (vf_word_is_assignment(words[l.at], &length))
      status = take_assignment(&l, words[l.at], err);
    else if (!is_passed(words[l.at]))
      break;
  }
  if (status == VF_OK) status = take_program(&l, err);
  if (status != VF_OK) return status;
  d->elsewhere = d->own_line = true;
  status = vf_trainer_network_close(&l.r, err);
  if (l.launched && d->gpus > 1 && d->train.parallel == NULL) d->train.parallel = "ddp";
  return status;
}
