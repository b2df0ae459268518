/* quantity.c - amounts as Kubernetes and docker write them, without floating point.
 *
 *   1.5Gi   4000000000000m   2e9   16g
 *   digits, a fraction, an exponent or a unit; what is behind that makes it none */
#include <string.h>

#include "base/checked.h"
#include "deploy/quantity.h"

enum { NANO = 1000000000, MOST_POWER = 18 };

/* Digits and a fraction, of which nine digits count. */
typedef struct decimal {
  uint64_t whole, nano;
} decimal;

static bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

static bool read_decimal(decimal *out, const char **s) {
  uint64_t place = NANO / 10;
  bool any = false;
  *out = (decimal){0, 0};
  for (; is_digit(**s); ++*s, any = true)
    if (!vf_mul(&out->whole, out->whole, 10) ||
        !vf_add(&out->whole, out->whole, (uint64_t)(**s - '0')))
      return false;
  if (**s != '.') return any;
  for (++*s; is_digit(**s); ++*s, any = true, place /= 10)
    out->nano += place * (uint64_t)(**s - '0');
  return any;
}

/* So many units of so many; whole is false where something was cut off. */
static bool times(uint64_t *out, bool *whole, const decimal *d, uint64_t unit, uint64_t parts) {
  uint64_t product, of_nano;
  if (!vf_mul(&product, d->whole, unit)) return false;
  of_nano = unit / NANO * d->nano + unit % NANO * d->nano / NANO; /* below one unit: it fits */
  if (!vf_add(&product, product, of_nano)) return false;
  *whole = product % parts == 0 && unit % NANO * d->nano % NANO == 0;
  *out = product / parts;
  return true;
}

static uint64_t power(uint64_t base, size_t n) {
  uint64_t p = 1;
  for (size_t i = 0; i < n; i++) p *= base;
  return p;
}

/* "e9", "E9": powers of ten. */
static bool read_exponent(const char *s, uint64_t *unit, uint64_t *parts) {
  bool negative = s[1] == '-';
  size_t n = 0;
  const char *digits = s + 1 + (s[1] == '-' || s[1] == '+');
  if (!is_digit(digits[0])) return false;
  for (; is_digit(*digits) && n <= MOST_POWER; digits++) n = n * 10 + (size_t)(*digits - '0');
  if (*digits != '\0' || n > MOST_POWER) return false;
  *(negative ? parts : unit) = power(10, n);
  return true;
}

bool vf_quantity_kubernetes(uint64_t *out, bool *whole, const char *text) {
  static const struct {
    const char *suffix;
    uint32_t base, up, down; /* base^up, or a part of base^down */
  } units[] = {{"", 1000, 0, 0},   {"n", 1000, 0, 3},  {"u", 1000, 0, 2},  {"m", 1000, 0, 1},
               {"k", 1000, 1, 0},  {"M", 1000, 2, 0},  {"G", 1000, 3, 0},  {"T", 1000, 4, 0},
               {"P", 1000, 5, 0},  {"E", 1000, 6, 0},  {"Ki", 1024, 1, 0}, {"Mi", 1024, 2, 0},
               {"Gi", 1024, 3, 0}, {"Ti", 1024, 4, 0}, {"Pi", 1024, 5, 0}, {"Ei", 1024, 6, 0}};
  const char *s = text + (text[0] == '+');
  decimal d;
  uint64_t unit = 1, parts = 1;
  if (!read_decimal(&d, &s)) return false;
  if ((*s == 'e' || *s == 'E') && read_exponent(s, &unit, &parts))
    return times(out, whole, &d, unit, parts);
  for (size_t i = 0; i < sizeof units / sizeof *units; i++)
    if (strcmp(s, units[i].suffix) == 0)
      return times(out, whole, &d, power(units[i].base, units[i].up),
                   power(units[i].base, units[i].down));
  return false;
}

/* As go-units reads it: "16g", "16GB", "16 GiB" are all 16 of 1,024 to the third. */
bool vf_quantity_docker(uint64_t *out, const char *text) {
  static const char letters[] = "kmgtp";
  const char *s = text;
  decimal d;
  bool whole;
  size_t up = 0;
  if (!read_decimal(&d, &s)) return false;
  if (*s == ' ') s++;
  const char *letter = *s != '\0' ? strchr(letters, *s | 0x20) : NULL;
  if (letter != NULL) up = (size_t)(letter - letters) + 1, s++;
  if (letter != NULL && (*s | 0x20) == 'i') s++;
  if ((*s | 0x20) == 'b') s++;
  return *s == '\0' && times(out, &whole, &d, power(1024, up), 1);
}
