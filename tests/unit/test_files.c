/* test_files.c - models, catalogs and boxes in memory, and every read of them failing in turn.
 *
 * The files of a small model are made once, in all the forms that are read.  Every job (an
 * estimate, an inspection, a box…) is done over them, then done again with its k-th call to the
 * files failing, for each k and each way to fail. */
#include "memory_files.h"
#include "weight_files.h"

#include "readers/source.h"

/* ---- A model of one layer --------------------------------------------------------------- */

#define CONFIG                                                                                     \
  "{\"model_type\": \"llama\", \"hidden_size\": 64, \"num_hidden_layers\": 1,"                     \
  "\"num_attention_heads\": 4, \"num_key_value_heads\": 2, \"intermediate_size\": 128,"            \
  "\"vocab_size\": 96, \"max_position_embeddings\": 4096, \"torch_dtype\": \"float32\"}"

static const struct {
  const char *gguf, *checkpoint;
  uint64_t ne[2]; /* ne[1] is 0: a vector */
  int shard;
} tensors[] = {
    {"token_embd.weight", "model.embed_tokens.weight", {64, 96}, 0},
    {"blk.0.attn_norm.weight", "model.layers.0.input_layernorm.weight", {64, 0}, 0},
    {"blk.0.attn_q.weight", "model.layers.0.self_attn.q_proj.weight", {64, 64}, 0},
    {"blk.0.attn_k.weight", "model.layers.0.self_attn.k_proj.weight", {64, 32}, 0},
    {"blk.0.attn_v.weight", "model.layers.0.self_attn.v_proj.weight", {64, 32}, 0},
    {"blk.0.attn_output.weight", "model.layers.0.self_attn.o_proj.weight", {64, 64}, 0},
    {"blk.0.ffn_norm.weight", "model.layers.0.post_attention_layernorm.weight", {64, 0}, 1},
    {"blk.0.ffn_gate.weight", "model.layers.0.mlp.gate_proj.weight", {64, 128}, 1},
    {"blk.0.ffn_up.weight", "model.layers.0.mlp.up_proj.weight", {64, 128}, 1},
    {"blk.0.ffn_down.weight", "model.layers.0.mlp.down_proj.weight", {128, 64}, 1},
    {"output_norm.weight", "model.norm.weight", {64, 0}, 1},
    {"output.weight", "lm_head.weight", {64, 96}, 1},
};
enum { N_TENSORS = sizeof tensors / sizeof *tensors, ALL = -1 };

static uint64_t bytes_of(size_t i) {
  return 4 * tensors[i].ne[0] * (tensors[i].ne[1] != 0 ? tensors[i].ne[1] : 1);
}

/* ---- As GGUF ---------------------------------------------------------------------------- */

static void put_string(blob *b, const char *s) {
  put_little(b, strlen(s), 8);
  put_text(b, s);
}

static void put_u32(blob *b, const char *key, uint32_t n) {
  put_string(b, key);
  put_little(b, 4, 4);
  put_little(b, n, 4);
}

static void put_tensors(blob *b) {
  uint64_t at = 0;
  for (size_t i = 0; i < N_TENSORS; i++) {
    put_string(b, tensors[i].gguf);
    put_little(b, tensors[i].ne[1] != 0 ? 2 : 1, 4);
    put_little(b, tensors[i].ne[0], 8);
    if (tensors[i].ne[1] != 0) put_little(b, tensors[i].ne[1], 8);
    put_little(b, 0, 4); /* F32 */
    put_little(b, at, 8);
    at += bytes_of(i);
  }
}

/* Its header; the data is told of, and not there. */
static memory_file as_gguf(const char *path, blob *b) {
  uint64_t data = 0;
  put_text(b, "GGUF");
  put_little(b, 3, 4);
  put_little(b, N_TENSORS, 8);
  put_little(b, 8, 8);
  put_string(b, "general.architecture");
  put_little(b, 8, 4);
  put_string(b, "llama");
  put_u32(b, "llama.block_count", 1);
  put_u32(b, "llama.context_length", 4096);
  put_u32(b, "llama.embedding_length", 64);
  put_u32(b, "llama.feed_forward_length", 128);
  put_u32(b, "llama.attention.head_count", 4);
  put_u32(b, "llama.attention.head_count_kv", 2);
  put_u32(b, "llama.vocab_size", 96);
  put_tensors(b);
  while (b->length % 32 != 0) put_zeros(b, 1);
  for (size_t i = 0; i < N_TENSORS; i++) data += bytes_of(i);
  return (memory_file){path, b->bytes, b->length, b->length + data};
}

