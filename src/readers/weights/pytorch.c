/* pytorch.c - a state_dict's pickle followed by a machine that can do nothing.
 *
 * The machine has pickle's stack and memo (Python's pickletools documents the instructions), but
 * its values are numbers, places in the text, and indices of storages and tensors.  Members of the
 * dictionary at the bottom of the stack are the tensors; one that ends anywhere else is refused,
 * so that none goes uncounted. */
#include "readers/weights/pytorch.h"

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
#include "readers/source.h"
#include "readers/weights/zip.h"

enum {
  STACK_VALUES = 1 << 16,
  POOL_VALUES = 1 << 20, /* in tuples; a tensor takes about twenty */
  MEMO_VALUES = 1 << 20, /* a tensor takes about ten */
  STORAGES = 1 << 17,    /* data entries of the archive */
  SCRATCH = 62 << 20,    /* bytes; all of the above and the pickle */
  PERSISTENT_FIELDS = 5, /* "storage", type, key, device, elements */
  REBUILD_FIELDS = 4,    /* storage, offset, size, stride, … */
  REBUILD_V3_FIELDS = 7, /* …, requires_grad, hooks, dtype */
  ARCHIVE_NAME_BYTES = 256,
};

#define CONVERT "load it in PyTorch and save its state_dict as safetensors"

/* ---- What a pickle may name ------------------------------------------------------------- */

typedef enum meaning {
  ORDERED_DICT,
  REBUILD_TENSOR,
  REBUILD_TENSOR_V3, /* with the dtype apart from the storage */
  REBUILD_PARAMETER,
  SIZE,
  STORAGE_TYPE,
  DTYPE,
} meaning;

typedef struct global {
  const char *module, *name;
  meaning meaning;
  vf_format format; /* of a storage type or dtype */
} global;

static const global globals[] = {
    {"collections", "OrderedDict", ORDERED_DICT, VF_FORMAT_NONE},
    {"torch._utils", "_rebuild_tensor_v2", REBUILD_TENSOR, VF_FORMAT_NONE},
    {"torch._utils", "_rebuild_tensor_v3", REBUILD_TENSOR_V3, VF_FORMAT_NONE},
    {"torch._utils", "_rebuild_parameter", REBUILD_PARAMETER, VF_FORMAT_NONE},
    {"torch", "Size", SIZE, VF_FORMAT_NONE},
    {"torch", "DoubleStorage", STORAGE_TYPE, VF_FORMAT_F64},
    {"torch", "FloatStorage", STORAGE_TYPE, VF_FORMAT_F32},
    {"torch", "HalfStorage", STORAGE_TYPE, VF_FORMAT_F16},
    {"torch", "BFloat16Storage", STORAGE_TYPE, VF_FORMAT_BF16},
    {"torch", "LongStorage", STORAGE_TYPE, VF_FORMAT_I64},
    {"torch", "IntStorage", STORAGE_TYPE, VF_FORMAT_I32},
    {"torch", "ShortStorage", STORAGE_TYPE, VF_FORMAT_I16},
    {"torch", "CharStorage", STORAGE_TYPE, VF_FORMAT_I8},
    {"torch", "ByteStorage", STORAGE_TYPE, VF_FORMAT_U8},
    {"torch", "BoolStorage", STORAGE_TYPE, VF_FORMAT_BOOL},
    {"torch.storage", "UntypedStorage", STORAGE_TYPE, VF_FORMAT_U8},
    {"torch", "float64", DTYPE, VF_FORMAT_F64},
    {"torch", "float32", DTYPE, VF_FORMAT_F32},
    {"torch", "float16", DTYPE, VF_FORMAT_F16},
    {"torch", "bfloat16", DTYPE, VF_FORMAT_BF16},
    {"torch", "int64", DTYPE, VF_FORMAT_I64},
    {"torch", "int32", DTYPE, VF_FORMAT_I32},
    {"torch", "int16", DTYPE, VF_FORMAT_I16},
    {"torch", "int8", DTYPE, VF_FORMAT_I8},
    {"torch", "uint64", DTYPE, VF_FORMAT_U64},
    {"torch", "uint32", DTYPE, VF_FORMAT_U32},
    {"torch", "uint16", DTYPE, VF_FORMAT_U16},
    {"torch", "uint8", DTYPE, VF_FORMAT_U8},
    {"torch", "bool", DTYPE, VF_FORMAT_BOOL},
    {"torch", "float8_e4m3fn", DTYPE, VF_FORMAT_F8_E4M3},
    {"torch", "float8_e4m3fnuz", DTYPE, VF_FORMAT_F8_E4M3},
    {"torch", "float8_e5m2", DTYPE, VF_FORMAT_F8_E5M2},
    {"torch", "float8_e5m2fnuz", DTYPE, VF_FORMAT_F8_E5M2},
    {"torch", "float8_e8m0fnu", DTYPE, VF_FORMAT_F8_E8M0},
};
enum { GLOBALS = sizeof globals / sizeof *globals };

