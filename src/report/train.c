/* train.c - the memory of a training run, as a page or as events. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/args.h"
#include "base/decimal.h"
#include "base/status.h"
#include "base/units.h"
#include "core/training_params.h"
#include "core/words.h"
#include "deploy/param.h"
#include "engines/term.h"
#include "engines/trainers.h"
#include "report/document.h"
#include "report/out.h"
#include "report/report.h"
#include "report/way_text.h"

enum { LABEL_WIDTH = 12, WAY_COLUMNS = 46 };

/* What is told beside the figures; any of it may be missing. */
typedef struct page {
  const vf_train *r;
  const vf_report_options *o;
  const vf_train_limits *l;
  const vf_deployment *d;
  const vf_trainer *trainer; /* NULL: none was named */
} page;

static page page_of(const vf_train *r, const vf_report_options *o) {
  page p = {.r = r, .o = o, .l = o->train_limits, .d = o->deployment};
  const vf_trainer *t;
  if (p.d != NULL && p.d->request.engine != NULL &&
      vf_trainer_find(&t, p.d->request.engine, NULL) == VF_OK)
    p.trainer = t;
  return p;
}

/* ---- Text ------------------------------------------------------------------------------- */

static void put_row(vf_out *out, const char *label, vf_interval v, vf_unit unit, const char *more) {
  char buf[64], padded[96];
  vf_text t = vf_text_on(buf, sizeof buf);
  vf_text_interval(&t, v, unit);
  vf_out_printf(out, "  %-12s ", label);
  size_t width = vf_text_columns(buf);
  vf_out_spaces(out, width < 12 ? (int)(12 - width) : 0);
  snprintf(padded, sizeof padded, "%s %s", buf, vf_unit_name(unit));
  vf_out_put(out, padded);
  if (more[0] != '\0') vf_out_printf(out, "  %s", more);
  vf_out_put(out, "\n");
}

static void put_headline(vf_out *out, const page *p) {
  const vf_train *r = p->r;
  const vf_device_budget *b = &r->budget;
  char buf[512];
  vf_text t = vf_text_on(buf, sizeof buf);
  if (b->device.total_known) {
    vf_out_color(out, vf_verdict_word[b->verdict].color);
    vf_out_put(out, vf_verdict_word[b->verdict].shown);
    vf_out_color(out, VF_OUT_RESET);
    vf_out_put(out, "   ");
  }
  vf_text_put(&t, "training ");
  vf_text_escaped(&t, r->model, strlen(r->model));
  vf_text_put(&t, " · ");
  vf_text_thousands(&t, r->trainable_params);
  vf_text_put(&t, " of ");
  vf_text_thousands(&t, r->params);
  vf_text_put(&t, " parameters trained");
  if (p->trainer != NULL) vf_text_printf(&t, ", in %s", p->trainer->title);
  vf_text_printf(&t, "   on %s", r->gpus > 1 ? "each of " : "");
  if (r->gpus > 1) vf_text_printf(&t, "%" PRIu32 " × ", r->gpus);
  vf_text_escaped(&t, b->device.name, strlen(b->device.name));
  vf_out_text(out, &t);
  vf_out_put(out, "\n\n");
}

static void put_budget(vf_out *out, const vf_train *r, vf_unit unit) {
  const vf_device_budget *b = &r->budget;
  char buf[96] = "";
  vf_text t = vf_text_on(buf, sizeof buf);
  if (b->device.total_known) {
    vf_text_put(&t, "of ");
    vf_text_size(&t, b->capacity_bytes, unit, 1);
    vf_text_printf(&t, " %s", vf_unit_name(unit));
  }
  put_row(out, "needs", b->need, unit, buf);
  put_row(out, "allocated", r->allocated, unit, "what the framework says: max_memory_allocated");
  put_row(out, "reserved", r->reserved, unit, "what its allocator holds: max_memory_reserved");
  if (r->host_bytes != 0) {
    t = vf_text_on(buf, sizeof buf);
    if (r->host_memory_bytes != 0) {
      vf_text_put(&t, "of ");
      vf_text_size(&t, r->host_memory_bytes, unit, 1);
      vf_text_printf(&t, " %s: ", vf_unit_name(unit));
    }
    if (r->host_memory_bytes != 0 && r->host_bytes > r->host_memory_bytes) {
      vf_text_size(&t, r->host_bytes - r->host_memory_bytes, unit, 1);
      vf_text_put(&t, " too much, ");
    }
    vf_text_put(&t, b->device.kind != VF_DEVICE_DISCRETE ? "offloaded: the same memory"
                                                         : "offloaded, of all GPUs");
    put_row(out, "main memory", (vf_interval){r->host_bytes, r->host_bytes, r->host_bytes}, unit,
            buf);
  }
  if (!b->device.total_known) return;
  t = vf_text_on(buf, sizeof buf);
  vf_text_signed_size(&t, b->headroom_bytes, unit, 1);
  vf_out_printf(out, "  %-12s %12s %s\n", "headroom", buf, vf_unit_name(unit));
}

