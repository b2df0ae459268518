/* explain.c - llama.cpp's formulas in words, with the numbers of one estimate. */
#include <inttypes.h>
#include <string.h>

#include "base/checked.h"
#include "base/units.h"
#include "core/format.h"
#include "engines/llamacpp/plan.h"

static void put_bytes(vf_text *out, uint64_t bytes) {
  vf_text_thousands(out, bytes);
  vf_text_put(out, " B = ");
  vf_text_size(out, bytes, VF_UNIT_GIB, 2);
  vf_text_put(out, " GiB");
}

/* "1 row of logits", "4 rows of logits" */
static void put_count(vf_text *out, uint32_t n, const char *one, const char *many) {
  vf_text_printf(out, "%" PRIu32 " %s", n, n == 1 ? one : many);
}

/* "q4_K 561, q6_K 81, f32 162": how many tensors of the model are stored how. */
static void put_formats(vf_text *out, const vf_model *m) {
  uint32_t counts[VF_FORMAT_COUNT] = {0};
  const char *separator = "";
  for (size_t i = 0; i < m->n_tensors; i++) counts[m->tensors[i].format]++;
  for (int f = 0; f < VF_FORMAT_COUNT; f++) {
    if (counts[f] == 0) continue;
    vf_text_printf(out, "%s%s %" PRIu32, separator, vf_format_get((vf_format)f)->name, counts[f]);
    separator = ", ";
  }
}

static void explain_weights(const vf_estimate *e, const vf_line *line, vf_text *out) {
  vf_text_printf(out, "sum of the tensors placed here, of %zu in %s (", e->model->n_tensors,
                 e->model->quant);
  put_formats(out, e->model);
  vf_text_put(out, "), each padded as the device's buffers pad = ");
  put_bytes(out, line->size.bytes);
  vf_text_put(out, "  [llama.cpp src/llama-model.cpp:1521, ggml-cuda.cu:908]");
}

/* "128 × 34/32 B" for blocks, "128 × 2 B" for plain numbers. */
static void put_row(vf_text *out, uint32_t dim, vf_format format) {
  const vf_format_info *f = vf_format_get(format);
  vf_text_printf(out, "%" PRIu32 " × %" PRIu32, dim, f->block_bytes);
  if (f->block_elements > 1) vf_text_printf(out, "/%" PRIu32, f->block_elements);
  vf_text_put(out, " B");
}

/* Layers with equal caches, told once: their number, or 0 if an earlier one spoke for them. */
static uint32_t count_alike(const vf_model *m, size_t i) {
  uint32_t n = 0;
  for (size_t j = 0; j < m->n_caches; j++) {
    if (!vf_cache_layer_equal(&m->caches[i], &m->caches[j])) continue;
    if (j < i) return 0;
    n++;
  }
  return n;
}

/* "8 KV heads × (128 × 2 B + 128 × 2 B)" of so many layers. */
static void put_cache_kind(vf_text *out, const vf_estimate *e, size_t i, uint32_t layers) {
  const vf_cache_layer *c = &e->model->caches[i];
  const vf_workload *w = &e->workload;
  bool keys_only = c->v_dim == 0;
  bool alike = !keys_only && c->k_dim == c->v_dim && w->kv_k == w->kv_v;
  vf_text_printf(out, "%s%" PRIu32 " layers × %" PRIu32 " KV heads × ", alike ? "2 × " : "", layers,
                 c->n_kv_heads);
  if (!alike && !keys_only) vf_text_put(out, "(");
  put_row(out, c->k_dim, w->kv_k);
  if (!alike && !keys_only) vf_text_put(out, " + ");
  if (!alike && !keys_only) put_row(out, c->v_dim, w->kv_v);
  if (!alike && !keys_only) vf_text_put(out, ")");
}

/* How many tokens each of those layers keeps. */
static void put_cache_tokens(vf_text *out, const vf_estimate *e, const vf_cache_layer *c) {
  const vf_workload *w = &e->workload;
  bool windowed = c->window != 0 && !w->swa_full && (e->model->flags & VF_MODEL_WINDOW_UNUSED) == 0;
  vf_text_put(out, " × ");
  if (windowed) {
    vf_text_put(out, "min(");
    vf_text_thousands(out, w->ctx_tokens);
    vf_text_printf(out, ", window %" PRIu32 " + batch %" PRIu32 ") tokens", c->window,
                   w->ubatch_tokens);
  } else {
    vf_text_thousands(out, w->ctx_tokens);
    vf_text_put(out, " tokens");
  }
}

