/* yaml.c - YAML as a tree, by libyaml's events.
 *
 * Without libyaml there is no YAML: what a parser of our own would get wrong would be answered for
 * as if it had been read.  Merge keys are YAML 1.1's: what the map says itself counts more, an
 * earlier map of a list more than a later one. */
#include "base/status.h"
#include "readers/node.h"

#ifndef VF_WITH_YAML

vf_status vf_node_read_yaml(const vf_node **out, const char *text, size_t length, vf_arena *arena,
                            vf_error *err) {
  (void)out;
  (void)text;
  (void)length;
  (void)arena;
  return vf_fail(
      err, VF_UNSUPPORTED,
      "this vramfit was built without libyaml and reads no YAML: install libyaml-dev and "
      "build again, or give it JSON");
}

#else

#include <stdio.h>
#include <string.h>
#include <yaml.h>

enum {
  MOST_ANCHORS = 4096,
  MOST_COMPARED = 1 << 25, /* names, for aliases and merges: 0.1 s; a manifest takes hundreds */
};

typedef struct anchor {
  const char *name;
  const vf_node *node; /* NULL: still open, so that it cannot be within itself */
} anchor;

typedef struct open_node {
  vf_node *node;
  vf_item *last;
  const vf_node *key;
  size_t anchor; /* 1 + its index; 0: none */
} open_node;

typedef struct builder {
  vf_node_builder b;
  yaml_parser_t parser;
  open_node open[VF_NODE_DEPTH + 2];
  size_t depth;
  anchor *anchors;
  size_t n_anchors;
  size_t compared; /* names, so far */
  vf_error *err;
} builder;

static vf_status fail_at(builder *y, vf_status status, yaml_mark_t mark, const char *message) {
  vf_fail(y->err, status, "%s", message);
  if (y->err != NULL) {
    y->err->line = (uint32_t)mark.line + 1;
    y->err->column = (uint32_t)mark.column + 1;
  }
  return status;
}

static vf_status too_much(builder *y, yaml_mark_t mark) {
  bool room =
      y->b.made < VF_NODE_MOST && y->n_anchors < MOST_ANCHORS && y->compared < MOST_COMPARED;
  if (room && !vf_arena_is_full(y->b.arena)) return vf_fail_nomem(y->err);
  return fail_at(y, VF_LIMIT, mark,
                 "more values than any manifest has, or than there is memory for");
}

static bool is_merge(const vf_node *key) {
  return !key->quoted && strcmp(key->text, "<<") == 0;
}

static bool has_own(builder *y, const vf_node *map, const char *key) {
  for (const vf_item *i = map->items; i != NULL; i = i->next, y->compared++)
    if (strcmp(i->key->text, key) == 0) return true;
  return false;
}

/* A list of many large maps would take the square of them. */
static bool merge_map(builder *y, open_node *o, const vf_node *from) {
  for (const vf_item *i = from->items; i != NULL; i = i->next) {
    bool own = has_own(y, o->node, i->key->text);
    if (y->compared >= MOST_COMPARED) return false;
    if (!own && !vf_node_add(&y->b, o->node, &o->last, i->key, i->value)) return false;
  }
  return true;
}

/* What "<<" names goes behind what the map says itself. */
static bool apply_merges(builder *y, open_node *o) {
  const vf_item *own = o->node->items, *end = o->last;
  for (; own != NULL; own = own == end ? NULL : own->next) {
    if (!is_merge(own->key)) continue;
    const vf_node *from = own->value;
    if (from->kind == VF_NODE_MAP && !merge_map(y, o, from)) return false;
    if (from->kind != VF_NODE_LIST) continue;
    for (const vf_item *i = from->items; i != NULL; i = i->next)
      if (i->value->kind == VF_NODE_MAP && !merge_map(y, o, i->value)) return false;
  }
  return true;
}

static vf_status put(builder *y, const vf_node *node, yaml_mark_t mark) {
  open_node *o = &y->open[y->depth];
  if (o->node->kind == VF_NODE_MAP && o->key == NULL) {
    o->key = node;
    if (node->kind == VF_NODE_SCALAR) return VF_OK;
    return fail_at(y, VF_MALFORMED, mark, "a key that is no plain text");
  }
  if (!vf_node_add(&y->b, o->node, &o->last, o->key, node)) return too_much(y, mark);
  o->key = NULL;
  return VF_OK;
}

static vf_status note_anchor(builder *y, const yaml_char_t *name, const vf_node *node, size_t *at,
                             yaml_mark_t mark) {
  *at = 0;
  if (name == NULL) return VF_OK;
  if (y->anchors == NULL) y->anchors = vf_arena_alloc(y->b.arena, MOST_ANCHORS, sizeof *y->anchors);
  const char *copy = vf_arena_copy(y->b.arena, (const char *)name, strlen((const char *)name));
  if (y->anchors == NULL || copy == NULL || y->n_anchors == MOST_ANCHORS) return too_much(y, mark);
  y->anchors[y->n_anchors++] = (anchor){copy, node};
  *at = y->n_anchors;
  return VF_OK;
}

static vf_status take_alias(builder *y, const yaml_event_t *e) {
  const char *name = (const char *)e->data.alias.anchor;
  if (y->compared >= MOST_COMPARED) return too_much(y, e->start_mark);
  for (size_t i = y->n_anchors; i-- > 0; y->compared++) {
    if (strcmp(y->anchors[i].name, name) != 0) continue;
    if (y->anchors[i].node != NULL) return put(y, y->anchors[i].node, e->start_mark);
    return fail_at(y, VF_MALFORMED, e->start_mark, "an alias stands within what it names");
  }
  return fail_at(y, VF_MALFORMED, e->start_mark, "an alias names nothing that came before");
}

