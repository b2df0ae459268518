/* truth.h - what tests of rows share: the file of VF_TRUTH_FILE, an estimate to work with. */
#ifndef VF_TESTS_TRUTH_H
#define VF_TESTS_TRUTH_H

#include "../unit/support.h"

enum { TRUTH_LINE = 1024 };

static vf_context *ctx;
static vf_estimate *estimate;
static FILE *file;

static int open_all(void **state) {
  (void)state;
  file = fopen(VF_TRUTH_FILE, "r");
  if (file == NULL) return -1;
  return vf_context_new(&ctx, NULL, NULL) || vf_estimate_new(&estimate, ctx, NULL);
}

static int close_all(void **state) {
  (void)state;
  vf_estimate_free(estimate);
  vf_context_free(ctx);
  return fclose(file);
}

/* The next line that is no comment. */
static bool read_line(char line[TRUTH_LINE]) {
  do {
    if (fgets(line, TRUTH_LINE, file) == NULL) return false;
  } while (line[0] == '#');
  return true;
}

#endif
