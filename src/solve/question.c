/* question.c - the most that fits, exactly: by the forward estimate alone, asked again and again.
 *
 * Every answer has been estimated and fits, and the step beyond it has been estimated and does not.
 * Numbers are searched for (solve/largest.h), names are tried from the best on: those that cannot
 * fit by what they weigh are passed over at first, but the one before the answer is always asked.
 * Memory does not grow with every step everywhere; where an engine is known to break that rule
 * (see look_beyond), what may fit beyond is asked as well. */
#include "solve/question.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/checked.h"
#include "base/names.h"
#include "base/status.h"
#include "core/format.h"
#include "solve/values.h"

/* What weights do to the tightest device of an estimate. */
typedef struct weight {
  int64_t over_bytes;    /* what is left there beyond the target */
  uint64_t device_bytes; /* weights there, of */
  uint64_t model_bytes;  /* all; 0: nothing is known */
} weight;

enum { MOST_CTX_UNKNOWN = 1 << 20 };

/* A question while it is answered. */
typedef struct run {
  vf_solver *s;
  vf_question q;       /* its deployment changes from ask to ask */
  vf_answer *a;        /* holds the last yes as the answer, the last no as what is beyond */
  uint64_t step, most; /* of numbers: value n is n * step, at most `most` */
  bool downwards;      /* the fewest are asked for: value n is most + 1 - n */
  bool from_zero;      /* value n is n - 1 */
  bool any_yes;
  vf_sample no; /* the last one */
  weight heft;  /* of the last estimate */
} run;

/* ---- One estimate ----------------------------------------------------------------------- */

/* A serving engine fills what it may have: of its pool the requests take a share. */
static vf_sample pool_sample(const vf_estimate *e) {
  const vf_workload *w = vf_estimate_workload(e);
  vf_sample x = {.yes = vf_estimate_verdict(e) == VF_FITS};
  if (w->max_concurrency_x100 == 0) return x;
  int64_t whole = 1000000000;
  x.grows = (int64_t)vf_min_u64((uint64_t)w->seqs * 100 * (uint64_t)whole / w->max_concurrency_x100,
                                INT64_MAX / 2);
  x.far = whole - x.grows;
  x.has_far = (x.far >= 0) == x.yes;
  return x;
}

vf_sample vf_sample_of(const vf_estimate *e) {
  const vf_device_budget *b = vf_estimate_tightest(e);
  if (e->engine->pools) return pool_sample(e);
  vf_sample x = {.yes = vf_estimate_verdict(e) == VF_FITS};
  if (b == NULL) return x;
  x.far = vf_budget_over(b);
  x.has_far = (x.far >= 0) == x.yes;
  x.grows = (int64_t)(b->part_bytes[VF_PART_KV_CACHE] + b->part_bytes[VF_PART_STATE]);
  x.slack = (int64_t)b->part_bytes[VF_PART_COMPUTE];
  return x;
}

/* The same of cards alone: what leaves them goes to main memory, so that they want fewer layers and
 * main memory wants more.  The border is the cards'; whether the rest has room is asked there. */
static vf_sample cards_sample(const vf_estimate *e) {
  vf_sample x = {.yes = true};
  for (size_t i = 0; i < e->n_devices; i++) {
    const vf_device_budget *b = &e->devices[i];
    if (b->device.kind == VF_DEVICE_HOST || !b->device.total_known) continue;
    int64_t over = vf_budget_over(b);
    if (!x.has_far || over < x.far) x.far = over;
    x.has_far = true;
    x.yes = x.yes && b->verdict == VF_FITS;
  }
  x.has_far = x.has_far && (x.far >= 0) == x.yes;
  return x;
}

static bool moves_to_main_memory(vf_max_kind kind) {
  return kind == VF_MOST_NGL || kind == VF_MOST_N_CPU_MOE;
}

