/* training_parts.c - what the parts of a training run take on the fullest GPU.
 *
 * Who holds what, of the parameters P of a model in layers (without experts E), embeddings V, on
 * tp × pp × dp GPUs, of which ep share experts:
 *
 *                 weights       gradients     states        gathered
 *   alone, DDP    P             P             P             DDP: a copy of the gradients
 *   ZeRO-1        P             P             P / dp        buckets of 5e8 elements
 *   ZeRO-2        P             P / dp        P / dp        the same
 *   ZeRO-3, FSDP  P / dp        P / dp        P / dp        both embeddings, two layers
 *   Megatron      (P/pp + V)/tp + E/(pp ep); states of the layers / dp, of experts / (gpus/(pp ep))
 *
 * Experts are data-parallel among few GPUs, often one: their states are not shared out where dp
 * alone would say so.  A pipeline's first stage has an embedding and as many micro batches as there
 * are stages, its last has the logits and one: the fuller counts.
 *
 * Sources: deepspeed/runtime/zero/stage_1_and_2.py and stage3.py (fp32 gradients of a partition in
 * the step, in stage 3 of a sub-group of 1e9), runtime/zero/config.py (bucket sizes);
 * megatron/training/theoretical_memory_usage.py (18 bytes a parameter, the most loaded shard),
 * megatron/core/parallel_state.py (expert data parallel = world / (etp ep pp)); torch FSDP (root
 * unit, prefetch, LoRA's outputs kept for hooks); torch/optim/adamw.py (foreach needs one more
 * tensor of the parameters' size); bitsandbytes functional.py (64 values of NF4 to a scale, 256
 * scales, 256 values of an 8-bit moment); peft/utils/other.py (prepare_model_for_kbit_training). */
#include "core/training_parts.h"

#include "base/checked.h"

typedef struct share {
  const vf_model *m;
  const vf_train_model *s;
  const vf_run *r;
  vf_train_parts *p;
} share;

static uint64_t times(const share *x, uint64_t a, uint64_t b) {
  return vf_train_times(&x->p->overflow, a, b);
}

static uint64_t part(const share *x, uint64_t a, uint64_t permille) {
  return vf_train_part(&x->p->overflow, a, permille);
}

static uint64_t divide(uint64_t n, uint64_t by) {
  return n / by + (n % by != 0);
}

/* ---- Bytes a parameter ------------------------------------------------------------------- */

static bool is_zero(const vf_run *r) {
  return vf_run_is_zero(r) && !vf_run_is_megatron(r);
}

/* Of moments as wide as `width` bytes. */
static uint64_t moments(const vf_run *r, uint64_t width) {
  switch ((vf_optimizer)r->optimizer) {
  case VF_ADAMW_8BIT:
  case VF_ADAMW_PAGED_8BIT: return 2031; /* two of 1 + 4 / 256 */
  case VF_ADAMW_4BIT: return 1063;       /* two of 1/2 + 4 / 128 */
  case VF_SGD: return 0;
  case VF_ADAFACTOR: return 10; /* a row and a column for each matrix */
  case VF_MOMENTUM:
  case VF_LION:
  case VF_MUON: return width * 1000;
  default: return 2 * width * 1000;
  }
}

vf_train_recipe vf_train_recipe_of(const vf_run *r) {
  bool low = r->precision == VF_BF16 || r->precision == VF_FP16, zero = is_zero(r);
  uint64_t wide = moments(r, 4), fp32_gradients = zero ? 4000 : 0;
  if (r->method != VF_FULL) return (vf_train_recipe){4000, 4000, wide, fp32_gradients};
  if (low)
    return (vf_train_recipe){2000, 2000, moments(r, 2),
                             r->optimizer == VF_ADAMW && !zero ? 2000 : 0};
  if (vf_run_is_megatron(r)) return (vf_train_recipe){2000, 4000, 4000 + wide, 0};
  if (zero && r->precision == VF_FP32) return (vf_train_recipe){4000, 4000, wide, 0};
  if (zero) return (vf_train_recipe){2000, 2000, 4000 + wide, fp32_gradients};
  return (vf_train_recipe){4000, 4000, wide, r->optimizer == VF_ADAMW ? 4000 : 0};
}

