/* grid_data.c - a table of many estimates for programs: CSV and JSON, one record for each cell. */
#include <inttypes.h>
#include <string.h>

#include "base/args.h"
#include "base/status.h"
#include "core/words.h"
#include "report/document.h"
#include "report/formats/formats.h"
#include "report/grid.h"

/* The value of an axis in a cell, or what it is in all cells; "" and 0 if nothing was said. */
typedef struct value {
  const char *text;
  uint64_t number;
} value;

static bool is_number(vf_axis_kind kind) {
  return kind == VF_AXIS_CTX || kind == VF_AXIS_SEQS || kind == VF_AXIS_GPUS;
}

static const char *or_nothing(const char *text) {
  return text != NULL && strcmp(text, "*") != 0 ? text : "";
}

/* The model's own limit is another number for each of them: none is told. */
static uint64_t ctx_number(uint64_t tokens) {
  return VF_CTX_IS_WHOLE(tokens) ? 0 : tokens;
}

static value fixed_value(const vf_grid *g, vf_axis_kind kind) {
  const vf_request *r = &g->base.request;
  switch (kind) {
  case VF_AXIS_MODEL: return (value){or_nothing(g->base.model), 0};
  case VF_AXIS_ENGINE: return (value){or_nothing(g->engine), 0};
  case VF_AXIS_QUANT: return (value){or_nothing(g->base.quant), 0};
  case VF_AXIS_GPU: return (value){or_nothing(g->base.gpu), 0};
  case VF_AXIS_KV: return (value){r->kv_k != VF_FORMAT_NONE ? vf_format_get(r->kv_k)->name : "", 0};
  case VF_AXIS_GPUS: return (value){"", g->base.gpus};
  case VF_AXIS_SEQS: return (value){"", r->seqs};
  case VF_AXIS_CTX: return (value){"", ctx_number(r->ctx_tokens)};
  case VF_AXIS_COUNT: break;
  }
  return (value){"", 0};
}

static value value_in(const vf_grid *g, vf_axis_kind kind, size_t cell) {
  for (size_t i = 0; i < g->n_axes; i++) {
    const vf_grid_axis *a = &g->axes[i];
    if (a->kind != kind) continue;
    size_t at = cell / a->stride % a->count;
    return (value){vf_grid_axis_label(g, i, at), ctx_number(a->values[at].number)};
  }
  if (kind == VF_AXIS_ENGINE) return (value){or_nothing(g->cells[cell].engine), 0};
  return fixed_value(g, kind);
}

/* ---- CSV -------------------------------------------------------------------------------- */

static void put_values(vf_out *out, const vf_grid *g, size_t cell) {
  for (int k = 0; k < VF_AXIS_COUNT; k++) {
    value v = value_in(g, (vf_axis_kind)k, cell);
    if (!is_number((vf_axis_kind)k))
      vf_csv_cell(out, v.text);
    else if (v.number != 0)
      vf_out_printf(out, "%" PRIu64, v.number);
    vf_out_put(out, ",");
  }
}

static void put_cell(vf_out *out, const vf_grid *g, size_t i) {
  const vf_outcome *c = &g->cells[i];
  const char *reason = vf_grid_reason(g, c->reason);
  put_values(out, g, i);
  if (c->refused)
    vf_out_put(out, "refused,,,,,,");
  else
    vf_out_printf(out, "%s,%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRId64 ",%" PRIu64 ",",
                  vf_verdict_word[c->verdict].json, c->need_bytes, c->need_high_bytes,
                  c->capacity_bytes, c->headroom_bytes, c->target_bytes);
  vf_csv_cell(out, reason != NULL ? reason : "");
  vf_out_put(out, "\n");
}

void vf_grid_write_csv(vf_out *out, const vf_grid *g, vf_cell_shows shows,
                       const vf_report_options *options) {
  (void)shows;
  (void)options;
  for (int k = 0; k < VF_AXIS_COUNT; k++) vf_out_printf(out, "%s,", vf_axis_word[k].key);
  vf_out_put(out, "verdict,need_bytes,need_high_bytes,capacity_bytes,headroom_bytes,"
                  "headroom_target_bytes,reason\n");
  for (size_t i = 0; i < g->n_cells; i++) put_cell(out, g, i);
}

/* ---- JSON ------------------------------------------------------------------------------- */

