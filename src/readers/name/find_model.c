/* find_model.c - looking names of models up by their words. */
#include "readers/name/find_model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/decimal.h"
#include "base/names.h"
#include "base/status.h"
#include "readers/entry.h"

static bool is_listed(const char *const *list, const char *word) {
  for (; *list != NULL; list++)
    if (strcmp(*list, word) == 0) return true;
  return false;
}

/* ---- By key ----------------------------------------------------------------------------- */

static uint32_t first_key(const vf_catalog *c, const char *key) {
  uint32_t low = 0, high = c->n_keys;
  while (low < high) {
    uint32_t middle = low + (high - low) / 2;
    if (strcmp(c->text + c->keys[middle].key, key) < 0)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

/* The one entry that has the key; one that has it as its own goes before one that may leave a word
 * out. */
static bool find_key(vf_catalog_entry *out, const vf_context *ctx, const char *key) {
  for (size_t i = 0; i < ctx->n_layers; i++) {
    const vf_catalog *c = &ctx->layers[i][VF_CATALOG_MODELS];
    uint32_t at = first_key(c, key), n = 0, spare = UINT32_MAX;
    for (uint32_t k = at; k < c->n_keys && strcmp(c->text + c->keys[k].key, key) == 0; k++) {
      if (c->keys[k].spare > spare) break;
      spare = c->keys[k].spare;
      n++;
    }
    if (n == 1) *out = vf_catalog_at(c, c->keys[at].row);
    if (n > 0) return n == 1;
  }
  return false;
}

/* By all words, then without those that no shape follows from. */
static bool find_words(vf_catalog_entry *out, const vf_context *ctx, const vf_words *words) {
  char key[VF_KEY_SIZE];
  vf_words few = *words;
  if (vf_words_key(key, words) && find_key(out, ctx, key)) return true;
  vf_words_drop_neutral(&few);
  return few.n < words->n && vf_words_key(key, &few) && find_key(out, ctx, key);
}

/* ---- What a name may say beside ----------------------------------------------------------- */

/* How a model was trained further, which leaves its shape. */
static const char *const training[] = {
    "thinking",    "think",        "reasoning", "preview", "abliterated", "uncensored", "heretic",
    "exp",         "dpo",          "sft",       "qat",     "mtp",         "nothink",    "non",
    "unquantized", "derestricted", "censored",  "rlhf",    "orpo",        "simpo",      NULL};

/* "128k": how long a context it was trained for. */
static bool is_length(const char *word) {
  size_t n = strlen(word);
  return n >= 3 && n <= 5 && word[n - 1] == 'k' && strspn(word, "0123456789") == n - 1;
}

static bool find_trained(vf_catalog_entry *out, const vf_context *ctx, const vf_words *words) {
  vf_words left = *words;
  for (size_t i = 0; i < left.n;) {
    if (is_listed(training, left.word[i]) || is_length(left.word[i]))
      vf_words_drop(&left, i);
    else
      i++;
  }
  return left.n > 0 && left.n < words->n && find_words(out, ctx, &left);
}

/* ---- Early files of Ollama's ---------------------------------------------------------------- */

/* Families whose files were made before llama.cpp made Q2_K smaller (#4773, January 2024), by what
 * the library's files weigh (auditomatic/ollama-models-registry@31464bb). */
static const char *const early[] = {"alfred",
                                    "bakllava",
                                    "codebooga",
                                    "codellama",
                                    "codeup",
                                    "deepseek-coder",
                                    "deepseek-llm",
                                    "everythinglm",
                                    "falcon",
                                    "goliath",
                                    "llama-pro",
                                    "llama2",
                                    "llama2-chinese",
                                    "llama2-uncensored",
                                    "llava",
                                    "magicoder",
                                    "medllama2",
                                    "meditron",
                                    "megadolphin",
                                    "mistral",
                                    "mistral-openorca",
                                    "mistrallite",
                                    "neural-chat",
                                    "nexusraven",
                                    "notus",
                                    "nous-hermes",
                                    "nous-hermes2",
                                    "open-orca-platypus2",
                                    "openchat",
                                    "openhermes",
                                    "orca-mini",
                                    "orca2",
                                    "phind-codellama",
                                    "samantha-mistral",
                                    "solar",
                                    "sqlcoder",
                                    "stable-beluga",
                                    "stablelm-zephyr",
                                    "starling-lm",
                                    "tinydolphin",
                                    "tinyllama",
                                    "vicuna",
                                    "wizard-math",
                                    "wizard-vicuna",
                                    "wizard-vicuna-uncensored",
                                    "wizardcoder",
                                    "wizardlm",
                                    "wizardlm-uncensored",
                                    "xwinlm",
                                    "yarn-llama2",
                                    "yarn-mistral",
                                    "zephyr",
                                    NULL};

bool vf_model_name_is_early(const vf_model_name *name) {
  static const char *const tags[] = {"v0.3",       "text-v0.2", "70b-code", "70b-instruct",
                                     "70b-python", "70b-alpha", "v2.8"};
  bool later = false; /* Mistral 7B v0.3: May 2024; CodeLlama 70B: the end of January */
  for (size_t i = 0; i < sizeof tags / sizeof *tags; i++)
    later |= strstr(name->tag, tags[i]) != NULL;
  return name->store == VF_STORE_OLLAMA && is_listed(early, name->family) && !later;
}

/* ---- Fine-tunes ------------------------------------------------------------------------- */

/* Kinds of models: what has one of these is another network than what has not, or none by itself.
 */
static const char *const kinds[] = {
    "vl",      "vision",     "omni",         "audio",   "asr",           "tts",       "embedding",
    "embed",   "embeddings", "reranker",     "rerank",  "moe",           "mamba",     "distill",
    "pruned",  "reap",       "minitron",     "reward",  "prm",           "ocr",       "image",
    "video",   "clip",       "llava",        "encoder", "bert",          "diffusion", "merge",
    "speech",  "h",          "frankenmerge", "aligner", "forcedaligner", "dllm",      "stream",
    "h1r",     "colbert",    "hybrid",       "linear",  "voice",         "lora",      "qlora",
    "adapter", "adapters",   "peft",         "sae",     "transcoder",    "bitnet",    "ternary",
    NULL};

/* The word of letters that stands before word i: whose version it is. */
static const char *owner_of(const vf_words *words, size_t i) {
  while (i > 0 && vf_word_is_number(words->word[i - 1])) i--;
  return i > 0 ? words->word[i - 1] : "";
}

static bool key_has(const char *key, const char *word) {
  size_t n = strlen(word);
  if (n == 0) return false;
  for (const char *s = strstr(key, word); s != NULL; s = strstr(s + 1, word))
    if ((s == key || s[-1] == ' ') && (s[n] == ' ' || s[n] == '\0')) return true;
  return false;
}

/* "q9", "iq7": the beginning of a file's format, which nobody has. */
static bool is_like_format(const char *word) {
  if (word[0] == 'i') word++;
  return word[0] == 'q' && word[1] >= '0' && word[1] <= '9';
}

/* Whether the words that the entry's key has not leave its shape: no size, no kind, no version of a
 * family of the key. */
static bool leaves_shape(const char *key, const vf_words *words) {
  bool sized = false, behind_size = false;
  for (size_t i = 0; i < words->n; i++) {
    const char *w = words->word[i];
    bool size = vf_word_is_size(w) || vf_word_is_active_size(w);
    bool has = key_has(key, w), number = vf_word_is_number(w);
    sized |= size && has;
    bool tokens = strchr(w, 't') != NULL && sized; /* "1.1b-1t": trained on so many */
    if (size && !has && !tokens) return false;
    if (!has && (is_listed(kinds, w) || is_like_format(w))) return false;
    if (!has && strcmp(w, "flash") == 0 && !behind_size) return false; /* behind it: a teacher's */
    behind_size |= vf_word_is_size(w) && w[0] <= '9';
    bool version = number && strlen(w) < 4;
    if (version && has != key_has(key, owner_of(words, i))) return false;
  }
  return sized;
}

/* The entry that has the most of the name's words; none, if two have as many. */
static bool find_shape(vf_catalog_entry *out, const vf_context *ctx, const vf_words *words) {
  char whole[VF_KEY_SIZE];
  size_t most = 0;
  bool certain = false;
  if (!vf_words_key(whole, words)) return false;
  uint32_t mask = vf_key_mask(whole);
  for (size_t layer = 0; layer < ctx->n_layers; layer++) {
    const vf_catalog *c = &ctx->layers[layer][VF_CATALOG_MODELS];
    for (uint32_t i = 0; i < c->n_keys; i++) {
      const vf_catalog_key *k = &c->keys[i];
      if ((k->mask & ~mask) != 0) continue;
      const char *key = c->text + k->key;
      size_t n = vf_key_within(key, words);
      if (n < 2 || n < most || !leaves_shape(key, words)) continue;
      vf_catalog_entry e = vf_catalog_at(c, k->row);
      if (n == most && certain && out->json == e.json) continue;
      certain = n > most;
      most = n;
      *out = e;
    }
  }
  return certain;
}

/* ---- Names without a size ---------------------------------------------------------------- */

/* Whether the key has the words, and beside them nothing but one size. */
static bool is_size_more(const char *key, const vf_words *words) {
  size_t sizes = 0, same = 0;
  while (*key != '\0') {
    char word[VF_WORD_SIZE];
    size_t n = strcspn(key, " ");
    if (n >= sizeof word) return false;
    memcpy(word, key, n);
    word[n] = '\0';
    if (vf_words_have(words, word))
      same++;
    else if (!vf_word_is_size(word) || ++sizes > 1)
      return false;
    key += n + (key[n] == ' ');
  }
  return sizes == 1 && same == words->n;
}

/* The one entry of a family of which a single size is known; a base model's own key goes behind. */
static bool find_only_size(vf_catalog_entry *out, const vf_context *ctx, const vf_words *words) {
  vf_words few = *words;
  uint32_t spare = UINT32_MAX;
  bool certain = false;
  vf_words_drop_neutral(&few);
  for (size_t i = 0; i < few.n; i++)
    if (vf_word_is_size(few.word[i])) return false;
  for (size_t layer = 0; layer < ctx->n_layers; layer++) {
    const vf_catalog *c = &ctx->layers[layer][VF_CATALOG_MODELS];
    for (uint32_t i = 0; i < c->n_keys; i++) {
      const vf_catalog_key *k = &c->keys[i];
      if (k->spare > spare || !is_size_more(c->text + k->key, &few)) continue;
      vf_catalog_entry e = vf_catalog_at(c, k->row);
      bool same = k->spare == spare && out->json == e.json;
      certain = k->spare < spare || (certain && same);
      spare = k->spare;
      *out = e;
    }
  }
  return certain;
}

/* ---- Names with a size that the entry's have not ---------------------------------------- */

/* "671b" in parameters; 0: no plain size. */
static double size_of(const char *word) {
  const char *end;
  double n = vf_decimal_read(word, &end);
  double unit = *end == 't' ? 1e12 : *end == 'b' ? 1e9 : *end == 'm' ? 1e6 : 0;
  return end > word && end[0] != '\0' && end[1] == '\0' ? n * unit : 0;
}

static double params_of(const vf_catalog_entry *e, const vf_context *ctx) {
  vf_arena *arena = vf_arena_new(&ctx->allocator, 1 << 20);
  double params = 0;
  if (arena == NULL) return 0;
  vf_facts f = vf_facts_in(arena, e->file);
  if (vf_entry_facts(&f, ctx, e, NULL) == VF_OK) {
    const vf_fact *fact = vf_facts_find(&f, "params");
    if (fact != NULL && fact->type == VF_FACT_INT) params = (double)fact->as.integer;
  }
  vf_arena_free(arena);
  return params;
}

/* "deepseek-v3.2:671b": the entry that has all the other words, if it is so large. */
static bool find_sized(vf_catalog_entry *out, const vf_context *ctx, const vf_words *words) {
  vf_words few = *words;
  double size = 0;
  for (size_t i = 0; i < few.n;) {
    bool is_size = vf_word_is_size(few.word[i]), active = vf_word_is_active_size(few.word[i]);
    if (is_size && size > 0) return false;
    if (is_size) size = size_of(few.word[i]);
    if (is_size || active)
      vf_words_drop(&few, i);
    else
      i++;
  }
  if (!(size > 0) || few.n == 0 || !find_words(out, ctx, &few)) return false;
  double params = params_of(out, ctx);
  return params > 0.93 * size && params < 1.07 * size;
}

/* ---- All of it -------------------------------------------------------------------------- */

static bool find_by_words(vf_model_found *out, const vf_context *ctx, const vf_words *words) {
  if (find_words(&out->entry, ctx, words) || find_sized(&out->entry, ctx, words))
    out->match = VF_MATCH_WORDS;
  else if (find_trained(&out->entry, ctx, words))
    out->match = VF_MATCH_SAME_SHAPE;
  else if (find_shape(&out->entry, ctx, words))
    out->match = VF_MATCH_SAME_SHAPE;
  else if (find_only_size(&out->entry, ctx, words))
    out->match = VF_MATCH_ONLY_SIZE;
  return out->match != VF_MATCH_NONE;
}

static bool find_named(vf_model_found *out, const vf_context *ctx, const vf_model_name *name) {
  char repo[2 * VF_NAME_SIZE];
  bool found = vf_catalog_find_own(&out->entry, ctx, VF_CATALOG_MODELS, name->plain);
  const char *publisher = name->store == VF_STORE_DOCKER ? "ai" : name->publisher;
  if (!found && publisher[0] != '\0') {
    snprintf(repo, sizeof repo, "%s/%s", publisher, name->family);
    found = vf_catalog_find_own(&out->entry, ctx, VF_CATALOG_MODELS, repo);
  }
  if (found) out->match = VF_MATCH_NAMED;
  return found;
}

/* A tag of Ollama's library, as it stands there. */
static bool find_tag(vf_model_found *out, const vf_context *ctx, const vf_model_name *name) {
  if (!vf_catalog_find_tag(&out->entry, ctx, name->plain)) return false;
  out->match = name->tag[0] == '\0' ? VF_MATCH_LATEST : VF_MATCH_NAMED;
  return true;
}

/* By its words. */
static bool find_tag_words(vf_model_found *out, const vf_context *ctx, const vf_model_name *name) {
  vf_words words = name->words;
  vf_words_mark_tag(&words);
  if (!find_words(&out->entry, ctx, &words)) return false;
  out->match = VF_MATCH_WORDS;
  return true;
}

void vf_model_find(vf_model_found *out, const vf_context *ctx, const vf_model_name *name) {
  bool latest = name->store == VF_STORE_DOCKER && name->tag[0] == '\0';
  bool tag = latest || name->store == VF_STORE_OLLAMA || name->store == VF_STORE_NONE;
  vf_words words = name->words;
  *out = (vf_model_found){.match = VF_MATCH_NONE};
  if (name->draft) return;
  if (latest && find_named(out, ctx, name)) return;
  if (tag && find_tag(out, ctx, name)) return;
  if (find_named(out, ctx, name)) return;
  if (tag && find_tag_words(out, ctx, name)) return;
  if (tag && !find_words(&out->entry, ctx, &words)) vf_words_mark_tag(&words);
  find_by_words(out, ctx, &words);
}

/* ---- What an unknown name can mean -------------------------------------------------------- */

/* How much of an entry's key a name has: its family first, then size and version. */
static unsigned likeness(const char *key, const vf_words *words) {
  unsigned score = 0, missing = 0;
  for (const char *s = key; *s != '\0';) {
    char word[VF_WORD_SIZE];
    size_t n = strcspn(s, " ");
    snprintf(word, sizeof word, "%.*s", (int)(n < sizeof word ? n : sizeof word - 1), s);
    bool first = words->n > 0 && strcmp(word, words->word[0]) == 0;
    if (!vf_words_have(words, word))
      missing++;
    else
      score += first ? 8 : vf_word_is_size(word) ? 5 : vf_word_is_number(word) ? 3 : 4;
    s += n + (s[n] == ' ');
  }
  return score >= 8 && score > missing ? score - missing : 0;
}

enum { SUGGESTIONS = 3 };

typedef struct suggestion {
  const char *id;
  unsigned score;
} suggestion;

static void keep(suggestion best[SUGGESTIONS], const char *id, unsigned score) {
  for (size_t i = 0; i < SUGGESTIONS; i++)
    if (best[i].id == id) {
      if (score <= best[i].score) return;
      memmove(&best[i], &best[i + 1], (SUGGESTIONS - 1 - i) * sizeof *best);
      best[SUGGESTIONS - 1] = (suggestion){NULL, 0};
    }
  for (size_t i = 0; i < SUGGESTIONS; i++) {
    if (score <= best[i].score) continue;
    memmove(&best[i + 1], &best[i], (SUGGESTIONS - 1 - i) * sizeof *best);
    best[i] = (suggestion){id, score};
    return;
  }
}

static void suggest(suggestion best[SUGGESTIONS], const vf_context *ctx, const vf_words *words) {
  for (size_t layer = 0; layer < ctx->n_layers; layer++) {
    const vf_catalog *c = &ctx->layers[layer][VF_CATALOG_MODELS];
    for (uint32_t i = 0; i < c->n_keys; i++) {
      unsigned score = likeness(c->text + c->keys[i].key, words);
      if (score > 0) keep(best, vf_catalog_at(c, c->keys[i].row).id, score);
    }
  }
}

/* Whether some entry has the word: else it is mistyped, or nobody's. */
static bool is_family(const vf_context *ctx, const char *word) {
  for (size_t layer = 0; layer < ctx->n_layers; layer++) {
    const vf_catalog *c = &ctx->layers[layer][VF_CATALOG_MODELS];
    for (uint32_t i = 0; i < c->n_keys; i++)
      if (key_has(c->text + c->keys[i].key, word)) return true;
  }
  return false;
}

/* Names are shown as they were typed, but no longer than a line is. */
static vf_status fail_named(vf_error *err, const char *ref, const char *what) {
  bool cut = strlen(ref) > 80;
  return vf_fail(err, VF_UNKNOWN, "unknown model '%.80s%s': %s", ref, cut ? "…" : "", what);
}

/* Programs that are no language models are measured, not worked out. */
static bool is_program(char out[64], const vf_context *ctx, const vf_model_name *name) {
  vf_catalog_guess guess;
  vf_catalog_guess_name(&guess, ctx, VF_CATALOG_WORKLOADS, name->plain);
  if (guess.n > 0) snprintf(out, 64, "%s", guess.candidates[0]);
  return guess.n > 0;
}

vf_status vf_model_unknown(const vf_context *ctx, const char *ref, const vf_model_name *name,
                           vf_error *err) {
  suggestion best[SUGGESTIONS] = {{NULL, 0}};
  char list[160] = "", text[240];
  if (name->words.n == 0) return fail_named(err, ref, "that is no name of a model");
  if (name->draft)
    return fail_named(err, ref, "a draft model, which guesses for another: give its config.json");
  char program[64];
  if (is_program(program, ctx, name)) {
    snprintf(text, sizeof text, "no language model; measured: vramfit workloads %s", program);
    return fail_named(err, ref, text);
  }
  if (is_family(ctx, name->words.word[0])) suggest(best, ctx, &name->words);
  for (size_t i = 0; i < SUGGESTIONS && best[i].id != NULL; i++) {
    size_t n = strlen(list);
    snprintf(list + n, sizeof list - n, "%s%s", i == 0 ? "" : ", ", best[i].id);
  }
  if (list[0] == '\0') {
    vf_name_search search = vf_name_search_for(name->plain);
    vf_catalog_search(&search, ctx, VF_CATALOG_MODELS);
    if (search.best != NULL) snprintf(list, sizeof list, "%s", search.best);
  }
  size_t known = vf_catalog_size(ctx, VF_CATALOG_MODELS);
  if (list[0] == '\0')
    snprintf(text, sizeof text, "vramfit models lists %zu; a config.json or a model file works too",
             known);
  else
    snprintf(text, sizeof text, "did you mean %s? (vramfit models lists %zu)", list, known);
  return fail_named(err, ref, text);
}
