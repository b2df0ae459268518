/* variables.c - what a shell's text assigns, and what it makes of '$'.
 *
 * What POSIX's Shell Command Language says in 2.6.2 (parameter expansion), with bash's lists, as
 * far as it can be told without running anything: what a command would print is kept as it is
 * written wherever the variable is used. */
#include <string.h>

#include "base/status.h"
#include "deploy/shell.h"

/* FNV-1a, 32 bits. */
static uint32_t hash_of(const char *name, size_t length) {
  uint32_t hash = 2166136261u;
  for (size_t i = 0; i < length; i++) hash = (hash ^ (unsigned char)name[i]) * 16777619u;
  return hash;
}

vf_shell_variable *vf_shell_find(const vf_shell *p, const char *name, size_t length) {
  uint32_t hash = p->n_assigned > 0 ? hash_of(name, length) : 0;
  for (size_t i = 0; i < p->n_assigned; i++)
    if (p->hashes[i] == hash && strncmp(p->assigned[i].name, name, length) == 0 &&
        p->assigned[i].name[length] == '\0')
      return &p->assigned[i];
  return NULL;
}

static bool is_argument(const char *name, size_t length) {
  return length == 1 && name[0] >= '1' && name[0] <= '9';
}

/* Whether it may have a value that nobody can tell. */
static bool is_doubtful(const vf_shell *p, const char *name, size_t length) {
  return is_argument(name, length) ? !vf_flow_knows_arguments(p) : vf_flow_doubts(p, name, length);
}

/* NULL: not set, or not known. */
static const char *value_of(vf_shell *p, const char *name, size_t length) {
  char copy[VF_SHELL_NAME_BYTES];
  const vf_shell_variable *v = vf_shell_find(p, name, length);
  if (is_doubtful(p, name, length)) return NULL;
  if (is_argument(name, length)) {
    size_t at = (size_t)(name[0] - '1');
    return at < p->arguments.count ? p->arguments.values[at] : NULL;
  }
  if (v != NULL) return v->count > 0 ? v->values[0] : "";
  if (length >= sizeof copy || p->variables == NULL) return NULL;
  memcpy(copy, name, length);
  copy[length] = '\0';
  return p->variables(p->user, copy);
}

/* What is not known stays as it is written. */
void vf_shell_put_unknown(vf_shell *p, const char *text, size_t length) {
  const char mark = VF_WORD_UNKNOWN;
  vf_shell_put(p, &mark, 1);
  vf_shell_put(p, text, length);
}

/* Outside of quotes blanks in a value part words, unless they belong to what is not known. */
static void put_value(vf_shell *p, const char *value, bool quoted) {
  quoted |= strchr(value, VF_WORD_UNKNOWN) != NULL;
  for (const char *c = value; *c != '\0'; c++) {
    if (!quoted && strchr(" \t\r\n", *c) != NULL)
      vf_shell_end_word(p);
    else
      vf_shell_put(p, c, 1);
  }
}

/* Length up to the brace that closes the one before s; 0: none does. */
static size_t braced_length(const char *s) {
  size_t depth = 1, n = 0;
  for (; s[n] != '\0'; n++) {
    if (s[n] == '{') depth++;
    if (s[n] == '}' && --depth == 0) return n;
  }
  return 0;
}

/* "${LIST[@]}": each value is a word; quoted ones stay whole. */
static void put_list(vf_shell *p, const vf_shell_variable *v, bool quoted) {
  for (size_t i = 0; i < v->count; i++) {
    if (i > 0) vf_shell_end_word(p);
    put_value(p, v->values[i], quoted);
  }
}

static void expand_text(vf_shell *p, const char *text, size_t length, bool quoted, int depth);

static void assign(vf_shell *p, const char *name, size_t length, const char **values, size_t count,
                   bool exported);

/* "${X:=default}" gives X its value for good; only a plain default is kept. */
static void keep_default(vf_shell *p, const char *name, size_t length, const char *text,
                         size_t text_length) {
  const char **values = vf_arena_alloc(p->arena, 1, sizeof *values);
  if (values != NULL) values[0] = vf_arena_copy(p->arena, text, text_length);
  if (values == NULL || values[0] == NULL)
    p->status = vf_fail_nomem(p->err);
  else if (memchr(text, '$', text_length) == NULL)
    assign(p, name, length, values, 1, false);
}

