/* test_train.c - training: adapters as published, states as the sharding says, and what cannot be.
 */
#include "printed_number.h"
#include "support.h"

#include <ctype.h>
#include <stdlib.h>

#include "vramfit/vramfit.h"

#include "vramfit/deploy.h"
#include "vramfit/solve.h"
#include "vramfit/train.h"

static vf_context *ctx;

static vf_train run_on(const char *model, const vf_train_request *r, const char *gpus) {
  vf_model *m;
  vf_device d[64];
  vf_train out;
  size_t n;
  assert_ok(vf_model_open(&m, ctx, model, NULL, NULL, err));
  assert_ok(vf_devices_parse(d, 64, &n, ctx, gpus, err));
  assert_ok(vf_train_run(&out, m, r, d, n, err));
  vf_model_free(m);
  return out;
}

/* "parallel=zero1 tp=2": what is said of a run. */
static vf_train run_words(const char *model, const char *said, const char *gpus) {
  char words[256], *rest = words;
  vf_train_request r = vf_train_request_init();
  snprintf(words, sizeof words, "%s", said);
  for (char *w = strtok_r(words, " ", &rest); w != NULL; w = strtok_r(NULL, " ", &rest)) {
    char *value = strchr(w, '=');
    *value++ = '\0';
    if (strcmp(w, "quant") == 0)
      r.base_quant = value;
    else if (strcmp(w, "tp") == 0 || strcmp(w, "pp") == 0 || strcmp(w, "ep") == 0)
      *(w[0] == 't' ? &r.tp : w[0] == 'p' ? &r.pp : &r.ep) = (uint32_t)atoi(value);
    else
      assert_ok(vf_train_set(&r, w, value, err));
  }
  return run_on(model, &r, gpus);
}

static vf_status refusal(const char *model, const vf_train_request *r, const char *gpus,
                         vf_error *why) {
  vf_model *m;
  vf_device d[64];
  vf_train out;
  size_t n;
  assert_ok(vf_model_open(&m, ctx, model, NULL, NULL, err));
  assert_ok(vf_devices_parse(d, 64, &n, ctx, gpus, err));
  vf_status status = vf_train_run(&out, m, r, d, n, why);
  vf_model_free(m);
  return status;
}

static uint64_t line(const vf_train *t, const char *name) {
  for (size_t i = 0; i < t->n_lines; i++)
    if (strcmp(t->lines[i].name, name) == 0) return t->lines[i].size.bytes;
  return 0;
}

/* PEFT: r (in + out) of each matrix in every layer.  9,175,040 is in PEFT's method_comparison
 * (lora--llama-3.2-3B-rank32.json), with 114,688 more for DoRA; the others are what its
 * print_trainable_parameters says of these models. */
static void adapters_have_as_many_parameters_as_peft_says(void **state) {
  (void)state;
  static const struct {
    const char *model, *targets, *method;
    uint32_t rank;
    uint64_t n;
  } rows[] = {
      {"llama3.2-3b", "q,v", "lora", 32, 9175040},
      {"llama3.2-3b", "q,v", "dora", 32, 9175040 + 114688},
      {"llama3-8b", "all-linear", "lora", 32, 83886080},
      {"llama3-8b", "all-linear", "lora", 16, 41943040},
      {"llama3-8b", "q,v", "lora", 8, 3407872},
      {"llama3-70b", "all-linear", "lora", 32, 414187520},
      {"llama2-7b", "q,v", "lora", 8, 4194304},
      {"llama2-7b", "all-linear", "lora", 8, 19988480},
      {"llama2-13b", "q,v", "lora", 8, 6553600},
      {"mistral-7b-v0.1", "q,k,v,o", "lora", 16, 13631488},
      {"qwen2.5-7b", "all-linear", "lora", 8, 20185088},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    vf_train_request r = vf_train_request_init();
    r.method = rows[i].method;
    r.lora_targets = rows[i].targets;
    r.lora_rank = rows[i].rank;
    vf_train t = run_on(rows[i].model, &r, "h100");
    if (t.trainable_params != rows[i].n)
      fail_msg("%s %s r=%u: %llu, not %llu", rows[i].model, rows[i].targets, rows[i].rank,
               (unsigned long long)t.trainable_params, (unsigned long long)rows[i].n);
  }
}

/* Gate and up read a token of the model's width, down one of the experts' (fp32 beside a frozen
 * matrix): 27 of 28 layers have two shared experts of 1,408 in one matrix; q is in all. */
static void adapters_of_shared_experts_are_three_matrices_a_layer(void **state) {
  (void)state;
  enum { H = 2048, F = 2 * 1408, R = 8, SEQ = 512 };
  vf_train_request r = vf_train_request_init();
  r.method = "lora";
  r.lora_rank = R;
  r.seq_tokens = SEQ;
  r.checkpointing = "none";
  r.lora_targets = "q";
  vf_train q = run_on("deepseek-moe-16b", &r, "h200");
  assert_u64(q.trainable_params, 28 * R * (H + H));
  r.lora_targets = "shared_expert";
  vf_train shared = run_on("deepseek-moe-16b", &r, "h200");
  assert_u64(shared.trainable_params, 27 * R * 3 * (H + F));
  assert_u64(line(&shared, "activations") + UINT64_C(4) * SEQ * 28 * H,
             line(&q, "activations") + UINT64_C(4) * SEQ * 27 * (2 * H + F));
}

/* Qwen3-Next: of 48 layers 36 are delta nets (16 key and 32 value heads of 128), 12 have attention
 * (16 heads of 256, 2 for keys, q and k normed, a gate); 10 experts of 512 and one that is shared.
 * Numbers as they stand at the head of training_model.c; without the kernel in fp32 everything. */
static void a_delta_net_keeps_its_convolution_and_a_state_of_each_chunk(void **state) {
  (void)state;
  enum { H = 2048, KEYS = 16 * 128, VALUES = 32 * 128, Q = 16 * 256, KV = 2 * 256, SEQ = 1024 };
  enum { CHUNK = 64, SQUARES = 63 * 64 * 127 / 6, LAYERS = 36 };
  const uint64_t of_norms = 8 * 2 * H, of_experts = 8 * 11 * 512 + 4 * 10 * H;
  const uint64_t delta = 4 * (2 * KEYS + VALUES) + 22 * VALUES;
  const uint64_t attention = 2 * (2 * Q + 2 * KV) + 6 * (Q + KV) + 2 * 2 * Q;
  const uint64_t unfused = 24 * VALUES + 4 * 32 * (6 * CHUNK + SQUARES / CHUNK);
  vf_train_request r = vf_train_request_init();
  r.checkpointing = "none";
  r.optimizer = "adamw-fused"; /* whose step takes nothing: the forward's end is the peak */
  r.grad_accum = 2;
  r.seq_tokens = SEQ;
  vf_train t = run_on("qwen3-next-80b-a3b", &r, "h200");
  assert_u64(line(&t, "activations"),
             SEQ * (48 * (of_norms + of_experts) + LAYERS * delta + 12 * attention));
  assert_u64(t.bare.high_bytes - t.bare.bytes, SEQ * LAYERS * unfused);
}

/* 16 bytes a parameter with fp32 states, as DeepSpeed's stages share them out over 8. */
static void each_stage_of_zero_shares_out_what_it_says(void **state) {
  (void)state;
  static const struct {
    const char *parallel;
    uint64_t weights, gradients, states; /* sixteenths of a byte a parameter */
  } rows[] = {{"zero1", 32, 32, 24}, {"zero2", 32, 4, 24}, {"zero3", 4, 4, 24}};
  for (size_t i = 0; i < 3; i++) {
    vf_train_request r = vf_train_request_init();
    r.precision = "mixed";
    r.parallel = rows[i].parallel;
    r.grad_accum = 2;
    vf_train t = run_on("llama3.1-8b", &r, "h100x8");
    uint64_t n = t.params;
    assert_in_range(line(&t, "weights"), n * rows[i].weights / 16 - 8,
                    n * rows[i].weights / 16 + 8);
    assert_in_range(line(&t, "gradients"), n * rows[i].gradients / 16 - 8,
                    n * rows[i].gradients / 16 + 8);
    assert_in_range(line(&t, "optimizer"), n * rows[i].states / 16 - 8,
                    n * rows[i].states / 16 + 8);
  }
}

static uint64_t states_of(const vf_train *t) {
  return line(t, "weights") + line(t, "gradients") + line(t, "optimizer");
}

/* Megatron prints "Theoretical memory footprints: weight and optimizer=… MB" of the most loaded
 * shard (report_theoretical_memory): 18 bytes a parameter, or 6 + 12 / DP with the distributed
 * optimizer. Published: Llama-2 with 16 layers on PP 4, DP 2 (infini-ai's best practice for 4090
 * cards): the same shard as 32 layers on PP 8; Llama-3-8B on DP 8 (NVIDIA's dgxc-benchmarking):
 * here on TP 2, of which half is left.  The others by its formula, with the models' parameters. */
static void shards_weigh_what_megatron_says(void **state) {
  (void)state;
  static const struct {
    const char *model, *gpus, *parallel;
    uint32_t tp, pp;
    uint64_t bytes;
  } rows[] = {
      {"llama2-7b", "h100x16", "zero1", 1, 8, UINT64_C(11287679468)},
      {"llama3-8b", "h100x16", "zero1", 2, 1, UINT64_C(30114478817)},
      {"llama3-8b", "h100x2", NULL, 2, 1, UINT64_C(8030261248) / 2 * 18},
      {"llama3-70b", "h100x32", "zero1", 4, 4,
       (UINT64_C(68452352000) / 4 + UINT64_C(1050673152)) / 4 * 12},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    vf_train_request r = vf_train_request_init();
    r.precision = "mixed";
    r.parallel = rows[i].parallel;
    r.tp = rows[i].tp;
    r.pp = rows[i].pp;
    vf_train t = run_on(rows[i].model, &r, rows[i].gpus);
    uint64_t said = rows[i].bytes, ours = states_of(&t);
    if (ours < said - said / 100 || ours > said + said / 100)
      fail_msg("%s: %llu, not %llu", rows[i].model, (unsigned long long)ours,
               (unsigned long long)said);
  }
}

/* Experts are data-parallel among GPUs / (PP EP): with as many GPUs as shares there is one copy,
 * and its states are whole on each, whatever the layers' are. */
