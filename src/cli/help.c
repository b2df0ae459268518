/* help.c - -h, --help, COMMAND --help and --version, out of the tables of commands and options. */
#include "help.h"

#include <stdio.h>
#include <string.h>

#include "command.h"

enum { HELP_COLUMN = 30, HELP_WIDTH = 100 };

static const char intro[] =
    "Does this model fit on this hardware, with how much headroom, and if not, what would?\n"
    "Adds up weights, KV cache, compute buffers and runtime memory as the engine allocates them,\n"
    "before anything is loaded.\n";

static const char verdicts[] =
    "\n"
    "Verdicts, with their exit status:\n"
    "  FITS    worst case, growth with use and headroom target are within the capacity    0\n"
    "  TIGHT   the worst case is, but not with growth and headroom     0, with --strict 1\n"
    "  RISKY   what is expected is, the worst case is not          1, with --allow-risky 0\n"
    "  NO-FIT  what is expected is beyond it, or the engine refuses to start              1\n"
    "  trouble: usage, input that cannot be read, an unknown model, GPU or architecture,\n"
    "          output that cannot be written                                              2\n";

static const char brief[] =
    "Does this model fit on this GPU, with how much headroom, and if not, what would?\n"
    "\n"
    "  vramfit llama3.1 rtx-4060         formats and contexts that fit\n"
    "  vramfit rtx-4060                  which models run here\n"
    "  vramfit llama3.1-70b              which GPUs carry it\n"
    "  vramfit llama3.1-70b gb10 --quant q4 --ctx 32k\n"
    "                                    one deployment, whole\n"
    "  vramfit --gpu h100x2 -- vllm serve Qwen/Qwen3-32B --max-model-len 32k\n"
    "                                    an engine's own command line\n"
    "\n"
    "  -m, --model M    -g, --gpu G[xN]    -q, --quant F    -c, --ctx N    --seqs N\n"
    "  -e, --engine E   -k, --kv F         --ngl N          --n-cpu-moe N  --tp N --pp N\n"
    "  --memory SIZE    --used SIZE        --host-memory SIZE    --headroom SIZE|PCT\n"
    "  --explain        --launch           --json                --strict\n"
    "\n";

/* What to type, for each command. */
static const struct {
  const char *command, *examples;
} examples[] = {
    {"fit", "  vramfit llama3.1 rtx-4060\n"
            "  vramfit --model llama3.1-70b --quant q4 --ctx 32k --gpu gb10\n"
            "  vramfit --model ./qwen3-30b-a3b-q4_k_m.gguf --ctx 64k --gpu rtx-4090 --launch\n"
            "  vramfit --model qwen3-32b --engine vllm --gpu h100x2 --ctx 32k --seqs 16 --json\n"
            "  vramfit --gpu l40s -- vllm serve Qwen/Qwen3-32B-AWQ --max-model-len 16k\n"},
    {"table",
     "  vramfit table --model qwen3-8b --quant q4,q6,q8 --ctx 8k,16k,32k --gpu rtx-4060\n"
     "  vramfit table --model qwen3-8b --quant any --ctx any --gpu rtx-3090 --cell verdict\n"},
    {"max", "  vramfit max ctx --model qwen3-8b --quant q4 --gpu rtx-4060\n"
            "  vramfit max gpus --model llama3.1-70b --engine vllm --ctx 32k --gpu h100\n"
            "  vramfit max model --gpu rtx-4060\n"},
    {"compare",
     "  vramfit compare \"--quant q4\" \"--quant q8\" --model qwen3-8b --gpu rtx-4090 --ctx 16k\n"},
    {"inspect", "  vramfit inspect ./model.gguf --tensors\n"
                "  vramfit inspect ./a.gguf ./b.gguf\n"},
    {"explain", "  vramfit explain kv-cache\n"
                "  vramfit explain verdict\n"},
    {"detect", "  vramfit detect\n"
               "  vramfit --model qwen3-8b --gpu auto\n"},
    {"place", "  vramfit place box.json\n"
              "  vramfit place box.json --scenario A --card\n"},
    {"train", "  vramfit train llama3.1-8b rtx-4090 --method qlora\n"
              "  vramfit train --model qwen3-32b --gpu h100x8 --parallel zero3 --seq-len 8k\n"
              "  vramfit train --gpu a100-80gbx4 -- axolotl train config.yaml\n"
              "  vramfit max micro-batch llama3.1-8b rtx-4090 --method lora\n"},
    {"check",
     "  vramfit check . --format github\n"
     "  vramfit check docker-compose.yaml --gpu l40s\n"
     "  vramfit check models/ --gpu l40s --ctx 16k   what models in a folder have to serve:\n"
     "                                               lines and manifests say their own\n"},
    {"models", "  vramfit models qwen3 --params 7B..40B\n"
               "  vramfit models --fits rtx-4060 --ctx 16k --family gemma\n"
               "  vramfit models llama3.1-8b\n"},
    {"gpus", "  vramfit gpus --memory 24GiB..48GiB --vendor nvidia\n"
             "  vramfit gpus rtx-4090\n"},
    {"nodes", "  vramfit nodes h100\n"},
    {"workloads", "  vramfit workloads whisper\n"},
    {"formats", "  vramfit formats q4\n"},
    {"engines", "  vramfit engines\n"},
};

