/* layer_input.c - an input of its own for every layer, by token (Gemma 3n and 4).
 *
 * A second embedding gives all layers' rows at once; a product of the first one is added, and the
 * sum is put in order by layer.  It is held until the last layer has read its part. */
#include "engines/ggml/build.h"

void vf_build_layer_inputs(vf_ggml_builder *b, vf_ref x) {
  const vf_layer *l = &b->model->layers[0];
  uint64_t all = vf_build_tokens(b, (uint64_t)l->embd_per_layer * b->n_layers);
  vf_ref given = vf_over(b, all, b->in[VF_IN_LAYER_EMBD]);
  vf_expand(b, given);
  vf_ref made = vf_over(b, all, vf_multiply(b, all, VF_ROLE_PER_LAYER_MODEL_PROJ, x));
  made = vf_norm(b, l, all, vf_view(made), VF_ROLE_PER_LAYER_PROJ_NORM);
  made = vf_over(b, all, vf_over2(b, all, made, given));
  b->layer_inputs = vf_new(b, all, vf_view(made));
  vf_graph_hold(&b->graph, b->layer_inputs);
}

/* Behind the feed-forward: a gate out of the result, times the layer's input, is added. */
vf_ref vf_add_layer_input(vf_ggml_builder *b, const vf_layer *l, bool last, vf_ref x) {
  uint64_t bytes = vf_build_rows(b, b->model->n_embd), own = vf_build_rows(b, l->embd_per_layer);
  vf_ref gate = vf_over(b, own, vf_multiply(b, own, VF_ROLE_INP_GATE, x));
  vf_ref input = vf_strided(b->layer_inputs);
  if (last) input = vf_new2(b, own, input, b->in[VF_IN_OUTPUT_IDS]);
  vf_ref y = vf_over2(b, own, gate, input);
  y = vf_norm(b, l, bytes, vf_multiply(b, bytes, VF_ROLE_INP_PROJ, y), VF_ROLE_INP_POST_NORM);
  return vf_over2(b, bytes, x, y);
}
