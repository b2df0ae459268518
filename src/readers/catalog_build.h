/* catalog_build.h - from the JSON files of a catalog to sorted names and the text of each entry.
 *
 * The same for the catalogs that are built into the program and for those that users bring.  Each
 * file is an object whose "models", "gpus", "nodes", "workloads" or "classes" array holds entries.
 */
#ifndef VF_READERS_CATALOG_BUILD_H
#define VF_READERS_CATALOG_BUILD_H

#include "readers/catalog.h"

typedef struct vf_catalog_build vf_catalog_build;

/* Everything lies in the arena. */
vf_status vf_catalog_build_new(vf_catalog_build **out, vf_arena *arena, vf_error *err);

/* Called with every entry, on its own; it may refuse it.  Errors name keys of the entry. */
typedef vf_status (*vf_catalog_check)(void *context, int kind, const vf_catalog_entry *entry,
                                      vf_error *err);

/* Adds the entries of one file.  `name` is the file's for messages and reports; an error has the
 * JSON pointer and the line. */
vf_status vf_catalog_build_add(vf_catalog_build *b, const char *name, const char *text,
                               size_t length, vf_error *err);

/* Sorts the names; an id or alias that stands for two entries is refused. */
vf_status vf_catalog_build_finish(vf_catalog_build *b, vf_catalog out[VF_CATALOG_KINDS],
                                  vf_error *err);

/* Shows every entry to `check`; an error gets its place in its file. */
vf_status vf_catalog_build_check(const vf_catalog_build *b, vf_catalog_check check, void *context,
                                 vf_error *err);

#endif
