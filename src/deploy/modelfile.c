/* modelfile.c - what an Ollama Modelfile says about memory.
 *
 * Instructions and parameters: docs/modelfile.mdx and parser/parser.go of ollama (fb30760). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/args.h"
#include "base/status.h"
#include "readers/catalog.h"
#include "readers/files.h"
#include "vramfit/deploy.h"

enum { MODELFILE_BYTES = 1 << 20 };

typedef struct scan {
  const char *path;
  const char *at;
  uint32_t line;
  vf_modelfile *out;
} scan;

static vf_status fail_line(const scan *s, vf_error *err, const char *message, const char *word) {
  vf_status status = vf_fail_at(err, VF_MALFORMED, s->path, "", "%s '%.60s'", message, word);
  if (err != NULL) err->line = s->line;
  return status;
}

/* The next word; quotes are taken off.  False: it is longer than there is room. */
static bool take_word(const char **text, char *out, size_t size) {
  const char *s = *text + strspn(*text, " \t");
  char quote = *s == '"' || *s == '\'' ? *s++ : '\0';
  size_t n = quote != '\0' ? strcspn(s, quote == '"' ? "\"\n" : "'\n") : strcspn(s, " \t\r\n");
  snprintf(out, size, "%.*s", (int)(n < size ? n : size - 1), s);
  *text = s + n + (quote != '\0' && s[n] == quote);
  return n < size;
}

/* A name that the model or an adapter goes by: a part of it would be another one. */
static vf_status take_name(const scan *s, const char *text, char *out, size_t size, vf_error *err) {
  if (take_word(&text, out, size)) return VF_OK;
  vf_status status =
      vf_fail_at(err, VF_LIMIT, s->path, "",
                 "a name is longer than %zu bytes, which is all that is read", size - 1);
  if (err != NULL) err->line = s->line;
  return status;
}

static bool is_word(const char *word, const char *const *list) {
  for (; *list != NULL; list++)
    if (strcmp(word, *list) == 0) return true;
  return false;
}

static vf_status read_parameter(scan *s, const char *text, vf_error *err) {
  static const char *const others[] = {"num_predict",
                                       "num_keep",
                                       "num_thread",
                                       "seed",
                                       "stop",
                                       "temperature",
                                       "top_k",
                                       "top_p",
                                       "min_p",
                                       "typical_p",
                                       "repeat_last_n",
                                       "repeat_penalty",
                                       "presence_penalty",
                                       "frequency_penalty",
                                       "mirostat",
                                       "mirostat_eta",
                                       "mirostat_tau",
                                       "penalize_newline",
                                       "tfs_z",
                                       "use_mmap",
                                       "use_mlock",
                                       "numa",
                                       "main_gpu",
                                       "low_vram",
                                       "vocab_only",
                                       "draft_num_predict",
                                       NULL};
  const struct {
    const char *name;
    int64_t *to;
  } known[] = {{"num_ctx", &s->out->num_ctx},
               {"num_gpu", &s->out->num_gpu},
               {"num_batch", &s->out->num_batch}};
  char name[64], value[64], *end;
  take_word(&text, name, sizeof name);
  take_word(&text, value, sizeof value);
  for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
    if (strcmp(name, known[i].name) != 0) continue;
    long long n = strtoll(value, &end, 10);
    if (end == value || *end != '\0' || n < -1 || n > INT32_MAX)
      return fail_line(s, err, "a whole number is expected, not", value);
    *known[i].to = n;
    return VF_OK;
  }
  return is_word(name, others) ? VF_OK : fail_line(s, err, "there is no parameter", name);
}

/* Text in three quotes goes over lines. */
static vf_status skip_text(scan *s, const char *text, vf_error *err) {
  static const char quotes[] = "\"\"\"";
  text += strspn(text, " \t");
  if (strncmp(text, quotes, 3) != 0) return VF_OK;
  const char *end = strstr(text + 3, quotes);
  if (end == NULL) return fail_line(s, err, "text that does not end:", "\"\"\"");
  for (const char *c = s->at; c < end; c++) s->line += *c == '\n';
  s->at = end + 3;
  return VF_OK;
}

static bool is_instruction(const char *word, const char *name) {
  for (; *word != '\0' && *name != '\0'; word++, name++)
    if ((*word & ~0x20) != *name) return false;
  return *word == *name;
}

static vf_status read_line(scan *s, const char *text, vf_error *err) {
  static const char *const texts[] = {"TEMPLATE", "SYSTEM",   "LICENSE", "MESSAGE",
                                      "PARSER",   "RENDERER", "REQUIRES"};
  char word[32];
  take_word(&text, word, sizeof word);
  if (word[0] == '\0' || word[0] == '#') return VF_OK;
  if (is_instruction(word, "FROM"))
    return take_name(s, text, s->out->from, sizeof s->out->from, err);
  if (is_instruction(word, "ADAPTER"))
    return take_name(s, text, s->out->adapter, sizeof s->out->adapter, err);
  if (is_instruction(word, "PARAMETER")) return read_parameter(s, text, err);
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
    if (is_instruction(word, texts[i])) return skip_text(s, text, err);
  return fail_line(s, err, "a Modelfile has no instruction", word);
}

static vf_status read_lines(scan *s, vf_error *err) {
  while (*s->at != '\0') {
    const char *text = s->at;
    const char *end = strchr(text, '\n');
    s->line++;
    s->at = end != NULL ? end + 1 : text + strlen(text);
    vf_status status = read_line(s, text, err);
    if (status != VF_OK) return status;
  }
  if (s->out->from[0] != '\0') return VF_OK;
  return vf_fail_at(err, VF_MALFORMED, s->path, "", "names no model: FROM is missing");
}

vf_status vf_modelfile_read(vf_modelfile *out, const vf_context *ctx, const char *path,
                            vf_error *err) {
  VF_NEED(err, out);
  VF_NEED(err, ctx);
  VF_NEED(err, path);
  vf_modelfile file = {.num_ctx = -1, .num_gpu = -1, .num_batch = -1};
  char *text;
  size_t length;
  vf_arena *arena = vf_arena_new(&ctx->allocator, 2 * MODELFILE_BYTES);
  if (arena == NULL) return vf_fail_nomem(err);
  vf_status status = vf_files_read(&text, &length, &ctx->files, path, MODELFILE_BYTES, arena, err);
  scan s = {.path = path, .at = status == VF_OK ? text : "", .out = &file};
  if (strncmp(s.at, "\xEF\xBB\xBF", 3) == 0) s.at += 3; /* parser.go: unicode.BOMOverride */
  if (status == VF_OK) status = read_lines(&s, err);
  if (status == VF_OK) *out = file;
  vf_arena_free(arena);
  return status;
}
