/* jobs.c - jobs on rented machines: SkyPilot's "run", dstack's "commands".
 *
 * Both are scripts with variables beside them; an empty one is filled in when the job is started.
 */
#include <string.h>

#include "base/status.h"
#include "deploy/manifests/manifests.h"

static bool is_sky(const vf_node *node) {
  return vf_node_text(node, "run") != NULL && vf_node_text(node, "kind") == NULL &&
         (vf_node_get(node, "resources") != NULL || vf_node_get(node, "setup") != NULL ||
          vf_node_get(node, "envs") != NULL);
}

static bool is_dstack(const vf_node *node) {
  return vf_node_text(node, "type") != NULL &&
         vf_node_is(vf_node_get(node, "commands"), VF_NODE_LIST);
}

static bool is_job(const vf_manifest *m) {
  if (m->documents == NULL) return false;
  for (const vf_item *i = m->documents->items; i != NULL; i = i->next)
    if (is_sky(i->value) || is_dstack(i->value)) return true;
  return false;
}

/* A map, or a list of "A=b"; without a value it is filled in later. */
static vf_status read_env(vf_manifest *m, vf_variables *v, const vf_node *env, vf_error *err) {
  vf_status status = VF_OK;
  if (env == NULL || env->kind == VF_NODE_SCALAR) return VF_OK;
  for (const vf_item *i = env->items; status == VF_OK && i != NULL; i = i->next) {
    const char *text = vf_node_text(i->value, NULL);
    const char *equals = text != NULL ? strchr(text, '=') : NULL;
    if (text == NULL || text[0] == '\0') continue;
    if (env->kind == VF_NODE_MAP)
      status = vf_variables_add(v, m->arena, i->key->text, text, err);
    else if (equals != NULL) {
      const char *name = vf_arena_copy(m->arena, text, (size_t)(equals - text));
      status =
          name != NULL ? vf_variables_add(v, m->arena, name, equals + 1, err) : vf_fail_nomem(err);
    }
  }
  return status;
}

/* "H100:8", {H100: 8, A100: 8} (any of them), or a list. */
static void read_accelerators(vf_manifest *m, vf_found_gpus *g, const vf_node *node) {
  const char *text = vf_node_text(node, NULL);
  if (text != NULL) {
    vf_manifest_gpu(m, g, text);
  } else if (vf_node_is(node, VF_NODE_LIST)) {
    for (const vf_item *i = node->items; i != NULL; i = i->next)
      vf_manifest_gpu(m, g, i->value->text);
  } else if (vf_node_is(node, VF_NODE_MAP)) {
    for (const vf_item *i = node->items; i != NULL; i = i->next) {
      const char *count = vf_node_text(i->value, NULL);
      const char *both =
          count != NULL ? vf_manifest_format(m, "%.80s:%.20s", i->key->text, count) : i->key->text;
      if (both != NULL) vf_manifest_gpu(m, g, both);
    }
  }
}

/* "any_of" and "ordered": a list of resources, of which one is taken. */
static void read_choices(vf_manifest *m, vf_found_gpus *g, const vf_node *list) {
  if (!vf_node_is(list, VF_NODE_LIST)) return;
  for (const vf_item *i = list->items; i != NULL; i = i->next)
    read_accelerators(m, g, vf_node_get(i->value, "accelerators"));
}

/* dstack's gpu: "H100:4", "24GB", or {name: [...], count: N, memory: ...}. */
static void read_gpu(vf_manifest *m, vf_found_gpus *g, const vf_node *node) {
  const char *text = vf_node_text(node, NULL);
  const char *count = vf_node_text(node, "count");
  if (text != NULL) {
    bool memory = text[0] >= '0' && text[0] <= '9';
    if (memory) g->stated = true;
    if (!memory) vf_manifest_gpu(m, g, text);
    return;
  }
  if (!vf_node_is(node, VF_NODE_MAP)) return;
  g->stated = true;
  read_accelerators(m, g, vf_node_get(node, "name"));
  if (count != NULL && count[0] >= '1' && count[0] <= '9') {
    const char *both = vf_manifest_format(m, ":%.8s", count);
    if (both != NULL) vf_manifest_gpu(m, g, both);
  }
}

static vf_status read_sky(vf_manifest *m, const vf_node *node, vf_error *err) {
  vf_variables v = {0};
  const vf_node *key = vf_node_key(node, "run");
  vf_words_at at = {.path = "run",
                    .line = key->line,
                    .column = key->column,
                    .variables = vf_variables_get,
                    .user = &v};
  read_accelerators(m, &at.gpus, vf_node_get(node, "resources/accelerators"));
  read_choices(m, &at.gpus, vf_node_get(node, "resources/any_of"));
  read_choices(m, &at.gpus, vf_node_get(node, "resources/ordered"));
  vf_status status = read_env(m, &v, vf_node_get(node, "envs"), err);
  return status == VF_OK ? vf_manifest_script(m, &at, vf_node_text(node, "run"), 1, false, err)
                         : status;
}

static vf_status read_dstack(vf_manifest *m, const vf_node *node, vf_error *err) {
  vf_variables v = {0};
  const vf_node *key = vf_node_key(node, "commands"), *list = vf_node_get(node, "commands");
  size_t room = 1, used = 0;
  vf_words_at at = {.path = "commands",
                    .line = key->line,
                    .column = key->column,
                    .variables = vf_variables_get,
                    .user = &v};
  read_gpu(m, &at.gpus, vf_node_get(node, "resources/gpu"));
  vf_status status = read_env(m, &v, vf_node_get(node, "env"), err);
  for (const vf_item *i = list->items; i != NULL; i = i->next) room += strlen(i->value->text) + 1;
  char *text = room <= VF_WORDS_TEXT ? vf_arena_alloc_raw(m->arena, room, 1) : NULL;
  if (status != VF_OK || text == NULL) return status != VF_OK ? status : vf_fail_nomem(err);
  for (const vf_item *i = list->items; i != NULL; i = i->next) {
    size_t n = strlen(i->value->text);
    memcpy(text + used, i->value->text, n);
    used += n;
    text[used++] = '\n';
  }
  text[used] = '\0';
  return vf_manifest_script(m, &at, text, 1, false, err);
}

static vf_status read_jobs(vf_manifest *m, vf_error *err) {
  vf_status status = VF_OK;
  for (const vf_item *i = m->documents->items; status == VF_OK && i != NULL; i = i->next) {
    if (is_sky(i->value))
      status = read_sky(m, i->value, err);
    else if (is_dstack(i->value))
      status = read_dstack(m, i->value, err);
  }
  return status;
}

const vf_manifest_kind vf_kind_jobs = {"SkyPilot or dstack", is_job, read_jobs};
