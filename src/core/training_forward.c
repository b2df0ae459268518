/* training_forward.c - what is alive at the end of the forward pass: activations, logits, gathered
 * shards.
 *
 * Without checkpoints all layers are alive at the loss; with them their inputs are, and the larger
 * of one layer that is computed again and of the logits.  A pipeline's first stage has as many
 * steps in flight as there are stages, its last one step and the logits: the fuller counts.
 *
 * Sources: training_model.c's for bytes a token; torch FSDP (root unit, prefetch, LoRA's outputs
 * kept for hooks); deepspeed/runtime/zero/config.py (bucket sizes); peft/utils/other.py
 * (prepare_model_for_kbit_training); trl/experimental/gkd/gkd_trainer.py:250 (both models'
 * log-probabilities, and the divergence). */
#include "core/training_share.h"

/* A token's bytes on a stage, and its products. */
typedef struct moment {
  const vf_train_share *x;
  vf_train_factor tokens, sequences, answers;
  uint64_t shared; /* GPUs that share a sequence's tokens, and a layer */
  bool last;       /* stage, which has the logits */
} moment;

static uint64_t stream_bytes(const vf_train_share *x) {
  return x->m->n_embd * (x->r->precision == VF_FP32 || x->r->base_fp32 ? 4 : 2);
}

/* PEFT's preparation of a quantized base makes norms, embeddings and the stream between layers
 * fp32; Unsloth, LLaMA-Factory and others leave them in 16 bits. */
static bool may_upcast(const vf_run *r) {
  bool sixteen = r->precision != VF_FP32 && !r->base_fp32;
  return r->method == VF_QLORA && r->base != VF_BASE_GPTQ && sixteen && !r->no_upcast;
}

/* Steps whose activations a stage holds. */
static uint64_t steps_of(const moment *t) {
  const vf_run *r = t->x->r;
  if (t->last) return 1;
  return r->accum > 1 && r->accum < r->pp ? r->accum : r->pp;
}

/* Of a layer that is shared by tensors each GPU has its tokens' part of the sequence, and for a
 * product all of it: the gathered input, its gradient, and a result before it is summed, 2 bytes
 * each. */
static uint64_t work_bytes(const moment *t) {
  const vf_train_share *x = t->x;
  uint64_t tp = x->r->tp;
  return vf_train_divide(x->s->work_bytes, tp) + (tp > 1 ? 6 * x->m->n_embd : 0);
}

/* Beside logits that are worked on in place, or in pieces, lies what leads to them: the last norm
 * with what it keeps, its result and that one's gradient.  PyTorch's own loss peaks before there is
 * such a gradient, and its slope is the same for small vocabularies as for large ones.  A head that
 * tensors share gathers its input, with a gradient of it. */
static uint64_t head_input_bytes(const vf_train_share *x) {
  const vf_run *r = x->r;
  bool beside = r->loss != VF_LOSS_FULL || vf_run_is_megatron(r);
  uint64_t h = x->m->n_embd; /* the norm 4, its result 2, a gradient 2 */
  uint64_t norm = beside ? 8 * h : 0;
  return vf_train_divide(norm, r->tp) + (r->tp > 1 ? 4 * h : 0);
}

static uint64_t logit_bytes(const moment *t) {
  const vf_train_share *x = t->x;
  if (!t->last || !vf_run_has_head(x->r)) return 0;
  return vf_train_divide(x->m->n_vocab * vf_train_logits_hundredths(x->r) / 100, x->r->tp) +
         head_input_bytes(x);
}

/* What selective checkpointing saves: Megatron's computes attention's scores again, which flash
 * attention never keeps; torch's every second product, 42 % of what it would keep. */
static uint64_t selected_permille(const vf_run *r) {
  bool torch = r->checkpoints == VF_CKPT_SELECTIVE && !vf_run_is_megatron(r);
  return torch ? 420 : 0;
}

static void add_layers(const moment *t) {
  const vf_train_share *x = t->x;
  const vf_run *r = x->r;
  vf_train_add_share(x, VF_LIST_ACTIVATIONS,
                     VF_FACTORS(t->tokens, t->sequences, t->answers,
                                {steps_of(t), "steps in flight"},
                                {x->s->saved_bytes, "B kept in all layers"}),
                     selected_permille(r), "of it kept selectively", t->shared * r->pp);
}

