/* test_devices.c - every entry of the catalogs of devices and nodes; names, counts, instances. */
#include "support.h"

#include "readers/catalog.h"
#include "readers/config.h"
#include "readers/name/device_words.h"

static const uint64_t mib = UINT64_C(1) << 20;
static const uint64_t gib = UINT64_C(1) << 30;

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

static vf_device device(const char *name) {
  vf_device d;
  size_t n = 0;
  assert_ok(vf_devices_parse(&d, 1, &n, ctx, name, err));
  assert_u64(n, 1);
  return d;
}

static size_t count_devices(vf_device d[VF_MAX_DEVICES], const char *names) {
  size_t n = 0;
  assert_ok(vf_devices_parse(d, VF_MAX_DEVICES, &n, ctx, names, err));
  return n;
}

/* Calls back for every entry with its id, then with each of its other names. */
static void for_every_name(vf_catalog_kind kind, void (*call)(const char *id, const char *name)) {
  const vf_catalog *catalog = &ctx->layers[0][kind];
  for (uint32_t i = 0; i < catalog->n_rows; i++) {
    vf_catalog_entry e = vf_catalog_at(catalog, i);
    vf_arena *arena = vf_arena_new(&vf_default_allocator, 1 << 20);
    vf_facts facts = vf_facts_in(arena, e.file);
    assert_ok(vf_config_parse(&facts, e.json, e.length, err));
    const vf_fact *aliases = vf_facts_find(&facts, "aliases");
    call(e.id, e.id);
    call(e.id, vf_facts_string(&facts, "name", e.id));
    for (size_t a = 0; aliases != NULL && a < aliases->as.array.count; a++)
      call(e.id, aliases->as.array.items[a].as.string);
    vf_arena_free(arena);
  }
}

