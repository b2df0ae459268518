/* graph.c - order, and the player.
 *
 * Source of the rules: ggml 0.25.1, ggml.c (ggml_build_forward_impl), ggml-alloc.c
 * (ggml_gallocr_allocate_node, ggml_gallocr_alloc_graph_impl).
 *
 * The allocator, for a stranger.  llama.cpp does not add up results: it reserves one buffer a
 * backend, so large that every result of one batch has a place while it is needed.  How large that
 * is, is found by a dry run: the operations are played in the order in which they will compute,
 * and each asks for memory (a hole, pool.c) just before it runs and gives it back just after its
 * last reader has run.  The buffer is as large as the highest address ever given out:
 *
 *     time    operation            holes of the buffer                             peak
 *      |      x      new      [x......]                                             8
 *      |      q = Wq x        [x......|q...........]                               20
 *      |      k = Wk x        [x......|q...........|k....]                         25
 *      |      k = rope(k)     [x......|q...........|k....]       over: in place    25
 *      |      (x read last)   [.......|q...........|k....]       a hole of 8       25
 *      v      s = k q         [s..... |q...........|k....]       fits the hole     25
 *
 * Three rules make the figure; where one is not ggml's, it is off by a layer's worth:
 *
 *   - the order.  An operation is put in order with all that it needs, sources first and from the
 *     left (vf_graph_expand).  Whether keys are made before values decides which hole is free when.
 *   - who overwrites.  Sums, products, scaling, rotation, unary functions and softmax take over the
 *     memory of an operand nobody else will read and that has their size (VF_OP_OVER); matrix
 *     products, copies and gathers never do, for they read while they write.  An operand that is
 *     read through a view (reshaped, sliced) is not taken over, since its memory has another owner.
 *   - which hole.  The smallest that fits, of equals the last; else behind everything (pool.c).
 *
 * Inputs are placed before the first operation, in the order in which the graph comes across them,
 * and live until their last reader; outputs are never freed.  Sizes depend on the batch and on the
 * cells of the cache that are looked at, never on what is computed: therefore nothing of the model
 * is needed but shapes, and layers that come in equal periods leave the holes as they found them,
 * so that they can be left out (engines/ggml/skip.c).
 */
#include "core/graph.h"

#include <string.h>

void vf_graph_init(vf_graph *g, uint64_t align_bytes) {
  g->overflow = g->inputs_by_visit = g->scheduled = g->offloads = false;
  g->n_inputs = g->n_free = g->n_order = g->n_backends = 0;
  g->n_made = 0;
  g->made_in = UINT32_MAX;
  g->label = NULL;
  g->watch = NULL;
  g->n_nodes = 1; /* node 0 stands for "no operand" */
  g->nodes[0] = (vf_graph_node){0};
  vf_graph_add_backend(g, align_bytes);
}

void vf_graph_add_backend(vf_graph *g, uint64_t align_bytes) {
  vf_pool_init(&g->pools[g->n_backends++], align_bytes);
}

/* ---- Making ----------------------------------------------------------------------------- */

static uint16_t new_node(vf_graph *g) {
  uint16_t slot = 0;
  if (g->n_free > 0)
    slot = g->free_nodes[--g->n_free];
  else if (g->n_nodes < VF_GRAPH_NODES)
    slot = (uint16_t)g->n_nodes++;
  else
    g->overflow = true;
  return slot;
}

static void add_source(vf_graph *g, vf_graph_node *n, vf_ref source) {
  if (source == 0) return;
  n->sources[n->n_sources++] = source;
  vf_graph_node_of(g, source)->uses++;
}

vf_ref vf_graph_op(vf_graph *g, vf_op_kind kind, uint64_t bytes, const vf_ref *sources, int n) {
  uint16_t slot = new_node(g);
  vf_graph_node *node = &g->nodes[slot];
  node->bytes = node->size = bytes;
  node->offset = 0; /* states compare it, also where nothing has been placed */
  node->uses = node->after = node->copies = node->next_copy = node->original = 0;
  node->number = ++g->n_made;
  node->made_in = g->made_in;
  node->label = g->label;
  node->kind = (uint8_t)kind;
  node->outside = VF_OUTSIDE_NOT;
  node->backend = g->scheduled ? VF_BACKEND_OPEN : 0;
  node->offloads = g->offloads;
  node->n_sources = node->input = 0;
  node->ordered = node->done = node->live = node->held = node->output = node->computed = false;
  for (int i = 0; i < n; i++) add_source(g, node, sources[i]);
  if (kind == VF_OP_SLICE) node->uses++; /* its own turn: what it is a part of lives until then */
  return slot;
}

void vf_graph_enlarge(vf_graph *g, vf_ref r, uint64_t size) {
  vf_graph_node_of(g, r)->size = size;
}

