/* fuzz_config.c - any bytes as a config.json: refused with a reason, or a model that every engine
 * judges or refuses. */
#include "fuzz_memory.h"

static const char *const engines[] = {"llama.cpp", "vllm", "sglang",  "transformers",
                                      "tgi",       "mlx",  "exllama", "tensorrt-llm"};
enum { ENGINES = sizeof engines / sizeof *engines };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static vf_estimate *estimate;
  static vf_device device;
  const vf_context *ctx = fuzz_context();
  vf_error err = {VF_OK};
  vf_model *model = NULL;
  size_t n = 0;
  vf_request r = vf_request_init();
  if (estimate == NULL) {
    require(vf_estimate_new(&estimate, ctx, &err) == VF_OK);
    require(vf_devices_parse(&device, 1, &n, ctx, "h200", &err) == VF_OK);
  }
  (void)fuzz_files("config.json", data, size);
  r.engine = engines[size % ENGINES];
  r.ctx_tokens = 4096;
  vf_status status =
      vf_model_open(&model, ctx, "config.json", size % ENGINES == 0 ? "q4_k_m" : NULL, NULL, &err);
  require_told(status, &err);
  if (status != VF_OK) return 0;
  err = (vf_error){VF_OK};
  status = vf_estimate_run(estimate, model, &r, &device, 1, &err);
  require_told(status, &err);
  if (status == VF_OK) require_sums(estimate);
  vf_model_free(model);
  return 0;
}
