/* open.c - from what people name to a model in a format.
 *
 * The floor above readers, models and engines: what was read becomes the lists of a model, the
 * engine says what a short format name means, a recipe stores the tensors. */
#include "deploy/open.h"

#include <stdio.h>
#include <string.h>

#include "base/args.h"
#include "base/names.h"
#include "base/status.h"
#include "deploy/library.h"
#include "deploy/load.h"
#include "deploy/param.h"
#include "deploy/unsaid.h"
#include "engines/engine.h"
#include "models/arch.h"
#include "models/beside.h"
#include "models/recipe.h"
#include "models/scheme.h"
#include "models/stored.h"
#include "readers/json/json_scan.h"

/* ---- Formats ---------------------------------------------------------------------------- */

/* In a format that was asked for, as the engine's users call it. */
static vf_status store(vf_model *m, const char *quant, const char *engine_name, vf_error *err) {
  const vf_engine *engine;
  const char *version;
  vf_status status = vf_engine_find(&engine, &version, engine_name, err);
  if (status != VF_OK) return status;
  return vf_recipe_apply(m, vf_engine_quant(engine, quant), err);
}

/* As the makers publish it: in the scheme that the config states, or in plain numbers, unless that
 * is going to be replaced: of all there is only MXFP4 stays in the usual file. */
static vf_status store_own(vf_model *m, const vf_facts *facts, bool replaced, vf_error *err) {
  vf_scheme scheme;
  bool found;
  vf_status status = vf_scheme_from_config(&scheme, &found, facts, err);
  bool stays = found && strcmp(scheme.method, "mxfp4") == 0;
  if (status != VF_OK || (replaced && !stays)) return status;
  return found ? vf_scheme_apply(m, &scheme, err) : vf_recipe_apply_own(m, err);
}

/* Where the engine that was named loads no such checkpoint: what becomes of it. */
static vf_status convert_for(vf_model *m, const vf_engine *engine, vf_error *err) {
  const char *recipe = vf_engine_converts(engine, m->checkpoint);
  if (recipe == NULL) return VF_OK;
  vf_model_assume(m, "converted", "the published checkpoint is converted for the engine");
  return vf_recipe_apply(m, recipe, err);
}

/* The usual file of a model that was named: what embeds texts is not quantized. */
static vf_status store_usual(vf_model *m, vf_error *err) {
  bool encoder = (m->flags & VF_MODEL_ENCODER) != 0;
  vf_model_assume(m, "tag-format",
                  encoder ? "no --quant given: the usual file, F16"
                          : "no --quant given: the usual file, Q4_K_M");
  return vf_recipe_apply(m, encoder ? "F16" : "Q4_K_M", err);
}

/* What the engine makes of a model without a format. */
static vf_status adapt_to(vf_model *m, const vf_loaded *l, const char *engine_name, vf_error *err) {
  const vf_engine *engine;
  const char *version;
  if (engine_name == NULL && !l->usual_format) return VF_OK;
  vf_status status = vf_engine_find(&engine, &version, engine_name, err);
  if (status != VF_OK) return status;
  bool usual = l->kind == VF_LOAD_CATALOG && vf_engine_offloads(engine);
  if (usual && strcmp(m->checkpoint, "mxfp4") != 0) return store_usual(m, err);
  bool mlx = l->engine != NULL && strcmp(l->engine, "mlx") == 0 && m->checkpoint[0] != '\0';
  if (mlx && strcmp(m->checkpoint, "mlx") != 0) {
    vf_model_assume(m, "converted", "the name states no bits: 16 of each weight");
    return vf_recipe_apply(m, "BF16", err);
  }
  return m->checkpoint[0] != '\0' ? convert_for(m, engine, err) : VF_OK;
}

/* ---- GGUF files ------------------------------------------------------------------------- */

/* Towers and adapters are parts of a model: they are named beside one. */
static vf_status refuse_part(const vf_facts *facts, vf_error *err) {
  const char *type = vf_facts_string(facts, "general.type", "model");
  const char *arch = vf_facts_string(facts, "general.architecture", "");
  if (strcmp(type, "adapter") == 0)
    return vf_fail_at(err, VF_USAGE, facts->source, "general.type",
                      "is an adapter, not a model: name it with --lora");
  if (strcmp(type, "mmproj") == 0 || strcmp(arch, "clip") == 0)
    return vf_fail_at(err, VF_USAGE, facts->source, "general.type",
                      "is a tower for images or sound, not a model: name it with --mmproj");
  return VF_OK;
}

