/* exllama.c - ExLlamaV3 and V2: whole caches made at the start, layers over GPUs one after another.
 *
 * exllamav3 4f8ad01 (v1.4.1, 2026-08-08): pages of 256 tokens, quantized caches of 2 to 8 bits with
 * a 16-bit scale per 32 values, half a GiB kept free on each device, chunks of 2048 tokens, 32 rows
 * of logits; embeddings stay in main memory (modules/embedding.py and value_embeddings.py:
 * prefer_cpu; the same in V2: set_device_map, embed_cpu). exllamav2 da07fac: the same sizes, and
 * one layer's keys and values in 16 bits beside a quantized cache. */
#include <inttypes.h>

#include "base/checked.h"
#include "base/status.h"
#include "base/units.h"
#include "core/format.h"
#include "engines/companions.h"
#include "engines/engine.h"
#include "engines/ranks.h"
#include "engines/torch.h"

/* As vf_ranks_version() counts; from SLIDING on some models with windows keep them in slots. */
enum { SLIDING = 30, NEWEST = 1004001 };

enum { PAGE_TOKENS = 256, CHUNK_TOKENS = 2048, LOGIT_ROWS = 32, STATE_SLOTS = 16 };

static const char *const checkpoints[] = {"exl2", "exl3", "gptq", NULL};

static const vf_kernel_rules kernels = {"ExLlama", checkpoints, false, false};

/* Bits per value of a cache format, with the scale. */
static uint64_t row_bytes(vf_format format, uint64_t elements) {
  uint32_t bits = 16;
  switch ((int)format) {
  case VF_FORMAT_Q4_0:
  case VF_FORMAT_INT4: bits = 4; break;
  case VF_FORMAT_INT6: bits = 6; break;
  case VF_FORMAT_Q8_0:
  case VF_FORMAT_INT8: bits = 8; break;
  case VF_FORMAT_F8_E4M3: return elements;
  default: return elements * 2;
  }
  return elements / 32 * (4 * bits + 2);
}

/* V2's numbers are 0.0.1 to 0.3.2, V3's 0.0.1 to 0.0.43 and 1.0 on. */
static bool is_v2(const vf_ranks *s) {
  return s->version >= 1000 && s->version < 1000000;
}

static bool is_windowed(const vf_cache_layer *c) {
  return c->kind == VF_CACHE_WINDOW || c->kind == VF_CACHE_CHUNKED;
}

static uint64_t in_pages(uint64_t tokens) {
  return (tokens + PAGE_TOKENS - 1) / PAGE_TOKENS * PAGE_TOKENS;
}

/* Of the layers here; `slots`: those with a window keep that alone. */
static uint64_t cache_bytes(const vf_ranks *s, bool states, bool slots) {
  uint64_t sum = 0, seqs = states ? vf_max_u32(s->w->seqs, STATE_SLOTS) : s->w->seqs;
  for (size_t i = 0; i < s->model->n_caches; i++) {
    const vf_cache_layer *c = &s->model->caches[i];
    if (c->layer < s->shard.first_layer || c->layer >= s->shard.end_layer) continue;
    if ((c->kind == VF_CACHE_STATE) != states) continue;
    uint64_t heads = c->kind == VF_CACHE_LATENT ? 1 : vf_shard_kv_heads(c->n_kv_heads, s->tp);
    uint64_t row = row_bytes(s->w->kv_k, c->k_dim) + row_bytes(s->w->kv_v, c->v_dim);
    uint64_t kept = s->w->requested_ctx_tokens, bytes = (c->conv + c->state) * s->number_bytes;
    if (slots && is_windowed(c)) kept = vf_min_u64(kept, (uint64_t)c->window + PAGE_TOKENS);
    bytes = bytes / s->tp + (bytes % s->tp != 0);
    if (!states && !vf_mul3(&bytes, in_pages(kept), heads, row)) s->e->overflow = true;
    if (!vf_mul(&bytes, bytes, seqs) || !vf_add(&sum, sum, bytes)) s->e->overflow = true;
  }
  return sum;
}

/* V2 unpacks a quantized cache into one layer's keys and values in 16 bits. */
static uint64_t unpacked_layer_bytes(const vf_ranks *s) {
  uint64_t most = 0, bytes = 0;
  if (!is_v2(s) || row_bytes(s->w->kv_k, 32) == 64) return 0;
  for (size_t i = 0; i < s->model->n_caches; i++) {
    const vf_cache_layer *c = &s->model->caches[i];
    if (c->kind != VF_CACHE_STATE)
      most = vf_max_u64(most, (uint64_t)c->n_kv_heads * (c->k_dim + c->v_dim) * 2 / s->tp);
  }
  if (!vf_mul3(&bytes, most, in_pages(s->w->requested_ctx_tokens), s->w->seqs))
    s->e->overflow = true;
  return bytes;
}

/* What is looked up by token: one row of it goes to the device. */
static uint64_t embedding_bytes(const vf_ranks *s) {
  uint64_t sum = 0;
  for (size_t i = 0; i < s->model->n_tensors; i++) {
    const vf_tensor *t = &s->model->tensors[i];
    if (vf_roles[t->role].home == VF_HOME_INPUT) sum += vf_shard_tensor(&s->shard, s->model, t);
  }
  return sum;
}

