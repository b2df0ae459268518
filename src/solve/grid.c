/* grid.c - every combination of some values, estimated one by one.
 *
 * Cells are worked through in the order of vf_axis_kind, so that a model is opened once and a
 * format made once, whichever axis is shown as rows; each lands where it is shown. */
#include "solve/grid.h"

#include <stdio.h>
#include <string.h>

#include "base/args.h"
#include "base/checked.h"
#include "base/status.h"
#include "core/words.h"
#include "deploy/asker.h"
#include "solve/values.h"
#include "vramfit/solve.h"

/* The grid itself, and what is needed while it is worked on. */
typedef struct work {
  vf_grid grid;
  vf_asker asker;
  size_t order[VF_AXIS_COUNT]; /* axes as they are worked through, the outermost first */
  size_t at[VF_AXIS_COUNT];    /* the value of each axis, in its own order */
} work;

/* ---- Making ----------------------------------------------------------------------------- */

/* Checks what can be checked without an estimate. */
static vf_status read_value(vf_grid_value *v, const vf_grid *g, vf_axis_kind kind, const char *text,
                            vf_error *err) {
  vf_deployment d = g->base;
  char option[24];
  vf_status status = vf_deployment_set_axis(&d, kind, text, err);
  snprintf(option, sizeof option, "--%s", vf_axis_word[kind].option);
  if (status != VF_OK && err != NULL) vf_error_set_source(err, option);
  if (status != VF_OK) return status;
  v->text = text;
  if (kind == VF_AXIS_CTX) v->number = d.request.ctx_tokens;
  if (kind == VF_AXIS_SEQS) v->number = d.request.seqs;
  if (kind == VF_AXIS_GPUS) v->number = d.gpus;
  if (kind != VF_AXIS_QUANT) snprintf(v->label, sizeof v->label, "%s", text);
  return VF_OK;
}

static vf_status make_axis(work *w, const vf_axis *axis, vf_error *err) {
  vf_grid *g = &w->grid;
  vf_grid_axis *a = &g->axes[g->n_axes];
  vf_values values;
  if ((unsigned)axis->kind >= VF_AXIS_COUNT) return vf_fail(err, VF_USAGE, "no such axis");
  if (axis->values == NULL) return vf_fail(err, VF_USAGE, "an axis has no values");
  for (size_t i = 0; i < g->n_axes; i++)
    if (g->axes[i].kind == axis->kind) return vf_fail(err, VF_USAGE, "an axis is named twice");
  vf_status status = vf_values_of(&values, &w->asker, &g->base, *axis, g->arena, err);
  if (status != VF_OK) return status;
  a->kind = axis->kind;
  a->values = vf_arena_alloc(g->arena, values.count, sizeof *a->values);
  if (a->values == NULL) return vf_fail_nomem(err);
  for (size_t i = 0; status == VF_OK && i < values.count; i++)
    status = read_value(&a->values[i], g, axis->kind, values.texts[i], err);
  a->count = values.count;
  g->n_axes++;
  return status;
}

/* Strides, and the order of work. */
static vf_status lay_out(work *w, vf_error *err) {
  vf_grid *g = &w->grid;
  size_t n = 1, place = 0;
  for (size_t i = g->n_axes; i-- > 0;) {
    g->axes[i].stride = n;
    n *= g->axes[i].count;
    if (n > VF_GRID_CELLS)
      return vf_fail(err, VF_LIMIT, "more than %d cells are no table", VF_GRID_CELLS);
  }
  for (int kind = 0; kind < VF_AXIS_COUNT; kind++)
    for (size_t i = 0; i < g->n_axes; i++)
      if ((int)g->axes[i].kind == kind) w->order[place++] = i;
  g->n_cells = n;
  g->cells = vf_arena_alloc(g->arena, n, sizeof *g->cells);
  return g->cells != NULL ? VF_OK : vf_fail_nomem(err);
}

static bool varies(const vf_grid *g, vf_axis_kind kind) {
  for (size_t i = 0; i < g->n_axes; i++)
    if (g->axes[i].kind == kind) return true;
  return false;
}

