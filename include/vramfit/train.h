/* train.h - the memory of training: fine-tuning and pre-training.
 *
 * SPDX-License-Identifier: MIT */
#ifndef VRAMFIT_TRAIN_H
#define VRAMFIT_TRAIN_H

#include "vramfit/vramfit.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The words of a run, each once: P(id, option, argument, kind, field, help).  Kinds are string,
 * list (words with commas), tokens, count, flag, size and parameters.  The options of `vramfit
 * train`, the keys of files ('_' for '-'), and the
 * rows of trainers' own spellings (engines/trainers) all mean these. */
#define VF_TRAIN_PARAMS(P)                                                                         \
  P(METHOD, "method", "full|lora|rslora|dora|qlora", string, method,                               \
    "what is trained (default full)")                                                              \
  P(PRECISION, "precision", "P", string, precision,                                                \
    "bf16 (default; ZeRO: mixed), mixed (fp32 weights, 16-bit compute), fp32, fp16, float8, "      \
    "mxfp8, "                                                                                      \
    "nvfp4")                                                                                       \
  P(OPTIMIZER, "optimizer", "O", string, optimizer,                                                \
    "adamw (default), adamw-fused, adamw-8bit, adamw-4bit, adamw-paged, adamw-paged-8bit, sgd, "   \
    "momentum, adafactor, lion, lion-8bit, muon, galore, galore-8bit, apollo, apollo-mini, soap, " \
    "shampoo")                                                                                     \
  P(OPTIMIZER_RANK, "optimizer-rank", "R", count, optimizer_rank,                                  \
    "rank of what galore and apollo project gradients to (default 128)")                           \
  P(STEP_IN_BACKWARD, "step-in-backward", NULL, flag, step_in_backward,                            \
    "each parameter's step as soon as its gradient is there: one gradient at a time")              \
  P(EMA, "ema", "fp32|bf16|host", string, ema, "a running mean of what is trained, in a copy")     \
  P(SEQ_LEN, "seq-len", "N", tokens, seq_tokens, "tokens of a sequence (default 2k)")              \
  P(MICRO_BATCH, "micro-batch", "N", count, micro_batch,                                           \
    "sequences of one step on one GPU (default 1)")                                                \
  P(GRAD_ACCUM, "grad-accum", "N", count, grad_accum,                                              \
    "steps whose gradients are added up (default 1)")                                              \
  P(CHECKPOINTING, "checkpointing", "C", string, checkpointing,                                    \
    "full (default), selective, offload, none: what the backward pass computes again")             \
  P(ATTENTION, "attention", "A", string, attention, "flash (default), sdpa, flex, eager")          \
  P(LOSS, "loss", "L", string, loss,                                                               \
    "full (default: logits of all tokens), inplace, fused (Liger, cut cross-entropy), chunked")    \
  P(COMPILE, "compile", NULL, flag, compile,                                                       \
    "torch.compile, or fused kernels of norms and feed-forward")                                   \
  P(LORA_RANK, "lora-rank", "R", count, lora_rank, "rank of the adapters (default 16)")            \
  P(LORA_TARGETS, "lora-targets", "q,v|all-linear|…", string, lora_targets,                        \
    "matrices with adapters: q k v o gate up down experts shared_expert (default all-linear)")     \
  P(PARALLEL, "parallel", "P", string, parallel,                                                   \
    "ddp, zero1, zero2, zero3, fsdp: what several GPUs share out")                                 \
  P(OFFLOAD, "offload", "optimizer,params,activations", list, offload, "what lies in main memory") \
  P(VPP, "vpp", "N", count, vpp, "parts of a stage that take turns (interleaved pipeline)")        \
  P(CP, "cp", "N", count, cp, "GPUs that share a sequence (ring or Ulysses)")                      \
  P(TILED_MLP, "tiled-mlp", NULL, flag, tiled_mlp, "the feed-forward in tiles of the sequence")    \
  P(FREEZE, "freeze", "towers,embeddings,…", list, freeze,                                         \
    "what full training leaves as it is: towers, embeddings, output, experts, language (all but "  \
    "the towers)")                                                                                 \
  P(TRAIN_LAYERS, "train-layers", "N", count, train_layers,                                        \
    "the last N layers alone are trained, or have adapters (default all)")                         \
  P(IMAGES, "images", "N", count, images,                                                          \
    "images of the largest size in a sequence, for a model with a tower")                          \
  P(OBJECTIVE, "objective", "O", string, objective,                                                \
    "sft (default), dpo, orpo, kto, grpo, ppo, distill, embedding, reward: what the loss is of")   \
  P(BASE_DTYPE, "base-dtype", "bf16|fp32", string, base_dtype,                                     \
    "of what adapters leave as it is and nothing quantizes (default bf16; TRL loads fp32)")        \
  P(REFERENCE, "reference", "resident|shared|none|apart", string, reference,                       \
    "where dpo, kto, grpo and ppo have their reference model (default: with adapters shared)")     \
  P(TEACHER, "teacher", "M|70B", string, teacher,                                                  \
    "distill: the model whose logits are learned, by name or parameters")                          \
  P(REWARD_MODEL, "reward-model", "M|7B|none", string, reward_model,                               \
    "grpo and ppo: the model that rates, in this memory (default of ppo: as large as what is "     \
    "trained)")                                                                                    \
  P(CRITIC, "critic", "M|7B|none", string, critic,                                                 \
    "ppo: the model of values, which is trained, too (default: as large as what is trained)")      \
  P(ROLLOUT, "rollout", "0.3|apart", string, rollout,                                              \
    "grpo, ppo: the share of this GPU that the engine takes which generates")                      \
  P(ROLLOUT_SLEEP, "rollout-sleep", NULL, flag, rollout_sleep,                                     \
    "that engine gives its weights and cache back while the model is trained")                     \
  P(NETWORK, "network", "25M", parameters, network_params,                                         \
    "in place of --model: a network of one's own with so many parameters, in fp32")                \
  P(TRAINED_PARAMS, "trained-params", "40M", parameters, trained_params,                           \
    "--network: adapters with so many parameters are trained, in fp32; the network is frozen")     \
  P(SAMPLE_MEMORY, "sample-memory", "SIZE", size, sample_bytes,                                    \
    "--network: activations that one sample of a step keeps, as measured")                         \
  P(BUFFER, "buffer", "SIZE", size, buffer_bytes,                                                  \
    "--network: replay buffer or data set in the GPU's memory")
