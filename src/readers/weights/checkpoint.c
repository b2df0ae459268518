/* checkpoint.c - which files belong to a model, and whether they agree with their index. */
#include "readers/weights/checkpoint.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/checked.h"
#include "base/status.h"
#include "base/text.h"
#include "readers/files.h"
#include "readers/json/json_scan.h"
#include "readers/weights/pytorch.h"
#include "readers/weights/safetensors.h"

enum {
  SCRATCH = 40 << 20, /* bytes; an index of 16 MiB, its list, paths */
  FILE_NAME_BYTES = 255,
  LEAST_LISTING = 7, /* bytes; "":"x", */
};

/* ---- Names of files --------------------------------------------------------------------- */

static bool is_safetensors(const char *name, size_t length) {
  return vf_text_ends_with(name, length, ".safetensors");
}

static bool is_pytorch(const char *name, size_t length) {
  return vf_text_ends_with(name, length, ".bin") || vf_text_ends_with(name, length, ".pt") ||
         vf_text_ends_with(name, length, ".pth");
}

static bool is_index(const char *name) {
  return vf_text_ends_with(name, strlen(name), ".index.json");
}

static bool five_digits(const char *s, uint32_t *out) {
  *out = 0;
  for (size_t i = 0; i < 5; i++) {
    if (s[i] < '0' || s[i] > '9') return false;
    *out = *out * 10 + (uint32_t)(s[i] - '0');
  }
  return true;
}

/* "model-00001-of-00004.safetensors": 4 shards, and the length of "model". */
static bool is_shard(const char *name, uint32_t *n_shards, size_t *prefix) {
  static const char form[] = "-00001-of-00004.safetensors";
  size_t length = strlen(name), tail = sizeof form - 1;
  uint32_t number;
  if (length <= tail || !is_safetensors(name, length)) return false;
  const char *p = name + length - tail;
  *prefix = length - tail;
  return p[0] == '-' && five_digits(p + 1, &number) && memcmp(p + 6, "-of-", 4) == 0 &&
         five_digits(p + 10, n_shards) && number >= 1 && number <= *n_shards;
}

/* ---- The reader ------------------------------------------------------------------------- */

/* A line of the index: which file a tensor is in. */
typedef struct listing {
  const char *name, *file; /* in the text of the index, not terminated */
  uint32_t name_length;
  uint16_t file_length;
  bool found;
} listing;

typedef struct reader {
  const vf_files *files;
  const vf_tensor_sink *sink;
  vf_arena *arena, *scratch;
  bool partial;
  vf_checkpoint_info info;
  const char *folder; /* with a slash at its end, or "" */
  const char *index;  /* path, NULL if there is none */
  listing *listings;  /* sorted by file and name */
  size_t n_listings;
  listing *expected; /* those of the file that is being read */
  size_t n_expected;
  uint64_t n_seen; /* tensors of all files so far */
} reader;

static const char *join(const reader *r, const char *folder, const char *name, size_t length) {
  size_t before = strlen(folder);
  char *path = vf_arena_alloc(r->arena, before + length + 1, 1);
  if (path == NULL) return NULL;
  memcpy(path, folder, before);
  memcpy(path + before, name, length);
  return path;
}

static int compare_text(const char *a, size_t a_length, const char *b, size_t b_length) {
  int order = memcmp(a, b, a_length < b_length ? a_length : b_length);
  if (order != 0) return order;
  return a_length < b_length ? -1 : a_length > b_length;
}

static int compare_names(const void *a, const void *b) {
  const listing *x = a, *y = b;
  return compare_text(x->name, x->name_length, y->name, y->name_length);
}

static int compare_files(const void *a, const void *b) {
  const listing *x = a, *y = b;
  int order = compare_text(x->file, x->file_length, y->file, y->file_length);
  return order != 0 ? order : compare_names(a, b);
}

/* ---- One file --------------------------------------------------------------------------- */