static void put_label(vf_out *out, const char *label) {
  vf_out_printf(out, "  %-*s", LABEL_WIDTH, label);
}

/* What each by itself could be. */
static void put_room(vf_out *out, const vf_train_limits *l) {
  char buf[160];
  vf_text t = vf_text_on(buf, sizeof buf);
  bool samples = l->request.network_params != 0;
  vf_text_printf(&t, "%" PRIu32 " %s%s in a step", l->micro_batch, samples ? "sample" : "sequence",
                 l->micro_batch == 1 ? "" : "s");
  if (!samples) {
    vf_text_put(&t, " · ");
    vf_text_thousands(&t, l->seq_tokens);
    vf_text_printf(&t, " tokens%s", l->seq_is_model_limit ? " (the model's limit)" : "");
  }
  if (l->lora_rank != 0) vf_text_printf(&t, " · rank %" PRIu32, l->lora_rank);
  vf_out_put(out, "\n");
  put_label(out, "room for");
  vf_out_text(out, &t);
  vf_out_put(out, "\n");
}

static void put_way(vf_out *out, const page *p, size_t i) {
  char buf[320];
  vf_text t = vf_text_on(buf, sizeof buf);
  const vf_train_way *w = &p->l->ways[i];
  vf_train_way_text(&t, w, &p->l->request, p->r->budget.device.id);
  put_label(out, i == 0 ? "would fit" : "");
  vf_out_text(out, &t);
  vf_out_spaces(out, t.length < WAY_COLUMNS ? (int)(WAY_COLUMNS - t.length) : 0);
  t = vf_text_on(buf, sizeof buf);
  vf_text_put(&t, "  ");
  vf_text_size(&t, w->need_high_bytes, p->o->unit, 1);
  vf_text_printf(&t, " %s", vf_unit_name(p->o->unit));
  if (w->host_bytes != 0) {
    vf_text_put(&t, ", ");
    vf_text_size(&t, w->host_bytes, p->o->unit, 1);
    vf_text_put(&t, " of main memory");
  }
  vf_out_text(out, &t);
  vf_out_put(out, "\n");
}

static void put_limits(vf_out *out, const page *p) {
  const vf_train_limits *l = p->l;
  if (l == NULL || !p->r->budget.device.total_known) return;
  if (l->micro_batch != 0) {
    put_room(out, l);
    return;
  }
  vf_out_put(out, "\n");
  for (size_t i = 0; i < l->n_ways; i++) put_way(out, p, i);
  if (l->n_ways == 0) {
    put_label(out, "would fit");
    vf_out_put(out, p->r->budget.verdict == VF_TIGHT
                        ? "as it is, tightly; no way with more room was found\n"
                        : "no way to train this model on this device was found\n");
  }
}

static void put_assumption(vf_out *out, bool *first, const char *text) {
  if (*first) vf_out_put(out, "\n");
  put_label(out, *first ? "assumes" : "");
  vf_out_escaped(out, text);
  vf_out_put(out, "\n");
  *first = false;
}

/* What the program takes where nothing was said, as options. */
static bool text_defaults(vf_text *t, const page *p) {
  if (p->trainer == NULL || p->l == NULL) return false;
  vf_text words = vf_text_on(NULL, 0);
  vf_train_words_text(&words, &p->l->request, &p->d->train);
  if (words.length == 0) return false;
  char buf[320];
  words = vf_text_on(buf, sizeof buf);
  vf_train_words_text(&words, &p->l->request, &p->d->train);
  vf_text_printf(t, "%s's own: %s", p->trainer->title, buf);
  return true;
}

/* A program's configuration may leave the length to the data. */
static const char no_length[] = "sequences of 2,048 tokens: their length is not said (--seq-len)";

static bool has_no_length(const page *p) {
  return p->trainer != NULL && p->l != NULL && p->l->request.seq_tokens == 0 &&
         p->l->request.network_params == 0;
}

