/* place.c - a box and what shares it, for people.
 *
 * Several scenarios are a matrix: does it fit, can it compute, why. One scenario is shown whole:
 * where each program goes and what it takes. What does not fit says what breaks it and what to
 * unload. */
#include "report/place.h"
#include "report/page.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/checked.h"
#include "base/units.h"
#include "core/words.h"

const char *const vf_compute_word[VF_COMPUTE_COUNT] = {"ok", "careful", "no"};
const char *const vf_compute_shown[VF_COMPUTE_COUNT] = {"OK", "CAREFUL", "NO"};

const char *const vf_reason_code[VF_REASON_COUNT] = {
    [VF_REASON_IDLE] = "idle",
    [VF_REASON_ONE] = "one",
    [VF_REASON_IN_TURN] = "in-turn",
    [VF_REASON_TIME_SLICED] = "time-sliced",
    [VF_REASON_TRAINING_ALONE] = "training-alone",
    [VF_REASON_TRAININGS] = "trainings",
    [VF_REASON_TRAINING_BESIDE] = "training-beside",
};

const char *const vf_reason_text[VF_REASON_COUNT] = {
    [VF_REASON_IDLE] = "nothing runs",
    [VF_REASON_ONE] = "one program has the GPU to itself",
    [VF_REASON_IN_TURN] = "one stage computes at a time",
    [VF_REASON_TIME_SLICED] = "several programs at once take turns on the GPU",
    [VF_REASON_TRAINING_ALONE] = "training has the GPU to itself",
    [VF_REASON_TRAININGS] = "training runs slow each other down",
    [VF_REASON_TRAINING_BESIDE] = "training keeps the GPU busy: what answers beside it waits",
};

const char *const vf_advice_word[3] = {"yes", "with care", "no"};

/* What may not fit is no more to be run with care than what does not. */
int vf_placed_advice(const vf_placed_scenario *s) {
  int memory = s->plan.verdict == VF_FITS ? 0 : vf_verdict_fits(s->plan.verdict) ? 1 : 2;
  int compute = (int)s->compute;
  return memory > compute ? memory : compute;
}

/* What is known about it, below the table. */
static const char *const reason_notes[VF_REASON_COUNT] = {
    [VF_REASON_TIME_SLICED] =
        "CAREFUL: the GPU is shared in time slices; servers that all compute slow each other down",
    [VF_REASON_TRAININGS] = "NO: each run keeps the GPU busy; one after the other is as fast",
    [VF_REASON_TRAINING_BESIDE] = ("NO: nothing keeps a share of the SMs for others, without MIG; "
                                   "a fault of one process can\n"
                                   "      end all of them (a risk: no figure for it is published)"),
};

/* ---- Text ------------------------------------------------------------------------------- */

typedef struct page {
  vf_out *out;
  const vf_place *p;
  const vf_report_options *options;
} page;

static void put_padded(vf_out *out, const char *text, size_t columns, bool right) {
  size_t n = vf_text_columns(text);
  int blanks = n < columns ? (int)(columns - n) : 0;
  if (right) vf_out_printf(out, "%*s", blanks, "");
  vf_out_put(out, text);
  if (!right) vf_out_printf(out, "%*s", blanks, "");
}

static void put_escaped(vf_out *out, const char *s) {
  char buf[256];
  vf_text t = vf_text_on(buf, sizeof buf);
  vf_text_escaped(&t, s, strlen(s));
  vf_out_text(out, &t);
}

static void escape(char *buf, size_t size, const char *s) {
  vf_text t = vf_text_on(buf, size);
  vf_text_escaped(&t, s, strlen(s));
}

static void write_interval(char buf[40], vf_interval size, vf_unit unit) {
  vf_text t = vf_text_on(buf, 40);
  vf_text_size(&t, size.low_bytes, unit, 1);
  if (size.low_bytes == size.high_bytes) return;
  vf_text_put(&t, "–");
  vf_text_size(&t, size.high_bytes, unit, 1);
}

