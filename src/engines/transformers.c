/* transformers.c - transformers' generate(): caches that grow by the token, no paging.
 *
 * cache_utils.py and models at decba1d2 (2026-08-19, 5.16) and, for 4.x, at 004999d (late 2025): a
 * DynamicCache holds what every sequence has, in the model's type, layers with a window their last
 * tokens less one; a quantized one (quanto, HQQ) numbers in groups of 64 with a scale and a shift,
 * and the last 128 tokens as they are.  Several GPUs hold whole layers (accelerate's device_map).
 */
#include <inttypes.h>
#include <string.h>

#include "base/checked.h"
#include "base/status.h"
#include "base/units.h"
#include "core/format.h"
#include "engines/companions.h"
#include "engines/engine.h"
#include "engines/ranks.h"
#include "engines/torch.h"

/* Versions from which on a rule holds, as vf_ranks_version() counts. */
enum {
  LAST_LOGITS = 4045000,  /* generate() makes logits of the last token alone */
  LATENT_CACHE = 5016000, /* #47761: the latent is cached, and expanded in every pass */
  NEWEST = 5016000,
};

enum { CUBLAS_WORKSPACE_MIB = 32, GROUP = 64, GROUP_BYTES = 4, RESIDUAL_TOKENS = 128 };

static const char *const checkpoints[] = {
    "awq",        "gptq",  "fp8",     "fbgemm_fp8", "compressed-tensors", "mxfp4", "bitsandbytes",
    "auto-round", "quark", "torchao", NULL};

static const vf_kernel_rules kernels = {"transformers", checkpoints, false, false};

static bool is_quantized(vf_format f) {
  return f == VF_FORMAT_INT4 || f == VF_FORMAT_INT8;
}

static uint64_t row_bytes(vf_format format, uint64_t elements) {
  uint64_t bytes = vf_format_row_ceil(format, elements);
  return is_quantized(format) ? bytes + (elements + GROUP - 1) / GROUP * GROUP_BYTES : bytes;
}

/* deepseek_v3, glm4_moe_lite and what is built of them, whose experts are chosen by a sigmoid;
 * other classes (deepseek_v2, minicpm3) cache keys and values of every head. */
static bool keeps_latent(const vf_ranks *s) {
  if (s->version < LATENT_CACHE) return false;
  for (uint32_t i = 0; i < s->model->n_layers; i++)
    if (s->model->layers[i].flags & VF_LAYER_SIGMOID) return true;
  return false;
}

static bool is_expanded(const vf_ranks *s, const vf_cache_layer *c) {
  return c->kind == VF_CACHE_LATENT && !keeps_latent(s);
}

/* Keys and values of one token in a format. */
static uint64_t token_bytes(const vf_ranks *s, const vf_cache_layer *c, vf_format k, vf_format v) {
  const vf_layer *l = &s->model->layers[c->layer];
  if (is_expanded(s, c)) return l->n_heads * (row_bytes(k, l->k_dim) + row_bytes(v, l->v_dim));
  return c->n_kv_heads * (row_bytes(k, c->k_dim) + row_bytes(v, c->v_dim));
}

/* One sequence in one layer. */
static uint64_t layer_bytes(const vf_ranks *s, const vf_cache_layer *c) {
  uint64_t tokens = s->w->requested_ctx_tokens, bytes = 0, residual = 0;
  if (c->kind == VF_CACHE_STATE) return (c->conv + c->state) * s->number_bytes;
  if (c->kind == VF_CACHE_WINDOW && c->window > 0) tokens = vf_min_u64(tokens, c->window - 1);
  if (is_quantized(s->w->kv_k))
    residual =
        vf_min_u64(tokens, RESIDUAL_TOKENS) * token_bytes(s, c, VF_FORMAT_BF16, VF_FORMAT_BF16);
  if (!vf_mul(&bytes, tokens, token_bytes(s, c, s->w->kv_k, s->w->kv_v)) ||
      !vf_add(&bytes, bytes, residual))
    s->e->overflow = true;
  return bytes;
}

/* Of all sequences in the layers here: their sum, or the largest one. */
static uint64_t cache_bytes(const vf_ranks *s, bool states, bool largest) {
  uint64_t sum = 0, most = 0;
  for (size_t i = 0; i < s->model->n_caches; i++) {
    const vf_cache_layer *c = &s->model->caches[i];
    if (c->layer < s->shard.first_layer || c->layer >= s->shard.end_layer) continue;
    if ((c->kind == VF_CACHE_STATE) != states) continue;
    uint64_t bytes = layer_bytes(s, c);
    if (!vf_mul(&bytes, bytes, s->w->seqs) || !vf_add(&sum, sum, bytes)) s->e->overflow = true;
    most = vf_max_u64(most, bytes);
  }
  return largest ? most : sum;
}

