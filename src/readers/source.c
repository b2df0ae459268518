/* source.c - open, pread, and errors that say where. */
#include "readers/source.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/status.h"

static vf_status cannot(const char *path, const char *do_what, vf_error *err) {
  return vf_fail_at(err, VF_IO, path, "", "cannot be %s: %s", do_what, strerror(errno));
}

static vf_status look(vf_source *s, vf_error *err) {
  struct stat st;
  if (fstat(s->fd, &st) != 0) return cannot(s->path, "looked at", err);
  if (!S_ISREG(st.st_mode)) return vf_fail_at(err, VF_IO, s->path, "", "is not a regular file");
  s->bytes = st.st_size > 0 ? (uint64_t)st.st_size : 0;
  return VF_OK;
}

vf_status vf_source_open(vf_source *out, const char *path, vf_error *err) {
  vf_source s = {.path = path, .fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)};
  if (s.fd < 0) return cannot(path, "opened", err);
  vf_status status = look(&s, err);
  if (status != VF_OK)
    vf_source_close(&s);
  else
    *out = s;
  return status;
}

void vf_source_close(const vf_source *s) {
  close(s->fd);
}

vf_status vf_source_read(const vf_source *s, uint64_t at, void *to, size_t size, size_t *got,
                         vf_error *err) {
  uint64_t left = at < s->bytes ? s->bytes - at : 0;
  size_t n = 0;
  if (size > left) size = (size_t)left;
  while (n < size) {
    ssize_t now = pread(s->fd, (char *)to + n, size - n, (off_t)(at + n));
    if (now == 0) break;
    if (now < 0 && errno == EINTR) continue;
    if (now < 0) return cannot(s->path, "read", err);
    n += (size_t)now;
  }
  *got = n;
  return VF_OK;
}

vf_status vf_source_take(const vf_source *s, uint64_t at, void *to, size_t size, vf_error *err) {
  size_t got = 0;
  vf_status status = vf_source_read(s, at, to, size, &got, err);
  if (status != VF_OK || got == size) return status;
  return vf_source_fail(s, at, "", VF_MALFORMED, err,
                        "the file ends %zu bytes too early: fetch it again", size - got);
}

vf_status vf_source_fail(const vf_source *s, uint64_t at, const char *key, vf_status status,
                         vf_error *err, const char *fmt, ...) {
  if (err == NULL) return status;
  char message[sizeof err->message];
  va_list args;
  va_start(args, fmt);
  vsnprintf(message, sizeof message, fmt, args);
  va_end(args);
  vf_fail_at(err, status, s->path, key, "%s", message);
  err->offset = at;
  return status;
}
