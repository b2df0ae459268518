/* test_pytorch.c - zip archives and pickles made byte by byte: right, wrong, cut and mutated. */
#include "weight_files.h"

#include "readers/weights/pytorch.h"

static const char path[] = "test_pytorch.tmp";

/* ---- Zip archives ----------------------------------------------------------------------- */

typedef struct archive {
  blob file, directory;
  size_t entries;
  bool zip64; /* sizes and places in extra fields, as PyTorch may write them */
} archive;

static void put_entry(archive *a, const char *name, const void *data, size_t length,
                      unsigned method) {
  size_t at = a->file.length;
  put_text(&a->file, "PK\3\4");
  put_zeros(&a->file, 14);
  put_little(&a->file, length, 4);
  put_little(&a->file, length, 4);
  put_little(&a->file, strlen(name), 2);
  put_little(&a->file, 3, 2); /* as PyTorch pads for alignment */
  put_text(&a->file, name);
  put_text(&a->file, "FBZ");
  put(&a->file, data, length);
  blob *d = &a->directory;
  put_text(d, "PK\1\2");
  put_zeros(d, 6);
  put_little(d, method, 2);
  put_zeros(d, 8);
  put_little(d, a->zip64 ? UINT32_MAX : length, 4);
  put_little(d, a->zip64 ? UINT32_MAX : length, 4);
  put_little(d, strlen(name), 2);
  put_little(d, a->zip64 ? 28 : 0, 2);
  put_zeros(d, 10);
  put_little(d, a->zip64 ? UINT32_MAX : at, 4);
  put_text(d, name);
  if (a->zip64) {
    put_little(d, 1, 2);
    put_little(d, 24, 2);
    put_little(d, length, 8);
    put_little(d, length, 8);
    put_little(d, at, 8);
  }
  a->entries++;
}

static void put_end64(blob *file, size_t entries, size_t at, size_t bytes) {
  size_t end_at = file->length;
  put_text(file, "PK\6\6");
  put_little(file, 44, 8);
  put_zeros(file, 12);
  put_little(file, entries, 8);
  put_little(file, entries, 8);
  put_little(file, bytes, 8);
  put_little(file, at, 8);
  put_text(file, "PK\6\7");
  put_zeros(file, 4);
  put_little(file, end_at, 8);
  put_little(file, 1, 4);
}

static blob finish(archive *a) {
  size_t at = a->file.length, bytes = a->directory.length;
  put(&a->file, a->directory.bytes, bytes);
  if (a->zip64) put_end64(&a->file, a->entries, at, bytes);
  put_text(&a->file, "PK\5\6");
  put_zeros(&a->file, 4);
  put_little(&a->file, a->zip64 ? UINT16_MAX : a->entries, 2);
  put_little(&a->file, a->zip64 ? UINT16_MAX : a->entries, 2);
  put_little(&a->file, a->zip64 ? UINT32_MAX : bytes, 4);
  put_little(&a->file, a->zip64 ? UINT32_MAX : at, 4);
  put_little(&a->file, 4, 2);
  put_text(&a->file, "note");
  free(a->directory.bytes);
  return a->file;
}

/* ---- Pickles ---------------------------------------------------------------------------- */

static void put_string(blob *p, const char *text) {
  put_text(p, "X");
  put_little(p, strlen(text), 4);
  put_text(p, text);
}

static void put_call(blob *p, const char *global) {
  put_text(p, "c");
  put_text(p, global);
  put_text(p, "\n");
}

static void put_begin(blob *p) {
  put(p, "\x80\2", 2);
  put_call(p, "collections\nOrderedDict");
  put_text(p, "q");
  put_little(p, 0, 1);
  put_text(p, ")Rq\1(");
}

static void put_storage(blob *p, const char *type, const char *key, unsigned elements) {
  put_text(p, "(");
  put_string(p, "storage");
  put_call(p, type);
  put_string(p, key);
  put_string(p, "cpu");
  put_text(p, "M");
  put_little(p, elements, 2);
  put_text(p, "tq\7Q");
}

