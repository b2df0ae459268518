/* library.c - files of Ollama's library.
 *
 * Ollama converts many models itself.  Its files of models with tied embeddings often hold the
 * matrix twice, once as output; its Gemmas keep the embeddings of every layer in 16 bits; what was
 * uploaded in 2023 follows the recipes of then.  An entry says so under "ollama": "untied", "wide"
 * (roles by their GGUF name) and "files" (bytes of the text model by format; two numbers where the
 * library prints the size rounded). */
#include "deploy/library.h"

#include <stdio.h>
#include <string.h>

#include "base/checked.h"
#include "base/names.h"
#include "base/status.h"

vf_status vf_library_facts(vf_facts *out, const vf_facts *facts, vf_error *err) {
  bool untied = false;
  *out = *facts;
  vf_status status = vf_facts_bool(&untied, facts, "ollama.untied", false, err);
  if (status != VF_OK || !untied) return status;
  out->items = vf_arena_alloc(facts->arena, facts->count + 1, sizeof *out->items);
  if (out->items == NULL) return vf_fail_nomem(err);
  out->capacity = facts->count + 1;
  out->count = 0;
  for (size_t i = 0; i < facts->count; i++)
    if (strcmp(facts->items[i].key, "tie_word_embeddings") != 0)
      out->items[out->count++] = facts->items[i];
  out->items[out->count++] = (vf_fact){.key = "tie_word_embeddings", .type = VF_FACT_BOOL};
  vf_facts_finish(out);
  return VF_OK;
}

/* ---- Parts that stay wide --------------------------------------------------------------- */

static vf_status widen(vf_model *m, const vf_facts *facts, bool *any, vf_error *err) {
  const vf_fact *wide = vf_facts_find(facts, "ollama.wide");
  for (size_t k = 0; wide != NULL && wide->type == VF_FACT_ARRAY && k < wide->as.array.count; k++) {
    const vf_fact *name = &wide->as.array.items[k];
    for (size_t i = 0; i < m->n_tensors && name->type == VF_FACT_STRING; i++) {
      vf_tensor *t = &m->tensors[i];
      const char *role = vf_roles[t->role].gguf_name;
      bool narrow = vf_format_get((vf_format)t->format)->quantized;
      if (!narrow || t->tower != 0 || role == NULL || strcmp(role, name->as.string) != 0) continue;
      vf_status status = vf_tensor_store(t, VF_FORMAT_F16, err);
      if (status != VF_OK) return status;
      *any = true;
    }
  }
  if (*any) vf_model_stored(m);
  return VF_OK;
}

/* ---- Files of a known size -------------------------------------------------------------- */

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

vf_status vf_library_store(vf_model *m, const vf_facts *facts, vf_error *err) {
  enum { WHOLE = 1000, SPREAD = 10 }; /* what such files were seen to be off, in thousandths */
  bool other = false;
  int64_t range[2];
  vf_status status = vf_facts_bool(&other, facts, "ollama.untied", false, err);
  if (status == VF_OK) status = widen(m, facts, &other, err);
  if (status != VF_OK) return status;
  if (other) m->share = (vf_weights_share){WHOLE - SPREAD, WHOLE, WHOLE + SPREAD};
  if (size_range(range, facts, m->quant)) {
    uint64_t bytes = text_bytes(m);
    uint32_t low = permille_of(range[0], bytes), high = permille_of(range[1], bytes) + 1;
    m->share = (vf_weights_share){low, (low + high) / 2, high};
    other = true;
  }
  if (other)
    vf_model_assume(m, "library-file",
                    "Ollama's own file, which is not what llama-quantize would write");
  return VF_OK;
}
