/* formats.c - the table of formats. */
#include "report/formats/formats.h"

#include "base/names.h"
#include "base/status.h"

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
};
#define N_ROWS (sizeof rows / sizeof *rows)
_Static_assert(N_ROWS == (size_t)VF_REPORT_COUNT, "every format has a row");

const vf_doc_format *vf_doc_format_get(vf_report_format format) {
  return (unsigned)format < N_ROWS ? rows[format].format : NULL;
}

const char *vf_report_format_name(size_t i) {
  return i < N_ROWS ? rows[i].name : NULL;
}
