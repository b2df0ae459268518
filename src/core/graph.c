/* graph.c - order, best fit, and the player.
 *
 * Source of the rules: ggml 0.25.1, ggml.c (ggml_build_forward_impl), ggml-alloc.c
 * (ggml_dyn_tallocr_alloc, ggml_dyn_tallocr_free_bytes, ggml_gallocr_allocate_node,
 * ggml_gallocr_alloc_graph_impl). */
#include "core/graph.h"

#include <string.h>

#include "base/checked.h"

void vf_graph_init(vf_graph *g, uint64_t align_bytes) {
  g->align_bytes = align_bytes;
  g->peak_bytes = 0;
  g->overflow = g->inputs_by_visit = false;
  g->n_inputs = g->n_free = g->n_order = 0;
  g->n_blocks = g->n_nodes = 1; /* node 0 stands for "no operand" */
  g->blocks[0] = (vf_graph_block){0, UINT64_MAX / 2};
  g->nodes[0] = (vf_graph_node){0};
}

/* ---- Best fit -------------------------------------------------------------------------------- */

static void remove_block(vf_graph *g, uint32_t i) {
  g->n_blocks--;
  memmove(&g->blocks[i], &g->blocks[i + 1], (g->n_blocks - i) * sizeof *g->blocks);
}

static void insert_block(vf_graph *g, uint32_t i, uint64_t offset, uint64_t size) {
  if (g->n_blocks == VF_GRAPH_BLOCKS) {
    g->overflow = true;
    return;
  }
  memmove(&g->blocks[i + 1], &g->blocks[i], (g->n_blocks - i) * sizeof *g->blocks);
  g->blocks[i] = (vf_graph_block){offset, size};
  g->n_blocks++;
}

/* The smallest block that fits, the later one of equals; the open end only if nothing else does. */
static uint32_t best_block(const vf_graph *g, uint64_t size) {
  uint32_t best = g->n_blocks - 1;
  uint64_t best_size = UINT64_MAX;
  for (uint32_t i = 0; i + 1 < g->n_blocks; i++) {
    if (g->blocks[i].size < size || g->blocks[i].size > best_size) continue;
    best = i;
    best_size = g->blocks[i].size;
  }
  return best;
}

static uint64_t allocate(vf_graph *g, uint64_t size) {
  if (!vf_align_up(&size, size, g->align_bytes) || size > g->blocks[g->n_blocks - 1].size) {
    g->overflow = true;
    return 0;
  }
  uint32_t i = best_block(g, size);
  uint64_t offset = g->blocks[i].offset;
  g->blocks[i].offset += size;
  g->blocks[i].size -= size;
  if (g->blocks[i].size == 0) remove_block(g, i);
  g->peak_bytes = vf_max_u64(g->peak_bytes, offset + size);
  return offset;
}

static uint64_t end_of(const vf_graph_block *b) {
  return b->offset + b->size;
}

/* Joined with the block before or behind; memory of 0 bytes, too, which may join two blocks or
 * leave one of nothing behind, as it does there. */
static void free_memory(vf_graph *g, uint64_t offset, uint64_t size) {
  uint32_t i;
  if (!vf_align_up(&size, size, g->align_bytes)) return;
  for (i = 0; i < g->n_blocks; i++) {
    vf_graph_block *b = &g->blocks[i];
    if (end_of(b) == offset) {
      b->size += size;
      if (i + 1 == g->n_blocks || end_of(b) != b[1].offset) return;
      b->size += b[1].size;
      remove_block(g, i + 1);
      return;
    }
    if (offset + size != b->offset) continue;
    b->offset = offset;
    b->size += size;
    if (i == 0 || end_of(b - 1) != offset) return;
    b[-1].size += b->size;
    remove_block(g, i);
    return;
  }
  for (i = 0; i < g->n_blocks && g->blocks[i].offset < offset; i++) continue;
  insert_block(g, i, offset, size);
}

/* ---- Making ---------------------------------------------------------------------------------- */

static vf_graph_node *node_of(vf_graph *g, vf_ref r) {
  return &g->nodes[r & 0xFFFF];
}

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
  node_of(g, source)->uses++;
}

vf_ref vf_graph_op(vf_graph *g, vf_op_kind kind, uint64_t bytes, const vf_ref *sources, int n) {
  uint16_t slot = new_node(g);
  vf_graph_node *node = &g->nodes[slot];
  node->bytes = node->size = bytes;
  node->uses = node->after = 0;
  node->kind = (uint8_t)kind;
  node->n_sources = node->input = 0;
  node->ordered = node->done = node->live = node->held = node->output = false;
  for (int i = 0; i < n; i++) add_source(g, node, sources[i]);
  return slot;
}

void vf_graph_enlarge(vf_graph *g, vf_ref r, uint64_t size) {
  node_of(g, r)->size = size;
}

