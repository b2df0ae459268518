/* training_parts.h - what the parts of a training run take on the fullest GPU. */
#ifndef VF_CORE_TRAINING_PARTS_H
#define VF_CORE_TRAINING_PARTS_H

#include "base/text.h"
#include "core/training_model.h"

/* Of trained parameters, in thousandths of a byte: `master` lies beside the moments, `temporary` is
 * what the step computes with. */
typedef struct vf_train_recipe {
  uint64_t weight, gradient, master, temporary;
} vf_train_recipe;

/* One product of a part: its factors, thousandths of a byte (or of what the factors make), among
 * how many it is shared out. */
typedef struct vf_train_factor {
  uint64_t value;
  const char *of; /* "tokens" */
} vf_train_factor;

enum { VF_TRAIN_FACTORS = 6, VF_TRAIN_TERMS = 6 };

typedef struct vf_train_term {
  vf_train_factor factors[VF_TRAIN_FACTORS]; /* of: NULL, no further one */
  uint64_t permille;                         /* 0: the factors are bytes */
  const char *share;                         /* what permille is, where it is not bytes */
  uint64_t by;                               /* GPUs; 0 and 1: it is whole on each */
  uint64_t bytes;
} vf_train_term;

typedef enum vf_train_list_id {
  VF_LIST_WEIGHTS,
  VF_LIST_GRADIENTS,
  VF_LIST_STATES,
  VF_LIST_TEMPORARY,
  VF_LIST_ACTIVATIONS,
  VF_LIST_LOGITS,
  VF_LIST_BUFFERS,
  VF_LIST_COUNT
} vf_train_list_id;

/* A part as the sum that it is: lines and --explain are printed from it. */
typedef struct vf_train_list {
  vf_train_term terms[VF_TRAIN_TERMS];
  size_t n;
  uint64_t bytes; /* of all */
} vf_train_list;

typedef struct vf_train_parts {
  vf_train_list lists[VF_LIST_COUNT];
  uint64_t weights, gradients, optimizer, temporary, activations, logits, buffers;
  uint64_t paged; /* of the optimizer: in managed memory, which the framework does not count */
  uint64_t host;
  uint64_t at_work;     /* of the activations: of a layer that is computed again */
  uint64_t checkpoints; /* of the activations: inputs of layers */
  uint64_t less, more;  /* at the end of the forward pass: what programs differ in */
  uint64_t step_less;   /* the same in the optimizer's step */
  uint64_t step_more;
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

/* "1,024 tokens × 2 sequences × 8,192 B a layer / 8 GPUs + …" */
void vf_train_list_text(vf_text *out, const vf_train_list *list);

/* Hundredths of a byte for each logit of the vocabulary, at the peak of the loss. */
uint64_t vf_train_logits_hundredths(const vf_run *r);

/* Gradients are there before the step: they are added up, or belong to a buffer. */
bool vf_train_keeps_gradients(const vf_run *r);

void vf_train_parts_sum(vf_train_parts *out, const vf_model *m, const vf_train_model *s,
                        const vf_run *r);

#endif
