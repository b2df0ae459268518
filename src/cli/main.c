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
#include "options.h"
#include "output.h"
#include "trouble.h"

static const char *const box_parameters[] = {"gpu",         "total",    "memory", "used",
                                             "host-memory", "headroom", NULL};
static const char *const check_parameters[] = {
    "gpu", "gpus", "total", "memory", "used",   "host-memory", "headroom",
    "ctx", "seqs", "quant", "kv",     "engine", NULL};
static const char *const train_parameters[] = {
    "model", "quant",  "gpu",  "gpus",     "tp",     "pp",          "ep",
    "total", "memory", "used", "headroom", "engine", "host-memory", NULL};
static const char *const model_parameter[] = {"model", NULL};
static const char *const fits_parameters[] = {"ctx",  "seqs",        "quant",    "kv", "engine",
                                              "used", "host-memory", "headroom", NULL};

const command commands[] = {
    {"fit", FIT, 0, command_fit, "[fit] --model M --gpu G [OPTIONS]", "", NULL, NULL},
    {"table", TABLE, 0, command_table, "table --model M --gpu G", "what fits, for lists of values",
     NULL, NULL},
    {"max", MAX, 1, command_max, "max WHAT --model M --gpu G",
     "the most that fits: ctx, seqs, quant, kv, gpus, ngl, n-cpu-moe, gpu; of a training "
     "micro-batch, seq-len, rank or gpus",
     NULL, NULL},
    {"compare", COMPARE, MAX_OPERANDS, command_compare, "compare A B...",
     "deployments side by side: \"--quant q4\" or a file of such lines", NULL, NULL},
    {"inspect", INSPECT, 2, command_inspect, "inspect FILE [OTHER]",
     "what a model holds; what is different between two", model_parameter, NULL},
    {"explain", EXPLAIN_TOPIC, 1, command_explain, "explain [TOPIC]",
     "why memory is what it is: kv-cache, moe…", NULL, NULL},
    {"detect", DETECT, 0, command_detect, "detect",
     "this machine: its GPUs and memory, and what is free", NULL, NULL},
    {"place", PLACE, 1, command_place, "place FILE",
     "do the workloads of a file fit together? a box as JSON or YAML, or docker compose",
     box_parameters, "Workloads that share a box"},
    {"check", CHECK, MAX_OPERANDS, command_check, "check FILE|DIR...",
     "do all deployments fit that files state? For pipelines: --format github, junit, sarif…",
     check_parameters, "Checking files"},
    {"train", TRAIN, 0, command_train, "train --model M --gpu G",
     "fine-tuning and pre-training: LoRA, QLoRA, ZeRO, FSDP…; --engine trl, unsloth, axolotl…",
     train_parameters, "Training"},
    {"models", MODELS, 2, command_models, "models [QUERY]",
     "the models that are known; one whole, by name", fits_parameters, "The catalogs"},
    {"gpus", GPUS, 1, command_gpus, "gpus [QUERY]",
     "the devices that are known; one whole, by name", NULL, NULL},
    {"nodes", NODES, 1, command_nodes, "nodes [QUERY]",
     "systems and cloud instances; one whole, by name", NULL, NULL},
    {"workloads", WORKLOADS, 1, command_workloads, "workloads [QUERY]",
     "speech, image, video and embedding programs, with what they were seen to take", NULL, NULL},
    {"formats", FORMATS, 1, command_formats, "formats [QUERY]",
     "weight formats, and what --kv takes", NULL, NULL},
    {"engines", ENGINES, 0, command_engines, "engines", "engines, and whose rules are known", NULL,
     NULL},
};
const size_t n_commands = sizeof commands / sizeof *commands;

const command *find_command(const char *name) {
  if (name == NULL) return &commands[0];
  for (size_t i = 0; i < n_commands; i++)
    if (strcmp(name, commands[i].name) == 0) return &commands[i];
  return NULL;
}

/* What other programs call them. */
static const struct {
  const char *word, *ours;
} elsewhere[] = {
    {"list", "vramfit models, vramfit gpus"},
    {"ls", "vramfit models, vramfit gpus"},
    {"search", "vramfit models QUERY, vramfit gpus QUERY"},
    {"find", "vramfit models QUERY, vramfit gpus QUERY"},
    {"show", "vramfit models NAME, vramfit gpus NAME"},
    {"info", "vramfit models NAME, vramfit gpus NAME"},
    {"devices", "vramfit gpus"},
    {"estimate", "vramfit fit"},
    {"recommend", "vramfit GPU"},
    {"plan", "vramfit place FILE"},
    {"finetune", "vramfit train"},
    {"man", "vramfit --generate man, or man vramfit"},
    {"completion", "vramfit --generate bash, zsh or fish"},
    {"completions", "vramfit --generate bash, zsh or fish"},
};

const char *command_elsewhere(const char *name) {
  for (size_t i = 0; i < sizeof elsewhere / sizeof *elsewhere; i++)
    if (strcmp(name, elsewhere[i].word) == 0) return elsewhere[i].ours;
  return NULL;
}

static void complain(const vf_error *err) {
  char line[700];
  vf_error_line(err, line, sizeof line);
  fprintf(stderr, "vramfit: %s\n", line);
}

static vf_status unknown_command(const char *name, vf_error *err) {
  const char *names[sizeof commands / sizeof *commands + 1] = {NULL};
  for (size_t i = 0; i < n_commands; i++) names[i] = commands[i].name;
  const char *ours = command_elsewhere(name);
  if (ours != NULL) return trouble(err, "", "unknown command '%.60s': it is %s here", name, ours);
  const char *nearest = vf_nearest_name(name, names);
  return trouble(err, "", "unknown command '%.60s': did you mean %s?", name,
                 nearest != NULL ? nearest : "--model");
}

