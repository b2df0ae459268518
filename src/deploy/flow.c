/* flow.c - what of a script surely runs, and what is therefore known of a variable.
 *
 * A script is read once from its top to its end, as if each command ran after the one before.  What
 * may not run (a branch, behind "&&"), runs elsewhere (a subshell, a pipeline) or runs at another
 * time (a function, the next turn of a loop) would make that wrong, so:
 *
 *     L=4096                      known from here on
 *     if [ "$BIG" ]; then
 *       L=400000                  known up to the end of the branch,
 *     fi                          and nobody knows L from here on
 *
 * Each open branch, loop, function or list of "&&" is a frame.  Leaving it forgets what was
 * assigned in it.  In a loop and in a function a value from outside is only known if nothing that
 * may run before assigns to the name: a survey, the same text read to its end beforehand, says
 * where each name is assigned.  What a function assigns is never known outside of it, since its
 * call is not followed.  The rule errs towards "not known", never towards another value. */
#include <stdint.h>
#include <string.h>

#include "base/status.h"
#include "deploy/shell.h"

static bool is_one_of(const char *word, const char *const *list) {
  for (; *list != NULL; list++)
    if (strcmp(word, *list) == 0) return true;
  return false;
}

/* ---- Frames ----------------------------------------------------------------------------- */

static vf_shell_frame *top(vf_shell *p) {
  return p->n_frames > 0 ? &p->frames[p->n_frames - 1] : NULL;
}

/* The loop or function that the text is in; 0: none. */
static size_t current_region(const vf_shell *p) {
  for (size_t i = p->n_frames; i-- > 0;)
    if (p->frames[i].region != 0) return p->frames[i].region;
  return 0;
}

static size_t add_region(vf_shell *p, bool is_function) {
  if (p->regions == NULL)
    p->regions = vf_arena_alloc_raw(p->arena, VF_SHELL_REGIONS, sizeof *p->regions);
  if (p->regions == NULL) {
    p->status = vf_fail_nomem(p->err);
    return 0;
  }
  if (p->n_regions == VF_SHELL_REGIONS) {
    vf_shell_fail(p, VF_LIMIT, "more loops and functions than any script has");
    return 0;
  }
  size_t around = current_region(p), region = ++p->n_regions;
  p->regions[region - 1] = (vf_shell_region){.last = SIZE_MAX, .open = true, .start = p->s};
  if (is_function)
    p->regions[region - 1].function = region;
  else if (around != 0)
    p->regions[region - 1].function = p->regions[around - 1].function;
  return region;
}

static void open_frame(vf_shell *p, vf_frame_role role, const char *closer) {
  if (p->n_frames == VF_SHELL_FRAMES) {
    vf_shell_fail(p, VF_LIMIT, "branches and loops go too deep");
    return;
  }
  bool is_region = role == VF_FRAME_LOOP || role == VF_FRAME_FUNCTION;
  size_t region = is_region ? add_region(p, role == VF_FRAME_FUNCTION) : 0;
  p->frames[p->n_frames++] =
      (vf_shell_frame){role, closer, region, .at_pattern = role == VF_FRAME_CASE};
  p->joined = false;
}

/* What was assigned with so many frames open is not known any more. */
static void forget_from(vf_shell *p, size_t level) {
  if (p->highest < level) return;
  for (size_t i = 0; i < p->n_assigned; i++)
    if (p->assigned[i].level >= level) p->assigned[i].opaque = true;
}

/* Leaves frames until only so many are open. */
static void leave(vf_shell *p, size_t n_frames) {
  if (p->n_frames <= n_frames) return;
  forget_from(p, n_frames + 1);
  for (size_t i = 0; p->highest > n_frames && i < p->n_assigned; i++)
    if (p->assigned[i].level > n_frames) p->assigned[i].level = n_frames;
  if (p->highest > n_frames) p->highest = n_frames;
  for (size_t i = n_frames; i < p->n_frames; i++) {
    if (p->frames[i].region == 0) continue;
    vf_shell_region *r = &p->regions[p->frames[i].region - 1];
    r->last = p->n_regions;
    r->open = false;
  }
  p->n_frames = n_frames;
}

static void end_chain(vf_shell *p) {
  while (p->n_frames > 0 && top(p)->role == VF_FRAME_CHAIN) leave(p, p->n_frames - 1);
}

/* The innermost frame that the word ends, from 1; 0: none. */
static size_t frame_of(const vf_shell *p, const char *closer) {
  for (size_t i = p->n_frames; i > 0; i--)
    if (strcmp(p->frames[i - 1].closer, closer) == 0) return i;
  return 0;
}

