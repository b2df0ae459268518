/* stretch.c - how a config stretches the positions that its model was trained with.
 *
 * Newer configs call it rope_parameters and rope_type, older ones rope_scaling and type. */
#include <string.h>

#include "models/builder.h"

const char *vf_rope_kind(const vf_facts *f) {
  static const char *const keys[] = {"rope_scaling.rope_type", "rope_scaling.type",
                                     "rope_parameters.rope_type", "rope_parameters.type"};
  for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
    const char *kind = vf_facts_string(f, keys[i], NULL);
    if (kind != NULL) return kind;
  }
  return "";
}

/* One of the two names; *key is the one that is there. */
static const vf_fact *find(const vf_facts *f, const char *const keys[2], const char **key) {
  const vf_fact *fact = vf_facts_find(f, *key = keys[0]);
  return fact != NULL ? fact : vf_facts_find(f, *key = keys[1]);
}

static uint32_t factor_ppm(vf_builder *b) {
  static const char *const keys[] = {"rope_scaling.factor", "rope_parameters.factor"};
  const char *key;
  const vf_fact *f = find(b->facts, keys, &key);
  double factor = 1.0;
  if (f == NULL) return 0;
  if (f->type == VF_FACT_INT) factor = (double)f->as.integer;
  if (f->type == VF_FACT_FLOAT) factor = f->as.real;
  bool number = f->type == VF_FACT_INT || f->type == VF_FACT_FLOAT;
  if ((!number || !(factor > 0.0 && factor < 4000.0)) && b->status == VF_OK)
    b->status = vf_facts_fail(b->facts, key, VF_MALFORMED, b->err,
                              "is not a factor that positions are stretched by");
  return b->status == VF_OK ? (uint32_t)(factor * 1e6 + 0.5) : 0;
}

static uint64_t original_tokens(vf_builder *b) {
  static const char *const keys[] = {"rope_scaling.original_max_position_embeddings",
                                     "rope_parameters.original_max_position_embeddings"};
  const char *key;
  const vf_fact *f = find(b->facts, keys, &key);
  uint64_t n = 0;
  if (f == NULL || b->status != VF_OK) return 0;
  b->status = vf_fact_number(&n, f, b->facts, key, "context length", 1, INT32_MAX, b->err);
  return n;
}

/* The limit that such a config states is the stretched one already: Llama 3's kind, LongRoPE, and
 * Gemma 3. */
static bool is_stretched_already(const vf_builder *b, const char *kind) {
  return strcmp(kind, "llama3") == 0 || strcmp(kind, "longrope") == 0 || strcmp(kind, "su") == 0 ||
         strncmp(b->arch->model_type, "gemma3", 6) == 0;
}

/* An object, or nothing. */
static void check_object(vf_builder *b, const char *key) {
  if (vf_facts_find(b->facts, key) != NULL && b->status == VF_OK)
    b->status = vf_facts_fail(b->facts, key, VF_MALFORMED, b->err, "is not an object");
}

vf_positions vf_builder_stretch(vf_builder *b) {
  check_object(b, "rope_scaling");
  check_object(b, "rope_parameters");
  const char *kind = vf_rope_kind(b->facts);
  uint32_t factor = factor_ppm(b);
  vf_positions s = {factor, original_tokens(b), strcmp(kind, "yarn") == 0};
  return factor == 0 || is_stretched_already(b, kind) ? (vf_positions){0} : s;
}
