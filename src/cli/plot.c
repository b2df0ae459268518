/* plot.c - --plot FILE.svg and --plot -. */
#include "plot.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "output.h"
#include "trouble.h"
#include "write_file.h"

/* What is drawn: a deployment with its curve, or a training. */
typedef struct subject {
  const vf_estimate *estimate;
  const vf_curve *curve;
  const vf_train *train;
} subject;

static vf_status draw(const subject *s, const vf_plot_options *options, FILE *file, vf_error *err) {
  if (s->train != NULL) return vf_train_plot_write(s->train, options, write_stdout, file, err);
  return vf_plot_write(s->estimate, s->curve, options, write_stdout, file, err);
}

static vf_status write_file(const char *path, const subject *s, const vf_plot_options *options,
                            vf_error *err) {
  written_file w;
  vf_status status = check_svg_name("--plot", path, err);
  if (status == VF_OK) status = written_file_begin(&w, path, SVG_BEGINS, err);
  if (status != VF_OK) return status;
  status = draw(s, options, w.file, err);
  return written_file_end(&w, status, err);
}

/* A picture of another kind is asked for. */
static bool is_no_svg(const char *path) {
  static const char *const endings[] = {".png", ".jpg", ".jpeg", ".pdf", ".webp", ".gif"};
  const char *dot = strrchr(path, '.');
  for (size_t i = 0; dot != NULL && i < sizeof endings / sizeof *endings; i++)
    if (strcasecmp(dot, endings[i]) == 0) return true;
  return false;
}

vf_status check_plot(const args *a, vf_error *err) {
  if (a->plot == NULL) return VF_OK;
  if (is_no_svg(a->plot))
    return trouble(err, "--plot",
                   "'%.60s': pictures are SVG: name a .svg file; a browser or rsvg-convert makes "
                   "others of it",
                   a->plot);
  if (strcmp(a->plot, "-") == 0 && a->report.format != VF_REPORT_TABLE)
    return trouble(err, "--plot", "- goes with the table: name a file beside --json");
  return VF_OK;
}

static vf_status draw_somewhere(const args *a, const subject *s, vf_error *err) {
  bool terminal = strcmp(a->plot, "-") == 0;
  vf_report_options report = report_options(a);
  const vf_plot_options options = {.struct_size = sizeof options,
                                   .svg = !terminal,
                                   .unicode = is_utf8_locale(),
                                   .color = report.color,
                                   .unit = report.unit};
  if (!terminal) return write_file(a->plot, s, &options, err);
  return draw(s, &options, stdout, err);
}

vf_status draw_plot(const args *a, const vf_estimate *estimate, vf_estimate *scratch,
                    const vf_model *model, const vf_request *request, const vf_device *devices,
                    size_t n_devices, vf_error *err) {
  vf_curve curve;
  const subject s = {.estimate = estimate, .curve = &curve};
  vf_status status = vf_curve_solve(&curve, scratch, model, request, devices, n_devices, err);
  return status == VF_OK ? draw_somewhere(a, &s, err) : status;
}

vf_status draw_training(const args *a, const vf_train *train, vf_error *err) {
  const subject s = {.train = train};
  return draw_somewhere(a, &s, err);
}
