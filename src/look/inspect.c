/* inspect.c - what a file holds, with whatever is odd about it. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/args.h"
#include "base/printf.h"
#include "base/status.h"
#include "base/text.h"
#include "core/describe.h"
#include "core/format.h"
#include "deploy/load.h"
#include "deploy/open.h"
#include "models/known_keys.h"
#include "vramfit/inspect.h"

enum { MAX_ANOMALIES = 32, N_CACHE_FORMATS = 3 };

struct vf_inspection {
  vf_allocator allocator;
  vf_loaded loaded; /* holds all strings and lists */
  vf_model *model;  /* NULL: the architecture is not known, or there is no config */
  vf_inspection_info info;
  const char *anomalies[MAX_ANOMALIES];
  vf_format_share formats[VF_FORMAT_COUNT];
  vf_cache_cost caches[N_CACHE_FORMATS];
};

/* ---- Anomalies -------------------------------------------------------------------------- */

static void note(vf_inspection *x, const char *fmt, ...) VF_PRINTF(2, 3);

static void note(vf_inspection *x, const char *fmt, ...) {
  char text[320];
  va_list args;
  va_start(args, fmt);
  vsnprintf(text, sizeof text, fmt, args);
  va_end(args);
  if (x->info.n_anomalies == MAX_ANOMALIES) return;
  const char *copy = vf_arena_copy(x->loaded.arena, text, strlen(text));
  if (copy != NULL) x->anomalies[x->info.n_anomalies++] = copy;
}

static void note_cut(vf_inspection *x, uint64_t missing_bytes) {
  if (missing_bytes == 0) return;
  note(x, "cut short: %" PRIu64 " bytes of tensors are missing at the end", missing_bytes);
}

static void note_unknown_names(vf_inspection *x) {
  const vf_inventory *inv = x->loaded.inventory;
  if (inv == NULL || inv->n_unknown == 0) return;
  note(x, "%" PRIu64 " tensors have names that are not known, the first is %s", inv->n_unknown,
       inv->first_unknown);
}

/* Keys of the architecture that nothing here reads could change what it needs. */
static void note_unknown_keys(vf_inspection *x) {
  if (x->loaded.kind != VF_LOAD_GGUF || x->model == NULL) return;
  const vf_facts *f = &x->loaded.facts;
  const char *arch = vf_facts_string(f, "general.architecture", "");
  size_t n = strlen(arch);
  for (size_t i = 0; i < f->count; i++) {
    const char *key = f->items[i].key;
    if (strncmp(key, arch, n) != 0 || key[n] != '.' || vf_key_is_known(key + n + 1)) continue;
    note(x, "key %s is not known: what it changes is not counted", key);
  }
}

static void note_checkpoint(vf_inspection *x) {
  const vf_checkpoint_info *c = &x->loaded.checkpoint;
  if (x->loaded.kind != VF_LOAD_CHECKPOINT) return;
  note_cut(x, c->missing_bytes);
  if (c->has_total_size && c->total_size_bytes != c->data_bytes)
    note(x, "the index says %" PRIu64 " bytes of tensors, the files hold %" PRIu64,
         c->total_size_bytes, c->data_bytes);
  if (c->n_unlisted != 0)
    note(x, "%" PRIu64 " tensors are not in the index, the first is %s", c->n_unlisted,
         c->unlisted);
  if (!x->loaded.has_facts) note(x, "there is no config.json beside it");
}

/* Parameters of the model itself and of the towers before it; what predicts further tokens may be
 * there or not. */
typedef struct counts {
  uint64_t model, towers;
  bool quantized;
} counts;

static counts count_parameters(const vf_model *m, const vf_tensor *tensors, size_t n) {
  counts c = {0, 0, false};
  for (size_t i = 0; i < n; i++) {
    const vf_tensor *t = &tensors[i];
    uint64_t elements = vf_tensor_elements(t) * t->count;
    c.quantized |= vf_format_get((vf_format)t->format)->quantized || t->format == VF_FORMAT_I32;
    if (vf_roles[t->role].home == VF_HOME_TOWER)
      c.towers += elements;
    else if (!vf_model_is_mtp(m, t))
      c.model += elements;
  }
  return c;
}

