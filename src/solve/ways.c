/* ways.c - what to change so that it fits: up to three ways, best first, combinations included.
 *
 * Each idea changes the deployment, asks the questions of `max` for what it leaves open, and counts
 * only once the whole has been estimated and FITS.  Ideas stand in the order in which somebody who
 * knows the engine would try them: what costs nothing, then what costs some quality or context,
 * then what costs speed or money.  The last ones give up more, so that something is said wherever
 * something of the model fits at all. */
#include "solve/ways.h"

#include <stdio.h>
#include <string.h>

#include "base/checked.h"
#include "base/names.h"
#include "base/status.h"
#include "core/format.h"
#include "deploy/param.h"
#include "deploy/unsaid.h"

enum {
  LEAST_CTX = 4096, /* of --fit; less is no work */
  SCRAP_CTX = 512,  /* better than nothing */
};

typedef struct search {
  vf_solver *s;
  const vf_question *q;
  const vf_estimate *of;
  vf_limits *out;
  uint64_t ctx; /* as it is */
  bool offloads, pools, mixture, discrete, main_memory;
} search;

/* ---- Asking ----------------------------------------------------------------------------- */

static bool is_full(const search *x) {
  return x->out->n_ways == VF_MAX_WAYS;
}

/* A refusal is a no, and no failure. */
static vf_status settle(vf_status status, const vf_error *why, vf_error *err) {
  if (status == VF_OK || vf_is_refusal(status)) return VF_OK;
  if (err != NULL) *err = *why;
  return status;
}

static vf_status most(search *x, const vf_deployment *d, vf_max_kind kind, const char *list,
                      vf_answer *a, vf_error *err) {
  vf_question q = {.kind = kind, .d = *d, .engine = x->q->engine, .list = list};
  vf_error why = {VF_OK};
  *a = (vf_answer){.found = false};
  vf_status status = vf_question_solve(a, x->s, &q, &why);
  if (status != VF_OK) a->found = false;
  return settle(status, &why, err);
}

/* Whether all that the one changes the other changes as well, to the same. */
static bool is_part_of(const vf_way *a, const vf_way *of) {
  return (a->ctx_tokens == 0 || a->ctx_tokens == of->ctx_tokens) &&
         (a->seqs == 0 || a->seqs == of->seqs) &&
         (a->quant[0] == '\0' || strcmp(a->quant, of->quant) == 0) &&
         (a->kv[0] == '\0' || strcmp(a->kv, of->kv) == 0) &&
         (a->cpu_moe_layers == 0 || a->cpu_moe_layers == of->cpu_moe_layers) &&
         (a->gpu_layers < 0 || a->gpu_layers == of->gpu_layers) &&
         (!a->cache_ram_off || of->cache_ram_off) &&
         (a->max_num_seqs == 0 || a->max_num_seqs == of->max_num_seqs) &&
         (a->memory_fraction_ppm == 0 || a->memory_fraction_ppm == of->memory_fraction_ppm) &&
         (a->gpus == 0 || a->gpus == of->gpus) && (a->ep == 0 || a->ep == of->ep);
}

/* What is different about the deployment. */
static vf_way way_of(const search *x, const vf_deployment *d) {
  const vf_request *was = &x->q->d.request, *r = &d->request;
  const vf_format_info *kv = vf_format_get(r->kv_k);
  vf_way w = {.gpu_layers = -1};
  if (r->ctx_tokens != was->ctx_tokens) w.ctx_tokens = r->ctx_tokens;
  if (r->seqs != was->seqs) w.seqs = r->seqs;
  if (d->quant != NULL) snprintf(w.quant, sizeof w.quant, "%s", d->quant);
  if (r->kv_k != was->kv_k && kv != NULL)
    snprintf(w.kv, sizeof w.kv, "%s", x->pools ? "fp8" : kv->name);
  if (r->cpu_moe_layers != was->cpu_moe_layers) w.cpu_moe_layers = r->cpu_moe_layers;
  if (r->gpu_layers != was->gpu_layers) w.gpu_layers = r->gpu_layers;
  w.cache_ram_off = r->prompt_cache_bytes == 0 && was->prompt_cache_bytes != 0;
  if (r->max_num_seqs != was->max_num_seqs) w.max_num_seqs = r->max_num_seqs;
  if (r->memory_fraction_ppm != was->memory_fraction_ppm)
    w.memory_fraction_ppm = r->memory_fraction_ppm;
  w.gpus = d->gpus;
  if (d->gpus != 0 && x->pools) w.tp = r->tp, w.pp = r->pp;
  if (r->ep != was->ep) w.ep = r->ep;
  return w;
}

