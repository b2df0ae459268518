/* coreside.c - packing programs onto devices, by trying every place up to a number of items.
 *
 * A packing counts by its verdict first.  Up to VF_CORESIDE_EXACT items the search is complete as
 * long as its steps last, so that NO-FIT means that no packing fits; beyond that the largest go
 * first to where most is left, and only FITS is certain then.
 *
 * The search, for a stranger.  n programs, d devices: each can go to one of them (or to all
 * together, or where it is pinned), (d+1)^n packings, and a packing is good or bad as a whole.  The
 * question is asked three times, from the best verdict down: is there one that FITS, else one that
 * is TIGHT, and so on; the first that finds one has the answer, and one that was looked through
 * without finding any is proof that there is none.
 *
 *     depth 0   A on gpu0                            A on gpu1: equal, empty: left out
 *     depth 1   B on gpu0      B on gpu1
 *     depth 2   C: no room     C on gpu0   C on gpu1     a packing: kept, if the fullest device of
 *                                                        it has more left than that of the last
 *
 * It goes down the tree item by item (no recursion: `chosen` is the stack) and turns back as early
 * as it can.  The largest go first, because they fail first.  A branch is left where
 *   - the items so far are already worse than what is asked for,
 *   - what is left of all devices together is less than the least that the rest takes (has_volume),
 *   - a device is tried that is equal to one before it, both empty,
 *   - an item that is like the one before it goes to an earlier place: the two exchanged,
 *   - nothing can come that leaves more room than what was found.
 * After STEPS it gives up and says so (exact is false): then the greedy packing stands, and only
 * FITS is certain.
 */
#include "core/coreside.h"

#include <string.h>

#include "base/checked.h"

/* A set of items that is to be packed. */
typedef struct packing {
  const vf_box *box;
  const vf_item *items;
  uint8_t order[VF_CORESIDE_ITEMS]; /* fixed ones, then the largest first */
  size_t n;
  uint8_t chosen[VF_CORESIDE_ITEMS]; /* option of order[k] */
} packing;

/* ---- Sums ------------------------------------------------------------------------------- */

static void add(vf_interval *sum, vf_interval size) {
  sum->low_bytes += size.low_bytes;
  sum->bytes += size.bytes;
  sum->high_bytes += size.high_bytes;
}

static void widen(vf_interval *most, vf_interval size) {
  most->low_bytes = vf_max_u64(most->low_bytes, size.low_bytes);
  most->bytes = vf_max_u64(most->bytes, size.bytes);
  most->high_bytes = vf_max_u64(most->high_bytes, size.high_bytes);
}

static const vf_demand *demand_of(const packing *p, size_t k) {
  return &p->items[p->order[k]].options[p->chosen[k]];
}

static const vf_interval *part_of(const vf_demand *d, size_t place, size_t n_devices) {
  return place == n_devices ? &d->host : &d->devices[place];
}

/* Of stages that leave after their turn the largest of each pipeline counts; item k is the first
 * of its pipeline if none before it is in it. */
static bool is_first_of_turn(const packing *p, size_t k) {
  const vf_item *item = &p->items[p->order[k]];
  for (size_t i = 0; i < k; i++) {
    const vf_item *other = &p->items[p->order[i]];
    if (other->leaves && other->pipeline == item->pipeline) return false;
  }
  return true;
}

/* What is loaded in one place: at once, and with use on top. */
typedef struct burden {
  vf_interval need;
  uint64_t growth;
} burden;

static uint64_t growth_of(const packing *p, size_t k, size_t place) {
  return demand_of(p, k)->growth[place == p->box->n_devices ? VF_CORESIDE_DEVICES : place];
}

static void add_turn(burden *sum, const packing *p, size_t first, size_t depth, size_t place) {
  vf_interval most = {0};
  uint64_t growth = 0;
  uint32_t pipeline = p->items[p->order[first]].pipeline;
  for (size_t k = first; k < depth; k++) {
    const vf_item *item = &p->items[p->order[k]];
    if (!item->leaves || item->pipeline != pipeline) continue;
    widen(&most, *part_of(demand_of(p, k), place, p->box->n_devices));
    growth = vf_max_u64(growth, growth_of(p, k, place));
  }
  add(&sum->need, most);
  sum->growth += growth;
}

