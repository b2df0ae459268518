/* deploy.h - from words to a deployment, and back to an engine's own words.
 *
 * SPDX-License-Identifier: MIT */
#ifndef VRAMFIT_DEPLOY_H
#define VRAMFIT_DEPLOY_H

#include "vramfit/inspect.h"
#include "vramfit/vramfit.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Deployments ------------------------------------------------------------------------ */

/* What may be varied, from what costs most to change to what costs least. */
typedef enum vf_axis_kind {
  VF_AXIS_MODEL,
  VF_AXIS_ENGINE,
  VF_AXIS_QUANT,
  VF_AXIS_GPU,
  VF_AXIS_GPUS, /* how many of them */
  VF_AXIS_KV,
  VF_AXIS_SEQS,
  VF_AXIS_CTX,
  VF_AXIS_COUNT
} vf_axis_kind;

/* All that one estimate is made of, by name. */
typedef struct vf_deployment {
  const char *model, *gpu;   /* as people name them */
  const vf_machine *machine; /* that "auto" in gpu means; must outlive its use.  NULL: none */
  bool empty;                /* as if nobody held anything of it */
  const char *quant;         /* NULL: the model's own */
  uint32_t gpus;             /* so many of the one device that gpu names; 0: as gpu says */
  vf_request request;
  uint64_t memory_bytes; /* what the engine sees as the total of each device; 0: its own */
  uint64_t used_bytes;   /* held by others on each device */
  bool headroom_set;     /* what must stay free for FITS; false: the device's own target */
  uint64_t headroom_bytes;
  uint32_t headroom_permille; /* as a share of the capacity; 0: headroom_bytes counts */
} vf_deployment;

/* What became of one deployment. */
typedef struct vf_outcome {
  bool known;   /* it has been estimated: the rest is meaningful */
  bool refused; /* the engine takes no such thing: reason says why, and there are no figures */
  vf_verdict verdict;
  const char *engine;                   /* static; NULL if it was refused */
  uint64_t need_bytes, need_high_bytes; /* of all devices, main memory beside them left out */
  uint64_t capacity_bytes;
  int64_t headroom_bytes; /* of the device that is nearest to its target, or furthest below it */
  uint64_t target_bytes;
  uint32_t reason; /* 1 + index of vf_grid_reason; 0: there is none */
} vf_outcome;

/* One of them: opens the model (for the caller to free, after the use of the result), estimates,
 * and, unless limits is NULL, solves for what else would fit. */
VF_API vf_status vf_deployment_estimate(vf_estimate *estimate, vf_model **out_model,
                                        vf_limits *limits, const vf_context *ctx,
                                        const vf_deployment *deployment, vf_error *err);

/* ---- Launch lines ----------------------------------------------------------------------- */

/* How things were named by whoever asks; NULL: not at all. */
typedef struct vf_launch_names {
  const char *model, *quant, *mmproj, *lora, *draft;
} vf_launch_names;

/* What runs a plan: commands, and files that they read. */
typedef struct vf_launch_item {
  const char *kind; /* "command" or "file" */
  const char *name; /* the program or the file */
  char text[1536];
} vf_launch_item;

typedef struct vf_launch {
  vf_launch_item items[3];
  size_t count;
  const char *note; /* what has to be put in its place; "": nothing */
} vf_launch;

/* In the engine's own words, from what the estimate made of the request.  VF_UNSUPPORTED for an
 * engine that no command line starts. */
VF_API vf_status vf_launch_make(vf_launch *out, const vf_estimate *estimate,
                                const vf_request *request, const vf_launch_names *names,
                                vf_error *err);

/* ---- Ollama's Modelfiles ---------------------------------------------------------------- */

/* What a Modelfile says about memory; -1 and "": nothing. */
typedef struct vf_modelfile {
  char from[512];    /* FROM: a name, or a path relative to the Modelfile's folder */
  char adapter[512]; /* ADAPTER */
  int64_t num_ctx, num_gpu, num_batch;
} vf_modelfile;

VF_API vf_status vf_modelfile_read(vf_modelfile *out, const char *path, vf_error *err);

#ifdef __cplusplus
}
#endif
#endif
