/* place.c - from a file about a box to what shares it, scenario by scenario.
 *
 * Each program is worked out alone first, in every place where it can run; then the sets of the
 * scenarios are packed. What engines compute for several devices they compute for empty ones: a
 * split that follows the free memory is the one of an empty box. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/args.h"
#include "base/checked.h"
#include "base/names.h"
#include "base/status.h"
#include "base/units.h"
#include "deploy/scenario.h"
#include "deploy/setup.h"
#include "engines/engine.h"
#include "readers/json/json_scan.h"
#include "solve/place.h"
#include "solve/settle.h"
#include "vramfit/place.h"

/* What is being worked out; scratch that does not outlive it. */
typedef struct job {
  const vf_context *ctx;
  vf_place *place;
  vf_scenario_file *file;
  vf_estimate *estimate, *scratch;
  vf_opened opened; /* the model of the workload in hand, and what is beside it */
} job;

/* ---- The box ---------------------------------------------------------------------------- */

static void set_headroom(vf_device *d, uint64_t bytes, uint32_t permille) {
  d->headroom_bytes = bytes;
  d->headroom_permille = permille;
}

/* On one pool the system's share is a reserve; on a card's own memory its desktop uses some. */
static void set_system(vf_device *d, const vf_scenario_file *f, bool first) {
  if (!f->has_system) return;
  if (d->kind == VF_DEVICE_UNIFIED)
    d->reserved_bytes = f->system_bytes;
  else if (first)
    d->used_bytes += f->system_bytes;
}

static void apply(vf_device *d, const vf_scenario_file *f, const vf_place_options *o, bool first) {
  if (o->memory_bytes != 0) {
    d->total_bytes = o->memory_bytes;
    d->total_known = true;
    d->reserved_bytes = 0;
  }
  if (f->used_bytes != 0) d->used_bytes = f->used_bytes;
  if (o->used_bytes != 0) d->used_bytes = o->used_bytes;
  set_system(d, f, first);
  if (f->has_headroom) set_headroom(d, f->headroom_bytes, f->headroom_permille);
  if (o->has_headroom) set_headroom(d, o->headroom_bytes, o->headroom_permille);
}

static void set_host(vf_box *box, uint64_t bytes) {
  vf_device *h = &box->host;
  for (size_t i = 0; i < box->n_devices; i++) {
    vf_device *d = &box->devices[i];
    if (d->kind != VF_DEVICE_HOST || d->total_known || bytes == 0) continue;
    d->total_bytes = bytes;
    d->total_known = true;
  }
  *h = (vf_device){.kind = VF_DEVICE_HOST, .id = "host", .name = "main memory"};
  if (bytes == 0) bytes = box->devices[0].host_memory_bytes;
  h->total_bytes = bytes;
  h->total_known = bytes != 0 && box->devices[0].kind == VF_DEVICE_DISCRETE;
}

/* Devices by name, or as the caller describes them. */
static vf_status find_devices(job *j, const vf_place_options *o, vf_error *err) {
  vf_box *box = &j->place->box;
  const char *gpu = o->gpu != NULL ? o->gpu : j->file->gpu;
  if (o->devices != NULL) {
    if (o->device_count == 0 || o->device_count > VF_CORESIDE_DEVICES)
      return vf_fail(err, VF_LIMIT, "1 to %d devices share a box", VF_CORESIDE_DEVICES);
    memcpy(box->devices, o->devices, o->device_count * sizeof *o->devices);
    box->n_devices = o->device_count;
    return VF_OK;
  }
  if (gpu == NULL)
    return j->file->is_compose
               ? vf_fail(err, VF_USAGE,
                         "on what? --gpu gb10, or \"x-vramfit\": {\"gpu\": \"gb10\"} beside "
                         "\"services\"")
               : vf_scenario_fail(j->file, "gpu", err, "on what? \"gpu\": \"gb10\" or --gpu says");
  vf_error cause = {.status = VF_OK};
  vf_status status =
      vf_devices_parse(box->devices, VF_CORESIDE_DEVICES, &box->n_devices, j->ctx, gpu, &cause);
  if (status != VF_OK && o->gpu == NULL)
    return vf_facts_fail(&j->file->facts, "gpu", status, err, "%s", cause.message);
  if (status != VF_OK && err != NULL) *err = cause;
  return status;
}

static vf_status make_box(job *j, const vf_place_options *o, vf_error *err) {
  vf_box *box = &j->place->box;
  vf_status status = find_devices(j, o, err);
  if (status != VF_OK) return status;
  for (size_t i = 0; i < box->n_devices; i++) apply(&box->devices[i], j->file, o, i == 0);
  set_host(box, o->host_memory_bytes != 0 ? o->host_memory_bytes : j->file->host_memory_bytes);
  for (size_t i = 0; i < box->n_devices; i++) {
    if (!box->devices[i].total_known)
      return vf_fail(err, VF_USAGE, "%s: its memory is not known: say --memory SIZE",
                     box->devices[i].id);
    if (vf_device_capacity(&box->devices[i]) == 0)
      return vf_fail(err, VF_USAGE, "%s: the system and others take all of it", box->devices[i].id);
  }
  return VF_OK;
}

