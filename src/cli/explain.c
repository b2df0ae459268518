/* explain.c - the command explain: a topic, or the list of them. */
#include <stdio.h>

#include "command.h"
#include "output.h"

enum exit_code command_explain(const args *a, const vf_context *ctx, vf_error *err) {
  (void)ctx;
  vf_report_options options = report_options(a);
  const char *name = a->n_operands > 0 ? a->operands[0] : NULL;
  vf_status status = vf_topic_write(name, &options, write_stdout, stdout, err);
  return status == VF_OK ? EXIT_FITS : EXIT_TROUBLE;
}
