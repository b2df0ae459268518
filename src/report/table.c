/* table.c - the report for people, whole: the verdict first, then the budget, then what to do.
 *
 * Without colour the same lines come out, so that a pipe sees what a terminal shows. */
#include <inttypes.h>
#include <string.h>

#include "base/units.h"
#include "core/estimate.h"
#include "core/words.h"
#include "report/offers.h"
#include "report/page.h"
#include "report/way_text.h"

/* ---- What the parts share --------------------------------------------------------------- */

void vf_page_label(const vf_page *p, const char *label) {
  vf_out_put(p->out, "  ");
  vf_out_left(p->out, label, VF_PAGE_LABEL);
}

void vf_page_text_size(vf_text *t, const vf_page *p, uint64_t bytes) {
  vf_text_size(t, bytes, p->options->unit, 1);
  vf_text_printf(t, " %s", vf_unit_name(p->options->unit));
}

void vf_page_text_ctx(vf_text *t, uint64_t tokens) {
  static const char *const quarters[] = {"", ".25", ".5", ".75"};
  if (tokens < 1024 || tokens % 256 != 0)
    vf_text_thousands(t, tokens);
  else if (tokens % 1024 == 0)
    vf_text_tokens(t, tokens);
  else
    vf_text_printf(t, "%" PRIu64 "%sk", tokens / 1024, quarters[tokens % 1024 / 256]);
}

/* ---- What else fits --------------------------------------------------------------------- */

/* A choice, behind a separator unless it is the first one. */
static void next_choice(vf_text *t) {
  if (t->length > 0) vf_text_put(t, "  |  ");
}

static void text_more_ctx(vf_text *t, const vf_workload *w, const vf_limits *l) {
  if (l->max_ctx_tokens <= w->requested_ctx_tokens) return;
  vf_text_tokens(t, l->max_ctx_tokens);
  vf_text_put(t, l->ctx_is_model_limit ? " context (the model's limit)" : " context");
}

static void text_more_seqs(vf_text *t, const vf_workload *w, const vf_limits *l) {
  if (l->max_seqs <= w->seqs) return;
  next_choice(t);
  vf_text_thousands(t, l->max_seqs);
  if (w->kv_unified) {
    vf_text_put(t, " users that share it");
  } else {
    vf_text_put(t, " users at ");
    vf_page_text_ctx(t, w->requested_ctx_tokens);
  }
  if (l->seqs_is_engine_limit) vf_text_put(t, " (the engine's limit)");
}

/* "95k context  |  4 users at 32k  |  Q8_0": one of them, not all together. */
static void put_room(const vf_page *p, const vf_limits *l) {
  char buf[256];
  vf_text t = vf_text_on(buf, sizeof buf);
  const vf_workload *w = vf_estimate_workload(p->e);
  vf_model_info m;
  vf_model_info_get(vf_estimate_model(p->e), &m);
  text_more_ctx(&t, w, l);
  text_more_seqs(&t, w, l);
  if (l->quant[0] != '\0' && !l->quant_is_less && strcmp(l->quant, m.quant) != 0) {
    next_choice(&t);
    vf_text_put(&t, l->quant);
  }
  if (t.length == 0) return;
  vf_page_label(p, "also fits");
  vf_out_text(p->out, &t);
  vf_out_put(p->out, "\n");
}

static void put_way(const vf_page *p, const vf_way *w, bool first) {
  enum { WAY_COLUMNS = 44 };
  char buf[256];
  vf_text t = vf_text_on(buf, sizeof buf);
  vf_page_label(p, first ? "would fit" : "");
  vf_way_text(&t, w, p->devices[0].device.id);
  vf_out_left(p->out, buf, WAY_COLUMNS);
  t = vf_text_on(buf, sizeof buf);
  vf_text_put(&t, "  ");
  vf_page_text_size(&t, p, w->need_high_bytes);
  if (w->host_bytes != 0) {
    vf_text_put(&t, " and ");
    vf_text_size(&t, w->host_bytes, p->options->unit, 1);
    vf_text_put(&t, " of main memory");
  }
  if (w->decode.high != 0) {
    vf_text_put(&t, ", ");
    vf_text_rates(&t, w->decode, 1);
    vf_text_put(&t, " tokens/s");
  }
  vf_out_text(p->out, &t);
  vf_out_put(p->out, "\n");
}

