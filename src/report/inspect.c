/* inspect.c - what a model holds, as a table or JSON; and what is different between two. */
#include <inttypes.h>
#include <string.h>

#include "base/args.h"
#include "base/decimal.h"
#include "base/status.h"
#include "base/units.h"
#include "report/document.h"
#include "report/out.h"

enum { LABEL_WIDTH = 14 };

/* ---- Text ------------------------------------------------------------------------------- */

static void put_label(vf_out *out, const char *label) {
  vf_out_printf(out, "  %-*s ", LABEL_WIDTH - 1, label);
}

static void put_count(vf_out *out, uint64_t n) {
  char buf[40];
  vf_text t = vf_text_on(buf, sizeof buf);
  vf_text_thousands(&t, n);
  vf_out_text(out, &t);
}

/* "4.58 GiB (4,920,737,792 bytes)"; what is small is told in bytes alone. */
static void put_size(vf_out *out, uint64_t bytes, vf_unit unit) {
  char buf[64];
  vf_text t = vf_text_on(buf, sizeof buf);
  if (bytes < 10 * VF_MIB) {
    put_count(out, bytes);
    vf_out_put(out, " bytes");
    return;
  }
  vf_text_size(&t, bytes, unit, 2);
  vf_text_printf(&t, " %s (", vf_unit_name(unit));
  vf_text_thousands(&t, bytes);
  vf_text_put(&t, " bytes)");
  vf_out_text(out, &t);
}

static void put_escaped(vf_out *out, const char *s) {
  char buf[512];
  vf_text t = vf_text_on(buf, sizeof buf);
  vf_text_escaped(&t, s, strlen(s));
  vf_out_text(out, &t);
}

/* "[4096, 14336]", the contiguous dimension first. */
static void put_shape(vf_out *out, const uint64_t ne[4]) {
  int dims = 4;
  while (dims > 1 && ne[dims - 1] == 1) dims--;
  vf_out_put(out, "[");
  for (int d = 0; d < dims; d++) vf_out_printf(out, "%s%" PRIu64, d == 0 ? "" : ", ", ne[d]);
  vf_out_put(out, "]");
}

/* ---- The table -------------------------------------------------------------------------- */

static void put_head(vf_out *out, const vf_inspection_info *x) {
  put_escaped(out, x->ref);
  vf_out_printf(out, "   %s", x->kind);
  if (x->architecture[0] != '\0') {
    vf_out_put(out, " · ");
    put_escaped(out, x->architecture);
  }
  if (x->quant[0] != '\0') vf_out_printf(out, " · %s", x->quant);
  if (x->name[0] != '\0' && strcmp(x->name, x->ref) != 0) {
    vf_out_put(out, " · ");
    put_escaped(out, x->name);
  }
  vf_out_put(out, "\n\n");
}

static void put_params(vf_out *out, const vf_inspection_info *x) {
  if (x->n_params == 0) return;
  put_label(out, "parameters");
  put_count(out, x->n_params);
  if (x->n_active_params != x->n_params) {
    vf_out_put(out, ", of which ");
    put_count(out, x->n_active_params);
    vf_out_put(out, " are used per token");
  }
  vf_out_put(out, "\n");
}

static void put_sizes(vf_out *out, const vf_inspection_info *x, vf_unit unit) {
  put_label(out, "tensors");
  put_count(out, x->n_tensors);
  vf_out_put(out, ", ");
  put_size(out, x->data_bytes, unit);
  vf_out_put(out, "\n");
  if (x->n_files == 0) return;
  put_label(out, "files");
  vf_out_printf(out, "%" PRIu32 ", ", x->n_files);
  put_size(out, x->file_bytes, unit);
  vf_out_put(out, "\n");
}

static void put_formats(vf_out *out, const vf_inspection_info *x) {
  for (size_t i = 0; i < x->n_formats; i++) {
    const vf_format_share *s = &x->formats[i];
    uint64_t whole = x->data_bytes == 0 ? 1 : x->data_bytes;
    double percent = 100.0 * (double)s->bytes / (double)whole;
    put_label(out, i == 0 ? "formats" : "");
    vf_out_printf(out, "%-8s %5s %%  %6" PRIu64 " tensors", vf_format_get(s->format)->name,
                  vf_fixed(percent, 1).text, s->tensors);
    if (s->elements != 0)
      vf_out_printf(out, "  %5s bits each",
                    vf_fixed(8.0 * (double)s->bytes / (double)s->elements, 2).text);
    vf_out_put(out, "\n");
  }
}