static void write_size(char buf[40], uint64_t bytes, vf_unit unit) {
  vf_text t = vf_text_on(buf, 40);
  vf_text_size(&t, bytes, unit, 1);
}

static void put_verdict(const page *g, vf_verdict v, size_t columns) {
  vf_out_color(g->out, vf_verdict_word[v].color);
  put_padded(g->out, vf_verdict_word[v].shown, columns, false);
  vf_out_color(g->out, VF_OUT_RESET);
}

static void put_compute(const page *g, vf_compute c, size_t columns) {
  static const vf_verdict like[VF_COMPUTE_COUNT] = {VF_FITS, VF_TIGHT, VF_NO_FIT};
  vf_out_color(g->out, vf_verdict_word[like[c]].color);
  put_padded(g->out, vf_compute_shown[c], columns, false);
  vf_out_color(g->out, VF_OUT_RESET);
}

/* "whisper, chat and f5" */
static void put_names(const page *g, uint32_t set) {
  bool first = true;
  if (set == 0) vf_out_put(g->out, "nothing");
  for (size_t i = 0; i < g->p->n_items; i++) {
    if ((set >> i & 1) == 0) continue;
    uint64_t rest = (uint64_t)set >> (i + 1);
    vf_out_put(g->out, first ? "" : rest != 0 ? ", " : " and ");
    put_escaped(g->out, g->p->items[i].name);
    first = false;
  }
}

/* ---- The headline ----------------------------------------------------------------------- */

static void put_box(const page *g) {
  const vf_box *box = &g->p->box;
  for (size_t i = 0; i < box->n_devices; i++) {
    size_t same = 1;
    while (i + same < box->n_devices && strcmp(box->devices[i].id, box->devices[i + same].id) == 0)
      same++;
    vf_out_printf(g->out, "%s%s", i > 0 ? " + " : "", box->devices[i].name);
    if (same > 1) vf_out_printf(g->out, " × %zu", same);
    i += same - 1;
  }
  if (box->devices[0].kind == VF_DEVICE_UNIFIED) vf_out_put(g->out, " (memory shared with the OS)");
}

static void put_headline(const page *g) {
  size_t fit = 0, n = g->p->n_scenarios;
  for (size_t i = 0; i < n; i++) fit += vf_verdict_fits(g->p->scenarios[i].plan.verdict);
  put_verdict(g, g->p->verdict, 0);
  vf_out_put(g->out, "   ");
  if (n > 1) vf_out_printf(g->out, "%zu of %zu scenarios fit", fit, n);
  if (n == 1) put_escaped(g->out, g->p->scenarios[0].name);
  if (n == 1 && g->p->scenarios[0].title != NULL) {
    vf_out_put(g->out, ": ");
    put_escaped(g->out, g->p->scenarios[0].title);
  }
  vf_out_put(g->out, "   on ");
  put_box(g);
  vf_out_put(g->out, "\n\n");
}

/* ---- The matrix ------------------------------------------------------------------------- */

/* The least that is left of any device at the upper end. */
static int64_t least_left(const vf_placed_scenario *s, size_t n_devices) {
  int64_t least = INT64_MAX;
  for (size_t i = 0; i < n_devices; i++)
    if (s->plan.budgets[i].headroom_bytes < least) least = s->plan.budgets[i].headroom_bytes;
  return least;
}

static void scenario_label(char buf[128], const vf_placed_scenario *s) {
  vf_text t = vf_text_on(buf, 128);
  vf_text_escaped(&t, s->name, strlen(s->name));
  if (s->title == NULL) return;
  vf_text_put(&t, "  ");
  vf_text_escaped(&t, s->title, strlen(s->title));
}

