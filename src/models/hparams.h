/* hparams.h - the hyperparameters that decide a model's shapes, read from its facts.
 *
 * One table says for each field under which keys it is found, what it is called in a message, and
 * which values make sense. */
#ifndef VF_MODELS_HPARAMS_H
#define VF_MODELS_HPARAMS_H

#include "models/facts.h"

typedef struct vf_hparams {
  uint64_t n_layers;
  uint64_t n_embd;
  uint64_t n_heads;
  uint64_t n_kv_heads;
  uint64_t head_dim;
  uint64_t n_ff;
  uint64_t n_vocab;
  uint64_t max_ctx_tokens; /* 0: not stated */
  uint64_t n_experts;      /* 0: dense */
} vf_hparams;

vf_status vf_hparams_read(vf_hparams *out, const vf_facts *facts, vf_error *err);

#endif