/* ---- As a checkpoint -------------------------------------------------------------------- */

static memory_file as_safetensors(const char *path, blob *b, int shard) {
  char text[4096] = "", entry[256];
  uint64_t at = 0;
  for (size_t i = 0; i < N_TENSORS; i++) {
    if (shard != ALL && tensors[i].shard != shard) continue;
    unsigned long long rows = tensors[i].ne[1], row = tensors[i].ne[0];
    int n = snprintf(entry, sizeof entry, "%s\"%s\": {\"dtype\": \"F32\", \"shape\": [",
                     at == 0 ? "{" : ", ", tensors[i].checkpoint);
    if (rows != 0) n += snprintf(entry + n, sizeof entry - (size_t)n, "%llu, ", rows);
    snprintf(entry + n, sizeof entry - (size_t)n, "%llu], \"data_offsets\": [%llu, %llu]}", row,
             (unsigned long long)at, (unsigned long long)(at + bytes_of(i)));
    strcat(text, entry);
    at += bytes_of(i);
  }
  strcat(text, "}");
  put_little(b, strlen(text), 8);
  put_text(b, text);
  return (memory_file){path, b->bytes, b->length, b->length + at};
}

static memory_file as_index(const char *path, blob *b) {
  char line[256];
  put_text(b, "{\"weight_map\": {");
  for (size_t i = 0; i < N_TENSORS; i++) {
    snprintf(line, sizeof line, "%s\"%s\": \"model-%05d-of-00002.safetensors\"", i == 0 ? "" : ", ",
             tensors[i].checkpoint, tensors[i].shard + 1);
    put_text(b, line);
  }
  put_text(b, "}}");
  return (memory_file){path, b->bytes, b->length, 0};
}

static memory_file as_text(const char *path, const char *text) {
  return (memory_file){path, text, strlen(text), 0};
}

/* A checkpoint of PyTorch's own making. */
static memory_file as_pytorch(const char *path, blob *b) {
  unsigned char bytes[4096];
  FILE *f = fopen(VF_CORPUS_FOLDER "/pytorch/protocol2.pt", "rb");
  assert_non_null(f);
  put(b, bytes, fread(bytes, 1, sizeof bytes, f));
  assert_int_equal(fclose(f), 0);
  return (memory_file){path, b->bytes, b->length, 0};
}

/* ---- All files -------------------------------------------------------------------------- */

static memory_file list[24];
static size_t n_files;
static blob blobs[8];
static memory_files memory;

static void add(memory_file file) {
  assert_true(n_files < sizeof list / sizeof *list);
  list[n_files++] = file;
}

static int make_files(void **state) {
  (void)state;
  add(as_text("config/config.json", CONFIG));
  add(as_gguf("file.gguf", &blobs[0]));
  add(as_gguf("in-folder/model.gguf", &blobs[1]));
  add(as_text("single/config.json", CONFIG));
  add(as_safetensors("single/model.safetensors", &blobs[2], ALL));
  add(as_text("indexed/config.json", CONFIG));
  add(as_index("indexed/model.safetensors.index.json", &blobs[3]));
  add(as_safetensors("indexed/model-00001-of-00002.safetensors", &blobs[4], 0));
  add(as_safetensors("indexed/model-00002-of-00002.safetensors", &blobs[5], 1));
  add(as_text("shards/config.json", CONFIG));
  list[n_files] = list[7], list[n_files++].path = "shards/model-00001-of-00002.safetensors";
  list[n_files] = list[8], list[n_files++].path = "shards/model-00002-of-00002.safetensors";
  add(as_pytorch("pytorch/pytorch_model.bin", &blobs[6]));
  add(as_text(
      "catalog/models/own.json",
      "{\"models\": [{\"id\": \"own-model\", \"model_type\": \"llama\", \"hidden_size\": 64,"
      "\"num_hidden_layers\": 1, \"num_attention_heads\": 4, \"intermediate_size\": 128,"
      "\"vocab_size\": 96, \"torch_dtype\": \"float16\"}]}"));
  add(as_text("catalog/gpus/own.json",
              "{\"gpus\": [{\"id\": \"own-card\", \"name\": \"Own card\", \"class\": \"geforce\","
              "\"total_mib\": 8192}]}"));
  add(as_text("box.json", "{\"gpu\": \"rtx-4090\", \"workloads\": ["
                          "{\"model\": \"file.gguf\", \"ctx\": 4096},"
                          "{\"model\": \"single\", \"ctx\": 4096, \"engine\": \"vllm\"}]}"));
  add(as_text("Modelfile", "FROM ./file.gguf\nPARAMETER num_ctx 2048\n"));
  return 0;
}

