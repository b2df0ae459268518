/* write_file.h - files that are put in place whole or not at all. */
#ifndef VF_CLI_WRITE_FILE_H
#define VF_CLI_WRITE_FILE_H

#include <stdio.h>

#include "vramfit/vramfit.h"

/* One that is being written, under another name beside its own. */
typedef struct written_file {
  FILE *file;
  const char *path;
  char other[4200];
} written_file;

/* A file that is there is replaced only if it begins with `ours`, as those that vramfit writes do:
 * a slip of the command line costs no model.  The new one is made for this (no link is followed).
 * On failure err says why, and nothing is left. */
vf_status written_file_begin(written_file *w, const char *path, const char *ours, vf_error *err);

/* Gives it its name if `status` is VF_OK, else takes it away; returns the first failure. */
vf_status written_file_end(written_file *w, vf_status status, vf_error *err);

/* From now on a signal that ends a program ends this one at once, with exit status 128 and its
 * number, and takes the file away that is being written: one at a time.  written_file_begin() sees
 * to it, too. A signal that is ignored stays so. */
void end_at_signals(void);

/* Signals wait, while something is written that is half-written in between. */
void hold_signals(bool hold);

/* Opens a file of text to write at its end, as steps of a job share one; NULL, and err says why,
 * for one that is no text. */
FILE *appended_file(const char *path, vf_error *err);

/* How JSON of ours begins. */
#define JSON_BEGINS "{\n  \"format_version\": "

/* How pictures of ours begin; and whether the name says that it will be one. */
#define SVG_BEGINS "<svg xmlns="
vf_status check_svg_name(const char *option, const char *path, vf_error *err);

#endif