static void put_layers(vf_out *out, const vf_inspection_info *x) {
  for (size_t i = 0; i < x->n_layer_groups; i++) {
    put_label(out, i == 0 ? "layers" : "");
    vf_out_printf(out, "%" PRIu32 " × %s\n", x->layers[i].layers, x->layers[i].text);
  }
}

static void put_cache(vf_out *out, const vf_inspection_info *x) {
  for (size_t i = 0; i < x->n_caches; i++) {
    const vf_cache_cost *c = &x->caches[i];
    put_label(out, i == 0 ? "cache" : "");
    vf_out_printf(out, "%-5s", vf_format_get(c->format)->name);
    put_count(out, c->bytes_per_token);
    vf_out_put(out, " bytes per token");
    if (c->window_bytes_per_token != 0) {
      vf_out_put(out, ", and ");
      put_count(out, c->window_bytes_per_token);
      vf_out_printf(out, " for the last %" PRIu64, x->window_tokens);
    }
    vf_out_put(out, "\n");
  }
  if (x->state_bytes_per_seq == 0) return;
  put_label(out, "state");
  put_count(out, x->state_bytes_per_seq);
  vf_out_put(out, " bytes per sequence, whatever its length\n");
}

static void put_anomalies(vf_out *out, const vf_inspection_info *x) {
  for (size_t i = 0; i < x->n_anomalies; i++) {
    put_label(out, i == 0 ? "anomalies" : "");
    put_escaped(out, x->anomalies[i]);
    vf_out_put(out, "\n");
  }
}

static void put_tensors(vf_out *out, const vf_inspection_info *x) {
  vf_out_put(out, "\n");
  for (size_t i = 0; i < x->n_rows; i++) {
    const vf_tensor_row *t = &x->tensors[i];
    vf_out_printf(out, "  %-8s %14" PRIu64 "  ", vf_format_get(t->format)->name, t->bytes);
    put_escaped(out, t->name);
    vf_out_put(out, "  ");
    put_shape(out, t->ne);
    vf_out_put(out, "\n");
  }
}

static void write_table(vf_out *out, const vf_inspection_info *x, bool tensors, vf_unit unit) {
  put_head(out, x);
  put_params(out, x);
  put_sizes(out, x, unit);
  put_formats(out, x);
  put_layers(out, x);
  put_cache(out, x);
  if (x->max_ctx_tokens != 0) {
    put_label(out, "context");
    put_count(out, x->max_ctx_tokens);
    vf_out_put(out, " tokens\n");
  }
  put_anomalies(out, x);
  if (tensors) put_tensors(out, x);
}

/* ---- JSON ------------------------------------------------------------------------------- */

static void json_formats(vf_doc *j, const vf_inspection_info *x) {
  vf_doc_open(j, "formats", '[');
  for (size_t i = 0; i < x->n_formats; i++) {
    vf_doc_open(j, NULL, '{');
    vf_doc_string(j, "format", vf_format_get(x->formats[i].format)->name);
    vf_doc_u64(j, "tensors", x->formats[i].tensors);
    vf_doc_u64(j, "elements", x->formats[i].elements);
    vf_doc_u64(j, "bytes", x->formats[i].bytes);
    vf_doc_close(j, '}');
  }
  vf_doc_close(j, ']');
}

static void json_layers(vf_doc *j, const vf_inspection_info *x) {
  vf_doc_open(j, "layer_groups", '[');
  for (size_t i = 0; i < x->n_layer_groups; i++) {
    vf_doc_open(j, NULL, '{');
    vf_doc_u64(j, "layers", x->layers[i].layers);
    vf_doc_string(j, "text", x->layers[i].text);
    vf_doc_close(j, '}');
  }
  vf_doc_close(j, ']');
}

static void json_cache(vf_doc *j, const vf_inspection_info *x) {
  vf_doc_open(j, "cache", '[');
  for (size_t i = 0; i < x->n_caches; i++) {
    vf_doc_open(j, NULL, '{');
    vf_doc_string(j, "format", vf_format_get(x->caches[i].format)->name);
    vf_doc_u64(j, "bytes_per_token", x->caches[i].bytes_per_token);
    vf_doc_u64(j, "window_bytes_per_token", x->caches[i].window_bytes_per_token);
    vf_doc_close(j, '}');
  }
  vf_doc_close(j, ']');
  if (x->window_tokens != 0) vf_doc_u64(j, "window_tokens", x->window_tokens);
  vf_doc_u64(j, "state_bytes_per_seq", x->state_bytes_per_seq);
}

