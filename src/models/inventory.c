/* inventory.c - from names to roles. */
#include "models/inventory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/checked.h"
#include "base/status.h"
#include "base/text.h"
#include "core/format.h"

/* ---- The tables ------------------------------------------------------------------------- */

static const vf_role_name gguf_names[] = {
#define X(id, gguf, home, category) {gguf, VF_ROLE_##id},
#include "core/roles.def"
#undef X
#define X(role, name) {name, VF_ROLE_##role},
#include "models/role_names.def"
#undef X
};

static const vf_role_name checkpoint_names[] = {
#define X(role, name) {name, VF_ROLE_##role},
#include "models/checkpoint_names.def"
#undef X
};

_Static_assert(sizeof gguf_names / sizeof *gguf_names <= VF_ROLE_NAMES_MAX, "room for all names");
_Static_assert(sizeof checkpoint_names / sizeof *checkpoint_names <= VF_ROLE_NAMES_MAX, "as well");

static int compare(const void *a, const void *b) {
  return strcmp(((const vf_role_name *)a)->name, ((const vf_role_name *)b)->name);
}

void vf_inventory_init(vf_inventory *inv, vf_arena *arena, bool gguf, bool keep_names) {
  memset(inv, 0, sizeof *inv);
  inv->arena = arena;
  inv->gguf = gguf;
  inv->keep_names = keep_names;
  size_t size = gguf ? sizeof gguf_names : sizeof checkpoint_names;
  memcpy(inv->table, gguf ? gguf_names : checkpoint_names, size);
  inv->table_size = size / sizeof *inv->table;
  qsort(inv->table, inv->table_size, sizeof *inv->table, compare);
}

static vf_role look_up(const vf_inventory *inv, const char *name) {
  const vf_role_name wanted = {name, 0};
  const vf_role_name *found =
      bsearch(&wanted, inv->table, inv->table_size, sizeof *inv->table, compare);
  return found != NULL ? (vf_role)found->role : VF_ROLE_UNKNOWN;
}

/* ---- Taking a name apart ---------------------------------------------------------------- */

typedef struct parts {
  char stem[VF_INVENTORY_NAME]; /* without the layer in front and the suffix behind */
  int32_t layer;
  vf_suffix suffix;
} parts;

static void cut_suffix(parts *p) {
  p->suffix = VF_SUFFIX_NONE;
  if (vf_text_ends_with(p->stem, strlen(p->stem), ".weight")) p->suffix = VF_SUFFIX_WEIGHT;
  if (vf_text_ends_with(p->stem, strlen(p->stem), ".bias")) p->suffix = VF_SUFFIX_BIAS;
  if (p->suffix != VF_SUFFIX_NONE) *strrchr(p->stem, '.') = '\0';
}

/* "12.attn_q" after a word for layers: the number; what follows moves to the front. */
static bool cut_number(parts *p, char *digits) {
  char *end;
  if (*digits < '0' || *digits > '9') return false;
  unsigned long n = strtoul(digits, &end, 10);
  if (*end != '.' || n > INT16_MAX) return false;
  p->layer = (int32_t)n;
  memmove(p->stem, end + 1, strlen(end + 1) + 1);
  return true;
}

/* An encoder's layer and the decoder's of the same number are one (llama.cpp, llama_layer). */
static void cut_gguf_layer(parts *p) {
  bool half = strncmp(p->stem, "enc.blk.", 8) == 0 || strncmp(p->stem, "dec.blk.", 8) == 0;
  if (half) memmove(p->stem, p->stem + 4, strlen(p->stem + 4) + 1);
  if (strncmp(p->stem, "blk.", 4) == 0) cut_number(p, p->stem + 4);
}

/* Checkpoints put the layers below one or more modules, and call them differently. */
static void cut_checkpoint_layer(parts *p) {
  static const char *const words[] = {"layers.", "h.", "blocks.", "block.", "layer."};
  for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
    char *at = strstr(p->stem, words[i]);
    bool whole = at != NULL && (at == p->stem || at[-1] == '.');
    if (whole && cut_number(p, at + strlen(words[i]))) return;
  }
}

/* ---- Roles ------------------------------------------------------------------------------ */

static bool begins_with_any(const char *name, const char *const *words) {
  for (; *words != NULL; words++)
    if (strncmp(name, *words, strlen(*words)) == 0) return true;
  return false;
}

