/* beside.c - what llama.cpp refuses of the files beside a model.
 *
 * An adapter has two matrices for each weight that it changes, `NAME.lora_a` as long as the rows of
 * the weight, and `NAME.lora_b` as high as it; of a tower each layer is asked for by its number.
 * Sources: llama.cpp, src/llama-adapter.cpp (llama_adapter_lora_init_impl) and tools/mtmd/clip.cpp
 * (load_hparams, load_tensors), August 2026. */
#include "models/beside.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/status.h"
#include "base/text.h"

/* ---- Pairs ------------------------------------------------------------------------------ */

/* One of the two matrices of a weight, or another tensor. */
typedef struct half {
  const char *name;
  size_t length; /* of the weight's name; 0: none of a pair */
  const vf_tensor *tensor;
  bool second; /* lora_b */
} half;

static half read_half(const char *name, const vf_tensor *t) {
  static const char first[] = ".lora_a", second[] = ".lora_b";
  const size_t end = sizeof first - 1;
  size_t n = strlen(name);
  half h = {name, 0, t, vf_text_ends_with(name, n, second)};
  if (h.second || vf_text_ends_with(name, n, first)) h.length = n - end;
  return h;
}

/* By the weight's name, lora_a first; what is none of a pair in front. */
static int compare(const void *a, const void *b) {
  const half *x = a, *y = b;
  if (x->length == 0 || y->length == 0) return (x->length != 0) - (y->length != 0);
  size_t n = x->length < y->length ? x->length : y->length;
  int order = memcmp(x->name, y->name, n);
  if (order != 0) return order;
  if (x->length != y->length) return x->length < y->length ? -1 : 1;
  return x->second - y->second;
}

static bool are_pair(const half *a, const half *b) {
  return !a->second && b->second && a->length == b->length &&
         memcmp(a->name, b->name, a->length) == 0;
}

static vf_status refuse(const vf_facts *f, const char *name, const char *why, vf_error *err) {
  return vf_fail_at(err, VF_MALFORMED, f->source, name, "%s: llama.cpp refuses the adapter", why);
}

/* ---- The weight that is changed ---------------------------------------------------------- */

/* What the weight's name says of its place. */
static vf_status read_base(vf_tensor *out, const half *a, vf_inventory *names, vf_error *err) {
  const uint64_t ne[4] = {1, 1, 1, 1};
  names->count = 0;
  vf_status status = vf_inventory_add(names, a->name, a->length, ne, VF_FORMAT_F32, 0, err);
  if (status == VF_OK) *out = names->tensors[0];
  return status;
}

/* The embedding's matrices stand the other way round. */
static bool fits(const vf_tensor *own, const half *a, const half *b) {
  const uint64_t *wide = a->tensor->ne, *high = b->tensor->ne;
  if (own->role == VF_ROLE_TOKEN_EMBD) return own->ne[0] == high[1] && own->ne[1] == wide[1];
  return own->ne[0] == wide[0] && own->ne[1] == high[1];
}

/* The model's weights by layer and role, the first of each. */
static const vf_tensor **list_weights(const vf_model *m, vf_arena *arena) {
  size_t n = ((size_t)m->n_layers + 1) * VF_ROLE_COUNT;
  const vf_tensor **all = vf_arena_alloc(arena, n, sizeof *all);
  for (size_t i = 0; all != NULL && i < m->n_tensors; i++) {
    const vf_tensor *t = &m->tensors[i];
    if (t->suffix != VF_SUFFIX_WEIGHT || t->layer >= (int32_t)m->n_layers) continue;
    const vf_tensor **own = &all[(size_t)(t->layer + 1) * VF_ROLE_COUNT + t->role];
    if (*own == NULL) *own = t;
  }
  return all;
}

/* What a pair is held against. */
typedef struct base_model {
  const vf_model *model;
  const vf_tensor **weights;
  vf_inventory *names;
} base_model;

/* A model that follows from a config may have other parts in one tensor than its file: there only
 * what is behind its last layer is surely of another model. */
static vf_status check_base(const vf_facts *f, const base_model *m, const half *a, const half *b,
                            vf_error *err) {
  vf_tensor base;
  vf_status status = read_base(&base, a, m->names, err);
  if (status != VF_OK || base.role == VF_ROLE_UNKNOWN) return status;
  bool behind = base.layer >= (int32_t)m->model->n_layers;
  const vf_tensor *own =
      behind ? NULL : m->weights[(size_t)(base.layer + 1) * VF_ROLE_COUNT + base.role];
  if (own == NULL && (behind || m->model->from_file))
    return refuse(f, a->name, "the model has no such tensor", err);
  if (own != NULL && !fits(own, a, b))
    return refuse(f, a->name, "has another size than the model's tensor", err);
  return VF_OK;
}

/* ---- Adapters --------------------------------------------------------------------------- */

static vf_status check_header(const vf_facts *f, const vf_model *m, vf_error *err) {
  const char *arch = vf_facts_string(f, "general.architecture", "");
  if (strcmp(vf_facts_string(f, "adapter.type", ""), "lora") != 0)
    return refuse(f, "adapter.type", "is not 'lora'", err);
  if (m == NULL || m->arch[0] == '\0' || strcmp(m->arch, arch) == 0) return VF_OK;
  return vf_fail_at(err, VF_MALFORMED, f->source, "general.architecture",
                    "is '%.40s', and the model's is '%s': llama.cpp refuses the adapter", arch,
                    m->arch);
}

