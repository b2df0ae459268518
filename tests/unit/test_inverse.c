/* test_inverse.c - the most that fits is the most: held against the forward estimate.
 *
 * Seeded cases over the whole catalog.  Every answer is estimated again by the public functions,
 * from its names, and so is the step beyond it.  What the solver relies on is held too: more
 * context, more sequences, more layers on the GPU and wider formats never need less, with the
 * exceptions that llama.cpp makes, which have tests of their own. */
#include "support.h"

#include "base/checked.h"
#include "core/model.h"

#ifdef __SANITIZE_ADDRESS__
enum { CASES = 2000 }; // each costs ten times as much
#else
enum { CASES = 10000 };
#endif

static uint64_t state;

static uint64_t draw(uint64_t below) {
  state ^= state << 13;
  state ^= state >> 7;
  state ^= state << 17;
  return state % below;
}

static const char *pick(const char *const *list, size_t n) {
  return list[draw(n)];
}

#define PICK(list) pick(list, sizeof(list) / sizeof *(list))

/* ---- The forward estimate, by itself ---------------------------------------------------- */

typedef struct forward {
  vf_context *ctx;
  vf_estimate *estimate;
} forward;

static int set_up(void **user) {
  static forward f;
  vf_error err;
  if (vf_context_new(&f.ctx, NULL, &err) != VF_OK) return -1;
  *user = &f;
  return vf_estimate_new(&f.estimate, f.ctx, &err) != VF_OK;
}

static int tear_down(void **user) {
  forward *f = *user;
  vf_estimate_free(f->estimate);
  vf_context_free(f->ctx);
  return 0;
}

typedef struct figures {
  vf_status status;
  vf_verdict verdict;
  uint64_t gpu_bytes, high_bytes, total_bytes; /* of devices; at the upper end; with the host */
  uint64_t cache_bytes;
} figures;

static figures estimate(const forward *f, const vf_model *model, const vf_request *request,
                        const vf_device *devices, size_t n) {
  vf_error err;
  figures x = {.status = vf_estimate_run(f->estimate, model, request, devices, n, &err)};
  if (x.status != VF_OK) return x;
  const vf_device_budget *b = vf_estimate_devices(f->estimate, &n);
  x.verdict = vf_estimate_verdict(f->estimate);
  for (size_t i = 0; i < n; i++) {
    bool beside = b[i].device.kind == VF_DEVICE_HOST && n > 1;
    x.total_bytes += b[i].pooled ? 0 : b[i].need.bytes;
    x.cache_bytes += b[i].part_bytes[VF_PART_KV_CACHE];
    if (beside) continue;
    x.gpu_bytes += b[i].need.bytes;
    x.high_bytes += b[i].need.high_bytes;
  }
  return x;
}

static figures estimate_named(const forward *f, const vf_deployment *d) {
  static vf_device devices[VF_MAX_DEVICES];
  vf_model *model;
  vf_error err;
  size_t n = 0;
  figures x = {.status =
                   vf_model_open(&model, f->ctx, d->model, d->quant, d->request.engine, &err)};
  if (x.status != VF_OK) return x;
  assert_int_equal(vf_devices_parse(devices, VF_MAX_DEVICES, &n, f->ctx, d->gpu, &err), VF_OK);
  for (; n < d->gpus; n++) devices[n] = devices[0];
  x = estimate(f, model, &d->request, devices, n);
  vf_model_free(model);
  return x;
}

static bool fits(const forward *f, const vf_deployment *d) {
  figures x = estimate_named(f, d);
  return x.status == VF_OK && x.verdict == VF_FITS;
}

/* ---- Cases ------------------------------------------------------------------------------ */

static const char *const engines[] = {"llama.cpp",    "vllm", "sglang", "tensorrt-llm",
                                      "transformers", "tgi",  "mlx",    "exllama"};
static const char *const gguf_quants[] = {"q2_k", "q4_k_m", "q6_k", "q8_0", "bf16"};
static const char *const other_quants[] = {"bf16", "fp8"};
static const char *const gpus[] = {"rtx-4090", "rtx-3060", "l4",         "h100",         "gb10",
                                   "mi300x",   "h100x4",   "rtx-4090x2", "m3-ultra-96gb"};
