/* play.c - the buffers that a model's graph needs.
 *
 * The graph is built twice: once to learn in what order its inputs are come across, which is the
 * order of their memory (and, where several backends share it, when each of them reads them);
 * then to be played, layer by layer, with layers left out that come in equal periods and change
 * nothing any more.
 *
 * All that takes a room of about 180 KB, of which small graphs touch little.  It is the
 * allocator's, not the stack's: threads have stacks of 128 KiB with some C libraries. */
#include <string.h>

#include "base/arena.h"
#include "base/checked.h"
#include "base/status.h"
#include "core/format.h"
#include "engines/ggml/skip.h"

enum {
  GPU_ALIGN_BYTES = 128, /* ggml-cuda.cu, buffer type alignment */
  CPU_ALIGN_BYTES = 32,  /* ggml-backend.cpp, TENSOR_ALIGNMENT */
  OFFLOAD_MIN_ROWS = 32, /* ggml-cuda.cu, op_offload_min_batch_size */
  PIPELINE_COPIES = 4,   /* GGML_SCHED_MAX_COPIES */
};

/* ---- Steps ------------------------------------------------------------------------------ */

/* What layers read of the first one, or of what is before them. */
static void release_held(vf_ggml_builder *b) {
  if (b->first_value != 0) vf_graph_release(&b->graph, b->first_value);
  if (b->layer_inputs != 0) vf_graph_release(&b->graph, b->layer_inputs);
  if (b->embedding != 0) vf_graph_release(&b->graph, b->embedding);
  if (b->whole_mask != 0) vf_graph_release(&b->graph, b->whole_mask);
  if (b->chosen != 0) vf_graph_release(&b->graph, b->chosen);
}

static void step(vf_ggml_builder *b, uint32_t layer) {
  if (b->schedule != NULL) {
    vf_schedule_step(b->schedule, layer);
    return;
  }
  vf_release_inputs(b, layer);
  if (layer + 1 == b->n_layers) release_held(b);
  vf_graph_step(&b->graph);
}

static void begin_backends(vf_ggml_builder *b) {
  const vf_ggml_graph *g = b->g;
  vf_graph_init(&b->graph, g->on_cpu ? CPU_ALIGN_BYTES : GPU_ALIGN_BYTES);
  if (b->schedule == NULL) return;
  for (uint32_t d = 1; d < g->n_gpus; d++) vf_graph_add_backend(&b->graph, GPU_ALIGN_BYTES);
  vf_graph_add_backend(&b->graph, CPU_ALIGN_BYTES);
}

static void begin(vf_ggml_builder *b, bool learns) {
  begin_backends(b);
  b->graph.watch = learns ? NULL : b->g->watch;
  b->graph.inputs_by_visit = b->host_inputs;
  b->rows = b->g->tokens;
  b->graph.offloads = b->rows >= OFFLOAD_MIN_ROWS && !b->g->no_offload;
  b->first_value = b->layer_inputs = b->embedding = b->logits = b->whole_mask = b->chosen = 0;
  if (b->schedule != NULL) vf_schedule_begin(b->schedule, learns);
  vf_make_inputs(b);
  memset(b->zeros, 0, sizeof b->zeros);
  b->zeros[0] = b->in[VF_IN_ZEROS];
}

/* Learning, all layers but the first of each kind are alike. */
static vf_ref play_layers(vf_ggml_builder *b, vf_ref x, bool learns) {
  vf_ggml_skip *skip = b->skip;
  vf_ggml_skip_begin(skip, b, learns);
  for (uint32_t i = 0; i < b->n_layers && !b->graph.overflow; i++) {
    if (b->graph.watch == NULL) i += vf_ggml_skip_layers(skip, b, i, x);
    b->graph.made_in = i;
    x = vf_build_layer(b, i, x);
    step(b, i);
  }
  b->graph.made_in = UINT32_MAX;
  return x;
}

