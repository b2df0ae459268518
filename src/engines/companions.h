/* companions.h - what goes with a model in a serving engine: a draft, slots for adapters. */
#ifndef VF_ENGINES_COMPANIONS_H
#define VF_ENGINES_COMPANIONS_H

#include "engines/ranks.h"

/* A draft model is cut like the target and lies on the last stage; so does its cache, which has
 * what the target's has. */
vf_amount vf_companion_draft(const vf_ranks *s, uint32_t device);
vf_amount vf_companion_draft_cache(const vf_ranks *s, uint32_t device);

/* --max-loras slots of --max-lora-rank for every matrix of attention and feed-forward. */
vf_amount vf_companion_adapters(const vf_ranks *s, uint32_t device);

/* The rows of these three, for an engine's list. */
#define VF_COMPANION_TERMS                                                                         \
  {"draft_weights", VF_PART_WEIGHTS, vf_companion_draft, "the model that proposes tokens",         \
   .source = "--draft"},                                                                           \
      {"draft_cache", VF_PART_KV_CACHE, vf_companion_draft_cache,                                  \
       "sequences × tokens × bytes per token of the draft", .source = "--draft"},                  \
  {                                                                                                \
    "adapter_slots", VF_PART_WEIGHTS, vf_companion_adapters,                                       \
        "slots × rank × (inputs + outputs) of every matrix, 2 B each", .source = "--max-lora-rank" \
  }

#endif
