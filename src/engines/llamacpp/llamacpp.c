/* llamacpp.c - llama.cpp's memory: settings, placement, weights, KV cache, buffers, runtime.
 *
 * The rules are those of release v0.5.0 (commit de3ff81 of 2026-09-28), read in its source; files
 * and lines are given with each rule.  What earlier builds did otherwise is a row of
 * ggml/rules.def. Where a size query and a real load differ (several GPUs), the real load counts.
 * Exact where the program's arithmetic is known: weights, cache, and the buffers of graphs whose
 * every operation is known.  The others are bounded. */
#include <inttypes.h>
#include <string.h>

#include "base/checked.h"
#include "base/status.h"
#include "base/units.h"
#include "core/format.h"
#include "engines/ggml/bound.h"
#include "engines/ggml/memo.h"
#include "engines/llamacpp/builds.h"
#include "engines/llamacpp/plan.h"

/* ---- The graph -------------------------------------------------------------------------- */

/* The widest row of values of any layer. */
static uint64_t widest_value(const vf_model *m) {
  uint64_t widest = 0;
  for (size_t i = 0; i < m->n_caches; i++)
    if (vf_cache_has_cells(&m->caches[i]))
      widest = vf_max_u64(widest, (uint64_t)m->caches[i].n_kv_heads * m->caches[i].v_dim);
  return widest;
}
/* Whole layers on several GPUs: copies of what crosses devices, to overlap batches
 * (src/llama-context.cpp:429). */
static bool is_pipelined(const plan *p) {
  return p->n_gpus > 1 && vf_placement_is_whole(&p->placement, p->host) && !p->w->no_kv_offload &&
         p->request->cpu_moe_layers == 0 && p->moved == NULL && !vf_llamacpp_by_rows(p);
}

/* llama-server reserves logits for one row per sequence (server-context.cpp:1013). */
static void resolve_graph(plan *p) {
  vf_workload *w = p->w;
  uint32_t rows = p->request->output_rows;
  if (rows == 0) rows = w->seqs * (1 + vf_llamacpp_proposed(p->request));
  if (vf_ggml_holds(p->graph.rules, VF_RULE_LOGITS_ALL) || p->request->embeddings)
    rows = UINT32_MAX;
  w->output_rows = (uint32_t)vf_min_u64(rows, p->graph.tokens);
  w->swa_full = p->request->swa_full;
  w->no_kv_offload = p->request->no_kv_offload && !p->cpu_only;
  p->graph.output_rows = w->output_rows;
  p->graph.kv_k = w->kv_k;
  p->graph.kv_v = w->kv_v;
  p->graph.flash_attn = w->flash_attn;
  p->graph.on_cpu = p->cpu_only;
  p->graph.seqs = w->seqs;
  p->graph.ubatch = w->ubatch_tokens;
  if (vf_ggml_holds(p->graph.rules, VF_RULE_SWA_BATCH))
    p->graph.ubatch = vf_max_u64(vf_llamacpp_batch(p->request), w->ubatch_tokens);
  p->graph.watch = p->e->watch;
  p->graph.swa_full = w->swa_full;
  p->graph.placement = &p->placement;
  p->graph.n_gpus = p->n_gpus;
  p->graph.cpu_moe_layers = p->request->cpu_moe_layers;
  p->graph.kv_on_host = w->no_kv_offload;
  p->graph.v_columns = p->widest_v;
  p->graph.pipelined = is_pipelined(p);
  p->graph.moved = p->moved;
  p->graph.snapshots = p->snapshots;
  p->graph.no_offload = p->request->no_op_offload;
  p->graph.pooled = p->request->embeddings;
  p->graph.pins_norms = vf_placement_is_whole(&p->placement, p->host) &&
                        !vf_ggml_holds(p->graph.rules, VF_RULE_NORM_FOLLOWS);
}
/* ---- Compute and output buffers --------------------------------------------------------- */

/* True if one device runs the whole graph, so that its buffer is known to the byte. */
static bool runs_whole_graph(const plan *p) {
  bool one = p->n_gpus == 1 || p->on_main;
  return one && vf_placement_is_whole(&p->placement, p->host) && !p->w->no_kv_offload &&
         p->request->cpu_moe_layers == 0 && p->moved == NULL && !p->graph.flash_on_host;
}

static bool by_tensor(const plan *p) {
  return p->n_gpus > 1 && p->request->split == VF_SPLIT_TENSOR;
}

