/* scheme_names.c - checkpoint schemes as people call them: words that put a method, its bits and
 * its group together.
 *
 * "gptq-int8-g32" is the row of GPTQ with other bits and another group; which words there are, not
 * which names, is listed.  Words that nobody knows make the name unknown. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/names.h"
#include "models/scheme.h"

#define F(x) VF_FORMAT_##x

/* ---- The rows --------------------------------------------------------------------------- */

typedef struct named_scheme {
  const char *name, *shown, *method;
  vf_scheme_rule rule;
  bool embeddings, output, experts_only;
} named_scheme;

#define FP8_BLOCK                                                                                  \
  { F(F8_E4M3), 800, 128, 128, 32, 0, 0, 0, 0 }
#define MLX(bits, values)                                                                          \
  { values, bits * 100, 64, 1, 16, 16, 0, 0, 0 }
#define EXL(bits_x100)                                                                             \
  { F(INT4), bits_x100, 0, 1, 0, 0, 0, 0, 0 }

/* Group sizes are those that the makers of such files use unless they say otherwise. */
static const named_scheme names[] = {
    {"awq", "AWQ 4-bit g128", "awq", {F(INT4), 400, 128, 1, 16, 4, 0, 0, 0}, 0, 0, 0},
    {"gptq", "GPTQ 4-bit g128", "gptq", {F(INT4), 400, 128, 1, 16, 4, 4, 0, 0}, 0, 0, 0},
    {"gptq-8bit", "GPTQ 8-bit g128", "gptq", {F(INT8), 800, 128, 1, 16, 8, 4, 0, 0}, 0, 0, 0},
    {"w4a16", "W4A16 g128", "compressed-tensors", {F(INT4), 400, 128, 1, 16, 0, 0, 16, 0}, 0, 0, 0},
    {"w8a16", "W8A16 g128", "compressed-tensors", {F(INT8), 800, 128, 1, 16, 0, 0, 16, 0}, 0, 0, 0},
    {"int8",
     "INT8 per channel",
     "compressed-tensors",
     {F(INT8), 800, 0, 1, 32, 0, 0, 0, 0},
     0,
     0,
     0},
    {"w8a8",
     "INT8 per channel",
     "compressed-tensors",
     {F(INT8), 800, 0, 1, 32, 0, 0, 0, 0},
     0,
     0,
     0},
    {"fp8", "FP8 per tensor", "fp8", {F(F8_E4M3), 800, 0, 0, 0, 0, 0, 8, 0}, 0, 0, 0},
    {"fp8-channel",
     "FP8 per channel",
     "compressed-tensors",
     {F(F8_E4M3), 800, 0, 1, 32, 0, 0, 0, 0},
     0,
     0,
     0},
    {"fp8-block", "FP8 block 128×128", "fp8", FP8_BLOCK, 0, 0, 0},
    {"nvfp4", "NVFP4", "modelopt", {F(F4), 400, 16, 1, 8, 0, 0, 8, 0}, 0, 0, 0},
    {"mxfp4", "MXFP4", "mxfp4", {F(F4), 400, 32, 1, 8, 0, 0, 0, 0}, 0, 0, 1},
    {"mxfp8", "MXFP8", "modelopt", {F(F8_E4M3), 800, 32, 1, 8, 0, 0, 0, 0}, 0, 0, 0},
    {"nf4", "NF4 double-quantized", "bitsandbytes", {F(NF4), 400, 64, 1, 8, 0, 0, 0, 256}, 0, 0, 0},
    {"bnb-4bit", "NF4", "bitsandbytes", {F(NF4), 400, 64, 1, 32, 0, 0, 0, 0}, 0, 0, 0},
    {"bnb-8bit",
     "INT8 bitsandbytes",
     "bitsandbytes",
     {F(INT8), 800, 0, 1, 32, 0, 0, 0, 0},
     0,
     0,
     0},
    {"mlx-2bit", "MLX 2-bit g64", "mlx", MLX(2, F(INT2)), 1, 1, 0},
    {"mlx-3bit", "MLX 3-bit g64", "mlx", MLX(3, F(INT3)), 1, 1, 0},
    {"mlx-4bit", "MLX 4-bit g64", "mlx", MLX(4, F(INT4)), 1, 1, 0},
    {"mlx-5bit", "MLX 5-bit g64", "mlx", MLX(5, F(INT5)), 1, 1, 0},
    {"mlx-6bit", "MLX 6-bit g64", "mlx", MLX(6, F(INT6)), 1, 1, 0},
    {"mlx-8bit", "MLX 8-bit g64", "mlx", MLX(8, F(INT8)), 1, 1, 0},
    {"exl2-3.0bpw", "EXL2 3.0 bpw", "exl2", EXL(300), 0, 1, 0},
    {"exl2-4.0bpw", "EXL2 4.0 bpw", "exl2", EXL(400), 0, 1, 0},
    {"exl2-5.0bpw", "EXL2 5.0 bpw", "exl2", EXL(500), 0, 1, 0},
    {"exl2-6.0bpw", "EXL2 6.0 bpw", "exl2", EXL(600), 0, 1, 0},
    {"exl2-8.0bpw", "EXL2 8.0 bpw", "exl2", EXL(800), 0, 1, 0},
    {"exl3-2.0bpw", "EXL3 2.0 bpw", "exl3", EXL(200), 0, 1, 0},
    {"exl3-3.0bpw", "EXL3 3.0 bpw", "exl3", EXL(300), 0, 1, 0},
    {"exl3-4.0bpw", "EXL3 4.0 bpw", "exl3", EXL(400), 0, 1, 0},
    {"exl3-5.0bpw", "EXL3 5.0 bpw", "exl3", EXL(500), 0, 1, 0},
    {"exl3-6.0bpw", "EXL3 6.0 bpw", "exl3", EXL(600), 0, 1, 0},
    {"mlx-mxfp4", "MLX MXFP4", "mlx", {F(F4), 400, 32, 1, 8, 0, 0, 0, 0}, 1, 1, 0},
    {"mlx-mxfp8", "MLX MXFP8", "mlx", {F(F8_E4M3), 800, 32, 1, 8, 0, 0, 0, 0}, 1, 1, 0},
    {"mlx-nvfp4", "MLX NVFP4", "mlx", {F(F4), 400, 16, 1, 8, 0, 0, 0, 0}, 1, 1, 0},
    {"autoround", "AutoRound 4-bit g128", "gptq", {F(INT4), 400, 128, 1, 16, 4, 0, 0, 0}, 0, 0, 0},
    {"w4a8", "W4A8 g128", "compressed-tensors", {F(INT4), 400, 128, 1, 16, 0, 0, 16, 0}, 0, 0, 0},
    {"modelopt-nvfp4", "NVFP4", "modelopt", {F(F4), 400, 16, 1, 8, 0, 0, 8, 0}, 0, 0, 0},
};
enum { N_NAMES = sizeof names / sizeof *names };

