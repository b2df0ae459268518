/* decimal.h - numbers with a decimal point, in any locale.
 *
 * The library is a guest in programs that may have called setlocale(): strtod() then ends at the
 * point of "0.92", and printf() writes "0,92".  What is read and written here has a point always.
 */
#ifndef VF_BASE_DECIMAL_H
#define VF_BASE_DECIMAL_H

/* Reads the number that s begins with behind blanks, "0.92", "-1.5e3", as strtod() does in the C
 * locale, but neither in hexadecimal nor "inf" and "nan".  *end is where it ends; s: there is none.
 */
double vf_decimal_read(const char *s, const char **end);

/* A number in digits, for a "%s": vf_fixed(x, 2).text. */
typedef struct vf_digits {
  char text[64]; /* longer ones are cut */
} vf_digits;

/* As "%.*f" and "%.*g" have it. */
vf_digits vf_fixed(double value, int decimals);
vf_digits vf_general(double value, int digits);

#endif
