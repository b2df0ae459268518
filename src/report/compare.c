/* compare.c - deployments side by side: a row for each figure, a column for each deployment.
 *
 * What is the same for all is told once, above.  With two of them, a last column has the
 * difference. Devices are summed up, main memory beside them apart; the headroom is that of the
 * device that has least. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/args.h"
#include "base/status.h"
#include "base/units.h"
#include "core/estimate.h"
#include "core/words.h"
#include "report/document.h"
#include "report/report.h"

enum { TEXT = 80, GAP = 3 };

typedef struct page {
  vf_out *out;
  const vf_compared *list;
  size_t n;
  const vf_report_options *options;
  int first, widths[VF_MAX_COMPARED + 1];
  bool measuring; /* the first pass finds the widths */
} page;

/* The sums of one deployment. */
typedef struct sums {
  uint64_t part[VF_PART_COUNT], capacity, host;
  vf_interval need;
  int64_t headroom;
  bool known; /* the capacity is */
} sums;

static sums sum_up(const vf_estimate *e) {
  sums s = {.headroom = INT64_MAX};
  size_t n;
  const vf_device_budget *b = vf_estimate_devices(e, &n);
  for (size_t i = 0; i < n; i++) {
    bool beside = b[i].device.kind == VF_DEVICE_HOST && n > 1;
    if (beside) s.host += b[i].need.high_bytes + b[i].growth_bytes;
    if (b[i].device.total_known && !b[i].pooled && b[i].headroom_bytes < s.headroom)
      s.headroom = b[i].headroom_bytes;
    if (beside) continue;
    for (int p = 0; p < VF_PART_COUNT; p++) s.part[p] += b[i].part_bytes[p];
    s.need.low_bytes += b[i].need.low_bytes;
    s.need.bytes += b[i].need.bytes;
    s.need.high_bytes += b[i].need.high_bytes;
    s.capacity += b[i].capacity_bytes;
    s.known |= b[i].device.total_known;
  }
  return s;
}

/* ---- Rows ------------------------------------------------------------------------------- */

static bool markdown(const page *p) {
  return p->options->format == VF_REPORT_MARKDOWN;
}

static void put_row(page *p, const char *name, char cells[][TEXT], const char *const *colors) {
  size_t columns = p->n + (p->n == 2);
  if (p->measuring) {
    if ((int)vf_text_columns(name) > p->first) p->first = (int)vf_text_columns(name);
    for (size_t i = 0; i < columns; i++)
      if ((int)vf_text_columns(cells[i]) > p->widths[i])
        p->widths[i] = (int)vf_text_columns(cells[i]);
    return;
  }
  vf_out_put(p->out, markdown(p) ? "| " : "  ");
  vf_out_put(p->out, name);
  vf_out_spaces(p->out, p->first - (int)vf_text_columns(name));
  for (size_t i = 0; i < columns; i++) {
    bool colored = colors != NULL && colors[i] != NULL;
    if (!markdown(p) && i + 1 == columns && cells[i][0] == '\0') break;
    vf_out_put(p->out, markdown(p) ? " | " : "");
    vf_out_spaces(p->out, p->widths[i] - (int)vf_text_columns(cells[i]) + (markdown(p) ? 0 : GAP));
    if (colored) vf_out_color(p->out, colors[i]);
    vf_out_put(p->out, cells[i]);
    if (colored) vf_out_color(p->out, VF_OUT_RESET);
  }
  vf_out_put(p->out, markdown(p) ? " |\n" : "\n");
}

static void put_rule(const page *p) {
  if (p->measuring || !markdown(p)) return;
  vf_out_put(p->out, "|:");
  for (int i = 0; i <= p->first; i++) vf_out_put(p->out, "-");
  for (size_t c = 0; c < p->n + (p->n == 2); c++) {
    vf_out_put(p->out, "|");
    for (int i = 0; i <= p->widths[c]; i++) vf_out_put(p->out, "-");
    vf_out_put(p->out, ":");
  }
  vf_out_put(p->out, "|\n");
}

static void text_difference(char out[TEXT], const page *p, int64_t difference) {
  vf_text t = vf_text_on(out, TEXT);
  if (difference == 0) return;
  if (difference > 0) vf_text_put(&t, "+");
  vf_text_signed_size(&t, difference, p->options->unit, 2);
}

/* A row of words; all the same: none, as it stands above. */
typedef void (*word_fn)(vf_text *t, const vf_compared *c);

