/* test_checkpoint.c - folders, sets of shards and their indices. */
#include "weight_files.h"

#include <sys/stat.h>

#include "readers/weights/checkpoint.h"

static const char folder[] = "test_checkpoint.d";

/* ---- A folder --------------------------------------------------------------------------- */

/* Names of all files that a test may make. */
static const char *const names[] = {
    "model.safetensors",
    "model.safetensors.index.json",
    "model-00001-of-00002.safetensors",
    "model-00002-of-00002.safetensors",
    "other-00001-of-00001.safetensors",
    "third-00001-of-00001.safetensors",
    "pytorch_model.bin",
    "pytorch_model.bin.index.json",
    "consolidated.safetensors",
    "adapter_model.safetensors",
    "config.json",
};

static const char *in_folder(const char *name) {
  static char path[128];
  snprintf(path, sizeof path, "%s/%s", folder, name);
  return path;
}

static int empty_folder(void **state) {
  (void)state;
  mkdir(folder, 0700);
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) remove(in_folder(names[i]));
  return 0;
}

/* One U8 tensor of `bytes` elements; `missing` of them are cut off. */
static void make_shard(const char *file, const char *tensor, unsigned bytes, unsigned missing) {
  char header[256];
  blob b = {0};
  int n = snprintf(header, sizeof header,
                   "{\"__metadata__\":{\"format\":\"mlx\"},"
                   "\"%s\":{\"dtype\":\"U8\",\"shape\":[%u],\"data_offsets\":[0,%u]}}",
                   tensor, bytes, bytes);
  put_little(&b, (uint64_t)n, 8);
  put(&b, header, (size_t)n);
  put_zeros(&b, bytes - missing);
  write_blob(in_folder(file), &b);
}

/* ' stands for ". */
static void make_index(const char *file, const char *text) {
  blob b = {0};
  for (const char *p = text; *p != '\0'; p++) put(&b, *p == '\'' ? "\"" : p, 1);
  write_blob(in_folder(file), &b);
}

static void make_two_shards(void) {
  make_shard(names[2], "a", 5, 0);
  make_shard(names[3], "b", 7, 0);
}

#define MAP                                                                                        \
  "'weight_map':{'b':'model-00002-of-00002.safetensors','a':'model-00001-of-00002.safetensors'}"

static vf_status read_in(vf_arena *arena, const char *path, bool partial, vf_checkpoint_info *info,
                         seen *s, vf_error *err) {
  const vf_tensor_sink sink = {remember, s};
  return (partial ? vf_checkpoint_inspect : vf_checkpoint_read)(info, vf_file_system(), path, &sink,
                                                                arena, err);
}

/* What was found; strings are copied out of the arena. */
typedef struct found {
  vf_checkpoint_info info;
  char path[128], format[16], unlisted[32];
  seen s;
} found;

static vf_status read_found(const char *path, bool partial, found *f, vf_error *err) {
  vf_arena *arena = vf_arena_new(&vf_default_allocator, 1 << 20);
  f->s.count = f->s.bytes = 0;
  vf_status status = read_in(arena, path, partial, &f->info, &f->s, err);
  if (status == VF_OK) {
    snprintf(f->path, sizeof f->path, "%s", f->info.path);
    snprintf(f->format, sizeof f->format, "%s", f->info.format);
    snprintf(f->unlisted, sizeof f->unlisted, "%s", f->info.unlisted);
  }
  vf_arena_free(arena);
  return status;
}

static vf_status read_path(const char *path, vf_error *err) {
  found f;
  return read_found(path, false, &f, err);
}

static vf_status read_with_index(const char *index, vf_error *err) {
  make_index(names[1], index);
  return read_path(folder, err);
}

/* ---- Which files count ------------------------------------------------------------------ */

static void a_single_file_is_read(void **state) {
  (void)state;
  found f;
  make_shard(names[0], "w", 9, 0);
  assert_ok(read_found(in_folder(names[0]), false, &f, err));
  assert_int_equal(f.info.kind, VF_CHECKPOINT_SAFETENSORS);
  assert_int_equal(f.info.n_files, 1);
  assert_u64(f.info.n_tensors, 1);
  assert_u64(f.info.data_bytes, 9);
  assert_string_equal(f.format, "mlx");
  assert_string_equal(f.path, in_folder(names[0]));
  assert_false(f.info.has_total_size);
}

