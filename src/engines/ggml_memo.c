/* ggml_memo.c - graphs by their fingerprint. */
#include "engines/ggml_memo.h"

#include "base/checked.h"

static uint64_t key_of(const vf_model *m, const vf_ggml_graph *g) {
  const uint64_t words[] = {g->tokens,
                            g->output_rows,
                            g->cells,
                            g->streams,
                            g->seqs,
                            g->ubatch,
                            (uint64_t)g->kv_k << 32 | (uint64_t)g->kv_v,
                            (uint64_t)g->flash_attn << 2 | (uint64_t)g->swa_full << 1 | g->on_cpu};
  uint64_t h = m->shape;
  for (size_t i = 0; i < sizeof words / sizeof *words; i++) h = vf_stir(h, words[i]);
  return h != 0 ? h : 1;
}

vf_status vf_ggml_device_buffer_again(uint64_t *out, vf_memo *memo, const vf_model *model,
                                      const vf_ggml_graph *g, vf_error *err) {
  uint64_t key = key_of(model, g);
  size_t place = (size_t)(key >> 32) % VF_MEMO_PLACES;
  if (memo->key[place] == key) {
    *out = memo->value[place];
    return VF_OK;
  }
  vf_status status = vf_ggml_device_buffer(out, model, g, err);
  if (status != VF_OK) return status;
  memo->key[place] = key;
  memo->value[place] = *out;
  return VF_OK;
}
