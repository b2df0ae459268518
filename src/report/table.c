/* table.c - the report for people: the verdict first, then the budget, then what to do.
 *
 * One device gets a line per part with a bar; several get a row each.  Without colour and bars the
 * same lines come out, so that a pipe sees what a terminal shows. */
#include <inttypes.h>
#include <string.h>

#include "base/units.h"
#include "core/estimate.h"
#include "core/words.h"
#include "report/chart.h"
#include "report/offers.h"
#include "report/report.h"
#include "report/way_text.h"

enum { LABEL_WIDTH = 11, SIZE_WIDTH = 15, BAR_WIDTH = 24, BASIS_WIDTH = 11, NOTE_COLUMN = 46 };

typedef struct table {
  vf_out *out;
  const vf_estimate *e;
  const vf_report_options *options;
  const vf_device_budget *devices;
  size_t n_devices;
  uint64_t bar_bytes; /* what a full bar stands for */
} table;

/* ---- Text ------------------------------------------------------------------------------- */

static void put_left(vf_out *out, const char *s, int columns) {
  vf_out_put(out, s);
  vf_out_spaces(out, columns - (int)vf_text_columns(s));
}

static void put_right(vf_out *out, const char *s, int columns) {
  vf_out_spaces(out, columns - (int)vf_text_columns(s));
  vf_out_put(out, s);
}

static void color(const table *t, const char *sequence) {
  if (t->options->color) vf_out_put(t->out, sequence);
}

#define DIM   "\x1b[2m"
#define RESET "\x1b[0m"

static void text_bytes(vf_text *text, uint64_t bytes, vf_unit unit) {
  vf_text_size(text, bytes, unit, 1);
  vf_text_printf(text, " %s", vf_unit_name(unit));
}

/* ---- Bars ------------------------------------------------------------------------------- */

/* Eighths of a column; anything above nothing shows. */
static void put_bar(const table *t, uint64_t bytes) {
  static const char *const parts[] = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
  uint64_t eighths = 0, whole = t->bar_bytes / VF_KIB;
  if (whole > 0) eighths = bytes / VF_KIB * (BAR_WIDTH * 8) / whole;
  if (eighths == 0 && bytes > 0) eighths = 1;
  if (eighths > BAR_WIDTH * 8) eighths = BAR_WIDTH * 8;
  for (uint64_t i = 0; i < eighths / 8; i++) vf_out_put(t->out, "█");
  vf_out_put(t->out, parts[eighths % 8]);
  vf_out_spaces(t->out, BAR_WIDTH - (int)((eighths + 7) / 8));
}

/* ---- The headline ----------------------------------------------------------------------- */

/* By how much the device that is worst off is short, of the expected need. */
static uint64_t worst_short(const table *t) {
  uint64_t worst = 0;
  for (size_t i = 0; i < t->n_devices; i++) {
    uint64_t bytes = t->devices[i].device.total_known ? vf_budget_short(&t->devices[i]) : 0;
    if (bytes > worst) worst = bytes;
  }
  return worst;
}

/* The same of the upper end. */
static uint64_t worst_risk(const table *t) {
  int64_t worst = 0;
  for (size_t i = 0; i < t->n_devices; i++) {
    int64_t left = t->devices[i].device.total_known ? vf_budget_headroom(&t->devices[i]) : 0;
    if (left < worst) worst = left;
  }
  return (uint64_t)-worst;
}

static void text_shortfall(vf_text *text, const table *t) {
  vf_verdict verdict = vf_estimate_verdict(t->e);
  uint64_t bytes = verdict == VF_NO_FIT ? worst_short(t) : worst_risk(t);
  if (verdict != VF_NO_FIT && verdict != VF_RISKY) return;
  if (bytes == 0) {
    vf_text_put(text, "   the engine refuses it");
    return;
  }
  vf_text_put(text, verdict == VF_NO_FIT ? "   short by " : "   up to ");
  vf_text_size(text, bytes, t->options->unit, 2);
  vf_text_printf(text, " %s", vf_unit_name(t->options->unit));
  if (verdict == VF_RISKY) vf_text_put(text, " short");
}

