/* test_faults.c - running out of memory at every single allocation.
 *
 * An allocator fails the k-th request, for k = 1, 2, ... until the whole question succeeds.  Every
 * failure must be told as such, leave outputs alone and leak nothing.  cJSON's memory goes through
 * the same counter. */
#include "support.h"

#include <stdlib.h>

#include <cjson/cJSON.h>

static long countdown; /* requests until one fails; negative: none does */
static long live;      /* allocations not freed */
static long step = 1;  /* from one point of failure to the next */

static void *failing_malloc(size_t size) {
  if (countdown == 0) return NULL;
  if (countdown > 0) countdown--;
  void *p = malloc(size);
  if (p != NULL) live++;
  return p;
}

static void counting_free(void *p) {
  if (p != NULL) live--;
  free(p);
}

static void *allocate(void *user, size_t size) {
  (void)user;
  return failing_malloc(size);
}

static void release(void *user, void *p) {
  (void)user;
  counting_free(p);
}

static const vf_allocator allocator = {allocate, release, NULL};
static const vf_context_options failing = {.struct_size = sizeof failing, .allocator = &allocator};

static bool swallow(void *user, const char *data, size_t size) {
  (void)data;
  *(size_t *)user += size;
  return true;
}

typedef struct question {
  vf_context *ctx;
  vf_model *model, *other;
  vf_estimate *estimate, *scratch;
} question;

/* Fails one allocation after the other, until the work gets through, which has more than `least`
 * and fewer than `most` of them; it frees what it has. */
static void fail_at_every_allocation(vf_status (*work)(const char *, vf_error *), const char *ref,
                                     long least, long most) {
  long points = 0;
  cJSON_Hooks hooks = {failing_malloc, counting_free};
  cJSON_InitHooks(&hooks);
  for (vf_status status = VF_NOMEM; status != VF_OK; points += step) {
    vf_error err = {VF_OK};
    countdown = points;
    live = 0;
    status = work(ref, &err);
    countdown = -1;
    if (status != VF_OK) {
      assert_int_equal(status, VF_NOMEM);
      assert_int_equal(err.status, VF_NOMEM);
      assert_non_null(strstr(err.message, "out of memory"));
    }
    assert_int_equal(live, 0);
    assert_true(points < most);
  }
  cJSON_InitHooks(NULL);
  assert_true(points > least);
  print_message("%ld points of failure\n", points);
}

/* Everything a caller does, in order, up to the first failure. */
static vf_status ask_once(question *q, const char *ref, vf_error *err) {
  static const char devices[] = "rtx-4090+g2-standard-24+l4";
  vf_request r = vf_request_init();
  vf_device d[4];
  vf_limits limits;
  vf_report_options options = {.struct_size = sizeof options, .format = VF_REPORT_JSON};
  size_t n = 0, written = 0;
  r.ctx_tokens = 8192;
  vf_status status = vf_context_new(&q->ctx, &failing, err);
  if (status == VF_OK) status = vf_model_open(&q->model, q->ctx, ref, "q4_k_m", NULL, err);
  if (status == VF_OK) status = vf_model_requantize(&q->other, q->model, "q8_0", NULL, err);
  if (status == VF_OK) status = vf_devices_parse(d, 4, &n, q->ctx, devices, err);
  if (status == VF_OK) status = vf_estimate_new(&q->estimate, q->ctx, err);
  if (status == VF_OK) status = vf_estimate_new(&q->scratch, q->ctx, err);
  if (status == VF_OK) status = vf_estimate_run(q->estimate, q->model, &r, d, n, err);
  if (status == VF_OK) status = vf_limits_solve(&limits, q->estimate, q->scratch, d, n, err);
  vf_curve curve;
  vf_plot_options plot = {.struct_size = sizeof plot, .svg = true};
  if (status == VF_OK) status = vf_curve_solve(&curve, q->estimate, q->model, &r, d, n, err);
  if (status == VF_OK) status = vf_plot_write(q->estimate, &curve, &plot, swallow, &written, err);
  if (status == VF_OK)
    status = vf_report_write(q->estimate, &limits, &options, swallow, &written, err);
  return status;
}

