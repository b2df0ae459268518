/* fuzz_args.c - any lines as the program's arguments, one a line: an exit status that there is, and
 * never more.
 *
 * Nothing is written and nothing of this machine is looked at: words that name a path, and commands
 * that write, are left out. */
#include "fuzz_memory.h"

int vramfit_main(int argc, char **argv);
int fuzz_keep_open(FILE *f);
int fuzz_keep_buffer(FILE *f, char *buffer, int mode, size_t size);

/* What main() calls in the place of fclose and setvbuf: there is a next run. */
int fuzz_keep_open(FILE *f) {
  return fflush(f);
}

int fuzz_keep_buffer(FILE *f, char *buffer, int mode, size_t size) {
  (void)f;
  (void)buffer;
  (void)mode;
  (void)size;
  return 0;
}

static bool is_safe(const char *word) {
  static const char *const words[] = {"--plot",    "--card",    "add",     "detect",   "auto",
                                      "--catalog", "--sysroot", "--local", "--output", "-o"};
  for (size_t i = 0; i < sizeof words / sizeof *words; i++)
    if (strncmp(word, words[i], strlen(words[i])) == 0) return false;
  return strchr(word, '/') == NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  enum { MOST = 24 };
  static bool quiet;
  static char name[] = "vramfit";
  char *argv[MOST + 2] = {name};
  const char *text = fuzz_text(data, size);
  int argc = 1;
  if (!quiet) quiet = freopen("/dev/null", "w", stdout) != NULL;
  if (text == NULL) return 0;
  char *copy = malloc(size + 1);
  require(copy != NULL);
  memcpy(copy, text, size + 1);
  for (char *word = strtok(copy, "\n"); word != NULL && argc <= MOST; word = strtok(NULL, "\n"))
    if (is_safe(word)) argv[argc++] = word;
  argv[argc] = NULL;
  int code = vramfit_main(argc, argv);
  require(code >= 0 && code <= 2);
  free(copy);
  return 0;
}
