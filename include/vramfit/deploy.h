/* deploy.h - from words to a deployment, and back to an engine's own words.
 *
 * SPDX-License-Identifier: MIT */
#ifndef VRAMFIT_DEPLOY_H
#define VRAMFIT_DEPLOY_H

#include "vramfit/inspect.h"
#include "vramfit/train.h"
#include "vramfit/vramfit.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Deployments ------------------------------------------------------------------------ */

/* What may be varied, from what costs most to change to what costs least. */
typedef enum vf_axis_kind {
  VF_AXIS_MODEL = 0,
  VF_AXIS_ENGINE = 1,
  VF_AXIS_QUANT = 2,
  VF_AXIS_GPU = 3,
  VF_AXIS_GPUS = 4, /* how many of them */
  VF_AXIS_KV = 5,
  VF_AXIS_SEQS = 6,
  VF_AXIS_CTX = 7,
  VF_AXIS_COUNT
} vf_axis_kind;

/* What must stay free for FITS. */
typedef struct vf_headroom {
  bool set; /* false: the device's own target */
  uint64_t bytes;
  uint32_t permille; /* a share of the capacity; 0: bytes counts */
} vf_headroom;

/* All that one estimate is made of, by name.  Start from vf_deployment_init(): nothing is said, and
 * what is not said is the engine's own.  Strings belong to the caller and must outlive its use.
 * Since it holds a request by value it is taken in this header's size alone. */
typedef struct vf_deployment {
  size_t struct_size;        /* of the caller's struct, as vf_deployment_init() sets it */
  const char *model, *gpu;   /* as people name them */
  const vf_machine *machine; /* that "auto" in gpu means; must outlive its use.  NULL: none */
  bool empty;                /* as if nobody held anything of it */
  const char *quant;         /* NULL: the model's own */
  uint32_t gpus;           /* so many of the one device that gpu names, up to VF_MAX_DEVICES unless
                              it trains; 0: as gpu says */
  const char *mmproj;      /* file of a tower; "auto": the model's own, which must be known;
                              "if-any": the same, if there is one; "none" or NULL: none */
  const char *lora;        /* file of an adapter */
  const char *draft;       /* model that proposes tokens */
  const char *draft_quant; /* its format; NULL: that of the model, or a file's own */
  const char *spec_method; /* how tokens are proposed, in the engine's word; NULL: not said */
  vf_switch fit;           /* llama.cpp's --fit */
  vf_request request;      /* its mmproj_bytes, lora_bytes and draft are filled in when opened */
  uint64_t memory_bytes;   /* what the engine sees as the total of each device; 0: its own */
  uint64_t used_bytes;     /* held by others on each device */
  vf_headroom headroom;
  bool elsewhere; /* files are named as the machine sees them that will run it: a model
                     that is not here is taken by its file's name */
  bool own_line;  /* an engine's own line states it: of ranks that it does not state there is one */
  const vf_assumption *remarks; /* told with the estimate: options that were not understood */
  size_t n_remarks;
  const char *backend;       /* what drives the GPUs: "vulkan"; NULL: their makers' own */
  bool training;             /* the model is trained, not served: train says how, request.engine by
                                which program, and quant is the format of a frozen base */
  vf_train_request train;    /* its base_quant, tp, pp and ep are the deployment's own */
  const char *engines_quant; /* where it is `quant`: the engine's own line says it of the repository
                                that it loads; NULL, or another: which files is asked of us */
} vf_deployment;

/* A deployment of which nothing is said. */
static inline vf_deployment vf_deployment_init(void) {
  vf_deployment d;
  memset(&d, 0, sizeof d);
  d.struct_size = sizeof d;
  d.request = vf_request_init();
  d.train = vf_train_request_init();
  return d;
}

/* ---- Parameters ------------------------------------------------------------------------- */

/* One parameter of a deployment, as our own command line has it. */
typedef struct vf_param_info {
  const char *name;     /* "ctx": the option without dashes; with '_' for '-', the key in files */
  char letter;          /* of the short option; 0: none */
  const char *argument; /* "N"; in brackets where it may be left out; NULL: there is none */
  const char *key;      /* in the JSON echo of a request */
  const char *help;
} vf_param_info;

/* Parameter i, NULL beyond the last. */
VF_API const vf_param_info *vf_param_get(size_t i);

/* The heading that parameter i stands under in help; "" beyond the last. */
VF_API const char *vf_param_section(size_t i);