static void text_device_name(vf_text *text, const table *t) {
  const vf_device *first = &t->devices[0].device;
  size_t gpus = t->n_devices > 1 ? t->n_devices - 1 : 1;
  vf_text_put(text, first->name);
  bool same = true;
  for (size_t i = 1; i < gpus; i++) same &= strcmp(first->id, t->devices[i].device.id) == 0;
  if (gpus > 1 && same) vf_text_printf(text, " × %zu", gpus);
  for (size_t i = 1; i < gpus && !same; i++)
    vf_text_printf(text, " + %s", t->devices[i].device.name);
  if (first->kind == VF_DEVICE_UNIFIED) vf_text_put(text, " (memory shared with the OS)");
}

static void put_headline(const table *t) {
  char buf[512];
  vf_text text = vf_text_on(buf, sizeof buf);
  const vf_verdict_words *verdict = &vf_verdict_word[vf_estimate_verdict(t->e)];
  const vf_workload *w = vf_estimate_workload(t->e);
  vf_model_info m;
  vf_model_info_get(vf_estimate_model(t->e), &m);
  color(t, verdict->color);
  vf_out_put(t->out, verdict->shown);
  color(t, RESET);
  text_shortfall(&text, t);
  vf_text_put(&text, "   ");
  vf_text_escaped(&text, m.id, strlen(m.id));
  vf_text_printf(&text, " · %s · ", m.quant);
  vf_text_thousands(&text, w->requested_ctx_tokens);
  vf_text_printf(&text, " tokens %s %" PRIu32 " · %s   on ", w->kv_unified ? "shared by" : "×",
                 w->seqs, w->engine);
  text_device_name(&text, t);
  vf_text_put(&text, "\n\n");
  vf_out_text(t->out, &text);
}

/* ---- One device ------------------------------------------------------------------------- */

static void put_row(const table *t, const char *label, vf_interval size, const char *basis,
                    const char *note) {
  char buf[64];
  vf_text text = vf_text_on(buf, sizeof buf);
  vf_text_interval(&text, size, t->options->unit);
  vf_text_printf(&text, " %s", vf_unit_name(t->options->unit));
  vf_out_put(t->out, "  ");
  put_left(t->out, label, LABEL_WIDTH);
  put_right(t->out, buf, SIZE_WIDTH);
  vf_out_put(t->out, "  ");
  if (t->options->bars) put_bar(t, size.bytes);
  if (t->options->bars) vf_out_put(t->out, "  ");
  color(t, DIM);
  if (note[0] == '\0')
    vf_out_put(t->out, basis);
  else
    put_left(t->out, basis, BASIS_WIDTH);
  vf_out_put(t->out, note);
  color(t, RESET);
  vf_out_put(t->out, "\n");
}

/* All lines of one part of one device as one row; their note is the first one's. */
static void put_part(const table *t, uint32_t device, vf_part part) {
  size_t n;
  const vf_line *lines = vf_estimate_lines(t->e, &n);
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
  if (note != NULL) put_row(t, vf_part_word[part].shown, size, vf_basis_word[basis], note);
}

static const vf_device_budget *host_budget(const table *t) {
  return t->n_devices > 1 ? &t->devices[t->n_devices - 1] : NULL;
}

/* "weights 0.28, compute 0.02": what the host holds, in one line. */
static void text_host_parts(vf_text *text, const table *t, uint32_t host) {
  size_t n;
  const vf_line *lines = vf_estimate_lines(t->e, &n);
  const char *separator = "";
  for (size_t i = 0; i < n; i++) {
    if (lines[i].device != host || lines[i].size.high_bytes < 10 * VF_MIB) continue;
    if (lines[i].growth) continue;
    vf_text_printf(text, "%s%s ", separator, vf_part_word[lines[i].part].shown);
    vf_text_size(text, lines[i].size.bytes, t->options->unit, 2);
    separator = ", ";
  }
}