static void word_model(vf_text *t, const vf_compared *c) {
  vf_model_info m;
  vf_model_info_get(vf_estimate_model(c->estimate), &m);
  vf_text_escaped(t, m.id, strlen(m.id));
}

static void word_quant(vf_text *t, const vf_compared *c) {
  vf_model_info m;
  vf_model_info_get(vf_estimate_model(c->estimate), &m);
  vf_text_put(t, m.quant);
}

static void word_ctx(vf_text *t, const vf_compared *c) {
  vf_text_thousands(t, vf_estimate_workload(c->estimate)->requested_ctx_tokens);
}

static void word_seqs(vf_text *t, const vf_compared *c) {
  vf_text_printf(t, "%" PRIu32, vf_estimate_workload(c->estimate)->seqs);
}

static void word_kv(vf_text *t, const vf_compared *c) {
  const vf_workload *w = vf_estimate_workload(c->estimate);
  vf_text_put(t, vf_format_get(w->kv_k)->name);
  if (w->kv_v != w->kv_k) vf_text_printf(t, "/%s", vf_format_get(w->kv_v)->name);
}

static void word_engine(vf_text *t, const vf_compared *c) {
  const vf_workload *w = vf_estimate_workload(c->estimate);
  vf_text_put(t, w->engine);
  if (w->tp > 1) vf_text_printf(t, " tp %" PRIu32, w->tp);
  if (w->pp > 1) vf_text_printf(t, " pp %" PRIu32, w->pp);
}

static void word_device(vf_text *t, const vf_compared *c) {
  size_t n;
  const vf_device_budget *b = vf_estimate_devices(c->estimate, &n);
  size_t gpus = n > 1 ? n - 1 : 1;
  vf_text_put(t, b[0].device.id);
  if (gpus > 1) vf_text_printf(t, " × %zu", gpus);
}

/* And the words around it, where it is told in one line with the others. */
static const struct {
  const char *name;
  word_fn text;
  const char *before, *behind;
} word_rows[] = {{"model", word_model, "", ""},        {"format", word_quant, "", ""},
                 {"context", word_ctx, "", " tokens"}, {"sequences", word_seqs, "", " at once"},
                 {"cache in", word_kv, "KV in ", ""},  {"engine", word_engine, "", ""},
                 {"on", word_device, "on ", ""}};
enum { WORD_ROWS = sizeof word_rows / sizeof *word_rows };

/* True if all that are known have the same word. */
static bool fill_words(char cells[][TEXT], const page *p, size_t row) {
  const char *first = NULL;
  bool same = true;
  for (size_t i = 0; i < p->n; i++) {
    vf_text t = vf_text_on(cells[i], TEXT);
    if (p->list[i].estimate == NULL) {
      vf_text_put(&t, "–");
      continue;
    }
    word_rows[row].text(&t, &p->list[i]);
    same &= first == NULL || strcmp(first, cells[i]) == 0;
    if (first == NULL) first = cells[i];
  }
  return same;
}

static void put_words(page *p) {
  for (size_t r = 0; r < WORD_ROWS; r++) {
    char cells[VF_MAX_COMPARED + 1][TEXT] = {""};
    if (!fill_words(cells, p, r)) put_row(p, word_rows[r].name, cells, NULL);
  }
}

/* What all have in common, in one line. */
static void put_common(const page *p) {
  const char *between = "";
  for (size_t r = 0; r < WORD_ROWS; r++) {
    char cells[VF_MAX_COMPARED + 1][TEXT] = {""};
    size_t known = 0;
    if (!fill_words(cells, p, r)) continue; /* told below */
    while (known < p->n && p->list[known].estimate == NULL) known++;
    if (known == p->n || strcmp(cells[known], "1") == 0) continue;
    vf_out_printf(p->out, "%s%s%s%s", between, word_rows[r].before, cells[known],
                  word_rows[r].behind);
    between = " · ";
  }
  if (between[0] != '\0') vf_out_put(p->out, "\n\n");
}

/* ---- Figures ---------------------------------------------------------------------------- */

static void put_verdicts(page *p) {
  char cells[VF_MAX_COMPARED + 1][TEXT] = {""};
  const char *colors[VF_MAX_COMPARED + 1] = {NULL};
  for (size_t i = 0; i < p->n; i++) {
    const vf_estimate *e = p->list[i].estimate;
    snprintf(cells[i], TEXT, "%s", e == NULL ? "–" : vf_verdict_word[vf_estimate_verdict(e)].shown);
    if (e != NULL) colors[i] = vf_verdict_word[vf_estimate_verdict(e)].color;
  }
  put_row(p, "", cells, colors);
}

