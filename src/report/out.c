/* out.c - buffering in front of a write function. */
#include "report/out.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/args.h"
#include "base/status.h"
#include "report/document.h"

enum { LEAST_COLUMNS = 40 };

void vf_out_init(vf_out *out, vf_write_fn write, void *user) {
  out->write = write;
  out->user = user;
  out->failed = out->ascii = out->color = out->verbatim = false;
  out->used = out->columns = out->n_letter = out->n_line = 0;
}

vf_status vf_out_start(vf_out *out, vf_report_options *own, const vf_report_options *options,
                       vf_write_fn write, void *user, vf_error *err) {
  vf_report_options o = vf_report_options_init();
  vf_status status = vf_take_struct(&o, sizeof o, options, "vf_report_options", err);
  if (status != VF_OK) return status;
  if (vf_report_format_name((size_t)(unsigned)o.format) == NULL)
    return vf_fail(err, VF_USAGE, "vf_report_options: %d is no format", (int)o.format);
  if (o.unit != VF_UNIT_GIB && o.unit != VF_UNIT_GB)
    return vf_fail(err, VF_USAGE, "vf_report_options: %d is no unit", (int)o.unit);
  *own = o;
  vf_out_init(out, write, user);
  bool page = vf_doc_format_get(o.format) == NULL;
  out->ascii = page && o.ascii;
  out->color = page && o.color;
  out->columns = page && o.columns >= LEAST_COLUMNS ? o.columns : 0;
  return VF_OK;
}

static void flush(vf_out *out) {
  if (out->used > 0 && !out->failed && !out->write(out->user, out->buf, out->used))
    out->failed = true;
  out->used = 0;
}

static void write_bytes(vf_out *out, const char *s, size_t length) {
  while (length > 0) {
    size_t room = sizeof out->buf - out->used;
    size_t n = length < room ? length : room;
    memcpy(out->buf + out->used, s, n);
    out->used += n;
    s += n;
    length -= n;
    if (out->used == sizeof out->buf) flush(out);
  }
}

/* ---- Lines ---- */

/* Bytes of what takes no column: the rest of a character, and of a colour. */
static size_t skip(const char *s, size_t length) {
  if (s[0] == '\x1b') {
    size_t n = 1;
    while (n < length && s[n] != 'm') n++;
    return n < length ? n + 1 : n;
  }
  size_t n = vf_utf8_length(s, length);
  return n != 0 ? n : 1;
}

/* Where a line that is too wide is cut: behind the last blank that still has room; 0: nowhere. */
static size_t cut_at(const char *s, size_t length, size_t columns) {
  size_t at = 0, column = 0;
  bool begun = false;
  for (size_t i = 0; i < length;) {
    size_t n = skip(s + i, length - i);
    if (s[i] != '\x1b') column++;
    if (column > columns) return at;
    if (s[i] == ' ' && begun) at = i + 1;
    begun = begun || (s[i] != ' ' && s[i] != '\x1b');
    i += n;
  }
  return length;
}

/* What follows stands below the values, or a little in. */
static void put_wrapped(vf_out *out) {
  const char *s = out->line;
  size_t left = out->n_line, width = out->columns;
  size_t indent = out->columns >= 60 ? 13 : 4;
  while (left > 0) {
    size_t n = cut_at(s, left, width);
    if (n == 0 || n >= left) n = left;
    size_t shown = n;
    while (n < left && shown > 0 && s[shown - 1] == ' ') shown--;
    write_bytes(out, s, shown);
    s += n;
    left -= n;
    while (left > 0 && *s == ' ') s++, left--;
    if (left == 0) break;
    write_bytes(out, "\n", 1);
    for (size_t i = 0; i < indent; i++) write_bytes(out, " ", 1);
    width = out->columns - indent;
  }
  out->n_line = 0;
}

static void put_byte(vf_out *out, char c) {
  if (out->columns == 0 || out->verbatim) {
    if (out->n_line > 0) put_wrapped(out);
    write_bytes(out, &c, 1);
    return;
  }
  if (c == '\n' || out->n_line == sizeof out->line) put_wrapped(out);
  if (c == '\n')
    write_bytes(out, &c, 1);
  else
    out->line[out->n_line++] = c;
}

/* ---- ASCII ---- */

