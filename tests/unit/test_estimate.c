/* test_estimate.c - llama.cpp's budget through the public interface: KV cache, settings, refusals,
 * monotony, limits. */
#include "support.h"

#include "vramfit/solve.h"

static vf_context *ctx;
static vf_estimate *estimate;

static int open_all(void **state) {
  (void)state;
  return vf_context_new(&ctx, NULL, NULL) || vf_estimate_new(&estimate, ctx, NULL);
}

static int close_all(void **state) {
  (void)state;
  vf_estimate_free(estimate);
  vf_context_free(ctx);
  return 0;
}

static vf_status run(const char *model, const char *quant, const char *gpus,
                     const vf_request *request, vf_error *err) {
  vf_model *m;
  vf_device devices[16];
  size_t n;
  vf_status status = vf_model_open(&m, ctx, model, quant, request->engine, err);
  if (status != VF_OK) return status;
  status = vf_devices_parse(devices, 16, &n, ctx, gpus, err);
  if (status == VF_OK) status = vf_estimate_run(estimate, m, request, devices, n, err);
  vf_model_free(m);
  return status;
}

static uint64_t part(size_t device, vf_part p) {
  size_t n;
  return vf_estimate_devices(estimate, &n)[device].part_bytes[p];
}

static vf_interval need(size_t device) {
  size_t n;
  return vf_estimate_devices(estimate, &n)[device].need;
}

static bool assumes(const char *code) {
  size_t n;
  const vf_assumption *a = vf_estimate_assumptions(estimate, &n);
  for (size_t i = 0; i < n; i++)
    if (strcmp(a[i].code, code) == 0) return true;
  return false;
}

/* ---- KV cache --------------------------------------------------------------------------- */

static void the_70b_cache_at_32k_is_ten_gib(void **state) {
  (void)state;
  vf_request r = vf_request_init();
  r.ctx_tokens = 32768;
  assert_ok(run("llama3.1-70b", "q4", "gb10", &r, err));
  assert_u64(part(0, VF_PART_KV_CACHE), UINT64_C(10) << 30);
  assert_int_equal(vf_estimate_verdict(estimate), VF_FITS);
  assert_true(assumes("shared-pool"));
}

static void cache_formats_cost_what_their_blocks_cost(void **state) {
  (void)state;
  static const struct {
    vf_format format;
    uint64_t bytes, elements;
  } formats[] = {{VF_FORMAT_F32, 4, 1},    {VF_FORMAT_F16, 2, 1},    {VF_FORMAT_BF16, 2, 1},
                 {VF_FORMAT_Q8_0, 34, 32}, {VF_FORMAT_Q5_1, 24, 32}, {VF_FORMAT_Q5_0, 22, 32},
                 {VF_FORMAT_Q4_1, 20, 32}, {VF_FORMAT_Q4_0, 18, 32}, {VF_FORMAT_IQ4_NL, 18, 32}};
  for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
    vf_request r = vf_request_init();
    r.ctx_tokens = 8192;
    r.kv_k = r.kv_v = formats[i].format;
    assert_ok(run("llama3.1-8b", "q4", "h100", &r, err));
    uint64_t per_layer = UINT64_C(8192) * 1024 / formats[i].elements * formats[i].bytes;
    assert_u64(part(0, VF_PART_KV_CACHE), 2 * 32 * per_layer);
  }
}

static void keys_and_values_may_differ(void **state) {
  (void)state;
  vf_request r = vf_request_init();
  r.ctx_tokens = 8192;
  r.kv_k = VF_FORMAT_Q8_0;
  assert_ok(run("llama3.1-8b", "q4", "h100", &r, err));
  assert_u64(part(0, VF_PART_KV_CACHE), 32 * UINT64_C(8192) * (1024 * 34 / 32 + 1024 * 2));
}