static void states_of_experts_are_shared_out_among_their_own_replicas(void **state) {
  (void)state;
  uint64_t last = 0;
  static const char *const gpus[] = {"h100x8", "h100x16", "h100x32"};
  for (size_t i = 0; i < 3; i++) {
    vf_train_request r = vf_train_request_init();
    r.precision = "mixed";
    r.parallel = "zero1";
    r.ep = 8;
    vf_train t = run_on("qwen3-30b-a3b", &r, gpus[i]);
    uint64_t experts = UINT64_C(48) * 3 * 2048 * 768 * 128 / 8;
    assert_true(line(&t, "optimizer") > experts * 12 >> i);
    assert_true(line(&t, "optimizer") < (experts * 12 >> i) + t.params);
    assert_true(line(&t, "weights") == last || last == 0);
    last = line(&t, "weights");
  }
}

/* DeepSpeed's estimators, of which its page (docs/code-docs/source/memory.rst) shows a model of
 * 2,851 M parameters on 8 GPUs: 2 P + 18 P / N of ZeRO-2 in its code, 18 P / N of ZeRO-3 beside a
 * layer that is gathered.  18 are master weights, moments, and gradients in fp32 and in 16 bits
 * (ZeRO-2), or the weights (ZeRO-3, which leaves out that 16-bit gradients are still there). */
static void a_zero_step_takes_what_deepspeeds_estimators_say(void **state) {
  (void)state;
  enum { GPUS = 8, BUCKETS = 2000000000, PADDING = 64 };
  vf_train_request r = vf_train_request_init();
  r.precision = "mixed";
  r.parallel = "zero2";
  vf_train two = run_on("qwen2.5-3b", &r, "h100x8");
  r.parallel = "zero3";
  vf_train three = run_on("qwen2.5-3b", &r, "h100x8");
  uint64_t n = two.params, gradients = n * 2 / GPUS;
  assert_in_range(two.step_bytes - BUCKETS, 2 * n + 18 * n / GPUS, 2 * n + 18 * n / GPUS + PADDING);
  assert_in_range(three.step_bytes - gradients, 18 * n / GPUS, 18 * n / GPUS + PADDING);
}

/* Experts are cut by --ep first and the rest of the GPUs shard them: as much as without. */
static void fsdp_shards_experts_among_the_gpus_that_share_them(void **state) {
  (void)state;
  vf_train_request r = vf_train_request_init();
  r.precision = "mixed";
  r.parallel = "fsdp";
  vf_train plain = run_on("qwen3-30b-a3b", &r, "h100x8");
  r.ep = 4;
  vf_train cut = run_on("qwen3-30b-a3b", &r, "h100x8");
  assert_in_range(line(&cut, "weights"), line(&plain, "weights") - 8, line(&plain, "weights") + 8);
  assert_in_range(line(&cut, "gradients") + cut.step_bytes,
                  line(&plain, "gradients") + plain.step_bytes - 64,
                  line(&plain, "gradients") + plain.step_bytes + 64);
}

/* torchtitan: with stages FSDP leaves the layers gathered in 16 bits over the micro batches, and
 * adds up their gradients in fp32.  Of four that shard 4 bytes, one has a parameter's byte. */
static void a_stage_stays_gathered_over_its_micro_batches(void **state) {
  (void)state;
  vf_train_request r = vf_train_request_init();
  r.precision = "mixed";
  r.parallel = "fsdp";
  r.pp = 2;
  r.checkpointing = "none";
  vf_train t = run_on("llama3.1-8b", &r, "h100x8");
  assert_in_range(line(&t, "buffers"), 6 * line(&t, "weights") - 6, 6 * line(&t, "weights"));
}

static void a_running_mean_in_main_memory_takes_nothing_of_the_gpu(void **state) {
  (void)state;
  vf_train_request r = vf_train_request_init();
  vf_train none = run_on("llama3.1-8b", &r, "h200");
  r.ema = "host";
  vf_train one = run_on("llama3.1-8b", &r, "h200");
  assert_u64(one.host_bytes, none.host_bytes + 4 * one.params);
  assert_true(one.budget.need.bytes == none.budget.need.bytes);
  r.parallel = "fsdp"; /* each has its shard of it */
  vf_train eight = run_on("llama3.1-8b", &r, "h200x8");
  assert_in_range(eight.host_bytes, 4 * eight.params, 4 * eight.params + 8);
}

static void more_of_anything_never_takes_less(void **state) {
  (void)state;
  static const char *const methods[] = {"full", "lora", "qlora"};
  static const char *const ways[] = {"none", "selective", "full", "offload"};
  for (size_t m = 0; m < 3; m++) {
    for (size_t w = 0; w < 4; w++) {
      uint64_t last = 0;
      for (uint64_t seq = 256; seq <= 65536; seq *= 2) {
        vf_train_request r = vf_train_request_init();
        r.method = methods[m];
        r.checkpointing = ways[w];
        r.seq_tokens = seq;
        vf_train t = run_on("qwen3-0.6b", &r, "h100");
        assert_true(t.budget.need.bytes >= last);
        assert_true(t.allocated.low_bytes <= t.allocated.bytes &&
                    t.allocated.bytes <= t.allocated.high_bytes);
        assert_true(t.budget.need.low_bytes <= t.budget.need.bytes &&
                    t.budget.need.bytes <= t.budget.need.high_bytes);
        assert_true(t.reserved.bytes >= t.allocated.bytes &&
                    t.budget.need.bytes >= t.reserved.bytes);
        last = t.budget.need.bytes;
      }
    }
  }
}

static void what_cannot_be_is_refused_with_a_sentence(void **state) {
  (void)state;
  vf_error why = {.status = VF_OK};
  vf_train_request r = vf_train_request_init();
  r.method = "qlroa";
  assert_int_equal(refusal("qwen3-0.6b", &r, "h100", &why), VF_UNKNOWN);
  assert_non_null(strstr(why.message, "did you mean qlora"));
  r = vf_train_request_init();
  r.pp = 64;
  assert_int_equal(refusal("qwen3-0.6b", &r, "h100", &why), VF_USAGE);
  assert_non_null(strstr(why.message, "28 layers"));
  r = vf_train_request_init();
  r.tp = 3;
  assert_int_equal(refusal("qwen3-0.6b", &r, "h100x3", &why), VF_USAGE);
  assert_non_null(strstr(why.message, "does not divide"));
  r = vf_train_request_init();
  r.tp = 4;
  assert_int_equal(refusal("qwen3-0.6b", &r, "h100x6", &why), VF_USAGE);
  assert_non_null(strstr(why.message, "no multiple"));
  r = vf_train_request_init();
  r.ep = 2;
  assert_int_equal(refusal("qwen3-0.6b", &r, "h100x2", &why), VF_USAGE);
  assert_non_null(strstr(why.message, "no experts"));
  r.ep = 3;
  assert_int_equal(refusal("qwen3-30b-a3b", &r, "h100x3", &why), VF_USAGE);
  assert_non_null(strstr(why.message, "128 experts"));
  r.ep = 4;
  assert_int_equal(refusal("qwen3-30b-a3b", &r, "h100x6", &why), VF_USAGE);
  assert_non_null(strstr(why.message, "6 GPUs"));
  r = vf_train_request_init();
  r.seq_tokens = UINT64_C(1) << 40;
  assert_int_equal(refusal("qwen3-0.6b", &r, "h100", &why), VF_LIMIT);
  r = vf_train_request_init();
  r.method = "lora";
  r.lora_rank = 65537;
  assert_int_equal(refusal("qwen3-0.6b", &r, "h100", &why), VF_LIMIT);
  assert_non_null(strstr(why.message, "--lora-rank 65537 is beyond 65536"));
  r = vf_train_request_init();
  r.freeze = "towers,language";
  assert_int_equal(refusal("qwen2.5-vl-7b", &r, "h100", &why), VF_USAGE);
  assert_non_null(strstr(why.message, "nothing to train"));
}

/* Scores of every token with every other, kept for the backward pass: beyond 64 bits, and beyond
 * the eighth of them that sums stay below. */
static void scores_of_very_long_sequences_are_refused(void **state) {
  (void)state;
  vf_error why = {.status = VF_OK};
  vf_train_request r = vf_train_request_init();
  r.attention = "eager";
  r.checkpointing = "none";
  for (unsigned bits = 25; bits <= 30; bits += 5) {
    r.seq_tokens = UINT64_C(1) << bits;
    assert_int_equal(refusal("llama3.1-8b", &r, "h100", &why), VF_OVERFLOW);
    assert_non_null(strstr(why.message, "do not fit 64 bits"));
  }
}

/* More GPUs than there are devices in an estimate: the first stands for all. */
static void many_gpus_are_as_many_equal_ones(void **state) {
  (void)state;
  vf_train_request r = vf_train_request_init();
  r.precision = "mixed";
  r.parallel = "fsdp";
  vf_train eight = run_on("qwen3-8b", &r, "h100x8");
  r.gpus = 8;
  vf_train of_one = run_on("qwen3-8b", &r, "h100");
  assert_int_equal(of_one.gpus, 8);
  assert_true(of_one.budget.need.bytes == eight.budget.need.bytes);
  r.gpus = 4096;
  vf_train many = run_on("qwen3-8b", &r, "h100");
  assert_int_equal(many.gpus, 4096);
  assert_in_range(line(&many, "weights"), many.params * 4 / 4096, many.params * 4 / 4096 + 8);
  vf_error why = {.status = VF_OK};
  r.gpus = UINT32_MAX;
  assert_int_equal(refusal("qwen3-8b", &r, "h100", &why), VF_LIMIT);
}

/* Published: Llama-3-8B, fp32 weights, FSDP (fms-acceleration, a100_80gb_liger.csv): on four
 * GPUs 41.0 GiB allocated and 62.1 on the device; on two 74.8, and 79.2 of 79.25, for a full device
 * gets back what its allocator keeps. */
