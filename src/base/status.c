/* status.c - error objects: filled without allocating, printed on one line. */
#include "base/status.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

/* What the header has for analyses. */
#undef vf_fail
#undef vf_fail_at
#undef vf_fail_nomem

const char *vf_version(void) {
  return VF_VERSION;
}

const char *vf_status_text(vf_status status) {
  switch (status) {
#define VF_STATUS_CASE(name, value, text)                                                          \
  case VF_##name: return text;
    VF_STATUS_MAP(VF_STATUS_CASE)
#undef VF_STATUS_CASE
  }
  return "unknown status";
}

static void copy(char *dst, size_t size, const char *src) {
  snprintf(dst, size, "%s", src);
}

static void fill(vf_error *err, vf_status status, const char *fmt, va_list args) VF_PRINTF(3, 0);

static void fill(vf_error *err, vf_status status, const char *fmt, va_list args) {
  memset(err, 0, sizeof *err);
  err->status = status;
  vsnprintf(err->message, sizeof err->message, fmt, args);
}

vf_status vf_fail(vf_error *err, vf_status status, const char *fmt, ...) {
  if (err == NULL) return status;
  va_list args;
  va_start(args, fmt);
  fill(err, status, fmt, args);
  va_end(args);
  return status;
}

vf_status vf_fail_at(vf_error *err, vf_status status, const char *source, const char *path,
                     const char *fmt, ...) {
  if (err == NULL) return status;
  va_list args;
  va_start(args, fmt);
  fill(err, status, fmt, args);
  va_end(args);
  copy(err->source, sizeof err->source, source);
  copy(err->path, sizeof err->path, path);
  return status;
}

vf_status vf_fail_nomem(vf_error *err) {
  return vf_fail(err, VF_NOMEM, "out of memory");
}

void vf_error_set_source(vf_error *err, const char *source) {
  if (err != NULL && err->source[0] == '\0') copy(err->source, sizeof err->source, source);
}

/* "source: line 3, /path: message"; each part only if it is there. */
size_t vf_error_line(const vf_error *err, char *buf, size_t size) {
  vf_text text = vf_text_on(buf, size);
  if (err == NULL) return 0;
  if (err->source[0] != '\0') {
    vf_text_escaped(&text, err->source, strlen(err->source));
    vf_text_put(&text, ": ");
  }
  if (err->line != 0)
    vf_text_printf(&text, "line %" PRIu32, err->line);
  else if (err->offset != 0)
    vf_text_printf(&text, "offset %" PRIu64, err->offset);
  if ((err->line != 0 || err->offset != 0) && err->path[0] != '\0') vf_text_put(&text, ", ");
  vf_text_escaped(&text, err->path, strlen(err->path));
  if (err->line != 0 || err->offset != 0 || err->path[0] != '\0') vf_text_put(&text, ": ");
  vf_text_escaped(&text, err->message, strlen(err->message));
  return text.length;
}
