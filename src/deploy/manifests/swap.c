/* swap.c - llama-swap's configs: models by name, each with the command that starts it.
 *
 * Lines of a command that begin with '#' are left out, newlines are blanks, words are a shell's but
 * no shell runs.  ${name} is a macro, global or the model's; ${PORT}, ${MODEL_ID} and ${env.X} are
 * llama-swap's own. */
#include <string.h>

#include "base/status.h"
#include "base/text.h"
#include "deploy/manifests/manifests.h"

enum { MACRO_DEPTH = 6 };

static bool is_swap(const vf_manifest *m) {
  const vf_node *models = vf_node_get(m->root, "models");
  if (!vf_node_is(models, VF_NODE_MAP)) return false;
  for (const vf_item *i = models->items; i != NULL; i = i->next)
    if (vf_node_text(i->value, "cmd") != NULL) return true;
  return false;
}

typedef struct swapped {
  vf_manifest *m;
  const vf_node *model;
  const char *name;
  vf_variables env;
} swapped;

static const char *macro(void *user, const char *name) {
  swapped *s = user;
  if (strcmp(name, "MODEL_ID") == 0) return s->name;
  const char *own = vf_node_text(vf_node_get(s->model, "macros"), name);
  return own != NULL ? own : vf_node_text(vf_node_get(s->m->root, "macros"), name);
}

/* One round: names may have dashes, and what is no macro stays as it is written. */
static const char *replace(swapped *s, const char *text) {
  enum { ROOM = 64 << 10 };
  char *out = vf_arena_alloc_raw(s->m->arena, ROOM, 1), name[128];
  if (out == NULL) return NULL;
  vf_text t = vf_text_on(out, ROOM);
  while (*text != '\0') {
    const char *end = strncmp(text, "${", 2) == 0 ? strchr(text, '}') : NULL;
    size_t n = end != NULL ? (size_t)(end - text) - 2 : 0;
    const char *value = NULL;
    if (end != NULL && n < sizeof name) {
      memcpy(name, text + 2, n);
      name[n] = '\0';
      value = macro(s, name);
    }
    if (value != NULL) {
      vf_text_put(&t, value);
      text = end + 1;
    } else {
      vf_text_bytes(&t, text++, 1);
    }
  }
  return t.length < ROOM ? vf_arena_copy(s->m->arena, out, t.length) : NULL;
}

/* Macros may have macros in them. */
static const char *expanded(swapped *s, const char *text) {
  for (int depth = 0; text != NULL && depth < MACRO_DEPTH && strstr(text, "${") != NULL; depth++) {
    const char *next = replace(s, text);
    if (next == NULL || strcmp(next, text) == 0) break;
    text = next;
  }
  return text;
}

/* Without comments, and in one line. */
static const char *one_line(swapped *s, const char *text) {
  size_t n = strlen(text), to = 0;
  char *out = vf_arena_alloc_raw(s->m->arena, n + 2, 1);
  if (out == NULL) return NULL;
  for (const char *line = text; *line != '\0';) {
    size_t length = strcspn(line, "\n");
    const char *start = line + strspn(line, " \t");
    size_t kept = start < line + length && *start == '#' ? 0 : length;
    memcpy(out + to, line, kept);
    to += kept;
    while (to > 0 && kept > 0 && (out[to - 1] == ' ' || out[to - 1] == '\r')) to--, kept--;
    if (to > 0 && kept > 0 && out[to - 1] == '\\') to--;
    out[to++] = ' ';
    line += length + (line[length] == '\n');
  }
  out[to] = '\0';
  return out;
}

static vf_status read_env(swapped *s, vf_error *err) {
  const vf_node *env = vf_node_get(s->model, "env");
  if (!vf_node_is(env, VF_NODE_LIST)) return VF_OK;
  for (const vf_item *i = env->items; i != NULL; i = i->next) {
    const char *text = expanded(s, vf_node_text(i->value, NULL));
    const char *equals = text != NULL ? strchr(text, '=') : NULL;
    if (equals == NULL) continue;
    const char *name = vf_arena_copy(s->m->arena, text, (size_t)(equals - text));
    if (name == NULL) return vf_fail_nomem(err);
    vf_status status = vf_variables_add(&s->env, s->m->arena, name, equals + 1, err);
    if (status != VF_OK) return status;
  }
  return VF_OK;
}

static vf_status read_model(vf_manifest *m, const vf_item *item, vf_error *err) {
  swapped s = {.m = m, .model = item->value, .name = item->key->text};
  const vf_node *cmd = vf_node_get(item->value, "cmd");
  vf_words_at at = {.line = item->key->line,
                    .column = item->key->column,
                    .asks_gpu = true,
                    .variables = vf_variables_get,
                    .user = &s.env};
  const char **words = m->words;
  vf_node command = {.kind = VF_NODE_SCALAR, .quoted = true};
  vf_error cause = {.status = VF_OK};
  size_t n = 0;
  if (vf_node_text(cmd, NULL) == NULL) return VF_OK;
  at.path = vf_manifest_format(m, "models.%.200s", s.name);
  vf_status status = read_env(&s, err);
  const char *text = one_line(&s, cmd->text);
  if (text != NULL) text = expanded(&s, text);
  if (status != VF_OK || at.path == NULL || text == NULL)
    return status != VF_OK ? status : vf_fail_nomem(err);
  command.text = text;
  status = vf_manifest_add_words(m, words, &n, &command, &cause);
  if (status != VF_OK || n == 0)
    return vf_manifest_pass(m, at.path, at.line, err, "its command: %.200s", cause.message);
  at.words = words;
  at.count = n;
  return vf_manifest_words(m, &at, err);
}

static vf_status read_swap(vf_manifest *m, vf_error *err) {
  vf_status status = VF_OK;
  const vf_node *models = vf_node_get(m->root, "models");
  for (const vf_item *i = models->items; status == VF_OK && i != NULL; i = i->next)
    status = read_model(m, i, err);
  return status;
}

const vf_manifest_kind vf_kind_swap = {"llama-swap", is_swap, read_swap};