static const char *const cards[] = {"rtx-3060", "rtx-4090", "l4", "h100"};
/* One card, and llama.cpp, where the question is about those. */
static vf_deployment draw_deployment(const forward *f, vf_max_kind kind) {
  vf_deployment d = vf_deployment_init();
  bool layers = kind == VF_MOST_NGL || kind == VF_MOST_N_CPU_MOE;
  bool llamacpp = layers || kind == VF_MOST_KV || draw(2) == 0;
  d.model =
      vf_catalog_id(f->ctx, VF_CATALOG_MODELS, draw(vf_catalog_size(f->ctx, VF_CATALOG_MODELS)));
  d.request.engine = llamacpp ? "llama.cpp" : PICK(engines);
  llamacpp = strcmp(d.request.engine, "llama.cpp") == 0;
  d.quant = llamacpp ? PICK(gguf_quants) : PICK(other_quants);
  d.gpu = layers || kind == VF_MOST_GPUS ? PICK(cards) : PICK(gpus);
  d.request.ctx_tokens = 1 + draw(draw(2) == 0 ? 4096 : 65536);
  d.request.seqs = draw(2) == 0 ? 1 : 1 + (uint32_t)draw(16);
  if (llamacpp && draw(4) == 0) d.request.kv_k = VF_FORMAT_Q8_0;
  d.request.kv_v = d.request.kv_k;
  if (llamacpp && draw(8) == 0) d.request.kv_unified = true;
  return d;
}

static vf_deployment with_choice(const vf_deployment *d, vf_max_kind kind, const vf_choice *c) {
  static char name[64];
  vf_deployment x = *d;
  snprintf(name, sizeof name, "%s", c->name);
  switch (kind) {
  case VF_MOST_CTX: x.request.ctx_tokens = c->number; break;
  case VF_MOST_SEQS: x.request.seqs = (uint32_t)c->number; break;
  case VF_MOST_QUANT: x.quant = name; break;
  case VF_MOST_KV:
    assert_int_equal(vf_kv_format_find(&x.request.kv_k, name, NULL), VF_OK);
    x.request.kv_v = x.request.kv_k;
    break;
  case VF_MOST_GPUS:
    x.gpus = (uint32_t)c->number;
    x.request.tp = c->tp;
    x.request.pp = c->pp;
    break;
  case VF_MOST_NGL: x.request.gpu_layers = (int32_t)c->number; break;
  case VF_MOST_N_CPU_MOE: x.request.cpu_moe_layers = (uint32_t)c->number; break;
  case VF_MOST_GPU: x.gpu = name; break;
  case VF_MOST_MICRO_BATCH: /* of training: test_train.c */
  case VF_MOST_SEQ_LEN:
  case VF_MOST_RANK:
  case VF_MOST_COUNT: break;
  }
  return x;
}

static void fail_case(const vf_deployment *d, const vf_answer *a, const char *what) {
  fail_msg("question %d: %s %s %s on %s, %llu tokens x %u%s: %s (answer %llu %s, beyond %llu %s)",
           (int)a->kind, d->request.engine, d->model, d->quant != NULL ? d->quant : "-", d->gpu,
           (unsigned long long)d->request.ctx_tokens, d->request.seqs,
           d->request.kv_unified ? " unified" : "", what, (unsigned long long)a->best.number,
           a->best.name, (unsigned long long)a->next.number, a->next.name);
}

/* Nothing further on fits either: a few values at random. */
static bool fits_further(const forward *f, const vf_deployment *d, const vf_answer *a) {
  for (int i = 0; i < 3 && a->found && a->has_next; i++) {
    vf_choice c = {.number = a->best.number + a->step * (1 + draw(64))};
    if (a->kind == VF_MOST_SEQS) c.number = a->best.number + 1 + draw(256);
    if (a->kind != VF_MOST_CTX && a->kind != VF_MOST_SEQS) return false;
    vf_deployment x = with_choice(d, a->kind, &c);
    if (a->kind == VF_MOST_CTX && c.number > 1 << 20) continue;
    if (fits(f, &x) && (a->kind == VF_MOST_SEQS || c.number <= a->next.number)) return true;
  }
  return false;
}

