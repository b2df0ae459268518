/* offers.c - what to run where neither a format nor a context is said.
 *
 * Nobody who names a model and a card alone means its widest format and its whole context.  The
 * answer is what there is to choose from: the two widest formats that leave room for work, the
 * usual one, and the usual one with a cache of 8 bits; where that has no room, narrower ones and,
 * with the usual one, experts or layers in main memory.  All are the questions of `max`. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/args.h"
#include "base/checked.h"
#include "base/status.h"
#include "base/text.h"
#include "core/describe.h"
#include "core/format.h"
#include "deploy/setup.h"
#include "deploy/unsaid.h"
#include "solve/question.h"
#include "vramfit/solve.h"

enum {
  LEAST_CTX = 4096, /* of --fit; less is no work */
  WORK_CTX = 8192,  /* with a part of the model in main memory */
  MOST_WIDER = 2,
};

static const char usual_format[] = "Q4_K_M";
static const char *const wider[] = {"BF16", "Q8_0", "Q6_K", "Q5_K_M", NULL};
static const char *const narrower[] = {"Q3_K_M", "IQ3_XXS", "Q2_K", NULL};

typedef struct search {
  vf_solver s;
  vf_deployment d;
  const vf_engine *engine;
  vf_offers *out;
  uint64_t limit, least; /* the model's context; what is enough */
} search;

/* ---- One offer -------------------------------------------------------------------------- */

static vf_status ask(search *x, const vf_deployment *d, vf_error *err) {
  vf_error why = {VF_OK};
  vf_status status = vf_asker_ask(&x->s.asker, d, &why);
  x->s.estimates += status == VF_OK;
  if (status != VF_OK && !vf_is_refusal(status) && err != NULL) *err = why;
  return status;
}

static void take_speed(vf_offer *o, const vf_estimate *e) {
  vf_speed speed;
  vf_estimate_speed(e, &speed);
  if (speed.decode_known) o->decode = speed.decode;
}

/* --cpu-moe is all of them, whatever their number. */
static uint32_t cpu_moe_layers(const search *x, const vf_deployment *d) {
  return (uint32_t)vf_min_u64(d->request.cpu_moe_layers, x->s.asker.model->n_layers);
}

/* Adds what the deployment comes to; a refusal adds nothing. */
static vf_status add(search *x, const vf_deployment *d, bool usual, vf_error *err) {
  vf_offers *all = x->out;
  if (all->count == VF_MAX_OFFERS) return VF_OK;
  vf_status status = ask(x, d, err);
  if (status != VF_OK) return vf_is_refusal(status) ? VF_OK : status;
  const vf_workload *w = vf_estimate_workload(x->s.asker.e);
  vf_offer o = {.weights_bytes = vf_model_weights_bytes(x->s.asker.model),
                .ctx_tokens = w->requested_ctx_tokens,
                .whole_ctx = w->requested_ctx_tokens == x->limit,
                .cpu_moe_layers = cpu_moe_layers(x, d),
                .gpu_layers = d->request.gpu_layers,
                .usual = usual};
  snprintf(o.quant, sizeof o.quant, "%s", x->s.asker.model->quant);
  snprintf(o.kv, sizeof o.kv, "%s", vf_format_get(w->kv_k)->name);
  take_speed(&o, x->s.asker.e);
  if (o.cpu_moe_layers != 0 || o.gpu_layers >= 0)
    o.host_bytes = vf_estimate_host_bytes(x->s.asker.e);
  all->list[all->count++] = o;
  return VF_OK;
}

static vf_status most(search *x, const vf_deployment *d, vf_max_kind kind, uint64_t *out,
                      vf_error *err) {
  vf_answer a;
  vf_question q = {.kind = kind, .d = *d, .engine = x->engine};
  vf_error why = {VF_OK};
  *out = UINT64_MAX;
  vf_status status = vf_question_solve(&a, &x->s, &q, &why);
  if (status == VF_OK && a.found) *out = a.best.number;
  if (status == VF_OK || vf_is_refusal(status)) return VF_OK;
  if (err != NULL) *err = why;
  return status;
}

