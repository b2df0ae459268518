/* asker.h - the forward estimate of a deployment by name, asked again and again.
 *
 * Keeps the model, its weights in the last format and the last devices at hand, so that the next
 * question costs what is different about it.  Names must outlive it. */
#ifndef VF_DEPLOY_ASKER_H
#define VF_DEPLOY_ASKER_H

#include "base/arena.h"
#include "core/estimate.h"
#include "deploy/load.h"
#include "deploy/setup.h"
#include "vramfit/deploy.h"

/* Devices by what they were named; in the asker's arena. */
typedef struct vf_asker_devices {
  const char *gpu;
  uint32_t gpus;
  vf_device *list;
  size_t count;
} vf_asker_devices;

typedef struct vf_asker {
  const vf_context *ctx; /* NULL: everything is given, and names are not known */
  vf_arena *arena;
  vf_estimate *e;

  /* Stand for a deployment's model and devices where it names none. */
  const vf_model *given_model;
  const vf_device *given;
  size_t given_count;

  bool is_loaded;
  bool with_tensors; /* files of weights are read, too: some question is about their own format */
  vf_loaded loaded;
  const char *ref;

  const vf_model *model; /* NULL: the format that was asked for last is refused */
  vf_model *made;        /* of it, by this asker; NULL: it was given */
  const char *quant, *engine;
  bool is_built;
  vf_status build_status;
  vf_error build_error;

  vf_deployment *heard;     /* the last one without what its engine does not have */
  vf_opened beside;         /* what lies beside the model: its own model stays NULL */
  vf_deployment *beside_of; /* whose they are, if has_beside; NULL: none had any so far */
  bool has_beside;

  vf_asker_devices *found; /* all that were named so far: they tend to come round again */
  size_t n_found, found_room;
  const vf_asker_devices *now;
  vf_device *named; /* room for VF_MAX_DEVICES of one name; NULL: not yet */
} vf_asker;

/* vf_asker_free also after a failure. */
vf_status vf_asker_init(vf_asker *a, const vf_context *ctx, vf_error *err);

/* Asks about a model and devices that are at hand, with `scratch` to estimate in; all must outlive
 * it. */
vf_status vf_asker_init_given(vf_asker *a, vf_estimate *scratch, const vf_model *model,
                              const vf_device *devices, size_t device_count, vf_error *err);
void vf_asker_free(vf_asker *a);

/* Opens the model and finds the devices, without an estimate. */
vf_status vf_asker_prepare(vf_asker *a, const vf_deployment *d, vf_error *err);

/* Estimates; the result is in a->e.  Fails as vf_model_open, vf_devices_parse and vf_estimate_run
 * do. */
vf_status vf_asker_ask(vf_asker *a, const vf_deployment *d, vf_error *err);

/* The figures of the last estimate.  With more than one device, its sums, and the least headroom.
 */
void vf_asker_outcome(const vf_asker *a, vf_outcome *out);

/* A failure that is an answer: the engine takes no such thing. */
bool vf_is_refusal(vf_status status);

/* One value of an axis, read into a deployment. */
vf_status vf_deployment_set_axis(vf_deployment *d, vf_axis_kind kind, const char *text,
                                 vf_error *err);

/* The engine that a deployment names, or the one that is taken without a name. */
struct vf_engine;
vf_status vf_deployment_engine(const struct vf_engine **out, const vf_deployment *d, vf_error *err);

#endif