/* Whether less of it is a way already: what it changes more is for nothing. */
static bool is_known(const search *x, const vf_way *w) {
  for (size_t i = 0; i < x->out->n_ways; i++)
    if (is_part_of(&x->out->ways[i], w)) return true;
  return false;
}

/* In the place of the first one that changes more for nothing, or behind all. */
static void keep(vf_limits *out, const vf_way *w) {
  size_t n = 0, at = out->n_ways;
  for (size_t i = 0; i < out->n_ways; i++) {
    bool more = is_part_of(w, &out->ways[i]);
    if (more && at < out->n_ways) continue;
    if (more) at = n;
    out->ways[n++] = more ? *w : out->ways[i];
  }
  if (at == out->n_ways) out->ways[n++] = *w;
  out->n_ways = n;
}

/* Nobody who lacks memory wants wider weights. */
static bool is_wider(const search *x, const vf_estimate *e) {
  return vf_model_weights_bytes(e->model) > vf_model_weights_bytes(x->of->model);
}

/* Counts it, if it FITS. */
static vf_status add(search *x, const vf_deployment *d, vf_error *err) {
  vf_error why = {VF_OK};
  vf_outcome o;
  vf_speed speed;
  vf_way w = way_of(x, d);
  if (is_full(x) || is_known(x, &w)) return VF_OK;
  vf_status status = vf_asker_ask(&x->s->asker, d, &why);
  x->s->estimates += status == VF_OK;
  if (status != VF_OK) return settle(status, &why, err);
  const vf_estimate *e = x->s->asker.e;
  if (strcmp(e->model->quant, x->of->model->quant) == 0) w.quant[0] = '\0'; /* by another name */
  if (is_known(x, &w) || is_wider(x, e) || vf_estimate_verdict(e) != VF_FITS) return VF_OK;
  vf_asker_outcome(&x->s->asker, &o);
  vf_estimate_speed(e, &speed);
  w.need_high_bytes = o.need_high_bytes;
  if (speed.decode_known) w.decode = speed.decode;
  if (w.cpu_moe_layers != 0 || w.gpu_layers >= 0) w.host_bytes = vf_estimate_host_bytes(e);
  keep(x->out, &w);
  return VF_OK;
}

/* Whether it FITS at all, before anybody searches for the most. */
static bool fits(search *x, const vf_deployment *d, vf_status *status, vf_error *err) {
  vf_error why = {VF_OK};
  vf_status s = vf_asker_ask(&x->s->asker, d, &why);
  x->s->estimates += s == VF_OK;
  *status = settle(s, &why, err);
  return s == VF_OK && vf_estimate_verdict(x->s->asker.e) == VF_FITS;
}

/* The most context that is worth it, or nothing. */
static vf_status add_with_ctx(search *x, vf_deployment d, uint64_t least, vf_error *err) {
  vf_answer a;
  vf_status status;
  d.request.ctx_tokens = least = vf_min_u64(least, x->ctx);
  if (!fits(x, &d, &status, err)) return status;
  status = most(x, &d, VF_MOST_CTX, NULL, &a, err);
  if (status != VF_OK || !a.found || a.best.number < least) return status;
  d.request.ctx_tokens = vf_min_u64(a.best.number, x->ctx);
  return add(x, &d, err);
}

static void take_kv(vf_request *r, vf_format format) {
  r->kv_k = r->kv_v = format;
}

/* ---- Ideas of engines that keep layers in main memory ------------------------------------ */

/* What it would keep of past prompts is all that is too much. */
static vf_status without_prompt_cache(search *x, vf_error *err) {
  vf_deployment d = x->q->d;
  if (vf_estimate_verdict(x->of) != VF_TIGHT) return VF_OK;
  d.request.prompt_cache_bytes = 0;
  return add(x, &d, err);
}

