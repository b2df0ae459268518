/* asker.c - deployments by name: what is at hand is not read again. */
#include "deploy/asker.h"

#include <string.h>

#include "base/checked.h"
#include "base/names.h"
#include "base/status.h"
#include "deploy/open.h"
#include "engines/engine.h"

/* ---- Values ----------------------------------------------------------------------------- */

vf_status vf_kv_format_find(vf_format *out, const char *name, vf_error *err) {
  static const struct {
    const char *word;
    vf_format format;
  } words[] = {{"auto", VF_FORMAT_NONE},        {"fp8", VF_FORMAT_F8_E4M3},
               {"fp8_e4m3", VF_FORMAT_F8_E4M3}, {"fp8_e5m2", VF_FORMAT_F8_E5M2},
               {"bfloat16", VF_FORMAT_BF16},    {"float16", VF_FORMAT_F16}};
  for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
    if (!vf_name_equal(name, words[i].word)) continue;
    *out = words[i].format;
    return VF_OK;
  }
  return vf_format_find(out, name, err);
}

static vf_status read_count(uint32_t *out, const char *text, uint32_t most, vf_error *err) {
  uint64_t n = 0;
  for (const char *c = text; *c != '\0'; c++) {
    if (*c < '0' || *c > '9' || n > most) return vf_fail(err, VF_USAGE, "'%s' is no number", text);
    n = n * 10 + (uint64_t)(*c - '0');
  }
  if (n == 0 || n > most)
    return vf_fail(err, VF_USAGE, "'%s' is not a number from 1 to %u", text, (unsigned)most);
  *out = (uint32_t)n;
  return VF_OK;
}

vf_status vf_deployment_set(vf_deployment *d, vf_axis_kind kind, const char *text, vf_error *err) {
  vf_request *r = &d->request;
  vf_status status = VF_OK;
  switch (kind) {
  case VF_AXIS_MODEL: d->model = text; break;
  case VF_AXIS_ENGINE: r->engine = text; break;
  case VF_AXIS_QUANT: d->quant = text; break;
  case VF_AXIS_GPU: d->gpu = text; break;
  case VF_AXIS_GPUS: return read_count(&d->gpus, text, VF_MAX_DEVICES, err);
  case VF_AXIS_KV:
    status = vf_kv_format_find(&r->kv_k, text, err);
    if (status == VF_OK) r->kv_v = r->kv_k;
    break;
  case VF_AXIS_SEQS: return read_count(&r->seqs, text, VF_MAX_SEQS * 16, err);
  case VF_AXIS_CTX: return vf_tokens_parse(&r->ctx_tokens, text, err);
  case VF_AXIS_COUNT: break;
  }
  return status;
}

vf_status vf_deployment_engine(const vf_engine **out, const vf_deployment *d, vf_error *err) {
  const char *version;
  return vf_engine_find(out, &version, d->request.engine, err);
}

/* ---- What is at hand -------------------------------------------------------------------- */