static int free_files(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof blobs / sizeof *blobs; i++) free(blobs[i].bytes);
  return 0;
}

static vf_context *new_context(vf_error *err) {
  vf_context_options options = vf_context_options_init();
  vf_context *ctx = NULL;
  options.files = &memory.files;
  return vf_context_new(&ctx, &options, err) == VF_OK ? ctx : NULL;
}

/* ---- Jobs ------------------------------------------------------------------------------- */

/* What was written: a verdict, if there is anything in it. */
typedef struct page {
  char text[1 << 16];
  size_t length;
} page;

static bool write_page(void *user, const char *data, size_t size) {
  page *p = user;
  if (size > sizeof p->text - p->length) return false;
  memcpy(p->text + p->length, data, size);
  p->length += size;
  return true;
}

typedef vf_status (*job)(page *out, const vf_context *ctx, const char *ref, vf_error *err);

static vf_status estimate(page *out, const vf_context *ctx, const char *ref, const char *gpu,
                          vf_error *err) {
  const vf_report_options options = {.struct_size = sizeof options, .format = VF_REPORT_JSON};
  vf_request r = vf_request_init();
  vf_model *model = NULL;
  vf_estimate *e = NULL, *scratch = NULL;
  vf_limits limits;
  vf_device d;
  size_t n;
  r.ctx_tokens = 4096;
  vf_status status = vf_model_open(&model, ctx, ref, NULL, NULL, err);
  if (status == VF_OK) status = vf_devices_parse(&d, 1, &n, ctx, gpu, err);
  if (status == VF_OK) status = vf_estimate_new(&e, ctx, err);
  if (status == VF_OK) status = vf_estimate_new(&scratch, ctx, err);
  if (status == VF_OK) status = vf_estimate_run(e, model, &r, &d, 1, err);
  if (status == VF_OK) status = vf_limits_solve(&limits, e, scratch, &d, 1, err);
  if (status == VF_OK) status = vf_report_write(e, &limits, &options, write_page, out, err);
  vf_estimate_free(e);
  vf_estimate_free(scratch);
  vf_model_free(model);
  return status;
}

static vf_status fit(page *out, const vf_context *ctx, const char *ref, vf_error *err) {
  return estimate(out, ctx, ref, "rtx-4090", err);
}

static vf_status inspect(page *out, const vf_context *ctx, const char *ref, vf_error *err) {
  const vf_report_options options = {.struct_size = sizeof options, .format = VF_REPORT_JSON};
  vf_inspection *x;
  vf_status status = vf_inspect(&x, ctx, ref, err);
  if (status != VF_OK) return status;
  status = vf_inspection_write(x, NULL, true, &options, write_page, out, err);
  vf_inspection_free(x);
  return status;
}

static vf_status fit_from_catalog(page *out, const vf_context *ctx, const char *ref,
                                  vf_error *err) {
  (void)ctx;
  vf_context *own = new_context(err);
  if (own == NULL) return VF_NOMEM;
  vf_status status = vf_context_add_catalog(own, ref, err);
  if (status == VF_OK) status = estimate(out, own, "own-model", "own-card", err);
  vf_context_free(own);
  return status;
}