/* A word that ends nothing is passed over: the text is no shell's, or is followed wrongly. */
static void close_frame(vf_shell *p, const char *closer) {
  size_t n = frame_of(p, closer);
  if (n > 0) leave(p, n - 1);
}

/* The next branch: what the one before assigned is not known in it. */
static void next_branch(vf_shell *p, const char *closer) {
  size_t n = frame_of(p, closer);
  if (n == 0) return;
  leave(p, n);
  forget_from(p, n);
}

static vf_shell_frame *case_at_pattern(vf_shell *p) {
  vf_shell_frame *f = top(p);
  return f != NULL && f->at_pattern ? f : NULL;
}

/* ---- Keywords --------------------------------------------------------------------------- */

/* Of "for X in A B" and "case X in A": nothing behind the word is a command. */
static size_t open_list(vf_shell *p, size_t at) {
  bool is_case = strcmp(p->list[at], "case") == 0;
  open_frame(p, is_case ? VF_FRAME_CASE : VF_FRAME_LOOP, is_case ? "esac" : "done");
  if (!is_case && at + 1 < p->n_list) vf_shell_forget(p, p->list[at + 1], strlen(p->list[at + 1]));
  return p->n_list;
}

static void open_group(vf_shell *p, const char *closer) {
  open_frame(p, p->names_function ? VF_FRAME_FUNCTION : VF_FRAME_PART, closer);
  p->names_function = false;
}

/* One word; how many it takes with it, 0: it is no keyword. */
static size_t take_keyword(vf_shell *p, size_t at) {
  static const char *const closers[] = {"fi", "done", "esac", "}", NULL};
  static const char *const plain[] = {"then", "do", "!", NULL};
  const char *word = p->list[at];
  if (is_one_of(word, closers)) {
    close_frame(p, word);
  } else if (strcmp(word, "if") == 0) {
    open_frame(p, VF_FRAME_PART, "fi");
  } else if (strcmp(word, "else") == 0 || strcmp(word, "elif") == 0) {
    next_branch(p, "fi");
  } else if (strcmp(word, "while") == 0 || strcmp(word, "until") == 0) {
    open_frame(p, VF_FRAME_LOOP, "done");
  } else if (strcmp(word, "{") == 0) {
    open_group(p, "}");
  } else if (strcmp(word, "function") == 0) {
    p->names_function = true;
    return at + 1 < p->n_list ? 2 : 1;
  } else if (strcmp(word, "for") == 0 || strcmp(word, "select") == 0 || strcmp(word, "case") == 0) {
    return open_list(p, at) - at;
  } else {
    return is_one_of(word, plain);
  }
  return 1;
}

bool vf_flow_stands_alone(const char *word) {
  static const char *const words[] = {"if",    "then", "else", "elif", "while",
                                      "until", "do",   "{",    "!",    NULL};
  return is_one_of(word, words);
}

size_t vf_flow_keywords(vf_shell *p) {
  size_t at = 0, taken = 1;
  while (at < p->n_list && taken > 0 && p->status == VF_OK) {
    bool pattern = case_at_pattern(p) != NULL;
    if (pattern && strcmp(p->list[at], "esac") != 0) return p->n_list;
    taken = take_keyword(p, at);
    at += taken;
  }
  return at;
}

/* ---- Operators -------------------------------------------------------------------------- */

size_t vf_flow_function_length(const char *s) {
  size_t n = 1 + strspn(s + 1, " \t");
  return s[0] == '(' && s[n] == ')' ? n + 1 : 0;
}

size_t vf_flow_arithmetic_length(const char *s) {
  size_t depth = 0, n = 0;
  if (s[0] != '(' || s[1] != '(') return 0;
  for (; s[n] != '\0'; n++) {
    if (s[n] == '(') depth++;
    if (s[n] == ')' && --depth == 1 && s[n + 1] != ')') return 0;
    if (depth == 0) return n + 1;
  }
  return 0;
}

size_t vf_flow_open_bracket(vf_shell *p) {
  if (case_at_pattern(p) != NULL) return 1;
  open_group(p, ")");
  return 1;
}

void vf_flow_close_bracket(vf_shell *p) {
  vf_shell_frame *f = case_at_pattern(p);
  if (f != NULL)
    f->at_pattern = p->piped = p->joined = false;
  else
    close_frame(p, ")");
}

