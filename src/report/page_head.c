/* page_head.c - the look that answers the question: verdict, what, on what, how much of how much,
 * and a bar of it.
 *
 *   FITS   llama3.1-70b Q4_K_M, 32k context, in llama.cpp on DGX Spark GB10    50.6 of 111.7 GiB
 *          ███████████████▓▓▓▓▒▒▒▒································▕░░░░  61.1 GiB free, 11.2 wanted
 *
 * Both are of the budget that decides: the device with the worst verdict and, of those, the one
 * with the least left above what is wanted; main memory where that is it; all memory of a machine
 * whose GPU may take a part of it alone. */
#include <inttypes.h>
#include <string.h>

#include "base/checked.h"
#include "base/units.h"
#include "core/estimate.h"
#include "core/words.h"
#include "report/chart.h"
#include "report/offers.h"
#include "report/page.h"

enum { BAR_COLUMNS = 56, LEAST_BAR_COLUMNS = 16, BESIDE_BAR = 40, INDENT = 7 };

/* What is judged: a device, or all memory of a machine. */
typedef struct judged {
  const vf_device_budget *b;
  size_t index, alike;
  bool whole, host;
  uint64_t capacity_bytes, growth_bytes, target_bytes;
  vf_interval need;
} judged;

/* ---- What decides ----------------------------------------------------------------------- */

static bool is_host(const vf_page *p, size_t i) {
  return p->n_devices > 1 && p->devices[i].device.kind == VF_DEVICE_HOST;
}

static int64_t spare(const vf_device_budget *b) {
  return b->headroom_bytes - (int64_t)vf_min_u64(b->headroom_target_bytes, INT64_MAX);
}

/* Whether b says more about the verdict than what was found so far. */
static bool decides(const vf_device_budget *b, const vf_device_budget *than) {
  if (!b->device.total_known || !than->device.total_known)
    return b->device.total_known && !than->device.total_known;
  if (b->verdict != than->verdict) return b->verdict > than->verdict;
  return spare(b) < spare(than);
}

static judged judged_of(const vf_page *p) {
  size_t at = 0;
  for (size_t i = 1; i < p->n_devices; i++) {
    const vf_device_budget *b = &p->devices[i];
    bool counts = b->need.high_bytes != 0 && !b->pooled;
    /* Main memory has to be worse than every GPU to be what people look at. */
    if (is_host(p, i) && b->verdict <= p->devices[at].verdict) counts = false;
    if (counts && decides(b, &p->devices[at])) at = i;
  }
  const vf_device_budget *b = &p->devices[at];
  judged j = {.b = b, .index = at, .alike = vf_chart_alike(p->devices, p->n_devices, at)};
  j.host = is_host(p, at);
  j.whole = b->whole.known && b->whole.headroom_bytes < b->headroom_bytes;
  j.capacity_bytes = j.whole ? b->whole.capacity_bytes : b->capacity_bytes;
  j.growth_bytes = j.whole ? b->whole.growth_bytes : b->growth_bytes;
  j.target_bytes = b->headroom_target_bytes;
  j.need = j.whole ? b->whole.need : b->need;
  return j;
}

/* ---- The headline ----------------------------------------------------------------------- */

static void text_device_names(vf_text *t, const vf_page *p) {
  const vf_device *first = &p->devices[0].device;
  size_t gpus = p->n_devices > 1 ? p->n_devices - 1 : 1;
  bool same = true;
  for (size_t i = 1; i < gpus; i++) same &= strcmp(first->id, p->devices[i].device.id) == 0;
  vf_text_device(t, first);
  if (gpus > 1 && same) vf_text_printf(t, " × %zu", gpus);
  for (size_t i = 1; i < gpus && !same; i++) {
    vf_text_put(t, " + ");
    vf_text_device(t, &p->devices[i].device);
  }
}

/* "llama3.1-70b Q4_K_M, 4 × 32k context, in llama.cpp on DGX Spark GB10" */
static void text_subject(vf_text *t, const vf_page *p) {
  const vf_workload *w = vf_estimate_workload(p->e);
  vf_model_info m;
  vf_model_info_get(vf_estimate_model(p->e), &m);
  vf_text_escaped(t, m.id, strlen(m.id));
  vf_text_printf(t, " %s, ", m.quant);
  if (w->seqs > 1 && !w->kv_unified) vf_text_printf(t, "%" PRIu32 " × ", w->seqs);
  vf_page_text_ctx(t, w->requested_ctx_tokens);
  vf_text_put(t, " context");
  if (w->seqs > 1 && w->kv_unified) vf_text_printf(t, " shared by %" PRIu32, w->seqs);
  vf_text_printf(t, ", in %s on ", w->engine);
  text_device_names(t, p);
}

/* "50.6 of 111.7 GiB": the worst case, and where it is. */
static void text_need(vf_text *t, const vf_page *p, const judged *j) {
  vf_unit unit = p->options->unit;
  vf_text_size(t, j->need.high_bytes, unit, 1);
  if (j->b->device.total_known) vf_text_put(t, " of ");
  if (j->b->device.total_known) vf_text_size(t, j->capacity_bytes, unit, 1);
  vf_text_printf(t, " %s", vf_unit_name(unit));
  if (j->host || j->whole)
    vf_text_put(t, j->whole ? " of all memory" : " of main memory");
  else if (p->n_devices > 2)
    vf_text_printf(t, j->alike > 1 ? " each" : " on #%zu", j->index);
}

