/* speed.c - tokens per second: reads over bandwidths, with what measurements say of both.
 *
 * time of a step = weights / (bandwidth * share) + cache / (bandwidth * share) + layers * fixed,
 * summed over devices that work one after the other, divided where they share a layer.  Shares and
 * fixed parts are fitted by class of device (tests/truth/fit_speed.py); the band around them was
 * chosen with all rows in view.  Main memory's bandwidth is not known unless it is
 * told: the interval says so by its width. */
#include "core/speed.h"

#include <inttypes.h>
#include <string.h>

#include "base/checked.h"
#include "base/text.h"
#include "base/units.h"

/* ---- What measurements say -------------------------------------------------------------- */

/* The band, in permille, of what no row tells: a factor of 2.2 from end to end. */
enum { UNSURE_FAST = 670, UNSURE_SLOW = 1450 };

/* Devices and engines whose kernels reach alike shares of the bandwidth. */
typedef enum speed_class {
  CLASS_CUDA,         /* GDDR: GeForce, RTX, A40, L40S */
  CLASS_CUDA_HBM,     /* A100, H100, B200: one sequence does not saturate them */
  CLASS_CUDA_UNIFIED, /* GB10 */
  CLASS_METAL,
  CLASS_METAL_ULTRA, /* two dies */
  CLASS_ROCM,
  CLASS_ROCM_UNIFIED, /* Strix Halo; with Vulkan, too */
  CLASS_OTHER,
  CLASS_GRAPHS, /* engines that replay whole steps (CUDA graphs), on any device */
  CLASS_COUNT
} speed_class;

/* Shares of the nominal bandwidth in permille: weights in quantized formats, other weights, cache
 * and states, latent cache; fixed times per layer in nanoseconds; the band around the expected
 * time in permille. */
typedef struct class_figures {
  uint32_t packed, plain, kv, latent;
  uint32_t layer_ns, expert_layer_ns;
  uint32_t fast, slow;
  vf_basis basis;
} class_figures;

/* The fit of 2026-11-21 by tests/truth/fit_speed.py on the even rows of speed.tsv; `n` is how many
 * rows of a class it saw.  The band is ours, chosen with both halves' residuals in view:
 * wider than they are, for devices and models that nobody measured.  Shares that no row tells are
 * the prior (80, 90, 60, 50 %).  CUDA_HBM, OTHER and GRAPHS are set by hand, not fitted. */
static const class_figures figures[] = {
    /* n = 11 */
    [CLASS_CUDA] = {883, 919, 608, 500, 87900, 60000, 750, 1330, VF_BASIS_MODELLED},
    /* by hand, having seen both rows of the A100: the fit on one of them misses the other */
    [CLASS_CUDA_HBM] = {550, 550, 550, 500, 88000, 60000, UNSURE_FAST, UNSURE_SLOW,
                        VF_BASIS_ASSUMED},
    /* n = 11 */
    [CLASS_CUDA_UNIFIED] = {836, 767, 766, 512, 54200, 24300, 750, 1330, VF_BASIS_MODELLED},
    /* n = 7; latent as on two dies */
    [CLASS_METAL] = {760, 875, 736, 78, 38800, 48100, 750, 1330, VF_BASIS_MODELLED},
    /* n = 8 */
    [CLASS_METAL_ULTRA] = {671, 906, 525, 78, 95000, 70500, 750, 1330, VF_BASIS_MODELLED},
    /* n = 0: as unified, with a wider band */
    [CLASS_ROCM] = {767, 881, 610, 500, 62100, 87900, UNSURE_FAST, UNSURE_SLOW, VF_BASIS_ASSUMED},
    /* n = 7 */
    [CLASS_ROCM_UNIFIED] = {767, 881, 610, 500, 62100, 87900, 750, 1330, VF_BASIS_MODELLED},
    /* n = 0: by hand */
    [CLASS_OTHER] = {700, 800, 600, 300, 80000, 60000, UNSURE_FAST, UNSURE_SLOW, VF_BASIS_ASSUMED},
    /* n = 0: by hand, no row has such an engine */
    [CLASS_GRAPHS] = {700, 780, 700, 500, 25000, 25000, UNSURE_FAST, UNSURE_SLOW, VF_BASIS_ASSUMED},
};
_Static_assert(sizeof figures / sizeof *figures == CLASS_COUNT, "every class has its figures");