/* Of layers that are all alike, those on the line's device, and what their buffers are padded by;
 * 0: that cannot be told from the bytes. */
static uint32_t count_here(const vf_estimate *e, const vf_line *line, uint64_t *padding) {
  const vf_model *m = e->model;
  const vf_workload *w = &e->workload;
  uint64_t k = 0, v = 0, one = 0;
  uint32_t alike = 0;
  const vf_cache_layer *c = NULL;
  for (size_t i = 0; i < m->n_caches; i++) {
    if (!vf_cache_has_cells(&m->caches[i]) || count_alike(m, i) == 0) continue;
    if (c != NULL) return 0;
    c = &m->caches[i];
    alike = count_alike(m, i);
  }
  if (c == NULL || c->window != 0) return 0;
  if (!vf_format_matrix(&k, w->kv_k, c->k_dim, c->n_kv_heads)) return 0;
  if (c->v_dim != 0 && !vf_format_matrix(&v, w->kv_v, c->v_dim, c->n_kv_heads)) return 0;
  if (!vf_mul3(&one, k + v, w->ctx_tokens, w->kv_unified ? 1 : w->seqs) || one == 0) return 0;
  *padding = line->size.bytes % one;
  uint64_t all = 0;
  if (e->n_devices <= 2 && vf_mul(&all, one, alike) && all <= line->size.bytes) {
    *padding = line->size.bytes - all;
    return alike;
  }
  return *padding < one / 8 ? (uint32_t)(line->size.bytes / one) : 0;
}

static void explain_kv_cache(const vf_estimate *e, const vf_line *line, vf_text *out) {
  const vf_workload *w = &e->workload;
  const char *separator = "";
  uint64_t padding = 0;
  uint32_t here = count_here(e, line, &padding);
  for (size_t i = 0; i < e->model->n_caches; i++) {
    const vf_cache_layer *c = &e->model->caches[i];
    uint32_t layers = vf_cache_has_cells(c) ? count_alike(e->model, i) : 0;
    if (layers == 0) continue;
    if (here != 0) layers = here;
    vf_text_put(out, separator);
    put_cache_kind(out, e, i, layers);
    put_cache_tokens(out, e, c);
    separator = " + ";
  }
  if (!w->kv_unified) vf_text_put(out, " × ");
  if (!w->kv_unified) put_count(out, w->seqs, "sequence", "sequences");
  bool some = e->n_devices > 2 && here == 0;
  if (here != 0 && padding != 0) {
    vf_text_put(out, " + ");
    vf_text_thousands(out, padding);
    vf_text_put(out, " B of padding");
  }
  vf_text_put(out, some ? ", of which those placed here are " : " = ");
  put_bytes(out, line->size.bytes);
  vf_text_put(out, "  [llama.cpp src/llama-kv-cache.cpp:215]");
}

static void explain_compute(const vf_estimate *e, const vf_line *line, vf_text *out) {
  const vf_workload *w = &e->workload;
  bool inputs = line->device + 1 == e->n_devices && e->n_devices > 1;
  vf_text_put(out, inputs ? "inputs of the graph (ids, embeddings twice, positions, mask)"
                          : "peak of ggml's allocator over the graph");
  vf_text_printf(out, " of one batch: %" PRIu32 " tokens, ", w->ubatch_tokens);
  put_count(out, w->output_rows, "row of logits", "rows of logits");
  vf_text_printf(out, ", flash attention %s = ", w->flash_attn ? "on" : "off");
  put_bytes(out, line->size.bytes);
  if (line->basis == VF_BASIS_MODELLED)
    vf_text_put(out, ", with the scheduler's copies between devices bounded");
  vf_text_put(out, "  [ggml-alloc.c; llama.cpp src/llama-context.cpp:620]");
}

static void explain_output(const vf_estimate *e, const vf_line *line, vf_text *out) {
  vf_text_thousands(out, e->model->n_vocab);
  vf_text_put(out, " logits × ");
  put_count(out, e->workload.seqs, "sequence", "sequences");
  vf_text_put(out, " × 4 B = ");
  put_bytes(out, line->size.bytes);
  vf_text_put(out, "  [llama.cpp src/llama-context.cpp:2103]");
}

