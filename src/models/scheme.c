/* scheme.c - reading quantization_config, and the bytes that follow from it.
 *
 * Sources of the sizes: vLLM's quantization modules (model_executor/layers/quantization:
 * modelopt.py, fp8.py, auto_gptq.py, auto_awq.py, compressed_tensors), bitsandbytes,
 * mlx.nn.quantize, and exllamav2's and exllamav3's converters. */
#include "models/scheme.h"

#include <inttypes.h>
#include <regex.h>
#include <stdio.h>
#include <string.h>

#include "base/checked.h"
#include "base/decimal.h"
#include "base/names.h"
#include "base/status.h"
#include "core/format.h"
#include "models/module_names.h"

#define F(x) VF_FORMAT_##x

enum { MAX_EXPRESSIONS = 16 };

/* ---- What a config says ----------------------------------------------------------------- */

/* A config's facts, and where in them the quantization stands. */
typedef struct reader {
  vf_facts facts; /* a view below quantization_config */
  vf_scheme *out;
  vf_status status;
  vf_error *err;
} reader;

static uint32_t number(reader *r, const char *key, uint32_t fallback, uint32_t most) {
  uint64_t n = fallback;
  bool found;
  if (r->status == VF_OK)
    r->status = vf_facts_number(&n, &found, &r->facts, key, 0, "count", 0, most, r->err);
  return (uint32_t)n;
}

static bool flag(reader *r, const char *key, bool fallback) {
  bool value = fallback;
  if (r->status == VF_OK) r->status = vf_facts_bool(&value, &r->facts, key, fallback, r->err);
  return value;
}

static vf_format format_of_bits(uint32_t bits) {
  static const vf_format formats[9] = {
      [2] = F(INT2), [3] = F(INT3), [4] = F(INT4), [5] = F(INT5), [6] = F(INT6), [8] = F(INT8)};
  return bits < 9 ? formats[bits] : VF_FORMAT_NONE;
}

/* Integers of so many bits, or an error at the key that says how many. */
static void set_bits(reader *r, vf_scheme_rule *rule, const char *key, uint32_t bits) {
  rule->values = format_of_bits(bits);
  rule->bits_x100 = bits * 100;
  if (r->status == VF_OK && rule->values == VF_FORMAT_NONE)
    r->status = vf_facts_fail(&r->facts, key, VF_UNSUPPORTED, r->err,
                              "%" PRIu32 " bits are not known (2 to 6, and 8)", bits);
}

static void name_it(reader *r, const char *method, uint32_t bits, uint32_t group) {
  char name[64];
  if (group != 0)
    snprintf(name, sizeof name, "%s %" PRIu32 "-bit g%" PRIu32, method, bits, group);
  else
    snprintf(name, sizeof name, "%s %" PRIu32 "-bit", method, bits);
  snprintf(r->out->name, VF_SCHEME_NAME, "%.*s", VF_SCHEME_NAME - 1, name);
}

static void read_awq(reader *r) {
  vf_scheme_rule *rule = &r->out->groups[0].rule;
  uint32_t bits = number(r, "bits", number(r, "w_bit", 4, 16), 16);
  rule->group = number(r, "group_size", number(r, "q_group_size", 128, 1 << 20), 1 << 20);
  set_bits(r, rule, "bits", bits);
  rule->zero_bits = flag(r, "zero_point", true) ? bits : 0;
  name_it(r, "AWQ", bits, rule->group);
}

/* A group size of -1 is a column. */
static uint32_t group_size(reader *r, const char *key) {
  const vf_fact *f = vf_facts_find(&r->facts, key);
  if (f != NULL && f->type == VF_FACT_INT && f->as.integer == -1) return 0;
  return number(r, key, 128, 1 << 20);
}

static void read_gptq(reader *r) {
  vf_scheme_rule *rule = &r->out->groups[0].rule;
  uint32_t bits = number(r, "bits", 4, 16);
  rule->group = group_size(r, "group_size");
  set_bits(r, rule, "bits", bits);
  rule->zero_bits = bits;
  name_it(r, "GPTQ", bits, rule->group);
}

static void read_fp8(reader *r) {
  const vf_fact *f = vf_facts_find(&r->facts, "weight_block_size");
  vf_scheme_named(r->out, f != NULL ? "fp8-block" : "fp8");
  if (f == NULL) return;
  vf_scheme_rule *rule = &r->out->groups[0].rule;
  uint64_t sides[2] = {128, 128};
  for (size_t i = 0; i < 2; i++) {
    bool found;
    if (r->status == VF_OK)
      r->status = vf_facts_number(&sides[i], &found, &r->facts, "weight_block_size", i,
                                  "block size", 1, 1 << 16, r->err);
  }
  rule->rows = (uint32_t)sides[0];
  rule->group = (uint32_t)sides[1];
  snprintf(r->out->name, VF_SCHEME_NAME, "FP8 block %" PRIu32 "×%" PRIu32, rule->rows, rule->group);
}

