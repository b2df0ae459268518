/* launch.c - the command that runs a deployment: an engine's spelling table, from ours to theirs.
 *
 * What the estimate made of the request is said, not the request: defaults that differ between
 * releases are named (context, sequences), others only if they were asked for. */
#include <inttypes.h>
#include <string.h>

#include "base/arena.h"
#include "base/args.h"
#include "base/checked.h"
#include "base/names.h"
#include "base/status.h"
#include "deploy/dialect.h"
#include "deploy/launch.h"
#include "deploy/library.h"
#include "deploy/param.h"
#include "engines/engine.h"
#include "readers/catalog.h"

enum { LINE_BYTES = 1 << 16, MOST_ITEMS = 3 };

/* What a line is written from. */
typedef struct saying {
  vf_deployment d;             /* as it is to be said */
  bool always[VF_PARAM_COUNT]; /* said whether or not it was asked for */
  bool hub[VF_PARAM_COUNT];    /* a repository that the engine fetches, where it has words for it */
} saying;

typedef struct launching {
  vf_launch launch; /* the first member: what is given out */
  vf_arena *arena;
  vf_launch_item items[MOST_ITEMS];
  const vf_context *ctx;
  const vf_estimate *e;
  saying said;
  bool stands; /* the model's name stands for one that is not known */
  char model[VF_NAME_SIZE * 2], draft[VF_NAME_SIZE * 2];
} launching;

/* ---- Words ------------------------------------------------------------------------------ */

/* As one word of a POSIX shell. */
static void put_word(vf_text *t, const char *s) {
  static const char plain[] =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./:=,@+%";
  if (s[0] != '\0' && s[strspn(s, plain)] == '\0') {
    vf_text_put(t, s);
    return;
  }
  vf_text_put(t, "'");
  for (const char *c = s; *c != '\0'; c++) {
    if (*c == '\'')
      vf_text_put(t, "'\\''");
    else
      vf_text_bytes(t, c, 1);
  }
  vf_text_put(t, "'");
}

/* Whether a bare word says what the parameter holds. */
static bool bare_says(const vf_param *p, const saying *l, const vf_spelling *row) {
  char text[64];
  vf_text t = vf_text_on(text, sizeof text);
  if (row->measure == VF_MEASURE_LEAST) return true;
  if (p->kind == VF_KIND_RANKS) return true; /* any number: the engine counts them itself */
  vf_param_print(p, &l->d, row->measure, &t);
  return strcmp(text, row->value != NULL ? row->value : "on") == 0;
}

/* What is on the line in every case, and what says more than nothing. */
static bool is_said(const vf_param *p, const saying *l) {
  size_t i = (size_t)(p - vf_params);
  if (l->always[i]) return true;
  if (p->kind == VF_KIND_FLAG || p->kind == VF_KIND_SWITCH || p->kind == VF_KIND_SPLIT)
    return vf_param_is_set(p, &l->d);
  bool one = p == &vf_params[VF_PARAM_TP] || p == &vf_params[VF_PARAM_PP] ||
             p == &vf_params[VF_PARAM_DP] || p == &vf_params[VF_PARAM_EP] ||
             p == &vf_params[VF_PARAM_DCP];
  uint32_t ranks = 0;
  if (one) memcpy(&ranks, (const unsigned char *)&l->d + p->offset, sizeof ranks);
  return vf_param_is_set(p, &l->d) && !(one && ranks == 1);
}

/* llama.cpp's context is that of all sequences together. */
static void put_total(vf_text *out, const vf_request *r) {
  uint64_t total = r->ctx_tokens * (r->kv_unified ? 1 : vf_max_u32(r->seqs, 1));
  vf_text_printf(out, "%" PRIu64, total);
}

/* The engine's own word for what ours says; ours, where it has none. */
static void put_mapped(vf_text *out, const vf_spelling *row, const char *ours) {
  size_t n = 0;
  const char *theirs = vf_spelling_unmap(row, ours, &n);
  vf_text_bytes(out, theirs != NULL ? theirs : ours, theirs != NULL ? n : strlen(ours));
}

static void put_value(vf_text *out, const saying *l, const vf_param *p, const vf_spelling *row) {
  char value[4096];
  vf_text v = vf_text_on(value, sizeof value);
  if (row->measure == VF_MEASURE_TOTAL)
    put_total(&v, &l->d.request);
  else
    vf_param_print(p, &l->d, row->measure, &v);
  if (v.length >= v.size) out->length += LINE_BYTES; /* cut: no line is to hold a part of it */
  if (row->measure == VF_MEASURE_MAP)
    put_mapped(out, row, value);
  else
    put_word(out, value);
}

