/* question.h - the most of one thing that fits, in one deployment.
 *
 * `max` asks one of these over all that is left free, `limits` asks several of one estimate: they
 * are the same questions, so the two cannot differ. */
#ifndef VF_SOLVE_QUESTION_H
#define VF_SOLVE_QUESTION_H

#include "base/arena.h"
#include "deploy/asker.h"
#include "engines/engine.h"
#include "solve/largest.h"

enum { VF_MOST_DEVICES = 64 }; /* that are looked at for "how many" */

/* Where nobody says a context: what lists of models and devices are asked with. */
enum { VF_USUAL_CTX = 8192 };

typedef struct vf_question {
  vf_max_kind kind;
  vf_deployment d;         /* everything chosen but what is asked for */
  const vf_engine *engine; /* that it runs in */
  const char *list;        /* of names to choose from; NULL: all that are usual */
  const vf_estimate *base; /* the deployment as it is, estimated already; NULL: it is not */
} vf_question;

/* What estimates, and remembers; names lie in the arena. */
typedef struct vf_solver {
  vf_asker asker;
  vf_arena *arena;
  size_t estimates;
} vf_solver;

/* Answers it.  VF_USAGE where the question makes no sense for the engine or the device; what the
 * engine refuses on the way is a no, and no failure. */
vf_status vf_question_solve(vf_answer *out, vf_solver *s, const vf_question *q, vf_error *err);

/* One value, as a step of the search: the choice, and whether it fits. */
vf_status vf_question_look(vf_choice *out, vf_sample *sample, vf_solver *s, const vf_question *q,
                           uint64_t number, vf_error *err);

/* How far an estimate is from its border. */
vf_sample vf_sample_of(const vf_estimate *e);

/* Names to choose from, the best first: widest formats, cheapest devices. */
typedef struct vf_candidate {
  const char *name;
  uint64_t first, second; /* what they are ordered by, smaller first */
} vf_candidate;

typedef struct vf_candidates {
  vf_candidate *list;
  size_t count;
} vf_candidates;

vf_status vf_candidates_rank(vf_candidates *out, vf_solver *s, const vf_deployment *base,
                             vf_axis_kind kind, const char *list, vf_error *err);

#endif