/* ---- One backend ------------------------------------------------------------------------ */

/* How many inputs there are to come across before the output's. */
static uint32_t count_inputs(const vf_ggml_builder *b) {
  uint32_t n = 0;
  for (int i = 0; i < VF_IN_COUNT; i++) {
    bool unread =
        i == VF_IN_OUTPUT_IDS || i == VF_IN_POOL || i == VF_IN_IMAGE_LOGITS || i == VF_IN_MEAN ||
        (!b->g->on_cpu && (i == VF_IN_TOKENS || i == VF_IN_LAYER_TOKENS || i == VF_IN_EMBD_GIVEN));
    bool part = b->g->on_cpu && i == VF_IN_STATES_MOVED;
    n += b->in[i] != 0 && !unread && !part && (b->in[i] & VF_REF_VIEW) == 0;
    n += b->g->on_cpu && i == VF_IN_STATES && b->in[i] != 0;
  }
  return n;
}

/* The order in which the inputs are come across. */
static void learn_order(vf_ggml_builder *b) {
  begin(b, true);
  uint32_t wanted = count_inputs(b);
  vf_ref x = vf_build_start(b);
  for (uint32_t i = 0; i < b->n_layers && b->graph.n_inputs < wanted; i++) {
    x = vf_build_layer(b, i, x);
    step(b, i);
  }
  vf_expand(b, x);
}

static bool is_listed(const vf_graph *g, int input) {
  for (uint32_t i = 0; i < g->n_inputs; i++)
    if (g->input_order[i] == input) return true;
  return false;
}

static void play(vf_ggml_builder *b) {
  uint8_t order[sizeof b->graph.input_order];
  learn_order(b);
  uint32_t n = b->graph.n_inputs, early = n;
  memcpy(order, b->graph.input_order, sizeof order);
  static const uint8_t late[] = {VF_IN_OUTPUT_IDS, VF_IN_POOL, VF_IN_IMAGE_LOGITS, VF_IN_MEAN};
  for (size_t i = 0; i < sizeof late; i++)
    if (b->in[late[i]] != 0 && !is_listed(&b->graph, late[i]) && n < sizeof order)
      order[n++] = late[i];
  bool overflow = b->graph.overflow;
  begin(b, false);
  for (uint32_t i = 0; i < n; i++) {
    if (i == early) vf_make_zeros(b);
    vf_graph_place(&b->graph, b->in[order[i]] & 0xFFFF);
  }
  if (n == early) vf_make_zeros(b);
  vf_ref x = play_layers(b, vf_build_start(b), false);
  vf_build_end(b, x);
  vf_release_inputs(b, b->n_layers);
  vf_graph_step(&b->graph);
  b->graph.overflow |= overflow;
}

/* ---- Several backends ------------------------------------------------------------------- */

static void play_all(vf_ggml_builder *b, bool learns) {
  vf_ref x = play_layers(b, vf_build_start(b), learns);
  vf_build_end(b, x);
  release_held(b);
  vf_schedule_finish(b->schedule, b->n_layers);
}

static void play_split(vf_ggml_builder *b) {
  uint8_t order[sizeof b->graph.input_order];
  begin(b, true);
  play_all(b, true);
  uint32_t n = b->graph.n_inputs;
  memcpy(order, b->graph.input_order, sizeof order);
  if (b->graph.overflow) return;
  begin(b, false);
  for (uint32_t i = 0; i < n; i++) {
    bool elsewhere = order[i] == VF_IN_STATES_MOVED || order[i] == VF_IN_ROPE_TABLE;
    if (!elsewhere) vf_graph_place(&b->graph, b->in[order[i]] & 0xFFFF);
  }
  play_all(b, false);
}

/* ---- The buffers ------------------------------------------------------------------------ */

/* Not cleared: filled as far as it is used. */
typedef struct room {
  vf_ggml_builder builder;
  vf_schedule schedule;
  vf_ggml_skip skip;
} room;

