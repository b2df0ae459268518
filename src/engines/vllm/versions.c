/* versions.c - the rules of one version, out of the changes that led to it (versions.def). */
#include <stdio.h>

#include "engines/vllm/vllm.h"

#define SPREAD(low, expected, high) ((vf_vllm_spread){{(low), (expected), (high)}})

static bool is_from(uint32_t version, uint32_t minor, uint32_t patch) {
  return version >= minor * 1000 + patch;
}

vf_vllm_rules vf_vllm_rules_of(uint32_t version) {
  vf_vllm_rules r = {0};
#define RULE(minor, patch, date, field, value, source)                                             \
  if (is_from(version, minor, patch)) r.field = (value);
#include "engines/vllm/versions.def"
#undef RULE
  return r;
}

bool vf_vllm_knows(const char *version) {
  uint32_t v = vf_ranks_version(version);
  return v >= VF_VLLM_OLDEST && v / 1000 <= VF_VLLM_NEWEST / 1000;
}