/* Variables of the environment that count. */
static const struct {
  const char *name, *help;
} variables[] = {
    {"VRAMFIT_CATALOG", "entries of your own: files and folders, with ':' between them"},
    {"XDG_CONFIG_HOME", "vramfit/ in it has entries of your own, too (default ~/.config)"},
    {"COLUMNS", "how wide the terminal is, where it does not say so itself"},
    {"NO_COLOR", "no colour, whatever the terminal"},
    {"CLICOLOR_FORCE", "colour also where nobody is watching"},
    {"LC_ALL", "with LC_CTYPE and LANG: without UTF-8 all text is ASCII"},
    {"OLLAMA_*", "with --engine ollama: OLLAMA_CONTEXT_LENGTH, OLLAMA_NUM_PARALLEL…"},
};

/* ---- Options ---------------------------------------------------------------------------- */

/* Words up to the width, the rest below. */
static void print_wrapped(FILE *out, const char *text, int column) {
  int at = column;
  for (const char *s = text; *s != '\0';) {
    int n = (int)strcspn(s, " ");
    if (at > column && at + n > HELP_WIDTH) {
      fprintf(out, "\n%*s", column, "");
      at = column;
    }
    fprintf(out, "%.*s", n, s);
    at += n;
    s += n;
    if (*s == ' ' && at + 1 + (int)strcspn(s + 1, " ") <= HELP_WIDTH) fputc(' ', out);
    at += *s == ' ';
    s += *s == ' ';
  }
  fputc('\n', out);
}

static void print_option(FILE *out, char letter, const char *long_name, const char *argument,
                         const char *help) {
  char name[64];
  int n = snprintf(name, sizeof name, "  %c%c%c --%s%s%s", letter != 0 ? '-' : ' ',
                   letter != 0 ? letter : ' ', letter != 0 ? ',' : ' ', long_name,
                   argument != NULL ? " " : "", argument != NULL ? argument : "");
  if (n >= HELP_COLUMN)
    fprintf(out, "%s\n%*s", name, HELP_COLUMN, "");
  else
    fprintf(out, "%-*s", HELP_COLUMN, name);
  print_wrapped(out, help, HELP_COLUMN);
}

/* Whether the command takes the parameter; NULL: any does. */
static bool takes(const command *c, const char *name) {
  if (c == NULL) return true;
  if (c->parameters == NULL) return (c->bit & ESTIMATING) != 0;
  for (const char *const *p = c->parameters; *p != NULL; p++)
    if (strcmp(*p, name) == 0) return true;
  return false;
}

static void print_section(FILE *out, const char **last, const char *title) {
  if (strcmp(*last, title) != 0) fprintf(out, "\n%s:\n", title);
  *last = title;
}

/* The options of one heading, of the command. */
static void print_own(FILE *out, const command *c, const char *heading) {
  const char *title = "";
  size_t n;
  const option_row *rows = option_rows(&n);
  fprintf(out, "\n%s:\n", heading);
  for (size_t i = 0; i < n; i++) {
    if (rows[i].section != NULL) title = rows[i].section;
    bool own = rows[i].section == NULL && strcmp(title, heading) == 0;
    if (own && (rows[i].commands & c->bit) != 0)
      print_option(out, rows[i].short_name, rows[i].long_name, rows[i].argument, rows[i].help);
  }
}