static vf_status ask(const char *ref, vf_error *err) {
  question q = {NULL, NULL, NULL, NULL};
  vf_status status = ask_once(&q, ref, err);
  vf_estimate_free(q.estimate);
  vf_estimate_free(q.scratch);
  vf_model_free(q.other);
  vf_model_free(q.model);
  vf_context_free(q.ctx);
  return status;
}

static void a_catalog_question_survives_every_allocation_failure(void **state) {
  (void)state;
  fail_at_every_allocation(ask, "llama3.1-8b", 30, 5000);
}

static void a_config_file_survives_every_allocation_failure(void **state) {
  (void)state;
  const char *path = "test_faults_config.json";
  FILE *f = fopen(path, "w");
  assert_non_null(f);
  fputs("{\"model_type\": \"qwen2\", \"hidden_size\": 256, \"num_hidden_layers\": 4,"
        "\"num_attention_heads\": 4, \"intermediate_size\": 512, \"vocab_size\": 1000,"
        "\"max_position_embeddings\": 32768, \"rope_scaling\": {\"type\": \"yarn\"},"
        "\"eos_token_id\": [1, 2, 3], \"torch_dtype\": \"bfloat16\"}",
        f);
  assert_int_equal(fclose(f), 0);
  fail_at_every_allocation(ask, "./test_faults_config.json", 30, 5000);
  remove(path);
}

/* A context with a catalog of its own, and lists of all kinds. */
static vf_status list_all(const char *catalog, vf_error *err) {
  static const vf_list_query queries[VF_LIST_COUNT] = {
      [VF_LIST_MODELS] = {.struct_size = sizeof *queries, .text = "llama3.2-1b"},
      [VF_LIST_GPUS] = {.struct_size = sizeof *queries, .text = "gb10"},
      [VF_LIST_NODES] = {.struct_size = sizeof *queries, .text = "dgx-h100"},
      [VF_LIST_WORKLOADS] = {.struct_size = sizeof *queries, .text = "tts"},
      [VF_LIST_ENGINES] = {.struct_size = sizeof *queries},
      [VF_LIST_FORMATS] = {.struct_size = sizeof *queries, .text = "iq4"}};
  vf_context *ctx = NULL;
  size_t written = 0;
  vf_status status = vf_context_new(&ctx, &failing, err);
  if (status == VF_OK) status = vf_context_add_catalog(ctx, catalog, err);
  for (int kind = 0; status == VF_OK && kind < VF_LIST_COUNT; kind++) {
    vf_report_options options = {.struct_size = sizeof options,
                                 .format = kind % 2 == 0 ? VF_REPORT_TABLE : VF_REPORT_JSON};
    vf_listing *listing = NULL;
    status = vf_list(&listing, ctx, (vf_list_kind)kind, &queries[kind], err);
    if (status == VF_OK) status = vf_listing_write(listing, &options, swallow, &written, err);
    vf_listing_free(listing);
  }
  vf_context_free(ctx);
  return status;
}

static void lists_and_own_catalogs_survive_every_allocation_failure(void **state) {
  (void)state;
  const char *path = "test_faults_catalog.json";
  FILE *f = fopen(path, "w");
  assert_non_null(f);
  fputs("{\"models\": [{\"id\": \"mine\", \"aliases\": [\"a\", \"b\"], \"model_type\": \"llama\","
        "\"hidden_size\": 256, \"num_hidden_layers\": 2, \"num_attention_heads\": 4,"
        "\"intermediate_size\": 512, \"vocab_size\": 1000}],"
        "\"gpus\": [{\"id\": \"card\", \"name\": \"Card\", \"class\": \"geforce\", \"total_mib\": "
        "8192}]}",
        f);
  assert_int_equal(fclose(f), 0);
  fail_at_every_allocation(list_all, path, 100, 20000);
  remove(path);
}

