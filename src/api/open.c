/* open.c - from what people name to a model in a format.
 *
 * The floor above readers, models and engines: a reader finds the facts, an architecture makes the
 * lists, the engine says what a short format name means, a recipe stores the tensors. */
#include <stdio.h>
#include <string.h>

#include "base/status.h"
#include "engines/engine.h"
#include "models/arch.h"
#include "models/inventory.h"
#include "models/recipe.h"
#include "readers/catalog.h"
#include "readers/config.h"
#include "readers/file.h"
#include "readers/gguf.h"
#include "readers/json_scan.h"

/* JSON text, and where it comes from. */
typedef struct document {
  const char *text;
  size_t length;
  const char *source; /* the file, for messages */
  const char *id;     /* of the model, for reports */
  const char *origin; /* "catalog" or the file, for reports */
} document;

/* ---- Finding the text ------------------------------------------------------------------- */

static vf_status unknown_model(const vf_context *ctx, const char *ref, vf_error *err) {
  const vf_catalog *models = ctx->catalogs[VF_CATALOG_MODELS];
  const char *nearest = vf_catalog_nearest(models, ref);
  uint32_t n = models->n_rows;
  if (strchr(ref, '/') != NULL || strstr(ref, ".json") != NULL)
    return vf_fail(err, VF_UNKNOWN, "model '%s': no such file or folder, and no catalog name", ref);
  if (nearest == NULL)
    return vf_fail(err, VF_UNKNOWN, "unknown model '%s' (%u are known; a config.json works too)",
                   ref, n);
  return vf_fail(err, VF_UNKNOWN, "unknown model '%s': did you mean %s? (%u are known)", ref,
                 nearest, n);
}

/* ---- Formats ----------------------------------------------------------------------------- */

static vf_status store(vf_model *m, const char *quant, const char *engine_name, vf_error *err) {
  const vf_engine *engine;
  const char *version;
  vf_status status = vf_engine_find(&engine, &version, engine_name, err);
  if (status != VF_OK) return status;
  if (quant == NULL) return vf_recipe_apply_own(m, err);
  return vf_recipe_apply(m, vf_engine_quant(engine, quant), err);
}

/* ---- GGUF files ------------------------------------------------------------------------- */

static vf_status keep_tensor(void *context, const vf_file_tensor *t, vf_error *err) {
  return vf_inventory_add(context, t->name, t->name_length, t->ne, t->format, t->bytes, err);
}

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

static void name_file(vf_model *m, const char *path, const vf_facts *facts) {
  const vf_fact *type = vf_facts_find(facts, "general.file_type");
  const char *recipe =
      type != NULL && type->type == VF_FACT_INT ? vf_recipe_of_file_type(type->as.integer) : NULL;
  snprintf(m->id, sizeof m->id, "%s", path);
  snprintf(m->source, sizeof m->source, "%s", path);
  snprintf(m->quant, sizeof m->quant, "%s", recipe != NULL ? recipe : "mixed");
}

static vf_status open_gguf(vf_model **out, const char *path, const char *quant, const char *engine,
                           vf_arena *arena, vf_error *err) {
  vf_facts facts = vf_facts_in(arena, path);
  vf_gguf_info info;
  vf_model *m;
  vf_inventory *inventory = vf_arena_alloc(arena, 1, sizeof *inventory);
  if (inventory == NULL) return vf_fail_nomem(err);
  vf_inventory_init(inventory, arena, true, false);
  const vf_tensor_sink sink = {keep_tensor, inventory};
  vf_status status = vf_gguf_read(&facts, &info, path, &sink, false, err);
  if (status == VF_OK) status = refuse_part(&facts, err);
  if (status == VF_OK) status = vf_arch_build_file(&m, &facts, inventory, err);
  if (status != VF_OK) return status;
  name_file(m, path, &facts);
  if (quant != NULL) status = store(m, quant, engine, err);
  if (status == VF_OK)
    *out = m;
  else
    vf_model_free(m);
  return status;
}

/* ---- Configs ---------------------------------------------------------------------------- */

