/* check.c - the results of a check, as objects or as cases with findings.
 *
 * Every row has the same fields, null where nothing is known, so that CSV and Markdown can be
 * written while the check goes on. */
#include <inttypes.h>
#include <string.h>

#include "base/args.h"
#include "base/status.h"
#include "core/words.h"
#include "readers/catalog.h"
#include "report/formats/formats.h"
#include "report/report.h"
#include "report/way_text.h"
#include "solve/check.h"

enum { ROOM = 4 * VF_CHECK_FINDINGS, WAY_BYTES = 160 };

struct vf_check_report {
  vf_allocator allocator;
  vf_out out;
  vf_report_options options;
  vf_doc doc;
  union {
    max_align_t align;
    unsigned char bytes[VF_DOC_STATE];
  } state;
  vf_doc_case cases[VF_CHECK_BATCH];
  vf_doc_finding findings[ROOM];
  const char *ways[ROOM][VF_MAX_WAYS];
  char way_texts[ROOM][VF_MAX_WAYS][WAY_BYTES];
  char subjects[VF_CHECK_BATCH][160];
};

/* ---- As objects ------------------------------------------------------------------------- */

static void put_text(vf_doc *d, const char *key, const char *text) {
  if (text != NULL)
    vf_doc_string(d, key, text);
  else
    vf_doc_null(d, key);
}

static void put_gpus(vf_doc *d, const vf_checked *k) {
  if (!k->gpus.stated && k->gpus.visible == NULL) {
    vf_doc_null(d, "gpus");
    return;
  }
  vf_doc_open(d, "gpus", '{');
  vf_doc_open(d, "names", '[');
  for (size_t i = 0; i < k->gpus.n_names; i++) vf_doc_string(d, NULL, k->gpus.names[i]);
  vf_doc_close(d, ']');
  if (k->gpus.count != 0)
    vf_doc_u64(d, "count", k->gpus.count);
  else
    vf_doc_null(d, "count");
  if (k->gpus.all) vf_doc_bool(d, "all", true);
  if (k->gpus.visible != NULL) vf_doc_string(d, "visible", k->gpus.visible);
  vf_doc_close(d, '}');
}

static void put_stated(vf_doc *d, const vf_checked *k) {
  vf_doc_open(d, "request", '{');
  vf_deployment_events(d, &k->deployment);
  vf_doc_close(d, '}');
  vf_doc_open(d, "stated", '[');
  for (size_t i = 0; i < VF_PARAM_COUNT; i++)
    if (vf_param_is_set(&vf_params[i], &k->deployment))
      vf_doc_string(d, NULL, vf_params[i].info.key);
  for (size_t i = 0; k->unset != NULL && k->unset[i] != NULL; i += 2)
    if (k->unset[i][0] != '\0') vf_doc_string(d, NULL, k->unset[i]);
  vf_doc_close(d, ']');
  vf_doc_open(d, "unset", '[');
  for (size_t i = 0; k->unset != NULL && k->unset[i] != NULL; i += 2) {
    vf_doc_open(d, NULL, '{');
    put_text(d, "parameter", k->unset[i][0] != '\0' ? k->unset[i] : NULL);
    vf_doc_string(d, "text", k->unset[i + 1]);
    vf_doc_close(d, '}');
  }
  vf_doc_close(d, ']');
}

static void put_number(vf_doc *d, const char *key, bool known, uint64_t n) {
  if (known)
    vf_doc_u64(d, key, n);
  else
    vf_doc_null(d, key);
}

static void put_outcome(vf_doc *d, const vf_checked *k) {
  bool known = k->judged && !k->outcome.refused;
  put_text(d, "verdict", k->judged ? vf_verdict_word[k->verdict].json : NULL);
  put_text(d, "judged_on", k->judged ? k->judged_on : NULL);
  put_number(d, "need_bytes", known, k->outcome.need_bytes);
  put_number(d, "need_high_bytes", known, k->outcome.need_high_bytes);
  put_number(d, "capacity_bytes", known, k->outcome.capacity_bytes);
  if (known)
    vf_doc_i64(d, "headroom_bytes", k->outcome.headroom_bytes);
  else
    vf_doc_null(d, "headroom_bytes");
}

static const char *level_word(const vf_finding *f) {
  static const char *const words[VF_LEVEL_COUNT] = {
      [VF_LEVEL_NOTE] = "note", [VF_LEVEL_WARNING] = "warning", [VF_LEVEL_ERROR] = "error"};
  return words[f->known ? VF_LEVEL_NOTE : f->level];
}

static void make_way(char out[WAY_BYTES], const vf_finding *f, size_t way, const vf_checked *k) {
  vf_text t = vf_text_on(out, WAY_BYTES);
  if (f->words[way] != NULL)
    vf_text_put(&t, f->words[way]);
  else
    vf_way_text(&t, &f->ways[way], k->device != NULL ? k->device : "");
}

