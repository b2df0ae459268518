/* training_words.c - the words of a training run, one table each; and which numbers go together. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/checked.h"
#include "base/decimal.h"
#include "base/names.h"
#include "base/status.h"
#include "base/text.h"
#include "core/training.h"
#include "core/training_params.h"

/* rsLoRA scales its adapters by another factor: the same bytes as LoRA. */
static const char *const methods[] = {"full", "lora", "dora", "qlora", "rslora", NULL};
static const char *const precisions[] = {"bf16",   "mixed", "fp32",  "fp16",
                                         "float8", "mxfp8", "nvfp4", NULL};
static const char *const checkpoints[] = {"full", "none", "selective", "offload", NULL};
static const char *const attentions[] = {"flash", "sdpa", "flex", "eager", NULL};
static const char *const losses[] = {"full", "inplace", "fused", "chunked", NULL};
static const char *const parallels[] = {"none", "ddp", "zero1", "zero2", "zero3", "fsdp", NULL};
static const char *const objectives[] = {"sft", "dpo",     "orpo",      "kto",    "grpo",
                                         "ppo", "distill", "embedding", "reward", NULL};
/* What is apart lies in another memory. */
static const char *const references[] = {"resident", "shared", "none", "apart", NULL};
static const char *const base_dtypes[] = {"bf16", "fp32", NULL};
static const char *const emas[] = {"none", "fp32", "bf16", "host", NULL};
static const char *const freezes[] = {"towers",  "embeddings", "output",
                                      "experts", "language",   NULL};
static const char *const bases[] = {"nf4-dq",   "nf4",      "int8",     "gptq", "nvfp4",
                                    "mlx-4bit", "mlx-6bit", "mlx-8bit", NULL};
static const char *const targets[] = {
    "q", "k", "v", "o", "gate", "up", "down", "experts", "shared_expert", NULL};
static const char *const offloads[] = {"optimizer", "params", "activations", NULL};

/* What transformers, PEFT and PyTorch call the same. */
static const struct {
  const char *theirs, *ours;
} synonyms[] = {
    {"flash_attention_2", "flash"},
    {"flash_attention_3", "flash"},
    {"flash-attention-2", "flash"},
    {"flex_attention", "flex"},
    {"bfloat16", "bf16"},
    {"float16", "fp16"},
    {"float32", "fp32"},
    {"adam", "adamw"},
    {"adamw_torch", "adamw"},
    {"adamw_torch_fused", "adamw-fused"},
    {"adamw_bnb_8bit", "adamw-8bit"},
    {"adamw_8bit", "adamw-8bit"},
    {"adamw_torch_8bit", "adamw-8bit"},
    {"adamw_torch_4bit", "adamw-4bit"},
    {"paged_adamw", "adamw-paged"},
    {"paged_adamw_32bit", "adamw-paged"},
    {"paged_adamw_8bit", "adamw-paged-8bit"},
    {"lion_32bit", "lion"},
    {"lion_8bit", "lion-8bit"},
    {"galore_adamw", "galore"},
    {"galore_adamw_8bit", "galore-8bit"},
    {"apollo_adamw", "apollo"},
    {"q_proj", "q"},
    {"k_proj", "k"},
    {"v_proj", "v"},
    {"o_proj", "o"},
    {"gate_proj", "gate"},
    {"up_proj", "up"},
    {"down_proj", "down"},
};

static const char *ours_of(const char *word) {
  for (size_t i = 0; i < sizeof synonyms / sizeof *synonyms; i++)
    if (strcmp(synonyms[i].theirs, word) == 0) return synonyms[i].ours;
  return word;
}

