/* hugging_face.c - the words of transformers' and TRL's trainers, of accelerate, torchrun and
 * DeepSpeed.
 *
 * Sources: transformers src/transformers/training_args.py;
 * trl/trainer/{base,sft,dpo,model}_config.py (2026-07-24); accelerate commands/launch.py and
 * examples/config_yaml_templates; torch distributed/run.py; deepspeed launcher/runner.py,
 * runtime/config.py, runtime/zero/config.py.
 *
 * bf16 of a Trainer is autocast over weights in the type they were loaded in, hence "mixed"; a
 * dtype of 16 bits counts more. */
#include "engines/trainers.h"

#define FLAG(...)                                                                                  \
  { __VA_ARGS__, .form = VF_FORM_MAYBE, .measure = VF_MEASURE_MAP }
#define MAP(...)                                                                                   \
  { __VA_ARGS__, .measure = VF_MEASURE_MAP }
#define NOTHING .effect = VF_EFFECT_NONE
#define UNREAD  .effect = VF_EFFECT_UNREAD

/* ---- Trainer and TRL -------------------------------------------------------------------- */

static const vf_spelling trainer_rows[] = {
    {"model", "model-name-or-path model-name model model-id sft-model-path"},
    {"seq-len", "max-length max-seq-length model-max-length max-seq-len block-size"},
    {"micro-batch", "per-device-train-batch-size per-gpu-train-batch-size"},
    {"grad-accum", "gradient-accumulation-steps"},
    FLAG("checkpointing", "gradient-checkpointing", .value = "true:full false:none"),
    FLAG("checkpointing", "activation-offloading", .value = "true:offload false:"),
    FLAG("precision", "bf16", .value = "true:mixed false:"),
    FLAG("precision", "fp16", .value = "true:mixed false:"),
    MAP("precision", "torch-dtype dtype model-init-kwargs.dtype model-init-kwargs.torch-dtype",
        .value = "bfloat16:bf16 bf16:bf16 float16:fp16 fp16:fp16 float32: fp32: auto:"),
    MAP("optimizer", "optim",
        .value = "adamw_torch:adamw adamw_hf:adamw adamw_torch_fused:adamw-fused "
                 "adamw_apex_fused:adamw-fused adamw_bnb_8bit:adamw-8bit adamw_8bit:adamw-8bit "
                 "adamw_torch_8bit:adamw-8bit adamw_torch_4bit:adamw-4bit paged_adamw:adamw-paged "
                 "paged_adamw_32bit:adamw-paged paged_adamw_8bit:adamw-paged-8bit "
                 "adafactor:adafactor sgd:sgd lion_32bit:lion lion:lion lion_8bit:lion-8bit "
                 "muon:muon galore_adamw:galore galore_adamw_layerwise:galore "
                 "galore_adamw_8bit:galore-8bit galore_adamw_8bit_layerwise:galore-8bit "
                 "apollo_adamw:apollo apollo_adamw_layerwise:apollo"),
    MAP("step-in-backward", "optim",
        .value = "galore_adamw_layerwise:on galore_adamw_8bit_layerwise:on "
                 "galore_adafactor_layerwise:on apollo_adamw_layerwise:on *:"),
    MAP("base-dtype", "torch-dtype dtype model-init-kwargs.dtype model-init-kwargs.torch-dtype",
        .value = "auto:bf16 bfloat16:bf16 bf16:bf16 float16:bf16 fp16:bf16 float32:fp32 fp32:fp32"),
    FLAG("rollout", "use-vllm", .value = "true:0.3 false:"),
    MAP("rollout", "vllm-mode", .value = "server:apart colocate:"),
    {"rollout", "vllm-gpu-memory-utilization"},
    FLAG("rollout-sleep", "vllm-enable-sleep-mode", .value = "true:on false:"),
    {"@network.beta", "beta"},
    {"teacher", "teacher-model-name-or-path"},
    {"reward-model", "reward-model-path"},
    FLAG("reference", "precompute-ref-log-probs", .value = "true:none false:"),
    MAP("attention", "attn-implementation model-init-kwargs.attn-implementation",
        .value = "flash_attention_2:flash flash_attention_3:flash "
                 "kernels-community/flash-attn2:flash kernels-community/flash-attn3:flash "
                 "kernels-community/vllm-flash-attn3:flash sdpa:sdpa flex_attention:flex "
                 "eager:eager"),
    FLAG("loss", "use-liger-kernel use-liger use-liger-loss", .value = "true:fused false:"),
    MAP("loss", "loss-type",
        .value = "nll:full chunked_nll:chunked dft:full sigmoid: grpo: dapo: "
                 "dr_grpo: bnpo: hinge: ipo:"),
    FLAG("compile", "torch-compile", .value = "true:on false:"),
    FLAG("method", "use-peft use-lora", .value = "true:lora false:"),
    FLAG("method", "use-dora", .value = "true:dora false:"),
    FLAG("method", "load-in-4bit load-in-8bit use-4bit use-qlora", .value = "true:qlora false:"),
    FLAG("quant", "load-in-8bit", .value = "true:int8 false:"),
    FLAG("quant", "use-bnb-nested-quant bnb-4bit-use-double-quant",
         .value = "true:nf4-dq false:nf4"),
    {"lora-rank", "lora-r lora-rank"},
    {"lora-targets", "lora-target-modules", .form = VF_FORM_MANY},
    MAP("parallel", "fsdp",
        .value = "full_shard:fsdp shard_grad_op:zero2 hybrid_shard:fsdp "
                 "offload: auto_wrap: true:fsdp false:",
        .form = VF_FORM_MANY),
    MAP("offload", "fsdp", .value = "offload:params *:", .form = VF_FORM_MANY),
    {"@config", "deepspeed deepspeed-config config"},
    FLAG("checkpointing", "fsdp-config.activation-checkpointing", .value = "true:full false:"),
    {"cp", "context-parallel-size parallelism-config.cp-size"},
    {"tp", "tensor-parallel-size parallelism-config.tp-size"},
    /* May move memory, and nothing here stands for it. */
    {.words = "per-device-eval-batch-size num-generations max-prompt-length max-completion-length "
              "lora-modules-to-save "
              "lora-target-parameters optim-target-modules neftune-noise-alpha "
              "auto-find-batch-size ref-model sync-ref-model padding-free eval-packing "
              "torch-empty-cache-steps "
              "bnb-4bit-quant-type bnb-4bit-compute-dtype bnb-4bit-quant-storage fp16-full-eval "
              "bf16-full-eval eval-accumulation-steps ddp-bucket-cap-mb fsdp-config.*",
     UNREAD},
    {.words = "packing packing-strategy do-train do-eval do-predict tf32 use-reentrant "
              "overwrite-output-dir push-to-hub group-by-length remove-unused-columns "
              "trust-remote-code dataloader-pin-memory load-best-model-at-end disable-tqdm "
              "ignore-data-skip save-only-model completion-only-loss assistant-only-loss "
              "dataloader-drop-last ddp-find-unused-parameters use-rslora streaming seed-worker "
              "full-determinism shuffle-dataset",
     .form = VF_FORM_MAYBE,
     NOTHING},
    {.words = "learning-rate num-train-epochs max-steps weight-decay adam-beta1 adam-beta2 "
              "adam-epsilon max-grad-norm lr-scheduler-type lr-scheduler-kwargs* warmup-ratio "
              "warmup-steps logging-* save-* eval-* report-to run-name output-dir seed data-seed "
              "dataset-* dataset datasets* dataloader-* hub-* push-to-hub* resume-from-checkpoint "
              "lora-alpha lora-dropout lora-task-type model-revision tokenizer-* "
              "chat-template* eos-token pad-token truncation-mode pad-to-multiple-of "
              "label-smoothing* metric-for-best-model greater-is-better ddp-timeout ddp-backend "
              "local-rank gradient-checkpointing-kwargs* torch-compile-backend "
              "torch-compile-mode optim-args train-file validation-file data-path "
              "evaluation-strategy log-level include-* project trackio-* num-proc reward-* "
              "temperature top-p top-k attn-logit* use-cpu nccl* accelerator-config*",
     NOTHING},
};

