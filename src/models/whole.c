/* whole.c - whether a file has every tensor that it is loaded with.
 *
 * A loader asks for the tensors of its architecture by name and shape and refuses a file that lacks
 * one; a file that was cut, renamed or put together wrongly must not be judged by what is left of
 * it.  What has to be there follows from two sides: the header's counts say that a layer attends or
 * has a feed-forward at all, and once the tensors have said of what kind (refine.c), the same rules
 * that make the tensors of a config (emit.c) say which there are then.  Matrices are asked for one
 * by one.  Norms and other vectors differ more between conversions: of these a layer has to have
 * what all the other layers like it have. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/status.h"
#include "models/builder.h"

enum { TENSORS_PER_LAYER = 64, TENSORS_OUTSIDE = 64, LIKE_IT = 3, LOOK_BACK = 40 };

/* ---- What is there ---------------------------------------------------------------------- */

/* One matrix may stand where the rules have two. */
static const struct {
  vf_role wanted, instead;
} alternatives[] = {
    {VF_ROLE_ATTN_K_B, VF_ROLE_ATTN_KV_B},
    {VF_ROLE_ATTN_V_B, VF_ROLE_ATTN_KV_B},
    {VF_ROLE_FFN_GATE_EXPS, VF_ROLE_FFN_GATE_UP_EXPS},
    {VF_ROLE_FFN_UP_EXPS, VF_ROLE_FFN_GATE_UP_EXPS},
};

static bool has_role(const vf_builder *b, vf_role role, int32_t layer) {
  if (layer >= 0) return (b->seen[layer].weights[role / 64] >> (role % 64) & 1) != 0;
  for (size_t i = 0; i < b->m->n_tensors; i++)
    if (b->m->tensors[i].role == role) return true;
  return false;
}

static bool has_instead(const vf_builder *b, const vf_tensor *wanted) {
  for (size_t i = 0; i < sizeof alternatives / sizeof *alternatives; i++)
    if (alternatives[i].wanted == (vf_role)wanted->role &&
        has_role(b, alternatives[i].instead, wanted->layer))
      return true;
  return false;
}

/* In an architecture that is known from files alone, what has a name that is not known may be
 * anything: then nothing is missed there.  Of the others all names are known that a loader asks
 * for. */
static bool is_clear(const vf_builder *b, int32_t layer) {
  if (b->arch->model_type != NULL) return true;
  return layer < 0 ? !has_role(b, VF_ROLE_UNKNOWN, -1) : !has_role(b, VF_ROLE_UNKNOWN, layer);
}

/* Dimensions of one do not count: a kernel is [4, 1, n] in some files, [4, n] in others. */
static bool has_shape(const vf_tensor *t, const vf_tensor *wanted) {
  uint64_t a[2][4] = {{1, 1, 1, 1}, {1, 1, 1, 1}};
  const vf_tensor *both[] = {t, wanted};
  for (int k = 0; k < 2; k++)
    for (int d = 0, n = 0; d < 4; d++)
      if (both[k]->ne[d] != 1) a[k][n++] = both[k]->ne[d];
  return memcmp(a[0], a[1], sizeof a[0]) == 0;
}

/* The tensor, or one of another shape in its place; they come in nearly the same order. */
static const vf_tensor *find(const vf_model *m, const vf_tensor *wanted, size_t *from, bool *same) {
  const vf_tensor *other = NULL;
  for (size_t n = 0; n < m->n_tensors; n++) {
    size_t i = (*from + n) % m->n_tensors;
    const vf_tensor *t = &m->tensors[i];
    if (t->role != wanted->role || t->layer != wanted->layer || t->suffix != wanted->suffix)
      continue;
    *same = has_shape(t, wanted);
    other = t;
    if (!*same) continue;
    *from = i > LOOK_BACK ? i - LOOK_BACK : 0;
    return t;
  }
  return other;
}

/* ---- What is told ----------------------------------------------------------------------- */

static void name_of(char *out, size_t size, const vf_tensor *t) {
  static const char *const ends[] = {[VF_SUFFIX_WEIGHT] = ".weight", [VF_SUFFIX_BIAS] = ".bias"};
  const char *end = t->suffix != VF_SUFFIX_NONE ? ends[t->suffix] : "";
  if (t->layer < 0)
    snprintf(out, size, "%s%s", vf_roles[t->role].gguf_name, end);
  else
    snprintf(out, size, "blk.%" PRId32 ".%s%s", t->layer, vf_roles[t->role].gguf_name, end);
}

void vf_miss_tensor(vf_builder *b, const char *name) {
  b->status = vf_fail_at(b->err, VF_MALFORMED, b->facts->source, name,
                         "is missing: an engine refuses the file (is it a part of one, or not"
                         " whole?)");
}

