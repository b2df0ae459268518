/* place.h - a box and what shares it. */
#ifndef VF_SOLVE_PLACE_H
#define VF_SOLVE_PLACE_H

#include "core/coreside.h"
#include "core/residency.h"
#include "vramfit/place.h"

enum { VF_PLACE_SETS = 256 };

/* One program. */
typedef struct vf_placed {
  const char *name, *title, *what; /* "llama3.1-8b · Q4_K_M · 32,768 tokens × 1 · llama.cpp" */
  const char *class, *schedule, *pipeline; /* pipeline: of a stage; "" else */
  const char *figure;                      /* how its size was obtained */
  vf_item item;
  vf_demand options[VF_CORESIDE_OPTIONS];
  vf_rate decode[VF_CORESIDE_OPTIONS]; /* alone there, all its sequences together; 0: unknown */
  uint64_t decode_ctx;                 /* tokens of context that this is at */
  vf_interval kv;                      /* caches, part of what it takes */
  uint64_t kv_bytes_per_token;         /* 0: unknown, or none */
  uint64_t limit_bytes;                /* 0: none */
  uint64_t least_bytes; /* of an engine that fills a share: what its requests need; 0: no such */
  uint64_t share_ppm, share_bytes; /* and what that share holds */
  uint64_t default_ctx,
      default_ctx_costs; /* that Ollama takes by itself, and what it costs more than
                            8192 tokens; 0: a context is stated, or that is less */
  const char *refusal; /* why its engine does not start there; NULL: it does, or none is known */
  bool over_limit;
  bool on_demand, by_ollama;
  int64_t keep_alive_s;
  const vf_assumption *remarks; /* options of its command that were not understood */
  size_t n_remarks;
} vf_placed;

/* What can be loaded together, out of what is loaded on demand. */
typedef struct vf_place_set {
  uint32_t loaded;
  vf_interval need; /* on all devices */
  vf_verdict verdict;
} vf_place_set;

typedef struct vf_placed_scenario {
  const char *name, *title;
  uint32_t set;  /* all that is in it */
  uint32_t peak; /* what is loaded at the peak */
  vf_plan plan;  /* of the peak */
  vf_breaks breaks;
  vf_compute compute;
  vf_compute_reason reason;
  unsigned sharers[VF_CORESIDE_ITEMS]; /* of the peak: vf_coreside_sharers of each */
  vf_place_set *sets;                  /* NULL where nothing comes and goes, or too much */
  size_t n_sets;
  vf_residency_step *steps; /* of a server that loads on demand */
  size_t n_steps;
} vf_placed_scenario;

struct vf_place {
  vf_arena *arena;
  const char *source, *title;
  vf_box box;
  vf_placed *items;
  size_t n_items;
  vf_placed_scenario *scenarios;
  size_t n_scenarios;
  uint32_t max_loaded; /* of the server that loads on demand; 0: there is none */
  uint64_t container_bytes;
  const char *const *skipped;
  size_t n_skipped;
  vf_verdict verdict;
  size_t n_remarks; /* of all programs */
};

/* What the set of the scenario takes on all devices together. */
vf_interval vf_placed_need(const vf_place *place, const vf_placed_scenario *s);

#endif
