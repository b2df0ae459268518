/* listing.c - what there is: models, devices, nodes, formats and engines as rows and columns. */
#include <stdio.h>
#include <string.h>

#include "base/args.h"
#include "base/names.h"
#include "base/status.h"
#include "base/units.h"
#include "core/describe.h"
#include "core/estimate.h"
#include "deploy/open.h"
#include "engines/engine.h"
#include "look/listing.h"
#include "models/recipe.h"
#include "models/scheme.h"
#include "readers/catalog.h"
#include "readers/config.h"
#include "readers/device.h"
#include "readers/measured.h"
#include "readers/name/device_name.h"
#include "readers/name/find_model.h"
#include "vramfit/inspect.h"

/* ---- A list of its own ------------------------------------------------------------------ */

vf_status vf_listing_new(vf_listing **out, const vf_context *ctx, vf_error *err) {
  vf_arena *arena = vf_arena_new(&ctx->allocator, (size_t)64 << 20);
  vf_listing *l = arena == NULL ? NULL : vf_arena_alloc(arena, 1, sizeof *l);
  if (l == NULL) {
    if (arena != NULL) vf_arena_free(arena);
    return vf_fail_nomem(err);
  }
  l->arena = arena;
  *out = l;
  return VF_OK;
}

vf_status vf_listing_done(vf_listing **out, vf_listing *l, vf_status status, vf_error *err) {
  if (status == VF_OK && l->failed) status = vf_fail_nomem(err);
  if (status == VF_OK)
    *out = l;
  else
    vf_arena_free(l->arena);
  return status;
}

/* ---- Rows ------------------------------------------------------------------------------- */

vf_cell *vf_listing_row(vf_listing *l) {
  if (l->n_rows == l->row_room) {
    size_t room = l->row_room == 0 ? 64 : 2 * l->row_room;
    vf_cell *bigger = vf_arena_alloc(l->arena, room * l->n_columns, sizeof *bigger);
    if (bigger == NULL) return NULL;
    if (l->n_rows > 0) memcpy(bigger, l->cells, l->n_rows * l->n_columns * sizeof *bigger);
    l->cells = bigger;
    l->row_room = room;
  }
  return &l->cells[l->n_rows++ * l->n_columns];
}

vf_cell vf_listing_text(vf_listing *l, const char *text) {
  const char *copy = text == NULL ? NULL : vf_arena_copy(l->arena, text, strlen(text));
  if (text != NULL && copy == NULL) l->failed = true;
  return (vf_cell){.text = copy, .known = copy != NULL && copy[0] != '\0'};
}

static vf_cell number_cell(uint64_t n) {
  return (vf_cell){.number = n, .known = true};
}

/* 0: unknown. */
static vf_cell count_cell(uint64_t n) {
  return (vf_cell){.number = n, .known = n != 0};
}

static size_t strings_size(const vf_fact *list) {
  size_t size = 0;
  if (list == NULL || list->type != VF_FACT_ARRAY) return 0;
  for (size_t i = 0; i < list->as.array.count; i++)
    if (list->as.array.items[i].type == VF_FACT_STRING)
      size += strlen(list->as.array.items[i].as.string) + 1;
  return size;
}

static char *put_strings(char *at, const vf_fact *list) {
  if (list == NULL || list->type != VF_FACT_ARRAY) return at;
  for (size_t i = 0; i < list->as.array.count; i++) {
    if (list->as.array.items[i].type != VF_FACT_STRING) continue;
    size_t n = strlen(list->as.array.items[i].as.string) + 1;
    memcpy(at, list->as.array.items[i].as.string, n);
    at += n;
  }
  return at;
}

/* Strings of two arrays of facts, either of which may be NULL, each with a NUL behind it. */
static vf_cell list_cell(vf_listing *l, const vf_fact *list, const vf_fact *more) {
  size_t size = strings_size(list) + strings_size(more);
  char *text = vf_arena_alloc(l->arena, size + 1, 1);
  if (text == NULL) l->failed = true;
  if (text == NULL) return (vf_cell){0};
  put_strings(put_strings(text, list), more);
  return (vf_cell){.text = text, .known = size > 0};
}

