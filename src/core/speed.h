/* speed.h - what is read for one step of decoding, where it lies, and what devices reach.
 *
 * Decoding reads every weight that takes part once for all sequences of a batch, and each
 * sequence's cache and state.  Speed (speed.c) is that over what memory delivers; a prompt's speed
 * (speed_prompt.c) is its arithmetic over what matrix units deliver. */
#ifndef VF_CORE_SPEED_H
#define VF_CORE_SPEED_H

#include "core/estimate.h"

typedef struct vf_read {
  uint64_t packed_bytes; /* weights in a quantized format: unpacked on the way */
  uint64_t plain_bytes;  /* weights of 16 bits and more */
  uint64_t kv_bytes;     /* of all sequences, at their full context */
  uint64_t latent_bytes; /* the same of latent attention, which kernels treat otherwise */
  uint64_t state_bytes;  /* recurrent states, read and written */
  uint32_t layers, expert_layers;
} vf_read;

/* The step of a whole model, shared out between its devices and main memory. */
typedef struct vf_reads {
  vf_read gpu;  /* on all devices together, once for each replica */
  vf_read host; /* in main memory, computed there */
} vf_reads;

/* `seqs` sequences are decoded at once. */
vf_reads vf_reads_of(const vf_estimate *e, uint32_t seqs);

static inline uint64_t vf_read_bytes(const vf_read *r) {
  return r->packed_bytes + r->plain_bytes + r->kv_bytes + r->latent_bytes + r->state_bytes;
}

/* Times are estimates, not sizes: floating point is good enough for them.  Nanoseconds. */
typedef struct vf_span {
  double fast, expected, slow;
} vf_span;

/* The same of times, in permille of what is expected. */
typedef struct vf_band {
  uint32_t fast, slow;
} vf_band;

/* What kernels of one kind of engine reach on one class of devices. */
typedef struct vf_reach {
  /* Shares of the nominal bandwidth in permille: weights in quantized formats, other weights, cache
   * and states, latent cache. */
  uint32_t packed, plain, kv, latent;
  uint32_t layer_ns, expert_layer_ns; /* fixed times per layer, and per layer of experts */
  /* Shares of the full rate of the matrix units, in permille, that further sequences of a batch
   * reach: of dense models, of those with experts. */
  uint32_t batch, batch_experts;
  vf_band one, many; /* around the time of a step of one sequence, of several */
  /* Shares of the full rate on a prompt: quantized, 16 bits, models with experts. */
  uint32_t prompt_packed, prompt_plain, prompt_experts;
  vf_band prompt;
  vf_basis basis;
} vf_reach;

/* The row of an estimate's device. */
const vf_reach *vf_reach_of(const vf_estimate *e, const vf_device *d);

/* Operations per nanosecond that the matrix units (or what does their work) can do at most, with 16
 * bits in and 16 out; 0: not known. */
double vf_full_rate(const vf_device *d);

/* Ranks that share every layer; devices, without the host. */
uint32_t vf_speed_ranks(const vf_estimate *e);
uint32_t vf_speed_gpus(const vf_estimate *e);

/* One transfer of `bytes` each way between devices that share layers, in nanoseconds. */
vf_span vf_exchange(const vf_device *d, double bytes);

/* A prompt as long as the context, once through. */
typedef struct vf_prompt {
  vf_span per_token, first; /* time of a token, and until the answer's first one */
  uint64_t operations;      /* of a token, on average */
  uint32_t gflops;          /* full rate of the first device */
  uint32_t share_permille;  /* that is reached of it */
  uint32_t chunks;
} vf_prompt;

/* `one`: what a step of one sequence reads.  False: not known. */
bool vf_prompt_times(const vf_estimate *e, const vf_reads *one, vf_prompt *out);

/* Thousandths per second of something that takes `ns`. */
static inline uint64_t vf_milli_rate(double count, double ns) {
  double milli = count * 1e12 / ns;
  return ns <= 0 || milli > 1e15 ? 0 : (uint64_t)(milli + 0.5);
}

/* `expected` and its band, added. */
static inline void vf_span_add(vf_span *sum, double expected, vf_band band) {
  sum->fast += expected * band.fast / 1000.0;
  sum->expected += expected;
  sum->slow += expected * band.slow / 1000.0;
}

static inline double vf_ns_for(double bytes, double mb_per_s, uint32_t permille) {
  return bytes * 1e3 / mb_per_s * 1000.0 / permille;
}

#endif
