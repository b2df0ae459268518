/* judge.c - one deployment of a file: which devices, does it fit, what of it was not understood.
 *
 * Nothing is guessed: without a GPU, a model or a value that is stated by a variable there is no
 * verdict, and a finding says why.  Where a manifest allows any of several GPUs, the one that it
 * fits least is judged. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/checked.h"
#include "base/names.h"
#include "base/status.h"
#include "base/text.h"
#include "base/units.h"
#include "core/estimate.h"
#include "core/words.h"
#include "deploy/setup.h"
#include "solve/check.h"

/* ---- Names of GPUs ---------------------------------------------------------------------- */

enum { NAME_BYTES = 128, LONGEST_MODEL = 4096 };

/* "NVIDIA-H100-80GB-HBM3" without its maker, in small letters with dashes. */
static void plain_name(char out[NAME_BYTES], const char *name) {
  static const char *const makers[] = {"nvidia-gpu-", "nvidia-tesla-", "nvidia-geforce-", "nvidia-",
                                       "amd-instinct-", "amd-", "tesla-", "geforce-"};
  size_t n = 0;
  for (const char *c = name; *c != '\0' && n + 1 < NAME_BYTES; c++) {
    char letter = *c == ' ' || *c == '_' ? '-' : *c;
    out[n++] = letter >= 'A' && letter <= 'Z' ? (char)(letter - 'A' + 'a') : letter;
  }
  out[n] = '\0';
  for (size_t i = 0; i < sizeof makers / sizeof *makers; i++) {
    size_t m = strlen(makers[i]);
    if (strncmp(out, makers[i], m) != 0 || out[m] == '\0') continue;
    memmove(out, out + m, n - m + 1);
    break;
  }
  if (strncmp(out, "rtx", 3) != 0 || out[3] == '-' || out[3] == '\0') return;
  n = strlen(out);
  if (n + 1 < NAME_BYTES) memmove(out + 4, out + 3, n - 2), out[3] = '-'; /* "rtx4090" */
}

/* "-40gb" in a name is what the device has; 0: the name does not say. */
static uint64_t stated_bytes(const char *name) {
  for (const char *s = name; (s = strstr(s, "gb")) != NULL; s += 2) {
    const char *start = s;
    while (start > name && start[-1] >= '0' && start[-1] <= '9') start--;
    if (start < s) return strtoull(start, NULL, 10) * UINT64_C(1000000000);
  }
  return 0;
}

/* Within a seventh: 80 "GB" are 80 GiB, less what the driver keeps. */
static bool has_stated_memory(const vf_device *d, uint64_t bytes) {
  uint64_t slack = bytes / 7;
  return bytes == 0 || (d->total_bytes >= bytes - slack && d->total_bytes <= bytes + slack);
}

/* As it stands, then part by part less of it: "h100-80gb-hbm3", "h100-80gb", "h100". */
static bool find_device(const vf_context *ctx, vf_device devices[VF_MAX_DEVICES], size_t *n,
                        const char *name) {
  char text[NAME_BYTES];
  if (strlen(name) >= NAME_BYTES || strchr(name, '$') != NULL) return false;
  if (vf_devices_parse(devices, VF_MAX_DEVICES, n, ctx, name, NULL) == VF_OK) return true;
  plain_name(text, name);
  uint64_t bytes = stated_bytes(text);
  for (char *dash = text; dash != NULL;) {
    if (text[0] != '\0' && vf_devices_parse(devices, VF_MAX_DEVICES, n, ctx, text, NULL) == VF_OK)
      return has_stated_memory(&devices[0], bytes);
    dash = strrchr(text, '-');
    if (dash != NULL) *dash = '\0';
  }
  return false;
}

/* ---- Devices ---------------------------------------------------------------------------- */