static void gradients_of_fsdp_lie_beside_activations(void **state) {
  (void)state;
  vf_train_request r = vf_train_request_init();
  r.precision = "mixed";
  r.parallel = "fsdp";
  r.loss = "fused";
  r.seq_tokens = 4096;
  r.micro_batch = 8;
  vf_train t = run_on("llama3-8b", &r, "a100-sxm4-80gbx4");
  assert_in_range(t.held.bytes - t.backward_bytes, t.params * 8 / 4 - 8, t.params * 8 / 4 + 8);
  assert_in_range(t.allocated.bytes >> 20, 40 << 10, 44 << 10);
  assert_in_range(t.budget.need.bytes >> 20, 56 << 10, 66 << 10);
  t = run_on("llama3-8b", &r, "a100-sxm4-80gbx2");
  assert_in_range(t.budget.need.bytes >> 20, 78 << 10, 84 << 10);
  assert_true(t.budget.verdict == VF_RISKY || t.budget.verdict == VF_NO_FIT);
}

/* peft/utils/other.py: norms, embeddings and what lies between layers become fp32. */
static void a_quantized_base_may_have_been_prepared_in_fp32(void **state) {
  (void)state;
  vf_train_request r = vf_train_request_init();
  r.method = "qlora";
  r.loss = "fused";
  vf_train t = run_on("llama3-8b", &r, "h100");
  uint64_t stream = UINT64_C(2048) * 2 * 4096 * 32, ends = UINT64_C(2) * 2 * 128256 * 4096;
  assert_in_range(t.bare.high_bytes - t.bare.bytes, stream + ends, stream + ends + 4000000);
  assert_true(t.bare.low_bytes == t.bare.bytes);
  r.base_quant = "gptq"; /* is never prepared so */
  t = run_on("llama3-8b", &r, "h100");
  assert_true(t.bare.high_bytes == t.bare.bytes);
}

/* 1F1B: the first stage holds as many micro batches as there are stages, or as there are at all. */
static void a_stage_holds_as_many_steps_as_there_are_stages(void **state) {
  (void)state;
  vf_train_request r = vf_train_request_init();
  r.precision = "mixed";
  r.parallel = "zero1";
  r.checkpointing = "none";
  r.loss = "fused";
  r.pp = 8;
  vf_train eight = run_on("llama3-8b", &r, "h100x8");
  r.grad_accum = 2;
  vf_train two = run_on("llama3-8b", &r, "h100x8");
  assert_in_range(line(&two, "activations"), line(&eight, "activations") / 4 - 65536,
                  line(&eight, "activations") / 4 + 65536);
}

static void sharding_on_one_gpu_works_and_says_that_it_saves_nothing(void **state) {
  (void)state;
  vf_train_request r = vf_train_request_init();
  r.parallel = "zero3";
  vf_train t = run_on("qwen3-0.6b", &r, "h100");
  assert_string_equal(t.notes[0], "one GPU: sharding saves nothing");
}

/* ---- How a line came about -------------------------------------------------------------- */

/* "2 buckets × 5 elements × 2.000 B / 4 GPUs + 3 of a layer × 6.000 B": its value, and how many
 * products it has. */
static double sum_of_products(const char *s, size_t *products) {
  double sum = 0, one = 0;
  bool divides = false, begins = true;
  *products = 0;
  for (const char *at = s; *at != '\0';) {
    if (strncmp(at, " + ", 3) == 0) sum += one, begins = true;
    if (strncmp(at, " / ", 3) == 0) divides = true;
    bool digit = isdigit((unsigned char)*at) && (at == s || at[-1] == ' ');
    if (!digit) {
      at++;
      continue;
    }
    double x = number(&at);
    one = begins ? x : divides ? one / x : one * x;
    *products += begins;
    begins = divides = false;
  }
  return sum + one;
}

static void check_formulas(const vf_train *t, const char *what) {
  for (size_t i = 0; i < t->n_lines; i++) {
    const vf_train_line *l = &t->lines[i];
    size_t products;
    if (l->source == NULL) fail_msg("%s, %s has no source", what, l->name);
    if (strcmp(l->name, "runtime") == 0 || strcmp(l->formula, "as stated") == 0) continue;
    double bytes = sum_of_products(l->formula, &products), off = bytes - (double)l->size.bytes;
    if (products == 0 || off > 2.0 * (double)products || -off > 2.0 * (double)products)
      fail_msg("%s: %s is %llu: %s", what, l->name, (unsigned long long)l->size.bytes, l->formula);
  }
}

/* What --explain prints multiplies to each line, whatever the run. */
static void every_line_is_what_its_formula_says(void **state) {
  (void)state;
  static const struct {
    const char *model, *gpus, *words;
  } rows[] = {
      {"llama3.1-8b", "h100", ""},
      {"llama3.1-8b", "h100", "checkpointing=none micro-batch=3 loss=full"},
      {"llama3.1-8b", "h100x8", "precision=mixed parallel=fsdp checkpointing=selective"},
      {"llama3.1-8b", "h100x8", "precision=mixed parallel=zero2 grad-accum=4"},
      {"llama3.1-8b", "h100x8", "precision=mixed parallel=zero3 offload=optimizer ema=fp32"},
      {"llama3.1-70b", "h100x8", "precision=mixed parallel=zero1 checkpointing=none seq-len=333"},
      {"llama3.1-8b", "h100", "method=qlora micro-batch=5"},
      {"llama3.1-8b", "h100x2", "method=lora parallel=fsdp loss=fused"},
      {"llama3.1-8b", "h100", "method=lora base-dtype=fp32 precision=mixed checkpointing=none"},
      {"qwen3-30b-a3b", "h100x8", "precision=mixed parallel=fsdp cp=2"},
      {"qwen2.5-vl-7b", "h100", "images=2 freeze=language"},
      {"qwen2.5-vl-7b", "h100", "images=2 micro-batch=2 freeze=towers,embeddings train-layers=4"},
      {"llama3.1-8b", "h200", "objective=ppo method=lora"},
      {"llama3.1-8b", "h200", "objective=distill teacher=70B micro-batch=2"},
      {"llama3.1-8b", "h200", "objective=dpo micro-batch=2"},
      {"llama3.1-8b", "h200", "objective=grpo rollout=0.25 reference=resident"},
      {"llama3.1-8b", "h100x2", "parallel=ddp optimizer=galore checkpointing=none"},
      {"llama3.1-8b", "h100", "step-in-backward=on optimizer=apollo optimizer-rank=256"},
      {"llama3.1-8b", "h100", "optimizer=soap"},
      {"llama3.1-8b", "h100", "optimizer=shampoo ema=bf16"},
      {"llama3.1-8b", "h100", "optimizer=muon precision=fp32 checkpointing=offload"},
      {"llama3.1-8b", "h100x8", "precision=mixed parallel=zero1 tp=2"},
      {"llama3.1-8b", "h100x8", "precision=mixed parallel=fsdp pp=2 checkpointing=none"},
      {"qwen3-30b-a3b", "h100x8", "precision=mixed parallel=fsdp ep=4"},
      {"qwen3-next-80b-a3b", "h200", "method=lora checkpointing=none"},
      {"llama3.1-8b", "h100x8", "precision=mixed parallel=zero1 pp=4 checkpointing=none"},
      {"qwen3-30b-a3b", "h100x16", "precision=mixed parallel=zero1 pp=2 ep=4 grad-accum=8"},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    vf_train t = run_words(rows[i].model, rows[i].words, rows[i].gpus);
    assert_true(t.n_lines >= 3);
    check_formulas(&t, rows[i].words);
  }
}

/* ---- Who holds what ----------------------------------------------------------------------- */

/* Llama-3.1-8B has P parameters, of which E are its embedding and as many its output, and V in
 * vectors; adapters of rank 16 on q and v A.  Bytes on each GPU in the optimizer's step. */
static void each_gpu_holds_its_share_of_every_part(void **state) {
  (void)state;
  const double P = 8030261312.0, E = 128256.0 * 4096, V = 65.0 * 4096 + 64;
  const double B = P - 2 * E, A = 32 * 16.0 * (4096 + 4096 + 4096 + 1024);
  const struct {
    const char *words, *gpus;
    double weights, states, gradients, temporary, host;
  } rows[] = {
      {"", "h200", 2 * P, 4 * P, 2 * P, 2 * P, 0},
      {"optimizer=adamw-fused", "h200", 2 * P, 4 * P, 2 * P, 0, 0},
      {"precision=fp32", "h200", 4 * P, 8 * P, 4 * P, 4 * P, 0},
      {"precision=mixed", "h200", 4 * P, 8 * P, 4 * P, 4 * P, 0},
      {"precision=mixed parallel=ddp", "h200x8", 4 * P, 8 * P, 4 * P, 4 * P, 0},
      {"precision=mixed parallel=zero1", "h200x8", 2 * P, 12 * P / 8, 2 * P, 4 * P / 8, 0},
      {"precision=mixed parallel=zero2", "h200x8", 2 * P, 12 * P / 8, 2 * P / 8, 4 * P / 8, 0},
      /* of stage 3 a sub-group of 1e9 parameters is stepped at a time, if there are more */
      {"precision=mixed parallel=zero3", "h200x4", 2 * P / 4, 12 * P / 4, 2 * P / 4, 4e9, 0},
      {"precision=mixed parallel=zero3", "h200x16", P / 8, 12 * P / 16, P / 8, P / 4, 0},
      {"precision=fp32 parallel=zero1", "h200x8", 4 * P, P, 4 * P, 0, 0},
      {"precision=bf16 parallel=zero1", "h200x8", 2 * P, 4 * P / 8, 2 * P, 0, 0},
      {"precision=mixed parallel=fsdp", "h200x4", P, 2 * P, P, P, 0},
      {"precision=mixed parallel=zero1 tp=2", "h200x4", P, 12 * P / 2 / 2, 4 * P / 2, 0, 0},
      {"precision=fp32 tp=2", "h200x2", 2 * P, 8 * P / 2, 2 * P, 0, 0},
      /* the first of four stages has the embedding, the last the output */
      {"precision=mixed pp=4", "h200x4", 2 * (B / 4 + E), 12 * (B / 4 + E), 4 * (B / 4 + E), 0, 0},
      {"ema=fp32", "h200", 2 * P, 4 * P + 4 * P, 2 * P, 2 * P, 0},
      {"ema=bf16", "h200", 2 * P, 4 * P + 2 * P, 2 * P, 2 * P, 0},
      {"ema=host", "h200", 2 * P, 4 * P, 2 * P, 2 * P, 4 * P},
      {"objective=dpo", "h200", 4 * P, 4 * P, 2 * P, 2 * P, 0},
      {"step-in-backward=on", "h200", 2 * P, 4 * P, 2 * E, 2 * E, 0},
      {"precision=mixed parallel=zero3 offload=optimizer", "h200x4", P / 2, 0, P / 2, 0, 12 * P},
      {"precision=mixed parallel=zero3 offload=params", "h200x4", 0, 0, 0, 0, (12 + 2 + 2) * P},
      {"method=lora lora-targets=q,v", "h200", 2 * P + 4 * A, 8 * A, 4 * A, 0, 0},
      {"method=lora lora-targets=q,v base-dtype=fp32", "h200", 4 * P + 4 * A, 8 * A, 4 * A, 0, 0},
      {"method=lora lora-targets=q,v parallel=fsdp", "h200x2", P + 2 * A, 4 * A, 2 * A, 0, 0},
      {"method=qlora lora-targets=q,v", "h200", 0.516 * (B - V) + 2 * (V + 2 * E) + 4 * A, 8 * A,
       4 * A, 0, 0},
      {"method=qlora lora-targets=q,v quant=nf4", "h200", 0.563 * (B - V) + 2 * (V + 2 * E) + 4 * A,
       8 * A, 4 * A, 0, 0},
      {"method=qlora lora-targets=q,v quant=int8", "h200", B - V + 2 * (V + 2 * E) + 4 * A, 8 * A,
       4 * A, 0, 0},
      {"method=qlora lora-targets=q,v quant=gptq", "h200",
       0.531 * (B - V) + 2 * (V + 2 * E) + 4 * A, 8 * A, 4 * A, 0, 0},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    vf_train t = run_words("llama3.1-8b", rows[i].words, rows[i].gpus);
    const vf_train_moment *m = &t.moments[5];
    assert_string_equal(m->name, "optimizer step");
    const double ours[] = {(double)m->bytes[VF_TRAIN_WEIGHTS], (double)m->bytes[VF_TRAIN_STATES],
                           (double)m->bytes[VF_TRAIN_GRADIENTS],
                           (double)m->bytes[VF_TRAIN_TEMPORARY], (double)t.host_bytes};
    const double theirs[] = {rows[i].weights, rows[i].states, rows[i].gradients, rows[i].temporary,
                             rows[i].host};
    for (size_t k = 0; k < 5; k++)
      if (ours[k] < theirs[k] - 64 || ours[k] > theirs[k] + 64)
        fail_msg("%s: %zu: %.0f, not %.0f", rows[i].words, k, ours[k], theirs[k]);
  }
}