static void put_small(blob *p, unsigned n) {
  put_text(p, "K");
  put_little(p, n, 1);
}

/* The tensor of rows by columns at an element of a storage. */
static void put_matrix(blob *p, const char *type, const char *key, unsigned elements,
                       unsigned first, unsigned rows, unsigned columns) {
  put_call(p, "torch._utils\n_rebuild_tensor_v2");
  put_text(p, "(");
  put_storage(p, type, key, elements);
  put_small(p, first);
  put_small(p, rows);
  put_small(p, columns);
  put_text(p, "\x86");
  put_small(p, columns);
  put_small(p, 1);
  put_text(p, "\x86\x89");
  put_call(p, "collections\nOrderedDict");
  put_text(p, ")RtR");
}

static void put_end(blob *p) {
  put_text(p, "u}"); /* its attributes: {"_metadata": {}} */
  put_string(p, "_metadata");
  put_text(p, "}sb.");
}

/* An archive of this pickle, with storages of 48 and 10 bytes. */
static blob archive_of(const blob *pickle, bool zip64) {
  archive a = {.zip64 = zip64};
  unsigned char zeros[48] = {0};
  put_entry(&a, "model/data.pkl", pickle->bytes, pickle->length, 0);
  put_entry(&a, "model/byteorder", "little", 6, 0);
  put_entry(&a, "model/data/0", zeros, 48, 0);
  put_entry(&a, "model/data/1", zeros, 10, 0);
  put_entry(&a, "model/version", "3\n", 2, 0);
  return finish(&a);
}

static blob good_pickle(void) {
  blob p = {0};
  put_begin(&p);
  put_string(&p, "embed.weight");
  put_matrix(&p, "torch\nFloatStorage", "0", 12, 0, 4, 3);
  put_text(&p, "q\5");
  put_string(&p, "norm.weight");
  put_matrix(&p, "torch\nBFloat16Storage", "1", 5, 1, 2, 2);
  put_string(&p, "lm_head.weight");
  put_matrix(&p, "torch\nFloatStorage", "0", 12, 0, 4, 3);
  put_string(&p, "again");
  put_text(&p, "h\5");
  put_string(&p, "step");
  put_small(&p, 7);
  put_end(&p);
  return p;
}

static vf_status read_in(vf_arena *arena, vf_pytorch_info *info, seen *s, vf_error *err) {
  const vf_tensor_sink sink = {remember, s};
  return vf_pytorch_read(info, vf_file_system(), path, &sink, arena, err);
}

static vf_status read_file(vf_pytorch_info *info, seen *s, vf_error *err) {
  vf_arena *arena = vf_arena_new(&vf_default_allocator, 1 << 20);
  vf_status status = read_in(arena, info, s, err);
  vf_arena_free(arena);
  return status;
}

static vf_status read_blob(blob *file, vf_error *err) {
  vf_pytorch_info info;
  seen s = {.count = 0};
  write_blob(path, file);
  return read_file(&info, &s, err);
}

static vf_status read_pickle(blob *pickle, vf_error *err) {
  blob file = archive_of(pickle, false);
  free(pickle->bytes);
  return read_blob(&file, err);
}

static vf_status read_text(const char *pickle, size_t length, vf_error *err) {
  blob p = {0};
  put(&p, pickle, length);
  return read_pickle(&p, err);
}

/* ---- What is right ---------------------------------------------------------------------- */