/* "0,1": how many are visible; 0: all, or it cannot be told. */
static uint32_t count_visible(const char *visible) {
  uint32_t n = 1;
  if (visible == NULL || visible[0] == '\0' || strcmp(visible, "all") == 0 ||
      vf_word_is_unknown(visible) || strcmp(visible, "void") == 0)
    return 0;
  for (const char *c = visible; *c != '\0'; c++) n += *c == ',';
  return n;
}

/* As many as the manifest says, or as the engine has ranks. */
static uint32_t count_wanted(const vf_checked *k, const vf_deployment *d) {
  uint32_t visible = count_visible(k->gpus.visible);
  uint64_t ranks = (uint64_t)vf_max_u32(d->request.tp, 1) * vf_max_u32(d->request.pp, 1) *
                   vf_max_u32(d->request.dp, 1);
  if (k->gpus.spans && k->gpus.count != 0 && ranks > k->gpus.count &&
      ranks % k->gpus.count == 0 && ranks <= VF_MAX_DEVICES)
    return (uint32_t)ranks; /* of several machines with so many each */
  if (k->gpus.count != 0 && (visible == 0 || k->gpus.count < visible)) return k->gpus.count;
  if (visible != 0) return visible;
  return ranks <= VF_MAX_DEVICES ? (uint32_t)ranks : 1;
}

/* A device by the name of the manifest; false: nobody knows it. */
static bool name_device(vf_check *c, vf_deployment *d, const vf_checked *k, const char *name) {
  vf_device devices[VF_MAX_DEVICES];
  size_t n = 0;
  if (!find_device(c->ctx, devices, &n, name)) return false;
  bool counted = k->gpus.count != 0 || count_visible(k->gpus.visible) != 0;
  bool whole = n > 1 && !counted; /* a machine with several, of which all are meant */
  d->gpu = whole ? vf_check_keep(c, name) : vf_check_keep(c, devices[0].id);
  d->gpus = whole ? 0 : count_wanted(k, d);
  if (d->gpus == 1) d->gpus = 0;
  d->machine = NULL;
  return d->gpu != NULL;
}

/* The policy's: of one kind as many as are wanted, of several those that it names. */
static bool take_policy(vf_check *c, vf_deployment *d, const vf_checked *k) {
  vf_device devices[VF_MAX_DEVICES];
  size_t n = 0;
  const vf_deployment *p = &c->policy;
  if (p->gpu == NULL) return false;
  d->gpu = p->gpu;
  d->gpus = p->gpus;
  d->machine = p->machine;
  d->empty = p->empty;
  if (p->gpus == 0 && p->machine == NULL &&
      vf_devices_parse(devices, VF_MAX_DEVICES, &n, c->ctx, p->gpu, NULL) == VF_OK && n == 1) {
    d->gpus = count_wanted(k, d);
    if (d->gpus == 1) d->gpus = 0;
  }
  return true;
}

/* What counts for all: memory, what is used, the headroom. */
static void apply_policy(vf_check *c, vf_deployment *d) {
  const vf_deployment *p = &c->policy;
  if (d->memory_bytes == 0) d->memory_bytes = p->memory_bytes;
  if (d->used_bytes == 0) d->used_bytes = p->used_bytes;
  if (!d->headroom.set) d->headroom = p->headroom;
  if (d->request.host_memory_bytes == 0) d->request.host_memory_bytes = p->request.host_memory_bytes;
}

/* ---- What was not understood ------------------------------------------------------------ */

static vf_status take_unset(vf_check *c, vf_checked *k, vf_command *command, vf_error *err) {
  size_t n;
  const vf_unstated *u = vf_command_unstated(command, &n);
  k->unset = vf_arena_alloc(c->arena, 2 * n + 1, sizeof *k->unset);
  if (k->unset == NULL) return vf_fail_nomem(err);
  for (size_t i = 0; i < n; i++) {
    const char *word = vf_word_written(u[i].word, c->arena);
    if (word == NULL) return vf_fail_nomem(err);
    k->unset[2 * i] = u[i].param != NULL ? u[i].param->info.key : "";
    k->unset[2 * i + 1] = word;
    if (u[i].param != NULL && strcmp(u[i].param->info.key, "model") == 0 && k->model == NULL)
      k->model = word;
    if (u[i].param != NULL)
      vf_checked_add(c, k, VF_RULE_VARIABLE, "%s is stated by '%.120s', which is not set",
                     u[i].param->info.key, word);
    else
      vf_checked_add(c, k, VF_RULE_VARIABLE, "'%.120s' is not set and may stand for any option", word);
  }
  return VF_OK;
}