/* A word of a table; -1 and a sentence where there is none. */
static int find(const char *text, size_t length, const char *const *words, const char *what,
                vf_error *err) {
  char word[48];
  snprintf(word, sizeof word, "%.*s", (int)length, text);
  const char *ours = length < sizeof word ? ours_of(word) : "";
  for (int i = 0; words[i] != NULL; i++)
    if (strcmp(words[i], ours) == 0) return i;
  for (int i = 0; words == methods && objectives[i] != NULL; i++)
    if (strcmp(objectives[i], word) == 0) {
      vf_fail(err, VF_UNKNOWN, "--method: '%s' is an objective: --objective %s --method lora", word,
              word);
      return -1;
    }
  const char *nearest = vf_nearest_name(word, words);
  char all[256];
  vf_text t = vf_text_on(all, sizeof all);
  for (int i = 0; words[i] != NULL; i++) vf_text_printf(&t, "%s%s", i > 0 ? ", " : "", words[i]);
  if (nearest != NULL)
    vf_fail(err, VF_UNKNOWN, "--%s: '%s': did you mean %s? (%s)", what, word, nearest, all);
  else
    vf_fail(err, VF_UNKNOWN, "--%s: '%s' is none of %s", what, word, all);
  return -1;
}

static bool choose(int *out, const char *text, const char *const *words, const char *what,
                   vf_error *err) {
  *out = text == NULL ? 0 : find(text, strlen(text), words, what, err);
  return *out >= 0;
}

static bool gather(uint32_t *out, const char *text, const char *const *words, const char *what,
                   vf_error *err) {
  *out = 0;
  for (const char *s = text; s != NULL && *s != '\0';) {
    size_t n = strcspn(s, ",");
    int i = find(s, n, words, what, err);
    if (i < 0) return false;
    *out |= UINT32_C(1) << i;
    s += n + (s[n] == ',');
  }
  return true;
}

static bool read_targets(vf_run *r, const vf_model *m, const char *text, vf_error *err) {
  uint32_t attention = VF_TARGET_Q | VF_TARGET_K | VF_TARGET_V | VF_TARGET_O;
  uint32_t mlp = VF_TARGET_GATE | VF_TARGET_UP | VF_TARGET_DOWN;
  if (text != NULL && strcmp(text, "all-linear") != 0)
    return gather(&r->targets, text, targets, "lora-targets", err);
  bool experts = vf_model_has_experts(m);
  r->targets = attention | (experts ? VF_TARGET_EXPERTS | VF_TARGET_SHARED : mlp);
  return true;
}

/* A run in 16 bits alone has no base in fp32, whatever its program would load. */
static bool read_base(vf_run *r, const vf_train_request *q, vf_error *err) {
  int dtype;
  bool mixed = q->precision == NULL || r->precision == VF_MIXED;
  if (!choose(&dtype, q->base_dtype, base_dtypes, "base-dtype", err)) return false;
  r->base_fp32 = dtype == 1 && r->method != VF_FULL && mixed;
  return true;
}

static bool read_method(vf_run *r, const vf_train_request *q, vf_error *err) {
  enum { RSLORA = VF_QLORA + 1 };
  if (!choose(&r->method, q->method, methods, "method", err)) return false;
  if (r->method == RSLORA) r->method = VF_LORA;
  return true;
}

static bool read_words(vf_run *r, const vf_model *m, const vf_train_request *q, vf_error *err) {
  r->base_stated = q->base_quant != NULL;
  if (!read_method(r, q, err)) return false;
  bool implied = q->method == NULL || r->method == VF_LORA; /* a quantized base has adapters */
  if (r->base_stated && implied) r->method = VF_QLORA;
  if (r->base_stated && r->method != VF_QLORA) {
    vf_fail(err, VF_USAGE, "--quant is of a frozen base: --method qlora, not %s",
            methods[r->method]);
    return false;
  }
  r->adapters_said = r->method == VF_FULL &&
                     (q->lora_rank != 0 || q->lora_targets != NULL || q->base_dtype != NULL);
  bool encoder = (m->flags & VF_MODEL_ENCODER) != 0;
  return choose(&r->precision, q->precision, precisions, "precision", err) &&
         choose(&r->optimizer, q->optimizer, vf_optimizer_words, "optimizer", err) &&
         choose(&r->checkpoints, q->checkpointing, checkpoints, "checkpointing", err) &&
         choose(&r->attention, q->attention, attentions, "attention", err) &&
         choose(&r->loss, q->loss, losses, "loss", err) &&
         choose(&r->parallel, q->parallel, parallels, "parallel", err) &&
         choose(&r->objective, q->objective == NULL && encoder ? "embedding" : q->objective,
                objectives, "objective", err) &&
         choose(&r->base, q->base_quant, bases, "quant", err) && read_base(r, q, err) &&
         choose(&r->ema, q->ema, emas, "ema", err) &&
         gather(&r->offload, q->offload, offloads, "offload", err) &&
         gather(&r->freeze, q->freeze, freezes, "freeze", err) &&
         read_targets(r, m, q->lora_targets, err);
}

