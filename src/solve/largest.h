/* largest.h - the largest value for which a monotone question is answered yes. */
#ifndef VF_SOLVE_LARGEST_H
#define VF_SOLVE_LARGEST_H

#include "vramfit/solve.h"

/* Asks whether x is all right: VF_OK and *yes, or a failure that ends the search. */
typedef vf_status (*vf_question)(void *user, uint64_t x, bool *yes, vf_error *err);

/* Largest multiple of step in [step, most] (and `most` itself) that is answered yes, 0 if none. */
vf_status vf_solve_largest(uint64_t *out, uint64_t step, uint64_t most, vf_question ask, void *user,
                           vf_error *err);

/* The same where the question is not quite monotone: beyond the answer the next VF_SOLVE_NEAR
 * steps are asked as well, and then every step that is twice as far; a yes among them goes on from
 * there.  So the step beyond the answer is always a no, and so are those after it. */
enum { VF_SOLVE_NEAR = 32 };
vf_status vf_solve_largest_near(uint64_t *out, uint64_t step, uint64_t most, vf_question ask,
                                void *user, vf_error *err);

#endif