static void shards_are_read_by_their_index(void **state) {
  (void)state;
  found f;
  make_two_shards();
  make_index(names[1], "{'metadata':{'total_size':12,'x':[1]},'other':{'y':0}," MAP "}");
  const char *const paths[] = {folder, "./test_checkpoint.d/", in_folder(names[1])};
  for (size_t i = 0; i < 3; i++) {
    assert_ok(read_found(paths[i], false, &f, err));
    assert_int_equal(f.info.n_files, 2);
    assert_u64(f.info.data_bytes, 12);
    assert_true(f.info.has_total_size && f.info.total_size_bytes == 12);
    assert_u64(f.info.n_unlisted, 0);
    assert_string_equal(f.s.tensors[0].name, "a");
    assert_int_equal(f.s.tensors[0].tensor.shard, 0);
    assert_string_equal(f.s.tensors[1].name, "b");
    assert_int_equal(f.s.tensors[1].tensor.shard, 1);
  }
}

static void shards_are_found_without_an_index(void **state) {
  (void)state;
  found f;
  make_two_shards();
  make_shard(names[4], "o", 100, 0);
  assert_ok(read_found(folder, false, &f, err));
  assert_u64(f.info.data_bytes, 12);
  assert_int_equal(f.info.n_files, 2);
  assert_string_equal(f.path, in_folder(names[2]));
}

static void one_shard_stands_for_its_set(void **state) {
  (void)state;
  found f;
  make_two_shards();
  assert_ok(read_found(in_folder(names[3]), false, &f, err));
  assert_u64(f.info.data_bytes, 12);
  remove(in_folder(names[2]));
  assert_fails(read_path(in_folder(names[3]), err), VF_IO,
               "model-00001-of-00002.safetensors: this shard of 2 is missing");
}

static void a_folder_prefers_what_engines_prefer(void **state) {
  (void)state;
  static const char *const order[] = {"model.safetensors", "model.safetensors.index.json",
                                      "model-00001-of-00002.safetensors",
                                      "consolidated.safetensors", "adapter_model.safetensors"};
  found f;
  make_shard(names[9], "w", 1, 0);
  make_shard(names[8], "w", 2, 0);
  make_two_shards();
  make_index(names[1], "{" MAP "}");
  make_shard(names[0], "w", 3, 0);
  for (size_t i = 0; i < 5; i++) {
    assert_ok(read_found(folder, false, &f, err));
    assert_string_equal(f.path, in_folder(order[i]));
    remove(in_folder(order[i]));
    if (i == 2) remove(in_folder(names[3]));
  }
  assert_fails(read_path(folder, err), VF_UNSUPPORTED, "has no weights");
}

static void a_choice_that_is_not_clear_is_left_to_the_user(void **state) {
  (void)state;
  make_shard(names[4], "o", 1, 0);
  assert_ok(read_path(folder, err));
  make_shard(names[5], "t", 1, 0);
  assert_fails(read_path(folder, err), VF_UNSUPPORTED, "several sets of shards: name one");
  remove(in_folder(names[4]));
  remove(in_folder(names[5]));
  make_shard(names[9], "a", 1, 0);
  make_shard("config.json", "b", 1, 0);
  assert_ok(read_path(folder, err));
}

static void what_is_no_weight_file_is_refused(void **state) {
  (void)state;
  make_index("config.json", "{}");
  assert_fails(read_path(in_folder("config.json"), err), VF_UNSUPPORTED, "no weight file");
  assert_fails(read_path(in_folder("none.safetensors"), err), VF_IO, "cannot be opened");
  assert_fails(read_path(in_folder("model.safetensors.index.json"), err), VF_IO, "cannot be");
  assert_fails(read_path("", err), VF_UNSUPPORTED, "no weight file");
  make_index("pytorch_model.bin", "\x80\x02.");
  assert_fails(read_path(folder, err), VF_UNSUPPORTED, "PyTorch before 1.6");
}

/* ---- The index and its files ------------------------------------------------------------ */

