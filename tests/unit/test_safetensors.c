/* test_safetensors.c - headers that are right, wrong, cut and mutated. */
#include "weight_files.h"

#include <sys/stat.h>

#include "readers/weights/safetensors.h"

static const char path[] = "test_safetensors.tmp";

/* ---- Building and reading --------------------------------------------------------------- */

/* A header, in which ' stands for ", and this many bytes of data. */
static blob file_of(const char *header, size_t data) {
  blob b = {0};
  size_t length = strlen(header);
  put_little(&b, length, 8);
  for (size_t i = 0; i < length; i++) put(&b, header[i] == '\'' ? "\"" : &header[i], 1);
  put_zeros(&b, data);
  return b;
}

static vf_status read_in(vf_arena *arena, bool partial, vf_safetensors_info *info, seen *s,
                         vf_error *err) {
  const vf_tensor_sink sink = {remember, s};
  return (partial ? vf_safetensors_inspect : vf_safetensors_read)(info, vf_file_system(), path,
                                                                  &sink, arena, err);
}

static vf_status read_here(bool partial, vf_safetensors_info *info, seen *s, vf_error *err) {
  vf_arena *arena = vf_arena_new(&vf_default_allocator, 1 << 20);
  vf_status status = read_in(arena, partial, info, s, err);
  if (status == VF_OK) info->format = strcmp(info->format, "mlx") == 0 ? "mlx" : "";
  vf_arena_free(arena);
  return status;
}

static vf_status read_file(vf_error *err) {
  vf_safetensors_info info;
  seen s = {.count = 0};
  return read_here(false, &info, &s, err);
}

static vf_status read_header(const char *header, size_t data, vf_error *err) {
  blob b = file_of(header, data);
  write_blob(path, &b);
  return read_file(err);
}

#define ENTRY(name, dtype, shape, begin, end)                                                      \
  "'" name "':{'dtype':'" dtype "','shape':[" shape "],'data_offsets':[" begin "," end "]}"

/* ---- What is right ---------------------------------------------------------------------- */

static void a_good_file_yields_its_tensors(void **state) {
  (void)state;
  const char *header =
      " {'__metadata__':{'format':'mlx','x':'\\u00e9'},"
      "'z':{'data_offsets':[24,48],'more':[{}],'shape':[2,3],'dtype':'F32'}," ENTRY(
          "a.b/c", "BF16", "3,4", "0",
          "24") "," ENTRY("scalar", "U8", "", "48",
                          "49") "," ENTRY("empty", "I64", "5,0", "49",
                                          "49") "," ENTRY("deep", "U8", "2,3,2,1,5", "49",
                                                          "109") "," ENTRY("c\\u00e9\\ud83d\\ude00",
                                                                           "C64", "2", "109",
                                                                           "125") "}  ";
  blob b = file_of(header, 125);
  uint64_t data = b.length - 125;
  seen s = {.count = 0};
  vf_safetensors_info info;
  write_blob(path, &b);
  assert_ok(read_here(false, &info, &s, err));
  assert_int_equal(s.count, 6);
  assert_tensor(&s, 0, "z", VF_FORMAT_F32, (uint64_t[]){3, 2, 1, 1}, 24, data + 24);
  assert_tensor(&s, 1, "a.b/c", VF_FORMAT_BF16, (uint64_t[]){4, 3, 1, 1}, 24, data);
  assert_tensor(&s, 2, "scalar", VF_FORMAT_U8, (uint64_t[]){1, 1, 1, 1}, 1, data + 48);
  assert_tensor(&s, 3, "empty", VF_FORMAT_I64, (uint64_t[]){0, 5, 1, 1}, 0, data + 49);
  assert_tensor(&s, 4, "deep", VF_FORMAT_U8, (uint64_t[]){5, 1, 2, 6}, 60, data + 49);
  assert_tensor(&s, 5, "c\u00e9\U0001F600", VF_FORMAT_F32, (uint64_t[]){4, 1, 1, 1}, 16,
                data + 109);
  assert_u64(info.n_tensors, 6);
  assert_u64(info.data_bytes, 125);
  assert_u64(info.header_bytes, strlen(header));
  assert_u64(info.file_bytes, data + 125);
  assert_u64(info.missing_bytes, 0);
  assert_string_equal(info.format, "mlx");
}

