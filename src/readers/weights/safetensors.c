/* safetensors.c - one pass over the header; a second one only to name what an error is about.
 *
 * Of each tensor the span of its data and a hash of its name are kept.  Spans are sorted to find
 * gaps and overlaps, hashes to find names that occur twice; the names themselves, which would be
 * most of the memory, are read again when one is wanted. */
#include "readers/weights/safetensors.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/checked.h"
#include "base/printf.h"
#include "base/status.h"
#include "base/text.h"
#include "core/format.h"
#include "readers/json/json_scan.h"
#include "readers/source.h"

enum {
  PREFIX_BYTES = 8,     /* the header's length */
  LEAST_ENTRY = 48,     /* bytes; "":{"dtype":"F4","shape":[],"data_offsets":[0,0]} has 49 */
  SCRATCH = 64 << 20,   /* bytes; the window, and 24 per tensor */
  FORMAT_BYTES = 64,    /* of the metadata's "format" that are kept */
  COLLISION_GROUPS = 8, /* hashes that names share by chance; there is hardly ever one */
};

/* ---- Storage types ---------------------------------------------------------------------- */

typedef struct dtype {
  const char *name;
  vf_format format;
  uint32_t numbers; /* per element */
} dtype;

/* FNUZ variants differ in how they encode zero and NaN, which takes no more room. */
static const dtype dtypes[] = {
    {"BF16", VF_FORMAT_BF16, 1},       {"F16", VF_FORMAT_F16, 1},
    {"F32", VF_FORMAT_F32, 1},         {"U8", VF_FORMAT_U8, 1},
    {"I32", VF_FORMAT_I32, 1},         {"F8_E4M3", VF_FORMAT_F8_E4M3, 1},
    {"F8_E5M2", VF_FORMAT_F8_E5M2, 1}, {"F8_E8M0", VF_FORMAT_F8_E8M0, 1},
    {"F4", VF_FORMAT_F4, 1},           {"F6_E2M3", VF_FORMAT_F6_E2M3, 1},
    {"I8", VF_FORMAT_I8, 1},           {"F6_E3M2", VF_FORMAT_F6_E3M2, 1},
    {"I16", VF_FORMAT_I16, 1},         {"U16", VF_FORMAT_U16, 1},
    {"U32", VF_FORMAT_U32, 1},         {"F8_E4M3FNUZ", VF_FORMAT_F8_E4M3, 1},
    {"I64", VF_FORMAT_I64, 1},         {"F8_E5M2FNUZ", VF_FORMAT_F8_E5M2, 1},
    {"U64", VF_FORMAT_U64, 1},         {"BOOL", VF_FORMAT_BOOL, 1},
    {"F64", VF_FORMAT_F64, 1},         {"C64", VF_FORMAT_F32, 2},
};

static const dtype *find_dtype(const char *name, size_t length) {
  for (size_t i = 0; i < sizeof dtypes / sizeof *dtypes; i++)
    if (strlen(dtypes[i].name) == length && memcmp(dtypes[i].name, name, length) == 0)
      return &dtypes[i];
  return NULL;
}

/* ---- The reader ------------------------------------------------------------------------- */

enum field { SEEN_DTYPE = 1, SEEN_SHAPE = 2, SEEN_OFFSETS = 4, SEEN_ALL = 7 };

/* The tensor that is being read. */
typedef struct entry {
  uint64_t at; /* of its name, in the file */
  size_t name_length;
  const dtype *dtype;
  uint64_t dims[VF_SAFETENSORS_RANK]; /* outermost first, as the file has them */
  uint32_t rank;
  uint64_t begin, end; /* of its data, after the header */
  unsigned seen;       /* fields */
  char name[VF_JSON_KEY_BYTES + 16];
} entry;

typedef struct span {
  uint64_t begin, end;
} span;

