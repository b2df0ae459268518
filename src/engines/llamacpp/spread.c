/* spread.c - how sure a compute buffer is where the rules do not tell it to the byte.
 *
 * Three reasons: a program whose own rules are not known; a build that was not compared itself;
 * recurrent layers of builds before v0.5.0, whose graphs changed with every model that was added.
 */
#include "base/checked.h"
#include "base/units.h"
#include "engines/llamacpp/builds.h"
#include "engines/llamacpp/plan.h"

enum {
  SCAN_TENSORS = 4,   /* so many tensors of a layer cross over, at most */
  DELTA_TENSORS = 12, /* and so many are padded to whole chunks */
  DELTA_CHUNK = 64,   /* tokens */
  COPIES = 4,         /* GGML_SCHED_MAX_COPIES */
};

/* What a llama.cpp before b9460 takes where the output is: logits of the whole batch on top of a
 * mask in f32, its copy, and two rows of embeddings. */
static uint64_t logits_bytes(const plan *p, uint32_t device) {
  uint64_t logits = 0, embd = 0, mask = 0, sum = 0;
  if (vf_llamacpp_slot_budget(p, p->model->n_layers) != device) return 0;
  if (!vf_mul3(&logits, p->graph.tokens, p->model->n_vocab, 4) ||
      !vf_mul3(&embd, p->graph.tokens, p->model->n_embd, 4) ||
      !vf_mul3(&mask, p->graph.tokens, p->graph.cells, 6) || !vf_mul(&embd, embd, 4) ||
      !vf_add(&sum, logits, mask) || !vf_add(&sum, sum, embd))
    p->e->overflow = true;
  return sum;
}

/* The formats of a mix's experts are not known, and what is copied of them to a GPU takes as much
 * as they do: a format wider or narrower, of the two matrices that are there at once. */
static vf_interval of_staged_mix(const plan *p, vf_interval size, uint32_t device) {
  const vf_weights_share share = p->model->share;
  if (device == p->host || share.expected == 0) return size;
  uint64_t staged = 2 * vf_llamacpp_staged_bytes(p);
  if (staged == 0) return size;
  uint64_t less = share.low < 1000 ? staged / 1000 * (1000 - share.low) : 0;
  size.low_bytes -= vf_min_u64(less, size.low_bytes);
  size.high_bytes +=
      vf_max_u64(staged / 4, share.high > 1000 ? staged / 1000 * (share.high - 1000) : 0);
  return size;
}

/* Before the choice of blocks had operations of its own it took a half to two thirds of what it
 * takes since. */
static vf_interval of_blocks(const plan *p, vf_interval size, uint32_t device) {
  bool blocks = false;
  for (uint32_t i = 0; i < p->model->n_layers; i++) blocks |= p->model->layers[i].index_block != 0;
  if (!blocks || device == p->host || !vf_ggml_holds(p->graph.rules, VF_RULE_BLOCKS_ON_CPU))
    return size;
  size.low_bytes /= 2;
  return size;
}

/* Rows of logs of ik_llama.cpp and of programs that embed llama.cpp lie within a third below and a
 * half above on a device (docs/accuracy.md); their hosts hold masks in 32 bits, and parts of what
 * is not offloaded. */
static vf_interval of_foreign(const plan *p, vf_interval size, uint32_t device) {
  bool host = device == p->host && !p->cpu_only;
  size.low_bytes -= size.low_bytes / 3;
  if (p->may_copy) size.high_bytes = vf_max_u64(size.high_bytes, p->copied_bytes[device]);
  size.high_bytes += host ? size.high_bytes + 384 * VF_MIB : size.high_bytes / 2;
  if (!host) size.high_bytes = vf_max_u64(size.high_bytes, logits_bytes(p, device));
  return size;
}

/* Latent attention with a cache of every head has no kernel of flash attention: its scores. */
static uint64_t latent_scores(const plan *p) {
  uint64_t most = 0, each = 0;
  for (uint32_t i = 0; i < p->model->n_layers; i++) {
    const vf_layer *l = &p->model->layers[i];
    if (l->kv_lora == 0) continue;
    if (!vf_mul3(&each, p->graph.tokens, p->graph.cells, 4ull * l->n_heads)) p->e->overflow = true;
    most = vf_max_u64(most, each);
  }
  return most;
}

/* What changed between compared builds is listed with the build that it came with, and what is not
 * listed is small. */
static vf_interval between(const plan *p, vf_interval size, bool host) {
  if (vf_ggml_holds(p->graph.rules, VF_RULE_MLA_HEADS)) size.high_bytes += latent_scores(p);
  size.low_bytes -= size.low_bytes / 12;
  size.high_bytes += size.high_bytes / (host ? 4 : 12);
  if (host && p->n_gpus > 1 && !vf_placement_is_whole(&p->placement, p->host))
    size.high_bytes += 384 * VF_MIB; /* caches that several devices read from the host */
  return size;
}

/* Recurrent layers, all or those of one device; the widest row of one of them. */
static uint32_t count_states(const plan *p, uint32_t device, uint64_t *width) {
  uint32_t n = 0;
  for (size_t i = 0; i < p->model->n_caches; i++) {
    const vf_cache_layer *c = &p->model->caches[i];
    if (c->kind != VF_CACHE_STATE) continue;
    uint64_t inner = p->model->layers[c->layer].inner;
    *width = vf_max_u64(*width, vf_max_u64(inner, p->model->n_embd));
    n += device == p->host || vf_llamacpp_slot_budget(p, c->layer) == device;
  }
  return n;
}