static void every_dtype_has_its_size(void **state) {
  (void)state;
  static const struct {
    const char *dtype;
    unsigned bits;
    vf_format format;
  } cases[] = {
      {"F64", 64, VF_FORMAT_F64},
      {"F32", 32, VF_FORMAT_F32},
      {"F16", 16, VF_FORMAT_F16},
      {"BF16", 16, VF_FORMAT_BF16},
      {"F8_E4M3", 8, VF_FORMAT_F8_E4M3},
      {"F8_E5M2", 8, VF_FORMAT_F8_E5M2},
      {"F8_E4M3FNUZ", 8, VF_FORMAT_F8_E4M3},
      {"F8_E5M2FNUZ", 8, VF_FORMAT_F8_E5M2},
      {"F8_E8M0", 8, VF_FORMAT_F8_E8M0},
      {"F6_E2M3", 6, VF_FORMAT_F6_E2M3},
      {"F6_E3M2", 6, VF_FORMAT_F6_E3M2},
      {"F4", 4, VF_FORMAT_F4},
      {"I8", 8, VF_FORMAT_I8},
      {"U8", 8, VF_FORMAT_U8},
      {"I16", 16, VF_FORMAT_I16},
      {"U16", 16, VF_FORMAT_U16},
      {"I32", 32, VF_FORMAT_I32},
      {"U32", 32, VF_FORMAT_U32},
      {"I64", 64, VF_FORMAT_I64},
      {"U64", 64, VF_FORMAT_U64},
      {"BOOL", 8, VF_FORMAT_BOOL},
      {"C64", 64, VF_FORMAT_F32},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    char header[200];
    unsigned bytes = 12 * cases[i].bits / 8;
    seen s = {.count = 0};
    vf_safetensors_info info;
    snprintf(header, sizeof header, "{" ENTRY("t", "%s", "3,4", "0", "%u") "}", cases[i].dtype,
             bytes);
    blob b = file_of(header, bytes);
    write_blob(path, &b);
    assert_ok(read_here(false, &info, &s, err));
    assert_int_equal(s.tensors[0].tensor.format, cases[i].format);
    assert_u64(s.bytes, bytes);
  }
}

static void a_file_without_tensors_is_read(void **state) {
  (void)state;
  assert_ok(read_header("{}", 0, err));
  assert_ok(read_header("\n{ '__metadata__' : { } }\t\r\n", 0, err));
}

/* ---- What is wrong in the header -------------------------------------------------------- */

typedef struct bad_header {
  const char *header;
  size_t data;
  vf_status status;
  const char *words; /* the place, too */
} bad_header;

