/* estimate.c - adding up budgets and judging them.
 *
 * FITS: need.high + growth + headroom target <= capacity.  TIGHT: need.high <= capacity, but not
 * FITS.  RISKY: need <= capacity, but need.high is not.  NO-FIT: need > capacity.  The verdict of
 * the whole is the worst of its devices, and that of a device with two limits the worse of both. */
#include "core/estimate.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/checked.h"
#include "base/status.h"

/* ---- Memory ----------------------------------------------------------------------------- */

static void free_lists(vf_estimate *e) {
  e->allocator.free(e->allocator.user, e->devices);
  e->allocator.free(e->allocator.user, e->lines);
  e->devices = NULL;
  e->lines = NULL;
  e->device_capacity = e->line_capacity = 0;
}

void vf_estimate_free(vf_estimate *e) {
  if (e == NULL) return;
  free_lists(e);
  e->allocator.free(e->allocator.user, e);
}

static vf_status reserve(vf_estimate *e, size_t devices, vf_error *err) {
  if (devices <= e->device_capacity) return VF_OK;
  free_lists(e);
  size_t lines = devices * VF_LINES_PER_DEVICE;
  e->devices = e->allocator.alloc(e->allocator.user, devices * sizeof *e->devices);
  e->lines = e->allocator.alloc(e->allocator.user, lines * sizeof *e->lines);
  if (e->devices == NULL || e->lines == NULL) {
    free_lists(e);
    return vf_fail_nomem(err);
  }
  e->device_capacity = devices;
  e->line_capacity = lines;
  return VF_OK;
}

void vf_estimate_restart(vf_estimate *e, const vf_model *model) {
  e->model = model;
  e->n_lines = 0;
  e->n_words = 0;
  e->n_assumptions = model->n_assumptions;
  memcpy(e->assumptions, model->assumptions, model->n_assumptions * sizeof *e->assumptions);
  e->verdict = VF_FITS;
  e->refused = e->overflow = e->lost_assumption = e->has_plan = e->inexact = false;
  e->refusal = e->crowded = NULL;
  e->named[0] = '\0';
  for (size_t i = 0; i < e->n_devices; i++) {
    vf_device_budget *b = &e->devices[i];
    vf_device kept = b->device;
    memset(b, 0, sizeof *b);
    b->device = kept;
  }
}

vf_status vf_estimate_reset(vf_estimate *e, const vf_model *model, size_t device_count,
                            vf_error *err) {
  vf_status status = reserve(e, device_count, err);
  if (status != VF_OK) return status;
  e->n_devices = device_count;
  memset(e->devices, 0, device_count * sizeof *e->devices);
  vf_estimate_restart(e, model);
  return VF_OK;
}

/* ---- Filling ---------------------------------------------------------------------------- */

static const char *assume_that(vf_estimate *e, const char *code, const char *fmt, va_list args)
    VF_PRINTF(3, 0);

static const char *assume_that(vf_estimate *e, const char *code, const char *fmt, va_list args) {
  char *text = e->words + e->n_words;
  size_t room = sizeof e->words - e->n_words;
  int n = vsnprintf(text, room, fmt, args);
  if (n < 0 || (size_t)n >= room) {
    e->lost_assumption = true;
    return NULL;
  }
  e->n_words += (size_t)n + 1;
  vf_estimate_assume(e, code, text);
  return text;
}

void vf_estimate_assume_that(vf_estimate *e, const char *code, const char *fmt, ...) {
  va_list args;
  va_start(args, fmt);
  (void)assume_that(e, code, fmt, args);
  va_end(args);
}

void vf_estimate_refuse(vf_estimate *e, const char *code, const char *fmt, ...) {
  va_list args;
  va_start(args, fmt);
  const char *text = assume_that(e, code, fmt, args);
  va_end(args);
  if (e->refusal == NULL) e->refusal = text;
  e->refused = true;
}

void vf_estimate_crowd(vf_estimate *e, const char *code, const char *fmt, ...) {
  va_list args;
  for (size_t i = 0; i < e->n_assumptions; i++)
    if (strcmp(e->assumptions[i].code, code) == 0) return; /* of another device */
  va_start(args, fmt);
  const char *text = assume_that(e, code, fmt, args);
  va_end(args);
  if (e->crowded == NULL) e->crowded = text;
}

static void add_interval(vf_estimate *e, vf_interval *sum, vf_interval size) {
  if (!vf_add(&sum->low_bytes, sum->low_bytes, size.low_bytes) ||
      !vf_add(&sum->bytes, sum->bytes, size.bytes) ||
      !vf_add(&sum->high_bytes, sum->high_bytes, size.high_bytes))
    e->overflow = true;
}

