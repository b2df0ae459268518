/* needs.c - the tensors that llama.cpp's loader asks a file for, by their names.
 *
 * The loader of an architecture names each tensor that it cannot do without, and refuses a file at
 * the first that is not there, whatever the others say.  loader_needs.def has these names, and X */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/status.h"
#include "models/builder.h"

enum { NAME_BYTES = VF_INVENTORY_NAME };

/* Where a tensor is asked for: several conditions together have to hold all of them. */
enum {
  NEEDS_OUTSIDE = 1 << 0, /* not in a layer */
  NEEDS_EACH = 0,
  NEEDS_ANY_EXPERTS = 1 << 1, /* the header counts experts */
  NEEDS_NO_EXPERTS = 1 << 2,
  NEEDS_EXPERTS = 1 << 3, /* it does, and the layer is none of the leading dense ones */
  NEEDS_DENSE = 1 << 4,
  NEEDS_ODD = 1 << 5, /* of each moe_every_n_layers the second */
  NEEDS_EVEN = 1 << 6,
  NEEDS_WIDE = 1 << 7, /* the layer has a feed-forward */
  NEEDS_NO_FF = 1 << 8,
  NEEDS_ATTENDS = 1 << 9, /* it has heads of keys */
  NEEDS_STATES = 1 << 10,
  NEEDS_FULL = 1 << 11, /* it is the last of each full_attention_interval */
  NEEDS_LINEAR = 1 << 12,
  NEEDS_LATER = 1 << 13,
  NEEDS_FIRST = 1 << 14,
  NEEDS_Q_LORA = 1 << 15, /* the header has a rank of queries */
  NEEDS_NO_Q_LORA = 1 << 16,
  NEEDS_MLA = 1 << 17,       /* it has head sizes of latent attention */
  NEEDS_SHARED = 1 << 18,    /* it counts shared experts */
  NEEDS_SHARED_FF = 1 << 19, /* it says how wide they are */
  NEEDS_LAYER_INPUT = 1 << 20,
  NEEDS_INTERVAL = 1 << 21,   /* it has a full_attention_interval */
  NEEDS_RESIDUALS = 1 << 22,  /* its layers choose among the residuals before them */
  NEEDS_INDEXED = 1 << 23,    /* attention.indexer.types lists the layer */
  NEEDS_COMPRESSED = 1 << 24, /* it has a ratio of compression */
  NEEDS_COMPRESSED_BY_4 = 1 << 25,
  NEEDS_TABLE = 1 << 26, /* a table chooses its experts */
  NEEDS_SCORES = 1 << 27,
  NEEDS_MTP = 1 << 28,     /* it guesses further tokens; all other rows are of those that do not */
  NEEDS_ENCODER = 1 << 29, /* of an encoder and a decoder */
  NEEDS_DECODER = 1 << 30,
};

static const struct {
  const char *archs;
  uint32_t where;
  const char *names;
} needs[] = {
#define X(archs, where, names) {archs, where, names},
#include "models/loader_needs.def"
#undef X
};

/* Of all these architectures, or of those that a row names. */
static const struct {
  const char *archs, *names, *sizes;
} shapes[] = {
#define X(archs, names, sizes) {archs, names, sizes},
#include "models/loader_shapes.def"
#undef X
};

/* One matrix may stand where the loader would ask for others. */
static const char *const instead[][2] = {
    {"attn_q.weight", "attn_qkv.weight"},
    {"attn_k.weight", "attn_qkv.weight"},
    {"attn_v.weight", "attn_qkv.weight"},
    {"attn_k_b.weight", "attn_kv_b.weight"},
    {"attn_v_b.weight", "attn_kv_b.weight"},
    {"ffn_gate_exps.weight", "ffn_gate_up_exps.weight"},
    {"ffn_up_exps.weight", "ffn_gate_up_exps.weight"},
};

/* ---- Names of the file ------------------------------------------------------------------ */

typedef struct file_names {
  const char **sorted;
  size_t count;
} file_names;

