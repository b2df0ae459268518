/* training_parts.h - what the parts of a training run take on the fullest GPU. */
#ifndef VF_CORE_TRAINING_PARTS_H
#define VF_CORE_TRAINING_PARTS_H

#include "core/training_model.h"

/* Of trained parameters, in thousandths of a byte: `temporary` is what the step computes with. */
typedef struct vf_train_recipe {
  uint64_t weight, gradient, states, temporary;
} vf_train_recipe;

typedef struct vf_train_parts {
  uint64_t weights, gradients, optimizer, temporary, activations, logits, buffers;
  uint64_t paged; /* of the optimizer: in managed memory, which the framework does not count */
  uint64_t host;
  uint64_t checkpoints; /* of the activations: inputs of layers */
  uint64_t less, more;  /* at the end of the forward pass: what programs differ in */
  uint64_t step_less;   /* the same in the optimizer's step */
  /* Freed before the peak and kept by the allocator, on the device though not allocated: in pieces
   * between live tensors, and in segments of their own, which it gives back before it fails. */
  uint64_t fragments, cached;
  uint64_t own,
      own_experts; /* parameters of this GPU before they are sharded; of those, experts' */
  uint64_t shards, expert_shards; /* GPUs that share what is sharded */
  bool buffers_stay;              /* they are there in the optimizer's step, too */
  bool overflow;
} vf_train_parts;

vf_train_recipe vf_train_recipe_of(const vf_run *r);

/* Hundredths of a byte for each logit of the vocabulary, at the peak of the loss. */
uint64_t vf_train_logits_hundredths(const vf_run *r);

/* Gradients are there before the step: they are added up, or belong to a buffer. */
bool vf_train_keeps_gradients(const vf_run *r);

vf_train_parts vf_train_parts_of(const vf_model *m, const vf_train_model *s, const vf_run *r);

#endif
