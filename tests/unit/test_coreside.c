/* test_coreside.c - packing programs onto devices, what breaks a set, and what stays loaded. */
#include "support.h"

#include "base/units.h"
#include "core/coreside.h"
#include "core/residency.h"

enum { MOST = VF_CORESIDE_ITEMS };

static vf_box box;
static vf_item items[MOST];
static vf_demand demands[MOST][VF_CORESIDE_OPTIONS];

/* Devices of so many GiB, of which one must stay free. */
static void make_box(const unsigned *gib, size_t n) {
  memset(&box, 0, sizeof box);
  memset(items, 0, sizeof items);
  memset(demands, 0, sizeof demands);
  box.n_devices = n;
  for (size_t i = 0; i < n; i++) {
    snprintf(box.devices[i].id, sizeof box.devices[i].id, "gpu-%u", gib[i]);
    box.devices[i].total_known = true;
    box.devices[i].total_bytes = gib[i] * VF_GIB;
    box.devices[i].headroom_bytes = VF_GIB;
  }
  for (size_t i = 0; i < MOST; i++) items[i] = (vf_item){.options = demands[i], .n_options = n};
}

static void set_size(size_t item, uint64_t mib) {
  for (size_t d = 0; d < box.n_devices; d++) demands[item][d].devices[d] = vf_exactly(mib * VF_MIB);
}

static uint32_t first(size_t n) {
  return (uint32_t)((UINT64_C(1) << n) - 1);
}

static vf_plan pack(uint32_t set) {
  vf_plan plan;
  vf_coreside_pack(&plan, &box, items, set);
  return plan;
}

/* ---- Packing ---------------------------------------------------------------------------- */

/* Every assignment, one after the other. */
static vf_verdict brute_force(const uint64_t *mib, size_t n) {
  vf_verdict best = VF_NO_FIT;
  size_t places = 1;
  for (size_t i = 0; i < n; i++) places *= box.n_devices;
  for (size_t code = 0; code < places; code++) {
    uint64_t load[VF_CORESIDE_DEVICES] = {0};
    vf_verdict worst = VF_FITS;
    size_t rest = code;
    for (size_t i = 0; i < n; i++, rest /= box.n_devices) load[rest % box.n_devices] += mib[i];
    for (size_t d = 0; d < box.n_devices; d++) {
      uint64_t capacity = box.devices[d].total_bytes / VF_MIB;
      vf_verdict v = load[d] + 1024 <= capacity ? VF_FITS
                     : load[d] <= capacity      ? VF_TIGHT
                                                : VF_NO_FIT;
      if (v > worst) worst = v;
    }
    if (worst < best) best = worst;
  }
  return best;
}

static uint32_t next_random(uint32_t *state) {
  *state = *state * 1664525 + 1013904223;
  return *state >> 8;
}

static void a_packing_is_as_good_as_the_best_of_all(void **state) {
  (void)state;
  static const unsigned boxes[][3] = {{24, 24, 12}, {16, 16, 16}, {8, 24, 48}};
  uint32_t seed = 1;
  size_t counts[VF_VERDICT_COUNT] = {0};
  for (size_t round = 0; round < 120; round++) {
    uint64_t mib[7];
    make_box(boxes[round % 3], 3);
    uint64_t total = 0, wanted = 0;
    for (size_t d = 0; d < 3; d++) wanted += box.devices[d].total_bytes / VF_MIB;
    for (size_t i = 0; i < 7; i++) total += mib[i] = 500 + next_random(&seed) % 8000;
    wanted = wanted * (88 + round % 13) / 100;
    for (size_t i = 0; i < 7; i++) set_size(i, mib[i] = mib[i] * wanted / total);
    vf_plan plan = pack(first(7));
    assert_true(plan.exact);
    assert_int_equal(plan.verdict, brute_force(mib, 7));
    counts[plan.verdict]++;
  }
  /* sizes without an interval are never risky */
  for (int v = 0; v < VF_VERDICT_COUNT; v++) assert_true((counts[v] > 0) == (v != VF_RISKY));
}

static void what_is_pinned_stays_and_others_go_around_it(void **state) {
  (void)state;
  make_box((const unsigned[]){24, 24}, 2);
  set_size(0, 20000);
  set_size(1, 10000);
  items[1].n_options = 1; /* the first device alone */
  vf_plan plan = pack(first(2));
  assert_int_equal(plan.verdict, VF_FITS);
  assert_int_equal(plan.option[0], 1);
  assert_int_equal(plan.option[1], 0);
}

static void twelve_items_on_four_devices_are_packed_exactly(void **state) {
  (void)state;
  make_box((const unsigned[]){24, 24, 24, 24}, 4);
  for (size_t i = 0; i < 12; i++) set_size(i, 7600 + 10 * i);
  vf_plan plan = pack(first(12));
  assert_int_equal(plan.verdict, VF_FITS);
  for (size_t i = 0; i < 12; i++) set_size(i, 8300 + 10 * i);
  plan = pack(first(12));
  assert_int_equal(plan.verdict, VF_NO_FIT);
  assert_true(plan.exact);
}

