/* output.h - how reports get to standard output. */
#ifndef VF_CLI_OUTPUT_H
#define VF_CLI_OUTPUT_H

#include "options.h"

/* Whether anything of a result was handed to standard output. */
bool output_is_begun(void);

/* A vf_write_fn whose user is a FILE. */
bool write_stdout(void *user, const char *data, size_t size);

/* What was asked for, with colour where someone is watching, as wide as they look. */
vf_report_options report_options(const args *a);

/* Whether the locale has UTF-8. */
bool is_utf8_locale(void);

#endif
