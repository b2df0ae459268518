/* load.c - from what people name to the facts and tensors behind it. */
#include "deploy/load.h"

#include <stdio.h>
#include <string.h>

#include "base/names.h"
#include "base/status.h"
#include "base/text.h"
#include "models/recipe.h"
#include "models/trtllm.h"
#include "readers/config.h"
#include "readers/entry.h"
#include "readers/files.h"
#include "readers/json/json_scan.h"
#include "readers/name/find_model.h"

/* ---- Paths ------------------------------------------------------------------------------ */

static const char *join_path(vf_arena *arena, const char *folder, const char *name) {
  size_t a = strlen(folder), b = strlen(name);
  char *path = vf_arena_alloc(arena, a + b + 2, 1);
  if (path == NULL) return NULL;
  memcpy(path, folder, a);
  path[a] = '/';
  memcpy(path + a + 1, name, b);
  return path;
}

static bool is_weight_name(const char *path) {
  static const char *const ends[] = {".safetensors", ".bin", ".pt", ".pth", ".index.json"};
  for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
    if (vf_text_ends_with(path, strlen(path), ends[i])) return true;
  return false;
}

/* The folder that a file lies in. */
static const char *folder_of(vf_arena *arena, const char *path) {
  const char *slash = strrchr(path, '/');
  if (slash == NULL) return vf_arena_copy(arena, ".", 1);
  return vf_arena_copy(arena, path, slash == path ? 1 : (size_t)(slash - path));
}

/* What a folder has of weights: one GGUF file (or set), a checkpoint, or nothing. */
typedef struct folder_look {
  bool checkpoint;
  unsigned n_gguf;
  char gguf[256]; /* the first by name */
} folder_look;

static bool look_at_entry(void *context, const char *name) {
  folder_look *look = context;
  bool later_shard = strstr(name, "-of-") != NULL && strstr(name, "-00001-of-") == NULL;
  if (vf_text_ends_with(name, strlen(name), ".gguf") && !later_shard &&
      strncmp(name, "mmproj", 6) != 0) {
    if (look->n_gguf++ == 0 || strcmp(name, look->gguf) < 0)
      snprintf(look->gguf, sizeof look->gguf, "%s", name);
  }
  bool training = strncmp(name, "training_args", 13) == 0 || strncmp(name, "optimizer", 9) == 0 ||
                  strncmp(name, "scheduler", 9) == 0;
  if (is_weight_name(name) && !training) look->checkpoint = true;
  return true;
}

/* ---- Configs ---------------------------------------------------------------------------- */

static vf_status load_text(vf_loaded *l, const char *text, size_t length, const char *source,
                           vf_error *err) {
  l->facts = vf_facts_in(l->arena, source);
  l->text = text;
  l->length = length;
  l->has_facts = true;
  return vf_config_parse(&l->facts, text, length, err);
}

/* Python writes infinities into configs, which JSON does not have: they become null, in place. */
static void blank_infinities(char *text) {
  static const char word[] = "Infinity";
  bool in_string = false;
  for (char *c = text; *c != '\0'; c++) {
    if (*c == '\\' && in_string && c[1] != '\0')
      c++;
    else if (*c == '"')
      in_string = !in_string;
    else if (!in_string && strncmp(c, word, sizeof word - 1) == 0) {
      if (c > text && c[-1] == '-') c[-1] = ' ';
      memcpy(c, "null    ", sizeof word - 1);
    }
  }
}

static vf_status load_config(vf_loaded *l, const char *path, vf_error *err) {
  char *text;
  size_t length;
  vf_status status =
      vf_files_read(&text, &length, l->files, path, VF_JSON_FILE_BYTES, l->arena, err);
  if (status != VF_OK) return status;
  blank_infinities(text);
  return load_text(l, text, length, path, err);
}

/* ---- Files of weights ------------------------------------------------------------------- */

static vf_status keep_tensor(void *context, const vf_file_tensor *t, vf_error *err) {
  return vf_inventory_add(context, t->name, t->name_length, t->ne, t->format, t->bytes, err);
}

