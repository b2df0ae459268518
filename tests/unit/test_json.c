/* test_json.c - the strict gate, facts, and errors that name line and path. */
#include "support.h"

#include <stdlib.h>

#include <cjson/cJSON.h>

#include "base/facts.h"
#include "readers/config.h"
#include "readers/json/json_scan.h"

static vf_status check(const char *text, vf_error *err) {
  return vf_json_check(text, strlen(text), err);
}

static void good_json_passes(void **state) {
  (void)state;
  static const char *const good[] = {
      "{}",
      "[]",
      " [ ] ",
      "0",
      "-0",
      "-1.5e-7",
      "1E+2",
      "\"\"",
      "true",
      "null",
      "{\"a\":[1,{\"b\":null}],\"c\":\"\\u00e9\\n\\ud83d\\ude00\"}",
      "\"é€😀\"",
      "[[[[]]]]",
      "9007199254740993",
      "1e290",
  };
  for (size_t i = 0; i < sizeof good / sizeof *good; i++) assert_ok(check(good[i], err));
}

static void bad_json_is_refused_with_its_reason(void **state) {
  (void)state;
  static const struct {
    const char *text, *words;
  } bad[] = {
      {"", "the file is empty"},
      {"  ", "ends too early"},
      {"\xEF\xBB\xBF{}", "byte order mark"},
      {"{", "ends too early"},
      {"{\"a\":1", "truncated"},
      {"[1,", "a value is expected"},
      {"[1,]", "a value is expected"},
      {"{\"a\":1,}", "a key in quotes"},
      {"{\"a\" 1}", "a colon"},
      {"{a:1}", "a key in quotes"},
      {"[1 2]", "a comma"},
      {"{} {}", "something follows"},
      {"nul", "a value is expected"},
      {"nulll", "something follows"},
      {"NaN", "a value is expected"},
      {"01", "must not start with 0"},
      {"-", "needs a digit"},
      {"1.", "digit after the point"},
      {".5", "a value is expected"},
      {"1e", "no digits"},
      {"1e400", "out of range"},
      {"1e99999999999", "out of range"},
      {"0x10", "something follows"},
      {"\"a", "not closed"},
      {"\"a\nb\"", "control character"},
      {"\"\\x\"", "unknown escape"},
      {"\"\\u12g4\"", "four hex digits"},
      {"\"a\\u0000b\"", "NUL"},
      {"\"\\ud800\"", "half a surrogate"},
      {"\"\\udc00\"", "half a surrogate"},
      {"\"\\ud800\\u0041\"", "half a surrogate"},
      {"\"\xff\"", "not UTF-8"},
      {"\"\xc0\xaf\"", "not UTF-8"},
      {"\"\xed\xa0\x80\"", "not UTF-8"},
      {"[}", "a value is expected"},
      {"{]", "a key in quotes"},
      {"[1}", "a comma or a closing"},
      {"1111111111111111111111111111111111111111111111111111111111111111", "too long"},
  };
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
    assert_fails(check(bad[i].text, err), VF_MALFORMED, bad[i].words);
}

static void an_embedded_nul_is_refused(void **state) {
  (void)state;
  assert_fails(vf_json_check("{}\0{}", 5, err), VF_MALFORMED, "something follows");
  assert_fails(vf_json_check("\"a\0b\"", 5, err), VF_MALFORMED, "control character");
}

static void depth_and_lengths_are_bounded(void **state) {
  (void)state;
  char deep[200];
  memset(deep, '[', 64);
  memset(deep + 64, ']', 64);
  assert_ok(vf_json_check(deep, 128, err));
  memset(deep, '[', 65);
  memset(deep + 65, ']', 65);
  assert_fails(vf_json_check(deep, 130, err), VF_LIMIT, "deeper than 64");
  char *key = malloc(5000);
  memset(key, 'k', 5000);
  key[0] = '{', key[1] = '"';
  assert_fails(vf_json_check(key, 5000, err), VF_LIMIT, "too long");
  free(key);
}

static void errors_tell_line_and_column(void **state) {
  (void)state;
  vf_error err;
  const char *text = "{\n  \"a\": 1,\n  \"b\": tru\n}";
  assert_int_equal(vf_json_check(text, strlen(text), &err), VF_MALFORMED);
  assert_int_equal(err.line, 3);
  assert_int_equal(err.column, 8);
}

