/* draft.c - what proposes tokens: layers of the model itself, or another model.
 *
 * Either is a second context over the same tokens (tools/server/server-context.cpp,
 * common/speculative.cpp): a cache in f16 whatever the target's is in, and a graph of its own.
 * Layers that predict further tokens are one layer behind the others, so their graph is one of a
 * model of that one layer. A target with states keeps one more of them for every token that is
 * proposed, to go back to (common/common.h, need_n_rs_seq). */
#include <string.h>

#include "base/checked.h"
#include "base/names.h"
#include "base/status.h"
#include "core/format.h"
#include "engines/llamacpp/plan.h"

enum { DEFAULT_PROPOSED = 3 /* common/common.h, speculative.draft.n_max */ };

/* ---- Snapshots -------------------------------------------------------------------------- */

/* Drafts that read hidden states of the target go back in its states; others compute again. */
static bool reads_hidden_states(const vf_model *draft) {
  return draft != NULL &&
         (vf_name_equal(draft->arch, "eagle3") || vf_name_equal(draft->arch, "dflash") ||
          vf_name_equal(draft->arch, "dspark"));
}

uint32_t vf_llamacpp_proposed(const vf_request *r) {
  if (!r->mtp && r->draft == NULL) return 0;
  return r->spec_tokens != 0 ? r->spec_tokens : DEFAULT_PROPOSED;
}

uint32_t vf_llamacpp_snapshots(const vf_request *r) {
  return 1 + (r->mtp || reads_hidden_states(r->draft) ? vf_llamacpp_proposed(r) : 0);
}

/* ---- The layer that drafts -------------------------------------------------------------- */

/* The first layer that predicts further tokens, and how many there are; where a model is not known
 * to have one, its file is taken to: like its last layer with attention. */
typedef struct drafting {
  uint32_t layer, count;
  bool known;
} drafting;

static drafting find_drafting(const vf_model *m) {
  drafting d = {.layer = m->n_layers - 1, .count = 1};
  uint32_t n = 0;
  for (uint32_t i = m->n_layers; i-- > 0 && (m->layers[i].flags & VF_LAYER_MTP) != 0;) {
    d.layer = i;
    n++;
  }
  d.known = n != 0;
  if (d.known) d.count = n;
  while (!d.known && d.layer > 0 && (m->layers[d.layer].mixers & VF_MIX_ATTENTION) == 0) d.layer--;
  return d;
}

/* Makers who train such a layer do it for delta nets and latent attention with experts. */
static bool may_have_one(const vf_model *m) {
  for (uint32_t i = 0; i < m->n_layers; i++) {
    const vf_layer *l = &m->layers[i];
    if ((l->mixers & VF_MIX_DELTA) != 0 || (l->kv_lora != 0 && l->n_experts != 0)) return true;
  }
  return false;
}

/* A model of that one layer, with the embedding before it and the output behind it. */
static vf_model one_layer(const vf_model *m, vf_layer *layer, const drafting *d) {
  vf_model one = *m;
  *layer = m->layers[d->layer];
  layer->flags &= ~(uint64_t)VF_LAYER_MTP;
  one.layers = layer;
  one.n_layers = 1;
  one.periodic_from = 0;
  one.layer_period = 1;
  one.shape = vf_stir(m->shape, d->layer);
  return one;
}

static uint32_t layer_device(const plan *p, const drafting *d) {
  return vf_llamacpp_slot_budget(p, d->known ? d->layer : p->model->n_layers);
}

/* ---- Lines ------------------------------------------------------------------------------ */

/* Weights of a layer that is only taken to be there: those of the one that it is like, and the
 * matrix that joins an embedding and the hidden state.  Published files keep them in more bits. */
static void add_weights(plan *p, const drafting *d, uint32_t device) {
  uint64_t joined = 2 * p->model->n_embd * p->model->n_embd, sum = joined;
  if (d->known) return;
  for (size_t i = 0; i < p->model->n_tensors; i++) {
    const vf_tensor *t = &p->model->tensors[i];
    if (t->layer == (int32_t)d->layer) sum += t->bytes * t->count;
  }
  vf_estimate_add(p->e, (vf_line){device,
                                  VF_PART_WEIGHTS,
                                  "mtp_weights",
                                  {sum - sum / 8, sum, sum + sum / 2},
                                  VF_BASIS_ASSUMED,
                                  "of the layer that drafts"});
  vf_estimate_assume(p->e, "mtp-layer",
                     "the file holds a layer that predicts further tokens, as its last one is");
}

