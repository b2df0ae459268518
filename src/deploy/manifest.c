/* manifest.c - the table of kinds, and what they share. */
#include "deploy/manifest.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/decimal.h"
#include "base/names.h"
#include "base/status.h"
#include "base/text.h"
#include "deploy/manifests/box_file.h"
#include "deploy/manifests/manifests.h"
#include "readers/catalog.h"
#include "readers/files.h"

enum {
  FILE_ARENA = 384 << 20,
  SCRATCH_ARENA = 24 << 20,
  MOST_STEPS = 4 << 20,
  MOST_DEPLOYMENTS = 10000,
  MOST_VARIABLES = 4096
};

/* The first that recognises a file reads it. */
static const vf_manifest_kind *const kinds[] = {
    &vf_kind_own,      &vf_kind_compose, &vf_kind_kubernetes, &vf_kind_swap,      &vf_kind_helm,
    &vf_kind_gpustack, &vf_kind_jobs,    &vf_kind_localai,    &vf_kind_modelfile, &vf_kind_preset,
    &vf_kind_systemd,  &vf_kind_script,  &vf_kind_training,
};

bool vf_file_ends(const char *file, const char *end) {
  size_t n = strlen(file), m = strlen(end);
  if (n < m) return false;
  for (size_t i = 0; i < m; i++) {
    char c = file[n - m + i];
    if (c >= 'A' && c <= 'Z') c = (char)(c - 'A' + 'a');
    if (c != end[i]) return false;
  }
  return true;
}

bool vf_file_is_yaml(const char *file) {
  return vf_file_ends(file, ".yaml") || vf_file_ends(file, ".yml");
}

bool vf_manifest_may_be(const char *file) {
  static const char *const ends[] = {".yaml", ".yml",  ".json",   ".ini",   ".service",
                                     ".sh",   ".bash", ".sbatch", ".slurm", ".modelfile"};
  const char *slash = strrchr(file, '/');
  for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
    if (vf_file_ends(file, ends[i])) return true;
  return strncmp(slash != NULL ? slash + 1 : file, "Modelfile", 9) == 0;
}

/* ---- What kinds share ------------------------------------------------------------------- */

const char *vf_manifest_format(vf_manifest *m, const char *fmt, ...) {
  char text[1024];
  va_list args;
  va_start(args, fmt);
  vsnprintf(text, sizeof text, fmt, args);
  va_end(args);
  return vf_arena_copy(m->arena, text, strlen(text));
}

vf_status vf_manifest_pass(vf_manifest *m, const char *path, uint32_t line, vf_error *err,
                           const char *fmt, ...) {
  char text[400];
  va_list args;
  va_start(args, fmt);
  vsnprintf(text, sizeof text, fmt, args);
  va_end(args);
  return m->sink->passed(m->sink->user, path, line, text, err);
}

vf_status vf_manifest_beside(vf_manifest *m, vf_error *err, const char *fmt, ...) {
  char text[400];
  va_list args;
  if (m->n_beside == VF_MANIFEST_BESIDE) return VF_OK; /* enough is told */
  va_start(args, fmt);
  vsnprintf(text, sizeof text, fmt, args);
  va_end(args);
  m->beside[m->n_beside] = vf_arena_copy(m->arena, text, strlen(text));
  return m->beside[m->n_beside++] != NULL ? VF_OK : vf_fail_nomem(err);
}

void vf_manifest_anew(vf_manifest *m) {
  m->n_beside = 0;
}

vf_status vf_manifest_step(vf_manifest *m, vf_error *err) {
  if (++m->steps <= MOST_STEPS) return VF_OK;
  return vf_fail(err, VF_LIMIT, "aliases make more of it than any manifest has");
}

static vf_status renew_scratch(vf_manifest *m, vf_error *err) {
  if (m->scratch != NULL) vf_arena_free(m->scratch);
  m->scratch = vf_arena_new(&m->ctx->allocator, SCRATCH_ARENA);
  return m->scratch != NULL ? VF_OK : vf_fail_nomem(err);
}

