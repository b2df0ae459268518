/* words.c - splitting a text by a shell's rules, without a shell.
 *
 * What POSIX's Shell Command Language says in 2.2 (quoting), 2.3 (tokens) and 2.6.2 (parameter
 * expansion) of the part that launch lines use.  What only a run could tell (a variable that is not
 * set, the output of a command) stays in the word, behind VF_WORD_UNKNOWN. */
#include <string.h>

#include "base/status.h"
#include "deploy/shell.h"

size_t vf_name_length(const char *s) {
  static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_";
  if (*s == '\0' || strchr(letters, *s) == NULL) return 0;
  return strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789");
}

/* A variable that some quotes kept from the shell is as little known: no value begins like one. */
bool vf_word_is_unknown(const char *word) {
  return strchr(word, VF_WORD_UNKNOWN) != NULL || strstr(word, "${") != NULL ||
         strstr(word, "$(") != NULL || (word[0] == '$' && vf_name_length(word + 1) > 0);
}

const char *vf_word_written(const char *word, vf_arena *arena) {
  size_t n = strlen(word), to = 0;
  char *copy = vf_arena_copy(arena, word, n);
  for (size_t i = 0; copy != NULL && i <= n; i++)
    if (word[i] != VF_WORD_UNKNOWN) copy[to++] = word[i];
  return copy;
}

bool vf_word_is_assignment(const char *word, size_t *length) {
  *length = vf_name_length(word);
  if (*length == 0) return false;
  return word[*length] == '=' || (word[*length] == '+' && word[*length + 1] == '=');
}

void vf_shell_fail(vf_shell *p, vf_status status, const char *message) {
  if (p->status == VF_OK) p->status = vf_fail(p->err, status, "%s", message);
}

/* ---- Words ------------------------------------------------------------------------------ */

/* Room grows as it is needed: most texts are short, and there are many of them. */
static bool has_room(vf_shell *p, size_t length) {
  if (p->status != VF_OK) return false;
  if (p->length + length < p->room) return true;
  size_t room = 2 * (p->length + length) + 64;
  char *word = room <= VF_SHELL_WORD_BYTES ? vf_arena_alloc_raw(p->arena, room + 1, 1) : NULL;
  if (word == NULL) {
    vf_shell_fail(p, VF_LIMIT, "a word is longer than any command line");
    return false;
  }
  memcpy(word, p->word, p->length);
  p->word = word;
  p->room = room;
  return true;
}

static bool has_place(vf_shell *p) {
  if (p->n_list < p->most_list) return true;
  size_t most = 2 * p->most_list;
  const char **list =
      most <= VF_SHELL_WORDS ? vf_arena_alloc_raw(p->arena, most, sizeof *list) : NULL;
  if (list == NULL) {
    vf_shell_fail(p, VF_LIMIT, "more words than any command line has");
    return false;
  }
  memcpy(list, p->list, p->n_list * sizeof *list);
  p->list = list;
  p->most_list = most;
  return true;
}

bool vf_shell_make_room(vf_shell *p) {
  p->room = 256;
  p->most_list = 64;
  p->word = vf_arena_alloc_raw(p->arena, p->room + 1, 1);
  p->list = vf_arena_alloc_raw(p->arena, p->most_list, sizeof *p->list);
  return p->word != NULL && p->list != NULL;
}

void vf_shell_put(vf_shell *p, const char *text, size_t length) {
  p->has_word = true;
  if (!has_room(p, length)) return;
  memcpy(p->word + p->length, text, length);
  p->length += length;
}

void vf_shell_end_word(vf_shell *p) {
  if (!p->has_word) return;
  const char *copy = vf_arena_copy(p->arena, p->word, p->length);
  if (copy == NULL) p->status = vf_fail_nomem(p->err);
  if (p->status == VF_OK && has_place(p)) p->list[p->n_list++] = copy;
  p->length = 0;
  p->has_word = false;
}

/* Lines up to where the text is being read. */
static void count_lines(vf_shell *p) {
  for (; p->counted < p->s; p->counted++) p->line += *p->counted == '\n';
}

/* What opens, parts or closes a branch or a loop is no command's, and counts for what follows. */
static void drop_keywords(vf_shell *p) {
  size_t n = vf_flow_keywords(p);
  memmove(p->list, p->list + n, (p->n_list - n) * sizeof *p->list);
  p->n_list -= n;
}