/* DeepSeek V4's experts have 4 bits in a checkpoint that is called FP8 (vllm/models/deepseek_v4/
 * quant_config.py: expert_dtype, "fp4" where it is left out; moe_quant_algo of NVIDIA's). */
static void read_experts(vf_scheme *out, const vf_facts *facts) {
  const char *algo = vf_facts_string(facts, "quantization_config.moe_quant_algo", "");
  const char *type = vf_facts_string(facts, "model_type", "");
  bool v4 = strcmp(type, "deepseek_v4") == 0, nv = strcmp(algo, "NVFP4") == 0;
  const char *dtype = vf_facts_string(facts, "expert_dtype", v4 ? "fp4" : "");
  vf_scheme four;
  if (strcmp(out->method, "fp8") != 0 || (!nv && strcmp(dtype, "fp4") != 0)) return;
  vf_scheme_named(&four, nv ? "nvfp4" : "mxfp4");
  out->experts = four.groups[0].rule;
  out->own_experts = true;
  if (nv) out->ignore = NULL; /* says what is not NVFP4: it is FP8 */
  snprintf(out->name, VF_SCHEME_NAME, "FP8 block + %s", nv ? "NVFP4" : "FP4");
}

static void read_bitsandbytes(reader *r) {
  bool four = flag(r, "load_in_4bit", false) || flag(r, "_load_in_4bit", false);
  bool twice = flag(r, "bnb_4bit_use_double_quant", false);
  vf_scheme_named(r->out, !four ? "bnb-8bit" : twice ? "nf4" : "bnb-4bit");
}

static void read_mlx(reader *r) {
  uint32_t bits = number(r, "bits", 4, 16);
  vf_scheme_named(r->out, "mlx-4bit");
  vf_scheme_rule *rule = &r->out->groups[0].rule;
  rule->group = number(r, "group_size", 64, 1 << 20);
  set_bits(r, rule, "bits", bits);
  name_it(r, "MLX", bits, rule->group);
}

/* "bits" is an average here, with a fraction. */
static void read_exl(reader *r) {
  char name[32];
  const vf_fact *f = vf_facts_find(&r->facts, "bits");
  double bits = f == NULL                  ? 4.0
                : f->type == VF_FACT_INT   ? (double)f->as.integer
                : f->type == VF_FACT_FLOAT ? f->as.real
                                           : 0;
  snprintf(name, sizeof name, "%.8s-%.8sbpw", vf_facts_string(&r->facts, "quant_method", "exl2"),
           vf_fixed(bits >= 1 && bits <= 10 ? bits : 0, 2).text);
  if (!vf_scheme_named(r->out, name))
    r->status = vf_facts_fail(&r->facts, "bits", VF_MALFORMED, r->err,
                              "1 to 10 bits of a weight are expected");
}

static void read_mxfp4(reader *r) {
  vf_scheme_named(r->out, "mxfp4");
}

/* ---- Groups of modules (compressed-tensors, modelopt) ----------------------------------- */

static const char *text_at(reader *r, size_t group, const char *key, const char *fallback) {
  char full[96];
  snprintf(full, sizeof full, "config_groups.group_%zu.weights.%s", group, key);
  return vf_facts_string(&r->facts, full, fallback);
}

static uint32_t number_at(reader *r, size_t group, const char *key, uint32_t fallback) {
  char full[96];
  snprintf(full, sizeof full, "config_groups.group_%zu.weights.%s", group, key);
  return number(r, full, fallback, 1 << 20);
}

static bool symmetric_at(reader *r, size_t group) {
  char full[96];
  snprintf(full, sizeof full, "config_groups.group_%zu.weights.symmetric", group);
  return flag(r, full, true);
}

/* Floats of 4 bits have groups of 16 (NVFP4: a scale in 8 bits, two scalars) or 32 (MXFP4). */
static void read_float_rule(vf_scheme_rule *rule, uint32_t bits, uint32_t group,
                            const char *strategy) {
  vf_scheme s;
  if (bits == 4)
    vf_scheme_named(&s, group == 32 ? "mxfp4" : "nvfp4");
  else if (group == 32)
    vf_scheme_named(&s, "mxfp8");
  else if (strcmp(strategy, "channel") == 0)
    vf_scheme_named(&s, "fp8-channel");
  else
    vf_scheme_named(&s, strcmp(strategy, "block") == 0 ? "fp8-block" : "fp8");
  *rule = s.groups[0].rule;
}

