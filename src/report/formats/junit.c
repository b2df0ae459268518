/* junit.c - JUnit's XML: a suite for each file, or each part of a long one; a case for each
 * deployment; what is not judged is skipped.  Valid by the strictest of its schemas (windyroad's
 * JUnit.xsd), which wants a time of everything: it is none, so that the same files give the same
 * bytes.
 *
 * XML 1.0 has no way to write control characters: they become U+FFFD, as does what is no UTF-8. */
#include <string.h>

#include "report/formats/formats.h"

static void put_escaped(vf_out *out, const char *s) {
  for (size_t n = strlen(s); n > 0;) {
    size_t length = vf_utf8_length(s, n);
    unsigned char c = (unsigned char)*s;
    bool no_character = vf_utf8_is_no_character(s, length);
    if (c == '<' || c == '>' || c == '&' || c == '"' || c == '\'')
      vf_out_printf(out, "&#%u;", c);
    else if (length == 0 || vf_text_control(s, n) != 0 || no_character)
      vf_out_put(out, c == '\n' ? "&#10;" : "\xef\xbf\xbd");
    else
      vf_out_bytes(out, s, length);
    length += length == 0;
    s += length;
    n -= length;
  }
}

static void start(vf_doc *d) {
  vf_out_put(d->out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n");
}

static void put_text(vf_out *out, const vf_doc_case *c, bool all) {
  for (size_t i = 0; i < c->n_findings; i++) {
    const vf_doc_finding *f = &c->findings[i];
    if (!all && !f->fails) continue;
    put_escaped(out, f->rule);
    vf_out_put(out, ": ");
    put_escaped(out, f->message);
    for (size_t w = 0; w < f->n_ways; w++) {
      vf_out_put(out, w == 0 ? "; would fit: " : " | ");
      put_escaped(out, f->ways[w]);
    }
    vf_out_put(out, "&#10;");
  }
}

static const vf_doc_finding *first_failing(const vf_doc_case *c) {
  for (size_t i = 0; i < c->n_findings; i++)
    if (c->findings[i].fails) return &c->findings[i];
  return NULL;
}

static void put_case(vf_out *out, const vf_doc_case *c) {
  const vf_doc_finding *f = first_failing(c);
  vf_out_put(out, "    <testcase name=\"");
  put_escaped(out, c->path);
  vf_out_put(out, "\" classname=\"");
  put_escaped(out, c->file);
  vf_out_put(out, "\" time=\"0\"");
  if (f != NULL) {
    vf_out_put(out, ">\n      <failure type=\"");
    put_escaped(out, f->rule);
    vf_out_put(out, "\" message=\"");
    put_escaped(out, f->message);
    vf_out_printf(out, "\">line %u: ", (unsigned)f->line);
    put_escaped(out, c->subject);
    vf_out_put(out, "&#10;");
    put_text(out, c, false);
    vf_out_put(out, "</failure>\n    </testcase>\n");
  } else if (c->verdict == NULL) {
    vf_out_put(out, ">\n      <skipped message=\"");
    if (c->n_findings > 0) put_escaped(out, c->findings[0].message);
    vf_out_put(out, "\"/>\n    </testcase>\n");
  } else {
    vf_out_put(out, "/>\n");
  }
}

static void start_suite(vf_doc *d, const char *file, size_t tests, size_t failures, size_t errors,
                        size_t skipped) {
  vf_out_printf(d->out, "  <testsuite package=\"vramfit\" id=\"%zu\" name=\"", d->rows++);
  put_escaped(d->out, file[0] != '\0' ? file : "-");
  vf_out_printf(d->out,
                "\" timestamp=\"1970-01-01T00:00:00\" hostname=\"vramfit\" tests=\"%zu\" "
                "failures=\"%zu\" errors=\"%zu\" skipped=\"%zu\" time=\"0\">\n    <properties/>\n",
                tests, failures, errors, skipped);
}

static void end_suite(vf_doc *d) {
  vf_out_put(d->out, "    <system-err/>\n  </testsuite>\n");
}

static void cases(vf_doc *d, const char *file, const vf_doc_case *list, size_t n) {
  size_t failures = 0, skipped = 0;
  for (size_t i = 0; i < n; i++) {
    failures += list[i].failed;
    skipped += !list[i].failed && list[i].verdict == NULL;
  }
  start_suite(d, file, n, failures, 0, skipped);
  for (size_t i = 0; i < n; i++) put_case(d->out, &list[i]);
  vf_out_put(d->out, "    <system-out>");
  for (size_t i = 0; i < n; i++) {
    put_escaped(d->out, list[i].path);
    vf_out_put(d->out, ": ");
    put_escaped(d->out, list[i].verdict != NULL ? list[i].verdict : "not judged");
    vf_out_put(d->out, ": ");
    put_escaped(d->out, list[i].subject);
    vf_out_put(d->out, "&#10;");
    put_text(d->out, &list[i], true);
  }
  vf_out_put(d->out, "</system-out>\n");
  end_suite(d);
}

static void trouble(vf_doc *d, const vf_doc_trouble *t) {
  start_suite(d, t->file, 1, 0, t->is_error, !t->is_error);
  vf_out_put(d->out, "    <testcase name=\"");
  put_escaped(d->out, t->path[0] != '\0' ? t->path : "read");
  vf_out_put(d->out, "\" classname=\"");
  put_escaped(d->out, t->file);
  vf_out_put(d->out, t->is_error ? "\" time=\"0\"><error type=\"read\" message=\""
                                 : "\" time=\"0\"><skipped message=\"");
  if (t->line != 0) vf_out_printf(d->out, "line %u: ", (unsigned)t->line);
  put_escaped(d->out, t->message);
  vf_out_put(d->out, "\"/></testcase>\n    <system-out/>\n");
  end_suite(d);
}

static void end(vf_doc *d, const vf_doc_totals *t) {
  (void)t;
  vf_out_put(d->out, "</testsuites>\n");
}

static const vf_doc_gate gate = {start, cases, trouble, end};
const vf_doc_format vf_format_junit = {.name = "junit", .gate = &gate};
