/* weights.c - weights and caches as operands, where it matters on which device they lie.
 *
 * Source: llama.cpp v0.5.0 (de3ff81), src/llama-model.cpp:1521-1546.  Sizes are those of a copy on
 * a GPU (ggml-cuda.cu:908); on the host nothing is copied. */
#include "base/checked.h"
#include "core/buffer.h"
#include "engines/ggml/build.h"

static const vf_buffer_rule copy_rule = {128, 512};

/* ---- Finding ---------------------------------------------------------------------------- */

/* What a layer's tensor is looked up by; shape 0: any. */
typedef struct wanted {
  int32_t layer;
  vf_role role;
  bool bias;
  uint64_t ne0, rows;
} wanted;

static bool matches(const vf_tensor *t, const wanted *w) {
  return t->layer == w->layer && t->role == w->role && (t->suffix == VF_SUFFIX_BIAS) == w->bias &&
         (w->ne0 == 0 || t->ne[0] == w->ne0) && (w->rows == 0 || vf_tensor_rows(t) == w->rows);
}

/* Where the tensors of layers begin and end, if they lie layer by layer; else there are none. */
void vf_find_layers(vf_ggml_builder *b) {
  const vf_tensor *t = b->model->tensors;
  size_t n = b->model->n_tensors, first = 0, end;
  while (first < n && t[first].layer < 0) first++;
  for (end = first; end < n && t[end].layer >= 0; end++)
    if (end > first && t[end].layer < t[end - 1].layer) break;
  bool sorted = true;
  for (size_t i = end; i < n; i++) sorted &= t[i].layer < 0;
  b->first_tensor = first;
  b->end_tensor = sorted ? end : first;
}

/* The first tensor of a layer, by halves. */
static size_t first_of(const vf_ggml_builder *b, int32_t layer) {
  size_t low = b->first_tensor, high = b->end_tensor;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    if (b->model->tensors[middle].layer < layer)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

static const vf_tensor *find(const vf_ggml_builder *b, const wanted *w) {
  const vf_model *m = b->model;
  bool indexed = w->layer >= 0 && b->end_tensor > b->first_tensor;
  for (size_t i = indexed ? first_of(b, w->layer) : 0; i < m->n_tensors; i++) {
    if (indexed && m->tensors[i].layer != w->layer) break;
    if (matches(&m->tensors[i], w)) return &m->tensors[i];
  }
  return NULL;
}

/* ---- Where things lie ------------------------------------------------------------------- */

static uint8_t host_of(const vf_ggml_builder *b) {
  return (uint8_t)b->g->n_gpus;
}

static uint8_t slot_backend(const vf_ggml_builder *b, uint32_t slot) {
  uint32_t device = b->g->placement->device[slot];
  return (uint8_t)vf_min_u32(device, b->g->n_gpus);
}

static uint8_t tensor_backend(const vf_ggml_builder *b, const vf_tensor *t, bool as_output) {
  uint32_t layer = (uint32_t)t->layer;
  uint8_t moved = b->g->moved != NULL ? b->g->moved[t - b->model->tensors] : VF_NOT_MOVED;
  if (moved != VF_NOT_MOVED) return (uint8_t)vf_min_u32(moved, b->g->n_gpus);
  if (as_output) return slot_backend(b, b->model->n_layers);
  if (vf_role_is_expert(t->role) && layer < b->g->cpu_moe_layers) return host_of(b);
  switch (vf_roles[t->role].home) {
  case VF_HOME_INPUT:
  case VF_HOME_TOWER:
  case VF_HOME_ROPE: return host_of(b);
  case VF_HOME_FIRST: return slot_backend(b, 0);
  case VF_HOME_OUTPUT: return slot_backend(b, b->model->n_layers);
  case VF_HOME_LAYER: break;
  }
  return slot_backend(b, t->layer < 0 ? b->model->n_layers : layer);
}

bool vf_tensor_on_host(const vf_ggml_builder *b, const vf_tensor *t) {
  return tensor_backend(b, t, false) == host_of(b);
}

bool vf_lies_on_host(const vf_ggml_builder *b) {
  return b->schedule != NULL && slot_backend(b, b->layer) == host_of(b);
}

bool vf_runs_on_host(const vf_ggml_builder *b) {
  return vf_lies_on_host(b) && !b->graph.offloads;
}

void vf_pin_to_layer(vf_ggml_builder *b, vf_ref x) {
  if (b->schedule != NULL) vf_graph_pin(&b->graph, x, slot_backend(b, b->layer));
}

uint8_t vf_cache_backend(const vf_ggml_builder *b) {
  if (b->schedule == NULL) return 0;
  return b->g->kv_on_host ? host_of(b) : slot_backend(b, b->layer);
}

/* ---- Operands --------------------------------------------------------------------------- */

static vf_ref operand(vf_ggml_builder *b, const vf_tensor *t, vf_outside what, bool as_output) {
  uint64_t bytes = 0;
  if (t == NULL) return 0;
  if (!vf_mul(&bytes, vf_buffer_tensor(&copy_rule, t), t->count)) b->graph.overflow = true;
  vf_ref r = vf_graph_outside(&b->graph, what, bytes, tensor_backend(b, t, as_output));
  bool repacked = vf_rule(b, VF_RULE_HOST_REPACKED) && t->format == VF_FORMAT_Q4_0;
  if (repacked) vf_graph_node_of(&b->graph, r)->offloads = false; /* in the CPU's own layout */
  return r;
}

static vf_ref weight(vf_ggml_builder *b, vf_role role, bool bias, uint64_t ne0, uint64_t rows) {
  const wanted w = {b->layer == UINT32_MAX ? -1 : (int32_t)b->layer, role, bias, ne0, rows};
  if (b->schedule == NULL) return 0;
  const vf_tensor *t = find(b, &w);
  bool tied = t == NULL && role == VF_ROLE_OUTPUT;
  const wanted embedding = {-1, VF_ROLE_TOKEN_EMBD, false, 0, 0};
  if (tied) t = find(b, &embedding);
  return operand(b, t, VF_OUTSIDE_WEIGHT, tied);
}

vf_ref vf_weight(vf_ggml_builder *b, vf_role role) {
  return weight(b, role, false, 0, 0);
}

vf_ref vf_bias(vf_ggml_builder *b, vf_role role) {
  return weight(b, role, true, 0, 0);
}

vf_ref vf_weight_shaped(vf_ggml_builder *b, vf_role role, uint64_t ne0, uint64_t rows) {
  return weight(b, role, false, ne0, rows);
}

vf_ref vf_cache_rows(vf_ggml_builder *b, uint64_t bytes, uint8_t backend) {
  if (b->schedule == NULL) return 0;
  return vf_graph_outside(&b->graph, VF_OUTSIDE_CACHE, bytes, backend);
}

void vf_sink(vf_ggml_builder *b, vf_ref x, vf_ref ids, uint8_t backend) {
  vf_ref sink = vf_graph_op(&b->graph, VF_OP_EXTERNAL, 0, (vf_ref[]){x, ids}, 2);
  if (b->schedule != NULL) vf_graph_pin(&b->graph, sink, backend);
  vf_expand(b, sink);
}

vf_ref vf_slice(vf_ggml_builder *b, uint64_t bytes, vf_ref x) {
  if (b->schedule == NULL) return x;
  bool strided = (x & VF_REF_STRIDED) == VF_REF_STRIDED;
  vf_ref r = vf_graph_op(&b->graph, VF_OP_SLICE, bytes, &x, 1);
  return strided ? vf_strided(r) : vf_view(r);
}
