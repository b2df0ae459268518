/* tap.c - the Test Anything Protocol, 14: a line for each deployment, the plan at the end. */
#include <string.h>

#include "report/formats/formats.h"

/* '#' begins a directive and '\' escapes it; everything stays in its line. */
static void put_escaped(vf_out *out, const char *s) {
  char one[5] = "";
  for (size_t n = strlen(s); n > 0;) {
    size_t length = vf_utf8_length(s, n);
    size_t step = length + (length == 0);
    memcpy(one, s, step);
    one[step] = '\0';
    if (*s == '#' || *s == '\\') vf_out_put(out, "\\");
    vf_plain_text(out, one);
    s += step;
    n -= step;
  }
}

/* A scalar of YAML in double quotes. */
static void put_scalar(vf_out *out, const char *s) {
  vf_out_put(out, "\"");
  for (size_t n = strlen(s); n > 0;) {
    size_t length = vf_utf8_length(s, n);
    if (*s == '"' || *s == '\\') vf_out_put(out, "\\");
    if (length == 0 || vf_text_control(s, n) != 0)
      vf_out_put(out, " ");
    else
      vf_out_bytes(out, s, length);
    length += length == 0;
    s += length;
    n -= length;
  }
  vf_out_put(out, "\"\n");
}

static void put_quoted(vf_out *out, const char *key, const char *s) {
  vf_out_printf(out, "  %s: ", key);
  put_scalar(out, s);
}

static void put_list(vf_out *out, const char *key, const char *const *list, size_t n) {
  if (n > 0) vf_out_printf(out, "  %s:\n", key);
  for (size_t i = 0; i < n; i++) {
    vf_out_put(out, "    - ");
    put_scalar(out, list[i]);
  }
}

static void start(vf_doc *d) {
  vf_out_put(d->out, "TAP version 14\n");
}

static void cases(vf_doc *d, const char *file, const vf_doc_case *list, size_t n) {
  for (size_t i = 0; i < n; i++) {
    const vf_doc_case *c = &list[i];
    d->rows++;
    vf_out_printf(d->out, "%s %zu - ", c->failed ? "not ok" : "ok", d->rows);
    put_escaped(d->out, file);
    vf_out_put(d->out, " ");
    put_escaped(d->out, c->path);
    if (!c->failed && c->verdict == NULL) vf_out_put(d->out, " # SKIP not judged");
    vf_out_put(d->out, "\n");
    if (c->n_findings == 0) continue;
    const vf_doc_finding *f = &c->findings[0];
    for (size_t k = 0; k < c->n_findings && c->failed; k++)
      if (c->findings[k].fails) {
        f = &c->findings[k];
        break;
      }
    vf_out_put(d->out, "  ---\n");
    put_quoted(d->out, "rule", f->rule);
    put_quoted(d->out, "message", f->message);
    put_quoted(d->out, "subject", c->subject);
    vf_out_printf(d->out, "  line: %u\n", (unsigned)f->line);
    put_list(d->out, "would_fit", f->ways, f->n_ways);
    vf_out_put(d->out, "  ...\n");
  }
}

static void trouble(vf_doc *d, const vf_doc_trouble *t) {
  d->rows++;
  vf_out_printf(d->out, "%s %zu - ", t->is_error ? "not ok" : "ok", d->rows);
  put_escaped(d->out, t->file);
  vf_out_put(d->out, " ");
  put_escaped(d->out, t->path);
  vf_out_put(d->out, t->is_error ? "\n  ---\n" : " # SKIP not read\n  ---\n");
  put_quoted(d->out, "message", t->message);
  vf_out_printf(d->out, "  line: %u\n  ...\n", (unsigned)t->line);
}

static void end(vf_doc *d, const vf_doc_totals *t) {
  (void)t;
  vf_out_printf(d->out, "1..%zu\n", d->rows);
}

static const vf_doc_gate gate = {start, cases, trouble, end};
const vf_doc_format vf_format_tap = {.name = "tap", .gate = &gate};
