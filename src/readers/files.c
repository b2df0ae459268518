/* files.c - calls that are made for the whole library, and what is said when they fail. */
#include "readers/files.h"

#include <stdio.h>

#include "base/status.h"
#include "readers/source.h"

vf_status vf_files_fail(vf_status status, vf_error *cause, const char *path, const char *do_what,
                        vf_error *err) {
  if (status == VF_NOMEM) return vf_fail_nomem(err);
  cause->message[sizeof cause->message - 1] = '\0';
  cause->source[sizeof cause->source - 1] = '\0';
  cause->path[sizeof cause->path - 1] = '\0';
  cause->status = VF_IO;
  if (cause->message[0] == '\0')
    snprintf(cause->message, sizeof cause->message, "cannot be %s", do_what);
  vf_error_set_source(cause, path);
  if (err != NULL) *err = *cause;
  return VF_IO;
}

vf_status vf_files_look(vf_path_kind *out, const vf_files *files, const char *path, vf_error *err) {
  vf_error cause = {.status = VF_OK};
  vf_path_kind kind = VF_PATH_NONE;
  vf_status status = files->look(files->user, &kind, path, &cause);
  if (status != VF_OK) return vf_files_fail(status, &cause, path, "looked at", err);
  *out = kind;
  return VF_OK;
}

vf_status vf_files_list(const vf_files *files, const char *path, vf_name_fn each, void *context,
                        vf_error *err) {
  vf_error cause = {.status = VF_OK};
  vf_status status = VF_IO;
  if (files->list != NULL) status = files->list(files->user, path, each, context, &cause);
  return status == VF_OK ? VF_OK : vf_files_fail(status, &cause, path, "listed", err);
}

vf_status vf_files_read(char **out, size_t *length, const vf_files *files, const char *path,
                        size_t most, vf_arena *arena, vf_error *err) {
  vf_source source;
  vf_status status = vf_source_open(&source, files, path, err);
  if (status != VF_OK) return status;
  char *buf = NULL;
  if (source.bytes > most)
    status = vf_fail_at(err, VF_LIMIT, path, "", "%llu bytes are more than the %zu MiB read here",
                        (unsigned long long)source.bytes, most >> 20);
  else if ((buf = vf_arena_alloc(arena, (size_t)source.bytes + 1, 1)) == NULL)
    status = vf_fail_nomem(err);
  else
    status = vf_source_read(&source, 0, buf, (size_t)source.bytes, length, err);
  vf_source_close(&source);
  if (status == VF_OK) *out = buf;
  return status;
}