/* A folder stands for the config.json in it. */
static vf_status read_path(document *out, const char *path, vf_arena *arena, vf_error *err) {
  char *file, *text;
  size_t n = strlen(path);
  bool folder = vf_path_look(path) == VF_PATH_FOLDER;
  file = vf_arena_alloc(arena, n + sizeof "/config.json", 1);
  if (file == NULL) return vf_fail_nomem(err);
  memcpy(file, path, n);
  if (folder) memcpy(file + n, "/config.json", sizeof "/config.json");
  vf_status status = vf_file_read(&text, &out->length, file, VF_JSON_FILE_BYTES, arena, err);
  if (status != VF_OK) return status;
  out->text = text;
  out->source = out->id = out->origin = file;
  return VF_OK;
}

/* Catalog names win; "./name" always means a path. */
static vf_status find_document(document *out, const vf_context *ctx, const char *ref,
                               vf_arena *arena, vf_error *err) {
  vf_catalog_entry entry;
  if (vf_catalog_find(&entry, ctx->catalogs[VF_CATALOG_MODELS], ref)) {
    *out = (document){entry.json, entry.length, entry.file, entry.id, "catalog"};
    return VF_OK;
  }
  if (vf_path_look(ref) == VF_PATH_NONE) return unknown_model(ctx, ref, err);
  return read_path(out, ref, arena, err);
}

/* ---- Building --------------------------------------------------------------------------- */

/* A config that says how its weights are quantized describes other files than llama.cpp's. */
static vf_status refuse_quantized(const vf_facts *facts, const char *quant, vf_error *err) {
  const char *method = vf_facts_string(facts, "quantization_config.quant_method", NULL);
  if (quant != NULL || method == NULL) return VF_OK;
  return vf_facts_fail(facts, "quantization_config", VF_UNSUPPORTED, err,
                       "llama.cpp does not load '%s' weights: name a GGUF format with --quant",
                       method);
}

static vf_status build(vf_model **out, const document *doc, const char *quant, const char *engine,
                       vf_arena *arena, vf_error *err) {
  vf_facts facts = vf_facts_in(arena, doc->source);
  vf_model *m = NULL;
  vf_status status = vf_config_parse(&facts, doc->text, doc->length, err);
  if (status != VF_OK) return status;
  status = refuse_quantized(&facts, quant, err);
  if (status == VF_OK) status = vf_arch_build(&m, &facts, err);
  if (status != VF_OK) {
    vf_json_locate(doc->text, doc->length, err);
    return status;
  }
  snprintf(m->id, sizeof m->id, "%s", doc->id);
  snprintf(m->source, sizeof m->source, "%s", doc->origin);
  status = store(m, quant, engine, err);
  if (status == VF_OK)
    *out = m;
  else
    vf_model_free(m);
  return status;
}

vf_status vf_model_open(vf_model **out, const vf_context *ctx, const char *ref, const char *quant,
                        const char *engine, vf_error *err) {
  vf_arena *arena = vf_arena_new(&ctx->allocator, (size_t)64 << 20);
  if (arena == NULL) return vf_fail_nomem(err);
  document doc;
  vf_catalog_entry entry;
  bool named = vf_catalog_find(&entry, ctx->catalogs[VF_CATALOG_MODELS], ref);
  vf_status status;
  if (!named && vf_gguf_recognize(ref)) {
    status = open_gguf(out, ref, quant, engine, arena, err);
    vf_arena_free(arena);
    return status;
  }
  status = find_document(&doc, ctx, ref, arena, err);
  if (status == VF_OK) status = build(out, &doc, quant, engine, arena, err);
  vf_arena_free(arena);
  return status;
}

vf_status vf_model_requantize(vf_model **out, const vf_model *model, const char *quant,
                              const char *engine, vf_error *err) {
  vf_model *m;
  vf_status status = vf_model_clone(&m, model, err);
  if (status != VF_OK) return status;
  status = store(m, quant, engine, err);
  if (status == VF_OK)
    *out = m;
  else
    vf_model_free(m);
  return status;
}

vf_status vf_estimate_new(vf_estimate **out, const vf_context *ctx, vf_error *err) {
  vf_estimate *e = ctx->allocator.alloc(ctx->allocator.user, sizeof *e);
  if (e == NULL) return vf_fail_nomem(err);
  memset(e, 0, sizeof *e);
  e->allocator = ctx->allocator;
  *out = e;
  return VF_OK;
}