static void read_integer_rule(reader *r, size_t i, vf_scheme_rule *rule, uint32_t bits,
                              uint32_t group) {
  bool channel = group == 0;
  *rule = (vf_scheme_rule){.rows = 1, .group = group, .scale_bits = channel ? 32 : 16};
  if (!channel) rule->matrix_bytes = 16;
  set_bits(r, rule, "config_groups", bits);
  if (!symmetric_at(r, i)) rule->zero_bits = bits;
}

static bool read_group(reader *r, size_t i) {
  char key[64];
  const char *type = text_at(r, i, "type", NULL);
  if (type == NULL || r->out->n_groups == VF_SCHEME_GROUPS) return false;
  uint32_t bits = number_at(r, i, "num_bits", 8), group = number_at(r, i, "group_size", 0);
  vf_scheme_group *g = &r->out->groups[r->out->n_groups++];
  if (strcmp(type, "float") == 0)
    read_float_rule(&g->rule, bits, group, text_at(r, i, "strategy", "tensor"));
  else
    read_integer_rule(r, i, &g->rule, bits, group);
  snprintf(key, sizeof key, "config_groups.group_%zu.targets", i);
  g->targets = vf_facts_find(&r->facts, key);
  return true;
}

/* One name for all groups: that of the first, and that there are more. */
static void name_groups(reader *r) {
  const vf_scheme_rule *rule = &r->out->groups[0].rule;
  const char *more = r->out->n_groups > 1 ? " and others" : "";
  if (rule->values == F(F4))
    snprintf(r->out->name, VF_SCHEME_NAME, "%s%s", rule->group == 32 ? "MXFP4" : "NVFP4", more);
  else if (rule->values == F(F8_E4M3))
    snprintf(r->out->name, VF_SCHEME_NAME, "%s%s", rule->group == 32 ? "MXFP8" : "FP8", more);
  else
    snprintf(r->out->name, VF_SCHEME_NAME, "W%" PRIu32 " g%" PRIu32 "%s", rule->bits_x100 / 100,
             rule->group, more);
}

/* modelopt without groups says it in a word. */
static void read_algorithm(reader *r) {
  const char *algo = vf_facts_string(&r->facts, "quant_algo", "FP8");
  static const char *const words[][2] = {{"FP8", "fp8"},
                                         {"NVFP4", "nvfp4"},
                                         {"MXFP8", "mxfp8"},
                                         {"W4A16_AWQ", "awq"},
                                         {"W4A8_AWQ", "awq"},
                                         {"FP8_PER_CHANNEL_PER_TOKEN", "fp8-channel"},
                                         {"FP8_PB_WO", "fp8-block"},
                                         {"NVFP4_AWQ", "nvfp4"}};
  for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
    if (strcmp(algo, words[i][0]) != 0) continue;
    vf_scheme_named(r->out, words[i][1]);
    return;
  }
  r->status = vf_facts_fail(&r->facts, "quant_algo", VF_UNSUPPORTED, r->err,
                            "quantization '%s' is not known", algo);
}

/* TensorRT-LLM's words (tensorrt_llm/quantization/mode.py), and the schemes they stand for; those
 * with a name of their own have one scale per output. */
static const struct trtllm_word {
  const char *algo, *scheme, *shown;
} trtllm_words[] = {
    {"W8A16", "w8a16", "INT8 per channel"},
    {"W4A16", "w4a16", "INT4 per channel"},
    {"W4A16_AWQ", "awq", NULL},
    {"W4A8_AWQ", "awq", NULL},
    {"W4A16_GPTQ", "gptq", NULL},
    {"W8A16_GPTQ", "gptq-8bit", NULL},
    {"W8A8_SQ_PER_CHANNEL", "w8a8", "INT8 SmoothQuant"},
    {"W8A8_SQ_PER_TENSOR_PLUGIN", "w8a8", "INT8 SmoothQuant"},
    {"W8A8_SQ_PER_CHANNEL_PER_TOKEN_PLUGIN", "w8a8", "INT8 SmoothQuant"},
    {"W8A8_SQ_PER_CHANNEL_PER_TENSOR_PLUGIN", "w8a8", "INT8 SmoothQuant"},
    {"W8A8_SQ_PER_TENSOR_PER_TOKEN_PLUGIN", "w8a8", "INT8 SmoothQuant"},
    {"FP8", "fp8", NULL},
    {"FP8_PER_CHANNEL_PER_TOKEN", "fp8-channel", NULL},
    {"FP8_BLOCK_SCALES", "fp8-block", NULL},
    {"NVFP4", "nvfp4", NULL},
    {"MXFP8", "mxfp8", NULL},
};

/* Groups with zero points in 16 bits; AWQ has none unless the config says so, but a factor per
 * input (tensorrt_llm/quantization/layers.py). */
