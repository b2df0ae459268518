/* way_text.h - a way out as options. */
#ifndef VF_REPORT_WAY_TEXT_H
#define VF_REPORT_WAY_TEXT_H

#include "base/text.h"
#include "vramfit/solve.h"

/* "--quant Q4_K_M --ctx 65536"; gpu is the id of the first device. */
void vf_way_text(vf_text *t, const vf_way *w, const char *gpu);

/* Words of a run that are different from those of another, "--loss fused --micro-batch 1". */
void vf_train_words_text(vf_text *t, const vf_train_request *r, const vf_train_request *was);

/* The same of a way, with its GPUs. */
void vf_train_way_text(vf_text *t, const vf_train_way *w, const vf_train_request *was,
                       const char *gpu);

#endif
