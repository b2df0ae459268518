/* scenario.c - our own form of a file about a box.
 *
 * The file passes the same gate as a config and becomes facts; every fact must have a key that is
 * known, so that a typing error never passes for a default. */
#include "deploy/scenario.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/names.h"
#include "base/status.h"
#include "base/units.h"
#include "core/training_params.h"
#include "deploy/command.h"
#include "deploy/manifests/box_file.h"
#include "readers/config.h"
#include "readers/files.h"
#include "readers/json/json_scan.h"

/* Nothing that a file states is larger: it would be a mistake in the unit. */
static const uint64_t most_bytes = UINT64_C(1) << 50;

const char *const vf_schedule_word[VF_SCHEDULE_COUNT + 1] = {"always", "stage", "on-demand", NULL};
const char *const vf_item_class_word[VF_ITEM_CLASS_COUNT + 1] = {"inference", "training", NULL};

vf_status vf_scenario_fail(const vf_scenario_file *f, const char *key, vf_error *err,
                           const char *fmt, ...) {
  char message[256];
  va_list args;
  va_start(args, fmt);
  vsnprintf(message, sizeof message, fmt, args);
  va_end(args);
  return vf_facts_fail(&f->facts, key, VF_MALFORMED, err, "%s", message);
}

/* ---- Keys ------------------------------------------------------------------------------- */

static const char *const box_keys[] = {
    "title",     "gpu",       "host_memory", "used",   "system",  "headroom", "notes",
    "container", "workloads", "scenarios",   "ollama", "$schema", NULL};
/* Of a workload, beside the parameters of a deployment. */
static const char *const workload_keys[] = {
    "name",      "title",    "workload", "size",       "scope",  "class",
    "schedule",  "pipeline", "profiles", "keep_alive", "limit",  "gpu",
    "container", "gpus",     "command",  "notes",      "config", NULL};
static const char *const scenario_keys[] = {"name", "title", "workloads", "notes", NULL};
static const char *const ollama_keys[] = {"max_loaded_models", "num_parallel", "keep_alive",
                                          "gpu_overhead",      "requests",     NULL};

static bool is_listed(const char *key, const char *const *known) {
  for (; *known != NULL; known++)
    if (strcmp(key, *known) == 0) return true;
  return strncmp(key, "x-", 2) == 0;
}

/* A parameter that a workload states by itself: where it runs is said of the box. */
static const vf_param *workload_param(const char *key) {
  static const vf_param_id of_the_box[] = {
      VF_PARAM_GPU,  VF_PARAM_GPUS,     VF_PARAM_TOTAL,       VF_PARAM_MEMORY,
      VF_PARAM_USED, VF_PARAM_HEADROOM, VF_PARAM_HOST_MEMORY, VF_PARAM_HOST_BANDWIDTH};
  const vf_param *p = vf_param_find(key, strlen(key));
  for (size_t i = 0; i < sizeof of_the_box / sizeof *of_the_box; i++)
    if (p == &vf_params[of_the_box[i]]) return NULL;
  return p != NULL && strchr(key, '-') == NULL ? p : NULL;
}

/* A word of training as a key: "seq_len". */
static bool is_train_key(const char *key) {
  return strchr(key, '-') == NULL && vf_train_param_find(key) != NULL;
}

/* A parameter as a key: "kv_unified". */
static void key_of(char out[64], const vf_param *p) {
  snprintf(out, 64, "%s", p->info.name);
  for (char *c = out; *c != '\0'; c++)
    if (*c == '-') *c = '_';
}

static vf_status unknown_key(const vf_scenario_file *f, const char *key, const char *name,
                             const char *const *known, vf_error *err) {
  vf_name_search search = vf_name_search_for(name);
  char keys[VF_PARAM_COUNT][64];
  for (const char *const *k = known; *k != NULL; k++) vf_name_search_try(&search, *k);
  for (size_t i = 0; known == workload_keys && i < VF_PARAM_COUNT; i++) {
    key_of(keys[i], &vf_params[i]);
    vf_name_search_try(&search, keys[i]);
  }
  if (search.best == NULL) return vf_scenario_fail(f, key, err, "this key is not known here");
  return vf_scenario_fail(f, key, err, "this key is not known here: did you mean %s?", search.best);
}

/* The key below an entry of a list: "workloads.3.model" is "model"; NULL if it is none. */
static const char *below_entry(const char *key, size_t list_length) {
  const char *digits = key + list_length + 1;
  size_t n = strspn(digits, "0123456789");
  return n > 0 && digits[n] == '.' ? digits + n + 1 : NULL;
}

static vf_status check_below(const vf_scenario_file *f, const char *key, const char *name,
                             const char *const *known, vf_error *err) {
  char first[64];
  snprintf(first, sizeof first, "%.*s", (int)strcspn(name, "."), name);
  bool param = known == workload_keys && (workload_param(first) != NULL || is_train_key(first));
  if (!param && !is_listed(first, known)) return unknown_key(f, key, first, known, err);
  if (name[strlen(first)] == '\0' || strncmp(first, "x-", 2) == 0) return VF_OK;
  return vf_scenario_fail(f, key, err, "an object is not expected here");
}

