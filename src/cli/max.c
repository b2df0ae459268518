/* max.c - the command max: the most of one thing that fits. */
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "deployment.h"
#include "output.h"
#include "trouble.h"

static const struct {
  const char *name;
  vf_max_kind kind;
} questions[] = {
    {"ctx", VF_MOST_CTX},
    {"seqs", VF_MOST_SEQS},
    {"quant", VF_MOST_QUANT},
    {"kv", VF_MOST_KV},
    {"gpus", VF_MOST_GPUS},
    {"ngl", VF_MOST_NGL},
    {"n-cpu-moe", VF_MOST_N_CPU_MOE},
    {"gpu", VF_MOST_GPU},
    {"micro-batch", VF_MOST_MICRO_BATCH},
    {"seq-len", VF_MOST_SEQ_LEN},
    {"rank", VF_MOST_RANK},
};
_Static_assert(sizeof questions / sizeof *questions == VF_MOST_COUNT, "every question has a word");

static vf_status find_question(vf_max_kind *out, const args *a, vf_error *err) {
  const char *names[VF_MOST_COUNT + 1] = {NULL};
  for (size_t i = 0; i < VF_MOST_COUNT; i++) {
    names[i] = questions[i].name;
    if (a->n_operands > 0 && strcmp(a->operands[0], "concurrency") == 0) {
      *out = VF_MOST_SEQS;
      return VF_OK;
    }
    if (a->n_operands == 0 || strcmp(a->operands[0], questions[i].name) != 0) continue;
    *out = questions[i].kind;
    return VF_OK;
  }
  if (a->n_operands == 0)
    return trouble(err, "",
                   "the most of what? vramfit max ctx|seqs|quant|kv|gpus|ngl|n-cpu-moe|gpu, "
                   "of a training run micro-batch|seq-len|rank|gpus");
  const char *nearest = vf_nearest_name(a->operands[0], names);
  return trouble(err, "", "'%.60s' is no question: did you mean vramfit max %s?", a->operands[0],
                 nearest != NULL ? nearest : "ctx");
}

/* Lists of what can be chosen freely; lists of anything else are no one question. */
static vf_status take_lists(vf_max_query *q, const args *a, vf_error *err) {
  static const struct {
    vf_axis_kind kind;
    const char *option;
    bool free;
  } axes[] = {{VF_AXIS_MODEL, "--model", false}, {VF_AXIS_ENGINE, "--engine", false},
              {VF_AXIS_QUANT, "--quant", true},  {VF_AXIS_GPU, "--gpu", true},
              {VF_AXIS_GPUS, "--gpus", false},   {VF_AXIS_KV, "--kv", true},
              {VF_AXIS_SEQS, "--seqs", false},   {VF_AXIS_CTX, "--ctx", false}};
  for (size_t i = 0; i < sizeof axes / sizeof *axes; i++) {
    const char *list = list_of(a, axes[i].kind);
    if (list == NULL) continue;
    if (!axes[i].free)
      return trouble(err, axes[i].option, "'%s': vramfit table takes lists of these", list);
    if (axes[i].free) q->lists[axes[i].kind] = list;
  }
  return VF_OK;
}

/* The device that is asked for is any, unless some are named. */
static vf_status name_devices(const args *a, vf_error *err) {
  static const char *const words[] = {"--gpu", "any"};
  size_t at = 0;
  const vf_deployment *d = vf_command_so_far(a->deployment);
  if (d->gpu != NULL || list_of(a, VF_AXIS_GPU) != NULL) return VF_OK;
  return vf_command_option(a->deployment, words, 2, &at, err);
}

/* A word of training makes it a question of training. */
static void take_training(vf_max_query *q, const args *a) {
  bool said = vf_train_is_said(&a->train) || q->kind >= VF_MOST_MICRO_BATCH;
  q->base.training = q->base.training || said;
  vf_train_merge(&q->base.train, &a->train);
}

static vf_status run(vf_answer *answer, const args *a, const vf_context *ctx, vf_error *err) {
  vf_max_query q = {.struct_size = sizeof q, .min_ctx_tokens = a->min_ctx, .min_seqs = a->min_seqs};
  vf_report_options options = report_options(a);
  vf_status status = find_question(&q.kind, a, err);
  if (status == VF_OK && q.kind == VF_MOST_GPU) status = name_devices(a, err);
  if (status == VF_OK) status = read_deployment(&q.base, a->deployment, a, ctx, err);
  if (status == VF_OK) take_training(&q, a);
  if (status == VF_OK) status = take_lists(&q, a, err);
  if (status == VF_OK && q.kind == VF_MOST_GPU && q.base.gpu != NULL)
    q.lists[VF_AXIS_GPU] = q.base.gpu; /* a list of one */
  if (status == VF_OK) status = vf_max_solve(answer, ctx, &q, err);
  if (status != VF_OK || a->quiet) return status;
  return vf_answer_write(answer, &options, write_stdout, stdout, err);
}

/* The most model: which of them run, the largest first. */
static bool is_about_models(const args *a) {
  return a->n_operands == 1 &&
         (strcmp(a->operands[0], "model") == 0 || strcmp(a->operands[0], "models") == 0);
}

enum exit_code command_max(const args *a, const vf_context *ctx, vf_error *err) {
  vf_answer answer;
  if (is_about_models(a)) return command_runners(a, false, ctx, err);
  if (run(&answer, a, ctx, err) != VF_OK) return EXIT_TROUBLE;
  return answer.found ? EXIT_FITS : EXIT_NO_FIT;
}
