/* table.c - the command table: what fits, for every combination of some lists.
 *
 * All cells are estimated before anything is written, so that an interrupted call leaves nothing
 * half-written; the exit status is then 130. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "command.h"
#include "deployment.h"
#include "output.h"
#include "trouble.h"
#include "write_file.h"

/* ---- Axes ------------------------------------------------------------------------------- */

/* From the axis that makes whole tables to the one that makes columns. */
static const struct {
  const char *name;
  vf_axis_kind kind;
} places[] = {
    {"model", VF_AXIS_MODEL},   {"gpu", VF_AXIS_GPU},     {"gpus", VF_AXIS_GPUS},
    {"engine", VF_AXIS_ENGINE}, {"quant", VF_AXIS_QUANT}, {"kv", VF_AXIS_KV},
    {"seqs", VF_AXIS_SEQS},     {"ctx", VF_AXIS_CTX},
};
_Static_assert(sizeof places / sizeof *places == VF_AXIS_COUNT, "every axis has a place");

typedef struct axes {
  vf_axis list[VF_AXIS_COUNT];
  size_t n;
} axes;

static bool has(const axes *x, vf_axis_kind kind) {
  for (size_t i = 0; i < x->n; i++)
    if (x->list[i].kind == kind) return true;
  return false;
}

/* Adds it in its place. */
static void add(axes *x, vf_axis_kind kind, const char *values) {
  axes all = {.n = 0};
  for (size_t p = 0; p < VF_AXIS_COUNT; p++) {
    if (places[p].kind == kind) all.list[all.n++] = (vf_axis){kind, values};
    for (size_t i = 0; i < x->n; i++)
      if (x->list[i].kind == places[p].kind && places[p].kind != kind)
        all.list[all.n++] = x->list[i];
  }
  *x = all;
}

/* Moves the axis of that name behind all others. */
static vf_status move_last(axes *x, const char *name, const char *option, vf_error *err) {
  if (name == NULL) return VF_OK;
  for (size_t p = 0; p < VF_AXIS_COUNT; p++) {
    if (strcmp(places[p].name, name) != 0) continue;
    for (size_t i = 0; i < x->n; i++) {
      if (x->list[i].kind != places[p].kind) continue;
      vf_axis moved = x->list[i];
      memmove(&x->list[i], &x->list[i + 1], (x->n - i - 1) * sizeof *x->list);
      x->list[x->n - 1] = moved;
      return VF_OK;
    }
    return trouble(err, option, "--%s is no list here, so it makes neither rows nor columns", name);
  }
  return trouble(err, option, "'%s' is no axis (model, gpu, gpus, engine, quant, kv, seqs, ctx)",
                 name);
}

/* One list makes rows: what is fixed, the context, is their one column. */
static void add_column(axes *x, const vf_deployment *d) {
  static char ctx[24];
  if (d->request.ctx_tokens == 0) return;
  unsigned long long n = d->request.ctx_tokens;
  if (VF_CTX_IS_WHOLE(d->request.ctx_tokens))
    snprintf(ctx, sizeof ctx, "max");
  else
    snprintf(ctx, sizeof ctx, n % 1024 == 0 ? "%lluk" : "%llu", n % 1024 == 0 ? n / 1024 : n);
  add(x, VF_AXIS_CTX, ctx);
}

/* The lists; fewer than two are filled up by contexts and formats, unless those are fixed. */
static vf_status choose_axes(axes *x, const args *a, const vf_deployment *d, vf_error *err) {
  for (size_t p = 0; p < VF_AXIS_COUNT; p++)
    if (list_of(a, places[p].kind) != NULL) add(x, places[p].kind, list_of(a, places[p].kind));
  if (x->n < 2 && d->request.ctx_tokens == 0 && !has(x, VF_AXIS_CTX)) add(x, VF_AXIS_CTX, "any");
  if (x->n < 2 && d->quant == NULL && !has(x, VF_AXIS_QUANT)) add(x, VF_AXIS_QUANT, "any");
  if (x->n == 0) add(x, VF_AXIS_QUANT, d->quant);
  if (x->n == 1 && x->list[0].kind != VF_AXIS_CTX && a->columns == NULL) add_column(x, d);
  vf_status status = move_last(x, a->rows, "--rows", err);
  if (status == VF_OK && a->rows != NULL && a->columns == NULL && x->n > 1) {
    vf_axis rows = x->list[x->n - 1]; /* behind them, the columns */
    x->list[x->n - 1] = x->list[x->n - 2];
    x->list[x->n - 2] = rows;
  }
  return status == VF_OK ? move_last(x, a->columns, "--columns", err) : status;
}

/* ---- Working ---------------------------------------------------------------------------- */

static uint64_t now_ms(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* On a terminal, where it takes a while. */
static void show_progress(size_t done, size_t all, bool *shown) {
  fprintf(stderr, "\r%zu of %zu (%zu %%)", done, all, done * 100 / all);
  fflush(stderr);
  *shown = true;
}

static vf_status work(vf_grid *grid, bool quiet, vf_error *err) {
  enum { PIECE = 1024, PATIENCE_MS = 400, STEP_MS = 100 };
  bool watched = isatty(STDERR_FILENO) && !quiet, shown = false, finished = false;
  uint64_t next = now_ms() + PATIENCE_MS;
  vf_status status = VF_OK;
  for (size_t done = PIECE; status == VF_OK && !finished; done += PIECE) {
    status = vf_grid_work(grid, PIECE, &finished, err);
    if (!watched || finished || now_ms() < next) continue;
    show_progress(done, vf_grid_size(grid), &shown);
    next = now_ms() + STEP_MS;
  }
  if (shown) fputs("\r\x1b[K", stderr);
  return status;
}

/* 0: something fits. */
static enum exit_code judge(const vf_grid *grid, const args *a) {
  for (size_t i = 0; i < vf_grid_size(grid); i++) {
    const vf_outcome *c = vf_grid_cell(grid, i);
    if (!c->refused && code_of(a, c->verdict) == EXIT_FITS) return EXIT_FITS;
  }
  return EXIT_NO_FIT;
}

static vf_status run(vf_grid **grid, const args *a, const vf_context *ctx, vf_error *err) {
  vf_deployment base;
  axes x = {.n = 0};
  vf_report_options options = report_options(a);
  vf_status status = read_deployment(&base, a->deployment, a, ctx, err);
  if (status == VF_OK) status = choose_axes(&x, a, &base, err);
  if (status == VF_OK) status = vf_grid_new(grid, ctx, &base, x.list, x.n, err);
  if (status != VF_OK) return status;
  end_at_signals();
  status = work(*grid, a->quiet, err);
  if (status != VF_OK || a->quiet) return status;
  return vf_grid_write(*grid, a->cell, &options, write_stdout, stdout, err);
}

enum exit_code command_table(const args *a, const vf_context *ctx, vf_error *err) {
  vf_grid *grid = NULL;
  enum exit_code code = EXIT_TROUBLE;
  if (run(&grid, a, ctx, err) == VF_OK) code = judge(grid, a);
  vf_grid_free(grid);
  return code;
}
