/* system_file.h - the small files in which a kernel tells things, and the numbers in them.
 *
 * Such files have no size that stat knows, and under a folder of somebody's making they may be
 * anything: they are read up to a limit, never waited for, and what is no number is no number. */
#ifndef VF_MACHINE_SYSTEM_FILE_H
#define VF_MACHINE_SYSTEM_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { VF_SYSTEM_PATH = 4096, VF_SYSTEM_FILE = 1 << 13 };

typedef enum vf_system_result {
  VF_SYSTEM_READ,
  VF_SYSTEM_ABSENT,
  VF_SYSTEM_DENIED, /* it is there, and may not be read */
  VF_SYSTEM_ODD,    /* no regular file, or it cannot be read */
} vf_system_result;

/* Reads ROOT + path; at most size - 1 bytes, with a NUL behind them. */
vf_system_result vf_system_read(char *buf, size_t size, size_t *length, const char *root,
                                const char *path);

/* The same with the first line alone, without blanks around it; false if there is none. */
bool vf_system_line(char *buf, size_t size, const char *root, const char *path);

/* What follows `start` on the first line that begins with it, as far as there is room; for files
 * that are longer than the kernel's. */
bool vf_system_find(char *buf, size_t size, const char *root, const char *path, const char *start);

/* A whole number that is all there is in text, in this base (16: with or without 0x); blanks around
 * it do not count.  False for signs, fractions, and what does not fit. */
bool vf_system_number(uint64_t *out, const char *text, size_t length, int base);

/* A file that holds such a number. */
bool vf_system_value(uint64_t *out, const char *root, const char *path, int base);

bool vf_system_exists(const char *root, const char *path);

#endif
