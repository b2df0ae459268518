/* wrapper.c - from a line as people write it to an engine's own words.
 *
 * "docker run --gpus all -e A=b IMAGE bash -lc 'source venv; exec numactl -N 0 vllm serve M'": each
 * layer is taken off by its own rules, variables are kept, the next layer is read.  Nothing is run:
 * a shell's text is followed by deploy/words.c alone. */
#include "deploy/wrapper.h"

#include <string.h>

#include "base/status.h"
#include "deploy/dialect.h"
#include "deploy/quantity.h"

enum { LAYERS = 6, LENIENT_WORDS = 24 };

static vf_status take_words(vf_wrapper *w, const char *const *words, size_t count, bool strict,
                            int layers, vf_arena *arena, vf_error *err);

const char *vf_wrapper_variable(void *wrapper, const char *name) {
  const vf_wrapper *w = wrapper;
  size_t n = strlen(name);
  for (size_t i = w->n_assigned; i-- > 0;)
    if (strncmp(w->assigned[i], name, n) == 0 && w->assigned[i][n] == '=')
      return w->assigned[i] + n + 1;
  return w->around != NULL ? w->around(w->user, name) : NULL;
}

static void add_variable(vf_wrapper *w, const char *assignment) {
  size_t length;
  bool room = w->n_assigned < VF_WRAPPER_VARIABLES;
  if (room && vf_word_is_assignment(assignment, &length) && assignment[length] == '=')
    w->assigned[w->n_assigned++] = assignment;
}

static const char *base_name(const char *word) {
  const char *base = word;
  for (const char *c = word; *c != '\0'; c++)
    if (*c == '/' || *c == '\\') base = c + 1;
  return base;
}

static bool is_one_of(const char *word, const char *const *list) {
  for (; *list != NULL; list++) {
    size_t n = strlen(*list);
    bool begins = (*list)[n - 1] == '*' && strncmp(word, *list, n - 1) == 0;
    if (begins || strcmp(word, *list) == 0) return true;
  }
  return false;
}

/* ---- Shells ----------------------------------------------------------------------------- */

static bool is_shell(const char *word) {
  static const char *const shells[] = {"sh", "bash", "dash", "zsh", "ash", "ksh", NULL};
  return is_one_of(base_name(word), shells);
}

/* "-c", "-lc", "-euxc": the text stands behind. */
static bool takes_text(const char *word) {
  size_t n = strlen(word);
  return n >= 2 && word[0] == '-' && word[1] != '-' && word[n - 1] == 'c';
}

typedef struct within {
  vf_wrapper *w;
  int layers;
  vf_arena *arena;
} within;

static vf_status take_exports(within *in, const vf_shell *shell, vf_error *err) {
  const char *assignment = NULL;
  vf_status status = VF_OK;
  for (size_t i = 0; status == VF_OK && (i == 0 || assignment != NULL); i++) {
    status = vf_shell_export(&assignment, shell, i, in->arena, err);
    if (assignment != NULL) add_variable(in->w, assignment);
  }
  return status;
}

/* Keeps the first command that starts an engine; the rest of the text is not looked at. */
static vf_status take_command(void *user, const vf_words *command, const vf_shell *shell,
                              vf_error *err) {
  within *in = user;
  size_t before = in->w->n_assigned;
  if (in->w->engine != NULL) return VF_OK;
  vf_status status = take_exports(in, shell, err);
  if (status == VF_OK)
    status = take_words(in->w, command->list, command->count, true, in->layers, in->arena, err);
  if (status == VF_OK && in->w->engine == NULL) in->w->n_assigned = before;
  return status;
}

/* What a shell within the line sees of variables, besides what it assigns itself. */
static vf_status take_text(vf_wrapper *w, const char *text, const char *const *arguments,
                           size_t count, int layers, vf_arena *arena, vf_error *err) {
  within in = {w, layers, arena};
  vf_wrapper *copy = vf_arena_alloc(arena, 1, sizeof *copy); /* as it is outside of the text */
  vf_error cause = {.status = VF_OK};
  if (copy == NULL) return vf_fail_nomem(err);
  *copy = *w;
  vf_status status = vf_shell_read_with(text, arguments, count, vf_wrapper_variable, copy, arena,
                                        take_command, &in, &cause);
  if (status != VF_OK && err != NULL) *err = cause;
  return status;
}