static void a_bad_index_is_refused_with_place_and_reason(void **state) {
  (void)state;
  static const struct {
    const char *index;
    vf_status status;
    const char *words;
  } cases[] = {
      {"", VF_MALFORMED, "index.json: line 1: the file is empty"},
      {"[]", VF_MALFORMED, "an object is expected"},
      {"{}", VF_MALFORMED, "/weight_map: no tensors are listed"},
      {"{'weight_map':{}}", VF_MALFORMED, "/weight_map: no tensors are listed"},
      {"{'weight_map':1}", VF_MALFORMED, "/weight_map: an object is expected"},
      {"{'metadata':1}", VF_MALFORMED, "/metadata: an object is expected"},
      {"{" MAP "," MAP "}", VF_MALFORMED, "/weight_map: occurs twice"},
      {"{" MAP "} {}", VF_MALFORMED, "something follows"},
      {"{\n'weight_map':{\n'a'\n1}}", VF_MALFORMED, "line 4: a colon"},
      {"{'weight_map':{'a':1}}", VF_MALFORMED, "/weight_map/a: '' must be the name of a file"},
      {"{'weight_map':{'a':''}}", VF_MALFORMED, "/weight_map/a: '' is no name of a file"},
      {"{'weight_map':{'a':'../b.safetensors'}}", VF_MALFORMED, "'../b.safetensors' leaves the"},
      {"{'weight_map':{'a':'..'}}", VF_MALFORMED, "'..' leaves the folder"},
      {"{'weight_map':{'a':'/etc/passwd'}}", VF_MALFORMED, "'/etc/passwd' leaves the folder"},
      {"{'weight_map':{'a':'x\\\\u002f.bin'}}", VF_MALFORMED, "leaves the folder"},
      {"{'weight_map':{'a':'x\\u002fb.bin'}}", VF_MALFORMED, "'x/b.bin' leaves the folder"},
      {"{'weight_map':{'a':'config.json'}}", VF_MALFORMED, "is neither .safetensors nor"},
      {"{'weight_map':{'a':'c.safetensors'}}", VF_IO,
       "/weight_map/a: 'c.safetensors' is missing in the folder: fetch it"},
      {"{'weight_map':{'a':'model-00001-of-00002.safetensors','\\u0061':'b.bin'}}", VF_MALFORMED,
       "/weight_map/a: "},
      {"{'weight_map':{'a':'model-00001-of-00002.safetensors','b':'model-00001-of-00002."
       "safetensors'}}",
       VF_MALFORMED, "/weight_map/b: 'model-00001-of-00002.safetensors' does not have this tensor"},
  };
  make_two_shards();
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
    assert_fails(read_with_index(cases[i].index, err), cases[i].status, cases[i].words);
}

static void what_the_index_does_not_list_is_noted(void **state) {
  (void)state;
  found f;
  make_two_shards();
  make_index(names[1], "{'metadata':{'total_size':13},'weight_map':{"
                       "'b':'model-00002-of-00002.safetensors'}}");
  assert_ok(read_found(folder, false, &f, err));
  assert_u64(f.info.n_unlisted, 0);
  assert_u64(f.info.total_size_bytes, 13);
  assert_u64(f.info.data_bytes, 7);
  make_shard(names[3], "c", 7, 0);
  make_index(names[1], "{" MAP "}");
  assert_fails(read_path(folder, err), VF_MALFORMED, "/weight_map/b: ");
}

static void a_tensor_beside_the_listed_one_is_noted(void **state) {
  (void)state;
  static const char header[] = "{\"a\":{\"dtype\":\"U8\",\"shape\":[],\"data_offsets\":[0,1]},"
                               "\"x\":{\"dtype\":\"U8\",\"shape\":[],\"data_offsets\":[1,2]}}";
  found f;
  blob b = {0};
  put_little(&b, sizeof header - 1, 8);
  put_text(&b, header);
  put_zeros(&b, 2);
  write_blob(in_folder(names[2]), &b);
  make_index(names[1], "{'metadata':{'total_size':1.5},'weight_map':{"
                       "'a':'model-00001-of-00002.safetensors'}}");
  assert_ok(read_found(folder, false, &f, err));
  assert_u64(f.info.n_unlisted, 1);
  assert_string_equal(f.unlisted, "x");
  assert_u64(f.info.n_tensors, 2);
  assert_false(f.info.has_total_size);
}

static void inspection_adds_up_what_is_missing(void **state) {
  (void)state;
  found f;
  make_shard(names[2], "a", 5, 2);
  make_shard(names[3], "b", 7, 7);
  assert_fails(read_path(folder, err), VF_MALFORMED, "/a: the file is truncated, 2 bytes");
  assert_ok(read_found(folder, true, &f, err));
  assert_u64(f.info.missing_bytes, 9);
  assert_u64(f.info.data_bytes, 12);
}

static void a_large_index_is_read(void **state) {
  (void)state;
  enum { N = 70000 };
  blob header = {0}, index = {0}, b = {0};
  found f;
  put_text(&header, "{\"__metadata__\":{}");
  put_text(&index, "{\"metadata\":{},\"weight_map\":{\"x\":\"model-00002-of-00002.safetensors\"");
  for (unsigned i = 0; i < N; i++) {
    char line[200];
    snprintf(line, sizeof line,
             ",\"layers.%u.experts\":{\"dtype\":\"U8\",\"shape\":[],\"data_offsets\":[%u,%u]}", i,
             i, i + 1);
    put_text(&header, line);
    snprintf(line, sizeof line, ",\n\"layers.%u.experts\":\"model-00001-of-00002.safetensors\"", i);
    put_text(&index, line);
  }
  put_text(&header, "}");
  put_text(&index, "}}");
  put_little(&b, header.length, 8);
  put(&b, header.bytes, header.length);
  put_zeros(&b, N);
  free(header.bytes);
  write_blob(in_folder(names[2]), &b);
  write_blob(in_folder(names[1]), &index);
  make_shard(names[3], "x", 3, 0);
  assert_ok(read_found(folder, false, &f, err));
  assert_u64(f.info.n_tensors, N + 1);
  assert_u64(f.info.data_bytes, N + 3);
}

