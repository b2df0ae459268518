/* fuzz_scenario.c - any bytes as a file about a box: refused with a reason, or packed and written.
 */
#include "fuzz_file.h"

#include <string.h>

#include "solve/place.h"
#include "vramfit/report.h"

static bool swallow(void *user, const char *data, size_t size) {
  (void)data;
  *(size_t *)user += size;
  return true;
}

static void write_all(const vf_place *place) {
  size_t written = 0;
  vf_error err = {VF_OK};
  for (int format = 0; format <= VF_REPORT_MARKDOWN; format++) {
    vf_report_options options = {.struct_size = sizeof options, .format = (vf_report_format)format};
    require(vf_place_write(place, &options, swallow, &written, &err) == VF_OK);
  }
  vf_report_options options = {.struct_size = sizeof options, .color = true};
  require(vf_place_card(place, false, &options, swallow, &written, &err) == VF_OK);
  require(vf_place_card(place, true, &options, swallow, &written, &err) == VF_OK);
  require(written > 0 && vf_place_scenarios(place) > 0);
}

/* What is laid out never exceeds what was judged: FITS keeps the headroom on every device. */
static void check_plans(const vf_place *p) {
  for (size_t i = 0; i < p->n_scenarios; i++) {
    const vf_placed_scenario *s = &p->scenarios[i];
    for (size_t d = 0; d < p->box.n_devices; d++) {
      const vf_device_budget *b = &s->plan.budgets[d];
      require(b->need.low_bytes <= b->need.bytes && b->need.bytes <= b->need.high_bytes);
      if (s->plan.verdict == VF_FITS)
        require(b->need.high_bytes + b->headroom_target_bytes <= b->capacity_bytes);
      if (b->need.bytes > b->capacity_bytes) require(s->plan.verdict == VF_NO_FIT);
    }
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static vf_context *ctx;
  const char *path = fuzz_file(data, size);
  const vf_place_options options = {.struct_size = sizeof options,
                                    .gpu = size % 2 == 0 ? "gb10" : NULL};
  vf_place *place = NULL;
  vf_error err = {VF_OK};
  if (ctx == NULL) require(vf_context_new(&ctx, NULL, &err) == VF_OK);
  vf_status status = vf_place_open(&place, ctx, path, &options, &err);
  require(err.status == status);
  if (status != VF_OK) {
    require(err.message[0] != '\0');
    return 0;
  }
  check_plans(place);
  write_all(place);
  vf_place_free(place);
  return 0;
}