static void add_cache(plan *p, const drafting *d, uint32_t device) {
  const vf_cache_layer *cache = NULL;
  const vf_workload target = *p->w;
  const vf_buffer_rule *rule = &vf_llamacpp_buffer_rules[p->e->devices[device].device.backend];
  uint64_t bytes = 0;
  for (size_t i = 0; i < p->model->n_caches; i++)
    if (vf_cache_has_cells(&p->model->caches[i])) cache = &p->model->caches[i];
  if (cache == NULL) return;
  p->w->kv_k = p->w->kv_v = VF_FORMAT_F16;
  if (!vf_llamacpp_cache_bytes(p, cache, rule, &bytes) || !vf_mul(&bytes, bytes, d->count))
    p->e->overflow = true;
  *p->w = target;
  vf_estimate_add(p->e, (vf_line){device, VF_PART_KV_CACHE, "mtp_kv_cache", vf_exactly(bytes),
                                  VF_BASIS_MODELLED, "f16, of the layer that drafts"});
}

/* The hidden state comes in beside the embedding, and both are normed and joined. */
static vf_status add_graph(plan *p, const drafting *d, uint32_t device, vf_error *err) {
  vf_layer layer;
  const vf_model one = one_layer(p->model, &layer, d);
  vf_ggml_graph g = p->graph;
  uint64_t device_bytes = 0, host_bytes = 0, hidden = 0;
  g.n_gpus = 1;
  g.placement = NULL;
  g.moved = NULL;
  g.kv_k = g.kv_v = VF_FORMAT_F16;
  g.cpu_moe_layers = 0;
  g.snapshots = 1;
  g.pipelined = g.pins_norms = g.flash_on_host = false;
  vf_status status = vf_ggml_device_buffer(&device_bytes, &one, &g, err);
  if (status == VF_OK && !p->cpu_only) status = vf_ggml_host_buffer(&host_bytes, &one, &g, err);
  if (status != VF_OK) return status;
  if (!vf_mul3(&hidden, g.tokens, p->model->n_embd, 4)) p->e->overflow = true;
  vf_interval size = {device_bytes - device_bytes / 10, device_bytes, device_bytes + 4 * hidden};
  vf_estimate_add(p->e, (vf_line){device, VF_PART_COMPUTE, "mtp_compute", size, VF_BASIS_MODELLED,
                                  "graph of the layer that drafts"});
  host_bytes = p->cpu_only ? 0 : host_bytes + hidden;
  vf_estimate_add(p->e, (vf_line){p->host,
                                  VF_PART_COMPUTE,
                                  "mtp_compute",
                                  {host_bytes - host_bytes / 10, host_bytes, host_bytes + hidden},
                                  VF_BASIS_MODELLED,
                                  "inputs of the layer that drafts"});
  return VF_OK;
}

vf_status vf_llamacpp_add_mtp(plan *p, vf_error *err) {
  if (!p->request->mtp) return VF_OK;
  drafting d = find_drafting(p->model);
  uint32_t device = layer_device(p, &d);
  if (!d.known && !may_have_one(p->model))
    return vf_fail(
        err, VF_UNSUPPORTED,
        "no layers of the model that predict further tokens are known (a file has them, or not)");
  add_weights(p, &d, device);
  add_cache(p, &d, device);
  return add_graph(p, &d, device, err);
}

const char *vf_llamacpp_draft_name(const char *name) {
  static const char *const names[][2] = {{"weights", "draft_weights"},
                                         {"kv_cache", "draft_kv_cache"},
                                         {"recurrent_state", "draft_state"},
                                         {"compute", "draft_compute"},
                                         {"output", "draft_output"}};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    if (strcmp(name, names[i][0]) == 0) return names[i][1];
  return name;
}
