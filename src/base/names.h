/* names.h - comparing names as people type them, and the nearest one to a mistake. */
#ifndef VF_BASE_NAMES_H
#define VF_BASE_NAMES_H

#include <stdbool.h>
#include <stddef.h>

enum { VF_NAME_SIZE = 96 }; /* longest catalog name, with terminator */

/* Writes the form that names are compared in: ASCII lower case, '_' and ' ' as '-'.  False if it
 * does not fit (no catalog name is that long). */
bool vf_name_normalize(char out[VF_NAME_SIZE], const char *name);

/* ASCII case does not matter. */
bool vf_name_equal(const char *a, const char *b);

/* Searches for the name nearest to a word, one candidate at a time. */
typedef struct vf_name_search {
  char word[VF_NAME_SIZE];
  const char *best; /* NULL until something is near enough */
  size_t distance;  /* of best; before that, one more than is near */
} vf_name_search;

vf_name_search vf_name_search_for(const char *word);
void vf_name_search_try(vf_name_search *search, const char *candidate);

#endif
