/* companions.h - what serving engines share beside ranks: weights, a draft, slots for adapters. */
#ifndef VF_ENGINES_COMPANIONS_H
#define VF_ENGINES_COMPANIONS_H

#include "engines/ranks.h"

/* This rank's tensors, less what --cpu-offload-gb moves: exact, or within what makers of a scheme
 * that was named leave in 16 bits. */
vf_amount vf_companion_weights(const vf_ranks *s, uint32_t device);

/* A draft model is cut like the target and lies on the last stage; so does its cache, which has
 * what the target's has. */
vf_amount vf_companion_draft(const vf_ranks *s, uint32_t device);
vf_amount vf_companion_draft_cache(const vf_ranks *s, uint32_t device);

/* --max-loras slots of --max-lora-rank for every matrix of attention and feed-forward. */
vf_amount vf_companion_adapters(const vf_ranks *s, uint32_t device);

/* What PyTorch's allocator adds to the tensors of an engine that joins Q, K and V. */
vf_amount vf_companion_slack(const vf_ranks *s, uint32_t device);

/* NCCL's buffers where nobody measured them: as vLLM's logs have them. */
vf_amount vf_companion_links(const vf_ranks *s, uint32_t device);

/* The rows of these two; of the first with the engine's own function. */
#define VF_SLACK_TERM(slack)                                                                       \
  {                                                                                                \
    "allocator_slack", VF_PART_WEIGHTS, slack,                                                     \
        "tensors of 10 MiB and more end at 2 MiB (PyTorch's allocator)",                           \
        .source = "pytorch c10/cuda/CUDACachingAllocator.cpp", .within = "weights"                 \
  }
#define VF_LINKS_TERM                                                                              \
  {                                                                                                \
    "non_torch", VF_PART_RUNTIME, vf_companion_links, "libraries and NCCL",                        \
        .source = "logs of vLLM"                                                                   \
  }

/* The rows of a draft and of adapters, for an engine's list. */
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