/* Main memory that nobody described: two channels of DDR4-2666 at their worst, two of DDR5-6400 at
 * their best (JEDEC: 42.7 and 102.4 GB/s), of which kernels on the CPU reach some 80 %.  Servers
 * have more channels: --host-bandwidth says so. */
enum { HOST_LEAST_MB_PER_S = 30000, HOST_MOST_MB_PER_S = 85000 };
enum { HOST_SHARE_LEAST = 450, HOST_SHARE_MOST = 900 };

/* An exchange between devices that share a layer, twice a layer: its latency, by the wires. */
enum { LINK_LATENCY_NS = 10000, PCIE_LATENCY_NS = 30000, EXCHANGES_PER_LAYER = 2 };
enum { PCIE_DEFAULT_MB_PER_S = 16000 };

/* Matrix units reach between these shares of their nominal rate on long prompts, and on a batch. */
enum { COMPUTE_LEAST_PERMILLE = 250, COMPUTE_MOST_PERMILLE = 1000, BATCH_PERMILLE = 500 };

/* GPUs whose memory is HBM are the data centre's, whose compute capability ends in 0. */
static bool has_hbm(const vf_device *d) {
  uint32_t cc = d->compute_capability;
  return cc == 60 || cc == 70 || cc == 80 || cc == 90 || cc == 100 || cc == 103;
}

/* M1 to M3 Ultra have 800 GB/s and more, the largest single die 614 (M5 Max). */
enum { ULTRA_MB_PER_S = 700000 };

static speed_class class_of(const vf_estimate *e, const vf_device *d) {
  bool unified = d->kind == VF_DEVICE_UNIFIED;
  if (e->decodes == VF_DECODES_GRAPHS) return CLASS_GRAPHS;
  switch (d->backend) {
  case VF_BACKEND_CUDA:
    if (unified) return CLASS_CUDA_UNIFIED;
    return has_hbm(d) ? CLASS_CUDA_HBM : CLASS_CUDA;
  case VF_BACKEND_ROCM: return unified ? CLASS_ROCM_UNIFIED : CLASS_ROCM;
  case VF_BACKEND_METAL:
    return d->bandwidth_mb_per_s > ULTRA_MB_PER_S ? CLASS_METAL_ULTRA : CLASS_METAL;
  case VF_BACKEND_CPU:
  case VF_BACKEND_SYCL:
  case VF_BACKEND_OTHER:
  case VF_BACKEND_COUNT: break;
  }
  return CLASS_OTHER;
}

/* ---- Times of one step, in nanoseconds -------------------------------------------------- */

/* Times are estimates, not sizes: floating point is good enough for them. */
typedef struct span {
  double fast, expected, slow;
} span;

typedef struct step {
  const vf_estimate *e;
  vf_reads reads;
  uint32_t ranks, replicas, seqs; /* seqs: of one replica */
  span memory, launches, link, compute, host;
  vf_basis basis;
  const char *unknown;
} step;

static double ns_for(double bytes, double mb_per_s, uint32_t permille) {
  return bytes * 1e3 / mb_per_s * 1000.0 / permille;
}

static void add_span(span *sum, double expected, uint32_t fast, uint32_t slow) {
  sum->fast += expected * fast / 1000.0;
  sum->expected += expected;
  sum->slow += expected * slow / 1000.0;
}

/* Devices, without the host. */
static uint32_t gpus(const vf_estimate *e) {
  return e->devices[0].device.kind == VF_DEVICE_HOST ? 0 : (uint32_t)e->n_devices - 1;
}

static double weights_on_gpus(const vf_estimate *e) {
  double sum = 0;
  for (uint32_t d = 0; d < gpus(e); d++) sum += (double)e->devices[d].part_bytes[VF_PART_WEIGHTS];
  return sum;
}

static const vf_device_budget *host_of(const vf_estimate *e) {
  return &e->devices[e->n_devices - 1];
}

/* Weights that devices fetch from the host at every step: engines that share layers and offload. */
static double streamed_share(const vf_estimate *e) {
  double host = (double)host_of(e)->part_bytes[VF_PART_WEIGHTS];
  return e->workload.tp == 0 || gpus(e) == 0 || host == 0 ? 0 : host / (host + weights_on_gpus(e));
}

/* A device reads as much of a replica's step as it holds of the weights; of the devices that share
 * a layer one counts, of a pipeline's stages each, one after the other. */
