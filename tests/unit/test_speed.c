/* test_speed.c - what one step of decoding reads, where, and what that does to the speed. */
#include "support.h"

#include "core/speed.h"

static vf_context *ctx;
static vf_estimate *estimate;
static vf_model *model;

static int open_all(void **state) {
  (void)state;
  return vf_context_new(&ctx, NULL, NULL) || vf_estimate_new(&estimate, ctx, NULL);
}

static int close_all(void **state) {
  (void)state;
  vf_estimate_free(estimate);
  vf_model_free(model);
  vf_context_free(ctx);
  return 0;
}

/* The speed of a request; the model stays open for the estimate's sake. */
static vf_speed ask(const char *name, const char *quant, const char *gpu, vf_request r) {
  vf_device d[16];
  size_t n;
  vf_speed speed;
  vf_model_free(model);
  model = NULL;
  assert_ok(vf_model_open(&model, ctx, name, quant, r.engine, err));
  assert_ok(vf_devices_parse(d, 16, &n, ctx, gpu, err));
  r.host_memory_bytes = UINT64_C(1) << 40;
  assert_ok(vf_estimate_run(estimate, model, &r, d, n, err));
  vf_estimate_speed(estimate, &speed);
  return speed;
}

static vf_request with_ctx(uint64_t tokens) {
  vf_request r = vf_request_init();
  r.engine = "llama.cpp";
  r.ctx_tokens = tokens;
  return r;
}

/* ---- What is read ----------------------------------------------------------------------- */

/* Llama 3.1 8B: 128,256 rows of 4,096 numbers, as the embedding and again as the output; and a
 * table of 64 rotation factors that is not worth counting. */
static void an_embedding_is_one_row(void **state) {
  (void)state;
  vf_speed s = ask("llama3.1-8b", "bf16", "h100", with_ctx(8192));
  vf_model_info m;
  vf_model_info_get(model, &m);
  assert_u64(s.plain_bytes + s.packed_bytes, m.weights_bytes - 128256ull * 4096 * 2 - 64 * 4);
}

static void a_tied_embedding_is_read_as_the_output(void **state) {
  (void)state;
  vf_speed s = ask("llama3.2-1b", "bf16", "h100", with_ctx(8192));
  vf_model_info m;
  vf_model_info_get(model, &m);
  assert_u64(s.plain_bytes + s.packed_bytes, m.weights_bytes - 32 * 4);
}

/* 2 × 32 layers × 8 heads × 128 × 2 bytes for each token and sequence. */
static void a_cache_is_read_whole_and_for_each_sequence(void **state) {
  (void)state;
  vf_request r = with_ctx(8192);
  assert_u64(ask("llama3.1-8b", "q8_0", "h100", r).kv_cache_bytes, 131072ull * 8192);
  r.seqs = 4;
  assert_u64(ask("llama3.1-8b", "q8_0", "h100", r).kv_cache_bytes, 131072ull * 8192 * 4);
  r.kv_unified = true;
  assert_u64(ask("llama3.1-8b", "q8_0", "h100", r).kv_cache_bytes, 131072ull * 8192);
}

static void a_window_is_all_that_its_layer_reads(void **state) {
  (void)state;
  uint64_t at_16k = ask("gpt-oss-20b", NULL, "h100", with_ctx(16384)).kv_cache_bytes;
  uint64_t at_32k = ask("gpt-oss-20b", NULL, "h100", with_ctx(32768)).kv_cache_bytes;
  uint64_t windows = 2 * at_16k - at_32k; /* 12 layers × 2 × 8 heads × 64 × 2 bytes × 128 tokens */
  assert_u64(windows, 12ull * 2 * 8 * 64 * 2 * 128);
}

/* Llama 4: 36 of 48 layers see a chunk of 8192 tokens. */
static void a_chunk_is_all_that_its_layer_reads(void **state) {
  (void)state;
  uint64_t row = 2 * 8 * 128 * 2;
  assert_u64(ask("llama4-scout", "q4_k_m", "h200", with_ctx(32768)).kv_cache_bytes,
             row * (36 * 8192 + 12 * 32768));
  assert_u64(ask("llama4-scout", "q4_k_m", "h200", with_ctx(4096)).kv_cache_bytes, row * 48 * 4096);
}

