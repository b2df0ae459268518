/* chart.c - what the pictures share, and the choice between them. */
#include "report/chart.h"

#include <inttypes.h>
#include <string.h>

#include "base/args.h"
#include "base/status.h"
#include "core/estimate.h"

const vf_segment_look vf_segment_looks[VF_CHART_SEGMENTS] = {
    [VF_PART_WEIGHTS] = {"weights", "#4c78a8", "\x1b[34m", "█", '#'},
    [VF_PART_KV_CACHE] = {"KV cache", "#f58518", "\x1b[33m", "▓", '='},
    [VF_PART_STATE] = {"state", "#eeca3b", "\x1b[93m", "▓", 's'},
    [VF_PART_COMPUTE] = {"compute", "#54a24b", "\x1b[32m", "▒", '+'},
    [VF_PART_OUTPUT] = {"output", "#b279a2", "\x1b[35m", "▒", 'o'},
    [VF_PART_RUNTIME] = {"runtime", "#9d755d", "\x1b[31m", "░", ':'},
    [VF_CHART_HOST] = {"host side", "#8a8f98", "\x1b[90m", "░", 'h'},
    [VF_CHART_WORST] = {"worst case", "#d65f5f88", "\x1b[31m", "▚", '?'},
    [VF_CHART_GROWTH] = {"may grow", "#8a8f9855", "\x1b[90m", "▫", '~'},
};
_Static_assert(sizeof vf_segment_looks / sizeof *vf_segment_looks == VF_CHART_SEGMENTS,
               "every segment has a look");

void vf_chart_budget(uint64_t out[VF_CHART_SEGMENTS], const vf_device_budget *b) {
  memcpy(out, b->part_bytes, sizeof b->part_bytes);
  out[VF_CHART_HOST] = b->whole.known ? 0 : b->shared_host_bytes;
  out[VF_CHART_WORST] = b->need.high_bytes - b->need.bytes;
  out[VF_CHART_GROWTH] = b->growth_bytes;
}

static bool is_alike(const vf_device_budget *a, const vf_device_budget *b) {
  return strcmp(a->device.id, b->device.id) == 0 && a->device.kind == b->device.kind &&
         a->capacity_bytes == b->capacity_bytes && a->growth_bytes == b->growth_bytes &&
         a->device.used_bytes == b->device.used_bytes &&
         memcmp(&a->need, &b->need, sizeof a->need) == 0 &&
         memcmp(a->part_bytes, b->part_bytes, sizeof a->part_bytes) == 0;
}

size_t vf_chart_alike(const vf_device_budget *b, size_t n_devices, size_t i) {
  size_t n = 1;
  while (i + n < n_devices && is_alike(&b[i], &b[i + n])) n++;
  return n;
}

void vf_chart_point(uint64_t out[VF_CHART_SEGMENTS], const vf_curve_point *p) {
  memcpy(out, p->part_bytes, sizeof p->part_bytes);
  out[VF_CHART_HOST] = p->shared_host_bytes;
  out[VF_CHART_WORST] = p->need.high_bytes - p->need.bytes;
  out[VF_CHART_GROWTH] = p->growth_bytes;
}

uint64_t vf_chart_step(uint64_t most, uint64_t unit, unsigned steps, bool binary) {
  static const uint64_t round[] = {1, 2, 5};
  uint64_t power = unit;
  for (;;) {
    for (size_t i = 0; !binary && i < sizeof round / sizeof *round; i++)
      if (most / (power * round[i]) < steps) return power * round[i];
    if (binary && most / power < steps) return power;
    if (power > UINT64_MAX / 100) return power;
    power *= binary ? 2 : 10;
  }
}

void vf_chart_tokens(vf_text *t, uint64_t tokens) {
  if (tokens != 0 && tokens % (1 << 20) == 0)
    vf_text_printf(t, "%" PRIu64 "M", tokens >> 20);
  else if (tokens != 0 && tokens % 1024 == 0)
    vf_text_printf(t, "%" PRIu64 "k", tokens >> 10);
  else
    vf_text_printf(t, "%" PRIu64, tokens);
}

bool vf_chart_shows(const vf_device_budget *b, size_t n_devices) {
  if (b->device.kind == VF_DEVICE_HOST && n_devices > 1) return false;
  return b->need.high_bytes != 0;
}

vf_status vf_plot_write(const vf_estimate *estimate, const vf_curve *curve,
                        const vf_plot_options *options, vf_write_fn write, void *user,
                        vf_error *err) {
  vf_plot_options o = vf_plot_options_init();
  vf_out out;
  VF_NEED(err, estimate);
  VF_NEED(err, write);
  vf_status status = vf_estimate_needed(estimate, err);
  if (status == VF_OK) status = vf_take_struct(&o, sizeof o, options, "vf_plot_options", err);
  if (status != VF_OK) return status;
  if (o.unit != VF_UNIT_GIB && o.unit != VF_UNIT_GB)
    return vf_fail(err, VF_USAGE, "vf_plot_options: %d is no unit", (int)o.unit);
  vf_out_init(&out, write, user);
  (o.svg ? vf_chart_svg : vf_chart_text)(&out, estimate, curve, &o);
  return vf_out_finish(&out, err);
}