void vf_estimate_add(vf_estimate *e, vf_line line) {
  if (line.size.high_bytes == 0) return;
  if (e->n_lines == e->line_capacity) {
    e->overflow = true;
    return;
  }
  if (e->inexact && line.basis == VF_BASIS_EXACT) line.basis = VF_BASIS_MODELLED;
  vf_device_budget *d = &e->devices[line.device];
  uint64_t *part = &d->part_bytes[line.part], *growth = &d->growth_bytes;
  bool counts = !line.outside && !line.growth;
  if (counts && !vf_add(part, *part, line.size.bytes)) e->overflow = true;
  if (counts) add_interval(e, &d->need, line.size);
  if (line.growth && !vf_add(growth, *growth, line.size.high_bytes)) e->overflow = true;
  e->lines[e->n_lines++] = line;
}

void vf_estimate_assume(vf_estimate *e, const char *code, const char *text) {
  if (e->n_assumptions == VF_MAX_ASSUMPTIONS) {
    e->lost_assumption = true;
    return;
  }
  e->assumptions[e->n_assumptions++] = (vf_assumption){code, text};
}

/* ---- Judging ---------------------------------------------------------------------------- */

uint64_t vf_device_capacity(const vf_device *d) {
  uint64_t taken;
  if (!vf_add(&taken, d->reserved_bytes, d->used_bytes) || taken > d->total_bytes) return 0;
  return d->total_bytes - taken;
}

uint64_t vf_estimate_host_bytes(const vf_estimate *e) {
  size_t n;
  const vf_device_budget *b = vf_estimate_devices(e, &n);
  return n > 1 ? b[n - 1].need.high_bytes : 0;
}

bool vf_device_has_main_memory(const vf_device *d) {
  return d->kind == VF_DEVICE_DISCRETE || (d->kind == VF_DEVICE_UNIFIED && d->whole_bytes != 0);
}

static uint64_t headroom_target(const vf_device *d, uint64_t capacity) {
  if (d->headroom_permille == 0) return d->headroom_bytes;
  return capacity / 1000 * d->headroom_permille + capacity % 1000 * d->headroom_permille / 1000;
}

static vf_verdict judge(vf_interval need, uint64_t growth, uint64_t target, uint64_t capacity) {
  uint64_t wanted = 0;
  if (need.bytes > capacity) return VF_NO_FIT;
  if (need.high_bytes > capacity) return VF_RISKY;
  bool sane = vf_add(&wanted, need.high_bytes, growth) && vf_add(&wanted, wanted, target);
  return sane && wanted <= capacity ? VF_FITS : VF_TIGHT;
}

/* The second limit: others hold of it what they hold of the first. */
static void judge_whole(vf_device_budget *b) {
  vf_whole *w = &b->whole;
  uint64_t used = b->device.used_bytes, most = b->device.whole_bytes;
  w->capacity_bytes = most - vf_min_u64(most, used);
  w->headroom_bytes = (int64_t)w->capacity_bytes - (int64_t)w->need.high_bytes;
  w->verdict = judge(w->need, w->growth_bytes, b->headroom_target_bytes, w->capacity_bytes);
}

void vf_budget_judge(vf_device_budget *b) {
  b->capacity_bytes = vf_device_capacity(&b->device);
  b->headroom_target_bytes = headroom_target(&b->device, b->capacity_bytes);
  b->headroom_bytes = (int64_t)b->capacity_bytes - (int64_t)b->need.high_bytes;
  b->verdict = judge(b->need, b->growth_bytes, b->headroom_target_bytes, b->capacity_bytes);
  if (!b->whole.known) return;
  judge_whole(b);
  if (b->whole.verdict > b->verdict) b->verdict = b->whole.verdict;
}

static void add_growth(vf_estimate *e, uint64_t *sum, uint64_t bytes) {
  if (!vf_add(sum, *sum, bytes)) e->overflow = true;
}

/* What the host takes of the pool: where the GPU may have a part of it alone, that part is no
 * matter of the host's, and both together have the whole as their limit. */
static void pay_for_host(vf_estimate *e, vf_device_budget *pool, const vf_device_budget *host) {
  vf_whole *w = &pool->whole;
  pool->shared_host_bytes = host->need.bytes;
  w->known = pool->device.whole_bytes != 0;
  if (!w->known) {
    add_interval(e, &pool->need, host->need);
    add_growth(e, &pool->growth_bytes, host->growth_bytes);
    return;
  }
  w->need = pool->need;
  w->growth_bytes = pool->growth_bytes;
  add_interval(e, &w->need, host->need);
  add_growth(e, &w->growth_bytes, host->growth_bytes);
  if (w->need.high_bytes > INT64_MAX) e->overflow = true;
}

/* On unified memory the host's lines come out of the same pool: the first unified device pays. */
static void share_pool(vf_estimate *e) {
  vf_device_budget *pool = NULL;
  for (size_t i = 0; i < e->n_devices && pool == NULL; i++)
    if (e->devices[i].device.kind == VF_DEVICE_UNIFIED) pool = &e->devices[i];
  if (pool == NULL) return;
  for (size_t i = 0; i < e->n_devices; i++) {
    vf_device_budget *host = &e->devices[i];
    if (host->device.kind != VF_DEVICE_HOST) continue;
    host->pooled = true;
    host->device.total_known = false;
    pay_for_host(e, pool, host);
  }
}