void vf_refuse_shape(vf_builder *b, const char *name, const vf_tensor *t, const vf_tensor *wanted) {
  b->status =
      vf_fail_at(b->err, VF_MALFORMED, b->facts->source, name,
                 "is [%" PRIu64 ", %" PRIu64 ", %" PRIu64 "], but the header makes it [%" PRIu64
                 ", %" PRIu64 ", %" PRIu64 "]: an engine refuses the file",
                 t->ne[0], t->ne[1], t->ne[2], wanted->ne[0], wanted->ne[1], wanted->ne[2]);
}

/* Norms around the halves of a layer have names that differ between files; these, and what is only
 * there in some models, check_kind() looks at. */
static bool is_asked(const vf_tensor *wanted) {
  static const vf_role others[] = {VF_ROLE_FFN_NORM,         VF_ROLE_ATTN_POST_NORM,
                                   VF_ROLE_FFN_POST_NORM,    VF_ROLE_FFN_ROUTER_SCALE,
                                   VF_ROLE_FFN_EXPERT_SCALE, VF_ROLE_FFN_ROUTER_BIAS};
  for (size_t i = 0; i < sizeof others / sizeof *others; i++)
    if (wanted->role == others[i]) return false;
  return wanted->suffix != VF_SUFFIX_BIAS;
}

/* Matrices of attention and feed-forward, which are alike in all architectures. */
static bool is_usual(const vf_tensor *t) {
  static const vf_role usual[] = {
      VF_ROLE_ATTN_Q,        VF_ROLE_ATTN_K,      VF_ROLE_ATTN_V,        VF_ROLE_ATTN_QKV,
      VF_ROLE_ATTN_OUTPUT,   VF_ROLE_FFN_GATE,    VF_ROLE_FFN_UP,        VF_ROLE_FFN_DOWN,
      VF_ROLE_FFN_GATE_EXPS, VF_ROLE_FFN_UP_EXPS, VF_ROLE_FFN_DOWN_EXPS, VF_ROLE_ATTN_Q_A,
      VF_ROLE_ATTN_Q_B,      VF_ROLE_ATTN_KV_A,   VF_ROLE_ATTN_K_B,      VF_ROLE_ATTN_V_B,
  };
  for (size_t i = 0; i < sizeof usual / sizeof *usual; i++)
    if (t->role == usual[i]) return true;
  return false;
}

/* Of an architecture that is known from files alone no rule says what else there has to be: the
 * usual matrices that are there have their shapes. */
static void check_one(vf_builder *b, const vf_tensor *wanted, size_t *from) {
  char name[96];
  bool same = false;
  if (!is_asked(wanted) || !is_clear(b, wanted->layer)) return;
  const vf_tensor *t = find(b->m, wanted, from, &same);
  bool form = wanted->role != VF_ROLE_ATTN_Q_NORM && wanted->role != VF_ROLE_ATTN_K_NORM;
  bool rules = b->arch->model_type != NULL;
  if (!rules && !is_usual(wanted)) return;
  if (same || (t == NULL && (!rules || has_instead(b, wanted))) || (t != NULL && !form)) return;
  name_of(name, sizeof name, wanted);
  if (t == NULL) {
    vf_miss_tensor(b, name);
    return;
  }
  vf_refuse_shape(b, name, t, wanted);
}

/* ---- What the header says --------------------------------------------------------------- */

static bool feeds(const vf_layer *l) {
  return l->n_ff != 0 || l->n_experts != 0;
}

static bool others_attend(const vf_builder *b) {
  for (uint32_t i = 0; i < b->m->n_layers; i++)
    if ((b->m->layers[i].mixers & VF_MIX_ATTENTION) != 0) return true;
  return false;
}

/* Nothing of attention in a layer of an architecture with a row of its own. */
static bool is_without_attention(const vf_builder *b, int32_t layer) {
  return b->arch->model_type != NULL && !has_role(b, VF_ROLE_ATTN_Q_A, layer) &&
         !has_role(b, VF_ROLE_ATTN_KV_A, layer);
}

/* The header lists which layers have a feed-forward. */
static bool others_wide(vf_builder *b) {
  for (uint32_t i = 0; i < b->m->n_layers; i++)
    if (vf_hparam_at(&b->h, VF_HP_N_FF, i, 0) != 0) return true;
  return false;
}

/* A feed-forward without its last matrix, whose width says how wide the others are; or none at all,
 * where the header has one and the architecture's layers always do. */