/* Of a frozen base's matrices; embeddings, output and norms stay as they are. */
static uint64_t base_permille(const vf_run *r) {
  static const uint64_t of[] = {[VF_BASE_NF4_DQ] = 516,
                                [VF_BASE_NF4] = 563,
                                [VF_BASE_INT8] = 1000,
                                [VF_BASE_GPTQ] = 531,
                                [VF_BASE_NVFP4] = 563};
  if (r->method != VF_QLORA) return r->precision == VF_FP32 ? 4000 : 2000;
  return of[r->base];
}

/* Slopes of published peaks: transformers' loss makes an fp32 copy and its gradient; Megatron's
 * works in place on its fp32 copy. */
uint64_t vf_train_logits_hundredths(const vf_run *r) {
  switch ((vf_loss)r->loss) {
  case VF_LOSS_INPLACE: return 810;
  case VF_LOSS_FUSED:
  case VF_LOSS_CHUNKED: return 40;
  case VF_LOSS_FULL: break;
  }
  if (r->precision == VF_FP32) return 2000;
  if (r->precision == VF_FP16) return 600;
  if (vf_run_is_megatron(r)) return 800;
  if (!r->compile) return 1470;
  return r->checkpoints == VF_CKPT_SELECTIVE ? 1100 : 1400; /* between 8, compiled, and 14 */
}

bool vf_train_keeps_gradients(const vf_run *r) {
  return r->accum > 1 || is_zero(r) || vf_run_is_megatron(r);
}

/* ---- Who holds what ---------------------------------------------------------------------- */

static bool shards_weights(const vf_run *r) {
  return r->parallel == VF_FSDP || r->parallel == VF_ZERO3;
}

/* Ranks among which shards are cut: those of the data and of the context; experts have fewer. */
static uint64_t shards(const vf_run *r) {
  return (uint64_t)r->replicas * r->cp;
}

static uint64_t expert_shards(const vf_run *r) {
  return r->ep > 1 ? vf_max_u64(r->gpus / (r->pp * r->ep), 1) : shards(r);
}

/* Of layers, on the stage that has most of them. */
static uint64_t of_stage(const share *x, uint64_t n) {
  uint64_t layers = x->s->layers;
  if (x->r->pp == 1 || layers == 0) return n;
  return times(x, divide(n, layers), divide(layers, x->r->pp));
}

static uint64_t end_parameters(const share *x) {
  const vf_train_model *s = x->s;
  return x->r->pp == 1 ? s->embedding + s->output : vf_max_u64(s->embedding, s->output);
}

static void count_own(const share *x) {
  const vf_run *r = x->r;
  uint64_t expert_ways = r->ep > 1 ? r->ep : r->tp;
  x->p->own_experts = divide(of_stage(x, x->s->experts), expert_ways);
  x->p->own = divide(of_stage(x, x->s->rest) + end_parameters(x), r->tp) + x->p->own_experts;
}

/* Bytes of this GPU's parameters, sharded or not. */
static uint64_t held(const share *x, uint64_t permille, bool sharded) {
  uint64_t e = x->p->own_experts, d = x->p->own - e;
  return divide(part(x, d, permille), sharded ? shards(x->r) : 1) +
         divide(part(x, e, permille), sharded ? expert_shards(x->r) : 1);
}

/* ZeRO-3 works on sub-groups of 1e9 parameters. */
static uint64_t step_temporary(const share *x, uint64_t permille) {
  enum { SUB_GROUP = 1000000000 };
  bool zero = is_zero(x->r);
  uint64_t all = held(x, permille, zero || shards_weights(x->r));
  uint64_t group = part(x, SUB_GROUP, permille);
  return zero && x->r->parallel == VF_ZERO3 && all > group ? group : all;
}

