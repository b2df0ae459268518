/* fit.c - the command fit: open, estimate, solve, report. */

#include <stdio.h>
#include <string.h>

#include "command.h"
#include "deployment.h"
#include "devices.h"
#include "output.h"
#include "plot.h"
#include "trouble.h"

/* ---- What the options say about devices ------------------------------------------------- */

static void apply_overrides(vf_device *d, const args *a) {
  if (a->memory.most != 0) {
    d->total_bytes = a->memory.most;
    d->total_known = true;
    d->reserved_bytes = 0;
  }
  if (a->used_bytes != 0) {
    d->used_bytes = a->used_bytes;
    d->used_is_live = false;
  }
  if (!a->headroom.set) return;
  d->headroom_bytes = a->headroom.bytes;
  d->headroom_permille = a->headroom.permille;
}

/* ---- The work --------------------------------------------------------------------------- */

/* What one call holds; freed by finish(). */
typedef struct job {
  const args *a;
  const vf_context *ctx;
  vf_model *model, *draft;
  vf_device devices[VF_MAX_DEVICES];
  size_t n_devices;
  vf_request request;
  vf_estimate *estimate, *scratch;
  vf_limits limits;
} job;

static vf_status open_all(job *j, vf_error *err) {
  const args *a = j->a;
  vf_status status = need_model_and_gpu(a, err);
  if (status == VF_OK) status = refuse_lists(a, err);
  if (status == VF_OK && a->memory.least != a->memory.most)
    status = trouble(err, "--memory", "one size is needed here, not a range");
  if (status == VF_OK)
    status = vf_model_open(&j->model, j->ctx, a->model, a->quant, a->request.engine, err);
  if (status == VF_OK)
    status = find_devices(j->devices, VF_MAX_DEVICES, &j->n_devices, a, j->ctx, err);
  for (size_t i = 0; status == VF_OK && i < j->n_devices; i++) apply_overrides(&j->devices[i], a);
  j->request = a->request;
  if (status == VF_OK) status = open_beside(&j->request, &j->draft, a, j->ctx, err);
  if (a->tensor_split.count > 0) {
    memcpy(j->request.tensor_split, a->tensor_split.shares, sizeof j->request.tensor_split);
    j->request.tensor_split_count = a->tensor_split.count;
  }
  return status;
}

/* What llama.cpp's --fit would make of the request; told, since the answer is about that. */
static vf_status apply_fit(job *j, vf_error *err) {
  vf_request *r = &j->request, before = *r;
  vf_status status = vf_llama_fit(r, j->scratch, j->model, j->devices, j->n_devices, err);
  if (status != VF_OK || j->a->quiet) return status;
  fputs("vramfit: note: --fit takes", stderr);
  if (r->ctx_tokens != before.ctx_tokens)
    fprintf(stderr, " --ctx %llu", (unsigned long long)r->ctx_tokens);
  if (r->cpu_moe_layers != before.cpu_moe_layers)
    fprintf(stderr, " --n-cpu-moe %u", (unsigned)r->cpu_moe_layers);
  if (r->gpu_layers != before.gpu_layers) fprintf(stderr, " --ngl %d", (int)r->gpu_layers);
  bool same = r->ctx_tokens == before.ctx_tokens && r->cpu_moe_layers == before.cpu_moe_layers &&
              r->gpu_layers == before.gpu_layers;
  fputs(same ? " it as it is\n" : "\n", stderr);
  return VF_OK;
}

static vf_status solve(job *j, vf_error *err) {
  vf_status status = vf_estimate_new(&j->estimate, j->ctx, err);
  if (status == VF_OK) status = vf_estimate_new(&j->scratch, j->ctx, err);
  if (status == VF_OK && j->a->fit) status = apply_fit(j, err);
  if (status == VF_OK)
    status = vf_estimate_run(j->estimate, j->model, &j->request, j->devices, j->n_devices, err);
  if (status != VF_OK || j->a->quiet) return status;
  return vf_limits_solve(&j->limits, j->scratch, j->model, &j->request, j->devices, j->n_devices,
                         err);
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
  vf_model_info_get(j->model, &m);
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
  vf_launch launch;
  const args *a = j->a;
  vf_launch_names names = {a->model, a->quant, a->mmproj, a->lora, a->draft};
  if (j->a->quiet) return VF_OK;
  if (a->launch && vf_estimate_verdict(j->estimate) != VF_NO_FIT) {
    vf_status status = vf_launch_make(&launch, j->estimate, &j->request, &names, err);
    if (status != VF_OK) return status;
    options.launch = &launch;
  }
  return vf_report_write(j->estimate, &j->limits, &options, write_stdout, stdout, err);
}

static vf_status draw(const job *j, vf_error *err) {
  if (j->a->plot == NULL) return VF_OK;
  return draw_plot(j->a, j->estimate, j->scratch, j->model, &j->request, j->devices, j->n_devices,
                   err);
}

static enum exit_code verdict_code(const job *j) {
  vf_verdict verdict = vf_estimate_verdict(j->estimate);
  if (verdict == VF_NO_FIT) return EXIT_NO_FIT;
  bool doubtful = verdict == VF_TIGHT || assumes(j->estimate, "arch-");
  return doubtful && j->a->strict ? EXIT_NO_FIT : EXIT_FITS;
}

static void finish(job *j) {
  vf_estimate_free(j->estimate);
  vf_estimate_free(j->scratch);
  vf_model_free(j->model);
  vf_model_free(j->draft);
}

enum exit_code command_fit(const args *a, const vf_context *ctx, vf_error *err) {
  job j; /* room for many devices: not cleared, filled as far as it is used */
  j.a = a;
  j.ctx = ctx;
  j.model = j.draft = NULL;
  j.estimate = j.scratch = NULL;
  vf_status status = open_all(&j, err);
  if (status == VF_OK) status = solve(&j, err);
  if (status == VF_OK) status = check_context(&j, err);
  if (status == VF_OK) status = report(&j, err);
  if (status == VF_OK) status = draw(&j, err);
  enum exit_code code = status == VF_OK ? verdict_code(&j) : EXIT_TROUBLE;
  finish(&j);
  return code;
}