static void check_good(bool zip64) {
  vf_pytorch_info info;
  seen s = {.count = 0};
  blob p = good_pickle(), file = archive_of(&p, zip64);
  size_t length = file.length;
  uint64_t first = 33 + 14 + p.length + 33 + 15 + 6 + 33 + 12; /* headers, names and data */
  write_blob(path, &file);
  assert_ok(read_file(&info, &s, err));
  assert_int_equal(s.count, 4);
  assert_tensor(&s, 0, "embed.weight", VF_FORMAT_F32, (uint64_t[]){3, 4, 1, 1}, 48, first);
  assert_tensor(&s, 1, "norm.weight", VF_FORMAT_BF16, (uint64_t[]){2, 2, 1, 1}, 10,
                first + 48 + 33 + 12 + 2);
  assert_tensor(&s, 2, "lm_head.weight", VF_FORMAT_F32, (uint64_t[]){3, 4, 1, 1}, 0, first);
  assert_tensor(&s, 3, "again", VF_FORMAT_F32, (uint64_t[]){3, 4, 1, 1}, 0, first);
  assert_u64(info.n_tensors, 4);
  assert_u64(info.n_shared, 2);
  assert_u64(info.data_bytes, 58);
  assert_u64(info.file_bytes, length);
  free(p.bytes);
}

static void a_good_checkpoint_yields_its_tensors(void **state) {
  (void)state;
  check_good(false);
}

static void a_zip64_checkpoint_is_read_alike(void **state) {
  (void)state;
  check_good(true);
}

/* Protocol 4, and a dtype that has no storage type of its own. */
static void a_newer_pickle_is_read(void **state) {
  (void)state;
  vf_pytorch_info info;
  seen s = {.count = 0};
  blob p = {0};
  put(&p, "\x80\4\x95\0\0\0\0\0\0\0\0}\x94(\x8c\1w\x94", 18);
  put_text(&p, "\x8c\x0ctorch._utils\x8c\x12_rebuild_tensor_v3\x93(");
  put_storage(&p, "torch.storage\nUntypedStorage", "1", 10);
  put_text(&p, "K");
  put_little(&p, 0, 1);
  put_text(&p, "K\x0a\x85K\1\x85\x89Nctorch\nfloat8_e4m3fn\ntR\x94");
  put_string(&p, "p");
  put_call(&p, "torch._utils\n_rebuild_parameter");
  put_text(&p, "(");
  put_matrix(&p, "torch\nFloatStorage", "0", 12, 0, 4, 3);
  put_text(&p, "\x88NtR");
  put_text(&p, "\x8c\1x\x8a\1\5\x8c\1yG");
  put_zeros(&p, 8);
  put_text(&p, "\x8c\1z](K\1K\2e\x8c\1v]K\3au.");
  blob file = archive_of(&p, false);
  free(p.bytes);
  write_blob(path, &file);
  assert_ok(read_file(&info, &s, err));
  assert_int_equal(s.count, 2);
  assert_int_equal(s.tensors[0].tensor.format, VF_FORMAT_F8_E4M3);
  assert_u64(s.tensors[0].tensor.ne[0], 10);
  assert_u64(s.bytes, 58);
}

/* ---- What is wrong in the pickle -------------------------------------------------------- */

/* The pickle begins at 47: after its entry's header, name and padding. */