static void put_scenario_row(const page *g, const vf_placed_scenario *s, size_t label_width) {
  char buf[128], number[40];
  scenario_label(buf, s);
  vf_out_put(g->out, "  ");
  put_padded(g->out, buf, label_width + 2, false);
  put_padded(g->out, vf_advice_word[vf_placed_advice(s)], 11, false);
  put_verdict(g, s->plan.verdict, 8);
  write_interval(number, vf_placed_need(g->p, s), g->options->unit);
  put_padded(g->out, number, 13, true);
  vf_text t = vf_text_on(number, sizeof number);
  vf_text_signed_size(&t, least_left(s, g->p->box.n_devices), g->options->unit, 1);
  put_padded(g->out, number, 8, true);
  vf_out_put(g->out, "   ");
  put_compute(g, s->compute, 9);
  vf_out_printf(g->out, "%s\n", vf_reason_text[s->reason]);
}

static void put_matrix(const page *g) {
  char buf[128];
  size_t label = vf_text_columns("scenario");
  for (size_t i = 0; i < g->p->n_scenarios; i++) {
    scenario_label(buf, &g->p->scenarios[i]);
    if (vf_text_columns(buf) > label) label = vf_text_columns(buf);
  }
  vf_out_put(g->out, "  ");
  put_padded(g->out, "scenario", label + 2, false);
  vf_out_printf(g->out, "run it?    memory     needs %-3s    left   compute  why\n",
                vf_unit_name(g->options->unit));
  for (size_t i = 0; i < g->p->n_scenarios; i++) put_scenario_row(g, &g->p->scenarios[i], label);
}

/* ---- One scenario whole ----------------------------------------------------------------- */

static void put_use(const page *g, const vf_placed *w) {
  vf_out_printf(g->out, "%s, %s", w->class, w->schedule);
  if (w->pipeline[0] != '\0' && strcmp(w->pipeline, "pipeline") != 0) {
    vf_out_put(g->out, " of ");
    put_escaped(g->out, w->pipeline);
  }
}

/* "GPU 1" where there are several. */
static void write_place(char buf[40], const vf_demand *d, size_t n_devices) {
  vf_text t = vf_text_on(buf, 40);
  buf[0] = '\0';
  if (n_devices < 2) return;
  const char *between = "GPU ";
  for (size_t i = 0; i < n_devices; i++) {
    if (d->devices[i].high_bytes == 0) continue;
    vf_text_printf(&t, "%s%zu", between, i);
    between = ",";
  }
}

static void put_item(const page *g, const vf_placed_scenario *s, size_t i, size_t label_width) {
  const vf_placed *w = &g->p->items[i];
  size_t n = g->p->box.n_devices;
  char buf[128], where[40];
  escape(buf, sizeof buf, w->name);
  vf_out_put(g->out, "  ");
  put_padded(g->out, buf, label_width + 2, false);
  write_interval(buf, vf_coreside_need(&w->item, &s->plan, i, n), g->options->unit);
  put_padded(g->out, buf, 12, true);
  vf_out_printf(g->out, " %s  ", vf_unit_name(g->options->unit));
  write_place(where, &w->options[s->plan.option[i]], n);
  if (n > 1) put_padded(g->out, where, 7 + 2 * n, false);
  put_padded(g->out, w->figure, 11, false);
  put_escaped(g->out, w->what);
  vf_out_put(g->out, "; ");
  put_use(g, w);
  vf_out_put(g->out, "\n");
}

/* What programs take with use, and their options bound. */
static void put_growth(const page *g, const vf_device_budget *b, size_t label_width) {
  char buf[40], amount[48];
  vf_text t = vf_text_on(amount, sizeof amount);
  if (b->growth_bytes == 0) return;
  write_size(buf, b->growth_bytes, g->options->unit);
  vf_text_printf(&t, "+%s", buf);
  vf_out_put(g->out, "  ");
  put_padded(g->out, "may grow", label_width + 2, false);
  put_padded(g->out, amount, 12, true);
  vf_out_printf(g->out, " %s  caches of past prompts (--cache-ram)\n",
                vf_unit_name(g->options->unit));
}

static bool is_same(const vf_device_budget *a, const vf_device_budget *b) {
  return strcmp(a->device.id, b->device.id) == 0 && a->capacity_bytes == b->capacity_bytes &&
         a->need.bytes == b->need.bytes && a->need.low_bytes == b->need.low_bytes &&
         a->need.high_bytes == b->need.high_bytes && a->growth_bytes == b->growth_bytes;
}

