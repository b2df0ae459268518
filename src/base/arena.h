/* arena.h - all memory of one loaded object, freed at once.
 *
 * Allocations are zeroed (but for _raw), aligned for any type, and capped: an object that wants
 * more than its cap fails like one that runs out of memory. */
#ifndef VF_BASE_ARENA_H
#define VF_BASE_ARENA_H

#include <stdbool.h>
#include <stddef.h>

#include "vramfit/vramfit.h"

typedef struct vf_arena vf_arena;

/* cap_bytes bounds the sum of what is handed out.  NULL when there is no memory. */
vf_arena *vf_arena_new(const vf_allocator *allocator, size_t cap_bytes);
void vf_arena_free(vf_arena *arena);

/* count * size bytes, or NULL (no memory, over the cap, or the product does not fit). */
void *vf_arena_alloc(vf_arena *arena, size_t count, size_t size);

/* The same, not zeroed: for long lists that are filled from the front. */
void *vf_arena_alloc_raw(vf_arena *arena, size_t count, size_t size);

/* A longer list in place of `old` (NULL: none yet), not zeroed behind its `old_count` items.  One
 * that was long enough to lie by itself is freed, so that lists that double cost no more than they
 * hold. */
void *vf_arena_grow(vf_arena *arena, void *old, size_t old_count, size_t count, size_t size);

/* A copy of s[0..length) with a terminator. */
char *vf_arena_copy(vf_arena *arena, const char *s, size_t length);

/* Whether something was refused because of the cap, not for want of memory. */
bool vf_arena_is_full(const vf_arena *arena);

const vf_allocator *vf_arena_allocator(const vf_arena *arena);

/* malloc and free. */
extern const vf_allocator vf_default_allocator;

#endif