/* "${NAME:-default}" and its kin; s is behind the brace, length up to the one that closes it. */
static void expand_braced(vf_shell *p, const char *s, size_t length, bool quoted, int depth) {
  size_t n = vf_name_length(s);
  if (n == 0 && s[0] >= '1' && s[0] <= '9') n = 1;
  const char *value = n != 0 && n <= length ? value_of(p, s, n) : NULL;
  const char *rest = s + n;
  bool colon = n < length && *rest == ':';
  char sign = n + colon < length ? rest[colon] : '\0';
  const char *word = rest + colon + 1;
  size_t left = sign != '\0' ? length - n - colon - 1 : 0;
  bool is_set = value != NULL && (!colon || value[0] != '\0');
  const vf_shell_variable *list = n != 0 && n < length ? vf_shell_find(p, s, n) : NULL;
  bool all = n + 3 == length && (memcmp(rest, "[@]", 3) == 0 || memcmp(rest, "[*]", 3) == 0);
  if (n != 0 && n <= length && is_doubtful(p, s, n)) {
    vf_shell_put_unknown(p, s - 2, length + 3);
    return;
  }
  if (all && list != NULL) {
    put_list(p, list, quoted);
    return;
  }
  if (n != 0 && sign == '=' && !is_set) keep_default(p, s, n, word, left);
  if (n != 0 && (sign == '-' || sign == '=') && !is_set)
    expand_text(p, word, left, quoted, depth + 1);
  else if (n != 0 && sign == '+')
    expand_text(p, word, is_set ? left : 0, quoted, depth + 1);
  else if (n != 0 && is_set && (sign == '\0' || sign == '-' || sign == '=' || sign == '?'))
    put_value(p, value, quoted);
  else
    vf_shell_put_unknown(p, s - 2, length + 3); /* with "${" and "}" */
}

/* What stands between the brackets of "$(...)"; 0: they are not closed. */
static size_t command_length(const char *s) {
  size_t depth = 1, n = 0;
  for (; s[n] != '\0'; n++) {
    if (s[n] == '(') depth++;
    if (s[n] == ')' && --depth == 0) return n + 1;
  }
  return 0;
}

/* Expands what begins with the '$' at s; returns the bytes that it takes, 1 if it is a plain '$'.
 */
size_t vf_shell_expand(vf_shell *p, const char *s, bool quoted, int depth) {
  if (s[1] == '{') {
    size_t length = braced_length(s + 2);
    if (length == 0) vf_shell_fail(p, VF_MALFORMED, "a brace is not closed");
    if (depth >= VF_SHELL_DEPTH) vf_shell_fail(p, VF_LIMIT, "braces within braces go too deep");
    if (p->status != VF_OK) return strlen(s);
    expand_braced(p, s + 2, length, quoted, depth);
    return length + 3;
  }
  if (s[1] == '(') {
    size_t length = command_length(s + 2);
    if (length == 0) vf_shell_fail(p, VF_MALFORMED, "a bracket is not closed");
    if (p->status != VF_OK) return strlen(s);
    vf_shell_put_unknown(p, s, length + 2);
    if (s[2] == '(') vf_flow_arithmetic(p, s + 2, length);
    return length + 2;
  }
  size_t n = vf_name_length(s + 1);
  bool given = p->arguments.count > 0 && vf_flow_knows_arguments(p);
  if ((s[1] == '@' || s[1] == '*') && given) {
    put_list(p, &p->arguments, quoted);
    return 2;
  }
  if (s[1] >= '1' && s[1] <= '9' && given) n = 1;
  bool special = n == 0 && s[1] != '\0' && strchr("@*#?$!0123456789", s[1]) != NULL;
  const char *value = n != 0 ? value_of(p, s + 1, n) : NULL;
  if (value != NULL)
    put_value(p, value, quoted);
  else if (n != 0 || special)
    vf_shell_put_unknown(p, s, n + 1 + special);
  else
    vf_shell_put(p, s, 1);
  return n + 1 + special;
}