static void name_recipe(vf_model *m, const vf_facts *facts) {
  const vf_fact *type = vf_facts_find(facts, "general.file_type");
  const char *recipe =
      type != NULL && type->type == VF_FACT_INT ? vf_recipe_of_file_type(type->as.integer) : NULL;
  snprintf(m->quant, sizeof m->quant, "%s", recipe != NULL ? recipe : "mixed");
}

static vf_status build_from_gguf(vf_model **out, const vf_loaded *l, vf_error *err) {
  vf_status status = refuse_part(&l->facts, err);
  if (status == VF_OK) status = vf_arch_build_file(out, &l->facts, l->inventory, err);
  if (status == VF_OK) name_recipe(*out, &l->facts);
  return status;
}

/* ---- Configs and checkpoints ------------------------------------------------------------ */

static vf_status build_from_config(vf_model **out, vf_loaded *l, vf_error *err) {
  if (l->network != NULL) return vf_model_clone(out, l->network, err);
  vf_status status = vf_arch_build(out, &l->facts, err);
  if (status != VF_OK && l->text != NULL) vf_json_locate(l->text, l->length, err);
  if (status != VF_OK || !l->keeps_network) return status;
  l->network = *out;
  return vf_model_clone(out, l->network, err);
}

/* Whether the usual file takes the place of plain numbers. */
static bool becomes_usual(const vf_loaded *l, const char *engine_name) {
  const vf_engine *engine;
  const char *version;
  bool asked = engine_name != NULL || l->usual_format;
  return asked && l->kind == VF_LOAD_CATALOG &&
         vf_engine_find(&engine, &version, engine_name, NULL) == VF_OK &&
         vf_engine_offloads(engine);
}

static vf_status store_as_config_says(vf_model *m, const vf_loaded *l, const char *engine,
                                      vf_error *err) {
  vf_status status = store_own(m, &l->facts, becomes_usual(l, engine), err);
  if (status != VF_OK && l->text != NULL) vf_json_locate(l->text, l->length, err);
  return status;
}

/* The tensors of the files in place of those that the config lets expect. */
static vf_status take_tensors(vf_model **model, const vf_loaded *l, vf_error *err) {
  vf_model *m;
  vf_status status =
      vf_model_with_tensors(&m, *model, l->inventory->tensors, l->inventory->count, err);
  if (status != VF_OK) return status;
  m->derived = *model;
  *model = m;
  return vf_stored_widen(m, l->inventory->arena, err);
}

static vf_status build_from_checkpoint(vf_model **out, vf_loaded *l, vf_error *err) {
  vf_status refused = vf_loaded_refuse_adapter(l, l->id, err);
  if (refused != VF_OK) return refused;
  if (!l->has_facts)
    return vf_fail_at(err, VF_UNSUPPORTED, l->id, "",
                      "has no config.json beside it, which says what the tensors are for");
  vf_status status = build_from_config(out, l, err);
  if (status != VF_OK) return status;
  status = store_own(*out, &l->facts, false, err);
  if (status == VF_OK && !l->tolerant)
    status = vf_arch_check_checkpoint(*out, l->inventory, l->id, err);
  if (status == VF_OK && !l->tolerant) status = vf_stored_check(*out, l->inventory, l->id, err);
  if (status == VF_OK) status = take_tensors(out, l, err);
  if (status != VF_OK) vf_model_free(*out);
  return status;
}

/* ---- Opening ---------------------------------------------------------------------------- */

/* The scheme that a repository has by itself: its name says it, or its config.  False: none. */
static bool own_scheme(vf_scheme *out, const vf_loaded *l) {
  bool found = false;
  if (l->quant != NULL) return vf_scheme_named(out, l->quant);
  return l->has_facts && vf_scheme_from_config(out, &found, &l->facts, NULL) == VF_OK && found;
}

/* The scheme that a model is stored in; false: none. */
static bool scheme_of(vf_scheme *out, const vf_model *m) {
  *out = (vf_scheme){.n_groups = 1};
  snprintf(out->method, sizeof out->method, "%s", m->checkpoint);
  for (size_t i = 0; i < m->n_tensors && out->groups[0].rule.values == VF_FORMAT_NONE; i++)
    if (m->tensors[i].layer >= 0 && m->tensors[i].format != m->own_format &&
        m->tensors[i].format != VF_FORMAT_F32)
      out->groups[0].rule.values = (vf_format)m->tensors[i].format;
  return m->checkpoint[0] != '\0';
}

