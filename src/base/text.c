/* text.c - text in fixed buffers; escaping; thousands separators. */
#include "base/text.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

vf_text vf_text_on(char *buf, size_t size) {
  if (buf == NULL) size = 0;
  if (size > 0) buf[0] = '\0';
  return (vf_text){buf, size, 0};
}

void vf_text_bytes(vf_text *t, const char *s, size_t length) {
  if (t->length + 1 < t->size) {
    size_t room = t->size - 1 - t->length;
    size_t n = length < room ? length : room;
    memcpy(t->buf + t->length, s, n);
    t->buf[t->length + n] = '\0';
  }
  t->length += length;
}

void vf_text_put(vf_text *t, const char *s) {
  vf_text_bytes(t, s, strlen(s));
}

void vf_text_printf(vf_text *t, const char *fmt, ...) {
  char piece[512];
  va_list args;
  va_start(args, fmt);
  int n = vsnprintf(piece, sizeof piece, fmt, args);
  va_end(args);
  if (n > 0) vf_text_bytes(t, piece, (size_t)n < sizeof piece ? (size_t)n : sizeof piece - 1);
}

/* ---- UTF-8 ------------------------------------------------------------------------------ */

static int is_continuation(unsigned char c) {
  return (c & 0xC0) == 0x80;
}

size_t vf_text_columns(const char *s) {
  size_t n = 0;
  for (; *s != '\0'; s++) n += !is_continuation((unsigned char)*s);
  return n;
}

/* Rejects overlong forms, surrogates and code points beyond U+10FFFF (Unicode table 3-7). */
size_t vf_utf8_length(const char *text, size_t length) {
  const unsigned char *s = (const unsigned char *)text;
  if (length == 0) return 0;
  if (s[0] < 0x80) return 1;
  if (s[0] >= 0xC2 && s[0] <= 0xDF) return length >= 2 && is_continuation(s[1]) ? 2 : 0;
  if (length < 3 || !is_continuation(s[1]) || !is_continuation(s[2])) return 0;
  if (s[0] >= 0xE0 && s[0] <= 0xEF) {
    if (s[0] == 0xE0 && s[1] < 0xA0) return 0;
    if (s[0] == 0xED && s[1] > 0x9F) return 0;
    return 3;
  }
  if (length < 4 || !is_continuation(s[3])) return 0;
  if (s[0] == 0xF0) return s[1] >= 0x90 ? 4 : 0;
  if (s[0] >= 0xF1 && s[0] <= 0xF3) return 4;
  return s[0] == 0xF4 && s[1] <= 0x8F ? 4 : 0;
}

/* Marks and overrides of writing direction, which show a name in another order than it has: U+061C,
 * U+200E, U+200F, U+202A to U+202E, U+2066 to U+2069; and line ends that terminals do not agree
 * about: U+2028, U+2029. */
static bool is_turning(const unsigned char *s, size_t sequence) {
  if (sequence == 2) return s[0] == 0xD8 && s[1] == 0x9C;
  if (sequence != 3 || s[0] != 0xE2) return false;
  if (s[1] == 0x80) return s[2] == 0x8E || s[2] == 0x8F || (s[2] >= 0xA8 && s[2] <= 0xAE);
  return s[1] == 0x81 && s[2] >= 0xA6 && s[2] <= 0xA9;
}

static bool is_control(const unsigned char *s, size_t sequence) {
  return s[0] < 0x20 || s[0] == 0x7F || (sequence == 2 && s[0] == 0xC2 && s[1] < 0xA0) ||
         is_turning(s, sequence);
}

size_t vf_text_control(const char *s, size_t length) {
  size_t n = vf_utf8_length(s, length);
  return n != 0 && is_control((const unsigned char *)s, n) ? n : 0;
}

/* Where "::" stands in front of all but blanks, which begins a command of GitHub's runner; or
 * length. */
static size_t command_at(const char *s, size_t length) {
  size_t at = 0;
  while (at < length && s[at] == ' ') at++;
  return length - at >= 2 && memcmp(s + at, "::", 2) == 0 ? at : length;
}

void vf_text_escaped(vf_text *t, const char *s, size_t length) {
  size_t command = command_at(s, length);
  for (size_t i = 0; i < length;) {
    size_t n = vf_utf8_length(s + i, length - i);
    const unsigned char *c = (const unsigned char *)s + i;
    if (n != 0 && !is_control(c, n) && i != command) {
      vf_text_bytes(t, s + i, n);
      i += n;
      continue;
    }
    vf_text_printf(t, "\\x%02X", c[0]);
    i += 1;
  }
}

void vf_text_thousands(vf_text *t, uint64_t n) {
  char digits[24];
  int count = snprintf(digits, sizeof digits, "%" PRIu64, n);
  for (int i = 0; i < count; i++) {
    if (i > 0 && (count - i) % 3 == 0) vf_text_put(t, ",");
    vf_text_bytes(t, digits + i, 1);
  }
}

bool vf_text_ends_with(const char *s, size_t length, const char *end) {
  size_t n = strlen(end);
  return length >= n && memcmp(s + length - n, end, n) == 0;
}