typedef struct figure {
  bool known;
  uint64_t low, bytes, high;
} figure;

/* A row of sizes; left out where all are 0. */
static void put_sizes(page *p, const char *name, const figure *figures) {
  char cells[VF_MAX_COMPARED + 1][TEXT] = {""};
  bool any = false;
  for (size_t i = 0; i < p->n; i++) {
    vf_text t = vf_text_on(cells[i], TEXT);
    any |= figures[i].known && figures[i].high != 0;
    if (!figures[i].known)
      vf_text_put(&t, "–");
    else if (figures[i].low == figures[i].high)
      vf_text_size(&t, figures[i].bytes, p->options->unit, 2);
    else {
      vf_text_size(&t, figures[i].low, p->options->unit, 1);
      vf_text_put(&t, "–");
      vf_text_size(&t, figures[i].high, p->options->unit, 1);
    }
  }
  if (p->n == 2 && figures[0].known && figures[1].known)
    text_difference(cells[2], p, (int64_t)figures[1].bytes - (int64_t)figures[0].bytes);
  if (any) put_row(p, name, cells, NULL);
}

static void put_headroom(page *p) {
  char cells[VF_MAX_COMPARED + 1][TEXT] = {""};
  int64_t values[VF_MAX_COMPARED] = {0};
  bool all = true;
  for (size_t i = 0; i < p->n; i++) {
    vf_text t = vf_text_on(cells[i], TEXT);
    sums s = {0};
    if (p->list[i].estimate != NULL) s = sum_up(p->list[i].estimate);
    all &= s.known;
    values[i] = s.headroom;
    if (!s.known)
      vf_text_put(&t, "–");
    else {
      if (s.headroom >= 0) vf_text_put(&t, "+");
      vf_text_signed_size(&t, s.headroom, p->options->unit, 2);
    }
  }
  if (p->n == 2 && all) text_difference(cells[2], p, values[1] - values[0]);
  put_row(p, "headroom", cells, NULL);
}

static figure exactly(uint64_t bytes) {
  return (figure){true, bytes, bytes, bytes};
}

static void put_figures(page *p) {
  figure rows[VF_PART_COUNT + 3][VF_MAX_COMPARED] = {{{0}}};
  for (size_t i = 0; i < p->n; i++) {
    if (p->list[i].estimate == NULL) continue;
    sums s = sum_up(p->list[i].estimate);
    for (int part = 0; part < VF_PART_COUNT; part++) rows[part][i] = exactly(s.part[part]);
    rows[VF_PART_COUNT][i] = (figure){true, s.need.low_bytes, s.need.bytes, s.need.high_bytes};
    if (s.known) rows[VF_PART_COUNT + 1][i] = exactly(s.capacity);
    rows[VF_PART_COUNT + 2][i] = exactly(s.host);
  }
  for (int part = 0; part < VF_PART_COUNT; part++)
    put_sizes(p, vf_part_word[part].shown, rows[part]);
  put_sizes(p, "needs", rows[VF_PART_COUNT]);
  put_sizes(p, "of", rows[VF_PART_COUNT + 1]);
  put_headroom(p);
  put_sizes(p, "host, up to", rows[VF_PART_COUNT + 2]);
}

/* ---- What else fits --------------------------------------------------------------------- */

static void put_limits(page *p) {
  char ctx[VF_MAX_COMPARED + 1][TEXT] = {""}, seqs[VF_MAX_COMPARED + 1][TEXT] = {""};
  char quant[VF_MAX_COMPARED + 1][TEXT] = {""};
  for (size_t i = 0; i < p->n; i++) {
    const vf_limits *l = p->list[i].limits;
    vf_text t = vf_text_on(ctx[i], TEXT);
    if (l == NULL || l->max_ctx_tokens == 0)
      vf_text_put(&t, "–");
    else
      vf_text_thousands(&t, l->max_ctx_tokens);
    t = vf_text_on(seqs[i], TEXT);
    if (l == NULL || l->max_seqs == 0)
      vf_text_put(&t, "–");
    else
      vf_text_thousands(&t, l->max_seqs);
    snprintf(quant[i], TEXT, "%s", l == NULL || l->quant[0] == '\0' ? "–" : l->quant);
  }
  put_row(p, "most tokens", ctx, NULL);
  put_row(p, "most sequences", seqs, NULL);
  put_row(p, "widest format", quant, NULL);
}

