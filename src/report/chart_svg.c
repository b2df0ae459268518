/* chart_svg.c - the pictures as one self-contained SVG 1.1 document.
 *
 * No scripts, no fonts, nothing that is fetched; dark where the reader's screen is.  Coordinates
 * are whole numbers of pixels, but edges of areas, which would be stairs, in tenths. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/units.h"
#include "core/words.h"
#include "report/chart.h"

enum {
  WIDTH = 800,
  LEFT = 70,
  RIGHT = 780,
  BAR_HEIGHT = 22,
  BAR_STEP = 46,
  PLOT_HEIGHT = 300,
  MOST_BARS = 16,
  LONGEST_NAME = 36 /* characters of a model's, in the title */
};

typedef struct picture {
  vf_out *out;
  const vf_estimate *e;
  const vf_curve *curve;
  vf_unit unit;
  int y;               /* where the next thing is drawn */
  int top, bottom;     /* of the plot */
  uint64_t most_bytes; /* at its upper edge */
} picture;

static const char style[] =
    "<style>\n"
    "svg{font:13px system-ui,sans-serif;background:#fff;color:#222}\n"
    "text{fill:currentColor;paint-order:stroke;stroke:#fff;stroke-width:3px}.t{font-size:16px;font-"
    "weight:600}.d{opacity:.7}\n"
    ".g{stroke:currentColor;opacity:.15}.c{stroke:#d62728;stroke-width:2}.c-t{fill:#d62728}\n"
    ".r{stroke:currentColor;stroke-dasharray:4 3}\n"
    "@media(prefers-color-scheme:dark){svg{background:#16181c;color:#e6e6e6}text{stroke:#16181c}}\n"
    "</style>\n";

/* ---- Text ------------------------------------------------------------------------------- */

/* For elements and attributes: names come from files. */
void vf_svg_escaped(vf_out *out, const char *s) {
  for (size_t length; *s != '\0'; s += length) {
    length = vf_utf8_length(s, strlen(s));
    bool shown = length != 0 && vf_text_control(s, length) == 0;
    shown &= !vf_utf8_is_no_character(s, length);
    length += length == 0;
    if (*s == '<')
      vf_out_put(out, "&lt;");
    else if (*s == '>')
      vf_out_put(out, "&gt;");
    else if (*s == '&')
      vf_out_put(out, "&amp;");
    else if (*s == '"')
      vf_out_put(out, "&quot;");
    else if (shown)
      vf_out_bytes(out, s, length);
  }
}

void vf_svg_text(vf_out *out, int x, int y, const char *anchor, const char *class_name,
                 const char *text) {
  vf_out_printf(out, "<text x=\"%d\" y=\"%d\" text-anchor=\"%s\" class=\"%s\">", x, y, anchor,
                class_name);
  vf_svg_escaped(out, text);
  vf_out_put(out, "</text>\n");
}

static void put_text(const picture *p, int x, int y, const char *anchor, const char *class_name,
                     const char *text) {
  vf_svg_text(p->out, x, y, anchor, class_name, text);
}

void vf_svg_begin(vf_out *out, int width, int height, const char *title) {
  vf_out_printf(out,
                "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" width=\"%d\" "
                "height=\"%d\" role=\"img\">\n<title>",
                width, height, width, height);
  vf_svg_escaped(out, title);
  vf_out_put(out, "</title>\n");
  vf_out_put(out, style);
}

int vf_svg_scale(uint64_t bytes, uint64_t all, int pixels) {
  return all == 0 ? 0 : (int)((double)bytes / (double)all * pixels + 0.5);
}

static void text_size(vf_text *t, const picture *p, uint64_t bytes) {
  vf_text_size(t, bytes, p->unit, 1);
  vf_text_printf(t, " %s", vf_unit_name(p->unit));
}

