/* trainers.c - the programs that train, one row each, and what follows from a row. */
#include "engines/trainers.h"

#include <stdio.h>
#include <string.h>

#include "base/names.h"
#include "base/status.h"
#include "base/text.h"
#include "core/training_params.h"

/* ---- The table -------------------------------------------------------------------------- */

#define END                                                                                        \
  { NULL, NULL, NULL }

/* PyTorch by itself, and Trainer of transformers with PEFT. */
static const char *const torch_aliases[] = {"torch", NULL};
static const vf_trainer_default torch_defaults[] = {END};
static const char *const torch_lacks[] = {NULL};

static const char *const hf_aliases[] = {"hf", "huggingface", "peft", "accelerate", NULL};
static const vf_trainer_default hf_defaults[] = {
    {"micro-batch", "8", NULL},     {"checkpointing", "none", NULL},
    {"attention", "sdpa", NULL},    {"optimizer", "adamw-fused", NULL},
    {"lora-rank", "8", "adapters"}, END};
static const char *const hf_lacks[] = {"loss=inplace", "loss=chunked", "checkpointing=selective",
                                       NULL};

static const char *const trl_aliases[] = {NULL};
static const vf_trainer_default trl_defaults[] = {
    {"seq-len", "1024", NULL},          {"micro-batch", "8", NULL},
    {"checkpointing", "full", NULL},    {"attention", "sdpa", NULL},
    {"optimizer", "adamw-fused", NULL}, {"loss", "chunked", NULL},
    {"precision", "mixed", NULL},       {"base-dtype", "fp32", "adapters"},
    {"lora-rank", "16", "adapters"},    END};
static const char *const trl_lacks[] = {"loss=inplace", "checkpointing=selective", NULL};

static const char *const unsloth_aliases[] = {NULL};
static const vf_trainer_default unsloth_defaults[] = {{"method", "qlora", NULL},
                                                      {"micro-batch", "8", NULL},
                                                      {"checkpointing", "offload", NULL},
                                                      {"loss", "chunked", NULL},
                                                      {"compile", "on", NULL},
                                                      {"optimizer", "adamw-fused", NULL},
                                                      {"lora-rank", "16", "adapters"},
                                                      END};
static const char *const unsloth_lacks[] = {"parallel=zero1",
                                            "parallel=zero2",
                                            "parallel=zero3",
                                            "parallel=fsdp",
                                            "offload=params",
                                            "offload=optimizer",
                                            NULL};

static const char *const axolotl_aliases[] = {NULL};
static const vf_trainer_default axolotl_defaults[] = {
    {"seq-len", "512", NULL},        {"micro-batch", "1", NULL},
    {"checkpointing", "none", NULL}, {"optimizer", "adamw-fused", NULL},
    {"attention", "sdpa", NULL},     END};
static const char *const axolotl_lacks[] = {"loss=inplace", NULL};

static const char *const factory_aliases[] = {"llamafactory", "llama_factory", NULL};
static const vf_trainer_default factory_defaults[] = {{"method", "lora", NULL},
                                                      {"seq-len", "2048", NULL},
                                                      {"micro-batch", "8", NULL},
                                                      {"checkpointing", "full", NULL},
                                                      {"precision", "mixed", "full"},
                                                      {"optimizer", "adamw-fused", NULL},
                                                      {"attention", "sdpa", NULL},
                                                      {"lora-rank", "8", "adapters"},
                                                      {"lora-targets", "all-linear", "adapters"},
                                                      END};
static const char *const factory_lacks[] = {"loss=inplace", "loss=chunked",
                                            "checkpointing=selective", NULL};

static const char *const tune_aliases[] = {"tune", NULL};
static const vf_trainer_default tune_defaults[] = {{"loss", "chunked", NULL},
                                                   {"checkpointing", "none", NULL},
                                                   {"lora-rank", "8", "adapters"},
                                                   END};
static const char *const tune_lacks[] = {
    "parallel=zero1", "parallel=zero2", "parallel=zero3",          "loss=fused",
    "loss=inplace",   "offload=params", "checkpointing=selective", NULL};

