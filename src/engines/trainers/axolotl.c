/* axolotl.c - the keys of axolotl's YAML, which are its options, too.
 *
 * Source: src/axolotl/utils/schemas/{config,model,training,peft,fsdp,enums}.py (2026-07-24).  Where
 * bf16 is on, axolotl loads all weights in bf16. */
#include "engines/trainers.h"

#define MAP(...)                                                                                   \
  { __VA_ARGS__, .measure = VF_MEASURE_MAP }

static const vf_spelling rows[] = {
    {"model", "base-model"},
    MAP("method", "adapter", .value = "lora:lora qlora:qlora"),
    MAP("method", "load-in-4bit load-in-8bit", .value = "true:qlora false:"),
    MAP("quant", "load-in-8bit", .value = "true:int8 false:"),
    MAP("method", "peft-use-dora", .value = "true:dora false:"),
    {"lora-rank", "lora-r"},
    {"lora-targets", "lora-target-modules", .form = VF_FORM_MANY},
    MAP("lora-targets", "lora-target-linear", .value = "true:all-linear false:"),
    {"seq-len", "sequence-len"},
    {"micro-batch", "micro-batch-size"},
    {"grad-accum", "gradient-accumulation-steps"},
    MAP("checkpointing", "gradient-checkpointing",
        .value = "true:full false:none offload:offload offload_disk:offload unsloth:offload"),
    MAP("checkpointing", "selective-checkpointing", .value = "true:selective false:"),
    MAP("checkpointing", "activation-offloading",
        .value = "true:offload false: legacy:offload disk:offload hidden_states:offload"),
    MAP("precision", "bf16 bfloat16", .value = "true:bf16 auto:bf16 full:bf16 false:"),
    MAP("precision", "fp16 float16", .value = "true:fp16 false:"),
    MAP("precision", "float32", .value = "true:fp32 false:"),
    MAP("precision", "fp8", .value = "true:float8 false:"),
    MAP("optimizer", "optimizer",
        .value =
            "adamw_torch:adamw adamw_hf:adamw adamw_torch_fused:adamw-fused "
            "adamw_apex_fused:adamw-fused adamw_bnb_8bit:adamw-8bit adamw_8bit:adamw-8bit "
            "adamw_torch_8bit:adamw-8bit ao_adamw_8bit:adamw-8bit ao_adamw_4bit:adamw-4bit "
            "adamw_torch_4bit:adamw-4bit paged_adamw:adamw-paged "
            "paged_adamw_32bit:adamw-paged paged_adamw_8bit:adamw-paged-8bit "
            "adafactor:adafactor sgd:sgd lion_32bit:lion lion_pytorch:lion lion_8bit:lion-8bit "
            "muon:muon galore_adamw:galore galore_adamw_8bit:galore-8bit apollo_adamw:apollo "
            "optimi_adamw:adamw-fused flash_adamw:adamw-fused"),
    MAP("attention", "flash-attention", .value = "true:flash false:"),
    MAP("attention", "sdp-attention", .value = "true:sdpa false:"),
    MAP("attention", "flex-attention", .value = "true:flex false:"),
    MAP("attention", "eager-attention", .value = "true:eager false:"),
    MAP("attention", "xformers-attention sage-attention", .value = "true:flash false:"),
    MAP("attention", "attn-implementation",
        .value = "flash_attention_2:flash flash_attention_3:flash sdpa:sdpa eager:eager "
                 "flex_attention:flex xformers:flash sage:flash"),
    MAP("loss", "cut-cross-entropy liger-fused-linear-cross-entropy", .value = "true:fused false:"),
    MAP("loss", "chunked-cross-entropy", .value = "true:chunked false:"),
    MAP("loss", "liger-cross-entropy flash-attn-cross-entropy unsloth-cross-entropy-loss",
        .value = "true: false:"),
    MAP("compile", "torch-compile", .value = "true:on auto: false:"),
    MAP("compile", "liger-glu-activation liger-swiglu", .value = "true:on false:"),
    MAP("tiled-mlp", "tiled-mlp", .value = "true:on false:"),
    {"@config", "deepspeed"},
    MAP("parallel", "fsdp",
        .value = "full_shard:fsdp shard_grad_op:zero2 hybrid_shard:fsdp "
                 "auto_wrap: offload:",
        .form = VF_FORM_MANY),
    MAP("offload", "fsdp", .value = "offload:params *:", .form = VF_FORM_MANY),
    MAP("parallel", "fsdp-version", .value = "1: 2:fsdp"),
    MAP("offload", "fsdp-config.fsdp-offload-params fsdp-config.offload-params",
        .value = "true:optimizer,params false:"),
    MAP("checkpointing",
        "fsdp-config.fsdp-activation-checkpointing fsdp-config.activation-checkpointing",
        .value = "true:full false:"),
    MAP("parallel", "fsdp-config.fsdp-sharding-strategy",
        .value = "full_shard:fsdp shard_grad_op:zero2 hybrid_shard:fsdp no_shard:ddp"),
    MAP("parallel", "fsdp-config.reshard-after-forward fsdp-config.fsdp-reshard-after-forward",
        .value = "true:fsdp false:zero2"),
    {"cp", "context-parallel-size sequence-parallel-degree"},
    {"tp", "tensor-parallel-size"},
    MAP("objective", "rl", .value = "dpo:dpo ipo:dpo kto:kto orpo:orpo simpo:dpo grpo:grpo"),
    MAP("reference", "rl", .value = "simpo:none *:"),
    MAP("objective", "reward-model", .value = "true:reward false:"),
    MAP("freeze", "freeze-mm-modules", .value = "true:towers false:"),
    {.words = "lora-modules-to-save lora-target-parameters unfrozen-parameters relora* "
              "optim-target-modules trl.* vllm.* eval-batch-size eval-sequence-len "
              "quantize-moe-experts fp8-enable-fsdp-float8-all-gather "
              "process-reward-model auto-find-batch-size layer-offloading qat* "
              "dp-shard-size dp-replicate-size gptq loftq* neftune-noise-alpha "
              "generate-samples lora-on-cpu experts-implementation use-scattermoe use-sonicmoe "
              "model-quantization-config* ebft* expert-parallel-size batch-size num-labels",
     .effect = VF_EFFECT_UNREAD},
    {.words =
         "datasets* test-datasets* dataset-* pretraining-dataset* val-set-size output-dir wandb-* "
         "mlflow-* comet-* swanlab-* use-wandb* hub-* push-dataset-to-hub num-epochs learning-rate "
         "embedding-lr* lr-* weight-decay warmup-* adam-* max-grad-norm cosine-* logging-* "
         "save-* saves-* eval-* evals-* early-stopping* lora-alpha lora-dropout "
         "lora-fan-in-fan-out lora-model-dir lora-alpha-pattern peft-use-rslora peft-init* "
         "peft-autocast* lora-mlp-kernel lora-qkv-kernel lora-o-kernel lora-embedding-kernel "
         "use-kernels "
         "gptq-groupsize gptq-model-v1 torchdistx-path trackio-* liger-rms-norm-gated eta-min "
         "use-swanlab model-config.output-router-logits fused-attn-kernel "
         "max-packed-sequence-len liger-rope liger-rms-norm liger-layer-norm "
         "sample-packing* eval-sample-packing pad-to-sequence-len pad-to-multiple-of "
         "multipack* group-by-length train-on-inputs tf32 strict model-type tokenizer-* "
         "trust-remote-code special-tokens* tokens* added-tokens* chat-template* "
         "gradient-checkpointing-kwargs* resume-from-checkpoint auto-resume* seed local-rank "
         "world-size xformers* plugins* shuffle-* debug ddp-* ddp dataloader-* max-steps "
         "loss-watchdog* fsdp-config.* fsdp-final* low-cpu-mem-usage revision-of-model is-*-model "
         "is-*-derived-model base-model-config cls-model-config processor-type "
         "default-system-message skip-prepare-dataset remove-unused-columns "
         "excess-length-strategy torch-compile-* bnb-config-kwargs* optim-args* gc-steps "
         "flash-attn-fuse-mlp flash-optimum loraplus* lisa* device-map device streaming* "
         "rl-beta dpo-* orpo-alpha min-sample-len s2-attention profiler* use-tensorboard "
         "resize-token* axolotl-config-path heads-k-stride ring-attn* "
         "save-safetensors eot-tokens* deepcompile qlora-sharded-model-loading "
         "eval-causal-lm-metrics* do-causal-lm-eval metric-for-best-model greater-is-better "
         "load-best-model-at-end gpu-memory-limit include-tokens-per-second "
         "experimental-skip-move-to-device",
     .effect = VF_EFFECT_NONE},
};

const vf_dialect vf_words_axolotl = {
    .name = "axolotl", .rows = rows, .n_rows = sizeof rows / sizeof *rows};