/* Methods that engines have a word for, of which the files alone say what they store. */
static bool is_of_files(const char *quant) {
  static const char *const words[] = {
      "compressed-tensors", "modelopt", "modelopt_fp8", "quark", "fbgemm_fp8", "torchao", "inc",
      "moe_wna16",          "gguf"};
  for (size_t i = 0; i < sizeof words / sizeof *words; i++)
    if (vf_name_equal(quant, words[i])) return true;
  return false;
}

/* "--quantization gptq" says which kernels: how many bits there are, the repository says. */
static bool says_no_more(const vf_loaded *l, const char *quant, const char *engine_name) {
  vf_scheme own;
  const vf_engine *engine;
  const char *version;
  if (quant == NULL || vf_engine_find(&engine, &version, engine_name, NULL) != VF_OK) return false;
  if (quant == l->engines_quant && is_of_files(quant)) return true;
  return !vf_engine_offloads(engine) && own_scheme(&own, l) &&
         vf_scheme_is_said_by(&own, vf_engine_quant(engine, quant));
}

static bool is_mxfp4(const char *quant) {
  return vf_name_equal(quant, "mxfp4") || vf_name_equal(quant, "MXFP4_MOE");
}

/* Experts that are published in MXFP4 stay so in every file that is published: there is nothing
 * wider to make them of.  A format that is asked for beside the name means all matrices. */
static void make_experts_too(vf_model *m) {
  m->flags &= ~(uint32_t)VF_MODEL_EXPERTS_MXFP4;
  m->flags |= VF_MODEL_MXFP4_PUBLISHED;
  vf_model_assume(m, "experts-too",
                  "experts in that format too: published files keep them in MXFP4 (repo:FORMAT), "
                  "which is the lower end");
}

/* "gpt-oss-20b-BF16" is a checkpoint of 16 bits throughout; a file in "BF16" has what was published
 * in MXFP4 as it is. */
static bool is_widened(const vf_loaded *l) {
  static const char *const plain[] = {"BF16", "F16", "F32"};
  for (size_t i = 0; i < sizeof plain / sizeof *plain && l->quant != NULL; i++)
    if (vf_name_equal(l->quant, plain[i])) return !l->usual_format;
  return false;
}

static void keep_experts(vf_model *m, const vf_loaded *l, bool asked) {
  const char *method = vf_facts_string(&l->facts, "quantization_config.quant_method", "");
  if (strcmp(method, "mxfp4") != 0 || (!asked && is_widened(l))) return;
  if (asked)
    make_experts_too(m);
  else
    m->flags |= VF_MODEL_EXPERTS_MXFP4;
}

/* A tag is a file of Ollama's library, and so is any name for that engine. */
static bool is_library_file(const vf_loaded *l, const char *engine) {
  static const char name[] = "ollama";
  if (l->kind != VF_LOAD_CATALOG) return false;
  return engine != NULL ? strncmp(engine, name, sizeof name - 1) == 0 : l->library;
}

static void remark_name(vf_model *m, const vf_loaded *l) {
  if (l->match == VF_MATCH_SAME_SHAPE)
    vf_model_assume(m, "same-shape",
                    "the name has no entry of its own: taken for a fine-tune of this shape");
  if (l->match == VF_MATCH_ONLY_SIZE)
    vf_model_assume(m, "only-size",
                    "a name without a size: the only one that is known of the family");
  if (l->match == VF_MATCH_LATEST)
    vf_model_assume(m, "latest",
                    "a name without a size: the one that Ollama's library calls latest");
}

/* A tag of the library is the makers' file, too. */
static bool is_makers(const vf_loaded *l) {
  const char *own = vf_facts_string(&l->facts, "hf_repo", "");
  size_t n = strcspn(own, "/") + 1;
  bool named = l->named != NULL && strlen(l->named) > n && vf_name_equal_n(l->named, own, n);
  return l->library || named;
}

/* What llama.cpp has no architecture for goes to a server, and what writes texts with an encoder in
 * front to transformers. */
static void choose_engine(vf_model *m, const vf_loaded *l) {
  bool cross = false, gguf = m->from_file && l->kind == VF_LOAD_GGUF;
  for (size_t i = 0; i < m->n_caches; i++) cross |= m->caches[i].kind == VF_CACHE_CROSS;
  bool server = (m->flags & VF_MODEL_HAS_TOWER) != 0 || !cross;
  const char *other = m->arch[0] != '\0' || gguf ? "" : server ? "vllm" : "transformers";
  snprintf(m->engine, sizeof m->engine, "%s", l->engine != NULL ? l->engine : other);
}