static void a_strange_pickle_is_refused_with_place_and_reason(void **state) {
  (void)state;
  static const struct {
    const char *pickle;
    size_t length;
    vf_status status;
    const char *words;
  } cases[] = {
#define CASE(text) text, sizeof text - 1
      {CASE(""), VF_MALFORMED, "offset 47: the pickle has no end"},
      {CASE("}"), VF_MALFORMED, "offset 48: the pickle has no end"},
      {CASE("."), VF_UNSUPPORTED, "offset 47: the pickle has something else than a dictionary"},
      {CASE("]."), VF_UNSUPPORTED, "something else than a dictionary"},
      {CASE("}}."), VF_UNSUPPORTED, "something else than a dictionary"},
      {CASE("cos\nsystem\n"), VF_UNSUPPORTED, "the pickle names os.system, which is no part"},
      {CASE("\x8c\2os\x8c\6system\x93"), VF_UNSUPPORTED, "offset 59: the pickle names os.system"},
      {CASE("c__builtin__\neval\n"), VF_UNSUPPORTED, "names __builtin__.eval"},
      {CASE("ctorch\nFloatStorageX\n"), VF_UNSUPPORTED, "names torch.FloatStorageX"},
      {CASE("cos\nsys"), VF_MALFORMED, "ends inside an instruction"},
      {CASE("(i"), VF_UNSUPPORTED, "offset 48: the pickle has the instruction 0x69"},
      {CASE("X\xff\xff\xff\xff"), VF_MALFORMED, "ends inside an instruction"},
      {CASE("X\1\0"), VF_MALFORMED, "ends inside an instruction"},
      {CASE("\x8d\xff\xff\xff\xff\xff\xff\xff\xff"), VF_MALFORMED, "ends inside an instruction"},
      {CASE("\x8a\xff"), VF_MALFORMED, "ends inside an instruction"},
      {CASE("\x8a\x0a\0\0\0\0\0\0\0\0\0\0"), VF_UNSUPPORTED, "a number beyond 64 bits"},
      {CASE("B\1\0"), VF_MALFORMED, "ends inside an instruction"},
      {CASE("G1"), VF_MALFORMED, "ends inside an instruction"},
      {CASE("K"), VF_MALFORMED, "ends inside an instruction"},
      {CASE("\x80"), VF_MALFORMED, "ends inside an instruction"},
      {CASE("q\0"), VF_MALFORMED, "nothing on the stack"},
      {CASE("(q\1"), VF_MALFORMED, "nothing on the stack to remember"},
      {CASE("}r\xff\xff\xff\xff"), VF_LIMIT, "remembers too many"},
      {CASE("h\1"), VF_MALFORMED, "a reference to a value that was not put"},
      {CASE("j\xff\xff\xff\xff"), VF_MALFORMED, "a reference to a value that was not put"},
      {CASE("t"), VF_MALFORMED, "a tuple without a mark"},
      {CASE("K\1\x86"), VF_MALFORMED, "too few values for a tuple"},
      {CASE("K\1(K\1\x86"), VF_MALFORMED, "too few values for a tuple"},
      {CASE("K\1a"), VF_UNSUPPORTED, "an append to what is no list"},
      {CASE("}K\1a"), VF_UNSUPPORTED, "an append to what is no list"},
      {CASE("e"), VF_UNSUPPORTED, "an append to what is no list"},
      {CASE("(e"), VF_UNSUPPORTED, "an append to what is no list"},
      {CASE("s"), VF_MALFORMED, "no member to set"},
      {CASE("]K\1K\1s"), VF_UNSUPPORTED, "members of what is no dictionary"},
      {CASE("(u"), VF_MALFORMED, "no members to set"},
      {CASE("u"), VF_MALFORMED, "no members to set"},
      {CASE("}(K\1u"), VF_MALFORMED, "a key has no value"},
      {CASE("](u"), VF_UNSUPPORTED, "members of what is no dictionary"},
      {CASE("]}b"), VF_UNSUPPORTED, "an object with attributes"},
      {CASE("b"), VF_UNSUPPORTED, "an object with attributes"},
      {CASE("R"), VF_UNSUPPORTED, "a call of an unknown form"},
      {CASE("K\1)R"), VF_UNSUPPORTED, "a call of an unknown form"},
      {CASE("ctorch\nFloatStorage\n)R"), VF_UNSUPPORTED, "a call of an unknown form"},
      {CASE("ctorch\nSize\n)R"), VF_UNSUPPORTED, "a call of an unknown form"},
      {CASE("ccollections\nOrderedDict\nK\1\x85R"), VF_UNSUPPORTED, "made from values"},
      {CASE("ctorch._utils\n_rebuild_tensor_v2\n)R"), VF_UNSUPPORTED, "a tensor of an unknown"},
      {CASE("ctorch._utils\n_rebuild_parameter\n)R"), VF_UNSUPPORTED, "a call of an unknown form"},
      {CASE("Q"), VF_UNSUPPORTED, "a persistent id of an unknown form"},
      {CASE(")Q"), VF_UNSUPPORTED, "a persistent id of an unknown form"},
      {CASE("(K\1K\1K\1K\1K\1tQ"), VF_UNSUPPORTED, "a persistent id that is no storage"},
      {CASE("K\1K\1\x93"), VF_UNSUPPORTED, "a name that is no text"},
#undef CASE
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    assert_fails(read_text(cases[i].pickle, cases[i].length, err), cases[i].status, cases[i].words);
    assert_fails(read_text(cases[i].pickle, cases[i].length, err), cases[i].status, path);
  }
}