const vf_dialect vf_words_trainer = {
    .name = "Trainer", .rows = trainer_rows, .n_rows = sizeof trainer_rows / sizeof *trainer_rows};

/* ---- accelerate launch and its file ----------------------------------------------------- */

static const vf_spelling accelerate_rows[] = {
    {"gpus", "num-processes"},
    {"@config", "config-file"},
    {"@config", "deepspeed-config-file deepspeed-config.deepspeed-config-file"},
    MAP("parallel", "distributed-type",
        .value = "multi_gpu:ddp fsdp:fsdp deepspeed: no: megatron_lm:zero1"),
    FLAG("parallel", "multi-gpu", .value = "true:ddp"),
    FLAG("parallel", "use-fsdp", .value = "true:fsdp"),
    FLAG("parallel", "use-deepspeed", .value = "true:"),
    MAP("parallel", "zero-stage deepspeed-config.zero-stage",
        .value = "0:ddp 1:zero1 2:zero2 3:zero3"),
    MAP("offload", "offload-optimizer-device deepspeed-config.offload-optimizer-device",
        .value = "cpu:optimizer nvme:optimizer none:"),
    MAP("offload", "offload-param-device deepspeed-config.offload-param-device",
        .value = "cpu:params nvme:params none:"),
    {"grad-accum", "gradient-accumulation-steps deepspeed-config.gradient-accumulation-steps"},
    MAP("precision", "mixed-precision", .value = "bf16:mixed fp16:mixed no: fp8:float8"),
    MAP("parallel", "fsdp-sharding-strategy fsdp-config.fsdp-sharding-strategy",
        .value = "full_shard:fsdp 1:fsdp shard_grad_op:zero2 2:zero2 no_shard:ddp 3:ddp "
                 "hybrid_shard:fsdp 4:fsdp"),
    MAP("parallel", "fsdp-reshard-after-forward fsdp-config.fsdp-reshard-after-forward",
        .value = "true:fsdp false:zero2 full_shard:fsdp shard_grad_op:zero2"),
    MAP("offload", "fsdp-offload-params fsdp-config.fsdp-offload-params",
        .value = "true:optimizer,params false:"),
    MAP("checkpointing", "fsdp-activation-checkpointing fsdp-config.fsdp-activation-checkpointing",
        .value = "true:full false:"),
    {"tp", "parallelism-config.parallelism-config-tp-size parallelism-config-tp-size"},
    {"cp", "parallelism-config.parallelism-config-cp-size parallelism-config-cp-size"},
    FLAG("compile", "dynamo-config.dynamo-use-dynamic", .value = "true: false:"),
    MAP("compile", "dynamo-backend dynamo-config.dynamo-backend", .value = "no: inductor:on"),
    MAP(.words = "num-machines", .value = "1: *:-"),
    {.words = "fp8-config.* megatron-lm-config.* ipex-config.*", UNREAD},
    {.words = "compute-environment debug downcast-bf16 enable-cpu-affinity machine-rank "
              "main-process-ip main-process-port main-training-function rdzv-* same-network tpu-* "
              "use-cpu gpu-ids command-* deepspeed-config.deepspeed-multinode-launcher "
              "deepspeed-config.zero3-* deepspeed-config.gradient-clipping "
              "deepspeed-config.deepspeed-hostfile deepspeed-config.deepspeed-moe* zero3-* "
              "gradient-clipping deepspeed-hostfile fsdp-config.fsdp-auto-wrap-policy "
              "fsdp-config.fsdp-backward-prefetch* fsdp-config.fsdp-cpu-ram-efficient-loading "
              "fsdp-config.fsdp-forward-prefetch fsdp-config.fsdp-state-dict-type "
              "fsdp-config.fsdp-sync-module-states fsdp-config.fsdp-use-orig-params "
              "fsdp-config.fsdp-transformer-layer-cls-to-wrap fsdp-config.fsdp-version "
              "fsdp-config.fsdp-min-num-params fsdp-version fsdp-auto-wrap-policy "
              "fsdp-transformer-layer-cls-to-wrap fsdp-state-dict-type fsdp-min-num-params "
              "fsdp-backward-prefetch* num-cpu-threads-per-process role tee max-restarts "
              "monitor-interval log-dir env mpirun-* deepspeed-multinode-launcher "
              "dynamo-config.dynamo-mode dynamo-mode parallelism-config*",
     NOTHING},
    {.words = "quiet no-python module same-network standalone tpu debug",
     .form = VF_FORM_BARE,
     NOTHING},
};

