/* tower.c - from the nested config of a tower to its tensors.
 *
 * A tower is measured once: sizes that the config states, then those that follow.  Its tensors are
 * the groups of its kind, block by block, and what leads from it to the model. */
#include "models/tower.h"

#include <stdio.h>
#include <string.h>

#include "base/checked.h"
#include "base/status.h"
#include "models/builder.h"

/* ---- Parts ------------------------------------------------------------------------------ */

typedef enum form { LINEAR, LINEAR_BIAS, TABLE, TABLE_BIAS, VECTOR, NORM, BIAS } form;

/* What a config decides about single tensors. */
typedef enum condition {
  ALWAYS,
  USES_HEAD,
  ATTENTION_BIAS,
  QKV_BIAS,
  QK_NORM,
  LAYER_NORM,
  PROJECTOR_BIAS, /* this and those that follow stand in the config around the tower */
  PROJECTOR_BIASED,
  PROJECTOR_NORM,
  NORM_INSIDE,
  NORM_AFTER,
  CONDITIONS
} condition;

typedef struct part {
  vf_tower_group group;
  const char *name;
  vf_tower_size in, out;
  form form;
  condition when;
} part;

static const part parts[] = {
#define GROUP(id, prefix)
#define PART(group, name, in, out, form, when)                                                     \
  {VF_TOWER_GROUP_##group, name, VF_TOWER_##in, VF_TOWER_##out, form, when},
#include "models/tower_parts.def"
#undef GROUP
#undef PART
};
enum { N_PARTS = sizeof parts / sizeof *parts };
_Static_assert(N_PARTS <= UINT16_MAX, "a tensor has two bytes for the part");

static const char *const prefixes[VF_TOWER_GROUP_COUNT] = {
#define GROUP(id, prefix) [VF_TOWER_GROUP_##id] = prefix,
#define PART(...)
#include "models/tower_parts.def"
#undef GROUP
#undef PART
};

/* ---- Conditions ------------------------------------------------------------------------- */

static const struct {
  const char *keys[2];
  bool fallback; /* of transformers' configuration classes */
} conditions[CONDITIONS] = {
    [ALWAYS] = {{NULL, NULL}, true},
    [USES_HEAD] = {{"vision_use_head", NULL}, true},
    [ATTENTION_BIAS] = {{"attention_bias", NULL}, false},
    [QKV_BIAS] = {{"qkv_bias", "attention_bias"}, true},
    [QK_NORM] = {{"qk_normalization", "use_qk_norm"}, false},
    [PROJECTOR_BIAS] = {{"multimodal_projector_bias", "projector_bias"}, true},
    [PROJECTOR_BIASED] = {{"multimodal_projector_bias", NULL}, false},
    [PROJECTOR_NORM] = {{"projector_use_layernorm", NULL}, true},
    [NORM_INSIDE] = {{"projector_ln_mid", NULL}, false},
};

static bool holds(vf_builder *b, const vf_tower *t, condition c) {
  const vf_facts *facts = c >= PROJECTOR_BIAS ? &t->around : &t->facts;
  bool value = conditions[c].fallback;
  if (c == NORM_AFTER) return !holds(b, t, NORM_INSIDE);
  if (c == LAYER_NORM)
    return strcmp(vf_facts_string(facts, "norm_type", "layer_norm"), "layer_norm") == 0;
  for (size_t i = 0; i < 2 && conditions[c].keys[i] != NULL && b->status == VF_OK; i++)
    b->status = vf_facts_bool(&value, facts, conditions[c].keys[i], value, b->err);
  return value;
}

/* ---- Sizes ------------------------------------------------------------------------------ */

enum { MAX_KEYS = 8 };
typedef enum place { TOWER, AROUND, EITHER } place;

static const struct {
  const char *what;
  uint64_t most;
  place place;
  uint32_t fallback;
  const char *keys[MAX_KEYS];
} stated[VF_TOWER_STATED] = {
#define X(id, what, most, place, fallback, ...)                                                    \
  [VF_TOWER_##id] = {what, most, place, fallback, {__VA_ARGS__}},
#include "models/tower_sizes.def"
#undef X
};

/* InternVL states how much remains of a side, as a fraction. */
static uint64_t merge_of_ratio(const vf_facts *around, uint64_t fallback) {
  const vf_fact *f = vf_facts_find(around, "downsample_ratio");
  if (f == NULL || f->type != VF_FACT_FLOAT || !(f->as.real > 0.0 && f->as.real <= 1.0))
    return fallback;
  double merge = 1.0 / f->as.real + 0.5;
  return merge < 64.0 ? (uint64_t)merge : fallback;
}

static uint64_t known_size(const vf_tower *t, vf_tower_size size) {
  for (const vf_tower_known *k = t->front->known; k != NULL && k->value != 0; k++)
    if (k->size == size) return k->value;
  return stated[size].fallback;
}

static vf_status read_size(vf_tower *t, vf_tower_size size, vf_error *err) {
  uint64_t n = known_size(t, size);
  bool found = false;
  for (size_t k = 0; k < MAX_KEYS && stated[size].keys[k] != NULL && !found; k++) {
    const char *key = stated[size].keys[k];
    bool around = stated[size].place == AROUND ||
                  (stated[size].place == EITHER && vf_facts_find(&t->facts, key) == NULL);
    const vf_facts *facts = around ? &t->around : &t->facts;
    vf_status status =
        vf_facts_number(&n, &found, facts, key, 0, stated[size].what, 1, stated[size].most, err);
    if (status != VF_OK) return status;
  }
  if (size == VF_TOWER_MERGE && !found) n = merge_of_ratio(&t->around, n);
  t->sizes[size] = n;
  return VF_OK;
}

/* The channels of two convolutions, in one list. */
static vf_status read_channels(vf_tower *t, vf_error *err) {
  static const char *const keys[] = {"subsampling_conv_channels", "sscp_conv_channel_size"};
  t->sizes[VF_TOWER_CONV_0] = 128;
  t->sizes[VF_TOWER_CONV_1] = 32;
  for (size_t k = 0; k < 2; k++) {
    for (size_t i = 0; i < 2; i++) {
      bool found;
      vf_status status = vf_facts_number(&t->sizes[VF_TOWER_CONV_0 + i], &found, &t->facts, keys[k],
                                         i, "channel count", 1, 1 << 12, err);
      if (status != VF_OK) return status;
    }
  }
  return VF_OK;
}

/* Eight arrangements of up to four tiles, unless the config lists others. */
static uint64_t count_aspects(const vf_tower *t) {
  uint64_t n = 0;
  for (char key[48]; n < 64; n++) {
    snprintf(key, sizeof key, "supported_aspect_ratios.%u", (unsigned)n);
    if (vf_facts_find(&t->facts, key) == NULL) break;
  }
  return n != 0 ? n : 8;
}

/* What a convolution with stride 2 leaves of a length, three times. */
static uint64_t halved_three_times(uint64_t n) {
  for (int i = 0; i < 3; i++) n = (n + 1) / 2;
  return n;
}

static void derive_image_sizes(vf_tower *t) {
  uint64_t *s = t->sizes, d = s[VF_TOWER_WIDTH], patch = s[VF_TOWER_PATCH];
  uint64_t side = patch != 0 ? s[VF_TOWER_IMAGE] / patch : 0;
  s[VF_TOWER_PIXELS] = s[VF_TOWER_CHANNELS] * patch * patch;
  s[VF_TOWER_MODEL_PIXELS] =
      s[VF_TOWER_CHANNELS] * s[VF_TOWER_MODEL_PATCH] * s[VF_TOWER_MODEL_PATCH];
  s[VF_TOWER_PIXELS_IN_TIME] = s[VF_TOWER_PIXELS] * s[VF_TOWER_TEMPORAL];
  s[VF_TOWER_PLACES] = side * side;
  s[VF_TOWER_PLACES_1] = side != 0 ? side * side + 1 : 0;
  s[VF_TOWER_MERGED] = d * s[VF_TOWER_MERGE] * s[VF_TOWER_MERGE];
  s[VF_TOWER_GRID] = s[VF_TOWER_GRID_HEIGHT] * s[VF_TOWER_GRID_WIDTH];
  s[VF_TOWER_AXES] = 2 * s[VF_TOWER_AXIS];
  s[VF_TOWER_TILE_WIDTH] = s[VF_TOWER_TILES] * d;
  s[VF_TOWER_TILE_PLACES] = s[VF_TOWER_TILE_WIDTH] * s[VF_TOWER_PLACES_1];
  s[VF_TOWER_ASPECTS] = count_aspects(t) + 1;
}

static void derive_sound_sizes(vf_tower *t) {
  uint64_t *s = t->sizes;
  s[VF_TOWER_FF_2] = 2 * s[VF_TOWER_FF];
  s[VF_TOWER_NEMO_OUT] =
      s[VF_TOWER_REDUCTION] == 8 ? s[VF_TOWER_NEMO] * halved_three_times(s[VF_TOWER_MEL]) : 0;
  s[VF_TOWER_BUCKETS] = 2 * s[VF_TOWER_DISTANCE];
  s[VF_TOWER_STACKED] = s[VF_TOWER_STACK] * s[VF_TOWER_WIDTH];
  s[VF_TOWER_MIDDLE_HALF] = s[VF_TOWER_MIDDLE] / 2;
  s[VF_TOWER_MEL_3] = 3 * s[VF_TOWER_MEL];
  s[VF_TOWER_CONV_0_KERNEL] = 9 * s[VF_TOWER_CONV_0];
  s[VF_TOWER_CONV_OUT] = s[VF_TOWER_CONV_0] / 4 * s[VF_TOWER_CONV_1];
  s[VF_TOWER_DOWN_KERNEL] = 9 * s[VF_TOWER_DOWN];
  s[VF_TOWER_DOWN_OUT] = s[VF_TOWER_DOWN] * halved_three_times(s[VF_TOWER_MEL]);
}

static vf_status measure(vf_tower *t, vf_error *err) {
  uint64_t *s = t->sizes;
  vf_status status = VF_OK;
  for (int size = 0; size < VF_TOWER_STATED && status == VF_OK; size++)
    status = read_size(t, (vf_tower_size)size, err);
  if (status == VF_OK) status = read_channels(t, err);
  if (status != VF_OK) return status;
  uint64_t d = s[VF_TOWER_WIDTH];
  if (s[VF_TOWER_FF] == 0) s[VF_TOWER_FF] = d * s[VF_TOWER_RATIO];
  s[VF_TOWER_ONE] = 1;
  s[VF_TOWER_TWO] = 2;
  s[VF_TOWER_NINE] = 9;
  s[VF_TOWER_WIDTH_2] = 2 * d;
  s[VF_TOWER_WIDTH_3] = 3 * d;
  s[VF_TOWER_WIDTH_4] = 4 * d;
  s[VF_TOWER_HEAD] = s[VF_TOWER_HEADS] != 0 ? d / s[VF_TOWER_HEADS] : 0;
  derive_image_sizes(t);
  derive_sound_sizes(t);
  s[VF_TOWER_DEEPSTACK] = vf_facts_length(&t->facts, "deepstack_visual_indexes");
  if (s[VF_TOWER_DEEPSTACK] > VF_TOWER_BLOCKS)
    return vf_facts_fail(&t->facts, "deepstack_visual_indexes", VF_MALFORMED, err,
                         "more than %d blocks", VF_TOWER_BLOCKS);
  s[VF_TOWER_TEXT] = 1; /* until the model is known: only whether it is 0 matters */
  return VF_OK;
}

/* ---- Which towers ----------------------------------------------------------------------- */

static const vf_tower_kind *find_kind(const char *type) {
  for (size_t i = 0; vf_tower_kind_get(i) != NULL; i++)
    if (strcmp(vf_tower_kind_get(i)->model_type, type) == 0) return vf_tower_kind_get(i);
  return NULL;
}

/* An empty name is none; Phi-3 calls it another way. */
static const vf_tower_kind *kind_of(const vf_tower *t) {
  const char *type = vf_facts_string(&t->facts, "model_type", "");
  if (type[0] == '\0') type = vf_facts_string(&t->facts, "name", "");
  if (type[0] == '\0') type = t->front->kind;
  return type != NULL ? find_kind(type) : NULL;
}

/* A group needs a size that the config does not give. */
static bool lacks_size(const vf_tower *t, vf_tower_group group) {
  for (size_t i = 0; i < N_PARTS; i++)
    if (parts[i].group == group && (t->sizes[parts[i].in] == 0 || t->sizes[parts[i].out] == 0))
      return true;
  return false;
}

static size_t count_parts(vf_tower_group group) {
  size_t n = 0;
  for (size_t i = 0; i < N_PARTS; i++) n += parts[i].group == group ? 2 : 0;
  return n;
}

static bool is_derivable(const vf_tower *t) {
  for (size_t i = 0; i < 2; i++)
    if (lacks_size(t, t->front->leads[i])) return false;
  for (size_t i = 0; i < VF_TOWER_GROUPS; i++) {
    const vf_tower_run *run = &t->kind->runs[i];
    if (run->group == VF_TOWER_GROUP_NONE || t->sizes[run->times] == 0) {
      if (run->group != VF_TOWER_GROUP_NONE && run->times == VF_TOWER_LAYERS) return false;
      continue;
    }
    if (lacks_size(t, run->group)) return false;
  }
  return true;
}

static size_t count_tensors(const vf_tower *t) {
  size_t n = count_parts(t->front->leads[0]) + count_parts(t->front->leads[1]);
  for (size_t i = 0; i < VF_TOWER_GROUPS; i++)
    if (t->kind->runs[i].group != VF_TOWER_GROUP_NONE)
      n += (size_t)t->sizes[t->kind->runs[i].times] * count_parts(t->kind->runs[i].group);
  return n;
}

static vf_status take(vf_towers *out, const vf_facts *facts, size_t row, vf_error *err) {
  vf_tower *t = &out->list[out->n];
  *t = (vf_tower){.front = vf_tower_front_get(row), .number = (uint8_t)(row + 1), .around = *facts};
  t->facts = vf_facts_view(facts, t->front->place);
  t->facts.strict = true;
  t->kind = kind_of(t);
  if (t->kind == NULL) {
    out->unknown = true;
    return VF_OK;
  }
  vf_status status = measure(t, err);
  if (status != VF_OK) return status;
  out->unknown |= t->kind->incomplete || !is_derivable(t);
  if (!is_derivable(t)) return VF_OK;
  out->tensors += count_tensors(t);
  out->n++;
  return VF_OK;
}

/* True if a config holds a second one, for images or sound. */
static bool has_any(const vf_facts *facts) {
  static const char *const places[] = {"vision_config.",
                                       "audio_config.",
                                       "img_processor.",
                                       "embd_layer.",
                                       "thinker_config.vision_config.",
                                       "thinker_config.audio_config."};
  for (size_t p = 0; p < sizeof places / sizeof *places; p++)
    if (vf_facts_any(facts, places[p])) return true;
  return false;
}

vf_status vf_towers_find(vf_towers *out, const vf_facts *facts, vf_error *err) {
  const char *type = vf_facts_string(facts, "model_type", "");
  vf_status status = VF_OK;
  memset(out, 0, sizeof *out);
  out->any = has_any(facts);
  if (!out->any) return VF_OK;
  for (size_t row = 0; vf_tower_front_get(row) != NULL && status == VF_OK; row++) {
    const vf_tower_front *front = vf_tower_front_get(row);
    bool here = strcmp(front->model_type, type) == 0 && vf_facts_any(facts, front->place);
    if (here && out->n < VF_TOWERS) status = take(out, facts, row, err);
  }
  out->unknown |= out->n == 0;
  return status;
}

/* ---- Tensors ---------------------------------------------------------------------------- */

static void add_one(vf_builder *b, const vf_tower *t, size_t i, uint8_t block, bool bias) {
  uint64_t in = t->sizes[parts[i].in], out = t->sizes[parts[i].out];
  bool vector = bias || parts[i].form >= VECTOR;
  vf_tensor tensor = {.ne = {in, out, 1, 1},
                      .count = 1,
                      .layer = -1,
                      .tower = t->number,
                      .tower_part = (uint16_t)i,
                      .tower_block = block,
                      .suffix = bias ? VF_SUFFIX_BIAS : VF_SUFFIX_WEIGHT};
  if (bias && parts[i].form < VECTOR) tensor.ne[0] = out;
  if (vector) tensor.ne[1] = 1;
  if (vector)
    tensor.role = VF_ROLE_TOWER_VECTOR;
  else
    tensor.role = parts[i].form < TABLE ? VF_ROLE_TOWER_MATRIX : VF_ROLE_TOWER_TABLE;
  vf_builder_add(b, tensor);
}

static void add_part(vf_builder *b, const vf_tower *t, size_t i, uint8_t block) {
  form f = parts[i].form;
  if (!holds(b, t, parts[i].when)) return;
  if (f != BIAS) add_one(b, t, i, block, false);
  if (f == LINEAR_BIAS || f == TABLE_BIAS || f == NORM || f == BIAS) add_one(b, t, i, block, true);
}

static void add_group(vf_builder *b, const vf_tower *t, vf_tower_group group, uint64_t times) {
  for (uint64_t block = 0; block < times && b->status == VF_OK; block++)
    for (size_t i = 0; i < N_PARTS; i++)
      if (parts[i].group == group) add_part(b, t, i, (uint8_t)block);
}

/* What running it takes is told by its widths and the patches of the largest image. */
static vf_tower_item item_of(const vf_tower *t) {
  const uint64_t *s = t->sizes;
  uint64_t merge = s[VF_TOWER_MERGE] * s[VF_TOWER_MERGE];
  vf_tower_item item = {.width = (uint32_t)s[VF_TOWER_WIDTH],
                        .ff = (uint32_t)s[VF_TOWER_FF],
                        .patches = t->kind->patches,
                        .video_patches = t->kind->video_patches,
                        .patch_pixels =
                            (uint32_t)vf_min_u64(s[VF_TOWER_PATCH] * s[VF_TOWER_PATCH], UINT32_MAX),
                        .pixel_values = (uint32_t)vf_min_u64(s[VF_TOWER_PIXELS_IN_TIME], 1 << 16),
                        .levels = (uint32_t)s[VF_TOWER_DEEPSTACK]};
  if (item.patches == 0) { /* images of one size; their tokens, if the config tells */
    item.patches = (uint32_t)vf_min_u64(s[VF_TOWER_PLACES], 1 << 20);
    item.pixel_values = (uint32_t)vf_min_u64(s[VF_TOWER_PIXELS], 1 << 16);
    item.tokens = s[VF_TOWER_IMAGE_TOKENS] != 0 ? (uint32_t)s[VF_TOWER_IMAGE_TOKENS] : item.patches;
  } else {
    item.tokens =
        t->kind->tokens != 0 ? t->kind->tokens : item.patches / (uint32_t)vf_max_u64(merge, 1);
  }
  return item.patches == 0 || item.tokens == 0 ? (vf_tower_item){0} : item;
}

static void add_tower(vf_builder *b, vf_tower *t) {
  t->sizes[VF_TOWER_TEXT] = b->m->n_embd;
  if (b->m->item.patches == 0) b->m->item = item_of(t);
  for (size_t i = 0; i < VF_TOWER_GROUPS; i++)
    if (t->kind->runs[i].group != VF_TOWER_GROUP_NONE)
      add_group(b, t, t->kind->runs[i].group, t->sizes[t->kind->runs[i].times]);
  for (size_t i = 0; i < 2; i++)
    if (t->front->leads[i] != VF_TOWER_GROUP_NONE) add_group(b, t, t->front->leads[i], 1);
}

void vf_towers_emit(vf_builder *b, vf_towers *towers) {
  if (towers->any) b->m->flags |= VF_MODEL_HAS_TOWER;
  for (size_t i = 0; i < towers->n && b->status == VF_OK; i++) add_tower(b, &towers->list[i]);
  if (towers->unknown)
    vf_model_assume(
        b->m, "tower-unknown",
        "a tower for images or sound cannot be derived from the config: it is not counted");
}

/* ---- Names ------------------------------------------------------------------------------ */

static bool is_lead(const vf_tower_front *front, vf_tower_group group) {
  return front->leads[0] == group || front->leads[1] == group;
}

void vf_tower_module_name(char *out, size_t size, const vf_tensor *t) {
  const part *p = &parts[t->tower_part];
  const vf_tower_front *front = vf_tower_front_get(t->tower - 1u);
  const char *prefix = prefixes[p->group], *number = strstr(prefix, "%u");
  const char *before = is_lead(front, p->group) ? "" : front->prefix;
  if (number == NULL)
    snprintf(out, size, "%s%s%s", before, prefix, p->name);
  else
    snprintf(out, size, "%s%.*s%u%s%s", before, (int)(number - prefix), prefix, t->tower_block,
             number + 2, p->name);
}