/* ---- The machine ------------------------------------------------------------------------ */

typedef enum kind {
  NOTHING, /* a place of the memo that was not put */
  MARK,
  NONE,
  BOOL,
  INT,    /* a non-negative number: what */
  STRING, /* in the pickle: at, of length what */
  TUPLE,  /* in the pool: at, of length what */
  DICT,
  LIST,
  GLOBAL,  /* at, in the table above */
  STORAGE, /* at, in the list of storages; of the type what, in the table above */
  TENSOR,  /* at, in the list of tensors */
  OTHER,   /* a plain value of no interest */
} kind;

typedef struct value {
  kind kind;
  uint32_t at;
  uint64_t what;
} value;

/* Of a string or a tuple, which are within the pickle. */
static size_t size_of(value v) {
  return (size_t)v.what;
}

/* An entry "archive/data/KEY" of the zip file. */
typedef struct storage {
  uint64_t at, bytes;
  uint32_t key;
  bool stored, counted;
} storage;

typedef struct tensor {
  uint64_t dims[VF_PYTORCH_RANK]; /* outermost first */
  uint64_t first;                 /* element of the storage */
  uint32_t storage;
  vf_format format;
  uint8_t rank;
  bool placed; /* in the state_dict */
} tensor;

typedef struct machine {
  vf_source file;
  vf_zip zip;
  vf_arena *scratch;
  const vf_tensor_sink *sink;
  vf_pytorch_info info;
  char archive[ARCHIVE_NAME_BYTES];
  size_t archive_length;
  storage *storages;
  size_t n_storages, most_storages;
  uint64_t storage_bytes;           /* of those that are not compressed */
  uint64_t pickle_entry, pickle_at; /* the entry's header, its data; in the file */
  const unsigned char *pickle;
  size_t length, at; /* of the pickle */
  size_t op_at;      /* of the instruction that is followed */
  bool has_pickle, stopped;
  value *stack, *pool, *memo;
  size_t depth, pooled, next_memo;
  size_t most_depth, most_pooled, most_memo, most_tensors;
  tensor *tensors;
  size_t n_tensors, n_placed;
} machine;

/* Fails at the instruction that is followed. */
static vf_status fail(const machine *m, vf_status status, vf_error *err, const char *fmt, ...)
    VF_PRINTF(4, 5);

static vf_status fail(const machine *m, vf_status status, vf_error *err, const char *fmt, ...) {
  char message[256];
  va_list args;
  va_start(args, fmt);
  vsnprintf(message, sizeof message, fmt, args);
  va_end(args);
  return vf_source_fail(&m->file, m->pickle_at + m->op_at, "", status, err, "%s", message);
}

static vf_status unexpected(const machine *m, vf_error *err, const char *what) {
  return fail(m, VF_UNSUPPORTED, err, "the pickle has %s: " CONVERT, what);
}

static vf_status push(machine *m, value v, vf_error *err) {
  if (m->depth == m->most_depth) return fail(m, VF_LIMIT, err, "the pickle's stack is too deep");
  m->stack[m->depth++] = v;
  return VF_OK;
}

/* The value that lies n below the top; NULL if the stack has less or a mark is in between. */
static value *look(machine *m, size_t n) {
  if (m->depth <= n) return NULL;
  for (size_t i = 0; i <= n; i++)
    if (m->stack[m->depth - 1 - i].kind == MARK) return NULL;
  return &m->stack[m->depth - 1 - n];
}

static value *look_for(machine *m, size_t n, kind wanted) {
  value *v = look(m, n);
  return v != NULL && v->kind == wanted ? v : NULL;
}

/* Where the values above the topmost mark begin; 0 if there is no mark. */
static size_t above_mark(const machine *m) {
  size_t i = m->depth;
  while (i > 0 && m->stack[i - 1].kind != MARK) i--;
  return i;
}

/* Takes n bytes of the pickle; NULL if it has less. */
static const unsigned char *take(machine *m, uint64_t n) {
  if (n > m->length - m->at) return NULL;
  const unsigned char *p = m->pickle + m->at;
  m->at += (size_t)n;
  return p;
}

static vf_status ends(const machine *m, vf_error *err) {
  return fail(m, VF_MALFORMED, err, "the pickle ends inside an instruction");
}

static bool take_little(machine *m, size_t bytes, uint64_t *out) {
  const unsigned char *p = take(m, bytes);
  if (p == NULL) return false;
  *out = 0;
  for (size_t i = 0; i < bytes; i++) *out |= (uint64_t)p[i] << (8 * i);
  return true;
}

static bool text_is(const machine *m, size_t at, size_t length, const char *word) {
  return strlen(word) == length && memcmp(m->pickle + at, word, length) == 0;
}

/* ---- Plain values ----------------------------------------------------------------------- */

