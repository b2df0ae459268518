/* feed_forward.c - dense feed-forward and mixtures of experts, operation by operation. */
#include "base/checked.h"
#include "engines/ggml/build.h"

enum {
  FUSED_EXPERTS_MAX = 512, /* ggml-cuda/topk-moe.cu: powers of two up to here are fused */
  FUSED_SUM_MAX = 15,      /* ggml-cuda/ggml-cuda.cu:4505: so many results are summed in one */
};

/* The matrices of one feed-forward. */
typedef struct matrices {
  vf_role gate, up, down;
} matrices;

static const matrices own = {VF_ROLE_FFN_GATE, VF_ROLE_FFN_UP, VF_ROLE_FFN_DOWN};
static const matrices shared = {VF_ROLE_FFN_GATE_SHEXP, VF_ROLE_FFN_UP_SHEXP,
                                VF_ROLE_FFN_DOWN_SHEXP};

/* A gate's function and its product with the other half. */
static vf_ref gated(vf_ggml_builder *b, uint64_t bytes, vf_ref gate, vf_ref up) {
  if (!vf_rule(b, VF_RULE_GLU_UNFUSED)) return vf_new2(b, bytes, gate, up);
  return vf_over2(b, bytes, vf_over(b, bytes, gate), up);
}

/* Both in one product: each is copied out of it where they are not one operation. */
static vf_ref gated_halves(vf_ggml_builder *b, uint64_t bytes, vf_ref both) {
  if (!vf_rule(b, VF_RULE_GLU_UNFUSED)) return vf_new(b, bytes, both);
  vf_ref gate = vf_over(b, bytes, vf_new(b, bytes, vf_strided(both)));
  return vf_over2(b, bytes, gate, vf_new(b, bytes, vf_strided(both)));
}

static vf_ref dense(vf_ggml_builder *b, const vf_layer *l, const matrices *m, uint64_t ff,
                    vf_ref x) {
  uint64_t bytes = vf_build_rows(b, ff), out = vf_build_rows(b, b->model->n_embd);
  bool bias = vf_has(l, VF_LAYER_FFN_BIAS);
  vf_ref y;
  if (vf_has(l, VF_LAYER_FFN_FUSED)) {
    y = gated_halves(b, bytes, vf_project(b, vf_build_add(b, bytes, bytes), m->up, x, bias));
  } else if (vf_has(l, VF_LAYER_FFN_PLAIN)) {
    y = vf_apply(b, bytes, vf_project(b, bytes, m->up, x, bias), 2);
  } else {
    vf_ref up = vf_project(b, bytes, m->up, x, bias);
    y = gated(b, bytes, vf_project(b, bytes, m->gate, x, bias), up);
  }
  if (vf_has(l, VF_LAYER_SUB_NORMS)) y = vf_norm(b, l, bytes, y, VF_ROLE_FFN_SUB_NORM);
  return vf_project(b, out, m->down, y, bias);
}

/* ---- Choosing experts ------------------------------------------------------------------- */

/* The choice: ids, weights, and what a fused kernel keeps until it is made. */
typedef struct choice {
  vf_ref ids, weights;
  vf_ref kept[8];
  int n_kept;
} choice;

static void keep(choice *c, vf_ref x) {
  c->kept[c->n_kept++] = x;
}

/* Groups are chosen by their two best experts; the others' scores are masked. */
static vf_ref choose_groups(vf_ggml_builder *b, const vf_layer *l, vf_ref scores) {
  uint64_t all = vf_build_rows(b, l->n_experts), groups = l->expert_groups;
  vf_ref sorted = vf_new(b, all, vf_view(scores));
  vf_ref best = vf_new2(b, vf_build_rows(b, 2 * groups), vf_view(scores), vf_view(sorted));
  vf_ref sum = vf_new(b, vf_build_rows(b, groups), vf_view(best));
  vf_ref order = vf_new(b, vf_build_rows(b, groups), vf_view(sum));
  uint64_t chosen = l->n_experts / groups * l->expert_groups_used;
  vf_ref picked = vf_new2(b, vf_build_rows(b, chosen), vf_view(scores), vf_view(order));
  vf_ref masked = vf_over(b, all, vf_view(scores));
  vf_ref set =
      vf_graph_op(&b->graph, VF_OP_EXTERNAL, 0, (vf_ref[]){picked, vf_view(order), masked}, 3);
  vf_expand(b, set);
  return vf_view(masked);
}

static vf_ref probabilities(vf_ggml_builder *b, const vf_layer *l, uint64_t bytes, vf_ref logits) {
  return vf_has(l, VF_LAYER_TOPK_SOFTMAX) ? logits : vf_over(b, bytes, logits);
}

