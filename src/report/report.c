/* report.c - writing one estimate. */
#include "report/report.h"

#include "base/args.h"
#include "base/status.h"
#include "core/estimate.h"

static void put_page(vf_out *out, const void *result, const vf_report_options *options) {
  const vf_reported *r = result;
  vf_report_table(out, r->estimate, r->limits, options);
}

vf_status vf_report_write(const vf_estimate *estimate, const vf_limits *limits,
                          const vf_report_options *options, vf_write_fn write, void *user,
                          vf_error *err) {
  vf_report_options o = vf_report_options_init();
  VF_NEED(err, estimate);
  VF_NEED(err, write);
  vf_status status = vf_estimate_needed(estimate, err);
  if (status == VF_OK) status = vf_take_struct(&o, sizeof o, options, "vf_report_options", err);
  const vf_reported reported = {estimate, limits, &o};
  if (status != VF_OK) return status;
  if (o.offers != NULL && o.offers->count == 0) o.offers = NULL;
  return vf_result_write(&o, 0, put_page, vf_report_events, &reported, write, user, err);
}