/* Devices of one kind by their number, others one by one. */
static void name_all(vf_answer *a, const vf_device *list, size_t n) {
  vf_text t = vf_text_on(a->gpu, sizeof a->gpu);
  bool same = true;
  for (size_t i = 1; i < n; i++) same = same && strcmp(list[0].id, list[i].id) == 0;
  a->gpus = same ? (uint32_t)n : 1;
  vf_text_put(&t, list[0].name);
  for (size_t i = 1; i < n && !same; i++) vf_text_printf(&t, " + %s", list[i].name);
}

/* What the answer is about, from the estimate that was made last. */
static void describe(vf_answer *a, const vf_asker *asker) {
  const vf_workload *w = vf_estimate_workload(asker->e);
  const vf_format_info *kv = vf_format_get(w->kv_k);
  vf_speed speed;
  if (asker->model != NULL) {
    snprintf(a->model, sizeof a->model, "%s", asker->model->id);
    snprintf(a->quant, sizeof a->quant, "%s", asker->model->quant);
  }
  if (asker->now != NULL) {
    name_all(a, asker->now->list, asker->now->count);
  }
  snprintf(a->kv, sizeof a->kv, "%s", kv != NULL ? kv->name : "");
  snprintf(a->engine, sizeof a->engine, "%s", w->engine != NULL ? w->engine : "");
  a->ctx_tokens = w->requested_ctx_tokens;
  a->seqs = w->seqs;
  if (a->kind != VF_MOST_NGL) return;
  vf_estimate_speed(asker->e, &speed);
  a->decode = speed.decode_known ? speed.decode : (vf_rate){0, 0, 0};
}

/* A refusal is a no, and no failure. */
static vf_status look(vf_choice *c, vf_sample *sample, vf_solver *s, const vf_deployment *d,
                      bool cards, vf_error *err) {
  vf_error why = {VF_OK};
  vf_status status = vf_asker_ask(&s->asker, d, &why);
  s->estimates += status == VF_OK;
  c->refusal[0] = '\0';
  *sample = (vf_sample){.yes = false};
  if (status == VF_OK) {
    vf_asker_outcome(&s->asker, &c->outcome);
    *sample = cards ? cards_sample(s->asker.e) : vf_sample_of(s->asker.e);
    return VF_OK;
  }
  if (!vf_is_refusal(status)) {
    if (err != NULL) *err = why;
    return status;
  }
  c->outcome = (vf_outcome){.known = true, .refused = true, .verdict = VF_NO_FIT};
  snprintf(c->refusal, sizeof c->refusal, "%s", why.message);
  return VF_OK;
}

static weight weight_of(const vf_estimate *e) {
  const vf_device_budget *b = vf_estimate_tightest(e);
  if (e->engine->pools || b == NULL) return (weight){0, 0, 0};
  return (weight){vf_budget_over(b), b->part_bytes[VF_PART_WEIGHTS],
                  vf_model_weights_bytes(e->model)};
}

/* The last yes is the answer so far, the last no what is beyond it. */
static void keep(run *r, const vf_choice *c, bool yes) {
  if (yes || !r->any_yes) describe(r->a, &r->s->asker);
  r->any_yes |= yes;
  *(yes ? &r->a->best : &r->a->next) = *c;
}

/* ---- Numbers ---------------------------------------------------------------------------- */

static void put_number(vf_deployment *d, vf_max_kind kind, uint64_t n) {
  switch (kind) {
  case VF_MOST_CTX: d->request.ctx_tokens = n; break;
  case VF_MOST_SEQS: d->request.seqs = (uint32_t)n; break;
  case VF_MOST_NGL: d->request.gpu_layers = (int32_t)n; break;
  case VF_MOST_N_CPU_MOE: d->request.cpu_moe_layers = (uint32_t)n; break;
  case VF_MOST_GPUS: d->gpus = (uint32_t)n; break;
  case VF_MOST_QUANT:
  case VF_MOST_KV:
  case VF_MOST_GPU:
  case VF_MOST_MICRO_BATCH: /* those of training are asked in solve/training.c */
  case VF_MOST_SEQ_LEN:
  case VF_MOST_RANK:
  case VF_MOST_COUNT: break;
  }
}

