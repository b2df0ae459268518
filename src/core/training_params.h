/* training_params.h - the words of a training run as a table: finding, reading and printing one. */
#ifndef VF_CORE_TRAINING_PARAMS_H
#define VF_CORE_TRAINING_PARAMS_H

#include "base/text.h"
#include "vramfit/train.h"

typedef enum vf_train_kind {
  VF_TRAIN_string,
  VF_TRAIN_list, /* text, too; said twice, it is both */
  VF_TRAIN_tokens,
  VF_TRAIN_count,
  VF_TRAIN_flag,
  VF_TRAIN_size,
  VF_TRAIN_parameters
} vf_train_kind;

typedef enum vf_train_id {
#define VF_TRAIN_ID(id, name, argument, kind, field, help) VF_TRAIN_##id,
  VF_TRAIN_PARAMS(VF_TRAIN_ID)
#undef VF_TRAIN_ID
      VF_TRAIN_PARAM_COUNT
} vf_train_id;

typedef struct vf_train_param {
  const char *name, *argument;
  vf_train_kind kind;
  size_t offset; /* in vf_train_request */
} vf_train_param;

extern const vf_train_param vf_train_params[VF_TRAIN_PARAM_COUNT];

/* By the option's name without dashes, '_' for '-' allowed; NULL: there is none. */
const vf_train_param *vf_train_param_find(const char *name);

/* "25M", in powers of 1000. */
vf_status vf_parameters_parse(uint64_t *out, const char *text, vf_error *err);

bool vf_train_param_is_set(const vf_train_param *p, const vf_train_request *r);
bool vf_train_param_equal(const vf_train_param *p, const vf_train_request *a,
                          const vf_train_request *b);

/* The value as vf_train_set() reads it. */
void vf_train_param_print(const vf_train_param *p, const vf_train_request *r, vf_text *out);

/* Words of a run that are different from those of another, "--loss fused --micro-batch 1". */
void vf_train_words_text(vf_text *t, const vf_train_request *r, const vf_train_request *was);

/* Takes the value of another request over. */
void vf_train_param_copy(const vf_train_param *p, vf_train_request *to,
                         const vf_train_request *from);

/* Field of a word that is kept as text; NULL for all others. */
const char **vf_train_param_text(const vf_train_param *p, vf_train_request *r);

#endif
