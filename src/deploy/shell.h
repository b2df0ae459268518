/* shell.h - a text that is being split: what words.c and variables.c share. */
#ifndef VF_DEPLOY_SHELL_H
#define VF_DEPLOY_SHELL_H

#include "deploy/words.h"

enum {
  VF_SHELL_DEPTH = 8,
  VF_SHELL_WORDS = 4096,
  VF_SHELL_WORD_BYTES = 4 << 20,
  VF_SHELL_VARIABLES = 512,
  VF_SHELL_HEREDOCS = 4,
  VF_SHELL_NAME_BYTES = 128
};

/* What the text assigns to a name; a list has several values. */
typedef struct vf_shell_variable {
  const char *name;
  const char **values;
  size_t count;
  bool exported;
  bool opaque; /* what a command would print: it stays as it is written wherever it is used */
} vf_shell_variable;

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
  size_t array_at;     /* of a list that is being assigned: its name's word, from 1; 0: none is */
  const char *counted; /* lines are counted up to here */
  uint32_t line, first_line;               /* of the text so far, and where the command began */
  const char *heredocs[VF_SHELL_HEREDOCS]; /* words that end those that begin behind this line */
  size_t n_heredocs;
  vf_shell_variable *assigned;
  size_t n_assigned;
  vf_shell_variable arguments; /* "$@" and "$1"; no values: not known */
  vf_status status;
  vf_error *err;
};

/* Length of the variable's name at s; 0: there is none. */
size_t vf_name_length(const char *s);

/* Appends to the word that is being built; ends it. */
void vf_shell_put(vf_shell *p, const char *text, size_t length);
void vf_shell_end_word(vf_shell *p);
void vf_shell_fail(vf_shell *p, vf_status status, const char *message);
bool vf_shell_make_room(vf_shell *p);

/* What is not known stays as it is written, behind its mark. */
void vf_shell_put_unknown(vf_shell *p, const char *text, size_t length);

/* Expands what begins with the '$' at s; returns the bytes that it takes, 1 if it is a plain '$'.
 */
size_t vf_shell_expand(vf_shell *p, const char *s, bool quoted, int depth);

/* Whether the command does nothing but assign; then that is done. */
bool vf_shell_assigns(vf_shell *p);

/* "NAME=value" or "NAME+=value"; list is what stands in the brackets, NULL for a plain value. */
void vf_shell_assign_word(vf_shell *p, const char *word, size_t length, const char **list,
                          size_t count, bool exported);

#endif