static void set_trtllm_groups(reader *r, bool awq) {
  vf_scheme_rule *rule = &r->out->groups[0].rule;
  rule->group = number(r, "group_size", 128, 1 << 20);
  rule->zero_bits = flag(r, "has_zero_point", !awq) ? 16 : 0;
  rule->index_bytes = flag(r, "pre_quant_scale", awq) ? 2 : 0;
  name_it(r, awq ? "AWQ" : "GPTQ", rule->values == F(INT4) ? 4 : 8, rule->group);
}

static void read_trtllm(reader *r) {
  const char *algo = vf_facts_string(&r->facts, "quant_algo", "");
  for (size_t i = 0; i < sizeof trtllm_words / sizeof *trtllm_words; i++) {
    const struct trtllm_word *w = &trtllm_words[i];
    if (strcmp(w->algo, algo) != 0) continue;
    vf_scheme_named(r->out, w->scheme);
    vf_scheme_rule *rule = &r->out->groups[0].rule;
    if (w->shown == NULL) {
      if (rule->values == F(INT4) || rule->values == F(INT8))
        set_trtllm_groups(r, strcmp(w->scheme, "awq") == 0);
      return;
    }
    snprintf(r->out->name, VF_SCHEME_NAME, "%s", w->shown);
    rule->group = rule->matrix_bytes = 0;
    return;
  }
  r->status = vf_facts_fail(&r->facts, "quant_algo", VF_UNSUPPORTED, r->err,
                            "quantization '%s' is not known", algo);
}

static void read_groups(reader *r) {
  r->out->n_groups = 0;
  for (size_t i = 0; i < VF_SCHEME_GROUPS && read_group(r, i); i++) continue;
  if (r->out->n_groups == 0)
    read_algorithm(r);
  else
    name_groups(r);
}

/* ---- Configs that say it in other words ------------------------------------------------- */

enum { WIDE_BITS = 16 };

/* The modules that extra_config gives 16 bits or more, "extra_config.NAME.bits": they stay. */
static void keep_wide_modules(reader *r) {
  static const char front[] = "quantization_config.extra_config.", end[] = ".bits";
  const size_t before = sizeof front - 1, behind = sizeof end - 1;
  const vf_facts *f = &r->facts;
  vf_fact *list = vf_arena_alloc(f->arena, 1, sizeof *list);
  vf_fact *items = vf_arena_alloc(f->arena, f->count + 1, sizeof *items);
  size_t n = 0;
  if (list == NULL || items == NULL) {
    r->status = vf_fail_nomem(r->err);
    return;
  }
  for (size_t i = 0; i < f->count; i++) {
    const vf_fact *fact = &f->items[i];
    size_t length = strlen(fact->key);
    bool bits = length > before + behind && strncmp(fact->key, front, before) == 0 &&
                strcmp(fact->key + length - behind, end) == 0;
    if (!bits || fact->type != VF_FACT_INT || fact->as.integer < WIDE_BITS) continue;
    char *name = vf_arena_copy(f->arena, fact->key + before, length - before - behind);
    if (name == NULL) r->status = vf_fail_nomem(r->err);
    if (name == NULL) return;
    items[n++] = (vf_fact){.type = VF_FACT_STRING, .as.string = name};
  }
  *list = (vf_fact){.type = VF_FACT_ARRAY, .as.array = {items, n}};
  if (n > 0) r->out->ignore = list;
}

/* AutoRound stores what GPTQ's or AWQ's kernels read. */
static void read_auto_round(reader *r) {
  vf_scheme_rule *rule = &r->out->groups[0].rule;
  const char *type = vf_facts_string(&r->facts, "data_type", "int");
  uint32_t bits = number(r, "bits", 4, 16);
  bool floats = strncmp(type, "int", 3) != 0;
  rule->group = group_size(r, "group_size");
  if (floats) {
    vf_scheme_named(r->out, strstr(type, "nv") != NULL ? "nvfp4" : bits == 8 ? "mxfp8" : "mxfp4");
    r->out->experts_only = false;
  } else {
    set_bits(r, rule, "bits", bits);
    rule->zero_bits = bits;
    name_it(r, "AutoRound", bits, rule->group);
  }
  keep_wide_modules(r);
}

