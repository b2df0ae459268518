/* launch.c - the command that runs a plan: a table of flags for each engine.
 *
 * What the estimate made of the request is said, not the request: defaults that differ between
 * releases are named (context, sequences), others only if they were asked for.  Flags as the
 * engines' own --help has them: llama.cpp v0.5.0 common/arg.cpp, Ollama docs/modelfile.mdx and
 * envconfig, vLLM engine/arg_utils.py, SGLang server_args.py, trtllm-serve, TGI's launcher,
 * mlx_lm.server. */
#include <ctype.h>
#include <inttypes.h>
#include <string.h>

#include "base/checked.h"
#include "base/names.h"
#include "base/status.h"
#include "base/units.h"
#include "core/format.h"
#include "engines/engine.h"
#include "vramfit/deploy.h"

/* ---- What can be said ------------------------------------------------------------------- */

typedef enum word {
  SAY_MODEL,
  SAY_CTX,       /* per sequence */
  SAY_CTX_TOTAL, /* of all sequences: llama-server shares it out */
  SAY_SEQS,
  SAY_KV_K,
  SAY_KV_V,
  SAY_KV, /* of both, where an engine has one flag for them */
  SAY_FLASH_ATTN,
  SAY_GPU_LAYERS,
  SAY_CPU_MOE,
  SAY_OVERRIDES,
  SAY_SPLIT,
  SAY_MAIN_GPU,
  SAY_TENSOR_SPLIT,
  SAY_NO_KV_OFFLOAD,
  SAY_NO_MMAP,
  SAY_SWA_FULL,
  SAY_KV_UNIFIED,
  SAY_CACHE_RAM,
  SAY_UBATCH,
  SAY_MMPROJ,
  SAY_LORA,
  SAY_DRAFT,
  SAY_QUANTIZATION,
  SAY_TP,
  SAY_SHARDS, /* the same, where 1 is the default and stages do not exist */
  SAY_PP,
  SAY_DP,
  SAY_EXPERT_PARALLEL,
  SAY_EP,
  SAY_DCP,
  SAY_FRACTION,
  SAY_MAX_SEQS,
  SAY_MAX_TOKENS,
  SAY_BLOCK_SIZE,
  SAY_BLOCKS,
  SAY_KV_BYTES,
  SAY_CPU_OFFLOAD,
  SAY_MAX_LORAS,
  SAY_MAX_LORA_RANK,
  SAY_TEXT_ONLY,
  SAY_EAGER,
  SAY_END
} word;

typedef struct flag {
  word what;
  const char *name; /* "": the value alone */
} flag;

typedef struct launcher {
  const char *engine; /* vf_engine.name */
  const char *program;
  const flag *flags;
  const char *suffix; /* of a file that stands for the model; "": a repository does */
} launcher;

static const flag llamacpp[] = {
    {SAY_MODEL, "-m"},          {SAY_CTX_TOTAL, "-c"},
    {SAY_SEQS, "-np"},          {SAY_GPU_LAYERS, "-ngl"},
    {SAY_CPU_MOE, "-ncmoe"},    {SAY_OVERRIDES, "-ot"},
    {SAY_SPLIT, "-sm"},         {SAY_MAIN_GPU, "-mg"},
    {SAY_TENSOR_SPLIT, "-ts"},  {SAY_KV_K, "-ctk"},
    {SAY_KV_V, "-ctv"},         {SAY_FLASH_ATTN, "-fa"},
    {SAY_UBATCH, "-ub"},        {SAY_NO_KV_OFFLOAD, "-nkvo"},
    {SAY_NO_MMAP, "--no-mmap"}, {SAY_SWA_FULL, "--swa-full"},
    {SAY_KV_UNIFIED, "-kvu"},   {SAY_CACHE_RAM, "-cram"},
    {SAY_MMPROJ, "--mmproj"},   {SAY_LORA, "--lora"},
    {SAY_DRAFT, "-md"},         {SAY_END, NULL},
};

