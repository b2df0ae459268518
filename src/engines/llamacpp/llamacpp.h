/* llamacpp.h - what the files of this engine share. */
#ifndef VF_ENGINES_LLAMACPP_LLAMACPP_H
#define VF_ENGINES_LLAMACPP_LLAMACPP_H

#include "base/text.h"
#include "core/estimate.h"

enum { VF_LLAMACPP_SEQS = 256 }; /* LLAMA_MAX_SEQ */

/* Who asks: told as an assumption. */
typedef struct vf_llamacpp_program {
  vf_assumption assumption;
  bool foreign;       /* its own rules are not known: buffers are bounded, not exact */
  uint32_t build;     /* of the llama.cpp whose rules hold */
  bool stays_on_host; /* experts of the host are multiplied there, as far as logs show */
  bool own_engines;   /* it runs some architectures by code of its own */
} vf_llamacpp_program;

/* Whether it has code for an architecture that files name. */
bool vf_llamacpp_runs(const char *arch);

/* Adds all lines for what a program asks. */
vf_status vf_llamacpp_estimate(vf_estimate *e, const vf_request *request,
                               const vf_llamacpp_program *program, vf_error *err);

/* The formula of a line with its numbers, and where llama.cpp has it. */
void vf_llamacpp_explain(const vf_estimate *e, const vf_line *line, vf_text *out);

#endif
