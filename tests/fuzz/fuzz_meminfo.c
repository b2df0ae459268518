/* fuzz_meminfo.c - any bytes as what a kernel tells: meminfo, groups, their statistics, numbers. */
#include <string.h>

#include "fuzz_file.h"

#include "machine/meminfo.h"
#include "machine/system_file.h"

static void read_meminfo(const char *text, size_t size) {
  static vf_findings notes;
  vf_host_memory h;
  vf_error err = {VF_OK};
  notes.n_notes = 0;
  vf_status status = vf_meminfo_parse(&h, text, size, &notes, &err);
  require(err.status == status && notes.n_notes <= VF_MACHINE_NOTES);
  if (status != VF_OK) return;
  require(h.total_bytes != 0 && h.free_bytes <= h.total_bytes);
  require(h.swap_free_bytes <= h.swap_bytes);
  require(h.huge_pages_free_bytes <= h.huge_pages_bytes && h.huge_pages_bytes <= h.total_bytes);
}

static void read_group(const char *text, size_t size) {
  char path[64];
  uint64_t n;
  bool v2;
  if (vf_cgroup_path(path, sizeof path, &v2, text, size)) {
    require(path[0] == '/' && strlen(path) < sizeof path);
    require(strstr(path, "/..") == NULL);
  }
  (void)vf_cgroup_stat(&n, text, size, "inactive_file");
}

static void read_number(const char *text, size_t size) {
  uint64_t n = 0, again = 0;
  char digits[32];
  if (!vf_system_number(&n, text, size, 10)) return;
  int length = snprintf(digits, sizeof digits, "%llu", (unsigned long long)n);
  require(vf_system_number(&again, digits, (size_t)length, 10) && again == n);
}

/* The text has an end of its own, so that reading beyond it is noticed. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  char line[64], *text = malloc(size + 1);
  size_t n;
  require(text != NULL);
  memcpy(text, data, size);
  read_meminfo(text, size);
  read_group(text, size);
  read_number(text, size);
  (void)vf_system_number(&(uint64_t){0}, text, size, 16);
  free(text);
  const char *path = fuzz_file(data, size);
  if (vf_system_line(line, sizeof line, "", path)) require(strlen(line) < sizeof line);
  require(vf_system_read(line, sizeof line, &n, "", path) != VF_SYSTEM_READ || n < sizeof line);
  return 0;
}
