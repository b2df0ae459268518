/* model_name.c - taking names of models apart. */
#include "readers/name/model_name.h"

#include <stdio.h>
#include <string.h>

#include "models/recipe.h"
#include "models/scheme.h"

static bool is_word_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

static bool starts(const char *s, const char *with) {
  return strncmp(s, with, strlen(with)) == 0;
}

static bool ends(const char *s, const char *with) {
  size_t n = strlen(s), m = strlen(with);
  return n >= m && strcmp(s + n - m, with) == 0;
}

/* ---- Where it is from ------------------------------------------------------------------- */

enum { REF_SIZE = 256 };

static const struct {
  const char *prefix;
  vf_name_store store;
} places[] = {
    {"https://", VF_STORE_NONE},
    {"http://", VF_STORE_NONE},
    {"www.", VF_STORE_NONE},
    {"huggingface.co/", VF_STORE_HUB},
    {"hf.co/", VF_STORE_HUB},
    {"hf-mirror.com/", VF_STORE_HUB},
    {"modelscope.cn/models/", VF_STORE_HUB},
    {"huggingface://", VF_STORE_HUB},
    {"hf://", VF_STORE_HUB},
    {"hf:", VF_STORE_HUB},
    {"ollama.com/library/", VF_STORE_OLLAMA},
    {"ollama.com/", VF_STORE_OLLAMA},
    {"registry.ollama.ai/library/", VF_STORE_OLLAMA},
    {"library/", VF_STORE_OLLAMA},
    {"ollama://", VF_STORE_OLLAMA},
    {"ollama/", VF_STORE_OLLAMA},
    {"docker.io/ai/", VF_STORE_DOCKER},
    {"ai/", VF_STORE_DOCKER},
};

/* Cuts places off the front, one behind the other: "https://huggingface.co/". */
static const char *without_place(const char *ref, vf_name_store *store) {
  for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
    if (!starts(ref, places[i].prefix)) continue;
    ref += strlen(places[i].prefix);
    if (places[i].store != VF_STORE_NONE) *store = places[i].store;
  }
  return ref;
}

/* "models--Qwen--Qwen3-8B" is a folder of the Hub's cache. */
static void open_cache_folder(char *ref) {
  char *at = strstr(ref, "models--");
  if (at == NULL) return;
  memmove(ref, at + 8, strlen(at + 8) + 1);
  char *dashes = strstr(ref, "--");
  if (dashes == NULL) return;
  *dashes = '/';
  memmove(dashes + 1, dashes + 2, strlen(dashes + 2) + 1);
  char *snapshot = strstr(ref, "/snapshots/");
  if (snapshot != NULL) *snapshot = '\0';
}

/* Pages of a repository: "/resolve/main/FILE", "/tree/main". */
static void cut_page(char *ref) {
  static const char *const pages[] = {"/resolve/", "/blob/", "/tree/", "/raw/", NULL};
  char *end = strpbrk(ref, "?#");
  if (end != NULL) *end = '\0';
  for (size_t i = 0; pages[i] != NULL; i++) {
    char *page = strstr(ref, pages[i]);
    if (page == NULL) continue;
    char *file = strchr(page + strlen(pages[i]), '/');
    if (file == NULL)
      *page = '\0';
    else
      memmove(page, file, strlen(file) + 1);
  }
  char *revision = strchr(ref, '@');
  if (revision != NULL) *revision = '\0';
  size_t n = strlen(ref);
  while (n > 0 && ref[n - 1] == '/') ref[--n] = '\0';
}

/* ---- The format ------------------------------------------------------------------------- */

/* What the users of GGUF files mean by less than the whole name. */
static const char *const short_names[][2] = {
    {"q4_k", "Q4_K_M"}, {"q5_k", "Q5_K_M"}, {"q3_k", "Q3_K_M"}, {"q8", "Q8_0"}, {"q6", "Q6_K"},
    {"q5", "Q5_K_M"},   {"q4", "Q4_K_M"},   {"fp16", "F16"},    {"fp32", "F32"}};

