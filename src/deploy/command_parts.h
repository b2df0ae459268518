/* command_parts.h - a command line that is being read: what the command*.c files share.
 *
 *   command.c          the object, its sources (a line, a text, variables) and what is told of them
 *   command_option.c   one option of an engine, its value, and the members of objects
 *   command_ours.c     options of ours, and engines' words among them
 *   command_trainer.c  what readers of trainers' words fill in
 *   command_outcome.c  what all that was said comes to: a deployment */
#ifndef VF_DEPLOY_COMMAND_PARTS_H
#define VF_DEPLOY_COMMAND_PARTS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/printf.h"
#include "deploy/command.h"
#include "deploy/dialect.h"

enum { VF_MOST_REMARKS = 48, VF_MOST_PASSED = 512, VF_MOST_UNSTATED = 64 };

struct vf_command {
  const vf_context *ctx;
  vf_arena *arena;
  vf_deployment d;
  const vf_engine *engine;                      /* whose line it is; NULL: ours */
  bool stated[VF_PARAM_COUNT];                  /* by any source */
  bool said[VF_PARAM_COUNT];                    /* by the one that is being read */
  bool total_ctx, own_ctx_letter, engines_seqs; /* whose word gave the context and the sequences */
  bool tolerant;                       /* what makes no sense is noted, and reading goes on */
  vf_error first_trouble;              /* then the first of it */
  bool from_hub;                       /* the model is a repository, with its tower */
  const char *repo, *repo_file, *path; /* what -hf, -hff and -m said; NULL: nothing */
  const char *gpus, *visible, *image;  /* of a container, and what is visible of them; NULL */
  bool holds;                          /* what the engine's line says is not to be changed: */
  vf_deployment line, before;          /* what it said, and all before the option in hand */
  bool line_stated[VF_PARAM_COUNT], line_total;
  const vf_param *disputed; /* by the last option of ours; NULL */
  uint64_t host_bytes;      /* the least limit of main memory around it; 0: none */
  const char *host_strange; /* one that is no size; NULL: none */
  const vf_dialect *hint;   /* of an engine that alone has some word that was said */
  const char *lists[VF_AXIS_COUNT];
  vf_assumption remarks[VF_MOST_REMARKS];
  size_t n_remarks;
  const char *passed[VF_MOST_PASSED + 1];
  size_t n_passed;
  const char *taken[VF_MOST_PASSED]; /* words that are parameters */
  size_t n_taken;
  vf_unread unread[VF_MOST_REMARKS];
  size_t n_unread;
  vf_unstated unstated[VF_MOST_UNSTATED];
  size_t n_unstated;
};

/* One option of a line that is being read. */
typedef struct vf_reading {
  vf_command *c;
  const vf_dialect *dialect;
  const char *const *words;
  size_t count, at; /* at: the option's word, later its last one */
  vf_error *err;
} vf_reading;

/* A text in the arena; NULL: no memory. */
const char *vf_command_keep(vf_command *c, const char *fmt, ...) VF_PRINTF(2, 3);

/* Lists what is told of the deployment; a text of NULL is VF_NOMEM. */
vf_status vf_command_remark(vf_command *c, const char *code, const char *text, vf_error *err);
vf_status vf_command_pass_over(vf_command *c, const char *word, vf_error *err);
vf_status vf_command_note_unstated(vf_command *c, const vf_param *p, const char *word,
                                   vf_error *err);
vf_status vf_reading_tell_unread(vf_reading *r, const char *word, const char *value);
vf_status vf_reading_tell_unknown(vf_reading *r, const char *word);

/* What a parser says, told at the word that it was about. */
vf_status vf_command_at_word(vf_status status, const char *name, const vf_error *cause,
                             vf_error *err);

/* The parameter was given; lists add up within a source, and what a later one says replaces them.
 */
void vf_command_state(vf_command *c, const vf_param *p);
void vf_command_start_list(vf_command *c, const vf_param *p);

/* A value in the engine's words, for the parameter of its row. */
vf_status vf_command_take_value(vf_command *c, const vf_spelling *row, const char *text,
                                vf_error *err);

/* Whether a word is an option's: "-5" is a number. */
bool vf_is_option_word(const char *word);

/* Whether the word behind can be a value, and one of the row's parameter. */
bool vf_reading_has_next(const vf_reading *r);
bool vf_reading_next_makes_sense(const vf_reading *r, const vf_spelling *row);

/* The value that belongs to a word of that row; *out NULL: none was given and none has to be. */
vf_status vf_reading_find_value(vf_reading *r, const vf_said *said, const char *word,
                                const char **out);

/* Whether a word that is not read has a value that moves no memory; NULL: a bare word. */
bool vf_spelling_is_plain(const vf_spelling *row, const char *value);

/* Takes that row's option; the one at r->at; a word that is no option's. */
vf_status vf_reading_take_row(vf_reading *r, const vf_said *said, const char *word,
                              const char *value);
vf_status vf_reading_take_option(vf_reading *r);
vf_status vf_reading_take_bare(vf_reading *r);

/* The engine's variables; they stand below everything else: what was said already is left alone. */
vf_status vf_reading_take_environment(vf_reading *r, vf_variable_fn variables, void *user);

/* If the model is a Modelfile, what it says, below what was said. */
vf_status vf_command_take_modelfile(vf_command *c, vf_error *err);

#endif