vf_status vf_question_look(vf_choice *out, vf_sample *sample, vf_solver *s, const vf_question *q,
                           uint64_t number, vf_error *err) {
  vf_deployment d = q->d;
  *out = (vf_choice){.number = number};
  put_number(&d, q->kind, number);
  return look(out, sample, s, &d, moves_to_main_memory(q->kind), err);
}

static uint64_t number_at(const run *r, uint64_t n) {
  if (r->downwards) return r->most + 1 - n;
  if (r->from_zero) return n - 1;
  return vf_min_u64(n * r->step, r->most);
}

static vf_status measure(void *user, uint64_t n, vf_sample *out, vf_error *err) {
  run *r = user;
  vf_choice c;
  vf_status status = vf_question_look(&c, out, r->s, &r->q, number_at(r, n), err);
  if (status != VF_OK) return status;
  if (!out->yes) r->no = *out;
  keep(r, &c, out->yes);
  return VF_OK;
}

/* The number that an estimate was made with; 0: it says nothing of this question. */
static uint64_t number_of(const vf_estimate *e, vf_max_kind kind) {
  const vf_workload *w = vf_estimate_workload(e);
  if (kind == VF_MOST_CTX) return w->requested_ctx_tokens;
  return kind == VF_MOST_SEQS ? w->seqs : 0;
}

/* What is known from the estimate of the deployment as it is. */
static size_t take_base(run *r, vf_known *known, uint64_t end) {
  uint64_t number = r->q.base != NULL ? number_of(r->q.base, r->q.kind) : 0;
  if (number == 0) return 0;
  vf_sample x = vf_sample_of(r->q.base);
  uint64_t n = x.yes ? number / r->step : (number + r->step - 1) / r->step;
  if (n == 0 || (n > end && !x.yes)) return 0;
  *known = (vf_known){vf_min_u64(n, end), x};
  r->any_yes = x.yes;
  if (!x.yes) r->no = x;
  (x.yes ? &r->a->best : &r->a->next)->number = number_at(r, known->n);
  return 1;
}

static vf_status find_number(run *r, uint64_t end, vf_known *known, size_t n_known, uint64_t *at,
                             vf_error *err) {
  n_known += take_base(r, known + n_known, end);
  vf_status status = vf_solve_largest(at, end, known, n_known, measure, r, err);
  r->a->found = *at != 0;
  r->a->has_next = *at < end;
  return status;
}

/* What the engine makes of a context of one token is the step that it rounds up to.  That step may
 * take more, since a batch is no longer than the context. */
static vf_status solve_ctx(run *r, vf_error *err) {
  vf_choice c;
  vf_known known[2];
  uint64_t at, limit = r->s->asker.model->max_ctx_tokens;
  vf_status status = vf_question_look(&c, &known[0].sample, r->s, &r->q, 1, err);
  if (status != VF_OK) return status;
  r->step = 1;
  if (!c.outcome.refused) r->step = vf_max_u64(vf_estimate_workload(r->s->asker.e)->ctx_tokens, 1);
  r->most = limit != 0 ? limit : MOST_CTX_UNKNOWN;
  r->a->step = r->step;
  r->a->end = limit != 0 ? "the model's limit" : "as far as is looked: the model states no limit";
  known[0].n = 0;
  return find_number(r, (r->most + r->step - 1) / r->step, known, 1, &at, err);
}

/* Whether as many may fit, seen from the first number that does not: without its compute buffers,
 * but with the caches of all. */
static bool may_fit(const run *r, uint64_t no, uint64_t n) {
  if (!r->no.has_far) return false;
  int64_t each = r->no.grows / (int64_t)no;
  return r->no.far + r->no.slack - each * (int64_t)(n - no) >= 0;
}

/* llama.cpp's batch is a whole number of tokens for each sequence: 512 become 546 for 39 sequences
 * and 520 for 40.  Where sequences share one cache, or have a small one, one more may need less. So
 * from the border on, every number is asked whose batch is smaller than that of all noes so far. */
