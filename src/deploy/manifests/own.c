/* own.c - vramfit's own manifest: many deployments, defaults, what must hold of each.
 *
 *   vramfit: 1
 *   defaults: {gpu: l4, expect: {min_headroom: 1GiB}}
 *   deployments:
 *     - name: chat
 *       command: vllm serve Qwen/Qwen3-8B --max-model-len 16k
 *     - {name: notes, model: qwen3-4b, quant: q4_k_m, ctx: 32k, gpu: rtx-4060}
 *
 * Keys are our options with '_' for '-', or "command" with an engine's own line. */
#include <string.h>

#include "base/status.h"
#include "base/text.h"
#include "deploy/manifests/manifests.h"
#include "deploy/setup.h"

static bool is_own(const vf_manifest *m) {
  return vf_node_text(m->root, "vramfit") != NULL && vf_node_get(m->root, "deployments") != NULL;
}

/* Keys that are no parameter. */
static bool is_about(const char *key) {
  static const char *const keys[] = {"<<",  "name", "command",     "expect", "env",
                                     "gpu", "gpus", "description", "tags"};
  for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
    if (strcmp(key, keys[i]) == 0) return true;
  return false;
}

typedef struct own {
  vf_manifest *m;
  const vf_node *defaults;
  vf_command *command;
  vf_variables env;
} own;

/* "--kv-k", the key's option with its value. */
static vf_status take_key(own *o, const vf_node *key, const vf_node *value, vf_error *err) {
  const char *text = vf_node_text(value, NULL);
  size_t at = 0;
  if (value->kind != VF_NODE_SCALAR)
    return vf_fail(err, VF_USAGE, "%.60s takes one value", key->text);
  char *option = vf_arena_alloc(o->m->arena, strlen(key->text) + 3, 1);
  if (option == NULL) return vf_fail_nomem(err);
  memcpy(option, "--", 2);
  for (size_t i = 0; key->text[i] != '\0'; i++)
    option[i + 2] = key->text[i] == '_' ? '-' : key->text[i];
  bool flag = !value->quoted && text != NULL && strcmp(text, "true") == 0;
  const char *words[2] = {option, text != NULL ? text : ""};
  if (!value->quoted && text != NULL && strcmp(text, "false") == 0) return VF_OK;
  vf_status status =
      strcmp(key->text, "quant") == 0 ? vf_deployment_quant_check(words[1], err) : VF_OK;
  if (status == VF_OK) status = vf_command_option(o->command, words, flag ? 1 : 2, &at, err);
  if (status == VF_UNKNOWN)
    status = vf_fail(err, VF_USAGE, "no parameter is called '%.60s'", key->text);
  return status;
}

static vf_status take_keys(own *o, const vf_node *node, vf_error *err) {
  if (!vf_node_is(node, VF_NODE_MAP)) return VF_OK;
  for (const vf_item *i = node->items; i != NULL; i = i->next) {
    if (is_about(i->key->text)) continue;
    vf_status status = take_key(o, i->key, i->value, err);
    bool filled = node == o->defaults && vf_command_is_disputed(o->command);
    if (status == VF_OK || filled) continue; /* defaults count where nothing else is said */
    if (err != NULL) err->line = i->value->line, err->column = i->value->column;
    return status;
  }
  return VF_OK;
}

static const char *either(const own *o, const vf_node *node, const char *key) {
  const char *text = vf_node_text(node, key);
  return text != NULL ? text : vf_node_text(o->defaults, key);
}

static vf_status take_command(own *o, const vf_node *node, vf_error *err) {
  const vf_node *command = vf_node_get(node, "command"), *env = vf_node_get(node, "env");
  vf_status status = VF_OK;
  for (const vf_item *i = vf_node_is(env, VF_NODE_MAP) ? env->items : NULL;
       status == VF_OK && i != NULL; i = i->next)
    status = vf_variables_add(&o->env, o->m->arena, i->key->text, i->value->text, err);
  if (status != VF_OK || command == NULL) return status;
  if (vf_node_text(command, NULL) != NULL)
    return vf_command_read_text(o->command, command->text, vf_variables_get, &o->env, err);
  const char **words = o->m->words;
  size_t n = 0;
  status = vf_manifest_add_words(o->m, words, &n, command, err);
  return status == VF_OK ? vf_command_read(o->command, words, n, vf_variables_get, &o->env, err)
                         : status;
}

/* The deployment's own, then the defaults'. */
static void set_gpus(own *o, vf_found_gpus *g, const vf_node *node) {
  const char *gpu = either(o, node, "gpu"), *gpus = either(o, node, "gpus");
  if (gpus != NULL) vf_manifest_count(o->m, g, gpus);
  g->stated = gpu != NULL || gpus != NULL;
  if (gpu != NULL) g->names[g->n_names++] = gpu;
}

static vf_status read_deployment(vf_manifest *m, const vf_node *defaults, const vf_node *node,
                                 const char *path, vf_error *err) {
  own o = {.m = m, .defaults = defaults};
  vf_error cause = {.status = VF_OK};
  vf_words_at at = {.path = path, .line = node->line, .column = node->column};
  vf_status status = vf_command_new(&o.command, m->ctx, err);
  if (status != VF_OK) return status;
  at.expect = vf_node_get(node, "expect");
  if (at.expect == NULL) at.expect = vf_node_get(defaults, "expect");
  if (at.expect != NULL && at.expect->kind != VF_NODE_MAP)
    status = vf_fail(&cause, VF_USAGE, "expect: a map of what must hold is expected");
  if (node->kind != VF_NODE_MAP)
    status = vf_fail(&cause, VF_USAGE, "a deployment is a map of what it states");
  set_gpus(&o, &at.gpus, node);
  if (status == VF_OK) status = take_command(&o, node, &cause);
  if (status == VF_OK) vf_command_hold_line(o.command);
  if (status == VF_OK) status = take_keys(&o, defaults, &cause);
  if (status == VF_OK) status = take_keys(&o, node, &cause);
  status = vf_manifest_command(m, &at, o.command, status, &cause, err);
  vf_command_free(o.command);
  return status;
}

static vf_status read_own(vf_manifest *m, vf_error *err) {
  const vf_node *list = vf_node_get(m->root, "deployments"),
                *defaults = vf_node_get(m->root, "defaults");
  const char *version = vf_node_text(m->root, "vramfit");
  size_t index = 0;
  vf_status status = VF_OK;
  if (strcmp(version, "1") != 0)
    return vf_fail(err, VF_UNSUPPORTED,
                   "a manifest of version '%.20s': this vramfit reads version 1", version);
  if (list->kind == VF_NODE_SCALAR)
    return vf_fail(err, VF_MALFORMED, "deployments: a list or a map is expected");
  for (const vf_item *i = list->items; status == VF_OK && i != NULL; i = i->next, index++) {
    const char *name = i->key != NULL ? i->key->text : vf_node_text(i->value, "name");
    char path[256];
    vf_text t = vf_text_on(path, sizeof path);
    if (name != NULL)
      vf_text_printf(&t, "deployments.%.200s", name);
    else
      vf_text_printf(&t, "deployments[%zu]", index);
    status = read_deployment(m, defaults, i->value, path, err);
  }
  return status;
}

const vf_manifest_kind vf_kind_own = {"vramfit manifest", is_own, read_own};