vf_status vf_manifest_add_words(vf_manifest *m, const char **words, size_t *n, const vf_node *node,
                                vf_error *err) {
  if (vf_node_is(node, VF_NODE_LIST)) {
    for (const vf_item *i = node->items; i != NULL && *n < VF_MANIFEST_WORDS; i = i->next)
      if (i->value->kind == VF_NODE_SCALAR) words[(*n)++] = i->value->text;
    return VF_OK;
  }
  const char *text = vf_node_text(node, NULL);
  vf_words commands[VF_WORDS_COMMANDS];
  size_t count = 0;
  if (text == NULL) return VF_OK;
  vf_status status = vf_words_split(commands, &count, text, NULL, NULL, m->arena, err);
  if (status != VF_OK) return status;
  for (size_t c = 0; c < count; c++)
    for (size_t i = 0; i < commands[c].count && *n < VF_MANIFEST_WORDS; i++)
      words[(*n)++] = commands[c].list[i];
  return VF_OK;
}

vf_status vf_variables_add(vf_variables *v, vf_arena *arena, const char *name, const char *value,
                           vf_error *err) {
  if (v->room == 0) {
    v->room = MOST_VARIABLES;
    v->names = vf_arena_alloc_raw(arena, v->room, sizeof *v->names);
    v->values = vf_arena_alloc_raw(arena, v->room, sizeof *v->values);
    if (v->names == NULL || v->values == NULL) return vf_fail_nomem(err);
  }
  if (v->count == v->room) return vf_fail(err, VF_LIMIT, "more variables than any container has");
  v->names[v->count] = name;
  v->values[v->count++] = value;
  return VF_OK;
}

const char *vf_variables_get(void *variables, const char *name) {
  const vf_variables *v = variables;
  for (size_t i = v->count; i-- > 0;)
    if (strcmp(v->names[i], name) == 0) return v->values[i];
  return NULL;
}

vf_status vf_manifest_host_memory(vf_manifest *m, vf_found_gpus *g, const char *text,
                                  vf_error *err) {
  uint64_t bytes;
  if (text == NULL) return VF_OK;
  if (!vf_quantity_docker(&bytes, text)) {
    const char *written = vf_word_written(text, m->arena);
    if (written == NULL) return vf_fail_nomem(err);
    return vf_manifest_beside(m, err, "its limit of main memory, '%.60s', is no size", written);
  }
  if (bytes != 0) g->host_bytes = bytes; /* 0: there is none */
  return VF_OK;
}

void vf_manifest_count(vf_manifest *m, vf_found_gpus *g, const char *text) {
  uint64_t n = 0;
  bool whole = false;
  if (vf_quantity_kubernetes(&n, &whole, text) && whole && n > 0 && n <= UINT32_MAX) {
    g->count = (uint32_t)n;
    return;
  }
  const char *written = vf_word_written(text, m->arena);
  if (g->unclear == NULL && written != NULL)
    g->unclear = vf_manifest_format(m, "'%.60s' is not how many GPUs it is given", written);
}

/* "h100:1g.20gb" is a slice; of "2..4", dstack's, the fewest are what it may get. */
void vf_manifest_gpu(vf_manifest *m, vf_found_gpus *g, const char *text) {
  char fewest[16];
  size_t n = strcspn(text, ":"), digits = 0;
  const char *count = text[n] == ':' ? text + n + 1 : NULL;
  if (count != NULL) digits = strspn(count, "0123456789");
  if (count != NULL && digits > 0 && count[digits] == 'g') {
    count = NULL;
    n = strlen(text);
  }
  if (count != NULL && strncmp(count + digits, "..", 2) == 0 && digits < sizeof fewest) {
    memcpy(fewest, count, digits);
    fewest[digits] = '\0';
    count = fewest;
  }
  g->stated = true;
  if (count != NULL) vf_manifest_count(m, g, count);
  const char *name = vf_arena_copy(m->arena, text, n);
  if (g->n_names < VF_FOUND_GPUS && n > 0 && name != NULL) g->names[g->n_names++] = name;
}