/* ---- Demands ---------------------------------------------------------------------------- */

static uint64_t clamp(uint64_t bytes) {
  return vf_min_u64(bytes, VF_CORESIDE_MOST_BYTES);
}

static vf_interval clamped(vf_interval i) {
  return (vf_interval){clamp(i.low_bytes), clamp(i.bytes), clamp(i.high_bytes)};
}

static void add(vf_interval *sum, vf_interval size) {
  size = clamped(size);
  sum->low_bytes += size.low_bytes;
  sum->bytes += size.bytes;
  sum->high_bytes += size.high_bytes;
}

/* Main memory is the device's where there is one pool. */
static void add_host(vf_demand *d, const vf_box *box, size_t device, vf_interval size) {
  bool pooled = box->devices[device].kind != VF_DEVICE_DISCRETE;
  add(pooled ? &d->devices[device] : &d->host, size);
}

/* The context that a figure does not have in it; where that is not known, the upper end has it. */
static vf_interval context_beside(const vf_device *d, vf_scope scope) {
  if (scope == VF_SCOPE_PROCESS) return vf_exactly(0);
  if (scope == VF_SCOPE_ALLOCATOR) return d->context;
  return (vf_interval){0, 0, d->context.high_bytes};
}

static void add_plain_options(job *j, vf_placed *p, vf_interval size, uint64_t host_bytes,
                              vf_scope scope) {
  const vf_box *box = &j->place->box;
  for (size_t i = 0; i < box->n_devices; i++) {
    vf_demand *d = &p->options[i];
    add(&d->devices[i], size);
    add(&d->devices[i], context_beside(&box->devices[i], scope));
    add_host(d, box, i, vf_exactly(host_bytes));
  }
  p->item.n_options = box->n_devices;
}

/* ---- A model on some of the devices ----------------------------------------------------- */

static bool has_pool_in_need(const vf_device_budget *b) {
  return b->part_bytes[VF_PART_KV_CACHE] + b->part_bytes[VF_PART_STATE] >= b->pool.bytes;
}

/* An engine that fills its share takes all of it, unless its pool has a size of its own, which is
 * in the need; what is beside the share comes on top.  Where the GPU has a limit of its own, all
 * that is in the pool is held against it: programs together are judged by one limit. */
static vf_interval taken(const job *j, const vf_device_budget *b, size_t index) {
  size_t n;
  const vf_line *lines = vf_estimate_lines(j->estimate, &n);
  vf_interval sum = clamped(b->whole.known ? b->whole.need : b->need);
  if (!b->has_pool) return sum;
  if (!has_pool_in_need(b) && b->capacity_bytes >= b->need.bytes)
    sum = vf_exactly(clamp(b->capacity_bytes));
  for (size_t i = 0; i < n; i++)
    if (lines[i].outside && lines[i].device == index) add(&sum, lines[i].size);
  return sum;
}

/* A pool of a size of its own does not fill the share. */
static bool has_given_pool(const vf_request *r) {
  return r->kv_cache_memory_bytes != 0 || r->num_gpu_blocks != 0;
}

static void tell_parts(const job *j, vf_placed *p, const vf_device_budget *b) {
  const vf_workload *w = vf_estimate_workload(j->estimate);
  uint64_t kv = b->part_bytes[VF_PART_KV_CACHE], tokens = w->ctx_tokens;
  add(&p->kv, vf_exactly(kv));
  if (!w->kv_unified && w->seqs > 0 && !vf_mul(&tokens, tokens, w->seqs)) tokens = 0;
  if (tokens != 0) p->kv_bytes_per_token += kv / tokens;
  if (!b->has_pool || has_given_pool(&j->opened.request)) return;
  p->least_bytes += clamp(b->need.bytes);
  p->share_bytes += clamp(b->capacity_bytes);
  p->share_ppm = w->memory_fraction_ppm;
}

static vf_verdict worse(vf_verdict a, vf_verdict b) {
  return a > b ? a : b;
}

