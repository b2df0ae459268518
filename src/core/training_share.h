/* training_share.h - what the parts of a training run are summed up with, among themselves. */
#ifndef VF_CORE_TRAINING_SHARE_H
#define VF_CORE_TRAINING_SHARE_H

#include "base/checked.h"
#include "core/training_parts.h"

typedef struct vf_train_share {
  const vf_model *m;
  const vf_train_model *s;
  const vf_run *r;
  vf_train_parts *p;
} vf_train_share;

static inline uint64_t vf_train_divide(uint64_t n, uint64_t by) {
  return n / by + (n % by != 0);
}

#define VF_FACTORS(...) ((const vf_train_factor[VF_TRAIN_FACTORS]){__VA_ARGS__})

/* Adds a product to a part, and returns its bytes; a factor of 1 is left out but for the first, and
 * of a product of nothing there is no term. */
uint64_t vf_train_add(const vf_train_share *x, vf_train_list_id id, const vf_train_factor *factors,
                      uint64_t permille, uint64_t by);

/* As that, where the factors are bytes. */
uint64_t vf_train_add_bytes(const vf_train_share *x, vf_train_list_id id,
                            const vf_train_factor *factors, uint64_t by);

/* As that, where permille is no bytes but a share, in words; 0: all of it. */
uint64_t vf_train_add_share(const vf_train_share *x, vf_train_list_id id,
                            const vf_train_factor *factors, uint64_t permille, const char *share,
                            uint64_t by);

/* Thousandths of a byte of a frozen base's matrices, and of what is not quantized. */
uint64_t vf_run_base_permille(const vf_run *r);
uint64_t vf_run_plain_permille(const vf_run *r);

/* Whether weights are shared out, too, and among how many. */
bool vf_run_shards_weights(const vf_run *r);
uint64_t vf_run_shards(const vf_run *r);

/* DeepSpeed's ZeRO of any stage. */
bool vf_run_is_deepspeed(const vf_run *r);

/* The end of the forward pass: activations and logits; and what programs differ in. */
void vf_train_take_forward(const vf_train_share *x);

/* Gathered units and buckets. */
void vf_train_take_buffers(const vf_train_share *x);

#endif
