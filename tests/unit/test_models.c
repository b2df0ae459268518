/* test_models.c - architectures, recipes, and every entry of the catalogs. */
#include "support.h"

#include "core/describe.h"
#include "core/format.h"
#include "core/model.h"
#include "models/arch.h"
#include "models/recipe.h"
#include "models/stored.h"
#include "readers/catalog.h"
#include "readers/config.h"
#include "readers/entry.h"

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

static vf_status build(vf_model **out, const char *config, vf_error *err) {
  vf_arena *arena = vf_arena_new(&vf_default_allocator, 1 << 20);
  vf_facts facts = vf_facts_in(arena, "test.json");
  vf_status status = vf_config_parse(&facts, config, strlen(config), err);
  if (status == VF_OK) status = vf_arch_build(out, &facts, err);
  vf_arena_free(arena);
  return status;
}

static const vf_tensor *find_any(const vf_model *m, vf_role role, int32_t layer, bool bias) {
  for (size_t i = 0; i < m->n_tensors; i++) {
    const vf_tensor *t = &m->tensors[i];
    bool is_bias = t->suffix == VF_SUFFIX_BIAS;
    if (t->role == role && t->layer == layer && is_bias == bias) return t;
  }
  return NULL;
}

static const vf_tensor *find(const vf_model *m, vf_role role, int32_t layer) {
  return find_any(m, role, layer, false);
}

static const vf_tensor *find_bias(const vf_model *m, vf_role role, int32_t layer) {
  return find_any(m, role, layer, true);
}

static bool has_assumption(const vf_model *m, const char *code) {
  for (size_t i = 0; i < m->n_assumptions; i++)
    if (strcmp(m->assumptions[i].code, code) == 0) return true;
  return false;
}

#define SMALL                                                                                      \
  "\"hidden_size\": 256, \"num_hidden_layers\": 4, \"num_attention_heads\": 4,"                    \
  "\"intermediate_size\": 512, \"vocab_size\": 1000"

/* ---- Architectures ---------------------------------------------------------------------- */

static void a_dense_model_has_the_tensors_of_its_kind(void **state) {
  (void)state;
  vf_model *m;
  assert_ok(build(&m, "{\"model_type\": \"llama\", \"num_key_value_heads\": 2, " SMALL "}", err));
  assert_u64(m->n_tensors, 4 * 9 + 3);
  assert_u64(find(m, VF_ROLE_ATTN_K, 3)->ne[1], 128);
  assert_null(find_bias(m, VF_ROLE_ATTN_Q, 0));
  assert_non_null(find(m, VF_ROLE_OUTPUT, -1));
  assert_u64(m->n_params,
             1000 * 256 * 2 + 256 + 4 * (256 * 256 * 2 + 256 * 128 * 2 + 3 * 256 * 512 + 2 * 256));
  assert_u64(m->n_caches, 4);
  assert_u64(m->caches[2].n_kv_heads, 2);
  assert_u64(m->caches[2].k_dim, 64);
  vf_model_free(m);
}

static void qwen2_carries_biases_and_qwen3_norms(void **state) {
  (void)state;
  vf_model *m;
  assert_ok(build(&m, "{\"model_type\": \"qwen2\", " SMALL "}", err));
  assert_non_null(find_bias(m, VF_ROLE_ATTN_V, 0));
  assert_null(find_bias(m, VF_ROLE_ATTN_OUTPUT, 0));
  vf_model_free(m);
  assert_ok(build(&m, "{\"model_type\": \"qwen3\", \"head_dim\": 128, " SMALL "}", err));
  assert_u64(find(m, VF_ROLE_ATTN_Q_NORM, 1)->ne[0], 128);
  assert_u64(find(m, VF_ROLE_ATTN_Q, 1)->ne[1], 512);
  vf_model_free(m);
}

static void attention_bias_adds_four_vectors(void **state) {
  (void)state;
  vf_model *m;
  assert_ok(build(
      &m, "{\"model_type\": \"llama\", \"attention_bias\": true, \"mlp_bias\": true, " SMALL "}",
      err));
  assert_non_null(find_bias(m, VF_ROLE_ATTN_OUTPUT, 0));
  assert_u64(find_bias(m, VF_ROLE_FFN_UP, 2)->ne[0], 512);
  assert_true(m->layers[0].flags & VF_LAYER_FFN_BIAS);
  vf_model_free(m);
}

static void phi3_fuses_its_projections(void **state) {
  (void)state;
  vf_model *m;
  assert_ok(build(&m,
                  "{\"model_type\": \"phi3\", \"num_key_value_heads\": 2, \"rope_scaling\": "
                  "{\"type\": \"longrope\"}, " SMALL "}",
                  err));
  assert_u64(find(m, VF_ROLE_ATTN_QKV, 0)->ne[1], 256 + 2 * 128);
  assert_u64(find(m, VF_ROLE_FFN_UP, 0)->ne[1], 1024);
  assert_null(find(m, VF_ROLE_FFN_GATE, 0));
  assert_u64(find(m, VF_ROLE_ROPE_LONG, -1)->ne[0], 32);
  vf_model_free(m);
}

static void every_fourth_layer_of_smollm3_has_no_rope(void **state) {
  (void)state;
  vf_model *m;
  assert_ok(build(&m, "{\"model_type\": \"smollm3\", " SMALL "}", err));
  assert_true(m->tied);
  for (uint32_t i = 0; i < 4; i++)
    assert_int_equal((m->layers[i].flags & VF_LAYER_NO_ROPE) != 0, i == 3);
  vf_model_free(m);
}

