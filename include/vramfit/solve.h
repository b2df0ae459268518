/* solve.h - questions over a deployment: tables, the most that fits, curves.
 *
 * SPDX-License-Identifier: MIT */
#ifndef VRAMFIT_SOLVE_H
#define VRAMFIT_SOLVE_H

#include "vramfit/deploy.h"
#include "vramfit/vramfit.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Tables ----------------------------------------------------------------------------- */

/* Values of one of them: with commas between them, "8k,32k", or "any" for all that are usual. */
typedef struct vf_axis {
  vf_axis_kind kind;
  const char *values;
} vf_axis;

/* What a cell of a table shows. */
typedef enum vf_cell_shows {
  VF_CELL_HEADROOM = 0,
  VF_CELL_VERDICT = 1,
  VF_CELL_NEED = 2
} vf_cell_shows;

/* Every combination of the axes' values; the last axis makes the columns, the one before it the
 * rows, those before that tables of their own. */
typedef struct vf_grid vf_grid;

enum { VF_GRID_CELLS = 1 << 23 }; /* at most */

/* A table of axes[0..axis_count), whose strings must outlive the grid; those of the deployment and
 * a draft model in its request, too.  VF_USAGE for an axis that is named twice, a value that is
 * none, no model or no device; VF_UNKNOWN for a name; VF_LIMIT for more than VF_GRID_CELLS. */
VF_API VF_MUST_USE vf_status vf_grid_new(vf_grid **out, const vf_context *ctx,
                                         const vf_deployment *base, const vf_axis *axes,
                                         size_t axis_count, vf_error *err);

/* Estimates `cells` more of them; *finished once there are none left.  In pieces, so that a caller
 * can show progress, or stop.  If the engine refuses every cell, that is a failure in the end. */
VF_API VF_MUST_USE vf_status vf_grid_work(vf_grid *grid, size_t cells, bool *finished,
                                          vf_error *err);

/* Cells in all; values of axis i, 0 for an axis that there is not; and what value j of it is
 * called, NULL beyond the last.  Texts belong to the grid. */
VF_API size_t vf_grid_size(const vf_grid *grid);
VF_API size_t vf_grid_axis_size(const vf_grid *grid, size_t axis);
VF_API const char *vf_grid_axis_label(const vf_grid *grid, size_t axis, size_t value);

/* Cell i, the last axis running fastest; and the text of a reason (1 for the first).  NULL for
 * those that there are not. */
VF_API const vf_outcome *vf_grid_cell(const vf_grid *grid, size_t i);
VF_API const char *vf_grid_reason(const vf_grid *grid, uint32_t reason);

VF_API void vf_grid_free(vf_grid *grid);

/* ---- The most that fits ----------------------------------------------------------------- */

/* What is asked for.  "Fits" is the verdict FITS everywhere: every answer keeps the headroom. */
typedef enum vf_max_kind {
  VF_MOST_CTX = 0,       /* most tokens per sequence */
  VF_MOST_SEQS = 1,      /* most sequences at the deployment's context */
  VF_MOST_QUANT = 2,     /* widest weight format */
  VF_MOST_KV = 3,        /* widest cache format */
  VF_MOST_GPUS = 4,      /* fewest devices of one kind, and how ranks share them */
  VF_MOST_NGL = 5,       /* most layers on the GPU */
  VF_MOST_N_CPU_MOE = 6, /* fewest layers whose experts stay in main memory */
  VF_MOST_GPU = 7,       /* cheapest device: least memory, then least bandwidth */
  /* Of a training run, for which VF_MOST_GPUS can be asked, too. */
  VF_MOST_MICRO_BATCH = 8, /* most sequences of a step on one GPU */
  VF_MOST_SEQ_LEN = 9,     /* most tokens of a sequence, in steps of 64 */
  VF_MOST_RANK = 10,       /* highest rank of the adapters */
  VF_MOST_COUNT
} vf_max_kind;

typedef struct vf_max_query {
  size_t struct_size; /* of the caller's struct, as vf_max_query_init() sets it */
  vf_max_kind kind;
  vf_deployment base;
  /* Of VF_AXIS_QUANT, VF_AXIS_KV and VF_AXIS_GPU: lists as in vf_axis.  That of what is asked for
   * is what to choose from (NULL: any); the others are free, from the widest and cheapest on. */
  const char *lists[VF_AXIS_COUNT];
  uint64_t min_ctx_tokens; /* 0: none.  The least that the answer must leave room for */
  uint32_t min_seqs;
} vf_max_query;

/* A query of which the kind and the base are yet to be said. */
static inline vf_max_query vf_max_query_init(void) {
  vf_max_query o;
  memset(&o, 0, sizeof o);
  o.struct_size = sizeof o;
  o.base = vf_deployment_init();
  return o;
}

