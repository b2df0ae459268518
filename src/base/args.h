/* args.h - what callers of the public interface hand in: pointers that have to be there, and
 * structs of a program that was compiled with an older header. */
#ifndef VF_BASE_ARGS_H
#define VF_BASE_ARGS_H

#include "vramfit/vramfit.h"

/* Ends a public function with VF_USAGE where a pointer is NULL that may not be.  The name in the
 * message is the one of the header, so the definition has to use it too. */
#define VF_NEED(err, arg)                                                                          \
  do {                                                                                             \
    if ((arg) == NULL) return vf_fail_null((err), __func__, #arg);                                 \
  } while (0)

vf_status vf_fail_null(vf_error *err, const char *function, const char *name);

/* Copies the struct `theirs`, whose first member is its size as the caller knows it, over `own`,
 * which has `size` bytes and holds the defaults: what an older struct does not have keeps them, and
 * all of it does where theirs is NULL.  `name` is the struct's. */
vf_status vf_take_struct(void *own, size_t size, const void *theirs, const char *name,
                         vf_error *err);

/* The same for a struct that holds another by value, which may grow: it is this header's, or it is
 * VF_USAGE. */
vf_status vf_check_struct(size_t size, const void *theirs, const char *name, vf_error *err);

#endif