const vf_engine *vf_manifest_engine(const char *name) {
  static const struct {
    const char *theirs, *ours;
  } names[] = {{"vllm", "vllm"},
               {"sglang", "sglang"},
               {"llama.cpp", "llama-server"},
               {"llamacpp", "llama-server"},
               {"llama-cpp", "llama-server"},
               {"llama-box", "llama-server"},
               {"ollama", "ollama"},
               {"tgi", "tgi"},
               {"tensorrt-llm", "tensorrt-llm"},
               {"trtllm", "tensorrt-llm"},
               {"mlx", "mlx"}};
  const vf_engine *engine = NULL;
  const char *version;
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    if (vf_name_equal(name, names[i].theirs) &&
        vf_engine_find(&engine, &version, names[i].ours, NULL) == VF_OK)
      return engine;
  return NULL;
}

/* The container's GPUs, of which the process may see fewer. */
static void take_visible(vf_found_gpus *g, const char *of_process) {
  uint32_t n = 0;
  g->visible_told = vf_visible_count(&g->n_visible, g->visible);
  bool told = vf_visible_count(&n, of_process);
  if (of_process == NULL || (!told && g->visible_told) ||
      (told && g->visible_told && g->n_visible < n))
    return;
  g->visible = of_process;
  g->visible_told = told;
  g->n_visible = n;
}

/* The least of what the manifest and the line say. */
static vf_status limit_host(vf_manifest *m, vf_found_gpus *g, const vf_command *command,
                            vf_error *err) {
  const char *strange;
  uint64_t bytes = vf_command_host_bytes(command, &strange);
  if (bytes != 0 && (g->host_bytes == 0 || bytes < g->host_bytes)) g->host_bytes = bytes;
  if (strange == NULL) return VF_OK;
  const char *text = vf_word_written(strange, m->arena);
  if (text == NULL) return vf_fail_nomem(err);
  return vf_manifest_beside(m, err, "its limit of main memory, '%.60s', is no size", text);
}

/* ---- One deployment --------------------------------------------------------------------- */

vf_status vf_manifest_command(vf_manifest *m, const vf_words_at *w, vf_command *command,
                              vf_status status, const vf_error *cause, vf_error *err) {
  if (++m->n_found > MOST_DEPLOYMENTS)
    return vf_fail(err, VF_LIMIT, "more than %d deployments in one file", MOST_DEPLOYMENTS);
  vf_found found = {.path = w->path,
                    .line = w->line,
                    .column = w->column,
                    .command = command,
                    .model = w->model,
                    .gpus = w->gpus,
                    .words = w->words,
                    .lines = w->lines,
                    .n_words = w->lines != NULL ? w->count : 0,
                    .expect = w->expect,
                    .status = status};
  if (status == VF_NOMEM || status == VF_IO) return vf_fail_nomem(err);
  if (status != VF_OK) found.error = *cause;
  const char *visible = vf_command_visible(command);
  const char *gpus = vf_command_container_gpus(command);
  take_visible(&found.gpus, visible);
  if (found.gpus.visible_told && found.gpus.n_visible == 0 && found.gpus.unclear == NULL) {
    const char *list =
        vf_manifest_format(m, "it sees no GPU: what is visible is '%.60s'", found.gpus.visible);
    if (list == NULL) return vf_fail_nomem(err);
    found.gpus.unclear = list;
  }
  if (gpus != NULL && !found.gpus.stated) {
    found.gpus.stated = true;
    found.gpus.all = strcmp(gpus, "all") == 0;
    unsigned long count = strtoul(gpus, NULL, 10);
    if (count > 0 && count <= 4096) found.gpus.count = (uint32_t)count;
    if (strncmp(gpus, "device=", 7) == 0) {
      found.gpus.count = 1;
      for (const char *c = gpus; *c != '\0'; c++) found.gpus.count += *c == ',';
    }
  }
  status = limit_host(m, &found.gpus, command, err);
  if (status == VF_OK) status = m->sink->found(m->sink->user, &found, err);
  for (size_t i = 0; status == VF_OK && i < m->n_beside; i++)
    status = m->sink->passed(m->sink->user, w->path, w->line, m->beside[i], err);
  vf_manifest_anew(m);
  return status;
}