/* ---- Further models ---------------------------------------------------------------------- */

static bool is_preference(int objective) {
  return objective == VF_DPO || objective == VF_ORPO || objective == VF_REWARD;
}

uint32_t vf_run_answers(const vf_run *r) {
  return is_preference(r->objective) || r->objective == VF_EMBEDDING ? 2 : 1;
}

bool vf_run_has_head(const vf_run *r) {
  return r->objective != VF_EMBEDDING && r->objective != VF_REWARD;
}

bool vf_run_trains_layers(const vf_run *r) {
  return r->method == VF_FULL && (r->freeze & VF_FREEZE_LANGUAGE) == 0;
}

/* TRL: dpo_trainer.py:893 and kto_trainer.py:912, no reference model where there are adapters,
 * which are disabled for it; grpo_config.py: beta is 0, and no reference model is made;
 * ppo_trainer.py:439; orpo and reward models have none. */
static int own_reference(const vf_run *r) {
  bool has = r->objective == VF_DPO || r->objective == VF_KTO || r->objective == VF_PPO;
  if (!has) return VF_REFERENCE_NONE;
  return r->method == VF_FULL ? VF_REFERENCE_RESIDENT : VF_REFERENCE_SHARED;
}

static bool read_reference(vf_run *r, const vf_train_request *q, vf_error *err) {
  bool may = own_reference(r) != VF_REFERENCE_NONE || r->objective == VF_GRPO;
  r->reference = own_reference(r);
  if (q->reference == NULL) return true;
  if (!choose(&r->reference, q->reference, references, "reference", err)) return false;
  if (r->reference > VF_REFERENCE_NONE) r->reference = VF_REFERENCE_NONE; /* apart */
  if (!may && r->reference != VF_REFERENCE_NONE) {
    vf_fail(err, VF_USAGE, "--reference: of dpo, kto, grpo and ppo there is one (--objective)");
    return false;
  }
  if (r->reference == VF_REFERENCE_SHARED && r->method == VF_FULL) {
    vf_fail(err, VF_USAGE, "--reference shared: with adapters alone, which are disabled for it");
    return false;
  }
  return true;
}

/* Parameters of a further model: as they are known, or as the word says. */
static bool read_model(uint64_t *out, const char *word, uint64_t known, uint64_t own,
                       const char *what, bool may, vf_error *err) {
  *out = may ? own : 0;
  if (word == NULL) return true;
  if (strcmp(word, "none") == 0) *out = 0;
  if (!may) {
    vf_fail(err, VF_USAGE, "--%s goes with another --objective", what);
    return false;
  }
  if (strcmp(word, "none") == 0) return true;
  *out = known;
  return known != 0 || vf_parameters_parse(out, word, err) == VF_OK;
}

static bool read_rollout(vf_run *r, const vf_train_request *q, vf_error *err) {
  const char *end;
  bool may = r->objective == VF_GRPO || r->objective == VF_PPO || r->objective == VF_DISTILL;
  r->rollout_stated = q->rollout != NULL;
  r->rollout_sleeps = q->rollout_sleep;
  if (!may && (q->rollout != NULL || q->rollout_sleep)) {
    vf_fail(err, VF_USAGE, "--rollout: grpo, ppo and distill generate (--objective)");
    return false;
  }
  if (q->rollout == NULL || strcmp(q->rollout, "apart") == 0) return true;
  double share =
      q->rollout[0] >= '0' && q->rollout[0] <= '9' ? vf_decimal_read(q->rollout, &end) : -1;
  if (!(share > 0 && share < 1) || *end != '\0') {
    vf_fail(err, VF_USAGE, "--rollout: '%.40s' is neither a share of the GPU (0.3) nor apart",
            q->rollout);
    return false;
  }
  r->rollout_ppm = (uint32_t)(share * 1e6 + 0.5);
  return true;
}

