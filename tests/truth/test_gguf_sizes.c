/* test_gguf_sizes.c - predicted sizes of GGUF files against published ones (gguf_sizes.tsv).
 *
 * A file is its tensors and a header, which is the vocabulary: on the rows that are known to the
 * byte 23 bytes a word where words have scores, 35 to 65 where there is a list of merges.  So a
 * prediction is an interval, and its error is what lies between it and the published size. */
#include "../unit/support.h"

#include <stdlib.h>

#include "core/model.h"

enum { LEAST_WORD_BYTES = 20, MOST_WORD_BYTES = 65, N_CLASSES = 6 };

static const char *const classes[N_CLASSES] = {"plain", "mix", "mxfp4", "twice", "qat", "old"};

typedef struct row {
  char id[64], quant[16], class_name[16];
  int imatrix;
  unsigned long long low, high;
} row;

static vf_context *ctx;
static int n_rows[N_CLASSES + 1], n_within[N_CLASSES + 1];

static int class_of(const row *r) {
  for (int i = 0; i < N_CLASSES; i++)
    if (strcmp(r->class_name, classes[i]) == 0) return i;
  return N_CLASSES;
}

/* The tensors of a GGUF file: not those of towers, which have a file of their own. */
static uint64_t file_tensor_bytes(const vf_model *m) {
  uint64_t bytes = 0;
  for (size_t i = 0; i < m->n_tensors; i++) {
    const vf_tensor *t = &m->tensors[i];
    if (vf_roles[t->role].home != VF_HOME_TOWER) bytes += t->bytes * t->count;
  }
  return bytes;
}

static double error_of(const row *r) {
  char quant[32];
  vf_model *m;
  snprintf(quant, sizeof quant, "%s%s", r->quant, r->imatrix ? "+imatrix" : "");
  assert_ok(vf_model_open(&m, ctx, r->id, quant, "llama.cpp", err));
  double bytes = (double)file_tensor_bytes(m), words = (double)m->n_vocab;
  vf_model_free(m);
  double least = bytes + LEAST_WORD_BYTES * words, most = bytes + MOST_WORD_BYTES * words;
  if (most < (double)r->low) return most / (double)r->low - 1;
  if (least > (double)r->high) return least / (double)r->high - 1;
  return 0;
}

static bool read_row(FILE *f, row *r) {
  char line[1024];
  do {
    if (fgets(line, sizeof line, f) == NULL) return false;
  } while (line[0] == '#' || strncmp(line, "id\t", 3) == 0);
  int n = sscanf(line, "%63s %15s %d %llu %llu %15s", r->id, r->quant, &r->imatrix, &r->low,
                 &r->high, r->class_name);
  assert_int_equal(n, 6);
  return true;
}

static void published_files_have_the_predicted_size(void **state) {
  (void)state;
  row r;
  FILE *f = fopen(VF_SIZES_FILE, "r");
  assert_non_null(f);
  while (read_row(f, &r)) {
    int c = class_of(&r);
    double error = error_of(&r);
    n_rows[c]++;
    n_within[c] += error >= -0.005 && error <= 0.005;
    if (c == 0 && (error < -0.005 || error > 0.005))
      printf("  %s %s: %+.2f %%\n", r.id, r.quant, error * 100);
  }
  fclose(f);
  for (int i = 0; i <= N_CLASSES; i++)
    printf("%-6s %4d files, within 0.5 %%: %4d (%.1f %%)\n", i < N_CLASSES ? classes[i] : "other",
           n_rows[i], n_within[i], 100.0 * n_within[i] / (n_rows[i] > 0 ? n_rows[i] : 1));
  assert_true(n_rows[0] > 1000);
  assert_true(n_within[0] * 100 >= n_rows[0] * 95);
}

/* Mixes are known by an interval, fitted on one half of the files: the other half lies in it. */
static void published_mixes_lie_in_their_interval(void **state) {
  (void)state;
  char line[1024], id[64], quant[16], half[16];
  unsigned long long low, high;
  int n = 0, within = 0;
  FILE *f = fopen(VF_MIXES_FILE, "r");
  assert_non_null(f);
  while (fgets(line, sizeof line, f) != NULL) {
    if (sscanf(line, "%63s %15s %llu %llu %15s", id, quant, &low, &high, half) != 5) continue;
    if (strcmp(half, "check") != 0) continue;
    vf_model *m;
    assert_ok(vf_model_open(&m, ctx, id, quant, "llama.cpp", err));
    vf_weights_share share = m->share;
    m->share = (vf_weights_share){0};
    uint64_t bytes = file_tensor_bytes(m), words = m->n_vocab;
    n++;
    within += bytes / 1000 * share.low + LEAST_WORD_BYTES * words <= high &&
              bytes / 1000 * share.high + MOST_WORD_BYTES * words >= low;
    vf_model_free(m);
  }
  fclose(f);
  printf("mixes: %d files, in the interval: %d\n", n, within);
  assert_true(n > 280 && within * 100 >= n * 95);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(published_files_have_the_predicted_size),
                                     cmocka_unit_test(published_mixes_lie_in_their_interval)};
  if (vf_context_new(&ctx, NULL, NULL) != VF_OK) return 2;
  int failed = cmocka_run_group_tests(tests, NULL, NULL);
  vf_context_free(ctx);
  return failed;
}
