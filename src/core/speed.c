/* speed.c - tokens per second: reads over bandwidths, with what measurements say of both.
 *
 * time of a step of B sequences
 *   = weights / (bandwidth * share) + cache / (bandwidth * share) + layers * fixed
 *   + (B - 1) * operations of a token / (share * full rate),
 * summed over devices that work one after the other, divided where they share a layer.  The parts
 * add up: kernels of a batch do not hide their arithmetic behind reading.  Shares and bands are
 * those of speed_reach.c.  Main memory's bandwidth is not known unless it is told: the interval
 * says so by its width. */
#include "core/speed.h"

#include <inttypes.h>
#include <string.h>

#include "base/checked.h"
#include "base/decimal.h"
#include "base/text.h"
#include "base/units.h"

/* What no row tells. */
static const vf_band unsure = {670, 1450};

/* Main memory that nobody described: two channels of DDR4-2666 at their worst, two of DDR5-6400 at
 * their best (JEDEC: 42.7 and 102.4 GB/s), of which kernels on the CPU reach a half to 80 %.
 * Servers have more channels: --host-bandwidth says so; of eight 23 to 25 % were measured with all
 * threads (gpt-oss-120b on a Ryzen 5975WX, experts alone), of two 40 to 70 %. */
enum { HOST_LEAST_MB_PER_S = 24000, HOST_MOST_MB_PER_S = 85000 };
enum { HOST_SHARE_LEAST = 330, HOST_SHARE_MOST = 720 };

enum { EXCHANGES_PER_LAYER = 2, PCIE_DEFAULT_MB_PER_S = 16000, STREAM_PERMILLE = 750 };

typedef struct step {
  const vf_estimate *e;
  vf_reads reads;
  uint32_t ranks, replicas, seqs; /* seqs: of one replica */
  bool empty;                     /* caches hold next to nothing: the start of an answer */
  vf_span memory, launches, link, compute, host;
  vf_basis basis;
  const char *unknown;
} step;

uint32_t vf_speed_gpus(const vf_estimate *e) {
  return vf_estimate_first(e)->device.kind == VF_DEVICE_HOST
             ? 0
             : (uint32_t)(e->n_devices - 1 - e->n_idle);
}

static double weights_on_gpus(const vf_estimate *e) {
  double sum = 0;
  for (uint32_t d = 0; d < vf_speed_gpus(e); d++)
    sum += (double)e->devices[d].part_bytes[VF_PART_WEIGHTS];
  return sum;
}

static const vf_device_budget *host_of(const vf_estimate *e) {
  return &e->devices[e->n_devices - 1];
}

/* What is looked up on the host: a row of it goes over the bus. */
static double looked_up(const vf_estimate *e) {
  uint64_t sum = 0;
  for (size_t i = 0; i < e->model->n_tensors; i++) {
    const vf_tensor *t = &e->model->tensors[i];
    if (vf_roles[t->role].home == VF_HOME_INPUT) sum += t->bytes * t->count;
  }
  return (double)sum;
}

/* Weights that devices fetch from the host at every step: engines that share layers and offload. */
static double streamed_share(const vf_estimate *e) {
  double host = (double)host_of(e)->part_bytes[VF_PART_WEIGHTS];
  if (e->workload.tp == 0 || vf_speed_gpus(e) == 0 || host == 0) return 0;
  if (e->decodes == VF_DECODES_EXLLAMA) host -= looked_up(e);
  return host <= 0 ? 0 : host / (host + weights_on_gpus(e));
}

static vf_band band_of(const step *s, const vf_reach *reach) {
  return s->seqs == 1 ? reach->one : reach->many;
}

/* A device reads as much of a replica's step as it holds of the weights; of the devices that share
 * a layer one counts, of a pipeline's stages each, one after the other. */
static void add_device(step *s, const vf_device_budget *b, double all) {
  const vf_read *r = &s->reads.gpu;
  const vf_reach *f = vf_reach_of(s->e, &b->device);
  double bandwidth = b->device.bandwidth_mb_per_s, full = s->empty ? 0 : 1;
  double mine = (double)b->part_bytes[VF_PART_WEIGHTS] / all, each = mine / s->ranks;
  double resident = 1.0 - streamed_share(s->e);
  vf_band band = band_of(s, f);
  if (mine == 0) return;
  if (b->device.bandwidth_mb_per_s == 0) s->unknown = "this device's bandwidth is not known";
  if (s->unknown != NULL) return;
  double packed = vf_ns_for((double)r->packed_bytes * resident, bandwidth, f->packed);
  double plain = vf_ns_for((double)r->plain_bytes * resident, bandwidth, f->plain);
  double cache = vf_ns_for((double)r->kv_bytes * full + (double)r->state_bytes, bandwidth, f->kv);
  double fixed = (double)r->layers * f->layer_ns + (double)r->expert_layers * f->expert_layer_ns;
  cache += vf_ns_for((double)r->latent_bytes * full, bandwidth, f->latent);
  vf_span_add(&s->memory, (packed + plain + cache) * each, band);
  vf_span_add(&s->launches, fixed * mine, band);
  if (f->basis > s->basis) s->basis = f->basis;
}