static void add_inputs(const moment *t, uint64_t times) {
  const vf_train_share *x = t->x;
  vf_train_add_bytes(
      x, VF_LIST_ACTIVATIONS,
      VF_FACTORS(t->tokens, t->sequences, t->answers, {steps_of(t), "steps in flight"},
                 {times * x->s->kept_layers, "layers"}, {stream_bytes(x), "B of a layer's input"}),
      t->shared * x->r->pp);
}

static void add_work(const moment *t) {
  t->x->p->at_work = vf_train_add_bytes(
      t->x, VF_LIST_ACTIVATIONS,
      VF_FACTORS(t->tokens, t->sequences, t->answers, {work_bytes(t), "B of a layer at work"}),
      t->x->r->cp);
}

static void add_logits(const moment *t) {
  const vf_train_share *x = t->x;
  if (logit_bytes(t) == 0) return;
  vf_train_add(x, VF_LIST_LOGITS,
               VF_FACTORS(t->tokens, t->sequences, t->answers, {x->m->n_vocab, "logits"}),
               10 * vf_train_logits_hundredths(x->r), t->shared);
  if (head_input_bytes(x) != 0)
    vf_train_add_bytes(x, VF_LIST_LOGITS,
                       VF_FACTORS(t->tokens, t->sequences, t->answers,
                                  {head_input_bytes(x), "B of the head's input"}),
                       x->r->cp);
}

/* The larger of the two is alive. */
static void add_work_or_logits(const moment *t) {
  if (logit_bytes(t) > work_bytes(t))
    add_logits(t);
  else
    add_work(t);
}

static uint64_t kept_bytes(const moment *t) {
  const vf_train_share *x = t->x;
  uint64_t all = vf_train_divide(stream_bytes(x) * x->s->kept_layers, x->r->tp);
  return all / x->r->pp * steps_of(t);
}

static void add_stage(const moment *t) {
  const vf_run *r = t->x->r;
  bool outputs = r->parallel == VF_FSDP && r->method != VF_FULL; /* kept for the units' hooks */
  bool again = outputs && kept_bytes(t) + work_bytes(t) >= logit_bytes(t);
  switch ((vf_checkpoints)r->checkpoints) {
  case VF_CKPT_NONE:
    add_layers(t);
    add_logits(t);
    break;
  case VF_CKPT_SELECTIVE:
    add_layers(t);
    add_work_or_logits(t);
    break;
  case VF_CKPT_FULL:
    add_inputs(t, again ? 2 : 1);
    if (again)
      add_work(t);
    else if (outputs)
      add_logits(t);
    else
      add_work_or_logits(t);
    break;
  case VF_CKPT_OFFLOAD: add_work_or_logits(t); break;
  }
}

static uint64_t take_stage(moment *t, bool last) {
  vf_train_list *l = t->x->p->lists;
  l[VF_LIST_ACTIVATIONS] = l[VF_LIST_LOGITS] = (vf_train_list){.n = 0};
  t->last = last;
  t->x->p->at_work = 0;
  add_stage(t);
  return l[VF_LIST_ACTIVATIONS].bytes + l[VF_LIST_LOGITS].bytes;
}

/* ---- Further networks -------------------------------------------------------------------- */

/* A critic is computed beside the policy, and differentiated with it; its layers are taken for the
 * policy's, by their parameters. */
static void add_critic(const moment *t) {
  const vf_train_share *x = t->x;
  uint64_t own = x->s->embedding + x->s->output + x->s->experts + x->s->rest;
  uint64_t policy = x->p->lists[VF_LIST_ACTIVATIONS].bytes;
  if (x->r->critic == 0 || own == 0) return;
  uint64_t permille = vf_train_times(&x->p->overflow, x->r->critic, 1000) / own;
  vf_train_add_share(x, VF_LIST_ACTIVATIONS, VF_FACTORS({policy, "B again for the critic"}),
                     permille, "of the policy's size", 1);
}

/* The teacher's logits and log-probabilities lie beside the student's, and the divergence of the
 * two: 2 + 2 + 4 + 4 bytes.  Jensen-Shannon's has a mixture, too. */