static vf_status check_key(const vf_scenario_file *f, const vf_fact *fact, vf_error *err) {
  static const struct {
    const char *list;
    const char *const *known;
  } lists[] = {{"workloads", workload_keys}, {"scenarios", scenario_keys}};
  const char *key = fact->key;
  size_t n = strcspn(key, ".");
  char first[64];
  snprintf(first, sizeof first, "%.*s", (int)n, key);
  for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
    if (strcmp(first, lists[i].list) != 0) continue;
    const char *name = key[n] == '.' ? below_entry(key, n) : NULL;
    bool empty = key[n] == '\0' && fact->type == VF_FACT_ARRAY && fact->as.array.count == 0;
    if (name != NULL) return check_below(f, key, name, lists[i].known, err);
    return empty ? VF_OK : vf_scenario_fail(f, key, err, "a list of objects is expected here");
  }
  if (strcmp(first, "ollama") == 0 && key[n] == '.')
    return check_below(f, key, key + n + 1, ollama_keys, err);
  if (strcmp(first, "ollama") == 0)
    return vf_scenario_fail(f, key, err, "an object is expected here");
  return check_below(f, key, key, box_keys, err);
}

static vf_status check_keys(const vf_scenario_file *f, vf_error *err) {
  for (size_t i = 0; i < f->facts.count; i++) {
    vf_status status = check_key(f, &f->facts.items[i], err);
    if (status != VF_OK) return status;
  }
  return VF_OK;
}

vf_status vf_scenario_keys_check(const vf_scenario_file *f, const char *prefix, vf_error *err) {
  size_t n = strlen(prefix);
  vf_status status = VF_OK;
  for (size_t i = 0; status == VF_OK && i < f->facts.count; i++) {
    const char *key = f->facts.items[i].key;
    if (strncmp(key, prefix, n) == 0) status = check_below(f, key, key + n, workload_keys, err);
  }
  return status;
}

/* ---- Values ----------------------------------------------------------------------------- */

/* The error of a parser, told at its key. */
static vf_status at_key(const vf_facts *f, const char *key, const vf_error *cause, vf_error *err) {
  return vf_facts_fail(f, key, cause->status == VF_NOMEM ? VF_NOMEM : VF_MALFORMED, err, "%s",
                       cause->message);
}

static vf_status parse_size(uint64_t *out, const vf_fact *fact, const vf_facts *f, const char *key,
                            vf_error *err) {
  vf_error cause = {.status = VF_OK};
  if (fact->type != VF_FACT_STRING)
    return vf_facts_fail(f, key, VF_MALFORMED, err,
                         "a size with its unit is expected: \"12GB\" or \"12GiB\"");
  if (vf_size_parse(out, fact->as.string, &cause) != VF_OK) return at_key(f, key, &cause, err);
  size_t n = strlen(fact->as.string);
  if (*out != 0 && fact->as.string[n - 1] >= '0' && fact->as.string[n - 1] <= '9')
    return vf_facts_fail(f, key, VF_MALFORMED, err, "%s of what? \"%sGB\" or \"%sGiB\"",
                         fact->as.string, fact->as.string, fact->as.string);
  if (*out > most_bytes)
    return vf_facts_fail(f, key, VF_MALFORMED, err, "%s is beyond 1 PiB: no box holds that",
                         fact->as.string);
  return VF_OK;
}

static vf_status size_at(uint64_t *out, bool *found, const vf_facts *f, const char *key,
                         vf_error *err) {
  const vf_fact *fact = vf_facts_find(f, key);
  *found = fact != NULL;
  return fact == NULL ? VF_OK : parse_size(out, fact, f, key, err);
}

static vf_status optional_size(uint64_t *out, const vf_facts *f, const char *key, vf_error *err) {
  bool found;
  return size_at(out, &found, f, key, err);
}

/* A string, or VF_MALFORMED if there is something else; NULL if there is nothing. */
static vf_status string_at(const char **out, const vf_facts *f, const char *key, vf_error *err) {
  const vf_fact *fact = vf_facts_find(f, key);
  *out = NULL;
  if (fact == NULL) return VF_OK;
  if (fact->type != VF_FACT_STRING || fact->as.string[0] == '\0')
    return vf_facts_fail(f, key, VF_MALFORMED, err, "a text is expected here");
  *out = fact->as.string;
  return VF_OK;
}

static vf_status count_at(uint32_t *out, const vf_facts *f, const char *key, uint64_t most,
                          vf_error *err) {
  uint64_t n = *out;
  bool found;
  vf_status status = vf_facts_number(&n, &found, f, key, 0, "number", 1, most, err);
  *out = (uint32_t)n;
  return status;
}