/* Device i and those behind it of which the same is to be said; returns how many. */
static size_t put_devices(const page *g, const vf_placed_scenario *s, size_t i,
                          size_t label_width) {
  const vf_device_budget *b = &s->plan.budgets[i];
  size_t n = 1;
  while (i + n < g->p->box.n_devices && is_same(b, b + n)) n++;
  char buf[128], capacity[40], left[40];
  vf_unit unit = g->options->unit;
  vf_text t = vf_text_on(buf, sizeof buf);
  if (n > 1)
    vf_text_printf(&t, "GPU %zu–%zu need", i, i + n - 1);
  else if (g->p->box.n_devices > 1)
    vf_text_printf(&t, "GPU %zu needs", i);
  else
    vf_text_put(&t, "needs");
  vf_out_put(g->out, "  ");
  put_padded(g->out, buf, label_width + 2, false);
  write_interval(buf, b->need, unit);
  put_padded(g->out, buf, 12, true);
  write_size(capacity, b->capacity_bytes, unit);
  vf_text l = vf_text_on(left, sizeof left);
  vf_text_signed_size(&l, b->headroom_bytes, unit, 1);
  vf_out_printf(g->out, " %s  %sof %s", vf_unit_name(unit), n > 1 ? "each " : "", capacity);
  if (g->p->box.n_devices > 1) vf_out_printf(g->out, " of %s", b->device.name);
  write_size(capacity, b->headroom_target_bytes, unit);
  vf_out_printf(g->out, ", %s left, target %s\n", left, capacity);
  put_growth(g, b, label_width);
  return n;
}

static void put_host(const page *g, const vf_placed_scenario *s, size_t label_width) {
  const vf_device_budget *b = &s->plan.budgets[g->p->box.n_devices];
  char buf[40];
  if (b->need.high_bytes == 0) return;
  vf_out_put(g->out, "  ");
  put_padded(g->out, "main memory", label_width + 2, false);
  write_interval(buf, b->need, g->options->unit);
  put_padded(g->out, buf, 12, true);
  vf_out_printf(g->out, " %s", vf_unit_name(g->options->unit));
  if (b->device.total_known) {
    write_size(buf, b->capacity_bytes, g->options->unit);
    vf_out_printf(g->out, "  of %s", buf);
  }
  vf_out_put(g->out, "\n");
  put_growth(g, b, label_width);
}

/* Decoding is bound by the device's bandwidth: who takes turns gets its share of it. */
static void put_decode(const page *g, const vf_placed_scenario *s, size_t label_width) {
  const char *label = "decode";
  for (size_t i = 0; i < g->p->n_items; i++) {
    const vf_placed *w = &g->p->items[i];
    vf_rate rate = w->decode[s->plan.option[i]];
    if ((s->peak >> i & 1) == 0 || rate.high == 0) continue;
    unsigned n = s->sharers[i];
    char buf[64];
    vf_text t = vf_text_on(buf, sizeof buf);
    vf_out_put(g->out, "  ");
    put_padded(g->out, label, label_width + 2, false);
    put_escaped(g->out, w->name);
    vf_out_put(g->out, " ");
    vf_text_rates(&t, rate, 1);
    vf_text_put(&t, " tokens/s at ");
    vf_page_text_ctx(&t, w->decode_ctx);
    vf_out_printf(g->out, "%s alone", buf);
    t = vf_text_on(buf, sizeof buf);
    vf_text_rates(&t, rate, vf_max_u32(n, 1));
    if (n > 1) vf_out_printf(g->out, ", %s while %u programs compute", buf, n);
    if (n == 0) vf_out_put(g->out, ", less while training runs");
    vf_out_put(g->out, "\n");
    label = "";
  }
}

