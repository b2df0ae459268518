/* offers.c - formats, the most context of each, and its speed there: the first look. */
#include "report/offers.h"

#include <inttypes.h>
#include <string.h>

#include "base/units.h"
#include "core/estimate.h"
#include "core/words.h"

enum { FORMAT_COLUMNS = 10, WEIGHT_COLUMNS = 8, CTX_COLUMNS = 14, SPEED_COLUMNS = 16 };

void vf_text_tokens(vf_text *t, uint64_t tokens) {
  uint64_t tenths = tokens * 10 / 1024;
  if (tokens >= 1 << 20 && tokens % (1 << 20) == 0)
    vf_text_printf(t, "%" PRIu64 "M", tokens >> 20);
  else if (tenths < 100 && tenths % 10 != 0)
    vf_text_printf(t, "%" PRIu64 ".%" PRIu64 "k", tenths / 10, tenths % 10);
  else
    vf_text_printf(t, "%" PRIu64 "k", tokens / 1024);
}

/* "H100 80GB", "4060 Ti, 8 GB", "H200 1g.18gb"; "GB10" is none. */
static bool has_size(const char *name) {
  for (const char *c = name; *c != '\0'; c++) {
    const char *unit = c + 1 + (c[1] == ' ');
    if (*c >= '0' && *c <= '9' && (unit[0] | 32) == 'g' && (unit[1] | 32) == 'b') return true;
  }
  return false;
}

void vf_text_device(vf_text *t, const vf_device *d) {
  uint64_t gb = d->sold_gb;
  if (gb == 0 && d->kind == VF_DEVICE_DISCRETE) gb = (d->total_bytes + VF_GIB / 2) / VF_GIB;
  vf_text_put(t, d->name);
  if (!has_size(d->name) && d->total_known && gb != 0) vf_text_printf(t, ", %" PRIu64 " GB", gb);
}

/* "Q4_K_M" is 4 bits: the first number of its name. */
static unsigned bits_of(const char *quant) {
  const char *c = quant + strcspn(quant, "0123456789");
  unsigned n = 0;
  for (; *c >= '0' && *c <= '9'; c++) n = n * 10 + (unsigned)(*c - '0');
  return n;
}

/* ---- The headline ----------------------------------------------------------------------- */

static void text_subject(vf_text *t, const vf_estimate *e, vf_unit unit) {
  size_t n;
  const vf_device_budget *b = vf_estimate_devices(e, &n);
  size_t gpus = n > 1 ? n - 1 : n;
  vf_model_info m;
  uint64_t capacity = 0;
  vf_model_info_get(vf_estimate_model(e), &m);
  vf_text_escaped(t, m.id, strlen(m.id));
  vf_text_put(t, " on ");
  vf_text_device(t, &b[0].device);
  for (size_t i = 0; i < gpus; i++) capacity += b[i].capacity_bytes;
  if (gpus > 1) vf_text_printf(t, " × %zu", gpus);
  vf_text_put(t, " (");
  vf_text_size(t, capacity, unit, 1);
  vf_text_printf(t, " %s usable), %s\n\n", vf_unit_name(unit), vf_estimate_workload(e)->engine);
}

static void put_headline(vf_out *out, const vf_estimate *e, const vf_report_options *o) {
  char buf[512];
  vf_text t = vf_text_on(buf, sizeof buf);
  const vf_offers *all = o->offers;
  const vf_verdict_words *word = &vf_verdict_word[vf_estimate_verdict(e)];
  vf_out_color(out, word->color);
  vf_out_put(out, word->shown);
  if (all->best < all->count) {
    const vf_offer *best = &all->list[all->best];
    vf_text_printf(&t, " in %u bits", bits_of(best->quant));
    if (best->cpu_moe_layers != 0) vf_text_put(&t, ", with experts in main memory");
  } else {
    vf_text_printf(&t, " in %u bits on the GPU alone", bits_of(o->offers->list[0].quant));
  }
  vf_out_text(out, &t);
  vf_out_color(out, VF_OUT_RESET);
  vf_out_put(out, "   ");
  t = vf_text_on(buf, sizeof buf);
  text_subject(&t, e, o->unit);
  vf_out_text(out, &t);
}

/* ---- The table -------------------------------------------------------------------------- */

static void text_remark(vf_text *t, const vf_offer *o, const vf_offers *all, vf_unit unit) {
  bool other_cache = strcmp(o->kv, all->list[all->best < all->count ? all->best : 0].kv) != 0;
  if (o->cpu_moe_layers != 0)
    vf_text_printf(t, "--n-cpu-moe %" PRIu32 ": experts in main memory, ", o->cpu_moe_layers);
  else if (o->gpu_layers >= 0)
    vf_text_printf(t, "--ngl %" PRId32 ": other layers in main memory, ", o->gpu_layers);
  if (o->host_bytes != 0) {
    vf_text_size(t, o->host_bytes, unit, 1);
    vf_text_printf(t, " %s", vf_unit_name(unit));
  } else if (other_cache) {
    vf_text_printf(t, "KV cache in %s", o->kv);
  } else if (o->usual) {
    vf_text_put(t, "← usual");
  }
}

