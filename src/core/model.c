/* model.c - making, copying and summing up the lists of a model. */
#include "core/model.h"

#include <string.h>

#include "base/checked.h"
#include "base/status.h"

/* Room for the largest models (a million tensors of 64 bytes) and no more. */
static const size_t model_cap_bytes = (size_t)128 << 20;

vf_status vf_model_new(vf_model **out, const vf_allocator *allocator, size_t tensors,
                       uint32_t layers, size_t caches, vf_error *err) {
  vf_arena *arena = vf_arena_new(allocator, model_cap_bytes);
  if (arena == NULL) return vf_fail_nomem(err);
  vf_model *m = vf_arena_alloc(arena, 1, sizeof *m);
  if (m != NULL) {
    m->arena = arena;
    m->tensors = vf_arena_alloc_raw(arena, tensors, sizeof *m->tensors);
    m->layers = vf_arena_alloc(arena, layers, sizeof *m->layers);
    m->caches = vf_arena_alloc(arena, caches, sizeof *m->caches);
  }
  if (m == NULL || m->tensors == NULL || m->layers == NULL || m->caches == NULL) {
    vf_arena_free(arena);
    return vf_fail_nomem(err);
  }
  *out = m;
  return VF_OK;
}

void vf_model_free(vf_model *model) {
  if (model != NULL) vf_arena_free(model->arena);
}

vf_status vf_model_clone(vf_model **out, const vf_model *model, vf_error *err) {
  vf_model *m;
  vf_status status = vf_model_new(&m, vf_arena_allocator(model->arena), model->n_tensors,
                                  model->n_layers, model->n_caches, err);
  if (status != VF_OK) return status;
  vf_model lists = *m;
  *m = *model;
  m->arena = lists.arena;
  m->tensors = memcpy(lists.tensors, model->tensors, model->n_tensors * sizeof *m->tensors);
  m->layers = memcpy(lists.layers, model->layers, model->n_layers * sizeof *m->layers);
  m->caches = memcpy(lists.caches, model->caches, model->n_caches * sizeof *m->caches);
  *out = m;
  return VF_OK;
}

/* ---- What follows from the lists -------------------------------------------------------- */

/* First layer from which the layers repeat with the given period, the last layer left out (it
 * ends the network and is always looked at by itself). */
static uint32_t periodic_start(const vf_model *m, uint32_t period) {
  uint32_t i = m->n_layers > period + 1 ? m->n_layers - 1 - period : 0;
  while (i > 0 && memcmp(&m->layers[i - 1], &m->layers[i - 1 + period], sizeof *m->layers) == 0)
    i--;
  return i;
}

static void find_period(vf_model *m) {
  uint32_t best = m->n_layers;
  m->layer_period = 1;
  m->periodic_from = best;
  for (uint32_t period = 1; period <= 16 && period < m->n_layers; period++) {
    uint32_t start = periodic_start(m, period);
    if (start + period >= best) continue;
    best = start + period;
    m->layer_period = period;
    m->periodic_from = start;
  }
}

/* Rope tables are computed from the config, not learned: they are no parameters. */
vf_status vf_model_finish(vf_model *m, vf_error *err) {
  uint64_t all = 0;
  m->n_params = 0;
  for (size_t i = 0; i < m->n_tensors; i++) {
    uint64_t n = vf_tensor_elements(&m->tensors[i]);
    if (!vf_add(&all, all, n) || all > VF_MAX_ELEMENTS)
      return vf_fail(err, VF_OVERFLOW, "more than 2^56 parameters: not a model of this world");
    vf_home home = vf_roles[m->tensors[i].role].home;
    if (home != VF_HOME_ROPE) m->n_params += n;
    if (home == VF_HOME_LAYER && vf_tensor_dims(&m->tensors[i]) > 1)
      m->widest_row = vf_max_u64(m->widest_row, m->tensors[i].ne[0]);
  }
  m->n_active_params = m->n_params;
  find_period(m);
  return VF_OK;
}

void vf_model_assume(vf_model *model, const char *code, const char *text) {
  if (model->n_assumptions == VF_MODEL_ASSUMPTIONS) return;
  model->assumptions[model->n_assumptions++] = (vf_assumption){code, text};
}

uint64_t vf_model_weights_bytes(const vf_model *model) {
  uint64_t bytes = 0;
  for (size_t i = 0; i < model->n_tensors; i++) bytes += model->tensors[i].bytes;
  return bytes;
}

void vf_model_info_get(const vf_model *model, vf_model_info *out) {
  *out = (vf_model_info){
      .id = model->id,
      .architecture = model->arch,
      .source = model->source,
      .quant = model->quant,
      .n_params = model->n_params,
      .n_active_params = model->n_active_params,
      .weights_bytes = vf_model_weights_bytes(model),
      .max_ctx_tokens = model->max_ctx_tokens,
      .n_layers = model->n_layers,
      .n_tensors = (uint32_t)model->n_tensors,
  };
}