/* vf_train_request.train_layers: all of them, whatever the program takes by itself. */
#define VF_TRAIN_ALL_LAYERS (UINT32_C(1) << 20)

/* What is to be trained, and how.  Words are those of the options of `vramfit train`; NULL is the
 * default that stands first. */
typedef struct vf_train_request {
  size_t struct_size;        /* of the caller's struct, as vf_train_request_init() sets it */
  const char *method;        /* full, lora, rslora, dora, qlora */
  const char *precision;     /* bf16, mixed, fp32, fp16, float8, mxfp8, nvfp4 */
  const char *optimizer;     /* adamw, adamw-fused, adamw-8bit, adamw-4bit, adamw-paged,
                                adamw-paged-8bit, sgd, momentum, adafactor, lion, lion-8bit, muon,
                                galore, galore-8bit, apollo, apollo-mini, soap, shampoo */
  const char *checkpointing; /* full, none, selective, offload */
  const char *attention;     /* flash, sdpa, flex, eager */
  const char *loss;          /* full, inplace, fused, chunked */
  const char *parallel;      /* none, ddp, zero1, zero2, zero3, fsdp */
  const char *objective;     /* sft, dpo, orpo, kto, grpo, ppo, distill, embedding, reward */
  const char *base_quant;    /* of a frozen base: nf4-dq, nf4, int8, gptq, nvfp4, mlx-4bit… */
  const char *lora_targets;  /* "q,v", "q,k,v,o", "all-linear", "experts"… */
  const char *offload;       /* "optimizer,params,activations", or some of them */
  uint64_t seq_tokens;       /* of one sequence; 0: 2,048 */
  uint32_t micro_batch;      /* sequences of a step on one GPU; 0: 1 */
  uint32_t grad_accum;       /* steps whose gradients are added; 0: 1 */
  uint32_t lora_rank;        /* 0: 16 */
  uint32_t tp, pp, cp, ep;   /* GPUs that share layers, stages, a context, experts; 0: 1 */
  uint32_t vpp;              /* parts of a stage that take turns; 0: 1 */
  bool compile;              /* torch.compile, or fused kernels for norms and MLP */
  bool tiled_mlp;            /* the feed-forward in tiles of the sequence */
  const char *engine;        /* the program that trains, "trl"; NULL: PyTorch by itself */
  uint32_t gpus; /* of the first device's kind, more than an array is worth; 0: as given */
  uint64_t network_params; /* a network of one's own, without a model; 0: none */
  uint64_t sample_bytes;   /* of it: activations that one sample keeps */
  uint64_t buffer_bytes;   /* of it: a replay buffer or a data set in the GPU's memory */
  uint32_t optimizer_rank; /* of galore and apollo; 0: the optimizer's own */
  uint32_t train_layers;   /* the last ones alone are trained, or have adapters; 0: as many as the
                              program takes by itself, VF_TRAIN_ALL_LAYERS: all */
  uint32_t images;         /* of the largest size, in a sequence */
  bool step_in_backward;   /* a parameter's step as soon as its gradient is there */
  bool rollout_sleep;      /* the engine that generates gives its memory back in between */
  const char *ema;         /* none, fp32, bf16, host */
  const char *freeze;      /* "towers,embeddings"… */
  const char *base_dtype;  /* bf16, fp32 */
  const char *reference;   /* resident, shared, none, apart */
  const char *teacher; /* parameters ("70B") of the model that is learned from; a name only where
                          teacher_params says them, too */
  const char *reward_model, *critic; /* the same, or "none" */
  const char *rollout;               /* "0.3", "apart" */
  bool main_grads;                   /* gradients and master weights as Megatron keeps them, also
                                        where nothing else says that it is Megatron */
  uint64_t trained_params; /* of a network of one's own: adapters beside it; 0: all of it is */
  uint64_t teacher_params, reward_params, critic_params; /* 0: as the words say */
  uint64_t host_memory_bytes; /* of main memory, for what is offloaded; 0: the device's, if known */
  bool no_upcast; /* a quantized base is no PEFT's, which makes what lies between in fp32 */
} vf_train_request;