static void sequences_multiply_and_a_unified_cache_does_not(void **state) {
  (void)state;
  vf_request r = vf_request_init();
  r.ctx_tokens = 4096;
  r.seqs = 4;
  assert_ok(run("llama3.1-8b", "q4", "h100", &r, err));
  assert_u64(part(0, VF_PART_KV_CACHE), UINT64_C(4) * 512 << 20);
  r.kv_unified = true;
  assert_ok(run("llama3.1-8b", "q4", "h100", &r, err));
  assert_u64(part(0, VF_PART_KV_CACHE), UINT64_C(512) << 20);
}

/* llama-context.cpp:289: 3 x 3334 tokens are 10240, that is 3413 per sequence, rounded to 3584 */
static void contexts_are_rounded_up_as_the_engine_does(void **state) {
  (void)state;
  vf_request r = vf_request_init();
  r.ctx_tokens = 3334;
  r.seqs = 3;
  assert_ok(run("llama3.1-8b", "q4", "h100", &r, err));
  assert_u64(vf_estimate_workload(estimate)->ctx_tokens, 3584);
  r.ctx_tokens = 1;
  r.seqs = 1;
  assert_ok(run("llama3.1-8b", "q4", "h100", &r, err));
  assert_u64(vf_estimate_workload(estimate)->ctx_tokens, 256);
}

static void without_a_context_the_models_own_is_taken(void **state) {
  (void)state;
  vf_request r = vf_request_init();
  assert_ok(run("llama3.1-8b", "q4", "h100", &r, err));
  assert_u64(vf_estimate_workload(estimate)->ctx_tokens, 131072);
  assert_true(assumes("ctx-default"));
  r.ctx_tokens = 131073;
  assert_ok(run("llama3.1-8b", "q4", "h100", &r, err));
  assert_true(assumes("ctx-beyond-model"));
}

/* ---- Verdicts from the command line's examples ------------------------------------------ */

static void the_70b_does_not_fit_a_24_gb_card_and_f16_not_an_80_gb_one(void **state) {
  (void)state;
  vf_request r = vf_request_init();
  r.ctx_tokens = 32768;
  assert_ok(run("llama3.1-70b", "q4", "rtx-4090", &r, err));
  assert_int_equal(vf_estimate_verdict(estimate), VF_NO_FIT);
  assert_ok(run("llama3.1-70b", "fp16", "h100", &r, err));
  assert_int_equal(vf_estimate_verdict(estimate), VF_NO_FIT);
}

/* ---- Refusals --------------------------------------------------------------------------- */

static void what_llama_cpp_refuses_is_refused(void **state) {
  (void)state;
  vf_request r = vf_request_init();
  r.ctx_tokens = 4096;
  r.kv_v = VF_FORMAT_Q8_0;
  r.flash_attn = VF_OFF;
  assert_fails(run("llama3.1-8b", "q4", "h100", &r, err), VF_UNSUPPORTED,
               "without flash attention");
  r.flash_attn = VF_AUTO;
  r.kv_v = VF_FORMAT_Q6_K;
  assert_fails(run("llama3.1-8b", "q4", "h100", &r, err), VF_UNSUPPORTED, "no q6_K cache");
  r.kv_v = VF_FORMAT_NONE;
  r.seqs = 257;
  assert_fails(run("llama3.1-8b", "q4", "h100", &r, err), VF_UNSUPPORTED, "at most 256 sequences");
  r.seqs = 1;
  r.engine = "lama.cpp";
  assert_fails(run("llama3.1-8b", "q4", "h100", &r, err), VF_UNKNOWN, "did you mean llama.cpp?");
  r.engine = NULL;
  memcpy(r.tensor_split, (const uint32_t[]){1, 2, 3}, 3 * sizeof(uint32_t));
  r.tensor_split_count = 3;
  assert_fails(run("llama3.1-8b", "q4", "h100x2", &r, err), VF_USAGE, "names 3 devices");
  memset(r.tensor_split, 0, sizeof r.tensor_split);
  r.tensor_split_count = 2;
  assert_fails(run("llama3.1-8b", "q4", "h100x2", &r, err), VF_USAGE, "all zeros");
}

