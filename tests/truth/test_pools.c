/* test_pools.c - engines that serve from a pool, against what they logged, row by row (pools.tsv).
 *
 * Every figure lies within its row's tolerance, which is 0 where the engine's own arithmetic is
 * followed; a pool that was measured lies inside the interval that is told, too. */
#include "truth.h"

#include <stdlib.h>

#include "core/estimate.h"
#include "engines/vllm/vllm.h"

typedef struct row {
  char model[64], quant[16], engine[32], gpu[48], memory[16], kv[16], figure[16], source[96];
  unsigned long long ctx;
  unsigned seqs, tp, pp, dp, ep, max_seqs, batch, blocks, spec;
  double utilization;
  unsigned long long truth, tolerance;
} row;

static struct { int rows, pools, inside; } counts;

static bool read_row(row *r) {
  char line[TRUTH_LINE];
  if (!read_line(line)) return false;
  int n = sscanf(line,
                 "%63s %15s %31s %47s %15s %llu %u %u %u %u %u %15s %lf %u %u %u %u %15s %llu %llu "
                 "%95s",
                 r->model, r->quant, r->engine, r->gpu, r->memory, &r->ctx, &r->seqs, &r->tp,
                 &r->pp, &r->dp, &r->ep, r->kv, &r->utilization, &r->max_seqs, &r->batch,
                 &r->blocks, &r->spec, r->figure, &r->truth, &r->tolerance, r->source);
  assert_int_equal(n, 21);
  return true;
}

static vf_request request_of(const row *r) {
  vf_request q = vf_request_init();
  q.engine = r->engine;
  q.ctx_tokens = r->ctx;
  q.seqs = r->seqs;
  q.tp = r->tp;
  q.pp = r->pp;
  q.dp = r->dp;
  q.ep = r->ep;
  q.memory_fraction_ppm = (uint32_t)(r->utilization * 1e6 + 0.5);
  q.max_num_seqs = r->max_seqs;
  q.max_num_batched_tokens = r->batch;
  q.num_gpu_blocks = r->blocks;
  q.spec_tokens = r->spec;
  if (strncmp(r->memory, "kv:", 3) == 0)
    assert_ok(vf_size_parse(&q.kv_cache_memory_bytes, r->memory + 3, err));
  if (strstr(r->kv, "+prefix") != NULL) q.prefix_caching = VF_ON;
  if (strncmp(r->kv, "fp8", 3) == 0) q.kv_k = VF_FORMAT_F8_E4M3;
  if (strcmp(r->kv, "f32") == 0) q.kv_k = VF_FORMAT_F32;
  q.kv_v = q.kv_k;
  return q;
}

static uint64_t line_bytes(const char *name) {
  size_t n;
  const vf_line *l = vf_estimate_lines(estimate, &n);
  for (size_t i = 0; i < n; i++)
    if (l[i].device == 0 && strcmp(l[i].name, name) == 0) return l[i].size.bytes;
  return 0;
}

static uint64_t demand(void) {
  size_t n;
  uint64_t sum = 0;
  const vf_device_budget *b = vf_estimate_devices(estimate, &n);
  for (size_t i = 0; i < n; i++)
    sum += b[i].part_bytes[VF_PART_KV_CACHE] + b[i].part_bytes[VF_PART_STATE];
  return sum;
}

static uint64_t figure_of(const row *r) {
  size_t n;
  const vf_device_budget *b = vf_estimate_devices(estimate, &n);
  const vf_workload *w = vf_estimate_workload(estimate);
  const char *f = r->figure;
  if (strcmp(f, "weights") == 0) return b->part_bytes[VF_PART_WEIGHTS];
  if (strcmp(f, "pool") == 0) return b->pool.bytes;
  if (strcmp(f, "tokens") == 0) return b->pool_tokens;
  if (strcmp(f, "concurrency") == 0) return w->max_concurrency_x100;
  if (strcmp(f, "block") == 0) return w->block_size;
  if (strcmp(f, "blocks") == 0) return ((const vf_vllm_plan *)&estimate->plan)->pool.request_blocks;
  if (strcmp(f, "demand") == 0) return demand() / (w->tp * w->dp);
  return line_bytes(f);
}

static void check_pool(const row *r) {
  size_t n;
  const vf_device_budget *b = vf_estimate_devices(estimate, &n);
  if (strcmp(r->figure, "pool") != 0 || r->blocks != 0 || r->memory[0] == 'k') return;
  counts.pools++;
  counts.inside += r->truth >= b->pool.low_bytes && r->truth <= b->pool.high_bytes;
}

static void check_row(const row *r) {
  vf_model *m;
  vf_device devices[16];
  size_t n;
  vf_request q = request_of(r);
  assert_ok(vf_model_open(&m, ctx, r->model, r->quant, r->engine, err));
  assert_ok(vf_devices_parse(devices, 16, &n, ctx, r->gpu, err));
  for (size_t i = 0; i < n && r->memory[0] >= '0' && r->memory[0] <= '9'; i++) {
    assert_ok(vf_size_parse(&devices[i].total_bytes, r->memory, err));
    devices[i].reserved_bytes = 0;
  }
  assert_ok(vf_estimate_run(estimate, m, &q, devices, n, err));
  uint64_t got = figure_of(r), truth = r->truth;
  uint64_t error = got > truth ? got - truth : truth - got;
  if (error > r->tolerance)
    fail_msg("%s %s %s on %s: %s is %llu, not %llu ± %llu (%s)", r->model, r->quant, r->engine,
             r->gpu, r->figure, (unsigned long long)got, r->truth, r->tolerance, r->source);
  check_pool(r);
  counts.rows++;
  vf_model_free(m);
}

static void every_figure_is_what_the_engine_printed(void **state) {
  (void)state;
  row r;
  while (read_row(&r)) check_row(&r);
  print_message("%d figures; %d of %d pools inside their interval\n", counts.rows, counts.inside,
                counts.pools);
  assert_true(counts.rows > 150);
  assert_true(counts.inside * 100 >= counts.pools * 85);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_figure_is_what_the_engine_printed),
  };
  return cmocka_run_group_tests(tests, open_all, close_all);
}
