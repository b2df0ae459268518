/* source.c - reading until there is enough, and errors that say where. */
#include "readers/source.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/status.h"
#include "readers/files.h"

vf_status vf_source_open(vf_source *out, const vf_files *files, const char *path, vf_error *err) {
  vf_error cause = {.status = VF_OK};
  vf_source s = {.path = path, .files = files};
  vf_status status = files->open(files->user, &s.handle, &s.bytes, path, &cause);
  if (status != VF_OK) return vf_files_fail(status, &cause, path, "opened", err);
  *out = s;
  return VF_OK;
}

void vf_source_close(vf_source *s) {
  if (s->files != NULL && s->files->close != NULL) s->files->close(s->files->user, s->handle);
  s->files = NULL;
}

static vf_status shrank(const vf_source *s, uint64_t at, vf_error *err) {
  return vf_source_fail(s, at, "", VF_IO, err,
                        "the file ended there while it was read, and had %" PRIu64
                        " bytes before: is it being written?",
                        s->bytes);
}

vf_status vf_source_read(const vf_source *s, uint64_t at, void *to, size_t size, size_t *got,
                         vf_error *err) {
  const vf_files *files = s->files;
  vf_error cause = {.status = VF_OK};
  uint64_t left = at < s->bytes ? s->bytes - at : 0;
  if (size > left) size = (size_t)left;
  for (size_t n = 0, now; n < size; n += now) {
    now = 0;
    vf_status status =
        files->read(files->user, s->handle, at + n, (char *)to + n, size - n, &now, &cause);
    if (status != VF_OK) return vf_files_fail(status, &cause, s->path, "read", err);
    if (now == 0) return shrank(s, at + n, err);
    if (now > size - n) return vf_files_fail(VF_IO, &cause, s->path, "read as it should", err);
  }
  *got = size;
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
