/* units.h - sizes and token counts: what people type, what they read.
 *
 * Parsing is in vramfit.h (vf_size_parse, vf_tokens_parse); this is the way back. */
#ifndef VF_BASE_UNITS_H
#define VF_BASE_UNITS_H

#include "base/text.h"
#include "vramfit/vramfit.h"

#define VF_KIB (UINT64_C(1) << 10)
#define VF_MIB (UINT64_C(1) << 20)
#define VF_GIB (UINT64_C(1) << 30)
#define VF_GB  UINT64_C(1000000000)

/* "GiB" or "GB". */
const char *vf_unit_name(vf_unit unit);

/* The number alone, in units of GiB or GB with `decimals` digits, rounded half up. */
void vf_text_size(vf_text *t, uint64_t bytes, vf_unit unit, int decimals);

/* "3.50", or "3.1–5.6": two decimals, and one for intervals, whose digits mean less. */
void vf_text_interval(vf_text *t, vf_interval size, vf_unit unit);

/* Sizes around zero have a sign: "-3.5". */
void vf_text_signed_size(vf_text *t, int64_t bytes, vf_unit unit, int decimals);

#endif