/* Each GPU computes its share of every operation; norms and sums are whole on each. */
static vf_interval share_of_graph(const plan *p) {
  uint64_t whole = p->full_peak_bytes, share = whole / p->n_gpus;
  return (vf_interval){share, share + (whole - share) / 2, whole + whole / 8};
}

uint64_t vf_llamacpp_staged_bytes(const plan *p) {
  uint64_t largest = 0;
  if (p->graph.tokens < VF_LLAMACPP_OFFLOAD_ROWS || p->graph.no_offload) return 0;
  for (size_t i = 0; i < p->model->n_tensors; i++) {
    const vf_tensor *t = &p->model->tensors[i];
    vf_home home = vf_roles[t->role].home;
    uint32_t slot = home == VF_HOME_LAYER ? vf_llamacpp_layer_slot(p, t) : p->model->n_layers;
    bool output = slot == p->model->n_layers;
    if (home == VF_HOME_ROPE || (home == VF_HOME_INPUT && !p->model->tied)) continue;
    if (output && p->w->output_rows < VF_LLAMACPP_OFFLOAD_ROWS) continue;
    if (!vf_llamacpp_is_loaded(p, t) || home == VF_HOME_FIRST) continue;
    uint32_t put = 0;
    bool moved = vf_llamacpp_override(p, t, &put) && put == p->host;
    if (moved || vf_llamacpp_stays_on_host(p, t)) largest = vf_max_u64(largest, t->bytes);
    if (slot < p->placement.first_slot) largest = vf_max_u64(largest, t->bytes);
  }
  return largest;
}

static bool is_recurrent(const vf_model *m) {
  for (size_t i = 0; i < m->n_caches; i++)
    if (m->caches[i].kind == VF_CACHE_STATE) return true;
  return false;
}

/* What the scheduler's copies of split inputs add, in batches of embeddings and masks: with whole
 * layers on several GPUs it keeps four copies to overlap batches (src/llama-context.cpp:429). */
static vf_interval pipelined_bytes(const plan *p, bool first, bool last) {
  uint64_t embd = p->graph.tokens * p->model->n_embd * 4, mask = 0;
  if (!vf_ggml_mask_bytes(&mask, &p->graph, p->graph.cells)) p->e->overflow = true;
  uint64_t bytes = p->layer_peak_bytes + 3 * mask + (first ? 4 : 8) * embd;
  uint64_t logits = (uint64_t)p->w->output_rows * p->model->n_vocab * 4;
  if (last) bytes = vf_max_u64(bytes, logits + 4 * mask + 9 * embd);
  return (vf_interval){bytes - bytes / 4, bytes, bytes + bytes / 5};
}

/* The largest cache of one layer, which is copied to a GPU to attend to if it lies on the host. */
static uint64_t largest_cache_bytes(const plan *p) {
  uint64_t largest = 0;
  for (size_t i = 0; i < p->model->n_caches; i++) {
    const vf_cache_layer *c = &p->model->caches[i];
    uint64_t bytes = 0;
    if (i > 0 && vf_cache_layer_equal(c, c - 1)) continue;
    if (!vf_llamacpp_cache_bytes(p, c, &vf_llamacpp_buffer_rules[VF_BACKEND_CPU], &bytes))
      p->e->overflow = true;
    largest = vf_max_u64(largest, bytes);
  }
  return largest;
}

/* Part of the model on the host: the device's own graph, and between none and all of what may be
 * staged at once, one matrix and one layer's cache. */
static vf_interval partial_bytes(const plan *p, bool last) {
  uint64_t embd = p->graph.tokens * p->model->n_embd * 4;
  uint64_t staged = vf_llamacpp_staged_bytes(p) + largest_cache_bytes(p) + 4 * embd;
  uint64_t bytes = last ? p->full_peak_bytes : p->layer_peak_bytes;
  if (p->w->no_kv_offload) staged += 10 * embd;
  if (is_recurrent(p->model)) staged += 8 * embd;
  return (vf_interval){bytes - bytes / 10, bytes + staged / 2, bytes + bytes / 8 + staged};
}

/* What is uncertain about the whole graph is as uncertain about its parts. */
static vf_interval widened(const plan *p, vf_interval size) {
  uint64_t below = p->whole_graph.bytes - p->whole_graph.low_bytes;
  uint64_t above = p->whole_graph.high_bytes - p->whole_graph.bytes;
  return (vf_interval){size.low_bytes > below ? size.low_bytes - below : 0, size.bytes,
                       size.high_bytes + above};
}