/* Returns whether there is anything to judge against. */
static bool finish_device(vf_estimate *e, vf_device_budget *b) {
  if (b->need.high_bytes > INT64_MAX) e->overflow = true;
  if (!b->device.total_known || e->overflow) return false;
  vf_budget_judge(b);
  if (e->refused && b->device.kind != VF_DEVICE_HOST) b->verdict = VF_NO_FIT;
  if (b->verdict > e->verdict) e->verdict = b->verdict;
  return true;
}

/* What a driver said a moment ago can be otherwise a moment later. */
static void assume_live(vf_estimate *e) {
  bool live = false;
  for (size_t i = 0; i < e->n_devices; i++) live |= e->devices[i].device.used_is_live;
  if (live)
    vf_estimate_assume(
        e, "used-now",
        "others go on holding what they hold now (--total: as if they held nothing)");
}

vf_status vf_estimate_finish(vf_estimate *e, vf_error *err) {
  bool judged = false;
  assume_live(e);
  share_pool(e);
  if (e->crowded != NULL && !e->refused) e->refusal = e->crowded;
  e->refused |= e->crowded != NULL;
  for (size_t i = 0; i < e->n_devices; i++) judged |= finish_device(e, &e->devices[i]);
  if (e->overflow)
    return vf_fail(err, VF_OVERFLOW, "the sizes asked for do not fit 64 bits: nothing fits that");
  if (e->lost_assumption)
    return vf_fail(err, VF_LIMIT, "more than %d things would have to be taken for granted",
                   VF_MAX_ASSUMPTIONS);
  if (!judged)
    return vf_fail(err, VF_USAGE, "%s: its memory is not known: say --memory or --host-memory SIZE",
                   e->devices[0].device.id);
  return VF_OK;
}

void vf_estimate_clear(vf_estimate *e) {
  e->n_devices = e->n_lines = e->n_assumptions = 0;
  e->verdict = VF_NO_FIT;
}

vf_status vf_estimate_needed(const vf_estimate *e, vf_error *err) {
  if (e->n_devices != 0) return VF_OK;
  return vf_fail(err, VF_USAGE, "the estimate has no result: vf_estimate_run() has not succeeded");
}

/* ---- Reading ---------------------------------------------------------------------------- */

vf_verdict vf_estimate_verdict(const vf_estimate *e) {
  return e != NULL ? e->verdict : VF_NO_FIT;
}

const vf_device_budget *vf_estimate_devices(const vf_estimate *e, size_t *count) {
  if (count != NULL) *count = e != NULL ? e->n_devices : 0;
  return e != NULL ? e->devices : NULL;
}

static int64_t as_signed(uint64_t bytes) {
  return (int64_t)vf_min_u64(bytes, INT64_MAX / 4);
}

static int64_t over(int64_t headroom, uint64_t growth, uint64_t target) {
  return headroom - as_signed(growth) - as_signed(target);
}

int64_t vf_budget_over(const vf_device_budget *b) {
  int64_t left = over(b->headroom_bytes, b->growth_bytes, b->headroom_target_bytes);
  if (!b->whole.known) return left;
  int64_t other = over(b->whole.headroom_bytes, b->whole.growth_bytes, b->headroom_target_bytes);
  return other < left ? other : left;
}

int64_t vf_budget_headroom(const vf_device_budget *b) {
  bool whole = b->whole.known && b->whole.headroom_bytes < b->headroom_bytes;
  return whole ? b->whole.headroom_bytes : b->headroom_bytes;
}

const vf_device_budget *vf_estimate_tightest(const vf_estimate *e) {
  const vf_device_budget *least = NULL;
  for (size_t i = 0; i < e->n_devices; i++) {
    const vf_device_budget *b = &e->devices[i];
    if (!b->device.total_known || b->pooled) continue;
    if (least == NULL || vf_budget_over(b) < vf_budget_over(least)) least = b;
  }
  return least;
}

const vf_line *vf_estimate_lines(const vf_estimate *e, size_t *count) {
  if (count != NULL) *count = e != NULL ? e->n_lines : 0;
  return e != NULL ? e->lines : NULL;
}

const vf_assumption *vf_estimate_assumptions(const vf_estimate *e, size_t *count) {
  if (count != NULL) *count = e != NULL ? e->n_assumptions : 0;
  return e != NULL ? e->assumptions : NULL;
}

const vf_workload *vf_estimate_workload(const vf_estimate *e) {
  return e != NULL ? &e->workload : NULL;
}

const vf_model *vf_estimate_model(const vf_estimate *e) {
  return e != NULL ? e->model : NULL;
}