/* Words tell the card; memory, cores, slot and product line stand beside them. */
static void names_of_devices_are_words_and_details(void **state) {
  (void)state;
  static const struct {
    const char *name, *words;
    uint32_t size_gb, cores;
    vf_device_link link;
    vf_device_series series;
  } rows[] = {
      {"NVIDIA GeForce RTX 4060 Ti 16GB", "4060 ti", 16, 0, VF_LINK_UNSAID, VF_SERIES_RTX},
      {"rtx4060ti", "4060 ti", 0, 0, VF_LINK_UNSAID, VF_SERIES_RTX},
      {"RTX 4080 Super", "4080 super", 0, 0, VF_LINK_UNSAID, VF_SERIES_RTX},
      {"rtx4070tisuper", "4070 ti super", 0, 0, VF_LINK_UNSAID, VF_SERIES_RTX},
      {"rtxpro6000", "pro 6000", 0, 0, VF_LINK_UNSAID, VF_SERIES_RTX},
      {"gtx 1080 ti", "1080 ti", 0, 0, VF_LINK_UNSAID, VF_SERIES_GTX},
      {"rx 7900xtx", "7900 xtx", 0, 0, VF_LINK_UNSAID, VF_SERIES_RX},
      {"arc b580", "b580", 0, 0, VF_LINK_UNSAID, VF_SERIES_ARC},
      {"h100nvl", "h100 nvl", 0, 0, VF_LINK_UNSAID, VF_SERIES_UNSAID},
      {"h100-sxm5-80gb", "h100", 80, 0, VF_LINK_SXM, VF_SERIES_UNSAID},
      {"H100 PCIe 80 GB", "h100", 80, 0, VF_LINK_PCIE, VF_SERIES_UNSAID},
      {"a100-80", "a100", 80, 0, VF_LINK_UNSAID, VF_SERIES_UNSAID},
      {"a100 80g", "a100", 80, 0, VF_LINK_UNSAID, VF_SERIES_UNSAID},
      {"a100 80gib", "a100", 80, 0, VF_LINK_UNSAID, VF_SERIES_UNSAID},
      {"80 GB a100", "a100", 80, 0, VF_LINK_UNSAID, VF_SERIES_UNSAID},
      {"a100 1000gb", "a100 1000 gb", 0, 0, VF_LINK_UNSAID, VF_SERIES_UNSAID},
      {"m4 max 40", "m4 max", 0, 40, VF_LINK_UNSAID, VF_SERIES_UNSAID},
      {"m4 max 38", "m4 max 38", 0, 0, VF_LINK_UNSAID, VF_SERIES_UNSAID},
      {"m4 max 32 cores", "m4 max", 0, 32, VF_LINK_UNSAID, VF_SERIES_UNSAID},
      {"m4 max 40-core gpu 64gb", "m4 max", 64, 40, VF_LINK_UNSAID, VF_SERIES_UNSAID},
      {"mi300x", "mi300x", 0, 0, VF_LINK_UNSAID, VF_SERIES_UNSAID},
      {"gfx1151", "gfx1151", 0, 0, VF_LINK_UNSAID, VF_SERIES_UNSAID},
      {"radeon 8060s", "8060s", 0, 0, VF_LINK_UNSAID, VF_SERIES_UNSAID},
      {"max1550", "max 1550", 0, 0, VF_LINK_UNSAID, VF_SERIES_UNSAID},
  };
  vf_device_words d;
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    char words[VF_KEY_SIZE] = "";
    assert_true(vf_device_words_read(&d, rows[i].name));
    for (size_t k = 0; k < d.words.n; k++) {
      size_t n = strlen(words);
      snprintf(words + n, sizeof words - n, "%s%s", k == 0 ? "" : " ", d.words.word[k]);
    }
    assert_string_equal(words, rows[i].words);
    if (d.size_gb != rows[i].size_gb || d.cores != rows[i].cores || d.link != rows[i].link ||
        d.series != rows[i].series)
      fail_msg("%s: %u GB, %u cores", rows[i].name, d.size_gb, d.cores);
    vf_device_words again = d;
    again.size_gb = again.cores = 77;
    vf_device_details_unpack(&again, vf_device_details_pack(&d));
    assert_memory_equal(&again, &d, sizeof d);
  }
  assert_false(vf_device_words_read(&d, "") || vf_device_words_read(&d, "gpu"));
  static const char many[] =
      "qa qb qc qd qe qf qg qh qi qj qk ql qm qn qo qp qq qr qs qt qu qv qw qx qy qz";
  assert_true(vf_device_words_read(&d, many));
  assert_u64(d.words.n, VF_WORDS); /* no more of them, and no further */
}

/* Cores, memory and slot narrow a name down; what fits none of its cards is none. */
static void details_in_a_name_choose_among_its_cards(void **state) {
  (void)state;
  static const struct {
    const char *typed, *id;
  } rows[] = {{"m4 max 32-core", "apple-m4-max-32-36gb"},
              {"m4 max 40-core", "apple-m4-max-40-48gb"},
              {"apple m4 max 40-core gpu 64gb", "apple-m4-max-40-64gb"},
              {"m4 max 64gb", "apple-m4-max-40-64gb"},
              {"m4 max 36gb", "apple-m4-max-32-36gb"},
              {"m4-max-40", "apple-m4-max-40-48gb"}};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
    assert_string_equal(device(rows[i].typed).id, rows[i].id);
  static const char *const none[] = {"m4 max 32-core 64gb", "m4 max 38-core",
                                     "m4 max 40-core 36gb"};
  vf_device d;
  size_t n;
  for (size_t i = 0; i < sizeof none / sizeof *none; i++)
    assert_fails(vf_devices_parse(&d, 1, &n, ctx, none[i], err), VF_UNKNOWN, "unknown GPU");
}

/* ---- Every entry ------------------------------------------------------------------------ */