/* Length of the format at s, letter by letter with '_' as '-'; 0: another text. */
static size_t same_text(const char *s, const char *format) {
  size_t n = 0;
  for (; format[n] != '\0'; n++) {
    char a = s[n] == '-' ? '_' : s[n], b = format[n] == '-' ? '_' : format[n];
    if (b >= 'A' && b <= 'Z') b = (char)(b - 'A' + 'a');
    if (a != b) return 0;
  }
  return is_word_char(s[n]) ? 0 : n;
}

/* The longest recipe's name that begins here. */
static size_t recipe_at(const char *s, const char **recipe) {
  size_t longest = 0;
  for (size_t i = 0; vf_file_format_name(i) != NULL; i++) {
    size_t n = same_text(s, vf_file_format_name(i));
    if (n <= longest) continue;
    longest = n;
    *recipe = vf_file_format_name(i);
  }
  for (size_t i = 0; i < sizeof short_names / sizeof *short_names; i++) {
    size_t n = same_text(s, short_names[i][0]);
    if (n <= longest) continue;
    longest = n;
    *recipe = short_names[i][1];
  }
  return longest;
}

/* Takes recipes' names out of the text; the last one counts. */
static const char *take_recipe(char *text) {
  const char *found = NULL, *recipe = NULL;
  for (char *s = text; *s != '\0'; s++) {
    if (s > text && is_word_char(s[-1])) continue;
    size_t n = recipe_at(s, &recipe);
    if (n == 0) continue;
    found = recipe;
    memset(s, ' ', n);
  }
  return found;
}

/* What stands beside a format and is about the making of the file. */
typedef struct format_words {
  char text[VF_NAME_SIZE]; /* words of a scheme, with '-' between them */
  size_t length;
  size_t others; /* words but for "mlx" */
  bool method, detail, mlx, gguf, imatrix;
} format_words;

static void note_scheme_word(format_words *f, const char *word) {
  size_t n = strlen(word);
  if (f->length + n + 2 > sizeof f->text) return;
  if (f->length > 0) f->text[f->length++] = '-';
  memcpy(f->text + f->length, word, n + 1);
  f->length += n;
}

/* "fp8", "4bit", "g128"… "gguf" and "i1" (with an importance matrix) are of files. */
static bool take_format_word(format_words *f, const char *word) {
  static const char *const about_files[] = {"gguf",    "ggml", "i1",     "imat",
                                            "imatrix", "ud",   "mmproj", NULL};
  for (size_t i = 0; about_files[i] != NULL; i++) {
    if (strcmp(word, about_files[i]) != 0) continue;
    f->gguf |= i < 2;
    f->imatrix |= i >= 2 && i < 5;
    return true;
  }
  vf_scheme_word kind = vf_scheme_word_kind(word);
  if (kind == VF_SCHEME_WORD_OTHER) return false;
  bool mlx = strcmp(word, "mlx") == 0;
  f->mlx |= mlx;
  f->others += !mlx;
  f->method |= kind == VF_SCHEME_WORD_METHOD;
  f->detail |= kind == VF_SCHEME_WORD_DETAIL;
  note_scheme_word(f, word);
  return true;
}

/* One word of a text, up to its separators; a point between digits is no separator. */
static char *next_token(char *s, size_t *length) {
  while (*s != '\0' && !is_word_char(*s)) s++;
  size_t n = 0;
  while (is_word_char(s[n]) || (n > 0 && s[n] == '.' && s[n - 1] >= '0' && s[n - 1] <= '9' &&
                                s[n + 1] >= '0' && s[n + 1] <= '9'))
    n++;
  *length = n;
  return n > 0 ? s : NULL;
}

static bool copy_token(char word[VF_WORD_SIZE], const char *s, size_t length) {
  if (length >= VF_WORD_SIZE) return false;
  memcpy(word, s, length);
  word[length] = '\0';
  return true;
}

static bool states_method(char *text) {
  char word[VF_WORD_SIZE];
  size_t n;
  for (char *s = next_token(text, &n); s != NULL; s = next_token(s + n, &n))
    if (copy_token(word, s, n) && vf_scheme_word_kind(word) == VF_SCHEME_WORD_METHOD) return true;
  return false;
}

