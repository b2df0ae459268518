/* command_outcome.c - what a command line comes to: the context of each sequence, the GPUs that are
 * visible, what a Modelfile adds. */
#include <stdlib.h>
#include <string.h>

#include "base/args.h"
#include "base/checked.h"
#include "base/status.h"
#include "deploy/command_parts.h"
#include "deploy/words.h"

/* llama.cpp's context is that of all sequences: each gets its share, unless they share one pool.
 * Among our own options -c is of each, unless the sequences were told in llama.cpp's words, too. */
static vf_status share_context(vf_command *c, vf_deployment *d, vf_error *err) {
  vf_request *r = &d->request;
  bool total = c->total_ctx || (c->own_ctx_letter && c->engines_seqs);
  if (!total || r->kv_unified || r->seqs <= 1 || r->ctx_tokens == 0) return VF_OK;
  uint64_t all = r->ctx_tokens;
  r->ctx_tokens = vf_max_u64(all / r->seqs, 1);
  if (c->engine != NULL || VF_CTX_IS_WHOLE(all)) return VF_OK;
  const char *text =
      vf_command_keep(c,
                      "llama.cpp's context is shared out: %llu tokens for each of %u "
                      "sequences (--ctx and --seqs say it of each)",
                      (unsigned long long)r->ctx_tokens, r->seqs);
  return vf_command_remark(c, "context-shared", text, err);
}

static bool is_modelfile(const char *path) {
  static const char end[] = ".modelfile";
  const char *slash = strrchr(path, '/');
  const char *name = slash != NULL ? slash + 1 : path;
  size_t n = strlen(name), m = sizeof end - 1;
  return strncmp(name, "Modelfile", 9) == 0 || (n > m && strcmp(name + n - m, end) == 0);
}

/* A path in a Modelfile is relative to its folder. */
static const char *beside(vf_command *c, const char *path, const char *modelfile) {
  const char *slash = strrchr(modelfile, '/');
  if (strncmp(path, "./", 2) != 0 || slash == NULL)
    return vf_arena_copy(c->arena, path, strlen(path));
  return vf_command_keep(c, "%.*s/%s", (int)(slash - modelfile), modelfile, path + 2);
}

/* What is in a Modelfile stands below what was said. */
vf_status vf_command_take_modelfile(vf_command *c, vf_error *err) {
  vf_modelfile file;
  vf_deployment *d = &c->d;
  vf_request *r = &d->request;
  const char *path = d->model;
  if (path == NULL || !is_modelfile(path)) return VF_OK;
  vf_status status = vf_modelfile_read(&file, c->ctx, path, err);
  if (status != VF_OK) return status;
  d->model = beside(c, file.from, path);
  if (file.adapter[0] != '\0' && d->lora == NULL) d->lora = beside(c, file.adapter, path);
  if (d->model == NULL || (file.adapter[0] != '\0' && d->lora == NULL)) return vf_fail_nomem(err);
  if (file.num_ctx > 0 && r->ctx_tokens == 0) r->ctx_tokens = (uint64_t)file.num_ctx;
  if (file.num_gpu >= 0 && r->gpu_layers < 0) r->gpu_layers = (int32_t)file.num_gpu;
  if (file.num_batch > 0 && r->ubatch_tokens == 0) r->ubatch_tokens = (uint32_t)file.num_batch;
  if (r->engine == NULL) r->engine = "ollama";
  return VF_OK;
}

vf_status vf_command_environment(vf_command *command, vf_variable_fn variables, void *user,
                                 vf_error *err) {
  VF_NEED(err, command);
  vf_command *c = command;
  const vf_engine *engine = NULL;
  const char *version;
  vf_status status = vf_command_take_modelfile(c, err);
  if (status != VF_OK || c->d.request.engine == NULL) return status;
  if (vf_engine_find(&engine, &version, c->d.request.engine, NULL) != VF_OK) return VF_OK;
  if (engine->dialect != &vf_dialect_ollama) return VF_OK;
  vf_reading r = {.c = c, .dialect = engine->dialect, .err = err};
  return vf_reading_take_environment(&r, variables, user);
}

static vf_status not_set(const vf_unstated *u, vf_error *err) {
  const char *word = u->word;
  while (*word == VF_WORD_UNKNOWN) word++;
  int n = (int)strcspn(word, "\1");
  if (u->param == NULL)
    return vf_fail(err, VF_USAGE,
                   "'%.*s' is not set and may stand for any option: write what it stands for", n,
                   word);
  return vf_fail(err, VF_USAGE, "'%.*s' is not set, so that --%s is unknown: write its value", n,
                 word, u->param->info.name);
}

/* An entry of the list without blanks around it. */
typedef struct entry {
  const char *text;
  size_t length;
} entry;

static entry next_entry(const char **s) {
  entry e = {*s, strcspn(*s, ",")};
  *s += e.length + ((*s)[e.length] == ',');
  while (e.length > 0 && e.text[0] == ' ') e.text++, e.length--;
  while (e.length > 0 && e.text[e.length - 1] == ' ') e.length--;
  return e;
}