static void put_host_row(const table *t) {
  const vf_device_budget *host = host_budget(t);
  char buf[256];
  vf_text text = vf_text_on(buf, sizeof buf);
  if (host == NULL || host->need.high_bytes == 0) return;
  text_host_parts(&text, t, (uint32_t)(t->n_devices - 1));
  put_row(t, host->pooled ? "host side" : "host memory", host->need,
          host->pooled ? "same pool" : "apart", buf);
}

/* "119.7 GiB less 8.0 GiB kept for the OS" */
static void text_capacity(vf_text *text, const table *t, const vf_device_budget *b) {
  const char *reserve =
      b->device.kind == VF_DEVICE_UNIFIED ? "kept for the OS" : "kept by the driver";
  if (b->whole.known) reserve = "that the GPU may not take";
  vf_unit unit = t->options->unit;
  if (b->has_pool) reserve = "that the engine leaves alone";
  if (b->device.reserved_bytes == 0 && b->device.used_bytes == 0) return;
  text_bytes(text, b->device.total_bytes, unit);
  if (b->device.reserved_bytes != 0) {
    vf_text_put(text, " less ");
    text_bytes(text, b->device.reserved_bytes, unit);
    vf_text_printf(text, " %s", reserve);
  }
  if (b->device.used_bytes != 0) {
    vf_text_put(text, b->device.reserved_bytes != 0 ? " and " : " less ");
    text_bytes(text, b->device.used_bytes, unit);
    vf_text_put(text, " in use");
  }
}

/* A size in the column of sizes, a few words behind it, and a remark where notes stand. */
static void put_summary_line(const table *t, const char *label, const vf_text *size,
                             const vf_text *words, const vf_text *remark) {
  vf_out_put(t->out, "  ");
  put_left(t->out, label, LABEL_WIDTH);
  put_right(t->out, size->buf, SIZE_WIDTH);
  if (remark->length == 0)
    vf_out_text(t->out, words);
  else
    put_left(t->out, words->buf, NOTE_COLUMN - 2 - LABEL_WIDTH - SIZE_WIDTH);
  color(t, DIM);
  vf_out_text(t->out, remark);
  color(t, RESET);
  vf_out_put(t->out, "\n");
}

static void put_needs(const table *t, const vf_device_budget *b) {
  char size_buf[64], words_buf[64], remark_buf[128];
  vf_text size = vf_text_on(size_buf, sizeof size_buf);
  vf_text words = vf_text_on(words_buf, sizeof words_buf);
  vf_text remark = vf_text_on(remark_buf, sizeof remark_buf);
  vf_text_interval(&size, b->need, t->options->unit);
  vf_text_printf(&size, " %s", vf_unit_name(t->options->unit));
  if (b->device.total_known) {
    vf_text_put(&words, " of ");
    text_bytes(&words, b->capacity_bytes, t->options->unit);
    text_capacity(&remark, t, b);
  }
  put_summary_line(t, "needs", &size, &words, &remark);
}

static void put_headroom(const table *t, const vf_device_budget *b) {
  char size_buf[64], words_buf[64], remark_buf[128];
  vf_text size = vf_text_on(size_buf, sizeof size_buf);
  vf_text words = vf_text_on(words_buf, sizeof words_buf);
  vf_text remark = vf_text_on(remark_buf, sizeof remark_buf);
  vf_text_signed_size(&size, b->headroom_bytes, t->options->unit, 1);
  vf_text_printf(&size, " %s", vf_unit_name(t->options->unit));
  if (b->capacity_bytes > 0 && b->headroom_bytes >= 0)
    vf_text_printf(&words, " = %" PRIu64 " %%",
                   (uint64_t)b->headroom_bytes / (b->capacity_bytes / 100 + 1));
  vf_text_put(&remark, "target ");
  text_bytes(&remark, b->headroom_target_bytes, t->options->unit);
  put_summary_line(t, "headroom", &size, &words, &remark);
}

