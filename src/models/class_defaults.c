/* class_defaults.c - what transformers assumes where a published config leaves a size out.
 *
 * Configs on the Hub state what differs from their class: those of Gemma 3 and LLaVA leave half of
 * the text model out.  A null is stated: the class's constructor gets it, and no default.
 * Source: transformers, configuration_*.py of each class. */
#include "models/class_defaults.h"

#include <stdio.h>
#include <string.h>

#include "base/status.h"
#include "models/hparams.h"

typedef struct class_default {
  const char *model_type, *key;
  int64_t value;
  bool always;
} class_default;

static const class_default defaults[] = {
#define NESTED(type, key, value) {type, #key, value, false},
#define ALWAYS(type, key, value) {type, #key, value, true},
#include "models/class_defaults.def"
#undef NESTED
#undef ALWAYS
};

/* The same facts, in a list of their own with room for more. */
static vf_status copy_list(vf_facts *f, size_t more, vf_error *err) {
  vf_fact *items = vf_arena_alloc(f->arena, f->count + more, sizeof *items);
  if (items == NULL) return vf_fail_nomem(err);
  if (f->count > 0) memcpy(items, f->items, f->count * sizeof *items);
  f->items = items;
  f->capacity = f->count + more;
  return VF_OK;
}

static vf_status add(vf_facts *f, const class_default *d, vf_error *err) {
  char key[160];
  int n = snprintf(key, sizeof key, "%s%s", f->prefix, d->key);
  char *copy = n > 0 && (size_t)n < sizeof key ? vf_arena_copy(f->arena, key, (size_t)n) : NULL;
  if (copy == NULL) return vf_fail_nomem(err);
  vf_fact fact = {.key = copy, .type = VF_FACT_INT, .as.integer = d->value};
  return vf_facts_add(f, fact, err);
}

vf_status vf_class_defaults(vf_facts *view, bool *used, const char *model_type, vf_error *err) {
  enum { N = sizeof defaults / sizeof *defaults };
  vf_facts stated = *view;
  vf_status status = VF_OK;
  *used = false;
  for (size_t i = 0; i < N && status == VF_OK; i++) {
    const class_default *d = &defaults[i];
    bool applies = d->always || view->prefix[0] != '\0';
    if (!applies || strcmp(d->model_type, model_type) != 0) continue;
    if (vf_hparam_stated(&stated, d->key)) continue;
    if (!*used) status = copy_list(view, N, err);
    *used = true;
    if (status == VF_OK) status = add(view, d, err);
  }
  if (*used && status == VF_OK) vf_facts_finish(view);
  return status;
}