static vf_status word_at(int *out, const vf_facts *f, const char *key, const char *const *words,
                         vf_error *err) {
  const char *text;
  char list[120] = "";
  vf_status status = string_at(&text, f, key, err);
  if (status != VF_OK || text == NULL) return status;
  for (int i = 0; words[i] != NULL; i++) {
    size_t n = strlen(list);
    snprintf(list + n, sizeof list - n, "%s%s", i > 0 ? ", " : "", words[i]);
    if (strcmp(text, words[i]) != 0) continue;
    *out = i;
    return VF_OK;
  }
  return vf_facts_fail(f, key, VF_MALFORMED, err, "'%s' is not one of: %s", text, list);
}

/* "5m", "1h30m", "-1": Go's durations, as Ollama takes them. */
static bool parse_duration(int64_t *out, const char *text) {
  static const struct {
    char unit;
    int64_t seconds;
  } units[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}};
  int64_t sum = 0;
  bool negative = text[0] == '-';
  const char *s = text + negative;
  if (*s == '\0') return false;
  while (*s != '\0') {
    int64_t n = 0, scale = 0;
    size_t digits = strspn(s, "0123456789");
    if (digits == 0 || digits > 9) return false;
    for (size_t i = 0; i < digits; i++) n = n * 10 + (s[i] - '0');
    s += digits;
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
      if (*s == units[i].unit) scale = units[i].seconds;
    if (scale == 0 && *s != '\0') return false;
    sum += n * (scale != 0 ? scale : 1);
    s += *s != '\0';
  }
  *out = negative ? VF_KEEP_FOREVER : sum;
  return true;
}

vf_status vf_scenario_seconds(int64_t *out, const vf_fact *fact, const vf_facts *f, const char *key,
                              vf_error *err) {
  if (fact->type == VF_FACT_INT && fact->as.integer >= -1 && fact->as.integer < 1000000000) {
    *out = fact->as.integer;
    return VF_OK;
  }
  if (fact->type == VF_FACT_STRING && parse_duration(out, fact->as.string)) return VF_OK;
  return vf_facts_fail(f, key, VF_MALFORMED, err,
                       "seconds, \"5m\", \"24h\" or -1 (forever) are expected");
}

/* ---- The box ---------------------------------------------------------------------------- */

/* One name, or several that are joined by '+'. */
static vf_status read_gpu(vf_scenario_file *f, vf_error *err) {
  const vf_fact *fact = vf_facts_find(&f->facts, "gpu");
  char all[512] = "";
  if (fact == NULL) return VF_OK;
  if (fact->type == VF_FACT_STRING && fact->as.string[0] != '\0') {
    f->gpu = fact->as.string;
    return VF_OK;
  }
  if (fact->type != VF_FACT_ARRAY || fact->as.array.count == 0)
    return vf_scenario_fail(f, "gpu", err, "a device is expected, or a list of devices");
  for (size_t i = 0; i < fact->as.array.count; i++) {
    const vf_fact *one = &fact->as.array.items[i];
    size_t n = strlen(all);
    if (one->type != VF_FACT_STRING || n + strlen(one->as.string) + 2 > sizeof all)
      return vf_scenario_fail(f, "gpu", err, "a list of names of devices is expected");
    snprintf(all + n, sizeof all - n, "%s%s", i > 0 ? "+" : "", one->as.string);
  }
  f->gpu = vf_arena_copy(f->arena, all, strlen(all));
  return f->gpu != NULL ? VF_OK : vf_fail_nomem(err);
}

static vf_status read_headroom(vf_scenario_file *f, vf_error *err) {
  const char *text;
  unsigned percent = 0;
  int length = 0;
  vf_status status = string_at(&text, &f->facts, "headroom", err);
  if (status != VF_OK || text == NULL) return status;
  f->has_headroom = true;
  if (sscanf(text, "%3u%%%n", &percent, &length) == 1 && length > 0 && text[length] == '\0') {
    if (percent > 100)
      return vf_scenario_fail(f, "headroom", err, "%s is more than there is", text);
    f->headroom_permille = percent * 10;
    return VF_OK;
  }
  return optional_size(&f->headroom_bytes, &f->facts, "headroom", err);
}

static vf_status read_box(vf_scenario_file *f, vf_error *err) {
  vf_status status = string_at(&f->title, &f->facts, "title", err);
  if (status == VF_OK) status = read_gpu(f, err);
  if (status == VF_OK) status = optional_size(&f->host_memory_bytes, &f->facts, "host_memory", err);
  if (status == VF_OK) status = optional_size(&f->used_bytes, &f->facts, "used", err);
  if (status == VF_OK) status = optional_size(&f->container_bytes, &f->facts, "container", err);
  if (status == VF_OK) status = size_at(&f->system_bytes, &f->has_system, &f->facts, "system", err);
  return status == VF_OK ? read_headroom(f, err) : status;
}

/* ---- A workload: what it takes ---------------------------------------------------------- */

