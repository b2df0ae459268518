/* override.c - tensors that are put elsewhere by name: --override-tensor.
 *
 * llama.cpp searches ECMAScript expressions in names such as "blk.3.ffn_up_exps.weight"
 * (src/llama-model-loader.cpp); what is different in POSIX's is rewritten. */
#include <inttypes.h>
#include <regex.h>
#include <stdio.h>
#include <string.h>

#include "base/status.h"
#include "engines/llamacpp/plan.h"

enum { PATTERN_BYTES = 512 };

typedef struct compiled {
  regex_t list[VF_MAX_OVERRIDES];
  size_t n;
} compiled;

/* Where a pattern is being read: in brackets a class stands without brackets of its own. */
typedef struct rewriting {
  char *out;
  size_t n;
  bool in_brackets, fits;
} rewriting;

static void put(rewriting *w, const char *text, size_t length) {
  if (w->n + length >= PATTERN_BYTES) w->fits = false;
  if (!w->fits) return;
  memcpy(w->out + w->n, text, length);
  w->n += length;
}

/* A class of ECMAScript in the words of POSIX; NULL: it is none. */
static const char *class_of(char letter) {
  switch (letter) {
  case 'd': return "0-9";
  case 'w': return "A-Za-z0-9_";
  case 's': return " ";
  default: return NULL;
  }
}

/* What an escape stands for; in POSIX's brackets a backslash is itself, so it goes there. */
static void put_escape(rewriting *w, char letter) {
  const char *class = class_of(letter);
  if (class != NULL) {
    if (!w->in_brackets) put(w, "[", 1);
    put(w, class, strlen(class));
    if (!w->in_brackets) put(w, "]", 1);
    return;
  }
  if (!w->in_brackets) put(w, "\\", 1);
  put(w, &letter, 1);
}

/* ECMAScript's "\\d", "[\\d]" and "(?:" as POSIX has them; false if it does not fit. */
static bool rewrite(char out[PATTERN_BYTES], const vf_override *o) {
  const char *end = o->pattern + o->length;
  rewriting w = {.out = out, .fits = true};
  for (const char *s = o->pattern; s < end; s++) {
    size_t left = (size_t)(end - s);
    if (s[0] == '\\' && left > 1) {
      put_escape(&w, *++s);
      continue;
    }
    if (s[0] == '[') w.in_brackets = true;
    if (s[0] == ']') w.in_brackets = false;
    put(&w, s, 1);
    if (!w.in_brackets && left > 3 && memcmp(s, "(?:", 3) == 0) s += 2;
  }
  out[w.n] = '\0';
  return w.fits;
}

static vf_status compile_one(regex_t *out, const plan *p, const vf_override *o, vf_error *err) {
  char pattern[PATTERN_BYTES], reason[120];
  if (o->device >= (int32_t)p->n_gpus)
    return vf_fail(err, VF_USAGE, "--override-tensor names GPU %" PRId32 ", there are %" PRIu32,
                   o->device, p->n_gpus);
  if (!rewrite(pattern, o))
    return vf_fail(err, VF_LIMIT, "--override-tensor: a pattern is too long");
  int code = regcomp(out, pattern, REG_EXTENDED | REG_NOSUB);
  if (code == 0) return VF_OK;
  regerror(code, NULL, reason, sizeof reason);
  return vf_fail(err, VF_USAGE, "--override-tensor: '%.*s' is no expression: %s",
                 (int)(o->length < 80 ? o->length : 80), o->pattern, reason);
}

vf_status vf_llamacpp_compile(plan *p, vf_error *err) {
  const vf_request *r = p->request;
  vf_allocator *a = &p->e->allocator;
  p->patterns = NULL;
  if (r->override_count == 0) return VF_OK;
  if (r->override_count > VF_MAX_OVERRIDES)
    return vf_fail(err, VF_LIMIT, "more than %d overrides", VF_MAX_OVERRIDES);
  compiled *c = a->alloc(a->user, sizeof *c);
  if (c == NULL) return vf_fail_nomem(err);
  c->n = 0;
  p->patterns = c;
  for (size_t i = 0; i < r->override_count; i++) {
    vf_status status = compile_one(&c->list[i], p, &r->overrides[i], err);
    if (status != VF_OK) return status;
    c->n++;
  }
  return VF_OK;
}

void vf_llamacpp_free_patterns(plan *p) {
  compiled *c = p->patterns;
  if (c == NULL) return;
  for (size_t i = 0; i < c->n; i++) regfree(&c->list[i]);
  p->e->allocator.free(p->e->allocator.user, c);
  p->patterns = NULL;
}

static void name_of(char *out, size_t size, const vf_tensor *t) {
  static const char *const suffixes[] = {
      [VF_SUFFIX_WEIGHT] = ".weight", [VF_SUFFIX_BIAS] = ".bias", [VF_SUFFIX_NONE] = ""};
  const char *name = vf_roles[t->role].gguf_name;
  if (t->layer >= 0)
    snprintf(out, size, "blk.%" PRId32 ".%s%s", t->layer, name, suffixes[t->suffix]);
  else
    snprintf(out, size, "%s%s", name, suffixes[t->suffix]);
}

bool vf_llamacpp_override(const plan *p, const vf_tensor *t, uint32_t *budget) {
  const compiled *c = p->patterns;
  char name[96];
  if (c == NULL) return false;
  name_of(name, sizeof name, t);
  for (size_t i = 0; i < c->n; i++) {
    int32_t device = p->request->overrides[i].device;
    if (regexec(&c->list[i], name, 0, NULL, 0) != 0) continue;
    *budget = device < 0 ? p->host : (uint32_t)device;
    return true;
  }
  return false;
}
