/* test_shard.c - what a rank holds: cuts by role, stages, experts; and vLLM's table of versions. */
#include "support.h"

#include "core/shard.h"
#include "engines/engine.h"
#include "engines/vllm/vllm.h"

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

static vf_model *model(const char *id, const char *quant) {
  vf_model *m = NULL;
  assert_ok(vf_model_open(&m, ctx, id, quant, "vllm", err));
  return m;
}

static vf_shard whole(const vf_model *m) {
  vf_shard s = {
      .tp = 1, .expert_tp = 1, .expert_ranks = 1, .vocab_multiple = 64, .number_bytes = 2};
  vf_shard_stage(&s, m, VF_STAGE_BEFORE_LAST, 1, 0);
  return s;
}

static const vf_tensor *tensor(const vf_model *m, vf_role role) {
  for (size_t i = 0; i < m->n_tensors; i++)
    if (m->tensors[i].role == role) return &m->tensors[i];
  fail_msg("no such tensor");
  return NULL;
}

/* ---- Cuts ------------------------------------------------------------------------------- */

static void heads_for_keys_are_copied_where_ranks_are_more(void **state) {
  (void)state;
  vf_model *m = model("qwen3-235b-a22b", "bf16"); /* 64 heads, 4 for keys */
  const vf_tensor *k = tensor(m, VF_ROLE_ATTN_K), *q = tensor(m, VF_ROLE_ATTN_Q);
  vf_shard s = whole(m);
  uint64_t all_k = vf_shard_tensor(&s, m, k), all_q = vf_shard_tensor(&s, m, q);
  s.tp = s.expert_tp = 8;
  assert_u64(vf_shard_tensor(&s, m, k), all_k / 4);
  assert_u64(vf_shard_tensor(&s, m, q), all_q / 8);
  assert_int_equal(vf_shard_kv_heads(4, 2), 2);
  assert_int_equal(vf_shard_kv_heads(4, 8), 1);
  vf_model_free(m);
}

static void norms_and_routers_lie_on_every_rank(void **state) {
  (void)state;
  vf_model *m = model("qwen3-235b-a22b", "bf16");
  vf_shard s = whole(m);
  s.tp = s.expert_tp = 8;
  const vf_tensor *router = tensor(m, VF_ROLE_FFN_ROUTER), *norm = tensor(m, VF_ROLE_ATTN_NORM);
  assert_u64(vf_shard_tensor(&s, m, router), vf_tensor_elements(router) * 2);
  assert_u64(vf_shard_tensor(&s, m, norm), vf_tensor_elements(norm) * 2);
  vf_model_free(m);
}

static void a_vocabulary_is_padded_before_it_is_cut(void **state) {
  (void)state;
  vf_model *m = model("gpt2", "bf16"); /* 50257 rows of 768 */
  vf_shard s = whole(m);
  s.tp = s.expert_tp = 2;
  assert_u64(vf_shard_tensor(&s, m, tensor(m, VF_ROLE_TOKEN_EMBD)), 50304 / 2 * 768 * 2);
  vf_model_free(m);
}

static void experts_are_cut_or_spread(void **state) {
  (void)state;
  vf_model *m = model("qwen3-235b-a22b", "bf16"); /* 128 experts */
  const vf_tensor *up = tensor(m, VF_ROLE_FFN_UP_EXPS);
  vf_shard s = whole(m);
  uint64_t all = vf_shard_tensor(&s, m, up);
  s.expert_tp = 8;
  assert_u64(vf_shard_tensor(&s, m, up), all / 8);
  s.expert_tp = 1;
  s.expert_ranks = 3; /* 43 of 128 at most */
  assert_u64(vf_shard_tensor(&s, m, up), all / 128 * 43);
  vf_model_free(m);
}

static void mxfp4_experts_are_padded_to_whole_tiles(void **state) {
  (void)state;
  vf_model *m = model("gpt-oss-120b", "mxfp4"); /* 2880 both ways */
  const vf_tensor *down = tensor(m, VF_ROLE_FFN_DOWN_EXPS);
  vf_shard s = whole(m);
  uint64_t plain = vf_shard_tensor(&s, m, down);
  s.pad_width = 256;
  s.pad_inner = 128;
  uint64_t padded = vf_shard_tensor(&s, m, down), exact = plain / (2880 * 2880) * (3072 * 2944);
  assert_true(padded >= exact && padded <= exact + exact / 1000);
  vf_model_free(m);
}

static void ranks_together_hold_all_of_it(void **state) {
  (void)state;
  static const char *const ids[] = {"llama3.1-8b", "qwen3-next-80b-a3b", "deepseek-v3",
                                    "gemma3-27b",  "gpt-oss-120b",       "jamba-mini-1.7"};
  for (size_t i = 0; i < sizeof ids / sizeof *ids; i++) {
    vf_model *m = NULL;
    if (vf_model_open(&m, ctx, ids[i], "bf16", "vllm", NULL) != VF_OK) continue;
    vf_shard s = whole(m);
    uint64_t all = vf_shard_weights(&s, m);
    for (uint32_t tp = 2; tp <= 8; tp *= 2) {
      s.tp = s.expert_tp = tp;
      assert_true(vf_shard_weights(&s, m) * tp >= all);
    }
    vf_model_free(m);
  }
}