static vf_cell names_cell(vf_listing *l, const char *const *names) {
  size_t size = 1, at = 0;
  for (const char *const *n = names; *n != NULL; n++) size += strlen(*n) + 1;
  char *text = vf_arena_alloc(l->arena, size, 1);
  if (text == NULL) l->failed = true;
  if (text == NULL) return (vf_cell){0};
  for (const char *const *n = names; *n != NULL; n++) {
    memcpy(text + at, *n, strlen(*n));
    at += strlen(*n) + 1;
  }
  return (vf_cell){.text = text, .known = size > 1};
}

/* ---- What is asked for ------------------------------------------------------------------ */

/* Every piece of the text, between '-' or blanks, occurs in the name. */
static bool has_pieces(const char *name, const char *text) {
  char all[VF_NAME_SIZE], wanted[VF_NAME_SIZE];
  if (!vf_name_normalize(all, name) || !vf_name_normalize(wanted, text)) return false;
  for (char *piece = wanted; *piece != '\0';) {
    size_t n = strcspn(piece, "-");
    bool last = piece[n] == '\0';
    piece[n] = '\0';
    if (strstr(all, piece) == NULL) return false;
    piece += last ? n : n + 1;
  }
  return true;
}

static bool any_has_pieces(const vf_fact *list, const char *text) {
  if (list == NULL || list->type != VF_FACT_ARRAY) return false;
  for (size_t i = 0; i < list->as.array.count; i++)
    if (list->as.array.items[i].type == VF_FACT_STRING &&
        has_pieces(list->as.array.items[i].as.string, text))
      return true;
  return false;
}

static bool matches_text(const vf_facts *f, const char *text) {
  static const char *const keys[] = {"id", "hf_repo", "name"};
  if (text == NULL) return true;
  for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
    if (has_pieces(vf_facts_string(f, keys[i], ""), text)) return true;
  return any_has_pieces(vf_facts_find(f, "aliases"), text) ||
         any_has_pieces(vf_facts_find(f, "ollama.tags"), text);
}

/* "models/qwen.json" is the family qwen. */
static void family_of(char out[64], const char *file) {
  const char *slash = strrchr(file, '/');
  const char *name = slash != NULL ? slash + 1 : file;
  snprintf(out, 64, "%.*s", (int)strcspn(name, "."), name);
}

static bool same_word(const char *wanted, const char *word) {
  return wanted == NULL || vf_name_equal(wanted, word);
}

static bool within(uint64_t n, uint64_t least, uint64_t most) {
  return n >= least && (most == 0 || n <= most);
}

/* ---- Models ----------------------------------------------------------------------------- */

enum model_column {
  MODEL_ID,
  MODEL_PARAMS,
  MODEL_ACTIVE,
  MODEL_LAYERS,
  MODEL_CTX,
  MODEL_CACHE,
  MODEL_WEIGHTS,
  MODEL_QUANT,
  MODEL_ALIASES,
  MODEL_FAMILY,
  MODEL_TYPE,
  MODEL_ARCH,
  MODEL_REPO,
  MODEL_LICENSE,
  MODEL_RELEASED,
  MODEL_COLUMNS
};

static const vf_column model_columns[MODEL_COLUMNS] = {
    [MODEL_ID] = {"model", "id", VF_CELL_TEXT},
    [MODEL_PARAMS] = {"parameters", "params", VF_CELL_PARAMS},
    [MODEL_ACTIVE] = {"active", "active_params", VF_CELL_PARAMS},
    [MODEL_LAYERS] = {"layers", "layers", VF_CELL_NUMBER},
    [MODEL_CTX] = {"context", "max_ctx_tokens", VF_CELL_NUMBER},
    [MODEL_CACHE] = {"cache B/token", "cache_f16_bytes_per_token", VF_CELL_NUMBER},
    [MODEL_WEIGHTS] = {"weights", "weights_bytes", VF_CELL_BYTES},
    [MODEL_QUANT] = {"as published", "quant", VF_CELL_TEXT},
    [MODEL_ALIASES] = {NULL, "aliases", VF_CELL_LIST},
    [MODEL_FAMILY] = {NULL, "family", VF_CELL_TEXT},
    [MODEL_TYPE] = {NULL, "model_type", VF_CELL_TEXT},
    [MODEL_ARCH] = {NULL, "architecture", VF_CELL_TEXT},
    [MODEL_REPO] = {NULL, "hf_repo", VF_CELL_TEXT},
    [MODEL_LICENSE] = {NULL, "license", VF_CELL_TEXT},
    [MODEL_RELEASED] = {NULL, "released", VF_CELL_TEXT},
};