static void locate_finds_values_and_holders(void **state) {
  (void)state;
  const char *text = "{\n \"x\": {\"a\": [1, {\"b\": 2}]},\n \"y\": {\n  \"a\": 5\n }\n}";
  static const struct {
    const char *path;
    uint32_t line;
  } cases[] = {{"/x", 2}, {"/x/a", 2}, {"/y", 3}, {"/y/a", 4}, {"/y/missing", 3}, {"/missing", 1}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    vf_error err = {VF_OK};
    snprintf(err.path, sizeof err.path, "%s", cases[i].path);
    vf_json_locate(text, strlen(text), &err);
    assert_int_equal(err.line, cases[i].line);
  }
}

static void every_truncation_is_refused(void **state) {
  (void)state;
  const char *text = "{\"a\": [1, -2.5e3, true, null, \"x\\u00e9\\n\"], \"b\": {\"c\": {}}}";
  for (size_t n = 0; n < strlen(text); n++)
    assert_int_not_equal(vf_json_check(text, n, NULL), VF_OK);
}

/* ---- Text that comes through a window --------------------------------------------------- */

typedef struct slow_text {
  const char *text;
  size_t length, at, step; /* bytes per read */
} slow_text;

static vf_status read_slowly(void *context, char *to, size_t size, size_t *got, vf_error *err) {
  slow_text *s = context;
  (void)err;
  size_t n = s->length - s->at;
  if (n > s->step) n = s->step;
  if (n > size) n = size;
  memcpy(to, s->text + s->at, n);
  s->at += n;
  *got = n;
  return VF_OK;
}

/* Every token and the error at the end are the same as without a window. */
static void compare_scans(const char *text, size_t length, size_t step, size_t window_bytes) {
  slow_text slow = {text, length, 0, step};
  vf_json_feed feed = {read_slowly, &slow, malloc(window_bytes), window_bytes};
  vf_json_scan a = vf_json_scan_over(text, length), b = vf_json_scan_through(&feed);
  vf_json_token t = VF_JSON_OBJECT, u = VF_JSON_OBJECT;
  vf_error e = {VF_OK}, f = {VF_OK};
  assert_non_null(feed.window);
  while (t != VF_JSON_END && e.status == VF_OK) {
    vf_status status = vf_json_next(&a, &t, &e);
    assert_int_equal(vf_json_next(&b, &u, &f), status);
    assert_int_equal(t, u);
    assert_u64(b.passed + b.at, a.at);
    if (t != VF_JSON_END && status == VF_OK)
      assert_memory_equal(a.text + a.start, b.text + b.start,
                          a.end > a.start ? a.end - a.start : 0);
  }
  assert_string_equal(e.message, f.message);
  assert_true(e.line == f.line && e.column == f.column);
  free(feed.window);
}

static void a_scan_through_a_window_is_the_same_as_a_whole_one(void **state) {
  (void)state;
  static const char text[] = " {\"a\" :\n [1, -2.5e3, true, \"x\\u00e9\\n\"],\r\n \"b\": {}}\n x";
  for (size_t n = 0; n < sizeof text; n++) compare_scans(text, n, 1 + n % 3, n + 1);
}

static void a_window_slides_over_long_text(void **state) {
  (void)state;
  enum { LENGTH = 7 << 20, SPACE = 3 << 20, STRING = 5 << 20, STRING_END = STRING + 900 * 1024 };
  char *text = malloc(LENGTH);
  assert_non_null(text);
  memset(text, ' ', LENGTH);
  for (size_t i = 64; i < LENGTH - 64; i += 64) memcpy(text + i, "[\"\xE2\x82\xAC\",\n3]", 10);
  for (size_t i = 128; i < LENGTH - 64; i += 64) text[i - 1] = ',';
  memset(text + SPACE, ' ', 1 << 20); /* more than what a window looks ahead */
  memset(text + STRING, 'x', STRING_END - STRING);
  text[STRING] = text[STRING_END - 2] = '"';
  text[STRING_END - 1] = ',';
  text[0] = '[';
  text[LENGTH - 1] = ']';
  assert_ok(vf_json_check(text, LENGTH, err));
  compare_scans(text, LENGTH, 100003, VF_JSON_WINDOW_BYTES);
  text[LENGTH - 2] = ',';
  compare_scans(text, LENGTH, LENGTH, VF_JSON_WINDOW_BYTES);
  free(text);
}

