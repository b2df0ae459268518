/* card.c - the memory map of a box: the system, each program with its caches, what is left.
 *
 * The same segments as text with bars and as an SVG image: one bar a device, its whole memory
 * wide.  Expected values, so that the segments add up to what is there. */
#include <inttypes.h>
#include <string.h>

#include "base/checked.h"
#include "base/units.h"
#include "core/words.h"
#include "report/chart.h"
#include "report/page.h"
#include "report/place.h"

enum { SEGMENTS = VF_CORESIDE_ITEMS + 4, BAR = 40 };

typedef enum segment_kind {
  SEGMENT_SYSTEM,
  SEGMENT_WORK,
  SEGMENT_TARGET,
  SEGMENT_FREE
} segment_kind;

typedef struct segment {
  const char *name;
  uint64_t bytes, kv_bytes; /* caches, part of bytes */
  segment_kind kind;
  size_t item; /* of the box: what has it has one colour on all bars */
} segment;

typedef struct map {
  segment segments[SEGMENTS];
  size_t n;
  uint64_t total_bytes;
  uint64_t over_bytes, worst_bytes; /* needed beyond what is there: expected, at worst */
} map;

static void put_segment(map *m, const char *name, uint64_t bytes, uint64_t kv, segment_kind kind) {
  if (bytes > 0) m->segments[m->n++] = (segment){name, bytes, vf_min_u64(kv, bytes), kind, 0};
}

/* The caches of a program on one of its devices, by its share of what it takes. */
static uint64_t kv_on(const vf_placed *w, const vf_demand *d, size_t device, size_t n_devices) {
  uint64_t all = 0, here = d->devices[device].bytes;
  for (size_t i = 0; i < n_devices; i++) all += d->devices[i].bytes;
  if (all == 0 || here == all) return w->kv.bytes;
  return w->kv.bytes / 1024 * (here / VF_MIB) / (all / VF_MIB + 1) * 1024;
}

/* Of stages that leave after their turn only the largest is there: others have no segment. */
static bool is_shadowed(const vf_place *p, const vf_placed_scenario *s, size_t item,
                        size_t device) {
  const vf_item *mine = &p->items[item].item;
  uint64_t bytes = mine->options[s->plan.option[item]].devices[device].bytes;
  for (size_t i = 0; mine->leaves && i < p->n_items; i++) {
    const vf_item *other = &p->items[i].item;
    if ((s->peak >> i & 1) == 0 || i == item || !other->leaves) continue;
    uint64_t theirs = other->options[s->plan.option[i]].devices[device].bytes;
    if (other->pipeline == mine->pipeline && (theirs > bytes || (theirs == bytes && i < item)))
      return true;
  }
  return false;
}

static map make_map(const vf_place *p, const vf_placed_scenario *s, size_t device) {
  const vf_device_budget *b = &s->plan.budgets[device];
  map m = {.total_bytes = b->device.total_bytes};
  bool unified = b->device.kind == VF_DEVICE_UNIFIED;
  if (b->need.high_bytes > b->capacity_bytes)
    m.worst_bytes = b->need.high_bytes - b->capacity_bytes;
  put_segment(&m, unified ? "system" : "driver", b->device.reserved_bytes, 0, SEGMENT_SYSTEM);
  put_segment(&m, "others", b->device.used_bytes, 0, SEGMENT_SYSTEM);
  for (size_t i = 0; i < p->n_items; i++) {
    if ((s->peak >> i & 1) == 0 || is_shadowed(p, s, i, device)) continue;
    const vf_demand *d = &p->items[i].options[s->plan.option[i]];
    size_t before = m.n;
    put_segment(&m, p->items[i].name, d->devices[device].bytes,
                kv_on(&p->items[i], d, device, p->box.n_devices), SEGMENT_WORK);
    if (m.n > before) m.segments[before].item = i;
  }
  if (b->need.bytes > b->capacity_bytes) {
    m.over_bytes = b->need.bytes - b->capacity_bytes;
    return m;
  }
  uint64_t left = b->capacity_bytes - b->need.bytes;
  uint64_t target = vf_min_u64(left, b->headroom_target_bytes);
  put_segment(&m, "kept free", target, 0, SEGMENT_TARGET);
  put_segment(&m, "free", left - target, 0, SEGMENT_FREE);
  return m;
}

