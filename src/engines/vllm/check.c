/* check.c - what vLLM refuses, in its own words, and where it falls back to slower kernels. */
#include <inttypes.h>
#include <string.h>

#include "base/checked.h"
#include "base/status.h"
#include "core/format.h"
#include "engines/admission.h"
#include "engines/kernels.h"
#include "engines/vllm/vllm.h"

/* ---- What is let in --------------------------------------------------------------------- */

/* config/model.py: _FLOAT16_NOT_SUPPORTED_MODELS. */
static const char *const no_f16[] = {"gemma2", "gemma3", "gemma3_text", "glm4", NULL};

/* config/vllm.py, _get_quantization_config: types that a method computes in
 * (get_supported_act_dtypes of each); those that are not here take all three. */
static const struct {
  const char *method;
  bool f16, f32;
} computed_in[] = {
    {"awq", true, false},      {"gptq", true, false},         {"fp8", true, false},
    {"modelopt", true, false}, {"modelopt_fp4", true, false}, {"fbgemm_fp8", true, false},
    {"quark", true, false},    {"mxfp4", false, false},
};

static void check_computed_type(vf_vllm_plan *p) {
  const char *method = p->r.model->checkpoint;
  for (size_t i = 0; i < sizeof computed_in / sizeof *computed_in; i++) {
    bool f16 = p->r.number == VF_FORMAT_F16, f32 = p->r.number == VF_FORMAT_F32;
    if (strcmp(method, computed_in[i].method) != 0) continue;
    if ((f16 && !computed_in[i].f16) || (f32 && !computed_in[i].f32))
      vf_ranks_refuse(&p->r, "dtype-refused",
                      "torch.%s is not supported for quantization method %s",
                      f16 ? "float16" : "float32", method);
  }
}

/* config/model.py: _resolve_auto_dtype, _get_and_verify_max_len. */
vf_status vf_vllm_admit(vf_vllm_plan *p, vf_error *err) {
  const vf_admission admission = {
      .least_capability = p->rules.least_capability,
      .least_source = "docs/getting_started/installation",
      .no_bf16 = p->rules.falls_back_to_f16 ? VF_NO_BF16_FALLS : VF_NO_BF16_REFUSED,
      .any_dtype = true,
      .narrows = true,
      .no_f16 = p->rules.forbids_f16 ? no_f16 : NULL,
      .beyond = VF_BEYOND_REFUSED,
      .beyond_way = "VLLM_ALLOW_LONG_MAX_MODEL_LEN",
      .yarn_multiplies = true,
      .ages = &vf_vllm_ages,
  };
  vf_status status = vf_ranks_admit(&p->r, &admission, err);
  if (status == VF_OK) check_computed_type(p);
  return status;
}

/* ---- What is refused -------------------------------------------------------------------- */

static vf_status check_widths(const vf_vllm_plan *p, const vf_layer *l, vf_error *err) {
  bool whole_experts = vf_vllm_whole_experts(p);
  uint32_t ranks = p->r.moe ? p->r.tp * p->r.dp : p->r.tp;
  if (l->n_experts == 0 || whole_experts) return VF_OK;
  if (l->n_ff_expert % ranks != 0)
    return vf_fail(err, VF_UNSUPPORTED,
                   "vLLM: experts of %" PRIu32 " cannot be cut into %" PRIu32
                   " (--ep keeps them whole)",
                   l->n_ff_expert, ranks);
  return VF_OK;
}

/* Inputs that share a scale in a matrix of 4-bit integers, out of what its scales take: 18 bits for
 * each group are between those of AWQ (20) and of W4A16 (16). */
static uint64_t group_of(const vf_tensor *t) {
  uint64_t values = vf_tensor_elements(t) / 2;
  if (t->format != VF_FORMAT_INT4 || t->bytes <= values) return 0;
  uint64_t about = vf_tensor_elements(t) * 18 / 8 / (t->bytes - values);
  return about < 48 ? 32 : about < 96 ? 64 : about < 192 ? 128 : 0;
}

/* What the engine says when it would not load the weights. */
static void refuse_to_load(vf_vllm_plan *p, const char *what, uint64_t size, const char *of,
                           uint64_t step, const char *way) {
  if (p->r.e->refused) return;
  vf_estimate_refuse(p->r.e, "does-not-load",
                     "vLLM refuses to load it: %s = %" PRIu64 " is not divisible by %s = %" PRIu64
                     "%s",
                     what, size, of, step, way);
  p->r.told = true;
}

/* Ranks cut blocks and groups of quantized matrices only between two of them (fp8_utils.py:1223,
 * auto_awq.py:843, fp8.py:537). */