static void add_device(step *s, const vf_device_budget *b, double all) {
  const vf_read *r = &s->reads.gpu;
  const class_figures *f = &figures[class_of(s->e, &b->device)];
  double bandwidth = b->device.bandwidth_mb_per_s;
  double mine = (double)b->part_bytes[VF_PART_WEIGHTS] / all, each = mine / s->ranks;
  double resident = 1.0 - streamed_share(s->e);
  if (mine == 0) return;
  if (b->device.bandwidth_mb_per_s == 0) s->unknown = "this device's bandwidth is not known";
  if (s->unknown != NULL) return;
  double packed = ns_for((double)r->packed_bytes * resident, bandwidth, f->packed);
  double plain = ns_for((double)r->plain_bytes * resident, bandwidth, f->plain);
  double cache = ns_for((double)(r->kv_bytes + r->state_bytes), bandwidth, f->kv);
  double fixed = (double)r->layers * f->layer_ns + (double)r->expert_layers * f->expert_layer_ns;
  cache += ns_for((double)r->latent_bytes, bandwidth, f->latent);
  add_span(&s->memory, (packed + plain + cache) * each, f->fast, f->slow);
  add_span(&s->launches, fixed * mine, f->fast, f->slow);
  if (f->basis > s->basis) s->basis = f->basis;
}

/* Arithmetic that does not hide behind reading: a large batch. */
static void add_compute(step *s) {
  const vf_device *d = &s->e->devices[0].device;
  double flops = 2.0 * (double)s->e->model->n_active_params * s->seqs / s->ranks;
  if (gpus(s->e) == 0 || d->fp16_gflops == 0) return;
  double ns = flops / d->fp16_gflops * 1000.0 / BATCH_PERMILLE - s->memory.expected;
  if (ns > 0) add_span(&s->compute, ns, UNSURE_FAST, UNSURE_SLOW);
}

/* Activations go round twice a layer where devices share it; weights come from the host where an
 * engine offloads them. */
static void add_link(step *s) {
  const vf_device *d = &s->e->devices[0].device;
  bool wired = d->link_mb_per_s != 0;
  double pcie = d->pcie_mb_per_s != 0 ? d->pcie_mb_per_s : PCIE_DEFAULT_MB_PER_S;
  double streamed = (double)(s->reads.gpu.packed_bytes + s->reads.gpu.plain_bytes) *
                    streamed_share(s->e) / s->ranks;
  if (streamed > 0) add_span(&s->link, ns_for(streamed, pcie, 750), UNSURE_FAST, UNSURE_SLOW);
  if (s->ranks < 2) return;
  double one_way = wired ? d->link_mb_per_s / 2.0 : pcie;
  double row = 2.0 * (double)s->e->model->n_embd * s->seqs;
  double moved = row * 2.0 * (s->ranks - 1) / s->ranks;
  double each = (wired ? LINK_LATENCY_NS : PCIE_LATENCY_NS) + ns_for(moved, one_way, 750);
  add_span(&s->link, each * EXCHANGES_PER_LAYER * s->reads.gpu.layers, UNSURE_FAST, UNSURE_SLOW);
}

/* Bandwidth of main memory: as told, on unified memory at most the pool's, else a wide guess. */
static void add_host(step *s) {
  const vf_device *d = &s->e->devices[0].device;
  double bytes = (double)vf_read_bytes(&s->reads.host);
  double least = HOST_LEAST_MB_PER_S, most = HOST_MOST_MB_PER_S;
  double told = s->e->request.host_bandwidth_mb_per_s;
  if (bytes == 0) return;
  s->basis = VF_BASIS_ASSUMED;
  if (told == 0 && d->kind == VF_DEVICE_UNIFIED) told = d->bandwidth_mb_per_s;
  if (told != 0) most = told * HOST_SHARE_MOST / 1000;
  if (told != 0) least = told * HOST_SHARE_LEAST / 1000;
  s->host.fast = ns_for(bytes, most, 1000);
  s->host.slow = ns_for(bytes, least, 1000);
  s->host.expected = (s->host.fast + s->host.slow) / 2;
}

/* Devices that share every layer. */
static uint32_t ranks_of(const vf_estimate *e) {
  bool all = e->workload.tp == 0 && e->request.split == VF_SPLIT_TENSOR;
  return vf_max_u32(all ? gpus(e) : e->workload.tp, 1);
}