/* Copies of so many words. */
static const char **keep_words(vf_check *c, const char *const *words, size_t n) {
  const char **list = vf_arena_alloc(c->arena, n + 1, sizeof *list);
  for (size_t i = 0; list != NULL && i < n; i++) {
    list[i] = vf_check_keep(c, words[i]);
    if (list[i] == NULL) return NULL;
  }
  return list;
}

static vf_status take_accounted(vf_check *c, vf_checked *k, const vf_found *found, vf_error *err) {
  size_t n = 0, m = 0;
  if (found->command == NULL) return VF_OK;
  const char *const *taken = vf_command_taken(found->command, &n);
  const char *const *passed = vf_command_passed(found->command);
  while (passed[m] != NULL) m++;
  k->read = keep_words(c, taken, n);
  k->passed = keep_words(c, passed, m);
  return k->read != NULL && k->passed != NULL ? VF_OK : vf_fail_nomem(err);
}

/* Where the word stands in the file; 0: that is not known. */
static uint32_t line_of(const vf_found *found, const char *word) {
  for (size_t i = 0; i < found->n_words; i++)
    if (found->words[i] == word) return found->lines[i];
  return 0;
}

static vf_status take_unread(vf_check *c, vf_checked *k, const vf_found *found, vf_error *err) {
  size_t n = 0;
  const vf_unread *u = found->command != NULL ? vf_command_unread(found->command, &n) : NULL;
  size_t all = n + found->n_foreign;
  k->unread = vf_arena_alloc(c->arena, all + 1, sizeof *k->unread);
  if (k->unread == NULL) return vf_fail_nomem(err);
  for (size_t i = 0; i < all; i++) {
    k->unread[i] = vf_check_keep(c, i < n ? u[i].text : found->foreign[i - n]);
    if (k->unread[i] == NULL) return vf_fail_nomem(err);
  }
  for (size_t i = 0; i < n; i++) {
    vf_finding *f = vf_checked_add(c, k, VF_RULE_UNREAD,
                                   u[i].known
                                       ? "%.200s is not counted: it may move memory"
                                       : "%.200s is no option that is known: it may move memory",
                                   k->unread[i]);
    uint32_t line = line_of(found, u[i].word);
    if (f != NULL && line != 0) f->line = line, f->column = 1;
  }
  return VF_OK;
}

/* Strings of a deployment go with the command that they came from. */
static vf_status keep_deployment(vf_check *c, vf_checked *k, const vf_deployment *d, vf_error *err) {
  k->deployment = *d;
  for (size_t i = 0; i < VF_PARAM_COUNT; i++) {
    if (vf_params[i].kind != VF_KIND_TEXT && vf_params[i].kind != VF_KIND_SPEC) continue;
    const char **at = (const char **)(void *)((unsigned char *)&k->deployment + vf_params[i].offset);
    if (*at == NULL) continue;
    *at = vf_check_keep(c, *at);
    if (*at == NULL) return vf_fail_nomem(err);
  }
  vf_request *r = &k->deployment.request;
  for (size_t i = 0; i < r->override_count; i++) {
    r->overrides[i].pattern = vf_arena_copy(c->arena, r->overrides[i].pattern, r->overrides[i].length);
    if (r->overrides[i].pattern == NULL) return vf_fail_nomem(err);
  }
  k->deployment.remarks = NULL;
  k->deployment.n_remarks = 0;
  return VF_OK;
}