static const char *own_tag(builder *y, const yaml_char_t *tag) {
  const char *s = (const char *)tag;
  return s != NULL && s[0] == '!' ? vf_arena_copy(y->b.arena, s, strlen(s)) : NULL;
}

static vf_status take_scalar(builder *y, const yaml_event_t *e) {
  size_t at, length = e->data.scalar.length;
  const char *value = (const char *)e->data.scalar.value;
  vf_node *node = vf_node_new(&y->b, VF_NODE_SCALAR, (uint32_t)e->start_mark.line + 1,
                              (uint32_t)e->start_mark.column + 1);
  const char *text = vf_arena_copy(y->b.arena, value, length);
  if (node == NULL || text == NULL) return too_much(y, e->start_mark);
  if (memchr(value, '\0', length) != NULL)
    return fail_at(y, VF_MALFORMED, e->start_mark, "a text has a NUL in it");
  node->text = text;
  node->quoted = e->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
  node->tag = own_tag(y, e->data.scalar.tag);
  vf_status status = note_anchor(y, e->data.scalar.anchor, node, &at, e->start_mark);
  return status == VF_OK ? put(y, node, e->start_mark) : status;
}

static vf_status open_container(builder *y, const yaml_event_t *e, vf_node_kind kind,
                                const yaml_char_t *name, const yaml_char_t *tag) {
  size_t at;
  if (y->depth >= VF_NODE_DEPTH)
    return fail_at(y, VF_LIMIT, e->start_mark, "it is nested too deep");
  vf_node *node = vf_node_new(&y->b, kind, (uint32_t)e->start_mark.line + 1,
                              (uint32_t)e->start_mark.column + 1);
  if (node == NULL) return too_much(y, e->start_mark);
  node->tag = own_tag(y, tag);
  vf_status status = put(y, node, e->start_mark);
  if (status == VF_OK) status = note_anchor(y, name, NULL, &at, e->start_mark);
  if (status != VF_OK) return status;
  y->open[++y->depth] = (open_node){.node = node, .anchor = at};
  return VF_OK;
}

/* YAML allows no key twice; readers that take one differ in which. */
static vf_status stands_twice(builder *y, const vf_node *key) {
  vf_fail(y->err, VF_MALFORMED, "'%.60s' stands here twice: which one counts?", key->text);
  if (y->err != NULL) {
    y->err->line = key->line;
    y->err->column = key->column;
  }
  return VF_MALFORMED;
}

static vf_status close_container(builder *y, const yaml_event_t *e) {
  open_node *o = &y->open[y->depth];
  bool map = o->node->kind == VF_NODE_MAP, memory = true;
  const vf_node *twice = map ? vf_node_twice(o->node, y->b.arena, &memory) : NULL;
  if (!memory) return vf_fail_nomem(y->err);
  if (twice != NULL) return stands_twice(y, twice);
  if (map && !apply_merges(y, o)) return too_much(y, e->start_mark);
  if (o->anchor != 0) y->anchors[o->anchor - 1].node = o->node;
  y->depth--;
  return VF_OK;
}

static vf_status take_event(builder *y, const yaml_event_t *e) {
  switch (e->type) {
  case YAML_SCALAR_EVENT: return take_scalar(y, e);
  case YAML_ALIAS_EVENT: return take_alias(y, e);
  case YAML_MAPPING_START_EVENT:
    return open_container(y, e, VF_NODE_MAP, e->data.mapping_start.anchor,
                          e->data.mapping_start.tag);
  case YAML_SEQUENCE_START_EVENT:
    return open_container(y, e, VF_NODE_LIST, e->data.sequence_start.anchor,
                          e->data.sequence_start.tag);
  case YAML_MAPPING_END_EVENT:
  case YAML_SEQUENCE_END_EVENT: return close_container(y, e);
  case YAML_DOCUMENT_START_EVENT: y->n_anchors = 0; break;
  case YAML_DOCUMENT_END_EVENT:
  case YAML_STREAM_START_EVENT:
  case YAML_STREAM_END_EVENT:
  case YAML_NO_EVENT: break;
  }
  return VF_OK;
}

static vf_status syntax_error(builder *y) {
  char message[160];
  const yaml_parser_t *p = &y->parser;
  snprintf(message, sizeof message, "not YAML: %s",
           p->problem != NULL ? p->problem : "it ends early");
  yaml_mark_t mark = p->problem_mark;
  if (p->error == YAML_MEMORY_ERROR) return vf_fail_nomem(y->err);
  return fail_at(y, VF_MALFORMED, mark, message);
}

vf_status vf_node_read_yaml(const vf_node **out, const char *text, size_t length, vf_arena *arena,
                            vf_error *err) {
  builder y = {.b = {arena, 0}, .err = err};
  yaml_event_t event;
  vf_status status = VF_OK;
  y.open[0].node = vf_node_new(&y.b, VF_NODE_LIST, 1, 1);
  if (y.open[0].node == NULL || !yaml_parser_initialize(&y.parser)) return vf_fail_nomem(err);
  yaml_parser_set_input_string(&y.parser, (const unsigned char *)text, length);
  for (bool ended = false; !ended && status == VF_OK;) {
    if (!yaml_parser_parse(&y.parser, &event)) {
      status = syntax_error(&y);
      break;
    }
    status = take_event(&y, &event);
    ended = event.type == YAML_STREAM_END_EVENT;
    yaml_event_delete(&event);
  }
  yaml_parser_delete(&y.parser);
  if (status == VF_OK) *out = y.open[0].node;
  return status;
}

#endif
