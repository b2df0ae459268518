/* training.c - from a deployment that trains to a run: ranks, the program, and what that takes
 * where nothing was said. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/args.h"
#include "base/checked.h"
#include "base/status.h"
#include "base/text.h"
#include "core/estimate.h"
#include "core/training_params.h"
#include "deploy/setup.h"
#include "engines/trainers.h"

/* ---- Further models ---------------------------------------------------------------------- */

/* Parameters of a model that is named, in a context without weights: "70B" says them by itself. */
static vf_status count_named(uint64_t *out, const vf_context *ctx, const char *what,
                             const char *word, vf_error *err) {
  vf_model *m;
  vf_model_info info;
  vf_error cause = {.status = VF_OK};
  if (word == NULL || strcmp(word, "none") == 0 || *out != 0) return VF_OK;
  if (vf_parameters_parse(out, word, NULL) == VF_OK) return VF_OK;
  vf_status status = vf_model_open(&m, ctx, word, NULL, NULL, &cause);
  if (status != VF_OK) {
    if (err == NULL) return status;
    *err = cause;
    snprintf(err->message, sizeof err->message, "--%s: %.300s", what, cause.message);
    return status;
  }
  vf_model_info_get(m, &info);
  *out = info.n_params;
  vf_model_free(m);
  return VF_OK;
}

vf_status vf_train_count_models(vf_train_request *r, const vf_context *ctx, vf_error *err) {
  vf_status status = count_named(&r->teacher_params, ctx, "teacher", r->teacher, err);
  if (status == VF_OK)
    status = count_named(&r->reward_params, ctx, "reward-model", r->reward_model, err);
  if (status == VF_OK) status = count_named(&r->critic_params, ctx, "critic", r->critic, err);
  return status;
}

/* Adapters on a checkpoint that is published quantized leave it so. */
static void take_base(vf_train_request *r, const vf_model *model) {
  static const struct {
    const char *begins, *base;
  } bases[] = {{"NF4", "nf4"},        {"BNB 4", "nf4"},      {"LLM.int8", "int8"},
               {"BNB 8", "int8"},     {"GPTQ 4", "gptq"},    {"AWQ 4", "gptq"},
               {"MLX 4", "mlx-4bit"}, {"MLX 6", "mlx-6bit"}, {"MLX 8", "mlx-8bit"}};
  bool adapters =
      r->method != NULL && (strcmp(r->method, "lora") == 0 || strcmp(r->method, "qlora") == 0);
  if (model == NULL || r->base_quant != NULL || !adapters) return;
  for (size_t i = 0; i < sizeof bases / sizeof *bases; i++)
    if (strncmp(model->quant, bases[i].begins, strlen(bases[i].begins)) == 0)
      r->base_quant = bases[i].base;
}

vf_status vf_setup_train_request(vf_train_request *out, const vf_setup *s, vf_error *err) {
  vf_status status = vf_deployment_train_request(out, vf_setup_from(s), err);
  if (status != VF_OK) return status;
  out->gpus = vf_setup_gpus(s);
  const vf_train_request *counted = vf_setup_counted(s);
  out->teacher_params = counted->teacher_params;
  out->reward_params = counted->reward_params;
  out->critic_params = counted->critic_params;
  take_base(out, vf_setup_model(s));
  return status;
}

vf_status vf_train_any(vf_train *out, const vf_model *model, const vf_train_request *r,
                       const vf_device *devices, size_t n, vf_error *err) {
  if (n > 0 && vf_device_is_instance(&devices[0]) && (r->gpus != 0 ? r->gpus : n) > 1)
    return vf_fail(err, VF_UNSUPPORTED,
                   "%s: a process sees one slice, no training is spread over several",
                   devices[0].id);
  if (model == NULL) return vf_train_network(out, r, devices, n, err);
  return vf_train_run(out, model, r, devices, n, err);
}

vf_status vf_deployment_train_request(vf_train_request *out, const vf_deployment *d,
                                      vf_error *err) {
  vf_train_request r = d->train;
  r.base_quant = d->quant;
  r.tp = d->request.tp;
  r.pp = d->request.pp;
  r.ep = d->request.ep;
  r.engine = d->request.engine;
  r.host_memory_bytes = d->request.host_memory_bytes;
  vf_status status = vf_trainer_settle(&r, err);
  if (status == VF_OK) *out = r;
  return status;
}

vf_status vf_setup_train(vf_train *out, const vf_setup *setup, vf_error *err) {
  vf_train_request r;
  size_t n;
  VF_NEED(err, out);
  VF_NEED(err, setup);
  const vf_device *devices = vf_setup_devices(setup, &n);
  vf_status status = vf_setup_train_request(&r, setup, err);
  if (status != VF_OK) return status;
  if (!devices[0].total_known)
    return vf_fail(err, VF_USAGE, "%s: its memory is not known: say --memory or --host-memory SIZE",
                   devices[0].id);
  return vf_train_any(out, vf_setup_model(setup), &r, devices, n, err);
}

static void sum_up(vf_train_sum *out, const vf_train *t, const vf_train_request *r) {
  vf_text words = vf_text_on(out->what, sizeof out->what);
  uint32_t batch = vf_max_u32(r->micro_batch, 1);
  vf_text_printf(&words, "training %s · %" PRIu32, t->model, batch);
  if (r->network_params != 0)
    vf_text_put(&words, " samples in a step");
  else
    vf_text_printf(&words, " × %" PRIu64 " tokens", r->seq_tokens != 0 ? r->seq_tokens : 2048);
  out->need = t->budget.need;
  if (t->budget.device.kind == VF_DEVICE_DISCRETE) out->host_bytes = t->host_bytes;
}

vf_status vf_deployment_train_sum(vf_train_sum *out, const vf_context *ctx, const vf_deployment *d,
                                  const vf_device *device, vf_error *err) {
  vf_opened opened = {0};
  vf_train_request r;
  vf_train t;
  vf_status status = vf_deployment_train_request(&r, d, err);
  if (status == VF_OK && r.network_params == 0) {
    const vf_deployment published = vf_deployment_published(d);
    status = vf_opened_open(&opened, ctx, &published, device, 1, err);
  }
  if (status == VF_OK) status = vf_train_count_models(&r, ctx, err);
  if (status == VF_OK) take_base(&r, opened.model);
  if (status == VF_OK) status = vf_train_any(&t, opened.model, &r, device, 1, err);
  vf_opened_close(&opened);
  if (status == VF_OK) sum_up(out, &t, &r);
  return status;
}