static vf_status keep_gpus(vf_check *c, vf_checked *k, const vf_found_gpus *g, vf_error *err) {
  k->gpus = *g;
  for (size_t i = 0; i < g->n_names; i++) {
    k->gpus.names[i] = vf_check_keep(c, g->names[i]);
    if (k->gpus.names[i] == NULL) return vf_fail_nomem(err);
  }
  if (g->visible != NULL) {
    const char *written = vf_word_written(g->visible, c->arena);
    if (written == NULL) return vf_fail_nomem(err);
    k->gpus.visible = written;
  }
  return VF_OK;
}

static vf_status keep_found(vf_check *c, vf_checked *k, const vf_found *found, vf_error *err) {
  const vf_engine *engine = found->command != NULL ? vf_command_engine(found->command) : NULL;
  const vf_deployment none = vf_deployment_init();
  const vf_deployment *d = found->command != NULL ? vf_command_so_far(found->command) : &none;
  k->path = vf_check_keep(c, found->path);
  k->line = found->line;
  k->column = found->column;
  if (k->path == NULL) return vf_fail_nomem(err);
  vf_status status = keep_deployment(c, k, d, err);
  if (status == VF_OK) status = keep_gpus(c, k, &found->gpus, err);
  if (status != VF_OK) return status;
  k->engine = found->engine != NULL ? vf_check_keep(c, found->engine)
              : engine != NULL      ? engine->name
                                    : k->deployment.request.engine;
  if (engine != NULL && engine->dialect == &vf_dialect_llamacpp) {
    k->program = engine->name;
    k->engine = "llama.cpp";
  }
  if (d->model == NULL && found->model != NULL) {
    k->model = vf_word_written(found->model, c->arena);
    if (k->model == NULL) return vf_fail_nomem(err);
  } else {
    k->model = k->deployment.model;
  }
  return VF_OK;
}

/* ---- Ways out --------------------------------------------------------------------------- */

