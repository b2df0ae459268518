/* estimate_events.c - an estimate for programs; its lines are the rows.
 *
 * Versioned: additions raise the minor number, anything else the major one.  Sizes are integers in
 * bytes; what does not apply or is not known is absent, never 0 or null. */
#include <inttypes.h>
#include <string.h>

#include "core/words.h"
#include "deploy/param.h"
#include "report/document.h"
#include "report/offers.h"
#include "report/report.h"
#include "report/way_text.h"

static void put_model(vf_doc *j, const vf_estimate *e) {
  vf_model_info m;
  vf_model_info_get(vf_estimate_model(e), &m);
  vf_doc_open(j, "model", '{');
  vf_doc_string(j, "id", m.id);
  vf_doc_string(j, "architecture", m.architecture);
  vf_doc_string(j, "source", m.source);
  vf_doc_u64(j, "params", m.n_params);
  vf_doc_u64(j, "active_params", m.n_active_params);
  vf_doc_u64(j, "layers", m.n_layers);
  if (m.max_ctx_tokens != 0) vf_doc_u64(j, "max_ctx_tokens", m.max_ctx_tokens);
  vf_doc_close(j, '}');
}

/* Of serving engines alone. */
static void put_parallelism(vf_doc *j, const vf_workload *w) {
  if (w->tp == 0) return;
  vf_doc_u64(j, "tp", w->tp);
  vf_doc_u64(j, "pp", w->pp);
  vf_doc_u64(j, "dp", w->dp);
  vf_doc_u64(j, "ep", w->ep);
  vf_doc_u64(j, "memory_fraction_ppm", w->memory_fraction_ppm);
  if (w->max_num_seqs != 0) vf_doc_u64(j, "max_num_seqs", w->max_num_seqs);
  vf_doc_u64(j, "max_num_batched_tokens", w->max_num_batched_tokens);
  if (w->block_size != 0) vf_doc_u64(j, "block_size", w->block_size);
}

/* What the engine made of a parameter stands under these keys already. */
static bool is_told(const char *key) {
  static const char *const told[] = {"quant",       "ctx_tokens",
                                     "seqs",        "kv_k",
                                     "kv_v",        "ubatch_tokens",
                                     "flash_attn",  "kv_unified",
                                     "swa_full",    "no_kv_offload",
                                     "tp",          "pp",
                                     "dp",          "ep",
                                     "block_size",  "max_num_seqs",
                                     "output_rows", "max_num_batched_tokens"};
  for (size_t i = 0; i < sizeof told / sizeof *told; i++)
    if (strcmp(key, told[i]) == 0) return true;
  return false;
}

static void put_numbers(vf_doc *j, const char *key, const vf_request *r) {
  vf_doc_open(j, key, '[');
  for (size_t i = 0; i < r->tensor_split_count; i++)
    vf_doc_hundredths(j, NULL, r->tensor_split[i] / 10);
  vf_doc_close(j, ']');
}

static void put_rules(vf_doc *j, const char *key, const vf_request *r) {
  char text[2048];
  vf_doc_open(j, key, '[');
  for (size_t i = 0; i < r->override_count; i++) {
    const vf_override *o = &r->overrides[i];
    vf_text t = vf_text_on(text, sizeof text);
    vf_text_bytes(&t, o->pattern, o->length);
    if (o->device < 0)
      vf_text_put(&t, "=CPU");
    else
      vf_text_printf(&t, "=CUDA%" PRId32, o->device);
    vf_doc_string(j, NULL, text);
  }
  vf_doc_close(j, ']');
}

/* As the kind reads best in JSON: a number, a flag, else the text that our option takes. */
static void put_parameter(vf_doc *j, const vf_param *p, const vf_deployment *d) {
  char text[4096];
  vf_text t = vf_text_on(text, sizeof text);
  vf_param_print(p, d, VF_MEASURE_SUFFIX, &t);
  bool number = text[0] != '\0' && text[strspn(text, "0123456789.")] == '\0';
  switch (p->kind) {
  case VF_KIND_FLAG: vf_doc_bool(j, p->info.key, strcmp(text, "on") == 0); break;
  case VF_KIND_OVERRIDES: put_rules(j, p->info.key, &d->request); break;
  case VF_KIND_PROPORTIONS: put_numbers(j, p->info.key, &d->request); break;
  case VF_KIND_GIB: vf_doc_u64(j, p->info.key, d->request.cpu_offload_bytes); break;
  case VF_KIND_CACHE: vf_doc_u64(j, p->info.key, (uint64_t)d->request.prompt_cache_bytes); break;
  case VF_KIND_TEXT:
  case VF_KIND_SPEC: vf_doc_string(j, p->info.key, text); break;
  default:
    if (number)
      vf_doc_raw(j, p->info.key, text, strlen(text));
    else
      vf_doc_string(j, p->info.key, text);
  }
}

