/* test_towers.c - towers for images and sound: counts of models that the catalog does not hold,
 * what is left unknown, and what quantization leaves alone.  The catalog's own are checked with
 * its other entries. */
#include "support.h"

#include "core/model.h"
#include "models/arch.h"
#include "models/inventory.h"
#include "models/module_names.h"
#include "models/recipe.h"
#include "models/scheme.h"
#include "models/tower.h"
#include "readers/config.h"

/* Builds a model; the facts live as long as the arena. */
static vf_status build(vf_model **out, vf_facts *facts, vf_arena *arena, const char *config,
                       vf_error *err) {
  *facts = vf_facts_in(arena, "test.json");
  vf_status status = vf_config_parse(facts, config, strlen(config), err);
  return status == VF_OK ? vf_arch_build(out, facts, err) : status;
}

static vf_status build_alone(vf_model **out, const char *config, vf_error *err) {
  vf_facts facts;
  vf_arena *arena = vf_arena_new(&vf_default_allocator, 1 << 20);
  vf_status status = build(out, &facts, arena, config, err);
  vf_arena_free(arena);
  return status;
}

static uint64_t tower_params(const vf_model *m) {
  uint64_t n = 0;
  for (size_t i = 0; i < m->n_tensors; i++)
    if (m->tensors[i].tower != 0) n += vf_tensor_elements(&m->tensors[i]);
  return n;
}

static bool is_tower_unknown(const vf_model *m) {
  for (size_t i = 0; i < m->n_assumptions; i++)
    if (strcmp(m->assumptions[i].code, "tower-unknown") == 0) return true;
  return false;
}

/* ---- Counts ----------------------------------------------------------------------------- */

/* Real dimensions, and the counts that were published for them: Phi-4's less its two adapters and
 * 160 numbers of buffers, Kimi-VL's less 1,728 of those, Ultravox's as the sum of its three parts.
 */
static const struct {
  const char *config;
  uint64_t params;
} published[] = {
    {"{\"model_type\": \"qwen2_audio\", \"audio_config\": {\"d_model\": 1280, \"encoder_layers\": "
     "32,"
     "\"encoder_attention_heads\": 20, \"encoder_ffn_dim\": 5120, \"num_mel_bins\": 128},"
     "\"text_config\": {\"model_type\": \"qwen2\", \"hidden_size\": 4096, \"vocab_size\": 156032,"
     "\"num_hidden_layers\": 32, \"num_attention_heads\": 32, \"intermediate_size\": 11008}}",
     8397094912},
    {"{\"model_type\": \"glm4v\", \"text_config\": {\"hidden_size\": 4096, \"vocab_size\": 151552,"
     "\"num_hidden_layers\": 40, \"num_attention_heads\": 32, \"num_key_value_heads\": 2,"
     "\"intermediate_size\": 13696}, \"vision_config\": {\"depth\": 24, \"hidden_size\": 1536,"
     "\"intermediate_size\": 13696, \"image_size\": 336, \"patch_size\": 14,"
     "\"out_hidden_size\": 4096}}",
     10292777472},
    {"{\"model_type\": \"smolvlm\", \"scale_factor\": 4, \"text_config\": {\"hidden_size\": 576,"
     "\"num_hidden_layers\": 30, \"num_attention_heads\": 9, \"num_key_value_heads\": 3,"
     "\"intermediate_size\": 1536, \"vocab_size\": 49280}, \"vision_config\": {\"hidden_size\": "
     "768,"
     "\"num_hidden_layers\": 12, \"intermediate_size\": 3072, \"image_size\": 512,"
     "\"patch_size\": 16}}",
     256484928},
    {"{\"model_type\": \"phi4mm\", \"hidden_size\": 3072, \"num_hidden_layers\": 32,"
     "\"num_attention_heads\": 24, \"num_key_value_heads\": 8, \"intermediate_size\": 8192,"
     "\"vocab_size\": 200064, \"tie_word_embeddings\": true, \"embd_layer\": {\"image_embd_layer\":"
     "{\"crop_size\": 448}}, \"audio_processor\": {\"config\": {\"attention_dim\": 1024,"
     "\"attention_heads\": 16, \"kernel_size\": 3, \"linear_units\": 1536, \"num_blocks\": 24,"
     "\"input_size\": 80, \"relative_attention_bias_args\": {\"t5_bias_max_distance\": 500}}}}",
     5574460384 - (256 + 320) * UINT64_C(45056) * 32 - 160},
    {"{\"model_type\": \"ultravox\", \"hidden_size\": 4096, \"projector_ln_mid\": true,"
     "\"audio_config\": {\"model_type\": \"whisper\", \"d_model\": 1280, \"encoder_layers\": 32,"
     "\"encoder_ffn_dim\": 5120, \"num_mel_bins\": 128}, \"text_config\": {\"hidden_size\": 4096,"
     "\"vocab_size\": 128256, \"num_hidden_layers\": 32, \"num_attention_heads\": 32,"
     "\"num_key_value_heads\": 8, \"intermediate_size\": 14336}}",
     8030261248 + 636968960 + 10240 + 10240 * 4096 + 2048 + 2048 * 4096},
    {"{\"model_type\": \"kimi_vl\", \"text_config\": {\"hidden_size\": 2048, \"vocab_size\": "
     "163840,"
     "\"num_hidden_layers\": 27, \"num_attention_heads\": 16, \"intermediate_size\": 11264,"
     "\"moe_intermediate_size\": 1408, \"n_routed_experts\": 64, \"n_shared_experts\": 2,"
     "\"num_experts_per_tok\": 6, \"first_k_dense_replace\": 1, \"kv_lora_rank\": 512,"
     "\"qk_nope_head_dim\": 128, \"qk_rope_head_dim\": 64, \"v_head_dim\": 128},"
     "\"vision_config\": {\"model_type\": \"moonvit\", \"hidden_size\": 1152,"
     "\"num_hidden_layers\": 27, \"intermediate_size\": 4304, \"patch_size\": 14,"
     "\"merge_kernel_size\": [2, 2]}}",
     16407657776 - 1728},
};

