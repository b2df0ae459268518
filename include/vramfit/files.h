/* files.h - where bytes come from.
 *
 * Whatever the library reads, it reads through these functions: models, configs, catalogs, files
 * about boxes.  The file system is the default; a program that has its files elsewhere (in memory,
 * in an archive, at the other end of a network) gives functions of its own to vf_context_new().  A
 * path is then whatever they make of it: the library joins a folder and a name with '/', and names
 * paths in its messages.  Of weights the headers are read, through a window of 64 KiB, and never
 * the tensors behind it: a model of 100 GB costs some MiB.
 *
 * SPDX-License-Identifier: MIT */
#ifndef VRAMFIT_FILES_H
#define VRAMFIT_FILES_H

#include "vramfit/base.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What a path names. */
typedef enum vf_path_kind {
  VF_PATH_NONE = 0,   /* nothing */
  VF_PATH_FILE = 1,   /* a file that can be read at offsets */
  VF_PATH_FOLDER = 2, /* something with names in it */
  VF_PATH_OTHER = 3   /* a device, a pipe…: never read */
} vf_path_kind;

/* Takes one name of a folder's; false: no more of them are wanted. */
typedef bool (*vf_name_fn)(void *context, const char *name);

/* All of them return VF_OK, VF_IO or VF_NOMEM; any other status is told as VF_IO.  err is never
 * NULL and comes empty: what a failure leaves empty of message and source, the library fills in, so
 * that "return VF_IO;" is enough.  Outputs of a failure are not looked at.  They are called from
 * the threads that use the context. */
typedef struct vf_files {
  size_t struct_size; /* of the caller's struct, as vf_files_init() sets it */
  void *user;         /* handed to all of them */

  /* What the path names.  VF_PATH_NONE is an answer, not a failure: a name in a catalog is one. */
  vf_status (*look)(void *user, vf_path_kind *out, const char *path, vf_error *err);

  /* Opens a file; *out_file is handed to read and close, and may be anything. */
  vf_status (*open)(void *user, void **out_file, uint64_t *out_bytes, const char *path,
                    vf_error *err);

  /* Puts up to `size` bytes from offset `at` on into `to`; at + size is within the file's bytes.
   * Fewer are asked for again; 0 says that the file has ended there, which is an error if it had
   * more bytes when it was opened. */
  vf_status (*read)(void *user, void *file, uint64_t at, void *to, size_t size, size_t *out_got,
                    vf_error *err);

  /* Hands every name in a folder to `each`, in any order, until that returns false.  NULL: no
   * folder can be listed. */
  vf_status (*list)(void *user, const char *path, vf_name_fn each, void *context, vf_error *err);

  /* Ends the use of a file.  NULL: there is nothing to be done. */
  void (*close)(void *user, void *file);
} vf_files;

/* Functions that are yet to be set: look, open and read have to be. */
static inline vf_files vf_files_init(void) {
  vf_files f;
  memset(&f, 0, sizeof f);
  f.struct_size = sizeof f;
  return f;
}

/* The default: regular files and folders of this system, for those who put something in front of
 * it.  Never NULL, static; its `user` is NULL.  In a library that was built without the file
 * system every call fails. */
VF_API const vf_files *vf_file_system(void);

#ifdef __cplusplus
}
#endif
#endif