static void add_teacher(const moment *t) {
  const vf_train_share *x = t->x;
  const vf_run *r = x->r;
  const vf_train_factor *logits =
      VF_FACTORS(t->tokens, t->sequences, {x->m->n_vocab, "logits of both models"});
  if (r->teacher == 0) return;
  bool fused = r->loss == VF_LOSS_FUSED || r->loss == VF_LOSS_CHUNKED;
  uint64_t bytes = vf_train_add(x, VF_LIST_LOGITS, logits, fused ? 400 : 12000, t->shared);
  if (!fused) x->p->more += 2 * bytes;
}

/* Trained, a tower keeps all its blocks, or with checkpoints their inputs where the program
 * checkpoints it, too (the upper end: it does not); frozen, it works on one block. */
static void add_images(const moment *t) {
  const vf_train_share *x = t->x;
  const vf_run *r = x->r;
  const vf_train_model *s = x->s;
  bool trained = s->towers.trained != 0, checkpoints = r->checkpoints != VF_CKPT_NONE;
  uint64_t bytes = !trained      ? 0
                   : checkpoints ? s->per_image_kept + s->per_image_work
                                 : s->per_image_saved;
  if (r->images == 0) return;
  const vf_train_factor images = {r->images, "images"};
  vf_train_add_bytes(x, VF_LIST_ACTIVATIONS,
                     VF_FACTORS(images, t->sequences, t->answers, {bytes, "B kept of one"}), 1);
  if (!trained || !checkpoints || bytes >= s->per_image_saved) return;
  uint64_t n = vf_train_times(&x->p->overflow, r->images * t->answers.value, t->sequences.value);
  x->p->more += vf_train_times(&x->p->overflow, n, s->per_image_saved - bytes);
}

/* Autocast makes a 16-bit copy of each matrix of an fp32 base, which the product keeps for its
 * backward pass: of all layers, or of the one that is computed again. */
static void add_casts(const moment *t) {
  const vf_train_share *x = t->x;
  const vf_run *r = x->r;
  uint64_t n = x->s->rest > x->s->vectors ? x->s->rest - x->s->vectors : 0;
  if (!r->base_fp32 || r->method == VF_QLORA) return;
  if (r->checkpoints != VF_CKPT_NONE && x->s->layers != 0) n /= x->s->layers;
  vf_train_add(x, VF_LIST_ACTIVATIONS, VF_FACTORS({n, "parameters that autocast copied"}), 2000,
               vf_run_shards_weights(r) ? vf_run_shards(r) : r->tp * r->pp);
}

/* ---- Ends -------------------------------------------------------------------------------- */

/* What programs differ in and the options do not say. */
static void take_differences(const moment *t, uint64_t tokens) {
  const vf_train_share *x = t->x;
  const vf_run *r = x->r;
  vf_train_parts *p = x->p;
  bool *overflow = &p->overflow;
  uint64_t all = vf_train_divide(x->s->saved_bytes, r->tp);
  if (selected_permille(r) != 0) { /* versions of torchtitan differ by half, and in whether the loss
                                      is compiled */
    moment last = *t;
    last.last = true;
    uint64_t loss = r->compile ? logit_bytes(&last) * 3 / 11 : 0;
    uint64_t both = vf_train_times(overflow, tokens, all / 5 + loss);
    p->less += both;
    p->more += both;
  }
  if (r->checkpoints == VF_CKPT_NONE)
    p->more += vf_train_times(overflow, tokens,
                              vf_train_divide(x->s->unfused_bytes + x->s->dropout_bytes, r->tp));
  if (!may_upcast(r)) return;
  uint64_t widened = x->s->embedding + x->s->output + x->s->vectors;
  p->more += 2 * vf_train_divide(widened, vf_run_shards_weights(r) ? vf_run_shards(r) : 1);
  if (r->checkpoints == VF_CKPT_FULL) p->more += p->checkpoints;
}