static vf_status place(page *out, const vf_context *ctx, const char *ref, vf_error *err) {
  const vf_report_options options = {.struct_size = sizeof options, .format = VF_REPORT_JSON};
  vf_place *p;
  vf_status status = vf_place_open(&p, ctx, ref, NULL, err);
  if (status != VF_OK) return status;
  status = vf_place_write(p, &options, write_page, out, err);
  vf_place_free(p);
  return status;
}

static vf_status read_modelfile(page *out, const vf_context *ctx, const char *ref, vf_error *err) {
  vf_modelfile f;
  vf_status status = vf_modelfile_read(&f, ctx, ref, err);
  if (status == VF_OK) out->length = (size_t)sprintf(out->text, "%s %d", f.from, (int)f.num_ctx);
  return status;
}

static vf_status table(page *out, const vf_context *ctx, const char *ref, vf_error *err) {
  const vf_report_options options = {.struct_size = sizeof options, .format = VF_REPORT_JSON};
  const vf_axis axes[] = {{VF_AXIS_GPU, "l4,rtx-4090"}, {VF_AXIS_CTX, "1k,4k"}};
  vf_deployment base = vf_deployment_init();
  vf_grid *grid;
  bool finished;
  base.model = ref;
  vf_status status = vf_grid_new(&grid, ctx, &base, axes, 2, err);
  if (status != VF_OK) return status;
  status = vf_grid_work(grid, SIZE_MAX, &finished, err);
  if (status == VF_OK)
    status = vf_grid_write(grid, VF_CELL_VERDICT, &options, write_page, out, err);
  vf_grid_free(grid);
  return status;
}

static vf_status weigh(page *out, const vf_context *ctx, const char *ref, vf_error *err) {
  uint64_t bytes;
  vf_status status = vf_part_file_bytes(&bytes, ctx, VF_FILE_LORA, ref, err);
  if (status == VF_OK) out->length = (size_t)sprintf(out->text, "%d", (int)bytes);
  return status;
}

static const struct {
  const char *name;
  job run;
  const char *ref, *says; /* what stands in its page */
} jobs[] = {
    {"config", fit, "config", "\"verdict\": \"fits\""},
    {"config by its name", fit, "config/config.json", "\"verdict\": \"fits\""},
    {"GGUF", fit, "file.gguf", "\"verdict\": \"fits\""},
    {"GGUF in a folder", fit, "in-folder", "\"verdict\": \"fits\""},
    {"one file", fit, "single", "\"verdict\": \"fits\""},
    {"index", fit, "indexed", "\"verdict\": \"fits\""},
    {"shards", fit, "shards", "\"verdict\": \"fits\""},
    {"one shard", fit, "shards/model-00001-of-00002.safetensors", "\"verdict\": \"fits\""},
    {"inspect config", inspect, "config", "\"kind\": \"config\""},
    {"inspect GGUF", inspect, "file.gguf", "\"kind\": \"GGUF file\""},
    {"inspect index", inspect, "indexed", "\"kind\": \"checkpoint\""},
    {"inspect PyTorch", inspect, "pytorch", "\"kind\": \"checkpoint\""},
    {"catalog", fit_from_catalog, "catalog", "\"verdict\": \"fits\""},
    {"box", place, "box.json", "\"run\": \"with care\""},
    {"Modelfile", read_modelfile, "Modelfile", "./file.gguf 2048"},
    {"table", table, "single", "\"fits\""},
    {"adapter", weigh, "single/model.safetensors", "197376"},
};
enum { N_JOBS = sizeof jobs / sizeof *jobs };

/* Does job i with that fault in the k-th call. */
static vf_status do_job(size_t i, page *out, memory_fault fault, long k, vf_error *err) {
  memory_over(&memory, list, n_files);
  vf_context *ctx = new_context(err);
  assert_non_null(ctx);
  memory.fault = fault;
  memory.fault_at = k;
  out->length = 0;
  vf_status status = jobs[i].run(out, ctx, jobs[i].ref, err);
  out->text[out->length] = '\0';
  vf_context_free(ctx);
  assert_int_equal(memory.open, 0);
  return status;
}

