/* compare.c - the command compare: deployments side by side.
 *
 * Each is a text of options that go on top of those of the command line ("": nothing does), or a
 * file with one such text in each line ('#' begins a comment).  What an engine refuses gets a dash;
 * the exit status is 0 if all fit, 1 if some do not. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "command.h"
#include "deployment.h"
#include "output.h"
#include "trouble.h"

/* One of them; freed by finish(). */
typedef struct side {
  char text[ARGS_TEXT + 1];
  char storage[ARGS_STORAGE];
  vf_command *command;
  vf_deployment d;
  vf_setup *setup; /* NULL: the engine refuses it */
  vf_estimate *estimate;
  vf_limits limits;
  vf_error refusal;
} side;

/* As many as a report takes: too large for the stack. */
static struct {
  side list[VF_MAX_COMPARED];
  size_t n;
} sides;

/* ---- Reading ---------------------------------------------------------------------------- */

static vf_status add_text(const char *text, size_t length, vf_error *err) {
  while (length > 0 && (text[0] == ' ' || text[0] == '\t')) text++, length--;
  while (length > 0 && strchr(" \t\r\n", text[length - 1]) != NULL) length--;
  if (sides.n == VF_MAX_COMPARED)
    return trouble(err, "", "more than %d deployments do not fit side by side", VF_MAX_COMPARED);
  if (length > ARGS_TEXT) return trouble(err, "", "'%.40s…' is too long", text);
  side *s = &sides.list[sides.n++];
  memcpy(s->text, text, length);
  s->text[length] = '\0';
  return VF_OK;
}

static vf_status add_file(const char *path, vf_error *err) {
  char line[ARGS_TEXT + 2];
  vf_status status = VF_OK;
  FILE *file = fopen(path, "r");
  if (file == NULL) return trouble(err, path, "cannot be read");
  while (status == VF_OK && fgets(line, sizeof line, file) != NULL)
    if (line[strspn(line, " \t\r\n")] != '\0' && line[0] != '#')
      status = add_text(line, strlen(line), err);
  if (status == VF_OK && ferror(file)) status = trouble(err, path, "cannot be read");
  fclose(file);
  return status;
}

static bool is_file(const char *name) {
  struct stat st = {.st_mode = 0};
  return name[0] != '-' && stat(name, &st) == 0 && S_ISREG(st.st_mode);
}

static vf_status read_operands(const args *a, vf_error *err) {
  vf_status status = VF_OK;
  for (size_t i = 0; status == VF_OK && i < a->n_operands; i++) {
    const char *word = a->operands[i];
    if (is_file(word))
      status = add_file(word, err);
    else if (word[strspn(word, " ")] == '-' || word[0] == '\0')
      status = add_text(word, strlen(word), err);
    else
      status =
          trouble(err, "", "'%.80s' is neither options (\"--quant q4\") nor a file of them", word);
  }
  if (status == VF_OK && sides.n < 2)
    status = trouble(err, "",
                     "two deployments at least: "
                     "vramfit compare \"--quant q4\" \"--quant q8_0\" --model M --gpu G");
  return status;
}

/* ---- Estimating ------------------------------------------------------------------------- */

static vf_status work_out(side *s, const vf_context *ctx, vf_error *err) {
  size_t n = 0;
  vf_setup *setup = NULL;
  vf_estimate *scratch = NULL;
  vf_status status = vf_setup_open(&setup, ctx, &s->d, err);
  if (status == VF_OK) status = vf_estimate_new(&scratch, ctx, err);
  if (status == VF_OK) status = vf_setup_settle(setup, scratch, err);
  if (status == VF_OK) status = vf_setup_estimate(s->estimate, setup, err);
  const vf_device *devices = setup != NULL ? vf_setup_devices(setup, &n) : NULL;
  if (status == VF_OK) status = vf_limits_solve(&s->limits, s->estimate, scratch, devices, n, err);
  vf_estimate_free(scratch);
  if (status == VF_OK)
    s->setup = setup;
  else
    vf_setup_free(setup);
  return status;
}

static vf_status estimate(side *s, const args *common, const vf_context *ctx, vf_error *err) {
  vf_status status = args_extend(&s->command, common, ctx, s->text, s->storage, err);
  if (status == VF_OK) status = read_deployment(&s->d, s->command, common, ctx, err);
  if (status == VF_OK) status = refuse_lists(s->command, err);
  if (status == VF_OK) status = vf_estimate_new(&s->estimate, ctx, err);
  if (status != VF_OK) return status;
  status = work_out(s, ctx, &s->refusal);
  if (status == VF_OK || status == VF_UNSUPPORTED) return VF_OK;
  *err = s->refusal;
  return status;
}

static enum exit_code judge(const args *a) {
  for (size_t i = 0; i < sides.n; i++) {
    if (sides.list[i].setup == NULL) return EXIT_NO_FIT;
    enum exit_code code = code_of(a, vf_estimate_verdict(sides.list[i].estimate));
    if (code != EXIT_FITS) return code;
  }
  return EXIT_FITS;
}

static vf_status report(const args *a, vf_error *err) {
  vf_compared list[VF_MAX_COMPARED];
  vf_report_options options = report_options(a);
  for (size_t i = 0; i < sides.n; i++) {
    const side *s = &sides.list[i];
    bool known = s->setup != NULL;
    list[i] = (vf_compared){s->text, known ? s->estimate : NULL, known ? &s->limits : NULL,
                            known ? NULL : s->refusal.message, &s->d};
  }
  return vf_comparison_write(list, sides.n, &options, write_stdout, stdout, err);
}

enum exit_code command_compare(const args *a, const vf_context *ctx, vf_error *err) {
  vf_status status = read_operands(a, err);
  for (size_t i = 0; status == VF_OK && i < sides.n; i++)
    status = estimate(&sides.list[i], a, ctx, err);
  if (status == VF_OK && !a->quiet) status = report(a, err);
  enum exit_code code = status == VF_OK ? judge(a) : EXIT_TROUBLE;
  for (size_t i = 0; i < sides.n; i++) {
    vf_estimate_free(sides.list[i].estimate);
    vf_setup_free(sides.list[i].setup);
    vf_command_free(sides.list[i].command);
  }
  memset(&sides, 0, sizeof sides); /* nothing of it is there any more */
  return code;
}