static bool lacks_down(const vf_builder *b, uint32_t i, bool experts, uint32_t wide) {
  const vf_layer *l = &b->m->layers[i];
  int32_t layer = (int32_t)i;
  if (l->n_ff == 0 && (has_role(b, VF_ROLE_FFN_UP, layer) || has_role(b, VF_ROLE_FFN_GATE, layer)))
    return true;
  if (l->n_experts == 0 &&
      (has_role(b, VF_ROLE_FFN_UP_EXPS, layer) || has_role(b, VF_ROLE_FFN_GATE_EXPS, layer)))
    return true;
  return b->arch->model_type != NULL && l->mixers == VF_MIX_ATTENTION && !feeds(l) && !experts &&
         wide != 0 && (b->arch->traits & VF_TRAIT_NO_FF) == 0;
}

/* Counts of the header that a layer's tensors have to show: where any other layer does. */
static void check_layer(vf_builder *b, uint32_t i, bool others_feed) {
  const vf_layer *l = &b->m->layers[i];
  char name[64];
  if (!is_clear(b, (int32_t)i)) return;
  uint32_t wide = vf_hparam_at(&b->h, VF_HP_N_FF, i, 0);
  uint32_t experts = vf_hparam_at(&b->h, VF_HP_N_EXPERTS, i, 0);
  if ((b->arch->traits & VF_TRAIT_FF_DOUBLED) != 0) wide /= 2;
  bool attends = l->mixers == 0 && vf_hparam_at(&b->h, VF_HP_N_KV_HEADS, i, 0) != 0;
  attends =
      attends && (b->arch->model_type != NULL || !has_role(b, VF_ROLE_NEXTN_PROJ, (int32_t)i));
  if (lacks_down(b, i, experts != 0, wide)) {
    snprintf(name, sizeof name, "blk.%" PRIu32 ".%s", i,
             experts != 0 ? "ffn_down_exps.weight" : "ffn_down.weight");
    vf_miss_tensor(b, name);
  } else if (attends && feeds(l) && (b->arch->traits & VF_TRAIT_NO_HEADS) == 0 &&
             (others_attend(b) || is_without_attention(b, (int32_t)i))) {
    snprintf(name, sizeof name, "blk.%" PRIu32 ".attn_q.weight", i);
    vf_miss_tensor(b, name);
  } else if (l->mixers == 0 && !feeds(l)) {
    snprintf(name, sizeof name, "blk.%" PRIu32, i);
    vf_miss_tensor(b, name);
  } else if (!feeds(l) && others_feed && (wide != 0 || (experts != 0 && !others_wide(b))) &&
             vf_hparam_given(&b->h, VF_HP_N_FF) && (b->arch->traits & VF_TRAIT_NO_FF) == 0) {
    snprintf(name, sizeof name, "blk.%" PRIu32 ".%s", i,
             experts != 0 ? "ffn_down_exps.weight" : "ffn_down.weight");
    vf_miss_tensor(b, name);
  } else if (l->n_experts != 0 && experts != 0 && l->n_experts != experts) {
    vf_hparam_fail(&b->h, VF_HP_N_EXPERTS, VF_MALFORMED,
                   "%" PRIu32 " experts, but blk.%" PRIu32 ".ffn_down_exps.weight has %" PRIu32,
                   experts, i, l->n_experts);
  } else if (l->n_experts == 0 && experts == 0 && l->n_ff != 0 && l->n_ff != wide &&
             vf_hparam_given(&b->h, VF_HP_N_FF)) {
    vf_hparam_fail(&b->h, VF_HP_N_FF, VF_MALFORMED,
                   "%" PRIu32 ", but blk.%" PRIu32 ".ffn_down.weight has rows of %" PRIu32, wide, i,
                   l->n_ff);
  }
  if (b->status == VF_OK) b->status = b->h.status;
}

/* A header that counts experts belongs to a file that has some. */
static void check_experts(vf_builder *b) {
  uint32_t counted = 0;
  for (uint32_t i = 0; i < b->m->n_layers; i++) {
    uint32_t n = vf_hparam_at(&b->h, VF_HP_N_EXPERTS, i, 0);
    counted = n > counted ? n : counted;
    if (b->m->layers[i].n_experts != 0 || !is_clear(b, (int32_t)i)) return;
  }
  if (counted != 0)
    vf_hparam_fail(&b->h, VF_HP_N_EXPERTS, VF_MALFORMED,
                   "%" PRIu32 " experts, but no layer has any: an engine refuses the file",
                   counted);
  b->status = b->h.status;
}

static void miss_role(vf_builder *b, uint32_t i, vf_role role) {
  char name[64];
  snprintf(name, sizeof name, "blk.%" PRIu32 ".%s.weight", i, vf_roles[role].gguf_name);
  vf_miss_tensor(b, name);
}

/* Which layers a part belongs to. */
enum place { AT_ATTENTION, AT_STATES, AT_EXPERTS, AT_DENSE, AT_MIXERS, AT_BOTH };