/* What the first `depth` items take in one place; n_devices is the host. */
static burden load(const packing *p, size_t depth, size_t place) {
  burden sum = {0};
  for (size_t k = 0; k < depth; k++) {
    if (!p->items[p->order[k]].leaves) {
      add(&sum.need, *part_of(demand_of(p, k), place, p->box->n_devices));
      sum.growth += growth_of(p, k, place);
    } else if (is_first_of_turn(p, k)) {
      add_turn(&sum, p, k, depth, place);
    }
  }
  return sum;
}

static const vf_device *place_of(const vf_box *box, size_t place) {
  return place == box->n_devices ? &box->host : &box->devices[place];
}

/* The budget of one place, judged. */
static vf_device_budget budget_of(const packing *p, size_t depth, size_t place) {
  burden taken = load(p, depth, place);
  const vf_device *d = place_of(p->box, place);
  vf_device_budget b = {.device = *d, .need = taken.need, .growth_bytes = taken.growth};
  if (d->total_known) vf_budget_judge(&b);
  return b;
}

/* The verdict over the first `depth` items, and the least that is left of any device. */
static vf_verdict judge(const packing *p, size_t depth, int64_t *least) {
  vf_verdict worst = VF_FITS;
  *least = INT64_MAX;
  for (size_t k = 0; k < depth; k++)
    if (demand_of(p, k)->alone > worst) worst = demand_of(p, k)->alone;
  for (size_t place = 0; place <= p->box->n_devices; place++) {
    const vf_device *d = place_of(p->box, place);
    if (!d->total_known) continue;
    vf_device_budget b = budget_of(p, depth, place);
    if (b.verdict > worst) worst = b.verdict;
    if (place < p->box->n_devices && b.headroom_bytes < *least) *least = b.headroom_bytes;
  }
  return worst;
}

/* ---- The search ------------------------------------------------------------------------- */

/* Of one set; of the many subsets that are asked what breaks it; and how many of those at most. */
enum { STEPS = 400000, STEPS_TO_BALANCE = 20000, SUBSET_STEPS = 5000, SUBSETS = 1500 };

typedef struct search {
  packing p;
  vf_verdict level; /* packings that are worse do not count */
  int64_t best_left;
  uint8_t best[VF_CORESIDE_ITEMS];
  bool found;
  size_t steps, most_steps;
  uint64_t rest[VF_CORESIDE_ITEMS + 1]; /* least that items k and beyond take together */
  bool same[VF_CORESIDE_ITEMS];         /* item k is like the one before it */
} search;

/* Of equal devices that are empty one is tried. */
static bool is_repeated(const search *s, size_t depth, size_t option) {
  const vf_box *box = s->p.box;
  const vf_item *item = &s->p.items[s->p.order[depth]];
  if (item->n_options < box->n_devices || option == 0 || option >= box->n_devices) return false;
  if (strcmp(box->devices[option].id, box->devices[option - 1].id) != 0) return false;
  if (box->devices[option].used_bytes != box->devices[option - 1].used_bytes) return false;
  return load(&s->p, depth, option).need.high_bytes == 0 &&
         load(&s->p, depth, option - 1).need.high_bytes == 0;
}

/* What counts of a need for a verdict that is no worse. */
static uint64_t counted(vf_interval need, uint64_t growth, vf_verdict level) {
  if (level == VF_FITS) return need.high_bytes + growth;
  return level == VF_TIGHT ? need.high_bytes : need.bytes;
}

static uint64_t least_of(const packing *p, size_t k, vf_verdict level) {
  const vf_item *item = &p->items[p->order[k]];
  uint64_t least = UINT64_MAX;
  for (size_t o = 0; o < item->n_options; o++) {
    uint64_t sum = 0;
    for (size_t d = 0; d < p->box->n_devices; d++)
      sum += counted(item->options[o].devices[d], item->options[o].growth[d], level);
    least = vf_min_u64(least, sum);
  }
  return item->leaves || item->n_options == 0 ? 0 : least;
}

/* Two that take the same everywhere: exchanging them is no other packing. */
static bool is_same(const vf_item *a, const vf_item *b, size_t n_devices) {
  if (a->n_options != b->n_options || a->leaves || b->leaves) return false;
  for (size_t o = 0; o < a->n_options; o++) {
    const vf_demand *x = &a->options[o], *y = &b->options[o];
    if (x->alone != y->alone || memcmp(&x->host, &y->host, sizeof x->host) != 0 ||
        memcmp(x->growth, y->growth, sizeof x->growth) != 0 ||
        memcmp(x->devices, y->devices, n_devices * sizeof *x->devices) != 0)
      return false;
  }
  return true;
}