/* bash [-x] -c TEXT [NAME ARGUMENTS]; words[at] is the shell. */
static vf_status take_shell(vf_wrapper *w, const char *const *words, size_t count, size_t at,
                            int layers, vf_arena *arena, vf_error *err) {
  for (size_t i = at + 1; i < count; i++) {
    if (takes_text(words[i])) {
      while (i + 1 < count && strcmp(words[i + 1], "--") == 0) i++;
      if (i + 1 == count) return VF_OK;
      size_t rest = i + 3 < count ? i + 3 : count; /* behind what the shell calls itself */
      return take_text(w, words[i + 1], words + rest, count - rest, layers, arena, err);
    }
    if (words[i][0] != '-' &&
        words[i][0] != '+') /* a script, which may run what stands behind it */
      return take_words(w, words + i + 1, count - i - 1, true, layers, arena, err);
  }
  return VF_OK;
}

/* ---- Containers ------------------------------------------------------------------------- */

/* Options of docker's and podman's run that take no value; all others do. */
static bool is_bare_option(const char *word) {
  static const char *const bare[] = {"--rm",
                                     "--privileged",
                                     "--init",
                                     "--detach",
                                     "--interactive",
                                     "--tty",
                                     "--publish-all",
                                     "--read-only",
                                     "--quiet",
                                     "--sig-proxy",
                                     "--replace",
                                     "--nv",
                                     "--rocm",
                                     "--no-hosts",
                                     "--rmi",
                                     "--tls-verify",
                                     "--no-healthcheck",
                                     "--oom-kill-disable",
                                     "--disable-content-trust",
                                     "--writable-tmpfs",
                                     "--cleanenv",
                                     "--containall",
                                     "--contain",
                                     "--no-home",
                                     "--fakeroot",
                                     "--writable",
                                     "--no-mount-home",
                                     NULL};
  if (strncmp(word, "--", 2) == 0) return strchr(word, '=') != NULL || is_one_of(word, bare);
  return word[1 + strspn(word + 1, "ditPq")] == '\0' || word[2] != '\0';
}

/* The value of "--name V", "--name=V" or "-nV"; NULL: the word at *at is something else. */
static const char *option_value(const char *const *words, size_t count, size_t at,
                                const char *name) {
  size_t n = strlen(name);
  if (strncmp(words[at], name, n) != 0) return NULL;
  if (words[at][n] == '=') return words[at] + n + 1;
  if (words[at][n] == '\0') return at + 1 < count ? words[at + 1] : NULL;
  return name[1] != '-' ? words[at] + n : NULL;
}

static const char *without_quotes(const char *text, vf_arena *arena) {
  size_t n = strlen(text);
  bool quoted = n >= 2 && (text[0] == '"' || text[0] == '\'') && text[n - 1] == text[0];
  return quoted ? vf_arena_copy(arena, text + 1, n - 2) : text;
}

/* "-e NAME": the value is that of the environment around.  False: no memory. */
static bool pass_variable(vf_wrapper *w, const char *text, vf_arena *arena) {
  const char *value = strchr(text, '=') == NULL ? vf_wrapper_variable(w, text) : NULL;
  if (value != NULL) {
    size_t n = strlen(text), m = strlen(value);
    char *copy = vf_arena_alloc(arena, n + m + 2, 1);
    if (copy == NULL) return false;
    memcpy(copy, text, n);
    copy[n] = '=';
    memcpy(copy + n + 1, value, m);
    text = copy;
  }
  if (strchr(text, '=') != NULL) add_variable(w, text);
  return true;
}

/* A limit of main memory, in docker's words: of several the least counts, and 0 is none. */
static void limit_memory(vf_wrapper *w, const char *text) {
  uint64_t bytes = 0;
  if (!vf_quantity_docker(&bytes, text))
    w->host_strange = text;
  else if (bytes != 0 && (w->host_bytes == 0 || bytes < w->host_bytes))
    w->host_bytes = bytes;
}

/* What an option of a container's says: its variables, its GPUs, its entrypoint.  False: no memory.
 */