static void take_full(const share *x) {
  const vf_run *r = x->r;
  vf_train_parts *p = x->p;
  vf_train_recipe c = vf_train_recipe_of(r);
  bool states = r->parallel >= VF_ZERO1;
  p->weights = held(x, c.weight, shards_weights(r));
  p->gradients = held(x, c.gradient, r->parallel >= VF_ZERO2);
  p->optimizer = held(x, c.states, states);
  p->temporary = step_temporary(x, c.temporary);
  if (r->optimizer == VF_MUON) { /* one moment for matrices of the layers; two for the others */
    uint64_t others = divide(end_parameters(x) + of_stage(x, x->s->vectors), r->tp);
    p->optimizer += divide(part(x, others, moments(r, 4)), states ? shards(r) : 1);
  }
  if (r->objective == VF_DPO) p->weights += held(x, c.weight, shards_weights(r)); /* reference */
  if (vf_run_is_megatron(r) && c.gradient == 4000)
    p->less = p->step_less = p->gradients / 2; /* grad_reduce_in_fp32 off: 2 bytes */
}

static void take_adapters(const share *x) {
  const vf_run *r = x->r;
  vf_train_parts *p = x->p;
  vf_train_recipe c = vf_train_recipe_of(r);
  uint64_t k = shards_weights(r) ? shards(r) : 1, ke = shards_weights(r) ? expert_shards(r) : 1;
  uint64_t plain = r->precision == VF_FP32 ? 4000 : 2000;
  uint64_t kept = divide(of_stage(x, x->s->vectors) + end_parameters(x), r->tp);
  uint64_t matrices = p->own - p->own_experts > kept ? p->own - p->own_experts - kept : 0;
  uint64_t experts = part(x, p->own_experts, base_permille(r));
  uint64_t on_experts = divide(of_stage(x, x->s->expert_adapters), r->ep > 1 ? r->ep : r->tp);
  uint64_t adapters = divide(of_stage(x, x->s->adapters), r->tp) + on_experts;
  p->weights = divide(part(x, matrices, base_permille(r)) + part(x, kept, plain), k) +
               divide(experts, ke) + divide(part(x, adapters, c.weight), k);
  p->gradients = divide(part(x, adapters, c.gradient), k);
  p->optimizer = divide(part(x, adapters, c.states), k);
  p->temporary = divide(part(x, adapters, c.temporary), k);
}

/* ---- Activations ------------------------------------------------------------------------- */

/* PEFT's preparation of a quantized base makes norms, embeddings and the stream between layers
 * fp32; Unsloth, LLaMA-Factory and others leave them in 16 bits. */
static bool may_upcast(const vf_run *r) {
  return r->method == VF_QLORA && r->base != VF_BASE_GPTQ && r->precision != VF_FP32;
}

/* Bytes a token on one GPU: of all layers, of one that is computed again, of checkpoints, of
 * logits. */
typedef struct token_bytes {
  uint64_t all, work, kept, logits;
} token_bytes;

/* Of a layer shared by tensors each GPU has its tokens' part of the sequence, and for a product all
 * of it: the gathered input, its gradient, and a result before it is summed, 2 bytes each. */
static token_bytes token_of(const share *x) {
  const vf_run *r = x->r;
  uint64_t stream = x->m->n_embd * (r->precision == VF_FP32 ? 4 : 2);
  return (token_bytes){.all = divide(x->s->saved_bytes, r->tp),
                       .work = divide(x->s->work_bytes, r->tp) + (r->tp > 1 ? 6 * x->m->n_embd : 0),
                       .kept = divide(stream * x->s->layers, r->tp),
                       .logits =
                           divide(x->m->n_vocab * vf_train_logits_hundredths(r) / 100, r->tp)};
}

/* What selective checkpointing saves: Megatron's computes attention's scores again, which flash
 * attention never keeps; torch's every second product, 42 % of what it would keep. */