/* Whether what may come on top has room: "still fits", or what becomes of it. */
static const char *word_of_growth(const table *t) {
  bool fits = true;
  for (size_t i = 0; i < t->n_devices; i++) {
    const vf_device_budget *b = &t->devices[i];
    uint64_t growth = b->whole.known ? b->whole.growth_bytes : b->growth_bytes;
    int64_t left = b->whole.known ? b->whole.headroom_bytes : b->headroom_bytes;
    if (b->device.total_known) fits = fits && left >= 0 && growth <= (uint64_t)left;
  }
  return fits ? "still fits" : "has no room for all of it";
}

/* "may grow  +8.0 GiB  llama-server keeps past prompts (--cache-ram 0: off)   still fits" */
static void put_growth(const table *t) {
  size_t n;
  const vf_line *lines = vf_estimate_lines(t->e, &n);
  for (size_t i = 0; i < n; i++) {
    char size_buf[64], note_buf[160];
    vf_text size = vf_text_on(size_buf, sizeof size_buf),
            note = vf_text_on(note_buf, sizeof note_buf);
    if (!lines[i].growth) continue;
    bool apart = t->devices[lines[i].device].device.kind == VF_DEVICE_HOST &&
                 !t->devices[lines[i].device].pooled;
    bool judged = !apart || t->devices[lines[i].device].device.total_known;
    vf_text_put(&size, "+");
    vf_text_size(&size, lines[i].size.high_bytes, t->options->unit, 1);
    vf_text_printf(&size, " %s", vf_unit_name(t->options->unit));
    vf_text_printf(&note, "  %s", lines[i].note);
    if (apart) vf_text_put(&note, ", in main memory");
    if (judged) vf_text_printf(&note, "   %s", word_of_growth(t));
    vf_out_put(t->out, "  ");
    put_left(t->out, "may grow", LABEL_WIDTH);
    put_right(t->out, size.buf, SIZE_WIDTH);
    vf_out_text(t->out, &note);
    vf_out_put(t->out, "\n");
  }
}

/* The second limit: of all memory, where the GPU may take a part of it alone. */
static void put_whole(const table *t, const vf_device_budget *b) {
  char size_buf[64], words_buf[64], remark_buf[128];
  vf_text size = vf_text_on(size_buf, sizeof size_buf);
  vf_text words = vf_text_on(words_buf, sizeof words_buf);
  vf_text remark = vf_text_on(remark_buf, sizeof remark_buf);
  const vf_whole *w = &b->whole;
  if (!w->known) return;
  vf_text_interval(&size, w->need, t->options->unit);
  vf_text_printf(&size, " %s", vf_unit_name(t->options->unit));
  vf_text_put(&words, " of ");
  text_bytes(&words, w->capacity_bytes, t->options->unit);
  vf_text_put(&remark, "of the whole machine, GPU and host together: ");
  vf_text_signed_size(&remark, w->headroom_bytes, t->options->unit, 1);
  vf_text_printf(&remark, " %s left", vf_unit_name(t->options->unit));
  put_summary_line(t, "all memory", &size, &words, &remark);
}

