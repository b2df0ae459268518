/* wrapper.h - what stands before an engine's own words. */
#ifndef VF_DEPLOY_WRAPPER_H
#define VF_DEPLOY_WRAPPER_H

#include "deploy/words.h"
#include "engines/engine.h"

enum { VF_WRAPPER_VARIABLES = 256 };

/* A line taken apart: programs that start others, containers, shells, and in them an engine. */
typedef struct vf_wrapper {
  const vf_engine *engine; /* NULL: none can be told */
  const char *const *words;
  size_t count;             /* the engine's own, behind its program */
  const char *before;       /* the engine's first word; NULL: a container's image starts it */
  const char *image;        /* of the container; NULL: none */
  const char *gpus;         /* as the container is given them, docker's --gpus; NULL: not said */
  uint64_t host_bytes;      /* the least limit of main memory around the engine; 0: none */
  const char *host_strange; /* a limit that is no size, as it is written; NULL: none */
  const char *assigned[VF_WRAPPER_VARIABLES]; /* "NAME=value", later ones count more */
  size_t n_assigned;
  vf_variable_fn around; /* the environment around all of them */
  void *user;
} vf_wrapper;

/* Takes a line apart.  Not strict: an engine's program is found behind words that nobody knows, as
 * in a line that someone typed; strict: only where a shell would run it, as in a script, where
 * "pkill llama-server" is about one and starts none.  VF_OK also if there is no engine. */
vf_status vf_wrapper_read(vf_wrapper *out, const char *const *words, size_t count, bool strict,
                          vf_variable_fn variables, void *user, vf_arena *arena, vf_error *err);

/* The words that a container runs: the image's own engine, or what the words start. */
vf_status vf_wrapper_container(vf_wrapper *out, const char *image, const char *const *words,
                               size_t count, vf_variable_fn variables, void *user, vf_arena *arena,
                               vf_error *err);

/* The engine's environment: a vf_variable_fn whose user is the wrapper. */
const char *vf_wrapper_variable(void *wrapper, const char *name);

/* Whether nothing is served: the line only asks for help or a version. */
bool vf_wrapper_only_asks(const vf_wrapper *w);

#endif