static vf_status note_unlisted(reader *r, const vf_file_tensor *tensor, vf_error *err) {
  if (r->info.n_unlisted++ > 0) return VF_OK;
  r->info.unlisted = vf_arena_copy(r->arena, tensor->name, tensor->name_length);
  return r->info.unlisted == NULL ? vf_fail_nomem(err) : VF_OK;
}

static vf_status add_tensor(void *context, const vf_file_tensor *tensor, vf_error *err) {
  reader *r = context;
  vf_file_tensor copy = *tensor;
  copy.shard = r->info.n_files;
  if (r->n_seen++ == VF_CHECKPOINT_TENSORS)
    return vf_fail_at(err, VF_LIMIT, r->folder, "", "the files have more than %d tensors",
                      VF_CHECKPOINT_TENSORS);
  if (r->index != NULL) {
    listing wanted = {.name = tensor->name, .name_length = (uint32_t)tensor->name_length};
    listing *found = bsearch(&wanted, r->expected, r->n_expected, sizeof wanted, compare_names);
    vf_status status = found == NULL ? note_unlisted(r, tensor, err) : VF_OK;
    if (status != VF_OK) return status;
    if (found != NULL) found->found = true;
  }
  return r->sink->add(r->sink->context, &copy, err);
}

static vf_status add_sizes(reader *r, const char *path, uint64_t tensors, uint64_t data,
                           uint64_t bytes, uint64_t missing, vf_error *err) {
  vf_checkpoint_info *i = &r->info;
  i->n_tensors += tensors;
  i->n_files++;
  if (vf_add(&i->data_bytes, i->data_bytes, data) && vf_add(&i->file_bytes, i->file_bytes, bytes) &&
      vf_add(&i->missing_bytes, i->missing_bytes, missing))
    return VF_OK;
  return vf_fail_at(err, VF_OVERFLOW, path, "", "the files have more than 2^64 bytes");
}

static vf_status read_safetensors(reader *r, const char *path, vf_error *err) {
  const vf_tensor_sink sink = {add_tensor, r};
  vf_safetensors_info info;
  vf_status status = r->partial
                         ? vf_safetensors_inspect(&info, r->files, path, &sink, r->arena, err)
                         : vf_safetensors_read(&info, r->files, path, &sink, r->arena, err);
  if (status != VF_OK) return status;
  if (r->info.format[0] == '\0') r->info.format = info.format;
  return add_sizes(r, path, info.n_tensors, info.data_bytes, info.file_bytes, info.missing_bytes,
                   err);
}

static vf_status read_pytorch(reader *r, const char *path, vf_error *err) {
  const vf_tensor_sink sink = {add_tensor, r};
  vf_pytorch_info info;
  vf_status status = vf_pytorch_read(&info, r->files, path, &sink, r->arena, err);
  if (status != VF_OK) return status;
  r->info.kind = VF_CHECKPOINT_PYTORCH;
  r->info.n_shared += info.n_shared;
  return add_sizes(r, path, info.n_tensors, info.data_bytes, info.file_bytes, 0, err);
}

static vf_status read_one(reader *r, const char *path, vf_error *err) {
  size_t length = strlen(path);
  if (is_safetensors(path, length)) return read_safetensors(r, path, err);
  if (is_pytorch(path, length)) return read_pytorch(r, path, err);
  return vf_fail_at(err, VF_UNSUPPORTED, path, "",
                    "no weight file that is read here: name a .safetensors, .bin, .pt or .pth "
                    "file, an index, or a folder of them");
}

/* ---- The index -------------------------------------------------------------------------- */

/* Where a scan of the index is. */
typedef struct index_scan {
  vf_json_scan json;
  char *text;
  size_t most; /* listings there is room for */
} index_scan;

static vf_status fail_listing(const reader *r, const listing *l, vf_status status, vf_error *err,
                              const char *message) {
  char key[128], file[64];
  snprintf(key, sizeof key, "/weight_map/%.*s", (int)vf_min_u64(l->name_length, 110), l->name);
  snprintf(file, sizeof file, "%.*s", (int)vf_min_u64(l->file_length, 63), l->file);
  return vf_fail_at(err, status, r->index, key, "'%s' %s", file, message);
}

