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
  *out = ctx;
  return VF_OK;
}

void vf_context_free(vf_context *ctx) {
  if (ctx != NULL) ctx->allocator.free(ctx->allocator.user, ctx);
}

size_t vf_catalog_size(const vf_context *ctx, vf_catalog_kind kind) {
  return kind < VF_CATALOG_COUNT ? ctx->catalogs[kind]->n_entries : 0;
}

const char *vf_catalog_id(const vf_context *ctx, vf_catalog_kind kind, size_t i) {
  return i < vf_catalog_size(ctx, kind) ? ctx->catalogs[kind]->entries[i].id : NULL;
}

const vf_catalog_entry *vf_catalog_find(const vf_catalog *catalog, const char *name) {
  char wanted[VF_NAME_SIZE];
  if (!vf_name_normalize(wanted, name)) return NULL;
  size_t low = 0, high = catalog->n_names;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    int order = strcmp(wanted, catalog->names[middle].name);
    if (order == 0) return &catalog->entries[catalog->names[middle].entry];
    if (order < 0) high = middle;
    else low = middle + 1;
  }
  return NULL;
}

const char *vf_catalog_nearest(const vf_catalog *catalog, const char *name) {
  vf_name_search search = vf_name_search_for(name);
  for (size_t i = 0; i < catalog->n_names; i++)
    vf_name_search_try(&search, catalog->names[i].name);
  const vf_catalog_entry *entry = search.best != NULL ? vf_catalog_find(catalog, search.best) : NULL;
  return entry != NULL ? entry->id : NULL;
}
