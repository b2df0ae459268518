/* place_json.c - a box and what shares it, for programs. */
#include <string.h>

#include "base/args.h"
#include "core/words.h"
#include "report/document.h"
#include "report/place.h"

static void put_interval(vf_doc *j, vf_interval size) {
  vf_doc_u64(j, "need_low_bytes", size.low_bytes);
  vf_doc_u64(j, "need_bytes", size.bytes);
  vf_doc_u64(j, "need_high_bytes", size.high_bytes);
}

static void put_names(vf_doc *j, const char *key, const vf_place *p, uint32_t set) {
  vf_doc_open(j, key, '[');
  for (size_t i = 0; i < p->n_items; i++)
    if (set >> i & 1) vf_doc_string(j, NULL, p->items[i].name);
  vf_doc_close(j, ']');
}

static void put_sets(vf_doc *j, const char *key, const vf_place *p, const uint32_t *sets,
                     size_t n) {
  if (n == 0) return;
  vf_doc_open(j, key, '[');
  for (size_t i = 0; i < n; i++) put_names(j, NULL, p, sets[i]);
  vf_doc_close(j, ']');
}

/* ---- The box and its programs ----------------------------------------------------------- */

static void put_box(vf_doc *j, const vf_box *box) {
  vf_doc_open(j, "devices", '[');
  for (size_t i = 0; i < box->n_devices; i++) {
    const vf_device *d = &box->devices[i];
    vf_doc_open(j, NULL, '{');
    vf_doc_string(j, "id", d->id);
    vf_doc_u64(j, "index", i);
    vf_doc_string(j, "kind", vf_device_kind_word[d->kind]);
    vf_doc_u64(j, "total_bytes", d->total_bytes);
    vf_doc_u64(j, "reserved_bytes", d->reserved_bytes);
    vf_doc_u64(j, "used_bytes", d->used_bytes);
    vf_doc_u64(j, "capacity_bytes", vf_device_capacity(d));
    vf_doc_close(j, '}');
  }
  vf_doc_close(j, ']');
}

static void put_remarks(vf_doc *j, const vf_placed *w) {
  vf_doc_open(j, "remarks", '[');
  for (size_t i = 0; i < w->n_remarks; i++) {
    vf_doc_open(j, NULL, '{');
    vf_doc_string(j, "code", w->remarks[i].code);
    vf_doc_string(j, "text", w->remarks[i].text);
    vf_doc_close(j, '}');
  }
  vf_doc_close(j, ']');
}

static void put_item(vf_doc *j, const vf_placed *w) {
  vf_doc_open(j, NULL, '{');
  vf_doc_string(j, "name", w->name);
  if (w->title != NULL) vf_doc_string(j, "title", w->title);
  vf_doc_string(j, "what", w->what);
  vf_doc_string(j, "class", w->class);
  vf_doc_string(j, "schedule", w->schedule);
  if (w->pipeline[0] != '\0') vf_doc_string(j, "pipeline", w->pipeline);
  vf_doc_string(j, "figure", w->figure);
  if (w->kv.bytes != 0) vf_doc_u64(j, "kv_cache_bytes", w->kv.bytes);
  if (w->kv_bytes_per_token != 0) vf_doc_u64(j, "kv_bytes_per_token", w->kv_bytes_per_token);
  if (w->limit_bytes != 0) vf_doc_u64(j, "limit_bytes", w->limit_bytes);
  if (w->limit_bytes != 0) vf_doc_bool(j, "over_limit", w->over_limit);
  if (w->least_bytes != 0) vf_doc_u64(j, "requests_need_bytes", w->least_bytes);
  if (w->least_bytes != 0) vf_doc_u64(j, "share_holds_bytes", w->share_bytes);
  if (w->n_remarks != 0) put_remarks(j, w);
  vf_doc_close(j, '}');
}

/* ---- One scenario ----------------------------------------------------------------------- */

