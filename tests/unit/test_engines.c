/* test_engines.c - lines of engines that no truth row measures, worked out from their own rules. */
#include "support.h"

#include "core/estimate.h"
#include "engines/ggml/flash.h"
#include "engines/llamacpp/builds.h"

static vf_context *ctx;
static vf_estimate *estimate;
static vf_model *model;

static int open_all(void **state) {
  (void)state;
  return vf_context_new(&ctx, NULL, NULL) || vf_estimate_new(&estimate, ctx, NULL);
}

static int close_all(void **state) {
  (void)state;
  vf_estimate_free(estimate);
  vf_model_free(model);
  vf_context_free(ctx);
  return 0;
}

static vf_request with(const char *engine, uint64_t tokens, uint32_t seqs) {
  vf_request r = vf_request_init();
  r.engine = engine;
  r.ctx_tokens = tokens;
  r.seqs = seqs;
  return r;
}

/* The model stays open for the estimate's sake. */
static vf_status judge(const char *name, const char *quant, const char *gpus, const vf_request *r,
                       vf_error *err) {
  vf_device d[16];
  size_t n;
  vf_model_free(model);
  model = NULL;
  vf_status status = vf_model_open(&model, ctx, name, quant, r->engine, err);
  if (status == VF_OK) status = vf_devices_parse(d, 16, &n, ctx, gpus, err);
  return status != VF_OK ? status : vf_estimate_run(estimate, model, r, d, n, err);
}

/* {0, 0, 0} where there is no such line. */
static vf_interval line(const char *name, size_t device) {
  for (size_t i = 0; i < estimate->n_lines; i++) {
    const vf_line *l = &estimate->lines[i];
    if (strcmp(l->name, name) == 0 && l->device == device) return l->size;
  }
  return (vf_interval){0, 0, 0};
}

static void assert_line(const char *name, size_t device, uint64_t low, uint64_t bytes,
                        uint64_t high) {
  vf_interval v = line(name, device);
  if (v.low_bytes != low || v.bytes != bytes || v.high_bytes != high)
    fail_msg("%s of %zu: %llu, %llu, %llu, not %llu, %llu, %llu", name, device,
             (unsigned long long)v.low_bytes, (unsigned long long)v.bytes,
             (unsigned long long)v.high_bytes, (unsigned long long)low, (unsigned long long)bytes,
             (unsigned long long)high);
}

/* Rounded up, as parts of tensors are. */
static uint64_t hundredths(uint64_t bytes, uint64_t n) {
  return bytes / 100 * n + (bytes % 100 * n + 99) / 100;
}

static const uint64_t mib = UINT64_C(1) << 20;

/* Llama 3.1 8B: 32 layers of 8 heads with keys and values of 128 numbers. */
enum { LAYERS = 32, HEADS = 8, DIM = 128, H = 4096, F = 14336, V = 128256 };

/* ---- transformers ------------------------------------------------------------------------ */

static void transformers_keeps_what_every_sequence_has(void **state) {
  (void)state;
  vf_request r = with("transformers", 3000, 3);
  assert_ok(judge("llama3.1-8b", NULL, "h100", &r, err));
  uint64_t cache = UINT64_C(3) * 3000 * LAYERS * HEADS * 2 * DIM * 2;
  assert_line("kv_cache", 0, cache, cache, cache);
  assert_line("cache_growth", 0, 0, 0, cache / LAYERS / 2);
  /* one row of logits a sequence, in 16 bits and twice in 32 */
  uint64_t one = 32 * mib + UINT64_C(3) * V * (2 + 8);
  assert_line("activation", 0, one, one, one + UINT64_C(9000) * (4 * H + 3 * F) * 2);
  r.flash_attn = VF_OFF; /* scores of every pair, in 16 and in 32 bits */
  assert_ok(judge("llama3.1-8b", NULL, "h100", &r, err));
  assert_line("activation", 0, one, one,
              one + UINT64_C(9000) * (4 * H + 3 * F) * 2 + UINT64_C(3000) * 3000 * 32 * 3 * 6);
  r.flash_attn = VF_AUTO;
  r.engine = "transformers@4.44"; /* made logits of the whole prompt */
  assert_ok(judge("llama3.1-8b", NULL, "h100", &r, err));
  assert_line("activation", 0, one, one,
              one + UINT64_C(9000) * (4 * H + 3 * F) * 2 + UINT64_C(9000) * V * 6);
  r.engine = "transformers@4.45";
  assert_ok(judge("llama3.1-8b", NULL, "h100", &r, err));
  assert_line("activation", 0, one, one, one + UINT64_C(9000) * (4 * H + 3 * F) * 2);
}

/* Numbers in groups of 64 with four bytes, and the last 128 tokens as they are. */
static void transformers_quantizes_all_but_the_last_tokens(void **state) {
  (void)state;
  vf_request r = with("transformers", 4096, 1);
  r.kv_k = r.kv_v = VF_FORMAT_INT4;
  assert_ok(judge("llama3.1-8b", NULL, "h100", &r, err));
  uint64_t row = 2 * (DIM / 2 + 2 * 4), whole = UINT64_C(128) * 2 * DIM * 2;
  uint64_t cache = LAYERS * HEADS * (4096 * row + whole);
  assert_line("kv_cache", 0, cache, cache, cache);
  r.ctx_tokens = 100;
  assert_ok(judge("llama3.1-8b", NULL, "h100", &r, err));
  cache = LAYERS * HEADS * (100 * row + 100 * 2 * DIM * 2);
  assert_line("kv_cache", 0, cache, cache, cache);
}

