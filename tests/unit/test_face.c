/* test_face.c - what the public interface promises to any caller.
 *
 * Every pointer of every function is NULL once: where that is not allowed (refuses), it is VF_USAGE
 * with a sentence that names it, and where it is (takes), it does no harm.
 * tests/consumers/headers.py looks for functions and pointers that are missing here. */
#include "support.h"

#include "vramfit/report.h"

/* ---- Something of everything ------------------------------------------------------------ */

static struct {
  vf_context *ctx;
  vf_model *model, *another;
  vf_request request;
  vf_device device;
  vf_estimate *estimate, *scratch, *empty;
  vf_limits limits;
  vf_curve curve;
  vf_deployment deployment;
  vf_grid *grid;
  vf_answer answer;
  vf_inspection *inspection;
  vf_listing *listing;
  vf_machine *machine;
  vf_place *place;
  vf_launch *launch;
  vf_command *command;
  vf_setup *setup;
  vf_runners *runners;
} g;

static const char box[] = "test_face_box.json";
static const char root[] = ".";
static const vf_axis axes[] = {{VF_AXIS_CTX, "4k,8k"}};
static vf_max_query query;

static bool swallow(void *user, const char *data, size_t size) {
  (void)user;
  (void)data;
  (void)size;
  return true;
}

static void write_box(void) {
  FILE *f = fopen(box, "w");
  assert_non_null(f);
  fputs("{\"gpu\": \"rtx-4090\", \"workloads\": [{\"name\": \"a\", \"size\": \"4GB\"}]}", f);
  assert_int_equal(fclose(f), 0);
}

static int set_up(void **state) {
  (void)state;
  const vf_machine_options here = {.struct_size = sizeof here, .root = root};
  size_t n;
  bool finished;
  write_box();
  g.request = vf_request_init();
  g.request.ctx_tokens = 4096;
  assert_ok(vf_context_new(&g.ctx, NULL, err));
  assert_ok(vf_model_open(&g.model, g.ctx, "qwen3-0.6b", "q8_0", NULL, err));
  assert_ok(vf_devices_parse(&g.device, 1, &n, g.ctx, "rtx-4090", err));
  assert_ok(vf_estimate_new(&g.estimate, g.ctx, err));
  assert_ok(vf_estimate_new(&g.scratch, g.ctx, err));
  assert_ok(vf_estimate_new(&g.empty, g.ctx, err));
  assert_ok(vf_curve_solve(&g.curve, g.estimate, g.model, &g.request, &g.device, 1, err));
  assert_ok(vf_estimate_run(g.estimate, g.model, &g.request, &g.device, 1, err));
  assert_ok(vf_limits_solve(&g.limits, g.estimate, g.scratch, &g.device, 1, err));
  g.deployment = vf_deployment_init();
  g.deployment.model = "qwen3-0.6b";
  g.deployment.quant = "q8_0";
  g.deployment.gpu = "rtx-4090";
  g.deployment.request = g.request;
  assert_ok(vf_grid_new(&g.grid, g.ctx, &g.deployment, axes, 1, err));
  assert_ok(vf_grid_work(g.grid, SIZE_MAX, &finished, err));
  query = vf_max_query_init();
  query.base = g.deployment;
  assert_ok(vf_max_solve(&g.answer, g.ctx, &query, err));
  assert_ok(vf_inspect(&g.inspection, g.ctx, "qwen3-0.6b", err));
  assert_ok(vf_list(&g.listing, g.ctx, VF_LIST_ENGINES, NULL, err));
  assert_ok(vf_machine_detect(&g.machine, g.ctx, &here, err));
  assert_ok(vf_place_open(&g.place, g.ctx, box, NULL, err));
  assert_ok(vf_launch_make(&g.launch, g.ctx, g.estimate, &g.deployment, err));
  assert_ok(vf_command_new(&g.command, g.ctx, err));
  assert_ok(vf_setup_open(&g.setup, g.ctx, &g.deployment, err));
  vf_runners_query runs = vf_runners_query_init();
  runs.base.gpu = "rtx-4090";
  runs.family = "llama";
  assert_ok(vf_runners_find(&g.runners, g.ctx, &runs, err));
  return 0;
}

static int tear_down(void **state) {
  (void)state;
  vf_runners_free(g.runners);
  vf_setup_free(g.setup);
  vf_command_free(g.command);
  vf_launch_free(g.launch);
  vf_place_free(g.place);
  vf_machine_free(g.machine);
  vf_listing_free(g.listing);
  vf_inspection_free(g.inspection);
  vf_grid_free(g.grid);
  vf_estimate_free(g.scratch);
  vf_estimate_free(g.empty);
  vf_estimate_free(g.estimate);
  vf_model_free(g.another);
  vf_model_free(g.model);
  vf_context_free(g.ctx);
  remove(box);
  return 0;
}

/* ---- Pointers --------------------------------------------------------------------------- */

static void check_refusal(const char *name, const char *call, vf_status status,
                          const vf_error *err) {
  char words[80], function[64];
  snprintf(function, sizeof function, "%.*s", (int)strcspn(call, "("), call);
  snprintf(words, sizeof words, "%s: %s is NULL", function, name);
  if (status == VF_USAGE && err->status == VF_USAGE && strstr(err->message, words) != NULL) return;
  fail_msg("%s: status %d, \"%s\"; expected \"%s\"", call, (int)status, err->message, words);
}

