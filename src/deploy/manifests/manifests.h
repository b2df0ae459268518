/* manifests.h - what the kinds of manifests share. */
#ifndef VF_DEPLOY_MANIFESTS_MANIFESTS_H
#define VF_DEPLOY_MANIFESTS_MANIFESTS_H

#include "base/printf.h"
#include "deploy/manifest.h"
#include "deploy/quantity.h"

enum { VF_MANIFEST_WORDS = 1024, VF_MANIFEST_BESIDE = 16 };

struct vf_manifest {
  const vf_context *ctx;
  const vf_manifest_sink *sink;
  const char *file, *folder; /* folder: "" or "a/b/" */
  const char *text;
  size_t length;
  const vf_node *documents; /* of YAML or JSON; NULL: it is a plain text */
  const vf_node *root;      /* the first of them */
  vf_arena *arena;          /* of the file */
  vf_arena *scratch;        /* of one deployment: emptied after each */
  const char **words;       /* room for those of one deployment, and for their lines */
  uint32_t *lines;
  size_t steps; /* of walks over the tree, which aliases make longer than the file */
  const char *beside[VF_MANIFEST_BESIDE]; /* what was not read around what is read now */
  size_t n_beside;
  size_t n_found; /* deployments so far */
};

/* Words that a container or a service runs, with what stands around them. */
typedef struct vf_words_at {
  const char *path;
  uint32_t line, column;
  const char *image; /* NULL: no container */
  const char **words;
  const uint32_t *lines; /* of each; NULL: not known */
  size_t count;
  vf_variable_fn variables;
  void *user;
  vf_found_gpus gpus;
  bool is_shell_text;      /* words[0] is a text for a shell, not a word */
  bool asks_gpu;           /* it asks for one: what is not understood of it is told */
  const char *model;       /* beside the words; NULL */
  const vf_engine *engine; /* that takes the words as its options, whatever the image; NULL */
  const vf_node *expect;
} vf_words_at;

/* Reads them and hands the deployment over; what starts no engine is passed over, with a reason if
 * it asks for a GPU. */
vf_status vf_manifest_words(vf_manifest *m, const vf_words_at *w, vf_error *err);

/* A command that was filled by other means. */
vf_status vf_manifest_command(vf_manifest *m, const vf_words_at *w, vf_command *command,
                              vf_status status, const vf_error *cause, vf_error *err);

/* All commands of a script that start an engine; lines count from first_line. */
vf_status vf_manifest_script(vf_manifest *m, const vf_words_at *w, const char *text,
                             uint32_t first_line, bool name_lines, vf_error *err);

vf_status vf_manifest_pass(vf_manifest *m, const char *path, uint32_t line, vf_error *err,
                           const char *fmt, ...) VF_PRINTF(5, 6);

/* Something around the next deployment that was not read, as a file of variables: it is told if an
 * engine is started there, and forgotten with vf_manifest_anew(). */
vf_status vf_manifest_beside(vf_manifest *m, vf_error *err, const char *fmt, ...) VF_PRINTF(3, 4);
void vf_manifest_anew(vf_manifest *m);

/* A text in the file's arena; NULL: no memory. */
const char *vf_manifest_format(vf_manifest *m, const char *fmt, ...) VF_PRINTF(2, 3);

/* One more step of a walk; VF_LIMIT if there are too many. */
vf_status vf_manifest_step(vf_manifest *m, vf_error *err);

/* Appends the texts of a list, or the words of a text as a shell parts them. */
vf_status vf_manifest_add_words(vf_manifest *m, const char **words, size_t *n, const vf_node *node,
                                vf_error *err);

typedef struct vf_variables {
  const char **names, **values;
  size_t count, room;
} vf_variables;

vf_status vf_variables_add(vf_variables *v, vf_arena *arena, const char *name, const char *value,
                           vf_error *err);
const char *vf_variables_get(void *variables, const char *name); /* the last one of a name */

/* "NAME=value" lines of a file beside the manifest; *found is false if it is not there.  above:
 * what stands over the file's own variables where a value of compose's names one; NULL: nothing
 * does. */
typedef enum vf_env_syntax { VF_ENV_COMPOSE, VF_ENV_SYSTEMD } vf_env_syntax;

vf_status vf_manifest_env_file(vf_manifest *m, vf_variables *into, const char *name,
                               vf_env_syntax syntax, const vf_variables *above, bool *found,
                               vf_error *err);

/* A service of a compose file, and those that it extends, nearest first. */
enum { VF_COMPOSE_CHAIN = 8 };

typedef struct vf_compose_service {
  vf_manifest *m;
  const char *name, *path;
  const vf_node *chain[VF_COMPOSE_CHAIN];
  size_t n_chain;
  const vf_variables *dot_env;
  vf_variables own;  /* its environment, with what env_file says */
  vf_status status;  /* what became of its values: not VF_OK for one that cannot be read */
  vf_error trouble;  /* the first of those */
  const char *lacks; /* an env_file that is not here; NULL: none is lacking */
} vf_compose_service;

/* item is a map of the services of a document; what cannot be followed of "extends" is passed over,
 * with a reason.  *last is false where a later document has the service, too: it is read there,
 * with this one below it, and `out` has nothing. */
vf_status vf_compose_service_read(vf_compose_service *out, bool *last, vf_manifest *m,
                                  const vf_variables *dot_env, const vf_item *document,
                                  const vf_item *item, vf_error *err);

/* A text at a path of a compose file, of its last document that has one; NULL. */
const char *vf_compose_key(const vf_manifest *m, const char *path);

/* Tells what other files the compose file takes in, which are not read. */
vf_status vf_compose_includes(vf_manifest *m, vf_error *err);

/* A container's limit of main memory as docker has it, NULL for none; what is no size is told. */
vf_status vf_manifest_host_memory(vf_manifest *m, vf_found_gpus *g, const char *text,
                                  vf_error *err);

/* How many GPUs are given, as a manifest writes it; what is no number from 1 on leaves it unclear.
 */
void vf_manifest_count(vf_manifest *m, vf_found_gpus *g, const char *text);

/* Adds a name of a GPU, "H100:8" with its count. */
void vf_manifest_gpu(vf_manifest *m, vf_found_gpus *g, const char *text);

/* The engine of a name in people's writing, "vLLM", "llama.cpp"; NULL: none. */
const vf_engine *vf_manifest_engine(const char *name);

/* One kind of manifest. */
typedef struct vf_manifest_kind {
  const char *name;
  bool (*is)(const vf_manifest *m);
  vf_status (*read)(vf_manifest *m, vf_error *err);
} vf_manifest_kind;

bool vf_file_ends(const char *file, const char *end); /* letters of either case */

extern const vf_manifest_kind vf_kind_compose, vf_kind_kubernetes, vf_kind_swap, vf_kind_helm,
    vf_kind_gpustack, vf_kind_localai, vf_kind_jobs, vf_kind_own, vf_kind_modelfile, vf_kind_preset,
    vf_kind_systemd, vf_kind_script, vf_kind_training;

#endif