/* gpt-oss-20b: 12 layers of 24 see 128 tokens, and keep one less. */
static void transformers_keeps_a_window_less_one(void **state) {
  (void)state;
  vf_request r = with("transformers", 1000, 1);
  assert_ok(judge("gpt-oss-20b", NULL, "h100", &r, err));
  uint64_t cache = UINT64_C(12) * (1000 + 127) * 8 * 2 * 64 * 2;
  assert_line("kv_cache", 0, cache, cache, cache);
}

/* DeepSeek V3's class keeps the latent from 5.16 on, and expands it in every pass. */
static void transformers_keeps_latents_from_a_version_on(void **state) {
  (void)state;
  vf_request r = with("transformers@5.15", 1000, 2);
  uint64_t heads = UINT64_C(128) * (192 + 128) * 2, latent = (512 + 64) * 2;
  assert_ok(judge("deepseek-v3", NULL, "b300x8", &r, err));
  uint64_t sum = 0, last = line("activation", 7).low_bytes;
  for (size_t i = 0; i < 8; i++) sum += line("kv_cache", i).bytes;
  assert_u64(sum, 61 * 2000 * heads);
  r.engine = "transformers@5.16";
  assert_ok(judge("deepseek-v3", NULL, "b300x8", &r, err));
  sum = 0;
  for (size_t i = 0; i < 8; i++) sum += line("kv_cache", i).bytes;
  assert_u64(sum, 61 * 2000 * latent);
  assert_u64(line("activation", 7).low_bytes, last + 2000 * heads);
}

/* ---- ExLlama ----------------------------------------------------------------------------- */

static void exllama_keeps_pages_in_its_own_formats(void **state) {
  (void)state;
  static const struct {
    vf_format format;
    uint64_t row; /* bytes of 128 numbers */
  } rows[] = {{VF_FORMAT_F16, 256},
              {VF_FORMAT_Q4_0, 4 * 18},
              {VF_FORMAT_INT6, 4 * 26},
              {VF_FORMAT_Q8_0, 4 * 34},
              {VF_FORMAT_F8_E4M3, 128}};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    vf_request r = with("exllama", 1025, 2); /* five pages of 256 */
    r.kv_k = r.kv_v = rows[i].format;
    assert_ok(judge("llama3.1-8b", "exl3-4.0bpw", "rtx-4090", &r, err));
    uint64_t cache = UINT64_C(2) * 1280 * LAYERS * HEADS * 2 * rows[i].row;
    assert_line("kv_cache", 0, cache, cache, cache);
  }
}

/* A chunk of 2048 tokens, the largest matrix unpacked, 32 rows of logits in 32 bits; V2 unpacks one
 * layer's cache, too. */
static void exllama_works_on_a_chunk(void **state) {
  (void)state;
  vf_request r = with("exllama", 4096, 1);
  uint64_t act = UINT64_C(2048) * (4 * H + 3 * F) * 2 + UINT64_C(2) * F * H + UINT64_C(32) * V * 4;
  assert_ok(judge("llama3.1-8b", "exl3-4.0bpw", "rtx-4090", &r, err));
  assert_line("activation", 0, act / 2, act, act + act / 2 + 256 * mib);
  r.kv_k = r.kv_v = VF_FORMAT_Q4_0;
  assert_ok(judge("llama3.1-8b", "exl3-4.0bpw", "rtx-4090", &r, err));
  assert_line("activation", 0, act / 2, act, act + act / 2 + 256 * mib);
  r.engine = "exllama@0.3.2";
  assert_ok(judge("llama3.1-8b", "exl2-4.0bpw", "rtx-4090", &r, err));
  act += UINT64_C(4096) * HEADS * 2 * DIM * 2;
  assert_line("activation", 0, act / 2, act, act + act / 2 + 256 * mib);
}

/* The embedding stays in main memory. */
static void exllama_looks_tokens_up_in_main_memory(void **state) {
  (void)state;
  vf_request r = with("exllama", 4096, 1);
  assert_ok(judge("llama3.1-8b", NULL, "h100", &r, err));
  uint64_t table = UINT64_C(2) * V * H, rest = UINT64_C(2) * 8030261248 - table;
  assert_line("embeddings", 1, table, table, table);
  assert_line("weights", 0, rest, rest, rest);
}

/* ---- TGI --------------------------------------------------------------------------------- */

/* A prefill of 4096 tokens; the pool is nine tenths less what is there. */
static void tgi_has_what_its_warm_up_leaves(void **state) {
  (void)state;
  vf_request r = with("tgi", 4000, 2);
  assert_ok(judge("llama3.1-8b", NULL, "h100", &r, err));
  uint64_t act = UINT64_C(4096) * (4 * H + 3 * F) * 2, cell = LAYERS * HEADS * 2 * DIM * 2;
  uint64_t cache = UINT64_C(2) * 4000 * cell;
  assert_line("activation", 0, act / 2, act, act + act / 2);
  assert_line("cuda_graphs", 0, 50 * mib, 300 * mib, 1000 * mib);
  assert_line("kv_cache", 0, cache, cache, cache);
  const vf_device_budget *b = &estimate->devices[0];
  vf_device d[1];
  size_t n;
  assert_ok(vf_devices_parse(d, 1, &n, ctx, "h100", err));
  uint64_t usable = d[0].total_bytes - d[0].reserved_bytes;
  uint64_t budget = usable / 10 * 9 + usable % 10 * 9 / 10;
  assert_in_range(b->pool.bytes, budget - (b->need.bytes - cache) - 1,
                  budget - (b->need.bytes - cache) + 1);
  assert_in_range(b->pool.low_bytes, budget - (b->need.high_bytes - cache) - 1,
                  budget - (b->need.high_bytes - cache) + 1);
  assert_in_range(b->pool.high_bytes, budget - (b->need.low_bytes - cache) - 1,
                  budget - (b->need.low_bytes - cache) + 1);
  assert_u64(b->pool_tokens, b->pool.bytes / cell);
  r.pool_tokens = 20000;
  r.spec_tokens = 5; /* reserves what it speculates */
  assert_ok(judge("llama3.1-8b", NULL, "h100", &r, err));
  assert_u64(estimate->devices[0].pool.bytes, 20000 * cell);
  assert_u64(line("kv_cache", 0).bytes, 2 * 4005 * cell);
}