/* "12GB", or three sizes: low, expected, high. */
static vf_status read_size(vf_scenario_workload *w, const vf_facts *f, vf_error *err) {
  static const char *const scopes[] = {"process", "allocator", NULL};
  const vf_fact *fact = vf_facts_find(f, "size");
  uint64_t n[3] = {0};
  int scope = 0;
  if (fact == NULL) return VF_OK;
  bool three = fact->type == VF_FACT_ARRAY;
  if (three && fact->as.array.count != 3)
    return vf_facts_fail(f, "size", VF_MALFORMED, err, "one size, or low, expected and high");
  vf_status status = VF_OK;
  for (size_t i = 0; status == VF_OK && i < 3; i++)
    status = parse_size(&n[i], three ? &fact->as.array.items[i] : fact, f, "size", err);
  if (status == VF_OK && (n[0] == 0 || n[0] > n[1] || n[1] > n[2]))
    return vf_facts_fail(f, "size", VF_MALFORMED, err,
                         "sizes above 0 are expected, the low one first");
  if (status == VF_OK) status = word_at(&scope, f, "scope", scopes, err);
  w->has_size = true;
  w->size = (vf_interval){n[0], n[1], n[2]};
  w->scope = scope == 0 ? VF_SCOPE_PROCESS : VF_SCOPE_ALLOCATOR;
  return status;
}

/* Every key that is a parameter's, as our option of that name takes it.  line: what an engine's own
 * line says of it; NULL: there is none. */
static vf_status read_params(vf_scenario_workload *w, const vf_deployment *line, const vf_facts *f,
                             vf_error *err) {
  vf_status status = VF_OK;
  for (size_t i = 0; status == VF_OK && i < VF_PARAM_COUNT; i++) {
    char key[64];
    vf_error cause = {.status = VF_OK};
    key_of(key, &vf_params[i]);
    const vf_fact *fact = vf_facts_find(f, key);
    if (fact == NULL || workload_param(key) == NULL) continue;
    vf_param_clear(&vf_params[i], &w->d);
    status = vf_param_take(&vf_params[i], &w->d, fact, &cause);
    const vf_param *disputed =
        status == VF_OK && line != NULL ? vf_param_disputed(line, NULL, &w->d, NULL) : NULL;
    if (disputed != NULL) status = vf_param_dispute(disputed, line, &cause);
    if (status != VF_OK) return at_key(f, key, &cause, err);
  }
  return status;
}

/* A plain value as an option has it; NULL: a list, or nothing. */
static const char *plain_text(vf_scenario_file *file, const vf_fact *fact) {
  char text[32];
  if (fact->type == VF_FACT_STRING) return fact->as.string;
  if (fact->type == VF_FACT_BOOL) return fact->as.boolean ? "on" : "off";
  if (fact->type != VF_FACT_INT) return NULL;
  snprintf(text, sizeof text, "%" PRId64, fact->as.integer);
  return vf_arena_copy(file->arena, text, strlen(text));
}

/* Every key that is a word of training makes it a training run. */
static vf_status read_training(vf_scenario_workload *w, vf_scenario_file *file, const vf_facts *f,
                               vf_error *err) {
  vf_status status = VF_OK;
  for (size_t i = 0; status == VF_OK && i < VF_TRAIN_PARAM_COUNT; i++) {
    char key[64];
    vf_error cause = {.status = VF_OK};
    snprintf(key, sizeof key, "%s", vf_train_params[i].name);
    for (char *c = key; *c != '\0'; c++)
      if (*c == '-') *c = '_';
    const vf_fact *fact = vf_facts_find(f, key);
    if (fact == NULL) continue;
    const char *text = plain_text(file, fact);
    status = text == NULL ? vf_fail(&cause, VF_USAGE, "one value is expected here")
                          : vf_train_set(&w->d.train, key, text, &cause);
    w->d.training = true;
    if (status != VF_OK) return at_key(f, key, &cause, err);
  }
  if (w->d.training) w->class = VF_ITEM_TRAINING;
  return status;
}

/* ---- A workload: how it is used --------------------------------------------------------- */

static vf_status read_profiles(vf_scenario_workload *w, const vf_facts *f, vf_error *err) {
  const vf_fact *list = vf_facts_find(f, "profiles");
  if (list == NULL) return VF_OK;
  if (list->type != VF_FACT_ARRAY || list->as.array.count > VF_SCENARIO_PROFILES)
    return vf_facts_fail(f, "profiles", VF_MALFORMED, err, "a list of up to %d names is expected",
                         VF_SCENARIO_PROFILES);
  for (size_t i = 0; i < list->as.array.count; i++) {
    const vf_fact *name = &list->as.array.items[i];
    if (name->type != VF_FACT_STRING || name->as.string[0] == '\0')
      return vf_facts_fail(f, "profiles", VF_MALFORMED, err, "a profile is a name");
    w->profiles[w->n_profiles++] = name->as.string;
  }
  return VF_OK;
}

/* "gpu": 0 or [0, 1]: numbers in the list of devices.  A name in a service of compose is what
 * `check` judges it on; here the box has its devices. */