static void put_row(vf_text *out, const saying *l, const vf_spelling *row) {
  if (row->param == NULL || row->words == NULL || row->only != NULL) return;
  const vf_param *p = vf_param_find(row->param, strlen(row->param));
  bool bare = row->form == VF_FORM_BARE, hub = p != NULL && l->hub[p - vf_params];
  if (hub ? row->measure != VF_MEASURE_REPO : row->silent) return;
  if (p == NULL || !is_said(p, l) || (bare && !bare_says(p, l, row))) return;
  size_t n = strcspn(row->words, " ");
  vf_text_put(out, " ");
  vf_text_bytes(out, row->words, n);
  if (bare) return;
  vf_text_put(out, n > 0 ? " " : "");
  put_value(out, l, p, row);
}

/* The program's words for a person: the module is started by Python. */
static void put_program(vf_text *t, const char *words) {
  if (words[0] == '-') vf_text_put(t, "python ");
  vf_text_put(t, words);
}

static const char *program_of(const vf_engine *engine) {
  const vf_program *p = engine->dialect->programs;
  for (const vf_program *one = p; one->words != NULL; one++)
    if (strcmp(one->engine, engine->name) == 0) return one->words;
  return p->words; /* another name of it */
}

/* Whether the line has a word for it. */
static bool has_words(const vf_dialect *d, const char *param) {
  for (size_t i = 0; i < d->n_rows; i++) {
    const vf_spelling *row = &d->rows[i];
    if (row->param != NULL && row->words != NULL && !row->silent && strcmp(row->param, param) == 0)
      return true;
  }
  return false;
}

/* What variables alone say stands in front of the program. */
static void put_variables(vf_text *out, const vf_engine *engine, const saying *l) {
  for (size_t i = 0; i < engine->dialect->n_rows; i++) {
    const vf_spelling *row = &engine->dialect->rows[i];
    if (row->param == NULL || row->words != NULL || row->env == NULL) continue;
    if (has_words(engine->dialect, row->param)) continue;
    const vf_param *p = vf_param_find(row->param, strlen(row->param));
    if (p == NULL || !is_said(p, l)) continue;
    vf_text_printf(out, "%s=", row->env);
    put_value(out, l, p, row);
    vf_text_put(out, " ");
  }
}

static void put_line(vf_text *out, const vf_engine *engine, const saying *l) {
  put_variables(out, engine, l);
  put_program(out, program_of(engine));
  for (size_t i = 0; i < engine->dialect->n_rows; i++) put_row(out, l, &engine->dialect->rows[i]);
}

void vf_launch_line(vf_text *out, const vf_engine *engine, const vf_deployment *d) {
  const saying l = {.d = *d};
  put_line(out, engine, &l);
}

/* ---- The model -------------------------------------------------------------------------- */

/* GGUF files are what its model is. */
static bool runs_files(const vf_engine *engine) {
  return engine->converts != NULL;
}

/* llama.cpp loads a repository's tower with it: one that is not wanted, or another one, is not to
 * come along. */
static bool has_tower_apart(const launching *l, vf_param_id id) {
  const char *mmproj = l->said.d.mmproj;
  bool own = mmproj != NULL && (strcmp(mmproj, "auto") == 0 || strcmp(mmproj, "if-any") == 0);
  return id == VF_PARAM_MODEL && !own && (l->e->model->flags & VF_MODEL_HAS_TOWER) != 0;
}

static bool fetches(const vf_engine *engine, const char *param) {
  const vf_dialect *d = engine->dialect;
  for (size_t i = 0; i < d->n_rows; i++)
    if (d->rows[i].measure == VF_MEASURE_REPO && strcmp(d->rows[i].param, param) == 0) return true;
  return false;
}

static bool is_path(const char *name) {
  return vf_text_ends_with(name, strlen(name), ".gguf") || strchr("/.~", name[0]) != NULL;
}

/* How one model is told to the engine: where it is, as far as that is known; else by a name that
 * stands for a copy in this format. */
static const char *name_one(launching *l, vf_param_id id, char out[VF_NAME_SIZE * 2],
                            const vf_model *m, const char *typed, const char *quant) {
  const vf_engine *engine = l->e->engine;
  bool files = runs_files(engine), path = is_path(m->repo);
  bool hub =
      files && !path && strchr(m->repo, '/') != NULL && fetches(engine, vf_params[id].info.name);
  vf_text n = vf_text_on(out, VF_NAME_SIZE * 2);
  if (strcmp(m->source, "catalog") != 0 && typed != NULL) return typed;
  l->said.hub[id] = hub && !has_tower_apart(l, id);
  if (m->repo[0] != '\0' && (!files || path || l->said.hub[id])) return m->repo;
  l->stands = true;
  if (!files && quant == NULL && typed != NULL) return typed;
  vf_text_printf(&n, "%s-%s%s", m->id, files || quant == NULL ? m->quant : quant,
                 files ? ".gguf" : "");
  return out;
}