typedef struct reader {
  vf_source file;
  vf_arena *scratch;
  uint64_t header_bytes;
  uint64_t data_bytes;  /* that the file has after its header */
  uint64_t header_read; /* bytes that went through the window so far */
  vf_json_feed feed;
  vf_json_scan scan;
  span *spans;
  uint64_t *hashes;
  size_t count, capacity;
  bool has_metadata, has_format;
  char format[FORMAT_BYTES];
  entry tensor;
} reader;

static uint64_t position(const reader *r, size_t in_window) {
  return PREFIX_BYTES + r->scan.passed + in_window;
}

static vf_status fail_scan(const reader *r, const char *key, vf_error *err, const char *message) {
  return vf_source_fail(&r->file, position(r, r->scan.start), key, VF_MALFORMED, err, "%s",
                        message);
}

/* Fails in a field of the tensor that is being read. */
static vf_status fail_tensor(const reader *r, const char *field, vf_status status, vf_error *err,
                             const char *fmt, ...) VF_PRINTF(5, 6);

static vf_status fail_tensor(const reader *r, const char *field, vf_status status, vf_error *err,
                             const char *fmt, ...) {
  char key[128], message[256];
  vf_text text = vf_text_on(key, sizeof key - strlen(field));
  va_list args;
  va_start(args, fmt);
  vsnprintf(message, sizeof message, fmt, args);
  va_end(args);
  vf_text_put(&text, "/");
  vf_text_bytes(&text, r->tensor.name, r->tensor.name_length);
  strcat(key, field);
  return vf_source_fail(&r->file, r->tensor.at, key, status, err, "%s", message);
}

/* ---- Tokens ----------------------------------------------------------------------------- */

static vf_status read_header(void *context, char *to, size_t size, size_t *got, vf_error *err) {
  reader *r = context;
  uint64_t left = r->header_bytes - r->header_read;
  if (size > left) size = (size_t)left;
  vf_status status = vf_source_read(&r->file, PREFIX_BYTES + r->header_read, to, size, got, err);
  if (status == VF_OK) r->header_read += *got;
  return status;
}

/* The next token; errors say where in the file, not in which line. */
static vf_status next(reader *r, vf_json_token *out, vf_error *err) {
  vf_status status = vf_json_next(&r->scan, out, err);
  if (status == VF_OK || status == VF_IO || err == NULL) return status;
  err->line = err->column = 0;
  err->offset = position(r, r->scan.at);
  vf_error_set_source(err, r->file.path);
  return status;
}

static vf_status skip_value(reader *r, vf_error *err) {
  vf_json_token token;
  uint32_t depth = r->scan.depth;
  do {
    vf_status status = next(r, &token, err);
    if (status != VF_OK) return status;
  } while (r->scan.depth > depth);
  return VF_OK;
}

static bool token_is(const reader *r, const char *word) {
  size_t length = r->scan.end - r->scan.start;
  return strlen(word) == length && memcmp(r->scan.text + r->scan.start, word, length) == 0;
}

/* A whole number without sign, point or exponent. */
static bool token_number(const reader *r, uint64_t *out) {
  uint64_t n = 0;
  for (size_t i = r->scan.start; i < r->scan.end; i++) {
    unsigned digit = (unsigned)((unsigned char)r->scan.text[i] - '0');
    if (digit > 9 || !vf_mul(&n, n, 10) || !vf_add(&n, n, digit)) return false;
  }
  *out = n;
  return true;
}

/* ---- A tensor's entry ------------------------------------------------------------------- */

static vf_status read_dtype(reader *r, vf_error *err) {
  vf_json_token token;
  vf_status status = next(r, &token, err);
  if (status != VF_OK) return status;
  if (token != VF_JSON_STRING)
    return fail_tensor(r, "/dtype", VF_MALFORMED, err, "a string is expected");
  const char *name = r->scan.text + r->scan.start;
  size_t length = r->scan.end - r->scan.start;
  r->tensor.dtype = find_dtype(name, length);
  if (r->tensor.dtype != NULL) return VF_OK;
  return fail_tensor(r, "/dtype", VF_UNSUPPORTED, err,
                     "'%.*s' is no dtype that vramfit knows: a newer format, or a damaged file?",
                     (int)(length < 32 ? length : 32), name);
}