static vf_status with_experts_aside(search *x, vf_error *err) {
  vf_deployment d = x->q->d;
  vf_answer a;
  if (!x->mixture || !x->main_memory) return VF_OK;
  vf_status status = most(x, &d, VF_MOST_N_CPU_MOE, NULL, &a, err);
  if (status != VF_OK || !a.found) return status;
  d.request.cpu_moe_layers = (uint32_t)a.best.number;
  return add(x, &d, err);
}

static vf_status with_less_context(search *x, vf_error *err) {
  return add_with_ctx(x, x->q->d, vf_max_u64(LEAST_CTX, x->ctx / 4), err);
}

static vf_status with_narrow_cache(search *x, vf_error *err) {
  vf_deployment d = x->q->d;
  if (x->of->workload.kv_k != VF_FORMAT_F16 && x->of->workload.kv_k != VF_FORMAT_BF16) return VF_OK;
  take_kv(&d.request, VF_FORMAT_Q8_0);
  return add(x, &d, err);
}

static bool is_in(const search *x, const char *quant) {
  return vf_name_equal(x->of->model->quant, quant);
}

/* The first number of a format's name; none: 16. */
static unsigned bits_of(const char *quant) {
  const char *c = quant + strcspn(quant, "0123456789");
  unsigned n = 0;
  for (; *c >= '0' && *c <= '9'; c++) n = n * 10 + (unsigned)(*c - '0');
  return n != 0 ? n : 16;
}

/* The widest format that is enough, with the context as it is; `narrow`: below four bits. */
static vf_status with_widest(search *x, bool narrow, vf_error *err) {
  vf_deployment d = x->q->d;
  const char *quant = x->out->quant;
  if (quant[0] == '\0' || is_in(x, quant) || (bits_of(quant) < 4) != narrow) return VF_OK;
  d.quant = quant;
  return add(x, &d, err);
}

static vf_status with_usual_format(search *x, vf_error *err) {
  return with_widest(x, false, err);
}

static vf_status with_format_and_context(search *x, vf_error *err) {
  static const char *const formats[] = {"Q8_0", "Q4_K_M"};
  vf_status status = VF_OK;
  for (size_t i = 0; status == VF_OK && !is_full(x) && i < 2; i++) {
    vf_deployment d = x->q->d;
    if (!is_in(x, formats[i])) d.quant = formats[i];
    if (vf_model_weights_bytes(x->of->model) > 0)
      status = add_with_ctx(x, d, vf_max_u64(LEAST_CTX, x->ctx / 8), err);
  }
  return status;
}

/* Whether something goes to main memory in a way that was found. */
static bool any_aside(const search *x) {
  for (size_t i = 0; i < x->out->n_ways; i++)
    if (x->out->ways[i].cpu_moe_layers != 0 || x->out->ways[i].gpu_layers >= 0) return true;
  return false;
}

/* All experts in main memory, and as much context as there is room for then. */
static vf_status with_experts_aside_and_more(search *x, vf_error *err) {
  vf_deployment d = x->q->d;
  vf_answer a;
  if (!x->mixture || !x->main_memory || any_aside(x)) return VF_OK;
  if (!is_in(x, "Q4_K_M") && x->of->model->quant[0] != 'M') d.quant = "Q4_K_M";
  d.request.ctx_tokens = vf_min_u64(x->ctx, 2 * LEAST_CTX);
  d.request.prompt_cache_bytes = 0;
  vf_status status = most(x, &d, VF_MOST_N_CPU_MOE, NULL, &a, err);
  if (status != VF_OK || !a.found) return status;
  d.request.cpu_moe_layers = (uint32_t)a.best.number;
  return add(x, &d, err);
}

static vf_status on_more_devices(search *x, vf_error *err) {
  enum { MOST_OF_THEM = 4 };
  vf_deployment d = x->q->d;
  if (x->out->devices <= x->of->n_devices - 1 || x->out->devices > MOST_OF_THEM) return VF_OK;
  d.gpus = x->out->devices;
  d.request.tensor_split_count = 0;
  return add(x, &d, err);
}

/* Two or four of them, in the usual format. */
static vf_status on_more_devices_in_a_format(search *x, vf_error *err) {
  vf_deployment d = x->q->d;
  if (x->out->devices <= 4 || !x->discrete || is_in(x, "Q4_K_M")) return VF_OK;
  d.quant = "Q4_K_M";
  d.request.tensor_split_count = 0;
  size_t before = x->out->n_ways;
  vf_status status = VF_OK;
  for (uint32_t n = 2; status == VF_OK && n <= 4 && x->out->n_ways == before; n *= 2) {
    d.gpus = n;
    status = add(x, &d, err);
  }
  return status;
}

