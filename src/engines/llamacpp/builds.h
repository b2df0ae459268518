/* builds.h - the version of a llama.cpp, whatever it is called, as the number of a build. */
#ifndef VF_ENGINES_LLAMACPP_BUILDS_H
#define VF_ENGINES_LLAMACPP_BUILDS_H

#include <stdbool.h>
#include <stdint.h>

#include "core/estimate.h"

enum {
  VF_BUILD_OLDEST = 2775,      /* flash attention came with it; nothing older is told */
  VF_BUILD_FIT = 7407,         /* #16653: --fit, on by default */
  VF_BUILD_FOUR_SLOTS = 7433,  /* llama-server's default before: one */
  VF_BUILD_OUTPUT_ROWS = 9460, /* before: logits of the whole batch */
  VF_BUILD_NEWEST = 11000      /* stands for release v0.5.0, whose number was not published */
};

/* "b6345", "6345", "v0.5.0", or what --version prints; 0: none of these. */
uint32_t vf_llamacpp_build(const char *version);

/* Known: not newer than the rules.  VF_UNSUPPORTED for what is older than all of them, VF_USAGE for
 * what is no version of llama.cpp. */
bool vf_llamacpp_knows(const char *version);
vf_status vf_llamacpp_check(const char *version, vf_error *err);

/* Whether a context that is not given is lowered until it fits (--fit); NULL: the newest. */
bool vf_llamacpp_lowers_ctx(const char *version);

/* True if the rules were compared with this build itself, figure by figure. */
bool vf_llamacpp_is_measured(uint32_t build);

/* The build in which an architecture came, and the change that brought it; 0: it was there before
 * all builds that are told, or nothing is known of it (archs.def). */
uint32_t vf_llamacpp_arch_since(const char *arch, const char **where);

/* The llama.cpp inside an Ollama; 0: it had engines of its own. */
uint32_t vf_ollama_build(const char *version);

#endif
