/* admission.c - GPUs, types of numbers and lengths that an engine lets in. */
#include "engines/admission.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/checked.h"
#include "base/status.h"
#include "core/format.h"

enum { AMPERE = 80, PPM = 1000000 };

void vf_ranks_refuse(vf_ranks *s, const char *code, const char *fmt, ...) {
  char text[300];
  va_list args;
  va_start(args, fmt);
  vsnprintf(text, sizeof text, fmt, args);
  va_end(args);
  vf_estimate_refuse(s->e, code, "%s refuses to start: %s", s->name, text);
  s->told = true;
  s->w->starts = false;
}

/* ---- GPUs ------------------------------------------------------------------------------- */

/* The least of all GPUs that take part; 0: they are not NVIDIA's. */
static uint32_t capability(const vf_ranks *s) {
  uint32_t least = s->e->devices[0].device.compute_capability;
  for (size_t i = 0; i + 1 < s->e->n_devices; i++) {
    uint32_t cc = s->e->devices[i].device.compute_capability;
    if (cc < least) least = cc;
  }
  return least;
}

static void admit_gpu(vf_ranks *s, const vf_admission *a) {
  uint32_t cc = capability(s), least = a->least_capability;
  if (cc == 0 || cc >= least) return;
  vf_ranks_refuse(s, "gpu-too-old",
                  "it is built for compute capability %" PRIu32 ".%" PRIu32
                  " and above, and this GPU has %" PRIu32 ".%" PRIu32 " (%s)",
                  least / 10, least % 10, cc / 10, cc % 10, a->least_source);
}

/* ---- Types of numbers ------------------------------------------------------------------- */

static bool has_bf16(const vf_ranks *s) {
  uint32_t cc = capability(s);
  return cc == 0 || cc >= AMPERE;
}

static bool is_without_f16(const vf_ranks *s, const vf_admission *a) {
  for (const char *const *type = a->no_f16; type != NULL && *type != NULL; type++)
    if (strcmp(s->model->type, *type) == 0) return true;
  return false;
}

/* A config that says nothing means float32 (PyTorch's default). */
static bool is_published_wide(const vf_model *m) {
  return m->own_format == VF_FORMAT_F32 || m->own_format == VF_FORMAT_NONE;
}

/* By --dtype, or by a format of plain numbers that is not the model's own (--quant f32). */
static vf_format asked_type(const vf_ranks *s) {
  const vf_model *m = s->model;
  if (s->request->dtype != VF_FORMAT_NONE) return s->request->dtype;
  if (strcmp(m->quant, "F32") == 0 && !is_published_wide(m)) return VF_FORMAT_F32;
  if (strcmp(m->quant, "F16") == 0 && m->own_format == VF_FORMAT_BF16) return VF_FORMAT_F16;
  return VF_FORMAT_NONE;
}

/* What the checkpoint has, or what the engine makes of it. */
static vf_format own_type(const vf_ranks *s, const vf_admission *a) {
  bool gemma = strncmp(s->model->type, "gemma", 5) == 0; /* bfloat16 in SGLang, too */
  if (is_published_wide(s->model) && strcmp(s->model->quant, "F32") == 0) {
    if (!a->narrows) return VF_FORMAT_F32;
    return a->narrows_to_f16 && !gemma ? VF_FORMAT_F16 : VF_FORMAT_BF16;
  }
  if (s->model->own_format == VF_FORMAT_F16)
    return is_without_f16(s, a) ? VF_FORMAT_BF16 : VF_FORMAT_F16;
  return VF_FORMAT_BF16;
}

static void tell_fallback(vf_ranks *s, vf_format to) {
  if (to == VF_FORMAT_F32)
    vf_estimate_assume(s->e, "bf16-fallback",
                       "this GPU has no bfloat16 (Ampere on), and the model is not computed in "
                       "float16: float32 is used");
  else if (strncmp(s->model->quant, "BF16", 4) == 0)
    vf_estimate_assume(s->e, "bf16-fallback",
                       "this GPU has no bfloat16 (Ampere on): float16 is used");
}

/* Without bfloat16. */
static vf_format fall_back(vf_ranks *s, const vf_admission *a, bool asked) {
  vf_format to = is_without_f16(s, a) ? VF_FORMAT_F32 : VF_FORMAT_F16;
  bool refused = a->no_bf16 == VF_NO_BF16_REFUSED || (asked && a->no_bf16 == VF_NO_BF16_FALLS);
  if (refused) {
    vf_ranks_refuse(s, "dtype-refused",
                    "bfloat16 is only supported on GPUs with compute capability 8.0 and above "
                    "(--dtype half)");
    return VF_FORMAT_BF16;
  }
  if (a->no_bf16 == VF_NO_BF16_KEPT) return VF_FORMAT_BF16;
  tell_fallback(s, to);
  return to;
}