static bool note_option(vf_wrapper *w, const char *const *words, size_t count, size_t at,
                        const char **entrypoint, vf_arena *arena) {
  const char *value = option_value(words, count, at, "--env");
  if (value == NULL && strncmp(words[at], "--", 2) != 0)
    value = option_value(words, count, at, "-e");
  if (value != NULL && !pass_variable(w, value, arena)) return false;
  value = option_value(words, count, at, "--gpus");
  if (value != NULL) w->gpus = without_quotes(value, arena);
  if (value != NULL && w->gpus == NULL) return false;
  value = option_value(words, count, at, "--device");
  if (value != NULL && strncmp(value, "nvidia.com/gpu=", 15) == 0) w->gpus = value + 15;
  value = option_value(words, count, at, "--entrypoint");
  if (value != NULL) *entrypoint = value;
  value = option_value(words, count, at, "--memory");
  if (value == NULL && strncmp(words[at], "--", 2) != 0)
    value = option_value(words, count, at, "-m");
  if (value != NULL) limit_memory(w, value);
  return true;
}

/* An image that somebody built: its name has the engine's, and most of its options are the
 * engine's, or variables that only llama.cpp has are set. */
static const vf_engine *guess_image(vf_wrapper *w, const char *const *words, size_t count) {
  static const struct {
    const char *part, *program[2];
  } names[] = {{"vllm", {"vllm", "serve"}},         {"sglang", {"sglang", "serve"}},
               {"llama-cpp", {"llama-server", ""}}, {"llamacpp", {"llama-server", ""}},
               {"llama.cpp", {"llama-server", ""}}, {"llama-server", {"llama-server", ""}}};
  size_t used, known = 0, unknown = 0;
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    if (strstr(w->image, names[i].part) == NULL) continue;
    const vf_engine *e = vf_dialect_program(names[i].program, 2, 0, &used);
    for (size_t k = 0; e != NULL && k < count; k++) {
      if (words[k][0] != '-' || (words[k][1] >= '0' && words[k][1] <= '9')) continue;
      vf_said said = vf_dialect_find(e->dialect, words[k]);
      known += said.row != NULL;
      unknown += said.row == NULL;
    }
    if (known > 0 && known >= 2 * unknown) return e;
    bool told = vf_wrapper_variable(w, "LLAMA_ARG_N_PARALLEL") != NULL ||
                vf_wrapper_variable(w, "LLAMA_ARG_MODEL") != NULL ||
                vf_wrapper_variable(w, "LLAMA_ARG_HF_REPO") != NULL ||
                vf_wrapper_variable(w, "LLAMA_ARG_CTX_SIZE") != NULL ||
                vf_wrapper_variable(w, "LLAMA_ARG_N_GPU_LAYERS") != NULL;
    if (e != NULL && told && i >= 2) return e;
    known = unknown = 0;
  }
  return NULL;
}

/* Words of a container whose image starts an engine by itself; "serve" may be said again. */
static void take_image(vf_wrapper *w, const char *const *words, size_t count) {
  w->engine = vf_dialect_image(w->image);
  if (w->engine == NULL) w->engine = guess_image(w, words, count);
  bool again = count > 0 && strcmp(words[0], "serve") == 0;
  w->words = words + again;
  w->count = count - again;
  w->before = NULL;
}

/* Options alone are for what the image starts; "-m sglang.launch_server" is for its Python. */
static bool runs_something(const char *const *words, size_t count) {
  size_t used;
  return count > 0 && (words[0][0] != '-' || vf_dialect_program(words, count, 0, &used) != NULL);
}

static vf_status take_container(vf_wrapper *w, const char *const *words, size_t count, int layers,
                                vf_arena *arena, vf_error *err) {
  vf_status status = VF_OK;
  if (runs_something(words, count)) status = take_words(w, words, count, true, layers, arena, err);
  if (status == VF_OK && w->engine == NULL && w->image != NULL &&
      !(count > 0 && is_shell(words[0])))
    take_image(w, words, count);
  return status;
}

/* docker run OPTIONS IMAGE WORDS; words start behind "run". */
static vf_status take_docker(vf_wrapper *w, const char *const *words, size_t count, int layers,
                             vf_arena *arena, vf_error *err) {
  const char *entrypoint = NULL;
  size_t i = 0;
  for (; i < count && words[i][0] == '-'; i++) {
    if (!note_option(w, words, count, i, &entrypoint, arena)) return vf_fail_nomem(err);
    if (!is_bare_option(words[i])) i++;
  }
  if (i >= count) return VF_OK;
  w->image = words[i++];
  if (entrypoint == NULL || entrypoint[0] == '\0')
    return take_container(w, words + i, count - i, layers, arena, err);
  const char **all = vf_arena_alloc(arena, count - i + 1, sizeof *all);
  if (all == NULL) return vf_fail_nomem(err);
  all[0] = entrypoint;
  memcpy(all + 1, words + i, (count - i) * sizeof *all);
  return take_words(w, all, count - i + 1, true, layers, arena, err);
}

