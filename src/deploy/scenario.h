/* scenario.h - a file that says what shares a box: its devices, its workloads, its scenarios.
 *
 * Either our own form (docs/place.md, data/schemas/scenario.schema.json), as JSON or YAML, or docker
 * compose's: its YAML, or what `docker compose config --format json` prints.  Strict: a key that is not known, an impossible value or a name
 * that nobody has is an error with line and JSON path. */
#ifndef VF_DEPLOY_SCENARIO_H
#define VF_DEPLOY_SCENARIO_H

#include "base/facts.h"
#include "base/printf.h"
#include "core/coreside.h"
#include "core/residency.h"
#include "readers/measured.h"
#include "vramfit/deploy.h"

enum { VF_SCENARIOS = 64, VF_SCENARIO_PROFILES = 16, VF_SCENARIO_NAME = 64 };

typedef enum vf_schedule {
  VF_SCHEDULE_ALWAYS,    /* loaded for as long as the scenario lasts */
  VF_SCHEDULE_STAGE,     /* the same, but computes in turn with the others of its pipeline */
  VF_SCHEDULE_ON_DEMAND, /* loaded when it is asked for */
  VF_SCHEDULE_COUNT
} vf_schedule;

extern const char *const vf_schedule_word[VF_SCHEDULE_COUNT + 1];
extern const char *const vf_item_class_word[VF_ITEM_CLASS_COUNT + 1];

/* One program.  Exactly one of model, measured and size says what it takes. */
typedef struct vf_scenario_workload {
  const char *place; /* in the file, as a prefix of keys: "workloads.3." */
  const char *name, *title;
  vf_deployment d;      /* of a model that an engine runs; its strings lie in the arena */
  const char *measured; /* an entry of the catalog of workloads */
  bool has_size;
  vf_interval size;
  vf_scope scope; /* of the size: whether the context is in it */
  bool by_ollama; /* the server decides what stays loaded */
  vf_item_class class;
  vf_schedule schedule;
  const char *pipeline; /* of a stage */
  bool has_keep_alive;
  int64_t keep_alive_s;
  const char *profiles[VF_SCENARIO_PROFILES];
  size_t n_profiles;
  uint64_t limit_bytes;               /* it gets no more; 0: none */
  bool container;                     /* pays for one */
  uint32_t gpus[VF_CORESIDE_DEVICES]; /* it must go there */
  size_t n_gpus;
  uint32_t spread; /* devices that it takes, whichever; 0: one, or as many as it needs */
} vf_scenario_workload;

typedef struct vf_scenario {
  const char *name, *title;
  uint32_t set; /* of workloads */
} vf_scenario;

typedef struct vf_ollama_rules {
  bool stated;
  uint32_t max_loaded; /* 0: 3 per GPU */
  uint32_t parallel;   /* 0: 1 */
  int64_t keep_alive_s;
  uint64_t overhead_bytes; /* kept free on each GPU */
  uint32_t requests[VF_RESIDENCY_STEPS];
  size_t n_requests; /* 0: each model once, in the order of the file */
} vf_ollama_rules;

/* Everything lies in the arena. */
typedef struct vf_scenario_file {
  const vf_context *ctx;
  vf_arena *arena;
  const char *text;
  size_t length;
  vf_facts facts;
  const char *title;
  const char *gpu; /* as for vf_devices_parse; NULL: the file does not say */
  uint64_t host_memory_bytes, used_bytes, container_bytes;
  bool has_system, has_headroom;
  uint64_t system_bytes, headroom_bytes;
  uint32_t headroom_permille;
  vf_ollama_rules ollama;
  vf_scenario_workload *workloads;
  size_t n_workloads;
  vf_scenario scenarios[VF_SCENARIOS];
  size_t n_scenarios;
  const char *skipped[VF_CORESIDE_ITEMS]; /* compose services that ask for no GPU */
  size_t n_skipped;
  bool is_compose;
} vf_scenario_file;

vf_status vf_scenario_read(vf_scenario_file *out, const vf_context *ctx, vf_arena *arena,
                           const char *path, vf_error *err);

/* The workload that the keys with this prefix describe; `at` is its number.  For both forms. */
vf_status vf_scenario_workload_read(vf_scenario_workload *out, vf_scenario_file *f,
                                    const char *prefix, vf_error *err);

/* Whether all keys with this prefix are those of a workload. */
vf_status vf_scenario_keys_check(const vf_scenario_file *f, const char *prefix, vf_error *err);

/* A number of seconds: 30, "5m", "24h", "1h30m", "-1" (forever). */
vf_status vf_scenario_seconds(int64_t *out, const vf_fact *fact, const vf_facts *f, const char *key,
                              vf_error *err);

/* Compose's form: services become workloads, its profiles scenarios. */
vf_status vf_compose_read(vf_scenario_file *f, vf_error *err);

/* Scenarios out of the profiles of the workloads; one for all if there are none. */
vf_status vf_scenario_from_profiles(vf_scenario_file *f, vf_error *err);

/* An error at a key, with its line. */
vf_status vf_scenario_fail(const vf_scenario_file *f, const char *key, vf_error *err,
                           const char *fmt, ...) VF_PRINTF(4, 5);

#endif
