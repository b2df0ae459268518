/* test_scheme.c - quantized checkpoints: the bytes of every method, worked out by hand; lists of
 * exceptions; configs that make no sense. */
#include "support.h"

#include <stdlib.h>

#include "core/model.h"
#include "models/arch.h"
#include "models/scheme.h"
#include "readers/config.h"

static vf_error error;
static vf_error *const err = &error;

/* One layer: q, o 256x256; k, v 256x128; gate, up 256x512; down 512x256; vocabulary 1000. */
#define CONFIG(quant)                                                                              \
  "{\"model_type\": \"llama\", \"hidden_size\": 256, \"num_hidden_layers\": 1,"                    \
  "\"num_attention_heads\": 4, \"num_key_value_heads\": 2, \"intermediate_size\": 512,"            \
  "\"vocab_size\": 1000, \"torch_dtype\": \"bfloat16\"" quant "}"

enum { PLAIN_BYTES = (1000 * 256 * 2 + 3 * 256) * 2 }; /* embedding, output, norms in bf16 */

static vf_status store(vf_model **out, const char *config, const char *name) {
  vf_arena *arena = vf_arena_new(&vf_default_allocator, 1 << 20);
  vf_facts facts = vf_facts_in(arena, "test.json");
  vf_scheme scheme;
  bool found = true;
  error = (vf_error){.status = VF_OK};
  vf_status status = vf_config_parse(&facts, config, strlen(config), err);
  if (status == VF_OK) status = vf_arch_build(out, &facts, err);
  if (status == VF_OK && name == NULL) status = vf_scheme_from_config(&scheme, &found, &facts, err);
  if (name != NULL) assert_true(vf_scheme_named(&scheme, name));
  assert_true(found);
  if (status == VF_OK) status = vf_scheme_apply(*out, &scheme, err);
  vf_arena_free(arena);
  return status;
}

/* Sum over the seven matrices of a function of inputs and outputs. */
static uint64_t over_matrices(uint64_t (*bytes)(uint64_t k, uint64_t n)) {
  return 2 * bytes(256, 256) + 2 * bytes(256, 128) + 2 * bytes(256, 512) + bytes(512, 256);
}

static void assert_bytes(const char *config, const char *name, const char *shown,
                         uint64_t (*bytes)(uint64_t k, uint64_t n)) {
  vf_model *m = NULL;
  vf_status status = store(&m, config, name);
  if (status != VF_OK) fail_msg("%s: %s", shown, error.message);
  assert_string_equal(m->quant, shown);
  assert_u64(vf_model_weights_bytes(m), PLAIN_BYTES + over_matrices(bytes));
  vf_model_free(m);
}

/* ---- Every method, by hand -------------------------------------------------------------- */

static uint64_t awq(uint64_t k, uint64_t n) {
  return k * n / 2 + k / 128 * n * 2 + k / 128 * n / 2;
}

#define QUANT(text) CONFIG(", \"quantization_config\": {" text "}")