/* Words that are of the language too ("dynamic", "block", "quantized") are of the format only where
 * the text states one.  The first word of a name is never of a format. */
static void take_words(format_words *f, char *text, bool is_tag) {
  char word[VF_WORD_SIZE];
  size_t n;
  bool stated = f->method || states_method(text), first = !is_tag, beside = false;
  for (char *s = next_token(text, &n); s != NULL; s = next_token(s + n, &n)) {
    bool at_front = first, other = beside;
    first = false;
    if (at_front || !copy_token(word, s, n)) continue;
    /* "w-mxfp4-a-fp8", "kv-fp8": of what is computed or cached */
    beside = strcmp(word, "a") == 0 || strcmp(word, "kv") == 0;
    if (other && vf_scheme_word_kind(word) == VF_SCHEME_WORD_METHOD) {
      memset(s, ' ', n);
      continue;
    }
    vf_scheme_word kind = vf_scheme_word_kind(word);
    bool number = strpbrk(word, "0123456789") != NULL;
    bool plain = kind == VF_SCHEME_WORD_FILLER || (kind == VF_SCHEME_WORD_DETAIL && !number);
    if ((stated || !plain) && take_format_word(f, word)) memset(s, ' ', n);
  }
}

/* Publishers whose files are of one kind. */
static const struct {
  const char *publisher, *word;
} houses[] = {{"mlx-community", "mlx"}, {"unsloth", "bnb"}, {"turboderp", "exl3"}};

static bool is_by(const vf_model_name *m, const char *publisher) {
  return strcmp(m->publisher, publisher) == 0;
}

/* "…-4bit" says a method by who publishes it. */
static void add_house_word(const vf_model_name *m, format_words *f) {
  for (size_t i = 0; i < sizeof houses / sizeof *houses; i++) {
    if (!is_by(m, houses[i].publisher)) continue;
    bool mlx = strcmp(houses[i].word, "mlx") == 0;
    bool says = mlx ? !f->mlx && f->others > 0 : f->detail && !f->method;
    if (mlx) f->mlx = true;
    if (says) note_scheme_word(f, houses[i].word);
  }
}

/* Which FP8 a bare "-FP8" is, by who publishes it (the quantization_config of their repositories).
 */
static const struct {
  const char *publisher, *format;
} fp8_houses[] = {
    {"qwen", "fp8-block"},        /* weight_block_size [128, 128] since Qwen3 */
    {"deepseek-ai", "fp8-block"}, /* published so */
    {"minimaxai", "fp8-block"},   {"xiaomimimo", "fp8-block"},
    {"zai-org", "fp8-channel"},   /* compressed-tensors, strategy "channel" */
    {"meta-llama", "fp8-channel"} /* fbgemm_fp8 */
};

static void set_scheme(vf_model_name *m, const format_words *f) {
  vf_scheme scheme;
  if (f->others == 0 || !vf_scheme_named(&scheme, f->text)) return;
  snprintf(m->format, sizeof m->format, "%s", f->text);
  if (m->engine == NULL) m->engine = starts(scheme.method, "exl") ? "exllama" : "vllm";
  for (size_t i = 0; i < sizeof fp8_houses / sizeof *fp8_houses; i++)
    if (strcmp(f->text, "fp8") == 0 && is_by(m, fp8_houses[i].publisher))
      snprintf(m->format, sizeof m->format, "%s", fp8_houses[i].format);
}

static void set_engine(vf_model_name *m, const format_words *f, const char *recipe) {
  bool plain = recipe != NULL && (strcmp(recipe, "BF16") == 0 || strcmp(recipe, "F16") == 0 ||
                                  strcmp(recipe, "F32") == 0);
  bool file = m->gguf || (recipe != NULL && !plain);
  if (f->mlx)
    m->engine = "mlx";
  else if (m->store == VF_STORE_OLLAMA)
    m->engine = "ollama";
  else if (m->store == VF_STORE_DOCKER || file)
    m->engine = "llama.cpp";
  m->usual_format = !f->mlx && (m->store == VF_STORE_OLLAMA || m->store == VF_STORE_DOCKER || file);
}