void vf_deployment_events(vf_doc *j, const vf_deployment *d) {
  for (size_t i = 0; i < VF_PARAM_COUNT; i++)
    if (vf_param_is_set(&vf_params[i], d)) put_parameter(j, &vf_params[i], d);
}

/* What was asked, as far as it is not told by what became of it; and the names of all of it. */
static void put_asked(vf_doc *j, const vf_deployment *d) {
  for (size_t i = 0; i < VF_PARAM_COUNT; i++)
    if (vf_param_is_set(&vf_params[i], d) && !is_told(vf_params[i].info.key))
      put_parameter(j, &vf_params[i], d);
  vf_doc_open(j, "stated", '[');
  for (size_t i = 0; i < VF_PARAM_COUNT; i++)
    if (vf_param_is_set(&vf_params[i], d)) vf_doc_string(j, NULL, vf_params[i].info.key);
  vf_doc_close(j, ']');
}

static void put_request(vf_doc *j, const vf_estimate *e, const vf_deployment *d) {
  const vf_workload *w = vf_estimate_workload(e);
  vf_model_info m;
  vf_model_info_get(vf_estimate_model(e), &m);
  vf_doc_open(j, "request", '{');
  vf_doc_string(j, "quant", m.quant);
  vf_doc_u64(j, "ctx_tokens", w->requested_ctx_tokens);
  vf_doc_u64(j, "allocated_ctx_tokens", w->ctx_tokens);
  vf_doc_u64(j, "seqs", w->seqs);
  vf_doc_string(j, "kv_k", vf_format_get(w->kv_k)->name);
  vf_doc_string(j, "kv_v", vf_format_get(w->kv_v)->name);
  vf_doc_u64(j, "ubatch_tokens", w->ubatch_tokens);
  vf_doc_u64(j, "output_rows", w->output_rows);
  vf_doc_bool(j, "flash_attn", w->flash_attn);
  vf_doc_bool(j, "kv_unified", w->kv_unified);
  vf_doc_bool(j, "swa_full", w->swa_full);
  vf_doc_bool(j, "no_kv_offload", w->no_kv_offload);
  vf_doc_u64(j, "gpu_layers", w->gpu_layers);
  put_parallelism(j, w);
  if (d != NULL) put_asked(j, d);
  vf_doc_close(j, '}');
}

static void put_capacity(vf_doc *j, const vf_device_budget *b) {
  vf_doc_u64(j, "total_bytes", b->device.total_bytes);
  vf_doc_u64(j, "reserved_bytes", b->device.reserved_bytes);
  vf_doc_u64(j, "used_bytes", b->device.used_bytes);
  vf_doc_u64(j, "capacity_bytes", b->capacity_bytes);
  vf_doc_u64(j, "headroom_target_bytes", b->headroom_target_bytes);
}

/* Parts of the compute buffers, where an engine tells them apart. */
static void put_named(vf_doc *j, const vf_estimate *e, uint64_t device, const char *name,
                      const char *key) {
  size_t n;
  const vf_line *lines = vf_estimate_lines(e, &n);
  for (size_t i = 0; i < n; i++)
    if (lines[i].device == device && strcmp(lines[i].name, name) == 0)
      vf_doc_u64(j, key, lines[i].size.bytes);
}

static void put_pool(vf_doc *j, const vf_device_budget *b) {
  if (!b->has_pool) return;
  vf_doc_u64(j, "kv_pool_bytes", b->pool.bytes);
  vf_doc_u64(j, "kv_pool_low_bytes", b->pool.low_bytes);
  vf_doc_u64(j, "kv_pool_high_bytes", b->pool.high_bytes);
  vf_doc_u64(j, "kv_pool_tokens", b->pool_tokens);
  if (b->pool_blocks != 0) vf_doc_u64(j, "kv_pool_blocks", b->pool_blocks);
  if (b->state_slots == 0) return;
  vf_doc_u64(j, "state_pool_bytes", b->state_pool_bytes);
  vf_doc_u64(j, "state_slots", b->state_slots);
}

