/* test_llamacpp.c - equality with what llama.cpp allocates, row by row (llamacpp.tsv).
 *
 * Weights, caches, the output buffer and the compute buffers are equal to the byte on every row,
 * and said to be exact but where layers share caches that lie on the host. */
#include "truth.h"

#include <stdlib.h>

typedef struct row {
  char model[64], quant[16], backend[32], kv_k[16], kv_v[16], flash_attn[8], split[16], shares[32];
  int gpus, ngl;
  unsigned seqs, unified, ubatch, outputs, no_kv_offload, swa_full, cpu_moe;
  unsigned long long ctx, weights_device, weights_host, context_device, context_host;
  unsigned long long compute_device, compute_host, output;
} row;

typedef struct sums {
  uint64_t weights[2], context[2], compute[2], output; /* device, host */
  bool exact;
} sums;

static bool read_row(row *r) {
  char line[TRUTH_LINE];
  if (!read_line(line)) return false;
  int n = sscanf(
      line,
      "%63s %15s %31s %d %llu %u %u %u %u %15s %15s %7s %d %15s %31s %u %u %u %llu %llu %llu "
      "%llu %llu %llu %llu",
      r->model, r->quant, r->backend, &r->gpus, &r->ctx, &r->seqs, &r->unified, &r->ubatch,
      &r->outputs, r->kv_k, r->kv_v, r->flash_attn, &r->ngl, r->split, r->shares, &r->no_kv_offload,
      &r->swa_full, &r->cpu_moe, &r->weights_device, &r->weights_host, &r->context_device,
      &r->context_host, &r->compute_device, &r->compute_host, &r->output);
  assert_int_equal(n, 25);
  return true;
}

static bool on_cpu(const row *r) {
  return strcmp(r->backend, "cpu") == 0;
}

static vf_request request_of(const row *r) {
  vf_request q = vf_request_init();
  q.ctx_tokens = r->ctx;
  q.seqs = r->seqs;
  q.kv_unified = r->unified;
  q.ubatch_tokens = r->ubatch;
  q.output_rows = r->outputs;
  q.flash_attn = strcmp(r->flash_attn, "on") == 0 ? VF_ON : VF_OFF;
  q.gpu_layers = r->ngl;
  q.no_kv_offload = r->no_kv_offload;
  q.swa_full = r->swa_full;
  q.cpu_moe_layers = r->cpu_moe ? UINT32_MAX : 0;
  q.host_memory_bytes = UINT64_C(4) << 40;
  q.split = strcmp(r->split, "none") == 0 ? VF_SPLIT_NONE : VF_SPLIT_LAYER;
  assert_ok(vf_format_find(&q.kv_k, r->kv_k, err));
  assert_ok(vf_format_find(&q.kv_v, r->kv_v, err));
  if (sscanf(r->shares, "%u,%u", &q.tensor_split[0], &q.tensor_split[1]) == 2) {
    q.tensor_split_count = 2;
  }
  return q;
}

static sums sum_up(void) {
  sums s = {.exact = true};
  size_t devices, lines;
  const vf_device_budget *b = vf_estimate_devices(estimate, &devices);
  const vf_line *l = vf_estimate_lines(estimate, &lines);
  for (size_t i = 0; i < lines; i++) {
    int side = b[l[i].device].device.kind == VF_DEVICE_HOST;
    if (l[i].part == VF_PART_WEIGHTS) s.weights[side] += l[i].size.bytes;
    if (l[i].part == VF_PART_KV_CACHE || l[i].part == VF_PART_STATE)
      s.context[side] += l[i].size.bytes;
    if (l[i].part == VF_PART_OUTPUT) s.output += l[i].size.bytes;
    if (l[i].part != VF_PART_COMPUTE) continue;
    s.compute[side] += l[i].size.bytes;
    s.exact &= l[i].basis == VF_BASIS_EXACT;
  }
  return s;
}

static void check_compute(const row *r, const char *what, uint64_t compute, uint64_t truth) {
  if (compute != truth)
    fail_msg("%s %s ctx %llu ngl %d gpus %d: %s compute is %llu, llama.cpp has %llu", r->model,
             r->quant, r->ctx, r->ngl, r->gpus, what, (unsigned long long)compute,
             (unsigned long long)truth);
}

static void check_cpu(const row *r, const sums *s) {
  assert_u64(s->weights[1], r->weights_device + r->weights_host);
  assert_u64(s->context[1], r->context_device + r->context_host);
  check_compute(r, "cpu", s->compute[1], r->compute_device + r->compute_host);
}

static void check_gpu(const row *r, const sums *s) {
  assert_u64(s->weights[0], r->weights_device);
  assert_u64(s->weights[1], r->weights_host);
  assert_u64(s->context[0], r->context_device);
  assert_u64(s->context[1], r->context_host);
  check_compute(r, "device", s->compute[0], r->compute_device);
  check_compute(r, "host", s->compute[1], r->compute_host);
}

static void check_row(const row *r) {
  vf_model *m;
  vf_device devices[2];
  size_t n;
  vf_request q = request_of(r);
  const char *gpus = on_cpu(r) ? "cpu" : r->gpus == 2 ? "rtx-4090x2" : "rtx-4090";
  assert_ok(vf_model_open(&m, ctx, r->model, r->quant, NULL, err));
  assert_ok(vf_devices_parse(devices, 2, &n, ctx, gpus, err));
  for (size_t i = 0; i < n; i++) {
    devices[i].total_bytes = UINT64_C(4) << 40;
    devices[i].total_known = true;
  }
  assert_ok(vf_estimate_run(estimate, m, &q, devices, n, err));
  sums s = sum_up();
  assert_u64(s.output, r->output);
  assert_true(s.exact || r->no_kv_offload); /* where layers share caches, it is not claimed */
  if (on_cpu(r))
    check_cpu(r, &s);
  else
    check_gpu(r, &s);
  vf_model_free(m);
}

static void every_row_equals_what_llama_cpp_allocates(void **state) {
  (void)state;
  row r;
  int n = 0;
  for (; read_row(&r); n++) check_row(&r);
  assert_true(n > 1800);
  print_message("%d rows\n", n);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_row_equals_what_llama_cpp_allocates),
  };
  return cmocka_run_group_tests(tests, open_all, close_all);
}
