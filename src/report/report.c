/* report.c - writing one estimate. */
#include "report/report.h"

#include "base/args.h"
#include "base/status.h"
#include "core/estimate.h"

vf_status vf_report_write(const vf_estimate *estimate, const vf_limits *limits,
                          const vf_report_options *options, vf_write_fn write, void *user,
                          vf_error *err) {
  vf_out out;
  vf_report_options o;
  VF_NEED(err, estimate);
  VF_NEED(err, write);
  vf_status status = vf_estimate_needed(estimate, err);
  if (status == VF_OK) status = vf_out_start(&out, &o, options, write, user, err);
  if (status != VF_OK) return status;
  const vf_doc_format *format = vf_doc_format_get(o.format);
  const vf_reported reported = {estimate, limits, &o};
  if (format != NULL) return vf_document_write(&out, format, vf_report_events, &reported, err);
  vf_report_table(&out, estimate, limits, &o);
  return vf_out_finish(&out, err);
}