static void prepare(search *s) {
  const packing *p = &s->p;
  s->rest[p->n] = 0;
  for (size_t k = p->n; k-- > 0;) {
    s->rest[k] = s->rest[k + 1] + least_of(p, k, s->level);
    s->same[k] =
        k > 0 && is_same(&p->items[p->order[k]], &p->items[p->order[k - 1]], p->box->n_devices);
  }
}

/* What is left of all devices for the items from `depth` on. */
static bool has_volume(const search *s, size_t depth) {
  uint64_t room = 0;
  for (size_t d = 0; d < s->p.box->n_devices; d++) {
    vf_device_budget b = budget_of(&s->p, depth, d);
    uint64_t taken = counted(b.need, b.growth_bytes, s->level);
    if (s->level == VF_FITS) taken += b.headroom_target_bytes;
    room += b.capacity_bytes - vf_min_u64(b.capacity_bytes, taken);
  }
  return s->rest[depth] <= room;
}

/* Whether the next item may go where its option says: it can still lead to a better packing. */
static bool may_stay(search *s, size_t depth) {
  int64_t left;
  s->steps++;
  if (s->same[depth] && s->p.chosen[depth] < s->p.chosen[depth - 1]) return false;
  if (is_repeated(s, depth, s->p.chosen[depth])) return false;
  if (judge(&s->p, depth + 1, &left) > s->level || !has_volume(s, depth + 1)) return false;
  return !s->found || left > s->best_left;
}

static void keep(search *s) {
  judge(&s->p, s->p.n, &s->best_left);
  memcpy(s->best, s->p.chosen, sizeof s->best);
  s->found = true;
}

static bool is_over(const search *s) {
  return s->steps > s->most_steps || (s->found && s->steps > STEPS_TO_BALANCE);
}

/* Depth first, without recursion; true if the search was complete or found one. */
static bool run(search *s) {
  size_t depth = 0, n = s->p.n;
  bool descend = true;
  if (n == 0) return true;
  while (!is_over(s)) {
    const vf_item *item = &s->p.items[s->p.order[depth]];
    s->p.chosen[depth] = descend ? 0 : (uint8_t)(s->p.chosen[depth] + 1);
    descend = false;
    if (s->p.chosen[depth] >= item->n_options) {
      if (depth-- == 0) return true;
      continue;
    }
    if (!may_stay(s, depth)) continue;
    if (depth + 1 == n) {
      keep(s);
      continue;
    }
    depth++;
    descend = true;
  }
  return s->found;
}

/* ---- Beyond what can be tried ----------------------------------------------------------- */

/* Each to where the least that is left stays the largest. */
static void place_one(packing *p, size_t k) {
  const vf_item *item = &p->items[p->order[k]];
  int64_t best_left = INT64_MIN;
  vf_verdict best_verdict = VF_VERDICT_COUNT;
  uint8_t best = 0;
  for (size_t o = 0; o < item->n_options; o++) {
    int64_t left;
    p->chosen[k] = (uint8_t)o;
    vf_verdict v = judge(p, k + 1, &left);
    if (v > best_verdict || (v == best_verdict && left <= best_left)) continue;
    best_verdict = v;
    best_left = left;
    best = (uint8_t)o;
  }
  p->chosen[k] = best;
}

static void place_greedily(packing *p) {
  for (size_t k = 0; k < p->n; k++) place_one(p, k);
}

/* ---- Packing ---------------------------------------------------------------------------- */

static uint64_t size_of(const vf_item *item, size_t n_devices) {
  uint64_t most = 0;
  for (size_t o = 0; o < item->n_options; o++) {
    uint64_t sum = 0;
    for (size_t d = 0; d < n_devices; d++) sum += item->options[o].devices[d].high_bytes;
    most = vf_max_u64(most, sum);
  }
  return most;
}

/* What has one place comes first, so that equal devices that are empty stay alike; then by size. */
static bool goes_before(const vf_item *a, const vf_item *b, size_t n_devices) {
  bool fixed = a->n_options == 1, other_fixed = b->n_options == 1;
  if (fixed != other_fixed) return fixed;
  return size_of(a, n_devices) > size_of(b, n_devices);
}

static packing ordered(const vf_box *box, const vf_item *items, uint32_t set) {
  packing p = {.box = box, .items = items};
  for (uint32_t i = 0; i < VF_CORESIDE_ITEMS; i++) {
    if ((set >> i & 1) == 0) continue;
    size_t at = p.n++;
    for (; at > 0 && goes_before(&items[i], &items[p.order[at - 1]], box->n_devices); at--)
      p.order[at] = p.order[at - 1];
    p.order[at] = (uint8_t)i;
  }
  return p;
}