/* A checkpoint in plain numbers holds as many as its config lets expect, and towers or none. */
static void note_count(vf_inspection *x) {
  const vf_inventory *inv = x->loaded.inventory;
  if (x->loaded.kind != VF_LOAD_CHECKPOINT || x->model == NULL || inv == NULL) return;
  const vf_model *m = x->model->derived != NULL ? x->model->derived : x->model;
  counts stored = count_parameters(m, inv->tensors, inv->count);
  counts derived = count_parameters(m, m->tensors, m->n_tensors);
  if (stored.quantized) return;
  uint64_t expected = m->n_params - derived.towers;
  bool tied_twice = m->tied && stored.model == expected + m->n_embd * m->n_vocab;
  if (stored.model != expected && !tied_twice)
    note(x, "the config gives %" PRIu64 " parameters, the files hold %" PRIu64, expected,
         stored.model);
  if (derived.towers != 0 && stored.towers != 0 && stored.towers != derived.towers)
    note(x, "the config gives %" PRIu64 " parameters of towers, the files hold %" PRIu64,
         derived.towers, stored.towers);
}

static void note_assumptions(vf_inspection *x) {
  for (size_t i = 0; x->model != NULL && i < x->model->n_assumptions; i++)
    note(x, "%s", x->model->assumptions[i].text);
}

struct named {
  const char *name;
  uint32_t index;
};

/* ---- Filling ---------------------------------------------------------------------------- */

static int compare_names(const void *a, const void *b) {
  const struct named *x = a, *y = b;
  return strcmp(x->name, y->name);
}

static vf_status sort_by_name(vf_inspection *x, const vf_inventory *inv, vf_error *err) {
  struct named *list = vf_arena_alloc_raw(x->loaded.arena, inv->count, sizeof *list);
  uint32_t *order = vf_arena_alloc_raw(x->loaded.arena, inv->count, sizeof *order);
  if (list == NULL || order == NULL) return vf_fail_nomem(err);
  for (size_t i = 0; i < inv->count; i++) list[i] = (struct named){inv->names[i], (uint32_t)i};
  if (inv->count > 0) qsort(list, inv->count, sizeof *list, compare_names);
  for (size_t i = 0; i < inv->count; i++) order[i] = list[i].index;
  x->info.by_name = order;
  return VF_OK;
}

/* Of files with very many tensors the model's own list is most of the memory, and no longer needed.
 */
static vf_status drop_model(vf_inspection *x, vf_error *err) {
  vf_inspection_info *info = &x->info;
  if (x->model == NULL) return VF_OK;
  info->architecture =
      vf_arena_copy(x->loaded.arena, info->architecture, strlen(info->architecture));
  info->quant = vf_arena_copy(x->loaded.arena, info->quant, strlen(info->quant));
  if (info->architecture == NULL || info->quant == NULL) return vf_fail_nomem(err);
  vf_model_free(x->model);
  x->model = NULL;
  return VF_OK;
}

static vf_status list_tensors(vf_inspection *x, vf_error *err) {
  const vf_inventory *inv = x->loaded.inventory;
  if (inv == NULL) return VF_OK;
  vf_tensor_row *rows = vf_arena_alloc(x->loaded.arena, inv->count, sizeof *rows);
  if (rows == NULL) return vf_fail_nomem(err);
  for (size_t i = 0; i < inv->count; i++) {
    const vf_tensor *t = &inv->tensors[i];
    rows[i] = (vf_tensor_row){.name = inv->names[i],
                              .bytes = t->bytes,
                              .count = t->count,
                              .format = (vf_format)t->format};
    memcpy(rows[i].ne, t->ne, sizeof rows[i].ne);
  }
  x->info.tensors = rows;
  x->info.n_rows = inv->count;
  return sort_by_name(x, inv, err);
}

static vf_status describe_model(vf_inspection *x, vf_error *err) {
  static const vf_format formats[N_CACHE_FORMATS] = {VF_FORMAT_F16, VF_FORMAT_Q8_0, VF_FORMAT_Q4_0};
  const vf_model *m = x->model;
  vf_inspection_info *info = &x->info;
  vf_layer_group *groups;
  if (m == NULL) return VF_OK;
  info->architecture = m->arch[0] != '\0' ? m->arch : m->type;
  info->quant = m->quant;
  info->n_params = m->n_params;
  info->n_active_params = m->n_active_params;
  info->n_layers = m->n_layers;
  info->max_ctx_tokens = m->max_ctx_tokens;
  info->state_bytes_per_seq = vf_describe_state_bytes(m);
  info->window_tokens = vf_describe_window(m);
  for (size_t i = 0; i < N_CACHE_FORMATS; i++) x->caches[i] = vf_describe_cache(m, formats[i]);
  info->caches = x->caches;
  if (x->caches[0].bytes_per_token + x->caches[0].window_bytes_per_token != 0)
    info->n_caches = N_CACHE_FORMATS;
  vf_status status = vf_describe_layers(&groups, &info->n_layer_groups, m, x->loaded.arena, err);
  info->layers = groups;
  return status;
}