static void equal_layers_have_period_one(void **state) {
  (void)state;
  vf_model *m;
  assert_ok(vf_model_open(&m, ctx, "llama3.1-70b", "q4_k_m", NULL, err));
  assert_u64(m->layer_period, 1);
  assert_u64(m->periodic_from, 0);
  vf_model_free(m);
  assert_ok(vf_model_open(&m, ctx, "smollm3-3b", "q4_k_m", NULL, err));
  assert_u64(m->layer_period, 4);
  vf_model_free(m);
}

static void an_unknown_architecture_is_never_guessed(void **state) {
  (void)state;
  vf_model *m;
  assert_fails(build(&m, "{\"model_type\": \"llama5\", " SMALL "}", err), VF_UNSUPPORTED,
               "/model_type: architecture 'llama5' is not known, and no other is assumed for it");
  assert_fails(build(&m, "{\"model_type\": 5, " SMALL "}", err), VF_MALFORMED,
               "/model_type: missing");
  assert_fails(build(&m, "{\"model_type\": \"llama\", \"num_local_experts\": 8, " SMALL "}", err),
               VF_UNSUPPORTED, "a mixture of experts");
}

static void configs_that_contradict_themselves_are_refused(void **state) {
  (void)state;
  vf_model *m;
  static const struct {
    const char *fields, *words;
  } bad[] = {
      {"\"hidden_size\": 256, \"num_hidden_layers\": 4, \"intermediate_size\": 512, "
       "\"vocab_size\": 9",
       "/num_attention_heads: missing: the head count"},
      {"\"num_key_value_heads\": 3, " SMALL, "4 query heads cannot share 3"},
      {"\"hidden_size\": 257, \"num_hidden_layers\": 4, \"num_attention_heads\": 4,"
       "\"intermediate_size\": 512, \"vocab_size\": 9",
       "257 does not divide into 4 heads"},
      {"\"hidden_size\": 256, \"num_hidden_layers\": 5000, \"num_attention_heads\": 4,"
       "\"intermediate_size\": 512, \"vocab_size\": 9",
       "5000 is not a layer count (1 to 4096)"},
      {"\"tie_word_embeddings\": \"yes\", " SMALL, "/tie_word_embeddings: true or false"},
      {"\"attention_bias\": 1, " SMALL, "/attention_bias: true or false"},
  };
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    char config[512];
    snprintf(config, sizeof config, "{\"model_type\": \"llama\", %s}", bad[i].fields);
    assert_fails(build(&m, config, err), VF_MALFORMED, bad[i].words);
  }
}

static void the_largest_allowed_shapes_do_not_overflow(void **state) {
  (void)state;
  vf_model *m = NULL;
  assert_fails(
      build(&m,
            "{\"model_type\": \"llama\", \"hidden_size\": 1048576, \"num_hidden_layers\": 4096,"
            "\"num_attention_heads\": 65536, \"head_dim\": 65536, \"intermediate_size\": 16777216,"
            "\"vocab_size\": 16777216}",
            err),
      VF_OVERFLOW, "2^56 parameters");
  assert_null(m);
}

/* ---- Files of a config ------------------------------------------------------------------- */

#define FILES                                                                                      \
  "{\"model_type\": \"llama\", \"num_key_value_heads\": 1, \"torch_dtype\": \"bfloat16\", " SMALL  \
  "}"

static void keep(vf_inventory *inv, const char *name, uint64_t wide, uint64_t high, vf_format f) {
  const uint64_t ne[4] = {wide, high, 1, 1};
  uint64_t bytes = wide * high * vf_format_get(f)->block_bytes;
  assert_ok(vf_inventory_add(inv, name, strlen(name), ne, f, bytes, err));
}

static vf_inventory *begin_files(vf_arena **arena) {
  *arena = vf_arena_new(&vf_default_allocator, 1 << 20);
  vf_inventory *inv = vf_arena_alloc(*arena, 1, sizeof *inv);
  assert_non_null(inv);
  vf_inventory_init(inv, *arena, false, false);
  return inv;
}

/* Of three weights in one byte a number, one has a scale beside it: that one is a method's. */
static void narrow_numbers_that_nothing_explains_become_the_configs(void **state) {
  (void)state;
  vf_model *m, *stored;
  vf_arena *arena;
  vf_inventory *inv = begin_files(&arena);
  keep(inv, "model.layers.0.self_attn.q_proj.weight", 256, 256, VF_FORMAT_F8_E4M3);
  keep(inv, "model.layers.0.mlp.up_proj.weight", 256, 512, VF_FORMAT_BOOL);
  keep(inv, "model.layers.0.mlp.down_proj.weight", 512, 256, VF_FORMAT_F8_E4M3);
  keep(inv, "model.layers.0.mlp.down_proj.weight_scale", 1, 1, VF_FORMAT_F32);
  assert_ok(build(&m, FILES, err));
  assert_ok(vf_model_with_tensors(&stored, m, inv->tensors, inv->count, err));
  assert_ok(vf_stored_widen(stored, arena, err));
  assert_u64(stored->tensors[0].bytes, 2 * 256 * 256);
  assert_u64(stored->tensors[1].bytes, 2 * 256 * 512);
  assert_u64(stored->tensors[2].bytes, 512 * 256);
  assert_true(has_assumption(stored, "narrow-files"));
  vf_model_free(stored);
  vf_model_free(m);
  vf_arena_free(arena);
}