/* Parameters that mean something else to a command. */
static const struct {
  unsigned commands;
  const char *name, *argument, *help;
} differs[] = {
    {TRAIN, "engine", "E",
     "whose defaults hold, and what it lacks: pytorch (default), transformers, trl, unsloth, "
     "axolotl, "
     "llama-factory, torchtune, deepspeed, megatron-lm, nemo, mlx-lm"},
    {TRAIN, "quant", "F",
     "format of the weights beside which adapters stand: nf4-dq (qlora), nf4, int8, gptq, nvfp4, "
     "mlx-4bit…"},
};

static void print_parameter(FILE *out, const command *c, const vf_param_info *p) {
  const char *argument = p->argument, *help = p->help;
  for (size_t i = 0; c != NULL && i < sizeof differs / sizeof *differs; i++) {
    if ((differs[i].commands & c->bit) == 0 || strcmp(differs[i].name, p->name) != 0) continue;
    argument = differs[i].argument;
    help = differs[i].help;
  }
  print_option(out, p->letter, p->name, argument, help);
}

/* Parameters of a deployment, then the program's own options; a heading that both have stands once.
 */
static void print_options(FILE *out, const command *c) {
  const char *last = "", *title = "";
  const char *leads = c != NULL ? c->leads : NULL;
  if (leads != NULL) print_own(out, c, leads);
  for (size_t i = 0; vf_param_get(i) != NULL; i++) {
    const vf_param_info *p = vf_param_get(i);
    if (!takes(c, p->name)) continue;
    print_section(out, &last, vf_param_section(i));
    print_parameter(out, c, p);
  }
  size_t n;
  const option_row *rows = option_rows(&n);
  for (size_t i = 0; i < n; i++) {
    if (rows[i].section != NULL) title = rows[i].section;
    if (rows[i].section != NULL || (c != NULL && (rows[i].commands & c->bit) == 0)) continue;
    if (leads != NULL && strcmp(title, leads) == 0) continue;
    print_section(out, &last, title);
    print_option(out, rows[i].short_name, rows[i].long_name, rows[i].argument, rows[i].help);
  }
}

/* ---- Pages ------------------------------------------------------------------------------ */

static void print_commands(FILE *out) {
  fputs("Commands (vramfit COMMAND --help tells more; without one: fit):\n", out);
  for (size_t i = 1; i < n_commands; i++) {
    fprintf(out, "  %-28s", commands[i].usage);
    print_wrapped(out, commands[i].help, HELP_COLUMN);
  }
}

static void print_variables(FILE *out) {
  fputs("\nEnvironment:\n", out);
  for (size_t i = 0; i < sizeof variables / sizeof *variables; i++)
    fprintf(out, "  %-28s%s\n", variables[i].name, variables[i].help);
}

void print_brief_help(FILE *out) {
  fputs(brief, out);
  for (size_t i = 1; i < n_commands; i++)
    fprintf(out, "%s%s",
            i == 1        ? "Commands: "
            : i % 10 == 1 ? ",\n          "
                          : ", ",
            commands[i].name);
  fputs("\nMore: vramfit --help, vramfit COMMAND --help, vramfit explain, man vramfit\n", out);
}

void print_help(FILE *out) {
  fputs(
      "usage: vramfit [COMMAND] [OPTIONS]     vramfit MODEL GPU     vramfit GPU     vramfit MODEL\n"
      "\n",
      out);
  fputs(intro, out);
  fputs("\n", out);
  fputs(examples[0].examples, out);
  fputs("\n", out);
  print_commands(out);
  print_options(out, NULL);
  print_variables(out);
  fputs(verdicts, out);
}

void print_command_help(FILE *out, const command *c) {
  bool said = strstr(c->usage, "[OPTIONS]") != NULL;
  fprintf(out, "usage: vramfit %s%s\n", c->usage, said ? "" : " [OPTIONS]");
  if (c->help[0] != '\0') {
    fputs("\n", out);
    print_wrapped(out, c->help, 0);
  } else {
    fputs("\n", out);
    fputs(intro, out);
  }
  for (size_t i = 0; i < sizeof examples / sizeof *examples; i++)
    if (strcmp(examples[i].command, c->name) == 0) fprintf(out, "\n%s", examples[i].examples);
  print_options(out, c);
  if ((c->bit & (ESTIMATING | PLACE)) != 0) fputs(verdicts, out);
}

