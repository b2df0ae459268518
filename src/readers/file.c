/* file.c - open, look, read; never blocks on a pipe, never trusts a size. */
#include "readers/file.h"

#include <sys/stat.h>

#include "base/status.h"
#include "readers/source.h"

vf_path_kind vf_path_look(const char *path) {
  struct stat st;
  if (stat(path, &st) != 0) return VF_PATH_NONE;
  if (S_ISREG(st.st_mode)) return VF_PATH_FILE;
  return S_ISDIR(st.st_mode) ? VF_PATH_FOLDER : VF_PATH_OTHER;
}

vf_status vf_file_read(char **out, size_t *length, const char *path, size_t most, vf_arena *arena,
                       vf_error *err) {
  vf_source source;
  vf_status status = vf_source_open(&source, path, err);
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