/* ---- LMDeploy ---------------------------------------------------------------------------- */

/* Blocks of 64 tokens; a prompt's chunk and 256 rows of logits lie beside the pool, which is 80 %
 * of what is free. */
static void lmdeploy_takes_a_share_of_what_is_free(void **state) {
  (void)state;
  vf_request r = with("lmdeploy", 4033, 2);
  assert_ok(judge("llama3.1-8b", NULL, "h100", &r, err));
  uint64_t cell = LAYERS * HEADS * 2 * DIM * 2, cache = UINT64_C(2) * 4096 * cell;
  uint64_t act = UINT64_C(8192) * (4 * H + 3 * F) * 2 + UINT64_C(256) * V * 4;
  assert_line("kv_cache", 0, cache, cache, cache);
  assert_line("activation", 0, act / 2, act, act + act / 2);
  vf_device d[1];
  size_t n;
  assert_ok(vf_devices_parse(d, 1, &n, ctx, "h100", err));
  const vf_device_budget *b = &estimate->devices[0];
  uint64_t usable = d[0].total_bytes - d[0].reserved_bytes;
  uint64_t free_bytes = usable - (b->need.bytes - cache);
  assert_in_range(b->pool.bytes, free_bytes / 10 * 8, free_bytes / 10 * 8 + 8);
  free_bytes = usable - (b->need.high_bytes - cache);
  assert_in_range(b->pool.low_bytes, free_bytes / 10 * 8, free_bytes / 10 * 8 + 8);
  free_bytes = usable - (b->need.low_bytes - cache);
  assert_in_range(b->pool.high_bytes, free_bytes / 10 * 8, free_bytes / 10 * 8 + 8);
  assert_u64(b->pool_tokens, b->pool.bytes / cell / 64 * 64);
  r.kv_k = r.kv_v = VF_FORMAT_INT8; /* a scale and a shift in 16 bits for each head's row */
  assert_ok(judge("llama3.1-8b", NULL, "h100", &r, err));
  assert_u64(line("kv_cache", 0).bytes, 2 * 4096 * (cell / 2 + LAYERS * HEADS * 2 * 4));
  r.kv_k = r.kv_v = VF_FORMAT_NONE;
  r.tp = 2; /* the PyTorch backend has the table and the output whole on each */
  assert_ok(judge("llama3.1-8b", NULL, "h100x2", &r, err));
  vf_interval weights = line("weights", 1);
  assert_u64(weights.high_bytes - weights.bytes, UINT64_C(2) * V * H);
  assert_u64(line("kv_cache", 1).bytes, cache / 2);
}

/* ---- MLX-LM ------------------------------------------------------------------------------ */

/* Numbers of a token in a layer: six of the model's width, queries four times, keys and values
 * twice, three rows of feed-forward; 2.2 layers of them are alive, 1.2 to 3.3. */
static void mlx_works_on_about_two_layers_of_a_chunk(void **state) {
  (void)state;
  vf_request r = with("mlx", 8000, 1);
  uint64_t each = 6 * H + 4 * 32 * DIM + 2 * HEADS * 2 * DIM + 3 * F;
  uint64_t layer = UINT64_C(2048) * each * 2, logits = V * 2;
  assert_ok(judge("llama3.1-8b", "mlx-4bit", "apple-m3-ultra-256gb", &r, err));
  assert_line("activation", 0, hundredths(layer, 120), hundredths(layer, 220),
              hundredths(layer, 330) + logits);
  uint64_t cache = UINT64_C(8192) * LAYERS * HEADS * 2 * DIM * 2; /* in steps of 256 */
  assert_line("kv_cache", 0, cache, cache, cache);
  r.seqs = 3;
  assert_ok(judge("llama3.1-8b", "mlx-4bit", "apple-m3-ultra-256gb", &r, err));
  assert_line("activation", 0, hundredths(layer, 120), hundredths(layer, 220),
              3 * (hundredths(layer, 330) + logits));
  assert_u64(line("kv_cache", 0).bytes, 3 * cache);
  r.seqs = 9; /* eight prompts run through one pass */
  assert_ok(judge("llama3.1-8b", "mlx-4bit", "apple-m3-ultra-256gb", &r, err));
  assert_u64(line("activation", 0).high_bytes, 8 * (hundredths(layer, 330) + logits));
  r.seqs = 1;
  r.engine = "mlx@0.26"; /* made logits of the whole chunk */
  assert_ok(judge("llama3.1-8b", "mlx-4bit", "apple-m3-ultra-256gb", &r, err));
  assert_u64(line("activation", 0).high_bytes, hundredths(layer, 330) + 2048 * logits);
}

