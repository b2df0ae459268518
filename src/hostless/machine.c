/* machine.c - in place of machine/, in a library that is built without one (VRAMFIT_HOST=OFF). */
#include "base/args.h"
#include "base/status.h"
#include "vramfit/inspect.h"

static vf_status none(vf_error *err) {
  return vf_fail(err, VF_UNSUPPORTED,
                 "this library was built without looking at machines: name the device");
}

vf_status vf_machine_detect(vf_machine **out, const vf_context *ctx,
                            const vf_machine_options *options, vf_error *err) {
  (void)options;
  VF_NEED(err, out);
  VF_NEED(err, ctx);
  return none(err);
}

vf_status vf_machine_select(vf_device *out, size_t capacity, size_t *out_count,
                            const vf_machine *machine, const char *text, bool empty,
                            vf_error *err) {
  (void)capacity;
  (void)empty;
  VF_NEED(err, out);
  VF_NEED(err, out_count);
  VF_NEED(err, machine);
  VF_NEED(err, text);
  return none(err);
}

/* There is none to get anything of. */
const vf_machine_info *vf_machine_info_get(const vf_machine *machine) {
  (void)machine;
  return NULL;
}

void vf_machine_free(vf_machine *machine) {
  (void)machine;
}