static void every_device_can_be_read(void **state) {
  (void)state;
  size_t n = vf_catalog_size(ctx, VF_CATALOG_GPUS);
  assert_true(n >= 240);
  for (size_t i = 0; i < n; i++) {
    const char *id = vf_catalog_id(ctx, VF_CATALOG_GPUS, i);
    vf_device d = device(id);
    assert_string_equal(d.id, id);
    assert_true(d.name[0] != '\0');
    if (d.kind == VF_DEVICE_HOST) continue;
    assert_true(d.total_known && d.total_bytes > gib);
    assert_true(d.reserved_bytes < d.total_bytes / 2);
    assert_true(d.headroom_bytes != 0 || d.headroom_permille != 0);
    assert_true(d.bandwidth_mb_per_s > 10000);
    assert_true(d.context.low_bytes <= d.context.bytes && d.context.bytes <= d.context.high_bytes);
  }
}

/* A name that is sold with several sizes of memory is the smallest. */
static void names_the_device(const char *id, const char *name) {
  vf_catalog_entry e;
  vf_device d = device(name), own = device(id);
  bool same = strcmp(d.id, id) == 0, smaller = d.several_sizes && d.total_bytes <= own.total_bytes;
  if (!same && !smaller) fail_msg("%s is %s, not %s", name, d.id, id);
  assert_false(vf_catalog_find(&e, ctx, VF_CATALOG_NODES, name));
}

static void every_device_resolves_by_each_of_its_names_and_is_no_node(void **state) {
  (void)state;
  for_every_name(VF_CATALOG_GPUS, names_the_device);
}

static void names_the_node(const char *id, const char *name) {
  vf_device d[VF_MAX_DEVICES];
  vf_catalog_entry e;
  if (!vf_catalog_find(&e, ctx, VF_CATALOG_NODES, name)) return; /* what it is called in shops */
  assert_string_equal(e.id, id);
  assert_false(vf_catalog_find(&e, ctx, VF_CATALOG_GPUS, name));
  size_t n = count_devices(d, name);
  assert_true(n >= 1);
  for (size_t i = 0; i < n; i++) assert_string_equal(d[i].id, d[0].id);
}

/* As drivers, tools, clouds and people write them. */
static void is_called(const char *id, size_t count, const char *name) {
  vf_device d[VF_MAX_DEVICES];
  size_t n = 0;
  vf_error e;
  if (vf_devices_parse(d, VF_MAX_DEVICES, &n, ctx, name, &e) != VF_OK)
    fail_msg("%s: %s", name, e.message);
  if (strcmp(d[0].id, id) != 0 || n != count) fail_msg("%s is %s x %zu", name, d[0].id, n);
}

static void names_of_drivers_tools_clouds_and_people_are_understood(void **state) {
  (void)state;
  is_called("h100-sxm-80gb", 1, "NVIDIA H100 80GB HBM3");
  is_called("rtx-4090", 1, "rtx4090");
  is_called("rtx-4090", 1, "NVIDIA Corporation AD102 [GeForce RTX 4090] (rev a1)");
  is_called("rtx-4090", 2, "2x RTX 4090");
  is_called("rtx-3090", 4, "3090x4");
  is_called("h100-sxm-80gb", 8, "8xH100");
  is_called("h100-sxm-80gb", 8, "H100:8");
  is_called("a100-sxm4-80gb", 8, "A100-80GB:8");
  is_called("rtx-6000-ada", 1, "NVIDIA RTX 6000 Ada Generation");
  is_called("rtx-4070-laptop", 1, "AD106M [GeForce RTX 4070 Max-Q / Mobile]");
  is_called("mi300x", 1, "AMD Instinct MI300X");
  is_called("ryzen-ai-max-395-128gb", 1, "Ryzen AI Max+ 395 128GB");
  is_called("apple-m3-ultra-512gb", 1, "Mac Studio M3 Ultra 512GB");
  is_called("arc-b580", 1, "Intel(R) Arc(TM) B580 Graphics");
  is_called("rx-7900-xtx", 1, "AMD Radeon RX 7900 XTX (RADV NAVI31)");
  is_called("h100-sxm-80gb", 8, "BM.GPU.H100.8");
  is_called("a10", 2, "VM.GPU.A10.2");
  is_called("h100-sxm-80gb", 8, "gpu_8x_h100_sxm5");
  is_called("rtx-pro-6000-blackwell-ws", 1, "RTXPRO6000");
  is_called("apple-m2-8gb", 1, "Chip: Apple M2");
  is_called("rx-6800", 1, "AMD Radeon RX 6800/6800 XT / 6900 XT");
  is_called("h100-sxm-80gb", 8, "NVIDIA DGX H100");
}