static void write_plan(vf_plan *out, const packing *p) {
  int64_t left;
  out->verdict = judge(p, p->n, &left);
  for (size_t k = 0; k < p->n; k++) out->option[p->order[k]] = p->chosen[k];
  for (size_t place = 0; place <= p->box->n_devices; place++)
    out->budgets[place] = budget_of(p, p->n, place);
}

/* One place for each item leaves nothing to search. */
static bool has_choice(const packing *p) {
  for (size_t k = 0; k < p->n; k++)
    if (p->items[p->order[k]].n_options > 1) return true;
  return false;
}

static void pack_within(vf_plan *out, const vf_box *box, const vf_item *items, uint32_t set,
                        size_t steps) {
  packing greedy = ordered(box, items, set);
  memset(out, 0, sizeof *out);
  place_greedily(&greedy);
  write_plan(out, &greedy);
  out->exact = out->verdict == VF_FITS || !has_choice(&greedy);
  if (!has_choice(&greedy) || greedy.n > VF_CORESIDE_EXACT) return;
  vf_verdict known = out->verdict;
  out->exact = true;
  for (int level = VF_FITS; level <= (int)known && level < VF_NO_FIT; level++) {
    search s = {.p = greedy, .level = (vf_verdict)level, .most_steps = steps};
    prepare(&s);
    out->exact &= run(&s);
    if (!s.found) continue;
    memcpy(s.p.chosen, s.best, sizeof s.best);
    write_plan(out, &s.p);
    return;
  }
}

void vf_coreside_pack(vf_plan *out, const vf_box *box, const vf_item *items, uint32_t set) {
  pack_within(out, box, items, set, STEPS);
}

vf_interval vf_coreside_need(const vf_item *item, const vf_plan *plan, size_t i, size_t n_devices) {
  vf_interval sum = {0};
  const vf_demand *d = &item->options[plan->option[i]];
  for (size_t k = 0; k < n_devices; k++) add(&sum, d->devices[k]);
  return sum;
}

/* ---- What breaks a set ------------------------------------------------------------------ */

static vf_verdict verdict_of(const vf_box *box, const vf_item *items, uint32_t set) {
  vf_plan plan;
  pack_within(&plan, box, items, set, SUBSET_STEPS);
  return plan.verdict;
}

/* Whether it is certain that the set does not fit. */
static bool breaks(const vf_box *box, const vf_item *items, uint32_t set) {
  vf_plan plan;
  pack_within(&plan, box, items, set, SUBSET_STEPS);
  return plan.verdict == VF_NO_FIT && plan.exact;
}

static void find_pairs(vf_breaks *out, const vf_box *box, const vf_item *items, uint32_t set) {
  for (unsigned i = 0; i < VF_CORESIDE_ITEMS; i++)
    for (unsigned k = i + 1; k < VF_CORESIDE_ITEMS && out->n_pairs < VF_CORESIDE_FOUND; k++) {
      uint32_t pair = UINT32_C(1) << i | UINT32_C(1) << k;
      if ((pair & set) != pair || (pair & out->alone) != 0) continue;
      if (verdict_of(box, items, pair) == VF_NO_FIT) out->pairs[out->n_pairs++] = pair;
    }
}

/* The smallest go first, as long as what is left does not fit. */
static uint32_t shrink(const vf_box *box, const vf_item *items, uint32_t set) {
  packing p = ordered(box, items, set);
  for (size_t k = p.n; k-- > 0;) {
    uint32_t without = set & ~(UINT32_C(1) << p.order[k]);
    if (breaks(box, items, without)) set = without;
  }
  return breaks(box, items, set) ? set : 0;
}

/* Every subset of so many items, one after the other: the next number with as many bits. */
static void find_unload_of(vf_breaks *out, const packing *p, uint32_t set, unsigned n,
                           vf_verdict wanted) {
  uint64_t pick = (UINT64_C(1) << n) - 1;
  for (size_t i = 0; i < SUBSETS && pick < UINT64_C(1) << p->n; i++) {
    if (out->n_unload == VF_CORESIDE_FOUND) return;
    uint32_t gone = 0;
    for (size_t k = 0; k < p->n; k++)
      if (pick >> k & 1) gone |= UINT32_C(1) << p->order[p->n - 1 - k];
    if (verdict_of(p->box, p->items, set & ~gone) <= wanted) out->unload[out->n_unload++] = gone;
    uint64_t lowest = pick & (~pick + 1), next = pick + lowest;
    pick = next | (((pick ^ next) / lowest) >> 2);
  }
}

