/* test_threads.c - what the public interface promises of threads, their stacks and a locale.
 *
 * A list of questions, of every kind that there is.  Each is answered once by itself; then by
 * several threads that share the context, a model and a request, which has to give the same bytes
 * (tests/all tsan runs this under clang's thread sanitizer); in a locale with a decimal comma; and
 * by a thread with a small stack, of which is seen how deep it got.  tests/consumers/headers.py
 * looks for functions that no question calls. */
#include "support.h"

#include <locale.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "vramfit/report.h"

#if defined(__has_feature)
#if __has_feature(thread_sanitizer) || __has_feature(address_sanitizer) ||                         \
    __has_feature(memory_sanitizer)
#define SANITIZED
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED
#endif

/* Shared by all threads, and only read. */
static struct {
  vf_context *ctx;
  vf_model *model;
  vf_request request;
  vf_device device;
} g;

static const char config[] = "test_threads_deepspeed.json";
static const char model_config[] = "test_threads_config.json";

/* ---- Pages ------------------------------------------------------------------------------ */

/* What a question was answered with: all bytes of all reports. */
typedef struct page {
  char *bytes;
  size_t length, room;
  uint32_t thread;
} page;

static bool put(void *user, const char *data, size_t size) {
  page *p = user;
  if (p->room - p->length < size) {
    size_t room = 2 * (p->length + size);
    char *more = realloc(p->bytes, room);
    if (more == NULL) return false;
    p->bytes = more;
    p->room = room;
  }
  if (size > 0) memcpy(p->bytes + p->length, data, size);
  p->length += size;
  return true;
}

static bool put_text(page *p, const char *text) {
  return put(p, text, strlen(text));
}

/* An error is an answer, too. */
static void put_error(page *p, const vf_error *err) {
  char line[700];
  vf_error_line(err, line, sizeof line);
  put_text(p, line);
  put_text(p, "\n");
}

/* What fails is written down, and the question goes on. */
#define tell(call)                                                                                 \
  do {                                                                                             \
    vf_error error_ = {VF_OK}, *err = &error_;                                                     \
    if ((call) != VF_OK) put_error(p, err);                                                        \
  } while (0)

/* The same in every format; those that a result is not written in say so. */
#define tell_in_all_formats(call)                                                                  \
  for (int f_ = 0; f_ < VF_REPORT_COUNT; f_++) {                                                   \
    vf_report_options options = vf_report_options_init(), *o = &options;                           \
    options.format = (vf_report_format)f_;                                                         \
    options.explain = options.bars = true;                                                         \
    options.columns = 100;                                                                         \
    tell(call);                                                                                    \
  }

/* Large results lie in memory of their own: a caller's stack is not what is measured. */
static void *room_for(size_t size) {
  void *result = calloc(1, size);
  if (result == NULL) abort();
  return result;
}

/* ---- Questions -------------------------------------------------------------------------- */

/* One deployment in an engine's own words, with all that there is to be asked of it. */
static void ask_deployment(page *p, const char *line, const char *gpu) {
  vf_deployment *d = room_for(sizeof *d);
  vf_limits *limits = room_for(sizeof *limits);
  vf_curve *curve = room_for(sizeof *curve);
  vf_offers *offers = room_for(sizeof *offers);
  vf_command *command = NULL;
  vf_setup *setup = NULL;
  vf_estimate *e = NULL, *scratch = NULL;
  vf_launch *launch = NULL;
  vf_listing *graph = NULL;
  tell(vf_command_new(&command, g.ctx, err));
  tell(vf_command_read_text(command, line, NULL, NULL, err));
  tell(vf_command_environment(command, NULL, NULL, err));
  tell(vf_command_deployment(command, d, err));
  tell(vf_deployment_set(d, "gpu", gpu, err));
  tell(vf_offers_solve(offers, g.ctx, d, err));
  tell(vf_estimate_new(&e, g.ctx, err));
  tell(vf_estimate_new(&scratch, g.ctx, err));
  tell(vf_setup_open(&setup, g.ctx, d, err));
  if (setup != NULL) {
    size_t n = 0;
    const vf_device *devices = vf_setup_devices(setup, &n);
    tell(vf_setup_settle(setup, scratch, err));
    tell(vf_setup_estimate(e, setup, err));
    tell(vf_limits_solve(limits, e, scratch, devices, n, err));
    tell(vf_curve_solve(curve, scratch, vf_setup_model(setup), vf_setup_request(setup), devices, n,
                        err));
    tell(vf_launch_make(&launch, g.ctx, e, d, err));
    tell(vf_graph_list(&graph, g.ctx, d, err));
    const vf_compared compared[] = {{"a", e, limits, NULL, d}, {"b", e, NULL, NULL, NULL}};
    vf_plot_options plot = vf_plot_options_init();
    tell_in_all_formats((options.launch = launch, options.deployment = d, options.offers = offers,
                         vf_report_write(e, limits, o, put, p, err)));
    tell_in_all_formats(vf_comparison_write(compared, 2, o, put, p, err));
    for (int svg = 0; svg < 2; svg++) {
      plot.svg = svg != 0;
      tell(vf_plot_write(e, curve, &plot, put, p, err));
    }
    if (graph != NULL) tell_in_all_formats(vf_listing_write(graph, o, put, p, err));
  }
  vf_listing_free(graph);
  vf_launch_free(launch);
  vf_estimate_free(scratch);
  vf_estimate_free(e);
  vf_setup_free(setup);
  vf_command_free(command);
  free(offers);
  free(curve);
  free(limits);
  free(d);
}

