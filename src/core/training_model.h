/* training_model.h - a model in the numbers that training asks for. */
#ifndef VF_CORE_TRAINING_MODEL_H
#define VF_CORE_TRAINING_MODEL_H

#include "core/training.h"

/* Of one kind of parameters: how many there are, how many of them are trained, and thousandths of a
 * byte that the optimizer's states take of a trained one, matrices and vectors together. */
typedef struct vf_train_group {
  uint64_t all, trained, states;
} vf_train_group;

typedef struct vf_train_model {
  vf_train_group blocks, expert_group, embeddings, outputs, towers;
  uint64_t towers_beside; /* parameters of towers where no images are trained on */
  uint64_t largest;       /* elements of the largest tensor that is trained */
  uint64_t per_image_saved, per_image_work, per_image_kept; /* bytes that a tower keeps of an image:
                        in all blocks, in one at work, as inputs of blocks */
  uint64_t embedding, output;         /* parameters looked up, and multiplied at the end; tied: 0 */
  uint64_t experts, rest;             /* parameters of experts, and of the other parts of layers */
  uint64_t vectors;                   /* of the rest, norms and biases */
  uint64_t adapters, expert_adapters; /* parameters of adapters; on experts' matrices */
  uint64_t saved_bytes;   /* a token leaves in all layers if nothing is computed again */
  uint64_t work_bytes;    /* a token needs while the largest layer is differentiated */
  uint64_t dropout_bytes; /* more a token, where adapters drop some of their input */
  uint64_t unfused_bytes; /* more a token, where recurrent layers have no kernel */
  uint32_t layers;        /* without those that predict further tokens */
  uint32_t kept_layers;   /* of those the ones that gradients go through */
  bool overflow;
} vf_train_model;

/* Bytes of a number in the moments of optimizers that have no type of their own. */
uint64_t vf_run_moment_width(const vf_run *r);

vf_train_model vf_train_model_of(const vf_model *m, const vf_run *r);

/* Arithmetic that remembers in *overflow that something did not fit. */
uint64_t vf_train_times(bool *overflow, uint64_t a, uint64_t b);
uint64_t vf_train_plus(bool *overflow, uint64_t a, uint64_t b);

/* a * permille / 1000 */
uint64_t vf_train_permille(bool *overflow, uint64_t a, uint64_t permille);

#endif