vf_ref vf_graph_input(vf_graph *g, uint64_t bytes, uint8_t number) {
  vf_ref r = vf_graph_op(g, VF_OP_NEW, bytes, NULL, 0);
  vf_graph_node *n = vf_graph_node_of(g, r);
  n->input = number + 1;
  g->input_nodes[number] = (uint16_t)r;
  n->backend = (uint8_t)(g->n_backends - 1);
  n->held = n->ordered = n->done = true;
  return r;
}

void vf_graph_number(vf_graph *g, vf_ref r, uint8_t number) {
  vf_graph_node *n = vf_graph_node_of(g, r);
  n->input = number + 1;
  g->input_nodes[number] = (uint16_t)r;
  n->computed = n->held = true;
}

static void allocate(vf_graph *g, vf_graph_node *n) {
  n->offset = 0;
  n->live = true;
  if (!vf_pool_take(&g->pools[n->backend], &n->offset, n->size)) g->overflow = true;
}

static void tell(const vf_graph *g, const vf_graph_node *n, const char *kind) {
  if (g->watch == NULL) return;
  vf_graph_event e = {
      n->label,     kind,       n->made_in, n->number, {0},
      n->n_sources, n->backend, n->bytes,   n->offset, g->pools[n->backend].peak_bytes};
  for (uint32_t i = 0; i < e.n_sources; i++) e.sources[i] = g->nodes[n->sources[i] & 0xFFFF].number;
  g->watch->see(g->watch->user, &e);
}

void vf_graph_place(vf_graph *g, vf_ref input) {
  vf_graph_node *n = vf_graph_node_of(g, input);
  allocate(g, n);
  tell(g, n, n->input != 0 ? "input" : "copy");
}

vf_ref vf_graph_outside(vf_graph *g, vf_outside what, uint64_t bytes, uint8_t backend) {
  vf_ref r = vf_graph_op(g, VF_OP_NEW, bytes, NULL, 0);
  vf_graph_node *n = vf_graph_node_of(g, r);
  n->outside = (uint8_t)what;
  n->offloads = true;
  n->backend = backend;
  n->ordered = n->done = true;
  return r;
}

void vf_graph_pin(vf_graph *g, vf_ref r, uint8_t backend) {
  vf_graph_node_of(g, r)->backend = backend;
}

void vf_graph_hold(vf_graph *g, vf_ref r) {
  vf_graph_node_of(g, r)->held = true;
}

void vf_graph_release(vf_graph *g, vf_ref r) {
  vf_graph_node *n = vf_graph_node_of(g, r);
  n->held = false;
  for (uint16_t c = n->copies; c != 0; c = g->nodes[c].next_copy) g->nodes[c].held = false;
}

void vf_graph_output(vf_graph *g, vf_ref r) {
  vf_graph_node_of(g, r)->output = true;
}

/* ---- Order ------------------------------------------------------------------------------ */

static void note_input(vf_graph *g, const vf_graph_node *n) {
  if (n->computed) return;
  for (uint32_t i = 0; i < g->n_inputs; i++)
    if (g->input_order[i] == n->input - 1) return;
  if (g->n_inputs < sizeof g->input_order) g->input_order[g->n_inputs++] = n->input - 1;
}

static void append(vf_graph *g, uint16_t slot) {
  if (g->n_order == VF_GRAPH_ORDER) {
    g->overflow = true;
    return;
  }
  g->order[g->n_order++] = slot;
}

/* Depth is that of what is not in order yet: a layer or two. */
void vf_graph_expand(vf_graph *g, vf_ref r) {
  uint16_t slot = (uint16_t)(r & 0xFFFF);
  vf_graph_node *n = &g->nodes[slot];
  if (n->input != 0 && g->inputs_by_visit) note_input(g, n);
  if (n->ordered || slot == 0) return;
  n->ordered = true;
  for (int i = 0; i < n->n_sources; i++) vf_graph_expand(g, n->sources[i]);
  for (int i = 0; i < n->n_sources && !g->inputs_by_visit; i++)
    if (vf_graph_node_of(g, n->sources[i])->input != 0)
      note_input(g, vf_graph_node_of(g, n->sources[i]));
  append(g, slot);
}

/* A use without a result; full ones are continued by another. */
void vf_graph_keep(vf_graph *g, vf_ref until, vf_ref x) {
  vf_graph_node *n = vf_graph_node_of(g, until);
  while (n->after != 0) n = &g->nodes[n->after];
  bool is_use = n != vf_graph_node_of(g, until);
  if (!is_use || n->n_sources == VF_GRAPH_SOURCES) {
    vf_ref use = vf_graph_op(g, VF_OP_EXTERNAL, 0, NULL, 0);
    n->after = (uint16_t)use;
    n = vf_graph_node_of(g, use);
    n->ordered = true;
  }
  add_source(g, n, x & 0xFFFF);
}

