/* fuzz_memory.h - what the fuzz targets share that see files as the library does: one file in
 * memory, and a context whose only file it is. */
#ifndef VF_TESTS_FUZZ_MEMORY_H
#define VF_TESTS_FUZZ_MEMORY_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vramfit/deploy.h"
#include "vramfit/files.h"
#include "vramfit/vramfit.h"

#include "readers/weights/weights.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Ends the run, and says where; the fuzzer keeps the input. */
#define require(holds) ((holds) ? (void)0 : fuzz_end(__FILE__, __LINE__))
static inline void fuzz_end(const char *file, int line) {
  fprintf(stderr, "%s:%d: what has to hold does not\n", file, line);
  abort();
}

typedef struct fuzz_memory {
  const char *path; /* of the file */
  const uint8_t *data;
  size_t size;
} fuzz_memory;

static fuzz_memory fuzz_file_seen;

static inline vf_status fuzz_look(void *user, vf_path_kind *out, const char *path, vf_error *err) {
  const fuzz_memory *m = user;
  (void)err;
  *out = m->path != NULL && strcmp(path, m->path) == 0 ? VF_PATH_FILE : VF_PATH_NONE;
  return VF_OK;
}

static inline vf_status fuzz_open(void *user, void **out_file, uint64_t *out_bytes,
                                  const char *path, vf_error *err) {
  fuzz_memory *m = user;
  (void)err;
  if (m->path == NULL || strcmp(path, m->path) != 0) return VF_IO;
  *out_file = m;
  *out_bytes = m->size;
  return VF_OK;
}

static inline vf_status fuzz_read(void *user, void *file, uint64_t at, void *to, size_t size,
                                  size_t *out_got, vf_error *err) {
  const fuzz_memory *m = file;
  (void)user;
  (void)err;
  require(at <= m->size && size <= m->size - at);
  if (size > 0) memcpy(to, m->data + at, size);
  *out_got = size;
  return VF_OK;
}

/* The bytes are the file at that path; the result is the same one at each call. */
static inline const vf_files *fuzz_files(const char *path, const uint8_t *data, size_t size) {
  static vf_files files;
  fuzz_file_seen = (fuzz_memory){path, data, size};
  files = vf_files_init();
  files.user = &fuzz_file_seen;
  files.look = fuzz_look;
  files.open = fuzz_open;
  files.read = fuzz_read;
  return &files;
}

/* A context over fuzz_files(), made once. */
static inline const vf_context *fuzz_context(void) {
  static vf_context *ctx;
  vf_context_options options = {.struct_size = sizeof options, .files = fuzz_files(NULL, NULL, 0)};
  if (ctx == NULL) require(vf_context_new(&ctx, &options, NULL) == VF_OK);
  return ctx;
}

/* The input as text with an end of its own; NULL: it has a NUL in it, or is too long. */
static inline const char *fuzz_text(const uint8_t *data, size_t size) {
  static char text[1 << 14];
  if (size >= sizeof text || memchr(data, '\0', size) != NULL) return NULL;
  memcpy(text, data, size);
  text[size] = '\0';
  return text;
}

/* An error is one line that says something. */
static inline void require_told(vf_status status, const vf_error *err) {
  char line[1024];
  if (status == VF_OK) return;
  require(err->status == status && err->message[0] != '\0');
  vf_error_line(err, line, sizeof line);
  for (const char *c = line; *c != '\0'; c++) require((unsigned char)*c >= 0x20 && *c != 0x7F);
}

/* A sink that adds up what it is given. */
static inline vf_status fuzz_add(void *context, const vf_file_tensor *t, vf_error *err) {
  (void)err;
  for (size_t i = 0; i < t->name_length; i++) require(t->name[i] != '\0');
  require(vf_format_get(t->format) != NULL);
  *(uint64_t *)context += t->bytes;
  return VF_OK;
}

/* What holds of every estimate: lines add up to the need, and FITS keeps the headroom. */
static inline void require_sums(const vf_estimate *e) {
  size_t n_lines, n_devices;
  const vf_line *lines = vf_estimate_lines(e, &n_lines);
  const vf_device_budget *budgets = vf_estimate_devices(e, &n_devices);
  for (size_t d = 0; d < n_devices; d++) {
    vf_interval sum = {0, 0, 0};
    for (size_t i = 0; i < n_lines; i++) {
      if (lines[i].device != d || lines[i].outside || lines[i].growth) continue;
      require(lines[i].size.low_bytes <= lines[i].size.bytes &&
              lines[i].size.bytes <= lines[i].size.high_bytes);
      sum.low_bytes += lines[i].size.low_bytes;
      sum.bytes += lines[i].size.bytes;
      sum.high_bytes += lines[i].size.high_bytes;
    }
    const vf_interval *need = &budgets[d].need;
    if (budgets[d].shared_host_bytes == 0 && !budgets[d].pooled)
      require(need->low_bytes == sum.low_bytes && need->bytes == sum.bytes &&
              need->high_bytes == sum.high_bytes);
    if (vf_estimate_verdict(e) == VF_FITS)
      require(!budgets[d].device.total_known ||
              need->high_bytes + budgets[d].growth_bytes <= budgets[d].capacity_bytes);
  }
}

#endif