static vf_ref normalized(vf_ggml_builder *b, uint64_t bytes, vf_ref w, choice *c) {
  uint64_t one = vf_build_rows(b, 1);
  vf_ref sum = vf_new(b, one, vf_view(w));
  keep(c, sum);
  sum = vf_over(b, one, sum);
  keep(c, sum);
  return vf_view(vf_over2(b, bytes, vf_view(w), sum));
}

static vf_ref weigh(vf_ggml_builder *b, const vf_layer *l, vf_ref probs, choice *c) {
  uint64_t bytes = vf_build_rows(b, l->n_experts_used);
  vf_ref w = vf_new2(b, bytes, vf_view(probs), c->ids);
  keep(c, w);
  if (vf_has(l, VF_LAYER_TOPK_SOFTMAX)) w = vf_view(vf_over(b, bytes, vf_view(w)));
  if (vf_has(l, VF_LAYER_TOPK_NORM)) w = normalized(b, bytes, w, c);
  return vf_has(l, VF_LAYER_TOPK_SCALE) ? vf_over(b, bytes, w) : w;
}

static bool is_fused(const vf_ggml_builder *b, const vf_layer *l) {
  bool power = (l->n_experts & (l->n_experts - 1)) == 0 && l->n_experts <= FUSED_EXPERTS_MAX;
  bool one_split = !vf_lies_on_host(b) || !vf_has(l, VF_LAYER_PROBS_BIAS);
  return vf_rule(b, VF_RULE_FUSED_KEEP) && !b->g->on_cpu && !vf_runs_on_host(b) && one_split &&
         power && l->expert_groups <= 1 &&
         !vf_has(l, VF_LAYER_WEIGHT_BEFORE | VF_LAYER_TOPK_SOFTMAX);
}

vf_ref vf_build_router(vf_ggml_builder *b, const vf_layer *l, vf_ref x) {
  uint64_t all = vf_build_rows(b, l->n_experts);
  return vf_project(b, all, VF_ROLE_FFN_ROUTER, x, vf_has(l, VF_LAYER_ROUTER_BIAS));
}

/* By these logits, which others may read, too. */
static choice choose(vf_ggml_builder *b, const vf_layer *l, vf_ref logits) {
  choice c = {.n_kept = 0};
  uint64_t all = vf_build_rows(b, l->n_experts);
  vf_ref probs = probabilities(b, l, all, logits), scores = probs;
  keep(&c, logits);
  keep(&c, probs);
  if (vf_has(l, VF_LAYER_PROBS_BIAS)) {
    scores = vf_over2(b, all, probs, vf_bias(b, VF_ROLE_FFN_ROUTER_BIAS));
    keep(&c, scores);
  }
  if (vf_has(l, VF_LAYER_WEIGHT_BEFORE)) scores = logits;
  if (l->ops & VF_OPS_OWN_SCORES) scores = vf_over(b, all, logits);
  if (l->expert_groups > 1) scores = choose_groups(b, l, scores);
  vf_ref sorted = vf_new(b, all, scores);
  keep(&c, sorted);
  c.ids = vf_view(sorted);
  c.weights = weigh(b, l, probs, &c);
  if (!vf_rule(b, VF_RULE_WEIGHTS_LATE)) vf_expand(b, c.weights);
  for (int i = 0; i < c.n_kept && is_fused(b, l); i++)
    if ((c.kept[i] & 0xFFFF) != (c.weights & 0xFFFF))
      vf_graph_keep(&b->graph, c.weights, c.kept[i]);
  return c;
}

/* ---- Experts ---------------------------------------------------------------------------- */

static vf_ref expert_project(vf_ggml_builder *b, const vf_layer *l, uint64_t bytes, vf_role matrix,
                             vf_ref x, vf_ref ids) {
  const vf_ref sources[] = {vf_weight(b, matrix), x, ids};
  vf_ref y = vf_graph_op(&b->graph, VF_OP_NEW, bytes, sources, 3);
  if (!vf_has(l, VF_LAYER_EXPERT_BIAS)) return y;
  return vf_over3(b, bytes, y, vf_bias(b, matrix), ids);
}

static vf_ref expert_activation(vf_ggml_builder *b, const vf_layer *l, vf_ref x, vf_ref ids) {
  uint64_t bytes = vf_build_rows(b, (uint64_t)l->n_ff_expert * l->n_experts_used);
  if (l->ops & VF_OPS_EXPERTS_FUSED)
    return gated_halves(
        b, bytes,
        expert_project(b, l, vf_build_add(b, bytes, bytes), VF_ROLE_FFN_GATE_UP_EXPS, x, ids));
  vf_ref up = expert_project(b, l, bytes, VF_ROLE_FFN_UP_EXPS, x, ids);
  if (vf_has(l, VF_LAYER_FFN_PLAIN)) return vf_apply(b, bytes, up, 2);
  vf_ref gate = expert_project(b, l, bytes, VF_ROLE_FFN_GATE_EXPS, x, ids);
  return gated(b, bytes, gate, up);
}

