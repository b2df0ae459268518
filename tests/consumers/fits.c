/* fits.c - a program of somebody else's, in C: does a model fit? */
#include <stdio.h>
#include <string.h>

#include <vramfit/report.h>

static bool print(void *user, const char *data, size_t size) {
  return fwrite(data, 1, size, user) == size;
}

int main(void) {
  vf_context *ctx;
  vf_model *model;
  vf_estimate *estimate;
  vf_device gpus[8];
  size_t n;
  vf_error err;
  vf_report_options options = vf_report_options_init();
  vf_request request = vf_request_init();
  request.ctx_tokens = 32768;
  if (strcmp(vf_version(), VF_VERSION) != 0) return 3;
  if (vf_context_new(&ctx, NULL, &err) || vf_estimate_new(&estimate, ctx, &err) ||
      vf_model_open(&model, ctx, "llama3.1-70b", "q4_k_m", NULL, &err) ||
      vf_devices_parse(gpus, 8, &n, ctx, "rtx-4090x3", &err) ||
      vf_estimate_run(estimate, model, &request, gpus, n, &err) ||
      vf_report_write(estimate, NULL, &options, print, stdout, &err)) {
    fprintf(stderr, "%s\n", err.message);
    return 2;
  }
  int code = vf_estimate_verdict(estimate) == VF_NO_FIT;
  vf_estimate_free(estimate);
  vf_model_free(model);
  vf_context_free(ctx);
  return code;
}