/* How many more tokens the free memory holds of the program whose cache is the largest. */
static const vf_placed *largest_cache(const vf_place *p, const vf_placed_scenario *s,
                                      size_t device) {
  const vf_placed *best = NULL;
  for (size_t i = 0; i < p->n_items; i++) {
    const vf_placed *w = &p->items[i];
    if ((s->peak >> i & 1) == 0 || w->kv_bytes_per_token == 0) continue;
    if (w->options[s->plan.option[i]].devices[device].bytes == 0) continue;
    if (best == NULL || w->kv.bytes > best->kv.bytes) best = w;
  }
  return best;
}

static uint64_t free_of(const map *m) {
  return m->n > 0 && m->segments[m->n - 1].kind == SEGMENT_FREE ? m->segments[m->n - 1].bytes : 0;
}

/* ---- Text ------------------------------------------------------------------------------- */

static void put_label(vf_out *out, const char *text, size_t columns) {
  char buf[256];
  vf_text t = vf_text_on(buf, sizeof buf);
  vf_text_escaped(&t, text, strlen(text));
  vf_out_text(out, &t);
  if (vf_text_columns(buf) < columns)
    vf_out_printf(out, "%*s", (int)(columns - vf_text_columns(buf)), "");
}

static void put_size(vf_out *out, uint64_t bytes, vf_unit unit) {
  char buf[32];
  vf_text t = vf_text_on(buf, sizeof buf);
  vf_text_size(&t, bytes, unit, 1);
  vf_out_printf(out, "%7s %s", buf, vf_unit_name(unit));
}

static uint64_t columns_of(uint64_t bytes, uint64_t total) {
  uint64_t whole = total / VF_KIB;
  return whole == 0 ? 0 : bytes / VF_KIB * BAR / whole;
}

static void put_blocks(vf_out *out, uint64_t n, const char *block) {
  for (uint64_t i = 0; i < n; i++) vf_out_put(out, block);
}

/* Caches are lighter than the rest of a program; what is kept free is a dotted line. */
static void put_bar(vf_out *out, const segment *s, uint64_t from, uint64_t total) {
  uint64_t start = columns_of(from, total), end = columns_of(from + s->bytes, total);
  uint64_t kv =
      columns_of(from + s->bytes, total) - columns_of(from + s->bytes - s->kv_bytes, total);
  vf_out_put(out, "  ");
  put_blocks(out, start, " ");
  if (end == start) vf_out_put(out, "▏");
  if (s->kind == SEGMENT_FREE) put_blocks(out, end - start, "·");
  if (s->kind == SEGMENT_TARGET) put_blocks(out, end - start, "░");
  if (s->kind == SEGMENT_SYSTEM) put_blocks(out, end - start, "▓");
  if (s->kind != SEGMENT_WORK) return;
  put_blocks(out, end - start - vf_min_u64(kv, end - start), "█");
  put_blocks(out, vf_min_u64(kv, end - start), "▒");
}

static void text_segment(vf_out *out, const segment *s, const map *m, uint64_t from, size_t label,
                         vf_unit unit) {
  vf_out_put(out, "  ");
  put_label(out, s->name, label + 2);
  put_size(out, s->bytes, unit);
  put_bar(out, s, vf_min_u64(from, m->total_bytes), vf_max_u64(m->total_bytes, from + s->bytes));
  if (s->kv_bytes > 0) {
    vf_out_put(out, "  caches ");
    char buf[32];
    vf_text t = vf_text_on(buf, sizeof buf);
    vf_text_size(&t, s->kv_bytes, unit, 1);
    vf_out_text(out, &t);
  }
  vf_out_put(out, "\n");
}