static vf_status run_skip(machine *m, uint32_t bytes, vf_error *err) {
  return take(m, bytes) != NULL ? VF_OK : ends(m, err);
}

static vf_status run_push(machine *m, uint32_t what, vf_error *err) {
  return push(m, (value){.kind = (kind)what}, err);
}

static vf_status run_empty_tuple(machine *m, uint32_t arg, vf_error *err) {
  return push(m, (value){TUPLE, 0, arg}, err);
}

static vf_status run_float(machine *m, uint32_t bytes, vf_error *err) {
  return take(m, bytes) != NULL ? run_push(m, OTHER, err) : ends(m, err);
}

static vf_status push_number(machine *m, uint64_t n, bool negative, vf_error *err) {
  return push(m, negative ? (value){.kind = OTHER} : (value){INT, 0, n}, err);
}

/* Four bytes are signed, fewer are not. */
static vf_status run_int(machine *m, uint32_t bytes, vf_error *err) {
  uint64_t n;
  if (!take_little(m, bytes, &n)) return ends(m, err);
  return push_number(m, n, bytes == 4 && n >> 31 != 0, err);
}

/* Two's complement in as many bytes as it takes. */
static vf_status run_long(machine *m, uint32_t bytes, vf_error *err) {
  uint64_t size, n = 0;
  if (!take_little(m, bytes, &size) || size > m->length - m->at) return ends(m, err);
  if (size > 9) return unexpected(m, err, "a number beyond 64 bits");
  const unsigned char *p = take(m, size);
  bool negative = size > 0 && p[size - 1] >> 7 != 0;
  if (size == 9 && p[8] != 0) negative = true;
  for (size_t i = 0; i < size && i < 8; i++) n |= (uint64_t)p[i] << (8 * i);
  return push_number(m, n, negative, err);
}

static vf_status take_text(machine *m, uint32_t length_bytes, value *out, vf_error *err) {
  uint64_t length;
  if (!take_little(m, length_bytes, &length) || take(m, length) == NULL) return ends(m, err);
  *out = (value){STRING, (uint32_t)(m->at - length), length};
  return VF_OK;
}

static vf_status run_text(machine *m, uint32_t length_bytes, vf_error *err) {
  value v = {0};
  vf_status status = take_text(m, length_bytes, &v, err);
  return status == VF_OK ? push(m, v, err) : status;
}

static vf_status run_bytes(machine *m, uint32_t length_bytes, vf_error *err) {
  value v = {0};
  vf_status status = take_text(m, length_bytes, &v, err);
  return status == VF_OK ? run_push(m, OTHER, err) : status;
}

/* ---- The memo --------------------------------------------------------------------------- */

static vf_status put(machine *m, uint64_t place, vf_error *err) {
  value *top = look(m, 0);
  if (top == NULL) return fail(m, VF_MALFORMED, err, "there is nothing on the stack to remember");
  if (place >= m->most_memo) return fail(m, VF_LIMIT, err, "the pickle remembers too many values");
  m->memo[place] = *top;
  return VF_OK;
}

static vf_status run_put(machine *m, uint32_t bytes, vf_error *err) {
  uint64_t place;
  return take_little(m, bytes, &place) ? put(m, place, err) : ends(m, err);
}

static vf_status run_memoize(machine *m, uint32_t arg, vf_error *err) {
  return put(m, arg + m->next_memo++, err);
}

static vf_status run_get(machine *m, uint32_t bytes, vf_error *err) {
  uint64_t place;
  if (!take_little(m, bytes, &place)) return ends(m, err);
  if (place >= m->most_memo || m->memo[place].kind == NOTHING)
    return fail(m, VF_MALFORMED, err, "a reference to a value that was not put");
  return push(m, m->memo[place], err);
}

/* ---- Containers ------------------------------------------------------------------------- */

/* Moves the top n values into the pool, as one tuple. */
static vf_status make_tuple(machine *m, size_t n, vf_error *err) {
  if (n > m->most_pooled - m->pooled)
    return fail(m, VF_LIMIT, err, "the pickle's tuples are too many");
  value tuple = {TUPLE, (uint32_t)m->pooled, n};
  m->depth -= n;
  memcpy(m->pool + m->pooled, m->stack + m->depth, n * sizeof *m->pool);
  m->pooled += n;
  return push(m, tuple, err);
}

static vf_status run_tuple(machine *m, uint32_t n, vf_error *err) {
  if (n > 0 && look(m, n - 1) == NULL)
    return fail(m, VF_MALFORMED, err, "the stack has too few values for a tuple");
  return make_tuple(m, n, err);
}

static vf_status run_marked_tuple(machine *m, uint32_t arg, vf_error *err) {
  size_t from = above_mark(m), n = m->depth - from;
  if (from == arg) return fail(m, VF_MALFORMED, err, "a tuple without a mark");
  memmove(m->stack + from - 1, m->stack + from, n * sizeof *m->stack);
  m->depth--;
  return make_tuple(m, n, err);
}

