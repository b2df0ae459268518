/* gguf.c - metadata to facts, tensor infos to the sink.
 *
 * Nothing is allocated by a count that the file has not proved by its length: each count is
 * compared with the bytes that are left, at the least that one item takes. */
#include "readers/weights/gguf.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/checked.h"
#include "base/status.h"
#include "core/format.h"
#include "readers/window.h"

enum {
  MAX_KEYS = 65536,
  MAX_KEY_BYTES = 65535,
  MAX_TENSORS = 1 << 16, /* of all parts; the largest models have some 3,000 */
  MAX_METADATA_MIB = 16, /* that are kept: keys, texts, lists of numbers */
  SHARD_MIB = 48,        /* for all of that, and the names */
  MAX_NAME_BYTES = 63,   /* llama.cpp: GGML_MAX_NAME - 1 */
  MAX_DIMS = 4,
  MAX_KEPT_ITEMS = 8192,
  MAX_KEPT_STRING = 4096,
  DEFAULT_ALIGNMENT = 32,
  MIN_KEY_RECORD = 8 + 4 + 1,        /* length, type, the smallest value */
  MIN_TENSOR_RECORD = 8 + 4 + 4 + 8, /* length, dimensions, type, offset */
};

typedef enum value_type {
  T_U8,
  T_I8,
  T_U16,
  T_I16,
  T_U32,
  T_I32,
  T_F32,
  T_BOOL,
  T_STRING,
  T_ARRAY,
  T_U64,
  T_I64,
  T_F64,
  T_COUNT
} value_type;

static const uint8_t type_bytes[T_COUNT] = {1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8};

/* One file while it is read. */
typedef struct reader {
  const vf_files *files;
  vf_window w;
  vf_facts *facts;    /* where metadata goes */
  vf_arena *arena;    /* for what is needed while reading */
  vf_gguf_info *info; /* of the whole set */
  uint32_t shard;
  uint32_t alignment;
  uint64_t n_keys, n_tensors;
  uint64_t kept_bytes;   /* of the metadata */
  uint64_t data_end;     /* of the tensors so far, relative to the data */
  uint64_t last_padding; /* behind the last of them */
  bool tolerant;
  vf_error *err;
} reader;

/* ---- Names that must not repeat --------------------------------------------------------- */

