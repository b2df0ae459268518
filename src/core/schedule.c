/* schedule.c - backends, splits, copies.
 *
 * The splits, for a stranger.  Where weights lie on several devices, or some on the host, the graph
 * is cut into stretches that run on one backend each.  It goes in three passes over the order:
 *
 *     operations     a   b   c   d   e   f   g
 *     weights on    GPU  .   .  host .   .  GPU      . : none, it follows its neighbours
 *     backend       GPU GPU GPU host host host GPU   1. where the weights are; others behind
 *                                                     one on a GPU stay there, others
 *                                                     behind one on the host wait for
 *                                                     the next that has weights
 *     splits       [ a   b   c ][ d   e   f ][ g ]   2. neighbours on one backend
 *     copies                     ^c           ^f     3. what a split reads of another backend
 *
 * Each copy is one more result in the reading backend's buffer: made when its split begins, freed
 * after its last reader there.  So an input that all layers read (a mask, positions) takes its
 * bytes once a backend and split, and a split keeps copies from its beginning that only its end
 * reads: the reason why buffers of two GPUs add up to more than that of one.  A weight that lies on
 * the host is copied, too, if the batch has rows enough to make that worth it (offloads); its copy
 * begins a split of its own, so that the memory of the one before can be used again.
 *
 * With several sets of copies (pipelining over GPUs) copies are never freed: batch n + 1 may write
 * them while batch n is still read, and each is there `sets` times, before everything else.
 *
 * ggml sees the whole graph at once; here it comes step by step, so it is played twice.  The first
 * run learns in which step each backend reads an input last, and which split copies it at which
 * place; the second takes memory in the order that this gives.
 */
#include "core/schedule.h"

#include <string.h>

#include "base/checked.h"

enum {
  MAX_SPLIT_COPIES = 60, /* GGML_SCHED_MAX_SPLIT_INPUTS, doubled where it did not do */
  STEP_SHIFT = 12,       /* of a split's id */
};

static uint8_t host_of(const vf_schedule *s) {
  return (uint8_t)(s->graph->n_backends - 1);
}

void vf_schedule_init(vf_schedule *s, vf_graph *g, uint32_t sets) {
  s->graph = g;
  s->sets = sets;
  memset(s->fixed_bytes, 0, sizeof s->fixed_bytes);
  for (int i = 0; i < VF_GRAPH_INPUTS; i++)
    for (int b = 0; b < VF_GRAPH_BACKENDS; b++)
      s->reads[i][b] = (vf_input_reads){.split = UINT32_MAX};
}

/* Copies that are never freed come first in every buffer. */
static void take_fixed(vf_schedule *s) {
  uint64_t offset;
  for (uint32_t b = 0; b < s->graph->n_backends; b++)
    if (!vf_pool_take(&s->graph->pools[b], &offset, s->fixed_bytes[b])) s->graph->overflow = true;
}

void vf_schedule_begin(vf_schedule *s, bool learns) {
  s->learns = learns;
  s->step = s->begun = 0;
  s->assigned = VF_BACKEND_OPEN;
  s->n_ops = s->n_assigned = s->n_splits = s->n_copies = 0;
  s->graph->scheduled = true;
  if (!learns && s->sets > 1) take_fixed(s);
}

/* ---- Backends --------------------------------------------------------------------------- */

/* Where an operation runs by itself: where its weights lie, or where it was pinned. */
static uint8_t wish_of(const vf_schedule *s, const vf_graph_node *n) {
  if (n->backend != VF_BACKEND_OPEN) return n->backend;
  for (int i = 0; i < n->n_sources; i++) {
    const vf_graph_node *w = &s->graph->nodes[n->sources[i] & 0xFFFF];
    if (w->outside != VF_OUTSIDE_WEIGHT) continue;
    return w->backend == host_of(s) && n->offloads && w->offloads ? 0 : w->backend;
  }
  return VF_BACKEND_OPEN;
}

static void assign(vf_schedule *s, uint32_t end, uint8_t backend) {
  for (; s->n_assigned < end; s->n_assigned++)
    s->graph->nodes[s->ops[s->n_assigned]].backend = backend;
}

/* Behind an operation on a GPU the others follow it; behind one on the host they run where the
 * next one does. */
