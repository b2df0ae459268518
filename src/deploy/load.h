/* load.h - everything that is to be read about a model, wherever it lies.
 *
 * A catalog entry, a config, a GGUF file, a checkpoint with or without its config: one shape, from
 * which a model is built or an inspection written. */
#ifndef VF_DEPLOY_LOAD_H
#define VF_DEPLOY_LOAD_H

#include "base/facts.h"
#include "models/inventory.h"
#include "readers/catalog.h"
#include "readers/name/find_model.h"
#include "readers/weights/checkpoint.h"
#include "readers/weights/gguf.h"

typedef enum vf_load_kind {
  VF_LOAD_CATALOG,
  VF_LOAD_CONFIG,
  VF_LOAD_GGUF,
  VF_LOAD_CHECKPOINT,
} vf_load_kind;

/* Everything lies in the arena. */
typedef struct vf_loaded {
  const vf_files *files; /* that paths are of */
  vf_arena *arena;
  vf_load_kind kind;
  const char *id;       /* of the model, for reports */
  const char *ref;      /* as it was asked for */
  const char *named;    /* the repository, file or tag that the name is of, for an engine that loads
                           it; NULL: it is a name of the catalog's */
  const char *origin;   /* "catalog" or a path, for reports */
  const char *quant;    /* that the name itself says, "Q4_K_M"; NULL: none */
  bool states_format;   /* in words of its own, and not as the file behind a tag */
  const char *engine;   /* that such a name is for; NULL: any */
  bool usual_format;    /* it is a file, of which the name may state no format */
  vf_model_match match; /* of the name; VF_MATCH_NONE: a path */
  bool library;         /* the name is a tag of Ollama's library */
  bool qat;             /* it says that the model was trained for 4 bits */
  vf_facts facts;       /* of the config or the file's header */
  bool has_facts;
  bool tolerant;    /* it is to be looked at: what lacks tensors is told, not refused */
  const char *text; /* of the config, to find lines in; NULL: none */
  size_t length;
  vf_inventory *inventory; /* the tensors of files; NULL: there are none */
  vf_gguf_info gguf;
  vf_checkpoint_info checkpoint;
  const char *engines_quant; /* that its line says, as vf_deployment has it */
  const char *adapter_of;    /* it is a LoRA's folder: the model that this is of, "" for one that it
                                does not name; NULL: it is none */
  bool keeps_network;        /* several formats of it will be asked for */
  struct vf_model *network;  /* of the config, in no format yet: built once then; NULL: not yet */
} vf_loaded;

/* How much is wanted. */
typedef enum vf_load_depth {
  VF_LOAD_FACTS,     /* configs alone: files of weights beside them stay closed */
  VF_LOAD_TENSORS,   /* and the tensors of files */
  VF_LOAD_EVERY_NAME /* and their names; files that are cut short are told, not refused */
} vf_load_depth;

/* VF_USAGE for an adapter's folder, with the model that it is of. */
vf_status vf_loaded_refuse_adapter(const vf_loaded *l, const char *path, vf_error *err);

/* Reads what `ref` names: a catalog name, or a path.  vf_loaded_free also after a failure. */
vf_status vf_load(vf_loaded *out, const vf_context *ctx, const char *ref, vf_load_depth depth,
                  vf_error *err);
void vf_loaded_free(vf_loaded *l);

/* The same of a launch line for another machine: what is no path here is a name by its last parts.
 */
vf_status vf_load_elsewhere(vf_loaded *out, const vf_context *ctx, const char *ref,
                            vf_load_depth depth, vf_error *err);

#endif