/* ---- Tight answers ---------------------------------------------------------------------- */

static bool check_answer(const forward *f, vf_max_kind kind) {
  vf_max_query q = {.struct_size = sizeof q, .kind = kind, .base = draw_deployment(f, kind)};
  vf_answer a;
  vf_error err;
  vf_deployment *d = &q.base;
  if (kind == VF_MOST_QUANT)
    q.lists[VF_AXIS_QUANT] = draw(2) == 0 ? NULL : "q4_k_m,bf16,q8_0,q3_k_m";
  if (kind == VF_MOST_GPU) q.lists[VF_AXIS_GPU] = "h100,rtx-3060,l4,a10,rtx-5090,b200";
  vf_status status = vf_max_solve(&a, f->ctx, &q, &err);
  if (status == VF_UNSUPPORTED || status == VF_USAGE || status == VF_UNKNOWN) return false;
  assert_int_equal(status, VF_OK);
  if (a.cache_ram_off) d->request.prompt_cache_bytes = 0;
  if (a.found) {
    vf_deployment best = with_choice(d, kind, &a.best);
    if (!fits(f, &best)) fail_case(d, &a, "the answer does not fit");
  }
  if (a.has_next) {
    vf_deployment next = with_choice(d, kind, &a.next);
    if (fits(f, &next)) fail_case(d, &a, "the step beyond fits");
  }
  if (!a.found && !a.has_next) fail_case(d, &a, "neither an answer nor what fails");
  if (fits_further(f, d, &a)) fail_case(d, &a, "something further on fits");
  return true;
}

static void every_answer_is_tight(void **user) {
  enum { SERVING = VF_MOST_MICRO_BATCH };
  size_t answered[VF_MOST_COUNT] = {0}, n = 0;
  state = 88172645463325252u;
  for (int kind = 0; n < CASES; kind = (kind + 1) % SERVING) {
    bool done = check_answer(*user, (vf_max_kind)kind);
    answered[kind] += done;
    n += done;
  }
  for (int kind = 0; kind < SERVING; kind++) assert_true(answered[kind] > CASES / 100);
}

/* ---- What only grows -------------------------------------------------------------------- */

typedef struct situation {
  vf_deployment d;
  vf_model *model;
  vf_model_info info;
  vf_device devices[16];
  size_t n;
  figures before;
} situation;

static bool draw_situation(situation *s, const forward *f) {
  vf_error err;
  s->d = draw_deployment(f, VF_MOST_CTX);
  if (vf_model_open(&s->model, f->ctx, s->d.model, s->d.quant, s->d.request.engine, &err) != VF_OK)
    return false;
  vf_model_info_get(s->model, &s->info);
  assert_int_equal(vf_devices_parse(s->devices, 16, &s->n, f->ctx, s->d.gpu, &err), VF_OK);
  s->before = estimate(f, s->model, &s->d.request, s->devices, s->n);
  if (s->before.status == VF_OK) return true;
  vf_model_free(s->model);
  return false;
}

/* A figure that is surer than that of the smaller request may end lower, but not below what the
 * smaller one is expected to need. */
static bool upper_end_is_no_less(const figures *before, const figures *after) {
  bool surer = after->high_bytes - after->gpu_bytes < before->high_bytes - before->gpu_bytes;
  return after->high_bytes >= (surer ? before->gpu_bytes : before->high_bytes);
}

/* What a graph's buffer may lose with more of something.  llama.cpp rounds the batch of a graph up
 * to a multiple of the sequences: 525 tokens for 15 of them, 512 for 16.  Where an index chooses
 * cells, tensors of the batch and of the cells share the buffer: from some length on one of the
 * batch's fits into the room that one of the cells leaves.  Of alternating updates (Gemma 3n) the
 * first layer on a device has copies that a later one does not need: 40 of 300 MB were one layer's.
 */
