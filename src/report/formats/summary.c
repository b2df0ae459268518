/* summary.c - a check for people: a page for the terminal, and Markdown for the page of a run. */
#include <string.h>

#include "core/words.h"
#include "report/formats/formats.h"

static void put_totals(vf_out *out, const vf_doc_totals *t) {
  vf_out_printf(out, "%zu deployment%s in %zu file%s: ", t->deployments,
                t->deployments == 1 ? "" : "s", t->files, t->files == 1 ? "" : "s");
  vf_out_printf(out, "%zu fail%s, %zu %s not judged", t->failed, t->failed == 1 ? "s" : "",
                t->deployments - t->judged, t->deployments - t->judged == 1 ? "is" : "are");
  if (t->passed > 0) vf_out_printf(out, ", %zu not read", t->passed);
  if (t->errors > 0)
    vf_out_printf(out, ", %zu file%s cannot be read", t->errors, t->errors == 1 ? "" : "s");
  vf_out_put(out, "\n");
}

/* ---- The page --------------------------------------------------------------------------- */

static const vf_verdict_words *words_of(const char *verdict) {
  for (size_t i = 0; verdict != NULL && i < VF_VERDICT_COUNT; i++)
    if (strcmp(vf_verdict_word[i].json, verdict) == 0) return &vf_verdict_word[i];
  return NULL;
}

static void put_finding(vf_doc *d, const vf_doc_finding *f) {
  vf_out_printf(d->out, "      %s%s: ", f->known ? "known " : "", f->rule);
  vf_plain_text(d->out, f->message);
  vf_out_put(d->out, "\n");
  for (size_t w = 0; w < f->n_ways; w++) {
    vf_out_put(d->out, w == 0 ? "      would fit: " : " | ");
    vf_plain_text(d->out, f->ways[w]);
  }
  if (f->n_ways > 0) vf_out_put(d->out, "\n");
}

static void page_cases(vf_doc *d, const char *file, const vf_doc_case *list, size_t n) {
  for (size_t i = 0; i < n; i++) {
    const vf_doc_case *c = &list[i];
    const vf_verdict_words *w = words_of(c->verdict);
    if (d->color && w != NULL) vf_out_put(d->out, w->color);
    vf_out_printf(d->out, "%-7s", w != NULL ? w->shown : "-");
    if (d->color && w != NULL) vf_out_put(d->out, "\x1b[0m");
    vf_out_put(d->out, " ");
    vf_plain_text(d->out, file);
    vf_out_printf(d->out, ":%u  ", (unsigned)c->line);
    vf_plain_text(d->out, c->path);
    vf_out_put(d->out, "  ");
    vf_plain_text(d->out, c->subject);
    vf_out_put(d->out, "\n");
    for (size_t k = 0; k < c->n_findings; k++) put_finding(d, &c->findings[k]);
  }
}

static void page_trouble(vf_doc *d, const vf_doc_trouble *t) {
  vf_out_put(d->out, t->is_error ? "error   " : "-       ");
  vf_plain_text(d->out, t->file);
  if (t->line != 0) vf_out_printf(d->out, ":%u", (unsigned)t->line);
  if (t->line != 0 && t->column != 0 && t->is_error)
    vf_out_printf(d->out, ":%u", (unsigned)t->column);
  vf_out_put(d->out, "  ");
  vf_plain_text(d->out, t->path);
  vf_out_put(d->out, t->path[0] != '\0' ? ": " : "");
  vf_plain_text(d->out, t->message);
  vf_out_put(d->out, "\n");
}

static void page_end(vf_doc *d, const vf_doc_totals *t) {
  put_totals(d->out, t);
}

static const vf_doc_gate page_gate = {NULL, page_cases, page_trouble, page_end};
const vf_doc_format vf_format_check_page = {.name = "table", .gate = &page_gate};

/* ---- Markdown for a run ----------------------------------------------------------------- */

static void summary_start(vf_doc *d) {
  vf_out_put(d->out, "### vramfit\n\n| | Deployment | Model | Findings |\n|---|---|---|---|\n");
}

static void summary_cases(vf_doc *d, const char *file, const vf_doc_case *list, size_t n) {
  for (size_t i = 0; i < n; i++) {
    const vf_doc_case *c = &list[i];
    const vf_verdict_words *w = words_of(c->verdict);
    vf_out_printf(d->out, "| %s%s | ", w != NULL ? w->shown : "not judged", c->failed ? " ❌" : "");
    vf_markdown_text(d->out, file);
    vf_out_printf(d->out, ":%u ", (unsigned)c->line);
    vf_markdown_text(d->out, c->path);
    vf_out_put(d->out, " | ");
    vf_markdown_text(d->out, c->subject);
    vf_out_put(d->out, " | ");
    for (size_t k = 0; k < c->n_findings; k++) {
      if (k > 0) vf_out_put(d->out, "<br>");
      vf_markdown_text(d->out, c->findings[k].message);
      for (size_t x = 0; x < c->findings[k].n_ways; x++) {
        vf_out_put(d->out, x == 0 ? "; would fit: " : ", ");
        vf_markdown_text(d->out, c->findings[k].ways[x]);
      }
    }
    vf_out_put(d->out, " |\n");
  }
}

static void summary_trouble(vf_doc *d, const vf_doc_trouble *t) {
  vf_out_put(d->out, t->is_error ? "| error ❌ | " : "| not read | ");
  vf_markdown_text(d->out, t->file);
  vf_out_printf(d->out, ":%u ", (unsigned)t->line);
  vf_markdown_text(d->out, t->path);
  vf_out_put(d->out, " | | ");
  vf_markdown_text(d->out, t->message);
  vf_out_put(d->out, " |\n");
}

static void summary_end(vf_doc *d, const vf_doc_totals *t) {
  vf_out_put(d->out, "\n");
  put_totals(d->out, t);
}

static const vf_doc_gate summary_gate = {summary_start, summary_cases, summary_trouble,
                                         summary_end};
const vf_doc_format vf_format_summary = {.name = "summary", .gate = &summary_gate};