static const flag vllm[] = {
    {SAY_MODEL, ""},
    {SAY_CTX, "--max-model-len"},
    {SAY_QUANTIZATION, "--quantization"},
    {SAY_KV, "--kv-cache-dtype"},
    {SAY_TP, "--tensor-parallel-size"},
    {SAY_PP, "--pipeline-parallel-size"},
    {SAY_DP, "--data-parallel-size"},
    {SAY_EXPERT_PARALLEL, "--enable-expert-parallel"},
    {SAY_DCP, "--decode-context-parallel-size"},
    {SAY_FRACTION, "--gpu-memory-utilization"},
    {SAY_MAX_SEQS, "--max-num-seqs"},
    {SAY_MAX_TOKENS, "--max-num-batched-tokens"},
    {SAY_BLOCK_SIZE, "--block-size"},
    {SAY_BLOCKS, "--num-gpu-blocks-override"},
    {SAY_KV_BYTES, "--kv-cache-memory-bytes"},
    {SAY_CPU_OFFLOAD, "--cpu-offload-gb"},
    {SAY_MAX_LORAS, "--enable-lora --max-loras"},
    {SAY_MAX_LORA_RANK, "--max-lora-rank"},
    {SAY_TEXT_ONLY, "--language-model-only"},
    {SAY_SWA_FULL, "--disable-hybrid-kv-cache-manager"},
    {SAY_EAGER, "--enforce-eager"},
    {SAY_END, NULL},
};

static const flag sglang[] = {
    {SAY_MODEL, "--model-path"},
    {SAY_CTX, "--context-length"},
    {SAY_QUANTIZATION, "--quantization"},
    {SAY_KV, "--kv-cache-dtype"},
    {SAY_TP, "--tp-size"},
    {SAY_PP, "--pp-size"},
    {SAY_DP, "--dp-size"},
    {SAY_EP, "--ep-size"},
    {SAY_FRACTION, "--mem-fraction-static"},
    {SAY_MAX_SEQS, "--max-running-requests"},
    {SAY_MAX_TOKENS, "--chunked-prefill-size"},
    {SAY_BLOCK_SIZE, "--page-size"},
    {SAY_CPU_OFFLOAD, "--cpu-offload-gb"},
    {SAY_MAX_LORAS, "--enable-lora --max-loras-per-batch"},
    {SAY_MAX_LORA_RANK, "--max-lora-rank"},
    {SAY_SWA_FULL, "--disable-hybrid-swa-memory"},
    {SAY_EAGER, "--disable-cuda-graph"},
    {SAY_END, NULL},
};

static const flag tensorrt_llm[] = {
    {SAY_MODEL, ""},
    {SAY_CTX, "--max_seq_len"},
    {SAY_TP, "--tp_size"},
    {SAY_PP, "--pp_size"},
    {SAY_EP, "--ep_size"},
    {SAY_FRACTION, "--free_gpu_memory_fraction"},
    {SAY_MAX_SEQS, "--max_batch_size"},
    {SAY_MAX_TOKENS, "--max_num_tokens"},
    {SAY_END, NULL},
};

static const flag tgi[] = {
    {SAY_MODEL, "--model-id"},
    {SAY_CTX, "--max-total-tokens"},
    {SAY_KV, "--kv-cache-dtype"},
    {SAY_SHARDS, "--num-shard"},
    {SAY_FRACTION, "--cuda-memory-fraction"},
    {SAY_MAX_TOKENS, "--max-batch-prefill-tokens"},
    {SAY_END, NULL},
};

static const flag mlx[] = {
    {SAY_MODEL, "--model"},
    {SAY_MAX_TOKENS, "--prefill-step-size"},
    {SAY_DRAFT, "--draft-model"},
    {SAY_END, NULL},
};

static const launcher launchers[] = {
    {"llama.cpp", "llama-server", llamacpp, ".gguf"},
    {"llama-server", "llama-server", llamacpp, ".gguf"},
    {"llama-cli", "llama-cli", llamacpp, ".gguf"},
    {"ik_llama.cpp", "llama-server", llamacpp, ".gguf"},
    {"vllm", "vllm serve", vllm, ""},
    {"sglang", "python -m sglang.launch_server", sglang, ""},
    {"tensorrt-llm", "trtllm-serve", tensorrt_llm, ""},
    {"tgi", "text-generation-launcher", tgi, ""},
    {"mlx", "mlx_lm.server", mlx, ""},
};

/* ---- Values ----------------------------------------------------------------------------- */

typedef struct plan {
  const vf_estimate *e;
  const vf_workload *w;
  const vf_request *r;
  const vf_launch_names *names;
  const launcher *by;
  bool stands; /* the model's name stands for one that is not known */
} plan;

/* As one word of a POSIX shell. */
static void put_word(vf_text *t, const char *s) {
  bool plain = s[0] != '\0';
  for (const char *c = s; *c != '\0'; c++)
    plain &= isalnum((unsigned char)*c) != 0 || strchr("-_./:=,@+%", *c) != NULL;
  if (plain) {
    vf_text_put(t, s);
    return;
  }
  vf_text_put(t, "'");
  for (const char *c = s; *c != '\0'; c++) {
    if (*c == '\'')
      vf_text_put(t, "'\\''");
    else
      vf_text_bytes(t, c, 1);
  }
  vf_text_put(t, "'");
}