static vf_status read_matrix(const char *type, const char *key, unsigned elements, unsigned first,
                             unsigned rows, unsigned columns, vf_error *err) {
  blob p = {0};
  put_begin(&p);
  put_string(&p, "w");
  put_matrix(&p, type, key, elements, first, rows, columns);
  put_end(&p);
  return read_pickle(&p, err);
}

static void a_tensor_that_does_not_suit_its_storage_is_refused(void **state) {
  (void)state;
  const char *f32 = "torch\nFloatStorage";
  assert_ok(read_matrix(f32, "0", 12, 0, 3, 4, err));
  assert_ok(read_matrix(f32, "0", 12, 11, 1, 1, err));
  assert_ok(read_matrix(f32, "0", 12, 12, 0, 4, err));
  assert_fails(read_matrix(f32, "0", 12, 1, 3, 4, err), VF_MALFORMED, "beyond its storage");
  assert_fails(read_matrix(f32, "0", 12, 12, 1, 1, err), VF_MALFORMED, "beyond its storage");
  assert_fails(read_matrix(f32, "0", 12, 0, 255, 255, err), VF_MALFORMED, "beyond its storage");
  assert_fails(read_matrix(f32, "0", 13, 0, 3, 4, err), VF_MALFORMED,
               "storage 0 has 48 bytes, not those of 13 elements");
  assert_fails(read_matrix("torch\nHalfStorage", "0", 12, 0, 3, 4, err), VF_MALFORMED, "has 48");
  assert_fails(read_matrix(f32, "2", 12, 0, 3, 4, err), VF_MALFORMED, "no such storage");
  assert_fails(read_matrix(f32, "00", 12, 0, 3, 4, err), VF_MALFORMED, "no such storage");
  assert_fails(read_matrix(f32, "../0", 12, 0, 3, 4, err), VF_MALFORMED, "no such storage");
  assert_fails(read_matrix("torch\nfloat32", "0", 12, 0, 3, 4, err), VF_UNSUPPORTED,
               "a persistent id that is no storage");
}

/* (storage, 0, sizes, strides, …) with as many sizes of 1. */
static void put_cube(blob *p, const char *function, size_t rank) {
  put_call(p, function);
  put_text(p, "(");
  put_storage(p, "torch\nFloatStorage", "0", 12);
  put_small(p, 0);
  for (int twice = 0; twice < 2; twice++) {
    put_text(p, "(");
    for (size_t i = 0; i < rank; i++) put_small(p, 1);
    put_text(p, "t");
  }
}

static vf_status read_cube(size_t rank, vf_error *err) {
  blob p = {0};
  put_begin(&p);
  put_string(&p, "w");
  put_cube(&p, "torch._utils\n_rebuild_tensor_v2", rank);
  put_text(&p, "tR");
  put_end(&p);
  return read_pickle(&p, err);
}

static void a_tensor_of_too_many_dimensions_is_refused(void **state) {
  (void)state;
  assert_ok(read_cube(VF_PYTORCH_RANK, err));
  assert_fails(read_cube(VF_PYTORCH_RANK + 1, err), VF_LIMIT, "more than 8 dimensions");
}

/* The third form names a dtype; a storage's type is none. */
static void a_tensor_whose_dtype_is_none_is_refused(void **state) {
  (void)state;
  blob p = {0};
  put_begin(&p);
  put_string(&p, "w");
  put_cube(&p, "torch._utils\n_rebuild_tensor_v3", 1);
  put_text(&p, "\x89N");
  put_call(&p, "torch\nFloatStorage");
  put_text(&p, "tR");
  assert_fails(read_pickle(&p, err), VF_UNSUPPORTED, "a tensor without a dtype");
}

