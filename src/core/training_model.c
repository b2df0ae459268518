/* training_model.c - a model in the numbers that training asks for: parameters, adapters, and what
 * a token leaves behind in a layer.
 *
 * A layer keeps for the backward pass what its operations' derivatives read, 2 bytes a number:
 *
 *   norm           input in fp32, normalized in fp32, 8 h; a fused or frozen one recomputes: 4 h
 *   attention      rotated queries and keys, values, the result
 *   q and k norms  their inputs in fp32 and the results, 6 (q + k); frozen 4, fused 2
 *   feed-forward   gate, its activation, up, product, 8 f; fused or frozen 6 f; without a gate 4 f,
 *                  frozen 2 f, for its activation alone
 *   experts        the same of those that a token goes to, and its copies on their way there and
 *                  back, 4 h each
 *   delta net      convolution's input and output, keys and queries repeated to the value heads,
 *                  the gated norm in fp32, a state of each chunk of 64 tokens
 *   scan           projection, scanned, gated
 *
 * A frozen matrix keeps no input; an adapter keeps it in fp32.  `work_bytes` is a layer while it is
 * computed again and differentiated: gradients of what it keeps are alive beside it.
 *
 * Sources: Korthikanti et al., arXiv 2205.05198; torch's saved tensors of a block of transformers
 * (modeling_llama.py, modeling_qwen3.py, modeling_qwen3_next.py); flash-linear-attention
 * fla/ops/gated_delta_rule/chunk.py (chunks of 64);
 * megatron/core/transformer/moe/token_dispatcher.py (copies);
 * torch/distributed/tensor/experimental/_attention.py (a ring adds up in fp32).  14 f and the tiled
 * layer's numbers are slopes of published peaks. */
#include "core/training_model.h"

#include "base/checked.h"

uint64_t vf_train_times(bool *overflow, uint64_t a, uint64_t b) {
  uint64_t out = 0;
  if (!vf_mul(&out, a, b)) *overflow = true;
  return out;
}

uint64_t vf_train_plus(bool *overflow, uint64_t a, uint64_t b) {
  uint64_t out = 0;
  if (!vf_add(&out, a, b)) *overflow = true;
  return out;
}

uint64_t vf_train_permille(bool *overflow, uint64_t a, uint64_t permille) {
  uint64_t whole = vf_train_times(overflow, a / 1000, permille);
  return vf_train_plus(overflow, whole, vf_train_times(overflow, a % 1000, permille) / 1000);
}

/* ---- Parameters -------------------------------------------------------------------------- */

uint64_t vf_run_moment_width(const vf_run *r) {
  bool low = r->precision == VF_BF16 || r->precision == VF_FP16;
  return r->method == VF_FULL && low ? 2 : 4;
}

/* The groups of parameters, by what is frozen together. */
static vf_train_group *group_of(vf_train_model *s, const vf_tensor *t) {
  if (vf_roles[t->role].home == VF_HOME_TOWER) return &s->towers;
  if (t->role == VF_ROLE_TOKEN_EMBD) return &s->embeddings;
  if (t->role == VF_ROLE_OUTPUT) return &s->outputs;
  return vf_role_is_expert((vf_role)t->role) ? &s->expert_group : &s->blocks;
}

static bool is_frozen(const vf_train_model *s, const vf_run *r, const vf_model *m,
                      const vf_train_group *g, const vf_tensor *t) {
  uint32_t f = r->freeze;
  bool few = r->train_layers != 0 && g != &s->towers;
  if (r->method != VF_FULL) return true;
  if (few && t->layer >= 0) return (uint32_t)t->layer < m->n_layers - r->train_layers;
  if (few && g == &s->embeddings) return true;
  if (g == &s->towers) return (f & VF_FREEZE_TOWERS) != 0;
  if (g == &s->embeddings) return (f & (VF_FREEZE_EMBEDDINGS | VF_FREEZE_LANGUAGE)) != 0;
  if (g == &s->outputs) return (f & (VF_FREEZE_OUTPUT | VF_FREEZE_LANGUAGE)) != 0;
  if (g == &s->expert_group) return (f & (VF_FREEZE_EXPERTS | VF_FREEZE_LANGUAGE)) != 0;
  return (f & VF_FREEZE_LANGUAGE) != 0;
}

/* Its states in thousandths of a byte: stacked experts are matrices of their own. */
static uint64_t states_of(vf_train_model *s, const vf_run *r, const vf_tensor *t, bool of_layers) {
  uint64_t n = vf_train_times(&s->overflow, t->ne[2] * t->ne[3], t->count);
  return vf_optimizer_states((vf_optimizer)r->optimizer, r->optimizer_rank, vf_run_moment_width(r),
                             of_layers, t->ne[0], t->ne[1], n, &s->overflow);
}

