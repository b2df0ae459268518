/* plan.h - one estimate of llama.cpp on its way through its steps: settings, placement,
 * weights and caches, buffers, and what lies beside a model. */
#ifndef VF_ENGINES_LLAMACPP_PLAN_H
#define VF_ENGINES_LLAMACPP_PLAN_H

#include "core/buffer.h"
#include "core/graph.h"
#include "core/placement.h"
#include "engines/ggml/graph.h"
#include "engines/llamacpp/llamacpp.h"

/* Everything that one estimate needs at hand. */
typedef struct vf_llamacpp_plan {
  vf_estimate *e;
  const vf_model *model;
  const vf_request *request;
  const vf_llamacpp_program *program;
  vf_workload *w;
  vf_ggml_graph graph;
  vf_placement placement;
  uint32_t host;      /* index of the host's budget */
  uint32_t n_gpus;    /* devices that take part, the host not counted */
  uint32_t snapshots; /* states of a sequence: one, and one for each token that is proposed */
  bool cpu_only;      /* the host is the only device */
  uint64_t widest_v;  /* elements: a row of values of the widest layer */
  uint64_t layer_peak_bytes; /* device buffer without the logits */
  uint64_t full_peak_bytes;  /* device buffer with them */
  vf_interval whole_graph;   /* the same, as far as it is known */
  bool graph_known;
  uint64_t split_bytes[VF_GRAPH_BACKENDS];  /* buffers of the GPUs and, last, of the host */
  uint64_t copied_bytes[VF_GRAPH_BACKENDS]; /* the same if experts of the host are copied over */
  bool may_copy;                            /* which is not known */
  bool on_main;   /* rows are split, and one GPU does all that is no product of a matrix */
  uint8_t *moved; /* by overrides, of every tensor, as in graph.moved; NULL: there are none */
} vf_llamacpp_plan;

typedef vf_llamacpp_plan plan;

/* A product of so many rows on host weights runs on the GPU. */
enum { VF_LLAMACPP_OFFLOAD_ROWS = 32 };

/* Applies defaults and refuses what llama.cpp refuses (llamacpp_settings.c). */
vf_status vf_llamacpp_settle(plan *p, vf_error *err);

/* Tokens that are submitted at once: what is asked for, or the default. */
uint64_t vf_llamacpp_batch(const vf_request *r);

/* Finds what overrides move; to be freed (override.c). */
vf_status vf_llamacpp_move(plan *p, vf_error *err);
void vf_llamacpp_free_moved(plan *p);

/* The budget that an override gives a tensor; false: none does. */
bool vf_llamacpp_override(const plan *p, const vf_tensor *t, uint32_t *budget);

/* Puts every slot on a device; then adds the lines of weights and caches (llamacpp_memory.c). */
vf_status vf_llamacpp_place(plan *p, vf_error *err);
void vf_llamacpp_add_weights(plan *p);
void vf_llamacpp_add_caches(plan *p);

/* Index of the budget that a slot's memory comes from, and of a cache's. */
uint32_t vf_llamacpp_slot_budget(const plan *p, uint32_t slot);

/* Whether a tensor is read at all, stays in main memory wherever its layer is, and the slot of what
 * belongs to a layer. */
bool vf_llamacpp_is_loaded(const plan *p, const vf_tensor *t);
bool vf_llamacpp_stays_on_host(const plan *p, const vf_tensor *t);
uint32_t vf_llamacpp_layer_slot(const plan *p, const vf_tensor *t);

/* Bytes of a layer's cache under a buffer's rule; false if they leave 64 bits. */
bool vf_llamacpp_cache_bytes(const plan *p, const vf_cache_layer *c, const vf_buffer_rule *rule,
                             uint64_t *out);

/* How each backend pads its buffers. */
extern const vf_buffer_rule vf_llamacpp_buffer_rules[VF_BACKEND_COUNT];

/* Largest matrix that stays on the host and is copied to a GPU to be multiplied there. */
uint64_t vf_llamacpp_staged_bytes(const plan *p);

/* Whether matrices are split over all GPUs by rows, of which one or another has each whole row. */
bool vf_llamacpp_by_rows(const plan *p);

/* Layers that predict further tokens, where they draft: a context of their own (draft.c). */
vf_status vf_llamacpp_add_mtp(plan *p, vf_error *err);

/* Tokens that are proposed at once, 0 without drafting; states that each sequence keeps for that.
 */
uint32_t vf_llamacpp_proposed(const vf_request *r);
uint32_t vf_llamacpp_snapshots(const vf_request *r);

/* How sure the compute buffer of a device, or of the host, is (spread.c). */
vf_interval vf_llamacpp_spread(const plan *p, vf_interval size, uint32_t device);

/* What a process takes around its model, and what is taken for granted (llamacpp_beside.c). */
void vf_llamacpp_add_beside(plan *p);
const char *vf_llamacpp_draft_name(const char *line);

#endif
