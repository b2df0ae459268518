/* library.c - files of Ollama's library.
 *
 * Ollama converts and quantizes many models itself, and keeps other matrices wide than
 * llama-quantize does.  An entry says under "ollama.files" how many bytes its text model has in a
 * format; two numbers where the library prints the size rounded. */
#include "deploy/library.h"

#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/checked.h"
#include "base/names.h"
#include "readers/entry.h"

static uint64_t text_bytes(const vf_model *m) {
  uint64_t sum = 0, bytes;
  for (size_t i = 0; i < m->n_tensors; i++) {
    const vf_tensor *t = &m->tensors[i];
    if (t->tower == 0 && vf_mul(&bytes, t->bytes, t->count)) sum += bytes;
  }
  return sum;
}

static uint32_t permille_of(int64_t file_bytes, uint64_t bytes) {
  enum { LEAST = 100, MOST = 10000 }; /* beyond is another model, or a mistake */
  uint64_t part = file_bytes > 0 ? (uint64_t)file_bytes / (bytes / 1000 + 1) : 0;
  return part < LEAST ? LEAST : part > MOST ? MOST : (uint32_t)part;
}

/* The file's size by its format, from the entry; false if it is not known to differ. */
static bool size_range(int64_t range[2], const vf_facts *facts, const char *quant) {
  char key[64];
  snprintf(key, sizeof key, "ollama.files.%.40s", quant);
  const vf_fact *f = vf_facts_find(facts, key);
  for (size_t i = 0; i < 2 && f != NULL; i++) {
    const vf_fact *n = f->type == VF_FACT_ARRAY ? vf_facts_at(facts, key, i) : f;
    if (n == NULL || n->type != VF_FACT_INT) return false;
    range[i] = n->as.integer;
  }
  return f != NULL;
}

void vf_library_store(vf_model *m, const vf_facts *facts) {
  int64_t range[2];
  if (!size_range(range, facts, m->quant)) return;
  uint64_t bytes = text_bytes(m);
  uint32_t low = permille_of(range[0], bytes), high = permille_of(range[1], bytes) + 1;
  m->share = (vf_weights_share){low, (low + high) / 2, high};
  for (size_t i = 0; i < m->n_tensors; i++) m->tensors[i].share = (vf_weights_share){0, 0, 0};
  vf_model_stored(m);
  vf_model_assume(m, "library-file",
                  "Ollama's own file, which is not what llama-quantize would write");
}

/* ---- Tags ------------------------------------------------------------------------------- */

static const char *choose_tag(const vf_facts *facts, const char *typed) {
  const vf_fact *tags = vf_facts_find(facts, "ollama.tags");
  const char *best = NULL;
  for (size_t i = 0; tags != NULL && tags->type == VF_FACT_ARRAY && i < tags->as.array.count; i++) {
    const vf_fact *f = &tags->as.array.items[i];
    if (f->type != VF_FACT_STRING) continue;
    if (typed != NULL && vf_name_equal(typed, f->as.string)) return f->as.string;
    bool sized = strchr(f->as.string, ':') != NULL;
    if (sized && (best == NULL || strlen(f->as.string) < strlen(best))) best = f->as.string;
  }
  return best;
}

bool vf_library_tag(char out[VF_NAME_SIZE], const vf_context *ctx, const vf_model *m,
                    const char *typed) {
  vf_catalog_entry entry;
  const char *tag = NULL;
  if (!vf_catalog_find_own(&entry, ctx, VF_CATALOG_MODELS, m->id)) return false;
  vf_arena *arena = vf_arena_new(&ctx->allocator, (size_t)1 << 20);
  if (arena == NULL) return false;
  vf_facts facts = vf_facts_in(arena, entry.id);
  if (vf_entry_facts(&facts, ctx, &entry, NULL) == VF_OK) tag = choose_tag(&facts, typed);
  const char *format = tag != NULL ? vf_entry_tag_format(&facts, tag) : NULL;
  bool same = tag != NULL && vf_name_equal(format != NULL ? format : "Q4_K_M", m->quant);
  if (same) snprintf(out, VF_NAME_SIZE, "%s", tag);
  vf_arena_free(arena);
  return same;
}
