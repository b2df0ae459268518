/* words.h - a text as the words that a shell would make of it. */
#ifndef VF_DEPLOY_WORDS_H
#define VF_DEPLOY_WORDS_H

#include "base/arena.h"
#include "vramfit/deploy.h"

/* Stands before what is not known of a word: a variable that is not set ("\1$MODEL"), or what a
 * command would print. */
enum { VF_WORD_UNKNOWN = '\1' };

/* One command of a text. */
typedef struct vf_words {
  const char **list;
  size_t count;
  uint32_t line; /* where it begins, from 1 */
} vf_words;

enum { VF_WORDS_COMMANDS = 64, VF_WORDS_TEXT = 1 << 20 };

/* A script as far as it can be followed without running it: what it assigns is what later commands
 * see, in the order of the text.  What only may have been assigned (in a branch, in a loop, in a
 * function, in a process of its own, by a file that is not here) is not known behind it, and stays
 * as it is written behind VF_WORD_UNKNOWN. */
typedef struct vf_shell vf_shell;

/* One command, its words as they are there; VF_OK to go on, anything else ends it all. */
typedef vf_status (*vf_command_fn)(void *user, const vf_words *command, const vf_shell *shell,
                                   vf_error *err);

/* Hands every command of a text to `each`, parted by newlines, ';', '&', '|', '(' and ')'; those
 * without words are left out, and so are those that only assign.  Blanks part words, quotes and
 * backslashes keep them together, a backslash (or a backquote, or a '^', as on Windows) before a
 * newline joins lines, unless a blank stands between them, '#' begins a comment, where output goes
 * is passed over, as is the text of a here-document.  $X, ${X:-default}, "${LIST[@]}" and their kin
 * are replaced.  Never executes anything.  VF_MALFORMED for a quote or a brace that is not closed,
 * VF_LIMIT for a text beyond VF_WORDS_TEXT bytes. */
vf_status vf_shell_read(const char *text, vf_variable_fn variables, void *user, vf_arena *arena,
                        vf_command_fn each, void *each_user, vf_error *err);

/* The same with arguments that "$@" and "$1" stand for: sh -c TEXT NAME ARGUMENTS. */
vf_status vf_shell_read_with(const char *text, const char *const *arguments, size_t count,
                             vf_variable_fn variables, void *user, vf_arena *arena,
                             vf_command_fn each, void *each_user, vf_error *err);

/* What a command sees of its environment: what the script exports, over what is around it.  NULL:
 * it is not set. */
const char *vf_shell_exported(const vf_shell *shell, const char *name);

/* What the text exports, the i-th of it from 0, as "NAME=value"; *out NULL: there is no more. */
vf_status vf_shell_export(const char **out, const vf_shell *shell, size_t i, vf_arena *arena,
                          vf_error *err);

/* All commands of a text, at most VF_WORDS_COMMANDS: VF_LIMIT for more. */
vf_status vf_words_split(vf_words commands[VF_WORDS_COMMANDS], size_t *n_commands, const char *text,
                         vf_variable_fn variables, void *user, vf_arena *arena, vf_error *err);

/* The text with $X, ${X}, ${X:-default}, ${X:?error} and ${X:+other} replaced as in a compose file:
 * "$$" is a dollar, what is not set stays as it is written, behind its mark.  VF_MALFORMED for a
 * brace that is not closed, VF_LIMIT for more than any word has, VF_NOMEM. */
vf_status vf_text_interpolate(const char **out, const char *text, vf_variable_fn variables,
                              void *user, vf_arena *arena, vf_error *err);

/* Whether it is "NAME=value", and how long the name is ("NAME+=value" has one, too). */
bool vf_word_is_assignment(const char *word, size_t *length);

/* The word without the marks of what is not known, as it was written; NULL: no memory. */
const char *vf_word_written(const char *word, vf_arena *arena);

/* Whether some of the word is not known. */
bool vf_word_is_unknown(const char *word);

#endif
