/* file.h - reading a whole small file, safely. */
#ifndef VF_READERS_FILE_H
#define VF_READERS_FILE_H

#include "base/arena.h"

/* What a path is. */
typedef enum vf_path_kind {
  VF_PATH_NONE, /* nothing there, or it cannot be looked at */
  VF_PATH_FILE, /* a regular file */
  VF_PATH_FOLDER,
  VF_PATH_OTHER, /* a device, a pipe… */
} vf_path_kind;

vf_path_kind vf_path_look(const char *path);

/* Reads a regular file of at most `most` bytes into the arena, terminated by a NUL that *length
 * does not count.  Anything else is VF_IO or VF_LIMIT with the path in it. */
vf_status vf_file_read(char **out, size_t *length, const char *path, size_t most, vf_arena *arena,
                       vf_error *err);

#endif
