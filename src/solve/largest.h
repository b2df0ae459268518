/* largest.h - the largest value for which a monotone question is answered yes. */
#ifndef VF_SOLVE_LARGEST_H
#define VF_SOLVE_LARGEST_H

#include "vramfit/solve.h"

/* What became of one value.  How far it is from the border is a hint alone, in any unit that is the
 * same for all values of one search: it says where to look next, never what the answer is. */
typedef struct vf_sample {
  bool yes;
  bool has_far;
  int64_t far;   /* what is left over, at least 0; of a no, what is missing, below 0 */
  int64_t grows; /* what is in proportion to the value; 0: not known */
  int64_t slack; /* what may be less for a larger value all the same */
} vf_sample;

/* A value that was asked before; 0 for nearly nothing, where that is a yes. */
typedef struct vf_known {
  uint64_t n;
  vf_sample sample;
} vf_known;

/* Asks about n: VF_OK and a sample, or a failure that ends the search. */
typedef vf_status (*vf_try)(void *user, uint64_t n, vf_sample *out, vf_error *err);

/* Largest n in [1, end] that is answered yes; 0: none.  Unless that is the end, n + 1 has been
 * answered no: both may have been known before.  The last yes that was asked is the answer, and the
 * last no the step beyond. */
vf_status vf_solve_largest(uint64_t *out, uint64_t end, const vf_known *known, size_t known_count,
                           vf_try ask, void *user, vf_error *err);

#endif