/* As few items as possible; of as few, those without which the rest fits with its headroom. */
static void find_unload(vf_breaks *out, const vf_box *box, const vf_item *items, uint32_t set) {
  enum { MOST_UNLOADED = 3 };
  packing p = ordered(box, items, set);
  for (unsigned n = 1; n <= MOST_UNLOADED && n < p.n && out->n_unload == 0; n++) {
    find_unload_of(out, &p, set, n, VF_FITS);
    out->unload_is_tight = out->n_unload == 0;
    if (out->unload_is_tight) find_unload_of(out, &p, set, n, VF_TIGHT);
  }
}

void vf_coreside_breaks(vf_breaks *out, const vf_box *box, const vf_item *items, uint32_t set) {
  memset(out, 0, sizeof *out);
  if (verdict_of(box, items, set) != VF_NO_FIT) return;
  for (unsigned i = 0; i < VF_CORESIDE_ITEMS; i++) {
    uint32_t one = UINT32_C(1) << i;
    if ((set & one) != 0 && verdict_of(box, items, one) == VF_NO_FIT) out->alone |= one;
  }
  find_pairs(out, box, items, set);
  if (out->alone == 0 && out->n_pairs == 0) out->set = shrink(box, items, set);
  if (vf_count_bits(set) > 1) find_unload(out, box, items, set);
}

/* ---- Compute ---------------------------------------------------------------------------- */

/* Programs on one device that can compute at the same time. */
typedef struct streams {
  unsigned trainings, inferences, stages;
} streams;

static bool is_on(const vf_item *item, uint8_t option, size_t device) {
  return item->options[option].devices[device].high_bytes != 0;
}

/* A pipeline is one stream, however many stages it has. */
static streams count_streams(const vf_item *items, uint32_t set, const vf_plan *plan,
                             size_t device) {
  streams n = {0};
  for (unsigned i = 0; i < VF_CORESIDE_ITEMS; i++) {
    if ((set >> i & 1) == 0 || !is_on(&items[i], plan->option[i], device)) continue;
    bool counted = false;
    for (unsigned k = 0; k < i && items[i].pipeline != 0; k++)
      counted |= (set >> k & 1) != 0 && items[k].pipeline == items[i].pipeline &&
                 is_on(&items[k], plan->option[k], device);
    if (counted)
      n.stages++;
    else if (items[i].class == VF_ITEM_TRAINING)
      n.trainings++;
    else
      n.inferences++;
  }
  return n;
}

static vf_compute rate(vf_compute_reason *reason, streams n) {
  *reason = n.stages > 0 ? VF_REASON_IN_TURN : VF_REASON_ONE;
  if (n.trainings + n.inferences == 0) *reason = VF_REASON_IDLE;
  if (n.trainings == 1 && n.inferences == 0) *reason = VF_REASON_TRAINING_ALONE;
  if (n.inferences > 1) *reason = VF_REASON_TIME_SLICED;
  if (n.trainings > 1) *reason = VF_REASON_TRAININGS;
  if (n.trainings > 0 && n.inferences > 0) *reason = VF_REASON_TRAINING_BESIDE;
  if (*reason == VF_REASON_TRAININGS || *reason == VF_REASON_TRAINING_BESIDE) return VF_COMPUTE_NO;
  return *reason == VF_REASON_TIME_SLICED ? VF_COMPUTE_CAREFUL : VF_COMPUTE_OK;
}

vf_compute vf_coreside_compute(vf_compute_reason *reason, const vf_box *box, const vf_item *items,
                               uint32_t set, const vf_plan *plan) {
  vf_compute worst = VF_COMPUTE_OK;
  *reason = VF_REASON_IDLE;
  for (size_t d = 0; d < box->n_devices; d++) {
    vf_compute_reason why;
    vf_compute c = rate(&why, count_streams(items, set, plan, d));
    if (c < worst || (c == worst && why <= *reason)) continue;
    worst = c;
    *reason = why;
  }
  return worst;
}

unsigned vf_coreside_sharers(const vf_box *box, const vf_item *items, uint32_t set,
                             const vf_plan *plan, size_t i) {
  unsigned most = 1;
  for (size_t d = 0; d < box->n_devices; d++) {
    if (!is_on(&items[i], plan->option[i], d)) continue;
    streams n = count_streams(items, set, plan, d);
    if (n.trainings > 0) return 0;
    if (n.inferences > most) most = n.inferences;
  }
  return most;
}