static void put_offer(vf_out *out, const vf_offer *o, const vf_offers *all, vf_unit unit) {
  char buf[96];
  vf_text t = vf_text_on(buf, sizeof buf);
  vf_out_printf(out, "  %s", o->quant);
  vf_out_spaces(out, FORMAT_COLUMNS - (int)strlen(o->quant));
  vf_text_size(&t, o->weights_bytes, unit, 1);
  vf_text_printf(&t, " %s", vf_unit_name(unit));
  vf_out_right(out, buf, WEIGHT_COLUMNS + 1);
  t = vf_text_on(buf, sizeof buf);
  vf_text_tokens(&t, o->ctx_tokens);
  vf_out_right(out, buf, CTX_COLUMNS);
  t = vf_text_on(buf, sizeof buf);
  if (o->decode.high != 0) vf_text_rates(&t, o->decode, 1);
  vf_out_right(out, buf, SPEED_COLUMNS);
  t = vf_text_on(buf, sizeof buf);
  text_remark(&t, o, all, unit);
  if (t.length > 0) vf_out_put(out, "   ");
  vf_out_text(out, &t);
  vf_out_put(out, "\n");
}

/* What is not among them, and what it would take. */
static void put_not(vf_out *out, const vf_offers *all, vf_unit unit) {
  char buf[160];
  vf_text t = vf_text_on(buf, sizeof buf);
  if (all->widest[0] != '\0') {
    vf_text_printf(&t, "%s (", all->widest);
    vf_text_size(&t, all->widest_bytes, unit, 1);
    vf_text_printf(&t, " %s)", vf_unit_name(unit));
  }
  if (all->limit_tokens != 0) {
    vf_text_put(&t, t.length > 0 ? ", the whole " : "the whole ");
    vf_text_tokens(&t, all->limit_tokens);
    vf_text_put(&t, " context (");
    vf_text_size(&t, all->limit_cache_bytes, unit, 1);
    vf_text_printf(&t, " %s of cache)", vf_unit_name(unit));
  }
  if (t.length == 0) return;
  vf_out_put(out, "  not: ");
  vf_out_text(out, &t);
  vf_out_put(out, "\n");
}

/* How the next question is asked: about the best of them, or the first way out. */
static void put_next(vf_out *out, const vf_offers *all) {
  if (all->count == 0) return;
  const vf_offer *best = &all->list[all->best < all->count ? all->best : 0];
  vf_out_printf(out, "\n  --quant %s --ctx %" PRIu64, best->quant, best->ctx_tokens);
  if (best->cpu_moe_layers != 0) vf_out_printf(out, " --n-cpu-moe %" PRIu32, best->cpu_moe_layers);
  if (best->gpu_layers >= 0) vf_out_printf(out, " --ngl %" PRId32, best->gpu_layers);
  vf_out_put(out, " shows the budget of one; with --launch the command that runs it\n");
}

void vf_offers_page(vf_out *out, const vf_estimate *e, const vf_report_options *options) {
  const vf_offers *all = options->offers;
  put_headline(out, e, options);
  vf_out_put(out, "  format      weights  most context  tokens/s there\n");
  for (size_t i = 0; i < all->count; i++) put_offer(out, &all->list[i], all, options->unit);
  put_not(out, all, options->unit);
  if (all->cache_ram_off)
    vf_out_put(out, "  TIGHT: llama-server's kept prompts may grow beyond the memory; --cache-ram 0 "
                    "keeps none\n");
  put_next(out, all);
}

/* ---- For programs ----------------------------------------------------------------------- */

static void put_event(vf_doc *d, const vf_offer *o, bool best) {
  vf_doc_open(d, NULL, '{');
  vf_doc_string(d, "quant", o->quant);
  vf_doc_string(d, "kv", o->kv);
  vf_doc_u64(d, "weights_bytes", o->weights_bytes);
  vf_doc_u64(d, "ctx_tokens", o->ctx_tokens);
  if (o->cpu_moe_layers != 0) vf_doc_u64(d, "n_cpu_moe", o->cpu_moe_layers);
  if (o->host_bytes != 0) vf_doc_u64(d, "host_bytes", o->host_bytes);
  if (o->gpu_layers >= 0) vf_doc_u64(d, "gpu_layers", (uint64_t)o->gpu_layers);
  if (o->decode.high != 0) {
    vf_doc_hundredths(d, "decode_tokens_per_s_low", o->decode.low / 10);
    vf_doc_hundredths(d, "decode_tokens_per_s_high", o->decode.high / 10);
  }
  vf_doc_bool(d, "taken", best);
  vf_doc_close(d, '}');
}

void vf_offers_events(vf_doc *d, const vf_offers *offers) {
  vf_doc_open(d, "offers", '[');
  for (size_t i = 0; i < offers->count; i++) put_event(d, &offers->list[i], i == offers->best);
  vf_doc_close(d, ']');
  if (offers->cache_ram_off) vf_doc_bool(d, "offers_need_cache_ram_off", true);
}