/* A default within braces: variables, and quotes that only keep it together. */
static void expand_text(vf_shell *p, const char *text, size_t length, bool quoted, int depth) {
  for (size_t i = 0; i < length && p->status == VF_OK;) {
    if (text[i] == '$' && i + 1 < length) {
      i += vf_shell_expand(p, text + i, quoted, depth);
      continue;
    }
    if (text[i] == '\'' || text[i] == '"')
      p->has_word = true;
    else if (!quoted && strchr(" \t\r\n", text[i]) != NULL)
      vf_shell_end_word(p);
    else
      vf_shell_put(p, text + i, 1);
    i++;
  }
}

/* Whether nothing stands behind the bracket that closes. */
static bool is_one_substitution(const char *s) {
  size_t length = s[0] == '`' ? 0 : command_length(s + 2);
  return s[0] == '`' ? strchr(s + 1, '`') == s + strlen(s) - 1
                     : length > 0 && s[2 + length] == '\0';
}

/* The variable, which is made if it is new; NULL: no room for it. */
static vf_shell_variable *make(vf_shell *p, const char *name, size_t length) {
  vf_shell_variable *v = vf_shell_find(p, name, length);
  if (v != NULL) return v;
  if (p->assigned == NULL)
    p->assigned = vf_arena_alloc_raw(p->arena, VF_SHELL_VARIABLES, sizeof *p->assigned);
  if (p->hashes == NULL)
    p->hashes = vf_arena_alloc_raw(p->arena, VF_SHELL_VARIABLES, sizeof *p->hashes);
  char *unknown = vf_arena_alloc(p->arena, length + 3, 1);
  if (p->assigned == NULL || p->hashes == NULL || unknown == NULL) {
    p->status = vf_fail_nomem(p->err);
    return NULL;
  }
  if (p->n_assigned == VF_SHELL_VARIABLES) {
    vf_shell_fail(p, VF_LIMIT, "more variables than any script has");
    return NULL;
  }
  unknown[0] = VF_WORD_UNKNOWN;
  unknown[1] = '$';
  memcpy(unknown + 2, name, length);
  p->hashes[p->n_assigned] = hash_of(name, length);
  v = &p->assigned[p->n_assigned++];
  *v = (vf_shell_variable){.name = unknown + 2, .unknown = unknown};
  return v;
}

/* Its new value takes the place of the old one; a process of its own keeps it for itself. */
static void assign(vf_shell *p, const char *name, size_t length, const char **values, size_t count,
                   bool exported) {
  vf_shell_variable *v = make(p, name, length);
  if (v == NULL) return;
  v->values = values;
  v->count = count;
  v->exported |= exported || p->exports_all;
  v->opaque = p->apart || (count > 0 && values[0][0] == '[') ||
              (count == 1 && values[0][0] == VF_WORD_UNKNOWN &&
               (strncmp(values[0] + 1, "$(", 2) == 0 || values[0][1] == '`') &&
               is_one_substitution(values[0] + 1));
  vf_flow_note(p, v);
}

void vf_shell_forget(vf_shell *p, const char *name, size_t length) {
  vf_shell_variable *v = make(p, name, length);
  if (v == NULL) return;
  v->opaque = true;
  vf_flow_note(p, v);
}

/* "NAME=value" or "NAME+=value"; list is what stands in the brackets, NULL for a plain value. */
void vf_shell_assign_word(vf_shell *p, const char *word, size_t length, const char **list,
                          size_t count, bool exported) {
  bool adds = word[length] == '+';
  const vf_shell_variable *old = adds ? vf_shell_find(p, word, length) : NULL;
  if (adds && vf_flow_doubts(p, word, length)) {
    vf_shell_forget(p, word, length);
    return;
  }
  const char *text = word + length + 1 + adds;
  size_t before = old != NULL && list != NULL ? old->count : 0, n = list != NULL ? count : 1;
  const char **values = vf_arena_alloc(p->arena, before + n + 1, sizeof *values);
  if (values == NULL) {
    p->status = vf_fail_nomem(p->err);
    return;
  }
  if (before > 0) memcpy(values, old->values, before * sizeof *values);
  if (list != NULL && count > 0) memcpy(values + before, list, count * sizeof *values);
  if (list == NULL && old != NULL && old->count > 0) {
    char *joined = vf_arena_alloc(p->arena, strlen(old->values[0]) + strlen(text) + 1, 1);
    if (joined == NULL) {
      p->status = vf_fail_nomem(p->err);
      return;
    }
    strcpy(joined, old->values[0]);
    strcat(joined, text);
    text = joined;
  }
  if (list == NULL) values[0] = text;
  assign(p, word, length, values, before + n, exported);
}