static void ask_llama_cpp(page *p) {
  ask_deployment(p, "llama-server -hf Qwen/Qwen3-8B-GGUF:Q4_K_M -c 8192 -ub 256", "rtx-4090x2");
}

static void ask_llama_cpp_for_experts_in_main_memory(page *p) {
  ask_deployment(p, "llama-server -m qwen3-30b-a3b -ot exps=CPU -c 4096 -np 2", "rtx-4090");
}

static void ask_llama_cpp_for_states(page *p) {
  ask_deployment(p, "llama-server -m granite4-micro-3b -c 16384 -ctk q8_0 -fa on", "rtx-4060");
}

static void ask_ollama(page *p) {
  ask_deployment(p, "ollama run gemma3:12b", "rtx-3060");
}

static void ask_vllm(page *p) {
  ask_deployment(p,
                 "vllm serve Qwen/Qwen3-32B -tp 2 --max-model-len 16k --kv-cache-dtype fp8 "
                 "--gpu-memory-utilization 0.85",
                 "h100x2");
}

static void ask_vllm_for_experts(page *p) {
  ask_deployment(p, "vllm serve deepseek-ai/DeepSeek-V3 -tp 8 -pp 2", "h100x16");
}

static void ask_sglang(page *p) {
  ask_deployment(p, "python -m sglang.launch_server --model-path Qwen/Qwen3-8B --tp 1", "l40s");
}

/* As many layers as are followed (deploy/wrapper.c). */
static void ask_for_a_line_in_layers(page *p) {
  ask_deployment(
      p,
      "docker run --gpus all img bash -c \"sh -c 'env A=1 bash -c \\\"sh -c \\\\\\\"exec vllm "
      "serve Qwen/Qwen3-8B --max-model-len 8k\\\\\\\"\\\"'\"",
      "l4");
}

static void ask_the_shared_model(page *p) {
  vf_limits *limits = room_for(sizeof *limits);
  vf_speed *speed = room_for(sizeof *speed);
  vf_request fitted = g.request;
  vf_estimate *e = NULL, *scratch = NULL;
  vf_model *other = NULL;
  char text[512];
  size_t n = 0;
  tell(vf_estimate_new(&e, g.ctx, err));
  tell(vf_estimate_new(&scratch, g.ctx, err));
  tell(vf_estimate_run(e, g.model, &g.request, &g.device, 1, err));
  tell(vf_limits_solve(limits, e, scratch, &g.device, 1, err));
  tell_in_all_formats(vf_report_write(e, limits, o, put, p, err));
  (void)vf_estimate_lines(e, &n);
  for (size_t i = 0; i < n; i++) put(p, text, vf_estimate_explain(e, i, text, sizeof text) % 512);
  vf_estimate_speed(e, speed);
  put(p, text, vf_speed_explain(e, text, sizeof text) % sizeof text);
  fitted.ctx_tokens = 0;
  tell(vf_llama_fit(&fitted, scratch, g.model, &g.device, 1, err));
  tell(vf_model_requantize(&other, g.model, "q4_0", "llama.cpp", err));
  tell(vf_estimate_run(e, other, &fitted, &g.device, 1, err));
  tell_in_all_formats(vf_report_write(e, NULL, o, put, p, err));
  vf_estimate_free(scratch);
  vf_estimate_free(e);
  vf_model_free(other);
  free(speed);
  free(limits);
}

