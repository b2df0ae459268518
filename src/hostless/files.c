/* files.c - in place of the file system, in a library that is built without one (VRAMFIT_HOST=OFF):
 * a caller gives vf_files of its own. */
#include <stdio.h>

#include "vramfit/files.h"

static vf_status none(vf_error *err) {
  snprintf(err->message, sizeof err->message,
           "this library was built without a file system: files come from vf_context_options");
  return VF_IO;
}

/* No path is anything: catalog names work without files. */
static vf_status look(void *user, vf_path_kind *out, const char *path, vf_error *err) {
  (void)user;
  (void)path;
  (void)err;
  *out = VF_PATH_NONE;
  return VF_OK;
}

static vf_status open_file(void *user, void **out_file, uint64_t *out_bytes, const char *path,
                           vf_error *err) {
  (void)user;
  (void)out_file;
  (void)out_bytes;
  (void)path;
  return none(err);
}

static vf_status read_file(void *user, void *file, uint64_t at, void *to, size_t size,
                           size_t *out_got, vf_error *err) {
  (void)user;
  (void)file;
  (void)at;
  (void)to;
  (void)size;
  (void)out_got;
  return none(err);
}

const vf_files *vf_file_system(void) {
  static const vf_files files = {sizeof files, NULL, look, open_file, read_file, NULL, NULL};
  return &files;
}
