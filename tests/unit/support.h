/* support.h - what all unit tests share. */
#ifndef VF_TESTS_SUPPORT_H
#define VF_TESTS_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "vramfit/report.h"

/* Like assert_int_equal, with both numbers in decimal. */
#define assert_u64(actual, expected)                                                               \
  do {                                                                                             \
    uint64_t actual_ = (actual), expected_ = (expected);                                           \
    if (actual_ != expected_)                                                                      \
      fail_msg("%s: is %llu, not %llu", #actual, (unsigned long long)actual_,                      \
               (unsigned long long)expected_);                                                     \
  } while (0)

/* Fails with the error's own line. */
#define assert_ok(call)                                                                            \
  do {                                                                                             \
    vf_error err_ = {VF_OK};                                                                       \
    vf_error *err = &err_;                                                                         \
    vf_status status_ = (call);                                                                    \
    if (status_ != VF_OK) {                                                                        \
      char line_[700];                                                                             \
      vf_error_line(err, line_, sizeof line_);                                                     \
      fail_msg("%s: %s", #call, line_);                                                            \
    }                                                                                              \
  } while (0)

/* The call fails with this status, and its one line contains the words. */
#define assert_fails(call, expected_status, words)                                                 \
  do {                                                                                             \
    vf_error err_ = {VF_OK};                                                                       \
    vf_error *err = &err_;                                                                         \
    vf_status status_ = (call);                                                                    \
    char line_[700];                                                                               \
    vf_error_line(err, line_, sizeof line_);                                                       \
    if (status_ != (expected_status) || strstr(line_, (words)) == NULL)                            \
      fail_msg("%s: status %d, \"%s\"; expected %d and \"%s\"", #call, (int)status_, line_,        \
               (int)(expected_status), (words));                                                   \
  } while (0)

#endif
