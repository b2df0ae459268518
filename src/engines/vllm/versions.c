/* versions.c - the rules of one version, out of the changes that led to it (versions.def). */
#include <stdio.h>

#include "engines/admission.h"
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

/* ---- Architectures ---------------------------------------------------------------------- */

static const vf_arch_age ages[] = {
#define ARCH(type, minor, patch, date, where) VF_ARCH_AGE(type, minor, patch, where)
#include "engines/vllm/archs.def"
#undef ARCH
};

/* From 0.7.2 on models without code of vLLM's own run by transformers' (registry.py,
 * _TRANSFORMERS_MODELS). */
const vf_arch_ages vf_vllm_ages = {ages, sizeof ages / sizeof *ages, 7002};