/* ---- What a layer keeps ------------------------------------------------------------------- */

static void check_kept(const vf_train *t, const char *model, const char *words, uint64_t bytes) {
  const vf_train_moment *m = &t->moments[3];
  assert_string_equal(m->name, "backward begins");
  if (m->bytes[VF_TRAIN_ACTIVATIONS] != bytes)
    fail_msg("%s, %s: %llu, not %llu", model, words,
             (unsigned long long)m->bytes[VF_TRAIN_ACTIVATIONS], (unsigned long long)bytes);
}

/* Bytes a token that all layers keep for the backward pass, 2 a number: norms their input and what
 * they make of it in fp32, attention its queries, keys, values and result, a gated feed-forward
 * four rows.  See the head of training_model.c. */
static void layers_keep_what_their_derivatives_read(void **state) {
  (void)state;
  enum { TOKENS = 1024, H = 4096, KV = 1024, F = 14336 };
  static const struct {
    const char *model, *words;
    uint64_t bytes;
  } rows[] = {
      {"llama3.1-8b", "", 32 * (16 * H + 2 * (2 * H + 2 * KV) + 8 * F)},
      {"llama3.1-8b", "precision=fp32", 2 * 32 * (16 * H + 2 * (2 * H + 2 * KV) + 8 * F)},
      {"llama3.1-8b", "compile=on", 32 * (8 * H + 2 * (2 * H + 2 * KV) + 6 * F)},
      {"llama3.1-8b", "attention=eager",
       32 * (16 * H + 2 * (2 * H + 2 * KV) + 8 * F + 5 * 32 * TOKENS)},
      /* frozen matrices keep no inputs, adapters keep theirs in fp32 */
      {"llama3.1-8b", "method=lora lora-targets=all-linear",
       32 * (8 * H + 2 * (2 * H + 2 * KV) + 6 * F + 4 * (3 * H + H + 2 * H + F))},
      {"llama3.1-8b", "method=lora lora-targets=q,v",
       32 * (8 * H + 2 * (2 * H + 2 * KV) + 6 * F + 4 * (2 * H))},
      /* products of 4-bit matrices keep their inputs as well */
      {"llama3.1-8b", "method=qlora lora-targets=q",
       32 * (8 * H + 2 * (2 * H + 2 * KV) + 6 * F + 4 * H + 2 * (3 * H + F))},
      {"llama3.1-8b", "method=qlora lora-targets=q quant=int8",
       32 * (8 * H + 2 * (2 * H + 2 * KV) + 6 * F + 4 * H)},
      {"llama3.1-8b", "train-layers=3", 3 * (16 * H + 2 * (2 * H + 2 * KV) + 8 * F)},
      /* norms of queries and keys */
      {"qwen3-8b", "", 36 * (16 * H + 2 * (2 * H + 2 * KV) + 6 * (H + KV) + 8 * 12288)},
      {"qwen3-8b", "compile=on", 36 * (8 * H + 2 * (2 * H + 2 * KV) + 2 * (H + KV) + 6 * 12288)},
      /* eight of 128 experts, and a token's copies on their way there and back */
      {"qwen3-30b-a3b", "",
       48 * (16 * 2048 + 2 * (2 * 4096 + 2 * 512) + 6 * (4096 + 512) + 8 * 8 * 768 + 4 * 8 * 2048)},
      /* norms behind attention and feed-forward, too */
      {"gemma2-2b", "", 26 * (32 * 2304 + 2 * (2 * 2048 + 2 * 1024) + 8 * 9216)},
      /* norms with a mean, and no gate */
      {"gpt2", "", 12 * (8 * 768 + 8 * 768 + 4 * 3072)},
      /* latent attention: keys of 192, values of 128 numbers, and what they are made of; two shared
       * experts and six chosen ones, but for the first layer */
      {"deepseek-v2-lite", "",
       27 * (16 * 2048 + 2 * 16 * (192 + 192 + 128 + 128) + 2 * (512 + 64)) + 8 * 10944 +
           26 * (8 * (6 + 2) * 1408 + 4 * 6 * 2048)},
      /* delta nets but for each fourth layer: keys of 16 heads, 32 heads of values, a state */
      {"qwen3-next-80b-a3b", "",
       48 * (16 * 2048 + 8 * (10 + 1) * 512 + 4 * 10 * 2048) +
           12 * (2 * (4096 + 512 + 512 + 4096) + 6 * (4096 + 512) + 2 * (4096 + 4096)) +
           36 * (4 * (2 * 2048 + 4096) + 22 * 4096)},
      /* one norm, a projection, scanned and gated, and no feed-forward */
      {"mamba-130m", "", 24 * (8 * 768 + 8 * 1536)},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    char words[256];
    snprintf(words, sizeof words, "checkpointing=none loss=fused seq-len=1024 %s", rows[i].words);
    vf_train t = run_words(rows[i].model, words, "b300");
    check_kept(&t, rows[i].model, rows[i].words, rows[i].bytes * TOKENS);
  }
}

/* With checkpoints: the input of each layer, and one that is computed again with its gradients:
 * norms, attention, 14 of a gated feed-forward (11 compiled), of an expert's 9 and its copies. */
static void a_layer_is_computed_again_beside_the_inputs_of_all(void **state) {
  (void)state;
  enum { TOKENS = 1024, H = 4096, KV = 1024, F = 14336 };
  static const struct {
    const char *model, *words;
    uint64_t bytes;
  } rows[] = {
      {"llama3.1-8b", "", 32 * 2 * H + 8 * H + 2 * (2 * H + 2 * KV) + 14 * F},
      {"llama3.1-8b", "compile=on", 32 * 2 * H + 8 * H + 2 * (2 * H + 2 * KV) + 11 * F},
      {"llama3.1-8b", "precision=fp32", 32 * 4 * H + 8 * H + 2 * (2 * H + 2 * KV) + 14 * F},
      {"llama3.1-8b", "checkpointing=offload", 8 * H + 2 * (2 * H + 2 * KV) + 14 * F},
      {"qwen3-8b", "", 36 * 2 * H + 8 * H + 2 * (2 * H + 2 * KV) + 6 * (H + KV) + 14 * 12288},
      {"qwen3-30b-a3b", "",
       48 * 2 * 2048 + 8 * 2048 + 2 * (2 * 4096 + 2 * 512) + 6 * (4096 + 512) + 9 * 8 * 768 +
           2 * 8 * 2048},
      {"gpt2", "", 12 * 2 * 768 + 8 * 768 + 8 * 768 + 8 * 3072},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    char words[256];
    snprintf(words, sizeof words, "checkpointing=full loss=fused seq-len=1024 %s", rows[i].words);
    vf_train t = run_words(rows[i].model, words, "b300");
    check_kept(&t, rows[i].model, rows[i].words, rows[i].bytes * TOKENS);
  }
}

/* Bytes of logits a token: 14.7 a number with PyTorch's loss, which makes them fp32 (14 compiled),
 * 7.84 in place and 0.4 in pieces with 8 H of what leads to them; a head that two tensors share has
 * half of both, and gathers 4 H. */
static void the_loss_has_logits_as_its_kind_makes_them(void **state) {
  (void)state;
  enum { TOKENS = 2048, V = 128256, H = 4096 };
  static const struct {
    const char *words, *gpus;
    double bytes;
  } rows[] = {
      {"loss=full", "h200", 14.7 * V},
      {"loss=full compile=on", "h200", 14.0 * V},
      {"loss=full precision=fp32", "h200", 20.0 * V},
      {"loss=full precision=fp16", "h200", 6.0 * V},
      {"loss=inplace", "h200", 7.84 * V + 8 * H},
      {"loss=fused", "h200", 0.4 * V + 8 * H},
      {"loss=chunked", "h200", 0.4 * V + 8 * H},
      {"loss=full precision=mixed tp=2", "h200x2", 8.0 * V / 2 + 8 * H / 2 + 4 * H},
      {"loss=full cp=2 parallel=fsdp", "h200x2", 14.7 * V / 2},
      {"objective=reward", "h200", 0},
      {"objective=distill teacher=8B loss=full", "h200", (14.7 + 12) * V},
      {"objective=distill teacher=8B loss=fused", "h200", (0.4 + 0.4) * V + 8 * H},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    char words[256];
    snprintf(words, sizeof words, "checkpointing=none seq-len=1024 micro-batch=2 %s",
             rows[i].words);
    vf_train t = run_words("llama3.1-8b", words, rows[i].gpus);
    double bytes = (double)t.moments[3].bytes[VF_TRAIN_LOGITS];
    if (bytes < rows[i].bytes * TOKENS - 64 || bytes > rows[i].bytes * TOKENS + 64)
      fail_msg("%s: %.0f, not %.0f", rows[i].words, bytes, rows[i].bytes * TOKENS);
  }
}