/* What a serving engine's pool holds: "476,064 tokens · 3.63 requests at 131,072". */
static void put_pool(const table *t) {
  char size_buf[64], words_buf[160], none_buf[1];
  vf_text size = vf_text_on(size_buf, sizeof size_buf);
  vf_text words = vf_text_on(words_buf, sizeof words_buf),
          none = vf_text_on(none_buf, sizeof none_buf);
  const vf_device_budget *b = &t->devices[0];
  const vf_workload *w = vf_estimate_workload(t->e);
  if (!b->has_pool) return;
  vf_text_interval(&size, b->pool, t->options->unit);
  vf_text_printf(&size, " %s", vf_unit_name(t->options->unit));
  vf_text_put(&words, "  ");
  vf_text_thousands(&words, b->pool_tokens);
  vf_text_printf(&words, " tokens · %" PRIu64 ".%02" PRIu64 " requests at ",
                 w->max_concurrency_x100 / 100, w->max_concurrency_x100 % 100);
  vf_text_thousands(&words, w->requested_ctx_tokens);
  uint64_t holds = w->max_concurrency_x100;
  if (w->real_ctx_tokens != 0) {
    holds = w->real_concurrency_x100;
    vf_text_printf(&words, ", %" PRIu64 ".%02" PRIu64 " of ", holds / 100, holds % 100);
    vf_text_thousands(&words, w->real_ctx_tokens);
  }
  if (!w->starts)
    vf_text_put(&words, " · does not start");
  else if (w->max_concurrency_x100 >= 100 && (uint64_t)w->seqs * 100 > holds)
    vf_text_printf(&words, ", %" PRIu32 " wanted · it starts, and the rest waits", w->seqs);
  put_summary_line(t, "pool", &size, &words, &none);
}

static void put_one_device(table *t) {
  const vf_device_budget *b = &t->devices[0];
  t->bar_bytes = b->need.bytes > b->capacity_bytes ? b->need.bytes : b->capacity_bytes;
  for (int p = 0; p < VF_PART_COUNT; p++) put_part(t, 0, (vf_part)p);
  const vf_device_budget *host = host_budget(t);
  if (host != NULL && host->pooled) put_host_row(t);
  put_needs(t, b);
  if (b->device.total_known) put_headroom(t, b);
  put_whole(t, b);
  put_pool(t);
  if (host != NULL && !host->pooled) put_host_row(t);
  put_growth(t);
}

/* ---- Several devices -------------------------------------------------------------------- */

enum { NAME_WIDTH = 26, CELL_WIDTH = 11, WIDE_CELL_WIDTH = 14 };

static const vf_part columns[] = {VF_PART_WEIGHTS, VF_PART_KV_CACHE, VF_PART_COMPUTE};

static void put_head(const table *t) {
  vf_out_put(t->out, "  ");
  put_left(t->out, vf_unit_name(t->options->unit), NAME_WIDTH);
  for (size_t i = 0; i < sizeof columns / sizeof *columns; i++)
    put_right(t->out, vf_part_word[columns[i]].shown, CELL_WIDTH);
  put_right(t->out, "needs", WIDE_CELL_WIDTH);
  put_right(t->out, "of", CELL_WIDTH);
  put_right(t->out, "headroom", CELL_WIDTH);
  vf_out_put(t->out, "\n");
}

static void put_cell(const table *t, uint64_t bytes) {
  char buf[32];
  vf_text text = vf_text_on(buf, sizeof buf);
  vf_text_size(&text, bytes, t->options->unit, 2);
  put_right(t->out, buf, CELL_WIDTH);
}

static void put_verdict_cells(const table *t, const vf_device_budget *b) {
  char buf[32];
  vf_text text = vf_text_on(buf, sizeof buf);
  if (!b->device.total_known) return;
  put_cell(t, b->capacity_bytes);
  vf_text_signed_size(&text, b->headroom_bytes, t->options->unit, 2);
  put_right(t->out, buf, CELL_WIDTH);
  vf_out_put(t->out, "  ");
  color(t, vf_verdict_word[b->verdict].color);
  vf_out_put(t->out, vf_verdict_word[b->verdict].shown);
  color(t, RESET);
}

