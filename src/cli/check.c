/* check.c - the command check: all deployments of files, for gates and pipelines.
 *
 * Exit status: 0 nothing fails, 1 some deployment does, 2 a file could not be read (the others are
 * reported all the same).  Files are written under another name and put in their place at the end,
 * so that a run that a signal ends leaves nothing half-written (write_file.h). */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "command.h"
#include "deployment.h"
#include "devices.h"
#include "files.h"
#include "output.h"
#include "trouble.h"
#include "write_file.h"

enum { TEXT_BYTES = 16 << 20 };

/* One report that is being written; the baseline and the summary go with the main one. */
typedef struct side {
  vf_check_report *report;
  FILE *file; /* NULL: none, or standard output */
  char *memory;
  size_t length;
} side;

typedef struct job {
  const args *a;
  const vf_context *ctx;
  vf_check *check;
  side main, baseline, summary;
  written_file new_baseline; /* which baseline.file is of */
} job;

static vf_status cannot_write(const char *path, vf_error *err) {
  trouble(err, path, "cannot be written: %s", strerror(errno));
  return err->status = VF_IO;
}

/* ---- Reports ---------------------------------------------------------------------------- */

static vf_status open_reports(job *j, vf_error *err) {
  const args *a = j->a;
  vf_report_options options = report_options(a);
  vf_status status = VF_OK;
  if (!a->quiet)
    status = vf_check_report_new(&j->main.report, j->ctx, &options, write_stdout, stdout, err);
  if (status == VF_OK && a->write_baseline != NULL) {
    status = written_file_begin(&j->new_baseline, a->write_baseline, JSON_BEGINS, err);
    if (status != VF_OK) return status;
    j->baseline.file = j->new_baseline.file;
    options.format = VF_REPORT_BASELINE;
    status = vf_check_report_new(&j->baseline.report, j->ctx, &options, write_stdout,
                                 j->baseline.file, err);
  }
  if (status == VF_OK && a->summary != NULL) {
    j->summary.file = open_memstream(&j->summary.memory, &j->summary.length);
    if (j->summary.file == NULL) return cannot_write(a->summary, err);
    options.format = VF_REPORT_SUMMARY;
    status = vf_check_report_new(&j->summary.report, j->ctx, &options, write_stdout,
                                 j->summary.file, err);
  }
  return status;
}

static vf_status add_results(void *user, const vf_check *check, vf_error *err) {
  job *j = user;
  side *const sides[] = {&j->main, &j->baseline, &j->summary};
  vf_status status = VF_OK;
  for (size_t i = 0; status == VF_OK && i < sizeof sides / sizeof *sides; i++)
    if (sides[i]->report != NULL) status = vf_check_report_add(sides[i]->report, check, err);
  return status;
}

static vf_status end_reports(job *j, vf_error *err) {
  side *const sides[] = {&j->main, &j->baseline, &j->summary};
  vf_status status = VF_OK;
  for (size_t i = 0; status == VF_OK && i < sizeof sides / sizeof *sides; i++)
    if (sides[i]->report != NULL) status = vf_check_report_end(sides[i]->report, j->check, err);
  return status;
}

/* The new baseline takes the old one's place; the summary goes behind what its file has. */
static vf_status put_in_place(job *j, vf_error *err) {
  const args *a = j->a;
  if (j->baseline.file != NULL) {
    j->baseline.file = NULL;
    vf_status status = written_file_end(&j->new_baseline, VF_OK, err);
    if (status != VF_OK) return status;
  }
  if (j->summary.file != NULL) {
    fclose(j->summary.file);
    j->summary.file = NULL;
    FILE *to = appended_file(a->summary, err);
    if (to == NULL) return err->status;
    hold_signals(true);
    bool put = fwrite(j->summary.memory, 1, j->summary.length, to) == j->summary.length;
    put = fclose(to) == 0 && put;
    hold_signals(false);
    if (!put) return cannot_write(a->summary, err);
  }
  return VF_OK;
}

static void close_reports(job *j) {
  vf_check_report_free(j->main.report);
  vf_check_report_free(j->baseline.report);
  vf_check_report_free(j->summary.report);
  vf_error ignored;
  if (j->baseline.file != NULL) (void)written_file_end(&j->new_baseline, VF_IO, &ignored);
  if (j->summary.file != NULL) fclose(j->summary.file);
  free(j->summary.memory);
}