static vf_status add_model(vf_listing *l, const vf_context *ctx, const vf_catalog_entry *e,
                           const vf_facts *f, const vf_list_query *q, vf_error *err) {
  vf_model *m;
  char family[64];
  family_of(family, e->file);
  if (!same_word(q->family, family)) return VF_OK;
  vf_status status = vf_model_open(&m, ctx, e->id, NULL, NULL, err);
  if (status != VF_OK) return status;
  if (within(m->n_params, q->least_params, q->most_params)) {
    vf_cell *row = vf_listing_row(l);
    if (row == NULL) {
      vf_model_free(m);
      return vf_fail_nomem(err);
    }
    row[MODEL_ID] = vf_listing_text(l, e->id);
    row[MODEL_PARAMS] = number_cell(m->n_params);
    row[MODEL_ACTIVE] = count_cell(m->n_active_params == m->n_params ? 0 : m->n_active_params);
    row[MODEL_LAYERS] = number_cell(m->n_layers);
    row[MODEL_CTX] = count_cell(m->max_ctx_tokens);
    row[MODEL_CACHE] = number_cell(vf_describe_cache(m, VF_FORMAT_F16).bytes_per_token);
    row[MODEL_WEIGHTS] = number_cell(vf_model_weights_bytes(m));
    row[MODEL_QUANT] = vf_listing_text(l, m->quant);
    row[MODEL_ALIASES] = list_cell(l, vf_facts_find(f, "aliases"), vf_facts_find(f, "ollama.tags"));
    row[MODEL_FAMILY] = vf_listing_text(l, family);
    row[MODEL_TYPE] = vf_listing_text(l, m->type);
    row[MODEL_ARCH] = vf_listing_text(l, m->arch);
    row[MODEL_REPO] = vf_listing_text(l, vf_facts_string(f, "hf_repo", NULL));
    row[MODEL_LICENSE] = vf_listing_text(l, vf_facts_string(f, "license", NULL));
    row[MODEL_RELEASED] = vf_listing_text(l, vf_facts_string(f, "released", NULL));
  }
  vf_model_free(m);
  return VF_OK;
}

/* ---- Devices ---------------------------------------------------------------------------- */

enum gpu_column {
  GPU_ID,
  GPU_NAME,
  GPU_TOTAL,
  GPU_USABLE,
  GPU_SPEED,
  GPU_KIND,
  GPU_ALIASES,
  GPU_VENDOR,
  GPU_ARCH,
  GPU_CC,
  GPU_RESERVED,
  GPU_COLUMNS
};

static const vf_column gpu_columns[GPU_COLUMNS] = {
    [GPU_ID] = {"gpu", "id", VF_CELL_TEXT},
    [GPU_NAME] = {"device", "name", VF_CELL_TEXT},
    [GPU_TOTAL] = {"total", "total_bytes", VF_CELL_BYTES},
    [GPU_USABLE] = {"usable", "capacity_bytes", VF_CELL_BYTES},
    [GPU_SPEED] = {"GB/s", "bandwidth_mb_per_s", VF_CELL_SPEED},
    [GPU_KIND] = {"memory", "kind", VF_CELL_TEXT},
    [GPU_ALIASES] = {NULL, "aliases", VF_CELL_LIST},
    [GPU_VENDOR] = {NULL, "vendor", VF_CELL_TEXT},
    [GPU_ARCH] = {NULL, "architecture", VF_CELL_TEXT},
    [GPU_CC] = {NULL, "compute_capability", VF_CELL_TEXT},
    [GPU_RESERVED] = {NULL, "reserved_bytes", VF_CELL_BYTES},
};

