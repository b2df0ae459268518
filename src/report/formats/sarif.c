/* sarif.c - SARIF 2.1.0, for code scanning: one run, the rules, a result for each finding. */
#include <string.h>

#include "report/formats/formats.h"
#include "vramfit/check.h"

/* JSON within the document that is written. */
typedef struct sarif {
  vf_doc json;
} sarif;

static vf_doc *json_of(vf_doc *d) {
  return &((sarif *)d->state)->json;
}

/* A path as a URI: what RFC 3986 does not allow in one is written in hexadecimal. */
static void put_uri(vf_doc *j, const char *key, const char *path) {
  static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/";
  char text[4096];
  vf_text t = vf_text_on(text, sizeof text);
  while (strncmp(path, "./", 2) == 0) path += 2;
  for (const char *c = path; *c != '\0'; c++) {
    if (strchr(plain, *c) != NULL)
      vf_text_bytes(&t, c, 1);
    else
      vf_text_printf(&t, "%%%02X", (unsigned char)*c);
  }
  vf_doc_string(j, key, text);
}

static void put_rules(vf_doc *j) {
  static const char *const levels[VF_LEVEL_COUNT] = {"note", "warning", "error"};
  vf_doc_open(j, "rules", '[');
  for (size_t i = 0; vf_rule_get(i) != NULL; i++) {
    const vf_rule *r = vf_rule_get(i);
    vf_doc_open(j, NULL, '{');
    vf_doc_string(j, "id", r->id);
    vf_doc_open(j, "shortDescription", '{');
    vf_doc_string(j, "text", r->help);
    vf_doc_close(j, '}');
    vf_doc_open(j, "defaultConfiguration", '{');
    vf_doc_string(j, "level", levels[r->level]);
    vf_doc_close(j, '}');
    vf_doc_close(j, '}');
  }
  vf_doc_close(j, ']');
}

static void start(vf_doc *d) {
  sarif *s = d->state;
  s->json = (vf_doc){.out = d->out, .format = &vf_format_json, .first = true};
  vf_doc *j = &s->json;
  vf_doc_open(j, NULL, '{');
  vf_doc_string(j, "$schema", "https://json.schemastore.org/sarif-2.1.0.json");
  vf_doc_string(j, "version", "2.1.0");
  vf_doc_open(j, "runs", '[');
  vf_doc_open(j, NULL, '{');
  vf_doc_open(j, "tool", '{');
  vf_doc_open(j, "driver", '{');
  vf_doc_string(j, "name", "vramfit");
  vf_doc_string(j, "version", VF_VERSION);
  put_rules(j);
  vf_doc_close(j, '}');
  vf_doc_close(j, '}');
  vf_doc_string(j, "columnKind", "utf16CodeUnits");
  vf_doc_open(j, "results", '[');
}

static void put_location(vf_doc *j, const char *file, uint32_t line, uint32_t column,
                         const char *path) {
  vf_doc_open(j, "locations", '[');
  vf_doc_open(j, NULL, '{');
  vf_doc_open(j, "physicalLocation", '{');
  vf_doc_open(j, "artifactLocation", '{');
  put_uri(j, "uri", file);
  vf_doc_close(j, '}');
  if (line != 0) {
    vf_doc_open(j, "region", '{');
    vf_doc_u64(j, "startLine", line);
    if (column != 0) vf_doc_u64(j, "startColumn", column);
    vf_doc_close(j, '}');
  }
  vf_doc_close(j, '}');
  if (path[0] != '\0') {
    vf_doc_open(j, "logicalLocations", '[');
    vf_doc_open(j, NULL, '{');
    vf_doc_string(j, "fullyQualifiedName", path);
    vf_doc_close(j, '}');
    vf_doc_close(j, ']');
  }
  vf_doc_close(j, '}');
  vf_doc_close(j, ']');
}

static size_t rule_index(const char *id) {
  size_t i = 0;
  while (vf_rule_get(i) != NULL && strcmp(vf_rule_get(i)->id, id) != 0) i++;
  return i;
}

static void put_result(vf_doc *j, const vf_doc_case *c, size_t index) {
  const vf_doc_finding *f = &c->findings[index];
  char message[2048], print[33];
  vf_text t = vf_text_on(message, sizeof message);
  vf_text_printf(&t, "%s: %s", c->subject, f->message);
  for (size_t w = 0; w < f->n_ways; w++)
    vf_text_printf(&t, "%s%s", w == 0 ? "; would fit: " : " | ", f->ways[w]);
  vf_doc_open(j, NULL, '{');
  vf_doc_string(j, "ruleId", f->rule);
  vf_doc_u64(j, "ruleIndex", rule_index(f->rule));
  vf_doc_string(j, "level", f->fails ? "error" : f->level);
  vf_doc_open(j, "message", '{');
  vf_doc_string(j, "text", message);
  vf_doc_close(j, '}');
  put_location(j, c->file, f->line, f->column, c->path);
  vf_fingerprint(print, c->file, c->path, f->rule, vf_case_nth(c, index));
  vf_doc_open(j, "partialFingerprints", '{');
  vf_doc_string(j, "vramfit/v1", print);
  vf_doc_close(j, '}');
  if (f->known) vf_doc_string(j, "baselineState", "unchanged");
  vf_doc_close(j, '}');
}

static void cases(vf_doc *d, const char *file, const vf_doc_case *list, size_t n) {
  (void)file;
  for (size_t i = 0; i < n; i++)
    for (size_t k = 0; k < list[i].n_findings; k++) put_result(json_of(d), &list[i], k);
}

/* What could not be read is no result of a rule: it is told of the run. */
static void trouble(vf_doc *d, const vf_doc_trouble *t) {
  vf_doc *j = json_of(d);
  if (d->rows == 0) {
    vf_doc_close(j, ']');
    vf_doc_open(j, "invocations", '[');
    vf_doc_open(j, NULL, '{');
    vf_doc_open(j, "toolExecutionNotifications", '[');
  }
  d->rows++;
  vf_doc_open(j, NULL, '{');
  vf_doc_string(j, "level", t->is_error ? "error" : "note");
  vf_doc_open(j, "message", '{');
  vf_doc_string(j, "text", t->message);
  vf_doc_close(j, '}');
  put_location(j, t->file, t->line, t->column, t->path);
  vf_doc_close(j, '}');
}

static void end(vf_doc *d, const vf_doc_totals *t) {
  vf_doc *j = json_of(d);
  if (d->rows == 0) {
    vf_doc_close(j, ']');
    vf_doc_open(j, "invocations", '[');
    vf_doc_open(j, NULL, '{');
  } else {
    vf_doc_close(j, ']');
  }
  vf_doc_bool(j, "executionSuccessful", t->errors == 0);
  vf_doc_close(j, '}');
  vf_doc_close(j, ']');
  vf_doc_close(j, '}');
  vf_doc_close(j, ']');
  vf_doc_close(j, '}');
}

static const vf_doc_gate gate = {start, cases, trouble, end};
const vf_doc_format vf_format_sarif = {.name = "sarif", .gate = &gate};