static void json_tensors(vf_doc *j, const vf_inspection_info *x) {
  vf_doc_open(j, "tensor_list", '[');
  for (size_t i = 0; i < x->n_rows; i++) {
    const vf_tensor_row *t = &x->tensors[i];
    vf_doc_open_row(j, NULL);
    vf_doc_string(j, "name", t->name);
    vf_doc_string(j, "format", vf_format_get(t->format)->name);
    vf_doc_open(j, "shape", '[');
    for (int d = 0; d < 4; d++) vf_doc_u64(j, NULL, t->ne[d]);
    vf_doc_close(j, ']');
    vf_doc_u64(j, "bytes", t->bytes);
    vf_doc_close(j, '}');
  }
  vf_doc_close(j, ']');
}

static void json_anomalies(vf_doc *j, const vf_inspection_info *x) {
  vf_doc_open(j, "anomalies", '[');
  for (size_t i = 0; i < x->n_anomalies; i++) vf_doc_string(j, NULL, x->anomalies[i]);
  vf_doc_close(j, ']');
}

static void json_one(vf_doc *j, const vf_inspection_info *x, bool tensors) {
  vf_doc_string(j, "ref", x->ref);
  vf_doc_string(j, "kind", x->kind);
  vf_doc_string(j, "name", x->name);
  vf_doc_string(j, "architecture", x->architecture);
  vf_doc_string(j, "quant", x->quant);
  vf_doc_u64(j, "params", x->n_params);
  vf_doc_u64(j, "active_params", x->n_active_params);
  vf_doc_u64(j, "layers", x->n_layers);
  vf_doc_u64(j, "tensors", x->n_tensors);
  vf_doc_u64(j, "data_bytes", x->data_bytes);
  if (x->n_files != 0) vf_doc_u64(j, "file_bytes", x->file_bytes);
  if (x->header_bytes != 0) vf_doc_u64(j, "header_bytes", x->header_bytes);
  if (x->max_ctx_tokens != 0) vf_doc_u64(j, "max_ctx_tokens", x->max_ctx_tokens);
  json_formats(j, x);
  json_layers(j, x);
  json_cache(j, x);
  json_anomalies(j, x);
  if (tensors) json_tensors(j, x);
}

/* ---- Two of them ------------------------------------------------------------------------ */

typedef struct difference {
  vf_out *out;
  vf_doc *json; /* NULL: text */
  const vf_inspection_info *a, *b;
  size_t n;
} difference;

static void differ_text(difference *d, const char *what, const char *a, const char *b) {
  if (strcmp(a, b) == 0) return;
  d->n++;
  if (d->json != NULL) {
    vf_doc_open(d->json, what, '[');
    vf_doc_string(d->json, NULL, a);
    vf_doc_string(d->json, NULL, b);
    vf_doc_close(d->json, ']');
    return;
  }
  put_label(d->out, what);
  put_escaped(d->out, a);
  vf_out_put(d->out, " → ");
  put_escaped(d->out, b);
  vf_out_put(d->out, "\n");
}

static void differ_number(difference *d, const char *what, uint64_t a, uint64_t b) {
  if (a == b) return;
  d->n++;
  if (d->json != NULL) {
    vf_doc_open(d->json, what, '[');
    vf_doc_u64(d->json, NULL, a);
    vf_doc_u64(d->json, NULL, b);
    vf_doc_close(d->json, ']');
    return;
  }
  put_label(d->out, what);
  put_count(d->out, a);
  vf_out_put(d->out, " → ");
  put_count(d->out, b);
  vf_out_printf(d->out, "  (%s", b > a ? "+" : "-");
  put_count(d->out, b > a ? b - a : a - b);
  vf_out_put(d->out, ")\n");
}

static const vf_format_share *find_share(const vf_inspection_info *x, vf_format f) {
  for (size_t i = 0; i < x->n_formats; i++)
    if (x->formats[i].format == f) return &x->formats[i];
  return NULL;
}

static void differ_formats(difference *d) {
  for (int f = VF_FORMAT_NONE + 1; f < VF_FORMAT_COUNT; f++) {
    const vf_format_share *a = find_share(d->a, (vf_format)f), *b = find_share(d->b, (vf_format)f);
    char what[32];
    vf_text t = vf_text_on(what, sizeof what);
    vf_text_printf(&t, "%s_bytes", vf_format_get((vf_format)f)->name);
    differ_number(d, what, a != NULL ? a->bytes : 0, b != NULL ? b->bytes : 0);
  }
}

static const char *format_of(const vf_tensor_row *t) {
  return t != NULL ? vf_format_get(t->format)->name : "(none)";
}

static void differ_tensor(difference *d, const char *name, const vf_tensor_row *a,
                          const vf_tensor_row *b) {
  bool alike =
      a != NULL && b != NULL && a->format == b->format && memcmp(a->ne, b->ne, sizeof a->ne) == 0;
  if (!alike) differ_text(d, name, format_of(a), format_of(b));
}

