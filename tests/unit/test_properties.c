/* test_properties.c - what holds of every answer, over random requests.
 *
 * Lines add up to the need of their device at all three ends; headroom is capacity less the upper
 * end, and FITS leaves what is wanted; more context, more sequences and less memory never make a
 * verdict better; parts are the sum of their lines; and a formula of --explain that is a product is
 * the product. VRAMFIT_PROPERTIES says how many requests (1,000; tests/all asks 10,000),
 * VRAMFIT_SEED which. */
#include "printed_number.h"
#include "support.h"

#include <ctype.h>
#include <stdlib.h>

#include "core/model.h"

static uint64_t state = 88172645463325252u;

static uint64_t draw(uint64_t below) {
  state ^= state << 13;
  state ^= state >> 7;
  state ^= state << 17;
  return state % below;
}

static const char *const engines[] = {"llama.cpp", "llama.cpp",    "ollama",       "vllm",
                                      "sglang",    "tensorrt-llm", "transformers", "tgi",
                                      "mlx",       "exllama",      "lmdeploy"};
static const char *const quants[] = {"q4_k_m", "q8_0",   "bf16", "fp8",
                                     "q2_k",   "iq4_xs", "q6_k", "awq"};
static const char *const gpus[] = {
    "rtx-4090", "rtx-3060",   "l4",          "h100",          "gb10", "mi300x", "h100x4",
    "l4x2",     "rtx-4090x2", "rtx-4090+l4", "m3-ultra-96gb", "b200", "h200x8"};
#define PICK(list) ((list)[draw(sizeof(list) / sizeof *(list))])

typedef struct request_case {
  const char *model, *quant, *gpu;
  vf_request r;
} request_case;

static long n_answered, n_products;

static request_case draw_case(const vf_context *ctx) {
  request_case c = {.quant = PICK(quants), .gpu = PICK(gpus), .r = vf_request_init()};
  c.model = vf_catalog_id(ctx, VF_CATALOG_MODELS, draw(vf_catalog_size(ctx, VF_CATALOG_MODELS)));
  c.r.engine = PICK(engines);
  c.r.ctx_tokens = 1 + draw(draw(2) == 0 ? 4096 : 100000);
  c.r.seqs = draw(2) == 0 ? 1 : 1 + (uint32_t)draw(32);
  if (draw(3) == 0) c.r.kv_k = c.r.kv_v = VF_FORMAT_Q8_0;
  if (draw(6) == 0) c.r.kv_unified = true;
  if (draw(4) == 0) c.r.tp = 2;
  return c;
}

static void tell(const request_case *c, const char *what) {
  fail_msg("%s: --model %s --quant %s --gpu %s --engine %s --ctx %llu --seqs %u (kv %d, unified "
           "%d, tp %u)",
           what, c->model, c->quant, c->gpu, c->r.engine, (unsigned long long)c->r.ctx_tokens,
           c->r.seqs, (int)c->r.kv_k, c->r.kv_unified, c->r.tp);
}

/* ---- Sums ------------------------------------------------------------------------------- */

static void check_sums(const request_case *c, const vf_estimate *e) {
  size_t n_lines, n;
  const vf_line *lines = vf_estimate_lines(e, &n_lines);
  const vf_device_budget *b = vf_estimate_devices(e, &n);
  for (size_t d = 0; d < n; d++) {
    vf_interval sum = {0, 0, 0};
    uint64_t parts[VF_PART_COUNT] = {0}, growth = 0;
    for (size_t i = 0; i < n_lines; i++) {
      const vf_line *l = &lines[i];
      if (l->device != d) continue;
      if (l->size.low_bytes > l->size.bytes || l->size.bytes > l->size.high_bytes)
        tell(c, "the ends of a line cross");
      if (l->growth) growth += l->size.high_bytes;
      if (l->growth || l->outside) continue;
      sum.low_bytes += l->size.low_bytes;
      sum.bytes += l->size.bytes;
      sum.high_bytes += l->size.high_bytes;
      parts[l->part] += l->size.bytes;
    }
    bool shared = b[d].shared_host_bytes != 0 || b[d].pooled;
    if (!shared && (sum.low_bytes != b[d].need.low_bytes || sum.bytes != b[d].need.bytes ||
                    sum.high_bytes != b[d].need.high_bytes))
      tell(c, "lines do not add up to the need");
    if (sum.bytes > b[d].need.bytes || sum.high_bytes > b[d].need.high_bytes)
      tell(c, "lines exceed the need");
    for (int p = 0; p < VF_PART_COUNT; p++)
      if (parts[p] != b[d].part_bytes[p]) tell(c, "lines do not add up to their part");
    if (!shared && growth != b[d].growth_bytes) tell(c, "what grows does not add up");
  }
}

static void check_verdict(const request_case *c, const vf_estimate *e) {
  size_t n;
  const vf_device_budget *b = vf_estimate_devices(e, &n);
  vf_verdict worst = VF_FITS;
  for (size_t d = 0; d < n; d++) {
    if (!b[d].device.total_known || (b[d].device.kind == VF_DEVICE_HOST && n > 1 && b[d].pooled))
      continue;
    if (b[d].headroom_bytes != (int64_t)b[d].capacity_bytes - (int64_t)b[d].need.high_bytes)
      tell(c, "headroom is not capacity less the upper end");
    if (b[d].verdict == VF_FITS &&
        b[d].need.high_bytes + b[d].growth_bytes + b[d].headroom_target_bytes > b[d].capacity_bytes)
      tell(c, "FITS leaves less than what is wanted");
    if (b[d].need.bytes > b[d].capacity_bytes && b[d].verdict != VF_NO_FIT)
      tell(c, "more than there is, and no NO-FIT");
    if (b[d].verdict > worst) worst = b[d].verdict;
  }
  if (vf_estimate_verdict(e) < worst) tell(c, "the whole is better than its worst device");
}

