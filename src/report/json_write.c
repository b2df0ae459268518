/* json_write.c - a streaming JSON writer; integers are written as integers, strings as UTF-8. */
#include "report/json_write.h"

#include <inttypes.h>
#include <string.h>

vf_json vf_json_on(vf_out *out) {
  return (vf_json){out, 0, true};
}

static void put_escaped(vf_out *out, const char *s, size_t length) {
  for (size_t i = 0; i < length;) {
    size_t n = vf_utf8_length(s + i, length - i);
    unsigned char c = (unsigned char)s[i];
    if (n == 0)
      vf_out_put(out, "\\ufffd");
    else if (c == '"' || c == '\\')
      vf_out_printf(out, "\\%c", c);
    else if (c < 0x20 || c == 0x7F)
      vf_out_printf(out, "\\u%04x", c);
    else
      vf_out_bytes(out, s + i, n);
    i += n == 0 ? 1 : n;
  }
}

static void put_string(vf_out *out, const char *s) {
  vf_out_put(out, "\"");
  put_escaped(out, s, strlen(s));
  vf_out_put(out, "\"");
}

static void new_line(vf_json *j) {
  vf_out_put(j->out, "\n");
  for (uint32_t i = 0; i < j->depth; i++) vf_out_put(j->out, "  ");
}

static void begin(vf_json *j, const char *key) {
  if (j->depth > 0) {
    if (!j->first) vf_out_put(j->out, ",");
    new_line(j);
  }
  j->first = false;
  if (key == NULL) return;
  put_string(j->out, key);
  vf_out_put(j->out, ": ");
}

void vf_json_open(vf_json *j, const char *key, char bracket) {
  begin(j, key);
  vf_out_bytes(j->out, &bracket, 1);
  j->depth++;
  j->first = true;
}

void vf_json_close(vf_json *j, char bracket) {
  j->depth--;
  if (!j->first) new_line(j);
  vf_out_bytes(j->out, &bracket, 1);
  j->first = false;
  if (j->depth == 0) vf_out_put(j->out, "\n");
}

void vf_json_string(vf_json *j, const char *key, const char *value) {
  begin(j, key);
  put_string(j->out, value);
}

void vf_json_u64(vf_json *j, const char *key, uint64_t value) {
  begin(j, key);
  vf_out_printf(j->out, "%" PRIu64, value);
}

void vf_json_i64(vf_json *j, const char *key, int64_t value) {
  begin(j, key);
  vf_out_printf(j->out, "%" PRId64, value);
}

void vf_json_bool(vf_json *j, const char *key, bool value) {
  begin(j, key);
  vf_out_put(j->out, value ? "true" : "false");
}

void vf_json_raw(vf_json *j, const char *key, const char *text, size_t length) {
  begin(j, key);
  vf_out_bytes(j->out, text, length);
}

void vf_json_hundredths(vf_json *j, const char *key, uint64_t hundredths) {
  begin(j, key);
  vf_out_printf(j->out, "%" PRIu64 ".%02" PRIu64, hundredths / 100, hundredths % 100);
}
