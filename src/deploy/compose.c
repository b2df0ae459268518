/* compose.c - what `docker compose config --format json` prints, as a file about a box; YAML was
 * made that before (manifests/box_file.c).
 *
 * Services that run an engine are read off their image and command line.  What others take stands
 * in the service itself, under "x-vramfit", with the keys that a workload of our own form has; a
 * service that asks for a GPU and says nothing is an error, since it would be left out silently. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/status.h"
#include "base/units.h"
#include "deploy/command.h"
#include "deploy/dialect.h"
#include "deploy/scenario.h"
#include "deploy/words.h"
#include "readers/json/json_scan.h"

/* A service that is being read. */
typedef struct service {
  vf_scenario_file *file;
  const char *name;
  const char *prefix; /* "services.NAME." */
  vf_facts facts;     /* seen through it */
  const char *image;
  const vf_engine *engine;
} service;

static bool is_ollama(const service *s) {
  return s->engine != NULL && s->engine->dialect == &vf_dialect_ollama;
}

static const char *joined(vf_arena *arena, const char *a, const char *b, const char *c) {
  size_t n = strlen(a) + strlen(b) + strlen(c) + 1;
  char *out = vf_arena_alloc(arena, n, 1);
  if (out != NULL) snprintf(out, n, "%s%s%s", a, b, c);
  return out;
}

/* ---- What it runs ----------------------------------------------------------------------- */

/* The words of "entrypoint" and "command", each a text or a list. */
static vf_status add_words(const char **words, size_t *n, size_t room, const service *s,
                           const char *key, vf_error *err) {
  const vf_fact *fact = vf_facts_find(&s->facts, key);
  vf_words commands[VF_WORDS_COMMANDS];
  vf_error cause = {.status = VF_OK};
  size_t count = 0;
  if (fact == NULL) return VF_OK;
  if (fact->type == VF_FACT_STRING) {
    vf_status status =
        vf_words_split(commands, &count, fact->as.string, NULL, NULL, s->file->arena, &cause);
    if (status != VF_OK) return vf_facts_fail(&s->facts, key, status, err, "%s", cause.message);
    for (size_t c = 0; c < count; c++)
      for (size_t i = 0; i < commands[c].count && *n < room; i++)
        words[(*n)++] = commands[c].list[i];
    return VF_OK;
  }
  for (size_t i = 0; fact->type == VF_FACT_ARRAY && i < fact->as.array.count && *n < room; i++)
    if (fact->as.array.items[i].type == VF_FACT_STRING)
      words[(*n)++] = fact->as.array.items[i].as.string;
  return VF_OK;
}

/* What a container's environment says. */
static const char *variable_of(void *user, const char *name) {
  const service *s = user;
  char key[96];
  snprintf(key, sizeof key, "environment.%.80s", name);
  return vf_facts_string(&s->facts, key, NULL);
}

static vf_status read_engine(vf_scenario_workload *w, service *s, vf_error *err) {
  enum { WORDS = 1024 };
  const char *words[WORDS];
  size_t n = 0;
  vf_error cause = {.status = VF_OK};
  vf_wrapper *line = vf_arena_alloc(s->file->arena, 1, sizeof *line);
  s->image = vf_facts_string(&s->facts, "image", "");
  vf_status status = add_words(words, &n, WORDS, s, "entrypoint", err);
  if (status == VF_OK) status = add_words(words, &n, WORDS, s, "command", err);
  if (status != VF_OK) return status;
  vf_command *c = vf_command_in(s->file->arena, s->file->ctx);
  if (line == NULL || c == NULL) return vf_fail_nomem(err);
  status = vf_wrapper_container(line, s->image, words, n, variable_of, s, s->file->arena, &cause);
  if (status != VF_OK) return vf_facts_fail(&s->facts, "command", status, err, "%s", cause.message);
  s->engine = vf_wrapper_only_asks(line) ? NULL : line->engine;
  if (s->engine == NULL) return VF_OK;
  const char *lacks = vf_facts_string(&s->facts, "env_file", NULL);
  if (lacks != NULL)
    return vf_facts_fail(&s->facts, "env_file", VF_MALFORMED, err,
                         "'%.120s' is not here, and may say what the engine takes", lacks);
  if (is_ollama(s)) line->count = 0; /* "serve": what it loads stands in x-vramfit */
  status = vf_command_wrapped(c, line, &cause);
  if (status == VF_OK) status = vf_command_deployment(c, &w->d, &cause);
  if (status == VF_OK) return VF_OK;
  return vf_facts_fail(&s->facts, "command", VF_MALFORMED, err, "%s%s%s", cause.source,
                       cause.source[0] != '\0' ? ": " : "", cause.message);
}

