/* page.h - the report of one estimate for people, in its parts.
 *
 * The verdict first, then the budget, then how fast it is and what else would fit, last what is
 * taken for granted.  Each part is a file that puts its lines; table.c sets them below each other.
 */
#ifndef VF_REPORT_PAGE_H
#define VF_REPORT_PAGE_H

#include "report/report.h"

enum { VF_PAGE_LABEL = 11, VF_PAGE_SIZE = 11 };

typedef struct vf_page {
  vf_out *out;
  const vf_estimate *e;
  const vf_report_options *options;
  const vf_device_budget *devices;
  size_t n_devices;
} vf_page;

/* Two blanks, a label, and where its value stands. */
void vf_page_label(const vf_page *p, const char *label);

/* "39.0 GiB" */
void vf_page_text_size(vf_text *t, const vf_page *p, uint64_t bytes);

/* "32k", "95.5k" where that is all of it, else "20,000". */
void vf_page_text_ctx(vf_text *t, uint64_t tokens);

/* What the budget is of the device that decides. */
void vf_page_head(const vf_page *p);
void vf_page_budget(const vf_page *p);
void vf_page_speed(const vf_page *p);
void vf_page_explain_speed(const vf_page *p);

#endif
