/* altup.c - Gemma 3n: several copies of the residual stream, one of them computed with, and an
 * input of its own for every layer. */
#include "engines/ggml/build.h"

/* The length of every row. */
static vf_ref magnitude(vf_ggml_builder *b, uint64_t rows_width, uint64_t width, vf_ref x) {
  uint64_t rows = vf_build_tokens(b, rows_width);
  vf_ref squares = vf_over(b, vf_build_tokens(b, rows_width * width), x);
  return vf_over(b, rows, vf_new(b, rows, squares));
}

/* Brought to the length of the first copy. */
static vf_ref scaled_to(vf_ggml_builder *b, uint64_t copies, vf_ref x, vf_ref target) {
  uint64_t d = b->model->n_embd, bytes = vf_build_tokens(b, d * copies);
  vf_ref length = magnitude(b, copies, d, x);
  return vf_over2(b, bytes, vf_over2(b, bytes, x, target), length);
}

static vf_ref scaled(vf_ggml_builder *b, uint64_t bytes, vf_ref x) {
  return vf_over(b, bytes, x);
}

vf_ref vf_build_altup_start(vf_ggml_builder *b, vf_ref x) {
  const vf_layer *l = &b->model->layers[0];
  uint64_t d = b->model->n_embd, copies = l->altup, bytes = vf_build_tokens(b, d);
  vf_build_layer_inputs(b, x);
  vf_ref length = magnitude(b, 1, d, x);
  vf_ref others = vf_new(b, (copies - 1) * bytes, x);
  others = vf_multiply(b, (copies - 1) * bytes, VF_ROLE_ALTUP_PROJ, others);
  others = scaled_to(b, copies - 1, others, length);
  return vf_new2(b, copies * bytes, x, others);
}

/* Read twice in a layer: to predict and to correct. */
typedef struct router {
  vf_ref norm, matrix;
} router;

static vf_ref route(vf_ggml_builder *b, const vf_layer *l, const router *r, vf_ref x) {
  uint64_t bytes = vf_build_tokens(b, b->model->n_embd), out = vf_build_tokens(b, l->altup);
  x = scaled(b, bytes, vf_norm_with(b, l, bytes, x, r->norm, 0));
  return vf_over(b, out, vf_new2(b, out, r->matrix, x));
}

static vf_ref predict(vf_ggml_builder *b, const vf_layer *l, const router *r, vf_ref x) {
  uint64_t copies = l->altup, all = vf_build_tokens(b, copies * b->model->n_embd);
  vf_ref modality = route(b, l, r, vf_strided(x));
  vf_ref matrix = vf_weight_shaped(b, VF_ROLE_ALTUP_KEEP32, copies, copies * copies);
  vf_ref weights = vf_new2(b, vf_build_tokens(b, copies * copies), matrix, modality);
  vf_ref y = vf_new2(b, all, vf_new(b, all, vf_view(x)), vf_view(weights));
  return vf_over2(b, all, vf_new(b, all, vf_view(y)), x);
}

/* Gates below a cut, which is their mean and some deviations, are set to nothing. */
static vf_ref cut_gate(vf_ggml_builder *b, uint64_t bytes, vf_ref gate) {
  uint64_t one = vf_build_tokens(b, 1);
  vf_ref mean = vf_new(b, one, gate);
  vf_ref squares = vf_over(b, bytes, vf_over2(b, bytes, gate, mean));
  vf_ref deviation = vf_apply(b, one, vf_new(b, one, squares), 2);
  vf_ref cut = vf_over2(b, one, mean, scaled(b, one, deviation));
  return vf_over(b, bytes, vf_over2(b, bytes, gate, cut));
}

static vf_ref feed_forward(vf_ggml_builder *b, const vf_layer *l, vf_ref x) {
  uint64_t bytes = vf_build_tokens(b, l->n_ff), out = vf_build_tokens(b, b->model->n_embd);
  vf_ref up = vf_multiply(b, bytes, VF_ROLE_FFN_UP, x);
  vf_ref gate = vf_multiply(b, bytes, VF_ROLE_FFN_GATE, x);
  if (vf_has(l, VF_LAYER_SPARSE_GATE)) gate = cut_gate(b, bytes, gate);
  vf_ref y = vf_over2(b, bytes, up, vf_over(b, bytes, gate));
  return vf_norm(b, l, out, vf_multiply(b, out, VF_ROLE_FFN_DOWN, y), VF_ROLE_FFN_POST_NORM);
}

