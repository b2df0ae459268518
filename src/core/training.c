/* training.c - what one GPU holds while a model is trained.
 *
 * Two moments compete for the peak.  At the end of the forward pass there are weights, optimizer
 * states and everything that the backward pass will read; in the optimizer's step there are
 * weights, states, all gradients, and what the step computes with.  Gradients are there at the
 * first moment only if they are added up over several steps, or belong to a persistent buffer.
 *
 *   backward = weights + optimizer + gradients? + saved activations + logits + gathered shards
 *   step     = weights + optimizer + gradients + temporary of the step
 *
 * With checkpoints one layer is computed again at a time: its work area and the logits are not
 * alive together, and the larger counts.  Without, all layers are alive at the loss.
 *
 * What a token leaves behind in a layer (norms, rotated heads, gate and product) follows from the
 * layer's widths; a frozen matrix keeps no input, an adapter keeps it in fp32.
 *
 * Sources: Korthikanti et al., arXiv 2205.05198 (activations); PyTorch's saved tensors for a block
 * with RMS norms, rotary embeddings and a gated MLP; torch/optim/adamw.py (foreach needs one more
 * tensor of the parameters' size); bitsandbytes functional.py (block sizes: 64 values of NF4, 256
 * scales, 256 values of an 8-bit moment); DeepSpeed runtime/zero (what each stage shards, buckets
 * of 5e8 elements), megatron/training/theoretical_memory_usage.py (18 bytes a parameter).  The
 * coefficients of losses and work areas are slopes of published measurements, and the intervals
 * come from one half of them: tests/truth/fit_training.py. */
#include "core/training.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/args.h"
#include "base/checked.h"
#include "base/status.h"
#include "base/units.h"
#include "core/estimate.h"

/* ---- The model in numbers ---------------------------------------------------------------- */

typedef struct sizes {
  const vf_model *m;
  const vf_run *r;
  uint64_t embedding, experts, rest; /* parameters: looked up and output; of experts; the others */
  uint64_t vectors;                  /* of the rest, norms and biases */
  uint64_t adapters;                 /* parameters of the adapters */
  uint64_t adapter_inputs;           /* numbers a token that adapters keep, over all layers */
  uint64_t layer_saved, layer_work;  /* bytes a token: of all layers, of the largest one */
  bool overflow;
} sizes;

static uint64_t times(sizes *s, uint64_t a, uint64_t b) {
  uint64_t out = 0;
  if (!vf_mul(&out, a, b)) s->overflow = true;
  return out;
}

/* a * permille / 1000 */
static uint64_t part(sizes *s, uint64_t a, uint64_t permille) {
  return a / 1000 * permille + times(s, a % 1000, permille) / 1000;
}

static void count_parameters(sizes *s) {
  for (size_t i = 0; i < s->m->n_tensors; i++) {
    const vf_tensor *t = &s->m->tensors[i];
    uint64_t n = times(s, vf_tensor_elements(t), t->count);
    if (vf_roles[t->role].home == VF_HOME_TOWER || vf_model_is_mtp(s->m, t)) continue;
    if (t->role == VF_ROLE_TOKEN_EMBD || t->role == VF_ROLE_OUTPUT)
      s->embedding += n;
    else if (vf_role_is_expert(t->role))
      s->experts += n;
    else
      s->rest += n;
    if (vf_tensor_dims(t) < 2) s->vectors += n;
  }
}

/* Widths of one layer: heads' queries and keys, and what a token's feed-forward works in. */
typedef struct widths {
  uint64_t q, kv, ff;
} widths;

static widths widths_of(const vf_layer *l) {
  widths w = {(uint64_t)l->n_heads * l->k_dim, (uint64_t)l->n_kv_heads * l->k_dim, l->n_ff};
  if ((l->mixers & VF_MIX_ATTENTION) == 0) w.q = w.kv = l->inner;
  if (l->n_experts != 0) w.ff += (uint64_t)l->n_experts_used * l->n_ff_expert + l->n_ff_shared;
  return w;
}

static void add_adapter(sizes *s, uint64_t in, uint64_t out, uint64_t count, uint64_t active) {
  s->adapters += times(s, times(s, s->r->rank, in + out), count);
  if (s->r->method == VF_DORA) s->adapters += out * count;
  s->adapter_inputs += in * active;
}