/* Arithmetic of the further sequences of a batch. */
static void add_compute(step *s) {
  const vf_device *d = &vf_estimate_first(s->e)->device;
  const vf_reach *f = vf_reach_of(s->e, d);
  double rate = vf_full_rate(d), more = s->seqs - 1;
  uint32_t share = s->reads.gpu.expert_layers != 0 ? f->batch_experts : f->batch;
  if (vf_speed_gpus(s->e) == 0 || rate == 0 || more == 0) return;
  double operations = 2.0 * (double)s->e->model->n_active_params * more / s->ranks;
  vf_span_add(&s->compute, operations / rate * 1000.0 / share, band_of(s, f));
}

/* Activations go round twice a layer where devices share it; weights come from the host where an
 * engine offloads them. */
static void add_link(step *s) {
  const vf_device *d = &vf_estimate_first(s->e)->device;
  double pcie = d->pcie_mb_per_s != 0 ? d->pcie_mb_per_s : PCIE_DEFAULT_MB_PER_S;
  double streamed = (double)(s->reads.gpu.packed_bytes + s->reads.gpu.plain_bytes) *
                    streamed_share(s->e) / s->ranks;
  double row = 2.0 * (double)s->e->model->n_embd * s->seqs;
  double times = (double)EXCHANGES_PER_LAYER * s->reads.gpu.layers;
  if (streamed > 0) vf_span_add(&s->link, vf_ns_for(streamed, pcie, STREAM_PERMILLE), unsure);
  if (s->ranks < 2) return;
  vf_span each = vf_exchange(d, row * 2.0 * (s->ranks - 1) / s->ranks);
  s->link.fast += each.fast * times;
  s->link.expected += each.expected * times;
  s->link.slow += each.slow * times;
}

/* Bandwidth of main memory: as told, on unified memory at most the pool's, else a wide guess. */
static void add_host(step *s) {
  const vf_device *d = &vf_estimate_first(s->e)->device;
  double bytes = (double)vf_read_bytes(&s->reads.host);
  double least = HOST_LEAST_MB_PER_S, most = HOST_MOST_MB_PER_S;
  double told = s->e->request.host_bandwidth_mb_per_s;
  if (bytes == 0) return;
  s->basis = VF_BASIS_ASSUMED;
  if (told == 0 && d->kind == VF_DEVICE_UNIFIED) told = d->bandwidth_mb_per_s;
  if (told != 0) most = told * HOST_SHARE_MOST / 1000;
  if (told != 0) least = told * HOST_SHARE_LEAST / 1000;
  s->host.fast = vf_ns_for(bytes, most, 1000);
  s->host.slow = vf_ns_for(bytes, least, 1000);
  s->host.expected = (s->host.fast + s->host.slow) / 2;
}

uint32_t vf_speed_ranks(const vf_estimate *e) {
  bool all = e->workload.tp == 0 && e->request.split == VF_SPLIT_TENSOR;
  return vf_max_u32(all ? vf_speed_gpus(e) : e->workload.tp, 1);
}

static void add_all(step *s) {
  double all = weights_on_gpus(s->e);
  for (uint32_t d = 0; d < vf_speed_gpus(s->e) && all > 0; d++)
    add_device(s, &s->e->devices[d], all);
  add_compute(s);
  add_link(s);
  add_host(s);
}

/* At the full context; *start, unless it is NULL, at the start of an answer. */
static step step_of(const vf_estimate *e, step *start) {
  step s = {.e = e, .ranks = vf_speed_ranks(e), .basis = VF_BASIS_MODELLED};
  s.replicas = vf_max_u32(e->workload.dp, 1);
  s.seqs = (vf_max_u32(e->workload.seqs, 1) + s.replicas - 1) / s.replicas;
  s.reads = vf_reads_of(e, s.seqs);
  if (e->decodes == VF_DECODES_UNKNOWN) s.unknown = "nobody measured this engine's speed";
  if (e->model->flags & VF_MODEL_ENCODER) s.unknown = "an encoder generates nothing";
  if (start != NULL) {
    *start = s;
    start->empty = true;
    add_all(start);
  }
  add_all(&s);
  return s;
}