static void ask_table(page *p) {
  static const vf_axis axes[] = {{VF_AXIS_MODEL, "qwen3-8b,llama3.1-8b"},
                                 {VF_AXIS_GPU, "rtx-4090,l4"},
                                 {VF_AXIS_CTX, "4k,8k"}};
  vf_deployment *d = room_for(sizeof *d);
  vf_grid *grid = NULL;
  bool finished = false;
  *d = vf_deployment_init();
  tell(vf_grid_new(&grid, g.ctx, d, axes, 3, err));
  tell(vf_grid_work(grid, SIZE_MAX, &finished, err));
  tell_in_all_formats(vf_grid_write(grid, VF_CELL_NEED, o, put, p, err));
  vf_grid_free(grid);
  free(d);
}

static void ask_for_the_most(page *p) {
  vf_answer *answer = room_for(sizeof *answer);
  vf_max_query *q = room_for(sizeof *q);
  for (int kind = 0; kind < VF_MOST_COUNT; kind++) {
    *q = vf_max_query_init();
    q->kind = (vf_max_kind)kind;
    q->base.model = kind == VF_MOST_N_CPU_MOE ? "qwen3-30b-a3b" : "qwen3-8b";
    q->base.gpu = kind == VF_MOST_GPU ? NULL : "rtx-4090";
    q->base.training = kind >= VF_MOST_MICRO_BATCH;
    if (kind == VF_MOST_GPU) q->lists[VF_AXIS_GPU] = "l4,rtx-4090,h100";
    if (q->base.training) q->base.train.method = "qlora";
    tell(vf_max_solve(answer, g.ctx, q, err));
    tell_in_all_formats(vf_answer_write(answer, o, put, p, err));
  }
  free(q);
  free(answer);
}

static void ask_what_runs(page *p) {
  vf_runners_query *q = room_for(sizeof *q);
  vf_runners *runners = NULL;
  *q = vf_runners_query_init();
  q->base.gpu = "rtx-4060";
  q->family = "llama";
  tell(vf_runners_find(&runners, g.ctx, q, err));
  tell_in_all_formats(vf_runners_write(runners, o, put, p, err));
  vf_runners_free(runners);
  free(q);
}

static void ask_files(page *p) {
  static const char *const names[] = {
      "gguf/metadata.gguf",           "gguf/cut.gguf",        "safetensors/three.safetensors",
      "safetensors/hole.safetensors", "pytorch/protocol2.pt", "pytorch/protocol4.pt"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    char path[512];
    uint64_t bytes = 0;
    vf_inspection *x = NULL;
    snprintf(path, sizeof path, "%s/%s", VF_CORPUS_FOLDER, names[i]);
    tell(vf_inspect(&x, g.ctx, path, err));
    if (x != NULL) tell_in_all_formats(vf_inspection_write(x, NULL, true, o, put, p, err));
    tell(vf_part_file_bytes(&bytes, g.ctx, VF_FILE_LORA, path, err));
    vf_inspection_free(x);
  }
  vf_inspection *a = NULL, *b = NULL;
  vf_modelfile *f = room_for(sizeof *f);
  vf_model *m = NULL;
  tell(vf_inspect(&a, g.ctx, "deepseek-v3", err));
  tell(vf_inspect(&b, g.ctx, "qwen3-next-80b-a3b", err));
  tell_in_all_formats(vf_inspection_write(a, b, true, o, put, p, err));
  tell(vf_modelfile_read(f, g.ctx, VF_CORPUS_FOLDER "/modelfile/all", err));
  tell(vf_model_open(&m, g.ctx, VF_CORPUS_FOLDER "/gguf/metadata.gguf", NULL, NULL, err));
  vf_model_free(m);
  vf_inspection_free(b);
  vf_inspection_free(a);
  free(f);
}

