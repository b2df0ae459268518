/* test_speed.c - decode speed against what people measured, row by row (speed.tsv).
 *
 * One sequence on devices of which many rows are known (fit_speed.py reads these rows and more, and
 * fits on half of their groups): at least nine in ten lie inside the interval that is told, and no
 * interval is wider than a factor of 2.5. */
#include "truth.h"

#include "core/estimate.h"

typedef struct row {
  char id[16], model[64], quant[16], engine[32], gpu[48], memory[16], flash[8], date[16];
  char source[320];
  unsigned long long ctx, milli;
} row;

typedef struct tally {
  int rows, inside, expert_rows, expert_inside;
} tally;

static bool read_row(row *r) {
  char line[TRUTH_LINE];
  if (!read_line(line)) return false;
  int n = sscanf(line, "%15s %63s %15s %31s %47s %15s %llu %7s %llu %15s %319s", r->id, r->model,
                 r->quant, r->engine, r->gpu, r->memory, &r->ctx, r->flash, &r->milli, r->date,
                 r->source);
  assert_int_equal(n, 11);
  return true;
}

static void run_row(const row *r, vf_speed *speed) {
  vf_model *m;
  vf_device devices[16];
  size_t n;
  vf_request q = vf_request_init();
  q.engine = r->engine;
  q.ctx_tokens = r->ctx;
  q.flash_attn = strcmp(r->flash, "on") == 0    ? VF_ON
                 : strcmp(r->flash, "off") == 0 ? VF_OFF
                                                : VF_AUTO;
  assert_ok(vf_model_open(&m, ctx, r->model, r->quant, r->engine, err));
  assert_ok(vf_devices_parse(devices, 16, &n, ctx, r->gpu, err));
  for (size_t i = 0; i < n && r->memory[0] != '-'; i++)
    assert_ok(vf_size_parse(&devices[i].total_bytes, r->memory, err));
  assert_ok(vf_estimate_run(estimate, m, &q, devices, n, err));
  vf_estimate_speed(estimate, speed);
  vf_model_free(m);
}

static void check_row(const row *r, tally *t) {
  vf_speed s;
  run_row(r, &s);
  assert_true(s.decode_known);
  assert_true(s.decode.low <= s.decode.expected && s.decode.expected <= s.decode.high);
  if (s.decode.high * 10 > s.decode.low * 25)
    fail_msg("%s: %s on %s: the interval is wider than 2.5", r->id, r->model, r->gpu);
  bool inside = r->milli >= s.decode.low && r->milli <= s.decode.high;
  if (!inside)
    print_message("outside: %s %s %s on %s: %llu not in %llu to %llu\n", r->id, r->model, r->quant,
                  r->gpu, r->milli, (unsigned long long)s.decode.low,
                  (unsigned long long)s.decode.high);
  t->rows++;
  t->inside += inside;
  t->expert_rows += s.expert_layers != 0;
  t->expert_inside += s.expert_layers != 0 && inside;
}

static void measured_speeds_lie_inside(void **state) {
  (void)state;
  row r;
  tally t = {0};
  while (read_row(&r)) check_row(&r, &t);
  print_message("%d of %d inside; of models with experts %d of %d\n", t.inside, t.rows,
                t.expert_inside, t.expert_rows);
  assert_true(t.rows >= 90 && t.expert_rows >= 35);
  assert_true(t.inside * 10 >= t.rows * 9);
  assert_true(t.expert_inside * 10 >= t.expert_rows * 9);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(measured_speeds_lie_inside),
  };
  return cmocka_run_group_tests(tests, open_all, close_all);
}