/* ---- Devices ---------------------------------------------------------------------------- */

static vf_status read_device_ids(vf_scenario_workload *w, const service *s, const char *key,
                                 const vf_fact *ids, vf_error *err) {
  for (size_t i = 0; i < ids->as.array.count && w->n_gpus < VF_CORESIDE_DEVICES; i++) {
    const vf_fact *id = &ids->as.array.items[i];
    char *end = NULL;
    unsigned long n = id->type == VF_FACT_STRING ? strtoul(id->as.string, &end, 10) : 0;
    if (end == NULL || end == id->as.string || *end != '\0' || n >= VF_CORESIDE_DEVICES)
      return vf_facts_fail(&s->facts, key, VF_MALFORMED, err,
                           "numbers of devices are expected, \"0\" and so on");
    w->gpus[w->n_gpus++] = (uint32_t)n;
  }
  return VF_OK;
}

/* A reservation of devices; -1 and "all" are all, which is what the packing is free to use. */
static vf_status read_devices(vf_scenario_workload *w, bool *asks, const service *s,
                              vf_error *err) {
  static const char *const lists[] = {"deploy.resources.reservations.devices", "gpus"};
  char key[96];
  for (size_t l = 0; l < 2; l++)
    for (size_t i = 0; i < 4; i++) {
      snprintf(key, sizeof key, "%s%s.%zu.", s->prefix, lists[l], i);
      if (!vf_facts_any(&s->facts, key)) break;
      *asks = true;
      snprintf(key, sizeof key, "%s.%zu.device_ids", lists[l], i);
      const vf_fact *ids = vf_facts_find(&s->facts, key);
      if (ids != NULL && ids->type == VF_FACT_ARRAY) {
        vf_status status = read_device_ids(w, s, key, ids, err);
        if (status != VF_OK) return status;
      }
      snprintf(key, sizeof key, "%s.%zu.count", lists[l], i);
      const vf_fact *count = vf_facts_find(&s->facts, key);
      bool several = count != NULL && count->type == VF_FACT_INT && count->as.integer > 1;
      if (several && count->as.integer <= VF_CORESIDE_DEVICES)
        w->spread = (uint32_t)count->as.integer;
    }
  return VF_OK;
}

/* ---- Ollama ----------------------------------------------------------------------------- */

static vf_status ollama_number(uint32_t *out, const service *s, const char *name, vf_error *err) {
  char key[64], *end;
  snprintf(key, sizeof key, "environment.%s", name);
  const char *text = vf_facts_string(&s->facts, key, NULL);
  if (text == NULL) return VF_OK;
  unsigned long n = strtoul(text, &end, 10);
  if (end == text || *end != '\0' || text[0] == '-' || n > 100000000)
    return vf_facts_fail(&s->facts, key, VF_MALFORMED, err, "'%s' is not a number", text);
  *out = (uint32_t)n;
  return VF_OK;
}

/* What the server decides; the context and the cache are each model's. */
static vf_status read_ollama_rules(const service *s, vf_scenario_workload *defaults,
                                   vf_error *err) {
  vf_ollama_rules *o = &s->file->ollama;
  const vf_fact *keep = vf_facts_find(&s->facts, "environment.OLLAMA_KEEP_ALIVE");
  o->stated = true;
  o->parallel = defaults->d.request.seqs;
  defaults->d.request.seqs = 0;
  vf_status status = ollama_number(&o->max_loaded, s, "OLLAMA_MAX_LOADED_MODELS", err);
  if (status == VF_OK && keep != NULL)
    status = vf_scenario_seconds(&o->keep_alive_s, keep, &s->facts, "environment.OLLAMA_KEEP_ALIVE",
                                 err);
  return status;
}