/* The sum over the chosen experts; fused, it keeps what it reads. */
static vf_ref sum_experts(vf_ggml_builder *b, const vf_layer *l, const choice *c, vf_ref down,
                          vf_ref weighted) {
  uint64_t bytes = vf_build_rows(b, b->model->n_embd);
  uint32_t used = l->n_experts_used;
  bool before = vf_has(l, VF_LAYER_WEIGHT_BEFORE);
  vf_expand(b, weighted);
  if (used == 1) return vf_new(b, bytes, vf_view(weighted));
  vf_ref y = vf_view(weighted);
  for (uint32_t i = 1; i < used && !b->graph.overflow; i++) {
    y = vf_over2(b, bytes, y, vf_view(weighted));
    vf_expand(b, y);
  }
  bool fused = vf_rule(b, VF_RULE_FUSED_KEEP) && used <= FUSED_SUM_MAX && !before;
  if (!fused || b->g->on_cpu || vf_runs_on_host(b)) return y;
  vf_graph_keep(&b->graph, y, down);
  vf_graph_keep(&b->graph, y, c->weights);
  return y;
}

static vf_ref experts(vf_ggml_builder *b, const vf_layer *l, vf_ref logits, vf_ref x) {
  uint64_t d = b->model->n_embd, bytes = vf_build_rows(b, d * l->n_experts_used);
  bool before = vf_has(l, VF_LAYER_WEIGHT_BEFORE);
  choice c = choose(b, l, logits);
  x = vf_view(x);
  if (before) x = vf_over2(b, bytes, vf_new(b, bytes, x), c.weights);
  vf_ref y = expert_activation(b, l, x, c.ids);
  vf_ref down = expert_project(b, l, bytes, VF_ROLE_FFN_DOWN_EXPS, y, c.ids);
  vf_ref weighted = before ? down : vf_over2(b, bytes, down, c.weights);
  return sum_experts(b, l, &c, down, weighted);
}

static vf_ref add_shared(vf_ggml_builder *b, const vf_layer *l, vf_ref x, vf_ref y) {
  uint64_t bytes = vf_build_rows(b, b->model->n_embd), one = vf_build_rows(b, 1);
  if (l->n_ff_shared == 0) return y;
  vf_ref s = dense(b, l, &shared, l->n_ff_shared, x);
  if (vf_has(l, VF_LAYER_SHEXP_GATE))
    s = vf_over2(b, bytes, s, vf_over(b, one, vf_multiply(b, one, VF_ROLE_FFN_SHEXP_GATE, x)));
  return vf_over2(b, bytes, y, s);
}

/* A smaller expert for each group of experts, chosen by the same logits, reads what the experts
 * made of the input. */
static vf_ref chunk_experts(vf_ggml_builder *b, const vf_layer *l, vf_ref logits, vf_ref y) {
  vf_layer chunk = *l;
  uint64_t bytes = vf_build_rows(b, b->model->n_embd);
  if (l->chunk_groups == 0) return y;
  chunk.n_ff_expert = l->n_ff_chunk;
  chunk.n_experts_used = vf_min_u32(l->n_experts_used, l->chunk_groups);
  chunk.chunk_groups = 0;
  vf_ref more = vf_over(b, bytes, experts(b, &chunk, logits, y));
  return vf_over2(b, bytes, y, more);
}

vf_ref vf_build_experts(vf_ggml_builder *b, const vf_layer *l, vf_ref logits, vf_ref x) {
  return add_shared(b, l, x, experts(b, l, logits, x));
}

vf_ref vf_build_dense(vf_ggml_builder *b, const vf_layer *l, vf_ref x) {
  return dense(b, l, &own, l->n_ff, x);
}

vf_ref vf_build_feed_forward(vf_ggml_builder *b, const vf_layer *l, vf_ref x) {
  uint64_t bytes = vf_build_rows(b, b->model->n_embd);
  if (l->n_experts == 0) return dense(b, l, &own, l->n_ff, x);
  vf_ref logits = b->logits != 0 ? b->logits : vf_build_router(b, l, x);
  vf_ref y = vf_build_experts(b, l, logits, x);
  y = chunk_experts(b, l, logits, y);
  if (l->ops & VF_OPS_BOTH_SUMMED && l->n_ff != 0)
    y = vf_over(b, bytes, vf_over2(b, bytes, dense(b, l, &own, l->n_ff, x), y));
  return y;
}
