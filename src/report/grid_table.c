/* grid_table.c - a table of many estimates for people: aligned, or as Markdown.
 *
 * A cell is a figure and a mark: fits, tight, does not fit.  What the engine refuses is a dash;
 * why stands below, each reason once. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/status.h"
#include "base/units.h"
#include "core/words.h"
#include "report/grid.h"

enum { CELL_BYTES = 96, GAP = 2 };

typedef struct page {
  vf_out *out;
  const vf_grid *g;
  vf_cell_shows shows;
  const vf_report_options *options;
  bool markdown;
  const vf_grid_axis *rows, *columns; /* rows NULL: there is one axis only */
  size_t n_tables;
} page;

static const char *const marks[VF_VERDICT_COUNT] = {"✓", "~", "?", "✗"};
static const char *const verdict_words[VF_VERDICT_COUNT] = {"fits", "tight", "risky", "no fit"};

/* Names come from the command line: nothing of them drives a terminal or breaks a row. */
static void put_name(const page *p, const char *s) {
  char buf[1400]; /* a reason, all of it escaped */
  vf_text text = vf_text_on(buf, sizeof buf);
  vf_text_escaped(&text, s, strlen(s));
  for (const char *c = buf; *c != '\0'; c++) {
    if (*c == '|' && p->markdown) vf_out_put(p->out, "\\");
    vf_out_bytes(p->out, c, 1);
  }
}

/* ---- Cells ------------------------------------------------------------------------------ */

/* Which reason, where there are several. */
static void text_reason(vf_text *t, const vf_grid *g, uint32_t reason) {
  static const char *const digits[] = {"", "¹", "²", "³", "⁴", "⁵", "⁶", "⁷", "⁸", "⁹"};
  if (reason == 0 || g->n_reasons < 2) return;
  if (reason < sizeof digits / sizeof *digits)
    vf_text_put(t, digits[reason]);
  else
    vf_text_printf(t, "[%" PRIu32 "]", reason);
}

static void text_cell(vf_text *t, const page *p, const vf_outcome *c) {
  if (!c->known || c->refused) {
    vf_text_put(t, "–");
  } else if (p->shows == VF_CELL_VERDICT) {
    vf_text_printf(t, "%s %s", marks[c->verdict], verdict_words[c->verdict]);
  } else if (p->shows == VF_CELL_NEED) {
    vf_text_size(t, c->need_bytes, p->options->unit, 1);
    vf_text_printf(t, " %s", marks[c->verdict]);
  } else {
    if (c->headroom_bytes >= 0) vf_text_put(t, "+");
    vf_text_signed_size(t, c->headroom_bytes, p->options->unit, 1);
    vf_text_printf(t, " %s", marks[c->verdict]);
  }
  text_reason(t, p->g, c->reason);
}

static const char *label(const page *p, const vf_grid_axis *axis, size_t value) {
  return vf_grid_axis_label(p->g, (size_t)(axis - p->g->axes), value);
}

static const vf_outcome *cell_at(const page *p, size_t table, size_t row, size_t column) {
  size_t n_rows = p->rows != NULL ? p->rows->count : 1;
  return &p->g->cells[(table * n_rows + row) * p->columns->count + column];
}

/* ---- One table -------------------------------------------------------------------------- */

static void text_corner(vf_text *t, const page *p) {
  static const char *const words[] = {"headroom, ", "", "needs, "};
  vf_text_put(t, words[p->shows]);
  if (p->shows != VF_CELL_VERDICT) vf_text_put(t, vf_unit_name(p->options->unit));
}

/* The rows' name where they are no axis: what it is all about. */
static const char *row_label(const page *p, size_t row) {
  return p->rows != NULL ? label(p, p->rows, row) : p->g->model;
}

static int first_width(const page *p) {
  char buf[CELL_BYTES];
  vf_text t = vf_text_on(buf, sizeof buf);
  text_corner(&t, p);
  int most = (int)vf_text_columns(buf);
  for (size_t r = 0; r < (p->rows != NULL ? p->rows->count : 1); r++)
    if ((int)vf_text_columns(row_label(p, r)) > most) most = (int)vf_text_columns(row_label(p, r));
  return most;
}

static int column_width(const page *p, size_t table, size_t column) {
  int most = (int)vf_text_columns(label(p, p->columns, column));
  for (size_t r = 0; r < (p->rows != NULL ? p->rows->count : 1); r++) {
    char buf[CELL_BYTES];
    vf_text t = vf_text_on(buf, sizeof buf);
    text_cell(&t, p, cell_at(p, table, r, column));
    if ((int)vf_text_columns(buf) > most) most = (int)vf_text_columns(buf);
  }
  return most;
}