static void put_assumptions(vf_out *out, const page *p) {
  char buf[400];
  bool first = true;
  vf_text t = vf_text_on(buf, sizeof buf);
  if (text_defaults(&t, p)) put_assumption(out, &first, buf);
  if (p->trainer != NULL && p->trainer->note != NULL) put_assumption(out, &first, p->trainer->note);
  for (size_t i = 0; i < p->r->n_notes; i++) put_assumption(out, &first, p->r->notes[i]);
  for (size_t i = 0; p->d != NULL && i < p->d->n_remarks; i++) {
    t = vf_text_on(buf, sizeof buf);
    vf_text_escaped(&t, p->d->remarks[i].text, strlen(p->d->remarks[i].text));
    put_assumption(out, &first, buf);
  }
}

/* What Megatron prints when it starts, in its own megabytes. */
static void put_theory(vf_out *out, const vf_train *r) {
  double states = (double)r->theory_states_bytes / VF_MIB;
  double activations = (double)r->theory_activations_bytes / VF_MIB;
  if (r->theory_states_bytes == 0) return;
  vf_out_printf(out,
                "  Megatron itself will print: Theoretical memory footprints: weight and "
                "optimizer=%s MB, activation=%s MB, total=%s MB  "
                "[megatron/training/theoretical_memory_usage.py]\n",
                vf_fixed(states, 2).text, vf_fixed(activations, 2).text,
                vf_fixed(states + activations, 2).text);
}

/* How each line came about, as fit tells it, and which of the two moments is the peak. */
static void put_formulas(vf_out *out, const vf_train *r) {
  char buf[VF_TRAIN_FORMULA + 256];
  vf_out_put(out, "\n");
  for (size_t i = 0; i < r->n_lines; i++) {
    const vf_train_line *l = &r->lines[i];
    vf_text t = vf_text_on(buf, sizeof buf);
    vf_text_printf(&t, "%s: %s = ", l->name, l->formula);
    vf_terms_put_size(&t, l->size);
    if (l->source != NULL) vf_text_printf(&t, "  [%s]", l->source);
    vf_out_put(out, "  ");
    vf_out_text(out, &t);
    vf_out_put(out, "\n");
  }
  put_theory(out, r);
  vf_text t = vf_text_on(buf, sizeof buf);
  vf_text_put(&t, "peak: the larger of the forward pass's end, ");
  vf_terms_put_size(&t, (vf_interval){r->backward_bytes, r->backward_bytes, r->backward_bytes});
  vf_text_put(&t, ", and the optimizer's step, ");
  vf_terms_put_size(&t, (vf_interval){r->step_bytes, r->step_bytes, r->step_bytes});
  vf_out_printf(out, "  %s\n", buf);
}

static void write_text(vf_out *out, const vf_train *r, const vf_report_options *o) {
  page p = page_of(r, o);
  put_headline(out, &p);
  for (size_t i = 0; i < r->n_lines; i++) {
    const vf_train_line *l = &r->lines[i];
    put_row(out, l->name, l->size, o->unit, vf_basis_word[l->basis]);
  }
  put_budget(out, r, o->unit);
  put_limits(out, &p);
  put_assumptions(out, &p);
  if (o->explain) put_formulas(out, r);
}

/* ---- Events ----------------------------------------------------------------------------- */

static void put_interval(vf_doc *d, const char *stem, vf_interval v) {
  static const char *const ends[] = {"_low_bytes", "_bytes", "_high_bytes"};
  const uint64_t values[] = {v.low_bytes, v.bytes, v.high_bytes};
  char key[64];
  for (int i = 0; i < 3; i++) {
    snprintf(key, sizeof key, "%s%s", stem, ends[i]);
    vf_doc_u64(d, key, values[i]);
  }
}

static void put_device(vf_doc *d, const vf_train *r) {
  const vf_device_budget *b = &r->budget;
  char key[64];
  vf_doc_open(d, "devices", '[');
  vf_doc_open_row(d, NULL);
  vf_doc_string(d, "id", b->device.id);
  vf_doc_u64(d, "index", 0);
  vf_doc_string(d, "kind", vf_device_kind_word[b->device.kind]);
  vf_doc_u64(d, "count", r->gpus);
  for (size_t i = 0; i < r->n_lines; i++) {
    snprintf(key, sizeof key, "%s_bytes", r->lines[i].name);
    vf_doc_u64(d, key, r->lines[i].size.bytes);
  }
  put_interval(d, "allocated", r->allocated);
  put_interval(d, "reserved_peak", r->reserved);
  put_interval(d, "need", b->need);
  if (b->device.total_known) {
    vf_doc_u64(d, "capacity_bytes", b->capacity_bytes);
    vf_doc_i64(d, "headroom_bytes", b->headroom_bytes);
    vf_doc_string(d, "verdict", vf_verdict_word[b->verdict].json);
  }
  vf_doc_close(d, '}');
  vf_doc_close(d, ']');
}

