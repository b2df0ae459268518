/* error.c - an error as JSON, for programs that asked for JSON. */
#include "base/args.h"
#include "report/document.h"
#include "vramfit/report.h"

static void put_line(vf_out *out, const void *result, const vf_report_options *options) {
  char line[700];
  (void)options;
  vf_error_line(result, line, sizeof line);
  vf_out_printf(out, "%s\n", line);
}

static void events(vf_doc *d, const void *result) {
  const vf_error *e = result;
  vf_doc_open(d, NULL, '{');
  vf_doc_string(d, "format_version", VF_DOC_VERSION);
  vf_doc_open(d, "error", '{');
  vf_doc_u64(d, "status", (uint64_t)e->status);
  vf_doc_string(d, "kind", vf_status_text(e->status));
  vf_doc_string(d, "message", e->message);
  if (e->source[0] != '\0') vf_doc_string(d, "source", e->source);
  if (e->path[0] != '\0') vf_doc_string(d, "path", e->path);
  if (e->line != 0) vf_doc_u64(d, "line", e->line);
  if (e->column != 0) vf_doc_u64(d, "column", e->column);
  if (e->line == 0 && e->offset != 0) vf_doc_u64(d, "offset_bytes", e->offset);
  vf_doc_close(d, '}');
  vf_doc_close(d, '}');
}

vf_status vf_error_write(const vf_error *error, const vf_report_options *options,
                         vf_write_fn write, void *user, vf_error *err) {
  VF_NEED(err, error);
  VF_NEED(err, write);
  return vf_result_write(options, 0, put_line, events, error, write, user, err);
}