/* One value of what is asked for, and what became of it. */
typedef struct vf_choice {
  uint64_t number; /* tokens, sequences, devices, layers; of a device, its memory */
  char name[64];   /* format or device; "": it is a number */
  size_t place;    /* of a name: how many wider or cheaper ones there are */
  uint32_t tp, pp; /* of VF_MOST_GPUS; 0: the engine shares layer by layer */
  vf_outcome outcome;
  char refusal[320];
} vf_choice;

typedef struct vf_answer {
  vf_max_kind kind;
  bool found;
  vf_choice best;   /* if found: it fits */
  bool has_next;    /* false: there is nothing beyond, and end says why */
  vf_choice next;   /* one step beyond, which does not fit; if nothing is found: the last resort */
  const char *end;  /* "the model's limit"; static */
  uint64_t step;    /* of VF_MOST_CTX: tokens that the engine rounds up to */
  size_t estimates; /* that it took */
  char model[128], quant[24], kv[24], engine[24], gpu[64];
  uint64_t ctx_tokens;
  uint32_t seqs, gpus;
  vf_rate decode;     /* of VF_MOST_NGL: its speed; 0: not known */
  bool training;      /* quant is the method, ctx_tokens and seqs are those of a step */
  bool cache_ram_off; /* it holds with --cache-ram 0 alone: with llama-server's kept prompts nothing
                         fits */
  bool ctx_usual; /* no context was said, where the engine would lower it: ctx_tokens are 8192, or
                     the model's limit */
} vf_answer;

/* Finds it by repeated estimates.  That nothing fits is an answer, too, and no failure.  Fails as
 * vf_model_open(), vf_devices_parse() and vf_estimate_run() do for what stands in the deployment.
 */
VF_API VF_MUST_USE vf_status vf_max_solve(vf_answer *out, const vf_context *ctx,
                                          const vf_max_query *query, vf_error *err);

/* ---- Training --------------------------------------------------------------------------- */

/* One way to make a training run fit. */
typedef struct vf_train_way {
  vf_train_request request; /* as a whole: what is different from that of the limits is the way */
  uint32_t gpus;            /* so many of the first device; 0: as it is */
  uint64_t need_high_bytes;
  uint64_t host_bytes; /* of main memory; 0: none */
} vf_train_way;

/* What a training run has room for, each by itself, or what would make it fit ("fits" as the
 * verdict FITS): with what changes nothing about the result, with another method, on more GPUs,
 * with shorter sequences; at most three ways, the first of them best, each one estimated.  Strings
 * are static, or the deployment's. */
typedef struct vf_train_limits {
  vf_train_request request; /* as it is, with what the program takes by itself */
  uint32_t micro_batch;     /* 0: it does not fit as it is */
  uint32_t lora_rank;       /* 0: it does not, or there are no adapters */
  uint64_t seq_tokens;
  bool seq_is_model_limit;
  vf_train_way ways[VF_MAX_WAYS];
  size_t n_ways;
  size_t estimates; /* that it took */
} vf_train_limits;

/* Finds them for a deployment that trains.  Fails as vf_setup_train() does.  Nothing is found where
 * a device's memory is not known. */
VF_API VF_MUST_USE vf_status vf_train_limits_solve(vf_train_limits *out, const vf_setup *setup,
                                                   vf_error *err);

/* ---- What was not said ------------------------------------------------------------------ */

/* One way to run a model on a device, and the most context that it leaves room for. */
typedef struct vf_offer {
  char quant[24], kv[12];
  uint64_t weights_bytes;
  uint64_t ctx_tokens;     /* most per sequence that FITS */
  bool whole_ctx;          /* that is the model's limit */
  uint32_t cpu_moe_layers; /* experts of so many layers in main memory; 0: none */
  int32_t gpu_layers;      /* so many layers on the GPU, the rest in main memory; -1: all */
  uint64_t host_bytes;     /* what that takes of main memory; 0: nothing of the model lies there */
  bool usual;              /* the format that people take */
  vf_rate decode;          /* at that context; 0: not known */
} vf_offer;

enum { VF_MAX_OFFERS = 6 };

/* What there is to choose from where neither a format nor a context is said: formats from the
 * widest to the narrowest, each with the most context.  0 of them: the engine takes a checkpoint as
 * it is published, or the name states a format. */
typedef struct vf_offers {
  vf_offer list[VF_MAX_OFFERS];
  size_t count;
  size_t best; /* index of the one that is taken; count: none fits */
  char engine[24];
  char widest[24]; /* a wider format, that leaves no room; "": there is none */
  uint64_t widest_bytes;
  uint64_t limit_tokens, limit_cache_bytes; /* the model's whole context, where none of them holds
                                               it, and its cache; 0: it is held, or not known */
  size_t estimates;                         /* that it took */
  bool cache_ram_off; /* they fit with --cache-ram 0 alone; without it all of them are TIGHT */
} vf_offers;

/* Finds them for a deployment that says neither; its other parameters count.  That nothing fits is
 * no failure, and what cannot be opened has none: vf_setup_open() tells why. */
VF_API VF_MUST_USE vf_status vf_offers_solve(vf_offers *out, const vf_context *ctx,
                                             const vf_deployment *deployment, vf_error *err);