static int compare(const void *a, const void *b) {
  return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static bool sort_names(file_names *out, vf_builder *b) {
  out->count = b->inv->count;
  out->sorted = vf_arena_alloc(b->facts->arena, out->count, sizeof *out->sorted);
  if (out->sorted == NULL) {
    b->status = vf_fail_nomem(b->err);
    return false;
  }
  memcpy(out->sorted, b->inv->names, out->count * sizeof *out->sorted);
  qsort(out->sorted, out->count, sizeof *out->sorted, compare);
  return true;
}

static bool has_name(const file_names *f, const char *name) {
  return bsearch(&name, f->sorted, f->count, sizeof *f->sorted, compare) != NULL;
}

/* ---- Where ------------------------------------------------------------------------------ */

static bool is_indexed(const vf_builder *b, uint32_t i) {
  static const char key[] = "attention.indexer.types";
  const vf_fact *f = vf_facts_length(b->facts, key) > i ? vf_facts_at(b->facts, key, i) : NULL;
  if (f == NULL) return false;
  return f->type == VF_FACT_BOOL ? f->as.boolean : f->type == VF_FACT_INT && f->as.integer != 0;
}

static bool is_there(vf_builder *b, uint32_t where, uint32_t i) {
  enum { FINE = 4, USUAL_INTERVAL = 4 };
  vf_hparams *h = &b->h;
  uint32_t experts = vf_hparam_at(h, VF_HP_N_EXPERTS, i, 0);
  uint32_t heads = vf_hparam_at(h, VF_HP_N_HEADS, i, 0);
  uint32_t period = vf_hparam_at(h, VF_HP_MOE_EVERY, 0, 0);
  bool sparse = experts != 0 && i >= vf_hparam_at(h, VF_HP_LEADING_DENSE, 0, 0);
  bool odd = period != 0 && i % period == 1;
  bool wide = vf_hparam_at(h, VF_HP_N_FF, i, 0) != 0;
  bool attends = vf_hparam_at(h, VF_HP_N_KV_HEADS, i, heads) != 0;
  uint32_t interval = vf_hparam_at(h, VF_HP_FULL_INTERVAL, 0, USUAL_INTERVAL);
  bool full = interval != 0 && (i + 1) % interval == 0;
  uint32_t ratio = vf_hparam_at(h, VF_HP_COMPRESS, i, 0);
  bool q_lora = vf_hparam_at(h, VF_HP_Q_LORA, 0, 0) != 0;
  const struct {
    uint32_t yes, no;
    bool holds;
  } conditions[] = {
      {NEEDS_ANY_EXPERTS, NEEDS_NO_EXPERTS, experts != 0},
      {NEEDS_EXPERTS, NEEDS_DENSE, sparse},
      {NEEDS_ODD, NEEDS_EVEN, odd},
      {NEEDS_WIDE, NEEDS_NO_FF, wide},
      {NEEDS_ATTENDS, NEEDS_STATES, attends},
      {NEEDS_FULL, NEEDS_LINEAR, full},
      {NEEDS_LATER, NEEDS_FIRST, i > 0},
      {NEEDS_MLA, 0, vf_hparam_at(h, VF_HP_K_DIM_MLA, 0, 0) != 0},
      {NEEDS_RESIDUALS, 0, vf_hparam_at(h, VF_HP_RESIDUALS, 0, 0) != 0},
      {NEEDS_INTERVAL, 0, vf_hparam_given(h, VF_HP_FULL_INTERVAL)},
      {NEEDS_INDEXED, 0, is_indexed(b, i)},
      {NEEDS_COMPRESSED, 0, ratio != 0},
      {NEEDS_COMPRESSED_BY_4, 0, ratio == FINE},
      {NEEDS_TABLE, NEEDS_SCORES, i < vf_hparam_at(h, VF_HP_TABLE_LAYERS, 0, 0)},
      {NEEDS_Q_LORA, NEEDS_NO_Q_LORA, q_lora},
      {NEEDS_SHARED, 0, vf_hparam_at(h, VF_HP_N_SHARED, 0, 0) != 0},
      {NEEDS_SHARED_FF, 0, vf_hparam_at(h, VF_HP_N_FF_SHARED, 0, 0) != 0},
      {NEEDS_LAYER_INPUT, 0, vf_hparam_at(h, VF_HP_EMBD_PER_LAYER, 0, 0) != 0},
  };
  for (size_t k = 0; k < sizeof conditions / sizeof *conditions; k++)
    if ((where & (conditions[k].holds ? conditions[k].no : conditions[k].yes)) != 0) return false;
  return true;
}

/* ---- Asking ----------------------------------------------------------------------------- */

/* The next word of a list; its length, 0 at the end. */
static size_t next_word(const char **list) {
  *list += strspn(*list, " ");
  return strcspn(*list, " ");
}

static bool has_word(const char *list, const char *word) {
  for (size_t n; (n = next_word(&list)) != 0; list += n)
    if (strlen(word) == n && strncmp(list, word, n) == 0) return true;
  return false;
}

static bool ends_with(const char *word, size_t n, const char *end) {
  size_t m = strlen(end);
  return n > m && strncmp(word + n - m, end, m) == 0;
}

/* "attn_norm" is a weight, "attn_norm.bias" says what it is, "ssm_a." is neither. */
static void complete(char out[NAME_BYTES], const char *word, size_t n) {
  bool bare = word[n - 1] == '.';
  bool whole = ends_with(word, n, ".bias") || ends_with(word, n, ".scale");
  snprintf(out, NAME_BYTES, "%.*s%s", (int)(bare ? n - 1 : n), word,
           bare || whole ? "" : ".weight");
}

static bool has_instead(const file_names *f, const char *prefix, const char *name) {
  char other[NAME_BYTES];
  for (size_t i = 0; i < sizeof instead / sizeof *instead; i++) {
    if (strcmp(instead[i][0], name) != 0) continue;
    snprintf(other, sizeof other, "%s%s", prefix, instead[i][1]);
    if (has_name(f, other)) return true;
  }
  return false;
}

static void ask_for(vf_builder *b, const file_names *f, const char *prefix, const char *words) {
  char name[NAME_BYTES], whole[NAME_BYTES];
  for (size_t n; b->status == VF_OK && (n = next_word(&words)) != 0; words += n) {
    complete(name, words, n);
    snprintf(whole, sizeof whole, "%s%.64s", prefix, name);
    if (!has_name(f, whole) && !has_instead(f, prefix, name)) vf_miss_tensor(b, whole);
  }
}

static void ask_layers(vf_builder *b, const file_names *f, uint32_t where, const char *names) {
  char prefix[32];
  const char *half = (where & NEEDS_ENCODER) != 0   ? "enc."
                     : (where & NEEDS_DECODER) != 0 ? "dec."
                                                    : "";
  uint32_t all = b->m->n_layers, body = all > b->n_mtp ? all - b->n_mtp : 0;
  bool mtp = (where & NEEDS_MTP) != 0;
  uint32_t end = mtp ? all : body;
  if ((where & NEEDS_DECODER) != 0) end = vf_hparam_at(&b->h, VF_HP_DEC_LAYERS, 0, body);
  for (uint32_t i = mtp ? body : 0; i < end && b->status == VF_OK; i++) {
    bool there = is_there(b, where, i);
    if (b->h.status != VF_OK) return; /* told by the caller */
    if (!there) continue;
    snprintf(prefix, sizeof prefix, "%sblk.%" PRIu32 ".", half, i);
    ask_for(b, f, prefix, names);
  }
}

/* ---- Shapes ----------------------------------------------------------------------------- */

/* Whether the completed name is one of a list. */
static bool is_listed(const char *list, const char *name) {
  char one[NAME_BYTES];
  for (size_t n; (n = next_word(&list)) != 0; list += n) {
    complete(one, list, n);
    if (strcmp(one, name) == 0) return true;
  }
  return false;
}

/* The name without the layer in front. */
static const char *in_layer(const char *name) {
  const char *at = strstr(name, "blk.");
  bool half = at == name + 4 && (strncmp(name, "enc.", 4) == 0 || strncmp(name, "dec.", 4) == 0);
  if (at == NULL || (at != name && !half)) return name;
  at += strlen("blk.");
  at += strspn(at, "0123456789");
  return *at == '.' ? at + 1 : name;
}

static uint64_t size_of(vf_builder *b, char what, uint32_t i) {
  const vf_layer *l = &b->m->layers[i];
  switch (what) {
  case 'D': return b->m->n_embd;
  case 'N': return b->m->n_vocab;
  case 'C': return b->m->max_ctx_tokens;
  case 'E': return vf_hparam_at(&b->h, VF_HP_N_EXPERTS, i, 0);
  case 'Q': return (uint64_t)l->n_heads * l->k_dim;
  case 'K': return (uint64_t)l->n_kv_heads * l->k_dim;
  case 'V': return (uint64_t)l->n_kv_heads * l->v_dim;
  case 'U': return size_of(b, 'Q', i) + size_of(b, 'K', i) + size_of(b, 'V', i);
  case 'F': return vf_hparam_at(&b->h, VF_HP_N_FF, i, 0);
  case 'W': return vf_hparam_at(&b->h, VF_HP_N_FF_EXPERT, i, 0);
  case 'T': return vf_hparam_at(&b->h, VF_HP_N_FF_SHARED, i, 0);
  case 'S': return size_of(b, 'W', i) * vf_hparam_at(&b->h, VF_HP_N_SHARED, i, 0);
  default: return 1;
  }
}

static void check_shape(vf_builder *b, const vf_tensor *t, const char *name) {
  vf_tensor wanted = *t;
  for (size_t k = 0; k < sizeof shapes / sizeof *shapes; k++) {
    const char *archs = shapes[k].archs;
    if (archs[0] != '\0' && !has_word(archs, b->arch->gguf)) continue;
    if (!is_listed(shapes[k].names, in_layer(name))) continue;
    uint32_t i = t->layer >= 0 ? (uint32_t)t->layer : 0;
    size_t n = strlen(shapes[k].sizes);
    const vf_layer *l = &b->m->layers[i];
    bool plain = (l->mixers & VF_MIX_ATTENTION) != 0 && l->kv_lora == 0;
    if (!plain && strpbrk(shapes[k].sizes, "QKVU") != NULL) return; /* other heads */
    for (size_t d = 0; d < 4; d++) wanted.ne[d] = size_of(b, d < n ? shapes[k].sizes[d] : ' ', i);
    if (memcmp(wanted.ne, t->ne, sizeof t->ne) != 0) vf_refuse_shape(b, name, t, &wanted);
    return;
  }
}

static void check_shapes(vf_builder *b) {
  int64_t body = (int64_t)b->m->n_layers - b->n_mtp;
  for (size_t i = 0; i < b->inv->count && b->status == VF_OK; i++)
    if (b->inv->tensors[i].layer < body) check_shape(b, &b->inv->tensors[i], b->inv->names[i]);
}

void vf_check_needs(vf_builder *b) {
  bool known = false;
  file_names f;
  if (!sort_names(&f, b)) return;
  size_t n = sizeof needs / sizeof *needs;
  for (size_t k = 0; k < n && b->status == VF_OK && b->h.status == VF_OK; k++) {
    if (!has_word(needs[k].archs, b->arch->gguf)) continue;
    uint32_t where = needs[k].where;
    known = true;
    if ((where & NEEDS_OUTSIDE) == 0)
      ask_layers(b, &f, where, needs[k].names);
    else if (is_there(b, where, 0))
      ask_for(b, &f, "", needs[k].names);
  }
  if (known && b->status == VF_OK && b->h.status == VF_OK) check_shapes(b);
  if (b->status == VF_OK) b->status = b->h.status;
}