/* Of what is shared out both embeddings are gathered, a layer and the next with its gradient;
 * buckets of DeepSpeed and DDP; the output's gradient, which a fused loss makes. */
static void what_is_shared_out_is_gathered_in_buffers(void **state) {
  (void)state;
  const double P = 8030261312.0, E = 128256.0 * 4096, B = P - 2 * E;
  const double A = 32 * 16.0 * (4096 + 4096 + 4096 + 1024);
  const struct {
    const char *words, *gpus;
    double bytes;
  } rows[] = {
      {"", "h200", 0},
      {"loss=fused", "h200", 2 * E},
      {"loss=fused grad-accum=2", "h200", 0},
      {"parallel=ddp", "h200x2", 2 * P},
      {"parallel=ddp loss=fused", "h200x2", 2 * P + 2 * E},
      {"method=lora lora-targets=q,v parallel=ddp", "h200x2", 4 * A},
      {"precision=mixed parallel=zero1", "h200x2", 2e9},
      {"precision=mixed parallel=zero2", "h200x8", 2e9},
      {"precision=mixed parallel=zero3", "h200x8", 2 * 2 * E + 6 * B / 32},
      {"precision=mixed parallel=fsdp", "h200x8", 2 * 2 * E + 6 * B / 32},
      {"precision=mixed parallel=fsdp", "h200", 0},
      {"precision=mixed parallel=zero3 offload=params", "h200", 2 * 2 * E + 6 * B / 32},
      {"precision=mixed parallel=fsdp pp=2", "h200x4", 6 * (B / 2 + E)},
      {"method=lora lora-targets=q,v parallel=fsdp", "h200x2", 2 * 2 * E + 4 * B / 32},
      {"method=qlora lora-targets=q,v parallel=fsdp", "h200x2", 2 * 2 * E + 2 * 0.516 * B / 32},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    char words[256];
    snprintf(words, sizeof words, "%s%s%s", strstr(rows[i].words, "loss") ? "" : "loss=full",
             rows[i].words[0] != '\0' ? " " : "", rows[i].words);
    vf_train t = run_words("llama3.1-8b", words, rows[i].gpus);
    double bytes = (double)t.moments[3].bytes[VF_TRAIN_BUFFERS];
    if (bytes < rows[i].bytes - 64 || bytes > rows[i].bytes + 64)
      fail_msg("%s: %.0f, not %.0f", rows[i].words, bytes, rows[i].bytes);
  }
}

static uint64_t permille(uint64_t bytes, uint64_t of) {
  return bytes / 1000 * of + bytes % 1000 * of / 1000;
}

static uint64_t larger(uint64_t a, uint64_t b) {
  return a > b ? a : b;
}

/* Where nothing presses: what is allocated is the sum with its spread, what is reserved at least
 * that, and the device holds 800 MiB of libraries beside it, at least half of them. */
static void each_way_has_the_spread_that_was_fitted_for_it(void **state) {
  (void)state;
  static const struct {
    const char *words, *gpus;
    uint64_t allocated[3], reserved[3], device[3];
  } rows[] = {
      {"", "b300", {853, 1008, 1080}, {870, 1050, 1200}, {978, 1097, 1262}},
      {"precision=mixed parallel=ddp",
       "b300x2",
       {853, 1008, 1080},
       {870, 1050, 1200},
       {978, 1097, 1262}},
      {"precision=mixed parallel=fsdp",
       "b300x8",
       {853, 1000, 1095},
       {856, 1000, 1220},
       {978, 1000, 1262}},
      {"precision=mixed parallel=fsdp tp=2",
       "b300x8",
       {835, 1057, 1394},
       {835, 1057, 1394},
       {978, 1059, 1262}},
      {"precision=mixed pp=2", "b300x2", {835, 1057, 1394}, {835, 1057, 1394}, {978, 1059, 1262}},
      {"precision=mixed parallel=zero2 offload=optimizer",
       "b300x2",
       {853, 1008, 1080},
       {870, 1050, 1200},
       {947, 1025, 1262}},
  };
  const uint64_t libraries = UINT64_C(800) << 20;
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    vf_train t = run_words("llama3.1-8b", rows[i].words, rows[i].gpus);
    const uint64_t sum[] = {t.bare.low_bytes, t.bare.bytes, t.bare.high_bytes};
    const uint64_t held[] = {t.held.low_bytes, t.held.bytes, t.held.high_bytes};
    const uint64_t allocated[] = {t.allocated.low_bytes, t.allocated.bytes, t.allocated.high_bytes};
    const uint64_t reserved[] = {t.reserved.low_bytes, t.reserved.bytes, t.reserved.high_bytes};
    const uint64_t need[] = {t.budget.need.low_bytes, t.budget.need.bytes,
                             t.budget.need.high_bytes};
    for (size_t k = 0; k < 3; k++) {
      uint64_t most = permille(sum[k], rows[i].allocated[k]);
      assert_u64(allocated[k], most);
      uint64_t device = larger(permille(held[k] + libraries, rows[i].device[k]),
                               most + libraries / (k == 0 ? 2 : 1));
      assert_u64(need[k], device);
      uint64_t kept = larger(permille(sum[k], rows[i].reserved[k]), most);
      assert_u64(reserved[k], k == 2 || kept < device ? kept : device);
    }
  }
}

/* ---- Optimizers -------------------------------------------------------------------------- */

/* Llama-3.1-8B in bf16: q and o are 4096 x 4096, k and v 4096 x 1024, three of 4096 x 14336. */
static void states_follow_from_the_shapes_of_matrices(void **state) {
  (void)state;
  enum { H = 4096, KV = 1024, F = 14336, LAYERS = 32, V = 128256 };
  const uint64_t rest = UINT64_C(8030261312) - UINT64_C(2) * V * H, ends = UINT64_C(2) * V * H;
  const uint64_t vectors = (2 * LAYERS + 1) * H + 64;
  static const struct {
    const char *optimizer;
    uint32_t rank;
    uint64_t layer;  /* bytes of a layer's matrices */
    uint32_t others; /* bytes of each other parameter */
  } rows[] = {
      {"sgd", 0, 0, 0},
      {"lion", 0, UINT64_C(2) * (2 * H * H + 2 * H * KV + 3 * H * F), 2},
      {"muon", 0, UINT64_C(2) * (2 * H * H + 2 * H * KV + 3 * H * F), 4},
      /* two moments of rank 128 along the longer side, a projector along the shorter */
      {"galore", 0, UINT64_C(2) * 128 * (2 * (4 * H + 3 * F) + 2 * H + 2 * KV + 3 * H), 4},
      {"apollo", 64, UINT64_C(2) * 64 * 2 * (4 * H + 3 * F), 4},
      {"apollo-mini", 0, UINT64_C(2) * 2 * (4 * H + 3 * F), 4},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    vf_train_request r = vf_train_request_init();
    r.optimizer = rows[i].optimizer;
    r.optimizer_rank = rows[i].rank;
    vf_train t = run_on("llama3.1-8b", &r, "h100");
    uint64_t states = LAYERS * rows[i].layer + rows[i].others * (ends + vectors);
    if (line(&t, "optimizer") + 8 < states || line(&t, "optimizer") > states + rest / 900)
      fail_msg("%s: %llu, not %llu", rows[i].optimizer, (unsigned long long)line(&t, "optimizer"),
               (unsigned long long)states);
  }
}

/* GaLore's README: LLaMA-7B, rank 1024, 16 sequences of 256 tokens, 8 bits, a layer's step at a
 * time, with checkpoints: 22.8 GB of a 24 GB card. */
static void galore_takes_what_its_authors_saw(void **state) {
  (void)state;
  vf_train_request r = vf_train_request_init();
  r.optimizer = "galore-8bit";
  r.optimizer_rank = 1024;
  r.step_in_backward = true;
  r.seq_tokens = 256;
  r.micro_batch = 16;
  vf_train t = run_on("llama-7b", &r, "rtx-4090");
  assert_in_range(UINT64_C(22800000000), t.budget.need.low_bytes, t.budget.need.high_bytes);
}

/* ---- Objectives -------------------------------------------------------------------------- */

static vf_train objective(const char *what, const char *method, const char *teacher) {
  vf_train_request r = vf_train_request_init();
  r.objective = what;
  r.method = method;
  r.teacher = teacher;
  r.grad_accum = 2;
  r.checkpointing = "none";
  r.optimizer = "adamw-fused";
  return run_on("llama3.1-8b", &r, "h200");
}

static void objectives_hold_the_models_that_they_need(void **state) {
  (void)state;
  vf_train sft = objective(NULL, NULL, NULL), dpo = objective("dpo", NULL, NULL);
  vf_train orpo = objective("orpo", NULL, NULL), kto = objective("kto", NULL, NULL);
  vf_train ppo = objective("ppo", NULL, NULL), grpo = objective("grpo", NULL, NULL);
  vf_train distill = objective("distill", NULL, "70B"), reward = objective("reward", NULL, NULL);
  uint64_t w = line(&sft, "weights"), a = line(&sft, "activations"), o = line(&sft, "optimizer");
  assert_true(line(&dpo, "weights") == 2 * w && line(&dpo, "activations") == 2 * a);
  assert_true(line(&orpo, "weights") == w && line(&orpo, "activations") == 2 * a);
  assert_true(line(&kto, "weights") == 2 * w && line(&kto, "activations") == a);
  assert_true(line(&grpo, "weights") == w); /* beta is 0: no reference */
  assert_in_range(line(&ppo, "weights"), 4 * w - 1000, 4 * w);
  assert_in_range(line(&ppo, "optimizer"), 2 * o - 1000, 2 * o);
  assert_true(line(&ppo, "activations") > a * 19 / 10);
  assert_true(line(&distill, "weights") == w + UINT64_C(140000000000));
  assert_true(line(&distill, "logits") > line(&sft, "logits") * 3 / 2);
  assert_true(line(&reward, "logits") == 0);
  assert_true(line(&reward, "weights") == w - UINT64_C(2) * 128256 * 4096); /* without a head */
  dpo = objective("dpo", "lora", NULL); /* the base serves, its adapters disabled */
  sft = objective(NULL, "lora", NULL);
  assert_true(line(&dpo, "weights") == line(&sft, "weights"));
}

