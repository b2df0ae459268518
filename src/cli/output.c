/* output.c - colour, bars, and the write function. */
#include "output.h"

#include "command.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool write_stdout(void *user, const char *data, size_t size) {
  return fwrite(data, 1, size, user) == size;
}

enum exit_code code_of(const args *a, vf_verdict verdict) {
  switch (verdict) {
  case VF_FITS: return EXIT_FITS;
  case VF_TIGHT: return a->strict ? EXIT_NO_FIT : EXIT_FITS;
  case VF_RISKY: return a->allow_risky ? EXIT_FITS : EXIT_NO_FIT;
  case VF_NO_FIT:
  case VF_VERDICT_COUNT: break;
  }
  return EXIT_NO_FIT;
}

/* --color, then NO_COLOR and CLICOLOR_FORCE, then whether someone is watching. */
static bool wants_color(color_mode mode) {
  const char *no = getenv("NO_COLOR"), *force = getenv("CLICOLOR_FORCE"), *term = getenv("TERM");
  if (mode != COLOR_AUTO) return mode == COLOR_ALWAYS;
  if (no != NULL && no[0] != '\0') return false;
  if (force != NULL && force[0] != '\0' && strcmp(force, "0") != 0) return true;
  return isatty(STDOUT_FILENO) && (term == NULL || strcmp(term, "dumb") != 0);
}

/* Bars show on a terminal even where colour is not wanted. */
vf_report_options report_options(const args *a) {
  vf_report_options options = a->report;
  options.struct_size = sizeof options;
  options.color = wants_color(a->color);
  options.bars = options.color || (a->color == COLOR_AUTO && isatty(STDOUT_FILENO));
  return options;
}
