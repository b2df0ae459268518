/* place.c - the command place: do these workloads fit together on this box? */

#include <stdio.h>
#include <string.h>

#include "command.h"
#include "deployment.h"
#include "devices.h"
#include "output.h"
#include "trouble.h"
#include "write_file.h"

static vf_place_options options_of(const args *a, const vf_deployment *d) {
  return (vf_place_options){.struct_size = sizeof(vf_place_options),
                            .gpu = d->gpu,
                            .scenario = a->scenario,
                            .memory_bytes = d->memory_bytes,
                            .host_memory_bytes = d->request.host_memory_bytes,
                            .used_bytes = d->used_bytes,
                            .has_headroom = d->headroom.set,
                            .headroom_bytes = d->headroom.bytes,
                            .headroom_permille = d->headroom.permille};
}

/* The image goes to a file of its own, beside whatever else is asked for. */
static vf_status write_svg(const vf_place *place, const args *a, vf_error *err) {
  vf_report_options options = report_options(a);
  if (a->card_svg == NULL) return VF_OK;
  written_file w;
  vf_status status = check_svg_name("--card-svg", a->card_svg, err);
  if (status == VF_OK) status = written_file_begin(&w, a->card_svg, SVG_BEGINS, err);
  if (status != VF_OK) return status;
  status = vf_place_card(place, true, &options, write_stdout, w.file, err);
  return written_file_end(&w, status, err);
}

static vf_status report(const vf_place *place, const args *a, vf_error *err) {
  vf_report_options options = report_options(a);
  vf_status status = write_svg(place, a, err);
  if (status != VF_OK || a->quiet) return status;
  if (a->card && options.format == VF_REPORT_TABLE)
    return vf_place_card(place, false, &options, write_stdout, stdout, err);
  return vf_place_write(place, &options, write_stdout, stdout, err);
}

static vf_status open_place(vf_place **place, const args *a, const vf_context *ctx, vf_error *err) {
  static vf_device here[VF_MAX_DEVICES]; /* large */
  const vf_deployment *d = vf_command_so_far(a->deployment);
  vf_place_options options = options_of(a, d);
  const vf_machine *machine = NULL;
  vf_status status = refuse_lists(a->deployment, err);
  if (status == VF_OK && a->n_operands == 0)
    status = trouble(err, "", "which file? vramfit place box.json");
  if (status == VF_OK && d->gpu != NULL) status = find_machine(&machine, d, NULL, a, ctx, err);
  if (status == VF_OK && machine != NULL) {
    status = vf_machine_select(here, VF_MAX_DEVICES, &options.device_count, machine, d->gpu,
                               d->empty, err);
    options.devices = here;
  }
  return status == VF_OK ? vf_place_open(place, ctx, a->operands[0], &options, err) : status;
}

enum exit_code command_place(const args *a, const vf_context *ctx, vf_error *err) {
  vf_place *place = NULL;
  vf_status status = open_place(&place, a, ctx, err);
  if (status == VF_OK) status = report(place, a, err);
  vf_verdict verdict = status == VF_OK ? vf_place_verdict(place, SIZE_MAX) : VF_NO_FIT;
  bool doubtful = status == VF_OK && vf_place_remarks(place) > 0;
  vf_place_free(place);
  if (status != VF_OK) return EXIT_TROUBLE;
  return doubtful && a->strict ? EXIT_NO_FIT : code_of(a, verdict);
}