/* Attention with a low-rank part beside it, then the feed-forward, on one of the copies. */
static vf_ref activate(vf_ggml_builder *b, const vf_layer *l, vf_ref predicted) {
  uint64_t bytes = vf_build_tokens(b, b->model->n_embd);
  vf_ref x = vf_norm(b, l, bytes, vf_strided(predicted), VF_ROLE_ATTN_NORM);
  vf_ref matrix = vf_weight_shaped(b, VF_ROLE_LAUREL, b->model->n_embd, l->laurel);
  vf_ref low = vf_new2(b, vf_build_tokens(b, l->laurel), matrix, x);
  matrix = vf_weight_shaped(b, VF_ROLE_LAUREL, l->laurel, b->model->n_embd);
  low = vf_norm(b, l, bytes, vf_new2(b, bytes, matrix, low), VF_ROLE_LAUREL_NORM);
  low = vf_over2(b, bytes, low, x);
  vf_ref y = vf_norm(b, l, bytes, vf_build_attention(b, l, x), VF_ROLE_ATTN_POST_NORM);
  y = vf_over2(b, bytes, y, vf_strided(predicted));
  vf_ref sum = scaled(b, bytes, vf_over2(b, bytes, y, low));
  vf_ref f = feed_forward(b, l, vf_norm(b, l, bytes, sum, VF_ROLE_FFN_NORM));
  return vf_over2(b, bytes, f, sum);
}

static vf_ref correct(vf_ggml_builder *b, const vf_layer *l, const router *r, vf_ref predicted,
                      vf_ref activated) {
  uint64_t copies = l->altup, bytes = vf_build_tokens(b, b->model->n_embd);
  vf_ref modality = route(b, l, r, activated);
  vf_ref change = vf_over2(b, bytes, activated, vf_strided(predicted));
  uint64_t small = vf_build_tokens(b, copies);
  vf_ref matrix = vf_weight_shaped(b, VF_ROLE_ALTUP_KEEP32, copies, copies);
  vf_ref weights = scaled(b, small, vf_new2(b, small, matrix, modality));
  weights = vf_new(b, small, vf_view(weights));
  change = vf_over2(b, copies * bytes, vf_new(b, copies * bytes, change), weights);
  return vf_over2(b, copies * bytes, change, predicted);
}

static vf_ref first_prediction(vf_ggml_builder *b, const vf_layer *l, vf_ref corrected) {
  uint64_t bytes = vf_build_tokens(b, b->model->n_embd);
  uint64_t own = vf_build_tokens(b, l->embd_per_layer);
  vf_ref scale = vf_weight_shaped(b, VF_ROLE_ALTUP_KEEP32, b->model->n_embd, 1);
  vf_ref x = vf_over2(b, bytes, vf_strided(corrected), scale);
  x = vf_over(b, own, vf_multiply(b, own, VF_ROLE_INP_GATE, x));
  x = vf_over2(b, own, x, vf_strided(b->layer_inputs));
  return vf_norm(b, l, bytes, vf_multiply(b, bytes, VF_ROLE_INP_PROJ, x), VF_ROLE_INP_POST_NORM);
}

vf_ref vf_build_altup_layer(vf_ggml_builder *b, const vf_layer *l, vf_ref x) {
  uint64_t bytes = vf_build_tokens(b, b->model->n_embd), others = l->altup - 1;
  const router r = {vf_weight_shaped(b, VF_ROLE_ALTUP_KEEP32, b->model->n_embd, 1),
                    vf_weight(b, VF_ROLE_ALTUP_ROUTER)};
  vf_ref predicted = predict(b, l, &r, x);
  vf_ref corrected = correct(b, l, &r, predicted, activate(b, l, predicted));
  vf_ref first = first_prediction(b, l, corrected);
  vf_ref rest = vf_over2(b, others * bytes, vf_strided(corrected), first);
  return vf_new2(b, l->altup * bytes, vf_strided(corrected), rest);
}

vf_ref vf_build_altup_end(vf_ggml_builder *b, vf_ref x) {
  const vf_layer *l = &b->model->layers[0];
  uint64_t d = b->model->n_embd, bytes = vf_build_tokens(b, d), others = l->altup - 1;
  vf_ref length = magnitude(b, 1, d, vf_strided(x));
  vf_ref rest = vf_multiply(b, others * bytes, VF_ROLE_ALTUP_UNEMBD_PROJ, vf_strided(x));
  rest = scaled_to(b, others, rest, length);
  vf_ref y = vf_strided(x);
  for (uint64_t i = 0; i < others; i++) y = vf_over2(b, bytes, y, vf_strided(rest));
  return scaled(b, bytes, y);
}
