/* status.h - filling the caller's vf_error.
 *
 * Every failure path of the library ends in one of these.  They accept err == NULL, never
 * allocate, and return the status so that "return vf_fail(...)" is the whole error path. */
#ifndef VF_BASE_STATUS_H
#define VF_BASE_STATUS_H

#include "base/printf.h"
#include "vramfit/vramfit.h"

/* Fails with a message; source and path are left empty for a caller that knows them. */
vf_status vf_fail(vf_error *err, vf_status status, const char *fmt, ...) VF_PRINTF(3, 4);

/* Fails at a key of a source: path is a JSON pointer or a GGUF key, "" if none. */
vf_status vf_fail_at(vf_error *err, vf_status status, const char *source, const char *path,
                     const char *fmt, ...) VF_PRINTF(5, 6);

vf_status vf_fail_nomem(vf_error *err);

/* Compilers' analyses look at one file at a time: here they are told that a failure is never VF_OK,
 * so that they do not go on behind one (tests/all gives gcc's the name that clang's has). */
#ifdef __clang_analyzer__
#define vf_fail(err, status, ...)    ((void)vf_fail(err, status, __VA_ARGS__), (status))
#define vf_fail_at(err, status, ...) ((void)vf_fail_at(err, status, __VA_ARGS__), (status))
#define vf_fail_nomem(err)           ((void)vf_fail_nomem(err), VF_NOMEM)
#endif

/* Names the source of an error that has none yet. */
void vf_error_set_source(vf_error *err, const char *source);

#endif
