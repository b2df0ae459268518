/* admission.h - what an engine lets in before it counts any memory: which GPUs, which type of
 * numbers, how long a context, which architectures.
 *
 * Each engine has a table of its own (vf_admission) with where it says so; what it refuses is told
 * as it would tell it, and the estimate goes on, so that its figures can still be seen. */
#ifndef VF_ENGINES_ADMISSION_H
#define VF_ENGINES_ADMISSION_H

#include "engines/ranks.h"

/* What becomes of a context beyond the model's own limit. */
typedef enum vf_beyond {
  VF_BEYOND_TAKEN,
  VF_BEYOND_REFUSED, /* unless it is let through */
  VF_BEYOND_LOWERED, /* to the limit, with a warning */
} vf_beyond;

/* What becomes of bfloat16 on a GPU that has none (before Ampere). */
typedef enum vf_no_bf16 {
  VF_NO_BF16_KEPT,      /* nothing is known of it */
  VF_NO_BF16_REFUSED,   /* an error, also where it is only what the checkpoint has */
  VF_NO_BF16_FALLS,     /* to float16, but an error where it is asked for */
  VF_NO_BF16_OVERRIDES, /* to float16, whatever is asked for */
} vf_no_bf16;

/* The release in which an architecture came; a version as vf_ranks_version() counts. */
typedef struct vf_arch_age {
  const char *type; /* model_type */
  uint32_t version;
  const char *release, *where;
} vf_arch_age;
#define VF_ARCH_AGE(type, minor, patch, where)                                                     \
  {(type), (minor)*1000 + (patch), "0." #minor "." #patch, (where)},

typedef struct vf_arch_ages {
  const vf_arch_age *list;
  size_t count;
  uint32_t falls_back_from; /* dense decoders that it does not know run by transformers' code */
} vf_arch_ages;

typedef struct vf_admission {
  uint32_t least_capability; /* 75 for 7.5; 0: none is known */
  const char *least_source;

  /* The type of numbers that are not quantized (--dtype). */
  vf_no_bf16 no_bf16;
  bool any_dtype;            /* float32, too; else the two of 16 bits alone */
  bool narrows;              /* float32 that nobody asked for is loaded in 16 bits */
  bool narrows_to_f16;       /* in float16, even where there is bfloat16 */
  const char *const *no_f16; /* model types that are never computed in float16; NULL: none */

  vf_beyond beyond;
  const char *beyond_way;   /* the variable that lets a longer context through */
  const vf_arch_ages *ages; /* NULL: nothing is known of them */
  bool yarn_multiplies;     /* its limit is YaRN's original times the factor; else the config's */
} vf_admission;

/* Refuses in the engine's words: the estimate goes on, and is NO-FIT. */
void vf_ranks_refuse(vf_ranks *s, const char *code, const char *fmt, ...) VF_PRINTF(3, 4);

/* Settles type and length, once ranks are known; VF_USAGE for a type that is none. */
vf_status vf_ranks_admit(vf_ranks *s, const vf_admission *a, vf_error *err);

#endif