/* kubectl run NAME --image=IMAGE --env=A=b [--command] -- WORDS */
static vf_status take_kubectl(vf_wrapper *w, const char *const *words, size_t count, int layers,
                              vf_arena *arena, vf_error *err) {
  size_t i = 0;
  const char *unused = NULL;
  for (; i < count && strcmp(words[i], "--") != 0; i++) {
    const char *image = option_value(words, count, i, "--image");
    if (image != NULL) w->image = image;
    if (!note_option(w, words, count, i, &unused, arena)) return vf_fail_nomem(err);
  }
  i += i < count;
  return take_container(w, words + i, count - i, layers, arena, err);
}

/* ---- Programs that start others --------------------------------------------------------- */

/* Words that may stand before a command in a script, and programs that start what follows them. */
/* clang-format off */
static const char *const starters[] = {
    "if", "then", "else", "elif", "do", "while", "until", "!", "{", "exec", "command", "eval",
    "env", "nohup", "setsid", "time", "sudo", "doas", "nice", "ionice", "chrt", "numactl",
    "taskset", "stdbuf", "timeout", "srun", "mpirun", "mpiexec", "uv", "uvx", "poetry", "pipenv",
    "conda", "micromamba", "mamba", "pixi", "python*", "torchrun", "accelerate", "apptainer",
    "singularity", "enroot", "kubectl", "ssh", "screen", "tmux", "systemd-run", "nsys", "ncu",
    "strace", "perf", "gdb", "dumb-init", "tini", "trtllm-llmapi-launch", "ray", "unbuffer",
    "proxychains*", "tsp", "su", "runuser", "gosu", "catchsegv", "xvfb-run", "&", NULL,
};
/* clang-format on */

static bool may_start(const char *word) {
  return is_one_of(base_name(word), starters);
}

/* Behind which a text with blanks is one that a shell reads. */
static bool hands_over_text(const char *word) {
  static const char *const handing[] = {"ssh", "tmux", "screen", "eval", "su", "runuser", NULL};
  return is_one_of(base_name(word), handing);
}

static bool is_docker(const char *word) {
  static const char *const dockers[] = {"docker", "podman", "nerdctl", "docker.exe", NULL};
  return is_one_of(base_name(word), dockers);
}

/* What starts a container at words[i]: 0 for nothing, else the words up to its options. */
static size_t starts_container(const char *const *words, size_t count, size_t i) {
  if (is_docker(words[i]) && i + 1 < count) {
    size_t k = i + 1 + (strcmp(words[i + 1], "container") == 0);
    bool runs = k < count && (strcmp(words[k], "run") == 0 || strcmp(words[k], "create") == 0 ||
                              strcmp(words[k], "exec") == 0);
    return runs ? k + 1 - i : 0;
  }
  static const char *const others[] = {"apptainer", "singularity", NULL};
  bool apptainer = is_one_of(base_name(words[i]), others) && i + 1 < count;
  bool runs = apptainer && (strcmp(words[i + 1], "run") == 0 || strcmp(words[i + 1], "exec") == 0);
  return runs ? 2 : 0;
}

/* One layer at words[*at]; true if it decided, with *status. */
static bool take_layer(vf_wrapper *w, const char *const *words, size_t count, size_t at, int layers,
                       vf_arena *arena, vf_status *status, vf_error *err) {
  size_t container = starts_container(words, count, at);
  const char *word = words[at];
  if (container > 0) {
    *status = take_docker(w, words + at + container, count - at - container, layers, arena, err);
    return true;
  }
  if (strcmp(base_name(word), "kubectl") == 0 && at + 1 < count &&
      strcmp(words[at + 1], "run") == 0) {
    *status = take_kubectl(w, words + at + 2, count - at - 2, layers, arena, err);
    return true;
  }
  if (is_shell(word)) {
    *status = take_shell(w, words, count, at, layers, arena, err);
    return true;
  }
  return false;
}