static void an_engine_that_generates_takes_its_share_or_sleeps(void **state) {
  (void)state;
  vf_train_request r = vf_train_request_init();
  r.objective = "grpo";
  r.method = "lora";
  r.rollout = "apart";
  vf_train apart = run_on("llama3.1-8b", &r, "h200");
  r.rollout = "0.3";
  vf_train beside = run_on("llama3.1-8b", &r, "h200");
  r.rollout_sleep = true;
  vf_train asleep = run_on("llama3.1-8b", &r, "h200");
  uint64_t share = beside.budget.device.total_bytes * 3 / 10;
  assert_true(beside.budget.need.bytes == apart.budget.need.bytes + share);
  assert_true(beside.budget.need.low_bytes == apart.budget.need.low_bytes + share);
  assert_true(beside.budget.need.high_bytes == apart.budget.need.high_bytes + share);
  assert_true(line(&beside, "rollout") == share && line(&apart, "rollout") == 0);
  assert_true(asleep.budget.need.bytes < beside.budget.need.bytes);
  assert_true(asleep.budget.need.bytes > apart.budget.need.bytes);
}

/* ---- What is frozen ---------------------------------------------------------------------- */

static void what_is_frozen_has_no_gradients_and_no_states(void **state) {
  (void)state;
  vf_train_request r = vf_train_request_init();
  r.images = 1;
  r.grad_accum = 2;
  vf_train all = run_on("qwen2.5-vl-7b", &r, "h200");
  r.freeze = "towers";
  vf_train text = run_on("qwen2.5-vl-7b", &r, "h200");
  r.freeze = "language";
  vf_train tower = run_on("qwen2.5-vl-7b", &r, "h200");
  assert_true(all.params == text.params && all.trainable_params == all.params);
  assert_true(text.trainable_params + tower.trainable_params == all.params);
  assert_true(line(&all, "weights") == line(&text, "weights"));
  assert_true(line(&text, "gradients") == 2 * text.trainable_params);
  assert_true(line(&tower, "optimizer") == 4 * tower.trainable_params);
  r.freeze = "embeddings";
  r.train_layers = 7;
  r.checkpointing = "none";
  vf_train last = run_on("llama3.1-8b",
                         &(vf_train_request){.struct_size = sizeof r,
                                             .freeze = "embeddings",
                                             .train_layers = 8,
                                             .checkpointing = "none"},
                         "h200");
  vf_train whole = run_on(
      "llama3.1-8b", &(vf_train_request){.struct_size = sizeof r, .checkpointing = "none"}, "h200");
  assert_in_range(line(&last, "activations") + line(&last, "optimizer"), 1,
                  line(&whole, "activations") + line(&whole, "optimizer"));
  assert_in_range(last.trainable_params, last.params / 5, last.params / 3);
}

static void adapters_of_the_last_layers_keep_what_those_layers_keep(void **state) {
  (void)state;
  vf_train_request r = vf_train_request_init();
  r.method = "lora";
  r.checkpointing = "none";
  vf_train all = run_on("llama3.1-8b", &r, "h100");
  r.train_layers = VF_TRAIN_ALL_LAYERS;
  vf_train said = run_on("llama3.1-8b", &r, "h100");
  r.train_layers = 8;
  vf_train last = run_on("llama3.1-8b", &r, "h100");
  assert_true(all.trainable_params == said.trainable_params);
  assert_true(4 * last.trainable_params == all.trainable_params);
  assert_true(line(&all, "activations") == line(&said, "activations"));
  assert_in_range(line(&last, "activations"), line(&all, "activations") / 5,
                  line(&all, "activations") / 3);
}

static void what_does_not_go_together_is_refused(void **state) {
  (void)state;
  static const struct {
    const char *words[6], *part;
  } rows[] = {{{"objective", "distill"}, "--teacher"},
              {{"teacher", "7B"}, "--objective"},
              {{"objective", "distill", "teacher", "many"}, "number of parameters"},
              {{"reference", "resident"}, "--objective"},
              {{"objective", "dpo", "reference", "shared"}, "adapters"},
              {{"rollout", "0.3"}, "--objective"},
              {{"objective", "grpo", "rollout", "1.5"}, "share of the GPU"},
              {{"images", "2"}, "no tower"},
              {{"freeze", "language"}, "no tower"},
              {{"freeze", "layers"}, "none of"},
              {{"train-layers", "29"}, "28 layers"},
              {{"optimizer-rank", "8"}, "galore"},
              {{"step-in-backward", "on", "grad-accum", "2"}, "--grad-accum 1"},
              {{"ema", "fp8"}, "none of"}};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    vf_error why = {.status = VF_OK};
    vf_train_request r = vf_train_request_init();
    for (size_t k = 0; k < 6 && rows[i].words[k] != NULL; k += 2)
      assert_ok(vf_train_set(&r, rows[i].words[k], rows[i].words[k + 1], err));
    assert_true(refusal("qwen3-0.6b", &r, "h100", &why) != VF_OK);
    if (strstr(why.message, rows[i].part) == NULL)
      fail_msg("%s: %s", rows[i].words[0], why.message);
  }
}

/* ---- What Megatron says itself ------------------------------------------------------------ */

static const vf_deployment *deployment_of(vf_command **c, const char *line) {
  static char text[1024];
  static const char *words[96];
  static vf_deployment d;
  size_t n = 0;
  snprintf(text, sizeof text, "%s", line);
  for (char *w = strtok(text, " "); w != NULL; w = strtok(NULL, " ")) words[n++] = w;
  assert_ok(vf_command_new(c, ctx, err));
  assert_ok(vf_command_read_trainer(*c, words, n, err));
  assert_ok(vf_command_deployment(*c, &d, err));
  d.gpu = "h100";
  return &d;
}

/* "Theoretical memory footprints" as logs have them, in MiB.  gpt2-xl on one GPU
 * (vuiseng9/megatron-lm), and 64.7 B parameters on TP 4, PP 8 with 2 sequences a step
 * (gnosia93/slurm-on-aws).  Of weights and states Megatron leaves out positions and biases. */
static void megatrons_theory_is_what_it_prints(void **state) {
  (void)state;
  static const struct {
    const char *line;
    double states, activations;
  } rows[] = {
      {"torchrun --nproc_per_node 1 pretrain_gpt.py --num-layers 48 --hidden-size 1600 "
       "--num-attention-heads 25 --seq-length 1024 --max-position-embeddings 1024 "
       "--micro-batch-size 1 --global-batch-size 1 --bf16 --vocab-size 50257",
       26699.47, 2785.59},
      {"torchrun --nproc_per_node 8 --nnodes 4 pretrain_gpt.py --tensor-model-parallel-size 4 "
       "--pipeline-model-parallel-size 8 --num-layers 80 --num-attention-heads 64 "
       "--hidden-size 8192 --seq-length 4096 --micro-batch-size 2 --global-batch-size 512 --bf16 "
       "--recompute-granularity full --recompute-method uniform --recompute-num-layers 1 "
       "--vocab-size 32000",
       35695.42, 86554.12},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    vf_command *c;
    vf_setup *setup;
    vf_train t;
    assert_ok(vf_setup_open(&setup, ctx, deployment_of(&c, rows[i].line), err));
    assert_ok(vf_setup_train(&t, setup, err));
    double states = (double)t.theory_states_bytes / (1 << 20);
    double activations = (double)t.theory_activations_bytes / (1 << 20);
    assert_true(states > rows[i].states * .998 && states < rows[i].states * 1.002);
    assert_true(activations > rows[i].activations - .01 && activations < rows[i].activations + .01);
    assert_int_equal(t.n_notes > 0, 1);
    vf_setup_free(setup);
    vf_command_free(c);
  }
}

#define MEGATRON                                                                                   \
  "torchrun --nproc_per_node 8 --nnodes 8 pretrain_gpt.py --seq-length 4096 --bf16 --swiglu "      \
  "--untie-embeddings-and-output-weights --disable-bias-linear --normalization RMSNorm "           \
  "--position-embedding-type rope "

/* Mixtral 8x7B and Qwen1.5-MoE-A2.7B in Megatron's words: their published parameters. */
static void a_network_of_experts_has_the_parameters_that_are_published(void **state) {
  (void)state;
  static const struct {
    const char *line;
    uint64_t params;
    uint32_t vpp;
  } rows[] = {{MEGATRON "--num-layers 32 --hidden-size 4096 --ffn-hidden-size 14336 "
                        "--num-attention-heads 32 --group-query-attention --num-query-groups 8 "
                        "--vocab-size 32000 --num-experts 8 --moe-router-topk 2 "
                        "--pipeline-model-parallel-size 4 "
                        "--num-layers-per-virtual-pipeline-stage 4",
               UINT64_C(46702792704), 2},
              {MEGATRON "--num-layers 24 --hidden-size 2048 --ffn-hidden-size 5632 "
                        "--num-attention-heads 16 --add-qkv-bias --vocab-size 151936 "
                        "--num-experts 60 --moe-router-topk 4 --moe-ffn-hidden-size 1408 "
                        "--moe-shared-expert-intermediate-size 5632",
               UINT64_C(14315784192), 0}};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    vf_command *c;
    vf_setup *setup;
    vf_train t;
    const vf_deployment *d = deployment_of(&c, rows[i].line);
    assert_int_equal(d->train.vpp, rows[i].vpp);
    assert_ok(vf_setup_open(&setup, ctx, d, err));
    assert_ok(vf_setup_train(&t, setup, err));
    assert_u64(t.params, rows[i].params);
    vf_setup_free(setup);
    vf_command_free(c);
  }
}