static void put_findings(vf_doc *d, const vf_checked *k) {
  vf_doc_open(d, "rules", '[');
  for (size_t i = 0; i < k->n_findings; i++) vf_doc_string(d, NULL, k->findings[i].rule->id);
  vf_doc_close(d, ']');
  vf_doc_open(d, "findings", '[');
  for (size_t i = 0; i < k->n_findings; i++) {
    const vf_finding *f = &k->findings[i];
    vf_doc_open(d, NULL, '{');
    vf_doc_string(d, "rule", f->rule->id);
    vf_doc_string(d, "level", level_word(f));
    vf_doc_u64(d, "line", f->line);
    vf_doc_u64(d, "column", f->column);
    vf_doc_string(d, "message", f->message);
    vf_doc_open(d, "ways", '[');
    for (size_t w = 0; w < f->n_ways; w++) {
      char text[WAY_BYTES];
      make_way(text, f, w, k);
      vf_doc_string(d, NULL, text);
    }
    vf_doc_close(d, ']');
    if (f->known) vf_doc_bool(d, "known", true);
    vf_doc_close(d, '}');
  }
  vf_doc_close(d, ']');
}

/* A cell of a table has a list as words. */
static void put_words(vf_doc *d, const char *key, const char *const *words) {
  char text[2048];
  vf_text t = vf_text_on(text, sizeof text);
  for (size_t i = 0; words != NULL && words[i] != NULL; i++)
    vf_text_printf(&t, "%s%s", i > 0 ? "; " : "", words[i]);
  vf_doc_string(d, key, text);
}

static void put_list(vf_doc *d, const char *key, const char *const *words) {
  vf_doc_open(d, key, '[');
  for (size_t i = 0; words != NULL && words[i] != NULL; i++) vf_doc_string(d, NULL, words[i]);
  vf_doc_close(d, ']');
}

static void put_start(vf_doc *d, const vf_check *c, const vf_checked *k) {
  vf_doc_open_row(d, NULL);
  vf_doc_string(d, "file", c->file);
  vf_doc_string(d, "path", k->path);
  vf_doc_u64(d, "line", k->line);
  put_text(d, "engine", k->engine);
  put_text(d, "version", k->version);
  put_text(d, "model", k->model);
}

/* All of it; for JSON. */
static void put_object(vf_doc *d, const vf_check *c, const vf_checked *k) {
  put_start(d, c, k);
  if (k->program != NULL) vf_doc_string(d, "program", k->program);
  put_stated(d, k);
  put_gpus(d, k);
  put_outcome(d, k);
  put_list(d, "unread", k->unread);
  put_list(d, "read", k->read);
  put_list(d, "passed_over", k->passed);
  put_findings(d, k);
  vf_doc_close(d, '}');
}

/* What a reader compares; for CSV and Markdown. */
static void put_line(vf_doc *d, const vf_check *c, const vf_checked *k) {
  const char *rules[VF_CHECK_FINDINGS + 1] = {NULL};
  for (size_t i = 0; i < k->n_findings; i++) rules[i] = k->findings[i].rule->id;
  put_start(d, c, k);
  put_outcome(d, k);
  put_words(d, "unread", k->unread);
  put_words(d, "rules", rules);
  put_text(d, "message", k->n_findings > 0 ? k->findings[0].message : NULL);
  vf_doc_close(d, '}');
}

static void start_objects(vf_doc *d) {
  vf_doc_open(d, NULL, '{');
  vf_doc_string(d, "format_version", VF_DOC_VERSION);
  vf_doc_open(d, "deployments", '[');
}

static void end_objects(vf_doc *d, const vf_check *c) {
  vf_doc_close(d, ']');
  vf_doc_open(d, "errors", '[');
  for (const vf_unchecked *u = c->unchecked; u != NULL; u = u->next) {
    vf_doc_open(d, NULL, '{');
    vf_doc_string(d, "file", u->file);
    vf_doc_u64(d, "line", u->line);
    vf_doc_u64(d, "column", u->column);
    if (u->path[0] != '\0') vf_doc_string(d, "path", u->path);
    vf_doc_string(d, "kind", u->passed ? "not-read" : "error");
    vf_doc_string(d, "message", u->message);
    vf_doc_close(d, '}');
  }
  vf_doc_close(d, ']');
  vf_doc_open(d, "counts", '{');
  vf_doc_u64(d, "files", c->counts.files);
  vf_doc_u64(d, "deployments", c->counts.deployments);
  vf_doc_u64(d, "judged", c->counts.judged);
  vf_doc_u64(d, "failed", c->counts.failed);
  vf_doc_u64(d, "errors", c->counts.errors);
  vf_doc_u64(d, "not_read", c->counts.passed);
  vf_doc_close(d, '}');
  vf_doc_close(d, '}');
}

/* ---- As cases --------------------------------------------------------------------------- */

static void make_subject(char out[160], const vf_checked *k) {
  vf_text t = vf_text_on(out, 160);
  vf_text_printf(&t, "%s", k->engine != NULL ? k->engine : "?");
  vf_text_printf(&t, " %.90s", k->model != NULL ? k->model : "(no model)");
  if (k->judged && k->judged_on != NULL) vf_text_printf(&t, " on %.40s", k->judged_on);
}

