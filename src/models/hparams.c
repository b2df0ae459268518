/* hparams.c - the table of hyperparameters and their keys.
 *
 * Keys: transformers' configuration classes.  Bounds are ours: several times beyond anything
 * published, and small enough that no product of a few of them leaves 64 bits. */
#include "models/hparams.h"

#include <inttypes.h>
#include <stddef.h>

#include "base/status.h"

typedef struct field {
  const char *keys[3]; /* the first one that is present counts */
  const char *what;
  size_t offset;
  uint64_t least, most;
  bool required;
} field;

#define FIELD(name) offsetof(vf_hparams, name)

static const field fields[] = {
    {{"num_hidden_layers", "n_layer"}, "layer count", FIELD(n_layers), 1, 4096, true},
    {{"hidden_size", "n_embd"}, "hidden size", FIELD(n_embd), 1, 1 << 20, true},
    {{"num_attention_heads", "n_head"}, "head count", FIELD(n_heads), 1, 1 << 16, true},
    {{"num_key_value_heads"}, "head count", FIELD(n_kv_heads), 1, 1 << 16, false},
    {{"head_dim"}, "head size", FIELD(head_dim), 1, 1 << 16, false},
    {{"intermediate_size", "n_inner"}, "feed-forward size", FIELD(n_ff), 1, 1 << 24, true},
    {{"vocab_size"}, "vocabulary size", FIELD(n_vocab), 1, 1 << 24, true},
    {{"max_position_embeddings", "n_positions"},
     "context length",
     FIELD(max_ctx_tokens),
     1,
     INT32_MAX,
     false},
    {{"num_experts", "num_local_experts", "n_routed_experts"},
     "expert count",
     FIELD(n_experts),
     0,
     1 << 16,
     false},
};

static vf_status read_field(vf_hparams *h, const field *f, const vf_facts *facts, vf_error *err) {
  uint64_t *value = (uint64_t *)((unsigned char *)h + f->offset);
  for (size_t k = 0; k < sizeof f->keys / sizeof *f->keys && f->keys[k] != NULL; k++) {
    bool found;
    vf_status status =
        vf_facts_number(value, &found, facts, f->keys[k], 0, f->what, f->least, f->most, err);
    if (status != VF_OK || found) return status;
  }
  if (!f->required) return VF_OK;
  return vf_facts_fail(facts, f->keys[0], VF_MALFORMED, err, "missing: the %s", f->what);
}

/* What transformers does when a key is absent. */
static vf_status derive(vf_hparams *h, const vf_facts *facts, vf_error *err) {
  if (h->n_kv_heads == 0) h->n_kv_heads = h->n_heads;
  if (h->n_heads % h->n_kv_heads != 0)
    return vf_facts_fail(facts, "num_key_value_heads", VF_MALFORMED, err,
                         "%" PRIu64 " query heads cannot share %" PRIu64 " key/value heads evenly",
                         h->n_heads, h->n_kv_heads);
  if (h->head_dim != 0) return VF_OK;
  if (h->n_embd % h->n_heads != 0)
    return vf_facts_fail(facts, "hidden_size", VF_MALFORMED, err,
                         "%" PRIu64 " does not divide into %" PRIu64
                         " heads, and there is no head_dim",
                         h->n_embd, h->n_heads);
  h->head_dim = h->n_embd / h->n_heads;
  return VF_OK;
}

vf_status vf_hparams_read(vf_hparams *out, const vf_facts *facts, vf_error *err) {
  vf_hparams h = {0};
  for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
    vf_status status = read_field(&h, &fields[i], facts, err);
    if (status != VF_OK) return status;
  }
  vf_status status = derive(&h, facts, err);
  if (status == VF_OK) *out = h;
  return status;
}