static void text_letter(char out[TEXT], size_t i) {
  snprintf(out, TEXT, "%c", (char)('A' + (int)i));
}

static void put_rows(page *p) {
  char head[VF_MAX_COMPARED + 1][TEXT] = {""};
  for (size_t i = 0; i < p->n; i++) text_letter(head[i], i);
  if (p->n == 2) snprintf(head[2], TEXT, "B - A");
  put_row(p, vf_unit_name(p->options->unit), head, NULL);
  put_rule(p);
  put_verdicts(p);
  put_words(p);
  put_figures(p);
  put_limits(p);
}

/* ---- The page --------------------------------------------------------------------------- */

static void put_names(const page *p) {
  for (size_t i = 0; i < p->n; i++) {
    char buf[1024], letter[TEXT];
    vf_text t = vf_text_on(buf, sizeof buf);
    text_letter(letter, i);
    vf_text_escaped(&t, p->list[i].label, strlen(p->list[i].label));
    if (buf[0] == '\0') vf_text_put(&t, "nothing more");
    vf_out_printf(p->out, markdown(p) ? "- %s: `%s`\n" : "%s  %s\n", letter, buf);
  }
  vf_out_put(p->out, "\n");
}

static void put_refusals(const page *p) {
  const char *before = "\n";
  for (size_t i = 0; i < p->n; i++) {
    char buf[1400];
    vf_text t = vf_text_on(buf, sizeof buf);
    if (p->list[i].estimate != NULL) continue;
    vf_text_printf(&t, "%s%s%c  ", before, markdown(p) ? "- " : "  ", (char)('A' + (int)i));
    vf_text_escaped(&t, p->list[i].refusal, strlen(p->list[i].refusal));
    vf_text_put(&t, "\n");
    vf_out_text(p->out, &t);
    before = "";
  }
}

static void write_page(page *p) {
  put_common(p);
  put_names(p);
  p->measuring = true;
  put_rows(p);
  p->measuring = false;
  put_rows(p);
  put_refusals(p);
}

typedef struct compared {
  const vf_compared *list;
  size_t n;
} compared;

static void events(vf_doc *j, const void *result) {
  const compared *c = result;
  const vf_compared *list = c->list;
  vf_doc_open(j, NULL, '{');
  vf_doc_string(j, "format_version", VF_DOC_VERSION);
  vf_doc_open(j, "deployments", '[');
  for (size_t i = 0; i < c->n; i++) {
    vf_doc_open_row(j, NULL);
    vf_doc_string(j, "label", list[i].label);
    if (list[i].estimate != NULL)
      vf_estimate_events(j, list[i].estimate, list[i].limits, list[i].deployment);
    else
      vf_doc_string(j, "refused", list[i].refusal);
    vf_doc_close(j, '}');
  }
  vf_doc_close(j, ']');
  vf_doc_close(j, '}');
}

/* Each has a name, and a result or a reason why there is none. */
static vf_status check_sides(const vf_compared *list, size_t count, vf_error *err) {
  for (size_t i = 0; i < count; i++) {
    if (list[i].label == NULL || (list[i].estimate == NULL && list[i].refusal == NULL))
      return vf_fail(err, VF_USAGE, "vf_compared: a label, and an estimate or a refusal, is NULL");
    if (list[i].estimate != NULL && vf_estimate_needed(list[i].estimate, err) != VF_OK)
      return VF_USAGE;
  }
  return VF_OK;
}

static void put_page(vf_out *out, const void *result, const vf_report_options *options) {
  const compared *all = result;
  write_page(&(page){.out = out, .list = all->list, .n = all->n, .options = options});
}

/* Markdown is set by hand, too: side by side. */
vf_status vf_comparison_write(const vf_compared *list, size_t count,
                              const vf_report_options *options, vf_write_fn write, void *user,
                              vf_error *err) {
  const compared all = {list, count};
  VF_NEED(err, list);
  VF_NEED(err, write);
  if (count == 0 || count > VF_MAX_COMPARED)
    return vf_fail(err, VF_LIMIT, "1 to %d deployments stand side by side", VF_MAX_COMPARED);
  vf_status status = check_sides(list, count, err);
  if (status != VF_OK) return status;
  return vf_result_write(options, 1U << VF_REPORT_MARKDOWN, put_page, events, &all, write, user,
                         err);
}