static bool is_at(enum place place, const vf_layer *l) {
  switch (place) {
  case AT_ATTENTION: return (l->mixers & VF_MIX_ATTENTION) != 0;
  case AT_STATES: return (l->mixers & (VF_MIX_MAMBA1 | VF_MIX_MAMBA2)) != 0;
  case AT_EXPERTS: return l->n_experts != 0;
  case AT_DENSE: return l->n_ff != 0 && (l->mixers & VF_MIX_RWKV) == 0;
  case AT_MIXERS: return l->mixers != 0;
  case AT_BOTH: return l->mixers != 0 && feeds(l);
  }
  return false;
}

/* What no layer of an architecture is without, by its row (arch_table.c), though its tensors would
 * pass for a layer of another kind. */
static const struct {
  uint64_t flags; /* that the architecture has, and one of them each layer has to have */
  enum place place;
  vf_role role;
} always[] = {
    {VF_LAYER_QK_NORM | VF_LAYER_QK_NORM_FULL | VF_LAYER_QK_NORM_ALL_HEADS, AT_ATTENTION,
     VF_ROLE_ATTN_Q_NORM},
    {VF_LAYER_SINKS, AT_ATTENTION, VF_ROLE_ATTN_SINKS},
    {VF_LAYER_SUB_NORMS, AT_ATTENTION, VF_ROLE_ATTN_SUB_NORM},
    {VF_LAYER_POST_NORMS, AT_BOTH, VF_ROLE_FFN_POST_NORM},
    {VF_LAYER_TWO_NORMS, AT_BOTH, VF_ROLE_ATTN_NORM_2},
    {VF_LAYER_SSM_NORM, AT_STATES, VF_ROLE_SSM_NORM},
    {VF_LAYER_SHEXP_GATE, AT_EXPERTS, VF_ROLE_FFN_SHEXP_GATE},
};

/* What a layer may lack where its architecture says so, or some of its models do (`too`). */
static const struct {
  uint64_t flag;
  enum place place;
  uint32_t too;
  vf_role role;
} never[] = {
    {VF_LAYER_NO_NORMS, AT_MIXERS, 0, VF_ROLE_ATTN_NORM},
    {VF_LAYER_ONE_NORM, AT_BOTH, VF_TRAIT_ONE_NORM_TOO, VF_ROLE_FFN_NORM},
    {VF_LAYER_K_IS_V, AT_ATTENTION, VF_TRAIT_K_IS_V_TOO, VF_ROLE_ATTN_V},
    {VF_LAYER_FFN_PLAIN, AT_DENSE, 0, VF_ROLE_FFN_GATE},
    {VF_LAYER_FFN_FUSED, AT_DENSE, 0, VF_ROLE_FFN_GATE},
    {VF_LAYER_FFN_PLAIN, AT_EXPERTS, VF_TRAIT_PLAIN_TOO, VF_ROLE_FFN_GATE_EXPS},
};

static void contradict(vf_builder *b, vf_hparam id, uint32_t i, vf_role role) {
  vf_hparam_fail(&b->h, id, VF_MALFORMED,
                 "is 0, but there is blk.%" PRIu32 ".%s.weight: an engine refuses the file", i,
                 vf_roles[role].gguf_name);
  b->status = b->h.status;
}

/* Counts of none for what the layer has a matrix of. */
static void check_zeros(vf_builder *b, uint32_t i) {
  const vf_layer *l = &b->m->layers[i];
  bool attends = is_at(AT_ATTENTION, l);
  if (attends && l->n_heads == 0 && has_role(b, VF_ROLE_ATTN_Q, (int32_t)i))
    contradict(b, VF_HP_N_HEADS, i, VF_ROLE_ATTN_Q);
  else if (attends && l->n_kv_heads == 0 && has_role(b, VF_ROLE_ATTN_K, (int32_t)i))
    contradict(b, VF_HP_N_KV_HEADS, i, VF_ROLE_ATTN_K);
  else if (l->embd_per_layer == 0 && has_role(b, VF_ROLE_INP_GATE, (int32_t)i))
    contradict(b, VF_HP_EMBD_PER_LAYER, i, VF_ROLE_INP_GATE);
}

/* Half of such a matrix is a gate. */
static void check_gate(vf_builder *b, uint32_t i) {
  const vf_layer *l = &b->m->layers[i];
  char name[64];
  if ((b->arch->flags & ~l->flags & VF_LAYER_Q_GATED) == 0 || !is_at(AT_ATTENTION, l)) return;
  snprintf(name, sizeof name, "blk.%" PRIu32 ".%s.weight", i, vf_roles[VF_ROLE_ATTN_Q].gguf_name);
  b->status = vf_fail_at(b->err, VF_MALFORMED, b->facts->source, name,
                         "has no gate, which is half of it in this architecture: an engine "
                         "refuses the file");
}

