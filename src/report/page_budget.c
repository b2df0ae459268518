/* page_budget.c - the budget: a line for each part of one device, or a row for each of several.
 *
 * The unit stands once, behind the first size.  Devices with the same budget are one row. */
#include <inttypes.h>
#include <string.h>

#include "base/units.h"
#include "core/estimate.h"
#include "core/words.h"
#include "report/chart.h"
#include "report/page.h"

enum { BASIS_WIDTH = 11 };

/* ---- One device ------------------------------------------------------------------------- */

/* "  KV cache      10.00 GiB  exact      f16" */
static void put_row(const vf_page *p, const char *label, const char *size, const char *basis,
                    const char *note) {
  vf_page_label(p, label);
  vf_out_right(p->out, size, VF_PAGE_SIZE);
  vf_out_printf(p->out, " %s  ", vf_unit_name(p->options->unit));
  vf_out_color(p->out, VF_OUT_DIM);
  if (note[0] == '\0' || basis[0] == '\0')
    vf_out_put(p->out, basis);
  else
    vf_out_left(p->out, basis, BASIS_WIDTH);
  vf_out_put(p->out, note);
  vf_out_color(p->out, VF_OUT_RESET);
  vf_out_put(p->out, "\n");
}

static void put_interval_row(const vf_page *p, const char *label, vf_interval size,
                             const char *basis, const char *note) {
  char buf[64];
  vf_text t = vf_text_on(buf, sizeof buf);
  vf_text_interval(&t, size, p->options->unit);
  put_row(p, label, buf, basis, note);
}

/* All lines of one part of one device as one row; their note is the first one's. */
static void put_part(const vf_page *p, uint32_t device, vf_part part) {
  size_t n;
  const vf_line *lines = vf_estimate_lines(p->e, &n);
  vf_interval size = {0, 0, 0};
  vf_basis basis = VF_BASIS_EXACT;
  const char *note = NULL;
  for (size_t i = 0; i < n; i++) {
    if (lines[i].device != device || lines[i].part != part) continue;
    if (lines[i].outside || lines[i].growth) continue;
    size.low_bytes += lines[i].size.low_bytes;
    size.bytes += lines[i].size.bytes;
    size.high_bytes += lines[i].size.high_bytes;
    if (lines[i].basis > basis) basis = lines[i].basis;
    if (note == NULL) note = lines[i].note;
  }
  if (note == NULL) return;
  put_interval_row(p, vf_part_word[part].shown, size, vf_basis_word[basis], note);
}

static const vf_device_budget *host_budget(const vf_page *p) {
  return p->n_devices > 1 ? &p->devices[p->n_devices - 1] : NULL;
}

/* "weights 0.28, compute 0.02": what the host holds, in one line. */
static void text_host_parts(vf_text *t, const vf_page *p, uint32_t host) {
  size_t n;
  const vf_line *lines = vf_estimate_lines(p->e, &n);
  const char *separator = "";
  for (size_t i = 0; i < n; i++) {
    if (lines[i].device != host || lines[i].size.high_bytes < 10 * VF_MIB) continue;
    if (lines[i].growth) continue;
    vf_text_printf(t, "%s%s ", separator, vf_part_word[lines[i].part].shown);
    vf_text_size(t, lines[i].size.bytes, p->options->unit, 2);
    separator = ", ";
  }
}

/* What the host holds; with its verdict where it has a budget of its own. */
static void put_host_row(const vf_page *p) {
  const vf_device_budget *host = host_budget(p);
  char buf[256], of[64];
  vf_text t = vf_text_on(buf, sizeof buf), basis = vf_text_on(of, sizeof of);
  if (host == NULL || host->need.high_bytes == 0) return;
  text_host_parts(&t, p, (uint32_t)(p->n_devices - 1));
  if (host->pooled) {
    vf_text_put(&basis, "same pool");
  } else if (host->device.total_known) {
    vf_text_put(&basis, "of ");
    vf_text_size(&basis, host->capacity_bytes, p->options->unit, 1);
    vf_text_printf(&basis, ": %s  ", vf_verdict_word[host->verdict].shown);
  }
  put_interval_row(p, host->pooled ? "host side" : "main memory", host->need, of, buf);
}

static const char *reserve_words(const vf_device_budget *b) {
  if (b->has_pool) return "that the engine leaves alone";
  if (b->whole.known) return "that the GPU may not take";
  return b->device.kind == VF_DEVICE_UNIFIED ? "kept for the OS" : "kept by the driver";
}

/* "of 111.7: 119.7 less 8.0 kept for the OS and 1.0 in use" */
static void text_capacity(vf_text *t, const vf_page *p, const vf_device_budget *b) {
  vf_unit unit = p->options->unit;
  if (!b->device.total_known) return;
  vf_text_put(t, "of ");
  vf_text_size(t, b->capacity_bytes, unit, 1);
  if (b->device.reserved_bytes == 0 && b->device.used_bytes == 0) return;
  vf_text_put(t, ": ");
  vf_text_size(t, b->device.total_bytes, unit, 1);
  if (b->device.reserved_bytes != 0) {
    vf_text_put(t, " less ");
    vf_text_size(t, b->device.reserved_bytes, unit, 1);
    vf_text_printf(t, " %s", reserve_words(b));
  }
  if (b->device.used_bytes != 0) {
    vf_text_put(t, b->device.reserved_bytes != 0 ? " and " : " less ");
    vf_text_size(t, b->device.used_bytes, unit, 1);
    vf_text_put(t, " in use");
  }
}

