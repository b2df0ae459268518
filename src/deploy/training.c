/* training.c - from a deployment that trains to a run: ranks, the program, and what that takes
 * where nothing was said. */
#include "base/args.h"
#include "base/status.h"
#include "deploy/setup.h"
#include "engines/trainers.h"

vf_status vf_setup_train_request(vf_train_request *out, const vf_setup *s, vf_error *err) {
  vf_status status = vf_deployment_train_request(out, vf_setup_from(s), err);
  if (status == VF_OK) out->gpus = vf_setup_gpus(s);
  return status;
}

vf_status vf_train_any(vf_train *out, const vf_model *model, const vf_train_request *r,
                       const vf_device *devices, size_t n, vf_error *err) {
  if (model == NULL) return vf_train_network(out, r, devices, n, err);
  return vf_train_run(out, model, r, devices, n, err);
}

vf_status vf_deployment_train_request(vf_train_request *out, const vf_deployment *d,
                                      vf_error *err) {
  vf_train_request r = d->train;
  r.base_quant = d->quant;
  r.tp = d->request.tp;
  r.pp = d->request.pp;
  r.ep = d->request.ep;
  r.engine = d->request.engine;
  vf_status status = vf_trainer_settle(&r, err);
  if (status == VF_OK) *out = r;
  return status;
}

vf_status vf_setup_train(vf_train *out, const vf_setup *setup, vf_error *err) {
  vf_train_request r;
  size_t n;
  VF_NEED(err, out);
  VF_NEED(err, setup);
  const vf_device *devices = vf_setup_devices(setup, &n);
  vf_status status = vf_setup_train_request(&r, setup, err);
  if (status != VF_OK) return status;
  return vf_train_any(out, vf_setup_model(setup), &r, devices, n, err);
}
