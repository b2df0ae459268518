/* setup.h - what a deployment names, opened. */
#ifndef VF_DEPLOY_SETUP_H
#define VF_DEPLOY_SETUP_H

#include "core/model.h"
#include "readers/catalog.h"
#include "vramfit/deploy.h"

/* The model and what lies beside it; the request has their bytes and the draft. */
typedef struct vf_opened {
  vf_model *model, *draft; /* draft is NULL where there is none */
  vf_request request;      /* without what the engine does not have */
  vf_switch fit;           /* the same of --fit */
} vf_opened;

/* VF_USAGE unless it is the struct of this header: it holds a request by value, and cannot grow. */
vf_status vf_deployment_check(const vf_deployment *d, vf_error *err);

/* Opens all of it but the devices, which may be none.  Nothing is left open on failure. */
vf_status vf_opened_open(vf_opened *out, const vf_context *ctx, const vf_deployment *d,
                         const vf_device *devices, size_t n, vf_error *err);
void vf_opened_close(vf_opened *o);

/* The deployment as its engine takes it: what it has no option for is not said, so that it never
 * counts, unless it takes memory alone; vf_deployment_remarks() tells it.  An engine that no
 * command line starts has no options at all: its settings are a program's, and stay.  NULL, or a
 * name that is not known: the engine that loads the model. */
void vf_deployment_heard(vf_deployment *out, const vf_deployment *d, const char *engine,
                         const vf_model *model);

/* Files and models beside the model alone, into an opened one without them. */
vf_status vf_opened_beside(vf_opened *o, const vf_context *ctx, const vf_deployment *d,
                           vf_error *err);

/* The ranks of an engine's own line. */
void vf_deployment_settle(vf_request *r, const vf_deployment *d);

/* The devices of a deployment, with what it says about them. */
vf_status vf_deployment_devices(vf_device devices[VF_MAX_DEVICES], size_t *n, const vf_context *ctx,
                                const vf_deployment *d, vf_error *err);

/* VF_USAGE for a weight format that no engine has a name for. */
vf_status vf_deployment_quant_check(const char *quant, vf_error *err);

/* What was settled where the deployment left it open. */
typedef struct vf_settled {
  const char *code; /* of the assumption that tells it; NULL: nothing was */
  char text[120];
} vf_settled;
vf_settled *vf_setup_settled(vf_setup *s);

/* What the deployment says of --fit; VF_AUTO where its engine has no such option. */
vf_switch vf_setup_fit(const vf_setup *s);

/* The deployment that it was opened from. */
const vf_deployment *vf_setup_from(const vf_setup *s);

/* What of a training deployment is opened: the model as it is published. */
vf_deployment vf_deployment_published(const vf_deployment *d);

/* Works out a training with or without a model; fails as vf_train_run(). */
vf_status vf_train_any(vf_train *out, const vf_model *model, const vf_train_request *r,
                       const vf_device *devices, size_t n, vf_error *err);

/* A training in few words, and what it takes of one device; fails as vf_setup_train(). */
typedef struct vf_train_sum {
  char what[200];
  vf_interval need;
  uint64_t host_bytes;
} vf_train_sum;

vf_status vf_deployment_train_sum(vf_train_sum *out, const vf_context *ctx, const vf_deployment *d,
                                  const vf_device *device, vf_error *err);

/* The run of a deployment that trains, as vf_train_run() takes it. */
vf_status vf_deployment_train_request(vf_train_request *out, const vf_deployment *d, vf_error *err);

/* GPUs of a training, all of the first device's kind, where they are too many for devices of their
 * own: "h100x512"; 0: the devices are all. */
uint32_t vf_setup_gpus(const vf_setup *s);

/* Counts the parameters of further models that a run names: teacher, reward model, critic.  Fails
 * as vf_model_open() does. */
vf_status vf_train_count_models(vf_train_request *r, const vf_context *ctx, vf_error *err);

/* The run as it was said, with those counted when the setup was opened. */
const vf_train_request *vf_setup_counted(const vf_setup *s);

/* The run of a training deployment, as vf_train_run() takes it: with the deployment's ranks and
 * what its program takes where nothing was said. */
vf_status vf_setup_train_request(vf_train_request *out, const vf_setup *s, vf_error *err);

/* What the deployment remarks, and the options that the engine does not have. */
void vf_deployment_remarks(vf_estimate *e, const vf_deployment *d);

#endif