static void a_state_is_read_and_written_and_does_not_grow(void **state) {
  (void)state;
  vf_speed s = ask("qwen3-next-80b-a3b", "q4_k_m", "h100", with_ctx(8192));
  vf_speed longer = ask("qwen3-next-80b-a3b", "q4_k_m", "h100", with_ctx(65536));
  assert_true(s.state_bytes > 0);
  assert_u64(s.state_bytes, longer.state_bytes);
  assert_true(longer.kv_cache_bytes == 8 * s.kv_cache_bytes);
}

static void of_experts_the_chosen_ones_are_read(void **state) {
  (void)state;
  vf_request r = with_ctx(4096);
  vf_speed one = ask("qwen3-30b-a3b", "q8_0", "h100", r);
  vf_model_info m;
  vf_model_info_get(model, &m);
  assert_true(one.packed_bytes < m.weights_bytes / 8);
  r.seqs = 8;
  vf_speed eight = ask("qwen3-30b-a3b", "q8_0", "h100", r);
  assert_true(eight.packed_bytes > 3 * one.packed_bytes && eight.packed_bytes < m.weights_bytes);
  r.seqs = 256;
  r.ctx_tokens = 256;
  vf_speed many = ask("qwen3-30b-a3b", "q8_0", "h200", r);
  assert_true(many.packed_bytes > m.weights_bytes / 100 * 95);
}

/* ---- Where it is read ------------------------------------------------------------------- */

static void layers_and_experts_in_main_memory_are_read_there(void **state) {
  (void)state;
  vf_request r = with_ctx(4096);
  vf_speed all = ask("qwen3-30b-a3b", "q8_0", "h100", r);
  assert_u64(all.host_bytes, 0);
  r.cpu_moe_layers = UINT32_MAX;
  vf_speed experts = ask("qwen3-30b-a3b", "q8_0", "h100", r);
  assert_u64(experts.host_bytes + experts.packed_bytes, all.packed_bytes);
  assert_int_equal(experts.bound, VF_BOUND_HOST_MEMORY);
  assert_int_equal(experts.basis, VF_BASIS_ASSUMED);
  r.cpu_moe_layers = 0;
  r.gpu_layers = 0;
  vf_speed none = ask("qwen3-30b-a3b", "q8_0", "h100", r);
  assert_u64(none.packed_bytes + none.plain_bytes + none.kv_cache_bytes, 0);
  assert_true(none.decode.high < experts.decode.high && experts.decode.high < all.decode.low);
}

static void overrides_count_as_experts_on_the_host(void **state) {
  (void)state;
  vf_override experts = {"exps", 4, -1};
  vf_request r = with_ctx(4096);
  r.cpu_moe_layers = UINT32_MAX;
  vf_speed told = ask("gpt-oss-20b", NULL, "rtx-4090", r);
  r.cpu_moe_layers = 0;
  r.overrides[0] = experts;
  r.override_count = 1;
  vf_speed named = ask("gpt-oss-20b", NULL, "rtx-4090", r);
  assert_true(named.host_bytes > told.host_bytes / 100 * 99);
  assert_true(named.host_bytes < told.host_bytes / 100 * 101);
}

static void a_told_bandwidth_narrows_the_interval(void **state) {
  (void)state;
  vf_request r = with_ctx(4096);
  vf_speed wide = ask("llama3.1-8b", "q8_0", "cpu", r);
  r.host_bandwidth_mb_per_s = 60000;
  vf_speed narrow = ask("llama3.1-8b", "q8_0", "cpu", r);
  assert_true(wide.decode.high * 10 > wide.decode.low * 25);
  assert_true(narrow.decode.high * 10 <= narrow.decode.low * 22);
  assert_int_equal(narrow.bound_mb_per_s, 60000);
}

/* ---- Several devices -------------------------------------------------------------------- */