/* convert_model.py, --head_bits: of a tied matrix the converters make a head of its own, in 6 bits
 * where nobody says otherwise. */
static uint64_t tied_head_bytes(const vf_ranks *s) {
  enum { HEAD_BITS = 6, BYTE_BITS = 8 };
  uint64_t numbers = s->model->n_embd * s->model->n_vocab;
  if (!s->model->tied || !s->shard.last) return 0;
  return s->model->checkpoint[0] == '\0' ? numbers * s->number_bytes
                                         : numbers / BYTE_BITS * HEAD_BITS;
}

static uint64_t text_bytes(const vf_ranks *s) {
  vf_shard text = s->shard;
  text.no_towers = true;
  return vf_shard_weights(&text, s->model);
}

static vf_amount weights(const vf_ranks *s, uint32_t device) {
  uint64_t text = text_bytes(s), looked_up = vf_min_u64(embedding_bytes(s), text);
  (void)device;
  return vf_amount_within(vf_exactly(text - looked_up + tied_head_bytes(s) / s->tp),
                          VF_BASIS_MODELLED, "embeddings in main memory");
}

static vf_amount slack(const vf_ranks *s, uint32_t device) {
  (void)device;
  return vf_amount_within(
      vf_exactly(vf_torch_slack(&s->shard, s->model, (vf_torch_rule){false, false})),
      VF_BASIS_MODELLED, "");
}

static vf_amount tower(const vf_ranks *s, uint32_t device) {
  uint64_t bytes = vf_shard_weights(&s->shard, s->model) - text_bytes(s);
  (void)device;
  return vf_amount_within((vf_interval){0, 0, s->request->text_only ? 0 : bytes}, VF_BASIS_ASSUMED,
                          "loaded where images are switched on");
}

static vf_amount embeddings(const vf_ranks *s, uint32_t device) {
  bool once = s->tp == 1 || device == 0;
  return vf_amount_exact(once ? embedding_bytes(s) * s->tp : 0, "looked up in main memory");
}

static vf_amount kv_cache(const vf_ranks *s, uint32_t device) {
  uint64_t whole = cache_bytes(s, false, false), slots = whole;
  bool windows = vf_ranks_has_cache(s->model, VF_CACHE_WINDOW);
  (void)device;
  if (windows && !is_v2(s) && s->version >= SLIDING && !s->request->swa_full)
    slots = cache_bytes(s, false, true);
  if (slots == whole) return vf_amount_exact(whole, "in pages of 256 tokens");
  return vf_amount_within((vf_interval){slots, whole, whole}, VF_BASIS_MODELLED,
                          "windows whole, or in slots");
}

static vf_amount states(const vf_ranks *s, uint32_t device) {
  (void)device;
  return vf_amount_exact(cache_bytes(s, true, false), "16 slots or more");
}

static vf_amount activation(const vf_ranks *s, uint32_t device) {
  uint64_t act = vf_ranks_forward_bytes(s, CHUNK_TOKENS) + vf_ranks_unpacked_bytes(s);
  (void)device;
  if (s->shard.last) act += LOGIT_ROWS * s->model->n_vocab * 4;
  act += unpacked_layer_bytes(s);
  return vf_amount_within((vf_interval){act / 2, act, act + act / 2 + 256 * VF_MIB},
                          VF_BASIS_MODELLED, "a chunk of 2048 tokens");
}

static vf_amount context(const vf_ranks *s, uint32_t device) {
  return vf_amount_within(s->e->devices[device].device.context, VF_BASIS_ASSUMED,
                          "context, libraries");
}

static void say_tensors(const vf_ranks *s, const vf_line *line, vf_text *out) {
  (void)line;
  vf_text_printf(out, "tensors of layers %" PRIu32 " to %" PRIu32 " in %s", s->shard.first_layer,
                 s->shard.end_layer - 1, s->model->quant);
  if (s->tp > 1) vf_text_printf(out, ", cut by %" PRIu32, s->tp);
  if (s->model->tied && s->shard.last && s->model->checkpoint[0] != '\0')
    vf_text_put(out, ", with a head of 6 bits for the tied matrix");
}

static void say_cache(const vf_ranks *s, const vf_line *line, vf_text *out) {
  uint64_t tokens = in_pages(s->w->requested_ctx_tokens);
  vf_text_printf(out, "%" PRIu32 " × ", s->w->seqs);
  vf_terms_put_each(out, tokens, "token", line->size.bytes / s->w->seqs);
  vf_text_printf(out, " in %s", vf_format_get(s->w->kv_k)->name);
  if (row_bytes(s->w->kv_k, 32) != 64) vf_text_put(out, ", a scale of 16 bits per 32 numbers");
}

static void say_states(const vf_ranks *s, const vf_line *line, vf_text *out) {
  vf_terms_put_each(out, vf_max_u32(s->w->seqs, STATE_SLOTS), "slot", line->size.bytes);
  vf_text_put(out, ", convolution and state of the recurrent layers here");
}