static vf_status start(work *w, const vf_context *ctx, const vf_deployment *base,
                       const vf_axis *axes, size_t n, vf_error *err) {
  w->grid.base = *base;
  vf_status status = vf_asker_init(&w->asker, ctx, err);
  if (status != VF_OK) return status;
  if (n == 0 || n > VF_AXIS_COUNT) return vf_fail(err, VF_USAGE, "a table has one axis or more");
  w->asker.with_tensors = base->quant == NULL;
  for (size_t i = 0; i < n; i++) w->asker.with_tensors &= axes[i].kind != VF_AXIS_QUANT;
  for (size_t i = 0; status == VF_OK && i < n; i++) status = make_axis(w, &axes[i], err);
  if (status == VF_OK && base->model == NULL && !varies(&w->grid, VF_AXIS_MODEL))
    status = vf_fail(err, VF_USAGE, "no model is named");
  if (status == VF_OK && base->gpu == NULL && !varies(&w->grid, VF_AXIS_GPU))
    status = vf_fail(err, VF_USAGE, "no device is named");
  return status == VF_OK ? lay_out(w, err) : status;
}

vf_status vf_grid_new(vf_grid **out, const vf_context *ctx, const vf_deployment *base,
                      const vf_axis *axes, size_t axis_count, vf_error *err) {
  VF_NEED(err, out);
  VF_NEED(err, ctx);
  VF_NEED(err, base);
  VF_NEED(err, axes);
  if (vf_deployment_check(base, err) != VF_OK) return VF_USAGE;
  vf_arena *arena = vf_arena_new(&ctx->allocator, (size_t)1 << 30);
  work *w = arena != NULL ? vf_arena_alloc(arena, 1, sizeof *w) : NULL;
  if (w == NULL) {
    if (arena != NULL) vf_arena_free(arena);
    return vf_fail_nomem(err);
  }
  w->grid.arena = arena;
  vf_status status = start(w, ctx, base, axes, axis_count, err);
  if (status == VF_OK)
    *out = &w->grid;
  else
    vf_grid_free(&w->grid);
  return status;
}

void vf_grid_free(vf_grid *grid) {
  work *w = (work *)grid; /* it is the first member */
  if (grid == NULL) return;
  vf_asker_free(&w->asker);
  vf_arena_free(grid->arena);
}

/* ---- What is told once ------------------------------------------------------------------ */

static uint32_t reason_of(vf_grid *g, const char *text) {
  for (uint32_t i = 0; i < g->n_reasons; i++)
    if (strcmp(g->reasons[i], text) == 0) return i + 1;
  if (g->n_reasons == VF_GRID_TEXTS) return 0;
  const char *copy = vf_arena_copy(g->arena, text, strlen(text));
  if (copy == NULL) return 0;
  g->reasons[g->n_reasons++] = copy;
  return g->n_reasons;
}

static void note_assumption(vf_grid *g, vf_assumption a) {
  for (size_t i = 0; i < g->n_assumptions; i++) {
    if (g->assumptions[i].text != a.text) continue;
    g->in_cells[i]++;
    return;
  }
  if (g->n_assumptions == VF_GRID_TEXTS) return;
  g->in_cells[g->n_assumptions] = 1;
  g->assumptions[g->n_assumptions++] = a;
}

/* Words that are the same for all cells so far; "*" once they are not. */
static void note_words(char *out, size_t size, const char *text) {
  if (out[0] == '\0')
    snprintf(out, size, "%s", text);
  else if (strncmp(out, text, size - 1) != 0)
    snprintf(out, size, "*");
}

static void note_estimate(work *w) {
  vf_grid *g = &w->grid;
  size_t n;
  const vf_assumption *a = vf_estimate_assumptions(w->asker.e, &n);
  for (size_t i = 0; i < n; i++) note_assumption(g, a[i]);
  note_words(g->model, sizeof g->model, w->asker.model->id);
  note_words(g->quant, sizeof g->quant, w->asker.model->quant);
  note_words(g->engine, sizeof g->engine, w->asker.e->workload.engine);
  note_words(g->device, sizeof g->device, w->asker.now->list[0].name);
  bool recipe = strchr(w->asker.model->quant, ' ') == NULL; /* a scheme is told at length */
  for (size_t i = 0; recipe && i < g->n_axes; i++)
    if (g->axes[i].kind == VF_AXIS_QUANT)
      note_words(g->axes[i].values[w->at[i]].label, VF_GRID_LABEL, w->asker.model->quant);
}