static void put_limits(const vf_page *p, const vf_limits *l) {
  if (vf_estimate_verdict(p->e) == VF_FITS) {
    put_room(p, l);
    return;
  }
  for (size_t i = 0; i < l->n_ways; i++) put_way(p, &l->ways[i], i == 0);
  if (l->n_ways != 0) return;
  vf_page_label(p, "would fit");
  vf_out_put(p->out, "no way to run this model on this device was found\n");
}

/* ---- What is taken for granted ---------------------------------------------------------- */

/* What everybody's report says, and what changes no verdict: it stands last. */
static bool is_routine(const vf_assumption *a) {
  static const char *const codes[] = {"program", "engine-version", "gpu-idle", "shared-pool"};
  for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
    if (strcmp(a->code, codes[i]) == 0) return true;
  return false;
}

static void put_assumptions(const vf_page *p) {
  size_t n;
  const vf_assumption *a = vf_estimate_assumptions(p->e, &n);
  bool first = true;
  vf_out_color(p->out, VF_OUT_DIM);
  for (int routine = 0; routine < 2; routine++)
    for (size_t i = 0; i < n; i++) {
      if (is_routine(&a[i]) != (routine != 0)) continue;
      vf_page_label(p, first ? "assumes" : "");
      vf_out_escaped(p->out, a[i].text);
      vf_out_put(p->out, "\n");
      first = false;
    }
  vf_out_color(p->out, VF_OUT_RESET);
}

/* ---- Formulas --------------------------------------------------------------------------- */

/* Ranks of a parallel group hold the same: it is told once. */
static bool is_told(const vf_page *p, const vf_line *lines, size_t i) {
  const vf_line *l = &lines[i];
  if (!p->devices[l->device].has_pool) return false;
  for (size_t j = 0; j < i; j++)
    if (strcmp(lines[j].name, l->name) == 0 && lines[j].device != l->device &&
        memcmp(&lines[j].size, &l->size, sizeof l->size) == 0)
      return true;
  return false;
}

static void put_explanations(const vf_page *p) {
  size_t n;
  const vf_line *lines = vf_estimate_lines(p->e, &n);
  vf_out_put(p->out, "\n");
  for (size_t i = 0; i < n; i++) {
    char formula[2048];
    if (is_told(p, lines, i)) continue;
    vf_estimate_explain(p->e, i, formula, sizeof formula);
    vf_out_printf(p->out, "  %s, %s: ", p->devices[lines[i].device].device.id, lines[i].name);
    vf_out_put(p->out, formula);
    vf_out_put(p->out, "\n");
  }
  vf_page_explain_speed(p);
}

/* ---- How it is run ---------------------------------------------------------------------- */

/* A command on one line, to be copied; a file's lines below each other. */
static void put_launch(const vf_page *p, const vf_launch *l) {
  p->out->verbatim = true;
  for (size_t i = 0; i < l->count; i++) {
    const vf_launch_item *item = &l->items[i];
    bool file = strcmp(item->kind, "file") == 0;
    if (i == 0) vf_out_put(p->out, "\n");
    vf_page_label(p, file ? item->name : "launch");
    if (file && (int)vf_text_columns(item->name) >= VF_PAGE_LABEL)
      vf_out_put(p->out, "\n             ");
    for (const char *s = item->text; *s != '\0'; s++) {
      vf_out_bytes(p->out, s, 1);
      if (*s == '\n') vf_out_spaces(p->out, VF_PAGE_LABEL + 2);
    }
    vf_out_put(p->out, "\n");
  }
  p->out->verbatim = false;
  if (l->note[0] == '\0') return;
  vf_page_label(p, "");
  vf_out_put(p->out, l->note);
  vf_out_put(p->out, "\n");
}

void vf_report_table(vf_out *out, const vf_estimate *e, const vf_limits *limits,
                     const vf_report_options *options) {
  vf_page p = {.out = out, .e = e, .options = options};
  p.devices = vf_estimate_devices(e, &p.n_devices);
  if (options->offers != NULL) {
    vf_offers_page(out, e, options);
    if (options->launch != NULL) put_launch(&p, options->launch);
    return;
  }
  vf_page_head(&p);
  vf_page_budget(&p);
  vf_out_put(out, "\n");
  vf_page_speed(&p);
  if (limits != NULL) put_limits(&p, limits);
  put_assumptions(&p);
  if (options->explain) put_explanations(&p);
  if (options->launch != NULL) put_launch(&p, options->launch);
}
