/* training_megatron.c - what Megatron itself says of a run: "Theoretical memory footprints: weight
 * and optimizer=… MB, activation=… MB" (megatron/training/theoretical_memory_usage.py, 2026-08-22).
 *
 * It is no estimate of ours: it knows no full recomputation, no vocabulary but a padded one, and
 * the same layers everywhere.  Who runs Megatron can hold its first line against it.
 *
 *   weights and states   18 bytes a parameter of the fullest shard, or 6 + 12 / DP
 *   a layer's activations
 *     with sequence parallel and selective recomputation   s b (18 h + 4 f) / t
 *     else                                                 s b h (10 + 24 / t), and 5 % on all
 *   beside them, of as many steps as there are stages: 8 s b of token ids, s b h of dropout; on a
 *   single stage the input of the output matrix and the logits */
#include "core/training_megatron.h"

#include "base/checked.h"

typedef struct theory {
  bool *overflow;
  const vf_run *r;
  uint64_t hidden, ff, layers, vocab; /* padded */
} theory;

static uint64_t times(const theory *t, uint64_t a, uint64_t b) {
  return vf_train_times(t->overflow, a, b);
}

static uint64_t plus(const theory *t, uint64_t a, uint64_t b) {
  return vf_train_plus(t->overflow, a, b);
}

static uint64_t padded(const vf_model *m, const vf_run *r) {
  enum { DIVISIBLE_BY = 128 }; /* --make-vocab-size-divisible-by */
  uint64_t multiple = (uint64_t)DIVISIBLE_BY * r->tp, rest = m->n_vocab % multiple;
  return rest == 0 ? m->n_vocab : m->n_vocab + multiple - rest;
}

/* A dense layer's feed-forward, or an expert's where there is none. */
static uint64_t feed_forward(const vf_model *m) {
  uint64_t dense = 0, expert = 0;
  for (uint32_t i = 0; i < m->n_layers; i++) {
    dense = vf_max_u64(dense, m->layers[i].n_ff);
    expert = vf_max_u64(expert, m->layers[i].n_ff_expert);
  }
  return dense != 0 ? dense : expert;
}

/* ---- Activations ------------------------------------------------------------------------- */

/* Of all layers, and of what lies beside them. */
static uint64_t kept(const theory *t, uint64_t tokens, bool sequence_parallel) {
  uint64_t h = t->hidden, tp = t->r->tp, pp = t->r->pp;
  uint64_t layer = sequence_parallel ? times(t, tokens, 18 * h + 4 * t->ff)
                                     : times(t, tokens, 10 * h + 24 * h / tp);
  uint64_t beside = times(t, times(t, tokens, 8 + h), pp);
  return plus(t, times(t, layer, t->layers), beside);
}

/* Parts of a stage in turn have more steps in flight; few micro batches have less. */
static uint64_t in_flight(const theory *t, uint64_t bytes) {
  const vf_run *r = t->r;
  if (r->vpp > 1) return bytes + times(t, bytes / ((uint64_t)r->pp * r->vpp), r->pp - 1);
  if (r->pp > 1 && r->accum > 1 && r->accum < r->pp) return times(t, bytes / r->pp, r->accum);
  return bytes;
}

static uint64_t activations(const theory *t) {
  const vf_run *r = t->r;
  bool sequence_parallel = r->tp > 1 && r->checkpoints == VF_CKPT_SELECTIVE;
  uint64_t tokens = times(t, r->seq, r->batch), h = t->hidden;
  uint64_t bytes = in_flight(t, kept(t, tokens, sequence_parallel));
  if (sequence_parallel) {
    if (r->pp == 1) bytes = plus(t, bytes, times(t, tokens, 4 * (h + t->vocab)));
    return bytes / r->tp;
  }
  if (r->pp == 1) bytes = plus(t, bytes, times(t, tokens, 2 * (h + t->vocab / r->tp)));
  return plus(t, bytes, bytes / 20);
}

/* ---- Weights and states ------------------------------------------------------------------- */

/* Thousandths of a byte of a parameter. */
static uint64_t of_parameter(const vf_run *r, uint64_t replicas) {
  return r->parallel == VF_ZERO1 ? 6000 + 12000 / replicas : 18000;
}

static uint64_t states(const theory *t, const vf_train_model *s) {
  const vf_run *r = t->r;
  uint64_t embedding = times(t, t->hidden, t->vocab);
  uint64_t ends = s->output != 0 && r->pp == 1 ? 2 * embedding : embedding;
  uint64_t vectors = s->vectors / r->pp,
           matrices = (s->rest - vf_min_u64(s->vectors, s->rest)) / r->pp;
  uint64_t dense = (matrices + ends) / r->tp + vectors;
  uint64_t expert_ways = (uint64_t)r->pp * (r->ep > 1 ? r->ep : r->tp);
  uint64_t experts = s->experts / expert_ways, replicas = vf_max_u64(r->replicas, 1);
  uint64_t expert_replicas = vf_max_u64(r->ep > 1 ? r->gpus / (r->pp * r->ep) : replicas, 1);
  return plus(t, vf_train_permille(t->overflow, dense, of_parameter(r, replicas)),
              vf_train_permille(t->overflow, experts, of_parameter(r, expert_replicas)));
}

void vf_train_put_theory(vf_train *out, const vf_model *m, const vf_train_model *s,
                         const vf_run *r) {
  bool overflow = false;
  if (!vf_run_is_megatron(r) || r->method != VF_FULL || s->layers == 0) return;
  const theory t = {.overflow = &overflow,
                    .r = r,
                    .hidden = m->n_embd,
                    .ff = feed_forward(m),
                    .layers = s->layers,
                    .vocab = padded(m, r)};
  uint64_t of_states = states(&t, s), of_activations = activations(&t);
  if (overflow) return;
  out->theory_states_bytes = of_states;
  out->theory_activations_bytes = of_activations;
}