static void put_whole(const page *g, const vf_placed_scenario *s) {
  size_t label = vf_text_columns("main memory"), n = 0;
  char buf[128];
  for (size_t i = 0; i < g->p->n_items; i++) {
    escape(buf, sizeof buf, g->p->items[i].name);
    if ((s->peak >> i & 1) != 0 && vf_text_columns(buf) > label) label = vf_text_columns(buf);
  }
  for (size_t i = 0; i < g->p->n_items; i++)
    if (s->peak >> i & 1) put_item(g, s, i, label), n++;
  for (size_t i = 0; i < g->p->box.n_devices;) i += put_devices(g, s, i, label);
  put_host(g, s, label);
  vf_out_put(g->out, "  ");
  put_padded(g->out, "compute", label + 2, false);
  put_compute(g, s->compute, 0);
  vf_out_printf(g->out, ": %s\n", vf_reason_text[s->reason]);
  put_decode(g, s, label);
}

/* ---- What breaks it --------------------------------------------------------------------- */

static void put_scenario_name(const page *g, const vf_placed_scenario *s) {
  vf_out_put(g->out, "  ");
  put_escaped(g->out, s->name);
  vf_out_put(g->out, ": ");
}

/* At most this many of a list; the rest is told as a number. */
enum { TOLD = 3 };

static void put_sets(const page *g, const uint32_t *sets, size_t n, const char *between) {
  for (size_t i = 0; i < n && i < TOLD; i++) {
    vf_out_put(g->out, i > 0 ? between : "");
    put_names(g, sets[i]);
  }
  if (n > TOLD) vf_out_printf(g->out, "%s%zu more", between, n - TOLD);
}

static void put_breaks(const page *g, const vf_placed_scenario *s) {
  const vf_breaks *b = &s->breaks;
  if (s->plan.verdict != VF_NO_FIT) return;
  put_scenario_name(g, s);
  if (b->alone != 0) {
    put_names(g, b->alone);
    vf_out_put(g->out, " does not fit even alone");
  } else if (b->n_pairs > 0) {
    put_sets(g, b->pairs, b->n_pairs, "; ");
    vf_out_put(g->out, ": together they do not fit");
  } else if (b->set == 0) {
    vf_out_put(g->out, "every two of them fit, but no packing of all was found");
  } else {
    vf_out_put(g->out, "every two of them fit; ");
    put_names(g, b->set);
    vf_out_put(g->out, " together do not");
  }
  vf_out_put(g->out, "\n");
  if (b->n_unload == 0) return;
  put_scenario_name(g, s);
  vf_out_put(g->out, b->unload_is_tight ? "fits tightly without " : "fits without ");
  put_sets(g, b->unload, b->n_unload, "; or without ");
  vf_out_put(g->out, "\n");
}

static void put_packing(const page *g, const vf_placed_scenario *s) {
  if (s->plan.exact || s->plan.verdict == VF_FITS) return;
  put_scenario_name(g, s);
  vf_out_put(g->out, "not every packing was tried: a better one may exist\n");
}

/* ---- Loading on demand ------------------------------------------------------------------ */

/* A set that fits and to which nothing can be added: told where the whole does not fit. */
static bool is_maximal(const vf_placed_scenario *s, size_t i) {
  if (!vf_verdict_fits(s->sets[i].verdict)) return false;
  for (size_t k = 0; k < s->n_sets; k++)
    if (k != i && vf_verdict_fits(s->sets[k].verdict) &&
        (s->sets[i].loaded & ~s->sets[k].loaded) == 0)
      return false;
  return true;
}

static void put_on_demand(const page *g, const vf_placed_scenario *s) {
  size_t fit = 0, told = 0;
  if (s->n_sets == 0) return;
  for (size_t i = 0; i < s->n_sets; i++) fit += vf_verdict_fits(s->sets[i].verdict);
  put_scenario_name(g, s);
  vf_out_printf(g->out, "%zu of %zu sets that can be loaded together fit\n", fit, s->n_sets);
  for (size_t i = 0; fit < s->n_sets && i < s->n_sets && told < TOLD; i++) {
    if (!is_maximal(s, i)) continue;
    put_scenario_name(g, s);
    vf_out_put(g->out, "at most ");
    put_names(g, s->sets[i].loaded);
    vf_out_put(g->out, "\n");
    told++;
  }
}

