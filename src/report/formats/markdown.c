/* markdown.c - rows as a table that GitHub and GitLab show; no text of a cell is markup. */
#include <string.h>

#include "report/formats/formats.h"
#include "report/formats/records.h"

static bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/* Within a word an underscore is one. */
static bool is_markup(const char *s, bool in_word) {
  if (*s == '_') return !in_word || !is_letter(s[1]);
  return strchr("\\`*[]#|~@", *s) != NULL;
}

void vf_markdown_text(vf_out *out, const char *s) {
  bool in_word = false;
  for (size_t n = strlen(s); n > 0;) {
    size_t length = vf_utf8_length(s, n);
    unsigned char c = (unsigned char)*s;
    if (length == 0 || vf_text_control(s, n) != 0)
      vf_out_put(out, c == '\n' ? " " : "�");
    else if (c == '<' || c == '&')
      vf_out_put(out, c == '<' ? "&lt;" : "&amp;");
    else if (is_markup(s, in_word))
      vf_out_printf(out, "\\%c", c);
    else
      vf_out_bytes(out, s, length);
    in_word = is_letter(*s);
    s += length == 0 ? 1 : length;
    n -= length == 0 ? 1 : length;
  }
}

static void line(vf_out *out, const char *const *cells, size_t count, bool heading) {
  for (size_t i = 0; i < count; i++) {
    vf_out_put(out, i == 0 ? "| " : " | ");
    vf_markdown_text(out, cells[i]);
  }
  vf_out_put(out, " |\n");
  for (size_t i = 0; heading && i < count; i++) vf_out_put(out, "|---");
  if (heading) vf_out_put(out, "|\n");
}

static void close(vf_doc *d, char bracket) {
  vf_records_close(d, bracket, line);
}

const vf_doc_format vf_format_markdown = {.name = "markdown",
                                          .twice = true,
                                          .open = vf_records_open,
                                          .close = close,
                                          .value = vf_records_value,
                                          .check = vf_records_check};