/* The second limit of a GPU that may take a part of its machine's memory. */
static void put_whole(vf_doc *j, const vf_whole *w) {
  vf_doc_open(j, "whole_memory", '{');
  vf_doc_u64(j, "capacity_bytes", w->capacity_bytes);
  vf_doc_u64(j, "need_low_bytes", w->need.low_bytes);
  vf_doc_u64(j, "need_bytes", w->need.bytes);
  vf_doc_u64(j, "need_high_bytes", w->need.high_bytes);
  vf_doc_u64(j, "growth_bytes", w->growth_bytes);
  vf_doc_i64(j, "headroom_bytes", w->headroom_bytes);
  vf_doc_string(j, "verdict", vf_verdict_word[w->verdict].json);
  vf_doc_close(j, '}');
}

static void put_device(vf_doc *j, const vf_estimate *e, const vf_device_budget *b, uint64_t index) {
  vf_doc_open(j, NULL, '{');
  vf_doc_string(j, "id", b->device.id);
  vf_doc_u64(j, "index", index);
  vf_doc_string(j, "kind", vf_device_kind_word[b->device.kind]);
  if (b->device.total_known) put_capacity(j, b);
  for (int p = 0; p < VF_PART_COUNT; p++) vf_doc_u64(j, vf_part_word[p].json, b->part_bytes[p]);
  put_named(j, e, index, "activation", "activation_bytes");
  put_named(j, e, index, "cuda_graphs", "graphs_bytes");
  put_pool(j, b);
  if (b->device.kind == VF_DEVICE_UNIFIED) vf_doc_u64(j, "shared_host_bytes", b->shared_host_bytes);
  vf_doc_u64(j, "need_low_bytes", b->need.low_bytes);
  vf_doc_u64(j, "need_bytes", b->need.bytes);
  vf_doc_u64(j, "need_high_bytes", b->need.high_bytes);
  vf_doc_u64(j, "growth_bytes", b->growth_bytes);
  if (b->device.total_known) {
    vf_doc_i64(j, "headroom_bytes", b->headroom_bytes);
    vf_doc_string(j, "verdict", vf_verdict_word[b->verdict].json);
  }
  if (b->whole.known) put_whole(j, &b->whole);
  vf_doc_close(j, '}');
}

/* One way out: the options as text, and each of them under the key of a request. */
static void put_way(vf_doc *j, const vf_way *w, const char *gpu) {
  char buf[256];
  vf_text t = vf_text_on(buf, sizeof buf);
  vf_way_text(&t, w, gpu);
  vf_doc_open(j, NULL, '{');
  vf_doc_string(j, "options", buf);
  if (w->quant[0] != '\0') vf_doc_string(j, "quant", w->quant);
  if (w->ctx_tokens != 0) vf_doc_u64(j, "ctx_tokens", w->ctx_tokens);
  if (w->seqs != 0) vf_doc_u64(j, "seqs", w->seqs);
  if (w->kv[0] != '\0') vf_doc_string(j, "kv", w->kv);
  if (w->cpu_moe_layers != 0) vf_doc_u64(j, "n_cpu_moe", w->cpu_moe_layers);
  if (w->gpu_layers >= 0) vf_doc_u64(j, "ngl", (uint64_t)w->gpu_layers);
  if (w->cache_ram_off) vf_doc_u64(j, "cache_ram_bytes", 0);
  if (w->max_num_seqs != 0) vf_doc_u64(j, "max_num_seqs", w->max_num_seqs);
  if (w->memory_fraction_ppm != 0) vf_doc_u64(j, "memory_fraction_ppm", w->memory_fraction_ppm);
  if (w->gpus != 0) vf_doc_u64(j, "gpus", w->gpus);
  if (w->tp != 0) vf_doc_u64(j, "tp", w->tp);
  if (w->pp != 0) vf_doc_u64(j, "pp", w->pp);
  if (w->ep != 0) vf_doc_u64(j, "ep", w->ep);
  vf_doc_u64(j, "need_high_bytes", w->need_high_bytes);
  if (w->host_bytes != 0) vf_doc_u64(j, "host_bytes", w->host_bytes);
  if (w->decode.high != 0) {
    vf_doc_hundredths(j, "decode_tokens_per_s_low", w->decode.low / 10);
    vf_doc_hundredths(j, "decode_tokens_per_s_high", w->decode.high / 10);
  }
  vf_doc_close(j, '}');
}

static void put_ways(vf_doc *j, const vf_estimate *e, const vf_limits *l) {
  size_t n;
  const char *gpu = vf_estimate_devices(e, &n)[0].device.id;
  if (vf_estimate_verdict(e) == VF_FITS) return;
  vf_doc_open(j, "would_fit", '[');
  for (size_t i = 0; i < l->n_ways; i++) put_way(j, &l->ways[i], gpu);
  vf_doc_close(j, ']');
}