/* ---- Checking --------------------------------------------------------------------------- */

/* What comes from standard input is JSON if it begins like it. */
static vf_status check_stdin(job *j, vf_error *err) {
  char *text = malloc(TEXT_BYTES + 1);
  if (text == NULL) return trouble(err, "-", "out of memory");
  size_t n = fread(text, 1, TEXT_BYTES + 1, stdin);
  vf_status status = VF_OK;
  if (n > TEXT_BYTES) status = trouble(err, "-", "more than %d MiB", TEXT_BYTES >> 20);
  if (status == VF_OK && memchr(text, '\0', n) != NULL)
    status = trouble(err, "-", "it has a NUL in it: no text");
  if (status == VF_OK) {
    text[n] = '\0';
    char first = text[strspn(text, " \t\r\n")];
    const char *name = first == '{' || first == '[' ? "stdin.json" : "stdin.yaml";
    status = vf_check_text(j->check, name, text, n, add_results, j, err);
  }
  free(text);
  return status;
}

static uint64_t now_ms(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static vf_status check_all(job *j, const file_list *files, vf_error *err) {
  enum { PATIENCE_MS = 400, STEP_MS = 100 };
  bool watched = isatty(STDERR_FILENO) && !isatty(STDOUT_FILENO) && !j->a->quiet, shown = false;
  uint64_t next = now_ms() + PATIENCE_MS;
  vf_status status = VF_OK;
  for (size_t i = 0; status == VF_OK && i < files->count; i++) {
    status = strcmp(files->paths[i], "-") == 0
                 ? check_stdin(j, err)
                 : vf_check_file(j->check, files->paths[i], add_results, j, err);
    if (!watched || now_ms() < next) continue;
    fprintf(stderr, "\r%zu of %zu files", i + 1, files->count);
    fflush(stderr);
    shown = true;
    next = now_ms() + STEP_MS;
  }
  if (shown) fputs("\r\x1b[K", stderr);
  return status;
}

static bool names_a_file(const args *a) {
  struct stat st = {.st_mode = 0};
  for (size_t i = 0; i < a->n_operands; i++)
    if (stat(a->operands[i], &st) != 0 || !S_ISDIR(st.st_mode)) return true;
  return false;
}

static vf_status open_check(job *j, vf_deployment *policy, vf_error *err) {
  const args *a = j->a;
  vf_status status = refuse_lists(a->deployment, err);
  if (status == VF_OK && a->n_operands == 0 && !a->only_changed)
    status = trouble(err, "", "which files? vramfit check compose.yaml k8s/");
  if (status == VF_OK) status = vf_command_deployment(a->deployment, policy, err);
  if (status == VF_OK && policy->gpu != NULL)
    status = find_machine(&policy->machine, policy, NULL, a, j->ctx, err);
  const vf_check_options options = {.struct_size = sizeof options,
                                    .policy = policy,
                                    .strict = a->strict,
                                    .allow_risky = a->allow_risky,
                                    .told_all = names_a_file(a)};
  if (status == VF_OK) status = vf_check_new(&j->check, j->ctx, &options, err);
  if (status == VF_OK && a->baseline != NULL)
    status = vf_check_baseline(j->check, a->baseline, err);
  return status;
}

static enum exit_code judge(const job *j) {
  vf_check_counts n = vf_check_counted(j->check);
  if (n.errors > 0) return EXIT_UNREADABLE;
  return n.failed > 0 || (j->a->strict && n.passed > 0) ? EXIT_NO_FIT : EXIT_FITS;
}

enum exit_code command_check(const args *a, const vf_context *ctx, vf_error *err) {
  static job j; /* large */
  vf_deployment policy;
  file_list files = {0};
  j = (job){.a = a, .ctx = ctx};
  end_at_signals();
  vf_status status = open_check(&j, &policy, err);
  if (status == VF_OK) status = list_files(&files, a, err);
  if (status == VF_OK) status = open_reports(&j, err);
  if (status == VF_OK) status = check_all(&j, &files, err);
  if (status == VF_OK) status = end_reports(&j, err);
  if (status == VF_OK) status = put_in_place(&j, err);
  enum exit_code code = status == VF_OK ? judge(&j) : EXIT_TROUBLE;
  close_reports(&j);
  vf_check_free(j.check);
  free_files(&files);
  return code;
}
