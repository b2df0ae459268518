/* files.h - the context's files: what a path is, what a folder holds, a small file whole.
 *
 * Nothing else of the library opens anything, but for machine/, which looks at this machine, and
 * the writing of new entries.  A failure always says what was being done, and to which path. */
#ifndef VF_READERS_FILES_H
#define VF_READERS_FILES_H

#include "base/arena.h"
#include "vramfit/files.h"

vf_status vf_files_look(vf_path_kind *out, const vf_files *files, const char *path, vf_error *err);

/* Hands every name in a folder to `each`.  A folder that cannot be listed is an error: one that
 * passed for empty would be answered for without the weights in it. */
vf_status vf_files_list(const vf_files *files, const char *path, vf_name_fn each, void *context,
                        vf_error *err);

/* Reads a file of at most `most` bytes into the arena, terminated by a NUL that *length does not
 * count.  Anything else is VF_IO or VF_LIMIT with the path in it. */
vf_status vf_files_read(char **out, size_t *length, const vf_files *files, const char *path,
                        size_t most, vf_arena *arena, vf_error *err);

/* What a failed call left unsaid, into the caller's error: "cannot be read" is for "read". */
vf_status vf_files_fail(vf_status status, vf_error *cause, const char *path, const char *do_what,
                        vf_error *err);

#endif
