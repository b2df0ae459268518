/* torchtune.c - the keys of torchtune's YAML, which are the overrides of `tune run`, too.
 *
 * Source: recipes and recipes/configs (2026-04-23). */
#include "engines/trainers.h"

#define MAP(...)                                                                                   \
  { __VA_ARGS__, .measure = VF_MEASURE_MAP }

static const vf_spelling rows[] = {
    {"@component", "model._component_"},
    {"lora-rank", "model.lora-rank"},
    {"lora-targets", "model.lora-attn-modules", .form = VF_FORM_MANY},
    MAP("lora-targets", "model.apply-lora-to-mlp", .value = "true:gate,up,down false:"),
    MAP("method", "model.use-dora", .value = "true:dora false:"),
    MAP("method", "model.quantize-base", .value = "true:qlora false:"),
    {"seq-len", "tokenizer.max-seq-len max-seq-len"},
    {"micro-batch", "batch-size"},
    {"grad-accum", "gradient-accumulation-steps"},
    MAP("checkpointing", "enable-activation-checkpointing", .value = "true:full false:none"),
    MAP("checkpointing", "enable-activation-offloading", .value = "true:offload false:"),
    MAP("checkpointing", "ac-mode", .value = "full:full selective:selective none:none"),
    MAP("precision", "dtype", .value = "bf16:bf16 fp32:fp32 fp16:fp16"),
    MAP("optimizer", "optimizer._component_",
        .value =
            "torch.optim.AdamW:adamw torch.optim.Adam:adamw torch.optim.SGD:sgd "
            "bitsandbytes.optim.PagedAdamW8bit:adamw-paged-8bit "
            "bitsandbytes.optim.PagedAdamW:adamw-paged bitsandbytes.optim.AdamW8bit:adamw-8bit "
            "torchao.optim.AdamW8bit:adamw-8bit torchao.optim.AdamW4bit:adamw-4bit "
            "torchao.prototype.low_bit_optim.AdamW8bit:adamw-8bit"),
    MAP("optimizer", "optimizer.fused", .value = "true:adamw-fused false:"),
    MAP("loss", "loss._component_",
        .value = "torchtune.modules.loss.LinearCrossEntropyLoss:chunked "
                 "torchtune.modules.loss.CEWithChunkedOutputLoss:chunked "
                 "torch.nn.CrossEntropyLoss:full torchtune.rlhf.loss.DPOLoss:full"),
    MAP("step-in-backward", "optimizer-in-bwd", .value = "true:on false:"),
    MAP("compile", "compile", .value = "true:on false:"),
    MAP("offload", "fsdp-cpu-offload", .value = "true:optimizer,params false:"),
    {"tp", "tensor-parallel-dim"},
    {"cp", "context-parallel-dim"},
    {.words = "model.apply-lora-to-output teacher-* kd-* ref-* "
              "enable-fp8-training num-output-chunks data-parallel-shard-dim "
              "data-parallel-replicate-dim model.decoder-trainable model.encoder-trainable "
              "model.fusion-trainable custom-sharded-layers* use-loss-parallel-ctx-manager "
              "forward-batch-size ppo-* grpo-*",
     .effect = VF_EFFECT_UNREAD},
    {.words = "output-dir checkpointer* tokenizer* dataset* seed shuffle resume-from-checkpoint "
              "epochs max-steps-per-epoch optimizer* lr-scheduler* loss* clip-grad-norm device "
              "metric-logger* log-* profiler* model.* save-* low-cpu-ram collate-fn "
              "custom-sharded* dataset-val* run-val* batch-size-val enable-async* "
              "resize-token-embeddings cudnn* num-warmup-steps",
     .effect = VF_EFFECT_NONE},
};

const vf_dialect vf_words_torchtune = {
    .name = "torchtune", .rows = rows, .n_rows = sizeof rows / sizeof *rows};