/* The engine's words of a line that was taken apart. */
static vf_status take_wrapper(vf_manifest *m, const vf_words_at *at, vf_wrapper *w, vf_error *err) {
  vf_error cause = {.status = VF_OK};
  vf_command *c = vf_command_in(m->scratch, m->ctx);
  if (c == NULL) return vf_fail_nomem(err);
  vf_status status = vf_command_tolerate(c, w, &cause);
  return vf_manifest_command(m, at, c, status, &cause, err);
}

static vf_status tell_unknown(vf_manifest *m, const vf_words_at *at, vf_error *err) {
  if (!at->asks_gpu) return VF_OK;
  if (at->image != NULL)
    return vf_manifest_pass(m, at->path, at->line, err,
                            "the image %.120s asks for a GPU, and what it runs is not known",
                            vf_word_written(at->image, m->arena));
  return vf_manifest_pass(m, at->path, at->line, err, "the command is no engine that is known");
}

vf_status vf_manifest_words(vf_manifest *m, const vf_words_at *at, vf_error *err) {
  vf_error cause = {.status = VF_OK};
  vf_status status = renew_scratch(m, err);
  vf_wrapper *w = status == VF_OK ? vf_arena_alloc(m->scratch, 1, sizeof *w) : NULL;
  if (w == NULL) return vf_fail_nomem(err);
  if (at->engine != NULL) {
    *w = (vf_wrapper){.engine = at->engine,
                      .words = at->words,
                      .count = at->count,
                      .around = at->variables,
                      .user = at->user};
  } else if (at->image != NULL) {
    status = vf_wrapper_container(w, at->image, at->words, at->count, at->variables, at->user,
                                  m->scratch, &cause);
  } else {
    status =
        vf_wrapper_read(w, at->words, at->count, true, at->variables, at->user, m->scratch, &cause);
  }
  if (status == VF_NOMEM) return vf_fail_nomem(err);
  if (status != VF_OK)
    return vf_manifest_pass(m, at->path, at->line, err, "its command: %.200s", cause.message);
  if (w->engine == NULL || vf_wrapper_only_asks(w)) return tell_unknown(m, at, err);
  return take_wrapper(m, at, w, err);
}

/* ---- Scripts ---------------------------------------------------------------------------- */

typedef struct script {
  vf_manifest *m;
  const vf_words_at *at;
  uint32_t first_line;
  bool name_lines;
} script;

static const char *exported(void *shell, const char *name) {
  return vf_shell_exported(shell, name);
}

static vf_status take_command(void *user, const vf_words *command, const vf_shell *shell,
                              vf_error *err) {
  script *s = user;
  vf_words_at at = *s->at;
  at.words = command->list;
  at.count = command->count;
  at.variables = exported;
  at.user = (void *)(uintptr_t)shell;
  at.asks_gpu = false;
  if (s->name_lines) {
    at.line = s->first_line + command->line - 1;
    at.column = 1;
    at.path = vf_manifest_format(s->m, "line %u", (unsigned)at.line);
    if (at.path == NULL) return vf_fail_nomem(err);
  }
  return vf_manifest_words(s->m, &at, err);
}

vf_status vf_manifest_script(vf_manifest *m, const vf_words_at *at, const char *text,
                             uint32_t first_line, bool name_lines, vf_error *err) {
  script s = {m, at, first_line, name_lines};
  return vf_shell_read(text, at->variables, at->user, m->arena, take_command, &s, err);
}

/* ---- A file ----------------------------------------------------------------------------- */

static vf_status parse(vf_manifest *m, vf_error *err) {
  vf_status status = VF_OK;
  if (vf_file_is_yaml(m->file))
    status = vf_node_read_yaml(&m->documents, m->text, m->length, m->arena, err);
  else if (vf_file_ends(m->file, ".json"))
    status = vf_node_read_json(&m->documents, m->text, m->length, m->arena, err);
  if (status == VF_OK && m->documents != NULL) m->root = vf_node_at(m->documents, 0);
  return status;
}