/* "FITS   llama3.1-8b · Q4_K_M · 8,192 tokens × 1 · llama.cpp" */
static void text_headline(vf_text *t, const vf_estimate *e) {
  const vf_workload *w = vf_estimate_workload(e);
  vf_model_info m;
  vf_model_info_get(vf_estimate_model(e), &m);
  vf_text_printf(t, "%s   ", vf_verdict_word[vf_estimate_verdict(e)].shown);
  size_t n = strlen(m.id), skip = n > LONGEST_NAME ? n - LONGEST_NAME : 0; /* a path */
  while (skip > 0 && (m.id[skip] & 0xC0) == 0x80) skip++;
  if (skip > 0) vf_text_put(t, "…");
  vf_text_escaped(t, m.id + skip, n - skip);
  vf_text_printf(t, " · %s · ", m.quant);
  vf_text_thousands(t, w->requested_ctx_tokens);
  vf_text_printf(t, " tokens × %" PRIu32 " · %s", w->seqs, w->engine);
}

/* ---- Bars ------------------------------------------------------------------------------- */

static void put_bar_label(picture *p, const vf_device_budget *b, size_t i, size_t alike) {
  char buf[160];
  vf_text t = vf_text_on(buf, sizeof buf);
  if (alike > 1)
    vf_text_printf(&t, "%zu × %s, each: ", alike, b->device.name);
  else
    vf_text_printf(&t, "#%zu %s: ", i, b->device.name);
  text_size(&t, p, b->need.high_bytes);
  if (b->device.total_known) vf_text_put(&t, " of ");
  if (b->device.total_known) text_size(&t, p, b->capacity_bytes);
  put_text(p, LEFT, p->y - 5, "start", "d", buf);
}

static void put_bar(picture *p, const vf_device_budget *b) {
  uint64_t s[VF_CHART_SEGMENTS];
  uint64_t most = b->need.high_bytes + b->growth_bytes, sum = 0;
  uint64_t all = most > b->capacity_bytes ? most : b->capacity_bytes;
  vf_chart_budget(s, b);
  vf_out_printf(p->out, "<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" fill=\"#8884\"/>\n",
                LEFT, p->y, vf_svg_scale(b->capacity_bytes, all, RIGHT - LEFT), BAR_HEIGHT);
  for (int i = 0; i < VF_CHART_SEGMENTS; i++) {
    int from = LEFT + vf_svg_scale(sum, all, RIGHT - LEFT);
    sum += s[i];
    int to = LEFT + vf_svg_scale(sum, all, RIGHT - LEFT);
    if (to > from)
      vf_out_printf(p->out, "<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" fill=\"%s\"/>\n",
                    from, p->y, to - from, BAR_HEIGHT, vf_segment_looks[i].fill);
  }
  int x = LEFT + vf_svg_scale(b->capacity_bytes, all, RIGHT - LEFT);
  if (b->device.total_known)
    vf_out_printf(p->out, "<line class=\"c\" x1=\"%d\" y1=\"%d\" x2=\"%d\" y2=\"%d\"/>\n", x,
                  p->y - 3, x, p->y + BAR_HEIGHT + 3);
}

static void put_bars(picture *p) {
  size_t n, shown = 0;
  const vf_device_budget *b = vf_estimate_devices(p->e, &n);
  for (size_t i = 0, alike; i < n && shown < MOST_BARS; i += alike) {
    alike = vf_chart_alike(b, n, i);
    if (!vf_chart_shows(&b[i], n)) continue;
    put_bar_label(p, &b[i], i, alike);
    put_bar(p, &b[i]);
    p->y += BAR_STEP;
    shown++;
  }
}

static void put_legend(picture *p) {
  enum { LETTER = 7 }; /* pixels of one, in most fonts */
  size_t n;
  uint64_t s[VF_CHART_SEGMENTS];
  const vf_device_budget *b = vf_estimate_devices(p->e, &n);
  int x = LEFT;
  vf_chart_budget(s, &b[p->curve != NULL ? p->curve->device : 0]);
  for (int i = 0; i < VF_CHART_SEGMENTS; i++) {
    if (s[i] == 0) continue;
    vf_out_printf(p->out, "<rect x=\"%d\" y=\"%d\" width=\"12\" height=\"12\" fill=\"%s\"/>\n", x,
                  p->y - 21, vf_segment_looks[i].fill);
    put_text(p, x + 17, p->y - 10, "start", "", vf_segment_looks[i].name);
    x += 17 + LETTER * (int)strlen(vf_segment_looks[i].name) + 16;
  }
  vf_out_printf(p->out, "<line class=\"c\" x1=\"%d\" y1=\"%d\" x2=\"%d\" y2=\"%d\"/>\n", x + 5,
                p->y - 22, x + 5, p->y - 8);
  put_text(p, x + 17, p->y - 10, "start", "", "capacity");
}

