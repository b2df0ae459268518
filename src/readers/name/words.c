/* words.c - splitting names into words. */
#include "readers/name/words.h"

#include <stdlib.h>
#include <string.h>

static bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

static bool is_letter(char c) {
  return c >= 'a' && c <= 'z';
}

static char lower(char c) {
  return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* A dot between digits is part of a number, and publishers write it as '_' too ("phi-1_5"). */
static bool is_point(const char *name, size_t i) {
  bool between = i > 0 && is_digit(name[i - 1]) && is_digit(name[i + 1]);
  return between && (name[i] == '.' || name[i] == '_');
}

/* ---- Kinds of words --------------------------------------------------------------------- */

/* Digits with points in them; returns how many characters. */
static size_t number_length(const char *s) {
  size_t n = 0;
  while (is_digit(s[n]) || (s[n] == '.' && n > 0 && is_digit(s[n + 1]))) n++;
  return n;
}

bool vf_word_is_number(const char *word) {
  size_t n = number_length(word);
  return n > 0 && word[n] == '\0';
}

static bool is_size_from(const char *s) {
  size_t n = number_length(s);
  if (n == 0) return false;
  if (s[n] == 'x' && is_digit(s[n + 1])) return is_size_from(s + n + 1);
  return (s[n] == 'b' || s[n] == 'm' || s[n] == 't') && s[n + 1] == '\0';
}

bool vf_word_is_active_size(const char *word) {
  return word[0] == 'a' && is_size_from(word + 1);
}

bool vf_word_is_size(const char *word) {
  return is_size_from(word[0] == 'e' ? word + 1 : word);
}

/* ---- Splitting -------------------------------------------------------------------------- */

/* Where a run of letters and digits parts: before a number behind a name ("qwen|2.5", "phi|4"; but
 * not "r1", "a3b", "h100", "t5") and before a name behind a number ("2.5|vl", but not "8b", "3n").
 */
static bool parts_at(const char *s, size_t from, size_t i) {
  size_t letters = 0;
  if (is_digit(s[i])) {
    while (letters < i - from && is_letter(s[i - 1 - letters])) letters++;
    return letters >= 3 || (letters == 2 && letters == i - from && strncmp(s + from, "yi", 2) == 0);
  }
  if (!is_letter(s[i]) || i == from || !is_digit(s[i - 1]) || !is_digit(s[from])) return false;
  while (is_letter(s[i + letters])) letters++;
  return letters >= 2;
}

/* "3.0" is "3", and "v1.0" is "v1". */
static void cut_zero(char *word) {
  const char *number = word[0] == 'v' ? word + 1 : word;
  size_t n = strlen(word);
  if (vf_word_is_number(number) && n > 2 && strcmp(word + n - 2, ".0") == 0 &&
      strchr(number, '.') == word + n - 2)
    word[n - 2] = '\0';
}

static bool add_word(vf_words *out, const char *s, size_t length) {
  if (length == 0) return true;
  if (out->n == VF_WORDS || length >= VF_WORD_SIZE) return false;
  char *word = out->word[out->n++];
  memcpy(word, s, length);
  word[length] = '\0';
  cut_zero(word);
  return true;
}

enum { NAME_ROOM = 256 };

/* In lower case, with points as dots and everything between words as a blank. */
static bool normalize(char out[NAME_ROOM], const char *name) {
  size_t n = strlen(name);
  if (n >= NAME_ROOM) return false;
  for (size_t i = 0; i < n; i++) {
    char c = lower(name[i]);
    out[i] = is_point(name, i) ? '.' : is_letter(c) || is_digit(c) ? c : ' ';
  }
  out[n] = '\0';
  return true;
}

bool vf_words_read(vf_words *out, const char *name) {
  char text[NAME_ROOM];
  out->n = 0;
  if (!normalize(text, name)) return false;
  for (size_t from = 0, i = 0;; i++) {
    bool end = text[i] == '\0' || text[i] == ' ';
    if (!end && !parts_at(text, from, i)) continue;
    if (!add_word(out, text + from, i - from)) return false;
    if (text[i] == '\0') break;
    from = end ? i + 1 : i;
  }
  return out->n > 0;
}

bool vf_words_have(const vf_words *words, const char *word) {
  for (size_t i = 0; i < words->n; i++)
    if (strcmp(words->word[i], word) == 0) return true;
  return false;
}

void vf_words_drop(vf_words *w, size_t i) {
  memmove(w->word[i], w->word[i + 1], (w->n - 1 - i) * sizeof w->word[0]);
  w->n--;
}

/* ---- Words that tell nothing apart ------------------------------------------------------ */

static const char *const publishers[] = {
    "nvidia",     "meta",          "google",  "microsoft",  "mistralai", "openai",
    "ai",         "org",           "zai",     "moonshotai", "ibm",       "lgai",
    "minimaxai",  "baidu",         "tencent", "bytedance",  "cohere",    "cohereforai",
    "coherelabs", "huggingfacetb", "tiiuae",  "allenai",    "liquidai",  "nousresearch",
    "unsloth",    "thudm",         "stepfun", "xiaomimimo", NULL};

/* How a model was trained to talk, and what kind of a thing it is. */
static const char *const neutral[] = {"instruct", "chat", "it",   "hf",   "latest",
                                      "model",    "pt",   "inst", "text", NULL};

static bool is_listed(const char *const *list, const char *word) {
  for (; *list != NULL; list++)
    if (strcmp(*list, word) == 0) return true;
  return false;
}

/* "base" is a size of its own ("bge-base") unless the name states one ("Qwen3-8B-Base"). */
static void drop_base(vf_words *words) {
  bool sized = false;
  for (size_t i = 0; i < words->n; i++) sized |= vf_word_is_size(words->word[i]);
  for (size_t i = 0; sized && i < words->n; i++)
    if (strcmp(words->word[i], "base") == 0) vf_words_drop(words, i--);
}

static void drop_listed(vf_words *words, const char *const *list) {
  size_t left = words->n;
  for (size_t i = words->n; i > 0 && left > 1; i--) {
    if (!is_listed(list, words->word[i - 1])) continue;
    vf_words_drop(words, i - 1);
    left--;
  }
}

void vf_words_drop_publishers(vf_words *words) {
  drop_listed(words, publishers);
}

void vf_words_drop_neutral(vf_words *words) {
  drop_listed(words, neutral);
  drop_base(words);
}

void vf_words_mark_tag(vf_words *words) {
  if (words->n == VF_WORDS) return;
  words->word[words->n][0] = '@';
  words->word[words->n++][1] = '\0';
}

/* ---- Keys ------------------------------------------------------------------------------- */

static int compare_words(const void *a, const void *b) {
  return strcmp(a, b);
}

bool vf_words_key(char key[VF_KEY_SIZE], const vf_words *words) {
  vf_words sorted = *words;
  size_t at = 0;
  key[0] = '\0';
  if (sorted.n > 0) qsort(sorted.word, sorted.n, sizeof sorted.word[0], compare_words);
  for (size_t i = 0; i < sorted.n; i++) {
    if (i > 0 && strcmp(sorted.word[i], sorted.word[i - 1]) == 0) continue;
    size_t length = strlen(sorted.word[i]);
    if (at + length + 2 > VF_KEY_SIZE) return false;
    if (at > 0) key[at++] = ' ';
    memcpy(key + at, sorted.word[i], length + 1);
    at += length;
  }
  return at > 0;
}

uint32_t vf_key_mask(const char *key) {
  uint32_t mask = 0, hash = 0;
  for (; *key != '\0'; key++) {
    hash = hash * 31 + (unsigned char)*key;
    if (key[1] != ' ' && key[1] != '\0') continue;
    mask |= UINT32_C(1) << ((hash ^ hash >> 5 ^ hash >> 11) % 32);
    hash = 0;
    if (key[1] == ' ') key++;
  }
  return mask;
}

size_t vf_key_within(const char *key, const vf_words *words) {
  size_t n = 0;
  while (*key != '\0') {
    char word[VF_WORD_SIZE];
    size_t length = strcspn(key, " ");
    if (length >= sizeof word) return 0;
    memcpy(word, key, length);
    word[length] = '\0';
    if (!vf_words_have(words, word)) return 0;
    n++;
    key += length + (key[length] == ' ');
  }
  return n;
}
