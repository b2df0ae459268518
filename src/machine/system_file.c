/* system_file.c - open without waiting, read up to a limit. */
#include "machine/system_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool join(char out[VF_SYSTEM_PATH], const char *root, const char *path) {
  int n = snprintf(out, VF_SYSTEM_PATH, "%s%s", root, path);
  return n > 0 && n < VF_SYSTEM_PATH;
}

/* Up to size bytes; false on an error. */
static bool take(int fd, char *buf, size_t size, size_t *length) {
  for (*length = 0; *length < size;) {
    ssize_t n = read(fd, buf + *length, size - *length);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return false;
    if (n == 0) break;
    *length += (size_t)n;
  }
  return true;
}

/* A regular file that is there and may be read; below 0: why not. */
static int open_file(const char *root, const char *path, vf_system_result *why) {
  char whole[VF_SYSTEM_PATH];
  struct stat st = {.st_mode = 0};
  *why = VF_SYSTEM_ABSENT;
  if (!join(whole, root, path)) return -1;
  int fd = open(whole, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
  if (fd < 0 && (errno == EACCES || errno == EPERM)) *why = VF_SYSTEM_DENIED;
  if (fd < 0) return -1;
  if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode)) return fd;
  *why = VF_SYSTEM_ODD;
  close(fd);
  return -1;
}

vf_system_result vf_system_read(char *buf, size_t size, size_t *length, const char *root,
                                const char *path) {
  vf_system_result why;
  *length = 0;
  buf[0] = '\0';
  int fd = open_file(root, path, &why);
  if (fd < 0) return why;
  bool read = take(fd, buf, size - 1, length);
  close(fd);
  buf[*length] = '\0';
  return read ? VF_SYSTEM_READ : VF_SYSTEM_ODD;
}

bool vf_system_find(char *buf, size_t size, const char *root, const char *path, const char *start) {
  char line[512];
  vf_system_result why;
  size_t n = strlen(start);
  bool found = false, begins = true; /* a line may be longer than the room for it */
  int fd = open_file(root, path, &why);
  FILE *f = fd >= 0 ? fdopen(fd, "r") : NULL;
  if (f == NULL && fd >= 0) close(fd);
  while (!found && f != NULL && fgets(line, sizeof line, f) != NULL) {
    found = begins && strncmp(line, start, n) == 0;
    begins = strchr(line, '\n') != NULL;
  }
  if (f != NULL) fclose(f);
  if (found) snprintf(buf, size, "%.*s", (int)strcspn(line + n, "\r\n"), line + n);
  return found;
}

bool vf_system_line(char *buf, size_t size, const char *root, const char *path) {
  size_t n;
  if (vf_system_read(buf, size, &n, root, path) != VF_SYSTEM_READ) return false;
  n = strcspn(buf, "\n");
  while (n > 0 && strchr(" \t\r", buf[n - 1]) != NULL) n--;
  buf[n] = '\0';
  size_t blanks = strspn(buf, " \t");
  memmove(buf, buf + blanks, n - blanks + 1);
  return buf[0] != '\0';
}

static int digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : 16;
}

static bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

bool vf_system_number(uint64_t *out, const char *text, size_t length, int base) {
  uint64_t n = 0, step = (uint64_t)base;
  while (length > 0 && is_blank(text[length - 1])) length--;
  while (length > 0 && is_blank(text[0])) text++, length--;
  if (base == 16 && length > 2 && text[0] == '0' && text[1] == 'x') text += 2, length -= 2;
  if (length == 0) return false;
  for (size_t i = 0; i < length; i++) {
    uint64_t d = (uint64_t)digit(text[i]);
    if (d >= step || n > (UINT64_MAX - d) / step) return false;
    n = n * step + d;
  }
  *out = n;
  return true;
}

bool vf_system_value(uint64_t *out, const char *root, const char *path, int base) {
  char text[64];
  size_t n;
  return vf_system_read(text, sizeof text, &n, root, path) == VF_SYSTEM_READ &&
         vf_system_number(out, text, n, base);
}

bool vf_system_exists(const char *root, const char *path) {
  char whole[VF_SYSTEM_PATH];
  return join(whole, root, path) && access(whole, F_OK) == 0;
}