static void of_two_sizes_the_smaller_is_taken(void **state) {
  (void)state;
  assert_string_equal(device("RTX 4060 Ti").id, "rtx-4060-ti-8gb");
  assert_true(device("RTX 4060 Ti").several_sizes);
  assert_false(device("RTX 4060 Ti 16GB").several_sizes);
  assert_string_equal(device("a100").id, "a100-sxm4-40gb");
  assert_false(device("h100").several_sizes);
}

static void what_is_no_gpu_is_refused(void **state) {
  (void)state;
  static const char *const names[] = {
      "24", "80", "NVIDIA", "RTX 3095 Ti", "rtx 6700 xt", "RTX 4090 48GB", "mi400", "vr200", ""};
  vf_device d[VF_MAX_DEVICES];
  size_t n;
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    if (vf_devices_parse(d, VF_MAX_DEVICES, &n, ctx, names[i], NULL) == VF_OK)
      fail_msg("'%s' is %s", names[i], d[0].id);
  assert_fails(vf_devices_parse(d, VF_MAX_DEVICES, &n, ctx, "24", err), VF_UNKNOWN, "is no GPU");
}

static void every_node_resolves_to_its_devices_by_each_of_its_names(void **state) {
  (void)state;
  assert_true(vf_catalog_size(ctx, VF_CATALOG_NODES) >= 141);
  for_every_name(VF_CATALOG_NODES, names_the_node);
}

/* ---- Names ------------------------------------------------------------------------------ */

static void device_lists_are_names_counts_and_sums(void **state) {
  (void)state;
  vf_device d[16];
  size_t n = 0;
  assert_ok(vf_devices_parse(d, 16, &n, ctx, "h100x8", err));
  assert_u64(n, 8);
  assert_ok(vf_devices_parse(d, 16, &n, ctx, "mi300x", err));
  assert_u64(n, 1);
  assert_ok(vf_devices_parse(d, 16, &n, ctx, "MI300Xx2+RTX 4090", err));
  assert_u64(n, 3);
  assert_string_equal(d[2].id, "rtx-4090");
  assert_fails(vf_devices_parse(d, 16, &n, ctx, "h100x17", err), VF_LIMIT, "more than 16 devices");
  assert_fails(vf_devices_parse(d, 16, &n, ctx, "h100x0", err), VF_USAGE, "a count of devices");
  assert_fails(vf_devices_parse(d, 16, &n, ctx, "h100+", err), VF_UNKNOWN, "unknown GPU ''");
  assert_fails(vf_devices_parse(d, 16, &n, ctx, "", err), VF_UNKNOWN, "unknown GPU ''");
  assert_fails(vf_devices_parse(d, 16, &n, ctx, "h10O", err), VF_UNKNOWN, "did you mean h100?");
  assert_fails(vf_devices_parse(d, 16, &n, ctx, "dgx-h10O", err), VF_UNKNOWN, "dgx-h100?");
  assert_u64(n, 3);
}

static void instances_have_their_real_size_and_no_reserve(void **state) {
  (void)state;
  vf_device d = device("h200:1g.18gb");
  assert_string_equal(d.id, "h200-sxm-141gb:1g.18gb");
  assert_string_equal(d.name, "H200 1g.18gb");
  assert_u64(d.total_bytes, 16 * gib);
  assert_u64(d.reserved_bytes, 0);
  assert_u64(d.compute_units, 16);
  assert_u64(d.bandwidth_mb_per_s, 0); /* of its share nothing is known */
  assert_u64(d.link_mb_per_s, 0);
  assert_u64(device("A100-40GB:1G.5GB").total_bytes, 4864 * mib);
}