static vf_status with_layers_aside(search *x, vf_error *err) {
  vf_deployment d = x->q->d;
  if (x->out->gpu_layers <= 0 || x->mixture) return VF_OK;
  d.request.gpu_layers = x->out->gpu_layers;
  return add(x, &d, err);
}

static vf_status with_format_and_layers_aside(search *x, vf_error *err) {
  vf_deployment d = x->q->d;
  vf_answer a;
  if (!x->main_memory || any_aside(x)) return VF_OK;
  if (!is_in(x, "Q4_K_M")) d.quant = "Q4_K_M";
  d.request.ctx_tokens = vf_min_u64(x->ctx, 2 * LEAST_CTX);
  d.request.prompt_cache_bytes = 0;
  vf_status status = most(x, &d, VF_MOST_NGL, NULL, &a, err);
  if (status != VF_OK || !a.found || a.best.number == 0) return status;
  d.request.gpu_layers = (int32_t)a.best.number;
  return add(x, &d, err);
}

/* Whether the model is in so few bits already. */
static bool is_narrower(const search *x, const char *quant) {
  return bits_of(x->of->model->quant) <= bits_of(quant);
}

/* Whether not even the weights have room, where all of them go to the devices: four fifths of what
 * such a file has at least, since the embedding stays on the host. */
static bool is_out(const search *x, unsigned hundredths) {
  const vf_request *r = &x->q->d.request;
  uint64_t room = 0;
  if (r->gpu_layers >= 0 || r->cpu_moe_layers != 0 || r->override_count != 0) return false;
  for (size_t i = 0; i < x->of->n_devices; i++) {
    const vf_device_budget *b = &x->of->devices[i];
    if (b->device.kind != VF_DEVICE_HOST) room += b->capacity_bytes;
  }
  return x->of->model->n_params / 1000 * hundredths > room;
}

/* Below four bits, each with the most context; then with hardly any. */
static vf_status with_narrow_format(search *x, vf_error *err) {
  static const struct {
    const char *name;
    unsigned hundredths; /* of a bit, for a weight */
  } all[] = {{"Q3_K_M", 385}, {"IQ3_XXS", 306}, {"Q2_K", 290}, {"IQ2_XXS", 206}, {"IQ1_S", 156}};
  size_t before = x->out->n_ways;
  vf_status status = with_widest(x, true, err);
  for (size_t pass = 0; pass < 2; pass++)
    for (size_t i = 0; status == VF_OK && i < sizeof all / sizeof *all; i++) {
      vf_deployment d = x->q->d;
      if (x->out->n_ways > before) return VF_OK;
      if (is_narrower(x, all[i].name) || is_out(x, all[i].hundredths)) continue;
      d.quant = all[i].name;
      d.request.prompt_cache_bytes = 0;
      status = add_with_ctx(x, d, pass == 0 ? LEAST_CTX : SCRAP_CTX, err);
    }
  return status;
}

/* ---- Ideas of engines that serve from a pool -------------------------------------------- */

static vf_status with_fewer_requests(search *x, vf_error *err) {
  vf_deployment d = x->q->d;
  if (x->out->max_seqs == 0 || x->out->max_seqs >= vf_max_u32(x->of->workload.seqs, 1))
    return VF_OK;
  d.request.seqs = x->out->max_seqs;
  return add(x, &d, err);
}

/* Experts dealt out whole, where the engine refuses to cut them. */
static vf_status with_whole_experts(search *x, vf_error *err) {
  vf_deployment d = x->q->d;
  uint32_t ranks = 0;
  for (size_t i = 0; i < x->of->n_devices; i++)
    ranks += x->of->devices[i].device.kind != VF_DEVICE_HOST;
  if (!x->of->refused || !x->mixture || d.request.ep > 1 || ranks < 2 ||
      !vf_engine_spells(x->of->engine, VF_PARAM_EP))
    return VF_OK;
  d.request.ep = ranks;
  return add(x, &d, err);
}

