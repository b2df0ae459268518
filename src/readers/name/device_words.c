/* device_words.c - splitting names of GPUs into words. */
#include "readers/name/device_words.h"

#include <stdlib.h>
#include <string.h>

enum { TEXT_SIZE = 200 };

static bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

static bool is_letter(char c) {
  return c >= 'a' && c <= 'z';
}

/* ---- The text --------------------------------------------------------------------------- */

/* Phrases that are one word, or none: they hold what is a word elsewhere. */
static const char *const phrases[][2] = {
    {"macbook pro", ""},
    {"macbook air", ""},
    {"mac mini", ""},
    {"mac studio", ""},
    {"mac pro", ""},
    {"one of two", "device"},
    {"max q", "maxq"},
    {"mobile maxq", "laptop"},
    {"maxq mobile", "laptop"},
    {"laptop gpu", "laptop"},
    {"data center gpu", ""},
    {"one cpu", ""},
    {"lite hash rate", ""},
    {"rev a1", ""},
    {"rev 2", ""},

    {"strix halo", "strixhalo"},
    {"ai max", "aimax"},
    {"desktop gpu", ""},
};

/* One phrase by another of at most its length. */
static void replace(char *text, const char *from, const char *to) {
  size_t n = strlen(from), m = strlen(to);
  for (char *s = strstr(text, from); s != NULL; s = strstr(s + 1, from)) {
    bool whole = (s == text || s[-1] == ' ') && (s[n] == ' ' || s[n] == '\0');
    if (!whole || m > n) continue;
    memcpy(s, to, m);
    memset(s + m, ' ', n - m);
  }
}

/* Blanks that follow one another are one. */
static void squeeze(char *text) {
  char *out = text;
  for (const char *s = text; *s != '\0'; s++)
    if (*s != ' ' || (out > text && out[-1] != ' ')) *out++ = *s;
  while (out > text && out[-1] == ' ') out--;
  *out = '\0';
}

/* In lower case; what is no letter or digit is a blank. */
static bool normalize(char out[TEXT_SIZE], const char *name) {
  size_t n = strlen(name);
  if (n >= TEXT_SIZE) return false;
  for (size_t i = 0; i <= n; i++) {
    char c = name[i] >= 'A' && name[i] <= 'Z' ? (char)(name[i] - 'A' + 'a') : name[i];
    bool point = c == '.' && i > 0 && is_digit(name[i - 1]) && is_digit(name[i + 1]);
    out[i] = is_letter(c) || is_digit(c) || c == '\0' || point ? c : ' ';
  }
  squeeze(out);
  for (size_t i = 0; i < sizeof phrases / sizeof *phrases; i++) {
    replace(out, phrases[i][0], phrases[i][1]);
    squeeze(out);
  }
  return true;
}

/* ---- Words ------------------------------------------------------------------------------ */

/* Words that stand for others. */
static const char *const same[][2] = {
    {"mobile", "laptop"}, {"notebook", "laptop"}, {"s", "super"},    {"m", "laptop"},
    {"tis", "tisuper"},   {"sxm2", "sxm"},        {"sxm3", "sxm"},   {"sxm4", "sxm"},
    {"sxm5", "sxm"},      {"sxm6", "sxm"},        {"se", "server"},  {"pci", "pcie"},
    {"xpu", ""},          {"q", "quadro"},        {"gcd", "device"},
};

/* Makers, what a card is for, and its memory's kind. */
static const char *const fillers[] = {
    "nvidia",    "geforce",     "amd",      "radeon",     "intel",       "graphics",    "gpu",
    "tesla",     "apple",       "instinct", "generation", "edition",     "corporation", "inc",
    "advanced",  "micro",       "devices",  "ati",        "rev",         "r",           "tm",
    "gddr6",     "gddr6x",      "gddr7",    "hbm2",       "hbm2e",       "hbm3",        "hbm3e",
    "dgxs",      "lhr",         "oam",      "ac",         "mba",         "mcm",         "radv",
    "nvk",       "nvgpu",       "chip",     "core",       "cores",       "google",      "aws",
    "blackwell", "workstation", "design",   "with",       "accelerator", "cloud",       "slice",
    "imac",      "soc",         "desktop",  "card",       "module",      "mega",        "vram",
    "memory",    "ram",         "the",      "a",          "series",      "mig",         NULL};