/* An array of at most `most` whole numbers. */
static vf_status read_numbers(reader *r, const char *field, uint64_t *out, uint32_t most,
                              uint32_t *count, vf_error *err) {
  vf_json_token token;
  uint32_t n = 0;
  vf_status status = next(r, &token, err);
  if (status != VF_OK) return status;
  if (token != VF_JSON_ARRAY)
    return fail_tensor(r, field, VF_MALFORMED, err, "an array is expected");
  for (;;) {
    status = next(r, &token, err);
    if (status != VF_OK) return status;
    if (token == VF_JSON_ARRAY_END) break;
    if (n == most)
      return fail_tensor(r, field, VF_LIMIT, err, "more than %" PRIu32 " numbers", most);
    bool whole = token == VF_JSON_NUMBER && token_number(r, &out[n]);
    n++;
    if (!whole)
      return fail_tensor(r, field, VF_MALFORMED, err,
                         "number %" PRIu32 " is not a whole number from 0 to 2^64 - 1", n);
  }
  *count = n;
  return VF_OK;
}

static vf_status read_offsets(reader *r, vf_error *err) {
  uint64_t pair[2] = {0};
  uint32_t n = 0;
  vf_status status = read_numbers(r, "/data_offsets", pair, 2, &n, err);
  if (status == VF_LIMIT || (status == VF_OK && n != 2))
    return fail_tensor(r, "/data_offsets", VF_MALFORMED, err, "two numbers are expected");
  if (status != VF_OK) return status;
  if (pair[0] > pair[1])
    return fail_tensor(r, "/data_offsets", VF_MALFORMED, err,
                       "begin, %" PRIu64 ", is after end, %" PRIu64, pair[0], pair[1]);
  r->tensor.begin = pair[0];
  r->tensor.end = pair[1];
  return VF_OK;
}

static vf_status read_field(reader *r, vf_error *err) {
  unsigned field = token_is(r, "dtype")          ? SEEN_DTYPE
                   : token_is(r, "shape")        ? SEEN_SHAPE
                   : token_is(r, "data_offsets") ? SEEN_OFFSETS
                                                 : 0;
  if ((r->tensor.seen & field) != 0)
    return fail_tensor(r, "", VF_MALFORMED, err, "a field occurs twice");
  r->tensor.seen |= field;
  if (field == SEEN_DTYPE) return read_dtype(r, err);
  if (field == SEEN_OFFSETS) return read_offsets(r, err);
  if (field != SEEN_SHAPE) return skip_value(r, err);
  return read_numbers(r, "/shape", r->tensor.dims, VF_SAFETENSORS_RANK, &r->tensor.rank, err);
}

static vf_status read_entry(reader *r, vf_error *err) {
  vf_json_token token;
  vf_status status = next(r, &token, err);
  if (status == VF_OK && token != VF_JSON_OBJECT)
    return fail_tensor(r, "", VF_MALFORMED, err,
                       "an object with dtype, shape and data_offsets is "
                       "expected");
  while (status == VF_OK) {
    status = next(r, &token, err);
    if (status != VF_OK || token == VF_JSON_OBJECT_END) break;
    status = read_field(r, err);
  }
  if (status != VF_OK || r->tensor.seen == SEEN_ALL) return status;
  const char *missing = (r->tensor.seen & SEEN_DTYPE) == 0   ? "dtype"
                        : (r->tensor.seen & SEEN_SHAPE) == 0 ? "shape"
                                                             : "data_offsets";
  return fail_tensor(r, "", VF_MALFORMED, err, "has no %s", missing);
}

/* ---- Metadata --------------------------------------------------------------------------- */

static vf_status read_note(reader *r, vf_error *err) {
  vf_json_token token;
  bool format = token_is(r, "format");
  if (format && r->has_format) return fail_scan(r, "/__metadata__/format", err, "occurs twice");
  vf_status status = next(r, &token, err);
  if (status != VF_OK) return status;
  if (token != VF_JSON_STRING)
    return fail_scan(r, "/__metadata__", err, "only strings are allowed in here");
  size_t length = r->scan.end - r->scan.start;
  if (!format) return VF_OK;
  r->has_format = true;
  if (length < sizeof r->format)
    r->format[vf_json_unescape(r->format, r->scan.text + r->scan.start, length)] = '\0';
  return VF_OK;
}

