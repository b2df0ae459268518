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

enum { PATTERN_BYTES = 512, MOST_REPEATS = 255 };

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

/* Repetitions are built out: nested ones multiply, and a pattern of ten letters can ask for all
 * memory there is. */
static bool is_affordable(const char *pattern) {
  uint64_t product = 1;
  for (const char *s = pattern; (s = strchr(s, '{')) != NULL;) {
    unsigned long most = 0;
    for (s++; *s != '\0' && *s != '}'; s++)
      most = *s >= '0' && *s <= '9' ? most * 10 + (unsigned long)(*s - '0') : 0;
    if (most > MOST_REPEATS) return false;
    product *= most > 1 ? most : 1;
    if (product > MOST_REPEATS) return false;
  }
  return true;
}

static vf_status compile(regex_t *out, const plan *p, const vf_override *o, vf_error *err) {
  char pattern[PATTERN_BYTES], reason[120];
  int shown = (int)(o->length < 80 ? o->length : 80);
  if (o->device >= (int32_t)p->n_gpus)
    return vf_fail(err, VF_USAGE, "--override-tensor names GPU %" PRId32 ", there are %" PRIu32,
                   o->device, p->n_gpus);
  if (!rewrite(pattern, o))
    return vf_fail(err, VF_LIMIT, "--override-tensor: a pattern is too long");
  if (!is_affordable(pattern))
    return vf_fail(err, VF_LIMIT, "--override-tensor: '%.*s' repeats more than %d times", shown,
                   o->pattern, MOST_REPEATS);
  int code = regcomp(out, pattern, REG_EXTENDED | REG_NOSUB);
  if (code == 0) return VF_OK;
  regerror(code, NULL, reason, sizeof reason);
  return vf_fail(err, VF_USAGE, "--override-tensor: '%.*s' is no expression: %s", shown, o->pattern,
                 reason);
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

/* A rule that moves nothing is told by its pattern; several in one line, as far as there is room.
 */
static void tell_unmatched(vf_estimate *e, const vf_override *o) {
  size_t used = strlen(e->named);
  if (used == 0) vf_estimate_assume(e, "override-unmatched", e->named);
  snprintf(e->named + used, sizeof e->named - used, "%s'%.*s'",
           used == 0 ? "no tensor of the model is matched by --override-tensor " : ", ",
           (int)(o->length < 80 ? o->length : 80), o->pattern);
}

/* The first rule that matches a tensor moves it. */
static vf_status apply(plan *p, const vf_override *o, vf_error *err) {
  regex_t pattern;
  char name[96];
  bool matches = false;
  vf_status status = compile(&pattern, p, o, err);
  if (status != VF_OK) return status;
  for (size_t i = 0; i < p->model->n_tensors; i++) {
    name_of(name, sizeof name, &p->model->tensors[i]);
    if (regexec(&pattern, name, 0, NULL, 0) != 0) continue;
    matches = true;
    if (p->moved[i] == VF_NOT_MOVED)
      p->moved[i] = (uint8_t)(o->device < 0 ? p->host : (uint32_t)o->device);
  }
  regfree(&pattern);
  if (!matches) tell_unmatched(p->e, o);
  return VF_OK;
}

vf_status vf_llamacpp_move(plan *p, vf_error *err) {
  const vf_request *r = p->request;
  vf_allocator *a = &p->e->allocator;
  p->moved = NULL;
  if (r->override_count == 0) return VF_OK;
  p->moved = a->alloc(a->user, p->model->n_tensors);
  if (p->moved == NULL) return vf_fail_nomem(err);
  memset(p->moved, VF_NOT_MOVED, p->model->n_tensors);
  vf_status status = VF_OK;
  for (size_t i = 0; i < r->override_count && status == VF_OK; i++)
    status = apply(p, &r->overrides[i], err);
  return status;
}

void vf_llamacpp_free_moved(plan *p) {
  if (p->moved != NULL) p->e->allocator.free(p->e->allocator.user, p->moved);
  p->moved = NULL;
}

bool vf_llamacpp_override(const plan *p, const vf_tensor *t, uint32_t *budget) {
  uint8_t moved = p->moved != NULL ? p->moved[t - p->model->tensors] : VF_NOT_MOVED;
  if (moved == VF_NOT_MOVED) return false;
  *budget = moved;
  return true;
}