static void describe_files(vf_inspection *x) {
  static const char *const kinds[] = {
      [VF_LOAD_CATALOG] = "catalog entry",
      [VF_LOAD_CONFIG] = "config",
      [VF_LOAD_GGUF] = "GGUF file",
      [VF_LOAD_CHECKPOINT] = "checkpoint",
  };
  const vf_loaded *l = &x->loaded;
  vf_inspection_info *info = &x->info;
  info->kind = kinds[l->kind];
  info->name = l->kind == VF_LOAD_CATALOG ? l->id : "";
  if (l->kind == VF_LOAD_GGUF) info->name = vf_facts_string(&l->facts, "general.name", "");
  info->file_bytes = l->kind == VF_LOAD_GGUF ? l->gguf.file_bytes : l->checkpoint.file_bytes;
  info->n_files = l->kind == VF_LOAD_GGUF ? l->gguf.n_files : l->checkpoint.n_files;
  info->header_bytes = l->gguf.header_bytes;
}

static void describe_tensors(vf_inspection *x) {
  const vf_inventory *inv = x->loaded.inventory;
  const vf_tensor *tensors = inv != NULL ? inv->tensors : NULL;
  size_t count = inv != NULL ? inv->count : 0;
  if (inv == NULL && x->model != NULL) {
    tensors = x->model->tensors;
    count = x->model->n_tensors;
  }
  x->info.formats = x->formats;
  x->info.n_formats = vf_describe_formats(x->formats, tensors, count);
  for (size_t i = 0; i < x->info.n_formats; i++) {
    x->info.n_tensors += x->formats[i].tensors;
    x->info.data_bytes += x->formats[i].bytes;
  }
}

/* An architecture that is not known is told like any other oddity: the tensors are there. */
static vf_status build(vf_inspection *x, vf_error *err) {
  vf_error why = {.status = VF_OK};
  char line[300];
  vf_status status = VF_UNSUPPORTED;
  if (x->loaded.has_facts) status = vf_build_model(&x->model, &x->loaded, NULL, NULL, &why);
  if (status == VF_USAGE && x->loaded.inventory == NULL)
    status = vf_build_model(&x->model, &x->loaded, "BF16", NULL, &why);
  if (status == VF_OK || !x->loaded.has_facts) return VF_OK;
  if (x->loaded.inventory == NULL || status == VF_NOMEM) {
    if (err != NULL) *err = why;
    return status;
  }
  x->model = NULL;
  vf_error_line(&why, line, sizeof line);
  note(x, "%s", line);
  return VF_OK;
}

static vf_status fill(vf_inspection *x, vf_error *err) {
  vf_status status = build(x, err);
  if (status == VF_OK) status = describe_model(x, err);
  if (status != VF_OK) return status;
  describe_files(x);
  describe_tensors(x);
  note_cut(x, x->loaded.gguf.missing_bytes);
  note_checkpoint(x);
  note_unknown_names(x);
  note_unknown_keys(x);
  note_count(x);
  note_assumptions(x);
  status = drop_model(x, err);
  return status == VF_OK ? list_tensors(x, err) : status;
}

vf_status vf_inspect(vf_inspection **out, const vf_context *ctx, const char *ref, vf_error *err) {
  VF_NEED(err, out);
  VF_NEED(err, ctx);
  VF_NEED(err, ref);
  vf_inspection *x = ctx->allocator.alloc(ctx->allocator.user, sizeof *x);
  if (x == NULL) return vf_fail_nomem(err);
  memset(x, 0, sizeof *x);
  x->allocator = ctx->allocator;
  vf_status status = vf_load(&x->loaded, ctx, ref, VF_LOAD_EVERY_NAME, err);
  x->info.architecture = x->info.quant = x->info.name = "";
  x->info.anomalies = x->anomalies;
  if (status == VF_OK) {
    x->info.ref = vf_arena_copy(x->loaded.arena, ref, strlen(ref));
    status = x->info.ref != NULL ? fill(x, err) : vf_fail_nomem(err);
  }
  if (status == VF_OK) {
    *out = x;
    return VF_OK;
  }
  vf_inspection_free(x);
  return status;
}

const vf_inspection_info *vf_inspection_info_get(const vf_inspection *x) {
  return x != NULL ? &x->info : NULL;
}

void vf_inspection_free(vf_inspection *x) {
  if (x == NULL) return;
  const vf_allocator allocator = x->allocator;
  vf_model_free(x->model);
  vf_loaded_free(&x->loaded);
  allocator.free(allocator.user, x);
}
