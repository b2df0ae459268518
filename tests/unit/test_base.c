/* test_base.c - units, names, text, checked arithmetic, the arena. */
#include "support.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/checked.h"
#include "base/decimal.h"
#include "base/names.h"
#include "base/text.h"
#include "base/units.h"

static void tokens_are_1024_based(void **state) {
  (void)state;
  static const struct {
    const char *text;
    uint64_t tokens;
  } cases[] = {{"1", 1},        {"32768", 32768}, {"32k", 32768},  {"32K", 32768},
               {"1M", 1048576}, {"1m", 1048576},  {"128k", 131072}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    uint64_t n = 0;
    assert_ok(vf_tokens_parse(&n, cases[i].text, err));
    assert_u64(n, cases[i].tokens);
  }
}

static void tokens_that_make_no_sense_are_refused(void **state) {
  (void)state;
  static const char *const bad[] = {"",  "0",    "0k",  "-1", "32q", "32kk",
                                    "k", "1.5k", "1e3", " 1", "1 "};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    uint64_t n = 77;
    assert_fails(vf_tokens_parse(&n, bad[i], err), VF_USAGE, "is not a number of tokens");
    assert_u64(n, 77);
  }
  uint64_t n;
  assert_fails(vf_tokens_parse(&n, "2147483648", err), VF_LIMIT, "beyond 2147483647");
  assert_fails(vf_tokens_parse(&n, "99999999999999999999999", err), VF_USAGE, "is not a number");
  assert_fails(vf_tokens_parse(&n, "18446744073709551615M", err), VF_USAGE, "is not a number");
}

static void sizes_mean_what_their_unit_says(void **state) {
  (void)state;
  static const struct {
    const char *text;
    uint64_t bytes;
  } cases[] = {
      {"123", 123},
      {"123B", 123},
      {"1KiB", 1024},
      {"1kB", 1000},
      {"24GiB", UINT64_C(25769803776)},
      {"24GB", UINT64_C(24000000000)},
      {"24gb", UINT64_C(24000000000)},
      {"0.5GiB", UINT64_C(536870912)},
      {"119.7GiB", UINT64_C(128526896332)},
      {"4TiB", UINT64_C(4398046511104)},
      {"24 GB", UINT64_C(24000000000)},
      {"24gb", UINT64_C(24000000000)},
      {"24G", UINT64_C(25769803776)},
      {"1.000000001GB", UINT64_C(1000000001)},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    uint64_t n = 0;
    assert_ok(vf_size_parse(&n, cases[i].text, err));
    assert_u64(n, cases[i].bytes);
  }
}

static void sizes_that_make_no_sense_are_refused(void **state) {
  (void)state;
  static const char *const bad[] = {"",      "G",     "24X", "24Gb2", "-1GiB",
                                    "1.GiB", ".5GiB", "1.5", "1e9",   "1GiB "};
  uint64_t n = 77;
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
    assert_fails(vf_size_parse(&n, bad[i], err), VF_USAGE, "is not a size");
  assert_fails(vf_size_parse(&n, "9007199254740992", err), VF_LIMIT, "beyond 8 PiB");
  assert_fails(vf_size_parse(&n, "99999999TiB", err), VF_LIMIT, "beyond 8 PiB");
  assert_u64(n, 77);
}

static const char *shown(uint64_t bytes, vf_unit unit, int decimals) {
  static char buf[64];
  vf_text text = vf_text_on(buf, sizeof buf);
  vf_text_size(&text, bytes, unit, decimals);
  return buf;
}

static void sizes_are_shown_rounded_half_up(void **state) {
  (void)state;
  assert_string_equal(shown(VF_GIB, VF_UNIT_GIB, 2), "1.00");
  assert_string_equal(shown(VF_GIB - 1, VF_UNIT_GIB, 2), "1.00");
  assert_string_equal(shown(VF_GIB / 2, VF_UNIT_GIB, 0), "1");
  assert_string_equal(shown(UINT64_C(1500000000), VF_UNIT_GB, 1), "1.5");
  assert_string_equal(shown(UINT64_C(999999999), VF_UNIT_GB, 1), "1.0");
  assert_string_equal(shown(0, VF_UNIT_GIB, 2), "0.00");
  assert_string_equal(shown(UINT64_MAX, VF_UNIT_GIB, 1), "17179869184.0");
}