/* Packed numbers may be of any width up to 16 bits; what is more than those is of another model. */
static void packed_matrices_are_held_against_the_config_too(void **state) {
  (void)state;
  vf_model *m;
  vf_arena *arena;
  vf_inventory *inv = begin_files(&arena);
  assert_ok(build(&m, FILES, err));
  keep(inv, "model.layers.0.self_attn.k_proj.qweight", 64, 256 / 8, VF_FORMAT_I32);
  assert_ok(vf_stored_check(m, inv, "files", err));
  keep(inv, "model.layers.1.self_attn.k_proj.qweight", 8 * 64, 256 / 8, VF_FORMAT_I32);
  assert_fails(vf_stored_check(m, inv, "files", err), VF_MALFORMED,
               "blk.1.attn_k.weight (as GGUF calls it) has more than 32768 numbers");
  vf_model_free(m);
  vf_arena_free(arena);
}

/* ---- Configs as they are published ------------------------------------------------------- */

#define DRAFT                                                                                      \
  "\"hidden_size\": 2560, \"num_attention_heads\": 32, \"num_key_value_heads\": 8,"                \
  "\"head_dim\": 128, \"intermediate_size\": 9728, \"vocab_size\": 151936"

static void a_draft_is_what_its_class_says_and_not_its_model_type(void **state) {
  (void)state;
  vf_model *m;
  assert_ok(build(&m,
                  "{\"model_type\": \"qwen3\", \"architectures\": [\"DFlashDraftModel\"],"
                  "\"num_hidden_layers\": 5," DRAFT "}",
                  err));
  assert_string_equal(m->type, "dflash");
  assert_u64(m->n_params, 537427200); /* z-lab/Qwen3-4B-DFlash-b16 */
  assert_null(find(m, VF_ROLE_TOKEN_EMBD, -1));
  vf_model_free(m);
  assert_ok(build(&m,
                  "{\"model_type\": \"llama\", \"architectures\": [\"LlamaForCausalLMEagle3\"],"
                  "\"hidden_size\": 4096, \"num_attention_heads\": 32, \"num_key_value_heads\": 8,"
                  "\"intermediate_size\": 12288, \"vocab_size\": 151936, \"num_hidden_layers\": 1,"
                  "\"draft_vocab_size\": 32000}",
                  err));
  assert_string_equal(m->type, "eagle3");
  /* RedHatAI/Qwen3-8B-speculator.eagle3, but for the two tables that map its vocabulary */
  assert_u64(m->n_params, 1022037632 - 32000 - 151936);
  assert_u64(find(m, VF_ROLE_ATTN_Q, 0)->ne[0], 2 * 4096);
  vf_model_free(m);
  assert_fails(build(&m,
                     "{\"model_type\": \"qwen3\", \"architectures\": [\"DSparkDraftModel\"],"
                     "\"num_hidden_layers\": 5," DRAFT "}",
                     err),
               VF_UNSUPPORTED, "'dspark' is not known");
}

static void what_a_nested_config_leaves_out_is_its_classs_default(void **state) {
  (void)state;
  vf_model *m;
  assert_ok(build(&m,
                  "{\"model_type\": \"gemma3\", \"text_config\": {\"model_type\": \"gemma3_text\","
                  "\"hidden_size\": 2560, \"intermediate_size\": 10240, \"num_hidden_layers\": 34,"
                  "\"sliding_window\": 1024}}",
                  err));
  assert_u64(m->n_vocab, 262208);
  assert_int_equal(m->layers[0].n_kv_heads, 4);
  assert_int_equal(m->layers[0].k_dim, 256);
  vf_model_free(m);
}

/* Such configs would make small dense models of large ones. */
static void a_class_of_experts_does_not_pass_for_a_dense_one(void **state) {
  (void)state;
  static const struct {
    const char *fields, *words;
  } bad[] = {
      {"\"model_type\": \"mixtral\", \"num_local_experts\": 0", "0 is not an expert count"},
      {"\"model_type\": \"mixtral\", \"num_local_experts\": null", "missing: the expert count"},
      {"\"model_type\": \"minimax_m2\", \"num_experts_per_tok\": 8", "missing: the expert count"},
      {"\"model_type\": \"deepseek_v3\", \"n_routed_experts\": null", "missing: the expert count"},
      {"\"model_type\": \"deepseek_v3\", \"n_routed_experts\": 0", "0 is not an expert count"},
      {"\"model_type\": \"gemma4_text\", \"moe_intermediate_size\": 64",
       "missing: the expert count"},
      {"\"model_type\": \"nemotron-nas\"", "/block_configs: says nothing about layer 0"},
      {"\"model_type\": \"qwen3_moe\", \"moe_intermediate_size\": 0",
       "0 is not a feed-forward size"},
      {"\"model_type\": \"nemotron_h\", \"hybrid_override_pattern\": \"EEEE\","
       "\"conv_kernel\": 4, \"ssm_state_size\": 64, \"mamba_num_heads\": 4, \"mamba_head_dim\": 64",
       "missing: the expert count"},
  };
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    vf_model *m;
    char config[512];
    snprintf(config, sizeof config, "{%s, %s}", bad[i].fields, SMALL);
    assert_fails(build(&m, config, err), VF_MALFORMED, bad[i].words);
  }
}

/* As transformers' classes have it: MixtralConfig, Qwen2MoeConfig, DeepseekV3Config, Qwen3Config.
 */