static bool put_number(vf_text *t, uint64_t n, bool said) {
  if (said) vf_text_printf(t, "%" PRIu64, n);
  return said;
}

static bool is_quant(const plan *p, const char *name) {
  return p->names->quant != NULL && vf_name_equal(p->names->quant, name);
}

static bool has_flag(const launcher *by, word what) {
  const flag *f = by->flags;
  while (f->what != SAY_END && f->what != what) f++;
  return f->what == what;
}

/* Whether a repository's own files are what was asked for: as they are, or made so when loaded. */
static bool is_published(const plan *p) {
  bool made = has_flag(p->by, SAY_QUANTIZATION);
  bool fp8 = is_quant(p, "fp8") && (made || p->e->model->own_format == VF_FORMAT_F8_E4M3);
  bool plain = is_quant(p, "bf16") || is_quant(p, "f16") || is_quant(p, "fp16");
  return p->by->suffix[0] == '\0' && p->e->model->repo[0] != '\0' &&
         (p->names->quant == NULL || plain || fp8);
}

/* A repository holds what its makers published; other formats are somebody else's files. */
static bool put_model(plan *p, vf_text *t) {
  const vf_model *m = p->e->model;
  char name[256];
  vf_text n = vf_text_on(name, sizeof name);
  bool named = strcmp(m->source, "catalog") != 0 && p->names->model != NULL;
  if (named) {
    put_word(t, p->names->model);
  } else if (is_published(p)) {
    put_word(t, m->repo);
  } else {
    p->stands = true;
    bool gguf = p->by->suffix[0] != '\0' || p->names->quant == NULL;
    vf_text_printf(&n, "%s-%s%s", m->id, gguf ? m->quant : p->names->quant, p->by->suffix);
    put_word(t, name);
  }
  return true;
}

static bool put_format(vf_text *t, vf_format asked, vf_format format) {
  if (asked == VF_FORMAT_NONE) return false;
  vf_text_put(t, vf_format_get(format)->name);
  return true;
}

/* Names of 8-bit caches differ from those of the formats; all others follow the weights. */
static bool put_kv(vf_text *t, vf_format format) {
  if (format == VF_FORMAT_F8_E4M3) vf_text_put(t, "fp8_e4m3");
  if (format == VF_FORMAT_F8_E5M2) vf_text_put(t, "fp8_e5m2");
  return format == VF_FORMAT_F8_E4M3 || format == VF_FORMAT_F8_E5M2;
}

static bool put_gpu_layers(const plan *p, vf_text *t) {
  if (p->w->gpu_layers > p->e->model->n_layers)
    vf_text_put(t, "all");
  else
    vf_text_printf(t, "%" PRIu32, p->w->gpu_layers);
  return true;
}

static bool put_split(const plan *p, vf_text *t) {
  static const char *const words[VF_SPLIT_COUNT] = {
      [VF_SPLIT_LAYER] = "layer",
      [VF_SPLIT_NONE] = "none",
      [VF_SPLIT_ROW] = "row",
      [VF_SPLIT_TENSOR] = "tensor",
  };
  vf_text_put(t, words[p->r->split]);
  return p->r->split == VF_SPLIT_NONE || (p->e->n_devices > 2 && p->r->split != VF_SPLIT_LAYER);
}

static bool put_tensor_split(const plan *p, vf_text *t) {
  for (size_t i = 0; i < p->r->tensor_split_count; i++)
    vf_text_printf(t, "%s%" PRIu32, i == 0 ? "" : ",", p->r->tensor_split[i]);
  return p->r->tensor_split_count != 0;
}

static bool put_overrides(const plan *p, vf_text *t) {
  char list[512];
  vf_text o = vf_text_on(list, sizeof list);
  for (size_t i = 0; i < p->r->override_count; i++) {
    const vf_override *v = &p->r->overrides[i];
    vf_text_printf(&o, "%s%.*s=", i == 0 ? "" : ",", (int)v->length, v->pattern);
    if (v->device < 0)
      vf_text_put(&o, "CPU");
    else
      vf_text_printf(&o, "CUDA%d", (int)v->device);
  }
  if (p->r->override_count != 0) put_word(t, list);
  return p->r->override_count != 0;
}