static bool is_listed(const char *const *list, const char *word) {
  for (; *list != NULL; list++)
    if (strcmp(*list, word) == 0) return true;
  return false;
}

/* "rtx4090", "max1550": a number behind three letters or more is a word; "h100", "gfx1151" are one.
 */
static size_t lead_length(const char *s) {
  size_t n = 0;
  while (is_letter(s[n])) n++;
  bool one = strncmp(s, "gfx", 3) == 0 || strncmp(s, "sxm", 3) == 0 || strncmp(s, "hbm", 3) == 0 ||
             strncmp(s, "gddr", 4) == 0 || strncmp(s, "navi", 4) == 0;
  return n >= 3 && is_digit(s[n]) && !one ? n : 0;
}

/* Where a number ends that more letters follow: "4060|ti", "h100|nvl", "7900|xtx"; not "80gb",
 * "mi300x", "v5e", "8060s". */
static size_t number_end(const char *s, size_t length) {
  size_t i = 0, digits = 0, letters = 0;
  while (is_letter(s[i])) i++;
  size_t front = i;
  while (i < length && is_digit(s[i])) {
    i++;
    digits++;
  }
  while (i + letters < length && is_letter(s[i + letters])) letters++;
  if (digits == 0 || letters == 0 || i + letters > length) return 0;
  bool unit = s[i] == 'g' && (letters == 1 || s[i + 1] == 'b' || s[i + 1] == 'i');
  bool geforce = front == 0 && digits == 4 && strchr("12345", s[0]) != NULL;
  if (unit && front == 0 && digits < 4) return 0;
  if (front == 0 && digits == 4) return letters >= 2 || geforce ? i : 0;
  return front > 0 && letters >= 2 ? i : 0;
}

static void put_word(vf_device_words *out, const char *s, size_t length);

static void put_single(vf_device_words *out, const char *word) {
  for (size_t i = 0; i < sizeof same / sizeof *same; i++)
    if (strcmp(word, same[i][0]) == 0) word = same[i][1];
  if (strcmp(word, "tisuper") == 0) {
    put_word(out, "ti", 2);
    word = "super";
  }
  if (word[0] == '\0' || out->words.n == VF_WORDS) return;
  strcpy(out->words.word[out->words.n++], word);
}

static void put_word(vf_device_words *out, const char *s, size_t length) {
  char word[VF_WORD_SIZE];
  while (length > 0) {
    size_t n = lead_length(s);
    if (n == 0 || n >= length) n = number_end(s, length);
    if (n == 0 || n >= length) n = length;
    if (n >= sizeof word) return;
    memcpy(word, s, n);
    word[n] = '\0';
    if (strcmp(word, "rtxpro") == 0) {
      put_single(out, "rtx");
      put_single(out, "pro");
    } else {
      put_single(out, word);
    }
    s += n;
    length -= n;
  }
}

/* ---- Details ---------------------------------------------------------------------------- */

/* "80gb", "80g", "80gib"; 0: no size. */
static uint32_t size_of(const char *word) {
  char *end;
  unsigned long n = strtoul(word, &end, 10);
  bool unit = strcmp(end, "gb") == 0 || strcmp(end, "g") == 0 || strcmp(end, "gib") == 0;
  return end > word && is_digit(word[0]) && unit && n > 0 && n < 1000 ? (uint32_t)n : 0;
}

static bool is_unit(const char *word) {
  return strcmp(word, "gb") == 0 || strcmp(word, "gib") == 0 || strcmp(word, "g") == 0;
}

