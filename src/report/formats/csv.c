/* csv.c - rows for spreadsheets: RFC 4180, and no cell that a spreadsheet would run. */
#include <string.h>

#include "report/formats/formats.h"
#include "report/formats/records.h"

/* A cell that begins like a formula is one to a spreadsheet, unless it is a number; some take the
 * wide forms of = + - @ for them. */
static bool is_formula(const char *s) {
  static const char *const wide[] = {"\xef\xbc\x9d", "\xef\xbc\x8b", "\xef\xbc\x8d",
                                     "\xef\xbc\xa0"};
  for (size_t i = 0; i < sizeof wide / sizeof *wide; i++)
    if (strncmp(s, wide[i], 3) == 0) return true;
  if (strchr("=+@\t\r", s[0]) != NULL) return s[0] != '\0';
  return s[0] == '-' && s[1 + strspn(s + 1, ".0123456789")] != '\0';
}

void vf_csv_cell(vf_out *out, const char *s) {
  bool quoted = strpbrk(s, ",\"\r\n") != NULL, formula = is_formula(s);
  if (quoted || formula) vf_out_put(out, "\"");
  if (formula) vf_out_put(out, "'");
  for (size_t n = strlen(s); n > 0;) {
    size_t length = vf_utf8_length(s, n);
    if (*s == '"') vf_out_put(out, "\"");
    if (length == 0 || vf_text_control(s, n) != 0)
      vf_out_put(out, " "); /* no line of a log begins within a cell */
    else
      vf_out_bytes(out, s, length);
    length += length == 0;
    s += length;
    n -= length;
  }
  if (quoted || formula) vf_out_put(out, "\"");
}

static void line(vf_out *out, const char *const *cells, size_t count, bool heading) {
  (void)heading;
  for (size_t i = 0; i < count; i++) {
    if (i > 0) vf_out_put(out, ",");
    vf_csv_cell(out, cells[i]);
  }
  vf_out_put(out, "\n");
}

static void close(vf_doc *d, char bracket) {
  vf_records_close(d, bracket, line);
}

const vf_doc_format vf_format_csv = {.name = "csv",
                                     .twice = true,
                                     .open = vf_records_open,
                                     .close = close,
                                     .value = vf_records_value,
                                     .check = vf_records_check};
