/* catalogs.c - the commands that show the catalogs, and where users' own ones lie. */
#include "catalogs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "command.h"
#include "output.h"
#include "trouble.h"

enum { PATH_BYTES = 4096 };

/* ---- Users' own catalogs ---------------------------------------------------------------- */

/* The user's folder by the XDG rules; false: there is none. */
static bool user_folder(char out[PATH_BYTES]) {
  const char *config = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
  int n = 0;
  if (config != NULL && config[0] == '/')
    n = snprintf(out, PATH_BYTES, "%s/vramfit", config);
  else if (home != NULL && home[0] == '/')
    n = snprintf(out, PATH_BYTES, "%s/.config/vramfit", home);
  return n > 0 && n < PATH_BYTES;
}

/* A list of paths with colons between them. */
static vf_status add_listed(vf_context *ctx, const char *list, vf_error *err) {
  char path[PATH_BYTES];
  vf_status status = VF_OK;
  while (status == VF_OK && *list != '\0') {
    size_t n = strcspn(list, ":");
    if (n >= sizeof path) return trouble(err, "$VRAMFIT_CATALOG", "a path is too long");
    memcpy(path, list, n);
    path[n] = '\0';
    if (n > 0) status = vf_context_add_catalog(ctx, path, err);
    list += n + (list[n] == ':');
  }
  return status;
}

/* A new entry may go into a folder that is not there yet. */
static bool is_yet_to_be_made(const args *a) {
  struct stat st = {.st_mode = 0};
  bool adds = a->command != NULL && strcmp(a->command, "models") == 0 && a->n_operands > 0 &&
              strcmp(a->operands[0], "add") == 0;
  return adds && stat(a->catalog, &st) != 0;
}

/* What a check says of files is the same on every machine: it reads the catalogs that are named. */
static bool takes_named_ones(const args *a) {
  return a->command != NULL && strcmp(a->command, "check") == 0;
}

vf_status add_catalogs(vf_context *ctx, const args *a, vf_error *err) {
  char folder[PATH_BYTES];
  struct stat st = {.st_mode = 0};
  const char *listed = getenv("VRAMFIT_CATALOG");
  vf_status status = VF_OK;
  if (a->catalog != NULL && strcmp(a->catalog, "none") == 0) return VF_OK;
  if (a->catalog != NULL && !is_yet_to_be_made(a))
    status = vf_context_add_catalog(ctx, a->catalog, err);
  if (takes_named_ones(a)) return status;
  if (status == VF_OK && listed != NULL) status = add_listed(ctx, listed, err);
  if (status == VF_OK && user_folder(folder) && stat(folder, &st) == 0)
    status = vf_context_add_catalog(ctx, folder, err);
  return status;
}

/* ---- Lists ------------------------------------------------------------------------------ */

static enum exit_code list(const args *a, const vf_context *ctx, vf_list_kind kind, vf_error *err) {
  const vf_list_query query = {.struct_size = sizeof query,
                               .text = a->operands[0],
                               .family = a->family,
                               .vendor = a->vendor,
                               .least_params = a->params.least,
                               .most_params = a->params.most,
                               .least_bytes = a->memory.least,
                               .most_bytes = a->memory.most};
  vf_report_options options = report_options(a);
  vf_listing *listing = NULL;
  vf_status status = vf_list(&listing, ctx, kind, &query, err);
  if (status == VF_OK && !a->quiet)
    status = vf_listing_write(listing, &options, write_stdout, stdout, err);
  vf_listing_free(listing);
  return status == VF_OK ? EXIT_FITS : EXIT_TROUBLE;
}

enum exit_code command_gpus(const args *a, const vf_context *ctx, vf_error *err) {
  return list(a, ctx, VF_LIST_GPUS, err);
}

enum exit_code command_nodes(const args *a, const vf_context *ctx, vf_error *err) {
  return list(a, ctx, VF_LIST_NODES, err);
}

enum exit_code command_workloads(const args *a, const vf_context *ctx, vf_error *err) {
  return list(a, ctx, VF_LIST_WORKLOADS, err);
}

enum exit_code command_formats(const args *a, const vf_context *ctx, vf_error *err) {
  return list(a, ctx, VF_LIST_FORMATS, err);
}

enum exit_code command_engines(const args *a, const vf_context *ctx, vf_error *err) {
  return list(a, ctx, VF_LIST_ENGINES, err);
}

/* ---- A new entry ------------------------------------------------------------------------ */

/* Where it goes: --catalog, or the user's folder. */
static vf_status folder_for_new(char out[PATH_BYTES], const args *a, vf_error *err) {
  if (a->catalog == NULL && user_folder(out)) return VF_OK;
  if (a->catalog == NULL || strcmp(a->catalog, "none") == 0)
    return trouble(err, "", "where to? --catalog DIR says");
  snprintf(out, PATH_BYTES, "%s", a->catalog);
  return VF_OK;
}

static enum exit_code add_model(const args *a, const vf_context *ctx, vf_error *err) {
  char folder[PATH_BYTES], path[PATH_BYTES];
  vf_status status = folder_for_new(folder, a, err);
  if (status == VF_OK && (a->n_operands < 2 || a->id == NULL))
    status = trouble(err, "",
                     "which config, and what is it to be called? "
                     "vramfit models add config.json --id NAME");
  if (status == VF_OK)
    status = vf_catalog_add_model(path, sizeof path, ctx, folder, a->operands[1], a->id, err);
  if (status != VF_OK) return EXIT_TROUBLE;
  if (!a->quiet) printf("%s: %s\n", a->id, path);
  return EXIT_FITS;
}

/* Of all models those that run on a device. */
static enum exit_code list_fitting(const args *a, const vf_context *ctx, vf_error *err) {
  const char *const words[] = {"--gpu", a->fits};
  size_t at = 0;
  if (a->n_operands > 0)
    trouble(err, a->operands[0], "with --fits, --family and --params choose among the models");
  else if (vf_command_option(a->deployment, words, 2, &at, err) == VF_OK)
    return command_runners(a, true, ctx, err);
  return EXIT_TROUBLE;
}

enum exit_code command_models(const args *a, const vf_context *ctx, vf_error *err) {
  if (a->n_operands > 0 && strcmp(a->operands[0], "add") == 0) return add_model(a, ctx, err);
  if (a->n_operands > 1) {
    too_many_words(a->operands[1], err);
    return EXIT_TROUBLE;
  }
  if (a->fits == NULL && vf_command_so_far(a->deployment) != NULL && a->n_at > 0) {
    const char *word = a->words[a->at[0]];
    trouble(err, "", "vramfit models takes no %.*s without --fits GPU", (int)strcspn(word, "="),
            word);
    return EXIT_TROUBLE;
  }
  return a->fits == NULL ? list(a, ctx, VF_LIST_MODELS, err) : list_fitting(a, ctx, err);
}
