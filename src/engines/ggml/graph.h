/* graph.h - the compute buffers of ggml's graphs, from the description of the layers.
 *
 * llama.cpp reserves one buffer per device by dry-running its allocator over the graph of one
 * prompt batch.  This records the same operations on a vf_tape, for any program built on ggml. */
#ifndef VF_ENGINES_GGML_GRAPH_H
#define VF_ENGINES_GGML_GRAPH_H

#include "core/graph.h"
#include "core/placement.h"
#include "engines/ggml/rules.h"

enum { VF_NOT_MOVED = 0xFF };

/* One batch's graph. */
typedef struct vf_ggml_graph {
  uint64_t tokens;      /* T: tokens in the batch, a multiple of the sequences */
  uint64_t output_rows; /* of these, rows for which logits are computed */
  uint64_t cells;       /* cache cells per stream */
  uint64_t streams;     /* independent caches: sequences, or 1 for a unified one */
  uint64_t seqs;        /* sequences in all */
  uint64_t snapshots;   /* states that a delta net gives back of each */
  uint64_t ubatch;      /* tokens of a batch as set, before rounding to sequences */
  vf_format kv_k, kv_v;
  bool flash_attn;
  bool swa_full;  /* layers with a window cache everything all the same */
  bool on_cpu;    /* the CPU backend computes everything in one buffer */
  uint32_t build; /* of llama.cpp, and its rules: vf_ggml_rules_of() */
  uint64_t rules;

  /* Where several backends share the work. */
  const vf_placement *placement;
  uint32_t n_gpus;         /* other devices of the placement are the host */
  uint32_t cpu_moe_layers; /* experts of so many layers stay on the host */
  bool kv_on_host;
  bool auto_flash;    /* flash attention was left to llama.cpp: values lie in rows, taken or not */
  bool flash_on_host; /* flash attention of some layers, which no kernel of the GPU takes */
  const uint8_t *moved; /* device of every tensor of the model that lies elsewhere than its layer,
                           of the others VF_NOT_MOVED; NULL: none does */
  bool no_offload;      /* what the host holds is computed there, however many rows */
  bool pooled;          /* the rows behind the last norm are averaged */
  bool pins_norms; /* a layer's norms run where the layer lies, not where the one before does */
  bool pipelined;  /* several copies of what crosses devices, to overlap batches */
  const vf_graph_watch *watch; /* is told of every operation, no layer left out; NULL: nobody */
  uint64_t v_columns;          /* elements of a row of values, where these lie transposed */
} vf_ggml_graph;

/* Cells per stream of a cache layer: a window of every sequence that shares the stream, and one
 * batch (src/llama-kv-cache-iswa.cpp:73). */
uint64_t vf_ggml_cache_cells(const vf_model *m, const vf_ggml_graph *g, const vf_cache_layer *c);

/* Bytes of the attention mask of a cache with so many cells per stream. */
bool vf_ggml_mask_bytes(uint64_t *out, const vf_ggml_graph *g, uint64_t cells);

/* True if values lie token by token; else transposed, in the width of the widest layer. */
static inline bool vf_ggml_values_in_rows(const vf_ggml_graph *g) {
  return g->flash_attn || g->auto_flash;
}

/* True if the recorder knows every operation of the model's layers; if not, see ggml_bound.h. */
bool vf_ggml_graph_is_known(const vf_model *model);

/* The buffer of the device that runs the whole graph.  VF_OVERFLOW if sizes leave 64 bits. */
vf_status vf_ggml_device_buffer(uint64_t *out, const vf_model *model, const vf_ggml_graph *g,
                                vf_error *err);

/* The buffers of every GPU and, behind them, of the host, where the scheduler splits the graph. */
vf_status vf_ggml_split_buffers(uint64_t *out, const vf_model *model, const vf_ggml_graph *g,
                                vf_error *err);

/* The host's side of the same graph: inputs, which are never freed there. */
vf_status vf_ggml_host_buffer(uint64_t *out, const vf_model *model, const vf_ggml_graph *g,
                              vf_error *err);

#endif