/* AMD Quark names a number type and how far one scale reaches. */
static void read_quark(reader *r) {
  static const struct {
    const char *type, *reach, *scheme;
  } words[] = {{"fp4", "", "mxfp4"},
               {"fp8_e4m3", "per_channel", "fp8-channel"},
               {"fp8_e4m3", "per_block", "fp8-block"},
               {"fp8_e4m3", "", "fp8"},
               {"int8", "", "int8"},
               {"int4", "per_group", "w4a16"},
               {"uint4", "per_group", "awq"}};
  static const char key[] = "global_quant_config.weight.dtype";
  const char *type = vf_facts_string(&r->facts, key, "");
  const char *reach = vf_facts_string(&r->facts, "global_quant_config.weight.qscheme", "");
  r->out->ignore = vf_facts_find(&r->facts, "exclude");
  for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
    if (strcmp(type, words[i].type) != 0 ||
        strncmp(reach, words[i].reach, strlen(words[i].reach)) != 0)
      continue;
    const vf_fact *ignore = r->out->ignore;
    vf_scheme_named(r->out, words[i].scheme);
    r->out->ignore = ignore;
    r->out->experts_only = false;
    vf_scheme_rule *rule = &r->out->groups[0].rule;
    if (rule->values == F(INT4))
      rule->group = number(r, "global_quant_config.weight.group_size", 128, 1 << 20);
    return;
  }
  r->status = vf_facts_fail(&r->facts, key, VF_UNSUPPORTED, r->err, "Quark's '%s' %s is not known",
                            type, reach);
}

/* torchao writes the class of its config, or in former times a word. */
static void read_torchao(reader *r) {
  static const struct {
    const char *word, *scheme, *shown;
  } words[] = {{"Int4WeightOnly", "w4a16", "torchao INT4"},
               {"int4_weight_only", "w4a16", "torchao INT4"},
               {"Int8DynamicActivationIntxWeight", "w4a16", "torchao INT4"},
               {"Int8DynamicActivationInt4Weight", "w4a16", "torchao INT4"},
               {"IntxWeightOnly", "w8a16", "torchao INT8"},
               {"Int8", "int8", "torchao INT8"},
               {"int8", "int8", "torchao INT8"},
               {"Float8WeightOnly", "fp8-channel", "torchao FP8"},
               {"Float8DynamicActivation", "fp8-channel", "torchao FP8"},
               {"float8", "fp8-channel", "torchao FP8"},
               {"NVFP4", "nvfp4", "torchao NVFP4"},
               {"MXFP8", "mxfp8", "torchao MXFP8"}};
  const char *key = "quant_type.default._type";
  const char *type = vf_facts_string(&r->facts, key, NULL);
  if (type == NULL) type = vf_facts_string(&r->facts, key = "quant_type", "");
  for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
    if (strncmp(type, words[i].word, strlen(words[i].word)) != 0) continue;
    vf_scheme_named(r->out, words[i].scheme);
    vf_scheme_rule *rule = &r->out->groups[0].rule;
    uint32_t group =
        number(r, "quant_type.default._data.group_size",
               number(r, "quant_type_kwargs.group_size", rule->group, 1 << 20), 1 << 20);
    if (rule->values == F(INT4) || rule->values == F(INT8)) rule->group = group;
    if (rule->values == F(INT4)) rule->zero_bits = 16;
    r->out->embeddings = flag(r, "include_input_output_embeddings", false);
    snprintf(r->out->name, VF_SCHEME_NAME, "%s", words[i].shown);
    return;
  }
  r->status =
      vf_facts_fail(&r->facts, key, VF_UNSUPPORTED, r->err, "torchao's '%s' is not known", type);
}

/* ---- Methods ---------------------------------------------------------------------------- */

static const struct {
  const char *method;
  void (*read)(reader *);
  const char *start; /* a named scheme to begin with */
  bool towers;       /* the others walk the layers of the text model alone */
} methods[] = {
    {"awq", read_awq, "awq", false},
    {"gptq", read_gptq, "gptq", false},
    {"fp8", read_fp8, "fp8", true},
    {"fbgemm_fp8", read_fp8, "fp8-channel", true},
    {"compressed-tensors", read_groups, "w4a16", true},
    {"modelopt", read_groups, "nvfp4", true},
    {"modelopt_fp4", read_groups, "nvfp4", true},
    {"mxfp4", read_mxfp4, "mxfp4", false},
    {"bitsandbytes", read_bitsandbytes, "bnb-4bit", true},
    {"mlx", read_mlx, "mlx-4bit", false},
    {"exl2", read_exl, "exl2-4.0bpw", false},
    {"exl3", read_exl, "exl3-4.0bpw", false},
    {"tensorrt-llm", read_trtllm, "fp8", false},
    {"auto-round", read_auto_round, "gptq", false},
    {"intel/auto-round", read_auto_round, "gptq", false},
    {"quark", read_quark, "mxfp4", true},
    {"torchao", read_torchao, "int8", false},
};