static int compare_texts(const void *a, const void *b) {
  return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The first text that occurs twice, NULL if none does; sorts the list. */
static const char *find_duplicate(const char **texts, size_t n) {
  if (n > 1) qsort(texts, n, sizeof *texts, compare_texts);
  for (size_t i = 1; i < n; i++)
    if (strcmp(texts[i - 1], texts[i]) == 0) return texts[i];
  return NULL;
}

/* ---- Values ----------------------------------------------------------------------------- */

static vf_fact integer_fact(int64_t n) {
  return (vf_fact){.type = VF_FACT_INT, .as.integer = n};
}

static uint16_t decode16(const reader *r, const unsigned char *p) {
  unsigned low = r->w.big_endian ? p[1] : p[0], high = r->w.big_endian ? p[0] : p[1];
  return (uint16_t)(high << 8 | low);
}

static vf_fact decode_plain(const reader *r, value_type type, const unsigned char *p) {
  uint32_t u32 = type_bytes[type] == 4 ? vf_window_decode32(&r->w, p) : 0;
  uint64_t u64 = type_bytes[type] == 8 ? vf_window_decode64(&r->w, p) : 0;
  uint16_t u16 = type_bytes[type] == 2 ? decode16(r, p) : 0;
  float f32;
  double f64;
  switch (type) {
  case T_U8: return integer_fact(p[0]);
  case T_I8: return integer_fact((int8_t)p[0]);
  case T_U16: return integer_fact(u16);
  case T_I16: return integer_fact((int16_t)u16);
  case T_U32: return integer_fact(u32);
  case T_I32: return integer_fact((int32_t)u32);
  case T_I64: return integer_fact((int64_t)u64);
  case T_U64:
    if (u64 > INT64_MAX) return (vf_fact){.type = VF_FACT_FLOAT, .as.real = (double)u64};
    return integer_fact((int64_t)u64);
  case T_BOOL: return (vf_fact){.type = VF_FACT_BOOL, .as.boolean = p[0] != 0};
  case T_F32:
    memcpy(&f32, &u32, sizeof f32);
    return (vf_fact){.type = VF_FACT_FLOAT, .as.real = (double)f32};
  default: /* T_F64: texts and lists are no plain values */
    memcpy(&f64, &u64, sizeof f64);
    return (vf_fact){.type = VF_FACT_FLOAT, .as.real = f64};
  }
}

/* Files have some 100 KiB of it: templates and vocabularies are not kept. */
static vf_status keep_bytes(reader *r, uint64_t bytes, const char *what) {
  r->kept_bytes += bytes;
  if (r->kept_bytes <= (uint64_t)MAX_METADATA_MIB << 20) return VF_OK;
  return vf_window_fail(&r->w, VF_LIMIT, r->w.at, r->err,
                        "the metadata takes more than %d MiB to keep, up to %s", MAX_METADATA_MIB,
                        what);
}

static vf_status read_text(const char **out, reader *r, vf_arena *arena, uint64_t length,
                           const char *what) {
  const unsigned char *p;
  vf_status status = vf_window_take(&p, &r->w, (size_t)length, what, r->err);
  if (status != VF_OK) return status;
  if (memchr(p, '\0', (size_t)length) != NULL)
    return vf_window_fail(&r->w, VF_MALFORMED, r->w.at - length, r->err, "%s has a NUL in it",
                          what);
  *out = vf_arena_copy(arena, (const char *)p, (size_t)length);
  return *out == NULL ? vf_fail_nomem(r->err) : VF_OK;
}

static vf_status keep_text(const char **out, reader *r, uint64_t length, const char *what) {
  vf_status status = keep_bytes(r, length, what);
  return status == VF_OK ? read_text(out, r, r->facts->arena, length, what) : status;
}

/* Long texts (chat templates) are stepped over. */
static vf_status read_string_value(reader *r, const char *key, vf_fact *fact) {
  uint64_t length;
  vf_status status = vf_window_u64(&length, &r->w, key, r->err);
  if (status != VF_OK) return status;
  if (length > MAX_KEPT_STRING) return vf_window_skip(&r->w, length, key, r->err);
  fact->type = VF_FACT_STRING;
  return keep_text(&fact->as.string, r, length, key);
}

static vf_status keep_items(reader *r, const char *key, value_type type, uint64_t n,
                            vf_fact *fact) {
  const unsigned char *p;
  vf_status kept = keep_bytes(r, n * sizeof(vf_fact), key);
  if (kept != VF_OK) return kept;
  vf_fact *items = vf_arena_alloc(r->facts->arena, (size_t)n, sizeof *items);
  if (items == NULL) return vf_fail_nomem(r->err);
  for (uint64_t i = 0; i < n; i++) {
    vf_status status = vf_window_take(&p, &r->w, type_bytes[type], key, r->err);
    if (status != VF_OK) return status;
    items[i] = decode_plain(r, type, p);
  }
  *fact = (vf_fact){.type = VF_FACT_ARRAY, .as.array = {items, (size_t)n}};
  return VF_OK;
}

/* A list that is not kept leaves its length behind, under another key. */
static vf_status add_length(reader *r, const char *key, uint64_t n) {
  size_t size = strlen(key) + sizeof ".length";
  char *name = vf_arena_alloc(r->facts->arena, size, 1);
  if (name == NULL) return vf_fail_nomem(r->err);
  snprintf(name, size, "%s.length", key);
  vf_fact fact = integer_fact((int64_t)n);
  fact.key = name;
  return vf_facts_add(r->facts, fact, r->err);
}

static vf_status read_array(reader *r, const char *key, vf_fact *fact) {
  uint32_t type;
  uint64_t n, bytes, at = r->w.at;
  vf_status status = vf_window_u32(&type, &r->w, key, r->err);
  if (status == VF_OK) status = vf_window_u64(&n, &r->w, key, r->err);
  if (status != VF_OK) return status;
  if (type >= T_COUNT || type == T_ARRAY)
    return vf_window_fail(&r->w, VF_MALFORMED, at, r->err,
                          "key %s: a list of type %" PRIu32 ", which there is not", key, type);
  uint64_t least = type == T_STRING ? sizeof(uint64_t) : type_bytes[type];
  if (!vf_mul(&bytes, n, least) || bytes > r->w.source.bytes - r->w.at)
    return vf_window_fail(&r->w, VF_MALFORMED, at, r->err,
                          "key %s: a list of %" PRIu64 " items does not fit the file", key, n);
  if (type != T_STRING && n <= MAX_KEPT_ITEMS) return keep_items(r, key, (value_type)type, n, fact);
  status = add_length(r, key, n);
  if (status != VF_OK) return status;
  if (type == T_STRING) return vf_window_skip_strings(&r->w, n, key, r->err);
  return vf_window_skip(&r->w, bytes, key, r->err);
}

static vf_status read_value(reader *r, const char *key, uint32_t type, vf_fact *fact) {
  const unsigned char *p;
  if (type >= T_COUNT)
    return vf_window_fail(&r->w, VF_MALFORMED, r->w.at - sizeof type, r->err,
                          "key %s: value of type %" PRIu32 ", which there is not", key, type);
  if (type == T_STRING) return read_string_value(r, key, fact);
  if (type == T_ARRAY) return read_array(r, key, fact);
  vf_status status = vf_window_take(&p, &r->w, type_bytes[type], key, r->err);
  if (status == VF_OK) *fact = decode_plain(r, (value_type)type, p);
  return status;
}

/* ---- Metadata --------------------------------------------------------------------------- */

static vf_status read_key(reader *r, const char **out) {
  uint64_t length, at = r->w.at;
  vf_status status = vf_window_u64(&length, &r->w, "a key", r->err);
  if (status != VF_OK) return status;
  if (length == 0 || length > MAX_KEY_BYTES)
    return vf_window_fail(&r->w, VF_MALFORMED, at, r->err,
                          "a key of %" PRIu64 " bytes (1 to %d are allowed)", length,
                          MAX_KEY_BYTES);
  return keep_text(out, r, length, "a key");
}

static vf_status check_alignment(reader *r, const vf_fact *fact, uint32_t type, uint64_t at) {
  if (type != T_U32)
    return vf_window_fail(&r->w, VF_MALFORMED, at, r->err,
                          "general.alignment has type %" PRIu32 ", not that of a 32-bit number",
                          type);
  uint64_t n = (uint64_t)fact->as.integer;
  if (n == 0 || (n & (n - 1)) != 0)
    return vf_window_fail(&r->w, VF_MALFORMED, at, r->err,
                          "general.alignment is %" PRIu64 ", not a power of two", n);
  r->alignment = (uint32_t)n;
  return VF_OK;
}

static vf_status read_pair(reader *r, const char **key) {
  uint32_t type;
  uint64_t at = r->w.at;
  vf_fact fact = {.type = VF_FACT_NULL};
  vf_status status = read_key(r, key);
  if (status == VF_OK) status = vf_window_u32(&type, &r->w, *key, r->err);
  if (status == VF_OK) status = read_value(r, *key, type, &fact);
  if (status != VF_OK) return status;
  if (strcmp(*key, "general.alignment") == 0) status = check_alignment(r, &fact, type, at);
  if (status != VF_OK || fact.type == VF_FACT_NULL) return status;
  fact.key = *key;
  return vf_facts_add(r->facts, fact, r->err);
}

static vf_status read_metadata(reader *r) {
  const char **keys = vf_arena_alloc_raw(r->arena, (size_t)r->n_keys, sizeof *keys);
  if (keys == NULL) return vf_fail_nomem(r->err);
  for (uint64_t i = 0; i < r->n_keys; i++) {
    vf_status status = read_pair(r, &keys[i]);
    if (status != VF_OK) return status;
  }
  const char *twice = find_duplicate(keys, (size_t)r->n_keys);
  if (twice != NULL)
    return vf_fail_at(r->err, VF_MALFORMED, r->w.source.path, twice, "this key occurs twice");
  vf_facts_finish(r->facts);
  return VF_OK;
}

/* ---- Tensors ---------------------------------------------------------------------------- */

static vf_status tensor_failure(reader *r, uint64_t at, const char *name, const char *message) {
  return vf_window_fail(&r->w, VF_MALFORMED, at, r->err, "tensor %s %s", name, message);
}

/* Zero is a size like any other only where a dimension is zero. */
static vf_status measure(reader *r, uint64_t at, const char *name, vf_file_tensor *t) {
  uint64_t rows, elements;
  if (!vf_mul3(&rows, t->ne[1], t->ne[2], t->ne[3]) || !vf_mul(&elements, rows, t->ne[0]) ||
      elements > INT64_MAX)
    return tensor_failure(r, at, name, "has more than 2^63 elements");
  if (!vf_format_divides(t->format, t->ne[0]))
    return vf_window_fail(&r->w, VF_MALFORMED, at, r->err,
                          "tensor %s: rows of %" PRIu64 " do not divide into %s blocks", name,
                          t->ne[0], vf_format_get(t->format)->name);
  if (!vf_format_matrix(&t->bytes, t->format, t->ne[0], rows) || t->bytes > INT64_MAX)
    return tensor_failure(r, at, name, "has more than 2^63 bytes");
  return VF_OK;
}

static vf_status read_shape(reader *r, uint64_t at, const char *name, vf_file_tensor *t) {
  uint32_t dims;
  vf_status status = vf_window_u32(&dims, &r->w, "a tensor's shape", r->err);
  if (status != VF_OK) return status;
  if (dims == 0 || dims > MAX_DIMS)
    return vf_window_fail(&r->w, VF_MALFORMED, at, r->err,
                          "tensor %s has %" PRIu32 " dimensions (1 to %d are allowed)", name, dims,
                          MAX_DIMS);
  for (uint32_t d = 0; d < MAX_DIMS; d++) t->ne[d] = 1;
  for (uint32_t d = 0; d < dims && status == VF_OK; d++) {
    status = vf_window_u64(&t->ne[d], &r->w, "a tensor's shape", r->err);
    if (status == VF_OK && t->ne[d] > INT64_MAX)
      return tensor_failure(r, at, name, "has a negative dimension");
  }
  return status;
}

/* Data lies in order and without holes, each tensor padded to the alignment. */
static vf_status place(reader *r, uint64_t at, const char *name, vf_file_tensor *t) {
  if (t->offset != r->data_end)
    return vf_window_fail(&r->w, VF_MALFORMED, at, r->err,
                          "tensor %s starts at %" PRIu64 " of the data, not at %" PRIu64
                          " where the one before it ends",
                          name, t->offset, r->data_end);
  uint64_t padded;
  if (!vf_align_up(&padded, t->bytes, r->alignment) || !vf_add(&r->data_end, r->data_end, padded) ||
      r->data_end > INT64_MAX)
    return tensor_failure(r, at, name, "ends beyond 2^63 bytes");
  r->last_padding = padded - t->bytes;
  return VF_OK;
}

static vf_status read_name(reader *r, uint64_t at, const char **out) {
  uint64_t length;
  vf_status status = vf_window_u64(&length, &r->w, "a tensor's name", r->err);
  if (status != VF_OK) return status;
  if (length == 0 || length > MAX_NAME_BYTES)
    return vf_window_fail(&r->w, VF_MALFORMED, at, r->err,
                          "a tensor's name of %" PRIu64 " bytes (1 to %d are allowed)", length,
                          MAX_NAME_BYTES);
  return read_text(out, r, r->arena, length, "a tensor's name");
}

static vf_status read_type(reader *r, uint64_t at, const char *name, vf_file_tensor *t) {
  uint32_t type;
  vf_status status = vf_window_u32(&type, &r->w, "a tensor's type", r->err);
  if (status == VF_OK) status = vf_window_u64(&t->offset, &r->w, "a tensor's offset", r->err);
  if (status != VF_OK) return status;
  t->format = vf_format_of_gguf(type);
  if (t->format != VF_FORMAT_NONE) return VF_OK;
  return vf_window_fail(&r->w, VF_UNSUPPORTED, at, r->err,
                        "tensor %s has type %" PRIu32 ", which is not known here", name, type);
}

static vf_status read_tensor(reader *r, const char **name, const vf_tensor_sink *sink) {
  vf_file_tensor t = {.shard = r->shard};
  uint64_t at = r->w.at;
  vf_status status = read_name(r, at, name);
  if (status == VF_OK) status = read_shape(r, at, *name, &t);
  if (status == VF_OK) status = read_type(r, at, *name, &t);
  if (status == VF_OK) status = measure(r, at, *name, &t);
  if (status == VF_OK) status = place(r, at, *name, &t);
  if (status != VF_OK) return status;
  t.name = *name;
  t.name_length = strlen(*name);
  return sink->add(sink->context, &t, r->err);
}

/* The last tensor's padding may be missing; all of its bytes may not. */
static vf_status check_length(reader *r) {
  uint64_t start, end;
  if (!vf_align_up(&start, r->w.at, r->alignment) || !vf_add(&end, start, r->data_end))
    return vf_window_fail(&r->w, VF_MALFORMED, r->w.at, r->err, "the data ends beyond 2^64 bytes");
  r->info->header_bytes += start;
  r->info->data_bytes += r->data_end;
  r->info->file_bytes += r->w.source.bytes;
  if (r->n_tensors == 0 || r->w.source.bytes >= end - r->last_padding) return VF_OK;
  r->info->missing_bytes += end - r->last_padding - r->w.source.bytes;
  if (r->tolerant) return VF_OK;
  return vf_window_fail(&r->w, VF_MALFORMED, r->w.source.bytes, r->err,
                        "the file ends %" PRIu64 " bytes before its tensors do: download it again",
                        end - r->last_padding - r->w.source.bytes);
}

static vf_status read_tensors(reader *r, const vf_tensor_sink *sink) {
  const char **names = vf_arena_alloc_raw(r->arena, (size_t)r->n_tensors, sizeof *names);
  if (names == NULL) return vf_fail_nomem(r->err);
  for (uint64_t i = 0; i < r->n_tensors; i++) {
    vf_status status = read_tensor(r, &names[i], sink);
    if (status != VF_OK) return status;
  }
  const char *twice = find_duplicate(names, (size_t)r->n_tensors);
  if (twice != NULL)
    return vf_fail_at(r->err, VF_MALFORMED, r->w.source.path, twice, "this tensor occurs twice");
  return check_length(r);
}

/* ---- A file ----------------------------------------------------------------------------- */

static vf_status read_magic(reader *r) {
  const unsigned char *p;
  vf_status status = vf_window_take(&p, &r->w, 8, "the header", r->err);
  if (status != VF_OK) return status;
  if (memcmp(p, "GGUF", 4) != 0)
    return vf_window_fail(&r->w, VF_MALFORMED, 0, r->err, "is not a GGUF file");
  uint32_t version = vf_window_decode32(&r->w, p + 4);
  if ((version & 0xFFFF) == 0 && version != 0) {
    r->w.big_endian = true;
    version = vf_window_decode32(&r->w, p + 4);
  }
  r->info->version = version;
  r->info->big_endian = r->w.big_endian;
  if (version == 2 || version == 3) return VF_OK;
  return vf_window_fail(&r->w, VF_UNSUPPORTED, 4, r->err,
                        "GGUF version %" PRIu32 " is not known (2 and 3 are)%s", version,
                        version == 1 ? ": convert the model again" : "");
}

static vf_status read_count(reader *r, uint64_t *out, const char *what, uint64_t most,
                            uint64_t least_bytes) {
  uint64_t at = r->w.at;
  vf_status status = vf_window_u64(out, &r->w, "the header", r->err);
  if (status != VF_OK) return status;
  if (*out > (r->w.source.bytes - r->w.at) / least_bytes)
    return vf_window_fail(&r->w, VF_MALFORMED, at, r->err,
                          "%" PRIu64 " %s do not fit a file of %" PRIu64 " bytes", *out, what,
                          r->w.source.bytes);
  if (*out > most)
    return vf_window_fail(&r->w, VF_LIMIT, at, r->err, "%" PRIu64 " %s are more than %" PRIu64,
                          *out, what, most);
  return VF_OK;
}

static vf_status check_total(reader *r) {
  uint64_t all = r->info->n_tensors + r->n_tensors;
  if (all <= MAX_TENSORS) return VF_OK;
  return vf_window_fail(&r->w, VF_LIMIT, r->w.at, r->err,
                        "the files have %" PRIu64 " tensors up to here, more than %d", all,
                        MAX_TENSORS);
}

static vf_status read_header(reader *r) {
  r->alignment = DEFAULT_ALIGNMENT;
  vf_status status = read_magic(r);
  if (status == VF_OK)
    status = read_count(r, &r->n_tensors, "tensors", MAX_TENSORS, MIN_TENSOR_RECORD);
  if (status == VF_OK) status = check_total(r);
  if (status == VF_OK) status = read_count(r, &r->n_keys, "keys", MAX_KEYS, MIN_KEY_RECORD);
  if (status == VF_OK) status = read_metadata(r);
  return status;
}

static vf_status read_file(reader *r, const char *path, const vf_tensor_sink *sink) {
  vf_status status = vf_window_open(&r->w, r->files, path, r->arena, r->err);
  if (status == VF_OK) status = read_header(r);
  if (status == VF_OK && sink != NULL) status = read_tensors(r, sink);
  vf_window_close(&r->w);
  if (status != VF_OK) return status;
  r->info->n_keys += r->shard == 0 ? r->n_keys : 0;
  r->info->n_tensors += r->n_tensors;
  r->info->alignment = r->alignment;
  r->info->n_files++;
  return VF_OK;
}

/* ---- Sets of files ---------------------------------------------------------------------- */

/* "model-00002-of-00003.gguf": where the digits of the number stand, or NULL. */
static const char *shard_digits(const char *path) {
  static const char form[] = "-00000-of-00000.gguf";
  size_t n = strlen(path), m = sizeof form - 1;
  if (n < m) return NULL;
  const char *tail = path + n - m;
  for (size_t i = 0; i < m; i++) {
    bool digit = tail[i] >= '0' && tail[i] <= '9';
    if (form[i] == '0' ? !digit : tail[i] != form[i]) return NULL;
  }
  return tail + 1;
}

static uint64_t fact_count(const vf_facts *f, const char *key) {
  const vf_fact *fact = vf_facts_find(f, key);
  return fact != NULL && fact->type == VF_FACT_INT && fact->as.integer > 0
             ? (uint64_t)fact->as.integer
             : 0;
}

static vf_status check_shard(const vf_facts *facts, const char *path, uint32_t i, uint32_t n,
                             vf_error *err) {
  if (fact_count(facts, "split.count") == n && fact_count(facts, "split.no") == i) return VF_OK;
  return vf_fail_at(err, VF_MALFORMED, path, "split.no",
                    "says that it is file %" PRIu64 " of %" PRIu64 ", its name %" PRIu32
                    " of %" PRIu32,
                    fact_count(facts, "split.no") + 1, fact_count(facts, "split.count"), i + 1, n);
}

/* Reads shard i of n into facts that are kept (the first) or thrown away. */
static vf_status read_shard(vf_facts *facts, vf_gguf_info *info, const vf_files *files,
                            const char *path, uint32_t i, const vf_tensor_sink *sink, bool tolerant,
                            vf_error *err) {
  vf_arena *arena = vf_arena_new(vf_arena_allocator(facts->arena), (size_t)SHARD_MIB << 20);
  if (arena == NULL) return vf_fail_nomem(err);
  vf_facts others = vf_facts_in(arena, path);
  reader r = {.files = files,
              .facts = i == 0 ? facts : &others,
              .arena = arena,
              .info = info,
              .shard = i,
              .tolerant = tolerant,
              .err = err};
  vf_status status = read_file(&r, path, sink);
  uint32_t n = (uint32_t)fact_count(facts, "split.count");
  if (status == VF_OK && i > 0) status = check_shard(&others, path, i, n, err);
  vf_arena_free(arena);
  return status;
}

/* Names of all parts, as they go by: one that two of them hold is an error there, too. */
typedef struct set_names {
  const vf_tensor_sink *sink;
  vf_arena *arena;
  const char **names;
  size_t n, room;
} set_names;

static vf_status add_named(void *context, const vf_file_tensor *t, vf_error *err) {
  set_names *s = context;
  if (s->n == s->room) {
    size_t room = s->room == 0 ? 1024 : 2 * s->room;
    const char **more = vf_arena_alloc_raw(s->arena, room, sizeof *more);
    if (more == NULL) return vf_fail_nomem(err);
    if (s->n > 0) memcpy(more, s->names, s->n * sizeof *more);
    s->names = more;
    s->room = room;
  }
  s->names[s->n] = vf_arena_copy(s->arena, t->name, t->name_length);
  if (s->names[s->n++] == NULL) return vf_fail_nomem(err);
  return s->sink->add(s->sink->context, t, err);
}

static vf_status check_stated(const vf_facts *facts, const vf_gguf_info *info, const char *path,
                              vf_error *err) {
  uint64_t stated = fact_count(facts, "split.tensors.count");
  if (stated == 0 || stated == info->n_tensors) return VF_OK;
  return vf_fail_at(err, VF_MALFORMED, path, "split.tensors.count",
                    "says %" PRIu64 " tensors, but the files have %" PRIu64, stated,
                    info->n_tensors);
}

static vf_status check_set(const vf_facts *facts, const vf_gguf_info *info, const char *path,
                           set_names *s, vf_error *err) {
  const char *twice = find_duplicate(s->names, s->n);
  if (twice != NULL)
    return vf_fail_at(err, VF_MALFORMED, path, twice, "this tensor is in two of the files");
  return check_stated(facts, info, path, err);
}

static vf_status read_parts(vf_facts *facts, vf_gguf_info *info, const vf_files *files,
                            const char *path, uint32_t n, set_names *s, bool tolerant,
                            vf_error *err) {
  const vf_tensor_sink sink = {add_named, s};
  char *name = vf_arena_copy(facts->arena, path, strlen(path));
  char number[16];
  if (name == NULL) return vf_fail_nomem(err);
  char *digits = name + (shard_digits(path) - path);
  for (uint32_t i = 0; i < n; i++) {
    snprintf(number, sizeof number, "%05" PRIu32, i + 1);
    memcpy(digits, number, 5);
    vf_status status =
        read_shard(facts, info, files, name, i, s->sink != NULL ? &sink : NULL, tolerant, err);
    if (status == VF_OK && i == 0) status = check_shard(facts, name, 0, n, err);
    if (status != VF_OK) return status;
    if (s->sink == NULL) return VF_OK;
  }
  return check_set(facts, info, path, s, err);
}

static vf_status read_set(vf_facts *facts, vf_gguf_info *info, const vf_files *files,
                          const char *path, uint32_t n, const vf_tensor_sink *sink, bool tolerant,
                          vf_error *err) {
  set_names s = {.sink = sink};
  s.arena = vf_arena_new(vf_arena_allocator(facts->arena), (size_t)64 << 20);
  if (s.arena == NULL) return vf_fail_nomem(err);
  vf_status status = read_parts(facts, info, files, path, n, &s, tolerant, err);
  vf_arena_free(s.arena);
  return status;
}

static vf_status check_counts(const vf_facts *facts, const char *path, vf_error *err) {
  static const char *const keys[] = {"split.count", "split.no", "split.tensors.count"};
  for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
    const vf_fact *fact = vf_facts_find(facts, keys[i]);
    if (fact != NULL && (fact->type != VF_FACT_INT || fact->as.integer < 0))
      return vf_fail_at(err, VF_MALFORMED, path, keys[i], "is no count");
  }
  return VF_OK;
}

