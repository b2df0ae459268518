/* formats.c - the table of formats. */
#include "report/formats/formats.h"

#include <stdio.h>
#include <string.h>

/* In the order of vf_report_format.  The page for people has no events: each result sets its own.
 */
static const struct {
  const char *name;
  const vf_doc_format *format;
} rows[] = {
    [VF_REPORT_TABLE] = {"table", NULL},
    [VF_REPORT_JSON] = {"json", &vf_format_json},
    [VF_REPORT_CSV] = {"csv", &vf_format_csv},
    [VF_REPORT_MARKDOWN] = {"markdown", &vf_format_markdown},
    [VF_REPORT_GITHUB] = {"github", &vf_format_github},
    [VF_REPORT_JUNIT] = {"junit", &vf_format_junit},
    [VF_REPORT_SARIF] = {"sarif", &vf_format_sarif},
    [VF_REPORT_TAP] = {"tap", &vf_format_tap},
    [VF_REPORT_CODEQUALITY] = {"codequality", &vf_format_codequality},
    [VF_REPORT_BASELINE] = {"baseline", &vf_format_baseline},
    [VF_REPORT_SUMMARY] = {"summary", &vf_format_summary},
};
#define N_ROWS (sizeof rows / sizeof *rows)
_Static_assert(N_ROWS == (size_t)VF_REPORT_COUNT, "every format has a row");

const vf_doc_format *vf_doc_format_get(vf_report_format format) {
  return (unsigned)format < N_ROWS ? rows[format].format : NULL;
}

const char *vf_report_format_name(size_t i) {
  return i < N_ROWS ? rows[i].name : NULL;
}

void vf_plain_text(vf_out *out, const char *s) {
  for (size_t n = strlen(s); n > 0;) {
    size_t length = vf_utf8_length(s, n);
    if (length == 0 || vf_text_control(s, n) != 0)
      vf_out_put(out, *s == '\n' || *s == '\t' ? " " : "\xef\xbf\xbd");
    else
      vf_out_bytes(out, s, length);
    length += length == 0;
    s += length;
    n -= length;
  }
}

/* FNV-1a; the end of each text counts, so that "a" "bc" is not "ab" "c". */
static uint64_t hash(uint64_t h, const char *text) {
  do h = (h ^ (unsigned char)*text) * UINT64_C(1099511628211);
  while (*text++ != '\0');
  return h;
}

void vf_fingerprint(char out[33], const char *file, const char *path, const char *rule,
                    size_t nth) {
  char times[24];
  snprintf(times, sizeof times, "%zu", nth);
  uint64_t a = hash(hash(hash(hash(UINT64_C(14695981039346656037), file), path), rule), times);
  uint64_t b = hash(hash(hash(hash(UINT64_C(1469598103934665603), times), rule), path), file);
  snprintf(out, 33, "%016llx%016llx", (unsigned long long)a, (unsigned long long)b);
}

size_t vf_case_nth(const vf_doc_case *c, size_t i) {
  size_t n = 0;
  for (size_t k = 0; k < i; k++) n += strcmp(c->findings[k].rule, c->findings[i].rule) == 0;
  return n;
}
