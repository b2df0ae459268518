/* dialect.c - finding engines and their words, by the rules of each one's parser. */
#include "deploy/dialect.h"

#include <string.h>

#include "base/names.h"

/* ---- Programs --------------------------------------------------------------------------- */

/* What follows the last slash, without ".exe": "C:\llama\llama-server.exe" is "llama-server". */
static size_t base_name(const char **out, const char *word) {
  const char *base = word;
  for (const char *c = word; *c != '\0'; c++)
    if (*c == '/' || *c == '\\') base = c + 1;
  size_t n = strlen(base);
  if (n > 4 && strcmp(base + n - 4, ".exe") == 0) n -= 4;
  *out = base;
  return n;
}

/* One word of a program's words, "vllm serve", against one of the line's. */
static bool is_program_word(const char *wanted, size_t length, const char *word) {
  const char *base;
  size_t n = base_name(&base, word);
  if (length > 0 && wanted[length - 1] == '*')
    return n >= length - 1 && memcmp(base, wanted, length - 1) == 0;
  return n == length && memcmp(base, wanted, n) == 0;
}

/* All words of one program; 0: not there. */
static size_t match_program(const char *program, const char *const *words, size_t count,
                            size_t at) {
  size_t n = 0;
  for (const char *s = program; *s != '\0'; n++) {
    size_t length = strcspn(s, " ");
    if (at + n >= count || !is_program_word(s, length, words[at + n])) return 0;
    s += length + strspn(s + length, " ");
  }
  return n;
}

const vf_engine *vf_dialect_program(const char *const *words, size_t count, size_t at,
                                    size_t *used) {
  static const vf_program none = {NULL, NULL};
  const vf_engine *best = NULL;
  size_t most = 0;
  for (size_t i = 0; vf_engine_at(i) != NULL; i++) {
    const vf_engine *e = vf_engine_at(i);
    const vf_program *p = e->dialect != NULL ? e->dialect->programs : &none;
    for (; p->words != NULL; p++) {
      size_t n = match_program(p->words, words, count, at);
      if (n <= most || strcmp(p->engine, e->name) != 0) continue;
      most = n;
      best = e;
    }
  }
  *used = most;
  return best;
}

const vf_engine *vf_dialect_image(const char *image) {
  for (size_t i = 0; vf_engine_at(i) != NULL; i++) {
    const vf_engine *e = vf_engine_at(i);
    if (e->dialect == NULL || strcmp(e->dialect->programs[0].engine, e->name) != 0) continue;
    for (const char *const *part = e->dialect->images; *part != NULL; part++)
      if (strstr(image, *part) != NULL) return e;
  }
  return NULL;
}

/* ---- Words ------------------------------------------------------------------------------ */

const char *vf_spelling_word(const vf_spelling *row, size_t i, size_t *length) {
  const char *s = row->words;
  for (; s != NULL && *s != '\0'; i--) {
    *length = strcspn(s, " ");
    if (i == 0) return s;
    s += *length + strspn(s + *length, " ");
  }
  return NULL;
}

/* '_' is '-' in front of the first dot, where the parser says so. */
static bool same_letter(char ours, char theirs, unsigned rules, bool two_dashes) {
  if (ours == theirs) return true;
  return two_dashes && (rules & VF_DIALECT_UNDERSCORES) != 0 && ours == '-' && theirs == '_';
}

static bool begins(const char *ours, const char *word, size_t length, unsigned rules) {
  bool two = word[0] == '-' && word[1] == '-', dotted = false;
  for (size_t i = 0; i < length; i++) {
    if (!same_letter(ours[i], word[i], rules, two && !dotted)) return false;
    dotted |= word[i] == '.';
  }
  return true;
}

static bool find_exact(vf_said *out, const vf_dialect *d, const char *word, size_t length) {
  size_t n;
  for (size_t r = 0; r < d->n_rows; r++)
    for (size_t i = 0; (out->name = vf_spelling_word(&d->rows[r], i, &n)) != NULL; i++) {
      if (n != length || !begins(out->name, word, length, d->rules)) continue;
      out->row = &d->rows[r];
      return true;
    }
  return false;
}