/* Alone, and with how many it takes turns; that is not known beside training. */
static void put_decode(vf_doc *j, vf_rate rate, unsigned sharers) {
  if (sharers != 0) vf_doc_u64(j, "sharers", sharers);
  if (rate.high == 0) return;
  vf_doc_hundredths(j, "decode_tokens_per_s_low", rate.low / 10);
  vf_doc_hundredths(j, "decode_tokens_per_s", rate.expected / 10);
  vf_doc_hundredths(j, "decode_tokens_per_s_high", rate.high / 10);
}

static void put_placed(vf_doc *j, const vf_place *p, const vf_placed_scenario *s) {
  vf_doc_open(j, "placement", '[');
  for (size_t i = 0; i < p->n_items; i++) {
    if ((s->peak >> i & 1) == 0) continue;
    const vf_demand *d = &p->items[i].options[s->plan.option[i]];
    vf_doc_open(j, NULL, '{');
    vf_doc_string(j, "workload", p->items[i].name);
    vf_doc_open(j, "devices", '[');
    for (size_t k = 0; k < p->box.n_devices; k++)
      if (d->devices[k].high_bytes != 0) vf_doc_u64(j, NULL, k);
    vf_doc_close(j, ']');
    put_interval(j, vf_coreside_need(&p->items[i].item, &s->plan, i, p->box.n_devices));
    put_decode(j, p->items[i].decode[s->plan.option[i]], s->sharers[i]);
    vf_doc_close(j, '}');
  }
  vf_doc_close(j, ']');
}

static void put_device(vf_doc *j, const vf_device_budget *b, size_t index) {
  vf_doc_open(j, NULL, '{');
  vf_doc_string(j, "id", b->device.id);
  vf_doc_u64(j, "index", index);
  put_interval(j, b->need);
  vf_doc_u64(j, "growth_bytes", b->growth_bytes);
  if (b->device.total_known) {
    vf_doc_u64(j, "capacity_bytes", b->capacity_bytes);
    vf_doc_u64(j, "headroom_target_bytes", b->headroom_target_bytes);
    vf_doc_i64(j, "headroom_bytes", b->headroom_bytes);
    vf_doc_string(j, "verdict", vf_verdict_word[b->verdict].json);
  }
  vf_doc_close(j, '}');
}

static void put_devices(vf_doc *j, const vf_place *p, const vf_placed_scenario *s) {
  size_t n = p->box.n_devices;
  vf_doc_open(j, "devices", '[');
  for (size_t i = 0; i < n; i++) put_device(j, &s->plan.budgets[i], i);
  if (s->plan.budgets[n].need.high_bytes != 0) put_device(j, &s->plan.budgets[n], n);
  vf_doc_close(j, ']');
}

static void put_breaks(vf_doc *j, const vf_place *p, const vf_breaks *b) {
  vf_doc_open(j, "breaks", '{');
  if (b->alone != 0) put_names(j, "alone", p, b->alone);
  put_sets(j, "pairs", p, b->pairs, b->n_pairs);
  if (b->set != 0) put_names(j, "set", p, b->set);
  put_sets(j, "fits_without", p, b->unload, b->n_unload);
  if (b->n_unload > 0) vf_doc_bool(j, "tightly", b->unload_is_tight);
  vf_doc_close(j, '}');
}

static void put_loaded_sets(vf_doc *j, const vf_place *p, const vf_placed_scenario *s) {
  if (s->n_sets == 0) return;
  vf_doc_open(j, "sets", '[');
  for (size_t i = 0; i < s->n_sets; i++) {
    vf_doc_open(j, NULL, '{');
    put_names(j, "loaded", p, s->sets[i].loaded);
    put_interval(j, s->sets[i].need);
    vf_doc_string(j, "verdict", vf_verdict_word[s->sets[i].verdict].json);
    vf_doc_close(j, '}');
  }
  vf_doc_close(j, ']');
}