static uint64_t refitted_bytes(const situation *s, const char *what) {
  enum { BATCH = 512 };
  bool more_cells = strcmp(what, "more context") == 0, layer = strcmp(what, "one layer more") == 0;
  if (layer && s->model->layers[0].altup != 0) return s->before.gpu_bytes / 30;
  bool rounded = s->d.request.seqs != 0 && BATCH % s->d.request.seqs != 0;
  if (strcmp(what, "more sequences") == 0 && rounded) return s->before.gpu_bytes / 1000;
  for (uint32_t i = 0; more_cells && i < s->model->n_layers; i++)
    if (s->model->layers[i].index_heads != 0) return s->before.gpu_bytes / 1000;
  return 0;
}

static void no_less(const situation *s, figures after, const char *what) {
  uint64_t refitted = refitted_bytes(s, what);
  after.total_bytes += refitted;
  after.gpu_bytes += refitted;
  after.high_bytes += refitted;
  if (after.status != VF_OK) return; /* refused: no figure */
  if (after.total_bytes >= s->before.total_bytes && after.gpu_bytes >= s->before.gpu_bytes &&
      upper_end_is_no_less(&s->before, &after) && after.verdict >= s->before.verdict)
    return;
  fail_msg("%s: %s %s %s on %s, %llu tokens x %u%s, %d layers: %lld bytes, devices %lld, at most "
           "%lld, verdict %d to %d",
           what, s->d.request.engine, s->d.model, s->d.quant, s->d.gpu,
           (unsigned long long)s->d.request.ctx_tokens, s->d.request.seqs,
           s->d.request.kv_unified ? " unified" : "", s->d.request.gpu_layers,
           (long long)(after.total_bytes - s->before.total_bytes),
           (long long)(after.gpu_bytes - s->before.gpu_bytes),
           (long long)(after.high_bytes - s->before.high_bytes), (int)s->before.verdict,
           (int)after.verdict);
}

/* An encoder keeps nothing of a sequence. */
static bool is_encoder(const situation *s) {
  return (s->model->flags & VF_MODEL_ENCODER) != 0;
}

static bool shares_or_has_no_cache(const situation *s) {
  return s->d.request.kv_unified || is_encoder(s);
}

static void more_context_and_more_sequences_never_need_less(void **user) {
  forward *f = *user;
  state = 4101842887655102017u;
  for (int n = 0; n < CASES;) {
    situation s;
    if (!draw_situation(&s, f)) continue;
    vf_request r = s.d.request;
    r.ctx_tokens += draw(2) == 0 ? 1 + draw(512) : 1 + draw(100000);
    no_less(&s, estimate(f, s.model, &r, s.devices, s.n), "more context");
    r = s.d.request;
    r.seqs += draw(2) == 0 ? 1 : 1 + (uint32_t)draw(64);
    if (!shares_or_has_no_cache(&s))
      no_less(&s, estimate(f, s.model, &r, s.devices, s.n), "more sequences");
    vf_model_free(s.model);
    n++;
  }
}

/* The same request in every format of a list, from the narrowest to the widest. */
static void check_weights(const forward *f, situation *s) {
  static const char *const quants[] = {"q2_k", "q3_k_m", "q4_k_m", "q5_k_m",
                                       "q6_k", "q8_0",   "bf16",   "f32"};
  for (size_t i = 0; i < sizeof quants / sizeof *quants; i++) {
    vf_model *m = NULL;
    assert_ok(vf_model_requantize(&m, s->model, quants[i], "llama.cpp", err));
    figures now = estimate(f, m, &s->d.request, s->devices, s->n);
    if (i > 0) no_less(s, now, quants[i]);
    s->before = now;
    vf_model_free(m);
  }
}

/* Of caches, the cache itself; all of it among those that are quantized. */
static void check_caches(const forward *f, situation *s) {
  static const char *const formats[] = {"q4_0", "q5_1", "q8_0", "f16"};
  vf_request r = s->d.request;
  bool first = true;
  for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
    assert_ok(vf_kv_format_find(&r.kv_k, formats[i], err));
    r.kv_v = r.kv_k;
    figures now = estimate(f, s->model, &r, s->devices, s->n);
    if (now.status != VF_OK) continue;
    if (!first) assert_true(now.cache_bytes >= s->before.cache_bytes);
    if (!first && r.kv_k != VF_FORMAT_F16) no_less(s, now, formats[i]);
    s->before = now;
    first = false;
  }
}