static void auto_round_quark_and_torchao_are_read(void **state) {
  (void)state;
  static const struct {
    const char *config, *shown;
  } cases[] = {
      {QUANT("\"quant_method\": \"auto-round\", \"bits\": 4, \"group_size\": 128"),
       "AutoRound 4-bit g128"},
      {QUANT("\"quant_method\": \"quark\", \"global_quant_config\": {\"weight\":"
             "{\"dtype\": \"fp4\", \"qscheme\": \"per_group\", \"group_size\": 32}}"),
       "MXFP4"},
      {QUANT("\"quant_method\": \"torchao\", \"quant_type\": {\"default\":"
             "{\"_type\": \"Float8DynamicActivationFloat8WeightConfig\"}}"),
       "torchao FP8"},
      {QUANT("\"quant_method\": \"torchao\", \"quant_type\": \"int4_weight_only\""),
       "torchao INT4"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    vf_model *m = NULL;
    if (store(&m, cases[i].config, NULL) != VF_OK) fail_msg("%s", error.message);
    assert_string_equal(m->quant, cases[i].shown);
    vf_model_free(m);
  }
}

/* What a config says in other words is one of the layouts above. */
static void other_words_mean_the_same_layouts(void **state) {
  (void)state;
  static const struct {
    const char *config, *shown, *named;
  } cases[] = {
      {QUANT("\"quant_method\": \"exl2\", \"bits\": 4.25"), "EXL2 4.25 bpw", "exl2-4.25bpw"},
      {QUANT("\"quant_method\": \"exl3\", \"bits\": 3"), "EXL3 3.0 bpw", "exl3-3.0bpw"},
      {QUANT("\"quant_method\": \"exl3\""), "EXL3 4.0 bpw", "exl3-4.0bpw"},
      {QUANT("\"quant_method\": \"modelopt\", \"quant_algo\": \"FP8_PB_WO\""), "FP8 block 128×128",
       "fp8-block"},
      {QUANT("\"quant_method\": \"modelopt\", \"quant_algo\": \"W4A8_AWQ\""), "AWQ 4-bit g128",
       "awq"},
      {QUANT("\"quant_method\": \"auto-round\", \"bits\": 4, \"data_type\": \"mx_fp\""), "MXFP4",
       "mxfp4"},
      {QUANT("\"quant_method\": \"auto-round\", \"bits\": 4, \"data_type\": \"nv_fp\""), "NVFP4",
       "nvfp4"},
      {QUANT("\"quant_method\": \"auto-round\", \"bits\": 8, \"data_type\": \"mx_fp\""), "MXFP8",
       "mxfp8"},
      {QUANT("\"quant_method\": \"quark\", \"global_quant_config\": {\"weight\":"
             "{\"dtype\": \"fp8_e4m3\", \"qscheme\": \"per_channel\"}}"),
       "FP8 per channel", "fp8-channel"},
      {QUANT("\"quant_method\": \"quark\", \"global_quant_config\": {\"weight\":"
             "{\"dtype\": \"fp8_e4m3\", \"qscheme\": \"per_tensor\"}}"),
       "FP8 per tensor", "fp8"},
      {QUANT("\"quant_method\": \"quark\", \"global_quant_config\": {\"weight\":"
             "{\"dtype\": \"int4\", \"qscheme\": \"per_group\", \"group_size\": 64}}"),
       "W4A16 g128", "w4a16-g64"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    vf_model *m = NULL, *same = NULL;
    if (store(&m, cases[i].config, NULL) != VF_OK) fail_msg("%s", error.message);
    assert_string_equal(m->quant, cases[i].shown);
    assert_int_equal(store(&same, CONFIG(""), cases[i].named), VF_OK);
    /* MXFP4 by its name is of experts alone, of which there are none */
    if (strcmp(cases[i].named, "mxfp4") != 0)
      assert_u64(vf_model_weights_bytes(m), vf_model_weights_bytes(same));
    vf_model_free(m);
    vf_model_free(same);
  }
}

static void auto_round_keeps_modules_of_16_bits(void **state) {
  (void)state;
  vf_model *all = NULL, *some = NULL;
  const char *plain = QUANT("\"quant_method\": \"auto-round\", \"bits\": 4");
  const char *wide = QUANT("\"quant_method\": \"auto-round\", \"bits\": 4, \"extra_config\":"
                           "{\"model.layers.0.self_attn.q_proj\": {\"bits\": 16}}");
  if (store(&all, plain, NULL) != VF_OK) fail_msg("%s", error.message);
  if (store(&some, wide, NULL) != VF_OK) fail_msg("%s", error.message);
  assert_true(vf_model_weights_bytes(some) > vf_model_weights_bytes(all) + 256 * 256);
  vf_model_free(all);
  vf_model_free(some);
}

static uint64_t gptq(uint64_t k, uint64_t n) {
  return awq(k, n) + 4 * k;
}

static uint64_t gptq8_by_column(uint64_t k, uint64_t n) {
  return k * n + n * 2 + n + 4 * k;
}

static uint64_t w4a16(uint64_t k, uint64_t n) {
  return k * n / 2 + k / 32 * n * 2 + 16;
}

static uint64_t w4a16_with_zeros(uint64_t k, uint64_t n) {
  return w4a16(k, n) + k / 32 * n / 2;
}

static uint64_t by_channel(uint64_t k, uint64_t n) {
  return k * n + 4 * n;
}

static uint64_t by_tensor(uint64_t k, uint64_t n) {
  return k * n + 8;
}

static uint64_t by_block(uint64_t k, uint64_t n) {
  return k * n + 4 * ((k + 127) / 128) * ((n + 127) / 128);
}

static uint64_t nvfp4(uint64_t k, uint64_t n) {
  return k * n / 2 + k / 16 * n + 8;
}

static uint64_t mxfp8(uint64_t k, uint64_t n) {
  return k * n + k / 32 * n;
}

static uint64_t nf4(uint64_t k, uint64_t n) {
  return k * n / 2 + k / 64 * n * 4;
}

static uint64_t nf4_twice(uint64_t k, uint64_t n) {
  return k * n / 2 + k / 64 * n + (k / 64 * n + 255) / 256 * 4;
}

static void each_method_takes_what_its_layout_says(void **state) {
  (void)state;
  assert_bytes(CONFIG(""), "awq", "AWQ 4-bit g128", awq);
  assert_bytes(CONFIG(", \"quantization_config\": {\"quant_method\": \"awq\", \"bits\": 4,"
                      "\"group_size\": 128, \"zero_point\": true}"),
               NULL, "AWQ 4-bit g128", awq);
  assert_bytes(CONFIG(", \"quantization_config\": {\"quant_method\": \"gptq\", \"bits\": 4,"
                      "\"group_size\": 128}"),
               NULL, "GPTQ 4-bit g128", gptq);
  assert_bytes(CONFIG(", \"quantization_config\": {\"quant_method\": \"gptq\", \"bits\": 8,"
                      "\"group_size\": -1}"),
               NULL, "GPTQ 8-bit", gptq8_by_column);
  assert_bytes(CONFIG(", \"quantization_config\": {\"quant_method\": \"fp8\"}"), NULL,
               "FP8 per tensor", by_tensor);
  assert_bytes(CONFIG(", \"quantization_config\": {\"quant_method\": \"fp8\","
                      "\"weight_block_size\": [128, 128]}"),
               NULL, "FP8 block 128×128", by_block);
  assert_bytes(CONFIG(""), "fp8-channel", "FP8 per channel", by_channel);
  assert_bytes(CONFIG(""), "int8", "INT8 per channel", by_channel);
  assert_bytes(CONFIG(""), "nvfp4", "NVFP4", nvfp4);
  assert_bytes(CONFIG(""), "mxfp8", "MXFP8", mxfp8);
  assert_bytes(CONFIG(", \"quantization_config\": {\"quant_method\": \"bitsandbytes\","
                      "\"load_in_4bit\": true}"),
               NULL, "NF4", nf4);
  assert_bytes(CONFIG(""), "nf4", "NF4 double-quantized", nf4_twice);
}

static uint64_t trtllm_awq(uint64_t k, uint64_t n) {
  return k * n / 2 + k / 64 * n * 2 + k * 2;
}

static uint64_t trtllm_gptq(uint64_t k, uint64_t n) {
  return k * n / 2 + k / 128 * n * 4;
}

static uint64_t int4_by_channel(uint64_t k, uint64_t n) {
  return k * n / 2 + n * 2;
}

static uint64_t int8_by_channel(uint64_t k, uint64_t n) {
  return k * n + n * 2;
}

#define TRTLLM(fields) CONFIG(", \"quantization\": {" fields "}")

static void words_of_tensorrt_llm_stand_for_schemes(void **state) {
  (void)state;
  assert_bytes(TRTLLM("\"quant_algo\": \"W4A16_AWQ\", \"group_size\": 64"), NULL, "AWQ 4-bit g64",
               trtllm_awq);
  assert_bytes(TRTLLM("\"quant_algo\": \"W4A16_GPTQ\""), NULL, "GPTQ 4-bit g128", trtllm_gptq);
  assert_bytes(TRTLLM("\"quant_algo\": \"W4A16\""), NULL, "INT4 per channel", int4_by_channel);
  assert_bytes(TRTLLM("\"quant_algo\": \"W8A16\""), NULL, "INT8 per channel", int8_by_channel);
  assert_bytes(TRTLLM("\"quant_algo\": \"W8A8_SQ_PER_CHANNEL\""), NULL, "INT8 SmoothQuant",
               by_channel);
  assert_bytes(TRTLLM("\"quant_algo\": \"FP8\", \"group_size\": 128"), NULL, "FP8 per tensor",
               by_tensor);
  assert_bytes(TRTLLM("\"quant_algo\": \"NVFP4\", \"group_size\": 16"), NULL, "NVFP4", nvfp4);
}

#define GROUP(weights)                                                                             \
  ", \"quantization_config\": {\"quant_method\": \"compressed-tensors\", \"config_groups\":"       \
  "{\"group_0\": {\"targets\": [\"Linear\"], \"weights\": {" weights "}}}}"

static void groups_of_compressed_tensors_say_how(void **state) {
  (void)state;
  assert_bytes(CONFIG(GROUP("\"num_bits\": 4, \"type\": \"int\", \"group_size\": 32,"
                            "\"strategy\": \"group\", \"symmetric\": true")),
               NULL, "W4 g32", w4a16);
  assert_bytes(CONFIG(GROUP("\"num_bits\": 4, \"type\": \"int\", \"group_size\": 32,"
                            "\"strategy\": \"group\", \"symmetric\": false")),
               NULL, "W4 g32", w4a16_with_zeros);
  assert_bytes(CONFIG(GROUP("\"num_bits\": 8, \"type\": \"int\", \"strategy\": \"channel\"")), NULL,
               "W8 g0", by_channel);
  assert_bytes(CONFIG(GROUP("\"num_bits\": 8, \"type\": \"float\", \"strategy\": \"channel\"")),
               NULL, "FP8", by_channel);
  assert_bytes(CONFIG(GROUP("\"num_bits\": 4, \"type\": \"float\", \"group_size\": 16")), NULL,
               "NVFP4", nvfp4);
  assert_bytes(CONFIG(GROUP("\"num_bits\": 8, \"type\": \"float\", \"group_size\": 32")), NULL,
               "MXFP8", mxfp8);
}

/* MLX quantizes the embedding and the output, too: 2 x 16 bits per 64 values. */
static void mlx_quantizes_the_embedding_too(void **state) {
  (void)state;
  vf_model *m;
  assert_int_equal(store(&m, CONFIG(", \"quantization\": {\"group_size\": 64, \"bits\": 6}"), NULL),
                   VF_OK);
  uint64_t values = 2 * 1000 * 256 + 2 * 256 * 256 + 2 * 256 * 128 + 3 * 256 * 512;
  assert_u64(vf_model_weights_bytes(m), values * 6 / 8 + values / 64 * 4 + 3 * 256 * 2);
  assert_string_equal(m->quant, "MLX 6-bit g64");
  assert_string_equal(m->checkpoint, "mlx");
  vf_model_free(m);
}

static void experts_are_matrices_of_their_own(void **state) {
  (void)state;
  vf_model *m;
  static const char config[] =
      "{\"model_type\": \"qwen3_moe\", \"hidden_size\": 256, \"num_hidden_layers\": 1,"
      "\"num_attention_heads\": 2, \"intermediate_size\": 512, \"moe_intermediate_size\": 96,"
      "\"num_experts\": 5, \"num_experts_per_tok\": 2, \"vocab_size\": 10,"
      "\"torch_dtype\": \"bfloat16\"}";
  assert_int_equal(store(&m, config, "mxfp4"), VF_OK);
  for (size_t i = 0; i < m->n_tensors; i++) {
    const vf_tensor *t = &m->tensors[i];
    if (t->role == VF_ROLE_FFN_DOWN_EXPS) assert_u64(t->bytes, 5 * (96 * 256 / 2 + 96 / 32 * 256));
    if (t->role == VF_ROLE_ATTN_Q) assert_int_equal(t->format, VF_FORMAT_BF16);
  }
  vf_model_free(m);
}

/* ---- Exceptions ------------------------------------------------------------------------- */

static size_t count_plain(const char *ignore) {
  char config[1024];
  vf_model *m = NULL;
  size_t n = 0;
  snprintf(config, sizeof config,
           CONFIG(", \"quantization_config\": {\"quant_method\": \"fp8\","
                  "\"modules_to_not_convert\": [%s]}"),
           ignore);
  assert_int_equal(store(&m, config, NULL), VF_OK);
  for (size_t i = 0; i < m->n_tensors; i++)
    n += m->tensors[i].layer == 0 && vf_tensor_dims(&m->tensors[i]) == 2 &&
         m->tensors[i].format == VF_FORMAT_BF16;
  vf_model_free(m);
  return n;
}

static void modules_on_the_list_stay_as_they_are(void **state) {
  (void)state;
  assert_int_equal(count_plain("\"lm_head\""), 0);
  assert_int_equal(count_plain("\"model.layers.0.self_attn.q_proj\""), 1);
  assert_int_equal(count_plain("\"model.layers.0.self_attn\""), 4);
  assert_int_equal(count_plain("\"model.layers.0.self_attn*\""), 4);
  assert_int_equal(count_plain("\"model.layers.*.self_attn\""), 4);
  assert_int_equal(count_plain("\"language_model.model.layers.0*\""), 7);
  assert_int_equal(count_plain("\"re:.*mlp\\\\.(gate|up)_proj\""), 2);
  assert_int_equal(count_plain("\"down_proj\""), 1);
  assert_int_equal(count_plain("\"model.layers.1\", \"proj\", \"self\", \"model.layers.00\""), 0);
  assert_int_equal(count_plain("\"re:((a{9}){9}){9}\", \"re:(\", 5, null"), 0);
}

/* ---- Configs that make no sense --------------------------------------------------------- */

static void assert_refused(const char *quant, vf_status status, const char *words) {
  char config[1024];
  vf_model *m = NULL;
  snprintf(config, sizeof config, CONFIG(", \"quantization_config\": {%s}"), quant);
  vf_status actual = store(&m, config, NULL);
  vf_model_free(m);
  if (actual != status || strstr(error.path, words) == NULL)
    fail_msg("%s: status %d at '%s': %s", quant, (int)actual, error.path, error.message);
}

static void what_is_not_known_is_refused_at_its_key(void **state) {
  (void)state;
  assert_refused("\"quant_method\": \"frob\"", VF_UNSUPPORTED, "/quantization_config/quant_method");
  assert_refused("\"quant_method\": \"awq\", \"bits\": 7", VF_UNSUPPORTED,
                 "/quantization_config/bits");
  assert_refused("\"quant_method\": \"gptq\", \"bits\": \"4\"", VF_MALFORMED,
                 "/quantization_config/bits");
  assert_refused("\"quant_method\": \"awq\", \"group_size\": -7", VF_MALFORMED,
                 "/quantization_config/group_size");
  assert_refused("\"quant_method\": \"fp8\", \"weight_block_size\": [0, 128]", VF_MALFORMED,
                 "/quantization_config/weight_block_size");
  assert_refused("\"quant_method\": \"modelopt\", \"quant_algo\": \"FROB\"", VF_UNSUPPORTED,
                 "/quantization_config/quant_algo");
  assert_refused("\"quant_method\": \"hqq\"", VF_UNSUPPORTED, "/quantization_config/quant_method");
  assert_non_null(strstr(error.message, "what 'hqq' stores is not known"));
  assert_refused("\"quant_method\": \"quark\", \"global_quant_config\": {\"weight\":"
                 "{\"dtype\": \"fp6\"}}",
                 VF_UNSUPPORTED, "/quantization_config/global_quant_config/weight/dtype");
  assert_refused("\"quant_method\": \"torchao\", \"quant_type\": \"frob\"", VF_UNSUPPORTED,
                 "/quantization_config/quant_type");
  assert_refused("\"quant_method\": \"exl2\", \"bits\": 0.5", VF_MALFORMED,
                 "/quantization_config/bits");
  assert_refused("\"quant_method\": \"exl3\", \"bits\": \"4\"", VF_MALFORMED,
                 "/quantization_config/bits");
}

/* A scale and a zero point of each value: three bytes, where the model's own format has two. */
static void stored_bytes_beyond_64_bits_are_refused(void **state) {
  (void)state;
  vf_model *m = NULL;
  vf_scheme s;
  assert_int_equal(store(&m, CONFIG(""), "awq"), VF_OK);
  assert_true(vf_scheme_named(&s, "w4a16-g8"));
  for (size_t i = 0; i < m->n_tensors; i++) {
    if (m->tensors[i].role != VF_ROLE_ATTN_Q) continue;
    m->tensors[i].ne[0] = UINT64_C(1) << 32;
    m->tensors[i].ne[1] = UINT64_C(1) << 31;
    m->tensors[i].count = 4;
  }
  assert_int_equal(vf_scheme_apply(m, &s, err), VF_OVERFLOW);
  assert_non_null(strstr(error.message, "tensor attn_q.weight has more than 2^64 bytes"));
  vf_model_free(m);
}

/* ---- Names ------------------------------------------------------------------------------ */

static void names_say_bits_and_groups(void **state) {
  (void)state;
  static const struct {
    const char *name, *shown;
    uint32_t group;
  } cases[] = {{"w4a16-g64", "W4A16 g64", 64},       {"quantized.w4a16", "W4A16 g128", 128},
               {"gptq-gs32", "GPTQ 4-bit g32", 32},  {"awq-g64", "AWQ 4-bit g64", 64},
               {"exl3-3.25bpw", "EXL3 3.25 bpw", 0}, {"exl2-6bpw", "EXL2 6.0 bpw", 0}};
  static const char *const none[] = {"w4a16-g4", "gptq-g2048", "exl3-12bpw", "w4a16.frob", "g64"};
  vf_scheme s;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    assert_true(vf_scheme_named(&s, cases[i].name));
    assert_string_equal(s.name, cases[i].shown);
    assert_int_equal(s.groups[0].rule.group, cases[i].group);
  }
  for (size_t i = 0; i < sizeof none / sizeof *none; i++)
    assert_false(vf_scheme_named(&s, none[i]));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(auto_round_quark_and_torchao_are_read),
      cmocka_unit_test(other_words_mean_the_same_layouts),
      cmocka_unit_test(auto_round_keeps_modules_of_16_bits),
      cmocka_unit_test(each_method_takes_what_its_layout_says),
      cmocka_unit_test(words_of_tensorrt_llm_stand_for_schemes),
      cmocka_unit_test(groups_of_compressed_tensors_say_how),
      cmocka_unit_test(mlx_quantizes_the_embedding_too),
      cmocka_unit_test(experts_are_matrices_of_their_own),
      cmocka_unit_test(modules_on_the_list_stay_as_they_are),
      cmocka_unit_test(what_is_not_known_is_refused_at_its_key),
      cmocka_unit_test(stored_bytes_beyond_64_bits_are_refused),
      cmocka_unit_test(names_say_bits_and_groups),
  };
  return cmocka_run_group_tests_name("scheme", tests, NULL, NULL);
}
