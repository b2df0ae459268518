/* largest.c - bisection over whole steps. */
#include "solve/largest.h"

#include "base/checked.h"

typedef struct line {
  uint64_t step, most, end; /* end: the number of the last step */
  vf_question ask;
  void *user;
} line;

static uint64_t value_of(const line *l, uint64_t n) {
  return vf_min_u64(n * l->step, l->most);
}

/* good is answered yes or is 0; whether the last step is a no is not known yet.  The ends come
 * first: often everything is fine, or nothing is. */
static vf_status bisect(uint64_t *good, const line *l, vf_error *err) {
  uint64_t bad = l->end + 1, next = l->end; /* neither good nor bad is ever asked */
  for (int asked = 0; bad - *good > 1; asked++) {
    bool yes = false;
    vf_status status = l->ask(l->user, value_of(l, next), &yes, err);
    if (status != VF_OK) return status;
    if (yes)
      *good = next;
    else
      bad = next;
    next = asked == 0 && *good == 0 ? 1 : *good + (bad - *good) / 2;
  }
  return VF_OK;
}

vf_status vf_solve_largest(uint64_t *out, uint64_t step, uint64_t most, vf_question ask, void *user,
                           vf_error *err) {
  line l = {step, most, (most + step - 1) / step, ask, user};
  uint64_t good = 0;
  vf_status status = bisect(&good, &l, err);
  if (status == VF_OK) *out = value_of(&l, good);
  return status;
}

/* The first yes beyond `good`, close by or at doubling distances; 0: none. */
static vf_status find_beyond(uint64_t *found, uint64_t good, const line *l, vf_error *err) {
  *found = 0;
  for (uint64_t ahead = 2; good + ahead < l->end; ahead += ahead < VF_SOLVE_NEAR ? 1 : ahead) {
    bool yes = false;
    vf_status status = l->ask(l->user, value_of(l, good + ahead), &yes, err);
    if (status != VF_OK) return status;
    if (!yes) continue;
    *found = good + ahead;
    return VF_OK;
  }
  return VF_OK;
}

vf_status vf_solve_largest_near(uint64_t *out, uint64_t step, uint64_t most, vf_question ask,
                                void *user, vf_error *err) {
  line l = {step, most, (most + step - 1) / step, ask, user};
  uint64_t good = 0, found = 0;
  vf_status status = bisect(&good, &l, err);
  while (status == VF_OK && good < l.end) {
    status = find_beyond(&found, good, &l, err);
    if (status != VF_OK || found == 0) break;
    good = found;
    status = bisect(&good, &l, err);
  }
  if (status == VF_OK) *out = value_of(&l, good);
  return status;
}