/* Attention over a quantized cache has no fused kernel: heads × chunk × context in 16 bits. */
static void mlx_makes_scores_where_no_kernel_is_fused(void **state) {
  (void)state;
  vf_request r = with("mlx", 8192, 1);
  r.kv_k = r.kv_v = VF_FORMAT_INT4;
  uint64_t each = 6 * H + 4 * 32 * DIM + 2 * HEADS * 2 * DIM + 3 * F;
  uint64_t layer = UINT64_C(2048) * each * 2, scores = UINT64_C(32) * 2048 * 8192 * 2;
  assert_ok(judge("llama3.1-8b", "mlx-4bit", "apple-m3-ultra-256gb", &r, err));
  assert_line("activation", 0, hundredths(layer, 20) + hundredths(scores, 90),
              hundredths(layer, 120) + scores,
              hundredths(layer, 330) + hundredths(scores, 112) + V * 2);
  uint64_t row = DIM / 2 + DIM / 64 * 4; /* a scale and a bias for 64 numbers */
  assert_u64(line("kv_cache", 0).bytes, UINT64_C(8192) * LAYERS * HEADS * 2 * row);
}

/* gpt-oss-20b: of 24 layers 12 keep their window and the chunk that is added. */
static void mlx_keeps_a_window_and_a_chunk(void **state) {
  (void)state;
  vf_request r = with("mlx", 16384, 1);
  assert_ok(judge("gpt-oss-20b", NULL, "apple-m3-ultra-256gb", &r, err));
  uint64_t row = 8 * 2 * 64 * 2;
  assert_u64(line("kv_cache", 0).bytes, 12 * row * (16384 + 128 + 2048 - 1));
}

/* ---- TensorRT-LLM ------------------------------------------------------------------------ */

/* Blocks of 32 tokens; a dummy run of 8192 tokens or 2048 rows of logits in 16 and 32 bits; the
 * pool is nine tenths of what that leaves free. */
static void tensorrt_llm_takes_a_share_after_a_dummy_run(void **state) {
  (void)state;
  vf_request r = with("tensorrt-llm", 4001, 3);
  assert_ok(judge("llama3.1-8b", NULL, "h100", &r, err));
  uint64_t cell = LAYERS * HEADS * 2 * DIM * 2, cache = UINT64_C(3) * 4032 * cell;
  uint64_t peak = UINT64_C(8192) * (4 * H + 3 * F) * 2, logits = UINT64_C(2048) * V * 6;
  if (logits > peak) peak = logits;
  assert_line("kv_cache", 0, cache, cache, cache);
  assert_line("activation", 0, peak - peak / 3, peak, peak + peak / 2);
  assert_line("cuda_graphs", 0, 100 * mib, 500 * mib, 1500 * mib);
  assert_line("engine_file", 0, 0, 0, 0);
  vf_device d[1];
  size_t n;
  assert_ok(vf_devices_parse(d, 1, &n, ctx, "h100", err));
  const vf_device_budget *b = &estimate->devices[0];
  uint64_t usable = d[0].total_bytes - d[0].reserved_bytes;
  assert_u64(b->pool.bytes, hundredths(usable - (b->need.bytes - cache), 90));
  assert_u64(b->pool.low_bytes, hundredths(usable - (b->need.high_bytes - cache), 90));
  assert_u64(b->pool.high_bytes, hundredths(usable - (b->need.low_bytes - cache), 90));
  assert_u64(b->pool_tokens, b->pool.bytes / (4032 * cell / 4001) / 32 * 32);
  r.enforce_eager = true;
  r.max_num_seqs = 4;
  r.kv_cache_memory_bytes = 9000 * mib;
  assert_ok(judge("llama3.1-8b", NULL, "h100", &r, err));
  peak = UINT64_C(8192) * (4 * H + 3 * F) * 2;
  assert_line("cuda_graphs", 0, 0, 0, 0);
  assert_line("activation", 0, peak - peak / 3, peak, peak + peak / 2);
  assert_u64(estimate->devices[0].pool.bytes, 9000 * mib);
  r.engine = "tensorrt-llm@0.19"; /* ran what was built before */
  assert_ok(judge("llama3.1-8b", NULL, "h100", &r, err));
  assert_line("engine_file", 0, 512 * mib, 2560 * mib, 5632 * mib);
}

/* gpt-oss-20b: a window of 128 tokens has its blocks, and one for the chunk in flight. */
static void tensorrt_llm_has_a_pool_of_windows(void **state) {
  (void)state;
  vf_request r = with("tensorrt-llm", 4096, 2);
  assert_ok(judge("gpt-oss-20b", NULL, "b200", &r, err));
  uint64_t row = 8 * 2 * 64 * 2;
  assert_u64(line("kv_cache", 0).bytes, 2 * 12 * row * (4096 + 128 + 32));
}

/* ---- CUDA's flash attention in llama.cpp ---------------------------------------------------- */

