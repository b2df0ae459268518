/* describe.c - sums over the lists of a model, and a line for each kind of layer. */
#include "core/describe.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/checked.h"
#include "base/status.h"
#include "base/text.h"
#include "core/format.h"

/* ---- Formats ---------------------------------------------------------------------------- */

static int compare_shares(const void *a, const void *b) {
  const vf_format_share *x = a, *y = b;
  if (x->bytes != y->bytes) return x->bytes < y->bytes ? 1 : -1;
  return (int)x->format - (int)y->format;
}

size_t vf_describe_formats(vf_format_share out[VF_FORMAT_COUNT], const vf_tensor *tensors,
                           size_t count) {
  vf_format_share shares[VF_FORMAT_COUNT] = {0};
  size_t n = 0;
  for (size_t i = 0; i < count; i++) {
    const vf_tensor *t = &tensors[i];
    vf_format_share *s = &shares[t->format];
    s->tensors += t->count;
    s->elements += vf_tensor_elements(t) * t->count;
    s->bytes += t->bytes * t->count;
  }
  for (int f = 0; f < VF_FORMAT_COUNT; f++) {
    shares[f].format = (vf_format)f;
    if (shares[f].tensors != 0) out[n++] = shares[f];
  }
  qsort(out, n, sizeof *out, compare_shares);
  return n;
}

/* ---- Layers ----------------------------------------------------------------------------- */

static void put_attention(vf_text *t, const vf_layer *l) {
  if (l->kv_lora != 0) {
    vf_text_printf(t, "latent attention %" PRIu32 " heads, rank %" PRIu32 " + %" PRIu32 " rotated",
                   l->n_heads, l->kv_lora, l->rope_dim);
  } else {
    vf_text_printf(t, "attention %" PRIu32 " heads, %" PRIu32 " for keys × %" PRIu32, l->n_heads,
                   l->n_kv_heads, l->k_dim);
    if (l->v_dim != l->k_dim) vf_text_printf(t, ", values × %" PRIu32, l->v_dim);
  }
  const char *kind = (l->flags & VF_LAYER_CHUNKED) != 0 ? "chunk" : "window";
  if (l->window != 0) vf_text_printf(t, ", %s %" PRIu32, kind, l->window);
  if (l->index_heads != 0) vf_text_printf(t, ", indexer of %" PRIu32 " heads", l->index_heads);
  if (l->flags & (VF_LAYER_KV_SHARED | VF_LAYER_KV_UNCACHED)) vf_text_put(t, ", shared cache");
  if (l->flags & VF_LAYER_ENCODER) vf_text_put(t, ", encoder");
}

static void put_recurrent(vf_text *t, const vf_layer *l) {
  static const struct {
    uint32_t mixer;
    const char *name;
  } names[] = {{VF_MIX_MAMBA1, "Mamba"},           {VF_MIX_MAMBA2, "Mamba 2"},
               {VF_MIX_DELTA, "gated delta net"},  {VF_MIX_KDA, "Kimi delta attention"},
               {VF_MIX_RWKV, "RWKV time mixing"},  {VF_MIX_SHORTCONV, "short convolution"},
               {VF_MIX_LINEAR, "linear attention"}};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    if (l->mixers & names[i].mixer) vf_text_put(t, names[i].name);
  if (l->inner != 0) vf_text_printf(t, " %" PRIu32 " × %" PRIu32, l->inner, l->state);
}

static void put_feed_forward(vf_text *t, const vf_layer *l) {
  if (l->n_experts != 0) {
    vf_text_printf(t, "%" PRIu32 " experts × %" PRIu32 ", %" PRIu32 " used", l->n_experts,
                   l->n_ff_expert, l->n_experts_used);
    if (l->n_ff_shared != 0) vf_text_printf(t, ", shared %" PRIu32, l->n_ff_shared);
  }
  if (l->n_experts != 0 && l->n_ff != 0) vf_text_put(t, " and ");
  if (l->n_ff != 0) vf_text_printf(t, "feed-forward %" PRIu32, l->n_ff);
}

/* Parts of a layer, separated by semicolons. */
static void put_layer(char *buf, size_t size, const vf_layer *l) {
  vf_text t = vf_text_on(buf, size);
  const char *separator = "; ";
  if (l->flags & VF_LAYER_MTP) vf_text_put(&t, "predicts further tokens");
  if (l->mixers & VF_MIX_ATTENTION) {
    if (t.length > 0) vf_text_put(&t, separator);
    put_attention(&t, l);
  }
  if (l->mixers & VF_MIX_RECURRENT) {
    if (t.length > 0) vf_text_put(&t, separator);
    put_recurrent(&t, l);
  }
  if (l->mixers & VF_MIX_CROSS)
    vf_text_put(&t, t.length > 0 ? "; cross attention" : "cross attention");
  if (l->n_ff == 0 && l->n_experts == 0) return;
  if (t.length > 0) vf_text_put(&t, separator);
  put_feed_forward(&t, l);
}

vf_status vf_describe_layers(vf_layer_group **out, size_t *n, const vf_model *m, vf_arena *arena,
                             vf_error *err) {
  vf_layer_group *groups = vf_arena_alloc(arena, m->n_layers, sizeof *groups), one;
  size_t count = 0, g;
  if (groups == NULL) return vf_fail_nomem(err);
  for (uint32_t i = 0; i < m->n_layers; i++) {
    put_layer(one.text, sizeof one.text, &m->layers[i]);
    for (g = 0; g < count && strcmp(groups[g].text, one.text) != 0; g++) continue;
    if (g == count) memcpy(groups[count++].text, one.text, sizeof one.text);
    groups[g].layers++;
  }
  *out = groups;
  *n = count;
  return VF_OK;
}

/* ---- Cache ------------------------------------------------------------------------------ */

static bool is_windowed(const vf_cache_layer *c) {
  return c->kind == VF_CACHE_WINDOW || c->kind == VF_CACHE_CHUNKED ||
         (c->kind == VF_CACHE_LATENT && c->window != 0);
}

/* Rows that are not whole blocks cannot be stored in the format: they count as f16. */
vf_cache_cost vf_describe_cache(const vf_model *m, vf_format format) {
  vf_cache_cost cost = {.format = format};
  for (size_t i = 0; i < m->n_caches; i++) {
    const vf_cache_layer *c = &m->caches[i];
    if (!vf_cache_has_cells(c) || c->kind == VF_CACHE_CROSS) continue;
    uint64_t bytes = vf_format_row_about(format, (uint64_t)c->n_kv_heads * c->k_dim) +
                     vf_format_row_about(format, (uint64_t)c->n_kv_heads * c->v_dim);
    if (c->kind == VF_CACHE_COMPRESSED) bytes /= c->window;
    *(is_windowed(c) ? &cost.window_bytes_per_token : &cost.bytes_per_token) += bytes;
  }
  return cost;
}

uint64_t vf_describe_state_bytes(const vf_model *m) {
  uint64_t elements = 0;
  for (size_t i = 0; i < m->n_caches; i++)
    if (m->caches[i].kind == VF_CACHE_STATE) elements += m->caches[i].conv + m->caches[i].state;
  return elements * 4;
}

uint64_t vf_describe_window(const vf_model *m) {
  uint64_t window = 0;
  for (size_t i = 0; i < m->n_caches; i++)
    if (is_windowed(&m->caches[i])) window = vf_max_u64(window, m->caches[i].window);
  return window;
}