/* A list that has an operator in it is none: no shell reads it, and its words are the command's. */
static void end_command(vf_shell *p) {
  vf_shell_end_word(p);
  p->array_at = 0;
  if (p->n_list == 0 || p->status != VF_OK) return;
  p->joined = false;
  drop_keywords(p);
  if (p->n_list == 0 || p->status != VF_OK) return;
  if (vf_shell_assigns(p)) {
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
  vf_flow_builtin(p, command.list, command.count);
  if (p->status == VF_OK && p->each != NULL) p->status = p->each(p->each_user, &command, p, p->err);
}

/* "NAME=(" begins a list: what follows are its values. */
static bool begins_list(vf_shell *p) {
  size_t length;
  if (*p->s != '(' || !p->has_word || p->array_at != 0) return false;
  p->word[p->length] = '\0';
  if (p->word[p->length - 1] != '=' || !vf_word_is_assignment(p->word, &length)) return false;
  vf_shell_end_word(p);
  p->array_at = p->n_list;
  return true;
}

static void end_list(vf_shell *p) {
  size_t length;
  vf_shell_end_word(p);
  size_t at = p->array_at - 1;
  if (p->status != VF_OK || !vf_word_is_assignment(p->list[at], &length)) return;
  bool exported = at > 0 && strcmp(p->list[0], "export") == 0;
  vf_shell_assign_word(p, p->list[at], length, p->list + p->array_at, p->n_list - p->array_at,
                       exported);
  p->n_list = at;
  p->array_at = 0;
}

/* ---- Quotes ----------------------------------------------------------------------------- */

static void single_quoted(vf_shell *p) {
  const char *end = strchr(p->s + 1, '\'');
  p->has_word = true;
  if (end == NULL) {
    vf_shell_fail(p, VF_MALFORMED, "a quote is not closed");
    return;
  }
  vf_shell_put(p, p->s + 1, (size_t)(end - p->s - 1));
  p->s = end + 1;
}

static bool is_newline(const char *s) {
  return s[0] == '\n' || (s[0] == '\r' && s[1] == '\n');
}

/* Steps over a newline that was joined. */
static const char *behind_newline(const char *s) {
  return s + (s[0] == '\r' ? 2 : 1);
}

static void double_quoted(vf_shell *p) {
  p->has_word = true;
  for (p->s++; *p->s != '"' && p->status == VF_OK;) {
    if (*p->s == '\0') {
      vf_shell_fail(p, VF_MALFORMED, "a quote is not closed");
    } else if (*p->s == '$') {
      p->s += vf_shell_expand(p, p->s, true, 0);
    } else if (*p->s == '\\' && p->s[1] == '\n') {
      p->s += 2;
    } else {
      if (*p->s == '\\' && p->s[1] != '\0' && strchr("$`\"\\", p->s[1]) != NULL) p->s++;
      vf_shell_put(p, p->s++, 1);
    }
  }
  if (*p->s == '"') p->s++;
}

/* What a command in backquotes would print is not known. */
static void backquoted(vf_shell *p) {
  const char *end = strchr(p->s + 1, '`');
  if (end == NULL) {
    vf_shell_fail(p, VF_MALFORMED, "a backquote is not closed");
    return;
  }
  vf_shell_put_unknown(p, p->s, (size_t)(end - p->s + 1));
  p->s = end + 1;
}

/* ---- Operators -------------------------------------------------------------------------- */

/* The word that ends a here-document, without its quotes. */
static void note_heredoc(vf_shell *p) {
  p->s += 2 + (p->s[2] == '-');
  p->s += strspn(p->s, " \t");
  char quote = *p->s == '\'' || *p->s == '"' ? *p->s++ : '\0';
  size_t n = quote != '\0' ? strcspn(p->s, quote == '"' ? "\"\n" : "'\n")
                           : strcspn(p->s, " \t\r\n;|&<>()");
  const char *word = vf_arena_copy(p->arena, p->s, n);
  if (word == NULL) p->status = vf_fail_nomem(p->err);
  p->s += n + (quote != '\0' && p->s[n] == quote);
  if (word != NULL && n > 0 && p->n_heredocs < VF_SHELL_HEREDOCS)
    p->heredocs[p->n_heredocs++] = word;
}

/* What stands in one is no command; s is at the start of the line behind. */
static void skip_heredocs(vf_shell *p) {
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
static void redirect(vf_shell *p) {
  bool number = p->length > 0;
  for (size_t i = 0; i < p->length; i++) number &= p->word[i] >= '0' && p->word[i] <= '9';
  if (number) {
    p->length = 0;
    p->has_word = false;
  }
  vf_shell_end_word(p);
  if (strncmp(p->s, "<<", 2) == 0 && p->s[2] != '<') {
    note_heredoc(p);
    return;
  }
  bool process = (p->s[0] == '>' || p->s[0] == '<') && p->s[1] == '(';
  p->s += strspn(p->s, "<>&|-");
  p->s += strspn(p->s, " \t");
  if (p->s[0] == '<' && p->s[1] == '(') p->s++, process = true;
  if (process) return; /* ">(tee log)": what is in the brackets is a command */
  p->s += strcspn(p->s, " \t\r\n;|&)");
}

/* With a blank between a backslash and the end of its line the command ends there, as the shell
 * has it; a path of Windows has backslashes of its own. */
static void backslash(vf_shell *p) {
  if (p->s[1] == '\n' || (p->windows && is_newline(p->s + 1))) {
    p->s = behind_newline(p->s + 1);
    return;
  }
  if (p->windows) {
    vf_shell_put(p, p->s++, 1);
    return;
  }
  if (p->s[1] != '\0') p->s++;
  vf_shell_put(p, p->s++, 1);
}

static bool joins_lines(const char *s) {
  return (s[0] == '`' || s[0] == '^') && is_newline(s + 1);
}

/* "~/models/<your model>.gguf": what somebody is to put in, as it is written; 0: it is none. */
static size_t placeholder_length(const vf_shell *p) {
  if (p->s[0] != '<') return 0;
  size_t n = strcspn(p->s, ">\n&|;\"'");
  bool inside = p->has_word && p->length > 0 && p->word[p->length - 1] == '/';
  return inside && n > 1 && p->s[n] == '>' ? n + 1 : 0;
}

/* At a newline, ';', '&' or '|'. */
static void part_commands(vf_shell *p) {
  char c = *p->s;
  p->apart = p->piped || ((c == '|' || c == '&') && p->s[1] != c);
  end_command(p);
  p->apart = false;
  p->s += vf_flow_operator(p);
  if (c == '\n') skip_heredocs(p);
}

/* "f()", "((...))", or a process of its own. */
static void open_bracket(vf_shell *p) {
  size_t length = vf_flow_function_length(p->s);
  vf_shell_end_word(p);
  if (length > 0 && p->n_list > 0) {
    p->array_at = 0;
    drop_keywords(p);
    p->n_list = 0;
    p->names_function = true;
    p->s += length;
    return;
  }
  end_command(p);
  length = vf_flow_arithmetic_length(p->s);
  if (length > 0) vf_flow_arithmetic(p, p->s, length);
  p->s += length > 0 ? length : vf_flow_open_bracket(p);
}

static void close_bracket(vf_shell *p) {
  p->apart = p->piped;
  end_command(p);
  p->apart = false;
  vf_flow_close_bracket(p);
  p->s++;
}

static void step(vf_shell *p) {
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
    p->s += vf_shell_expand(p, p->s, false, 0);
  } else if (c == '`') {
    backquoted(p);
  } else if (placeholder_length(p) > 0) {
    size_t n = placeholder_length(p);
    vf_shell_put(p, p->s, n);
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
    vf_shell_end_word(p);
    p->s++;
  } else if (c == '(') {
    open_bracket(p);
  } else if (c == ')') {
    close_bracket(p);
  } else if (strchr("\n;&|", c) != NULL) {
    part_commands(p);
  } else if (strchr(" \t\r", c) != NULL) {
    vf_shell_end_word(p);
    if (p->n_list == 1 && vf_flow_stands_alone(p->list[0])) drop_keywords(p);
    p->s++;
  } else {
    vf_shell_put(p, p->s++, 1);
  }
}

/* Programs and paths as only Windows has them. */
static bool is_for_windows(const char *text) {
  const char *drive = strstr(text, ":\\");
  return strstr(text, ".exe") != NULL || drive != NULL;
}

/* Loops and functions: what stands below may run before. */
static bool runs_in_another_order(const char *text) {
  return strstr(text, "done") != NULL || strstr(text, "function") != NULL ||
         strchr(text, '(') != NULL;
}

static vf_status read_to_end(vf_shell *p) {
  if (!vf_shell_make_room(p)) return vf_fail_nomem(p->err);
  while (*p->s != '\0' && p->status == VF_OK) step(p);
  p->apart = p->piped;
  if (p->status == VF_OK) end_command(p);
  return p->status;
}

vf_status vf_shell_read(const char *text, vf_variable_fn variables, void *user, vf_arena *arena,
                        vf_command_fn each, void *each_user, vf_error *err) {
  return vf_shell_read_with(text, NULL, 0, variables, user, arena, each, each_user, err);
}

vf_status vf_shell_read_with(const char *text, const char *const *arguments, size_t count,
                             vf_variable_fn variables, void *user, vf_arena *arena,
                             vf_command_fn each, void *each_user, vf_error *err) {
  size_t length = strlen(text);
  vf_shell survey;
  if (length > VF_WORDS_TEXT)
    return vf_fail(err, VF_LIMIT, "a text of more than %d bytes is no command line", VF_WORDS_TEXT);
  vf_shell p = {.s = text,
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
  if (runs_in_another_order(text)) {
    survey = p;
    survey.each = NULL;
    survey.err = NULL;
    if (read_to_end(&survey) == VF_NOMEM) return vf_fail_nomem(err);
    p.survey = &survey;
  }
  return read_to_end(&p);
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

vf_status vf_text_interpolate(const char **out, const char *text, vf_variable_fn variables,
                              void *user, vf_arena *arena, vf_error *err) {
  *out = text;
  if (strchr(text, '$') == NULL) return VF_OK;
  vf_shell p = {.variables = variables, .user = user, .arena = arena, .err = err};
  if (!vf_shell_make_room(&p)) return vf_fail_nomem(err);
  for (const char *s = text; *s != '\0' && p.status == VF_OK;) {
    if (s[0] == '$' && s[1] == '$') {
      vf_shell_put(&p, s, 1);
      s += 2;
    } else if (s[0] == '$' && (s[1] == '{' || vf_name_length(s + 1) > 0)) {
      s += vf_shell_expand(&p, s, true, 0);
    } else {
      vf_shell_put(&p, s++, 1);
    }
  }
  if (p.status == VF_OK) *out = vf_arena_copy(arena, p.word, p.length);
  return *out != NULL ? p.status : vf_fail_nomem(err);
}