static void wider_formats_never_need_less(void **user) {
  state = 2862933555777941757u;
  for (int n = 0; n < CASES / 20;) {
    situation s;
    if (!draw_situation(&s, *user)) continue;
    if (strcmp(s.d.request.engine, "llama.cpp") == 0) {
      check_weights(*user, &s);
      check_caches(*user, &s);
      n++;
    }
    vf_model_free(s.model);
  }
}

/* All but the last step: then nothing is left on the host that would have to be staged. */
static void more_layers_on_the_gpu_never_need_less_of_it_until_all_are_there(void **user) {
  forward *f = *user;
  state = 1181783497276652981u;
  for (int n = 0; n < CASES / 40;) {
    situation s;
    if (!draw_situation(&s, f)) continue;
    if (strcmp(s.d.request.engine, "llama.cpp") == 0 && s.n == 1) {
      vf_request r = s.d.request;
      figures before = {.status = VF_NOMEM};
      for (uint32_t layers = 0; layers <= s.info.n_layers; layers++) {
        r.gpu_layers = (int32_t)layers;
        figures now = estimate(f, s.model, &r, s.devices, s.n);
        s.before = before;
        s.d.request.gpu_layers = r.gpu_layers;
        if (before.status == VF_OK && now.gpu_bytes < before.gpu_bytes &&
            s.devices[0].kind == VF_DEVICE_DISCRETE)
          no_less(&s, now, "one layer more");
        before = now;
      }
      n++;
    }
    vf_model_free(s.model);
  }
}

/* ---- The exceptions --------------------------------------------------------------------- */

/* llama.cpp's batch is a whole number of tokens per sequence: 512 become 546 for 39 sequences and
 * 520 for 40, and where all share one cache nothing else grows with them. */
static void of_sequences_that_share_a_cache_the_most_is_found_all_the_same(void **user) {
  forward *f = *user;
  state = 42;
  for (int n = 0; n < 25;) {
    vf_max_query q = {
        .struct_size = sizeof q, .kind = VF_MOST_SEQS, .base = draw_deployment(f, VF_MOST_NGL)};
    vf_answer a;
    vf_error err;
    uint32_t most = 0;
    q.base.request.kv_unified = true;
    if (vf_max_solve(&a, f->ctx, &q, &err) != VF_OK) continue;
    for (uint32_t seqs = 1; seqs <= 256; seqs++) {
      q.base.request.seqs = seqs;
      if (fits(f, &q.base)) most = seqs;
    }
    assert_u64(a.found ? a.best.number : 0, most);
    n++;
  }
}

static void one_sequence_more_may_need_less_where_they_share_a_cache(void **user) {
  vf_deployment d = {
      .struct_size = sizeof d, .model = "qwen2.5-coder-7b", .quant = "q4_k_m", .gpu = "gb10"};
  d.request = vf_request_init();
  d.request.ctx_tokens = 2561;
  d.request.kv_unified = true;
  d.request.seqs = 39;
  figures a = estimate_named(*user, &d);
  d.request.seqs = 40;
  figures b = estimate_named(*user, &d);
  assert_true(b.gpu_bytes < a.gpu_bytes);
}

/* ---- One question, two ways to ask it --------------------------------------------------- */

/* Any engine, or none; any format, or none. */
static vf_deployment draw_any(const forward *f) {
  static const char *const all[] = {
      "llama.cpp", "llama-server", "ollama",       "ik_llama.cpp", "koboldcpp", "lm-studio", "vllm",
      "sglang",    "tgi",          "tensorrt-llm", "transformers", "mlx",       "exllama",   NULL};
  vf_deployment d = draw_deployment(f, VF_MOST_CTX);
  d.request.engine = PICK(all);
  if (draw(2) == 0) d.quant = NULL;
  if (draw(2) == 0) d.gpu = PICK(cards);
  d.request.kv_k = d.request.kv_v = VF_FORMAT_NONE;
  if (draw(8) != 0) d.request.kv_unified = false;
  if (draw(8) == 0) d.request.tp = 2;
  return d;
}

