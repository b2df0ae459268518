/* values.c - splitting lists, and what "any" stands for. */
#include "solve/values.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/checked.h"
#include "base/names.h"
#include "base/status.h"
#include "core/words.h"
#include "deploy/param.h"
#include "engines/engine.h"
#include "models/recipe.h"
#include "readers/files.h"

enum { MOST_VALUES = 4096, LEAST_CTX = 4096, DEFAULT_MOST_CTX = 131072, MOST_CTX = 1 << 20 };

/* ---- Lists ------------------------------------------------------------------------------ */

typedef struct list {
  vf_arena *arena;
  const char *texts[MOST_VALUES];
  size_t count;
  bool failed;
} list;

static void add(list *l, const char *text, size_t length) {
  if (l->count == MOST_VALUES) return;
  l->texts[l->count] = vf_arena_copy(l->arena, text, length);
  if (l->texts[l->count++] == NULL) l->failed = true;
}

static void add_name(list *l, const char *text) {
  add(l, text, strlen(text));
}

/* A path may have commas in it. */
static bool is_one_value(const vf_context *ctx, vf_axis_kind kind, const char *text) {
  vf_path_kind what;
  if (text[vf_axis_part_length(kind, text)] == '\0') return true;
  if (kind != VF_AXIS_MODEL) return false;
  return vf_files_look(&what, &ctx->files, text, NULL) != VF_OK || what != VF_PATH_NONE;
}

static vf_status split(list *l, const vf_context *ctx, vf_axis axis, vf_error *err) {
  char option[24];
  const char *s = axis.values;
  snprintf(option, sizeof option, "--%s", vf_axis_word[axis.kind].option);
  if (is_one_value(ctx, axis.kind, s)) {
    add_name(l, s);
    return VF_OK;
  }
  for (;; s++) {
    size_t n = vf_axis_part_length(axis.kind, s);
    if (n == 0)
      return vf_fail_at(err, VF_USAGE, option, "", "'%s' has an empty place between commas",
                        axis.values);
    if (l->count == MOST_VALUES)
      return vf_fail_at(err, VF_LIMIT, option, "", "more than %d values are no table", MOST_VALUES);
    add(l, s, n);
    s += n;
    if (*s == '\0') return VF_OK;
  }
}

/* ---- Any -------------------------------------------------------------------------------- */

static void any_entry(list *l, const vf_context *ctx, vf_catalog_kind kind) {
  vf_catalog_walk walk = {0};
  vf_catalog_entry entry;
  while (vf_catalog_next(&entry, &walk, ctx, (int)kind)) add_name(l, entry.id);
}

static void any_engine(list *l) {
  for (size_t i = 0; vf_engine_at(i) != NULL; i++) add_name(l, vf_engine_at(i)->name);
}

static void any_quant(list *l, const vf_engine *engine) {
  bool common;
  if (engine->ladder != NULL) {
    for (const char *const *name = engine->ladder; *name != NULL; name++) add_name(l, *name);
    return;
  }
  for (size_t i = 0; vf_recipe_name(i, &common) != NULL; i++)
    if (common) add_name(l, vf_recipe_name(i, &common));
}

/* From the widest to the narrowest. */
static void any_kv(list *l, const vf_engine *engine) {
  static const char *const ggml[] = {"f16", "q8_0", "q5_1", "q5_0", "q4_1", "q4_0"};
  static const char *const pools[] = {"auto", "fp8"};
  for (size_t i = 0; engine->pools && i < 2; i++) add_name(l, pools[i]);
  for (size_t i = 0; !engine->pools && i < sizeof ggml / sizeof *ggml; i++) add_name(l, ggml[i]);
}

static void add_tokens(list *l, uint64_t tokens) {
  char text[24];
  if (tokens % (1 << 20) == 0)
    snprintf(text, sizeof text, "%" PRIu64 "M", tokens >> 20);
  else if (tokens % 1024 == 0)
    snprintf(text, sizeof text, "%" PRIu64 "k", tokens >> 10);
  else
    snprintf(text, sizeof text, "%" PRIu64, tokens);
  add_name(l, text);
}

/* Powers of two up to the model's limit, and that. */
static void any_ctx(list *l, uint64_t most) {
  uint64_t end = most == 0 ? DEFAULT_MOST_CTX : vf_min_u64(most, MOST_CTX);
  for (uint64_t n = LEAST_CTX; n < end; n *= 2) add_tokens(l, n);
  add_tokens(l, end);
}

static void any_number(list *l, unsigned most) {
  char text[12];
  for (unsigned n = 1; n <= most; n *= 2) {
    snprintf(text, sizeof text, "%u", n);
    add_name(l, text);
  }
}

/* The limit of the model, where there is one model only and it can be opened. */
static uint64_t model_limit(vf_asker *asker, const vf_deployment *base) {
  vf_error ignored;
  bool one = base->model != NULL && is_one_value(asker->ctx, VF_AXIS_MODEL, base->model) &&
             !vf_name_equal(base->model, "any");
  if (!one) return 0;
  vf_deployment d = *base;
  d.gpu = "cpu";
  d.gpus = 0;
  if (vf_asker_prepare(asker, &d, &ignored) != VF_OK) return 0;
  return asker->model->max_ctx_tokens;
}

static vf_status any(list *l, vf_asker *asker, const vf_deployment *base, vf_axis_kind kind,
                     vf_error *err) {
  const vf_engine *engine;
  vf_status status = vf_deployment_engine(&engine, base, err);
  if (status != VF_OK) return status;
  switch (kind) {
  case VF_AXIS_MODEL: any_entry(l, asker->ctx, VF_CATALOG_MODELS); break;
  case VF_AXIS_ENGINE: any_engine(l); break;
  case VF_AXIS_QUANT: any_quant(l, engine); break;
  case VF_AXIS_GPU: any_entry(l, asker->ctx, VF_CATALOG_GPUS); break;
  case VF_AXIS_GPUS: any_number(l, 8); break;
  case VF_AXIS_KV: any_kv(l, engine); break;
  case VF_AXIS_SEQS: any_number(l, 64); break;
  case VF_AXIS_CTX: any_ctx(l, model_limit(asker, base)); break;
  case VF_AXIS_COUNT: break;
  }
  return VF_OK;
}

vf_status vf_values_of(vf_values *out, vf_asker *asker, const vf_deployment *base, vf_axis axis,
                       vf_arena *arena, vf_error *err) {
  list *l = vf_arena_alloc_raw(arena, 1, sizeof *l); /* long, and mostly unused */
  if (l == NULL) return vf_fail_nomem(err);
  l->arena = arena;
  l->count = 0;
  l->failed = false;
  vf_status status = vf_name_equal(axis.values, "any") ? any(l, asker, base, axis.kind, err)
                                                       : split(l, asker->ctx, axis, err);
  if (status == VF_OK && l->failed) status = vf_fail_nomem(err);
  if (status != VF_OK) return status;
  *out = (vf_values){l->texts, l->count};
  return VF_OK;
}
