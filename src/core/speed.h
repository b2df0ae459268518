/* speed.h - what is read for one step of decoding, and where it lies.
 *
 * Decoding reads every weight that takes part once for all sequences of a batch, and each
 * sequence's cache and state.  Speed (speed.c) is that over what memory delivers. */
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

#endif