static void put_head(const page *p, int first, const int *widths) {
  char buf[CELL_BYTES];
  vf_text t = vf_text_on(buf, sizeof buf);
  text_corner(&t, p);
  vf_out_put(p->out, p->markdown ? "| " : "  ");
  vf_out_put(p->out, buf);
  vf_out_spaces(p->out, first - (int)vf_text_columns(buf));
  for (size_t c = 0; c < p->columns->count; c++) {
    const char *name = label(p, p->columns, c);
    vf_out_put(p->out, p->markdown ? " | " : "");
    vf_out_spaces(p->out, widths[c] - (int)vf_text_columns(name) + (p->markdown ? 0 : GAP));
    put_name(p, name);
  }
  vf_out_put(p->out, p->markdown ? " |\n" : "\n");
}

static void put_rule(const page *p, int first, const int *widths) {
  if (!p->markdown) return;
  vf_out_put(p->out, "|:");
  for (int i = 0; i <= first; i++) vf_out_put(p->out, "-");
  for (size_t c = 0; c < p->columns->count; c++) {
    vf_out_put(p->out, "|");
    for (int i = 0; i <= widths[c]; i++) vf_out_put(p->out, "-");
    vf_out_put(p->out, ":");
  }
  vf_out_put(p->out, "|\n");
}

static void put_row(const page *p, size_t table, size_t row, int first, const int *widths) {
  const char *name = row_label(p, row);
  vf_out_put(p->out, p->markdown ? "| " : "  ");
  put_name(p, name);
  vf_out_spaces(p->out, first - (int)vf_text_columns(name));
  for (size_t c = 0; c < p->columns->count; c++) {
    const vf_outcome *cell = cell_at(p, table, row, c);
    char buf[CELL_BYTES];
    vf_text t = vf_text_on(buf, sizeof buf);
    text_cell(&t, p, cell);
    vf_out_put(p->out, p->markdown ? " | " : "");
    vf_out_spaces(p->out, widths[c] - (int)vf_text_columns(buf) + (p->markdown ? 0 : GAP));
    vf_out_color(p->out,
                 cell->known && !cell->refused ? vf_verdict_word[cell->verdict].color : VF_OUT_DIM);
    vf_out_put(p->out, buf);
    vf_out_color(p->out, VF_OUT_RESET);
  }
  vf_out_put(p->out, p->markdown ? " |\n" : "\n");
}

/* What this table's values of the outer axes are. */
static void put_outer(const page *p, size_t table) {
  const vf_grid *g = p->g;
  size_t at = (size_t)(cell_at(p, table, 0, 0) - g->cells);
  const char *between = p->markdown ? "\n**" : "\n";
  for (size_t i = 0; i < g->n_axes; i++) {
    const vf_grid_axis *a = &g->axes[i];
    if (a == p->rows || a == p->columns) continue;
    vf_out_put(p->out, between);
    put_name(p, label(p, a, at / a->stride % a->count));
    between = " · ";
  }
  if (p->n_tables > 1) vf_out_put(p->out, p->markdown ? "**\n\n" : "\n\n");
}

static void put_table(const page *p, size_t table, int *widths) {
  int first = first_width(p);
  for (size_t c = 0; c < p->columns->count; c++) widths[c] = column_width(p, table, c);
  put_outer(p, table);
  put_head(p, first, widths);
  put_rule(p, first, widths);
  for (size_t r = 0; r < (p->rows != NULL ? p->rows->count : 1); r++)
    put_row(p, table, r, first, widths);
}

/* ---- Around it -------------------------------------------------------------------------- */

static const vf_grid_axis *axis_of(const vf_grid *g, vf_axis_kind kind) {
  for (size_t i = 0; i < g->n_axes; i++)
    if (g->axes[i].kind == kind) return &g->axes[i];
  return NULL;
}

static void put_fixed(const page *p, const char **between, const char *text) {
  if (text == NULL || text[0] == '\0' || strcmp(text, "*") == 0) return;
  vf_out_put(p->out, *between);
  put_name(p, text);
  *between = " · ";
}

/* What is the same for all cells. */
static void put_title(const page *p) {
  const vf_grid *g = p->g;
  const char *between = p->markdown ? "**" : "";
  char buf[64];
  vf_text t = vf_text_on(buf, sizeof buf);
  if (axis_of(g, VF_AXIS_MODEL) == NULL) put_fixed(p, &between, g->model);
  if (axis_of(g, VF_AXIS_QUANT) == NULL) put_fixed(p, &between, g->quant);
  if (axis_of(g, VF_AXIS_CTX) == NULL && g->base.request.ctx_tokens != 0) {
    if (VF_CTX_IS_WHOLE(g->base.request.ctx_tokens))
      vf_text_put(&t, "whole context");
    else
      vf_text_thousands(&t, g->base.request.ctx_tokens);
    if (!VF_CTX_IS_WHOLE(g->base.request.ctx_tokens)) vf_text_put(&t, " tokens");
    put_fixed(p, &between, buf);
  }
  if (axis_of(g, VF_AXIS_SEQS) == NULL && g->base.request.seqs > 1) {
    snprintf(buf, sizeof buf, "%" PRIu32 " sequences", g->base.request.seqs);
    put_fixed(p, &between, buf);
  }
  if (axis_of(g, VF_AXIS_ENGINE) == NULL) put_fixed(p, &between, g->engine);
  if (axis_of(g, VF_AXIS_GPU) == NULL && strcmp(g->device, "*") != 0) {
    vf_out_put(p->out, "   on ");
    between = "";
    put_fixed(p, &between, g->device);
    if (g->base.gpus > 1) vf_out_printf(p->out, " × %" PRIu32, g->base.gpus);
  }
  vf_out_put(p->out, p->markdown ? "**\n\n" : p->n_tables > 1 ? "\n" : "\n\n");
}