static void what_a_config_of_experts_leaves_out_is_its_classs_default(void **state) {
  (void)state;
  vf_model *m;
  assert_ok(build(&m, "{\"model_type\": \"mixtral\", " SMALL "}", err));
  assert_int_equal(m->layers[0].n_experts, 8);
  assert_int_equal(m->layers[0].n_ff_expert, 512);
  assert_true(has_assumption(m, "class-defaults"));
  vf_model_free(m);
  /* Under another of its names it is stated. */
  assert_ok(build(&m,
                  "{\"model_type\": \"mixtral\", \"num_experts\": 4,"
                  "\"num_experts_per_token\": 1, " SMALL "}",
                  err));
  assert_int_equal(m->layers[0].n_experts, 4);
  assert_false(has_assumption(m, "class-defaults"));
  vf_model_free(m);
  assert_ok(build(&m, "{\"model_type\": \"qwen2_moe\", " SMALL "}", err));
  assert_int_equal(m->layers[0].n_experts, 60);
  assert_int_equal(m->layers[0].n_ff_shared, 5632);
  vf_model_free(m);
  assert_ok(build(&m, "{\"model_type\": \"qwen3\", " SMALL "}", err));
  assert_int_equal(m->layers[0].k_dim, 128);
  vf_model_free(m);
  assert_ok(build(&m, "{\"model_type\": \"deepseek_v3\", " SMALL "}", err));
  assert_int_equal(m->layers[0].kv_lora, 512);
  assert_int_equal(m->layers[0].q_lora, 0);
  vf_model_free(m);
  /* Granite 4.0 states that it has none. */
  assert_ok(build(&m,
                  "{\"model_type\": \"granitemoehybrid\", \"num_local_experts\": 0,"
                  "\"layer_types\": [\"attention\", \"attention\", \"attention\", \"attention\"],"
                  "\"shared_intermediate_size\": 512, " SMALL "}",
                  err));
  assert_int_equal(m->layers[0].n_experts, 0);
  vf_model_free(m);
}

static void mamba2_has_as_many_states_as_heads(void **state) {
  (void)state;
  vf_model *m;
  assert_ok(build(&m,
                  "{\"model_type\": \"mamba2\", \"hidden_size\": 768, \"num_hidden_layers\": 24,"
                  "\"num_heads\": 24, \"head_dim\": 64, \"state_size\": 128, \"conv_kernel\": 4,"
                  "\"n_groups\": 1, \"time_step_rank\": 256, \"vocab_size\": 50288,"
                  "\"tie_word_embeddings\": true}",
                  err));
  assert_u64(m->n_params, 128989632); /* state-spaces/mamba2-130m */
  vf_model_free(m);
}

/* MiniMaxAI/MiniMax-Text-01: of each eight layers seven are linear, with a state of 128 x 128 for
 * each of 64 heads in fp32. */
static void minimax_has_the_parameters_that_are_published(void **state) {
  (void)state;
  vf_model *m;
  assert_ok(build(&m,
                  "{\"model_type\": \"minimax_text_01\", \"hidden_size\": 6144,"
                  "\"num_hidden_layers\": 80, \"num_attention_heads\": 64,"
                  "\"num_key_value_heads\": 8, \"head_dim\": 128, \"intermediate_size\": 9216,"
                  "\"num_local_experts\": 32, \"num_experts_per_tok\": 2, \"vocab_size\": 200064}",
                  err));
  assert_u64(m->n_params, UINT64_C(456089655296));
  assert_int_equal(m->layers[6].mixers, VF_MIX_LINEAR);
  assert_int_equal(m->layers[7].mixers, VF_MIX_ATTENTION);
  assert_u64(vf_describe_state_bytes(m), UINT64_C(70) * 64 * 128 * 128 * 4);
  assert_u64(find(m, VF_ROLE_SSM_NORM, 0)->ne[0], 64 * 128);
  vf_model_free(m);
}

/* mlp1 takes the merged neighbours of one place: a norm and a matrix of 1,024 × merge² rows. */
static void internvl_says_by_a_ratio_how_many_places_are_merged(void **state) {
  static const char *const ratios[] = {"0.5", "0.25", "1.5", "0.001"};
  uint64_t bytes[4];
  (void)state;
  for (size_t i = 0; i < 4; i++) {
    vf_model *m;
    char config[1024];
    snprintf(
        config, sizeof config,
        "{\"model_type\": \"internvl_chat\", \"downsample_ratio\": "
        "%s, \"vision_config\":"
        "{\"model_type\": \"intern_vit_6b\", \"hidden_size\": 1024, \"num_hidden_layers\": 24,"
        "\"num_attention_heads\": 16, \"intermediate_size\": 4096, \"image_size\": 448,"
        "\"patch_size\": 14}, \"llm_config\": {\"model_type\": \"qwen2\", \"hidden_size\": 896,"
        "\"num_hidden_layers\": 24, \"num_attention_heads\": 14, \"num_key_value_heads\": 2,"
        "\"intermediate_size\": 4864, \"vocab_size\": 151674}}",
        ratios[i]);
    assert_ok(build(&m, config, err));
    bytes[i] = vf_model_weights_bytes(m);
    vf_model_free(m);
  }
  assert_int_equal(bytes[1] - bytes[0], (16 - 4) * 1024 * (896 + 2) * 4); /* as it is built */
  assert_int_equal(bytes[2], bytes[3]); /* neither is a part of a side: as if none were stated */
}

/* Which layers have attention may be told by their numbers, and how many heads each has. */
static void lists_of_layers_say_what_each_of_them_is(void **state) {
  (void)state;
  vf_model *m;
  assert_ok(build(
      &m, "{\"model_type\": \"lfm2\", \"full_attn_idxs\": [1, 3], \"conv_L_cache\": 3, " SMALL "}",
      err));
  for (uint32_t i = 0; i < 4; i++)
    assert_int_equal(m->layers[i].mixers, i % 2 == 1 ? VF_MIX_ATTENTION : VF_MIX_SHORTCONV);
  vf_model_free(m);
  assert_ok(build(&m,
                  "{\"model_type\": \"laguna\", \"head_dim\": 64, \"num_key_value_heads\": 2,"
                  "\"num_attention_heads_per_layer\": [4, 8, 4, 8], \"num_experts\": 8,"
                  "\"num_experts_per_tok\": 2, \"moe_intermediate_size\": 128, " SMALL "}",
                  err));
  assert_u64(find(m, VF_ROLE_ATTN_Q, 0)->ne[1], 4 * 64);
  assert_u64(find(m, VF_ROLE_ATTN_Q, 1)->ne[1], 8 * 64);
  vf_model_free(m);
}

