/* env_file.c - files of "NAME=value" lines beside a manifest: compose's .env and env_file,
 * systemd's EnvironmentFile.
 *
 * Compose (compose-go, dotenv/parser.go): what is unquoted ends at the line's end or at a comment
 * behind a blank, variables in it are replaced, as in double quotes, where \n and \" are read, too;
 * single quotes keep what is in them.  systemd (systemd.exec(5)) knows comments on lines of their
 * own alone, and replaces nothing. */
#include <string.h>

#include "base/status.h"
#include "deploy/manifests/manifests.h"
#include "deploy/words.h"
#include "readers/catalog.h"
#include "readers/files.h"

enum { MOST_BYTES = 1 << 20 };

/* What is being read, and where. */
typedef struct reading {
  vf_manifest *m;
  vf_variables *into;
  const vf_variables *above; /* which stand over what the file says itself; NULL: none do */
  const char *s;
} reading;

/* A path that may be opened: beside the manifest, or above it, but never from the root. */
static const char *beside(vf_manifest *m, const char *name) {
  if (name[0] == '/' || name[0] == '~' || strchr(name, VF_WORD_UNKNOWN) != NULL) return NULL;
  return vf_manifest_format(m, "%s%s", m->folder, name);
}

static bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\r';
}

static size_t without_blanks(const char *s, size_t n) {
  while (n > 0 && is_blank(s[n - 1])) n--;
  return n;
}

static const char *value_of(void *user, const char *name) {
  const reading *r = user;
  const char *above = r->above != NULL ? vf_variables_get((void *)(uintptr_t)r->above, name) : NULL;
  return above != NULL ? above : vf_variables_get(r->into, name);
}

static vf_status add(reading *r, const char *name, size_t n, const char *value, vf_error *err) {
  const char *copy = vf_arena_copy(r->m->arena, name, n);
  if (copy == NULL || value == NULL) return vf_fail_nomem(err);
  return vf_variables_add(r->into, r->m->arena, copy, value, err);
}

/* ---- Compose ---------------------------------------------------------------------------- */

/* "\n" is a line's end, any other letter behind a backslash is itself. */
static char *without_escapes(vf_arena *arena, const char *s, size_t n) {
  char *out = vf_arena_copy(arena, s, n);
  size_t length = 0;
  for (size_t i = 0; out != NULL && i < n; i++) {
    bool escape = s[i] == '\\' && i + 1 < n;
    char c = s[i + escape];
    out[length++] = (char)(!escape ? c : c == 'n' ? '\n' : c == 'r' ? '\r' : c);
    i += escape;
  }
  if (out != NULL) out[length] = '\0';
  return out;
}

static vf_status replace(const char **out, reading *r, const char *text, vf_error *err) {
  if (text == NULL) return vf_fail_nomem(err);
  return vf_text_interpolate(out, text, value_of, r, r->m->arena, err);
}

/* A quoted value may have several lines; what is behind it on its last one counts for nothing. */
static vf_status take_quoted(const char **out, reading *r, vf_error *err) {
  char quote = *r->s++;
  const char *start = r->s;
  while (*r->s != '\0' && *r->s != quote) r->s += r->s[0] == '\\' && r->s[1] != '\0' ? 2 : 1;
  size_t n = (size_t)(r->s - start);
  if (*r->s == '\0')
    return vf_fail(err, VF_MALFORMED, "a file of variables: a quote is not closed");
  r->s += strcspn(r->s, "\n");
  if (quote == '"') return replace(out, r, without_escapes(r->m->arena, start, n), err);
  *out = vf_arena_copy(r->m->arena, start, n);
  return *out != NULL ? VF_OK : vf_fail_nomem(err);
}

static vf_status take_plain(const char **out, reading *r, vf_error *err) {
  const char *start = r->s;
  size_t n = strcspn(start, "\n");
  r->s += n;
  for (size_t i = 0; i < n; i++)
    if (start[i] == '#' && (i == 0 || is_blank(start[i - 1]))) n = i;
  return replace(out, r, vf_arena_copy(r->m->arena, start, without_blanks(start, n)), err);
}

/* A name alone is that of the shell that starts it, which is not known. */
static vf_status take_shells(reading *r, const char *name, size_t n, vf_error *err) {
  char mark[] = {VF_WORD_UNKNOWN, '\0'};
  if (n == 0) return VF_OK;
  return add(r, name, n,
             vf_manifest_format(r->m, "%s${%.*s}", mark, (int)(n < 200 ? n : 200), name), err);
}

static vf_status take_statement(reading *r, vf_error *err) {
  const char *value = NULL;
  if (strncmp(r->s, "export ", 7) == 0) r->s += 7 + strspn(r->s + 7, " \t");
  const char *name = r->s;
  size_t n = strcspn(name, "=:\n");
  bool alone = name[n] == '\n' || name[n] == '\0';
  r->s += n;
  n = without_blanks(name, n);
  if (alone) return take_shells(r, name, n, err);
  r->s++;
  while (is_blank(*r->s)) r->s++;
  vf_status status =
      *r->s == '"' || *r->s == '\'' ? take_quoted(&value, r, err) : take_plain(&value, r, err);
  return status == VF_OK ? add(r, name, n, value, err) : status;
}

static vf_status read_compose(reading *r, vf_error *err) {
  vf_status status = VF_OK;
  while (status == VF_OK && *r->s != '\0') {
    if (is_blank(*r->s) || *r->s == '\n')
      r->s++;
    else if (*r->s == '#')
      r->s += strcspn(r->s, "\n");
    else
      status = take_statement(r, err);
  }
  return status;
}

/* ---- systemd ---------------------------------------------------------------------------- */

static vf_status take_line(reading *r, const char *line, size_t n, vf_error *err) {
  while (n > 0 && is_blank(line[0])) line++, n--;
  n = without_blanks(line, n);
  const char *equals = memchr(line, '=', n);
  if (n == 0 || line[0] == '#' || line[0] == ';' || equals == NULL) return VF_OK;
  const char *value = equals + 1;
  size_t length = n - (size_t)(value - line);
  bool quoted =
      length >= 2 && (value[0] == '"' || value[0] == '\'') && value[length - 1] == value[0];
  return add(r, line, (size_t)(equals - line),
             vf_arena_copy(r->m->arena, value + quoted, length - 2 * (size_t)quoted), err);
}

static vf_status read_systemd(reading *r, vf_error *err) {
  vf_status status = VF_OK;
  while (status == VF_OK && *r->s != '\0') {
    size_t n = strcspn(r->s, "\n");
    status = take_line(r, r->s, n, err);
    r->s += n + (r->s[n] == '\n');
  }
  return status;
}

/* ---- A file ----------------------------------------------------------------------------- */

vf_status vf_manifest_env_file(vf_manifest *m, vf_variables *into, const char *name,
                               vf_env_syntax syntax, const vf_variables *above, bool *found,
                               vf_error *err) {
  char *text;
  size_t length;
  vf_path_kind kind = VF_PATH_NONE;
  const char *path = beside(m, name);
  *found = false;
  if (path == NULL || vf_files_look(&kind, &m->ctx->files, path, NULL) != VF_OK ||
      kind != VF_PATH_FILE)
    return VF_OK;
  vf_status status = vf_files_read(&text, &length, &m->ctx->files, path, MOST_BYTES, m->arena, err);
  if (status != VF_OK) return status;
  *found = true;
  reading r = {.m = m, .into = into, .above = above, .s = text};
  return syntax == VF_ENV_COMPOSE ? read_compose(&r, err) : read_systemd(&r, err);
}
