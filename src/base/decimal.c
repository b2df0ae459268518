/* decimal.c - numbers with a decimal point, in any locale. */
#include "base/decimal.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

/* ---- Reading ---------------------------------------------------------------------------- */

/* More digits than these never decide what the nearest double is, but for those that were made to:
 * and then by one unit in its last place. */
enum { MOST_DIGITS = 40, MOST_EXPONENT = 100000 };

/* The digits without their point, and what the power of ten has to make up for. */
typedef struct parts {
  char digits[MOST_DIGITS + 1];
  size_t n;
  long exponent;
} parts;

static const char *take_digits(parts *p, const char *s, bool behind_point) {
  for (; is_digit(*s); s++) {
    bool leading = p->n == 0 && *s == '0', kept = !leading && p->n < MOST_DIGITS;
    if (kept) p->digits[p->n++] = *s;
    if (behind_point && (kept || leading)) p->exponent--;
    if (!behind_point && !kept && !leading) p->exponent++;
  }
  return s;
}

static const char *take_exponent(parts *p, const char *s) {
  const char *digit = s + 1;
  bool negative = *s != '\0' && *digit == '-';
  long n = 0;
  if (*s != 'e' && *s != 'E') return s;
  if (*digit == '-' || *digit == '+') digit++;
  if (!is_digit(*digit)) return s;
  for (; is_digit(*digit); digit++)
    if (n < MOST_EXPONENT) n = n * 10 + (*digit - '0');
  p->exponent += negative ? -n : n;
  return digit;
}

double vf_decimal_read(const char *s, const char **end) {
  char plain[MOST_DIGITS + 32];
  parts p = {.n = 0};
  const char *first = s + strspn(s, " \t\n\v\f\r"), *from;
  bool negative = *first == '-';
  *end = s;
  if (*first == '-' || *first == '+') first++;
  from = take_digits(&p, first, false);
  bool any = from > first;
  if (*from == '.' && (any || is_digit(from[1]))) {
    any = true;
    from = take_digits(&p, from + 1, true);
  }
  if (!any) return 0;
  *end = take_exponent(&p, from);
  snprintf(plain, sizeof plain, "%s%se%ld", negative ? "-" : "", p.n > 0 ? p.digits : "0",
           p.exponent);
  return strtod(plain, NULL); /* which finds no point there */
}

/* ---- Writing ---------------------------------------------------------------------------- */

/* Whatever stands between digits is the locale's point: one character, of several bytes maybe. */
static vf_digits with_point(vf_digits d) {
  size_t at = strspn(d.text, "-0123456789"), length = strcspn(d.text + at, "0123456789");
  bool is_point = at > 0 && length > 0 && d.text[at] != 'e' && is_digit(d.text[at + length]);
  if (!is_point) return d;
  d.text[at] = '.';
  memmove(d.text + at + 1, d.text + at + length, strlen(d.text + at + length) + 1);
  return d;
}

vf_digits vf_fixed(double value, int decimals) {
  vf_digits d;
  snprintf(d.text, sizeof d.text, "%.*f", decimals, value);
  return with_point(d);
}

vf_digits vf_general(double value, int digits) {
  vf_digits d;
  snprintf(d.text, sizeof d.text, "%.*g", digits, value);
  return with_point(d);
}
