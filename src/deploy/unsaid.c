/* unsaid.c - which engine, where none is named.
 *
 * What decides, in this order: the name; an option that one engine alone has (--ngl, --n-cpu-moe:
 * llama.cpp; --max-num-seqs: vLLM); for a checkpoint that is published quantized, the device: cards
 * of servers serve it as it is, anything else runs a file of the usual mix in llama.cpp. */
#include "deploy/unsaid.h"

#include <string.h>

#include "base/units.h"
#include "deploy/param.h"
#include "engines/llamacpp/llamacpp.h"
#include "models/arch.h"

bool vf_engine_spells(const vf_engine *engine, size_t param) {
  const vf_dialect *d = engine->dialect;
  for (size_t i = 0; d != NULL && i < d->n_rows; i++)
    if (d->rows[i].param != NULL && strcmp(d->rows[i].param, vf_params[param].info.name) == 0)
      return true;
  return false;
}

/* Options that llama.cpp has and vLLM has not, or the other way round; both kinds: it is open. */
static const char *engine_of_options(const vf_deployment *d) {
  const vf_deployment nothing = vf_deployment_init();
  bool ours = false, theirs = false;
  for (size_t i = 0; i < VF_PARAM_COUNT; i++) {
    if (vf_params[i].scope == VF_OPTION_ANY || !vf_param_differs(&vf_params[i], d, &nothing)) continue;
    bool gguf = vf_engine_spells(&vf_engine_llamacpp, i);
    bool serving = vf_engine_spells(&vf_engine_vllm, i);
    ours |= gguf && !serving;
    theirs |= serving && !gguf;
  }
  if (ours == theirs) return NULL;
  return ours ? vf_engine_llamacpp.name : vf_engine_vllm.name;
}

/* Cards that servers are built with have 40 GB or more of their own. */
static bool is_for_servers(const vf_device *d) {
  return d->kind == VF_DEVICE_DISCRETE && d->total_bytes >= 39 * VF_GIB;
}

/* A tag of Ollama's library names a file that llama.cpp runs; Ollama itself is asked for by name,
 * since it takes a context by rules of its own. */
static const char *family_of(const char *name) {
  const vf_engine *engine;
  const char *version;
  bool known = vf_engine_find(&engine, &version, name, NULL) == VF_OK;
  return known && vf_engine_offloads(engine) ? vf_engine_llamacpp.name : name;
}

const char *vf_unsaid_engine(const vf_deployment *d, const vf_loaded *l, const vf_device *devices,
                             size_t n) {
  if (d->request.engine != NULL) return d->request.engine;
  bool named = d->quant != NULL || l->states_format || l->kind != VF_LOAD_CATALOG;
  const char *by_options = engine_of_options(d);
  if (named) return l->engine != NULL ? family_of(l->engine) : NULL;
  if (by_options != NULL) return by_options;
  if (l->engine != NULL) return family_of(l->engine);
  const char *method = vf_facts_string(&l->facts, "quantization_config.quant_method", "");
  if (method[0] != '\0' && n > 0 && is_for_servers(&devices[0])) return NULL;
  const char *arch = vf_arch_gguf(&l->facts);
  if (arch == NULL) return NULL;
  return vf_llamacpp_runs(arch) ? vf_engine_llamacpp.name : vf_engine_transformers.name;
}