static vf_status with_fp8_cache(search *x, vf_error *err) {
  vf_deployment d = x->q->d;
  if (!x->out->kv_fp8) return VF_OK;
  take_kv(&d.request, VF_FORMAT_F8_E4M3);
  return add(x, &d, err);
}

static vf_status with_other_settings(search *x, vf_error *err) {
  vf_deployment d = x->q->d;
  vf_status status = VF_OK;
  if (x->out->max_num_seqs != 0) {
    d.request.max_num_seqs = x->out->max_num_seqs;
    status = add(x, &d, err);
  }
  if (status != VF_OK || x->out->memory_fraction_ppm == 0) return status;
  d = x->q->d;
  d.request.memory_fraction_ppm = x->out->memory_fraction_ppm;
  return add(x, &d, err);
}

static vf_status on_more_ranks(search *x, vf_error *err) {
  vf_deployment d = x->q->d;
  if (x->out->devices <= x->of->n_devices - 1) return VF_OK;
  d.gpus = x->out->devices;
  d.request.tp = x->out->devices_tp;
  d.request.pp = x->out->devices_pp;
  return add(x, &d, err);
}

/* The widest format that is enough, as published checkpoints have them. */
static vf_status with_another_checkpoint(search *x, vf_error *err) {
  vf_deployment d = x->q->d;
  if (x->out->quant[0] == '\0' || is_in(x, x->out->quant)) return VF_OK;
  d.quant = x->out->quant;
  return add(x, &d, err);
}

/* Narrower and with less context. */
static vf_status with_checkpoint_and_context(search *x, vf_error *err) {
  vf_status status = VF_OK;
  const char *const *ladder = x->q->engine->ladder;
  size_t before = x->out->n_ways;
  for (; status == VF_OK && ladder != NULL && *ladder != NULL && x->out->n_ways == before;
       ladder++) {
    vf_deployment d = x->q->d;
    if (is_in(x, *ladder)) continue;
    d.quant = *ladder;
    status = add_with_ctx(x, d, LEAST_CTX, err);
    if (status == VF_OK && x->out->n_ways == before) {
      take_kv(&d.request, VF_FORMAT_F8_E4M3);
      status = add_with_ctx(x, d, LEAST_CTX, err);
    }
  }
  return status;
}

static vf_status with_any_context(search *x, vf_error *err) {
  return add_with_ctx(x, x->q->d, SCRAP_CTX, err);
}

/* ---- All of them ------------------------------------------------------------------------ */

typedef vf_status (*idea)(search *x, vf_error *err);

static const idea offloading[] = {
    without_prompt_cache,
    with_experts_aside,
    with_less_context,
    with_narrow_cache,
    with_usual_format,
    with_format_and_context,
    with_experts_aside_and_more,
    on_more_devices,
    with_layers_aside,
    on_more_devices_in_a_format,
    with_format_and_layers_aside,
    with_narrow_format,
    with_any_context,
    NULL,
};

static const idea serving[] = {
    with_whole_experts,      with_fewer_requests,
    with_fp8_cache,          with_other_settings,
    with_less_context,       on_more_ranks,
    with_another_checkpoint, with_checkpoint_and_context,
    with_any_context,        NULL,
};

static bool has_experts(const vf_model *m) {
  for (uint32_t i = 0; i < m->n_layers; i++)
    if (m->layers[i].n_experts != 0) return true;
  return false;
}

vf_status vf_ways_find(vf_limits *out, vf_solver *s, const vf_question *q, const vf_estimate *of,
                       vf_error *err) {
  search x = {.s = s, .q = q, .of = of, .out = out};
  x.ctx = vf_estimate_workload(of)->requested_ctx_tokens;
  x.offloads = vf_engine_offloads(of->engine);
  x.pools = of->engine->pools;
  bool moves = of->engine->dialect == NULL || vf_engine_spells(of->engine, VF_PARAM_CPU_MOE);
  x.mixture = has_experts(of->model) && (x.pools || moves); /* Ollama moves whole layers */
  x.discrete = of->devices[0].device.kind == VF_DEVICE_DISCRETE;
  x.main_memory = vf_device_has_main_memory(&of->devices[0].device);
  vf_status status = VF_OK;
  for (const idea *i = x.offloads ? offloading : serving; status == VF_OK && *i != NULL; i++)
    if (!is_full(&x)) status = (*i)(&x, err);
  return status;
}
