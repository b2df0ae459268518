/* names.c - normalized names and edit distance (optimal string alignment: insert, delete, replace
 * or swap two neighbours, each counting 1). */
#include "base/names.h"

#include <string.h>

#include "vramfit/vramfit.h"

char vf_name_fold(char c) {
  if (c >= 'A' && c <= 'Z') return (char)(c - 'A' + 'a');
  return c == '_' || c == ' ' ? '-' : c;
}

bool vf_name_normalize(char out[VF_NAME_SIZE], const char *name) {
  size_t n = strlen(name);
  if (n >= VF_NAME_SIZE) return false;
  for (size_t i = 0; i <= n; i++) out[i] = vf_name_fold(name[i]);
  return true;
}

static const char tag_prefix[] = "ollama/";
enum { TAG_PREFIX = sizeof tag_prefix - 1 };

bool vf_name_of_tag(char out[VF_NAME_SIZE], const char *tag) {
  char name[VF_NAME_SIZE];
  if (strlen(tag) >= VF_NAME_SIZE - TAG_PREFIX || !vf_name_normalize(name, tag)) return false;
  memcpy(out, tag_prefix, TAG_PREFIX);
  memcpy(out + TAG_PREFIX, name, strlen(name) + 1);
  return true;
}

const char *vf_name_tag(const char *name) {
  return strncmp(name, tag_prefix, TAG_PREFIX) == 0 ? name + TAG_PREFIX : NULL;
}

bool vf_name_equal_n(const char *a, const char *b, size_t n) {
  for (size_t i = 0; i < n; i++)
    if (vf_name_fold(a[i]) != vf_name_fold(b[i])) return false;
  return true;
}

bool vf_name_equal(const char *a, const char *b) {
  for (; vf_name_fold(*a) == vf_name_fold(*b); a++, b++)
    if (*a == '\0') return true;
  return false;
}

static size_t min3(size_t a, size_t b, size_t c) {
  size_t m = a < b ? a : b;
  return m < c ? m : c;
}

/* Three rolling rows of the distance matrix; both strings are shorter than VF_NAME_SIZE. */
static size_t edit_distance(const char *a, const char *b) {
  size_t rows[3][VF_NAME_SIZE];
  size_t n = strlen(a), m = strlen(b);
  for (size_t j = 0; j <= m; j++) rows[0][j] = j;
  for (size_t i = 1; i <= n; i++) {
    size_t *row = rows[i % 3], *above = rows[(i + 2) % 3], *above2 = rows[(i + 1) % 3];
    row[0] = i;
    for (size_t j = 1; j <= m; j++) {
      size_t replace = above[j - 1] + (a[i - 1] != b[j - 1]);
      row[j] = min3(replace, above[j] + 1, row[j - 1] + 1);
      bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (swapped && above2[j - 2] + 1 < row[j]) row[j] = above2[j - 2] + 1;
    }
  }
  return rows[n % 3][m];
}

vf_name_search vf_name_search_for(const char *word) {
  size_t most = 1 + strlen(word) / 5; /* a mistake in every fifth letter, three at the most */
  vf_name_search search = {.distance = (most < 3 ? most : 3) + 1};
  if (!vf_name_normalize(search.word, word)) search.word[0] = '\0';
  return search;
}

/* A candidate that merely continues the word ("llama3.1" for "llama3.1-8b") counts as very near:
 * people leave the end off more often than they mistype it. */
void vf_name_search_try(vf_name_search *search, const char *candidate) {
  char name[VF_NAME_SIZE];
  if (search->word[0] == '\0' || !vf_name_normalize(name, candidate)) return;
  size_t length = strlen(search->word), other = strlen(name);
  bool continues = length >= 3 && strncmp(name, search->word, length) == 0;
  size_t least = length < other ? other - length : length - other; /* so many are inserted */
  if (!continues && least >= search->distance) return;
  size_t distance = continues ? 1 : edit_distance(search->word, name);
  if (distance >= search->distance) return;
  search->distance = distance;
  search->best = candidate;
}

const char *vf_nearest_name(const char *word, const char *const *names) {
  if (word == NULL || names == NULL) return NULL;
  vf_name_search search = vf_name_search_for(word);
  for (; *names != NULL; names++) vf_name_search_try(&search, *names);
  return search.best;
}

/* ---- Words of names --------------------------------------------------------------------- */

/* They tell how a model was trained on or a product line, not what it is. */
static const char *const neutral[] = {
    "instruct", "chat",  "it",     "base", "thinking", "think",  "reasoning",
    "hf",       "gguf",  "latest", "meta", "gpu",      "nvidia", "geforce",
    "graphics", "tesla", "intel",  "amd",  "radeon",   "apple",  NULL,
};

static bool is_neutral(const char *word, size_t length) {
  for (size_t i = 0; neutral[i] != NULL; i++)
    if (strlen(neutral[i]) == length && memcmp(neutral[i], word, length) == 0) return true;
  return false;
}

static bool is_letter(char c) {
  return c >= 'a' && c <= 'z';
}

static bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

/* Where the word ends that starts here: at a separator, or where a number follows a name of three
 * letters or more ("qwen2.5", "rtx4090"; but not "h100" or "a3b"). */
static size_t word_length(const char *s) {
  size_t n = 0;
  while (s[n] != '\0' && strchr("-/:", s[n]) == NULL) {
    bool name = n >= 3 && is_letter(s[n - 1]) && is_letter(s[n - 2]) && is_letter(s[n - 3]);
    if (name && is_digit(s[n])) break;
    n++;
  }
  return n;
}

bool vf_name_split(vf_name_words *out, const char *name) {
  const char *slash = strrchr(name, '/');
  out->n = 0;
  if (!vf_name_normalize(out->text, slash != NULL ? slash + 1 : name)) return false;
  for (const char *s = out->text; *s != '\0';) {
    size_t length = word_length(s);
    if (length > 0 && !is_neutral(s, length)) {
      if (out->n == VF_NAME_WORDS) return false;
      out->start[out->n] = (uint8_t)(s - out->text);
      out->length[out->n++] = (uint8_t)length;
    }
    s += length;
    s += strspn(s, "-/:");
  }
  return out->n > 0;
}

static bool has_word(const vf_name_words *words, const char *word, size_t length) {
  for (size_t i = 0; i < words->n; i++)
    if (words->length[i] == length && memcmp(words->text + words->start[i], word, length) == 0)
      return true;
  return false;
}

vf_name_match vf_name_compare(const vf_name_words *words, const char *name) {
  vf_name_words other;
  if (!vf_name_split(&other, name)) return VF_NAME_OTHER;
  for (size_t i = 0; i < words->n; i++)
    if (!has_word(&other, words->text + words->start[i], words->length[i])) return VF_NAME_OTHER;
  return other.n == words->n ? VF_NAME_SAME : VF_NAME_MORE;
}
