/* printf.h - what a compiler checks of functions that take a format.
 *
 * On Windows "printf" would mean its old C library's, which has no %zu and no %llu; MinGW's own
 * has. */
#ifndef VF_BASE_PRINTF_H
#define VF_BASE_PRINTF_H

#ifdef __MINGW32__
#define VF_PRINTF(format_at, first_at) __attribute__((format(gnu_printf, format_at, first_at)))
#else
#define VF_PRINTF(format_at, first_at) __attribute__((format(printf, format_at, first_at)))
#endif

#endif
