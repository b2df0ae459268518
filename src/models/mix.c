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

#include "base/names.h"

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

/* ---- ik_llama.cpp's --------------------------------------------------------------------- */

/* Of a file that has a format's name, in thousandths of all matrices in it: logs of two mixes of
 * large models lie at 1136 and 1139 (docs/accuracy.md, A013 and A047).  Every token's matrices are
 * in Q8_0 there, experts' last ones a format wider. */
static const vf_weights_share ik_file = {1000, 1120, 1400}, ik_matrix = {1000, 1080, 1300};

/* A whole name of a format, or of one whose rows lie in groups: "_R4", "_R8". */
static vf_format format_called(const char *name) {
  for (int f = VF_FORMAT_NONE + 1; f < VF_FORMAT_COUNT; f++) {
    const char *own = vf_format_get((vf_format)f)->name;
    size_t n = strlen(own);
    bool grouped = vf_name_equal_n(name, own, n) && name[n] == '_' &&
                   (vf_name_equal(name + n, "_R4") || vf_name_equal(name + n, "_R8"));
    if (vf_name_equal(name, own) ? vf_format_is_ik((vf_format)f) : grouped) return (vf_format)f;
  }
  return VF_FORMAT_NONE;
}

vf_format vf_mix_ik_format(const char *name) {
  static const char *const prefixes[] = {"smol-", "mix-"};
  for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++)
    if (vf_name_equal_n(name, prefixes[i], strlen(prefixes[i]))) name += strlen(prefixes[i]);
  return format_called(name);
}

static vf_weights_share ik_share(const vf_tensor *t, bool experts) {
  uint32_t eight = most(1000, part_of(t, VF_FORMAT_Q8_0));
  bool ends = t->role == VF_ROLE_TOKEN_EMBD || t->role == VF_ROLE_OUTPUT;
  if (ends || (experts && !is_experts(t))) return (vf_weights_share){1000, eight, eight};
  return ik_matrix;
}

/* What no rule of llama-quantize makes f32 or 16 bits is in the format, where its rows divide. */
vf_status vf_mix_apply_ik(vf_model *m, const char *name, vf_format format, vf_error *err) {
  bool experts = vf_model_has_experts(m);
  vf_status status = vf_recipe_apply(m, "Q4_K_S", err);
  for (size_t i = 0; i < m->n_tensors && status == VF_OK; i++) {
    vf_tensor *t = &m->tensors[i];
    bool quantized = t->bytes != 0 && vf_format_get((vf_format)t->format)->quantized;
    if (t->tower != 0 || !quantized) continue;
    if (vf_format_divides(format, t->ne[0])) status = vf_tensor_store(t, format, err);
    t->share = ik_share(t, experts);
  }
  if (status != VF_OK) return status;
  snprintf(m->quant, sizeof m->quant, "%.23s", name);
  snprintf(m->engine, sizeof m->engine, "ik_llama.cpp");
  m->share = ik_file;
  vf_model_stored(m);
  vf_model_assume(m, "ik-mix",
                  "a mix of ik_llama.cpp's: such files keep what every token reads in Q8_0");
  return VF_OK;
}