/* A beginning that only one option has; the same option may have it twice. */
static void find_beginning(vf_said *out, const vf_dialect *d, const char *word, size_t length) {
  size_t n;
  const char *name;
  if ((d->rules & VF_DIALECT_PREFIXES) == 0 || length < 4 || word[1] != '-') return;
  for (size_t r = 0; r < d->n_rows; r++)
    for (size_t i = 0; (name = vf_spelling_word(&d->rows[r], i, &n)) != NULL; i++) {
      if (n <= length || !begins(name, word, length, d->rules)) continue;
      if (memchr(name, '.', n) != NULL) continue;
      const vf_spelling *row = &d->rows[r];
      bool same = out->row == NULL || out->row == row ||
                  (row->param != NULL && out->row->param == row->param);
      out->ambiguous |= !same;
      if (!same) out->other = out->name;
      out->row = row;
      out->name = name;
    }
  if (out->ambiguous) out->row = NULL;
}

/* "--no-x" of a flag. */
static void find_negated(vf_said *out, const vf_dialect *d, const char *word, size_t length) {
  char positive[96];
  if ((d->rules & VF_DIALECT_NEGATES) == 0 || length < 6 || length >= sizeof positive) return;
  if (!begins("--no-", word, 5, d->rules)) return;
  memcpy(positive, "--", 2);
  memcpy(positive + 2, word + 5, length - 5);
  if (!find_exact(out, d, positive, length - 3)) find_beginning(out, d, positive, length - 3);
  if (out->row != NULL && out->row->form != VF_FORM_BARE) out->row = NULL;
  out->negated = out->row != NULL;
}

/* A member of an object that has no row of its own: the object has one. */
static void find_member(vf_said *out, const vf_dialect *d, const char *word, size_t length) {
  const char *dot = memchr(word, '.', length);
  if ((d->rules & VF_DIALECT_DOTS) == 0 || dot == NULL) return;
  if (!find_exact(out, d, word, (size_t)(dot - word))) return;
  out->member = dot + 1;
}

vf_said vf_dialect_find(const vf_dialect *d, const char *word) {
  vf_said out = {0};
  const char *equals = strchr(word, '=');
  size_t length = equals != NULL ? (size_t)(equals - word) : strlen(word);
  if (equals != NULL) out.value = equals + 1;
  out.exact = find_exact(&out, d, word, length);
  if (out.exact) return out;
  find_beginning(&out, d, word, length);
  if (out.row == NULL && !out.ambiguous) find_negated(&out, d, word, length);
  if (out.row == NULL && !out.ambiguous) find_member(&out, d, word, length);
  return out;
}

const vf_spelling *vf_dialect_bare(const vf_dialect *d) {
  for (size_t r = 0; r < d->n_rows; r++)
    if (d->rows[r].words != NULL && d->rows[r].words[0] == '\0') return &d->rows[r];
  return NULL;
}

/* ---- Maps ------------------------------------------------------------------------------- */

const char *vf_spelling_map(const vf_spelling *row, const char *word, size_t *length) {
  for (const char *s = row->value; *s != '\0';) {
    size_t theirs = strcspn(s, ":"), pair = strcspn(s, " ");
    char key[64];
    if (theirs >= sizeof key) return NULL;
    memcpy(key, s, theirs);
    key[theirs] = '\0';
    *length = pair - theirs - 1;
    if (strcmp(key, "*") == 0 || vf_name_equal(key, word)) return s + theirs + 1;
    s += pair + strspn(s + pair, " ");
  }
  return NULL;
}

const char *vf_spelling_unmap(const vf_spelling *row, const char *ours, size_t *length) {
  for (const char *s = row->value; *s != '\0';) {
    size_t theirs = strcspn(s, ":"), pair = strcspn(s, " ");
    bool same =
        strlen(ours) == pair - theirs - 1 && memcmp(s + theirs + 1, ours, strlen(ours)) == 0;
    *length = theirs;
    if (same && s[0] != '*') return s;
    s += pair + strspn(s + pair, " ");
  }
  return NULL;
}
