/* skip.c - periods, and where they end. */
#include "engines/ggml/skip.h"

#include <string.h>

#include "base/checked.h"

enum { MIXED_FORMATS = 3 }; /* recipes give every third layer more bits */

/* Of the weights on the host every layer copies its own, and recipes give some layers more bits. */
static void sum_copied(vf_ggml_skip *s, const vf_ggml_builder *b) {
  const vf_model *m = b->model;
  for (size_t i = 0; i < m->n_tensors; i++) {
    const vf_tensor *t = &m->tensors[i];
    if (t->layer < 0 || (uint32_t)t->layer >= b->n_layers || !vf_tensor_on_host(b, t)) continue;
    s->copied[t->layer] += (uint32_t)t->bytes * (2u * t->role + 1u) + (uint32_t)(t->bytes >> 32);
  }
}

void vf_ggml_skip_begin(vf_ggml_skip *s, const vf_ggml_builder *b, bool learns) {
  s->learns = learns;
  s->saved = false;
  s->last = 0;
  s->period = b->model->layer_period;
  s->next_check = vf_max_u32(b->model->periodic_from, 1);
  memset(s->copied, 0, b->n_layers * sizeof *s->copied);
  if (b->schedule != NULL && !learns) sum_copied(s, b);
}

/* The first layer that may not be left out: an input ends with it. */
static uint32_t first_special(const vf_ggml_builder *b, uint32_t layer) {
  uint32_t first = b->n_layers - 1;
  for (int i = 0; i < VF_IN_COUNT; i++) {
    bool start = i == VF_IN_TOKENS || i == VF_IN_EMBD || i == VF_IN_EMBD_GIVEN ||
                 i == VF_IN_LAYER_TOKENS || i == VF_IN_LAYER_EMBD;
    if (!start && b->last_use[i] < first && b->last_use[i] >= layer) first = b->last_use[i];
  }
  return first;
}

/* The layers around this one that lie where it lies. */
static uint32_t end_of_run(const vf_ggml_builder *b, uint32_t layer) {
  const uint8_t *device = b->g->placement->device;
  uint32_t end = layer, moe = b->g->cpu_moe_layers;
  while (end < b->n_layers && device[end] == device[layer] && (end < moe) == (layer < moe)) end++;
  return end;
}

/* Up to where equal layers may be left out.  With several backends, the last period on each of them
 * is played, since inputs end in it, and the one before, so that splits begin where they would. */
static uint32_t end_of_skip(const vf_ggml_builder *b, uint32_t layer) {
  uint32_t special = first_special(b, layer), period = b->model->layer_period;
  if (b->schedule == NULL) return special;
  uint32_t end = end_of_run(b, layer);
  return vf_min_u32(special, end > 2 * period ? end - 2 * period : 0);
}

/* Two periods have been played since the layers before lay elsewhere. */
static bool is_settling(const vf_ggml_builder *b, uint32_t layer) {
  uint32_t played = 2 * b->model->layer_period;
  if (b->schedule == NULL) return true;
  return layer >= played && end_of_run(b, layer - played) > layer;
}

/* Layers from i on that copy what the ones a period later do. */
static uint32_t count_equal(const vf_ggml_skip *s, uint32_t i, uint32_t period, uint32_t end) {
  uint32_t n = 0;
  while (i + n + period < end && s->copied[i + n] == s->copied[i + n + period]) n++;
  return n;
}

/* The shortest period that holds for a while. */
static uint32_t choose_period(const vf_ggml_skip *s, const vf_ggml_builder *b, uint32_t i,
                              uint32_t end) {
  uint32_t period = b->model->layer_period;
  for (uint32_t n = 1; n <= MIXED_FORMATS; n++)
    if (count_equal(s, i, n * period, end) > n * period) return n * period;
  return 0;
}

static void save(const vf_ggml_builder *b, vf_ref x, vf_graph_state *out) {
  if (b->schedule != NULL)
    vf_schedule_save(b->schedule, x, out);
  else
    vf_graph_save(&b->graph, x, out);
}

uint32_t vf_ggml_skip_layers(vf_ggml_skip *s, const vf_ggml_builder *b, uint32_t i, vf_ref x) {
  uint32_t left_out = 0;
  if (i != s->next_check || b->g->moved != NULL) return 0; /* any layer may be another */
  uint32_t end = end_of_skip(b, i), whole = b->model->layer_period;
  s->last = 1 - s->last;
  if (!s->learns) save(b, x, &s->states[s->last]);
  bool settled = s->saved && is_settling(b, i) &&
                 (s->learns || vf_graph_state_equal(&s->states[0], &s->states[1]));
  if (settled)
    left_out =
        vf_min_u32(count_equal(s, i - s->period, s->period, end), end - i) / s->period * s->period;
  i += left_out;
  uint32_t period = choose_period(s, b, i, end);
  s->saved = period != 0;
  s->period = period != 0 ? period : whole;
  s->next_check = i + s->period;
  return left_out;
}
