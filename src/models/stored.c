/* stored.c - whether a checkpoint's files are those of its config.
 *
 * A server makes its tensors by the config and copies into them what it finds in the files.  What
 * does not fit there ends the loading: vLLM's default_weight_loader compares both sizes, its
 * AutoWeightsLoader knows no parameter of a layer that was not made, and transformers tells a size
 * mismatch.  A type of numbers is turned into the config's while it is copied.
 *
 * Names of checkpoints are known by their tails alone, and a network in front of the model may have
 * such tails, too.  So a matrix is only held against the config where no tensor of its name and
 * layer is what the config makes. */
#include "models/stored.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/status.h"
#include "core/format.h"

enum { WIDE_BITS = 16 };

/* ---- What can be compared --------------------------------------------------------------- */

/* Matrices whose names and sizes are the same in all checkpoints. */
static const vf_role compared[] = {
    VF_ROLE_TOKEN_EMBD, VF_ROLE_OUTPUT,      VF_ROLE_ATTN_Q,        VF_ROLE_ATTN_K,
    VF_ROLE_ATTN_V,     VF_ROLE_ATTN_OUTPUT, VF_ROLE_FFN_GATE,      VF_ROLE_FFN_UP,
    VF_ROLE_FFN_DOWN,   VF_ROLE_FFN_UP_EXPS, VF_ROLE_FFN_GATE_EXPS, VF_ROLE_FFN_DOWN_EXPS,
};

enum { N_COMPARED = sizeof compared / sizeof *compared };

static int place_of(const vf_tensor *t) {
  for (int i = 0; i < N_COMPARED; i++)
    if (compared[i] == (vf_role)t->role) return i;
  return -1;
}

/* A weight of one layer, or of none: what the config makes of it, and what the files have. */
typedef struct held {
  uint64_t wanted, plain, packed_bits; /* numbers; bits of packed ones */
  bool found, fits;
} held;

/* An encoder's layer has the number of a decoder's; states and latent attention have matrices of
 * their own under such names. */
static bool is_compared(const vf_model *m, const vf_tensor *t) {
  if (place_of(t) < 0 || t->layer >= (int32_t)m->n_layers) return false;
  if (t->layer < 0) return true;
  const vf_layer *l = &m->layers[t->layer];
  if ((l->flags & VF_LAYER_MTP) != 0) return false;
  bool feeds = place_of(t) > place_of(&(vf_tensor){.role = VF_ROLE_ATTN_OUTPUT});
  return feeds || (l->mixers == VF_MIX_ATTENTION && l->kv_lora == 0 && l->o_lora == 0);
}

static held *held_at(held *all, const vf_model *m, const vf_tensor *t) {
  if (!is_compared(m, t)) return NULL;
  return &all[(size_t)(t->layer + 1) * N_COMPARED + (size_t)place_of(t)];
}

static bool is_plain(const vf_tensor *t) {
  return t->format == VF_FORMAT_F32 || t->format == VF_FORMAT_F16 || t->format == VF_FORMAT_BF16;
}

/* ---- Matrices of another size ----------------------------------------------------------- */

static void note_wanted(held *all, const vf_model *m) {
  for (size_t i = 0; i < m->n_tensors; i++) {
    const vf_tensor *t = &m->tensors[i];
    held *h = held_at(all, m, t);
    if (h != NULL && t->suffix == VF_SUFFIX_WEIGHT) h->wanted += vf_tensor_elements(t) * t->count;
  }
}

/* In FP8 a number is one element, as in 16 bits; integers hold several.  Of those the scales and
 * zero points beside them count, too: they are few. */
