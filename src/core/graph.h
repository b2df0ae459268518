/* graph.h - how much memory a graph of operations needs at its peak.
 *
 * Operations are made first and put in order later, sources before results, as ggml does it
 * (ggml_build_forward_expand); then they are played against a best-fit allocator that frees an
 * operand after its last use and lets some operations overwrite one (ggml-alloc.c).  Sizes are all
 * it knows.
 *
 * The graph is built and played one step (a layer, say) at a time: all uses of a result must have
 * been made when the step plays in which it is computed, unless it is held.  So memory for a few
 * layers is enough, and equal steps can be skipped once nothing changes any more. */
#ifndef VF_CORE_GRAPH_H
#define VF_CORE_GRAPH_H

#include <stdbool.h>
#include <stdint.h>

enum {
  VF_GRAPH_NODES = 640,  /* results alive or still to be made */
  VF_GRAPH_ORDER = 768,  /* operations in one step */
  VF_GRAPH_BLOCKS = 128, /* free blocks */
  VF_GRAPH_SOURCES = 7,  /* operands of one operation */
  VF_GRAPH_STATE = 256,  /* numbers that describe what the next step takes over */
};

/* A result as an operand; 0: none.  One that is read through a view (reshaped, sliced, transposed)
 * is never overwritten. */
typedef uint32_t vf_ref;
#define VF_REF_VIEW UINT32_C(0x10000)

/* A view whose rows do not follow each other. */
#define VF_REF_STRIDED UINT32_C(0x30000)

static inline vf_ref vf_view(vf_ref r) {
  return r == 0 ? 0 : r | VF_REF_VIEW;
}

static inline vf_ref vf_strided(vf_ref r) {
  return r == 0 ? 0 : r | VF_REF_STRIDED;
}

typedef enum vf_op_kind {
  VF_OP_NEW,      /* needs memory of its own */
  VF_OP_OVER,     /* takes over the memory of the first operand that allows it */
  VF_OP_EXTERNAL, /* writes elsewhere: a cache */
} vf_op_kind;

typedef struct vf_graph_block {
  uint64_t offset, size;
} vf_graph_block;

typedef struct vf_graph_node {
  uint64_t bytes;  /* of the result */
  uint64_t size;   /* of the memory it lies in */
  uint64_t offset; /* if it is alive */
  vf_ref sources[VF_GRAPH_SOURCES];
  uint16_t uses;  /* still to come */
  uint16_t after; /* a use that is played right after; 0: none */
  uint8_t kind;
  uint8_t n_sources;
  uint8_t input; /* 1 + its number, 0: none */
  bool ordered, done, live, held, output;
} vf_graph_node;

typedef struct vf_graph {
  uint64_t align_bytes;
  uint64_t peak_bytes;  /* highest end of any allocation so far */
  bool overflow;        /* something did not fit: sizes beyond 64 bits or the limits above */
  bool inputs_by_visit; /* order of inputs: when first come across, not when first read */
  uint8_t input_order[32];
  uint32_t n_inputs;
  uint32_t n_blocks, n_nodes, n_free, n_order;
  vf_graph_block blocks[VF_GRAPH_BLOCKS]; /* free memory by offset; the last one is open-ended */
  uint16_t free_nodes[VF_GRAPH_NODES];
  uint16_t order[VF_GRAPH_ORDER];
  vf_graph_node nodes[VF_GRAPH_NODES];
} vf_graph;

void vf_graph_init(vf_graph *g, uint64_t align_bytes);

/* Makes an operation; sources of 0 are left out. */
vf_ref vf_graph_op(vf_graph *g, vf_op_kind kind, uint64_t bytes, const vf_ref *sources, int n);

/* Gives the result more memory than it has bytes. */
void vf_graph_enlarge(vf_graph *g, vf_ref r, uint64_t size);

/* Makes input `number` (below 32), held; vf_graph_place gives it memory. */
vf_ref vf_graph_input(vf_graph *g, uint64_t bytes, uint8_t number);
void vf_graph_place(vf_graph *g, vf_ref input);

/* Held: survives its uses.  Released: ends with the last use made so far. */
void vf_graph_hold(vf_graph *g, vf_ref r);
void vf_graph_release(vf_graph *g, vf_ref r);

/* Never freed, never overwritten. */
void vf_graph_output(vf_graph *g, vf_ref r);

/* Puts the result and all that it needs in order. */
void vf_graph_expand(vf_graph *g, vf_ref r);

/* x lives until `until` has been computed. */
void vf_graph_keep(vf_graph *g, vf_ref until, vf_ref x);

/* Plays what is in order. */
void vf_graph_step(vf_graph *g);

/* The state between two steps: equal states before equal steps mean equal states after them. */
typedef struct vf_graph_state {
  uint32_t n;
  uint64_t numbers[VF_GRAPH_STATE];
} vf_graph_state;

/* `carried` is what the next step takes over from this one, computed or not. */
void vf_graph_save(const vf_graph *g, vf_ref carried, vf_graph_state *out);
bool vf_graph_state_equal(const vf_graph_state *a, const vf_graph_state *b);

#endif