static void negative_sizes_have_a_sign(void **state) {
  (void)state;
  char buf[64];
  vf_text text = vf_text_on(buf, sizeof buf);
  vf_text_signed_size(&text, -(int64_t)(3 * VF_GIB / 2), VF_UNIT_GIB, 1);
  vf_text_put(&text, " ");
  vf_text_signed_size(&text, INT64_MIN, VF_UNIT_GIB, 0);
  assert_string_equal(buf, "-1.5 -8589934592");
}

static void utf8_is_as_the_standard_has_it(void **state) {
  static const struct {
    const char *text;
    size_t length;
  } cases[] = {{"a", 1},
               {"\xC2\x80", 2},
               {"\xC1\xBF", 0},
               {"\xE0\xA0\x80", 3},
               {"\xE0\x9F\xBF", 0},
               {"\xED\x9F\xBF", 3},
               {"\xED\xA0\x80", 0},
               {"\xF0\x90\x80\x80", 4},
               {"\xF0\x8F\xBF\xBF", 0},
               {"\xF1\x80\x80\x80", 4},
               {"\xF3\xBF\xBF\xBF", 4},
               {"\xF4\x8F\xBF\xBF", 4},
               {"\xF4\x90\x80\x80", 0},
               {"\xF5\x80\x80\x80", 0},
               {"\xF1\x80\x80", 0},
               {"\x80", 0}};
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
    assert_int_equal(vf_utf8_length(cases[i].text, strlen(cases[i].text)), cases[i].length);
}

static void control_characters_and_bad_utf8_are_escaped(void **state) {
  (void)state;
  static const char input[] = "a\x1b[31m\n\x7f\xc2\x9b\xff\xed\xa0\x80 \xc3\xa9\xe2\x82\xac";
  char buf[128];
  vf_text text = vf_text_on(buf, sizeof buf);
  vf_text_escaped(&text, input, sizeof input - 1);
  assert_string_equal(buf, "a\\x1B[31m\\x0A\\x7F\\xC2\\x9B\\xFF\\xED\\xA0\\x80 é€");
}

static void marks_of_writing_direction_are_escaped(void **state) {
  (void)state;
  static const char input[] = "a\xe2\x80\xae"
                              "b\xd8\x9c\xe2\x81\xa6\xe2\x80\xa8\xe2\x80\x93";
  char buf[128];
  vf_text text = vf_text_on(buf, sizeof buf);
  vf_text_escaped(&text, input, sizeof input - 1);
  assert_string_equal(buf, "a\\xE2\\x80\\xAEb\\xD8\\x9C\\xE2\\x81\\xA6\\xE2\\x80\\xA8–");
}

static void text_that_does_not_fit_is_cut_and_counted(void **state) {
  (void)state;
  char buf[5];
  vf_text text = vf_text_on(buf, sizeof buf);
  vf_text_put(&text, "abc");
  vf_text_put(&text, "def");
  vf_text_put(&text, "ghi");
  assert_string_equal(buf, "abcd");
  assert_u64(text.length, 9);
  vf_text_thousands(&text, 1);
  assert_string_equal(buf, "abcd");
}

static void thousands_get_commas(void **state) {
  (void)state;
  char buf[64];
  vf_text text = vf_text_on(buf, sizeof buf);
  vf_text_thousands(&text, 0);
  vf_text_put(&text, " ");
  vf_text_thousands(&text, 999);
  vf_text_put(&text, " ");
  vf_text_thousands(&text, 1000);
  vf_text_put(&text, " ");
  vf_text_thousands(&text, UINT64_MAX);
  assert_string_equal(buf, "0 999 1,000 18,446,744,073,709,551,615");
}

