/* config.c - flattening a JSON object into facts.
 *
 * The text passes the strict scan first; cJSON then builds the tree, which is walked with an
 * explicit stack.  A key that occurs twice in one object is refused: readers disagree about which
 * one counts, so a file could show one model to us and another to the engine. */
#include "readers/config.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/status.h"
#include "readers/json/json_scan.h"

/* ---- Duplicate keys --------------------------------------------------------------------- */

static int compare_names(const void *a, const void *b) {
  return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static vf_status check_unique(const cJSON *object, const char *prefix, vf_facts *facts,
                              vf_error *err) {
  size_t n = 0, i = 0;
  for (const cJSON *c = object->child; c != NULL; c = c->next) n++;
  if (n < 2) return VF_OK;
  const char **names = vf_arena_alloc(facts->arena, n, sizeof *names);
  if (names == NULL) return vf_fail_nomem(err);
  for (const cJSON *c = object->child; c != NULL; c = c->next) names[i++] = c->string;
  qsort(names, n, sizeof *names, compare_names);
  for (i = 1; i < n; i++) {
    if (strcmp(names[i - 1], names[i]) != 0) continue;
    char key[128] = "";
    strncat(key, prefix, 60);
    strncat(key, names[i], 60);
    return vf_facts_fail(facts, key, VF_MALFORMED, err, "this key occurs twice in its object");
  }
  return VF_OK;
}

/* ---- Values ----------------------------------------------------------------------------- */

static const double largest_exact = 9007199254740991.0; /* 2^53 - 1 */

static vf_fact number_fact(double d) {
  if (floor(d) == d && fabs(d) <= largest_exact)
    return (vf_fact){.type = VF_FACT_INT, .as.integer = (int64_t)d};
  return (vf_fact){.type = VF_FACT_FLOAT, .as.real = d};
}

/* A plain value; strings are copied into the arena.  False: no memory. */
static bool plain_fact(vf_fact *out, const cJSON *value, vf_arena *arena) {
  *out = (vf_fact){.type = VF_FACT_NULL};
  if (cJSON_IsBool(value)) {
    out->type = VF_FACT_BOOL;
    out->as.boolean = cJSON_IsTrue(value);
  } else if (cJSON_IsNumber(value)) {
    *out = number_fact(value->valuedouble);
  } else if (cJSON_IsString(value)) {
    out->type = VF_FACT_STRING;
    out->as.string = vf_arena_copy(arena, value->valuestring, strlen(value->valuestring));
    return out->as.string != NULL;
  }
  return true;
}

static bool array_fact(vf_fact *out, const cJSON *array, vf_arena *arena) {
  size_t n = 0, i = 0;
  for (const cJSON *c = array->child; c != NULL; c = c->next) n++;
  vf_fact *items = vf_arena_alloc(arena, n, sizeof *items);
  if (items == NULL) return false;
  for (const cJSON *c = array->child; c != NULL; c = c->next)
    if (!plain_fact(&items[i++], c, arena)) return false;
  *out = (vf_fact){.type = VF_FACT_ARRAY, .as.array = {items, n}};
  return true;
}

/* ---- The walk --------------------------------------------------------------------------- */

/* An object or array that is being walked: its next member, and the prefix of its keys. */
typedef struct frame {
  const cJSON *next;
  const char *prefix;
  size_t index; /* of the next member */
  bool in_array;
} frame;

static const char *join(vf_arena *arena, const char *prefix, const char *name, const char *end) {
  size_t a = strlen(prefix), b = strlen(name), c = strlen(end);
  char *key = vf_arena_alloc(arena, a + b + c + 1, 1);
  if (key == NULL) return NULL;
  memcpy(key, prefix, a);
  memcpy(key + a, name, b);
  memcpy(key + a + b, end, c);
  return key;
}

static vf_status add_value(vf_facts *facts, const char *prefix, const char *name,
                           const cJSON *value, vf_error *err) {
  vf_fact fact;
  bool made = cJSON_IsArray(value) ? array_fact(&fact, value, facts->arena)
                                   : plain_fact(&fact, value, facts->arena);
  if (made) fact.key = join(facts->arena, prefix, name, "");
  if (!made || fact.key == NULL) return vf_fail_nomem(err);
  return vf_facts_add(facts, fact, err);
}

static bool has_container(const cJSON *array) {
  for (const cJSON *c = array->child; c != NULL; c = c->next)
    if (cJSON_IsObject(c) || cJSON_IsArray(c)) return true;
  return false;
}

/* The name of the next member: its key, or its place in an array. */
static const char *member_name(char number[24], frame *f, const cJSON *member) {
  if (!f->in_array) return member->string;
  snprintf(number, 24, "%zu", f->index++);
  return number;
}

static vf_status enter(vf_facts *facts, frame *out, const char *prefix, const char *name,
                       const cJSON *value, vf_error *err) {
  *out = (frame){.next = value->child, .in_array = cJSON_IsArray(value)};
  out->prefix = join(facts->arena, prefix, name, ".");
  if (out->prefix == NULL) return vf_fail_nomem(err);
  return out->in_array ? VF_OK : check_unique(value, out->prefix, facts, err);
}

/* Objects are entered, and arrays that hold objects or arrays, with the place as a name; the scan
 * has bounded the depth to the size of the stack. */
static vf_status walk(vf_facts *facts, const cJSON *root, vf_error *err) {
  frame stack[VF_JSON_DEPTH + 1] = {{.next = root->child, .prefix = ""}};
  size_t depth = 1;
  vf_status status = check_unique(root, "", facts, err);
  while (depth > 0 && status == VF_OK) {
    frame *top = &stack[depth - 1];
    const cJSON *member = top->next;
    char number[24];
    if (member == NULL) {
      depth--;
      continue;
    }
    const char *name = member_name(number, top, member);
    top->next = member->next;
    if (cJSON_IsObject(member) || (cJSON_IsArray(member) && has_container(member)))
      status = enter(facts, &stack[depth++], top->prefix, name, member, err);
    else
      status = add_value(facts, top->prefix, name, member, err);
  }
  return status;
}

/* A tree takes about 100 bytes a value, which may be two in the text: configs have some thousand
 * values, the longest lists of modules some ten thousand. */
enum { MOST_VALUES = 400000 };

/* At most so many; the text is JSON already. */
static size_t count_values(const char *text, size_t length) {
  size_t n = 1;
  bool in_string = false;
  for (size_t i = 0; i < length; i++) {
    if (in_string && text[i] == '\\')
      i++;
    else if (text[i] == '"')
      in_string = !in_string;
    else if (!in_string)
      n += text[i] == ',' || text[i] == '[' || text[i] == '{';
  }
  return n;
}

vf_status vf_config_parse(vf_facts *facts, const char *text, size_t length, vf_error *err) {
  vf_status status = vf_json_check(text, length, err);
  if (status != VF_OK) {
    vf_error_set_source(err, facts->source);
    return status;
  }
  if (length > MOST_VALUES && count_values(text, length) > MOST_VALUES)
    return vf_fail_at(err, VF_LIMIT, facts->source, "",
                      "more than %d values: no such file has so many", MOST_VALUES);
  cJSON *root = cJSON_ParseWithLength(text, length);
  if (root == NULL) return vf_fail_nomem(err);
  if (cJSON_IsObject(root))
    status = walk(facts, root, err);
  else
    status = vf_fail_at(err, VF_MALFORMED, facts->source, "", "a JSON object is expected");
  cJSON_Delete(root);
  vf_facts_finish(facts);
  if (status != VF_OK) vf_json_locate(text, length, err);
  return status;
}
