/* graph.h - how much memory a graph of operations needs at its peak.
 *
 * Operations are made first and put in order later, sources before results, as ggml does it
 * (ggml_build_forward_expand); then they are played against a best-fit allocator that frees an
 * operand after its last use and lets some operations overwrite one (ggml-alloc.c).  Sizes are all
 * it knows.
 *
 * The graph is built and played one step (a layer, say) at a time: all uses of a result must have
 * been made when the step plays in which it is computed, unless it is held.  So memory for a few
 * layers is enough, and equal steps can be skipped once nothing changes any more.
 *
 * One backend plays everything in order (vf_graph_step); several need a schedule (schedule.h). */
#ifndef VF_CORE_GRAPH_H
#define VF_CORE_GRAPH_H

#include <stdbool.h>
#include <stdint.h>

#include "core/pool.h"

enum {
  VF_GRAPH_NODES = 896,   /* results alive or still to be made */
  VF_GRAPH_ORDER = 768,   /* operations in one step */
  VF_GRAPH_SOURCES = 8,   /* operands of one operation */
  VF_GRAPH_STATE = 768,   /* numbers that describe what the next step takes over */
  VF_GRAPH_INPUTS = 48,   /* numbers of inputs are below */
  VF_GRAPH_BACKENDS = 16, /* GGML_SCHED_MAX_BACKENDS */
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
  VF_OP_SLICE,    /* a view that other backends copy by itself: no memory of its own */
} vf_op_kind;

/* What lies outside the graph's buffers, and what that means for the operation that reads it. */
typedef enum vf_outside {
  VF_OUTSIDE_NOT,
  VF_OUTSIDE_CACHE,  /* nothing */
  VF_OUTSIDE_TABLE,  /* if it has to be copied, the copy begins a split */
  VF_OUTSIDE_WEIGHT, /* that too, and the operation runs where it lies, or is offloaded */
} vf_outside;

/* A backend that has not been decided on. */
enum { VF_BACKEND_OPEN = 0xFF };

/* What is told of an operation when its result gets its memory: for the eyes of who compares it
 * with an engine's own list. */
typedef struct vf_graph_event {
  const char *label; /* the weight that is multiplied; NULL: none, or not known */
  const char *kind;  /* "new", "over", "input", "copy" */
  uint32_t made_in;  /* the step that made it; UINT32_MAX: what is around the steps */
  uint32_t number;   /* of the result: in the order in which they are made */
  uint32_t sources[VF_GRAPH_SOURCES]; /* numbers */
  uint32_t n_sources;
  uint8_t backend;
  uint64_t bytes;      /* of the result */
  uint64_t offset;     /* of its memory in the backend's buffer */
  uint64_t peak_bytes; /* of that buffer, with this */
} vf_graph_event;

typedef struct vf_graph_watch {
  void (*see)(void *user, const vf_graph_event *event);
  void *user;
} vf_graph_watch;

typedef struct vf_graph_node {
  uint64_t bytes;  /* of the result */
  uint64_t size;   /* of the memory it lies in */
  uint64_t offset; /* if it is alive */
  vf_ref sources[VF_GRAPH_SOURCES];
  uint16_t uses;      /* still to come */
  uint16_t after;     /* a use that is played right after; 0: none */
  uint16_t copies;    /* the first copy of it on another backend; 0: none */
  uint16_t next_copy; /* of a copy: the next one of the same original */
  uint16_t original;  /* of a copy */
  uint32_t number;    /* in the order of making */
  uint32_t made_in;   /* step */
  const char *label;  /* of what is multiplied; NULL: nothing */
  uint8_t kind;
  uint8_t outside; /* vf_outside */
  uint8_t backend;
  uint8_t n_sources;
  uint8_t input; /* 1 + its number, 0: none */
  bool computed; /* an input's number, and yet the result of an operation */
  bool offloads; /* large enough to run on a GPU with weights of the host's; of a weight: it can */
  bool ordered, done, live, held, output;
} vf_graph_node;

typedef struct vf_graph {
  bool overflow;        /* something did not fit: sizes beyond 64 bits or the limits above */
  bool inputs_by_visit; /* order of inputs: when first come across, not when first read */
  bool scheduled;       /* operations have no backend until a schedule gives them one */
  bool offloads;        /* of operations made from now on */
  const char *label;    /* of these, as well */
  uint32_t made_in;     /* and the step that makes them */
  uint32_t n_made;
  const vf_graph_watch *watch; /* is told of each operation that is played; NULL: nobody */
  uint8_t input_order[VF_GRAPH_INPUTS];
  uint16_t input_nodes[VF_GRAPH_INPUTS]; /* by number */
  uint32_t n_inputs;
  uint32_t n_backends, n_nodes, n_free, n_order;
  vf_pool pools[VF_GRAPH_BACKENDS];
  uint16_t free_nodes[VF_GRAPH_NODES];
  uint16_t order[VF_GRAPH_ORDER];
  vf_graph_node nodes[VF_GRAPH_NODES];
} vf_graph;

/* A graph for one backend; more can be added. */
void vf_graph_init(vf_graph *g, uint64_t align_bytes);
void vf_graph_add_backend(vf_graph *g, uint64_t align_bytes);

static inline vf_graph_node *vf_graph_node_of(vf_graph *g, vf_ref r) {
  return &g->nodes[r & 0xFFFF];
}

/* Makes an operation; sources of 0 are left out. */
vf_ref vf_graph_op(vf_graph *g, vf_op_kind kind, uint64_t bytes, const vf_ref *sources, int n);

/* Gives the result more memory than it has bytes. */
void vf_graph_enlarge(vf_graph *g, vf_ref r, uint64_t size);

/* Makes input `number`, held; vf_graph_place gives it memory. */
vf_ref vf_graph_input(vf_graph *g, uint64_t bytes, uint8_t number);
void vf_graph_place(vf_graph *g, vf_ref input);

/* Gives an operation the number of an input: its last reads are looked up as one's.  Held. */
void vf_graph_number(vf_graph *g, vf_ref r, uint8_t number);

/* Something outside, which takes `bytes` where it is copied to. */
vf_ref vf_graph_outside(vf_graph *g, vf_outside what, uint64_t bytes, uint8_t backend);

/* The operation runs there and nowhere else. */
void vf_graph_pin(vf_graph *g, vf_ref r, uint8_t backend);

/* Held: survives its uses.  Released: ends with the last use made so far. */
void vf_graph_hold(vf_graph *g, vf_ref r);
void vf_graph_release(vf_graph *g, vf_ref r);

/* Never freed, never overwritten. */
void vf_graph_output(vf_graph *g, vf_ref r);

/* Puts the result and all that it needs in order. */
void vf_graph_expand(vf_graph *g, vf_ref r);

/* x lives until `until` has been computed. */
void vf_graph_keep(vf_graph *g, vf_ref until, vf_ref x);

/* Plays one operation, and the uses behind it; drops one use of an operand. */
void vf_graph_play(vf_graph *g, uint16_t slot);
void vf_graph_drop(vf_graph *g, vf_ref source);

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
