/* chart_text.c - the pictures in a terminal: a bar for every device, and a plot of columns.
 *
 * Everything is as wide as 80 columns allow; without Unicode every glyph has an ASCII one. */
#include <inttypes.h>

#include "base/checked.h"
#include "base/units.h"
#include "report/chart.h"

enum { BAR_COLUMNS = 56, LABEL_COLUMNS = 10, ROWS = 14, MOST_BARS = 16 };

typedef struct plot {
  vf_out *out;
  const vf_plot_options *options;
} plot;

#define RED   "\x1b[31m"
#define RESET "\x1b[0m"

static const char *glyph(const plot *p, const char *unicode, const char *ascii) {
  return p->options->unicode ? unicode : ascii;
}

static void put_segment(const plot *p, int segment) {
  const vf_segment_look *look = &vf_segment_looks[segment];
  if (p->options->color) vf_out_put(p->out, look->ansi);
  if (p->options->unicode)
    vf_out_put(p->out, p->options->color ? "█" : look->unicode);
  else
    vf_out_bytes(p->out, &look->ascii, 1);
  if (p->options->color) vf_out_put(p->out, RESET);
}

static void put_limit(const plot *p, const char *mark) {
  if (p->options->color) vf_out_put(p->out, RED);
  vf_out_put(p->out, mark);
  if (p->options->color) vf_out_put(p->out, RESET);
}

static void put_size(const plot *p, uint64_t bytes) {
  char buf[32];
  vf_text t = vf_text_on(buf, sizeof buf);
  vf_text_size(&t, bytes, p->options->unit, 1);
  vf_out_text(p->out, &t);
  vf_out_printf(p->out, " %s", vf_unit_name(p->options->unit));
}

/* Cells of `cells` that stand for `bytes` of `all`, rounded. */
static int cells_of(uint64_t bytes, uint64_t all, int cells) {
  return all == 0 ? 0 : (int)((double)bytes / (double)all * cells + 0.5);
}

/* ---- Bars ------------------------------------------------------------------------------- */

/* The segment at one cell of a stack, counted from its foot; -1 above it. */
static int segment_at(const uint64_t s[VF_CHART_SEGMENTS], uint64_t all, int cells, int cell) {
  uint64_t sum = 0;
  for (int i = 0; i < VF_CHART_SEGMENTS; i++) {
    sum += s[i];
    if (s[i] != 0 && cell < cells_of(sum, all, cells)) return i;
  }
  return -1;
}

static void put_bar(const plot *p, const vf_device_budget *b, size_t alike) {
  uint64_t s[VF_CHART_SEGMENTS];
  uint64_t most = b->need.high_bytes + b->growth_bytes;
  uint64_t all = most > b->capacity_bytes ? most : b->capacity_bytes;
  int limit = cells_of(b->capacity_bytes, all, BAR_COLUMNS);
  vf_chart_budget(s, b);
  vf_out_put(p->out, "  ");
  for (int i = 0; i <= BAR_COLUMNS; i++) {
    int segment = segment_at(s, all, BAR_COLUMNS, i);
    if (i == limit && b->device.total_known) put_limit(p, glyph(p, "┃", "|"));
    if (i == BAR_COLUMNS) break;
    if (segment >= 0)
      put_segment(p, segment);
    else
      vf_out_put(p->out, glyph(p, "·", "."));
  }
  vf_out_put(p->out, "  ");
  put_size(p, b->need.high_bytes);
  if (b->device.total_known) vf_out_put(p->out, " of ");
  if (b->device.total_known) put_size(p, b->capacity_bytes);
  if (alike > 1) vf_out_printf(p->out, ", each of %zu", alike);
  vf_out_put(p->out, "\n");
}

/* What the glyphs mean, of those that are there. */
static void put_legend(const plot *p, const uint64_t used[VF_CHART_SEGMENTS]) {
  vf_out_put(p->out, "  ");
  for (int i = 0; i < VF_CHART_SEGMENTS; i++) {
    if (used[i] == 0) continue;
    put_segment(p, i);
    vf_out_printf(p->out, " %s   ", vf_segment_looks[i].name);
  }
  put_limit(p, glyph(p, "┃", "|"));
  vf_out_put(p->out, " capacity\n");
}

static void put_bars(const plot *p, const vf_estimate *e) {
  size_t n, shown = 0;
  uint64_t used[VF_CHART_SEGMENTS] = {0}, s[VF_CHART_SEGMENTS];
  const vf_device_budget *b = vf_estimate_devices(e, &n);
  vf_out_put(p->out, "\n");
  for (size_t i = 0, alike; i < n && shown < MOST_BARS; i += alike) {
    alike = vf_chart_alike(b, n, i);
    if (!vf_chart_shows(&b[i], n)) continue;
    put_bar(p, &b[i], alike);
    vf_chart_budget(s, &b[i]);
    for (int k = 0; k < VF_CHART_SEGMENTS; k++) used[k] |= s[k];
    shown++;
  }
  put_legend(p, used);
}