static void ask_lists(page *p) {
  for (int kind = 0; kind < VF_LIST_COUNT; kind++) {
    vf_listing *list = NULL;
    tell(vf_list(&list, g.ctx, (vf_list_kind)kind, NULL, err));
    tell_in_all_formats((options.rows = 20, vf_listing_write(list, o, put, p, err)));
    vf_listing_free(list);
  }
  tell_in_all_formats(vf_topic_write("kv-cache", o, put, p, err));
  tell_in_all_formats(vf_topic_write("kv-cash", o, put, p, err));
}

static void ask_words(page *p) {
  vf_format format;
  uint64_t number;
  vf_device *devices = room_for(VF_MAX_DEVICES * sizeof *devices);
  size_t n = 0;
  tell(vf_tokens_parse(&number, "32q", err));
  tell(vf_size_parse(&number, "1.5TiBs", err));
  tell(vf_format_find(&format, "q4_k_n", err));
  tell(vf_kv_format_find(&format, "q8_8", err));
  tell(vf_devices_parse(devices, VF_MAX_DEVICES, &n, g.ctx, "dgx-h100", err));
  tell(vf_devices_parse(devices, VF_MAX_DEVICES, &n, g.ctx, "rtx 4o90", err));
  tell_in_all_formats(vf_error_write(
      &(vf_error){.status = VF_IO, .message = "no", .source = "x", .line = 3}, o, put, p, err));
  free(devices);
}

static void ask_box(page *p) {
  static const char *const names[] = {"box.json", "compose.json", "ollama.json", "uneven.json"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    char path[512];
    vf_place *place = NULL;
    vf_place_options given = vf_place_options_init();
    snprintf(path, sizeof path, "%s/scenario/%s", VF_CORPUS_FOLDER, names[i]);
    if (strcmp(names[i], "compose.json") == 0) given.gpu = "l40s";
    tell(vf_place_open(&place, g.ctx, path, &given, err));
    if (place == NULL) continue;
    tell_in_all_formats(vf_place_write(place, o, put, p, err));
    tell_in_all_formats(vf_place_card(place, f_ % 2 == 0, o, put, p, err));
    vf_place_free(place);
  }
}

static vf_status add_to_report(void *user, const vf_check *check, vf_error *err) {
  return vf_check_report_add(user, check, err);
}

/* A file of the corpus of manifests as fuzz_manifest.c takes it: its first letter is the kind. */
static void check_manifest(vf_check *check, vf_check_report *report, page *p, const char *name) {
  static const char *const endings[] = {".yaml", ".json", ".ini", ".service", ".sh"};
  enum { MOST_TEXT = 8192 };
  char path[512], called[64], *text = room_for(MOST_TEXT);
  snprintf(path, sizeof path, "%s/manifest/%s", VF_CORPUS_FOLDER, name);
  FILE *f = fopen(path, "rb");
  if (f == NULL) abort();
  int kind = fgetc(f) - '0';
  size_t n = fread(text, 1, MOST_TEXT, f);
  fclose(f);
  snprintf(called, sizeof called, "%s%s", name, endings[kind]);
  tell(vf_check_text(check, called, text, n, add_to_report, report, err));
  free(text);
}

/* Lists of Kubernetes in one another, and containers as deep as they are looked for. */
static char *deep_manifest(void) {
  enum { LISTS = 4, MAPS = 38, ROOM = 4096 };
  static const char *const containers =
      "\"containers\": [{\"name\": \"a\", \"image\": \"vllm/vllm-openai\", \"command\": [\"bash\", "
      "\"-c\", \"sh -c 'vllm serve Qwen/Qwen3-8B --max-model-len 8k'\"]}]";
  char *text = room_for(ROOM);
  for (int i = 0; i < LISTS; i++)
    strcat(text, "{\"apiVersion\": \"v1\", \"kind\": \"List\", \"items\": [");
  strcat(text, "{\"apiVersion\": \"v1\", \"kind\": \"Pod\", \"metadata\": {\"name\": \"deep\"}, ");
  for (int i = 0; i < MAPS; i++) strcat(text, "\"spec\": {");
  strcat(text, containers);
  for (int i = 0; i < MAPS + 1; i++) strcat(text, "}");
  for (int i = 0; i < LISTS; i++) strcat(text, "]}");
  return text;
}