static vf_status run_append(machine *m, uint32_t arg, vf_error *err) {
  if (look_for(m, 1, LIST) == NULL) return unexpected(m, err, "an append to what is no list");
  m->depth -= arg;
  return VF_OK;
}

static vf_status run_appends(machine *m, uint32_t arg, vf_error *err) {
  size_t from = above_mark(m);
  if (from < 2 || m->stack[from - 2].kind != LIST)
    return unexpected(m, err, "an append to what is no list");
  m->depth = from - arg;
  return VF_OK;
}

/* ---- Members of the state_dict ---------------------------------------------------------- */

static bool is_clean(const char *name, size_t length) {
  for (size_t i = 0; i < length;) {
    size_t n = vf_utf8_length(name + i, length - i);
    if (n == 0 || name[i] == '\0') return false;
    i += n;
  }
  return true;
}

static void set_shape(vf_file_tensor *out, const tensor *t) {
  for (size_t i = 0; i < 4; i++) out->ne[i] = 1;
  for (size_t i = 0; i < t->rank; i++) out->ne[i < 3 ? i : 3] *= t->dims[t->rank - 1 - i];
}

/* The first tensor in a storage counts for all of it. */
static vf_status emit(machine *m, const char *name, size_t length, tensor *t, vf_error *err) {
  storage *s = &m->storages[t->storage];
  vf_file_tensor out = {.name = name, .name_length = length, .format = t->format};
  vf_status status = vf_zip_data(&out.offset, &m->zip, s->at, s->bytes, err);
  if (status != VF_OK) return status;
  out.offset += t->first * vf_formats[t->format].block_bytes;
  set_shape(&out, t);
  if (!s->counted) out.bytes = s->bytes;
  m->info.data_bytes += out.bytes; /* no more than the file has: add_entry() */
  m->info.n_shared += s->counted;
  m->info.n_tensors++;
  s->counted = true;
  m->n_placed += !t->placed;
  t->placed = true;
  return m->sink->add(m->sink->context, &out, err);
}

static vf_status place(machine *m, value key, value member, vf_error *err) {
  if (member.kind != TENSOR) return VF_OK;
  if (key.kind != STRING) return unexpected(m, err, "a tensor without a name");
  const char *name = (const char *)m->pickle + key.at;
  if (!is_clean(name, size_of(key)))
    return fail(m, VF_MALFORMED, err, "a tensor's name is not UTF-8, or has a NUL in it");
  return emit(m, name, size_of(key), &m->tensors[member.at], err);
}

/* Keys and values from `from` to the top go into the dictionary at `dict`. */
static vf_status set_items(machine *m, size_t dict, size_t from, vf_error *err) {
  if (m->stack[dict].kind != DICT) return unexpected(m, err, "members of what is no dictionary");
  if ((m->depth - from) % 2 != 0) return fail(m, VF_MALFORMED, err, "a key has no value");
  for (size_t i = from; dict == 0 && i < m->depth; i += 2) {
    vf_status status = place(m, m->stack[i], m->stack[i + 1], err);
    if (status != VF_OK) return status;
  }
  m->depth = dict + 1;
  return VF_OK;
}

static vf_status run_set_item(machine *m, uint32_t arg, vf_error *err) {
  if (look(m, arg) == NULL) return fail(m, VF_MALFORMED, err, "the stack has no member to set");
  return set_items(m, m->depth - 3, m->depth - 2, err);
}

static vf_status run_set_items(machine *m, uint32_t arg, vf_error *err) {
  size_t from = above_mark(m);
  if (from < arg) return fail(m, VF_MALFORMED, err, "the stack has no members to set");
  return set_items(m, from - 2, from, err);
}

/* Attributes of a dictionary: the version notes of a state_dict. */
static vf_status run_build(machine *m, uint32_t arg, vf_error *err) {
  if (look_for(m, 1, DICT) == NULL) return unexpected(m, err, "an object with attributes");
  m->depth -= arg;
  return VF_OK;
}

/* ---- Names and calls -------------------------------------------------------------------- */

static vf_status push_global(machine *m, value module, value name, vf_error *err) {
  for (uint32_t i = 0; i < GLOBALS; i++)
    if (text_is(m, module.at, size_of(module), globals[i].module) &&
        text_is(m, name.at, size_of(name), globals[i].name))
      return push(m, (value){GLOBAL, i, 0}, err);
  return fail(m, VF_UNSUPPORTED, err,
              "the pickle names %.*s.%.*s, which is no part of a plain "
              "state_dict: " CONVERT,
              (int)vf_min_u64(module.what, 48), (const char *)m->pickle + module.at,
              (int)vf_min_u64(name.what, 48), (const char *)m->pickle + name.at);
}

