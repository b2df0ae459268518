/* units.c - systemd units and shell scripts.
 *
 * Of a unit ExecStart counts, with Environment and EnvironmentFile; of a script every command that
 * starts an engine, with what was assigned before it, and what "#SBATCH" asks for. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/status.h"
#include "deploy/manifests/manifests.h"

/* ---- Units ------------------------------------------------------------------------------ */

static bool is_unit(const vf_manifest *m) {
  return vf_file_ends(m->file, ".service");
}

/* One logical line: a backslash at its end joins the next; *lines counts those it has. */
static const char *logical_line(vf_manifest *m, const char **s, uint32_t *lines) {
  const char *start = *s, *end = start;
  *lines = 0;
  for (;;) {
    size_t n = strcspn(end, "\n");
    ++*lines;
    bool joined = n > 0 && end[n - 1] == '\\' && end[n] == '\n';
    end += n + (end[n] == '\n');
    if (!joined || *end == '\0') break;
  }
  *s = end;
  size_t length = (size_t)(end - start);
  while (length > 0 && strchr("\r\n", start[length - 1]) != NULL) length--;
  return vf_arena_copy(m->arena, start, length);
}

/* "Environment="A=b" C=d": several assignments, quoted as wholes. */
static vf_status add_environment(vf_manifest *m, vf_variables *v, const char *text, vf_error *err) {
  for (const char *s = text; *s != '\0';) {
    char pair[2048];
    size_t n = 0;
    char quote = '\0';
    s += strspn(s, " \t");
    for (; *s != '\0' && (quote != '\0' || (*s != ' ' && *s != '\t')); s++) {
      if ((*s == '"' || *s == '\'') && (quote == '\0' || quote == *s))
        quote = quote == '\0' ? *s : '\0';
      else if (n + 1 < sizeof pair)
        pair[n++] = *s;
    }
    pair[n] = '\0';
    const char *equals = strchr(pair, '=');
    if (equals == NULL) continue;
    const char *name = vf_arena_copy(m->arena, pair, (size_t)(equals - pair));
    const char *value = vf_arena_copy(m->arena, equals + 1, strlen(equals + 1));
    if (name == NULL || value == NULL) return vf_fail_nomem(err);
    vf_status status = vf_variables_add(v, m->arena, name, value, err);
    if (status != VF_OK) return status;
  }
  return VF_OK;
}

/* Whether what is started may well be a model, though its text is not here. */
static bool sounds_like_engine(const char *text) {
  static const char *const words[] = {"llama",  "vllm",     "sglang", "ollama",   "text-generation",
                                      "trtllm", "tensorrt", "mlx",    "koboldcpp"};
  for (size_t i = 0; i < sizeof words / sizeof *words; i++)
    if (strstr(text, words[i]) != NULL) return true;
  return false;
}

enum { VF_UNIT_STARTS = 16 };

typedef struct unit {
  vf_manifest *m;
  vf_variables variables;
  vf_found_gpus machine; /* its limit of main memory */
  bool oneshot;          /* it may start several, one after the other */
  const char *starts[VF_UNIT_STARTS];
  uint32_t lines[VF_UNIT_STARTS];
  size_t n_starts;
} unit;

/* One behind '-' may be missing; what is not beside the unit is on the machine that runs it. */
static vf_status take_environment_file(unit *u, const char *name, vf_error *err) {
  bool found;
  name += strspn(name, " \t-");
  if (name[0] == '\0') return VF_OK;
  vf_status status =
      vf_manifest_env_file(u->m, &u->variables, name, VF_ENV_SYSTEMD, NULL, &found, err);
  if (status != VF_OK || found) return status;
  return vf_manifest_beside(u->m, err, "its EnvironmentFile '%.120s' is not here: not counted",
                            name);
}

/* An empty one takes back those before it. */
static vf_status take_start(unit *u, const char *text, uint32_t line, vf_error *err) {
  text += strspn(text, " \t");
  if (text[0] == '\0') {
    u->n_starts = 0;
    return VF_OK;
  }
  if (u->n_starts == VF_UNIT_STARTS)
    return vf_fail(err, VF_LIMIT, "a unit with more than %d ExecStart", VF_UNIT_STARTS);
  u->starts[u->n_starts] = text;
  u->lines[u->n_starts++] = line;
  return VF_OK;
}