static vf_status next(const reader *r, index_scan *s, vf_json_token *out, vf_error *err) {
  vf_status status = vf_json_next(&s->json, out, err);
  if (status != VF_OK) vf_error_set_source(err, r->index);
  return status;
}

static vf_status open_object(const reader *r, index_scan *s, const char *key, vf_error *err) {
  vf_json_token token;
  vf_status status = next(r, s, &token, err);
  if (status != VF_OK || token == VF_JSON_OBJECT) return status;
  return vf_fail_at(err, VF_MALFORMED, r->index, key, "an object is expected");
}

static bool token_is(const index_scan *s, const char *word) {
  size_t length = s->json.end - s->json.start;
  return strlen(word) == length && memcmp(s->text + s->json.start, word, length) == 0;
}

/* Decodes the token where it stands, which no later one needs. */
static size_t take_text(index_scan *s, const char **out) {
  char *text = s->text + s->json.start;
  *out = text;
  return vf_json_unescape(text, text, s->json.end - s->json.start);
}

/* A file of the same folder, of a kind that is read. */
static vf_status check_file(const reader *r, const listing *l, size_t length, vf_error *err) {
  if (length == 0 || length > FILE_NAME_BYTES)
    return fail_listing(r, l, VF_MALFORMED, err, "is no name of a file");
  bool leaves = memchr(l->file, '/', length) != NULL || memchr(l->file, '\\', length) != NULL ||
                l->file[0] == '.';
  if (leaves) return fail_listing(r, l, VF_MALFORMED, err, "leaves the folder of the index");
  if (is_safetensors(l->file, length) || is_pytorch(l->file, length)) return VF_OK;
  return fail_listing(r, l, VF_MALFORMED, err, "is neither .safetensors nor a PyTorch checkpoint");
}

static vf_status read_listing(reader *r, index_scan *s, vf_error *err) {
  vf_json_token token;
  listing l = {.file = ""};
  l.name_length = (uint32_t)take_text(s, &l.name);
  vf_status status = next(r, s, &token, err);
  if (status != VF_OK) return status;
  if (token != VF_JSON_STRING)
    return fail_listing(r, &l, VF_MALFORMED, err, "must be the name of a file");
  size_t length = take_text(s, &l.file);
  l.file_length = (uint16_t)vf_min_u64(length, UINT16_MAX);
  status = check_file(r, &l, length, err);
  if (status != VF_OK) return status;
  if (r->n_listings == s->most)
    return vf_fail_at(err, VF_LIMIT, r->index, "/weight_map", "more than %d tensors",
                      VF_CHECKPOINT_TENSORS);
  r->listings[r->n_listings++] = l;
  return VF_OK;
}

static vf_status read_weight_map(reader *r, index_scan *s, vf_error *err) {
  vf_json_token token = VF_JSON_END;
  if (r->n_listings > 0)
    return vf_fail_at(err, VF_MALFORMED, r->index, "/weight_map", "occurs twice");
  vf_status status = open_object(r, s, "/weight_map", err);
  while (status == VF_OK) {
    status = next(r, s, &token, err);
    if (status != VF_OK || token == VF_JSON_OBJECT_END) break;
    status = read_listing(r, s, err);
  }
  return status;
}

/* Older writers state a total with a point or an exponent; such a one is left aside. */
static void take_total(reader *r, const index_scan *s) {
  uint64_t n = 0;
  for (size_t i = s->json.start; i < s->json.end; i++) {
    unsigned digit = (unsigned)((unsigned char)s->text[i] - '0');
    if (digit > 9 || !vf_mul(&n, n, 10) || !vf_add(&n, n, digit)) return;
  }
  r->info.has_total_size = true;
  r->info.total_size_bytes = n;
}

