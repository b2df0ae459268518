/* words.c - splitting a text by a shell's rules, without a shell.
 *
 * What POSIX's Shell Command Language says in 2.2 (quoting), 2.3 (tokens) and 2.6.2 (parameter
 * expansion) of the part that launch lines use.  What only a run could tell (a variable that is not
 * set, the output of a command) stays in the word, behind VF_WORD_UNKNOWN. */
#include "deploy/words.h"

#include <string.h>

#include "base/status.h"

enum { DEPTH = 8, MOST_WORDS = 4096, LONGEST_WORD = 4 << 20, MOST_VARIABLES = 512, MOST_HEREDOCS = 4, NAME_BYTES = 128 };

/* What the text assigns to a name; a list has several values. */
typedef struct variable {
  const char *name;
  const char **values;
  size_t count;
  bool exported;
  bool opaque; /* what a command would print: it stays as it is written wherever it is used */
} variable;

struct vf_shell {
  const char *s;
  vf_variable_fn variables;
  void *user;
  vf_arena *arena;
  vf_command_fn each;
  void *each_user;

  char *word; /* being built: there is room for the text and everything put in */
  size_t length, room, most_list;
  bool has_word, windows;
  const char **list;
  size_t n_list;
  size_t array_at; /* of a list that is being assigned: its name's word, from 1; 0: none is */
  const char *counted; /* lines are counted up to here */
  uint32_t line, first_line; /* of the text so far, and where the command began */
  const char *heredocs[MOST_HEREDOCS]; /* words that end those that begin behind this line */
  size_t n_heredocs;
  variable *assigned;
  size_t n_assigned;
  variable arguments; /* "$@" and "$1"; no values: not known */
  vf_status status;
  vf_error *err;
};
typedef vf_shell splitter;

static size_t name_length(const char *s) {
  static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_";
  if (*s == '\0' || strchr(letters, *s) == NULL) return 0;
  return strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789");
}

/* A variable that some quotes kept from the shell is as little known: no value begins like one. */
bool vf_word_is_unknown(const char *word) {
  return strchr(word, VF_WORD_UNKNOWN) != NULL || strstr(word, "${") != NULL ||
         strstr(word, "$(") != NULL || (word[0] == '$' && name_length(word + 1) > 0);
}

const char *vf_word_written(const char *word, vf_arena *arena) {
  size_t n = strlen(word), to = 0;
  char *copy = vf_arena_copy(arena, word, n);
  for (size_t i = 0; copy != NULL && i <= n; i++)
    if (word[i] != VF_WORD_UNKNOWN) copy[to++] = word[i];
  return copy;
}

bool vf_word_is_assignment(const char *word, size_t *length) {
  *length = name_length(word);
  if (*length == 0) return false;
  return word[*length] == '=' || (word[*length] == '+' && word[*length + 1] == '=');
}

static void fail(splitter *p, vf_status status, const char *message) {
  if (p->status == VF_OK) p->status = vf_fail(p->err, status, "%s", message);
}

/* ---- Words ------------------------------------------------------------------------------ */

/* Room grows as it is needed: most texts are short, and there are many of them. */
static bool has_room(splitter *p, size_t length) {
  if (p->status != VF_OK) return false;
  if (p->length + length < p->room) return true;
  size_t room = 2 * (p->length + length) + 64;
  char *word = room <= LONGEST_WORD ? vf_arena_alloc_raw(p->arena, room + 1, 1) : NULL;
  if (word == NULL) {
    fail(p, VF_LIMIT, "a word is longer than any command line");
    return false;
  }
  memcpy(word, p->word, p->length);
  p->word = word;
  p->room = room;
  return true;
}

static bool has_place(splitter *p) {
  if (p->n_list < p->most_list) return true;
  size_t most = 2 * p->most_list;
  const char **list = most <= MOST_WORDS ? vf_arena_alloc_raw(p->arena, most, sizeof *list) : NULL;
  if (list == NULL) {
    fail(p, VF_LIMIT, "more words than any command line has");
    return false;
  }
  memcpy(list, p->list, p->n_list * sizeof *list);
  p->list = list;
  p->most_list = most;
  return true;
}