/* ---- Memory against context ------------------------------------------------------------- */

static uint64_t top_of(const vf_curve *c) {
  const vf_curve_point *last = &c->points[c->count - 1];
  uint64_t need = last->need.high_bytes + last->growth_bytes;
  uint64_t top = need > c->capacity_bytes ? need : c->capacity_bytes;
  return top + top / 20;
}

static uint64_t wanted_of(const vf_curve *c) {
  return c->capacity_bytes - vf_min_u64(c->capacity_bytes, c->headroom_target_bytes);
}

static void put_row(const plot *p, const vf_curve *c, int row, uint64_t top) {
  uint64_t s[VF_CHART_SEGMENTS];
  int limit = cells_of(c->capacity_bytes, top, ROWS);
  int wanted = cells_of(wanted_of(c), top, ROWS); /* below it is headroom left */
  for (size_t i = 0; i < c->count; i++) {
    vf_chart_point(s, &c->points[i]);
    int segment = segment_at(s, top, ROWS, row);
    if (row == limit)
      put_limit(p, glyph(p, "─", "-"));
    else if (row == wanted && segment < 0)
      vf_out_put(p->out, glyph(p, "┄", "."));
    else if (segment >= 0)
      put_segment(p, segment);
    else
      vf_out_put(p->out, " ");
  }
}

static void put_row_label(const plot *p, const vf_curve *c, int row, uint64_t top) {
  char buf[32];
  vf_text t = vf_text_on(buf, sizeof buf);
  int limit = cells_of(c->capacity_bytes, top, ROWS);
  if (row == limit)
    vf_text_size(&t, c->capacity_bytes, p->options->unit, 1);
  else if (row % 4 == 0 && row != limit - 1 && row != limit + 1)
    vf_text_size(&t, top / ROWS * (uint64_t)row, p->options->unit, 1);
  vf_out_printf(p->out, "%*s %s", LABEL_COLUMNS - 2, buf, glyph(p, "│", "|"));
}

/* The column of a context. */
static int column_of(const vf_curve *c, uint64_t ctx) {
  uint64_t end = c->points[c->count - 1].ctx_tokens;
  int column = (int)((double)ctx / (double)end * (double)(c->count - 1) + 0.5);
  return column < (int)c->count ? column : (int)c->count - 1;
}

static void put_axis(const plot *p, const vf_curve *c) {
  uint64_t end = c->points[c->count - 1].ctx_tokens;
  uint64_t step = vf_chart_step(end, 1024, 5, true);
  int column = 0;
  vf_out_printf(p->out, "%*s%s", LABEL_COLUMNS - 1, "", glyph(p, "└", "+"));
  for (size_t i = 0; i < c->count; i++) vf_out_put(p->out, glyph(p, "─", "-"));
  vf_out_printf(p->out, "\n%*s", LABEL_COLUMNS, "");
  for (uint64_t ctx = 0; ctx <= end; ctx += step) {
    char buf[32];
    vf_text t = vf_text_on(buf, sizeof buf);
    vf_chart_tokens(&t, ctx);
    for (; column < column_of(c, ctx); column++) vf_out_put(p->out, " ");
    vf_out_text(p->out, &t);
    column += (int)t.length;
  }
  vf_out_put(p->out, " tokens\n");
}

/* An arrow under a context, with what it is. */
static void put_mark(const plot *p, const vf_curve *c, uint64_t ctx, const char *what) {
  char buf[48];
  vf_text t = vf_text_on(buf, sizeof buf);
  if (ctx > c->points[c->count - 1].ctx_tokens) return;
  vf_text_thousands(&t, ctx);
  vf_out_printf(p->out, "%*s%s ", LABEL_COLUMNS + column_of(c, ctx), "", glyph(p, "▲", "^"));
  vf_out_text(p->out, &t);
  vf_out_printf(p->out, " %s\n", what);
}

static void put_curve(const plot *p, const vf_estimate *e, const vf_curve *c) {
  uint64_t top = top_of(c);
  size_t n;
  const vf_device_budget *b = vf_estimate_devices(e, &n);
  vf_out_printf(p->out, "\n  memory of %s against context, %s\n", b[c->device].device.name,
                vf_unit_name(p->options->unit));
  for (int row = ROWS - 1; row >= 0; row--) {
    put_row_label(p, c, row, top);
    put_row(p, c, row, top);
    vf_out_put(p->out, "\n");
  }
  put_axis(p, c);
  put_mark(p, c, vf_estimate_workload(e)->requested_ctx_tokens, "asked for");
  if (c->last_ctx_tokens == 0)
    vf_out_put(p->out, "  no context fits\n");
  else if (!c->ends_above)
    put_mark(p, c, c->last_ctx_tokens, "the worst case reaches the capacity");
}

void vf_chart_text(vf_out *out, const vf_estimate *e, const vf_curve *curve,
                   const vf_plot_options *options) {
  plot p = {out, options};
  put_bars(&p, e);
  if (curve != NULL && curve->count > 1) put_curve(&p, e, curve);
}