static void ask_check(page *p) {
  static const char *const names[] = {"compose.yaml",  "compose_extends", "gpustack", "helm",
                                      "k8s.yaml",      "kubeai",          "localai",  "quotes",
                                      "models.ini",    "serve.sh",        "sky",      "swap.yaml",
                                      "llama.service", "vramfit.yaml"};
  char *deep = deep_manifest();
  vf_deployment *policy = room_for(sizeof *policy);
  *policy = vf_deployment_init();
  policy->gpu = "rtx-4090";
  for (int f = 0; f < VF_REPORT_COUNT; f++) {
    vf_check_options given = vf_check_options_init();
    vf_report_options o = vf_report_options_init();
    vf_check *check = NULL;
    vf_check_report *report = NULL;
    given.policy = policy;
    given.told_all = true;
    o.format = (vf_report_format)f;
    tell(vf_check_new(&check, g.ctx, &given, err));
    tell(vf_check_baseline(check, config, err));
    tell(vf_check_report_new(&report, g.ctx, &o, put, p, err));
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
      check_manifest(check, report, p, names[i]);
    tell(vf_check_file(check, VF_CORPUS_FOLDER "/scenario/box.json", add_to_report, report, err));
    tell(vf_check_text(check, "deep.json", deep, strlen(deep), add_to_report, report, err));
    tell(vf_check_report_end(report, check, err));
    vf_check_report_free(report);
    vf_check_free(check);
  }
  free(policy);
  free(deep);
}

static void ask_training(page *p) {
  static const char *const line[] = {"accelerate", "launch", "sft.py", "--max_length", "4096"};
  static const char *const words[] = {"--gpu", "h100x8", "--ctx", "4k"};
  vf_train *train = room_for(sizeof *train);
  vf_train_limits *limits = room_for(sizeof *limits);
  vf_train_request *r = room_for(sizeof *r);
  vf_deployment *d = room_for(sizeof *d);
  vf_command *command = NULL;
  vf_setup *setup = NULL;
  vf_plot_options plot = vf_plot_options_init();
  tell(vf_command_new(&command, g.ctx, err));
  tell(vf_command_read_config(command, config, err));
  tell(vf_command_read_trainer(command, line, 5, err));
  vf_command_hold_line(command);
  for (size_t at = 0; at < 4; at++) tell(vf_command_option(command, words, 4, &at, err));
  tell(vf_command_deployment(command, d, err));
  d->model = "qwen3-32b";
  tell(vf_setup_open(&setup, g.ctx, d, err));
  if (setup != NULL) {
    tell(vf_setup_train(train, setup, err));
    tell(vf_train_limits_solve(limits, setup, err));
    tell_in_all_formats((options.train_limits = limits, vf_train_write(train, o, put, p, err)));
    for (int svg = 0; svg < 2; svg++) {
      plot.svg = svg != 0;
      tell(vf_train_plot_write(train, &plot, put, p, err));
    }
  }
  *r = vf_train_request_init();
  tell(vf_train_set(r, "optimizer", "adamw", err));
  tell(vf_train_run(train, g.model, r, &g.device, 1, err));
  tell_in_all_formats(vf_train_write(train, o, put, p, err));
  r->network_params = 1000000;
  tell(vf_train_network(train, r, &g.device, 1, err));
  tell_in_all_formats(vf_train_write(train, o, put, p, err));
  vf_setup_free(setup);
  vf_command_free(command);
  free(d);
  free(r);
  free(limits);
  free(train);
}

static void ask_machine(page *p) {
  const vf_machine_options here = {.struct_size = sizeof here,
                                   .root = VF_CORPUS_FOLDER "/../machine"};
  vf_device *devices = room_for(VF_MAX_DEVICES * sizeof *devices);
  vf_machine *machine = NULL;
  size_t n = 0;
  tell(vf_machine_detect(&machine, g.ctx, &here, err));
  tell_in_all_formats(vf_machine_write(machine, o, put, p, err));
  tell(vf_machine_select(devices, VF_MAX_DEVICES, &n, machine, "auto", false, err));
  vf_machine_free(machine);
  free(devices);
}