size_t vf_flow_operator(vf_shell *p) {
  const char *s = p->s;
  bool pair = (s[0] == '&' || s[0] == '|') && s[1] == s[0];
  if (case_at_pattern(p) != NULL) return 1;
  if (pair && (p->n_frames == 0 || top(p)->role != VF_FRAME_CHAIN))
    open_frame(p, VF_FRAME_CHAIN, "");
  if (pair && s[0] == '|') forget_from(p, p->n_frames);
  p->piped = s[0] == '|' && !pair;
  if (pair || p->piped) {
    p->joined = true;
    return pair || s[1] == '&' ? 2 : 1;
  }
  if (s[0] == '\n' && p->joined) return 1;
  end_chain(p);
  if (s[0] != ';' || (s[1] != ';' && s[1] != '&')) return 1;
  size_t n = frame_of(p, "esac");
  next_branch(p, "esac");
  if (n > 0) p->frames[n - 1].at_pattern = true;
  return s[1] == ';' && s[2] == '&' ? 3 : 2;
}

/* ---- Commands that assign --------------------------------------------------------------- */

/* Whether an operator behind a name gives it a value: "=", "+=", "<<=", "++", not "==". */
static bool assigns(const char *s) {
  if ((s[0] == '+' || s[0] == '-') && s[1] == s[0]) return true;
  if ((s[0] == '<' || s[0] == '>') && s[1] == s[0]) return s[2] == '=';
  if (s[0] != '\0' && strchr("+-*/%&|^", s[0]) != NULL) return s[1] == '=';
  return s[0] == '=' && s[1] != '=';
}

void vf_flow_arithmetic(vf_shell *p, const char *text, size_t length) {
  for (size_t i = 0; i < length;) {
    size_t n = vf_name_length(text + i);
    if (n == 0) {
      i++;
      continue;
    }
    const char *behind = text + i + n + strspn(text + i + n, " \t");
    const char *before = text + i;
    while (before > text && (before[-1] == ' ' || before[-1] == '\t')) before--;
    bool counts =
        before > text + 1 && (before[-1] == '+' || before[-1] == '-') && before[-2] == before[-1];
    if (*behind == '[' || counts || assigns(behind)) vf_shell_forget(p, text + i, n);
    i += n;
  }
}

/* A file that only makes programs found, as every second script reads one. */
static bool only_finds_programs(const char *file) {
  static const char *const parts[] = {"activate", "conda.sh", "bashrc",    "profile",
                                      "setvars",  "nvm.sh",   "/modules/", "cargo/env"};
  for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
    if (strstr(file, parts[i]) != NULL) return true;
  return false;
}

/* 'eval "$(conda shell.bash hook)"' and its kin: they set what no launch line uses. */
static bool only_hooks(const char *text) {
  static const char *const parts[] = {"conda", "mamba",  "brew shellenv", "ssh-agent",
                                      "pyenv", "direnv", "modulecmd"};
  for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
    if (strstr(text, parts[i]) != NULL) return true;
  return false;
}

static void forget_all(vf_shell *p) {
  for (size_t i = 0; i < p->n_assigned; i++) p->assigned[i].opaque = true;
  p->anything_set = true;
  vf_shell_forget(p, "*", 1); /* the survey knows where */
}

/* What eval would read: a text that is not known may assign to anything. */
static void forget_evaluated(vf_shell *p, const char *word) {
  if (vf_word_is_unknown(word) && !only_hooks(word)) forget_all(p);
  if (!vf_word_is_unknown(word)) vf_flow_arithmetic(p, word, strlen(word));
}

static void forget_names(vf_shell *p, const char *const *words, size_t count) {
  for (size_t i = 1; i < count; i++) {
    size_t n = vf_name_length(words[i]);
    if (n > 0 && (words[i][n] == '\0' || words[i][n] == '[')) vf_shell_forget(p, words[i], n);
  }
}

/* "set -a", "set -o allexport" and "set -- A B". */
static void take_set(vf_shell *p, const char *const *words, size_t count) {
  for (size_t i = 1; i < count; i++) {
    bool option = words[i][0] == '-' && words[i][1] != '-' && words[i][1] != '\0';
    if ((option && strchr(words[i], 'a') != NULL) || strcmp(words[i], "allexport") == 0)
      p->exports_all = true;
    bool named = i > 0 && words[i - 1][0] == '-' && strchr(words[i - 1], 'o') != NULL;
    if (!option && words[i][0] != '+' && !named) p->arguments_lost = true;
  }
}

