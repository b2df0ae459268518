/* training.h - the words of a training run, and its arithmetic. */
#ifndef VF_CORE_TRAINING_H
#define VF_CORE_TRAINING_H

#include "base/printf.h"
#include "core/model.h"
#include "core/training_optimizers.h"
#include "vramfit/train.h"

typedef enum { VF_FULL, VF_LORA, VF_DORA, VF_QLORA } vf_train_method;
typedef enum { VF_BF16, VF_MIXED, VF_FP32, VF_FP16, VF_FLOAT8, VF_MXFP8, VF_NVFP4 } vf_precision;
typedef enum { VF_CKPT_FULL, VF_CKPT_NONE, VF_CKPT_SELECTIVE, VF_CKPT_OFFLOAD } vf_checkpoints;
typedef enum { VF_ATTN_FLASH, VF_ATTN_SDPA, VF_ATTN_FLEX, VF_ATTN_EAGER } vf_attention;
typedef enum { VF_LOSS_FULL, VF_LOSS_INPLACE, VF_LOSS_FUSED, VF_LOSS_CHUNKED } vf_loss;
typedef enum { VF_ALONE, VF_DDP, VF_ZERO1, VF_ZERO2, VF_ZERO3, VF_FSDP } vf_parallel;
typedef enum {
  VF_SFT,
  VF_DPO,
  VF_ORPO,
  VF_KTO,
  VF_GRPO,
  VF_PPO,
  VF_DISTILL,
  VF_EMBEDDING,
  VF_REWARD
} vf_objective;
typedef enum { VF_REFERENCE_RESIDENT, VF_REFERENCE_SHARED, VF_REFERENCE_NONE } vf_reference;
typedef enum { VF_EMA_NONE, VF_EMA_FP32, VF_EMA_BF16, VF_EMA_HOST } vf_ema;
typedef enum {
  VF_BASE_NF4_DQ,
  VF_BASE_NF4,
  VF_BASE_INT8,
  VF_BASE_GPTQ,
  VF_BASE_NVFP4,
  VF_BASE_MLX_4,
  VF_BASE_MLX_6,
  VF_BASE_MLX_8
} vf_base_quant;

enum {
  VF_TARGET_Q = 1,
  VF_TARGET_K = 2,
  VF_TARGET_V = 4,
  VF_TARGET_O = 8,
  VF_TARGET_GATE = 16,
  VF_TARGET_UP = 32,
  VF_TARGET_DOWN = 64,
  VF_TARGET_EXPERTS = 128,
  VF_TARGET_SHARED = 256
};
enum {
  VF_FREEZE_TOWERS = 1,
  VF_FREEZE_EMBEDDINGS = 2,
  VF_FREEZE_OUTPUT = 4,
  VF_FREEZE_EXPERTS = 8,
  VF_FREEZE_LANGUAGE = 16
};
enum { VF_OFFLOAD_OPTIMIZER = 1, VF_OFFLOAD_PARAMS = 2, VF_OFFLOAD_ACTIVATIONS = 4 };

/* The request in numbers. */
typedef struct vf_run {
  int method, precision, optimizer, checkpoints, attention, loss, parallel, objective, base;
  uint32_t targets, offload;
  uint64_t seq, batch, accum, rank;
  uint32_t vpp, tp, pp, cp, ep, gpus, replicas; /* replicas: gpus / (tp * pp * cp) */
  uint32_t freeze, train_layers;                /* train_layers: the last ones alone; 0: all */
  int reference, ema;
  uint64_t optimizer_rank, images;
  uint64_t teacher, reward, critic; /* parameters of further models; 0: there is none */
  uint32_t rollout_ppm;             /* of the device, for the engine that generates */
  bool rollout_stated, rollout_sleeps;
  bool step_in_backward;
  bool no_upcast;  /* of a quantized base */
  bool main_grads; /* by Megatron's program, whatever is shared out */
  bool base_fp32;  /* a frozen base in fp32, computed with in 16 bits (autocast) */
  bool compile, tiled, base_stated;
  bool precision_taken; /* ZeRO holds its weights and states in fp32; nobody said otherwise */
  bool adapters_said;   /* what only adapters have, while all is trained */
  bool loss_taken;      /* as programs have it that move checkpoints to the host; nobody said it */
} vf_run;

/* Tensor, pipeline or expert parallel without torch's or DeepSpeed's shards of weights: Megatron's
 * way, whose ZeRO-1 (the distributed optimizer) shards states alone, and keeps gradients in fp32.
 */
bool vf_run_is_megatron(const vf_run *r);

/* ZeRO of any stage, whoever has it. */
bool vf_run_is_zero(const vf_run *r);

/* Whether the model's own layers are trained, as a whole or in part: without adapters, and not
 * frozen but for a tower. */
bool vf_run_trains_layers(const vf_run *r);

/* Sequences of a sample, of which gradients are made at once: an answer that was chosen and one
 * that was rejected, a question and its passage. */
uint32_t vf_run_answers(const vf_run *r);

/* Whether each token gets logits of the whole vocabulary; what embeds or rates has no such head. */
bool vf_run_has_head(const vf_run *r);

/* A line of so many bytes with how they came about; none for 0 bytes. */
void vf_train_add_line(vf_train *out, const char *name, uint64_t bytes, vf_basis basis,
                       const char *fmt, ...) VF_PRINTF(5, 6);

/* Adds a moment to a run's timeline: bytes of the parts as they stand there. */
void vf_train_add_moment(vf_train *out, const char *name,
                         const uint64_t bytes[VF_TRAIN_PART_COUNT]);

/* Reads the words and checks the numbers against the model and the GPUs. */
vf_status vf_run_read(vf_run *out, const vf_model *m, const vf_train_request *r, size_t gpus,
                      vf_error *err);

#endif