/* The states become those of a parameter, rounded up. */
static void close_group(vf_train_group *g) {
  if (g->trained != 0) g->states = g->states / g->trained + (g->states % g->trained != 0);
}

/* Whether a tower is part of the run at all. */
static bool has_images(const vf_run *r) {
  return r->images != 0 || (r->freeze & (VF_FREEZE_TOWERS | VF_FREEZE_LANGUAGE)) != 0;
}

static void count_parameters(vf_train_model *s, const vf_model *m, const vf_run *r) {
  for (size_t i = 0; i < m->n_tensors; i++) {
    const vf_tensor *t = &m->tensors[i];
    uint64_t n = vf_train_times(&s->overflow, vf_tensor_elements(t), t->count);
    vf_train_group *g = group_of(s, t);
    if (g == &s->towers && !has_images(r)) {
      s->towers_beside = vf_train_plus(&s->overflow, s->towers_beside, n);
      continue;
    }
    if (vf_model_is_mtp(m, t) || (g == &s->outputs && !vf_run_has_head(r))) continue;
    g->all = vf_train_plus(&s->overflow, g->all, n);
    bool vector = vf_tensor_dims(t) < 2;
    if (vector && g != &s->towers) s->vectors += n;
    if (is_frozen(s, r, m, g, t)) continue;
    bool of_layers = !vector && (g == &s->blocks || g == &s->expert_group);
    g->trained = vf_train_plus(&s->overflow, g->trained, n);
    g->states = vf_train_plus(&s->overflow, g->states, states_of(s, r, t, of_layers));
    s->largest = vf_max_u64(s->largest, n);
  }
  vf_train_group *groups[] = {&s->blocks, &s->expert_group, &s->embeddings, &s->outputs,
                              &s->towers};
  for (size_t i = 0; i < sizeof groups / sizeof *groups; i++) close_group(groups[i]);
  s->embedding = s->embeddings.all;
  s->output = s->outputs.all;
  s->experts = s->expert_group.all;
  s->rest = s->blocks.all;
}

/* ---- Towers ------------------------------------------------------------------------------ */

/* A block of a tower keeps of a patch what a layer with plain norms and no gate does: 4 w for each
 * norm, queries, keys, values and result 8 w, feed-forward 4 f.  A frozen one keeps nothing, and
 * works on one block at a time. */
static void count_towers(vf_train_model *s, const vf_model *m) {
  const vf_tower_item *item = &m->item;
  uint64_t blocks = 0;
  unsigned first = 0; /* the tower that takes the images: `item` is of it */
  for (size_t i = 0; i < m->n_tensors; i++) {
    const vf_tensor *t = &m->tensors[i];
    if (vf_roles[t->role].home != VF_HOME_TOWER) continue;
    if (first == 0) first = t->tower;
    if (t->tower == first) blocks = vf_max_u64(blocks, (uint64_t)t->tower_block + 1);
  }
  uint64_t w = item->width, block = 16 * w + 4ull * item->ff;
  uint64_t patches = item->patches;
  s->per_image_saved = vf_train_times(&s->overflow, patches, blocks * block);
  s->per_image_work = vf_train_times(&s->overflow, patches, 2 * block);
  s->per_image_kept = vf_train_times(&s->overflow, patches, 2 * w * blocks);
}

/* ---- Widths of a layer ------------------------------------------------------------------- */

typedef struct widths {
  uint64_t h, q, k, v, out; /* the model's; heads' queries, keys, values and result */
  uint64_t latent;          /* compressed queries, keys and values */
  uint64_t keys;            /* of a delta net, before they are repeated */
  uint64_t ff, routed;      /* a token's feed-forward; of that, in experts */
  uint64_t copies;          /* numbers of a token's copies for its experts */
  uint32_t norms;
  bool gated;
} widths;

static bool feeds(const vf_layer *l) {
  return l->n_ff != 0 || l->n_experts != 0;
}

static uint32_t norms_of(const vf_layer *l) {
  uint32_t mixes = l->mixers != 0, fed = feeds(l);
  if (l->flags & VF_LAYER_ONE_NORM) fed = 0;
  return (mixes + fed) * ((l->flags & VF_LAYER_POST_NORMS) != 0 ? 2 : 1);
}