static void put_lines(vf_doc *d, const vf_train *r) {
  vf_doc_open(d, "lines", '[');
  for (size_t i = 0; i < r->n_lines; i++) {
    const vf_train_line *l = &r->lines[i];
    vf_doc_open(d, NULL, '{');
    vf_doc_u64(d, "device", 0);
    vf_doc_string(d, "name", l->name);
    vf_doc_u64(d, "bytes", l->size.bytes);
    vf_doc_u64(d, "low_bytes", l->size.low_bytes);
    vf_doc_u64(d, "high_bytes", l->size.high_bytes);
    vf_doc_string(d, "basis", vf_basis_word[l->basis]);
    vf_doc_string(d, "formula", l->formula);
    if (l->source != NULL) vf_doc_string(d, "source", l->source);
    vf_doc_close(d, '}');
  }
  vf_doc_close(d, ']');
}

/* Memory over a step, as its tensors add up. */
static void put_moments(vf_doc *d, const vf_train *r) {
  static const char *const keys[VF_TRAIN_PART_COUNT] = {
      [VF_TRAIN_WEIGHTS] = "weights_bytes",         [VF_TRAIN_STATES] = "optimizer_bytes",
      [VF_TRAIN_GRADIENTS] = "gradients_bytes",     [VF_TRAIN_BUFFERS] = "buffers_bytes",
      [VF_TRAIN_ACTIVATIONS] = "activations_bytes", [VF_TRAIN_LOGITS] = "logits_bytes",
      [VF_TRAIN_TEMPORARY] = "temporary_bytes"};
  vf_doc_open(d, "moments", '[');
  for (size_t i = 0; i < r->n_moments; i++) {
    const vf_train_moment *m = &r->moments[i];
    uint64_t sum = 0;
    vf_doc_open(d, NULL, '{');
    vf_doc_string(d, "name", m->name);
    for (int k = 0; k < VF_TRAIN_PART_COUNT; k++) {
      vf_doc_u64(d, keys[k], m->bytes[k]);
      sum += m->bytes[k];
    }
    vf_doc_u64(d, "bytes", sum);
    vf_doc_close(d, '}');
  }
  vf_doc_close(d, ']');
}

/* As it is taken, and which of it was said. */
static void put_word(vf_doc *d, const vf_train_param *p, const vf_train_request *r) {
  char key[32], text[128];
  vf_text t = vf_text_on(text, sizeof text);
  snprintf(key, sizeof key, "%s", p->name);
  for (char *c = key; *c != '\0'; c++)
    if (*c == '-') *c = '_';
  vf_train_param_print(p, r, &t);
  if (p->kind == VF_TRAIN_string || p->kind == VF_TRAIN_list)
    vf_doc_string(d, key, text);
  else if (p->kind == VF_TRAIN_flag)
    vf_doc_bool(d, key, true);
  else if (p->kind == VF_TRAIN_size) /* digits, and the unit of people */
    vf_doc_raw(d, key, text, strspn(text, "0123456789"));
  else
    vf_doc_raw(d, key, text, strlen(text));
}

static void put_request(vf_doc *d, const page *p) {
  const vf_train_request *r = p->l != NULL ? &p->l->request : p->d != NULL ? &p->d->train : NULL;
  if (r == NULL) return;
  vf_doc_open(d, "request", '{');
  for (size_t i = 0; i < VF_TRAIN_PARAM_COUNT; i++)
    if (vf_train_param_is_set(&vf_train_params[i], r)) put_word(d, &vf_train_params[i], r);
  if (p->d != NULL) {
    vf_deployment_events(d, p->d);
    vf_doc_open(d, "stated", '[');
    for (size_t i = 0; i < VF_TRAIN_PARAM_COUNT; i++)
      if (vf_train_param_is_set(&vf_train_params[i], &p->d->train))
        vf_doc_string(d, NULL, vf_train_params[i].name);
    for (size_t i = 0; i < VF_PARAM_COUNT; i++)
      if (vf_param_is_set(&vf_params[i], p->d)) vf_doc_string(d, NULL, vf_params[i].info.name);
    vf_doc_close(d, ']');
  }
  vf_doc_close(d, '}');
}

