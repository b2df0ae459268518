/* answer.c - the most that fits, and the step beyond it, as text or as events. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/args.h"
#include "base/status.h"
#include "base/units.h"
#include "core/words.h"
#include "report/document.h"
#include "report/out.h"

/* How each question is spelled as an option, said as an answer, and keyed in JSON. */
static const struct {
  const char *option, *one, *many, *key, *none;
} words[VF_MOST_COUNT] = {
    [VF_MOST_CTX] = {"--ctx", "token", "tokens", "ctx_tokens", "no context"},
    [VF_MOST_SEQS] = {"--seqs", "sequence", "sequences", "seqs", "not one sequence"},
    [VF_MOST_QUANT] = {"--quant", NULL, NULL, "quant", "no format"},
    [VF_MOST_KV] = {"--kv", NULL, NULL, "kv", "no cache format"},
    [VF_MOST_GPUS] = {"--gpu", "GPU", "GPUs", "gpus", "no number of GPUs"},
    [VF_MOST_NGL] = {"--ngl", "layer", "layers", "gpu_layers", "no layer"},
    [VF_MOST_N_CPU_MOE] = {"--n-cpu-moe", "layer", "layers", "n_cpu_moe", "no number of layers"},
    [VF_MOST_GPU] = {"--gpu", NULL, NULL, "gpu", "no device"},
    [VF_MOST_MICRO_BATCH] = {"--micro-batch", "sequence", "sequences", "micro_batch",
                             "not one sequence"},
    [VF_MOST_SEQ_LEN] = {"--seq-len", "token", "tokens", "seq_len", "no length"},
    [VF_MOST_RANK] = {"--lora-rank", "rank", "rank", "lora_rank", "no rank"},
};

/* ---- Text ------------------------------------------------------------------------------- */

static void text_value(vf_text *t, const vf_answer *a, const vf_choice *c) {
  if (words[a->kind].one == NULL) {
    vf_text_escaped(t, c->name, strlen(c->name));
    return;
  }
  if (a->kind == VF_MOST_RANK) {
    vf_text_printf(t, "rank %" PRIu64, c->number);
    return;
  }
  vf_text_thousands(t, c->number);
  if (a->kind == VF_MOST_MICRO_BATCH && a->ctx_tokens == 0) {
    vf_text_put(t, c->number == 1 ? " sample" : " samples");
    return;
  }
  vf_text_printf(t, " %s", c->number == 1 ? words[a->kind].one : words[a->kind].many);
}

static void text_option(vf_text *t, const vf_answer *a, const vf_choice *c) {
  vf_text_printf(t, "%s ", words[a->kind].option);
  if (words[a->kind].one == NULL || a->kind == VF_MOST_GPUS)
    vf_text_escaped(t, c->name, strlen(c->name));
  else
    vf_text_printf(t, "%" PRIu64, c->number);
  if (c->tp != 0) vf_text_printf(t, " --tp %" PRIu32, c->tp);
  if (c->pp > 1) vf_text_printf(t, " --pp %" PRIu32, c->pp);
}

static void put_headline(vf_out *out, const vf_answer *a) {
  char buf[256];
  vf_text t = vf_text_on(buf, sizeof buf);
  vf_out_color(out, vf_verdict_word[a->found ? VF_FITS : VF_NO_FIT].color);
  if (a->found)
    text_value(&t, a, &a->best);
  else
    vf_text_printf(&t, "NONE   %s fits", words[a->kind].none);
  vf_out_text(out, &t);
  vf_out_color(out, VF_OUT_RESET);
  vf_out_put(out, "   ");
}

/* What it is about: all but what was asked for. */
static void put_subject(vf_out *out, const vf_answer *a) {
  char buf[512];
  vf_text t = vf_text_on(buf, sizeof buf);
  if (a->training) vf_text_put(&t, "training ");
  vf_text_escaped(&t, a->model, strlen(a->model));
  if (a->kind != VF_MOST_QUANT && a->quant[0] != '\0') vf_text_printf(&t, " · %s", a->quant);
  if (a->kind != VF_MOST_CTX && a->kind != VF_MOST_SEQ_LEN && a->ctx_tokens != 0) {
    vf_text_put(&t, " · ");
    vf_text_thousands(&t, a->ctx_tokens);
    vf_text_put(&t, " tokens");
  }
  if (a->kind != VF_MOST_SEQS && a->kind != VF_MOST_MICRO_BATCH && a->seqs > 1)
    vf_text_printf(&t, " × %" PRIu32, a->seqs);
  if (a->kind != VF_MOST_KV && a->kv[0] != '\0') vf_text_printf(&t, " · KV in %s", a->kv);
  vf_text_printf(&t, " · %s", a->engine);
  if (a->kind != VF_MOST_GPU || a->found) vf_text_printf(&t, "   on %s", a->gpu);
  if (a->kind != VF_MOST_GPUS && a->gpus > 1) vf_text_printf(&t, " × %" PRIu32, a->gpus);
  vf_out_text(out, &t);
  vf_out_put(out, "\n\n");
}

/* It may quote what was typed. */
static void put_refusal(vf_out *out, const char *text) {
  char buf[1400];
  vf_text t = vf_text_on(buf, sizeof buf);
  vf_text_put(&t, "   ");
  vf_text_escaped(&t, text, strlen(text));
  vf_out_text(out, &t);
}