/* Without the module that holds model and towers. */
static const char *below_wrapper(const char *name) {
  if (strncmp(name, "model.", 6) == 0) return name + 6;
  return strncmp(name, "thinker.", 8) == 0 ? name + 8 : name;
}

/* Networks of their own in a checkpoint: in front of the model, or behind it (a voice). */
static bool is_tower(const vf_inventory *inv, const char *name) {
  static const char *const gguf[] = {"v.", "mm.", "a.", NULL};
  static const char *const others[] = {"vision",      "visual",
                                       "audio",       "multi_modal_projector",
                                       "mm_",         "mm.",
                                       "mlp1.",       "embed_vision",
                                       "embed_audio", "embed_tokens_extend",
                                       "connector.",  "image_newline",
                                       "talker.",     "token2wav.",
                                       "code2wav.",   NULL};
  return begins_with_any(inv->gguf ? name : below_wrapper(name), inv->gguf ? gguf : others);
}

/* Names of a checkpoint: the longest tail that is known, from the front. */
static vf_role checkpoint_role(const vf_inventory *inv, const char *stem) {
  for (const char *tail = stem; tail != NULL; tail = strchr(tail, '.')) {
    if (*tail == '.') tail++;
    vf_role role = look_up(inv, tail);
    if (role != VF_ROLE_UNKNOWN) return role;
  }
  return VF_ROLE_UNKNOWN;
}

/* "experts.17.up_proj" is one of many: the number is nothing to know a name by. */
static void drop_expert_number(char *stem) {
  char *at = strstr(stem, "experts.");
  if (at == NULL) return;
  at += strlen("experts.");
  char *end = at;
  while (*end >= '0' && *end <= '9') end++;
  if (end != at && *end == '.') memmove(at, end + 1, strlen(end + 1) + 1);
}

/* What a quantized matrix is split into keeps the matrix's role; "_bias" ends a name where it is
 * no module's. */
static void drop_quantized_part(parts *p) {
  static const char *const words[] = {".qweight",
                                      ".qzeros",
                                      ".scales",
                                      ".g_idx",
                                      ".weight_scale",
                                      ".weight_packed",
                                      ".weight_shape",
                                      ".weight_zero_point",
                                      ".input_scale",
                                      ".weight_scale_inv",
                                      ".weight_scale_2",
                                      ".weight_g_idx",
                                      ".input_global_scale",
                                      ".weight_global_scale",
                                      ".biases",
                                      ".k_scale",
                                      ".v_scale",
                                      ".absmax",
                                      ".quant_map",
                                      "_blocks",
                                      "_scales",
                                      "_bias"};
  for (size_t i = 0; i < sizeof words / sizeof *words; i++)
    if (vf_text_ends_with(p->stem, strlen(p->stem), words[i]))
      p->stem[strlen(p->stem) - strlen(words[i])] = '\0';
}

static vf_role role_of(const vf_inventory *inv, parts *p, int dims) {
  if (is_tower(inv, p->stem)) {
    p->layer = -1;
    return dims > 1 ? VF_ROLE_TOWER_MATRIX : VF_ROLE_TOWER_VECTOR;
  }
  if (inv->gguf) {
    cut_gguf_layer(p);
    return look_up(inv, p->stem);
  }
  drop_quantized_part(p);
  cut_checkpoint_layer(p);
  drop_expert_number(p->stem);
  return checkpoint_role(inv, p->stem);
}

/* ---- Adding ----------------------------------------------------------------------------- */

static vf_status grow(vf_inventory *inv, vf_error *err) {
  size_t capacity = inv->capacity == 0 ? 256 : inv->capacity * 2;
  size_t n = inv->count;
  vf_tensor *tensors = vf_arena_grow(inv->arena, inv->tensors, n, capacity, sizeof *tensors);
  if (tensors == NULL) return vf_fail_nomem(err);
  inv->tensors = tensors;
  if (inv->keep_names) {
    const char **names = vf_arena_grow(inv->arena, inv->names, n, capacity, sizeof *names);
    if (names == NULL) return vf_fail_nomem(err);
    inv->names = names;
  }
  inv->capacity = capacity;
  return VF_OK;
}

static bool is_equal(const vf_tensor *a, const vf_tensor *b) {
  return memcmp(a->ne, b->ne, sizeof a->ne) == 0 && a->bytes == b->bytes && a->layer == b->layer &&
         a->role == b->role && a->format == b->format && a->suffix == b->suffix;
}

