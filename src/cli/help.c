/* help.c - --help and --version, out of the option table. */
#include "help.h"

#include <stdio.h>
#include <string.h>

#include "command.h"

enum { HELP_COLUMN = 30 };

static const char intro[] =
    "Does this model fit on this hardware, with how much headroom, and if not, what would?\n"
    "Adds up weights, KV cache, compute buffers and runtime memory as the engine allocates them,\n"
    "before anything is loaded.\n"
    "\n"
    "  vramfit --model llama3.1-70b --quant q4 --ctx 32k --gpu gb10\n"
    "  vramfit --model qwen3-32b --quant q4_k_m --ctx 16k --gpu rtx-4090 --kv q8_0\n"
    "  vramfit --model ./config.json --quant q8_0 --gpu h100 --json\n"
    "  vramfit --model ./qwen3-30b-a3b-q4_k_m.gguf --ctx 64k --gpu rtx-4090\n"
    "  vramfit inspect ./model.gguf --tensors\n"
    "  vramfit models qwen3 --params 7B..40B\n";

static const char outro[] =
    "\n"
    "Verdicts, with their exit status:\n"
    "  FITS    worst case, growth with use and headroom target are within the capacity    0\n"
    "  TIGHT   the worst case is, but not with growth and headroom     0, with --strict 1\n"
    "  RISKY   what is expected is, the worst case is not          1, with --allow-risky 0\n"
    "  NO-FIT  what is expected is beyond it, or the engine refuses to start              1\n"
    "  trouble: usage, input that cannot be read, an unknown model, GPU or architecture,\n"
    "          output that cannot be written                                              2\n";

static void print_option(FILE *out, char letter, const char *long_name, const char *argument,
                         const char *help) {
  char name[64];
  int n = snprintf(name, sizeof name, "  %c%c%c --%s%s%s", letter != 0 ? '-' : ' ',
                   letter != 0 ? letter : ' ', letter != 0 ? ',' : ' ', long_name,
                   argument != NULL ? " " : "", argument != NULL ? argument : "");
  if (n >= HELP_COLUMN)
    fprintf(out, "%s\n%*s%s\n", name, HELP_COLUMN, "", help);
  else
    fprintf(out, "%-*s%s\n", HELP_COLUMN, name, help);
}

/* Parameters of a deployment, then the program's own options; a heading that both have stands once.
 */
static void print_options(FILE *out) {
  const char *section = "";
  for (size_t i = 0; vf_param_get(i) != NULL; i++) {
    const vf_param_info *p = vf_param_get(i);
    if (strcmp(section, vf_param_section(i)) != 0) fprintf(out, "\n%s:\n", vf_param_section(i));
    section = vf_param_section(i);
    print_option(out, p->letter, p->name, p->argument, p->help);
  }
  size_t n;
  const option_row *rows = option_rows(&n);
  for (size_t i = 0; i < n; i++) {
    if (rows[i].section == NULL)
      print_option(out, rows[i].short_name, rows[i].long_name, rows[i].argument, rows[i].help);
    else if (strcmp(section, rows[i].section) != 0)
      fprintf(out, "\n%s:\n", rows[i].section);
    if (rows[i].section != NULL) section = rows[i].section;
  }
}

static void print_usage(FILE *out) {
  for (size_t i = 0; i < n_commands; i++) {
    const char *start = i == 0 ? "usage:" : "      ";
    fprintf(out, commands[i].help[0] != '\0' ? "%s vramfit %-22s %s\n" : "%s vramfit %s%s\n", start,
            commands[i].usage, commands[i].help);
  }
  fputs("\n", out);
}

void print_help(FILE *out) {
  print_usage(out);
  fputs(intro, out);
  print_options(out);
  fputs(outro, out);
}

void print_version(FILE *out, const vf_context *ctx) {
  fprintf(out, "vramfit %s\n", VF_VERSION);
  fprintf(out,
          "%zu models, %zu devices, %zu nodes; llama.cpp by the rules of v0.5.0 (2026-09-28)\n",
          vf_catalog_size(ctx, VF_CATALOG_MODELS), vf_catalog_size(ctx, VF_CATALOG_GPUS),
          vf_catalog_size(ctx, VF_CATALOG_NODES));
}