static void text_room(vf_out *out, const vf_place *p, const vf_placed_scenario *s, const map *m,
                      size_t device) {
  const vf_placed *w = largest_cache(p, s, device);
  char buf[32];
  if (w == NULL || free_of(m) / w->kv_bytes_per_token == 0) return;
  vf_text t = vf_text_on(buf, sizeof buf);
  vf_text_thousands(&t, free_of(m) / w->kv_bytes_per_token);
  vf_out_printf(out, "  KV headroom: the free memory holds %s more tokens of ", buf);
  put_label(out, w->name, 0);
  vf_out_put(out, "\n");
}

/* Of models on the device, how fast each answers there alone. */
static void text_speeds(vf_out *out, const vf_place *p, const vf_placed_scenario *s) {
  for (size_t i = 0; i < p->n_items; i++) {
    char buf[64];
    vf_text t = vf_text_on(buf, sizeof buf);
    vf_rate rate = p->items[i].decode[s->plan.option[i]];
    if ((s->peak >> i & 1) == 0 || rate.high == 0) continue;
    vf_text_rates(&t, rate, 1);
    vf_text_put(&t, " tokens/s at ");
    vf_page_text_ctx(&t, p->items[i].decode_ctx);
    vf_out_put(out, " · ");
    put_label(out, p->items[i].name, 0);
    vf_out_printf(out, " %s", buf);
  }
}

/* "48 SMs · 273 GB/s · for models 100.5 GiB after system and headroom · chat-8b 18–31 tokens/s" */
static void text_foot(vf_out *out, const vf_place *p, const vf_placed_scenario *s, size_t device,
                      vf_unit unit) {
  const vf_device *d = &p->box.devices[device];
  const vf_device_budget *b = &s->plan.budgets[device];
  uint64_t wanted = vf_min_u64(b->headroom_target_bytes, b->capacity_bytes);
  vf_out_put(out, " ");
  if (d->compute_units != 0)
    vf_out_printf(out, " %u %s ·", (unsigned)d->compute_units,
                  d->backend == VF_BACKEND_CUDA ? "SMs" : "compute units");
  if (d->bandwidth_mb_per_s != 0)
    vf_out_printf(out, " %u GB/s ·", (unsigned)(d->bandwidth_mb_per_s + 500) / 1000);
  char buf[32];
  vf_text t = vf_text_on(buf, sizeof buf);
  vf_text_size(&t, b->capacity_bytes - wanted, unit, 1);
  vf_out_printf(out, " for models %s %s after system and headroom", buf, vf_unit_name(unit));
  text_speeds(out, p, s);
  vf_out_put(out, "\n");
}

/* "short by 18.8 GiB, 22.6 GiB at worst", or the worst alone. */
static void put_short(vf_out *out, const map *m, vf_unit unit) {
  char buf[96];
  vf_text t = vf_text_on(buf, sizeof buf);
  if (m->over_bytes > 0) {
    vf_text_put(&t, "short by ");
    vf_text_size(&t, m->over_bytes, unit, 1);
    vf_text_printf(&t, " %s, ", vf_unit_name(unit));
  }
  vf_text_size(&t, m->worst_bytes, unit, 1);
  vf_text_printf(&t, " %s%s at worst", vf_unit_name(unit), m->over_bytes > 0 ? "" : " short");
  vf_out_text(out, &t);
}