static void beyond_twelve_only_a_fit_is_certain(void **state) {
  (void)state;
  make_box((const unsigned[]){24, 24}, 2);
  for (size_t i = 0; i < 20; i++) set_size(i, 2000);
  assert_true(pack(first(20)).exact);
  assert_int_equal(pack(first(20)).verdict, VF_FITS);
  for (size_t i = 0; i < 20; i++) set_size(i, 3000);
  assert_int_equal(pack(first(20)).verdict, VF_NO_FIT);
  assert_false(pack(first(20)).exact);
}

/* Twelve sizes that fill five unequal devices: there are too many packings to try them all, and one
 * that was not found may still be there. */
static void a_search_that_is_given_up_is_not_taken_for_a_proof(void **state) {
  (void)state;
  uint32_t seed = 3;
  size_t given_up = 0;
  make_box((const unsigned[]){23, 24, 25, 26, 27}, 5);
  for (size_t round = 0; round < 4; round++) {
    uint64_t mib[12], total = 0;
    for (size_t i = 0; i < 12; i++) total += mib[i] = 4000 + next_random(&seed) % 8000;
    for (size_t i = 0; i < 12; i++) set_size(i, mib[i] * 120 * 1024 / total);
    vf_plan plan = pack(first(12));
    assert_true(plan.verdict != VF_FITS || plan.exact);
    given_up += !plan.exact;
  }
  assert_true(given_up > 0);
}

static void stages_that_leave_count_once(void **state) {
  (void)state;
  make_box((const unsigned[]){16}, 1);
  for (size_t i = 0; i < 3; i++) set_size(i, 6000 + 1000 * i);
  assert_int_equal(pack(first(3)).verdict, VF_NO_FIT);
  for (size_t i = 0; i < 3; i++) {
    items[i].leaves = true;
    items[i].pipeline = 1;
  }
  vf_plan plan = pack(first(3));
  assert_int_equal(plan.verdict, VF_FITS);
  assert_u64(plan.budgets[0].need.bytes, 8000 * VF_MIB);
  items[2].pipeline = 2;
  assert_u64(pack(first(3)).budgets[0].need.bytes, 15000 * VF_MIB);
}

static void demands_beyond_any_box_do_not_wrap(void **state) {
  (void)state;
  make_box((const unsigned[]){16}, 1);
  for (size_t i = 0; i < MOST; i++) demands[i][0].devices[0] = vf_exactly(VF_CORESIDE_MOST_BYTES);
  assert_int_equal(pack(UINT32_MAX).verdict, VF_NO_FIT);
}

/* ---- What breaks a set ------------------------------------------------------------------ */

static void a_pair_that_breaks_is_found_and_what_to_unload(void **state) {
  (void)state;
  vf_breaks b;
  make_box((const unsigned[]){24}, 1);
  set_size(0, 15000);
  set_size(1, 14000);
  set_size(2, 1000);
  vf_coreside_breaks(&b, &box, items, first(3));
  assert_int_equal(b.alone, 0);
  assert_int_equal(b.n_pairs, 1);
  assert_int_equal(b.pairs[0], 3);
  assert_int_equal(b.n_unload, 2);
  assert_int_equal(b.unload[0] | b.unload[1], 3);
}

static void without_such_a_pair_the_least_set_is_told(void **state) {
  (void)state;
  vf_breaks b;
  make_box((const unsigned[]){24}, 1);
  for (size_t i = 0; i < 4; i++) set_size(i, i == 3 ? 100 : 9000);
  vf_coreside_breaks(&b, &box, items, first(4));
  assert_int_equal(b.n_pairs, 0);
  assert_int_equal(b.set, 7);
  assert_int_equal(b.n_unload, 3);
}

static void what_does_not_fit_alone_is_told_first(void **state) {
  (void)state;
  vf_breaks b;
  make_box((const unsigned[]){24}, 1);
  set_size(0, 30000);
  set_size(1, 1000);
  vf_coreside_breaks(&b, &box, items, first(2));
  assert_int_equal(b.alone, 1);
  assert_int_equal(b.n_pairs, 0);
  assert_int_equal(b.n_unload, 1);
  assert_int_equal(b.unload[0], 1);
}

/* ---- Compute ---------------------------------------------------------------------------- */

static vf_compute compute(vf_compute_reason *reason, uint32_t set) {
  vf_plan plan = pack(set);
  return vf_coreside_compute(reason, &box, items, set, &plan);
}

static void compute_is_rated_device_by_device(void **state) {
  (void)state;
  vf_compute_reason why;
  make_box((const unsigned[]){24}, 1);
  for (size_t i = 0; i < 4; i++) set_size(i, 1000);
  assert_int_equal(compute(&why, 0), VF_COMPUTE_OK);
  assert_int_equal(why, VF_REASON_IDLE);
  assert_int_equal(compute(&why, 1), VF_COMPUTE_OK);
  assert_int_equal(compute(&why, 3), VF_COMPUTE_CAREFUL);
  items[0].pipeline = items[1].pipeline = 1;
  assert_int_equal(compute(&why, 3), VF_COMPUTE_OK);
  assert_int_equal(why, VF_REASON_IN_TURN);
  assert_int_equal(compute(&why, 7), VF_COMPUTE_CAREFUL);
  items[3].class = VF_ITEM_TRAINING;
  assert_int_equal(compute(&why, 8), VF_COMPUTE_OK);
  assert_int_equal(compute(&why, 11), VF_COMPUTE_NO);
  assert_int_equal(why, VF_REASON_TRAINING_BESIDE);
}