static bool is_declaring(const char *word) {
  static const char *const words[] = {"export", "readonly", "declare", "local", "typeset"};
  for (size_t i = 0; i < sizeof words / sizeof *words; i++)
    if (strcmp(word, words[i]) == 0) return true;
  return false;
}

/* A name alone behind "export" only goes out with the environment. */
static void export_name(vf_shell *p, const char *word) {
  vf_shell_variable *v = vf_shell_find(p, word, strlen(word));
  if (v == NULL) return;
  v->exported = true;
  if (v->level < p->n_frames) vf_flow_raise(p, v); /* or not, where it may not run */
}

/* What "declare" is told: -x exports; with -i, -l, -n and -u the value is not what is written. */
typedef struct declaring {
  bool exports, takes_back, changes;
} declaring;

static void take_flags(declaring *d, const char *word) {
  if (word[0] == '+' || (word[0] == '-' && strchr(word, 'n') != NULL)) d->takes_back = true;
  if (word[0] == '-' && strchr(word, 'x') != NULL) d->exports = true;
  if (word[0] == '-' && strpbrk(word, "ilucn") != NULL) d->changes = true;
}

static void declare(vf_shell *p, const char *word, const declaring *d) {
  size_t length;
  if (vf_word_is_assignment(word, &length))
    vf_shell_assign_word(p, word, length, NULL, 0, d->exports);
  else if (d->exports)
    export_name(p, word);
  length = vf_name_length(word);
  if (length > 0 && (d->changes || d->takes_back || word[length] == '['))
    vf_shell_forget(p, word, length);
}

bool vf_shell_assigns(vf_shell *p) {
  size_t length;
  declaring d = {.exports = strcmp(p->list[0], "export") == 0};
  bool declares = is_declaring(p->list[0]);
  for (size_t i = 0; !declares && i < p->n_list; i++)
    if (!vf_word_is_assignment(p->list[i], &length)) return false;
  for (size_t i = declares; i < p->n_list && p->status == VF_OK; i++) {
    if (declares && (p->list[i][0] == '-' || p->list[i][0] == '+'))
      take_flags(&d, p->list[i]);
    else
      declare(p, p->list[i], &d);
  }
  return true;
}

/* A name of the environment is exported from the start, whatever it is given. */
const char *vf_shell_exported(const vf_shell *shell, const char *name) {
  size_t length = strlen(name);
  const vf_shell_variable *v = vf_shell_find(shell, name, length);
  const vf_shell_variable *later =
      shell->survey != NULL ? vf_shell_find(shell->survey, name, length) : NULL;
  const char *around = shell->variables != NULL ? shell->variables(shell->user, name) : NULL;
  bool exported = (v != NULL && v->exported) || (later != NULL && later->exported);
  if (exported || (v != NULL && around != NULL)) {
    if (vf_flow_doubts(shell, name, length)) return v != NULL ? v->unknown : later->unknown;
    if (v != NULL && (v->exported || around != NULL)) return v->count > 0 ? v->values[0] : "";
  }
  return around;
}

static bool goes_out(const vf_shell *shell, const vf_shell_variable *v) {
  return v->exported ||
         (shell->variables != NULL && shell->variables(shell->user, v->name) != NULL);
}

vf_status vf_shell_export(const char **out, const vf_shell *shell, size_t i, vf_arena *arena,
                          vf_error *err) {
  *out = NULL;
  for (size_t k = 0; k < shell->n_assigned; k++) {
    const vf_shell_variable *v = &shell->assigned[k];
    if (!goes_out(shell, v) || i-- > 0) continue;
    const char *value = vf_shell_exported(shell, v->name);
    size_t n = strlen(v->name), m = strlen(value);
    char *text = vf_arena_alloc(arena, n + m + 2, 1);
    if (text == NULL) return vf_fail_nomem(err);
    memcpy(text, v->name, n);
    text[n] = '=';
    memcpy(text + n + 1, value, m);
    *out = text;
    return VF_OK;
  }
  return VF_OK;
}
