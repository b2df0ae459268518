/* fuzz_manifest.c - any bytes as a file that starts engines, of a kind that the first byte chooses:
 * refused with a reason, or judged and written in every format. */
#include <string.h>

#include "fuzz_file.h"
#include "vramfit/report.h"

static const char *const names[] = {"a.yaml", "a.json", "a.ini", "a.service", "a.sh", "a.sbatch"};
enum { NAMES = sizeof names / sizeof *names };

static vf_check_report *reports[VF_REPORT_COUNT];

static bool swallow(void *user, const char *data, size_t size) {
  (void)data;
  *(size_t *)user += size;
  return true;
}

static vf_status add(void *user, const vf_check *check, vf_error *err) {
  (void)user;
  for (int i = 0; i < VF_REPORT_COUNT; i++)
    require(vf_check_report_add(reports[i], check, err) == VF_OK);
  return VF_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static vf_context *ctx;
  static char text[1 << 16];
  vf_error err = {VF_OK};
  vf_check *check;
  size_t written = 0;
  vf_deployment policy = vf_deployment_init();
  vf_check_options options = vf_check_options_init();
  if (ctx == NULL) require(vf_context_new(&ctx, NULL, &err) == VF_OK);
  if (size < 1 || size >= sizeof text || memchr(data, '\0', size) != NULL) return 0;
  memcpy(text, data + 1, size - 1);
  text[size - 1] = '\0';
  policy.gpu = size % 2 == 0 ? "l4" : NULL;
  options.policy = &policy;
  options.told_all = true;
  require(vf_check_new(&check, ctx, &options, &err) == VF_OK);
  for (int i = 0; i < VF_REPORT_COUNT; i++) {
    vf_report_options o = vf_report_options_init();
    o.format = (vf_report_format)i;
    require(vf_check_report_new(&reports[i], ctx, &o, swallow, &written, &err) == VF_OK);
  }
  require(vf_check_text(check, names[data[0] % NAMES], text, size - 1, add, NULL, &err) == VF_OK);
  vf_check_counts n = vf_check_counted(check);
  require(n.files == 1 && n.judged <= n.deployments && n.failed <= n.deployments);
  require(n.deployments + n.passed + n.errors > 0);
  for (int i = 0; i < VF_REPORT_COUNT; i++) {
    require(vf_check_report_end(reports[i], check, &err) == VF_OK);
    vf_check_report_free(reports[i]);
  }
  require(written > 0);
  vf_check_free(check);
  return 0;
}
