/* inventory.h - the tensors of a weight file, sorted into roles as they come in.
 *
 * Names are understood by two tables, GGUF's and the checkpoints'; what neither knows is counted
 * as unknown, never dropped.  Equal tensors that follow each other (a layer's experts) are one
 * entry with a count. */
#ifndef VF_MODELS_INVENTORY_H
#define VF_MODELS_INVENTORY_H

#include "base/arena.h"
#include "core/tensor.h"

enum { VF_INVENTORY_NAME = 96, VF_ROLE_NAMES_MAX = 512, VF_INVENTORY_NAMES_MIB = 16 };

typedef struct vf_role_name {
  const char *name;
  uint16_t role;
} vf_role_name;

typedef struct vf_inventory {
  vf_arena *arena;
  bool keep_names; /* of every tensor; equal ones are not merged then */
  bool gguf;       /* which table reads the names */

  vf_tensor *tensors;
  const char **names; /* with keep_names; else NULL */
  size_t count, capacity;
  char *pool; /* where the next name goes */
  size_t pool_left;
  uint64_t name_bytes;

  uint64_t n_files_tensors; /* as many as the file has */
  uint64_t data_bytes;
  uint64_t n_unknown;
  char first_unknown[VF_INVENTORY_NAME];

  vf_role_name table[VF_ROLE_NAMES_MAX]; /* sorted by name */
  size_t table_size;
} vf_inventory;

void vf_inventory_init(vf_inventory *inv, vf_arena *arena, bool gguf, bool keep_names);

/* Adds a tensor; the name need not be terminated.  bytes are those stored in the file. */
vf_status vf_inventory_add(vf_inventory *inv, const char *name, size_t length, const uint64_t ne[4],
                           vf_format format, uint64_t bytes, vf_error *err);

#endif
