/* command.h - a command line on its way to a deployment, for what reads several kinds of files. */
#ifndef VF_DEPLOY_COMMAND_H
#define VF_DEPLOY_COMMAND_H

#include "deploy/param.h"
#include "deploy/wrapper.h"
#include "engines/engine.h"

/* What an engine's line states of a parameter that is not known: a variable that is not set. */
typedef struct vf_unstated {
  const vf_param *param; /* NULL: a word that may stand for any option */
  const char *word;      /* "$MAX_LEN" */
} vf_unstated;

/* A command that lies in an arena, and ends with it; NULL: no memory. */
vf_command *vf_command_in(vf_arena *arena, const vf_context *ctx);

/* Reads an engine's options, without the words that start it; variables as in vf_command_read.  For
 * images that start the engine by themselves. */
vf_status vf_command_options(vf_command *c, const vf_engine *engine, const char *const *words,
                             size_t count, vf_variable_fn variables, void *user, vf_error *err);

/* The same of a line that was taken apart. */
vf_status vf_command_wrapped(vf_command *c, vf_wrapper *w, vf_error *err);

/* The same, but what makes no sense does not end it: the rest is read, and the first of it is what
 * it fails with.  A word for a format that is not known is an option that is not read. */
vf_status vf_command_tolerate(vf_command *c, vf_wrapper *w, vf_error *err);

/* Whether the last option of ours was refused because the engine's own line says otherwise; then it
 * changed nothing. */
bool vf_command_is_disputed(const vf_command *c);

/* An option or a variable of the engine's that may move memory and is not read, with its value. */
typedef struct vf_unread {
  const char *text; /* "--attention-backend FLASHINFER" */
  const char *word; /* as it was given */
  bool known;       /* the engine has it */
} vf_unread;

const vf_unread *vf_command_unread(const vf_command *c, size_t *count);

/* What is visible of the GPUs, as CUDA_VISIBLE_DEVICES says it, or its kin; docker's --gpus.  NULL:
 * not said. */
const char *vf_command_visible(const vf_command *c);

/* How many GPUs a list of what is visible leaves, of VF_MAX_DEVICES at most: CUDA stops at the
 * first that is no number, and one that stands there twice leaves none.  False: it cannot be told,
 * or nothing is said. */
bool vf_visible_count(uint32_t *out, const char *visible);
const char *vf_command_container_gpus(const vf_command *c);

/* The limit of main memory that stands around the engine, as docker's -m; 0: none.  *strange: one
 * that is no size; NULL. */
uint64_t vf_command_host_bytes(const vf_command *c, const char **strange);

/* The engine whose line was read; NULL: none. */
const vf_engine *vf_command_engine(const vf_command *c);

/* Whether the line itself states the parameter. */
bool vf_command_states(const vf_command *c, const vf_param *p);

/* The parameters that it states by what is not known. */
const vf_unstated *vf_command_unstated(const vf_command *c, size_t *count);

/* The remarks so far, also where something is not known, into out->remarks; returns their number.
 */
size_t vf_command_remarks(const vf_command *c, vf_deployment *out);

/* For readers of trainers' words: the deployment as it grows, and what became of a word.  `who` is
 * whose word it is; known: it is one that may move memory, else nobody knows it. */
vf_deployment *vf_command_edit(vf_command *c);
vf_arena *vf_command_arena(vf_command *c);
const vf_context *vf_command_context(const vf_command *c);
vf_status vf_command_note_taken(vf_command *c, const char *word, vf_error *err);
vf_status vf_command_note_passed(vf_command *c, const char *word, vf_error *err);
vf_status vf_command_note_unread(vf_command *c, const char *who, const char *word,
                                 const char *value, bool known, vf_error *err);
vf_status vf_command_note(vf_command *c, const char *code, const char *text, vf_error *err);

/* The engine's words that became parameters. */
const char *const *vf_command_taken(const vf_command *c, size_t *count);

#endif