/* A table of two formats on two devices, and the most context that fits. */
static vf_status ask_much(const char *ref, vf_error *err) {
  (void)ref;
  static const vf_axis axes[] = {{VF_AXIS_GPU, "rtx-4090,l4"}, {VF_AXIS_QUANT, "q4,q8_0"}};
  vf_max_query q = vf_max_query_init();
  vf_report_options options = {.struct_size = sizeof options, .format = VF_REPORT_TABLE};
  vf_context *ctx = NULL;
  vf_grid *grid = NULL;
  vf_answer answer;
  size_t written = 0;
  bool finished = false;
  q.kind = VF_MOST_QUANT;
  q.base.model = "llama3.1-8b";
  q.base.gpu = "l4";
  q.base.request.ctx_tokens = 8192;
  vf_status status = vf_context_new(&ctx, &failing, err);
  if (status == VF_OK) status = vf_grid_new(&grid, ctx, &q.base, axes, 2, err);
  if (status == VF_OK) status = vf_grid_work(grid, SIZE_MAX, &finished, err);
  if (status == VF_OK)
    status = vf_grid_write(grid, VF_CELL_HEADROOM, &options, swallow, &written, err);
  if (status == VF_OK) status = vf_max_solve(&answer, ctx, &q, err);
  if (status == VF_OK) status = vf_answer_write(&answer, &options, swallow, &written, err);
  vf_grid_free(grid);
  vf_context_free(ctx);
  return status;
}

static void tables_and_answers_survive_every_allocation_failure(void **state) {
  (void)state;
  fail_at_every_allocation(ask_much, NULL, 30, 20000);
}

static bool refuse(void *user, const char *data, size_t size) {
  (void)user;
  (void)data;
  (void)size;
  return false;
}

static void a_report_that_cannot_be_written_is_an_error(void **state) {
  (void)state;
  question q = {NULL, NULL, NULL, NULL};
  vf_report_options options = {.struct_size = sizeof options,
                               .format = VF_REPORT_TABLE,
                               .bars = true,
                               .color = true,
                               .explain = true};
  countdown = -1;
  assert_ok(ask_once(&q, "llama3.1-8b", err));
  assert_fails(vf_report_write(q.estimate, NULL, &options, refuse, NULL, err), VF_IO,
               "cannot be written");
  vf_estimate_free(q.estimate);
  vf_estimate_free(q.scratch);
  vf_model_free(q.other);
  vf_model_free(q.model);
  vf_context_free(q.ctx);
}

/* A box with a model, a measured program, a size and a server that loads on demand. */
static vf_status place_all(const char *path, vf_error *err) {
  const vf_report_options table = {.struct_size = sizeof table, .format = VF_REPORT_TABLE},
                          json = {.struct_size = sizeof json, .format = VF_REPORT_JSON};
  vf_context *ctx = NULL;
  vf_place *place = NULL;
  size_t written = 0;
  vf_status status = vf_context_new(&ctx, &failing, err);
  if (status == VF_OK) status = vf_place_open(&place, ctx, path, NULL, err);
  if (status == VF_OK) status = vf_place_write(place, &table, swallow, &written, err);
  if (status == VF_OK) status = vf_place_write(place, &json, swallow, &written, err);
  if (status == VF_OK) status = vf_place_card(place, true, &table, swallow, &written, err);
  vf_place_free(place);
  vf_context_free(ctx);
  return status;
}

static void a_box_survives_every_allocation_failure(void **state) {
  (void)state;
  const char *path = "test_faults_box.json";
  FILE *f = fopen(path, "w");
  assert_non_null(f);
  fputs("{\"gpu\": [\"rtx-4090\", \"rtx-3060\"], \"ollama\": {\"max_loaded_models\": 1},"
        "\"workloads\": [{\"workload\": \"kokoro\", \"schedule\": \"on-demand\"},"
        "{\"size\": \"4GB\", \"class\": \"training\", \"profiles\": [\"night\"]},"
        "{\"model\": \"qwen3-0.6b\", \"ctx\": 4096, \"engine\": \"ollama\"},"
        "{\"name\": \"c\", \"command\": \"llama-server -m qwen3-0.6b -c 8k\"}]}",
        f);
  assert_int_equal(fclose(f), 0);
  fail_at_every_allocation(place_all, path, 30, 5000);
  remove(path);
}