/* ---- Where it is ------------------------------------------------------------------------ */

static bool is_plain(const char *quant) {
  return vf_name_equal(quant, "BF16") || vf_name_equal(quant, "F16");
}

/* Whether the format that the name or the config says of itself is the model's. */
static bool holds(const vf_model *m, const vf_loaded *l) {
  vf_scheme own;
  if (own_scheme(&own, l)) return strcmp(own.name, m->quant) == 0;
  if (l->quant != NULL && !is_plain(l->quant)) return vf_name_equal(l->quant, m->quant);
  return is_plain(m->quant);
}

/* Whether it is in 16 bits, of which the engine itself makes what was asked for. */
static bool is_made_of(const vf_loaded *l, const char *quant, const vf_engine *e) {
  vf_scheme own;
  bool plain = !own_scheme(&own, l) && (l->quant == NULL || is_plain(l->quant));
  return plain && vf_name_equal(quant, "fp8") && vf_engine_spells(e, VF_PARAM_QUANT);
}

/* The repository that was named, or else its makers', if it holds just this: who is told to load
 * another one gets another model, or another size of it. */
static void name_repo(vf_model *m, const vf_loaded *l, const char *quant, const char *engine_name) {
  const vf_engine *engine;
  const char *version;
  if (l->kind != VF_LOAD_CATALOG || vf_engine_find(&engine, &version, engine_name, NULL) != VF_OK)
    return;
  bool files = vf_engine_offloads(engine);
  bool makers = l->match != VF_MATCH_SAME_SHAPE && !files;
  vf_loaded tried[2] = {*l, *l};
  if (files ? !l->usual_format : l->library) tried[0].named = NULL; /* a tag is of files */
  tried[1].named = makers ? vf_facts_string(&l->facts, "hf_repo", NULL) : NULL;
  if (quant != NULL) tried[1].quant = NULL;
  for (size_t i = 0; i < 2 && m->repo[0] == '\0'; i++) {
    const vf_loaded *t = &tried[i];
    bool made = quant != NULL && is_made_of(t, quant, engine);
    bool own = quant == NULL ? i == 0 || t->quant == NULL : made || holds(m, t);
    if (t->named == NULL || !own || strlen(t->named) >= sizeof m->repo) continue;
    snprintf(m->repo, sizeof m->repo, "%s", t->named);
    m->made_when_loaded = made;
  }
}

/* What is made of plain numbers while they are loaded; others read files that were made so. */
static bool is_made_beforehand(const char *method) {
  static const char *const methods[] = {"awq", "gptq", "auto-round", "compressed-tensors"};
  for (size_t i = 0; i < sizeof methods / sizeof *methods; i++)
    if (strcmp(method, methods[i]) == 0) return true;
  return false;
}

/* Whether the name alone settles that: what is called AWQ is no GPTQ, but FP8 may be of several
 * makers' methods. */
static bool are_apart(const char *own, const char *asked) {
  static const char *const methods[] = {"awq", "gptq", "bitsandbytes"};
  for (size_t i = 0; i < sizeof methods / sizeof *methods; i++)
    if (strcmp(own, methods[i]) == 0 || strcmp(asked, methods[i]) == 0) return true;
  return false;
}

/* "--quantization awq" of a repository that has none of it (vLLM's and SGLang's model_config.py,
 * _verify_quantization; weight_utils.py, get_quant_config; LMDeploy's converter.py).  What lies in
 * a folder of somebody's is not known. */
