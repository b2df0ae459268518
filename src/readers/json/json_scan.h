/* json_scan.h - strict JSON, token by token.
 *
 * The gate that text from outside passes before cJSON builds a tree of it, and the way to find out
 * in which line a value stands.  Stricter than cJSON: the grammar of RFC 8259 and nothing else,
 * UTF-8, no NUL in strings, finite numbers, depth and lengths bounded.  Allocates nothing.
 *
 * The text is all in memory, or comes through a window that slides over it. */
#ifndef VF_READERS_JSON_JSON_SCAN_H
#define VF_READERS_JSON_JSON_SCAN_H

#include "vramfit/vramfit.h"

enum {
  VF_JSON_DEPTH = 64,
  VF_JSON_KEY_BYTES = 4096,
  VF_JSON_STRING_BYTES = 1 << 20,
  VF_JSON_FILE_BYTES = 16 << 20,
  VF_JSON_WINDOW_BYTES = 2 << 20, /* holds two of the longest tokens */
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

/* Where text comes from that is not all in memory. */
typedef struct vf_json_feed {
  /* Puts up to size bytes, in order; *got is 0 at the end alone. */
  vf_status (*read)(void *context, char *to, size_t size, size_t *got, vf_error *err);
  void *context;
  char *window;
  size_t window_bytes; /* VF_JSON_WINDOW_BYTES, or one more than the text has */
} vf_json_feed;

typedef struct vf_json_scan {
  const char *text;
  size_t length;
  size_t at;                /* next byte to look at */
  size_t start, end;        /* the last token; for strings and keys without the quotes */
  const vf_json_feed *feed; /* NULL: the text is all there */
  uint64_t passed;          /* bytes that have left the window */
  uint32_t passed_lines;    /* ends of line among them */
  uint64_t passed_column;   /* bytes since the last one */
  bool ended;               /* nothing comes after the window */
  uint32_t depth;
  uint8_t expect;                    /* what the grammar allows next */
  bool in_object[VF_JSON_DEPTH + 1]; /* kind of each open container */
} vf_json_scan;

vf_json_scan vf_json_scan_over(const char *text, size_t length);

/* The feed must outlive the scan; a token's text is there until the next one is asked for. */
vf_json_scan vf_json_scan_through(const vf_json_feed *feed);

/* The next token, or VF_MALFORMED / VF_LIMIT with line and column, or what the feed failed with. */
vf_status vf_json_next(vf_json_scan *scan, vf_json_token *out, vf_error *err);

/* Steps over the value that starts with the token just read (a whole object or array). */
vf_status vf_json_skip(vf_json_scan *scan, vf_json_token token, vf_error *err);

/* Decodes the escapes of a string or key that was scanned; returns its length, which is no more
 * than before.  to may be text itself. */
size_t vf_json_unescape(char *to, const char *text, size_t length);

/* Scans all of it: VF_OK means that cJSON may see the text. */
vf_status vf_json_check(const char *text, size_t length, vf_error *err);

/* Line and column of the value (or, for a missing one, of the object that should hold it) at a
 * JSON pointer, into err. */
void vf_json_locate(const char *text, size_t length, vf_error *err);

#endif