/* ---- Playing ---------------------------------------------------------------------------- */

static bool can_overwrite(const vf_graph_node *n, vf_ref source, uint64_t bytes) {
  return (source & VF_REF_VIEW) == 0 && n->live && !n->held && !n->output && n->uses == 1 &&
         n->bytes == bytes;
}

/* Takes over the memory of the first operand that allows it. */
static bool overwrite(vf_graph *g, vf_graph_node *n) {
  for (int i = 0; i < n->n_sources && n->kind == VF_OP_OVER; i++) {
    vf_graph_node *s = vf_graph_node_of(g, n->sources[i]);
    if (!can_overwrite(s, n->sources[i], n->bytes)) continue;
    n->offset = s->offset;
    n->size = s->size;
    n->live = true;
    s->live = false;
    return true;
  }
  return false;
}

/* A copy and its original forget each other. */
static void forget_copies(vf_graph *g, uint16_t slot) {
  vf_graph_node *n = &g->nodes[slot];
  for (uint16_t c = n->copies; c != 0; c = g->nodes[c].next_copy) g->nodes[c].original = 0;
  if (n->original == 0) return;
  uint16_t *link = &g->nodes[n->original].copies;
  while (*link != slot) link = &g->nodes[*link].next_copy;
  *link = n->next_copy;
}

void vf_graph_drop(vf_graph *g, vf_ref source) {
  vf_graph_node *n = vf_graph_node_of(g, source);
  if (--n->uses > 0 || n->held || n->output) return;
  if (n->live && !vf_pool_give(&g->pools[n->backend], n->offset, n->size)) g->overflow = true;
  n->live = false;
  if (n->input != 0) return; /* further steps may name it */
  forget_copies(g, (uint16_t)(source & 0xFFFF));
  g->free_nodes[g->n_free++] = (uint16_t)(source & 0xFFFF);
  if (n->kind == VF_OP_SLICE) vf_graph_drop(g, n->sources[0]);
}

static void play_one(vf_graph *g, uint16_t slot) {
  vf_graph_node *n = &g->nodes[slot];
  if (n->kind == VF_OP_SLICE) {
    vf_graph_drop(g, slot);
    return;
  }
  if (n->kind != VF_OP_EXTERNAL) {
    bool over = overwrite(g, n);
    if (!over) allocate(g, n);
    tell(g, n, over ? "over" : "new");
  }
  n->done = true;
  for (int i = 0; i < n->n_sources; i++) vf_graph_drop(g, n->sources[i]);
  n->n_sources = 0;
  if (n->kind == VF_OP_EXTERNAL) g->free_nodes[g->n_free++] = slot;
}

void vf_graph_play(vf_graph *g, uint16_t slot) {
  uint16_t after = g->nodes[slot].after;
  play_one(g, slot);
  while (after != 0 && !g->overflow) {
    uint16_t use = after;
    after = g->nodes[use].after;
    play_one(g, use);
  }
}

void vf_graph_step(vf_graph *g) {
  for (uint32_t i = 0; i < g->n_order && !g->overflow; i++) vf_graph_play(g, g->order[i]);
  g->n_order = 0;
}

/* ---- States ----------------------------------------------------------------------------- */

static void put(vf_graph_state *s, uint64_t number) {
  if (s->n < VF_GRAPH_STATE) s->numbers[s->n] = number;
  s->n++;
}

/* What is still to be computed, down to what has been or waits in a schedule; what lies outside on
 * a GPU is of no consequence. */
static void put_pending(const vf_graph *g, vf_ref r, vf_graph_state *s) {
  const vf_graph_node *n = &g->nodes[r & 0xFFFF];
  if (n->outside != VF_OUTSIDE_NOT && n->backend + 1u < g->n_backends) return;
  put(s, n->done ? n->offset : UINT64_MAX);
  put(s, n->bytes);
  if (s->n >= VF_GRAPH_STATE || (g->scheduled && n->ordered)) return;
  for (int i = 0; i < n->n_sources && !n->done; i++) put_pending(g, n->sources[i], s);
}

static void put_pool(const vf_pool *p, vf_graph_state *s) {
  put(s, p->n_blocks);
  for (uint32_t i = 0; i < p->n_blocks; i++) {
    put(s, p->blocks[i].offset);
    put(s, p->blocks[i].size);
  }
}

void vf_graph_save(const vf_graph *g, vf_ref carried, vf_graph_state *out) {
  out->n = 0;
  for (uint32_t b = 0; b < g->n_backends; b++) put_pool(&g->pools[b], out);
  put_pending(g, carried, out);
}

bool vf_graph_state_equal(const vf_graph_state *a, const vf_graph_state *b) {
  return a->n == b->n && a->n < VF_GRAPH_STATE &&
         memcmp(a->numbers, b->numbers, a->n * sizeof *a->numbers) == 0;
}
