/* report.h - results as text, JSON, CSV, Markdown and pictures.
 *
 * SPDX-License-Identifier: MIT */
#ifndef VRAMFIT_REPORT_H
#define VRAMFIT_REPORT_H

#include "vramfit/check.h"
#include "vramfit/deploy.h"
#include "vramfit/inspect.h"
#include "vramfit/place.h"
#include "vramfit/solve.h"
#include "vramfit/train.h"
#include "vramfit/vramfit.h"

#ifdef __cplusplus
extern "C" {
#endif

/* In all that follows: options may be NULL, a plain table in GiB; a format or a unit that there is
 * not, or that this result is not written in, is VF_USAGE; a write that fails is VF_IO, after which
 * no more is written.  What was written before a failure stands. */

/* ---- Reports ---------------------------------------------------------------------------- */

typedef enum vf_report_format {
  VF_REPORT_TABLE = 0,
  VF_REPORT_JSON = 1,
  VF_REPORT_CSV = 2,
  VF_REPORT_MARKDOWN = 3,
  /* Of checks alone. */
  VF_REPORT_GITHUB = 4,      /* annotations */
  VF_REPORT_JUNIT = 5,       /* JUnit's XML */
  VF_REPORT_SARIF = 6,       /* 2.1.0 */
  VF_REPORT_TAP = 7,         /* Test Anything Protocol, 14 */
  VF_REPORT_CODEQUALITY = 8, /* GitLab's */
  VF_REPORT_BASELINE = 9,    /* what vf_check_baseline() reads */
  VF_REPORT_SUMMARY = 10,    /* Markdown for the page of a run */
  VF_REPORT_COUNT
} vf_report_format;

typedef struct vf_report_options {
  size_t struct_size; /* of the caller's struct, as vf_report_options_init() sets it */
  vf_report_format format;
  vf_unit unit;            /* for people; JSON is always in bytes */
  bool color;              /* ANSI colours */
  bool bars;               /* the budget as a bar below the verdict */
  bool explain;            /* the formula under every line (JSON always has it) */
  const vf_launch *launch; /* of an estimate: told at its end; NULL: not */
  const vf_deployment
      *deployment;         /* of an estimate: what was asked, for programs; NULL: not told */
  const vf_offers *offers; /* of an estimate: what there was to choose from; NULL, or none of them:
                              all was said */
  size_t rows;             /* of long lists, for people: so many at most; 0: all */
  bool ascii;              /* for people: no character beyond ASCII */
  size_t columns;          /* for people: lines are wrapped at this width; 0: never */
  const vf_train_limits *train_limits; /* of a training: told with it; NULL: not */
} vf_report_options;

/* A table in GiB, plain. */
static inline vf_report_options vf_report_options_init(void) {
  vf_report_options o;
  memset(&o, 0, sizeof o);
  o.struct_size = sizeof o;
  return o;
}

/* What format i is called on a command line, "json"; NULL beyond the last.  Static. */
VF_API const char *vf_report_format_name(size_t i);

/* Called with pieces of the report, in order; returns false to stop (a write error). */
typedef bool (*vf_write_fn)(void *user, const char *data, size_t size);

/* Writes the estimate, as a table or as JSON; limits may be NULL.  VF_USAGE if it has no result. */
VF_API VF_MUST_USE vf_status vf_report_write(const vf_estimate *estimate, const vf_limits *limits,
                                             const vf_report_options *options, vf_write_fn write,
                                             void *user, vf_error *err);

/* A report of a check, written while it goes on. */
typedef struct vf_check_report vf_check_report;

/* Begins it, in any format. */
VF_API VF_MUST_USE vf_status vf_check_report_new(vf_check_report **out, const vf_context *ctx,
                                                 const vf_report_options *options,
                                                 vf_write_fn write, void *user, vf_error *err);

/* Writes the results that a vf_check_fn was called with. */
VF_API VF_MUST_USE vf_status vf_check_report_add(vf_check_report *report, const vf_check *check,
                                                 vf_error *err);

/* Ends it, with what could not be read and the sums. */
VF_API VF_MUST_USE vf_status vf_check_report_end(vf_check_report *report, const vf_check *check,
                                                 vf_error *err);
VF_API void vf_check_report_free(vf_check_report *report);

/* Writes what vf_machine_detect() found, as a table or as JSON. */
VF_API VF_MUST_USE vf_status vf_machine_write(const vf_machine *machine,
                                              const vf_report_options *options, vf_write_fn write,
                                              void *user, vf_error *err);

/* ---- Tables ----------------------------------------------------------------------------- */

/* Writes the table in any format; `shows` is for people, CSV and JSON have it all. */
VF_API VF_MUST_USE vf_status vf_grid_write(const vf_grid *grid, vf_cell_shows shows,
                                           const vf_report_options *options, vf_write_fn write,
                                           void *user, vf_error *err);

/* ---- The most that fits ----------------------------------------------------------------- */

/* Writes the answer, as a table or as JSON. */
VF_API VF_MUST_USE vf_status vf_answer_write(const vf_answer *answer,
                                             const vf_report_options *options, vf_write_fn write,
                                             void *user, vf_error *err);

/* ---- What runs on a device -------------------------------------------------------------- */

/* Writes the list in any format; for people the popular ones, unless options->rows is 0. */
VF_API VF_MUST_USE vf_status vf_runners_write(const vf_runners *runners,
                                              const vf_report_options *options, vf_write_fn write,
                                              void *user, vf_error *err);

/* ---- Looking into a model --------------------------------------------------------------- */

/* Writes it, as a table or as JSON, with every tensor if `tensors`; with `other`, what is different
 * between the two.  other may be NULL. */
VF_API VF_MUST_USE vf_status vf_inspection_write(const vf_inspection *inspection,
                                                 const vf_inspection *other, bool tensors,
                                                 const vf_report_options *options,
                                                 vf_write_fn write, void *user, vf_error *err);

/* ---- Workloads that share a box --------------------------------------------------------- */

/* Writes what shares the box and whether it fits, as a table or as JSON. */
VF_API VF_MUST_USE vf_status vf_place_write(const vf_place *place, const vf_report_options *options,
                                            vf_write_fn write, void *user, vf_error *err);

/* The memory map of each scenario, as text or as an SVG image. */
VF_API VF_MUST_USE vf_status vf_place_card(const vf_place *place, bool svg,
                                           const vf_report_options *options, vf_write_fn write,
                                           void *user, vf_error *err);

/* ---- What there is ---------------------------------------------------------------------- */

/* Writes the list, as a table or as JSON. */
VF_API VF_MUST_USE vf_status vf_listing_write(const vf_listing *listing,
                                              const vf_report_options *options, vf_write_fn write,
                                              void *user, vf_error *err);

/* ---- Deployments side by side ----------------------------------------------------------- */

/* Several side by side.  Where estimate is NULL, refusal says why there is none. */
typedef struct vf_compared {
  const char *label; /* as it was asked for */
  const vf_estimate *estimate;
  const vf_limits *limits; /* may be NULL */
  const char *refusal;
  const vf_deployment *deployment; /* may be NULL */
} vf_compared;

enum { VF_MAX_COMPARED = 16 };

/* Writes list[0..count), as a table or as JSON; VF_LIMIT unless there are 1 to VF_MAX_COMPARED. */
VF_API VF_MUST_USE vf_status vf_comparison_write(const vf_compared *list, size_t count,
                                                 const vf_report_options *options,
                                                 vf_write_fn write, void *user, vf_error *err);

/* ---- Training --------------------------------------------------------------------------- */

/* Writes a training run's memory, as a page or in a format of rows. */
VF_API VF_MUST_USE vf_status vf_train_write(const vf_train *train, const vf_report_options *options,
                                            vf_write_fn write, void *user, vf_error *err);

/* ---- Pictures --------------------------------------------------------------------------- */

typedef struct vf_plot_options {
  size_t struct_size; /* of the caller's struct, as vf_plot_options_init() sets it */
  bool svg;           /* a self-contained SVG document; else text for a terminal */
  bool unicode;       /* text: block characters; else ASCII */
  bool color;         /* text: ANSI colours */
  vf_unit unit;
} vf_plot_options;

/* ASCII for a terminal, in GiB. */
static inline vf_plot_options vf_plot_options_init(void) {
  vf_plot_options o;
  memset(&o, 0, sizeof o);
  o.struct_size = sizeof o;
  return o;
}

/* Draws the budget as stacked bars, and the curve below them (NULL: bars alone).  VF_USAGE if the
 * estimate has no result. */
VF_API VF_MUST_USE vf_status vf_plot_write(const vf_estimate *estimate, const vf_curve *curve,
                                           const vf_plot_options *options, vf_write_fn write,
                                           void *user, vf_error *err);

/* Draws a training step's memory over time: what lies in it from loading to the optimizer's step,
 * its peak, and what the device has. */
VF_API VF_MUST_USE vf_status vf_train_plot_write(const vf_train *train,
                                                 const vf_plot_options *options, vf_write_fn write,
                                                 void *user, vf_error *err);

/* ---- Topics ----------------------------------------------------------------------------- */

/* Writes the text that teaches a topic ("kv-cache"), or the list of topics if name is NULL;
 * VF_UNKNOWN suggests the nearest.  Of the options color alone counts. */
VF_API VF_MUST_USE vf_status vf_topic_write(const char *name, const vf_report_options *options,
                                            vf_write_fn write, void *user, vf_error *err);

/* ---- Errors ----------------------------------------------------------------------------- */

/* Writes an error, which has to be one: as JSON {"format_version", "error": {"status", "kind",
 * "message", "source", "path", "line", "column", "offset_bytes"}}, the last five where they apply;
 * as a line of text in the format for people.  Fails as every writing does. */
VF_API VF_MUST_USE vf_status vf_error_write(const vf_error *error, const vf_report_options *options,
                                            vf_write_fn write, void *user, vf_error *err);

#ifdef __cplusplus
}
#endif
#endif
