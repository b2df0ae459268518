/* report.h - one file per output format, one interface.
 *
 * A format sees results and how they are to be shown, never how they came about. */
#ifndef VF_REPORT_REPORT_H
#define VF_REPORT_REPORT_H

#include "report/json_write.h"
#include "report/out.h"

typedef void (*vf_report_fn)(vf_out *out, const vf_estimate *e, const vf_limits *limits,
                             const vf_report_options *options);

void vf_report_table(vf_out *out, const vf_estimate *e, const vf_limits *limits,
                     const vf_report_options *options);
void vf_report_json(vf_out *out, const vf_estimate *e, const vf_limits *limits,
                    const vf_report_options *options);

/* What vf_report_json writes, but for the version: for other objects that hold it. */
void vf_report_json_members(vf_json *j, const vf_estimate *e, const vf_limits *limits,
                            const vf_deployment *d);

#endif