static vf_status read_metadata(reader *r, vf_error *err) {
  vf_json_token token;
  if (r->has_metadata) return fail_scan(r, "/__metadata__", err, "occurs twice");
  r->has_metadata = true;
  vf_status status = next(r, &token, err);
  if (status == VF_OK && token != VF_JSON_OBJECT)
    return fail_scan(r, "/__metadata__", err, "an object of strings is expected");
  while (status == VF_OK) {
    status = next(r, &token, err);
    if (status != VF_OK || token == VF_JSON_OBJECT_END) break;
    status = read_note(r, err);
  }
  return status;
}

/* ---- The header ------------------------------------------------------------------------- */

/* To the header's first member. */
static vf_status start(reader *r, vf_error *err) {
  vf_json_token token;
  r->header_read = 0;
  r->has_metadata = r->has_format = false;
  r->scan = vf_json_scan_through(&r->feed);
  vf_status status = next(r, &token, err);
  if (status == VF_OK && token != VF_JSON_OBJECT)
    return fail_scan(r, "", err, "the header is not a JSON object: is this a safetensors file?");
  return status;
}

static void take_name(reader *r) {
  size_t length = r->scan.end - r->scan.start;
  r->tensor.at = position(r, r->scan.start - 1);
  r->tensor.seen = 0;
  r->tensor.rank = 0;
  r->tensor.name_length = vf_json_unescape(r->tensor.name, r->scan.text + r->scan.start, length);
}

/* The next tensor's entry; *found is false after the last one. */
static vf_status next_tensor(reader *r, bool *found, vf_error *err) {
  static const char metadata[] = "__metadata__";
  for (;;) {
    vf_json_token token;
    vf_status status = next(r, &token, err);
    if (status != VF_OK) return status;
    *found = token == VF_JSON_KEY;
    if (!*found) return next(r, &token, err); /* nothing may follow */
    take_name(r);
    if (r->tensor.name_length != sizeof metadata - 1 ||
        memcmp(r->tensor.name, metadata, sizeof metadata - 1) != 0)
      return read_entry(r, err);
    status = read_metadata(r, err);
    if (status != VF_OK) return status;
  }
}

/* ---- What a tensor amounts to ----------------------------------------------------------- */

/* Elements; a product that overflows is refused even where another dimension is 0. */
static bool count_elements(uint64_t *out, const entry *e) {
  uint64_t n = e->dtype->numbers;
  bool empty = false;
  for (uint32_t i = 0; i < e->rank; i++) {
    if (!vf_mul(&n, n, vf_max_u64(e->dims[i], 1))) return false;
    empty = empty || e->dims[i] == 0;
  }
  *out = empty ? 0 : n;
  return true;
}

/* ggml's order: the last dimension first, all beyond four multiplied into the fourth. */
static void set_shape(vf_file_tensor *t, const entry *e) {
  for (size_t i = 0; i < 4; i++) t->ne[i] = 1;
  for (uint32_t i = 0; i < e->rank; i++) t->ne[i < 3 ? i : 3] *= e->dims[e->rank - 1 - i];
  t->ne[0] *= e->dtype->numbers;
}

static vf_status check_size(const reader *r, vf_error *err) {
  const entry *e = &r->tensor;
  uint64_t elements, bytes;
  if (!count_elements(&elements, e))
    return fail_tensor(r, "/shape", VF_OVERFLOW, err, "more than 2^64 elements");
  if (!vf_format_divides(e->dtype->format, elements))
    return fail_tensor(r, "/shape", VF_MALFORMED, err,
                       "%" PRIu64 " elements of %s do not fill whole bytes", elements,
                       e->dtype->name);
  if (!vf_format_row(&bytes, e->dtype->format, elements))
    return fail_tensor(r, "/shape", VF_OVERFLOW, err, "more than 2^64 bytes");
  if (bytes == e->end - e->begin) return VF_OK;
  return fail_tensor(r, "/data_offsets", VF_MALFORMED, err,
                     "%" PRIu64 " bytes, but its shape in %s takes %" PRIu64, e->end - e->begin,
                     e->dtype->name, bytes);
}