static void put_device_row(const table *t, size_t i, size_t alike) {
  const vf_device_budget *b = &t->devices[i];
  char name[80], need[48];
  vf_text name_text = vf_text_on(name, sizeof name), need_text = vf_text_on(need, sizeof need);
  bool host = b->device.kind == VF_DEVICE_HOST;
  if (host)
    vf_text_put(&name_text, "host memory");
  else if (alike > 1)
    vf_text_printf(&name_text, "%zu × %s, each", alike, b->device.id);
  else
    vf_text_printf(&name_text, "%s #%zu", b->device.id, i);
  vf_text_interval(&need_text, b->need, t->options->unit);
  vf_out_put(t->out, "  ");
  put_left(t->out, name, NAME_WIDTH);
  for (size_t c = 0; c < sizeof columns / sizeof *columns; c++)
    put_cell(t, b->part_bytes[columns[c]]);
  put_right(t->out, need, WIDE_CELL_WIDTH);
  put_verdict_cells(t, b);
  vf_out_put(t->out, "\n");
}

/* "others hold  1.2 GiB on #0, 4.9 GiB on #1" */
static void put_in_use(const table *t) {
  char buf[256];
  vf_text text = vf_text_on(buf, sizeof buf);
  for (size_t i = 0; i < t->n_devices; i++) {
    const vf_device *d = &t->devices[i].device;
    if (d->used_bytes == 0 || !d->total_known) continue;
    vf_text_put(&text, text.length > 0 ? ", " : "others hold ");
    text_bytes(&text, d->used_bytes, t->options->unit);
    vf_text_printf(&text, " on #%zu", i);
  }
  if (text.length == 0) return;
  vf_out_put(t->out, "  ");
  color(t, DIM);
  vf_out_text(t->out, &text);
  color(t, RESET);
  vf_out_put(t->out, "\n");
}

static void put_many_devices(const table *t) {
  put_head(t);
  for (size_t i = 0, alike; i < t->n_devices; i += alike) {
    alike = vf_chart_alike(t->devices, t->n_devices, i);
    if (t->devices[i].device.kind != VF_DEVICE_HOST || t->devices[i].need.high_bytes != 0)
      put_device_row(t, i, alike);
  }
  put_in_use(t);
  put_pool(t);
  put_growth(t);
}

/* ---- Speed ------------------------------------------------------------------------------ */

/* "bound by 273 GB/s": what has to be faster, for this to be. */
static void text_bound(vf_text *text, const vf_speed *s) {
  static const char *const words[VF_BOUND_COUNT] = {
      [VF_BOUND_MEMORY] = "",
      [VF_BOUND_HOST_MEMORY] = " of main memory",
      [VF_BOUND_LINK] = " between devices",
      [VF_BOUND_COMPUTE] = "arithmetic",
      [VF_BOUND_LAUNCHES] = "the fixed part of every layer",
  };
  vf_text_put(text, ", bound by ");
  if (s->bound_mb_per_s != 0) {
    vf_text_thousands(text, (s->bound_mb_per_s + 500) / 1000);
    vf_text_put(text, " GB/s");
  } else if (words[s->bound][0] == ' ') {
    vf_text_put(text, s->bound == VF_BOUND_LINK ? "the link" : "main memory");
    return;
  }
  vf_text_put(text, words[s->bound]);
}

static void put_speed(const table *t) {
  char buf[256];
  vf_text text = vf_text_on(buf, sizeof buf);
  vf_speed s;
  vf_estimate_speed(t->e, &s);
  if (!s.decode_known || vf_estimate_verdict(t->e) == VF_NO_FIT) return;
  vf_text_rates(&text, s.decode, 1);
  vf_text_put(&text, " tokens/s");
  if (s.seqs > 1) {
    vf_text_printf(&text, " for %" PRIu32 " sequences, ", s.seqs);
    vf_text_rates(&text, s.decode, s.seqs);
    vf_text_put(&text, " each");
  }
  text_bound(&text, &s);
  if (s.basis == VF_BASIS_ASSUMED) vf_text_put(&text, " · assumed");
  vf_out_put(t->out, "  ");
  put_left(t->out, "decode", LABEL_WIDTH);
  vf_out_text(t->out, &text);
  vf_out_put(t->out, "\n");
}