/* ---- One service ------------------------------------------------------------------------ */

/* NULL, and err says so, where there is no room for one more. */
static vf_scenario_workload *new_workload(vf_scenario_file *f, vf_error *err) {
  if (f->n_workloads < VF_CORESIDE_ITEMS) return &f->workloads[f->n_workloads++];
  vf_scenario_fail(f, "services", err, "more than %d workloads", VF_CORESIDE_ITEMS);
  return NULL;
}

/* One object under "x-vramfit", on top of what the command line says. */
static vf_status add_described(const service *s, const vf_scenario_workload *base,
                               const char *prefix, const char *name, vf_error *err) {
  vf_scenario_workload *w = new_workload(s->file, err);
  if (w == NULL) return VF_MALFORMED;
  *w = *base;
  w->name = name;
  char key[192];
  snprintf(key, sizeof key, "%sworkload", prefix);
  if (vf_facts_find(&s->file->facts, key) != NULL) w->d.model = NULL;
  snprintf(key, sizeof key, "%ssize", prefix);
  if (vf_facts_find(&s->file->facts, key) != NULL) w->d.model = NULL;
  vf_status status = vf_scenario_keys_check(s->file, prefix, err);
  if (status == VF_OK) status = vf_scenario_workload_read(w, s->file, prefix, err);
  return status;
}

/* One of several is called by its model: "ollama/llama3.1:8b". */
static const char *name_of(const service *s, const char *prefix, size_t index) {
  static const char *const keys[] = {"name", "model", "workload"};
  char number[24];
  vf_facts f = vf_facts_view(&s->file->facts, prefix);
  f.strict = true;
  for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
    const char *text = vf_facts_string(&f, keys[i], NULL);
    if (text != NULL && strlen(s->name) + strlen(text) + 2 <= VF_SCENARIO_NAME)
      return joined(s->file->arena, s->name, "/", text);
  }
  snprintf(number, sizeof number, "/%zu", index);
  return joined(s->file->arena, s->name, number, "");
}

/* "x-vramfit" is an object, or a list of them (a server with several models). */
static vf_status read_described(const service *s, const vf_scenario_workload *base, bool *found,
                                vf_error *err) {
  vf_arena *arena = s->file->arena;
  char number[24];
  const char *list = joined(arena, s->prefix, "x-vramfit", ".");
  if (list == NULL) return vf_fail_nomem(err);
  for (size_t i = 0; i <= VF_CORESIDE_ITEMS; i++) {
    snprintf(number, sizeof number, "%zu.", i);
    const char *prefix = joined(arena, list, number, "");
    if (prefix == NULL) return vf_fail_nomem(err);
    if (!vf_facts_any(&s->file->facts, prefix)) break;
    const char *name = name_of(s, prefix, i);
    vf_status status =
        name == NULL ? vf_fail_nomem(err) : add_described(s, base, prefix, name, err);
    if (status != VF_OK) return status;
    *found = true;
  }
  if (*found || !vf_facts_any(&s->file->facts, list)) return VF_OK;
  *found = true;
  return add_described(s, base, list, s->name, err);
}

static vf_status read_service_profiles(vf_scenario_workload *w, const service *s, vf_error *err) {
  const vf_fact *list = vf_facts_find(&s->facts, "profiles");
  for (size_t i = 0; list != NULL && list->type == VF_FACT_ARRAY && i < list->as.array.count; i++) {
    if (list->as.array.items[i].type != VF_FACT_STRING || i == VF_SCENARIO_PROFILES)
      return vf_facts_fail(&s->facts, "profiles", VF_MALFORMED, err, "up to %d names are expected",
                           VF_SCENARIO_PROFILES);
    w->profiles[w->n_profiles++] = list->as.array.items[i].as.string;
  }
  return VF_OK;
}