static void put_step(const page *g, const vf_placed_scenario *s, const vf_residency_step *step) {
  static const char *const events[] = {[VF_RESIDENT_LOADED] = " is loaded",
                                       [VF_RESIDENT_REUSED] = " is loaded already",
                                       [VF_RESIDENT_PARTLY] =
                                           " is loaded in part: the rest goes to main memory",
                                       [VF_RESIDENT_REFUSED] = " finds no room"};
  put_scenario_name(g, s);
  put_names(g, UINT32_C(1) << step->item);
  vf_out_put(g->out, events[step->event]);
  if (step->evicted != 0) {
    vf_out_put(g->out, ", which unloads ");
    put_names(g, step->evicted);
    if (step->for_count != 0) vf_out_printf(g->out, " (%" PRIu32 " at most)", g->p->max_loaded);
  }
  vf_out_put(g->out, "\n");
}

static void put_server(const page *g, const vf_placed_scenario *s) {
  if (s->n_steps == 0) return;
  for (size_t i = 0; i < s->n_steps; i++) put_step(g, s, &s->steps[i]);
  put_scenario_name(g, s);
  vf_out_put(g->out, "loaded in the end: ");
  put_names(g, s->steps[s->n_steps - 1].loaded);
  vf_out_put(g->out, "\n");
}

/* ---- Notes ------------------------------------------------------------------------------ */

static bool is_shown(const vf_place *p, size_t item) {
  for (size_t i = 0; i < p->n_scenarios; i++)
    if (p->scenarios[i].peak >> item & 1) return true;
  return false;
}

/* Options that its command line has and that were not understood. */
static void put_remarks(const page *g, const vf_placed *w) {
  for (size_t i = 0; i < w->n_remarks; i++) {
    vf_out_put(g->out, "  ");
    put_escaped(g->out, w->name);
    vf_out_put(g->out, ": ");
    put_escaped(g->out, w->remarks[i].text);
    vf_out_put(g->out, "\n");
  }
}

/* "chat-8b: Ollama takes 131,072 tokens here by itself: num_ctx 8192 saves 15.0 GiB" */
static void put_default_ctx(const page *g, const vf_placed *w) {
  char buf[128], size[40];
  vf_text t = vf_text_on(buf, sizeof buf);
  if (w->default_ctx == 0) return;
  vf_text_thousands(&t, w->default_ctx);
  write_size(size, w->default_ctx_costs, g->options->unit);
  vf_out_put(g->out, "  ");
  put_escaped(g->out, w->name);
  vf_out_printf(g->out, ": Ollama takes %s tokens here by itself: num_ctx 8192 saves %s %s\n", buf,
                size, vf_unit_name(g->options->unit));
}

/* "chat: takes 22.6 GiB, its share of 0.90; its requests need 9.1: a lower ... leaves the rest to
 * others", or that the share is too small, which no sum over the device shows. */