/* Of a prompt as long as the context. */
static void explain_prefill(const table *t, const vf_speed *s) {
  char buf[256];
  vf_text text = vf_text_on(buf, sizeof buf);
  if (!s->prefill_known) return;
  vf_text_put(&text, "  prefill: ");
  vf_text_rates(&text, s->prefill, 1);
  vf_text_printf(&text,
                 " tokens/s = %.1f GFLOP a token at %" PRIu32 " %% of %.0f TFLOPS in %" PRIu32,
                 (double)s->prompt_operations / 1e9, (s->prompt_share_permille + 5) / 10,
                 s->prompt_gflops / 1000.0, s->prompt_chunks);
  vf_text_printf(&text, " chunks; first token after %.1f–%.1f s  [%s]\n",
                 (double)s->first_token_ms.low / 1000, (double)s->first_token_ms.high / 1000,
                 s->prefill_basis == VF_BASIS_ASSUMED ? "assumed" : "tests/truth/fit_speed.py");
  vf_out_text(t->out, &text);
}

static void explain_speed(const table *t) {
  char formula[1024];
  vf_speed s;
  vf_estimate_speed(t->e, &s);
  vf_speed_explain(t->e, formula, sizeof formula);
  vf_out_put(t->out, "  decode: ");
  vf_out_put(t->out, formula);
  vf_out_put(t->out, "\n");
  explain_prefill(t, &s);
}

/* ---- What else fits --------------------------------------------------------------------- */

/* The separator in front of every choice but the first. */
static void next_choice(vf_text *text) {
  if (text->length > 0) vf_text_put(text, " · ");
}

static void text_room(vf_text *text, const table *t, const vf_limits *l) {
  const vf_workload *w = vf_estimate_workload(t->e);
  vf_text_thousands(text, l->max_ctx_tokens);
  vf_text_put(text, l->ctx_is_model_limit ? " tokens (the model's limit)" : " tokens");
  next_choice(text);
  vf_text_thousands(text, l->max_seqs);
  vf_text_put(text, l->max_seqs == 1 ? " sequence" : " sequences");
  if (!w->kv_unified) vf_text_put(text, " at ");
  if (!w->kv_unified) vf_text_thousands(text, w->requested_ctx_tokens);
  if (l->seqs_is_engine_limit) vf_text_put(text, " (the engine's limit)");
  next_choice(text);
  vf_text_put(text, l->quant);
}

static void put_way(const table *t, const vf_way *w, bool first) {
  enum { WAY_COLUMNS = 44 };
  char buf[256];
  vf_text text = vf_text_on(buf, sizeof buf);
  vf_out_put(t->out, first ? "\n  " : "  ");
  put_left(t->out, first ? "would fit" : "", LABEL_WIDTH);
  vf_way_text(&text, w, t->devices[0].device.id);
  put_left(t->out, buf, WAY_COLUMNS);
  text = vf_text_on(buf, sizeof buf);
  vf_text_put(&text, "  ");
  text_bytes(&text, w->need_high_bytes, t->options->unit);
  if (w->decode.high != 0) {
    vf_text_put(&text, ", ");
    vf_text_rates(&text, w->decode, 1);
    vf_text_put(&text, " tokens/s");
  }
  vf_out_text(t->out, &text);
  vf_out_put(t->out, "\n");
}

