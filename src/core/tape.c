/* tape.c - the best-fit allocator and the player.
 *
 * Source of the rules: ggml 0.25.1, ggml-alloc.c (ggml_dyn_tallocr_alloc, _free_tensor,
 * ggml_gallocr_allocate_node). */
#include "core/tape.h"

#include <string.h>

#include "base/checked.h"

void vf_tape_init(vf_tape *t, uint64_t align_bytes) {
  t->align_bytes = align_bytes;
  t->peak_bytes = 0;
  t->overflow = false;
  t->n_ops = 0;
  t->n_blocks = 1;
  t->blocks[0] = (vf_tape_block){0, UINT64_MAX / 2};
  t->n_nodes = 1; /* slot 0 stands for "no operand" */
  t->n_free = 0;
  t->nodes[0] = (vf_tape_node){0};
}

/* ---- Best fit --------------------------------------------------------------------------- */

static void remove_block(vf_tape *t, uint32_t i) {
  t->n_blocks--;
  memmove(&t->blocks[i], &t->blocks[i + 1], (t->n_blocks - i) * sizeof *t->blocks);
}

/* The smallest block that fits, the later one of equals; the open end only if nothing else does. */
static uint32_t best_block(const vf_tape *t, uint64_t size) {
  uint32_t best = t->n_blocks - 1;
  uint64_t best_size = UINT64_MAX;
  for (uint32_t i = 0; i + 1 < t->n_blocks; i++) {
    if (t->blocks[i].size < size || t->blocks[i].size > best_size) continue;
    best = i;
    best_size = t->blocks[i].size;
  }
  return best;
}

static uint64_t allocate(vf_tape *t, uint64_t size) {
  if (!vf_align_up(&size, size, t->align_bytes) || size > t->blocks[t->n_blocks - 1].size) {
    t->overflow = true;
    return 0;
  }
  uint32_t i = best_block(t, size);
  uint64_t offset = t->blocks[i].offset;
  t->blocks[i].offset += size;
  t->blocks[i].size -= size;
  if (t->blocks[i].size == 0) remove_block(t, i);
  t->peak_bytes = vf_max_u64(t->peak_bytes, offset + size);
  return offset;
}

static void insert_block(vf_tape *t, uint32_t i, uint64_t offset, uint64_t size) {
  if (t->n_blocks == VF_TAPE_BLOCKS) {
    t->overflow = true;
    return;
  }
  memmove(&t->blocks[i + 1], &t->blocks[i], (t->n_blocks - i) * sizeof *t->blocks);
  t->blocks[i] = (vf_tape_block){offset, size};
  t->n_blocks++;
}

/* Gives memory back, joined with the free block before and the one after it. */
static void release(vf_tape *t, uint64_t offset, uint64_t size) {
  if (!vf_align_up(&size, size, t->align_bytes) || size == 0) return;
  uint32_t i = 0;
  while (i < t->n_blocks && t->blocks[i].offset < offset) i++;
  bool joins_before = i > 0 && t->blocks[i - 1].offset + t->blocks[i - 1].size == offset;
  bool joins_after = i < t->n_blocks && offset + size == t->blocks[i].offset;
  if (joins_before && joins_after) {
    t->blocks[i - 1].size += size + t->blocks[i].size;
    remove_block(t, i);
  } else if (joins_before) {
    t->blocks[i - 1].size += size;
  } else if (joins_after) {
    t->blocks[i].offset = offset;
    t->blocks[i].size += size;
  } else {
    insert_block(t, i, offset, size);
  }
}

/* ---- Recording -------------------------------------------------------------------------- */

static vf_node new_node(vf_tape *t, uint64_t size) {
  vf_node slot = 0;
  if (t->n_free > 0)
    slot = t->free_nodes[--t->n_free];
  else if (t->n_nodes < VF_TAPE_NODES)
    slot = (vf_node)t->n_nodes++;
  else
    t->overflow = true;
  t->nodes[slot] = (vf_tape_node){.size = size};
  return slot;
}

