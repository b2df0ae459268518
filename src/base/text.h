/* text.h - building text in a buffer of fixed size, and text that is safe to show.
 *
 * A vf_text never overflows: what does not fit is cut, `length` goes on counting, and the buffer
 * is always terminated (when it has any size at all). */
#ifndef VF_BASE_TEXT_H
#define VF_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/printf.h"

typedef struct vf_text {
  char *buf;
  size_t size;   /* of buf, with the terminator */
  size_t length; /* bytes put so far, also those that were cut */
} vf_text;

/* buf may be NULL: the length alone is told then. */
vf_text vf_text_on(char *buf, size_t size);

void vf_text_put(vf_text *t, const char *s);
void vf_text_bytes(vf_text *t, const char *s, size_t length);
void vf_text_printf(vf_text *t, const char *fmt, ...) VF_PRINTF(2, 3);

/* Text from a file or a command line, for a terminal or a log: control characters (C0, DEL, C1),
 * marks of writing direction and bytes that are not UTF-8 become \xNN, so that no file can drive a
 * terminal or show itself as another; nor can "::" in front be a command of GitHub's runner. */
void vf_text_escaped(vf_text *t, const char *s, size_t length);

/* Bytes of the character at s[0..length) if it is one of those that are escaped though they are
 * UTF-8; 0 if it can be shown. */
size_t vf_text_control(const char *s, size_t length);

/* 1234567 as "1,234,567". */
void vf_text_thousands(vf_text *t, uint64_t n);

/* Whether s[0..length) ends in `end`; letters are compared as they are. */
bool vf_text_ends_with(const char *s, size_t length, const char *end);

/* Columns that UTF-8 text takes on a terminal (all our characters are one wide). */
size_t vf_text_columns(const char *s);

/* Length in bytes of the well-formed UTF-8 sequence at s[0..length), or 0 if there is none. */
size_t vf_utf8_length(const char *s, size_t length);

/* U+FFFE and U+FFFF: no characters to XML. */
static inline bool vf_utf8_is_no_character(const char *s, size_t length) {
  return length == 3 && memcmp(s, "\xef\xbf", 2) == 0 && (unsigned char)s[2] >= 0xbe;
}

#endif