static widths widths_of(const vf_model *m, const vf_layer *l) {
  widths w = {.h = m->n_embd, .ff = l->n_ff, .norms = norms_of(l)};
  w.gated = (l->flags & VF_LAYER_FFN_PLAIN) == 0;
  if (l->mixers & VF_MIX_ATTENTION) {
    w.q = (uint64_t)l->n_heads * l->k_dim;
    w.k = (uint64_t)l->n_kv_heads * l->k_dim;
    w.v = (uint64_t)l->n_kv_heads * l->v_dim;
    w.out = (uint64_t)l->n_heads * l->v_dim;
    if (l->kv_lora != 0) w.latent = (uint64_t)l->q_lora + l->kv_lora + l->rope_dim;
  }
  if (l->mixers & (VF_MIX_DELTA | VF_MIX_KDA)) w.keys = (uint64_t)l->groups * l->state;
  if (l->n_experts != 0) {
    w.routed = (uint64_t)l->n_experts_used * l->n_ff_expert;
    w.copies = w.h * l->n_experts_used;
    w.ff += w.routed + l->n_ff_shared;
  }
  return w;
}

/* ---- Adapters ---------------------------------------------------------------------------- */

static uint64_t adapter(vf_train_model *s, const vf_run *r, uint64_t in, uint64_t out) {
  uint64_t n = vf_train_times(&s->overflow, r->rank, in + out);
  return r->method == VF_DORA ? vf_train_plus(&s->overflow, n, out) : n;
}

static void add_adapter(vf_train_model *s, const vf_run *r, uint64_t *inputs, uint64_t in,
                        uint64_t out) {
  s->adapters = vf_train_plus(&s->overflow, s->adapters, adapter(s, r, in, out));
  *inputs += in;
}

/* Numbers that adapters of a layer keep of a token; their parameters are added up. */
static uint64_t add_adapters(vf_train_model *s, const vf_run *r, const vf_layer *l, widths w) {
  uint64_t h = w.h, inputs = 0, mixed = w.q != 0 ? w.q : l->inner;
  uint32_t t = r->targets;
  if (t & VF_TARGET_Q) add_adapter(s, r, &inputs, h, mixed);
  if (t & VF_TARGET_K) add_adapter(s, r, &inputs, h, w.q != 0 ? w.k : mixed);
  if (t & VF_TARGET_V) add_adapter(s, r, &inputs, h, w.q != 0 ? w.v : mixed);
  if (t & VF_TARGET_O) add_adapter(s, r, &inputs, w.q != 0 ? w.out : mixed, h);
  if (l->n_ff != 0) {
    if ((t & VF_TARGET_GATE) && w.gated) add_adapter(s, r, &inputs, h, l->n_ff);
    if (t & VF_TARGET_UP) add_adapter(s, r, &inputs, h, l->n_ff);
    if (t & VF_TARGET_DOWN) add_adapter(s, r, &inputs, l->n_ff, h);
  }
  if (l->n_experts != 0 && (t & VF_TARGET_EXPERTS)) {
    uint64_t one = adapter(s, r, h, l->n_ff_expert);
    uint64_t n = vf_train_times(&s->overflow, one, 3ull * l->n_experts);
    s->expert_adapters = vf_train_plus(&s->overflow, s->expert_adapters, n);
    inputs += h * l->n_experts_used;
  }
  if (l->n_ff_shared != 0 && (t & VF_TARGET_SHARED)) {
    for (int i = 0; i < 2; i++) add_adapter(s, r, &inputs, h, l->n_ff_shared);
    add_adapter(s, r, &inputs, l->n_ff_shared, h);
  }
  return inputs;
}

/* ---- Bytes a token ----------------------------------------------------------------------- */

/* Scores, their softmax and its dropout of a head that no fused kernel computes. */
static uint64_t scores(const vf_run *r, const vf_layer *l) {
  return r->attention == VF_ATTN_EAGER ? 5ull * l->n_heads * r->seq : 0;
}

static uint64_t delta_bytes(const vf_layer *l, widths w) {
  return 4 * (2 * w.keys + l->inner) + 22ull * l->inner;
}

/* Without the kernel (torch_chunk_gated_delta_rule of transformers and Megatron): everything in
 * fp32, six times the 64 tokens of a chunk against each other, and of its 63 rows each a copy of
 * the square above it, 1² + 2² + … + 63² numbers for 64 tokens of a head. */
static uint64_t unfused_bytes(const vf_layer *l) {
  enum { CHUNK = 64, SQUARES = 85344 };
  if ((l->mixers & (VF_MIX_DELTA | VF_MIX_KDA)) == 0) return 0;
  return 24ull * l->inner + (6ull * CHUNK + SQUARES / CHUNK) * 4 * l->rank;
}

static bool is_qk_normed(const vf_layer *l) {
  return (l->flags & (VF_LAYER_QK_NORM | VF_LAYER_QK_NORM_FULL | VF_LAYER_QK_NORM_ALL_HEADS)) != 0;
}

/* Kernels that compute norms and gates again; Megatron's come from Transformer Engine. */
static bool is_fused(const vf_run *r) {
  return r->compile || vf_run_is_megatron(r);
}

