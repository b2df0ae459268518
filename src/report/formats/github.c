/* github.c - annotations of GitHub Actions: workflow commands, one line each.
 *
 * "%", ends of lines and, in properties, ":" and "," are escaped as the runner's toolkit does;
 * other control characters are not let through, so that no name can begin a command. */
#include <string.h>

#include "report/formats/formats.h"

static void put_escaped(vf_out *out, const char *s, bool property) {
  for (size_t n = strlen(s); n > 0;) {
    size_t length = vf_utf8_length(s, n);
    unsigned char c = (unsigned char)*s;
    if (c == '%' || c == '\r' || c == '\n' || (property && (c == ':' || c == ',')))
      vf_out_printf(out, "%%%02X", c);
    else if (length == 0 || vf_text_control(s, n) != 0)
      vf_out_put(out, "\xef\xbf\xbd");
    else
      vf_out_bytes(out, s, length);
    length += length == 0;
    s += length;
    n -= length;
  }
}

static void put_command(vf_out *out, const char *level, const char *file, uint32_t line,
                        uint32_t column, const char *title) {
  vf_out_printf(out, "::%s file=", level);
  put_escaped(out, file, true);
  if (line != 0) vf_out_printf(out, ",line=%u", (unsigned)line);
  if (line != 0 && column != 0) vf_out_printf(out, ",col=%u", (unsigned)column);
  vf_out_put(out, ",title=");
  put_escaped(out, title, true);
  vf_out_put(out, "::");
}

static const char *level_of(const vf_doc_finding *f) {
  if (f->fails) return "error";
  return strcmp(f->level, "note") == 0 ? "notice" : "warning";
}

static void cases(vf_doc *d, const char *file, const vf_doc_case *list, size_t n) {
  for (size_t i = 0; i < n; i++)
    for (size_t k = 0; k < list[i].n_findings; k++) {
      const vf_doc_finding *f = &list[i].findings[k];
      char title[80] = "vramfit ";
      strncat(title, f->rule, sizeof title - 10);
      put_command(d->out, level_of(f), file, f->line, f->column, title);
      put_escaped(d->out, list[i].path, false);
      vf_out_put(d->out, ": ");
      put_escaped(d->out, f->message, false);
      for (size_t w = 0; w < f->n_ways; w++) {
        vf_out_put(d->out, w == 0 ? "; would fit: " : " | ");
        put_escaped(d->out, f->ways[w], false);
      }
      vf_out_put(d->out, "\n");
    }
}

static void trouble(vf_doc *d, const vf_doc_trouble *t) {
  put_command(d->out, t->is_error ? "error" : "notice", t->file, t->line, t->column,
              t->is_error ? "vramfit cannot read it" : "vramfit not read");
  if (t->path[0] != '\0') {
    put_escaped(d->out, t->path, false);
    vf_out_put(d->out, ": ");
  }
  put_escaped(d->out, t->message, false);
  vf_out_put(d->out, "\n");
}

static const vf_doc_gate gate = {.cases = cases, .trouble = trouble};
const vf_doc_format vf_format_github = {.name = "github", .gate = &gate};
