/* train.c - the command train: the memory of fine-tuning and pre-training. */
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "deployment.h"
#include "output.h"
#include "plot.h"
#include "trouble.h"

/* What one call holds; freed by finish(). */
typedef struct job {
  const args *a;
  vf_deployment d;
  vf_setup *setup;
  vf_train train;
  vf_train_limits limits;
} job;

static vf_status open_all(job *j, const vf_context *ctx, vf_error *err) {
  vf_status status = refuse_lists(j->a->deployment, err);
  if (status == VF_OK) status = read_deployment(&j->d, j->a->deployment, j->a, ctx, err);
  if (status != VF_OK) return status;
  j->d.training = true;
  vf_train_merge(&j->d.train, &j->a->train);
  return vf_setup_open(&j->setup, ctx, &j->d, err);
}

static vf_status report(const job *j, vf_error *err) {
  vf_report_options options = report_options(j->a);
  options.deployment = &j->d;
  options.train_limits = &j->limits;
  return vf_train_write(&j->train, &options, write_stdout, stdout, err);
}

/* What its line or file says and nobody read may move memory. */
static bool left_unread(const vf_deployment *d) {
  for (size_t i = 0; i < d->n_remarks; i++)
    if (strncmp(d->remarks[i].code, "option-", 7) == 0) return true;
  return false;
}

enum exit_code command_train(const args *a, const vf_context *ctx, vf_error *err) {
  job j = {.a = a};
  vf_status status = check_plot(a, err);
  if (status == VF_OK) status = open_all(&j, ctx, err);
  if (status == VF_OK) status = vf_setup_train(&j.train, j.setup, err);
  if (status == VF_OK && !a->quiet) status = vf_train_limits_solve(&j.limits, j.setup, err);
  if (status == VF_OK && !a->quiet) status = report(&j, err);
  if (status == VF_OK && a->plot != NULL) status = draw_training(a, &j.train, err);
  vf_setup_free(j.setup);
  if (status != VF_OK) return EXIT_TROUBLE;
  if (a->strict && left_unread(&j.d)) return EXIT_NO_FIT;
  return code_of(a, j.train.budget.verdict);
}
