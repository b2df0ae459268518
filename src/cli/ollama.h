/* ollama.h - what Ollama's own files and variables say, as options. */
#ifndef VF_CLI_OLLAMA_H
#define VF_CLI_OLLAMA_H

#include "options.h"

/* Room for the names that a Modelfile gives. */
typedef struct ollama_names {
  vf_modelfile file;
} ollama_names;

/* If the model is a Modelfile, its words take the place of options that were not given; with
 * Ollama as the engine so do the OLLAMA_ variables.  Each one that is used is noted on stderr. */
vf_status apply_ollama(args *a, ollama_names *names, vf_error *err);

#endif