/* Works the model out on these devices alone; what an engine refuses is a place that is none. */
static vf_status demand_on(job *j, vf_demand *d, vf_placed *p, const size_t *where, size_t n,
                           bool tell, vf_error *err) {
  const vf_box *box = &j->place->box;
  vf_device devices[VF_CORESIDE_DEVICES];
  size_t count;
  for (size_t i = 0; i < n; i++) devices[i] = box->devices[where[i]];
  vf_request request = j->opened.request;
  if (request.host_memory_bytes == 0) request.host_memory_bytes = box->host.total_bytes;
  vf_error refusal = {.status = VF_OK};
  vf_settled settled;
  vf_status status = vf_settle(&settled, &request, j->opened.fit, j->scratch, j->opened.model,
                               devices, n, &refusal);
  if (status == VF_OK)
    status = vf_estimate_run(j->estimate, j->opened.model, &request, devices, n, &refusal);
  if (status != VF_OK && err != NULL) *err = refusal;
  if (status != VF_OK) return status;
  vf_speed speed;
  vf_estimate_speed(j->estimate, &speed);
  if (speed.decode_known) p->decode[d - p->options] = speed.decode;
  p->decode_ctx = vf_estimate_workload(j->estimate)->requested_ctx_tokens;
  const vf_device_budget *b = vf_estimate_devices(j->estimate, &count);
  for (size_t i = 0; i < count; i++) {
    uint64_t growth = b[i].whole.known ? b[i].whole.growth_bytes : b[i].growth_bytes;
    if (i < n) {
      add(&d->devices[where[i]], taken(j, &b[i], i));
      d->growth[where[i]] = clamp(d->growth[where[i]] + growth);
      if (b[i].has_pool || j->estimate->refused) d->alone = worse(d->alone, b[i].verdict);
      if (tell) tell_parts(j, p, &b[i]);
    } else if (!b[i].pooled) {
      add(&d->host, b[i].need);
      d->growth[VF_CORESIDE_DEVICES] = clamp(growth);
    }
  }
  return VF_OK;
}

/* Alone on the empty device: a model that fits on one is not spread over several. */
static bool fits_alone(const job *j, const vf_demand *d, size_t device) {
  const vf_interval *size = &d->devices[device];
  return d->alone != VF_NO_FIT && size->bytes <= vf_device_capacity(&j->place->box.devices[device]);
}

/* Instances of one GPU do not reach each other: a model is not spread over them. */
static size_t spread_places(size_t *out, const vf_box *box) {
  size_t n = 0;
  for (size_t i = 0; i < box->n_devices; i++)
    if (!vf_device_is_instance(&box->devices[i])) out[n++] = i;
  return n;
}

/* A place that the engine refuses is none, as long as there is another one. */
static vf_status try_place(job *j, vf_placed *p, const size_t *where, size_t n, vf_error *err) {
  vf_demand *d = &p->options[p->item.n_options];
  vf_status status = demand_on(j, d, p, where, n, p->item.n_options == 0, err);
  if (status == VF_OK) p->item.n_options++;
  if (status != VF_OK) memset(d, 0, sizeof *d);
  return status == VF_UNSUPPORTED || status == VF_USAGE ? VF_OK : status;
}

/* So many neighbours in the list. */
static vf_status try_windows(job *j, vf_placed *p, size_t width, vf_error *err) {
  const vf_box *box = &j->place->box;
  vf_status status = VF_OK;
  for (size_t first = 0; status == VF_OK && first + width <= box->n_devices; first++) {
    size_t where[VF_CORESIDE_DEVICES], n = 0;
    for (size_t i = first; i < first + width && n < width; i++) where[n++] = i;
    status = try_place(j, p, where, width, err);
  }
  return status;
}

static vf_status try_singles(job *j, vf_placed *p, vf_error *err) {
  const vf_box *box = &j->place->box;
  size_t where[VF_CORESIDE_DEVICES];
  bool fits = false;
  vf_status status = VF_OK;
  for (size_t i = 0; status == VF_OK && i < box->n_devices; i++) {
    size_t before = p->item.n_options;
    status = try_place(j, p, &i, 1, err);
    if (p->item.n_options > before) fits |= fits_alone(j, &p->options[before], i);
  }
  size_t n = spread_places(where, box);
  if (status != VF_OK || fits || n < 2) return status;
  return try_place(j, p, where, n, err);
}

/* So many devices have a part of it each. */
static uint32_t ranks_of(const vf_request *r) {
  return vf_max_u32(r->tp, 1) * vf_max_u32(r->pp, 1) * vf_max_u32(r->dp, 1);
}

/* Shares or patterns that count the devices one by one mean all of them. */
static bool names_devices(const vf_request *r) {
  bool named = r->tensor_split_count > 0;
  for (size_t i = 0; i < r->override_count; i++) named |= r->overrides[i].device >= 0;
  return named;
}

/* The one that is to have everything, and it alone. */
static vf_status try_main_gpu(job *j, vf_placed *p, vf_error *err) {
  size_t where = j->opened.request.main_gpu, n = j->place->box.n_devices;
  if (where >= n)
    return vf_fail(err, VF_USAGE, "the main GPU is %zu, and the last one is %zu", where, n - 1);
  j->opened.request.main_gpu = 0;
  return try_place(j, p, &where, 1, err);
}

static vf_status try_places(job *j, vf_placed *p, const vf_scenario_workload *w, vf_error *err) {
  size_t where[VF_CORESIDE_DEVICES];
  const vf_request *r = &j->opened.request;
  uint32_t width = vf_max_u32(w->spread, ranks_of(r));
  for (size_t i = 0; i < w->n_gpus; i++) where[i] = w->gpus[i];
  if (w->n_gpus > 0) return try_place(j, p, where, w->n_gpus, err);
  if (r->split == VF_SPLIT_NONE) return try_main_gpu(j, p, err);
  if (names_devices(r)) return try_place(j, p, where, spread_places(where, &j->place->box), err);
  if (width > 1) return try_windows(j, p, width, err);
  return try_singles(j, p, err);
}

