/* detect.c - the command detect: this machine, as its drivers tell it. */

#include <stdio.h>

#include "command.h"
#include "devices.h"
#include "output.h"

enum exit_code command_detect(const args *a, const vf_context *ctx, vf_error *err) {
  const vf_machine *machine = NULL;
  vf_report_options options = report_options(a);
  vf_status status = detect(&machine, a, ctx, err);
  if (status == VF_OK && !a->quiet)
    status = vf_machine_write(machine, &options, write_stdout, stdout, err);
  return status == VF_OK ? EXIT_FITS : EXIT_TROUBLE;
}