/* Layers of architectures that have a row of their own. */
static void check_kind(vf_builder *b, uint32_t i) {
  const vf_layer *l = &b->m->layers[i];
  if (b->arch->model_type == NULL) return;
  for (size_t k = 0; k < sizeof never / sizeof *never && b->status == VF_OK; k++)
    if ((l->flags & ~b->arch->flags & never[k].flag) != 0 && is_at(never[k].place, l) &&
        (b->arch->traits & never[k].too) == 0)
      miss_role(b, i, never[k].role);
  for (size_t k = 0; k < sizeof always / sizeof *always && b->status == VF_OK; k++)
    if ((b->arch->flags & always[k].flags) != 0 && (l->flags & always[k].flags) == 0 &&
        is_at(always[k].place, l))
      miss_role(b, i, always[k].role);
  bool around = (b->arch->flags & VF_LAYER_POST_NORMS) != 0 &&
                (b->arch->flags & VF_LAYER_NO_NORMS) == 0 && is_at(AT_BOTH, l) &&
                !has_role(b, VF_ROLE_ATTN_OUTPUT_NORM, (int32_t)i); /* as Grok calls one */
  for (size_t k = 0; around && k < 2 && b->status == VF_OK; k++) {
    static const vf_role norms[] = {VF_ROLE_FFN_NORM, VF_ROLE_ATTN_POST_NORM};
    if (!has_role(b, norms[k], (int32_t)i)) miss_role(b, i, norms[k]);
  }
  if (b->status == VF_OK && (l->flags & VF_LAYER_KV_SHARED) != 0 &&
      !vf_hparam_given(&b->h, VF_HP_KV_SHARED))
    miss_role(b, i, VF_ROLE_ATTN_K);
  uint32_t shared = vf_hparam_at(&b->h, VF_HP_N_SHARED, i, 0);
  if (b->status == VF_OK && shared != 0 && l->n_experts != 0 && l->n_ff_shared == 0)
    miss_role(b, i, VF_ROLE_FFN_DOWN_SHEXP);
  if (b->status == VF_OK) check_gate(b, i);
}

/* ---- Layers that are alike -------------------------------------------------------------- */

static bool is_like(const vf_model *m, uint32_t i, uint32_t k) {
  const vf_layer *a = &m->layers[i], *c = &m->layers[k];
  uint64_t kinds = VF_LAYER_KV_SHARED;
  return a->mixers == c->mixers && (a->n_experts != 0) == (c->n_experts != 0) &&
         (a->n_ff != 0) == (c->n_ff != 0) && (a->flags & kinds) == (c->flags & kinds) &&
         (a->window != 0) == (c->window != 0) && a->index_heads == c->index_heads &&
         (a->compress != 0) == (c->compress != 0) &&
         (a->ops & VF_OPS_ROUTER_TABLE) == (c->ops & VF_OPS_ROUTER_TABLE);
}

/* A table in place of a choice by scores makes a layer another one, too. */
static bool is_alike(const vf_builder *b, uint32_t i, uint32_t k) {
  return k != i && is_like(b->m, i, k) &&
         has_role(b, VF_ROLE_FFN_ROUTER_TABLE, (int32_t)i) ==
             has_role(b, VF_ROLE_FFN_ROUTER_TABLE, (int32_t)k);
}

/* A layer has these or has them not for what it is, and every layer like it is the same. */
static bool is_part_of_kind(const vf_builder *b, vf_role role) {
  bool norm = role == VF_ROLE_ATTN_NORM || role == VF_ROLE_FFN_NORM;
  return b->arch->model_type != NULL &&
         (norm || role == VF_ROLE_ATTN_V || role == VF_ROLE_FFN_GATE);
}

/* What all layers like it have, and it has not; `biases` picks those instead of weights. */
static bool lacks(const vf_builder *b, uint32_t i, vf_role *role, bool biases) {
  uint64_t all[4] = {UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX};
  uint32_t alike = 0;
  for (uint32_t k = 0; k < b->m->n_layers; k++) {
    if (!is_alike(b, i, k)) continue;
    const uint64_t *bits = biases ? b->seen[k].biases : b->seen[k].weights;
    for (int w = 0; w < 4; w++) all[w] &= bits[w];
    alike++;
  }
  const uint64_t *own = biases ? b->seen[i].biases : b->seen[i].weights;
  for (uint32_t r = 0; alike > 0 && r < VF_ROLE_UNKNOWN; r++) {
    bool sure = alike >= LIKE_IT || (!biases && is_part_of_kind(b, (vf_role)r));
    if (sure && ((all[r / 64] & ~own[r / 64]) >> (r % 64) & 1) != 0) {
      *role = (vf_role)r;
      return true;
    }
  }
  return false;
}

