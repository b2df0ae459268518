/* settings.c - what llama.cpp makes of a request: formats, sequences, contexts, batches.
 */
#include <inttypes.h>
#include <string.h>

#include "base/checked.h"
#include "base/status.h"
#include "base/units.h"
#include "core/format.h"
#include "engines/engine.h"
#include "engines/ggml/flash.h"
#include "engines/llamacpp/plan.h"

/* ---- Defaults (common/common.h:445, src/llama-context.cpp:245-306) ---------------------- */

enum {
  DEFAULT_UBATCH = 512,
  DEFAULT_BATCH = 2048,
  CONTEXT_STEP = 256,   /* contexts are rounded up to this many cells */
  MAX_UBATCH = 1 << 20, /* ours: a larger batch is a mistake, not a plan */
};

/* ---- Settings --------------------------------------------------------------------------- */

static bool attends(const vf_layer *l) {
  return (l->mixers & VF_MIX_ATTENTION) != 0 && (l->flags & VF_LAYER_MTP) == 0;
}

static bool all_layers_flash(const plan *p) {
  const vf_layer *l = p->model->layers;
  for (uint32_t i = 0; i < p->model->n_layers; i++) {
    bool like_the_last =
        i > 0 && attends(&l[i - 1]) && l[i].k_dim == l[i - 1].k_dim && l[i].v_dim == l[i - 1].v_dim;
    if (!like_the_last && attends(&l[i]) &&
        !vf_ggml_flash_takes(p->program->build, &l[i], p->w->kv_k, p->w->kv_v))
      return false;
  }
  return true;
}

/* Off by default, or where some layer is not taken, but values in blocks need it. */
static bool is_flash_chosen(const plan *p) {
  if (vf_ggml_holds(p->graph.rules, VF_RULE_NO_FLASH)) return false;
  return p->cpu_only || vf_format_get(p->w->kv_v)->quantized || all_layers_flash(p);
}

/* Which cache formats there are (common/arg.cpp, kv_cache_types). */
static bool is_cache_format(vf_format f) {
  static const vf_format formats[] = {VF_FORMAT_F32,  VF_FORMAT_F16,  VF_FORMAT_BF16,
                                      VF_FORMAT_Q8_0, VF_FORMAT_Q4_0, VF_FORMAT_Q4_1,
                                      VF_FORMAT_Q5_0, VF_FORMAT_Q5_1, VF_FORMAT_IQ4_NL};
  for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
    if (f == formats[i]) return true;
  return false;
}

/* ik_llama.cpp has two more (common/common.cpp, kv_cache_type_from_str). */
static bool is_ik_cache_format(const plan *p, vf_format f) {
  return p->program->stays_on_host && (f == VF_FORMAT_Q6_0 || f == VF_FORMAT_Q8_KV);
}

static vf_status check_cache_format(const plan *p, vf_format f, uint32_t head_dim, vf_error *err) {
  const vf_format_info *info = vf_format_get(f);
  if (!is_cache_format(f) && !is_ik_cache_format(p, f))
    return vf_fail(err, VF_UNSUPPORTED,
                   "llama.cpp has no %s cache (f32 f16 bf16 q8_0 q5_1 q5_0 q4_1 q4_0 iq4_nl)",
                   info->name);
  if (!vf_format_divides(f, head_dim))
    return vf_fail(err, VF_UNSUPPORTED,
                   "llama.cpp refuses a %s cache here: heads of %" PRIu32
                   " are not whole blocks of %" PRIu32,
                   info->name, head_dim, info->block_elements);
  return VF_OK;
}

/* Values of a latent attention are a part of its keys; ik_llama.cpp does not ask for theirs (-mla 2
 * and 3). */
static vf_status check_latent_formats(const plan *p, const vf_cache_layer *c, vf_error *err) {
  const vf_workload *w = p->w;
  bool apart = vf_ggml_holds(p->graph.rules, VF_RULE_MLA_FORMATS) || p->program->stays_on_host;
  if (c->kind != VF_CACHE_LATENT || w->kv_k == w->kv_v || apart) return VF_OK;
  return vf_fail(err, VF_UNSUPPORTED,
                 "llama.cpp refuses a latent cache with keys in %s and values in %s: one row holds "
                 "both",
                 vf_format_get(w->kv_k)->name, vf_format_get(w->kv_v)->name);
}