/* ---- Models ----------------------------------------------------------------------------- */

/* How many requests at once is the server's setting; the context it chooses by the memory of all
 * GPUs, also where the model then goes to one of them. */
static vf_status apply_ollama(job *j, vf_request *r, vf_error *err) {
  const vf_box *box = &j->place->box;
  if (r->seqs == 0) r->seqs = vf_max_u32(j->file->ollama.parallel, 1);
  if (r->ctx_tokens != 0 || box->n_devices < 2) return VF_OK;
  vf_status status =
      vf_estimate_run(j->estimate, j->opened.model, r, box->devices, box->n_devices, err);
  if (status == VF_OK) r->ctx_tokens = vf_estimate_workload(j->estimate)->requested_ctx_tokens;
  return status;
}

/* Options that were not understood, or that the engine does not have. */
static vf_status keep_remarks(job *j, vf_placed *p, const vf_scenario_workload *w, vf_error *err) {
  size_t n;
  vf_deployment_remarks(j->estimate, &w->d);
  const vf_assumption *a = vf_estimate_assumptions(j->estimate, &n);
  vf_assumption *list = vf_arena_alloc(j->place->arena, n + 1, sizeof *list);
  if (list == NULL) return vf_fail_nomem(err);
  for (size_t i = 0; i < n; i++)
    if (strncmp(a[i].code, "option-", 7) == 0) list[p->n_remarks++] = a[i];
  const char *refusal = j->estimate->refusal;
  if (refusal != NULL) p->refusal = vf_arena_copy(j->place->arena, refusal, strlen(refusal));
  if (refusal != NULL && p->refusal == NULL) return vf_fail_nomem(err);
  p->remarks = list;
  j->place->n_remarks += p->n_remarks;
  return VF_OK;
}

static vf_status describe_model(job *j, vf_placed *p, vf_error *err) {
  char text[256];
  vf_model_info m;
  const vf_workload *made = vf_estimate_workload(j->estimate);
  vf_model_info_get(j->opened.model, &m);
  vf_text t = vf_text_on(text, sizeof text);
  vf_text_escaped(&t, m.id, strlen(m.id));
  vf_text_printf(&t, " · %s · ", m.quant);
  vf_text_thousands(&t, made->requested_ctx_tokens);
  vf_text_printf(&t, " tokens %s %" PRIu32 " · %s", made->kv_unified ? "shared by" : "×",
                 made->seqs, made->engine);
  p->what = vf_arena_copy(j->place->arena, text, strlen(text));
  p->figure = "worked out";
  return p->what != NULL ? VF_OK : vf_fail_nomem(err);
}

static vf_status need_with(job *j, uint64_t ctx, uint64_t *bytes, uint64_t *made, vf_error *err) {
  vf_request r = j->opened.request;
  size_t n;
  if (ctx != 0) r.ctx_tokens = ctx;
  vf_status status =
      vf_estimate_run(j->estimate, j->opened.model, &r, j->place->box.devices, 1, err);
  if (status != VF_OK) return status;
  const vf_device_budget *b = vf_estimate_devices(j->estimate, &n);
  *bytes = b[0].need.bytes;
  *made = vf_estimate_workload(j->estimate)->requested_ctx_tokens;
  return VF_OK;
}

/* What the context that Ollama takes by itself, by the memory of the box, costs. */
static vf_status note_default_ctx(job *j, vf_placed *p, vf_error *err) {
  enum { WORK_CTX = 8192 };
  uint64_t whole = 0, work = 0, ctx = 0, ignored;
  vf_status status = need_with(j, 0, &whole, &ctx, err);
  if (status == VF_OK && ctx > WORK_CTX) status = need_with(j, WORK_CTX, &work, &ignored, err);
  if (status != VF_OK || ctx <= WORK_CTX || whole <= work) return status;
  p->default_ctx = ctx;
  p->default_ctx_costs = whole - work;
  return VF_OK;
}

static bool chooses_ctx(const vf_deployment *d) {
  return d->request.ctx_tokens == 0 && d->request.engine != NULL &&
         strncmp(d->request.engine, "ollama", 6) == 0;
}

static vf_status add_model(job *j, vf_placed *p, vf_scenario_workload *w, vf_error *err) {
  vf_error refusal = {.status = VF_OK};
  vf_status status = vf_opened_open(&j->opened, j->ctx, &w->d, j->place->box.devices,
                                    j->place->box.n_devices, err);
  if (status != VF_OK) return status;
  if (w->by_ollama) status = apply_ollama(j, &j->opened.request, &refusal);
  if (status == VF_OK) status = try_places(j, p, w, &refusal);
  if (status == VF_OK && p->item.n_options == 0)
    status = refusal.status != VF_OK ? refusal.status
                                     : vf_fail(&refusal, VF_USAGE, "no device can run it");
  if (status != VF_OK && err != NULL) *err = refusal;
  if (status == VF_OK) status = describe_model(j, p, err);
  if (status == VF_OK) status = keep_remarks(j, p, w, err);
  if (status == VF_OK && chooses_ctx(&w->d)) status = note_default_ctx(j, p, err);
  vf_opened_close(&j->opened);
  return status;
}