static vf_status look_beyond(run *r, uint64_t *at, uint64_t end, vf_error *err) {
  uint64_t batch = vf_estimate_workload(r->s->asker.e)->ubatch_tokens, least = 0, padded, first;
  if (batch == 0 || !vf_align_up(&least, batch, *at + 1)) return VF_OK;
  first = *at + 1;
  for (uint64_t n = *at + 2; n <= end && may_fit(r, first, n); n++) {
    vf_choice c;
    vf_sample x;
    if (!vf_align_up(&padded, batch, n) || padded >= least) continue;
    vf_status status = vf_question_look(&c, &x, r->s, &r->q, n, err);
    if (status != VF_OK) return status;
    least = x.yes ? UINT64_MAX : padded;
    if (x.yes || n == *at + 1) keep(r, &c, x.yes);
    if (x.yes) *at = n;
  }
  return VF_OK;
}

static vf_status solve_seqs(run *r, vf_error *err) {
  vf_known known[1];
  uint64_t at, end = r->q.engine->max_seqs;
  r->most = end;
  r->a->end = "the engine's limit";
  vf_status status = find_number(r, end, known, 0, &at, err);
  if (status != VF_OK || at == end) return status;
  status = look_beyond(r, &at, end, err);
  r->a->found = at != 0;
  r->a->has_next = at < end;
  return status;
}

/* ---- Layers ----------------------------------------------------------------------------- */

static vf_status check_layers(const run *r, vf_error *err) {
  const vf_device *first = &r->s->asker.now->list[0];
  if (!vf_engine_offloads(r->q.engine))
    return vf_fail(err, VF_USAGE, "%s keeps no layers in main memory: llama.cpp does",
                   r->q.engine->name);
  if (!vf_device_has_main_memory(first))
    return vf_fail(err, VF_USAGE, "%s has one memory for all: layers elsewhere free nothing",
                   first->name);
  return VF_OK;
}

/* Where main memory is what does not fit at the border, nothing does. */
static vf_status check_main_memory(run *r, vf_status status) {
  vf_answer *a = r->a;
  if (status != VF_OK || !a->found || a->best.outcome.verdict == VF_FITS) return status;
  a->found = false;
  a->has_next = true;
  a->next = a->best;
  return status;
}

static vf_status solve_ngl(run *r, vf_error *err) {
  uint64_t at;
  vf_known known[1];
  r->from_zero = true;
  r->a->end = "all of them, with the output";
  return check_main_memory(r, find_number(r, r->s->asker.model->n_layers + 2, known, 0, &at, err));
}

static vf_status solve_cpu_moe(run *r, vf_error *err) {
  const vf_model *m = r->s->asker.model;
  vf_known known[1];
  uint64_t at;
  bool experts = false;
  for (uint32_t i = 0; i < m->n_layers; i++) experts |= m->layers[i].n_experts != 0;
  if (!experts) return vf_fail(err, VF_USAGE, "%s has no experts", m->id);
  r->downwards = true;
  r->most = m->n_layers;
  r->a->end = "none has to";
  return check_main_memory(r, find_number(r, m->n_layers + 1, known, 0, &at, err));
}

/* ---- Names ------------------------------------------------------------------------------ */

/* Whether weights of that size are too much where the last estimate's were as they were. */
static bool is_hopeless(const weight *w, uint64_t bytes) {
  if (w->model_bytes == 0) return false;
  double more = (double)w->device_bytes * ((double)bytes / (double)w->model_bytes - 1);
  return (double)w->over_bytes < more;
}

