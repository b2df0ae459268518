/* test_catalog.c - users' own catalogs, and what names can mean. */
#include "support.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/names.h"
#include "core/model.h"
#include "readers/catalog.h"

#define LLAMA                                                                                      \
  "\"model_type\": \"llama\", \"hidden_size\": 256, \"num_hidden_layers\": 4,"                     \
  "\"num_attention_heads\": 4, \"intermediate_size\": 512, \"vocab_size\": 1000,"                  \
  "\"torch_dtype\": \"bfloat16\""

static vf_context *ctx;
static char folder[] = "/tmp/vramfit_catalog_XXXXXX", file[64];

static int open_context(void **state) {
  (void)state;
  if (mkdtemp(folder) == NULL) return 1;
  snprintf(file, sizeof file, "%s/mine.json", folder);
  return vf_context_new(&ctx, NULL, NULL) != VF_OK;
}

static int close_context(void **state) {
  (void)state;
  vf_context_free(ctx);
  unlink(file);
  return rmdir(folder);
}

static void write_catalog(const char *text) {
  FILE *f = fopen(file, "w");
  assert_non_null(f);
  fputs(text, f);
  fclose(f);
}

static bool knows(const char *name) {
  vf_catalog_entry e;
  return vf_catalog_find(&e, ctx, VF_CATALOG_MODELS, name);
}

/* ---- Users' catalogs -------------------------------------------------------------------- */

static void an_own_entry_is_found_by_each_of_its_names(void **state) {
  (void)state;
  vf_context *own;
  vf_model *m;
  assert_ok(vf_context_new(&own, NULL, err));
  write_catalog("{\"models\": [{\"id\": \"mine\", \"aliases\": [\"My Model\"], " LLAMA "}]}");
  assert_ok(vf_context_add_catalog(own, folder, err));
  assert_u64(vf_catalog_size(own, VF_CATALOG_MODELS), vf_catalog_size(ctx, VF_CATALOG_MODELS) + 1);
  assert_string_equal(vf_catalog_id(own, VF_CATALOG_MODELS, 0), "mine");
  size_t n = vf_catalog_size(own, VF_CATALOG_MODELS);
  assert_non_null(vf_catalog_id(own, VF_CATALOG_MODELS, n - 1));
  assert_null(vf_catalog_id(own, VF_CATALOG_MODELS, n));
  assert_ok(vf_model_open(&m, own, "my_model", "q8_0", NULL, err));
  vf_model_free(m);
  vf_context_free(own);
}

static void an_own_entry_replaces_the_built_in_one_of_its_name(void **state) {
  (void)state;
  vf_context *own;
  vf_model *m;
  vf_model_info info;
  assert_ok(vf_context_new(&own, NULL, err));
  write_catalog("{\"models\": [{\"id\": \"llama3.1-8b\", " LLAMA "}]}");
  assert_ok(vf_context_add_catalog(own, file, err));
  assert_u64(vf_catalog_size(own, VF_CATALOG_MODELS), vf_catalog_size(ctx, VF_CATALOG_MODELS));
  assert_ok(vf_model_open(&m, own, "llama3.1-8b", NULL, NULL, err));
  vf_model_info_get(m, &info);
  assert_int_equal(info.n_layers, 4);
  vf_model_free(m);
  assert_ok(vf_model_open(&m, own, "llama3.1:70b", NULL, NULL, err));
  vf_model_free(m);
  vf_context_free(own);
}

static void an_own_class_serves_an_own_device(void **state) {
  (void)state;
  vf_context *own;
  vf_device d;
  size_t n;
  assert_ok(vf_context_new(&own, NULL, err));
  write_catalog("{\"classes\": [{\"id\": \"c\", \"kind\": \"discrete\", \"backend\": \"cuda\","
                "\"reserve_mib\": 100}], \"gpus\": [{\"id\": \"g\", \"name\": \"G\","
                "\"class\": \"c\", \"total_mib\": 30000}]}");
  assert_ok(vf_context_add_catalog(own, file, err));
  assert_ok(vf_devices_parse(&d, 1, &n, own, "G", err));
  assert_u64(d.reserved_bytes, UINT64_C(100) << 20);
  vf_context_free(own);
}

