/* megatron.c - the options of Megatron-LM's pretrain_gpt.py, and the keys of NeMo's YAML.
 *
 * A network is described there by its numbers: "@network.NAME" is one of them, of which
 * deploy/trainer_network.c makes a config.
 *
 * Sources: Megatron-LM megatron/training/arguments.py, megatron/core/transformer/
 * transformer_config.py, megatron/core/model_parallel_config.py (2026-08-22); NeMo
 * examples/nlp/language_modeling/conf/megatron_gpt_config.yaml. */
#include "engines/trainers.h"

#define FLAG(...)                                                                                  \
  { __VA_ARGS__, .form = VF_FORM_MAYBE, .measure = VF_MEASURE_MAP }
#define MAP(...)                                                                                   \
  { __VA_ARGS__, .measure = VF_MEASURE_MAP }
#define NOTHING .effect = VF_EFFECT_NONE
#define UNREAD  .effect = VF_EFFECT_UNREAD

static const vf_spelling megatron_rows[] = {
    {"@network.layers", "num-layers encoder-num-layers"},
    {"@network.hidden", "hidden-size"},
    {"@network.heads", "num-attention-heads"},
    {"@network.ff", "ffn-hidden-size"},
    {"@network.groups", "num-query-groups"},
    {"@network.head_dim", "kv-channels"},
    {"@network.vocab", "vocab-size padded-vocab-size"},
    {"@network.experts", "num-experts"},
    {"@network.expert_ff", "moe-ffn-hidden-size"},
    {"@network.top_k", "moe-router-topk"},
    {"@network.shared_ff", "moe-shared-expert-intermediate-size"},
    {"@network.places", "max-position-embeddings"},
    {"@network.position", "position-embedding-type"},
    {"@network.tokenizer", "tokenizer-model"},
    {"@network.tokenizer_type", "tokenizer-type"},
    FLAG("@network.gated", "swiglu", .value = "true:1 false:0"),
    FLAG("@network.untied", "untie-embeddings-and-output-weights", .value = "true:1 false:0"),
    FLAG("@network.qk_norm", "qk-layernorm", .value = "true:1 false:0"),
    {"@network.global_batch", "global-batch-size"},
    {"@network.stage_layers", "num-layers-per-virtual-pipeline-stage"},
    {"tp", "tensor-model-parallel-size"},
    {"pp", "pipeline-model-parallel-size"},
    {"cp", "context-parallel-size"},
    {"ep", "expert-model-parallel-size"},
    {"vpp", "num-virtual-stages-per-pipeline-rank"},
    {"seq-len", "seq-length encoder-seq-length"},
    {"micro-batch", "micro-batch-size"},
    FLAG("precision", "bf16", .value = "true:mixed false:"),
    FLAG("precision", "fp16", .value = "true:mixed false:"),
    MAP("precision", "fp8-format fp8", .value = "e4m3:float8 hybrid:float8"),
    FLAG("parallel", "use-distributed-optimizer", .value = "true:zero1 false:"),
    FLAG("parallel", "use-megatron-fsdp use-torch-fsdp2 use-custom-fsdp", .value = "true:fsdp"),
    FLAG("checkpointing", "recompute-activations", .value = "true:selective false:"),
    MAP("checkpointing", "recompute-granularity", .value = "full:full selective:selective"),
    MAP("optimizer", "optimizer",
        .value = "adam:adamw-fused sgd:momentum muon:muon dist_muon:muon lion:lion soap:soap"),
    FLAG("offload", "optimizer-cpu-offload", .value = "true:optimizer false:"),
    FLAG("loss", "cross-entropy-loss-fusion", .value = "true:inplace false:"),
    MAP("attention", "attention-backend",
        .value = "flash:flash fused:flash unfused:eager local:eager auto:flash"),
    MAP("attention", "transformer-impl", .value = "local:eager *:"),
    MAP(.words = "recompute-method", .value = "uniform: *:-"),
    MAP(.words = "recompute-num-layers", .value = "1: *:-"),
    FLAG("attention", "use-flash-attn", .value = "true:flash false:"),
    {.words = "expert-tensor-parallel-size multi-latent-attention q-lora-rank kv-lora-rank "
              "qk-head-dim qk-pos-emb-head-dim v-head-dim moe-layer-freq mtp-num-layers "
              "recompute-modules distribute-saved-activations "
              "cpu-offloading* fine-grained-activation-offloading offload-modules "
              "fp8-param-gather fp4-* main-grads-dtype main-params-dtype exp-avg-dtype "
              "exp-avg-sq-dtype use-precision-aware-optimizer "
              "optimizer-offload-fraction data-parallel-sharding-strategy decoder-first-* "
              "decoder-last-* pipeline-model-parallel-layout num-distributed-optimizer-instances "
              "enable-cuda-graph cuda-graph-* external-cuda-graph hybrid-* is-hybrid-model "
              "mamba-* spec moe-latent-size moe-expert-capacity-factor window-size "
              "make-vocab-size-divisible-by rl-* perform-rl-step kitchen-* nccl-ub "
              "use-nccl-ub hierarchical-context-parallel-sizes experimental-attention-variant",
     UNREAD},
    {.words = "group-query-attention sequence-parallel accumulate-allreduce-* "
              "grad-reduce-in-* overlap-* delay-* no-* use-mcore-models disable-bias-linear "
              "add-* apply-* use-rotary-position-embeddings use-rope-scaling mock-data "
              "use-checkpoint-* manual-gc log-* calculate-per-token-loss finetune sft "
              "moe-grouped-gemm moe-permute-fusion moe-use-* moe-token-* moe-aux-* moe-z-* "
              "moe-enable-* moe-router-* moe-shared-* moe-flex-* moe-per-layer-* tp-comm-* "
              "squared-relu untie-* dist-ckpt-* async-save auto-detect-ckpt-format "
              "use-dist-ckpt use-legacy-models reset-* eod-mask-loss rotary-* bias-* "
              "masked-softmax-fusion fp8-* check-* profile defer-* deterministic-mode "
              "trust-remote-code exit-signal-handler cross-entropy-fusion-impl",
     NOTHING},
    {.words = "lr lr-* min-lr decoupled-* weight-decay* clip-grad adam-* muon-* sgd-momentum "
              "init-method-* train-iters train-samples eval-* save* load* ckpt-* data-* "
              "train-data-* valid-data-* test-data-* split tokenizer* vocab-file merge-file "
              "tensorboard-* wandb-* distributed-* normalization norm-epsilon attention-dropout "
              "hidden-dropout seed num-workers exit-* manual-* timing-* use-tp-* "
              "attention-softmax-in-fp32 tiktoken-* per-split-* step-batch-size-* "
              "rampup-batch-size start-weight-decay end-weight-decay "
              "empty-unused-memory-level local-rank profile-* te-* ddp-* retro-* "
              "max-tokens-to-oom micro-batch-sequence-*",
     NOTHING},
};

