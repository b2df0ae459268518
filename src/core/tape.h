/* tape.h - how much memory a sequence of operations needs at its peak.
 *
 * A tape records operations (result size, operands) and plays them against a best-fit allocator
 * that frees an operand after its last use and lets some operations overwrite an operand.  It is
 * the rule of ggml's graph allocator (ggml-alloc.c), restated; sizes are all it knows.
 *
 * Operations are recorded one step (a layer, say) at a time and played by vf_tape_step, so a tape
 * needs no memory of its own and equal steps can be skipped once nothing changes any more. */
#ifndef VF_CORE_TAPE_H
#define VF_CORE_TAPE_H

#include <stdbool.h>
#include <stdint.h>

enum {
  VF_TAPE_OPS = 192,   /* operations in one step */
  VF_TAPE_NODES = 224, /* results alive or made in one step */
  VF_TAPE_BLOCKS = 96, /* free blocks */
  VF_TAPE_SOURCES = 4, /* operands of one operation */
};

typedef uint8_t vf_node; /* 0: none */

typedef struct vf_tape_block {
  uint64_t offset, size;
} vf_tape_block;

typedef struct vf_tape_node {
  uint64_t offset, size; /* as asked for, before alignment */
  uint16_t uses;         /* operands still to come in this step */
  bool live;             /* holds memory now */
  bool held;             /* survives its last use in this step: later steps use it too */
} vf_tape_node;

typedef struct vf_tape_op {
  uint64_t size; /* 0 and no result: only uses its operands */
  vf_node result;
  vf_node sources[VF_TAPE_SOURCES];
  uint8_t reusable; /* the first so many operands may be overwritten */
} vf_tape_op;

typedef struct vf_tape {
  uint64_t align_bytes;
  uint64_t peak_bytes; /* highest end of any allocation so far */
  bool overflow;       /* something did not fit: sizes beyond 64 bits or the limits above */
  uint32_t n_ops, n_blocks;
  uint32_t n_nodes, n_free; /* slots taken so far; of these, given back */
  vf_node free_nodes[VF_TAPE_NODES];
  vf_tape_op ops[VF_TAPE_OPS];
  vf_tape_node nodes[VF_TAPE_NODES];
  vf_tape_block blocks[VF_TAPE_BLOCKS]; /* free memory by offset; the last one is open-ended */
} vf_tape;

void vf_tape_init(vf_tape *t, uint64_t align_bytes);

/* Records an operation that makes `size` bytes from the given operands (0 ends the list early).
 * vf_tape_op_on may overwrite: its first `reusable` operands give up their memory to the result
 * if they have the same padded size, hold memory of their own and have no later use. */
vf_node vf_tape_op_new(vf_tape *t, uint64_t size, vf_node a, vf_node b, vf_node c);
vf_node vf_tape_op_on(vf_tape *t, uint64_t size, uint8_t reusable, vf_node a, vf_node b, vf_node c);

/* Records a use without result: the operands live until here. */
void vf_tape_use(vf_tape *t, vf_node a, vf_node b);

/* From now on the node survives its uses / ends with the last use recorded in this step. */
void vf_tape_hold(vf_tape *t, vf_node node);
void vf_tape_release(vf_tape *t, vf_node node);

/* Plays what was recorded and clears it. */
void vf_tape_step(vf_tape *t);

/* The state between two steps: equal states before equal steps mean equal states after them. */
typedef struct vf_tape_state {
  uint32_t n_blocks;
  uint64_t carried_offset, carried_size;
  vf_tape_block blocks[VF_TAPE_BLOCKS];
} vf_tape_state;

/* `carried` is the one node that the next step takes over from this one. */
void vf_tape_save(const vf_tape *t, vf_node carried, vf_tape_state *out);
bool vf_tape_state_equal(const vf_tape_state *a, const vf_tape_state *b);

#endif