/* Says one of them: "seq-len" (or "seq_len") is "8k".  text has to outlive the request where a word
 * is kept.  VF_UNKNOWN for a name that there is not, VF_USAGE for a number that is none. */
VF_API VF_MUST_USE vf_status vf_train_set(vf_train_request *request, const char *name,
                                          const char *text, vf_error *err);

/* Whether any of them was said. */
VF_API bool vf_train_is_said(const vf_train_request *request);

/* Takes over what was said of another; NULL of either does nothing. */
VF_API void vf_train_merge(vf_train_request *into, const vf_train_request *said);

/* Full fine-tuning of one sequence of 2,048 tokens in bf16 with checkpoints. */
static inline vf_train_request vf_train_request_init(void) {
  vf_train_request r;
  memset(&r, 0, sizeof r);
  r.struct_size = sizeof r;
  return r;
}

enum { VF_TRAIN_LINES = 8, VF_TRAIN_NOTES = 12, VF_TRAIN_FORMULA = 384 };

/* One part of a GPU's memory. */
typedef struct vf_train_line {
  const char *name; /* "weights", "gradients", "optimizer"…: stable */
  vf_interval size; /* on each GPU, at the higher of the two peaks */
  vf_basis basis;
  char formula[VF_TRAIN_FORMULA]; /* with its numbers: a sum of products, where it is one */
  const char *source;             /* where the rule is read, or what it was fitted on */
} vf_train_line;