/* The fewest tensors of any layer like it; 0: too few are like it. */
static uint32_t fewest_alike(const vf_builder *b, uint32_t i) {
  uint32_t fewest = UINT32_MAX, alike = 0;
  for (uint32_t k = 0; k < b->m->n_layers; k++) {
    if (!is_alike(b, i, k)) continue;
    if (b->seen[k].n_tensors < fewest) fewest = b->seen[k].n_tensors;
    alike++;
  }
  return alike >= LIKE_IT ? fewest : 0;
}

static void check_alike(vf_builder *b, uint32_t i) {
  vf_role role = VF_ROLE_UNKNOWN;
  char name[96];
  if (!is_clear(b, (int32_t)i)) return;
  bool weight = lacks(b, i, &role, false);
  uint32_t fewest = fewest_alike(b, i);
  if (weight || lacks(b, i, &role, true)) {
    vf_tensor t = {.layer = (int32_t)i,
                   .role = (uint16_t)role,
                   .suffix = weight ? VF_SUFFIX_WEIGHT : VF_SUFFIX_BIAS};
    name_of(name, sizeof name, &t);
    vf_miss_tensor(b, name);
  } else if (b->seen[i].n_tensors < fewest) {
    snprintf(name, sizeof name, "blk.%" PRIu32, i);
    b->status = vf_fail_at(b->err, VF_MALFORMED, b->facts->source, name,
                           "has %" PRIu32 " tensors, and every layer like it at least %" PRIu32
                           ": an engine refuses the file (is it not whole?)",
                           b->seen[i].n_tensors, fewest);
  }
}

/* ---- All of it -------------------------------------------------------------------------- */

/* Roles that several tensors of a layer share: as many as the rules make. */
static void check_counts(vf_builder *b, const vf_model *derived) {
  size_t n = (size_t)b->m->n_layers * VF_ROLE_COUNT;
  int16_t *left = vf_arena_alloc(b->facts->arena, n, sizeof *left);
  if (left == NULL) {
    b->status = vf_fail_nomem(b->err);
    return;
  }
  for (size_t i = 0; i < b->m->n_tensors; i++) {
    const vf_tensor *t = &b->m->tensors[i];
    bool counts = t->layer >= 0 && (uint32_t)t->layer < b->m->n_layers && is_asked(t);
    int16_t *l = counts ? &left[(size_t)t->layer * VF_ROLE_COUNT + t->role] : NULL;
    if (l != NULL && *l < INT16_MAX) ++*l;
  }
  for (size_t i = 0; i < derived->n_tensors && b->status == VF_OK; i++) {
    const vf_tensor *t = &derived->tensors[i];
    if (t->layer < 0 || !is_asked(t)) continue;
    int16_t *l = &left[(size_t)t->layer * VF_ROLE_COUNT + t->role];
    if (--*l >= 0 || !has_role(b, (vf_role)t->role, t->layer)) continue;
    char name[96];
    name_of(name, sizeof name, t);
    b->status = vf_fail_at(b->err, VF_MALFORMED, b->facts->source, name,
                           "and what belongs to it are fewer tensors than such a layer has: an "
                           "engine refuses the file (is it not whole?)");
  }
}

/* The tensors that the rules make of the layers, in a model of their own. */
static void check_matrices(vf_builder *b) {
  vf_builder c = *b;
  vf_model *m = b->m, *derived;
  size_t from = 0;
  c.tensor_capacity = (size_t)m->n_layers * TENSORS_PER_LAYER + TENSORS_OUTSIDE;
  b->status = vf_model_new(&derived, vf_arena_allocator(b->facts->arena), c.tensor_capacity,
                           m->n_layers, 1, b->err);
  if (b->status != VF_OK) return;
  derived->n_embd = m->n_embd;
  derived->n_vocab = m->n_vocab;
  derived->max_ctx_tokens = m->max_ctx_tokens;
  derived->n_layers = m->n_layers;
  derived->tied = m->tied;
  derived->flags = m->flags;
  memcpy(derived->layers, m->layers, m->n_layers * sizeof *m->layers);
  c.m = derived;
  vf_emit(&c);
  b->status = c.status;
  for (size_t i = 0; i < derived->n_tensors && b->status == VF_OK; i++)
    check_one(b, &derived->tensors[i], &from);
  if (b->status == VF_OK && b->arch->model_type != NULL) check_counts(b, derived);
  vf_model_free(derived);
}