/* A context and a catalog of a thread's own; what is written lies in a folder of its own, too. */
static void ask_catalog(page *p) {
  static const char *const line[] = {"vllm", "serve", "mine", "--max-model-len", "8k"};
  vf_context *ctx = NULL;
  vf_command *command = NULL;
  vf_inspection *x = NULL;
  char folder[64], models[80], path[256] = "";
  snprintf(folder, sizeof folder, "test_threads_catalog_%u", (unsigned)p->thread);
  tell(vf_context_new(&ctx, NULL, err));
  tell(vf_catalog_add_model(path, sizeof path, ctx, folder, model_config, "mine", err));
  tell(vf_context_add_catalog(ctx, path, err));
  tell(vf_command_new(&command, ctx, err));
  tell(vf_command_read(command, line, 5, NULL, NULL, err));
  tell(vf_inspect(&x, ctx, "mine", err));
  if (x != NULL) tell_in_all_formats(vf_inspection_write(x, NULL, true, o, put, p, err));
  vf_inspection_free(x);
  vf_command_free(command);
  vf_context_free(ctx);
  snprintf(models, sizeof models, "%s/models", folder);
  remove(path);
  rmdir(models);
  rmdir(folder);
}

typedef struct question {
  const char *name;
  void (*ask)(page *p);
} question;

