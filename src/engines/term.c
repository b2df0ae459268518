/* term.c - lines out of terms, and their explanation out of the same rows. */
#include "engines/term.h"

#include <string.h>

#include "base/units.h"
#include "engines/engine.h"
#include "engines/ranks.h"

static bool is_in(const vf_term *t, uint32_t version) {
  return t->since <= version && (t->until == 0 || version < t->until);
}

void vf_terms_add(const vf_ranks *plan, uint32_t device, bool late) {
  const vf_engine *engine = plan->e->engine;
  uint32_t host = (uint32_t)plan->e->n_devices - 1;
  for (const vf_term *t = engine->terms; t->id != NULL; t++) {
    if (t->late != late || !is_in(t, plan->version)) continue;
    vf_amount a = t->amount(plan, device);
    vf_estimate_add(plan->e, (vf_line){t->on_host ? host : device, t->part, t->id, a.size, a.basis,
                                       a.note != NULL ? a.note : "", a.beside});
  }
}

void vf_plan_keep(const vf_ranks *plan, size_t size) {
  vf_estimate *e = plan->e;
  e->has_plan = size <= sizeof e->plan;
  if (e->has_plan) memcpy(&e->plan, plan, size);
}

static void put_gib(vf_text *out, uint64_t bytes) {
  vf_text_size(out, bytes, VF_UNIT_GIB, 2);
}

void vf_terms_put_size(vf_text *out, vf_interval size) {
  vf_text_thousands(out, size.bytes);
  vf_text_put(out, " B = ");
  put_gib(out, size.bytes);
  vf_text_put(out, " GiB");
  if (size.low_bytes == size.high_bytes) return;
  vf_text_put(out, ", ");
  put_gib(out, size.low_bytes);
  vf_text_put(out, " to ");
  put_gib(out, size.high_bytes);
}

static const vf_term *term_of(const vf_engine *engine, const vf_line *line) {
  const vf_term *t = engine->terms;
  while (t->id != NULL && strcmp(t->id, line->name) != 0) t++;
  return t;
}

void vf_terms_explain(const vf_estimate *e, const vf_line *line, vf_text *out) {
  const vf_term *t = term_of(e->engine, line);
  vf_plan_room room = e->plan; /* a copy: it is moved to the rank */
  vf_ranks *plan = (vf_ranks *)&room;
  if (t->id == NULL || !e->has_plan) return;
  if (e->engine->stand != NULL && !t->on_host) e->engine->stand(plan, line->device);
  if (t->words != NULL)
    t->words(plan, line, out);
  else
    vf_text_put(out, t->formula);
  vf_text_put(out, " = ");
  vf_terms_put_size(out, line->size);
  if (line->outside) vf_text_put(out, ", beside the budget");
  vf_text_printf(out, "  [%s]", t->source);
}