static void an_unknown_amount_of_memory_is_no_verdict(void **state) {
  (void)state;
  vf_request r = vf_request_init();
  r.ctx_tokens = 4096;
  assert_fails(run("llama3.1-8b", "q4", "cpu", &r, err), VF_USAGE, "its memory is not known");
  r.host_memory_bytes = UINT64_C(64) << 30;
  assert_ok(run("llama3.1-8b", "q4", "cpu", &r, err));
  assert_int_equal(vf_estimate_verdict(estimate), VF_FITS);
}

static void another_version_of_the_engine_is_an_assumption(void **state) {
  (void)state;
  vf_request r = vf_request_init();
  r.ctx_tokens = 4096;
  r.engine = "llama.cpp@v0.9";
  assert_ok(run("llama3.1-8b", "q4", "h100", &r, err));
  assert_true(assumes("engine-version"));
  r.engine = "llama.cpp@b2824";
  assert_ok(run("llama3.1-8b", "q4", "h100", &r, err));
  assert_true(assumes("build-between"));
  r.engine = "llama.cpp@v0.5.0";
  assert_ok(run("llama3.1-8b", "q4", "h100", &r, err));
  assert_false(assumes("engine-version"));
}

static void versions_that_are_none_are_refused(void **state) {
  (void)state;
  static const char *const engines[] = {"llama.cpp@v9", "llama-server@1.0", "llama-cli@latest",
                                        "llama-bench@vnext"};
  vf_request r = vf_request_init();
  r.ctx_tokens = 4096;
  for (size_t i = 0; i < sizeof engines / sizeof *engines; i++) {
    r.engine = engines[i];
    assert_fails(run("llama3.1-8b", "q4", "h100", &r, err), VF_USAGE, "llama.cpp");
  }
  r.engine = "llama.cpp@b1";
  assert_fails(run("llama3.1-8b", "q4", "h100", &r, err), VF_UNSUPPORTED, "older than the oldest");
}

static void no_more_tokens_are_computed_than_are_submitted(void **state) {
  (void)state;
  vf_request r = vf_request_init();
  r.ctx_tokens = 8192;
  r.batch_tokens = 256;
  assert_ok(run("llama3.1-8b", "q4", "h100", &r, err));
  assert_int_equal(vf_estimate_workload(estimate)->ubatch_tokens, 256);
  r.ubatch_tokens = 128;
  assert_ok(run("llama3.1-8b", "q4", "h100", &r, err));
  assert_int_equal(vf_estimate_workload(estimate)->ubatch_tokens, 128);
}

static uint64_t compute_of(const char *engine) {
  vf_request r = vf_request_init();
  r.ctx_tokens = 8192;
  r.engine = engine;
  assert_ok(run("llama3.1-8b", "q4", "h100", &r, err));
  return vf_estimate_devices(estimate, NULL)->part_bytes[VF_PART_COMPUTE];
}

/* 258.5 MiB of logits for a batch until b9460; one table for all names and spellings. */
static void every_program_obeys_the_same_builds(void **state) {
  (void)state;
  static const char *const old[] = {"llama.cpp@b8184", "llama.cpp@8184", "llama-cli@b8184",
                                    "llama-server@version: 8184 (319146247)"};
  for (size_t i = 0; i < sizeof old / sizeof *old; i++)
    assert_u64(compute_of(old[i]), UINT64_C(517) << 19);
  assert_u64(compute_of("llama.cpp@v0.5.0"), compute_of("llama-cli"));
  assert_true(compute_of("llama.cpp@b8184") > compute_of("llama.cpp"));
  assert_u64(compute_of("llama.cpp@version: 0.5.0 (build 11000, commit de3ff81)"),
             compute_of("llama.cpp"));
}

/* ---- Properties ------------------------------------------------------------------------- */

