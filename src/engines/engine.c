/* engine.c - the table of engines, and the public estimate that dispatches to them. */
#include "engines/engine.h"
#include "engines/trainers.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/args.h"
#include "base/checked.h"
#include "base/names.h"
#include "base/status.h"

static const vf_engine *const engines[] = {
    &vf_engine_llamacpp,     &vf_engine_llama_server,  &vf_engine_llama_cli,
    &vf_engine_llama_bench,  &vf_engine_ollama,        &vf_engine_ik_llama,
    &vf_engine_koboldcpp,    &vf_engine_lm_studio,     &vf_engine_vllm,
    &vf_engine_sglang,       &vf_engine_tensorrt_llm,  &vf_engine_tgi,
    &vf_engine_transformers, &vf_engine_mlx,           &vf_engine_exllama,
    &vf_engine_lmdeploy,     &vf_engine_ktransformers,
};
static const size_t n_engines = sizeof engines / sizeof *engines;

/* ---- Finding ---------------------------------------------------------------------------- */

static bool is_called(const vf_engine *engine, const char *name) {
  if (vf_name_equal(name, engine->name)) return true;
  for (const char *const *a = engine->aliases; *a != NULL; a++)
    if (vf_name_equal(name, *a)) return true;
  return false;
}

const vf_engine *vf_engine_at(size_t i) {
  return i < n_engines ? engines[i] : NULL;
}

static vf_status unknown_engine(const char *name, vf_error *err) {
  const vf_trainer *trainer;
  if (vf_trainer_find(&trainer, name, NULL) == VF_OK)
    return vf_fail(err, VF_UNKNOWN, "%s trains models: vramfit train --engine %s", trainer->title,
                   name);
  vf_name_search search = vf_name_search_for(name);
  for (size_t i = 0; i < n_engines; i++) vf_name_search_try(&search, engines[i]->name);
  const char *known = search.best != NULL ? search.best : engines[0]->name; /* the default */
  return vf_fail(err, VF_UNKNOWN, "unknown engine '%s': did you mean %s?", name, known);
}

vf_status vf_engine_find(const vf_engine **out, const char **version, const char *name,
                         vf_error *err) {
  char bare[VF_NAME_SIZE];
  *version = NULL;
  *out = engines[0];
  if (name == NULL) return VF_OK;
  const char *at = strchr(name, '@');
  size_t length = at != NULL ? (size_t)(at - name) : strlen(name);
  if (length >= sizeof bare) return unknown_engine(name, err);
  memcpy(bare, name, length);
  bare[length] = '\0';
  for (size_t i = 0; i < n_engines; i++) {
    if (!is_called(engines[i], bare)) continue;
    *out = engines[i];
    *version = at != NULL ? at + 1 : NULL;
    return VF_OK;
  }
  return unknown_engine(bare, err);
}

/* What the name was for; formats that one engine alone loads; all other checkpoints go to vLLM. */
static const char *engine_of(const vf_model *m) {
  if (m->engine[0] != '\0') return m->engine;
  if (strcmp(m->checkpoint, "mlx") == 0) return vf_engine_mlx.name;
  if (strncmp(m->checkpoint, "exl", 3) == 0) return vf_engine_exllama.name;
  if (strcmp(m->checkpoint, "tensorrt-llm") == 0) return vf_engine_tensorrt_llm.name;
  return m->checkpoint[0] != '\0' ? vf_engine_vllm.name : NULL;
}

vf_status vf_engine_for(const vf_engine **out, const char **version, const char *name,
                        const vf_model *model, vf_error *err) {
  if (name == NULL) name = engine_of(model);
  return vf_engine_find(out, version, name, err);
}

bool vf_engine_offloads(const vf_engine *engine) {
  return engine->converts != NULL;
}

const char *vf_engine_converts(const vf_engine *engine, const char *method) {
  for (const vf_quant_alias *a = engine->converts; a != NULL && a->name != NULL; a++)
    if (a->name[0] == '\0' || vf_name_equal(method, a->name)) return a->recipe;
  return NULL;
}

const char *vf_engine_quant(const vf_engine *engine, const char *name) {
  for (const vf_quant_alias *a = engine->quants; a->name != NULL; a++)
    if (vf_name_equal(name, a->name)) return a->recipe;
  return name;
}

/* ---- Estimating ------------------------------------------------------------------------- */

/* --host-memory is what may be used of main memory, else what the first device's host has; a
 * twentieth of it stays free for the rest of the system (our default, as no engine has one). */
enum { HOST_HEADROOM_PERMILLE = 50 };

static void complete_host(vf_device *host, const vf_request *request, const vf_device *first) {
  if (host->total_bytes == 0) host->total_bytes = request->host_memory_bytes;
  if (host->total_bytes == 0) host->total_bytes = first->host_memory_bytes;
  host->total_known = host->total_bytes != 0;
  if (host->headroom_bytes == 0 && host->headroom_permille == 0)
    host->headroom_permille = HOST_HEADROOM_PERMILLE;
}

