/* versions.c - the rules of one version, out of the changes that led to it (versions.def). */
#include <stdio.h>
#include <string.h>

#include "engines/vllm/vllm.h"

/* #13086 and what followed: models without code of vLLM's own run by transformers' (registry.py,
 * _TRANSFORMERS_MODELS), of dense decoders those that have all that it wants. */
enum { FALLBACK_MINOR = 7, FALLBACK_PATCH = 2 };

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

static const struct {
  const char *type;
  uint32_t minor, patch;
  const char *where;
} archs[] = {
#define ARCH(type, minor, patch, date, where) {type, minor, patch, where},
#include "engines/vllm/archs.def"
#undef ARCH
};

/* "0.10" may be any of its releases. */
static bool is_before(const char *text, uint32_t minor, uint32_t patch) {
  const char *dot = strchr(text, '.');
  bool patched = dot != NULL && strchr(dot + 1, '.') != NULL;
  uint32_t version = vf_ranks_version(text);
  return version != 0 && !is_from(patched ? version : version + 999, minor, patch);
}

bool vf_vllm_is_before(const char *version, const char *type, vf_vllm_since *out) {
  for (size_t i = 0; version[0] != '\0' && i < sizeof archs / sizeof *archs; i++) {
    if (strcmp(type, archs[i].type) != 0) continue;
    *out = (vf_vllm_since){archs[i].minor, archs[i].patch, archs[i].where,
                           !is_before(version, FALLBACK_MINOR, FALLBACK_PATCH)};
    return is_before(version, archs[i].minor, archs[i].patch);
  }
  return false;
}
