/* catalog.h - the built-in catalogs: found by name without reading more than one entry.
 *
 * At build time vf_embed checks the JSON files under data/ and turns them into sorted names and
 * the text of each entry; at run time a lookup is a binary search, and only the entry that was
 * asked for is parsed. */
#ifndef VF_READERS_CATALOG_H
#define VF_READERS_CATALOG_H

#include "base/arena.h"
#include "base/names.h"

/* One entry, as JSON text. */
typedef struct vf_catalog_entry {
  const char *id;
  const char *file; /* it comes from, below data/ */
  const char *json;
  size_t length;
  const char *figures; /* of a device or node: json without notes, sources and other names */
  size_t figures_length;
} vf_catalog_entry;

/* An entry in the program: offsets into one text.  Offsets, not pointers, because pointers would
 * have to be relocated at every start, all of them, for the one entry that is asked for. */
typedef struct vf_catalog_row {
  uint32_t id, file, json, length, figures, figures_length;
} vf_catalog_row;

/* A name in normalized form (names.h), and the row that it stands for. */
typedef struct vf_catalog_name {
  uint32_t name, row;
} vf_catalog_name;

typedef struct vf_catalog {
  const char *text;
  const vf_catalog_row *rows;
  const vf_catalog_name *names; /* sorted bytewise: ids and aliases */
  uint32_t n_rows, n_names;
} vf_catalog;

/* Made by vf_embed. */
extern const vf_catalog vf_builtin_models;
extern const vf_catalog vf_builtin_gpus;
extern const vf_catalog vf_builtin_gpu_classes;
extern const vf_catalog vf_builtin_nodes;

struct vf_context {
  vf_allocator allocator;
  const vf_catalog *catalogs[VF_CATALOG_COUNT];
};

/* Row i of the catalog. */
vf_catalog_entry vf_catalog_at(const vf_catalog *catalog, uint32_t i);

/* The entry that the name stands for; false if there is none. */
bool vf_catalog_find(vf_catalog_entry *out, const vf_catalog *catalog, const char *name);

/* Offers every name of the catalog to a search for the nearest one. */
void vf_catalog_search(vf_name_search *search, const vf_catalog *catalog);

/* The name that is nearest, NULL if none is near. */
const char *vf_catalog_nearest(const vf_catalog *catalog, const char *name);

#endif
