/* trouble.h - errors that the command line itself finds. */
#ifndef VF_CLI_TROUBLE_H
#define VF_CLI_TROUBLE_H

#include "vramfit/vramfit.h"

/* Fills err with a usage error; source is an option ("--ctx") or "". */
vf_status trouble(vf_error *err, const char *source, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

#endif
