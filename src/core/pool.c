/* pool.c - best fit. */
#include "core/pool.h"

#include <string.h>

#include "base/checked.h"

void vf_pool_init(vf_pool *p, uint64_t align_bytes) {
  p->align_bytes = align_bytes;
  p->peak_bytes = 0;
  p->n_blocks = 1;
  p->blocks[0] = (vf_pool_block){0, UINT64_MAX / 2};
}

static void remove_block(vf_pool *p, uint32_t i) {
  p->n_blocks--;
  memmove(&p->blocks[i], &p->blocks[i + 1], (p->n_blocks - i) * sizeof *p->blocks);
}

static bool insert_block(vf_pool *p, uint32_t i, uint64_t offset, uint64_t size) {
  if (p->n_blocks == VF_POOL_BLOCKS) return false;
  memmove(&p->blocks[i + 1], &p->blocks[i], (p->n_blocks - i) * sizeof *p->blocks);
  p->blocks[i] = (vf_pool_block){offset, size};
  p->n_blocks++;
  return true;
}

/* The smallest block that fits, the later one of equals; the open end only if nothing else does. */
static uint32_t best_block(const vf_pool *p, uint64_t size) {
  uint32_t best = p->n_blocks - 1;
  uint64_t best_size = UINT64_MAX;
  for (uint32_t i = 0; i + 1 < p->n_blocks; i++) {
    if (p->blocks[i].size < size || p->blocks[i].size > best_size) continue;
    best = i;
    best_size = p->blocks[i].size;
  }
  return best;
}

bool vf_pool_take(vf_pool *p, uint64_t *offset, uint64_t size) {
  if (!vf_align_up(&size, size, p->align_bytes)) return false;
  uint32_t i = best_block(p, size);
  if (p->blocks[i].size < size) return false;
  *offset = p->blocks[i].offset;
  p->blocks[i].offset += size;
  p->blocks[i].size -= size;
  if (p->blocks[i].size == 0) remove_block(p, i);
  p->peak_bytes = vf_max_u64(p->peak_bytes, *offset + size);
  return true;
}

static uint64_t end_of(const vf_pool_block *b) {
  return b->offset + b->size;
}

/* Joined with the block before or behind; memory of 0 bytes, too, which may join two blocks or
 * leave one of nothing behind, as it does there. */
bool vf_pool_give(vf_pool *p, uint64_t offset, uint64_t size) {
  uint32_t i;
  if (!vf_align_up(&size, size, p->align_bytes)) return false;
  for (i = 0; i < p->n_blocks; i++) {
    vf_pool_block *b = &p->blocks[i];
    if (end_of(b) == offset) {
      b->size += size;
      if (i + 1 == p->n_blocks || end_of(b) != b[1].offset) return true;
      b->size += b[1].size;
      remove_block(p, i + 1);
      return true;
    }
    if (offset + size != b->offset) continue;
    b->offset = offset; /* none ends there: the one before has been asked */
    b->size += size;
    return true;
  }
  for (i = 0; i < p->n_blocks && p->blocks[i].offset < offset; i++) continue;
  return insert_block(p, i, offset, size);
}