/* The function and what it is called with are remembered: nine bytes make a member. */
static vf_status read_members(size_t n, vf_error *err) {
  blob p = {0};
  put_text(&p, "}U\1w");
  put_call(&p, "torch._utils\n_rebuild_tensor_v2");
  put_text(&p, "q\1(");
  put_storage(&p, "torch\nFloatStorage", "0", 12);
  put_small(&p, 0);
  put_text(&p, "K\1\x85K\1\x85tq\2Rs");
  for (size_t i = 1; i < n; i++) put_text(&p, "U\1wh\1h\2Rs");
  put_text(&p, ".");
  return read_pickle(&p, err);
}

static void more_tensors_than_a_model_has_are_refused(void **state) {
  (void)state;
  assert_ok(read_members(VF_PYTORCH_TENSORS, err));
  assert_fails(read_members(VF_PYTORCH_TENSORS + 1, err), VF_LIMIT, "more than 65536 tensors");
}

static void tensors_below_the_top_level_are_refused(void **state) {
  (void)state;
  blob p = {0};
  put_text(&p, "}");
  put_string(&p, "model");
  put_text(&p, "}");
  put_string(&p, "w");
  put_matrix(&p, "torch\nFloatStorage", "0", 12, 0, 3, 4);
  put_text(&p, "ss.");
  assert_fails(read_pickle(&p, err), VF_UNSUPPORTED, "tensors below the top level");
}

static void a_tensor_whose_name_is_no_text_is_refused(void **state) {
  (void)state;
  static const char *const names[] = {"X\2\0\0\0\xff\xfe", "X\2\0\0\0a\0", "K\1"};
  static const size_t lengths[] = {7, 7, 2};
  for (size_t i = 0; i < 3; i++) {
    blob p = {0};
    put_text(&p, "}");
    put(&p, names[i], lengths[i]);
    put_matrix(&p, "torch\nFloatStorage", "0", 12, 0, 3, 4);
    put_text(&p, "s.");
    assert_fails(read_pickle(&p, err), i == 2 ? VF_UNSUPPORTED : VF_MALFORMED,
                 i == 2 ? "a tensor without a name" : "not UTF-8, or has a NUL");
  }
}

static void a_stack_or_pool_that_grows_without_end_is_refused(void **state) {
  (void)state;
  blob p = {0}, q = {0};
  for (size_t i = 0; i < 70000; i++) put_text(&p, "}");
  assert_fails(read_pickle(&p, err), VF_LIMIT, "stack is too deep");
  put_text(&q, "}");
  for (size_t i = 0; i < 1100000; i++) put_text(&q, "\x85");
  assert_fails(read_pickle(&q, err), VF_LIMIT, "tuples are too many");
}

/* ---- What is wrong with the archive ----------------------------------------------------- */

