/* fuzz_words.c - any text as what a person types: devices, models, formats, sizes, numbers of
 * tokens, every parameter. */
#include "fuzz_memory.h"

static void try_devices(const vf_context *ctx, const char *text) {
  vf_device devices[VF_MAX_DEVICES];
  vf_error err = {VF_OK};
  size_t n = 0;
  vf_status status = vf_devices_parse(devices, VF_MAX_DEVICES, &n, ctx, text, &err);
  require_told(status, &err);
  if (status == VF_OK) require(n >= 1 && n <= VF_MAX_DEVICES);
}

static void try_model(const vf_context *ctx, const char *text) {
  vf_error err = {VF_OK};
  vf_model *model = NULL;
  vf_status status = vf_model_open(&model, ctx, text, NULL, NULL, &err);
  require_told(status, &err);
  if (status == VF_OK) vf_model_free(model);
}

static void try_sizes(const char *text) {
  uint64_t bytes = 0, tokens = 0;
  vf_error err = {VF_OK};
  vf_format format;
  require_told(vf_size_parse(&bytes, text, &err), &err);
  err = (vf_error){VF_OK};
  require_told(vf_tokens_parse(&tokens, text, &err), &err);
  err = (vf_error){VF_OK};
  require_told(vf_format_find(&format, text, &err), &err);
  err = (vf_error){VF_OK};
  require_told(vf_kv_format_find(&format, text, &err), &err);
}

static void try_parameter(size_t which, const char *text) {
  vf_deployment d = vf_deployment_init();
  vf_error err = {VF_OK};
  size_t count = 0;
  while (vf_param_get(count) != NULL) count++;
  require_told(vf_deployment_set(&d, vf_param_get(which % count)->name, text, &err), &err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  const vf_context *ctx = fuzz_context();
  const char *text = size > 0 ? fuzz_text(data + 1, size - 1) : NULL;
  if (text == NULL) return 0;
  (void)fuzz_files(NULL, NULL, 0);
  try_sizes(text);
  try_parameter(data[0], text);
  if (data[0] % 2 == 0)
    try_devices(ctx, text);
  else
    try_model(ctx, text);
  return 0;
}
