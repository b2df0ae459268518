/* vllm_check.c - what vLLM refuses, in its own words, and where it falls back to slower kernels. */
#include <inttypes.h>
#include <string.h>

#include "base/checked.h"
#include "base/status.h"
#include "core/format.h"
#include "engines/vllm.h"

/* ---- Parallelism ------------------------------------------------------------------------------
 */

static vf_status check_heads(const vf_vllm_plan *p, const vf_layer *l, vf_error *err) {
  if ((l->mixers & VF_MIX_ATTENTION) == 0 || l->n_heads == 0) return VF_OK;
  if (l->n_heads % p->tp != 0)
    return vf_fail(err, VF_UNSUPPORTED,
                   "vLLM: total number of attention heads (%" PRIu32
                   ") must be divisible by tensor parallel size (%" PRIu32 ")",
                   l->n_heads, p->tp);
  uint32_t kv = l->n_kv_heads, tp = p->tp;
  if (l->kv_lora != 0 || kv == 0 || (kv >= tp ? kv % tp : tp % kv) == 0) return VF_OK;
  return vf_fail(err, VF_UNSUPPORTED,
                 "vLLM: %" PRIu32 " heads for keys and values can neither be divided by nor "
                 "copied to a tensor parallel size of %" PRIu32,
                 kv, tp);
}

static vf_status check_widths(const vf_vllm_plan *p, const vf_layer *l, vf_error *err) {
  bool whole_experts = p->request->ep > 1;
  uint32_t ranks = p->moe ? p->tp * p->dp : p->tp;
  if (l->n_ff % p->tp != 0)
    return vf_fail(err, VF_UNSUPPORTED,
                   "vLLM: a feed-forward of %" PRIu32
                   " is not divisible by tensor parallel size %" PRIu32,
                   l->n_ff, p->tp);
  if (l->n_experts == 0 || whole_experts) return VF_OK;
  if (l->n_ff_expert % ranks != 0)
    return vf_fail(err, VF_UNSUPPORTED,
                   "vLLM: experts of %" PRIu32 " cannot be cut into %" PRIu32
                   " (--ep keeps them whole)",
                   l->n_ff_expert, ranks);
  if (strncmp(p->model->quant, "FP8 block", 9) == 0 && l->n_ff_expert / ranks % 128 != 0)
    return vf_fail(err, VF_UNSUPPORTED,
                   "vLLM: the output_size of gate's and up's weight = %" PRIu32
                   " is not divisible by weight quantization block_n = 128 (--ep keeps experts "
                   "whole)",
                   l->n_ff_expert / ranks);
  return VF_OK;
}

static vf_status check_layers(const vf_vllm_plan *p, vf_error *err) {
  const vf_layer *l = p->model->layers;
  for (uint32_t i = 0; i < p->model->n_layers; i++) {
    if (i > 0 && memcmp(&l[i], &l[i - 1], sizeof *l) == 0) continue;
    vf_status status = check_heads(p, &l[i], err);
    if (status == VF_OK) status = check_widths(p, &l[i], err);
    if (status != VF_OK) return status;
  }
  return VF_OK;
}

static vf_status check_ranks(const vf_vllm_plan *p, vf_error *err) {
  uint64_t vocabulary = (p->model->n_vocab + 63) / 64 * 64;
  if (vocabulary % p->tp != 0)
    return vf_fail(err, VF_UNSUPPORTED,
                   "vLLM: a vocabulary of %" PRIu64 " (padded) is not divisible by tensor parallel "
                   "size %" PRIu32,
                   vocabulary, p->tp);
  if (p->pp > p->model->n_layers)
    return vf_fail(err, VF_UNSUPPORTED,
                   "vLLM: %" PRIu32 " layers are too few for %" PRIu32 " pipeline stages",
                   p->model->n_layers, p->pp);
  if (p->request->ep > 1 && !p->moe)
    return vf_fail(err, VF_UNSUPPORTED,
                   "vLLM: number of experts in the model must be greater than 0 when expert "
                   "parallelism is enabled");
  if (p->request->ep > 1 && p->request->ep != p->tp * p->dp)
    return vf_fail(err, VF_UNSUPPORTED,
                   "vLLM spreads experts over all tp × dp = %" PRIu32 " ranks: --ep %" PRIu32,
                   p->tp * p->dp, p->tp * p->dp);
  return VF_OK;
}