static bool start_from(vf_scheme *out, const named_scheme *n) {
  if (n == NULL) return false;
  *out = (vf_scheme){.n_groups = 1,
                     .embeddings = n->embeddings,
                     .output = n->output,
                     .experts_only = n->experts_only};
  out->groups[0].rule = n->rule;
  snprintf(out->name, sizeof out->name, "%s", n->shown);
  snprintf(out->method, sizeof out->method, "%s", n->method);
  return true;
}

/* The method that words name, a row to begin with; the first one that is among them counts. */
typedef struct method_words {
  const char *words[2]; /* the second one: NULL, or needed too */
  const char *row;
} method_words;

static const method_words methods[] = {
    {{"exl3"}, "exl3-4.0bpw"},
    {{"exl2"}, "exl2-4.0bpw"},
    {{"mlx", "mxfp4"}, "mlx-mxfp4"},
    {{"mlx", "mxfp8"}, "mlx-mxfp8"},
    {{"mlx", "nvfp4"}, "mlx-nvfp4"},
    {{"mlx"}, "mlx-4bit"},
    {{"nf4"}, "nf4"},
    {{"bnb"}, "bnb-4bit"},
    {{"bitsandbytes"}, "bnb-4bit"},
    {{"autoround"}, "autoround"},
    {{"auto", "round"}, "autoround"},
    {{"awq"}, "awq"},
    {{"gptq"}, "gptq"},
    {{"gptqmodel"}, "gptq"},
    {{"w4a16"}, "w4a16"},
    {{"w8a16"}, "w8a16"},
    {{"w4a8"}, "w4a8"},
    {{"w4afp8"}, "w4a8"},
    {{"w8a8"}, "w8a8"},
    {{"nvfp4"}, "nvfp4"},
    {{"nvfp4a16"}, "nvfp4"},
    {{"fp4"}, "nvfp4"},
    {{"mxfp4"}, "mxfp4"},
    {{"mxfp8"}, "mxfp8"},
    {{"fp8"}, "fp8"},
    {{"f8"}, "fp8"},
    {{"int8"}, "int8"},
};
enum { N_METHODS = sizeof methods / sizeof *methods };