static bool take_line(machine *m, value *out) {
  const unsigned char *from = m->pickle + m->at;
  const unsigned char *end = memchr(from, '\n', m->length - m->at);
  if (end == NULL) return false;
  *out = (value){STRING, (uint32_t)m->at, (uint64_t)(end - from)};
  m->at += (size_t)(end - from) + 1;
  return true;
}

static vf_status run_global(machine *m, uint32_t arg, vf_error *err) {
  value module = {0}, name = {0};
  (void)arg;
  if (!take_line(m, &module) || !take_line(m, &name)) return ends(m, err);
  return push_global(m, module, name, err);
}

static vf_status run_stack_global(machine *m, uint32_t arg, vf_error *err) {
  const value *module = look_for(m, 1, STRING), *name = look_for(m, 0, STRING);
  if (module == NULL || name == NULL) return unexpected(m, err, "a name that is no text");
  m->depth -= arg;
  return push_global(m, *module, *name, err);
}

/* Keys are small decimal numbers. */
static bool parse_key(const char *text, size_t length, uint32_t *out) {
  uint32_t n = 0;
  if (length == 0 || length > 9 || (text[0] == '0' && length > 1)) return false;
  for (size_t i = 0; i < length; i++) {
    if (text[i] < '0' || text[i] > '9') return false;
    n = n * 10 + (uint32_t)(text[i] - '0');
  }
  *out = n;
  return true;
}

static int compare_keys(const void *a, const void *b) {
  uint32_t x = ((const storage *)a)->key, y = ((const storage *)b)->key;
  return x < y ? -1 : x > y;
}

static storage *find_storage(const machine *m, value key) {
  storage wanted = {0};
  if (!parse_key((const char *)m->pickle + key.at, size_of(key), &wanted.key)) return NULL;
  return bsearch(&wanted, m->storages, m->n_storages, sizeof wanted, compare_keys);
}

/* ("storage", type, key, device, elements), which PyTorch looks up in the archive. */
static vf_status run_persistent(machine *m, uint32_t arg, vf_error *err) {
  const value *id = look_for(m, arg, TUPLE);
  if (id == NULL || id->what != PERSISTENT_FIELDS)
    return unexpected(m, err, "a persistent id of an unknown form");
  const value *f = m->pool + id->at;
  if (f[0].kind != STRING || !text_is(m, f[0].at, size_of(f[0]), "storage") ||
      f[1].kind != GLOBAL || globals[f[1].at].meaning != STORAGE_TYPE || f[2].kind != STRING ||
      f[4].kind != INT)
    return unexpected(m, err, "a persistent id that is no storage");
  const storage *s = find_storage(m, f[2]);
  uint64_t bytes;
  if (s == NULL) return fail(m, VF_MALFORMED, err, "the archive has no such storage");
  if (!s->stored)
    return fail(m, VF_UNSUPPORTED, err, "storage %" PRIu32 " is compressed: " CONVERT, s->key);
  if (!vf_mul(&bytes, f[4].what, vf_formats[globals[f[1].at].format].block_bytes) ||
      bytes != s->bytes)
    return fail(m, VF_MALFORMED, err,
                "storage %" PRIu32 " has %" PRIu64 " bytes, not those of %" PRIu64 " elements",
                s->key, s->bytes, f[4].what);
  m->depth--;
  return push(m, (value){STORAGE, (uint32_t)(s - m->storages), f[1].at}, err);
}

/* The elements from the first to the last lie in the storage. */
static bool fits(const machine *m, const tensor *t, const value *strides) {
  uint64_t last = t->first, n = 1, step, bytes;
  bool empty = false;
  for (size_t i = 0; i < t->rank; i++) {
    empty = empty || t->dims[i] == 0;
    if (!vf_mul(&n, n, vf_max_u64(t->dims[i], 1))) return false;
    if (strides[i].kind != INT) return false;
    if (!vf_mul(&step, vf_max_u64(t->dims[i], 1) - 1, strides[i].what)) return false;
    if (!vf_add(&last, last, step)) return false;
  }
  uint64_t count;
  if (!vf_add(&count, last, empty ? 0 : 1)) return false;
  if (!vf_mul(&bytes, count, vf_formats[t->format].block_bytes)) return false;
  return empty ? t->first <= m->storages[t->storage].bytes : bytes <= m->storages[t->storage].bytes;
}

static vf_status push_tensor(machine *m, tensor t, vf_error *err) {
  if (m->n_tensors == m->most_tensors)
    return fail(m, VF_LIMIT, err, "more than %d tensors", VF_PYTORCH_TENSORS);
  m->tensors[m->n_tensors] = t;
  return push(m, (value){TENSOR, (uint32_t)m->n_tensors++, 0}, err);
}