static void name_models(launching *l) {
  const vf_model *draft = l->e->request.draft;
  vf_deployment *d = &l->said.d;
  d->model = name_one(l, VF_PARAM_MODEL, l->model, l->e->model, d->model, d->quant);
  if (draft != NULL && d->draft != NULL)
    d->draft = name_one(l, VF_PARAM_DRAFT, l->draft, draft, d->draft, d->draft_quant);
}

/* ---- What is to be said ------------------------------------------------------------------ */

static void always(launching *l, vf_param_id id) {
  l->said.always[id] = true;
}

/* What llama.cpp was made to take: its context is allocated in steps, all its layers are named. */
static void say_llamacpp(launching *l) {
  const vf_workload *w = &l->e->workload;
  vf_request *r = &l->said.d.request;
  r->kv_unified = w->kv_unified;
  r->ctx_tokens = w->ctx_tokens;
  r->seqs = w->seqs;
  r->gpu_layers = w->gpu_layers > l->e->model->n_layers ? -1 : (int32_t)w->gpu_layers;
  r->cpu_moe_layers = (uint32_t)vf_min_u64(r->cpu_moe_layers, l->e->model->n_layers);
  if (r->split != VF_SPLIT_NONE && l->e->n_devices <= 2) r->split = VF_SPLIT_LAYER;
  if (r->kv_k != VF_FORMAT_NONE) r->kv_k = w->kv_k;
  if (r->kv_v != VF_FORMAT_NONE) r->kv_v = w->kv_v;
  if (r->flash_attn != VF_AUTO) r->flash_attn = w->flash_attn ? VF_ON : VF_OFF;
  l->said.always[VF_PARAM_NGL] = true;
  l->said.always[VF_PARAM_MAIN_GPU] = r->split == VF_SPLIT_NONE;
  l->said.d.fit = VF_AUTO; /* its plan is in the numbers */
}

static void say_pool(launching *l) {
  const vf_workload *w = &l->e->workload;
  vf_request *r = &l->said.d.request;
  r->ctx_tokens = w->requested_ctx_tokens;
  r->tp = w->tp;
  r->pp = w->pp;
  r->dp = w->dp;
  if (r->ep <= 1) r->ep = 0;
  if (r->ep > 1) r->ep = w->ep;
  l->said.d.quant = l->e->model->made_when_loaded ? "fp8" : NULL;
}

/* A tower that is the model's own has a file beside it. */
static void name_tower(launching *l) {
  const char *mmproj = l->said.d.mmproj;
  if (mmproj == NULL) return;
  bool own = strcmp(mmproj, "auto") == 0 || strcmp(mmproj, "if-any") == 0;
  if (l->said.hub[VF_PARAM_MODEL]) {
    l->said.d.mmproj = NULL;
    return;
  }
  if (own && l->said.d.request.mmproj_bytes != 0) l->stands = true;
  if (own) l->said.d.mmproj = l->said.d.request.mmproj_bytes != 0 ? "mmproj-F16.gguf" : NULL;
  if (strcmp(mmproj, "none") == 0) l->said.d.mmproj = NULL;
}

static void say(launching *l) {
  bool ggml = runs_files(l->e->engine);
  name_models(l);
  name_tower(l);
  always(l, VF_PARAM_MODEL);
  always(l, VF_PARAM_CTX);
  l->said.always[VF_PARAM_SEQS] = ggml && strcmp(l->e->engine->name, "llama-cli") != 0;
  if (ggml)
    say_llamacpp(l);
  else
    say_pool(l);
}

/* ---- Commands --------------------------------------------------------------------------- */

static vf_status add_item(launching *l, const char *kind, const char *name, const vf_text *text,
                          vf_error *err) {
  if (text->length >= LINE_BYTES)
    return vf_fail(err, VF_LIMIT, "the command line would be longer than %d bytes", LINE_BYTES);
  l->items[l->launch.count++] = (vf_launch_item){kind, name, text->buf};
  return VF_OK;
}

static vf_text new_text(launching *l) {
  return vf_text_on(vf_arena_alloc(l->arena, LINE_BYTES, 1), LINE_BYTES);
}

static vf_status add_command(launching *l, vf_error *err) {
  vf_text t = new_text(l);
  if (t.buf == NULL) return vf_fail_nomem(err);
  put_line(&t, l->e->engine, &l->said);
  return add_item(l, "command", program_of(l->e->engine), &t, err);
}

static bool is_fine_tune(const vf_model *m) {
  for (size_t i = 0; i < m->n_assumptions; i++)
    if (strcmp(m->assumptions[i].code, "same-shape") == 0) return true;
  return false;
}

/* What is pulled is a tag of its library, or a file of the Hub; a name that is neither stands for a
 * file that lies here. */