static void escapes_are_decoded(void **state) {
  (void)state;
  char out[64];
  const char *text = "a\\u0062\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\u20AC\\ud83d\\ude00.";
  size_t n = vf_json_unescape(out, text, strlen(text));
  out[n] = '\0';
  assert_string_equal(out, "ab\"\\/\b\f\n\r\t\u00e9\u20AC\U0001F600.");
  /* the last of one byte, and the first and last of two, three and four */
  text = "\\u007f\\u0080\\u07ff\\u0800\\uffff\\ud800\\udc00\\udbff\\udfff";
  n = vf_json_unescape(out, text, strlen(text));
  out[n] = '\0';
  assert_string_equal(out, "\x7f\xc2\x80\xdf\xbf\xe0\xa0\x80\xef\xbf\xbf\xf0\x90\x80\x80"
                           "\xf4\x8f\xbf\xbf");
}

/* What the gate lets through, cJSON parses; whatever else happens, nothing breaks. */
static void mutations_that_pass_the_gate_parse(void **state) {
  (void)state;
  const char *text =
      "{\"model_type\": \"llama\", \"n\": [1, -2.5e3, true], \"s\": \"\\u00e9\", \"o\": {}}";
  static const unsigned char values[] = {0,   1,   '"',  '\\', '{',  '}', '[', ']',
                                         ',', ':', 0x7f, 0x80, 0xff, '0', '-', 'e'};
  size_t length = strlen(text);
  char *copy = malloc(length + 1);
  for (size_t i = 0; i < length; i++) {
    for (size_t v = 0; v < sizeof values; v++) {
      memcpy(copy, text, length + 1);
      copy[i] = (char)values[v];
      if (vf_json_check(copy, length, NULL) != VF_OK) continue;
      cJSON *root = cJSON_ParseWithLength(copy, length);
      assert_non_null(root);
      cJSON_Delete(root);
    }
  }
  free(copy);
}

/* ---- Facts ------------------------------------------------------------------------------ */

static vf_status parse(vf_arena *arena, vf_facts *facts, const char *text, vf_error *err) {
  *facts = vf_facts_in(arena, "test.json");
  return vf_config_parse(facts, text, strlen(text), err);
}

static void nested_keys_become_paths(void **state) {
  (void)state;
  vf_facts facts;
  vf_arena *arena = vf_arena_new(&vf_default_allocator, 1 << 20);
  uint64_t n = 0;
  bool found = false, flag = false;
  assert_ok(
      parse(arena, &facts,
            "{\"a\": 5, \"rope\": {\"type\": \"yarn\", \"in\": {\"deep\": true}}, \"l\": [1, 2],"
            " \"none\": null, \"f\": 0.5}",
            err));
  assert_ok(vf_facts_number(&n, &found, &facts, "a", 0, "thing", 1, 9, err));
  assert_true(found && n == 5);
  assert_string_equal(vf_facts_string(&facts, "rope.type", ""), "yarn");
  assert_ok(vf_facts_bool(&flag, &facts, "rope.in.deep", false, err));
  assert_true(flag);
  assert_int_equal(vf_facts_find(&facts, "l")->as.array.count, 2);
  assert_null(vf_facts_find(&facts, "none"));
  assert_null(vf_facts_find(&facts, "rope"));
  assert_ok(vf_facts_number(&n, &found, &facts, "none", 0, "thing", 1, 9, err));
  assert_false(found);
  vf_arena_free(arena);
}

