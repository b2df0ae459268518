/* runners.c - a device alone, or a model alone: what runs on it, what carries it. */
#include <stdio.h>

#include "command.h"
#include "deployment.h"
#include "output.h"
#include "trouble.h"

enum { SHORT_ROWS = 24 };

static vf_runners_query query_of(const args *a, const vf_deployment *base, bool newest_first) {
  vf_runners_query q = vf_runners_query_init();
  q.base = *base;
  q.family = a->family;
  q.vendor = a->vendor;
  q.least_params = a->params.least;
  q.most_params = a->params.most;
  q.newest_first = newest_first;
  return q;
}

/* What was chosen among is told whole. */
static bool is_chosen(const args *a) {
  return a->all || a->family != NULL || a->params.most != 0 || a->params.least != 0;
}

enum exit_code command_runners(const args *a, bool newest_first, const vf_context *ctx,
                               vf_error *err) {
  vf_deployment base;
  vf_report_options options = report_options(a);
  vf_runners *runners = NULL;
  size_t n = 0;
  vf_status status = read_half(&base, a->deployment, a, ctx, err);
  if (status == VF_OK && base.gpu == NULL && base.memory_bytes != 0)
    status =
        trouble(err, "--memory",
                "it is of a GPU that is named (--gpu rtx-4090 --memory 24GiB); which ones have so "
                "much: vramfit gpus --memory A..B");
  vf_runners_query q = query_of(a, &base, newest_first);
  options.rows = is_chosen(a) ? 0 : SHORT_ROWS;
  if (status == VF_OK) status = vf_runners_find(&runners, ctx, &q, err);
  if (status == VF_OK && !a->quiet)
    status = vf_runners_write(runners, &options, write_stdout, stdout, err);
  vf_runners_list(runners, &n);
  vf_runners_free(runners);
  if (status != VF_OK) return EXIT_TROUBLE;
  return n > 0 ? EXIT_FITS : EXIT_NO_FIT;
}