static uint32_t seed = 12345;

static uint32_t pick(uint32_t n) {
  seed = seed * 1664525u + 1013904223u;
  return (seed >> 8) % n;
}

static const char *const some_models[] = {"llama3.1-8b", "llama3.2-1b", "qwen2.5-7b", "qwen3-4b",
                                          "phi4-14b",    "smollm3-3b",  "mistral-7b", "llama2-7b"};

/* Weights and caches never shrink, and neither does the need; compute may by a placement's luck,
 * which the cache outweighs from one step to the next. */
static void more_context_or_sequences_never_need_less(void **state) {
  (void)state;
  for (int i = 0; i < 2000; i++) {
    vf_request r = vf_request_init();
    const char *model = some_models[pick(8)];
    r.ctx_tokens = 256 + pick(60000);
    r.seqs = 1 + pick(8);
    r.kv_k = r.kv_v = pick(2) ? VF_FORMAT_F16 : VF_FORMAT_Q8_0;
    assert_ok(run(model, "q4_k_m", "h100", &r, err));
    vf_interval before = need(0);
    uint64_t cache = part(0, VF_PART_KV_CACHE);
    if (pick(2))
      r.ctx_tokens += 1 + pick(5000);
    else
      r.seqs += 1;
    assert_ok(run(model, "q4_k_m", "h100", &r, err));
    assert_true(part(0, VF_PART_KV_CACHE) >= cache);
    if (need(0).bytes < before.bytes)
      fail_msg("%s at %llu x %u needs %llu less", model, (unsigned long long)r.ctx_tokens, r.seqs,
               (unsigned long long)(before.bytes - need(0).bytes));
  }
}

static void intervals_are_ordered_and_parts_add_up(void **state) {
  (void)state;
  static const char *const gpus[] = {"h100", "gb10", "rtx-4090x2", "h100x4",
                                     "apple-m2-ultra-192gb"};
  for (int i = 0; i < 500; i++) {
    vf_request r = vf_request_init();
    size_t devices, lines;
    r.ctx_tokens = 256 + pick(60000);
    r.gpu_layers = pick(3) ? -1 : (int32_t)pick(40);
    r.no_kv_offload = pick(5) == 0;
    assert_ok(run(some_models[pick(8)], "q4_k_m", gpus[pick(5)], &r, err));
    const vf_device_budget *b = vf_estimate_devices(estimate, &devices);
    const vf_line *line = vf_estimate_lines(estimate, &lines);
    for (size_t d = 0; d < devices; d++) {
      uint64_t sum = b[d].whole.known ? 0 : b[d].shared_host_bytes;
      for (int p = 0; p < VF_PART_COUNT; p++) sum += b[d].part_bytes[p];
      assert_u64(sum, b[d].need.bytes);
      assert_true(b[d].need.low_bytes <= sum && sum <= b[d].need.high_bytes);
    }
    for (size_t l = 0; l < lines; l++) {
      vf_interval s = line[l].size;
      assert_true(s.low_bytes <= s.bytes && s.bytes <= s.high_bytes);
      if (line[l].part != VF_PART_OUTPUT && line[l].basis == VF_BASIS_EXACT)
        assert_true(s.low_bytes == s.high_bytes);
    }
  }
}

/* The shortcut over equal layers gives what the whole tape gives: twice the layers, same peak. */
static void depth_does_not_change_the_compute_buffer(void **state) {
  (void)state;
  vf_request r = vf_request_init();
  r.ctx_tokens = 8192;
  assert_ok(run("yi-1.5-6b", "q4_k_m", "h100", &r, err)); /* 32 layers */
  uint64_t shallow = part(0, VF_PART_COMPUTE);
  assert_ok(run("yi-1.5-9b", "q4_k_m", "h100", &r, err)); /* 48 layers of the same shape */
  assert_u64(part(0, VF_PART_COMPUTE), shallow);
}