/* ---- Formulas --------------------------------------------------------------------------- */

/* The product of "2 × 36 layers × 128 × 34/32 B × …", if that is all there is before " = ". */
static bool product(double *out, const char *text, const char *end) {
  int factors = 0;
  *out = 1;
  for (const char *s = text; s < end;) {
    if (*s == '(' || *s == ';' || *s == '+' || *s == ':' || strncmp(s, ", ", 2) == 0) return false;
    bool begins = isdigit((unsigned char)*s) && (s == text || s[-1] == ' ' || s[-1] == '/');
    if (!begins) {
      s++;
      continue;
    }
    bool divides = s > text && s[-1] == '/';
    double x = number(&s);
    *out = divides ? *out / x : *out * x;
    factors++;
  }
  return factors >= 3 && isdigit((unsigned char)text[0]) && strncmp(text, "min", 3) != 0;
}

static void check_formula(const request_case *c, const vf_estimate *e, size_t i) {
  char text[1024];
  double left;
  const vf_line *line = &vf_estimate_lines(e, &(size_t){0})[i];
  if (strcmp(line->name, "kv_cache") != 0 || strcmp(c->r.engine, "llama.cpp") != 0) return;
  vf_estimate_explain(e, i, text, sizeof text);
  const char *equals = strstr(text, " = ");
  const char *padding = strstr(text, " B of padding"), *plus = strstr(text, " + ");
  double more = 0;
  if (padding != NULL && plus != NULL && plus < padding) {
    const char *digits = plus + 3;
    more = number(&digits);
    if (digits != padding) return;
    equals = plus;
  }
  if (equals == NULL || strstr(text, "min(") != NULL || !product(&left, text, equals)) return;
  n_products++;
  if (left + more != (double)line->size.bytes) {
    print_message("%s\n", text);
    tell(c, "a formula's factors do not make its result");
  }
}

/* ---- More of it ------------------------------------------------------------------------- */

static uint64_t all_bytes(const vf_estimate *e) {
  size_t n;
  const vf_device_budget *b = vf_estimate_devices(e, &n);
  uint64_t sum = 0;
  for (size_t d = 0; d < n; d++) sum += b[d].pooled ? 0 : b[d].need.bytes;
  return sum;
}

static bool answer(vf_estimate *e, const vf_model *m, const vf_request *r, const vf_device *d,
                   size_t n) {
  return vf_estimate_run(e, m, r, d, n, NULL) == VF_OK;
}

static void check_more(const request_case *c, vf_estimate *e, const vf_model *m,
                       const vf_device *devices, size_t n) {
  if (strcmp(c->r.engine, "ollama") == 0) return; /* it moves layers to the host as it likes */
  uint64_t before = all_bytes(e);
  vf_verdict verdict = vf_estimate_verdict(e);
  vf_request r = c->r;
  vf_device less[VF_MAX_DEVICES];
  r.ctx_tokens *= 2;
  if (answer(e, m, &r, devices, n) && all_bytes(e) < before)
    tell(c, "twice the context needs less");
  r = c->r;
  r.seqs *= 2;
  if (!r.kv_unified && answer(e, m, &r, devices, n) && all_bytes(e) < before)
    tell(c, "twice the sequences need less");
  memcpy(less, devices, n * sizeof *less);
  for (size_t i = 0; i < n; i++)
    if (less[i].total_known) less[i].total_bytes -= less[i].total_bytes / 8;
  if (answer(e, m, &c->r, less, n) && vf_estimate_verdict(e) < verdict)
    tell(c, "less memory makes the verdict better");
}

static void try_case(const vf_context *ctx, vf_estimate *e, const request_case *c) {
  vf_device devices[VF_MAX_DEVICES];
  vf_model *model = NULL;
  size_t n = 0, n_lines;
  if (vf_model_open(&model, ctx, c->model, c->quant, c->r.engine, NULL) != VF_OK) return;
  assert_ok(vf_devices_parse(devices, VF_MAX_DEVICES, &n, ctx, c->gpu, err));
  if (answer(e, model, &c->r, devices, n)) {
    n_answered++;
    check_sums(c, e);
    check_verdict(c, e);
    (void)vf_estimate_lines(e, &n_lines);
    for (size_t i = 0; i < n_lines; i++) check_formula(c, e, i);
    check_more(c, e, model, devices, n);
  }
  vf_model_free(model);
}

static void properties_hold_of_random_requests(void **unused) {
  const char *count = getenv("VRAMFIT_PROPERTIES"), *seed = getenv("VRAMFIT_SEED");
  long cases = count != NULL ? strtol(count, NULL, 10) : 1000;
  vf_context *ctx = NULL;
  vf_estimate *e = NULL;
  (void)unused;
  if (seed != NULL) state ^= strtoul(seed, NULL, 10) * 2654435761u + 1;
  assert_ok(vf_context_new(&ctx, NULL, err));
  assert_ok(vf_estimate_new(&e, ctx, err));
  for (long i = 0; i < cases; i++) {
    request_case c = draw_case(ctx);
    try_case(ctx, e, &c);
  }
  vf_estimate_free(e);
  vf_context_free(ctx);
  print_message("%ld requests, %ld answered, %ld products\n", cases, n_answered, n_products);
  assert_true(n_answered > cases / 4);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(properties_hold_of_random_requests)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
