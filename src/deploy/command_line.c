/* command_line.c - engines' own options to a request, by one table.
 *
 * Only what moves memory is in the table; what is not is passed over, with its argument if the next
 * word cannot be an option.  Source of names and defaults: the engines' own documentation of their
 * options (vLLM engine/arg_utils.py, llama.cpp common/arg.cpp, SGLang server_args.py). */
#include "deploy/command_line.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/status.h"
#include "base/units.h"

/* ---- Words ------------------------------------------------------------------------------ */

/* One word, unquoted, from *s into `out`; false at the end or where a quote is left open. */
static bool next_word(char *out, const char **s, bool *open) {
  const char *c = *s + strspn(*s, " \t\r\n");
  char quote = '\0';
  size_t n = 0;
  *open = false;
  if (*c == '\0') return false;
  for (; *c != '\0' && (quote != '\0' || strchr(" \t\r\n", *c) == NULL); c++) {
    if (quote == '\0' && (*c == '\'' || *c == '"')) {
      quote = *c;
    } else if (quote != '\0' && *c == quote) {
      quote = '\0';
    } else {
      if (*c == '\\' && quote != '\'' && c[1] != '\0') c++;
      out[n++] = *c;
    }
  }
  out[n] = '\0';
  *s = c;
  *open = quote != '\0';
  return true;
}

vf_status vf_command_split(const char ***out, size_t *count, const char *text, vf_arena *arena,
                           vf_error *err) {
  size_t length = strlen(text), n = 0;
  const char **words = vf_arena_alloc(arena, length / 2 + 2, sizeof *words);
  char *buf = vf_arena_alloc(arena, length + 1, 1);
  bool open;
  if (words == NULL || buf == NULL) return vf_fail_nomem(err);
  for (const char *s = text; next_word(buf, &s, &open);) {
    if (open) return vf_fail(err, VF_MALFORMED, "a quote is not closed");
    words[n] = vf_arena_copy(arena, buf, strlen(buf));
    if (words[n++] == NULL) return vf_fail_nomem(err);
  }
  *out = words;
  *count = n;
  return VF_OK;
}

/* ---- Engines ---------------------------------------------------------------------------- */

/* What follows the last slash: "/app/llama-server" is "llama-server". */
static const char *base_name(const char *word) {
  const char *slash = strrchr(word, '/');
  return slash != NULL ? slash + 1 : word;
}

static bool is_word(const char *const *words, size_t count, size_t i, const char *text) {
  return i < count && strcmp(base_name(words[i]), text) == 0;
}

const char *vf_command_engine(const char *const *words, size_t count, size_t *used) {
  static const struct {
    const char *words[3], *engine;
  } starts[] = {
      {{"vllm", "serve", NULL}, "vllm"},
      {{"-m", "vllm.entrypoints.openai.api_server", NULL}, "vllm"},
      {{"sglang", "serve", NULL}, "sglang"},
      {{"-m", "sglang.launch_server", NULL}, "sglang"},
      {{"llama-server", NULL, NULL}, "llama.cpp"},
      {{"ollama", "serve", NULL}, "ollama"},
  };
  for (size_t at = 0; at < count && at < 8; at++)
    for (size_t i = 0; i < sizeof starts / sizeof *starts; i++) {
      size_t n = 0;
      while (starts[i].words[n] != NULL && is_word(words, count, at + n, starts[i].words[n])) n++;
      if (starts[i].words[n] != NULL) continue;
      *used = at + n;
      return starts[i].engine;
    }
  return NULL;
}

/* ---- Options ---------------------------------------------------------------------------- */

typedef enum option_kind {
  OPTION_MODEL,
  OPTION_HF, /* a repository; its files are Q4_K_M unless it says otherwise */
  OPTION_QUANT,
  OPTION_TOKENS64,
  OPTION_TOKENS32,
  OPTION_COUNT,
  OPTION_LAYERS,
  OPTION_SHARE,
  OPTION_KV,
  OPTION_FORMAT,
  OPTION_SWITCH,
  OPTION_MIB,
  OPTION_FLAG,
} option_kind;

typedef struct option_row {
  const char *engine, *name;
  option_kind kind;
  size_t offset; /* in vf_request */
} option_row;

#define AT(field) offsetof(vf_request, field)