/* "GPU-…" and "MIG-…" are names; everything else is read as strtoul() reads a number. */
static bool is_entry(const entry *e, const char *list, bool names) {
  return names ? e->length > 4 && strncmp(e->text, list, 4) == 0
               : e->length > 0 && e->text[0] >= '0' && e->text[0] <= '9';
}

static bool same_entry(const entry *a, const entry *b, bool names) {
  if (!names) return strtoul(a->text, NULL, 10) == strtoul(b->text, NULL, 10);
  return a->length == b->length && memcmp(a->text, b->text, a->length) == 0;
}

/* As CUDA itself, and torch after it (torch/cuda/__init__.py, _parse_visible_devices). */
bool vf_visible_count(uint32_t *out, const char *visible) {
  entry seen[VF_MAX_DEVICES];
  uint32_t n = 0;
  if (visible == NULL || vf_word_is_unknown(visible)) return false;
  bool names = strncmp(visible, "GPU-", 4) == 0 || strncmp(visible, "MIG-", 4) == 0;
  for (const char *s = visible; *s != '\0' && n < VF_MAX_DEVICES;) {
    seen[n] = next_entry(&s);
    if (!is_entry(&seen[n], visible, names)) break;
    for (uint32_t i = 0; i < n; i++)
      if (same_entry(&seen[i], &seen[n], names)) return *out = 0, true;
    n++;
  }
  *out = n;
  return true;
}

/* Where "h100x8" says how many there are; NULL: it does not. */
static const char *find_count(const char *gpu) {
  const char *x = strrchr(gpu, 'x');
  bool counts = x != NULL && x > gpu && x[1] != '\0' && x[1 + strspn(x + 1, "0123456789")] == '\0';
  return counts && strpbrk(gpu, "+,") == NULL ? x : NULL;
}

static bool is_host(const vf_command *c, const char *gpu) {
  vf_device device;
  size_t n;
  return vf_devices_parse(&device, 1, &n, c->ctx, gpu, NULL) == VF_OK &&
         device.kind == VF_DEVICE_HOST;
}

/* An engine sees no more GPUs than CUDA_VISIBLE_DEVICES lets it. */
static vf_status narrow_devices(vf_command *c, vf_deployment *d, vf_error *err) {
  uint32_t n = 0, had = d->gpus;
  if (d->gpu == NULL || c->engine == NULL || !vf_visible_count(&n, c->visible)) return VF_OK;
  if (n == 0 && is_host(c, d->gpu)) return VF_OK;
  if (n == 0)
    return vf_fail(err, VF_USAGE,
                   "CUDA_VISIBLE_DEVICES='%.80s' leaves the engine no GPU: --gpu cpu judges it "
                   "without one",
                   c->visible);
  const char *x = find_count(d->gpu);
  bool digits = c->visible[strspn(c->visible, "0123456789,")] == '\0';
  if (strcmp(d->gpu, "auto") == 0 && digits) {
    d->gpu = vf_command_keep(c, "auto:%.200s", c->visible);
    had = n + 1;
  } else if (d->gpus > n) {
    d->gpus = n;
  } else if (d->gpus == 0 && x != NULL && (had = (uint32_t)strtoul(x + 1, NULL, 10)) > n) {
    d->gpu = vf_command_keep(c, "%.*s", (int)(x - d->gpu), d->gpu);
    d->gpus = n;
  }
  if (d->gpu == NULL) return vf_fail_nomem(err);
  if (d->gpus == 1) d->gpus = 0;
  if (had <= n) return VF_OK;
  return vf_command_remark(
      c, "visible-devices",
      vf_command_keep(c, "CUDA_VISIBLE_DEVICES=%.80s: the engine sees %u of the GPUs", c->visible,
                      n),
      err);
}

/* What the engine keeps in main memory has to be within the limit around it. */
static vf_status limit_host(vf_command *c, vf_deployment *d, vf_error *err) {
  uint64_t *has = &d->request.host_memory_bytes;
  if (c->host_bytes != 0 && (*has == 0 || c->host_bytes < *has)) *has = c->host_bytes;
  if (c->host_strange == NULL) return VF_OK;
  const char *text = vf_word_written(c->host_strange, c->arena);
  if (text == NULL) return vf_fail_nomem(err);
  return vf_command_remark(
      c, "host-limit-unknown",
      vf_command_keep(c, "the limit of main memory, '%.60s', is no size: it is not counted", text),
      err);
}

vf_status vf_command_deployment(vf_command *command, vf_deployment *out, vf_error *err) {
  VF_NEED(err, command);
  VF_NEED(err, out);
  vf_command *c = command;
  size_t remarks = c->n_remarks;
  if (c->n_unstated > 0) return not_set(&c->unstated[0], err);
  vf_status status = vf_command_take_modelfile(c, err);
  vf_deployment d = c->d;
  if (status == VF_OK) status = share_context(c, &d, err);
  if (status == VF_OK) status = narrow_devices(c, &d, err);
  if (status == VF_OK) status = limit_host(c, &d, err);
  if (status != VF_OK) return status;
  if (c->from_hub && d.mmproj == NULL) d.mmproj = "if-any";
  d.remarks = c->remarks;
  d.n_remarks = c->n_remarks;
  c->n_remarks = remarks; /* what follows from the whole is told anew each time */
  *out = d;
  return VF_OK;
}