/* A graph whose operations are known is exact to the byte where llama.cpp itself was compared; in
 * those that differ, it is by at most a twentieth (docs/accuracy.md, every architecture). */
static vf_interval built_size(const plan *p, uint64_t bytes) {
  uint64_t spread = p->model->flags & VF_MODEL_MEASURED ? 0 : bytes / 10;
  return (vf_interval){bytes - spread, bytes, bytes + spread};
}

/* The graph is split over backends, and all of its operations are known. */
static bool is_scheduled(const plan *p) {
  return p->graph_known && !p->cpu_only && !runs_whole_graph(p) && p->n_gpus < VF_GRAPH_BACKENDS &&
         !by_tensor(p);
}

/* Layers that read caches of others, where some of these lie elsewhere. */
static uint32_t count_sharing(const plan *p) {
  uint32_t n = 0, first = p->model->n_layers;
  for (uint32_t i = p->model->n_layers; i-- > 0;) {
    if ((p->model->layers[i].flags & (VF_LAYER_KV_SHARED | VF_LAYER_KV_UNCACHED)) == 0) continue;
    first = i;
    n++;
  }
  bool apart = p->n_gpus > 1 || p->w->no_kv_offload || p->placement.first_slot > first;
  return apart ? n : 0;
}

/* Copies of inputs of some hundred bytes lie a little closer with experts on the host behind three
 * GPUs and more, and with a latent cache on the host in builds of August 2026. */
enum { SMALL_INPUTS = 512 };

static bool ends_apart(const plan *p) {
  bool latent =
      p->model->layers[0].kv_lora != 0 && vf_ggml_holds(p->graph.rules, VF_RULE_LATENT_APART);
  return (p->n_gpus > 2 && p->request->cpu_moe_layers != 0 && p->moved == NULL) ||
         (latent && p->w->no_kv_offload);
}

/* The simulation is checked to the byte, but for batches so small that they are not offloaded, and
 * for layers that read caches of others across devices: a split of theirs copies several caches at
 * its start, at most each of them. */
static vf_interval split_size(const plan *p, uint64_t bytes) {
  uint32_t sharing = count_sharing(p);
  uint64_t caches = 0, largest = largest_cache_bytes(p);
  if (ends_apart(p)) return (vf_interval){bytes - vf_min_u64(bytes, SMALL_INPUTS), bytes, bytes};
  if (sharing == 0 && p->graph.tokens >= VF_LLAMACPP_OFFLOAD_ROWS && !p->graph.no_offload)
    return built_size(p, bytes);
  if (!vf_mul(&caches, largest, sharing)) p->e->overflow = true;
  if (p->graph.no_offload && sharing == 0)
    return (vf_interval){bytes - bytes / 8, bytes, bytes + bytes / 50};
  return (vf_interval){bytes - bytes / 8, bytes, bytes + bytes / 8 + 4 * VF_MIB + caches};
}

static void add_device_compute(plan *p, uint32_t d) {
  vf_line line = {.device = d, .part = VF_PART_COMPUTE, .name = "compute", .note = ""};
  bool pipelined = p->graph.pipelined, last = d + 1 == p->n_gpus;
  if (p->on_main && d != 0) return;
  line.basis = VF_BASIS_MODELLED;
  if (runs_whole_graph(p)) {
    line.size = p->whole_graph;
    if (line.size.low_bytes == line.size.high_bytes) line.basis = VF_BASIS_EXACT;
  } else if (is_scheduled(p)) {
    line.size = split_size(p, p->split_bytes[d]);
    if (line.size.low_bytes == line.size.high_bytes) line.basis = VF_BASIS_EXACT;
  } else if (by_tensor(p)) {
    line.size = widened(p, share_of_graph(p));
  } else {
    line.size = pipelined ? pipelined_bytes(p, d == 0, last) : partial_bytes(p, last);
    line.size = widened(p, line.size);
  }
  line.size = vf_llamacpp_spread(p, line.size, d);
  if (line.size.low_bytes != line.size.high_bytes) line.basis = VF_BASIS_MODELLED;
  vf_estimate_add(p->e, line);
}

/* Several GPUs: each split keeps its own copies of the inputs; states are gathered on the host
 * where they cross from one device to another. */