/* ---- Training --------------------------------------------------------------------------- */

/* How many devices share the run: those that are named, or as many as it says. */
static uint32_t width_of(const vf_scenario_workload *w) {
  if (w->n_gpus > 1) return (uint32_t)w->n_gpus;
  return vf_max_u32(vf_max_u32(w->spread, w->d.gpus), 1);
}

/* Neighbours in the list, or the devices that are named; each takes the same. */
static void add_shared_options(job *j, vf_placed *p, const vf_scenario_workload *w, uint32_t width,
                               const vf_train_sum *t) {
  const vf_box *box = &j->place->box;
  size_t n = w->n_gpus > 1 ? 1 : box->n_devices - width + 1;
  for (size_t o = 0; o < n; o++) {
    vf_demand *d = &p->options[o];
    size_t first = w->n_gpus > 1 ? w->gpus[0] : o;
    for (uint32_t i = 0; i < width; i++)
      add(&d->devices[w->n_gpus > 1 ? w->gpus[i] : o + i], t->need);
    add_host(d, box, first, vf_exactly(t->host_bytes));
  }
  p->item.n_options = n;
}

/* As `train` works it out, on devices that are alike; main memory for what is offloaded. */
static vf_status add_training(job *j, vf_placed *p, const vf_scenario_workload *w, vf_error *err) {
  const vf_box *box = &j->place->box;
  const vf_device *device = &box->devices[w->n_gpus > 0 ? w->gpus[0] : 0];
  uint32_t width = width_of(w);
  vf_deployment d = w->d;
  vf_train_sum t;
  if (width > box->n_devices)
    return vf_fail(err, VF_USAGE, "it trains on %" PRIu32 " devices: there %s %zu", width,
                   box->n_devices == 1 ? "is" : "are", box->n_devices);
  if (width > 1) d.train.gpus = width;
  vf_status status = vf_deployment_train_sum(&t, j->ctx, &d, device, err);
  if (status != VF_OK) return status;
  p->what = vf_arena_copy(j->place->arena, t.what, strlen(t.what));
  p->figure = "worked out";
  if (width > 1)
    add_shared_options(j, p, w, width, &t);
  else
    add_plain_options(j, p, t.need, t.host_bytes, VF_SCOPE_PROCESS);
  return p->what != NULL ? VF_OK : vf_fail_nomem(err);
}

/* ---- Programs of known size ------------------------------------------------------------- */

static vf_status add_measured(job *j, vf_placed *p, const vf_scenario_workload *w, vf_error *err) {
  vf_measured m;
  char text[200];
  vf_status status = vf_measured_find(&m, j->ctx, w->measured, err);
  if (status != VF_OK) return status;
  snprintf(text, sizeof text, "%s:%s", m.id, m.variant);
  p->what = vf_arena_copy(j->place->arena, text, strlen(text));
  p->figure = vf_quality_word[m.quality];
  add_plain_options(j, p, m.memory, m.host_bytes, m.scope);
  return p->what != NULL ? VF_OK : vf_fail_nomem(err);
}

static void add_sized(job *j, vf_placed *p, const vf_scenario_workload *w) {
  p->what = w->class == VF_ITEM_TRAINING ? "a training run" : "a program";
  p->figure = "stated";
  add_plain_options(j, p, w->size, 0, w->scope);
}

/* ---- One workload ----------------------------------------------------------------------- */

/* It gets no more than its limit: what needs more does not run. */
static void apply_limit(vf_placed *p, const vf_box *box) {
  if (p->limit_bytes == 0) return;
  for (size_t o = 0; o < p->item.n_options; o++) {
    uint64_t need = 0;
    for (size_t d = 0; d < box->n_devices; d++) need += p->options[o].devices[d].bytes;
    if (need > p->limit_bytes) {
      p->over_limit = true;
      p->options[o].alone = VF_NO_FIT;
    }
    for (size_t d = 0; d < box->n_devices; d++) {
      vf_interval *size = &p->options[o].devices[d];
      uint64_t *growth = &p->options[o].growth[d];
      size->high_bytes = vf_max_u64(size->bytes, vf_min_u64(size->high_bytes, p->limit_bytes));
      *growth = vf_min_u64(*growth, p->limit_bytes - vf_min_u64(p->limit_bytes, size->high_bytes));
    }
  }
}

/* What is to go on certain devices has no other option. */
static void keep_pinned(vf_placed *p, const vf_scenario_workload *w, size_t n_devices) {
  if (w->n_gpus != 1 || p->item.n_options != n_devices || (w->d.model != NULL && !w->d.training))
    return;
  p->options[0] = p->options[w->gpus[0]];
  p->item.n_options = 1;
}

