/* llama_factory.c - the keys of LLaMA-Factory's YAML; what they do not have is Trainer's.
 *
 * Source: src/llamafactory/hparams/{model,data,finetuning,training}_args.py (2026-08-18). */
#include "engines/trainers.h"

#define FLAG(...)                                                                                  \
  { __VA_ARGS__, .form = VF_FORM_MAYBE, .measure = VF_MEASURE_MAP }
#define MAP(...)                                                                                   \
  { __VA_ARGS__, .measure = VF_MEASURE_MAP }

static const vf_spelling rows[] = {
    {"seq-len", "cutoff-len"},
    MAP("method", "finetuning-type", .value = "lora:lora full:full freeze:full"),
    {"train-layers", "freeze-trainable-layers"},
    FLAG("method", "use-dora", .value = "true:dora false:"),
    MAP("method", "quantization-bit", .value = "4:qlora 8:qlora"),
    MAP("quant", "quantization-bit", .value = "8:int8 4:nf4-dq"),
    FLAG("quant", "double-quantization", .value = "true: false:nf4"),
    MAP(.words = "quantization-method", .value = "bnb: bitsandbytes: *:-"),
    {"lora-targets", "lora-target", .form = VF_FORM_MANY},
    FLAG("precision", "bf16", .value = "true: false:"),
    FLAG("precision", "fp16", .value = "true: false:"),
    FLAG("precision", "pure-bf16", .value = "true:bf16 false:"),
    FLAG("checkpointing", "disable-gradient-checkpointing", .value = "true:none false:full"),
    FLAG("checkpointing", "use-unsloth-gc", .value = "true:offload false:"),
    MAP("attention", "flash-attn",
        .value = "auto:sdpa fa2:flash fa3:flash sdpa:sdpa disabled:eager"),
    FLAG("loss", "enable-liger-kernel", .value = "true:fused false:"),
    FLAG("optimizer", "use-muon", .value = "true:muon false:"),
    FLAG("optimizer", "use-galore", .value = "true:galore false:"),
    FLAG("optimizer", "use-apollo", .value = "true:apollo false:"),
    FLAG("step-in-backward", "galore-layerwise apollo-layerwise", .value = "true:on false:"),
    {"optimizer-rank", "galore-rank apollo-rank"},
    MAP("objective", "stage", .value = "pt:sft sft:sft dpo:dpo kto:kto ppo:ppo rm:reward"),
    MAP("objective", "pref-loss", .value = "orpo:orpo *:"),
    MAP("reference", "pref-loss", .value = "simpo:none *:"),
    FLAG("freeze", "freeze-vision-tower", .value = "true:towers false:"),
    FLAG("freeze", "freeze-language-model", .value = "true:language false:"),
    {.words = "use-badam use-adam-mini freeze-trainable-modules additional-target "
              "use-llama-pro upcast-lmhead-output ref-model reward-model shift-attn "
              "mixture-of-depths image-max-pixels video-max-pixels use-unsloth "
              "freeze-multi-modal-projector use-kt "
              "kt-* use-megatron-bridge megatron-bridge* use-mca use-hyper-parallel hyper-* oft-*",
     .effect = VF_EFFECT_UNREAD},
    {.words = "template dataset dataset-dir media-dir max-samples overwrite-cache "
              "preprocessing-* plot-loss overwrite-output-dir do-train use-rslora "
              "lora-alpha lora-dropout flash-attn-kernel packing neat-packing "
              "quantization-type quantization-device-map "
              "upcast-layernorm print-param-status train-on-prompt mask-history "
              "adapter-name-or-path ray-* use-swanlab swanlab-* mix-strategy interleave-* "
              "tokenized-path val-size eval-dataset pref-* simpo-gamma kto-* enable-thinking "
              "cache-dir rope-scaling export-* infer-* vllm-* sglang-* resize-vocab compute-* "
              "loraplus* pissa* create-new-adapter reward-model-type image-* video-* audio-* "
              "early-stopping-steps predict-with-generate generation-*",
     .form = VF_FORM_MAYBE,
     .effect = VF_EFFECT_NONE},
};

const vf_dialect vf_words_factory = {
    .name = "LLaMA-Factory", .rows = rows, .n_rows = sizeof rows / sizeof *rows};
