/* printed_number.h - numbers as explanations print them. */
#ifndef VF_TESTS_PRINTED_NUMBER_H
#define VF_TESTS_PRINTED_NUMBER_H

#include <ctype.h>
#include <stdlib.h>

/* A number with commas, and a fraction; moves *s behind it. */
static inline double number(const char **s) {
  char digits[40];
  size_t n = 0;
  for (; (isdigit((unsigned char)**s) || **s == ',' || **s == '.') && n < sizeof digits - 1; (*s)++)
    if (**s != ',') digits[n++] = **s;
  digits[n] = '\0';
  return strtod(digits, NULL);
}

#endif
