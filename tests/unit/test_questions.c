/* test_questions.c - questions of the library's interface that the program asks in one way alone:
 * tables, devices of a vendor, curves, boxes of devices that the caller has. */
#include "support.h"

#include "vramfit/place.h"
#include "vramfit/solve.h"

static vf_context *ctx;

static int open_context(void **state) {
  (void)state;
  return vf_context_new(&ctx, NULL, NULL) != VF_OK;
}

static int close_context(void **state) {
  (void)state;
  vf_context_free(ctx);
  return 0;
}

static vf_deployment of(const char *model, const char *gpu) {
  vf_deployment d = vf_deployment_init();
  d.model = model;
  d.gpu = gpu;
  return d;
}

/* ---- Tables ----------------------------------------------------------------------------- */

static void a_table_is_of_a_model_and_a_device(void **state) {
  (void)state;
  const vf_axis contexts = {VF_AXIS_CTX, "4k,8k"}, gpus = {VF_AXIS_GPU, "l4,rtx-4090"};
  const vf_axis both[] = {{VF_AXIS_MODEL, "qwen3-0.6b"}, gpus};
  vf_deployment d = of(NULL, "l4");
  vf_grid *grid = NULL;
  assert_fails(vf_grid_new(&grid, ctx, &d, &contexts, 1, err), VF_USAGE, "no model is named");
  d = of("qwen3-0.6b", NULL);
  assert_fails(vf_grid_new(&grid, ctx, &d, &contexts, 1, err), VF_USAGE, "no device is named");
  assert_null(grid);
  d = of(NULL, NULL);
  assert_ok(vf_grid_new(&grid, ctx, &d, both, 2, err));
  assert_u64(vf_grid_size(grid), 2);
  vf_grid_free(grid);
}

/* ---- What runs on a device -------------------------------------------------------------- */

static size_t carriers(const char *vendor) {
  vf_runners_query q = vf_runners_query_init();
  vf_runners *found;
  size_t n;
  q.base = of("qwen3-8b", NULL);
  q.vendor = vendor;
  assert_ok(vf_runners_find(&found, ctx, &q, err));
  const vf_runner *list = vf_runners_list(found, &n);
  for (size_t i = 1; i < n; i++) assert_true(list[i - 1].capacity_bytes <= list[i].capacity_bytes);
  vf_runners_free(found);
  return n;
}

static void devices_of_a_vendor_are_a_part_of_all(void **state) {
  (void)state;
  static const char *const vendors[] = {"nvidia", "amd", "apple", "intel"};
  size_t sum = 0;
  for (size_t i = 0; i < 4; i++) {
    size_t n = carriers(vendors[i]);
    assert_true(n > 0);
    sum += n;
  }
  assert_true(sum <= carriers(NULL));
}

static void what_is_asked_of_a_device_or_a_model_names_one_of_them(void **state) {
  (void)state;
  vf_runners_query q = vf_runners_query_init();
  vf_runners *found = NULL;
  assert_fails(vf_runners_find(&found, ctx, &q, err), VF_USAGE, "a device is to be named, or");
  q.base = of("qwen3-8b", "l4");
  assert_fails(vf_runners_find(&found, ctx, &q, err), VF_USAGE, "a device is to be named, or");
  q.base = of("qwen3-8b", NULL);
  q.vendor = "nobody";
  assert_fails(vf_runners_find(&found, ctx, &q, err), VF_UNKNOWN, "no device of 'nobody' is known");
  assert_null(found);
}

/* ---- Memory against context ------------------------------------------------------------- */

/* Main memory that is known makes an estimate, and yet there is no line to draw the curve to. */
static void a_curve_is_drawn_against_memory_that_is_known(void **state) {
  (void)state;
  vf_model *m;
  vf_estimate *e;
  vf_device d;
  size_t n;
  vf_curve curve;
  vf_request r = vf_request_init();
  r.ctx_tokens = 4096;
  r.host_memory_bytes = UINT64_C(64) << 30;
  assert_ok(vf_model_open(&m, ctx, "qwen3-0.6b", "q8_0", NULL, err));
  assert_ok(vf_devices_parse(&d, 1, &n, ctx, "l4", err));
  assert_ok(vf_estimate_new(&e, ctx, err));
  assert_ok(vf_curve_solve(&curve, e, m, &r, &d, 1, err));
  assert_u64(curve.capacity_bytes, d.total_bytes - d.reserved_bytes);
  d.total_known = false;
  assert_ok(vf_estimate_run(e, m, &r, &d, 1, err));
  assert_fails(vf_curve_solve(&curve, e, m, &r, &d, 1, err), VF_UNSUPPORTED, "no memory is known");
  vf_estimate_free(e);
  vf_model_free(m);
}

/* ---- Boxes ------------------------------------------------------------------------------ */

static void a_box_is_made_of_the_devices_that_the_caller_has(void **state) {
  (void)state;
  static const char path[] = "test_questions_box.json";
  vf_place_options o = vf_place_options_init();
  vf_device devices[17];
  vf_place *place = NULL;
  size_t n;
  FILE *f = fopen(path, "w");
  assert_non_null(f);
  fputs("{\"gpu\": \"rtx-4060\", \"workloads\": [{\"name\": \"a\", \"size\": \"20GB\"},"
        "{\"name\": \"b\", \"size\": \"20GB\"}]}",
        f);
  fclose(f);
  assert_ok(vf_devices_parse(devices, 17, &n, ctx, "rtx-4090x17", err));
  o.devices = devices;
  o.device_count = 2;
  assert_ok(vf_place_open(&place, ctx, path, &o, err));
  assert_int_equal(vf_place_verdict(place, 0), VF_FITS);
  vf_place_free(place);
  assert_ok(vf_place_open(&place, ctx, path, NULL, err)); /* the file's own */
  assert_int_equal(vf_place_verdict(place, 0), VF_NO_FIT);
  vf_place_free(place);
  o.device_count = 0;
  assert_fails(vf_place_open(&place, ctx, path, &o, err), VF_LIMIT, "1 to 16 devices share a box");
  o.device_count = 17;
  assert_fails(vf_place_open(&place, ctx, path, &o, err), VF_LIMIT, "1 to 16 devices share a box");
  remove(path);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_table_is_of_a_model_and_a_device),
      cmocka_unit_test(devices_of_a_vendor_are_a_part_of_all),
      cmocka_unit_test(what_is_asked_of_a_device_or_a_model_names_one_of_them),
      cmocka_unit_test(a_curve_is_drawn_against_memory_that_is_known),
      cmocka_unit_test(a_box_is_made_of_the_devices_that_the_caller_has),
  };
  return cmocka_run_group_tests_name("questions", tests, open_context, close_context);
}