static vf_status skip(const reader *r, index_scan *s, vf_json_token token, vf_error *err) {
  vf_status status = vf_json_skip(&s->json, token, err);
  if (status != VF_OK) vf_error_set_source(err, r->index);
  return status;
}

static vf_status read_metadata(reader *r, index_scan *s, vf_error *err) {
  vf_json_token token;
  vf_status status = open_object(r, s, "/metadata", err);
  while (status == VF_OK) {
    status = next(r, s, &token, err);
    if (status != VF_OK || token == VF_JSON_OBJECT_END) break;
    bool total = token_is(s, "total_size");
    status = next(r, s, &token, err);
    if (status == VF_OK && total && token == VF_JSON_NUMBER) take_total(r, s);
    if (status == VF_OK) status = skip(r, s, token, err);
  }
  return status;
}

static vf_status read_index_key(reader *r, index_scan *s, vf_error *err) {
  vf_json_token token;
  if (token_is(s, "weight_map")) return read_weight_map(r, s, err);
  if (token_is(s, "metadata")) return read_metadata(r, s, err);
  vf_status status = next(r, s, &token, err);
  return status == VF_OK ? skip(r, s, token, err) : status;
}

static vf_status scan_index(reader *r, char *text, size_t length, vf_error *err) {
  index_scan s = {.json = vf_json_scan_over(text, length), .text = text};
  vf_json_token token = VF_JSON_END;
  s.most = (size_t)vf_min_u64(length / LEAST_LISTING + 1, VF_CHECKPOINT_TENSORS);
  r->listings = vf_arena_alloc_raw(r->scratch, s.most, sizeof *r->listings);
  if (r->listings == NULL) return vf_fail_nomem(err);
  vf_status status = open_object(r, &s, "", err);
  while (status == VF_OK) {
    status = next(r, &s, &token, err);
    if (status != VF_OK || token == VF_JSON_OBJECT_END) break;
    status = read_index_key(r, &s, err);
  }
  if (status == VF_OK) status = next(r, &s, &token, err); /* nothing may follow */
  if (status == VF_OK && r->n_listings == 0)
    return vf_fail_at(err, VF_MALFORMED, r->index, "/weight_map", "no tensors are listed");
  return status;
}

/* By name first, to find one that is listed twice; then by file, for reading. */
static vf_status sort_listings(reader *r, vf_error *err) {
  qsort(r->listings, r->n_listings, sizeof *r->listings, compare_names);
  for (size_t i = 1; i < r->n_listings; i++)
    if (compare_names(&r->listings[i - 1], &r->listings[i]) == 0)
      return fail_listing(r, &r->listings[i], VF_MALFORMED, err,
                          "is one of two files for this tensor, which is listed twice");
  qsort(r->listings, r->n_listings, sizeof *r->listings, compare_files);
  return VF_OK;
}

/* ---- Sets of files ---------------------------------------------------------------------- */

/* Reads a file and compares it with its n lines of the index. */
static vf_status read_listed(reader *r, listing *first, size_t n, vf_error *err) {
  const char *path = join(r, r->folder, first->file, first->file_length);
  if (path == NULL) return vf_fail_nomem(err);
  vf_path_kind kind;
  vf_status status = vf_files_look(&kind, r->files, path, err);
  if (status != VF_OK) return status;
  if (kind == VF_PATH_NONE)
    return fail_listing(r, first, VF_IO, err, "is missing in the folder: fetch it");
  r->expected = first;
  r->n_expected = n;
  status = read_one(r, path, err);
  for (size_t i = 0; i < n && status == VF_OK; i++)
    if (!first[i].found)
      return fail_listing(r, &first[i], VF_MALFORMED, err,
                          "does not have this tensor: fetch the files of one version again");
  return status;
}

