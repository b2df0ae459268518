/* file.c - open, look, read; never blocks on a pipe, never trusts a size. */
#include "readers/file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/status.h"

vf_path_kind vf_path_look(const char *path) {
  struct stat st;
  if (stat(path, &st) != 0) return VF_PATH_NONE;
  if (S_ISREG(st.st_mode)) return VF_PATH_FILE;
  return S_ISDIR(st.st_mode) ? VF_PATH_FOLDER : VF_PATH_OTHER;
}

static vf_status cannot(const char *path, const char *do_what, vf_error *err) {
  return vf_fail_at(err, VF_IO, path, "", "cannot be %s: %s", do_what, strerror(errno));
}

/* Opens without blocking, and accepts regular files alone. */
static vf_status open_regular(int *out, struct stat *st, const char *path, vf_error *err) {
  int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  if (fd < 0) return cannot(path, "opened", err);
  if (fstat(fd, st) != 0) {
    vf_status status = cannot(path, "looked at", err);
    close(fd);
    return status;
  }
  if (!S_ISREG(st->st_mode)) {
    close(fd);
    return vf_fail_at(err, VF_IO, path, "", "is not a regular file");
  }
  *out = fd;
  return VF_OK;
}

vf_status vf_file_open(int *out, uint64_t *size, const char *path, vf_error *err) {
  struct stat st;
  vf_status status = open_regular(out, &st, path, err);
  if (status == VF_OK) *size = (uint64_t)st.st_size;
  return status;
}

/* Reads up to size bytes; a file that shrinks meanwhile just ends earlier. */
static vf_status read_all(int fd, char *buf, size_t size, size_t *length, const char *path,
                          vf_error *err) {
  size_t n = 0;
  while (n < size) {
    ssize_t got = read(fd, buf + n, size - n);
    if (got == 0) break;
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return cannot(path, "read", err);
    n += (size_t)got;
  }
  *length = n;
  return VF_OK;
}

vf_status vf_file_read(char **out, size_t *length, const char *path, size_t most, vf_arena *arena,
                       vf_error *err) {
  struct stat st;
  int fd = -1;
  vf_status status = open_regular(&fd, &st, path, err);
  if (status != VF_OK) return status;
  if (st.st_size < 0 || (uintmax_t)st.st_size > most) {
    close(fd);
    return vf_fail_at(err, VF_LIMIT, path, "", "%lld bytes are more than the %zu MiB read here",
                      (long long)st.st_size, most >> 20);
  }
  char *buf = vf_arena_alloc(arena, (size_t)st.st_size + 1, 1);
  if (buf == NULL)
    status = vf_fail_nomem(err);
  else
    status = read_all(fd, buf, (size_t)st.st_size, length, path, err);
  close(fd);
  if (status == VF_OK) *out = buf;
  return status;
}
