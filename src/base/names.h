/* names.h - comparing names as people type them, and the nearest one to a mistake. */
#ifndef VF_BASE_NAMES_H
#define VF_BASE_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { VF_NAME_SIZE = 96 }; /* longest catalog name, with terminator */

/* A character in the form that names are compared in. */
char vf_name_fold(char c);

/* Writes the form that names are compared in: ASCII lower case, '_' and ' ' as '-'.  False if it
 * does not fit (no catalog name is that long). */
bool vf_name_normalize(char out[VF_NAME_SIZE], const char *name);

/* A tag of Ollama's library ("qwen3:8b", "qwen3") as the catalog's name of it, which no other kind
 * of name can be.  False if it does not fit. */
bool vf_name_of_tag(char out[VF_NAME_SIZE], const char *tag);

/* The tag that such a name is of, NULL if it is of another kind. */
const char *vf_name_tag(const char *name);

/* ASCII case does not matter. */
bool vf_name_equal(const char *a, const char *b);

/* Of the first n characters, which both have. */
bool vf_name_equal_n(const char *a, const char *b, size_t n);

/* Searches for the name nearest to a word, one candidate at a time. */
typedef struct vf_name_search {
  char word[VF_NAME_SIZE];
  const char *best; /* NULL until something is near enough */
  size_t distance;  /* of best; before that, one more than is near */
} vf_name_search;

vf_name_search vf_name_search_for(const char *word);
void vf_name_search_try(vf_name_search *search, const char *candidate);

/* ---- Words of names: "Llama-3.1-70B-Instruct" and "llama3.1:70b" have the same ---------- */

enum { VF_NAME_WORDS = 16 };

typedef struct vf_name_words {
  char text[VF_NAME_SIZE];
  uint8_t start[VF_NAME_WORDS], length[VF_NAME_WORDS];
  size_t n;
} vf_name_words;

/* The words of a name, without what is before the last '/' and without words such as "instruct"
 * or "geforce".  False if there are none, or too many. */
bool vf_name_split(vf_name_words *out, const char *name);

typedef enum vf_name_match {
  VF_NAME_OTHER, /* a word is not among the name's */
  VF_NAME_MORE,  /* the name has more words */
  VF_NAME_SAME,
} vf_name_match;

vf_name_match vf_name_compare(const vf_name_words *words, const char *name);

#endif
