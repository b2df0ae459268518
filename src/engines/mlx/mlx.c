/* mlx.c - MLX-LM on Apple silicon: caches that grow in steps, the temporaries of a prompt's chunk.
 *
 * mlx-lm d78bf58e (2026-08-22) and its tags, mlx 846d17622: mlx_lm/models/cache.py for the steps of
 * 256 tokens, mlx/backend/metal/allocator.cpp:59-65 for the limits (wired memory: the recommended
 * working set).
 *
 * The peak is that of a prompt's chunk.  MLX evaluates lazily and keeps several command buffers in
 * flight, so arrays of about two layers are alive together.  Beside them stand the scores of
 * attention that has no fused kernel: heads x chunk x context, one array of them in a layer; they
 * grow with the context, and decide where a long prompt ends. */
#include <inttypes.h>
#include <string.h>

#include "base/checked.h"
#include "base/status.h"
#include "base/units.h"
#include "core/format.h"
#include "engines/companions.h"
#include "engines/engine.h"
#include "engines/ranks.h"

/* generate.py: prefill_step_size, and that of speculative_generate_step; cache.py: KVCache.step;
 * ssm.py: ssm_attn's step. */
enum { STEP_TOKENS = 256, PREFILL_TOKENS = 2048, DRAFTED_PREFILL_TOKENS = 512, SCAN_TOKENS = 256 };

/* Layers whose arrays are alive together, in hundredths: nine peaks of Qwen3-4B, Qwen3-30B-A3B and
 * Granite 4 H (tests/truth/logs.tsv, mlx-lm#525) lie between 1.9 and 2.8.  Where scores make the
 * peak, it lies within attention and less is alive (mlx-lm#839: 0.3). */
enum { FLIGHT_LOW = 120, FLIGHT = 220, FLIGHT_HIGH = 330, BESIDE_LOW = 20, BESIDE = 120 };

/* Of the scores, in hundredths: 86.0 of 86.5 KB per token told for Qwen3.6-35B-A3B (mlx-lm#1480),
 * 1.250 of 1.2526 MB for DeepSeek V3 (mlx-lm#839). */
enum { SCORES_LOW = 90, SCORES_HIGH = 112 };

/* Deltas between versions: from which one on a rule holds.  mlx-lm's numbers, which mlx shares from
 * 0.31 on; heads with a fused kernel are those of the mlx that it installs. */
enum {
  OLDEST = 22000,
  LAST_LOGITS = 27000,     /* #406: logits of the last token alone */
  SCAN_IN_STEPS = 28002,   /* #525: Mamba 2 goes through a chunk in steps */
  LATENT_CACHE = 30006,    /* #839: the latent is cached, not every head's keys and values */
  MORE_HEAD_SIZES = 32001, /* mlx#3943, #4330: heads of 72 and 96 have a fused kernel */
  NEWEST = 32002,
};

/* Prompts that mlx_lm.server may run through one pass (--prompt-concurrency). */
enum { PROMPTS_TOGETHER = 8 };

typedef struct plan {
  vf_ranks s;
  uint64_t chunk_tokens; /* of the prompt, in one pass */
  uint64_t layer_bytes;  /* arrays that the widest layer makes of them */
  uint64_t scores_bytes; /* of attention without a fused kernel, in one layer */
  uint64_t logits_bytes;
} plan;

/* Its own, and experts as OpenAI publishes them (mlx_lm/utils.py, load_model). */
static const char *const checkpoints[] = {"mlx", "mxfp4", NULL};

static const vf_kernel_rules kernels = {"MLX-LM", checkpoints, false, false};

/* --kv-bits: values in groups of 64 with a scale and a bias in 16 bits each. */
static bool is_grouped(vf_format format) {
  return format == VF_FORMAT_INT8 || format == VF_FORMAT_INT4;
}

static uint64_t row_bytes(vf_format format, uint64_t elements) {
  uint64_t bytes = vf_format_row_ceil(format, elements);
  return is_grouped(format) ? bytes + elements / 64 * 4 : bytes;
}