static vf_status read_places(vf_scenario_workload *w, const vf_facts *f, vf_error *err) {
  const vf_fact *fact = vf_facts_find(f, "gpu");
  if (fact != NULL && fact->type == VF_FACT_STRING && w->container) fact = NULL;
  size_t n = fact == NULL ? 0 : fact->type == VF_FACT_ARRAY ? fact->as.array.count : 1;
  vf_status status = count_at(&w->spread, f, "gpus", VF_CORESIDE_DEVICES, err);
  if (n > VF_CORESIDE_DEVICES)
    return vf_facts_fail(f, "gpu", VF_MALFORMED, err, "more than %d devices", VF_CORESIDE_DEVICES);
  for (size_t i = 0; status == VF_OK && i < n; i++) {
    uint64_t index = 0;
    const vf_fact *one = fact->type == VF_FACT_ARRAY ? &fact->as.array.items[i] : fact;
    status = vf_fact_number(&index, one, f, "gpu", "number of a device, from 0", 0,
                            VF_CORESIDE_DEVICES - 1, err);
    for (size_t k = 0; status == VF_OK && k < w->n_gpus; k++)
      if (w->gpus[k] == index)
        status = vf_facts_fail(f, "gpu", VF_MALFORMED, err, "the same device twice");
    w->gpus[w->n_gpus++] = (uint32_t)index;
  }
  return status;
}

static vf_status read_use(vf_scenario_workload *w, const vf_facts *f, vf_error *err) {
  int class = (int)w->class, schedule = (int)w->schedule;
  const vf_fact *keep = vf_facts_find(f, "keep_alive");
  const char *pipeline;
  vf_status status = word_at(&class, f, "class", vf_item_class_word, err);
  if (status == VF_OK) status = word_at(&schedule, f, "schedule", vf_schedule_word, err);
  w->class = (vf_item_class) class;
  w->schedule = (vf_schedule)schedule;
  if (status == VF_OK) status = string_at(&pipeline, f, "pipeline", err);
  if (status != VF_OK) return status;
  if (pipeline != NULL && w->schedule != VF_SCHEDULE_STAGE)
    return vf_facts_fail(f, "pipeline", VF_MALFORMED, err, "\"schedule\": \"stage\" goes with it");
  w->pipeline = pipeline != NULL ? pipeline : "pipeline";
  w->has_keep_alive = keep != NULL;
  if (keep != NULL && w->schedule == VF_SCHEDULE_ALWAYS)
    return vf_facts_fail(f, "keep_alive", VF_MALFORMED, err,
                         "what is always loaded has none: \"schedule\" says when it is");
  if (keep != NULL) status = vf_scenario_seconds(&w->keep_alive_s, keep, f, "keep_alive", err);
  if (status == VF_OK) status = read_profiles(w, f, err);
  if (status == VF_OK) status = optional_size(&w->limit_bytes, f, "limit", err);
  if (status == VF_OK) status = vf_facts_bool(&w->container, f, "container", w->container, err);
  return status == VF_OK ? read_places(w, f, err) : status;
}

/* An engine's line, or a trainer's. */
static vf_status read_line(vf_command *c, const vf_scenario_file *file, const char *text,
                           vf_error *err) {
  vf_words commands[VF_WORDS_COMMANDS];
  size_t n = 0;
  vf_status status = vf_command_read_text(c, text, NULL, NULL, err);
  if (status != VF_UNKNOWN) return status;
  vf_error why = {.status = VF_OK};
  status = vf_words_split(commands, &n, text, NULL, NULL, file->arena, &why);
  if (status == VF_OK && n == 1)
    status = vf_command_read_trainer(c, commands[0].list, commands[0].count, &why);
  if (n != 1 || status == VF_UNKNOWN) return VF_UNKNOWN; /* what was said of engines stands */
  if (status != VF_OK && err != NULL) *err = why;
  return status;
}

/* "vllm serve M --max-model-len 8k": read first, so that keys of their own count more. */
static vf_status read_command(vf_scenario_workload *w, const vf_scenario_file *file,
                              const vf_facts *f, vf_error *err) {
  const char *text;
  vf_error cause = {.status = VF_OK};
  const char *config, *key = "command";
  vf_status status = string_at(&text, f, "command", err);
  if (status == VF_OK) status = string_at(&config, f, "config", err);
  if (status != VF_OK || (text == NULL && config == NULL)) return status;
  vf_command *c = vf_command_in(file->arena, file->ctx);
  if (c == NULL) return vf_fail_nomem(err);
  if (config != NULL) status = vf_command_read_config(c, config, &cause);
  if (status != VF_OK) key = "config";
  if (status == VF_OK && text != NULL) status = read_line(c, file, text, &cause);
  if (status == VF_OK) status = vf_command_deployment(c, &w->d, &cause);
  if (status == VF_OK) return VF_OK;
  return vf_facts_fail(f, key, status == VF_NOMEM ? VF_NOMEM : VF_MALFORMED, err, "%.100s%s%s",
                       cause.source, cause.source[0] != '\0' ? ": " : "", cause.message);
}