/* ---- Cache formats ----------------------------------------------------------------------------
 */

static vf_status check_cache_format(const vf_vllm_plan *p, vf_error *err) {
  static const vf_format formats[] = {VF_FORMAT_F32,     VF_FORMAT_F16,     VF_FORMAT_BF16,
                                      VF_FORMAT_F8_E4M3, VF_FORMAT_F8_E5M2, VF_FORMAT_NVFP4,
                                      VF_FORMAT_INT8,    VF_FORMAT_I8,      VF_FORMAT_INT4};
  for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
    if (p->w->kv_k == formats[i] && p->w->kv_v == formats[i]) return VF_OK;
  return vf_fail(
      err, VF_UNSUPPORTED,
      "vLLM has no %s cache (auto bf16 f16 fp8 fp8_e5m2 int8 int4 nvfp4, keys and values "
      "alike)",
      vf_format_get(p->w->kv_k)->name);
}

/* ---- Kernels ----------------------------------------------------------------------------------
 */

/* Which formats have kernels of their own from which generation on; below it, weights are unpacked
 * while multiplying (Marlin) or there is nothing (quantization/, utils/marlin_utils*.py). */
static const struct {
  const char *quant; /* how the format's name begins */
  uint32_t native, least;
  const char *code, *text;
} kernels[] = {
    {"FP8", 89, 75, "fp8-fallback",
     "this GPU has no FP8 arithmetic (Ada and Hopper on): Marlin kernels read 8-bit weights and "
     "multiply in 16 bits"},
    {"NVFP4", 100, 75, "nvfp4-fallback",
     "this GPU has no FP4 arithmetic (Blackwell on): Marlin kernels read 4-bit weights and "
     "multiply "
     "in 16 bits"},
    {"MXFP8", 100, 80, "mxfp8-fallback",
     "this GPU has no MXFP8 arithmetic (Blackwell on): weights are unpacked to 16 bits"},
    {"MXFP4", 100, 80, "mxfp4-fallback",
     "this GPU has no FP4 arithmetic (Blackwell on): Marlin or Triton kernels multiply in 16 bits"},
    {"AWQ", 80, 75, "awq-fallback",
     "this GPU has no Marlin kernels (Ampere on): AWQ's own are slow"},
    {"INT8", 75, 75, "", ""},
    {"BF16", 80, 0, "bf16-fallback", "this GPU has no bfloat16 (Ampere on): float16 is used"},
};

static vf_status check_kernels(vf_vllm_plan *p, vf_error *err) {
  uint32_t cc = p->e->devices[0].device.compute_capability;
  if (cc == 0) return VF_OK;
  for (size_t i = 0; i < sizeof kernels / sizeof *kernels; i++) {
    if (strncmp(p->model->quant, kernels[i].quant, strlen(kernels[i].quant)) != 0) continue;
    if (cc < kernels[i].least)
      return vf_fail(err, VF_UNSUPPORTED,
                     "vLLM: %s needs compute capability %" PRIu32 ".%" PRIu32
                     ", and this GPU has %" PRIu32 ".%" PRIu32,
                     p->model->quant, kernels[i].least / 10, kernels[i].least % 10, cc / 10,
                     cc % 10);
    if (cc < kernels[i].native) vf_estimate_assume(p->e, kernels[i].code, kernels[i].text);
    return VF_OK;
  }
  return VF_OK;
}

static vf_status check_format(const vf_vllm_plan *p, vf_error *err) {
  static const char *const foreign[] = {"mlx", "exl2", "exl3"};
  for (size_t i = 0; i < sizeof foreign / sizeof *foreign; i++)
    if (strcmp(p->model->checkpoint, foreign[i]) == 0)
      return vf_fail(err, VF_UNSUPPORTED, "vLLM does not load '%s' weights", foreign[i]);
  return VF_OK;
}

vf_status vf_vllm_check(vf_vllm_plan *p, vf_error *err) {
  vf_status status = check_format(p, err);
  if (status == VF_OK) status = check_ranks(p, err);
  if (status == VF_OK) status = check_layers(p, err);
  if (status == VF_OK) status = check_cache_format(p, err);
  return status == VF_OK ? check_kernels(p, err) : status;
}