/* Models that choose experts by a sigmoid are DeepSeek V3 and what follows it: their classes keep
 * the latent.  deepseek_v2.py and minicpm3.py keep keys and values of every head to this day. */
static bool keeps_latent(const vf_ranks *s) {
  if (s->version < LATENT_CACHE) return false;
  for (uint32_t i = 0; i < s->model->n_layers; i++)
    if (s->model->layers[i].flags & VF_LAYER_SIGMOID) return true;
  return false;
}

static bool is_expanded(const vf_ranks *s, const vf_cache_layer *c) {
  return c->kind == VF_CACHE_LATENT && !keeps_latent(s);
}

static uint64_t token_bytes(const vf_ranks *s, const vf_cache_layer *c) {
  const vf_layer *l = &s->model->layers[c->layer];
  if (is_expanded(s, c))
    return l->n_heads * (row_bytes(s->w->kv_k, l->k_dim) + row_bytes(s->w->kv_v, l->v_dim));
  return c->n_kv_heads * (row_bytes(s->w->kv_k, c->k_dim) + row_bytes(s->w->kv_v, c->v_dim));
}

/* Of one sequence: what a window leaves of it, and the chunk that is being added. */
static uint64_t kept_tokens(const vf_ranks *s, const vf_cache_layer *c) {
  uint64_t tokens = (s->w->requested_ctx_tokens + STEP_TOKENS - 1) / STEP_TOKENS * STEP_TOKENS;
  if (c->kind != VF_CACHE_WINDOW) return tokens;
  return vf_min_u64(tokens, (uint64_t)c->window + s->batch_tokens - 1);
}

static uint64_t cache_bytes(const vf_ranks *s, bool states) {
  uint64_t sum = 0;
  for (size_t i = 0; i < s->model->n_caches; i++) {
    const vf_cache_layer *c = &s->model->caches[i];
    uint64_t bytes = (c->conv + c->state) * s->number_bytes;
    if ((c->kind == VF_CACHE_STATE) != states) continue;
    if (!states && !vf_mul(&bytes, kept_tokens(s, c), token_bytes(s, c))) s->e->overflow = true;
    if (!vf_mul(&bytes, bytes, s->w->seqs) || !vf_add(&sum, sum, bytes)) s->e->overflow = true;
  }
  return sum;
}

/* Numbers that one token makes in attention and feed-forward: queries, keys and values as they are
 * made, normed, rotated and attended; gate, up and their product; of experts the sorted copies of
 * the input (SwitchGLU) and the results before they are added up. */
static uint64_t token_numbers(const vf_layer *l, uint64_t embd) {
  uint64_t sum = 6 * embd, shared = l->n_ff_shared;
  if (l->mixers & VF_MIX_ATTENTION)
    sum +=
        4 * (uint64_t)l->n_heads * l->k_dim + 2 * (uint64_t)l->n_kv_heads * (l->k_dim + l->v_dim);
  if (l->mixers & VF_MIX_RECURRENT)
    sum += 6 * (uint64_t)l->inner + 2 * (uint64_t)l->groups * l->state;
  if (l->n_experts == 0) return sum + 3 * (uint64_t)l->n_ff;
  return sum + 3 * shared + l->n_experts_used * (3 * embd + 3 * (uint64_t)l->n_ff_expert);
}

/* Mamba 2 makes matrices of a step by a step for every head, in 32 bits: decay, its sums, the
 * surrogate of attention and their products.  No step waits for another's. */
static uint64_t scan_bytes(const vf_ranks *s, const vf_layer *l, uint64_t tokens) {
  enum { ARRAYS = 6, OLD_ARRAYS = 9, NUMBER_BYTES = 4 };
  bool steps = s->version >= SCAN_IN_STEPS;
  uint64_t side = steps ? vf_min_u64(SCAN_TOKENS, tokens) : tokens, heads = l->rank;
  if ((l->mixers & VF_MIX_MAMBA2) == 0) return 0;
  return (steps ? ARRAYS : OLD_ARRAYS) * heads * tokens * side * NUMBER_BYTES;
}