static vf_status new_inventory(vf_loaded *l, bool gguf, vf_load_depth depth, vf_error *err) {
  l->inventory = vf_arena_alloc(l->arena, 1, sizeof *l->inventory);
  if (l->inventory == NULL) return vf_fail_nomem(err);
  vf_inventory_init(l->inventory, l->arena, gguf, gguf || depth == VF_LOAD_EVERY_NAME);
  return VF_OK;
}

/* What an inventory says of the tensors, it says without their file. */
static vf_status of_file(vf_status status, const char *path, vf_error *err) {
  if (status != VF_OK && status != VF_NOMEM) vf_error_set_source(err, path);
  return status;
}

static vf_status load_gguf(vf_loaded *l, const char *path, vf_load_depth depth, vf_error *err) {
  vf_status status = new_inventory(l, true, depth, err);
  if (status != VF_OK) return status;
  const vf_tensor_sink sink = {keep_tensor, l->inventory};
  l->kind = VF_LOAD_GGUF;
  l->id = l->origin = path;
  l->facts = vf_facts_in(l->arena, path);
  l->has_facts = true;
  bool tolerant = depth == VF_LOAD_EVERY_NAME;
  return of_file(vf_gguf_read(&l->facts, &l->gguf, l->files, path, &sink, tolerant, err), path,
                 err);
}

static vf_status load_checkpoint(vf_loaded *l, const char *path, vf_load_depth depth,
                                 vf_error *err) {
  vf_status status = new_inventory(l, false, depth, err);
  if (status != VF_OK) return status;
  const vf_tensor_sink sink = {keep_tensor, l->inventory};
  l->kind = VF_LOAD_CHECKPOINT;
  l->id = l->origin = path;
  status = depth == VF_LOAD_EVERY_NAME
               ? vf_checkpoint_inspect(&l->checkpoint, l->files, path, &sink, l->arena, err)
               : vf_checkpoint_read(&l->checkpoint, l->files, path, &sink, l->arena, err);
  return of_file(status, path, err);
}

/* PEFT's config of an adapter names the model that it is of. */
static vf_status note_adapter(vf_loaded *l, const char *path, vf_error *err) {
  char *text;
  size_t length;
  vf_facts facts = vf_facts_in(l->arena, path);
  vf_status status =
      vf_files_read(&text, &length, l->files, path, VF_JSON_FILE_BYTES, l->arena, err);
  if (status == VF_OK) status = vf_config_parse(&facts, text, length, err);
  if (status == VF_OK) l->adapter_of = vf_facts_string(&facts, "base_model_name_or_path", "");
  return status;
}

static vf_status look_beside(vf_path_kind *kind, const char **path, vf_loaded *l,
                             const char *folder, const char *name, vf_error *err) {
  *path = folder != NULL ? join_path(l->arena, folder, name) : NULL;
  return *path != NULL ? vf_files_look(kind, l->files, *path, err) : vf_fail_nomem(err);
}

/* The config beside the weights, where there is one. */
static vf_status load_config_beside(vf_loaded *l, const char *folder, vf_error *err) {
  const char *path;
  vf_path_kind kind;
  vf_status status = look_beside(&kind, &path, l, folder, "config.json", err);
  if (status != VF_OK) return status;
  if (kind == VF_PATH_FILE) return load_config(l, path, err);
  status = look_beside(&kind, &path, l, folder, "adapter_config.json", err);
  return status == VF_OK && kind == VF_PATH_FILE ? note_adapter(l, path, err) : status;
}

vf_status vf_loaded_refuse_adapter(const vf_loaded *l, const char *path, vf_error *err) {
  if (l->adapter_of == NULL) return VF_OK;
  const char *base = l->adapter_of[0] != '\0' ? l->adapter_of : "a model that it does not name";
  return vf_fail_at(err, VF_USAGE, path, "",
                    "is a LoRA of %.100s, not a model: name that one, and this with --lora "
                    "(llama.cpp) or --max-lora-rank (vLLM, SGLang)",
                    base);
}

/* TensorRT-LLM stores the weights rank by rank, fused and renamed: its config says as much. */
static bool is_of_ranks(const vf_loaded *l) {
  return l->has_facts && vf_trtllm_recognize(&l->facts);
}