static vf_status check_pair(const vf_facts *f, const half *a, const half *b, vf_error *err) {
  static const char embedding[] = "token_embd.weight";
  bool flipped = vf_text_ends_with(a->name, a->length, embedding);
  if (!flipped && a->tensor->ne[1] != b->tensor->ne[0])
    return refuse(f, a->name, "and its lora_b have no rank in common", err);
  return VF_OK;
}

static vf_status check_pairs(const vf_facts *f, const half *halves, size_t n, const base_model *m,
                             vf_error *err) {
  vf_status status = VF_OK;
  for (size_t i = 0; i < n && status == VF_OK; i++) {
    const half *a = &halves[i];
    bool vector = vf_text_ends_with(a->name, strlen(a->name), "_norm.weight");
    if (a->length == 0 && !vector)
      return refuse(f, a->name, "is neither a lora_a nor a lora_b", err);
    if (a->length == 0) continue;
    if (i + 1 == n || !are_pair(a, &halves[i + 1]))
      return refuse(f, a->name, "has no other half", err);
    status = check_pair(f, a, &halves[++i], err);
    if (status == VF_OK && m->model != NULL) status = check_base(f, m, a, &halves[i], err);
  }
  return status;
}

vf_status vf_adapter_check(const vf_facts *facts, const vf_inventory *inv, const vf_model *model,
                           vf_error *err) {
  const vf_model *m = model != NULL && model->derived != NULL ? model->derived : model;
  vf_status status = check_header(facts, m, err);
  if (status != VF_OK) return status;
  half *halves = vf_arena_alloc(inv->arena, inv->count, sizeof *halves);
  base_model base = {.model = m, .names = vf_arena_alloc(inv->arena, 1, sizeof *base.names)};
  if (m != NULL) base.weights = list_weights(m, inv->arena);
  if (halves == NULL || base.names == NULL || (m != NULL && base.weights == NULL))
    return vf_fail_nomem(err);
  vf_inventory_init(base.names, inv->arena, true, false);
  for (size_t i = 0; i < inv->count; i++) halves[i] = read_half(inv->names[i], &inv->tensors[i]);
  qsort(halves, inv->count, sizeof *halves, compare);
  return check_pairs(facts, halves, inv->count, &base, err);
}

/* ---- Towers ----------------------------------------------------------------------------- */

enum { LAYERS_MAX = 4096 };

/* Convolutions and codecs, whose parts are not numbered as layers (has_standard_layers). */
static bool has_layers(const vf_facts *f, const char *kind) {
  static const char *const others[] = {"gemma3nv", "qwen3tts_spkenc", "pockettts_gen"};
  char key[64];
  snprintf(key, sizeof key, "clip.%s.projector_type", kind);
  const char *type = vf_facts_string(f, "clip.projector_type", vf_facts_string(f, key, ""));
  for (size_t i = 0; i < sizeof others / sizeof *others; i++)
    if (strcmp(type, others[i]) == 0) return false;
  return true;
}

/* Notes for each layer whether any tensor is of it: "v.blk.12.attn_out.weight". */
static void note_layers(bool layers[LAYERS_MAX], const vf_inventory *inv, const char *front) {
  size_t n = strlen(front);
  for (size_t i = 0; i < inv->count; i++) {
    if (strncmp(inv->names[i], front, n) != 0) continue;
    unsigned long layer = strtoul(inv->names[i] + n, NULL, 10);
    if (layer < LAYERS_MAX) layers[layer] = true;
  }
}

static vf_status check_half(const vf_facts *f, const vf_inventory *inv, const char *kind,
                            const char *front, vf_error *err) {
  char key[64];
  uint64_t n = 0;
  bool found = false;
  snprintf(key, sizeof key, "clip.%s.block_count", kind);
  vf_status status = vf_facts_number(&n, &found, f, key, 0, "layer count", 0, LAYERS_MAX, err);
  if (status != VF_OK) return status;
  if (!found)
    return vf_fail_at(err, VF_MALFORMED, f->source, key,
                      "missing: the layer count, without which llama.cpp refuses the tower");
  bool *layers = vf_arena_alloc(inv->arena, LAYERS_MAX, sizeof *layers);
  if (layers == NULL) return vf_fail_nomem(err);
  note_layers(layers, inv, front);
  for (uint64_t i = 0; i < n && has_layers(f, kind); i++)
    if (!layers[i])
      return vf_fail_at(err, VF_MALFORMED, f->source, key,
                        "%" PRIu64 " layers, but no tensor is of %s%" PRIu64
                        ": llama.cpp refuses the tower",
                        n, front, i);
  return VF_OK;
}

vf_status vf_tower_check(const vf_facts *facts, const vf_inventory *inv, vf_error *err) {
  bool sees = false, hears = false, speaks = false;
  vf_status status = vf_facts_bool(&sees, facts, "clip.has_vision_encoder", false, err);
  if (status == VF_OK) status = vf_facts_bool(&hears, facts, "clip.has_audio_encoder", false, err);
  if (status == VF_OK)
    status = vf_facts_bool(&speaks, facts, "clip.has_gen_audio_encoder", false, err);
  if (status == VF_OK && !sees && !hears && !speaks)
    return vf_fail_at(err, VF_MALFORMED, facts->source, "clip.has_vision_encoder",
                      "neither this nor clip.has_audio_encoder is true: llama.cpp refuses the "
                      "tower");
  if (status == VF_OK && sees) status = check_half(facts, inv, "vision", "v.blk.", err);
  if (status == VF_OK && hears) status = check_half(facts, inv, "audio", "a.blk.", err);
  return status;
}
