/* chart_train.c - a training step's memory over time, as a picture or as bars in a terminal.
 *
 * Parts are stacked; between moments they rise and fall evenly.  Above them, dashed, is what the
 * device holds at the peak with all that the framework does not count; across, what it has. */
#include <inttypes.h>
#include <string.h>

#include "base/args.h"
#include "base/checked.h"
#include "base/status.h"
#include "base/units.h"
#include "core/words.h"
#include "report/chart.h"
#include "vramfit/train.h"

enum {
  WIDTH = 800,
  LEFT = 70,
  RIGHT = 780,
  TOP = 96,
  BOTTOM = 396,
  HEIGHT = 470,
  BAR_COLUMNS = 48,
};

static const vf_segment_look looks[VF_TRAIN_PART_COUNT] = {
    [VF_TRAIN_WEIGHTS] = {"weights", "#4c78a8", "\x1b[34m", "█", '#'},
    [VF_TRAIN_STATES] = {"optimizer", "#f58518", "\x1b[33m", "▓", '='},
    [VF_TRAIN_GRADIENTS] = {"gradients", "#eeca3b", "\x1b[93m", "▒", 'g'},
    [VF_TRAIN_BUFFERS] = {"buffers", "#9d755d", "\x1b[31m", "▤", ':'},
    [VF_TRAIN_ACTIVATIONS] = {"activations", "#54a24b", "\x1b[32m", "░", '+'},
    [VF_TRAIN_LOGITS] = {"logits", "#b279a2", "\x1b[35m", "▚", 'o'},
    [VF_TRAIN_TEMPORARY] = {"for the step", "#e45756", "\x1b[91m", "▞", '?'},
};
_Static_assert(sizeof looks / sizeof *looks == VF_TRAIN_PART_COUNT, "every part has a look");

typedef struct picture {
  vf_out *out;
  const vf_train *t;
  const vf_plot_options *o;
  uint64_t most; /* at the upper edge */
} picture;

static uint64_t sum_of(const vf_train_moment *m, int parts) {
  uint64_t sum = 0;
  for (int i = 0; i < parts; i++) sum += m->bytes[i];
  return sum;
}

static size_t peak_of(const vf_train *t) {
  size_t peak = 0;
  for (size_t i = 1; i < t->n_moments; i++)
    if (sum_of(&t->moments[i], VF_TRAIN_PART_COUNT) >
        sum_of(&t->moments[peak], VF_TRAIN_PART_COUNT))
      peak = i;
  return peak;
}

static bool is_used(const vf_train *t, int part) {
  for (size_t i = 0; i < t->n_moments; i++)
    if (t->moments[i].bytes[part] != 0) return true;
  return false;
}

static uint64_t most_of(const vf_train *t) {
  uint64_t most = vf_max_u64(t->budget.need.bytes, t->budget.capacity_bytes);
  if (!t->budget.device.total_known) most = t->budget.need.bytes;
  most = vf_max_u64(most, sum_of(&t->moments[peak_of(t)], VF_TRAIN_PART_COUNT));
  return most + most / 8;
}

static void text_size(vf_text *t, const picture *p, uint64_t bytes) {
  vf_text_size(t, bytes, p->o->unit, 1);
  vf_text_printf(t, " %s", vf_unit_name(p->o->unit));
}

static void text_headline(vf_text *t, const vf_train *r) {
  const vf_device_budget *b = &r->budget;
  if (b->device.total_known) vf_text_printf(t, "%s   ", vf_verdict_word[b->verdict].shown);
  vf_text_put(t, "training ");
  vf_text_escaped(t, r->model, strlen(r->model));
  vf_text_put(t, " · ");
  if (r->gpus > 1) vf_text_printf(t, "each of %" PRIu32 " × ", r->gpus);
  vf_text_escaped(t, b->device.name, strlen(b->device.name));
}

/* ---- SVG --------------------------------------------------------------------------------- */

/* A backward pass takes about twice as long as a forward one; the rest is drawn as wide as it can
 * be read. */
static int x_of(const picture *p, size_t i) {
  static const uint8_t at[VF_TRAIN_MOMENTS] = {0, 4, 12, 13, 27, 31, 34};
  static const uint8_t plain[VF_TRAIN_MOMENTS] = {0, 4, 13, 27, 31, 34, 34};
  const uint8_t *places = p->t->n_moments == VF_TRAIN_MOMENTS ? at : plain;
  return LEFT + (RIGHT - LEFT) * places[i] / 34;
}