static vf_status add_results(void *user, const vf_check *check, vf_error *err) {
  return vf_check_report_add(user, check, err);
}

/* One file of two deployments, one of which does not fit; written as it goes on. */
static vf_status check_once(const char *text, vf_error *err) {
  vf_context *context = NULL;
  vf_check *check = NULL;
  vf_check_report *report = NULL;
  vf_deployment policy = vf_deployment_init();
  vf_check_options options = vf_check_options_init();
  size_t written = 0;
  policy.gpu = "l4";
  options.policy = &policy;
  vf_status status = vf_context_new(&context, &failing, err);
  if (status == VF_OK) status = vf_check_new(&check, context, &options, err);
  if (status == VF_OK) status = vf_check_report_new(&report, context, NULL, swallow, &written, err);
  if (status == VF_OK)
    status = vf_check_text(check, "a.json", text, strlen(text), add_results, report, err);
  if (status == VF_OK) status = vf_check_report_end(report, check, err);
  vf_check_report_free(report);
  vf_check_free(check);
  vf_context_free(context);
  return status;
}

static void a_check_tells_every_failed_allocation(void **state) {
  (void)state;
  fail_at_every_allocation(
      check_once,
      "{\"services\": {\"a\": {\"image\": \"vllm/vllm-openai\", \"command\": [\"--model\", "
      "\"Qwen/Qwen3-4B\", \"--max-model-len\", \"4k\", \"--x\"]}, \"b\": {\"image\": "
      "\"vllm/vllm-openai\", \"command\": \"--model Qwen/Qwen3-32B\"}}}",
      60, 6000);
}

/* ---- From a line to a launch ---- */

/* An engine's line, what it comes to, how it is started, and its operations. */
static vf_status run_line(const char *text, vf_error *err) {
  const vf_report_options json = {.struct_size = sizeof json, .format = VF_REPORT_JSON};
  vf_context *ctx = NULL;
  vf_command *command = NULL;
  vf_setup *setup = NULL;
  vf_estimate *estimate = NULL;
  vf_launch *launch = NULL;
  vf_listing *graph = NULL;
  vf_offers offers;
  vf_deployment d;
  size_t written = 0;
  vf_status status = vf_context_new(&ctx, &failing, err);
  if (status == VF_OK) status = vf_command_new(&command, ctx, err);
  if (status == VF_OK) status = vf_command_read_text(command, text, NULL, NULL, err);
  if (status == VF_OK) status = vf_command_deployment(command, &d, err);
  if (status == VF_OK) {
    d.gpu = "rtx-4090";
    status = vf_setup_open(&setup, ctx, &d, err);
  }
  if (status == VF_OK) status = vf_estimate_new(&estimate, ctx, err);
  if (status == VF_OK) status = vf_setup_estimate(estimate, setup, err);
  if (status == VF_OK) status = vf_launch_make(&launch, ctx, estimate, &d, err);
  if (status == VF_OK) status = vf_offers_solve(&offers, ctx, &d, err);
  if (status == VF_OK) status = vf_graph_list(&graph, ctx, &d, err);
  if (status == VF_OK) status = vf_listing_write(graph, &json, swallow, &written, err);
  vf_listing_free(graph);
  vf_launch_free(launch);
  vf_estimate_free(estimate);
  vf_setup_free(setup);
  vf_command_free(command);
  vf_context_free(ctx);
  return status;
}

static void a_line_survives_every_allocation_failure(void **state) {
  (void)state;
  fail_at_every_allocation(
      run_line, "CUDA_VISIBLE_DEVICES=0 llama-server -m qwen3-0.6b:Q8_0 -c 8192 -np 2 -ctk q8_0",
      60, 20000);
}