/* (storage, offset, size, stride, …) */
static vf_status rebuild(machine *m, const value *args, size_t n, bool v3, vf_error *err) {
  if (n < (v3 ? REBUILD_V3_FIELDS : REBUILD_FIELDS) || args[0].kind != STORAGE ||
      args[1].kind != INT || args[2].kind != TUPLE || args[3].kind != TUPLE ||
      args[2].what != args[3].what)
    return unexpected(m, err, "a tensor of an unknown form");
  if (v3 && (args[6].kind != GLOBAL || globals[args[6].at].meaning != DTYPE))
    return unexpected(m, err, "a tensor without a dtype");
  if (args[2].what > VF_PYTORCH_RANK)
    return fail(m, VF_LIMIT, err, "more than %d dimensions", VF_PYTORCH_RANK);
  tensor t = {.first = args[1].what, .storage = args[0].at, .rank = (uint8_t)args[2].what};
  t.format = globals[v3 ? args[6].at : args[0].what].format;
  for (size_t i = 0; i < t.rank; i++) {
    const value *dim = &m->pool[args[2].at + i];
    if (dim->kind != INT) return unexpected(m, err, "a dimension that is no number");
    t.dims[i] = dim->what;
  }
  if (!fits(m, &t, m->pool + args[3].at))
    return fail(m, VF_MALFORMED, err, "a tensor goes beyond its storage");
  return push_tensor(m, t, err);
}

static vf_status call(machine *m, meaning what, const value *args, size_t n, vf_error *err) {
  switch (what) {
  case ORDERED_DICT:
    return n == 0 ? run_push(m, DICT, err) : unexpected(m, err, "a dictionary made from values");
  case REBUILD_TENSOR:
  case REBUILD_TENSOR_V3: return rebuild(m, args, n, what == REBUILD_TENSOR_V3, err);
  case REBUILD_PARAMETER:
    if (n > 0 && args[0].kind == TENSOR) return push(m, args[0], err);
    break;
  case SIZE:
    if (n == 1 && args[0].kind == TUPLE) return push(m, args[0], err);
    break;
  case STORAGE_TYPE:
  case DTYPE: break;
  }
  return unexpected(m, err, "a call of an unknown form");
}

static vf_status run_call(machine *m, uint32_t arg, vf_error *err) {
  const value *args = look_for(m, 0, TUPLE), *function = look_for(m, arg, GLOBAL);
  if (args == NULL || function == NULL) return unexpected(m, err, "a call of an unknown form");
  m->depth -= 2;
  return call(m, globals[function->at].meaning, m->pool + args->at, size_of(*args), err);
}

/* ---- The instructions ------------------------------------------------------------------- */

static vf_status run_stop(machine *m, uint32_t arg, vf_error *err) {
  if (m->depth != arg || m->stack[0].kind != DICT)
    return unexpected(m, err, "something else than a dictionary of tensors");
  if (m->n_placed != m->n_tensors)
    return unexpected(m, err, "tensors below the top level, as a training checkpoint has");
  m->stopped = true;
  return VF_OK;
}

typedef struct instruction {
  vf_status (*run)(machine *m, uint32_t arg, vf_error *err);
  uint32_t arg; /* bytes, values or a kind, as the function takes it */
} instruction;

static const instruction instructions[256] = {
    [0x80] = {run_skip, 1},         /* PROTO */
    [0x95] = {run_skip, 8},         /* FRAME */
    ['('] = {run_push, MARK},       /* MARK */
    ['N'] = {run_push, NONE},       /* NONE */
    [0x88] = {run_push, BOOL},      /* NEWTRUE */
    [0x89] = {run_push, BOOL},      /* NEWFALSE */
    ['}'] = {run_push, DICT},       /* EMPTY_DICT */
    [']'] = {run_push, LIST},       /* EMPTY_LIST */
    [')'] = {run_empty_tuple, 0},   /* EMPTY_TUPLE */
    ['J'] = {run_int, 4},           /* BININT */
    ['K'] = {run_int, 1},           /* BININT1 */
    ['M'] = {run_int, 2},           /* BININT2 */
    [0x8a] = {run_long, 1},         /* LONG1 */
    ['G'] = {run_float, 8},         /* BINFLOAT */
    ['X'] = {run_text, 4},          /* BINUNICODE */
    [0x8c] = {run_text, 1},         /* SHORT_BINUNICODE */
    [0x8d] = {run_text, 8},         /* BINUNICODE8 */
    ['T'] = {run_text, 4},          /* BINSTRING */
    ['U'] = {run_text, 1},          /* SHORT_BINSTRING */
    ['B'] = {run_bytes, 4},         /* BINBYTES */
    ['C'] = {run_bytes, 1},         /* SHORT_BINBYTES */
    ['q'] = {run_put, 1},           /* BINPUT */
    ['r'] = {run_put, 4},           /* LONG_BINPUT */
    [0x94] = {run_memoize, 0},      /* MEMOIZE */
    ['h'] = {run_get, 1},           /* BINGET */
    ['j'] = {run_get, 4},           /* LONG_BINGET */
    ['t'] = {run_marked_tuple, 0},  /* TUPLE */
    [0x85] = {run_tuple, 1},        /* TUPLE1 */
    [0x86] = {run_tuple, 2},        /* TUPLE2 */
    [0x87] = {run_tuple, 3},        /* TUPLE3 */
    ['a'] = {run_append, 1},        /* APPEND */
    ['e'] = {run_appends, 1},       /* APPENDS */
    ['s'] = {run_set_item, 2},      /* SETITEM */
    ['u'] = {run_set_items, 2},     /* SETITEMS */
    ['b'] = {run_build, 1},         /* BUILD */
    ['c'] = {run_global, 0},        /* GLOBAL */
    [0x93] = {run_stack_global, 2}, /* STACK_GLOBAL */
    ['Q'] = {run_persistent, 0},    /* BINPERSID */
    ['R'] = {run_call, 1},          /* REDUCE */
    [0x81] = {run_call, 1},         /* NEWOBJ */
    ['.'] = {run_stop, 1},          /* STOP */
};