static vf_status admit_type(vf_ranks *s, const vf_admission *a, vf_error *err) {
  vf_format asked = asked_type(s), type = asked != VF_FORMAT_NONE ? asked : own_type(s, a);
  if (type != VF_FORMAT_F32 && type != VF_FORMAT_F16 && type != VF_FORMAT_BF16)
    return vf_fail(err, VF_USAGE, "vf_request: dtype is no type of plain numbers");
  if (type == VF_FORMAT_BF16 && !has_bf16(s)) type = fall_back(s, a, asked != VF_FORMAT_NONE);
  if (asked == VF_FORMAT_F32 && !a->any_dtype)
    vf_ranks_refuse(s, "dtype-refused", "it computes in float16 and bfloat16, not in float32");
  if (asked == VF_FORMAT_F32 && !has_bf16(s) && a->no_bf16 == VF_NO_BF16_OVERRIDES)
    type = VF_FORMAT_F16;
  if (type == VF_FORMAT_F16 && is_without_f16(s, a))
    vf_ranks_refuse(s, "dtype-refused", "the model type '%s' does not support float16",
                    s->model->type);
  if (type != VF_FORMAT_F32 && asked == VF_FORMAT_NONE && is_published_wide(s->model) &&
      strcmp(s->model->quant, "F32") == 0)
    vf_estimate_assume(s->e, "dtype-narrowed",
                       "published in float32, loaded in 16 bits unless --dtype float32 is said");
  s->number = type;
  s->number_bytes = type == VF_FORMAT_F32 ? 4 : 2;
  return VF_OK;
}

/* ---- Lengths ---------------------------------------------------------------------------- */

/* The longest context that the model's config, or what is said in its place, allows; 0: it says
 * nothing of that. */
static uint64_t limit_of(const vf_ranks *s, const vf_admission *a) {
  const vf_request *r = s->request;
  const vf_positions *own = &s->model->stretch;
  uint64_t limit = r->ctx_limit_tokens != 0 ? r->ctx_limit_tokens : s->model->max_ctx_tokens;
  if (limit == 0) return 0;
  bool original = own->original_tokens != 0;
  uint64_t factor =
      own->factor_ppm != 0 && (a->yarn_multiplies || !original) ? own->factor_ppm : PPM;
  if (own->yarn && original && a->yarn_multiplies) limit = own->original_tokens;
  bool multiplies = a->yarn_multiplies || r->rope_original_tokens == 0;
  if (r->rope_original_tokens != 0 && multiplies) limit = r->rope_original_tokens;
  if (r->rope_factor_ppm != 0) factor = multiplies ? r->rope_factor_ppm : PPM;
  uint64_t stretched = 0;
  return vf_mul(&stretched, limit, factor) ? stretched / PPM : limit;
}

static void admit_length(vf_ranks *s, const vf_admission *a) {
  uint64_t limit = limit_of(s, a), ctx = s->w->requested_ctx_tokens;
  if (limit == 0 || a->beyond == VF_BEYOND_TAKEN) return;
  if (s->request->ctx_tokens == 0) s->w->ctx_tokens = s->w->requested_ctx_tokens = ctx = limit;
  if (ctx <= limit || s->request->long_ctx) return;
  if (a->beyond == VF_BEYOND_REFUSED)
    vf_ranks_refuse(s, "ctx-refused",
                    "a context of %" PRIu64 " is more than the model's own limit of %" PRIu64
                    " (%s=1 lets it through)",
                    ctx, limit, a->beyond_way);
  if (a->beyond != VF_BEYOND_LOWERED) return;
  s->w->ctx_tokens = s->w->requested_ctx_tokens = limit;
  vf_estimate_assume_that(s->e, "ctx-lowered",
                          "%s lowers a context of %" PRIu64 " to the model's own limit, %" PRIu64
                          " (%s=1 keeps it)",
                          s->name, ctx, limit, a->beyond_way);
}

/* ---- Architectures ---------------------------------------------------------------------- */

/* "0.10" may be any of its releases. */
static uint32_t newest_of(const char *text) {
  const char *dot = strchr(text, '.');
  bool patched = dot != NULL && strchr(dot + 1, '.') != NULL;
  return vf_ranks_version(text) + (patched ? 0 : 999);
}

/* Only dense decoders of plain numbers run by transformers' code. */
static bool may_fall_back(const vf_ranks *s) {
  const vf_model *m = s->model;
  return !s->moe && m->checkpoint[0] == '\0' && (m->flags & VF_MODEL_HAS_TOWER) == 0 &&
         !vf_ranks_has_mixer(m, VF_MIX_RECURRENT) && !vf_ranks_has_cache(m, VF_CACHE_LATENT);
}

/* A version that was named and is older than the architecture. */
static void admit_architecture(vf_ranks *s, const vf_arch_ages *ages) {
  const char *version = s->e->version;
  const vf_arch_age *age = NULL;
  for (size_t i = 0; ages != NULL && i < ages->count; i++)
    if (strcmp(s->model->type, ages->list[i].type) == 0) age = &ages->list[i];
  if (age == NULL || vf_ranks_version(version) == 0 || newest_of(version) >= age->version) return;
  s->e->inexact = true;
  if (newest_of(version) >= ages->falls_back_from && may_fall_back(s))
    vf_estimate_assume_that(s->e, "arch-too-new",
                            "%s %s has no code of its own for '%s', which came with %s (%s): if "
                            "transformers' runs it, its memory is not told",
                            s->name, version, s->model->type, age->release, age->where);
  else
    vf_ranks_refuse(s, "arch-too-new",
                    "version %s does not know the architecture '%s', which came with %s (%s)",
                    version, s->model->type, age->release, age->where);
}

vf_status vf_ranks_admit(vf_ranks *s, const vf_admission *a, vf_error *err) {
  if (s->model->refusal != NULL)
    vf_ranks_refuse(s, "quantization-refused", "%s", s->model->refusal);
  admit_architecture(s, a->ages);
  admit_gpu(s, a);
  admit_length(s, a);
  return admit_type(s, a, err);
}