/* A part of a set whose name does not say so: an engine looks for the others by their names. */
static vf_status check_alone(const vf_facts *facts, const vf_gguf_info *info, const char *path,
                             vf_error *err) {
  uint64_t n = fact_count(facts, "split.count");
  vf_status status = check_counts(facts, path, err);
  if (status == VF_OK && n <= 1) status = check_stated(facts, info, path, err);
  if (status != VF_OK || n <= 1) return status;
  return vf_fail_at(err, VF_MALFORMED, path, "split.count",
                    "is file %" PRIu64 " of %" PRIu64 ", but is not called so: name the parts"
                    " NAME-00001-of-%05" PRIu64 ".gguf and on, in one folder",
                    fact_count(facts, "split.no") + 1, n, n);
}

vf_status vf_gguf_read(vf_facts *facts, vf_gguf_info *info, const vf_files *files, const char *path,
                       const vf_tensor_sink *sink, bool tolerant, vf_error *err) {
  const char *digits = shard_digits(path);
  uint32_t n = digits != NULL ? (uint32_t)strtoul(digits + strlen("00000-of-"), NULL, 10) : 0;
  *info = (vf_gguf_info){0};
  if (n > 1) return read_set(facts, info, files, path, n, sink, tolerant, err);
  vf_status status = read_shard(facts, info, files, path, 0, sink, tolerant, err);
  return status == VF_OK && !tolerant ? check_alone(facts, info, path, err) : status;
}

vf_status vf_gguf_recognize(bool *out, const vf_files *files, const char *path, vf_error *err) {
  vf_source source;
  char magic[4];
  size_t got = 0;
  vf_status status = vf_source_open(&source, files, path, err);
  if (status != VF_OK) return status;
  status = vf_source_read(&source, 0, magic, sizeof magic, &got, err);
  vf_source_close(&source);
  if (status == VF_OK) *out = got == sizeof magic && memcmp(magic, "GGUF", got) == 0;
  return status;
}