static vf_tape_op *new_op(vf_tape *t) {
  if (t->n_ops == VF_TAPE_OPS) {
    t->overflow = true;
    t->n_ops = 0;
  }
  vf_tape_op *op = &t->ops[t->n_ops++];
  *op = (vf_tape_op){0};
  return op;
}

static void add_source(vf_tape *t, vf_tape_op *op, int i, vf_node node) {
  op->sources[i] = node;
  if (node != 0) t->nodes[node].uses++;
}

vf_node vf_tape_op_on(vf_tape *t, uint64_t size, uint8_t reusable, vf_node a, vf_node b,
                      vf_node c) {
  vf_tape_op *op = new_op(t);
  op->size = size;
  op->result = new_node(t, size);
  op->reusable = reusable;
  add_source(t, op, 0, a);
  add_source(t, op, 1, b);
  add_source(t, op, 2, c);
  return op->result;
}

vf_node vf_tape_op_new(vf_tape *t, uint64_t size, vf_node a, vf_node b, vf_node c) {
  return vf_tape_op_on(t, size, 0, a, b, c);
}

void vf_tape_use(vf_tape *t, vf_node a, vf_node b) {
  vf_tape_op *op = new_op(t);
  add_source(t, op, 0, a);
  add_source(t, op, 1, b);
}

void vf_tape_hold(vf_tape *t, vf_node node) {
  t->nodes[node].held = true;
}

void vf_tape_release(vf_tape *t, vf_node node) {
  t->nodes[node].held = false;
}

/* ---- Playing ---------------------------------------------------------------------------- */

static bool can_overwrite(const vf_tape *t, const vf_tape_node *n, uint64_t size) {
  uint64_t have = 0, want = 1;
  return n->live && !n->held && n->uses == 1 && n->size >= size &&
         vf_align_up(&have, n->size, t->align_bytes) && vf_align_up(&want, size, t->align_bytes) &&
         have == want;
}

/* Takes over the memory of the first operand that allows it. */
static bool overwrite(vf_tape *t, const vf_tape_op *op, vf_tape_node *result) {
  for (int i = 0; i < op->reusable; i++) {
    vf_tape_node *n = &t->nodes[op->sources[i]];
    if (!can_overwrite(t, n, op->size)) continue;
    result->offset = n->offset;
    n->live = false;
    return true;
  }
  return false;
}

static void drop_use(vf_tape *t, vf_node node) {
  vf_tape_node *n = &t->nodes[node];
  if (node == 0 || --n->uses > 0 || n->held) return;
  if (n->live) release(t, n->offset, n->size);
  t->free_nodes[t->n_free++] = node;
}

static void play(vf_tape *t, const vf_tape_op *op) {
  if (op->result != 0) {
    vf_tape_node *result = &t->nodes[op->result];
    if (!overwrite(t, op, result)) result->offset = allocate(t, op->size);
    result->live = true;
  }
  for (int i = 0; i < VF_TAPE_SOURCES; i++) drop_use(t, op->sources[i]);
}

void vf_tape_step(vf_tape *t) {
  for (uint32_t i = 0; i < t->n_ops && !t->overflow; i++) play(t, &t->ops[i]);
  t->n_ops = 0;
}

/* ---- States ----------------------------------------------------------------------------- */

void vf_tape_save(const vf_tape *t, vf_node carried, vf_tape_state *out) {
  out->n_blocks = t->n_blocks;
  out->carried_offset = t->nodes[carried].offset;
  out->carried_size = t->nodes[carried].size;
  memcpy(out->blocks, t->blocks, t->n_blocks * sizeof *t->blocks);
}

bool vf_tape_state_equal(const vf_tape_state *a, const vf_tape_state *b) {
  return a->n_blocks == b->n_blocks && a->carried_offset == b->carried_offset &&
         a->carried_size == b->carried_size &&
         memcmp(a->blocks, b->blocks, a->n_blocks * sizeof *a->blocks) == 0;
}
