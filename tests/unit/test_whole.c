/* test_whole.c - a model file has to have all its tensors, once, in their shapes.
 *
 * A small llama of four layers is written whole, and then without each of its tensors, with each in
 * another shape, and with counts in its header that its tensors do not show. */
#include "weight_files.h"

#include "vramfit/vramfit.h"

static vf_error error;

enum { LAYERS = 4, EMBD = 64, FF = 128, VOCAB = 256, MOST = 64, U32 = 4, STRING = 8 };

typedef struct entry {
  char name[64];
  uint64_t ne[2];
} entry;

typedef struct file {
  entry tensors[MOST];
  size_t n;
  uint32_t layers, ff, heads, kv_heads, experts;
  bool split;
} file;

static void add(file *f, const char *name, uint64_t in, uint64_t out) {
  entry *e = &f->tensors[f->n++];
  snprintf(e->name, sizeof e->name, "%s", name);
  e->ne[0] = in;
  e->ne[1] = out;
}

static void add_layer(file *f, int i) {
  static const struct {
    const char *name;
    uint64_t in, out;
  } parts[] = {
      {"attn_norm", EMBD, 1},     {"attn_q", EMBD, EMBD},      {"attn_k", EMBD, EMBD / 2},
      {"attn_v", EMBD, EMBD / 2}, {"attn_output", EMBD, EMBD}, {"ffn_norm", EMBD, 1},
      {"ffn_gate", EMBD, FF},     {"ffn_up", EMBD, FF},        {"ffn_down", FF, EMBD},
  };
  char name[64];
  for (size_t k = 0; k < sizeof parts / sizeof *parts; k++) {
    snprintf(name, sizeof name, "blk.%d.%s.weight", i, parts[k].name);
    add(f, name, parts[k].in, parts[k].out);
  }
}

static file whole(void) {
  file f = {.layers = LAYERS, .ff = FF, .heads = 4, .kv_heads = 2};
  add(&f, "token_embd.weight", EMBD, VOCAB);
  for (int i = 0; i < LAYERS; i++) add_layer(&f, i);
  add(&f, "output_norm.weight", EMBD, 1);
  add(&f, "output.weight", EMBD, VOCAB);
  return f;
}

static void put_string(blob *b, const char *s) {
  put_little(b, strlen(s), 8);
  put_text(b, s);
}

static void put_count(blob *b, const char *key, uint32_t n) {
  put_string(b, key);
  put_little(b, U32, 4);
  put_little(b, n, 4);
}

static void put_keys(blob *b, const file *f) {
  put_string(b, "general.architecture");
  put_little(b, STRING, 4);
  put_string(b, "llama");
  put_count(b, "llama.block_count", f->layers);
  put_count(b, "llama.context_length", 4096);
  put_count(b, "llama.embedding_length", EMBD);
  put_count(b, "llama.feed_forward_length", f->ff);
  put_count(b, "llama.attention.head_count", f->heads);
  put_count(b, "llama.attention.head_count_kv", f->kv_heads);
  put_count(b, "llama.vocab_size", VOCAB);
  if (f->experts != 0) put_count(b, "llama.expert_count", f->experts);
  if (f->split) put_count(b, "split.count", 2);
}

static void write_file(const char *path, const file *f) {
  blob b = {0};
  uint64_t at = 0;
  put_text(&b, "GGUF");
  put_little(&b, 3, 4);
  put_little(&b, f->n, 8);
  put_little(&b, 8u + (f->experts != 0) + f->split, 8);
  put_keys(&b, f);
  for (size_t i = 0; i < f->n; i++) {
    const entry *e = &f->tensors[i];
    int dims = e->ne[1] > 1 ? 2 : 1;
    put_string(&b, e->name);
    put_little(&b, (uint64_t)dims, 4);
    for (int d = 0; d < dims; d++) put_little(&b, e->ne[d], 8);
    put_little(&b, 0, 4); /* f32 */
    put_little(&b, at, 8);
    at += e->ne[0] * e->ne[1] * 4;
  }
  while (b.length % 32 != 0) put_zeros(&b, 1);
  put_zeros(&b, (size_t)at);
  write_bytes(path, b.bytes, b.length);
  free(b.bytes);
}

static vf_status open_file(const file *f, vf_error *why) {
  vf_context *ctx;
  vf_model *m = NULL;
  write_file("whole_model.gguf", f);
  assert_ok(vf_context_new(&ctx, NULL, err));
  vf_status status = vf_model_open(&m, ctx, "whole_model.gguf", NULL, NULL, why);
  if (status == VF_OK) vf_model_free(m);
  vf_context_free(ctx);
  remove("whole_model.gguf");
  return status;
}

static void a_whole_file_is_opened(void **state) {
  (void)state;
  file f = whole();
  assert_ok(open_file(&f, err));
}

static void a_file_without_any_one_of_its_tensors_is_refused_by_its_name(void **state) {
  (void)state;
  size_t n = whole().n;
  for (size_t i = 0; i < n; i++) {
    file f = whole();
    if (strcmp(f.tensors[i].name, "output.weight") == 0) continue; /* the embedding serves, too */
    entry gone = f.tensors[i];
    memmove(&f.tensors[i], &f.tensors[i + 1], (n - i - 1) * sizeof *f.tensors);
    f.n--;
    if (open_file(&f, &error) != VF_MALFORMED) fail_msg("without %s it is opened", gone.name);
    if (strcmp(gone.name, "token_embd.weight") != 0)
      assert_int_equal(strncmp(error.path, gone.name, 5), 0);
  }
}

static void a_matrix_of_another_shape_is_refused(void **state) {
  (void)state;
  size_t n = whole().n;
  for (size_t i = 0; i < n; i++) {
    file f = whole();
    if (f.tensors[i].ne[1] == 1) continue;
    f.tensors[i].ne[1] *= 3; /* twice a query is one with its gate */
    if (open_file(&f, &error) != VF_MALFORMED) fail_msg("%s may be any size", f.tensors[i].name);
  }
}

static void counts_that_the_tensors_do_not_show_are_refused(void **state) {
  (void)state;
  file f = whole();
  f.layers = LAYERS + 1;
  assert_int_equal(open_file(&f, &error), VF_MALFORMED);
  assert_string_equal(error.path, "blk.4.attn_norm.weight");
  f = whole();
  f.ff = UINT32_MAX;
  assert_int_not_equal(open_file(&f, &error), VF_OK);
  f = whole();
  f.ff = 2 * FF;
  assert_int_equal(open_file(&f, &error), VF_MALFORMED);
  f = whole();
  f.kv_heads = 4;
  assert_int_equal(open_file(&f, &error), VF_MALFORMED);
}

static void a_file_without_tensors_is_no_model(void **state) {
  (void)state;
  file f = whole();
  f.n = 0;
  assert_fails(open_file(&f, err), VF_MALFORMED, "has no tensors");
}

static void a_part_of_a_set_that_is_not_called_so_is_refused(void **state) {
  (void)state;
  file f = whole();
  f.split = true;
  assert_fails(open_file(&f, err), VF_MALFORMED, "name the parts");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_whole_file_is_opened),
      cmocka_unit_test(a_file_without_any_one_of_its_tensors_is_refused_by_its_name),
      cmocka_unit_test(a_matrix_of_another_shape_is_refused),
      cmocka_unit_test(counts_that_the_tensors_do_not_show_are_refused),
      cmocka_unit_test(a_file_without_tensors_is_no_model),
      cmocka_unit_test(a_part_of_a_set_that_is_not_called_so_is_refused),
  };
  return cmocka_run_group_tests_name("whole", tests, NULL, NULL);
}
