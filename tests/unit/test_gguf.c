/* test_gguf.c - GGUF headers: right, wrong, cut, mutated, split over files.
 *
 * Files are made byte by byte in the working folder.  The malformed ones are the cases of
 * llama.cpp's own tests/test-gguf.cpp and of the published holes in GGUF readers. */
#include "weight_files.h"

#include <sys/stat.h>

#include "base/facts.h"
#include "core/format.h"
#include "memory_files.h"
#include "readers/weights/gguf.h"

enum { U8, I8, U16, I16, U32, I32, F32, BOOL, STRING, ARRAY, U64, I64, F64 };

/* What a file is made of; a test changes one thing. */
typedef struct recipe {
  uint32_t version;
  bool big;
  uint64_t n_tensors, n_keys; /* as stated */
  blob keys, tensors;
  uint64_t data_bytes;
} recipe;

static bool big_endian; /* how put_number writes */

static void put_number(blob *b, uint64_t n, size_t bytes) {
  for (size_t i = 0; i < bytes; i++) {
    size_t shift = big_endian ? bytes - 1 - i : i;
    put(b, &(unsigned char){(unsigned char)(n >> (8 * shift))}, 1);
  }
}

static void put_string(blob *b, const char *s) {
  put_number(b, strlen(s), 8);
  put_text(b, s);
}

static void put_key(blob *b, const char *key, uint32_t type) {
  put_string(b, key);
  put_number(b, type, 4);
}

static void put_u32_key(blob *b, const char *key, uint32_t n) {
  put_key(b, key, U32);
  put_number(b, n, 4);
}

static void put_tensor(blob *b, const char *name, int dims, const uint64_t *ne, uint32_t type,
                       uint64_t offset) {
  put_string(b, name);
  put_number(b, (uint64_t)dims, 4);
  for (int d = 0; d < dims; d++) put_number(b, ne[d], 8);
  put_number(b, type, 4);
  put_number(b, offset, 8);
}

/* Two keys, two tensors: 64 f32 and 256 x 4 in q4_K, 256 + 576 bytes. */
static recipe good(void) {
  recipe r = {.version = 3, .n_tensors = 2, .n_keys = 2, .data_bytes = 256 + 576};
  put_key(&r.keys, "general.architecture", STRING);
  put_string(&r.keys, "llama");
  put_u32_key(&r.keys, "llama.block_count", 2);
  put_tensor(&r.tensors, "output_norm.weight", 1, (uint64_t[]){64}, 0, 0);
  put_tensor(&r.tensors, "output.weight", 2, (uint64_t[]){256, 4}, 12, 256);
  return r;
}

static void write_recipe(const char *path, recipe *r, uint64_t alignment) {
  blob b = {0};
  put_text(&b, "GGUF");
  put_number(&b, r->version, 4);
  put_number(&b, r->n_tensors, 8);
  put_number(&b, r->n_keys, 8);
  put(&b, r->keys.bytes, r->keys.length);
  put(&b, r->tensors.bytes, r->tensors.length);
  while (b.length % alignment != 0) put_zeros(&b, 1);
  put_zeros(&b, r->data_bytes);
  free(r->keys.bytes);
  free(r->tensors.bytes);
  write_blob(path, &b);
  big_endian = false;
}

/* ---- Reading ---------------------------------------------------------------------------- */

static vf_error error;
static vf_error *const err = &error;

typedef struct outcome {
  vf_arena *arena;
  vf_facts facts;
  vf_gguf_info info;
  seen seen;
} outcome;

static outcome got;

static vf_status read_of(const vf_files *files, const char *path, bool tolerant) {
  if (got.arena != NULL) vf_arena_free(got.arena);
  memset(&got, 0, sizeof got);
  error = (vf_error){.status = VF_OK};
  got.arena = vf_arena_new(&vf_default_allocator, 16 << 20);
  got.facts = vf_facts_in(got.arena, path);
  const vf_tensor_sink sink = {remember, &got.seen};
  return vf_gguf_read(&got.facts, &got.info, files, path, &sink, tolerant, err);
}