/* A training: its line, its run, what would fit, and its pages. */
static vf_status train_once(const char *text, vf_error *err) {
  const vf_report_options json = {.struct_size = sizeof json, .format = VF_REPORT_JSON},
                          table = {.struct_size = sizeof table, .format = VF_REPORT_TABLE};
  const vf_plot_options plot = {.struct_size = sizeof plot, .svg = true};
  static const char *const words[] = {
      "accelerate", "launch",       "sft.py", "--model_name_or_path",
      "qwen3-32b",  "--max_length", "4096",   "--use_peft"};
  vf_context *ctx = NULL;
  vf_command *command = NULL;
  vf_setup *setup = NULL;
  vf_train train;
  vf_train_limits limits;
  vf_deployment d;
  size_t written = 0;
  (void)text;
  vf_status status = vf_context_new(&ctx, &failing, err);
  if (status == VF_OK) status = vf_command_new(&command, ctx, err);
  if (status == VF_OK)
    status = vf_command_read_trainer(command, words, sizeof words / sizeof *words, err);
  if (status == VF_OK) status = vf_command_deployment(command, &d, err);
  if (status == VF_OK) {
    d.gpu = "l4";
    status = vf_setup_open(&setup, ctx, &d, err);
  }
  if (status == VF_OK) status = vf_setup_train(&train, setup, err);
  if (status == VF_OK) status = vf_train_limits_solve(&limits, setup, err);
  if (status == VF_OK) status = vf_train_write(&train, &json, swallow, &written, err);
  if (status == VF_OK) status = vf_train_write(&train, &table, swallow, &written, err);
  if (status == VF_OK) status = vf_train_plot_write(&train, &plot, swallow, &written, err);
  vf_setup_free(setup);
  vf_command_free(command);
  vf_context_free(ctx);
  return status;
}

static void a_training_survives_every_allocation_failure(void **state) {
  (void)state;
  fail_at_every_allocation(train_once, NULL, 20, 20000);
}

/* Trainers' configurations that name each other. */
static vf_status read_training_file(const char *path, vf_error *err) {
  vf_context *ctx = NULL;
  vf_command *command = NULL;
  vf_deployment d;
  vf_status status = vf_context_new(&ctx, &failing, err);
  if (status == VF_OK) status = vf_command_new(&command, ctx, err);
  if (status == VF_OK) status = vf_command_read_config(command, path, err);
  if (status == VF_OK) status = vf_command_deployment(command, &d, err);
  vf_command_free(command);
  vf_context_free(ctx);
  return status;
}

static void write_file(const char *path, const char *text) {
  FILE *f = fopen(path, "w");
  assert_non_null(f);
  fputs(text, f);
  assert_int_equal(fclose(f), 0);
}

static void a_trainers_file_survives_every_allocation_failure(void **state) {
  (void)state;
  write_file("test_faults_ds.json",
             "{\"zero_optimization\": {\"stage\": 3, \"offload_optimizer\": {\"device\": "
             "\"cpu\"}}, \"train_micro_batch_size_per_gpu\": 2, \"bf16\": {\"enabled\": true}}");
  fail_at_every_allocation(read_training_file, "test_faults_ds.json", 3, 5000);
  remove("test_faults_ds.json");
}

/* ---- Looking ---- */

static vf_status look_into(const char *ref, vf_error *err) {
  const vf_report_options json = {.struct_size = sizeof json, .format = VF_REPORT_JSON},
                          table = {.struct_size = sizeof table, .format = VF_REPORT_TABLE};
  vf_context *ctx = NULL;
  vf_inspection *x = NULL;
  size_t written = 0;
  vf_status status = vf_context_new(&ctx, &failing, err);
  if (status == VF_OK) status = vf_inspect(&x, ctx, ref, err);
  if (status == VF_OK) status = vf_inspection_write(x, NULL, true, &json, swallow, &written, err);
  if (status == VF_OK) status = vf_inspection_write(x, x, false, &table, swallow, &written, err);
  vf_inspection_free(x);
  vf_context_free(ctx);
  return status;
}