static void assign_backends(vf_schedule *s) {
  uint8_t host = host_of(s);
  for (uint32_t i = s->n_assigned; i < s->n_ops; i++) {
    uint8_t backend = wish_of(s, &s->graph->nodes[s->ops[i]]);
    bool follows = s->assigned != host && s->assigned != VF_BACKEND_OPEN;
    if (backend == VF_BACKEND_OPEN && !follows) continue;
    if (backend == VF_BACKEND_OPEN) backend = s->assigned;
    assign(s, i, backend);
    assign(s, i + 1, backend);
    s->assigned = backend;
  }
}

/* ---- Splits ----------------------------------------------------------------------------- */

static vf_stretch *open_split(vf_schedule *s) {
  return &s->splits[s->n_splits - 1];
}

static uint16_t copy_on(const vf_graph *g, const vf_graph_node *n, uint8_t backend) {
  uint16_t c = n->copies;
  while (c != 0 && g->nodes[c].backend != backend) c = g->nodes[c].next_copy;
  return c;
}

static uint8_t backend_of(const vf_graph *g, const vf_graph_node *n) {
  while (n->kind == VF_OP_SLICE) n = &g->nodes[n->sources[0] & 0xFFFF];
  return n->backend;
}

/* Copies of all sets lie side by side for good. */
static void fix(vf_schedule *s, uint8_t backend, uint64_t bytes, uint32_t sets) {
  uint64_t all;
  if (!vf_align_up(&all, bytes, s->graph->pools[backend].align_bytes) || !vf_mul(&all, all, sets) ||
      !vf_add(&all, all, s->fixed_bytes[backend]))
    s->graph->overflow = true;
  else if (s->learns)
    s->fixed_bytes[backend] = all;
}

static uint16_t add_copy(vf_schedule *s, vf_stretch *split, uint16_t original, uint16_t place) {
  vf_graph *g = s->graph;
  if (s->n_copies == VF_SCHEDULE_COPIES) {
    g->overflow = true;
    return original;
  }
  uint16_t copy =
      (uint16_t)vf_graph_outside(g, VF_OUTSIDE_NOT, g->nodes[original].bytes, split->backend);
  vf_graph_node *from = &g->nodes[original], *n = &g->nodes[copy];
  n->original = original;
  n->next_copy = from->copies;
  n->held = from->held;
  from->copies = copy;
  from->uses++; /* the copying */
  s->copies[s->n_copies++] = (vf_stretch_copy){original, copy, place, false};
  split->n_copies++;
  if (s->sets > 1) fix(s, split->backend, n->size, s->sets);
  return copy;
}

/* What a split will read of the graph's inputs some steps later is copied at its start, too. */
static void add_known_copies(vf_schedule *s, vf_stretch *split) {
  for (int i = 0; i < VF_GRAPH_INPUTS && !s->learns; i++) {
    const vf_input_reads *r = &s->reads[i][split->backend];
    if (r->split == split->id) add_copy(s, split, s->graph->input_nodes[i], r->place);
  }
}

static void add_split(vf_schedule *s, uint8_t backend, uint32_t first_op) {
  if (s->n_splits == VF_SCHEDULE_SPLITS) {
    s->graph->overflow = true;
    return;
  }
  s->splits[s->n_splits++] = (vf_stretch){.id = (s->step << STEP_SHIFT) + s->begun++,
                                          .first_op = first_op,
                                          .first_copy = s->n_copies,
                                          .backend = backend};
  add_known_copies(s, open_split(s));
}

/* A copy of a weight begins a split, so that the memory of the one before can be used again. */
static bool begins_split(vf_schedule *s, const vf_stretch *split, const vf_graph_node *n) {
  const vf_graph *g = s->graph;
  for (int i = 0; i < n->n_sources && split->n_seen > 0; i++) {
    const vf_graph_node *from = &g->nodes[n->sources[i] & 0xFFFF];
    if (backend_of(g, from) == split->backend) continue;
    if (from->outside >= VF_OUTSIDE_TABLE) return true;
    if (split->n_seen >= MAX_SPLIT_COPIES && copy_on(g, from, split->backend) == 0) return true;
  }
  return false;
}

/* ---- Reads ------------------------------------------------------------------------------ */