static const vf_allocator *allocator_of(const vf_model *model) {
  return vf_arena_allocator(model->arena);
}

static room *room_new(const vf_model *model, vf_error *err) {
  const vf_allocator *a = allocator_of(model);
  room *r = a->alloc(a->user, sizeof *r);
  if (r == NULL) (void)vf_fail_nomem(err);
  return r;
}

static void room_free(room *r, const vf_model *model) {
  const vf_allocator *a = allocator_of(model);
  a->free(a->user, r);
}

static vf_ggml_builder *start(room *r, const vf_model *model, const vf_ggml_graph *g,
                              vf_schedule *schedule) {
  vf_ggml_builder *b = &r->builder;
  b->model = model;
  b->g = g;
  b->schedule = schedule;
  b->skip = &r->skip;
  b->host_inputs = g->on_cpu || schedule != NULL;
  b->n_layers = model->n_layers;
  while (b->n_layers > 1 && vf_has(&model->layers[b->n_layers - 1], VF_LAYER_MTP)) b->n_layers--;
  b->windows = b->delta = false;
  for (uint32_t i = 0; i < b->n_layers; i++) {
    b->windows |= vf_window_index(model, &model->layers[i]) != 0;
    b->delta |= (model->layers[i].mixers & VF_MIX_DELTA) != 0;
  }
  b->graph.overflow = false;
  if (schedule != NULL) vf_find_layers(b);
  vf_need_inputs(b);
  return b;
}

static vf_status too_large(vf_error *err) {
  return vf_fail(err, VF_OVERFLOW, "the compute buffer of this batch does not fit 64 bits");
}

vf_status vf_ggml_device_buffer(uint64_t *out, const vf_model *model, const vf_ggml_graph *g,
                                vf_error *err) {
  room *r = room_new(model, err);
  if (r == NULL) return VF_NOMEM;
  vf_ggml_builder *b = start(r, model, g, NULL);
  bool overflow = b->graph.overflow;
  play(b);
  overflow |= b->graph.overflow;
  uint64_t bytes = b->graph.pools[0].peak_bytes;
  room_free(r, model);
  if (overflow) return too_large(err);
  *out = bytes;
  return VF_OK;
}

vf_status vf_ggml_split_buffers(uint64_t *out, const vf_model *model, const vf_ggml_graph *g,
                                vf_error *err) {
  room *r = room_new(model, err);
  if (r == NULL) return VF_NOMEM;
  vf_ggml_builder *b = start(r, model, g, &r->schedule);
  bool overflow = b->graph.overflow;
  vf_schedule_init(&r->schedule, &b->graph, g->pipelined ? PIPELINE_COPIES : 1);
  play_split(b);
  overflow |= b->graph.overflow;
  for (uint32_t d = 0; d <= g->n_gpus && !overflow; d++) out[d] = b->graph.pools[d].peak_bytes;
  room_free(r, model);
  return overflow ? too_large(err) : VF_OK;
}

/* The host's side where one GPU runs everything: what is read from outside, and what was looked
 * up; nothing of it is freed there. */
vf_status vf_ggml_host_buffer(uint64_t *out, const vf_model *model, const vf_ggml_graph *g,
                              vf_error *err) {
  room *r = room_new(model, err);
  if (r == NULL) return VF_NOMEM;
  uint64_t sum = 0;
  vf_ggml_builder *b = start(r, model, g, NULL);
  bool fits = !b->graph.overflow;
  for (int i = 0; i < VF_IN_COUNT && fits; i++) {
    uint64_t bytes;
    fits = vf_align_up(&bytes, b->in_bytes[i], CPU_ALIGN_BYTES) && vf_add(&sum, sum, bytes);
  }
  room_free(r, model);
  if (!fits) return vf_fail(err, VF_OVERFLOW, "the inputs of this batch do not fit 64 bits");
  *out = sum;
  return VF_OK;
}