/* Methods that are known by name, but not what their tensors take. */
static const char *const others[] = {
    "hqq",  "quanto", "aqlm",  "bitnet", "higgs", "fp_quant",    "vptq",        "spqr",
    "eetq", "sinq",   "metal", "rtn",    "inc",   "deepspeedfp", "petit_nvfp4", "fouroversix",
};

static vf_status refuse_method(const vf_facts *f, const char *method, vf_error *err) {
  for (size_t i = 0; i < sizeof others / sizeof *others; i++)
    if (strcmp(method, others[i]) == 0)
      return vf_facts_fail(f, "quant_method", VF_UNSUPPORTED, err,
                           "what '%s' stores is not known: name the nearest format with --quant, "
                           "or give the files",
                           method);
  return vf_facts_fail(f, "quant_method", VF_UNSUPPORTED, err, "quantization '%s' is not known",
                       method);
}

static vf_status read_method(reader *r, const char *method) {
  static const char *const lists[] = {"ignore", "modules_to_not_convert", "exclude_modules",
                                      "ignored_layers", "llm_int8_skip_modules"};
  for (size_t i = 0; i < sizeof methods / sizeof *methods; i++) {
    if (strcmp(method, methods[i].method) != 0) continue;
    vf_scheme_named(r->out, methods[i].start);
    methods[i].read(r);
    snprintf(r->out->method, VF_SCHEME_NAME, "%s", method);
    r->out->towers = methods[i].towers;
    for (size_t k = 0; k < sizeof lists / sizeof *lists && r->out->ignore == NULL; k++)
      r->out->ignore = vf_facts_find(&r->facts, lists[k]);
    return r->status;
  }
  return refuse_method(&r->facts, method, r->err);
}

/* modelopt may sit behind another word, and a mix of both in one config says which by groups. */
static const char *method_of(const vf_facts *f) {
  const char *method = vf_facts_string(f, "quant_method", NULL);
  bool groups = vf_facts_string(f, "config_groups.group_0.weights.type", NULL) != NULL;
  if (vf_facts_find(f, "moe_quant_algo") != NULL) return method;
  if (groups && method != NULL && strcmp(method, "fp8") == 0) return "modelopt";
  if (method == NULL && vf_facts_string(f, "quant_algo", NULL) != NULL) return "modelopt";
  return method;
}

static const char *trtllm_method(const vf_facts *f) {
  const char *algo = vf_facts_string(f, "quant_algo", "NO_QUANT");
  return strcmp(algo, "NO_QUANT") != 0 ? "tensorrt-llm" : NULL;
}

vf_status vf_scheme_from_config(vf_scheme *out, bool *found, const vf_facts *facts, vf_error *err) {
  static const char *const places[] = {"quantization_config.", "text_config.quantization_config.",
                                       "thinker_config.quantization_config.",
                                       "pretrained_config.quantization.", "quantization."};
  enum { TRTLLM = 3, MLX = 4 };
  reader r = {.out = out, .err = err};
  *out = (vf_scheme){.n_groups = 0};
  *found = false;
  if (vf_facts_find(facts, "quantization_config") != NULL)
    return vf_facts_fail(facts, "quantization_config", VF_MALFORMED, err, "is not an object");
  for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
    r.facts = vf_facts_view(facts, places[i]);
    r.facts.strict = true;
    const char *method = i < TRTLLM ? method_of(&r.facts) : trtllm_method(&r.facts);
    if (method == NULL && i == MLX && vf_facts_find(&r.facts, "bits") != NULL) method = "mlx";
    if (method == NULL) continue;
    *found = true;
    vf_status status = read_method(&r, method);
    if (status == VF_OK) read_experts(out, facts);
    return status;
  }
  return VF_OK;
}

/* ---- Which modules ---------------------------------------------------------------------- */

/* Configs of wrapped models put one or two modules before the names. */
static const char *without_wrapper(const char *name) {
  static const char *const fronts[] = {"model.language_model.", "language_model.model.",
                                       "language_model.", "model.", "backbone."};
  for (size_t i = 0; i < sizeof fronts / sizeof *fronts; i++)
    if (strncmp(name, fronts[i], strlen(fronts[i])) == 0) return name + strlen(fronts[i]);
  return name;
}

/* '*' stands for any text; no set of names has more than a few, so this ends soon. */
static bool glob(const char *pattern, const char *name) {
  const char *star = NULL, *back = name;
  while (*name != '\0') {
    if (*pattern == *name) {
      pattern++;
      name++;
    } else if (*pattern == '*') {
      star = pattern++;
      back = name;
    } else if (star != NULL) {
      pattern = star + 1;
      name = ++back;
    } else {
      return false;
    }
  }
  while (*pattern == '*') pattern++;
  return *pattern == '\0';
}

