/* node.h - a structured text as a tree: YAML or JSON, every value with its line and column.
 *
 * Manifests are read through it.  An alias is the node that it names, not a copy, and merge keys
 * ("<<") are applied while building, so that a few bytes cannot become many; whoever walks a whole
 * tree counts its steps.  Texts end with a NUL and have none within. */
#ifndef VF_READERS_NODE_H
#define VF_READERS_NODE_H

#include "base/arena.h"

typedef enum vf_node_kind { VF_NODE_SCALAR, VF_NODE_MAP, VF_NODE_LIST } vf_node_kind;

typedef struct vf_node vf_node;

typedef struct vf_item {
  const vf_node *key; /* of a map */
  const vf_node *value;
  struct vf_item *next;
} vf_item;

struct vf_node {
  vf_node_kind kind;
  bool quoted; /* a scalar that can only be text */
  uint32_t line, column;
  const char *text; /* of a scalar; "" else */
  const char *tag;  /* "!override"; NULL: none */
  vf_item *items;
  size_t count;
};

enum { VF_NODE_DEPTH = 64, VF_NODE_MOST = 400000, VF_NODE_FILE_BYTES = 16 << 20 };

/* All documents of a text, as a list; VF_MALFORMED and VF_LIMIT with line and column. */
vf_status vf_node_read_yaml(const vf_node **out, const char *text, size_t length, vf_arena *arena,
                            vf_error *err);

/* The same of JSON: one document. */
vf_status vf_node_read_json(const vf_node **out, const char *text, size_t length, vf_arena *arena,
                            vf_error *err);

/* The value at a key, or at keys with '/' between them; NULL: there is none, or node is NULL. */
const vf_node *vf_node_get(const vf_node *node, const char *path);

/* The key's own node, for its line; NULL. */
const vf_node *vf_node_key(const vf_node *node, const char *key);

/* The text of a scalar at a path; NULL for none, and for null. */
const char *vf_node_text(const vf_node *node, const char *path);

/* Item i of a list; NULL beyond the last, or if it is none. */
const vf_node *vf_node_at(const vf_node *node, size_t i);

/* A key of the map that stands there for the second time, where both may be meant; NULL: none, or
 * no memory, which `memory` says. */
const vf_node *vf_node_twice(const vf_node *map, vf_arena *arena, bool *memory);

static inline bool vf_node_is(const vf_node *node, vf_node_kind kind) {
  return node != NULL && node->kind == kind;
}

/* While building: new nodes in the arena; NULL: no memory, or more than VF_NODE_MOST of them. */
typedef struct vf_node_builder {
  vf_arena *arena;
  size_t made;
} vf_node_builder;

vf_node *vf_node_new(vf_node_builder *b, vf_node_kind kind, uint32_t line, uint32_t column);

/* Appends; *last is the end of the list, NULL at first. */
bool vf_node_add(vf_node_builder *b, vf_node *to, vf_item **last, const vf_node *key,
                 const vf_node *value);

#endif