static void instances_take_counts(void **state) {
  (void)state;
  vf_device d[VF_MAX_DEVICES];
  assert_u64(count_devices(d, "h200:1g.18gbx7+h200:2g.35gb"), 8);
  assert_u64(d[6].total_bytes, 16 * gib);
  assert_u64(d[7].total_bytes, 65 * gib / 2);
}

static void unknown_instances_are_told_apart_from_unknown_devices(void **state) {
  (void)state;
  vf_device d[4];
  size_t n = 0;
  assert_fails(vf_devices_parse(d, 4, &n, ctx, "h200:9g.1gb", err), VF_UNKNOWN,
               "it has 1g.18gb, 2g.35gb");
  assert_fails(vf_devices_parse(d, 4, &n, ctx, "h200:", err), VF_UNKNOWN, "no profile ''");
  assert_fails(vf_devices_parse(d, 4, &n, ctx, "b200:1g.23gb", err), VF_UNKNOWN,
               "no sizes of instances of b200-180gb are known");
  assert_fails(vf_devices_parse(d, 4, &n, ctx, "h201:1g.18gb", err), VF_UNKNOWN,
               "unknown GPU 'h201:1g.18gb'");
  assert_fails(vf_devices_parse(d, 4, &n, ctx, "dgx-h100:1g.10gb", err), VF_UNKNOWN, "unknown GPU");
}

/* ---- Nodes ------------------------------------------------------------------------------ */

static void a_node_is_its_devices(void **state) {
  (void)state;
  vf_device d[VF_MAX_DEVICES];
  assert_u64(count_devices(d, "dgx-h100"), 8);
  assert_string_equal(d[7].id, "h100-sxm-80gb");
  assert_u64(d[7].link_mb_per_s, 900000);
  assert_u64(count_devices(d, "gb200-nvl72"), 72);
  assert_u64(d[3].host, 0);
  assert_u64(d[4].host, 1);
  assert_u64(d[71].host, 17);
  assert_u64(count_devices(d, "mi250"), 2);
  assert_u64(count_devices(d, "Standard_ND96isr_H100_v5"), 8);
}

static void nodes_take_counts_and_each_is_another_host(void **state) {
  (void)state;
  vf_device d[VF_MAX_DEVICES];
  assert_u64(count_devices(d, "p5.48xlargex2+g5.48xlarge"), 24);
  assert_u64(d[7].host, 0);
  assert_u64(d[8].host, 1);
  assert_u64(d[16].host, 2);
  assert_string_equal(d[16].id, "a10g");
  assert_u64(d[16].link_mb_per_s, 0);
}

static void more_devices_than_one_estimate_takes_are_refused(void **state) {
  (void)state;
  vf_device d[VF_MAX_DEVICES];
  size_t n = 0;
  assert_fails(vf_devices_parse(d, VF_MAX_DEVICES, &n, ctx, "gb200-nvl72x2", err), VF_LIMIT,
               "'gb200-nvl72x2' makes 144 devices: no more than 128 devices");
  assert_fails(vf_devices_parse(d, VF_MAX_DEVICES, &n, ctx, "gb200-nvl72+h100x99", err), VF_LIMIT,
               "makes 171 devices");
}

/* ---- Main memory ------------------------------------------------------------------------ */

static uint64_t host_total(const char *gpus, uint64_t host_memory_bytes, bool *several_hosts) {
  vf_model *m;
  vf_estimate *e;
  vf_device d[VF_MAX_DEVICES];
  vf_request r = vf_request_init();
  size_t n = count_devices(d, gpus), n_assumptions;
  r.ctx_tokens = 8192;
  r.host_memory_bytes = host_memory_bytes;
  assert_ok(vf_model_open(&m, ctx, "llama3.1-8b", "q4", NULL, err));
  assert_ok(vf_estimate_new(&e, ctx, err));
  assert_ok(vf_estimate_run(e, m, &r, d, n, err));
  const vf_device_budget *budgets = vf_estimate_devices(e, &n);
  uint64_t total = budgets[n - 1].device.total_bytes;
  const vf_assumption *a = vf_estimate_assumptions(e, &n_assumptions);
  *several_hosts = false;
  for (size_t i = 0; i < n_assumptions; i++)
    if (strcmp(a[i].code, "several-hosts") == 0) *several_hosts = true;
  vf_estimate_free(e);
  vf_model_free(m);
  return total;
}