static void parameters_with_towers_equal_the_published_count(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof published / sizeof *published; i++) {
    vf_model *m;
    assert_ok(build_alone(&m, published[i].config, err));
    assert_u64(m->n_params, published[i].params);
    assert_false(is_tower_unknown(m));
    assert_true(m->flags & VF_MODEL_HAS_TOWER);
    vf_model_free(m);
  }
}

#define TEXT                                                                                       \
  "\"text_config\": {\"hidden_size\": 256, \"num_hidden_layers\": 2, \"num_attention_heads\": 4,"  \
  "\"intermediate_size\": 512, \"vocab_size\": 1000}, \"torch_dtype\": \"bfloat16\""

#define LLAVA(vision) "{\"model_type\": \"llava\", \"vision_config\": {" vision "}, " TEXT "}"
#define CLIP                                                                                       \
  "\"model_type\": \"clip_vision_model\", \"hidden_size\": 64, \"num_hidden_layers\": 3,"          \
  "\"intermediate_size\": 128, \"image_size\": 28, \"patch_size\": 14"

enum {
  CLIP_LINEAR = 3 * (4 * 64 * 64 + 2 * 64 * 128) + 64 * 256 + 256 * 256,
  CLIP_VECTORS = 64 + 4 * 64 + 3 * (4 * 64 + 5 * 64 + 128) + 2 * 256,
  CLIP_TABLES = 3 * 14 * 14 * 64 + 5 * 64,
};

static void a_tower_has_the_tensors_of_its_kind(void **state) {
  (void)state;
  vf_model *m, *bare;
  assert_ok(build_alone(&m, LLAVA(CLIP), err));
  assert_ok(build_alone(&bare, "{\"model_type\": \"llava\", " TEXT "}", err));
  assert_u64(tower_params(m), CLIP_LINEAR + CLIP_VECTORS + CLIP_TABLES);
  assert_u64(m->n_params, bare->n_params + tower_params(m));
  assert_u64(tower_params(bare), 0);
  assert_int_equal(bare->flags & VF_MODEL_HAS_TOWER, 0);
  vf_model_free(m);
  vf_model_free(bare);
}

static void a_config_decides_about_single_tensors(void **state) {
  (void)state;
  static const char *const configs[] = {
      LLAVA(
          "\"model_type\": \"siglip_vision_model\", \"hidden_size\": 64, \"num_hidden_layers\": 1,"
          "\"intermediate_size\": 128, \"image_size\": 28, \"patch_size\": 14"),
      LLAVA(
          "\"model_type\": \"siglip_vision_model\", \"hidden_size\": 64, \"num_hidden_layers\": 1,"
          "\"intermediate_size\": 128, \"image_size\": 28, \"patch_size\": 14,"
          "\"vision_use_head\": false"),
  };
  vf_model *with, *without;
  assert_ok(build_alone(&with, configs[0], err));
  assert_ok(build_alone(&without, configs[1], err));
  assert_u64(tower_params(with) - tower_params(without),
             64 + 4 * 64 * 64 + 4 * 64 + 2 * 64 + 2 * 64 * 128 + 128 + 64);
  vf_model_free(with);
  vf_model_free(without);
}

