/* json_scan.c - the tokenizer: an explicit stack of one bit per level, no recursion.
 *
 * White space is the only place where the window may slide: behind it a whole token fits, so that
 * everything that scans one sees plain memory. */
#include "readers/json/json_scan.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/decimal.h"
#include "base/status.h"
#include "base/text.h"

enum expect {
  EXPECT_VALUE,
  EXPECT_VALUE_OR_END, /* just after [ */
  EXPECT_KEY_OR_END,   /* just after { */
  EXPECT_COLON,
  EXPECT_AFTER, /* after a value: comma, a closing bracket or the end */
};

vf_json_scan vf_json_scan_over(const char *text, size_t length) {
  return (vf_json_scan){.text = text, .length = length, .ended = true, .expect = EXPECT_VALUE};
}

vf_json_scan vf_json_scan_through(const vf_json_feed *feed) {
  return (vf_json_scan){.text = feed->window, .feed = feed, .expect = EXPECT_VALUE};
}

/* ---- Errors ----------------------------------------------------------------------------- */

/* Moves a line and column (both counted from 0) over text. */
static void count_lines(uint32_t *line, uint64_t *column, const char *text, size_t length) {
  const char *from = text, *end = text + length;
  for (const char *p; (p = memchr(from, '\n', (size_t)(end - from))) != NULL; from = p + 1) {
    *line += 1;
    *column = 0;
  }
  *column += (uint64_t)(end - from);
}

static void set_position(vf_error *err, const vf_json_scan *s, size_t at) {
  if (err == NULL) return;
  uint32_t line = s->passed_lines;
  uint64_t column = s->passed_column;
  count_lines(&line, &column, s->text, at);
  err->line = line + 1;
  err->column = (uint32_t)column + 1;
}

static vf_status fail(const vf_json_scan *s, vf_status status, vf_error *err, const char *message) {
  vf_fail(err, status, "%s", message);
  set_position(err, s, s->at);
  return status;
}

static vf_status bad(const vf_json_scan *s, vf_error *err, const char *message) {
  return fail(s, VF_MALFORMED, err, message);
}

/* ---- Pieces ----------------------------------------------------------------------------- */

static int peek(const vf_json_scan *s) {
  return s->at < s->length ? (unsigned char)s->text[s->at] : -1;
}

/* The longest token, and what the scan of an escape or character looks at beyond it. */
enum { TOKEN_BYTES = VF_JSON_STRING_BYTES + 64 };

/* Slides the window to where the scan is, and fills it. */
static vf_status refill(vf_json_scan *s, vf_error *err) {
  const vf_json_feed *feed = s->feed;
  count_lines(&s->passed_lines, &s->passed_column, s->text, s->at);
  s->passed += s->at;
  s->length -= s->at;
  memmove(feed->window, s->text + s->at, s->length);
  s->at = s->start = s->end = 0;
  while (s->length < feed->window_bytes && !s->ended) {
    size_t got = 0;
    vf_status status = feed->read(feed->context, feed->window + s->length,
                                  feed->window_bytes - s->length, &got, err);
    if (status != VF_OK) return status;
    s->ended = got == 0;
    s->length += got;
  }
  return VF_OK;
}

