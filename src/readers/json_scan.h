/* json_scan.h - strict JSON, token by token.
 *
 * The gate that text from outside passes before cJSON builds a tree of it, and the way to find out
 * in which line a value stands.  Stricter than cJSON: the grammar of RFC 8259 and nothing else,
 * UTF-8, no NUL in strings, finite numbers, depth and lengths bounded.  Allocates nothing. */
#ifndef VF_READERS_JSON_SCAN_H
#define VF_READERS_JSON_SCAN_H

#include "vramfit/vramfit.h"

enum {
  VF_JSON_DEPTH = 64,
  VF_JSON_KEY_BYTES = 4096,
  VF_JSON_STRING_BYTES = 1 << 20,
  VF_JSON_FILE_BYTES = 16 << 20,
};

typedef enum vf_json_token {
  VF_JSON_END, /* nothing follows */
  VF_JSON_OBJECT,
  VF_JSON_OBJECT_END,
  VF_JSON_ARRAY,
  VF_JSON_ARRAY_END,
  VF_JSON_KEY,
  VF_JSON_STRING,
  VF_JSON_NUMBER,
  VF_JSON_LITERAL, /* true, false, null */
} vf_json_token;

typedef struct vf_json_scan {
  const char *text;
  size_t length;
  size_t at;         /* next byte to look at */
  size_t start, end; /* the last token; for strings and keys without the quotes */
  uint32_t depth;
  uint8_t expect;                    /* what the grammar allows next */
  bool in_object[VF_JSON_DEPTH + 1]; /* kind of each open container */
} vf_json_scan;

vf_json_scan vf_json_scan_over(const char *text, size_t length);

/* The next token, or VF_MALFORMED / VF_LIMIT with line and column. */
vf_status vf_json_next(vf_json_scan *scan, vf_json_token *out, vf_error *err);

/* Steps over the value that starts with the token just read (a whole object or array). */
vf_status vf_json_skip(vf_json_scan *scan, vf_json_token token, vf_error *err);

/* Scans all of it: VF_OK means that cJSON may see the text. */
vf_status vf_json_check(const char *text, size_t length, vf_error *err);

/* Line and column of the value (or, for a missing one, of the object that should hold it) at a
 * JSON pointer, into err. */
void vf_json_locate(const char *text, size_t length, vf_error *err);

#endif