static const bad_header bad_headers[] = {
    /* no JSON, or no header */
    {"", 0, VF_MALFORMED, "the header is empty"},
    {" ", 0, VF_MALFORMED, "offset 9: the text ends too early"},
    {"{", 0, VF_MALFORMED, "offset 9: the text ends too early"},
    {"[]", 0, VF_MALFORMED, "offset 8: the header is not a JSON object"},
    {"{}x", 0, VF_MALFORMED, "offset 10: something follows"},
    {"{'a\\u0000':1}", 0, VF_MALFORMED, "offset 11: a NUL character in a string is refused"},
    {"{'a\n':1}", 0, VF_MALFORMED, "offset 11: a control character"},
    {"{'\xff':1}", 0, VF_MALFORMED, "offset 10: not UTF-8"},
    {"\xEF\xBB\xBF{}", 0, VF_MALFORMED, "offset 8: starts with a byte order mark"},
    /* metadata */
    {"{'__metadata__':1}", 0, VF_MALFORMED, "/__metadata__: an object of strings"},
    {"{'__metadata__':{'a':1}}", 0, VF_MALFORMED, "/__metadata__: only strings"},
    {"{'__metadata__':{'a':{'b':'c'}}}", 0, VF_MALFORMED, "/__metadata__: only strings"},
    {"{'__metadata__':{},'__metadata__':{}}", 0, VF_MALFORMED, "/__metadata__: occurs twice"},
    {"{'__metadata__':{'format':'a','format':'b'}}", 0, VF_MALFORMED,
     "/__metadata__/format: occurs twice"},
    /* entries */
    {"{'a':1}", 0, VF_MALFORMED, "offset 9, /a: an object with dtype"},
    {"{'a':{}}", 0, VF_MALFORMED, "offset 9, /a: has no dtype"},
    {"{'a':{'dtype':'F32','data_offsets':[0,0]}}", 0, VF_MALFORMED, "/a: has no shape"},
    {"{'a':{'dtype':'F32','shape':[]}}", 0, VF_MALFORMED, "/a: has no data_offsets"},
    {"{'a':{'dtype':'F32','dtype':'F32'}}", 0, VF_MALFORMED, "/a: a field occurs twice"},
    {"{'a':{'shape':[],'shape':[]}}", 0, VF_MALFORMED, "/a: a field occurs twice"},
    /* dtype */
    {"{'a':{'dtype':1}}", 0, VF_MALFORMED, "/a/dtype: a string is expected"},
    {"{'a':{'dtype':'f32'}}", 0, VF_UNSUPPORTED, "/a/dtype: 'f32' is no dtype"},
    {"{'a':{'dtype':'F3'}}", 0, VF_UNSUPPORTED, "/a/dtype: 'F3' is no dtype"},
    /* shape */
    {"{'a':{'shape':1}}", 0, VF_MALFORMED, "/a/shape: an array is expected"},
    {"{'a':{'shape':[-1]}}", 0, VF_MALFORMED, "/a/shape: number 1 is not a whole number"},
    {"{'a':{'shape':[1,1.0]}}", 0, VF_MALFORMED, "/a/shape: number 2 is not a whole number"},
    {"{'a':{'shape':[1e3]}}", 0, VF_MALFORMED, "/a/shape: number 1 is not a whole number"},
    {"{'a':{'shape':['1']}}", 0, VF_MALFORMED, "/a/shape: number 1 is not a whole number"},
    {"{'a':{'shape':[[1]]}}", 0, VF_MALFORMED, "/a/shape: number 1 is not a whole number"},
    {"{'a':{'shape':[18446744073709551616]}}", 0, VF_MALFORMED, "/a/shape: number 1 is not"},
    {"{'a':{'shape':[1,1,1,1,1,1,1,1,1]}}", 0, VF_LIMIT, "/a/shape: more than 8 numbers"},
    {"{" ENTRY("a", "F32", "4294967296,4294967296", "0", "0") "}", 0, VF_OVERFLOW,
     "/a/shape: more than 2^64 elements"},
    {"{" ENTRY("a", "F32", "0,4294967296,4294967296", "0", "0") "}", 0, VF_OVERFLOW,
     "/a/shape: more than 2^64 elements"},
    {"{" ENTRY("a", "F32", "9223372036854775808", "0", "0") "}", 0, VF_OVERFLOW,
     "/a/shape: more than 2^64 bytes"},
    {"{" ENTRY("a", "C64", "9223372036854775808", "0", "0") "}", 0, VF_OVERFLOW,
     "/a/shape: more than 2^64 elements"},
    {"{" ENTRY("a", "F4", "3", "0", "2") "}", 2, VF_MALFORMED,
     "/a/shape: 3 elements of F4 do not fill whole bytes"},
    {"{" ENTRY("a", "F6_E2M3", "2", "0", "2") "}", 2, VF_MALFORMED, "do not fill whole bytes"},
    /* data_offsets */
    {"{'a':{'data_offsets':0}}", 0, VF_MALFORMED, "/a/data_offsets: an array is expected"},
    {"{'a':{'data_offsets':[]}}", 0, VF_MALFORMED, "/a/data_offsets: two numbers"},
    {"{'a':{'data_offsets':[0]}}", 0, VF_MALFORMED, "/a/data_offsets: two numbers"},
    {"{'a':{'data_offsets':[0,1,2]}}", 0, VF_MALFORMED, "/a/data_offsets: two numbers"},
    {"{'a':{'data_offsets':[-1,1]}}", 0, VF_MALFORMED, "/a/data_offsets: number 1 is not"},
    {"{'a':{'data_offsets':[1,0]}}", 0, VF_MALFORMED, "/a/data_offsets: begin, 1, is after end, 0"},
    {"{" ENTRY("a", "F32", "1", "0", "3") "}", 3, VF_MALFORMED,
     "/a/data_offsets: 3 bytes, but its shape in F32 takes 4"},
    {"{" ENTRY("a", "F32", "1", "0", "5") "}", 5, VF_MALFORMED,
     "/a/data_offsets: 5 bytes, but its shape in F32 takes 4"},
    {"{" ENTRY("a", "U8", "1", "18446744073709551614", "18446744073709551615") "}", 1, VF_OVERFLOW,
     "/a/data_offsets: beyond 2^64"},
    /* layout */
    {"{" ENTRY("a", "U8", "4", "0", "4") "," ENTRY("b", "U8", "4", "2", "6") "}", 6, VF_MALFORMED,
     "/b/data_offsets: begins at 2, but 4 is where the data before it ends: tensors overlap"},
    {"{" ENTRY("b", "U8", "4", "5", "9") "," ENTRY("a", "U8", "4", "0", "4") "}", 9, VF_MALFORMED,
     "offset 9, /b/data_offsets: begins at 5, but 4 is where the data before it ends: there is a"},
    {"{" ENTRY("a", "U8", "4", "1", "5") "}", 5, VF_MALFORMED, "/a/data_offsets: begins at 1"},
    {"{" ENTRY("a", "U8", "4", "0", "4") "}", 5, VF_MALFORMED, "1 bytes follow after the last"},
    {"{}", 1, VF_MALFORMED, "offset 10: 1 bytes follow after the last tensor"},
    {"{" ENTRY("a", "U8", "4", "0", "4") "," ENTRY("b", "U8", "4", "4", "8") "}", 6, VF_MALFORMED,
     "/b: the file is truncated, 2 bytes are missing"},
    {"{" ENTRY("a", "U8", "9223372036854775807", "0", "9223372036854775807") "}", 6, VF_MALFORMED,
     "/a: the file is truncated, 9223372036854775801 bytes are missing"},
    /* names */
    {"{" ENTRY("a", "U8", "1", "0", "1") "," ENTRY("a", "U8", "1", "1", "2") "}", 2, VF_MALFORMED,
     "/a: this name occurs twice"},
    {"{" ENTRY("a", "U8", "1", "0", "1") "," ENTRY("\\u0061", "U8", "1", "1", "2") "}", 2,
     VF_MALFORMED, "offset 61, /a: this name occurs twice"},
    {"{" ENTRY("a", "U8", "1", "0", "1") "," ENTRY("a", "U8", "1", "0", "1") "}", 1, VF_MALFORMED,
     "/a: this name occurs twice"},
};

