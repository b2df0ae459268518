/* inspect.c - the command inspect: one file's contents, or what is different between two. */
#include <stdio.h>

#include "command.h"
#include "output.h"
#include "trouble.h"

static vf_status open_operands(vf_inspection *files[2], const args *a, const vf_context *ctx,
                               vf_error *err) {
  const char *names[2] = {a->operands[0], a->operands[1]};
  const char *model = vf_command_so_far(a->deployment)->model;
  if (a->n_operands > 0 && model != NULL) return too_many_words(a->operands[0], err);
  if (a->n_operands == 0) names[0] = model;
  if (names[0] == NULL)
    return trouble(err, "",
                   "what is to be inspected? A model file, its folder or a config:"
                   " vramfit inspect FILE");
  vf_status status = vf_inspect(&files[0], ctx, names[0], err);
  if (status == VF_OK && names[1] != NULL) status = vf_inspect(&files[1], ctx, names[1], err);
  return status;
}

static enum exit_code judge(const args *a, vf_inspection *const files[2]) {
  size_t n = 0;
  for (int i = 0; i < 2; i++)
    if (files[i] != NULL) n += vf_inspection_info_get(files[i])->n_anomalies;
  return n > 0 && a->strict ? EXIT_NO_FIT : EXIT_FITS;
}

/* The graph of a deployment; a first operand is its model. */
static enum exit_code show_graph(const args *a, const vf_context *ctx, vf_error *err) {
  vf_deployment d = *vf_command_so_far(a->deployment);
  vf_report_options options = report_options(a);
  vf_listing *list;
  if (a->n_operands > 0 && d.model != NULL) {
    too_many_words(a->operands[0], err);
    return EXIT_TROUBLE;
  }
  if (a->n_operands > 0) d.model = a->operands[0];
  if (d.model == NULL || d.gpu == NULL) {
    trouble(err, "", "--graph is that of a deployment: vramfit inspect MODEL --gpu GPU --graph");
    return EXIT_TROUBLE;
  }
  vf_status status = vf_graph_list(&list, ctx, &d, err);
  if (status != VF_OK) return EXIT_TROUBLE;
  if (!a->quiet) status = vf_listing_write(list, &options, write_stdout, stdout, err);
  vf_listing_free(list);
  return status == VF_OK ? EXIT_FITS : EXIT_TROUBLE;
}

enum exit_code command_inspect(const args *a, const vf_context *ctx, vf_error *err) {
  if (a->graph) return show_graph(a, ctx, err);
  vf_inspection *files[2] = {NULL, NULL};
  vf_report_options options = report_options(a);
  vf_status status = open_operands(files, a, ctx, err);
  if (status == VF_OK && !a->quiet)
    status =
        vf_inspection_write(files[0], files[1], a->tensors, &options, write_stdout, stdout, err);
  enum exit_code code = status == VF_OK ? judge(a, files) : EXIT_TROUBLE;
  vf_inspection_free(files[0]);
  vf_inspection_free(files[1]);
  return code;
}