/* ---- Tests ------------------------------------------------------------------------------ */

static page expected, got;

static void everything_is_read_from_memory(void **state) {
  (void)state;
  for (size_t i = 0; i < N_JOBS; i++) {
    vf_error err = {VF_OK};
    if (do_job(i, &got, FAULT_NONE, -1, &err) != VF_OK)
      fail_msg("%s: %s: %s", jobs[i].name, err.source, err.message);
    if (strstr(got.text, jobs[i].says) == NULL) fail_msg("%s: %s", jobs[i].name, got.text);
    assert_true(memory.calls > 0);
  }
}

/* One clear error with its source, and nothing that looks like an answer. */
static void expect_failure(size_t i, memory_fault fault, long k, vf_status status,
                           const vf_error *err) {
  static const char *const words[FAULT_COUNT] = {
      [FAULT_SILENT] = "cannot be ",
      [FAULT_TOLD] = "the line is dead",
      [FAULT_FOREIGN] = "cannot be ",
      [FAULT_NOMEM] = "out of memory",
      [FAULT_SHRINKS] = "ended there while it was read",
      [FAULT_OVERRUNS] = "cannot be read as it should",
  };
  vf_status wanted = fault == FAULT_NOMEM ? VF_NOMEM : VF_IO;
  bool told = strstr(err->message, words[fault]) != NULL;
  bool placed = fault == FAULT_NOMEM || strstr(err->source, memory.fired_at) != NULL ||
                strstr(err->message, memory.fired_at) != NULL; /* of a workload in a box */
  if (status == wanted && err->status == wanted && told && placed && got.length == 0) return;
  fail_msg("%s, call %ld on %s, fault %d: status %d, \"%s: %s\", wrote \"%.80s\"", jobs[i].name, k,
           memory.fired_at, (int)fault, (int)status, err->source, err->message, got.text);
}

static void every_call_that_fails_is_one_error_and_never_a_verdict(void **state) {
  (void)state;
  long points = 0;
  for (size_t i = 0; i < N_JOBS; i++) {
    vf_error err = {VF_OK};
    assert_int_equal(do_job(i, &expected, FAULT_NONE, -1, &err), VF_OK);
    long calls = memory.calls;
    for (int fault = FAULT_SILENT; fault < FAULT_COUNT; fault++)
      for (long k = 0; k < calls; k++) {
        err = (vf_error){VF_OK};
        vf_status status = do_job(i, &got, (memory_fault)fault, k, &err);
        if (memory.fired)
          expect_failure(i, (memory_fault)fault, k, status, &err);
        else
          assert_string_equal(got.text, expected.text);
        points += memory.fired;
      }
  }
  assert_true(points > 400);
  print_message("%ld points of failure\n", points);
}

static void reads_of_one_byte_give_the_same_answer(void **state) {
  (void)state;
  for (size_t i = 0; i < N_JOBS; i++) {
    vf_error err = {VF_OK};
    assert_int_equal(do_job(i, &expected, FAULT_NONE, -1, &err), VF_OK);
    memory_over(&memory, list, n_files);
    memory.byte_by_byte = true;
    vf_context *ctx = new_context(&err);
    assert_non_null(ctx);
    got.length = 0;
    assert_int_equal(jobs[i].run(&got, ctx, jobs[i].ref, &err), VF_OK);
    got.text[got.length] = '\0';
    assert_string_equal(got.text, expected.text);
    vf_context_free(ctx);
  }
}

static void a_fault_without_an_error_object_is_a_status(void **state) {
  (void)state;
  for (size_t i = 0; i < N_JOBS; i++)
    for (int fault = FAULT_SILENT; fault < FAULT_COUNT; fault++) {
      vf_status status = do_job(i, &got, (memory_fault)fault, 0, NULL);
      if (memory.fired) assert_true(status == VF_IO || status == VF_NOMEM);
    }
}

