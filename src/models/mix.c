/* mix.c - publishers' own mixes: how far their files lie from the recipe that they began as.
 *
 * Of a file as a whole the size is known (mixes.def).  A device holds a part of it: with experts on
 * the host it is mostly attention, which such mixes keep in more bits, while the host has the
 * embedding by itself.  So each class of tensors has a spread of its own, and a device's weights
 * lie within the spreads of what it holds and within what the whole file leaves to it.
 *
 * Seen in logs (docs/accuracy.md): Unsloth's mixes keep an embedding that is no output matrix in
 * Q4_K from UD-Q2_K_XL to UD-Q5_K_M; UD-Q5_K_XL has all of a large model's attention in Q8_0, and
 * UD-Q8_K_XL what is tied in BF16. */
#include "models/mix.h"

#include <stdio.h>
#include <string.h>

#include "core/format.h"
#include "models/recipe.h"

static const struct {
  const char *name, *recipe;
  vf_weights_share share;
} mixes[] = {
#define MIX(name, recipe, low, expected, high) {name, recipe, {low, expected, high}},
#include "models/mixes.def"
#undef MIX
};
enum { N_MIXES = sizeof mixes / sizeof *mixes };

/* ---- Classes of tensors ----------------------------------------------------------------- */

/* In thousandths of what the tensor is stored in; its own format where rows do not divide. */
static uint32_t part_of(const vf_tensor *t, vf_format f) {
  if (!vf_format_divides(f, t->ne[0])) return 1000;
  uint64_t own = vf_format_row_about((vf_format)t->format, t->ne[0]);
  return (uint32_t)((vf_format_row_about(f, t->ne[0]) * 1000 + own - 1) / own);
}

static uint32_t least(uint32_t a, uint32_t b) {
  return a < b ? a : b;
}

static uint32_t most(uint32_t a, uint32_t b) {
  return a > b ? a : b;
}

/* An embedding that is looked up alone. */
static vf_weights_share embedding_share(const vf_tensor *t, bool eight, bool six) {
  if (eight) return (vf_weights_share){1000, 1000, part_of(t, VF_FORMAT_BF16)};
  uint32_t four = part_of(t, VF_FORMAT_Q4_K);
  if (six) return (vf_weights_share){four - 1, 1000, part_of(t, VF_FORMAT_Q8_0)};
  return (vf_weights_share){least(four - 1, 1000), four, most(1000, part_of(t, VF_FORMAT_Q6_K))};
}

static bool is_experts(const vf_tensor *t) {
  return t->ne[2] > 1;
}

/* What every token reads: up to 8 bits where experts beside it are smaller, or 16. */
static vf_weights_share share_of(const vf_model *m, const vf_tensor *t, bool experts) {
  const char *recipe = m->quant;
  bool eight = strcmp(recipe, "Q8_0") == 0, six = strcmp(recipe, "Q6_K") == 0;
  vf_weights_share s = m->share;
  if (!vf_format_get((vf_format)t->format)->quantized) return (vf_weights_share){1000, 1000, 1000};
  uint32_t wide = part_of(t, eight ? VF_FORMAT_BF16 : VF_FORMAT_Q8_0);
  if (t->role == VF_ROLE_PER_LAYER_TOKEN_EMBD) {
    s.high = most(s.high, part_of(t, VF_FORMAT_BF16));
  } else if (t->role == VF_ROLE_TOKEN_EMBD && !m->tied) {
    return embedding_share(t, eight, six);
  } else if (t->role == VF_ROLE_TOKEN_EMBD || t->role == VF_ROLE_OUTPUT ||
             (experts && !is_experts(t))) {
    s.high = most(s.high, wide);
  }
  return s;
}

/* ---- Applying --------------------------------------------------------------------------- */

/* What a mix does with embeddings for every layer is not known: up to 16 bits. */
static void widen_for_layers(vf_model *m) {
  uint64_t all = 0, more = 0;
  for (size_t i = 0; i < m->n_tensors; i++) {
    const vf_tensor *t = &m->tensors[i];
    if (vf_roles[t->role].home != VF_HOME_TOWER) all += t->bytes;
    if (t->role != VF_ROLE_PER_LAYER_TOKEN_EMBD) continue;
    uint64_t wide = 2 * t->ne[0] * t->ne[1];
    more += wide > t->bytes ? wide - t->bytes : 0;
  }
  if (all >= 1000) m->share.high += (uint32_t)(more / (all / 1000));
}

static void spread_classes(vf_model *m) {
  bool experts = vf_model_has_experts(m);
  for (size_t i = 0; i < m->n_tensors; i++) {
    vf_tensor *t = &m->tensors[i];
    if (t->tower == 0 && t->bytes != 0) t->share = share_of(m, t, experts);
  }
  vf_model_stored(m);
}

const char *vf_mix_name(size_t i) {
  return i < N_MIXES ? mixes[i].name : NULL;
}

vf_status vf_mix_apply(vf_model *m, size_t i, vf_error *err) {
  vf_status status = vf_recipe_apply(m, mixes[i].recipe, err);
  if (status != VF_OK) return status;
  m->share = mixes[i].share;
  spread_classes(m);
  snprintf(m->quant, sizeof m->quant, "%s", mixes[i].name);
  widen_for_layers(m);
  vf_model_assume(m, "mix",
                  "a publisher's own mix: its size by what such files had, give the file");
  return VF_OK;
}
