/* test_report.c - documents, and what it takes to write them in one more format. */
#include "report/document.h"
#include "report/formats/formats.h"
#include "support.h"

typedef struct sink {
  char text[4096];
  size_t length;
} sink;

static bool take(void *user, const char *data, size_t size) {
  sink *s = user;
  if (s->length + size >= sizeof s->text) return false;
  memcpy(s->text + s->length, data, size);
  s->length += size;
  s->text[s->length] = '\0';
  return true;
}

/* A document with a field of its own, rows that differ, an object and lists in them. */
static void two_rows(vf_doc *d, const void *result) {
  const char *hostile = result;
  vf_doc_open(d, NULL, '{');
  vf_doc_string(d, "format_version", VF_DOC_VERSION);
  vf_doc_string(d, "about", "box");
  vf_doc_open(d, "rows", '[');
  vf_doc_open_row(d, NULL);
  vf_doc_string(d, "name", hostile);
  vf_doc_open(d, "size", '{');
  vf_doc_u64(d, "bytes", 12);
  vf_doc_close(d, '}');
  vf_doc_open(d, "parts", '[');
  vf_doc_string(d, NULL, "a");
  vf_doc_string(d, NULL, "b");
  vf_doc_close(d, ']');
  vf_doc_open(d, "lists", '[');
  vf_doc_open(d, NULL, '{');
  vf_doc_u64(d, "deep", 1);
  vf_doc_close(d, '}');
  vf_doc_close(d, ']');
  vf_doc_close(d, '}');
  vf_doc_open_row(d, NULL);
  vf_doc_i64(d, "left", -3);
  vf_doc_string(d, "name", "second");
  vf_doc_close(d, '}');
  vf_doc_close(d, ']');
  vf_doc_close(d, '}');
}

static void write_in(sink *s, const vf_doc_format *format, const char *name) {
  vf_out out;
  vf_error err = {.status = VF_OK};
  s->length = 0;
  vf_out_init(&out, take, s);
  assert_int_equal(vf_document_write(&out, format, two_rows, name, &err), VF_OK);
}

static void rows_are_records_whatever_they_have(void **state) {
  sink s;
  (void)state;
  write_in(&s, &vf_format_csv, "first");
  assert_string_equal(s.text, "about,name,size.bytes,parts,left\n"
                              "box,first,12,a b,\n"
                              "box,second,,,-3\n");
  write_in(&s, &vf_format_markdown, "first");
  assert_string_equal(s.text, "| about | name | size.bytes | parts | left |\n"
                              "|---|---|---|---|---|\n"
                              "| box | first | 12 | a b |  |\n"
                              "| box | second |  |  | -3 |\n");
}

static void hostile_names_are_text_in_every_format(void **state) {
  sink s;
  (void)state;
  write_in(&s, &vf_format_csv, "=cmd|' /C calc'!A0,\"x\"");
  assert_non_null(strstr(s.text, "\nbox,\"'=cmd|' /C calc'!A0,\"\"x\"\"\",12"));
  write_in(&s, &vf_format_markdown, "a|b\n<img src=x> `c` [l](u) @me \x1b[31m");
  assert_non_null(
      strstr(s.text, "| a\\|b &lt;img src=x> \\`c\\` \\[l\\](u) \\@me \xef\xbf\xbd\\[31m |"));
  write_in(&s, &vf_format_json, "\"\\\x1b\xff");
  assert_non_null(strstr(s.text, "\"name\": \"\\\"\\\\\\u001b\\ufffd\""));
}

/* One more format: this much, and a row in formats.c. */
static void lines_open(vf_doc *d, const char *key, char bracket, bool row) {
  (void)key;
  (void)bracket;
  if (row) vf_out_put(d->out, "-\n");
}

static void lines_close(vf_doc *d, char bracket) {
  (void)d;
  (void)bracket;
}

static void lines_value(vf_doc *d, const char *key, const vf_doc_value *v) {
  if (v->kind == VF_DOC_STRING) vf_out_printf(d->out, "%s=%s\n", key != NULL ? key : "", v->text);
}

static const vf_doc_format lines = {
    .name = "lines", .open = lines_open, .close = lines_close, .value = lines_value};

static void one_more_format_is_one_file_and_one_row(void **state) {
  sink s;
  (void)state;
  write_in(&s, &lines, "first");
  assert_string_equal(s.text,
                      "format_version=" VF_DOC_VERSION "\nabout=box\n-\nname=first\n=a\n=b\n"
                      "-\nname=second\n");
}

static void every_format_has_a_name_and_one_page_is_set_by_hand(void **state) {
  (void)state;
  for (size_t i = 0; i < VF_REPORT_COUNT; i++) {
    const vf_doc_format *f = vf_doc_format_get((vf_report_format)i);
    assert_non_null(vf_report_format_name(i));
    assert_true((f == NULL) == (i == VF_REPORT_TABLE));
    if (f != NULL) assert_string_equal(f->name, vf_report_format_name(i));
  }
  assert_null(vf_report_format_name(VF_REPORT_COUNT));
}

static void no_rows(vf_doc *d, const void *result) {
  (void)result;
  vf_doc_open(d, NULL, '{');
  vf_doc_close(d, '}');
}

static void large_numbers(vf_doc *d, const void *result) {
  (void)result;
  vf_doc_open(d, NULL, '[');
  vf_doc_u64(d, NULL, UINT64_C(9007199254740991));
  vf_doc_u64(d, NULL, UINT64_C(9007199254740992));
  vf_doc_u64(d, NULL, UINT64_MAX);
  vf_doc_i64(d, NULL, INT64_MIN);
  vf_doc_i64(d, NULL, INT64_MAX);
  vf_doc_i64(d, NULL, -1);
  vf_doc_close(d, ']');
}

/* 2^53 - 1 is the last number before which a double has every one. */
static void numbers_of_json_end_where_doubles_do(void **state) {
  sink s = {.length = 0};
  vf_out out;
  vf_error err = {.status = VF_OK};
  (void)state;
  vf_out_init(&out, take, &s);
  assert_int_equal(vf_document_write(&out, &vf_format_json, large_numbers, NULL, &err), VF_OK);
  assert_string_equal(s.text, "[\n  9007199254740991,\n  9007199254740991,\n  9007199254740991,\n"
                              "  -9007199254740991,\n  9007199254740991,\n  -1\n]\n");
}

static void a_document_without_rows_is_no_table(void **state) {
  sink s = {.length = 0};
  vf_out out;
  vf_error err = {.status = VF_OK};
  (void)state;
  vf_out_init(&out, take, &s);
  assert_int_equal(vf_document_write(&out, &vf_format_csv, no_rows, NULL, &err), VF_USAGE);
  assert_int_equal(s.length, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(rows_are_records_whatever_they_have),
      cmocka_unit_test(hostile_names_are_text_in_every_format),
      cmocka_unit_test(one_more_format_is_one_file_and_one_row),
      cmocka_unit_test(every_format_has_a_name_and_one_page_is_set_by_hand),
      cmocka_unit_test(numbers_of_json_end_where_doubles_do),
      cmocka_unit_test(a_document_without_rows_is_no_table),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