/* An entry among the last few that the tensor can be counted with: experts come three by three. */
static vf_tensor *find_equal(vf_inventory *inv, const vf_tensor *t) {
  enum { LOOK_BACK = 16 };
  for (size_t n = 1; n <= LOOK_BACK && n <= inv->count; n++) {
    vf_tensor *other = &inv->tensors[inv->count - n];
    if (other->layer != t->layer) return NULL;
    if (is_equal(other, t) && other->count < UINT32_MAX) return other;
  }
  return NULL;
}

/* Any matrix of a GGUF file may have a scale beside it ("ffn_gate_inp.scale", of NVFP4 files all). */
static bool is_scale(const vf_inventory *inv, const parts *p) {
  static const char *const ends[] = {".input_scale", ".scale"};
  char stem[VF_INVENTORY_NAME];
  for (size_t i = 0; inv->gguf && i < sizeof ends / sizeof *ends; i++) {
    if (!vf_text_ends_with(p->stem, strlen(p->stem), ends[i])) continue;
    snprintf(stem, sizeof stem, "%.*s", (int)(strlen(p->stem) - strlen(ends[i])), p->stem);
    return look_up(inv, stem) != VF_ROLE_UNKNOWN;
  }
  return false;
}

static void note_unknown(vf_inventory *inv, const char *name, size_t length) {
  if (inv->n_unknown++ == 0)
    snprintf(inv->first_unknown, sizeof inv->first_unknown, "%.*s", (int)length, name);
}

/* Names lie one behind the other: an arena would round each up. */
static const char *keep_name(vf_inventory *inv, const char *name, size_t length) {
  enum { POOL_BYTES = 64 << 10 };
  if (inv->pool_left <= length) {
    size_t size = length < POOL_BYTES ? POOL_BYTES : length + 1;
    inv->pool = vf_arena_alloc_raw(inv->arena, size, 1);
    inv->pool_left = inv->pool != NULL ? size : 0;
    if (inv->pool == NULL) return NULL;
  }
  char *copy = inv->pool;
  memcpy(copy, name, length);
  copy[length] = '\0';
  inv->pool += length + 1;
  inv->pool_left -= length + 1;
  return copy;
}

static vf_status check_names(const vf_inventory *inv, size_t length, vf_error *err) {
  if (inv->name_bytes + length <= (uint64_t)VF_INVENTORY_NAMES_MIB << 20) return VF_OK;
  return vf_fail(err, VF_LIMIT, "the tensors' names take more than %d MiB", VF_INVENTORY_NAMES_MIB);
}

static vf_status append(vf_inventory *inv, const vf_tensor *t, const char *name, size_t length,
                        vf_error *err) {
  if (inv->count == inv->capacity) {
    vf_status status = grow(inv, err);
    if (status != VF_OK) return status;
  }
  if (inv->keep_names) {
    vf_status status = check_names(inv, length, err);
    if (status != VF_OK) return status;
    inv->names[inv->count] = keep_name(inv, name, length);
    if (inv->names[inv->count] == NULL) return vf_fail_nomem(err);
    inv->name_bytes += length;
  }
  inv->tensors[inv->count++] = *t;
  return VF_OK;
}

static int count_dims(const uint64_t ne[4]) {
  int dims = 4;
  while (dims > 1 && ne[dims - 1] == 1) dims--;
  return dims;
}

vf_status vf_inventory_add(vf_inventory *inv, const char *name, size_t length, const uint64_t ne[4],
                           vf_format format, uint64_t bytes, vf_error *err) {
  vf_tensor t = {.bytes = bytes, .count = 1, .format = (uint8_t)format};
  parts p = {.layer = -1};
  memcpy(t.ne, ne, sizeof t.ne);
  if (!vf_add(&inv->data_bytes, inv->data_bytes, bytes))
    return vf_fail(err, VF_OVERFLOW, "the tensors have more than 2^64 bytes in all");
  inv->n_files_tensors++;
  snprintf(p.stem, sizeof p.stem, "%.*s", (int)vf_min_u64(length, sizeof p.stem - 1), name);
  cut_suffix(&p);
  t.role = (uint16_t)role_of(inv, &p, count_dims(ne));
  t.layer = p.layer;
  t.suffix = (uint8_t)p.suffix;
  if (t.role == VF_ROLE_UNKNOWN && !is_scale(inv, &p)) note_unknown(inv, name, length);
  vf_tensor *equal = inv->keep_names || inv->gguf ? NULL : find_equal(inv, &t);
  if (equal == NULL) return append(inv, &t, name, length, err);
  equal->count++;
  return VF_OK;
}
