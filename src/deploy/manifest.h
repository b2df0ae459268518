/* manifest.h - files that start engines: what each deployment in them states.
 *
 * One table of kinds (manifest.c): a kind recognises its files and hands every deployment to the
 * caller, as a command that was read.  Nothing is executed, and but for files that a manifest names
 * beside itself (.env, env_file, extends) nothing else is opened. */
#ifndef VF_DEPLOY_MANIFEST_H
#define VF_DEPLOY_MANIFEST_H

#include "deploy/command.h"
#include "readers/node.h"

enum { VF_FOUND_GPUS = 8 };

/* What a manifest says of the machine of one deployment: its GPUs, and how much main memory. */
typedef struct vf_found_gpus {
  uint64_t host_bytes; /* limit of main memory; 0: not said */
  bool stated;
  bool all;                         /* however many there are */
  uint32_t count;                   /* 0: not said; of one machine, where there are several */
  bool spans;                       /* several machines share one engine */
  const char *names[VF_FOUND_GPUS]; /* as they stand there, any of them */
  size_t n_names;
  const char *slice;      /* the part of it that is asked for, "1g.10gb"; NULL: all of it */
  uint64_t limit_bytes;   /* of each of them, where a share is asked for; 0: all of it */
  uint32_t limit_percent; /* the same as a part of what it has */
  uint32_t copies;        /* that run on the same GPUs; 0: one */
  const char *visible;    /* CUDA_VISIBLE_DEVICES and its kin; NULL: not said */
  bool visible_told;      /* it says how many: n_visible */
  uint32_t n_visible;
  const char *unclear; /* why it has no GPU, or which ones cannot be told; NULL: nothing is */
} vf_found_gpus;

/* One deployment. */
typedef struct vf_found {
  const char *path;           /* inside of the file, "services.llm" */
  uint32_t line, column;      /* 1-based */
  vf_command *command;        /* what it states, as far as it could be read */
  const char *engine;         /* an engine that is no engine of ours; NULL: the command's */
  const char *const *foreign; /* that engine's words, none of which is read */
  size_t n_foreign;
  const char *model; /* one that stands beside the command; NULL: the command's */
  vf_found_gpus gpus;
  const char *const *words; /* of its command, with the line of each; 0 of them: it is not known */
  const uint32_t *lines;
  size_t n_words;
  const vf_node *expect; /* of a manifest of ours: what must hold; NULL: nothing */
  vf_status status;      /* not VF_OK: the command could not be read whole, and error says why */
  vf_error error;
} vf_found;

typedef struct vf_manifest vf_manifest;

typedef struct vf_manifest_sink {
  /* One deployment; the command goes when it returns. */
  vf_status (*found)(void *user, const vf_found *found, vf_error *err);
  /* Something that may run a model and was not read, with the reason. */
  vf_status (*passed)(void *user, const char *path, uint32_t line, const char *reason,
                      vf_error *err);
  void *user;
} vf_manifest_sink;

/* What a file is: *kind is NULL if it is no manifest that is known, and nothing is handed over. */
vf_status vf_manifest_read(const char **kind, const vf_context *ctx, const char *file,
                           const vf_manifest_sink *sink, vf_error *err);

/* The same of a text; file names it in messages and tells its kind, its folder is where files
 * beside it are looked for. */
vf_status vf_manifest_read_text(const char **kind, const vf_context *ctx, const char *file,
                                const char *text, size_t length, const vf_manifest_sink *sink,
                                vf_error *err);

/* Whether a file of that name may be one, before it is opened. */
bool vf_manifest_may_be(const char *file);

#endif