/* The arrays of the widest layer. */
static uint64_t layer_bytes(const vf_ranks *s, uint64_t tokens) {
  uint64_t most = 0;
  for (uint32_t i = 0; i < s->model->n_layers; i++) {
    const vf_layer *l = &s->model->layers[i];
    uint64_t bytes = 0;
    if (l->flags & VF_LAYER_MTP) continue;
    if (!vf_mul3(&bytes, token_numbers(l, s->model->n_embd), tokens, s->number_bytes) ||
        !vf_add(&bytes, bytes, scan_bytes(s, l, tokens)))
      s->e->overflow = true;
    most = vf_max_u64(most, bytes);
  }
  return most;
}

/* scaled_dot_product_attention.cpp: use_fallback() for more than 8 queries at once.  Kernels for
 * the neural accelerators of newer chips, which take heads of 256, are not counted on. */
static bool is_fused(const vf_ranks *s, const vf_layer *l) {
  uint32_t k = l->k_dim;
  bool common = k == 64 || k == 80 || k == 128;
  if (is_grouped(s->w->kv_k) || k != l->v_dim) return false;
  if (s->model->flags & VF_MODEL_SCORE_CAP) return false;
  return common || (s->version >= MORE_HEAD_SIZES && (k == 72 || k == 96));
}

/* Of the layer with the cache: scores, and what latent attention unpacks.  deepseek_v3.py keeps the
 * scores of the rotated part and their masked copy, and unpacks keys and values of all heads, twice
 * as they are laid out anew. */
static uint64_t scores_bytes(const vf_ranks *s, const vf_cache_layer *c, uint64_t tokens) {
  const vf_layer *l = &s->model->layers[c->layer];
  uint64_t seen = vf_min_u64(kept_tokens(s, c), s->w->requested_ctx_tokens + s->batch_tokens);
  uint64_t row = 0, chosen = (uint64_t)l->index_heads * tokens, bytes = 0;
  if (c->kind == VF_CACHE_STATE || c->kind == VF_CACHE_INDEXER) return 0;
  if (c->kind == VF_CACHE_LATENT && !is_expanded(s, c))
    row = 2 * l->n_heads * (tokens + l->k_dim - vf_min_u32(l->rope_dim, l->k_dim) + l->v_dim);
  else if (!is_fused(s, l))
    row = l->n_heads * tokens;
  if (!vf_mul3(&bytes, vf_max_u64(row, 2 * chosen), seen, s->number_bytes)) s->e->overflow = true;
  return bytes;
}

static uint64_t most_scores(const vf_ranks *s, uint64_t tokens) {
  uint64_t most = 0;
  for (size_t i = 0; i < s->model->n_caches; i++)
    most = vf_max_u64(most, scores_bytes(s, &s->model->caches[i], tokens));
  return most;
}

static uint64_t part(uint64_t bytes, uint32_t hundredths) {
  return vf_shard_part(bytes, hundredths, 100);
}

static void measure_chunk(plan *p) {
  vf_ranks *s = &p->s;
  uint64_t tokens = vf_min_u64(s->batch_tokens, s->w->requested_ctx_tokens);
  uint64_t rows = s->version < LAST_LOGITS ? tokens : 1, both = 0;
  p->chunk_tokens = tokens;
  p->layer_bytes = layer_bytes(s, tokens);
  p->scores_bytes = most_scores(s, tokens);
  if (!vf_mul3(&p->logits_bytes, rows, s->model->n_vocab, s->number_bytes) ||
      !vf_add(&both, p->layer_bytes, p->scores_bytes) || both > UINT64_MAX / 1024 ||
      p->logits_bytes > UINT64_MAX / 1024)
    s->e->overflow = true;
}

static vf_amount weights(const vf_ranks *s, uint32_t device) {
  (void)device;
  return vf_ranks_stored(s, vf_shard_weights(&s->shard, s->model));
}

