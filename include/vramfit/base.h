/* base.h - what all headers of libvramfit share: its version, its statuses, its errors.
 *
 * How all functions behave:
 *
 * - Units are in the names: _bytes are bytes (1 GiB = 2^30 bytes, 1 GB = 10^9), _tokens are tokens,
 *   _permille thousandths, _ppm millionths.  Sizes are 64 bits wide; 0 is "unknown", "none" or "the
 *   default" where a field says so.
 * - Handles are opaque and belong to the caller: what vf_x_new() or vf_x_open() puts into *out,
 *   vf_x_free() frees.  What a handle hands out (structs, strings, lists) lives as long as it does.
 *   Strings and structs that are handed in are read during the call, unless a comment says longer.
 * - A function that can fail returns a vf_status, and leaves its outputs as they were if that is
 * not VF_OK.  It also fills the caller's vf_error, which may be NULL; on VF_OK it leaves it alone.
 * - A pointer may be NULL only where a comment says so.  One that is NULL elsewhere is VF_USAGE
 * with a sentence that names it; functions that return something else than a status return 0, NULL,
 *   false or what they say, and vf_x_free(NULL) does nothing.
 * - VF_USAGE and VF_NOMEM may come from every function that returns a status; what else may is
 * said.
 * - The library never prints, exits, aborts or opens the network, and keeps no mutable global
 *   state: different handles may be used from different threads at once, one handle by one thread
 *   at a time, and a context, a model, a device and a request by any number that only read them.
 *   A call needs at most 112 KiB of stack, no function of it more than 16 KiB: what threads have of
 *   themselves is enough, with musl, too.
 * - Numbers have a decimal point, in what is read and in what is written, whatever locale the
 *   program has set.
 *
 * About the ABI.  Values of enums are pinned and never change; the value named _COUNT is how many
 * there are in this header, and grows.  Structs that begin with struct_size may grow at their ends:
 * make them with their vf_x_init(), so that programs run with a newer library as they are; an older
 * library refuses what it does not know.  Those that hold another one by value (vf_deployment,
 * vf_max_query) are taken in the size of this header alone.  All other structs are as they are for
 * one minor version: before 1.0 a new minor version (0.2) may change them, and then has another
 * soname.
 *
 * SPDX-License-Identifier: MIT */
#ifndef VRAMFIT_BASE_H
#define VRAMFIT_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Of this header.  The build reads it here. */
#define VF_VERSION "0.1.0"

#if defined(__GNUC__)
#define VF_API      __attribute__((visibility("default")))
#define VF_MUST_USE __attribute__((warn_unused_result))
#else
#define VF_API
#define VF_MUST_USE
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* Of the library that the program runs with: "0.1.0", static. */
VF_API const char *vf_version(void);

/* ---- Status and errors ------------------------------------------------------------------ */

/* Every way to fail: name, value (pinned: part of the ABI), words. */
#define VF_STATUS_MAP(X)                                                                           \
  X(OK, 0, "no error")                                                                             \
  X(NOMEM, 1, "out of memory")                                                                     \
  X(USAGE, 2, "a value that makes no sense")                                                       \
  X(IO, 3, "a file cannot be read or written")                                                     \
  X(MALFORMED, 4, "a file is not what it says it is")                                              \
  X(UNKNOWN, 5, "a name that is not known")                                                        \
  X(UNSUPPORTED, 6, "a combination that the engine refuses or vramfit does not know")              \
  X(OVERFLOW, 7, "sizes beyond 64 bits")                                                           \
  X(LIMIT, 8, "a documented limit is exceeded")

typedef enum vf_status {
#define VF_STATUS_ENUM(name, value, text) VF_##name = value,
  VF_STATUS_MAP(VF_STATUS_ENUM)
#undef VF_STATUS_ENUM
} vf_status;

/* What went wrong, where and why.  Fixed size and caller-owned, so that running out of memory can
 * be told too.  Fields that do not apply are empty or 0; texts that are too long are cut. */
typedef struct vf_error {
  vf_status status;
  char message[320]; /* one sentence, with what to do about it */
  char source[160];  /* file, catalog entry or option that it came from */
  char path[128];    /* JSON pointer or key inside the source */
  uint32_t line;     /* 1-based line in the source; 0: does not apply */
  uint32_t column;   /* 1-based column, in bytes */
  uint64_t offset;   /* byte offset in a binary source; meaningful if line is 0 and offset is not */
} vf_error;

/* The words of VF_STATUS_MAP; of any other number "unknown status".  Never NULL, static. */
VF_API const char *vf_status_text(vf_status status);

/* Writes the error as one line without newline, "source: line 3, /path: message", with control
 * characters escaped; returns the length that it has, cut to size - 1 in buf.  buf may be NULL if
 * size is 0.  err NULL: an empty line. */
VF_API size_t vf_error_line(const vf_error *err, char *buf, size_t size);

#ifdef __cplusplus
}
#endif
#endif