static void note_read(vf_schedule *s, const vf_graph_node *n, uint8_t backend, uint32_t step) {
  if (n->input == 0 || !s->learns) return;
  vf_input_reads *r = &s->reads[n->input - 1][backend];
  r->last_step = r->known ? vf_max_u32(r->last_step, step) : step;
  r->known = true;
}

/* Copies are noted with the step in which they are made: at the start of the split. */
static void note_copy(vf_schedule *s, const vf_graph_node *n, const vf_stretch *split) {
  if (n->input == 0 || !s->learns) return;
  vf_input_reads *r = &s->reads[n->input - 1][split->backend];
  r->split = split->id;
  r->place = (uint16_t)split->n_seen;
  note_read(s, n, n->backend, split->id >> STEP_SHIFT);
}

static void see_copy(vf_schedule *s, vf_stretch *split, uint16_t copy) {
  for (uint32_t i = split->first_copy; i < split->first_copy + split->n_copies; i++) {
    if (s->copies[i].copy != copy || s->copies[i].seen) continue;
    s->copies[i].seen = true;
    split->n_seen++;
  }
}

/* With several sets, every input that is read itself, not a view of it, is there so many times. */
static void repeat_input(vf_schedule *s, vf_graph_node *n, vf_ref source) {
  if (s->sets == 1 || n->input == 0 || n->computed || (source & VF_REF_VIEW) != 0 || n->output)
    return;
  n->output = true;
  fix(s, host_of(s), n->size, s->sets - 1);
}

static void read_source(vf_schedule *s, vf_stretch *split, vf_ref *source) {
  vf_graph *g = s->graph;
  uint16_t slot = (uint16_t)(*source & 0xFFFF);
  vf_graph_node *n = &g->nodes[slot];
  repeat_input(s, n, *source);
  note_read(s, n, split->backend, s->step);
  if (backend_of(g, n) == split->backend) return;
  uint16_t copy = copy_on(g, n, split->backend);
  if (copy == 0) {
    note_copy(s, n, split);
    copy = add_copy(s, split, slot, UINT16_MAX);
    if (g->overflow) return;
  }
  see_copy(s, split, copy);
  bool strided = (*source & VF_REF_STRIDED) == VF_REF_STRIDED;
  g->nodes[copy].uses++;
  vf_graph_drop(g, slot);
  *source = strided ? vf_strided(copy) : copy;
}

static void add_op(vf_schedule *s, uint32_t op) {
  vf_graph_node *n = &s->graph->nodes[s->ops[op]];
  if (n->kind == VF_OP_SLICE && s->n_splits > 0) {
    open_split(s)->n_ops++;
    return;
  }
  bool first = s->n_splits == 0 || open_split(s)->backend != n->backend;
  if (first || begins_split(s, open_split(s), n)) add_split(s, n->backend, op);
  vf_stretch *split = open_split(s);
  for (int i = 0; i < n->n_sources && !s->graph->overflow; i++)
    read_source(s, split, &n->sources[i]);
  split->n_ops++;
}

/* Inputs that a backend does not read any more. */
static void release_inputs(vf_schedule *s) {
  vf_graph *g = s->graph;
  for (int i = 0; i < VF_GRAPH_INPUTS && !s->learns; i++) {
    for (uint32_t b = 0; b < g->n_backends; b++) {
      const vf_input_reads *r = &s->reads[i][b];
      if (!r->known || r->last_step != s->step) continue;
      vf_graph_node *n = &g->nodes[g->input_nodes[i]];
      if (b != n->backend) n = &g->nodes[copy_on(g, n, (uint8_t)b)];
      n->held = false;
    }
  }
}

/* ---- Playing ---------------------------------------------------------------------------- */

/* The copy for a place: the one that is known to belong there, or the next without a place. */
static vf_stretch_copy *copy_for(vf_schedule *s, const vf_stretch *split, uint32_t place) {
  vf_stretch_copy *next = &s->copies[split->first_copy];
  for (uint32_t i = split->first_copy; i < split->first_copy + split->n_copies; i++) {
    vf_stretch_copy *c = &s->copies[i];
    if (c->copy == 0) continue;
    if (c->place == place) return c;
    if (next->copy == 0 || (next->place != UINT16_MAX && c->place == UINT16_MAX)) next = c;
  }
  return next;
}

