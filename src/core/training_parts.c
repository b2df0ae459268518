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
#include "core/training_share.h"

static uint64_t times(const vf_train_share *x, uint64_t a, uint64_t b) {
  return vf_train_times(&x->p->overflow, a, b);
}

static uint64_t part(const vf_train_share *x, uint64_t a, uint64_t permille) {
  return vf_train_permille(&x->p->overflow, a, permille);
}

/* ---- Bytes a parameter ------------------------------------------------------------------- */

bool vf_run_is_deepspeed(const vf_run *r) {
  return vf_run_is_zero(r) && !vf_run_is_megatron(r);
}

vf_train_recipe vf_train_recipe_of(const vf_run *r) {
  bool low = r->precision == VF_BF16 || r->precision == VF_FP16, zero = vf_run_is_deepspeed(r);
  bool copies = vf_optimizers[r->optimizer].copies;
  uint64_t fp32_gradients = zero ? 4000 : 0;
  if (r->method != VF_FULL) return (vf_train_recipe){4000, 4000, 0, fp32_gradients};
  if (low) return (vf_train_recipe){2000, 2000, 0, copies && !zero ? 2000 : 0};
  if (vf_run_is_megatron(r) && r->precision == VF_FP32) return (vf_train_recipe){4000, 4000, 0, 0};
  if (vf_run_is_megatron(r)) return (vf_train_recipe){2000, 4000, 4000, 0};
  if (zero && r->precision == VF_FP32) return (vf_train_recipe){4000, 4000, 0, 0};
  if (zero) return (vf_train_recipe){2000, 2000, 4000, fp32_gradients};
  return (vf_train_recipe){4000, 4000, 0, copies ? 4000 : 0};
}

/* Of what is frozen and not quantized. */
uint64_t vf_run_plain_permille(const vf_run *r) {
  return r->precision == VF_FP32 || r->base_fp32 ? 4000 : 2000;
}

/* Of a frozen base's matrices; embeddings, output and norms stay as they are. */
uint64_t vf_run_base_permille(const vf_run *r) {
  static const uint64_t of[] = {
      [VF_BASE_NF4_DQ] = 516, [VF_BASE_NF4] = 563,   [VF_BASE_INT8] = 1000, [VF_BASE_GPTQ] = 531,
      [VF_BASE_NVFP4] = 563,  [VF_BASE_MLX_4] = 563, /* scale and bias of 64 values */
      [VF_BASE_MLX_6] = 813,  [VF_BASE_MLX_8] = 1063};
  if (r->method != VF_QLORA) return vf_run_plain_permille(r);
  return of[r->base];
}

/* Slopes of published peaks: transformers' loss makes an fp32 copy and its gradient; Megatron's
 * works in place on its fp32 copy.  In place on 16 bits the slope is 8.1 at 128,256 logits and 10
 * at 32,000, with what lies beside them (training_forward.c). */