static vf_span total(const step *s) {
  vf_span sum = {0};
  const vf_span *const all[] = {&s->memory, &s->launches, &s->link, &s->compute, &s->host};
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
    sum.fast += all[i]->fast;
    sum.expected += all[i]->expected;
    sum.slow += all[i]->slow;
  }
  return sum;
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
  const vf_device *d = &vf_estimate_first(s->e)->device;
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

/* Milliseconds. */
static uint64_t ms_of(double ns) {
  return (uint64_t)(ns / 1e6 + 0.5);
}

static void tell_prompt(vf_speed *out, const step *s) {
  vf_prompt p;
  if (s->unknown != NULL) return;
  vf_reads one = s->seqs == 1 ? s->reads : vf_reads_of(s->e, 1); /* prompts are read one by one */
  if (!vf_prompt_times(s->e, &one, &p)) return;
  out->prefill_known = true;
  out->prefill.low = vf_milli_rate(s->replicas, p.per_token.slow);
  out->prefill.expected = vf_milli_rate(s->replicas, p.per_token.expected);
  out->prefill.high = vf_milli_rate(s->replicas, p.per_token.fast);
  out->first_token_ms =
      (vf_rate){ms_of(p.first.fast), ms_of(p.first.expected), ms_of(p.first.slow)};
  /* Prompts queue for the units: the last of c waits c times as long, all of them (c + 1) / 2. */
  double queue = (s->seqs + 1) / 2.0;
  out->first_token_together_ms = (vf_rate){
      ms_of(p.first.fast * queue), ms_of(p.first.expected * queue), ms_of(p.first.slow * queue)};
  out->prefill_basis = vf_read_bytes(&s->reads.host) != 0
                           ? VF_BASIS_ASSUMED
                           : vf_reach_of(s->e, &vf_estimate_first(s->e)->device)->basis;
  out->prompt_operations = p.operations;
  out->prompt_gflops = p.gflops;
  out->prompt_share_permille = p.share_permille;
  out->prompt_chunks = p.chunks;
}

static vf_rate rates_of(double tokens, vf_span ns) {
  return (vf_rate){vf_milli_rate(tokens, ns.slow), vf_milli_rate(tokens, ns.expected),
                   vf_milli_rate(tokens, ns.fast)};
}

void vf_estimate_speed(const vf_estimate *e, vf_speed *out) {
  if (out == NULL) return;
  *out = (vf_speed){.unknown = "there is no estimate"};
  if (e == NULL || e->n_devices == 0) return;
  step start, s = step_of(e, &start);
  vf_span ns = total(&s);
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
  tell_prompt(out, &s);
  if (s.unknown != NULL || ns.expected <= 0) return;
  out->decode_known = true;
  out->decode = rates_of(tokens, ns);
  out->decode_start = rates_of(tokens, total(&start));
  out->bound = bound_of(&s);
  out->bound_mb_per_s = bound_bandwidth(&s, out->bound);
}

/* A part of a sum; `first` is where the first one stands. */
static void put_gib(vf_text *t, size_t first, const char *name, uint64_t bytes) {
  if (bytes == 0) return;
  vf_text_printf(t, "%s%s ", t->length == first ? "" : ", ", name);
  vf_text_size(t, bytes, VF_UNIT_GIB, 2);
}

static void put_ms(vf_text *t, const char *name, const vf_span *ns) {
  if (ns->expected <= 0) return;
  vf_text_printf(t, "; %s %s–%s ms", name, vf_fixed(ns->fast / 1e6, 2).text,
                 vf_fixed(ns->slow / 1e6, 2).text);
}

size_t vf_speed_explain(const vf_estimate *e, char *buf, size_t size) {
  vf_text t = vf_text_on(buf, size);
  if (e == NULL || e->n_devices == 0) return 0;
  step s = step_of(e, NULL);
  const vf_read *r = &s.reads.gpu;
  const vf_device *d = &vf_estimate_first(e)->device;
  const vf_reach *f = vf_reach_of(e, d);
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
  vf_text_put(&t, s.basis == VF_BASIS_MODELLED
                      ? "  [fitted on such devices, tests/truth/fit_speed.py]"
                      : "  [assumed: docs/accuracy.md, speed]");
  return t.length;
}