static vf_status hand_over(const reader *r, const vf_tensor_sink *sink, vf_error *err) {
  const entry *e = &r->tensor;
  vf_file_tensor t = {
      .name = e->name,
      .name_length = e->name_length,
      .bytes = e->end - e->begin,
      .format = e->dtype->format,
  };
  set_shape(&t, e);
  if (!vf_add(&t.offset, PREFIX_BYTES + r->header_bytes, e->begin))
    return fail_tensor(r, "/data_offsets", VF_OVERFLOW, err, "beyond 2^64 bytes");
  return sink->add(sink->context, &t, err);
}

/* FNV-1a.  Equal hashes are looked into, so that no name can hide behind another one's. */
static uint64_t hash_name(const entry *e) {
  uint64_t hash = UINT64_C(0xcbf29ce484222325);
  for (size_t i = 0; i < e->name_length; i++)
    hash = (hash ^ (unsigned char)e->name[i]) * UINT64_C(0x100000001b3);
  return hash;
}

static vf_status keep(reader *r, vf_error *err) {
  if (r->count == r->capacity)
    return fail_tensor(r, "", VF_LIMIT, err, "more than %d tensors", VF_SAFETENSORS_TENSORS);
  r->spans[r->count] = (span){r->tensor.begin, r->tensor.end};
  r->hashes[r->count++] = hash_name(&r->tensor);
  return VF_OK;
}

static vf_status read_tensors(reader *r, const vf_tensor_sink *sink, vf_error *err) {
  bool found = true;
  vf_status status = start(r, err);
  while (status == VF_OK) {
    status = next_tensor(r, &found, err);
    if (status != VF_OK || !found) break;
    status = check_size(r, err);
    if (status == VF_OK) status = keep(r, err);
    if (status == VF_OK) status = hand_over(r, sink, err);
  }
  return status;
}

/* ---- Gaps and overlaps ------------------------------------------------------------------ */

static int compare_spans(const void *a, const void *b) {
  const span *x = a, *y = b;
  if (x->begin != y->begin) return x->begin < y->begin ? -1 : 1;
  return x->end < y->end ? -1 : x->end > y->end;
}

static void sort_spans(reader *r) {
  size_t i = 1;
  while (i < r->count && compare_spans(&r->spans[i - 1], &r->spans[i]) <= 0) i++;
  if (i < r->count) qsort(r->spans, r->count, sizeof *r->spans, compare_spans);
}

/* Reads on to the tensor with this span, so that an error can name it. */
static void find_span(reader *r, span wanted) {
  bool found = true;
  if (start(r, NULL) != VF_OK) return;
  while (next_tensor(r, &found, NULL) == VF_OK && found)
    if (r->tensor.begin == wanted.begin && r->tensor.end == wanted.end) return;
}

static vf_status fail_gap(reader *r, span s, uint64_t expected, vf_error *err) {
  find_span(r, s);
  bool overlap = s.begin < expected;
  return fail_tensor(r, "/data_offsets", VF_MALFORMED, err,
                     "begins at %" PRIu64 ", but %" PRIu64 " is where the data before it ends: %s",
                     s.begin, expected, overlap ? "tensors overlap" : "there is a hole");
}

/* The first tensor that is not all there. */
static vf_status fail_truncated(reader *r, uint64_t missing, vf_error *err) {
  size_t i = 0;
  while (i + 1 < r->count && r->spans[i].end <= r->data_bytes) i++;
  find_span(r, r->spans[i]);
  return fail_tensor(r, "", VF_MALFORMED, err,
                     "the file is truncated, %" PRIu64 " bytes are missing from here on: fetch it "
                     "again",
                     missing);
}