static void put_needs(const vf_page *p, const vf_device_budget *b) {
  char buf[160];
  vf_text t = vf_text_on(buf, sizeof buf);
  text_capacity(&t, p, b);
  put_interval_row(p, "needs", b->need, buf, "");
}

/* The second limit: of all memory, where the GPU may take a part of it alone. */
static void put_whole(const vf_page *p, const vf_device_budget *b) {
  char buf[160];
  vf_text t = vf_text_on(buf, sizeof buf);
  const vf_whole *w = &b->whole;
  if (!w->known) return;
  vf_text_put(&t, "of ");
  vf_text_size(&t, w->capacity_bytes, p->options->unit, 1);
  vf_text_put(&t, ": the whole machine, GPU and host together, ");
  vf_text_signed_size(&t, w->headroom_bytes, p->options->unit, 1);
  vf_text_put(&t, " left");
  put_interval_row(p, "all memory", w->need, buf, "");
}

/* Whether what may come on top has room: "still fits", or what becomes of it. */
static const char *word_of_growth(const vf_page *p) {
  bool fits = true;
  for (size_t i = 0; i < p->n_devices; i++) {
    const vf_device_budget *b = &p->devices[i];
    uint64_t growth = b->whole.known ? b->whole.growth_bytes : b->growth_bytes;
    int64_t left = b->whole.known ? b->whole.headroom_bytes : b->headroom_bytes;
    if (b->device.total_known && growth != 0) fits = fits && left >= 0 && growth <= (uint64_t)left;
  }
  return fits ? "still fits" : "has no room for all of it";
}

/* "may grow  +8.0 GiB  llama-server keeps past prompts (--cache-ram 0: off)   still fits" */
static void put_growth(const vf_page *p) {
  size_t n;
  const vf_line *lines = vf_estimate_lines(p->e, &n);
  for (size_t i = 0; i < n; i++) {
    char size_buf[64], note_buf[200];
    vf_text size = vf_text_on(size_buf, sizeof size_buf),
            note = vf_text_on(note_buf, sizeof note_buf);
    if (!lines[i].growth) continue;
    const vf_device_budget *b = &p->devices[lines[i].device];
    bool apart = b->device.kind == VF_DEVICE_HOST && !b->pooled;
    vf_text_put(&size, "+");
    vf_text_size(&size, lines[i].size.high_bytes, p->options->unit, 1);
    vf_text_put(&note, lines[i].note);
    if (apart) vf_text_put(&note, ", in main memory");
    if (!apart || b->device.total_known) vf_text_printf(&note, "   %s", word_of_growth(p));
    put_row(p, "may grow", size_buf, "", note_buf);
  }
}

/* The device whose pool is the smallest: all hold as many tokens as that one does. */
static const vf_device_budget *smallest_pool(const vf_page *p) {
  const vf_device_budget *b = &p->devices[0];
  for (size_t i = 1; i < p->n_devices; i++) {
    const vf_device_budget *d = &p->devices[i];
    if (!d->has_pool || d->pool_tokens > b->pool_tokens) continue;
    if (d->pool_tokens < b->pool_tokens || d->pool.bytes < b->pool.bytes) b = d;
  }
  return b;
}

/* What a serving engine's pool holds: "476,064 tokens = 3.63 requests of 128k". */
static void put_pool(const vf_page *p) {
  char buf[200];
  vf_text t = vf_text_on(buf, sizeof buf);
  const vf_workload *w = vf_estimate_workload(p->e);
  const vf_device_budget *b = w->pp > 1 ? &p->devices[0] : smallest_pool(p);
  uint64_t holds = w->max_concurrency_x100;
  if (!b->has_pool) return;
  vf_text_thousands(&t, b->pool_tokens);
  vf_text_put(&t, " tokens");
  if (w->replicas > 1) vf_text_printf(&t, " in each of %" PRIu32 " replicas", w->replicas);
  vf_text_printf(&t, " = %" PRIu64 ".%02" PRIu64 " requests of ", holds / 100, holds % 100);
  vf_page_text_ctx(&t, w->requested_ctx_tokens);
  if (w->real_ctx_tokens != 0) {
    holds = w->real_concurrency_x100;
    vf_text_printf(&t, ", %" PRIu64 ".%02" PRIu64 " of ", holds / 100, holds % 100);
    vf_text_thousands(&t, w->real_ctx_tokens);
  }
  if (!w->starts)
    vf_text_put(&t, "; it does not start");
  else if (w->max_concurrency_x100 >= 100 && (uint64_t)w->seqs * 100 > holds)
    vf_text_printf(&t, "; %" PRIu32 " are wanted: it starts, and the rest waits", w->seqs);
  put_interval_row(p, "pool", b->pool, buf, "");
}