/* "fp8" and "FP8 per tensor" are one format: what the model is in is called so, others by name. */
static bool same_format(const forward *f, const char *engine, const char *a, const char *b) {
  vf_model *m;
  vf_model_info info;
  if (strcmp(a, b) == 0) return true;
  if (vf_model_requantize(&m, vf_estimate_model(f->estimate), b, engine, NULL) != VF_OK)
    return false;
  vf_model_info_get(m, &info);
  bool same = strcmp(a, info.quant) == 0;
  vf_model_free(m);
  return same;
}

static void same_answer(const forward *f, const vf_deployment *d, vf_max_kind kind, uint64_t number,
                        const char *name) {
  vf_max_query q = {.struct_size = sizeof q, .kind = kind, .base = *d};
  vf_answer a;
  vf_error err;
  vf_status status = vf_max_solve(&a, f->ctx, &q, &err);
  if (status != VF_OK)
    fail_msg("question %d: %s %s %s on %s: %s", (int)kind, d->request.engine, d->model, d->quant,
             d->gpu, err.message);
  uint64_t found = a.found ? a.best.number : 0;
  bool same = name == NULL ? found == number
              : a.found    ? same_format(f, d->request.engine, name, a.best.name)
                           : name[0] == '\0';
  if (!same)
    fail_msg("question %d: %s %s %s on %s, %llu tokens x %u, tp %u: fit says %llu%s, max %llu%s",
             (int)kind, d->request.engine, d->model, d->quant, d->gpu,
             (unsigned long long)d->request.ctx_tokens, d->request.seqs, d->request.tp,
             (unsigned long long)number, name != NULL ? name : "", (unsigned long long)found,
             a.found ? a.best.name : "");
}

static bool check_limits(const forward *f, const vf_deployment *d, size_t *layers, size_t *asked) {
  vf_setup *setup;
  vf_limits l;
  vf_error why;
  size_t n;
  vf_estimate *scratch;
  if (vf_setup_open(&setup, f->ctx, d, &why) != VF_OK) return false;
  vf_status status = vf_setup_estimate(f->estimate, setup, &why);
  const vf_device *devices = vf_setup_devices(setup, &n);
  if (status == VF_OK) {
    assert_ok(vf_estimate_new(&scratch, f->ctx, err));
    assert_ok(vf_limits_solve(&l, f->estimate, scratch, devices, n, err));
    vf_estimate_free(scratch);
    *asked += l.estimates;
    same_answer(f, d, VF_MOST_CTX, l.max_ctx_tokens, NULL);
    same_answer(f, d, VF_MOST_SEQS, l.max_seqs, NULL);
    same_answer(f, d, VF_MOST_QUANT, 0, l.quant);
    if (n == 1 && devices[0].kind == VF_DEVICE_DISCRETE)
      same_answer(f, d, VF_MOST_GPUS, l.devices, NULL);
    if (l.gpu_layers >= 0) same_answer(f, d, VF_MOST_NGL, (uint64_t)l.gpu_layers, NULL);
    *layers += l.gpu_layers >= 0;
  }
  vf_setup_free(setup);
  return status == VF_OK;
}

static void what_fit_has_room_for_is_what_max_says(void **user) {
  size_t layers = 0, asked = 0;
  state = 20240229;
  for (int n = 0; n < 600;) {
    vf_deployment d = draw_any(*user);
    n += check_limits(*user, &d, &layers, &asked);
  }
  assert_in_range(layers, 20, 600);
  print_message("%.1f estimates each\n", (double)asked / 600);
  assert_in_range(asked, 600, 600 * 60);
}

/* ---- Ways out --------------------------------------------------------------------------- */