static vf_status check_kind(const vf_scenario_workload *w, const vf_facts *f, vf_error *err) {
  bool network = w->d.train.network_params != 0;
  int kinds = (w->d.model != NULL) + (w->measured != NULL) + w->has_size + network;
  if (kinds == 0)
    return vf_facts_fail(f, "model", VF_MALFORMED, err,
                         "a model, a workload or a size says what it takes");
  if (kinds > 1)
    return vf_facts_fail(f, w->has_size ? "size" : "workload", VF_MALFORMED, err,
                         "a model, a workload or a size: one of them");
  if (w->n_gpus > 0 && w->spread > 0)
    return vf_facts_fail(f, "gpus", VF_MALFORMED, err, "\"gpu\" names them already");
  return VF_OK;
}

/* "ollama" is a server that starts llama-server when a model is asked for. */
static void note_ollama(vf_scenario_workload *w) {
  const char *engine = w->d.request.engine;
  if (engine == NULL || strncmp(engine, "ollama", 6) != 0 ||
      (engine[6] != '\0' && engine[6] != '@'))
    return;
  w->by_ollama = true;
  w->schedule = VF_SCHEDULE_ON_DEMAND;
}

vf_status vf_scenario_workload_read(vf_scenario_workload *out, vf_scenario_file *file,
                                    const char *prefix, vf_error *err) {
  vf_facts f = vf_facts_view(&file->facts, prefix);
  const char *text;
  f.strict = true;
  out->place = prefix;
  vf_status status = read_command(out, file, &f, err);
  if (status == VF_OK) status = string_at(&text, &f, "name", err);
  if (status == VF_OK && text != NULL) out->name = text;
  if (status == VF_OK) status = string_at(&out->title, &f, "title", err);
  if (status == VF_OK) status = string_at(&out->measured, &f, "workload", err);
  if (status == VF_OK) status = read_size(out, &f, err);
  vf_deployment *line = NULL;
  if (status == VF_OK && out->d.elsewhere) {
    line = vf_arena_alloc_raw(file->arena, 1, sizeof *line);
    if (line == NULL) return vf_fail_nomem(err);
    *line = out->d;
  }
  if (status == VF_OK) status = read_params(out, line, &f, err);
  if (status == VF_OK) status = read_training(out, file, &f, err);
  note_ollama(out);
  if (status == VF_OK) status = read_use(out, &f, err);
  if (status == VF_OK) status = check_kind(out, &f, err);
  if (status != VF_OK) return status;
  if (out->name == NULL)
    out->name = out->d.model != NULL    ? out->d.model
                : out->measured != NULL ? out->measured
                                        : "custom";
  if (strlen(out->name) < VF_SCENARIO_NAME) return VF_OK;
  return vf_facts_fail(&f, "name", VF_MALFORMED, err, "a name has up to %d characters",
                       VF_SCENARIO_NAME - 1);
}

/* ---- Lists ------------------------------------------------------------------------------ */

/* The prefix of entry i, in the arena; NULL if there is none, or no memory (then *failed). */
static const char *entry_prefix(const vf_scenario_file *f, const char *list, size_t i,
                                bool *failed) {
  char prefix[48];
  int n = snprintf(prefix, sizeof prefix, "%s.%zu.", list, i);
  *failed = false;
  if (!vf_facts_any(&f->facts, prefix)) return NULL;
  const char *copy = vf_arena_copy(f->arena, prefix, (size_t)n);
  *failed = copy == NULL;
  return copy;
}

/* An empty object leaves no facts: what follows it would be passed over. */
static vf_status check_count(const vf_scenario_file *f, const char *list, size_t count,
                             vf_error *err) {
  size_t n = strlen(list);
  for (size_t i = 0; i < f->facts.count; i++) {
    const char *key = f->facts.items[i].key;
    unsigned long index = 0;
    if (strncmp(key, list, n) != 0 || key[n] != '.') continue;
    if (sscanf(key + n + 1, "%9lu", &index) == 1 && index < count) continue;
    return vf_scenario_fail(f, key, err, "entry %zu, before this one, is empty", count);
  }
  return VF_OK;
}

static vf_status check_names(const vf_scenario_file *f, vf_error *err) {
  char key[64];
  for (size_t i = 0; i < f->n_workloads; i++)
    for (size_t k = 0; k < i; k++) {
      if (strcmp(f->workloads[i].name, f->workloads[k].name) != 0) continue;
      snprintf(key, sizeof key, "%sname", f->workloads[i].place);
      return vf_scenario_fail(f, key, err, "another workload is called '%.60s', too",
                              f->workloads[i].name);
    }
  return VF_OK;
}

static vf_status read_workloads(vf_scenario_file *f, vf_error *err) {
  vf_status status = VF_OK;
  bool failed = false;
  for (size_t i = 0; status == VF_OK; i++) {
    const char *prefix = entry_prefix(f, "workloads", i, &failed);
    if (failed) return vf_fail_nomem(err);
    if (prefix == NULL) break;
    if (i == VF_CORESIDE_ITEMS)
      return vf_scenario_fail(f, "workloads", err, "more than %d workloads", VF_CORESIDE_ITEMS);
    vf_scenario_workload *w = &f->workloads[f->n_workloads++];
    *w = (vf_scenario_workload){.d = vf_deployment_init()};
    status = vf_scenario_workload_read(w, f, prefix, err);
  }
  if (status == VF_OK) status = check_count(f, "workloads", f->n_workloads, err);
  if (status == VF_OK && f->n_workloads == 0)
    return vf_scenario_fail(f, "workloads", err, "at least one workload is expected");
  return status == VF_OK ? check_names(f, err) : status;
}

