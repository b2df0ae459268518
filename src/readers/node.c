/* node.c - trees of structured texts, and JSON as one. */
#include "readers/node.h"

#include <stdlib.h>
#include <string.h>

#include "base/status.h"
#include "readers/json/json_scan.h"

static int compare_keys(const void *a, const void *b) {
  const vf_node *x = *(const vf_node *const *)a, *y = *(const vf_node *const *)b;
  int order = strcmp(x->text, y->text);
  if (order != 0) return order;
  if (x->line != y->line) return x->line < y->line ? -1 : 1;
  return x->column < y->column ? -1 : x->column > y->column;
}

const vf_node *vf_node_twice(const vf_node *map, vf_arena *arena, bool *memory) {
  enum { FEW = 16 };
  const vf_node *few[FEW], **keys = few;
  const vf_node *first = NULL;
  size_t n = 0;
  *memory = true;
  if (map->count > FEW) keys = vf_arena_alloc_raw(arena, map->count, sizeof *keys);
  *memory = keys != NULL;
  if (keys == NULL) return NULL;
  for (const vf_item *i = map->items; i != NULL; i = i->next)
    if (i->key->quoted || strcmp(i->key->text, "<<") != 0) keys[n++] = i->key;
  if (n > 1) qsort(keys, n, sizeof *keys, compare_keys);
  for (size_t i = 1; i < n; i++)
    if (strcmp(keys[i - 1]->text, keys[i]->text) == 0 &&
        (first == NULL || keys[i]->line < first->line))
      first = keys[i];
  return first;
}

static const vf_item *find_item(const vf_node *node, const char *key, size_t length) {
  const vf_item *found = NULL;
  if (!vf_node_is(node, VF_NODE_MAP)) return NULL;
  for (const vf_item *i = node->items; i != NULL; i = i->next)
    if (strncmp(i->key->text, key, length) == 0 && i->key->text[length] == '\0') found = i;
  return found;
}

const vf_node *vf_node_get(const vf_node *node, const char *path) {
  for (const char *s = path; node != NULL && *s != '\0';) {
    size_t n = strcspn(s, "/");
    const vf_item *item = find_item(node, s, n);
    node = item != NULL ? item->value : NULL;
    s += n + (s[n] == '/');
  }
  return node;
}

const vf_node *vf_node_key(const vf_node *node, const char *key) {
  const vf_item *item = find_item(node, key, strlen(key));
  return item != NULL ? item->key : NULL;
}

static bool is_null(const vf_node *node) {
  return !node->quoted &&
         (node->text[0] == '\0' || strcmp(node->text, "~") == 0 || strcmp(node->text, "null") == 0);
}

const char *vf_node_text(const vf_node *node, const char *path) {
  const vf_node *found = path != NULL ? vf_node_get(node, path) : node;
  return vf_node_is(found, VF_NODE_SCALAR) && !is_null(found) ? found->text : NULL;
}

const vf_node *vf_node_at(const vf_node *node, size_t i) {
  if (!vf_node_is(node, VF_NODE_LIST)) return NULL;
  const vf_item *item = node->items;
  while (item != NULL && i-- > 0) item = item->next;
  return item != NULL ? item->value : NULL;
}

vf_node *vf_node_new(vf_node_builder *b, vf_node_kind kind, uint32_t line, uint32_t column) {
  if (b->made >= VF_NODE_MOST) return NULL;
  vf_node *node = vf_arena_alloc(b->arena, 1, sizeof *node);
  if (node == NULL) return NULL;
  b->made++;
  *node = (vf_node){.kind = kind, .line = line, .column = column, .text = ""};
  return node;
}

bool vf_node_add(vf_node_builder *b, vf_node *to, vf_item **last, const vf_node *key,
                 const vf_node *value) {
  if (b->made >= VF_NODE_MOST) return false;
  vf_item *item = vf_arena_alloc(b->arena, 1, sizeof *item);
  if (item == NULL) return false;
  b->made++;
  *item = (vf_item){key, value, NULL};
  if (*last != NULL)
    (*last)->next = item;
  else
    to->items = item;
  *last = item;
  to->count++;
  return true;
}

