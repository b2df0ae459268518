/* args.c - what is said of arguments that cannot be used. */
#include "base/args.h"

#include "base/status.h"

vf_status vf_fail_null(vf_error *err, const char *function, const char *name) {
  return vf_fail(err, VF_USAGE, "%s: %s is NULL, which it may not be", function, name);
}

vf_status vf_take_struct(void *own, size_t size, const void *theirs, const char *name,
                         vf_error *err) {
  size_t given;
  if (theirs == NULL) return VF_OK;
  memcpy(&given, theirs, sizeof given);
  if (given < sizeof given)
    return vf_fail(err, VF_USAGE, "%s: struct_size is %zu: start from %s_init()", name, given,
                   name);
  if (given > size)
    return vf_fail(err, VF_USAGE,
                   "%s: struct_size is %zu, and this library's has %zu bytes: it is older than the "
                   "header",
                   name, given, size);
  memcpy(own, theirs, given);
  memcpy(own, &size, sizeof size);
  return VF_OK;
}

vf_status vf_check_struct(size_t size, const void *theirs, const char *name, vf_error *err) {
  size_t given;
  memcpy(&given, theirs, sizeof given);
  if (given == size) return VF_OK;
  if (given == 0)
    return vf_fail(err, VF_USAGE, "%s: struct_size is 0: start from %s_init()", name, name);
  return vf_fail(
      err, VF_USAGE,
      "%s: struct_size is %zu, and this library's has %zu bytes: compile with its header", name,
      given, size);
}