/* A size in two words, cores before "core"; each is taken out. */
static bool take_detail(vf_device_words *d, size_t i) {
  static const char *const series[] = {[VF_SERIES_GTX] = "gtx",
                                       [VF_SERIES_RTX] = "rtx",
                                       [VF_SERIES_RX] = "rx",
                                       [VF_SERIES_ARC] = "arc"};
  const char *w = d->words.word[i], *next = i + 1 < d->words.n ? d->words.word[i + 1] : "";
  bool number = vf_word_is_number(w) && strlen(w) <= 3;
  if (size_of(w) != 0)
    d->size_gb = size_of(w);
  else if (number && is_unit(next)) {
    d->size_gb = (uint32_t)strtoul(w, NULL, 10);
    vf_words_drop(&d->words, i + 1);
  } else if (number && (strcmp(next, "core") == 0 || strcmp(next, "cores") == 0))
    d->cores = (uint32_t)strtoul(w, NULL, 10);
  else if (strcmp(w, "sxm") == 0)
    d->link = VF_LINK_SXM;
  else if (strcmp(w, "pcie") == 0)
    d->link = VF_LINK_PCIE;
  else {
    for (size_t k = VF_SERIES_GTX; k <= VF_SERIES_ARC; k++)
      if (strcmp(w, series[k]) == 0) {
        d->series = (vf_device_series)k;
        return true;
      }
    return is_listed(fillers, w);
  }
  return true;
}

/* A number at the end, as our own ids and aliases have them: cores of Apple's "m4 max 40", or GB of
 * a size that memories come in ("a100-80"). */
static void take_last_number(vf_device_words *d) {
  static const uint32_t sizes[] = {4,  6,  8,  10, 11, 12,  16,  18,  20,  24,  32,  36,  40,  48,
                                   64, 72, 80, 94, 96, 128, 141, 144, 180, 186, 192, 256, 288, 512};
  size_t n = d->words.n;
  if (n < 2 || !vf_word_is_number(d->words.word[n - 1])) return;
  uint32_t number = (uint32_t)strtoul(d->words.word[n - 1], NULL, 10);
  bool apple = n == 3 && strcmp(d->words.word[1], "max") == 0 && d->words.word[0][0] == 'm';
  bool cores = apple && d->cores == 0 && (d->size_gb != 0 || number == 30 || number == 40);
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
    if (sizes[i] != number || (d->size_gb != 0 && !cores)) continue;
    *(cores ? &d->cores : &d->size_gb) = number;
    vf_words_drop(&d->words, n - 1);
    return;
  }
  if (!cores) return;
  d->cores = number;
  vf_words_drop(&d->words, n - 1);
}

static void take_details(vf_device_words *d) {
  for (size_t i = 0; i < d->words.n;) {
    if (take_detail(d, i))
      vf_words_drop(&d->words, i);
    else
      i++;
  }
  take_last_number(d);
}

bool vf_device_words_read(vf_device_words *out, const char *name) {
  char text[TEXT_SIZE];
  *out = (vf_device_words){.size_gb = 0};
  if (!normalize(text, name)) return false;
  for (const char *s = text; *s != '\0';) {
    size_t n = strcspn(s, " ");
    put_word(out, s, n);
    s += n + (s[n] == ' ');
  }
  take_details(out);
  return out->words.n > 0;
}

uint32_t vf_device_details_pack(const vf_device_words *d) {
  return d->size_gb | d->cores << 10 | (uint32_t)d->link << 20 | (uint32_t)d->series << 24;
}

void vf_device_details_unpack(vf_device_words *d, uint32_t packed) {
  d->size_gb = packed & 0x3ff;
  d->cores = packed >> 10 & 0x3ff;
  d->link = (vf_device_link)(packed >> 20 & 0xf);
  d->series = (vf_device_series)(packed >> 24 & 0xf);
}