static void switches_of_a_config_add_vectors(void **state) {
  (void)state;
  static const char *const on[] = {"false", "true"};
  for (int i = 0; i < 2; i++) {
    char config[512];
    vf_model *m;
    snprintf(config, sizeof config, "{\"model_type\": \"falcon\", \"bias\": %s, " SMALL "}", on[i]);
    assert_ok(build(&m, config, err));
    assert_int_equal(find_bias(m, VF_ROLE_ATTN_QKV, 0) != NULL, i);
    assert_int_equal(find_bias(m, VF_ROLE_FFN_DOWN, 3) != NULL, i);
    vf_model_free(m);
    snprintf(config, sizeof config,
             "{\"model_type\": \"bailing_moe_v2\", \"moe_router_enable_expert_bias\": %s,"
             "\"num_experts\": 8, \"num_experts_per_tok\": 2, \"moe_intermediate_size\": 128,"
             "\"first_k_dense_replace\": 1, " SMALL "}",
             on[i]);
    assert_ok(build(&m, config, err));
    assert_int_equal((m->layers[1].flags & VF_LAYER_PROBS_BIAS) != 0, i);
    vf_model_free(m);
  }
}

static void patterns_and_groups_that_make_no_sense_are_refused(void **state) {
  (void)state;
  vf_model *m = NULL;
  assert_fails(build(&m,
                     "{\"model_type\": \"nemotron_h\", \"hybrid_override_pattern\": \"M*X-\","
                     "\"mamba_num_heads\": 8, \"mamba_head_dim\": 64, \"ssm_state_size\": 128,"
                     "\"n_groups\": 1, \"conv_kernel\": 4, " SMALL "}",
                     err),
               VF_MALFORMED, "says nothing about layer 2");
  assert_fails(build(&m,
                     "{\"model_type\": \"deepseek_v3\", \"kv_lora_rank\": 64,"
                     "\"qk_nope_head_dim\": 64, \"qk_rope_head_dim\": 32, \"v_head_dim\": 64,"
                     "\"n_routed_experts\": 8, \"num_experts_per_tok\": 2, \"n_group\": 3,"
                     "\"moe_intermediate_size\": 128, " SMALL "}",
                     err),
               VF_MALFORMED, "8 experts do not divide into 3 groups");
  assert_fails(
      build(&m,
            "{\"model_type\": \"llama\", \"hidden_size\": 1048576, \"num_hidden_layers\": 1500,"
            "\"num_attention_heads\": 1024, \"intermediate_size\": 16777216,"
            "\"vocab_size\": 1000}",
            err),
      VF_OVERFLOW, "more than 2^56 parameters");
  assert_null(m);
}

static void without_a_dtype_numbers_are_float32_and_it_is_said(void **state) {
  (void)state;
  vf_model *m;
  assert_ok(build(&m, "{\"model_type\": \"llama\", " SMALL "}", err));
  assert_ok(vf_recipe_apply_own(m, err));
  assert_string_equal(m->quant, "F32");
  vf_model_free(m);
}

/* ---- Recipes ---------------------------------------------------------------------------- */

static void a_file_type_that_nobody_knows_has_no_recipe(void **state) {
  (void)state;
  assert_string_equal(vf_recipe_of_file_type(15), "Q4_K_M"); /* LLAMA_FTYPE_MOSTLY_Q4_K_M */
  assert_null(vf_recipe_of_file_type(9999));
  assert_null(vf_recipe_of_file_type(-1));
}

/* NVIDIA's checkpoints in NVFP4 keep what is beside experts, but not in hybrids. */
static void nvidias_checkpoints_of_experts_keep_the_rest_in_16_bits(void **state) {
  (void)state;
  static const struct {
    const char *name;
    bool beside;
  } cases[] = {{"nvidia/Gemma-4-26B-A4B-it-NVFP4", true},
               {"nvidia/NVIDIA-Nemotron-3-Nano-30B-A3B-NVFP4", false},
               {"nvidia/Llama-3.3-70B-Instruct-FP4", false}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    vf_model *m;
    assert_ok(vf_model_open(&m, ctx, cases[i].name, NULL, NULL, err));
    assert_string_equal(m->quant, "NVFP4");
    assert_int_equal(m->plain_beside, cases[i].beside);
    vf_model_free(m);
  }
}

static void every_recipe_stores_every_catalog_model(void **state) {
  (void)state;
  bool common;
  for (size_t i = 0; i < vf_catalog_size(ctx, VF_CATALOG_MODELS); i++) {
    vf_model *m;
    assert_ok(vf_model_open(&m, ctx, vf_catalog_id(ctx, VF_CATALOG_MODELS, i), "f32", NULL, err));
    uint64_t widest = vf_model_weights_bytes(m);
    assert_true(widest >= m->n_params * 4);
    for (size_t r = 0; vf_recipe_name(r, &common) != NULL; r++) {
      assert_ok(vf_recipe_apply(m, vf_recipe_name(r, &common), err));
      assert_string_equal(m->quant, vf_recipe_name(r, &common));
      assert_true(vf_model_weights_bytes(m) <= widest);
    }
    vf_model_free(m);
  }
}