static void put_limits_events(vf_doc *d, const page *p) {
  const vf_train_limits *l = p->l;
  char buf[320];
  if (l == NULL || !p->r->budget.device.total_known) return;
  vf_doc_open(d, "limits", '{');
  vf_doc_u64(d, "max_micro_batch", l->micro_batch);
  vf_doc_u64(d, "max_seq_len", l->seq_tokens);
  if (l->lora_rank != 0) vf_doc_u64(d, "max_lora_rank", l->lora_rank);
  vf_doc_close(d, '}');
  if (p->r->budget.verdict == VF_FITS) return;
  vf_doc_open(d, "would_fit", '[');
  for (size_t i = 0; i < l->n_ways; i++) {
    const vf_train_way *w = &l->ways[i];
    vf_text t = vf_text_on(buf, sizeof buf);
    vf_train_way_text(&t, w, &l->request, p->r->budget.device.id);
    vf_doc_open(d, NULL, '{');
    vf_doc_string(d, "options", buf);
    for (size_t k = 0; k < VF_TRAIN_PARAM_COUNT; k++)
      if (!vf_train_param_equal(&vf_train_params[k], &w->request, &l->request) &&
          vf_train_param_is_set(&vf_train_params[k], &w->request))
        put_word(d, &vf_train_params[k], &w->request);
    if (w->gpus != 0) vf_doc_u64(d, "gpus", w->gpus);
    vf_doc_u64(d, "need_high_bytes", w->need_high_bytes);
    if (w->host_bytes != 0) vf_doc_u64(d, "host_bytes", w->host_bytes);
    vf_doc_close(d, '}');
  }
  vf_doc_close(d, ']');
}

static void put_assumed(vf_doc *d, const char *code, const char *text) {
  vf_doc_open(d, NULL, '{');
  vf_doc_string(d, "code", code);
  vf_doc_string(d, "text", text);
  vf_doc_close(d, '}');
}

static void put_assumed_all(vf_doc *d, const page *p) {
  char buf[400];
  vf_text t = vf_text_on(buf, sizeof buf);
  vf_doc_open(d, "assumptions", '[');
  if (text_defaults(&t, p)) put_assumed(d, "trainer-default", buf);
  if (p->trainer != NULL && p->trainer->note != NULL)
    put_assumed(d, "trainer-note", p->trainer->note);
  if (has_no_length(p)) put_assumed(d, "seq-len", no_length);
  for (size_t i = 0; i < p->r->n_notes; i++) put_assumed(d, "training", p->r->notes[i]);
  for (size_t i = 0; p->d != NULL && i < p->d->n_remarks; i++)
    put_assumed(d, p->d->remarks[i].code, p->d->remarks[i].text);
  vf_doc_close(d, ']');
}

static void events(vf_doc *d, const void *result) {
  const page *p = result;
  const vf_train *r = p->r;
  vf_doc_open(d, NULL, '{');
  vf_doc_string(d, "format_version", VF_DOC_VERSION);
  if (r->budget.device.total_known)
    vf_doc_string(d, "verdict", vf_verdict_word[r->budget.verdict].json);
  vf_doc_string(d, "model", r->model);
  vf_doc_string(d, "engine", p->trainer != NULL ? p->trainer->name : "pytorch");
  put_request(d, p);
  vf_doc_u64(d, "params", r->params);
  vf_doc_u64(d, "trainable_params", r->trainable_params);
  vf_doc_u64(d, "gpus", r->gpus);
  vf_doc_u64(d, "replicas", r->replicas);
  put_device(d, r);
  put_lines(d, r);
  put_moments(d, r);
  vf_doc_u64(d, "backward_bytes", r->backward_bytes);
  vf_doc_u64(d, "step_bytes", r->step_bytes);
  put_interval(d, "bare", r->bare);
  put_interval(d, "held", r->held);
  vf_doc_u64(d, "host_bytes", r->host_bytes);
  if (r->host_memory_bytes != 0) vf_doc_u64(d, "host_memory_bytes", r->host_memory_bytes);
  if (r->theory_states_bytes != 0) {
    vf_doc_u64(d, "megatron_theory_states_bytes", r->theory_states_bytes);
    vf_doc_u64(d, "megatron_theory_activations_bytes", r->theory_activations_bytes);
  }
  put_limits_events(d, p);
  put_assumed_all(d, p);
  vf_doc_close(d, '}');
}

vf_status vf_train_write(const vf_train *train, const vf_report_options *options, vf_write_fn write,
                         void *user, vf_error *err) {
  vf_out out;
  vf_report_options o;
  VF_NEED(err, train);
  VF_NEED(err, write);
  vf_status status = vf_out_start(&out, &o, options, write, user, err);
  if (status != VF_OK) return status;
  const vf_doc_format *format = vf_doc_format_get(o.format);
  if (format != NULL) {
    page p = page_of(train, &o);
    return vf_document_write(&out, format, events, &p, err);
  }
  write_text(&out, train, &o);
  return vf_out_finish(&out, err);
}
