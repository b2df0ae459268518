/* catalog.c - contexts, and lookups in a sorted list of names. */
#include "readers/catalog.h"

#include <string.h>

#include "base/names.h"
#include "base/status.h"

vf_status vf_context_new(vf_context **out, const vf_allocator *allocator, vf_error *err) {
  if (allocator == NULL) allocator = &vf_default_allocator;
  vf_context *ctx = allocator->alloc(allocator->user, sizeof *ctx);
  if (ctx == NULL) return vf_fail_nomem(err);
  *ctx = (vf_context){.allocator = *allocator};
  ctx->catalogs[VF_CATALOG_MODELS] = &vf_builtin_models;
  ctx->catalogs[VF_CATALOG_GPUS] = &vf_builtin_gpus;
  ctx->catalogs[VF_CATALOG_NODES] = &vf_builtin_nodes;
  *out = ctx;
  return VF_OK;
}

void vf_context_free(vf_context *ctx) {
  if (ctx != NULL) ctx->allocator.free(ctx->allocator.user, ctx);
}

size_t vf_catalog_size(const vf_context *ctx, vf_catalog_kind kind) {
  return kind < VF_CATALOG_COUNT ? ctx->catalogs[kind]->n_rows : 0;
}

const char *vf_catalog_id(const vf_context *ctx, vf_catalog_kind kind, size_t i) {
  if (i >= vf_catalog_size(ctx, kind)) return NULL;
  return vf_catalog_at(ctx->catalogs[kind], (uint32_t)i).id;
}

vf_catalog_entry vf_catalog_at(const vf_catalog *c, uint32_t i) {
  const vf_catalog_row *row = &c->rows[i];
  return (vf_catalog_entry){c->text + row->id, c->text + row->file,    c->text + row->json,
                            row->length,       c->text + row->figures, row->figures_length};
}

bool vf_catalog_find(vf_catalog_entry *out, const vf_catalog *c, const char *name) {
  char wanted[VF_NAME_SIZE];
  if (!vf_name_normalize(wanted, name)) return false;
  uint32_t low = 0, high = c->n_names;
  while (low < high) {
    uint32_t middle = low + (high - low) / 2;
    int order = strcmp(wanted, c->text + c->names[middle].name);
    if (order == 0) {
      *out = vf_catalog_at(c, c->names[middle].row);
      return true;
    }
    if (order < 0)
      high = middle;
    else
      low = middle + 1;
  }
  return false;
}

void vf_catalog_search(vf_name_search *search, const vf_catalog *catalog) {
  for (uint32_t i = 0; i < catalog->n_names; i++)
    vf_name_search_try(search, catalog->text + catalog->names[i].name);
}

const char *vf_catalog_nearest(const vf_catalog *catalog, const char *name) {
  vf_name_search search = vf_name_search_for(name);
  vf_catalog_search(&search, catalog);
  return search.best;
}
