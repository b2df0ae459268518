/* window.h - a cursor over a binary file, through a window of fixed size.
 *
 * Reads only what is asked for, in pieces; stepping over something costs nothing.  Every read is
 * checked against the end of the file, and a failure names the offset. */
#ifndef VF_READERS_WINDOW_H
#define VF_READERS_WINDOW_H

#include "base/arena.h"
#include "base/printf.h"
#include "readers/source.h"

enum { VF_WINDOW_BYTES = 64 << 10 };

typedef struct vf_window {
  vf_source source;
  bool big_endian;
  uint64_t at;    /* offset of the next byte */
  uint64_t start; /* offset of the window */
  size_t filled;  /* bytes in it */
  unsigned char *buf;
} vf_window;

/* Opens a file; files and path must outlive the window; memory comes from the arena. */
vf_status vf_window_open(vf_window *out, const vf_files *files, const char *path, vf_arena *arena,
                         vf_error *err);
void vf_window_close(vf_window *w);

/* The next n bytes, at most VF_WINDOW_BYTES, or an error that says what ended ("the header"). */
vf_status vf_window_take(const unsigned char **out, vf_window *w, size_t n, const char *what,
                         vf_error *err);

vf_status vf_window_u32(uint32_t *out, vf_window *w, const char *what, vf_error *err);
vf_status vf_window_u64(uint64_t *out, vf_window *w, const char *what, vf_error *err);

/* Steps over n bytes, which must be there. */
vf_status vf_window_skip(vf_window *w, uint64_t n, const char *what, vf_error *err);

/* Steps over `count` strings, each a 64-bit length and its bytes. */
vf_status vf_window_skip_strings(vf_window *w, uint64_t count, const char *what, vf_error *err);

/* Numbers of a record already taken, in the file's byte order. */
uint32_t vf_window_decode32(const vf_window *w, const unsigned char *p);
uint64_t vf_window_decode64(const vf_window *w, const unsigned char *p);

/* Fails at an offset: "path: offset 1234: message". */
vf_status vf_window_fail(const vf_window *w, vf_status status, uint64_t offset, vf_error *err,
                         const char *fmt, ...) VF_PRINTF(5, 6);

#endif
