/* setup.c - from names to what an estimate takes: model, devices, and what lies beside the model.
 */
#include "deploy/setup.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/args.h"
#include "base/checked.h"
#include "base/names.h"
#include "base/status.h"
#include "base/text.h"
#include "base/units.h"
#include "deploy/open.h"
#include "deploy/param.h"
#include "deploy/unsaid.h"
#include "engines/engine.h"
#include "models/recipe.h"
#include "readers/files.h"
#include "readers/name/model_name.h"

struct vf_setup {
  vf_allocator allocator;
  const vf_deployment *from;
  vf_deployment published; /* of a training: what is opened */
  vf_settled settled;
  vf_opened opened;
  size_t n_devices;
  vf_device devices[VF_MAX_DEVICES];
  uint32_t gpus; /* vf_setup_gpus() */
};

/* ---- Devices ---------------------------------------------------------------------------- */

static void change_device(vf_device *d, const vf_deployment *of) {
  if (of->memory_bytes != 0) {
    d->total_bytes = of->memory_bytes;
    d->total_known = true;
    d->several_sizes = false;
    d->sold_gb = 0;
    d->reserved_bytes = 0;
    if (d->whole_bytes <= of->memory_bytes) d->whole_bytes = 0;
  }
  if (d->kind == VF_DEVICE_HOST && !d->total_known && of->request.host_memory_bytes != 0) {
    d->total_bytes = of->request.host_memory_bytes;
    d->total_known = true;
  }
  if (of->used_bytes != 0) {
    d->used_bytes = of->used_bytes;
    d->used_is_live = false;
  }
  if (!of->headroom.set) return;
  d->headroom_bytes = of->headroom.bytes;
  d->headroom_permille = of->headroom.permille;
}

/* Vulkan drives what CUDA, ROCm and SYCL drive; everything else its own maker's GPUs alone. */
static vf_status choose_backend(vf_device *d, const vf_deployment *of, vf_error *err) {
  static const struct {
    const char *name;
    vf_backend backend;
  } known[] = {{"cuda", VF_BACKEND_CUDA}, {"rocm", VF_BACKEND_ROCM},
               {"hip", VF_BACKEND_ROCM},  {"metal", VF_BACKEND_METAL},
               {"sycl", VF_BACKEND_SYCL}, {"vulkan", VF_BACKEND_VULKAN}};
  bool open = d->backend == VF_BACKEND_CUDA || d->backend == VF_BACKEND_ROCM ||
              d->backend == VF_BACKEND_SYCL;
  if (of->backend == NULL) return VF_OK;
  for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
    if (!vf_name_equal(of->backend, known[i].name)) continue;
    if (known[i].backend == d->backend) return VF_OK;
    if (known[i].backend != VF_BACKEND_VULKAN || !open)
      return vf_fail(err, VF_UNSUPPORTED, "--backend %s does not drive the %s%s", of->backend,
                     d->name, open ? ": its maker's own or vulkan" : "");
    d->backend = VF_BACKEND_VULKAN;
    return VF_OK;
  }
  return vf_fail(err, VF_USAGE,
                 "--backend: '%s' is none (cuda, rocm, vulkan, metal, sycl; --gpu cpu for the CPU)",
                 of->backend);
}

/* What an engine's own line does not say of its ranks is one, whatever GPUs there are. */
void vf_deployment_settle(vf_request *r, const vf_deployment *d) {
  const vf_engine *engine = NULL;
  const char *version;
  if (!d->own_line || vf_engine_find(&engine, &version, r->engine, NULL) != VF_OK) return;
  if (!engine->pools || engine->dialect == NULL || engine->dialect->takes_all_gpus) return;
  r->tp = vf_max_u32(r->tp, 1);
  r->pp = vf_max_u32(r->pp, 1);
  r->dp = vf_max_u32(r->dp, 1);
}

/* Such a line takes as many as it has ranks, the first ones. */
static size_t used_devices(size_t named, const vf_deployment *d) {
  vf_request r = d->request;
  vf_deployment_settle(&r, d);
  uint64_t ranks = (uint64_t)r.tp * vf_max_u32(r.pp, 1) * vf_max_u32(r.dp, 1);
  return d->own_line && ranks != 0 && ranks < named ? (size_t)ranks : named;
}