static void a_bad_header_is_refused_with_place_and_reason(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof bad_headers / sizeof *bad_headers; i++) {
    const bad_header *b = &bad_headers[i];
    assert_fails(read_header(b->header, b->data, err), b->status, b->words);
    assert_fails(read_header(b->header, b->data, err), b->status, path);
  }
}

static void an_output_stays_untouched_on_failure(void **state) {
  (void)state;
  vf_safetensors_info info = {.n_tensors = 77};
  seen s = {.count = 0};
  vf_error err;
  assert_int_equal(read_header("{", 0, &err), VF_MALFORMED);
  assert_int_equal(read_here(true, &info, &s, &err), VF_MALFORMED);
  assert_u64(info.n_tensors, 77);
}

static void nesting_is_bounded(void **state) {
  (void)state;
  blob b = {0};
  put_text(&b, "{'a':{'more':");
  for (int i = 0; i < 63; i++) put_text(&b, "[");
  put(&b, "", 1);
  assert_fails(read_header((char *)b.bytes, 0, err), VF_LIMIT, "offset 83: nested deeper than 64");
  free(b.bytes);
}

static void a_long_name_is_refused(void **state) {
  (void)state;
  blob b = {0};
  put_text(&b, "{'");
  for (int i = 0; i < 4097; i++) put_text(&b, "n");
  put_text(&b, "':1}");
  put(&b, "", 1);
  assert_fails(read_header((char *)b.bytes, 0, err), VF_LIMIT, "the string is too long");
  free(b.bytes);
}