static void nearest_name_finds_slips_and_nothing_far(void **state) {
  (void)state;
  static const char *const names[] = {"h100", "h200", "rtx-4090", "gb10", "llama3.1-8b", NULL};
  assert_string_equal(vf_nearest_name("h10O", names), "h100");
  assert_string_equal(vf_nearest_name("rtx-4900", names), "rtx-4090");
  assert_string_equal(vf_nearest_name("RTX 4090", names), "rtx-4090");
  assert_string_equal(vf_nearest_name("bg10", names), "gb10");
  assert_string_equal(vf_nearest_name("llama3.1", names), "llama3.1-8b");
  assert_null(vf_nearest_name("frobnicate", names));
  assert_null(vf_nearest_name("", names));
}

static void nearest_name_survives_very_long_words(void **state) {
  (void)state;
  static const char *const names[] = {"h100", NULL};
  char word[5000];
  memset(word, 'h', sizeof word - 1);
  word[sizeof word - 1] = '\0';
  assert_null(vf_nearest_name(word, names));
}

static void checked_arithmetic_refuses_what_does_not_fit(void **state) {
  (void)state;
  uint64_t n = 5;
  assert_false(vf_add(&n, UINT64_MAX, 1));
  assert_false(vf_mul(&n, UINT64_C(1) << 32, UINT64_C(1) << 32));
  assert_false(vf_mul3(&n, UINT64_C(1) << 22, UINT64_C(1) << 21, UINT64_C(1) << 21));
  assert_false(vf_align_up(&n, UINT64_MAX - 3, 32));
  assert_u64(n, 5);
  assert_true(vf_align_up(&n, UINT64_MAX - 31, 32));
  assert_u64(n, UINT64_MAX - 31);
  assert_true(vf_align_up(&n, 33, 32));
  assert_u64(n, 64);
  assert_true(vf_mul3(&n, 3, 5, 7));
  assert_u64(n, 105);
}

/* A list that doubles up to half of the cap: what it was before must have been freed. */
static void a_list_that_grows_frees_what_it_was(void **state) {
  (void)state;
  vf_arena *arena = vf_arena_new(&vf_default_allocator, (3 << 20) + (256 << 10));
  assert_non_null(arena);
  uint64_t *list = NULL;
  size_t n = 0;
  for (size_t capacity = 16; capacity <= 1 << 18; capacity *= 2) {
    list = vf_arena_grow(arena, list, n, capacity, sizeof *list);
    assert_non_null(list);
    while (n < capacity) {
      list[n] = n;
      n++;
    }
    assert_non_null(vf_arena_alloc(arena, 1, 24)); /* others lie between */
  }
  for (size_t i = 0; i < n; i++) assert_int_equal(list[i], i);
  assert_null(vf_arena_grow(arena, list, n, 2 * n, sizeof *list));
  assert_true(vf_arena_is_full(arena));
  assert_int_equal(list[n - 1], n - 1);
  vf_arena_free(arena);
}

static void arena_keeps_its_cap_and_zeroes_memory(void **state) {
  (void)state;
  vf_arena *arena = vf_arena_new(&vf_default_allocator, 100000);
  assert_non_null(arena);
  unsigned char *p = vf_arena_alloc(arena, 60, 1000);
  assert_non_null(p);
  for (int i = 0; i < 60000; i++) assert_int_equal(p[i], 0);
  assert_false(vf_arena_is_full(arena));
  assert_null(vf_arena_alloc(arena, 60, 1000));
  assert_true(vf_arena_is_full(arena));
  assert_null(vf_arena_alloc(arena, SIZE_MAX / 2, 3));
  assert_null(vf_arena_alloc(arena, SIZE_MAX, 1));
  assert_string_equal(vf_arena_copy(arena, "hello", 4), "hell");
  vf_arena_free(arena);
  vf_arena_free(NULL);
}

static void error_lines_name_source_line_and_path(void **state) {
  (void)state;
  vf_error e = {.status = VF_MALFORMED, .message = "0 is not a head count", .line = 12};
  char line[200];
  snprintf(e.source, sizeof e.source, "config\x1b.json");
  snprintf(e.path, sizeof e.path, "/num_attention_heads");
  vf_error_line(&e, line, sizeof line);
  assert_string_equal(line,
                      "config\\x1B.json: line 12, /num_attention_heads: 0 is not a head count");
  e.line = 0;
  e.offset = 24;
  e.path[0] = '\0';
  vf_error_line(&e, line, sizeof line);
  assert_string_equal(line, "config\\x1B.json: offset 24: 0 is not a head count");
}