static vf_status load_folder(vf_loaded *l, const char *path, vf_load_depth depth, vf_error *err) {
  folder_look look = {0};
  vf_status status = vf_files_list(l->files, path, look_at_entry, &look, err);
  if (status == VF_OK) status = load_config_beside(l, path, err);
  if (status != VF_OK) return status;
  if (!l->has_facts && look.n_gguf == 1) {
    const char *file = join_path(l->arena, path, look.gguf);
    return file != NULL ? load_gguf(l, file, depth, err) : vf_fail_nomem(err);
  }
  if (!l->has_facts && look.n_gguf > 1)
    return vf_fail_at(err, VF_USAGE, path, "", "holds %u GGUF files: name one of them (%s…)",
                      look.n_gguf, look.gguf);
  if (is_of_ranks(l)) return VF_OK;
  if (look.checkpoint && depth != VF_LOAD_FACTS) return load_checkpoint(l, path, depth, err);
  if (l->has_facts) return VF_OK;
  status = vf_loaded_refuse_adapter(l, path, err);
  if (status != VF_OK) return status;
  return vf_fail_at(err, VF_IO, path, "",
                    "holds neither config.json nor weights: is it a model's folder?");
}

static vf_status load_file(vf_loaded *l, const char *path, vf_load_depth depth, vf_error *err) {
  bool gguf;
  vf_status status = vf_gguf_recognize(&gguf, l->files, path, err);
  if (status != VF_OK) return status;
  if (gguf) return load_gguf(l, path, depth, err);
  if (vf_text_ends_with(path, strlen(path), ".gguf"))
    return vf_fail_at(err, VF_MALFORMED, path, "",
                      "is no GGUF file: it does not begin with GGUF (is the download finished?)");
  if (!is_weight_name(path)) return load_config(l, path, err);
  status = load_config_beside(l, folder_of(l->arena, path), err);
  if (status == VF_OK && is_of_ranks(l)) return VF_OK;
  if (status == VF_OK && (depth != VF_LOAD_FACTS || !l->has_facts))
    status = load_checkpoint(l, path, depth, err);
  return status;
}

/* ---- Names ------------------------------------------------------------------------------ */

static vf_status unknown_model(const vf_context *ctx, const char *ref, const vf_model_name *name,
                               vf_error *err) {
  bool cut = strlen(ref) > 80;
  if (strncmp(ref, "./", 2) == 0 || ref[0] == '/' || vf_text_ends_with(ref, strlen(ref), ".json") ||
      vf_text_ends_with(ref, strlen(ref), ".gguf") || is_weight_name(ref))
    return vf_fail(err, VF_UNKNOWN, "model '%.80s%s': no such file or folder, and no catalog name",
                   ref, cut ? "…" : "");
  if (ref[0] == '\0')
    return vf_fail(err, VF_UNKNOWN, "the model's name is empty: --model qwen3-8b");
  return vf_model_unknown(ctx, ref, name, err);
}

static vf_status load_entry(vf_loaded *l, const vf_context *ctx, const vf_catalog_entry *entry,
                            vf_error *err) {
  l->kind = VF_LOAD_CATALOG;
  l->id = entry->id;
  l->origin = "catalog";
  vf_status status = load_text(l, entry->json, entry->length, entry->file, err);
  return status == VF_OK ? vf_entry_complete(&l->facts, ctx, err) : status;
}

/* What the name says beside the model: a format, an engine, how it was found. */
static vf_status take_name(vf_loaded *l, const vf_model_name *name, const vf_model_found *found,
                           vf_error *err) {
  bool early = strcmp(name->format, "Q2_K") == 0 && vf_model_name_is_early(name);
  const char *format = early ? "Q2_K+2023" : name->format;
  if (format[0] != '\0') l->quant = vf_arena_copy(l->arena, format, strlen(format));
  if (format[0] != '\0' && l->quant == NULL) return vf_fail_nomem(err);
  l->states_format = name->format[0] != '\0';
  l->engine = name->engine;
  l->usual_format = name->usual_format || found->match == VF_MATCH_LATEST;
  l->match = found->match;
  l->qat = vf_words_have(&name->words, "qat");
  return VF_OK;
}