static vf_status resolve_cache_formats(plan *p, vf_error *err) {
  vf_workload *w = p->w;
  w->kv_k = p->request->kv_k != VF_FORMAT_NONE ? p->request->kv_k : VF_FORMAT_F16;
  w->kv_v = p->request->kv_v != VF_FORMAT_NONE ? p->request->kv_v : VF_FORMAT_F16;
  for (size_t i = 0; i < p->model->n_caches; i++) {
    const vf_cache_layer *c = &p->model->caches[i];
    if (!vf_cache_has_cells(c) || (i > 0 && vf_cache_layer_equal(c, c - 1))) continue;
    vf_status status = check_cache_format(p, w->kv_k, c->k_dim, err);
    if (status == VF_OK && c->v_dim != 0) status = check_cache_format(p, w->kv_v, c->v_dim, err);
    if (status == VF_OK) status = check_latent_formats(p, c, err);
    if (status != VF_OK) return status;
  }
  w->flash_attn =
      p->request->flash_attn == VF_ON || (p->request->flash_attn == VF_AUTO && is_flash_chosen(p));
  bool never = (p->model->flags & VF_MODEL_NO_FLASH) != 0; /* llama-context.cpp:3757 */
  if (never) w->flash_attn = false;
  p->graph.flash_attn = w->flash_attn;
  p->graph.auto_flash = p->request->flash_attn == VF_AUTO && !p->cpu_only && !never &&
                        !vf_ggml_holds(p->graph.rules, VF_RULE_NO_FLASH);
  p->graph.flash_on_host = w->flash_attn && !p->cpu_only && !all_layers_flash(p);
  if (!w->flash_attn && vf_format_get(w->kv_v)->quantized)
    return vf_fail(err, VF_UNSUPPORTED, "llama.cpp refuses a %s V cache without flash attention%s",
                   vf_format_get(w->kv_v)->name,
                   p->request->flash_attn == VF_OFF ? "" : ", which does not take these heads");
  return VF_OK;
}

/* Architectures that files name, and that no llama.cpp runs: "gptj" is in the list of
 * src/llama-arch.cpp, and no src/models/gptj.cpp or conversion; "mllama" is a file of Ollama's, whose
 * own engine ran it before 0.30 (ollama/ollama#18486, ggml-org/llama.cpp#9643). */
static const char *const names_alone[] = {"gptj", "mllama"};

bool vf_llamacpp_runs(const char *arch) {
  for (size_t i = 0; i < sizeof names_alone / sizeof *names_alone; i++)
    if (strcmp(arch, names_alone[i]) == 0) return false;
  return true;
}

static vf_status check_model(const plan *p, vf_error *err) {
  const vf_model *m = p->model;
  if (m->checkpoint[0] != '\0')
    return vf_fail(err, VF_UNSUPPORTED,
                   "llama.cpp does not load '%s' weights: name a GGUF format with --quant",
                   m->checkpoint);
  if (m->arch[0] == '\0')
    return vf_fail(err, VF_UNSUPPORTED, "no architecture of llama.cpp is known for '%s' models",
                   m->type);
  if (!vf_llamacpp_runs(m->arch) && !p->program->own_engines)
    return vf_fail(err, VF_UNSUPPORTED,
                   "llama.cpp does not run '%s' models (\"unknown model architecture\"): "
                   "--engine transformers does",
                   m->arch);
  return VF_OK;
}

/* Formats that a fork added: no other program reads them. */
static vf_status check_formats(const plan *p, vf_error *err) {
  for (size_t i = 0; i < p->model->n_tensors && !p->program->stays_on_host; i++)
    if (vf_format_is_ik((vf_format)p->model->tensors[i].format))
      return vf_fail(err, VF_UNSUPPORTED,
                     "llama.cpp does not read %s: ik_llama.cpp does (--engine ik_llama.cpp)",
                     vf_format_get((vf_format)p->model->tensors[i].format)->name);
  return VF_OK;
}

static vf_status check_backends(const plan *p, vf_error *err) {
  for (uint32_t d = 0; d < p->n_gpus; d++)
    if (p->e->devices[d].device.backend == VF_BACKEND_OTHER)
      return vf_fail(err, VF_UNSUPPORTED, "llama.cpp has no backend for %s",
                     p->e->devices[d].device.name);
  return VF_OK;
}

static vf_status resolve_sequences(plan *p, vf_error *err) {
  p->w->seqs = p->request->seqs != 0 ? p->request->seqs : 1;
  if (p->w->seqs > VF_LLAMACPP_SEQS)
    return vf_fail(err, VF_UNSUPPORTED, "llama.cpp serves at most %d sequences, not %" PRIu32,
                   VF_LLAMACPP_SEQS, p->w->seqs);
  if (p->request->ubatch_tokens > MAX_UBATCH)
    return vf_fail(err, VF_LIMIT, "a batch of %" PRIu32 " tokens is beyond %d",
                   p->request->ubatch_tokens, MAX_UBATCH);
  return VF_OK;
}

/* Attention beside recurrent layers. */
static bool is_hybrid(const vf_model *m) {
  bool cells = false, states = false;
  for (size_t i = 0; i < m->n_caches; i++) {
    cells |= vf_cache_has_cells(&m->caches[i]);
    states |= m->caches[i].kind == VF_CACHE_STATE;
  }
  return cells && states;
}