void print_version(FILE *out, const vf_context *ctx) {
  fprintf(out, "vramfit %s\n", VF_VERSION);
  fprintf(out,
          "%zu models, %zu devices, %zu nodes; llama.cpp by the rules of v0.5.0 (2026-09-28)\n",
          vf_catalog_size(ctx, VF_CATALOG_MODELS), vf_catalog_size(ctx, VF_CATALOG_GPUS),
          vf_catalog_size(ctx, VF_CATALOG_NODES));
}

/* ---- The man page ----------------------------------------------------------------------- */

/* Dashes that are typed, and nothing at the start of a line that troff would take for its own. */
static void print_roff(FILE *out, const char *text) {
  if (*text == '.' || *text == '\'') fputs("\\&", out);
  for (; *text != '\0'; text++) {
    if (*text == '-') fputc('\\', out);
    if (*text == '\\') fputs("\\e", out);
    if (*text != '\\') fputc(*text, out);
  }
}

static void print_roff_option(FILE *out, char letter, const char *name, const char *argument,
                              const char *help) {
  fputs(".TP\n.B ", out);
  if (letter != 0) fprintf(out, "\\-%c, ", letter);
  fputs("\\-\\-", out);
  print_roff(out, name);
  if (argument != NULL) {
    fputs(" ", out);
    print_roff(out, argument);
  }
  fputs("\n", out);
  print_roff(out, help);
  fputs("\n", out);
}

static void print_roff_options(FILE *out) {
  const char *last = "";
  size_t n;
  const option_row *rows = option_rows(&n);
  for (size_t i = 0; vf_param_get(i) != NULL; i++) {
    const vf_param_info *p = vf_param_get(i);
    if (strcmp(last, vf_param_section(i)) != 0) fprintf(out, ".SS %s\n", vf_param_section(i));
    last = vf_param_section(i);
    print_roff_option(out, p->letter, p->name, p->argument, p->help);
  }
  for (size_t i = 0; i < n; i++) {
    if (rows[i].section != NULL && strcmp(last, rows[i].section) != 0) {
      fputs(".SS ", out);
      print_roff(out, rows[i].section);
      fputs("\n", out);
    }
    if (rows[i].section != NULL) last = rows[i].section;
    if (rows[i].section == NULL)
      print_roff_option(out, rows[i].short_name, rows[i].long_name, rows[i].argument, rows[i].help);
  }
}

static void print_roff_block(FILE *out, const char *text) {
  fputs(".nf\n", out);
  for (const char *s = text; *s != '\0';) {
    char line[160];
    size_t n = strcspn(s, "\n");
    snprintf(line, sizeof line, "%.*s", (int)n, s);
    print_roff(out, line);
    fputs("\n", out);
    s += n + (s[n] == '\n');
  }
  fputs(".fi\n", out);
}

static void print_man(FILE *out) {
  fprintf(out, ".TH VRAMFIT 1 \"\" \"vramfit %s\"\n", VF_VERSION);
  fputs(".SH NAME\nvramfit \\- does this model fit on this hardware, and if not, what would?\n"
        ".SH SYNOPSIS\n.B vramfit\n[COMMAND] [OPTIONS]\n.br\n.B vramfit\nMODEL GPU\n.br\n"
        ".B vramfit\n\\-\\-gpu G \\-\\- ENGINE'S COMMAND LINE\n.SH DESCRIPTION\n",
        out);
  print_roff(out, intro);
  fputs(".SH COMMANDS\n", out);
  for (size_t i = 1; i < n_commands; i++) {
    fputs(".TP\n.B ", out);
    print_roff(out, commands[i].usage);
    fputs("\n", out);
    print_roff(out, commands[i].help);
    fputs("\n", out);
  }
  fputs(".SH OPTIONS\n", out);
  print_roff_options(out);
  fputs(".SH EXAMPLES\n", out);
  for (size_t i = 0; i < sizeof examples / sizeof *examples; i++)
    print_roff_block(out, examples[i].examples);
  fputs(".SH ENVIRONMENT\n", out);
  for (size_t i = 0; i < sizeof variables / sizeof *variables; i++)
    fprintf(out, ".TP\n.B %s\n%s\n", variables[i].name, variables[i].help);
  fputs(".SH EXIT STATUS\n", out);
  print_roff_block(out, verdicts + 1);
}