static void add_container(vf_placed *p, const vf_box *box, uint64_t bytes) {
  for (size_t o = 0; o < p->item.n_options; o++)
    for (size_t d = 0; d < box->n_devices; d++) {
      if (p->options[o].devices[d].high_bytes == 0) continue;
      add_host(&p->options[o], box, d, vf_exactly(bytes));
      break;
    }
}

/* Stages of the same pipeline have the same number; 0 is none. */
static uint32_t pipeline_number(const vf_scenario_file *f, size_t item) {
  const vf_scenario_workload *w = &f->workloads[item];
  if (w->schedule != VF_SCHEDULE_STAGE) return 0;
  for (size_t i = 0; i < item; i++) {
    const vf_scenario_workload *other = &f->workloads[i];
    if (other->schedule == VF_SCHEDULE_STAGE && strcmp(other->pipeline, w->pipeline) == 0)
      return (uint32_t)i + 1;
  }
  return (uint32_t)item + 1;
}

static vf_status check_places(const job *j, const vf_scenario_workload *w, vf_error *err) {
  char key[192];
  size_t n = j->place->box.n_devices;
  snprintf(key, sizeof key, "%.180sgpu", w->place);
  for (size_t i = 0; i < w->n_gpus; i++)
    if (w->gpus[i] >= n)
      return vf_scenario_fail(j->file, key, err,
                              "device %" PRIu32 " is not there: the last one is %zu", w->gpus[i],
                              n - 1);
  if (w->n_gpus > 1 && w->d.model == NULL)
    return vf_scenario_fail(j->file, key, err, "only a model spreads over several devices");
  snprintf(key, sizeof key, "%.180sgpus", w->place);
  uint32_t ranks = ranks_of(&w->d.request);
  if (ranks > n)
    return vf_scenario_fail(j->file, key, err, "%" PRIu32 " ranks: there %s %zu", ranks,
                            n == 1 ? "is" : "are", n);
  if (w->spread > n || (w->spread > 1 && w->d.model == NULL))
    return vf_scenario_fail(j->file, key, err, "%" PRIu32 " devices: there %s %zu%s", w->spread,
                            n == 1 ? "is" : "are", n,
                            w->d.model == NULL ? ", and only a model spreads over several" : "");
  return VF_OK;
}

/* An error of a name or an engine, told at the workload that it is about. */
static vf_status at_workload(const job *j, const vf_scenario_workload *w, vf_status status,
                             vf_error *err) {
  char key[192];
  const vf_engine *engine;
  const char *version, *name = w->d.model != NULL ? "model" : "workload";
  if (vf_engine_find(&engine, &version, w->d.request.engine, NULL) != VF_OK) name = "engine";
  if (err == NULL || status == VF_NOMEM || err->path[0] != '\0') return status;
  vf_error cause = *err;
  snprintf(key, sizeof key, "%.170s%s", w->place, name);
  return vf_facts_fail(&j->file->facts, key, status, err, "%s%s%s", cause.source,
                       cause.source[0] != '\0' ? ": " : "", cause.message);
}

static vf_status add_item(job *j, size_t i, vf_error *err) {
  vf_scenario_workload *w = &j->file->workloads[i];
  vf_placed *p = &j->place->items[i];
  *p = (vf_placed){.name = w->name,
                   .title = w->title,
                   .class = vf_item_class_word[w->class],
                   .schedule = vf_schedule_word[w->schedule],
                   .pipeline = w->schedule == VF_SCHEDULE_STAGE ? w->pipeline : "",
                   .limit_bytes = w->limit_bytes,
                   .on_demand = w->schedule == VF_SCHEDULE_ON_DEMAND,
                   .by_ollama = w->by_ollama,
                   .keep_alive_s =
                       w->has_keep_alive ? w->keep_alive_s : j->file->ollama.keep_alive_s};
  p->item = (vf_item){.options = p->options,
                      .class = w->class,
                      .pipeline = pipeline_number(j->file, i),
                      .leaves = w->schedule == VF_SCHEDULE_STAGE && w->has_keep_alive &&
                                w->keep_alive_s == 0};
  vf_status status = check_places(j, w, err);
  if (status != VF_OK) return status;
  if (w->d.training)
    status = add_training(j, p, w, err);
  else if (w->d.model != NULL)
    status = add_model(j, p, w, err);
  else if (w->measured != NULL)
    status = add_measured(j, p, w, err);
  else
    add_sized(j, p, w);
  if (status != VF_OK) return at_workload(j, w, status, err);
  keep_pinned(p, w, j->place->box.n_devices);
  if (w->container) add_container(p, &j->place->box, j->file->container_bytes);
  apply_limit(p, &j->place->box);
  return VF_OK;
}

/* ---- One scenario ----------------------------------------------------------------------- */

static vf_interval need_of(const vf_plan *plan, size_t n_devices) {
  vf_interval sum = {0};
  for (size_t i = 0; i < n_devices; i++) add(&sum, plan->budgets[i].need);
  return sum;
}

vf_interval vf_placed_need(const vf_place *place, const vf_placed_scenario *s) {
  return need_of(&s->plan, place->box.n_devices);
}