uint64_t vf_llamacpp_batch(const vf_request *r) {
  return r->batch_tokens != 0 ? r->batch_tokens : DEFAULT_BATCH;
}

/* The context is rounded up per stream; a batch is not larger than the context that was asked
 * for, and a whole number of tokens per sequence. */
static vf_status resolve_context(plan *p, vf_error *err) {
  vf_workload *w = p->w;
  uint64_t total, per_seq, tokens;
  w->requested_ctx_tokens =
      p->request->ctx_tokens != 0 ? p->request->ctx_tokens : p->model->max_ctx_tokens;
  if (w->requested_ctx_tokens == 0)
    return vf_fail(err, VF_USAGE, "the model states no context length: give one with --ctx");
  w->kv_unified = p->request->kv_unified;
  total = w->requested_ctx_tokens * (w->kv_unified ? 1 : w->seqs);
  if (vf_ggml_holds(p->graph.rules, VF_RULE_ONE_STREAM)) w->kv_unified = true;
  uint64_t ubatch = p->request->ubatch_tokens != 0 ? p->request->ubatch_tokens : DEFAULT_UBATCH;
  uint64_t batch = vf_llamacpp_batch(p->request);
  if (p->request->batch_tokens == 0) batch = vf_max_u64(batch, ubatch);
  batch = vf_min_u64(total, batch);
  ubatch = vf_min_u64(batch, ubatch);
  w->ubatch_tokens = (uint32_t)ubatch;
  if (!vf_align_up(&total, total, CONTEXT_STEP) ||
      !vf_align_up(&per_seq, w->kv_unified ? total : total / w->seqs, CONTEXT_STEP) ||
      !vf_align_up(&tokens, ubatch, w->seqs))
    return vf_fail(err, VF_OVERFLOW, "the context does not fit 64 bits");
  w->ctx_tokens = per_seq;
  p->graph.tokens = tokens;
  p->graph.cells = per_seq;
  p->graph.streams = w->kv_unified ? 1 : w->seqs;
  if (vf_ggml_holds(p->graph.rules, VF_RULE_HYBRID_WHOLE) && is_hybrid(p->model))
    p->graph.cells = total;
  return VF_OK;
}

/* Since b9890 no backend has buffers that are split by rows; tensor split divides heads and needs
 * flash attention (src/llama-model.cpp). */
static vf_status check_split(const plan *p, vf_error *err) {
  if (p->n_gpus < 2) return VF_OK;
  bool rows = p->program->foreign || vf_ggml_holds(p->graph.rules, VF_RULE_ROWS_SPLIT);
  if (p->request->split == VF_SPLIT_ROW && !rows)
    return vf_fail(err, VF_UNSUPPORTED,
                   "llama.cpp does not load with --split row since b9890: layer or tensor");
  if (p->request->split == VF_SPLIT_TENSOR && p->request->flash_attn == VF_OFF)
    return vf_fail(err, VF_UNSUPPORTED, "llama.cpp: --split tensor needs flash attention");
  return VF_OK;
}

/* Options that came later are refused, as the build itself does. */
static vf_status check_options(const plan *p, vf_error *err) {
  const vf_request *r = p->request;
  const struct {
    bool asked;
    vf_ggml_rule until;
    const char *what;
  } options[] = {
      {r->override_count != 0 || r->cpu_moe_layers != 0, VF_RULE_NO_OVERRIDES, "--override-tensor"},
      {r->no_op_offload, VF_RULE_NO_OFFLOAD_OPTION, "--no-op-offload"},
      {r->mtp, VF_RULE_NO_MTP, "--spec-type draft-mtp"},
      {r->prompt_cache_bytes > 0, VF_RULE_NO_PROMPT_CACHE, "--cache-ram"},
  };
  for (size_t i = 0; i < sizeof options / sizeof *options && !p->program->foreign; i++)
    if (options[i].asked && vf_ggml_holds(p->graph.rules, options[i].until))
      return vf_fail(err, VF_UNSUPPORTED,
                     "llama.cpp b%" PRIu32 " has no %s: it came with b%" PRIu32, p->program->build,
                     options[i].what, vf_ggml_rule_end(options[i].until));
  return VF_OK;
}

vf_status vf_llamacpp_settle(plan *p, vf_error *err) {
  vf_status status = check_model(p, err);
  if (status == VF_OK) status = check_formats(p, err);
  if (status == VF_OK) status = check_options(p, err);
  if (status == VF_OK) status = check_split(p, err);
  if (status == VF_OK) status = check_backends(p, err);
  if (status == VF_OK) status = resolve_sequences(p, err);
  if (status == VF_OK) status = resolve_context(p, err);
  return status == VF_OK ? resolve_cache_formats(p, err) : status;
}