/* Rows of a large model are whole blocks, so that no fallback upsets the order. */
static void suggested_recipes_get_narrower(void **state) {
  (void)state;
  vf_model *m;
  bool common;
  uint64_t widest = UINT64_MAX;
  assert_ok(vf_model_open(&m, ctx, "llama3.1-70b", "f32", NULL, err));
  for (size_t r = 0; vf_recipe_name(r, &common) != NULL; r++) {
    if (!common) continue;
    assert_ok(vf_recipe_apply(m, vf_recipe_name(r, &common), err));
    assert_true(vf_model_weights_bytes(m) < widest);
    widest = vf_model_weights_bytes(m);
  }
  vf_model_free(m);
}

static void names_of_recipes_take_any_case_and_engines_short_names(void **state) {
  (void)state;
  static const char *const names[][2] = {
      {"q4_k_m", "Q4_K_M"}, {"Q4-K-M", "Q4_K_M"}, {"q4", "Q4_K_M"},    {"q8", "Q8_0"},
      {"fp16", "F16"},      {"bf16", "BF16"},     {"IQ4_XS", "IQ4_XS"}};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    vf_model *m;
    vf_model_info info;
    assert_ok(vf_model_open(&m, ctx, "llama3.2-1b", names[i][0], NULL, err));
    vf_model_info_get(m, &info);
    assert_string_equal(info.quant, names[i][1]);
    vf_model_free(m);
  }
  vf_model *m;
  assert_fails(vf_model_open(&m, ctx, "llama3.2-1b", "q4_k_x", NULL, err), VF_UNKNOWN,
               "did you mean Q4_K_M?");
  assert_fails(vf_model_open(&m, ctx, "llama3.2-1b", "zzzzzz", NULL, err), VF_UNKNOWN,
               "unknown quant 'zzzzzz'");
}

/* Figures of llama-quantize --dry-run, llama.cpp v0.5.0: tensor bytes of whole files. */
static void whole_files_have_the_size_that_llama_quantize_writes(void **state) {
  (void)state;
  static const struct {
    const char *model, *quant;
    uint64_t tensor_bytes;
  } files[] = {
      {"llama3.1-8b", "f16", UINT64_C(16061055232)},
      {"llama3.1-8b", "q8_0", UINT64_C(8532934912)},
      {"llama3.1-8b", "q6_k", UINT64_C(6588170496)},
      {"llama3.1-8b", "q5_k_m", UINT64_C(5725151488)},
      {"llama3.1-8b", "q4_k_m", UINT64_C(4912898304)},
      {"llama3.1-8b", "q4_k_s", UINT64_C(4684833024)},
      {"llama3.1-8b", "q4_0", UINT64_C(4653375744)},
      {"llama3.1-8b", "iq4_xs", UINT64_C(4476526848)},
      {"llama3.1-8b", "q3_k_m", UINT64_C(4011081984)},
      {"llama3.1-8b", "q2_k", UINT64_C(3171295488)},
  };
  for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
    vf_model *m;
    vf_model_info info;
    assert_ok(vf_model_open(&m, ctx, files[i].model, files[i].quant, NULL, err));
    vf_model_info_get(m, &info);
    assert_u64(info.weights_bytes, files[i].tensor_bytes);
    vf_model_free(m);
  }
}

static void rows_that_do_not_divide_fall_back(void **state) {
  (void)state;
  vf_model *m;
  assert_ok(vf_model_open(&m, ctx, "qwen2.5-0.5b", "q4_k_m", NULL, err)); /* rows of 896 */
  assert_int_equal(find(m, VF_ROLE_ATTN_Q, 5)->format, VF_FORMAT_Q5_0);
  assert_int_equal(find(m, VF_ROLE_TOKEN_EMBD, -1)->format, VF_FORMAT_Q8_0);
  assert_int_equal(find(m, VF_ROLE_FFN_DOWN, 0)->format, VF_FORMAT_Q6_K); /* rows of 4864 divide */
  vf_model_free(m);
}

static void requantizing_equals_opening_in_that_format(void **state) {
  (void)state;
  vf_model *a, *b, *c;
  assert_ok(vf_model_open(&a, ctx, "llama3.1-70b", "q8_0", NULL, err));
  assert_ok(vf_model_requantize(&b, a, "q3_k_m", NULL, err));
  assert_ok(vf_model_open(&c, ctx, "llama3.1-70b", "q3_k_m", NULL, err));
  vf_model_free(a);
  assert_int_equal(b->n_tensors, c->n_tensors);
  assert_memory_equal(b->tensors, c->tensors, b->n_tensors * sizeof *b->tensors);
  vf_model_free(b);
  vf_model_free(c);
}

/* ---- The catalogs ----------------------------------------------------------------------- */

static vf_facts entry_facts(vf_arena *arena, const vf_catalog *catalog, uint32_t i) {
  vf_catalog_entry e = vf_catalog_at(catalog, i);
  vf_facts facts = vf_facts_in(arena, e.file);
  assert_ok(vf_config_parse(&facts, e.json, e.length, err));
  return facts;
}