/* By the size that a card is sold by, which is neither quite GB nor GiB; else by its total. */
static bool is_of_size(const vf_device *d, const vf_facts *f, const vf_list_query *q) {
  const vf_fact *nominal = vf_facts_find(f, "nominal_gb");
  if (nominal == NULL || nominal->type != VF_FACT_INT)
    return within(d->total_bytes, q->least_bytes, q->most_bytes);
  uint64_t n = (uint64_t)nominal->as.integer;
  return within(n * VF_GB, q->least_bytes, q->most_bytes) ||
         within(n * VF_GIB, q->least_bytes, q->most_bytes);
}

static vf_status add_gpu(vf_listing *l, const vf_context *ctx, const vf_catalog_entry *e,
                         const vf_facts *f, const vf_list_query *q, vf_error *err) {
  static const char *const kinds[VF_DEVICE_KIND_COUNT] = {"own", "unified", "host"};
  vf_device d;
  vf_status status = vf_device_read(&d, e, NULL, ctx, err);
  if (status != VF_OK) return status;
  if (!same_word(q->vendor, vf_facts_string(f, "vendor", ""))) return VF_OK;
  if (!is_of_size(&d, f, q)) return VF_OK;
  vf_cell *row = vf_listing_row(l);
  if (row == NULL) return vf_fail_nomem(err);
  row[GPU_ID] = vf_listing_text(l, d.id);
  row[GPU_NAME] = vf_listing_text(l, d.name);
  row[GPU_TOTAL] = count_cell(d.total_bytes);
  row[GPU_USABLE] = count_cell(d.total_known ? vf_device_capacity(&d) : 0);
  row[GPU_SPEED] = count_cell(d.bandwidth_mb_per_s);
  row[GPU_KIND] = vf_listing_text(l, kinds[d.kind]);
  row[GPU_ALIASES] = list_cell(l, vf_facts_find(f, "aliases"), NULL);
  row[GPU_VENDOR] = vf_listing_text(l, vf_facts_string(f, "vendor", NULL));
  row[GPU_ARCH] = vf_listing_text(l, vf_facts_string(f, "architecture", NULL));
  row[GPU_CC] = vf_listing_text(l, vf_facts_string(f, "compute_capability", NULL));
  row[GPU_RESERVED] = count_cell(d.reserved_bytes);
  return VF_OK;
}

/* ---- Nodes ------------------------------------------------------------------------------ */

enum node_column {
  NODE_ID,
  NODE_DEVICES,
  NODE_TOTAL,
  NODE_HOST,
  NODE_HOSTS,
  NODE_LINK,
  NODE_NAME,
  NODE_COUNT,
  NODE_GPU,
  NODE_ALIASES,
  NODE_VENDOR,
  NODE_COLUMNS
};

static const vf_column node_columns[NODE_COLUMNS] = {
    [NODE_ID] = {"node", "id", VF_CELL_TEXT},
    [NODE_DEVICES] = {"devices", "devices", VF_CELL_TEXT},
    [NODE_TOTAL] = {"their memory", "total_bytes", VF_CELL_BYTES},
    [NODE_HOST] = {"main memory", "host_memory_bytes", VF_CELL_BYTES},
    [NODE_HOSTS] = {"hosts", "hosts", VF_CELL_NUMBER},
    [NODE_LINK] = {"link", "link", VF_CELL_TEXT},
    [NODE_NAME] = {"what it is", "name", VF_CELL_TEXT},
    [NODE_COUNT] = {NULL, "count", VF_CELL_NUMBER},
    [NODE_GPU] = {NULL, "gpu", VF_CELL_TEXT},
    [NODE_ALIASES] = {NULL, "aliases", VF_CELL_LIST},
    [NODE_VENDOR] = {NULL, "vendor", VF_CELL_TEXT},
};

