/* speed_reads.c - bytes that one step of decoding reads, from the two lists of a model.
 *
 * Embeddings are looked up: one row, which is not counted; a tied one is read as the output
 * matrix.  Of experts a step reads those that any of its sequences chose.  Towers, encoders and
 * layers that predict further tokens are no part of a step. */
#include "base/checked.h"
#include "core/format.h"
#include "core/speed.h"

enum { MILLION = 1000000, STATE_NUMBER_BYTES = 4 };

/* Every sum below stays within 64 bits: tensors hold at most VF_MAX_ELEMENTS in all, and an
 * estimate whose caches do not fit 64 bits has failed before. */

/* ---- Where things lie ------------------------------------------------------------------- */

static bool only_host(const vf_estimate *e) {
  return vf_estimate_first(e)->device.kind == VF_DEVICE_HOST;
}

/* Slots [0, first) stay in main memory: with engines that place layers, and only there. */
static uint32_t first_slot(const vf_estimate *e) {
  const vf_device_budget *host = &e->devices[e->n_devices - 1];
  uint32_t slots = e->model->n_layers + 1;
  bool placed = e->workload.tp == 0 && host->part_bytes[VF_PART_WEIGHTS] != 0;
  if (only_host(e)) return slots;
  return placed && e->workload.gpu_layers < slots ? slots - e->workload.gpu_layers : 0;
}

static uint32_t slot_of(const vf_model *m, const vf_tensor *t) {
  bool early = vf_roles[t->role].home == VF_HOME_FIRST;
  if (early) return 0;
  return t->layer < 0 ? m->n_layers : (uint32_t)t->layer;
}

static bool is_on_host(const vf_estimate *e, const vf_tensor *t, uint32_t first) {
  if (only_host(e)) return true;
  if (e->workload.tp == 0 && vf_role_is_expert(t->role) && t->layer >= 0 &&
      (uint32_t)t->layer < e->request.cpu_moe_layers)
    return true;
  return slot_of(e->model, t) < first;
}

/* ---- Weights ---------------------------------------------------------------------------- */

static bool is_decoded(const vf_layer *l) {
  return (l->flags & (VF_LAYER_MTP | VF_LAYER_ENCODER)) == 0;
}

/* Looked up, not read; a tied embedding is the output matrix, too. */
static bool is_lookup(const vf_model *m, const vf_tensor *t) {
  return vf_roles[t->role].home == VF_HOME_INPUT && !(m->tied && t->role == VF_ROLE_TOKEN_EMBD);
}

static bool takes_part(const vf_model *m, const vf_tensor *t) {
  if (vf_model_is_mtp(m, t) || vf_roles[t->role].home == VF_HOME_TOWER) return false;
  if (vf_roles[t->role].home == VF_HOME_ROPE || is_lookup(m, t)) return false;
  return t->layer < 0 || is_decoded(&m->layers[t->layer]);
}

/* Experts that at least one of `seqs` sequences chose, in millionths of all, if each choice is as
 * likely as any other: 1 - (1 - used / all)^seqs. */
static uint64_t chosen_ppm(const vf_layer *l, uint32_t seqs) {
  uint64_t left = MILLION;
  if (l->n_experts == 0 || l->n_experts_used >= l->n_experts) return MILLION;
  for (uint32_t i = 0; i < seqs && left > 0; i++)
    left = left * (l->n_experts - l->n_experts_used) / l->n_experts;
  return MILLION - left;
}

static uint64_t weight_bytes(const vf_model *m, const vf_tensor *t, uint32_t seqs) {
  uint64_t bytes = t->bytes * t->count;
  if (!vf_role_is_expert(t->role) || t->layer < 0) return bytes;
  return bytes / MILLION * chosen_ppm(&m->layers[t->layer], seqs);
}

/* What lies on the devices by layers and --n-cpu-moe alone, as it is stored and as it is read. */
typedef struct told {
  uint64_t host_stored, experts_stored, experts_read;
} told;

static told add_weights(vf_reads *r, const vf_estimate *e, uint32_t first, uint32_t seqs) {
  const vf_model *m = e->model;
  told sum = {0};
  for (size_t i = 0; i < m->n_tensors; i++) {
    const vf_tensor *t = &m->tensors[i];
    uint64_t stored = t->bytes * t->count, read = weight_bytes(m, t, seqs);
    bool host = is_on_host(e, t, first), packed = vf_formats[t->format].quantized;
    if (host || vf_roles[t->role].home == VF_HOME_INPUT) sum.host_stored += stored;
    if (!takes_part(m, t)) continue;
    vf_read *side = host ? &r->host : &r->gpu;
    *(packed ? &side->packed_bytes : &side->plain_bytes) += read;
    sum.experts_stored += host || !vf_role_is_expert(t->role) ? 0 : stored;
    sum.experts_read += host || !vf_role_is_expert(t->role) ? 0 : read;
  }
  return sum;
}