static void put_one_device(const vf_page *p) {
  const vf_device_budget *b = &p->devices[0];
  const vf_device_budget *host = host_budget(p);
  for (int i = 0; i < VF_PART_COUNT; i++) put_part(p, 0, (vf_part)i);
  if (host != NULL && host->pooled) put_host_row(p);
  put_needs(p, b);
  put_whole(p, b);
  put_pool(p);
  if (host != NULL && !host->pooled) put_host_row(p);
  put_growth(p);
}

/* ---- Several devices -------------------------------------------------------------------- */

enum { NAME_WIDTH = 26, CELL_WIDTH = 11, WIDE_CELL_WIDTH = 14 };

static const vf_part columns[] = {VF_PART_WEIGHTS, VF_PART_KV_CACHE, VF_PART_COMPUTE};

static void put_head(const vf_page *p) {
  vf_out_put(p->out, "  ");
  vf_out_left(p->out, vf_unit_name(p->options->unit), NAME_WIDTH);
  for (size_t i = 0; i < sizeof columns / sizeof *columns; i++)
    vf_out_right(p->out, vf_part_word[columns[i]].shown, CELL_WIDTH);
  vf_out_right(p->out, "needs", WIDE_CELL_WIDTH);
  vf_out_right(p->out, "of", CELL_WIDTH);
  vf_out_right(p->out, "headroom", CELL_WIDTH);
  vf_out_put(p->out, "\n");
}

static void put_cell(const vf_page *p, uint64_t bytes) {
  char buf[32];
  vf_text t = vf_text_on(buf, sizeof buf);
  vf_text_size(&t, bytes, p->options->unit, 2);
  vf_out_right(p->out, buf, CELL_WIDTH);
}

static void put_verdict_cells(const vf_page *p, const vf_device_budget *b) {
  char buf[32];
  vf_text t = vf_text_on(buf, sizeof buf);
  if (!b->device.total_known) return;
  put_cell(p, b->capacity_bytes);
  vf_text_signed_size(&t, b->headroom_bytes, p->options->unit, 2);
  vf_out_right(p->out, buf, CELL_WIDTH);
  vf_out_put(p->out, "  ");
  vf_out_color(p->out, vf_verdict_word[b->verdict].color);
  vf_out_put(p->out, vf_verdict_word[b->verdict].shown);
  vf_out_color(p->out, VF_OUT_RESET);
}

static void put_device_row(const vf_page *p, size_t i, size_t alike) {
  const vf_device_budget *b = &p->devices[i];
  char name[80], need[48];
  vf_text name_text = vf_text_on(name, sizeof name), need_text = vf_text_on(need, sizeof need);
  if (b->device.kind == VF_DEVICE_HOST)
    vf_text_put(&name_text, "main memory");
  else if (alike > 1)
    vf_text_printf(&name_text, "%zu × %s, each", alike, b->device.id);
  else
    vf_text_printf(&name_text, "%s #%zu", b->device.id, i);
  vf_text_interval(&need_text, b->need, p->options->unit);
  vf_out_put(p->out, "  ");
  vf_out_left(p->out, name, NAME_WIDTH);
  for (size_t c = 0; c < sizeof columns / sizeof *columns; c++)
    put_cell(p, b->part_bytes[columns[c]]);
  vf_out_right(p->out, need, WIDE_CELL_WIDTH);
  put_verdict_cells(p, b);
  vf_out_put(p->out, "\n");
}

/* "others hold  1.2 GiB on #0, 4.9 GiB on #1" */
static void put_in_use(const vf_page *p) {
  char buf[256];
  vf_text t = vf_text_on(buf, sizeof buf);
  for (size_t i = 0; i < p->n_devices; i++) {
    const vf_device *d = &p->devices[i].device;
    if (d->used_bytes == 0 || !d->total_known) continue;
    vf_text_put(&t, t.length > 0 ? ", " : "others hold ");
    vf_page_text_size(&t, p, d->used_bytes);
    vf_text_printf(&t, " on #%zu", i);
  }
  if (t.length == 0) return;
  vf_out_put(p->out, "  ");
  vf_out_color(p->out, VF_OUT_DIM);
  vf_out_text(p->out, &t);
  vf_out_color(p->out, VF_OUT_RESET);
  vf_out_put(p->out, "\n");
}

static void put_many_devices(const vf_page *p) {
  put_head(p);
  for (size_t i = 0, alike; i < p->n_devices; i += alike) {
    alike = vf_chart_alike(p->devices, p->n_devices, i);
    if (p->devices[i].device.kind != VF_DEVICE_HOST || p->devices[i].need.high_bytes != 0)
      put_device_row(p, i, alike);
  }
  put_in_use(p);
  put_pool(p);
  put_growth(p);
}

void vf_page_budget(const vf_page *p) {
  if (p->n_devices <= 2)
    put_one_device(p);
  else
    put_many_devices(p);
}