/* What is wrong, where, and that the built-in catalog is as it was. */
static void a_bad_catalog_is_refused_whole(void **state) {
  (void)state;
  static const struct {
    const char *text, *path;
    unsigned line;
    const char *message;
  } bad[] = {
      {"{\"models\": [{\"id\": \"x\", " LLAMA "},\n{\"id\": \"x\", " LLAMA "}]}", "/models/1", 2,
       "names this entry"},
      {"{\"models\": [{\"id\": \"x\", \"aliases\": [\"y\"], " LLAMA "},\n"
       "{\"id\": \"y\", \"aliases\": [\"x\"], " LLAMA "}]}",
       "/models/1", 2, "names this entry"},
      {"{\"models\": [{\"id\": \"x\", " LLAMA ",\n\"hidden_sise\": 3}]}", "/models/0/hidden_sise",
       2, "did you mean hidden_size"},
      {"{\"models\": [\n{\"id\": \"x\", \"model_type\": \"no-such\"}]}", "/models/0/model_type", 2,
       "not known"},
      {"{\"models\": [{\"id\": \"x\", " LLAMA "}", "", 1, "truncated"},
      {"{\"models\": {}}", "/models", 1, "a catalog file has"},
      {"{\n\"modles\": []}", "/modles", 2, "a catalog file has"},
      {"[]", "", 0, "object"},
      {"{\"models\": [1]}", "/models/0", 1, "object"},
      {"{\"models\": [{" LLAMA "}]}", "/models/0/id", 1, "needs an id"},
      {"{\"models\": [{\"id\": \"x\", \"aliases\": 3, " LLAMA "}]}", "/models/0/aliases", 1,
       "list of names"},
      {"{\"gpus\": [{\"id\": \"g\", \"name\": \"G\", \"class\": \"geforce\",\n"
       "\"total_mib\": 0}]}",
       "/gpus/0/total_mib", 2, "not a memory"},
      {"{\"gpus\": [{\"id\": \"g\", \"name\": \"G\", \"class\": \"gforce\"}]}", "/gpus/0/class", 1,
       "no class"},
      {"{\"gpus\": [{\"id\": \"g\", \"name\": \"G\", \"class\": \"geforce\",\n"
       "\"context_mib\": [1, 2]}]}",
       "/gpus/0/context_mib", 2, "three numbers are expected"},
      {"{\"gpus\": [{\"id\": \"g\", \"name\": \"G\", \"class\": \"geforce\",\n"
       "\"context_mib\": [1, 2, -3]}]}",
       "/gpus/0/context_mib", 2, "three numbers are expected"},
      {"{\"gpus\": [{\"id\": \"g\", \"name\": \"G\", \"class\": \"geforce\"}],\n"
       "\"nodes\": [{\"id\": \"a\", \"name\": \"A\", \"gpu\": \"l4\", \"count\": 2},\n"
       "{\"id\": \"z\", \"aliases\": [\"g\"], \"name\": \"Z\", \"gpu\": \"l4\", \"count\": 2}]}",
       "/nodes/1", 3, "'g' names a device, too"},
  };
  size_t before = vf_catalog_size(ctx, VF_CATALOG_MODELS);
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    write_catalog(bad[i].text);
    vf_error e = {VF_OK};
    vf_status status = vf_context_add_catalog(ctx, folder, &e);
    if (status == VF_OK || status == VF_NOMEM) fail_msg("%s was taken", bad[i].text);
    assert_string_equal(e.source, file);
    assert_string_equal(e.path, bad[i].path);
    assert_int_equal(e.line, bad[i].line);
    assert_non_null(strstr(e.message, bad[i].message));
    assert_u64(vf_catalog_size(ctx, VF_CATALOG_MODELS), before);
    assert_true(knows("llama3.1:8b") && !knows("x"));
  }
}

static void an_own_entry_can_be_like_a_built_in_one(void **state) {
  (void)state;
  vf_context *own;
  vf_model *m;
  assert_ok(vf_context_new(&own, NULL, err));
  write_catalog("{\"models\": [{\"id\": \"mine\", \"like\": \"qwen3-8b\","
                "\"vocab_size\": 151937}]}");
  assert_ok(vf_context_add_catalog(own, folder, err));
  assert_ok(vf_model_open(&m, own, "mine", NULL, NULL, err));
  vf_model_info info;
  vf_model_info_get(m, &info);
  assert_int_equal(info.n_layers, 36);
  vf_model_free(m);
  write_catalog("{\"models\": [{\"id\": \"mine\", \"like\": \"nobody\"}]}");
  assert_fails(vf_context_add_catalog(own, folder, err), VF_MALFORMED,
               "no entry is called 'nobody'");
  write_catalog("{\"models\": [{\"id\": \"mine\", \"like\": \"hermes3-8b\"}]}");
  assert_fails(vf_context_add_catalog(own, folder, err), VF_MALFORMED,
               "is itself like another entry");
  vf_context_free(own);
}

