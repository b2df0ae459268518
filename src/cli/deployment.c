/* deployment.c - from options to a deployment. */
#include "deployment.h"

#include <string.h>
#include <unistd.h>

#include "devices.h"
#include "trouble.h"

static vf_status need(const char *value, const char *option, const char *example, vf_error *err) {
  if (value != NULL) return VF_OK;
  return trouble(err, "", "--%s is missing, for example --%s %s", option, option, example);
}

vf_status need_model_and_gpu(const args *a, vf_error *err) {
  vf_status status = need(a->model, "model", "llama3.1-8b", err);
  return status == VF_OK ? need(a->gpu, "gpu", "rtx-4090", err) : status;
}

/* ---- Lists ------------------------------------------------------------------------------ */

/* A path may have commas in it, and so have numbers of this machine's devices. */
static const char *list_in(const char *text) {
  if (text == NULL) return NULL;
  if (strncmp(text, "auto:", 5) == 0 && text[5 + strspn(text + 5, "0123456789,")] == '\0')
    return NULL;
  bool is_list = strchr(text, ',') != NULL || strcmp(text, "any") == 0;
  return is_list && access(text, F_OK) != 0 ? text : NULL;
}

const char *list_of(const args *a, vf_axis_kind kind) {
  switch (kind) {
  case VF_AXIS_MODEL: return list_in(a->model);
  case VF_AXIS_ENGINE: return list_in(a->request.engine);
  case VF_AXIS_QUANT: return list_in(a->quant);
  case VF_AXIS_GPU: return list_in(a->gpu);
  case VF_AXIS_GPUS: return a->axes.gpus;
  case VF_AXIS_KV: return a->axes.kv;
  case VF_AXIS_SEQS: return a->axes.seqs;
  case VF_AXIS_CTX: return a->axes.ctx;
  case VF_AXIS_COUNT: break;
  }
  return NULL;
}

vf_status refuse_lists(const args *a, vf_error *err) {
  static const struct {
    vf_axis_kind kind;
    const char *option;
  } lists[] = {{VF_AXIS_MODEL, "--model"}, {VF_AXIS_ENGINE, "--engine"}, {VF_AXIS_QUANT, "--quant"},
               {VF_AXIS_GPU, "--gpu"},     {VF_AXIS_KV, "--kv"},         {VF_AXIS_SEQS, "--seqs"},
               {VF_AXIS_CTX, "--ctx"}};
  for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
    if (list_of(a, lists[i].kind) != NULL)
      return trouble(err, lists[i].option, "'%s' is a list: vramfit table takes those",
                     list_of(a, lists[i].kind));
  if (a->axes.gpus != NULL)
    return trouble(err, "--gpus", "is for vramfit table: --gpu %sx%s says it here", a->gpu,
                   a->axes.gpus);
  return VF_OK;
}

/* ---- What goes beside a model ----------------------------------------------------------- */

/* A draft model in the model's own format, unless it is a file or another one is asked for. */
static vf_status open_draft(vf_request *request, vf_model **draft, const args *a,
                            const vf_context *ctx, vf_error *err) {
  const char *quant = a->draft_quant;
  if (a->draft == NULL) return VF_OK;
  if (quant == NULL && strstr(a->draft, ".gguf") == NULL && list_in(a->quant) == NULL)
    quant = a->quant;
  vf_status status = vf_model_open(draft, ctx, a->draft, quant, a->request.engine, err);
  request->draft = *draft;
  return status;
}

/* The tower that the model's config describes, as a file in F16 holds it. */
static vf_status derive_mmproj(vf_request *request, const args *a, const vf_context *ctx,
                               vf_error *err) {
  vf_model *model;
  vf_model_info info;
  vf_status status = vf_model_open(&model, ctx, a->model, NULL, NULL, err);
  if (status != VF_OK) return status;
  vf_model_info_get(model, &info);
  if (info.n_tower_params == 0)
    status = trouble(err, "--mmproj", "no tower is known of %s: name its file", info.id);
  request->mmproj_bytes = 2 * info.n_tower_params;
  vf_model_free(model);
  return status;
}

vf_status open_beside(vf_request *request, vf_model **draft, const args *a, const vf_context *ctx,
                      vf_error *err) {
  vf_status status = VF_OK;
  if (a->mmproj != NULL && strcmp(a->mmproj, "auto") == 0)
    status = derive_mmproj(request, a, ctx, err);
  else if (a->mmproj != NULL)
    status = vf_part_file_bytes(&request->mmproj_bytes, ctx, VF_FILE_MMPROJ, a->mmproj, err);
  if (status == VF_OK && a->lora != NULL)
    status = vf_part_file_bytes(&request->lora_bytes, ctx, VF_FILE_LORA, a->lora, err);
  return status == VF_OK ? open_draft(request, draft, a, ctx, err) : status;
}

/* ---- All of it -------------------------------------------------------------------------- */

vf_status read_deployment(vf_deployment *out, vf_model **draft, const args *a,
                          const vf_context *ctx, vf_error *err) {
  vf_status status = need_model_and_gpu(a, err);
  if (status == VF_OK && a->memory.least != a->memory.most)
    status = trouble(err, "--memory", "one size is needed here, not a range");
  if (status != VF_OK) return status;
  *out = (vf_deployment){.model = a->model,
                         .gpu = a->gpu,
                         .quant = a->quant,
                         .request = a->request,
                         .memory_bytes = a->memory.most,
                         .used_bytes = a->used_bytes,
                         .empty = a->total,
                         .headroom_set = a->headroom.set,
                         .headroom_bytes = a->headroom.bytes,
                         .headroom_permille = a->headroom.permille};
  status = find_machine(&out->machine, a, ctx, err);
  if (status != VF_OK) return status;
  if (list_of(a, VF_AXIS_MODEL) != NULL) out->model = NULL;
  if (list_of(a, VF_AXIS_GPU) != NULL) out->gpu = NULL;
  if (list_of(a, VF_AXIS_QUANT) != NULL) out->quant = NULL;
  if (list_of(a, VF_AXIS_ENGINE) != NULL) out->request.engine = NULL;
  if (a->tensor_split.count > 0) {
    memcpy(out->request.tensor_split, a->tensor_split.shares, sizeof a->tensor_split.shares);
    out->request.tensor_split_count = a->tensor_split.count;
  }
  return open_beside(&out->request, draft, a, ctx, err);
}