/* A service that describes nothing itself: an engine with its model, or nothing of ours. */
static vf_status add_plain(const service *s, const vf_scenario_workload *base, bool asks,
                           vf_error *err) {
  vf_scenario_file *f = s->file;
  if (is_ollama(s))
    return vf_facts_fail(&s->facts, "image", VF_MALFORMED, err,
                         "which models? \"x-vramfit\": [{\"model\": \"llama3.1:8b\"}] says");
  if (s->engine != NULL && base->d.model == NULL)
    return vf_facts_fail(&s->facts, "command", VF_MALFORMED, err, "it names no model");
  if (s->engine == NULL && asks)
    return vf_facts_fail(&s->facts, "image", VF_MALFORMED, err,
                         "it asks for a GPU, and what it takes is not known: \"x-vramfit\": "
                         "{\"workload\": NAME} or {\"size\": \"4GB\"} says");
  if (s->engine == NULL) {
    if (f->n_skipped < VF_CORESIDE_ITEMS) f->skipped[f->n_skipped++] = s->name;
    return VF_OK;
  }
  vf_scenario_workload *w = new_workload(f, err);
  if (w == NULL) return VF_MALFORMED;
  *w = *base;
  return VF_OK;
}

/* "scale", or "deploy: replicas": how many containers run it, all on the devices that it names. */
static vf_status read_replicas(uint64_t *out, const service *s, vf_error *err) {
  static const char *const keys[] = {"scale", "deploy.replicas"};
  *out = 1;
  for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
    const vf_fact *fact = vf_facts_find(&s->facts, keys[i]);
    if (fact == NULL) continue;
    if (fact->type != VF_FACT_INT || fact->as.integer < 0 || fact->as.integer > VF_CORESIDE_ITEMS)
      return vf_facts_fail(&s->facts, keys[i], VF_MALFORMED, err, "0 to %d containers are expected",
                           VF_CORESIDE_ITEMS);
    *out = (uint64_t)fact->as.integer;
    return VF_OK;
  }
  return VF_OK;
}

/* The workloads from `first` on once for each container, called "NAME-2" and so on. */
static vf_status add_replicas(vf_scenario_file *f, const service *s, size_t first, vf_error *err) {
  size_t end = f->n_workloads;
  char suffix[24];
  uint64_t replicas;
  vf_status status = read_replicas(&replicas, s, err);
  if (status != VF_OK) return status;
  if (replicas == 0) f->n_workloads = first;
  for (uint64_t r = 2; r <= replicas; r++)
    for (size_t i = first; i < end; i++) {
      vf_scenario_workload *w = new_workload(f, err);
      if (w == NULL) return VF_MALFORMED;
      *w = f->workloads[i];
      snprintf(suffix, sizeof suffix, "-%" PRIu64, r);
      w->name = joined(f->arena, w->name, suffix, "");
      if (w->name == NULL) return vf_fail_nomem(err);
      if (strlen(w->name) >= VF_SCENARIO_NAME)
        return vf_scenario_fail(f, "services", err, "%s: a name of up to %d characters is expected",
                                w->name, VF_SCENARIO_NAME - 1);
    }
  if (replicas == 0 && f->n_skipped < VF_CORESIDE_ITEMS) f->skipped[f->n_skipped++] = s->name;
  return VF_OK;
}

static vf_status read_service(vf_scenario_file *f, const char *name, vf_error *err) {
  service s = {.file = f, .name = name, .prefix = joined(f->arena, "services.", name, ".")};
  vf_scenario_workload *w = vf_arena_alloc(f->arena, 1, sizeof *w);
  bool asks = false, found = false;
  if (s.prefix == NULL || w == NULL) return vf_fail_nomem(err);
  s.facts = vf_facts_view(&f->facts, s.prefix);
  s.facts.strict = true;
  w->d = vf_deployment_init();
  w->container = true;
  w->name = name;
  w->place = s.prefix;
  w->pipeline = "pipeline";
  vf_status status = read_engine(w, &s, err);
  if (status == VF_OK) status = read_devices(w, &asks, &s, err);
  if (status == VF_OK) status = read_service_profiles(w, &s, err);
  if (status == VF_OK && is_ollama(&s)) {
    status = read_ollama_rules(&s, w, err);
    w->d.request.engine = "ollama";
    w->schedule = VF_SCHEDULE_ON_DEMAND;
  }
  size_t first = f->n_workloads;
  if (status == VF_OK) status = read_described(&s, w, &found, err);
  if (status == VF_OK && !found) status = add_plain(&s, w, asks, err);
  return status == VF_OK && f->n_workloads > first ? add_replicas(f, &s, first, err) : status;
}

