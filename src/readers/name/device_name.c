/* device_name.c - looking names of GPUs up by their words. */
#include "readers/name/device_name.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/names.h"
#include "base/status.h"
#include "readers/device.h"
#include "readers/name/device_words.h"

static bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

/* ---- Around the name --------------------------------------------------------------------- */

/* What drivers put into round brackets beside sizes and cores: their own names, and of chips. */
static bool is_driver_word(const char *s) {
  static const char *const words[] = {"radv", "nvk", "rev ", "mcm",    "nvgpu", "1 tile",
                                      "tm)",  "r)",  "anv",  "amdgpu", "llvm",  "vulkan"};
  for (size_t i = 0; i < sizeof words / sizeof *words; i++)
    if (vf_name_equal_n(s, words[i], strlen(words[i]))) return true;
  return false;
}

static void drop_drivers(char *name) {
  for (char *open = strchr(name, '('); open != NULL; open = strchr(open + 1, '(')) {
    char *close = strchr(open, ')');
    if (close == NULL) return;
    if (is_driver_word(open + 1)) memset(open, ' ', (size_t)(close + 1 - open));
  }
}

/* The last pair of brackets; "[AMD/ATI]" is a maker. */
void vf_device_name_unwrap(char *name) {
  char *open = strrchr(name, '['), *close = open != NULL ? strchr(open, ']') : NULL;
  drop_drivers(name);
  if (close == NULL) return;
  size_t n = (size_t)(close - open - 1);
  memmove(name, open + 1, n);
  name[n] = '\0';
}

/* Up to three digits at s. */
static unsigned read_count(const char *s, size_t digits) {
  unsigned n = digits == 0 || digits > 3 ? 0 : (unsigned)strtoul(s, NULL, 10);
  return n != 0 ? n : VF_DEVICE_NAME_NONSENSE;
}

static size_t digits_at(const char *s) {
  size_t n = 0;
  while (is_digit(s[n])) n++;
  return n;
}

/* "8x H100", "8 x H100", "2*4090", "8×H100"; what is left goes to the front. */
static unsigned cut_front(char *name) {
  static const char *const marks[] = {"x", "X", "*", "\xc3\x97", NULL};
  size_t n = digits_at(name), at = n;
  if (n == 0 || n > 3) return 0;
  while (name[at] == ' ') at++;
  for (size_t i = 0; marks[i] != NULL; i++) {
    size_t m = strlen(marks[i]);
    if (strncmp(name + at, marks[i], m) != 0) continue;
    const char *rest = name + at + m;
    rest += strspn(rest, " _-");
    if (*rest == '\0') return 0;
    unsigned count = read_count(name, n);
    memmove(name, rest, strlen(rest) + 1);
    return count;
  }
  return 0;
}

/* "H100x8", "H100 x 8", "H100:8", "h100.8" of Oracle's shapes; "mi300x" and "a100-80" have none. */
static unsigned cut_back(char *name, bool shape) {
  size_t n = strlen(name), digits = 0;
  while (digits < n && is_digit(name[n - 1 - digits])) digits++;
  size_t at = n - digits;
  while (at > 0 && name[at - 1] == ' ') at--;
  if (digits == 0 || at < 2) return 0;
  char mark = name[at - 1];
  bool apart = n - digits > at; /* "x 8", but not the end of "RTX 580" */
  char before = name[at - 2];
  if (digits > 3 || (apart && before != ' ' && !is_digit(before))) return 0;
  bool counts = mark == 'x' || mark == 'X' || mark == ':' || mark == '*' || (shape && mark == '.');
  if (!counts) return 0;
  unsigned count = read_count(name + n - digits, digits);
  at--;
  while (at > 0 && name[at - 1] == ' ') at--;
  name[at] = '\0';
  return count;
}

static bool cut_prefix(char *name, const char *prefix) {
  size_t n = strlen(prefix);
  for (size_t i = 0; i < n; i++) {
    char c = name[i] >= 'A' && name[i] <= 'Z' ? (char)(name[i] - 'A' + 'a') : name[i];
    if (c != prefix[i]) return false;
  }
  memmove(name, name + n, strlen(name + n) + 1);
  return true;
}

unsigned vf_device_name_count(char *name) {
  bool shape = cut_prefix(name, "bm.gpu.") || cut_prefix(name, "vm.gpu.");
  cut_prefix(name, "gpu_");
  cut_prefix(name, "chip: ");
  unsigned front = cut_front(name);
  return front != 0 ? front : cut_back(name, shape);
}

