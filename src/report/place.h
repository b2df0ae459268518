/* place.h - a box and what shares it, in each of its forms. */
#ifndef VF_REPORT_PLACE_H
#define VF_REPORT_PLACE_H

#include "report/out.h"
#include "solve/place.h"

extern const char *const vf_compute_word[VF_COMPUTE_COUNT];
extern const char *const vf_compute_shown[VF_COMPUTE_COUNT];
extern const char *const vf_reason_code[VF_REASON_COUNT];
extern const char *const vf_reason_text[VF_REASON_COUNT];

/* Whether to run it, out of both: it does not fit or cannot compute, it is tight or shares, or yes.
 */
extern const char *const vf_advice_word[3];
int vf_placed_advice(const vf_placed_scenario *s);

void vf_place_table(vf_out *out, const vf_place *place, const vf_report_options *options);
void vf_card_text(vf_out *out, const vf_place *place, const vf_report_options *options);
void vf_card_svg(vf_out *out, const vf_place *place, const vf_report_options *options);

#endif
