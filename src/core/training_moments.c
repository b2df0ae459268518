/* training_moments.c - a step's memory over time, as its parts add up.
 *
 *   loaded           weights alone: the first step makes the states
 *   step begins      weights, states, and gradients where they are added up or belong to a buffer
 *   forward ends     with what the layers kept, the logits, and gathered shards
 *   backward begins  with a layer that is computed again, where that is more than the logits
 *   backward ends    activations are gone, gradients are there
 *   optimizer step   with what it computes with
 *   step ends        as it began
 *
 * Between two of them memory rises and falls layer by layer. */
#include "core/training_moments.h"

#include <string.h>

void vf_train_add_moment(vf_train *out, const char *name,
                         const uint64_t bytes[VF_TRAIN_PART_COUNT]) {
  if (out->n_moments == VF_TRAIN_MOMENTS) return;
  vf_train_moment *m = &out->moments[out->n_moments++];
  m->name = name;
  memcpy(m->bytes, bytes, sizeof m->bytes);
}

void vf_train_put_moments(vf_train *out, const vf_train_parts *p, bool keeps_gradients) {
  uint64_t b[VF_TRAIN_PART_COUNT] = {[VF_TRAIN_WEIGHTS] = p->weights};
  uint64_t kept = p->activations > p->at_work ? p->activations - p->at_work : 0;
  uint64_t gradients = keeps_gradients ? p->gradients : 0;
  uint64_t buffers = p->buffers_stay ? p->buffers : 0;
  vf_train_add_moment(out, "loaded", b);
  b[VF_TRAIN_STATES] = p->optimizer > p->paged ? p->optimizer - p->paged : 0;
  b[VF_TRAIN_GRADIENTS] = gradients;
  b[VF_TRAIN_BUFFERS] = buffers;
  vf_train_add_moment(out, "step begins", b);
  b[VF_TRAIN_BUFFERS] = p->buffers;
  b[VF_TRAIN_ACTIVATIONS] = kept;
  b[VF_TRAIN_LOGITS] = p->logits;
  vf_train_add_moment(out, "forward ends", b);
  b[VF_TRAIN_ACTIVATIONS] = p->activations;
  vf_train_add_moment(out, "backward begins", b);
  b[VF_TRAIN_ACTIVATIONS] = b[VF_TRAIN_LOGITS] = 0;
  b[VF_TRAIN_GRADIENTS] = p->gradients;
  b[VF_TRAIN_BUFFERS] = buffers;
  vf_train_add_moment(out, "backward ends", b);
  b[VF_TRAIN_TEMPORARY] = p->temporary;
  vf_train_add_moment(out, "optimizer step", b);
  b[VF_TRAIN_TEMPORARY] = 0;
  b[VF_TRAIN_GRADIENTS] = gradients;
  vf_train_add_moment(out, "step ends", b);
}
