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

/* What has a name that is not known may be anything: then nothing is missed there. */
static bool is_clear(const vf_builder *b, int32_t layer) {
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
  const char *end = t->suffix == VF_SUFFIX_BIAS ? ".bias" : ".weight";
  if (t->layer < 0)
    snprintf(out, size, "%s%s", vf_roles[t->role].gguf_name, end);
  else
    snprintf(out, size, "blk.%" PRId32 ".%s%s", t->layer, vf_roles[t->role].gguf_name, end);
}

static void miss(vf_builder *b, const char *name) {
  b->status = vf_fail_at(b->err, VF_MALFORMED, b->facts->source, name,
                         "is missing: an engine refuses the file (is it a part of one, or not"
                         " whole?)");
}

static void check_one(vf_builder *b, const vf_tensor *wanted, size_t *from) {
  char name[96];
  bool same = false;
  bool asked = vf_tensor_dims(wanted) >= 2 || wanted->role == VF_ROLE_OUTPUT_NORM;
  if (!asked || wanted->suffix != VF_SUFFIX_WEIGHT || !is_clear(b, wanted->layer)) return;
  const vf_tensor *t = find(b->m, wanted, from, &same);
  if (same || (t == NULL && has_instead(b, wanted))) return;
  name_of(name, sizeof name, wanted);
  if (t == NULL) {
    miss(b, name);
    return;
  }
  b->status =
      vf_fail_at(b->err, VF_MALFORMED, b->facts->source, name,
                 "is [%" PRIu64 ", %" PRIu64 ", %" PRIu64 "], but the header makes it [%" PRIu64
                 ", %" PRIu64 ", %" PRIu64 "]: an engine refuses the file",
                 t->ne[0], t->ne[1], t->ne[2], wanted->ne[0], wanted->ne[1], wanted->ne[2]);
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

/* The header lists which layers have a feed-forward. */
static bool others_wide(vf_builder *b) {
  for (uint32_t i = 0; i < b->m->n_layers; i++)
    if (vf_hparam_at(&b->h, VF_HP_N_FF, i, 0) != 0) return true;
  return false;
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
  if (attends && feeds(l) && (b->arch->traits & VF_TRAIT_NO_HEADS) == 0 && others_attend(b)) {
    snprintf(name, sizeof name, "blk.%" PRIu32 ".attn_q.weight", i);
    miss(b, name);
  } else if (l->mixers == 0 && !feeds(l)) {
    snprintf(name, sizeof name, "blk.%" PRIu32, i);
    miss(b, name);
  } else if (!feeds(l) && others_feed && (wide != 0 || (experts != 0 && !others_wide(b))) &&
             vf_hparam_given(&b->h, VF_HP_N_FF) && (b->arch->traits & VF_TRAIT_NO_FF) == 0) {
    snprintf(name, sizeof name, "blk.%" PRIu32 ".%s", i,
             experts != 0 ? "ffn_down_exps.weight" : "ffn_down.weight");
    miss(b, name);
  } else if (l->n_experts != 0 && experts != 0 && l->n_experts != experts) {
    vf_hparam_fail(&b->h, VF_HP_N_EXPERTS, VF_MALFORMED,
                   "%" PRIu32 " experts, but blk.%" PRIu32 ".ffn_down_exps.weight has %" PRIu32,
                   experts, i, l->n_experts);
  } else if (l->n_experts == 0 && experts == 0 && l->n_ff != 0 && wide != 0 && l->n_ff != wide) {
    vf_hparam_fail(&b->h, VF_HP_N_FF, VF_MALFORMED,
                   "%" PRIu32 ", but blk.%" PRIu32 ".ffn_down.weight has rows of %" PRIu32, wide, i,
                   l->n_ff);
  }
  if (b->status == VF_OK) b->status = b->h.status;
}

/* ---- Layers that are alike -------------------------------------------------------------- */

static bool is_like(const vf_model *m, uint32_t i, uint32_t k) {
  const vf_layer *a = &m->layers[i], *c = &m->layers[k];
  uint64_t kinds = VF_LAYER_KV_SHARED;
  return a->mixers == c->mixers && (a->n_experts != 0) == (c->n_experts != 0) &&
         (a->n_ff != 0) == (c->n_ff != 0) && (a->flags & kinds) == (c->flags & kinds) &&
         (a->window != 0) == (c->window != 0) && a->index_heads == c->index_heads;
}

/* What all layers like it have, and it has not; `bits` picks weights or biases. */
static bool lacks(const vf_builder *b, uint32_t i, vf_role *role, bool biases) {
  uint64_t all[4] = {UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX};
  uint32_t alike = 0;
  for (uint32_t k = 0; k < b->m->n_layers; k++) {
    if (k == i || !is_like(b->m, i, k)) continue;
    const uint64_t *bits = biases ? b->seen[k].biases : b->seen[k].weights;
    for (int w = 0; w < 4; w++) all[w] &= bits[w];
    alike++;
  }
  const uint64_t *own = biases ? b->seen[i].biases : b->seen[i].weights;
  for (uint32_t r = 0; alike >= LIKE_IT && r < VF_ROLE_UNKNOWN; r++) {
    if ((all[r / 64] & ~own[r / 64]) >> (r % 64) & 1) {
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
    if (k == i || !is_like(b->m, i, k)) continue;
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
    miss(b, name);
  } else if (b->seen[i].n_tensors < fewest) {
    snprintf(name, sizeof name, "blk.%" PRIu32, i);
    b->status = vf_fail_at(b->err, VF_MALFORMED, b->facts->source, name,
                           "has %" PRIu32 " tensors, and every layer like it at least %" PRIu32
                           ": an engine refuses the file (is it not whole?)",
                           b->seen[i].n_tensors, fewest);
  }
}

/* ---- All of it -------------------------------------------------------------------------- */

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
  for (uint32_t i = 0; i < m->n_layers && b->status == VF_OK; i++) check_layer(b, i, others_feed);
  for (uint32_t i = 0; i < m->n_layers && b->status == VF_OK; i++) check_alike(b, i);
  if (b->status != VF_OK) return;
  /* Of an architecture that is known from files alone no rule says what else there has to be. */
  if (b->arch->model_type != NULL)
    check_matrices(b);
  else if (!has_role(b, VF_ROLE_TOKEN_EMBD, -1))
    b->status = vf_fail_at(b->err, VF_UNSUPPORTED, b->facts->source, "token_embd.weight",
                           "is missing: what an engine reads in its place is not known");
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
  if (!count_plain(&stored, derived, inv->tensors, inv->count) ||
      !count_plain(&expected, derived, derived->tensors, derived->n_tensors))
    return VF_OK;
  if (stored >= expected - expected / 100 * MISSED_PERCENT) return VF_OK;
  return vf_fail_at(err, VF_MALFORMED, source, "",
                    "the config makes %" PRIu64 " parameters, but the files hold %" PRIu64
                    ": are they all there?",
                    expected, stored);
}