/* "MXFP4-Q8" of MLX: what is no expert has so many bits. */
static void note_rest(format_words *f, const char *recipe) {
  const char rest[] = {'q', recipe[1], '\0'};
  if (recipe[0] == 'Q' && f->method) note_scheme_word(f, rest);
}

/* "repo:3.0bpw" is a branch with a checkpoint of that size, and no file. */
static bool is_branch(const format_words *f, const char *recipe) {
  return recipe == NULL && strstr(f->text, "bpw") != NULL;
}

static void settle_format(vf_model_name *m, format_words *f, const char *recipe) {
  add_house_word(m, f);
  if (is_branch(f, recipe)) m->gguf = false;
  if (f->mlx && recipe != NULL) note_rest(f, recipe);
  m->gguf |= f->gguf;
  set_engine(m, f, recipe);
  if (recipe != NULL && !(f->mlx && f->others > 0))
    snprintf(m->format, sizeof m->format, "%s", recipe);
  else
    set_scheme(m, f);
  bool tag = m->store == VF_STORE_OLLAMA;
  bool qat = m->format[0] == '\0' && tag && vf_words_have(&m->words, "qat");
  if (qat) snprintf(m->format, sizeof m->format, "Q4_0"); /* what it was trained for */
  bool mxfp4 = starts(m->format, "mxfp4") && m->usual_format;
  if (mxfp4) snprintf(m->format, sizeof m->format, "MXFP4_MOE");
}

/* ---- The parts -------------------------------------------------------------------------- */

static void lower_copy(char *out, size_t size, const char *s) {
  size_t n = 0;
  for (; s[n] != '\0' && n + 1 < size; n++)
    out[n] = s[n] >= 'A' && s[n] <= 'Z' ? (char)(s[n] - 'A' + 'a') : s[n];
  out[n] = '\0';
}

/* "-00001-of-00003" at the end of a file's name. */
static void cut_shard(char *stem) {
  char *of = strstr(stem, "-of-0");
  if (of != NULL && of - stem > 6 && of[-6] == '-') of[-6] = '\0';
}

/* Cuts the file off the end of "publisher/repo/file.gguf" or "repo:file.gguf"; NULL: it names none.
 */
static char *cut_file(char *ref) {
  if (!ends(ref, ".gguf")) return NULL;
  ref[strlen(ref) - 5] = '\0';
  cut_shard(ref);
  char *cut = strrchr(ref, ':');
  if (cut == NULL) cut = strrchr(ref, '/');
  if (cut == NULL) return ref;
  *cut = '\0';
  return cut + 1;
}

/* More than a publisher and a repository is a path: its end, or a folder of a repository. */
static char *last_two_parts(char *ref, vf_name_store store) {
  char *first = strchr(ref, '/'), *last = strrchr(ref, '/');
  if (first == last) return ref;
  if (store == VF_STORE_HUB) {
    char *second = strchr(first + 1, '/');
    if (second != NULL) *second = '\0';
    return ref;
  }
  char *s = last - 1;
  while (s > ref && *s != '/') s--;
  return *s == '/' ? s + 1 : s;
}

static const char *const draft_words[] = {"eagle",  "eagle3",     "dflash", "dspark",
                                          "draft",  "speculator", "medusa", "assistant",
                                          "domino", "peagle",     NULL};

static bool is_draft(char *text) {
  char word[VF_WORD_SIZE];
  size_t n;
  for (char *s = next_token(text, &n); s != NULL; s = next_token(s + n, &n)) {
    if (!copy_token(word, s, n)) continue;
    for (size_t i = 0; draft_words[i] != NULL; i++)
      if (strcmp(word, draft_words[i]) == 0) return true;
  }
  return false;
}

static void put_plain(vf_model_name *m, const char *family, const char *tag) {
  snprintf(m->plain, sizeof m->plain, "%.*s", (int)sizeof m->plain - 1, family);
  size_t n = strlen(m->plain);
  if (tag[0] != '\0' && strcmp(tag, "latest") != 0)
    snprintf(m->plain + n, sizeof m->plain - n, ":%s", tag);
}