/* Expressions that one model's tensors are matched with, compiled once. */
typedef struct expressions {
  const vf_model *m;
  const char *patterns[MAX_EXPRESSIONS];
  regex_t compiled[MAX_EXPRESSIONS];
  bool valid[MAX_EXPRESSIONS];
  size_t n;
} expressions;

/* Counted repetitions can take any amount of memory: they are refused, as is what is very long. */
static bool compile(regex_t *out, const char *pattern) {
  if (strlen(pattern) > 256 || strchr(pattern, '{') != NULL) return false;
  return regcomp(out, pattern, REG_EXTENDED | REG_NOSUB) == 0;
}

/* One that does not compile matches nothing, nor do more than there is room for. */
static bool expression(expressions *x, const char *pattern, const char *name) {
  size_t i = 0;
  while (i < x->n && x->patterns[i] != pattern) i++;
  if (i == MAX_EXPRESSIONS) return false;
  if (i == x->n) {
    x->patterns[x->n++] = pattern;
    x->valid[i] = compile(&x->compiled[i], pattern);
  }
  return x->valid[i] && regexec(&x->compiled[i], name, 0, NULL, 0) == 0;
}

static void forget(expressions *x) {
  for (size_t i = 0; i < x->n; i++)
    if (x->valid[i]) regfree(&x->compiled[i]);
}

/* A module in the middle of a name. */
static bool passes_through(const char *name, const char *module, size_t n) {
  for (const char *at = strstr(name, module); at != NULL; at = strstr(at + 1, module))
    if (at > name && at[-1] == '.' && at[n] == '.') return true;
  return false;
}

/* The whole name, a module that holds it, or the last part of it. */
static bool covers(expressions *x, const char *pattern, const char *name) {
  if (strncmp(pattern, "re:", 3) == 0) return expression(x, pattern + 3, name);
  pattern = without_wrapper(pattern);
  size_t n = strlen(pattern), m = strlen(name);
  if (strchr(pattern, '*') != NULL) {
    char below[VF_MODULE_NAME + 8];
    snprintf(below, sizeof below, "%.*s.*", VF_MODULE_NAME, pattern);
    return glob(pattern, name) || glob(below, name);
  }
  if (n <= m && strncmp(pattern, name, n) == 0 && (name[n] == '\0' || name[n] == '.')) return true;
  if (n > 0 && passes_through(name, pattern, n)) return true;
  return n < m && name[m - n - 1] == '.' && strcmp(name + m - n, pattern) == 0;
}

static bool lists_name(expressions *x, const vf_fact *list, const char *name) {
  for (size_t i = 0; i < list->as.array.count; i++) {
    const vf_fact *f = &list->as.array.items[i];
    if (f->type == VF_FACT_STRING && covers(x, f->as.string, name)) return true;
  }
  return false;
}

/* By any of the names that the tensor's module has. */
static bool lists(expressions *x, const vf_fact *list, const vf_tensor *t) {
  char name[VF_MODULE_NAME];
  if (list == NULL || list->type != VF_FACT_ARRAY) return false;
  for (int i = 0; vf_module_name(name, x->m, t, i); i++)
    if (lists_name(x, list, name)) return true;
  return false;
}

/* Every matrix, unless the targets are names. */
static bool targets(expressions *x, const vf_scheme_group *g, const vf_tensor *t) {
  if (g->targets == NULL || g->targets->type != VF_FACT_ARRAY) return true;
  for (size_t i = 0; i < g->targets->as.array.count; i++) {
    const vf_fact *f = &g->targets->as.array.items[i];
    if (f->type == VF_FACT_STRING && strcmp(f->as.string, "Linear") == 0) return true;
  }
  return lists(x, g->targets, t);
}

/* Made without a quantization (vllm/models/deepseek_v4/compressor.py: quant_config=None). */
static bool is_compressor(const vf_tensor *t) {
  return t->role == VF_ROLE_COMPRESSOR || t->role == VF_ROLE_INDEXER_COMPRESSOR;
}

static bool is_matrix(const vf_scheme *s, const vf_model *m, const vf_tensor *t) {
  vf_category c = vf_roles[t->role].category;
  if (is_compressor(t)) return false;
  if (vf_tensor_dims(t) < 2 || t->suffix != VF_SUFFIX_WEIGHT) return false;
  if (s->experts_only && vf_model_has_experts(m)) return vf_role_is_expert(t->role);
  if (t->role == VF_ROLE_TOWER_MATRIX) return s->towers && t->tower != 0;
  if (c == VF_CATEGORY_EMBEDDING) return s->embeddings && t->role == VF_ROLE_TOKEN_EMBD;
  if (c == VF_CATEGORY_OUTPUT) return s->output;
  return c != VF_CATEGORY_KEEP32 && c != VF_CATEGORY_KEEP16 &&
         vf_roles[t->role].home == VF_HOME_LAYER;
}

