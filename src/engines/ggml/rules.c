/* rules.c - the table of what changed with builds. */
#include "engines/ggml/rules.h"

#include <stddef.h>

static const struct {
  uint32_t since, until;
} rules[] = {
#define VF_GGML_RULE(name, since, until, change, words) [VF_RULE_##name] = {since, until},
#include "engines/ggml/rules.def"
#undef VF_GGML_RULE
};
_Static_assert(sizeof rules / sizeof *rules == VF_RULE_COUNT, "a row for every rule");

uint32_t vf_ggml_rule_end(vf_ggml_rule rule) {
  return rules[rule].until;
}

uint64_t vf_ggml_rules_of(uint32_t build) {
  uint64_t hold = 0;
  for (size_t i = 0; i < VF_RULE_COUNT; i++) {
    bool ended = rules[i].until != 0 && build >= rules[i].until;
    if (build >= rules[i].since && !ended) hold |= UINT64_C(1) << i;
  }
  return hold;
}