/* "short by 26.3 GiB (49.9 of 23.6)": of the worst case, as all that follows. */
static void text_short(vf_text *t, const vf_page *p, const judged *j) {
  vf_verdict verdict = vf_estimate_verdict(p->e);
  uint64_t over =
      j->need.high_bytes > j->capacity_bytes ? j->need.high_bytes - j->capacity_bytes : 0;
  if (over == 0 || !j->b->device.total_known) {
    bool starts = vf_estimate_workload(p->e)->starts;
    vf_text_put(t, starts ? "fewer run at once: " : "the engine refuses it: ");
    text_need(t, p, j);
    return;
  }
  vf_text_put(t, verdict == VF_NO_FIT ? "short by " : "up to ");
  vf_page_text_size(t, p, over);
  vf_text_put(t, verdict == VF_NO_FIT ? ": " : " short: ");
  text_need(t, p, j);
}

static void put_headline(const vf_page *p, const judged *j) {
  char buf[768];
  vf_text t = vf_text_on(buf, sizeof buf);
  vf_verdict v = vf_estimate_verdict(p->e);
  vf_out_color(p->out, vf_verdict_word[v].color);
  vf_out_put(p->out, vf_verdict_word[v].shown);
  vf_out_color(p->out, VF_OUT_RESET);
  vf_text_put(&t, "   ");
  text_subject(&t, p);
  vf_text_put(&t, "        ");
  if (v == VF_NO_FIT || v == VF_RISKY)
    text_short(&t, p, j);
  else
    text_need(&t, p, j);
  vf_text_put(&t, "\n");
  vf_out_text(p->out, &t);
}

/* ---- The bar ---------------------------------------------------------------------------- */

static int bar_columns(const vf_page *p) {
  size_t columns = p->out->columns;
  if (columns == 0 || columns >= BAR_COLUMNS + BESIDE_BAR) return BAR_COLUMNS;
  return columns < LEAST_BAR_COLUMNS + BESIDE_BAR ? LEAST_BAR_COLUMNS : (int)(columns - BESIDE_BAR);
}

/* Columns that stand for `bytes`, rounded; what is there at all has one. */
static int columns_of(uint64_t bytes, uint64_t all, int columns) {
  int n = all == 0 ? 0 : (int)((double)bytes / (double)all * columns + 0.5);
  return n == 0 && bytes != 0 ? 1 : n;
}

/* What a column of the bar shows: weights, the rest of the need, what may grow, nothing, what
 * should stay free; the mark is where the capacity ends, or where what should stay free begins. */
static void put_bar(const vf_page *p, const judged *j) {
  int n = bar_columns(p);
  uint64_t weights = vf_min_u64(j->b->part_bytes[VF_PART_WEIGHTS], j->need.high_bytes);
  uint64_t most = j->need.high_bytes + j->growth_bytes;
  uint64_t all = vf_max_u64(most, j->capacity_bytes);
  bool over = j->need.high_bytes > j->capacity_bytes;
  uint64_t mark = j->capacity_bytes - (over ? 0 : vf_min_u64(j->target_bytes, j->capacity_bytes));
  int at_mark = columns_of(mark, all, n), end = columns_of(j->capacity_bytes, all, n);
  int ends[] = {columns_of(weights, all, n), columns_of(j->need.high_bytes, all, n),
                columns_of(most, all, n)};
  for (int i = 0; i < n; i++) {
    if (i == at_mark) vf_out_put(p->out, "▕");
    if (i < ends[0])
      vf_out_put(p->out, "█");
    else if (i < ends[1])
      vf_out_put(p->out, "▓");
    else if (i < ends[2])
      vf_out_put(p->out, "▒");
    else
      vf_out_put(p->out, i >= at_mark && i < end ? "░" : "·");
  }
  if (at_mark >= n) vf_out_put(p->out, "▕");
}

/* "61.1 GiB free, 11.2 wanted and 10.0 may grow" */
static void put_free(const vf_page *p, const judged *j) {
  char buf[128];
  vf_text t = vf_text_on(buf, sizeof buf);
  if (j->need.high_bytes > j->capacity_bytes) return;
  if (p->options->bars) vf_text_put(&t, "  ");
  vf_page_text_size(&t, p, j->capacity_bytes - j->need.high_bytes);
  vf_text_put(&t, " free");
  if (j->target_bytes != 0) {
    vf_text_put(&t, ", ");
    vf_text_size(&t, j->target_bytes, p->options->unit, 1);
    vf_text_put(&t, " wanted");
  }
  if (j->growth_bytes != 0) {
    vf_text_put(&t, j->target_bytes != 0 ? " and " : ", ");
    vf_text_size(&t, j->growth_bytes, p->options->unit, 1);
    vf_text_put(&t, " may grow");
  }
  vf_out_text(p->out, &t);
}

void vf_page_head(const vf_page *p) {
  const judged j = judged_of(p);
  put_headline(p, &j);
  if (j.b->device.total_known && (p->options->bars || j.need.high_bytes <= j.capacity_bytes)) {
    vf_out_spaces(p->out, INDENT);
    if (p->options->bars) put_bar(p, &j);
    put_free(p, &j);
    vf_out_put(p->out, "\n");
  }
  vf_out_put(p->out, "\n");
}