/* The most context in a format, added where it is enough. */
static vf_status try_format(search *x, const char *quant, const char *kv, bool usual, bool *enough,
                            vf_error *err) {
  vf_deployment d = x->d;
  uint64_t ctx;
  *enough = false;
  d.quant = quant;
  vf_status status = kv != NULL ? vf_deployment_set(&d, "kv", kv, err) : VF_OK;
  if (status == VF_OK) status = most(x, &d, VF_MOST_CTX, &ctx, err);
  if (status != VF_OK || ctx == UINT64_MAX || ctx < x->least) return status;
  *enough = true;
  d.request.ctx_tokens = ctx;
  return add(x, &d, usual, err);
}

/* ---- All of them ------------------------------------------------------------------------ */

static bool any_whole(const vf_offers *all) {
  for (size_t i = 0; i < all->count; i++)
    if (all->list[i].whole_ctx) return true;
  return false;
}

/* The widest of them that has no room is told by its weight. */
static vf_status note_widest(search *x, const char *quant, vf_error *err) {
  vf_deployment d = x->d;
  vf_error ignored;
  (void)err;
  if (x->out->widest[0] != '\0' || x->out->count > 0) return VF_OK;
  d.quant = quant;
  if (vf_asker_prepare(&x->s.asker, &d, &ignored) != VF_OK) return VF_OK;
  snprintf(x->out->widest, sizeof x->out->widest, "%s", x->s.asker.model->quant);
  x->out->widest_bytes = vf_model_weights_bytes(x->s.asker.model);
  return VF_OK;
}

static vf_status try_wider(search *x, vf_error *err) {
  vf_status status = VF_OK;
  size_t found = 0;
  for (size_t i = 0; status == VF_OK && wider[i] != NULL && found < MOST_WIDER; i++) {
    bool enough;
    status = try_format(x, wider[i], NULL, false, &enough, err);
    found += enough;
    if (status == VF_OK && !enough) status = note_widest(x, wider[i], err);
  }
  return status;
}

/* Experts of some layers in main memory, or whole layers: slower, and the format stays. */
static vf_status try_main_memory(search *x, vf_error *err) {
  vf_deployment d = x->d;
  uint64_t n;
  if (!vf_device_has_main_memory(&x->s.asker.now->list[0])) return VF_OK;
  d.request.ctx_tokens = vf_min_u64(x->limit != 0 ? x->limit : WORK_CTX, WORK_CTX);
  vf_status status = most(x, &d, VF_MOST_N_CPU_MOE, &n, err);
  if (status == VF_OK && n != UINT64_MAX) {
    d.request.cpu_moe_layers = (uint32_t)n;
    return add(x, &d, true, err);
  }
  if (status == VF_OK) status = most(x, &d, VF_MOST_NGL, &n, err);
  if (status != VF_OK || n == UINT64_MAX || n == 0) return status;
  d.request.gpu_layers = (int32_t)n;
  return add(x, &d, true, err);
}

static vf_status try_narrower(search *x, vf_error *err) {
  vf_status status = VF_OK;
  bool enough = false;
  for (size_t i = 0; status == VF_OK && !enough && narrower[i] != NULL; i++)
    status = try_format(x, narrower[i], NULL, false, &enough, err);
  return status;
}

/* What the model's whole context would take, in the usual format. */
static vf_status note_limit(search *x, vf_error *err) {
  vf_deployment d = x->d;
  if (x->limit == 0 || any_whole(x->out)) return VF_OK;
  d.request.ctx_tokens = x->limit;
  vf_status status = ask(x, &d, err);
  if (status != VF_OK) return vf_is_refusal(status) ? VF_OK : status;
  size_t n;
  const vf_device_budget *b = vf_estimate_devices(x->s.asker.e, &n);
  x->out->limit_tokens = x->limit;
  for (size_t i = 0; i < n; i++)
    x->out->limit_cache_bytes += b[i].part_bytes[VF_PART_KV_CACHE] + b[i].part_bytes[VF_PART_STATE];
  return VF_OK;
}

