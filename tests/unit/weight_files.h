/* weight_files.h - files of weights made byte by byte, and a sink that remembers what it was given.
 */
#ifndef VF_TESTS_WEIGHT_FILES_H
#define VF_TESTS_WEIGHT_FILES_H

#include "support.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/arena.h"
#include "readers/weights/weights.h"

/* ---- Bytes ------------------------------------------------------------------------------ */

typedef struct blob {
  unsigned char *bytes;
  size_t length, room;
} blob;

static inline void put(blob *b, const void *bytes, size_t length) {
  if (b->length + length > b->room) {
    b->room = 2 * (b->length + length);
    b->bytes = realloc(b->bytes, b->room);
    assert_non_null(b->bytes);
  }
  if (length > 0) memcpy(b->bytes + b->length, bytes, length);
  b->length += length;
}

static inline void put_text(blob *b, const char *text) {
  put(b, text, strlen(text));
}

static inline void put_little(blob *b, uint64_t n, size_t bytes) {
  for (size_t i = 0; i < bytes; i++, n >>= 8) put(b, &(unsigned char){(unsigned char)n}, 1);
}

static inline void put_zeros(blob *b, size_t count) {
  for (size_t i = 0; i < count; i++) put(b, "", 1);
}

static inline void write_bytes(const char *path, const void *bytes, size_t length) {
  FILE *f = fopen(path, "wb");
  assert_non_null(f);
  if (length > 0) assert_int_equal(fwrite(bytes, 1, length, f), length);
  assert_int_equal(fclose(f), 0);
}

static inline void write_blob(const char *path, blob *b) {
  write_bytes(path, b->bytes, b->length);
  free(b->bytes);
  *b = (blob){0};
}

/* ---- What a reader yields --------------------------------------------------------------- */

typedef struct seen_tensor {
  char name[64];
  vf_file_tensor tensor;
} seen_tensor;

typedef struct seen {
  seen_tensor tensors[64]; /* the first ones */
  size_t count;
  uint64_t bytes;
} seen;

static inline vf_status remember(void *context, const vf_file_tensor *t, vf_error *err) {
  seen *s = context;
  (void)err;
  s->bytes += t->bytes;
  if (s->count++ >= 64) return VF_OK;
  seen_tensor *kept = &s->tensors[s->count - 1];
  snprintf(kept->name, sizeof kept->name, "%.*s", (int)t->name_length, t->name);
  kept->tensor = *t;
  return VF_OK;
}

static inline void assert_tensor(const seen *s, size_t i, const char *name, vf_format format,
                                 const uint64_t ne[4], uint64_t bytes, uint64_t offset) {
  assert_true(i < s->count && i < 64);
  const vf_file_tensor *t = &s->tensors[i].tensor;
  assert_string_equal(s->tensors[i].name, name);
  assert_int_equal(t->format, format);
  for (size_t d = 0; d < 4; d++) assert_u64(t->ne[d], ne[d]);
  assert_u64(t->bytes, bytes);
  assert_u64(t->offset, offset);
}

/* ---- Memory ----------------------------------------------------------------------------- */

/* Fails when the countdown has run out (never, if negative), and counts what is alive. */
typedef struct failing_memory {
  long countdown, live;
} failing_memory;

static inline void *failing_alloc(void *user, size_t size) {
  failing_memory *m = user;
  if (m->countdown == 0) return NULL;
  if (m->countdown > 0) m->countdown--;
  void *p = malloc(size);
  m->live += p != NULL;
  return p;
}

static inline void failing_free(void *user, void *p) {
  failing_memory *m = user;
  m->live -= p != NULL;
  free(p);
}

/* Calls a reader with every allocation failing in turn, until it succeeds. */
static inline void fail_every_allocation(vf_status (*call)(vf_arena *arena, vf_error *err)) {
  vf_status status = VF_NOMEM;
  for (long k = 0; status != VF_OK; k++) {
    failing_memory memory = {k, 0};
    const vf_allocator allocator = {failing_alloc, failing_free, &memory};
    vf_error err = {VF_OK};
    vf_arena *arena = vf_arena_new(&allocator, 1 << 20);
    if (arena != NULL) status = call(arena, &err);
    assert_true(status == VF_OK || status == VF_NOMEM);
    if (arena != NULL) assert_int_equal(err.status, status);
    vf_arena_free(arena);
    assert_int_equal(memory.live, 0);
    assert_true(k < 1000);
  }
}

#endif
