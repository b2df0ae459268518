/* speed_prompt.c - how fast a prompt is read, and when the first token of the answer is there.
 *
 * A prompt goes through in chunks (micro-batches).  A chunk reads every weight once - with experts
 * all of them are touched from some 64 tokens on - and does two operations for each weight that
 * takes part and token, and those of attention over what is seen so far:
 *
 *   time = chunks × weights / (0.8 × bandwidth) + operations / (share × full rate)
 *
 * Devices that hold whole layers pass chunks on in a pipeline: some of that is gained. */
#include <math.h>

#include "core/speed.h"

enum { READ_PERMILLE = 800 };

static bool is_network(const vf_layer *l) {
  return (l->flags & (VF_LAYER_MTP | VF_LAYER_ENCODER)) == 0;
}

/* Of one token of a prompt as long as the context, on average: two for every weight that takes
 * part, and attention over half of the tokens. */
static double token_operations(const vf_estimate *e) {
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

/* Whether most of the weights are quantized. */
static bool is_packed(const vf_reads *r) {
  return r->gpu.packed_bytes > r->gpu.plain_bytes;
}

static double chunks_of(const vf_estimate *e) {
  double tokens = (double)e->workload.requested_ctx_tokens, chunk = e->workload.ubatch_tokens;
  return chunk <= 1 || chunk >= tokens ? 1 : ceil(tokens / chunk);
}

/* What n stages gain over one after the other with m chunks: n × m / (n + m - 1) at most, of which
 * the root was measured (2 to 8 cards, 1 to 8 chunks). */
static double pipeline_gain(const vf_estimate *e, double chunks) {
  double stages = e->workload.tp == 0 ? vf_speed_gpus(e) : e->workload.pp;
  return stages < 2 ? 1 : sqrt(stages * chunks / (stages + chunks - 1));
}

/* Rates and bandwidths differ where devices do: each does its part of the layers. */
static double whole_time(const vf_estimate *e, uint32_t share, double chunks) {
  double all = 0, ns = 0, tokens = (double)e->workload.requested_ctx_tokens;
  double replicas = e->workload.dp > 1 ? e->workload.dp : 1;
  uint32_t n = vf_speed_gpus(e), ranks = vf_speed_ranks(e);
  for (uint32_t d = 0; d < n; d++) all += (double)e->devices[d].part_bytes[VF_PART_WEIGHTS];
  for (uint32_t i = 0; i < n && all > 0; i++) {
    const vf_device *d = &e->devices[i].device;
    double mine = (double)e->devices[i].part_bytes[VF_PART_WEIGHTS], rate = vf_full_rate(d);
    if (rate == 0 || d->bandwidth_mb_per_s == 0) return 0;
    if (mine == 0) continue;
    ns += chunks * vf_ns_for(mine / ranks / replicas, d->bandwidth_mb_per_s, READ_PERMILLE);
    ns += tokens * token_operations(e) * (mine / all) / ranks / rate * 1000.0 / share;
  }
  return ns;
}

static double exchange_time(const vf_estimate *e, double chunks) {
  const vf_device *d = &vf_estimate_first(e)->device;
  uint32_t ranks = vf_speed_ranks(e);
  double tokens = (double)e->workload.requested_ctx_tokens / chunks;
  double moved = 2.0 * (double)e->model->n_embd * tokens * 2.0 * (ranks - 1) / ranks;
  return ranks < 2 ? 0 : vf_exchange(d, moved).expected * 2 * chunks * e->model->n_layers;
}

/* llama.cpp copies what lies in main memory to the device for every chunk (op offload): 16 GB/s
 * were reached with PCIe 4, 31 with PCIe 5; a slot of half the width has half. */
static vf_span host_time(const vf_estimate *e, double chunks) {
  enum { FAST_MB_PER_S = 36000, MB_PER_S = 16000, SLOW_MB_PER_S = 8000 };
  double bytes = (double)e->devices[e->n_devices - 1].part_bytes[VF_PART_WEIGHTS] * chunks;
  return (vf_span){vf_ns_for(bytes, FAST_MB_PER_S, 1000), vf_ns_for(bytes, MB_PER_S, 1000),
                   vf_ns_for(bytes, SLOW_MB_PER_S, 1000)};
}

/* Launching, tokenizing, sampling, in milliseconds: SGLang and vLLM from 30 (H100) to 150 (GB10).
 */
enum { START_FAST_MS = 10, START_MS = 60, START_SLOW_MS = 250 };

static void add_host(vf_span *per_token, vf_span host, double tokens) {
  per_token->fast += host.fast / tokens;
  per_token->expected += host.expected / tokens;
  per_token->slow += host.slow / tokens;
}

bool vf_prompt_times(const vf_estimate *e, const vf_reads *one, vf_prompt *out) {
  const double tokens = (double)e->workload.requested_ctx_tokens;
  if (vf_speed_gpus(e) == 0 || tokens <= 0) return false;
  bool host = vf_read_bytes(&one->host) != 0;
  if (e->decodes == VF_DECODES_UNKNOWN || (host && e->workload.tp != 0)) return false;
  const vf_reach *reach = vf_reach_of(e, &vf_estimate_first(e)->device);
  uint32_t share = vf_model_has_experts(e->model) ? reach->prompt_experts
                   : is_packed(one)               ? reach->prompt_packed
                                                  : reach->prompt_plain;
  double chunks = chunks_of(e), ns = whole_time(e, share, chunks);
  if (ns <= 0) return false;
  ns = ns / pipeline_gain(e, chunks) + exchange_time(e, chunks);
  *out = (vf_prompt){.operations = (uint64_t)token_operations(e),
                     .gflops = (uint32_t)vf_full_rate(&vf_estimate_first(e)->device),
                     .share_permille = share,
                     .chunks = (uint32_t)chunks};
  vf_span_add(&out->per_token, ns / tokens, reach->prompt);
  if (host) add_host(&out->per_token, host_time(e, chunks), tokens);
  out->first = (vf_span){out->per_token.fast * tokens + START_FAST_MS * 1e6,
                         out->per_token.expected * tokens + START_MS * 1e6,
                         out->per_token.slow * tokens + START_SLOW_MS * 1e6};
  return true;
}
