/* catalog.c - lookups in sorted lists of names. */
#include "readers/catalog.h"

#include <stdio.h>
#include <string.h>

#include "base/names.h"
#include "base/status.h"

/* ---- Entries in order -------------------------------------------------------------------- */

size_t vf_catalog_size(const vf_context *ctx, vf_catalog_kind kind) {
  vf_catalog_walk walk = {0};
  vf_catalog_entry entry;
  size_t n = 0;
  if (ctx == NULL || (unsigned)kind >= VF_CATALOG_COUNT) return 0;
  if (ctx->n_layers == 1) return ctx->layers[0][kind].n_rows;
  while (vf_catalog_next(&entry, &walk, ctx, (int)kind)) n++;
  return n;
}

const char *vf_catalog_id(const vf_context *ctx, vf_catalog_kind kind, size_t i) {
  vf_catalog_walk walk = {0};
  vf_catalog_entry entry;
  if (ctx == NULL || (unsigned)kind >= VF_CATALOG_COUNT) return NULL;
  if (ctx->n_layers == 1)
    return i < ctx->layers[0][kind].n_rows ? vf_catalog_at(&ctx->layers[0][kind], (uint32_t)i).id
                                           : NULL;
  while (vf_catalog_next(&entry, &walk, ctx, (int)kind))
    if (i-- == 0) return entry.id;
  return NULL;
}

/* ---- Entries by name -------------------------------------------------------------------- */

vf_catalog_entry vf_catalog_at(const vf_catalog *c, uint32_t i) {
  const vf_catalog_row *row = &c->rows[i];
  return (vf_catalog_entry){c->text + row->id, c->text + row->file, c->text + row->json,
                            row->length};
}

bool vf_catalog_find_row(uint32_t *out, const vf_catalog *c, const char *name) {
  char wanted[VF_NAME_SIZE];
  if (!vf_name_normalize(wanted, name)) return false;
  uint32_t low = 0, high = c->n_names;
  while (low < high) {
    uint32_t middle = low + (high - low) / 2;
    int order = strcmp(wanted, c->text + c->names[middle].name);
    if (order == 0) {
      *out = c->names[middle].row;
      return true;
    }
    if (order < 0)
      high = middle;
    else
      low = middle + 1;
  }
  return false;
}

bool vf_catalog_find_own(vf_catalog_entry *out, const vf_context *ctx, int kind, const char *name) {
  uint32_t row;
  for (size_t i = 0; i < ctx->n_layers; i++) {
    const vf_catalog *c = &ctx->layers[i][kind];
    if (!vf_catalog_find_row(&row, c, name)) continue;
    *out = vf_catalog_at(c, row);
    return true;
  }
  return false;
}

bool vf_catalog_find_tag(vf_catalog_entry *out, const vf_context *ctx, const char *tag) {
  char name[VF_NAME_SIZE];
  return vf_name_of_tag(name, tag) && vf_catalog_find_own(out, ctx, VF_CATALOG_MODELS, name);
}

bool vf_catalog_find(vf_catalog_entry *out, const vf_context *ctx, int kind, const char *name) {
  if (vf_catalog_find_own(out, ctx, kind, name)) return true;
  return kind == VF_CATALOG_MODELS && vf_catalog_find_tag(out, ctx, name);
}

static bool is_replaced(const vf_context *ctx, size_t layer, int kind, const char *id) {
  uint32_t row;
  for (size_t i = 0; i < layer; i++)
    if (vf_catalog_find_row(&row, &ctx->layers[i][kind], id)) return true;
  return false;
}

bool vf_catalog_next(vf_catalog_entry *out, vf_catalog_walk *walk, const vf_context *ctx,
                     int kind) {
  for (; walk->layer < ctx->n_layers; walk->layer++, walk->row = 0) {
    const vf_catalog *c = &ctx->layers[walk->layer][kind];
    while (walk->row < c->n_rows) {
      *out = vf_catalog_at(c, walk->row++);
      if (!is_replaced(ctx, walk->layer, kind, out->id)) return true;
    }
  }
  return false;
}