static void layers_on_two_cards_take_turns(void **state) {
  (void)state;
  vf_rate one = ask("llama3.1-8b", "q8_0", "rtx-4090", with_ctx(4096)).decode;
  vf_rate two = ask("llama3.1-8b", "q8_0", "rtx-4090x2", with_ctx(4096)).decode;
  assert_true(two.expected > one.expected / 100 * 98 && two.expected < one.expected / 100 * 102);
}

static void ranks_that_share_layers_work_at_once(void **state) {
  (void)state;
  vf_request r = vf_request_init();
  r.engine = "vllm";
  r.ctx_tokens = 4096;
  r.tp = 1;
  r.pp = 2;
  vf_rate stages = ask("llama3.1-70b", NULL, "h100x2", r).decode;
  r.tp = 2;
  r.pp = 1;
  vf_rate ranks = ask("llama3.1-70b", NULL, "h100x2", r).decode;
  assert_true(ranks.expected > stages.expected * 3 / 2);
  assert_true(ranks.expected < stages.expected * 2);
}

/* ---- How long it takes ------------------------------------------------------------------ */

/* Within the rounding of a thousandth. */
static void assert_rate(uint64_t said, double tokens, double ns) {
  double milli = tokens * 1e12 / ns;
  if ((double)said < milli - 1 || (double)said > milli + 1)
    fail_msg("%llu, not %.1f", (unsigned long long)said, milli);
}

static const vf_device *card(size_t i) {
  return &estimate->devices[i].device;
}

/* Nanoseconds of bytes at a share of the nominal bandwidth. */
static double at(uint64_t bytes, const vf_device *d, double share) {
  return (double)bytes / (d->bandwidth_mb_per_s * 1e-3) / share;
}

/* The row of GeForce cards: 83.1, 89.9 and 65 % of the bandwidth, 64.7 µs a layer; a band of 0.75
 * to 1.33 around one sequence. */
static void a_step_is_its_bytes_over_the_bandwidth_and_a_time_for_each_layer(void **state) {
  (void)state;
  vf_speed s = ask("llama3.1-8b", "q8_0", "rtx-4090", with_ctx(8192));
  double weights = at(s.packed_bytes, card(0), 0.831) + at(s.plain_bytes, card(0), 0.899);
  double cache = at(131072ull * 8192, card(0), 0.65), layers = 32 * 64700.0;
  assert_int_equal(card(0)->bandwidth_mb_per_s, 1008000);
  assert_true(s.packed_bytes > UINT64_C(7900000000) && s.plain_bytes > 0);
  assert_rate(s.decode.expected, 1, weights + cache + layers);
  assert_rate(s.decode.high, 1, (weights + cache + layers) * 0.75);
  assert_rate(s.decode.low, 1, (weights + cache + layers) * 1.33);
  assert_rate(s.decode_start.expected, 1, weights + layers);
  assert_int_equal(s.bound, VF_BOUND_MEMORY);
  assert_int_equal(s.bound_mb_per_s, 1008000);
  assert_int_equal(s.basis, VF_BASIS_MODELLED);
}

/* Each further sequence computes: two operations a weight, of the units' rate 18.4 %, and 10 % with
 * experts, whose layers take another 60 µs. */
static void further_sequences_add_their_caches_and_their_arithmetic(void **state) {
  (void)state;
  vf_model_info m;
  vf_request r = with_ctx(4096);
  r.seqs = 3;
  vf_speed s = ask("llama3.1-8b", "q8_0", "rtx-4090", r);
  vf_model_info_get(model, &m);
  double ns = at(s.packed_bytes, card(0), 0.831) + at(s.plain_bytes, card(0), 0.899) + 32 * 64700.0;
  ns += at(131072ull * 4096 * 3, card(0), 0.65);
  ns += 2.0 * (double)m.n_active_params * 2 / vf_full_rate(card(0)) / 0.184;
  assert_int_equal(s.seqs, 3);
  assert_rate(s.decode.expected, 3, ns);
  assert_rate(s.decode.high, 3, ns * 0.65);
  assert_rate(s.decode.low, 3, ns * 2.5);
  s = ask("qwen3-30b-a3b", "q4_k_m", "rtx-5090", r);
  vf_model_info_get(model, &m);
  ns = at(s.packed_bytes, card(0), 0.831) + at(s.plain_bytes, card(0), 0.899);
  ns += at(s.kv_cache_bytes, card(0), 0.65) + 48 * (64700.0 + 60000);
  ns += 2.0 * (double)m.n_active_params * 2 / vf_full_rate(card(0)) / 0.1;
  assert_rate(s.decode.expected, 3, ns);
}