static vf_status read_with(const char *path, bool tolerant) {
  return read_of(vf_file_system(), path, tolerant);
}

static vf_status read_file(const char *path) {
  return read_with(path, false);
}

static int forget(void **state) {
  (void)state;
  if (got.arena != NULL) vf_arena_free(got.arena);
  got.arena = NULL;
  return 0;
}

static void assert_refused(recipe *r, vf_status status, const char *words) {
  write_recipe("bad.gguf", r, 32);
  vf_status actual = read_file("bad.gguf");
  if (actual != status || strstr(error.message, words) == NULL)
    fail_msg("status %d, '%s' instead of '%s'", (int)actual, error.message, words);
  assert_string_equal(error.source, "bad.gguf");
}

/* ---- Good files ------------------------------------------------------------------------- */

static void assert_good_outcome(void) {
  assert_u64(got.info.n_tensors, 2);
  assert_u64(got.info.data_bytes, 256 + 576);
  assert_tensor(&got.seen, 0, "output_norm.weight", VF_FORMAT_F32, (uint64_t[]){64, 1, 1, 1}, 256,
                0);
  assert_tensor(&got.seen, 1, "output.weight", VF_FORMAT_Q4_K, (uint64_t[]){256, 4, 1, 1}, 576,
                256);
  assert_string_equal(vf_facts_string(&got.facts, "general.architecture", ""), "llama");
  assert_int_equal(vf_facts_find(&got.facts, "llama.block_count")->as.integer, 2);
}

static void versions_2_and_3_in_both_byte_orders_say_the_same(void **state) {
  (void)state;
  for (uint32_t version = 2; version <= 3; version++) {
    for (int big = 0; big < 2; big++) {
      big_endian = big != 0;
      recipe r = good();
      r.version = version;
      write_recipe("good.gguf", &r, 32);
      assert_int_equal(read_file("good.gguf"), VF_OK);
      assert_good_outcome();
      assert_int_equal(got.info.version, version);
      assert_int_equal(got.info.big_endian, big);
    }
  }
}

static void every_type_of_value_is_kept_as_what_it_is(void **state) {
  (void)state;
  recipe r = {.version = 3, .n_keys = 8};
  put_key(&r.keys, "a", I8);
  put_number(&r.keys, (uint8_t)-3, 1);
  put_key(&r.keys, "b", U16);
  put_number(&r.keys, 65535, 2);
  put_key(&r.keys, "c", I64);
  put_number(&r.keys, (uint64_t)-5, 8);
  put_key(&r.keys, "d", F32);
  put_number(&r.keys, 0x40490000, 4);
  put_key(&r.keys, "e", BOOL);
  put_number(&r.keys, 1, 1);
  put_key(&r.keys, "f", ARRAY);
  put_number(&r.keys, I32, 4);
  put_number(&r.keys, 3, 8);
  for (uint64_t i = 7; i < 10; i++) put_number(&r.keys, i, 4);
  put_key(&r.keys, "g", ARRAY);
  put_number(&r.keys, STRING, 4);
  put_number(&r.keys, 2, 8);
  put_string(&r.keys, "x");
  put_string(&r.keys, "");
  put_key(&r.keys, "h", U64);
  put_number(&r.keys, UINT64_MAX, 8);
  write_recipe("values.gguf", &r, 32);
  assert_int_equal(read_file("values.gguf"), VF_OK);
  assert_int_equal(vf_facts_find(&got.facts, "a")->as.integer, -3);
  assert_int_equal(vf_facts_find(&got.facts, "b")->as.integer, 65535);
  assert_int_equal(vf_facts_find(&got.facts, "c")->as.integer, -5);
  assert_true(vf_facts_find(&got.facts, "d")->as.real > 3.14);
  assert_true(vf_facts_find(&got.facts, "e")->as.boolean);
  assert_int_equal(vf_facts_at(&got.facts, "f", 2)->as.integer, 9);
  assert_null(vf_facts_find(&got.facts, "g"));
  assert_int_equal(vf_facts_find(&got.facts, "g.length")->as.integer, 2);
  assert_int_equal(vf_facts_find(&got.facts, "h")->type, VF_FACT_FLOAT);
}

