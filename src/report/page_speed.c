/* page_speed.c - how fast it is: an answer at the full context and at its start, a prompt, and the
 * time until the first token; all as intervals, with what they rest on. */
#include <inttypes.h>

#include "base/decimal.h"
#include "core/estimate.h"
#include "core/words.h"
#include "report/page.h"

/* "bound by 273 GB/s": what has to be faster, for this to be. */
static void text_bound(vf_text *t, const vf_speed *s) {
  static const char *const words[VF_BOUND_COUNT] = {
      [VF_BOUND_MEMORY] = "",
      [VF_BOUND_HOST_MEMORY] = " of main memory",
      [VF_BOUND_LINK] = " between devices",
      [VF_BOUND_COMPUTE] = "arithmetic",
      [VF_BOUND_LAUNCHES] = "the fixed part of every layer",
  };
  vf_text_put(t, "bound by ");
  if (s->bound_mb_per_s != 0) {
    vf_text_thousands(t, (s->bound_mb_per_s + 500) / 1000);
    vf_text_put(t, " GB/s");
  } else if (words[s->bound][0] == ' ') {
    vf_text_put(t, s->bound == VF_BOUND_LINK ? "the link" : "main memory");
    return;
  }
  vf_text_put(t, words[s->bound]);
}

/* "0.21", "4.6", "54": more digits are not known. */
static void text_seconds(vf_text *t, uint64_t ms) {
  if (ms >= 10000)
    vf_text_thousands(t, (ms + 500) / 1000);
  else if (ms >= 1000)
    vf_text_printf(t, "%" PRIu64 ".%" PRIu64, (ms + 50) / 1000, (ms + 50) % 1000 / 100);
  else
    vf_text_printf(t, "0.%02" PRIu64, (ms + 5) / 10 < 99 ? (ms + 5) / 10 : 99);
}

static void text_wait(vf_text *t, vf_rate ms) {
  text_seconds(t, ms.low);
  vf_text_put(t, "–");
  text_seconds(t, ms.high);
  vf_text_put(t, " s");
}

static void put_decode(const vf_page *p, const vf_speed *s) {
  char buf[256];
  vf_text t = vf_text_on(buf, sizeof buf);
  const vf_workload *w = vf_estimate_workload(p->e);
  vf_text_rates(&t, s->decode, 1);
  vf_text_put(&t, " tokens/s");
  if (s->seqs > 1) vf_text_printf(&t, " for %" PRIu32, s->seqs);
  vf_text_put(&t, " at ");
  vf_page_text_ctx(&t, w->requested_ctx_tokens);
  if (s->seqs > 1) {
    vf_text_put(&t, " (");
    vf_text_rates(&t, s->decode, s->seqs);
    vf_text_put(&t, " each)");
  }
  vf_text_put(&t, ", ");
  vf_text_rates(&t, s->decode_start, 1);
  vf_text_printf(&t, " at the start; %s, ", vf_basis_word[s->basis]);
  text_bound(&t, s);
  vf_page_label(p, "speed");
  vf_out_text(p->out, &t);
  vf_out_put(p->out, "\n");
}

static void put_prompt(const vf_page *p, const vf_speed *s) {
  char buf[256];
  vf_text t = vf_text_on(buf, sizeof buf);
  const vf_workload *w = vf_estimate_workload(p->e);
  vf_text_rates(&t, s->prefill, 1);
  vf_text_put(&t, " tokens/s; first token of a prompt of ");
  vf_page_text_ctx(&t, w->requested_ctx_tokens);
  vf_text_put(&t, " after ");
  text_wait(&t, s->first_token_ms);
  if (s->seqs > 1) {
    vf_text_put(&t, ", ");
    text_wait(&t, s->first_token_together_ms);
    vf_text_printf(&t, " where %" PRIu32 " come at once", s->seqs);
  }
  if (s->prefill_basis != s->basis) vf_text_printf(&t, "; %s", vf_basis_word[s->prefill_basis]);
  vf_page_label(p, "prompt");
  vf_out_text(p->out, &t);
  vf_out_put(p->out, "\n");
}

void vf_page_speed(const vf_page *p) {
  vf_speed s;
  vf_estimate_speed(p->e, &s);
  if (vf_estimate_verdict(p->e) == VF_NO_FIT) return;
  if (s.decode_known) put_decode(p, &s);
  if (s.prefill_known) put_prompt(p, &s);
}

/* ---- The formula ------------------------------------------------------------------------ */

/* Of a prompt as long as the context. */
static void explain_prefill(const vf_page *p, const vf_speed *s) {
  char buf[256];
  vf_text t = vf_text_on(buf, sizeof buf);
  if (!s->prefill_known) return;
  vf_text_put(&t, "  prefill: ");
  vf_text_rates(&t, s->prefill, 1);
  vf_text_printf(&t, " tokens/s = %s GFLOP a token at %" PRIu32 " %% of %s TFLOPS in %" PRIu32,
                 vf_fixed((double)s->prompt_operations / 1e9, 1).text,
                 (s->prompt_share_permille + 5) / 10, vf_fixed(s->prompt_gflops / 1000.0, 0).text,
                 s->prompt_chunks);
  vf_text_printf(&t, " chunks; first token after %s–%s s  [%s]\n",
                 vf_fixed((double)s->first_token_ms.low / 1000, 1).text,
                 vf_fixed((double)s->first_token_ms.high / 1000, 1).text,
                 s->prefill_basis == VF_BASIS_ASSUMED ? "assumed" : "tests/truth/fit_speed.py");
  vf_out_text(p->out, &t);
}

void vf_page_explain_speed(const vf_page *p) {
  char formula[1024];
  vf_speed s;
  vf_estimate_speed(p->e, &s);
  vf_speed_explain(p->e, formula, sizeof formula);
  vf_out_put(p->out, "  decode: ");
  vf_out_put(p->out, formula);
  vf_out_put(p->out, "\n");
  explain_prefill(p, &s);
}