/* Blanks where a format was, and separators at the ends. */
static void trim(char *text) {
  char *out = text;
  for (const char *s = text; *s != '\0'; s++) {
    bool separator = *s == ' ' || *s == '-' || *s == '_' || *s == '.';
    if (separator && (out == text || out[-1] == '-' || out[-1] == ':')) continue;
    *out++ = *s == ' ' || *s == '_' ? '-' : *s;
  }
  while (out > text && (out[-1] == '-' || out[-1] == '.')) out--;
  *out = '\0';
}

/* Name and tag: each has its recipe taken out; the tag's (or the file's) wins. */
static bool read_parts(vf_model_name *m, char *name, char *tag, bool file) {
  char whole[2 * REF_SIZE];
  format_words f = {.length = 0};
  bool repo = m->store == VF_STORE_HUB;
  m->draft = is_draft(name) || (tag != NULL && is_draft(tag));
  /* "…-qat-q4_0-unquantized": what it was trained for, and not what it is in. */
  bool undone = strstr(name, "unquantized") != NULL;
  const char *recipe = take_recipe(name), *said = tag != NULL ? take_recipe(tag) : NULL;
  if (said != NULL || undone) recipe = said;
  take_words(&f, name, false);
  if (undone) f = (format_words){.mlx = f.mlx, .gguf = f.gguf};
  if (tag != NULL) take_words(&f, tag, true);
  trim(name);
  if (tag != NULL) trim(tag);
  m->strange_tag = repo && tag != NULL && !file && tag[0] != '\0' && strcmp(tag, "latest") != 0;
  /* A file beside a repository repeats its name: its format is all that it adds. */
  snprintf(whole, sizeof whole, "%s %s", name, tag != NULL && !repo ? tag : "");
  if (strlen(name) >= sizeof m->family || !vf_words_read(&m->words, whole)) return false;
  snprintf(m->family, sizeof m->family, "%.*s", (int)sizeof m->family - 1, name);
  if (tag != NULL && strcmp(tag, "latest") != 0)
    snprintf(m->tag, sizeof m->tag, "%.*s", VF_NAME_SIZE - 1, tag);
  put_plain(m, name, tag != NULL && !repo ? tag : "");
  settle_format(m, &f, recipe);
  vf_words_drop_publishers(&m->words);
  return m->words.n > 0;
}

static bool is_path(const char *ref) {
  return ref[0] == '/' || ref[0] == '.' || ref[0] == '~' || strchr(ref, '\\') != NULL ||
         strstr(ref, "..") != NULL;
}

static vf_name_store store_of(const char *name, const char *tag, bool is_file) {
  if (is_file && strchr(name, '/') == NULL && tag == NULL) return VF_STORE_FILE;
  if (strchr(name, '/') != NULL) return VF_STORE_HUB;
  return tag != NULL ? VF_STORE_OLLAMA : VF_STORE_NONE;
}

bool vf_model_name_read(vf_model_name *out, const char *ref) {
  char text[REF_SIZE];
  *out = (vf_model_name){.store = VF_STORE_NONE};
  size_t n = strlen(ref);
  if (n == 0 || n >= sizeof text || is_path(ref)) return false;
  lower_copy(text, sizeof text, ref);
  char *name = text + (without_place(text, &out->store) - text);
  if (strstr(name, "models--") != NULL) open_cache_folder(name);
  cut_page(name);
  char *file = cut_file(name), *tag = file == name ? NULL : file;
  out->gguf = file != NULL;
  name = last_two_parts(name, out->store);
  char *colon = strchr(name, ':');
  if (tag == NULL && colon != NULL) {
    *colon = '\0';
    tag = colon + 1;
  }
  if (out->store == VF_STORE_NONE) out->store = store_of(name, tag, file != NULL);
  out->gguf |= out->store == VF_STORE_HUB && tag != NULL;
  char *slash = strchr(name, '/');
  if (slash != NULL) {
    *slash = '\0';
    snprintf(out->publisher, sizeof out->publisher, "%.47s", name);
    name = slash + 1;
  }
  return read_parts(out, name, tag, file != NULL);
}
