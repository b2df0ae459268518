/* trainer_words.h - one word of a trainer, in a file or on a line, into a command. */
#ifndef VF_DEPLOY_TRAINER_WORDS_H
#define VF_DEPLOY_TRAINER_WORDS_H

#include "deploy/command.h"
#include "engines/trainers.h"
#include "readers/node.h"

/* Numbers of a network that no name stands for, and of how it is run, as they were said; NULL where
 * they were not. */
#define VF_NETWORK_NUMBERS(N)                                                                      \
  N(layers)                                                                                        \
  N(hidden)                                                                                        \
  N(heads)                                                                                         \
  N(ff)                                                                                            \
  N(groups)                                                                                        \
  N(head_dim)                                                                                      \
  N(vocab)                                                                                         \
  N(experts)                                                                                       \
  N(expert_ff)                                                                                     \
  N(top_k)                                                                                         \
  N(shared_ff)                                                                                     \
  N(places)                                                                                        \
  N(position)                                                                                      \
  N(tokenizer)                                                                                     \
  N(tokenizer_type)                                                                                \
  N(gated)                                                                                         \
  N(untied)                                                                                        \
  N(qk_norm)                                                                                       \
  N(global_batch)                                                                                  \
  N(stage_layers)                                                                                  \
  N(beta)

typedef struct vf_trainer_network {
#define VF_NETWORK_FIELD(name) const char *name;
  VF_NETWORK_NUMBERS(VF_NETWORK_FIELD)
#undef VF_NETWORK_FIELD
  uint32_t nodes; /* 0: one */
} vf_trainer_network;

/* Words on their way into a command. */
typedef struct vf_trainer_reading {
  vf_command *c;
  const vf_dialect *const *tables; /* VF_TRAINER_TABLES of them, NULL at the end */
  const char *folder;              /* of files that words name: "" or "a/b/" */
  int depth;                       /* of files within files */
  vf_trainer_network *network;     /* what is said of one; NULL: nobody keeps it */
} vf_trainer_reading;

/* Keeps one of its numbers; VF_USAGE for a name that there is not. */
vf_status vf_trainer_network_set(const vf_trainer_reading *r, const char *name, const char *value,
                                 vf_error *err);

/* When all words are read: the model that its numbers describe, steps that follow from the whole
 * batch, GPUs of all nodes, a reference that GRPO's beta asks for. */
vf_status vf_trainer_network_close(const vf_trainer_reading *r, vf_error *err);

/* The row of a word, and the table it stands in; NULL: nobody knows it.  Further rows of the same
 * word follow from `after` on (NULL: the first). */
const vf_spelling *vf_trainer_row(const vf_dialect *const *tables, const char *word,
                                  const vf_spelling *after, const vf_dialect **table);

/* Whether some row has a word behind this one and a dot. */
bool vf_trainer_reads_within(const vf_dialect *const *tables, const char *word);

/* Takes one word with its value ("" for none) by all its rows. */
vf_status vf_trainer_take(const vf_trainer_reading *r, const char *word, const char *value,
                          vf_error *err);

/* Takes a tree whose kind is known. */
vf_status vf_trainer_take_tree(const vf_trainer_reading *r, const vf_node *root, vf_error *err);

/* What program a tree is for, and its words; NULL: no program's that is known. */
const vf_trainer *vf_trainer_of_tree(const vf_node *root, const vf_dialect *const **tables);

/* Reads a file that a word names, relative to the folder. */
vf_status vf_trainer_take_file(const vf_trainer_reading *r, const char *path, vf_error *err);

#endif