static void text_device(vf_out *out, const vf_place *p, const vf_placed_scenario *s, size_t device,
                        vf_unit unit) {
  map m = make_map(p, s, device);
  size_t label = vf_text_columns("kept free");
  uint64_t from = 0;
  for (size_t i = 0; i < m.n; i++)
    if (vf_text_columns(m.segments[i].name) > label) label = vf_text_columns(m.segments[i].name);
  vf_out_printf(out, "%s  ", p->box.devices[device].name);
  put_size(out, m.total_bytes, unit);
  vf_out_put(out, "   ");
  put_label(out, s->name, 0);
  vf_out_printf(out, ": %s, compute %s\n", vf_verdict_word[s->plan.verdict].shown,
                vf_compute_shown[s->compute]);
  for (size_t i = 0; i < m.n; i++) {
    text_segment(out, &m.segments[i], &m, from, label, unit);
    from += m.segments[i].bytes;
  }
  if (m.worst_bytes > 0) {
    vf_out_put(out, "  ");
    put_short(out, &m, unit);
    vf_out_put(out, "\n");
  }
  text_room(out, p, s, &m, device);
  text_foot(out, p, s, device, unit);
}

void vf_card_text(vf_out *out, const vf_place *place, const vf_report_options *options) {
  for (size_t i = 0; i < place->n_scenarios; i++)
    for (size_t d = 0; d < place->box.n_devices; d++) {
      if (i + d > 0) vf_out_put(out, "\n");
      text_device(out, place, &place->scenarios[i], d, options->unit);
    }
}

/* ---- SVG -------------------------------------------------------------------------------- */

enum { SVG_WIDTH = 960, SVG_LEFT = 24, SVG_BAR = SVG_WIDTH - 2 * SVG_LEFT, SVG_TALL = 46 };

static const char *const colors[] = {"#4477aa", "#66ccee", "#228833", "#ccbb44",
                                     "#ee6677", "#aa3377", "#997700", "#0077bb",
                                     "#44aa99", "#882255", "#ee8866", "#332288"};
enum { COLORS = sizeof colors / sizeof *colors };

static const char *color_of(const segment *s) {
  if (s->kind == SEGMENT_SYSTEM) return "#777777";
  if (s->kind == SEGMENT_TARGET) return "#dddddd";
  return s->kind == SEGMENT_FREE ? "#f4f4f4" : colors[s->item % COLORS];
}

/* Tenths of a pixel, in integers. */
static uint64_t tenths(uint64_t bytes, uint64_t total) {
  uint64_t whole = total / VF_MIB;
  return whole == 0 ? 0 : bytes / VF_MIB * (SVG_BAR * 10) / whole;
}

static void svg_rect(vf_out *out, uint64_t from, uint64_t to, uint64_t y, uint64_t height,
                     const char *fill, const char *more) {
  vf_out_printf(out,
                "<rect x=\"%" PRIu64 ".%" PRIu64 "\" y=\"%" PRIu64 "\" width=\"%" PRIu64 ".%" PRIu64
                "\" height=\"%" PRIu64 "\" fill=\"%s\"%s",
                SVG_LEFT + from / 10, from % 10, y, (to - from) / 10, (to - from) % 10, height,
                fill, more);
}

static void svg_size(vf_out *out, uint64_t bytes, vf_unit unit) {
  char buf[32];
  vf_text t = vf_text_on(buf, sizeof buf);
  vf_text_size(&t, bytes, unit, 1);
  vf_out_printf(out, "%s %s", buf, vf_unit_name(unit));
}

static void svg_segment(vf_out *out, const segment *s, uint64_t from, uint64_t scale, uint64_t y,
                        vf_unit unit) {
  uint64_t a = tenths(from, scale), b = tenths(from + s->bytes, scale);
  svg_rect(out, a, b, y, SVG_TALL, color_of(s), " stroke=\"#ffffff\"><title>");
  vf_svg_escaped(out, s->name);
  vf_out_put(out, " ");
  svg_size(out, s->bytes, unit);
  vf_out_put(out, "</title></rect>\n");
  uint64_t kv = tenths(from + s->bytes - s->kv_bytes, scale);
  if (s->kv_bytes > 0) svg_rect(out, kv, b, y, SVG_TALL, "#ffffff", " fill-opacity=\"0.35\"/>\n");
}