/* "64G", of 1,024 each; "infinity" is none (systemd.resource-control(5)). */
static vf_status take_limit(unit *u, const char *text, vf_error *err) {
  text += strspn(text, " \t");
  if (text[0] == '\0' || strcmp(text, "infinity") == 0) {
    u->machine.host_bytes = 0;
    return VF_OK;
  }
  return vf_manifest_host_memory(u->m, &u->machine, text, err);
}

static vf_status take_unit_line(unit *u, const char *text, uint32_t line, vf_error *err) {
  text += strspn(text, " \t");
  if (strncmp(text, "Environment=", 12) == 0)
    return add_environment(u->m, &u->variables, text + 12, err);
  if (strncmp(text, "EnvironmentFile=", 16) == 0) return take_environment_file(u, text + 16, err);
  if (strncmp(text, "Type=", 5) == 0) u->oneshot = strcmp(text + 5, "oneshot") == 0;
  if (strncmp(text, "MemoryMax=", 10) == 0) return take_limit(u, text + 10, err);
  if (strncmp(text, "MemoryLimit=", 12) == 0) return take_limit(u, text + 12, err);
  if (strncmp(text, "ExecStart=", 10) == 0) return take_start(u, text + 10, line, err);
  return VF_OK;
}

/* Whether some deployment was handed over in between. */
typedef struct counting {
  const vf_manifest_sink *to;
  size_t n;
} counting;

static vf_status count_found(void *user, const vf_found *found, vf_error *err) {
  counting *c = user;
  c->n++;
  return c->to->found(c->to->user, found, err);
}

static vf_status pass_on(void *user, const char *path, uint32_t line, const char *reason,
                         vf_error *err) {
  counting *c = user;
  c->n++;
  return c->to->passed(c->to->user, path, line, reason, err);
}

/* systemd's ${X} is one word whatever is in it, as "${X}" is to a shell. */
static const char *whole_variables(vf_manifest *m, const char *text) {
  char *out = vf_arena_alloc_raw(m->arena, 2 * strlen(text) + 1, 1);
  bool quoted = false;
  size_t n = 0;
  for (const char *s = text; out != NULL && *s != '\0'; s++) {
    const char *end = !quoted && strncmp(s, "${", 2) == 0 ? strchr(s, '}') : NULL;
    if (*s == '"') quoted = !quoted;
    if (end == NULL) {
      out[n++] = *s;
      continue;
    }
    out[n++] = '"';
    memcpy(out + n, s, (size_t)(end - s) + 1);
    n += (size_t)(end - s) + 1;
    out[n++] = '"';
    s = end;
  }
  if (out != NULL) out[n] = '\0';
  return out;
}

static vf_status read_start(unit *u, size_t i, vf_error *err) {
  vf_manifest *m = u->m;
  counting c = {m->sink, 0};
  const vf_manifest_sink sink = {count_found, pass_on, &c};
  const char *text = whole_variables(m, u->starts[i] + strspn(u->starts[i], "-@:+!| \t"));
  if (text == NULL) return vf_fail_nomem(err);
  vf_words_at at = {.path = "[Service] ExecStart",
                    .line = u->lines[i],
                    .column = 1,
                    .variables = vf_variables_get,
                    .user = &u->variables,
                    .gpus = u->machine};
  vf_error cause = {.status = VF_OK};
  m->sink = &sink;
  vf_status status = vf_manifest_script(m, &at, text, at.line, false, &cause);
  m->sink = c.to;
  if (status == VF_NOMEM) return vf_fail_nomem(err);
  if (status != VF_OK)
    return vf_manifest_pass(m, at.path, at.line, err, "its command: %.200s", cause.message);
  if (c.n > 0 || (!sounds_like_engine(text) && !sounds_like_engine(m->file))) return VF_OK;
  return vf_manifest_pass(m, at.path, at.line, err, "it runs %.*s, whose text is not here",
                          (int)strcspn(text, " \t\n\\"), text);
}

