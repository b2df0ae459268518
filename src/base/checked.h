/* checked.h - arithmetic on numbers that came from outside.
 *
 * Each function writes *out and returns true, or returns false and leaves *out alone when the
 * result does not fit 64 bits.  Products of file-derived numbers use nothing else. */
#ifndef VF_BASE_CHECKED_H
#define VF_BASE_CHECKED_H

#include <stdbool.h>
#include <stdint.h>

#define VF_CHECKED static inline __attribute__((warn_unused_result))

VF_CHECKED bool vf_add(uint64_t *out, uint64_t a, uint64_t b) {
  uint64_t sum;
  if (__builtin_add_overflow(a, b, &sum)) return false;
  *out = sum;
  return true;
}

VF_CHECKED bool vf_mul(uint64_t *out, uint64_t a, uint64_t b) {
  uint64_t product;
  if (__builtin_mul_overflow(a, b, &product)) return false;
  *out = product;
  return true;
}

VF_CHECKED bool vf_mul3(uint64_t *out, uint64_t a, uint64_t b, uint64_t c) {
  uint64_t ab;
  return vf_mul(&ab, a, b) && vf_mul(out, ab, c);
}

/* Rounds up to a multiple; checks before adding, since padding a size near 2^64 would wrap to 0. */
VF_CHECKED bool vf_align_up(uint64_t *out, uint64_t n, uint64_t multiple) {
  uint64_t rest = n % multiple;
  return rest == 0 ? vf_add(out, n, 0) : vf_add(out, n, multiple - rest);
}

static inline uint64_t vf_min_u64(uint64_t a, uint64_t b) {
  return a < b ? a : b;
}

static inline uint32_t vf_max_u32(uint32_t a, uint32_t b) {
  return a > b ? a : b;
}

static inline uint32_t vf_min_u32(uint32_t a, uint32_t b) {
  return a < b ? a : b;
}

/* One more word in a fingerprint. */
static inline uint64_t vf_stir(uint64_t h, uint64_t word) {
  h = (h ^ word) * UINT64_C(0x9E3779B97F4A7C15);
  return h ^ h >> 29;
}

/* Members of a set that is kept as bits. */
static inline unsigned vf_count_bits(uint32_t set) {
  unsigned n = 0;
  for (; set != 0; set &= set - 1) n++;
  return n;
}

static inline uint64_t vf_max_u64(uint64_t a, uint64_t b) {
  return a > b ? a : b;
}

#endif