static size_t find_workload(const vf_scenario_file *f, const char *name) {
  for (size_t i = 0; i < f->n_workloads; i++)
    if (strcmp(f->workloads[i].name, name) == 0) return i;
  return VF_CORESIDE_ITEMS;
}

/* One of a list of names of workloads. */
static vf_status member_at(uint32_t *out, const vf_scenario_file *f, const vf_fact *name,
                           const char *key, vf_error *err) {
  const char *names[VF_CORESIDE_ITEMS + 1] = {NULL};
  if (name->type != VF_FACT_STRING)
    return vf_scenario_fail(f, key, err, "names of workloads are expected");
  *out = (uint32_t)find_workload(f, name->as.string);
  if (*out < VF_CORESIDE_ITEMS) return VF_OK;
  for (size_t i = 0; i < f->n_workloads; i++) names[i] = f->workloads[i].name;
  const char *nearest = vf_nearest_name(name->as.string, names);
  return vf_scenario_fail(f, key, err, "no workload is called '%.60s'%s%s%s", name->as.string,
                          nearest != NULL ? ": did you mean " : "", nearest != NULL ? nearest : "",
                          nearest != NULL ? "?" : "");
}

static vf_status read_members(vf_scenario *s, const vf_scenario_file *f, const char *prefix,
                              vf_error *err) {
  char key[64];
  snprintf(key, sizeof key, "%sworkloads", prefix);
  const vf_fact *list = vf_facts_find(&f->facts, key);
  if (list == NULL || list->type != VF_FACT_ARRAY || list->as.array.count == 0)
    return vf_scenario_fail(f, key, err, "a list of names of workloads is expected");
  for (size_t i = 0; i < list->as.array.count; i++) {
    uint32_t item = 0;
    vf_status status = member_at(&item, f, &list->as.array.items[i], key, err);
    if (status != VF_OK) return status;
    if (s->set >> item & 1)
      return vf_scenario_fail(f, key, err, "'%.60s' twice", f->workloads[item].name);
    s->set |= UINT32_C(1) << item;
  }
  return VF_OK;
}

static vf_status read_scenario(vf_scenario_file *f, const char *prefix, vf_error *err) {
  vf_scenario *s = &f->scenarios[f->n_scenarios];
  vf_facts view = vf_facts_view(&f->facts, prefix);
  view.strict = true;
  *s = (vf_scenario){0};
  vf_status status = string_at(&s->name, &view, "name", err);
  if (status == VF_OK && (s->name == NULL || strlen(s->name) >= VF_SCENARIO_NAME))
    return vf_facts_fail(&view, "name", VF_MALFORMED, err, "a scenario has a short name");
  for (size_t i = 0; status == VF_OK && i < f->n_scenarios; i++)
    if (strcmp(f->scenarios[i].name, s->name) == 0)
      return vf_facts_fail(&view, "name", VF_MALFORMED, err, "another scenario has this name, too");
  if (status == VF_OK) status = string_at(&s->title, &view, "title", err);
  if (status == VF_OK) status = read_members(s, f, prefix, err);
  f->n_scenarios++;
  return status;
}

static vf_status read_scenarios(vf_scenario_file *f, vf_error *err) {
  vf_status status = VF_OK;
  bool failed = false;
  for (size_t i = 0; status == VF_OK; i++) {
    const char *prefix = entry_prefix(f, "scenarios", i, &failed);
    if (failed) return vf_fail_nomem(err);
    if (prefix == NULL) break;
    if (i == VF_SCENARIOS)
      return vf_scenario_fail(f, "scenarios", err, "more than %d scenarios", VF_SCENARIOS);
    status = read_scenario(f, prefix, err);
  }
  return status == VF_OK ? check_count(f, "scenarios", f->n_scenarios, err) : status;
}

/* ---- Profiles --------------------------------------------------------------------------- */

static bool has_profile(const vf_scenario_workload *w, const char *profile) {
  for (size_t i = 0; i < w->n_profiles; i++)
    if (strcmp(w->profiles[i], profile) == 0) return true;
  return w->n_profiles == 0;
}

static vf_status add_profile(vf_scenario_file *f, const char *profile, vf_error *err) {
  for (size_t i = 0; i < f->n_scenarios; i++)
    if (strcmp(f->scenarios[i].name, profile) == 0) return VF_OK;
  if (f->n_scenarios == VF_SCENARIOS)
    return vf_scenario_fail(f, "workloads", err, "more than %d profiles", VF_SCENARIOS);
  vf_scenario *s = &f->scenarios[f->n_scenarios++];
  *s = (vf_scenario){.name = profile};
  for (size_t i = 0; i < f->n_workloads; i++)
    if (has_profile(&f->workloads[i], profile)) s->set |= UINT32_C(1) << i;
  return VF_OK;
}

