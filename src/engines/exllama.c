/* exllama.c - ExLlamaV3 and V2: whole caches made at the start, layers over GPUs one after another.
 *
 * exllamav3 4f8ad01 (v1.4.1, 2026-08-08): pages of 256 tokens, quantized caches of 2 to 8 bits with
 * a 16-bit scale per 32 values, half a GiB kept free on each device, chunks of 2048 tokens, 32 rows
 * of logits. exllamav2 da07fac: the same sizes, and one layer's keys and values in 16 bits beside
 * a quantized cache. */
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

static void add_stage(vf_ranks *s, uint32_t device, uint32_t stages) {
  const vf_device *d = &s->e->devices[device].device;
  vf_shard_stage(&s->shard, s->model, VF_STAGE_FIRST, stages, device);
  uint64_t cache = cache_bytes(s, false), states = cache_bytes(s, true);
  uint64_t act = vf_ranks_forward_bytes(s, CHUNK_TOKENS) + vf_ranks_unpacked_bytes(s);
  if (s->shard.last) act += LOGIT_ROWS * s->model->n_vocab * 4;
  if (s->e->overflow) return;
  vf_ranks_add_weights(s, device, false, false);
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
    .decodes = VF_DECODES_GRAPHS,
    .estimate = estimate,
    .explain = vf_ranks_explain,
};