/* ---- What is not known ------------------------------------------------------------------ */

static void an_unknown_tower_is_said_to_be_unknown(void **state) {
  (void)state;
  static const char *const configs[] = {
      LLAVA("\"model_type\": \"swin\", \"hidden_size\": 64"),
      LLAVA("\"model_type\": \"clip_vision_model\", \"hidden_size\": 64, \"num_hidden_layers\": 3,"
            "\"intermediate_size\": 128, \"patch_size\": 14"),
      "{\"model_type\": \"llama\", \"vision_config\": {" CLIP "}, \"hidden_size\": 256,"
      "\"num_hidden_layers\": 2, \"num_attention_heads\": 4, \"intermediate_size\": 512,"
      "\"vocab_size\": 1000}",
  };
  for (size_t i = 0; i < sizeof configs / sizeof *configs; i++) {
    vf_model *m;
    assert_ok(build_alone(&m, configs[i], err));
    assert_true(is_tower_unknown(m));
    assert_u64(tower_params(m), 0);
    vf_model_free(m);
  }
}

static void sizes_that_make_no_sense_are_refused(void **state) {
  (void)state;
  vf_model *m;
  assert_fails(build_alone(&m, LLAVA(CLIP ", \"num_channels\": 0"), err), VF_MALFORMED,
               "/vision_config/num_channels: 0 is not a channel count");
}

/* ---- Names, and what they are for ------------------------------------------------------- */

static vf_status store(vf_model **out, const char *config, vf_error *err) {
  vf_facts facts;
  vf_scheme scheme;
  bool found;
  vf_arena *arena = vf_arena_new(&vf_default_allocator, 1 << 20);
  vf_status status = build(out, &facts, arena, config, err);
  if (status == VF_OK) status = vf_scheme_from_config(&scheme, &found, &facts, err);
  if (status == VF_OK) status = vf_scheme_apply(*out, &scheme, err);
  vf_arena_free(arena);
  return status;
}

static uint64_t tower_bytes(const vf_model *m) {
  uint64_t bytes = 0;
  for (size_t i = 0; i < m->n_tensors; i++)
    if (m->tensors[i].tower != 0) bytes += m->tensors[i].bytes;
  return bytes;
}

#define QUANTIZED(fields)                                                                          \
  "{\"model_type\": \"llava\", \"vision_config\": {" CLIP "}, \"quantization_config\": {" fields   \
  "}, " TEXT "}"
#define W8 "\"quant_method\": \"bitsandbytes\", \"load_in_8bit\": true"

static void a_tower_keeps_its_precision_where_it_is_left_out(void **state) {
  (void)state;
  static const char *const left_alone[] = {
      QUANTIZED(W8 ", \"llm_int8_skip_modules\": [\"vision_tower\", \"multi_modal_projector\"]"),
      QUANTIZED(W8 ", \"llm_int8_skip_modules\": [\"model.vision_tower*\", \"re:.*projector.*\"]"),
      QUANTIZED(W8 ", \"llm_int8_skip_modules\": [\"vision_model\", \"linear_1\", \"linear_2\"]"),
      QUANTIZED("\"quant_method\": \"awq\", \"bits\": 4, \"group_size\": 64"),
      QUANTIZED("\"quant_method\": \"gptq\", \"bits\": 4, \"group_size\": 64"),
  };
  enum { ALL = CLIP_LINEAR + CLIP_VECTORS + CLIP_TABLES };
  for (size_t i = 0; i < sizeof left_alone / sizeof *left_alone; i++) {
    vf_model *m;
    assert_ok(store(&m, left_alone[i], err));
    assert_u64(tower_bytes(m), 2 * ALL);
    vf_model_free(m);
  }
}