static void put_choice(vf_out *out, const vf_answer *a, const vf_choice *c,
                       const vf_report_options *options) {
  char buf[128];
  vf_text t = vf_text_on(buf, sizeof buf);
  const vf_outcome *o = &c->outcome;
  const char *unit = vf_unit_name(options->unit);
  text_option(&t, a, c);
  vf_out_printf(out, "  %-24s ", buf);
  vf_out_color(out, vf_verdict_word[o->verdict].color);
  vf_out_printf(out, "%-6s", o->refused ? "–" : vf_verdict_word[o->verdict].shown);
  vf_out_color(out, VF_OUT_RESET);
  t = vf_text_on(buf, sizeof buf);
  if (!o->refused) {
    vf_text_put(&t, "   needs ");
    vf_text_size(&t, o->need_bytes, options->unit, 2);
    vf_text_put(&t, " of ");
    vf_text_size(&t, o->capacity_bytes, options->unit, 2);
    vf_text_printf(&t, " %s   headroom ", unit);
    if (o->headroom_bytes >= 0) vf_text_put(&t, "+");
    vf_text_signed_size(&t, o->headroom_bytes, options->unit, 2);
    vf_text_put(&t, ", target ");
    vf_text_size(&t, o->target_bytes, options->unit, 2);
  }
  vf_out_text(out, &t);
  if (o->refused) put_refusal(out, c->refusal);
  vf_out_put(out, "\n");
}

static void put_page(vf_out *out, const void *result, const vf_report_options *options) {
  const vf_answer *a = result;
  put_headline(out, a);
  put_subject(out, a);
  if (a->found) put_choice(out, a, &a->best, options);
  if (a->has_next) put_choice(out, a, &a->next, options);
  if (a->ctx_usual)
    vf_out_put(out, "  no --ctx given: the usual one; --ctx max is the model's own\n");
  if (a->cache_ram_off)
    vf_out_put(out,
               "  with --cache-ram 0: what llama-server may keep of past prompts leaves no room\n");
  vf_out_color(out, VF_OUT_DIM);
  if (a->found && !a->has_next && a->end != NULL) vf_out_printf(out, "  %s\n", a->end);
  if (a->kind == VF_MOST_GPU)
    vf_out_put(out, "  cheapest: least memory, then least bandwidth, of those that many have; "
                    "prices are not known\n");
  vf_out_color(out, VF_OUT_RESET);
}

/* ---- JSON ------------------------------------------------------------------------------- */

static void json_choice(vf_doc *j, const char *key, const vf_answer *a, const vf_choice *c) {
  const vf_outcome *o = &c->outcome;
  vf_doc_open_row(j, key);
  if (words[a->kind].one == NULL)
    vf_doc_string(j, words[a->kind].key, c->name);
  else
    vf_doc_u64(j, words[a->kind].key, c->number);
  if (c->tp != 0) vf_doc_u64(j, "tp", c->tp);
  if (c->pp != 0) vf_doc_u64(j, "pp", c->pp);
  vf_doc_string(j, "verdict", o->refused ? "refused" : vf_verdict_word[o->verdict].json);
  if (o->refused) {
    vf_doc_string(j, "reason", c->refusal);
  } else {
    vf_doc_u64(j, "need_bytes", o->need_bytes);
    vf_doc_u64(j, "need_high_bytes", o->need_high_bytes);
    vf_doc_u64(j, "capacity_bytes", o->capacity_bytes);
    vf_doc_i64(j, "headroom_bytes", o->headroom_bytes);
    vf_doc_u64(j, "headroom_target_bytes", o->target_bytes);
  }
  vf_doc_close(j, '}');
}

/* Of what a training run is made. */
static void training_subject(vf_doc *j, const vf_answer *a) {
  vf_doc_string(j, "method", a->quant);
  vf_doc_string(j, "engine", a->engine);
  vf_doc_string(j, "device", a->gpu);
  if (a->kind != VF_MOST_SEQ_LEN) vf_doc_u64(j, "seq_len", a->ctx_tokens);
  if (a->kind != VF_MOST_MICRO_BATCH) vf_doc_u64(j, "micro_batch", a->seqs);
}

static void subject(vf_doc *j, const vf_answer *a) {
  if (a->kind != VF_MOST_QUANT) vf_doc_string(j, "quant", a->quant);
  vf_doc_string(j, "engine", a->engine);
  if (a->kind != VF_MOST_GPU) vf_doc_string(j, "device", a->gpu);
  if (a->kind != VF_MOST_CTX) vf_doc_u64(j, "ctx_tokens", a->ctx_tokens);
  if (a->kind != VF_MOST_SEQS) vf_doc_u64(j, "seqs", a->seqs);
  if (a->kind != VF_MOST_KV) vf_doc_string(j, "kv", a->kv);
}

static void events(vf_doc *j, const void *result) {
  const vf_answer *a = result;
  vf_doc_open(j, NULL, '{');
  vf_doc_string(j, "format_version", VF_DOC_VERSION);
  vf_doc_string(j, "max", words[a->kind].key);
  vf_doc_string(j, "model", a->model);
  if (a->training)
    training_subject(j, a);
  else
    subject(j, a);
  if (a->found) json_choice(j, "answer", a, &a->best);
  if (a->has_next) json_choice(j, "beyond", a, &a->next);
  if (a->found && !a->has_next && a->end != NULL) vf_doc_string(j, "end", a->end);
  if (a->step > 1) vf_doc_u64(j, "step_tokens", a->step);
  if (a->cache_ram_off) vf_doc_u64(j, "cache_ram_bytes", 0);
  vf_doc_u64(j, "estimates", a->estimates);
  vf_doc_close(j, '}');
}

vf_status vf_answer_write(const vf_answer *answer, const vf_report_options *options,
                          vf_write_fn write, void *user, vf_error *err) {
  VF_NEED(err, answer);
  VF_NEED(err, write);
  if ((unsigned)answer->kind >= VF_MOST_COUNT) return vf_fail(err, VF_USAGE, "no such question");
  return vf_result_write(options, 0, put_page, events, answer, write, user, err);
}