static void put_limits(const table *t, const vf_limits *l) {
  char buf[256];
  vf_text text = vf_text_on(buf, sizeof buf);
  bool fits = vf_estimate_verdict(t->e) == VF_FITS;
  for (size_t i = 0; i < l->n_ways; i++) put_way(t, &l->ways[i], i == 0);
  if (!fits && l->n_ways > 0) {
    vf_out_put(t->out, "\n");
    return;
  }
  if (fits)
    text_room(&text, t, l);
  else
    vf_text_put(&text, "no way to run this model on this device was found");
  vf_out_put(t->out, "\n  ");
  put_left(t->out, fits ? "room for" : "would fit", LABEL_WIDTH);
  vf_out_text(t->out, &text);
  vf_out_put(t->out, "\n");
}

static void put_assumptions(const table *t) {
  size_t n;
  const vf_assumption *a = vf_estimate_assumptions(t->e, &n);
  color(t, DIM);
  for (size_t i = 0; i < n; i++) {
    vf_out_put(t->out, "  ");
    put_left(t->out, i == 0 ? "assumes" : "", LABEL_WIDTH);
    vf_out_escaped(t->out, a[i].text);
    vf_out_put(t->out, "\n");
  }
  color(t, RESET);
}

/* Ranks of a parallel group hold the same: it is told once. */
static bool is_told(const table *t, const vf_line *lines, size_t i) {
  const vf_line *l = &lines[i];
  if (!t->devices[l->device].has_pool) return false;
  for (size_t j = 0; j < i; j++)
    if (strcmp(lines[j].name, l->name) == 0 && lines[j].device != l->device &&
        memcmp(&lines[j].size, &l->size, sizeof l->size) == 0)
      return true;
  return false;
}

static void put_explanations(const table *t) {
  size_t n;
  const vf_line *lines = vf_estimate_lines(t->e, &n);
  vf_out_put(t->out, "\n");
  for (size_t i = 0; i < n; i++) {
    char formula[2048];
    if (is_told(t, lines, i)) continue;
    vf_estimate_explain(t->e, i, formula, sizeof formula);
    vf_out_printf(t->out, "  %s, %s: ", t->devices[lines[i].device].device.id, lines[i].name);
    vf_out_put(t->out, formula);
    vf_out_put(t->out, "\n");
  }
  explain_speed(t);
}

/* A command on one line, to be copied; a file's lines below each other. */
static void put_launch(const table *t, const vf_launch *l) {
  t->out->verbatim = true;
  for (size_t i = 0; i < l->count; i++) {
    const vf_launch_item *item = &l->items[i];
    bool file = strcmp(item->kind, "file") == 0;
    vf_out_put(t->out, i == 0 ? "\n  " : "  ");
    put_left(t->out, file ? item->name : "launch", LABEL_WIDTH);
    if (file && (int)vf_text_columns(item->name) >= LABEL_WIDTH)
      vf_out_put(t->out, "\n             ");
    for (const char *s = item->text; *s != '\0'; s++) {
      vf_out_bytes(t->out, s, 1);
      if (*s == '\n') vf_out_spaces(t->out, LABEL_WIDTH + 2);
    }
    vf_out_put(t->out, "\n");
  }
  t->out->verbatim = false;
  if (l->note[0] == '\0') return;
  vf_out_spaces(t->out, LABEL_WIDTH + 2);
  vf_out_put(t->out, l->note);
  vf_out_put(t->out, "\n");
}

void vf_report_table(vf_out *out, const vf_estimate *e, const vf_limits *limits,
                     const vf_report_options *options) {
  table t = {.out = out, .e = e, .options = options};
  t.devices = vf_estimate_devices(e, &t.n_devices);
  if (options->offers != NULL) {
    vf_offers_page(out, e, options);
    if (options->launch != NULL) put_launch(&t, options->launch);
    return;
  }
  put_headline(&t);
  if (t.n_devices <= 2)
    put_one_device(&t);
  else
    put_many_devices(&t);
  if (limits != NULL) put_limits(&t, limits);
  put_speed(&t);
  put_assumptions(&t);
  if (options->explain) put_explanations(&t);
  if (options->launch != NULL) put_launch(&t, options->launch);
}
