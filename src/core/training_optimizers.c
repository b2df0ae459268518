/* training_optimizers.c - the states of optimizers. */
#include "core/training_optimizers.h"

#include "base/checked.h"

#define STATES_ROW(id, w, s, m, others, bytes, copy, page, r, from)                                \
  [VF_##id] = {.word = w,                                                                          \
               .states = VF_STATES_##s,                                                            \
               .moments = m,                                                                       \
               .other_moments = others,                                                            \
               .permille = bytes,                                                                  \
               .copies = copy,                                                                     \
               .paged = page,                                                                      \
               .rank = r,                                                                          \
               .source = from},

const vf_train_optimizer vf_optimizers[VF_OPTIMIZER_COUNT] = {VF_OPTIMIZERS(STATES_ROW)};

#define STATES_WORD(id, word, states, moments, others, bytes, copy, paged, rank, source)           \
  [VF_##id] = word,

const char *const vf_optimizer_words[VF_OPTIMIZER_COUNT + 1] = {VF_OPTIMIZERS(STATES_WORD)};

static uint64_t times(uint64_t a, uint64_t b, bool *overflow) {
  uint64_t out = 0;
  if (!vf_mul(&out, a, b)) *overflow = true;
  return out;
}

bool vf_optimizer_has_rank(vf_optimizer o) {
  vf_states s = vf_optimizers[o].states;
  return s == VF_STATES_PROJECTED || s == VF_STATES_SKETCHED;
}

/* Thousandths of a byte that all moments of a parameter take. */
static uint64_t moments_of(const vf_train_optimizer *o, uint64_t width, bool layers) {
  uint64_t n = layers ? o->moments : o->other_moments;
  return o->permille != 0 ? o->permille : n * width * 1000;
}

/* Sum of a (a + 1) / 2 over the blocks that a side is cut into: a triangle each. */
static uint64_t triangles_of_side(uint64_t side, uint64_t most, bool *overflow) {
  uint64_t rest = side % most;
  return times(side / most, most * (most + 1) / 2, overflow) + rest * (rest + 1) / 2;
}

/* Of a factor and its root or basis in fp32, for both sides: whole squares, or packed triangles. */
static uint64_t of_squares(const vf_train_optimizer *o, uint64_t m, uint64_t n, bool *overflow) {
  enum { FACTOR_AND_ROOT = 2 * 4 };
  uint64_t sum = 0;
  if (o->states == VF_STATES_SQUARES) {
    if (m <= o->rank) sum += m * m;
    if (n <= o->rank) sum += n * n;
  } else {
    uint64_t rows = (m + o->rank - 1) / o->rank, columns = (n + o->rank - 1) / o->rank;
    sum = times(columns, triangles_of_side(m, o->rank, overflow), overflow) +
          times(rows, triangles_of_side(n, o->rank, overflow), overflow);
  }
  return times(sum, FACTOR_AND_ROOT * 1000, overflow);
}

uint64_t vf_optimizer_states(vf_optimizer which, uint64_t rank, uint64_t width, bool layers,
                             uint64_t m, uint64_t n, uint64_t count, bool *overflow) {
  const vf_train_optimizer *o = &vf_optimizers[which];
  uint64_t shorter = vf_min_u64(m, n), longer = vf_max_u64(m, n), all = times(m, n, overflow);
  uint64_t whole = times(all, moments_of(o, width, layers), overflow), one = whole;
  uint64_t r = vf_min_u64(rank != 0 ? rank : o->rank, shorter);
  bool vector = shorter == 1;
  switch (o->states) {
  case VF_STATES_WHOLE: break;
  case VF_STATES_FACTORS: one = vector ? longer * 4000 : (m + n) * 4000; break;
  case VF_STATES_PROJECTED:
  case VF_STATES_SKETCHED:
    if (vector || !layers) break;
    one = times(longer * r, moments_of(o, width, true), overflow);
    if (o->states == VF_STATES_PROJECTED) one += times(shorter * r, width * 1000, overflow);
    break;
  case VF_STATES_SQUARES:
  case VF_STATES_BLOCKS:
    if (!vector && !vf_add(&one, whole, of_squares(o, m, n, overflow))) *overflow = true;
    break;
  }
  return times(one, count, overflow);
}