static void every_status_has_words(void **state) {
  (void)state;
  for (int s = VF_OK; s <= VF_LIMIT; s++) assert_true(strlen(vf_status_text((vf_status)s)) > 3);
  assert_string_equal(vf_status_text((vf_status)999), "unknown status");
}

/* Numbers that are long, small, large, and such as no double is near to. */
static void decimals_are_read_as_strtod_reads_them(void **state) {
  (void)state;
  static const char *const texts[] = {"0.92",
                                      "-1.5e3",
                                      "3",
                                      ".5",
                                      "5.",
                                      " +7.25x",
                                      "00012.500",
                                      "0.000001234",
                                      "1e400",
                                      "-1e400",
                                      "1e-400",
                                      "1e999999999999",
                                      "4.9e-324",
                                      "2.2250738585072011e-308",
                                      "1.7976931348623157e308",
                                      "0.1000000000000000055511151231257827021181583404541015625",
                                      "123456789012345678901234567890123456789012345678901234.5",
                                      "9007199254740993",
                                      "1e",
                                      "1e+",
                                      "1.5.5",
                                      "0e5",
                                      "0.0e5",
                                      "6.5,10"};
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
    char *theirs;
    const char *ours;
    double expected = strtod(texts[i], &theirs), value = vf_decimal_read(texts[i], &ours);
    if (memcmp(&value, &expected, sizeof value) != 0 || ours != theirs)
      fail_msg("%s: %.17g, not %.17g, up to \"%s\"", texts[i], value, expected, ours);
  }
}

static void what_is_no_decimal_ends_where_it_begins(void **state) {
  (void)state;
  static const char *const texts[] = {"", ".", "-", " +.", "inf", "nan", "x1", "e5", ",5"};
  const char *end;
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
    assert_true(vf_decimal_read(texts[i], &end) >= 0);
    assert_ptr_equal(end, texts[i]);
  }
  assert_true(vf_decimal_read("0x10", &end) == 0 && strcmp(end, "x10") == 0);
}

static void decimals_are_written_as_printf_writes_them(void **state) {
  (void)state;
  assert_string_equal(vf_fixed(1234.005, 2).text, "1234.01");
  assert_string_equal(vf_fixed(-0.96, 1).text, "-1.0");
  assert_string_equal(vf_fixed(7.6, 0).text, "8");
  assert_string_equal(vf_general(0.1, 9).text, "0.1");
  assert_string_equal(vf_general(1e300, 6).text, "1e+300");
  assert_string_equal(vf_general(-1.25e-7, 6).text, "-1.25e-07");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(tokens_are_1024_based),
      cmocka_unit_test(tokens_that_make_no_sense_are_refused),
      cmocka_unit_test(sizes_mean_what_their_unit_says),
      cmocka_unit_test(sizes_that_make_no_sense_are_refused),
      cmocka_unit_test(sizes_are_shown_rounded_half_up),
      cmocka_unit_test(negative_sizes_have_a_sign),
      cmocka_unit_test(utf8_is_as_the_standard_has_it),
      cmocka_unit_test(control_characters_and_bad_utf8_are_escaped),
      cmocka_unit_test(marks_of_writing_direction_are_escaped),
      cmocka_unit_test(text_that_does_not_fit_is_cut_and_counted),
      cmocka_unit_test(thousands_get_commas),
      cmocka_unit_test(nearest_name_finds_slips_and_nothing_far),
      cmocka_unit_test(nearest_name_survives_very_long_words),
      cmocka_unit_test(checked_arithmetic_refuses_what_does_not_fit),
      cmocka_unit_test(a_list_that_grows_frees_what_it_was),
      cmocka_unit_test(arena_keeps_its_cap_and_zeroes_memory),
      cmocka_unit_test(error_lines_name_source_line_and_path),
      cmocka_unit_test(every_status_has_words),
      cmocka_unit_test(decimals_are_read_as_strtod_reads_them),
      cmocka_unit_test(what_is_no_decimal_ends_where_it_begins),
      cmocka_unit_test(decimals_are_written_as_printf_writes_them),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