static vf_amount kv_cache(const vf_ranks *s, uint32_t device) {
  (void)device;
  return vf_amount_exact(cache_bytes(s, false), "in steps of 256 tokens");
}

static vf_amount states(const vf_ranks *s, uint32_t device) {
  (void)device;
  return vf_amount_exact(cache_bytes(s, true), "");
}

static vf_amount activation(const vf_ranks *s, uint32_t device) {
  const plan *p = (const plan *)s;
  uint64_t layer = p->layer_bytes, scores = p->scores_bytes, logits = p->logits_bytes;
  uint64_t together = vf_min_u32(s->w->seqs, PROMPTS_TOGETHER);
  (void)device;
  return vf_amount_within(
      (vf_interval){
          part(layer, scores == 0 ? FLIGHT_LOW : BESIDE_LOW) + part(scores, SCORES_LOW),
          vf_max_u64(part(layer, scores == 0 ? FLIGHT : BESIDE) + scores, logits),
          (part(layer, FLIGHT_HIGH) + part(scores, SCORES_HIGH) + logits) * together,
      },
      VF_BASIS_MODELLED, "of a chunk of the prompt");
}

static void put_gib(vf_text *out, uint64_t bytes) {
  vf_text_size(out, bytes, VF_UNIT_GIB, 2);
  vf_text_put(out, " GiB");
}

static void activation_words(const vf_ranks *s, const vf_line *line, vf_text *out) {
  const plan *p = (const plan *)s;
  (void)line;
  vf_text_printf(out, "a chunk of %" PRIu64 " tokens: up to 3.3 times one layer's arrays of ",
                 p->chunk_tokens);
  put_gib(out, p->layer_bytes);
  if (p->scores_bytes == 0) return;
  vf_text_put(out, ", and ");
  put_gib(out, p->scores_bytes);
  vf_text_put(out, " of scores over ");
  vf_text_thousands(out, s->w->requested_ctx_tokens);
  vf_text_put(out, " tokens (no fused kernel)");
}

static void cache_words(const vf_ranks *s, const vf_line *line, vf_text *out) {
  (void)line;
  vf_text_printf(out, "%" PRIu32 " × ", s->w->seqs);
  vf_text_thousands(out, s->w->requested_ctx_tokens);
  vf_text_printf(out, " tokens in steps of %d × %" PRIu64 " B of all layers", STEP_TOKENS,
                 line->size.bytes / s->w->seqs /
                     ((s->w->requested_ctx_tokens + STEP_TOKENS - 1) / STEP_TOKENS * STEP_TOKENS));
}

static void state_words(const vf_ranks *s, const vf_line *line, vf_text *out) {
  vf_terms_put_each(out, s->w->seqs, "request", line->size.bytes);
  vf_text_put(out, ", convolution and state of the recurrent layers");
}

static const vf_term terms[] = {
    {.id = "weights",
     .part = VF_PART_WEIGHTS,
     .amount = weights,
     .formula = "sum of all tensors, scales and biases of 16 bits per group among them",
     .source = "mlx.nn.quantize"},
    {.id = "kv_cache",
     .part = VF_PART_KV_CACHE,
     .amount = kv_cache,
     .words = cache_words,
     .source = "mlx_lm/models/cache.py"},
    {.id = "recurrent_state",
     .part = VF_PART_STATE,
     .amount = states,
     .words = state_words,
     .source = "mlx_lm/models/cache.py: ArraysCache"},
    {.id = "activation",
     .part = VF_PART_COMPUTE,
     .amount = activation,
     .words = activation_words,
     .source = "mlx_lm/generate.py, mlx/backend/metal/scaled_dot_product_attention.cpp; fitted on "
               "peaks of tests/truth/logs.tsv"},
    VF_COMPANION_TERMS,
    {.id = NULL},
};

