/* json_write.h - writing JSON: commas, indentation and escapes are its business. */
#ifndef VF_REPORT_JSON_WRITE_H
#define VF_REPORT_JSON_WRITE_H

#include "report/out.h"

typedef struct vf_json {
  vf_out *out;
  uint32_t depth;
  bool first; /* nothing written yet in the innermost container */
} vf_json;

#define VF_JSON_VERSION "2.0" /* of everything that is written: additions are minor */

vf_json vf_json_on(vf_out *out);

/* key is NULL inside an array and at the top. */
void vf_json_open(vf_json *j, const char *key, char bracket);
void vf_json_close(vf_json *j, char bracket);

void vf_json_string(vf_json *j, const char *key, const char *value);
void vf_json_u64(vf_json *j, const char *key, uint64_t value);
/* A number with two decimals. */
void vf_json_hundredths(vf_json *j, const char *key, uint64_t hundredths);
void vf_json_i64(vf_json *j, const char *key, int64_t value);
void vf_json_bool(vf_json *j, const char *key, bool value);

/* A value that is JSON already. */
void vf_json_raw(vf_json *j, const char *key, const char *text, size_t length);

#endif