/* fattn.cu: which sizes of heads have a kernel, and since which build. */
static void flash_attention_takes_head_sizes_from_a_build_on(void **state) {
  (void)state;
  static const struct {
    uint32_t k, v, heads, kv_heads, kv_lora, rope;
    uint32_t first; /* build; 0: always has been */
  } rows[] = {
      {40, 40, 8, 8, 0, 0, 6736},    {64, 64, 8, 8, 0, 0, 0},       {72, 72, 8, 8, 0, 0, 6736},
      {80, 80, 8, 2, 0, 0, 0},       {96, 96, 8, 8, 0, 0, 0},       {112, 112, 8, 8, 0, 0, 0},
      {128, 128, 32, 8, 0, 0, 0},    {192, 128, 64, 8, 0, 0, 9085}, {256, 256, 8, 8, 0, 0, 0},
      {512, 512, 8, 8, 0, 0, 8609},  {0, 0, 16, 16, 512, 64, 5328}, {0, 0, 32, 32, 256, 64, 8966},
      {0, 0, 20, 20, 512, 64, 7803}, {0, 0, 18, 18, 512, 64, 8184},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    const vf_layer l = {.k_dim = rows[i].k,
                        .v_dim = rows[i].v,
                        .n_heads = rows[i].heads,
                        .n_kv_heads = rows[i].kv_heads,
                        .kv_lora = rows[i].kv_lora,
                        .rope_dim = rows[i].rope};
    uint32_t first = rows[i].first;
    bool before = first != 0 && vf_ggml_flash_takes(first - 1, &l, VF_FORMAT_F16, VF_FORMAT_F16);
    if (before || !vf_ggml_flash_takes(first != 0 ? first : 1, &l, VF_FORMAT_F16, VF_FORMAT_F16) ||
        !vf_ggml_flash_takes(10489, &l, VF_FORMAT_F16, VF_FORMAT_F16))
      fail_msg("row %zu: heads of %u and %u, from build %u on", i, rows[i].k, rows[i].v, first);
  }
  /* others have none: nor have those whose heads are not as many for each key */
  const vf_layer none[] = {{.k_dim = 100, .v_dim = 100, .n_heads = 8, .n_kv_heads = 8},
                           {.k_dim = 192, .v_dim = 128, .n_heads = 32, .n_kv_heads = 8},
                           {.k_dim = 128, .v_dim = 64, .n_heads = 8, .n_kv_heads = 8},
                           {.n_heads = 21, .kv_lora = 512, .rope_dim = 64}};
  for (size_t i = 0; i < sizeof none / sizeof *none; i++)
    assert_false(vf_ggml_flash_takes(10489, &none[i], VF_FORMAT_F16, VF_FORMAT_F16));
}

/* Both of any kind that has a kernel since b10489; before, both alike, and quantized ones with
 * other heads than of 128 since b6607; before b6218 heads of 128 with anything but bf16. */
static void flash_attention_takes_formats_from_a_build_on(void **state) {
  (void)state;
  static const struct {
    uint32_t dim;
    vf_format k, v;
    uint32_t first;
  } rows[] = {
      {128, VF_FORMAT_Q4_1, VF_FORMAT_Q5_0, 10489}, {128, VF_FORMAT_Q5_1, VF_FORMAT_F32, 10489},
      {128, VF_FORMAT_BF16, VF_FORMAT_BF16, 8470},  {128, VF_FORMAT_F32, VF_FORMAT_F32, 6760},
      {64, VF_FORMAT_Q8_0, VF_FORMAT_Q8_0, 6607},   {64, VF_FORMAT_Q4_0, VF_FORMAT_Q4_0, 6607},
      {128, VF_FORMAT_F16, VF_FORMAT_Q8_0, 10489},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    const vf_layer l = {.k_dim = rows[i].dim, .v_dim = rows[i].dim, .n_heads = 8, .n_kv_heads = 8};
    if (vf_ggml_flash_takes(rows[i].first - 1, &l, rows[i].k, rows[i].v) ||
        !vf_ggml_flash_takes(rows[i].first, &l, rows[i].k, rows[i].v))
      fail_msg("row %zu: from build %u on", i, rows[i].first);
  }
  const vf_layer wide = {.k_dim = 128, .v_dim = 128, .n_heads = 8, .n_kv_heads = 8};
  const vf_layer narrow = {.k_dim = 64, .v_dim = 64, .n_heads = 8, .n_kv_heads = 8};
  const vf_layer other = {.k_dim = 96, .v_dim = 96, .n_heads = 8, .n_kv_heads = 8};
  assert_true(vf_ggml_flash_takes(6217, &wide, VF_FORMAT_F16, VF_FORMAT_Q4_1));
  assert_false(vf_ggml_flash_takes(6218, &wide, VF_FORMAT_F16, VF_FORMAT_Q4_1));
  assert_false(vf_ggml_flash_takes(6217, &wide, VF_FORMAT_F16, VF_FORMAT_BF16));
  assert_true(vf_ggml_flash_takes(6218, &wide, VF_FORMAT_Q8_0, VF_FORMAT_Q8_0));
  assert_true(vf_ggml_flash_takes(6217, &narrow, VF_FORMAT_F16, VF_FORMAT_Q8_0));
  assert_false(vf_ggml_flash_takes(6217, &narrow, VF_FORMAT_Q8_0, VF_FORMAT_Q8_0));
  assert_true(vf_ggml_flash_takes(6217, &other, VF_FORMAT_F16, VF_FORMAT_F16));
  assert_false(vf_ggml_flash_takes(6217, &other, VF_FORMAT_F16, VF_FORMAT_Q8_0));
  assert_false(vf_ggml_flash_takes(10489, &wide, VF_FORMAT_IQ4_NL, VF_FORMAT_F16));
  /* the values of a latent are a part of its keys: whatever is said of them */
  const vf_layer latent = {.n_heads = 16, .kv_lora = 512, .rope_dim = 64};
  assert_true(vf_ggml_flash_takes(7832, &latent, VF_FORMAT_F16, VF_FORMAT_Q8_0));
  assert_false(vf_ggml_flash_takes(7831, &latent, VF_FORMAT_F16, VF_FORMAT_Q8_0));
}

/* ---- Beyond 64 bits ---------------------------------------------------------------------- */