static void add_adapters(sizes *s, const vf_layer *l) {
  uint64_t h = s->m->n_embd;
  uint32_t t = s->r->targets;
  widths w = widths_of(l);
  if (t & VF_TARGET_Q) add_adapter(s, h, w.q, 1, 1);
  if (t & VF_TARGET_K) add_adapter(s, h, w.kv, 1, 1);
  if (t & VF_TARGET_V) add_adapter(s, h, w.kv, 1, 1);
  if (t & VF_TARGET_O) add_adapter(s, w.q, h, 1, 1);
  if (l->n_ff != 0) {
    if (t & VF_TARGET_GATE) add_adapter(s, h, l->n_ff, 1, 1);
    if (t & VF_TARGET_UP) add_adapter(s, h, l->n_ff, 1, 1);
    if (t & VF_TARGET_DOWN) add_adapter(s, l->n_ff, h, 1, 1);
  }
  if (l->n_experts != 0 && (t & VF_TARGET_EXPERTS))
    add_adapter(s, h, l->n_ff_expert, 3ull * l->n_experts, l->n_experts_used);
  if (l->n_ff_shared != 0 && (t & VF_TARGET_SHARED)) add_adapter(s, h, l->n_ff_shared, 3, 1);
}

/* Scores, their softmax and its dropout of a head that no fused kernel computes. */
static uint64_t scores(const sizes *s, const vf_layer *l) {
  return s->r->attention == VF_ATTN_EAGER ? 5ull * l->n_heads * s->r->seq : 0;
}

/* Norm inputs and outputs, rotated heads and their output, and what the MLP multiplies; fused
 * kernels compute norms and the gate again. */
static uint64_t saved_of(const sizes *s, const vf_layer *l) {
  uint64_t h = s->m->n_embd;
  widths w = widths_of(l);
  bool lean = s->r->compile || s->r->method != VF_FULL || s->r->tp > 1;
  uint64_t bytes = (lean ? 8 : 16) * h + 4 * w.q + 4 * w.kv + (lean ? 6 : 8) * w.ff + scores(s, l);
  bool four_bits = s->r->base == VF_BASE_NF4 || s->r->base == VF_BASE_NF4_DQ;
  if (s->r->method == VF_QLORA && s->r->checkpoints == VF_CKPT_NONE && four_bits)
    bytes += 2 * (3 * h + w.ff); /* its products keep their inputs */
  return s->r->precision == VF_FP32 ? 2 * bytes : bytes;
}

static uint64_t work_of(const sizes *s, const vf_layer *l) {
  uint64_t h = s->m->n_embd;
  widths w = widths_of(l);
  return 8 * h + 4 * w.q + 4 * w.kv + (s->r->tiled ? 32 * h : 14 * w.ff) + scores(s, l);
}

static void look_at_layers(sizes *s) {
  for (uint32_t i = 0; i < s->m->n_layers; i++) {
    const vf_layer *l = &s->m->layers[i];
    if ((l->flags & VF_LAYER_MTP) != 0) continue;
    s->layer_saved += saved_of(s, l);
    s->layer_work = vf_max_u64(s->layer_work, work_of(s, l));
    if (s->r->method != VF_FULL) add_adapters(s, l);
  }
  if (s->r->checkpoints == VF_CKPT_NONE) s->layer_saved += 4 * s->adapter_inputs;
}

/* ---- Bytes a parameter ------------------------------------------------------------------- */

/* Of trained parameters, in thousandths of a byte. */
typedef struct recipe {
  uint64_t weight, gradient, states, temporary;
} recipe;

static bool is_zero(const vf_run *r) {
  return r->parallel >= VF_ZERO1 && r->parallel <= VF_ZERO3;
}

/* Megatron shards optimizer states alone and keeps gradients in fp32. */
static bool is_megatron(const vf_run *r) {
  return r->parallel == VF_ZERO1 && (r->tp > 1 || r->pp > 1 || r->ep > 1);
}