/* What is in no profile is in all, and alone where none is chosen, as with compose; without any
 * profile there is one scenario. */
vf_status vf_scenario_from_profiles(vf_scenario_file *f, vf_error *err) {
  vf_status status = VF_OK;
  uint32_t always = 0;
  for (size_t i = 0; i < f->n_workloads; i++)
    if (f->workloads[i].n_profiles == 0) always |= UINT32_C(1) << i;
  uint32_t all = (uint32_t)((UINT64_C(1) << f->n_workloads) - 1);
  if (always != 0 && always != all)
    f->scenarios[f->n_scenarios++] =
        (vf_scenario){.name = "default", .title = "without any profile", .set = always};
  for (size_t i = 0; i < f->n_workloads; i++)
    for (size_t k = 0; status == VF_OK && k < f->workloads[i].n_profiles; k++)
      status = add_profile(f, f->workloads[i].profiles[k], err);
  if (status != VF_OK || f->n_scenarios > 0) return status;
  f->scenarios[f->n_scenarios++] = (vf_scenario){.name = "all", .set = all};
  return VF_OK;
}

/* ---- Ollama ----------------------------------------------------------------------------- */

static vf_status read_requests(vf_scenario_file *f, const vf_fact *list, vf_error *err) {
  vf_ollama_rules *o = &f->ollama;
  if (list->type != VF_FACT_ARRAY || list->as.array.count > VF_RESIDENCY_STEPS)
    return vf_scenario_fail(f, "ollama.requests", err, "up to %d names are expected",
                            VF_RESIDENCY_STEPS);
  for (size_t i = 0; i < list->as.array.count; i++) {
    uint32_t item = 0;
    vf_status status = member_at(&item, f, &list->as.array.items[i], "ollama.requests", err);
    if (status != VF_OK) return status;
    if (!f->workloads[item].by_ollama)
      return vf_scenario_fail(f, "ollama.requests", err, "'%.60s' is not run by ollama",
                              f->workloads[item].name);
    o->requests[o->n_requests++] = item;
  }
  return VF_OK;
}

static vf_status read_ollama(vf_scenario_file *f, vf_error *err) {
  vf_ollama_rules *o = &f->ollama;
  vf_facts view = vf_facts_view(&f->facts, "ollama.");
  view.strict = true;
  const vf_fact *keep = vf_facts_find(&view, "keep_alive");
  const vf_fact *requests = vf_facts_find(&view, "requests");
  o->keep_alive_s = 300;
  o->stated = vf_facts_any(&f->facts, "ollama.");
  vf_status status = count_at(&o->max_loaded, &view, "max_loaded_models", 1000, err);
  if (status == VF_OK) status = count_at(&o->parallel, &view, "num_parallel", 1024, err);
  if (status == VF_OK && keep != NULL)
    status = vf_scenario_seconds(&o->keep_alive_s, keep, &view, "keep_alive", err);
  if (status == VF_OK) status = optional_size(&o->overhead_bytes, &view, "gpu_overhead", err);
  if (status == VF_OK && requests != NULL) status = read_requests(f, requests, err);
  return status;
}

/* ---- All of it -------------------------------------------------------------------------- */

static vf_status read_own(vf_scenario_file *f, vf_error *err) {
  vf_status status = check_keys(f, err);
  if (status == VF_OK) status = read_box(f, err);
  if (status == VF_OK) status = read_workloads(f, err);
  if (status == VF_OK) status = read_scenarios(f, err);
  if (status == VF_OK) status = read_ollama(f, err);
  if (status == VF_OK && f->n_scenarios == 0) status = vf_scenario_from_profiles(f, err);
  return status;
}

vf_status vf_scenario_read(vf_scenario_file *out, const vf_context *ctx, vf_arena *arena,
                           const char *path, vf_error *err) {
  char *text;
  size_t length;
  vf_status status =
      vf_files_read(&text, &length, &ctx->files, path, VF_JSON_FILE_BYTES, arena, err);
  if (status == VF_OK && vf_file_is_yaml(path))
    status = vf_box_file_json(&text, &length, ctx, arena, path, text, length, err);
  if (status != VF_OK && err != NULL && err->source[0] == '\0')
    snprintf(err->source, sizeof err->source, "%s", path);
  if (status != VF_OK) return status;
  memset(out, 0, sizeof *out);
  out->ctx = ctx;
  out->arena = arena;
  out->text = text;
  out->length = length;
  out->facts = vf_facts_in(arena, path);
  out->workloads = vf_arena_alloc(arena, VF_CORESIDE_ITEMS, sizeof *out->workloads);
  if (out->workloads == NULL) return vf_fail_nomem(err);
  status = vf_config_parse(&out->facts, text, length, err);
  if (status != VF_OK) return status;
  out->is_compose = vf_facts_any(&out->facts, "services.");
  status = out->is_compose ? vf_compose_read(out, err) : read_own(out, err);
  if (status != VF_OK && err != NULL && err->line == 0) vf_json_locate(text, length, err);
  return status;
}