static void every_model_resolves_by_each_of_its_names(void **state) {
  (void)state;
  const vf_catalog *models = &ctx->layers[0][VF_CATALOG_MODELS];
  assert_true(models->n_rows >= 30);
  for (uint32_t i = 0; i < models->n_rows; i++) {
    vf_arena *arena = vf_arena_new(&vf_default_allocator, 1 << 20);
    vf_facts facts = entry_facts(arena, models, i);
    const char *id = vf_facts_string(&facts, "id", "");
    const vf_fact *aliases = vf_facts_find(&facts, "aliases");
    for (size_t a = 0; aliases != NULL && a < aliases->as.array.count; a++) {
      vf_catalog_entry found;
      assert_true(
          vf_catalog_find(&found, ctx, VF_CATALOG_MODELS, aliases->as.array.items[a].as.string));
      assert_string_equal(found.id, id);
    }
    const vf_fact *tags = vf_facts_find(&facts, "ollama.tags");
    for (size_t a = 0; tags != NULL && a < tags->as.array.count; a++) {
      vf_catalog_entry found;
      assert_true(vf_catalog_find_tag(&found, ctx, tags->as.array.items[a].as.string));
      assert_string_equal(found.id, id);
    }
    vf_arena_free(arena);
  }
}

/* The published parameter count, or the count that the entry's note explains. */
static void every_models_parameters_equal_the_published_count(void **state) {
  (void)state;
  const vf_catalog *models = &ctx->layers[0][VF_CATALOG_MODELS];
  for (uint32_t i = 0; i < models->n_rows; i++) {
    vf_arena *arena = vf_arena_new(&vf_default_allocator, 1 << 20);
    vf_facts facts = entry_facts(arena, models, i);
    const char *id = vf_facts_string(&facts, "id", "");
    uint64_t params = 0;
    bool found;
    vf_model *m;
    assert_ok(
        vf_facts_number(&params, &found, &facts, "params", 0, "count", 1, UINT64_C(1) << 50, err));
    assert_ok(vf_model_open(&m, ctx, id, NULL, NULL, err));
    if (!found || m->n_params != params)
      fail_msg("%s: %llu parameters derived, %llu published", id, (unsigned long long)m->n_params,
               (unsigned long long)params);
    vf_model_free(m);
    vf_arena_free(arena);
  }
}

static vf_facts facts_of(vf_arena *arena, const char *name) {
  vf_catalog_entry e;
  assert_true(vf_catalog_find(&e, ctx, VF_CATALOG_MODELS, name));
  vf_facts facts = vf_facts_in(arena, e.file);
  assert_ok(vf_entry_facts(&facts, ctx, &e, err));
  return facts;
}

static void an_entry_like_another_has_its_shape_and_names_of_its_own(void **state) {
  (void)state;
  vf_arena *arena = vf_arena_new(&vf_default_allocator, 1 << 20);
  vf_facts f = facts_of(arena, "hermes3-8b");
  assert_string_equal(vf_facts_string(&f, "model_type", ""), "llama");
  assert_string_equal(vf_facts_string(&f, "hf_repo", ""), "NousResearch/Hermes-3-Llama-3.1-8B");
  assert_string_equal(vf_entry_tag_format(&f, "Hermes3:8B"), "Q4_0");
  f = facts_of(arena, "r1-1776-671b"); /* DeepSeek-R1 is published in FP8, this one is not */
  assert_null(vf_facts_find(&f, "quantization_config.quant_method"));
  vf_arena_free(arena);
}

static void a_family_alone_is_what_ollama_calls_its_latest(void **state) {
  (void)state;
  vf_catalog_entry tag, repository;
  assert_true(vf_catalog_find_tag(&tag, ctx, "DeepSeek-R1"));
  assert_string_equal(tag.id, "deepseek-r1-0528-qwen3-8b");
  assert_true(vf_catalog_find(&repository, ctx, VF_CATALOG_MODELS, "deepseek-ai/DeepSeek-R1"));
  assert_string_equal(repository.id, "deepseek-r1-671b");
}

static void a_tag_without_a_format_has_the_one_of_its_file(void **state) {
  (void)state;
  vf_arena *arena = vf_arena_new(&vf_default_allocator, 1 << 20);
  vf_facts f = facts_of(arena, "llama3.2:1b");
  assert_string_equal(vf_entry_tag_format(&f, "llama3.2:1b"), "Q8_0");
  f = facts_of(arena, "llama3.2");
  assert_null(vf_entry_tag_format(&f, "llama3.2"));
  f = facts_of(arena, "mistral:v0.3");
  assert_string_equal(vf_entry_tag_format(&f, "mistral:instruct"), "Q4_0");
  vf_arena_free(arena);
}

/* ---- In words ----------------------------------------------------------------------------- */

/* What a person reads of the layers, and what one sequence keeps of a token, of the last tokens,
 * and whatever its length. */