void vf_check_whole(vf_builder *b) {
  const vf_model *m = b->m;
  bool others_feed = false;
  if (m->n_tensors == 0) {
    b->status = vf_fail_at(b->err, VF_MALFORMED, b->facts->source, "",
                           "has no tensors: a vocabulary or a header alone is no model");
    return;
  }
  for (uint32_t i = 0; i < m->n_layers; i++) others_feed |= feeds(&m->layers[i]);
  check_experts(b);
  if (b->status == VF_OK) vf_check_needs(b);
  for (uint32_t i = 0; i < m->n_layers && b->status == VF_OK; i++) check_layer(b, i, others_feed);
  for (uint32_t i = 0; i < m->n_layers && b->status == VF_OK; i++) check_zeros(b, i);
  for (uint32_t i = 0; i < m->n_layers && b->status == VF_OK; i++) check_kind(b, i);
  for (uint32_t i = 0; i < m->n_layers && b->status == VF_OK; i++) check_alike(b, i);
  if (b->status != VF_OK) return;
  if ((b->arch->ops & VF_OPS_UNKNOWN) == 0) check_matrices(b);
}

/* ---- Checkpoints ------------------------------------------------------------------------ */

/* Parameters of the model itself; packed ones cannot be counted. */
static bool count_plain(uint64_t *out, const vf_model *m, const vf_tensor *tensors, size_t n) {
  *out = 0;
  for (size_t i = 0; i < n; i++) {
    const vf_tensor *t = &tensors[i];
    const vf_format_info *f = vf_format_get((vf_format)t->format);
    if (f->quantized || t->format == VF_FORMAT_I32 || f->block_bytes == 1) return false;
    if (vf_roles[t->role].home == VF_HOME_TOWER || vf_model_is_mtp(m, t)) continue;
    *out += vf_tensor_elements(t) * t->count;
  }
  return true;
}

/* The first layer of the model that no tensor of the files belongs to; UINT32_MAX: none. */
static uint32_t empty_layer(const vf_model *m, const vf_inventory *inv) {
  for (uint32_t i = 0; i < m->n_layers; i++) {
    bool found = (m->layers[i].flags & VF_LAYER_MTP) != 0;
    for (size_t k = 0; k < inv->count && !found; k++) found = inv->tensors[k].layer == (int32_t)i;
    if (!found) return i;
  }
  return UINT32_MAX;
}

/* What the files have of a layer, by role: whether there is a weight or a part of one, how many
 * weights, and how large they are if they are plain numbers. */
typedef struct stored_role {
  bool found, empty; /* one of its weights has no elements */
  bool packed;       /* one of them is no plain numbers */
  uint32_t weights;
  uint64_t elements, largest; /* of all, and of one */
} stored_role;

static stored_role *stored_at(stored_role *all, const vf_model *m, const vf_tensor *t) {
  if (t->layer >= (int32_t)m->n_layers) return NULL;
  return &all[(size_t)(t->layer + 1) * VF_ROLE_COUNT + t->role];
}

static void note_stored(stored_role *all, const vf_model *m, const vf_inventory *inv) {
  for (size_t i = 0; i < inv->count; i++) {
    const vf_tensor *t = &inv->tensors[i];
    stored_role *s = stored_at(all, m, t);
    if (s == NULL || t->suffix == VF_SUFFIX_BIAS) continue;
    bool plain = !vf_format_get((vf_format)t->format)->quantized && t->format != VF_FORMAT_I32;
    s->found = true;
    s->packed |= !plain;
    s->largest = plain && vf_tensor_elements(t) > s->largest ? vf_tensor_elements(t) : s->largest;
    if (t->suffix != VF_SUFFIX_WEIGHT) continue;
    s->weights += t->count;
    s->empty |= vf_tensor_elements(t) == 0;
    s->elements += plain ? vf_tensor_elements(t) * t->count : 0;
  }
}

static vf_status miss_stored(const char *source, const vf_tensor *t, const char *what,
                             vf_error *err) {
  char name[96];
  name_of(name, sizeof name, t);
  return vf_fail_at(err, VF_MALFORMED, source, "", "%s (as GGUF calls it) %s", name, what);
}

/* Against a layer that is like it: a role that only the other has, or in another size. */
static vf_status compare_stored(const stored_role *own, const stored_role *its, const vf_tensor *t,
                                const char *source, vf_error *err) {
  if (!own->found && its->found)
    return miss_stored(
        source, t, "is in none of the files, though other layers have theirs: are they all there?",
        err);
  uint64_t wanted = vf_tensor_elements(t) * t->count;
  bool both = own->elements != 0 && its->elements == wanted && its->weights == own->weights;
  if (both && own->elements != wanted)
    return miss_stored(
        source, t, "has another size than in the other layers: an engine refuses the files", err);
  return VF_OK;
}

static bool is_outside_needed(const vf_tensor *t) {
  return t->role == VF_ROLE_TOKEN_EMBD || t->role == VF_ROLE_OUTPUT ||
         t->role == VF_ROLE_OUTPUT_NORM;
}