/* ---- Cards of one name ------------------------------------------------------------------ */

typedef struct card {
  vf_catalog_entry entry;
  uint32_t cores; /* of its own name, and so are the next two */
  vf_device_link link;
  vf_device_series series;
  uint64_t total_bytes; /* as sold, where the entry says that */
} card;

typedef struct cards {
  size_t n;
  card list[VF_DEVICE_CHOICES];
} cards;

static void add_card(cards *c, const vf_catalog_entry *e, uint32_t packed) {
  vf_device_words name;
  vf_device_details_unpack(&name, packed);
  const card new = {.entry = *e, .cores = name.cores, .link = name.link, .series = name.series};
  for (size_t i = 0; i < c->n; i++) {
    card *old = &c->list[i];
    if (old->entry.json != e->json) continue;
    /* One of its names leaves the slot away. */
    if (new.link == VF_LINK_UNSAID) old->link = VF_LINK_UNSAID;
    if (old->series == VF_SERIES_UNSAID) old->series = new.series;
    if (old->cores == 0) old->cores = new.cores;
    return;
  }
  if (c->n < VF_DEVICE_CHOICES) c->list[c->n++] = new;
}

/* Entries are read only where their memory decides.  What a unified machine's driver reports is
 * less than what it is sold with. */
static void measure(cards *c, const vf_context *ctx) {
  vf_device d;
  size_t n = 0;
  for (size_t i = 0; i < c->n; i++) {
    card *one = &c->list[i];
    if (vf_device_read(&d, &one->entry, NULL, ctx, NULL) != VF_OK) continue;
    one->total_bytes = d.sold_gb != 0 ? (uint64_t)d.sold_gb << 30 : d.total_bytes;
    c->list[n++] = *one;
  }
  c->n = n;
}

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

static void collect(cards *out, const vf_context *ctx, const char *key) {
  for (size_t i = 0; out->n == 0 && i < ctx->n_layers; i++) {
    const vf_catalog *c = &ctx->layers[i][VF_CATALOG_GPUS];
    for (uint32_t k = first_key(c, key); k < c->n_keys; k++) {
      if (strcmp(c->text + c->keys[k].key, key) != 0) break;
      vf_catalog_entry e = vf_catalog_at(c, c->keys[k].row);
      add_card(out, &e, c->keys[k].spare);
    }
  }
}

/* ---- Which of them ---------------------------------------------------------------------- */

/* How far a memory is from the GB that were said, in thousandths; "GB" is 10^9 to some and 2^30 to
 * others, and drivers keep a little. */
static uint64_t distance(uint64_t bytes, uint32_t gb) {
  uint64_t binary = (uint64_t)gb << 30, decimal = (uint64_t)gb * 1000000000;
  uint64_t a = bytes > binary ? bytes - binary : binary - bytes;
  uint64_t b = bytes > decimal ? bytes - decimal : decimal - bytes;
  return (a < b ? a : b) / (decimal / 1000);
}

enum { FARTHEST = 80 };

/* Made for single systems: no shop has them, so that the bare name is the usual card. */
static bool is_made_for_one(const card *c) {
  static const char *const rare[] = {"h100-sxm-64gb", "h100-sxm5-94gb", "h100-sxm5-96gb"};
  for (size_t i = 0; i < sizeof rare / sizeof *rare; i++)
    if (strcmp(c->entry.id, rare[i]) == 0) return true;
  return false;
}

static bool agrees(const card *c, const vf_device_words *said, uint64_t nearest, bool unsaid_link) {
  if (said->series != VF_SERIES_UNSAID && c->series != VF_SERIES_UNSAID &&
      said->series != c->series)
    return false;
  if (said->cores != 0 && c->cores != 0 && said->cores != c->cores) return false;
  if (said->size_gb != 0 && distance(c->total_bytes, said->size_gb) != nearest) return false;
  if (said->size_gb == 0 && is_made_for_one(c)) return false;
  if (said->link == VF_LINK_UNSAID) return !unsaid_link || c->link == VF_LINK_UNSAID;
  return c->link == said->link || c->link == VF_LINK_UNSAID;
}