static void a_catalog_of_more_entries_than_are_taken_is_refused(void **state) {
  (void)state;
  FILE *f = fopen(file, "w");
  assert_non_null(f);
  fputs("{\"workloads\": [{\"id\": \"w\"}", f);
  for (int i = 0; i < 10000; i++) fprintf(f, ",\n{\"id\": \"w%d\"}", i);
  fputs("]}", f);
  fclose(f);
  assert_fails(vf_context_add_catalog(ctx, folder, err), VF_LIMIT, "more than 10000 entries");
}

static void a_profile_without_a_size_is_told_when_it_is_asked_for(void **state) {
  (void)state;
  vf_context *own;
  vf_device d;
  size_t n;
  assert_ok(vf_context_new(&own, NULL, err));
  write_catalog(
      "{\"gpus\": [{\"id\": \"g\", \"name\": \"G\", \"class\": \"geforce\", \"total_mib\": 9000,"
      "\"profiles\": [{\"id\": \"1g.5gb\", \"total_mib\": 5000}, {\"id\": \"2g\"}]}]}");
  assert_ok(vf_context_add_catalog(own, file, err));
  assert_ok(vf_devices_parse(&d, 1, &n, own, "g:1g.5gb", err));
  assert_u64(d.total_bytes, UINT64_C(5000) << 20);
  assert_fails(vf_devices_parse(&d, 1, &n, own, "g:2g", err), VF_MALFORMED,
               "the profile '2g' has no size");
  vf_context_free(own);
}

/* What Ollama's file of it is otherwise than the model counts for its tags, whether the entry says
 * it of the model or not. */
static void an_entry_says_what_ollamas_file_has_otherwise(void **state) {
  (void)state;
  vf_context *own;
  vf_model *repo, *tag;
  assert_ok(vf_context_new(&own, NULL, err));
  write_catalog("{\"models\": [{\"id\": \"mine-1b\", \"hf_repo\": \"me/Mine-1B\"," LLAMA ","
                "\"ollama\": {\"tags\": [\"mine:1b\"], \"file\": {\"tie_word_embeddings\": true,"
                "\"num_hidden_layers\": 5}}}]}");
  assert_ok(vf_context_add_catalog(own, file, err));
  assert_ok(vf_model_open(&repo, own, "me/Mine-1B", "f16", NULL, err));
  assert_ok(vf_model_open(&tag, own, "mine:1b", "f16", NULL, err));
  assert_false(repo->tied);
  assert_true(tag->tied);
  assert_int_equal(repo->n_layers, 4);
  assert_int_equal(tag->n_layers, 5);
  vf_model_free(repo);
  vf_model_free(tag);
  vf_context_free(own);
}

static const char *meant(const vf_context *own, const char *typed) {
  static char id[128];
  vf_model *m;
  if (vf_model_open(&m, own, typed, NULL, NULL, NULL) != VF_OK) return "nothing";
  snprintf(id, sizeof id, "%s", m->id);
  vf_model_free(m);
  return id;
}

/* Of a family that has one size the name says all; of one that has two it says nothing. */
static void a_name_may_leave_away_what_the_entries_leave_no_choice_of(void **state) {
  (void)state;
  vf_context *own;
  assert_ok(vf_context_new(&own, NULL, err));
  write_catalog("{\"models\": [{\"id\": \"zeppelin-30b-a3b\", " LLAMA "},"
                "{\"id\": \"montgolfier-7b\", " LLAMA "}, {\"id\": \"blimp-7b\", " LLAMA "},"
                "{\"id\": \"blimp-9b\", " LLAMA "}]}");
  assert_ok(vf_context_add_catalog(own, file, err));
  assert_string_equal(meant(own, "someone/Zeppelin-30B"), "zeppelin-30b-a3b");
  assert_string_equal(meant(own, "someone/Montgolfier"), "montgolfier-7b");
  assert_string_equal(meant(own, "someone/Montgolfier-Instruct"), "montgolfier-7b");
  assert_string_equal(meant(own, "someone/Blimp"), "nothing");
  assert_string_equal(meant(own, "someone/Blimp-9B"), "blimp-9b");
  vf_context_free(own);
}

static void a_catalog_that_is_not_there_is_an_error(void **state) {
  (void)state;
  assert_fails(vf_context_add_catalog(ctx, "/nowhere/at/all", err), VF_IO, "is no folder");
}

/* ---- A new entry from a config ---------------------------------------------------------- */