static void an_inspection_survives_every_allocation_failure(void **state) {
  (void)state;
  fail_at_every_allocation(look_into, "qwen3-0.6b", 10, 5000);
}

static vf_status find_runners(const char *gpu, vf_error *err) {
  const vf_report_options json = {.struct_size = sizeof json, .format = VF_REPORT_JSON};
  vf_runners_query q = vf_runners_query_init();
  vf_context *ctx = NULL;
  vf_runners *runners = NULL;
  size_t written = 0;
  q.base.gpu = gpu;
  q.family = "gemma";
  q.least_params = UINT64_C(26000000000);
  q.most_params = UINT64_C(28000000000);
  vf_status status = vf_context_new(&ctx, &failing, err);
  if (status == VF_OK) status = vf_runners_find(&runners, ctx, &q, err);
  if (status == VF_OK) status = vf_runners_write(runners, &json, swallow, &written, err);
  vf_runners_free(runners);
  vf_context_free(ctx);
  return status;
}

static void what_runs_on_a_device_survives_every_allocation_failure(void **state) {
  (void)state;
  step = 29; /* a catalog's worth of models, each of which allocates the same way */
  fail_at_every_allocation(find_runners, "h100", 10, 20000);
  step = 1;
}

static vf_status read_modelfile(const char *path, vf_error *err) {
  vf_context *ctx = NULL;
  vf_modelfile m;
  vf_status status = vf_context_new(&ctx, &failing, err);
  if (status == VF_OK) status = vf_modelfile_read(&m, ctx, path, err);
  vf_context_free(ctx);
  return status;
}

static void a_modelfile_survives_every_allocation_failure(void **state) {
  (void)state;
  write_file("test_faults_modelfile", "FROM qwen3:0.6b\nPARAMETER num_ctx 8192\n");
  fail_at_every_allocation(read_modelfile, "test_faults_modelfile", 2, 1000);
  remove("test_faults_modelfile");
}

/* A machine of files alone: nothing but the allocator may fail. */
static vf_status detect(const char *root, vf_error *err) {
  const vf_report_options json = {.struct_size = sizeof json, .format = VF_REPORT_JSON};
  vf_machine_options o = vf_machine_options_init();
  vf_context *ctx = NULL;
  vf_machine *machine = NULL;
  size_t written = 0;
  o.root = root;
  vf_status status = vf_context_new(&ctx, &failing, err);
  if (status == VF_OK) status = vf_machine_detect(&machine, ctx, &o, err);
  if (status == VF_OK) status = vf_machine_write(machine, &json, swallow, &written, err);
  vf_machine_free(machine);
  vf_context_free(ctx);
  return status;
}

static void a_detection_survives_every_allocation_failure(void **state) {
  (void)state;
  fail_at_every_allocation(detect, ".", 2, 1000);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_check_tells_every_failed_allocation),
      cmocka_unit_test(a_catalog_question_survives_every_allocation_failure),
      cmocka_unit_test(a_config_file_survives_every_allocation_failure),
      cmocka_unit_test(lists_and_own_catalogs_survive_every_allocation_failure),
      cmocka_unit_test(a_box_survives_every_allocation_failure),
      cmocka_unit_test(tables_and_answers_survive_every_allocation_failure),
      cmocka_unit_test(a_line_survives_every_allocation_failure),
      cmocka_unit_test(a_training_survives_every_allocation_failure),
      cmocka_unit_test(a_trainers_file_survives_every_allocation_failure),
      cmocka_unit_test(an_inspection_survives_every_allocation_failure),
      cmocka_unit_test(what_runs_on_a_device_survives_every_allocation_failure),
      cmocka_unit_test(a_modelfile_survives_every_allocation_failure),
      cmocka_unit_test(a_detection_survives_every_allocation_failure),
      cmocka_unit_test(a_report_that_cannot_be_written_is_an_error),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
