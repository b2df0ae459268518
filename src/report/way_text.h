/* way_text.h - a way out as options. */
#ifndef VF_REPORT_WAY_TEXT_H
#define VF_REPORT_WAY_TEXT_H

#include "base/text.h"
#include "vramfit/solve.h"

/* "--quant Q4_K_M --ctx 65536"; gpu is the id of the first device. */
void vf_way_text(vf_text *t, const vf_way *w, const char *gpu);

/* A way to train, "--gpu h100x2 --loss fused". */
void vf_train_way_text(vf_text *t, const vf_train_way *w, const vf_train_request *was,
                       const char *gpu);

#endif