static const char *find_refusal(const vf_loaded *l, const char *quant, const char *engine_name) {
  vf_scheme own, asked;
  const vf_engine *engine;
  const char *version;
  if (quant == NULL || quant != l->engines_quant ||
      vf_engine_find(&engine, &version, engine_name, NULL) != VF_OK || vf_engine_offloads(engine))
    return NULL;
  bool of_files = is_of_files(quant), online = strncmp(quant, "w8a8", 4) == 0;
  if (!of_files && !vf_scheme_named(&asked, vf_engine_quant(engine, quant))) return NULL;
  bool exact = l->kind != VF_LOAD_CATALOG || l->match == VF_MATCH_NAMED;
  bool folder =
      l->kind == VF_LOAD_CATALOG && (l->named == NULL || strchr("/.~", l->named[0]) != NULL);
  if (!own_scheme(&own, l))
    return exact && !folder && l->quant == NULL && !online &&
                   (of_files || is_made_beforehand(asked.method))
               ? "that method reads files that were made with it, and the repository has plain "
                 "numbers (no config file for it is found)"
               : NULL;
  if (of_files || engine->dialect == &vf_dialect_tgi)
    return NULL; /* its GPTQ loads AWQ's files, too */
  bool certain = exact && l->quant == NULL && !folder;
  return strcmp(own.method, asked.method) != 0 && (certain || are_apart(own.method, asked.method))
             ? "the method that is asked for is not the one that the checkpoint was made with"
             : NULL;
}

/* A fine-tune of what is published quantized is trained in 16 bits, and many are published so:
 * where neither the name nor anybody says, that is what a server has to hold. */
static bool is_untold(const vf_loaded *l, const char *quant, const char *engine_name) {
  const vf_engine *engine;
  const char *version;
  if (l->match != VF_MATCH_SAME_SHAPE || l->quant != NULL || quant != NULL) return false;
  if (vf_facts_find(&l->facts, "quantization_config.quant_method") == NULL) return false;
  return vf_engine_find(&engine, &version, engine_name, NULL) == VF_OK &&
         !vf_engine_offloads(engine);
}

vf_status vf_build_model(vf_model **out, vf_loaded *l, const char *quant, const char *engine,
                         vf_error *err) {
  vf_model *m = NULL;
  bool untold = is_untold(l, quant, engine != NULL ? engine : l->engine);
  if (untold) l->quant = "BF16";
  const char *said = quant;
  if (says_no_more(l, quant, engine != NULL ? engine : l->engine)) quant = NULL;
  const char *own = quant == NULL ? l->quant : NULL; /* that the name states */
  bool library = is_library_file(l, engine);
  if (engine == NULL) engine = l->engine;
  bool as_stored =
      quant == NULL && own == NULL && l->kind != VF_LOAD_CATALOG && l->inventory != NULL;
  vf_status status;
  if (l->kind == VF_LOAD_GGUF)
    status = build_from_gguf(&m, l, err);
  else if (as_stored)
    status = build_from_checkpoint(&m, l, err);
  else
    status = build_from_config(&m, l, err);
  if (status != VF_OK) return status;
  snprintf(m->id, sizeof m->id, "%s", l->id);
  snprintf(m->source, sizeof m->source, "%s", l->origin);
  keep_experts(m, l, quant != NULL && !is_mxfp4(quant));
  choose_engine(m, l);
  if (vf_facts_find(&l->facts, "per_layer_embeddings_16bit") != NULL)
    m->flags |= VF_MODEL_LAYER_EMBD_F16;
  if (l->qat && vf_facts_find(&l->facts, "qat_embeddings_16bit") != NULL)
    m->flags |= is_makers(l) ? VF_MODEL_QAT_EMBD_F16 : VF_MODEL_QAT_EMBD_ANY;
  remark_name(m, l);
  if (untold)
    vf_model_assume(m, "untold-format",
                    "the model is published quantized, and its fine-tunes often in 16 bits, as is "
                    "taken: --quant says otherwise");
  if (quant != NULL)
    status = store(m, quant, engine, err);
  else if (own != NULL)
    status = vf_recipe_apply(m, own, err);
  else if (!as_stored)
    status = store_as_config_says(m, l, engine, err);
  if (status == VF_OK && l->ref != NULL) vf_recipe_made_by(m, l->ref);
  if (status == VF_OK && quant == NULL && own == NULL && !as_stored)
    status = adapt_to(m, l, engine, err);
  if (status == VF_OK && library) vf_library_store(m, &l->facts);
  if (status == VF_OK) name_repo(m, l, quant, engine);
  if (status == VF_OK) m->refusal = find_refusal(l, said, engine);
  if (status == VF_OK)
    *out = m;
  else
    vf_model_free(m);
  return status;
}

vf_status vf_model_open(vf_model **out, const vf_context *ctx, const char *ref, const char *quant,
                        const char *engine, vf_error *err) {
  VF_NEED(err, out);
  VF_NEED(err, ctx);
  VF_NEED(err, ref);
  vf_loaded loaded;
  vf_load_depth depth = quant != NULL ? VF_LOAD_FACTS : VF_LOAD_TENSORS;
  vf_status status = vf_load(&loaded, ctx, ref, depth, err);
  if (status == VF_OK) status = vf_build_model(out, &loaded, quant, engine, err);
  vf_loaded_free(&loaded);
  return status;
}

