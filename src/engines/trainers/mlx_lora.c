/* mlx_lora.c - the options of mlx_lm.lora, which are the keys of its YAML, too.
 *
 * Source: mlx_lm/lora.py (ml-explore/mlx-lm).  A quantized model is trained as it is: QLoRA. */
#include "engines/trainers.h"

#define MAP(...)                                                                                   \
  { __VA_ARGS__, .measure = VF_MEASURE_MAP }

static const vf_spelling rows[] = {
    {"model", "model"},
    MAP("method", "fine-tune-type", .value = "lora:lora dora:dora full:full"),
    MAP("optimizer", "optimizer",
        .value = "adam:adamw-fused adamw:adamw-fused sgd:sgd adafactor:adafactor muon:muon"),
    {"micro-batch", "batch-size"},
    {"grad-accum", "grad-accumulation-steps"},
    {"seq-len", "max-seq-length"},
    {"lora-rank", "lora-parameters.rank"},
    {"lora-targets", "lora-parameters.keys", .form = VF_FORM_MANY},
    {"checkpointing", "grad-checkpoint", .value = "true:full false:none", .form = VF_FORM_MAYBE,
     .measure = VF_MEASURE_MAP},
    {"@config", "config -c"},
    MAP("train-layers", "num-layers", .value = "-1:1048576 *:="),
    {.words = "train test mask-prompt", .form = VF_FORM_MAYBE, .effect = VF_EFFECT_NONE},
    {.words = "data iters val-batches learning-rate steps-per-* resume-adapter-file adapter-path "
              "save-every test-batches wandb report-to project-name seed lr-schedule* "
              "lora-parameters.* optimizer-config* hf-dataset* clear-cache-threshold",
     .effect = VF_EFFECT_NONE},
};

const vf_dialect vf_words_mlx_lora = {
    .name = "mlx_lm.lora", .rows = rows, .n_rows = sizeof rows / sizeof *rows};