/* Reads a value, "32k", for the parameter of that name, "ctx", into the deployment; text must
 * outlive it.  VF_UNKNOWN if there is no such parameter, VF_USAGE if the value makes no sense. */
VF_API VF_MUST_USE vf_status vf_deployment_set(vf_deployment *deployment, const char *name,
                                               const char *text, vf_error *err);

/* ---- Command lines ---------------------------------------------------------------------- */

/* A command line on its way to a deployment: an engine's own, or options of ours. */
typedef struct vf_command vf_command;

/* An empty one: an engine's line or options of ours are read into it, in any order. */
VF_API VF_MUST_USE vf_status vf_command_new(vf_command **out, const vf_context *ctx, vf_error *err);
VF_API void vf_command_free(vf_command *command);

/* The value of a variable of the environment; NULL: it is not set. */
typedef const char *(*vf_variable_fn)(void *user, const char *name);

/* Reads the line that starts an engine, "vllm serve M --max-model-len 8k": words as a shell would
 * give them, assignments (A=b) before the program are its environment; variables (NULL: none) gives
 * the rest of it.  The words must outlive the command.  VF_UNKNOWN: no engine can be told;
 * VF_USAGE: a value or a word makes no sense; VF_LIMIT: more words than any line has. */
VF_API VF_MUST_USE vf_status vf_command_read(vf_command *command, const char *const *words,
                                             size_t count, vf_variable_fn variables, void *user,
                                             vf_error *err);

/* The same from one text, by a shell's rules: quotes, backslashes, continued lines, ${X:-d}.
 * Nothing is executed: what a command would print stays unknown.  The text is copied. */
VF_API VF_MUST_USE vf_status vf_command_read_text(vf_command *command, const char *text,
                                                  vf_variable_fn variables, void *user,
                                                  vf_error *err);

/* Reads a trainer's configuration: DeepSpeed's JSON, Accelerate's, axolotl's, LLaMA-Factory's,
 * torchtune's, TRL's or mlx_lm's YAML, and files that it names beside itself.  It makes the
 * deployment one that trains.  VF_IO; VF_MALFORMED with the line; VF_UNKNOWN for a file of another
 * kind; VF_USAGE for a value that makes no sense. */
VF_API VF_MUST_USE vf_status vf_command_read_config(vf_command *command, const char *path,
                                                    vf_error *err);

/* The same of the line that starts a trainer, "accelerate launch sft.py --max_length 4096": words,
 * variables and statuses as vf_command_read(). */
VF_API VF_MUST_USE vf_status vf_command_read_trainer(vf_command *command, const char *const *words,
                                                     size_t count, vf_error *err);

/* One option at words[*at], ours or an engine's word for it, with its value; *at goes to its last
 * word.  It counts more than what was read before.  Where engines share a word, that of the engine
 * counts that was set before.  The words must outlive the command.  VF_UNKNOWN, and *at stays, if
 * it is no such option; VF_USAGE for a value that makes no sense, or none. */
VF_API VF_MUST_USE vf_status vf_command_option(vf_command *command, const char *const *words,
                                               size_t count, size_t *at, vf_error *err);

/* From here on an option that says otherwise than the engine's line that was read is VF_USAGE, and
 * changes nothing: what runs is the line.  NULL: nothing is done. */
VF_API void vf_command_hold_line(vf_command *command);

/* What stands below all that was said: of a model that is a Modelfile, what is in it; of Ollama,
 * the variables of its server (variables as in vf_command_read).  Fails as vf_modelfile_read()
 * does. */
VF_API VF_MUST_USE vf_status vf_command_environment(vf_command *command, vf_variable_fn variables,
                                                    void *user, vf_error *err);

/* What it came to; valid until the next call with the command, or its end.  VF_USAGE for what is
 * stated by a variable that is not set; else as vf_modelfile_read(). */
VF_API VF_MUST_USE vf_status vf_command_deployment(vf_command *command, vf_deployment *out,
                                                   vf_error *err);

/* The same as far as it was said, also where it says too little; valid as above.  NULL for NULL. */
VF_API const vf_deployment *vf_command_so_far(const vf_command *command);

/* A list for an axis, "8k,16k" or "any", where one was given in place of a value; else NULL. */
VF_API const char *vf_command_list(const vf_command *command, vf_axis_kind axis);

/* Words that were passed over since they move no memory, NULL-terminated; never NULL. */
VF_API const char *const *vf_command_passed(const vf_command *command);

/* ---- Opened ----------------------------------------------------------------------------- */