static void training_on_a_device_of_its_own_disturbs_nobody(void **state) {
  (void)state;
  vf_compute_reason why;
  make_box((const unsigned[]){24, 24}, 2);
  set_size(0, 20000);
  set_size(1, 20000);
  items[1].class = VF_ITEM_TRAINING;
  assert_int_equal(compute(&why, 3), VF_COMPUTE_OK);
}

static unsigned sharers(uint32_t set, size_t i) {
  vf_plan plan = pack(set);
  return vf_coreside_sharers(&box, items, set, &plan, i);
}

static void a_pipeline_takes_one_turn_and_training_an_unknown_one(void **state) {
  (void)state;
  make_box((const unsigned[]){24}, 1);
  for (size_t i = 0; i < 4; i++) set_size(i, 1000);
  items[0].pipeline = items[1].pipeline = 1;
  assert_int_equal(sharers(1, 0), 1);
  assert_int_equal(sharers(3, 1), 1);
  assert_int_equal(sharers(7, 0), 2);
  assert_int_equal(sharers(7, 2), 2);
  items[3].class = VF_ITEM_TRAINING;
  assert_int_equal(sharers(15, 2), 0);
}

/* ---- Loading on demand ------------------------------------------------------------------ */

static void the_shortest_keep_alive_leaves_first(void **state) {
  (void)state;
  const vf_resident r[] = {
      {4 * VF_GIB, 300}, {4 * VF_GIB, VF_KEEP_FOREVER}, {4 * VF_GIB, 60}, {4 * VF_GIB, 300}};
  vf_residency_step s[5];
  vf_residency_run(s, r, (const uint32_t[]){0, 1, 2, 3, 1}, 5, 100 * VF_GIB, 3);
  assert_int_equal(s[2].loaded, 7);
  assert_int_equal(s[3].evicted, 4);
  assert_int_equal(s[3].for_count, 4);
  assert_int_equal(s[3].loaded, 11);
  assert_int_equal(s[4].event, VF_RESIDENT_REUSED);
}

static void another_model_must_fit_whole_and_the_first_need_not(void **state) {
  (void)state;
  const vf_resident r[] = {{10 * VF_GIB, 300}, {9 * VF_GIB, 300}, {40 * VF_GIB, 300}};
  vf_residency_step s[3];
  vf_residency_run(s, r, (const uint32_t[]){0, 1, 2}, 3, 20 * VF_GIB, 3);
  assert_int_equal(s[0].event, VF_RESIDENT_LOADED);
  assert_int_equal(s[1].evicted, 1); /* 9 of the 10 that are left is more than 80 % */
  assert_int_equal(s[1].for_count, 0);
  assert_int_equal(s[2].event, VF_RESIDENT_PARTLY);
  assert_int_equal(s[2].loaded, 4);
}

static void what_is_not_kept_is_gone_at_the_next_request(void **state) {
  (void)state;
  const vf_resident r[] = {{4 * VF_GIB, 0}, {4 * VF_GIB, 300}};
  vf_residency_step s[2];
  vf_residency_run(s, r, (const uint32_t[]){0, 1}, 2, 100 * VF_GIB, 3);
  assert_int_equal(s[0].loaded, 1);
  assert_int_equal(s[1].loaded, 2);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_packing_is_as_good_as_the_best_of_all),
      cmocka_unit_test(what_is_pinned_stays_and_others_go_around_it),
      cmocka_unit_test(twelve_items_on_four_devices_are_packed_exactly),
      cmocka_unit_test(beyond_twelve_only_a_fit_is_certain),
      cmocka_unit_test(a_search_that_is_given_up_is_not_taken_for_a_proof),
      cmocka_unit_test(stages_that_leave_count_once),
      cmocka_unit_test(demands_beyond_any_box_do_not_wrap),
      cmocka_unit_test(a_pair_that_breaks_is_found_and_what_to_unload),
      cmocka_unit_test(without_such_a_pair_the_least_set_is_told),
      cmocka_unit_test(what_does_not_fit_alone_is_told_first),
      cmocka_unit_test(compute_is_rated_device_by_device),
      cmocka_unit_test(training_on_a_device_of_its_own_disturbs_nobody),
      cmocka_unit_test(a_pipeline_takes_one_turn_and_training_an_unknown_one),
      cmocka_unit_test(the_shortest_keep_alive_leaves_first),
      cmocka_unit_test(another_model_must_fit_whole_and_the_first_need_not),
      cmocka_unit_test(what_is_not_kept_is_gone_at_the_next_request),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