static uint32_t subset(const vf_place *p, uint32_t set, bool by_ollama) {
  uint32_t out = 0;
  for (size_t i = 0; i < p->n_items; i++)
    if ((set >> i & 1) != 0 && p->items[i].on_demand && p->items[i].by_ollama == by_ollama)
      out |= UINT32_C(1) << i;
  return out;
}

/* What is worse as a peak: the verdict, then the memory. */
static bool is_worse(const vf_plan *a, const vf_plan *b, size_t n_devices) {
  if (a->verdict != b->verdict) return a->verdict > b->verdict;
  return need_of(a, n_devices).high_bytes > need_of(b, n_devices).high_bytes;
}

/* Those that the file names, as far as they are in the scenario; else each model once. */
static size_t list_requests(uint32_t out[VF_RESIDENCY_STEPS], const vf_ollama_rules *o,
                            uint32_t set) {
  size_t n = 0;
  for (size_t i = 0; i < o->n_requests; i++)
    if (set >> o->requests[i] & 1) out[n++] = o->requests[i];
  for (uint32_t i = 0; o->n_requests == 0 && i < VF_CORESIDE_ITEMS; i++)
    if (set >> i & 1) out[n++] = i;
  return n;
}

/* Which models are loaded together is the server's choice; the worst of its steps is the peak. */
static vf_status run_server(job *j, vf_placed_scenario *s, uint32_t served, vf_error *err) {
  vf_place *p = j->place;
  const vf_box *box = &p->box;
  vf_resident residents[VF_CORESIDE_ITEMS] = {{0}};
  uint32_t requests[VF_RESIDENCY_STEPS], others = s->set & ~served;
  uint64_t free_bytes = 0;
  vf_item *items = vf_arena_alloc(p->arena, VF_CORESIDE_ITEMS, sizeof *items);
  s->steps = vf_arena_alloc(p->arena, VF_RESIDENCY_STEPS, sizeof *s->steps);
  if (items == NULL || s->steps == NULL) return vf_fail_nomem(err);
  for (size_t i = 0; i < p->n_items; i++) {
    items[i] = p->items[i].item;
    residents[i].keep_alive_s = p->items[i].keep_alive_s;
    for (size_t d = 0; d < box->n_devices; d++)
      residents[i].need_bytes += items[i].options[0].devices[d].bytes;
  }
  vf_coreside_pack(&s->plan, box, items, others);
  for (size_t d = 0; d < box->n_devices; d++) {
    uint64_t taken_bytes = s->plan.budgets[d].need.bytes + j->file->ollama.overhead_bytes;
    uint64_t capacity = s->plan.budgets[d].capacity_bytes;
    free_bytes += capacity - vf_min_u64(capacity, taken_bytes);
  }
  s->n_steps = list_requests(requests, &j->file->ollama, served);
  vf_residency_run(s->steps, residents, requests, s->n_steps, free_bytes, p->max_loaded);
  s->peak = others;
  for (size_t i = 0; i < s->n_steps; i++) {
    vf_plan plan;
    vf_coreside_pack(&plan, box, items, others | s->steps[i].loaded);
    if (i > 0 && !is_worse(&plan, &s->plan, box->n_devices)) continue;
    s->plan = plan;
    s->peak = others | s->steps[i].loaded;
  }
  return VF_OK;
}

/* Everything that can be loaded together, where something comes and goes. */
static vf_status list_sets(job *j, vf_placed_scenario *s, const vf_item *items, uint32_t come,
                           vf_error *err) {
  uint32_t stay = s->peak & ~come;
  size_t n = 1;
  for (uint32_t bits = come; bits != 0; bits &= bits - 1) n *= 2;
  if (come == 0 || n > VF_PLACE_SETS) return VF_OK;
  s->sets = vf_arena_alloc(j->place->arena, n, sizeof *s->sets);
  if (s->sets == NULL) return vf_fail_nomem(err);
  for (uint32_t part = 0;; part = (part - come) & come) { /* every subset, in ascending order */
    vf_plan plan;
    vf_coreside_pack(&plan, &j->place->box, items, stay | part);
    s->sets[s->n_sets++] =
        (vf_place_set){stay | part, need_of(&plan, j->place->box.n_devices), plan.verdict};
    if (part == come) return VF_OK;
  }
}

static vf_status add_scenario(job *j, const vf_scenario *from, const vf_item *items,
                              vf_error *err) {
  vf_place *p = j->place;
  vf_placed_scenario *s = &p->scenarios[p->n_scenarios++];
  uint32_t served = subset(p, from->set, true);
  vf_status status = VF_OK;
  *s = (vf_placed_scenario){
      .name = from->name, .title = from->title, .set = from->set, .peak = from->set};
  if (served != 0)
    status = run_server(j, s, served, err);
  else
    vf_coreside_pack(&s->plan, &p->box, items, s->set);
  if (status != VF_OK) return status;
  vf_coreside_breaks(&s->breaks, &p->box, items, s->peak);
  s->compute = vf_coreside_compute(&s->reason, &p->box, items, s->peak, &s->plan);
  for (size_t i = 0; i < p->n_items; i++)
    if (s->peak >> i & 1) s->sharers[i] = vf_coreside_sharers(&p->box, items, s->peak, &s->plan, i);
  if (s->plan.verdict > p->verdict) p->verdict = s->plan.verdict;
  return list_sets(j, s, items, subset(p, s->peak, false), err);
}

