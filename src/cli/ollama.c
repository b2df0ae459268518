/* ollama.c - a Modelfile, and the OLLAMA_ variables (envconfig/config.go of ollama fb30760). */
#include "ollama.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "trouble.h"

enum { MODELFILE_PATH = sizeof((vf_modelfile *)0)->from };

static bool is_modelfile(const char *path) {
  static const char end[] = ".modelfile";
  const char *slash = strrchr(path, '/');
  const char *name = slash != NULL ? slash + 1 : path;
  size_t n = strlen(name), m = sizeof end - 1;
  return strncmp(name, "Modelfile", 9) == 0 || (n > m && strcmp(name + n - m, end) == 0);
}

/* A path in a Modelfile is relative to its folder. */
static void resolve(char path[MODELFILE_PATH], const char *modelfile) {
  char joined[MODELFILE_PATH];
  const char *slash = strrchr(modelfile, '/');
  if (strncmp(path, "./", 2) != 0 || slash == NULL) return;
  int n = snprintf(joined, sizeof joined, "%.*s/%s", (int)(slash - modelfile), modelfile, path + 2);
  if (n > 0 && (size_t)n < sizeof joined) memcpy(path, joined, (size_t)n + 1);
}

static vf_status apply_modelfile(args *a, ollama_names *names, vf_error *err) {
  vf_modelfile *f = &names->file;
  vf_status status = vf_modelfile_read(f, a->model, err);
  if (status != VF_OK) return status;
  resolve(f->from, a->model);
  resolve(f->adapter, a->model);
  a->model = f->from;
  if (f->adapter[0] != '\0' && a->lora == NULL) a->lora = f->adapter;
  if (f->num_ctx > 0 && a->request.ctx_tokens == 0) a->request.ctx_tokens = (uint64_t)f->num_ctx;
  if (f->num_gpu >= 0 && a->request.gpu_layers < 0) a->request.gpu_layers = (int32_t)f->num_gpu;
  if (f->num_batch > 0 && a->request.ubatch_tokens == 0)
    a->request.ubatch_tokens = (uint32_t)f->num_batch;
  if (a->request.engine == NULL) a->request.engine = "ollama";
  return VF_OK;
}

/* The variable's value, with a note; NULL: not set. */
static const char *variable(const args *a, const char *name) {
  const char *value = getenv(name);
  if (value == NULL || value[0] == '\0') return NULL;
  if (!a->quiet) fprintf(stderr, "vramfit: note: $%s=%s is used\n", name, value);
  return value;
}

static vf_status number(uint64_t *out, const char *name, const char *text, vf_error *err) {
  char *end;
  unsigned long long n = strtoull(text, &end, 10);
  if (text[0] < '0' || text[0] > '9' || *end != '\0' || n > (1ull << 50))
    return trouble(err, name, "'%.40s' is not a number", text);
  *out = n;
  return VF_OK;
}

static vf_status apply_count(uint64_t *out, const args *a, const char *name, vf_error *err) {
  char source[48];
  const char *text = *out == 0 ? variable(a, name) : NULL;
  snprintf(source, sizeof source, "$%s", name);
  return text == NULL ? VF_OK : number(out, source, text, err);
}

static vf_status apply_variables(args *a, vf_error *err) {
  vf_request *r = &a->request;
  uint64_t seqs = r->seqs;
  vf_status status = apply_count(&r->ctx_tokens, a, "OLLAMA_CONTEXT_LENGTH", err);
  if (status == VF_OK) status = apply_count(&seqs, a, "OLLAMA_NUM_PARALLEL", err);
  if (status == VF_OK) status = apply_count(&a->used_bytes, a, "OLLAMA_GPU_OVERHEAD", err);
  if (status != VF_OK) return status;
  r->seqs = (uint32_t)seqs;
  const char *kv = r->kv_k == VF_FORMAT_NONE ? variable(a, "OLLAMA_KV_CACHE_TYPE") : NULL;
  if (kv != NULL) status = vf_format_find(&r->kv_k, kv, err);
  if (kv != NULL && r->kv_v == VF_FORMAT_NONE) r->kv_v = r->kv_k;
  const char *flash = r->flash_attn == VF_AUTO ? variable(a, "OLLAMA_FLASH_ATTENTION") : NULL;
  if (flash != NULL)
    r->flash_attn = strcmp(flash, "0") == 0 || strcmp(flash, "false") == 0 ? VF_OFF : VF_ON;
  return status;
}

vf_status apply_ollama(args *a, ollama_names *names, vf_error *err) {
  vf_status status = VF_OK;
  if (a->model != NULL && is_modelfile(a->model)) status = apply_modelfile(a, names, err);
  bool ollama = a->request.engine != NULL && strncmp(a->request.engine, "ollama", 6) == 0;
  return status == VF_OK && ollama ? apply_variables(a, err) : status;
}