static vf_status check_devices(const vf_device *devices, size_t count, vf_error *err) {
  if (count == 0) return vf_fail(err, VF_USAGE, "no device: name one with --gpu");
  if (count > VF_MAX_DEVICES)
    return vf_fail(err, VF_LIMIT, "%zu devices are more than the %d that one estimate takes", count,
                   VF_MAX_DEVICES);
  for (size_t i = 0; i < count; i++) {
    if (devices[i].kind == VF_DEVICE_HOST && count > 1)
      return vf_fail(err, VF_USAGE, "cpu goes alone: the host's memory is always counted");
    if (vf_device_is_instance(&devices[i]) && count > 1)
      return vf_fail(err, VF_UNSUPPORTED,
                     "%s: a process sees one slice, no model is spread over several (vramfit place "
                     "puts a model on each)",
                     devices[i].id);
    if ((unsigned)devices[i].kind >= VF_DEVICE_KIND_COUNT ||
        (unsigned)devices[i].backend >= VF_BACKEND_COUNT)
      return vf_fail(err, VF_USAGE, "vf_device: a kind or a backend that there is not");
  }
  return VF_OK;
}

/* Every device and line back where the caller has it. */
static void restore_order(vf_estimate *e, uint32_t main) {
  vf_device_budget first = e->devices[0];
  memmove(e->devices, e->devices + 1, main * sizeof *e->devices);
  e->devices[main] = first;
  for (size_t i = 0; i < e->n_lines; i++) {
    vf_line *l = &e->lines[i];
    if (l->device <= main) l->device = l->device == 0 ? main : l->device - 1;
  }
}

/* One of several has everything, and the others idle beside it: an engine sees it as the first. */
static size_t in_turn(size_t i, const vf_request *request) {
  size_t main = request->main_gpu;
  if (request->split != VF_SPLIT_NONE || i > main) return i;
  return i == 0 ? main : i - 1;
}

/* The caller's devices and, unless the host is the only one, the host behind them. */
static vf_status set_devices(vf_estimate *e, const vf_model *model, const vf_request *request,
                             const vf_device *devices, size_t count, vf_error *err) {
  bool split = request->split != VF_SPLIT_NONE, host = devices[0].kind == VF_DEVICE_HOST;
  if (!split && request->main_gpu >= count)
    return vf_fail(err, VF_USAGE, "the main GPU is %" PRIu32 ", and the last one is %zu",
                   request->main_gpu, count - 1);
  vf_status status = vf_estimate_reset(e, model, host ? count : count + 1, err);
  if (status != VF_OK) return status;
  for (size_t i = 0; i < count; i++) e->devices[i].device = devices[in_turn(i, request)];
  if (!host)
    e->devices[count].device =
        (vf_device){.id = "host", .name = "host memory", .kind = VF_DEVICE_HOST};
  complete_host(&e->devices[e->n_devices - 1].device, request, &e->devices[0].device);
  e->n_idle = split || host ? 0 : count - 1;
  return VF_OK;
}

static bool is_known_version(const vf_engine *engine, const char *version) {
  if (version == NULL || vf_name_equal(version, engine->version)) return true;
  return engine->knows != NULL && engine->knows(version);
}

/* A version that is known counts as named; else the newest known is used. */
static void set_version(vf_estimate *e, const char *version) {
  bool named = version != NULL && e->engine->knows != NULL && e->engine->knows(version);
  e->version[0] = '\0';
  if (named) snprintf(e->version, sizeof e->version, "%s", version);
  e->workload = (vf_workload){.engine = e->engine->name,
                              .engine_version = named ? e->version : e->engine->version};
}

/* What the caller's struct holds; fields that an older one does not have keep their defaults. */
static vf_status take_request(vf_request *out, const vf_request *in, vf_error *err) {
  vf_request r = vf_request_init();
  vf_status status = vf_take_struct(&r, sizeof r, in, "vf_request", err);
  if (status != VF_OK) return status;
  if (r.override_count > VF_MAX_OVERRIDES || r.tensor_split_count > VF_MAX_DEVICES)
    return vf_fail(err, VF_LIMIT, "vf_request: its lists have %d overrides and %d shares at most",
                   VF_MAX_OVERRIDES, VF_MAX_DEVICES);
  if ((unsigned)r.kv_k >= VF_FORMAT_COUNT || (unsigned)r.kv_v >= VF_FORMAT_COUNT ||
      (unsigned)r.split >= VF_SPLIT_COUNT || (unsigned)r.flash_attn > VF_ON ||
      (unsigned)r.prefix_caching > VF_ON)
    return vf_fail(err, VF_USAGE, "vf_request: a format, a split or a switch that there is not");
  for (size_t i = 0; i < r.override_count; i++)
    if (r.overrides[i].pattern == NULL)
      return vf_fail(err, VF_USAGE, "vf_request: override %zu has no pattern", i);
  *out = r;
  return VF_OK;
}