static void put_mib_range(vf_text *out, vf_interval size) {
  vf_text_printf(out, "%" PRIu64 " to %" PRIu64 " MiB", size.low_bytes / VF_MIB,
                 size.high_bytes / VF_MIB);
}

static void explain_runtime(const vf_estimate *e, const vf_line *line, vf_text *out) {
  if (line->device + 1 == e->n_devices) {
    vf_text_put(out,
                "states of past prompts, up to llama-server's --cache-ram of 8192 MiB, but one "
                "whole sequence in any case: ");
    put_mib_range(out, line->size);
    vf_text_put(out, "  [llama.cpp common/arg.cpp: --cache-ram; tools/server/server-task.cpp]");
    return;
  }
  vf_text_put(out, "device context ");
  put_mib_range(out, e->devices[line->device].device.context);
  vf_text_put(out, ", cuBLAS workspace and kernel scratch of the widest matrix: ");
  put_mib_range(out, line->size);
  vf_text_put(out, "  [measured contexts: the device's catalog entry; ggml-cuda/common.cuh:1549]");
}

/* Lines that are no part of the model itself: the beginning of their names, words, a source. */
static const struct {
  const char *front, *words, *source;
} beside[] = {
    {"mtp_", "the context of the layer that drafts, a model of that one layer with a cache in f16",
     "llama.cpp common/speculative.cpp"},
    {"draft_", "the draft model's own, by the same rules as the model's",
     "llama.cpp common/common.cpp, common/speculative.cpp"},
    {"mmproj_compute", "the tower's graph, by the size of the image",
     "llama.cpp tools/mtmd/clip.cpp"},
    {"mmproj", "sum of the tower's tensors", "llama.cpp tools/mtmd/clip.cpp"},
    {"lora", "the adapters' tensors of the layers here", "llama.cpp src/llama-adapter.cpp"},
};

static void put_interval(vf_text *out, vf_interval size) {
  put_bytes(out, size.bytes);
  if (size.low_bytes == size.high_bytes) return;
  vf_text_put(out, ", ");
  vf_text_size(out, size.low_bytes, VF_UNIT_GIB, 2);
  vf_text_put(out, " to ");
  vf_text_size(out, size.high_bytes, VF_UNIT_GIB, 2);
}

static bool explain_beside(const vf_line *line, vf_text *out) {
  for (size_t i = 0; i < sizeof beside / sizeof *beside; i++) {
    if (strncmp(line->name, beside[i].front, strlen(beside[i].front)) != 0) continue;
    vf_text_printf(out, "%s = ", beside[i].words);
    put_interval(out, line->size);
    vf_text_printf(out, "  [%s]", beside[i].source);
    return true;
  }
  return false;
}

static void explain_state(const vf_estimate *e, const vf_line *line, vf_text *out) {
  uint32_t layers = 0;
  for (size_t i = 0; i < e->model->n_caches; i++)
    layers += e->model->caches[i].kind == VF_CACHE_STATE;
  vf_text_printf(out, "convolution and state of %" PRIu32 " recurrent layers in f32 × ", layers);
  put_count(out, e->workload.seqs, "sequence", "sequences");
  uint32_t snapshots = vf_llamacpp_snapshots(&e->request);
  if (snapshots > 1)
    vf_text_printf(out, " × %" PRIu32 ", one to go back to for every token that is proposed",
                   snapshots);
  vf_text_put(out, " = ");
  put_bytes(out, line->size.bytes);
  vf_text_put(out, "  [llama.cpp src/llama-memory-recurrent.cpp:101]");
}

void vf_llamacpp_explain(const vf_estimate *e, const vf_line *line, vf_text *out) {
  if (explain_beside(line, out)) return;
  switch (line->part) {
  case VF_PART_WEIGHTS: explain_weights(e, line, out); break;
  case VF_PART_KV_CACHE: explain_kv_cache(e, line, out); break;
  case VF_PART_COMPUTE: explain_compute(e, line, out); break;
  case VF_PART_OUTPUT: explain_output(e, line, out); break;
  case VF_PART_RUNTIME: explain_runtime(e, line, out); break;
  case VF_PART_STATE: explain_state(e, line, out); break;
  case VF_PART_COUNT: break;
  }
}