static vf_status follow(machine *m, vf_error *err) {
  while (!m->stopped) {
    m->op_at = m->at;
    const unsigned char *code = take(m, 1);
    if (code == NULL) return fail(m, VF_MALFORMED, err, "the pickle has no end");
    const instruction *op = &instructions[*code];
    if (op->run == NULL)
      return fail(m, VF_UNSUPPORTED, err,
                  "the pickle has the instruction 0x%02x, which no "
                  "state_dict needs: " CONVERT,
                  (unsigned)*code);
    vf_status status = op->run(m, op->arg, err);
    if (status != VF_OK) return status;
  }
  return VF_OK;
}

/* ---- The archive ------------------------------------------------------------------------ */

/* What follows "archive/" in the entry's name; the first entry's name says what the archive is
 * called.  NULL if the entry lies elsewhere. */
static const char *inside(machine *m, const vf_zip_entry *e, size_t *length) {
  if (m->archive_length == 0) {
    const char *slash = memchr(e->name, '/', e->name_length);
    size_t n = slash == NULL ? 0 : (size_t)(slash - e->name) + 1;
    if (n == 0 || n > sizeof m->archive) return NULL;
    memcpy(m->archive, e->name, n);
    m->archive_length = n;
  }
  if (e->name_length < m->archive_length) return NULL;
  if (memcmp(e->name, m->archive, m->archive_length) != 0) return NULL;
  *length = e->name_length - m->archive_length;
  return e->name + m->archive_length;
}

static vf_status add_pickle(machine *m, const vf_zip_entry *e, vf_error *err) {
  if (m->has_pickle)
    return vf_source_fail(&m->file, e->at, "", VF_MALFORMED, err, "data.pkl occurs twice");
  if (!e->stored)
    return vf_source_fail(&m->file, e->at, "", VF_UNSUPPORTED, err,
                          "data.pkl is compressed: " CONVERT);
  if (e->bytes > VF_PYTORCH_PICKLE_BYTES)
    return vf_source_fail(&m->file, e->at, "", VF_LIMIT, err,
                          "data.pkl has %" PRIu64
                          " bytes, more than the %d MiB that are read: " CONVERT,
                          e->bytes, VF_PYTORCH_PICKLE_BYTES >> 20);
  m->has_pickle = true;
  m->pickle_entry = e->at;
  m->length = (size_t)e->bytes;
  return VF_OK;
}

static vf_status add_entry(machine *m, const vf_zip_entry *e, vf_error *err) {
  static const char data[] = "data/";
  size_t length, prefix = sizeof data - 1;
  const char *name = inside(m, e, &length);
  storage s = {.at = e->at, .bytes = e->bytes, .stored = e->stored};
  if (name == NULL) return VF_OK;
  if (length == 8 && memcmp(name, "data.pkl", 8) == 0) return add_pickle(m, e, err);
  if (length <= prefix || memcmp(name, data, prefix) != 0) return VF_OK;
  if (!parse_key(name + prefix, length - prefix, &s.key)) return VF_OK;
  if (m->n_storages == m->most_storages)
    return vf_source_fail(&m->file, e->at, "", VF_LIMIT, err, "more than %d storages", STORAGES);
  if (s.stored &&
      (!vf_add(&m->storage_bytes, m->storage_bytes, s.bytes) || m->storage_bytes > m->file.bytes))
    return vf_source_fail(&m->file, e->at, "", VF_MALFORMED, err,
                          "the storages have more bytes than the file: they overlap");
  m->storages[m->n_storages++] = s;
  return VF_OK;
}

static vf_status sort_storages(machine *m, vf_error *err) {
  qsort(m->storages, m->n_storages, sizeof *m->storages, compare_keys);
  for (size_t i = 1; i < m->n_storages; i++)
    if (m->storages[i].key == m->storages[i - 1].key)
      return vf_source_fail(&m->file, m->storages[i].at, "", VF_MALFORMED, err,
                            "storage %" PRIu32 " occurs twice", m->storages[i].key);
  return VF_OK;
}