static const char *const ds_aliases[] = {"zero", NULL};
static const vf_trainer_default ds_defaults[] = {{"precision", "fp32", NULL},
                                                 {"checkpointing", "none", NULL},
                                                 {"parallel", "ddp", NULL},
                                                 {"optimizer", "adamw-fused", NULL},
                                                 END};
static const char *const ds_lacks[] = {"parallel=fsdp", NULL};

static const char *const megatron_aliases[] = {"megatron", NULL};
static const vf_trainer_default megatron_defaults[] = {{"precision", "fp32", NULL},
                                                       {"checkpointing", "none", NULL},
                                                       {"compile", "on", NULL},
                                                       {"optimizer", "adamw-fused", NULL},
                                                       END};
static const char *const megatron_lacks[] = {"method=qlora",
                                             "parallel=zero2",
                                             "parallel=zero3",
                                             "optimizer=adamw-8bit",
                                             "optimizer=adamw-4bit",
                                             "optimizer=adamw-paged",
                                             "optimizer=adamw-paged-8bit",
                                             "optimizer=lion-8bit",
                                             "optimizer=galore",
                                             "optimizer=galore-8bit",
                                             "optimizer=apollo",
                                             "optimizer=apollo-mini",
                                             "optimizer=shampoo",
                                             "offload=params",
                                             NULL};

static const char *const nemo_aliases[] = {"megatron-bridge", NULL};
static const vf_trainer_default nemo_defaults[] = {{"precision", "mixed", NULL},
                                                   {"parallel", "zero1", NULL},
                                                   {"checkpointing", "none", NULL},
                                                   {"compile", "on", NULL},
                                                   {"optimizer", "adamw-fused", NULL},
                                                   {"lora-rank", "32", "adapters"},
                                                   {"lora-targets", "all-linear", "adapters"},
                                                   {"seq-len", "2048", NULL},
                                                   {"micro-batch", "1", NULL},
                                                   END};

static const char *const mlx_aliases[] = {"mlx", "mlx_lm", NULL};
static const vf_trainer_default mlx_defaults[] = {
    {"method", "lora", NULL},           {"seq-len", "2048", NULL},
    {"micro-batch", "4", NULL},         {"checkpointing", "none", NULL},
    {"optimizer", "adamw-fused", NULL}, {"lora-rank", "8", "adapters"},
    {"train-layers", "16", NULL},       END};
static const char *const mlx_lacks[] = {"parallel=zero1",
                                        "parallel=zero2",
                                        "parallel=zero3",
                                        "parallel=fsdp",
                                        "offload=optimizer",
                                        "offload=params",
                                        "offload=activations",
                                        "checkpointing=offload",
                                        "checkpointing=selective",
                                        "loss=fused",
                                        "loss=inplace",
                                        "loss=chunked",
                                        "optimizer=adamw-8bit",
                                        "optimizer=adamw-4bit",
                                        "optimizer=adamw-paged",
                                        "optimizer=adamw-paged-8bit",
                                        "optimizer=lion-8bit",
                                        "optimizer=galore",
                                        "optimizer=galore-8bit",
                                        "optimizer=apollo",
                                        "optimizer=apollo-mini",
                                        "optimizer=soap",
                                        "optimizer=shampoo",
                                        "objective=dpo",
                                        "objective=orpo",
                                        "objective=kto",
                                        "objective=grpo",
                                        "objective=ppo",
                                        "objective=distill",
                                        "objective=embedding",
                                        "objective=reward",
                                        NULL};

