/* rules.h - which of the rules that changed with llama.cpp's builds hold for one of them. */
#ifndef VF_ENGINES_GGML_RULES_H
#define VF_ENGINES_GGML_RULES_H

#include <stdbool.h>
#include <stdint.h>

typedef enum vf_ggml_rule {
#define VF_GGML_RULE(name, since, until, change, words) VF_RULE_##name,
#include "engines/ggml/rules.def"
#undef VF_GGML_RULE
  VF_RULE_COUNT
} vf_ggml_rule;
_Static_assert(VF_RULE_COUNT <= 64, "a bit for every rule");

/* Rules of a build, one bit each. */
uint64_t vf_ggml_rules_of(uint32_t build);

/* The first build that a rule no longer holds for; 0: it holds to this day. */
uint32_t vf_ggml_rule_end(vf_ggml_rule rule);

static inline bool vf_ggml_holds(uint64_t rules, vf_ggml_rule rule) {
  return (rules >> rule & 1) != 0;
}

#endif