/* Main memory is that of each host. */
static vf_status add_node(vf_listing *l, const vf_context *ctx, const vf_catalog_entry *e,
                          const vf_facts *f, const vf_list_query *q, vf_error *err) {
  vf_node n;
  char devices[80];
  vf_status status = vf_node_read(&n, e, ctx, err);
  if (status != VF_OK) return status;
  if (!same_word(q->vendor, vf_facts_string(f, "vendor", ""))) return VF_OK;
  if (!within(n.device.total_bytes * n.count, q->least_bytes, q->most_bytes)) return VF_OK;
  vf_cell *row = vf_listing_row(l);
  if (row == NULL) return vf_fail_nomem(err);
  snprintf(devices, sizeof devices, "%u × %s", n.count, n.device.id);
  row[NODE_ID] = vf_listing_text(l, e->id);
  row[NODE_DEVICES] = vf_listing_text(l, devices);
  row[NODE_TOTAL] = number_cell(n.device.total_bytes * n.count);
  row[NODE_HOST] = count_cell(n.device.host_memory_bytes);
  row[NODE_HOSTS] = number_cell(n.hosts);
  row[NODE_LINK] = vf_listing_text(l, vf_facts_string(f, "link", NULL));
  row[NODE_NAME] = vf_listing_text(l, vf_facts_string(f, "name", NULL));
  row[NODE_COUNT] = number_cell(n.count);
  row[NODE_GPU] = vf_listing_text(l, n.device.id);
  row[NODE_ALIASES] = list_cell(l, vf_facts_find(f, "aliases"), NULL);
  row[NODE_VENDOR] = vf_listing_text(l, vf_facts_string(f, "vendor", NULL));
  return VF_OK;
}

/* ---- Workloads -------------------------------------------------------------------------- */

enum workload_column {
  WORKLOAD_ID,
  WORKLOAD_TASK,
  WORKLOAD_LOW,
  WORKLOAD_MEMORY,
  WORKLOAD_HIGH,
  WORKLOAD_QUALITY,
  WORKLOAD_VARIANT,
  WORKLOAD_VARIANTS,
  WORKLOAD_NAME,
  WORKLOAD_DTYPE,
  WORKLOAD_HOST,
  WORKLOAD_ALIASES,
  WORKLOAD_FAMILY,
  WORKLOAD_COLUMNS
};

static const vf_column workload_columns[WORKLOAD_COLUMNS] = {
    [WORKLOAD_ID] = {"workload", "id", VF_CELL_TEXT},
    [WORKLOAD_TASK] = {"task", "task", VF_CELL_TEXT},
    [WORKLOAD_LOW] = {"low", "low_bytes", VF_CELL_BYTES},
    [WORKLOAD_MEMORY] = {"expected", "bytes", VF_CELL_BYTES},
    [WORKLOAD_HIGH] = {"high", "high_bytes", VF_CELL_BYTES},
    [WORKLOAD_QUALITY] = {"figure", "quality", VF_CELL_TEXT},
    [WORKLOAD_VARIANT] = {"variant", "variant", VF_CELL_TEXT},
    [WORKLOAD_VARIANTS] = {"variants", "variants", VF_CELL_NUMBER},
    [WORKLOAD_NAME] = {NULL, "name", VF_CELL_TEXT},
    [WORKLOAD_DTYPE] = {NULL, "dtype", VF_CELL_TEXT},
    [WORKLOAD_HOST] = {NULL, "host_memory_bytes", VF_CELL_BYTES},
    [WORKLOAD_ALIASES] = {NULL, "aliases", VF_CELL_LIST},
    [WORKLOAD_FAMILY] = {NULL, "family", VF_CELL_TEXT},
};

/* Behind a colon, as place takes it: "f5-tts:cli"; NULL: none. */
static const char *variant_of(const char *text) {
  const char *colon = text != NULL ? strchr(text, ':') : NULL;
  return colon != NULL ? colon + 1 : NULL;
}

/* One row for the variant that is named, or that is meant where none is. */
static vf_status add_workload(vf_listing *l, const vf_context *ctx, const vf_catalog_entry *e,
                              const vf_facts *f, const vf_list_query *q, vf_error *err) {
  vf_measured m;
  char family[64];
  vf_status status = vf_measured_read(&m, e, variant_of(q->text), ctx, err);
  if (status != VF_OK) return status;
  family_of(family, e->file);
  if (!same_word(q->family, family)) return VF_OK;
  if (!within(m.memory.bytes, q->least_bytes, q->most_bytes)) return VF_OK;
  vf_cell *row = vf_listing_row(l);
  if (row == NULL) return vf_fail_nomem(err);
  row[WORKLOAD_ID] = vf_listing_text(l, e->id);
  row[WORKLOAD_TASK] = vf_listing_text(l, m.task);
  row[WORKLOAD_LOW] = number_cell(m.memory.low_bytes);
  row[WORKLOAD_MEMORY] = number_cell(m.memory.bytes);
  row[WORKLOAD_HIGH] = number_cell(m.memory.high_bytes);
  row[WORKLOAD_QUALITY] = vf_listing_text(l, vf_quality_word[m.quality]);
  row[WORKLOAD_VARIANT] = vf_listing_text(l, m.variant);
  row[WORKLOAD_VARIANTS] = number_cell(m.n_variants);
  row[WORKLOAD_NAME] = vf_listing_text(l, m.name);
  row[WORKLOAD_DTYPE] = vf_listing_text(l, m.dtype);
  row[WORKLOAD_HOST] = count_cell(m.host_bytes);
  row[WORKLOAD_ALIASES] = list_cell(l, vf_facts_find(f, "aliases"), NULL);
  row[WORKLOAD_FAMILY] = vf_listing_text(l, family);
  return VF_OK;
}