static uint64_t selected(const vf_run *r, uint64_t all) {
  return vf_run_is_megatron(r) ? all : all / 100 * 42;
}

/* A stage's layers and its micro batches: of the first stage as many as there are stages. */
static uint64_t in_flight(const vf_run *r, uint64_t bytes) {
  uint64_t batches = r->accum > 1 && r->accum < r->pp ? r->accum : r->pp;
  return bytes / r->pp * batches;
}

static uint64_t saved_at_loss(const vf_run *r, const token_bytes *t, bool last_stage) {
  uint64_t kept = last_stage ? t->kept / r->pp : in_flight(r, t->kept);
  uint64_t all = last_stage ? t->all / r->pp : in_flight(r, t->all);
  uint64_t logits = last_stage ? t->logits : 0;
  bool outputs = r->parallel == VF_FSDP && r->method != VF_FULL; /* kept for the units' hooks */
  switch ((vf_checkpoints)r->checkpoints) {
  case VF_CKPT_NONE: return all + logits;
  case VF_CKPT_SELECTIVE: return selected(r, all) + vf_max_u64(t->work, logits);
  case VF_CKPT_FULL:
    return outputs ? vf_max_u64(kept + logits, 2 * kept + t->work)
                   : kept + vf_max_u64(t->work, logits);
  case VF_CKPT_OFFLOAD: break;
  }
  return vf_max_u64(t->work, logits);
}

/* What programs differ in and the options do not say. */
static void take_differences(const share *x, const token_bytes *t, uint64_t tokens) {
  const vf_run *r = x->r;
  vf_train_parts *p = x->p;
  bool ours = r->checkpoints == VF_CKPT_SELECTIVE && !vf_run_is_megatron(r);
  if (ours) { /* versions of torchtitan differ by half, and in whether the loss is compiled */
    uint64_t both = times(x, tokens, t->all / 5 + (r->compile ? t->logits * 3 / 11 : 0));
    p->less += both;
    p->more += both;
  }
  if (r->checkpoints == VF_CKPT_NONE)
    p->more += times(x, tokens, divide(x->s->unfused_bytes + x->s->dropout_bytes, r->tp));
  if (!may_upcast(r)) return;
  uint64_t widened = x->s->embedding + x->s->output + x->s->vectors;
  p->more += 2 * divide(widened, shards_weights(r) ? shards(r) : 1);
  if (r->checkpoints == VF_CKPT_FULL) p->more += times(x, tokens, t->kept);
}

static void take_activations(const share *x) {
  const vf_run *r = x->r;
  vf_train_parts *p = x->p;
  uint64_t answers = r->objective == VF_DPO ? 2 : 1;
  uint64_t tokens = divide(times(x, times(x, r->seq, r->batch), answers), r->cp);
  token_bytes t = token_of(x);
  uint64_t first = saved_at_loss(r, &t, r->pp == 1), last = saved_at_loss(r, &t, true);
  uint64_t token = vf_max_u64(first, last);
  bool counts = token == last && (r->checkpoints == VF_CKPT_NONE || t.logits >= t.work);
  uint64_t logits = counts && t.logits <= token ? t.logits : 0;
  p->logits = times(x, tokens, logits);
  p->activations = times(x, tokens, token - logits);
  p->checkpoints = r->checkpoints == VF_CKPT_FULL ? times(x, tokens, t.kept) : 0;
  take_differences(x, &t, tokens);
  if (r->checkpoints == VF_CKPT_OFFLOAD || (r->offload & VF_OFFLOAD_ACTIVATIONS) != 0)
    p->host += times(x, times(x, tokens, t.kept), r->gpus);
}

/* ---- Buffers ----------------------------------------------------------------------------- */

/* Gathered units of FSDP and ZeRO-3, 2 bytes a parameter: the root with both embeddings, a layer
 * and the next; the layer's gradient where it is trained.  Experts in one tensor have a gradient of
 * the whole tensor's size for each slice of it (torch's select), and reduce it in fp32.  A
 * pipeline's stage stays gathered over its micro batches, and adds its gradients up in fp32 before
 * they are reduced (torchtitan: reshard_after_forward is off with pipelines; FSDP2's accumulated
 * gradients). */