static int64_t length_of(const char *key) {
  const vf_fact *f = vf_facts_find(&got.facts, key);
  return f != NULL && f->type == VF_FACT_INT ? f->as.integer : -1;
}

/* Vocabularies: longer than what is kept, with texts that lie across the end of the window and one
 * that is longer than it.  What stands behind them is read as ever. */
static void long_lists_are_stepped_over_and_leave_their_length(void **state) {
  (void)state;
  enum { NUMBERS = 9000, TEXTS = 20000, LONG = 200000 };
  recipe r = good();
  put_key(&r.keys, "tokenizer.ggml.token_type", ARRAY);
  put_number(&r.keys, I32, 4);
  put_number(&r.keys, NUMBERS, 8);
  put_zeros(&r.keys, (size_t)4 * NUMBERS);
  put_key(&r.keys, "tokenizer.ggml.tokens", ARRAY);
  put_number(&r.keys, STRING, 4);
  put_number(&r.keys, TEXTS, 8);
  for (size_t i = 0; i < TEXTS - 1; i++) put_string(&r.keys, "a text of thirty-one characters");
  put_number(&r.keys, LONG, 8);
  put_zeros(&r.keys, LONG);
  put_u32_key(&r.keys, "llama.vocab_size", TEXTS);
  r.n_keys += 3;
  write_recipe("long.gguf", &r, 32);
  assert_int_equal(read_file("long.gguf"), VF_OK);
  assert_good_outcome();
  assert_int_equal(length_of("tokenizer.ggml.token_type.length"), NUMBERS);
  assert_int_equal(length_of("tokenizer.ggml.tokens.length"), TEXTS);
  assert_int_equal(length_of("llama.vocab_size"), TEXTS);
  assert_null(vf_facts_find(&got.facts, "tokenizer.ggml.token_type"));
}

static void an_alignment_of_one_is_one(void **state) {
  (void)state;
  recipe r = {.version = 3, .n_keys = 1, .n_tensors = 2, .data_bytes = 5};
  put_u32_key(&r.keys, "general.alignment", 1);
  put_tensor(&r.tensors, "a", 1, (uint64_t[]){3}, 24, 0);
  put_tensor(&r.tensors, "b", 1, (uint64_t[]){2}, 24, 3);
  write_recipe("tight.gguf", &r, 1);
  assert_int_equal(read_file("tight.gguf"), VF_OK);
  assert_u64(got.info.data_bytes, 5);
}

static void a_dimension_of_zero_takes_nothing(void **state) {
  (void)state;
  recipe r = {.version = 3, .n_tensors = 1};
  put_tensor(&r.tensors, "a", 2, (uint64_t[]){32, 0}, 8, 0);
  write_recipe("zero.gguf", &r, 32);
  assert_int_equal(read_file("zero.gguf"), VF_OK);
  assert_u64(got.seen.bytes, 0);
}

static void a_file_without_anything_is_a_file(void **state) {
  (void)state;
  recipe r = {.version = 3};
  write_recipe("empty.gguf", &r, 32);
  assert_int_equal(read_file("empty.gguf"), VF_OK);
  assert_u64(got.info.n_tensors, 0);
}

static void padding_behind_the_last_tensor_may_be_missing(void **state) {
  (void)state;
  recipe r = {.version = 3, .n_tensors = 1, .data_bytes = 20};
  put_tensor(&r.tensors, "a", 1, (uint64_t[]){5}, 0, 0);
  write_recipe("unpadded.gguf", &r, 32);
  assert_int_equal(read_file("unpadded.gguf"), VF_OK);
}

/* ---- Headers that are wrong ------------------------------------------------------------- */

