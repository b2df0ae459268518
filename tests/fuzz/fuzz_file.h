/* fuzz_file.h - what the fuzz targets of file readers share: the input as a file. */
#ifndef VF_TESTS_FUZZ_FILE_H
#define VF_TESTS_FUZZ_FILE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Ends the run; the fuzzer keeps the input. */
static inline void require(bool holds) {
  if (!holds) abort();
}

/* A file without a name that holds these bytes, the same one at each call. */
static inline const char *fuzz_file(const uint8_t *data, size_t size) {
  static char path[32];
  static int fd = -1;
  if (fd < 0) {
    char name[] = "/tmp/vramfit-fuzz-XXXXXX";
    fd = mkstemp(name);
    require(fd >= 0 && unlink(name) == 0);
    snprintf(path, sizeof path, "/dev/fd/%d", fd);
  }
  require(ftruncate(fd, 0) == 0);
  require(pwrite(fd, data, size, 0) == (ssize_t)size);
  return path;
}

#endif