/* ---- Verdicts --------------------------------------------------------------------------- */

static vf_verdict verdict_with(const vf_model *m, vf_request *r, vf_device d, uint64_t memory) {
  d.total_bytes = memory;
  assert_ok(vf_estimate_run(estimate, m, r, &d, 1, err));
  return vf_estimate_verdict(estimate);
}

/* On cards and on pools, with one limit and with two. */
static void more_memory_never_makes_a_verdict_worse(void **state) {
  (void)state;
  static const char *const gpus[] = {"rtx-4090", "gb10", "h100", "apple-m4-max-40-64gb",
                                     "ryzen-ai-max-395-128gb"};
  size_t seen[VF_VERDICT_COUNT] = {0};
  for (int i = 0; i < 120; i++) {
    vf_request r = vf_request_init();
    vf_model *m;
    vf_device d;
    size_t n;
    r.ctx_tokens = 1024 + pick(60000);
    r.seqs = 1 + pick(4);
    assert_ok(vf_model_open(&m, ctx, some_models[pick(8)], pick(2) ? "q4_k_m" : "q8_0", NULL, err));
    assert_ok(vf_devices_parse(&d, 1, &n, ctx, gpus[i % 5], err));
    vf_verdict last = VF_NO_FIT;
    for (uint64_t gib = 1; gib <= 256; gib += gib / 8 + 1) {
      vf_verdict now = verdict_with(m, &r, d, gib << 30);
      assert_true(now <= last);
      seen[last = now]++;
    }
    vf_model_free(m);
  }
  for (int v = 0; v < VF_VERDICT_COUNT; v++) assert_true(seen[v] > 0);
}

/* --cache-ram 0 is the same need, and at worst TIGHT becomes FITS. */
static void growth_never_makes_no_fit_out_of_fits(void **state) {
  (void)state;
  static const char *const gpus[] = {"gb10", "apple-m4-max-40-64gb", "rtx-4090", "strix-halo"};
  for (int i = 0; i < 200; i++) {
    vf_request r = vf_request_init();
    r.ctx_tokens = 1024 + pick(60000);
    r.host_memory_bytes = (uint64_t)(1 + pick(64)) << 30;
    const char *model = some_models[pick(8)], *gpu = gpus[i % 4];
    assert_ok(run(model, "q4_k_m", gpu, &r, err));
    vf_verdict with = vf_estimate_verdict(estimate);
    r.prompt_cache_bytes = 0;
    assert_ok(run(model, "q4_k_m", gpu, &r, err));
    vf_verdict without = vf_estimate_verdict(estimate);
    assert_true(without <= with);
    assert_true(with == without || (with == VF_TIGHT && without == VF_FITS));
  }
}

/* ---- Limits ----------------------------------------------------------------------------- */

static vf_verdict verdict_of(const vf_model *m, const vf_request *r, const vf_device *d, size_t n) {
  assert_ok(vf_estimate_run(estimate, m, r, d, n, err));
  return vf_estimate_verdict(estimate);
}

static vf_status solve_limits(vf_limits *out, const vf_model *m, const vf_request *r,
                              const vf_device *d, size_t n, vf_error *err) {
  vf_estimate *scratch = NULL;
  vf_status status = vf_estimate_run(estimate, m, r, d, n, err);
  if (status == VF_OK) status = vf_estimate_new(&scratch, ctx, err);
  if (status == VF_OK) status = vf_limits_solve(out, estimate, scratch, d, n, err);
  vf_estimate_free(scratch);
  return status;
}