static void headers_that_are_wrong_are_refused(void **state) {
  (void)state;
  static const uint32_t versions[] = {0, 1, 4, 77};
  for (size_t i = 0; i < sizeof versions / sizeof *versions; i++) {
    recipe r = good();
    r.version = versions[i];
    assert_refused(&r, VF_UNSUPPORTED, "GGUF version");
    assert_u64(error.offset, 4);
  }
  recipe r = good();
  r.n_keys = UINT64_MAX;
  assert_refused(&r, VF_MALFORMED, "18446744073709551615 keys do not fit");
  assert_u64(error.offset, 16);
  r = good();
  r.n_tensors = UINT64_MAX;
  assert_refused(&r, VF_MALFORMED, "18446744073709551615 tensors do not fit");
  write_bytes("bad.gguf", "FUGG0123456789012345678901234567", 32);
  assert_int_equal(read_file("bad.gguf"), VF_MALFORMED);
  assert_non_null(strstr(error.message, "is not a GGUF file"));
}

/* ---- Metadata that is wrong ------------------------------------------------------------- */

static void keys_that_are_wrong_are_refused(void **state) {
  (void)state;
  recipe r = {.version = 3, .n_keys = 1};
  put_number(&r.keys, UINT64_MAX, 8);
  put_zeros(&r.keys, 16);
  assert_refused(&r, VF_MALFORMED, "a key of 18446744073709551615 bytes");
  r = (recipe){.version = 3, .n_keys = 1};
  put_key(&r.keys, "", U8);
  put_zeros(&r.keys, 8);
  assert_refused(&r, VF_MALFORMED, "a key of 0 bytes");
  r = (recipe){.version = 3, .n_keys = 1};
  put_key(&r.keys, "a", 13);
  put_zeros(&r.keys, 8);
  assert_refused(&r, VF_MALFORMED, "key a: value of type 13");
  r = (recipe){.version = 3, .n_keys = 2};
  put_u32_key(&r.keys, "twice", 1);
  put_u32_key(&r.keys, "twice", 2);
  assert_refused(&r, VF_MALFORMED, "this key occurs twice");
  assert_string_equal(error.path, "twice");
}

static void alignments_that_are_none_are_refused(void **state) {
  (void)state;
  recipe r = {.version = 3, .n_keys = 1};
  put_u32_key(&r.keys, "general.alignment", 13);
  assert_refused(&r, VF_MALFORMED, "general.alignment is 13, not a power of two");
  r = (recipe){.version = 3, .n_keys = 1};
  put_u32_key(&r.keys, "general.alignment", 0);
  assert_refused(&r, VF_MALFORMED, "not a power of two");
  r = (recipe){.version = 3, .n_keys = 1};
  put_key(&r.keys, "general.alignment", I32);
  put_number(&r.keys, 32, 4);
  assert_refused(&r, VF_MALFORMED, "general.alignment has type 5");
}

static void lists_beyond_the_file_allocate_nothing(void **state) {
  (void)state;
  static const uint64_t counts[] = {1000,       UINT32_MAX,        UINT64_C(1) << 53,
                                    UINT64_MAX, UINT64_C(1) << 61, UINT64_MAX / 4 + 1,
                                    INT64_MAX,  UINT64_C(1) << 63, UINT64_MAX - 7};
  static const uint32_t types[] = {U8, I32, F64, STRING};
  for (size_t t = 0; t < sizeof types / sizeof *types; t++) {
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
      recipe r = {.version = 3, .n_keys = 1};
      put_key(&r.keys, "a", ARRAY);
      put_number(&r.keys, types[t], 4);
      put_number(&r.keys, counts[i], 8);
      put_zeros(&r.keys, 64);
      assert_refused(&r, VF_MALFORMED, "items does not fit the file");
    }
  }
  recipe r = {.version = 3, .n_keys = 1};
  put_key(&r.keys, "a", ARRAY);
  put_number(&r.keys, ARRAY, 4);
  put_zeros(&r.keys, 64);
  assert_refused(&r, VF_MALFORMED, "key a: a list of type 9");
}