static void note_found(held *all, const vf_model *m, const vf_inventory *inv) {
  for (size_t i = 0; i < inv->count; i++) {
    const vf_tensor *t = &inv->tensors[i];
    held *h = held_at(all, m, t);
    if (h == NULL || t->suffix == VF_SUFFIX_BIAS) continue;
    uint64_t n = vf_tensor_elements(t), all_of = n * t->count;
    bool numbers = is_plain(t) || t->format == VF_FORMAT_F8_E4M3;
    bool packed =
        t->format == VF_FORMAT_I32 || t->format == VF_FORMAT_U32 || t->format == VF_FORMAT_U8;
    if (packed) h->packed_bits += all_of * (t->format == VF_FORMAT_U8 ? 8 : 32);
    if (!numbers || t->suffix != VF_SUFFIX_WEIGHT) continue;
    h->found = true;
    h->plain += all_of;
    h->fits |= n == h->wanted || all_of == h->wanted;
  }
}

static void name_of(char *out, size_t size, uint32_t layer, vf_role role) {
  if (layer == 0)
    snprintf(out, size, "%s.weight", vf_roles[role].gguf_name);
  else
    snprintf(out, size, "blk.%" PRIu32 ".%s.weight", layer - 1, vf_roles[role].gguf_name);
}

static vf_status check_one(const held *h, uint32_t layer, vf_role role, const char *source,
                           vf_error *err) {
  char name[96];
  bool other = h->found && !h->fits && h->plain != h->wanted;
  bool more = !h->found && h->packed_bits / WIDE_BITS > h->wanted;
  if (h->wanted == 0 || (!other && !more)) return VF_OK;
  name_of(name, sizeof name, layer, role);
  return vf_fail_at(err, VF_MALFORMED, source, "",
                    "%s (as GGUF calls it) has %s%" PRIu64 " numbers, but the config makes %" PRIu64
                    ": an engine refuses the files (is it another model's config?)",
                    name, more ? "more than " : "", more ? h->packed_bits / WIDE_BITS : h->plain,
                    h->wanted);
}

static vf_status check_sizes(const vf_model *m, const vf_inventory *inv, const char *source,
                             vf_error *err) {
  size_t n = ((size_t)m->n_layers + 1) * N_COMPARED;
  held *all = vf_arena_alloc(inv->arena, n, sizeof *all);
  vf_status status = VF_OK;
  if (all == NULL) return vf_fail_nomem(err);
  note_wanted(all, m);
  note_found(all, m, inv);
  for (size_t i = 0; i < n && status == VF_OK; i++)
    status = check_one(&all[i], (uint32_t)(i / N_COMPARED), compared[i % N_COMPARED], source, err);
  return status;
}

/* ---- More layers ------------------------------------------------------------------------ */

/* Whether the tensor could stand in the model's last layer, which is the last in its list. */
static bool is_of_last(const vf_model *m, const vf_tensor *t) {
  int32_t last = (int32_t)m->n_layers - 1;
  for (size_t i = m->n_tensors; i-- > 0;) {
    const vf_tensor *d = &m->tensors[i];
    if (d->layer >= 0 && d->layer < last) return false;
    if (d->layer == last && d->role == t->role && d->suffix == t->suffix &&
        vf_tensor_elements(d) == vf_tensor_elements(t))
      return true;
  }
  return false;
}

/* Of each layer, whether it has what joins a predicted token to the hidden state. */
static bool *find_predicting(const vf_inventory *inv) {
  bool *all = vf_arena_alloc(inv->arena, (size_t)INT16_MAX + 1, sizeof *all);
  for (size_t i = 0; all != NULL && i < inv->count; i++) {
    const vf_tensor *t = &inv->tensors[i];
    if (t->layer >= 0 && t->role == VF_ROLE_NEXTN_PROJ) all[t->layer] = true;
  }
  return all;
}

