/* model_name.h - what people call a model, taken apart: where it is from, who publishes it, the
 * words of the model itself, and the format that the name states.
 *
 *   unsloth/Qwen3-8B-GGUF:UD-Q4_K_XL   hf.co/bartowski/Qwen3-8B-GGUF   qwen3:8b-q8_0   ai/qwen3:8B
 *   https://huggingface.co/Qwen/Qwen3-8B   nvidia/Llama-3.3-70B-Instruct-FP4   Qwen3-8B-Q4_K_M.gguf
 *
 * Format words may stand anywhere; they are taken out, and what is left names the model. */
#ifndef VF_READERS_NAME_MODEL_NAME_H
#define VF_READERS_NAME_MODEL_NAME_H

#include "base/names.h"
#include "readers/name/words.h"

typedef enum vf_name_store {
  VF_STORE_NONE,   /* a plain name */
  VF_STORE_HUB,    /* publisher/repository */
  VF_STORE_OLLAMA, /* family:tag */
  VF_STORE_DOCKER, /* ai/family:tag */
  VF_STORE_FILE,   /* a GGUF file */
} vf_name_store;

typedef struct vf_model_name {
  vf_name_store store;
  char publisher[48];        /* in lower case; "": none */
  char plain[VF_NAME_SIZE];  /* without formats, in lower case: "qwen3:8b" */
  char family[VF_NAME_SIZE]; /* of a tag: what stands before the colon; else as plain */
  char tag[VF_NAME_SIZE];    /* behind it, without a format; "": none, or "latest" */
  vf_words words;            /* of plain, but for publishers */
  char format[VF_NAME_SIZE]; /* that the name states, as --quant takes it; "": none */
  const char *engine;        /* that such a name is for; NULL: any */
  bool gguf;                 /* a GGUF file or a repository of them */
  bool draft;                /* of a model that guesses for another one */
  bool strange_tag;          /* a repository's tag that is no format */
  bool usual_format;         /* it is a file, and the engine's usual format where none is stated */
} vf_model_name;

/* False for what is no name of a model: empty, too long, a path. */
bool vf_model_name_read(vf_model_name *out, const char *ref);

#endif
