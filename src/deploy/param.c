/* param.c - reading, printing and comparing parameters: one of each for a kind.
 *
 * Whoever reads a word (our command line, an engine's, a file, an environment) ends here, so that
 * the same value is never read in two ways. */
#include "deploy/param.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/args.h"
#include "base/decimal.h"
#include "base/names.h"
#include "base/status.h"
#include "base/units.h"
#include "core/format.h"
#include "engines/engine.h"
#include "readers/name/model_name.h"

enum { MOST_COUNT = VF_MAX_SEQS * 16, MOST_TOKENS_AT_ONCE = 1 << 24 };

/* Nothing smaller is a size: it is a number whose unit was forgotten. */
static const uint64_t least_bare_size = 1000000;

/* ---- The table -------------------------------------------------------------------------- */

const vf_param vf_params[VF_PARAM_COUNT] = {
#define SECTION(title)
#define PARAM(id, letter, name, argument, kind, field, scope, key, help)                           \
  [VF_PARAM_##id] = {{name, letter, argument, key, help},                                          \
                     VF_KIND_##kind,                                                               \
                     offsetof(vf_deployment, field),                                               \
                     VF_OPTION_##scope},
#include "deploy/params.def"
#undef SECTION
#undef PARAM
};

static bool same_name(const char *ours, const char *name, size_t length) {
  if (strlen(ours) != length) return false;
  for (size_t i = 0; i < length; i++)
    if (ours[i] != name[i] && !(ours[i] == '-' && name[i] == '_')) return false;
  return true;
}

const vf_param *vf_param_find(const char *name, size_t length) {
  for (size_t i = 0; i < VF_PARAM_COUNT; i++)
    if (same_name(vf_params[i].info.name, name, length)) return &vf_params[i];
  return NULL;
}

static void *field_of(const vf_param *p, vf_deployment *d) {
  return (unsigned char *)d + p->offset;
}

static const void *const_field_of(const vf_param *p, const vf_deployment *d) {
  return (const unsigned char *)d + p->offset;
}

/* ---- Numbers ---------------------------------------------------------------------------- */

/* A whole number within [least, most]; no sign, no suffix. */
static bool read_number(uint64_t *out, const char *text, uint64_t least, uint64_t most) {
  uint64_t n = 0;
  if (text[0] == '\0') return false;
  for (const char *c = text; *c != '\0'; c++) {
    if (*c < '0' || *c > '9' || n > most) return false;
    n = n * 10 + (uint64_t)(*c - '0');
  }
  *out = n;
  return n >= least && n <= most;
}

static vf_status read_count(uint32_t *out, const char *text, uint64_t least, uint64_t most,
                            vf_error *err) {
  uint64_t n;
  if (!read_number(&n, text, least, most))
    return vf_fail(err, VF_USAGE, "'%.80s' is not a number from %" PRIu64 " to %" PRIu64, text,
                   least, most);
  *out = (uint32_t)n;
  return VF_OK;
}

/* Powers behind a number: k m g t are of 1000 and K M G T of 1024 (vLLM, argparse_utils.py). */
static bool suffix_of(uint64_t *out, bool *binary, char letter) {
  static const char decimal[] = "kmgt", big[] = "KMGT";
  const char *d = letter != '\0' ? strchr(decimal, letter) : NULL;
  const char *b = letter != '\0' ? strchr(big, letter) : NULL;
  if (d == NULL && b == NULL) return false;
  *binary = b != NULL;
  *out = 1;
  for (size_t i = 0; i <= (size_t)(b != NULL ? b - big : d - decimal); i++)
    *out *= b != NULL ? 1024 : 1000;
  return true;
}

/* "25.6k" is 25600, "8K" 8192; only powers of 1000 take decimals. */
static vf_status read_suffixed(uint64_t *out, const char *text, vf_error *err) {
  const char *end;
  uint64_t scale = 1;
  bool binary = false;
  double value = vf_decimal_read(text, &end);
  bool starts = text[0] >= '0' && text[0] <= '9' && end != text;
  bool scaled = starts && end[0] != '\0' && end[1] == '\0' && suffix_of(&scale, &binary, *end);
  bool whole = strpbrk(text, ".eExX") == NULL;
  if (!starts || (*end != '\0' && !scaled) || ((binary || !scaled) && !whole) ||
      !(value > 0 && value * (double)scale < 9e15))
    return vf_fail(err, VF_USAGE,
                   "'%.80s' is not a number (k m g t are powers of 1000, K M G T of 1024)", text);
  *out = (uint64_t)(value * (double)scale + 0.5);
  return VF_OK;
}

static vf_status read_tokens(uint64_t *out, const char *text, vf_measure measure, vf_error *err) {
  if (measure == VF_MEASURE_SUFFIX) return read_suffixed(out, text, err);
  return vf_tokens_parse(out, text, err);
}

static vf_status read_context(uint64_t *out, const char *text, vf_measure measure, vf_error *err) {
  if (!vf_name_equal(text, "max") && !vf_name_equal(text, "full"))
    return read_tokens(out, text, measure, err);
  *out = VF_CTX_WHOLE;
  return VF_OK;
}

static vf_status read_tokens32(uint32_t *out, const char *text, vf_measure measure, vf_error *err) {
  uint64_t n = 0;
  vf_status status = read_tokens(&n, text, measure, err);
  if (status == VF_OK && n > MOST_TOKENS_AT_ONCE)
    return vf_fail(err, VF_USAGE, "'%.80s' is more than 16M tokens at once", text);
  if (status == VF_OK) *out = (uint32_t)n;
  return status;
}

/* ---- Sizes ------------------------------------------------------------------------------ */

/* "12.5" of a unit of bytes. */
static vf_status read_of_unit(uint64_t *out, const char *text, const char *unit, vf_error *err) {
  char with_unit[40];
  vf_text t = vf_text_on(with_unit, sizeof with_unit);
  bool number = text[0] != '\0' && text[strspn(text, "0123456789.")] == '\0';
  vf_text_printf(&t, "%s%s", text, number ? unit : "");
  if (t.length >= sizeof with_unit) return vf_fail(err, VF_USAGE, "'%.40s…' is not a size", text);
  return vf_size_parse(out, with_unit, err);
}

static bool is_bare(const char *text) {
  return text[0] != '\0' && text[strspn(text, "0123456789")] == '\0';
}

/* A size with its unit; a bare number is one of bytes where nobody can have meant anything else. */
static vf_status read_size(uint64_t *out, const char *text, vf_measure measure, vf_error *err) {
  if (measure == VF_MEASURE_SUFFIX) return read_suffixed(out, text, err);
  if (measure == VF_MEASURE_GIB) return read_of_unit(out, text, "GiB", err);
  if (measure == VF_MEASURE_MIB) return read_of_unit(out, text, "MiB", err);
  vf_status status = vf_size_parse(out, text, err);
  if (status == VF_OK && *out != 0 && *out < least_bare_size && is_bare(text))
    return vf_fail(err, VF_USAGE, "%s of what? %sGiB or %sGB", text, text, text);
  return status;
}

static vf_status read_some_size(uint64_t *out, const char *text, vf_measure measure,
                                vf_error *err) {
  uint64_t n;
  vf_status status = read_size(&n, text, measure, err);
  if (status == VF_OK && n == 0) return vf_fail(err, VF_USAGE, "a size of 0 says nothing");
  if (status == VF_OK) *out = n;
  return status;
}

static vf_status read_cache(int64_t *out, const char *text, vf_measure measure, vf_error *err) {
  uint64_t n = 0;
  (void)measure; /* a bare number is one of MiB for us, too */
  vf_status status = read_size(&n, text, VF_MEASURE_MIB, err);
  if (status == VF_OK) *out = (int64_t)n;
  return status;
}

static vf_status read_headroom(vf_headroom *out, const char *text, vf_error *err) {
  vf_headroom h = {.set = true};
  uint64_t percent;
  char number[16];
  size_t n = strlen(text);
  if (n == 0 || n > sizeof number || text[n - 1] != '%') {
    vf_status status = read_size(&h.bytes, text, VF_MEASURE_OURS, err);
    if (status == VF_OK) *out = h;
    return status;
  }
  memcpy(number, text, n - 1);
  number[n - 1] = '\0';
  if (!read_number(&percent, number, 0, 100))
    return vf_fail(err, VF_USAGE, "'%s' is not a share (0%% to 100%%, whole) or a size", text);
  h.permille = (uint32_t)percent * 10;
  *out = h;
  return VF_OK;
}

/* ---- Shares ----------------------------------------------------------------------------- */

/* A share above 0 and up to 1, in millionths. */
static vf_status read_share(uint32_t *out, const char *text, vf_error *err) {
  const char *end;
  double share = vf_decimal_read(text, &end);
  if (end == text || *end != '\0' || !(share > 0.0 && share <= 1.0))
    return vf_fail(err, VF_USAGE, "'%.80s' is not a share (above 0, up to 1: 0.92)", text);
  uint32_t ppm = (uint32_t)(share * 1e6 + 0.5);
  if (ppm == 0) return vf_fail(err, VF_USAGE, "'%.80s' is as good as nothing", text);
  *out = ppm;
  return VF_OK;
}

/* A ratio above 0, in millionths. */
static vf_status read_ratio(uint32_t *out, const char *text, vf_error *err) {
  const char *end;
  double ratio = vf_decimal_read(text, &end);
  if (end == text || *end != '\0' || !(ratio >= 1e-6 && ratio <= 1000.0))
    return vf_fail(err, VF_USAGE, "'%.80s' is not a ratio (above 0, up to 1000: 0.9)", text);
  *out = (uint32_t)(ratio * 1e6 + 0.5);
  return VF_OK;
}

/* In units of 10^9 bytes per second, "89.6". */
static vf_status read_bandwidth(uint32_t *out, const char *text, vf_error *err) {
  const char *end;
  double rate = vf_decimal_read(text, &end);
  if (end == text || *end != '\0' || !(rate >= 1.0 && rate <= 1e5))
    return vf_fail(err, VF_USAGE, "'%.80s' is not a bandwidth in GB/s (1 to 100000)", text);
  *out = (uint32_t)(rate * 1e3 + 0.5);
  return VF_OK;
}

/* "6.5,10,4" or "6.5/10/4" in thousandths. */
static vf_status read_proportions(vf_request *r, const char *text, vf_error *err) {
  uint32_t shares[VF_MAX_DEVICES];
  size_t n = 0;
  for (const char *s = text; n < VF_MAX_DEVICES;) {
    const char *end;
    double share = vf_decimal_read(s, &end);
    if (end == s || !(share >= 0.0 && share <= 1e6)) break;
    shares[n++] = (uint32_t)(share * 1000.0 + 0.5);
    s = end + strspn(end, " ");
    if (*s == '\0') {
      memset(r->tensor_split, 0, sizeof r->tensor_split);
      memcpy(r->tensor_split, shares, n * sizeof *shares);
      r->tensor_split_count = n;
      return VF_OK;
    }
    if (*s != ',' && *s != '/') break;
    s++;
  }
  return vf_fail(err, VF_USAGE, "'%.80s' is not a list of proportions (3,1 or 6.5,10)", text);
}

/* "8k", or "4k,20k". */
static vf_status read_lengths(uint64_t out[2], const char *text, vf_error *err) {
  char first[32];
  const char *comma = strchr(text, ',');
  size_t length = comma != NULL ? (size_t)(comma - text) : strlen(text);
  uint64_t half = 0, most = 0;
  if (length >= sizeof first) return vf_fail(err, VF_USAGE, "'%.80s' is no length", text);
  memcpy(first, text, length);
  first[length] = '\0';
  vf_status status = read_tokens(&half, first, VF_MEASURE_OURS, err);
  most = half;
  if (status == VF_OK && comma != NULL)
    status = read_tokens(&most, comma + 1, VF_MEASURE_OURS, err);
  if (status == VF_OK && most < half)
    return vf_fail(err, VF_USAGE, "'%.80s': 19 of 20 requests cannot be shorter than half of them",
                   text);
  if (status != VF_OK) return status;
  out[0] = half;
  out[1] = most;
  return VF_OK;
}

/* ---- Words ------------------------------------------------------------------------------ */

static const char *const switch_words[] = {"auto", "off", "on", NULL};
static const char *const split_words[] = {"layer", "none", "row", "tensor", NULL};

/* Index of the word in a NULL-terminated list. */
static vf_status read_word(int *out, const char *text, const char *const *words, vf_error *err) {
  char list[128];
  vf_text t = vf_text_on(list, sizeof list);
  for (int i = 0; words[i] != NULL; i++) {
    vf_text_printf(&t, "%s%s", i == 0 ? "" : ", ", words[i]);
    if (strcmp(text, words[i]) != 0) continue;
    *out = i;
    return VF_OK;
  }
  return vf_fail(err, VF_USAGE, "'%.80s' is not one of: %s", text, list);
}

/* What programs take for on and off besides (llama.cpp, common/arg.cpp: is_truthy, is_falsey). */
static const char *plain_switch(const char *text) {
  static const char *const on[] = {"on", "1", "true", "enabled", "yes", NULL};
  static const char *const off[] = {"off", "0", "false", "disabled", "no", NULL};
  for (size_t i = 0; on[i] != NULL; i++) {
    if (vf_name_equal(text, on[i])) return "on";
    if (vf_name_equal(text, off[i])) return "off";
  }
  return text;
}

static vf_status read_switch(vf_switch *out, const char *text, vf_error *err) {
  int word = 0;
  vf_status status = read_word(&word, plain_switch(text), switch_words, err);
  if (status == VF_OK) *out = (vf_switch)word;
  return status;
}

static vf_status read_flag(bool *out, const char *text, vf_error *err) {
  const char *word = plain_switch(text);
  if (strcmp(word, "on") != 0 && strcmp(word, "off") != 0)
    return vf_fail(err, VF_USAGE, "'%.80s' is neither on nor off", text);
  *out = strcmp(word, "on") == 0;
  return VF_OK;
}

static vf_status read_split(vf_split *out, const char *text, vf_error *err) {
  static const vf_split splits[] = {VF_SPLIT_LAYER, VF_SPLIT_NONE, VF_SPLIT_ROW, VF_SPLIT_TENSOR};
  int word = 0;
  vf_status status = read_word(&word, text, split_words, err);
  if (status == VF_OK) *out = splits[word];
  return status;
}

static vf_status read_text(const char **out, const char *text, vf_error *err) {
  if (text[0] == '\0') return vf_fail(err, VF_USAGE, "an empty value says nothing");
  *out = text;
  return VF_OK;
}

/* Words that engines have for it, each by the part that tells: "deepseek_mtp", "draft-mtp",
 * "NEXTN", "EAGLE3", "ngram-map-k" (llama.cpp's common/speculative.cpp, vLLM's SpeculativeConfig,
 * SGLang's --speculative-algorithm). */
static vf_spec_role role_of(const char *word) {
  static const struct {
    const char *part;
    vf_spec_role role;
  } parts[] = {{"mtp", VF_SPEC_OWN},
               {"nextn", VF_SPEC_OWN},
               {"eagle", VF_SPEC_DRAFT},
               {"dflash", VF_SPEC_DRAFT},
               {"dspark", VF_SPEC_DRAFT},
               {"medusa", VF_SPEC_DRAFT},
               {"draft-simple", VF_SPEC_DRAFT},
               {"draft-model", VF_SPEC_DRAFT},
               {"standalone", VF_SPEC_DRAFT},
               {"mlp-speculator", VF_SPEC_DRAFT},
               {"none", VF_SPEC_NONE},
               {"ngram", VF_SPEC_NONE},
               {"suffix", VF_SPEC_NONE},
               {"lookahead", VF_SPEC_NONE},
               {"lookup", VF_SPEC_NONE},
               {"hidden-states", VF_SPEC_NONE}};
  for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
    if (strstr(word, parts[i].part) != NULL) return parts[i].role;
  return VF_SPEC_UNKNOWN;
}

/* The next word of "draft-mtp,ngram-mod"; ik_llama.cpp has parameters behind one,
 * "mtp:n_max=2,p_min=0.0".  False: there is none, or it is longer than any. */
static bool next_spec(char word[VF_NAME_SIZE], const char **s) {
  size_t n = strcspn(*s, ",:");
  if (n == 0 || n >= VF_NAME_SIZE) return false;
  for (size_t i = 0; i < n; i++) word[i] = vf_name_fold((*s)[i]);
  word[n] = '\0';
  *s += (*s)[n] == ',' ? n + 1 : strlen(*s);
  return true;
}

bool vf_spec_has(const char *method, vf_spec_role role) {
  char word[VF_NAME_SIZE];
  while (next_spec(word, &method))
    if (role_of(word) == role) return true;
  return false;
}

static vf_status read_spec(vf_deployment *d, const char *text, vf_error *err) {
  static const char most[] = "n_max=";
  const char *n = strchr(text, ':') != NULL ? strstr(text, most) : NULL, *rest = text;
  char word[VF_NAME_SIZE] = "";
  while (next_spec(word, &rest) && role_of(word) != VF_SPEC_UNKNOWN) continue;
  if (text[0] != '\0' && (word[0] == '\0' || role_of(word) == VF_SPEC_UNKNOWN || *rest != '\0'))
    return vf_fail(err, VF_UNKNOWN,
                   "'%.40s' is no way to propose tokens that is known: draft-mtp, draft-eagle3, "
                   "draft-dflash, draft-simple, ngram, none…",
                   word[0] != '\0' ? word : text);
  vf_status status = read_text(&d->spec_method, text, err);
  if (status != VF_OK) return status;
  d->request.mtp = vf_spec_has(text, VF_SPEC_OWN);
  if (n != NULL) d->request.spec_tokens = (uint32_t)strtoul(n + strlen(most), NULL, 10) % 4096;
  return VF_OK;
}

static vf_status read_type(vf_format *out, const char *text, vf_error *err) {
  vf_format f = VF_FORMAT_NONE;
  vf_status status = vf_kv_format_find(&f, text, NULL);
  bool plain =
      f == VF_FORMAT_NONE || f == VF_FORMAT_F32 || f == VF_FORMAT_F16 || f == VF_FORMAT_BF16;
  if (status != VF_OK || !plain)
    return vf_fail(err, VF_USAGE, "'%.40s' is no type of plain numbers: auto, bf16, f16 or f32",
                   text);
  *out = f;
  return VF_OK;
}

static vf_status read_kv(vf_request *r, const char *text, vf_error *err) {
  vf_format f;
  vf_status status = vf_kv_format_find(&f, text, err);
  if (status == VF_OK) r->kv_k = r->kv_v = f;
  return status;
}

/* ---- Layers ----------------------------------------------------------------------------- */

static bool is_all(const char *text) {
  return strcmp(text, "all") == 0;
}

static vf_status read_layers(int32_t *out, const char *text, vf_error *err) {
  uint64_t n;
  bool all = is_all(text) || strcmp(text, "-1") == 0 || strcmp(text, "auto") == 0;
  if (!all && !read_number(&n, text, 0, INT32_MAX))
    return vf_fail(err, VF_USAGE, "'%.80s' is not a number of layers (all, or 0 and above)", text);
  *out = all ? -1 : (int32_t)n;
  return VF_OK;
}

/* Ranks, or layers with experts, as a number or all of them. */
static vf_status read_or_all(uint32_t *out, const char *text, uint64_t least, const char *what,
                             vf_error *err) {
  uint64_t n = UINT32_MAX;
  if (!is_all(text) && !read_number(&n, text, least, UINT32_MAX - 1))
    return vf_fail(err, VF_USAGE, "'%.80s' is not a number of %s", text, what);
  *out = (uint32_t)n;
  return VF_OK;
}

/* The number behind the backend's name: "CUDA1"; -1 for main memory, -2: neither. */
static int32_t buffer_index(const char *name, size_t length) {
  static const char *const backends[] = {"CUDA", "ROCm", "Vulkan", "SYCL", "Metal", "MUSA", NULL};
  static const char *const hosts[] = {"CPU", "CUDA_Host", "ROCm_Host", "Vulkan_Host", NULL};
  char text[24];
  uint64_t index = 0;
  if (length >= sizeof text) return -2;
  memcpy(text, name, length);
  text[length] = '\0';
  for (size_t i = 0; hosts[i] != NULL; i++)
    if (strcmp(text, hosts[i]) == 0) return -1;
  for (size_t i = 0; backends[i] != NULL; i++) {
    size_t n = strlen(backends[i]);
    if (strncmp(text, backends[i], n) != 0) continue;
    if (text[n] == '\0') return 0;
    return read_number(&index, text + n, 0, VF_MAX_DEVICES - 1) ? (int32_t)index : -2;
  }
  return -2;
}

/* "exps=CPU,blk.0=CUDA1": parted at every comma, as llama.cpp does, also within a pattern. */
static vf_status read_overrides(vf_request *r, const char *text, vf_error *err) {
  size_t count = r->override_count;
  for (const char *s = text; *s != '\0';) {
    size_t n = strcspn(s, ","), equals = n;
    while (equals > 0 && s[equals - 1] != '=') equals--;
    int32_t device = equals > 1 ? buffer_index(s + equals, n - equals) : -2;
    if (device == -2)
      return vf_fail(err, VF_USAGE, "'%.*s' is not PATTERN=BUFFER (CPU, CUDA0, CUDA1…)",
                     (int)(n < 60 ? n : 60), s);
    if (count == VF_MAX_OVERRIDES)
      return vf_fail(err, VF_LIMIT, "more than %d patterns", VF_MAX_OVERRIDES);
    r->overrides[count++] = (vf_override){s, equals - 1, device};
    s += n + (s[n] == ',');
  }
  r->override_count = count;
  return VF_OK;
}

/* ---- Reading ---------------------------------------------------------------------------- */

vf_status vf_param_parse(const vf_param *p, vf_deployment *d, const char *text, vf_measure measure,
                         vf_error *err) {
  void *field = field_of(p, d);
  switch (p->kind) {
  case VF_KIND_TEXT: return read_text(field, text, err);
  case VF_KIND_TOKENS: return read_tokens(field, text, measure, err);
  case VF_KIND_CONTEXT: return read_context(field, text, measure, err);
  case VF_KIND_TOKENS32: return read_tokens32(field, text, measure, err);
  case VF_KIND_LENGTHS: return read_lengths(field, text, err);
  case VF_KIND_COUNT: return read_count(field, text, 1, MOST_COUNT, err);
  case VF_KIND_INDEX: return read_count(field, text, 0, VF_MAX_DEVICES - 1, err);
  case VF_KIND_RANKS: return read_or_all(field, text, 1, "GPUs", err);
  case VF_KIND_LAYERS: return read_layers(field, text, err);
  case VF_KIND_CPU_MOE: return read_or_all(field, text, 0, "layers", err);
  case VF_KIND_SIZE: return read_some_size(field, text, measure, err);
  case VF_KIND_GIB: return read_some_size(field, text, VF_MEASURE_GIB, err);
  case VF_KIND_CACHE: return read_cache(field, text, measure, err);
  case VF_KIND_SHARE: return read_share(field, text, err);
  case VF_KIND_RATIO: return read_ratio(field, text, err);
  case VF_KIND_BANDWIDTH: return read_bandwidth(field, text, err);
  case VF_KIND_FLAG: return read_flag(field, text, err);
  case VF_KIND_SWITCH: return read_switch(field, text, err);
  case VF_KIND_FORMAT: return vf_kv_format_find(field, text, err);
  case VF_KIND_TYPE: return read_type(field, text, err);
  case VF_KIND_KV: return read_kv(&d->request, text, err);
  case VF_KIND_SPLIT: return read_split(field, text, err);
  case VF_KIND_SPEC: return read_spec(d, text, err);
  case VF_KIND_PROPORTIONS: return read_proportions(&d->request, text, err);
  case VF_KIND_OVERRIDES: return read_overrides(&d->request, text, err);
  case VF_KIND_HEADROOM: break;
  }
  return read_headroom(field, text, err);
}

vf_status vf_param_take(const vf_param *p, vf_deployment *d, const vf_fact *fact, vf_error *err) {
  char number[32];
  vf_text t = vf_text_on(number, sizeof number);
  bool kept = p->kind == VF_KIND_TEXT || p->kind == VF_KIND_SPEC || p->kind == VF_KIND_OVERRIDES;
  switch (fact->type) {
  case VF_FACT_STRING: return vf_param_parse(p, d, fact->as.string, VF_MEASURE_OURS, err);
  case VF_FACT_BOOL: vf_text_put(&t, fact->as.boolean ? "on" : "off"); break;
  case VF_FACT_INT: vf_text_printf(&t, "%" PRId64, fact->as.integer); break;
  case VF_FACT_FLOAT: vf_text_put(&t, vf_general(fact->as.real, 9).text); break;
  case VF_FACT_NULL:
  case VF_FACT_ARRAY: return vf_fail(err, VF_USAGE, "one value is expected here");
  }
  bool nothing = fact->type == VF_FACT_INT && fact->as.integer == 0; /* needs no unit */
  bool size = p->kind == VF_KIND_SIZE || p->kind == VF_KIND_GIB || p->kind == VF_KIND_CACHE;
  if (size && nothing) return vf_param_parse(p, d, number, VF_MEASURE_OURS, err);
  if (kept || size || p->kind == VF_KIND_HEADROOM)
    return vf_fail(err, VF_USAGE,
                   size || p->kind == VF_KIND_HEADROOM
                       ? "a size with its unit is expected: \"12GB\" or \"12GiB\""
                       : "a text is expected here");
  return vf_param_parse(p, d, number, VF_MEASURE_OURS, err);
}

/* ---- Comparing -------------------------------------------------------------------------- */

static bool same_text(const char *a, const char *b) {
  return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static bool same_overrides(const vf_request *a, const vf_request *b) {
  if (a->override_count != b->override_count) return false;
  for (size_t i = 0; i < a->override_count; i++) {
    const vf_override *x = &a->overrides[i], *y = &b->overrides[i];
    if (x->device != y->device || x->length != y->length ||
        memcmp(x->pattern, y->pattern, x->length) != 0)
      return false;
  }
  return true;
}

/* Bytes of a field that is compared as it lies. */
static size_t plain_size(vf_kind kind) {
  switch (kind) {
  case VF_KIND_TOKENS:
  case VF_KIND_CONTEXT:
  case VF_KIND_SIZE:
  case VF_KIND_GIB:
  case VF_KIND_CACHE: return sizeof(uint64_t);
  case VF_KIND_LENGTHS: return 2 * sizeof(uint64_t);
  case VF_KIND_FLAG: return sizeof(bool);
  case VF_KIND_SWITCH: return sizeof(vf_switch);
  case VF_KIND_FORMAT:
  case VF_KIND_TYPE: return sizeof(vf_format);
  case VF_KIND_SPLIT: return sizeof(vf_split);
  case VF_KIND_TOKENS32:
  case VF_KIND_COUNT:
  case VF_KIND_INDEX:
  case VF_KIND_RANKS:
  case VF_KIND_LAYERS:
  case VF_KIND_CPU_MOE:
  case VF_KIND_SHARE:
  case VF_KIND_RATIO:
  case VF_KIND_BANDWIDTH: return sizeof(uint32_t);
  case VF_KIND_TEXT:
  case VF_KIND_SPEC:
  case VF_KIND_KV:
  case VF_KIND_PROPORTIONS:
  case VF_KIND_OVERRIDES:
  case VF_KIND_HEADROOM: break;
  }
  return 0;
}

bool vf_param_equal(const vf_param *p, const vf_deployment *a, const vf_deployment *b) {
  const vf_request *r = &a->request, *s = &b->request;
  const vf_headroom *h = &a->headroom, *i = &b->headroom;
  switch (p->kind) {
  case VF_KIND_TEXT:
  case VF_KIND_SPEC:
    return same_text(*(const char *const *)const_field_of(p, a),
                     *(const char *const *)const_field_of(p, b));
  case VF_KIND_KV: return r->kv_k == s->kv_k && r->kv_v == s->kv_v;
  case VF_KIND_OVERRIDES: return same_overrides(r, s);
  case VF_KIND_HEADROOM:
    return h->set == i->set && h->bytes == i->bytes && h->permille == i->permille;
  case VF_KIND_PROPORTIONS:
    return r->tensor_split_count == s->tensor_split_count &&
           memcmp(r->tensor_split, s->tensor_split,
                  r->tensor_split_count * sizeof *r->tensor_split) == 0;
  default: return memcmp(const_field_of(p, a), const_field_of(p, b), plain_size(p->kind)) == 0;
  }
}

/* Keys and values in one format are said as one; apart, by themselves. */
bool vf_param_differs(const vf_param *p, const vf_deployment *d, const vf_deployment *nothing) {
  bool alike = d->request.kv_k == d->request.kv_v;
  if (p->kind == VF_KIND_KV && !alike) return false;
  return !vf_param_equal(p, d, nothing);
}

bool vf_param_is_set(const vf_param *p, const vf_deployment *d) {
  const vf_deployment nothing = vf_deployment_init();
  return vf_param_differs(p, d, &nothing);
}

void vf_param_clear(const vf_param *p, vf_deployment *d) {
  const vf_deployment nothing = vf_deployment_init();
  size_t size = plain_size(p->kind);
  if (size != 0) memcpy(field_of(p, d), const_field_of(p, &nothing), size);
  if (p->kind == VF_KIND_TEXT || p->kind == VF_KIND_SPEC) *(const char **)field_of(p, d) = NULL;
  if (p->kind == VF_KIND_SPEC) d->request.mtp = false;
  if (p->kind == VF_KIND_KV) d->request.kv_k = d->request.kv_v = VF_FORMAT_NONE;
  if (p->kind == VF_KIND_PROPORTIONS) d->request.tensor_split_count = 0;
  if (p->kind == VF_KIND_OVERRIDES) d->request.override_count = 0;
  if (p->kind == VF_KIND_HEADROOM) d->headroom = nothing.headroom;
}

/* ---- What an engine's own line says ------------------------------------------------------- */

/* "llama.cpp@b6123" is what the line starts, with its version; so are programs of one vocabulary.
 */
static bool starts_with_one_line(const char *a, const char *b) {
  const vf_engine *x = NULL, *y = NULL;
  const char *version;
  return a != NULL && b != NULL && vf_engine_find(&x, &version, a, NULL) == VF_OK &&
         vf_engine_find(&y, &version, b, NULL) == VF_OK && x->dialect == y->dialect;
}

bool vf_param_format_in(char out[VF_NAME_SIZE], const char *model) {
  vf_model_name name;
  if (!vf_model_name_read(&name, model) || name.format[0] == '\0') return false;
  memcpy(out, name.format, VF_NAME_SIZE);
  return true;
}

/* "unsloth/Qwen3-8B-GGUF:Q4_K_M" says which file is loaded. */
static bool name_says_otherwise(const vf_deployment *line, const vf_deployment *now) {
  char format[VF_NAME_SIZE];
  return line->quant == NULL && now->quant != NULL && line->model != NULL &&
         vf_param_format_in(format, line->model) && !vf_name_equal(format, now->quant);
}

const vf_param *vf_param_disputed(const vf_deployment *line, const bool *stated,
                                  const vf_deployment *now, const vf_param *but) {
  for (size_t i = 0; i < VF_PARAM_COUNT; i++) {
    const vf_param *p = &vf_params[i];
    bool says = (stated != NULL && stated[i]) || vf_param_is_set(p, line);
    if (p == but || !says || vf_param_equal(p, line, now)) continue;
    if (i == VF_PARAM_ENGINE && starts_with_one_line(line->request.engine, now->request.engine))
      continue;
    return p;
  }
  return name_says_otherwise(line, now) ? &vf_params[VF_PARAM_MODEL] : NULL;
}

vf_status vf_param_dispute(const vf_param *p, const vf_deployment *line, vf_error *err) {
  char value[128];
  vf_text t = vf_text_on(value, sizeof value);
  if (vf_param_is_set(p, line)) vf_param_print(p, line, VF_MEASURE_OURS, &t);
  return vf_fail(err, VF_USAGE,
                 "the engine's own line says %s %s, and that is what runs: say it there alone",
                 p->info.name, t.length > 0 ? value : "otherwise");
}

/* ---- Printing --------------------------------------------------------------------------- */

/* A number of millionths or thousandths without zeros at its end. */
static void put_decimal(vf_text *out, uint64_t n, uint64_t scale) {
  vf_text_printf(out, "%" PRIu64, n / scale);
  n %= scale;
  if (n != 0) vf_text_put(out, ".");
  for (; n != 0; n %= scale) {
    scale /= 10;
    vf_text_printf(out, "%" PRIu64, n / scale);
  }
}

/* So many units as are needed, with decimals only where they are exact. */
static void put_units(vf_text *out, uint64_t bytes, uint64_t unit) {
  uint64_t thousandths = bytes % unit * 1000;
  if (bytes % unit != 0 && thousandths % unit == 0) {
    put_decimal(out, bytes / unit * 1000 + thousandths / unit, 1000);
    return;
  }
  vf_text_printf(out, "%" PRIu64, bytes / unit + (bytes % unit != 0));
}

static void put_size(vf_text *out, uint64_t bytes, vf_measure measure) {
  if (measure == VF_MEASURE_GIB)
    put_units(out, bytes, VF_GIB);
  else if (measure == VF_MEASURE_MIB)
    put_units(out, bytes, VF_MIB);
  else
    vf_text_printf(out, "%" PRIu64 "%s", bytes, measure == VF_MEASURE_SUFFIX ? "" : "B");
}

/* Caches have names of their own for floats of 8 bits; all others are named as weights. */
static void put_format(vf_text *out, vf_format format) {
  const vf_format_info *f = vf_format_get(format);
  if (format == VF_FORMAT_F8_E4M3)
    vf_text_put(out, "fp8_e4m3");
  else if (format == VF_FORMAT_F8_E5M2)
    vf_text_put(out, "fp8_e5m2");
  else
    vf_text_put(out, f != NULL ? f->name : "auto");
}

static void put_overrides(vf_text *out, const vf_request *r) {
  for (size_t i = 0; i < r->override_count; i++) {
    const vf_override *o = &r->overrides[i];
    vf_text_put(out, i == 0 ? "" : ",");
    vf_text_bytes(out, o->pattern, o->length);
    if (o->device < 0)
      vf_text_put(out, "=CPU");
    else
      vf_text_printf(out, "=CUDA%" PRId32, o->device);
  }
}

static void put_proportions(vf_text *out, const vf_request *r) {
  for (size_t i = 0; i < r->tensor_split_count; i++) {
    vf_text_put(out, i == 0 ? "" : ",");
    put_decimal(out, r->tensor_split[i], 1000);
  }
}

static void put_lengths(vf_text *out, const uint64_t n[2]) {
  vf_text_printf(out, "%" PRIu64, n[0]);
  if (n[1] != n[0]) vf_text_printf(out, ",%" PRIu64, n[1]);
}

static void put_headroom(vf_text *out, vf_headroom h) {
  if (h.permille != 0)
    vf_text_printf(out, "%" PRIu32 "%%", h.permille / 10);
  else
    put_size(out, h.bytes, VF_MEASURE_OURS);
}

static void put_number_or_all(vf_text *out, uint32_t n) {
  if (n == UINT32_MAX)
    vf_text_put(out, "all");
  else
    vf_text_printf(out, "%" PRIu32, n);
}

void vf_param_print(const vf_param *p, const vf_deployment *d, vf_measure measure, vf_text *out) {
  const void *field = const_field_of(p, d);
  uint64_t n64 = 0;
  uint32_t n32 = 0;
  size_t size = plain_size(p->kind);
  if (size == sizeof n64) memcpy(&n64, field, sizeof n64);
  if (size == sizeof n32) memcpy(&n32, field, sizeof n32);
  switch (p->kind) {
  case VF_KIND_TEXT:
  case VF_KIND_SPEC: vf_text_put(out, *(const char *const *)field); break;
  case VF_KIND_CONTEXT:
    if (VF_CTX_IS_WHOLE(n64)) {
      vf_text_put(out, "max");
      break;
    }
    /* fall through */
  case VF_KIND_TOKENS: vf_text_printf(out, "%" PRIu64, n64); break;
  case VF_KIND_LENGTHS: put_lengths(out, field); break;
  case VF_KIND_TOKENS32:
  case VF_KIND_COUNT:
  case VF_KIND_INDEX: vf_text_printf(out, "%" PRIu32, n32); break;
  case VF_KIND_RANKS:
  case VF_KIND_CPU_MOE:
  case VF_KIND_LAYERS: put_number_or_all(out, n32); break;
  case VF_KIND_SIZE: put_size(out, n64, measure); break;
  case VF_KIND_GIB: put_size(out, n64, VF_MEASURE_GIB); break;
  case VF_KIND_CACHE: put_size(out, n64, VF_MEASURE_MIB); break;
  case VF_KIND_SHARE:
  case VF_KIND_RATIO: put_decimal(out, n32, 1000000); break;
  case VF_KIND_BANDWIDTH: put_decimal(out, n32, 1000); break;
  case VF_KIND_FLAG: vf_text_put(out, *(const bool *)field ? "on" : "off"); break;
  case VF_KIND_SWITCH: vf_text_put(out, switch_words[*(const vf_switch *)field]); break;
  case VF_KIND_FORMAT:
  case VF_KIND_TYPE: put_format(out, *(const vf_format *)field); break;
  case VF_KIND_KV: put_format(out, d->request.kv_k); break;
  case VF_KIND_SPLIT: vf_text_put(out, split_words[*(const vf_split *)field]); break;
  case VF_KIND_PROPORTIONS: put_proportions(out, &d->request); break;
  case VF_KIND_OVERRIDES: put_overrides(out, &d->request); break;
  case VF_KIND_HEADROOM: put_headroom(out, d->headroom); break;
  }
}

/* ---- Lists ------------------------------------------------------------------------------ */

bool vf_param_axis(const vf_param *p, vf_axis_kind *out) {
  static const struct {
    vf_param_id param;
    vf_axis_kind axis;
  } axes[] = {{VF_PARAM_MODEL, VF_AXIS_MODEL}, {VF_PARAM_ENGINE, VF_AXIS_ENGINE},
              {VF_PARAM_QUANT, VF_AXIS_QUANT}, {VF_PARAM_GPU, VF_AXIS_GPU},
              {VF_PARAM_GPUS, VF_AXIS_GPUS},   {VF_PARAM_KV, VF_AXIS_KV},
              {VF_PARAM_SEQS, VF_AXIS_SEQS},   {VF_PARAM_CTX, VF_AXIS_CTX}};
  for (size_t i = 0; i < sizeof axes / sizeof *axes; i++) {
    if (p != &vf_params[axes[i].param]) continue;
    *out = axes[i].axis;
    return true;
  }
  return false;
}

/* Numbers of this machine's devices have commas, too. */
static bool is_auto_list(const char *text) {
  return strncmp(text, "auto:", 5) == 0 && text[5 + strspn(text + 5, "0123456789,")] == '\0';
}

/* A comma that a blank follows is of a name: "Apple M1, 16 GB". */
size_t vf_axis_part_length(vf_axis_kind axis, const char *text) {
  size_t n = strcspn(text, ",");
  while (axis == VF_AXIS_GPU && text[n] == ',' && text[n + 1] == ' ')
    n += 1 + strcspn(text + n + 1, ",");
  return n;
}

bool vf_param_is_list(const vf_param *p, const char *text) {
  vf_axis_kind axis;
  if (!vf_param_axis(p, &axis)) return false;
  if (axis == VF_AXIS_GPU && is_auto_list(text)) return false;
  return text[vf_axis_part_length(axis, text)] == ',' || strcmp(text, "any") == 0;
}

/* ---- The public face -------------------------------------------------------------------- */

const char *vf_param_section(size_t i) {
  static const struct {
    size_t first;
    const char *title;
  } sections[] = {
#define SECTION(title)                                                   {SIZE_MAX, title},
#define PARAM(id, letter, name, argument, kind, field, scope, key, help) {VF_PARAM_##id, NULL},
#include "deploy/params.def"
#undef SECTION
#undef PARAM
  };
  const char *title = "";
  if (i >= VF_PARAM_COUNT) return title;
  for (size_t k = 0; k < sizeof sections / sizeof *sections; k++) {
    if (sections[k].title != NULL) title = sections[k].title;
    if (sections[k].title == NULL && sections[k].first == i) break;
  }
  return title;
}

const vf_param_info *vf_param_get(size_t i) {
  return i < VF_PARAM_COUNT ? &vf_params[i].info : NULL;
}

vf_status vf_deployment_set(vf_deployment *deployment, const char *name, const char *text,
                            vf_error *err) {
  VF_NEED(err, deployment);
  VF_NEED(err, name);
  VF_NEED(err, text);
  vf_deployment *d = deployment;
  vf_status status = vf_check_struct(sizeof *d, d, "vf_deployment", err);
  if (status != VF_OK) return status;
  const vf_param *p = vf_param_find(name, strlen(name));
  if (p == NULL) return vf_fail(err, VF_UNKNOWN, "no parameter is called '%.60s'", name);
  if (p->kind == VF_KIND_OVERRIDES) vf_param_clear(p, d);
  return vf_param_parse(p, d, text, VF_MEASURE_OURS, err);
}
