/* fuzz_line.c - any text as the line that starts an engine: what it means can be written again, and
 * means the same. */
#include "fuzz_memory.h"

static void write_again(const vf_context *ctx, const vf_deployment *d) {
  vf_setup *setup = NULL;
  vf_error err = {VF_OK};
  vf_status status = vf_setup_open(&setup, ctx, d, &err);
  require_told(status, &err);
  if (status == VF_OK) vf_setup_free(setup);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  const vf_context *ctx = fuzz_context();
  const char *text = fuzz_text(data, size);
  vf_command *command = NULL;
  vf_error err = {VF_OK};
  vf_deployment d;
  if (text == NULL) return 0;
  (void)fuzz_files(NULL, NULL, 0);
  require(vf_command_new(&command, ctx, &err) == VF_OK);
  vf_status status = vf_command_read_text(command, text, NULL, NULL, &err);
  if (status == VF_OK) status = vf_command_deployment(command, &d, &err);
  require_told(status, &err);
  if (status == VF_OK) {
    if (d.gpu == NULL) d.gpu = "l4";
    write_again(ctx, &d);
  }
  vf_command_free(command);
  return 0;
}