/* ---- Working ---------------------------------------------------------------------------- */

/* A name that nobody knows is a mistake, unless it is another engine's. */
static bool is_answer(const vf_grid *g, vf_status status) {
  return vf_is_refusal(status) || (status == VF_UNKNOWN && varies(g, VF_AXIS_ENGINE));
}

static vf_status note_refusal(work *w, vf_outcome *cell, const vf_error *why) {
  vf_grid *g = &w->grid;
  *cell = (vf_outcome){.known = true, .refused = true, .verdict = VF_NO_FIT};
  cell->reason = reason_of(g, why->message);
  if (g->n_refused++ == 0) g->refusal = *why;
  return VF_OK;
}

static vf_status work_cell(work *w, vf_error *err) {
  vf_grid *g = &w->grid;
  vf_deployment d = g->base;
  vf_error why = {VF_OK};
  size_t cell = 0;
  vf_status status = VF_OK;
  for (size_t i = 0; status == VF_OK && i < g->n_axes; i++) {
    status = vf_deployment_set_axis(&d, g->axes[i].kind, g->axes[i].values[w->at[i]].text, &why);
    cell += g->axes[i].stride * w->at[i];
  }
  if (status == VF_OK) status = vf_asker_ask(&w->asker, &d, &why);
  if (is_answer(g, status)) return note_refusal(w, &g->cells[cell], &why);
  if (status != VF_OK) {
    if (err != NULL) *err = why;
    return status;
  }
  vf_outcome *out = &g->cells[cell];
  vf_asker_outcome(&w->asker, out);
  const vf_estimate *e = w->asker.e;
  if (e->refused)
    out->reason = reason_of(g, e->refusal != NULL ? e->refusal : "the engine refuses it");
  g->n_fitting += vf_verdict_fits(out->verdict);
  note_estimate(w);
  return VF_OK;
}

/* The next combination; the axis that is cheapest to change moves first. */
static void step(work *w) {
  const vf_grid *g = &w->grid;
  for (size_t i = g->n_axes; i-- > 0;) {
    size_t axis = w->order[i];
    if (++w->at[axis] < g->axes[axis].count) return;
    w->at[axis] = 0;
  }
}

vf_status vf_grid_work(vf_grid *grid, size_t cells, bool *finished, vf_error *err) {
  VF_NEED(err, grid);
  VF_NEED(err, finished);
  work *w = (work *)grid;
  for (; cells > 0 && grid->n_done < grid->n_cells; cells--, grid->n_done++) {
    vf_status status = work_cell(w, err);
    if (status != VF_OK) return status;
    step(w);
  }
  *finished = grid->n_done == grid->n_cells;
  if (!*finished || grid->n_refused < grid->n_cells) return VF_OK;
  if (err != NULL) *err = grid->refusal;
  return grid->refusal.status;
}

/* ---- Reading ---------------------------------------------------------------------------- */

size_t vf_grid_size(const vf_grid *grid) {
  return grid != NULL ? grid->n_cells : 0;
}

size_t vf_grid_axis_size(const vf_grid *grid, size_t axis) {
  return grid != NULL && axis < grid->n_axes ? grid->axes[axis].count : 0;
}

const char *vf_grid_axis_label(const vf_grid *grid, size_t axis, size_t value) {
  if (value >= vf_grid_axis_size(grid, axis)) return NULL;
  const vf_grid_value *v = &grid->axes[axis].values[value];
  return v->label[0] == '\0' || strcmp(v->label, "*") == 0 ? v->text : v->label;
}

const vf_outcome *vf_grid_cell(const vf_grid *grid, size_t i) {
  return grid != NULL && i < grid->n_cells ? &grid->cells[i] : NULL;
}

const char *vf_grid_reason(const vf_grid *grid, uint32_t reason) {
  return grid != NULL && reason != 0 && reason <= grid->n_reasons ? grid->reasons[reason - 1]
                                                                  : NULL;
}
