/* trainer_network.c - a network that is described by its numbers, as Megatron's options do it, into
 * a config of the same shape: memory asks for no more.
 *
 *   SwiGLU                 llama; with norms of queries and keys qwen3
 *   SwiGLU and experts     mixtral; with a shared expert qwen2_moe
 *   without a gate         gpt2 with positions that are learned and a tied output, else gpt_neox;
 *                          with shared keys nemotron
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/status.h"
#include "base/text.h"
#include "deploy/trainer_words.h"

vf_status vf_trainer_network_set(const vf_trainer_reading *r, const char *name, const char *value,
                                 vf_error *err) {
  const struct {
    const char *name;
    const char **field;
  } fields[] = {
#define FIELD(n) {#n, r->network != NULL ? &r->network->n : NULL},
      VF_NETWORK_NUMBERS(FIELD)
#undef FIELD
  };
  for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
    if (strcmp(fields[i].name, name) != 0) continue;
    if (fields[i].field == NULL) return VF_OK;
    *fields[i].field = vf_arena_copy(vf_command_arena(r->c), value, strlen(value));
    return *fields[i].field != NULL ? VF_OK : vf_fail_nomem(err);
  }
  return vf_fail(err, VF_USAGE, "no number of a network is called '%s'", name);
}

/* ---- Numbers ------------------------------------------------------------------------------ */

/* A whole number of at most nine digits; 0: none was said. */
static uint64_t number(const char *text) {
  size_t n = text != NULL ? strspn(text, "0123456789") : 0;
  return n > 0 && n <= 9 && text[n] == '\0' ? strtoull(text, NULL, 10) : 0;
}

static uint64_t number_or(const char *text, uint64_t otherwise) {
  uint64_t n = number(text);
  return n != 0 ? n : otherwise;
}

static bool is_on(const char *text) {
  return text != NULL && strcmp(text, "1") == 0;
}

/* A word that is a number where it was said, or a sentence. */
static vf_status check(const char *what, const char *text, vf_error *err) {
  if (text == NULL || number(text) != 0) return VF_OK;
  return vf_fail_at(err, VF_USAGE, what, "", "'%.40s' is not a number from 1 to 999999999", text);
}

static vf_status check_all(const vf_trainer_network *n, vf_error *err) {
  const struct {
    const char *what, *text;
  } numbers[] = {{"--num-layers", n->layers},
                 {"--hidden-size", n->hidden},
                 {"--num-attention-heads", n->heads},
                 {"--ffn-hidden-size", n->ff},
                 {"--num-query-groups", n->groups},
                 {"--kv-channels", n->head_dim},
                 {"--vocab-size", n->vocab},
                 {"--num-experts", n->experts},
                 {"--moe-ffn-hidden-size", n->expert_ff},
                 {"--moe-router-topk", n->top_k},
                 {"--global-batch-size", n->global_batch}};
  vf_status status = VF_OK;
  for (size_t i = 0; status == VF_OK && i < sizeof numbers / sizeof *numbers; i++)
    status = check(numbers[i].what, numbers[i].text, err);
  return status;
}

/* ---- The config --------------------------------------------------------------------------- */

/* Of a tokenizer that everybody has; else of one that is as large as most, which is told. */
static uint64_t vocabulary(const vf_trainer_reading *r, bool *guessed) {
  static const struct {
    const char *part;
    uint64_t size;
  } known[] = {{"GPT2BPE", 50257}, {"Llama2", 32000},   {"Llama-2", 32000},
               {"Llama3", 128256}, {"Llama-3", 128256}, {"Mistral", 32000},
               {"Mixtral", 32000}, {"Qwen", 151936},    {"megatron", 50257}};
  const vf_trainer_network *n = r->network;
  const char *const names[] = {n->tokenizer, n->tokenizer_type};
  *guessed = false;
  if (n->vocab != NULL) return number(n->vocab);
  for (size_t k = 0; k < 2; k++)
    for (size_t i = 0; names[k] != NULL && i < sizeof known / sizeof *known; i++)
      if (strstr(names[k], known[i].part) != NULL) return known[i].size;
  *guessed = true;
  return 128256;
}

static const char *kind_of(const vf_trainer_network *n) {
  bool tied = !is_on(n->untied), grouped = number(n->groups) != 0;
  bool learned = n->position == NULL || strcmp(n->position, "learned_absolute") == 0;
  if (is_on(n->gated) && n->experts != NULL) return n->shared_ff != NULL ? "qwen2_moe" : "mixtral";
  if (is_on(n->gated)) return is_on(n->qk_norm) ? "qwen3" : "llama";
  if (grouped) return "nemotron";
  return learned && tied ? "gpt2" : "gpt_neox";
}

static void put_number(vf_text *t, const char *key, uint64_t n) {
  if (n != 0) vf_text_printf(t, ", \"%s\": %" PRIu64, key, n);
}