static vf_status check_layers(const vf_model *m, const vf_inventory *inv, const char *source,
                              vf_error *err) {
  int32_t end = (int32_t)(m->n_layers + m->n_predicting);
  const bool *predicts = find_predicting(inv);
  if (predicts == NULL) return vf_fail_nomem(err);
  for (size_t i = 0; i < inv->count; i++) {
    const vf_tensor *t = &inv->tensors[i];
    if (t->layer < end || place_of(t) < 0 || !is_of_last(m, t) || predicts[t->layer]) continue;
    return vf_fail_at(err, VF_MALFORMED, source, "",
                      "the config makes %" PRIu32 " layers, but the files hold layer %" PRId32
                      ", too: an engine refuses the files (is it another model's config?)",
                      m->n_layers, t->layer);
  }
  return VF_OK;
}

/* ---- Numbers of another type ------------------------------------------------------------ */

/* What these methods make is packed into integers, and cannot be made of plain numbers while they
 * are loaded. */
static vf_status check_method(const vf_model *m, const vf_inventory *inv, const char *source,
                              vf_error *err) {
  bool packs = strcmp(m->checkpoint, "awq") == 0 || strcmp(m->checkpoint, "gptq") == 0;
  for (size_t i = 0; i < inv->count; i++)
    if (!packs || !is_plain(&inv->tensors[i])) return VF_OK;
  return vf_fail_at(err, VF_MALFORMED, source, "",
                    "the config says %s, but the files hold plain numbers alone: an engine refuses "
                    "them",
                    m->quant);
}

vf_status vf_stored_check(const vf_model *derived, const vf_inventory *inv, const char *source,
                          vf_error *err) {
  bool halves = false; /* an encoder and a decoder */
  for (size_t i = 0; i < derived->n_caches; i++)
    halves |= derived->caches[i].kind == VF_CACHE_CROSS;
  vf_status status = check_method(derived, inv, source, err);
  if (status == VF_OK && !halves) status = check_layers(derived, inv, source, err);
  if (status == VF_OK && !halves) status = check_sizes(derived, inv, source, err);
  return status;
}

/* ---- Types that nothing explains -------------------------------------------------------- */

static bool is_narrow(const vf_tensor *t) {
  const vf_format_info *f = vf_format_get((vf_format)t->format);
  bool weight = t->suffix == VF_SUFFIX_WEIGHT && vf_roles[t->role].home != VF_HOME_ROPE;
  return weight && f->block_bytes * 8 < WIDE_BITS * f->block_elements;
}

static bool *part_at(bool *parts, const vf_model *m, const vf_tensor *t) {
  return t->layer < (int32_t)m->n_layers ? &parts[(size_t)(t->layer + 1) * VF_ROLE_COUNT + t->role]
                                         : NULL;
}

/* Which weights have a scale beside them, or another part of a quantized matrix. */
static bool *find_parts(const vf_model *m, vf_arena *arena) {
  bool *parts = vf_arena_alloc(arena, ((size_t)m->n_layers + 1) * VF_ROLE_COUNT, sizeof *parts);
  for (size_t i = 0; parts != NULL && i < m->n_tensors; i++) {
    bool *part = part_at(parts, m, &m->tensors[i]);
    if (part != NULL && m->tensors[i].suffix == VF_SUFFIX_NONE) *part = true;
  }
  return parts;
}

vf_status vf_stored_widen(vf_model *m, vf_arena *arena, vf_error *err) {
  vf_format own = m->own_format != VF_FORMAT_NONE ? m->own_format : VF_FORMAT_F32;
  bool any = false;
  if (m->checkpoint[0] != '\0') return VF_OK;
  bool *parts = find_parts(m, arena);
  if (parts == NULL) return vf_fail_nomem(err);
  for (size_t i = 0; i < m->n_tensors; i++) {
    vf_tensor *t = &m->tensors[i];
    const bool *part = part_at(parts, m, t);
    if (!is_narrow(t) || (part != NULL && *part)) continue;
    vf_status status = vf_tensor_store(t, own, err);
    if (status != VF_OK) return status;
    any = true;
  }
  if (!any) return VF_OK;
  vf_model_stored(m);
  vf_model_assume(m, "narrow-files",
                  "the files hold narrower numbers than the config explains: engines make the "
                  "config's of them");
  return VF_OK;
}