/* Of a pipeline each card reads its layers, at its own bandwidth. */
static void cards_that_differ_take_their_own_time(void **state) {
  (void)state;
  vf_speed s = ask("llama3.1-8b", "q8_0", "rtx-4090+rtx-3090", with_ctx(4096));
  double ns = 0, all = 0;
  for (size_t i = 0; i < 2; i++) all += (double)estimate->devices[i].part_bytes[VF_PART_WEIGHTS];
  for (size_t i = 0; i < 2; i++)
    ns += (double)estimate->devices[i].part_bytes[VF_PART_WEIGHTS] / all *
          (at(s.packed_bytes, card(i), 0.831) + at(s.plain_bytes, card(i), 0.899) +
           at(s.kv_cache_bytes, card(i), 0.65) + 32 * 64700.0);
  assert_int_equal(card(1)->bandwidth_mb_per_s, 936000);
  assert_rate(s.decode.expected, 1, ns);
}

/* Two ranks read half each, and go round twice a layer: a row of activations in 16 bits, of which
 * each sends and takes half, twice. */
static void ranks_exchange_what_they_computed(void **state) {
  (void)state;
  vf_request r = vf_request_init();
  r.engine = "vllm";
  r.ctx_tokens = 4096;
  r.tp = 2;
  vf_speed s = ask("llama3.1-8b", NULL, "h100x2", r);
  double ns =
      at(s.plain_bytes, card(0), 0.63) / 2 + at(s.kv_cache_bytes, card(0), 0.69) / 2 + 32 * 60000.0;
  double each = 8000 + 2.0 * 4096 / (card(0)->link_mb_per_s * 1e-3 / 2) / 0.75;
  assert_rate(s.decode.expected, 1, ns + 2 * 32 * each);
  assert_rate(s.decode.high, 1, ns * 0.72 + 2 * 32 * each * 0.4);
  assert_rate(s.decode.low, 1, ns * 1.35 + 2 * 32 * each * 2);
}

static void main_memory_takes_what_was_told_of_it(void **state) {
  (void)state;
  vf_request r = with_ctx(4096);
  r.host_bandwidth_mb_per_s = 60000;
  vf_speed s = ask("llama3.1-8b", "q8_0", "cpu", r);
  double fast = (double)s.host_bytes / (60 * 0.72), slow = (double)s.host_bytes / (60 * 0.33);
  assert_rate(s.decode.high, 1, fast);
  assert_rate(s.decode.low, 1, slow);
  assert_rate(s.decode.expected, 1, (fast + slow) / 2);
  assert_int_equal(s.bound, VF_BOUND_HOST_MEMORY);
  r.host_bandwidth_mb_per_s = 0;
  s = ask("llama3.1-8b", "q8_0", "cpu", r);
  assert_rate(s.decode.high, 1, (double)s.host_bytes / 85);
  assert_rate(s.decode.low, 1, (double)s.host_bytes / 24);
}