static void limits_are_tight(void **state) {
  (void)state;
  static const char *const gpus[] = {"rtx-4090", "gb10", "rtx-3060", "h100", "l4"};
  for (int i = 0; i < 60; i++) {
    vf_request r = vf_request_init();
    vf_model *m;
    vf_device d[2];
    size_t n;
    vf_limits l;
    r.ctx_tokens = 1024 + pick(20000);
    assert_ok(vf_model_open(&m, ctx, some_models[pick(8)], pick(2) ? "q4_k_m" : "f16", NULL, err));
    assert_ok(vf_devices_parse(d, 2, &n, ctx, gpus[pick(5)], err));
    assert_ok(solve_limits(&l, m, &r, d, n, err));
    vf_request at = r;
    at.ctx_tokens = l.max_ctx_tokens;
    if (l.max_ctx_tokens > 0) assert_int_equal(verdict_of(m, &at, d, n), VF_FITS);
    at.ctx_tokens = l.max_ctx_tokens + 256;
    if (!l.ctx_is_model_limit) assert_int_not_equal(verdict_of(m, &at, d, n), VF_FITS);
    at = r;
    at.seqs = l.max_seqs;
    if (l.max_seqs > 0) assert_int_equal(verdict_of(m, &at, d, n), VF_FITS);
    at.seqs = l.max_seqs + 1;
    if (!l.seqs_is_engine_limit) assert_int_not_equal(verdict_of(m, &at, d, n), VF_FITS);
    vf_model_free(m);
  }
}

static void layers_on_the_gpu_are_the_most_that_fit(void **state) {
  (void)state;
  vf_request r = vf_request_init();
  vf_model *m;
  vf_device d[1];
  size_t n;
  vf_limits l;
  r.ctx_tokens = 8192;
  assert_ok(vf_model_open(&m, ctx, "llama3.1-70b", "q4_k_m", NULL, err));
  assert_ok(vf_devices_parse(d, 1, &n, ctx, "rtx-4090", err));
  assert_ok(solve_limits(&l, m, &r, d, n, err));
  assert_in_range(l.gpu_layers, 20, 60);
  assert_int_equal(l.devices, 2);
  r.gpu_layers = l.gpu_layers;
  assert_int_equal(verdict_of(m, &r, d, n), VF_FITS);
  r.gpu_layers++;
  assert_int_not_equal(verdict_of(m, &r, d, n), VF_FITS);
  vf_model_free(m);
}

/* A token takes 1 GiB of a layer here: a million of them are a figure, two thousand million are
 * beyond 64 bits, of one sequence as of many. */
static void caches_beyond_64_bits_are_refused_by_every_engine(void **state) {
  (void)state;
  static const char *const engines[] = {"llama.cpp",    "ollama",   "vllm",         "sglang",
                                        "tensorrt-llm", "tgi",      "transformers", "mlx",
                                        "exllama",      "lmdeploy", "ktransformers"};
  static const char wide[] =
      "{\"model_type\": \"llama\", \"hidden_size\": 64, \"num_hidden_layers\": 1000,"
      "\"num_attention_heads\": 16384, \"num_key_value_heads\": 16384, \"head_dim\": 16384,"
      "\"intermediate_size\": 128, \"vocab_size\": 100000,"
      "\"max_position_embeddings\": 2147483647, \"torch_dtype\": \"bfloat16\"}";
  for (size_t i = 0; i < sizeof engines / sizeof *engines; i++) {
    bool apple = strcmp(engines[i], "mlx") == 0;
    const char *gpu = apple ? "apple-m3-max-64gb" : "h100";
    vf_request r = vf_request_init();
    r.engine = engines[i];
    r.ctx_tokens = 1 << 20;
    assert_ok(run(wide, NULL, gpu, &r, err));
    assert_int_equal(vf_estimate_verdict(estimate), VF_NO_FIT);
    r.ctx_tokens = INT32_MAX;
    assert_fails(run(wide, NULL, gpu, &r, err), VF_OVERFLOW, "not fit 64 bits");
    r.seqs = 256;
    assert_fails(run(wide, NULL, gpu, &r, err), VF_OVERFLOW, "not fit 64 bits");
  }
}