/* Table 2 of arXiv 2205.05198 with sequence parallel and selective recomputation, as Megatron has
 * it: s b (18 h + 4 f) a layer, over TP; and with stages that take turns 1 + (p - 1) / (p v). */
static void megatrons_theory_knows_sequence_parallel_and_turns(void **state) {
  (void)state;
  vf_train_request r = vf_train_request_init();
  r.precision = "mixed";
  r.checkpointing = "selective";
  r.seq_tokens = 8192;
  r.tp = 8;
  r.pp = 4;
  vf_train plain = run_on("llama3-70b", &r, "h100x32");
  const uint64_t h = 8192, f = 28672, s = 8192, layer = s * (18 * h + 4 * f);
  uint64_t all = (80 * layer + 4 * (8 * s + s * h)) / 8;
  assert_in_range(plain.theory_activations_bytes, all - 8, all + 8);
  r.vpp = 5;
  vf_train turns = run_on("llama3-70b", &r, "h100x32");
  assert_in_range(turns.theory_activations_bytes, all + all * 3 / 20 - 64, all + all * 3 / 20 + 64);
  r = vf_train_request_init();
  assert_int_equal(run_on("llama3-8b", &r, "h100").theory_states_bytes, 0);
}

static int open_context(void **state) {
  (void)state;
  return vf_context_new(&ctx, NULL, NULL) != VF_OK;
}

static int close_context(void **state) {
  (void)state;
  vf_context_free(ctx);
  return 0;
}

/* 16 bytes of a parameter with AdamW in fp32, and the samples as they were measured. */
static void a_network_of_ones_own_is_the_sum_of_what_is_said(void **state) {
  (void)state;
  vf_train_request r = vf_train_request_init();
  vf_device d[1];
  vf_train t;
  size_t n;
  assert_ok(vf_devices_parse(d, 1, &n, ctx, "gb10", err));
  r.network_params = 12000000;
  r.sample_bytes = 9000000;
  r.buffer_bytes = 4000000000;
  r.micro_batch = 512;
  assert_ok(vf_train_network(&t, &r, d, n, err));
  assert_int_equal(t.backward_bytes, 16ull * 12000000 + 512ull * 9000000 + 4000000000);
  assert_int_equal(t.allocated.bytes, t.backward_bytes);
  uint64_t sum = t.backward_bytes, spare = sum / 1000 * 350; /* of fragments, at most */
  assert_u64(t.allocated.high_bytes, sum + spare / 2);
  assert_u64(t.reserved.low_bytes, sum);
  assert_u64(t.reserved.bytes, sum + spare / 4);
  assert_u64(t.reserved.high_bytes, sum + spare);
  assert_u64(t.budget.need.low_bytes, sum + (UINT64_C(300) << 20));
  assert_u64(t.budget.need.bytes, sum + spare / 4 + (UINT64_C(600) << 20));
  assert_u64(t.budget.need.high_bytes, sum + spare + (UINT64_C(1300) << 20));
  r.optimizer = "sgd";
  assert_ok(vf_train_network(&t, &r, d, n, err));
  assert_int_equal(t.backward_bytes, 8ull * 12000000 + 512ull * 9000000 + 4000000000);
  check_formulas(&t, "sgd");
  r.optimizer = "adamw-8bit"; /* 8 bits stay 8 bits, whatever the weights are */
  r.precision = "bf16";
  assert_ok(vf_train_network(&t, &r, d, n, err));
  assert_int_equal(line(&t, "optimizer"), 12000000 * 2031ull / 1000);
  r.trained_params = 1000000; /* adapters in fp32 over a frozen base in 16 bits */
  r.optimizer = "adamw-fused";
  assert_ok(vf_train_network(&t, &r, d, n, err));
  assert_int_equal(line(&t, "weights"), 2 * 12000000 + 4 * 1000000);
  assert_int_equal(line(&t, "gradients") + line(&t, "optimizer"), 12 * 1000000);
  assert_true(t.trainable_params == 1000000 && t.params == 12000000);
  r.trained_params = 0;
  r.precision = NULL;
  r.parallel = "zero3";
  assert_fails(vf_train_network(&t, &r, d, n, err), VF_USAGE, "no layers to share out");
  r.parallel = NULL;
  r.network_params = UINT64_C(4000000000000000); /* 16e15 bytes of weights: the sum has room */
  r.buffer_bytes = UINT64_MAX;
  assert_fails(vf_train_network(&t, &r, d, n, err), VF_OVERFLOW, "64 bits");
}

static vf_status network(const vf_train_request *r, vf_error *err) {
  vf_device d[1];
  vf_train t;
  size_t n;
  vf_status status = vf_devices_parse(d, 1, &n, ctx, "h100", err);
  return status != VF_OK ? status : vf_train_network(&t, r, d, n, err);
}

static void what_a_network_of_ones_own_does_not_have_is_refused(void **state) {
  (void)state;
  vf_train_request plain = vf_train_request_init(), r = plain;
  plain.network_params = 1000000;
  assert_ok(network(&plain, err));
  r = plain;
  r.method = "full";
  r.parallel = "ddp";
  r.tp = r.pp = r.cp = 1;
  assert_ok(network(&r, err));
  r.method = "lora";
  assert_fails(network(&r, err), VF_USAGE, "--method full");
  uint32_t *const ways[] = {&r.tp, &r.pp, &r.cp};
  for (size_t i = 0; i < 3; i++) {
    r = plain;
    *ways[i] = 2;
    assert_fails(network(&r, err), VF_USAGE, "no layers to share out");
  }
  const char **const of_models[] = {&r.freeze, &r.objective, &r.reference, &r.teacher,
                                    &r.critic, &r.rollout,   &r.ema,       &r.reward_model};
  for (size_t i = 0; i < sizeof of_models / sizeof *of_models; i++) {
    r = plain;
    *of_models[i] = "a word";
    assert_fails(network(&r, err), VF_USAGE, "--network has no 'a word'");
  }
  r = plain;
  r.offload = "optimizer";
  assert_fails(network(&r, err), VF_USAGE, "alone");
}

static void words_of_a_run_are_read_within_their_bounds(void **state) {
  (void)state;
  static const struct {
    const char *name, *text;
    bool ok;
  } rows[] = {{"micro-batch", "1", true},   {"micro-batch", "1048576", true},
              {"micro-batch", "0", false},  {"micro-batch", "1048577", false},
              {"micro-batch", "2x", false}, {"micro-batch", "-1", false},
              {"compile", "on", true},      {"compile", "off", true},
              {"compile", "true", true},    {"compile", "0", true},
              {"compile", "maybe", false},  {"loss", "", false},
              {"teacher", "7B", true}};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    vf_train_request r = vf_train_request_init();
    vf_error why = {VF_OK};
    if ((vf_train_set(&r, rows[i].name, rows[i].text, &why) == VF_OK) != rows[i].ok)
      fail_msg("%s=%s: %s", rows[i].name, rows[i].text, why.message);
  }
  static const struct {
    const char *text;
    uint64_t params; /* 0: refused */
  } sizes[] = {{"7B", UINT64_C(7000000000)},
               {"25M", 25000000},
               {"0.5b", 500000000},
               {"494000", 494000},
               {"9k", 9000},
               {"1.5T", UINT64_C(1500000000000)},
               {"0", 0},
               {"-1B", 0},
               {"7X", 0},
               {"7BB", 0},
               {"0x7B", 0},
               {"1e9", 0},
               {"B", 0},
               {"", 0}};
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
    vf_train_request r = vf_train_request_init();
    vf_error why = {VF_OK};
    bool read = vf_train_set(&r, "network", sizes[i].text, &why) == VF_OK;
    if (read != (sizes[i].params != 0) || r.network_params != sizes[i].params)
      fail_msg("%s: %llu", sizes[i].text, (unsigned long long)r.network_params);
  }
  static const char *const on[] = {"on", "true", "yes", "1"};
  static const char *const off[] = {"off", "false", "no", "0"};
  for (size_t i = 0; i < 4; i++) {
    vf_train_request r = vf_train_request_init();
    assert_ok(vf_train_set(&r, "compile", on[i], err));
    assert_true(r.compile);
    assert_ok(vf_train_set(&r, "compile", off[i], err));
    assert_false(r.compile);
  }
  vf_error why = {VF_OK};
  vf_train_request r = vf_train_request_init();
  r.method = "lora";
  r.lora_rank = 1 << 16;
  run_on("qwen3-0.6b", &r, "h100");
  r.lora_rank++;
  assert_int_equal(refusal("qwen3-0.6b", &r, "h100", &why), VF_LIMIT);
  static const char *const shares[] = {"0", "1", "1.5", "-0.3", "x", "/", ":", "0.3x", "nan"};
  for (size_t i = 0; i < sizeof shares / sizeof *shares; i++) {
    r = vf_train_request_init();
    r.objective = "grpo";
    r.rollout = shares[i];
    if (refusal("qwen3-0.6b", &r, "h100", &why) == VF_OK) fail_msg("rollout %s", shares[i]);
  }
  r = vf_train_request_init();
  r.freeze = "towers,language";
  assert_int_equal(refusal("qwen2.5-vl-7b", &r, "h100", &why), VF_USAGE);
  assert_non_null(strstr(why.message, "nothing to train"));
}

static void a_network_without_measured_samples_says_so(void **state) {
  (void)state;
  vf_train_request r = vf_train_request_init();
  vf_device d[1];
  vf_train t;
  size_t n;
  assert_ok(vf_devices_parse(d, 1, &n, ctx, "gb10", err));
  r.network_params = 12000000;
  assert_ok(vf_train_network(&t, &r, d, n, err));
  assert_int_equal(t.n_notes, 1);
  assert_non_null(strstr(t.notes[0], "--sample-memory"));
  r.sample_bytes = 1;
  assert_ok(vf_train_network(&t, &r, d, n, err));
  assert_int_equal(t.n_notes, 0);
}