static void say_activation(const vf_ranks *s, const vf_line *line, vf_text *out) {
  (void)line;
  vf_text_printf(out,
                 "%d tokens × (4 × %" PRIu64 " + 3 × feed-forward) × %" PRIu32
                 " B, the largest matrix unpacked, %d rows of logits",
                 CHUNK_TOKENS, s->model->n_embd, s->number_bytes, LOGIT_ROWS);
  if (unpacked_layer_bytes(s) != 0) vf_text_put(out, ", one layer's cache in 16 bits");
}

static const vf_term terms[] = {
    {"weights", VF_PART_WEIGHTS, weights, .words = say_tensors,
     .source = "exllamav3 modules/embedding.py: prefer_cpu"},
    VF_SLACK_TERM(slack),
    {"tower", VF_PART_WEIGHTS, tower, "a model of its own, loaded with TabbyAPI's vision: true",
     .source = "exllamav3 component=\"vision\""},
    {"embeddings", VF_PART_WEIGHTS, embeddings, "rows are looked up on the CPU",
     .source = "exllamav3 modules/embedding.py: prefer_cpu", .on_host = true},
    {"kv_cache", VF_PART_KV_CACHE, kv_cache, .words = say_cache,
     .source = "exllamav3 cache/quant.py, modules/sliding_attn.py"},
    {"recurrent_state", VF_PART_STATE, states, .words = say_states,
     .source = "exllamav3 cache/cache.py: max_batch_size"},
    {"activation", VF_PART_COMPUTE, activation, .words = say_activation,
     .source = "exllamav3 model/model.py: max_chunk_size, max_output_size"},
    {"cuda_context", VF_PART_RUNTIME, context, "the process before it loads anything",
     .source = "measured; the device's catalog entry"},
    VF_COMPANION_TERMS,
    {.id = NULL},
};

/* Layers over the GPUs one after another, or --tp: every GPU has a part of every layer. */
static vf_status resolve(vf_ranks *s, vf_error *err) {
  const vf_request *r = s->request;
  if (r->tp < 2)
    return vf_ranks_begin_by_layers(s, NEWEST, &kernels, "replicas of a model are not known", err);
  vf_status status = vf_ranks_begin(s, NEWEST, err);
  if (status == VF_OK && (s->pp > 1 || s->dp > 1 || r->ep > 1))
    status = vf_fail(err, VF_UNSUPPORTED, "ExLlama: layers are shared by all GPUs, or by none");
  if (status == VF_OK) status = vf_ranks_check(s, &kernels, err);
  if (status != VF_OK) return status;
  vf_ranks_formats(s, VF_FORMAT_NONE);
  s->shard = (vf_shard){.tp = s->tp,
                        .expert_tp = s->tp,
                        .expert_ranks = 1,
                        .vocab_multiple = 1,
                        .number_bytes = s->number_bytes};
  return VF_OK;
}

static void stand(vf_ranks *s, uint32_t device) {
  vf_shard_stage(&s->shard, s->model, VF_STAGE_FIRST, s->pp, device / s->tp);
}

static vf_status estimate(vf_estimate *e, const vf_request *request, vf_error *err) {
  vf_ranks s = {
      .e = e, .model = e->model, .request = request, .w = &e->workload, .name = "ExLlama"};
  vf_status status = resolve(&s, err);
  if (status != VF_OK) return status;
  s.w->ubatch_tokens = CHUNK_TOKENS;
  s.w->gpu_layers = s.model->n_layers + 1;
  for (uint32_t i = 0; i < s.pp * s.tp; i++) {
    stand(&s, i);
    vf_terms_add(&s, i, false);
  }
  vf_plan_keep(&s, sizeof s);
  vf_ranks_assume(&s, NULL, NULL);
  return VF_OK;
}

static bool knows(const char *version) {
  uint32_t v = vf_ranks_version(version);
  return v >= 1 && v < 2000000;
}

static const char *const aliases[] = {"exllamav3", "exllamav2", "exl3", "exl2", "tabbyapi", NULL};

static const vf_quant_alias quants[] = {
    {"q2", "exl3-2.0bpw"}, {"q3", "exl3-3.0bpw"}, {"q4", "exl3-4.0bpw"},
    {"q5", "exl3-5.0bpw"}, {"q6", "exl3-6.0bpw"}, {"4bit", "exl3-4.0bpw"},
    {"fp16", "F16"},       {"bfloat16", "BF16"},  {NULL, NULL},
};

static const char *const ladder[] = {"BF16",        "exl3-6.0bpw", "exl3-5.0bpw",
                                     "exl3-4.0bpw", "exl3-3.0bpw", NULL};

const vf_engine vf_engine_exllama = {
    .name = "exllama",
    .aliases = aliases,
    .version = "v1.4.1",
    .checked = "2026-08-08",
    .quants = quants,
    .max_seqs = 4096,
    .ladder = ladder,
    .knows = knows,
    .decodes = VF_DECODES_EXLLAMA,
    .estimate = estimate,
    .terms = terms,
    .stand = stand,
    .explain = vf_terms_explain,
};