/* ---- Files beside a model --------------------------------------------------------------- */

static vf_status check_part(const vf_loaded *l, vf_part_file kind, vf_error *err) {
  static const struct {
    const char *type, *name;
  } kinds[] = {[VF_FILE_MMPROJ] = {"mmproj", "a tower for images or sound"},
               [VF_FILE_LORA] = {"adapter", "an adapter"}};
  const char *type = vf_facts_string(&l->facts, "general.type", "model");
  bool tower = strcmp(vf_facts_string(&l->facts, "general.architecture", ""), "clip") == 0;
  bool right = strcmp(type, kinds[kind].type) == 0 || (tower && kind == VF_FILE_MMPROJ);
  if (right && kind == VF_FILE_MMPROJ) return vf_tower_check(&l->facts, l->inventory, err);
  if (right) return vf_adapter_check(&l->facts, l->inventory, NULL, err);
  return vf_fail_at(err, VF_USAGE, l->facts.source, "general.type", "says '%s', which is not %s",
                    type, kinds[kind].name);
}

vf_status vf_part_file_bytes(uint64_t *out_bytes, const vf_context *ctx, vf_part_file kind,
                             const char *path, vf_error *err) {
  VF_NEED(err, out_bytes);
  VF_NEED(err, ctx);
  VF_NEED(err, path);
  vf_loaded l;
  if (kind != VF_FILE_MMPROJ && kind != VF_FILE_LORA)
    return vf_fail(err, VF_USAGE, "%d is no kind of file", (int)kind);
  vf_status status = vf_load(&l, ctx, path, VF_LOAD_TENSORS, err);
  if (status == VF_OK && l.inventory == NULL)
    status = vf_fail_at(err, VF_USAGE, path, "", "holds no tensors: a file of weights is expected");
  if (status == VF_OK && l.kind == VF_LOAD_GGUF) status = check_part(&l, kind, err);
  if (status == VF_OK) *out_bytes = l.inventory->data_bytes;
  vf_loaded_free(&l);
  return status;
}

/* An adapter in safetensors is converted before llama.cpp takes it, and other engines have room for
 * any: what it is of is not known. */
vf_status vf_adapter_of_model(const vf_context *ctx, const char *path, const vf_model *m,
                              vf_error *err) {
  vf_loaded l;
  vf_status status = vf_load(&l, ctx, path, VF_LOAD_TENSORS, err);
  if (status == VF_OK && l.kind == VF_LOAD_GGUF)
    status = vf_adapter_check(&l.facts, l.inventory, m, err);
  vf_loaded_free(&l);
  return status;
}

vf_status vf_model_requantize(vf_model **out, const vf_model *model, const char *quant,
                              const char *engine, vf_error *err) {
  VF_NEED(err, out);
  VF_NEED(err, model);
  VF_NEED(err, quant);
  vf_model *m;
  vf_scheme own;
  const vf_engine *e;
  const char *version;
  bool same = scheme_of(&own, model) && vf_engine_find(&e, &version, engine, NULL) == VF_OK &&
              !vf_engine_offloads(e) && vf_scheme_is_said_by(&own, vf_engine_quant(e, quant));
  if (same) return vf_model_clone(out, model, err);
  vf_status status = vf_model_clone(&m, model->derived != NULL ? model->derived : model, err);
  if (status != VF_OK) return status;
  m->repo[0] = '\0';
  m->made_when_loaded = false;
  m->refusal = NULL;
  if ((m->flags & VF_MODEL_EXPERTS_MXFP4) != 0 && !is_mxfp4(quant)) make_experts_too(m);
  status = store(m, quant, engine, err);
  if (status == VF_OK)
    *out = m;
  else
    vf_model_free(m);
  return status;
}

vf_status vf_estimate_new(vf_estimate **out, const vf_context *ctx, vf_error *err) {
  VF_NEED(err, out);
  VF_NEED(err, ctx);
  vf_estimate *e = ctx->allocator.alloc(ctx->allocator.user, sizeof *e);
  if (e == NULL) return vf_fail_nomem(err);
  memset(e, 0, sizeof *e);
  e->allocator = ctx->allocator;
  e->verdict = VF_NO_FIT;
  *out = e;
  return VF_OK;
}