static bool make_room(splitter *p) {
  p->room = 256;
  p->most_list = 64;
  p->word = vf_arena_alloc_raw(p->arena, p->room + 1, 1);
  p->list = vf_arena_alloc_raw(p->arena, p->most_list, sizeof *p->list);
  return p->word != NULL && p->list != NULL;
}

static void put(splitter *p, const char *text, size_t length) {
  p->has_word = true;
  if (!has_room(p, length)) return;
  memcpy(p->word + p->length, text, length);
  p->length += length;
}

static void end_word(splitter *p) {
  if (!p->has_word) return;
  const char *copy = vf_arena_copy(p->arena, p->word, p->length);
  if (copy == NULL) p->status = vf_fail_nomem(p->err);
  if (p->status == VF_OK && has_place(p)) p->list[p->n_list++] = copy;
  p->length = 0;
  p->has_word = false;
}

/* Lines up to where the text is being read. */
static void count_lines(splitter *p) {
  for (; p->counted < p->s; p->counted++) p->line += *p->counted == '\n';
}

/* ---- Variables -------------------------------------------------------------------------- */

static variable *find_assigned(const splitter *p, const char *name, size_t length) {
  for (size_t i = 0; i < p->n_assigned; i++)
    if (strncmp(p->assigned[i].name, name, length) == 0 && p->assigned[i].name[length] == '\0')
      return &p->assigned[i];
  return NULL;
}

/* NULL: not set. */
static const char *value_of(splitter *p, const char *name, size_t length) {
  char copy[NAME_BYTES];
  const variable *v = find_assigned(p, name, length);
  if (length == 1 && name[0] >= '1' && name[0] <= '9') {
    size_t at = (size_t)(name[0] - '1');
    return at < p->arguments.count ? p->arguments.values[at] : NULL;
  }
  if (v != NULL && v->opaque) return NULL;
  if (v != NULL) return v->count > 0 ? v->values[0] : "";
  if (length >= sizeof copy || p->variables == NULL) return NULL;
  memcpy(copy, name, length);
  copy[length] = '\0';
  return p->variables(p->user, copy);
}

/* What is not known stays as it is written. */
static void put_unknown(splitter *p, const char *text, size_t length) {
  const char mark = VF_WORD_UNKNOWN;
  put(p, &mark, 1);
  put(p, text, length);
}