static void make_copies(vf_schedule *s, vf_stretch *split) {
  for (uint32_t i = 0; i < split->n_copies && !s->graph->overflow; i++) {
    vf_stretch_copy *c = copy_for(s, split, i);
    uint16_t copy = c->copy;
    c->copy = 0;
    vf_graph_drop(s->graph, c->original);
    if (s->sets == 1) vf_graph_place(s->graph, copy);
  }
  split->first_copy += split->n_copies;
  split->n_copies = 0;
  split->begun = true;
}

static void play_split(vf_schedule *s, vf_stretch *split, uint32_t end) {
  uint32_t n = vf_min_u32(split->n_ops, end - split->first_op);
  make_copies(s, split);
  for (uint32_t i = 0; i < n && !s->graph->overflow; i++)
    vf_graph_play(s->graph, s->ops[split->first_op + i]);
  split->first_op += n;
  split->n_ops -= n;
}

/* The open split stays, and what has not been played. */
static void drop_played(vf_schedule *s, uint32_t op) {
  uint32_t first = 0;
  while (first + 1 < s->n_splits && s->splits[first].n_ops == 0) first++;
  uint32_t copy = s->splits[first].first_copy;
  memmove(s->ops, s->ops + op, (s->n_ops - op) * sizeof *s->ops);
  memmove(s->copies, s->copies + copy, (s->n_copies - copy) * sizeof *s->copies);
  memmove(s->splits, s->splits + first, (s->n_splits - first) * sizeof *s->splits);
  s->n_ops -= op;
  s->n_assigned -= op;
  s->n_copies -= copy;
  s->n_splits -= first;
  for (uint32_t i = 0; i < s->n_splits; i++) {
    s->splits[i].first_op -= op;
    s->splits[i].first_copy -= copy;
  }
}

/* Plays the operations before `end`; a split that is still open is played as it grows. */
static void play_before(vf_schedule *s, uint32_t end) {
  for (uint32_t i = 0; i < s->n_splits && !s->graph->overflow; i++)
    if (s->splits[i].first_op < end) play_split(s, &s->splits[i], end);
  if (s->n_splits > 0 && !s->graph->overflow) drop_played(s, end);
}

static void take_order(vf_schedule *s) {
  vf_graph *g = s->graph;
  memcpy(s->ops + s->n_ops, g->order, g->n_order * sizeof *g->order);
  s->n_ops += g->n_order;
  g->n_order = 0;
}

/* Returns where the operations of this step begin. */
static uint32_t schedule(vf_schedule *s, uint32_t step, bool all) {
  uint32_t first = s->n_assigned;
  s->step = step;
  s->begun = 0;
  take_order(s);
  assign_backends(s);
  if (all) assign(s, s->n_ops, host_of(s));
  for (uint32_t i = first; i < s->n_assigned && !s->graph->overflow; i++) add_op(s, i);
  release_inputs(s);
  return first;
}

/* Operations are made in one step and put in order by the next that orders any: only then is it
 * known on which backends all of them read a result, and it can be played. */
void vf_schedule_step(vf_schedule *s, uint32_t step) {
  if (s->graph->n_order > 0 && !s->graph->overflow) play_before(s, schedule(s, step, false));
}

void vf_schedule_finish(vf_schedule *s, uint32_t step) {
  if (s->graph->overflow) return;
  schedule(s, step, true);
  play_before(s, s->n_ops);
}

/* ---- States ----------------------------------------------------------------------------- */

static void put(vf_graph_state *s, uint64_t number) {
  if (s->n < VF_GRAPH_STATE) s->numbers[s->n] = number;
  s->n++;
}

/* An operation that waits, and where its operands are that have been computed. */
static void put_op(const vf_graph *g, const vf_graph_node *n, vf_graph_state *out) {
  put(out, n->bytes + n->backend);
  for (int i = 0; i < n->n_sources; i++) {
    const vf_graph_node *source = &g->nodes[n->sources[i] & 0xFFFF];
    if (source->live) put(out, source->offset);
  }
}

void vf_schedule_save(const vf_schedule *s, vf_ref carried, vf_graph_state *out) {
  vf_graph_save(s->graph, carried, out);
  for (uint32_t i = 0; i < s->n_ops; i++) put_op(s->graph, &s->graph->nodes[s->ops[i]], out);
}