static size_t make_findings(vf_check_report *r, size_t at, const vf_check *c, const vf_checked *k) {
  for (size_t i = 0; i < k->n_findings; i++) {
    const vf_finding *f = &k->findings[i];
    for (size_t w = 0; w < f->n_ways; w++) {
      make_way(r->way_texts[at + i][w], f, w, k);
      r->ways[at + i][w] = r->way_texts[at + i][w];
    }
    r->findings[at + i] =
        (vf_doc_finding){f->rule->id,     f->message, level_word(f),          f->line, f->column,
                         r->ways[at + i], f->n_ways,  vf_finding_fails(c, f), f->known};
  }
  return k->n_findings;
}

/* As many cases as there is room for their findings. */
static void put_cases(vf_check_report *r, const vf_check *c) {
  size_t n = 0, used = 0;
  for (size_t i = 0; i < c->n_batch; i++) {
    const vf_checked *k = &c->batch[i];
    if (used + k->n_findings > ROOM) {
      r->doc.format->gate->cases(&r->doc, c->file, r->cases, n);
      n = used = 0;
    }
    make_subject(r->subjects[n], k);
    r->cases[n] = (vf_doc_case){.file = c->file,
                                .path = k->path,
                                .line = k->line,
                                .column = k->column,
                                .subject = r->subjects[n],
                                .verdict = k->judged ? vf_verdict_word[k->verdict].json : NULL,
                                .failed = k->failed,
                                .findings = r->findings + used,
                                .n_findings = k->n_findings};
    r->cases[n].over_bytes = vf_checked_over(k);
    used += make_findings(r, used, c, k);
    n++;
  }
  if (n > 0) r->doc.format->gate->cases(&r->doc, c->file, r->cases, n);
}

static void put_troubles(vf_check_report *r, const vf_check *c) {
  const vf_doc_gate *gate = r->doc.format->gate;
  for (const vf_unchecked *u = c->unchecked; u != NULL && gate->trouble != NULL; u = u->next) {
    const vf_doc_trouble t = {u->file, u->path, u->message, u->line, u->column, !u->passed};
    gate->trouble(&r->doc, &t);
  }
}

/* ---- The report ------------------------------------------------------------------------- */

vf_status vf_check_report_new(vf_check_report **out, const vf_context *ctx,
                              const vf_report_options *options, vf_write_fn write, void *user,
                              vf_error *err) {
  VF_NEED(err, out);
  VF_NEED(err, ctx);
  VF_NEED(err, write);
  vf_check_report *r = ctx->allocator.alloc(ctx->allocator.user, sizeof *r);
  if (r == NULL) return vf_fail_nomem(err);
  memset(r, 0, sizeof *r);
  r->allocator = ctx->allocator;
  vf_status status = vf_out_start(&r->out, &r->options, options, write, user, err);
  if (status != VF_OK) {
    vf_check_report_free(r);
    return status;
  }
  const vf_doc_format *format = vf_doc_format_get(r->options.format);
  if (format == NULL) format = &vf_format_check_page;
  r->doc = (vf_doc){.out = &r->out, .format = format, .state = &r->state, .first = true};
  r->doc.pass = format->twice ? 1 : 0; /* all rows have the same fields: one pass is enough */
  r->doc.color = r->options.color;
  if (format->gate == NULL)
    start_objects(&r->doc);
  else if (format->gate->start != NULL)
    format->gate->start(&r->doc);
  *out = r;
  return VF_OK;
}

vf_status vf_check_report_add(vf_check_report *report, const vf_check *check, vf_error *err) {
  VF_NEED(err, report);
  VF_NEED(err, check);
  vf_check_report *r = report;
  const vf_doc_gate *gate = r->doc.format->gate;
  if (gate != NULL && gate->cases != NULL) put_cases(r, check);
  bool table = r->doc.format->twice;
  for (size_t i = 0; gate == NULL && i < check->n_batch; i++)
    (table ? put_line : put_object)(&r->doc, check, &check->batch[i]);
  vf_status status = r->doc.format->check != NULL ? r->doc.format->check(&r->doc, err) : VF_OK;
  if (status != VF_OK) return status;
  return r->out.failed ? vf_fail(err, VF_IO, "the report cannot be written") : VF_OK;
}

vf_status vf_check_report_end(vf_check_report *report, const vf_check *check, vf_error *err) {
  VF_NEED(err, report);
  VF_NEED(err, check);
  vf_check_report *r = report;
  const vf_check_counts *n = &check->counts;
  const vf_doc_totals totals = {n->files,  n->deployments, n->judged,
                                n->failed, n->errors,      n->passed};
  if (r->doc.format->gate == NULL) {
    end_objects(&r->doc, check);
  } else {
    put_troubles(r, check);
    if (r->doc.format->gate->end != NULL) r->doc.format->gate->end(&r->doc, &totals);
  }
  return vf_out_finish(&r->out, err);
}

void vf_check_report_free(vf_check_report *r) {
  if (r != NULL) r->allocator.free(r->allocator.user, r);
}