static void put_limits(vf_doc *j, const vf_workload *w, const vf_limits *l) {
  vf_doc_open(j, "limits", '{');
  vf_doc_u64(j, "max_ctx_tokens", l->max_ctx_tokens);
  vf_doc_u64(j, "max_seqs", l->max_seqs);
  if (w->tp != 0) vf_doc_hundredths(j, "max_concurrency", l->max_concurrency_x100);
  if (w->real_ctx_tokens != 0) {
    vf_doc_u64(j, "mean_ctx_tokens", w->real_ctx_tokens);
    vf_doc_hundredths(j, "mean_concurrency", w->real_concurrency_x100);
  }
  if (w->tp != 0) vf_doc_bool(j, "starts", l->starts);
  if (l->kv_fp8) vf_doc_bool(j, "kv_fp8_fits", true);
  if (l->memory_fraction_ppm != 0) vf_doc_u64(j, "memory_fraction_ppm", l->memory_fraction_ppm);
  if (l->max_num_seqs != 0) vf_doc_u64(j, "max_num_seqs", l->max_num_seqs);
  if (l->quant[0] != '\0') vf_doc_string(j, "widest_quant", l->quant);
  if (l->devices != 0) vf_doc_u64(j, "min_devices", l->devices);
  if (l->gpu_layers >= 0) vf_doc_i64(j, "max_gpu_layers", l->gpu_layers);
  if (l->gpu_layers_decode.high != 0) {
    vf_doc_hundredths(j, "max_gpu_layers_decode_tokens_per_s_low", l->gpu_layers_decode.low / 10);
    vf_doc_hundredths(j, "max_gpu_layers_decode_tokens_per_s_high", l->gpu_layers_decode.high / 10);
  }
  vf_doc_close(j, '}');
}

static void put_reads(vf_doc *j, const vf_speed *s) {
  vf_doc_open(j, "step_reads", '{');
  vf_doc_u64(j, "quantized_weights_bytes", s->packed_bytes);
  vf_doc_u64(j, "other_weights_bytes", s->plain_bytes);
  vf_doc_u64(j, "kv_cache_bytes", s->kv_cache_bytes);
  vf_doc_u64(j, "latent_cache_bytes", s->latent_cache_bytes);
  vf_doc_u64(j, "state_bytes", s->state_bytes);
  vf_doc_u64(j, "host_memory_bytes", s->host_bytes);
  vf_doc_u64(j, "layers", s->layers);
  vf_doc_u64(j, "expert_layers", s->expert_layers);
  vf_doc_close(j, '}');
}

static void put_prompt(vf_doc *j, const vf_speed *s) {
  vf_doc_open(j, "prompt", '{');
  vf_doc_u64(j, "operations_per_token", s->prompt_operations);
  vf_doc_u64(j, "full_rate_gflops", s->prompt_gflops);
  vf_doc_u64(j, "share_permille", s->prompt_share_permille);
  vf_doc_u64(j, "chunks", s->prompt_chunks);
  vf_doc_close(j, '}');
}

/* Two decimals are more than is known. */
static void put_speed(vf_doc *j, const vf_estimate *e) {
  vf_speed s;
  vf_estimate_speed(e, &s);
  if (!s.decode_known) return;
  vf_doc_open(j, "speed", '{');
  vf_doc_hundredths(j, "decode_tokens_per_s_low", s.decode.low / 10);
  vf_doc_hundredths(j, "decode_tokens_per_s", s.decode.expected / 10);
  vf_doc_hundredths(j, "decode_tokens_per_s_high", s.decode.high / 10);
  vf_doc_hundredths(j, "decode_start_tokens_per_s_low", s.decode_start.low / 10);
  vf_doc_hundredths(j, "decode_start_tokens_per_s", s.decode_start.expected / 10);
  vf_doc_hundredths(j, "decode_start_tokens_per_s_high", s.decode_start.high / 10);
  vf_doc_u64(j, "seqs", s.seqs);
  vf_doc_string(j, "bound_by", vf_bound_word[s.bound]);
  if (s.prefill_known) {
    vf_doc_hundredths(j, "prefill_tokens_per_s_low", s.prefill.low / 10);
    vf_doc_hundredths(j, "prefill_tokens_per_s", s.prefill.expected / 10);
    vf_doc_hundredths(j, "prefill_tokens_per_s_high", s.prefill.high / 10);
    vf_doc_string(j, "prefill_basis", vf_basis_word[s.prefill_basis]);
    vf_doc_u64(j, "first_token_ms_low", s.first_token_ms.low);
    vf_doc_u64(j, "first_token_ms", s.first_token_ms.expected);
    vf_doc_u64(j, "first_token_ms_high", s.first_token_ms.high);
    vf_doc_u64(j, "first_token_together_ms_low", s.first_token_together_ms.low);
    vf_doc_u64(j, "first_token_together_ms", s.first_token_together_ms.expected);
    vf_doc_u64(j, "first_token_together_ms_high", s.first_token_together_ms.high);
    put_prompt(j, &s);
  }
  vf_doc_string(j, "basis", vf_basis_word[s.basis]);
  put_reads(j, &s);
  vf_doc_close(j, '}');
}

