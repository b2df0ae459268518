/* words.h - the words of reports: one table for each enum that is shown. */
#ifndef VF_CORE_WORDS_H
#define VF_CORE_WORDS_H

#include "base/text.h"
#include "vramfit/deploy.h"

typedef struct vf_verdict_words {
  const char *json, *shown, *color; /* colour: an ANSI sequence */
} vf_verdict_words;

extern const vf_verdict_words vf_verdict_word[VF_VERDICT_COUNT];
extern const char *const vf_basis_word[VF_BASIS_COUNT];
extern const char *const vf_bound_word[VF_BOUND_COUNT];
extern const char *const vf_device_kind_word[VF_DEVICE_KIND_COUNT];

typedef struct vf_part_words {
  const char *json;  /* key of the device's total */
  const char *shown; /* label in tables */
} vf_part_words;

extern const vf_part_words vf_part_word[VF_PART_COUNT];

typedef struct vf_axis_words {
  const char *option; /* that sets it, without dashes */
  const char *key;    /* in JSON and CSV */
} vf_axis_words;

extern const vf_axis_words vf_axis_word[VF_AXIS_COUNT];

/* "3.1–5.6", of each of `divisor` that share it. */
void vf_text_rates(vf_text *text, vf_rate rate, uint64_t divisor);

#endif