/* Says what a deployment leaves open, as its engine settles it; the estimate says so.  With
 * `fit` on, llama.cpp's --fit plans context, experts and layers (vf_llama_fit()); else a context
 * that is not given is lowered, where the engine does that: to the most that FITS, but no less than
 * llama.cpp's own least of 4096.  scratch is overwritten.  What is said, and engines that take the
 * whole context, stay as they are. */
VF_API VF_MUST_USE vf_status vf_setup_settle(vf_setup *setup, vf_estimate *scratch, vf_error *err);

/* ---- What runs on a device -------------------------------------------------------------- */

/* A model that runs there, or a device that carries it. */
typedef struct vf_runner {
  const char *id, *name;                          /* name of a device; of a model the same as id */
  uint64_t params, active_params, max_ctx_tokens; /* of a model */
  uint64_t capacity_bytes;                        /* of a device */
  char quant[24];
  uint64_t weights_bytes, need_bytes, need_high_bytes; /* at the context that was asked for */
  vf_verdict verdict;
  bool popular;            /* of a model: Ollama's library has it; a device: it is common */
  uint32_t cpu_moe_layers; /* experts of so many layers in main memory */
  vf_rate decode;
  const char *released; /* of a model: "2026-04-02", "2026-04" or "2026"; NULL: not known */
  uint64_t pulls;       /* of its family in Ollama's library; 0: it has none there */
} vf_runner;

typedef struct vf_runners vf_runners;

typedef struct vf_runners_query {
  size_t struct_size; /* of the caller's struct, as vf_runners_query_init() sets it */
  vf_deployment base; /* names the device, or the model; the other one is what is asked for */
  const char *family; /* models: of this family; NULL: any */
  uint64_t least_params, most_params; /* models; 0: no such end */
  const char *vendor;                 /* devices: of this vendor; NULL: any */
  bool newest_first; /* models: by month, within one the most used; else the largest */
} vf_runners_query;

/* A query of which the base is yet to be said. */
static inline vf_runners_query vf_runners_query_init(void) {
  vf_runners_query o;
  memset(&o, 0, sizeof o);
  o.struct_size = sizeof o;
  o.base = vf_deployment_init();
  return o;
}

/* All models of the catalog that run on the device (FITS or TIGHT), the largest or the
 * newest first; or all devices that carry the model, the smallest first.  A context that is not
 * said is 8192 tokens, or the model's limit; a format that is not said the widest from Q4_K_M to
 * Q8_0.  VF_USAGE if the base names neither or both. */
VF_API VF_MUST_USE vf_status vf_runners_find(vf_runners **out, const vf_context *ctx,
                                             const vf_runners_query *query, vf_error *err);
VF_API void vf_runners_free(vf_runners *runners);

/* Those that were found, with how many there are; how many were looked at.  They belong to
 * `runners`; NULL and 0 for NULL. */
VF_API const vf_runner *vf_runners_list(const vf_runners *runners, size_t *count);
VF_API size_t vf_runners_looked_at(const vf_runners *runners);

/* ---- What --fit of llama.cpp does ------------------------------------------------------- */

/* Changes the request as llama.cpp's own --fit would, so that every device keeps 1024 MiB free: a
 * context that is not given, then layers or experts in main memory.  scratch is overwritten.
 * VF_USAGE if the request fixes these already; else as vf_estimate_run(). */
VF_API VF_MUST_USE vf_status vf_llama_fit(vf_request *inout, vf_estimate *scratch,
                                          const vf_model *model, const vf_device *devices,
                                          size_t device_count, vf_error *err);

/* ---- Memory against context ------------------------------------------------------------- */

enum { VF_CURVE_POINTS = 49 };

/* Memory of one device at one context. */
typedef struct vf_curve_point {
  uint64_t ctx_tokens;
  uint64_t part_bytes[VF_PART_COUNT];
  uint64_t shared_host_bytes; /* unified: the host's side */
  vf_interval need;
  uint64_t growth_bytes; /* most that is taken with use, on top */
} vf_curve_point;

/* Memory against context, of the device that is fullest. */
typedef struct vf_curve {
  vf_curve_point points[VF_CURVE_POINTS];
  size_t count;
  uint32_t device; /* index into vf_estimate_devices */
  uint64_t capacity_bytes;
  uint64_t
      last_ctx_tokens; /* the largest context whose worst case is within the capacity; 0: none */
  bool ends_above;     /* that is the end of the curve: it never leaves the capacity */
  uint64_t headroom_target_bytes; /* of the device */
} vf_curve;

/* Solves it by repeated estimates with estimate as scratch (its last result is overwritten).
 * VF_UNSUPPORTED if no device's memory is known. */
VF_API VF_MUST_USE vf_status vf_curve_solve(vf_curve *out, vf_estimate *estimate,
                                            const vf_model *model, const vf_request *request,
                                            const vf_device *devices, size_t device_count,
                                            vf_error *err);

#ifdef __cplusplus
}
#endif
#endif
