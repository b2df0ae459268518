/* train.c - the command train: the memory of fine-tuning and pre-training. */
#include <stdio.h>

#include "command.h"
#include "deployment.h"
#include "output.h"
#include "trouble.h"

static vf_train_request request_of(const args *a, const vf_deployment *d) {
  vf_train_request r = a->train;
  r.struct_size = sizeof r;
  r.base_quant = d->quant;
  r.tp = d->request.tp;
  r.pp = d->request.pp;
  r.ep = d->request.ep;
  return r;
}

static vf_status run(vf_train *out, const args *a, const vf_context *ctx, vf_error *err) {
  vf_deployment d;
  vf_setup *setup;
  size_t n;
  vf_status status = refuse_lists(a->deployment, err);
  if (status == VF_OK) status = read_deployment(&d, a->deployment, a, ctx, err);
  if (status != VF_OK) return status;
  const vf_train_request r = request_of(a, &d);
  d.quant = NULL; /* it is the frozen base's: the model is taken as it is published */
  d.request.tp = d.request.pp = d.request.ep = 0;
  status = vf_setup_open(&setup, ctx, &d, err);
  if (status != VF_OK) return status;
  const vf_device *devices = vf_setup_devices(setup, &n);
  status = vf_train_run(out, vf_setup_model(setup), &r, devices, n, err);
  vf_setup_free(setup);
  return status;
}

enum exit_code command_train(const args *a, const vf_context *ctx, vf_error *err) {
  vf_train train;
  vf_report_options options = report_options(a);
  if (run(&train, a, ctx, err) != VF_OK) return EXIT_TROUBLE;
  if (!a->quiet && vf_train_write(&train, &options, write_stdout, stdout, err) != VF_OK)
    return EXIT_TROUBLE;
  return train.budget.device.total_known ? code_of(a, train.budget.verdict) : EXIT_FITS;
}