static void the_host_has_the_nodes_memory_unless_another_is_given(void **state) {
  (void)state;
  bool several;
  assert_u64(host_total("p5.48xlarge", 0, &several), 2048 * gib);
  assert_false(several);
  assert_u64(host_total("p5.48xlarge", 64 * gib, &several), 64 * gib);
  assert_u64(host_total("p5.48xlargex2", 0, &several), 2048 * gib);
  assert_true(several);
  assert_u64(host_total("gh200", 0, &several), 480000000000 / mib * mib);
  assert_u64(host_total("h100", 0, &several), 0);
}

/* ---- Figures ---------------------------------------------------------------------------- */

static void speeds_are_read_in_their_units(void **state) {
  (void)state;
  vf_device d = device("b200");
  assert_u64(d.fp16_gflops, 2250000);
  assert_u64(d.fp8_gflops, 4500000);
  assert_u64(d.fp4_gflops, 9000000);
  assert_u64(d.link_mb_per_s, 1800000);
  assert_u64(d.pcie_mb_per_s, 16 * 3938);
  assert_u64(d.compute_units, 148);
  assert_u64(device("h100").fp4_gflops, 0);
  assert_u64(device("mi300x").link_mb_per_s, 896000);
  assert_int_equal(device("gh200").kind, VF_DEVICE_DISCRETE);
  assert_int_equal(device("jetson-agx-orin").kind, VF_DEVICE_UNIFIED);
}

static void accelerators_without_a_backend_are_refused(void **state) {
  (void)state;
  vf_model *m;
  vf_estimate *e;
  vf_request r = vf_request_init();
  vf_device d = device("tpu-v5e");
  assert_ok(vf_model_open(&m, ctx, "llama3.1-8b", "q4", NULL, err));
  assert_ok(vf_estimate_new(&e, ctx, err));
  assert_fails(vf_estimate_run(e, m, &r, &d, 1, err), VF_UNSUPPORTED, "no backend for Google TPU");
  vf_estimate_free(e);
  vf_model_free(m);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_device_can_be_read),
      cmocka_unit_test(every_device_resolves_by_each_of_its_names_and_is_no_node),
      cmocka_unit_test(names_of_drivers_tools_clouds_and_people_are_understood),
      cmocka_unit_test(of_two_sizes_the_smaller_is_taken),
      cmocka_unit_test(what_is_no_gpu_is_refused),
      cmocka_unit_test(every_node_resolves_to_its_devices_by_each_of_its_names),
      cmocka_unit_test(device_lists_are_names_counts_and_sums),
      cmocka_unit_test(instances_have_their_real_size_and_no_reserve),
      cmocka_unit_test(instances_take_counts),
      cmocka_unit_test(unknown_instances_are_told_apart_from_unknown_devices),
      cmocka_unit_test(a_node_is_its_devices),
      cmocka_unit_test(nodes_take_counts_and_each_is_another_host),
      cmocka_unit_test(more_devices_than_one_estimate_takes_are_refused),
      cmocka_unit_test(the_host_has_the_nodes_memory_unless_another_is_given),
      cmocka_unit_test(speeds_are_read_in_their_units),
      cmocka_unit_test(accelerators_without_a_backend_are_refused),
      cmocka_unit_test(details_in_a_name_choose_among_its_cards),
      cmocka_unit_test(names_of_devices_are_words_and_details),
  };
  return cmocka_run_group_tests(tests, open_context, close_context);
}