static const char *const fillers[] = {"quantized", "quant",  "ct",      "compressed", "tensors",
                                      "modelopt",  "e4m3",   "static",  "sym",        "dwq",
                                      "quark",     "tensor", "per",     "weight",     "only",
                                      "marlin",    "ptpc",   "instant", NULL};
static const char *const details[] = {"dynamic", "block", "channel", "int4", "int8mix", NULL};

static bool is_among(const char *const *list, const char *word) {
  for (; *list != NULL; list++)
    if (strcmp(*list, word) == 0) return true;
  return false;
}

/* A number, in hundredths, and what stands behind it; false: no number. */
static bool number_in(uint32_t *out_x100, const char **rest, const char *s) {
  uint32_t n = 0, scale = 100;
  if (*s < '0' || *s > '9') return false;
  for (; *s >= '0' && *s <= '9' && n < 10000000; s++) n = n * 10 + (uint32_t)(*s - '0') * 100;
  if (*s == '.')
    for (s++; *s >= '0' && *s <= '9'; s++, scale /= 10) n += (uint32_t)(*s - '0') * scale / 10;
  *out_x100 = n;
  *rest = s;
  return true;
}

typedef struct details_of {
  uint32_t bits, group, bpw_x100; /* 0: not said */
  bool channel, block, four;      /* "int4": bits of a method, or a method of its own */
} details_of;

/* "4bit", "int8", "g128", "gs32", "4.65bpw", "h6". */
static bool read_detail(details_of *d, const char *word) {
  uint32_t n;
  const char *rest;
  if (strncmp(word, "int", 3) == 0 && number_in(&n, &rest, word + 3) && *rest == '\0') {
    d->bits = n / 100;
    d->four = d->bits == 4;
    return d->bits == 4 || d->bits == 8;
  }
  size_t g = strncmp(word, "gs", 2) == 0 ? 2 : word[0] == 'g' ? 1 : 0;
  if (g != 0 && number_in(&n, &rest, word + g) && *rest == '\0') {
    d->group = n / 100;
    return d->group >= 8 && d->group <= 1024;
  }
  if (!number_in(&n, &rest, word)) return false;
  if (strcmp(rest, "bpw") == 0) {
    d->bpw_x100 = n;
    return n >= 100 && n <= 1000;
  }
  if (strcmp(rest, "bit") != 0 && strcmp(rest, "bits") != 0) return false;
  d->bits = n / 100;
  return n % 100 == 0 && d->bits >= 2 && d->bits <= 8;
}

/* "h6": bits of the output matrix, which EXL's sizes are told without. */
static bool is_head_bits(const char *word) {
  return word[0] == 'h' && (word[1] == '6' || word[1] == '8') && word[2] == '\0';
}

vf_scheme_word vf_scheme_word_kind(const char *word) {
  details_of d = {0};
  for (size_t i = 0; i < N_METHODS; i++)
    if (strcmp(word, methods[i].words[0]) == 0 && methods[i].words[1] == NULL)
      return VF_SCHEME_WORD_METHOD;
  if (is_among(details, word) || read_detail(&d, word)) return VF_SCHEME_WORD_DETAIL;
  return is_among(fillers, word) || is_head_bits(word) ? VF_SCHEME_WORD_FILLER
                                                       : VF_SCHEME_WORD_OTHER;
}

enum { MOST_WORDS = 8, WORD_SIZE = 16 };

/* In lower case; false: too many, or one that no scheme has. */
static bool split(char words[MOST_WORDS][WORD_SIZE], size_t *n, const char *name) {
  char text[VF_NAME_SIZE];
  *n = 0;
  if (!vf_name_normalize(text, name)) return false;
  for (const char *s = text; *s != '\0';) {
    size_t length = strcspn(s, "-: ");
    /* A point is part of a number, or stands between words ("quantized.w4a16"). */
    const char *point = memchr(s, '.', length);
    if (point != NULL && (point == s || point[-1] < '0' || point[-1] > '9'))
      length = (size_t)(point - s);
    if (length >= WORD_SIZE || *n == MOST_WORDS) return false;
    if (length > 0) {
      memcpy(words[*n], s, length);
      words[(*n)++][length] = '\0';
    }
    s += length + (s[length] != '\0');
  }
  return *n > 0;
}