#define QUESTION(name)                                                                             \
  { #name, ask_##name }
static const question questions[] = {
    QUESTION(llama_cpp),
    QUESTION(llama_cpp_for_experts_in_main_memory),
    QUESTION(llama_cpp_for_states),
    QUESTION(ollama),
    QUESTION(vllm),
    QUESTION(vllm_for_experts),
    QUESTION(sglang),
    QUESTION(for_a_line_in_layers),
    QUESTION(the_shared_model),
    QUESTION(table),
    QUESTION(for_the_most),
    QUESTION(what_runs),
    QUESTION(files),
    QUESTION(lists),
    QUESTION(words),
    QUESTION(box),
    QUESTION(check),
    QUESTION(training),
    QUESTION(machine),
    QUESTION(catalog),
};
enum { QUESTIONS = sizeof questions / sizeof *questions };

/* As one thread alone answers them. */
static page alone[QUESTIONS];

/* Questions write what differs by thread nowhere: pages are compared byte by byte. */
static page answer(size_t i, uint32_t thread) {
  page p = {NULL, 0, 0, thread};
  questions[i].ask(&p);
  return p;
}

static bool same(const page *a, const page *b) {
  return a->length == b->length && memcmp(a->bytes, b->bytes, a->length) == 0;
}

static void write_file(const char *path, const char *text) {
  FILE *f = fopen(path, "w");
  assert_non_null(f);
  fputs(text, f);
  assert_int_equal(fclose(f), 0);
}

static int set_up(void **state) {
  (void)state;
  size_t n;
  write_file(config,
             "{\"train_micro_batch_size_per_gpu\": 2, \"zero_optimization\": {\"stage\": 3}}");
  write_file(model_config,
             "{\"model_type\": \"llama\", \"hidden_size\": 512, \"num_hidden_layers\": 4, "
             "\"num_attention_heads\": 8, \"intermediate_size\": 1024, \"vocab_size\": 32000, "
             "\"max_position_embeddings\": 8192, \"torch_dtype\": \"bfloat16\"}");
  g.request = vf_request_init();
  g.request.ctx_tokens = 4096;
  assert_ok(vf_context_new(&g.ctx, NULL, err));
  assert_ok(vf_model_open(&g.model, g.ctx, "qwen3-8b", "q8_0", NULL, err));
  assert_ok(vf_devices_parse(&g.device, 1, &n, g.ctx, "rtx-4090", err));
  for (size_t i = 0; i < QUESTIONS; i++) alone[i] = answer(i, 0);
  return 0;
}

static int tear_down(void **state) {
  (void)state;
  for (size_t i = 0; i < QUESTIONS; i++) free(alone[i].bytes);
  vf_model_free(g.model);
  vf_context_free(g.ctx);
  remove(config);
  remove(model_config);
  return 0;
}

/* A question that stops at its first line says nothing about the others. */
static void every_question_is_answered(void **state) {
  (void)state;
  for (size_t i = 0; i < QUESTIONS; i++)
    if (alone[i].length < 200)
      fail_msg("%s: %.*s", questions[i].name, (int)alone[i].length, alone[i].bytes);
}

/* ---- Threads ---------------------------------------------------------------------------- */

enum { THREADS = 4 };

typedef struct worker {
  pthread_t thread;
  uint32_t number;
  size_t wrong; /* the first question that was answered otherwise; QUESTIONS: none */
} worker;

/* Each begins with another question, so that all of them meet all others. */
static void *work(void *user) {
  worker *w = user;
  w->wrong = QUESTIONS;
  for (size_t k = 0; k < QUESTIONS; k++) {
    size_t i = (k + w->number * QUESTIONS / THREADS) % QUESTIONS;
    page p = answer(i, w->number);
    if (!same(&p, &alone[i])) w->wrong = i;
    free(p.bytes);
  }
  return NULL;
}

static void threads_that_share_a_context_answer_as_one_alone(void **state) {
  (void)state;
  worker workers[THREADS];
  for (uint32_t t = 0; t < THREADS; t++) {
    workers[t].number = t;
    assert_int_equal(pthread_create(&workers[t].thread, NULL, work, &workers[t]), 0);
  }
  for (uint32_t t = 0; t < THREADS; t++) assert_int_equal(pthread_join(workers[t].thread, NULL), 0);
  for (uint32_t t = 0; t < THREADS; t++)
    if (workers[t].wrong != QUESTIONS)
      fail_msg("thread %u: %s", (unsigned)t, questions[workers[t].wrong].name);
}

/* ---- Locales ---------------------------------------------------------------------------- */

/* A program may have a locale with a decimal comma, where the library's words and pages have
 * points.  Where none is installed, tests/all locale makes one. */
static void a_programs_locale_changes_no_answer(void **state) {
  (void)state;
  static const char *const locales[] = {"de_DE.UTF-8", "de_DE.utf8", "fr_FR.UTF-8", "fr_FR.utf8"};
  bool set = false;
  for (size_t i = 0; !set && i < sizeof locales / sizeof *locales; i++)
    set = setlocale(LC_ALL, locales[i]) != NULL;
  if (!set) skip();
  for (size_t i = 0; i < QUESTIONS; i++) {
    page p = answer(i, 0);
    bool is_same = same(&p, &alone[i]);
    free(p.bytes);
    if (!is_same) fail_msg("%s", questions[i].name);
  }
  setlocale(LC_ALL, "C");
}

/* ---- Stack ------------------------------------------------------------------------------ */

/* What threads of musl have, and what a call may need of it (base.h). */
enum { STACK = 128 << 10, MOST = 112 << 10, PAINT = 0x5a };

typedef struct deep {
  size_t question;
  const unsigned char *stack;
  size_t used;
  bool same;
} deep;

static void *ask_on_small_stack(void *user) {
  deep *d = user;
  unsigned char here = 0;
  page p = answer(d->question, 0);
  d->same = same(&p, &alone[d->question]);
  free(p.bytes);
  const unsigned char *low = d->stack;
  while (low < &here && *low == PAINT) low++;
  d->used = (size_t)(&here - low);
  return NULL;
}

/* The stack is painted before: what is not any more was used.  Below it lies a page that nobody
 * may touch. */
static void every_question_is_answered_on_a_small_stack(void **state) {
  (void)state;
#ifdef SANITIZED
  skip(); /* which pad what lies on the stack */
#endif
  enum { GUARD = 64 << 10 };
  unsigned char *memory =
      mmap(NULL, GUARD + STACK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  assert_true(memory != MAP_FAILED);
  assert_int_equal(mprotect(memory, GUARD, PROT_NONE), 0);
  deep d = {.stack = memory + GUARD};
  for (d.question = 0; d.question < QUESTIONS; d.question++) {
    pthread_t thread;
    pthread_attr_t small;
    memset(memory + GUARD, PAINT, STACK);
    assert_int_equal(pthread_attr_init(&small), 0);
    assert_int_equal(pthread_attr_setstack(&small, memory + GUARD, STACK), 0);
    assert_int_equal(pthread_create(&thread, &small, ask_on_small_stack, &d), 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
    pthread_attr_destroy(&small);
    print_message("%-40s %3zu KiB\n", questions[d.question].name, (d.used + 1023) >> 10);
    assert_true(d.same);
    if (d.used > MOST) fail_msg("%s: %zu bytes of stack", questions[d.question].name, d.used);
  }
  munmap(memory, GUARD + STACK);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_question_is_answered),
      cmocka_unit_test(threads_that_share_a_context_answer_as_one_alone),
      cmocka_unit_test(a_programs_locale_changes_no_answer),
      cmocka_unit_test(every_question_is_answered_on_a_small_stack),
  };
  return cmocka_run_group_tests(tests, set_up, tear_down);
}
