/* units.c - "24GiB" to bytes and back, in integers: no float ever holds a size. */
#include "base/units.h"
#include "base/args.h"

#include <inttypes.h>
#include <string.h>

#include "base/checked.h"
#include "base/names.h"
#include "base/status.h"

/* ---- Reading ---------------------------------------------------------------------------- */

/* Digits at *s into *out; false if there is none or they do not fit. */
static bool read_digits(const char **s, uint64_t *out, int *count) {
  uint64_t n = 0;
  int digits = 0;
  for (; **s >= '0' && **s <= '9'; (*s)++, digits++) {
    if (!vf_mul(&n, n, 10) || !vf_add(&n, n, (uint64_t)(**s - '0'))) return false;
  }
  *out = n;
  *count = digits;
  return digits > 0;
}

static vf_status bad_tokens(vf_error *err, const char *text) {
  return vf_fail(err, VF_USAGE,
                 "'%s' is not a number of tokens (whole and above 0; 32k is 32768, 1M is 1048576)",
                 text);
}

vf_status vf_tokens_parse(uint64_t *out_tokens, const char *text, vf_error *err) {
  const char *s = text;
  uint64_t n, scale = 1;
  int digits;
  VF_NEED(err, out_tokens);
  VF_NEED(err, text);
  if (!read_digits(&s, &n, &digits)) return bad_tokens(err, text);
  if (*s == 'k' || *s == 'K') scale = VF_KIB;
  if (*s == 'm' || *s == 'M') scale = VF_MIB;
  if (scale != 1) s++;
  if (*s != '\0' || !vf_mul(&n, n, scale) || n == 0) return bad_tokens(err, text);
  if (n > INT32_MAX)
    return vf_fail(err, VF_LIMIT, "%s is beyond %d tokens, the most that engines count", text,
                   INT32_MAX);
  *out_tokens = n;
  return VF_OK;
}

/* One letter is what free, ls and Docker mean by it. */
static const struct {
  const char *name;
  uint64_t bytes;
} size_units[] = {
    {"", 1},
    {"B", 1},
    {"KiB", UINT64_C(1) << 10},
    {"MiB", UINT64_C(1) << 20},
    {"GiB", UINT64_C(1) << 30},
    {"TiB", UINT64_C(1) << 40},
    {"KB", UINT64_C(1000)},
    {"MB", UINT64_C(1000000)},
    {"GB", UINT64_C(1000000000)},
    {"TB", UINT64_C(1000000000000)},
    {"K", UINT64_C(1) << 10},
    {"M", UINT64_C(1) << 20},
    {"G", UINT64_C(1) << 30},
    {"T", UINT64_C(1) << 40},
};

static vf_status bad_size(vf_error *err, const char *text) {
  return vf_fail(err, VF_USAGE,
                 "'%s' is not a size (for example 24GiB, 24GB, 512MiB; GiB is 2^30 bytes, GB 10^9)",
                 text);
}

static uint64_t find_size_unit(const char *name) {
  for (size_t i = 0; i < sizeof size_units / sizeof *size_units; i++)
    if (vf_name_equal(name, size_units[i].name)) return size_units[i].bytes;
  return 0;
}

/* whole.fraction unit; the fraction counts down to the byte, at most nine digits of it. */
/* What every reader of JSON takes for the same number: integers of a double. */
#define MOST_BYTES (UINT64_C(1) << 53)

vf_status vf_size_parse(uint64_t *out_bytes, const char *text, vf_error *err) {
  const char *s = text;
  uint64_t whole, fraction = 0, scale = 1, part, total;
  int digits = 0;
  VF_NEED(err, out_bytes);
  VF_NEED(err, text);
  if (!read_digits(&s, &whole, &digits)) return bad_size(err, text);
  if (*s == '.') {
    s++;
    if (!read_digits(&s, &fraction, &digits) || digits > 9) return bad_size(err, text);
    for (int i = 0; i < digits; i++) scale *= 10;
  }
  while (*s == ' ') s++;
  uint64_t unit = find_size_unit(s);
  if (unit == 0 || (unit == 1 && scale != 1)) return bad_size(err, text);
  if (!vf_mul(&part, fraction, unit) || !vf_mul(&total, whole, unit) ||
      !vf_add(&total, total, part / scale) || total >= MOST_BYTES)
    return vf_fail(err, VF_LIMIT, "%s is beyond 8 PiB", text);
  *out_bytes = total;
  return VF_OK;
}

/* ---- Writing ---------------------------------------------------------------------------- */

const char *vf_unit_name(vf_unit unit) {
  return unit == VF_UNIT_GB ? "GB" : "GiB";
}

void vf_text_size(vf_text *t, uint64_t bytes, vf_unit unit, int decimals) {
  uint64_t one = unit == VF_UNIT_GB ? VF_GB : VF_GIB;
  uint64_t scale = 1;
  for (int i = 0; i < decimals; i++) scale *= 10;
  uint64_t whole = bytes / one;
  uint64_t fraction = ((bytes % one) * scale + one / 2) / one;
  if (fraction >= scale) whole++, fraction -= scale;
  vf_text_printf(t, "%" PRIu64, whole);
  if (decimals > 0) vf_text_printf(t, ".%0*" PRIu64, decimals, fraction);
}

void vf_text_interval(vf_text *t, vf_interval size, vf_unit unit) {
  if (size.low_bytes == size.high_bytes) {
    vf_text_size(t, size.bytes, unit, 2);
    return;
  }
  vf_text_size(t, size.low_bytes, unit, 1);
  vf_text_put(t, "–");
  vf_text_size(t, size.high_bytes, unit, 1);
}

void vf_text_signed_size(vf_text *t, int64_t bytes, vf_unit unit, int decimals) {
  if (bytes < 0) vf_text_put(t, "-");
  uint64_t magnitude = bytes < 0 ? (uint64_t)0 - (uint64_t)bytes : (uint64_t)bytes;
  vf_text_size(t, magnitude, unit, decimals);
}