static bool is_here(const vf_deployment *d) {
  return d->machine != NULL && strncmp(d->gpu, "auto", 4) == 0 &&
         (d->gpu[4] == '\0' || d->gpu[4] == ':');
}

vf_status vf_deployment_devices(vf_device devices[VF_MAX_DEVICES], size_t *n, const vf_context *ctx,
                                const vf_deployment *d, vf_error *err) {
  if (d->gpu == NULL) return vf_fail(err, VF_USAGE, "no device is named");
  if (d->gpus > VF_MAX_DEVICES)
    return vf_fail(err, VF_LIMIT, "%" PRIu32 " GPUs are more than the %d of one estimate", d->gpus,
                   VF_MAX_DEVICES);
  vf_status status =
      is_here(d) ? vf_machine_select(devices, VF_MAX_DEVICES, n, d->machine, d->gpu, d->empty, err)
                 : vf_devices_parse(devices, VF_MAX_DEVICES, n, ctx, d->gpu, err);
  if (status != VF_OK) return status;
  bool same = d->training && (d->gpus == *n || d->gpus == 1); /* a file says it as well */
  if (d->training && !same && d->gpus != 0 && *n != 1)
    return vf_fail(err, VF_USAGE, "'%s' is %zu devices, and the trainer starts %u processes",
                   d->gpu, *n, d->gpus);
  if (d->gpus != 0 && *n != 1 && !same)
    return vf_fail(err, VF_USAGE, "'%s' is several devices already: how many is said once", d->gpu);
  for (; *n < d->gpus; ++*n) devices[*n] = devices[0];
  *n = used_devices(*n, d);
  vf_status changed = VF_OK;
  for (size_t i = 0; i < *n && changed == VF_OK; i++) {
    change_device(&devices[i], d);
    changed = choose_backend(&devices[i], d, err);
  }
  return changed;
}

/* A format that any engine knows under that name: our own words are all known here. */
vf_status vf_deployment_quant_check(const char *quant, vf_error *err) {
  if (vf_recipe_is_known(quant)) return VF_OK;
  for (size_t i = 0; vf_engine_at(i) != NULL; i++)
    if (vf_engine_quant(vf_engine_at(i), quant) != quant) return VF_OK;
  return vf_fail(err, VF_USAGE,
                 "quant: '%.60s' is no format that is known (q4_k_m, q8_0, awq, fp8…)", quant);
}

/* ---- What an engine does not have ------------------------------------------------------- */