static void a_string_beyond_the_file_is_refused(void **state) {
  (void)state;
  recipe r = {.version = 3, .n_keys = 1};
  put_key(&r.keys, "a", STRING);
  put_number(&r.keys, UINT64_MAX, 8);
  assert_refused(&r, VF_MALFORMED, "is it cut short?");
  r = (recipe){.version = 3, .n_keys = 1};
  put_key(&r.keys, "a", ARRAY);
  put_number(&r.keys, STRING, 4);
  put_number(&r.keys, 2, 8);
  put_string(&r.keys, "x");
  put_number(&r.keys, 1000, 8);
  assert_refused(&r, VF_MALFORMED, "is it cut short?");
}

/* ---- Tensors that are wrong ------------------------------------------------------------- */

static void assert_tensor_refused(const char *name, int dims, const uint64_t *ne, uint32_t type,
                                  uint64_t offset, vf_status status, const char *words) {
  recipe r = {.version = 3, .n_tensors = 1, .data_bytes = 1024};
  put_tensor(&r.tensors, name, dims, ne, type, offset);
  assert_refused(&r, status, words);
}

static void tensors_that_are_wrong_are_refused(void **state) {
  (void)state;
  static const char long_name[] =
      "0123456789012345678901234567890123456789012345678901234567890123";
  const uint64_t small[5] = {32, 1, 1, 1, 1}, odd[1] = {33}, negative[1] = {UINT64_MAX};
  assert_tensor_refused(long_name, 1, small, 0, 0, VF_MALFORMED, "name of 64 bytes");
  assert_tensor_refused("", 1, small, 0, 0, VF_MALFORMED, "name of 0 bytes");
  assert_tensor_refused("a", 5, small, 0, 0, VF_MALFORMED, "tensor a has 5 dimensions");
  assert_tensor_refused("a", 0, small, 0, 0, VF_MALFORMED, "tensor a has 0 dimensions");
  assert_tensor_refused("a", 1, negative, 0, 0, VF_MALFORMED, "tensor a has a negative dimension");
  assert_tensor_refused("a", 1, small, 99, 0, VF_UNSUPPORTED, "tensor a has type 99");
  assert_tensor_refused("a", 1, odd, 8, 0, VF_MALFORMED, "rows of 33 do not divide into q8_0");
  assert_tensor_refused("a", 1, small, 0, 32, VF_MALFORMED, "tensor a starts at 32 of the data");
  assert_tensor_refused("a", 1, small, 0, UINT64_MAX, VF_MALFORMED, "tensor a starts at 1844674");
}

/* ggml takes each of these for a tensor of 0 bytes or a negative number of elements. */
static void shapes_whose_product_wraps_are_refused(void **state) {
  (void)state;
  static const uint64_t shapes[][4] = {
      {UINT64_C(1) << 32, UINT64_C(1) << 32, 1, 1},
      {UINT64_C(1) << 33, UINT64_C(1) << 32, 1, 1},
      {UINT64_C(1) << 21, UINT64_C(1) << 21, UINT64_C(1) << 22, 1},
      {UINT64_C(1) << 32, UINT64_C(3) << 30, 1, 1},
      {(UINT64_C(1) << 32) + 1, (UINT64_C(1) << 32) - 1, 1, 1},
      {INT32_MAX, INT32_MAX, INT32_MAX, INT32_MAX},
  };
  for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
    assert_tensor_refused("a", 4, shapes[i], 24, 0, VF_MALFORMED, "more than 2^63 elements");
  const uint64_t wide[1] = {UINT64_C(1) << 61};
  assert_tensor_refused("a", 1, wide, 27, 0, VF_MALFORMED, "more than 2^63 bytes");
}

static void sums_that_wrap_are_refused(void **state) {
  (void)state;
  recipe r = {.version = 3, .n_tensors = 2};
  const uint64_t huge[1] = {UINT64_C(0x7FFFFFFFFFFFFFC0)};
  put_tensor(&r.tensors, "a", 1, huge, 24, 0);
  put_tensor(&r.tensors, "b", 1, huge, 24, huge[0]);
  assert_refused(&r, VF_MALFORMED, "tensor b ends beyond 2^63 bytes");
}