static const vf_tensor_row *row_by_name(const vf_inspection_info *x, size_t i) {
  return &x->tensors[x->by_name[i]];
}

/* Below 0: the next name is a's alone; above 0: b's; 0: they have it in common. */
static int compare_next(const difference *d, size_t i, size_t k) {
  if (i == d->a->n_rows) return 1;
  if (k == d->b->n_rows) return -1;
  return strcmp(row_by_name(d->a, i)->name, row_by_name(d->b, k)->name);
}

/* Both lists by name, side by side. */
static void differ_tensors(difference *d) {
  size_t i = 0, k = 0;
  while (i < d->a->n_rows || k < d->b->n_rows) {
    int order = compare_next(d, i, k);
    const vf_tensor_row *a = order <= 0 ? row_by_name(d->a, i++) : NULL;
    const vf_tensor_row *b = order >= 0 ? row_by_name(d->b, k++) : NULL;
    if (a != NULL)
      differ_tensor(d, a->name, a, b);
    else if (b != NULL)
      differ_tensor(d, b->name, a, b);
  }
}

static void differ_all(difference *d, bool tensors) {
  const vf_inspection_info *a = d->a, *b = d->b;
  differ_text(d, "kind", a->kind, b->kind);
  differ_text(d, "architecture", a->architecture, b->architecture);
  differ_text(d, "name", a->name, b->name);
  differ_text(d, "quant", a->quant, b->quant);
  differ_number(d, "params", a->n_params, b->n_params);
  differ_number(d, "active_params", a->n_active_params, b->n_active_params);
  differ_number(d, "layers", a->n_layers, b->n_layers);
  differ_number(d, "tensors", a->n_tensors, b->n_tensors);
  differ_number(d, "data_bytes", a->data_bytes, b->data_bytes);
  differ_number(d, "ctx_tokens", a->max_ctx_tokens, b->max_ctx_tokens);
  differ_number(d, "state_bytes", a->state_bytes_per_seq, b->state_bytes_per_seq);
  uint64_t cache_a = a->n_caches > 0 ? a->caches[0].bytes_per_token : 0;
  uint64_t cache_b = b->n_caches > 0 ? b->caches[0].bytes_per_token : 0;
  differ_number(d, "f16_cache_bytes", cache_a, cache_b);
  differ_formats(d);
  if (tensors) differ_tensors(d);
}

static void write_difference(vf_out *out, vf_doc *json, const vf_inspection_info *a,
                             const vf_inspection_info *b, bool tensors) {
  difference d = {out, json, a, b, 0};
  if (json != NULL) {
    vf_doc_string(json, "a", a->ref);
    vf_doc_string(json, "b", b->ref);
    vf_doc_open(json, "different", '{');
    differ_all(&d, tensors);
    vf_doc_close(json, '}');
    return;
  }
  put_escaped(out, a->ref);
  vf_out_put(out, " → ");
  put_escaped(out, b->ref);
  vf_out_put(out, "\n\n");
  differ_all(&d, tensors);
  if (d.n == 0) vf_out_put(out, "  nothing is different\n");
}

/* What is written: one, or two of them. */
typedef struct written {
  const vf_inspection_info *a, *b;
  bool tensors;
} written;

static void events(vf_doc *j, const void *result) {
  const written *w = result;
  vf_doc_open(j, NULL, '{');
  vf_doc_string(j, "format_version", VF_DOC_VERSION);
  if (w->b != NULL)
    write_difference(j->out, j, w->a, w->b, w->tensors);
  else
    json_one(j, w->a, w->tensors);
  vf_doc_close(j, '}');
}

/* ---- Writing ---------------------------------------------------------------------------- */

static void put_page(vf_out *out, const void *result, const vf_report_options *options) {
  const written *w = result;
  if (w->b != NULL)
    write_difference(out, NULL, w->a, w->b, w->tensors);
  else
    write_table(out, w->a, w->tensors, options->unit);
}

vf_status vf_inspection_write(const vf_inspection *inspection, const vf_inspection *other,
                              bool tensors, const vf_report_options *options, vf_write_fn write,
                              void *user, vf_error *err) {
  const vf_inspection_info *a = vf_inspection_info_get(inspection);
  const vf_inspection_info *b = other != NULL ? vf_inspection_info_get(other) : NULL;
  VF_NEED(err, inspection);
  VF_NEED(err, write);
  const written w = {a, b, tensors};
  return vf_result_write(options, 0, put_page, events, &w, write, user, err);
}
