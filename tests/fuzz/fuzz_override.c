/* fuzz_override.c - any text as --override-tensor: refused, or matched against every tensor without
 * much work. */
#include "fuzz_memory.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static vf_estimate *estimate;
  static vf_device device;
  static vf_model *model;
  const vf_context *ctx = fuzz_context();
  const char *text = fuzz_text(data, size);
  vf_error err = {VF_OK};
  size_t n = 0;
  vf_deployment d = vf_deployment_init();
  if (estimate == NULL) {
    require(vf_estimate_new(&estimate, ctx, &err) == VF_OK);
    require(vf_devices_parse(&device, 1, &n, ctx, "l4", &err) == VF_OK);
    require(vf_model_open(&model, ctx, "granite3.1-moe-1b", "q4_k_m", NULL, &err) == VF_OK ||
            vf_model_open(&model, ctx, "qwen3-0.6b", "q4_k_m", NULL, &err) == VF_OK);
  }
  if (text == NULL) return 0;
  err = (vf_error){VF_OK};
  vf_status status = vf_deployment_set(&d, "override-tensor", text, &err);
  require_told(status, &err);
  if (status != VF_OK) return 0;
  d.request.engine = "llama.cpp";
  d.request.ctx_tokens = 512;
  err = (vf_error){VF_OK};
  status = vf_estimate_run(estimate, model, &d.request, &device, 1, &err);
  require_told(status, &err);
  if (status == VF_OK) require_sums(estimate);
  return 0;
}