vf_ref vf_graph_input(vf_graph *g, uint64_t bytes, uint8_t number) {
  vf_ref r = vf_graph_op(g, VF_OP_NEW, bytes, NULL, 0);
  vf_graph_node *n = node_of(g, r);
  n->input = number + 1;
  n->held = n->ordered = n->done = true;
  return r;
}

void vf_graph_place(vf_graph *g, vf_ref input) {
  vf_graph_node *n = node_of(g, input);
  n->offset = allocate(g, n->size);
  n->live = true;
}

void vf_graph_hold(vf_graph *g, vf_ref r) {
  node_of(g, r)->held = true;
}

void vf_graph_release(vf_graph *g, vf_ref r) {
  node_of(g, r)->held = false;
}

void vf_graph_output(vf_graph *g, vf_ref r) {
  node_of(g, r)->output = true;
}

/* ---- Order ----------------------------------------------------------------------------------- */

static void note_input(vf_graph *g, const vf_graph_node *n) {
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
    if (node_of(g, n->sources[i])->input != 0) note_input(g, node_of(g, n->sources[i]));
  append(g, slot);
}

/* A use without a result; full ones are continued by another. */
void vf_graph_keep(vf_graph *g, vf_ref until, vf_ref x) {
  vf_graph_node *n = node_of(g, until);
  while (n->after != 0) n = &g->nodes[n->after];
  bool is_use = n != node_of(g, until);
  if (!is_use || n->n_sources == VF_GRAPH_SOURCES) {
    vf_ref use = vf_graph_op(g, VF_OP_EXTERNAL, 0, NULL, 0);
    n->after = (uint16_t)use;
    n = node_of(g, use);
    n->ordered = true;
  }
  add_source(g, n, x & 0xFFFF);
}

/* ---- Playing --------------------------------------------------------------------------------- */

static bool can_overwrite(const vf_graph_node *n, vf_ref source, uint64_t bytes) {
  return (source & VF_REF_VIEW) == 0 && n->live && !n->held && !n->output && n->uses == 1 &&
         n->bytes == bytes;
}

/* Takes over the memory of the first operand that allows it. */
static bool overwrite(vf_graph *g, vf_graph_node *n) {
  for (int i = 0; i < n->n_sources && n->kind == VF_OP_OVER; i++) {
    vf_graph_node *s = node_of(g, n->sources[i]);
    if (!can_overwrite(s, n->sources[i], n->bytes)) continue;
    n->offset = s->offset;
    n->size = s->size;
    s->live = false;
    return true;
  }
  return false;
}

static void drop_use(vf_graph *g, vf_ref source) {
  vf_graph_node *n = node_of(g, source);
  if (--n->uses > 0 || n->held || n->output) return;
  if (n->live) free_memory(g, n->offset, n->size);
  n->live = false;
  g->free_nodes[g->n_free++] = (uint16_t)(source & 0xFFFF);
}

static void play(vf_graph *g, uint16_t slot) {
  vf_graph_node *n = &g->nodes[slot];
  if (n->kind != VF_OP_EXTERNAL) {
    if (!overwrite(g, n)) n->offset = allocate(g, n->size);
    n->live = true;
  }
  n->done = true;
  for (int i = 0; i < n->n_sources; i++) drop_use(g, n->sources[i]);
  n->n_sources = 0;
  if (n->kind == VF_OP_EXTERNAL) g->free_nodes[g->n_free++] = slot;
}

void vf_graph_step(vf_graph *g) {
  for (uint32_t i = 0; i < g->n_order && !g->overflow; i++) {
    uint16_t after = g->nodes[g->order[i]].after;
    play(g, g->order[i]);
    while (after != 0 && !g->overflow) {
      uint16_t use = after;
      after = g->nodes[use].after;
      play(g, use);
    }
  }
  g->n_order = 0;
}

/* ---- States ---------------------------------------------------------------------------------- */

static void put(vf_graph_state *s, uint64_t number) {
  if (s->n < VF_GRAPH_STATE) s->numbers[s->n] = number;
  s->n++;
}

/* What is still to be computed, down to what has been. */
static void put_pending(const vf_graph *g, vf_ref r, vf_graph_state *s) {
  const vf_graph_node *n = &g->nodes[r & 0xFFFF];
  put(s, n->done ? n->offset : UINT64_MAX);
  put(s, n->bytes);
  if (s->n >= VF_GRAPH_STATE) return;
  for (int i = 0; i < n->n_sources && !n->done; i++) put_pending(g, n->sources[i], s);
}

void vf_graph_save(const vf_graph *g, vf_ref carried, vf_graph_state *out) {
  out->n = 0;
  for (uint32_t i = 0; i < g->n_blocks; i++) {
    put(out, g->blocks[i].offset);
    put(out, g->blocks[i].size);
  }
  put_pending(g, carried, out);
}

bool vf_graph_state_equal(const vf_graph_state *a, const vf_graph_state *b) {
  return a->n == b->n && a->n < VF_GRAPH_STATE &&
         memcmp(a->numbers, b->numbers, a->n * sizeof *a->numbers) == 0;
}
