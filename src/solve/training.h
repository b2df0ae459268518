/* training.h - what a training run leaves room for, and what would make it fit. */
#ifndef VF_SOLVE_TRAINING_H
#define VF_SOLVE_TRAINING_H

#include "engines/trainers.h"
#include "vramfit/solve.h"

/* A run that is asked about again and again. */
typedef struct vf_train_asker {
  const vf_model *model;
  vf_train_request r; /* as it is */
  const vf_trainer *trainer;
  vf_device devices[1]; /* the first: all are alike */
  uint32_t gpus;
  size_t estimates;
} vf_train_asker;

enum { VF_TRAIN_SEQ_STEP = 64, VF_TRAIN_NODES = 7 };

/* Nodes that exist, and several of eight. */
extern const uint8_t vf_train_nodes[VF_TRAIN_NODES];

vf_status vf_train_begin(vf_train_asker *x, const vf_setup *setup, vf_error *err);

/* Whether a run FITS; a refusal is a no.  out may be NULL. */
vf_status vf_train_look(vf_train_asker *x, bool *fits, vf_train *out, const vf_train_request *r,
                        uint32_t gpus, vf_error *err);

/* The largest up to `most` that FITS, 0 for none; into the answer as well, where there is one. */
vf_status vf_train_largest(vf_train_asker *x, uint64_t *out, const vf_train_request *r,
                           vf_max_kind kind, uint64_t most, vf_answer *a, vf_error *err);

/* As far as is looked: the model's limit of a sequence. */
uint64_t vf_train_end(const vf_train_asker *x, vf_max_kind kind);

/* More GPUs help only if they share something: says so in the request. */
void vf_train_share_out(const vf_train_asker *x, vf_train_request *r, uint32_t gpus);

/* Whether the question is one of training alone. */
bool vf_max_is_training(vf_max_kind kind);

/* The most of one thing that a training run has room for. */
vf_status vf_train_question(vf_answer *out, const vf_context *ctx, const vf_max_query *query,
                            vf_error *err);

#endif