static bool any_cell(const vf_grid *g, bool refused, vf_verdict verdict) {
  for (size_t i = 0; i < g->n_cells; i++) {
    const vf_outcome *c = &g->cells[i];
    if (c->refused == refused && (refused || c->verdict == verdict)) return true;
  }
  return false;
}

static void put_legend(const page *p) {
  static const char *const words[VF_VERDICT_COUNT] = {
      "fits", "tight: the worst case is within the capacity, but not with growth and headroom",
      "risky: what is expected is, the worst case is not", "does not fit"};
  const char *between = p->markdown ? "\n" : "\n  ";
  for (int v = 0; v < VF_VERDICT_COUNT; v++) {
    if (!any_cell(p->g, false, (vf_verdict)v)) continue;
    vf_out_put(p->out, between);
    vf_out_color(p->out, vf_verdict_word[v].color);
    vf_out_put(p->out, marks[v]);
    vf_out_color(p->out, VF_OUT_RESET);
    vf_out_printf(p->out, " %s", words[v]);
    between = "   ";
  }
  if (any_cell(p->g, true, VF_NO_FIT)) vf_out_printf(p->out, "%s– refused", between);
  vf_out_put(p->out, "\n");
}

static void put_below(const page *p, const char *word, const char *text) {
  vf_out_put(p->out, p->markdown ? "\n- " : "  ");
  vf_out_put(p->out, word);
  if (!p->markdown) vf_out_spaces(p->out, 11 - (int)vf_text_columns(word));
  if (p->markdown && word[0] != '\0') vf_out_put(p->out, " ");
  put_name(p, text);
}

static void put_reasons(const page *p) {
  for (uint32_t i = 0; i < p->g->n_reasons; i++) {
    char word[16];
    vf_text t = vf_text_on(word, sizeof word);
    vf_text_put(&t, "–");
    text_reason(&t, p->g, i + 1);
    put_below(p, word, p->g->reasons[i]);
    if (!p->markdown) vf_out_put(p->out, "\n");
  }
}

/* What is assumed in all cells, and in some. */
static void put_assumptions(const page *p) {
  const vf_grid *g = p->g;
  size_t n = g->n_cells - g->n_refused;
  vf_out_color(p->out, VF_OUT_DIM);
  for (size_t i = 0; i < g->n_assumptions; i++) {
    put_below(p, i == 0 || p->markdown ? "assumes" : "", g->assumptions[i].text);
    if (g->in_cells[i] < n) vf_out_printf(p->out, " (%zu of %zu cells)", g->in_cells[i], n);
    if (!p->markdown) vf_out_put(p->out, "\n");
  }
  vf_out_color(p->out, VF_OUT_RESET);
  if (p->markdown) vf_out_put(p->out, "\n");
}

static vf_status put_page(page *p, vf_error *err) {
  const vf_grid *g = p->g;
  const vf_allocator *a = vf_arena_allocator(g->arena);
  p->columns = &g->axes[g->n_axes - 1];
  p->rows = g->n_axes > 1 ? &g->axes[g->n_axes - 2] : NULL;
  p->n_tables = g->n_cells / p->columns->count / (p->rows != NULL ? p->rows->count : 1);
  int *widths = a->alloc(a->user, p->columns->count * sizeof *widths);
  if (widths == NULL) return vf_fail_nomem(err);
  put_title(p);
  for (size_t i = 0; i < p->n_tables; i++) put_table(p, i, widths);
  a->free(a->user, widths);
  put_legend(p);
  put_reasons(p);
  put_assumptions(p);
  return VF_OK;
}

vf_status vf_grid_write_table(vf_out *out, const vf_grid *g, vf_cell_shows shows,
                              const vf_report_options *options, vf_error *err) {
  page p = {.out = out, .g = g, .shows = shows, .options = options};
  return put_page(&p, err);
}

vf_status vf_grid_write_markdown(vf_out *out, const vf_grid *g, vf_cell_shows shows,
                                 const vf_report_options *options, vf_error *err) {
  page p = {.out = out, .g = g, .shows = shows, .options = options, .markdown = true};
  return put_page(&p, err);
}