/* The usual one where it has room, a mixture also with experts in main memory: it loses little by
 * that.  Narrower ones, and layers in main memory, are ways out, and no answer to what was asked.
 */
static void choose(vf_offers *all) {
  all->best = all->count;
  for (size_t i = 0; i < all->count && all->best == all->count; i++)
    if (all->list[i].usual && all->list[i].gpu_layers < 0) all->best = i;
}

static vf_status find_all(search *x, vf_error *err) {
  bool enough = false, again;
  bool one_format = strcmp(x->s.asker.model->quant, usual_format) != 0;
  vf_status status = one_format ? VF_OK : try_wider(x, err);
  if (status == VF_OK) status = try_format(x, NULL, NULL, true, &enough, err);
  if (status == VF_OK && enough && !any_whole(x->out))
    status = try_format(x, NULL, "q8_0", false, &again, err);
  if (status == VF_OK && !enough) status = try_main_memory(x, err);
  if (status == VF_OK && !enough && !one_format) status = try_narrower(x, err);
  if (status == VF_OK) status = note_limit(x, err);
  choose(x->out);
  return status;
}

/* Where what llama-server may keep of past prompts leaves no room, as on small machines with one
 * memory: --fit does not count it, so that the server starts, and its files are those that fit. */
static vf_status find_without_prompts(search *x, vf_error *err) {
  vf_offers *all = x->out, before = *all;
  if (all->best < all->count || x->d.request.prompt_cache_bytes >= 0) return VF_OK;
  x->d.request.prompt_cache_bytes = 0;
  all->count = 0;
  all->widest[0] = '\0';
  all->limit_tokens = 0;
  vf_status status = find_all(x, err);
  all->cache_ram_off =
      status == VF_OK && all->best < all->count && all->list[all->best].cpu_moe_layers == 0;
  if (!all->cache_ram_off) *all = before;
  return status;
}

/* A name of the catalog that states no format, in an engine that runs files of many. */
static vf_status prepare(search *x, bool *open, vf_error *err) {
  vf_asker *a = &x->s.asker;
  const char *version;
  vf_error why;
  *open = false;
  if (vf_asker_prepare(a, &x->d, &why) != VF_OK) return VF_OK; /* whoever opens it tells */
  if (a->loaded.kind != VF_LOAD_CATALOG || a->loaded.states_format) return VF_OK;
  vf_status status = vf_engine_for(&x->engine, &version, a->engine, a->model, err);
  if (status != VF_OK) return status;
  *open = x->engine->lowers_ctx != NULL && x->engine->lowers_ctx(version);
  x->limit = a->model->max_ctx_tokens;
  x->least = x->limit != 0 ? vf_min_u64(x->limit, LEAST_CTX) : LEAST_CTX;
  snprintf(x->out->engine, sizeof x->out->engine, "%s", x->engine->name);
  return VF_OK;
}

vf_status vf_offers_solve(vf_offers *out, const vf_context *ctx, const vf_deployment *deployment,
                          vf_error *err) {
  VF_NEED(err, out);
  VF_NEED(err, ctx);
  VF_NEED(err, deployment);
  vf_status status = vf_deployment_check(deployment, err);
  if (status != VF_OK) return status;
  vf_offers offers = {.count = 0};
  search x = {.d = *deployment, .out = &offers};
  bool open = deployment->quant == NULL && deployment->request.ctx_tokens == 0;
  if (!open) {
    *out = offers;
    return VF_OK;
  }
  status = vf_asker_init(&x.s.asker, ctx, err);
  x.s.arena = x.s.asker.arena;
  if (status == VF_OK) status = prepare(&x, &open, err);
  if (status == VF_OK && open) status = find_all(&x, err);
  if (status == VF_OK && open) status = find_without_prompts(&x, err);
  offers.estimates = x.s.estimates;
  vf_asker_free(&x.s.asker);
  if (status == VF_OK) *out = offers;
  return status;
}