static void put_steps(vf_doc *j, const vf_place *p, const vf_placed_scenario *s) {
  static const char *const events[] = {[VF_RESIDENT_LOADED] = "loaded",
                                       [VF_RESIDENT_REUSED] = "reused",
                                       [VF_RESIDENT_PARTLY] = "loaded-in-part",
                                       [VF_RESIDENT_REFUSED] = "refused"};
  if (s->n_steps == 0) return;
  vf_doc_open(j, "residency", '[');
  for (size_t i = 0; i < s->n_steps; i++) {
    vf_doc_open(j, NULL, '{');
    vf_doc_string(j, "workload", p->items[s->steps[i].item].name);
    vf_doc_string(j, "event", events[s->steps[i].event]);
    put_names(j, "evicted", p, s->steps[i].evicted);
    put_names(j, "loaded", p, s->steps[i].loaded);
    vf_doc_close(j, '}');
  }
  vf_doc_close(j, ']');
}

static void put_scenario(vf_doc *j, const vf_place *p, const vf_placed_scenario *s) {
  vf_doc_open_row(j, NULL);
  vf_doc_string(j, "name", s->name);
  if (s->title != NULL) vf_doc_string(j, "title", s->title);
  vf_doc_string(j, "verdict", vf_verdict_word[s->plan.verdict].json);
  vf_doc_string(j, "run", vf_advice_word[vf_placed_advice(s)]);
  vf_doc_bool(j, "packing_is_exact", s->plan.exact);
  vf_doc_open(j, "compute", '{');
  vf_doc_string(j, "verdict", vf_compute_word[s->compute]);
  vf_doc_string(j, "reason", vf_reason_code[s->reason]);
  vf_doc_string(j, "text", vf_reason_text[s->reason]);
  vf_doc_close(j, '}');
  put_names(j, "workloads", p, s->set);
  put_names(j, "peak", p, s->peak);
  put_interval(j, vf_placed_need(p, s));
  put_placed(j, p, s);
  put_devices(j, p, s);
  if (s->plan.verdict == VF_NO_FIT) put_breaks(j, p, &s->breaks);
  put_loaded_sets(j, p, s);
  put_steps(j, p, s);
  vf_doc_close(j, '}');
}

static void events(vf_doc *j, const void *result) {
  const vf_place *p = result;
  vf_doc_open(j, NULL, '{');
  vf_doc_string(j, "format_version", VF_DOC_VERSION);
  vf_doc_string(j, "verdict", vf_verdict_word[p->verdict].json);
  if (p->title != NULL) vf_doc_string(j, "title", p->title);
  put_box(j, &p->box);
  vf_doc_open(j, "workloads", '[');
  for (size_t i = 0; i < p->n_items; i++) put_item(j, &p->items[i]);
  vf_doc_close(j, ']');
  vf_doc_open(j, "scenarios", '[');
  for (size_t i = 0; i < p->n_scenarios; i++) put_scenario(j, p, &p->scenarios[i]);
  vf_doc_close(j, ']');
  vf_doc_close(j, '}');
}

/* ---- All of them ------------------------------------------------------------------------ */

static void put_page(vf_out *out, const void *result, const vf_report_options *options) {
  vf_place_table(out, result, options);
}

vf_status vf_place_write(const vf_place *place, const vf_report_options *options, vf_write_fn write,
                         void *user, vf_error *err) {
  VF_NEED(err, place);
  VF_NEED(err, write);
  return vf_result_write(options, 0, put_page, events, place, write, user, err);
}

vf_status vf_place_card(const vf_place *place, bool svg, const vf_report_options *options,
                        vf_write_fn write, void *user, vf_error *err) {
  vf_out out;
  vf_report_options o;
  VF_NEED(err, place);
  VF_NEED(err, write);
  vf_status status = vf_out_start(&out, &o, options, write, user, err);
  if (status != VF_OK) return status;
  if (svg) out.ascii = false;
  if (svg) out.columns = 0;
  if (svg)
    vf_card_svg(&out, place, &o);
  else
    vf_card_text(&out, place, &o);
  return vf_out_finish(&out, err);
}
