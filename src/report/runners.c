/* runners.c - which models run on a device, which devices carry a model. */
#include <inttypes.h>
#include <string.h>

#include "base/args.h"
#include "base/checked.h"
#include "base/units.h"
#include "core/words.h"
#include "report/document.h"
#include "report/offers.h"
#include "solve/runners.h"

enum { NAME_COLUMNS = 28, USUAL_CTX = 8192 };

/* Columns behind the name.  Where a terminal is narrow, those that say least go first. */
typedef enum column { SIZE, FORMAT, WEIGHTS, NEEDS, SPEED, COLUMNS } column;

static const int widths[COLUMNS] = {
    [SIZE] = 10, [FORMAT] = 11, [WEIGHTS] = 12, [NEEDS] = 14, [SPEED] = 10};
static const column dispensable[] = {WEIGHTS, SIZE, NEEDS, SPEED};

typedef struct page {
  vf_out *out;
  const vf_runners *r;
  const vf_report_options *o;
  int name_columns;
  size_t remark_columns;
  bool hidden[COLUMNS];
} page;

/* "8.2B", "494M". */
static void text_params(vf_text *t, uint64_t n) {
  uint64_t unit = n >= 1000000000 ? 1000000000 : 1000000, tenths = n * 10 / unit;
  if (tenths < 1000)
    vf_text_printf(t, "%" PRIu64 ".%" PRIu64, tenths / 10, tenths % 10);
  else
    vf_text_printf(t, "%" PRIu64, n / unit);
  vf_text_put(t, unit == 1000000 ? "M" : "B");
}

static void put_headline(const page *p, size_t shown) {
  char buf[320];
  vf_text t = vf_text_on(buf, sizeof buf);
  const vf_runners *r = p->r;
  if (r->models)
    vf_text_printf(&t, "%zu of %zu models run on ", r->count, r->looked_at);
  else
    vf_text_printf(&t, "%zu of %zu devices carry ", r->count, r->looked_at);
  vf_text_put(&t, r->named != NULL ? r->named : "it");
  if (r->models && r->capacity_bytes != 0) {
    vf_text_put(&t, " (");
    vf_text_size(&t, r->capacity_bytes, p->o->unit, 1);
    vf_text_printf(&t, " %s usable)", vf_unit_name(p->o->unit));
  }
  vf_text_put(&t, ", with ");
  if (VF_CTX_IS_WHOLE(r->ctx_tokens))
    vf_text_put(&t, "its whole");
  else
    vf_text_tokens(&t, r->ctx_tokens != 0 ? r->ctx_tokens : USUAL_CTX);
  vf_text_put(&t, " context");
  if (r->seqs > 1) vf_text_printf(&t, " × %" PRIu64, r->seqs);
  vf_out_text(p->out, &t);
  const char *which =
      r->models ? "; these are often used\n\n" : "; of those that many have, the smallest\n\n";
  vf_out_put(p->out, shown < r->count ? which : "\n\n");
}

/* Formats are words, and words stand at the left; the last column has no blanks behind it. */
static void put_cell(const page *p, column c, const char *text) {
  if (c != FORMAT)
    vf_out_right(p->out, text, widths[c]);
  else
    vf_out_left(p->out, text, p->hidden[SPEED] ? 0 : widths[c]);
}

static void put_head(const page *p) {
  const char *const heads[COLUMNS] = {[SIZE] = p->r->models ? "parameters" : "usable",
                                      [FORMAT] = "  format",
                                      [WEIGHTS] = "weights",
                                      [NEEDS] = "needs",
                                      [SPEED] = "tokens/s"};
  vf_out_put(p->out, "  ");
  vf_out_left(p->out, p->r->models ? "model" : "device", p->name_columns);
  for (int c = 0; c < COLUMNS; c++) {
    if (p->hidden[c]) continue;
    put_cell(p, (column)c, heads[c]);
  }
  vf_out_put(p->out, "\n");
}

static void text_gib(vf_text *t, const page *p, uint64_t bytes) {
  vf_text_size(t, bytes, p->o->unit, 1);
  vf_text_printf(t, " %s", vf_unit_name(p->o->unit));
}

static void text_cell(vf_text *t, const page *p, const vf_runner *r, column c) {
  switch (c) {
  case SIZE:
    if (p->r->models)
      text_params(t, r->params);
    else
      text_gib(t, p, r->capacity_bytes);
    break;
  case FORMAT: vf_text_printf(t, "  %s", r->quant); break;
  case WEIGHTS: text_gib(t, p, r->weights_bytes); break;
  case NEEDS: text_gib(t, p, r->need_high_bytes); break;
  case SPEED:
    if (r->decode.high != 0) vf_text_rates(t, r->decode, 1);
    break;
  case COLUMNS: break;
  }
}

static void text_remark(vf_text *t, const vf_runner *r) {
  vf_text_put(t, r->verdict == VF_TIGHT ? "  tight" : "");
  if (r->cpu_moe_layers != 0) vf_text_printf(t, "  --n-cpu-moe %" PRIu32, r->cpu_moe_layers);
}