static vf_status resolve(vf_ranks *s, vf_error *err) {
  const vf_request *r = s->request;
  if (s->e->n_devices > 2 || r->tp > 1 || r->pp > 1 || r->dp > 1)
    return vf_fail(err, VF_UNSUPPORTED, "MLX-LM on several machines is not known");
  if (s->e->n_devices == 2 && s->e->devices[0].device.backend != VF_BACKEND_METAL)
    vf_estimate_assume(s->e, "not-metal", "MLX is estimated as on Metal");
  for (size_t i = 0; i < s->model->n_caches; i++)
    if (s->model->caches[i].kind == VF_CACHE_CROSS)
      return vf_fail(err, VF_UNSUPPORTED, "MLX-LM has no class for '%s' models: decoders alone",
                     s->model->type);
  vf_status status = vf_ranks_begin(s, NEWEST, err);
  if (status == VF_OK && s->version < OLDEST)
    status = vf_fail(err, VF_UNSUPPORTED,
                     "MLX-LM %s is older than what is known: 0.22 is the oldest", s->e->version);
  if (status == VF_OK) status = vf_kernels_check(s->e, &kernels, err);
  if (status != VF_OK) return status;
  vf_ranks_formats(s, VF_FORMAT_NONE);
  uint32_t chunk = r->draft != NULL ? DRAFTED_PREFILL_TOKENS : PREFILL_TOKENS;
  s->batch_tokens = r->max_num_batched_tokens != 0 ? r->max_num_batched_tokens : chunk;
  s->w->tp = s->w->pp = s->w->dp = s->w->ep = 0;
  s->w->ubatch_tokens = s->batch_tokens;
  s->shard = (vf_shard){.tp = 1,
                        .expert_tp = 1,
                        .expert_ranks = 1,
                        .vocab_multiple = 1,
                        .number_bytes = s->number_bytes};
  vf_shard_stage(&s->shard, s->model, VF_STAGE_FIRST, 1, 0);
  return VF_OK;
}

static vf_status estimate(vf_estimate *e, const vf_request *request, vf_error *err) {
  plan p = {
      .s = {.e = e, .model = e->model, .request = request, .w = &e->workload, .name = "MLX-LM"}};
  vf_status status = resolve(&p.s, err);
  if (status != VF_OK) return status;
  measure_chunk(&p);
  if (e->overflow) return VF_OK;
  vf_terms_add(&p.s, 0, false);
  vf_plan_keep(&p.s, sizeof p);
  vf_ranks_assume(&p.s, NULL, NULL);
  return VF_OK;
}

static bool knows(const char *version) {
  uint32_t v = vf_ranks_version(version);
  return v >= 1 && v < NEWEST + 1000;
}

static const char *const aliases[] = {"mlx-lm", "mlx_lm", NULL};

static const vf_quant_alias quants[] = {
    {"fp16", "F16"},      {"float16", "F16"},   {"bfloat16", "BF16"}, {"fp32", "F32"},
    {"q2", "mlx-2bit"},   {"q3", "mlx-3bit"},   {"q4", "mlx-4bit"},   {"q5", "mlx-5bit"},
    {"q6", "mlx-6bit"},   {"q8", "mlx-8bit"},   {"2bit", "mlx-2bit"}, {"3bit", "mlx-3bit"},
    {"4bit", "mlx-4bit"}, {"5bit", "mlx-5bit"}, {"6bit", "mlx-6bit"}, {"8bit", "mlx-8bit"},
    {NULL, NULL},
};

static const char *const ladder[] = {"BF16",     "mlx-8bit", "mlx-6bit", "mlx-5bit",
                                     "mlx-4bit", "mlx-3bit", NULL};

const vf_engine vf_engine_mlx = {
    .name = "mlx",
    .aliases = aliases,
    .dialect = &vf_dialect_mlx,
    .version = "0.32.2",
    .checked = "2026-08-22",
    .quants = quants,
    .max_seqs = VF_MAX_SEQS,
    .most_devices = 1,
    .ladder = ladder,
    .knows = knows,
    .decodes = VF_DECODES_MLX,
    .estimate = estimate,
    .terms = terms,
    .explain = vf_terms_explain,
};