static void wires_between_cards_have_a_latency_and_a_bandwidth(void **state) {
  (void)state;
  vf_device d = {.pcie_mb_per_s = 32000};
  vf_span s = vf_exchange(&d, 3e6); /* 3 MB at 24 GB/s: 125 µs, and 50 */
  assert_true(s.expected == 175000 && s.fast == 175000 * 0.3 && s.slow == 175000 * 2.6);
  d.pcie_mb_per_s = 0; /* PCIe 3 or half a slot of PCIe 4: 16 GB/s */
  assert_true(vf_exchange(&d, 3e6).expected == 300000);
  d.link_mb_per_s = 112500; /* a bridge, which may be there */
  s = vf_exchange(&d, 4.5e6);
  assert_true(s.expected == 425000 && s.fast == 15000 + 80000);
  d.link_mb_per_s = 200000; /* a switch: 75 GB/s of 100 each way */
  s = vf_exchange(&d, 3e6);
  assert_true(s.expected == 48000 && s.fast == 48000 * 0.4 && s.slow == 96000);
}

/* GFLOPS, which are operations per nanosecond. */
static void the_full_rate_is_the_catalogs_or_that_of_its_units(void **state) {
  (void)state;
  const struct {
    vf_device d;
    double rate;
  } rows[] = {
      {{.fp16_gflops = 989000, .compute_units = 132, .compute_capability = 90}, 989000},
      /* 1,290 an SM are half of what the chip does, 1,350 and more all of it */
      {{.fp16_gflops = 165000, .compute_units = 128, .compute_capability = 89}, 330000},
      {{.fp16_gflops = 1349 * 84, .compute_units = 84, .compute_capability = 86}, 2 * 1349 * 84},
      {{.fp16_gflops = 1350 * 84, .compute_units = 84, .compute_capability = 86}, 1350 * 84},
      {{.fp16_gflops = 700 * 30, .compute_units = 30, .compute_capability = 75}, 2 * 700 * 30},
      {{.fp16_gflops = 700 * 30, .compute_units = 30, .compute_capability = 74}, 700 * 30},
      {{.fp16_gflops = 700 * 30, .compute_units = 0, .compute_capability = 86}, 700 * 30},
      {{.compute_units = 30, .compute_capability = 61}, 12000},
      {{.compute_units = 170, .compute_capability = 120}, 425000},
      {{.compute_units = 48, .compute_capability = 121}, 120000},
      {{.compute_units = 40, .backend = VF_BACKEND_METAL}, 14400},
      {{.compute_units = 60, .backend = VF_BACKEND_ROCM}, 0},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
    if (vf_full_rate(&rows[i].d) != rows[i].rate)
      fail_msg("row %zu: %.0f, not %.0f", i, vf_full_rate(&rows[i].d), rows[i].rate);
}

/* What kernels reach of the bandwidth with quantized weights tells the row. */
static void every_kind_of_device_and_engine_has_its_row(void **state) {
  (void)state;
  static const struct {
    const char *model, *quant, *gpu, *engine;
    uint32_t packed;
  } rows[] = {
      {"llama3.1-8b", "q8_0", "rtx-4090", "llama.cpp", 831},
      {"llama3.1-8b", "q8_0", "tesla-p100-16gb", "llama.cpp", 615},
      {"llama3.1-8b", "q8_0", "v100-32gb", "llama.cpp", 615},
      {"llama3.1-8b", "q8_0", "a100-80gb", "llama.cpp", 615},
      {"llama3.1-8b", "q8_0", "h100", "llama.cpp", 615},
      {"llama3.1-8b", "q8_0", "b200", "llama.cpp", 615},
      {"llama3.1-8b", "q8_0", "b300", "llama.cpp", 615},
      {"llama3.1-8b", "q8_0", "dgx-spark", "llama.cpp", 846},
      {"llama3.1-8b", "q8_0", "m4-max-128gb", "llama.cpp", 663},
      {"llama3.1-8b", "q8_0", "m3-ultra-256gb", "llama.cpp", 715},
      {"llama3.1-8b", "q8_0", "rx-7900-xtx", "llama.cpp", 673},
      {"llama3.1-8b", "q8_0", "strix-halo-128gb", "llama.cpp", 800},
      {"llama3.1-8b", NULL, "rtx-4090", "vllm", 1000},
      {"llama3.1-8b", NULL, "h100", "vllm", 742},
      {"qwen3-30b-a3b", NULL, "h100", "vllm", 600},
      {"llama3.1-8b", NULL, "dgx-spark", "vllm", 862},
      {"llama3.1-8b", NULL, "mi300x", "vllm", 676},
      {"llama3.1-8b", NULL, "m4-max-128gb", "mlx", 879},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    vf_request r = with_ctx(4096);
    r.engine = rows[i].engine;
    ask(rows[i].model, rows[i].quant, rows[i].gpu, r);
    uint32_t packed = vf_reach_of(estimate, card(0))->packed;
    if (packed != rows[i].packed)
      fail_msg("%s with %s: %u, not %u", rows[i].gpu, rows[i].engine, packed, rows[i].packed);
  }
}

/* ---- Prompts ---------------------------------------------------------------------------- */

/* Two operations a weight, and attention over half of the context: two a number of key and value
 * and head.  A window sees no more than itself; a latent row is read as key and as value. */
static void a_token_of_a_prompt_computes_with_every_weight_and_half_of_the_context(void **state) {
  (void)state;
  vf_model_info m;
  vf_speed s = ask("llama3.1-8b", "q8_0", "rtx-4090", with_ctx(8192));
  vf_model_info_get(model, &m);
  assert_u64(s.prompt_operations, 2 * m.n_active_params + 32ull * 2 * 32 * (128 + 128) * 4096);
  s = ask("gpt-oss-20b", NULL, "rtx-4090", with_ctx(8192));
  vf_model_info_get(model, &m);
  assert_u64(s.prompt_operations,
             2 * m.n_active_params + 12ull * 2 * 64 * (64 + 64) * (4096 + 128));
  s = ask("deepseek-v2-lite", "q8_0", "rtx-4090", with_ctx(8192));
  vf_model_info_get(model, &m);
  assert_u64(s.prompt_operations, 2 * m.n_active_params + 27ull * 2 * 16 * (2 * 512 + 64) * 4096);
}

/* Chunks of 512 tokens read the weights once each, at 80 % of the bandwidth; of the units' rate 35
 * % are reached with quantized weights.  60 ms come before the first token. */
static void a_prompt_is_its_arithmetic_and_a_reading_for_each_chunk(void **state) {
  (void)state;
  vf_speed s = ask("llama3.1-8b", "q8_0", "rtx-4090", with_ctx(8000));
  double weights = (double)estimate->devices[0].part_bytes[VF_PART_WEIGHTS];
  double ns = 16 * at((uint64_t)weights, card(0), 0.8);
  ns += 8000.0 * (double)s.prompt_operations / vf_full_rate(card(0)) / 0.35;
  assert_int_equal(s.prompt_chunks, 16); /* of 15.6 */
  assert_int_equal(s.prompt_share_permille, 350);
  assert_rate(s.prefill.expected, 8000, ns);
  assert_rate(s.prefill.high, 8000, ns * 0.65);
  assert_rate(s.prefill.low, 8000, ns * 2);
  assert_in_range(s.first_token_ms.expected, ns / 1e6 + 59, ns / 1e6 + 61);
  assert_in_range(s.first_token_ms.low, ns * 0.65 / 1e6 + 9, ns * 0.65 / 1e6 + 11);
  assert_in_range(s.first_token_ms.high, ns * 2 / 1e6 + 249, ns * 2 / 1e6 + 251);
  assert_u64(s.first_token_together_ms.expected, s.first_token_ms.expected);
  s = ask("llama3.1-8b", "bf16", "rtx-4090", with_ctx(512));
  assert_int_equal(s.prompt_chunks, 1);
  assert_int_equal(s.prompt_share_permille, 500);
  assert_int_equal(ask("qwen3-30b-a3b", "q4_k_m", "rtx-5090", with_ctx(513)).prompt_chunks, 2);
}

/* Of c prompts at once the one in the middle waits for (c + 1) / 2. */
static void prompts_of_several_sequences_queue(void **state) {
  (void)state;
  vf_request r = with_ctx(4096);
  r.seqs = 5;
  vf_speed s = ask("llama3.1-8b", "q8_0", "rtx-4090", r);
  assert_in_range(s.first_token_together_ms.expected, 3 * s.first_token_ms.expected - 2,
                  3 * s.first_token_ms.expected + 2);
  assert_in_range(s.first_token_together_ms.low, 3 * s.first_token_ms.low - 2,
                  3 * s.first_token_ms.low + 2);
  assert_in_range(s.first_token_together_ms.high, 3 * s.first_token_ms.high - 2,
                  3 * s.first_token_ms.high + 2);
}

/* Two stages with eight chunks: at best 2 × 8 / 9 of one, and the root of that is gained. */
static void stages_of_a_pipeline_gain_on_a_prompt(void **state) {
  (void)state;
  vf_rate one = ask("llama3.1-8b", "q8_0", "rtx-4090", with_ctx(4096)).prefill;
  vf_rate two = ask("llama3.1-8b", "q8_0", "rtx-4090x2", with_ctx(4096)).prefill;
  double gain = (double)two.expected / (double)one.expected;
  assert_true(gain * gain > 16.0 / 9 * 0.999 && gain * gain < 16.0 / 9 * 1.001);
}

/* ---- What is not known ------------------------------------------------------------------ */

static void the_unknown_is_told_as_such(void **state) {
  (void)state;
  vf_request r = with_ctx(4096);
  r.engine = "transformers";
  assert_false(ask("llama3.1-8b", NULL, "h100", r).decode_known);
  vf_device d[2];
  size_t n;
  vf_speed s;
  r = with_ctx(4096);
  assert_ok(vf_devices_parse(d, 2, &n, ctx, "rtx-4090", err));
  d[0].bandwidth_mb_per_s = 0;
  assert_ok(vf_estimate_run(estimate, model, &r, d, n, err));
  vf_estimate_speed(estimate, &s);
  assert_false(s.decode_known);
  assert_non_null(strstr(s.unknown, "bandwidth"));
  char text[16];
  assert_true(vf_speed_explain(estimate, text, sizeof text) > sizeof text);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(an_embedding_is_one_row),
      cmocka_unit_test(a_tied_embedding_is_read_as_the_output),
      cmocka_unit_test(a_cache_is_read_whole_and_for_each_sequence),
      cmocka_unit_test(a_window_is_all_that_its_layer_reads),
      cmocka_unit_test(a_chunk_is_all_that_its_layer_reads),
      cmocka_unit_test(a_state_is_read_and_written_and_does_not_grow),
      cmocka_unit_test(of_experts_the_chosen_ones_are_read),
      cmocka_unit_test(layers_and_experts_in_main_memory_are_read_there),
      cmocka_unit_test(overrides_count_as_experts_on_the_host),
      cmocka_unit_test(a_told_bandwidth_narrows_the_interval),
      cmocka_unit_test(layers_on_two_cards_take_turns),
      cmocka_unit_test(ranks_that_share_layers_work_at_once),
      cmocka_unit_test(a_step_is_its_bytes_over_the_bandwidth_and_a_time_for_each_layer),
      cmocka_unit_test(further_sequences_add_their_caches_and_their_arithmetic),
      cmocka_unit_test(cards_that_differ_take_their_own_time),
      cmocka_unit_test(ranks_exchange_what_they_computed),
      cmocka_unit_test(main_memory_takes_what_was_told_of_it),
      cmocka_unit_test(wires_between_cards_have_a_latency_and_a_bandwidth),
      cmocka_unit_test(the_full_rate_is_the_catalogs_or_that_of_its_units),
      cmocka_unit_test(every_kind_of_device_and_engine_has_its_row),
      cmocka_unit_test(a_token_of_a_prompt_computes_with_every_weight_and_half_of_the_context),
      cmocka_unit_test(a_prompt_is_its_arithmetic_and_a_reading_for_each_chunk),
      cmocka_unit_test(prompts_of_several_sequences_queue),
      cmocka_unit_test(stages_of_a_pipeline_gain_on_a_prompt),
      cmocka_unit_test(the_unknown_is_told_as_such),
  };
  return cmocka_run_group_tests(tests, open_all, close_all);
}
