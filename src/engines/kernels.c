/* kernels.c - formats by engine and by generation of GPU.
 *
 * vLLM, model_executor/layers/quantization and utils/marlin_utils*.py: below the generation that
 * has the arithmetic, Marlin kernels unpack weights while multiplying; below those there is
 * nothing.  The bytes of weights stay the same. */
#include "engines/kernels.h"

#include <inttypes.h>
#include <string.h>

#include "base/status.h"
#include "core/format.h"

/* Where Marlin's kernels begin: Turing, since December 2025 (#29901, #31000, #31008). */
enum { MARLIN = 1, MARLIN_TODAY = 75 };

/* By how the name of a format begins. */
static const struct {
  const char *quant;
  uint32_t native, least; /* compute capability, 89 for 8.9; MARLIN: where that begins */
  const char *code, *text;
} kernels[] = {
    {"FP8", 89, MARLIN, "fp8-fallback",
     "this GPU has no FP8 arithmetic (Ada and Hopper on): Marlin kernels read 8-bit weights and "
     "multiply in 16 bits"},
    {"NVFP4", 100, MARLIN, "nvfp4-fallback",
     "this GPU has no FP4 arithmetic (Blackwell on): Marlin kernels read 4-bit weights and "
     "multiply "
     "in 16 bits"},
    {"MXFP8", 100, 80, "mxfp8-fallback",
     "this GPU has no MXFP8 arithmetic (Blackwell on): weights are unpacked to 16 bits"},
    {"MXFP4", 100, 80, "mxfp4-fallback",
     "this GPU has no FP4 arithmetic (Blackwell on): Marlin or Triton kernels multiply in 16 bits"},
    {"AWQ", MARLIN, 75, "awq-fallback",
     "the engine has no Marlin kernels for this GPU: AWQ's own are slow"},
    {"W4A16", MARLIN, MARLIN, "", ""},
    {"INT8", 75, 75, "", ""},
};
enum { N_KERNELS = sizeof kernels / sizeof *kernels };

static vf_status refuse_generation(const vf_estimate *e, const char *engine, uint32_t least,
                                   uint32_t has, vf_error *err) {
  return vf_fail(err, VF_UNSUPPORTED,
                 "%s: %s needs compute capability %" PRIu32 ".%" PRIu32
                 ", and this GPU has %" PRIu32 ".%" PRIu32,
                 engine, e->model->quant, least / 10, least % 10, has / 10, has % 10);
}

static uint32_t begins(uint32_t capability, const vf_kernel_rules *rules) {
  if (capability != MARLIN) return capability;
  return rules->marlin != 0 ? rules->marlin : MARLIN_TODAY;
}

static vf_status check_generation(vf_estimate *e, const vf_kernel_rules *rules, vf_error *err) {
  uint32_t cc = e->devices[0].device.compute_capability;
  for (size_t i = 0; cc != 0 && i < N_KERNELS; i++) {
    if (strncmp(e->model->quant, kernels[i].quant, strlen(kernels[i].quant)) != 0) continue;
    uint32_t native = begins(kernels[i].native, rules), least = begins(kernels[i].least, rules);
    if (rules->strict && least != 0) least = native;
    if (cc < least) return refuse_generation(e, rules->engine, least, cc, err);
    if (cc < native) vf_estimate_assume(e, kernels[i].code, kernels[i].text);
    return VF_OK;
  }
  return VF_OK;
}

static bool is_listed(const char *const *list, const char *name) {
  for (; *list != NULL; list++)
    if (strcmp(*list, name) == 0) return true;
  return false;
}

/* Formats of ggml's own have a type in a GGUF file, and plain numbers are no quantization. */
static bool is_gguf(const vf_model *m) {
  for (size_t i = 0; i < m->n_tensors; i++) {
    const vf_format_info *f = &vf_formats[m->tensors[i].format];
    if (f->quantized && f->gguf_type >= 0) return true;
  }
  return false;
}

static bool has_compressed_keys(const vf_model *m) {
  for (size_t i = 0; i < m->n_caches; i++)
    if (m->caches[i].kind == VF_CACHE_COMPRESSED) return true;
  return false;
}

vf_status vf_kernels_check(vf_estimate *e, const vf_kernel_rules *rules, vf_error *err) {
  const vf_model *m = e->model;
  if (!rules->compressed && has_compressed_keys(m))
    return vf_fail(err, VF_UNSUPPORTED,
                   "how %s keeps keys that stand for several tokens (%s) is not known: vllm's, "
                   "sglang's and llama.cpp's are",
                   rules->engine, m->type);
  if (m->checkpoint[0] != '\0' && !is_listed(rules->checkpoints, m->checkpoint))
    return vf_fail(err, VF_UNSUPPORTED, "%s does not load '%s' weights", rules->engine,
                   m->checkpoint);
  if (m->checkpoint[0] == '\0' && !rules->gguf && is_gguf(m))
    return vf_fail(err, VF_UNSUPPORTED, "%s does not load GGUF formats such as %s", rules->engine,
                   m->quant);
  return check_generation(e, rules, err);
}
