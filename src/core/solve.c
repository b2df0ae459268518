/* solve.c - bisection over whole steps. */
#include "core/solve.h"

vf_status vf_solve_largest(uint64_t *out, uint64_t step, uint64_t most, vf_question ask,
                           void *user, vf_error *err) {
  uint64_t good = 0, bad = (most + step - 1) / step + 1; /* in steps; `bad` is never asked */
  uint64_t best = 0, next = bad - 1;                     /* the top first: often all of it is fine */
  while (bad - good > 1) {
    uint64_t x = next * step < most ? next * step : most;
    bool yes = false;
    vf_status status = ask(user, x, &yes, err);
    if (status != VF_OK) return status;
    if (yes) good = next, best = x;
    else bad = next;
    next = good + (bad - good) / 2;
  }
  *out = best;
  return VF_OK;
}