static void numbers_out_of_place_are_refused(void **state) {
  (void)state;
  vf_facts facts;
  vf_arena *arena = vf_arena_new(&vf_default_allocator, 1 << 20);
  uint64_t n = 77;
  bool found, flag;
  assert_ok(parse(
      arena, &facts,
      "{\"zero\": 0, \"neg\": -3, \"half\": 0.5, \"big\": 1e300, \"s\": \"5\", \"t\": true}", err));
  assert_fails(vf_facts_number(&n, &found, &facts, "zero", 0, "head count", 1, 9, err),
               VF_MALFORMED, "/zero: 0 is not a head count (1 to 9)");
  assert_fails(vf_facts_number(&n, &found, &facts, "neg", 0, "size", 1, 9, err), VF_MALFORMED,
               "-3 is not");
  assert_fails(vf_facts_number(&n, &found, &facts, "half", 0, "size", 1, 9, err), VF_MALFORMED,
               "0.5 is not");
  assert_fails(vf_facts_number(&n, &found, &facts, "big", 0, "size", 1, 9, err), VF_MALFORMED,
               "1e+300");
  assert_fails(vf_facts_number(&n, &found, &facts, "s", 0, "size", 1, 9, err), VF_MALFORMED,
               "a number is expected");
  assert_fails(vf_facts_number(&n, &found, &facts, "t", 0, "size", 1, 9, err), VF_MALFORMED,
               "a number is expected");
  assert_fails(vf_facts_bool(&flag, &facts, "zero", false, err), VF_MALFORMED, "true or false");
  assert_u64(n, 77);
  vf_arena_free(arena);
}

/* What is within a text is no value, whatever it looks like. */
static void more_values_than_any_file_has_are_refused(void **state) {
  (void)state;
  enum { MOST = 400000, EACH = 10000 };
  vf_facts facts;
  vf_arena *arena = vf_arena_new(&vf_default_allocator, 16 << 20);
  char *text = malloc(4 * MOST), *at = text + sprintf(text, "{\"a\": [\"");
  for (size_t i = 0; i < MOST; i++)
    at += sprintf(at, "\\\"%s", i % EACH == EACH - 1 ? "\",\"" : i % 2 == 0 ? "," : "[");
  strcpy(at, "\"]}");
  assert_ok(parse(arena, &facts, text, err));
  const vf_fact *a = vf_facts_find(&facts, "a");
  assert_int_equal(a->as.array.count, MOST / EACH + 1);
  assert_int_equal(strlen(a->as.array.items[0].as.string), 2 * EACH - 1);
  at = text + sprintf(text, "{\"a\": [1");
  for (size_t i = 1; i < MOST; i++) at += sprintf(at, ",1");
  strcpy(at, "]}");
  assert_fails(parse(arena, &facts, text, err), VF_LIMIT, "more than 400000 values");
  free(text);
  vf_arena_free(arena);
}

static void a_key_twice_in_one_object_is_refused(void **state) {
  (void)state;
  vf_facts facts;
  vf_arena *arena = vf_arena_new(&vf_default_allocator, 1 << 20);
  assert_fails(parse(arena, &facts, "{\"a\": 1, \"b\": 2,\n \"a\": 3}", err), VF_MALFORMED,
               "/a: this key occurs twice");
  assert_fails(parse(arena, &facts, "{\"o\": {\"a\": 1, \"\\u0061\": 2}}", err), VF_MALFORMED,
               "/o/a: this key occurs twice");
  assert_ok(parse(arena, &facts, "{\"o\": {\"a\": 1}, \"a\": 2, \"A\": 3}", err));
  vf_arena_free(arena);
}

static void something_else_than_an_object_is_refused(void **state) {
  (void)state;
  vf_facts facts;
  vf_arena *arena = vf_arena_new(&vf_default_allocator, 1 << 20);
  assert_fails(parse(arena, &facts, "[1]", err), VF_MALFORMED,
               "test.json: a JSON object is expected");
  vf_arena_free(arena);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(good_json_passes),
      cmocka_unit_test(bad_json_is_refused_with_its_reason),
      cmocka_unit_test(an_embedded_nul_is_refused),
      cmocka_unit_test(depth_and_lengths_are_bounded),
      cmocka_unit_test(errors_tell_line_and_column),
      cmocka_unit_test(locate_finds_values_and_holders),
      cmocka_unit_test(every_truncation_is_refused),
      cmocka_unit_test(a_scan_through_a_window_is_the_same_as_a_whole_one),
      cmocka_unit_test(a_window_slides_over_long_text),
      cmocka_unit_test(escapes_are_decoded),
      cmocka_unit_test(mutations_that_pass_the_gate_parse),
      cmocka_unit_test(nested_keys_become_paths),
      cmocka_unit_test(numbers_out_of_place_are_refused),
      cmocka_unit_test(more_values_than_any_file_has_are_refused),
      cmocka_unit_test(a_key_twice_in_one_object_is_refused),
      cmocka_unit_test(something_else_than_an_object_is_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