/* Tensors of no elements, so that the files hold nothing but their names. */
static void make_crowd(const char *file, const char *prefix, unsigned n) {
  blob header = {0}, b = {0};
  for (unsigned i = 0; i < n; i++) {
    char line[100];
    snprintf(line, sizeof line,
             "%c\"%s%u\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]}",
             i == 0 ? '{' : ',', prefix, i);
    put_text(&header, line);
  }
  put_text(&header, "}");
  put_little(&b, header.length, 8);
  put(&b, header.bytes, header.length);
  free(header.bytes);
  write_blob(in_folder(file), &b);
}

/* Each file has room for its own, but all are one model. */
static void more_tensors_in_all_files_than_a_model_has_are_refused(void **state) {
  (void)state;
  make_crowd(names[2], "a", VF_CHECKPOINT_TENSORS / 2);
  make_crowd(names[3], "b", VF_CHECKPOINT_TENSORS / 2 + 1);
  assert_fails(read_path(folder, err), VF_LIMIT, "the files have more than 262144 tensors");
}

static void an_index_of_more_tensors_than_a_model_has_is_refused(void **state) {
  (void)state;
  blob index = {0};
  put_text(&index, "{\"weight_map\":{\"a\":\"x.bin\"");
  for (unsigned i = 0; i < VF_CHECKPOINT_TENSORS; i++) {
    char line[64];
    snprintf(line, sizeof line, ",\"%u\":\"x.bin\"", i);
    put_text(&index, line);
  }
  put_text(&index, "}}");
  write_blob(in_folder(names[1]), &index);
  assert_fails(read_path(folder, err), VF_LIMIT, "/weight_map: more than 262144 tensors");
}

/* What is cut off counts as well, where a file that is not whole is looked at. */
static void files_of_more_than_2_64_bytes_in_all_are_refused(void **state) {
  (void)state;
  static const char header[] = "{\"%c\":{\"dtype\":\"U8\",\"shape\":[9223372036854775809],"
                               "\"data_offsets\":[0,9223372036854775809]}}";
  found f;
  static const int file[] = {0, 2, 3}; /* one by itself, and two of a set */
  for (int i = 0; i < 3; i++) {
    char text[sizeof header];
    blob b = {0};
    int n = snprintf(text, sizeof text, header, 'a' + i);
    put_little(&b, (uint64_t)n, 8);
    put(&b, text, (size_t)n);
    write_blob(in_folder(names[file[i]]), &b);
  }
  assert_ok(read_found(in_folder(names[0]), true, &f, err));
  assert_u64(f.info.missing_bytes, (UINT64_C(1) << 63) + 1);
  assert_fails(read_found(in_folder(names[2]), true, &f, err), VF_OVERFLOW, "more than 2^64 bytes");
}

static vf_status read_good(vf_arena *arena, vf_error *err) {
  vf_checkpoint_info info;
  seen s = {.count = 0};
  return read_in(arena, folder, false, &info, &s, err);
}

static void running_out_of_memory_is_told_at_every_allocation(void **state) {
  (void)state;
  make_two_shards();
  fail_every_allocation(read_good);
  make_index(names[1], "{'metadata':{'total_size':12}," MAP "}");
  fail_every_allocation(read_good);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, empty_folder, empty_folder)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(a_single_file_is_read),
      TEST(shards_are_read_by_their_index),
      TEST(shards_are_found_without_an_index),
      TEST(one_shard_stands_for_its_set),
      TEST(a_folder_prefers_what_engines_prefer),
      TEST(a_choice_that_is_not_clear_is_left_to_the_user),
      TEST(what_is_no_weight_file_is_refused),
      TEST(a_bad_index_is_refused_with_place_and_reason),
      TEST(what_the_index_does_not_list_is_noted),
      TEST(a_tensor_beside_the_listed_one_is_noted),
      TEST(inspection_adds_up_what_is_missing),
      TEST(a_large_index_is_read),
      TEST(more_tensors_in_all_files_than_a_model_has_are_refused),
      TEST(an_index_of_more_tensors_than_a_model_has_is_refused),
      TEST(files_of_more_than_2_64_bytes_in_all_are_refused),
      TEST(running_out_of_memory_is_told_at_every_allocation),
  };
  int failed = cmocka_run_group_tests(tests, NULL, NULL);
  rmdir(folder);
  return failed;
}
