/* report.h - one estimate, as a page or as events.
 *
 * A report sees results and how they are to be shown, never how they came about. */
#ifndef VF_REPORT_REPORT_H
#define VF_REPORT_REPORT_H

#include "report/document.h"
#include "report/out.h"

/* The page for people. */
void vf_report_table(vf_out *out, const vf_estimate *e, const vf_limits *limits,
                     const vf_report_options *options);

/* What vf_report_events takes. */
typedef struct vf_reported {
  const vf_estimate *estimate;
  const vf_limits *limits; /* NULL: none */
  const vf_report_options *options;
} vf_reported;

void vf_report_events(vf_doc *d, const void *result);

/* What it says of one estimate, but for the version: for other objects that hold it.  Its lines are
 * rows, unless it stands in one. */
void vf_estimate_events(vf_doc *j, const vf_estimate *e, const vf_limits *limits,
                        const vf_deployment *deployment);

/* What a deployment states, each under its key. */
void vf_deployment_events(vf_doc *j, const vf_deployment *d);

#endif