static void put_line(vf_doc *j, const vf_estimate *e, const vf_line *line, size_t i) {
  char formula[2048];
  vf_estimate_explain(e, i, formula, sizeof formula);
  vf_doc_open_row(j, NULL);
  vf_doc_u64(j, "device", line->device);
  vf_doc_string(j, "name", line->name);
  vf_doc_u64(j, "bytes", line->size.bytes);
  vf_doc_u64(j, "low_bytes", line->size.low_bytes);
  vf_doc_u64(j, "high_bytes", line->size.high_bytes);
  vf_doc_string(j, "basis", vf_basis_word[line->basis]);
  if (line->outside) vf_doc_bool(j, "outside_budget", true);
  if (line->growth) vf_doc_bool(j, "growth", true);
  vf_doc_string(j, "formula", formula);
  vf_doc_close(j, '}');
}

static void put_assumptions(vf_doc *j, const vf_estimate *e) {
  size_t n;
  const vf_assumption *a = vf_estimate_assumptions(e, &n);
  vf_doc_open(j, "assumptions", '[');
  for (size_t i = 0; i < n; i++) {
    vf_doc_open(j, NULL, '{');
    vf_doc_string(j, "code", a[i].code);
    vf_doc_string(j, "text", a[i].text);
    vf_doc_close(j, '}');
  }
  vf_doc_close(j, ']');
}

static void put_devices_and_lines(vf_doc *j, const vf_estimate *e, const vf_limits *limits) {
  size_t n;
  const vf_device_budget *devices = vf_estimate_devices(e, &n);
  vf_doc_open(j, "devices", '[');
  for (size_t i = 0; i < n; i++) put_device(j, e, &devices[i], i);
  vf_doc_close(j, ']');
  if (limits != NULL) put_limits(j, vf_estimate_workload(e), limits);
  if (limits != NULL) put_ways(j, e, limits);
  put_speed(j, e);
  const vf_line *lines = vf_estimate_lines(e, &n);
  vf_doc_open(j, "lines", '[');
  for (size_t i = 0; i < n; i++) put_line(j, e, &lines[i], i);
  vf_doc_close(j, ']');
}

static void put_launch(vf_doc *j, const vf_launch *l) {
  vf_doc_open(j, "launch", '[');
  for (size_t i = 0; i < l->count; i++) {
    vf_doc_open(j, NULL, '{');
    vf_doc_string(j, "kind", l->items[i].kind);
    vf_doc_string(j, "name", l->items[i].name);
    vf_doc_string(j, "text", l->items[i].text);
    vf_doc_close(j, '}');
  }
  vf_doc_close(j, ']');
  if (l->note[0] != '\0') vf_doc_string(j, "launch_note", l->note);
}

void vf_estimate_events(vf_doc *j, const vf_estimate *e, const vf_limits *limits,
                        const vf_deployment *d) {
  vf_doc_string(j, "verdict", vf_verdict_word[vf_estimate_verdict(e)].json);
  put_model(j, e);
  vf_doc_open(j, "engine", '{');
  vf_doc_string(j, "name", vf_estimate_workload(e)->engine);
  vf_doc_string(j, "version", vf_estimate_workload(e)->engine_version);
  vf_doc_close(j, '}');
  put_request(j, e, d);
  put_devices_and_lines(j, e, limits);
  put_assumptions(j, e);
}

void vf_report_events(vf_doc *j, const void *result) {
  const vf_reported *r = result;
  vf_doc_open(j, NULL, '{');
  vf_doc_string(j, "format_version", VF_DOC_VERSION);
  vf_estimate_events(j, r->estimate, r->limits, r->options->deployment);
  if (r->options->offers != NULL) vf_offers_events(j, r->options->offers);
  if (r->options->launch != NULL) put_launch(j, r->options->launch);
  vf_doc_close(j, '}');
}