static const vf_trainer trainers[] = {
    {.name = "pytorch",
     .aliases = torch_aliases,
     .title = "PyTorch",
     .defaults = torch_defaults,
     .lacks = torch_lacks,
     .source = "the defaults of vramfit train"},
    {.name = "transformers",
     .aliases = hf_aliases,
     .title = "transformers",
     .checked = "2026-08-19",
     .defaults = hf_defaults,
     .lacks = hf_lacks,
     .note = "transformers 5 loads weights as they are stored; 4.x in fp32 unless dtype says "
             "otherwise (--precision mixed)",
     .words = {&vf_words_trainer},
     .source = "src/transformers/training_args.py:767,796,896, modeling_utils.py:3986; peft "
               "src/peft/tuners/lora/config.py"},
    {.name = "trl",
     .aliases = trl_aliases,
     .title = "TRL",
     .checked = "2026-07-24",
     .defaults = trl_defaults,
     .lacks = trl_lacks,
     .note =
         "TRL loads a model named by its id in fp32 unless dtype says otherwise "
         "(--base-dtype bf16: a frozen base): from 0.27 by itself, before as transformers 4 does",
     .words = {&vf_words_trainer},
     .source =
         "trl/trainer/base_config.py, sft_config.py, utils.py:1144 create_model_from_path (fp32 "
         "since 4d52e0249, 0.27), model_config.py:89"},
    {.name = "unsloth",
     .aliases = unsloth_aliases,
     .title = "Unsloth",
     .checked = "2026-08-22",
     .defaults = unsloth_defaults,
     .lacks = unsloth_lacks,
     .no_upcast = true,
     .words = {&vf_words_trainer},
     .source = "unsloth/models/llama.py: from_pretrained, get_peft_model, unsloth_fused_ce_loss"},
    {.name = "axolotl",
     .aliases = axolotl_aliases,
     .title = "axolotl",
     .checked = "2026-07-24",
     .defaults = axolotl_defaults,
     .lacks = axolotl_lacks,
     .note = "axolotl loads weights in bf16 where bf16 is on, also to train all of them",
     .words = {&vf_words_axolotl},
     .source = "src/axolotl/utils/schemas/config.py, training.py; utils/config/__init__.py"},
    {.name = "llama-factory",
     .aliases = factory_aliases,
     .title = "LLaMA-Factory",
     .checked = "2026-08-18",
     .defaults = factory_defaults,
     .lacks = factory_lacks,
     .note = "LLaMA-Factory holds what it trains in fp32 unless pure_bf16 is on",
     .no_upcast = true,
     .words = {&vf_words_factory, &vf_words_trainer},
     .source = "src/llamafactory/hparams/*.py, model/adapter.py: init_adapter"},
    {.name = "torchtune",
     .aliases = tune_aliases,
     .title = "torchtune",
     .checked = "2026-04-23",
     .defaults = tune_defaults,
     .lacks = tune_lacks,
     .no_upcast = true,
     .words = {&vf_words_torchtune},
     .source = "recipes/*.py, recipes/configs"},
    {.name = "deepspeed",
     .aliases = ds_aliases,
     .title = "DeepSpeed",
     .checked = "2026-08-22",
     .note = "DeepSpeed shares out and narrows only what its file says (zero_optimization, bf16)",
     .defaults = ds_defaults,
     .lacks = ds_lacks,
     .words = {&vf_words_deepspeed},
     .source = "deepspeed/runtime/zero/config.py:95, runtime/precision_config.py, "
               "runtime/activation_checkpointing/config.py, engine.py: _configure_basic_optimizer"},
    {.name = "megatron-lm",
     .aliases = megatron_aliases,
     .title = "Megatron-LM",
     .checked = "2026-08-22",
     .defaults = megatron_defaults,
     .lacks = megatron_lacks,
     .main_grads = true,
     .words = {&vf_words_megatron},
     .source =
         "megatron/training/arguments.py:1194, megatron/core/model_parallel_config.py, "
         "core/optimizer/optimizer_config.py:324, core/transformer/transformer_config.py:532"},
    {.name = "nemo",
     .aliases = nemo_aliases,
     .title = "NeMo",
     .checked = "2026-08-22",
     .defaults = nemo_defaults,
     .lacks = megatron_lacks,
     .main_grads = true,
     .words = {&vf_words_nemo},
     .source = "NVIDIA-NeMo/Megatron-Bridge src/megatron/bridge/recipes/common.py:161,374, "
               "training/mixed_precision.py:185, peft/lora.py:146"},
    {.name = "mlx-lm",
     .aliases = mlx_aliases,
     .title = "MLX LoRA",
     .checked = "2026-11-29",
     .defaults = mlx_defaults,
     .lacks = mlx_lacks,
     .no_upcast = true,
     .words = {&vf_words_mlx_lora},
     .source = "mlx_lm/lora.py: CONFIG_DEFAULTS"},
};