static void put_value(vf_doc *j, vf_axis_kind kind, value v) {
  if (is_number(kind) && v.number != 0) vf_doc_u64(j, vf_axis_word[kind].key, v.number);
  if (!is_number(kind) && v.text[0] != '\0') vf_doc_string(j, vf_axis_word[kind].key, v.text);
}

static bool varies(const vf_grid *g, vf_axis_kind kind) {
  for (size_t i = 0; i < g->n_axes; i++)
    if (g->axes[i].kind == kind) return true;
  return false;
}

static void json_cell(vf_doc *j, const vf_grid *g, size_t i) {
  const vf_outcome *c = &g->cells[i];
  const char *reason = vf_grid_reason(g, c->reason);
  vf_doc_open_row(j, NULL);
  for (int k = 0; k < VF_AXIS_COUNT; k++)
    if (varies(g, (vf_axis_kind)k)) put_value(j, (vf_axis_kind)k, value_in(g, (vf_axis_kind)k, i));
  vf_doc_string(j, "verdict", c->refused ? "refused" : vf_verdict_word[c->verdict].json);
  bool told = varies(g, VF_AXIS_ENGINE) || g->engine[0] != '*'; /* of the cell, or of all */
  if (!told && c->engine != NULL) vf_doc_string(j, "engine", c->engine);
  if (!c->refused) {
    vf_doc_u64(j, "need_bytes", c->need_bytes);
    vf_doc_u64(j, "need_high_bytes", c->need_high_bytes);
    vf_doc_u64(j, "capacity_bytes", c->capacity_bytes);
    vf_doc_i64(j, "headroom_bytes", c->headroom_bytes);
    vf_doc_u64(j, "headroom_target_bytes", c->target_bytes);
  }
  if (reason != NULL) vf_doc_string(j, "reason", reason);
  vf_doc_close(j, '}');
}

static void json_assumptions(vf_doc *j, const vf_grid *g) {
  vf_doc_open(j, "assumptions", '[');
  for (size_t i = 0; i < g->n_assumptions; i++) {
    vf_doc_open(j, NULL, '{');
    vf_doc_string(j, "code", g->assumptions[i].code);
    vf_doc_string(j, "text", g->assumptions[i].text);
    vf_doc_u64(j, "cells", g->in_cells[i]);
    vf_doc_close(j, '}');
  }
  vf_doc_close(j, ']');
}

static void events(vf_doc *j, const void *result) {
  const vf_grid *g = result;
  vf_doc_open(j, NULL, '{');
  vf_doc_string(j, "format_version", VF_DOC_VERSION);
  vf_doc_open(j, "axes", '[');
  for (size_t i = 0; i < g->n_axes; i++) vf_doc_string(j, NULL, vf_axis_word[g->axes[i].kind].key);
  vf_doc_close(j, ']');
  vf_doc_open(j, "fixed", '{');
  for (int k = 0; k < VF_AXIS_COUNT; k++)
    if (!varies(g, (vf_axis_kind)k)) put_value(j, (vf_axis_kind)k, fixed_value(g, (vf_axis_kind)k));
  vf_doc_close(j, '}');
  vf_doc_open(j, "cells", '[');
  for (size_t i = 0; i < g->n_cells; i++) json_cell(j, g, i);
  vf_doc_close(j, ']');
  json_assumptions(j, g);
  vf_doc_close(j, '}');
}

/* ---- All of them ------------------------------------------------------------------------ */

vf_status vf_grid_write(const vf_grid *grid, vf_cell_shows shows, const vf_report_options *options,
                        vf_write_fn write, void *user, vf_error *err) {
  vf_out out;
  vf_report_options o;
  VF_NEED(err, grid);
  VF_NEED(err, write);
  vf_status status = vf_out_start(&out, &o, options, write, user, err);
  if (status != VF_OK) return status;
  if ((unsigned)shows > VF_CELL_NEED)
    return vf_fail(err, VF_USAGE, "%d is nothing that a cell shows", (int)shows);
  switch (o.format) {
  case VF_REPORT_TABLE: status = vf_grid_write_table(&out, grid, shows, &o, err); break;
  case VF_REPORT_CSV: vf_grid_write_csv(&out, grid, shows, &o); break;
  case VF_REPORT_MARKDOWN: status = vf_grid_write_markdown(&out, grid, shows, &o, err); break;
  default: return vf_document_write(&out, vf_doc_format_get(o.format), events, grid, err);
  }
  return status == VF_OK ? vf_out_finish(&out, err) : status;
}