static void svg_legend(vf_out *out, const segment *s, uint64_t y, vf_unit unit) {
  vf_out_printf(out,
                "<rect x=\"%d\" y=\"%" PRIu64 "\" width=\"12\" height=\"12\" fill=\"%s\" "
                "stroke=\"#777777\" stroke-width=\"0.5\"/><text x=\"%d\" y=\"%" PRIu64 "\">",
                SVG_LEFT, y - 10, color_of(s), SVG_LEFT + 20, y);
  vf_svg_escaped(out, s->name);
  vf_out_put(out, "  ");
  svg_size(out, s->bytes, unit);
  if (s->kv_bytes > 0) {
    vf_out_put(out, ", caches ");
    svg_size(out, s->kv_bytes, unit);
  }
  vf_out_put(out, "</text>\n");
}

static uint64_t svg_height(const map *m) {
  return 44 + SVG_TALL + 24 + 20 * m->n + 16;
}

static void svg_device(vf_out *out, const vf_place *p, const vf_placed_scenario *s, size_t device,
                       uint64_t y, vf_unit unit) {
  map m = make_map(p, s, device);
  uint64_t from = 0, scale = m.total_bytes + m.over_bytes;
  vf_out_printf(out, "<text x=\"%d\" y=\"%" PRIu64 "\" font-weight=\"bold\">", SVG_LEFT, y + 26);
  vf_svg_escaped(out, s->name);
  vf_out_put(out, s->title != NULL ? " · " : "");
  vf_svg_escaped(out, s->title != NULL ? s->title : "");
  vf_out_printf(out, " · %s · ", p->box.devices[device].name);
  svg_size(out, m.total_bytes, unit);
  vf_out_printf(out, " · %s, compute %s", vf_verdict_word[s->plan.verdict].shown,
                vf_compute_shown[s->compute]);
  if (m.worst_bytes > 0) vf_out_put(out, " · ");
  if (m.worst_bytes > 0) put_short(out, &m, unit);
  vf_out_put(out, "</text>\n");
  for (size_t i = 0; i < m.n; i++) {
    svg_segment(out, &m.segments[i], from, scale, y + 40, unit);
    from += m.segments[i].bytes;
  }
  if (m.over_bytes > 0) {
    uint64_t end = tenths(m.total_bytes, scale);
    svg_rect(out, end, end + 20, y + 34, SVG_TALL + 12, "#cc0000",
             "><title>the end of the memory</title></rect>\n");
  }
  for (size_t i = 0; i < m.n; i++)
    svg_legend(out, &m.segments[i], y + 44 + SVG_TALL + 24 + 20 * i, unit);
}

void vf_card_svg(vf_out *out, const vf_place *p, const vf_report_options *options) {
  uint64_t height = 0, y = 0;
  for (size_t i = 0; i < p->n_scenarios; i++)
    for (size_t d = 0; d < p->box.n_devices; d++) {
      map m = make_map(p, &p->scenarios[i], d);
      height += svg_height(&m);
    }
  vf_out_printf(out,
                "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%" PRIu64
                "\" viewBox=\"0 0 %d %" PRIu64 "\" font-family=\"sans-serif\" font-size=\"13\">\n",
                SVG_WIDTH, height, SVG_WIDTH, height);
  vf_out_printf(out, "<rect width=\"%d\" height=\"%" PRIu64 "\" fill=\"#ffffff\"/>\n", SVG_WIDTH,
                height);
  for (size_t i = 0; i < p->n_scenarios; i++)
    for (size_t d = 0; d < p->box.n_devices; d++) {
      map m = make_map(p, &p->scenarios[i], d);
      svg_device(out, p, &p->scenarios[i], d, y, options->unit);
      y += svg_height(&m);
    }
  vf_out_put(out, "</svg>\n");
}
