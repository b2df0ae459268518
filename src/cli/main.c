/* main.c - from the command line to an exit status.
 *
 * Results go to stdout, everything else to stderr in one line that starts with "vramfit: ".  A
 * report that could not be written whole is trouble, not a verdict. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "catalogs.h"
#include "command.h"
#include "devices.h"
#include "help.h"
#include "ollama.h"
#include "options.h"
#include "trouble.h"

const command commands[] = {
    {"fit", 0, command_fit, "[fit] --model M --gpu G [OPTIONS]", ""},
    {"table", 0, command_table, "table --model M --gpu G", "what fits, for lists of values"},
    {"max", 1, command_max, "max WHAT --model M --gpu G",
     "the most that fits: ctx, seqs, quant, kv, gpus, ngl, n-cpu-moe or gpu"},
    {"compare", MAX_OPERANDS, command_compare, "compare A B...",
     "deployments side by side: \"--quant q4\" or a file of such lines"},
    {"inspect", 2, command_inspect, "inspect FILE [OTHER]",
     "what a model holds; what is different between two"},
    {"explain", 1, command_explain, "explain [TOPIC]", "why memory is what it is: kv-cache, moe…"},
    {"detect", 0, command_detect, "detect", "this machine: its GPUs and memory, and what is free"},
    {"place", 1, command_place, "place FILE",
     "do the workloads of a file fit together? box.json, or docker compose as JSON"},
    {"models", 2, command_models, "models [QUERY]",
     "the models that are known; one whole, by name"},
    {"gpus", 1, command_gpus, "gpus [QUERY]", "the devices that are known; one whole, by name"},
    {"nodes", 1, command_nodes, "nodes [QUERY]", "systems and cloud instances; one whole, by name"},
    {"workloads", 1, command_workloads, "workloads [QUERY]",
     "speech, image, video and embedding programs, with what they were seen to take"},
    {"formats", 1, command_formats, "formats [QUERY]", "weight formats, and what --kv takes"},
    {"engines", 0, command_engines, "engines", "engines, and whose rules are known"},
};
const size_t n_commands = sizeof commands / sizeof *commands;

static void complain(const vf_error *err) {
  char line[700];
  vf_error_line(err, line, sizeof line);
  fprintf(stderr, "vramfit: %s\n", line);
}

static enum exit_code run_command(const args *a, const vf_context *ctx, vf_error *err) {
  const char *names[sizeof commands / sizeof *commands + 1] = {NULL};
  const char *name = a->command != NULL ? a->command : commands[0].name;
  for (size_t i = 0; i < n_commands; i++) {
    const command *c = &commands[i];
    names[i] = c->name;
    if (strcmp(name, c->name) != 0) continue;
    if (a->n_operands <= c->most_operands) return c->run(a, ctx, err);
    too_many_words(a->operands[c->most_operands], err);
    return EXIT_TROUBLE;
  }
  const char *nearest = vf_nearest_name(name, names);
  trouble(err, "", "unknown command '%.60s': did you mean %s?", name,
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
  else if (add_catalogs(ctx, a, err) == VF_OK)
    code = run_command(a, ctx, err);
  else
    code = EXIT_TROUBLE;
  forget_machine();
  vf_context_free(ctx);
  return code;
}

int main(int argc, char **argv) {
  static char buffer[1 << 16]; /* one write for most answers, whose failure says why */
  args a;
  ollama_names names;
  vf_error err = {.status = VF_OK};
  if (argc < 2) {
    fputs("usage: vramfit --model M --gpu G [OPTIONS]   (vramfit --help explains)\n", stderr);
    return EXIT_TROUBLE;
  }
  enum exit_code code = EXIT_TROUBLE;
  setvbuf(stdout, buffer, _IOFBF, sizeof buffer);
  if (args_parse(&a, argc, argv, &err) == VF_OK && apply_ollama(&a, &names, &err) == VF_OK)
    code = run(&a, &err);
  if (code == EXIT_TROUBLE) {
    if (err.status != VF_IO || !ferror(stdout)) complain(&err);
  }
  return close_output(code);
}