static uint64_t gathered(const share *x) {
  const vf_run *r = x->r;
  const vf_train_model *s = x->s;
  if (r->pp > 1 && r->method == VF_FULL) return times(x, x->p->own, 2 + 4);
  uint64_t root = 2 * (s->embedding + s->output), n = s->layers != 0 ? s->layers : 1;
  uint64_t experts = s->experts / r->ep / n, rest = s->rest / n;
  if (r->method != VF_FULL)
    return divide(root + 2 * part(x, rest + experts, base_permille(r)), r->tp);
  return divide(root + 6 * rest + 12 * experts, r->tp);
}

static void take_buffers(const share *x) {
  enum { BUCKET_BYTES = 1000000000 }; /* 5e8 elements of 2 bytes */
  const vf_run *r = x->r;
  vf_train_parts *p = x->p;
  bool from_host = (r->offload & VF_OFFLOAD_PARAMS) != 0;
  if (shards_weights(r) && (shards(r) > 1 || from_host))
    p->buffers = gathered(x);
  else if (is_zero(r)) /* reduced and gathered; they are made once */
    p->buffers = 2ull * BUCKET_BYTES, p->buffers_stay = true;
  else if (r->parallel == VF_DDP && r->gpus > 1)
    p->buffers = p->gradients;
  bool fuses = r->loss == VF_LOSS_FUSED || r->loss == VF_LOSS_CHUNKED;
  if (fuses && r->method == VF_FULL && !vf_train_keeps_gradients(r)) /* made with the loss */
    p->buffers += divide(2 * (x->s->output != 0 ? x->s->output : x->s->embedding), r->tp);
}

static void move_to_host(const share *x) {
  const vf_run *r = x->r;
  vf_train_parts *p = x->p;
  bool params = (r->offload & VF_OFFLOAD_PARAMS) != 0;
  if (params || (r->offload & VF_OFFLOAD_OPTIMIZER) != 0) {
    p->host += times(x, p->optimizer, r->gpus);
    p->optimizer = p->temporary = 0;
  }
  if (params) { /* gradients go where their parameters are */
    p->host += times(x, p->weights + p->gradients, r->gpus);
    p->weights = p->gradients = p->step_less = 0;
  }
  if (r->optimizer == VF_ADAMW_PAGED || r->optimizer == VF_ADAMW_PAGED_8BIT)
    p->paged = p->optimizer;
}

/* The allocator keeps what is freed for a stream's next request of that size.  FSDP makes gradients
 * in a stream of its own, whose memory no activation can use, and so the device holds both peaks; a
 * loss that works in place leaves a second set of logits behind.  Outputs of FSDP's units that stay
 * for adapters' hooks lie between what is freed, so that nothing there can be given back. */
static void take_cached(const share *x) {
  const vf_run *r = x->r;
  vf_train_parts *p = x->p;
  bool fsdp = r->parallel == VF_FSDP;
  if (r->loss == VF_LOSS_INPLACE && !r->loss_taken) p->cached += p->logits;
  if (fsdp && r->method == VF_FULL)
    p->cached += p->temporary + (vf_train_keeps_gradients(r) ? 0 : p->gradients);
  if (fsdp && r->method != VF_FULL) p->fragments += p->checkpoints;
}

vf_train_parts vf_train_parts_of(const vf_model *m, const vf_train_model *s, const vf_run *r) {
  vf_train_parts p = {.overflow = s->overflow};
  const share x = {m, s, r, &p};
  p.shards = shards(r);
  p.expert_shards = expert_shards(r);
  count_own(&x);
  if (r->method == VF_FULL)
    take_full(&x);
  else
    take_adapters(&x);
  take_activations(&x);
  take_buffers(&x);
  move_to_host(&x);
  take_cached(&x);
  return p;
}
