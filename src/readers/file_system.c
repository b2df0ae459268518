/* file_system.c - the files of this system: the one place that opens anything to be read.
 *
 * Never blocks on a pipe or device, starts a read again that a signal has ended, and tells what is
 * not there from what cannot be looked at. */
#define _FILE_OFFSET_BITS 64 /* files of 2 GiB and more on 32-bit systems */

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "vramfit/files.h"

static vf_status cannot(const char *do_what, int reason, vf_error *err) {
  snprintf(err->message, sizeof err->message, "cannot be %s: %s", do_what, strerror(reason));
  return VF_IO;
}

/* ---- Paths ------------------------------------------------------------------------------ */

/* A name that is no path at all, "a/b" under a file or one of 5,000 letters, is nothing that is
 * there: it may stand in a catalog. */
static bool is_absent(int reason) {
  return reason == ENOENT || reason == ENOTDIR || reason == ENAMETOOLONG;
}

static vf_status look(void *user, vf_path_kind *out, const char *path, vf_error *err) {
  struct stat st = {.st_mode = 0};
  (void)user;
  if (stat(path, &st) != 0) {
    *out = VF_PATH_NONE;
    return is_absent(errno) ? VF_OK : cannot("looked at", errno, err);
  }
  *out = S_ISREG(st.st_mode) ? VF_PATH_FILE : S_ISDIR(st.st_mode) ? VF_PATH_FOLDER : VF_PATH_OTHER;
  return VF_OK;
}

static bool is_name(const char *name) {
  return strcmp(name, ".") != 0 && strcmp(name, "..") != 0;
}

/* readdir() says by errno alone whether the list has ended or broken off. */
static vf_status list(void *user, const char *path, vf_name_fn each, void *context, vf_error *err) {
  (void)user;
  DIR *dir = opendir(path);
  if (dir == NULL) return cannot("listed", errno, err);
  const struct dirent *e;
  for (errno = 0; (e = readdir(dir)) != NULL; errno = 0)
    if (is_name(e->d_name) && !each(context, e->d_name)) break;
  int reason = e == NULL ? errno : 0;
  closedir(dir);
  return reason == 0 ? VF_OK : cannot("listed", reason, err);
}

/* ---- Files ------------------------------------------------------------------------------ */

/* A handle is the descriptor itself: nothing has to be allocated. */
static int descriptor(void *file) {
  return (int)(intptr_t)file;
}

static vf_status measure(int fd, uint64_t *out_bytes, vf_error *err) {
  struct stat st = {.st_mode = 0};
  if (fstat(fd, &st) != 0) return cannot("looked at", errno, err);
  if (!S_ISREG(st.st_mode)) {
    snprintf(err->message, sizeof err->message, "is not a regular file");
    return VF_IO;
  }
  *out_bytes = st.st_size > 0 ? (uint64_t)st.st_size : 0;
  return VF_OK;
}

static vf_status open_file(void *user, void **out_file, uint64_t *out_bytes, const char *path,
                           vf_error *err) {
  (void)user;
  int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  if (fd < 0) return cannot("opened", errno, err);
  vf_status status = measure(fd, out_bytes, err);
  if (status == VF_OK)
    *out_file = (void *)(intptr_t)fd;
  else
    close(fd);
  return status;
}

static vf_status read_file(void *user, void *file, uint64_t at, void *to, size_t size,
                           size_t *out_got, vf_error *err) {
  ssize_t n;
  (void)user;
  if (size > INT32_MAX) size = INT32_MAX; /* more than the kernel's 2 GiB - 4 KiB is never read */
  do n = pread(descriptor(file), to, size, (off_t)at);
  while (n < 0 && errno == EINTR);
  if (n < 0) return cannot("read", errno, err);
  *out_got = (size_t)n;
  return VF_OK;
}

static void close_file(void *user, void *file) {
  (void)user;
  close(descriptor(file));
}

const vf_files *vf_file_system(void) {
  static const vf_files files = {sizeof files, NULL, look, open_file, read_file, list, close_file};
  return &files;
}