static vf_deployment with_way(const vf_deployment *d, const vf_request *as_estimated,
                              const vf_way *w) {
  vf_deployment x = *d;
  vf_request *r = &x.request;
  r->engine = as_estimated->engine;
  if (w->quant[0] != '\0') x.quant = w->quant;
  if (w->kv[0] != '\0') assert_ok(vf_deployment_set(&x, "kv", w->kv, err));
  if (w->ctx_tokens != 0) r->ctx_tokens = w->ctx_tokens;
  if (w->seqs != 0) r->seqs = w->seqs;
  if (w->cpu_moe_layers != 0) r->cpu_moe_layers = w->cpu_moe_layers;
  if (w->gpu_layers >= 0) r->gpu_layers = w->gpu_layers;
  if (w->cache_ram_off) r->prompt_cache_bytes = 0;
  if (w->max_num_seqs != 0) r->max_num_seqs = w->max_num_seqs;
  if (w->memory_fraction_ppm != 0) r->memory_fraction_ppm = w->memory_fraction_ppm;
  if (w->gpus != 0) x.gpus = w->gpus;
  if (w->tp != 0) r->tp = w->tp;
  if (w->pp != 0) r->pp = w->pp;
  if (w->ep != 0) r->ep = w->ep;
  return x;
}

/* The least that is worth a try: two bits, a short context, all in main memory, nothing kept. */
static bool anything_fits(const forward *f, const vf_deployment *d) {
  vf_deployment x = *d;
  x.quant = "q2_k";
  x.request.ctx_tokens = vf_min_u64(x.request.ctx_tokens, 4096);
  x.request.prompt_cache_bytes = 0;
  return fits(f, &x);
}

static bool check_ways(const forward *f, const vf_deployment *d, size_t *ways) {
  vf_setup *setup;
  vf_limits l;
  vf_error why;
  size_t n;
  vf_estimate *scratch, *own;
  vf_request asked = d->request;
  if (vf_setup_open(&setup, f->ctx, d, &why) != VF_OK) return false;
  assert_ok(vf_estimate_new(&own, f->ctx, err));
  vf_status status = vf_setup_estimate(own, setup, &why);
  const vf_device *devices = vf_setup_devices(setup, &n);
  bool doubtful = status == VF_OK && vf_estimate_verdict(own) != VF_FITS;
  if (doubtful) {
    assert_ok(vf_estimate_new(&scratch, f->ctx, err));
    assert_ok(vf_limits_solve(&l, own, scratch, devices, n, err));
    vf_estimate_free(scratch);
    for (size_t i = 0; i < l.n_ways; i++) {
      vf_deployment x = with_way(d, &asked, &l.ways[i]);
      if (!fits(f, &x))
        fail_msg("way %zu does not fit: %s %s %s on %s, %llu x %u: quant '%s' ctx %llu kv '%s' moe "
                 "%u ngl %d gpus %u",
                 i, d->request.engine, d->model, d->quant, d->gpu,
                 (unsigned long long)d->request.ctx_tokens, d->request.seqs, l.ways[i].quant,
                 (unsigned long long)l.ways[i].ctx_tokens, l.ways[i].kv, l.ways[i].cpu_moe_layers,
                 l.ways[i].gpu_layers, l.ways[i].gpus);
    }
    bool offloads = strcmp(d->request.engine, "llama.cpp") == 0;
    if (l.n_ways == 0 && offloads && anything_fits(f, d))
      fail_msg("no way: %s %s on %s, %llu tokens x %u", d->model, d->quant, d->gpu,
               (unsigned long long)d->request.ctx_tokens, d->request.seqs);
    *ways += l.n_ways;
  }
  vf_estimate_free(own);
  vf_setup_free(setup);
  return doubtful;
}

/* Each of them fits, all its changes together; and there is one wherever something fits. */
static void every_way_out_fits(void **user) {
  size_t ways = 0;
  state = 1103515245;
  for (int n = 0; n < 500;) {
    vf_deployment d = draw_deployment(*user, VF_MOST_CTX);
    n += check_ways(*user, &d, &ways);
  }
  assert_in_range(ways, 500, 1500);
}

/* ---- What is remembered ----------------------------------------------------------------- */