static const char *modelfile_from(launching *l) {
  const vf_model *m = l->e->model;
  const char *typed = l->said.d.model;
  vf_text n = vf_text_on(l->model, sizeof l->model);
  bool catalog = strcmp(m->source, "catalog") == 0, known = m->repo[0] != '\0';
  if (typed != NULL && (!catalog || (known && l->said.d.elsewhere))) return typed;
  if (known) {
    bool hub = strchr(m->repo, '/') != NULL && !is_path(m->repo);
    vf_text_printf(&n, "%s%s", hub ? "hf.co/" : "", m->repo);
    return l->model;
  }
  if (catalog && !is_fine_tune(m) && vf_library_tag(l->model, l->ctx, m, typed)) return l->model;
  l->stands = true;
  vf_text_printf(&n, "./%s-%s.gguf", m->id, m->quant);
  return l->model;
}

/* Ollama takes the context from a Modelfile, and the rest from its server's environment. */
static vf_status add_modelfile(launching *l, vf_error *err) {
  const vf_request *r = &l->said.d.request;
  const vf_workload *w = &l->e->workload;
  const vf_model *m = l->e->model;
  vf_text t = new_text(l);
  if (t.buf == NULL) return vf_fail_nomem(err);
  vf_text_put(&t, "FROM ");
  put_word(&t, modelfile_from(l));
  vf_text_printf(&t, "\nPARAMETER num_ctx %" PRIu64, w->requested_ctx_tokens);
  if (r->ubatch_tokens != 0) vf_text_printf(&t, "\nPARAMETER num_batch %" PRIu32, r->ubatch_tokens);
  if (w->gpu_layers <= m->n_layers)
    vf_text_printf(&t, "\nPARAMETER num_gpu %" PRIu32, w->gpu_layers);
  return add_item(l, "file", "Modelfile", &t, err);
}

static vf_status add_ollama(launching *l, vf_error *err) {
  const vf_request *r = &l->said.d.request;
  const vf_workload *w = &l->e->workload;
  vf_text server = new_text(l), create = new_text(l);
  if (server.buf == NULL || create.buf == NULL) return vf_fail_nomem(err);
  vf_text_printf(&server, "OLLAMA_NUM_PARALLEL=%" PRIu32, w->seqs);
  if (r->kv_k != VF_FORMAT_NONE)
    vf_text_printf(&server, " OLLAMA_KV_CACHE_TYPE=%s", vf_format_get(w->kv_k)->name);
  if (r->flash_attn != VF_AUTO)
    vf_text_printf(&server, " OLLAMA_FLASH_ATTENTION=%d", w->flash_attn ? 1 : 0);
  vf_text_put(&server, " ollama serve");
  vf_text_put(&create, "ollama create planned -f Modelfile && ollama run planned");
  vf_status status = add_modelfile(l, err);
  if (status == VF_OK) status = add_item(l, "command", "ollama serve", &server, err);
  return status == VF_OK ? add_item(l, "command", "ollama create", &create, err) : status;
}

static vf_status make(launching *l, vf_error *err) {
  const vf_engine *engine = l->e->engine;
  if (engine->dialect == NULL)
    return vf_fail(err, VF_UNSUPPORTED, "--launch: %s is not started by a command line",
                   engine->name);
  if (engine->dialect == &vf_dialect_ollama) return add_ollama(l, err);
  say(l);
  return add_command(l, err);
}

vf_status vf_launch_make(vf_launch **out, const vf_context *ctx, const vf_estimate *estimate,
                         const vf_deployment *deployment, vf_error *err) {
  VF_NEED(err, out);
  VF_NEED(err, ctx);
  VF_NEED(err, estimate);
  VF_NEED(err, deployment);
  vf_status status = vf_check_struct(sizeof *deployment, deployment, "vf_deployment", err);
  if (status == VF_OK) status = vf_estimate_needed(estimate, err);
  if (status != VF_OK) return status;
  vf_arena *arena = vf_arena_new(&ctx->allocator, (size_t)MOST_ITEMS * 2 * LINE_BYTES + 65536);
  launching *l = arena != NULL ? vf_arena_alloc(arena, 1, sizeof *l) : NULL;
  if (l == NULL) {
    if (arena != NULL) vf_arena_free(arena);
    return vf_fail_nomem(err);
  }
  l->arena = arena;
  l->launch.items = l->items;
  l->ctx = ctx;
  l->e = estimate;
  l->said.d = *deployment;
  l->said.d.request = estimate->request;
  status = make(l, err);
  l->launch.note = l->stands ? "the model's name stands for your own copy in that format" : "";
  if (status == VF_OK)
    *out = &l->launch;
  else
    vf_arena_free(arena);
  return status;
}

void vf_launch_free(vf_launch *launch) {
  launching *l = (launching *)launch; /* it is the first member */
  if (l != NULL) vf_arena_free(l->arena);
}