/* No file system has such a file, but whoever hands out bytes may say so: where the data would
 * begin is beyond 64 bits. */
static void a_header_that_ends_at_2_64_is_refused(void **state) {
  (void)state;
  memory_files m;
  blob b = {0};
  put_text(&b, "GGUF");
  put_number(&b, 3, 4);
  put_number(&b, 0, 8);
  put_number(&b, 1, 8);
  put_key(&b, "general.name", STRING);
  const uint64_t rest = UINT64_MAX - b.length - 8 - 3;
  put_number(&b, rest, 8);
  const memory_file file = {"m.gguf", b.bytes, b.length, b.length + rest};
  assert_int_equal(read_of(memory_over(&m, &file, 1), "m.gguf", false), VF_MALFORMED);
  assert_non_null(strstr(error.message, "the data ends beyond 2^64 bytes"));
  assert_u64(error.offset, file.size);
  assert_int_equal(m.open, 0);
  free(b.bytes);
}

static void a_name_that_occurs_twice_is_refused(void **state) {
  (void)state;
  recipe r = {.version = 3, .n_tensors = 2, .data_bytes = 64};
  put_tensor(&r.tensors, "a", 1, (uint64_t[]){8}, 0, 0);
  put_tensor(&r.tensors, "a", 1, (uint64_t[]){8}, 0, 32);
  assert_refused(&r, VF_MALFORMED, "this tensor occurs twice");
  assert_string_equal(error.path, "a");
}

static void a_file_that_ends_early_says_by_how_much(void **state) {
  (void)state;
  recipe r = good();
  r.data_bytes -= 1;
  assert_refused(&r, VF_MALFORMED, "ends 1 bytes before its tensors do");
  assert_int_equal(read_with("bad.gguf", true), VF_OK);
  assert_u64(got.info.missing_bytes, 1);
  assert_good_outcome();
}

/* ---- Everything that can be cut or changed ---------------------------------------------- */

static size_t read_back(const char *path, unsigned char *bytes, size_t size) {
  FILE *f = fopen(path, "rb");
  assert_non_null(f);
  size_t n = fread(bytes, 1, size, f);
  fclose(f);
  return n;
}

static void a_file_cut_anywhere_is_never_whole(void **state) {
  (void)state;
  unsigned char bytes[4096];
  recipe r = good();
  write_recipe("whole.gguf", &r, 32);
  size_t n = read_back("whole.gguf", bytes, sizeof bytes);
  for (size_t cut = 0; cut < n; cut++) {
    write_bytes("cut.gguf", bytes, cut);
    assert_int_not_equal(read_file("cut.gguf"), VF_OK);
    assert_true(error.message[0] != '\0');
  }
}

/* What is accepted must add up: never more bytes than the file has. */
static void a_changed_byte_never_fools_the_reader(void **state) {
  (void)state;
  static const unsigned char values[] = {0x00, 0x01, 0x7F, 0x80, 0xFF};
  unsigned char bytes[4096];
  recipe r = good();
  write_recipe("whole.gguf", &r, 32);
  size_t n = read_back("whole.gguf", bytes, sizeof bytes), header = n - 832;
  for (size_t i = 0; i < header; i++) {
    unsigned char old = bytes[i];
    for (size_t v = 0; v < sizeof values + 2; v++) {
      bytes[i] = v < sizeof values ? values[v] : v == sizeof values ? old ^ 1 : old ^ 0x80;
      write_bytes("changed.gguf", bytes, n);
      if (read_file("changed.gguf") == VF_OK) assert_true(got.seen.bytes <= n);
    }
    bytes[i] = old;
  }
}

/* ---- Sets of files ---------------------------------------------------------------------- */