static void put_row(const page *p, const vf_runner *r) {
  char buf[96];
  vf_out_put(p->out, "  ");
  vf_out_left(p->out, r->id, p->name_columns);
  for (int c = 0; c < COLUMNS; c++) {
    vf_text t = vf_text_on(buf, sizeof buf);
    if (p->hidden[c]) continue;
    buf[0] = '\0';
    text_cell(&t, p, r, (column)c);
    put_cell(p, (column)c, buf);
  }
  vf_text t = vf_text_on(buf, sizeof buf);
  text_remark(&t, r);
  vf_out_printf(p->out, "%s\n", t.buf);
}

/* The popular ones, unless none of those is there. */
static bool is_shown(const page *p, const vf_runner *r, size_t shown, bool any_popular) {
  if (p->o->rows == 0) return true;
  return (r->popular || !any_popular) && shown < p->o->rows;
}

/* Columns of a row with the longest of what some say behind it. */
static size_t width_of(const page *p) {
  size_t width = 2 + (size_t)p->name_columns + p->remark_columns;
  for (int c = 0; c < COLUMNS; c++) width += p->hidden[c] ? 0 : (size_t)widths[c];
  return width;
}

/* Names as wide as they are, then fewer columns. */
static void lay_out(page *p, bool any_popular) {
  enum { LAST = sizeof dispensable / sizeof *dispensable };
  size_t shown = 0, most = p->out->columns, longest = strlen("device");
  p->name_columns = NAME_COLUMNS;
  if (most == 0) return;
  for (size_t i = 0; i < p->r->count; i++) {
    const vf_runner *r = &p->r->list[i];
    char buf[48];
    vf_text t = vf_text_on(buf, sizeof buf);
    if (!is_shown(p, r, shown, any_popular)) continue;
    shown++;
    text_remark(&t, r);
    longest = (size_t)vf_max_u64(longest, vf_text_columns(r->id));
    p->remark_columns = (size_t)vf_max_u64(p->remark_columns, t.length);
  }
  if (width_of(p) > most) p->name_columns = (int)longest + 1;
  for (int i = 0; i < LAST && width_of(p) > most; i++) p->hidden[dispensable[i]] = true;
}

static void put_page(page *p) {
  size_t shown = 0, to_show = 0;
  bool any = false;
  for (size_t i = 0; i < p->r->count; i++) any = any || p->r->list[i].popular;
  for (size_t i = 0; i < p->r->count; i++) to_show += is_shown(p, &p->r->list[i], to_show, any);
  lay_out(p, any);
  put_headline(p, to_show);
  if (to_show > 0) put_head(p);
  for (size_t i = 0; i < p->r->count; i++) {
    if (!is_shown(p, &p->r->list[i], shown, any)) continue;
    put_row(p, &p->r->list[i]);
    shown++;
  }
  if (shown == p->r->count) return;
  vf_out_put(p->out, "\n  --all lists them all; --ctx, --quant, --seqs say how it is used");
  vf_out_put(p->out,
             p->r->models ? "; vramfit models --fits G takes --family and --params\n" : "\n");
}

/* ---- For programs ----------------------------------------------------------------------- */

static void put_use(vf_doc *d, const vf_runner *r) {
  if (r->released != NULL)
    vf_doc_string(d, "released", r->released);
  else
    vf_doc_null(d, "released");
  vf_doc_u64(d, "pulls", r->pulls);
}

static void put_event(vf_doc *d, const vf_runners *all, const vf_runner *r) {
  vf_doc_open_row(d, NULL);
  vf_doc_string(d, "id", r->id);
  if (all->models) {
    vf_doc_u64(d, "params", r->params);
    vf_doc_u64(d, "active_params", r->active_params);
    vf_doc_u64(d, "max_ctx_tokens", r->max_ctx_tokens);
  } else {
    vf_doc_string(d, "name", r->name);
    vf_doc_u64(d, "capacity_bytes", r->capacity_bytes);
  }
  vf_doc_string(d, "quant", r->quant);
  vf_doc_u64(d, "weights_bytes", r->weights_bytes);
  vf_doc_u64(d, "need_bytes", r->need_bytes);
  vf_doc_u64(d, "need_high_bytes", r->need_high_bytes);
  vf_doc_string(d, "verdict", vf_verdict_word[r->verdict].json);
  vf_doc_u64(d, "n_cpu_moe", r->cpu_moe_layers);
  if (r->decode.high != 0) {
    vf_doc_hundredths(d, "decode_tokens_per_s_low", r->decode.low / 10);
    vf_doc_hundredths(d, "decode_tokens_per_s_high", r->decode.high / 10);
  }
  if (all->models) put_use(d, r);
  vf_doc_close(d, '}');
}

static void send_events(vf_doc *d, const void *result) {
  const vf_runners *r = result;
  vf_doc_open(d, NULL, '{');
  vf_doc_string(d, "format_version", VF_DOC_VERSION);
  vf_doc_u64(d, "looked_at", r->looked_at);
  vf_doc_open(d, r->models ? "models" : "gpus", '[');
  for (size_t i = 0; i < r->count; i++) put_event(d, r, &r->list[i]);
  vf_doc_close(d, ']');
  vf_doc_close(d, '}');
}

static void write_page(vf_out *out, const void *result, const vf_report_options *options) {
  put_page(&(page){.out = out, .r = result, .o = options});
}

vf_status vf_runners_write(const vf_runners *runners, const vf_report_options *options,
                           vf_write_fn write, void *user, vf_error *err) {
  VF_NEED(err, runners);
  VF_NEED(err, write);
  return vf_result_write(options, 0, write_page, send_events, runners, write, user, err);
}