static void check_blocks(vf_vllm_plan *p) {
  enum { BLOCK = 128 };
  uint32_t ranks = p->r.moe ? p->r.tp * p->r.dp : p->r.tp;
  bool blocks = strncmp(p->r.model->quant, "FP8 block", 9) == 0;
  bool experts = blocks && strchr(p->r.model->quant, '+') == NULL; /* theirs may be others */
  for (uint32_t i = 0; blocks && i < p->r.model->n_layers; i++) {
    const vf_layer *l = &p->r.model->layers[i];
    bool cut = experts && l->n_experts != 0 && !vf_vllm_whole_experts(p);
    if (cut && l->n_ff_expert / ranks % BLOCK != 0)
      refuse_to_load(p, "the output_size of gate's and up's weight", l->n_ff_expert / ranks,
                     "weight quantization block_n", BLOCK, " (--ep keeps experts whole)");
    if (l->n_ff / p->r.tp % BLOCK != 0)
      refuse_to_load(p, "the output_size of gate's and up's weight", l->n_ff / p->r.tp,
                     "weight quantization block_n", BLOCK, "");
  }
}

/* Published checkpoints are padded to where common numbers of ranks can cut them: a name alone says
 * too little to refuse it. */
static void check_groups(vf_vllm_plan *p) {
  for (size_t i = 0; p->r.tp > 1 && i < p->r.model->n_tensors; i++) {
    const vf_tensor *t = &p->r.model->tensors[i];
    uint64_t group = t->role == VF_ROLE_FFN_DOWN ? group_of(t) : 0;
    if (group == 0 || t->ne[0] / p->r.tp % group == 0) continue;
    if (!p->r.model->scheme_by_name)
      refuse_to_load(p, "the input size of down_proj", t->ne[0] / p->r.tp, "the group size", group,
                     " (too large a tensor parallel size)");
    else
      vf_estimate_assume(p->r.e, "padded-groups",
                         "the checkpoint is padded so that ranks can cut its groups; if it is not, "
                         "vLLM refuses to load it");
    return;
  }
}

static vf_status check_layers(const vf_vllm_plan *p, vf_error *err) {
  const vf_layer *l = p->r.model->layers;
  for (uint32_t i = 0; i < p->r.model->n_layers; i++) {
    if (i > 0 && memcmp(&l[i], &l[i - 1], sizeof *l) == 0) continue;
    vf_status status = check_widths(p, &l[i], err);
    if (status != VF_OK) return status;
  }
  return VF_OK;
}

/* Ranks that hold the same heads share their tokens: no more than there are copies. */
static vf_status check_context_ranks(const vf_vllm_plan *p, vf_error *err) {
  uint32_t dcp = p->r.request->dcp, kv = 0;
  if (dcp <= 1) return VF_OK;
  for (size_t i = 0; i < p->r.model->n_caches; i++) {
    const vf_cache_layer *c = &p->r.model->caches[i];
    if (c->kind == VF_CACHE_WINDOW)
      return vf_fail(err, VF_UNSUPPORTED,
                     "vLLM: decode context parallelism does not go with sliding windows");
    if (c->kind == VF_CACHE_FULL) kv = vf_max_u32(kv, c->n_kv_heads);
  }
  if (p->r.tp % dcp == 0 && (kv == 0 || (p->r.tp > kv && dcp <= p->r.tp / kv))) return VF_OK;
  return vf_fail(err, VF_UNSUPPORTED,
                 "vLLM: decode context parallel size %" PRIu32
                 " must divide tensor parallel size %" PRIu32
                 ", and be no more than the copies of each head",
                 dcp, p->r.tp);
}

static vf_status check_adapters(const vf_vllm_plan *p, vf_error *err) {
  enum { MAX_RANK = 512, MAX_SLOTS = 4096 };
  if (p->r.request->max_lora_rank <= MAX_RANK && p->r.request->max_loras <= MAX_SLOTS) return VF_OK;
  return vf_fail(err, VF_UNSUPPORTED, "vLLM takes adapters up to rank %d, and %d slots", MAX_RANK,
                 MAX_SLOTS);
}

static vf_status check_ranks(const vf_vllm_plan *p, vf_error *err) {
  uint64_t vocabulary = (p->r.model->n_vocab + 63) / 64 * 64;
  if (vocabulary % p->r.tp != 0)
    return vf_fail(err, VF_UNSUPPORTED,
                   "vLLM: a vocabulary of %" PRIu64 " (padded) is not divisible by tensor parallel "
                   "size %" PRIu32,
                   vocabulary, p->r.tp);
  if (p->r.moe && p->r.request->ep > 1 && p->r.request->ep != UINT32_MAX &&
      p->r.request->ep != p->r.tp * p->r.dp)
    return vf_fail(err, VF_UNSUPPORTED,
                   "vLLM spreads experts over all tp × dp = %" PRIu32 " ranks: --ep %" PRIu32,
                   p->r.tp * p->r.dp, p->r.tp * p->r.dp);
  return VF_OK;
}

/* attention.py, _resolve_dsv4_kv_cache_dtype: fp8_ds_mla with every backend that is taken by
 * default. */