static int compare_cards(const void *a, const void *b) {
  const card *x = a, *y = b;
  if (x->total_bytes != y->total_bytes) return x->total_bytes < y->total_bytes ? -1 : 1;
  bool xs = strstr(x->entry.id, "sxm") != NULL, ys = strstr(y->entry.id, "sxm") != NULL;
  return xs != ys ? (xs ? -1 : 1) : strcmp(x->entry.id, y->entry.id);
}

/* Of the same memory the one that is told by its slot goes before one that is not. */
static void keep_link(cards *c, vf_device_link link) {
  size_t n = 0;
  for (size_t i = 0; i < c->n; i++) n += c->list[i].link == link;
  if (link == VF_LINK_UNSAID || n == 0) return;
  n = 0;
  for (size_t i = 0; i < c->n; i++)
    if (c->list[i].link == link) c->list[n++] = c->list[i];
  c->n = n;
}

static void choose(cards *c, const vf_device_words *said) {
  uint64_t nearest = UINT64_MAX;
  bool unsaid = false;
  for (size_t i = 0; i < c->n; i++) {
    uint64_t d = said->size_gb != 0 ? distance(c->list[i].total_bytes, said->size_gb) : 0;
    if (d < nearest) nearest = d;
    unsaid |= c->list[i].link == VF_LINK_UNSAID && !is_made_for_one(&c->list[i]);
  }
  size_t n = 0;
  bool far = said->size_gb != 0 && nearest > FARTHEST;
  for (size_t i = 0; i < c->n; i++)
    if (!far && agrees(&c->list[i], said, nearest, unsaid && said->size_gb == 0))
      c->list[n++] = c->list[i];
  c->n = n;
  keep_link(c, said->link);
  if (c->n > 1) qsort(c->list, c->n, sizeof c->list[0], compare_cards);
}

/* ---- One name --------------------------------------------------------------------------- */

/* "24" is no device; "4090" is what everybody calls one. */
static bool is_bare_number(const vf_device_words *w) {
  const char *word = w->words.word[0];
  return w->words.n == 1 && w->series == VF_SERIES_UNSAID && vf_word_is_number(word) &&
         strlen(word) < 4;
}

static void find_one(cards *out, const vf_context *ctx, const char *name) {
  vf_device_words said;
  char key[VF_KEY_SIZE];
  out->n = 0;
  if (!vf_device_words_read(&said, name) || is_bare_number(&said)) return;
  if (!vf_words_key(key, &said.words)) return;
  collect(out, ctx, key);
  if (out->n > 1 || said.size_gb != 0) measure(out, ctx);
  choose(out, &said);
}

static bool is_laptop(const char *name) {
  vf_device_words w;
  return vf_device_words_read(&w, name) && vf_words_have(&w.words, "laptop");
}

/* "Radeon RX 6800/6800 XT / 6900 XT": each is one that it can be. */
static void find_alternatives(cards *out, const vf_context *ctx, char *name) {
  cards some;
  char *rest = NULL;
  bool all = true;
  for (char *s = strtok_r(name, "/", &rest); s != NULL; s = strtok_r(NULL, "/", &rest)) {
    find_one(&some, ctx, s);
    measure(&some, ctx);
    all &= some.n > 0 || is_laptop(s);
    for (size_t i = 0; i < some.n && out->n < VF_DEVICE_CHOICES; i++)
      out->list[out->n++] = some.list[i];
  }
  if (!all) out->n = 0; /* the one that is not known may be the smallest */
  if (out->n > 1) qsort(out->list, out->n, sizeof out->list[0], compare_cards);
}

void vf_device_find(vf_device_found *out, const vf_context *ctx, const char *name) {
  char text[200];
  cards c;
  *out = (vf_device_found){.n = 0};
  if (strlen(name) >= sizeof text) return;
  strcpy(text, name);
  vf_device_name_unwrap(text);
  find_one(&c, ctx, text);
  if (c.n == 0 && strchr(text, '/') != NULL) find_alternatives(&c, ctx, text);
  out->n = c.n;
  for (size_t i = 0; i < c.n; i++) {
    out->entries[i] = c.list[i].entry;
    out->sizes |= c.list[i].total_bytes != c.list[0].total_bytes;
  }
}