/* What became of one deployment. */
typedef struct vf_outcome {
  bool known;   /* it has been estimated: the rest is meaningful */
  bool refused; /* the engine takes no such thing: reason says why, and there are no figures */
  vf_verdict verdict;
  const char *engine;                   /* static; NULL if it was refused */
  uint64_t need_bytes, need_high_bytes; /* of all devices, main memory beside them left out */
  uint64_t capacity_bytes;
  int64_t headroom_bytes; /* of the device that is nearest to its target, or furthest below it */
  uint64_t target_bytes;
  uint32_t reason; /* 1 + index of vf_grid_reason; 0: there is none */
} vf_outcome;

/* A deployment whose model, devices and files have been opened. */
typedef struct vf_setup vf_setup;

/* Opens all that the deployment names; the deployment and its strings must outlive it.  VF_USAGE if
 * it names no model or no device; else as vf_model_open(), vf_devices_parse() and
 * vf_part_file_bytes(). */
VF_API VF_MUST_USE vf_status vf_setup_open(vf_setup **out, const vf_context *ctx,
                                           const vf_deployment *deployment, vf_error *err);
VF_API void vf_setup_free(vf_setup *setup);

/* The model; the devices, with how many there are (count may be NULL).  They belong to the setup.
 */
VF_API const vf_model *vf_setup_model(const vf_setup *setup);
VF_API const vf_device *vf_setup_devices(const vf_setup *setup, size_t *count);

/* What is asked of them: to be changed at will.  NULL for NULL. */
VF_API vf_request *vf_setup_request(vf_setup *setup);

/* Estimates it, and adds what the deployment remarks to the assumptions.  Fails as
 * vf_estimate_run() does. */
VF_API VF_MUST_USE vf_status vf_setup_estimate(vf_estimate *estimate, const vf_setup *setup,
                                               vf_error *err);

/* Works out a training: the run of the deployment, with what its program takes where nothing was
 * said.  Fails as vf_train_run() does; VF_UNKNOWN for a program that trains nothing. */
VF_API VF_MUST_USE vf_status vf_setup_train(vf_train *out, const vf_setup *setup, vf_error *err);

/* ---- Launch lines ----------------------------------------------------------------------- */

/* What runs a plan: commands, and files that they read. */
typedef struct vf_launch_item {
  const char *kind; /* "command" or "file" */
  const char *name; /* the program or the file */
  const char *text;
} vf_launch_item;

typedef struct vf_launch {
  const vf_launch_item *items;
  size_t count;
  const char *note; /* what has to be put in its place; "": nothing */
} vf_launch;

/* In the engine's own words, from what the estimate made of the deployment.  VF_UNSUPPORTED for an
 * engine that no command line starts, VF_LIMIT for a line of more than 64 KiB, VF_USAGE if the
 * estimate has no result. */
VF_API VF_MUST_USE vf_status vf_launch_make(vf_launch **out, const vf_context *ctx,
                                            const vf_estimate *estimate,
                                            const vf_deployment *deployment, vf_error *err);
VF_API void vf_launch_free(vf_launch *launch);

/* ---- Ollama's Modelfiles ---------------------------------------------------------------- */

/* What a Modelfile says about memory; -1 and "": nothing. */
typedef struct vf_modelfile {
  char from[512];    /* FROM: a name, or a path relative to the Modelfile's folder */
  char adapter[512]; /* ADAPTER */
  int64_t num_ctx, num_gpu, num_batch;
} vf_modelfile;

/* Reads what counts of it.  VF_IO; VF_MALFORMED with the line, for what Ollama does not take
 * either; VF_LIMIT for a file of more than 1 MiB, or a name that is longer than there is room for.
 */
VF_API VF_MUST_USE vf_status vf_modelfile_read(vf_modelfile *out, const vf_context *ctx,
                                               const char *path, vf_error *err);

/* ---- What an engine's allocator is played with ------------------------------------------- */

/* Lists every operation of the graph whose buffers an engine reserves (llama.cpp's family), in the
 * order in which they run: the layer, the node and the nodes it reads, the weight it multiplies,
 * its device (the last is the host), its bytes, where they lie in the buffer, how large that is by
 * then.  To be compared with an engine's own list where a figure does not match.  Statuses as
 * vf_setup_open() and vf_setup_estimate(); VF_UNSUPPORTED if nothing is played for this model. */
VF_API VF_MUST_USE vf_status vf_graph_list(vf_listing **out, const vf_context *ctx,
                                           const vf_deployment *deployment, vf_error *err);

#ifdef __cplusplus
}
#endif
#endif