/* ---- Entries of catalogs ---------------------------------------------------------------- */

typedef vf_status (*add_row_fn)(vf_listing *l, const vf_context *ctx, const vf_catalog_entry *e,
                                const vf_facts *f, const vf_list_query *q, vf_error *err);

typedef struct catalog_view {
  int kind;
  const char *one, *called;
  const vf_column *columns;
  size_t n_columns;
  add_row_fn add;
  const char *note;
} catalog_view;

static const catalog_view views[] = {
    [VF_LIST_MODELS] = {VF_CATALOG_MODELS, "model", "model", model_columns, MODEL_COLUMNS,
                        add_model,
                        "cache B/token: keys and values in f16, of layers that keep every token"},
    [VF_LIST_GPUS] = {VF_CATALOG_GPUS, "gpu", "GPU", gpu_columns, GPU_COLUMNS, add_gpu, NULL},
    [VF_LIST_NODES] = {VF_CATALOG_NODES, "node", "node", node_columns, NODE_COLUMNS, add_node,
                       "main memory: of each host"},
    [VF_LIST_WORKLOADS] = {VF_CATALOG_WORKLOADS, "workload", "workload", workload_columns,
                           WORKLOAD_COLUMNS, add_workload,
                           "of the variant that counts where none is named: NAME:VARIANT"},
};

static vf_status add_entry(vf_listing *l, const catalog_view *view, const vf_context *ctx,
                           const vf_catalog_entry *e, const vf_list_query *q, vf_error *err) {
  vf_arena *arena = vf_arena_new(&ctx->allocator, 4 << 20);
  if (arena == NULL) return vf_fail_nomem(err);
  vf_facts facts = vf_facts_in(arena, e->file);
  vf_status status = vf_config_parse(&facts, e->json, e->length, err);
  bool wanted = status == VF_OK && (l->entry.json != NULL || matches_text(&facts, q->text));
  if (wanted) status = view->add(l, ctx, e, &facts, q, err);
  vf_arena_free(arena);
  return status;
}

static bool is_filtered(const vf_list_query *q) {
  return q->family != NULL || q->vendor != NULL || q->least_params != 0 || q->most_params != 0 ||
         q->least_bytes != 0 || q->most_bytes != 0;
}

static void show_whole(vf_listing *l, const vf_catalog_entry *e) {
  l->entry = (vf_listing_entry){e->json, e->length, e->file};
}

/* All that match; an id, or the only one that matches, is shown whole. */
static vf_status list_matching(vf_listing *l, const catalog_view *view, const vf_context *ctx,
                               const vf_list_query *q, vf_error *err) {
  vf_catalog_walk walk = {0};
  vf_catalog_entry e, last = {0};
  bool one = q->text != NULL && !is_filtered(q);
  if (one && vf_catalog_find(&e, ctx, view->kind, q->text) && vf_name_equal(e.id, q->text)) {
    show_whole(l, &e);
    return add_entry(l, view, ctx, &e, q, err);
  }
  while (vf_catalog_next(&e, &walk, ctx, view->kind)) {
    size_t before = l->n_rows;
    vf_status status = add_entry(l, view, ctx, &e, q, err);
    if (status != VF_OK) return status;
    if (l->n_rows > before) last = e;
  }
  if (one && l->n_rows == 1) show_whole(l, &last);
  return VF_OK;
}

