/* check.h - do all deployments that files state fit?  For pipelines and gates.
 *
 * SPDX-License-Identifier: MIT */
#ifndef VRAMFIT_CHECK_H
#define VRAMFIT_CHECK_H

#include "vramfit/deploy.h"

#ifdef __cplusplus
extern "C" {
#endif

/* How much a finding matters. */
typedef enum vf_level {
  VF_LEVEL_NOTE = 0,    /* it is only told */
  VF_LEVEL_WARNING = 1, /* it fails where strictness is asked for */
  VF_LEVEL_ERROR = 2,   /* it fails */
  VF_LEVEL_COUNT
} vf_level;

/* What is found, by rules whose names never change (docs/check.md has them all). */
typedef struct vf_rule {
  const char *id;   /* "no-fit" */
  vf_level level;   /* as long as nothing makes it worse */
  const char *help; /* one sentence */
} vf_rule;

/* Rule i, NULL beyond the last. */
VF_API const vf_rule *vf_rule_get(size_t i);

/* What counts for all that is checked. */
typedef struct vf_check_options {
  size_t struct_size; /* of the caller's struct, as vf_check_options_init() sets it */
  /* Devices for deployments that name none, the memory of all, the headroom; and what a model that
   * lies in a folder has to serve (quant, ctx, seqs, kv, engine).  NULL: nothing is said.  It and
   * its strings must outlive the check. */
  const vf_deployment *policy;
  bool strict;      /* warnings and deployments that are not judged fail, too */
  bool allow_risky; /* RISKY does not fail: it is a warning */
  bool told_all;    /* what is no manifest is told, as for files that somebody named */
} vf_check_options;

static inline vf_check_options vf_check_options_init(void) {
  vf_check_options o;
  memset(&o, 0, sizeof o);
  o.struct_size = sizeof o;
  return o;
}

/* What came of all files so far. */
typedef struct vf_check_counts {
  size_t files, deployments;
  size_t judged; /* of the deployments */
  size_t failed; /* deployments with a finding that fails */
  size_t errors; /* files that cannot be read */
  size_t passed; /* what may run a model and was not read */
  size_t known;  /* findings that the baseline has */
} vf_check_counts;

typedef struct vf_check vf_check;

/* Called with every so many results of one file, in order, and at least once for each file. */
typedef vf_status (*vf_check_fn)(void *user, const vf_check *check, vf_error *err);

/* The options are copied but for what they point to; ctx must outlive the check. */
VF_API VF_MUST_USE vf_status vf_check_new(vf_check **out, const vf_context *ctx,
                                          const vf_check_options *options, vf_error *err);
VF_API void vf_check_free(vf_check *check);

/* Checks one file, or one model (a GGUF file, a config.json); results are handed to `each`, which
 * may be NULL.  A file that cannot be read is counted and told, and no failure of the call:
 * VF_NOMEM, VF_USAGE, and what `each` fails with. */
VF_API VF_MUST_USE vf_status vf_check_file(vf_check *check, const char *path, vf_check_fn each,
                                           void *user, vf_error *err);

/* The same of a text that lies in memory; name tells its kind ("k8s.yaml") and stands for its
 * file. */
VF_API VF_MUST_USE vf_status vf_check_text(vf_check *check, const char *name, const char *text,
                                           size_t length, vf_check_fn each, void *user,
                                           vf_error *err);

/* Whether a file of that name may be something to check, before it is opened. */
VF_API bool vf_check_wants(const char *name);

/* A list of what is known already, as vf_check_report_end() writes it in VF_REPORT_BASELINE:
 * findings that are in it, and are no worse, do not fail.  VF_IO, VF_MALFORMED. */
VF_API VF_MUST_USE vf_status vf_check_baseline(vf_check *check, const char *path, vf_error *err);

/* So far; all 0 for NULL. */
VF_API vf_check_counts vf_check_counted(const vf_check *check);

#ifdef __cplusplus
}
#endif
#endif
