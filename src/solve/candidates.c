/* candidates.c - formats and devices to choose from, in order. */
#include "base/names.h"
#include "base/status.h"
#include "core/format.h"
#include "solve/question.h"
#include "solve/values.h"

static bool comes_first(const vf_candidate *x, const vf_candidate *y) {
  return x->first < y->first || (x->first == y->first && x->second <= y->second);
}

static void sort(vf_candidates *c) {
  for (size_t i = 1; i < c->count; i++) {
    vf_candidate x = c->list[i];
    size_t j = i;
    for (; j > 0 && !comes_first(&c->list[j - 1], &x); j--) c->list[j] = c->list[j - 1];
    c->list[j] = x;
  }
}

static uint64_t bits_of(vf_format format) {
  const vf_format_info *f = vf_format_get(format);
  return f == NULL ? UINT64_MAX : (uint64_t)f->block_bytes * 4096 / f->block_elements;
}

/* Opens what it names; false: it is no candidate, a format that the engine refuses. */
static bool open_setup(vf_solver *s, const vf_deployment *d, vf_axis_kind kind, vf_status *status,
                       vf_error *err) {
  vf_error why;
  *status = vf_asker_prepare(&s->asker, d, &why);
  if (*status == VF_OK) return true;
  if (*status == VF_UNSUPPORTED && kind == VF_AXIS_QUANT)
    *status = VF_OK;
  else if (err != NULL)
    *err = why;
  return false;
}

/* Behind all that are common, where the whole catalog is asked. */
#define UNUSUAL (UINT64_C(1) << 62)

/* What a candidate is ordered by; false: it is none. */
static bool rank(vf_candidate *c, vf_solver *s, const vf_deployment *base, vf_axis_kind kind,
                 bool whole, vf_status *status, vf_error *err) {
  vf_deployment d = *base;
  *status = vf_deployment_set_axis(&d, kind, c->name, err);
  if (*status != VF_OK) return false;
  if (kind == VF_AXIS_KV) {
    c->first = UINT64_MAX - bits_of(d.request.kv_k);
    return true;
  }
  if (!open_setup(s, &d, kind, status, err)) return false;
  if (kind == VF_AXIS_QUANT) {
    c->first = UINT64_MAX - vf_model_weights_bytes(s->asker.model);
    return true;
  }
  const vf_device *device = &s->asker.now->list[0];
  c->first = device->total_bytes * s->asker.now->count;
  if (whole && !device->common) c->first |= UNUSUAL;
  c->second = device->bandwidth_mb_per_s;
  return device->total_known && device->kind != VF_DEVICE_HOST;
}

vf_status vf_candidates_rank(vf_candidates *out, vf_solver *s, const vf_deployment *base,
                             vf_axis_kind kind, const char *list, vf_error *err) {
  vf_values values;
  vf_axis axis = {kind, list != NULL ? list : "any"};
  vf_status status = vf_values_of(&values, &s->asker, base, axis, s->arena, err);
  if (status != VF_OK) return status;
  out->list = vf_arena_alloc(s->arena, values.count, sizeof *out->list);
  out->count = 0;
  if (out->list == NULL) return vf_fail_nomem(err);
  bool whole = list == NULL || vf_name_equal(list, "any");
  bool in_order = kind == VF_AXIS_QUANT && list == NULL; /* an engine's own list is */
  for (size_t i = 0; status == VF_OK && i < values.count; i++) {
    vf_candidate c = {values.texts[i], 0, 0};
    if (in_order || rank(&c, s, base, kind, whole, &status, err)) out->list[out->count++] = c;
  }
  if (!in_order) sort(out);
  return status;
}
