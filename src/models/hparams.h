/* hparams.h - the hyperparameters that decide a model's shapes, read from its facts.
 *
 * hparams.def says for each under which keys it is found, what it is called in a message, and
 * which values make sense.  The keys are looked up once; values are read layer by layer. */
#ifndef VF_MODELS_HPARAMS_H
#define VF_MODELS_HPARAMS_H

#include "base/facts.h"

typedef enum vf_hparam {
#define X(id, ...) VF_HP_##id,
#include "base/printf.h"
#include "models/hparams.def"
#undef X
  VF_HP_COUNT
} vf_hparam;

typedef struct vf_hparams {
  const vf_facts *facts;
  const vf_fact *fact[VF_HP_COUNT]; /* NULL: not stated */
  const char *key[VF_HP_COUNT];     /* where it stands, or should */
  vf_status status;                 /* the first failure; later questions answer 0 */
  vf_error *err;
} vf_hparams;

/* Looks all keys up; with gguf set, as they are called in a GGUF file. */
void vf_hparams_find(vf_hparams *out, const vf_facts *facts, bool gguf, vf_error *err);

/* Whether a config states the number that has this key, there or under another one of its keys; a
 * null counts as stated.  A key that no number has is looked up alone. */
bool vf_hparam_stated(const vf_facts *facts, const char *key);

static inline bool vf_hparam_given(const vf_hparams *h, vf_hparam id) {
  return h->fact[id] != NULL;
}

/* The value for layer i (the value, if it is one for all layers), or fallback if it is not
 * stated.  A value out of bounds sets h->status. */
uint32_t vf_hparam_at(vf_hparams *h, vf_hparam id, uint32_t i, uint32_t fallback);

/* The same for a value that a model cannot do without. */
uint32_t vf_hparam_need(vf_hparams *h, vf_hparam id, uint32_t i);

/* Fails at the key of a hyperparameter. */
void vf_hparam_fail(vf_hparams *h, vf_hparam id, vf_status status, const char *fmt, ...)
    VF_PRINTF(4, 5);

#endif