static void what_is_missing_is_told_by_name(void **state) {
  (void)state;
  memory_over(&memory, list, n_files - 1);
  vf_context *ctx = new_context(NULL);
  vf_model *m;
  assert_fails(vf_model_open(&m, ctx, "./nothing", NULL, NULL, err), VF_UNKNOWN, "./nothing");
  list[8].path = "elsewhere";
  assert_fails(vf_model_open(&m, ctx, "indexed", NULL, NULL, err), VF_IO, "is missing");
  list[8].path = "indexed/model-00002-of-00002.safetensors";
  vf_context_free(ctx);
}

static void a_folder_without_a_lister_is_an_error(void **state) {
  (void)state;
  memory_over(&memory, list, n_files);
  memory.files.list = NULL;
  vf_context *ctx = new_context(NULL);
  vf_model *m;
  assert_fails(vf_model_open(&m, ctx, "single", NULL, NULL, err), VF_IO,
               "single: cannot be listed");
  assert_ok(vf_model_open(&m, ctx, "single/model.safetensors", NULL, NULL, err));
  vf_model_free(m);
  vf_context_free(ctx);
}

static vf_status fill_all_of_it(void *user, vf_path_kind *out, const char *path, vf_error *err) {
  (void)user;
  (void)out;
  (void)path;
  memset(err, 'x', sizeof *err);
  return VF_IO;
}

static void words_without_an_end_are_cut(void **state) {
  (void)state;
  memory_over(&memory, list, n_files);
  memory.files.look = fill_all_of_it;
  vf_context *ctx = new_context(NULL);
  vf_error err = {VF_OK};
  vf_model *m;
  assert_int_equal(vf_model_open(&m, ctx, "file.gguf", NULL, NULL, &err), VF_IO);
  assert_int_equal(err.status, VF_IO);
  assert_int_equal(strlen(err.message), sizeof err.message - 1);
  assert_int_equal(strlen(err.source), sizeof err.source - 1);
  assert_int_equal(strlen(err.path), sizeof err.path - 1);
  vf_context_free(ctx);
}

/* ---- The file system -------------------------------------------------------------------- */

static void the_file_system_tells_what_paths_are(void **state) {
  (void)state;
  const vf_files *f = vf_file_system();
  const struct {
    const char *path;
    vf_path_kind kind;
  } paths[] = {{".", VF_PATH_FOLDER},
               {"/dev/null", VF_PATH_OTHER},
               {"test_files.tmp", VF_PATH_FILE},
               {"test_files.tmp/below", VF_PATH_NONE},
               {"no/such/path", VF_PATH_NONE},
               {"", VF_PATH_NONE}};
  write_bytes("test_files.tmp", "0123456789", 10);
  for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
    vf_path_kind kind;
    vf_error err = {VF_OK};
    assert_int_equal(f->look(f->user, &kind, paths[i].path, &err), VF_OK);
    assert_int_equal(kind, paths[i].kind);
  }
  remove("test_files.tmp");
}

static void a_path_that_cannot_be_looked_at_says_why(void **state) {
  (void)state;
  const vf_files *f = vf_file_system();
  vf_path_kind kind;
  remove("test_files.loop");
  assert_int_equal(symlink("test_files.loop", "test_files.loop"), 0);
  assert_fails(f->look(f->user, &kind, "test_files.loop", err), VF_IO, "symbolic links");
  remove("test_files.loop");
}

static bool count_name(void *context, const char *name) {
  assert_true(strcmp(name, ".") != 0 && strcmp(name, "..") != 0);
  return ++*(size_t *)context < 2;
}

static void a_list_ends_when_it_is_told_to(void **state) {
  (void)state;
  const vf_files *f = vf_file_system();
  size_t n = 0;
  assert_ok(f->list(f->user, "/", count_name, &n, err));
  assert_int_equal(n, 2);
  assert_fails(f->list(f->user, "no/such/folder", count_name, &n, err), VF_IO, "cannot be listed");
}

