/* training_terms.c - a part of a training run as a sum of products, and that sum in words. */
#include <inttypes.h>

#include "core/training_share.h"

uint64_t vf_train_add_share(const vf_train_share *x, vf_train_list_id id,
                            const vf_train_factor *factors, uint64_t permille, const char *share,
                            uint64_t by) {
  vf_train_list *list = &x->p->lists[id];
  vf_train_term t = {.permille = permille, .share = share, .by = by};
  uint64_t bytes = 1;
  size_t n = 0;
  for (size_t i = 0; i < VF_TRAIN_FACTORS && factors[i].of != NULL; i++) {
    bytes = vf_train_times(&x->p->overflow, bytes, factors[i].value);
    if (i == 0 || factors[i].value != 1) t.factors[n++] = factors[i];
  }
  if (permille != 0) bytes = vf_train_permille(&x->p->overflow, bytes, permille);
  t.bytes = vf_train_divide(bytes, by > 1 ? by : 1);
  if (t.bytes == 0) return 0;
  if (list->n < VF_TRAIN_TERMS) list->terms[list->n++] = t;
  list->bytes = vf_train_plus(&x->p->overflow, list->bytes, t.bytes);
  return t.bytes;
}

uint64_t vf_train_add(const vf_train_share *x, vf_train_list_id id, const vf_train_factor *factors,
                      uint64_t permille, uint64_t by) {
  return permille != 0 ? vf_train_add_share(x, id, factors, permille, NULL, by) : 0;
}

uint64_t vf_train_add_bytes(const vf_train_share *x, vf_train_list_id id,
                            const vf_train_factor *factors, uint64_t by) {
  return vf_train_add_share(x, id, factors, 0, NULL, by);
}

static void put_term(vf_text *out, const vf_train_term *t) {
  for (size_t i = 0; i < VF_TRAIN_FACTORS && t->factors[i].of != NULL; i++) {
    vf_text_put(out, i > 0 ? " × " : "");
    vf_text_thousands(out, t->factors[i].value);
    vf_text_printf(out, " %s", t->factors[i].of);
  }
  if (t->permille != 0)
    vf_text_printf(out, " × %" PRIu64 ".%03" PRIu64 " %s", t->permille / 1000, t->permille % 1000,
                   t->share != NULL ? t->share : "B");
  if (t->by > 1) vf_text_printf(out, " / %" PRIu64 " GPUs", t->by);
}

void vf_train_list_text(vf_text *out, const vf_train_list *list) {
  for (size_t i = 0; i < list->n; i++) {
    vf_text_put(out, i > 0 ? " + " : "");
    put_term(out, &list->terms[i]);
  }
}
