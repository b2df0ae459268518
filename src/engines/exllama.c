/* exllama.c - ExLlamaV3 and V2: whole caches made at the start, layers over GPUs one after another.
 *
 * exllamav3 4f8ad01 (v1.4.1, 2026-08-08): pages of 256 tokens, quantized caches of 2 to 8 bits with
 * a 16-bit scale per 32 values, half a GiB kept free on each device, chunks of 2048 tokens, 32 rows
 * of logits; embeddings stay in main memory (modules/embedding.py and value_embeddings.py:
 * prefer_cpu; the same in V2: set_device_map, embed_cpu). exllamav2 da07fac: the same sizes, and
 * one layer's keys and values in 16 bits beside a quantized cache. */
#include <string.h>

#include "base/checked.h"
#include "base/status.h"
#include "base/units.h"
#include "core/format.h"
#include "engines/engine.h"
#include "engines/ranks.h"
#include "engines/torch.h"

enum { NEWEST = 1004001 /* as vf_ranks_version() counts */ };

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

static uint64_t cache_bytes(const vf_ranks *s, bool states) {
  uint64_t length = (s->w->requested_ctx_tokens + PAGE_TOKENS - 1) / PAGE_TOKENS * PAGE_TOKENS;
  uint64_t sum = 0, seqs = states ? vf_max_u32(s->w->seqs, STATE_SLOTS) : s->w->seqs;
  for (size_t i = 0; i < s->model->n_caches; i++) {
    const vf_cache_layer *c = &s->model->caches[i];
    if (c->layer < s->shard.first_layer || c->layer >= s->shard.end_layer) continue;
    if ((c->kind == VF_CACHE_STATE) != states) continue;
    uint64_t row = row_bytes(s->w->kv_k, c->k_dim) + row_bytes(s->w->kv_v, c->v_dim);
    uint64_t bytes = (c->conv + c->state) * s->number_bytes;
    if (!states && !vf_mul3(&bytes, length, c->n_kv_heads, row)) s->e->overflow = true;
    if (!vf_mul(&bytes, bytes, seqs) || !vf_add(&sum, sum, bytes)) s->e->overflow = true;
  }
  return sum;
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

/* Towers are a model of their own, which TabbyAPI loads only with "vision: true". */
static void add_weights(vf_ranks *s, uint32_t device) {
  uint64_t looked_up = embedding_bytes(s), whole = vf_shard_weights(&s->shard, s->model);
  uint64_t slack = vf_torch_slack(&s->shard, s->model, (vf_torch_rule){false, false});
  s->shard.no_towers = true;
  uint64_t text = vf_shard_weights(&s->shard, s->model);
  s->shard.no_towers = false;
  vf_ranks_add(s, device, VF_PART_WEIGHTS, "weights",
               vf_exactly(text - vf_min_u64(looked_up, text) + tied_head_bytes(s)),
               VF_BASIS_MODELLED, "embeddings in main memory");
  vf_ranks_add(s, device, VF_PART_WEIGHTS, "allocator_slack", vf_exactly(slack), VF_BASIS_MODELLED,
               "");
  if (!s->request->text_only)
    vf_ranks_add(s, device, VF_PART_WEIGHTS, "tower", (vf_interval){0, 0, whole - text},
                 VF_BASIS_ASSUMED, "loaded where images are switched on");
  vf_ranks_add(s, (uint32_t)s->e->n_devices - 1, VF_PART_WEIGHTS, "embeddings",
               vf_exactly(looked_up), VF_BASIS_EXACT, "looked up in main memory");
}

static void add_stage(vf_ranks *s, uint32_t device, uint32_t stages) {
  const vf_device *d = &s->e->devices[device].device;
  vf_shard_stage(&s->shard, s->model, VF_STAGE_FIRST, stages, device);
  uint64_t cache = cache_bytes(s, false), states = cache_bytes(s, true);
  uint64_t act = vf_ranks_forward_bytes(s, CHUNK_TOKENS) + vf_ranks_unpacked_bytes(s);
  if (s->shard.last) act += LOGIT_ROWS * s->model->n_vocab * 4;
  if (s->e->overflow) return;
  add_weights(s, device);
  vf_ranks_add(s, device, VF_PART_KV_CACHE, "kv_cache", vf_exactly(cache), VF_BASIS_EXACT,
               "in pages of 256 tokens");
  vf_ranks_add(s, device, VF_PART_STATE, "recurrent_state", vf_exactly(states), VF_BASIS_EXACT, "");
  vf_ranks_add(s, device, VF_PART_COMPUTE, "activation",
               (vf_interval){act / 2, act, act + act / 2 + 256 * VF_MIB}, VF_BASIS_MODELLED,
               "a chunk of 2048 tokens");
  vf_ranks_add(s, device, VF_PART_RUNTIME, "cuda_context", d->context, VF_BASIS_ASSUMED,
               "context, libraries");
}

static vf_status estimate(vf_estimate *e, const vf_request *request, vf_error *err) {
  vf_ranks s = {
      .e = e, .model = e->model, .request = request, .w = &e->workload, .name = "ExLlama"};
  vf_status status =
      vf_ranks_begin_by_layers(&s, NEWEST, &kernels, "only a split by layers is known", err);
  if (status != VF_OK) return status;
  s.w->ubatch_tokens = CHUNK_TOKENS;
  s.w->gpu_layers = s.model->n_layers + 1;
  for (uint32_t i = 0; i < s.pp; i++) add_stage(&s, i, s.pp);
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
    .explain = vf_ranks_explain,
};
