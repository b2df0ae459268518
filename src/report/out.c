/* out.c - buffering in front of a write function. */
#include "report/out.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/args.h"
#include "base/status.h"

void vf_out_init(vf_out *out, vf_write_fn write, void *user) {
  out->write = write;
  out->user = user;
  out->failed = false;
  out->used = 0;
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
  return VF_OK;
}

static void flush(vf_out *out) {
  if (out->used > 0 && !out->failed && !out->write(out->user, out->buf, out->used))
    out->failed = true;
  out->used = 0;
}

void vf_out_bytes(vf_out *out, const char *s, size_t length) {
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

void vf_out_put(vf_out *out, const char *s) {
  vf_out_bytes(out, s, strlen(s));
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

vf_status vf_out_finish(vf_out *out, vf_error *err) {
  flush(out);
  return out->failed ? vf_fail(err, VF_IO, "the report cannot be written") : VF_OK;
}
