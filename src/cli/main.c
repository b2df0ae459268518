/* main.c - from the command line to an exit status.
 *
 * Results go to stdout, everything else to stderr in one line that starts with "vramfit: ".  A
 * report that could not be written whole is trouble, not a verdict. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "help.h"
#include "options.h"
#include "trouble.h"

typedef enum exit_code (*command_fn)(const args *a, const vf_context *ctx, vf_error *err);

static const struct {
  const char *name;
  command_fn run;
} commands[] = {{"fit", command_fit}, {"inspect", command_inspect}};
enum { N_COMMANDS = sizeof commands / sizeof *commands };

static void complain(const vf_error *err) {
  char line[700];
  vf_error_line(err, line, sizeof line);
  fprintf(stderr, "vramfit: %s\n", line);
}

static enum exit_code run_command(const args *a, const vf_context *ctx, vf_error *err) {
  const char *names[N_COMMANDS + 1] = {NULL};
  if (a->command == NULL) return commands[0].run(a, ctx, err);
  for (size_t i = 0; i < N_COMMANDS; i++) {
    if (strcmp(a->command, commands[i].name) == 0) return commands[i].run(a, ctx, err);
    names[i] = commands[i].name;
  }
  const char *nearest = vf_nearest_name(a->command, names);
  trouble(err, "", "unknown command '%.60s': did you mean %s?", a->command,
          nearest != NULL ? nearest : "--model");
  return EXIT_TROUBLE;
}

/* Closing is the last chance to learn that the output did not get where it should. */
static enum exit_code close_output(enum exit_code code) {
  bool failed = ferror(stdout) != 0;
  errno = 0;
  if (fclose(stdout) != 0) failed = true;
  if (!failed) return code;
  fprintf(stderr, "vramfit: standard output: cannot be written%s%s\n", errno != 0 ? ": " : "",
          errno != 0 ? strerror(errno) : "");
  return EXIT_TROUBLE;
}

static enum exit_code run(const args *a, vf_error *err) {
  vf_context *ctx;
  if (vf_context_new(&ctx, NULL, err) != VF_OK) return EXIT_TROUBLE;
  enum exit_code code = EXIT_FITS;
  if (a->help)
    print_help(stdout);
  else if (a->version)
    print_version(stdout, ctx);
  else
    code = run_command(a, ctx, err);
  vf_context_free(ctx);
  return code;
}

int main(int argc, char **argv) {
  static char buffer[1 << 16]; /* one write for most answers, whose failure says why */
  args a;
  vf_error err = {.status = VF_OK};
  if (argc < 2) {
    fputs("usage: vramfit --model M --gpu G [OPTIONS]   (vramfit --help explains)\n", stderr);
    return EXIT_TROUBLE;
  }
  enum exit_code code = EXIT_TROUBLE;
  setvbuf(stdout, buffer, _IOFBF, sizeof buffer);
  if (args_parse(&a, argc, argv, &err) == VF_OK) code = run(&a, &err);
  if (code == EXIT_TROUBLE) {
    if (err.status != VF_IO || !ferror(stdout)) complain(&err);
  }
  return close_output(code);
}