static vf_status read_kinds(const char **kind, vf_manifest *m, vf_error *err) {
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
    if (!kinds[i]->is(m)) continue;
    *kind = kinds[i]->name;
    return kinds[i]->read(m, err);
  }
  return VF_OK;
}

static vf_status name_source(vf_status status, const char *file, vf_error *err) {
  if (status != VF_OK && err != NULL && err->source[0] == '\0')
    snprintf(err->source, sizeof err->source, "%s", file);
  return status;
}

/* A template is no YAML before Helm, or whatever it is, has filled it in: no mistake of its own. */
static vf_status pass_template(vf_manifest *m, const vf_error *cause, vf_error *err) {
  return vf_manifest_pass(m, "", cause->line, err,
                          "a template: {{…}} has to be filled in first (helm template)");
}

/* More than is kept of a file is its fault, and ends no other file's check. */
static vf_status tell_limit(const vf_manifest *m, vf_status status, vf_error *err) {
  bool full = vf_arena_is_full(m->arena) || (m->scratch != NULL && vf_arena_is_full(m->scratch));
  if (status != VF_NOMEM || !full) return status;
  return vf_fail(err, VF_LIMIT, "it takes more memory to read than any manifest needs");
}

static vf_status read_all(const char **kind, vf_manifest *m, vf_error *err) {
  vf_error cause = {.status = VF_OK};
  const char *slash = strrchr(m->file, '/');
  m->folder = slash != NULL ? vf_arena_copy(m->arena, m->file, (size_t)(slash + 1 - m->file)) : "";
  m->words = vf_arena_alloc_raw(m->arena, VF_MANIFEST_WORDS, sizeof *m->words);
  m->lines = vf_arena_alloc(m->arena, VF_MANIFEST_WORDS, sizeof *m->lines);
  if (m->folder == NULL || m->words == NULL || m->lines == NULL) return vf_fail_nomem(err);
  vf_status status = parse(m, &cause);
  bool is_template =
      status == VF_MALFORMED && vf_file_is_yaml(m->file) && strstr(m->text, "{{") != NULL;
  if (is_template) return pass_template(m, &cause, err);
  if (status != VF_OK && err != NULL) *err = cause;
  if (status == VF_OK) status = read_kinds(kind, m, err);
  status = tell_limit(m, status, err);
  if (m->scratch != NULL) vf_arena_free(m->scratch);
  return name_source(status, m->file, err);
}

vf_status vf_manifest_read_text(const char **kind, const vf_context *ctx, const char *file,
                                const char *text, size_t length, const vf_manifest_sink *sink,
                                vf_error *err) {
  vf_manifest m = {.ctx = ctx, .sink = sink, .file = file, .text = text, .length = length};
  *kind = NULL;
  m.arena = vf_arena_new(&ctx->allocator, FILE_ARENA);
  if (m.arena == NULL) return vf_fail_nomem(err);
  vf_status status = read_all(kind, &m, err);
  vf_arena_free(m.arena);
  return status;
}

vf_status vf_manifest_read(const char **kind, const vf_context *ctx, const char *file,
                           const vf_manifest_sink *sink, vf_error *err) {
  vf_manifest m = {.ctx = ctx, .sink = sink, .file = file};
  char *text = NULL;
  *kind = NULL;
  m.arena = vf_arena_new(&ctx->allocator, FILE_ARENA);
  if (m.arena == NULL) return vf_fail_nomem(err);
  vf_status status =
      vf_files_read(&text, &m.length, &ctx->files, file, VF_NODE_FILE_BYTES, m.arena, err);
  m.text = text;
  if (status == VF_OK && strlen(text) != m.length)
    status = name_source(vf_fail(err, VF_MALFORMED, "it has a NUL in it: no text"), file, err);
  if (status == VF_OK) status = read_all(kind, &m, err);
  vf_arena_free(m.arena);
  return status;
}
