/* largest.c - the border between yes and no, with few questions.
 *
 * Memory grows nearly in proportion to a context or a number of sequences, so two values tell where
 * the border should be, or one value and what of it is in proportion.  The guess is asked, and its
 * neighbour: mostly that is all.  Where the guesses keep falling on one side, the next one goes
 * twice as far across, so that a bend or a staircase costs a logarithm and never a walk. */
#include "solve/largest.h"

#include "base/checked.h"

/* One side of the border; n is what was asked last on it, or just outside of what can be asked. */
typedef struct side {
  uint64_t n;
  bool asked;
  vf_sample sample;
} side;

typedef struct search {
  uint64_t end;
  side good, bad;    /* good.n < bad.n */
  side before;       /* the good one before that; for a slope where nothing is bad yet */
  unsigned repeated; /* guesses in a row that fell on one side */
  bool last_yes;
  unsigned asked;
} search;

enum { MOST_GUESSES = 12 }; /* after that, hints are no help: halves are cut off */

static void note(search *s, uint64_t n, const vf_sample *sample) {
  side *at = sample->yes ? &s->good : &s->bad;
  if (sample->yes) s->before = s->good;
  *at = (side){n, true, *sample};
}

/* Below the first is a hint as well: what there is at nearly nothing. */
static bool says_something(const search *s, const vf_known *k) {
  if (k->n == 0) return k->sample.yes && !s->good.asked;
  return k->n > s->good.n && k->n < s->bad.n;
}

/* The nearest that lies strictly between the sides. */
static uint64_t clamp(const search *s, double n) {
  if (!(n > (double)s->good.n)) return s->good.n + 1;
  return n >= (double)s->bad.n ? s->bad.n - 1 : vf_max_u64((uint64_t)n, s->good.n + 1);
}

static uint64_t middle(const search *s) {
  return s->good.n + (s->bad.n - s->good.n) / 2;
}

/* What one step costs, from what of a sample is in proportion to its value. */
static double slope_of(const side *x) {
  return x->n != 0 ? (double)x->sample.grows / (double)x->n : 0;
}

static bool both_far(const side *x, const side *y) {
  return x->asked && y->asked && x->sample.has_far && y->sample.has_far;
}

/* Beyond all that is good; the end itself where that was tried and fell short. */
static uint64_t guess_up(const search *s) {
  const side *g = &s->good;
  double slope = slope_of(g);
  if (both_far(&s->before, g))
    slope = (double)(s->before.sample.far - g->sample.far) / (double)(g->n - s->before.n);
  if (!g->sample.has_far || !(slope > 0) || s->repeated > 1) return s->end;
  return clamp(s, (double)g->n + (double)g->sample.far / slope);
}

/* Below all that is bad; the first where that was tried. */
static uint64_t guess_down(const search *s) {
  const side *b = &s->bad;
  double slope = slope_of(b);
  if (!b->sample.has_far || !(slope > 0) || s->repeated > 1) return 1;
  return clamp(s, (double)b->n + (double)b->sample.far / slope);
}

/* Where the line between the two crosses the border; further across the more often that fell short.
 */
static uint64_t guess_between(const search *s) {
  const side *g = &s->good, *b = &s->bad;
  double across = s->repeated < 62 ? (double)((UINT64_C(1) << s->repeated) - 1) : 1e18;
  double left = (double)g->sample.far, missing = -(double)b->sample.far;
  double n = (double)g->n + (double)(b->n - g->n) * left / (left + missing);
  return clamp(s, s->last_yes ? n + across : n - across);
}

/* The ends come first where nothing is known: often everything is fine, or nothing is. */
static uint64_t next_guess(const search *s) {
  if (!s->good.asked && !s->bad.asked) return s->end;
  if (!s->bad.asked) return guess_up(s);
  if (!s->good.asked) return guess_down(s);
  bool guess = both_far(&s->good, &s->bad) && s->asked < MOST_GUESSES;
  return guess ? guess_between(s) : middle(s);
}

vf_status vf_solve_largest(uint64_t *out, uint64_t end, const vf_known *known, size_t known_count,
                           vf_try ask, void *user, vf_error *err) {
  search s = {.end = end, .bad = {.n = end + 1}};
  for (size_t i = 0; i < known_count; i++)
    if (says_something(&s, &known[i])) note(&s, known[i].n, &known[i].sample);
  while (s.bad.n - s.good.n > 1) {
    vf_sample sample = {false, false, 0, 0};
    uint64_t n = next_guess(&s);
    vf_status status = ask(user, n, &sample, err);
    if (status != VF_OK) return status;
    s.repeated = sample.yes == s.last_yes ? s.repeated + 1 : 0;
    s.last_yes = sample.yes;
    s.asked++;
    note(&s, n, &sample);
  }
  *out = s.good.n;
  return VF_OK;
}