static bool same(const char *a, const char *b) {
  return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

vf_status vf_asker_init(vf_asker *a, const vf_context *ctx, vf_error *err) {
  *a = (vf_asker){.ctx = ctx};
  a->arena = vf_arena_new(&ctx->allocator, (size_t)64 << 20);
  if (a->arena == NULL) return vf_fail_nomem(err);
  return vf_estimate_new(&a->e, ctx, err);
}

static void forget_model(vf_asker *a) {
  vf_model_free(a->model);
  a->model = NULL;
  a->is_built = false;
}

void vf_asker_free(vf_asker *a) {
  forget_model(a);
  if (a->is_loaded) vf_loaded_free(&a->loaded);
  vf_estimate_free(a->e);
  if (a->arena != NULL) vf_arena_free(a->arena);
}

static vf_status load(vf_asker *a, const char *ref, vf_error *err) {
  if (a->is_loaded && same(a->ref, ref)) return VF_OK;
  forget_model(a);
  if (a->is_loaded) vf_loaded_free(&a->loaded);
  a->is_loaded = true;
  a->ref = NULL;
  vf_status status =
      vf_load(&a->loaded, a->ctx, ref, a->with_tensors ? VF_LOAD_TENSORS : VF_LOAD_FACTS, err);
  if (status == VF_OK) a->ref = ref;
  return status;
}

/* A format that is refused is remembered as well. */
static vf_status build(vf_asker *a, const vf_deployment *d, vf_error *err) {
  if (!a->is_built || !same(a->quant, d->quant) || !same(a->engine, d->request.engine)) {
    forget_model(a);
    a->is_built = true;
    a->quant = d->quant;
    a->engine = d->request.engine;
    a->build_status =
        vf_build_model(&a->model, &a->loaded, d->quant, d->request.engine, &a->build_error);
  }
  if (a->build_status != VF_OK && err != NULL) *err = a->build_error;
  return a->build_status;
}

static void change_device(vf_device *d, const vf_deployment *of) {
  if (of->memory_bytes != 0) {
    d->total_bytes = of->memory_bytes;
    d->total_known = true;
    d->reserved_bytes = 0;
  }
  if (of->used_bytes != 0) {
    d->used_bytes = of->used_bytes;
    d->used_is_live = false;
  }
  if (!of->headroom_set) return;
  d->headroom_bytes = of->headroom_bytes;
  d->headroom_permille = of->headroom_permille;
}

static bool is_named(const vf_asker_devices *f, const vf_deployment *d) {
  return f->gpus == d->gpus && same(f->gpu, d->gpu);
}

/* Names come round in the same order: the one behind the last is tried first. */
static bool find_known(vf_asker *a, const vf_deployment *d) {
  if (a->now != NULL && is_named(a->now, d)) return true;
  size_t last = a->now != NULL ? (size_t)(a->now - a->found) : 0;
  for (size_t i = 1; i <= a->n_found; i++) {
    const vf_asker_devices *f = &a->found[(last + i) % a->n_found];
    if (!is_named(f, d)) continue;
    a->now = f;
    return true;
  }
  return false;
}

static vf_asker_devices *new_entry(vf_asker *a) {
  if (a->n_found == a->found_room) {
    size_t room = a->found_room == 0 ? 16 : 2 * a->found_room;
    vf_asker_devices *bigger = vf_arena_alloc(a->arena, room, sizeof *bigger);
    if (bigger == NULL) return NULL;
    if (a->n_found > 0) memcpy(bigger, a->found, a->n_found * sizeof *bigger);
    a->now = NULL;
    a->found = bigger;
    a->found_room = room;
  }
  return &a->found[a->n_found];
}

vf_status vf_deployment_devices(vf_device devices[VF_MAX_DEVICES], size_t *n, const vf_context *ctx,
                                const vf_deployment *d, vf_error *err) {
  bool here = d->machine != NULL && strncmp(d->gpu, "auto", 4) == 0;
  vf_status status =
      here ? vf_machine_select(devices, VF_MAX_DEVICES, n, d->machine, d->gpu, d->empty, err)
           : vf_devices_parse(devices, VF_MAX_DEVICES, n, ctx, d->gpu, err);
  if (status != VF_OK) return status;
  if (d->gpus != 0 && *n != 1)
    return vf_fail(err, VF_USAGE, "'%s' is several devices already: how many is said once", d->gpu);
  for (; *n < d->gpus; ++*n) devices[*n] = devices[0];
  for (size_t i = 0; i < *n; i++) change_device(&devices[i], d);
  return VF_OK;
}

static vf_status find_devices(vf_asker *a, const vf_deployment *d, vf_error *err) {
  vf_device devices[VF_MAX_DEVICES];
  size_t n = 0;
  if (find_known(a, d)) return VF_OK;
  vf_status status = vf_deployment_devices(devices, &n, a->ctx, d, err);
  if (status != VF_OK) return status;
  vf_asker_devices *f = new_entry(a);
  vf_device *list = vf_arena_alloc(a->arena, n, sizeof *list);
  if (f == NULL || list == NULL) return vf_fail_nomem(err);
  memcpy(list, devices, n * sizeof *list);
  *f = (vf_asker_devices){d->gpu, d->gpus, list, n};
  a->n_found++;
  a->now = f;
  return VF_OK;
}

/* ---- Asking ----------------------------------------------------------------------------- */

vf_status vf_asker_prepare(vf_asker *a, const vf_deployment *d, vf_error *err) {
  vf_status status = load(a, d->model, err);
  if (status == VF_OK) status = find_devices(a, d, err);
  return status == VF_OK ? build(a, d, err) : status;
}

vf_status vf_asker_ask(vf_asker *a, const vf_deployment *d, vf_error *err) {
  vf_status status = vf_asker_prepare(a, d, err);
  if (status != VF_OK) return status;
  return vf_estimate_run(a->e, a->model, &d->request, a->now->list, a->now->count, err);
}

void vf_asker_outcome(const vf_asker *a, vf_outcome *out) {
  size_t n;
  const vf_device_budget *b = vf_estimate_devices(a->e, &n);
  int64_t least = INT64_MAX;
  *out = (vf_outcome){.known = true,
                      .verdict = vf_estimate_verdict(a->e),
                      .engine = vf_estimate_workload(a->e)->engine};
  for (size_t i = 0; i < n; i++) {
    bool beside = b[i].device.kind == VF_DEVICE_HOST && n > 1;
    if (!beside) {
      out->need_bytes += b[i].need.bytes;
      out->need_high_bytes += b[i].need.high_bytes;
      out->capacity_bytes += b[i].capacity_bytes;
    }
    if (!b[i].device.total_known || b[i].pooled) continue;
    int64_t over = b[i].headroom_bytes - (int64_t)(b[i].headroom_target_bytes & INT64_MAX);
    if (over >= least) continue;
    least = over;
    out->headroom_bytes = b[i].headroom_bytes;
    out->target_bytes = b[i].headroom_target_bytes;
  }
}

static vf_status solve_limits(vf_limits *out, const vf_context *ctx, const vf_model *model,
                              const vf_request *request, const vf_device *devices, size_t n,
                              vf_error *err) {
  vf_estimate *scratch;
  vf_status status = vf_estimate_new(&scratch, ctx, err);
  if (status != VF_OK) return status;
  status = vf_limits_solve(out, scratch, model, request, devices, n, err);
  vf_estimate_free(scratch);
  return status;
}

vf_status vf_deployment_estimate(vf_estimate *estimate, vf_model **out_model, vf_limits *limits,
                                 const vf_context *ctx, const vf_deployment *d, vf_error *err) {
  vf_device devices[VF_MAX_DEVICES];
  size_t n = 0;
  vf_model *m = NULL;
  vf_status status = vf_model_open(&m, ctx, d->model, d->quant, d->request.engine, err);
  if (status != VF_OK) return status;
  status = vf_deployment_devices(devices, &n, ctx, d, err);
  if (status == VF_OK) status = vf_estimate_run(estimate, m, &d->request, devices, n, err);
  if (status == VF_OK && limits != NULL)
    status = solve_limits(limits, ctx, m, &d->request, devices, n, err);
  if (status == VF_OK)
    *out_model = m;
  else
    vf_model_free(m);
  return status;
}

bool vf_is_refusal(vf_status status) {
  return status == VF_UNSUPPORTED || status == VF_USAGE || status == VF_LIMIT ||
         status == VF_OVERFLOW;
}