static bool put_fraction(const plan *p, vf_text *t) {
  char digits[16];
  vf_text d = vf_text_on(digits, sizeof digits);
  vf_text_printf(&d, "%" PRIu32 ".%06" PRIu32, p->r->memory_fraction_ppm / 1000000,
                 p->r->memory_fraction_ppm % 1000000);
  size_t n = d.length;
  while (n > 3 && digits[n - 1] == '0') n--;
  vf_text_bytes(t, digits, n);
  return p->r->memory_fraction_ppm != 0;
}

static bool put_file(vf_text *t, const char *name) {
  if (name != NULL) put_word(t, name);
  return name != NULL;
}

static bool put_flash(const plan *p, vf_text *t) {
  vf_text_put(t, p->w->flash_attn ? "on" : "off");
  return p->r->flash_attn != VF_AUTO;
}

static bool put_quantization(const plan *p, vf_text *t) {
  bool made = is_quant(p, "fp8") && p->e->model->own_format != VF_FORMAT_F8_E4M3;
  if (made) vf_text_put(t, "fp8");
  return made;
}

/* The value of a flag; false: it is not said.  A flag without a value leaves the text empty. */
static bool put_value(plan *p, word what, vf_text *t) {
  const vf_request *r = p->r;
  const vf_workload *w = p->w;
  switch (what) {
  case SAY_MODEL: return put_model(p, t);
  case SAY_CTX: return put_number(t, w->requested_ctx_tokens, true);
  case SAY_CTX_TOTAL: return put_number(t, w->ctx_tokens * (w->kv_unified ? 1 : w->seqs), true);
  case SAY_SEQS: return put_number(t, w->seqs, strcmp(p->by->program, "llama-server") == 0);
  case SAY_KV_K: return put_format(t, r->kv_k, w->kv_k);
  case SAY_KV_V: return put_format(t, r->kv_v, w->kv_v);
  case SAY_KV: return put_kv(t, r->kv_k);
  case SAY_FLASH_ATTN: return put_flash(p, t);
  case SAY_GPU_LAYERS: return put_gpu_layers(p, t);
  case SAY_CPU_MOE:
    return put_number(t, vf_min_u64(r->cpu_moe_layers, p->e->model->n_layers),
                      r->cpu_moe_layers != 0);
  case SAY_OVERRIDES: return put_overrides(p, t);
  case SAY_SPLIT: return put_split(p, t);
  case SAY_MAIN_GPU: return put_number(t, r->main_gpu, r->split == VF_SPLIT_NONE);
  case SAY_NO_MMAP: return r->no_mmap;
  case SAY_TENSOR_SPLIT: return put_tensor_split(p, t);
  case SAY_NO_KV_OFFLOAD: return r->no_kv_offload;
  case SAY_SWA_FULL: return r->swa_full;
  case SAY_KV_UNIFIED: return w->kv_unified;
  case SAY_CACHE_RAM:
    return put_number(t, (uint64_t)r->prompt_cache_bytes >> 20, r->prompt_cache_bytes >= 0);
  case SAY_UBATCH: return put_number(t, r->ubatch_tokens, r->ubatch_tokens != 0);
  case SAY_MMPROJ: return put_file(t, p->names->mmproj);
  case SAY_LORA: return put_file(t, p->names->lora);
  case SAY_DRAFT: return put_file(t, p->names->draft);
  case SAY_QUANTIZATION: return put_quantization(p, t);
  case SAY_TP:
  case SAY_SHARDS: return put_number(t, w->tp, w->tp > 1);
  case SAY_PP: return put_number(t, w->pp, w->pp > 1);
  case SAY_DP: return put_number(t, w->dp, w->dp > 1);
  case SAY_EXPERT_PARALLEL: return r->ep > 1;
  case SAY_EP: return put_number(t, w->ep, w->ep > 1);
  case SAY_DCP: return put_number(t, r->dcp, r->dcp > 1);
  case SAY_FRACTION: return put_fraction(p, t);
  case SAY_MAX_SEQS: return put_number(t, r->max_num_seqs, r->max_num_seqs != 0);
  case SAY_MAX_TOKENS:
    return put_number(t, r->max_num_batched_tokens, r->max_num_batched_tokens != 0);
  case SAY_BLOCK_SIZE: return put_number(t, r->block_size, r->block_size != 0);
  case SAY_BLOCKS: return put_number(t, r->num_gpu_blocks, r->num_gpu_blocks != 0);
  case SAY_KV_BYTES: return put_number(t, r->kv_cache_memory_bytes, r->kv_cache_memory_bytes != 0);
  case SAY_CPU_OFFLOAD:
    return put_number(t, (r->cpu_offload_bytes + VF_GIB - 1) / VF_GIB, r->cpu_offload_bytes != 0);
  case SAY_MAX_LORAS: return put_number(t, r->max_loras, r->max_loras != 0);
  case SAY_MAX_LORA_RANK: return put_number(t, r->max_lora_rank, r->max_lora_rank != 0);
  case SAY_TEXT_ONLY: return r->text_only;
  case SAY_EAGER: return r->enforce_eager;
  case SAY_END: break;
  }
  return false;
}