static bool has(char words[MOST_WORDS][WORD_SIZE], size_t n, const char *word) {
  for (size_t i = 0; i < n; i++)
    if (strcmp(words[i], word) == 0) return true;
  return word == NULL;
}

static const named_scheme *row_called(const char *name) {
  for (size_t i = 0; i < N_NAMES; i++)
    if (vf_name_equal(name, names[i].name)) return &names[i];
  return NULL;
}

static const char *method_among(char words[MOST_WORDS][WORD_SIZE], size_t n) {
  for (size_t i = 0; i < N_METHODS; i++) {
    const char *const *m = methods[i].words;
    if (has(words, n, m[0]) && (m[1] == NULL || has(words, n, m[1]))) return methods[i].row;
  }
  return NULL;
}

static vf_format integers(uint32_t bits) {
  static const vf_format formats[9] = {
      [2] = F(INT2), [3] = F(INT3), [4] = F(INT4), [5] = F(INT5), [6] = F(INT6), [8] = F(INT8)};
  return bits < 9 ? formats[bits] : VF_FORMAT_NONE;
}

/* Of a method that has bits and groups: others than its row's. */
static bool change_bits(vf_scheme *out, const details_of *d, const char *title) {
  vf_scheme_rule *r = &out->groups[0].rule;
  uint32_t bits = d->bits != 0 ? d->bits : r->bits_x100 / 100;
  if (d->group != 0) r->group = d->group;
  if (integers(bits) == VF_FORMAT_NONE) return false;
  r->values = integers(bits);
  r->bits_x100 = bits * 100;
  if (r->zero_bits != 0 && r->zero_bits < 16) r->zero_bits = bits;
  snprintf(out->name, sizeof out->name, "%s %u-bit g%u", title, (unsigned)bits, (unsigned)r->group);
  return true;
}

static bool change_bpw(vf_scheme *out, const details_of *d, const char *title) {
  uint32_t x100 = d->bpw_x100 != 0 ? d->bpw_x100 : d->bits * 100;
  if (x100 == 0) x100 = out->groups[0].rule.bits_x100;
  out->groups[0].rule.bits_x100 = x100;
  if (x100 % 10 == 0)
    snprintf(out->name, sizeof out->name, "%s %u.%u bpw", title, x100 / 100, x100 / 10 % 10);
  else
    snprintf(out->name, sizeof out->name, "%s %u.%02u bpw", title, x100 / 100, x100 % 100);
  return true;
}

/* ---- Two formats in one name ------------------------------------------------------------ */

/* "NVFP4-FP8", "MXFP4-Q8", "Int4-Int8Mix": what is not an expert has the wider one (exo's
 * convert_glm5_mxfp4_q8.py, the configs of RedHatAI's and QuantTrio's checkpoints). */
static const struct {
  const char *word, *row, *shown;
} wider[] = {{"fp8", "fp8-channel", "FP8"},   {"f8", "fp8-channel", "FP8"},
             {"mxfp8", "mxfp8", "MXFP8"},     {"int8mix", "int8", "INT8"},
             {"q8", "mlx-8bit", "8-bit"},     {"q6", "mlx-6bit", "6-bit"},
             {"q5", "mlx-5bit", "5-bit"},     {"q4", "mlx-4bit", "4-bit"}};
enum { N_WIDER = sizeof wider / sizeof *wider };

/* Which of them the words have beside one of four bits; N_WIDER: none.  MLX's are of MLX alone. */
static size_t wider_among(char words[MOST_WORDS][WORD_SIZE], size_t n, const vf_scheme *narrow) {
  bool mlx = strcmp(narrow->method, "mlx") == 0;
  size_t i = 0;
  if (narrow->groups[0].rule.bits_x100 != 400) return N_WIDER;
  while (i < N_WIDER && (!has(words, n, wider[i].word) || mlx != (wider[i].word[0] == 'q'))) i++;
  return i;
}

/* Without experts it is not known which matrices are which: all of them have the wider one. */
static void add_wider(vf_scheme *s, size_t i) {
  vf_scheme wide;
  if (i == N_WIDER || !vf_scheme_named(&wide, wider[i].row)) return;
  size_t n = strlen(s->name);
  s->experts = s->groups[0].rule;
  s->own_experts = true;
  s->experts_only = false;
  s->groups[0].rule = wide.groups[0].rule;
  s->share = (vf_weights_share){995, 1000, 1005};
  s->remark = "the name says two formats: experts have the narrower one, all else the wider";
  snprintf(s->name + n, sizeof s->name - n, " + %s", wider[i].shown);
}