/* ---- What is wrong with the file -------------------------------------------------------- */

static void a_length_that_cannot_be_is_refused(void **state) {
  (void)state;
  static const struct {
    uint64_t length;
    const char *words;
  } cases[] = {
      {0, "the header is empty"},
      {1, "offset 9: the text ends too early"},
      {(1ull << 31) - 1, "more than the format's"},
      {1ull << 31, "more than the format's"},
      {(1ull << 32) - 1, "more than the format's"},
      {1ull << 32, "more than the format's"},
      {1ull << 53, "more than the format's"},
      {(1ull << 63) - 1, "more than the format's"},
      {1ull << 63, "more than the format's"},
      {UINT64_MAX - 7, "more than the format's"},
      {UINT64_MAX - 1, "more than the format's"},
      {UINT64_MAX, "a header of 18446744073709551615 bytes is more than the format's"},
      {100000001, "more than the format's 100,000,000"},
      {100000000, "offset 10: the file ends inside its header, 99999998 bytes too early"},
      {3, "offset 10: the file ends inside its header, 1 bytes too early"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    blob b = {0};
    put_little(&b, cases[i].length, 8);
    put_text(&b, "{}");
    write_blob(path, &b);
    assert_fails(read_file(err), VF_MALFORMED, cases[i].words);
  }
}

static void a_file_too_short_for_a_length_is_refused(void **state) {
  (void)state;
  for (size_t n = 0; n < 8; n++) {
    write_bytes(path, "\2\0\0\0\0\0\0\0", n);
    assert_fails(read_file(err), VF_MALFORMED, "too few for a safetensors file");
  }
}

static void a_pointer_of_git_lfs_is_told_as_such(void **state) {
  (void)state;
  static const char pointer[] = "version https://git-lfs.github.com/spec/v1\noid sha256:00\n";
  write_bytes(path, pointer, strlen(pointer));
  assert_fails(read_file(err), VF_MALFORMED, "run git lfs pull");
}

static vf_status read_at(const char *other, vf_error *err) {
  seen s = {.count = 0};
  vf_safetensors_info info;
  const vf_tensor_sink sink = {remember, &s};
  vf_arena *arena = vf_arena_new(&vf_default_allocator, 1 << 20);
  vf_status status = vf_safetensors_read(&info, vf_file_system(), other, &sink, arena, err);
  vf_arena_free(arena);
  return status;
}

static void what_is_no_regular_file_is_refused(void **state) {
  (void)state;
  assert_fails(read_at("test_safetensors.none", err), VF_IO, "cannot be opened");
  assert_fails(read_at(".", err), VF_IO, "not a regular file");
  assert_fails(read_at("/dev/zero", err), VF_IO, "not a regular file");
  remove("test_safetensors.pipe");
  assert_int_equal(mkfifo("test_safetensors.pipe", 0600), 0);
  assert_fails(read_at("test_safetensors.pipe", err), VF_IO, "not a regular file");
  remove("test_safetensors.pipe");
}

static void inspection_tells_what_a_truncated_file_lacks(void **state) {
  (void)state;
  blob b = file_of("{" ENTRY("a", "U8", "4", "0", "4") "," ENTRY("b", "U8", "4", "4", "8") "}", 8);
  size_t header = b.length - 8;
  for (size_t data = 0; data <= 8; data++) {
    vf_safetensors_info info;
    seen s = {.count = 0};
    write_bytes(path, b.bytes, header + data);
    assert_ok(read_here(true, &info, &s, err));
    assert_u64(info.missing_bytes, 8 - data);
    assert_u64(info.data_bytes, 8);
    assert_int_equal(s.count, 2);
  }
  free(b.bytes);
}

/* ---- Sweeps ----------------------------------------------------------------------------- */

static const char seed[] =
    "{'__metadata__':{'format':'pt'}," ENTRY("model.a", "BF16", "4,3", "0", "24") "," ENTRY(
        "b\\u00e9", "F4", "8", "24", "28") "," ENTRY("c", "F8_E4M3", "", "28", "29") "} ";

static void every_truncation_is_refused(void **state) {
  (void)state;
  blob b = file_of(seed, 29);
  for (size_t n = 0; n < b.length; n++) {
    vf_error err = {VF_OK};
    write_bytes(path, b.bytes, n);
    assert_int_equal(read_file(&err), VF_MALFORMED);
    assert_true(err.message[0] != '\0' && strcmp(err.source, path) == 0);
  }
  free(b.bytes);
}

/* Whatever is accepted, its bytes are those of the file. */
static void a_mutated_byte_breaks_nothing(void **state) {
  (void)state;
  blob b = file_of(seed, 29);
  size_t data = 29;
  for (size_t i = 0; i < b.length - data; i++) {
    const unsigned char was = b.bytes[i];
    const unsigned char values[] = {0,          1,   0x7F, 0x80, 0xFF, was ^ 1,
                                    was ^ 0x80, '"', '0',  '9',  ' '};
    for (size_t v = 0; v < sizeof values; v++) {
      vf_safetensors_info info;
      seen s = {.count = 0};
      vf_error err = {VF_OK};
      b.bytes[i] = values[v];
      write_bytes(path, b.bytes, b.length);
      vf_status status = read_here(false, &info, &s, &err);
      assert_int_equal(err.status, status);
      if (status == VF_OK) assert_true(s.bytes == data && info.data_bytes == data);
    }
    b.bytes[i] = was;
  }
  free(b.bytes);
}

static void numbers_at_their_bounds_never_make_a_wrong_size(void **state) {
  (void)state;
  static const char *const bounds[] = {"0",
                                       "1",
                                       "2147483647",
                                       "2147483648",
                                       "4294967295",
                                       "4294967296",
                                       "9007199254740992",
                                       "9223372036854775807",
                                       "9223372036854775808",
                                       "18446744073709551608",
                                       "18446744073709551614",
                                       "18446744073709551615",
                                       "18446744073709551616"};
  enum { N = sizeof bounds / sizeof *bounds };
  for (size_t i = 0; i < N * N * N; i++) {
    char header[300];
    vf_safetensors_info info;
    seen s = {.count = 0};
    const char *dim = bounds[i % N], *begin = bounds[i / N % N], *end = bounds[i / N / N];
    snprintf(header, sizeof header, "{" ENTRY("a", "U16", "%s", "%s", "%s") "}", dim, begin, end);
    blob b = file_of(header, 4);
    write_blob(path, &b);
    vf_status status = read_here(true, &info, &s, NULL);
    if (status != VF_OK) continue;
    assert_int_equal(begin[0], '0');
    assert_u64(info.data_bytes, info.missing_bytes + 4);
    assert_u64(s.tensors[0].tensor.bytes, 2 * s.tensors[0].tensor.ne[0]);
  }
}

/* ---- Size ------------------------------------------------------------------------------- */

/* Two names with one FNV-1a hash, found by search. */
#define TWIN_A "wddg1lj2uyddo"
#define TWIN_B "ucgz42ohhchlk"

static vf_status read_three(const char *a, const char *b, const char *c, vf_error *err) {
  char header[400];
  snprintf(header, sizeof header,
           "{" ENTRY("%s", "U8", "1", "0", "1") "," ENTRY("%s", "U8", "1", "1", "2") "," ENTRY(
               "%s", "U8", "1", "2", "3") "}",
           a, b, c);
  return read_header(header, 3, err);
}

static void names_that_share_a_hash_are_told_apart(void **state) {
  (void)state;
  assert_ok(read_three(TWIN_A, TWIN_B, "c", err));
  assert_fails(read_three(TWIN_A, TWIN_B, TWIN_A, err), VF_MALFORMED, TWIN_A ": this name occurs");
  assert_fails(read_three(TWIN_A, TWIN_B, TWIN_B, err), VF_LIMIT, "made to collide");
}

/* Larger than the window, which then slides in front of each kind of token. */
static blob large_file(size_t tensors, bool twice) {
  blob header = {0}, b = {0};
  put_text(&header, "{\"__metadata__\":{\"x\":\"");
  for (int i = 0; i < 1 << 20; i += 4) put_text(&header, "\xF0\x9F\x98\x80");
  put_text(&header, "\"}");
  for (size_t i = 0; i < tensors; i++) {
    char entry[160];
    size_t at = (i * 7919) % tensors; /* not in the order of the data */
    snprintf(entry, sizeof entry,
             ",\"layers.%zu.w\" : {\"dtype\":\"U8\", \"shape\":[1],\"data_offsets\":[%zu,%zu]}",
             twice && i == tensors - 1 ? 5 : i, at, at + 1);
    put_text(&header, entry);
  }
  put_text(&header, "}");
  put_little(&b, header.length, 8);
  put(&b, header.bytes, header.length);
  put_zeros(&b, tensors);
  free(header.bytes);
  return b;
}

static void a_header_of_five_megabytes_is_read(void **state) {
  (void)state;
  vf_safetensors_info info;
  seen s = {.count = 0};
  blob b = large_file(60000, false);
  assert_true(b.length > 5000000);
  write_blob(path, &b);
  assert_ok(read_here(false, &info, &s, err));
  assert_int_equal(s.count, 60000);
  assert_u64(info.data_bytes, 60000);
  assert_string_equal(s.tensors[63].name, "layers.63.w");
}

static void a_name_that_occurs_twice_is_found_among_many(void **state) {
  (void)state;
  blob b = large_file(60000, true);
  write_blob(path, &b);
  assert_fails(read_file(err), VF_MALFORMED, "/layers.5.w: this name occurs twice");
}

static vf_status read_good(vf_arena *arena, vf_error *err) {
  seen s = {.count = 0};
  vf_safetensors_info info;
  return read_in(arena, false, &info, &s, err);
}

static void running_out_of_memory_is_told_at_every_allocation(void **state) {
  (void)state;
  blob b = file_of(seed, 29);
  write_blob(path, &b);
  fail_every_allocation(read_good);
}

static vf_status refuse(void *context, const vf_file_tensor *t, vf_error *err) {
  (void)context;
  (void)t;
  if (err != NULL) err->status = VF_LIMIT;
  return VF_LIMIT;
}

static void a_sink_that_fails_ends_the_reading(void **state) {
  (void)state;
  vf_safetensors_info info;
  const vf_tensor_sink sink = {refuse, NULL};
  vf_arena *arena = vf_arena_new(&vf_default_allocator, 1 << 20);
  blob b = file_of(seed, 29);
  write_blob(path, &b);
  assert_int_equal(vf_safetensors_read(&info, vf_file_system(), path, &sink, arena, NULL),
                   VF_LIMIT);
  vf_arena_free(arena);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_good_file_yields_its_tensors),
      cmocka_unit_test(every_dtype_has_its_size),
      cmocka_unit_test(a_file_without_tensors_is_read),
      cmocka_unit_test(a_bad_header_is_refused_with_place_and_reason),
      cmocka_unit_test(an_output_stays_untouched_on_failure),
      cmocka_unit_test(nesting_is_bounded),
      cmocka_unit_test(a_long_name_is_refused),
      cmocka_unit_test(a_length_that_cannot_be_is_refused),
      cmocka_unit_test(a_file_too_short_for_a_length_is_refused),
      cmocka_unit_test(a_pointer_of_git_lfs_is_told_as_such),
      cmocka_unit_test(what_is_no_regular_file_is_refused),
      cmocka_unit_test(inspection_tells_what_a_truncated_file_lacks),
      cmocka_unit_test(every_truncation_is_refused),
      cmocka_unit_test(a_mutated_byte_breaks_nothing),
      cmocka_unit_test(numbers_at_their_bounds_never_make_a_wrong_size),
      cmocka_unit_test(names_that_share_a_hash_are_told_apart),
      cmocka_unit_test(a_header_of_five_megabytes_is_read),
      cmocka_unit_test(a_name_that_occurs_twice_is_found_among_many),
      cmocka_unit_test(running_out_of_memory_is_told_at_every_allocation),
      cmocka_unit_test(a_sink_that_fails_ends_the_reading),
  };
  int failed = cmocka_run_group_tests(tests, NULL, NULL);
  remove(path);
  return failed;
}