static vf_interval host_compute(const plan *p, uint64_t inputs) {
  uint64_t embd = p->graph.tokens * p->model->n_embd * 4;
  uint64_t states = is_recurrent(p->model) ? 8 * embd : 0;
  if (runs_whole_graph(p)) return vf_exactly(inputs);
  if (is_scheduled(p)) return split_size(p, p->split_bytes[p->n_gpus]);
  if (p->n_gpus == 1 || p->placement.first_slot != 0)
    return (vf_interval){inputs, inputs + embd / 2, inputs + 2 * embd + states};
  uint64_t copies = p->n_gpus == 2 ? 2 : 3;
  return (vf_interval){2 * inputs, copies * inputs + states / 2, (copies + 1) * inputs + states};
}

static vf_status bound_graph(plan *p, const vf_ggml_graph *no_logits, vf_error *err) {
  vf_interval whole, layers;
  vf_status status = vf_ggml_device_bound(&whole, p->model, &p->graph, err);
  if (status == VF_OK) status = vf_ggml_device_bound(&layers, p->model, no_logits, err);
  if (status != VF_OK) return status;
  p->whole_graph = whole;
  p->full_peak_bytes = whole.bytes;
  p->layer_peak_bytes = layers.bytes;
  return VF_OK;
}

/* A program whose logs show that experts of the host are multiplied there, whatever llama.cpp would
 * do: their copies are the upper end. */
static vf_status measure_apart(plan *p, vf_error *err) {
  vf_status status = vf_ggml_split_buffers(p->split_bytes, p->model, &p->graph, err);
  if (status != VF_OK || !p->program->stays_on_host || vf_llamacpp_staged_bytes(p) == 0)
    return status;
  memcpy(p->copied_bytes, p->split_bytes, sizeof p->copied_bytes);
  p->may_copy = p->graph.no_offload = true;
  return vf_ggml_split_buffers(p->split_bytes, p->model, &p->graph, err);
}

/* The device's buffer of the whole graph: exact where its operations are known, else bounded. */
static vf_status measure_graph(plan *p, vf_error *err) {
  vf_ggml_graph no_logits = p->graph;
  p->graph_known = vf_ggml_graph_is_known(p->model);
  no_logits.output_rows = 1;
  if (!p->graph_known) return bound_graph(p, &no_logits, err);
  if (is_scheduled(p)) return measure_apart(p, err);
  vf_status status =
      vf_ggml_device_buffer_again(&p->full_peak_bytes, &p->e->memo, p->model, &p->graph, err);
  p->whole_graph = built_size(p, p->full_peak_bytes);
  p->layer_peak_bytes = p->full_peak_bytes;
  if (status == VF_OK && !runs_whole_graph(p) && !p->cpu_only)
    status =
        vf_ggml_device_buffer_again(&p->layer_peak_bytes, &p->e->memo, p->model, &no_logits, err);
  return status;
}

static vf_interval plus_bytes(vf_interval a, uint64_t bytes) {
  return (vf_interval){a.low_bytes + bytes, a.bytes + bytes, a.high_bytes + bytes};
}

/* On the host alone one buffer holds the graph and its inputs. */
static vf_interval cpu_compute(const plan *p, uint64_t inputs) {
  return p->graph_known ? p->whole_graph : plus_bytes(p->whole_graph, inputs);
}

static vf_status add_compute(plan *p, vf_error *err) {
  uint64_t inputs;
  vf_status status = measure_graph(p, err);
  if (status == VF_OK)
    status = vf_ggml_host_buffer_again(&inputs, &p->e->memo, p->model, &p->graph, err);
  if (status != VF_OK) return status;
  for (uint32_t d = 0; d < p->n_gpus; d++) add_device_compute(p, d);
  vf_interval host = p->cpu_only ? cpu_compute(p, inputs) : host_compute(p, inputs);
  host = vf_llamacpp_spread(p, host, p->host);
  vf_basis basis = host.low_bytes == host.high_bytes ? VF_BASIS_EXACT : VF_BASIS_MODELLED;
  vf_estimate_add(p->e, (vf_line){p->host, VF_PART_COMPUTE, "compute", host, basis,
                                  p->cpu_only ? "" : "the graph's inputs"});
  return VF_OK;
}

/* One row of logits per sequence at start; it grows to the rows that a batch asks for
 * (src/llama-context.cpp:2103). */