static bool is_a_gpu(const vf_context *ctx, const char *name) {
  static vf_device devices[VF_MAX_DEVICES]; /* large */
  vf_error ignored;
  size_t n;
  return vf_devices_parse(devices, VF_MAX_DEVICES, &n, ctx, name, &ignored) == VF_OK;
}

static bool is_size(const char *word) {
  uint64_t bytes;
  return word[0] >= '0' && word[0] <= '9' && word[strspn(word, "0123456789")] != '\0' &&
         vf_size_parse(&bytes, word, NULL) == VF_OK;
}

/* A name that nobody has as a model: a GPU, or its size, or a program that was measured. */
static void hint(const args *a, const vf_context *ctx, vf_error *err) {
  const vf_deployment *d = vf_command_so_far(a->deployment);
  if (err->status != VF_UNKNOWN || d == NULL || d->model == NULL) return;
  if (strstr(err->message, "unknown model") == NULL && strstr(err->message, "unknown GPU") == NULL)
    return;
  if (is_a_gpu(ctx, d->model) && (d->gpu == NULL || !is_a_gpu(ctx, d->gpu))) {
    trouble(err, "", "'%.60s' is a GPU: are --model and --gpu swapped?", d->model);
    return;
  }
  if (is_size(d->model))
    trouble(err, "",
            "%.20s is no model, and no GPU: vramfit rtx-4090, or one that is like yours with "
            "--memory %.20s",
            d->model, d->model);
  for (size_t i = 0; vf_catalog_id(ctx, VF_CATALOG_WORKLOADS, i) != NULL; i++)
    if (strcmp(vf_catalog_id(ctx, VF_CATALOG_WORKLOADS, i), d->model) == 0)
      trouble(err, "",
              "'%.60s' is no language model that an engine is known for; it was measured as a "
              "program: vramfit workloads %.60s, vramfit place",
              d->model, d->model);
}

static enum exit_code run_command(const args *a, const vf_context *ctx, vf_error *err) {
  const command *c = find_command(a->command);
  if (c == NULL)
    unknown_command(a->command, err);
  else if (a->n_operands > c->most_operands)
    too_many_words(a->operands[c->most_operands], err);
  else {
    enum exit_code code = c->run(a, ctx, err);
    if (code == EXIT_TROUBLE) hint(a, ctx, err);
    return code;
  }
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

/* Of a command that is named its own; else -h is one screen. */
static enum exit_code help(const args *a) {
  const command *c = a->command != NULL ? find_command(a->command) : NULL;
  if (c != NULL)
    print_command_help(stdout, c);
  else if (a->brief)
    print_brief_help(stdout);
  else
    print_help(stdout);
  return EXIT_FITS;
}

static enum exit_code run(const args *a, vf_context *ctx, vf_error *err) {
  if (a->help) return help(a);
  if (a->generate != NULL && !print_generated(stdout, a->generate)) {
    trouble(err, "--generate", "'%.40s' is not one of: man, bash, zsh, fish", a->generate);
    return EXIT_TROUBLE;
  }
  if (a->generate != NULL) return EXIT_FITS;
  if (a->version) {
    print_version(stdout, ctx);
    return EXIT_FITS;
  }
  if (add_catalogs(ctx, a, err) != VF_OK) return EXIT_TROUBLE;
  return run_command(a, ctx, err);
}

static enum exit_code start(int argc, char **argv, vf_error *err) {
  static args a; /* large */
  vf_context *ctx;
  if (vf_context_new(&ctx, NULL, err) != VF_OK) return EXIT_TROUBLE;
  enum exit_code code = EXIT_TROUBLE;
  if (args_parse(&a, ctx, argc, argv, err) == VF_OK) code = run(&a, ctx, err);
  forget_machine();
  args_free(&a);
  vf_context_free(ctx);
  return code;
}

/* Asked of the words themselves: the error may be one of theirs. */
static bool wants_json(int argc, char **argv) {
  for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
    if (strcmp(argv[i], "--quiet") == 0) return false;
  for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
    bool named = strcmp(argv[i], "--format") == 0 || strcmp(argv[i], "-f") == 0;
    if (strcmp(argv[i], "--json") == 0 || strcmp(argv[i], "--format=json") == 0) return true;
    if (named && i + 1 < argc && strcmp(argv[i + 1], "json") == 0) return true;
  }
  return false;
}

/* Who reads JSON finds the error there, too, unless a result has begun. */
static void answer_in_json(const vf_error *err, int argc, char **argv) {
  vf_report_options options = vf_report_options_init();
  vf_error ignored;
  options.format = VF_REPORT_JSON;
  if (err->status == VF_OK || output_is_begun() || !wants_json(argc, argv)) return;
  if (vf_error_write(err, &options, write_stdout, stdout, &ignored) != VF_OK) return;
}

int main(int argc, char **argv) {
  static char buffer[1 << 16]; /* one write for most answers, whose failure says why */
  vf_error err = {.status = VF_OK};
  if (argc < 2) {
    print_brief_help(stderr);
    return EXIT_TROUBLE;
  }
  setvbuf(stdout, buffer, _IOFBF, sizeof buffer);
  enum exit_code code = start(argc, argv, &err);
  if (code == EXIT_TROUBLE && (err.status != VF_IO || !ferror(stdout))) complain(&err);
  if (code == EXIT_TROUBLE) answer_in_json(&err, argc, argv);
  code = close_output(code);
  return code == EXIT_UNREADABLE ? EXIT_TROUBLE : (int)code; /* that was told by the report */
}