static bool is_space(char c) {
  return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

/* To the next token, which is then in the window as a whole. */
static vf_status skip_space(vf_json_scan *s, vf_error *err) {
  for (;;) {
    while (s->at < s->length && is_space(s->text[s->at])) s->at++;
    if (s->ended || s->length - s->at >= TOKEN_BYTES) return VF_OK;
    vf_status status = refill(s, err);
    if (status != VF_OK) return status;
  }
}

static bool is_digit(int c) {
  return c >= '0' && c <= '9';
}

static int hex_value(int c) {
  if (is_digit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

/* Four hex digits at `at`; -1 if they are not. */
static long hex4(const vf_json_scan *s, size_t at) {
  long n = 0;
  if (s->length - at < 4) return -1;
  for (size_t i = 0; i < 4; i++) {
    int digit = hex_value((unsigned char)s->text[at + i]);
    if (digit < 0) return -1;
    n = n * 16 + digit;
  }
  return n;
}

/* \uXXXX, a whole surrogate pair if it is one; NUL is refused since C strings end there. */
static vf_status scan_unicode_escape(vf_json_scan *s, vf_error *err) {
  long unit = hex4(s, s->at + 2);
  if (unit < 0) return bad(s, err, "\\u needs four hex digits");
  if (unit == 0) return bad(s, err, "a NUL character in a string is refused");
  if (unit >= 0xDC00 && unit <= 0xDFFF) return bad(s, err, "half a surrogate pair");
  s->at += 6;
  if (unit < 0xD800 || unit > 0xDBFF) return VF_OK;
  bool escape = s->length - s->at >= 6 && s->text[s->at] == '\\' && s->text[s->at + 1] == 'u';
  long low = escape ? hex4(s, s->at + 2) : -1;
  if (low < 0xDC00 || low > 0xDFFF) return bad(s, err, "half a surrogate pair");
  s->at += 6;
  return VF_OK;
}

static vf_status scan_escape(vf_json_scan *s, vf_error *err) {
  int c = s->at + 1 < s->length ? (unsigned char)s->text[s->at + 1] : -1;
  if (c == 'u') return scan_unicode_escape(s, err);
  if (c <= 0 || strchr("\"\\/bfnrt", c) == NULL) return bad(s, err, "unknown escape in a string");
  s->at += 2;
  return VF_OK;
}

static vf_status scan_character(vf_json_scan *s, vf_error *err) {
  int c = peek(s);
  if (c < 0) return bad(s, err, "the string is not closed");
  if (c < 0x20) return bad(s, err, "a control character in a string must be escaped");
  if (c == '\\') return scan_escape(s, err);
  size_t n = vf_utf8_length(s->text + s->at, s->length - s->at);
  if (n == 0) return bad(s, err, "not UTF-8");
  s->at += n;
  return VF_OK;
}

/* Over plain ASCII, which is most of all text; false if there was none. */
static bool skip_plain(vf_json_scan *s) {
  size_t from = s->at;
  for (; s->at < s->length; s->at++) {
    unsigned char c = (unsigned char)s->text[s->at];
    if (c < 0x20 || c >= 0x80 || c == '"' || c == '\\') break;
  }
  return s->at > from;
}

/* From the opening quote to past the closing one. */
static vf_status scan_string(vf_json_scan *s, size_t most, vf_error *err) {
  s->start = ++s->at;
  while (peek(s) != '"') {
    vf_status status = skip_plain(s) ? VF_OK : scan_character(s, err);
    if (status != VF_OK) return status;
    if (s->at - s->start > most) return fail(s, VF_LIMIT, err, "the string is too long");
  }
  s->end = s->at++;
  return VF_OK;
}

static size_t scan_digits(vf_json_scan *s) {
  size_t from = s->at;
  while (is_digit(peek(s))) s->at++;
  return s->at - from;
}

enum { NUMBER_BYTES = 64 };

/* Only an exponent can take a number of this length beyond a double. */
static vf_status scan_exponent(vf_json_scan *s, vf_error *err) {
  char number[NUMBER_BYTES] = "";
  const char *end;
  s->at++;
  if (peek(s) == '+' || peek(s) == '-') s->at++;
  if (scan_digits(s) == 0) return bad(s, err, "the exponent has no digits");
  size_t length = s->at - s->start;
  if (length >= sizeof number) return bad(s, err, "the number is too long");
  memcpy(number, s->text + s->start, length);
  return fabs(vf_decimal_read(number, &end)) <= DBL_MAX ? VF_OK
                                                        : bad(s, err, "the number is out of range");
}

static vf_status scan_number(vf_json_scan *s, vf_error *err) {
  s->start = s->at;
  if (peek(s) == '-') s->at++;
  bool zero = peek(s) == '0';
  size_t digits = scan_digits(s);
  if (digits == 0) return bad(s, err, "a number needs a digit here");
  if (zero && digits > 1) return bad(s, err, "a number must not start with 0");
  if (peek(s) == '.') {
    s->at++;
    if (scan_digits(s) == 0) return bad(s, err, "a number needs a digit after the point");
  }
  if (s->at - s->start >= NUMBER_BYTES) return bad(s, err, "the number is too long");
  if (peek(s) == 'e' || peek(s) == 'E') {
    vf_status status = scan_exponent(s, err);
    if (status != VF_OK) return status;
  }
  s->end = s->at;
  return VF_OK;
}

static vf_status scan_literal(vf_json_scan *s, vf_error *err) {
  static const char *const words[] = {"true", "false", "null"};
  for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
    size_t n = strlen(words[i]);
    if (s->length - s->at < n || memcmp(s->text + s->at, words[i], n) != 0) continue;
    s->start = s->at;
    s->end = s->at += n;
    return VF_OK;
  }
  return bad(s, err, "a value is expected here");
}

/* ---- Grammar ---------------------------------------------------------------------------- */

static vf_status open_container(vf_json_scan *s, bool object, vf_error *err) {
  if (s->depth == VF_JSON_DEPTH) return fail(s, VF_LIMIT, err, "nested deeper than 64 levels");
  s->start = s->at++;
  s->in_object[++s->depth] = object;
  s->expect = object ? EXPECT_KEY_OR_END : EXPECT_VALUE_OR_END;
  return VF_OK;
}

static void close_container(vf_json_scan *s) {
  s->end = ++s->at;
  s->depth--;
  s->expect = EXPECT_AFTER;
}

static vf_status scan_value(vf_json_scan *s, vf_json_token *out, vf_error *err) {
  int c = peek(s);
  vf_status status;
  if (c == '{' || c == '[') {
    *out = c == '{' ? VF_JSON_OBJECT : VF_JSON_ARRAY;
    return open_container(s, c == '{', err);
  }
  if (c == '"') {
    *out = VF_JSON_STRING;
    status = scan_string(s, VF_JSON_STRING_BYTES, err);
  } else if (c == '-' || is_digit(c)) {
    *out = VF_JSON_NUMBER;
    status = scan_number(s, err);
  } else {
    *out = VF_JSON_LITERAL;
    status = scan_literal(s, err);
  }
  s->expect = EXPECT_AFTER;
  return status;
}

static vf_status scan_key(vf_json_scan *s, vf_json_token *out, vf_error *err) {
  if (peek(s) != '"') return bad(s, err, "a key in quotes is expected here");
  vf_status status = scan_string(s, VF_JSON_KEY_BYTES, err);
  s->expect = EXPECT_COLON;
  *out = VF_JSON_KEY;
  return status;
}

/* After a value, inside a container: a comma and what must follow it, or the end of it. */
static vf_status scan_after(vf_json_scan *s, vf_json_token *out, vf_error *err) {
  bool object = s->in_object[s->depth];
  if (peek(s) == (object ? '}' : ']')) {
    *out = object ? VF_JSON_OBJECT_END : VF_JSON_ARRAY_END;
    close_container(s);
    return VF_OK;
  }
  if (peek(s) < 0) return bad(s, err, "the text ends inside an object or array: is it truncated?");
  if (peek(s) != ',') return bad(s, err, "a comma or a closing bracket is expected here");
  s->at++;
  vf_status status = skip_space(s, err);
  if (status != VF_OK) return status;
  return object ? scan_key(s, out, err) : scan_value(s, out, err);
}

static vf_status scan_end(vf_json_scan *s, vf_json_token *out, vf_error *err) {
  if (s->at < s->length) return bad(s, err, "something follows after the end of the JSON value");
  *out = VF_JSON_END;
  return VF_OK;
}

/* The first token, a member or an element. */
static vf_status scan_first(vf_json_scan *s, vf_json_token *out, vf_error *err) {
  bool first = s->passed + s->at == 0;
  if (peek(s) < 0) return bad(s, err, first ? "the file is empty" : "the text ends too early");
  if (first && s->length >= 3 && memcmp(s->text, "\xEF\xBB\xBF", 3) == 0)
    return bad(s, err, "starts with a byte order mark: save it as UTF-8 without one");
  if (s->expect == EXPECT_KEY_OR_END) return scan_key(s, out, err);
  return scan_value(s, out, err);
}

static vf_status scan_colon(vf_json_scan *s, vf_error *err) {
  if (peek(s) != ':') return bad(s, err, "a colon is expected after the key");
  s->at++;
  s->expect = EXPECT_VALUE;
  return skip_space(s, err);
}

vf_status vf_json_next(vf_json_scan *s, vf_json_token *out, vf_error *err) {
  vf_status status = skip_space(s, err);
  if (status == VF_OK && s->expect == EXPECT_COLON) status = scan_colon(s, err);
  if (status != VF_OK) return status;
  if (s->expect == EXPECT_AFTER)
    return s->depth == 0 ? scan_end(s, out, err) : scan_after(s, out, err);
  if (s->expect == EXPECT_KEY_OR_END && peek(s) == '}') return scan_after(s, out, err);
  if (s->expect == EXPECT_VALUE_OR_END && peek(s) == ']') return scan_after(s, out, err);
  return scan_first(s, out, err);
}

vf_status vf_json_skip(vf_json_scan *s, vf_json_token token, vf_error *err) {
  if (token != VF_JSON_OBJECT && token != VF_JSON_ARRAY) return VF_OK;
  uint32_t outer = s->depth - 1;
  while (s->depth > outer) {
    vf_status status = vf_json_next(s, &token, err);
    if (status != VF_OK) return status;
  }
  return VF_OK;
}

vf_status vf_json_check(const char *text, size_t length, vf_error *err) {
  vf_json_scan s = vf_json_scan_over(text, length);
  vf_json_token token;
  do {
    vf_status status = vf_json_next(&s, &token, err);
    if (status != VF_OK) return status;
  } while (token != VF_JSON_END);
  return VF_OK;
}

/* ---- Escapes ---------------------------------------------------------------------------- */

static size_t put_utf8(char *to, unsigned long c) {
  if (c < 0x80) {
    to[0] = (char)c;
    return 1;
  }
  size_t n = c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
  static const unsigned char marks[] = {0, 0, 0xC0, 0xE0, 0xF0};
  for (size_t i = n - 1; i > 0; i--, c >>= 6) to[i] = (char)(0x80 | (c & 0x3F));
  to[0] = (char)(marks[n] | c);
  return n;
}

static unsigned long hex_unit(const char *digits) {
  unsigned long n = 0;
  for (size_t i = 0; i < 4; i++) n = n * 16 + (unsigned long)hex_value((unsigned char)digits[i]);
  return n;
}

/* One escape at text, which was checked; *used is its length. */
static size_t put_escape(char *to, const char *text, size_t *used) {
  static const char letters[] = "bfnrt", values[] = "\b\f\n\r\t";
  const char *letter = strchr(letters, text[1]);
  *used = 2;
  if (text[1] != 'u') {
    to[0] = letter != NULL ? values[letter - letters] : text[1];
    return 1;
  }
  unsigned long c = hex_unit(text + 2);
  *used = 6;
  if (c >= 0xD800 && c <= 0xDBFF) {
    c = 0x10000 + ((c - 0xD800) << 10) + (hex_unit(text + 8) - 0xDC00);
    *used = 12;
  }
  return put_utf8(to, c);
}

size_t vf_json_unescape(char *to, const char *text, size_t length) {
  size_t n = 0;
  for (size_t i = 0; i < length;) {
    const char *escape = memchr(text + i, '\\', length - i);
    size_t plain = escape == NULL ? length - i : (size_t)(escape - text) - i, used = 0;
    memmove(to + n, text + i, plain);
    n += plain;
    i += plain;
    if (escape != NULL) n += put_escape(to + n, escape, &used);
    i += used;
  }
  return n;
}

/* ---- Finding a value -------------------------------------------------------------------- */

/* True if the pointer continues with exactly this key; *rest is then what follows it. */
static bool starts_with_key(const char *pointer, const char *key, size_t length,
                            const char **rest) {
  if (pointer[0] != '/' || strncmp(pointer + 1, key, length) != 0) return false;
  char after = pointer[1 + length];
  if (after != '/' && after != '\0') return false;
  *rest = pointer + 1 + length;
  return true;
}

/* The member of an open container that the pointer's first part names: *rest is what follows it,
 * *at where the value starts.  False if it is not there. */
static bool find_member(vf_json_scan *s, bool in_object, const char **pointer, vf_json_token *token,
                        size_t *at) {
  char index[24];
  for (size_t i = 0;; i++) {
    const char *rest = NULL;
    bool wanted;
    if (vf_json_next(s, token, NULL) != VF_OK) return false;
    if (in_object) {
      if (*token != VF_JSON_KEY) return false;
      wanted = starts_with_key(*pointer, s->text + s->start, s->end - s->start, &rest);
      if (vf_json_next(s, token, NULL) != VF_OK) return false;
    } else {
      if (*token == VF_JSON_ARRAY_END) return false;
      snprintf(index, sizeof index, "%zu", i);
      wanted = starts_with_key(*pointer, index, strlen(index), &rest);
    }
    *at = s->start;
    if (wanted) {
      *pointer = rest;
      return true;
    }
    if (vf_json_skip(s, *token, NULL) != VF_OK) return false;
  }
}

/* Descends along the pointer; returns where the search ended, at the value or at the innermost
 * container that was found. */
static size_t find_value(const char *text, size_t length, const char *pointer) {
  vf_json_scan s = vf_json_scan_over(text, length);
  vf_json_token token;
  if (vf_json_next(&s, &token, NULL) != VF_OK) return 0;
  size_t best = s.start, at;
  while (*pointer != '\0' && (token == VF_JSON_OBJECT || token == VF_JSON_ARRAY)) {
    if (!find_member(&s, token == VF_JSON_OBJECT, &pointer, &token, &at)) return best;
    best = at;
  }
  return best;
}

void vf_json_locate(const char *text, size_t length, vf_error *err) {
  vf_json_scan s = vf_json_scan_over(text, length);
  if (err != NULL && err->path[0] != '\0')
    set_position(err, &s, find_value(text, length, err->path));
}
