/* engine.h - what an engine is to the rest: a name, the version whose rules it knows, short names
 * for formats, and how it allocates a model.
 *
 * An engine reads the model's two lists and the request; it never asks which model it is. */
#ifndef VF_ENGINES_ENGINE_H
#define VF_ENGINES_ENGINE_H

#include "base/text.h"
#include "core/estimate.h"
#include "engines/spelling.h"
#include "engines/term.h"

typedef struct vf_quant_alias {
  const char *name;   /* what people type: "q4" */
  const char *recipe; /* what this engine's users mean by it: "Q4_K_M" */
} vf_quant_alias;

typedef struct vf_engine {
  const char *name;
  const char *const *aliases; /* NULL-terminated */
  const vf_dialect *dialect;  /* its words; NULL: no command line starts it */
  const char *version;        /* newest release whose rules are known */
  const char *checked;        /* date on which they were compared with the real engine */
  const vf_quant_alias *quants;
  /* What its users make of a checkpoint that it does not load, by quantization method ("" for all
   * others); NULL: it loads checkpoints. */
  const vf_quant_alias *converts;
  const char *tag_quant; /* what a catalog name without a format means to it; NULL: as published */
  uint32_t max_seqs;
  uint32_t most_devices;     /* 0: as many as there are */
  const char *const *ladder; /* formats to suggest, widest first; NULL: GGUF recipes */
  bool fits_ctx;             /* may lower an unset context to what its cache holds */
  bool pools;                /* serves from a pool, ranks share the model: no layers on the host */

  vf_decodes decodes; /* for its speed */

  /* Whether that version (NULL: the newest) lowers a context that is not given until it fits;
   * NULL: none does. */
  bool (*lowers_ctx)(const char *version);
  /* NULL: knows its newest version alone. */
  bool (*knows)(const char *version);

  /* Refuses what is no version, or too old; NULL: takes them all. */
  vf_status (*check)(const char *version, vf_error *err);

  /* Applies the engine's defaults, places the model, adds all lines.  e has been reset with the
   * devices, and a host device as the last one. */
  vf_status (*estimate)(vf_estimate *e, const vf_request *request, vf_error *err);

  /* What it allocates on a rank, up to a row without an id; and what puts a plan that was kept at
   * the rank of a device again (NULL: there is nothing to do). */
  const vf_term *terms;
  void (*stand)(struct vf_ranks *plan, uint32_t device);

  /* The formula of one line, with its numbers and its source; vf_terms_explain with terms. */
  void (*explain)(const vf_estimate *e, const vf_line *line, vf_text *out);
} vf_engine;

extern const vf_engine vf_engine_llamacpp;
extern const vf_engine vf_engine_llama_server, vf_engine_llama_cli, vf_engine_llama_bench;
extern const vf_engine vf_engine_ollama, vf_engine_ik_llama, vf_engine_koboldcpp;
extern const vf_engine vf_engine_lm_studio;
extern const vf_engine vf_engine_vllm;
extern const vf_engine vf_engine_sglang;
extern const vf_engine vf_engine_tensorrt_llm;
extern const vf_engine vf_engine_tgi;
extern const vf_engine vf_engine_lmdeploy;
extern const vf_engine vf_engine_ktransformers;
extern const vf_engine vf_engine_transformers;
extern const vf_engine vf_engine_mlx;
extern const vf_engine vf_engine_exllama;

/* Engine i, NULL beyond the end. */
const vf_engine *vf_engine_at(size_t i);

/* By name or alias, an "@version" after it is allowed; NULL: the default.  *version points to what
 * follows the '@', or NULL. */
vf_status vf_engine_find(const vf_engine **out, const char **version, const char *name,
                         vf_error *err);

/* The engine of a request: by its name, else the one that loads the model as it is stored. */
vf_status vf_engine_for(const vf_engine **out, const char **version, const char *name,
                        const vf_model *model, vf_error *err);

/* Whether layers can stay in main memory: engines that run GGUF files can do that. */
bool vf_engine_offloads(const vf_engine *engine);

/* The recipe that a checkpoint quantized so is converted to; NULL: none, the engine loads it, or
 * its plain numbers are to be kept ("own"). */
const char *vf_engine_converts(const vf_engine *engine, const char *method);

/* The recipe that a short name stands for, or the name itself. */
const char *vf_engine_quant(const vf_engine *engine, const char *name);

#endif
