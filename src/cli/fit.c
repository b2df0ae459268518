/* fit.c - the command fit: open, estimate, solve, report. */

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
  const vf_context *ctx;
  vf_deployment d;
  vf_setup *setup;
  vf_estimate *estimate, *scratch;
  vf_limits limits;
  vf_offers offers; /* count 0: a format or a context was said */
} job;

/* Where neither a format nor a context is said: what there is to choose from, and the best of it.
 * An engine's own line names a model that there is, in the format that it has. */
static vf_status choose(job *j, vf_error *err) {
  vf_deployment *d = &j->d;
  vf_status status = vf_offers_solve(&j->offers, j->ctx, d, err);
  if (status != VF_OK || j->offers.best >= j->offers.count) return status;
  const vf_offer *best = &j->offers.list[j->offers.best];
  if (!best->usual) d->quant = best->quant;
  d->request.ctx_tokens = best->ctx_tokens;
  d->request.cpu_moe_layers = best->cpu_moe_layers;
  return VF_OK;
}

static vf_status open_all(job *j, vf_error *err) {
  vf_status status = read_deployment(&j->d, j->a->deployment, j->a, j->ctx, err);
  if (status == VF_OK) status = refuse_lists(j->a->deployment, err);
  if (status == VF_OK && j->d.fit == VF_AUTO && !j->d.elsewhere) status = choose(j, err);
  if (status == VF_OK) status = vf_setup_open(&j->setup, j->ctx, &j->d, err);
  if (status == VF_OK) status = vf_estimate_new(&j->estimate, j->ctx, err);
  return status == VF_OK ? vf_estimate_new(&j->scratch, j->ctx, err) : status;
}

static vf_status solve(job *j, vf_error *err) {
  size_t n;
  vf_status status = vf_setup_settle(j->setup, j->scratch, err);
  if (status == VF_OK) status = vf_setup_estimate(j->estimate, j->setup, err);
  if (status != VF_OK || j->a->quiet) return status;
  const vf_device *devices = vf_setup_devices(j->setup, &n);
  return vf_limits_solve(&j->limits, j->estimate, j->scratch, devices, n, err);
}

static bool assumes(const vf_estimate *e, const char *prefix) {
  size_t n;
  const vf_assumption *a = vf_estimate_assumptions(e, &n);
  for (size_t i = 0; i < n; i++)
    if (strncmp(a[i].code, prefix, strlen(prefix)) == 0) return true;
  return false;
}

/* Beyond the model's own limit the figures are right, but the model's answers may not be. */
static vf_status check_context(const job *j, vf_error *err) {
  vf_model_info m;
  char message[200];
  if (!assumes(j->estimate, "ctx-beyond-model")) return VF_OK;
  vf_model_info_get(vf_setup_model(j->setup), &m);
  snprintf(message, sizeof message, "the context is beyond the model's own limit of %llu tokens",
           (unsigned long long)m.max_ctx_tokens);
  if (!j->a->strict) {
    if (!j->a->quiet) fprintf(stderr, "vramfit: warning: --ctx: %s\n", message);
    return VF_OK;
  }
  return trouble(err, "--ctx", "%s", message);
}

static vf_status report(const job *j, vf_error *err) {
  vf_report_options options = report_options(j->a);
  vf_launch *launch = NULL;
  vf_status status = VF_OK;
  if (j->a->quiet) return VF_OK;
  if (j->a->launch && vf_estimate_verdict(j->estimate) != VF_NO_FIT)
    status = vf_launch_make(&launch, j->ctx, j->estimate, &j->d, err);
  options.launch = launch;
  options.deployment = &j->d;
  options.offers = &j->offers;
  if (status == VF_OK)
    status = vf_report_write(j->estimate, &j->limits, &options, write_stdout, stdout, err);
  vf_launch_free(launch);
  return status;
}

static vf_status draw(const job *j, vf_error *err) {
  size_t n;
  if (j->a->plot == NULL) return VF_OK;
  const vf_device *devices = vf_setup_devices(j->setup, &n);
  return draw_plot(j->a, j->estimate, j->scratch, vf_setup_model(j->setup),
                   vf_setup_request(j->setup), devices, n, err);
}

static enum exit_code verdict_code(const job *j) {
  bool doubtful = assumes(j->estimate, "arch-") || assumes(j->estimate, "option-");
  if (doubtful && j->a->strict) return EXIT_NO_FIT;
  return code_of(j->a, vf_estimate_verdict(j->estimate));
}

static void finish(job *j) {
  vf_estimate_free(j->estimate);
  vf_estimate_free(j->scratch);
  vf_setup_free(j->setup);
}

/* A model without a GPU, or a GPU without a model, is another question. */
static bool is_half(const args *a) {
  const vf_deployment *d = vf_command_so_far(a->deployment);
  bool model = d->model != NULL || list_of(a, VF_AXIS_MODEL) != NULL;
  bool gpu = d->gpu != NULL || list_of(a, VF_AXIS_GPU) != NULL;
  return a->line == NULL && model != gpu;
}

enum exit_code command_fit(const args *a, const vf_context *ctx, vf_error *err) {
  job j = {.a = a, .ctx = ctx};
  if (is_half(a)) return command_runners(a, true, ctx, err);
  if (a->all) {
    trouble(err, "--all", "is of lists: vramfit GPU, vramfit MODEL");
    return EXIT_TROUBLE;
  }
  vf_status status = check_plot(a, err);
  if (status == VF_OK) status = open_all(&j, err);
  if (status == VF_OK) status = solve(&j, err);
  if (status == VF_OK) status = check_context(&j, err);
  if (status == VF_OK) status = report(&j, err);
  if (status == VF_OK) status = draw(&j, err);
  enum exit_code code = status == VF_OK ? verdict_code(&j) : EXIT_TROUBLE;
  finish(&j);
  return code;
}