/* ---- Completions ------------------------------------------------------------------------ */

static void print_words(FILE *out, const char *between) {
  size_t n;
  const option_row *rows = option_rows(&n);
  for (size_t i = 0; vf_param_get(i) != NULL; i++)
    fprintf(out, "--%s%s", vf_param_get(i)->name, between);
  for (size_t i = 0; i < n; i++)
    if (rows[i].section == NULL) fprintf(out, "--%s%s", rows[i].long_name, between);
}

static void print_bash(FILE *out) {
  fputs("_vramfit() {\n"
        "  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} list=\n"
        "  case $prev in\n"
        "    -m|--model|--draft) list=$(vramfit models --format csv 2>/dev/null | cut -d, -f1) ;;\n"
        "    -g|--gpu|--fits) list=$(vramfit gpus --format csv 2>/dev/null | cut -d, -f1) ;;\n"
        "    -e|--engine) list=$(vramfit engines --format csv 2>/dev/null | cut -d, -f1) ;;\n"
        "    *)\n"
        "      if [[ $cur == -* ]]; then list='",
        out);
  print_words(out, " ");
  fputs("'\n      elif [ $COMP_CWORD -eq 1 ]; then list='", out);
  for (size_t i = 0; i < n_commands; i++) fprintf(out, "%s ", commands[i].name);
  fputs("help'\n      fi ;;\n"
        "  esac\n"
        "  COMPREPLY=($(compgen -W \"$list\" -- \"$cur\"))\n"
        "  [ ${#COMPREPLY[@]} -gt 0 ] || COMPREPLY=($(compgen -f -- \"$cur\"))\n"
        "}\n"
        "complete -F _vramfit vramfit\n",
        out);
}

static void print_zsh(FILE *out) {
  fputs("#compdef vramfit\nautoload -U +X bashcompinit && bashcompinit\n", out);
  print_bash(out);
}

/* In single quotes. */
static void print_quoted(FILE *out, const char *text) {
  fputc('\'', out);
  for (; *text != '\0'; text++) {
    if (*text == '\'' || *text == '\\') fputc('\\', out);
    fputc(*text, out);
  }
  fputc('\'', out);
}

static void print_fish_option(FILE *out, char letter, const char *name, const char *argument,
                              const char *help) {
  fprintf(out, "complete -c vramfit -l %s ", name);
  if (letter != 0) fprintf(out, "-s %c ", letter);
  if (argument != NULL) fputs("-r ", out);
  if (strcmp(name, "model") == 0 || strcmp(name, "draft") == 0)
    fputs("-a '(vramfit models --format csv | cut -d, -f1)' ", out);
  if (strcmp(name, "gpu") == 0 || strcmp(name, "fits") == 0)
    fputs("-a '(vramfit gpus --format csv | cut -d, -f1)' ", out);
  fputs("-d ", out);
  print_quoted(out, help);
  fputc('\n', out);
}

static void print_fish(FILE *out) {
  size_t n;
  const option_row *rows = option_rows(&n);
  for (size_t i = 1; i < n_commands; i++) {
    fprintf(out, "complete -c vramfit -n __fish_use_subcommand -a %s -d ", commands[i].name);
    print_quoted(out, commands[i].help);
    fputc('\n', out);
  }
  for (size_t i = 0; vf_param_get(i) != NULL; i++) {
    const vf_param_info *p = vf_param_get(i);
    print_fish_option(out, p->letter, p->name, p->argument, p->help);
  }
  for (size_t i = 0; i < n; i++)
    if (rows[i].section == NULL)
      print_fish_option(out, rows[i].short_name, rows[i].long_name, rows[i].argument, rows[i].help);
}

bool print_generated(FILE *out, const char *what) {
  static const struct {
    const char *name;
    void (*print)(FILE *out);
  } kinds[] = {{"man", print_man}, {"bash", print_bash}, {"zsh", print_zsh}, {"fish", print_fish}};
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
    if (strcmp(kinds[i].name, what) != 0) continue;
    kinds[i].print(out);
    return true;
  }
  return false;
}