/* ---- Memory against context ------------------------------------------------------------- */

static int x_of(const picture *p, uint64_t ctx) {
  return LEFT + vf_svg_scale(ctx, p->curve->points[p->curve->count - 1].ctx_tokens, RIGHT - LEFT);
}

static int y_of(const picture *p, uint64_t bytes) {
  return p->bottom - vf_svg_scale(bytes, p->most_bytes, p->bottom - p->top);
}

/* Upper edge of the first n segments at a point. */
static uint64_t stack(const vf_curve_point *point, int n) {
  uint64_t s[VF_CHART_SEGMENTS], sum = 0;
  vf_chart_point(s, point);
  for (int i = 0; i < n; i++) sum += s[i];
  return sum;
}

static void put_corner(const picture *p, const vf_curve_point *point, int segments) {
  int height = vf_svg_scale(stack(point, segments), p->most_bytes, 10 * (p->bottom - p->top));
  int y = 10 * p->bottom - height;
  vf_out_printf(p->out, "%d %d.%d ", x_of(p, point->ctx_tokens), y / 10, y % 10);
}

static void put_area(const picture *p, int segment) {
  const vf_curve *c = p->curve;
  if (stack(&c->points[c->count - 1], segment) == stack(&c->points[c->count - 1], segment + 1))
    return;
  vf_out_printf(p->out, "<path fill=\"%s\" d=\"M", vf_segment_looks[segment].fill);
  for (size_t i = 0; i < c->count; i++) put_corner(p, &c->points[i], segment + 1);
  for (size_t i = c->count; i-- > 0;) {
    vf_out_put(p->out, "L");
    put_corner(p, &c->points[i], segment);
  }
  vf_out_put(p->out, "Z\"/>\n");
}

static void put_grid(const picture *p) {
  uint64_t unit = p->unit == VF_UNIT_GIB ? VF_GIB : VF_GB;
  uint64_t step = vf_chart_step(p->most_bytes, unit, 7, false);
  for (uint64_t bytes = 0; bytes <= p->most_bytes; bytes += step) {
    char buf[32];
    vf_text t = vf_text_on(buf, sizeof buf);
    vf_text_size(&t, bytes, p->unit, 0);
    vf_out_printf(p->out, "<line class=\"g\" x1=\"%d\" y1=\"%d\" x2=\"%d\" y2=\"%d\"/>\n", LEFT,
                  y_of(p, bytes), RIGHT, y_of(p, bytes));
    put_text(p, LEFT - 8, y_of(p, bytes) + 4, "end", "d", buf);
  }
  uint64_t end = p->curve->points[p->curve->count - 1].ctx_tokens;
  step = vf_chart_step(end, 1024, 9, true);
  for (uint64_t ctx = 0; ctx <= end; ctx += step) {
    char buf[32];
    vf_text t = vf_text_on(buf, sizeof buf);
    vf_chart_tokens(&t, ctx);
    put_text(p, x_of(p, ctx), p->bottom + 18, "middle", "d", buf);
  }
}

/* A vertical line with what it stands for, where there is room for the words. */
static void put_mark(const picture *p, uint64_t ctx, const char *class_name, const char *words,
                     int row) {
  char buf[96];
  vf_text t = vf_text_on(buf, sizeof buf);
  int x = x_of(p, ctx);
  vf_text_put(&t, words);
  vf_text_thousands(&t, ctx);
  vf_out_printf(p->out, "<line class=\"%s\" x1=\"%d\" y1=\"%d\" x2=\"%d\" y2=\"%d\"/>\n",
                class_name, x, p->top, x, p->bottom);
  bool late = x > (LEFT + RIGHT) / 2;
  put_text(p, late ? x - 6 : x + 6, p->top + 16 * row, late ? "end" : "start", "", buf);
}