/* Where "publisher/" begins in what was typed, in any case; NULL: nowhere. */
static const char *publisher_in(const char *ref, const char *publisher) {
  size_t n = strlen(publisher);
  for (const char *slash = strchr(ref, '/'); slash != NULL; slash = strchr(slash + 1, '/'))
    if ((size_t)(slash - ref) >= n && vf_name_equal_n(slash - n, publisher, n)) return slash - n;
  return NULL;
}

/* "https://huggingface.co/Org/Model-GGUF/blob/main/Model-Q8_0.gguf" is "Org/Model-GGUF:Q8_0" to an
 * engine. */
static vf_status tell_name(vf_loaded *l, const vf_model_name *name, const char *ref,
                           vf_error *err) {
  char own[VF_NAME_SIZE * 2];
  if (name->store == VF_STORE_OLLAMA || name->store == VF_STORE_FILE) l->named = ref;
  if (name->store != VF_STORE_HUB || name->publisher[0] == '\0') return VF_OK;
  const char *from = publisher_in(ref, name->publisher);
  if (from == NULL) return VF_OK;
  size_t n = strlen(name->publisher) + 1;
  bool file = vf_text_ends_with(ref, strlen(ref), ".gguf") && name->format[0] != '\0';
  vf_text t = vf_text_on(own, sizeof own);
  vf_text_bytes(&t, from, n + strcspn(from + n, file ? "/?#@:" : "/?#@"));
  if (file) vf_text_printf(&t, ":%s", name->format);
  if (t.length >= t.size) return VF_OK;
  l->named = vf_arena_copy(l->arena, own, t.length);
  return l->named != NULL ? VF_OK : vf_fail_nomem(err);
}

/* "gpt-oss:120b-cloud" runs on Ollama's servers, and there is no file of it. */
static bool is_remote(const vf_model_name *name) {
  static const char word[] = "cloud";
  const size_t n = sizeof word - 1, length = strlen(name->tag);
  return name->store == VF_STORE_OLLAMA && vf_text_ends_with(name->tag, length, word) &&
         (length == n || name->tag[length - n - 1] == '-');
}

static vf_status load_name(vf_loaded *l, const vf_context *ctx, const char *ref,
                           const vf_model_name *name, const vf_model_found *found, vf_error *err) {
  if (is_remote(name))
    return vf_fail(err, VF_UNSUPPORTED,
                   "model '%.80s' runs on Ollama's servers, and takes no memory here: name it "
                   "without 'cloud' to run it here",
                   ref);
  if (name->strange_tag)
    return vf_fail(err, VF_UNKNOWN, "model '%.80s': '%.40s' is no format of files (Q4_K_M, Q8_0…)",
                   ref, name->tag);
  if (found->match == VF_MATCH_NONE) return unknown_model(ctx, ref, name, err);
  vf_status status = take_name(l, name, found, err);
  if (status == VF_OK) status = tell_name(l, name, ref, err);
  if (status == VF_OK) status = load_entry(l, ctx, &found->entry, err);
  bool tag = name->store == VF_STORE_OLLAMA || found->match == VF_MATCH_LATEST, checkpoint = false;
  bool mlx = name->engine != NULL && strcmp(name->engine, "mlx") == 0; /* "9b-mlx" has its own */
  if (status == VF_OK) status = vf_entry_take_checkpoint(&l->facts, &checkpoint, ref, err);
  if (checkpoint) l->quant = NULL; /* its config says more than its name */
  l->usual_format &= !checkpoint;
  l->library = tag;
  if (status == VF_OK && tag && l->quant == NULL)
    l->quant = vf_entry_tag_format(&l->facts, mlx ? ref : name->plain);
  bool own = tag && !vf_words_have(&name->words, "qat"); /* those are small throughout */
  if (status == VF_OK && own) status = vf_entry_take_file(&l->facts, err);
  return status;
}