/* "srun --mem=64G", MiB where it names no unit, and "systemd-run -p MemoryMax=64G": what the runner
 * at words[by] says at words[at].  False: no memory. */
static bool note_limit(vf_wrapper *w, const char *const *words, size_t count, size_t by, size_t at,
                       vf_arena *arena) {
  const char *base = base_name(words[by]), *property = strstr(words[at], "MemoryMax=");
  if (strcmp(base, "systemd-run") == 0 && property != NULL &&
      strcmp(property + 10, "infinity") != 0)
    limit_memory(w, property + 10);
  const char *value = strcmp(base, "srun") == 0 ? option_value(words, count, at, "--mem") : NULL;
  size_t n = value != NULL ? strlen(value) : 0;
  if (n == 0) return true;
  char *text = vf_arena_alloc(arena, n + 2, 1);
  if (text == NULL) return false;
  memcpy(text, value, n);
  if (value[n - 1] >= '0' && value[n - 1] <= '9') text[n] = 'm';
  limit_memory(w, text);
  return true;
}

/* What llama-server and llama-cli were called until June 2024: "llama.cpp/build/bin/server". */
static const vf_engine *old_program(const char *const *words, size_t at, size_t *used) {
  const char *base = base_name(words[at]);
  const char *const server[] = {"llama-server"}, *const cli[] = {"llama-cli"};
  bool there = base != words[at] && strstr(words[at], "llama") != NULL;
  *used = 1;
  if (there && strcmp(base, "server") == 0) return vf_dialect_program(server, 1, 0, used);
  return there && strcmp(base, "main") == 0 ? vf_dialect_program(cli, 1, 0, used) : NULL;
}

static vf_status take_words(vf_wrapper *w, const char *const *words, size_t count, bool strict,
                            int layers, vf_arena *arena, vf_error *err) {
  size_t used = 0, length, by = 0; /* by: the last program that starts others */
  bool hands = false, started = !strict;
  vf_status status = VF_OK;
  if (layers == 0) return VF_OK;
  for (size_t i = 0; i < count && (strict || i < LENIENT_WORDS || hands); i++) {
    const vf_engine *engine = vf_dialect_program(words, count, i, &used);
    if (engine == NULL) engine = old_program(words, i, &used);
    if (engine != NULL) {
      w->engine = engine;
      w->before = words[i];
      w->words = words + i + used;
      w->count = count - i - used;
      return VF_OK;
    }
    if (take_layer(w, words, count, i, layers - 1, arena, &status, err)) return status;
    if (may_start(words[i])) by = i;
    if (!note_limit(w, words, count, by, i, arena)) return vf_fail_nomem(err);
    if (vf_word_is_assignment(words[i], &length)) {
      add_variable(w, words[i]);
      continue;
    }
    if (hands && strpbrk(words[i], " \n") != NULL) {
      status = take_text(w, words[i], NULL, 0, layers - 1, arena, err);
      if (status != VF_OK || w->engine != NULL) return status;
    }
    started |= may_start(words[i]);
    hands |= hands_over_text(words[i]);
    if (!started) return VF_OK; /* another program: what follows is its own */
  }
  return status;
}

vf_status vf_wrapper_read(vf_wrapper *out, const char *const *words, size_t count, bool strict,
                          vf_variable_fn variables, void *user, vf_arena *arena, vf_error *err) {
  out->engine = NULL;
  out->words = words + count;
  out->count = 0;
  out->before = out->image = out->gpus = out->host_strange = NULL;
  out->host_bytes = 0;
  out->n_assigned = 0;
  out->around = variables;
  out->user = user;
  return take_words(out, words, count, strict, LAYERS, arena, err);
}

vf_status vf_wrapper_container(vf_wrapper *out, const char *image, const char *const *words,
                               size_t count, vf_variable_fn variables, void *user, vf_arena *arena,
                               vf_error *err) {
  vf_status status = vf_wrapper_read(out, words, 0, true, variables, user, arena, err);
  out->image = image;
  return status == VF_OK ? take_container(out, words, count, LAYERS, arena, err) : status;
}

bool vf_wrapper_only_asks(const vf_wrapper *w) {
  static const char *const asks[] = {"--version", "--help", "-h", "--list-devices", NULL};
  for (size_t i = 0; i < w->count; i++)
    if (is_one_of(w->words[i], asks)) return true;
  return false;
}