/* ---- What an unknown name can mean ------------------------------------------------------ */

typedef struct guesser {
  vf_catalog_guess *out;
  vf_catalog_entry same; /* entries whose names have the same words and no others */
  size_t n_same;
} guesser;

static void consider(guesser *g, const vf_catalog *c, uint32_t i, vf_name_match match) {
  vf_catalog_entry e = vf_catalog_at(c, c->names[i].row);
  if (match == VF_NAME_SAME && (g->n_same == 0 || g->same.json != e.json)) {
    g->same = e;
    g->n_same++;
  }
  vf_catalog_guess *out = g->out;
  for (size_t k = 0; k < out->n && k < VF_CATALOG_CANDIDATES; k++)
    if (out->candidates[k] == e.id) return;
  if (out->n < VF_CATALOG_CANDIDATES) out->candidates[out->n] = e.id;
  if (out->n++ == 0) out->entry = e;
}

void vf_catalog_guess_name(vf_catalog_guess *out, const vf_context *ctx, int kind,
                           const char *name) {
  guesser g = {.out = out};
  vf_name_words words;
  memset(out, 0, sizeof *out);
  if (!vf_name_split(&words, name)) return;
  for (size_t layer = 0; layer < ctx->n_layers; layer++) {
    const vf_catalog *c = &ctx->layers[layer][kind];
    for (uint32_t i = 0; i < c->n_names; i++) {
      if (vf_name_tag(c->text + c->names[i].name) != NULL) continue;
      vf_name_match match = vf_name_compare(&words, c->text + c->names[i].name);
      if (match != VF_NAME_OTHER) consider(&g, c, i, match);
    }
  }
  out->certain = g.n_same == 1 || (g.n_same == 0 && out->n == 1);
  if (g.n_same == 1) out->entry = g.same;
}

void vf_catalog_search(vf_name_search *search, const vf_context *ctx, int kind) {
  for (size_t layer = 0; layer < ctx->n_layers; layer++) {
    const vf_catalog *c = &ctx->layers[layer][kind];
    for (uint32_t i = 0; i < c->n_names; i++) {
      const char *name = c->text + c->names[i].name, *tag = vf_name_tag(name);
      vf_name_search_try(search, tag != NULL ? tag : name);
    }
  }
}

/* "a, b, c…" */
static void list_candidates(char *out, size_t size, const vf_catalog_guess *g) {
  size_t n = 0;
  for (size_t i = 0; i < g->n && i < VF_CATALOG_CANDIDATES && n < size; i++)
    n += (size_t)snprintf(out + n, size - n, "%s%s", i == 0 ? "" : ", ", g->candidates[i]);
  if (g->n > VF_CATALOG_CANDIDATES && n < size) snprintf(out + n, size - n, "…");
}

vf_status vf_catalog_unknown(const vf_context *ctx, int kind, const char *what, const char *name,
                             vf_error *err) {
  vf_catalog_guess guess;
  char list[200];
  if (err == NULL) return VF_UNKNOWN; /* nobody reads a suggestion */
  vf_catalog_guess_name(&guess, ctx, kind, name);
  if (guess.n > 1) {
    list_candidates(list, sizeof list, &guess);
    return vf_fail(err, VF_UNKNOWN, "'%s' can mean several %ss: %s", name, what, list);
  }
  vf_name_search search = vf_name_search_for(name);
  vf_catalog_search(&search, ctx, kind);
  const char *nearest = search.best;
  size_t known = vf_catalog_size(ctx, (vf_catalog_kind)kind);
  if (nearest == NULL)
    return vf_fail(err, VF_UNKNOWN, "unknown %s '%s' (vramfit %s lists %zu)", what, name,
                   vf_catalog_kinds[kind].array, known);
  return vf_fail(err, VF_UNKNOWN, "unknown %s '%s': did you mean %s? (vramfit %s lists %zu)", what,
                 name, nearest, vf_catalog_kinds[kind].array, known);
}