static vf_status look_at_name(run *r, vf_axis_kind kind, const vf_candidates *all, size_t i,
                              bool *fits, vf_error *err) {
  vf_choice c = {.place = i};
  vf_sample x;
  vf_deployment d = r->q.d;
  const vf_candidate *name = &all->list[i];
  vf_status status = vf_deployment_set_axis(&d, kind, name->name, err);
  if (status == VF_OK) status = look(&c, &x, r->s, &d, false, err);
  if (status != VF_OK) return status;
  const vf_model *m = r->s->asker.model;
  const vf_model *as_it_is = r->q.base != NULL ? r->q.base->model : NULL;
  bool same = as_it_is != NULL && m != NULL && strcmp(m->quant, as_it_is->quant) == 0;
  bool usual = kind == VF_AXIS_QUANT && m != NULL && (same || vf_name_equal(m->quant, name->name));
  snprintf(c.name, sizeof c.name, "%s", usual ? m->quant : name->name);
  if (kind == VF_AXIS_GPU) c.number = name->first;
  if (!c.outcome.refused) r->heft = weight_of(r->s->asker.e);
  keep(r, &c, x.yes);
  *fits = x.yes;
  return VF_OK;
}

/* Whether a format cannot be, by what it weighs, or because the engine refuses it. */
static bool is_out(run *r, vf_axis_kind kind, const char *name) {
  vf_deployment d = r->q.d;
  vf_error ignored;
  if (kind != VF_AXIS_QUANT || vf_deployment_set_axis(&d, kind, name, &ignored) != VF_OK)
    return false;
  vf_status status = vf_asker_prepare(&r->s->asker, &d, &ignored);
  if (status != VF_OK) return status == VF_UNSUPPORTED;
  return is_hopeless(&r->heft, vf_model_weights_bytes(r->s->asker.model));
}

/* From the best on; what cannot be is not asked unless it is the last resort, or stands right
 * before the answer. */
static vf_status solve_name(run *r, vf_axis_kind kind, vf_error *err) {
  vf_candidates all;
  vf_deployment d = r->q.d;
  bool fits = false;
  if (kind == VF_AXIS_GPU) d.gpu = "cpu";
  vf_status status = vf_candidates_rank(&all, r->s, &d, kind, r->q.list, err);
  if (status != VF_OK) return status;
  if (all.count == 0) return vf_fail(err, VF_USAGE, "there is nothing to choose from");
  if (r->q.base != NULL) r->heft = weight_of(r->q.base);
  size_t at = 0, no = all.count;
  for (; !fits && at < all.count; at++) {
    if (at + 1 < all.count && is_out(r, kind, all.list[at].name)) continue;
    status = look_at_name(r, kind, &all, at, &fits, err);
    if (status != VF_OK) return status;
    if (!fits) no = at;
  }
  r->a->found = fits;
  r->a->has_next = no != all.count;
  if (fits) at--;
  for (; fits && at > 0 && at - 1 != no; at--) {
    status = look_at_name(r, kind, &all, at - 1, &fits, err);
    if (status != VF_OK) return status;
    r->a->has_next |= !fits;
  }
  return VF_OK;
}

/* ---- Numbers of devices ----------------------------------------------------------------- */

/* As --gpu takes it. */
static void name_devices(vf_choice *c, const char *gpu) {
  snprintf(c->name, sizeof c->name, c->number == 1 ? "%s" : "%sx%" PRIu64, gpu, c->number);
}

/* Fewest devices that may be enough, seen from an estimate of n that are not: what of a device's
 * memory ranks can share is shared evenly, the rest stays as it is.  n or less: memory is not why.
 */
static uint64_t least_devices(const vf_estimate *e, uint64_t n) {
  const vf_device_budget *b = vf_estimate_tightest(e);
  const vf_workload *w = vf_estimate_workload(e);
  if (b == NULL) return n;
  double cache = (double)b->part_bytes[VF_PART_KV_CACHE] + (double)b->part_bytes[VF_PART_STATE];
  double fixed = (double)b->part_bytes[VF_PART_WEIGHTS], over = (double)vf_budget_over(b);
  if (!e->engine->pools) {
    double shared = fixed + cache + (double)b->part_bytes[VF_PART_COMPUTE];
    return shared + over > 0 ? (uint64_t)ceil((double)n * shared / (shared + over)) : UINT64_MAX;
  }
  if (w->max_concurrency_x100 == 0)
    return (uint64_t)ceil((double)n * fixed / (double)vf_max_u64(b->capacity_bytes, 1));
  double wanted = cache * (double)w->seqs * 100 / (double)w->max_concurrency_x100;
  return (uint64_t)ceil((double)n * (fixed + wanted) / (fixed + cache));
}

