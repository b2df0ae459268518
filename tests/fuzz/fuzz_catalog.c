/* fuzz_catalog.c - any bytes as a user's catalog: refused whole, or every entry of it can be listed
 * and opened. */
#include "fuzz_memory.h"

static void open_all(vf_context *ctx) {
  size_t n = vf_catalog_size(ctx, VF_CATALOG_MODELS);
  vf_model *model = NULL;
  vf_error err = {VF_OK};
  require(n > 0);
  vf_status status =
      vf_model_open(&model, ctx, vf_catalog_id(ctx, VF_CATALOG_MODELS, 0), NULL, NULL, &err);
  require_told(status, &err);
  if (status == VF_OK) vf_model_free(model);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  vf_context_options options = {.struct_size = sizeof options,
                                .files = fuzz_files("c.json", data, size)};
  vf_context *ctx = NULL;
  vf_error err = {VF_OK};
  require(vf_context_new(&ctx, &options, NULL) == VF_OK);
  vf_status status = vf_context_add_catalog(ctx, "c.json", &err);
  require_told(status, &err);
  if (status == VF_OK) open_all(ctx);
  vf_context_free(ctx);
  return 0;
}
