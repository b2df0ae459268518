/* fuzz_modelfile.c - any bytes as a Modelfile of Ollama's: refused with a reason, or a deployment.
 */
#include "fuzz_memory.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  const vf_context *ctx = fuzz_context();
  vf_modelfile file;
  vf_error err = {VF_OK};
  memset(&file, 0, sizeof file);
  (void)fuzz_files("Modelfile", data, size);
  vf_status status = vf_modelfile_read(&file, ctx, "Modelfile", &err);
  require_told(status, &err);
  return 0;
}