/* An estimate remembers graphs: it says what a fresh one says. */
static void an_estimate_that_was_used_before_says_the_same(void **user) {
  forward *f = *user, fresh = {.ctx = f->ctx};
  state = 7;
  for (int n = 0; n < CASES / 10; n++) {
    situation s;
    if (!draw_situation(&s, f)) continue;
    assert_ok(vf_estimate_new(&fresh.estimate, f->ctx, err));
    figures x = estimate(&fresh, s.model, &s.d.request, s.devices, s.n);
    assert_memory_equal(&x, &s.before, sizeof x);
    vf_estimate_free(fresh.estimate);
    vf_model_free(s.model);
  }
}

/* Whatever the order in which the cells are worked through and shown. */
static void every_cell_of_a_table_is_the_forward_estimate(void **user) {
  static const vf_axis axes[][3] = {
      {{VF_AXIS_GPU, "l4,rtx-4090x2,gb10"},
       {VF_AXIS_QUANT, "q8_0,q4"},
       {VF_AXIS_CTX, "4k,8k,9000"}},
      {{VF_AXIS_CTX, "4k,8k,9000"},
       {VF_AXIS_QUANT, "q8_0,q4"},
       {VF_AXIS_GPU, "l4,rtx-4090x2,gb10"}},
      {{VF_AXIS_QUANT, "q8_0,q4"},
       {VF_AXIS_CTX, "4k,8k,9000"},
       {VF_AXIS_GPU, "l4,rtx-4090x2,gb10"}},
  };
  forward *f = *user;
  for (size_t a = 0; a < sizeof axes / sizeof *axes; a++) {
    vf_deployment d = {
        .struct_size = sizeof d, .model = "llama3.1-8b", .request = vf_request_init()};
    vf_grid *grid;
    bool finished = false;
    size_t sizes[3], at[3];
    assert_ok(vf_grid_new(&grid, f->ctx, &d, axes[a], 3, err));
    while (!finished) assert_ok(vf_grid_work(grid, 5, &finished, err));
    assert_u64(vf_grid_size(grid), 18);
    for (size_t i = 0; i < 3; i++) sizes[i] = vf_grid_axis_size(grid, i);
    for (size_t cell = 0; cell < 18; cell++) {
      at[0] = cell / sizes[2] / sizes[1];
      at[1] = cell / sizes[2] % sizes[1];
      at[2] = cell % sizes[2];
      for (size_t i = 0; i < 3; i++) {
        const char *label = vf_grid_axis_label(grid, i, at[i]);
        if (axes[a][i].kind == VF_AXIS_GPU) d.gpu = label;
        if (axes[a][i].kind == VF_AXIS_QUANT) d.quant = label;
        if (axes[a][i].kind == VF_AXIS_CTX)
          assert_ok(vf_tokens_parse(&d.request.ctx_tokens, label, err));
      }
      figures x = estimate_named(f, &d);
      const vf_outcome *c = vf_grid_cell(grid, cell);
      assert_true(c->known && !c->refused);
      assert_u64(c->need_bytes, x.gpu_bytes);
      assert_u64(c->need_high_bytes, x.high_bytes);
      assert_int_equal(c->verdict, x.verdict);
    }
    vf_grid_free(grid);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_answer_is_tight),
      cmocka_unit_test(more_context_and_more_sequences_never_need_less),
      cmocka_unit_test(wider_formats_never_need_less),
      cmocka_unit_test(more_layers_on_the_gpu_never_need_less_of_it_until_all_are_there),
      cmocka_unit_test(of_sequences_that_share_a_cache_the_most_is_found_all_the_same),
      cmocka_unit_test(one_sequence_more_may_need_less_where_they_share_a_cache),
      cmocka_unit_test(what_fit_has_room_for_is_what_max_says),
      cmocka_unit_test(every_way_out_fits),
      cmocka_unit_test(an_estimate_that_was_used_before_says_the_same),
      cmocka_unit_test(every_cell_of_a_table_is_the_forward_estimate),
  };
  return cmocka_run_group_tests(tests, set_up, tear_down);
}