/* ---- Stages ----------------------------------------------------------------------------- */

static void check_stages(vf_stage_rule rule, const uint32_t expected[4]) {
  vf_model *m = model("llama3.1-405b", "bf16"); /* 126 layers */
  vf_shard s = whole(m);
  uint32_t next = 0;
  for (uint32_t i = 0; i < 4; i++) {
    vf_shard_stage(&s, m, rule, 4, i);
    assert_int_equal(s.first_layer, next);
    assert_int_equal(s.end_layer - s.first_layer, expected[i]);
    assert_int_equal(s.first, i == 0);
    assert_int_equal(s.last, i == 3);
    next = s.end_layer;
  }
  assert_int_equal(next, 126);
  vf_model_free(m);
}

static void left_over_layers_go_where_the_engine_puts_them(void **state) {
  (void)state;
  check_stages(VF_STAGE_BEFORE_LAST, (const uint32_t[]){31, 32, 32, 31});
  check_stages(VF_STAGE_FIRST, (const uint32_t[]){32, 32, 31, 31});
}

static void a_tied_embedding_lies_at_both_ends(void **state) {
  (void)state;
  vf_model *m = model("qwen3-0.6b", "bf16");
  const vf_tensor *embd = tensor(m, VF_ROLE_TOKEN_EMBD);
  vf_shard s = whole(m);
  uint64_t all = vf_shard_tensor(&s, m, embd);
  vf_shard_stage(&s, m, VF_STAGE_BEFORE_LAST, 3, 0);
  assert_u64(vf_shard_tensor(&s, m, embd), all);
  vf_shard_stage(&s, m, VF_STAGE_BEFORE_LAST, 3, 1);
  assert_u64(vf_shard_tensor(&s, m, embd), 0);
  vf_shard_stage(&s, m, VF_STAGE_BEFORE_LAST, 3, 2);
  assert_u64(vf_shard_tensor(&s, m, embd), all);
  vf_model_free(m);
}

/* ---- Versions --------------------------------------------------------------------------- */

static void a_version_has_the_rules_of_all_before_it(void **state) {
  (void)state;
  static const struct {
    const char *text;
    uint32_t utilization, sampler, outside;
    bool whole, groups, charged, twice;
  } versions[] = {
      {"0.7.3", 900, 392, 90, true, false, false, false},
      {"0.8.5.post1", 900, 392, 90, false, false, false, false},
      {"v0.10.2", 900, 390, 80, false, true, false, false},
      {"0.16", 900, 390, 133, false, true, false, false},
      {"0.17.1", 900, 153, 133, false, true, false, false},
      {"0.19.0", 900, 153, 256, false, true, false, false},
      {"0.21", 920, 153, 256, false, true, true, false},
      {"0.25.1", 920, 153, 256, false, true, true, false},
      {"0.26.0", 920, 153, 256, false, true, true, true},
  };
  for (size_t i = 0; i < sizeof versions / sizeof *versions; i++) {
    vf_vllm_rules r = vf_vllm_rules_of(vf_ranks_version(versions[i].text));
    assert_true(vf_vllm_knows(versions[i].text));
    assert_int_equal(r.utilization_permille, versions[i].utilization);
    assert_int_equal(r.sampler_x10.at[1], versions[i].sampler);
    assert_int_equal(r.alone_mib.at[1], versions[i].outside);
    assert_int_equal(r.whole_prompts, versions[i].whole);
    assert_int_equal(r.groups, versions[i].groups);
    assert_int_equal(r.graphs == VF_VLLM_GRAPHS_CHARGED, versions[i].charged);
    assert_int_equal(r.in_flight_twice, versions[i].twice);
  }
  assert_false(vf_vllm_knows("newest"));
  assert_false(vf_vllm_knows("0.99"));
}

/* ---- Terms ------------------------------------------------------------------------------ */

static void every_term_tells_its_source_and_how_it_came_about(void **state) {
  (void)state;
  const vf_engine *engine;
  for (size_t i = 0; (engine = vf_engine_at(i)) != NULL; i++) {
    for (const vf_term *t = engine->terms; t != NULL && t->id != NULL; t++) {
      assert_non_null(t->amount);
      assert_true(t->formula != NULL || t->words != NULL);
      assert_non_null(t->source);
      assert_true(t->until == 0 || t->since < t->until);
      for (const vf_term *other = engine->terms; other != t; other++)
        assert_true(strcmp(other->id, t->id) != 0 || other->until <= t->since);
    }
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(heads_for_keys_are_copied_where_ranks_are_more),
      cmocka_unit_test(norms_and_routers_lie_on_every_rank),
      cmocka_unit_test(a_vocabulary_is_padded_before_it_is_cut),
      cmocka_unit_test(experts_are_cut_or_spread),
      cmocka_unit_test(mxfp4_experts_are_padded_to_whole_tiles),
      cmocka_unit_test(ranks_together_hold_all_of_it),
      cmocka_unit_test(left_over_layers_go_where_the_engine_puts_them),
      cmocka_unit_test(a_tied_embedding_lies_at_both_ends),
      cmocka_unit_test(a_version_has_the_rules_of_all_before_it),
      cmocka_unit_test(every_term_tells_its_source_and_how_it_came_about),
  };
  return cmocka_run_group_tests(tests, open_context, close_context);
}