static vf_status read_index(reader *r, const char *path, vf_error *err) {
  char *text = NULL;
  size_t length = 0;
  r->index = r->info.path = path;
  vf_status status =
      vf_files_read(&text, &length, r->files, path, VF_JSON_FILE_BYTES, r->scratch, err);
  if (status == VF_OK) status = scan_index(r, text, length, err);
  if (status == VF_OK) status = sort_listings(r, err);
  for (size_t i = 0, n; i < r->n_listings && status == VF_OK; i += n) {
    listing *l = &r->listings[i];
    for (n = 1; i + n < r->n_listings; n++)
      if (compare_text(l->file, l->file_length, l[n].file, l[n].file_length) != 0) break;
    status = read_listed(r, l, n, err);
  }
  return status;
}

/* Reads one shard of n. */
static vf_status read_shard(reader *r, const char *path, uint32_t n, vf_error *err) {
  vf_path_kind kind;
  vf_status status = vf_files_look(&kind, r->files, path, err);
  if (status == VF_OK && kind == VF_PATH_NONE)
    return vf_fail_at(err, VF_IO, path, "", "this shard of %" PRIu32 " is missing: fetch it", n);
  return status == VF_OK ? read_one(r, path, err) : status;
}

/* All of "PREFIX-00001-of-0000N.safetensors". */
static vf_status read_shards(reader *r, const char *prefix, size_t length, uint32_t n,
                             vf_error *err) {
  vf_status status = VF_OK;
  for (uint32_t i = 1; i <= n && status == VF_OK; i++) {
    char tail[64];
    int size = snprintf(tail, sizeof tail, "-%05" PRIu32 "-of-%05" PRIu32 ".safetensors", i, n);
    const char *start = join(r, r->folder, prefix, length);
    const char *path = start == NULL ? NULL : join(r, start, tail, (size_t)size);
    if (path == NULL) return vf_fail_nomem(err);
    if (i == 1) r->info.path = path;
    status = read_shard(r, path, n, err);
  }
  return status;
}

/* ---- Folders ---------------------------------------------------------------------------- */

/* What a folder has besides the files with well-known names. */
typedef struct folder_view {
  char prefix[FILE_NAME_BYTES + 1]; /* of a set of shards; "" if there is none */
  char single[FILE_NAME_BYTES + 1]; /* a .safetensors file */
  uint32_t n_shards;
  uint32_t n_singles;
  bool ambiguous; /* several sets, none of them called "model" */
} folder_view;

static void see_shard(folder_view *v, const char *name, size_t prefix, uint32_t n_shards) {
  static const char usual[] = "model";
  bool known = strlen(v->prefix) == prefix && memcmp(v->prefix, name, prefix) == 0;
  if (known && v->n_shards == n_shards) return;
  bool have_usual = strcmp(v->prefix, usual) == 0;
  bool is_usual = prefix == sizeof usual - 1 && memcmp(name, usual, prefix) == 0;
  if (have_usual && !is_usual) return;
  v->ambiguous = have_usual || (v->n_shards > 0 && !is_usual);
  memcpy(v->prefix, name, prefix);
  v->prefix[prefix] = '\0';
  v->n_shards = n_shards;
}

static bool see(void *context, const char *name) {
  folder_view *v = context;
  size_t length = strlen(name), prefix;
  uint32_t n_shards;
  if (length > FILE_NAME_BYTES || !is_safetensors(name, length)) return true;
  if (is_shard(name, &n_shards, &prefix)) {
    see_shard(v, name, prefix, n_shards);
    return true;
  }
  v->n_singles++;
  memcpy(v->single, name, length + 1);
  return true;
}

/* Reads folder/name if it is there. */
static vf_status try_file(reader *r, const char *name, bool *found, vf_error *err) {
  const char *path = join(r, r->folder, name, strlen(name));
  if (path == NULL) return vf_fail_nomem(err);
  vf_path_kind kind;
  vf_status status = vf_files_look(&kind, r->files, path, err);
  *found = status == VF_OK && kind == VF_PATH_FILE;
  if (!*found) return status;
  r->info.path = path;
  return is_index(path) ? read_index(r, path, err) : read_one(r, path, err);
}