/* A config in place of its name: what a line says of a network that nobody has named. */
static vf_status load_inline(vf_loaded *l, const char *ref, vf_error *err) {
  static const char what[] = "the network described";
  char *text = vf_arena_copy(l->arena, ref, strlen(ref));
  if (text == NULL) return vf_fail_nomem(err);
  l->id = l->origin = what;
  l->ref = NULL;
  return load_text(l, text, strlen(text), what, err);
}

enum { LOAD_MIB = 80 }; /* the tensors of the largest models, and their names; grown twofold */

/* Catalog names win; "./name" always means a path. */
static vf_status load(vf_loaded *out, const vf_context *ctx, const char *ref, vf_load_depth depth,
                      vf_error *err) {
  vf_model_name name;
  vf_model_found found = {.match = VF_MATCH_NONE};
  vf_path_kind kind;
  *out = (vf_loaded){.files = &ctx->files,
                     .kind = VF_LOAD_CONFIG,
                     .id = ref,
                     .ref = ref,
                     .origin = ref,
                     .tolerant = depth == VF_LOAD_EVERY_NAME};
  out->arena = vf_arena_new(&ctx->allocator, (size_t)LOAD_MIB << 20);
  if (out->arena == NULL) return vf_fail_nomem(err);
  if (ref[0] == '{') return load_inline(out, ref, err);
  if (vf_model_name_read(&name, ref)) vf_model_find(&found, ctx, &name);
  if (found.match == VF_MATCH_NONE && vf_catalog_find(&found.entry, ctx, VF_CATALOG_MODELS, ref))
    found.match = VF_MATCH_NAMED;
  if (found.match == VF_MATCH_NAMED) return load_name(out, ctx, ref, &name, &found, err);
  vf_status status = vf_files_look(&kind, out->files, ref, err);
  if (status != VF_OK) return status;
  if (kind == VF_PATH_FOLDER) return load_folder(out, ref, depth, err);
  if (kind != VF_PATH_NONE) return load_file(out, ref, depth, err);
  return load_name(out, ctx, ref, &name, &found, err);
}

vf_status vf_load(vf_loaded *out, const vf_context *ctx, const char *ref, vf_load_depth depth,
                  vf_error *err) {
  vf_status status = load(out, ctx, ref, depth, err);
  if (status != VF_NOMEM || out->arena == NULL || !vf_arena_is_full(out->arena)) return status;
  return vf_fail_at(err, VF_LIMIT, ref, "", "describing it takes more than %d MiB: it is no model",
                    LOAD_MIB);
}

void vf_loaded_free(vf_loaded *l) {
  vf_model_free(l->network);
  l->network = NULL;
  if (l->arena != NULL) vf_arena_free(l->arena);
  l->arena = NULL;
}

/* The last part of a path, or the last two ("publisher/repository"). */
static const char *last_parts(const char *ref, unsigned parts) {
  const char *s = ref + strlen(ref);
  while (s > ref && (s[-1] != '/' || --parts > 0)) s--;
  return s;
}

/* What is a path there is what it is called there. */
static vf_status named_as(vf_loaded *l, const char *ref) {
  l->named = ref;
  return VF_OK;
}

vf_status vf_load_elsewhere(vf_loaded *out, const vf_context *ctx, const char *ref,
                            vf_load_depth depth, vf_error *err) {
  vf_status status = vf_load(out, ctx, ref, depth, err);
  if (status == VF_OK && out->named == NULL && out->states_format) return named_as(out, ref);
  const char *cached = strstr(ref, "models--"); /* a folder of the Hub's cache says whose it is */
  if (status == VF_UNKNOWN && cached != NULL && cached != ref) {
    vf_loaded_free(out);
    if (vf_load(out, ctx, cached, depth, NULL) == VF_OK) return named_as(out, ref);
  }
  for (unsigned parts = 2; status == VF_UNKNOWN && parts > 0; parts--) {
    const char *last = last_parts(ref, parts);
    if (last == ref || last[0] == '\0') continue;
    vf_loaded_free(out);
    if (vf_load(out, ctx, last, depth, NULL) == VF_OK) return named_as(out, ref);
  }
  return status;
}