static void add_output(plan *p) {
  uint64_t row = (p->model->n_vocab + (p->request->embeddings ? p->model->n_embd : 0)) * 4;
  uint64_t start = row * p->w->seqs, most = row * vf_max_u64(p->w->seqs, p->w->output_rows);
  vf_estimate_add(
      p->e,
      (vf_line){p->host, VF_PART_OUTPUT, "output", {start, start, most}, VF_BASIS_EXACT, "logits"});
}

/* ---- The engine ------------------------------------------------------------------------- */

/* What a model takes by itself: all but the process around it. */
static vf_status add_model(plan *p, vf_error *err) {
  vf_status status = vf_llamacpp_settle(p, err);
  if (status == VF_OK) status = vf_llamacpp_place(p, err);
  if (status != VF_OK) return status;
  p->widest_v = widest_value(p->model);
  resolve_graph(p);
  vf_llamacpp_add_weights(p);
  vf_llamacpp_add_caches(p);
  status = add_compute(p, err);
  if (status == VF_OK) add_output(p);
  return status;
}

/* The draft model has a context of its own, as long as the target's, on the same devices. */
static vf_status add_draft(const plan *target, vf_error *err) {
  plan p = *target;
  vf_request own = *target->request; /* a draft's cache is in f16, whatever the target's is in */
  own.kv_k = own.kv_v = VF_FORMAT_NONE;
  own.mtp = false;
  own.draft = NULL;
  own.ctx_tokens = target->w->requested_ctx_tokens; /* server-context.cpp: llama_n_ctx_seq(ctx) */
  p.request = &own;
  p.snapshots = 1;
  p.moved = NULL;
  vf_workload workload = *target->w;
  size_t first = p.e->n_lines;
  if (target->request->draft == NULL) return VF_OK;
  p.model = target->request->draft;
  p.w = &workload;
  vf_status status = add_model(&p, err);
  for (size_t i = first; i < p.e->n_lines; i++)
    p.e->lines[i].name = vf_llamacpp_draft_name(p.e->lines[i].name);
  return status;
}

/* Only CUDA's flash attention, and so ROCm's, makes copies of a cache in f16. */
static bool has_cuda(const plan *p) {
  for (uint32_t d = 0; d < p->n_gpus; d++) {
    vf_backend b = p->e->devices[d].device.backend;
    if (b == VF_BACKEND_CUDA || b == VF_BACKEND_ROCM) return true;
  }
  return false;
}

/* A build before the one that the model's architecture came with. */
static void refuse_new_arch(plan *p) {
  const char *where;
  uint32_t since = vf_llamacpp_arch_since(p->model->arch, &where);
  if (p->program->foreign || p->program->build >= since) return;
  vf_estimate_refuse(p->e, "arch-too-new",
                     "llama.cpp b%" PRIu32 " refuses to start: it does not know the "
                     "architecture '%s', which came with b%" PRIu32 " (%s)",
                     p->program->build, p->model->arch, since, where);
}

vf_status vf_llamacpp_estimate(vf_estimate *e, const vf_request *request,
                               const vf_llamacpp_program *program, vf_error *err) {
  plan p;
  memset(&p, 0, sizeof p);
  p.e = e;
  p.model = e->model;
  p.request = request;
  p.program = program;
  p.w = &e->workload;
  p.host = (uint32_t)e->n_devices - 1;
  p.cpu_only = e->n_devices == 1;
  p.n_gpus = p.host - (uint32_t)e->n_idle;
  /* An old Ollama's own code passes over tensors that it does not know. */
  if ((e->model->flags & VF_MODEL_STRANGE_TENSORS) != 0 && !program->own_engines) {
    e->refused = true; /* the model's assumption tells more */
    e->refusal = "llama.cpp refuses to start: the file has tensors that it does not ask for";
  }
  refuse_new_arch(&p);
  p.snapshots = vf_llamacpp_snapshots(request);
  p.graph.build = program->build;
  p.graph.rules = vf_ggml_rules_of(program->build);
  if (!has_cuda(&p)) p.graph.rules &= ~(UINT64_C(1) << VF_RULE_CACHE_COPIES);
  vf_status status = vf_llamacpp_move(&p, err);
  if (status == VF_OK) status = add_model(&p, err);
  if (status == VF_OK) status = vf_llamacpp_add_mtp(&p, err);
  if (status == VF_OK) vf_llamacpp_add_beside(&p);
  if (status == VF_OK) status = add_draft(&p, err);
  vf_llamacpp_free_moved(&p);
  return status;
}