static void write_shard(const char *path, uint32_t no, uint32_t count, const char *tensor) {
  recipe r = {.version = 3, .n_keys = 3, .n_tensors = 1, .data_bytes = 32};
  put_u32_key(&r.keys, "split.no", no);
  put_u32_key(&r.keys, "split.count", count);
  put_u32_key(&r.keys, "split.tensors.count", 2);
  put_tensor(&r.tensors, tensor, 1, (uint64_t[]){8}, 0, 0);
  write_recipe(path, &r, 32);
}

static void any_file_of_a_set_stands_for_all(void **state) {
  (void)state;
  write_shard("set-00001-of-00002.gguf", 0, 2, "a");
  write_shard("set-00002-of-00002.gguf", 1, 2, "b");
  for (int i = 0; i < 2; i++) {
    assert_int_equal(read_file(i == 0 ? "set-00001-of-00002.gguf" : "set-00002-of-00002.gguf"),
                     VF_OK);
    assert_u64(got.seen.count, 2);
    assert_int_equal(got.seen.tensors[1].tensor.shard, 1);
    assert_int_equal(got.info.n_files, 2);
  }
}

static void a_missing_file_of_a_set_is_named(void **state) {
  (void)state;
  write_shard("hole-00001-of-00002.gguf", 0, 2, "a");
  remove("hole-00002-of-00002.gguf");
  assert_int_equal(read_file("hole-00001-of-00002.gguf"), VF_IO);
  assert_string_equal(error.source, "hole-00002-of-00002.gguf");
}

static void a_file_of_another_set_is_refused(void **state) {
  (void)state;
  write_shard("mix-00001-of-00002.gguf", 0, 2, "a");
  write_shard("mix-00002-of-00002.gguf", 1, 3, "b");
  assert_int_equal(read_file("mix-00001-of-00002.gguf"), VF_MALFORMED);
  assert_string_equal(error.path, "split.no");
  write_shard("same-00001-of-00002.gguf", 0, 2, "a");
  write_shard("same-00002-of-00002.gguf", 1, 2, "b");
  recipe r = {.version = 3, .n_keys = 3, .n_tensors = 0};
  put_u32_key(&r.keys, "split.no", 1);
  put_u32_key(&r.keys, "split.count", 2);
  put_u32_key(&r.keys, "split.tensors.count", 2);
  write_recipe("same-00002-of-00002.gguf", &r, 32);
  assert_int_equal(read_file("same-00001-of-00002.gguf"), VF_MALFORMED);
  assert_string_equal(error.path, "split.tensors.count");
}

static void a_tensor_that_two_files_of_a_set_hold_is_refused(void **state) {
  (void)state;
  write_shard("two-00001-of-00002.gguf", 0, 2, "a");
  write_shard("two-00002-of-00002.gguf", 1, 2, "a");
  assert_int_equal(read_file("two-00001-of-00002.gguf"), VF_MALFORMED);
  assert_string_equal(error.path, "a");
}

static void a_part_whose_name_does_not_say_so_is_refused(void **state) {
  (void)state;
  write_shard("renamed.gguf", 0, 2, "a");
  assert_int_equal(read_file("renamed.gguf"), VF_MALFORMED);
  assert_string_equal(error.path, "split.count");
}

/* ---- Files that are none, and memory ---------------------------------------------------- */

/* Each file has room for its own, but all are one model. */
static void more_tensors_in_all_files_of_a_set_than_a_model_has_are_refused(void **state) {
  (void)state;
  enum { EACH = 40000 };
  for (uint32_t no = 0; no < 2; no++) {
    recipe r = {.version = 3, .n_tensors = EACH, .n_keys = 3, .data_bytes = UINT64_C(32) * EACH};
    char name[64];
    put_key(&r.keys, "general.architecture", STRING);
    put_string(&r.keys, "llama");
    put_u32_key(&r.keys, "split.no", no);
    put_u32_key(&r.keys, "split.count", 2);
    for (uint64_t i = 0; i < EACH; i++) {
      snprintf(name, sizeof name, "blk.%u.stranger_%u", no, (unsigned)i);
      put_tensor(&r.tensors, name, 1, (uint64_t[]){8}, 0, 32 * i);
    }
    snprintf(name, sizeof name, "many-0000%u-of-00002.gguf", no + 1);
    write_recipe(name, &r, 32);
  }
  assert_int_equal(read_file("many-00001-of-00002.gguf"), VF_LIMIT);
  assert_non_null(
      strstr(error.message, "the files have 80000 tensors up to here, more than 65536"));
  assert_string_equal(error.source, "many-00002-of-00002.gguf");
}