/* What does not fit 64 bits is an error, never a small number. TensorRT-LLM lowers such a context
 * to the model's. */
static void sizes_beyond_64_bits_are_told_by_every_engine(void **state) {
  (void)state;
  static const struct {
    const char *engine;
    uint32_t seqs;
  } rows[] = {{"llama.cpp", 256},     {"ollama", 256},    {"vllm", 1024}, {"sglang", 4096},
              {"tgi", 4096},          {"lmdeploy", 4096}, {"mlx", 4096},  {"exllama", 4096},
              {"transformers", 4096}, {"koboldcpp", 256}};
  static const char *const models[] = {"llama3.1-8b", "gemma2-9b"};
  const uint64_t most = UINT64_C(1) << 40; /* tokens of a plan */
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
    for (size_t m = 0; m < 2; m++) {
      vf_request r = with(rows[i].engine, most, rows[i].seqs);
      vf_error why = {VF_OK};
      vf_status status = judge(models[m], NULL, "h100", &r, &why);
      if (status != VF_OVERFLOW)
        fail_msg("%s, %s: %d %s", rows[i].engine, models[m], (int)status, why.message);
      r.ctx_tokens = most + 1;
      status = judge(models[m], NULL, "h100", &r, &why);
      if (status != VF_LIMIT && status != VF_OVERFLOW)
        fail_msg("%s, %s, more tokens: %d", rows[i].engine, models[m], (int)status);
    }
  vf_request r = with("transformers", most, 1); /* scores of every pair */
  r.flash_attn = VF_OFF;
  assert_fails(judge("llama3.1-8b", NULL, "h100", &r, err), VF_OVERFLOW, "64 bits");
}

/* ---- Ranks ------------------------------------------------------------------------------- */

/* One of each is what is taken anyway; more than an engine has is refused. */
static void one_rank_is_none_and_two_need_an_engine_that_has_them(void **state) {
  (void)state;
  static const struct {
    const char *engine, *gpu;
    bool tp, pp, dp;
  } rows[] = {
      {"vllm", "h100", true, true, true},
      {"sglang", "h100", true, true, true},
      {"tensorrt-llm", "h100", true, true, true},
      {"lmdeploy", "h100", true, false, true},
      {"tgi", "h100", true, false, false},
      {"exllama", "h100", true, true, false},
      {"transformers", "h100", false, true, false},
      {"mlx", "apple-m3-ultra-256gb", false, false, false},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    vf_request plain = with(rows[i].engine, 4096, 1), r = plain;
    assert_ok(judge("llama3.1-8b", NULL, rows[i].gpu, &plain, err));
    uint64_t need = estimate->devices[0].need.high_bytes;
    r.tp = r.pp = r.dp = 1;
    assert_ok(judge("llama3.1-8b", NULL, rows[i].gpu, &r, err));
    assert_u64(estimate->devices[0].need.high_bytes, need);
    const bool has[] = {rows[i].tp, rows[i].pp, rows[i].dp};
    for (int way = 0; way < 3; way++) {
      char gpus[64];
      vf_error why = {VF_OK};
      snprintf(gpus, sizeof gpus, "%sx2", rows[i].gpu);
      r = plain;
      *(way == 0 ? &r.tp : way == 1 ? &r.pp : &r.dp) = 2;
      vf_status status = judge("llama3.1-8b", NULL, gpus, &r, &why);
      if ((status == VF_OK) != has[way])
        fail_msg("%s, %d: %d %s", rows[i].engine, way, (int)status, why.message);
    }
  }
}

/* ---- Versions of llama.cpp --------------------------------------------------------------- */

/* Builds in all the ways in which they are written, releases as the build that they are of. */
static void versions_of_llama_cpp_are_builds(void **state) {
  (void)state;
  static const struct {
    const char *version;
    uint32_t build;
    bool known;
  } rows[] = {{"b6345", 6345, true},
              {"B6345", 6345, true},
              {"6345", 6345, true},
              {"version: 6345 (4b20d8b7)", 6345, true},
              {"version: 0.4.1-dev (build 10991, commit 930e2fa59)", 10991, true},
              {"v0.1.0", 10394, true},
              {"0.2.7", 10572, true},
              {"v0.3", 10621, true},
              {"v0.4.0", 10990, true},
              {"v0.5.0", VF_BUILD_NEWEST, true},
              {"v0.6.0", VF_BUILD_NEWEST + 1, false},
              {"v1.0.0", VF_BUILD_NEWEST + 1, false},
              {"v1.2", VF_BUILD_NEWEST + 1, false},
              {"b1", 1, false},
              {"99999999999", UINT32_MAX, false},
              {"newest", 0, false},
              {"", 0, false}};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    if (vf_llamacpp_build(rows[i].version) != rows[i].build)
      fail_msg("%s: b%u", rows[i].version, vf_llamacpp_build(rows[i].version));
    assert_int_equal(vf_llamacpp_knows(rows[i].version), rows[i].known);
  }
  char oldest[16], older[16], newer[16];
  snprintf(oldest, sizeof oldest, "b%d", VF_BUILD_OLDEST);
  snprintf(older, sizeof older, "b%d", VF_BUILD_OLDEST - 1);
  snprintf(newer, sizeof newer, "b%d", VF_BUILD_NEWEST + 1);
  assert_true(vf_llamacpp_knows(oldest));
  assert_false(vf_llamacpp_knows(older) || vf_llamacpp_knows(newer));
  assert_ok(vf_llamacpp_check(oldest, err));
  assert_ok(vf_llamacpp_check(newer, err));
  assert_fails(vf_llamacpp_check(older, err), VF_UNSUPPORTED, "older than the oldest");
  assert_fails(vf_llamacpp_check("v1.2", err), VF_USAGE, "no release");
  assert_fails(vf_llamacpp_check("v9", err), VF_USAGE, "no release");
  assert_fails(vf_llamacpp_check("newest", err), VF_USAGE, "no version");
  static const struct {
    const char *version;
    uint32_t build;
  } ollamas[] = {{"0.3.14", VF_BUILD_OLDEST},
                 {"0.4", 3900},
                 {"0.5.7", 4458},
                 {"0.8.1", 4800},
                 {"0.9.0", 5550},
                 {"0.10.1", 5550},
                 {"0.12.3", 6100},
                 {"0.13.0", 6900},
                 {"0.14.2", 7400},
                 {"0.15.0", 7400},
                 {"0.19.0", 7900},
                 {"0.20.0", 8600},
                 {"0.29.9", 8600},
                 {"v0.30.2", 9452},
                 {"0.31.0", 9840},
                 {"0.32.1", 9888},
                 {"0.33.0", 10488},
                 {"0.99.0", 10488}};
  for (size_t i = 0; i < sizeof ollamas / sizeof *ollamas; i++)
    if (vf_ollama_build(ollamas[i].version) != ollamas[i].build)
      fail_msg("Ollama %s: b%u", ollamas[i].version, vf_ollama_build(ollamas[i].version));
  assert_int_equal(vf_ollama_build("x"), VF_BUILD_NEWEST);
  assert_true(vf_llamacpp_lowers_ctx(NULL));
}