/* The norms before the halves of a layer, where there are no others: they are called alike
 * everywhere. */
static bool is_plain_norm(const vf_model *m, const vf_tensor *t) {
  if (t->layer < 0) return t->role == VF_ROLE_OUTPUT_NORM;
  const vf_layer *l = &m->layers[t->layer];
  bool others = (l->flags & (VF_LAYER_POST_NORMS | VF_LAYER_TWO_NORMS | VF_LAYER_NO_NORMS)) != 0;
  return !others && l->mixers == VF_MIX_ATTENTION &&
         (t->role == VF_ROLE_ATTN_NORM || t->role == VF_ROLE_FFN_NORM);
}

/* One tensor that the config makes. Experts may be one tensor, or one for each. */
static vf_status check_stored(stored_role *all, const vf_model *m, const vf_tensor *t,
                              const char *source, vf_error *err) {
  const stored_role *own = stored_at(all, m, t);
  if (own == NULL) return VF_OK;
  if (own->empty) return miss_stored(source, t, "has a dimension of 0: is the file whole?", err);
  if (is_plain_norm(m, t)) {
    const stored_role *odd =
        stored_at(all, m, &(vf_tensor){.layer = t->layer, .role = VF_ROLE_UNKNOWN});
    bool strange = odd != NULL && odd->found;
    if (!own->found && !strange)
      return miss_stored(source, t, "is in none of the files: are they all there?", err);
    /* A module that predicts further tokens numbers its layers from 0, too. */
    if (own->elements != 0 && own->elements != vf_tensor_elements(t) * own->weights)
      return miss_stored(source, t,
                         "has another size than the config makes it: an engine refuses "
                         "the files",
                         err);
  }
  if (t->layer < 0) {
    const stored_role *odd = &all[VF_ROLE_UNKNOWN]; /* which may be what is looked for */
    bool strange = odd->packed || odd->largest >= vf_tensor_elements(t);
    if (own->found || strange || !is_outside_needed(t)) return VF_OK;
    return miss_stored(source, t, "is in none of the files: are they all there?", err);
  }
  uint64_t n = m->layers[t->layer].n_experts;
  if (vf_role_is_expert((vf_role)t->role) && own->weights > n / 2 && own->weights % n != 0)
    return miss_stored(source, t, "is not in the files for every expert: are they all there?", err);
  vf_status status = VF_OK;
  for (uint32_t k = 0; k < m->n_layers && status == VF_OK; k++)
    if (k != (uint32_t)t->layer && is_like(m, (uint32_t)t->layer, k))
      status = compare_stored(own, &all[(size_t)(k + 1) * VF_ROLE_COUNT + t->role], t, source, err);
  return status;
}

static vf_status check_roles(const vf_model *m, const vf_inventory *inv, const char *source,
                             vf_error *err) {
  stored_role *all =
      vf_arena_alloc(inv->arena, (size_t)(m->n_layers + 1) * VF_ROLE_COUNT, sizeof *all);
  vf_status status = VF_OK;
  if (all == NULL) return vf_fail_nomem(err);
  note_stored(all, m, inv);
  for (size_t i = 0; i < m->n_tensors && status == VF_OK; i++) {
    const vf_tensor *t = &m->tensors[i];
    bool counts = t->suffix == VF_SUFFIX_WEIGHT && vf_roles[t->role].home != VF_HOME_TOWER;
    if (counts && !vf_model_is_mtp(m, t)) status = check_stored(all, m, t, source, err);
  }
  return status;
}

vf_status vf_arch_check_checkpoint(const vf_model *derived, const vf_inventory *inv,
                                   const char *source, vf_error *err) {
  enum { MISSED_PERCENT = 1 }; /* what a published config and its files may differ by */
  uint64_t stored, expected;
  if (inv->count == 0) return vf_fail_at(err, VF_MALFORMED, source, "", "holds no tensors");
  uint32_t empty = empty_layer(derived, inv);
  if (empty != UINT32_MAX)
    return vf_fail_at(err, VF_MALFORMED, source, "",
                      "the config makes %" PRIu32 " layers, but no tensor of layer %" PRIu32
                      " is in the files: are they all there?",
                      derived->n_layers, empty);
  vf_status status = check_roles(derived, inv, source, err);
  if (status != VF_OK) return status;
  if (!count_plain(&stored, derived, inv->tensors, inv->count) ||
      !count_plain(&expected, derived, derived->tensors, derived->n_tensors))
    return VF_OK;
  if (stored >= expected - expected / 100 * MISSED_PERCENT) return VF_OK;
  return vf_fail_at(err, VF_MALFORMED, source, "",
                    "the config makes %" PRIu64 " parameters, but the files hold %" PRIu64
                    ": are they all there?",
                    expected, stored);
}