static const option_row rows[] = {
    {"vllm", "--model", OPTION_MODEL, 0},
    {"vllm", "--quantization", OPTION_QUANT, 0},
    {"vllm", "-q", OPTION_QUANT, 0},
    {"vllm", "--max-model-len", OPTION_TOKENS64, AT(ctx_tokens)},
    {"vllm", "--gpu-memory-utilization", OPTION_SHARE, AT(memory_fraction_ppm)},
    {"vllm", "--max-num-seqs", OPTION_COUNT, AT(max_num_seqs)},
    {"vllm", "--max-num-batched-tokens", OPTION_TOKENS32, AT(max_num_batched_tokens)},
    {"vllm", "--kv-cache-dtype", OPTION_KV, 0},
    {"vllm", "--tensor-parallel-size", OPTION_COUNT, AT(tp)},
    {"vllm", "-tp", OPTION_COUNT, AT(tp)},
    {"vllm", "--pipeline-parallel-size", OPTION_COUNT, AT(pp)},
    {"vllm", "-pp", OPTION_COUNT, AT(pp)},
    {"vllm", "--block-size", OPTION_COUNT, AT(block_size)},
    {"vllm", "--enforce-eager", OPTION_FLAG, AT(enforce_eager)},
    {"sglang", "--model-path", OPTION_MODEL, 0},
    {"sglang", "--model", OPTION_MODEL, 0},
    {"sglang", "--quantization", OPTION_QUANT, 0},
    {"sglang", "--context-length", OPTION_TOKENS64, AT(ctx_tokens)},
    {"sglang", "--mem-fraction-static", OPTION_SHARE, AT(memory_fraction_ppm)},
    {"sglang", "--max-running-requests", OPTION_COUNT, AT(max_num_seqs)},
    {"sglang", "--chunked-prefill-size", OPTION_TOKENS32, AT(max_num_batched_tokens)},
    {"sglang", "--kv-cache-dtype", OPTION_KV, 0},
    {"sglang", "--tp-size", OPTION_COUNT, AT(tp)},
    {"sglang", "--tp", OPTION_COUNT, AT(tp)},
    {"sglang", "--tensor-parallel-size", OPTION_COUNT, AT(tp)},
    {"sglang", "--disable-cuda-graph", OPTION_FLAG, AT(enforce_eager)},
    {"llama.cpp", "-m", OPTION_MODEL, 0},
    {"llama.cpp", "--model", OPTION_MODEL, 0},
    {"llama.cpp", "-hf", OPTION_HF, 0},
    {"llama.cpp", "-hfr", OPTION_HF, 0},
    {"llama.cpp", "--hf-repo", OPTION_HF, 0},
    {"llama.cpp", "-c", OPTION_TOKENS64, AT(ctx_tokens)},
    {"llama.cpp", "--ctx-size", OPTION_TOKENS64, AT(ctx_tokens)},
    {"llama.cpp", "-np", OPTION_COUNT, AT(seqs)},
    {"llama.cpp", "--parallel", OPTION_COUNT, AT(seqs)},
    {"llama.cpp", "-ub", OPTION_TOKENS32, AT(ubatch_tokens)},
    {"llama.cpp", "--ubatch-size", OPTION_TOKENS32, AT(ubatch_tokens)},
    {"llama.cpp", "-ngl", OPTION_LAYERS, AT(gpu_layers)},
    {"llama.cpp", "--gpu-layers", OPTION_LAYERS, AT(gpu_layers)},
    {"llama.cpp", "--n-gpu-layers", OPTION_LAYERS, AT(gpu_layers)},
    {"llama.cpp", "-ctk", OPTION_FORMAT, AT(kv_k)},
    {"llama.cpp", "--cache-type-k", OPTION_FORMAT, AT(kv_k)},
    {"llama.cpp", "-ctv", OPTION_FORMAT, AT(kv_v)},
    {"llama.cpp", "--cache-type-v", OPTION_FORMAT, AT(kv_v)},
    {"llama.cpp", "-fa", OPTION_SWITCH, AT(flash_attn)},
    {"llama.cpp", "--flash-attn", OPTION_SWITCH, AT(flash_attn)},
    {"llama.cpp", "-kvu", OPTION_FLAG, AT(kv_unified)},
    {"llama.cpp", "--kv-unified", OPTION_FLAG, AT(kv_unified)},
    {"llama.cpp", "-nkvo", OPTION_FLAG, AT(no_kv_offload)},
    {"llama.cpp", "--no-kv-offload", OPTION_FLAG, AT(no_kv_offload)},
    {"llama.cpp", "--no-mmap", OPTION_FLAG, AT(no_mmap)},
    {"llama.cpp", "--swa-full", OPTION_FLAG, AT(swa_full)},
    {"llama.cpp", "-ncmoe", OPTION_COUNT, AT(cpu_moe_layers)},
    {"llama.cpp", "--n-cpu-moe", OPTION_COUNT, AT(cpu_moe_layers)},
    {"llama.cpp", "-cram", OPTION_MIB, AT(prompt_cache_bytes)},
    {"llama.cpp", "--cache-ram", OPTION_MIB, AT(prompt_cache_bytes)},
};

