/* deployment.c - from the command line to a deployment. */
#include "deployment.h"

#include <stdio.h>
#include <stdlib.h>

#include "devices.h"
#include "trouble.h"

static vf_status need(bool said, const char *option, const char *example, vf_error *err) {
  if (said) return VF_OK;
  return trouble(err, "", "--%s is missing, for example --%s %s", option, option, example);
}

const char *list_of(const args *a, vf_axis_kind kind) {
  return vf_command_list(a->deployment, kind);
}

vf_status refuse_lists(const vf_command *c, vf_error *err) {
  static const char *const options[VF_AXIS_COUNT] = {
      [VF_AXIS_MODEL] = "--model", [VF_AXIS_ENGINE] = "--engine", [VF_AXIS_QUANT] = "--quant",
      [VF_AXIS_GPU] = "--gpu",     [VF_AXIS_GPUS] = "--gpus",     [VF_AXIS_KV] = "--kv",
      [VF_AXIS_SEQS] = "--seqs",   [VF_AXIS_CTX] = "--ctx"};
  for (int i = 0; i < VF_AXIS_COUNT; i++) {
    const char *list = vf_command_list(c, (vf_axis_kind)i);
    if (list != NULL)
      return trouble(err, options[i], "'%s' is a list: vramfit table takes those%s", list,
                     i == VF_AXIS_GPU ? "; GPUs that work together are 4090x2, or 4090+3090" : "");
  }
  return VF_OK;
}

/* Ollama's server is told by variables: those of this environment count, and are told. */
static const char *noted_variable(void *user, const char *name) {
  const args *a = user;
  const char *value = getenv(name);
  if (value == NULL || value[0] == '\0') return NULL;
  if (!a->quiet) fprintf(stderr, "vramfit: note: $%s=%s is used\n", name, value);
  return value;
}

static vf_status take(vf_deployment *out, vf_command *c, const args *a, vf_error *err) {
  vf_status status = VF_OK;
  if (a->line == NULL)
    status = vf_command_environment(c, noted_variable, (void *)(uintptr_t)a, err);
  return status == VF_OK ? vf_command_deployment(c, out, err) : status;
}

vf_status read_half(vf_deployment *out, vf_command *c, const args *a, const vf_context *ctx,
                    vf_error *err) {
  vf_deployment d;
  vf_status status = take(&d, c, a, err);
  if (status == VF_OK) status = refuse_lists(c, err);
  if (status == VF_OK && d.gpu != NULL) status = find_machine(&d.machine, &d, NULL, a, ctx, err);
  if (status == VF_OK) *out = d;
  return status;
}

vf_status read_deployment(vf_deployment *out, vf_command *c, const args *a, const vf_context *ctx,
                          vf_error *err) {
  vf_deployment d;
  vf_status status = take(&d, c, a, err);
  if (status != VF_OK) return status;
  bool own = a->train.network_params != 0; /* a network that has no name */
  status = need(d.model != NULL || own || vf_command_list(c, VF_AXIS_MODEL) != NULL, "model",
                "llama3.1-8b", err);
  if (status == VF_OK)
    status = need(d.gpu != NULL || vf_command_list(c, VF_AXIS_GPU) != NULL, "gpu", "rtx-4090", err);
  if (status == VF_OK)
    status = find_machine(&d.machine, &d, vf_command_list(c, VF_AXIS_GPU), a, ctx, err);
  if (status == VF_OK) *out = d;
  return status;
}
