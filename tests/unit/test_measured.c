/* test_measured.c - the catalog of workloads: names, variants, and entries that are refused. */
#include "support.h"

#include <stdio.h>

#include "readers/measured.h"

static vf_context *ctx;

static int open_context(void **state) {
  (void)state;
  return vf_context_new(&ctx, NULL, NULL) != VF_OK;
}

static int close_context(void **state) {
  (void)state;
  vf_context_free(ctx);
  return 0;
}

/* ---- The built-in catalog --------------------------------------------------------------- */

static void every_name_stands_for_its_entry(void **state) {
  (void)state;
  const vf_catalog *c = &ctx->layers[0][VF_CATALOG_WORKLOADS];
  assert_true(c->n_rows >= 30);
  for (uint32_t i = 0; i < c->n_names; i++) {
    vf_measured m;
    assert_ok(vf_measured_find(&m, ctx, c->text + c->names[i].name, err));
    assert_string_equal(m.id, vf_catalog_at(c, c->names[i].row).id);
    assert_true(m.memory.low_bytes > 0 && m.memory.low_bytes <= m.memory.bytes);
    assert_true(m.memory.bytes <= m.memory.high_bytes);
  }
}

static void a_variant_is_named_behind_a_colon(void **state) {
  (void)state;
  vf_measured m;
  assert_ok(vf_measured_find(&m, ctx, "Systran/faster-whisper-large-v3:int8", err));
  assert_string_equal(m.variant, "int8");
  assert_u64(m.memory.bytes, UINT64_C(2926) << 20);
  assert_ok(vf_measured_find(&m, ctx, "Faster Whisper large v3", err));
  assert_string_equal(m.variant, "fp16");
  assert_fails(vf_measured_find(&m, ctx, "f5-tts:int3", err), VF_UNKNOWN, "it has cli");
  assert_fails(vf_measured_find(&m, ctx, "f5tss", err), VF_UNKNOWN, "did you mean f5tts");
}

/* As many as there is room for, and that there are more. */
static void a_name_that_can_mean_several_workloads_lists_them(void **state) {
  (void)state;
  vf_measured m;
  assert_fails(vf_measured_find(&m, ctx, "qwen2.5-vl", err), VF_UNKNOWN,
               "'qwen2.5-vl' can mean several workloads: qwen2.5-vl-3b, qwen2.5-vl-7b");
  assert_fails(vf_measured_find(&m, ctx, "qwen", err), VF_UNKNOWN, "qwen2.5-omni-3b, ");
  assert_fails(vf_measured_find(&m, ctx, "qwen", err), VF_UNKNOWN, "…");
  assert_fails(vf_measured_find(&m, ctx, "zzzzqqqq", err), VF_UNKNOWN,
               "unknown workload 'zzzzqqqq' (vramfit workloads lists ");
}

/* ---- Entries ---------------------------------------------------------------------------- */

#define VARIANT(rest) "{\"id\":\"a\",\"quality\":\"measured\",\"source\":\"here\"," rest "}"
#define ENTRY(variants)                                                                            \
  "{\"id\":\"w\",\"name\":\"W\",\"task\":\"other\",\"variants\":[" variants "]}"

static vf_status read_text(vf_measured *m, const char *text, vf_error *e) {
  const vf_catalog_entry entry = {"w", "w.json", text, strlen(text)};
  return vf_measured_read(m, &entry, NULL, ctx, e);
}

static void impossible_figures_are_refused_at_their_place(void **state) {
  (void)state;
  static const struct {
    const char *text, *path, *message;
  } bad[] = {
      {ENTRY(""), "/variants", "at least one variant"},
      {ENTRY(VARIANT("\"memory_mib\":[3,2,4]")), "/variants/0/memory_mib", "in order"},
      {ENTRY(VARIANT("\"memory_mib\":[0,2,4]")), "/variants/0/memory_mib", "is not a size"},
      {ENTRY(VARIANT("\"memory_mib\":[1,2]")), "/variants/0/memory_mib", "three sizes"},
      {ENTRY(VARIANT("\"memory_mib\":[1,2,3],\"host_memory_mib\":-1")),
       "/variants/0/host_memory_mib", "is not a size"},
      {ENTRY(VARIANT("\"memory_mib\":[1,2,3],\"scope\":\"all\"")), "/variants/0/scope",
       "known words"},
      {ENTRY(VARIANT("\"memory_mib\":[1,2,3],\"memroy\":3")), "/variants/0/memroy", "no such key"},
      {ENTRY("{\"id\":\"a\",\"memory_mib\":[1,2,3],\"source\":\"here\"}"), "/variants/0/quality",
       "how it was obtained"},
      {ENTRY("{\"memory_mib\":[1,2,3]}"), "/variants/0/id", "a short id"},
      {ENTRY("{\"id\":\"of-a-name-that-no-table-has-room-for-in-any-of-its-columns-since-it-is-"
             "long\"}"),
       "/variants/0/id", "a short id"},
      {"{\"id\":\"w\",\"task\":\"other\"}", "/name", "says what it is"},
  };
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    vf_measured m;
    vf_error e = {VF_OK};
    if (read_text(&m, bad[i].text, &e) != VF_MALFORMED) fail_msg("%s was taken", bad[i].text);
    assert_string_equal(e.path, bad[i].path);
    assert_non_null(strstr(e.message, bad[i].message));
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_name_stands_for_its_entry),
      cmocka_unit_test(a_variant_is_named_behind_a_colon),
      cmocka_unit_test(a_name_that_can_mean_several_workloads_lists_them),
      cmocka_unit_test(impossible_figures_are_refused_at_their_place),
  };
  return cmocka_run_group_tests(tests, open_context, close_context);
}