static vf_status try_shards(reader *r, const folder_view *v, const char *path, bool *found,
                            vf_error *err) {
  *found = v->n_shards > 0;
  if (!*found) return VF_OK;
  if (v->ambiguous)
    return vf_fail_at(err, VF_UNSUPPORTED, path, "",
                      "has several sets of shards: name one of their files");
  return read_shards(r, v->prefix, strlen(v->prefix), v->n_shards, err);
}

static vf_status read_folder(reader *r, const char *path, vf_error *err) {
  static const char *const names[] = {
      "model.safetensors", "model.safetensors.index.json", NULL, /* the shards */
      "pytorch_model.bin", "pytorch_model.bin.index.json", "consolidated.safetensors",
  };
  bool found = false;
  folder_view view = {0};
  vf_status status = vf_files_list(r->files, path, see, &view, err);
  size_t length = strlen(path);
  r->folder = join(r, path, "/", length > 0 && path[length - 1] == '/' ? 0 : 1);
  if (status == VF_OK && r->folder == NULL) return vf_fail_nomem(err);
  for (size_t i = 0; i < sizeof names / sizeof *names && status == VF_OK && !found; i++)
    status = names[i] == NULL ? try_shards(r, &view, path, &found, err)
                              : try_file(r, names[i], &found, err);
  if (status == VF_OK && !found && view.n_singles == 1)
    status = try_file(r, view.single, &found, err);
  if (status != VF_OK || found) return status;
  return vf_fail_at(err, VF_UNSUPPORTED, path, "",
                    view.n_singles > 1 ? "has several .safetensors files: name one of them"
                                       : "has no weights: neither .safetensors nor "
                                         "pytorch_model.bin");
}

/* ---- Any path --------------------------------------------------------------------------- */

static vf_status read_path(reader *r, const char *path, vf_error *err) {
  uint32_t n_shards;
  size_t prefix;
  vf_path_kind kind;
  vf_status status = vf_files_look(&kind, r->files, path, err);
  if (status != VF_OK) return status;
  if (kind == VF_PATH_FOLDER) return read_folder(r, path, err);
  const char *slash = strrchr(path, '/');
  const char *name = slash == NULL ? path : slash + 1;
  r->folder = join(r, "", path, (size_t)(name - path));
  r->info.path = vf_arena_copy(r->arena, path, strlen(path));
  if (r->folder == NULL || r->info.path == NULL) return vf_fail_nomem(err);
  if (is_index(name)) return read_index(r, r->info.path, err);
  bool whole_set = is_shard(name, &n_shards, &prefix) && kind == VF_PATH_FILE;
  if (whole_set) return read_shards(r, name, prefix, n_shards, err);
  return read_one(r, r->info.path, err);
}

static vf_status read_checkpoint(vf_checkpoint_info *out, const vf_files *files, const char *path,
                                 bool partial, const vf_tensor_sink *sink, vf_arena *arena,
                                 vf_error *err) {
  reader r = {.files = files, .sink = sink, .arena = arena, .partial = partial};
  r.info.path = r.info.format = r.info.unlisted = "";
  r.scratch = vf_arena_new(vf_arena_allocator(arena), SCRATCH);
  if (r.scratch == NULL) return vf_fail_nomem(err);
  vf_status status = read_path(&r, path, err);
  if (status == VF_OK) *out = r.info;
  vf_arena_free(r.scratch);
  return status;
}

vf_status vf_checkpoint_read(vf_checkpoint_info *info, const vf_files *files, const char *path,
                             const vf_tensor_sink *sink, vf_arena *arena, vf_error *err) {
  return read_checkpoint(info, files, path, false, sink, arena, err);
}

vf_status vf_checkpoint_inspect(vf_checkpoint_info *info, const vf_files *files, const char *path,
                                const vf_tensor_sink *sink, vf_arena *arena, vf_error *err) {
  return read_checkpoint(info, files, path, true, sink, arena, err);
}