static step step_of(const vf_estimate *e) {
  step s = {.e = e, .ranks = ranks_of(e), .basis = VF_BASIS_MODELLED};
  double all = weights_on_gpus(e);
  s.replicas = vf_max_u32(e->workload.dp, 1);
  s.seqs = (vf_max_u32(e->workload.seqs, 1) + s.replicas - 1) / s.replicas;
  s.reads = vf_reads_of(e, s.seqs);
  if (e->decodes == VF_DECODES_UNKNOWN) s.unknown = "nobody measured this engine's speed";
  if (e->model->flags & VF_MODEL_ENCODER) s.unknown = "an encoder generates nothing";
  for (uint32_t d = 0; d < gpus(e) && all > 0; d++) add_device(&s, &e->devices[d], all);
  add_compute(&s);
  add_link(&s);
  add_host(&s);
  return s;
}

static span total(const step *s) {
  span sum = {0};
  const span *const all[] = {&s->memory, &s->launches, &s->link, &s->compute, &s->host};
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
    sum.fast += all[i]->fast;
    sum.expected += all[i]->expected;
    sum.slow += all[i]->slow;
  }
  return sum;
}

/* ---- What it amounts to ----------------------------------------------------------------- */

/* Thousandths per second of something that takes `ns`. */
static uint64_t rate(double count, double ns) {
  double milli = count * 1e12 / ns;
  return ns <= 0 || milli > 1e15 ? 0 : (uint64_t)(milli + 0.5);
}

static vf_bound bound_of(const step *s) {
  const double ns[VF_BOUND_COUNT] = {
      [VF_BOUND_MEMORY] = s->memory.expected,     [VF_BOUND_HOST_MEMORY] = s->host.expected,
      [VF_BOUND_LINK] = s->link.expected,         [VF_BOUND_COMPUTE] = s->compute.expected,
      [VF_BOUND_LAUNCHES] = s->launches.expected,
  };
  int most = 0;
  for (int b = 0; b < VF_BOUND_COUNT; b++)
    if (ns[b] > ns[most]) most = b;
  return (vf_bound)most;
}

static uint32_t bound_bandwidth(const step *s, vf_bound bound) {
  const vf_device *d = &s->e->devices[0].device;
  switch (bound) {
  case VF_BOUND_MEMORY: return d->bandwidth_mb_per_s;
  case VF_BOUND_HOST_MEMORY: return s->e->request.host_bandwidth_mb_per_s;
  case VF_BOUND_LINK:
    return s->ranks > 1 && d->link_mb_per_s != 0 ? d->link_mb_per_s : d->pcie_mb_per_s;
  case VF_BOUND_COMPUTE:
  case VF_BOUND_LAUNCHES:
  case VF_BOUND_COUNT: break;
  }
  return 0;
}

/* Multiplications and additions of one token of a prompt as long as the context: two for every
 * weight that takes part, and attention over half of the tokens on average. */
static bool is_network(const vf_layer *l) {
  return (l->flags & (VF_LAYER_MTP | VF_LAYER_ENCODER)) == 0;
}

static double prompt_flops(const vf_estimate *e) {
  double sum = 2.0 * (double)e->model->n_active_params;
  double half = (double)e->workload.requested_ctx_tokens / 2;
  for (uint32_t i = 0; i < e->model->n_layers; i++) {
    const vf_layer *l = &e->model->layers[i];
    double seen = l->window != 0 && l->window < half ? l->window : half;
    double dims = l->kv_lora != 0 ? 2.0 * l->kv_lora + l->rope_dim : (double)l->k_dim + l->v_dim;
    if ((l->mixers & VF_MIX_ATTENTION) != 0 && is_network(l)) sum += 2.0 * l->n_heads * dims * seen;
  }
  return sum;
}

/* Prompts run through devices that share layers at once, and one after the other elsewhere. */
static void tell_prefill(vf_speed *out, const step *s) {
  const vf_device *d = &s->e->devices[0].device;
  double gflops = (double)d->fp16_gflops * s->ranks * s->replicas;
  if (gflops == 0 || vf_read_bytes(&s->reads.host) != 0 || s->unknown != NULL) return;
  double ns = prompt_flops(s->e) / gflops;
  if (ns <= 0) return;
  out->prefill_known = true;
  out->prefill.low = rate(1.0, ns * 1000 / COMPUTE_LEAST_PERMILLE);
  out->prefill.high = rate(1.0, ns * 1000 / COMPUTE_MOST_PERMILLE);
  out->prefill.expected = rate(1.0, ns * 1000 / BATCH_PERMILLE);
}