/* 8 bits a value and a scale of 32 per output; what is no linear layer stays in 16. */
static void a_tower_is_quantized_where_nothing_leaves_it_out(void **state) {
  (void)state;
  vf_model *m;
  enum { OUTPUTS = 3 * (5 * 64 + 128) + 2 * 256 };
  assert_ok(store(&m, QUANTIZED(W8), err));
  assert_u64(tower_bytes(m), CLIP_LINEAR + 4 * OUTPUTS + 2 * (CLIP_VECTORS + CLIP_TABLES));
  vf_model_free(m);
}

static void quantizing_to_gguf_leaves_the_tower_in_16_bits(void **state) {
  (void)state;
  vf_model *m;
  assert_ok(build_alone(&m, LLAVA(CLIP), err));
  assert_ok(vf_recipe_apply(m, "Q4_K_M", err));
  assert_u64(tower_bytes(m), 2 * tower_params(m));
  assert_ok(vf_recipe_apply(m, "F32", err));
  assert_u64(tower_bytes(m), 4 * tower_params(m));
  vf_model_free(m);
}

static void modules_have_the_names_of_their_files(void **state) {
  (void)state;
  vf_model *m;
  bool block = false, lead = false;
  assert_ok(build_alone(&m, LLAVA(CLIP), err));
  for (size_t i = 0; i < m->n_tensors; i++) {
    char name[VF_MODULE_NAME];
    if (m->tensors[i].tower == 0) continue;
    assert_true(vf_module_name(name, m, &m->tensors[i], 0));
    block |= strcmp(name, "vision_tower.vision_model.encoder.layers.2.self_attn.out_proj") == 0;
    assert_true(vf_module_name(name, m, &m->tensors[i], 1));
    lead |= strcmp(name, "model.multi_modal_projector.linear_2") == 0;
    assert_false(vf_module_name(name, m, &m->tensors[i], 3));
  }
  assert_true(block && lead);
  vf_model_free(m);
}

static void assert_read_as_towers(const vf_model *m, int wrapper) {
  vf_arena *arena = vf_arena_new(&vf_default_allocator, 1 << 24);
  static vf_inventory inv;
  vf_error error, *err = &error;
  vf_inventory_init(&inv, arena, false, false);
  for (size_t i = 0; i < m->n_tensors; i++) {
    const vf_tensor *t = &m->tensors[i];
    char name[VF_MODULE_NAME + 8];
    if (t->tower == 0) continue;
    assert_true(vf_module_name(name, m, t, wrapper));
    strcat(name, t->suffix == VF_SUFFIX_BIAS ? ".bias" : ".weight");
    assert_int_equal(
        vf_inventory_add(&inv, name, strlen(name), t->ne, VF_FORMAT_BF16, t->bytes, err), VF_OK);
    const vf_tensor *last = &inv.tensors[inv.count - 1];
    if (vf_roles[last->role].home != VF_HOME_TOWER) fail_msg("%s is taken for the model's", name);
  }
  vf_arena_free(arena);
}

static void a_checkpoints_names_are_known_as_towers(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof published / sizeof *published; i++) {
    vf_model *m;
    assert_ok(build_alone(&m, published[i].config, err));
    for (int wrapper = 0; wrapper < 3; wrapper++) assert_read_as_towers(m, wrapper);
    vf_model_free(m);
  }
}

/* Every kind that a front falls back to has a row. */
static void the_tables_agree(void **state) {
  (void)state;
  for (size_t i = 0; vf_tower_front_get(i) != NULL; i++) {
    const char *wanted = vf_tower_front_get(i)->kind;
    bool found = wanted == NULL;
    for (size_t k = 0; vf_tower_kind_get(k) != NULL && !found; k++)
      found = strcmp(vf_tower_kind_get(k)->model_type, wanted) == 0;
    if (!found) fail_msg("no row for %s", wanted);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(parameters_with_towers_equal_the_published_count),
      cmocka_unit_test(a_tower_has_the_tensors_of_its_kind),
      cmocka_unit_test(a_config_decides_about_single_tensors),
      cmocka_unit_test(an_unknown_tower_is_said_to_be_unknown),
      cmocka_unit_test(sizes_that_make_no_sense_are_refused),
      cmocka_unit_test(a_tower_keeps_its_precision_where_it_is_left_out),
      cmocka_unit_test(a_tower_is_quantized_where_nothing_leaves_it_out),
      cmocka_unit_test(quantizing_to_gguf_leaves_the_tower_in_16_bits),
      cmocka_unit_test(modules_have_the_names_of_their_files),
      cmocka_unit_test(a_checkpoints_names_are_known_as_towers),
      cmocka_unit_test(the_tables_agree),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
