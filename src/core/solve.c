/* solve.c - bisection over whole steps. */
#include "core/solve.h"

#include "base/checked.h"

/* The ends come first: often everything is fine, or nothing is. */
vf_status vf_solve_largest(uint64_t *out, uint64_t step, uint64_t most, vf_question ask, void *user,
                           vf_error *err) {
  uint64_t good = 0, bad = (most + step - 1) / step + 1; /* in steps; neither is ever asked */
  uint64_t next = bad - 1;
  for (int asked = 0; bad - good > 1; asked++) {
    bool yes = false;
    vf_status status = ask(user, vf_min_u64(next * step, most), &yes, err);
    if (status != VF_OK) return status;
    if (yes)
      good = next;
    else
      bad = next;
    next = asked == 0 ? 1 : good + (bad - good) / 2;
  }
  *out = vf_min_u64(good * step, most);
  return VF_OK;
}
