/* pool.h - memory of one device as ggml's allocator hands it out: best fit over free blocks.
 *
 * Source of the rules: ggml 0.25.1, ggml-alloc.c (ggml_dyn_tallocr_alloc,
 * ggml_dyn_tallocr_free_bytes). */
#ifndef VF_CORE_POOL_H
#define VF_CORE_POOL_H

#include <stdbool.h>
#include <stdint.h>

enum { VF_POOL_BLOCKS = 128 };

typedef struct vf_pool_block {
  uint64_t offset, size;
} vf_pool_block;

typedef struct vf_pool {
  uint64_t align_bytes;
  uint64_t peak_bytes; /* highest end of any allocation so far */
  uint32_t n_blocks;
  vf_pool_block blocks[VF_POOL_BLOCKS]; /* free memory by offset; the last one is open-ended */
} vf_pool;

void vf_pool_init(vf_pool *p, uint64_t align_bytes);

/* False if the size does not fit 64 bits, or the free memory is in too many pieces. */
bool vf_pool_take(vf_pool *p, uint64_t *offset, uint64_t size);
bool vf_pool_give(vf_pool *p, uint64_t offset, uint64_t size);

#endif