/* The entry that the text is a name of, as --model and --gpu take them. */
static vf_status find_named(vf_catalog_entry *out, const catalog_view *view, const vf_context *ctx,
                            const char *text, vf_error *err) {
  vf_catalog_guess guess;
  vf_model_name name;
  vf_model_found model = {.match = VF_MATCH_NONE};
  vf_device_found device;
  char bare[VF_NAME_SIZE];
  switch ((int)view->kind) {
  case VF_CATALOG_MODELS:
    if (vf_model_name_read(&name, text)) vf_model_find(&model, ctx, &name);
    *out = model.entry;
    return model.match != VF_MATCH_NONE ? VF_OK : vf_model_unknown(ctx, text, &name, err);
  case VF_CATALOG_GPUS:
    vf_device_find(&device, ctx, text);
    *out = device.entries[0];
    return device.n > 0 ? VF_OK : vf_device_unknown(ctx, text, err);
  default:
    if (view->kind == VF_CATALOG_WORKLOADS && variant_of(text) != NULL) {
      snprintf(bare, sizeof bare, "%.*s", (int)strcspn(text, ":"), text);
      text = bare;
    }
    vf_catalog_guess_name(&guess, ctx, view->kind, text);
    *out = guess.entry;
    return guess.certain ? VF_OK : vf_catalog_unknown(ctx, view->kind, view->called, text, err);
  }
}

static vf_status list_catalog(vf_listing *l, const catalog_view *view, const vf_context *ctx,
                              const vf_list_query *q, vf_error *err) {
  vf_catalog_entry entry;
  l->what = vf_catalog_kinds[view->kind].array;
  l->one = view->one;
  l->columns = view->columns;
  l->n_columns = view->n_columns;
  l->note = view->note;
  vf_status status = list_matching(l, view, ctx, q, err);
  if (status != VF_OK || l->n_rows > 0) return status;
  if (q->text == NULL || is_filtered(q))
    return vf_fail(err, VF_UNKNOWN, "no %s matches all that is asked for", view->called);
  status = find_named(&entry, view, ctx, q->text, err);
  if (status != VF_OK) return status;
  show_whole(l, &entry);
  return add_entry(l, view, ctx, &entry, q, err);
}

/* ---- Formats ---------------------------------------------------------------------------- */

enum format_column {
  FORMAT_NAME,
  FORMAT_KIND,
  FORMAT_BITS,
  FORMAT_BLOCK,
  FORMAT_BYTES,
  FORMAT_COLUMNS
};

static const vf_column format_columns[FORMAT_COLUMNS] = {
    [FORMAT_NAME] = {"format", "name", VF_CELL_TEXT},
    [FORMAT_KIND] = {"what it is", "kind", VF_CELL_TEXT},
    [FORMAT_BITS] = {"bits/weight", "centibits_per_weight", VF_CELL_CENTI},
    [FORMAT_BLOCK] = {"block", "block_elements", VF_CELL_NUMBER},
    [FORMAT_BYTES] = {"bytes", "block_bytes", VF_CELL_NUMBER},
};

/* A mixture of experts shows all: some formats treat experts alone. */
static const char sample_model[] = "qwen3-30b-a3b";

/* What was stored in the format tells what it is. */
static const char *kind_of(const vf_model *m) {
  if (m->checkpoint[0] != '\0') return "checkpoint scheme";
  return m->share.expected != 0 ? "publisher's mix" : "GGUF recipe";
}

static vf_status add_weight_format(vf_listing *l, const vf_context *ctx, const char *name,
                                   const char *engine, vf_error *err) {
  vf_model *m;
  vf_cell *row = vf_listing_row(l);
  if (row == NULL) return vf_fail_nomem(err);
  vf_status status = vf_model_open(&m, ctx, sample_model, name, engine, err);
  if (status != VF_OK) return status;
  row[FORMAT_NAME] = vf_listing_text(l, name);
  row[FORMAT_KIND] = vf_listing_text(l, kind_of(m));
  row[FORMAT_BITS] = number_cell((vf_model_weights_bytes(m) * 800 + m->n_params / 2) /
                                 (m->n_params != 0 ? m->n_params : 1));
  vf_model_free(m);
  return VF_OK;
}