static vf_status read_unit(vf_manifest *m, vf_error *err) {
  unit u = {.m = m};
  uint32_t line = 1, lines;
  vf_status status = VF_OK;
  for (const char *s = m->text; status == VF_OK && *s != '\0'; line += lines) {
    const char *text = logical_line(m, &s, &lines);
    status = text != NULL ? take_unit_line(&u, text, line, err) : vf_fail_nomem(err);
  }
  if (status == VF_OK && u.n_starts > 1 && !u.oneshot)
    return vf_manifest_pass(m, "[Service] ExecStart", u.lines[1], err,
                            "a second ExecStart: systemd refuses a unit with two, but for "
                            "Type=oneshot");
  for (size_t i = 0; status == VF_OK && i < u.n_starts; i++) status = read_start(&u, i, err);
  return status;
}

const vf_manifest_kind vf_kind_systemd = {"systemd unit", is_unit, read_unit};

/* ---- Scripts ---------------------------------------------------------------------------- */

static bool is_script(const vf_manifest *m) {
  static const char *const ends[] = {".sh", ".bash", ".sbatch", ".slurm"};
  for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
    if (vf_file_ends(m->file, ends[i])) return true;
  size_t n = strcspn(m->text, "\n");
  const char *shell = strncmp(m->text, "#!", 2) == 0 ? strstr(m->text, "sh") : NULL;
  return m->documents == NULL && shell != NULL && shell < m->text + n;
}

/* "--gres=gpu:h100:4", "--gpus-per-node=h100:4", "--gpus=4", "-G 4": of one node. */
static void take_gpus(vf_manifest *m, vf_found_gpus *g, const char *value) {
  char text[64];
  size_t n = strcspn(value, " ,\t\r\n#");
  if (strncmp(value, "gpu:", 4) == 0) value += 4, n -= 4;
  if (n == 0 || n >= sizeof text) return;
  memcpy(text, value, n);
  text[n] = '\0';
  if (text[strspn(text, "0123456789")] == '\0') {
    g->stated = true;
    g->count = (uint32_t)strtoul(text, NULL, 10);
    if (g->count == 0) g->unclear = "it asks for 0 GPUs";
  } else {
    vf_manifest_gpu(m, g, text);
  }
}

/* "--mem=64G", of a node in units of 1,024 (sbatch(1); MiB where it names none, 0: all of it). */
static vf_status take_memory(vf_manifest *m, vf_found_gpus *g, const char *value, vf_error *err) {
  char text[32];
  size_t n = strcspn(value, " \t\r\n#");
  if (n + 2 > sizeof text) n = sizeof text - 2;
  memcpy(text, value, n);
  snprintf(text + n, 2, "%s", n > 0 && value[n - 1] >= '0' && value[n - 1] <= '9' ? "m" : "");
  return vf_manifest_host_memory(m, g, text, err);
}

static vf_status read_directives(vf_manifest *m, vf_found_gpus *g, vf_error *err) {
  static const char *const options[] = {"--gres=", "--gpus-per-node=", "--gpus=", "-G "};
  for (const char *s = m->text; (s = strstr(s, "#SBATCH")) != NULL; s += 7) {
    const char *end = s + strcspn(s, "\n");
    const char *nodes = strstr(s, "--nodes=");
    if (nodes != NULL && nodes < end && strtoul(nodes + 8, NULL, 10) > 1) g->spans = true;
    const char *memory = strstr(s, "--mem=");
    vf_status status = memory != NULL && memory < end ? take_memory(m, g, memory + 6, err) : VF_OK;
    if (status != VF_OK) return status;
    for (size_t i = 0; i < sizeof options / sizeof *options; i++) {
      const char *found = strstr(s, options[i]);
      if (found != NULL && found < end && (i != 0 || strncmp(found + 7, "gpu", 3) == 0))
        take_gpus(m, g, found + strlen(options[i]));
    }
  }
  return VF_OK;
}

static vf_status read_script(vf_manifest *m, vf_error *err) {
  vf_words_at at = {.path = "", .line = 1, .column = 1};
  vf_status status = read_directives(m, &at.gpus, err);
  return status == VF_OK ? vf_manifest_script(m, &at, m->text, 1, true, err) : status;
}

const vf_manifest_kind vf_kind_script = {"shell script", is_script, read_script};