/* A split of n devices: tp ranks to a layer; false: the request or the number forbids it. */
static bool split(vf_request *r, uint32_t n, uint32_t tp) {
  uint32_t dp = vf_max_u32(r->dp, 1), pp = n / dp / tp;
  if (n % dp != 0 || n / dp % tp != 0) return false;
  if ((r->tp != 0 && r->tp != tp) || (r->pp != 0 && r->pp != pp)) return false;
  r->tp = tp;
  r->pp = pp;
  return true;
}

/* Ranks to a layer that people run: a power of two within a node, or what was asked for. */
static bool is_run(const vf_request *r, uint32_t tp) {
  enum { NODE = 8 };
  return tp == r->tp || (tp <= NODE && (tp & (tp - 1)) == 0);
}

/* The best split of n devices: as many ranks to a layer as the engine takes.  Once one split has
 * not memory enough by far, no other one has. */
static vf_status look_at_splits(run *r, uint32_t n, vf_choice *out, uint64_t *least,
                                vf_error *err) {
  bool pools = r->q.engine->pools, any = false, fits = false;
  *out = (vf_choice){.number = n};
  *least = n;
  for (uint32_t tp = pools ? n : 1; tp > 0 && !fits && *least <= n; tp--) {
    vf_choice c;
    vf_sample x;
    vf_question q = r->q;
    if (pools && (!is_run(&r->q.d.request, tp) || !split(&q.d.request, n, tp))) continue;
    vf_status status = vf_question_look(&c, &x, r->s, &q, n, err);
    if (status != VF_OK) return status;
    if (pools) c.tp = tp, c.pp = q.d.request.pp;
    if (!c.outcome.refused) *least = least_devices(r->s->asker.e, n);
    bool better = !c.outcome.refused &&
                  (out->outcome.refused || c.outcome.headroom_bytes > out->outcome.headroom_bytes);
    if (!any || x.yes || better) *out = c;
    any = true;
    fits = x.yes;
  }
  if (any) return VF_OK;
  out->outcome = (vf_outcome){.known = true, .refused = true, .verdict = VF_NO_FIT};
  snprintf(out->refusal, sizeof out->refusal, "the ranks that are asked for do not divide it");
  return VF_OK;
}

static bool chosen_fits(const vf_choice *c) {
  return !c->outcome.refused && c->outcome.verdict == VF_FITS;
}

/* With the estimate as it is, where that is about one device. */
static vf_status look_at_one(run *r, vf_choice *c, uint64_t *least, vf_error *err) {
  const vf_estimate *e = r->q.base;
  if (e == NULL || r->s->asker.given_count != 1) return look_at_splits(r, 1, c, least, err);
  *c = (vf_choice){.number = 1};
  c->outcome.verdict = vf_estimate_verdict(e);
  *least = least_devices(e, 1);
  return VF_OK;
}

/* Nodes are built with so many GPUs, and ranks share them by powers of two; layer by layer three
 * and six are joined, too. */
static const uint8_t ranks[] = {1, 2, 4, 8, 16, 32, 64};
static const uint8_t cards[] = {1, 2, 3, 4, 6, 8, 12, 16, 32, 64};

typedef struct sizes {
  const uint8_t *list;
  size_t count;
} sizes;

static sizes sizes_of(const vf_engine *engine) {
  sizes s = engine->pools ? (sizes){ranks, sizeof ranks} : (sizes){cards, sizeof cards};
  while (engine->most_devices != 0 && s.count > 1 && s.list[s.count - 1] > engine->most_devices)
    s.count--;
  return s;
}