static void put_config(vf_text *t, const vf_trainer_network *n, uint64_t vocab) {
  const char *kind = kind_of(n);
  bool experts = n->experts != NULL && is_on(n->gated);
  bool shared = strcmp(kind, "qwen2_moe") == 0;
  uint64_t hidden = number(n->hidden), heads = number(n->heads);
  /* arguments.py: 4 h, of which gated networks take two thirds in multiples of 64 */
  uint64_t gated_ff = hidden * 4 * 2 / 3 / 64 * 64;
  uint64_t ff = number_or(n->ff, is_on(n->gated) ? gated_ff : 4 * hidden);
  uint64_t expert_ff = number_or(n->expert_ff, ff);
  vf_text_printf(t, "{\"model_type\": \"%s\"", kind);
  put_number(t, "num_hidden_layers", number(n->layers));
  put_number(t, "hidden_size", hidden);
  put_number(t, "num_attention_heads", heads);
  put_number(t, "num_key_value_heads", number_or(n->groups, heads));
  put_number(t, "head_dim", number(n->head_dim));
  put_number(t, "intermediate_size", experts && !shared ? expert_ff : ff);
  put_number(t, "vocab_size", vocab);
  put_number(t, "max_position_embeddings", number_or(n->places, 4096));
  if (experts) {
    put_number(t, shared ? "num_experts" : "num_local_experts", number(n->experts));
    put_number(t, "num_experts_per_tok", number_or(n->top_k, 2));
  }
  if (shared) {
    put_number(t, "moe_intermediate_size", expert_ff);
    put_number(t, "shared_expert_intermediate_size", number(n->shared_ff));
  }
  vf_text_printf(t, ", \"tie_word_embeddings\": %s}", is_on(n->untied) ? "false" : "true");
}

static vf_status describe(const vf_trainer_reading *r, vf_error *err) {
  const vf_trainer_network *n = r->network;
  vf_deployment *d = vf_command_edit(r->c);
  char config[768];
  bool guessed;
  vf_text t = vf_text_on(config, sizeof config);
  if (d->model != NULL || n->layers == NULL || n->hidden == NULL || n->heads == NULL) return VF_OK;
  vf_status status = check_all(n, err);
  if (status != VF_OK) return status;
  put_config(&t, n, vocabulary(r, &guessed));
  d->model = vf_arena_copy(vf_command_arena(r->c), config, strlen(config));
  if (d->model == NULL) return vf_fail_nomem(err);
  if (!guessed) return VF_OK;
  return vf_command_note(r->c, "vocabulary",
                         "a vocabulary of 128,256: that of the tokenizer is not known "
                         "(--vocab-size)",
                         err);
}

/* ---- How it is run ------------------------------------------------------------------------ */

static uint32_t or_one(uint32_t n) {
  return n != 0 ? n : 1;
}

/* Steps whose gradients are added up: the whole batch over replicas and what one step has. */
static void take_batch(const vf_trainer_reading *r) {
  vf_deployment *d = vf_command_edit(r->c);
  uint64_t shared = (uint64_t)or_one(d->request.tp) * or_one(d->request.pp) * or_one(d->train.cp);
  uint64_t replicas = or_one(d->gpus) / shared, batch = number(r->network->global_batch);
  uint64_t step = or_one(d->train.micro_batch) * (replicas != 0 ? replicas : 1);
  if (batch == 0 || d->train.grad_accum != 0 || batch / step == 0) return;
  d->train.grad_accum = (uint32_t)(batch / step);
}

static void take_stages(const vf_trainer_reading *r) {
  vf_deployment *d = vf_command_edit(r->c);
  uint64_t layers = number(r->network->layers), part = number(r->network->stage_layers);
  uint64_t stage = layers / or_one(d->request.pp);
  if (part != 0 && d->train.vpp == 0 && stage > part && stage % part == 0)
    d->train.vpp = (uint32_t)(stage / part);
}

/* grpo_trainer.py: a reference model where beta is not 0, which with adapters is the base. */
static void take_reference(const vf_trainer_reading *r) {
  vf_train_request *q = &vf_command_edit(r->c)->train;
  const char *beta = r->network->beta;
  bool grpo = q->objective != NULL && strcmp(q->objective, "grpo") == 0;
  bool full = q->method == NULL || strcmp(q->method, "full") == 0;
  if (!grpo || q->reference != NULL || beta == NULL || beta[strspn(beta, "0.")] == '\0') return;
  q->reference = full ? "resident" : "shared";
}

vf_status vf_trainer_network_close(const vf_trainer_reading *r, vf_error *err) {
  enum { MOST_NODES = 1 << 16, MOST_GPUS = 1 << 20 };
  vf_trainer_network *n = r->network;
  vf_deployment *d = vf_command_edit(r->c);
  if (n == NULL) return VF_OK;
  if (n->nodes > 1) {
    uint64_t all = (uint64_t)or_one(d->gpus) * n->nodes;
    if (n->nodes > MOST_NODES || all > MOST_GPUS)
      return vf_fail(err, VF_LIMIT, "more GPUs than %u", (unsigned)MOST_GPUS);
    d->gpus = (uint32_t)all;
    n->nodes = 0;
  }
  take_reference(r);
  take_batch(r);
  take_stages(r);
  return describe(r, err);
}