void vf_flow_builtin(vf_shell *p, const char *const *words, size_t count) {
  static const char *const around[] = {"command", "builtin", NULL};
  static const char *const naming[] = {"read", "mapfile", "readarray", "getopts", "unset", NULL};
  while (count > 1 && is_one_of(words[0], around)) words++, count--;
  const char *word = words[0];
  size_t n = vf_name_length(word);
  if (n > 0 && word[n] == '[' && strchr(word, '=') != NULL) {
    vf_shell_forget(p, word, n); /* "LIST[1]=x" */
  } else if (is_one_of(word, naming)) {
    forget_names(p, words, count);
  } else if (strcmp(word, "printf") == 0 && count > 2 && strcmp(words[1], "-v") == 0) {
    forget_names(p, words + 1, 2);
  } else if (strcmp(word, "let") == 0) {
    for (size_t i = 1; i < count; i++) vf_flow_arithmetic(p, words[i], strlen(words[i]));
  } else if (strcmp(word, "eval") == 0) {
    for (size_t i = 1; i < count; i++) forget_evaluated(p, words[i]);
  } else if ((strcmp(word, ".") == 0 || strcmp(word, "source") == 0) && count > 1) {
    if (!only_finds_programs(words[1])) forget_all(p);
  } else if (strcmp(word, "set") == 0) {
    take_set(p, words, count);
  } else if (strcmp(word, "shift") == 0) {
    p->arguments_lost = true;
  }
}

/* ---- What is known ---------------------------------------------------------------------- */

void vf_flow_raise(vf_shell *p, vf_shell_variable *v) {
  v->level = p->n_frames;
  if (p->highest < v->level) p->highest = v->level;
}

void vf_flow_note(vf_shell *p, vf_shell_variable *v) {
  size_t region = current_region(p);
  vf_flow_raise(p, v);
  v->last = p->s;
  if (p->survey != NULL || (v->places != NULL && v->places->region == region)) return;
  vf_shell_place *place = vf_arena_alloc(p->arena, 1, sizeof *place);
  if (place == NULL) {
    p->status = vf_fail_nomem(p->err);
    return;
  }
  *place = (vf_shell_place){region, v->places};
  v->places = place;
}

static bool is_assigned_within(const vf_shell *survey, const vf_shell_variable *v, size_t region) {
  for (const vf_shell_place *at = v->places; at != NULL; at = at->next)
    if (at->region >= region && at->region <= survey->regions[region - 1].last) return true;
  return false;
}

/* Another turn of the loop, or what runs before the function is called: of those that the value
 * came into from outside. */
static bool may_change_before(const vf_shell *p, const vf_shell_variable *v, size_t level) {
  bool looked = false; /* the outermost loop has all that the inner ones have */
  for (size_t i = level; i < p->n_frames; i++) {
    const vf_shell_frame *f = &p->frames[i];
    if (f->role == VF_FRAME_LOOP && !looked && is_assigned_within(p->survey, v, f->region))
      return true;
    looked |= f->role == VF_FRAME_LOOP;
    if (f->role == VF_FRAME_FUNCTION && v->last >= p->survey->regions[f->region - 1].start)
      return true;
  }
  return false;
}

/* A function may have been called that assigns to it. */
static bool may_be_called(const vf_shell *p, const vf_shell_variable *v) {
  size_t region = current_region(p);
  bool inside = region != 0 && p->regions[region - 1].function != 0;
  for (const vf_shell_place *at = v->places; at != NULL; at = at->next) {
    size_t function = at->region != 0 ? p->survey->regions[at->region - 1].function : 0;
    if (function == 0 || (function <= p->n_regions && p->regions[function - 1].open)) continue;
    if (inside || p->survey->regions[function - 1].start < p->s) return true;
  }
  return false;
}

static bool survey_doubts(const vf_shell *p, const char *name, size_t length, size_t level) {
  const vf_shell_variable *v = vf_shell_find(p->survey, name, length);
  return v != NULL && (may_change_before(p, v, level) || may_be_called(p, v));
}

bool vf_flow_doubts(const vf_shell *p, const char *name, size_t length) {
  const vf_shell_variable *v = vf_shell_find(p, name, length);
  size_t level = v != NULL ? v->level : 0;
  if (v != NULL ? v->opaque : p->anything_set) return true;
  return p->survey != NULL &&
         (survey_doubts(p, name, length, level) || survey_doubts(p, "*", 1, level));
}

bool vf_flow_knows_arguments(const vf_shell *p) {
  for (size_t i = 0; i < p->n_frames; i++)
    if (p->frames[i].role == VF_FRAME_FUNCTION) return false;
  return !p->arguments_lost;
}