static void put_capacity(const picture *p) {
  char buf[64];
  vf_text t = vf_text_on(buf, sizeof buf);
  int y = y_of(p, p->curve->capacity_bytes);
  vf_text_put(&t, "capacity ");
  text_size(&t, p, p->curve->capacity_bytes);
  vf_out_printf(p->out, "<line class=\"c\" x1=\"%d\" y1=\"%d\" x2=\"%d\" y2=\"%d\"/>\n", LEFT, y,
                RIGHT, y);
  put_text(p, RIGHT - 6, y - 6, "end", "c-t", buf);
}

/* What is above it is wanted free. */
static void put_headroom(const picture *p) {
  const vf_curve *c = p->curve;
  uint64_t wanted = c->headroom_target_bytes;
  if (wanted == 0 || wanted >= c->capacity_bytes) return;
  int y = y_of(p, c->capacity_bytes - wanted);
  vf_out_printf(p->out,
                "<line class=\"c\" stroke-dasharray=\"5 4\" x1=\"%d\" y1=\"%d\" x2=\"%d\" "
                "y2=\"%d\"/>\n",
                LEFT, y, RIGHT, y);
  put_text(p, RIGHT - 6, y + 14, "end", "c-t", "wanted free");
}

static void put_curve(picture *p) {
  const vf_curve *c = p->curve;
  const vf_curve_point *last = &c->points[c->count - 1];
  uint64_t need = last->need.high_bytes + last->growth_bytes;
  uint64_t most = need > c->capacity_bytes ? need : c->capacity_bytes;
  p->most_bytes = most + most / 8;
  p->top = p->y + 10;
  p->bottom = p->top + PLOT_HEIGHT;
  size_t n;
  char subject[128];
  snprintf(subject, sizeof subject, "%s of %s against tokens of context", vf_unit_name(p->unit),
           vf_estimate_devices(p->e, &n)[c->device].device.name);
  put_text(p, LEFT, p->y, "start", "d", subject);
  for (int i = 0; i < VF_CHART_SEGMENTS; i++) put_area(p, i);
  put_grid(p);
  put_capacity(p);
  put_headroom(p);
  put_mark(p, vf_estimate_workload(p->e)->requested_ctx_tokens, "r", "asked for: ", 1);
  if (!c->ends_above && c->last_ctx_tokens != 0)
    put_mark(p, c->last_ctx_tokens, "c", "worst case reaches the capacity: ", 2);
}

/* ---- The document ----------------------------------------------------------------------- */

static int height_of(const vf_estimate *e, const vf_curve *curve) {
  size_t n, shown = 0;
  const vf_device_budget *b = vf_estimate_devices(e, &n);
  for (size_t i = 0; i < n && shown < MOST_BARS; i += vf_chart_alike(b, n, i))
    shown += vf_chart_shows(&b[i], n);
  return 100 + (int)shown * BAR_STEP + (curve != NULL ? PLOT_HEIGHT + 60 : 0);
}

void vf_chart_svg(vf_out *out, const vf_estimate *e, const vf_curve *curve,
                  const vf_plot_options *options) {
  char title[512];
  vf_text t = vf_text_on(title, sizeof title);
  if (curve != NULL && curve->count < 2) curve = NULL;
  picture p = {.out = out, .e = e, .curve = curve, .unit = options->unit, .y = 66};
  int height = height_of(e, curve);
  text_headline(&t, e);
  vf_svg_begin(out, WIDTH, height, title);
  put_text(&p, LEFT, 28, "start", "t", title);
  put_bars(&p);
  p.y += 14;
  put_legend(&p);
  p.y += 22;
  if (curve != NULL) put_curve(&p);
  vf_out_put(out, "</svg>\n");
}
