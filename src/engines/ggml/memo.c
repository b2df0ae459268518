/* memo.c - graphs by their fingerprint. */
#include "engines/ggml/memo.h"

#include "base/checked.h"

typedef vf_status (*measure_fn)(uint64_t *out, const vf_model *m, const vf_ggml_graph *g,
                                vf_error *err);

static uint64_t key_of(const vf_model *m, const vf_ggml_graph *g, bool host) {
  const uint64_t words[] = {g->tokens,
                            g->output_rows,
                            g->cells,
                            g->streams,
                            g->seqs,
                            g->ubatch,
                            (uint64_t)g->kv_k << 32 | (uint64_t)g->kv_v,
                            (uint64_t)g->n_gpus << 32 | g->cpu_moe_layers,
                            g->v_columns,
                            g->rules,
                            g->snapshots,
                            (uint64_t)g->auto_flash << 10 | (uint64_t)g->flash_on_host << 9 |
                                (uint64_t)g->no_offload << 8 | (uint64_t)g->pooled << 7 |
                                (uint64_t)g->pins_norms << 6 | (uint64_t)g->kv_on_host << 5 |
                                (uint64_t)g->pipelined << 4 | (uint64_t)g->flash_attn << 3 |
                                (uint64_t)g->swa_full << 2 | (uint64_t)g->on_cpu << 1 | host};
  uint64_t h = m->shape;
  for (size_t i = 0; i < sizeof words / sizeof *words; i++) h = vf_stir(h, words[i]);
  return h;
}

static vf_status recall(uint64_t *out, vf_memo *memo, uint64_t key, measure_fn measure,
                        const vf_model *model, const vf_ggml_graph *g, vf_error *err) {
  if (g->watch == NULL && vf_memo_has(memo, key, out)) return VF_OK;
  vf_status status = measure(out, model, g, err);
  if (status == VF_OK) vf_memo_keep(memo, key, *out);
  return status;
}

vf_status vf_ggml_device_buffer_again(uint64_t *out, vf_memo *memo, const vf_model *model,
                                      const vf_ggml_graph *g, vf_error *err) {
  return recall(out, memo, key_of(model, g, false), vf_ggml_device_buffer, model, g, err);
}

vf_status vf_ggml_host_buffer_again(uint64_t *out, vf_memo *memo, const vf_model *model,
                                    const vf_ggml_graph *g, vf_error *err) {
  return recall(out, memo, key_of(model, g, true), vf_ggml_host_buffer, model, g, err);
}