/* The next size that may be enough; the last one as the last resort. */
static size_t next_size(const sizes *s, size_t i, uint64_t least) {
  for (i++; i + 1 < s->count && s->list[i] < least;) i++;
  return i;
}

/* Fewest first.  Those that cannot be enough are passed over, but for the last resort and the one
 * before the answer.  Where one has memory enough and it is no all the same, more are no help. */
static vf_status solve_gpus(run *r, vf_error *err) {
  const vf_asker *asker = &r->s->asker;
  const char *name = r->q.d.gpu != NULL ? r->q.d.gpu : asker->now->list[0].id;
  sizes s = sizes_of(r->q.engine);
  size_t i = 0, no = SIZE_MAX;
  uint64_t least;
  vf_choice c;
  if (r->q.d.gpu != NULL && asker->now->count != 1)
    return vf_fail(err, VF_USAGE, "'%s' is several devices already: name one", name);
  r->q.d.request.tensor_split_count = 0;
  r->a->end = "one is enough";
  vf_status status = look_at_one(r, &c, &least, err);
  if (status == VF_OK && !c.outcome.refused && least <= 1) s.count = 1;
  while (status == VF_OK) {
    keep(r, &c, chosen_fits(&c));
    if (chosen_fits(&c) || i + 1 >= s.count) break;
    no = i;
    i = next_size(&s, i, least);
    status = look_at_splits(r, s.list[i], &c, &least, err);
  }
  r->a->found = r->any_yes;
  r->a->has_next = !r->any_yes || i > 0;
  for (; status == VF_OK && chosen_fits(&c) && i > 0 && i - 1 != no; i--) {
    status = look_at_splits(r, s.list[i - 1], &c, &least, err);
    if (status == VF_OK) keep(r, &c, chosen_fits(&c));
  }
  name_devices(&r->a->best, name);
  name_devices(&r->a->next, name);
  return status;
}

/* ---- All of them ------------------------------------------------------------------------ */

static vf_status solve(run *r, vf_error *err) {
  vf_status status = VF_OK;
  switch (r->q.kind) {
  case VF_MOST_CTX: return solve_ctx(r, err);
  case VF_MOST_SEQS: return solve_seqs(r, err);
  case VF_MOST_QUANT: return solve_name(r, VF_AXIS_QUANT, err);
  case VF_MOST_KV: return solve_name(r, VF_AXIS_KV, err);
  case VF_MOST_GPUS: return solve_gpus(r, err);
  case VF_MOST_NGL:
    status = check_layers(r, err);
    return status == VF_OK ? solve_ngl(r, err) : status;
  case VF_MOST_N_CPU_MOE:
    status = check_layers(r, err);
    return status == VF_OK ? solve_cpu_moe(r, err) : status;
  case VF_MOST_GPU: return solve_name(r, VF_AXIS_GPU, err);
  case VF_MOST_MICRO_BATCH:
  case VF_MOST_SEQ_LEN:
  case VF_MOST_RANK:
  case VF_MOST_COUNT: break;
  }
  return vf_fail(err, VF_USAGE, "no such question");
}

/* The model and the devices are at hand before the first question; a format or a device that is
 * asked for is none yet. */
static vf_status prepare(vf_solver *s, const vf_question *q, vf_error *err) {
  vf_deployment d = q->d;
  if (q->kind == VF_MOST_QUANT) return VF_OK;
  if (q->kind == VF_MOST_GPU) d.gpu = "cpu";
  return vf_asker_prepare(&s->asker, &d, err);
}

vf_status vf_question_solve(vf_answer *out, vf_solver *s, const vf_question *q, vf_error *err) {
  vf_answer a = {.kind = q->kind};
  run r = {.s = s, .q = *q, .a = &a, .step = 1};
  vf_status status = prepare(s, q, err);
  if (status == VF_OK) status = solve(&r, err);
  if (status == VF_OK) *out = a;
  return status;
}
