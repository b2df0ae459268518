/* term.h - an engine as a list of terms: what it allocates on a rank, one row each.
 *
 * A term is one thing that lies in memory: an id, the part of the budget that it belongs to, what
 * it takes (a function from the plan to an interval), how that came about in words, and where it is
 * read.  Lines, text, JSON and --explain all come from the row, so arithmetic and explanation
 * cannot drift apart.  A term that only some versions have says from which to which.
 *
 * The plan of an engine begins with a vf_ranks (engines/ranks.h); its functions cast it back:
 *
 *   static vf_amount rope(const vf_ranks *r, uint32_t device) {
 *     const vf_vllm_plan *p = (const vf_vllm_plan *)r;
 */
#ifndef VF_ENGINES_TERM_H
#define VF_ENGINES_TERM_H

#include "base/text.h"
#include "core/estimate.h"

struct vf_ranks;

/* What a term takes on one device. */
typedef struct vf_amount {
  vf_interval size; /* 0 at the upper end: there is none, and no line */
  vf_basis basis;
  const char *note; /* a few words for people; may be NULL */
  bool beside;      /* in the share that the engine leaves alone, in no sum */
} vf_amount;

static inline vf_amount vf_amount_exact(uint64_t bytes, const char *note) {
  return (vf_amount){vf_exactly(bytes), VF_BASIS_EXACT, note, false};
}

static inline vf_amount vf_amount_within(vf_interval size, vf_basis basis, const char *note) {
  return (vf_amount){size, basis, note, false};
}

typedef struct vf_term {
  const char *id; /* of the line: stable, machine-readable */
  vf_part part;
  vf_amount (*amount)(const struct vf_ranks *plan, uint32_t device);
  const char *formula; /* in words; NULL: `words` tells it, with the numbers of the plan */
  void (*words)(const struct vf_ranks *plan, const vf_line *line, vf_text *out);
  const char *source;    /* file and line of the engine, or what it was fitted on */
  uint32_t since, until; /* versions that have it, as vf_ranks_version() counts; 0: no end */
  const char *within;    /* id of the term whose line holds it, as the engine's own log counts it:
                            NULL, a line of its own */
  bool on_host;          /* in main memory, for the rank */
  bool late;             /* follows from the pool: added once that is known */
} vf_term;

/* Adds the lines of all terms that the plan's version has; late or not. */
void vf_terms_add(const struct vf_ranks *plan, uint32_t device, bool late);

/* Keeps the plan, of `size` bytes, for explanations: its engine's stand() puts it at the rank of a
 * device again. */
void vf_plan_keep(const struct vf_ranks *plan, size_t size);

/* vf_engine.explain of an engine that is a list of terms. */
void vf_terms_explain(const vf_estimate *e, const vf_line *line, vf_text *out);

/* "16 slots × 1,048,576 B": what is taken so many times, of `bytes` in all. */
void vf_terms_put_each(vf_text *out, uint64_t count, const char *what, uint64_t bytes);

/* "54,713,457,120 B = 50.96 GiB", and for an interval its ends. */
void vf_terms_put_size(vf_text *out, vf_interval size);

#endif
