/* hparams.c - looking hyperparameters up and checking them. */
#include "models/hparams.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/status.h"

enum { MAX_KEYS = 10 };

typedef struct field {
  const char *what;
  uint64_t least, most;
  const char *gguf_key;
  const char *keys[MAX_KEYS];
} field;

static const field fields[VF_HP_COUNT] = {
#define X(id, what, least, most, gguf, ...) [VF_HP_##id] = {what, least, most, gguf, {__VA_ARGS__}},
#include "models/hparams.def"
#undef X
};

static void find(vf_hparams *h, vf_hparam id, const char *key) {
  if (key == NULL || h->fact[id] != NULL) return;
  h->fact[id] = vf_facts_find(h->facts, key);
  if (h->fact[id] != NULL || h->key[id] == NULL) h->key[id] = key;
}

void vf_hparams_find(vf_hparams *out, const vf_facts *facts, bool gguf, vf_error *err) {
  memset(out, 0, sizeof *out);
  out->facts = facts;
  out->err = err;
  for (int id = 0; id < VF_HP_COUNT; id++) {
    const field *f = &fields[id];
    if (gguf) {
      find(out, (vf_hparam)id, f->gguf_key);
      continue;
    }
    for (size_t k = 0; k < MAX_KEYS && f->keys[k] != NULL; k++)
      find(out, (vf_hparam)id, f->keys[k]);
  }
}

static const field *field_of(const char *key) {
  for (int id = 0; id < VF_HP_COUNT; id++)
    for (size_t k = 0; k < MAX_KEYS && fields[id].keys[k] != NULL; k++)
      if (strcmp(fields[id].keys[k], key) == 0) return &fields[id];
  return NULL;
}

static bool is_stated(const vf_facts *facts, const char *key) {
  return vf_facts_find(facts, key) != NULL || vf_facts_null(facts, key);
}

bool vf_hparam_stated(const vf_facts *facts, const char *key) {
  const field *f = field_of(key);
  for (size_t k = 0; f != NULL && k < MAX_KEYS && f->keys[k] != NULL; k++)
    if (is_stated(facts, f->keys[k])) return true;
  return f == NULL && is_stated(facts, key);
}

uint32_t vf_hparam_at(vf_hparams *h, vf_hparam id, uint32_t i, uint32_t fallback) {
  const field *f = &fields[id];
  const vf_fact *fact = h->fact[id];
  uint64_t value = 0;
  if (h->status != VF_OK) return 0;
  if (fact == NULL) return fallback;
  bool one = id == VF_HP_N_LAYERS || id == VF_HP_N_EMBD || id == VF_HP_N_VOCAB || id == VF_HP_CTX;
  if (fact->type == VF_FACT_ARRAY && one) {
    vf_hparam_fail(h, id, VF_MALFORMED, "one number is expected, not a list");
    return 0;
  }
  if (fact->type == VF_FACT_ARRAY) {
    if (i >= fact->as.array.count) {
      vf_hparam_fail(h, id, VF_MALFORMED, "the list has %zu values, but layer %u needs one",
                     fact->as.array.count, i);
      return 0;
    }
    fact = &fact->as.array.items[i];
    if (fact->type == VF_FACT_NULL) return fallback;
  }
  h->status =
      vf_fact_number(&value, fact, h->facts, h->key[id], f->what, f->least, f->most, h->err);
  return (uint32_t)value;
}

uint32_t vf_hparam_need(vf_hparams *h, vf_hparam id, uint32_t i) {
  if (h->fact[id] == NULL) vf_hparam_fail(h, id, VF_MALFORMED, "missing: the %s", fields[id].what);
  return vf_hparam_at(h, id, i, 0);
}

void vf_hparam_fail(vf_hparams *h, vf_hparam id, vf_status status, const char *fmt, ...) {
  char message[256];
  va_list args;
  if (h->status != VF_OK) return;
  va_start(args, fmt);
  vsnprintf(message, sizeof message, fmt, args);
  va_end(args);
  const char *key = h->key[id] != NULL ? h->key[id] : fields[id].what;
  h->status = vf_facts_fail(h->facts, key, status, h->err, "%s", message);
}
