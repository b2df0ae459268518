/* files.h - the files that a check is about: those that are named, and what is in folders. */
#ifndef VF_CLI_FILES_H
#define VF_CLI_FILES_H

#include "options.h"

typedef struct file_list {
  char **paths;
  size_t count, room;
  size_t named; /* the first ones were named, the others found */
} file_list;

/* All files that the operands name: files as they are, folders with what a check wants of them,
 * sorted, without hidden ones, what .vramfitignore or --exclude leaves out, and links that lead out
 * of the folder.  A path that is not there is an error. */
vf_status list_files(file_list *out, const args *a, vf_error *err);
void free_files(file_list *files);

#endif