/* The rule for a tensor; NULL: it stays as it is. */
static const vf_scheme_rule *rule_for(expressions *x, const vf_scheme *s, const vf_tensor *t) {
  if (!is_matrix(s, x->m, t) || lists(x, s->ignore, t)) return NULL;
  if (s->own_experts && vf_role_is_expert(t->role)) return &s->experts;
  for (size_t i = 0; i < s->n_groups; i++)
    if (targets(x, &s->groups[i], t)) return &s->groups[i].rule;
  return NULL;
}

/* ---- Bytes ------------------------------------------------------------------------------ */

static uint64_t parts(uint64_t n, uint32_t size) {
  return size == 0 ? 1 : (n + size - 1) / size;
}

/* One matrix of K inputs and N outputs.  Shapes were checked when the tensor was made, and a rule's
 * numbers are small: 16 bits a value at most. */
static bool matrix_bytes(uint64_t *out, const vf_scheme_rule *r, uint64_t inputs,
                         uint64_t outputs) {
  uint64_t elements, values, scales, groups = parts(inputs, r->group);
  groups *= r->rows == 0 ? 1 : parts(outputs, r->rows);
  if (!vf_mul(&elements, inputs, outputs) || !vf_mul(&values, elements, r->bits_x100)) return false;
  values = (values + 799) / 800;
  if (!vf_mul(&scales, groups, r->scale_bits + r->zero_bits)) return false;
  scales = (scales + 7) / 8;
  if (r->super_group != 0) scales += (groups + r->super_group - 1) / r->super_group * 4;
  return vf_add(out, values, scales) && vf_add(out, *out, inputs * r->index_bytes) &&
         vf_add(out, *out, r->matrix_bytes);
}

/* Keys of a latent attention are stored transposed here, per head. */
static void sides(const vf_tensor *t, uint64_t *inputs, uint64_t *outputs, uint64_t *matrices) {
  *inputs = t->ne[0];
  *outputs = t->ne[1];
  *matrices = t->ne[2] * t->ne[3];
  if (t->role != VF_ROLE_ATTN_K_B && t->role != VF_ROLE_ATTN_V_B) return;
  *inputs = t->role == VF_ROLE_ATTN_K_B ? t->ne[1] : t->ne[0];
  *outputs = (t->role == VF_ROLE_ATTN_K_B ? t->ne[0] : t->ne[1]) * t->ne[2];
  *matrices = 1;
}

static vf_status store(vf_tensor *t, const vf_scheme_rule *rule, vf_error *err) {
  uint64_t inputs, outputs, matrices, bytes, all;
  sides(t, &inputs, &outputs, &matrices);
  if (!matrix_bytes(&bytes, rule, inputs, outputs) || !vf_mul(&bytes, bytes, matrices) ||
      !vf_mul(&all, bytes, t->count))
    return vf_fail(err, VF_OVERFLOW, "tensor %s.weight has more than 2^64 bytes",
                   vf_roles[t->role].gguf_name);
  t->format = (uint8_t)rule->values;
  t->bytes = bytes;
  return VF_OK;
}

/* What mixes streams is kept in 32 bits, and a table of experts is of integers. */
static vf_format plain(const vf_tensor *t, vf_format own) {
  bool wide = t->role == VF_ROLE_HYPER_CONNECTION || t->role == VF_ROLE_OUTPUT_HC ||
              t->role == VF_ROLE_FFN_ROUTER_TABLE;
  return wide ? F(F32) : own;
}

static vf_status store_all(vf_model *m, const vf_scheme *s, expressions *x, vf_error *err) {
  vf_format own = m->own_format != VF_FORMAT_NONE ? m->own_format : F(F16);
  for (size_t i = 0; i < m->n_tensors; i++) {
    vf_tensor *t = &m->tensors[i];
    const vf_scheme_rule *rule = rule_for(x, s, t);
    vf_status status = rule != NULL ? store(t, rule, err) : vf_tensor_store(t, plain(t, own), err);
    if (status != VF_OK) return status;
  }
  return VF_OK;
}

vf_status vf_scheme_apply(vf_model *m, const vf_scheme *s, vf_error *err) {
  expressions x;
  x.m = m;
  x.n = 0;
  vf_status status = store_all(m, s, &x, err);
  forget(&x);
  if (status != VF_OK) return status;
  vf_model_stored(m);
  snprintf(m->quant, sizeof m->quant, "%s", s->name);
  snprintf(m->checkpoint, sizeof m->checkpoint, "%s", s->method);
  if (s->share.expected != 0) m->share = s->share;
  if (s->remark != NULL) vf_model_assume(m, "scheme", s->remark);
  return VF_OK;
}
