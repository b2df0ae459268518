/* train.c - the memory of a training run, as a page or as events. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/args.h"
#include "base/status.h"
#include "base/units.h"
#include "core/words.h"
#include "report/document.h"
#include "report/out.h"

#define RESET "\x1b[0m"

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

static void put_headline(vf_out *out, const vf_train *r, const vf_report_options *o) {
  const vf_device_budget *b = &r->budget;
  char buf[512];
  vf_text t = vf_text_on(buf, sizeof buf);
  if (b->device.total_known) {
    if (o->color) vf_out_put(out, vf_verdict_word[b->verdict].color);
    vf_out_put(out, vf_verdict_word[b->verdict].shown);
    if (o->color) vf_out_put(out, RESET);
    vf_out_put(out, "   ");
  }
  vf_text_put(&t, "training ");
  vf_text_escaped(&t, r->model, strlen(r->model));
  vf_text_put(&t, " · ");
  vf_text_thousands(&t, r->trainable_params);
  vf_text_put(&t, " of ");
  vf_text_thousands(&t, r->params);
  vf_text_printf(&t, " parameters trained   on %s", r->gpus > 1 ? "each of " : "");
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
  if (r->host_bytes != 0)
    put_row(out, "main memory", (vf_interval){r->host_bytes, r->host_bytes, r->host_bytes}, unit,
            "offloaded, of all GPUs");
  if (!b->device.total_known) return;
  t = vf_text_on(buf, sizeof buf);
  vf_text_signed_size(&t, b->headroom_bytes, unit, 1);
  vf_out_printf(out, "  %-12s %12s %s\n", "headroom", buf, vf_unit_name(unit));
}

static void write_text(vf_out *out, const vf_train *r, const vf_report_options *o) {
  put_headline(out, r, o);
  for (size_t i = 0; i < r->n_lines; i++) {
    const vf_train_line *l = &r->lines[i];
    put_row(out, l->name, l->size, o->unit, o->explain ? l->formula : vf_basis_word[l->basis]);
  }
  put_budget(out, r, o->unit);
  for (size_t i = 0; i < r->n_notes; i++) {
    vf_out_put(out, i == 0 ? "\n  assumes    " : "             ");
    vf_out_escaped(out, r->notes[i]);
    vf_out_put(out, "\n");
  }
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
    vf_doc_close(d, '}');
  }
  vf_doc_close(d, ']');
}

static void events(vf_doc *d, const void *result) {
  const vf_train *r = result;
  vf_doc_open(d, NULL, '{');
  vf_doc_string(d, "format_version", VF_DOC_VERSION);
  if (r->budget.device.total_known)
    vf_doc_string(d, "verdict", vf_verdict_word[r->budget.verdict].json);
  vf_doc_string(d, "model", r->model);
  vf_doc_u64(d, "params", r->params);
  vf_doc_u64(d, "trainable_params", r->trainable_params);
  vf_doc_u64(d, "gpus", r->gpus);
  vf_doc_u64(d, "replicas", r->replicas);
  put_device(d, r);
  put_lines(d, r);
  vf_doc_u64(d, "backward_bytes", r->backward_bytes);
  vf_doc_u64(d, "step_bytes", r->step_bytes);
  vf_doc_u64(d, "bare_bytes",
             r->backward_bytes > r->step_bytes ? r->backward_bytes : r->step_bytes);
  vf_doc_u64(d, "host_bytes", r->host_bytes);
  vf_doc_open(d, "assumptions", '[');
  for (size_t i = 0; i < r->n_notes; i++) vf_doc_string(d, NULL, r->notes[i]);
  vf_doc_close(d, ']');
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
  if (format != NULL) return vf_document_write(&out, format, events, train, err);
  write_text(&out, train, &o);
  return vf_out_finish(&out, err);
}
