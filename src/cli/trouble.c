/* trouble.c - usage errors. */
#include "trouble.h"

#include <stdarg.h>
#include <stdio.h>

vf_status trouble(vf_error *err, const char *source, const char *fmt, ...) {
  va_list args;
  va_start(args, fmt);
  *err = (vf_error){.status = VF_USAGE};
  vsnprintf(err->message, sizeof err->message, fmt, args);
  snprintf(err->source, sizeof err->source, "%s", source);
  va_end(args);
  return VF_USAGE;
}