/* ---- Commands --------------------------------------------------------------------------- */

static vf_text new_item(vf_launch *out, const char *kind, const char *name) {
  vf_launch_item *item = &out->items[out->count++];
  item->kind = kind;
  item->name = name;
  return vf_text_on(item->text, sizeof item->text);
}

static void add_command(vf_launch *out, plan *p) {
  vf_text t = new_item(out, "command", p->by->program);
  vf_text_put(&t, p->by->program);
  for (const flag *f = p->by->flags; f->what != SAY_END; f++) {
    char value[1024];
    vf_text v = vf_text_on(value, sizeof value);
    if (!put_value(p, f->what, &v)) continue;
    vf_text_printf(&t, "%s%s", f->name[0] != '\0' ? " " : "", f->name);
    if (v.buf[0] != '\0') vf_text_put(&t, " ");
    vf_text_put(&t, value);
  }
}

/* trtllm-serve has no flag for it: a file has. */
static void add_trtllm_options(vf_launch *out, const plan *p) {
  char kv[16];
  vf_text v = vf_text_on(kv, sizeof kv);
  if (strcmp(p->by->engine, "tensorrt-llm") != 0 || !put_kv(&v, p->r->kv_k)) return;
  size_t n = strlen(out->items[0].text);
  vf_text command = {out->items[0].text, sizeof out->items[0].text, n};
  vf_text_put(&command, " --config options.yaml");
  vf_text t = new_item(out, "file", "options.yaml");
  vf_text_put(&t, "kv_cache_config:\n  dtype: fp8");
}

/* Ollama takes the context from a Modelfile, and the rest from its server's environment. */
static void launch_ollama(vf_launch *out, plan *p) {
  const vf_model *m = p->e->model;
  vf_text file = new_item(out, "file", "Modelfile");
  vf_text_put(&file, "FROM ");
  put_word(&file, p->names->model != NULL ? p->names->model : m->id);
  vf_text_printf(&file, "\nPARAMETER num_ctx %" PRIu64, p->w->requested_ctx_tokens);
  if (p->r->ubatch_tokens != 0)
    vf_text_printf(&file, "\nPARAMETER num_batch %" PRIu32, p->r->ubatch_tokens);
  if (p->w->gpu_layers <= m->n_layers)
    vf_text_printf(&file, "\nPARAMETER num_gpu %" PRIu32, p->w->gpu_layers);
  vf_text server = new_item(out, "command", "ollama serve");
  vf_text_printf(&server, "OLLAMA_NUM_PARALLEL=%" PRIu32, p->w->seqs);
  if (p->r->kv_k != VF_FORMAT_NONE)
    vf_text_printf(&server, " OLLAMA_KV_CACHE_TYPE=%s", vf_format_get(p->w->kv_k)->name);
  if (p->r->flash_attn != VF_AUTO)
    vf_text_printf(&server, " OLLAMA_FLASH_ATTENTION=%d", p->w->flash_attn ? 1 : 0);
  vf_text_put(&server, " ollama serve");
  vf_text create = new_item(out, "command", "ollama create");
  vf_text_put(&create, "ollama create planned -f Modelfile && ollama run planned");
}

vf_status vf_launch_make(vf_launch *out, const vf_estimate *e, const vf_request *request,
                         const vf_launch_names *names, vf_error *err) {
  static const launcher ollama = {"ollama", "ollama", NULL, ""};
  const char *engine = e->engine->name;
  vf_launch launch = {.note = ""};
  plan p = {.e = e, .w = &e->workload, .r = request, .names = names};
  for (size_t i = 0; i < sizeof launchers / sizeof *launchers; i++)
    if (strcmp(launchers[i].engine, engine) == 0) p.by = &launchers[i];
  if (strcmp(engine, ollama.engine) == 0) p.by = &ollama;
  if (p.by == NULL)
    return vf_fail(err, VF_UNSUPPORTED, "--launch: %s is not started by a command line", engine);
  if (p.by == &ollama)
    launch_ollama(&launch, &p);
  else
    add_command(&launch, &p);
  add_trtllm_options(&launch, &p);
  if (p.stands) launch.note = "the model's name stands for your own copy in that format";
  *out = launch;
  return VF_OK;
}