static void add_way(vf_check *c, vf_finding *f, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

static void add_way(vf_check *c, vf_finding *f, const char *fmt, ...) {
  char text[160];
  va_list args;
  va_start(args, fmt);
  vsnprintf(text, sizeof text, fmt, args);
  va_end(args);
  const char *kept = vf_check_keep(c, text);
  if (f->n_ways < VF_CHECK_WAYS && kept != NULL) f->ways[f->n_ways++] = kept;
}

/* Each of them was estimated, and fits with its headroom. */
static void add_ways(vf_check *c, vf_finding *f, const vf_limits *l) {
  const vf_workload *w = vf_estimate_workload(c->estimate);
  if (f == NULL) return;
  if (l->max_ctx_tokens != 0 && l->max_ctx_tokens < w->requested_ctx_tokens)
    add_way(c, f, "a context of %" PRIu64 " tokens", l->max_ctx_tokens);
  if (l->max_seqs != 0 && l->max_seqs < w->seqs) add_way(c, f, "%" PRIu32 " sequences", l->max_seqs);
  if (l->kv_fp8) add_way(c, f, "the KV cache in fp8");
  if (l->quant[0] != '\0') add_way(c, f, "weights in %s", l->quant);
  if (l->memory_fraction_ppm != 0)
    add_way(c, f, "%u.%02u of the memory", (unsigned)(l->memory_fraction_ppm / 1000000),
            (unsigned)(l->memory_fraction_ppm / 10000 % 100));
  if (l->devices > 1) add_way(c, f, "%" PRIu32 " such GPUs", l->devices);
  if (l->gpu_layers > 0) add_way(c, f, "%" PRId32 " layers on the GPU", l->gpu_layers);
}

/* ---- The verdict ------------------------------------------------------------------------ */

static void put_size(char *out, size_t size, uint64_t bytes) {
  vf_text t = vf_text_on(out, size);
  vf_text_size(&t, bytes, VF_UNIT_GIB, 2);
}

static void sum_up(vf_outcome *out, const vf_estimate *e) {
  size_t n;
  const vf_device_budget *b = vf_estimate_devices(e, &n);
  const vf_device_budget *tightest = vf_estimate_tightest(e);
  *out = (vf_outcome){.known = true, .verdict = vf_estimate_verdict(e),
                      .engine = vf_estimate_workload(e)->engine};
  for (size_t i = 0; i < n; i++) {
    if (b[i].device.kind == VF_DEVICE_HOST && n > 1) continue;
    out->need_bytes += b[i].need.bytes;
    out->need_high_bytes += b[i].need.high_bytes;
    out->capacity_bytes += b[i].capacity_bytes;
  }
  if (tightest == NULL) return;
  out->headroom_bytes = tightest->headroom_bytes;
  out->target_bytes = tightest->headroom_target_bytes;
}

/* "needs 20.11 of 15.70 GiB on RTX 4080: 4.41 GiB too much" */
static vf_finding *tell_verdict(vf_check *c, vf_checked *k) {
  const vf_device_budget *b = vf_estimate_tightest(c->estimate);
  char need[32], capacity[32], by[32];
  vf_verdict v = k->verdict;
  if (v == VF_FITS || b == NULL) return NULL;
  uint64_t high = b->need.high_bytes, target = b->headroom_target_bytes, left = 0;
  put_size(need, sizeof need, v == VF_NO_FIT ? b->need.bytes : high);
  put_size(capacity, sizeof capacity, b->capacity_bytes);
  if (v == VF_NO_FIT) {
    left = b->need.bytes > b->capacity_bytes ? b->need.bytes - b->capacity_bytes : 0;
    put_size(by, sizeof by, left);
    if (left == 0)
      return vf_checked_add(c, k, VF_RULE_NO_FIT, "%s does not start it on %s: it needs %s of %s GiB "
                            "on %s, and a larger share than it is given", k->engine != NULL ? k->engine : "the engine",
                            k->judged_on, need, capacity, b->device.name);
    return vf_checked_add(c, k, VF_RULE_NO_FIT, "needs %s of %s GiB on %s: %s GiB too much", need,
                          capacity, b->device.name, by);
  }
  if (v == VF_RISKY) {
    put_size(by, sizeof by, high > b->capacity_bytes ? high - b->capacity_bytes : 0);
    vf_finding *f = vf_checked_add(c, k, VF_RULE_RISKY,
                                   "may need up to %s of %s GiB on %s: %s GiB too much", need,
                                   capacity, b->device.name, by);
    if (f != NULL && c->options.allow_risky) f->level = VF_LEVEL_WARNING;
    return f;
  }
  uint64_t with = high + target;
  put_size(by, sizeof by, with > b->capacity_bytes ? with - b->capacity_bytes : 0);
  return vf_checked_add(c, k, VF_RULE_TIGHT,
                        "needs up to %s of %s GiB on %s: %s GiB less headroom than wanted", need,
                        capacity, b->device.name, by);
}

/* A percentage, "90%", or a share, "0.9", in thousandths; false: it is none. */
static bool read_share(uint32_t *permille, const char *text) {
  char *end;
  double value = strtod(text, &end);
  bool percent = *end == '%' && end[1] == '\0';
  if (end == text || (*end != '\0' && !percent) || !(value >= 0) || value > 100) return false;
  *permille = (uint32_t)(value * (percent ? 10 : 1000) + 0.5);
  return *permille <= 1000;
}

static void expect_share(vf_check *c, vf_checked *k, const vf_node *node) {
  const char *text = vf_node_text(node, NULL);
  uint32_t permille = 0;
  const vf_device_budget *b = vf_estimate_tightest(c->estimate);
  if (text == NULL || !read_share(&permille, text)) {
    vf_checked_add(c, k, VF_RULE_INVALID, "max_utilization: a share is expected, 0.9 or 90%%");
    return;
  }
  if (b == NULL || b->capacity_bytes == 0) return;
  uint64_t now = (uint64_t)((double)b->need.high_bytes * 1000.0 / (double)b->capacity_bytes);
  vf_finding *f = now <= permille ? NULL
      : vf_checked_add(c, k, VF_RULE_EXPECTED, "max_utilization: it takes up to %u.%u %% of %s, not %u.%u",
                       (unsigned)(now / 10), (unsigned)(now % 10), b->device.name,
                       (unsigned)(permille / 10), (unsigned)(permille % 10));
  if (f != NULL) f->line = node->line, f->column = node->column;
}

static void expect_headroom(vf_check *c, vf_checked *k, const vf_node *node) {
  const char *text = vf_node_text(node, NULL);
  const vf_device_budget *b = vf_estimate_tightest(c->estimate);
  uint64_t bytes = 0;
  uint32_t permille = 0;
  char have[32], wanted[32];
  if (b == NULL) return;
  if (text != NULL && strchr(text, '%') != NULL && read_share(&permille, text))
    bytes = b->capacity_bytes / 1000 * permille;
  else if (text == NULL || vf_size_parse(&bytes, text, NULL) != VF_OK) {
    vf_checked_add(c, k, VF_RULE_INVALID, "min_headroom: a size or a share is expected, 2GiB or 10%%");
    return;
  }
  uint64_t free = b->need.high_bytes < b->capacity_bytes ? b->capacity_bytes - b->need.high_bytes : 0;
  if (free >= bytes) return;
  put_size(have, sizeof have, free);
  put_size(wanted, sizeof wanted, bytes);
  vf_finding *f = vf_checked_add(c, k, VF_RULE_EXPECTED,
                                 "min_headroom: %s GiB stay free on %s, not %s", have, b->device.name, wanted);
  if (f != NULL) f->line = node->line, f->column = node->column;
}

static void expect_number(vf_check *c, vf_checked *k, const vf_node *node, const char *what,
                          uint64_t have) {
  uint64_t wanted = 0;
  const char *text = vf_node_text(node, NULL);
  if (text == NULL || vf_tokens_parse(&wanted, text, NULL) != VF_OK) {
    vf_checked_add(c, k, VF_RULE_INVALID, "%s: a number is expected", what);
    return;
  }
  if (have >= wanted) return;
  vf_finding *f = vf_checked_add(c, k, VF_RULE_EXPECTED, "%s: %" PRIu64 ", not %" PRIu64, what, have, wanted);
  if (f != NULL) f->line = node->line, f->column = node->column;
}

static bool expects_fit(const vf_node *expect) {
  const char *text = vf_node_text(expect, "fits");
  return text == NULL || strcmp(text, "false") != 0;
}

/* What a manifest of ours wants to hold; keys that nobody knows are mistakes. */
static void expect_all(vf_check *c, vf_checked *k, const vf_node *expect, const vf_limits *l) {
  vf_speed s;
  vf_estimate_speed(c->estimate, &s);
  if (!vf_node_is(expect, VF_NODE_MAP)) return;
  for (const vf_item *i = expect->items; i != NULL; i = i->next) {
    const char *key = i->key->text;
    if (strcmp(key, "fits") == 0) {
      bool fits = k->verdict == VF_FITS || k->verdict == VF_TIGHT;
      if (!expects_fit(expect) && fits)
        vf_checked_add(c, k, VF_RULE_EXPECTED, "fits: false is expected, and it fits");
    } else if (strcmp(key, "max_utilization") == 0) {
      expect_share(c, k, i->value);
    } else if (strcmp(key, "min_headroom") == 0) {
      expect_headroom(c, k, i->value);
    } else if (strcmp(key, "min_seqs") == 0) {
      expect_number(c, k, i->value, key, l->max_seqs);
    } else if (strcmp(key, "min_ctx") == 0) {
      expect_number(c, k, i->value, key, l->max_ctx_tokens);
    } else if (strcmp(key, "min_decode") == 0) {
      if (s.decode_known) expect_number(c, k, i->value, key, s.decode.low / 1000);
      if (!s.decode_known) vf_checked_add(c, k, VF_RULE_EXPECTED, "min_decode: the speed is not known");
    } else {
      vf_checked_add(c, k, VF_RULE_INVALID, "expect: no expectation is called '%.60s'", key);
    }
  }
}

static bool beyond_model(const vf_estimate *e) {
  size_t n;
  const vf_assumption *a = vf_estimate_assumptions(e, &n);
  for (size_t i = 0; i < n; i++)
    if (strncmp(a[i].code, "ctx-beyond-model", 16) == 0) return true;
  return false;
}

/* Whether a figure below tells more than the verdict itself. */
static bool needs_limits(const vf_checked *k, const vf_node *expect) {
  return k->verdict != VF_FITS || vf_node_get(expect, "min_seqs") != NULL ||
         vf_node_get(expect, "min_ctx") != NULL;
}

/* With the estimate done: what it says. */
static vf_status tell_estimate(vf_check *c, vf_checked *k, const vf_setup *setup, const vf_node *expect,
                               vf_error *err) {
  vf_limits l = {.gpu_layers = -1};
  size_t n;
  const vf_device *devices = vf_setup_devices(setup, &n);
  k->judged = true;
  sum_up(&k->outcome, c->estimate);
  k->verdict = k->outcome.verdict;
  if (k->engine == NULL) k->engine = k->outcome.engine;
  k->version = vf_estimate_workload(c->estimate)->engine_version;
  if (needs_limits(k, expect)) {
    vf_status status = vf_limits_solve(&l, c->estimate, c->scratch, devices, n, NULL);
    if (status == VF_NOMEM) return vf_fail_nomem(err);
  }
  vf_finding *f = tell_verdict(c, k);
  add_ways(c, f, &l);
  if (f != NULL && !expects_fit(expect)) f->level = VF_LEVEL_NOTE;
  if (beyond_model(c->estimate))
    vf_checked_add(c, k, VF_RULE_BEYOND, "the context is beyond the model's own limit");
  expect_all(c, k, expect, &l);
  return VF_OK;
}

/* ---- One candidate ---------------------------------------------------------------------- */

static vf_status tell_refusal(vf_check *c, vf_checked *k, vf_status status, const vf_error *cause,
                              bool opened, vf_error *err) {
  if (status == VF_NOMEM) return vf_fail_nomem(err);
  const char *source = cause->source[0] != '\0' ? cause->source : "";
  if (opened) {
    k->judged = true;
    k->verdict = VF_NO_FIT;
    k->outcome = (vf_outcome){.known = true, .refused = true, .verdict = VF_NO_FIT};
    vf_checked_add(c, k, VF_RULE_REFUSED, "%s", cause->message);
  } else {
    vf_checked_add(c, k, VF_RULE_MODEL_UNKNOWN, "%s%s%s", source, source[0] != '\0' ? ": " : "",
                   cause->message);
  }
  return VF_OK;
}

static vf_status judge_on(vf_check *c, vf_checked *k, const vf_deployment *d, const vf_node *expect,
                          vf_error *err) {
  vf_setup *setup = NULL;
  vf_error cause = {.status = VF_OK};
  k->judged_on = d->gpu;
  vf_status status = vf_setup_open(&setup, c->ctx, d, &cause);
  bool opened = status == VF_OK;
  if (opened) status = vf_setup_estimate(c->estimate, setup, &cause);
  status = status == VF_OK ? tell_estimate(c, k, setup, expect, err)
                           : tell_refusal(c, k, status, &cause, opened, err);
  vf_setup_free(setup);
  return status;
}

/* Of any of several GPUs the worst is told. */
static vf_status judge_any(vf_check *c, vf_checked *k, vf_deployment *d, const vf_node *expect,
                           bool *found, vf_error *err) {
  size_t before = k->n_findings;
  bool any = false;
  vf_checked worst = *k;
  for (size_t i = 0; i < k->gpus.n_names; i++) {
    vf_checked one = *k;
    one.n_findings = before;
    if (!name_device(c, d, k, k->gpus.names[i])) continue;
    vf_status status = judge_on(c, &one, d, expect, err);
    if (status != VF_OK) return status;
    bool worse = !any || (one.judged && (!worst.judged || one.verdict > worst.verdict ||
                                         one.outcome.headroom_bytes < worst.outcome.headroom_bytes));
    if (worse) worst = one;
    any = true;
  }
  if (any) *k = worst;
  *found = any;
  return VF_OK;
}

static vf_status judge_known(vf_check *c, vf_checked *k, vf_deployment *d, const vf_found *found,
                             vf_error *err) {
  bool named = false;
  vf_status status = judge_any(c, k, d, found->expect, &named, err);
  if (status != VF_OK || named) return status;
  if (take_policy(c, d, k)) return judge_on(c, k, d, found->expect, err);
  if (k->gpus.n_names > 0)
    vf_checked_add(c, k, VF_RULE_NOT_JUDGED, "no GPU is known by the name '%.80s': --gpu says which",
                   k->gpus.names[0]);
  else
    vf_checked_add(c, k, VF_RULE_NOT_JUDGED,
                   "it does not say which GPU it runs on: --gpu, or the manifest, says it");
  return VF_OK;
}

static bool model_is_unset(const vf_checked *k) {
  for (size_t i = 0; k->unset != NULL && k->unset[i] != NULL; i += 2)
    if (strcmp(k->unset[i], "model") == 0) return true;
  return false;
}

/* A model of a folder has to serve what the policy says. */
static void serve_policy(const vf_check *c, vf_deployment *d) {
  const vf_deployment *p = &c->policy;
  const char *model = d->model;
  vf_deployment own = *p;
  own.model = model;
  own.gpu = d->gpu;
  own.gpus = 0;
  own.elsewhere = false;
  *d = own;
}

vf_status vf_judge(vf_check *c, vf_checked *k, const vf_found *found, vf_error *err) {
  vf_deployment d;
  vf_error cause = {.status = VF_OK};
  vf_status status = keep_found(c, k, found, err);
  if (status == VF_OK && found->command != NULL) status = take_unset(c, k, found->command, err);
  if (status != VF_OK) return status;
  if (found->status != VF_OK)
    vf_checked_add(c, k, VF_RULE_INVALID, "%s%s%s", found->error.source,
                   found->error.source[0] != '\0' ? ": " : "", found->error.message);
  if (k->n_findings == 0 && k->model == NULL)
    vf_checked_add(c, k, VF_RULE_MODEL_UNKNOWN, "it states no model");
  else if (found->engine != NULL)
    vf_checked_add(c, k, VF_RULE_NOT_JUDGED, "%.60s is no engine that is known", k->engine);
  if (k->model != NULL && strlen(k->model) > LONGEST_MODEL)
    vf_checked_add(c, k, VF_RULE_MODEL_UNKNOWN, "a name of %zu bytes is no model's", strlen(k->model));
  bool whole = k->n_findings == 0 && !model_is_unset(k);
  if (whole) status = vf_command_deployment(found->command, &d, &cause);
  if (whole && status != VF_OK) {
    if (status == VF_NOMEM) return vf_fail_nomem(err);
    vf_checked_add(c, k, VF_RULE_INVALID, "%s", cause.message);
    whole = false;
    status = VF_OK;
  }
  bool folder = found->command != NULL && strcmp(found->path, "model") == 0 && found->engine == NULL &&
                vf_command_engine(found->command) == NULL && found->line == 1 && !found->gpus.stated;
  if (whole) {
    d.elsewhere = true;
    if (d.model == NULL) d.model = k->model;
    if (strncmp(d.model, "hf://", 5) == 0) d.model += 5;
    if (folder) serve_policy(c, &d);
    apply_policy(c, &d);
    status = judge_known(c, k, &d, found, err);
  }
  if (status == VF_OK) status = take_accounted(c, k, found, err);
  return status == VF_OK ? take_unread(c, k, found, err) : status;
}