/* Scores of every pair of tokens, where no fused kernel makes attention. */
static uint64_t eager_bytes(const vf_ranks *s) {
  uint64_t pairs, bytes = 0, heads = 0;
  if (s->request->flash_attn != VF_OFF) return 0;
  for (uint32_t i = s->shard.first_layer; i < s->shard.end_layer; i++)
    heads = vf_max_u64(heads, s->model->layers[i].n_heads);
  if (!vf_mul(&pairs, s->w->requested_ctx_tokens, s->w->requested_ctx_tokens) ||
      !vf_mul3(&bytes, pairs, heads * s->w->seqs, s->number_bytes + 4))
    s->e->overflow = true;
  return bytes;
}

/* Keys and values of every head of one layer, made of the latent in every pass. */
static uint64_t expanded_bytes(const vf_ranks *s) {
  uint64_t most = 0, bytes = 0;
  if (!keeps_latent(s)) return 0;
  for (uint32_t i = s->shard.first_layer; i < s->shard.end_layer; i++) {
    const vf_layer *l = &s->model->layers[i];
    if (l->kv_lora != 0) most = vf_max_u64(most, (uint64_t)l->n_heads * (l->k_dim + l->v_dim));
  }
  if (!vf_mul3(&bytes, most, s->w->requested_ctx_tokens, s->w->seqs * s->number_bytes))
    s->e->overflow = true;
  return bytes;
}

/* Logits of the whole prompt, in the model's type and in 32 bits. */
static uint64_t prompt_logits_bytes(const vf_ranks *s, uint64_t prompt) {
  uint64_t bytes = 0;
  if (s->version >= LAST_LOGITS || !s->shard.last) return 0;
  if (!vf_mul3(&bytes, prompt, s->model->n_vocab, s->number_bytes + 4)) s->e->overflow = true;
  return bytes;
}

static vf_amount weights(const vf_ranks *s, uint32_t device) {
  (void)device;
  return vf_amount_exact(vf_shard_weights(&s->shard, s->model), "");
}

static vf_amount slack(const vf_ranks *s, uint32_t device) {
  (void)device;
  return vf_amount_exact(vf_torch_slack(&s->shard, s->model, (vf_torch_rule){false, false}), "");
}

static vf_amount kv_cache(const vf_ranks *s, uint32_t device) {
  (void)device;
  return vf_amount_exact(cache_bytes(s, false, false), vf_format_get(s->w->kv_k)->name);
}

static vf_amount states(const vf_ranks *s, uint32_t device) {
  (void)device;
  return vf_amount_exact(cache_bytes(s, true, false), "");
}

/* Growing copies one layer's keys or values: old and new are alive together. */
static vf_amount growth(const vf_ranks *s, uint32_t device) {
  (void)device;
  return vf_amount_within((vf_interval){0, 0, cache_bytes(s, false, true) / 2}, VF_BASIS_MODELLED,
                          "one layer's copy while the cache grows");
}

/* At least what one token takes; at most the whole prompt in one pass, as generate() does it. */
static vf_amount activation(const vf_ranks *s, uint32_t device) {
  uint64_t prompt = 0, one = CUBLAS_WORKSPACE_MIB * VF_MIB, all;
  uint64_t row = s->model->n_vocab * (s->number_bytes + 8);
  (void)device;
  if (!vf_mul(&prompt, s->w->requested_ctx_tokens, s->w->seqs)) s->e->overflow = true;
  if (s->e->overflow) return vf_amount_exact(0, "");
  all = vf_ranks_forward_bytes(s, prompt);
  one += expanded_bytes(s) + s->w->seqs * row;
  if (strcmp(s->model->checkpoint, "") != 0) one += vf_ranks_unpacked_bytes(s);
  if (!vf_add(&all, all, eager_bytes(s)) || !vf_add(&all, all, prompt_logits_bytes(s, prompt)) ||
      !vf_add(&all, all, one))
    s->e->overflow = true;
  return vf_amount_within((vf_interval){one, one, s->e->overflow ? one : all}, VF_BASIS_MODELLED,
                          "one token, to the whole prompt in one pass");
}

static vf_amount context(const vf_ranks *s, uint32_t device) {
  return vf_amount_within(s->e->devices[device].device.context, VF_BASIS_ASSUMED,
                          "context, libraries");
}

static void say_tensors(const vf_ranks *s, const vf_line *line, vf_text *out) {
  (void)line;
  vf_text_printf(out, "tensors of layers %" PRIu32 " to %" PRIu32 ", of %zu in %s",
                 s->shard.first_layer, s->shard.end_layer - 1, s->model->n_tensors,
                 s->model->quant);
}