bool vf_device_names_agree(const char *a, const char *b) {
  vf_device_words x, y;
  char one[VF_KEY_SIZE], other[VF_KEY_SIZE];
  if (!vf_device_words_read(&x, a) || !vf_device_words_read(&y, b)) return false;
  if (!vf_words_key(one, &x.words) || !vf_words_key(other, &y.words)) return false;
  bool links = x.link == y.link || x.link == VF_LINK_UNSAID || y.link == VF_LINK_UNSAID;
  return links && strcmp(one, other) == 0;
}

bool vf_node_find(vf_catalog_entry *out, const vf_context *ctx, const char *name) {
  vf_device_words said;
  char key[VF_KEY_SIZE];
  bool found = false;
  if (!vf_device_words_read(&said, name) || is_bare_number(&said)) return false;
  if (!vf_words_key(key, &said.words)) return false;
  for (size_t i = 0; i < ctx->n_layers; i++) {
    const vf_catalog *c = &ctx->layers[i][VF_CATALOG_NODES];
    for (uint32_t k = first_key(c, key); k < c->n_keys; k++) {
      if (strcmp(c->text + c->keys[k].key, key) != 0) break;
      if (c->keys[k].spare != vf_device_details_pack(&said)) continue;
      vf_catalog_entry e = vf_catalog_at(c, c->keys[k].row);
      if (found && out->json != e.json) return false;
      *out = e;
      found = true;
    }
    if (found) return true;
  }
  return false;
}

/* ---- What an unknown name can mean -------------------------------------------------------- */

static size_t digits_of(char out[16], const char *s) {
  size_t n = 0;
  for (; *s != '\0'; s++) {
    char c = *s == 'o' ? '0' : *s; /* "h10O" */
    if (is_digit(c) && n < 15) out[n++] = c;
  }
  out[n] = '\0';
  return n;
}

static int compare_chars(const void *a, const void *b) {
  return *(const char *)a - *(const char *)b;
}

/* A digit that is another makes another card: only swapped ones are a slip. */
static bool is_slip(const char *name, const char *candidate) {
  char a[16], b[16];
  size_t n = digits_of(a, name), m = digits_of(b, candidate);
  if (n != m || name[0] == '\0') return false;
  qsort(a, n, 1, compare_chars);
  qsort(b, m, 1, compare_chars);
  return strcmp(a, b) == 0 && (name[0] | 0x20) == (candidate[0] | 0x20);
}

/* "24GB", "24 GiB", "24g". */
static bool is_size(const char *name) {
  size_t digits = strspn(name, "0123456789");
  uint64_t bytes;
  const char *unit = name + digits;
  return digits > 0 && *unit != '\0' && strpbrk(unit, "gG") != NULL &&
         vf_size_parse(&bytes, name, NULL) == VF_OK;
}

vf_status vf_device_unknown(const vf_context *ctx, const char *name, vf_error *err) {
  vf_device_words said;
  if (err == NULL) return VF_UNKNOWN; /* nobody reads what it is like */
  vf_name_search search = vf_name_search_for(name);
  bool cut = strlen(name) > 80;
  if (is_size(name))
    return vf_fail(
        err, VF_UNKNOWN,
        "%.20s is no GPU: --gpu rtx-4090, rx-7900-xtx, l4…; or one that is like yours with "
        "--memory %.20s",
        name, name);
  if (vf_device_words_read(&said, name) && is_bare_number(&said))
    return vf_fail(
        err, VF_UNKNOWN,
        "%s is no GPU: --gpu rtx-4090, rx-7900-xtx, l4…; or any card with --memory %sGiB", name,
        said.words.word[0]);
  vf_catalog_search(&search, ctx, VF_CATALOG_GPUS);
  const char *nearest = search.best;
  if (nearest != NULL && !is_slip(search.word, nearest)) nearest = NULL;
  if (nearest == NULL) {
    search = vf_name_search_for(name);
    vf_catalog_search(&search, ctx, VF_CATALOG_NODES);
    if (search.best != NULL && is_slip(search.word, search.best)) nearest = search.best;
  }
  size_t known = vf_catalog_size(ctx, VF_CATALOG_GPUS);
  if (nearest != NULL)
    return vf_fail(err, VF_UNKNOWN,
                   "unknown GPU '%.80s%s': did you mean %s? (vramfit gpus lists %zu)", name,
                   cut ? "…" : "", nearest, known);
  return vf_fail(
      err, VF_UNKNOWN,
      "unknown GPU '%.80s%s' (vramfit gpus lists %zu; any other is a like one with --memory)", name,
      cut ? "…" : "", known);
}