static bool read_others(vf_run *r, const vf_model *m, const vf_train_request *q, vf_error *err) {
  uint64_t same = m->n_params;
  bool ppo = r->objective == VF_PPO, rated = ppo || r->objective == VF_GRPO;
  if (r->objective == VF_DISTILL && q->teacher == NULL && q->teacher_params == 0) {
    vf_fail(err, VF_USAGE,
            "--objective distill learns from a model: --teacher llama3.1-70b or 70B");
    return false;
  }
  return read_reference(r, q, err) &&
         read_model(&r->teacher, q->teacher, q->teacher_params, q->teacher_params, "teacher",
                    r->objective == VF_DISTILL, err) &&
         read_model(&r->reward, q->reward_model, q->reward_params, ppo ? same : 0, "reward-model",
                    rated, err) &&
         read_model(&r->critic, q->critic, q->critic_params, ppo ? same : 0, "critic", ppo, err) &&
         read_rollout(r, q, err);
}

bool vf_run_is_zero(const vf_run *r) {
  return r->parallel >= VF_ZERO1 && r->parallel <= VF_ZERO3;
}

bool vf_run_is_megatron(const vf_run *r) {
  bool shared = r->tp > 1 || r->pp > 1 || r->ep > 1 || r->main_grads;
  return shared && r->parallel <= VF_ZERO1;
}

static uint32_t or_one(uint32_t n) {
  return n != 0 ? n : 1;
}

static vf_status check_experts(const vf_run *r, const vf_model *m, vf_error *err) {
  if (r->ep == 1) return VF_OK;
  if (!vf_model_has_experts(m))
    return vf_fail(err, VF_USAGE, "--ep %" PRIu32 ": the model has no experts", r->ep);
  for (uint32_t i = 0; i < m->n_layers; i++)
    if (m->layers[i].n_experts % r->ep != 0)
      return vf_fail(err, VF_USAGE,
                     "--ep %" PRIu32 " does not divide the %" PRIu32 " experts of layer %" PRIu32,
                     r->ep, m->layers[i].n_experts, i);
  if (r->gpus / r->pp % r->ep != 0)
    return vf_fail(err, VF_USAGE,
                   "--ep %" PRIu32 " does not divide the %" PRIu32 " GPUs of a stage", r->ep,
                   r->gpus / r->pp);
  return VF_OK;
}

static vf_status check_numbers(vf_run *r, const vf_model *m, vf_error *err) {
  enum { MOST_TOKENS = 1u << 30, MOST_RANK = 1u << 16, MOST_GPUS = 1u << 20 };
  uint64_t shared = (uint64_t)r->tp * r->pp;
  if (r->seq > MOST_TOKENS || r->batch > MOST_TOKENS || r->seq * r->batch > MOST_TOKENS)
    return vf_fail(err, VF_LIMIT, "more than %u tokens of a step on one GPU",
                   (unsigned)MOST_TOKENS);
  if (r->gpus > MOST_GPUS) return vf_fail(err, VF_LIMIT, "more than %u GPUs", (unsigned)MOST_GPUS);
  if (r->rank > MOST_RANK)
    return vf_fail(err, VF_LIMIT, "--lora-rank %" PRIu64 " is beyond %u", r->rank,
                   (unsigned)MOST_RANK);
  if (r->pp > m->n_layers)
    return vf_fail(err, VF_USAGE,
                   "--pp %" PRIu32 ": the model has %" PRIu32
                   " layers, one for each stage at least",
                   r->pp, m->n_layers);
  for (uint32_t i = 0; i < m->n_layers; i++)
    if ((m->layers[i].mixers & VF_MIX_ATTENTION) != 0 && m->layers[i].n_heads % r->tp != 0)
      return vf_fail(err, VF_USAGE,
                     "--tp %" PRIu32 " does not divide the %" PRIu32 " heads of layer %" PRIu32,
                     r->tp, m->layers[i].n_heads, i);
  if (shared == 0 || r->gpus % shared != 0 || (r->gpus / shared) % r->cp != 0)
    return vf_fail(err, VF_USAGE,
                   "%" PRIu32 " GPUs are no multiple of --tp %" PRIu32 " × --pp %" PRIu32
                   " × --cp %" PRIu32,
                   r->gpus, r->tp, r->pp, r->cp);
  r->replicas = (uint32_t)(r->gpus / shared / r->cp);
  return check_experts(r, m, err);
}