/* Sorted, the tensors follow upon each other from the first to the last byte of the file. */
static vf_status check_layout(reader *r, vf_safetensors_info *info, bool partial, vf_error *err) {
  uint64_t at = 0;
  sort_spans(r);
  for (size_t i = 0; i < r->count; i++) {
    if (r->spans[i].begin != at) return fail_gap(r, r->spans[i], at, err);
    at = r->spans[i].end;
  }
  if (at < r->data_bytes)
    return vf_source_fail(&r->file, PREFIX_BYTES + r->header_bytes + at, "", VF_MALFORMED, err,
                          "%" PRIu64 " bytes follow after the last tensor: this is not the file "
                          "that its header describes",
                          r->data_bytes - at);
  info->data_bytes = at;
  info->missing_bytes = at - r->data_bytes;
  if (info->missing_bytes > 0 && !partial) return fail_truncated(r, info->missing_bytes, err);
  return VF_OK;
}

/* ---- Names that occur twice ------------------------------------------------------------- */

static int compare_hashes(const void *a, const void *b) {
  uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
  return x < y ? -1 : x > y;
}

/* Compares the names that have this hash with the first of them. */
static vf_status compare_pair(reader *r, uint64_t hash, vf_error *err) {
  char first[sizeof r->tensor.name];
  size_t length = 0;
  bool found = true, one = false;
  vf_status status = start(r, err);
  while (status == VF_OK) {
    status = next_tensor(r, &found, err);
    if (status != VF_OK || !found) break;
    if (hash_name(&r->tensor) != hash) continue;
    if (one && length == r->tensor.name_length && memcmp(first, r->tensor.name, length) == 0)
      return fail_tensor(r, "", VF_MALFORMED, err, "this name occurs twice");
    if (one) continue;
    one = true;
    length = r->tensor.name_length;
    memcpy(first, r->tensor.name, length);
  }
  return status;
}

/* Three different names with one hash, or many pairs, are made on purpose. */
static vf_status check_names(reader *r, vf_error *err) {
  size_t groups = 0;
  qsort(r->hashes, r->count, sizeof *r->hashes, compare_hashes);
  for (size_t i = 1; i < r->count; i++) {
    if (r->hashes[i] != r->hashes[i - 1]) continue;
    vf_status status = compare_pair(r, r->hashes[i], err);
    if (status != VF_OK) return status;
    bool third = i + 1 < r->count && r->hashes[i + 1] == r->hashes[i];
    if (third || ++groups > COLLISION_GROUPS)
      return vf_source_fail(&r->file, PREFIX_BYTES, "", VF_LIMIT, err,
                            "tensor names that are made to collide");
  }
  return VF_OK;
}

/* ---- The file --------------------------------------------------------------------------- */

static vf_status read_length(reader *r, vf_error *err) {
  static const char pointer[] = "version ";
  unsigned char bytes[PREFIX_BYTES];
  if (r->file.bytes < PREFIX_BYTES)
    return vf_source_fail(&r->file, 0, "", VF_MALFORMED, err,
                          "%" PRIu64 " bytes are too few for a safetensors file: fetch it again",
                          r->file.bytes);
  vf_status status = vf_source_take(&r->file, 0, bytes, sizeof bytes, err);
  if (status != VF_OK) return status;
  if (memcmp(bytes, pointer, sizeof bytes) == 0)
    return vf_source_fail(&r->file, 0, "", VF_MALFORMED, err,
                          "is a Git LFS pointer, not the file itself: run git lfs pull");
  r->header_bytes = 0;
  for (size_t i = 0; i < sizeof bytes; i++) r->header_bytes |= (uint64_t)bytes[i] << (8 * i);
  return VF_OK;
}