static void what_is_no_regular_file_is_refused_at_once(void **state) {
  (void)state;
  remove("pipe.gguf");
  assert_int_equal(mkfifo("pipe.gguf", 0600), 0);
  assert_int_equal(read_file("pipe.gguf"), VF_IO);
  assert_int_equal(read_file("."), VF_IO);
  assert_int_equal(read_file("no-such-file.gguf"), VF_IO);
  assert_non_null(strstr(error.message, "No such file"));
  bool gguf;
  assert_int_equal(vf_gguf_recognize(&gguf, vf_file_system(), "pipe.gguf", NULL), VF_IO);
  remove("pipe.gguf");
}

static vf_status read_once(vf_arena *arena, vf_error *e) {
  vf_facts facts = vf_facts_in(arena, "good.gguf");
  vf_gguf_info info;
  static seen all;
  all = (seen){0};
  const vf_tensor_sink sink = {remember, &all};
  return vf_gguf_read(&facts, &info, vf_file_system(), "good.gguf", &sink, false, e);
}

static void running_out_of_memory_is_told_as_such(void **state) {
  (void)state;
  recipe r = good();
  write_recipe("good.gguf", &r, 32);
  fail_every_allocation(read_once);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(versions_2_and_3_in_both_byte_orders_say_the_same),
      cmocka_unit_test(every_type_of_value_is_kept_as_what_it_is),
      cmocka_unit_test(long_lists_are_stepped_over_and_leave_their_length),
      cmocka_unit_test(an_alignment_of_one_is_one),
      cmocka_unit_test(a_dimension_of_zero_takes_nothing),
      cmocka_unit_test(a_file_without_anything_is_a_file),
      cmocka_unit_test(padding_behind_the_last_tensor_may_be_missing),
      cmocka_unit_test(headers_that_are_wrong_are_refused),
      cmocka_unit_test(keys_that_are_wrong_are_refused),
      cmocka_unit_test(alignments_that_are_none_are_refused),
      cmocka_unit_test(lists_beyond_the_file_allocate_nothing),
      cmocka_unit_test(a_string_beyond_the_file_is_refused),
      cmocka_unit_test(tensors_that_are_wrong_are_refused),
      cmocka_unit_test(shapes_whose_product_wraps_are_refused),
      cmocka_unit_test(sums_that_wrap_are_refused),
      cmocka_unit_test(a_header_that_ends_at_2_64_is_refused),
      cmocka_unit_test(a_name_that_occurs_twice_is_refused),
      cmocka_unit_test(a_file_that_ends_early_says_by_how_much),
      cmocka_unit_test(a_file_cut_anywhere_is_never_whole),
      cmocka_unit_test(a_changed_byte_never_fools_the_reader),
      cmocka_unit_test(any_file_of_a_set_stands_for_all),
      cmocka_unit_test(a_missing_file_of_a_set_is_named),
      cmocka_unit_test(a_file_of_another_set_is_refused),
      cmocka_unit_test(a_tensor_that_two_files_of_a_set_hold_is_refused),
      cmocka_unit_test(more_tensors_in_all_files_of_a_set_than_a_model_has_are_refused),
      cmocka_unit_test(a_part_whose_name_does_not_say_so_is_refused),
      cmocka_unit_test(what_is_no_regular_file_is_refused_at_once),
      cmocka_unit_test(running_out_of_memory_is_told_as_such),
  };
  return cmocka_run_group_tests_name("gguf", tests, NULL, forget);
}
