/* builder.h - one model under construction, and the row of the table that says how. */
#ifndef VF_MODELS_BUILDER_H
#define VF_MODELS_BUILDER_H

#include "base/facts.h"
#include "core/model.h"
#include "models/arch.h"
#include "models/hparams.h"
#include "models/tower.h"

/* How an architecture's config is to be read, and what stands outside its layers. */
enum vf_trait {
  VF_TRAIT_BIAS = 1 << 0,           /* attention_bias puts a bias on Q, K, V and the output */
  VF_TRAIT_QKV_BIAS = 1 << 1,       /* attention_bias puts one on Q, K and V */
  VF_TRAIT_FF_BIAS = 1 << 2,        /* mlp_bias does on the feed-forward */
  VF_TRAIT_TIED = 1 << 3,           /* tie_word_embeddings when the config leaves it out */
  VF_TRAIT_EXPERTS = 1 << 4,        /* may be a mixture of experts */
  VF_TRAIT_POSITIONS = 1 << 5,      /* learned position embeddings */
  VF_TRAIT_EMBD_NORM = 1 << 6,      /* normalized embeddings */
  VF_TRAIT_HEAD_BIAS = 1 << 7,      /* the output matrix has a bias */
  VF_TRAIT_NO_OUTPUT = 1 << 8,      /* neither output matrix nor output norm: embeds texts */
  VF_TRAIT_MTP = 1 << 9,            /* its GGUF form has the layers for multi-token prediction */
  VF_TRAIT_FF_4X = 1 << 10,         /* feed-forward of four times the hidden size by default */
  VF_TRAIT_NO_HEADS = 1 << 11,      /* no attention at all: head counts mean nothing */
  VF_TRAIT_NO_FF = 1 << 12,         /* no feed-forward in the layers */
  VF_TRAIT_EXPERT_IS_FF = 1 << 13,  /* experts are intermediate_size wide */
  VF_TRAIT_WINDOW_UNUSED = 1 << 14, /* windows exist in the model, not in its GGUF form */
  VF_TRAIT_NO_OUTPUT_NORM = 1 << 15,
  VF_TRAIT_TIED_ALWAYS = 1 << 16,
  VF_TRAIT_QK_NORM_FLAG = 1 << 17, /* use_qk_norm or qk_layernorm decides about Q and K norms */
  VF_TRAIT_TYPES = 1 << 18,        /* an embedding per kind of text: two, unless the config says */
  VF_TRAIT_ENCODER_DECODER = 1 << 19,
  VF_TRAIT_MORE_ROWS = 1 << 20,  /* of the embedding than the vocabulary says */
  VF_TRAIT_SECTIONS = 1 << 21,   /* four positions per token if the file has sections of rotation */
  VF_TRAIT_DRAFT = 1 << 22,      /* reads hidden states of the model that it guesses for */
  VF_TRAIT_FF_DOUBLED = 1 << 24, /* its GGUF form states twice the feed-forward's size */
  VF_TRAIT_ONE_NORM_TOO = 1 << 25, /* some of its models have no norm of the feed-forward's own */
  VF_TRAIT_K_IS_V_TOO = 1 << 26,   /* in some the keys of some layers serve as values */
  VF_TRAIT_PLAIN_TOO = 1 << 27,    /* and in some the experts have no gate */
  VF_TRAIT_DENSE_TOO = 1 << 28,    /* of a class for experts, some models have none */
  VF_TRAIT_NO_EMBD = 1 << 23,      /* has neither embedding nor output matrix: uses that model's */
};

typedef struct vf_builder vf_builder;

/* Which layers look back only so far, if the config does not list them. */
typedef enum vf_window_rule {
  VF_WINDOWS_NONE,
  VF_WINDOWS_ALL,        /* every layer, if the config gives a window */
  VF_WINDOWS_LAST_FULL,  /* of each period all but the last layer */
  VF_WINDOWS_FIRST_FULL, /* all but the first */
} vf_window_rule;

