/* llamacpp.h - what the two files of this engine share. */
#ifndef VF_ENGINES_LLAMACPP_H
#define VF_ENGINES_LLAMACPP_H

#include "base/text.h"
#include "core/estimate.h"

/* The formula of a line with its numbers, and where llama.cpp has it. */
void vf_llamacpp_explain(const vf_estimate *e, const vf_line *line, vf_text *out);

#endif