static uint64_t mixer_bytes(const vf_run *r, const vf_layer *l, widths w) {
  uint64_t bytes = 2 * (w.q + w.k + w.v + w.out + w.latent) + scores(r, l);
  if (is_qk_normed(l)) bytes += (!vf_run_trains_layers(r) ? 4 : is_fused(r) ? 2 : 6) * (w.q + w.k);
  if (l->flags & VF_LAYER_Q_GATED) bytes += 2 * (w.q + w.out);
  if (l->mixers & (VF_MIX_DELTA | VF_MIX_KDA)) return bytes + delta_bytes(l, w);
  if (l->mixers & VF_MIX_SHORTCONV) return bytes + 16 * w.h;
  return bytes + 8ull * l->inner + 4ull * l->groups * l->state;
}

static uint64_t saved_of(const vf_run *r, const vf_layer *l, widths w) {
  bool frozen = !vf_run_trains_layers(r), lean = frozen || is_fused(r);
  bool plain_norm = (l->flags & (VF_LAYER_LAYER_NORM | VF_LAYER_NORM_BIAS)) != 0;
  uint64_t each = w.gated ? (lean ? 6 : 8) : (frozen ? 2 : 4);
  uint64_t bytes = (lean || plain_norm ? 4 : 8) * w.norms * w.h + mixer_bytes(r, l, w) +
                   each * w.ff + (frozen ? 2 : 4) * w.copies;
  bool four_bits = r->base == VF_BASE_NF4 || r->base == VF_BASE_NF4_DQ;
  if (r->method == VF_QLORA && r->checkpoints == VF_CKPT_NONE && four_bits)
    bytes += 2 * (3 * w.h + w.ff);          /* its products keep their inputs */
  if (r->precision == VF_NVFP4) bytes /= 2; /* inputs of products, in 4 bits */
  return r->precision == VF_FP32 ? 2 * bytes : bytes;
}

/* A ring of GPUs adds up its result and gradients in fp32, and holds keys and values twice. */
static uint64_t ring_bytes(const vf_run *r, widths w) {
  bool ring = r->cp > 1 && r->parallel == VF_FSDP;
  return ring ? 4 * (w.q + w.out) + 8 * (w.k + w.v) : 0;
}

/* Gate, activation, up and product with their gradients, of experts one's at a time; tiles of the
 * sequence hold little. */
static uint64_t feed_forward_work(const vf_run *r, widths w) {
  if (r->tiled) return 12 * w.h;
  uint64_t each = !w.gated ? 8 : r->compile ? 11 : 14;
  return each * (w.ff - w.routed) + (w.gated ? 9 : 6) * w.routed + 2 * w.copies;
}

static uint64_t work_of(const vf_run *r, const vf_layer *l, widths w) {
  uint64_t ring = ring_bytes(r, w), of_norms = is_qk_normed(l) ? 8 * (w.q + w.k) : 0;
  if (r->tiled && l->mixers == VF_MIX_ATTENTION) /* attention's gradients are the most */
    return 20 * w.h + 7 * (w.q + w.out + w.k + w.v) + of_norms + ring;
  uint64_t of_mixer = mixer_bytes(r, l, w);
  if (l->mixers & (VF_MIX_DELTA | VF_MIX_KDA)) of_mixer += of_mixer / 2;
  return 8 * w.h + of_mixer + feed_forward_work(r, w) + ring;
}

/* Below the first layer that is trained nothing is kept: no gradient goes there. */
static bool is_below(const vf_model *m, const vf_run *r, uint32_t layer) {
  return r->train_layers != 0 && layer < m->n_layers - r->train_layers;
}

vf_train_model vf_train_model_of(const vf_model *m, const vf_run *r) {
  vf_train_model s = {0};
  count_parameters(&s, m, r);
  count_towers(&s, m);
  for (uint32_t i = 0; i < m->n_layers; i++) {
    const vf_layer *l = &m->layers[i];
    if ((l->flags & VF_LAYER_MTP) != 0) continue;
    widths w = widths_of(m, l);
    s.layers++;
    bool below = is_below(m, r, i);
    if (!below) s.saved_bytes += saved_of(r, l, w), s.kept_layers++;
    s.unfused_bytes += unfused_bytes(l);
    s.work_bytes = vf_max_u64(s.work_bytes, work_of(r, l, w));
    uint64_t inputs = r->method != VF_FULL && !below ? add_adapters(&s, r, l, w) : 0;
    if (r->checkpoints == VF_CKPT_NONE) s.saved_bytes += 4 * inputs;
    s.dropout_bytes += 3 * inputs; /* a copy and a mask */
  }
  return s;
}