static vf_status check_compressed(const vf_vllm_plan *p, vf_error *err) {
  if (!vf_vllm_compresses(p->r.model)) return VF_OK;
  if (!p->rules.compressed_keys)
    return vf_fail(err, VF_UNSUPPORTED,
                   "vLLM has no keys that stand for several tokens before 0.20 (DeepSeek V4)");
  if (p->r.w->kv_k == VF_FORMAT_F8_E4M3 && p->r.w->kv_v == VF_FORMAT_F8_E4M3) return VF_OK;
  return vf_fail(err, VF_UNSUPPORTED,
                 "vLLM: DeepseekV4 fp8_ds_mla layout only supports fp8 kv-cache, got %s (--kv fp8)",
                 vf_format_get(p->r.w->kv_k)->name);
}

/* A cache that came with a later version (config/cache.py: CacheDType). */
static vf_status check_cache_is_known(const vf_vllm_plan *p, vf_error *err) {
  vf_format f = p->r.w->kv_k;
  bool integers = f == VF_FORMAT_INT8 || f == VF_FORMAT_I8;
  bool known = integers               ? p->rules.caches_int8
               : f == VF_FORMAT_INT4  ? p->rules.caches_int4
               : f == VF_FORMAT_NVFP4 ? p->rules.caches_nvfp4
                                      : true;
  return known ? VF_OK
               : vf_fail(err, VF_UNSUPPORTED, "vLLM %s has no %s cache yet", p->r.e->version,
                         vf_format_get(f)->name);
}

static vf_status check_cache_format(const vf_vllm_plan *p, vf_error *err) {
  static const vf_format formats[] = {VF_FORMAT_F32,     VF_FORMAT_F16,     VF_FORMAT_BF16,
                                      VF_FORMAT_F8_E4M3, VF_FORMAT_F8_E5M2, VF_FORMAT_NVFP4,
                                      VF_FORMAT_INT8,    VF_FORMAT_I8,      VF_FORMAT_INT4};
  for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
    if (p->r.w->kv_k == formats[i] && p->r.w->kv_v == formats[i])
      return check_cache_is_known(p, err);
  return vf_fail(
      err, VF_UNSUPPORTED,
      "vLLM has no %s cache (auto bf16 f16 fp8 fp8_e5m2 int8 int4 nvfp4, keys and values "
      "alike)",
      vf_format_get(p->r.w->kv_k)->name);
}

/* quantization/__init__.py:14-48; GGUF and bitsandbytes are plugins since June and August 2026. */
static const char *const checkpoints[] = {
    "awq",      "gptq",         "fp8",   "fbgemm_fp8",   "compressed-tensors",
    "modelopt", "modelopt_fp4", "mxfp4", "bitsandbytes", "auto-round",
    "quark",    "torchao",      NULL};

static vf_kernel_rules kernels_of(const vf_vllm_plan *p) {
  return (vf_kernel_rules){"vLLM", checkpoints, true, false, true, p->rules.marlin_capability};
}

/* config/cache.py, BlockSize: 1, 8, 16, 32… 256; kernels take multiples of 16
 * (attention/backend.py, MultipleOf(16)), which later versions let through. */
static vf_status check_block(const vf_vllm_plan *p, vf_error *err) {
  enum { STEP = 16 };
  uint32_t n = p->r.request->block_size;
  if (n % STEP == 0 || n == 1 || n == STEP / 2) return VF_OK;
  return vf_fail(err, VF_UNSUPPORTED,
                 "vLLM has no blocks of %" PRIu32 " tokens: --block-size 16, 32, 64…", n);
}

/* config/scheduler.py, verify_max_model_len.  Where the number of requests is not given, it is no
 * more than the tokens (arg_utils.py). */
static vf_status check_scheduler(const vf_vllm_plan *p, vf_error *err) {
  const vf_request *r = p->r.request;
  uint32_t tokens = r->max_num_batched_tokens;
  if (tokens == 0 || r->max_num_seqs <= tokens) return VF_OK;
  return vf_fail(err, VF_UNSUPPORTED,
                 "vLLM: max_num_batched_tokens (%" PRIu32
                 ") must be greater than or equal to max_num_seqs (%" PRIu32 ")",
                 tokens, r->max_num_seqs);
}

vf_status vf_vllm_check(vf_vllm_plan *p, vf_error *err) {
  const vf_kernel_rules kernels = kernels_of(p);
  vf_status status = check_ranks(p, err);
  if (status == VF_OK) status = check_context_ranks(p, err);
  if (status == VF_OK) status = check_adapters(p, err);
  if (status == VF_OK) status = check_block(p, err);
  if (status == VF_OK) status = check_scheduler(p, err);
  if (status == VF_OK) status = vf_ranks_check(&p->r, &kernels, err);
  if (status == VF_OK) status = check_layers(p, err);
  if (status == VF_OK) status = check_compressed(p, err);
  if (status == VF_OK) check_blocks(p);
  if (status == VF_OK) check_groups(p);
  return status == VF_OK ? check_cache_format(p, err) : status;
}
