/* asker.c - deployments by name: what is at hand is not read again. */
#include "deploy/asker.h"

#include <string.h>

#include "base/checked.h"
#include "base/names.h"
#include "base/status.h"
#include "deploy/open.h"
#include "deploy/setup.h"
#include "deploy/unsaid.h"
#include "engines/engine.h"

/* ---- Values ----------------------------------------------------------------------------- */

vf_status vf_deployment_set_axis(vf_deployment *d, vf_axis_kind kind, const char *text,
                                 vf_error *err) {
  static const char *const names[VF_AXIS_COUNT] = {
      [VF_AXIS_MODEL] = "model", [VF_AXIS_ENGINE] = "engine", [VF_AXIS_QUANT] = "quant",
      [VF_AXIS_GPU] = "gpu",     [VF_AXIS_GPUS] = "gpus",     [VF_AXIS_KV] = "kv",
      [VF_AXIS_SEQS] = "seqs",   [VF_AXIS_CTX] = "ctx"};
  return vf_deployment_set(d, names[kind], text, err);
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

vf_status vf_asker_init_given(vf_asker *a, vf_estimate *scratch, const vf_model *model,
                              const vf_device *devices, size_t device_count, vf_error *err) {
  *a =
      (vf_asker){.e = scratch, .given_model = model, .given = devices, .given_count = device_count};
  a->arena = vf_arena_new(&scratch->allocator, (size_t)1 << 20);
  return a->arena != NULL ? VF_OK : vf_fail_nomem(err);
}

static void forget_beside(vf_asker *a) {
  vf_opened_close(&a->beside);
  a->has_beside = false;
}

static void forget_model(vf_asker *a) {
  vf_model_free(a->made);
  a->model = a->made = NULL;
  a->is_built = false;
}

void vf_asker_free(vf_asker *a) {
  forget_model(a);
  forget_beside(a);
  if (a->is_loaded) vf_loaded_free(&a->loaded);
  if (a->ctx != NULL) vf_estimate_free(a->e);
  if (a->arena != NULL) vf_arena_free(a->arena);
}

static vf_status load(vf_asker *a, const char *ref, bool elsewhere, vf_error *err) {
  if (ref == NULL && a->given_model != NULL) return VF_OK;
  if (ref == NULL) return vf_fail(err, VF_USAGE, "no model is named");
  if (a->is_loaded && same(a->ref, ref)) return VF_OK;
  forget_model(a);
  if (a->is_loaded) vf_loaded_free(&a->loaded);
  a->is_loaded = true;
  a->ref = NULL;
  vf_load_depth depth = a->with_tensors ? VF_LOAD_TENSORS : VF_LOAD_FACTS;
  vf_status status = elsewhere ? vf_load_elsewhere(&a->loaded, a->ctx, ref, depth, err)
                               : vf_load(&a->loaded, a->ctx, ref, depth, err);
  if (status == VF_OK) a->ref = ref;
  a->loaded.keeps_network = true;
  return status;
}

static vf_status make(vf_asker *a, const vf_deployment *d, vf_error *err) {
  a->loaded.engines_quant = d->engines_quant;
  if (d->model != NULL) return vf_build_model(&a->made, &a->loaded, d->quant, a->engine, err);
  if (d->quant != NULL)
    return vf_model_requantize(&a->made, a->given_model, d->quant, d->request.engine, err);
  a->model = a->given_model;
  return VF_OK;
}

/* A format that is refused is remembered as well. */
static vf_status build(vf_asker *a, const vf_deployment *d, vf_error *err) {
  const char *engine = d->request.engine;
  if (d->model != NULL) engine = vf_unsaid_engine(d, &a->loaded, a->now->list, a->now->count);
  if (!a->is_built || !same(a->quant, d->quant) || !same(a->engine, engine)) {
    forget_model(a);
    a->is_built = true;
    a->quant = d->quant;
    a->engine = engine;
    a->build_status = make(a, d, &a->build_error);
    if (a->made != NULL) a->model = a->made;
  }
  if (a->build_status != VF_OK && err != NULL) *err = a->build_error;
  return a->build_status;
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

/* Those that were given, or so many of the first one's kind. */
static vf_status name_devices(vf_device devices[VF_MAX_DEVICES], size_t *n, const vf_asker *a,
                              const vf_deployment *d, vf_error *err) {
  if (d->gpu != NULL || a->given_count == 0)
    return vf_deployment_devices(devices, n, a->ctx, d, err);
  size_t count = d->gpus != 0 ? d->gpus : a->given_count;
  if (count > VF_MAX_DEVICES)
    return vf_fail(err, VF_LIMIT, "%zu devices are more than the %d of one estimate", count,
                   VF_MAX_DEVICES);
  for (*n = 0; *n < count; ++*n) devices[*n] = a->given[d->gpus != 0 ? 0 : *n];
  return VF_OK;
}

static vf_status find_devices(vf_asker *a, const vf_deployment *d, vf_error *err) {
  size_t n = 0;
  if (find_known(a, d)) return VF_OK;
  if (a->named == NULL) a->named = vf_arena_alloc_raw(a->arena, VF_MAX_DEVICES, sizeof *a->named);
  if (a->named == NULL) return vf_fail_nomem(err);
  vf_status status = name_devices(a->named, &n, a, d, err);
  if (status != VF_OK) return status;
  vf_asker_devices *f = new_entry(a);
  vf_device *list = vf_arena_alloc(a->arena, n, sizeof *list);
  if (f == NULL || list == NULL) return vf_fail_nomem(err);
  memcpy(list, a->named, n * sizeof *list);
  *f = (vf_asker_devices){d->gpu, d->gpus, list, n};
  a->n_found++;
  a->now = f;
  return VF_OK;
}

static bool has_beside(const vf_deployment *d) {
  return d->mmproj != NULL || d->lora != NULL || d->draft != NULL;
}

/* Files and models beside the model; most have none. */
static vf_status find_beside(vf_asker *a, const vf_deployment *d, vf_error *err) {
  if (!has_beside(d)) return VF_OK;
  if (a->beside_of == NULL) a->beside_of = vf_arena_alloc(a->arena, 1, sizeof *a->beside_of);
  if (a->beside_of == NULL) return vf_fail_nomem(err);
  const vf_deployment *b = a->beside_of;
  if (a->has_beside && same(b->mmproj, d->mmproj) && same(b->lora, d->lora) &&
      same(b->draft, d->draft) && same(b->draft_quant, d->draft_quant) &&
      same(b->model, d->model) && same(b->quant, d->quant) &&
      same(b->request.engine, d->request.engine))
    return VF_OK;
  forget_beside(a);
  a->beside.request = vf_request_init();
  vf_status status = vf_opened_beside(&a->beside, a->ctx, d, err);
  if (status != VF_OK) forget_beside(a);
  a->has_beside = status == VF_OK;
  *a->beside_of = *d;
  return status;
}

/* ---- Asking ---- */

/* As the engine takes it that the model was built for. */
static vf_status hear(vf_asker *a, const vf_deployment *d, vf_error *err) {
  if (a->heard == NULL) a->heard = vf_arena_alloc_raw(a->arena, 1, sizeof *a->heard);
  if (a->heard == NULL) return vf_fail_nomem(err);
  vf_deployment_heard(a->heard, d, a->engine, a->model);
  a->heard->request.engine = a->engine;
  vf_deployment_settle(&a->heard->request, d);
  return VF_OK;
}

vf_status vf_asker_prepare(vf_asker *a, const vf_deployment *d, vf_error *err) {
  vf_status status = load(a, d->model, d->elsewhere, err);
  if (status == VF_OK) status = find_devices(a, d, err);
  if (status == VF_OK) status = build(a, d, err);
  if (status == VF_OK) status = hear(a, d, err);
  if (status == VF_OK) status = find_beside(a, a->heard, err);
  bool adapted = status == VF_OK && a->heard->lora != NULL;
  return adapted ? vf_adapter_of_model(a->ctx, a->heard->lora, a->model, err) : status;
}

vf_status vf_asker_ask(vf_asker *a, const vf_deployment *d, vf_error *err) {
  vf_status status = vf_asker_prepare(a, d, err);
  if (status != VF_OK) return status;
  vf_request *r = &a->heard->request;
  if (has_beside(a->heard)) {
    r->mmproj_bytes = a->beside.request.mmproj_bytes;
    r->lora_bytes = a->beside.request.lora_bytes;
    r->draft = a->beside.draft;
  }
  return vf_estimate_run(a->e, a->model, r, a->now->list, a->now->count, err);
}

void vf_asker_outcome(const vf_asker *a, vf_outcome *out) {
  size_t n;
  const vf_device_budget *b = vf_estimate_devices(a->e, &n);
  const vf_device_budget *tightest = vf_estimate_tightest(a->e);
  *out = (vf_outcome){.known = true,
                      .verdict = vf_estimate_verdict(a->e),
                      .engine = vf_estimate_workload(a->e)->engine};
  for (size_t i = 0; i < n; i++) {
    if (b[i].device.kind == VF_DEVICE_HOST && n > 1) continue;
    out->need_bytes += b[i].need.bytes;
    out->need_high_bytes += b[i].need.high_bytes;
    out->capacity_bytes += b[i].capacity_bytes;
  }
  if (tightest == NULL) return;
  out->headroom_bytes = vf_budget_headroom(tightest);
  out->target_bytes = tightest->headroom_target_bytes;
}

bool vf_is_refusal(vf_status status) {
  return status == VF_UNSUPPORTED || status == VF_USAGE || status == VF_LIMIT ||
         status == VF_OVERFLOW;
}