/* Outside of quotes blanks in a value part words, unless they belong to what is not known. */
static void put_value(splitter *p, const char *value, bool quoted) {
  quoted |= strchr(value, VF_WORD_UNKNOWN) != NULL;
  for (const char *c = value; *c != '\0'; c++) {
    if (!quoted && strchr(" \t\r\n", *c) != NULL)
      end_word(p);
    else
      put(p, c, 1);
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
static void put_list(splitter *p, const variable *v, bool quoted) {
  for (size_t i = 0; i < v->count; i++) {
    if (i > 0) end_word(p);
    put_value(p, v->values[i], quoted);
  }
}

static void expand_text(splitter *p, const char *text, size_t length, bool quoted, int depth);

static void assign(splitter *p, const char *name, size_t length, const char **values, size_t count,
                   bool exported);

/* "${X:=default}" gives X its value for good; only a plain default is kept. */
static void keep_default(splitter *p, const char *name, size_t length, const char *text,
                         size_t text_length) {
  const char **values = vf_arena_alloc(p->arena, 1, sizeof *values);
  if (values != NULL) values[0] = vf_arena_copy(p->arena, text, text_length);
  if (values == NULL || values[0] == NULL)
    p->status = vf_fail_nomem(p->err);
  else if (memchr(text, '$', text_length) == NULL)
    assign(p, name, length, values, 1, false);
}

/* "${NAME:-default}" and its kin; s is behind the brace, length up to the one that closes it. */
static void expand_braced(splitter *p, const char *s, size_t length, bool quoted, int depth) {
  size_t n = name_length(s);
  if (n == 0 && s[0] >= '1' && s[0] <= '9') n = 1;
  const char *value = n != 0 && n <= length ? value_of(p, s, n) : NULL;
  const char *rest = s + n;
  bool colon = n < length && *rest == ':';
  char sign = n + colon < length ? rest[colon] : '\0';
  const char *word = rest + colon + 1;
  size_t left = sign != '\0' ? length - n - colon - 1 : 0;
  bool is_set = value != NULL && (!colon || value[0] != '\0');
  const variable *list = n != 0 && n < length ? find_assigned(p, s, n) : NULL;
  bool all = n + 3 == length && (memcmp(rest, "[@]", 3) == 0 || memcmp(rest, "[*]", 3) == 0);
  if (all && list != NULL) {
    put_list(p, list, quoted);
    return;
  }
  const variable *own = n != 0 ? find_assigned(p, s, n) : NULL;
  if (own != NULL && own->opaque) {
    put_unknown(p, s - 2, length + 3);
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
    put_unknown(p, s - 2, length + 3); /* with "${" and "}" */
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
static size_t expand(splitter *p, const char *s, bool quoted, int depth) {
  if (s[1] == '{') {
    size_t length = braced_length(s + 2);
    if (length == 0) fail(p, VF_MALFORMED, "a brace is not closed");
    if (depth >= DEPTH) fail(p, VF_LIMIT, "braces within braces go too deep");
    if (p->status != VF_OK) return strlen(s);
    expand_braced(p, s + 2, length, quoted, depth);
    return length + 3;
  }
  if (s[1] == '(') {
    size_t length = command_length(s + 2);
    if (length == 0) fail(p, VF_MALFORMED, "a bracket is not closed");
    if (p->status != VF_OK) return strlen(s);
    put_unknown(p, s, length + 2);
    return length + 2;
  }
  size_t n = name_length(s + 1);
  if ((s[1] == '@' || s[1] == '*') && p->arguments.count > 0) {
    put_list(p, &p->arguments, quoted);
    return 2;
  }
  if (s[1] >= '1' && s[1] <= '9' && p->arguments.count > 0) n = 1;
  bool special = n == 0 && s[1] != '\0' && strchr("@*#?$!0123456789", s[1]) != NULL;
  const char *value = n != 0 ? value_of(p, s + 1, n) : NULL;
  if (value != NULL)
    put_value(p, value, quoted);
  else if (n != 0 || special)
    put_unknown(p, s, n + 1 + special);
  else
    put(p, s, 1);
  return n + 1 + special;
}

/* A default within braces: variables, and quotes that only keep it together. */
static void expand_text(splitter *p, const char *text, size_t length, bool quoted, int depth) {
  for (size_t i = 0; i < length && p->status == VF_OK;) {
    if (text[i] == '$' && i + 1 < length) {
      i += expand(p, text + i, quoted, depth);
      continue;
    }
    if (text[i] == '\'' || text[i] == '"')
      p->has_word = true;
    else if (!quoted && strchr(" \t\r\n", text[i]) != NULL)
      end_word(p);
    else
      put(p, text + i, 1);
    i++;
  }
}

/* Whether nothing stands behind the bracket that closes. */
static bool is_one_substitution(const char *s) {
  size_t length = s[0] == '`' ? 0 : command_length(s + 2);
  return s[0] == '`' ? strchr(s + 1, '`') == s + strlen(s) - 1 : length > 0 && s[2 + length] == '\0';
}

/* Its new value takes the place of the old one. */
static void assign(splitter *p, const char *name, size_t length, const char **values, size_t count,
                   bool exported) {
  variable *v = find_assigned(p, name, length);
  if (v == NULL) {
    if (p->assigned == NULL)
      p->assigned = vf_arena_alloc_raw(p->arena, MOST_VARIABLES, sizeof *p->assigned);
    const char *copy = vf_arena_copy(p->arena, name, length);
    if (p->assigned == NULL || copy == NULL) {
      p->status = vf_fail_nomem(p->err);
      return;
    }
    if (p->n_assigned == MOST_VARIABLES) {
      fail(p, VF_LIMIT, "more variables than any script has");
      return;
    }
    v = &p->assigned[p->n_assigned++];
    *v = (variable){.name = copy};
  }
  v->values = values;
  v->count = count;
  v->exported |= exported;
  v->opaque = count == 1 && values[0][0] == VF_WORD_UNKNOWN &&
              (strncmp(values[0] + 1, "$(", 2) == 0 || values[0][1] == '`') &&
              is_one_substitution(values[0] + 1);
}

/* "NAME=value" or "NAME+=value"; list is what stands in the brackets, NULL for a plain value. */
static void assign_word(splitter *p, const char *word, size_t length, const char **list,
                        size_t count, bool exported) {
  bool adds = word[length] == '+';
  const variable *old = adds ? find_assigned(p, word, length) : NULL;
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
static void export_name(splitter *p, const char *word) {
  variable *v = find_assigned(p, word, strlen(word));
  if (v != NULL) v->exported = true;
}

/* Whether the command does nothing but assign; then that is done. */
static bool takes_assignments(splitter *p) {
  size_t length, first = 0;
  bool declares = is_declaring(p->list[0]), exported = strcmp(p->list[0], "export") == 0;
  if (declares) first = 1;
  for (size_t i = first; !declares && i < p->n_list; i++)
    if (!vf_word_is_assignment(p->list[i], &length)) return false;
  for (size_t i = first; i < p->n_list && p->status == VF_OK; i++) {
    if (vf_word_is_assignment(p->list[i], &length))
      assign_word(p, p->list[i], length, NULL, 0, exported);
    else if (exported)
      export_name(p, p->list[i]);
  }
  return true;
}

static void end_command(splitter *p) {
  end_word(p);
  if (p->n_list == 0 || p->status != VF_OK) return;
  if (takes_assignments(p)) {
    p->n_list = 0;
    return;
  }
  const char **copy = vf_arena_alloc(p->arena, p->n_list, sizeof *copy);
  if (copy == NULL) {
    p->status = vf_fail_nomem(p->err);
    return;
  }
  memcpy(copy, p->list, p->n_list * sizeof *copy);
  const vf_words command = {copy, p->n_list, p->first_line};
  p->n_list = 0;
  p->status = p->each(p->each_user, &command, p, p->err);
}

const char *vf_shell_exported(const vf_shell *shell, const char *name) {
  const variable *v = find_assigned(shell, name, strlen(name));
  if (v != NULL && v->exported) return v->count > 0 ? v->values[0] : "";
  return shell->variables != NULL ? shell->variables(shell->user, name) : NULL;
}

/* "NAME=(" begins a list: what follows are its values. */
static bool begins_list(splitter *p) {
  size_t length;
  if (*p->s != '(' || !p->has_word || p->array_at != 0) return false;
  p->word[p->length] = '\0';
  if (p->word[p->length - 1] != '=' || !vf_word_is_assignment(p->word, &length)) return false;
  end_word(p);
  p->array_at = p->n_list;
  return true;
}

static void end_list(splitter *p) {
  size_t length;
  end_word(p);
  size_t at = p->array_at - 1;
  if (p->status != VF_OK || !vf_word_is_assignment(p->list[at], &length)) return;
  bool exported = at > 0 && strcmp(p->list[0], "export") == 0;
  assign_word(p, p->list[at], length, p->list + p->array_at, p->n_list - p->array_at, exported);
  p->n_list = at;
  p->array_at = 0;
}

/* ---- Quotes ----------------------------------------------------------------------------- */

static void single_quoted(splitter *p) {
  const char *end = strchr(p->s + 1, '\'');
  p->has_word = true;
  if (end == NULL) {
    fail(p, VF_MALFORMED, "a quote is not closed");
    return;
  }
  put(p, p->s + 1, (size_t)(end - p->s - 1));
  p->s = end + 1;
}

static bool is_newline(const char *s) {
  return s[0] == '\n' || (s[0] == '\r' && s[1] == '\n');
}

/* Steps over a newline that was joined. */
static const char *behind_newline(const char *s) {
  return s + (s[0] == '\r' ? 2 : 1);
}

static void double_quoted(splitter *p) {
  p->has_word = true;
  for (p->s++; *p->s != '"' && p->status == VF_OK;) {
    if (*p->s == '\0') {
      fail(p, VF_MALFORMED, "a quote is not closed");
    } else if (*p->s == '$') {
      p->s += expand(p, p->s, true, 0);
    } else if (*p->s == '\\' && is_newline(p->s + 1)) {
      p->s = behind_newline(p->s + 1);
    } else {
      if (*p->s == '\\' && p->s[1] != '\0' && strchr("$`\"\\", p->s[1]) != NULL) p->s++;
      put(p, p->s++, 1);
    }
  }
  if (*p->s == '"') p->s++;
}

/* What a command in backquotes would print is not known. */
static void backquoted(splitter *p) {
  const char *end = strchr(p->s + 1, '`');
  if (end == NULL) {
    fail(p, VF_MALFORMED, "a backquote is not closed");
    return;
  }
  put_unknown(p, p->s, (size_t)(end - p->s + 1));
  p->s = end + 1;
}

/* ---- Operators -------------------------------------------------------------------------- */

/* The word that ends a here-document, without its quotes. */
static void note_heredoc(splitter *p) {
  p->s += 2 + (p->s[2] == '-');
  p->s += strspn(p->s, " \t");
  char quote = *p->s == '\'' || *p->s == '"' ? *p->s++ : '\0';
  size_t n = quote != '\0' ? strcspn(p->s, quote == '"' ? "\"\n" : "'\n")
                           : strcspn(p->s, " \t\r\n;|&<>()");
  const char *word = vf_arena_copy(p->arena, p->s, n);
  if (word == NULL) p->status = vf_fail_nomem(p->err);
  p->s += n + (quote != '\0' && p->s[n] == quote);
  if (word != NULL && n > 0 && p->n_heredocs < MOST_HEREDOCS) p->heredocs[p->n_heredocs++] = word;
}

/* What stands in one is no command; s is at the start of the line behind. */
static void skip_heredocs(splitter *p) {
  for (size_t i = 0; i < p->n_heredocs; i++) {
    size_t n = strlen(p->heredocs[i]);
    for (bool ended = false; !ended && *p->s != '\0';) {
      const char *line = p->s + strspn(p->s, "\t");
      size_t length = strcspn(line, "\r\n");
      ended = length == n && memcmp(line, p->heredocs[i], n) == 0;
      p->s = line + strcspn(line, "\n");
      if (*p->s == '\n') p->s++;
    }
  }
  p->n_heredocs = 0;
}

/* "2>&1", ">> file", "< file", "&> file": a number before belongs to it, the word behind is where
 * output goes. */
static void redirect(splitter *p) {
  bool number = p->length > 0;
  for (size_t i = 0; i < p->length; i++) number &= p->word[i] >= '0' && p->word[i] <= '9';
  if (number) {
    p->length = 0;
    p->has_word = false;
  }
  end_word(p);
  if (strncmp(p->s, "<<", 2) == 0 && p->s[2] != '<') {
    note_heredoc(p);
    return;
  }
  bool process = (p->s[0] == '>' || p->s[0] == '<') && p->s[1] == '(';
  p->s += strspn(p->s, "<>&|-");
  p->s += strspn(p->s, " \t");
  if (process) return; /* ">(tee log)": what is in the brackets is a command */
  p->s += strcspn(p->s, " \t\r\n;|&)");
}

/* Blanks between a backslash and the end of its line are a slip that nobody means; a path of
 * Windows has backslashes of its own. */
static void backslash(splitter *p) {
  const char *behind = p->s + 1 + strspn(p->s + 1, " \t");
  if (is_newline(behind)) {
    p->s = behind_newline(behind);
    return;
  }
  if (p->windows) {
    put(p, p->s++, 1);
    return;
  }
  if (p->s[1] != '\0') p->s++;
  put(p, p->s++, 1);
}

static bool joins_lines(const char *s) {
  return (s[0] == '`' || s[0] == '^') && is_newline(s + 1);
}

/* "~/models/<your model>.gguf": what somebody is to put in, as it is written; 0: it is none. */
static size_t placeholder_length(const splitter *p) {
  if (p->s[0] != '<') return 0;
  size_t n = strcspn(p->s, ">\n&|;\"'");
  bool inside = p->has_word && p->length > 0 && p->word[p->length - 1] == '/';
  return inside && n > 1 && p->s[n] == '>' ? n + 1 : 0;
}

static void step(splitter *p) {
  char c = *p->s;
  if (p->n_list == 0 && !p->has_word) {
    count_lines(p);
    p->first_line = p->line;
  }
  if (joins_lines(p->s)) {
    p->s = behind_newline(p->s + 1);
  } else if (c == '\\') {
    backslash(p);
  } else if (c == '\'') {
    single_quoted(p);
  } else if (c == '"') {
    double_quoted(p);
  } else if (c == '$') {
    p->s += expand(p, p->s, false, 0);
  } else if (c == '`') {
    backquoted(p);
  } else if (placeholder_length(p) > 0) {
    size_t n = placeholder_length(p);
    put(p, p->s, n);
    p->s += n;
  } else if (c == '>' || c == '<' || (c == '&' && p->s[1] == '>')) {
    redirect(p);
  } else if (c == '#' && !p->has_word) {
    p->s += strcspn(p->s, "\n");
  } else if (begins_list(p)) {
    p->s++;
  } else if (p->array_at != 0 && c == ')') {
    end_list(p);
    p->s++;
  } else if (c == '\n' && p->array_at != 0) {
    end_word(p);
    p->s++;
  } else if (strchr("\n;&|()", c) != NULL) {
    end_command(p);
    p->s++;
    if (c == '\n') skip_heredocs(p);
  } else if (strchr(" \t\r", c) != NULL) {
    end_word(p);
    p->s++;
  } else {
    put(p, p->s++, 1);
  }
}

/* Programs and paths as only Windows has them. */
static bool is_for_windows(const char *text) {
  const char *drive = strstr(text, ":\\");
  return strstr(text, ".exe") != NULL || drive != NULL;
}

vf_status vf_shell_read(const char *text, vf_variable_fn variables, void *user, vf_arena *arena,
                        vf_command_fn each, void *each_user, vf_error *err) {
  return vf_shell_read_with(text, NULL, 0, variables, user, arena, each, each_user, err);
}

vf_status vf_shell_read_with(const char *text, const char *const *arguments, size_t count,
                             vf_variable_fn variables, void *user, vf_arena *arena,
                             vf_command_fn each, void *each_user, vf_error *err) {
  size_t length = strlen(text);
  if (length > VF_WORDS_TEXT)
    return vf_fail(err, VF_LIMIT, "a text of more than %d bytes is no command line", VF_WORDS_TEXT);
  splitter p = {.s = text,
                .variables = variables,
                .user = user,
                .arena = arena,
                .each = each,
                .each_user = each_user,
                .windows = is_for_windows(text),
                .arguments = {.values = (const char **)(uintptr_t)arguments, .count = count},
                .counted = text,
                .line = 1,
                .err = err};
  if (!make_room(&p)) return vf_fail_nomem(err);
  while (*p.s != '\0' && p.status == VF_OK) step(&p);
  if (p.status == VF_OK) end_command(&p);
  return p.status;
}

typedef struct gathered {
  vf_words *commands;
  size_t n;
} gathered;

static vf_status gather(void *user, const vf_words *command, const vf_shell *shell, vf_error *err) {
  gathered *g = user;
  (void)shell;
  if (g->n == VF_WORDS_COMMANDS)
    return vf_fail(err, VF_LIMIT, "more commands than one text may have");
  g->commands[g->n++] = *command;
  return VF_OK;
}

vf_status vf_words_split(vf_words commands[VF_WORDS_COMMANDS], size_t *n_commands, const char *text,
                         vf_variable_fn variables, void *user, vf_arena *arena, vf_error *err) {
  gathered g = {commands, 0};
  vf_status status = vf_shell_read(text, variables, user, arena, gather, &g, err);
  *n_commands = g.n;
  return status;
}

const char *vf_text_interpolate(const char *text, vf_variable_fn variables, void *user,
                                vf_arena *arena) {
  if (strchr(text, '$') == NULL) return text;
  splitter p = {.variables = variables, .user = user, .arena = arena};
  if (!make_room(&p)) return NULL;
  for (const char *s = text; *s != '\0' && p.status == VF_OK;) {
    if (s[0] == '$' && s[1] == '$') {
      put(&p, s, 1);
      s += 2;
    } else if (s[0] == '$' && (s[1] == '{' || name_length(s + 1) > 0)) {
      s += expand(&p, s, true, 0);
    } else {
      put(&p, s++, 1);
    }
  }
  return p.status == VF_OK ? vf_arena_copy(arena, p.word, p.length) : NULL;
}