const vf_dialect vf_words_megatron = {.name = "Megatron-LM",
                                      .rows = megatron_rows,
                                      .n_rows = sizeof megatron_rows / sizeof *megatron_rows};

static const vf_spelling nemo_rows[] = {
    {"@network.layers", "model.num-layers"},
    {"@network.hidden", "model.hidden-size"},
    {"@network.heads", "model.num-attention-heads"},
    {"@network.ff", "model.ffn-hidden-size"},
    {"@network.groups", "model.num-query-groups"},
    {"@network.head_dim", "model.kv-channels"},
    {"@network.experts", "model.num-moe-experts"},
    {"@network.expert_ff", "model.moe-ffn-hidden-size"},
    {"@network.top_k", "model.moe-router-topk"},
    {"@network.vocab", "model.vocab-size model.override-vocab-size"},
    {"@network.places", "model.max-position-embeddings"},
    {"@network.position", "model.position-embedding-type"},
    {"@network.tokenizer", "model.tokenizer.type"},
    MAP("@network.gated", "model.activation",
        .value = "fast-swiglu:1 swiglu:1 fast-geglu:1 geglu:1 gelu:0 squared-relu:0"),
    MAP("@network.untied", "model.share-embeddings-and-output-weights", .value = "true:0 false:1"),
    MAP("@network.qk_norm", "model.qk-layernorm", .value = "true:1 false:0"),
    {"@network.global_batch", "model.global-batch-size train.global-batch-size"},
    {"gpus", "trainer.devices"},
    {"@nodes", "trainer.num-nodes"},
    {"tp", "model.tensor-model-parallel-size"},
    {"pp", "model.pipeline-model-parallel-size"},
    {"cp", "model.context-parallel-size"},
    {"ep", "model.expert-model-parallel-size"},
    {"vpp", "model.virtual-pipeline-model-parallel-size"},
    {"seq-len", "model.encoder-seq-length model.seq-length model.data.seq-length"},
    {"micro-batch", "model.micro-batch-size train.micro-batch-size"},
    MAP("precision", "trainer.precision",
        .value = "bf16:mixed bf16-mixed:mixed 16:mixed 16-mixed:mixed 32:fp32 32-true:fp32"),
    MAP("checkpointing", "model.activations-checkpoint-granularity model.recompute-granularity",
        .value = "full:full selective:selective"),
    MAP("precision", "model.fp8", .value = "true:float8 false:"),
    MAP("optimizer", "model.optim.name optimizer.optimizer",
        .value = "fused_adam:adamw-fused distributed_fused_adam:adamw-fused adam:adamw-fused "
                 "adamw:adamw-fused sgd:momentum muon:muon"),
    MAP("parallel", "model.optim.name", .value = "distributed_fused_adam:zero1 *:"),
    MAP("parallel", "ddp.use-distributed-optimizer", .value = "true:zero1 false:"),
    MAP("parallel", "model.fsdp", .value = "true:fsdp false:"),
    MAP("method", "model.peft.peft-scheme", .value = "lora:lora dora:dora"),
    {"lora-rank", "model.peft.lora-tuning.adapter-dim"},
    {.words = "model.data.* model.peft.* model.cpu-offloading* model.use-cpu-initialization "
              "model.megatron-amp-O2 model.grad-allreduce-chunk-size-mb",
     UNREAD},
    {.words = "name restore-from-path defaults exp-manager* trainer* model* optimizer* train* ddp* "
              "dataset* checkpoint* logger* rng* validation* scheduler* run*",
     NOTHING},
};

const vf_dialect vf_words_nemo = {
    .name = "NeMo", .rows = nemo_rows, .n_rows = sizeof nemo_rows / sizeof *nemo_rows};
