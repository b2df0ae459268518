/* test_scenario.c - engines' command lines, and files about boxes. */
#include "support.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/units.h"
#include "deploy/command_line.h"

static vf_arena *arena;

static int open_arena(void **state) {
  (void)state;
  arena = vf_arena_new(&vf_default_allocator, (size_t)64 << 20);
  return arena == NULL;
}

static int close_arena(void **state) {
  (void)state;
  vf_arena_free(arena);
  return 0;
}

/* ---- Command lines ---------------------------------------------------------------------- */

static vf_status read_line(vf_scenario_workload *w, const char *line, vf_error *err) {
  const char **words;
  size_t n = 0, used = 0;
  *w = (vf_scenario_workload){.request = vf_request_init()};
  vf_status status = vf_command_split(&words, &n, line, arena, err);
  if (status != VF_OK) return status;
  const char *engine = vf_command_engine(words, n, &used);
  assert_non_null(engine);
  return vf_command_options(w, engine, words + used, n - used, err);
}

static void words_are_split_as_a_shell_does(void **state) {
  (void)state;
  const char **w;
  size_t n = 0;
  assert_ok(vf_command_split(&w, &n, " a 'b c'  \"d \\\" e\"f \\ g '' ", arena, err));
  assert_u64(n, 5);
  assert_string_equal(w[1], "b c");
  assert_string_equal(w[2], "d \" ef");
  assert_string_equal(w[3], " g");
  assert_string_equal(w[4], "");
  assert_fails(vf_command_split(&w, &n, "a 'b", arena, err), VF_MALFORMED, "not closed");
}

static void vllm_is_read_with_its_own_suffixes(void **state) {
  (void)state;
  vf_scenario_workload w;
  assert_ok(read_line(&w,
                      "python3 -m vllm.entrypoints.openai.api_server --model=Qwen/Qwen3-8B "
                      "--max_model_len 25.6k --gpu-memory-utilization 0.85 -tp 2 "
                      "--disable-log-requests --kv-cache-dtype fp8 --enforce-eager",
                      err));
  assert_string_equal(w.model, "Qwen/Qwen3-8B");
  assert_string_equal(w.request.engine, "vllm");
  assert_u64(w.request.ctx_tokens, 25600);
  assert_u64(w.request.memory_fraction_ppm, 850000);
  assert_u64(w.request.tp, 2);
  assert_int_equal(w.request.kv_v, VF_FORMAT_F8_E4M3);
  assert_true(w.request.enforce_eager);
  assert_ok(read_line(&w, "vllm serve --swap-space 4 meta/m --max-model-len 8K", err));
  assert_string_equal(w.model, "meta/m");
  assert_u64(w.request.ctx_tokens, 8192);
}

static void llama_server_shares_its_context_among_slots(void **state) {
  (void)state;
  vf_scenario_workload w;
  assert_ok(read_line(&w, "/app/llama-server -hf ggml-org/m-GGUF -c 8192 -np 4 -fa", err));
  assert_string_equal(w.request.engine, "llama-server");
  assert_string_equal(w.quant, "q4_k_m");
  assert_u64(w.request.ctx_tokens, 2048);
  assert_u64(w.request.seqs, 4);
  assert_int_equal(w.request.flash_attn, VF_ON);
  assert_ok(read_line(&w, "llama-server -m /models/m.gguf -c 8192 -np 4 -kvu -ngl all", err));
  assert_u64(w.request.ctx_tokens, 8192);
  assert_int_equal(w.request.gpu_layers, -1);
  assert_ok(read_line(&w, "llama-server -m m --cache-ram 0 -ctk q8_0", err));
  assert_u64(w.request.seqs, 0);
  assert_true(w.request.prompt_cache_bytes == 0);
  assert_int_equal(w.request.kv_k, VF_FORMAT_Q8_0);
}

static void values_that_make_no_sense_name_their_option(void **state) {
  (void)state;
  vf_scenario_workload w;
  assert_fails(read_line(&w, "llama-server -m m -c lots", err), VF_MALFORMED, "-c: 'lots'");
  assert_fails(read_line(&w, "llama-server -m m -ngl", err), VF_MALFORMED, "-ngl");
  assert_fails(read_line(&w, "vllm serve m --gpu-memory-utilization 1.1", err), VF_MALFORMED,
               "'1.1'");
  assert_fails(read_line(&w, "sglang serve --model-path m --tp 99999999", err), VF_MALFORMED,
               "--tp");
}

/* ---- Files ------------------------------------------------------------------------------ */

static vf_status read_text(vf_scenario_file *f, const char *text, vf_error *err) {
  char path[] = "/tmp/vramfit_scenario_XXXXXX";
  int fd = mkstemp(path);
  assert_true(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text) && close(fd) == 0);
  const char *name = vf_arena_copy(arena, path, strlen(path));
  vf_status status = vf_scenario_read(f, arena, name, err);
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
  assert_u64(f.workloads[1].request.ctx_tokens, 32768);
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
      cmocka_unit_test(words_are_split_as_a_shell_does),
      cmocka_unit_test(vllm_is_read_with_its_own_suffixes),
      cmocka_unit_test(llama_server_shares_its_context_among_slots),
      cmocka_unit_test(values_that_make_no_sense_name_their_option),
      cmocka_unit_test(a_file_is_read_whole),
      cmocka_unit_test(profiles_become_scenarios),
      cmocka_unit_test(a_compose_file_is_read_service_by_service),
      cmocka_unit_test(what_is_wrong_is_told_at_its_place),
  };
  return cmocka_run_group_tests(tests, open_arena, close_arena);
}
