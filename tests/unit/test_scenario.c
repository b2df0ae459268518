/* test_scenario.c - files about boxes. */
#include "support.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/units.h"
#include "deploy/scenario.h"

static vf_arena *arena;
static vf_context *ctx;

static int open_arena(void **state) {
  (void)state;
  arena = vf_arena_new(&vf_default_allocator, (size_t)64 << 20);
  return arena == NULL || vf_context_new(&ctx, NULL, NULL) != VF_OK;
}

static int close_arena(void **state) {
  (void)state;
  vf_arena_free(arena);
  vf_context_free(ctx);
  return 0;
}

/* ---- Files ------------------------------------------------------------------------------ */

static vf_status read_text(vf_scenario_file *f, const char *text, vf_error *err) {
  char path[] = "/tmp/vramfit_scenario_XXXXXX";
  int fd = mkstemp(path);
  assert_true(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text) && close(fd) == 0);
  const char *name = vf_arena_copy(arena, path, strlen(path));
  vf_status status = vf_scenario_read(f, ctx, arena, name, err);
  unlink(path);
  return status;
}

static void a_file_is_read_whole(void **state) {
  (void)state;
  vf_scenario_file f;
  assert_ok(read_text(&f,
                      "{\"gpu\": [\"a\", \"b\"], \"headroom\": \"5%\", \"system\": \"2GiB\","
                      "\"workloads\": [{\"name\": \"x\", \"size\": [\"1GB\", \"2GB\", \"3GB\"],"
                      "\"schedule\": \"stage\", \"pipeline\": \"p\", \"keep_alive\": \"1h30m\"},"
                      "{\"model\": \"m\", \"ctx\": \"32k\", \"kv\": \"fp8\", \"gpu\": [1, 0]}]}",
                      err));
  assert_string_equal(f.gpu, "a+b");
  assert_u64(f.headroom_permille, 50);
  assert_u64(f.system_bytes, 2 * VF_GIB);
  assert_u64(f.n_workloads, 2);
  assert_u64(f.workloads[0].size.bytes, 2 * VF_GB);
  assert_true(f.workloads[0].keep_alive_s == 5400);
  assert_u64(f.workloads[1].d.request.ctx_tokens, 32768);
  assert_u64(f.workloads[1].n_gpus, 2);
  assert_string_equal(f.workloads[1].name, "m");
  assert_u64(f.n_scenarios, 1);
  assert_u64(f.scenarios[0].set, 3);
}

static void profiles_become_scenarios(void **state) {
  (void)state;
  vf_scenario_file f;
  assert_ok(read_text(&f,
                      "{\"workloads\": [{\"name\": \"a\", \"size\": \"1GB\"},"
                      "{\"name\": \"b\", \"size\": \"1GB\", \"profiles\": [\"day\", \"night\"]},"
                      "{\"name\": \"c\", \"size\": \"1GB\", \"profiles\": [\"night\"]}]}",
                      err));
  assert_u64(f.n_scenarios, 3);
  assert_string_equal(f.scenarios[0].name, "default");
  assert_u64(f.scenarios[0].set, 1);
  assert_u64(f.scenarios[1].set, 3);
  assert_string_equal(f.scenarios[2].name, "night");
  assert_u64(f.scenarios[2].set, 7);
}

static void a_compose_file_is_read_service_by_service(void **state) {
  (void)state;
  vf_scenario_file f;
  assert_ok(read_text(
      &f,
      "{\"services\": {\"my.api\": {\"image\": \"vllm/vllm-openai\", \"command\": [\"m\"],"
      "\"deploy\": {\"resources\": {\"reservations\": {\"devices\": [{\"device_ids\": "
      "[\"1\"]}]}}}},"
      "\"o\": {\"image\": \"ollama/ollama\", \"environment\": {\"OLLAMA_NUM_PARALLEL\": \"2\","
      "\"OLLAMA_KEEP_ALIVE\": \"-1\"}, \"x-vramfit\": [{\"model\": \"a\"}, {\"model\": \"b\"}]},"
      "\"db\": {\"image\": \"postgres\"}}}",
      err));
  assert_u64(f.n_workloads, 3);
  assert_string_equal(f.workloads[0].name, "my.api");
  assert_u64(f.workloads[0].gpus[0], 1);
  assert_string_equal(f.workloads[2].name, "o/b");
  assert_true(f.workloads[2].by_ollama);
  assert_int_equal(f.workloads[2].schedule, VF_SCHEDULE_ON_DEMAND);
  assert_u64(f.ollama.parallel, 2);
  assert_true(f.ollama.keep_alive_s == VF_KEEP_FOREVER);
  assert_u64(f.n_skipped, 1);
}

static void what_is_wrong_is_told_at_its_place(void **state) {
  (void)state;
  static const struct {
    const char *text, *path;
    unsigned line;
  } bad[] = {
      {"{\"workloads\": [\n{\"size\": \"1GB\"},\n{}, {\"size\": \"1GB\"}]}", "/workloads/2/size",
       3},
      {"{\"workloads\": [\n{\"size\": \"1GB\",\n\"siz\": 1}]}", "/workloads/0/siz", 3},
      {"{\"workloads\": [\n{\"size\": \"1GB\", \"limit\":\n{\"a\": 1}}]}", "/workloads/0/limit/a",
       3},
      {"{\"workloads\": [1]}", "/workloads", 1},
      {"{\"workloads\": [{\"size\": \"1GB\", \"tp\": 0}]}", "/workloads/0/tp", 1},
      {"{\"workloads\": [{\"size\": \"1GB\", \"gpu\": [0, 0]}]}", "/workloads/0/gpu", 1},
      {"{\"services\": {\n\"a\": {\"image\": \"x\", \"gpus\": [{\"count\": 1}]}}}",
       "/services/a/image", 2},
  };
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    vf_scenario_file f;
    vf_error e = {.status = VF_OK};
    if (read_text(&f, bad[i].text, &e) != VF_MALFORMED) fail_msg("%s was taken", bad[i].text);
    assert_string_equal(e.path, bad[i].path);
    assert_int_equal(e.line, bad[i].line);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_file_is_read_whole),
      cmocka_unit_test(profiles_become_scenarios),
      cmocka_unit_test(a_compose_file_is_read_service_by_service),
      cmocka_unit_test(what_is_wrong_is_told_at_its_place),
  };
  return cmocka_run_group_tests(tests, open_arena, close_arena);
}