uint64_t vf_train_logits_hundredths(const vf_run *r) {
  switch ((vf_loss)r->loss) {
  case VF_LOSS_INPLACE: return 784;
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
  return r->accum > 1 || vf_run_is_deepspeed(r) || vf_run_is_megatron(r) || r->step_in_backward;
}

/* ---- Who holds what ---------------------------------------------------------------------- */

bool vf_run_shards_weights(const vf_run *r) {
  return r->parallel == VF_FSDP || r->parallel == VF_ZERO3;
}

/* Ranks among which shards are cut: those of the data and of the context; experts have fewer. */
uint64_t vf_run_shards(const vf_run *r) {
  return (uint64_t)r->replicas * r->cp;
}

static uint64_t expert_shards(const vf_run *r) {
  return r->ep > 1 ? vf_max_u64(r->gpus / (r->pp * r->ep), 1) : vf_run_shards(r);
}

/* Of layers, on the stage that has most of them. */
static uint64_t of_stage(const vf_train_share *x, uint64_t n) {
  uint64_t layers = x->s->layers;
  if (x->r->pp == 1 || layers == 0) return n;
  return times(x, vf_train_divide(n, layers), vf_train_divide(layers, x->r->pp));
}

static uint64_t expert_ways(const vf_run *r) {
  return r->ep > 1 ? r->ep : r->tp;
}

/* What one GPU has, of parameters that are there or of those that are trained. */
typedef struct owned {
  uint64_t layers, experts, embeddings, outputs, towers;
} owned;

static owned own_of(const vf_train_share *x, bool trained) {
  const vf_train_model *s = x->s;
  bool first = s->embedding + s->towers.all >= s->output || x->r->pp == 1,
       last = !first || x->r->pp == 1;
#define COUNT(group) (trained ? s->group.trained : s->group.all)
  return (owned){.layers = vf_train_divide(of_stage(x, COUNT(blocks)), x->r->tp),
                 .experts = vf_train_divide(of_stage(x, COUNT(expert_group)), expert_ways(x->r)),
                 .embeddings = first ? vf_train_divide(COUNT(embeddings), x->r->tp) : 0,
                 .outputs = last ? vf_train_divide(COUNT(outputs), x->r->tp) : 0,
                 .towers = first ? COUNT(towers) : 0};
#undef COUNT
}

static void count_own(const vf_train_share *x) {
  owned o = own_of(x, false);
  x->p->own_experts = o.experts;
  x->p->own = o.layers + o.embeddings + o.outputs + o.towers + o.experts;
}

static const char here[] = "parameters", of_experts[] = "of experts";

/* Among how many weights are shared out. */
static uint64_t held_by(const vf_run *r) {
  return vf_run_shards_weights(r) ? vf_run_shards(r) : 1;
}

/* Bytes of this GPU's parameters, sharded or not. */
static uint64_t hold(const vf_train_share *x, vf_train_list_id id, const owned *o, const char *what,
                     uint64_t permille, bool sharded) {
  uint64_t by = sharded ? vf_run_shards(x->r) : 1, experts_by = sharded ? expert_shards(x->r) : 1;
  uint64_t others = o->layers + o->embeddings + o->outputs + o->towers;
  bool apart = by != experts_by && o->experts != 0;
  uint64_t bytes =
      vf_train_add(x, id, VF_FACTORS({apart ? others : others + o->experts, what}), permille, by);
  if (apart)
    bytes += vf_train_add(x, id, VF_FACTORS({o->experts, of_experts}), permille, experts_by);
  return bytes;
}

/* Moments: of layers, of experts, of what lies at the ends, as the optimizer has them. */
static void hold_states(const vf_train_share *x, const owned *o, uint64_t master, bool sharded) {
  const vf_train_model *s = x->s;
  uint64_t by = sharded ? vf_run_shards(x->r) : 1, experts_by = sharded ? expert_shards(x->r) : 1;
  const struct {
    uint64_t n, states, by;
    const char *what;
  } kinds[] = {{o->layers, s->blocks.states, by, "of layers"},
               {o->embeddings, s->embeddings.states, by, "of embeddings"},
               {o->outputs, s->outputs.states, by, "of the output"},
               {o->towers, s->towers.states, by, "of towers"},
               {o->experts, s->expert_group.states, experts_by, of_experts}};
  bool done[5] = {false};
  for (size_t i = 0; i < 5; i++) { /* those alike as one product */
    uint64_t n = kinds[i].n;
    bool several = false;
    if (done[i] || n == 0) continue;
    for (size_t k = i + 1; k < 5; k++) {
      if (kinds[k].n == 0 || kinds[k].states != kinds[i].states || kinds[k].by != kinds[i].by)
        continue;
      n += kinds[k].n;
      done[k] = several = true;
    }
    vf_train_add(x, VF_LIST_STATES, VF_FACTORS({n, several ? here : kinds[i].what}),
                 kinds[i].states + master, kinds[i].by);
  }
}

/* ZeRO-3 works on sub-groups of 1e9 parameters. */
static void hold_temporary(const vf_train_share *x, const owned *o, uint64_t permille) {
  enum { SUB_GROUP = 1000000000 };
  const vf_run *r = x->r;
  bool zero = vf_run_is_deepspeed(r);
  uint64_t all = hold(x, VF_LIST_TEMPORARY, o, here, permille, zero || vf_run_shards_weights(r));
  if (!(zero && r->parallel == VF_ZERO3) || all <= part(x, SUB_GROUP, permille)) return;
  x->p->lists[VF_LIST_TEMPORARY] = (vf_train_list){.n = 0};
  vf_train_add(x, VF_LIST_TEMPORARY, VF_FACTORS({SUB_GROUP, "of a sub-group"}), permille, 1);
}

/* A running mean of what is trained, in a copy of the module (torch/optim/swa_utils.py:
 * AveragedModel; diffusers training_utils.py: EMAModel holds fp32 shadows). */
static void hold_mean(const vf_train_share *x, const owned *o) {
  const vf_run *r = x->r;
  uint64_t permille = r->ema == VF_EMA_BF16 ? 2000 : 4000;
  uint64_t all = o->layers + o->experts + o->embeddings + o->outputs + o->towers;
  if (r->ema == VF_EMA_HOST)
    x->p->host += times(x, vf_train_divide(part(x, all, permille), held_by(r)), r->gpus);
  else if (r->ema != VF_EMA_NONE)
    hold(x, VF_LIST_STATES, o, "of their running mean", permille, vf_run_shards_weights(r));
}

/* DeepSpeed flattens the gradients that it makes fp32, and for a moment has both: its estimators
 * leave that out (stage3.py: _prepare_fp32_grad_for_sub_group, stage_1_and_2.py: step). */
static void flatten_gradients(const vf_train_share *x, const vf_train_recipe *c) {
  uint64_t fp32 = x->p->lists[VF_LIST_TEMPORARY].bytes;
  if (vf_run_is_deepspeed(x->r) && c->temporary > c->gradient)
    x->p->step_more = fp32 / c->temporary * c->gradient;
}

static void hold_full(const vf_train_share *x) {
  const vf_run *r = x->r;
  vf_train_recipe c = vf_train_recipe_of(r);
  owned o = own_of(x, false), trained = own_of(x, true);
  bool states = r->parallel >= VF_ZERO1;
  hold(x, VF_LIST_WEIGHTS, &o, here, c.weight, vf_run_shards_weights(r));
  if (r->reference == VF_REFERENCE_RESIDENT)
    hold(x, VF_LIST_WEIGHTS, &o, "of the reference", c.weight, vf_run_shards_weights(r));
  if (r->step_in_backward) {
    vf_train_add(x, VF_LIST_GRADIENTS, VF_FACTORS({x->s->largest, "of the largest tensor"}),
                 c.gradient, 1);
    vf_train_add(x, VF_LIST_TEMPORARY, VF_FACTORS({x->s->largest, "of the largest tensor"}),
                 c.temporary, 1);
  } else {
    hold(x, VF_LIST_GRADIENTS, &trained, here, c.gradient, r->parallel >= VF_ZERO2);
    hold_temporary(x, &trained, c.temporary);
    flatten_gradients(x, &c);
  }
  hold_states(x, &trained, c.master, states);
  hold_mean(x, &trained);
  if (vf_run_is_megatron(r) && c.master != 0) /* grad_reduce_in_fp32 off: 2 bytes */
    x->p->less = x->p->step_less = x->p->lists[VF_LIST_GRADIENTS].bytes / 2;
}

static void hold_base(const vf_train_share *x, const owned *o, uint64_t k, uint64_t ke) {
  const vf_run *r = x->r;
  uint64_t vectors = vf_min_u64(vf_train_divide(of_stage(x, x->s->vectors), r->tp), o->layers);
  uint64_t kept = vectors + o->embeddings + o->outputs;
  bool alike = vf_run_base_permille(r) == vf_run_plain_permille(r) && k == ke;
  uint64_t matrices = o->layers - vectors + o->towers + (alike ? kept + o->experts : 0);
  vf_train_add(x, VF_LIST_WEIGHTS, VF_FACTORS({matrices, alike ? here : "of matrices"}),
               vf_run_base_permille(r), k);
  if (alike) return;
  vf_train_add(x, VF_LIST_WEIGHTS, VF_FACTORS({kept, "of embeddings, output and norms"}),
               vf_run_plain_permille(r), k);
  vf_train_add(x, VF_LIST_WEIGHTS, VF_FACTORS({o->experts, of_experts}), vf_run_base_permille(r),
               ke);
}

static void hold_adapters(const vf_train_share *x) {
  const vf_run *r = x->r;
  vf_train_recipe c = vf_train_recipe_of(r);
  uint64_t k = vf_run_shards_weights(r) ? vf_run_shards(r) : 1,
           ke = vf_run_shards_weights(r) ? expert_shards(r) : 1;
  owned o = own_of(x, false);
  uint64_t on_experts = vf_train_divide(of_stage(x, x->s->expert_adapters), expert_ways(r));
  uint64_t adapters = vf_train_divide(of_stage(x, x->s->adapters), r->tp) + on_experts;
  const vf_train_factor *of_adapters = VF_FACTORS({adapters, "of adapters"});
  const vf_train_optimizer *opt = &vf_optimizers[r->optimizer];
  uint64_t states = opt->states == VF_STATES_FACTORS ? 10
                    : opt->permille != 0             ? opt->permille
                                                     : 4000ull * opt->moments;
  hold_base(x, &o, k, ke);
  if (r->reference == VF_REFERENCE_RESIDENT) hold_base(x, &o, k, ke);
  vf_train_add(x, VF_LIST_WEIGHTS, of_adapters, c.weight, k);
  vf_train_add(x, VF_LIST_GRADIENTS, of_adapters, c.gradient, k);
  vf_train_add(x, VF_LIST_STATES, of_adapters, states, k);
  vf_train_add(x, VF_LIST_TEMPORARY, of_adapters, c.temporary, k);
  const owned mean = {.layers = adapters};
  hold_mean(x, &mean);
}

/* Teacher and reward model are frozen, in 16 bits; a critic is trained as a whole model is.  ZeRO-3
 * and FSDP shard them as well (TRL: prepare_deepspeed, prepare_fsdp). */
static void hold_others(const vf_train_share *x) {
  const vf_run *r = x->r;
  uint64_t ways = (uint64_t)r->tp * r->pp,
           all = times(x, ways, vf_run_shards_weights(r) ? vf_run_shards(r) : 1);
  uint64_t states_by = times(x, ways, r->parallel >= VF_ZERO1 ? vf_run_shards(r) : 1);
  uint64_t gradients_by = times(x, ways, r->parallel >= VF_ZERO2 ? vf_run_shards(r) : 1);
  vf_run whole = *r;
  whole.method = VF_FULL;
  vf_train_recipe c = vf_train_recipe_of(&whole);
  uint64_t plain = r->precision == VF_FP32 ? 4000 : 2000;
  vf_train_add(x, VF_LIST_WEIGHTS, VF_FACTORS({r->teacher, "of the teacher"}), plain, all);
  vf_train_add(x, VF_LIST_WEIGHTS, VF_FACTORS({r->reward, "of the reward model"}), plain, all);
  const vf_train_factor *critic = VF_FACTORS({r->critic, "of the critic"});
  vf_train_add(x, VF_LIST_WEIGHTS, critic, c.weight, all);
  vf_train_add(x, VF_LIST_GRADIENTS, critic, c.gradient, gradients_by);
  vf_train_add(x, VF_LIST_STATES, critic, c.master + 1000 * 2 * vf_run_moment_width(&whole),
               states_by);
  vf_train_add(x, VF_LIST_TEMPORARY, critic, c.temporary, all);
}

static void clear(const vf_train_share *x, vf_train_list_id id) {
  x->p->lists[id] = (vf_train_list){.n = 0};
}

static void move_to_host(const vf_train_share *x) {
  const vf_run *r = x->r;
  vf_train_parts *p = x->p;
  vf_train_list *l = p->lists;
  bool params = (r->offload & VF_OFFLOAD_PARAMS) != 0;
  if (params || (r->offload & VF_OFFLOAD_OPTIMIZER) != 0) {
    p->host += times(x, l[VF_LIST_STATES].bytes, r->gpus);
    clear(x, VF_LIST_STATES);
    clear(x, VF_LIST_TEMPORARY);
    p->step_more = 0;
  }
  if (params) { /* gradients go where their parameters are */
    p->host += times(x, l[VF_LIST_WEIGHTS].bytes + l[VF_LIST_GRADIENTS].bytes, r->gpus);
    clear(x, VF_LIST_WEIGHTS);
    clear(x, VF_LIST_GRADIENTS);
    p->step_less = 0;
  }
  if (vf_optimizers[r->optimizer].paged) p->paged = l[VF_LIST_STATES].bytes;
}

/* The allocator keeps what is freed for a stream's next request of that size.  FSDP makes gradients
 * in a stream of its own, whose memory no activation can use, and so the device holds both peaks; a
 * loss that works in place leaves a second set of logits behind.  Outputs of FSDP's units that stay
 * for adapters' hooks lie between what is freed, so that nothing there can be given back. */
static void take_cached(const vf_train_share *x) {
  const vf_run *r = x->r;
  vf_train_parts *p = x->p;
  bool fsdp = r->parallel == VF_FSDP;
  if (r->loss == VF_LOSS_INPLACE && !r->loss_taken) p->cached += p->lists[VF_LIST_LOGITS].bytes;
  if (fsdp && r->method == VF_FULL)
    p->cached += p->lists[VF_LIST_TEMPORARY].bytes +
                 (vf_train_keeps_gradients(r) ? 0 : p->lists[VF_LIST_GRADIENTS].bytes);
  if (fsdp && r->method != VF_FULL) p->fragments += p->checkpoints;
}

/* What trains on text alone may still load a model's tower, and all that belongs to it. */
static void allow_towers(const vf_train_share *x) {
  const vf_run *r = x->r;
  bool full = r->method == VF_FULL;
  vf_train_recipe c = vf_train_recipe_of(r);
  uint64_t n = x->s->towers_beside / (vf_run_shards_weights(r) ? vf_run_shards(r) : 1);
  uint64_t states = 2000 * vf_run_moment_width(r) + c.master;
  uint64_t permille = full ? c.weight + c.gradient + states : vf_run_base_permille(r);
  if ((r->offload & VF_OFFLOAD_PARAMS) == 0) x->p->more += part(x, n, permille);
}

static void close_parts(vf_train_parts *p) {
  const vf_train_list *l = p->lists;
  p->weights = l[VF_LIST_WEIGHTS].bytes;
  p->gradients = l[VF_LIST_GRADIENTS].bytes;
  p->optimizer = l[VF_LIST_STATES].bytes;
  p->temporary = l[VF_LIST_TEMPORARY].bytes;
  p->activations = l[VF_LIST_ACTIVATIONS].bytes;
  p->logits = l[VF_LIST_LOGITS].bytes;
  p->buffers = l[VF_LIST_BUFFERS].bytes;
}

void vf_train_parts_sum(vf_train_parts *p, const vf_model *m, const vf_train_model *s,
                        const vf_run *r) {
  *p = (vf_train_parts){.overflow = s->overflow};
  const vf_train_share x = {m, s, r, p};
  p->shards = vf_run_shards(r);
  p->expert_shards = expert_shards(r);
  count_own(&x);
  if (r->method == VF_FULL)
    hold_full(&x);
  else
    hold_adapters(&x);
  hold_others(&x);
  vf_train_take_forward(&x);
  vf_train_take_buffers(&x);
  move_to_host(&x);
  take_cached(&x);
  allow_towers(&x);
  close_parts(p);
}
