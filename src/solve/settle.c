/* settle.c - what a deployment leaves open, as its engine settles it: llama.cpp's --fit. */
#include "solve/settle.h"

#include <inttypes.h>
#include <string.h>

#include "base/args.h"
#include "base/checked.h"
#include "deploy/setup.h"
#include "engines/engine.h"
#include "solve/question.h"
#include "vramfit/solve.h"

enum { LEAST_CTX = 4096 }; /* of --fit; less is no work */

/* What is asked, of whom. */
typedef struct settling {
  vf_request *r;
  vf_estimate *scratch;
  const vf_model *model;
  const vf_device *devices;
  size_t n;
  vf_settled *out;
} settling;

/* The most that FITS; what llama-server may keep of past prompts --fit does not count. */
static vf_status lower(const settling *s, vf_error *err) {
  vf_request *r = s->r;
  vf_answer a;
  vf_solver x = {0};
  vf_question q = {.kind = VF_MOST_CTX, .engine = s->scratch->engine};
  q.d = vf_deployment_init();
  q.d.request = *r;
  vf_status status = vf_asker_init_given(&x.asker, s->scratch, s->model, s->devices, s->n, err);
  if (status != VF_OK) return status;
  x.arena = x.asker.arena;
  status = vf_question_solve(&a, &x, &q, err);
  if (status == VF_OK && !a.found && r->prompt_cache_bytes < 0) {
    q.d.request.prompt_cache_bytes = 0;
    status = vf_question_solve(&a, &x, &q, err);
  }
  vf_asker_free(&x.asker);
  if (status != VF_OK) return status;
  uint64_t most = s->model->max_ctx_tokens;
  uint64_t least = most != 0 ? vf_min_u64(most, LEAST_CTX) : LEAST_CTX;
  bool enough = a.found && a.best.number >= least;
  r->ctx_tokens = enough ? a.best.number : least;
  s->out->code = "ctx-lowered";
  vf_text t = vf_text_on(s->out->text, sizeof s->out->text);
  vf_text_put(&t, enough ? "no --ctx given: the most that fits, as --fit lowers it"
                         : "no --ctx given: 4096, the least that --fit lowers it to");
  return VF_OK;
}

/* What --fit itself would make of the request. */
static vf_status plan(const settling *s, vf_error *err) {
  vf_request *r = s->r, was = *r;
  vf_text t = vf_text_on(s->out->text, sizeof s->out->text);
  vf_status status = vf_llama_fit(r, s->scratch, s->model, s->devices, s->n, err);
  if (status != VF_OK) return status;
  vf_text_put(&t, "--fit takes");
  size_t bare = t.length;
  if (r->ctx_tokens != was.ctx_tokens) vf_text_printf(&t, " --ctx %" PRIu64, r->ctx_tokens);
  if (r->cpu_moe_layers != was.cpu_moe_layers)
    vf_text_printf(&t, " --n-cpu-moe %" PRIu32, r->cpu_moe_layers);
  if (r->gpu_layers != was.gpu_layers) vf_text_printf(&t, " --ngl %" PRId32, r->gpu_layers);
  if (t.length == bare) vf_text_put(&t, " it as it is");
  s->out->code = "fit";
  return VF_OK;
}

vf_status vf_settle(vf_settled *out, vf_request *r, vf_switch fit, vf_estimate *scratch,
                    const vf_model *model, const vf_device *devices, size_t n, vf_error *err) {
  const settling s = {r, scratch, model, devices, n, out};
  *out = (vf_settled){.code = NULL};
  if (fit == VF_ON) return plan(&s, err);
  const char *at = r->engine != NULL ? strchr(r->engine, '@') : NULL;
  if (r->ctx_tokens != 0 || fit != VF_AUTO) return VF_OK;
  vf_status status = vf_estimate_run(scratch, model, r, devices, n, err);
  if (status != VF_OK) return status;
  const vf_engine *engine = scratch->engine;
  bool lowers = engine->lowers_ctx != NULL && engine->lowers_ctx(at != NULL ? at + 1 : NULL);
  if (!lowers || vf_estimate_verdict(scratch) == VF_FITS) return VF_OK;
  return lower(&s, err);
}

vf_status vf_setup_settle(vf_setup *setup, vf_estimate *scratch, vf_error *err) {
  VF_NEED(err, setup);
  VF_NEED(err, scratch);
  size_t n;
  const vf_device *devices = vf_setup_devices(setup, &n);
  return vf_settle(vf_setup_settled(setup), vf_setup_request(setup), vf_setup_fit(setup), scratch,
                   vf_setup_model(setup), devices, n, err);
}