/* Cut between opening and reading, as by somebody who writes it anew. */
static void a_file_that_shrinks_is_an_error(void **state) {
  (void)state;
  char bytes[16];
  size_t n;
  vf_source s;
  write_bytes("test_files.tmp", "0123456789", 10);
  assert_ok(vf_source_open(&s, vf_file_system(), "test_files.tmp", err));
  assert_ok(vf_source_read(&s, 8, bytes, 16, &n, err));
  assert_int_equal(n, 2);
  assert_int_equal(truncate("test_files.tmp", 5), 0);
  assert_ok(vf_source_read(&s, 0, bytes, 5, &n, err));
  assert_fails(vf_source_read(&s, 0, bytes, 10, &n, err), VF_IO, "test_files.tmp: offset 5: ");
  vf_source_close(&s);
  remove("test_files.tmp");
}

/* ---- Contexts --------------------------------------------------------------------------- */

/* Where a part of the file says how long another is, that other may not be there. */
static void bytes_beyond_the_end_are_told_with_how_many_there_are_not(void **state) {
  (void)state;
  const memory_file file = {"eight", "12345678", 8, 0};
  char bytes[10] = "";
  vf_source s;
  vf_error e = {VF_OK};
  assert_ok(vf_source_open(&s, memory_over(&memory, &file, 1), "eight", err));
  assert_ok(vf_source_take(&s, 5, bytes, 3, err));
  assert_string_equal(bytes, "678");
  assert_int_equal(vf_source_take(&s, 5, bytes, 10, &e), VF_MALFORMED);
  assert_non_null(strstr(e.message, "the file ends 7 bytes too early"));
  assert_u64(e.offset, 5);
  assert_int_equal(vf_source_take(&s, UINT64_MAX, bytes, 1, &e), VF_MALFORMED);
  vf_source_close(&s);
  assert_int_equal(memory.open, 0);
}

static void a_context_refuses_files_that_are_not_all_there(void **state) {
  (void)state;
  vf_context *ctx;
  vf_files files = *vf_file_system();
  vf_context_options o = vf_context_options_init();
  o.files = &files;
  files.read = NULL;
  assert_fails(vf_context_new(&ctx, &o, err), VF_USAGE, "look, open and read");
  files = *vf_file_system();
  files.struct_size = 0;
  assert_fails(vf_context_new(&ctx, &o, err), VF_USAGE, "vf_files_init()");
  files.struct_size = sizeof files + 8;
  assert_fails(vf_context_new(&ctx, &o, err), VF_USAGE, "older than the header");
  o.struct_size = 0;
  assert_fails(vf_context_new(&ctx, &o, err), VF_USAGE, "vf_context_options_init()");
  vf_allocator none = {NULL, NULL, NULL};
  o = vf_context_options_init();
  o.allocator = &none;
  assert_fails(vf_context_new(&ctx, &o, err), VF_USAGE, "alloc and free");
}

/* A program that was compiled when `list` was the newest function has files all the same. */
static void older_files_have_what_they_had(void **state) {
  (void)state;
  memory_over(&memory, list, n_files);
  memory.files.struct_size = offsetof(vf_files, list);
  vf_context *ctx = new_context(NULL);
  vf_model *m;
  assert_non_null(ctx);
  assert_fails(vf_model_open(&m, ctx, "single", NULL, NULL, err), VF_IO, "cannot be listed");
  vf_context_free(ctx);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(everything_is_read_from_memory),
      cmocka_unit_test(every_call_that_fails_is_one_error_and_never_a_verdict),
      cmocka_unit_test(reads_of_one_byte_give_the_same_answer),
      cmocka_unit_test(a_fault_without_an_error_object_is_a_status),
      cmocka_unit_test(what_is_missing_is_told_by_name),
      cmocka_unit_test(a_folder_without_a_lister_is_an_error),
      cmocka_unit_test(words_without_an_end_are_cut),
      cmocka_unit_test(the_file_system_tells_what_paths_are),
      cmocka_unit_test(a_path_that_cannot_be_looked_at_says_why),
      cmocka_unit_test(a_list_ends_when_it_is_told_to),
      cmocka_unit_test(a_file_that_shrinks_is_an_error),
      cmocka_unit_test(bytes_beyond_the_end_are_told_with_how_many_there_are_not),
      cmocka_unit_test(a_context_refuses_files_that_are_not_all_there),
      cmocka_unit_test(older_files_have_what_they_had),
  };
  return cmocka_run_group_tests(tests, make_files, free_files);
}