static uint64_t line_bytes(const char *name, uint32_t device) {
  size_t n;
  const vf_line *lines = vf_estimate_lines(estimate, &n);
  for (size_t i = 0; i < n; i++)
    if (strcmp(lines[i].name, name) == 0 && lines[i].device == device) return lines[i].size.bytes;
  return 0;
}

/* An adapter lies where the layers are that it changes, all of it, whatever does not divide. */
static void adapters_lie_where_their_layers_do(void **state) {
  (void)state;
  enum { BYTES = 100000007 };
  vf_request r = vf_request_init();
  r.ctx_tokens = 4096;
  assert_ok(run("llama3.1-8b", "q4_k_m", "rtx-3060-12gbx2", &r, err));
  vf_interval before[] = {need(0), need(1)};
  r.lora_bytes = BYTES;
  assert_ok(run("llama3.1-8b", "q4_k_m", "rtx-3060-12gbx2", &r, err));
  uint64_t first = line_bytes("lora", 0), second = line_bytes("lora", 1);
  assert_u64(first + second, BYTES);
  assert_in_range(first, BYTES / 2 - BYTES / 16, BYTES / 2 + BYTES / 16);
  assert_u64(need(0).bytes, before[0].bytes + first);
  assert_u64(need(1).bytes, before[1].bytes + second);
  r.gpu_layers = 0;
  assert_ok(run("llama3.1-8b", "q4_k_m", "rtx-3060-12gbx2", &r, err));
  assert_u64(line_bytes("lora", 2), BYTES); /* main memory */
}

/* What llama.cpp's --fit makes of a request. */
static vf_request fitted(const char *model, const char *gpus, vf_request r) {
  vf_model *m;
  vf_device devices[16];
  size_t n;
  assert_ok(vf_model_open(&m, ctx, model, "q4_k_m", NULL, err));
  assert_ok(vf_devices_parse(devices, 16, &n, ctx, gpus, err));
  assert_ok(vf_llama_fit(&r, estimate, m, devices, n, err));
  vf_model_free(m);
  return r;
}

/* Whether every GPU keeps 1024 MiB beside its buffers and the context of its process. */
static bool keeps_margin(const char *model, const char *gpus, const vf_request *r) {
  size_t n;
  assert_ok(run(model, "q4_k_m", gpus, r, err));
  const vf_device_budget *b = vf_estimate_devices(estimate, &n);
  for (size_t i = 0; i + 1 < n; i++) {
    uint64_t taken = part(i, VF_PART_WEIGHTS) + part(i, VF_PART_KV_CACHE) + part(i, VF_PART_STATE) +
                     part(i, VF_PART_COMPUTE);
    if (taken + b[i].device.context.bytes + (UINT64_C(1024) << 20) > b[i].capacity_bytes)
      return false;
  }
  return true;
}

/* common/fit.cpp: a context that was not said becomes smaller in steps of 256, by what is missing
 * and not by trying: a fiftieth less than would do is left. */
static void fit_lowers_a_context_that_was_not_said(void **state) {
  (void)state;
  static const char *const gpus[] = {"rtx-4070", "rtx-4060-ti-16gb", "rtx-3060-12gbx2"};
  for (size_t i = 0; i < sizeof gpus / sizeof *gpus; i++) {
    vf_request r = fitted("llama3.1-8b", gpus[i], vf_request_init());
    assert_u64(r.ctx_tokens % 256, 0);
    assert_in_range(r.ctx_tokens, 4096, 131072 - 256);
    assert_true(r.gpu_layers < 0);
    assert_true(keeps_margin("llama3.1-8b", gpus[i], &r));
    r.ctx_tokens += r.ctx_tokens / 50 + 256;
    assert_false(keeps_margin("llama3.1-8b", gpus[i], &r));
  }
  vf_request r = fitted("llama3.1-8b", "h100", vf_request_init());
  assert_u64(r.ctx_tokens, 0); /* all of it fits */
}