static void a_config_becomes_an_entry_with_the_facts_that_count(void **state) {
  (void)state;
  char path[256], models[80];
  vf_context *own;
  vf_model *m;
  write_catalog("{\"transformers_version\": \"4\", \"id\": \"other\", " LLAMA "}");
  assert_ok(vf_catalog_add_model(path, sizeof path, ctx, folder, file, "own-1b", err));
  assert_fails(vf_catalog_add_model(path, sizeof path, ctx, folder, file, "own-1b", err), VF_IO,
               "is there already");
  assert_fails(vf_catalog_add_model(path, sizeof path, ctx, folder, file, "gpt-oss-20b", err),
               VF_USAGE, "is the name of an entry");
  assert_fails(vf_catalog_add_model(path, sizeof path, ctx, folder, file, "../up", err), VF_USAGE,
               "not an id");
  unlink(file);
  assert_ok(vf_context_new(&own, NULL, err));
  assert_ok(vf_context_add_catalog(own, folder, err));
  assert_ok(vf_model_open(&m, own, "own-1b", NULL, NULL, err));
  vf_model_free(m);
  vf_context_free(own);
  unlink(path);
  snprintf(models, sizeof models, "%s/models", folder);
  assert_int_equal(rmdir(models), 0);
}

static void a_config_that_makes_no_model_is_not_added(void **state) {
  (void)state;
  char path[256], models[80];
  struct stat st;
  write_catalog("{\"model_type\": \"no-such\"}");
  assert_fails(vf_catalog_add_model(path, sizeof path, ctx, folder, file, "own", err),
               VF_UNSUPPORTED, "is not known");
  snprintf(models, sizeof models, "%s/models", folder);
  assert_int_not_equal(stat(models, &st), 0);
}

/* ---- Engines ---------------------------------------------------------------------------- */

static bool is_estimated(vf_estimate *e, const char *id, const char *engine, const vf_device *d) {
  vf_model *m;
  vf_request request = vf_request_init();
  request.engine = engine;
  request.ctx_tokens = 512;
  if (vf_model_open(&m, ctx, id, NULL, engine, NULL) != VF_OK) return false;
  vf_status status = vf_estimate_run(e, m, &request, d, 1, NULL);
  vf_model_free(m);
  return status == VF_OK;
}

static void every_model_has_an_estimate_on_some_engine(void **state) {
  (void)state;
  static const char *const engines[] = {"llama.cpp", "vllm", "transformers"};
  vf_estimate *e;
  vf_device d;
  size_t n;
  assert_ok(vf_devices_parse(&d, 1, &n, ctx, "b200", err));
  assert_ok(vf_estimate_new(&e, ctx, err));
  for (size_t i = 0; i < vf_catalog_size(ctx, VF_CATALOG_MODELS); i++) {
    const char *id = vf_catalog_id(ctx, VF_CATALOG_MODELS, i);
    bool any = false;
    for (size_t k = 0; k < sizeof engines / sizeof *engines; k++)
      any = any || is_estimated(e, id, engines[k], &d);
    if (!any) fail_msg("no engine estimates %s", id);
  }
  vf_estimate_free(e);
}

/* ---- Names ------------------------------------------------------------------------------ */

static void assert_means(int kind, const char *typed, const char *id) {
  vf_catalog_guess guess;
  vf_catalog_guess_name(&guess, ctx, kind, typed);
  if (id == NULL) {
    assert_false(guess.certain);
    return;
  }
  if (!guess.certain) fail_msg("'%s' should mean %s", typed, id);
  assert_string_equal(guess.entry.id, id);
}

static void a_name_with_the_same_words_is_resolved(void **state) {
  (void)state;
  assert_means(VF_CATALOG_MODELS, "Llama-3.1-70B-Instruct", "llama3.1-70b");
  assert_means(VF_CATALOG_MODELS, "unsloth/Llama-3.1-70B-Instruct-GGUF", "llama3.1-70b");
  assert_means(VF_CATALOG_MODELS, "qwen 3 32b", "qwen3-32b");
  assert_means(VF_CATALOG_GPUS, "NVIDIA GeForce RTX 4090", "rtx-4090");
}

static void a_name_that_can_mean_several_is_not(void **state) {
  (void)state;
  assert_means(VF_CATALOG_MODELS, "llama", NULL);
  assert_means(VF_CATALOG_MODELS, "llama-70b", NULL);
  assert_means(VF_CATALOG_MODELS, "no-such-model", NULL);
  assert_means(VF_CATALOG_MODELS, "", NULL);
  assert_means(VF_CATALOG_MODELS, "instruct", NULL);
}