void vf_train_take_forward(const vf_train_share *x) {
  const vf_run *r = x->r;
  bool *overflow = &x->p->overflow;
  uint64_t answers = vf_run_answers(r);
  moment t = {.x = x,
              .tokens = {r->seq, "tokens"},
              .sequences = {r->batch, "sequences"},
              .answers = {answers, "answers"},
              .shared = (uint64_t)r->tp * r->cp};
  uint64_t batch = vf_train_times(overflow, r->seq, r->batch);
  uint64_t tokens = vf_train_divide(vf_train_times(overflow, batch, answers), r->cp);
  uint64_t last = take_stage(&t, true);
  if (r->pp > 1 && take_stage(&t, false) < last) take_stage(&t, true);
  uint64_t inputs = vf_train_divide(stream_bytes(x) * x->s->kept_layers, r->tp);
  uint64_t kept = vf_train_times(overflow, tokens, inputs);
  x->p->checkpoints = r->checkpoints == VF_CKPT_FULL ? kept : 0;
  take_differences(&t, tokens);
  if (r->checkpoints == VF_CKPT_OFFLOAD || (r->offload & VF_OFFLOAD_ACTIVATIONS) != 0)
    x->p->host += vf_train_times(overflow, kept, r->gpus);
  add_critic(&t);
  add_teacher(&t);
  add_images(&t);
  add_casts(&t);
}

/* ---- Buffers ----------------------------------------------------------------------------- */

/* Gathered units of FSDP and ZeRO-3, 2 bytes a parameter: the root with both embeddings, a layer
 * and the next; the layer's gradient where it is trained.  Experts in one tensor have a gradient of
 * the whole tensor's size for each slice of it (torch's select), and reduce it in fp32.  A
 * pipeline's stage stays gathered over its micro batches, and adds its gradients up in fp32 before
 * they are reduced (torchtitan: reshard_after_forward is off with pipelines; FSDP2's accumulated
 * gradients). */
static void add_gathered(const vf_train_share *x) {
  const vf_run *r = x->r;
  const vf_train_model *s = x->s;
  bool full = r->method == VF_FULL;
  uint64_t n = s->layers != 0 ? s->layers : 1;
  if (r->pp > 1 && full) {
    vf_train_add(x, VF_LIST_BUFFERS, VF_FACTORS({x->p->own, "parameters of a stage"}), 2000 + 4000,
                 1);
    return;
  }
  uint64_t base = full ? 0 : 2 * vf_run_base_permille(r);
  vf_train_add(x, VF_LIST_BUFFERS,
               VF_FACTORS({s->embedding + s->output, "of embeddings and output"}), 2000, r->tp);
  vf_train_add(x, VF_LIST_BUFFERS, VF_FACTORS({s->rest / n, "of a layer"}), full ? 6000 : base,
               r->tp);
  vf_train_add(x, VF_LIST_BUFFERS, VF_FACTORS({s->experts / r->ep / n, "of a layer's experts"}),
               full ? 12000 : base, r->tp);
}

void vf_train_take_buffers(const vf_train_share *x) {
  enum { BUCKET_ELEMENTS = 500000000 };
  const vf_run *r = x->r;
  vf_train_parts *p = x->p;
  bool from_host = (r->offload & VF_OFFLOAD_PARAMS) != 0;
  if (vf_run_shards_weights(r) && (vf_run_shards(r) > 1 || from_host)) {
    add_gathered(x);
  } else if (vf_run_is_deepspeed(r)) { /* reduced and gathered; they are made once */
    vf_train_add(x, VF_LIST_BUFFERS, VF_FACTORS({2, "buckets"}, {BUCKET_ELEMENTS, "elements"}),
                 2000, 1);
    p->buffers_stay = true;
  } else if (r->parallel == VF_DDP && r->gpus > 1 && !vf_run_is_megatron(r)) {
    vf_train_add_bytes(x, VF_LIST_BUFFERS,
                       VF_FACTORS({p->lists[VF_LIST_GRADIENTS].bytes, "B of gradients in buckets"}),
                       1);
  }
  bool fuses = r->loss == VF_LOSS_FUSED || r->loss == VF_LOSS_CHUNKED;
  bool head = fuses && vf_run_has_head(r) && r->method == VF_FULL; /* made with the loss */
  const vf_train_model *s = x->s;
  if (head && !vf_train_keeps_gradients(r))
    vf_train_add(
        x, VF_LIST_BUFFERS,
        VF_FACTORS({s->output != 0 ? s->output : s->embedding, "of the output's gradient"}), 2000,
        r->tp);
}