static void say_cache(const vf_ranks *s, const vf_line *line, vf_text *out) {
  uint64_t tokens = s->w->requested_ctx_tokens, each = line->size.bytes / s->w->seqs;
  vf_text_printf(out, "%" PRIu32 " × ", s->w->seqs);
  vf_text_thousands(out, tokens);
  vf_text_put(out, " tokens");
  bool windows = vf_ranks_has_cache(s->model, VF_CACHE_WINDOW);
  if (!windows && each % tokens == 0) vf_text_printf(out, " × %" PRIu64 " B", each / tokens);
  vf_text_printf(out, " of %" PRIu32 " layers", s->shard.end_layer - s->shard.first_layer);
  if (is_quantized(s->w->kv_k)) vf_text_put(out, ", 4 B per 64 numbers, the last 128 in 16 bits");
  if (vf_ranks_has_cache(s->model, VF_CACHE_LATENT))
    vf_text_put(out, keeps_latent(s) ? ", of latents" : ", of every head's keys and values");
  if (windows) vf_text_put(out, ", windows less one token");
}

static void say_states(const vf_ranks *s, const vf_line *line, vf_text *out) {
  vf_terms_put_each(out, s->w->seqs, "sequence", line->size.bytes);
  vf_text_put(out, ", convolution and state of the recurrent layers here");
}

static void say_activation(const vf_ranks *s, const vf_line *line, vf_text *out) {
  (void)line;
  vf_text_printf(out, "32 MiB of cuBLAS, %" PRIu32 " rows of ", s->w->seqs);
  vf_text_thousands(out, s->model->n_vocab);
  vf_text_printf(
      out, " logits; at most all tokens × (4 × %" PRIu64 " + 3 × feed-forward) × %" PRIu32 " B",
      s->model->n_embd, s->number_bytes);
  if (s->version < LAST_LOGITS) vf_text_put(out, ", and logits of the whole prompt");
  if (s->request->flash_attn == VF_OFF) vf_text_put(out, ", and scores of every pair of tokens");
}

static const vf_term terms[] = {
    {"weights", VF_PART_WEIGHTS, weights, .words = say_tensors,
     .source = "accelerate/utils/modeling.py: whole layers"},
    VF_SLACK_TERM(slack),
    {"tower", VF_PART_WEIGHTS, vf_ranks_tower, "for images or sound, not described",
     .source = "the config tells of one, not of its tensors"},
    {"kv_cache", VF_PART_KV_CACHE, kv_cache, .words = say_cache,
     .source = "src/transformers/cache_utils.py"},
    {"recurrent_state", VF_PART_STATE, states, .words = say_states,
     .source = "src/transformers/cache_utils.py"},
    {"cache_growth", VF_PART_KV_CACHE, growth,
     "half of the largest layer's cache: torch.cat copies",
     .source = "src/transformers/cache_utils.py: DynamicLayer.update"},
    {"activation", VF_PART_COMPUTE, activation, .words = say_activation,
     .source = "src/transformers/generation/utils.py: _prefill; tests/truth/logs.tsv"},
    {"cuda_context", VF_PART_RUNTIME, context, "the process before it loads anything",
     .source = "measured; the device's catalog entry"},
    VF_COMPANION_TERMS,
    {.id = NULL},
};

static void stand(vf_ranks *s, uint32_t device) {
  vf_shard_stage(&s->shard, s->model, VF_STAGE_FIRST, s->pp, device);
}

static vf_status estimate(vf_estimate *e, const vf_request *request, vf_error *err) {
  vf_ranks s = {
      .e = e, .model = e->model, .request = request, .w = &e->workload, .name = "transformers"};
  vf_status status = vf_ranks_begin_by_layers(
      &s, NEWEST, &kernels, "only device_map is known, which gives each GPU whole layers", err);
  if (status != VF_OK) return status;
  if (request->dtype == VF_FORMAT_F32 && strcmp(s.model->quant, "F32") != 0)
    return vf_fail(err, VF_UNSUPPORTED,
                   "transformers: --quant f32 says that weights are loaded in float32");
  s.w->ubatch_tokens = 1;
  for (uint32_t i = 0; i < s.pp; i++) {
    stand(&s, i);
    vf_terms_add(&s, i, false);
  }
  vf_plan_keep(&s, sizeof s);
  vf_ranks_assume(&s, NULL, NULL);
  return VF_OK;
}

static bool knows(const char *version) {
  uint32_t v = vf_ranks_version(version);
  return v >= 4000000 && v <= NEWEST + 999;
}

static const char *const aliases[] = {"hf", "huggingface", NULL};

static const vf_quant_alias quants[] = {
    {"fp16", "F16"}, {"float16", "F16"}, {"bfloat16", "BF16"}, {"fp32", "F32"}, {"q4", "nf4"},
    {"4bit", "nf4"}, {"q8", "bnb-8bit"}, {"8bit", "bnb-8bit"}, {NULL, NULL},
};

static const char *const ladder[] = {"BF16", "bnb-8bit", "nf4", NULL};

const vf_engine vf_engine_transformers = {
    .name = "transformers",
    .aliases = aliases,
    .version = "5.16",
    .checked = "2026-08-19",
    .quants = quants,
    .max_seqs = VF_MAX_SEQS,
    .ladder = ladder,
    .knows = knows,
    .estimate = estimate,
    .terms = terms,
    .stand = stand,
    .explain = vf_terms_explain,
};