const vf_dialect vf_words_accelerate = {.name = "accelerate",
                                        .rows = accelerate_rows,
                                        .n_rows = sizeof accelerate_rows / sizeof *accelerate_rows};

/* ---- torchrun, and DeepSpeed's launcher -------------------------------------------------- */

static const vf_spelling launcher_rows[] = {
    {"gpus", "nproc-per-node num-gpus nproc"},
    {"@nodes", "nnodes num-nodes"},
    {.words = "node-rank master-addr master-port rdzv-* max-restarts monitor-interval log-dir "
              "role hostfile include exclude launcher launcher-args start-method tee redirects "
              "local-addr",
     NOTHING},
    {.words = "standalone no-python module no-local-rank no-ssh-check save-pid autotuning",
     .form = VF_FORM_BARE,
     NOTHING},
};

const vf_dialect vf_words_launcher = {.name = "the launcher",
                                      .rows = launcher_rows,
                                      .n_rows = sizeof launcher_rows / sizeof *launcher_rows};

/* ---- DeepSpeed's JSON -------------------------------------------------------------------- */

static const vf_spelling deepspeed_rows[] = {
    MAP("parallel", "zero-optimization.stage", .value = "0:ddp 1:zero1 2:zero2 3:zero3"),
    MAP("offload", "zero-optimization.offload-optimizer.device",
        .value = "cpu:optimizer nvme:optimizer none:"),
    MAP("offload", "zero-optimization.offload-param.device",
        .value = "cpu:params nvme:params none:"),
    FLAG("offload", "zero-optimization.cpu-offload", .value = "true:optimizer false:"),
    FLAG("precision", "bf16.enabled bfloat16.enabled", .value = "true:mixed false:"),
    FLAG("precision", "fp16.enabled", .value = "true:mixed false:"),
    {"micro-batch", "train-micro-batch-size-per-gpu"},
    {"grad-accum", "gradient-accumulation-steps"},
    MAP("optimizer", "optimizer.type",
        .value = "adam:adamw-fused adamw:adamw-fused lion:lion sgd:sgd muon:muon "
                 "adafactor:adafactor"),
    FLAG("offload", "activation-checkpointing.cpu-checkpointing",
         .value = "true:activations false:"),
    {"tp", "tensor-parallel.autotp-size"},
    {.words = "train-batch-size zero-optimization.zero-hpz-partition-size "
              "zero-optimization.zero-quantized-* zero-optimization.mics-shard-size "
              "zero-optimization.reduce-bucket-size zero-optimization.allgather-bucket-size "
              "zero-optimization.stage3-prefetch-bucket-size "
              "zero-optimization.stage3-max-live-parameters "
              "zero-optimization.stage3-max-reuse-distance zero-optimization.sub-group-size "
              "zero-optimization.overlap-comm pipeline* data-types* sequence-parallel-size "
              "compression-training* quantize-training* hybrid-engine*",
     UNREAD},
    {.words = "zero-optimization.contiguous-gradients zero-optimization.round-robin-gradients "
              "zero-optimization.allgather-partitions zero-optimization.reduce-scatter "
              "zero-optimization.stage3-param-persistence-threshold "
              "zero-optimization.stage3-gather-* zero-optimization.ignore-unused-parameters "
              "zero-optimization.elastic-checkpoint zero-optimization.load-from-fp32-weights "
              "zero-optimization.offload-optimizer.* zero-optimization.offload-param.* "
              "fp16.* bf16.* scheduler* gradient-clipping steps-per-print wall-clock-breakdown "
              "optimizer.params* aio* tensorboard* wandb* csv-monitor* flops-profiler* "
              "comms-logger* zero-allow-untested-optimizer zero-force-ds-cpu-optimizer "
              "prescale-gradients communication-data-type dump-state memory-breakdown "
              "activation-checkpointing.* checkpoint* elasticity* autotuning* amp* "
              "gradient-predivide-factor sparse-gradients",
     NOTHING},
};

const vf_dialect vf_words_deepspeed = {.name = "DeepSpeed",
                                       .rows = deepspeed_rows,
                                       .n_rows = sizeof deepspeed_rows / sizeof *deepspeed_rows};
