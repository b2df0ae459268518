/* trainers.h - programs that train: what each takes where nothing is said, and what it lacks.
 *
 * The arithmetic of a training run (core/training.c) knows no program.  What programs do
 * differently is what they set: which loss they bring, whether they checkpoint, what their
 * optimizer is.  So a program is a row of such settings, in the words of `vramfit train`, and the
 * words that it does not have. */
#ifndef VF_ENGINES_TRAINERS_H
#define VF_ENGINES_TRAINERS_H

#include "engines/spelling.h"
#include "vramfit/train.h"

/* A word that is taken where none is said; only of one method, or of all but none. */
typedef struct vf_trainer_default {
  const char *param, *value; /* "optimizer", "adamw-8bit"; NULL at the end */
  const char *method;        /* only with this one, or "adapters", all but full; NULL: always */
} vf_trainer_default;

enum { VF_TRAINER_TABLES = 3 };

typedef struct vf_trainer {
  const char *name;           /* "trl" */
  const char *const *aliases; /* NULL-terminated */
  const char *title;          /* for people: "TRL" */
  const char *checked; /* when its defaults were compared with its code; NULL: they were not */
  const vf_trainer_default *defaults;
  const char *const *lacks; /* "parallel=fsdp", "offload=params"; NULL-terminated */
  bool main_grads;          /* Megatron's optimizer: fp32 gradients in a buffer, master weights */
  bool no_upcast;           /* norms and the stream beside a quantized base stay in 16 bits */
  const char *note;         /* what it does that no word says; NULL: nothing */
  const char *source;       /* of the defaults: files of its code */
  /* Its words, in files and on lines: a first table that has a word counts.  A row's words stand
   * without dashes, '_' is '-', and a '*' at the end is any ending; keys within keys have dots
   * between them.  Parameters are those of train.h and of deployments, and: "@config", another file
   * of words; "@component", a model by torchtune's name; "@nodes", of as many GPUs each; and
   * "@network.NAME", a number of a network that no name stands for.  In maps an empty word says
   * nothing, and
   * "-" is not read. */
  const vf_dialect *words[VF_TRAINER_TABLES];
} vf_trainer;

/* Of those who start trainers, and of DeepSpeed's own file. */
extern const vf_dialect vf_words_accelerate, vf_words_launcher, vf_words_deepspeed;
extern const vf_dialect vf_words_trainer, vf_words_axolotl, vf_words_factory;
extern const vf_dialect vf_words_torchtune, vf_words_mlx_lora, vf_words_megatron, vf_words_nemo;

/* Row i; NULL beyond the last. */
const vf_trainer *vf_trainer_at(size_t i);

/* By a name or an alias.  NULL is PyTorch by itself.  VF_UNKNOWN with what there is. */
vf_status vf_trainer_find(const vf_trainer **out, const char *name, vf_error *err);

/* Fills in what was not said, and refuses what the program lacks: VF_UNSUPPORTED. */
vf_status vf_trainer_settle(vf_train_request *inout, vf_error *err);

/* Whether the program has that word. */
bool vf_trainer_has(const vf_trainer *t, const char *param, const char *value);

#endif