static const struct {
  const char *letter;
  char like;
} likes[] = {
    {"·", '|'}, {"–", '-'}, {"—", '-'}, {"×", 'x'}, {"…", '.'}, {"→", '>'},  {"←", '<'},
    {"≤", '<'}, {"≥", '>'}, {"✓", '+'}, {"✗", 'x'}, {"█", '#'}, {"▉", '#'},  {"▊", '#'},
    {"▋", '#'}, {"▌", '#'}, {"▍", '='}, {"▎", '-'}, {"▏", '.'}, {"▓", '='},  {"▒", '+'},
    {"░", ':'}, {"▕", '|'}, {"┃", '|'}, {"▚", '?'}, {"▫", '~'}, {"−", '-'},  {"│", '|'},
    {"─", '-'}, {"┌", '+'}, {"┐", '+'}, {"└", '+'}, {"┘", '+'}, {"├", '+'},  {"┤", '+'},
    {"┬", '+'}, {"┴", '+'}, {"┼", '+'}, {"“", '"'}, {"”", '"'}, {"’", '\''},
};

/* All of ours are one column wide, and so is what stands for them. */
static void put_letter(vf_out *out) {
  char like = '?';
  for (size_t i = 0; i < sizeof likes / sizeof *likes; i++)
    if (strlen(likes[i].letter) == out->n_letter &&
        memcmp(likes[i].letter, out->letter, out->n_letter) == 0)
      like = likes[i].like;
  out->n_letter = 0;
  put_byte(out, like);
}

static void put_as_ascii(vf_out *out, char c) {
  unsigned char u = (unsigned char)c;
  if (u < 0x80) {
    if (out->n_letter > 0) put_letter(out);
    put_byte(out, c);
    return;
  }
  if ((u & 0xC0) == 0xC0 && out->n_letter > 0) put_letter(out);
  if (out->n_letter < sizeof out->letter) out->letter[out->n_letter++] = c;
  if (vf_utf8_length(out->letter, out->n_letter) == out->n_letter) put_letter(out);
}

void vf_out_bytes(vf_out *out, const char *s, size_t length) {
  if (!out->ascii && out->columns == 0) {
    write_bytes(out, s, length);
    return;
  }
  for (size_t i = 0; i < length; i++) (out->ascii ? put_as_ascii : put_byte)(out, s[i]);
}

void vf_out_put(vf_out *out, const char *s) {
  vf_out_bytes(out, s, strlen(s));
}

void vf_out_escaped(vf_out *out, const char *s) {
  char piece[32];
  for (size_t n = strlen(s); n > 0;) {
    size_t length = vf_utf8_length(s, n);
    vf_text t = vf_text_on(piece, sizeof piece);
    length += length == 0;
    vf_text_escaped(&t, s, length);
    vf_out_text(out, &t);
    s += length;
    n -= length;
  }
}

void vf_out_text(vf_out *out, const vf_text *t) {
  vf_out_bytes(out, t->buf, t->length < t->size ? t->length : t->size - 1);
}

void vf_out_printf(vf_out *out, const char *fmt, ...) {
  char piece[1024];
  va_list args;
  va_start(args, fmt);
  int n = vsnprintf(piece, sizeof piece, fmt, args);
  va_end(args);
  if (n > 0) vf_out_bytes(out, piece, (size_t)n < sizeof piece ? (size_t)n : sizeof piece - 1);
}

void vf_out_spaces(vf_out *out, int n) {
  for (int i = 0; i < n; i++) vf_out_bytes(out, " ", 1);
}

void vf_out_left(vf_out *out, const char *s, int columns) {
  vf_out_put(out, s);
  vf_out_spaces(out, columns - (int)vf_text_columns(s));
}

void vf_out_right(vf_out *out, const char *s, int columns) {
  vf_out_spaces(out, columns - (int)vf_text_columns(s));
  vf_out_put(out, s);
}

void vf_out_color(vf_out *out, const char *sequence) {
  if (out->color) vf_out_put(out, sequence);
}

vf_status vf_out_finish(vf_out *out, vf_error *err) {
  if (out->n_letter > 0) put_letter(out);
  if (out->n_line > 0) put_wrapped(out);
  flush(out);
  return out->failed ? vf_fail(err, VF_IO, "the report cannot be written") : VF_OK;
}