/* What lies in a GPU's memory, in the order in which a picture stacks it. */
typedef enum vf_train_part {
  VF_TRAIN_WEIGHTS = 0,
  VF_TRAIN_STATES = 1,
  VF_TRAIN_GRADIENTS = 2,
  VF_TRAIN_BUFFERS = 3,
  VF_TRAIN_ACTIVATIONS = 4,
  VF_TRAIN_LOGITS = 5,
  VF_TRAIN_TEMPORARY = 6, /* what the optimizer's step computes with */
  VF_TRAIN_PART_COUNT = 7
} vf_train_part;

/* A moment of a step, between which memory rises and falls evenly: as it adds up, without any
 * spread. */
typedef struct vf_train_moment {
  const char *name; /* "forward ends": stable */
  uint64_t bytes[VF_TRAIN_PART_COUNT];
} vf_train_moment;

enum { VF_TRAIN_MOMENTS = 7 };

/* What each of the GPUs takes: they are alike, or the fullest of them. */
typedef struct vf_train {
  char model[128];
  uint32_t gpus, replicas;           /* GPUs in all; ranks that see other data */
  uint64_t params, trainable_params; /* of the whole model */
  vf_train_line lines[VF_TRAIN_LINES];
  size_t n_lines;
  vf_interval allocated;   /* most that the framework's tensors take */
  vf_interval reserved;    /* most that its allocator holds */
  uint64_t backward_bytes; /* the two peaks as they add up: at the end of the forward pass… */
  uint64_t step_bytes;     /* …and in the optimizer's step */
  uint64_t host_bytes;     /* offloaded to main memory, for all GPUs of one machine */
  vf_device_budget budget; /* of one GPU: the need is what the device holds */
  const char *notes[VF_TRAIN_NOTES]; /* what was taken for granted */
  size_t n_notes;
  vf_interval bare; /* the sum itself, with what programs may lack or add, before any spread */
  vf_interval held; /* the same with what the allocator keeps of freed tensors */
  vf_train_moment moments[VF_TRAIN_MOMENTS]; /* of one step, and of loading before the first */
  size_t n_moments;
  /* What Megatron's own report says of this run ("Theoretical memory footprints"), by its formulas
   * and for the fullest shard: of weights, gradients and states; of activations.  0: it is none. */
  uint64_t theory_states_bytes, theory_activations_bytes;
  uint64_t host_memory_bytes; /* that there is for what is offloaded; 0: not known, or the GPU's own
                                 memory, where it is one with main memory and needs it as well */
} vf_train;

/* Works it out.  The model's published form counts; devices are equal GPUs (or the first is one
 * of request->gpus), of which there have to be tp × pp × cp or a multiple.  VF_UNKNOWN for a word
 * that there is not, VF_USAGE for numbers that do not go together, VF_LIMIT beyond what can be
 * counted. */
VF_API VF_MUST_USE vf_status vf_train_run(vf_train *out, const vf_model *model,
                                          const vf_train_request *request, const vf_device *devices,
                                          size_t device_count, vf_error *err);

/* The same for a network of one's own (request->network_params): bytes of its parameters as its
 * optimizer has them, of a step's activations as they were measured, and its buffer.  VF_USAGE
 * where that makes no sense of the request: it has no layers to share out or adapt. */
VF_API VF_MUST_USE vf_status vf_train_network(vf_train *out, const vf_train_request *request,
                                              const vf_device *devices, size_t device_count,
                                              vf_error *err);

#ifdef __cplusplus
}
#endif
#endif