static int y_of(const picture *p, uint64_t bytes) {
  return BOTTOM - vf_svg_scale(bytes, p->most, BOTTOM - TOP);
}

static void put_area(const picture *p, int part) {
  const vf_train *t = p->t;
  if (!is_used(t, part)) return;
  vf_out_printf(p->out, "<path fill=\"%s\" d=\"M", looks[part].fill);
  for (size_t i = 0; i < t->n_moments; i++)
    vf_out_printf(p->out, "%d %d ", x_of(p, i), y_of(p, sum_of(&t->moments[i], part + 1)));
  for (size_t i = t->n_moments; i-- > 0;)
    vf_out_printf(p->out, "L%d %d ", x_of(p, i), y_of(p, sum_of(&t->moments[i], part)));
  vf_out_put(p->out, "Z\"/>\n");
}

static void put_line(const picture *p, const char *class_name, const char *more, uint64_t bytes) {
  int y = y_of(p, bytes);
  vf_out_printf(p->out, "<line class=\"%s\"%s x1=\"%d\" y1=\"%d\" x2=\"%d\" y2=\"%d\"/>\n",
                class_name, more, LEFT, y, RIGHT, y);
}

static void put_grid(const picture *p) {
  uint64_t unit = p->o->unit == VF_UNIT_GIB ? VF_GIB : VF_GB;
  uint64_t step = vf_chart_step(p->most, unit, 7, false);
  for (uint64_t bytes = 0; bytes <= p->most; bytes += step) {
    char buf[32];
    vf_text t = vf_text_on(buf, sizeof buf);
    vf_text_size(&t, bytes, p->o->unit, 0);
    put_line(p, "g", "", bytes);
    vf_svg_text(p->out, LEFT - 8, y_of(p, bytes) + 4, "end", "d", buf);
  }
}

/* What happens between moments, under the axis. */
static void put_phases(const picture *p) {
  static const char *const names[] = {"load", "forward", "", "backward", "step", "next"};
  static const char *const plain[] = {"load", "forward", "backward", "step", "next", ""};
  const char *const *words = p->t->n_moments == VF_TRAIN_MOMENTS ? names : plain;
  for (size_t i = 0; i + 1 < p->t->n_moments; i++) {
    int from = x_of(p, i), to = x_of(p, i + 1);
    if (words[i][0] == '\0') continue;
    vf_out_printf(p->out, "<line class=\"r\" x1=\"%d\" y1=\"%d\" x2=\"%d\" y2=\"%d\"/>\n", to, TOP,
                  to, BOTTOM);
    vf_svg_text(p->out, (from + to) / 2, BOTTOM + 18, "middle", "d", words[i]);
  }
}

static void put_words_at(const picture *p, uint64_t bytes, const char *class_name, bool end, int up,
                         const char *words, uint64_t shown) {
  char buf[96];
  vf_text t = vf_text_on(buf, sizeof buf);
  vf_text_put(&t, words);
  text_size(&t, p, shown);
  vf_svg_text(p->out, end ? RIGHT - 6 : LEFT + 6, y_of(p, bytes) + up, end ? "end" : "start",
              class_name, buf);
}

static void put_limits(const picture *p) {
  const vf_device_budget *b = &p->t->budget;
  put_line(p, "r", "", b->need.bytes);
  put_words_at(p, b->need.bytes, "", false, -6, "the device holds ", b->need.bytes);
  if (!b->device.total_known) return;
  put_line(p, "c", "", b->capacity_bytes);
  put_words_at(p, b->capacity_bytes, "c-t", true, -6, "capacity ", b->capacity_bytes);
}

static void put_peak(const picture *p) {
  char buf[96];
  vf_text t = vf_text_on(buf, sizeof buf);
  size_t peak = peak_of(p->t);
  uint64_t bytes = sum_of(&p->t->moments[peak], VF_TRAIN_PART_COUNT);
  int x = x_of(p, peak), y = y_of(p, bytes);
  bool late = x > (LEFT + RIGHT) / 2;
  vf_text_put(&t, "peak ");
  text_size(&t, p, bytes);
  vf_out_printf(p->out, "<circle cx=\"%d\" cy=\"%d\" r=\"4\" fill=\"currentColor\"/>\n", x, y);
  vf_svg_text(p->out, late ? x - 9 : x + 9, y + 16, late ? "end" : "start", "", buf);
}

static void put_legend(const picture *p) {
  int x = LEFT;
  for (int i = 0; i < VF_TRAIN_PART_COUNT; i++) {
    if (!is_used(p->t, i)) continue;
    vf_out_printf(p->out, "<rect x=\"%d\" y=\"%d\" width=\"12\" height=\"12\" fill=\"%s\"/>\n", x,
                  HEIGHT - 31, looks[i].fill);
    vf_svg_text(p->out, x + 17, HEIGHT - 20, "start", "", looks[i].name);
    x += 100;
  }
}

