/* report.c - the table of formats. */
#include "report/report.h"

#include "base/status.h"

static const vf_report_fn formats[] = {
    [VF_REPORT_TABLE] = vf_report_table,
    [VF_REPORT_JSON] = vf_report_json,
    [VF_REPORT_CSV] = NULL, /* of tables of many estimates alone */
    [VF_REPORT_MARKDOWN] = NULL,
};
_Static_assert(sizeof formats / sizeof *formats == VF_REPORT_COUNT, "every format has a function");

vf_status vf_report_write(const vf_estimate *e, const vf_limits *limits,
                          const vf_report_options *options, vf_write_fn write, void *user,
                          vf_error *err) {
  if (options->format >= VF_REPORT_COUNT || formats[options->format] == NULL)
    return vf_fail(err, VF_USAGE, "one estimate has no report in that format");
  vf_out out;
  vf_out_init(&out, write, user);
  formats[options->format](&out, e, limits, options);
  return vf_out_finish(&out, err);
}