static void what_is_no_checkpoint_is_told_apart(void **state) {
  (void)state;
  static const struct {
    const char *bytes;
    size_t length;
    vf_status status;
    const char *words;
  } cases[] = {
      {"", 0, VF_MALFORMED, "neither a zip archive nor a pickle"},
      {"\x80\2\x8a\x0al\xfc\x9c"
       "F\xf9 j\xa8P\x19.",
       14, VF_UNSUPPORTED, "PyTorch before 1.6 wrote"},
      {"version https://git-lfs", 23, VF_MALFORMED, "run git lfs pull"},
      {"GGUF", 4, VF_MALFORMED, "neither a zip archive nor a pickle"},
      {"PK\3\4", 4, VF_MALFORMED, "has no end: it is truncated"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    blob b = {0};
    put(&b, cases[i].bytes, cases[i].length);
    assert_fails(read_blob(&b, err), cases[i].status, cases[i].words);
  }
}

static vf_status read_entries(const char *const names[], const unsigned methods[], size_t n,
                              vf_error *err) {
  archive a = {.zip64 = false};
  blob p = {0};
  put_text(&p, "}");
  put_string(&p, "w");
  put_matrix(&p, "torch\nFloatStorage", "0", 1, 0, 1, 1);
  put_text(&p, "s.");
  for (size_t i = 0; i < n; i++) {
    bool pickle = strstr(names[i], ".pkl") != NULL;
    put_entry(&a, names[i], pickle ? p.bytes : (const void *)"1234", pickle ? p.length : 4,
              methods[i]);
  }
  free(p.bytes);
  blob file = finish(&a);
  return read_blob(&file, err);
}

static void an_archive_of_other_things_is_refused(void **state) {
  (void)state;
  const unsigned stored[3] = {0}, packed[3] = {8, 8, 8}, data_packed[3] = {0, 8, 0};
  const char *const good[] = {"m/data.pkl", "m/data/0", "m/version"};
  const char *const word[] = {"word/document.xml"};
  const char *const twice[] = {"m/data.pkl", "m/data/0", "m/data.pkl"};
  const char *const keys[] = {"m/data.pkl", "m/data/0", "m/data/0"};
  const char *const other[] = {"m/data.pkl", "x/data/0"};
  assert_ok(read_entries(good, stored, 3, err));
  assert_fails(read_entries(word, stored, 1, err), VF_UNSUPPORTED, "without data.pkl");
  assert_fails(read_entries(NULL, NULL, 0, err), VF_MALFORMED, "neither a zip archive");
  assert_fails(read_entries(good, packed, 3, err), VF_UNSUPPORTED, "data.pkl is compressed");
  assert_fails(read_entries(good, data_packed, 3, err), VF_UNSUPPORTED, "storage 0 is compressed");
  assert_fails(read_entries(twice, stored, 3, err), VF_MALFORMED, "data.pkl occurs twice");
  assert_fails(read_entries(keys, stored, 3, err), VF_MALFORMED, "storage 0 occurs twice");
  assert_fails(read_entries(other, stored, 2, err), VF_MALFORMED, "no such storage");
}

static void more_storages_than_a_model_has_are_refused(void **state) {
  (void)state;
  enum { MOST = 1 << 17 };
  archive a = {.zip64 = true};
  char name[32];
  put_entry(&a, "m/data.pkl", "}.", 2, 0);
  for (unsigned i = 0; i <= MOST; i++) {
    snprintf(name, sizeof name, "m/data/%u", i);
    put_entry(&a, name, "", 0, 0);
  }
  blob file = finish(&a);
  assert_fails(read_blob(&file, err), VF_LIMIT, "more than 131072 storages");
}

/* Two entries of the directory that stand for the same bytes. */
static void storages_that_overlap_are_refused(void **state) {
  (void)state;
  static const unsigned char zeros[5000];
  archive a = {.zip64 = false};
  put_entry(&a, "m/data.pkl", "}.", 2, 0);
  size_t before = a.directory.length;
  put_entry(&a, "m/data/0", zeros, sizeof zeros, 0);
  blob again = {0};
  put(&again, a.directory.bytes + before, a.directory.length - before);
  again.bytes[again.length - 1] = '1';
  put(&a.directory, again.bytes, again.length);
  free(again.bytes);
  a.entries++;
  blob file = finish(&a);
  assert_fails(read_blob(&file, err), VF_MALFORMED, "more bytes than the file: they overlap");
}

/* ---- Sweeps ----------------------------------------------------------------------------- */

static blob good_file(bool zip64) {
  blob p = good_pickle(), file = archive_of(&p, zip64);
  free(p.bytes);
  return file;
}

static void every_truncation_is_refused(void **state) {
  (void)state;
  for (int zip64 = 0; zip64 < 2; zip64++) {
    blob b = good_file(zip64 != 0);
    for (size_t n = 0; n < b.length; n++) {
      vf_pytorch_info info;
      seen s = {.count = 0};
      vf_error err = {VF_OK};
      write_bytes(path, b.bytes, n);
      assert_int_equal(read_file(&info, &s, &err), VF_MALFORMED);
    }
    free(b.bytes);
  }
}

/* Whatever is accepted has no more bytes than the file. */
static void a_mutated_byte_breaks_nothing(void **state) {
  (void)state;
  for (int zip64 = 0; zip64 < 2; zip64++) {
    blob b = good_file(zip64 != 0);
    for (size_t i = 0; i < b.length; i++) {
      const unsigned char was = b.bytes[i];
      const unsigned char values[] = {0, 1, 0x7F, 0x80, 0xFF, was ^ 1, was ^ 0x80};
      for (size_t v = 0; v < sizeof values; v++) {
        vf_pytorch_info info;
        seen s = {.count = 0};
        vf_error err = {VF_OK};
        b.bytes[i] = values[v];
        write_bytes(path, b.bytes, b.length);
        vf_status status = read_file(&info, &s, &err);
        assert_int_equal(err.status, status);
        if (status == VF_OK) assert_true(s.bytes == info.data_bytes && s.bytes <= b.length);
      }
      b.bytes[i] = was;
    }
    free(b.bytes);
  }
}

/* Every field of the directory and the end records. */
static void numbers_at_their_bounds_never_lead_out_of_the_file(void **state) {
  (void)state;
  static const uint64_t bounds[] = {
      0,          1,         INT32_MAX,  1ull << 31,      UINT32_MAX,     1ull << 32,
      1ull << 53, INT64_MAX, 1ull << 63, UINT64_MAX - 63, UINT64_MAX - 1, UINT64_MAX};
  blob b = good_file(true);
  for (size_t i = b.length - 600; i + 8 <= b.length; i++) {
    unsigned char was[8];
    memcpy(was, b.bytes + i, 8);
    for (size_t v = 0; v < sizeof bounds / sizeof *bounds; v++) {
      vf_pytorch_info info;
      seen s = {.count = 0};
      for (size_t k = 0; k < 8; k++) b.bytes[i + k] = (unsigned char)(bounds[v] >> 8 * k);
      write_bytes(path, b.bytes, b.length);
      if (read_file(&info, &s, NULL) == VF_OK) assert_true(info.data_bytes <= b.length);
    }
    memcpy(b.bytes + i, was, 8);
  }
  free(b.bytes);
}

static vf_status read_good(vf_arena *arena, vf_error *err) {
  seen s = {.count = 0};
  vf_pytorch_info info;
  return read_in(arena, &info, &s, err);
}

static void running_out_of_memory_is_told_at_every_allocation(void **state) {
  (void)state;
  blob b = good_file(false);
  write_blob(path, &b);
  fail_every_allocation(read_good);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_good_checkpoint_yields_its_tensors),
      cmocka_unit_test(a_zip64_checkpoint_is_read_alike),
      cmocka_unit_test(a_newer_pickle_is_read),
      cmocka_unit_test(a_strange_pickle_is_refused_with_place_and_reason),
      cmocka_unit_test(a_tensor_that_does_not_suit_its_storage_is_refused),
      cmocka_unit_test(a_tensor_of_too_many_dimensions_is_refused),
      cmocka_unit_test(a_tensor_whose_dtype_is_none_is_refused),
      cmocka_unit_test(more_tensors_than_a_model_has_are_refused),
      cmocka_unit_test(tensors_below_the_top_level_are_refused),
      cmocka_unit_test(a_tensor_whose_name_is_no_text_is_refused),
      cmocka_unit_test(a_stack_or_pool_that_grows_without_end_is_refused),
      cmocka_unit_test(what_is_no_checkpoint_is_told_apart),
      cmocka_unit_test(an_archive_of_other_things_is_refused),
      cmocka_unit_test(more_storages_than_a_model_has_are_refused),
      cmocka_unit_test(storages_that_overlap_are_refused),
      cmocka_unit_test(every_truncation_is_refused),
      cmocka_unit_test(a_mutated_byte_breaks_nothing),
      cmocka_unit_test(numbers_at_their_bounds_never_lead_out_of_the_file),
      cmocka_unit_test(running_out_of_memory_is_told_at_every_allocation),
  };
  int failed = cmocka_run_group_tests(tests, NULL, NULL);
  remove(path);
  return failed;
}