static vf_status list_formats(vf_listing *l, const vf_context *ctx, const vf_list_query *q,
                              vf_error *err) {
  vf_status status = VF_OK;
  l->what = "formats";
  l->columns = format_columns;
  l->n_columns = FORMAT_COLUMNS;
  l->note = "bits/weight of recipes and schemes: over all of Qwen3-30B-A3B, scales included\n"
            "--quant takes recipes and schemes, --kv takes the numbers that the engine has";
  for (size_t i = 0; status == VF_OK && vf_weight_format_name(i) != NULL; i++) {
    const char *name = vf_weight_format_name(i);
    const char *engine = vf_file_format_name(i) != NULL ? "llama.cpp" : "vllm"; /* that has it */
    if (q->text == NULL || has_pieces(name, q->text))
      status = add_weight_format(l, ctx, name, engine, err);
  }
  for (int f = VF_FORMAT_NONE + 1; status == VF_OK && f < VF_FORMAT_COUNT; f++) {
    const vf_format_info *info = vf_format_get((vf_format)f);
    if (q->text != NULL && !has_pieces(info->name, q->text)) continue;
    vf_cell *row = vf_listing_row(l);
    if (row == NULL) return vf_fail_nomem(err);
    row[FORMAT_NAME] = vf_listing_text(l, info->name);
    row[FORMAT_KIND] = vf_listing_text(l, "number");
    row[FORMAT_BITS] = number_cell((uint64_t)info->block_bytes * 800 / info->block_elements);
    row[FORMAT_BLOCK] = number_cell(info->block_elements);
    row[FORMAT_BYTES] = number_cell(info->block_bytes);
  }
  if (status == VF_OK && l->n_rows == 0)
    return vf_fail(err, VF_UNKNOWN, "no format has '%s' in its name (vramfit formats lists all)",
                   q->text);
  return status;
}

/* ---- Engines ---------------------------------------------------------------------------- */

enum engine_column { ENGINE_NAME, ENGINE_VERSION, ENGINE_CHECKED, ENGINE_ALIASES, ENGINE_COLUMNS };

static const vf_column engine_columns[ENGINE_COLUMNS] = {
    [ENGINE_NAME] = {"engine", "name", VF_CELL_TEXT},
    [ENGINE_VERSION] = {"rules of", "version", VF_CELL_TEXT},
    [ENGINE_CHECKED] = {"checked", "checked", VF_CELL_TEXT},
    [ENGINE_ALIASES] = {"also called", "aliases", VF_CELL_LIST},
};

static vf_status list_engines(vf_listing *l, vf_error *err) {
  l->what = "engines";
  l->columns = engine_columns;
  l->n_columns = ENGINE_COLUMNS;
  for (size_t i = 0; vf_engine_at(i) != NULL; i++) {
    const vf_engine *e = vf_engine_at(i);
    vf_cell *row = vf_listing_row(l);
    if (row == NULL) return vf_fail_nomem(err);
    row[ENGINE_NAME] = vf_listing_text(l, e->name);
    row[ENGINE_VERSION] = vf_listing_text(l, e->version);
    row[ENGINE_CHECKED] = vf_listing_text(l, e->checked);
    row[ENGINE_ALIASES] = names_cell(l, e->aliases);
  }
  return VF_OK;
}

/* ---- All of it -------------------------------------------------------------------------- */

vf_status vf_list(vf_listing **out, const vf_context *ctx, vf_list_kind kind,
                  const vf_list_query *query, vf_error *err) {
  VF_NEED(err, out);
  VF_NEED(err, ctx);
  vf_list_query q = vf_list_query_init();
  vf_status status = vf_take_struct(&q, sizeof q, query, "vf_list_query", err);
  if (status != VF_OK) return status;
  if ((unsigned)kind >= VF_LIST_COUNT) return vf_fail(err, VF_USAGE, "no such list");
  vf_listing *l = NULL;
  status = vf_listing_new(&l, ctx, err);
  if (status != VF_OK) return status;
  switch (kind) {
  case VF_LIST_FORMATS: status = list_formats(l, ctx, &q, err); break;
  case VF_LIST_ENGINES: status = list_engines(l, err); break;
  default: status = list_catalog(l, &views[kind], ctx, &q, err); break;
  }
  return vf_listing_done(out, l, status, err);
}