static void put_share(const page *g, const vf_placed *w) {
  char share[32], need[40], has[40];
  const char *unit = vf_unit_name(g->options->unit);
  uint64_t takes = 0;
  for (size_t d = 0; d < g->p->box.n_devices; d++) takes += w->options[0].devices[d].bytes;
  bool refused = w->options[0].alone == VF_NO_FIT, too_small = w->least_bytes > w->share_bytes;
  if (refused && w->refusal != NULL && !too_small) {
    vf_out_put(g->out, "  ");
    put_escaped(g->out, w->name);
    vf_out_put(g->out, ": ");
    put_escaped(g->out, w->refusal);
    vf_out_put(g->out, "\n");
    return;
  }
  bool risky = w->options[0].alone == VF_RISKY;
  if (w->least_bytes == 0) return;
  if (!too_small && !refused && !risky && w->least_bytes >= takes / 20 * 19) return;
  snprintf(share, sizeof share, "%" PRIu64 ".%02" PRIu64, w->share_ppm / 1000000,
           w->share_ppm % 1000000 / 10000);
  write_size(need, w->least_bytes, g->options->unit);
  write_size(has, too_small ? w->share_bytes : takes, g->options->unit);
  vf_out_put(g->out, "  ");
  put_escaped(g->out, w->name);
  if (too_small)
    vf_out_printf(g->out,
                  ": its requests need %s %s, its share of %s holds %s: a higher "
                  "--gpu-memory-utilization, or less context and fewer requests\n",
                  need, unit, share, has);
  else if (refused)
    vf_out_printf(
        g->out,
        ": its engine does not start it with a share of %s: a higher one, or less context "
        "and fewer requests\n",
        share);
  else if (risky)
    vf_out_printf(g->out,
                  ": its requests need %s %s and may need more than its share of %s holds: a "
                  "higher --gpu-memory-utilization, or less context and fewer requests\n",
                  need, unit, share);
  else
    vf_out_printf(g->out,
                  ": takes %s %s, its share of %s; its requests need %s: a lower "
                  "--gpu-memory-utilization leaves the rest to others\n",
                  has, unit, share, need);
}

static void put_item_notes(const page *g, size_t i) {
  const vf_placed *w = &g->p->items[i];
  char a[40];
  if (!is_shown(g->p, i)) return;
  put_remarks(g, w);
  put_default_ctx(g, w);
  if (w->over_limit) {
    write_size(a, w->limit_bytes, g->options->unit);
    vf_out_put(g->out, "  ");
    put_escaped(g->out, w->name);
    vf_out_printf(g->out, ": needs more than its limit of %s %s\n", a,
                  vf_unit_name(g->options->unit));
  }
  put_share(g, w);
}

static void put_reasons(const page *g) {
  for (int r = 0; r < VF_REASON_COUNT; r++) {
    bool there = false;
    for (size_t i = 0; i < g->p->n_scenarios; i++)
      there |= g->p->scenarios[i].reason == (vf_compute_reason)r;
    if (there && reason_notes[r] != NULL) vf_out_printf(g->out, "  %s\n", reason_notes[r]);
  }
}

static bool has_notes(const vf_place *p) {
  bool there = p->n_skipped > 0;
  for (size_t i = 0; i < p->n_scenarios; i++) {
    const vf_placed_scenario *s = &p->scenarios[i];
    there |= s->plan.verdict == VF_NO_FIT || s->n_sets > 0 || s->n_steps > 0 || !s->plan.exact ||
             reason_notes[s->reason] != NULL;
  }
  for (size_t i = 0; i < p->n_items; i++)
    there |= p->items[i].over_limit || p->items[i].least_bytes != 0 ||
             p->items[i].refusal != NULL || p->items[i].default_ctx != 0 ||
             p->items[i].n_remarks > 0;
  return there;
}

static void put_notes(const page *g) {
  if (!has_notes(g->p)) return;
  vf_out_put(g->out, "\n");
  for (size_t i = 0; i < g->p->n_scenarios; i++) {
    const vf_placed_scenario *s = &g->p->scenarios[i];
    put_breaks(g, s);
    put_packing(g, s);
    put_on_demand(g, s);
    put_server(g, s);
  }
  for (size_t i = 0; i < g->p->n_items; i++) put_item_notes(g, i);
  put_reasons(g);
  for (size_t i = 0; i < g->p->n_skipped; i++) {
    vf_out_put(g->out, "  ");
    put_escaped(g->out, g->p->skipped[i]);
    vf_out_put(g->out, ": takes no GPU, not counted\n");
  }
}

void vf_place_table(vf_out *out, const vf_place *place, const vf_report_options *options) {
  const page g = {out, place, options};
  put_headline(&g);
  if (place->n_scenarios == 1)
    put_whole(&g, &place->scenarios[0]);
  else
    put_matrix(&g);
  put_notes(&g);
}