static bool assumes(const char *code) {
  for (size_t i = 0; i < estimate->n_assumptions; i++)
    if (strcmp(estimate->assumptions[i].code, code) == 0) return true;
  return false;
}

/* Where the model states a limit, and nowhere else. */
static void a_context_beyond_the_models_limit_is_told(void **state) {
  (void)state;
  vf_request r = with("transformers", 131072, 1);
  assert_ok(judge("llama3.1-8b", NULL, "h200", &r, err));
  assert_false(assumes("ctx-beyond-model"));
  r.ctx_tokens = 131073;
  assert_ok(judge("llama3.1-8b", NULL, "h200", &r, err));
  assert_true(assumes("ctx-beyond-model"));
  assert_ok(judge("mamba-130m", NULL, "h200", &r, err));
  assert_false(assumes("ctx-beyond-model"));
  r.ctx_tokens = 0;
  assert_ok(judge("llama3.1-8b", NULL, "h200", &r, err));
  assert_true(assumes("ctx-default"));
}

/* ---- What engines refuse ----------------------------------------------------------------- */

static void vllm_cuts_experts_and_contexts_where_it_can(void **state) {
  (void)state;
  vf_request plain = with("vllm", 4096, 1), r = plain;
  r.dp = 5; /* experts of 768 over five ranks */
  assert_fails(judge("qwen3-30b-a3b", NULL, "h100x5", &r, err), VF_UNSUPPORTED,
               "experts of 768 cannot be cut into 5");
  r.dp = 3;
  assert_ok(judge("qwen3-30b-a3b", NULL, "h100x3", &r, err));
  r = plain;
  r.tp = 4;
  r.ep = 2;
  assert_fails(judge("qwen3-30b-a3b", NULL, "h100x4", &r, err), VF_UNSUPPORTED, "4 ranks: --ep 4");
  r.ep = 4;
  assert_ok(judge("qwen3-30b-a3b", NULL, "h100x4", &r, err));
  /* blocks of 128: 768 / 4 is one and a half */
  r.ep = 0;
  assert_ok(judge("qwen3-30b-a3b", "fp8-block", "h100x4", &r, err));
  assert_true(assumes("does-not-load"));
  r.tp = 2;
  assert_ok(judge("qwen3-30b-a3b", "fp8-block", "h100x2", &r, err));
  assert_false(assumes("does-not-load"));
  static const struct {
    const char *model;
    uint32_t tp, dcp;
    bool ok;
  } rows[] = {{"llama3.1-8b", 4, 2, false}, /* of eight heads there are no copies */
              {"qwen2.5-3b", 8, 4, true},   /* of two there are four */
              {"qwen2.5-3b", 8, 8, false},       {"qwen2.5-3b", 2, 2, false},
              {"qwen2.5-3b", 8, 3, false},       {"qwen2.5-3b", 8, 1, true},
              {"deepseek-v2-lite", 4, 4, true}, /* a latent is copied to each */
              {"deepseek-v2-lite", 4, 3, false}, {"gemma2-9b", 8, 2, false}};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    char gpus[16];
    vf_error why = {VF_OK};
    snprintf(gpus, sizeof gpus, "h100x%u", rows[i].tp);
    r = plain;
    r.tp = rows[i].tp;
    r.dcp = rows[i].dcp;
    vf_status status = judge(rows[i].model, NULL, gpus, &r, &why);
    if (status != (rows[i].ok ? VF_OK : VF_UNSUPPORTED))
      fail_msg("%s, tp %u, dcp %u: %d %s", rows[i].model, rows[i].tp, rows[i].dcp, (int)status,
               why.message);
  }
  r = plain;
  r.max_loras = 1;
  r.max_lora_rank = 512;
  assert_ok(judge("llama3.1-8b", NULL, "h100", &r, err));
  r.max_lora_rank = 513;
  assert_fails(judge("llama3.1-8b", NULL, "h100", &r, err), VF_UNSUPPORTED, "up to rank 512");
  r = plain;
  r.tp = 3;
  assert_fails(judge("llama3.1-8b", NULL, "h100x3", &r, err), VF_UNSUPPORTED, "heads (32)");
}

