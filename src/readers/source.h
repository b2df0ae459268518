/* source.h - a file that is read piece by piece, at offsets.
 *
 * Keeps no position, and hands out fewer bytes than asked for only where the file ends. */
#ifndef VF_READERS_SOURCE_H
#define VF_READERS_SOURCE_H

#include "base/printf.h"
#include "vramfit/files.h"

typedef struct vf_source {
  const char *path;      /* the caller's, for messages */
  uint64_t bytes;        /* of the file, when it was opened */
  const vf_files *files; /* that it is one of; NULL: nothing is open */
  void *handle;
} vf_source;

/* Opens a file; files and path must outlive it. */
vf_status vf_source_open(vf_source *out, const vf_files *files, const char *path, vf_error *err);
void vf_source_close(vf_source *s);

/* Reads up to `size` bytes at an offset; *got is less at the end of the file alone.  A file that
 * became shorter since it was opened is an error: what it holds now is not what was measured. */
vf_status vf_source_read(const vf_source *s, uint64_t at, void *to, size_t size, size_t *got,
                         vf_error *err);

/* Reads exactly `size` bytes at an offset, or says that the file ends too early. */
vf_status vf_source_take(const vf_source *s, uint64_t at, void *to, size_t size, vf_error *err);

/* Fails at an offset of the file, under a key or pointer inside of it ("" if there is none). */
vf_status vf_source_fail(const vf_source *s, uint64_t at, const char *key, vf_status status,
                         vf_error *err, const char *fmt, ...) VF_PRINTF(6, 7);

#endif