void vf_estimate_speed(const vf_estimate *e, vf_speed *out) {
  if (out == NULL) return;
  *out = (vf_speed){.unknown = "there is no estimate"};
  if (e == NULL || e->n_devices == 0) return;
  step s = step_of(e);
  span ns = total(&s);
  double tokens = (double)s.seqs * s.replicas;
  *out = (vf_speed){.unknown = s.unknown != NULL ? s.unknown : "", .basis = s.basis};
  out->seqs = s.seqs * s.replicas;
  out->packed_bytes = s.reads.gpu.packed_bytes;
  out->plain_bytes = s.reads.gpu.plain_bytes;
  out->kv_cache_bytes = s.reads.gpu.kv_bytes;
  out->latent_cache_bytes = s.reads.gpu.latent_bytes;
  out->state_bytes = s.reads.gpu.state_bytes;
  out->layers = s.reads.gpu.layers;
  out->expert_layers = s.reads.gpu.expert_layers;
  out->host_bytes = vf_read_bytes(&s.reads.host);
  tell_prefill(out, &s);
  if (s.unknown != NULL || ns.expected <= 0) return;
  out->decode_known = true;
  out->decode = (vf_rate){rate(tokens, ns.slow), rate(tokens, ns.expected), rate(tokens, ns.fast)};
  out->bound = bound_of(&s);
  out->bound_mb_per_s = bound_bandwidth(&s, out->bound);
}

/* ---- In words --------------------------------------------------------------------------- */

/* A part of a sum; `first` is where the first one stands. */
static void put_gib(vf_text *t, size_t first, const char *name, uint64_t bytes) {
  if (bytes == 0) return;
  vf_text_printf(t, "%s%s ", t->length == first ? "" : ", ", name);
  vf_text_size(t, bytes, VF_UNIT_GIB, 2);
}

static void put_ms(vf_text *t, const char *name, const span *ns) {
  if (ns->expected <= 0) return;
  vf_text_printf(t, "; %s %.2f–%.2f ms", name, ns->fast / 1e6, ns->slow / 1e6);
}

size_t vf_speed_explain(const vf_estimate *e, char *buf, size_t size) {
  vf_text t = vf_text_on(buf, size);
  if (e == NULL || e->n_devices == 0) return 0;
  step s = step_of(e);
  const vf_read *r = &s.reads.gpu;
  const vf_device *d = &e->devices[0].device;
  const class_figures *f = &figures[class_of(e, d)];
  if (s.unknown != NULL) {
    vf_text_put(&t, s.unknown);
    return t.length;
  }
  vf_text_put(&t, "a step reads ");
  vf_text_size(&t, vf_read_bytes(r) + vf_read_bytes(&s.reads.host), VF_UNIT_GIB, 2);
  vf_text_put(&t, " GiB (");
  size_t first = t.length;
  put_gib(&t, first, "quantized weights", r->packed_bytes);
  put_gib(&t, first, "other weights", r->plain_bytes);
  put_gib(&t, first, "KV cache", r->kv_bytes);
  put_gib(&t, first, "latent cache", r->latent_bytes);
  put_gib(&t, first, "states", r->state_bytes);
  put_gib(&t, first, "in main memory", vf_read_bytes(&s.reads.host));
  vf_text_put(&t, ")");
  if (vf_read_bytes(r) != 0)
    vf_text_printf(&t,
                   ", at %" PRIu32 " GB/s, of which kernels reach %" PRIu32
                   " %% (quantized), %" PRIu32 " %% (other) and %" PRIu32 " %% (cache)",
                   d->bandwidth_mb_per_s / 1000, f->packed / 10, f->plain / 10, f->kv / 10);
  put_ms(&t, "reading", &s.memory);
  put_ms(&t, "layers", &s.launches);
  put_ms(&t, "exchange", &s.link);
  put_ms(&t, "arithmetic", &s.compute);
  put_ms(&t, "main memory", &s.host);
  vf_text_put(&t, s.basis == VF_BASIS_MODELLED ? "  [fitted on such devices, tests/truth/speed.tsv]"
                                               : "  [assumed: docs/accuracy.md, speed]");
  return t.length;
}