/* One text for each parameter, since what is taken for granted outlives this call. */
static const char *const foreign_texts[VF_PARAM_COUNT] = {
#define COUNTS_ANY    ": it is not counted"
#define COUNTS_ENGINE ": it is not counted"
#define COUNTS_ADDS   ", and counts all the same: its launch line cannot say it"
#define SECTION(title)
#define PARAM(id, letter, name, argument, kind, field, scope, key, help)                           \
  [VF_PARAM_##id] = "--" name " is no option of this engine" COUNTS_##scope,
#include "deploy/params.def"
#undef SECTION
#undef PARAM
#undef COUNTS_ANY
#undef COUNTS_ENGINE
#undef COUNTS_ADDS
};

/* Of keys and values apart where the engine has one word for both. */
static bool is_half_of_kv(const vf_engine *engine, size_t i, const vf_deployment *d) {
  bool half = i == VF_PARAM_KV_K || i == VF_PARAM_KV_V;
  return half && d->request.kv_k != d->request.kv_v && vf_engine_spells(engine, VF_PARAM_KV);
}

/* An engine that no command line starts has no options at all: its settings are a program's. */
static bool is_foreign(const vf_engine *engine, size_t i, const vf_deployment *d,
                       const vf_deployment *nothing) {
  const vf_param *p = &vf_params[i];
  if (engine->dialect == NULL || !vf_param_differs(p, d, nothing)) return false;
  if (p->scope == VF_OPTION_ANY && !is_half_of_kv(engine, i, d)) return false;
  return !vf_engine_spells(engine, i);
}

void vf_deployment_heard(vf_deployment *out, const vf_deployment *d, const char *name,
                         const vf_model *model) {
  const vf_deployment nothing = vf_deployment_init();
  const vf_engine *engine;
  const char *version;
  *out = *d;
  if (vf_engine_for(&engine, &version, name, model, NULL) != VF_OK) return;
  for (size_t i = 0; i < VF_PARAM_COUNT; i++)
    if (vf_params[i].scope != VF_OPTION_ADDS && is_foreign(engine, i, d, &nothing))
      vf_param_clear(&vf_params[i], out);
}

/* ---- Models ----------------------------------------------------------------------------- */

/* The model that is to run, and with it the engine, where the deployment leaves that open. */
static vf_status open_main(vf_model **out, const char **engine, const vf_context *ctx,
                           const vf_deployment *d, const vf_device *devices, size_t n,
                           vf_error *err) {
  vf_loaded l;
  vf_load_depth depth = d->quant != NULL ? VF_LOAD_FACTS : VF_LOAD_TENSORS;
  vf_status status = d->elsewhere ? vf_load_elsewhere(&l, ctx, d->model, depth, err)
                                  : vf_load(&l, ctx, d->model, depth, err);
  if (status == VF_OK) {
    *engine = vf_unsaid_engine(d, &l, devices, n);
    l.engines_quant = d->engines_quant;
    status = vf_build_model(out, &l, d->quant, *engine, err);
  }
  vf_loaded_free(&l);
  return status;
}

static vf_status open_model(vf_model **out, const vf_context *ctx, const vf_deployment *d,
                            const char *ref, const char *quant, vf_error *err) {
  vf_loaded l;
  vf_load_depth depth = quant != NULL ? VF_LOAD_FACTS : VF_LOAD_TENSORS;
  vf_status status = d->elsewhere ? vf_load_elsewhere(&l, ctx, ref, depth, err)
                                  : vf_load(&l, ctx, ref, depth, err);
  if (status == VF_OK) status = vf_build_model(out, &l, quant, d->request.engine, err);
  vf_loaded_free(&l);
  return status;
}

/* Whether a name is of a file, or of a repository of files: it brings its format along. */
static bool names_file(const char *ref) {
  vf_model_name name;
  return vf_text_ends_with(ref, strlen(ref), ".gguf") || strchr(ref, ':') != NULL ||
         (vf_model_name_read(&name, ref) && name.usual_format);
}

/* A draft model in the model's own format, unless it is a file or another one is asked for. */
static vf_status open_draft(vf_opened *o, const vf_context *ctx, const vf_deployment *d,
                            vf_error *err) {
  const char *quant = d->draft_quant;
  if (d->draft == NULL) return VF_OK;
  if (quant == NULL && !names_file(d->draft)) quant = d->quant;
  vf_status status = open_model(&o->draft, ctx, d, d->draft, quant, err);
  o->request.draft = o->draft;
  return status;
}

/* The tower that the model's config describes, as a file in F16 holds it. */
static vf_status derive_tower(vf_opened *o, const vf_context *ctx, const vf_deployment *d,
                              bool must, vf_error *err) {
  vf_model *model;
  vf_model_info info;
  vf_deployment plain = *d;
  plain.request.engine = NULL;
  vf_status status = open_model(&model, ctx, &plain, d->model, NULL, err);
  if (status != VF_OK) return status;
  vf_model_info_get(model, &info);
  if (info.n_tower_params == 0 && must)
    status = vf_fail_at(err, VF_USAGE, "--mmproj", "", "no tower is known of %s: name its file",
                        info.id);
  o->request.mmproj_bytes = 2 * info.n_tower_params;
  vf_model_free(model);
  return status;
}

static vf_status open_tower(vf_opened *o, const vf_context *ctx, const vf_deployment *d,
                            vf_error *err) {
  if (d->mmproj == NULL || strcmp(d->mmproj, "none") == 0) return VF_OK;
  bool any = strcmp(d->mmproj, "if-any") == 0, own = any || strcmp(d->mmproj, "auto") == 0;
  vf_path_kind kind = VF_PATH_FILE;
  vf_status status = VF_OK;
  if (d->elsewhere) status = vf_files_look(&kind, &ctx->files, d->mmproj, err);
  if (status != VF_OK) return status;
  bool away = kind == VF_PATH_NONE;
  if (own || away) return derive_tower(o, ctx, d, !any, err);
  return vf_part_file_bytes(&o->request.mmproj_bytes, ctx, VF_FILE_MMPROJ, d->mmproj, err);
}

vf_status vf_opened_beside(vf_opened *o, const vf_context *ctx, const vf_deployment *d,
                           vf_error *err) {
  vf_status status = open_tower(o, ctx, d, err);
  if (status == VF_OK && d->lora != NULL)
    status = vf_part_file_bytes(&o->request.lora_bytes, ctx, VF_FILE_LORA, d->lora, err);
  return status == VF_OK ? open_draft(o, ctx, d, err) : status;
}

vf_status vf_deployment_check(const vf_deployment *d, vf_error *err) {
  return vf_check_struct(sizeof *d, d, "vf_deployment", err);
}

vf_status vf_opened_open(vf_opened *out, const vf_context *ctx, const vf_deployment *d,
                         const vf_device *devices, size_t n, vf_error *err) {
  vf_opened o = {.model = NULL};
  vf_deployment heard;
  const char *engine = NULL;
  if (d->model == NULL) return vf_fail(err, VF_USAGE, "no model is named");
  vf_status status = open_main(&o.model, &engine, ctx, d, devices, n, err);
  if (status != VF_OK) return status;
  vf_deployment_heard(&heard, d, engine, o.model);
  o.request = heard.request;
  o.request.engine = engine;
  o.fit = heard.fit;
  vf_deployment_settle(&o.request, d);
  status = vf_opened_beside(&o, ctx, &heard, err);
  if (status == VF_OK && heard.lora != NULL)
    status = vf_adapter_of_model(ctx, heard.lora, o.model, err);
  if (status == VF_OK)
    *out = o;
  else
    vf_opened_close(&o);
  return status;
}

void vf_opened_close(vf_opened *o) {
  vf_model_free(o->model);
  vf_model_free(o->draft);
  o->model = o->draft = NULL;
}

/* ---- What an engine does not have, told -------------------------------------------------- */

static void remark_foreign(vf_estimate *e, const vf_deployment *d) {
  const vf_deployment nothing = vf_deployment_init();
  for (size_t i = 0; i < VF_PARAM_COUNT; i++)
    if (is_foreign(e->engine, i, d, &nothing))
      vf_estimate_assume(e, "option-foreign", foreign_texts[i]);
}

/* Another model proposes tokens. */
static void remark_draft(vf_estimate *e, const vf_deployment *d) {
  if (d->spec_method == NULL || d->draft != NULL || !vf_spec_has(d->spec_method, VF_SPEC_DRAFT))
    return;
  vf_estimate_assume(e, "draft-not-named",
                     "another model proposes tokens and none is named: what it takes is not "
                     "counted");
}

void vf_deployment_remarks(vf_estimate *e, const vf_deployment *d) {
  remark_draft(e, d);
  for (size_t i = 0; i < d->n_remarks; i++)
    vf_estimate_assume(e, d->remarks[i].code, d->remarks[i].text);
  remark_foreign(e, d);
}

/* ---- All of it -------------------------------------------------------------------------- */

/* A model is trained as it is published: the format is that of a frozen base, ranks and the program
 * are the trainer's. */
vf_deployment vf_deployment_published(const vf_deployment *d) {
  vf_deployment p = *d;
  p.quant = p.request.engine = NULL;
  p.request.tp = p.request.pp = p.request.ep = 0;
  return p;
}

/* "h100x512" is more than there are devices in an estimate, and a run needs one of equals alone:
 * the name without its count into out, and the count.  0: no such name. */
static uint32_t many_gpus(char *out, size_t size, const char *gpu) {
  enum { MOST = 1 << 20 };
  size_t length = gpu != NULL ? strlen(gpu) : 0, digits = 0;
  uint64_t count = 0;
  if (length >= size) return 0;
  while (digits < length && isdigit((unsigned char)gpu[length - digits - 1])) digits++;
  if (digits < 3 || digits > 7 || digits + 1 >= length || gpu[length - digits - 1] != 'x') return 0;
  count = strtoull(gpu + length - digits, NULL, 10);
  if (count <= VF_MAX_DEVICES || count > MOST) return 0;
  memcpy(out, gpu, length);
  out[length - digits - 1] = '\0';
  return (uint32_t)count;
}

vf_status vf_setup_open(vf_setup **out, const vf_context *ctx, const vf_deployment *deployment,
                        vf_error *err) {
  VF_NEED(err, out);
  VF_NEED(err, ctx);
  VF_NEED(err, deployment);
  const vf_deployment *d = deployment;
  vf_status status = vf_deployment_check(d, err);
  if (status != VF_OK) return status;
  vf_setup *s = ctx->allocator.alloc(ctx->allocator.user, sizeof *s);
  if (s == NULL) return vf_fail_nomem(err);
  s->allocator = ctx->allocator;
  s->from = d;
  s->published = vf_deployment_published(d);
  if (d->training) d = &s->published;
  s->opened = (vf_opened){0};
  s->settled = (vf_settled){.code = NULL};
  s->n_devices = 0;
  s->gpus = 0;
  char one[64];
  bool own = d->training && d->train.network_params != 0;
  if (d->training && (s->gpus = many_gpus(one, sizeof one, d->gpu)) != 0) s->published.gpu = one;
  if (d->training && d->gpus > VF_MAX_DEVICES) { /* a launch line's, of all its nodes */
    s->gpus = d->gpus;
    s->published.gpus = 0;
  }
  if (d->model == NULL && !own) status = vf_fail(err, VF_USAGE, "no model is named");
  if (d->model != NULL && own)
    status = vf_fail(err, VF_USAGE, "--network stands in place of --model: one of them");
  if (status == VF_OK) status = vf_deployment_devices(s->devices, &s->n_devices, ctx, d, err);
  s->published.gpu = s->from->gpu;
  if (status == VF_OK && s->gpus != 0 && s->n_devices != 1)
    status = vf_fail(err, VF_USAGE, "'%.60s': so many GPUs are of one kind", d->gpu);
  if (status == VF_OK && !own)
    status = vf_opened_open(&s->opened, ctx, d, s->devices, s->n_devices, err);
  if (status == VF_OK && d->training) status = vf_train_count_models(&s->published.train, ctx, err);
  if (status == VF_OK)
    *out = s;
  else
    vf_setup_free(s);
  return status;
}

const vf_train_request *vf_setup_counted(const vf_setup *s) {
  return &s->published.train;
}

void vf_setup_free(vf_setup *s) {
  if (s == NULL) return;
  vf_opened_close(&s->opened);
  s->allocator.free(s->allocator.user, s);
}

const vf_model *vf_setup_model(const vf_setup *s) {
  return s != NULL ? s->opened.model : NULL;
}

const vf_device *vf_setup_devices(const vf_setup *s, size_t *count) {
  if (count != NULL) *count = s != NULL ? s->n_devices : 0;
  return s != NULL ? s->devices : NULL;
}

vf_request *vf_setup_request(vf_setup *s) {
  return s != NULL ? &s->opened.request : NULL;
}

uint32_t vf_setup_gpus(const vf_setup *s) {
  return s->gpus;
}

vf_switch vf_setup_fit(const vf_setup *s) {
  return s->opened.fit;
}

const vf_deployment *vf_setup_from(const vf_setup *s) {
  return s->from;
}

vf_settled *vf_setup_settled(vf_setup *s) {
  return &s->settled;
}

vf_status vf_setup_estimate(vf_estimate *estimate, const vf_setup *setup, vf_error *err) {
  VF_NEED(err, estimate);
  VF_NEED(err, setup);
  const vf_setup *s = setup;
  vf_status status =
      vf_estimate_run(estimate, s->opened.model, &s->opened.request, s->devices, s->n_devices, err);
  if (status == VF_OK && s->settled.code != NULL)
    vf_estimate_assume_that(estimate, s->settled.code, "%s", s->settled.text);
  if (status == VF_OK) vf_deployment_remarks(estimate, s->from);
  return status;
}