static bool has_tower(const vf_model *m) {
  for (size_t i = 0; i < m->n_tensors; i++)
    if (vf_roles[m->tensors[i].role].home == VF_HOME_TOWER) return true;
  return false;
}

/* What is left as it is, and what follows each gradient at once. */
static vf_status check_parts(const vf_run *r, const vf_model *m, vf_error *err) {
  bool tower = has_tower(m);
  if (r->train_layers > m->n_layers)
    return vf_fail(err, VF_USAGE, "--train-layers %" PRIu32 ": the model has %" PRIu32 " layers",
                   r->train_layers, m->n_layers);
  if (!tower && (r->images != 0 || (r->freeze & VF_FREEZE_LANGUAGE) != 0))
    return vf_fail(err, VF_USAGE, "%s: the model has no tower for images or sound",
                   r->images != 0 ? "--images" : "--freeze language");
  if ((r->freeze & VF_FREEZE_TOWERS) != 0 && (r->freeze & VF_FREEZE_LANGUAGE) != 0)
    return vf_fail(err, VF_USAGE, "--freeze towers,language leaves nothing to train");
  if (r->optimizer_rank != 0 && !vf_optimizer_has_rank((vf_optimizer)r->optimizer))
    return vf_fail(err, VF_USAGE, "--optimizer-rank: of galore and apollo");
  if (r->step_in_backward && r->accum > 1)
    return vf_fail(err, VF_USAGE,
                   "--step-in-backward: gradients are gone before they could be "
                   "added up (--grad-accum 1)");
  if (r->step_in_backward && (r->gpus > 1 || vf_run_is_zero(r)))
    return vf_fail(err, VF_USAGE, "--step-in-backward: on one GPU alone, without ZeRO");
  return VF_OK;
}

vf_status vf_run_read(vf_run *out, const vf_model *m, const vf_train_request *q, size_t gpus,
                      vf_error *err) {
  vf_run r = {.seq = q->seq_tokens != 0 ? q->seq_tokens : 2048,
              .batch = or_one(q->micro_batch),
              .accum = or_one(q->grad_accum),
              .rank = q->lora_rank != 0 ? q->lora_rank : 16,
              .vpp = or_one(q->vpp),
              .tp = or_one(q->tp),
              .pp = or_one(q->pp),
              .cp = or_one(q->cp),
              .ep = or_one(q->ep),
              .gpus = (uint32_t)vf_min_u64(gpus, UINT32_MAX),
              .compile = q->compile,
              .tiled = q->tiled_mlp,
              .step_in_backward = q->step_in_backward,
              .optimizer_rank = q->optimizer_rank,
              .train_layers = q->train_layers != VF_TRAIN_ALL_LAYERS ? q->train_layers : 0,
              .images = q->images,
              .main_grads = q->main_grads,
              .no_upcast = q->no_upcast};
  if (q->sample_bytes != 0 || q->buffer_bytes != 0 || q->trained_params != 0)
    return vf_fail(err, VF_USAGE,
                   "--sample-memory, --buffer and --trained-params go with --network, not with a "
                   "model whose layers are known");
  if (!read_words(&r, m, q, err)) return VF_UNKNOWN;
  if (!read_others(&r, m, q, err)) return VF_USAGE;
  r.precision_taken = q->precision == NULL && vf_run_is_zero(&r) && r.method == VF_FULL;
  if (r.precision_taken) r.precision = VF_MIXED;
  r.loss_taken = q->loss == NULL && r.checkpoints == VF_CKPT_OFFLOAD;
  if (r.loss_taken) r.loss = VF_LOSS_INPLACE;
  vf_status status = check_numbers(&r, m, err);
  if (status == VF_OK) status = check_parts(&r, m, err);
  if (status == VF_OK) *out = r;
  return status;
}
