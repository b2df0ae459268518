/* term.c - lines out of terms, and their explanation out of the same rows. */
#include "engines/term.h"

#include <string.h>

#include "base/units.h"
#include "engines/engine.h"
#include "engines/ranks.h"

static bool is_in(const vf_term *t, uint32_t version) {
  return t->since <= version && (t->until == 0 || version < t->until);
}

static bool is_part(const vf_term *t, const vf_term *whole, uint32_t version) {
  return t->within != NULL && strcmp(t->within, whole->id) == 0 && is_in(t, version);
}

static vf_interval sum_of(vf_interval a, vf_interval b) {
  return (vf_interval){a.low_bytes + b.low_bytes, a.bytes + b.bytes, a.high_bytes + b.high_bytes};
}

/* With what other terms add to its line. */
static vf_amount whole_amount(const vf_ranks *plan, const vf_term *t, uint32_t device) {
  vf_amount a = t->amount(plan, device);
  for (const vf_term *p = plan->e->engine->terms; p->id != NULL; p++) {
    if (!is_part(p, t, plan->version)) continue;
    vf_amount more = p->amount(plan, device);
    if (more.size.high_bytes != 0 && more.basis > a.basis) a.basis = more.basis;
    a.size = sum_of(a.size, more.size);
  }
  return a;
}

void vf_terms_add(const vf_ranks *plan, uint32_t device, bool late) {
  const vf_engine *engine = plan->e->engine;
  uint32_t host = (uint32_t)plan->e->n_devices - 1;
  for (const vf_term *t = engine->terms; t->id != NULL; t++) {
    if (t->late != late || t->within != NULL || !is_in(t, plan->version)) continue;
    vf_amount a = whole_amount(plan, t, device);
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

void vf_terms_put_each(vf_text *out, uint64_t count, const char *what, uint64_t bytes) {
  vf_text_thousands(out, count);
  vf_text_printf(out, " %s%s × ", what, count == 1 ? "" : "s");
  vf_text_thousands(out, bytes / count);
  vf_text_put(out, " B");
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

static void put_words(const vf_ranks *plan, const vf_term *t, const vf_line *line, vf_text *out) {
  if (t->words != NULL)
    t->words(plan, line, out);
  else
    vf_text_put(out, t->formula);
}

/* Each term of a line with its own size; false: there is one alone. */
static bool put_parts(const vf_ranks *plan, const vf_term *t, const vf_line *line, vf_text *out) {
  bool any = false;
  for (const vf_term *p = plan->e->engine->terms; p->id != NULL; p++) {
    vf_interval size = {0, 0, 0};
    if (is_part(p, t, plan->version)) size = p->amount(plan, line->device).size;
    if (size.high_bytes == 0) continue;
    if (!any) {
      put_words(plan, t, line, out);
      vf_text_put(out, " = ");
      vf_terms_put_size(out, t->amount(plan, line->device).size);
    }
    any = true;
    vf_text_put(out, "; ");
    put_words(plan, p, line, out);
    vf_text_put(out, " = ");
    vf_terms_put_size(out, size);
  }
  return any;
}

static void put_sources(const vf_ranks *plan, const vf_term *t, const vf_line *line, vf_text *out) {
  for (const vf_term *p = plan->e->engine->terms; p->id != NULL; p++)
    if (is_part(p, t, plan->version) && p->amount(plan, line->device).size.high_bytes != 0)
      vf_text_printf(out, "; %s", p->source);
}

void vf_terms_explain(const vf_estimate *e, const vf_line *line, vf_text *out) {
  const vf_term *t = term_of(e->engine, line);
  vf_plan_room room = e->plan; /* a copy: it is moved to the rank */
  vf_ranks *plan = (vf_ranks *)&room;
  if (t->id == NULL || !e->has_plan) return;
  if (e->engine->stand != NULL && !t->on_host) e->engine->stand(plan, line->device);
  bool parts = put_parts(plan, t, line, out);
  if (!parts) put_words(plan, t, line, out);
  vf_text_put(out, parts ? ": in all " : " = ");
  vf_terms_put_size(out, line->size);
  if (line->outside) vf_text_put(out, ", beside the budget");
  vf_text_printf(out, "  [%s", t->source);
  if (parts) put_sources(plan, t, line, out);
  vf_text_put(out, "]");
}
