/* json.c - everything, for programs.
 *
 * Commas, indentation and escapes are the writer's business; integers are written as integers,
 * strings as UTF-8. */
#include <inttypes.h>
#include <string.h>

#include "report/formats/formats.h"

/* Of a sequence of up to three bytes: no longer one is a control character. */
static unsigned code_point(const char *s, size_t n) {
  const unsigned char *byte = (const unsigned char *)s;
  unsigned first = byte[0], second = n > 1 ? byte[1] & 0x3Fu : 0;
  if (n == 1) return first;
  return n == 2 ? (first & 0x1Fu) << 6 | second
                : (first & 0x0Fu) << 12 | second << 6 | (byte[2] & 0x3Fu);
}

static void put_string(vf_out *out, const char *s, size_t length) {
  vf_out_put(out, "\"");
  for (size_t i = 0; i < length;) {
    size_t n = vf_utf8_length(s + i, length - i);
    unsigned char c = (unsigned char)s[i];
    if (n == 0)
      vf_out_put(out, "\\ufffd");
    else if (c == '"' || c == '\\')
      vf_out_printf(out, "\\%c", c);
    else if (vf_text_control(s + i, length - i) != 0)
      vf_out_printf(out, "\\u%04x", code_point(s + i, n));
    else
      vf_out_bytes(out, s + i, n);
    i += n == 0 ? 1 : n;
  }
  vf_out_put(out, "\"");
}

static void new_line(vf_doc *d) {
  vf_out_put(d->out, "\n");
  for (uint32_t i = 0; i < d->depth; i++) vf_out_put(d->out, "  ");
}

static void begin(vf_doc *d, const char *key) {
  if (d->depth > 0) {
    if (!d->first) vf_out_put(d->out, ",");
    new_line(d);
  }
  d->first = false;
  if (key == NULL) return;
  put_string(d->out, key, strlen(key));
  vf_out_put(d->out, ": ");
}

static void open(vf_doc *d, const char *key, char bracket, bool row) {
  (void)row;
  begin(d, key);
  vf_out_bytes(d->out, &bracket, 1);
  d->first = true;
}

static void close(vf_doc *d, char bracket) {
  if (!d->first) new_line(d);
  vf_out_bytes(d->out, &bracket, 1);
  d->first = false;
  if (d->depth == 0) vf_out_put(d->out, "\n");
}

/* What a double keeps exactly: readers in JavaScript would make another number of anything beyond,
 * which no memory reaches (8 PiB). */
enum { EXACT_BITS = 53 };
static const uint64_t largest = (UINT64_C(1) << EXACT_BITS) - 1;

static uint64_t at_most(uint64_t n) {
  return n < largest ? n : largest;
}

static void value(vf_doc *d, const char *key, const vf_doc_value *v) {
  begin(d, key);
  switch (v->kind) {
  case VF_DOC_STRING: put_string(d->out, v->text, v->length); break;
  case VF_DOC_U64: vf_out_printf(d->out, "%" PRIu64, at_most(v->number)); break;
  case VF_DOC_I64:
    vf_out_printf(d->out, "%s%" PRIu64, v->signed_number < 0 ? "-" : "",
                  at_most(v->signed_number < 0 ? 0 - (uint64_t)v->signed_number
                                               : (uint64_t)v->signed_number));
    break;
  case VF_DOC_HUNDREDTHS:
    vf_out_printf(d->out, "%" PRIu64 ".%02" PRIu64, v->number / 100, v->number % 100);
    break;
  case VF_DOC_BOOL: vf_out_put(d->out, v->number != 0 ? "true" : "false"); break;
  case VF_DOC_NULL: vf_out_put(d->out, "null"); break;
  case VF_DOC_RAW: vf_out_bytes(d->out, v->text, v->length); break;
  }
}

const vf_doc_format vf_format_json = {.name = "json", .open = open, .close = close, .value = value};