/* Four bits, and no word of how: from groups of 128 with a scale to groups of 64 with 32 bits each,
 * which is the widest of the usual ones (bitsandbytes). */
static bool take_four_bits(vf_scheme *out) {
  if (!start_from(out, row_called("w4a16"))) return false;
  snprintf(out->name, sizeof out->name, "INT4");
  out->share = (vf_weights_share){1000, 1000, 1091};
  out->remark =
      "the name says four bits and not how: between groups of 128 and the widest usual way";
  return true;
}

static bool put_together(vf_scheme *out, const char *row, const details_of *d) {
  const named_scheme *base = row_called(row);
  if (strcmp(row, "fp8") == 0 && d->block) base = row_called("fp8-block");
  if (strcmp(row, "fp8") == 0 && d->channel) base = row_called("fp8-channel");
  if (strcmp(row, "bnb-4bit") == 0 && d->bits == 8) base = row_called("bnb-8bit");
  if (!start_from(out, base)) return false;
  if (strcmp(row, "mlx-4bit") == 0) return change_bits(out, d, "MLX");
  if (strcmp(row, "awq") == 0) return change_bits(out, d, "AWQ");
  if (strcmp(row, "gptq") == 0) return change_bits(out, d, "GPTQ");
  if (strcmp(row, "autoround") == 0) return change_bits(out, d, "AutoRound");
  if (strncmp(row, "exl", 3) == 0) return change_bpw(out, d, row[3] == '3' ? "EXL3" : "EXL2");
  if (d->group != 0 && out->groups[0].rule.group != 0) {
    out->groups[0].rule.group = d->group;
    size_t n = strcspn(out->name, " ");
    snprintf(out->name + n, sizeof out->name - n, " g%u", (unsigned)d->group);
  }
  return d->bpw_x100 == 0;
}

bool vf_scheme_named(vf_scheme *out, const char *name) {
  char words[MOST_WORDS][WORD_SIZE];
  size_t n;
  details_of d = {0};
  const named_scheme *row = row_called(name);
  if (row != NULL) return start_from(out, row);
  if (!split(words, &n, name)) return false;
  const char *method = method_among(words, n);
  bool mlx = has(words, n, "mlx");
  for (size_t i = 0; i < n; i++) {
    if (vf_scheme_word_kind(words[i]) == VF_SCHEME_WORD_OTHER && strcmp(words[i], "auto") != 0 &&
        strcmp(words[i], "round") != 0 && !(words[i][0] == 'q' && mlx))
      return false;
    read_detail(&d, words[i]);
    d.channel |= strcmp(words[i], "channel") == 0 || strcmp(words[i], "dynamic") == 0;
    d.block |= strcmp(words[i], "block") == 0;
  }
  bool eight = has(words, n, "w8a16") || has(words, n, "w8a8"); /* "GPTQ-W8A16" */
  if (eight && d.bits == 0) d.bits = 8;
  if (method != NULL) {
    bool known = put_together(out, method, &d);
    if (known) add_wider(out, wider_among(words, n, out));
    return known;
  }
  if (d.bpw_x100 != 0) return put_together(out, "exl3-4.0bpw", &d);
  return d.bits == 4 ? take_four_bits(out) : d.bits == 8 && vf_scheme_named(out, "int8");
}

bool vf_scheme_is_said_by(const vf_scheme *s, const char *method) {
  char words[MOST_WORDS][WORD_SIZE], name[VF_NAME_SIZE];
  size_t n;
  vf_scheme meant;
  if (!vf_name_normalize(name, method)) return false;
  if (strcmp(name, s->method) == 0) return true;
  if (!split(words, &n, method) || !vf_scheme_named(&meant, method)) return false;
  for (size_t i = 0; i < n; i++) {
    vf_scheme_word kind = vf_scheme_word_kind(words[i]);
    if (kind != VF_SCHEME_WORD_METHOD && kind != VF_SCHEME_WORD_FILLER) return false;
  }
  bool floats = meant.groups[0].rule.values == F(F8_E4M3) || meant.groups[0].rule.values == F(F4);
  return strcmp(meant.method, s->method) == 0 ||
         (floats && meant.groups[0].rule.values == s->groups[0].rule.values);
}

const char *vf_scheme_name(size_t i) {
  return i < N_NAMES ? names[i].name : NULL;
}
