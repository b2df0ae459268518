/* facts.c - a sorted list of facts, and typed questions to it. */
#include "base/facts.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/decimal.h"
#include "base/status.h"

vf_facts vf_facts_in(vf_arena *arena, const char *source) {
  return (vf_facts){.arena = arena, .source = source, .prefix = ""};
}

static vf_status grow(vf_facts *f, vf_error *err) {
  size_t capacity = f->capacity == 0 ? 64 : f->capacity * 2;
  vf_fact *items = vf_arena_alloc(f->arena, capacity, sizeof *items);
  if (items == NULL) return vf_fail_nomem(err);
  if (f->count > 0) memcpy(items, f->items, f->count * sizeof *items);
  f->items = items;
  f->capacity = capacity;
  return VF_OK;
}

/* The bit of a key: its length, and a few of its letters. */
static unsigned mark_of(const char *key, size_t n) {
  if (n == 0) return 0;
  unsigned first = (unsigned char)key[0], last = (unsigned char)key[n - 1];
  return ((unsigned)n * 37 + first * 7 + last * 13 + (unsigned char)key[n / 2]) % 256;
}

static bool may_have(const vf_facts *f, const char *key, size_t n) {
  unsigned mark = mark_of(key, n);
  return (f->marks[mark / 64] >> mark % 64 & 1) != 0;
}

vf_status vf_facts_add(vf_facts *f, vf_fact fact, vf_error *err) {
  if (f->count == f->capacity) {
    vf_status status = grow(f, err);
    if (status != VF_OK) return status;
  }
  f->items[f->count++] = fact;
  return VF_OK;
}

static int compare(const void *a, const void *b) {
  return strcmp(((const vf_fact *)a)->key, ((const vf_fact *)b)->key);
}

void vf_facts_finish(vf_facts *f) {
  memset(f->marks, 0, sizeof f->marks);
  for (size_t i = 0; i < f->count; i++) {
    unsigned mark = mark_of(f->items[i].key, strlen(f->items[i].key));
    f->marks[mark / 64] |= UINT64_C(1) << mark % 64;
  }
  if (f->count > 0) qsort(f->items, f->count, sizeof *f->items, compare);
}

vf_facts vf_facts_view(const vf_facts *f, const char *prefix) {
  vf_facts view = *f;
  view.prefix = prefix;
  return view;
}