/* An adapter lies where the layers are that it changes. */
static void an_adapter_of_llama_cpp_is_shared_out_with_the_layers(void **state) {
  (void)state;
  vf_request r = with("llama.cpp", 4096, 1);
  r.lora_bytes = 320 * mib;
  assert_ok(judge("llama3.1-8b", "q4_0", "h100", &r, err));
  assert_line("lora", 0, 320 * mib, 320 * mib, 320 * mib);
  r.gpu_layers = 9; /* eight, and the output */
  assert_ok(judge("llama3.1-8b", "q4_0", "h100", &r, err));
  uint64_t part = 80 * mib + 32;
  assert_line("lora", 0, part, part, part);
  assert_line("lora", 1, 320 * mib - part, 320 * mib - part, 320 * mib - part);
}

static void llama_cpp_refuses_what_is_beyond_its_lists(void **state) {
  (void)state;
  vf_request r = with("llama.cpp", 4096, 1);
  r.override_count = VF_MAX_OVERRIDES + 1;
  assert_fails(judge("llama3.1-8b", "q4_0", "h100", &r, err), VF_LIMIT, "64 overrides");
  r = with("llama.cpp", 4096, 256);
  assert_ok(judge("qwen3-0.6b", "q4_0", "h200", &r, err));
  r.seqs = 257;
  assert_fails(judge("qwen3-0.6b", "q4_0", "h200", &r, err), VF_UNSUPPORTED, "256 sequences");
  r = with("llama.cpp", 4096, 1);
  r.ubatch_tokens = UINT32_MAX;
  assert_fails(judge("qwen3-0.6b", "q4_0", "h200", &r, err), VF_LIMIT, "a batch of");
}

/* Half of the layers on the device: the simulation is exact for batches that are offloaded (from 32
 * tokens on), and within an eighth where they are not. */
static void a_split_graph_of_llama_cpp_is_exact_where_it_was_compared(void **state) {
  (void)state;
  vf_request r = with("llama.cpp", 8192, 1);
  r.gpu_layers = 17;
  r.flash_attn = VF_ON;
  assert_ok(judge("llama3.1-8b", "q4_0", "rtx-4090", &r, err));
  vf_interval v = line("compute", 0);
  assert_true(v.bytes > mib && v.low_bytes == v.bytes && v.high_bytes == v.bytes);
  r.ubatch_tokens = 32;
  assert_ok(judge("llama3.1-8b", "q4_0", "rtx-4090", &r, err));
  v = line("compute", 0);
  assert_true(v.low_bytes == v.bytes && v.high_bytes == v.bytes);
  r.ubatch_tokens = 31;
  assert_ok(judge("llama3.1-8b", "q4_0", "rtx-4090", &r, err));
  v = line("compute", 0);
  assert_line("compute", 0, v.bytes - v.bytes / 8, v.bytes, v.bytes + v.bytes / 8 + 4 * mib);
  r.ubatch_tokens = 512;
  r.no_op_offload = true;
  assert_ok(judge("llama3.1-8b", "q4_0", "rtx-4090", &r, err));
  v = line("compute", 0);
  assert_line("compute", 0, v.bytes - v.bytes / 8, v.bytes, v.bytes + v.bytes / 50);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(transformers_keeps_what_every_sequence_has),
      cmocka_unit_test(transformers_quantizes_all_but_the_last_tokens),
      cmocka_unit_test(transformers_keeps_a_window_less_one),
      cmocka_unit_test(transformers_keeps_latents_from_a_version_on),
      cmocka_unit_test(exllama_keeps_pages_in_its_own_formats),
      cmocka_unit_test(exllama_works_on_a_chunk),
      cmocka_unit_test(exllama_looks_tokens_up_in_main_memory),
      cmocka_unit_test(tgi_has_what_its_warm_up_leaves),
      cmocka_unit_test(lmdeploy_takes_a_share_of_what_is_free),
      cmocka_unit_test(mlx_works_on_about_two_layers_of_a_chunk),
      cmocka_unit_test(mlx_makes_scores_where_no_kernel_is_fused),
      cmocka_unit_test(mlx_keeps_a_window_and_a_chunk),
      cmocka_unit_test(tensorrt_llm_takes_a_share_after_a_dummy_run),
      cmocka_unit_test(tensorrt_llm_has_a_pool_of_windows),
      cmocka_unit_test(flash_attention_takes_head_sizes_from_a_build_on),
      cmocka_unit_test(flash_attention_takes_formats_from_a_build_on),
      cmocka_unit_test(sizes_beyond_64_bits_are_told_by_every_engine),
      cmocka_unit_test(one_rank_is_none_and_two_need_an_engine_that_has_them),
      cmocka_unit_test(versions_of_llama_cpp_are_builds),
      cmocka_unit_test(a_context_beyond_the_models_limit_is_told),
      cmocka_unit_test(vllm_cuts_experts_and_contexts_where_it_can),
      cmocka_unit_test(an_adapter_of_llama_cpp_is_shared_out_with_the_layers),
      cmocka_unit_test(llama_cpp_refuses_what_is_beyond_its_lists),
      cmocka_unit_test(a_split_graph_of_llama_cpp_is_exact_where_it_was_compared),
  };
  return cmocka_run_group_tests(tests, open_all, close_all);
}