/* Then experts of leading layers go to main memory, or layers: no more than have to. */
static void fit_moves_no_more_to_main_memory_than_it_has_to(void **state) {
  (void)state;
  vf_request said = vf_request_init();
  said.ctx_tokens = 32768;
  vf_request r = fitted("qwen3-30b-a3b", "rtx-4070", said);
  assert_in_range(r.cpu_moe_layers, 2, 47);
  assert_true(keeps_margin("qwen3-30b-a3b", "rtx-4070", &r));
  r.cpu_moe_layers--;
  assert_false(keeps_margin("qwen3-30b-a3b", "rtx-4070", &r));
  r = fitted("qwen3-32b", "rtx-4090", said);
  assert_in_range(r.gpu_layers, 1, 63);
  assert_u64(r.ctx_tokens, 32768);
  assert_true(keeps_margin("qwen3-32b", "rtx-4090", &r));
  r.gpu_layers++;
  assert_false(keeps_margin("qwen3-32b", "rtx-4090", &r));
}

static void every_line_has_a_formula(void **state) {
  (void)state;
  vf_request r = vf_request_init();
  vf_model *m;
  vf_device d[2];
  size_t n, lines;
  char formula[2048];
  r.ctx_tokens = 32768;
  assert_ok(vf_model_open(&m, ctx, "llama3.1-70b", "q4", NULL, err));
  assert_ok(vf_devices_parse(d, 2, &n, ctx, "gb10", err));
  assert_ok(vf_estimate_run(estimate, m, &r, d, n, err));
  const vf_line *line = vf_estimate_lines(estimate, &lines);
  for (size_t i = 0; i < lines; i++) {
    assert_true(vf_estimate_explain(estimate, i, formula, sizeof formula) < sizeof formula);
    assert_true(strlen(formula) > 20);
    if (strcmp(line[i].name, "kv_cache") == 0)
      assert_non_null(strstr(formula, "2 × 80 layers × 8 KV heads × 128 × 2 B × 32,768 tokens"));
  }
  vf_model_free(m);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_70b_cache_at_32k_is_ten_gib),
      cmocka_unit_test(cache_formats_cost_what_their_blocks_cost),
      cmocka_unit_test(keys_and_values_may_differ),
      cmocka_unit_test(sequences_multiply_and_a_unified_cache_does_not),
      cmocka_unit_test(contexts_are_rounded_up_as_the_engine_does),
      cmocka_unit_test(without_a_context_the_models_own_is_taken),
      cmocka_unit_test(the_70b_does_not_fit_a_24_gb_card_and_f16_not_an_80_gb_one),
      cmocka_unit_test(what_llama_cpp_refuses_is_refused),
      cmocka_unit_test(an_unknown_amount_of_memory_is_no_verdict),
      cmocka_unit_test(another_version_of_the_engine_is_an_assumption),
      cmocka_unit_test(versions_that_are_none_are_refused),
      cmocka_unit_test(every_program_obeys_the_same_builds),
      cmocka_unit_test(no_more_tokens_are_computed_than_are_submitted),
      cmocka_unit_test(more_context_or_sequences_never_need_less),
      cmocka_unit_test(intervals_are_ordered_and_parts_add_up),
      cmocka_unit_test(depth_does_not_change_the_compute_buffer),
      cmocka_unit_test(more_memory_never_makes_a_verdict_worse),
      cmocka_unit_test(growth_never_makes_no_fit_out_of_fits),
      cmocka_unit_test(limits_are_tight),
      cmocka_unit_test(layers_on_the_gpu_are_the_most_that_fit),
      cmocka_unit_test(caches_beyond_64_bits_are_refused_by_every_engine),
      cmocka_unit_test(adapters_lie_where_their_layers_do),
      cmocka_unit_test(fit_lowers_a_context_that_was_not_said),
      cmocka_unit_test(fit_moves_no_more_to_main_memory_than_it_has_to),
      cmocka_unit_test(every_line_has_a_formula),
  };
  return cmocka_run_group_tests(tests, open_all, close_all);
}