typedef struct vf_arch {
  const char *model_type; /* of a config.json */
  const char *gguf;       /* general.architecture; NULL: llama.cpp has no such architecture */
  uint64_t flags;         /* of every layer */
  uint32_t traits;        /* vf_trait */
  uint32_t model_flags;   /* vf_model_flag */
  vf_window_rule windows;
  uint32_t window_period;
  uint32_t mixers; /* of every layer; 0: attention */
  void (*tune)(vf_builder *, uint32_t,
               vf_layer *); /* what is peculiar about a layer; may be NULL */
  uint64_t ops;             /* VF_OPS_* of every layer */
} vf_arch;

/* What a file has of one layer: which roles, and the shapes that say what the header does not. */
typedef struct vf_seen {
  uint64_t weights[4], biases[4]; /* a bit per role */
  uint64_t q_out, k_out, gate_out, q_norm, q_norm_rows;
  uint64_t ff_up, ff_down, ff_expert, n_experts, ff_shared, expert_in;
  uint32_t n_tensors;
  bool mixes_five; /* RWKV 6: one tensor for all five */
} vf_seen;

struct vf_builder {
  const vf_arch *arch;
  const vf_facts *facts;
  const vf_inventory *inv; /* of a file, with its names; else NULL */
  vf_hparams h;
  vf_model *m;
  bool gguf;
  bool trtllm;    /* the config is TensorRT-LLM's */
  vf_seen *seen;  /* of a file, one per layer; else NULL */
  uint32_t n_mtp; /* of the layers, the last ones */
  vf_status status;
  vf_error *err;
  size_t tensor_capacity;
  vf_towers towers;
};

/* arch_table.c: the row for a model_type, or for a GGUF architecture; NULL: unknown. */
const vf_arch *vf_arch_find(const char *name, bool gguf);

/* arch_config.c: row i of the architectures known from configs, NULL beyond the end; and the
 * model_type of a draft, NULL if the config is of none. */
const vf_arch *vf_arch_of_config(size_t i);
const char *vf_draft_type(const vf_facts *facts);
uint32_t vf_draft_states(const vf_builder *b);

/* A flag of the config; a wrong type is an error of the builder. */
bool vf_builder_flag(vf_builder *b, const char *key, bool fallback);

/* 1 or 0 (true or false) for layer i of a list; -1 if there is no such list. */
int vf_builder_switch(const vf_builder *b, const char *key, uint32_t i);

/* stretch.c: the kind of rope scaling, "" for none; and how it stretches the model's limit, whose
 * factor is checked: what is none is an error of the builder. */
const char *vf_rope_kind(const vf_facts *facts);
vf_positions vf_builder_stretch(vf_builder *b);

/* layout.c: describes all layers. */
void vf_layout(vf_builder *b);

/* refine.c: looks at the tensors of a file before the layers are laid out, and takes from them
 * what a layer is made of. */
void vf_look_at_tensors(vf_builder *b);
uint32_t vf_seen_mixers(const vf_seen *s);
bool vf_seen_index(const vf_seen *s);
void vf_lay_from_tensors(vf_builder *b, uint32_t i, vf_layer *l);

/* emit.c: appends a tensor, in no useful format yet; one without elements is left out. */
void vf_builder_add(vf_builder *b, vf_tensor t);

/* emit.c: the tensors that the layers and what is around them need. */
void vf_emit(vf_builder *b);

/* whole.c: fails unless the file's tensors are those that its layers are loaded with; and fails for
 * one that is not there, and for one of another shape. */
void vf_check_whole(vf_builder *b);
void vf_miss_tensor(vf_builder *b, const char *name);
void vf_refuse_shape(vf_builder *b, const char *name, const vf_tensor *t, const vf_tensor *wanted);

/* needs.c: fails unless the file has every tensor that llama.cpp's loader refuses a file without. */
void vf_check_needs(vf_builder *b);

#endif