static void layers_are_told_by_their_kind(void **state) {
  (void)state;
  static const struct {
    const char *model, *first, *last; /* the first and the last group's words */
    uint32_t layers;                  /* in the first group */
    size_t groups;
    uint64_t bytes, window_bytes, state_bytes, window;
  } rows[] = {
      {"llama3.1-8b", "attention 32 heads, 8 for keys × 128; feed-forward 14336", NULL, 32, 1,
       32 * 2 * 8 * 128 * 2, 0, 0, 0},
      {"gemma2-2b", "attention 8 heads, 4 for keys × 256, window 4096; feed-forward 9216",
       "attention 8 heads, 4 for keys × 256; feed-forward 9216", 13, 2, 13 * 2 * 4 * 256 * 2,
       13 * 2 * 4 * 256 * 2, 0, 4096},
      {"llama4-scout",
       "attention 40 heads, 8 for keys × 128, chunk 8192; 16 experts × 8192, 1 used, shared 8192",
       "attention 40 heads, 8 for keys × 128; 16 experts × 8192, 1 used, shared 8192", 36, 2,
       12 * 2 * 8 * 128 * 2, 36 * 2 * 8 * 128 * 2, 0, 8192},
      {"mamba-130m", "Mamba 1536 × 16", NULL, 24, 1, 0, 0, 24 * (16 + 3) * 1536 * 4, 0},
      {"qwen3-next-80b-a3b", "gated delta net 4096 × 128; 512 experts × 512, 10 used, shared 512",
       "attention 16 heads, 2 for keys × 256; 512 experts × 512, 10 used, shared 512", 36, 2,
       12 * 2 * 2 * 256 * 2, 0, 36 * (128 * 4096 + 3 * (4096 + 2 * 2048)) * 4, 0},
      {"lfm2-1.2b", "short convolution; feed-forward 8192",
       "attention 32 heads, 8 for keys × 64; feed-forward 8192", 10, 2, 6 * 2 * 8 * 64 * 2, 0,
       10 * 2 * 2048 * 4, 0},
      {"gemma3n-e4b", "attention 8 heads, 2 for keys × 256, window 512; feed-forward 16384",
       "attention 8 heads, 2 for keys × 256, shared cache; feed-forward 16384", 16, 4,
       4 * 2 * 2 * 256 * 2, 16 * 2 * 2 * 256 * 2, 0, 512},
      {"kimi-linear-48b-a3b", "Kimi delta attention 4096 × 128; feed-forward 9216",
       "latent attention 32 heads, rank 512 + 64 rotated; 256 experts × 1024, 8 used, shared 1024",
       1, 3, 7 * (512 + 64) * 2, 0, 20 * (128 * 4096 + 3 * 3 * 4096) * 4, 0},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    vf_model *m;
    vf_layer_group *g;
    size_t n;
    vf_arena *arena = vf_arena_new(&vf_default_allocator, 1 << 20);
    assert_ok(vf_model_open(&m, ctx, rows[i].model, NULL, NULL, err));
    assert_ok(vf_describe_layers(&g, &n, m, arena, err));
    assert_u64(n, rows[i].groups);
    assert_u64(g[0].layers, rows[i].layers);
    assert_string_equal(g[0].text, rows[i].first);
    assert_string_equal(g[n - 1].text, rows[i].last != NULL ? rows[i].last : rows[i].first);
    vf_cache_cost cost = vf_describe_cache(m, VF_FORMAT_F16);
    assert_u64(cost.bytes_per_token, rows[i].bytes);
    assert_u64(cost.window_bytes_per_token, rows[i].window_bytes);
    assert_u64(vf_describe_state_bytes(m), rows[i].state_bytes);
    assert_u64(vf_describe_window(m), rows[i].window);
    vf_arena_free(arena);
    vf_model_free(m);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_dense_model_has_the_tensors_of_its_kind),
      cmocka_unit_test(qwen2_carries_biases_and_qwen3_norms),
      cmocka_unit_test(attention_bias_adds_four_vectors),
      cmocka_unit_test(phi3_fuses_its_projections),
      cmocka_unit_test(every_fourth_layer_of_smollm3_has_no_rope),
      cmocka_unit_test(equal_layers_have_period_one),
      cmocka_unit_test(an_unknown_architecture_is_never_guessed),
      cmocka_unit_test(configs_that_contradict_themselves_are_refused),
      cmocka_unit_test(the_largest_allowed_shapes_do_not_overflow),
      cmocka_unit_test(a_draft_is_what_its_class_says_and_not_its_model_type),
      cmocka_unit_test(what_a_nested_config_leaves_out_is_its_classs_default),
      cmocka_unit_test(a_class_of_experts_does_not_pass_for_a_dense_one),
      cmocka_unit_test(what_a_config_of_experts_leaves_out_is_its_classs_default),
      cmocka_unit_test(narrow_numbers_that_nothing_explains_become_the_configs),
      cmocka_unit_test(packed_matrices_are_held_against_the_config_too),
      cmocka_unit_test(mamba2_has_as_many_states_as_heads),
      cmocka_unit_test(minimax_has_the_parameters_that_are_published),
      cmocka_unit_test(internvl_says_by_a_ratio_how_many_places_are_merged),
      cmocka_unit_test(lists_of_layers_say_what_each_of_them_is),
      cmocka_unit_test(switches_of_a_config_add_vectors),
      cmocka_unit_test(patterns_and_groups_that_make_no_sense_are_refused),
      cmocka_unit_test(without_a_dtype_numbers_are_float32_and_it_is_said),
      cmocka_unit_test(a_file_type_that_nobody_knows_has_no_recipe),
      cmocka_unit_test(nvidias_checkpoints_of_experts_keep_the_rest_in_16_bits),
      cmocka_unit_test(every_recipe_stores_every_catalog_model),
      cmocka_unit_test(suggested_recipes_get_narrower),
      cmocka_unit_test(names_of_recipes_take_any_case_and_engines_short_names),
      cmocka_unit_test(whole_files_have_the_size_that_llama_quantize_writes),
      cmocka_unit_test(rows_that_do_not_divide_fall_back),
      cmocka_unit_test(requantizing_equals_opening_in_that_format),
      cmocka_unit_test(every_model_resolves_by_each_of_its_names),
      cmocka_unit_test(every_models_parameters_equal_the_published_count),
      cmocka_unit_test(an_entry_like_another_has_its_shape_and_names_of_its_own),
      cmocka_unit_test(a_family_alone_is_what_ollama_calls_its_latest),
      cmocka_unit_test(a_tag_without_a_format_has_the_one_of_its_file),
      cmocka_unit_test(layers_are_told_by_their_kind),
  };
  return cmocka_run_group_tests(tests, open_context, close_context);
}
