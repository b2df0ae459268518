/* report.c - the table of formats. */
#include "report/report.h"

#include "base/args.h"
#include "base/status.h"
#include "core/estimate.h"

static const vf_report_fn formats[] = {
    [VF_REPORT_TABLE] = vf_report_table,
    [VF_REPORT_JSON] = vf_report_json,
    [VF_REPORT_CSV] = NULL, /* of tables of many estimates alone */
    [VF_REPORT_MARKDOWN] = NULL,
};
_Static_assert(sizeof formats / sizeof *formats == VF_REPORT_COUNT, "every format has a function");

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
  if (formats[o.format] == NULL)
    return vf_fail(err, VF_USAGE, "one estimate has no report in that format");
  formats[o.format](&out, estimate, limits, &o);
  return vf_out_finish(&out, err);
}