/* ---- All of them ------------------------------------------------------------------------ */

/* A key as it is written, since names of services may have dots, which facts use themselves. */
static const char *key_text(vf_scenario_file *f, const vf_json_scan *scan) {
  char *copy = vf_arena_copy(f->arena, scan->text + scan->start, scan->end - scan->start);
  if (copy != NULL) copy[vf_json_unescape(copy, copy, scan->end - scan->start)] = '\0';
  return copy;
}

static vf_status read_services(vf_scenario_file *f, vf_json_scan *scan, vf_error *err) {
  vf_json_token t;
  vf_status status = vf_json_next(scan, &t, err);
  if (status != VF_OK || t != VF_JSON_OBJECT) return status;
  for (;;) {
    status = vf_json_next(scan, &t, err);
    if (status != VF_OK || t != VF_JSON_KEY) return status;
    const char *name = key_text(f, scan);
    if (name == NULL) return vf_fail_nomem(err);
    if (name[0] == '\0' || strlen(name) >= VF_SCENARIO_NAME)
      return vf_scenario_fail(f, "services", err, "a service has a name of up to %d characters",
                              VF_SCENARIO_NAME - 1);
    status = vf_json_next(scan, &t, err);
    if (status == VF_OK) status = vf_json_skip(scan, t, err);
    if (status == VF_OK) status = read_service(f, name, err);
    if (status != VF_OK) return status;
  }
}

/* "gpus" beside "gpu": so many of that kind. */
static vf_status read_gpu_count(vf_scenario_file *f, vf_error *err) {
  char both[200];
  const vf_fact *gpus = vf_facts_find(&f->facts, "x-vramfit.gpus");
  if (gpus == NULL || f->gpu == NULL) return VF_OK;
  if (gpus->type != VF_FACT_INT || gpus->as.integer < 1 || gpus->as.integer > VF_CORESIDE_DEVICES)
    return vf_facts_fail(&f->facts, "x-vramfit.gpus", VF_MALFORMED, err, "1 to %d are expected",
                         VF_CORESIDE_DEVICES);
  if (gpus->as.integer == 1) return VF_OK;
  snprintf(both, sizeof both, "%.160sx%" PRId64, f->gpu, gpus->as.integer);
  f->gpu = vf_arena_copy(f->arena, both, strlen(both));
  return f->gpu != NULL ? VF_OK : vf_fail_nomem(err);
}

vf_status vf_compose_read(vf_scenario_file *f, vf_error *err) {
  vf_json_scan scan = vf_json_scan_over(f->text, f->length);
  vf_json_token t;
  f->ollama.keep_alive_s = 300;
  f->title = vf_facts_string(&f->facts, "name", NULL);
  f->gpu = vf_facts_string(&f->facts, "x-vramfit.gpu", NULL);
  vf_status status = read_gpu_count(f, err);
  if (status == VF_OK) status = vf_json_next(&scan, &t, err);
  while (status == VF_OK) {
    status = vf_json_next(&scan, &t, err);
    if (status != VF_OK || t != VF_JSON_KEY) break;
    bool services = scan.end - scan.start == 8 && memcmp(f->text + scan.start, "services", 8) == 0;
    if (services) {
      status = read_services(f, &scan, err);
      continue;
    }
    status = vf_json_next(&scan, &t, err);
    if (status == VF_OK) status = vf_json_skip(&scan, t, err);
  }
  if (status == VF_OK && f->n_workloads == 0)
    return vf_scenario_fail(f, "services", err, "no service runs an engine or has \"x-vramfit\"");
  return status == VF_OK ? vf_scenario_from_profiles(f, err) : status;
}
