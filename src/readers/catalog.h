/* catalog.h - the catalogs: found by name without reading more than one entry.
 *
 * At build time vf_embed checks the JSON files under data/ and turns them into sorted names and
 * the text of each entry; at run time a lookup is a binary search, and only the entry that was
 * asked for is parsed.  Users' own catalogs are put before the built-in one, in the same form. */
#ifndef VF_READERS_CATALOG_H
#define VF_READERS_CATALOG_H

#include "base/arena.h"
#include "base/names.h"
#include "vramfit/files.h"

/* What entries are of, beyond what the public interface lists. */
enum { VF_CATALOG_CLASSES = VF_CATALOG_COUNT, VF_CATALOG_KINDS };

/* One entry, as JSON text. */
typedef struct vf_catalog_entry {
  const char *id;
  const char *file; /* it comes from */
  const char *json;
  size_t length;
} vf_catalog_entry;

/* An entry in the program: offsets into one text.  Offsets, not pointers, because pointers would
 * have to be relocated at every start, all of them, for the one entry that is asked for. */
typedef struct vf_catalog_row {
  uint32_t id, file, json, length;
} vf_catalog_row;

/* A name in normalized form (names.h), and the row that it stands for. */
typedef struct vf_catalog_name {
  uint32_t name, row;
} vf_catalog_name;

/* The words of a name as a key (name/words.h), and the row.  A spare key leaves out words that
 * people leave out: a key that is an entry's own goes first.  Of a device `spare` has its details.
 */
typedef struct vf_catalog_key {
  uint32_t key, row, mask, spare;
} vf_catalog_key;

typedef struct vf_catalog {
  const char *text;
  const vf_catalog_row *rows;
  const vf_catalog_name *names; /* sorted bytewise: ids and aliases */
  const vf_catalog_key *keys;   /* sorted bytewise, of one key the spare ones last */
  uint32_t n_rows, n_names, n_keys;
} vf_catalog;

/* Made by vf_embed: the catalogs, and the keys that an entry of each may have. */
extern const vf_catalog vf_builtin_catalogs[VF_CATALOG_KINDS];
extern const char *const *const vf_catalog_keys[VF_CATALOG_KINDS];

typedef struct vf_catalog_words {
  const char *array;  /* of a file, that holds entries: "models" */
  const char *folder; /* of such files */
  const char *entry;  /* one of them, as the schema calls it: "model" */
} vf_catalog_words;

extern const vf_catalog_words vf_catalog_kinds[VF_CATALOG_KINDS];

enum { VF_CATALOG_LAYERS = 8 };

struct vf_context {
  vf_allocator allocator;
  vf_files files;
  const vf_catalog *layers[VF_CATALOG_LAYERS]; /* each one for every kind; the first one wins */
  vf_arena *arenas[VF_CATALOG_LAYERS];         /* of users' catalogs */
  size_t n_layers;
};

/* Row i of a catalog. */
vf_catalog_entry vf_catalog_at(const vf_catalog *catalog, uint32_t i);

/* The row that the name stands for; false if there is none. */
bool vf_catalog_find_row(uint32_t *out, const vf_catalog *catalog, const char *name);

/* The entry that the name stands for, in any layer; false if there is none.  `kind` is a
 * vf_catalog_kind or VF_CATALOG_CLASSES.  A model's name that is nobody's otherwise may be a tag.
 */
bool vf_catalog_find(vf_catalog_entry *out, const vf_context *ctx, int kind, const char *name);

/* The same, but never by a tag. */
bool vf_catalog_find_own(vf_catalog_entry *out, const vf_context *ctx, int kind, const char *name);

/* The model behind a tag of Ollama's library, "qwen3:8b" or "qwen3" (its latest), without a format;
 * false if there is none. */
bool vf_catalog_find_tag(vf_catalog_entry *out, const vf_context *ctx, const char *tag);

/* Walks through all entries that are not replaced by others; start with {0}. */
typedef struct vf_catalog_walk {
  size_t layer;
  uint32_t row;
} vf_catalog_walk;
bool vf_catalog_next(vf_catalog_entry *out, vf_catalog_walk *walk, const vf_context *ctx, int kind);

/* What a name that is nobody's can mean: entries that have all of its words among theirs. */
enum { VF_CATALOG_CANDIDATES = 6 };
typedef struct vf_catalog_guess {
  vf_catalog_entry entry; /* the only one that it can mean, if certain */
  bool certain;
  size_t n; /* candidates; beyond VF_CATALOG_CANDIDATES some are counted twice */
  const char *candidates[VF_CATALOG_CANDIDATES];
} vf_catalog_guess;
void vf_catalog_guess_name(vf_catalog_guess *out, const vf_context *ctx, int kind,
                           const char *name);

/* Offers every name to a search for the nearest one. */
void vf_catalog_search(vf_name_search *search, const vf_context *ctx, int kind);

/* Fails with what the name could have meant.  `what` is "model" or "GPU". */
vf_status vf_catalog_unknown(const vf_context *ctx, int kind, const char *what, const char *name,
                             vf_error *err);

#endif