_Static_assert((int)VF_JSON_DEPTH <= (int)VF_NODE_DEPTH,
               "what the scan lets pass has room among the open");

/* A container that is open, and the key that waits for its value. */
typedef struct open_node {
  vf_node *node;
  vf_item *last;
  const vf_node *key;
} open_node;

typedef struct json_builder {
  vf_node_builder b;
  vf_json_scan scan;
  open_node open[VF_NODE_DEPTH + 1];
  size_t depth;
  size_t counted; /* bytes whose lines are counted */
  uint32_t line;
  size_t line_start;
} json_builder;

static vf_node *new_at(json_builder *j, vf_node_kind kind) {
  for (; j->counted < j->scan.start; j->counted++)
    if (j->scan.text[j->counted] == '\n') {
      j->line++;
      j->line_start = j->counted + 1;
    }
  return vf_node_new(&j->b, kind, j->line, (uint32_t)(j->scan.start - j->line_start) + 1);
}

/* A string, a number or a word; without what a NUL would cut off. */
static vf_node *new_scalar(json_builder *j, vf_json_token token) {
  vf_node *node = new_at(j, VF_NODE_SCALAR);
  char *text = vf_arena_copy(j->b.arena, j->scan.text + j->scan.start, j->scan.end - j->scan.start);
  if (node == NULL || text == NULL) return NULL;
  node->quoted = token == VF_JSON_STRING || token == VF_JSON_KEY;
  if (node->quoted) text[vf_json_unescape(text, text, strlen(text))] = '\0';
  node->text = text;
  return node;
}

static bool put(json_builder *j, const vf_node *value) {
  open_node *o = &j->open[j->depth];
  bool added = vf_node_add(&j->b, o->node, &o->last, o->key, value);
  o->key = NULL;
  return added;
}

static vf_status too_much(const json_builder *j, vf_error *err) {
  if (j->b.made < VF_NODE_MOST && !vf_arena_is_full(j->b.arena)) return vf_fail_nomem(err);
  return vf_fail(err, VF_LIMIT, "more than %d values, or than there is memory for", VF_NODE_MOST);
}

/* Readers disagree about which one counts, so that none may. */
static vf_status check_keys(json_builder *j, vf_error *err) {
  const vf_node *map = j->open[j->depth].node;
  bool memory = true;
  const vf_node *twice = map->kind == VF_NODE_MAP ? vf_node_twice(map, j->b.arena, &memory) : NULL;
  if (!memory) return vf_fail_nomem(err);
  if (twice == NULL) return VF_OK;
  vf_fail(err, VF_MALFORMED, "'%.60s' stands here twice: which one counts?", twice->text);
  if (err != NULL) err->line = twice->line, err->column = twice->column;
  return VF_MALFORMED;
}

vf_status vf_node_read_json(const vf_node **out, const char *text, size_t length, vf_arena *arena,
                            vf_error *err) {
  json_builder j = {.b = {arena, 0}, .scan = vf_json_scan_over(text, length), .line = 1};
  vf_json_token t = VF_JSON_END;
  j.open[0].node = vf_node_new(&j.b, VF_NODE_LIST, 1, 1);
  if (j.open[0].node == NULL) return vf_fail_nomem(err);
  for (;;) {
    vf_status status = vf_json_next(&j.scan, &t, err);
    if (status != VF_OK) return status;
    if (t == VF_JSON_END) break;
    if (t == VF_JSON_OBJECT_END || t == VF_JSON_ARRAY_END) {
      status = check_keys(&j, err);
      if (status != VF_OK) return status;
      j.depth--;
      continue;
    }
    bool container = t == VF_JSON_OBJECT || t == VF_JSON_ARRAY;
    vf_node *node = container ? new_at(&j, t == VF_JSON_OBJECT ? VF_NODE_MAP : VF_NODE_LIST)
                              : new_scalar(&j, t);
    if (node == NULL) return too_much(&j, err);
    if (t == VF_JSON_KEY)
      j.open[j.depth].key = node;
    else if (!put(&j, node))
      return too_much(&j, err);
    if (container) j.open[++j.depth] = (open_node){.node = node};
  }
  *out = j.open[0].node;
  return VF_OK;
}
