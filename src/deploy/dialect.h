/* dialect.h - finding engines and their words. */
#ifndef VF_DEPLOY_DIALECT_H
#define VF_DEPLOY_DIALECT_H

#include "engines/engine.h"
#include "engines/spelling.h"

/* The engine that a program's words start, "vllm serve" or "python -m sglang.launch_server", at
 * words[at]; *used counts them.  NULL: none that is known. */
const vf_engine *vf_dialect_program(const char *const *words, size_t count, size_t at,
                                    size_t *used);

/* The engine that an image starts by itself; NULL: none that is known. */
const vf_engine *vf_dialect_image(const char *image);

/* A word of a dialect, with what is written behind '=' or '.'. */
typedef struct vf_said {
  const vf_spelling *row; /* NULL: no such word */
  const char *name;       /* as the table spells it, up to a blank */
  const char *member;     /* behind the dot of an object's member that has no row; NULL: none */
  const char *value;      /* behind '='; NULL: nothing is */
  bool exact;             /* the whole name was written, not its beginning or its opposite */
  bool negated;           /* "--no-x" */
  bool ambiguous;         /* an abbreviation of several: of `name` and */
  const char *other;      /* this one, for two */
} vf_said;

vf_said vf_dialect_find(const vf_dialect *d, const char *word);

/* The row for words that are no option's; NULL: there is none. */
const vf_spelling *vf_dialect_bare(const vf_dialect *d);

/* Word i of a row, and its length; NULL beyond the last. */
const char *vf_spelling_word(const vf_spelling *row, size_t i, size_t *length);

/* What a row's map makes of a word, "none:on *:off", and the word that it makes that of; NULL:
 * nothing. */
const char *vf_spelling_map(const vf_spelling *row, const char *word, size_t *length);
const char *vf_spelling_unmap(const vf_spelling *row, const char *ours, size_t *length);

#endif
