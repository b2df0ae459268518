/* words.c - splitting a text by a shell's rules, without a shell.
 *
 * What POSIX's Shell Command Language says in 2.2 (quoting), 2.3 (tokens) and 2.6.2 (parameter
 * expansion) of the part that launch lines use.  What only a run could tell (a variable that is not
 * set, the output of a command) stays in the word, behind VF_WORD_UNKNOWN. */
#include "deploy/words.h"

#include <string.h>

#include "base/status.h"

enum { DEPTH = 8, MOST_WORDS = 4096 };

typedef struct splitter {
  const char *s;
  vf_variable_fn variables;
  void *user;
  vf_arena *arena;
  vf_words *commands;
  size_t n_commands;

  char *word; /* being built: there is room for the text and everything put in */
  size_t length, room;
  bool has_word;
  bool windows;
  const char **list;
  size_t n_list;
  vf_status status;
  vf_error *err;
} splitter;

static size_t name_length(const char *s) {
  static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_";
  if (*s == '\0' || strchr(letters, *s) == NULL) return 0;
  return strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789");
}

/* A variable that some quotes kept from the shell is as little known: no value begins like one. */
bool vf_word_is_unknown(const char *word) {
  return strchr(word, VF_WORD_UNKNOWN) != NULL || strstr(word, "${") != NULL ||
         (word[0] == '$' && name_length(word + 1) > 0);
}

static void fail(splitter *p, vf_status status, const char *message) {
  if (p->status == VF_OK) p->status = vf_fail(p->err, status, "%s", message);
}

/* ---- Words ------------------------------------------------------------------------------ */

static void put(splitter *p, const char *text, size_t length) {
  p->has_word = true;
  if (p->length + length >= p->room) {
    fail(p, VF_LIMIT, "a word is longer than any command line");
    return;
  }
  memcpy(p->word + p->length, text, length);
  p->length += length;
}

static void end_word(splitter *p) {
  if (!p->has_word) return;
  const char *copy = vf_arena_copy(p->arena, p->word, p->length);
  if (copy == NULL) p->status = vf_fail_nomem(p->err);
  if (p->n_list == MOST_WORDS) fail(p, VF_LIMIT, "more words than any command line has");
  if (p->status == VF_OK) p->list[p->n_list++] = copy;
  p->length = 0;
  p->has_word = false;
}

static void end_command(splitter *p) {
  end_word(p);
  if (p->n_list == 0 || p->status != VF_OK) return;
  if (p->n_commands == VF_WORDS_COMMANDS) {
    fail(p, VF_LIMIT, "more commands than one text may have");
    return;
  }
  const char **copy = vf_arena_alloc(p->arena, p->n_list, sizeof *copy);
  if (copy == NULL) {
    p->status = vf_fail_nomem(p->err);
    return;
  }
  memcpy(copy, p->list, p->n_list * sizeof *copy);
  p->commands[p->n_commands++] = (vf_words){copy, p->n_list};
  p->n_list = 0;
}

/* ---- Variables -------------------------------------------------------------------------- */

/* NULL: not set. */
static const char *value_of(splitter *p, const char *name, size_t length) {
  char copy[128];
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

/* Outside of quotes blanks in a value part words. */
static void put_value(splitter *p, const char *value, bool quoted) {
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

static void expand_text(splitter *p, const char *text, size_t length, bool quoted, int depth);

/* "${NAME:-default}" and its kin; s is behind the brace, length up to the one that closes it. */
static void expand_braced(splitter *p, const char *s, size_t length, bool quoted, int depth) {
  size_t n = name_length(s);
  const char *value = n != 0 && n <= length ? value_of(p, s, n) : NULL;
  const char *rest = s + n;
  bool colon = n < length && *rest == ':';
  char sign = n + colon < length ? rest[colon] : '\0';
  const char *word = rest + colon + 1;
  size_t left = sign != '\0' ? length - n - colon - 1 : 0;
  bool is_set = value != NULL && (!colon || value[0] != '\0');
  if (n != 0 && sign == '-' && !is_set)
    expand_text(p, word, left, quoted, depth + 1);
  else if (n != 0 && sign == '+')
    expand_text(p, word, is_set ? left : 0, quoted, depth + 1);
  else if (n != 0 && is_set && (sign == '\0' || sign == '-' || sign == '?'))
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
  p->s += strspn(p->s, "<>&|-");
  p->s += strspn(p->s, " \t");
  p->s += strcspn(p->s, " \t\r\n;|&");
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

static void step(splitter *p) {
  char c = *p->s;
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
  } else if (c == '>' || c == '<' || (c == '&' && p->s[1] == '>')) {
    redirect(p);
  } else if (c == '#' && !p->has_word) {
    p->s += strcspn(p->s, "\n");
  } else if (strchr("\n;&|()", c) != NULL) {
    end_command(p);
    p->s++;
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

vf_status vf_words_split(vf_words commands[VF_WORDS_COMMANDS], size_t *n_commands, const char *text,
                         vf_variable_fn variables, void *user, vf_arena *arena, vf_error *err) {
  size_t length = strlen(text);
  if (length > VF_WORDS_TEXT)
    return vf_fail(err, VF_LIMIT, "a text of more than %d bytes is no command line", VF_WORDS_TEXT);
  splitter p = {.s = text,
                .variables = variables,
                .user = user,
                .arena = arena,
                .commands = commands,
                .room = length + 4096,
                .windows = is_for_windows(text),
                .err = err};
  p.word = vf_arena_alloc(arena, p.room, 1);
  p.list = vf_arena_alloc(arena, MOST_WORDS, sizeof *p.list);
  if (p.word == NULL || p.list == NULL) return vf_fail_nomem(err);
  while (*p.s != '\0' && p.status == VF_OK) step(&p);
  if (p.status == VF_OK) end_command(&p);
  *n_commands = p.n_commands;
  return p.status;
}
