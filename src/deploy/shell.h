/* shell.h - a text that is being split: what words.c, variables.c and flow.c share. */
#ifndef VF_DEPLOY_SHELL_H
#define VF_DEPLOY_SHELL_H

#include "deploy/words.h"

enum {
  VF_SHELL_DEPTH = 8,
  VF_SHELL_WORDS = 4096,
  VF_SHELL_WORD_BYTES = 4 << 20,
  VF_SHELL_VARIABLES = 512,
  VF_SHELL_HEREDOCS = 4,
  VF_SHELL_NAME_BYTES = 128,
  VF_SHELL_FRAMES = 64,
  VF_SHELL_REGIONS = 512
};

/* One of the loops and functions in which a name is assigned somewhere. */
typedef struct vf_shell_place {
  size_t region;
  struct vf_shell_place *next;
} vf_shell_place;

/* What the text assigns to a name; a list has several values. */
typedef struct vf_shell_variable {
  const char *name;
  const char **values;
  size_t count;
  bool exported;
  bool opaque;         /* not known: it stays as it is written wherever it is used */
  size_t level;        /* how many frames were open when it got its value */
  const char *unknown; /* how it is written where it is not known, behind its mark */
  const char *last;    /* where the text assigns to it for the last time */
  vf_shell_place *places;
} vf_shell_variable;

/* What is open around a command, and what that says of its running. */
typedef enum vf_frame_role {
  VF_FRAME_CHAIN, /* behind "&&" or "||": to the end of the list */
  VF_FRAME_PART,  /* a branch, a subshell, a group */
  VF_FRAME_CASE,
  VF_FRAME_LOOP,
  VF_FRAME_FUNCTION
} vf_frame_role;

typedef struct vf_shell_frame {
  vf_frame_role role;
  const char *closer; /* the word that ends it; "": a chain */
  size_t region;      /* of a loop or a function, from 1 in the order of the text; else 0 */
  bool at_pattern;    /* of a case: up to the bracket stands a pattern */
} vf_shell_frame;

/* A loop or a function; those in it have the numbers behind its own, up to its last. */
typedef struct vf_shell_region {
  size_t function; /* the innermost around it, or itself; 0: none */
  size_t last;
  bool open; /* the text is in it */
  const char *start;
} vf_shell_region;

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
  uint32_t *hashes; /* of their names */
  size_t n_assigned;
  vf_shell_variable arguments; /* "$@" and "$1"; no values: not known */
  bool arguments_lost;         /* "shift" or "set" made others of them */
  bool exports_all;            /* after "set -a" */
  bool anything_set;           /* a file that is not here may have assigned to any name */

  const struct vf_shell *survey; /* the same text, read once to its end; NULL: not needed */
  vf_shell_frame frames[VF_SHELL_FRAMES];
  size_t n_frames;
  size_t highest; /* of the variables' levels */
  vf_shell_region *regions;
  size_t n_regions;
  bool names_function; /* "f()" was read, its body follows */
  bool piped;          /* behind a '|': the command runs in a process of its own */
  bool apart;          /* the command that ends does, by what stands before or behind it */
  bool joined;         /* behind "&&", "||" or "|": the list goes on, be it on the next line */
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

/* The variable of the name; NULL: the text did not assign to it yet. */
vf_shell_variable *vf_shell_find(const vf_shell *p, const char *name, size_t length);

/* From here on nobody knows the name's value. */
void vf_shell_forget(vf_shell *p, const char *name, size_t length);

/* ---- flow.c: what surely runs ----------------------------------------------------------- */

/* Takes the words off that open, part or close a compound command; how many of the list they are.
 */
size_t vf_flow_keywords(vf_shell *p);

/* Whether it is a keyword that counts before the words behind it are read. */
bool vf_flow_stands_alone(const char *word);

/* What a command that is no program does to variables: read, unset, let, source and their kin. */
void vf_flow_builtin(vf_shell *p, const char *const *words, size_t count);

/* At a '(' or a ')', behind the words before it; returns the bytes that it takes. */
size_t vf_flow_open_bracket(vf_shell *p);
void vf_flow_close_bracket(vf_shell *p);

/* "f ()" at s names a function: the bytes of the brackets, else 0; "((...))": all of it, else 0. */
size_t vf_flow_function_length(const char *s);
size_t vf_flow_arithmetic_length(const char *s);

/* Forgets what an arithmetic expression assigns to. */
void vf_flow_arithmetic(vf_shell *p, const char *text, size_t length);

/* At what parts commands, behind the words before it; returns the bytes that it takes. */
size_t vf_flow_operator(vf_shell *p);

/* What is said of it here counts up to the end of the innermost frame. */
void vf_flow_raise(vf_shell *p, vf_shell_variable *v);

/* A value was given to it here: notes where. */
void vf_flow_note(vf_shell *p, vf_shell_variable *v);

/* Whether the name's value is not known here, by all that the text says. */
bool vf_flow_doubts(const vf_shell *p, const char *name, size_t length);

/* Whether "$1" stands for what the whole text was given. */
bool vf_flow_knows_arguments(const vf_shell *p);

#endif