const vf_trainer *vf_trainer_at(size_t i) {
  return i < sizeof trainers / sizeof *trainers ? &trainers[i] : NULL;
}

/* ---- Finding ---------------------------------------------------------------------------- */

static bool is_called(const vf_trainer *t, const char *name) {
  if (vf_name_equal(t->name, name)) return true;
  for (const char *const *a = t->aliases; *a != NULL; a++)
    if (vf_name_equal(*a, name)) return true;
  return false;
}

vf_status vf_trainer_find(const vf_trainer **out, const char *name, vf_error *err) {
  char all[256];
  vf_text t = vf_text_on(all, sizeof all);
  *out = &trainers[0];
  if (name == NULL) return VF_OK;
  for (size_t i = 0; vf_trainer_at(i) != NULL; i++) {
    *out = vf_trainer_at(i);
    if (is_called(*out, name)) return VF_OK;
    vf_text_printf(&t, "%s%s", i > 0 ? ", " : "", (*out)->name);
  }
  return vf_fail_at(err, VF_UNKNOWN, "--engine", "", "'%.60s' trains nothing that is known: %s",
                    name, all);
}

/* ---- What it has ------------------------------------------------------------------------ */

static bool lacks(const vf_trainer *t, const char *param, const char *value, size_t length) {
  size_t n = strlen(param);
  for (const char *const *l = t->lacks; *l != NULL; l++)
    if (strncmp(*l, param, n) == 0 && (*l)[n] == '=' && strlen(*l + n + 1) == length &&
        strncmp(*l + n + 1, value, length) == 0)
      return true;
  return false;
}

/* Of a list every word. */
bool vf_trainer_has(const vf_trainer *t, const char *param, const char *value) {
  for (const char *s = value; *s != '\0';) {
    size_t n = strcspn(s, ",");
    if (lacks(t, param, s, n)) return false;
    s += n + (s[n] == ',');
  }
  return true;
}

static vf_status check_words(const vf_trainer *t, vf_train_request *r, vf_error *err) {
  for (size_t i = 0; i < VF_TRAIN_PARAM_COUNT; i++) {
    const vf_train_param *p = &vf_train_params[i];
    const char **text = vf_train_param_text(p, r);
    if (text == NULL || *text == NULL || vf_trainer_has(t, p->name, *text)) continue;
    return vf_fail(err, VF_UNSUPPORTED, "--%s %.40s: %s has no such thing", p->name, *text,
                   t->title);
  }
  return VF_OK;
}

/* ---- What it takes by itself ------------------------------------------------------------ */

static const char *method_of(const vf_train_request *r) {
  const char *implied = r->base_quant != NULL ? "qlora" : "full";
  return r->method != NULL ? r->method : implied;
}

static bool is_of(const vf_trainer_default *d, const char *method) {
  if (d->method == NULL || strcmp(d->method, method) == 0) return true;
  return strcmp(d->method, "adapters") == 0 && strcmp(method, "full") != 0;
}

/* One in what order they stand: the method first, since others follow from it. */
static vf_status apply(const vf_trainer *t, vf_train_request *r, vf_error *err) {
  const vf_train_request said = *r;
  vf_status status = VF_OK;
  for (const vf_trainer_default *d = t->defaults; status == VF_OK && d->param != NULL; d++) {
    const vf_train_param *p = vf_train_param_find(d->param);
    if (p == NULL) return vf_fail(err, VF_USAGE, "no word of a training is called '%s'", d->param);
    if (vf_train_param_is_set(p, &said)) continue;
    if (!is_of(d, method_of(r))) continue;
    status = vf_train_set(r, d->param, d->value, err);
  }
  return status;
}

vf_status vf_trainer_settle(vf_train_request *inout, vf_error *err) {
  const vf_trainer *t;
  vf_train_request r = *inout;
  vf_status status = vf_trainer_find(&t, r.engine, err);
  if (status == VF_OK) status = check_words(t, &r, err);
  if (status == VF_OK) status = apply(t, &r, err);
  if (status == VF_OK) r.engine = t->name, r.main_grads |= t->main_grads;
  if (status == VF_OK) r.no_upcast |= t->no_upcast;
  if (status == VF_OK) *inout = r;
  return status;
}
