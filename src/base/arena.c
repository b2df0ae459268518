/* arena.c - a list of chunks; allocation bumps a pointer, freeing walks the list. */
#include "base/arena.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { CHUNK_BYTES = 16 * 1024 };

typedef struct chunk {
  struct chunk *next;
  size_t used, size;
  alignas(max_align_t) unsigned char data[];
} chunk;

struct vf_arena {
  vf_allocator allocator;
  chunk *chunks; /* newest first */
  size_t left;   /* bytes until the cap */
  bool full;     /* and it was reached */
};

static void *default_alloc(void *user, size_t size) {
  (void)user;
  return malloc(size);
}

static void default_free(void *user, void *ptr) {
  (void)user;
  free(ptr);
}

const vf_allocator vf_default_allocator = {default_alloc, default_free, NULL};

vf_arena *vf_arena_new(const vf_allocator *allocator, size_t cap_bytes) {
  vf_arena *arena = allocator->alloc(allocator->user, sizeof *arena);
  if (arena == NULL) return NULL;
  *arena = (vf_arena){*allocator, NULL, cap_bytes, false};
  return arena;
}

void vf_arena_free(vf_arena *arena) {
  if (arena == NULL) return;
  vf_allocator allocator = arena->allocator;
  for (chunk *c = arena->chunks; c != NULL;) {
    chunk *next = c->next;
    allocator.free(allocator.user, c);
    c = next;
  }
  allocator.free(allocator.user, arena);
}

static chunk *add_chunk(vf_arena *arena, size_t bytes) {
  size_t size = bytes > CHUNK_BYTES ? bytes : CHUNK_BYTES;
  chunk *c = arena->allocator.alloc(arena->allocator.user, sizeof *c + size);
  if (c == NULL) return NULL;
  c->next = arena->chunks;
  c->used = 0;
  c->size = size;
  arena->chunks = c;
  return c;
}

void *vf_arena_alloc_raw(vf_arena *arena, size_t count, size_t size) {
  const size_t align = alignof(max_align_t);
  size_t bytes;
  if (__builtin_mul_overflow(count, size, &bytes) || bytes > arena->left || bytes > SIZE_MAX / 2) {
    arena->full = true;
    return NULL;
  }
  bytes = (bytes + align - 1) / align * align;
  chunk *c = arena->chunks;
  if (c == NULL || c->size - c->used < bytes) c = add_chunk(arena, bytes);
  if (c == NULL) return NULL;
  void *p = c->data + c->used;
  c->used += bytes;
  arena->left -= bytes < arena->left ? bytes : arena->left;
  return p;
}

/* The product was checked above when there is a result. */
void *vf_arena_alloc(vf_arena *arena, size_t count, size_t size) {
  void *p = vf_arena_alloc_raw(arena, count, size);
  return p == NULL ? NULL : memset(p, 0, count * size);
}

/* A block that fills a chunk of its own. */
static void give_back(vf_arena *arena, void *block) {
  for (chunk **at = &arena->chunks; *at != NULL; at = &(*at)->next) {
    chunk *c = *at;
    if (c->data != (unsigned char *)block || c->used <= CHUNK_BYTES || c->used != c->size) continue;
    *at = c->next;
    arena->left += c->size;
    arena->allocator.free(arena->allocator.user, c);
    return;
  }
}

void *vf_arena_grow(vf_arena *arena, void *old, size_t old_count, size_t count, size_t size) {
  void *p = vf_arena_alloc_raw(arena, count, size);
  if (p == NULL || old == NULL) return p;
  memcpy(p, old, old_count * size);
  give_back(arena, old);
  return p;
}

char *vf_arena_copy(vf_arena *arena, const char *s, size_t length) {
  char *copy = vf_arena_alloc(arena, length + 1, 1);
  if (copy != NULL && length > 0) memcpy(copy, s, length);
  return copy;
}

bool vf_arena_is_full(const vf_arena *arena) {
  return arena->full;
}

const vf_allocator *vf_arena_allocator(const vf_arena *arena) {
  return &arena->allocator;
}