/* Each with what is wrong about it; the result stays as it was. */
static void a_network_takes_no_words_of_models(void **state) {
  (void)state;
  static const struct {
    const char *words[4], *part;
    vf_status status;
  } rows[] = {{{"network", "12M", "optimizer", "galore"}, "follow from matrices", VF_USAGE},
              {{"network", "12M", "optimizer", "adawm"}, "'adawm' is none", VF_UNKNOWN},
              {{"network", "12M", "images", "2"}, "no tower", VF_USAGE},
              {{"network", "12M", "train-layers", "2"}, "no layers", VF_USAGE},
              {{"network", "12M", "objective", "dpo"}, "of language models", VF_USAGE},
              {{"network", "12M", "seq-len", "4k"}, "--sample-memory", VF_USAGE},
              {{"micro-batch", "2"}, "says no parameters", VF_USAGE}};
  vf_device d = {.total_known = true, .total_bytes = UINT64_C(1) << 34};
  vf_train t = {.gpus = 77};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    vf_train_request r = vf_train_request_init();
    for (size_t k = 0; k < 4 && rows[i].words[k] != NULL; k += 2)
      assert_ok(vf_train_set(&r, rows[i].words[k], rows[i].words[k + 1], err));
    assert_fails(vf_train_network(&t, &r, &d, 1, err), rows[i].status, rows[i].part);
  }
  vf_train_request r = vf_train_request_init();
  r.network_params = 12000000;
  assert_fails(vf_train_network(&t, &r, &d, 0, err), VF_USAGE, "at least one device");
  assert_int_equal(t.gpus, 77);
}

/* A sum that is beyond 64 bits wherever it gets there: samples, and what lies beside them. */
static void samples_beyond_64_bits_are_refused(void **state) {
  (void)state;
  vf_device d = {.total_known = true, .total_bytes = UINT64_C(1) << 34};
  vf_train t;
  vf_train_request r = vf_train_request_init();
  r.network_params = 12000000;
  r.sample_bytes = UINT64_MAX;
  assert_fails(vf_train_network(&t, &r, &d, 1, err), VF_OVERFLOW, "64 bits");
  r.micro_batch = 2;
  assert_fails(vf_train_network(&t, &r, &d, 1, err), VF_OVERFLOW, "64 bits");
}

/* ---- The most that fits, and ways ------------------------------------------------------- */

static vf_deployment training(const char *model, const char *gpu, const char *method,
                              const char *engine) {
  vf_deployment d = vf_deployment_init();
  d.training = true;
  d.model = model;
  d.gpu = gpu;
  d.train.method = method;
  d.request.engine = engine;
  return d;
}

static bool fits(const vf_deployment *d, const vf_train_request *r, uint32_t gpus) {
  vf_deployment x = *d;
  vf_setup *setup;
  vf_train t;
  x.train = *r;
  x.gpus = gpus;
  assert_ok(vf_setup_open(&setup, ctx, &x, err));
  vf_status status = vf_setup_train(&t, setup, NULL);
  vf_setup_free(setup);
  return status == VF_OK && t.budget.verdict == VF_FITS;
}

static vf_train_request with_number(const vf_train_request *was, vf_max_kind kind, uint64_t n) {
  vf_train_request r = *was;
  if (kind == VF_MOST_MICRO_BATCH) r.micro_batch = (uint32_t)n;
  if (kind == VF_MOST_SEQ_LEN) r.seq_tokens = n;
  if (kind == VF_MOST_RANK) r.lora_rank = (uint32_t)n;
  return r;
}

static void the_most_fits_and_the_step_beyond_does_not(void **state) {
  (void)state;
  static const char *const models[] = {"qwen3-0.6b", "llama3.1-8b", "qwen3-30b-a3b", "gemma3-12b"};
  static const char *const gpus[] = {"rtx-4090", "h100", "gb10"};
  static const char *const methods[] = {"full", "lora", "qlora"};
  static const char *const engines[] = {NULL, "trl", "unsloth", "axolotl", "llama-factory"};
  size_t answered = 0;
  for (size_t i = 0; i < 4 * 3 * 3 * 5; i++) {
    vf_max_query q = vf_max_query_init();
    vf_answer a;
    q.base = training(models[i % 4], gpus[i / 4 % 3], methods[i / 12 % 3], engines[i / 36]);
    q.kind = VF_MOST_MICRO_BATCH + (int)(i % 3);
    if (q.kind == VF_MOST_RANK && i / 12 % 3 == 0) continue;
    assert_ok(vf_max_solve(&a, ctx, &q, err));
    vf_train_request best = with_number(&q.base.train, q.kind, a.best.number);
    vf_train_request next = with_number(&q.base.train, q.kind, a.next.number);
    if (a.found) assert_true(fits(&q.base, &best, 0));
    if (a.has_next) assert_false(fits(&q.base, &next, 0));
    answered += a.found;
  }
  assert_true(answered > 40);
}

/* Every way is estimated again from its words alone. */
static void every_way_fits(void **state) {
  (void)state;
  static const char *const models[] = {"llama3.1-8b", "qwen3-32b", "llama3.1-70b"};
  static const char *const gpus[] = {"rtx-4090", "h100", "h100x8", "gb10"};
  static const char *const engines[] = {NULL, "trl", "unsloth", "torchtune", "mlx-lm", "deepspeed"};
  size_t ways = 0;
  for (size_t i = 0; i < 3 * 4 * 6; i++) {
    vf_deployment d = training(models[i % 3], gpus[i / 3 % 4], NULL, engines[i / 12]);
    vf_train_limits l;
    vf_setup *setup;
    d.train.micro_batch = 4;
    assert_ok(vf_setup_open(&setup, ctx, &d, err));
    assert_ok(vf_train_limits_solve(&l, setup, err));
    for (size_t w = 0; w < l.n_ways; w++) {
      vf_deployment one = d;
      if (l.ways[w].gpus != 0) one.gpu = strcmp(d.gpu, "rtx-4090") == 0 ? "rtx-4090" : "h100";
      assert_true(fits(&one, &l.ways[w].request, l.ways[w].gpus));
    }
    ways += l.n_ways;
    vf_setup_free(setup);
  }
  assert_true(ways > 60);
}

static void a_program_takes_its_own_words_and_refuses_those_of_others(void **state) {
  (void)state;
  vf_deployment d = training("qwen3-8b", "h100", NULL, "trl");
  vf_train_limits l;
  vf_setup *setup;
  assert_ok(vf_setup_open(&setup, ctx, &d, err));
  assert_ok(vf_train_limits_solve(&l, setup, err));
  assert_string_equal(l.request.loss, "chunked");
  assert_int_equal(l.request.seq_tokens, 1024);
  vf_setup_free(setup);
  d.train.loss = "inplace";
  vf_train t;
  assert_ok(vf_setup_open(&setup, ctx, &d, err));
  assert_fails(vf_setup_train(&t, setup, err), VF_UNSUPPORTED, "--loss inplace: TRL has no such");
  vf_setup_free(setup);
  d.request.engine = "tlr";
  assert_ok(vf_setup_open(&setup, ctx, &d, err));
  assert_fails(vf_setup_train(&t, setup, err), VF_UNKNOWN, "trains nothing that is known");
  vf_setup_free(setup);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_most_fits_and_the_step_beyond_does_not),
      cmocka_unit_test(a_network_of_ones_own_is_the_sum_of_what_is_said),
      cmocka_unit_test(what_a_network_of_ones_own_does_not_have_is_refused),
      cmocka_unit_test(words_of_a_run_are_read_within_their_bounds),
      cmocka_unit_test(a_network_without_measured_samples_says_so),
      cmocka_unit_test(a_network_takes_no_words_of_models),
      cmocka_unit_test(samples_beyond_64_bits_are_refused),
      cmocka_unit_test(every_way_fits),
      cmocka_unit_test(a_program_takes_its_own_words_and_refuses_those_of_others),
      cmocka_unit_test(adapters_have_as_many_parameters_as_peft_says),
      cmocka_unit_test(adapters_of_shared_experts_are_three_matrices_a_layer),
      cmocka_unit_test(a_delta_net_keeps_its_convolution_and_a_state_of_each_chunk),
      cmocka_unit_test(each_stage_of_zero_shares_out_what_it_says),
      cmocka_unit_test(shards_weigh_what_megatron_says),
      cmocka_unit_test(states_of_experts_are_shared_out_among_their_own_replicas),
      cmocka_unit_test(a_zero_step_takes_what_deepspeeds_estimators_say),
      cmocka_unit_test(fsdp_shards_experts_among_the_gpus_that_share_them),
      cmocka_unit_test(a_stage_stays_gathered_over_its_micro_batches),
      cmocka_unit_test(a_running_mean_in_main_memory_takes_nothing_of_the_gpu),
      cmocka_unit_test(more_of_anything_never_takes_less),
      cmocka_unit_test(what_cannot_be_is_refused_with_a_sentence),
      cmocka_unit_test(scores_of_very_long_sequences_are_refused),
      cmocka_unit_test(many_gpus_are_as_many_equal_ones),
      cmocka_unit_test(gradients_of_fsdp_lie_beside_activations),
      cmocka_unit_test(a_quantized_base_may_have_been_prepared_in_fp32),
      cmocka_unit_test(a_stage_holds_as_many_steps_as_there_are_stages),
      cmocka_unit_test(megatrons_theory_is_what_it_prints),
      cmocka_unit_test(a_network_of_experts_has_the_parameters_that_are_published),
      cmocka_unit_test(megatrons_theory_knows_sequence_parallel_and_turns),
      cmocka_unit_test(every_line_is_what_its_formula_says),
      cmocka_unit_test(each_gpu_holds_its_share_of_every_part),
      cmocka_unit_test(layers_keep_what_their_derivatives_read),
      cmocka_unit_test(a_layer_is_computed_again_beside_the_inputs_of_all),
      cmocka_unit_test(the_loss_has_logits_as_its_kind_makes_them),
      cmocka_unit_test(what_is_shared_out_is_gathered_in_buffers),
      cmocka_unit_test(each_way_has_the_spread_that_was_fitted_for_it),
      cmocka_unit_test(states_follow_from_the_shapes_of_matrices),
      cmocka_unit_test(galore_takes_what_its_authors_saw),
      cmocka_unit_test(objectives_hold_the_models_that_they_need),
      cmocka_unit_test(an_engine_that_generates_takes_its_share_or_sleeps),
      cmocka_unit_test(what_is_frozen_has_no_gradients_and_no_states),
      cmocka_unit_test(adapters_of_the_last_layers_keep_what_those_layers_keep),
      cmocka_unit_test(what_does_not_go_together_is_refused),
      cmocka_unit_test(sharding_on_one_gpu_works_and_says_that_it_saves_nothing),
  };
  return cmocka_run_group_tests_name("train", tests, open_context, close_context);
}