/* The call has NULL for the argument of that name, with an error object and without. */
#define refuses(name, call)                                                                        \
  do {                                                                                             \
    vf_error error_ = {VF_OK}, *err = &error_;                                                     \
    check_refusal(name, #call, (call), err);                                                       \
    err = NULL;                                                                                    \
    assert_int_equal((call), VF_USAGE);                                                            \
  } while (0)

/* The call has NULL for the argument of that name, and does what it should. */
#define takes(name, call) assert_ok(call)

static void models_and_contexts_name_what_is_null(void **state) {
  (void)state;
  vf_context *ctx = NULL;
  vf_model *m = NULL;
  uint64_t bytes;
  vf_format format;
  refuses("out", vf_context_new(NULL, NULL, err));
  takes("options", vf_context_new(&ctx, NULL, err));
  refuses("ctx", vf_context_add_catalog(NULL, "x", err));
  refuses("path", vf_context_add_catalog(ctx, NULL, err));
  vf_context_free(ctx);
  refuses("out_tokens", vf_tokens_parse(NULL, "1", err));
  refuses("text", vf_tokens_parse(&bytes, NULL, err));
  refuses("out_bytes", vf_size_parse(NULL, "1", err));
  refuses("text", vf_size_parse(&bytes, NULL, err));
  refuses("out", vf_format_find(NULL, "f16", err));
  refuses("name", vf_format_find(&format, NULL, err));
  refuses("out", vf_kv_format_find(NULL, "f16", err));
  refuses("name", vf_kv_format_find(&format, NULL, err));
  refuses("out", vf_model_open(NULL, g.ctx, "qwen3-0.6b", NULL, NULL, err));
  refuses("ctx", vf_model_open(&m, NULL, "qwen3-0.6b", NULL, NULL, err));
  refuses("ref", vf_model_open(&m, g.ctx, NULL, NULL, NULL, err));
  takes("quant", vf_model_open(&m, g.ctx, "qwen3-0.6b", NULL, "llama.cpp", err));
  vf_model_free(m);
  takes("engine", vf_model_open(&m, g.ctx, "qwen3-0.6b", "q8_0", NULL, err));
  vf_model_free(m);
  refuses("out", vf_model_requantize(NULL, g.model, "q4_0", NULL, err));
  refuses("model", vf_model_requantize(&m, NULL, "q4_0", NULL, err));
  refuses("quant", vf_model_requantize(&m, g.model, NULL, NULL, err));
  takes("engine", vf_model_requantize(&m, g.model, "q4_0", NULL, err));
  vf_model_free(m);
  refuses("out_bytes", vf_part_file_bytes(NULL, g.ctx, VF_FILE_LORA, "x", err));
  refuses("ctx", vf_part_file_bytes(&bytes, NULL, VF_FILE_LORA, "x", err));
  refuses("path", vf_part_file_bytes(&bytes, g.ctx, VF_FILE_LORA, NULL, err));
}

static void estimates_name_what_is_null(void **state) {
  (void)state;
  const vf_device *d = &g.device;
  vf_device out;
  vf_estimate *e = NULL;
  vf_limits limits;
  size_t n;
  refuses("out", vf_devices_parse(NULL, 1, &n, g.ctx, "l4", err));
  refuses("out_count", vf_devices_parse(&out, 1, NULL, g.ctx, "l4", err));
  refuses("ctx", vf_devices_parse(&out, 1, &n, NULL, "l4", err));
  refuses("text", vf_devices_parse(&out, 1, &n, g.ctx, NULL, err));
  refuses("out", vf_estimate_new(NULL, g.ctx, err));
  refuses("ctx", vf_estimate_new(&e, NULL, err));
  refuses("estimate", vf_estimate_run(NULL, g.model, &g.request, d, 1, err));
  refuses("model", vf_estimate_run(g.empty, NULL, &g.request, d, 1, err));
  refuses("request", vf_estimate_run(g.empty, g.model, NULL, d, 1, err));
  refuses("devices", vf_estimate_run(g.empty, g.model, &g.request, NULL, 1, err));
  refuses("out", vf_limits_solve(NULL, g.estimate, g.scratch, d, 1, err));
  refuses("estimate", vf_limits_solve(&limits, NULL, g.scratch, d, 1, err));
  refuses("scratch", vf_limits_solve(&limits, g.estimate, NULL, d, 1, err));
  refuses("devices", vf_limits_solve(&limits, g.estimate, g.scratch, NULL, 1, err));
  assert_fails(vf_limits_solve(&limits, g.empty, g.scratch, d, 1, err), VF_USAGE, "estimate");
  assert_fails(vf_limits_solve(&limits, g.estimate, g.estimate, d, 1, err), VF_USAGE, "scratch");
}

static void deployments_name_what_is_null(void **state) {
  (void)state;
  static const char *const words[] = {"--ctx", "8k"}, *const line[] = {"vllm", "serve", "m"};
  vf_deployment d = g.deployment;
  vf_command *c = NULL;
  vf_setup *setup = NULL;
  vf_launch *launch = NULL;
  size_t at = 0;
  refuses("deployment", vf_deployment_set(NULL, "ctx", "8k", err));
  refuses("name", vf_deployment_set(&d, NULL, "8k", err));
  refuses("text", vf_deployment_set(&d, "ctx", NULL, err));
  refuses("out", vf_command_new(NULL, g.ctx, err));
  refuses("ctx", vf_command_new(&c, NULL, err));
  refuses("command", vf_command_read(NULL, line, 3, NULL, NULL, err));
  refuses("words", vf_command_read(g.command, NULL, 3, NULL, NULL, err));
  takes("variables", vf_command_read(g.command, line, 3, NULL, NULL, err));
  refuses("command", vf_command_read_text(NULL, "vllm serve m", NULL, NULL, err));
  refuses("text", vf_command_read_text(g.command, NULL, NULL, NULL, err));
  assert_ok(vf_command_new(&c, g.ctx, err));
  takes("variables", vf_command_read_text(c, "vllm serve m", NULL, NULL, err));
  vf_command_hold_line(c);
  at = 0;
  assert_fails(vf_command_option(c, (const char *const[]){"--model", "n"}, 2, &at, err), VF_USAGE,
               "the engine's own line says model m");
  vf_command_free(c);
  at = 0;
  refuses("command", vf_command_option(NULL, words, 2, &at, err));
  refuses("words", vf_command_option(g.command, NULL, 2, &at, err));
  refuses("at", vf_command_option(g.command, words, 2, NULL, err));
  assert_fails(vf_command_option(g.command, words, 0, &at, err), VF_USAGE, "no word 0");
  refuses("command", vf_command_environment(NULL, NULL, NULL, err));
  takes("variables", vf_command_environment(g.command, NULL, NULL, err));
  refuses("command", vf_command_deployment(NULL, &d, err));
  refuses("out", vf_command_deployment(g.command, NULL, err));
  refuses("out", vf_setup_open(NULL, g.ctx, &g.deployment, err));
  refuses("ctx", vf_setup_open(&setup, NULL, &g.deployment, err));
  refuses("deployment", vf_setup_open(&setup, g.ctx, NULL, err));
  refuses("estimate", vf_setup_estimate(NULL, g.setup, err));
  refuses("setup", vf_setup_estimate(g.empty, NULL, err));
  refuses("out", vf_launch_make(NULL, g.ctx, g.estimate, &g.deployment, err));
  refuses("ctx", vf_launch_make(&launch, NULL, g.estimate, &g.deployment, err));
  refuses("estimate", vf_launch_make(&launch, g.ctx, NULL, &g.deployment, err));
  refuses("deployment", vf_launch_make(&launch, g.ctx, g.estimate, NULL, err));
}

static void questions_name_what_is_null(void **state) {
  (void)state;
  const vf_device *d = &g.device;
  vf_request r = g.request;
  vf_curve curve;
  vf_answer answer;
  vf_grid *grid = NULL;
  bool finished;
  refuses("out", vf_grid_new(NULL, g.ctx, &g.deployment, axes, 1, err));
  refuses("ctx", vf_grid_new(&grid, NULL, &g.deployment, axes, 1, err));
  refuses("base", vf_grid_new(&grid, g.ctx, NULL, axes, 1, err));
  refuses("axes", vf_grid_new(&grid, g.ctx, &g.deployment, NULL, 1, err));
  refuses("grid", vf_grid_work(NULL, 1, &finished, err));
  refuses("finished", vf_grid_work(g.grid, 1, NULL, err));
  refuses("out", vf_max_solve(NULL, g.ctx, &query, err));
  refuses("ctx", vf_max_solve(&answer, NULL, &query, err));
  refuses("query", vf_max_solve(&answer, g.ctx, NULL, err));
  vf_offers offers;
  vf_runners *runners;
  vf_runners_query some = vf_runners_query_init();
  refuses("out", vf_offers_solve(NULL, g.ctx, &g.deployment, err));
  refuses("ctx", vf_offers_solve(&offers, NULL, &g.deployment, err));
  refuses("deployment", vf_offers_solve(&offers, g.ctx, NULL, err));
  refuses("setup", vf_setup_settle(NULL, g.scratch, err));
  refuses("scratch", vf_setup_settle(g.setup, NULL, err));
  refuses("out", vf_runners_find(NULL, g.ctx, &some, err));
  refuses("ctx", vf_runners_find(&runners, NULL, &some, err));
  refuses("query", vf_runners_find(&runners, g.ctx, NULL, err));
  assert_null(vf_runners_list(NULL, NULL));
  assert_int_equal(vf_runners_looked_at(NULL), 0);
  vf_runners_free(NULL);
  refuses("inout", vf_llama_fit(NULL, g.empty, g.model, d, 1, err));
  refuses("scratch", vf_llama_fit(&r, NULL, g.model, d, 1, err));
  refuses("model", vf_llama_fit(&r, g.empty, NULL, d, 1, err));
  refuses("devices", vf_llama_fit(&r, g.empty, g.model, NULL, 1, err));
  refuses("out", vf_curve_solve(NULL, g.empty, g.model, &r, d, 1, err));
  refuses("estimate", vf_curve_solve(&curve, NULL, g.model, &r, d, 1, err));
  refuses("model", vf_curve_solve(&curve, g.empty, NULL, &r, d, 1, err));
  refuses("request", vf_curve_solve(&curve, g.empty, g.model, NULL, d, 1, err));
  refuses("devices", vf_curve_solve(&curve, g.empty, g.model, &r, NULL, 1, err));
}

static void names_that_are_missing_are_told(void **state) {
  (void)state;
  const vf_axis no_values[] = {{VF_AXIS_CTX, NULL}};
  vf_deployment nothing = vf_deployment_init();
  vf_max_query q = query;
  vf_answer answer;
  vf_grid *grid;
  vf_setup *setup;
  nothing.request = g.request;
  assert_fails(vf_grid_new(&grid, g.ctx, &g.deployment, no_values, 1, err), VF_USAGE, "values");
  assert_fails(vf_setup_open(&setup, g.ctx, &nothing, err), VF_USAGE, "no model");
  nothing.model = "qwen3-0.6b";
  assert_fails(vf_setup_open(&setup, g.ctx, &nothing, err), VF_USAGE, "no device");
  nothing.model = NULL;
  for (int kind = 0; kind < VF_MOST_COUNT; kind++) {
    q.kind = (vf_max_kind)kind;
    q.base = nothing;
    assert_fails(vf_max_solve(&answer, g.ctx, &q, err), VF_USAGE, "");
    q.base.model = "qwen3-0.6b";
    if (kind != VF_MOST_GPU) assert_fails(vf_max_solve(&answer, g.ctx, &q, err), VF_USAGE, "");
  }
}

static void files_and_lists_name_what_is_null(void **state) {
  (void)state;
  char path[256];
  vf_modelfile f;
  vf_inspection *x = NULL;
  vf_listing *l = NULL;
  vf_machine *machine = NULL;
  vf_place *place = NULL;
  vf_device out;
  size_t n;
  refuses("out", vf_modelfile_read(NULL, g.ctx, "x", err));
  refuses("ctx", vf_modelfile_read(&f, NULL, "x", err));
  refuses("path", vf_modelfile_read(&f, g.ctx, NULL, err));
  refuses("out", vf_inspect(NULL, g.ctx, "x", err));
  refuses("ctx", vf_inspect(&x, NULL, "x", err));
  refuses("ref", vf_inspect(&x, g.ctx, NULL, err));
  refuses("out", vf_list(NULL, g.ctx, VF_LIST_GPUS, NULL, err));
  refuses("ctx", vf_list(&l, NULL, VF_LIST_GPUS, NULL, err));
  takes("query", vf_list(&l, g.ctx, VF_LIST_GPUS, NULL, err));
  vf_listing_free(l);
  vf_train train;
  refuses("out", vf_train_run(NULL, vf_setup_model(g.setup), NULL, vf_setup_devices(g.setup, NULL),
                              1, err));
  refuses("model", vf_train_run(&train, NULL, NULL, vf_setup_devices(g.setup, NULL), 1, err));
  refuses("devices", vf_train_run(&train, vf_setup_model(g.setup), NULL, NULL, 1, err));
  takes("request", vf_train_run(&train, vf_setup_model(g.setup), NULL,
                                vf_setup_devices(g.setup, NULL), 1, err));
  refuses("train", vf_train_write(NULL, NULL, swallow, &n, err));
  takes("options", vf_train_write(&train, NULL, swallow, &n, err));
  refuses("write", vf_train_write(&train, NULL, NULL, &n, err));
  refuses("train", vf_train_plot_write(NULL, NULL, swallow, &n, err));
  takes("options", vf_train_plot_write(&train, NULL, swallow, &n, err));
  refuses("write", vf_train_plot_write(&train, NULL, NULL, &n, err));
  vf_train_request run = vf_train_request_init();
  vf_train_limits room;
  refuses("request", vf_train_set(NULL, "method", "lora", err));
  refuses("name", vf_train_set(&run, NULL, "lora", err));
  refuses("text", vf_train_set(&run, "method", NULL, err));
  assert_false(vf_train_is_said(NULL) || vf_train_is_said(&run));
  vf_command *words;
  static const char *const none[] = {"x"};
  vf_train_merge(NULL, &run);
  vf_train_merge(&run, NULL);
  assert_ok(vf_command_new(&words, g.ctx, err));
  refuses("command", vf_command_read_config(NULL, "x", err));
  refuses("path", vf_command_read_config(words, NULL, err));
  refuses("command", vf_command_read_trainer(NULL, none, 1, err));
  refuses("words", vf_command_read_trainer(words, NULL, 1, err));
  vf_command_free(words);
  run.network_params = 1000;
  refuses("out", vf_train_network(NULL, &run, vf_setup_devices(g.setup, NULL), 1, err));
  refuses("devices", vf_train_network(&train, &run, NULL, 1, err));
  refuses("request", vf_train_network(&train, NULL, vf_setup_devices(g.setup, NULL), 1, err));
  refuses("out", vf_setup_train(NULL, g.setup, err));
  refuses("setup", vf_setup_train(&train, NULL, err));
  refuses("out", vf_train_limits_solve(NULL, g.setup, err));
  refuses("setup", vf_train_limits_solve(&room, NULL, err));
  refuses("out", vf_graph_list(NULL, g.ctx, &g.deployment, err));
  refuses("ctx", vf_graph_list(&l, NULL, &g.deployment, err));
  refuses("deployment", vf_graph_list(&l, g.ctx, NULL, err));
  refuses("out_path", vf_catalog_add_model(NULL, sizeof path, g.ctx, "f", "c", "i", err));
  refuses("ctx", vf_catalog_add_model(path, sizeof path, NULL, "f", "c", "i", err));
  refuses("folder", vf_catalog_add_model(path, sizeof path, g.ctx, NULL, "c", "i", err));
  refuses("config", vf_catalog_add_model(path, sizeof path, g.ctx, "f", NULL, "i", err));
  refuses("id", vf_catalog_add_model(path, sizeof path, g.ctx, "f", "c", NULL, err));
  refuses("out", vf_machine_detect(NULL, g.ctx, NULL, err));
  refuses("ctx", vf_machine_detect(&machine, NULL, NULL, err));
  takes("options", vf_machine_detect(&machine, g.ctx, NULL, err));
  vf_machine_free(machine);
  refuses("out", vf_machine_select(NULL, 1, &n, g.machine, "auto", false, err));
  refuses("out_count", vf_machine_select(&out, 1, NULL, g.machine, "auto", false, err));
  refuses("machine", vf_machine_select(&out, 1, &n, NULL, "auto", false, err));
  refuses("text", vf_machine_select(&out, 1, &n, g.machine, NULL, false, err));
  refuses("out", vf_place_open(NULL, g.ctx, box, NULL, err));
  refuses("ctx", vf_place_open(&place, NULL, box, NULL, err));
  refuses("path", vf_place_open(&place, g.ctx, NULL, NULL, err));
  takes("options", vf_place_open(&place, g.ctx, box, NULL, err));
  vf_place_free(place);
}

static void checks_name_what_is_null(void **state) {
  (void)state;
  const vf_report_options options = vf_report_options_init(), *o = &options;
  vf_check_options none = vf_check_options_init();
  vf_check *check;
  vf_check_report *report;
  refuses("out", vf_check_new(NULL, g.ctx, &none, err));
  refuses("ctx", vf_check_new(&check, NULL, &none, err));
  takes("options", vf_check_new(&check, g.ctx, NULL, err));
  refuses("check", vf_check_file(NULL, "x", NULL, NULL, err));
  refuses("path", vf_check_file(check, NULL, NULL, NULL, err));
  takes("each", vf_check_file(check, "/nonexistent/x.yaml", NULL, NULL, err));
  refuses("check", vf_check_text(NULL, "x.json", "{}", 2, NULL, NULL, err));
  refuses("name", vf_check_text(check, NULL, "{}", 2, NULL, NULL, err));
  refuses("text", vf_check_text(check, "x.json", NULL, 2, NULL, NULL, err));
  refuses("check", vf_check_baseline(NULL, "x", err));
  refuses("path", vf_check_baseline(check, NULL, err));
  refuses("out", vf_check_report_new(NULL, g.ctx, o, swallow, NULL, err));
  refuses("ctx", vf_check_report_new(&report, NULL, o, swallow, NULL, err));
  refuses("write", vf_check_report_new(&report, g.ctx, o, NULL, NULL, err));
  takes("options", vf_check_report_new(&report, g.ctx, NULL, swallow, NULL, err));
  refuses("report", vf_check_report_add(NULL, check, err));
  refuses("check", vf_check_report_add(report, NULL, err));
  refuses("report", vf_check_report_end(NULL, check, err));
  refuses("check", vf_check_report_end(report, NULL, err));
  vf_check_report_free(report);
  vf_check_report_free(NULL);
  assert_int_equal(vf_check_counted(check).errors, 1);
  assert_int_equal(vf_check_counted(NULL).files, 0);
  vf_check_free(check);
  vf_check_free(NULL);
  assert_false(vf_check_wants(NULL));
  assert_true(vf_check_wants("a/compose.yaml"));
  assert_non_null(vf_rule_get(0));
  assert_null(vf_rule_get(1000));
}

static void reports_name_what_is_null(void **state) {
  (void)state;
  const vf_report_options options = vf_report_options_init(), *o = &options;
  const vf_compared list[] = {{"a", g.estimate, NULL, NULL}, {"b", NULL, NULL, "refused"}};
  refuses("estimate", vf_report_write(NULL, &g.limits, o, swallow, NULL, err));
  takes("limits", vf_report_write(g.estimate, NULL, o, swallow, NULL, err));
  takes("options", vf_report_write(g.estimate, &g.limits, NULL, swallow, NULL, err));
  refuses("write", vf_report_write(g.estimate, &g.limits, o, NULL, NULL, err));
  refuses("machine", vf_machine_write(NULL, o, swallow, NULL, err));
  takes("options", vf_machine_write(g.machine, NULL, swallow, NULL, err));
  refuses("write", vf_machine_write(g.machine, o, NULL, NULL, err));
  refuses("grid", vf_grid_write(NULL, VF_CELL_NEED, o, swallow, NULL, err));
  takes("options", vf_grid_write(g.grid, VF_CELL_NEED, NULL, swallow, NULL, err));
  refuses("write", vf_grid_write(g.grid, VF_CELL_NEED, o, NULL, NULL, err));
  refuses("runners", vf_runners_write(NULL, o, swallow, NULL, err));
  takes("options", vf_runners_write(g.runners, NULL, swallow, NULL, err));
  refuses("write", vf_runners_write(g.runners, o, NULL, NULL, err));
  refuses("answer", vf_answer_write(NULL, o, swallow, NULL, err));
  takes("options", vf_answer_write(&g.answer, NULL, swallow, NULL, err));
  refuses("write", vf_answer_write(&g.answer, o, NULL, NULL, err));
  refuses("inspection", vf_inspection_write(NULL, NULL, true, o, swallow, NULL, err));
  takes("other", vf_inspection_write(g.inspection, NULL, true, o, swallow, NULL, err));
  takes("options", vf_inspection_write(g.inspection, g.inspection, true, NULL, swallow, NULL, err));
  refuses("write", vf_inspection_write(g.inspection, NULL, true, o, NULL, NULL, err));
  refuses("place", vf_place_write(NULL, o, swallow, NULL, err));
  takes("options", vf_place_write(g.place, NULL, swallow, NULL, err));
  refuses("write", vf_place_write(g.place, o, NULL, NULL, err));
  refuses("place", vf_place_card(NULL, false, o, swallow, NULL, err));
  takes("options", vf_place_card(g.place, true, NULL, swallow, NULL, err));
  refuses("write", vf_place_card(g.place, true, o, NULL, NULL, err));
  refuses("listing", vf_listing_write(NULL, o, swallow, NULL, err));
  takes("options", vf_listing_write(g.listing, NULL, swallow, NULL, err));
  refuses("write", vf_listing_write(g.listing, o, NULL, NULL, err));
  refuses("list", vf_comparison_write(NULL, 2, o, swallow, NULL, err));
  takes("options", vf_comparison_write(list, 2, NULL, swallow, NULL, err));
  refuses("write", vf_comparison_write(list, 2, o, NULL, NULL, err));
  refuses("estimate", vf_plot_write(NULL, &g.curve, NULL, swallow, NULL, err));
  takes("curve", vf_plot_write(g.estimate, NULL, NULL, swallow, NULL, err));
  takes("options", vf_plot_write(g.estimate, &g.curve, NULL, swallow, NULL, err));
  refuses("write", vf_plot_write(g.estimate, &g.curve, NULL, NULL, NULL, err));
  takes("name", vf_topic_write(NULL, o, swallow, NULL, err));
  takes("options", vf_topic_write("kv-cache", NULL, swallow, NULL, err));
  refuses("write", vf_topic_write("kv-cache", o, NULL, NULL, err));
  refuses("error", vf_error_write(NULL, o, swallow, NULL, err));
  takes("options", vf_error_write(&(vf_error){.status = VF_USAGE}, NULL, swallow, NULL, err));
  refuses("write", vf_error_write(&(vf_error){.status = VF_USAGE}, o, NULL, NULL, err));
}

/* What returns no status returns the least that it can, and never FITS. */
static void getters_of_null_return_nothing(void **state) {
  (void)state;
  size_t n = 7;
  char text[8] = "before";
  vf_model_info info;
  vf_speed speed;
  assert_string_equal(vf_version(), VF_VERSION);
  assert_string_equal(vf_status_text((vf_status)99), "unknown status");
  assert_int_equal(vf_error_line(NULL, text, sizeof text), 0);
  assert_string_equal(text, "");
  assert_true(vf_error_line(&(vf_error){.status = VF_IO, .message = "no"}, NULL, 0) == 2);
  assert_null(vf_format_get(VF_FORMAT_NONE));
  assert_null(vf_format_get(VF_FORMAT_COUNT));
  assert_non_null(vf_file_system());
  assert_int_equal(vf_catalog_size(NULL, VF_CATALOG_MODELS), 0);
  assert_null(vf_catalog_id(NULL, VF_CATALOG_MODELS, 0));
  assert_null(vf_catalog_id(g.ctx, VF_CATALOG_COUNT, 0));
  assert_null(vf_nearest_name(NULL, (const char *[]){"a", NULL}));
  assert_null(vf_nearest_name("a", NULL));
  assert_null(vf_report_format_name(VF_REPORT_COUNT));
  vf_model_info_get(NULL, &info);
  assert_string_equal(info.id, "");
  vf_model_info_get(g.model, NULL);
  assert_int_equal(vf_estimate_verdict(NULL), VF_NO_FIT);
  assert_null(vf_estimate_devices(NULL, &n));
  assert_int_equal(n, 0);
  assert_null(vf_estimate_lines(NULL, &n));
  assert_null(vf_estimate_assumptions(NULL, &n));
  assert_non_null(vf_estimate_devices(g.estimate, NULL));
  assert_non_null(vf_estimate_lines(g.estimate, NULL));
  assert_non_null(vf_estimate_assumptions(g.estimate, NULL));
  assert_null(vf_estimate_workload(NULL));
  assert_null(vf_estimate_model(NULL));
  assert_int_equal(vf_estimate_explain(NULL, 0, text, sizeof text), 0);
  assert_true(vf_estimate_explain(g.estimate, 0, NULL, 0) > 0);
  vf_estimate_speed(NULL, &speed);
  assert_false(speed.decode_known);
  vf_estimate_speed(g.estimate, NULL);
  assert_int_equal(vf_speed_explain(NULL, text, sizeof text), 0);
  assert_true(vf_speed_explain(g.estimate, NULL, 0) > 0);
  assert_int_equal(vf_grid_size(NULL), 0);
  assert_int_equal(vf_grid_axis_size(NULL, 0), 0);
  assert_null(vf_grid_axis_label(NULL, 0, 0));
  assert_null(vf_grid_cell(NULL, 0));
  assert_null(vf_grid_reason(NULL, 1));
  assert_null(vf_inspection_info_get(NULL));
  assert_int_equal(vf_listing_size(NULL), 0);
  assert_true(vf_listing_size(g.listing) > 0);
  assert_null(vf_machine_info_get(NULL));
  assert_int_equal(vf_place_scenarios(NULL), 0);
  assert_int_equal(vf_place_remarks(NULL), 0);
  assert_null(vf_param_get(SIZE_MAX));
  assert_non_null(vf_param_get(0));
  assert_string_equal(vf_param_section(SIZE_MAX), "");
  assert_null(vf_command_so_far(NULL));
  assert_null(vf_command_list(NULL, VF_AXIS_CTX));
  assert_null(vf_command_list(g.command, VF_AXIS_COUNT));
  assert_null(*vf_command_passed(NULL));
  assert_null(vf_setup_model(NULL));
  assert_null(vf_setup_devices(NULL, &n));
  assert_int_equal(n, 0);
  assert_non_null(vf_setup_devices(g.setup, NULL));
  assert_null(vf_setup_request(NULL));
  assert_int_equal(vf_place_verdict(NULL, 0), VF_NO_FIT);
}

static void nothing_is_freed_without_harm(void **state) {
  (void)state;
  vf_context_free(NULL);
  vf_command_free(NULL);
  vf_command_hold_line(NULL);
  vf_setup_free(NULL);
  vf_launch_free(NULL);
  vf_model_free(NULL);
  vf_estimate_free(NULL);
  vf_grid_free(NULL);
  vf_inspection_free(NULL);
  vf_listing_free(NULL);
  vf_machine_free(NULL);
  vf_place_free(NULL);
}

/* ---- Estimates without a result --------------------------------------------------------- */

static void expect_no_result(vf_estimate *e) {
  size_t n = 7;
  char text[8];
  vf_speed speed;
  vf_launch *launch;
  const vf_compared compared = {"a", e, NULL, NULL};
  assert_int_equal(vf_estimate_verdict(e), VF_NO_FIT);
  (void)vf_estimate_devices(e, &n);
  assert_int_equal(n, 0);
  (void)vf_estimate_lines(e, &n);
  assert_int_equal(n, 0);
  (void)vf_estimate_assumptions(e, &n);
  assert_int_equal(n, 0);
  assert_int_equal(vf_estimate_explain(e, 0, text, sizeof text), 0);
  vf_estimate_speed(e, &speed);
  assert_false(speed.decode_known || speed.prefill_known);
  assert_fails(vf_report_write(e, NULL, NULL, swallow, NULL, err), VF_USAGE, "no result");
  assert_fails(vf_plot_write(e, NULL, NULL, swallow, NULL, err), VF_USAGE, "no result");
  assert_fails(vf_comparison_write(&compared, 1, NULL, swallow, NULL, err), VF_USAGE, "no result");
  assert_fails(vf_launch_make(&launch, g.ctx, e, &g.deployment, err), VF_USAGE, "no result");
}

static void an_estimate_that_never_ran_fits_nothing(void **state) {
  (void)state;
  vf_estimate *e;
  assert_ok(vf_estimate_new(&e, g.ctx, err));
  expect_no_result(e);
  vf_estimate_free(e);
}

static void an_estimate_that_failed_fits_nothing(void **state) {
  (void)state;
  vf_request r = g.request;
  vf_device unknown = g.device;
  assert_ok(vf_estimate_run(g.empty, g.model, &g.request, &g.device, 1, err));
  assert_int_equal(vf_estimate_verdict(g.empty), VF_FITS);
  r.engine = "no-such-engine";
  assert_fails(vf_estimate_run(g.empty, g.model, &r, &g.device, 1, err), VF_UNKNOWN, "no-such");
  expect_no_result(g.empty);
  unknown.total_known = false;
  unknown.host_memory_bytes = 0;
  assert_fails(vf_estimate_run(g.empty, g.model, &g.request, &unknown, 1, err), VF_USAGE,
               "not known");
  expect_no_result(g.empty);
}

/* ---- Structs of other versions ---------------------------------------------------------- */

/* 0 is a struct that was never made; more than ours comes from a newer header. */
#define refuses_size(type, call, size, words)                                                      \
  do {                                                                                             \
    type s = type##_init();                                                                        \
    s.struct_size = size;                                                                          \
    assert_fails(call, VF_USAGE, words);                                                           \
  } while (0)

#define refuses_sizes(type, call)                                                                  \
  refuses_size(type, call, 0, #type ": struct_size is 0: start from " #type "_init()");            \
  refuses_size(type, call, sizeof s + 1, "it is older than the header");                           \
  refuses_size(type, call, SIZE_MAX, "it is older than the header")

/* Structs that hold others by value are of one size. */
#define refuses_other_sizes(type, call)                                                            \
  refuses_size(type, call, 0, #type ": struct_size is 0: start from " #type "_init()");            \
  refuses_size(type, call, sizeof s + 1, "compile with its header");                               \
  refuses_size(type, call, sizeof s - 1, "compile with its header")

static void structs_of_no_known_size_are_refused(void **state) {
  (void)state;
  vf_context *ctx;
  vf_place *place;
  vf_listing *listing;
  vf_machine *machine;
  vf_answer answer;
  vf_setup *setup;
  vf_launch *launch;
  vf_grid *grid;
  refuses_sizes(vf_context_options, vf_context_new(&ctx, &s, err));
  refuses_sizes(vf_request, vf_estimate_run(g.empty, g.model, &s, &g.device, 1, err));
  refuses_sizes(vf_place_options, vf_place_open(&place, g.ctx, box, &s, err));
  refuses_sizes(vf_list_query, vf_list(&listing, g.ctx, VF_LIST_GPUS, &s, err));
  refuses_sizes(vf_machine_options, vf_machine_detect(&machine, g.ctx, &s, err));
  refuses_other_sizes(vf_max_query, vf_max_solve(&answer, g.ctx, &s, err));
  vf_runners *runners;
  refuses_other_sizes(vf_runners_query, vf_runners_find(&runners, g.ctx, &s, err));
  refuses_other_sizes(vf_deployment, vf_deployment_set(&s, "ctx", "8k", err));
  refuses_other_sizes(vf_deployment, vf_setup_open(&setup, g.ctx, &s, err));
  refuses_other_sizes(vf_deployment, vf_launch_make(&launch, g.ctx, g.estimate, &s, err));
  refuses_other_sizes(vf_deployment, vf_grid_new(&grid, g.ctx, &s, axes, 1, err));
  refuses_sizes(vf_plot_options, vf_plot_write(g.estimate, NULL, &s, swallow, NULL, err));
  refuses_sizes(vf_report_options, vf_report_write(g.estimate, NULL, &s, swallow, NULL, err));
  refuses_sizes(vf_report_options, vf_machine_write(g.machine, &s, swallow, NULL, err));
  refuses_sizes(vf_report_options, vf_grid_write(g.grid, VF_CELL_NEED, &s, swallow, NULL, err));
  refuses_sizes(vf_report_options, vf_answer_write(&g.answer, &s, swallow, NULL, err));
  refuses_sizes(vf_report_options,
                vf_inspection_write(g.inspection, NULL, false, &s, swallow, NULL, err));
  refuses_sizes(vf_report_options, vf_place_write(g.place, &s, swallow, NULL, err));
  refuses_sizes(vf_report_options, vf_place_card(g.place, false, &s, swallow, NULL, err));
  refuses_sizes(vf_report_options, vf_listing_write(g.listing, &s, swallow, NULL, err));
  refuses_sizes(vf_report_options, vf_topic_write(NULL, &s, swallow, NULL, err));
  vf_check *check;
  vf_train train = {.n_moments = 1};
  refuses_sizes(vf_plot_options, vf_train_plot_write(&train, &s, swallow, NULL, err));
  vf_check_report *report;
  refuses_sizes(vf_train_request, vf_train_run(&train, g.model, &s, &g.device, 1, err));
  refuses_sizes(vf_train_request, vf_train_network(&train, &s, &g.device, 1, err));
  refuses_sizes(vf_check_options, vf_check_new(&check, g.ctx, &s, err));
  refuses_sizes(vf_report_options, vf_check_report_new(&report, g.ctx, &s, swallow, NULL, err));
}

/* A program that was compiled when `unit` was not there yet gets GiB, whatever lies behind. */
static bool keep(void *user, const char *data, size_t size) {
  char *text = user;
  size_t n = strlen(text);
  if (n + size < 4096) memcpy(text + n, data, size), text[n + size] = '\0';
  return true;
}

static void an_older_struct_keeps_the_defaults(void **state) {
  (void)state;
  char older[4096] = "", plain[4096] = "";
  vf_report_options options = vf_report_options_init();
  options.unit = VF_UNIT_GB;
  options.struct_size = offsetof(vf_report_options, unit);
  assert_ok(vf_report_write(g.estimate, NULL, &options, keep, older, err));
  assert_ok(vf_report_write(g.estimate, NULL, NULL, keep, plain, err));
  assert_string_equal(older, plain);
  vf_request r = vf_request_init();
  r.mmproj_bytes = UINT64_C(1) << 40; /* behind the end of the older one */
  r.struct_size = offsetof(vf_request, mmproj_bytes);
  r.ctx_tokens = 4096;
  assert_ok(vf_estimate_run(g.empty, g.model, &r, &g.device, 1, err));
  assert_int_equal(vf_estimate_verdict(g.empty), VF_FITS);
}

/* So that what vf_offers_solve() found can be handed on as it is. */
static void offers_of_none_are_told_as_if_there_were_none(void **state) {
  (void)state;
  const vf_offers none = {.count = 0};
  for (int format = 0; format < 2; format++) {
    char with[4096] = "", without[4096] = "";
    vf_report_options options = vf_report_options_init();
    options.format = format == 0 ? VF_REPORT_TABLE : VF_REPORT_JSON;
    assert_ok(vf_report_write(g.estimate, NULL, &options, keep, without, err));
    options.offers = &none;
    assert_ok(vf_report_write(g.estimate, NULL, &options, keep, with, err));
    assert_string_equal(with, without);
  }
}

/* A setup has room for as many as an estimate takes. */
static void more_devices_than_an_estimate_takes_are_refused(void **state) {
  (void)state;
  vf_deployment d = g.deployment;
  vf_setup *setup;
  d.gpus = VF_MAX_DEVICES;
  assert_ok(vf_setup_open(&setup, g.ctx, &d, err));
  vf_setup_free(setup);
  d.gpus = VF_MAX_DEVICES + 1;
  assert_fails(vf_setup_open(&setup, g.ctx, &d, err), VF_LIMIT, "129 GPUs");
  d.gpus = UINT32_MAX;
  assert_fails(vf_setup_open(&setup, g.ctx, &d, err), VF_LIMIT, "more than the 128");
}

static void values_of_no_enum_are_refused(void **state) {
  (void)state;
  vf_report_options o = vf_report_options_init();
  vf_plot_options plot = vf_plot_options_init();
  vf_request r = g.request;
  vf_device d = g.device;
  vf_max_query q = query;
  vf_listing *listing;
  vf_answer answer = g.answer;
  uint64_t bytes;
  o.format = (vf_report_format)99;
  assert_fails(vf_report_write(g.estimate, NULL, &o, swallow, NULL, err), VF_USAGE, "99");
  o = vf_report_options_init();
  o.unit = (vf_unit)-1;
  assert_fails(vf_report_write(g.estimate, NULL, &o, swallow, NULL, err), VF_USAGE, "unit");
  plot.unit = (vf_unit)5;
  assert_fails(vf_plot_write(g.estimate, NULL, &plot, swallow, NULL, err), VF_USAGE, "unit");
  assert_fails(vf_grid_write(g.grid, (vf_cell_shows)9, NULL, swallow, NULL, err), VF_USAGE, "9");
  assert_fails(vf_list(&listing, g.ctx, (vf_list_kind)-1, NULL, err), VF_USAGE, "list");
  assert_fails(vf_part_file_bytes(&bytes, g.ctx, (vf_part_file)7, "x", err), VF_USAGE, "7");
  answer.kind = VF_MOST_COUNT;
  assert_fails(vf_answer_write(&answer, NULL, swallow, NULL, err), VF_USAGE, "question");
  q.kind = (vf_max_kind)-1;
  assert_fails(vf_max_solve(&answer, g.ctx, &q, err), VF_USAGE, "question");
  r.kv_k = (vf_format)1000;
  assert_fails(vf_estimate_run(g.empty, g.model, &r, &d, 1, err), VF_USAGE, "format");
  r = g.request;
  r.split = VF_SPLIT_COUNT;
  assert_fails(vf_estimate_run(g.empty, g.model, &r, &d, 1, err), VF_USAGE, "split");
  r = g.request;
  r.override_count = VF_MAX_OVERRIDES + 1;
  assert_fails(vf_estimate_run(g.empty, g.model, &r, &d, 1, err), VF_LIMIT, "overrides");
  r.override_count = 1;
  assert_fails(vf_estimate_run(g.empty, g.model, &r, &d, 1, err), VF_USAGE, "pattern");
  d.kind = VF_DEVICE_KIND_COUNT;
  assert_fails(vf_estimate_run(g.empty, g.model, &g.request, &d, 1, err), VF_USAGE, "kind");
}

/* ---- Texts of fixed size ---------------------------------------------------------------- */

static void a_launch_line_is_whole_or_an_error(void **state) {
  (void)state;
  static char name[8000];
  vf_launch *launch;
  vf_deployment d = g.deployment;
  d.mmproj = name;
  memset(name, 'm', 4095);
  assert_ok(vf_launch_make(&launch, g.ctx, g.estimate, &d, err));
  assert_non_null(strstr(launch->items[0].text, name));
  vf_launch_free(launch);
  memset(name, 'm', sizeof name - 1);
  assert_fails(vf_launch_make(&launch, g.ctx, g.estimate, &d, err), VF_LIMIT, "longer than");
}

static void a_name_in_a_modelfile_is_whole_or_an_error(void **state) {
  (void)state;
  static const char path[] = "test_face.modelfile";
  vf_modelfile f;
  for (int length = 511; length <= 512; length++) {
    FILE *out = fopen(path, "w");
    assert_non_null(out);
    fprintf(out, "FROM %0*d\nADAPTER %0*d\n", 511, 0, length, 0);
    assert_int_equal(fclose(out), 0);
    if (length == 511) assert_ok(vf_modelfile_read(&f, g.ctx, path, err));
    if (length == 512)
      assert_fails(vf_modelfile_read(&f, g.ctx, path, err), VF_LIMIT, "line 2: a name is longer");
  }
  assert_int_equal(strlen(f.adapter), 511);
  remove(path);
}

/* ---- The ABI ---------------------------------------------------------------------------- */

#define X(name, value) _Static_assert((int)(name) == (value), #name " is compiled into programs");
#include "pinned.def"
#undef X

#define BEGINS_WITH_SIZE(type)                                                                     \
  _Static_assert(offsetof(type, struct_size) == 0, #type " begins with its size")
BEGINS_WITH_SIZE(vf_context_options);
BEGINS_WITH_SIZE(vf_deployment);
BEGINS_WITH_SIZE(vf_files);
BEGINS_WITH_SIZE(vf_list_query);
BEGINS_WITH_SIZE(vf_machine_options);
BEGINS_WITH_SIZE(vf_runners_query);
BEGINS_WITH_SIZE(vf_max_query);
BEGINS_WITH_SIZE(vf_place_options);
BEGINS_WITH_SIZE(vf_plot_options);
BEGINS_WITH_SIZE(vf_report_options);
BEGINS_WITH_SIZE(vf_train_request);
BEGINS_WITH_SIZE(vf_check_options);
BEGINS_WITH_SIZE(vf_request);

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(models_and_contexts_name_what_is_null),
      cmocka_unit_test(estimates_name_what_is_null),
      cmocka_unit_test(deployments_name_what_is_null),
      cmocka_unit_test(questions_name_what_is_null),
      cmocka_unit_test(names_that_are_missing_are_told),
      cmocka_unit_test(files_and_lists_name_what_is_null),
      cmocka_unit_test(checks_name_what_is_null),
      cmocka_unit_test(reports_name_what_is_null),
      cmocka_unit_test(getters_of_null_return_nothing),
      cmocka_unit_test(nothing_is_freed_without_harm),
      cmocka_unit_test(an_estimate_that_never_ran_fits_nothing),
      cmocka_unit_test(an_estimate_that_failed_fits_nothing),
      cmocka_unit_test(structs_of_no_known_size_are_refused),
      cmocka_unit_test(an_older_struct_keeps_the_defaults),
      cmocka_unit_test(offers_of_none_are_told_as_if_there_were_none),
      cmocka_unit_test(more_devices_than_an_estimate_takes_are_refused),
      cmocka_unit_test(values_of_no_enum_are_refused),
      cmocka_unit_test(a_launch_line_is_whole_or_an_error),
      cmocka_unit_test(a_name_in_a_modelfile_is_whole_or_an_error),
  };
  return cmocka_run_group_tests(tests, set_up, tear_down);
}