static const option_row *find_row(const char *engine, const char *name, size_t length) {
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    if (strcmp(rows[i].engine, engine) != 0 || strlen(rows[i].name) != length) continue;
    size_t n = 0;
    while (n < length && (rows[i].name[n] == name[n] || (rows[i].name[n] == '-' && name[n] == '_')))
      n++;
    if (n == length) return &rows[i];
  }
  return NULL;
}

/* ---- Values ----------------------------------------------------------------------------- */

static bool read_count(uint64_t *out, const char *text, uint64_t most) {
  uint64_t n = 0;
  if (text[0] == '\0' || strlen(text) > 12) return false;
  for (; *text != '\0'; text++) {
    if (*text < '0' || *text > '9') return false;
    n = n * 10 + (uint64_t)(*text - '0');
  }
  *out = n;
  return n <= most;
}

/* vLLM's "8k" is 8000 and "8K" 8192; its decimals (25.6k) count too. */
static bool read_tokens(uint64_t *out, const char *text, const char *engine) {
  vf_error cause;
  char *end;
  if (strcmp(engine, "vllm") == 0 && strchr(text, 'k') != NULL) {
    double value = strtod(text, &end);
    if (end == text || strcmp(end, "k") != 0 || !(value > 0.0 && value < 1e7)) return false;
    *out = (uint64_t)(value * 1000.0 + 0.5);
    return true;
  }
  return vf_tokens_parse(out, text, &cause) == VF_OK;
}

static bool read_kv(vf_format *out, const char *text) {
  static const char *const words[][2] = {{"fp8", "f8_e4m3"},
                                         {"fp8_e4m3", "f8_e4m3"},
                                         {"fp8_e5m2", "f8_e5m2"},
                                         {"bfloat16", "bf16"},
                                         {"float16", "f16"}};
  vf_error cause;
  if (strcmp(text, "auto") == 0) return true;
  for (size_t i = 0; i < sizeof words / sizeof *words; i++)
    if (strcmp(text, words[i][0]) == 0) text = words[i][1];
  return vf_format_find(out, text, &cause) == VF_OK;
}

static bool read_share(uint32_t *out, const char *text) {
  char *end;
  double share = strtod(text, &end);
  if (end == text || *end != '\0' || !(share >= 0.01 && share <= 1.0)) return false;
  *out = (uint32_t)(share * 1e6 + 0.5);
  return true;
}

static bool read_switch(vf_switch *out, const char *text) {
  static const char *const on[] = {"on", "1", "true", "enabled"}, *const off[] = {"off", "0",
                                                                                  "false",
                                                                                  "disabled"};
  *out = VF_AUTO;
  for (size_t i = 0; i < 4; i++) {
    if (strcmp(text, on[i]) == 0) *out = VF_ON;
    if (strcmp(text, off[i]) == 0) *out = VF_OFF;
  }
  return *out != VF_AUTO || strcmp(text, "auto") == 0;
}

/* 0 and "auto" leave the context to the engine. */
static bool set_tokens(vf_scenario_workload *w, const option_row *row, const char *text) {
  uint64_t n = 0;
  bool engines = strcmp(text, "0") == 0 || strcmp(text, "auto") == 0 || strcmp(text, "-1") == 0;
  char *field = (char *)&w->request + row->offset;
  if (!engines && !read_tokens(&n, text, row->engine)) return false;
  if (row->kind == OPTION_TOKENS64) {
    memcpy(field, &n, sizeof n);
    return true;
  }
  uint32_t small = (uint32_t)n;
  memcpy(field, &small, sizeof small);
  return n <= 1 << 24;
}

