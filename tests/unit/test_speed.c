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
      cmocka_unit_test(a_state_is_read_and_written_and_does_not_grow),
      cmocka_unit_test(of_experts_the_chosen_ones_are_read),
      cmocka_unit_test(layers_and_experts_in_main_memory_are_read_there),
      cmocka_unit_test(overrides_count_as_experts_on_the_host),
      cmocka_unit_test(a_told_bandwidth_narrows_the_interval),
      cmocka_unit_test(layers_on_two_cards_take_turns),
      cmocka_unit_test(ranks_that_share_layers_work_at_once),
      cmocka_unit_test(the_unknown_is_told_as_such),
  };
  return cmocka_run_group_tests(tests, open_all, close_all);
}
