/* codequality.c - GitLab's code quality report: an array of findings, each with a lasting name. */
#include <string.h>

#include "report/formats/formats.h"

static vf_doc *json_of(vf_doc *d) {
  return d->state;
}

static void start(vf_doc *d) {
  *(vf_doc *)d->state = (vf_doc){.out = d->out, .format = &vf_format_json, .first = true};
  vf_doc_open(json_of(d), NULL, '[');
}

static void put_entry(vf_doc *d, const char *file, const char *path, const char *rule,
                      const char *severity, const char *text, uint32_t line, size_t nth) {
  vf_doc *j = json_of(d);
  char print[33];
  vf_fingerprint(print, file, path, rule, nth);
  while (strncmp(file, "./", 2) == 0) file += 2;
  vf_doc_open(j, NULL, '{');
  vf_doc_string(j, "description", text);
  vf_doc_string(j, "check_name", rule);
  vf_doc_string(j, "fingerprint", print);
  vf_doc_string(j, "severity", severity);
  vf_doc_open(j, "location", '{');
  vf_doc_string(j, "path", file);
  vf_doc_open(j, "lines", '{');
  vf_doc_u64(j, "begin", line != 0 ? line : 1);
  vf_doc_close(j, '}');
  vf_doc_close(j, '}');
  vf_doc_close(j, '}');
}

static const char *severity_of(const vf_doc_finding *f) {
  if (f->fails) return strcmp(f->rule, "no-fit") == 0 ? "critical" : "major";
  return strcmp(f->level, "note") == 0 ? "info" : "minor";
}

static void cases(vf_doc *d, const char *file, const vf_doc_case *list, size_t n) {
  for (size_t i = 0; i < n; i++)
    for (size_t k = 0; k < list[i].n_findings; k++) {
      const vf_doc_finding *f = &list[i].findings[k];
      char text[2048];
      vf_text t = vf_text_on(text, sizeof text);
      vf_text_printf(&t, "%s: %s", list[i].path, f->message);
      put_entry(d, file, list[i].path, f->rule, severity_of(f), text, f->line,
                vf_case_nth(&list[i], k));
    }
}

static void trouble(vf_doc *d, const vf_doc_trouble *t) {
  put_entry(d, t->file, t->path, t->is_error ? "cannot-read" : "not-read",
            t->is_error ? "major" : "info", t->message, t->line, d->rows++);
}

static void end(vf_doc *d, const vf_doc_totals *t) {
  (void)t;
  vf_doc_close(json_of(d), ']');
}

static const vf_doc_gate gate = {start, cases, trouble, end};
const vf_doc_format vf_format_codequality = {.name = "codequality", .gate = &gate};

/* ---- What is known already -------------------------------------------------------------- */

static void start_baseline(vf_doc *d) {
  *(vf_doc *)d->state = (vf_doc){.out = d->out, .format = &vf_format_json, .first = true};
  vf_doc_open(json_of(d), NULL, '{');
  vf_doc_string(json_of(d), "format_version", VF_DOC_VERSION);
  vf_doc_open(json_of(d), "deployments", '[');
}

/* Those without a finding need not be known. */
static void baseline_cases(vf_doc *d, const char *file, const vf_doc_case *list, size_t n) {
  vf_doc *j = json_of(d);
  for (size_t i = 0; i < n; i++) {
    if (list[i].n_findings == 0) continue;
    vf_doc_open(j, NULL, '{');
    vf_doc_string(j, "file", file);
    vf_doc_string(j, "path", list[i].path);
    vf_doc_string(j, "verdict", list[i].verdict != NULL ? list[i].verdict : "not-judged");
    vf_doc_u64(j, "over_bytes", list[i].over_bytes);
    vf_doc_open(j, "rules", '[');
    for (size_t k = 0; k < list[i].n_findings; k++)
      vf_doc_string(j, NULL, list[i].findings[k].rule);
    vf_doc_close(j, ']');
    vf_doc_close(j, '}');
  }
}

static void end_baseline(vf_doc *d, const vf_doc_totals *t) {
  (void)t;
  vf_doc_close(json_of(d), ']');
  vf_doc_close(json_of(d), '}');
}

static const vf_doc_gate baseline_gate = {start_baseline, baseline_cases, NULL, end_baseline};
const vf_doc_format vf_format_baseline = {.name = "baseline", .gate = &baseline_gate};