static bool set_number(vf_scenario_workload *w, const option_row *row, const char *text) {
  uint64_t n = 0;
  uint32_t small;
  int64_t bytes;
  void *field = (char *)&w->request + row->offset;
  bool read = read_count(&n, text, row->kind == OPTION_MIB ? 1 << 20 : VF_MAX_SEQS);
  if (row->kind == OPTION_LAYERS &&
      (strcmp(text, "all") == 0 || strcmp(text, "auto") == 0 || strcmp(text, "-1") == 0))
    return true;
  if (row->kind == OPTION_COUNT && strcmp(text, "-1") == 0) return true;
  if (!read) return false;
  small = (uint32_t)n;
  bytes = (int64_t)(n * VF_MIB);
  if (row->kind == OPTION_MIB)
    memcpy(field, &bytes, sizeof bytes);
  else
    memcpy(field, &small, sizeof small);
  return true;
}

static bool set_value(vf_scenario_workload *w, const option_row *row, const char *text) {
  char *field = (char *)&w->request + row->offset;
  switch (row->kind) {
  case OPTION_MODEL: w->model = text; return text[0] != '\0';
  case OPTION_HF:
    w->model = text;
    if (w->quant == NULL && strchr(text, ':') == NULL) w->quant = "q4_k_m";
    return text[0] != '\0';
  case OPTION_QUANT: w->quant = text; return text[0] != '\0';
  case OPTION_TOKENS64:
  case OPTION_TOKENS32: return set_tokens(w, row, text);
  case OPTION_COUNT:
  case OPTION_LAYERS:
  case OPTION_MIB: return set_number(w, row, text);
  case OPTION_SHARE: return read_share((uint32_t *)(void *)field, text);
  case OPTION_FORMAT: return read_kv((vf_format *)(void *)field, text);
  case OPTION_SWITCH: return read_switch((vf_switch *)(void *)field, text);
  case OPTION_FLAG: *(bool *)(void *)field = true; return true;
  case OPTION_KV:
    if (!read_kv(&w->request.kv_k, text)) return false;
    w->request.kv_v = w->request.kv_k;
    return true;
  }
  return false;
}

/* ---- All of it -------------------------------------------------------------------------- */

/* One option at words[*i], with its argument; *i goes to its last word. */
static vf_status read_option(vf_scenario_workload *w, const char *engine, const char *const *words,
                             size_t count, size_t *i, vf_error *err) {
  const char *word = words[*i], *equals = strchr(word, '=');
  size_t length = equals != NULL ? (size_t)(equals - word) : strlen(word);
  const option_row *row = find_row(engine, word, length);
  bool next_is_value = *i + 1 < count && words[*i + 1][0] != '-';
  const char *value = equals != NULL ? equals + 1 : NULL;
  if (row != NULL && row->kind == OPTION_FLAG) return set_value(w, row, ""), VF_OK;
  if (row == NULL) {
    if (value == NULL && next_is_value) ++*i;
    return VF_OK;
  }
  if (row->kind == OPTION_SWITCH && value == NULL && !next_is_value) value = "on";
  if (value == NULL && *i + 1 < count) value = words[++*i];
  if (value != NULL && set_value(w, row, value)) return VF_OK;
  return vf_fail(err, VF_MALFORMED, "%.40s: '%.60s' makes no sense", row->name,
                 value != NULL ? value : "");
}

/* With -np slots of their own, -c is for all of them. */
static void share_context(vf_request *r) {
  if (r->kv_unified || r->seqs <= 1 || r->ctx_tokens == 0) return;
  r->ctx_tokens = r->ctx_tokens < r->seqs ? 1 : r->ctx_tokens / r->seqs;
}

vf_status vf_command_options(vf_scenario_workload *w, const char *engine, const char *const *words,
                             size_t count, vf_error *err) {
  vf_status status = VF_OK;
  bool llama_server = strcmp(engine, "llama.cpp") == 0;
  w->request.engine = llama_server ? "llama-server" : engine;
  for (size_t i = 0; status == VF_OK && i < count; i++) {
    if (words[i][0] == '-' && words[i][1] != '\0')
      status = read_option(w, engine, words, count, &i, err);
    else if (strcmp(engine, "vllm") == 0 && w->model == NULL)
      w->model = words[i];
  }
  if (status == VF_OK && llama_server) share_context(&w->request);
  return status;
}