static void write_svg(const picture *p) {
  char title[512], subject[64];
  vf_text t = vf_text_on(title, sizeof title);
  text_headline(&t, p->t);
  vf_svg_begin(p->out, WIDTH, HEIGHT, title);
  vf_svg_text(p->out, LEFT, 28, "start", "t", title);
  t = vf_text_on(subject, sizeof subject);
  vf_text_printf(&t, "%s over a step, as its tensors add up", vf_unit_name(p->o->unit));
  vf_svg_text(p->out, LEFT, 56, "start", "d", subject);
  for (int i = 0; i < VF_TRAIN_PART_COUNT; i++) put_area(p, i);
  put_grid(p);
  put_phases(p);
  put_limits(p);
  put_peak(p);
  put_legend(p);
  vf_out_put(p->out, "</svg>\n");
}

/* ---- Text -------------------------------------------------------------------------------- */

static void put_segment(const picture *p, int part) {
  const vf_segment_look *l = &looks[part];
  if (p->o->color) vf_out_put(p->out, l->ansi);
  if (p->o->unicode)
    vf_out_put(p->out, p->o->color ? "█" : l->unicode);
  else
    vf_out_bytes(p->out, &l->ascii, 1);
  if (p->o->color) vf_out_put(p->out, "\x1b[0m");
}

static int part_at(const picture *p, const vf_train_moment *m, int column) {
  for (int i = 0; i < VF_TRAIN_PART_COUNT; i++)
    if (m->bytes[i] != 0 && column < vf_svg_scale(sum_of(m, i + 1), p->most, BAR_COLUMNS)) return i;
  return -1;
}

static void put_moment(const picture *p, size_t at) {
  const vf_train_moment *m = &p->t->moments[at];
  const vf_device_budget *b = &p->t->budget;
  int limit = b->device.total_known ? vf_svg_scale(b->capacity_bytes, p->most, BAR_COLUMNS) : -1;
  vf_out_printf(p->out, "  %-15s ", m->name);
  for (int i = 0; i < BAR_COLUMNS; i++) {
    int part = part_at(p, m, i);
    if (i == limit) vf_out_put(p->out, p->o->unicode ? "┃" : "|");
    if (part >= 0)
      put_segment(p, part);
    else
      vf_out_put(p->out, p->o->unicode ? "·" : ".");
  }
  char buf[48];
  vf_text t = vf_text_on(buf, sizeof buf);
  vf_text_size(&t, sum_of(m, VF_TRAIN_PART_COUNT), p->o->unit, 1);
  vf_out_printf(p->out, " %6s%s\n", buf, at == peak_of(p->t) ? "  peak" : "");
}

static void write_text(const picture *p) {
  vf_out_printf(p->out, "\n  %s over a step, as its tensors add up\n", vf_unit_name(p->o->unit));
  for (size_t i = 0; i < p->t->n_moments; i++) put_moment(p, i);
  vf_out_put(p->out, "  ");
  for (int i = 0; i < VF_TRAIN_PART_COUNT; i++) {
    if (!is_used(p->t, i)) continue;
    put_segment(p, i);
    vf_out_printf(p->out, " %s   ", looks[i].name);
  }
  if (p->t->budget.device.total_known)
    vf_out_printf(p->out, "%s capacity", p->o->unicode ? "┃" : "|");
  vf_out_put(p->out, "\n");
}

vf_status vf_train_plot_write(const vf_train *train, const vf_plot_options *options,
                              vf_write_fn write, void *user, vf_error *err) {
  vf_plot_options o = vf_plot_options_init();
  vf_out out;
  VF_NEED(err, train);
  VF_NEED(err, write);
  vf_status status = vf_take_struct(&o, sizeof o, options, "vf_plot_options", err);
  if (status != VF_OK) return status;
  if (o.unit != VF_UNIT_GIB && o.unit != VF_UNIT_GB)
    return vf_fail(err, VF_USAGE, "vf_plot_options: %d is no unit", (int)o.unit);
  if (train->n_moments == 0) return vf_fail(err, VF_USAGE, "the training has no result");
  vf_out_init(&out, write, user);
  const picture p = {&out, train, &o, most_of(train)};
  if (o.svg)
    write_svg(&p);
  else
    write_text(&p);
  return vf_out_finish(&out, err);
}