static uint64_t share(uint64_t bytes, uint64_t part, uint64_t all) {
  return (uint64_t)((double)bytes * ((double)part / (double)all));
}

static void move(uint64_t *from, uint64_t *to, uint64_t bytes) {
  bytes = vf_min_u64(bytes, *from);
  *from -= bytes;
  *to += bytes;
}

/* What else an engine put into main memory (tensors by name): experts first, as people do. */
static void move_others(vf_reads *r, const vf_estimate *e, const told *sum) {
  uint64_t stored = e->devices[e->n_devices - 1].part_bytes[VF_PART_WEIGHTS];
  uint64_t model = vf_model_weights_bytes(e->model);
  if (only_host(e) || e->workload.tp != 0 || stored <= sum->host_stored + model / 64) return;
  uint64_t others = stored - sum->host_stored;
  uint64_t experts = vf_min_u64(others, sum->experts_stored);
  uint64_t dense = model - vf_min_u64(model, sum->experts_stored + sum->host_stored);
  uint64_t read = experts == 0 ? 0 : share(sum->experts_read, experts, sum->experts_stored);
  if (others > experts && dense != 0)
    read += share(r->gpu.packed_bytes + r->gpu.plain_bytes - sum->experts_read,
                  vf_min_u64(others - experts, dense), dense);
  uint64_t packed = vf_min_u64(read, r->gpu.packed_bytes);
  move(&r->gpu.packed_bytes, &r->host.packed_bytes, packed);
  move(&r->gpu.plain_bytes, &r->host.plain_bytes, read - packed);
}

/* ---- Caches and states ------------------------------------------------------------------ */

/* Cells that one sequence reads: its context, or what a window leaves of it. */
static uint64_t cells(const vf_estimate *e, const vf_cache_layer *c) {
  const vf_workload *w = &e->workload;
  uint64_t tokens = w->requested_ctx_tokens;
  if (w->kv_unified) tokens /= w->seqs; /* one pool, shared evenly */
  if (c->kind == VF_CACHE_COMPRESSED) return tokens / c->window;
  bool windowed =
      c->kind == VF_CACHE_WINDOW || c->kind == VF_CACHE_CHUNKED || c->kind == VF_CACHE_LATENT;
  return windowed && c->window != 0 ? vf_min_u64(tokens, c->window) : tokens;
}

static uint64_t cache_bytes(const vf_estimate *e, const vf_cache_layer *c) {
  uint64_t row = vf_format_row_about(e->workload.kv_k, (uint64_t)c->n_kv_heads * c->k_dim);
  if (c->v_dim != 0)
    row += vf_format_row_about(e->workload.kv_v, (uint64_t)c->n_kv_heads * c->v_dim);
  return row * cells(e, c);
}

/* Keys of an encoder's tokens are few, and their number is not known: they are left out. */
static void add_caches(vf_reads *r, const vf_estimate *e, uint32_t first, uint32_t seqs) {
  for (size_t i = 0; i < e->model->n_caches; i++) {
    const vf_cache_layer *c = &e->model->caches[i];
    bool host = c->layer < first || e->workload.no_kv_offload || only_host(e);
    vf_read *side = host ? &r->host : &r->gpu;
    if (c->kind == VF_CACHE_STATE)
      side->state_bytes += (c->conv + c->state) * STATE_NUMBER_BYTES * 2 * seqs;
    else if (c->kind == VF_CACHE_LATENT)
      side->latent_bytes += cache_bytes(e, c) * seqs;
    else if (c->kind != VF_CACHE_CROSS)
      side->kv_bytes += cache_bytes(e, c) * seqs;
  }
}

static void add_layers(vf_reads *r, const vf_estimate *e, uint32_t first) {
  for (uint32_t i = 0; i < e->model->n_layers; i++) {
    const vf_layer *l = &e->model->layers[i];
    vf_read *side = i < first ? &r->host : &r->gpu;
    if (!is_decoded(l)) continue;
    side->layers++;
    side->expert_layers += l->n_experts != 0;
  }
}

vf_reads vf_reads_of(const vf_estimate *e, uint32_t seqs) {
  vf_reads r = {0};
  uint32_t first = first_slot(e);
  told sum = add_weights(&r, e, first, seqs);
  move_others(&r, e, &sum);
  add_caches(&r, e, first, seqs);
  add_layers(&r, e, first);
  return r;
}