/* Of moments as wide as `width` bytes. */
static uint64_t moments(const sizes *s, uint64_t width) {
  switch ((vf_optimizer)s->r->optimizer) {
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

static recipe recipe_of(const sizes *s) {
  const vf_run *r = s->r;
  bool low = r->precision == VF_BF16 || r->precision == VF_FP16;
  recipe full = low              ? (recipe){2000, 2000, moments(s, 2), 2000}
                : is_megatron(r) ? (recipe){2000, 4000, 4000 + moments(s, 4), 0}
                : is_zero(r)     ? (recipe){2000, 2000, 4000 + moments(s, 4), 0}
                                 : (recipe){4000, 4000, moments(s, 4), 4000};
  if (r->precision == VF_FP32 && is_zero(r)) full = (recipe){4000, 4000, moments(s, 4), 0};
  if (r->method != VF_FULL) full = (recipe){4000, 4000, moments(s, 4), 0}; /* adapters, in fp32 */
  if (is_zero(r) || r->optimizer != VF_ADAMW) full.temporary = 0; /* foreach alone needs it */
  return full;
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

/* Hundredths of a byte for each logit of the vocabulary, at the peak of the loss. */
static uint64_t logits_hundredths(const vf_run *r) {
  switch ((vf_loss)r->loss) {
  case VF_LOSS_INPLACE: return 810;
  case VF_LOSS_FUSED:
  case VF_LOSS_CHUNKED: return 40;
  case VF_LOSS_FULL: break;
  }
  if (r->precision == VF_FP32) return 2000;
  if (r->precision == VF_FP16) return 600;
  return r->compile ? 1400 : 1470;
}

/* ---- The parts --------------------------------------------------------------------------- */

typedef struct parts {
  uint64_t weights, gradients, optimizer, temporary, activations, logits, buffers;
  uint64_t paged; /* of the optimizer: in managed memory, which the framework does not count */
  uint64_t host;
  uint64_t unsure; /* of the activations: what some programs do not keep */
} parts;

static uint64_t divide(uint64_t n, uint64_t by) {
  return n / by + (n % by != 0);
}

/* Parameters of this GPU's stage and share of layers, before data-parallel shards. */
static uint64_t own_parameters(const sizes *s) {
  const vf_run *r = s->r;
  uint64_t shared = (uint64_t)r->tp * r->pp;
  return divide(s->embedding + s->rest, shared) + divide(s->experts, shared * r->ep);
}

static bool shards_weights(const vf_run *r) {
  return r->parallel == VF_FSDP || r->parallel == VF_ZERO3;
}

/* Ranks among which shards are cut: those of the data and of the context. */
static uint64_t shards(const vf_run *r) {
  return (uint64_t)r->replicas * r->cp;
}

static void take_full(sizes *s, parts *p) {
  const vf_run *r = s->r;
  recipe c = recipe_of(s);
  uint64_t n = own_parameters(s), k = shards(r);
  uint64_t by_weight = shards_weights(r) ? k : 1;
  uint64_t by_gradient = r->parallel >= VF_ZERO2 ? k : 1,
           by_state = r->parallel >= VF_ZERO1 ? k : 1;
  p->weights = divide(part(s, n, c.weight), by_weight);
  p->gradients = divide(part(s, n, c.gradient), by_gradient);
  p->optimizer = divide(part(s, n, c.states), by_state);
  p->temporary = divide(part(s, n, c.temporary), by_weight);
  if (r->optimizer == VF_MUON) /* one moment for matrices of the layers; two for the others */
    p->optimizer +=
        divide(divide(part(s, s->embedding + s->vectors, moments(s, 4)), r->tp), by_state);
  if (r->objective == VF_DPO) p->weights += divide(part(s, n, c.weight), by_weight); /* reference */
}

static void take_adapters(sizes *s, parts *p) {
  const vf_run *r = s->r;
  recipe c = recipe_of(s);
  uint64_t shared = (uint64_t)r->tp * r->pp, k = shards_weights(r) ? shards(r) : 1;
  uint64_t plain = r->precision == VF_FP32 ? 4000 : 2000;
  uint64_t matrices = divide(s->rest - s->vectors, shared) + divide(s->experts, shared * r->ep);
  uint64_t base = part(s, matrices, base_permille(r)) +
                  part(s, divide(s->embedding + s->vectors, shared), plain);
  p->weights = divide(base + part(s, divide(s->adapters, shared), c.weight), k);
  p->gradients = divide(part(s, divide(s->adapters, shared), c.gradient), k);
  p->optimizer = divide(part(s, divide(s->adapters, shared), c.states), k);
}

/* PEFT's preparation of a quantized base makes the stream between layers fp32; Unsloth and others
 * leave it in 16 bits. */
static bool may_upcast(const vf_run *r) {
  return r->method == VF_QLORA && r->base != VF_BASE_GPTQ && r->precision != VF_FP32;
}

/* What a token leaves in checkpointed layers: the input of each. */
static uint64_t checkpoint_bytes(const sizes *s) {
  bool wide = s->r->precision == VF_FP32 || may_upcast(s->r);
  return s->m->n_embd * (wide ? 4 : 2) * s->m->n_layers;
}

static void take_activations(sizes *s, parts *p) {
  const vf_run *r = s->r;
  uint64_t tokens = divide(times(s, r->seq, r->batch), r->cp) * (r->objective == VF_DPO ? 2 : 1);
  uint64_t logits = divide(s->m->n_vocab * logits_hundredths(r) / 100, r->tp);
  uint64_t work = divide(s->layer_work, r->tp), all = divide(s->layer_saved, r->tp);
  uint64_t kept = divide(checkpoint_bytes(s), r->tp), token = 0;
  bool outputs = r->parallel == VF_FSDP && r->method != VF_FULL; /* kept for the units' hooks */
  switch ((vf_checkpoints)r->checkpoints) {
  case VF_CKPT_NONE: token = all + logits; break;
  case VF_CKPT_SELECTIVE: token = all * 42 / 100 + vf_max_u64(work, logits); break;
  case VF_CKPT_FULL:
    token = outputs ? vf_max_u64(kept + logits, 2 * kept + work) : kept + vf_max_u64(work, logits);
    break;
  case VF_CKPT_OFFLOAD: token = vf_max_u64(work, logits); break;
  }
  uint64_t of_logits =
      r->checkpoints == VF_CKPT_NONE || logits >= work ? vf_min_u64(logits, token) : 0;
  if (r->checkpoints == VF_CKPT_FULL && may_upcast(r)) p->unsure = times(s, tokens, kept / 2);
  if (r->checkpoints == VF_CKPT_SELECTIVE) p->unsure = times(s, tokens, all / 5);
  p->logits = times(s, tokens, of_logits);
  p->activations = times(s, tokens, token - of_logits);
  if (r->checkpoints == VF_CKPT_OFFLOAD || (r->offload & VF_OFFLOAD_ACTIVATIONS) != 0)
    p->host += times(s, tokens, kept) * r->gpus;
}

/* Gathered shards: the root with both embeddings and two layers; or buckets of ZeRO. */
static void take_buffers(sizes *s, parts *p) {
  enum { BUCKET_BYTES = 500000000 };
  const vf_run *r = s->r;
  uint64_t layer = (s->rest + s->experts / s->r->ep) / s->m->n_layers;
  if (shards_weights(r) && shards(r) > 1)
    p->buffers = divide(2 * s->embedding + 8 * layer, r->tp);
  else if (is_zero(r) && !is_megatron(r) && r->gpus > 1)
    p->buffers = 4ull * BUCKET_BYTES; /* reduced and gathered, 2 bytes each */
  else if (r->parallel == VF_DDP && r->gpus > 1)
    p->buffers = p->gradients;
}

static void move_to_host(const sizes *s, parts *p) {
  const vf_run *r = s->r;
  bool params = (r->offload & VF_OFFLOAD_PARAMS) != 0;
  if (params || (r->offload & VF_OFFLOAD_OPTIMIZER) != 0) {
    p->host += p->optimizer * r->gpus;
    p->optimizer = p->temporary = 0;
  }
  if (params) { /* gradients go where their parameters are */
    p->host += (p->weights + p->gradients) * r->gpus;
    p->weights = p->gradients = 0;
  }
  if (r->optimizer == VF_ADAMW_PAGED || r->optimizer == VF_ADAMW_PAGED_8BIT)
    p->paged = p->optimizer;
}

/* ---- The peaks --------------------------------------------------------------------------- */

/* How far measured peaks were from the bare sum, in thousandths, of the half of
 * tests/truth/training.tsv that fit_training.py fits on; it reports the other half.  Between what
 * is allocated and what the device holds there are fragments, the context and libraries. */
typedef struct spread {
  uint64_t low, middle, high;
} spread;

enum { ALLOCATED, RESERVED, DEVICE };
enum { LIBRARY_BYTES = 800 << 20 }; /* a process's context and libraries: 0.5 to 1.3 GB published */

static const spread spreads[2][3] = {
    {{697, 1003, 1213},
     {730, 1060, 1400},
     {773, 1095, 1578}}, /* reserved: nobody printed it, between */
    {{812, 1000, 1567}, {698, 792, 1258}, {789, 1297, 2072}},
};

static vf_interval spread_out(sizes *s, uint64_t bytes, uint64_t unsure, int what) {
  spread d = spreads[s->r->gpus > 1][what];
  return (vf_interval){part(s, bytes - unsure, d.low), part(s, bytes, d.middle),
                       part(s, bytes, d.high)};
}

/* What holds `part` is never smaller, wherever each was measured. */
static void cover(vf_interval *whole, vf_interval part) {
  whole->low_bytes = vf_max_u64(whole->low_bytes, part.low_bytes);
  whole->bytes = vf_max_u64(whole->bytes, part.bytes);
  whole->high_bytes = vf_max_u64(whole->high_bytes, part.high_bytes);
}

static void add_line(vf_train *out, const char *name, uint64_t bytes, vf_basis basis,
                     const char *fmt, ...) __attribute__((format(printf, 5, 6)));

static void add_line(vf_train *out, const char *name, uint64_t bytes, vf_basis basis,
                     const char *fmt, ...) {
  if (bytes == 0 || out->n_lines == VF_TRAIN_LINES) return;
  vf_train_line *l = &out->lines[out->n_lines++];
  va_list args;
  l->name = name;
  l->size = (vf_interval){bytes, bytes, bytes};
  l->basis = basis;
  va_start(args, fmt);
  vsnprintf(l->formula, sizeof l->formula, fmt, args);
  va_end(args);
}

static void note(vf_train *out, bool when, const char *text) {
  if (when && out->n_notes < VF_TRAIN_NOTES) out->notes[out->n_notes++] = text;
}

static void take_notes(vf_train *out, const sizes *s, bool shards_nothing) {
  const vf_run *r = s->r;
  note(out, shards_nothing, "one GPU: sharding saves nothing");
  note(out, r->method == VF_QLORA && !r->base_stated,
       "the base in NF4 with double quantization, embeddings and output in 16 bits");
  note(out, r->optimizer == VF_ADAMW && !is_zero(r) && r->method == VF_FULL,
       "PyTorch's AdamW of several tensors at once (foreach): one more copy in its step "
       "(adamw-fused: none)");
  note(out, r->loss == VF_LOSS_FULL,
       "the loss keeps logits of every token (--loss fused: it does not)");
  note(out, r->checkpoints == VF_CKPT_SELECTIVE,
       "which results selective checkpointing saves differs much between versions");
  note(out, r->objective == VF_GRPO,
       "the engine that generates is not counted: its share comes on top");
  note(out, (s->m->flags & VF_MODEL_ENCODER) != 0,
       "an encoder: its layers are counted as a decoder's");
  note(out, r->vpp > 1,
       "interleaved stages hold what plain ones hold: published runs differ either way");
  note(out, r->pp > 1, "every stage holds as many steps as there are stages (1F1B)");
  note(out, r->parallel == VF_ALONE && r->gpus > 1 && (uint64_t)r->tp * r->pp * r->cp < r->gpus,
       "several GPUs without --parallel: each holds everything");
}

static void put_lines(vf_train *out, const sizes *s, const parts *p, bool in_step) {
  recipe c = recipe_of(s);
  const vf_run *r = s->r;
  uint64_t n = r->method == VF_FULL ? own_parameters(s) : s->adapters;
  const char *of = r->method == VF_FULL ? "parameters" : "of adapters";
  add_line(out, "weights", p->weights, VF_BASIS_MODELLED, "%" PRIu64 " parameters here, %s",
           own_parameters(s), shards_weights(r) ? "sharded" : "whole");
  if (in_step || r->accum > 1 || is_zero(r))
    add_line(out, "gradients", p->gradients, VF_BASIS_MODELLED,
             "%" PRIu64 " %s × %" PRIu64 ".%03" PRIu64 " B", n, of, c.gradient / 1000,
             c.gradient % 1000);
  add_line(out, "optimizer", p->optimizer + (in_step ? p->temporary : 0), VF_BASIS_MODELLED,
           "%" PRIu64 " %s × %" PRIu64 ".%03" PRIu64 " B%s", n, of, c.states / 1000,
           c.states % 1000, in_step && p->temporary != 0 ? ", and one copy for the step" : "");
  if (in_step) return;
  add_line(out, "activations", p->activations, VF_BASIS_MODELLED,
           "%" PRIu64 " tokens × %" PRIu64 " sequences; %" PRIu64
           " B a token in all layers if nothing is computed again",
           r->seq, r->batch, s->layer_saved);
  add_line(out, "logits", p->logits, VF_BASIS_MODELLED,
           "%" PRIu64 " tokens × %" PRIu64 " logits × %" PRIu64 ".%02" PRIu64 " B",
           r->seq * r->batch, s->m->n_vocab, logits_hundredths(r) / 100,
           logits_hundredths(r) % 100);
  add_line(out, "buffers", p->buffers, VF_BASIS_MODELLED, "%s",
           shards_weights(r) ? "gathered: embeddings and two layers"
                             : "buckets of gradients and parameters");
}

static vf_status judge(vf_train *out, sizes *s, const parts *p, const vf_device *d, vf_error *err) {
  bool kept = s->r->accum > 1 || is_zero(s->r);
  uint64_t backward = p->weights + p->optimizer - p->paged + (kept ? p->gradients : 0) +
                      p->activations + p->logits + p->buffers;
  uint64_t step = p->weights + p->optimizer - p->paged + p->gradients + p->temporary;
  uint64_t most = vf_max_u64(backward, step);
  if (most > INT64_MAX / 8) s->overflow = true;
  if (s->overflow)
    return vf_fail(err, VF_OVERFLOW, "the sizes asked for do not fit 64 bits: nothing fits that");
  put_lines(out, s, p, step > backward);
  out->backward_bytes = backward;
  out->step_bytes = step;
  uint64_t unsure = backward >= step ? p->unsure : 0;
  out->allocated = spread_out(s, most, unsure, ALLOCATED);
  out->reserved = spread_out(s, most, unsure, RESERVED);
  vf_interval need = spread_out(s, most + LIBRARY_BYTES, unsure, DEVICE);
  need.high_bytes += p->paged; /* it leaves only when the device is full */
  cover(&out->reserved, out->allocated);
  cover(&need, out->reserved);
  out->budget = (vf_device_budget){.device = *d, .need = need};
  if (out->n_lines < VF_TRAIN_LINES) {
    vf_train_line *l = &out->lines[out->n_lines++];
    vf_interval a = out->allocated;
    l->name = "runtime";
    l->basis = VF_BASIS_ASSUMED;
    l->size = (vf_interval){need.low_bytes - a.low_bytes, need.bytes - a.bytes,
                            need.high_bytes - a.high_bytes};
    snprintf(l->formula, sizeof l->formula, "context, libraries, fragments of the allocator");
  }
  if (d->total_known) vf_budget_judge(&out->budget);
  return VF_OK;
}

vf_status vf_train_run(vf_train *out, const vf_model *model, const vf_train_request *request,
                       const vf_device *devices, size_t device_count, vf_error *err) {
  vf_train_request q = vf_train_request_init();
  vf_run r;
  VF_NEED(err, out);
  VF_NEED(err, model);
  VF_NEED(err, devices);
  vf_status status = vf_take_struct(&q, sizeof q, request, "vf_train_request", err);
  if (status != VF_OK) return status;
  if (device_count == 0) return vf_fail(err, VF_USAGE, "at least one device is needed");
  status = vf_run_read(&r, model, &q, device_count, err);
  if (status != VF_OK) return status;
  sizes s = {.m = model, .r = &r};
  parts p = {0};
  vf_train t = {.gpus = r.gpus, .replicas = r.replicas};
  snprintf(t.model, sizeof t.model, "%s", model->id);
  count_parameters(&s);
  look_at_layers(&s);
  if (r.method == VF_FULL)
    take_full(&s, &p);
  else
    take_adapters(&s, &p);
  take_activations(&s, &p);
  take_buffers(&s, &p);
  move_to_host(&s, &p);
  t.params = s.embedding + s.experts + s.rest;
  t.trainable_params = r.method == VF_FULL ? t.params : s.adapters;
  t.host_bytes = p.host;
  take_notes(&t, &s, r.gpus == 1 && r.parallel > VF_DDP);
  status = judge(&t, &s, &p, &devices[0], err);
  if (status == VF_OK) *out = t;
  return status;
}