static bool has_delta(const vf_model *m) {
  for (uint32_t i = 0; i < m->n_layers; i++)
    if (m->layers[i].mixers & VF_MIX_DELTA) return true;
  return false;
}

/* What crosses between devices is there four times on several GPUs, for every layer. */
static uint64_t crossing_bytes(const plan *p, uint32_t layers, uint64_t row, bool host) {
  bool many = vf_ggml_holds(p->graph.rules, VF_RULE_SCAN_CROSSES) && (host || p->graph.pipelined);
  uint64_t tensors = many ? SCAN_TENSORS : 1, bytes = 0;
  uint64_t times = p->graph.pipelined ? (uint64_t)COPIES * (layers + 1) : 1;
  if (!vf_mul3(&bytes, row, tensors, times)) p->e->overflow = true;
  return bytes;
}

/* A sequence's tokens are padded to whole chunks where the delta net is not one operation. */
static uint64_t chunk_bytes(const plan *p, uint64_t width) {
  uint64_t each = p->graph.tokens / p->graph.seqs, padded = 0, bytes = 0;
  if (!vf_ggml_holds(p->graph.rules, VF_RULE_DELTA_CHUNKED) || !has_delta(p->model)) return 0;
  if (!vf_align_up(&padded, each, DELTA_CHUNK) ||
      !vf_mul3(&bytes, (padded - each) * p->graph.seqs, width, 4ull * DELTA_TENSORS))
    p->e->overflow = true;
  return bytes;
}

static vf_interval of_states(const plan *p, vf_interval size, uint32_t device) {
  uint64_t width = 0, row = 0;
  uint32_t layers = count_states(p, device, &width);
  bool scans = vf_ggml_holds(p->graph.rules, VF_RULE_SCAN_CROSSES);
  bool inputs = device == p->host && !p->cpu_only && !scans;
  if (width == 0 || inputs || !vf_ggml_holds(p->graph.rules, VF_RULE_STATES_APART)) return size;
  if (!vf_mul3(&row, p->graph.tokens, width, 4)) p->e->overflow = true;
  bool apart = !vf_placement_is_whole(&p->placement, p->host) || p->request->cpu_moe_layers != 0;
  size.low_bytes -= size.low_bytes / (scans ? 5 : 6);
  size.high_bytes += size.high_bytes / (p->cpu_only ? 2 : apart ? 5 : 60);
  if (scans || p->graph.pipelined)
    size.high_bytes += crossing_bytes(p, layers, row, device == p->host);
  size.high_bytes += chunk_bytes(p, width);
  return size;
}

/* With the cache on the host some builds compute the scores of short convolutions' attention there,
 * without flash attention. */
static vf_interval of_host_scores(const plan *p, vf_interval size, uint32_t device) {
  uint64_t scores = 0;
  bool short_ones = (p->model->layers[0].mixers & VF_MIX_SHORTCONV) != 0;
  if (device != p->host || !p->w->no_kv_offload || !short_ones) return size;
  for (uint32_t i = 0; i < p->model->n_layers; i++) {
    uint64_t each = 0;
    if (!vf_mul3(&each, p->graph.tokens, p->graph.cells, 4ull * p->model->layers[i].n_heads))
      p->e->overflow = true;
    scores = vf_max_u64(scores, each);
  }
  size.high_bytes += scores + scores / 20;
  return size;
}

/* Copies of experts that stay on the host begin other splits before b8184. */
static vf_interval of_staged_experts(const plan *p, vf_interval size, uint32_t device) {
  bool apart = vf_ggml_holds(p->graph.rules, VF_RULE_STAGED_APART);
  bool staged = p->request->cpu_moe_layers != 0 && apart;
  if (staged && device != p->host) size.high_bytes += size.high_bytes / 20;
  return size;
}

/* The rules are ggml-cuda's, which ROCm is built from: other backends fuse other operations, and
 * give their buffers other sizes (Vulkan's logs: 8 % below to 9 % above). */
static vf_interval of_backend(const plan *p, vf_interval size, uint32_t device) {
  vf_backend b = p->e->devices[device].device.backend;
  if (device == p->host || b == VF_BACKEND_CUDA || b == VF_BACKEND_ROCM) return size;
  size.low_bytes -= size.low_bytes / 5;
  size.high_bytes += size.high_bytes / 8;
  return size;
}

vf_interval vf_llamacpp_spread(const plan *p, vf_interval size, uint32_t device) {
  bool host = device == p->host && !p->cpu_only;
  size = of_staged_mix(p, size, device);
  size = of_blocks(p, size, device);
  if (p->program->foreign) return of_foreign(p, size, device);
  size = of_backend(p, of_states(p, size, device), device);
  size = of_host_scores(p, size, device);
  size = of_staged_experts(p, size, device);
  bool told = vf_llamacpp_is_measured(p->program->build) && !vf_llamacpp_by_rows(p);
  return told ? size : between(p, size, host);
}
