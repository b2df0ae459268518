/* place.c - the command place: do these workloads fit together on this box? */

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "devices.h"
#include "output.h"
#include "trouble.h"

static vf_place_options options_of(const args *a) {
  return (vf_place_options){.gpu = a->gpu,
                            .scenario = a->scenario,
                            .memory_bytes = a->memory.most,
                            .host_memory_bytes = a->request.host_memory_bytes,
                            .used_bytes = a->used_bytes,
                            .has_headroom = a->headroom.set,
                            .headroom_bytes = a->headroom.bytes,
                            .headroom_permille = a->headroom.permille};
}

static vf_status file_trouble(const char *path, int reason, vf_error *err) {
  trouble(err, path, "cannot be written: %s", strerror(reason));
  return err->status = VF_IO;
}

/* The image goes to a file of its own, beside whatever else is asked for. */
static vf_status write_svg(const vf_place *place, const args *a, vf_error *err) {
  vf_report_options options = report_options(a);
  if (a->card_svg == NULL) return VF_OK;
  FILE *f = fopen(a->card_svg, "w");
  if (f == NULL) return file_trouble(a->card_svg, errno, err);
  vf_status status = vf_place_card(place, true, &options, write_stdout, f, err);
  int reason = errno;
  bool closed = fclose(f) == 0;
  if (status != VF_OK || !closed) return file_trouble(a->card_svg, closed ? reason : errno, err);
  return VF_OK;
}

static vf_status report(const vf_place *place, const args *a, vf_error *err) {
  vf_report_options options = report_options(a);
  vf_status status = write_svg(place, a, err);
  if (status != VF_OK || a->quiet) return status;
  if (a->card && options.format == VF_REPORT_TABLE)
    return vf_place_card(place, false, &options, write_stdout, stdout, err);
  return vf_place_write(place, &options, write_stdout, stdout, err);
}

enum exit_code command_place(const args *a, const vf_context *ctx, vf_error *err) {
  vf_device here[VF_MAX_DEVICES]; /* not cleared: filled as far as it is used */
  vf_place *place = NULL;
  vf_place_options options = options_of(a);
  vf_status status = VF_OK;
  if (a->n_operands == 0)
    status = trouble(err, "", "which file? vramfit place box.json");
  else if (a->memory.least != a->memory.most)
    status = trouble(err, "--memory", "one size is needed here, not a range");
  if (status == VF_OK && a->gpu != NULL && is_this_machine(a->gpu)) {
    status = find_devices(here, VF_MAX_DEVICES, &options.device_count, a, ctx, err);
    options.devices = here;
  }
  if (status == VF_OK) status = vf_place_open(&place, ctx, a->operands[0], &options, err);
  if (status == VF_OK) status = report(place, a, err);
  vf_verdict verdict = status == VF_OK ? vf_place_verdict(place, SIZE_MAX) : VF_NO_FIT;
  vf_place_free(place);
  if (status != VF_OK) return EXIT_TROUBLE;
  return verdict == VF_NO_FIT || (verdict == VF_TIGHT && a->strict) ? EXIT_NO_FIT : EXIT_FITS;
}
