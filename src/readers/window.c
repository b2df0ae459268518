/* window.c - a window that moves over a file. */
#include "readers/window.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/checked.h"
#include "base/status.h"

vf_status vf_window_open(vf_window *out, const vf_files *files, const char *path, vf_arena *arena,
                         vf_error *err) {
  *out = (vf_window){.source.files = NULL};
  out->buf = vf_arena_alloc_raw(arena, VF_WINDOW_BYTES, 1);
  if (out->buf == NULL) return vf_fail_nomem(err);
  return vf_source_open(&out->source, files, path, err);
}

void vf_window_close(vf_window *w) {
  vf_source_close(&w->source);
}

vf_status vf_window_fail(const vf_window *w, vf_status status, uint64_t offset, vf_error *err,
                         const char *fmt, ...) {
  char message[256];
  va_list args;
  va_start(args, fmt);
  vsnprintf(message, sizeof message, fmt, args);
  va_end(args);
  return vf_source_fail(&w->source, offset, "", status, err, "%s", message);
}

static vf_status ended(const vf_window *w, uint64_t n, const char *what, vf_error *err) {
  return vf_window_fail(w, VF_MALFORMED, w->at, err,
                        "the file ends after %llu bytes, within %s, which needs %llu more here: "
                        "is it cut short?",
                        (unsigned long long)w->source.bytes, what, (unsigned long long)n);
}

/* Moves the window so that it starts at the cursor. */
static vf_status fill(vf_window *w, vf_error *err) {
  w->start = w->at;
  w->filled = 0;
  return vf_source_read(&w->source, w->start, w->buf, VF_WINDOW_BYTES, &w->filled, err);
}

static bool is_inside(const vf_window *w, size_t n) {
  return w->at >= w->start && w->at - w->start <= w->filled && n <= w->filled - (w->at - w->start);
}

vf_status vf_window_take(const unsigned char **out, vf_window *w, size_t n, const char *what,
                         vf_error *err) {
  if (n > w->source.bytes - w->at) return ended(w, n, what, err);
  if (!is_inside(w, n)) {
    vf_status status = fill(w, err);
    if (status != VF_OK) return status;
    if (!is_inside(w, n)) return ended(w, n, what, err);
  }
  *out = w->buf + (w->at - w->start);
  w->at += n;
  return VF_OK;
}

uint32_t vf_window_decode32(const vf_window *w, const unsigned char *p) {
  uint32_t n;
  memcpy(&n, p, sizeof n);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
  return w->big_endian ? n : __builtin_bswap32(n);
#else
  return w->big_endian ? __builtin_bswap32(n) : n;
#endif
}

uint64_t vf_window_decode64(const vf_window *w, const unsigned char *p) {
  uint64_t n;
  memcpy(&n, p, sizeof n);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
  return w->big_endian ? n : __builtin_bswap64(n);
#else
  return w->big_endian ? __builtin_bswap64(n) : n;
#endif
}

vf_status vf_window_u32(uint32_t *out, vf_window *w, const char *what, vf_error *err) {
  const unsigned char *p = w->buf;
  vf_status status = vf_window_take(&p, w, sizeof *out, what, err);
  if (status == VF_OK) *out = vf_window_decode32(w, p);
  return status;
}

vf_status vf_window_u64(uint64_t *out, vf_window *w, const char *what, vf_error *err) {
  const unsigned char *p = w->buf;
  vf_status status = vf_window_take(&p, w, sizeof *out, what, err);
  if (status == VF_OK) *out = vf_window_decode64(w, p);
  return status;
}

vf_status vf_window_skip(vf_window *w, uint64_t n, const char *what, vf_error *err) {
  if (n > w->source.bytes - w->at) return ended(w, n, what, err);
  w->at += n;
  return VF_OK;
}

/* The one loop that sees a whole vocabulary: it runs over the window without leaving it. */
static uint64_t skip_strings_inside(vf_window *w, uint64_t count) {
  uint64_t at = w->at - w->start;
  while (count > 0 && at + sizeof(uint64_t) <= w->filled) {
    uint64_t length = vf_window_decode64(w, w->buf + at);
    if (length > w->filled - at - sizeof length) break;
    at += sizeof length + length;
    count--;
  }
  w->at = w->start + at;
  return count;
}

vf_status vf_window_skip_strings(vf_window *w, uint64_t count, const char *what, vf_error *err) {
  uint64_t length;
  while (count > 0) {
    if (is_inside(w, 0)) count = skip_strings_inside(w, count);
    if (count == 0) break;
    vf_status status = vf_window_u64(&length, w, what, err);
    if (status == VF_OK) status = vf_window_skip(w, length, what, err);
    if (status != VF_OK) return status;
    count--;
  }
  return VF_OK;
}