static vf_status check_length(reader *r, vf_error *err) {
  uint64_t left = r->file.bytes - PREFIX_BYTES;
  if (r->header_bytes > VF_SAFETENSORS_HEADER_BYTES)
    return vf_source_fail(&r->file, 0, "", VF_MALFORMED, err,
                          "a header of %" PRIu64 " bytes is more than the format's 100,000,000: is "
                          "this a safetensors file?",
                          r->header_bytes);
  if (r->header_bytes == 0)
    return vf_source_fail(&r->file, 0, "", VF_MALFORMED, err,
                          "the header is empty: is this a safetensors file?");
  if (r->header_bytes > left)
    return vf_source_fail(&r->file, r->file.bytes, "", VF_MALFORMED, err,
                          "the file ends inside its header, %" PRIu64 " bytes too early: fetch it "
                          "again",
                          r->header_bytes - left);
  r->data_bytes = left - r->header_bytes;
  return VF_OK;
}

/* Room for as many tensors as the header can describe; what is not used is never touched. */
static vf_status prepare(reader *r, vf_error *err) {
  uint64_t most = r->header_bytes / LEAST_ENTRY + 1;
  uint64_t window = r->header_bytes + 1;
  r->capacity = (size_t)vf_min_u64(most, VF_SAFETENSORS_TENSORS);
  r->feed.read = read_header;
  r->feed.context = r;
  r->feed.window_bytes = (size_t)vf_min_u64(window, VF_JSON_WINDOW_BYTES);
  r->feed.window = vf_arena_alloc_raw(r->scratch, r->feed.window_bytes, 1);
  r->spans = vf_arena_alloc_raw(r->scratch, r->capacity, sizeof *r->spans);
  r->hashes = vf_arena_alloc_raw(r->scratch, r->capacity, sizeof *r->hashes);
  if (r->feed.window == NULL || r->spans == NULL || r->hashes == NULL) return vf_fail_nomem(err);
  return VF_OK;
}

static vf_status fill_info(vf_safetensors_info *info, const reader *r, vf_arena *arena,
                           vf_error *err) {
  info->n_tensors = r->count;
  info->header_bytes = r->header_bytes;
  info->file_bytes = r->file.bytes;
  info->format = vf_arena_copy(arena, r->format, strlen(r->format));
  return info->format == NULL ? vf_fail_nomem(err) : VF_OK;
}

static vf_status read_file(vf_safetensors_info *out, reader *r, bool partial,
                           const vf_tensor_sink *sink, vf_arena *arena, vf_error *err) {
  vf_safetensors_info info = {0};
  vf_status status = read_length(r, err);
  if (status == VF_OK) status = check_length(r, err);
  if (status == VF_OK) status = prepare(r, err);
  if (status == VF_OK) status = read_tensors(r, sink, err);
  if (status == VF_OK) status = fill_info(&info, r, arena, err);
  if (status == VF_OK) status = check_names(r, err);
  if (status == VF_OK) status = check_layout(r, &info, partial, err);
  if (status == VF_OK) *out = info;
  return status;
}

static vf_status open_and_read(vf_safetensors_info *info, const vf_files *files, const char *path,
                               bool partial, const vf_tensor_sink *sink, vf_arena *arena,
                               vf_error *err) {
  vf_source file;
  vf_status status = vf_source_open(&file, files, path, err);
  if (status != VF_OK) return status;
  vf_arena *scratch = vf_arena_new(vf_arena_allocator(arena), SCRATCH);
  reader *r = scratch == NULL ? NULL : vf_arena_alloc(scratch, 1, sizeof *r);
  if (r == NULL) {
    status = vf_fail_nomem(err);
  } else {
    r->file = file;
    r->scratch = scratch;
    status = read_file(info, r, partial, sink, arena, err);
  }
  vf_arena_free(scratch);
  vf_source_close(&file);
  return status;
}

vf_status vf_safetensors_read(vf_safetensors_info *info, const vf_files *files, const char *path,
                              const vf_tensor_sink *sink, vf_arena *arena, vf_error *err) {
  return open_and_read(info, files, path, false, sink, arena, err);
}

vf_status vf_safetensors_inspect(vf_safetensors_info *info, const vf_files *files, const char *path,
                                 const vf_tensor_sink *sink, vf_arena *arena, vf_error *err) {
  return open_and_read(info, files, path, true, sink, arena, err);
}
