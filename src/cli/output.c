/* output.c - colour, width, and the write function. */
#include "output.h"

#include "command.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/ioctl.h>
#include <unistd.h>

static bool begun;

bool output_is_begun(void) {
  return begun;
}

bool write_stdout(void *user, const char *data, size_t size) {
  begun |= user == stdout;
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

/* The first of these that says anything, as locale(7) has it. */
bool is_utf8_locale(void) {
  static const char *const names[] = {"LC_ALL", "LC_CTYPE", "LANG"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    const char *value = getenv(names[i]);
    if (value == NULL || value[0] == '\0') continue;
    const char *dot = strchr(value, '.');
    return dot != NULL && (strncasecmp(dot, ".utf-8", 6) == 0 || strncasecmp(dot, ".utf8", 5) == 0);
  }
  return false;
}

/* --color, then NO_COLOR and CLICOLOR_FORCE, then whether someone is watching. */
static bool wants_color(color_mode mode) {
  const char *no = getenv("NO_COLOR"), *force = getenv("CLICOLOR_FORCE"), *term = getenv("TERM");
  if (mode != COLOR_AUTO) return mode == COLOR_ALWAYS;
  if (no != NULL && no[0] != '\0') return false;
  if (force != NULL && force[0] != '\0' && strcmp(force, "0") != 0) return true;
  return isatty(STDOUT_FILENO) && (term == NULL || strcmp(term, "dumb") != 0);
}

/* Of the terminal; COLUMNS says it where nobody else does.  0: as wide as it gets. */
static size_t terminal_columns(void) {
  struct winsize size;
  const char *said = getenv("COLUMNS");
  if (said != NULL && said[0] != '\0') return (size_t)strtoul(said, NULL, 10);
  if (isatty(STDOUT_FILENO) && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0) return size.ws_col;
  return 0;
}

vf_report_options report_options(const args *a) {
  vf_report_options options = a->report;
  options.struct_size = sizeof options;
  options.color = wants_color(a->color);
  options.bars = true;
  options.ascii = !is_utf8_locale();
  options.columns = terminal_columns();
  return options;
}
