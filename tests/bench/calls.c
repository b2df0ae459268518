/* calls.c - estimates per second through the library, on one core.
 *
 * usage: bench_calls [SECONDS]
 *
 * Loops over the same models: one estimate each for another context (the model is open, as in a
 * table), the same on two GPUs, a training for another length and batch, which has to cost what an
 * estimate costs, and a whole question (open, requantize, estimate). */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "vramfit/report.h"
#include "vramfit/train.h"

static const char *const models[] = {"llama3.1-8b", "llama3.1-70b", "qwen2.5-32b", "qwen3-8b",
                                     "mistral-7b",  "smollm3-3b",   "phi4-14b",    "llama3.2-1b"};
enum { N_MODELS = sizeof models / sizeof *models };

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void check(vf_status status, const vf_error *err) {
  char line[700];
  if (status == VF_OK) return;
  vf_error_line(err, line, sizeof line);
  fprintf(stderr, "bench_calls: %s\n", line);
  exit(2);
}

typedef struct bench {
  vf_context *ctx;
  vf_model *models[N_MODELS];
  vf_device devices[VF_MAX_DEVICES];
  size_t n_devices;
  vf_estimate *estimate;
} bench;

static void estimate(bench *b, const vf_model *model, unsigned long i) {
  vf_error err;
  vf_request request = vf_request_init();
  request.ctx_tokens = 256 + (i * 7919) % 130000;
  request.seqs = 1 + (unsigned)(i % 4);
  check(vf_estimate_run(b->estimate, model, &request, b->devices, b->n_devices, &err), &err);
}

static void report(const char *what, double seconds, unsigned long n) {
  printf("%-44s %10.0f per second  %6.2f us each\n", what, (double)n / seconds,
         seconds * 1e6 / (double)n);
}

static void run_estimates(bench *b, const char *what, const char *gpus, double seconds) {
  vf_error err;
  check(vf_devices_parse(b->devices, VF_MAX_DEVICES, &b->n_devices, b->ctx, gpus, &err), &err);
  unsigned long n = 0;
  double start = now(), end = start;
  for (; end - start < seconds; end = now())
    for (int k = 0; k < 1000; k++, n++) estimate(b, b->models[n % N_MODELS], n);
  report(what, end - start, n);
}

static void train(bench *b, const char *method, unsigned long i) {
  vf_error err;
  vf_train out;
  vf_train_request r = vf_train_request_init();
  r.method = method;
  r.seq_tokens = 256 + (i * 7919) % 130000;
  r.micro_batch = 1 + (unsigned)(i % 4);
  r.parallel = b->n_devices > 1 ? "fsdp" : NULL;
  check(vf_train_run(&out, b->models[i % N_MODELS], &r, b->devices, b->n_devices, &err), &err);
}

static void run_trainings(bench *b, const char *what, const char *gpus, const char *method,
                          double seconds) {
  vf_error err;
  check(vf_devices_parse(b->devices, VF_MAX_DEVICES, &b->n_devices, b->ctx, gpus, &err), &err);
  unsigned long n = 0;
  double start = now(), end = start;
  for (; end - start < seconds; end = now())
    for (int k = 0; k < 1000; k++, n++) train(b, method, n);
  report(what, end - start, n);
}

static void run_questions(bench *b, double seconds) {
  vf_error err;
  unsigned long n = 0;
  double start = now(), end = start;
  for (; end - start < seconds; end = now()) {
    for (int k = 0; k < 100; k++, n++) {
      vf_model *m;
      check(vf_model_open(&m, b->ctx, models[n % N_MODELS], "q4_k_m", NULL, &err), &err);
      estimate(b, m, n);
      vf_model_free(m);
    }
  }
  report("open a model, quantize, estimate", end - start, n);
}

int main(int argc, char **argv) {
  bench b = {0};
  vf_error err;
  double seconds = argc > 1 ? atof(argv[1]) : 1.0;
  check(vf_context_new(&b.ctx, NULL, &err), &err);
  check(vf_estimate_new(&b.estimate, b.ctx, &err), &err);
  for (int i = 0; i < N_MODELS; i++)
    check(vf_model_open(&b.models[i], b.ctx, models[i], "q4_k_m", NULL, &err), &err);
  run_estimates(&b, "estimate, one GPU", "h100", seconds);
  run_estimates(&b, "estimate, two GPUs", "h100x2", seconds);
  run_estimates(&b, "estimate, unified memory", "gb10", seconds);
  run_trainings(&b, "training, one GPU", "h100", "full", seconds);
  run_trainings(&b, "training, adapters, two GPUs", "h100x2", "qlora", seconds);
  run_questions(&b, seconds);
  for (int i = 0; i < N_MODELS; i++) vf_model_free(b.models[i]);
  vf_estimate_free(b.estimate);
  vf_context_free(b.ctx);
  return 0;
}