/* Where the first key stands that is not below this one. */
static size_t place_of(const vf_facts *f, const char *key) {
  size_t low = 0, high = f->count;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    if (strcmp(f->items[middle].key, key) < 0)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

/* Of any type, null too. */
static const vf_fact *search_any(const vf_facts *f, const char *key, size_t n) {
  if (!may_have(f, key, n)) return NULL;
  size_t i = place_of(f, key);
  return i < f->count && strcmp(f->items[i].key, key) == 0 ? &f->items[i] : NULL;
}

static const vf_fact *search(const vf_facts *f, const char *key, size_t n) {
  const vf_fact *fact = search_any(f, key, n);
  return fact == NULL || fact->type == VF_FACT_NULL ? NULL : fact;
}

const vf_fact *vf_facts_find(const vf_facts *f, const char *key) {
  char full[160];
  size_t front = strlen(f->prefix), n = strlen(key);
  const vf_fact *fact = NULL;
  if (front == 0) return search(f, key, n);
  if (front + n < sizeof full) {
    memcpy(full, f->prefix, front);
    memcpy(full + front, key, n + 1);
    fact = search(f, full, front + n);
  }
  return fact != NULL || f->strict ? fact : search(f, key, n);
}

bool vf_facts_null(const vf_facts *f, const char *key) {
  char full[160];
  int n = snprintf(full, sizeof full, "%s%s", f->prefix, key);
  if (n < 0 || (size_t)n >= sizeof full) return false;
  const vf_fact *fact = search_any(f, full, (size_t)n);
  return fact != NULL && fact->type == VF_FACT_NULL;
}

bool vf_facts_any(const vf_facts *f, const char *beginning) {
  size_t i = place_of(f, beginning);
  return i < f->count && strncmp(f->items[i].key, beginning, strlen(beginning)) == 0;
}

const vf_fact *vf_facts_at(const vf_facts *f, const char *key, size_t i) {
  const vf_fact *fact = vf_facts_find(f, key);
  if (fact == NULL || fact->type != VF_FACT_ARRAY) return fact;
  if (i >= fact->as.array.count) return NULL;
  fact = &fact->as.array.items[i];
  return fact->type == VF_FACT_NULL ? NULL : fact;
}

size_t vf_facts_length(const vf_facts *f, const char *key) {
  const vf_fact *fact = vf_facts_find(f, key);
  return fact != NULL && fact->type == VF_FACT_ARRAY ? fact->as.array.count : 0;
}

/* "rope_scaling.factor" as the JSON pointer "/rope_scaling/factor"; with the prefix if the key is
 * there, or if neither is. */
static void make_pointer(char *out, size_t size, const vf_facts *f, const char *key) {
  if (f->dotted) {
    snprintf(out, size, "%s%s", f->prefix, key);
    return;
  }
  const vf_fact *plain = search(f, key, strlen(key));
  bool bare = f->prefix[0] != '\0' && plain != NULL && vf_facts_find(f, key) == plain;
  snprintf(out, size, "/%s%s", bare ? "" : f->prefix, key);
  for (char *c = out; *c != '\0'; c++)
    if (*c == '.') *c = '/';
}

#undef vf_facts_fail
vf_status vf_facts_fail(const vf_facts *f, const char *key, vf_status status, vf_error *err,
                        const char *fmt, ...) {
  char message[256], path[128];
  va_list args;
  va_start(args, fmt);
  vsnprintf(message, sizeof message, fmt, args);
  va_end(args);
  make_pointer(path, sizeof path, f, key);
  return vf_fail_at(err, status, f->source, path, "%s", message);
}

const char *vf_facts_string(const vf_facts *f, const char *key, const char *fallback) {
  const vf_fact *fact = vf_facts_find(f, key);
  return fact != NULL && fact->type == VF_FACT_STRING ? fact->as.string : fallback;
}

vf_status vf_facts_bool(bool *out, const vf_facts *f, const char *key, bool fallback,
                        vf_error *err) {
  const vf_fact *fact = vf_facts_find(f, key);
  if (fact != NULL && fact->type != VF_FACT_BOOL)
    return vf_facts_fail(f, key, VF_MALFORMED, err, "true or false is expected here");
  *out = fact != NULL ? fact->as.boolean : fallback;
  return VF_OK;
}

vf_status vf_fact_number(uint64_t *out, const vf_fact *fact, const vf_facts *f, const char *key,
                         const char *what, uint64_t least, uint64_t most, vf_error *err) {
  if (fact->type == VF_FACT_FLOAT)
    return vf_facts_fail(f, key, VF_MALFORMED, err,
                         "%s is not a %s (a whole number from %" PRIu64 " to %" PRIu64 ")",
                         vf_general(fact->as.real, 6).text, what, least, most);
  if (fact->type != VF_FACT_INT)
    return vf_facts_fail(f, key, VF_MALFORMED, err, "a number is expected here: the %s", what);
  int64_t n = fact->as.integer;
  if (n < 0 || (uint64_t)n < least || (uint64_t)n > most)
    return vf_facts_fail(f, key, VF_MALFORMED, err,
                         "%" PRId64 " is not a %s (%" PRIu64 " to %" PRIu64 ")", n, what, least,
                         most);
  *out = (uint64_t)n;
  return VF_OK;
}

vf_status vf_facts_number(uint64_t *out, bool *found, const vf_facts *f, const char *key, size_t i,
                          const char *what, uint64_t least, uint64_t most, vf_error *err) {
  const vf_fact *fact = vf_facts_at(f, key, i);
  *found = fact != NULL;
  if (fact == NULL) return VF_OK;
  return vf_fact_number(out, fact, f, key, what, least, most, err);
}
