/* offers.h - what there is to choose from where neither a format nor a context is said. */
#ifndef VF_REPORT_OFFERS_H
#define VF_REPORT_OFFERS_H

#include "report/document.h"

/* The page for people, in place of a budget. */
void vf_offers_page(vf_out *out, const vf_estimate *e, const vf_report_options *options);

/* The same as an array of a result. */
void vf_offers_events(vf_doc *d, const vf_offers *offers);

/* Tokens in few digits: "6.5k", "12k", "1M". */
void vf_text_tokens(vf_text *t, uint64_t tokens);

/* "GeForce RTX 4060, 8 GB": with the size that it is sold by, unless the name has it. */
void vf_text_device(vf_text *t, const vf_device *d);

#endif
