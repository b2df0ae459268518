/* scheme.h - how the matrices of a checkpoint are quantized: AWQ, GPTQ, FP8, NVFP4, MLX…
 *
 * Other than a GGUF recipe, a scheme treats all matrices alike but for a list of exceptions, and
 * stores scales (and zero points, and group indices) beside the values. */
#ifndef VF_MODELS_SCHEME_H
#define VF_MODELS_SCHEME_H

#include "base/facts.h"
#include "core/model.h"

enum { VF_SCHEME_GROUPS = 4, VF_SCHEME_NAME = 24 };

/* How one matrix of K inputs and N outputs is stored. */
typedef struct vf_scheme_rule {
  vf_format values;   /* what the values count as in a report */
  uint32_t bits_x100; /* per value, in hundredths (EXL2 and EXL3 have fractions) */
  uint32_t group;     /* inputs that share a scale; 0: all of a column, or the whole matrix */
  uint32_t rows;      /* outputs that share it: 1, or the height of a block; 0: all */
  uint32_t scale_bits, zero_bits; /* per group */
  uint32_t index_bytes;           /* per input (GPTQ's g_idx) */
  uint32_t matrix_bytes;          /* per matrix: scalars */
  uint32_t super_group;           /* groups that share 32 bits more (double quantization) */
} vf_scheme_rule;

typedef struct vf_scheme_group {
  vf_scheme_rule rule;
  const vf_fact *targets; /* names of modules; NULL or "Linear": every matrix */
} vf_scheme_group;

typedef struct vf_scheme {
  char name[VF_SCHEME_NAME];   /* for reports: "AWQ 4-bit g128" */
  char method[VF_SCHEME_NAME]; /* as the config says: "awq" */
  vf_scheme_group groups[VF_SCHEME_GROUPS];
  size_t n_groups;
  vf_scheme_rule experts; /* of theirs alone, before any group */
  bool own_experts;       /* there is such a rule */
  bool experts_only;      /* MXFP4 of gpt-oss */
  bool embeddings;        /* too */
  bool output;            /* too */
  bool towers;            /* too: it takes every matrix that it does not leave out by name */
  const vf_fact *ignore;  /* names and patterns of modules that stay as they are; may be NULL */
  vf_weights_share share; /* of a name that says too little to tell the size; 0: it is told */
  const char *remark;     /* what such a name leaves open; static, NULL: nothing */
} vf_scheme;

/* What a config says about its weights; *found is false if it says nothing.  VF_UNSUPPORTED names
 * a method that is not known.  The scheme refers to the facts. */
vf_status vf_scheme_from_config(vf_scheme *out, bool *found, const vf_facts *facts, vf_error *err);

/* The scheme that people mean by a name ("awq", "fp8-dynamic", "gptq-int8-g32", "mlx-4bit",
 * "exl3-3.5bpw"); false: none. */
bool vf_scheme_named(vf_scheme *out, const char *name);

/* Whether a word that names a method and no bits ("gptq", "fp8", "gptq_marlin") is true of the
 * scheme. */
bool vf_scheme_is_said_by(const vf_scheme *scheme, const char *method);

/* What a word is in names of schemes, in lower case. */
typedef enum vf_scheme_word {
  VF_SCHEME_WORD_OTHER,  /* nothing */
  VF_SCHEME_WORD_METHOD, /* "awq", "w4a16", "exl3": enough for a scheme */
  VF_SCHEME_WORD_DETAIL, /* "4bit", "g128", "dynamic": of a method; "4bit" stands alone too */
  VF_SCHEME_WORD_FILLER, /* "quantized", "ct": about one, and says nothing of its size */
} vf_scheme_word;
vf_scheme_word vf_scheme_word_kind(const char *word);

/* Name i, NULL beyond the end. */
const char *vf_scheme_name(size_t i);

/* Stores every tensor as the scheme says; what it leaves alone gets the model's own format. */
vf_status vf_scheme_apply(vf_model *m, const vf_scheme *s, vf_error *err);

#endif