static void a_weight_format_behind_the_name_counts(void **state) {
  (void)state;
  vf_model *m;
  vf_model_info info;
  assert_ok(vf_model_open(&m, ctx, "llama3.1:8b-instruct-q4_K_M", NULL, NULL, err));
  vf_model_info_get(m, &info);
  assert_string_equal(info.id, "llama3.1-8b");
  assert_string_equal(info.quant, "Q4_K_M");
  vf_model_free(m);
}

/* ---- Files of Ollama's library ----------------------------------------------------------- */

static uint64_t weights_of(const char *name, const char *engine) {
  vf_model *m;
  assert_ok(vf_model_open(&m, ctx, name, NULL, engine, err));
  uint64_t bytes = vf_model_weights_bytes(m);
  vf_model_free(m);
  return bytes;
}

/* Bytes of the registry's manifests (josh/ollama-models-nix@b962467); "near" is 2 %. */
static void assert_near(uint64_t bytes, uint64_t wanted) {
  if (bytes < wanted - wanted / 50 || bytes > wanted + wanted / 50)
    fail_msg("%llu is not near %llu", (unsigned long long)bytes, (unsigned long long)wanted);
}

static void a_tag_is_the_file_that_ollamas_library_has(void **state) {
  (void)state;
  assert_near(weights_of("llama3.2:3b", NULL), 2019377376);       /* as llama-quantize writes it */
  assert_near(weights_of("qwen3:1.7b", NULL), 1359279776);        /* its own output matrix */
  assert_near(weights_of("exaone3.5:2.4b", NULL), 1645193280);    /* the same */
  assert_near(weights_of("gpt-oss:20b", NULL), 13800000000);      /* 16 bits beside the experts */
  assert_near(weights_of("codellama:7b-q2_K", NULL), 2826000000); /* a recipe of 2023 */
  assert_near(weights_of("qwen3-1.7b", "ollama"), 1359279776);
  assert_near(weights_of("gemma4:12b-mlx", NULL), 7700000000); /* NVFP4, of MLX */
}

static void a_file_of_the_hub_is_not_that_file(void **state) {
  (void)state;
  assert_true(weights_of("Qwen/Qwen3-1.7B-GGUF:Q4_K_M", NULL) < 1200000000);
}

static void a_published_checkpoint_has_its_own_scheme(void **state) {
  (void)state; /* what derives from their config.json */
  assert_int_equal(weights_of("nvidia/MiniMax-M2.5-NVFP4", NULL), 134401725440);
  assert_int_equal(weights_of("hf:nvidia/MiniMax-M2.5-NVFP4", NULL), 134401725440);
  assert_int_equal(weights_of("Qwen/Qwen3-30B-A3B-FP8", NULL), 29904297984 + 1270247424);
  assert_int_equal(weights_of("qwen3-30b-a3b", NULL), 61089832960); /* not its model's */
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(an_own_entry_is_found_by_each_of_its_names),
      cmocka_unit_test(an_own_entry_replaces_the_built_in_one_of_its_name),
      cmocka_unit_test(an_own_class_serves_an_own_device),
      cmocka_unit_test(a_bad_catalog_is_refused_whole),
      cmocka_unit_test(an_own_entry_can_be_like_a_built_in_one),
      cmocka_unit_test(a_tag_is_the_file_that_ollamas_library_has),
      cmocka_unit_test(a_file_of_the_hub_is_not_that_file),
      cmocka_unit_test(a_published_checkpoint_has_its_own_scheme),
      cmocka_unit_test(a_catalog_that_is_not_there_is_an_error),
      cmocka_unit_test(a_catalog_of_more_entries_than_are_taken_is_refused),
      cmocka_unit_test(a_profile_without_a_size_is_told_when_it_is_asked_for),
      cmocka_unit_test(an_entry_says_what_ollamas_file_has_otherwise),
      cmocka_unit_test(a_name_may_leave_away_what_the_entries_leave_no_choice_of),
      cmocka_unit_test(a_config_becomes_an_entry_with_the_facts_that_count),
      cmocka_unit_test(a_config_that_makes_no_model_is_not_added),
      cmocka_unit_test(every_model_has_an_estimate_on_some_engine),
      cmocka_unit_test(a_name_with_the_same_words_is_resolved),
      cmocka_unit_test(a_name_that_can_mean_several_is_not),
      cmocka_unit_test(a_weight_format_behind_the_name_counts),
  };
  return cmocka_run_group_tests(tests, open_context, close_context);
}