static vf_status read_directory(machine *m, vf_error *err) {
  vf_zip_entry *e = vf_arena_alloc(m->scratch, 1, sizeof *e);
  m->most_storages = (size_t)vf_min_u64(m->zip.left, STORAGES);
  m->storages = vf_arena_alloc_raw(m->scratch, m->most_storages, sizeof *m->storages);
  if (e == NULL || m->storages == NULL) return vf_fail_nomem(err);
  for (bool found = true; found;) {
    vf_status status = vf_zip_next(&m->zip, e, &found, err);
    if (status == VF_OK && found) status = add_entry(m, e, err);
    if (status != VF_OK) return status;
  }
  if (!m->has_pickle)
    return vf_source_fail(&m->file, m->zip.limit, "", VF_UNSUPPORTED, err,
                          "a zip archive without data.pkl is no PyTorch checkpoint");
  return sort_storages(m, err);
}

static size_t at_most(size_t n, size_t most) {
  return n < most ? n : most;
}

/* An instruction is a byte or more and pushes one value at most, so that no list is longer than the
 * pickle. */
static vf_status prepare(machine *m, vf_error *err) {
  size_t n = m->length + 1;
  m->most_depth = at_most(n, STACK_VALUES);
  m->most_pooled = at_most(n, POOL_VALUES);
  m->most_memo = at_most(n, MEMO_VALUES);
  m->most_tensors = at_most(n, VF_PYTORCH_TENSORS);
  m->stack = vf_arena_alloc_raw(m->scratch, m->most_depth, sizeof *m->stack);
  m->pool = vf_arena_alloc_raw(m->scratch, m->most_pooled, sizeof *m->pool);
  m->memo = vf_arena_alloc(m->scratch, m->most_memo, sizeof *m->memo);
  m->tensors = vf_arena_alloc_raw(m->scratch, m->most_tensors, sizeof *m->tensors);
  bool have_all = m->stack != NULL && m->pool != NULL && m->memo != NULL && m->tensors != NULL;
  return have_all ? VF_OK : vf_fail_nomem(err);
}

static vf_status read_pickle(machine *m, vf_error *err) {
  vf_status status = vf_zip_data(&m->pickle_at, &m->zip, m->pickle_entry, m->length, err);
  if (status == VF_OK) status = prepare(m, err);
  if (status != VF_OK) return status;
  unsigned char *text = vf_arena_alloc_raw(m->scratch, m->length + 1, 1);
  if (text == NULL) return vf_fail_nomem(err);
  m->pickle = text;
  return vf_source_take(&m->file, m->pickle_at, text, m->length, err);
}

/* ---- The file --------------------------------------------------------------------------- */

static vf_status check_magic(const machine *m, vf_error *err) {
  unsigned char head[8] = {0};
  size_t got = 0;
  vf_status status = vf_source_read(&m->file, 0, head, sizeof head, &got, err);
  if (status != VF_OK || memcmp(head, "PK\3\4", 4) == 0) return status;
  if (memcmp(head, "version ", 8) == 0)
    return vf_source_fail(&m->file, 0, "", VF_MALFORMED, err,
                          "is a Git LFS pointer, not the file itself: run git lfs pull");
  if (head[0] == 0x80 && head[1] >= 2 && head[1] <= 5)
    return vf_source_fail(&m->file, 0, "", VF_UNSUPPORTED, err,
                          "a pickle without an archive, as PyTorch before 1.6 wrote: " CONVERT);
  return vf_source_fail(&m->file, 0, "", VF_MALFORMED, err,
                        "neither a zip archive nor a pickle: is this a PyTorch checkpoint?");
}

static vf_status read_file(machine *m, vf_error *err) {
  vf_status status = check_magic(m, err);
  if (status == VF_OK) status = vf_zip_open(&m->zip, &m->file, m->scratch, err);
  if (status == VF_OK) status = read_directory(m, err);
  if (status == VF_OK) status = read_pickle(m, err);
  return status == VF_OK ? follow(m, err) : status;
}

vf_status vf_pytorch_read(vf_pytorch_info *info, const vf_files *files, const char *path,
                          const vf_tensor_sink *sink, vf_arena *arena, vf_error *err) {
  vf_source file;
  vf_status status = vf_source_open(&file, files, path, err);
  if (status != VF_OK) return status;
  vf_arena *scratch = vf_arena_new(vf_arena_allocator(arena), SCRATCH);
  machine *m = scratch == NULL ? NULL : vf_arena_alloc(scratch, 1, sizeof *m);
  if (m == NULL) {
    status = vf_fail_nomem(err);
  } else {
    *m = (machine){.file = file, .scratch = scratch, .sink = sink};
    m->info.file_bytes = file.bytes;
    status = read_file(m, err);
    if (status == VF_OK) *info = m->info;
  }
  vf_arena_free(scratch);
  vf_source_close(&file);
  return status;
}
