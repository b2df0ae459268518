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
} vf_words;

enum { VF_WORDS_COMMANDS = 64, VF_WORDS_TEXT = 1 << 20 };

/* All commands of a text, parted by newlines, ';', '&', '|', '(' and ')'; those without words are
 * left out.  Blanks part words, quotes and backslashes keep them together, a backslash (or a
 * backquote, or a '^', as on Windows) before a newline joins lines, '#' begins a comment, where
 * output goes is passed over.  $X, ${X:-default} and their kin are replaced.  Never executes
 * anything.  VF_MALFORMED for a quote or a brace that is not closed, VF_LIMIT for a text beyond
 * VF_WORDS_TEXT bytes or VF_WORDS_COMMANDS commands. */
vf_status vf_words_split(vf_words commands[VF_WORDS_COMMANDS], size_t *n_commands, const char *text,
                         vf_variable_fn variables, void *user, vf_arena *arena, vf_error *err);

/* Whether some of the word is not known. */
bool vf_word_is_unknown(const char *word);

#endif