static vf_status add_scenarios(job *j, const char *wanted, vf_error *err) {
  vf_place *p = j->place;
  const char *names[VF_SCENARIOS + 1] = {NULL};
  vf_item items[VF_CORESIDE_ITEMS];
  vf_status status = VF_OK;
  for (size_t i = 0; i < p->n_items; i++) items[i] = p->items[i].item;
  for (size_t i = 0; status == VF_OK && i < j->file->n_scenarios; i++) {
    names[i] = j->file->scenarios[i].name;
    if (wanted != NULL && !vf_name_equal(wanted, names[i])) continue;
    status = add_scenario(j, &j->file->scenarios[i], items, err);
  }
  if (status != VF_OK || p->n_scenarios > 0) return status;
  const char *nearest = vf_nearest_name(wanted, names);
  return vf_fail(err, VF_UNKNOWN, "no scenario is called '%.60s': did you mean %.60s?", wanted,
                 nearest != NULL ? nearest : names[0]);
}

/* ---- All of it -------------------------------------------------------------------------- */

static vf_status work_out(job *j, const char *path, const vf_place_options *o, vf_error *err) {
  vf_place *p = j->place;
  vf_status status = vf_scenario_read(j->file, j->ctx, p->arena, path, err);
  if (status == VF_OK) status = vf_estimate_new(&j->estimate, j->ctx, err);
  if (status == VF_OK) status = vf_estimate_new(&j->scratch, j->ctx, err);
  if (status == VF_OK) status = make_box(j, o, err);
  if (status != VF_OK) return status;
  p->source = j->file->facts.source;
  p->title = j->file->title;
  p->container_bytes = j->file->container_bytes;
  p->skipped = j->file->skipped;
  p->n_skipped = j->file->n_skipped;
  p->max_loaded =
      j->file->ollama.max_loaded != 0 ? j->file->ollama.max_loaded : 3 * (uint32_t)p->box.n_devices;
  p->items = vf_arena_alloc(p->arena, j->file->n_workloads, sizeof *p->items);
  p->scenarios = vf_arena_alloc(p->arena, j->file->n_scenarios, sizeof *p->scenarios);
  if (p->items == NULL || p->scenarios == NULL) return vf_fail_nomem(err);
  p->n_items = j->file->n_workloads;
  for (size_t i = 0; status == VF_OK && i < p->n_items; i++) status = add_item(j, i, err);
  return status == VF_OK ? add_scenarios(j, o->scenario, err) : status;
}

vf_status vf_place_open(vf_place **out, const vf_context *ctx, const char *path,
                        const vf_place_options *options, vf_error *err) {
  VF_NEED(err, out);
  VF_NEED(err, ctx);
  VF_NEED(err, path);
  vf_place_options o = vf_place_options_init();
  vf_status status = vf_take_struct(&o, sizeof o, options, "vf_place_options", err);
  if (status != VF_OK) return status;
  vf_arena *arena = vf_arena_new(&ctx->allocator, (size_t)256 << 20);
  vf_place *place = arena == NULL ? NULL : vf_arena_alloc(arena, 1, sizeof *place);
  vf_scenario_file *file = place == NULL ? NULL : vf_arena_alloc(arena, 1, sizeof *file);
  char *source = file == NULL ? NULL : vf_arena_copy(arena, path, strlen(path));
  if (source == NULL) {
    if (arena != NULL) vf_arena_free(arena);
    return vf_fail_nomem(err);
  }
  job j = {.ctx = ctx, .place = place, .file = file};
  place->arena = arena;
  vf_error cause = {.status = VF_OK};
  status = work_out(&j, source, &o, &cause);
  if (status != VF_OK && cause.line == 0 && file->text != NULL && strcmp(cause.source, path) == 0)
    vf_json_locate(file->text, file->length, &cause);
  if (status != VF_OK && err != NULL) *err = cause;
  vf_estimate_free(j.estimate);
  vf_estimate_free(j.scratch);
  vf_opened_close(&j.opened);
  if (status == VF_OK)
    *out = place;
  else
    vf_arena_free(arena);
  return status;
}

size_t vf_place_remarks(const vf_place *place) {
  return place != NULL ? place->n_remarks : 0;
}

size_t vf_place_scenarios(const vf_place *place) {
  return place != NULL ? place->n_scenarios : 0;
}

vf_verdict vf_place_verdict(const vf_place *place, size_t scenario) {
  if (place == NULL) return VF_NO_FIT;
  return scenario < place->n_scenarios ? place->scenarios[scenario].plan.verdict : place->verdict;
}

void vf_place_free(vf_place *place) {
  if (place != NULL) vf_arena_free(place->arena);
}