/* A GPU that may take a part of its machine's memory alone, and what raises it. */
static void remark_share(vf_estimate *e, const vf_device *d) {
  if (d->kind != VF_DEVICE_UNIFIED || d->whole_bytes == 0) return;
  vf_estimate_assume(e, "gpu-share",
                     d->backend == VF_BACKEND_METAL
                         ? "Metal may take a part of the memory alone: sysctl iogpu.wired_limit_mb "
                           "raises it, and --memory says so"
                         : "the GPU may map about half of the memory: ttm.pages_limit raises it, "
                           "and --memory says so");
}

static void remark_devices(vf_estimate *e, const vf_device *devices, size_t count, size_t named) {
  for (size_t i = 0; i < count; i++) {
    if (!devices[i].several_sizes) continue;
    vf_estimate_assume(e, "smallest-size",
                       "the card is sold with several sizes of memory: the smallest is taken");
    break;
  }
  remark_share(e, &devices[0]);
  if (count > 1 && devices[0].kind == VF_DEVICE_UNIFIED && devices[1].kind == VF_DEVICE_UNIFIED)
    vf_estimate_assume(e, "several-machines",
                       "each of these is a machine of its own: a network lies between them, and "
                       "speeds are as if they were one");
  if (count < named)
    vf_estimate_assume(e, "fewer-devices",
                       "the engine refuses so many GPUs for this model: the others stay idle");
}

/* Estimates the request that the estimate keeps, in the engine of that name, on the first of so
 * many devices as were named. */
static vf_status run_in(vf_estimate *e, const char *engine, const vf_model *model,
                        const vf_device *devices, size_t count, size_t named, vf_error *err) {
  const char *version;
  const vf_request *request = &e->request;
  vf_status status = vf_engine_for(&e->engine, &version, engine, model, err);
  if (status == VF_OK && version != NULL && e->engine->check != NULL)
    status = e->engine->check(version, err);
  if (status == VF_OK) status = check_devices(devices, count, err);
  if (status == VF_OK) status = set_devices(e, model, request, devices, count, err);
  if (status == VF_OK && request->real_ctx_tokens[0] != 0 && !e->engine->pools)
    status = vf_fail(err, VF_USAGE,
                     "%s keeps the whole context of every sequence: how long they really are makes "
                     "no difference (--avg-ctx is for engines that serve from a pool)",
                     e->engine->name);
  if (status == VF_OK && request->ctx_fits && !e->engine->fits_ctx)
    status = vf_fail(err, VF_USAGE, "%s does not lower the context by itself (--ctx-fits)",
                     e->engine->name);
  if (status != VF_OK) return status;
  set_version(e, version);
  e->decodes = e->engine->decodes;
  remark_devices(e, devices, count, named);
  if (!is_known_version(e->engine, version))
    vf_estimate_assume(e, "engine-version",
                       "the rules of that engine version are not known: the newest known are used");
  status = e->engine->estimate(e, request, err);
  if (e->n_idle != 0) restore_order(e, request->main_gpu);
  return status == VF_OK ? vf_estimate_finish(e, err) : status;
}

/* Nobody named the engine (but the name of the model) nor said how the model is split over the
 * GPUs: fewer of them, where it refuses so many. */
static vf_status run(vf_estimate *e, const vf_model *model, const vf_device *devices, size_t count,
                     vf_error *err) {
  const vf_request *r = &e->request;
  bool other = r->engine != NULL && strcmp(r->engine, model->engine) != 0;
  bool said = other || r->tp != 0 || r->pp != 0 || r->dp != 0 || r->ep != 0;
  vf_status status = run_in(e, r->engine, model, devices, count, count, err);
  if (said || status != VF_UNSUPPORTED || vf_engine_offloads(e->engine)) return status;
  for (size_t n = count / 2; n > 0; n /= 2)
    if (run_in(e, r->engine, model, devices, n, count, NULL) == VF_OK) return VF_OK;
  return status;
}

static vf_status take_whole_ctx(vf_request *r, const vf_model *model, vf_error *err) {
  if (!VF_CTX_IS_WHOLE(r->ctx_tokens)) return VF_OK;
  if (model->max_ctx_tokens == 0)
    return vf_fail(err, VF_USAGE, "the model states no limit of its context: --ctx N says one");
  r->ctx_tokens = vf_max_u64(model->max_ctx_tokens / (VF_CTX_WHOLE / r->ctx_tokens), 1);
  return VF_OK;
}

vf_status vf_estimate_run(vf_estimate *estimate, const vf_model *model, const vf_request *request,
                          const vf_device *devices, size_t device_count, vf_error *err) {
  VF_NEED(err, estimate);
  VF_NEED(err, model);
  VF_NEED(err, request);
  VF_NEED(err, devices);
  vf_status status = take_request(&estimate->request, request, err);
  if (status == VF_OK) status = take_whole_ctx(&estimate->request, model, err);
  if (status == VF_OK) status = run(estimate, model, devices, device_count, err);
  if (status != VF_OK) vf_estimate_clear(estimate);
  return status;
}

size_t vf_estimate_explain(const vf_estimate *e, size_t line, char *buf, size_t size) {
  vf_text text = vf_text_on(buf, size);
  if (e != NULL && line < e->n_lines) e->engine->explain(e, &e->lines[line], &text);
  return text.length;
}
