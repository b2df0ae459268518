/* test_command.c - command lines: words, options of engines in both directions, our own options. */
#include "support.h"

#include <stdlib.h>

#include "core/model.h"
#include "deploy/command.h"
#include "deploy/dialect.h"
#include "deploy/launch.h"
#include "deploy/words.h"
#include "engines/engine.h"

static vf_context *ctx;
static vf_arena *arena;
static vf_command *command;

static int set_up(void **state) {
  (void)state;
  arena = vf_arena_new(&vf_default_allocator, (size_t)512 << 20);
  return arena == NULL || vf_context_new(&ctx, NULL, NULL) != VF_OK;
}

static int tear_down(void **state) {
  (void)state;
  vf_command_free(command);
  vf_arena_free(arena);
  vf_context_free(ctx);
  return 0;
}

/* ---- Words ------------------------------------------------------------------------------ */

static const char *no_variables(void *user, const char *name) {
  (void)user;
  return strcmp(name, "SET") == 0 ? "x y" : NULL;
}

static vf_words commands[VF_WORDS_COMMANDS];
static size_t n_commands;

static vf_status split(const char *text, vf_error *err) {
  return vf_words_split(commands, &n_commands, text, no_variables, NULL, arena, err);
}

/* All words of all commands, with a bar between words and a slash between commands. */
static const char *shown(const char *text) {
  static char out[1024];
  vf_text t = vf_text_on(out, sizeof out);
  assert_ok(split(text, err));
  for (size_t c = 0; c < n_commands; c++)
    for (size_t i = 0; i < commands[c].count; i++)
      vf_text_printf(&t, "%s%s", i > 0 ? "|" : c > 0 ? "/" : "", commands[c].list[i]);
  return out;
}

static void words_are_split_as_a_shell_does(void **state) {
  (void)state;
  assert_string_equal(shown(" a 'b c'  \"d \\\" e\"f \\ g '' "), "a|b c|d \" ef| g|");
  assert_string_equal(shown("a \\\n b `\r\n c ^\n d"), "a|b|c|d");
  assert_string_equal(shown("a # b\nc#d"), "a/c#d");
  assert_string_equal(shown("a > log 2>&1 b && c & d; (e)"), "a|b/c/d/e");
  assert_string_equal(shown("x >>'a' <in y"), "x|y");
}

static void variables_are_replaced_and_what_is_not_set_is_marked(void **state) {
  (void)state;
  assert_string_equal(shown("$SET \"$SET\" '$SET'"), "x|y|x y|$SET");
  assert_string_equal(shown("${NONE:-d e} ${SET:-d} ${NONE:+f} ${SET:+g}"), "d|e|x|y|g");
  assert_string_equal(shown("${A:-${B:-c}}"), "c");
  assert_string_equal(shown("-c $LEN"), "-c|\1$LEN");
  assert_string_equal(shown("\"${ARGS[@]}\" $(nproc --all) `date`"),
                      "\1${ARGS[@]}|\1$(nproc --all)|\1`date`");
  assert_string_equal(shown("a$ $5"), "a$|\1$5");
}

static void what_is_not_closed_is_told(void **state) {
  (void)state;
  assert_fails(split("a 'b", err), VF_MALFORMED, "a quote is not closed");
  assert_fails(split("a \"b", err), VF_MALFORMED, "a quote is not closed");
  assert_fails(split("a ${b", err), VF_MALFORMED, "a brace is not closed");
  assert_fails(split("a $(b", err), VF_MALFORMED, "a bracket is not closed");
  assert_fails(split("a `b", err), VF_MALFORMED, "a backquote is not closed");
}

static void braces_that_nest_without_end_are_refused(void **state) {
  (void)state;
  char text[4096] = "";
  for (int i = 0; i < 500; i++) strcat(text, "${A:-");
  for (int i = 0; i < 500; i++) strcat(text, "}");
  assert_fails(split(text, err), VF_LIMIT, "too deep");
}

/* ---- An engine's line -------------------------------------------------------------------- */

static vf_status read_line(vf_deployment *d, const char *line, vf_error *err) {
  vf_command_free(command);
  command = NULL;
  vf_status status = vf_command_new(&command, ctx, err);
  if (status == VF_OK) status = vf_command_read_text(command, line, NULL, NULL, err);
  return status == VF_OK ? vf_command_deployment(command, d, err) : status;
}

static bool remarks(const vf_deployment *d, const char *code, const char *words) {
  for (size_t i = 0; i < d->n_remarks; i++)
    if (strcmp(d->remarks[i].code, code) == 0 && strstr(d->remarks[i].text, words) != NULL)
      return true;
  return false;
}

static void vllm_is_read_with_its_own_suffixes(void **state) {
  (void)state;
  vf_deployment d;
  assert_ok(read_line(&d,
                      "python3 -m vllm.entrypoints.openai.api_server --model=Qwen/Qwen3-8B "
                      "--max_model_len 25.6k --gpu-memory-utilization 0.85 -tp 2 "
                      "--disable-log-requests --kv-cache-dtype fp8 --enforce-eager",
                      err));
  assert_string_equal(d.model, "Qwen/Qwen3-8B");
  assert_string_equal(d.request.engine, "vllm");
  assert_u64(d.request.ctx_tokens, 25600);
  assert_u64(d.request.memory_fraction_ppm, 850000);
  assert_u64(d.request.tp, 2);
  assert_int_equal(d.request.kv_v, VF_FORMAT_F8_E4M3);
  assert_true(d.request.enforce_eager);
  assert_u64(d.n_remarks, 0);
  assert_ok(read_line(&d, "vllm serve meta/m --max-model-len 8K --kv-cache-memory 2816M", err));
  assert_string_equal(d.model, "meta/m");
  assert_u64(d.request.ctx_tokens, 8192);
  assert_u64(d.request.kv_cache_memory_bytes, UINT64_C(2816) << 20);
}

static void llama_server_shares_its_context_among_slots(void **state) {
  (void)state;
  vf_deployment d;
  assert_ok(read_line(&d, "/app/llama-server -hf ggml-org/m-GGUF -c 8192 -np 4 -fa", err));
  assert_string_equal(d.request.engine, "llama-server");
  assert_string_equal(d.model, "ggml-org/m-GGUF");
  assert_null(d.quant); /* which file it is, the name says */
  assert_string_equal(d.mmproj, "if-any");
  assert_u64(d.request.ctx_tokens, 2048);
  assert_u64(d.request.seqs, 4);
  assert_int_equal(d.request.flash_attn, VF_ON);
  assert_ok(read_line(&d, "llama-server -m /models/m.gguf -c 8192 -np 4 -kvu -ngl all", err));
  assert_u64(d.request.ctx_tokens, 8192);
  assert_int_equal(d.request.gpu_layers, -1);
  assert_ok(read_line(&d, "llama-server -m m --cache-ram 0 -ctk q8_0 -c 0", err));
  assert_u64(d.request.seqs, 0);
  assert_u64(d.request.ctx_tokens, VF_CTX_WHOLE); /* --fit does not lower it */
  assert_true(d.request.prompt_cache_bytes == 0);
  assert_int_equal(d.request.kv_k, VF_FORMAT_Q8_0);
  assert_ok(read_line(&d, "llama-server -hf a/b:Q8_0 --no-mmproj -fit off", err));
  assert_string_equal(d.model, "a/b:Q8_0");
  assert_string_equal(d.mmproj, "none");
  assert_int_equal(d.fit, VF_OFF);
}

static void overrides_add_up_within_a_line(void **state) {
  (void)state;
  vf_deployment d;
  assert_ok(
      read_line(&d, "llama-server -m m -ot a=CUDA0,b=CPU -ot 'blk\\.(4[0-7])\\.=CUDA1'", err));
  assert_u64(d.request.override_count, 3);
  assert_int_equal(d.request.overrides[2].device, 1);
  assert_memory_equal(d.request.overrides[2].pattern, "blk\\.(4[0-7])\\.",
                      d.request.overrides[2].length);
  const char *const words[] = {"-ot", "c=CPU"};
  size_t at = 0;
  assert_ok(vf_command_option(command, words, 2, &at, err));
  assert_ok(vf_command_deployment(command, &d, err));
  assert_u64(d.request.override_count, 1); /* what is said later replaces the line's */
}

static void objects_say_the_same_as_their_members(void **state) {
  (void)state;
  vf_deployment a, b;
  assert_ok(read_line(&a,
                      "vllm serve m --speculative-config "
                      "'{\"method\":\"qwen3_next_mtp\",\"num_speculative_tokens\":2}'",
                      err));
  assert_string_equal(a.spec_method, "qwen3_next_mtp");
  assert_u64(a.request.spec_tokens, 2);
  assert_true(a.request.mtp);
  assert_ok(read_line(&b, "vllm serve m -sc.method eagle3 -sc.model x/y -sc.max_model_len=9", err));
  assert_string_equal(b.draft, "x/y");
  assert_true(remarks(&b, "option-not-read", "--speculative-config.max_model_len 9"));
  assert_ok(read_line(&b, "vllm serve m -cc '{\"cudagraph_mode\":\"NONE\"}'", err));
  assert_true(b.request.enforce_eager);
}

static void every_word_is_accounted_for(void **state) {
  (void)state;
  vf_deployment d;
  assert_ok(read_line(&d,
                      "vllm serve m --host 0.0.0.0 --port 80 --attention-backend X "
                      "--totally-bogus 5 --no-enable-prefix-caching",
                      err));
  assert_u64(d.n_remarks, 2);
  assert_true(remarks(&d, "option-not-read", "vLLM's --attention-backend X is not read"));
  assert_true(remarks(&d, "option-unknown", "--totally-bogus is no option of vLLM"));
  assert_string_equal(vf_command_passed(command)[0], "--host");
  assert_string_equal(vf_command_passed(command)[1], "--port");
  assert_null(vf_command_passed(command)[2]);
  assert_int_equal(d.request.prefix_caching, VF_OFF);
}

static void variables_that_are_not_set_are_named(void **state) {
  (void)state;
  vf_deployment d;
  assert_fails(read_line(&d, "vllm serve m --max-model-len $LEN", err), VF_USAGE,
               "'$LEN' is not set, so that --ctx is unknown");
  assert_fails(read_line(&d, "vllm serve m $EXTRA", err), VF_USAGE,
               "'$EXTRA' is not set and may stand for any option");
  assert_ok(read_line(&d, "LEN=8k vllm serve m --max-model-len ${LEN:-16k}", err));
}

static void assignments_before_a_program_are_its_environment(void **state) {
  (void)state;
  vf_deployment d;
  assert_ok(read_line(
      &d, "LLAMA_ARG_CTX_SIZE=4096 LLAMA_ARG_N_PARALLEL=2 llama-server -m m -c 8192", err));
  assert_u64(d.request.seqs, 2);
  assert_u64(d.request.ctx_tokens, 4096); /* 8192 for two */
  assert_ok(read_line(&d, "LLAMA_ARG_FLASH_ATTN=1 LLAMA_ARG_MMAP=0 llama-server -m m", err));
  assert_int_equal(d.request.flash_attn, VF_ON);
  assert_true(d.request.no_mmap);
}

static void values_that_make_no_sense_name_their_option(void **state) {
  (void)state;
  vf_deployment d;
  assert_fails(read_line(&d, "llama-server -m m -c lots", err), VF_USAGE, "-c: 'lots'");
  assert_fails(read_line(&d, "llama-server -m m -ngl", err), VF_USAGE, "-ngl: it needs a value");
  assert_fails(read_line(&d, "vllm serve m --gpu-memory-utilization 1.1", err), VF_USAGE, "'1.1'");
  assert_fails(read_line(&d, "vllm serve m --tensor-parallel-size two", err), VF_USAGE,
               "--tensor-parallel-size: 'two'");
  assert_fails(read_line(&d, "sglang serve --model-path m --tp 99999999", err), VF_USAGE, "--tp");
  assert_fails(read_line(&d, "llama-server -m m -c=4096", err), VF_USAGE, "takes no '='");
  assert_fails(read_line(&d, "llama-server -m m extra", err), VF_USAGE,
               "'extra' is neither an option of llama.cpp nor the value of one");
  assert_fails(read_line(&d, "vllm serve m extra", err), VF_USAGE, "'extra' is neither");
  assert_fails(read_line(&d, "nginx -g x", err), VF_UNKNOWN, "no engine can be told");
  assert_fails(read_line(&d, "vllm serve m --max-num 5", err), VF_USAGE,
               "can mean --max-num-batched-tokens or");
}

static void beginnings_are_options_where_the_parser_takes_them(void **state) {
  (void)state;
  vf_deployment d;
  assert_ok(read_line(&d, "vllm serve m --max-model 4096 --tensor-par 2", err));
  assert_u64(d.request.ctx_tokens, 4096);
  assert_u64(d.request.tp, 2);
  assert_ok(read_line(&d, "python -m sglang.launch_server --model m --mem-frac 0.8 --ep 4", err));
  assert_u64(d.request.memory_fraction_ppm, 800000);
  assert_u64(d.request.ep, 4);
  assert_ok(read_line(&d, "llama-server -m m --ctx 4096", err)); /* exact names alone */
  assert_true(remarks(&d, "option-unknown", "--ctx"));
}

/* ---- Every table ------------------------------------------------------------------------ */

static const vf_dialect *dialect_at(size_t i) {
  return vf_engine_at(i)->dialect;
}

static void every_spelling_names_a_parameter(void **state) {
  (void)state;
  for (size_t e = 0; vf_engine_at(e) != NULL; e++)
    for (size_t i = 0; dialect_at(e) != NULL && i < dialect_at(e)->n_rows; i++) {
      const vf_spelling *row = &dialect_at(e)->rows[i];
      bool read = row->effect == VF_EFFECT_READ;
      if (read != (row->param != NULL) ||
          (read && vf_param_find(row->param, strlen(row->param)) == NULL))
        fail_msg("%s: '%s' %s", dialect_at(e)->name, row->words, row->param);
    }
}

static void no_word_stands_twice_in_a_table(void **state) {
  (void)state;
  size_t n, m;
  for (size_t e = 0; vf_engine_at(e) != NULL; e++) {
    const vf_dialect *d = dialect_at(e);
    for (size_t i = 0; d != NULL && i < d->n_rows; i++)
      for (size_t w = 0; vf_spelling_word(&d->rows[i], w, &n) != NULL; w++) {
        const char *word = vf_spelling_word(&d->rows[i], w, &n);
        for (size_t k = 0; k <= i; k++)
          for (size_t v = 0; vf_spelling_word(&d->rows[k], v, &m) != NULL && (k < i || v < w);
               v++) {
            const char *other = vf_spelling_word(&d->rows[k], v, &m);
            if (n == m && memcmp(word, other, n) == 0)
              fail_msg("%s: '%.*s' stands twice", d->name, (int)n, word);
          }
      }
  }
}

/* ---- read(write(r)) == r ----------------------------------------------------------------- */

static uint64_t seed;

static uint64_t draw(uint64_t below) {
  seed ^= seed << 13;
  seed ^= seed >> 7;
  seed ^= seed << 17;
  return seed % below;
}

/* A value that the engine's word can say, in our option's words. */
static void draw_value(vf_text *out, const vf_param *p, const vf_spelling *row) {
  static const char *const formats[] = {"f16", "q8_0", "q4_0", "bf16"};
  static const char *const splits[] = {"none", "row", "tensor"};
  bool bare = row->form == VF_FORM_BARE && row->measure != VF_MEASURE_LEAST;
  if (bare && p->kind != VF_KIND_RANKS) {
    vf_text_put(out, row->value != NULL ? row->value : "on");
    return;
  }
  switch (p->kind) {
  case VF_KIND_SPEC: vf_text_put(out, draw(2) == 0 ? "draft-mtp" : "eagle3"); break;
  case VF_KIND_TEXT: vf_text_printf(out, "name-%llu", (unsigned long long)draw(99)); break;
  case VF_KIND_CONTEXT:
  case VF_KIND_TOKENS: vf_text_printf(out, "%llu", (unsigned long long)(1 + draw(1 << 20))); break;
  case VF_KIND_LENGTHS:
  case VF_KIND_TOKENS32:
    vf_text_printf(out, "%llu", (unsigned long long)(1 + draw(1 << 16)));
    break;
  case VF_KIND_COUNT:
  case VF_KIND_RANKS: vf_text_printf(out, "%llu", (unsigned long long)(2 + draw(14))); break;
  case VF_KIND_INDEX: vf_text_printf(out, "%llu", (unsigned long long)(1 + draw(7))); break;
  case VF_KIND_LAYERS:
  case VF_KIND_CPU_MOE: vf_text_printf(out, "%llu", (unsigned long long)(1 + draw(90))); break;
  case VF_KIND_SIZE:
  case VF_KIND_GIB:
  case VF_KIND_CACHE: vf_text_printf(out, "%lluGiB", (unsigned long long)(1 + draw(64))); break;
  case VF_KIND_RATIO:
  case VF_KIND_SHARE: vf_text_printf(out, "0.%llu", (unsigned long long)(1 + draw(999))); break;
  case VF_KIND_FLAG: vf_text_put(out, "on"); break;
  case VF_KIND_SWITCH: vf_text_put(out, draw(2) == 0 ? "on" : "off"); break;
  case VF_KIND_FORMAT: vf_text_put(out, formats[draw(4)]); break;
  case VF_KIND_TYPE: vf_text_put(out, draw(2) == 0 ? "bf16" : "f16"); break;
  case VF_KIND_KV: vf_text_put(out, "fp8_e4m3"); break;
  case VF_KIND_SPLIT: vf_text_put(out, splits[draw(3)]); break;
  case VF_KIND_PROPORTIONS:
    vf_text_printf(out, "%llu,%llu.5", (unsigned long long)draw(9), (unsigned long long)draw(9));
    break;
  case VF_KIND_OVERRIDES:
    vf_text_printf(out, "blk\\.[%llu-9]\\.=CPU,exps=CUDA1", (unsigned long long)draw(9));
    break;
  case VF_KIND_BANDWIDTH:
  case VF_KIND_HEADROOM: break;
  }
}

/* Whether the row writes its parameter: the first of its engine that is not silent. */
static bool is_written(const vf_dialect *d, const vf_spelling *row) {
  return row->param != NULL && row->words != NULL && !row->silent && row->only == NULL &&
         d->rows != NULL;
}

/* Every parameter that the engine spells, each with even odds. */
static void draw_request(vf_deployment *d, const vf_engine *engine) {
  *d = vf_deployment_init();
  d->request.engine = engine->name;
  for (size_t i = 0; i < engine->dialect->n_rows; i++) {
    const vf_spelling *row = &engine->dialect->rows[i];
    char text[80];
    vf_text t = vf_text_on(text, sizeof text);
    bool model = row->param != NULL && strcmp(row->param, "model") == 0;
    if (!is_written(engine->dialect, row) || (!model && draw(2) == 0)) continue;
    const vf_param *p = vf_param_find(row->param, strlen(row->param));
    draw_value(&t, p, row);
    const char *kept = vf_arena_copy(arena, text, strlen(text));
    vf_param_clear(p, d);
    assert_ok(vf_param_parse(p, d, kept, VF_MEASURE_OURS, err));
  }
}

/* What the engine's words cannot tell apart. */
static void canonical(vf_deployment *d, const vf_engine *engine) {
  bool vllm = strcmp(engine->name, "vllm") == 0;
  if (vllm && d->request.ep > 1) d->request.ep = UINT32_MAX; /* a switch there */
  if (vllm && d->request.prefix_caching == VF_AUTO) return;
}

/* Of every kind some values, and one that it has not. */
static const struct {
  const char *values[4], *none;
} of_kinds[] = {
    [VF_KIND_TEXT] = {{"a", "b c"}, NULL},
    [VF_KIND_TOKENS] = {{"32k", "1000"}, "lots"},
    [VF_KIND_CONTEXT] = {{"max", "4097"}, "0"},
    [VF_KIND_TOKENS32] = {{"2k", "16777216"}, "17M"},
    [VF_KIND_LENGTHS] = {{"8k", "4k,20k"}, "20k,4k"},
    [VF_KIND_COUNT] = {{"1", "17"}, "0"},
    [VF_KIND_INDEX] = {{"0", "3"}, "-1"},
    [VF_KIND_RANKS] = {{"all", "8"}, "0"},
    [VF_KIND_LAYERS] = {{"0", "all", "33"}, "some"},
    [VF_KIND_CPU_MOE] = {{"all", "12"}, "few"},
    [VF_KIND_SIZE] = {{"24GiB", "1.5GB"}, "12XB"},
    [VF_KIND_GIB] = {{"4", "0.5", "3GiB"}, "many"},
    [VF_KIND_CACHE] = {{"8192", "0", "1GiB"}, "big"},
    [VF_KIND_SHARE] = {{"0.9", "0.123456"}, "1.1"},
    [VF_KIND_RATIO] = {{"1.5", "0.8"}, "1001"},
    [VF_KIND_BANDWIDTH] = {{"90", "89.6"}, "0.5"},
    [VF_KIND_FLAG] = {{"on"}, NULL},
    [VF_KIND_SWITCH] = {{"on", "off", "auto"}, "perhaps"},
    [VF_KIND_FORMAT] = {{"q8_0", "fp8_e5m2"}, "q99"},
    [VF_KIND_TYPE] = {{"bf16", "f32"}, "q4_0"},
    [VF_KIND_KV] = {{"q4_0", "fp8_e4m3"}, "q99"},
    [VF_KIND_SPLIT] = {{"layer", "none", "row", "tensor"}, "both"},
    [VF_KIND_SPEC] = {{"draft-mtp"}, NULL},
    [VF_KIND_PROPORTIONS] = {{"3,1", "6.5,10"}, "3,,1"},
    [VF_KIND_OVERRIDES] = {{"exps=CPU", "a=CUDA1,b=CPU"}, "exps=NOWHERE"},
    [VF_KIND_HEADROOM] = {{"2GiB", "10%"}, "12.5%"},
};

static void every_parameter_is_read_as_it_is_printed(void **state) {
  (void)state;
  for (size_t i = 0; i < VF_PARAM_COUNT; i++) {
    const vf_param *p = &vf_params[i];
    for (size_t v = 0; v < 4 && of_kinds[p->kind].values[v] != NULL; v++) {
      vf_deployment said = vf_deployment_init(), again = said;
      char printed[128];
      vf_text t = vf_text_on(printed, sizeof printed);
      assert_ok(vf_param_parse(p, &said, of_kinds[p->kind].values[v], VF_MEASURE_OURS, err));
      vf_param_print(p, &said, VF_MEASURE_OURS, &t);
      assert_ok(vf_param_parse(p, &again, printed, VF_MEASURE_OURS, err));
      if (!vf_param_equal(p, &said, &again))
        fail_msg("--%s %s is printed as %s", p->info.name, of_kinds[p->kind].values[v], printed);
    }
  }
}

static void values_that_are_none_leave_a_parameter_as_it_was(void **state) {
  (void)state;
  for (size_t i = 0; i < VF_PARAM_COUNT; i++) {
    const vf_param *p = &vf_params[i];
    const char *none = of_kinds[p->kind].none;
    vf_deployment d = vf_deployment_init();
    if (none == NULL) continue;
    vf_error e = {VF_OK};
    vf_status status = vf_param_parse(p, &d, none, VF_MEASURE_OURS, &e);
    assert_true(status == VF_USAGE || status == VF_UNKNOWN);
    if (strstr(e.message, none) == NULL) fail_msg("--%s %s: %s", p->info.name, none, e.message);
    assert_false(vf_param_is_set(p, &d));
  }
}

static void what_is_written_is_read_back(void **state) {
  (void)state;
  seed = 88172645463325252u;
  for (size_t e = 0; vf_engine_at(e) != NULL; e++) {
    const vf_engine *engine = vf_engine_at(e);
    if (engine->dialect == NULL || engine->dialect == &vf_dialect_ollama) continue;
    for (int n = 0; n < 200; n++) {
      vf_deployment d, back;
      char *line = vf_arena_alloc(arena, 8192, 1);
      vf_text t = vf_text_on(line, 8192);
      draw_request(&d, engine);
      vf_launch_line(&t, engine, &d);
      assert_true(t.length < 8192);
      assert_ok(read_line(&back, line, err));
      canonical(&d, engine);
      for (size_t i = 0; i < VF_PARAM_COUNT; i++)
        if (i != VF_PARAM_ENGINE && !vf_param_equal(&vf_params[i], &d, &back))
          fail_msg("%s: --%s: %s", engine->name, vf_params[i].info.name, line);
    }
  }
}

/* ---- Options of ours ---------------------------------------------------------------------- */

static vf_status read_ours(vf_deployment *d, const char *text, vf_error *err) {
  vf_command_free(command);
  command = NULL;
  vf_status status = split(text, err);
  if (status == VF_OK) status = vf_command_new(&command, ctx, err);
  for (size_t i = 0; status == VF_OK && i < commands[0].count; i++)
    status = vf_command_option(command, commands[0].list, commands[0].count, &i, err);
  return status == VF_OK ? vf_command_deployment(command, d, err) : status;
}

static void engines_words_among_ours_mean_what_they_mean_there(void **state) {
  (void)state;
  vf_deployment d;
  assert_ok(read_ours(&d, "--ctx-size 32768 --parallel 4", err));
  assert_u64(d.request.ctx_tokens, 8192);
  assert_true(remarks(&d, "context-shared", "8192 tokens for each of 4"));
  assert_ok(read_ours(&d, "-c 32768 -np 4", err));
  assert_u64(d.request.ctx_tokens, 8192);
  assert_ok(read_ours(&d, "-c 32768 --seqs 4", err));
  assert_u64(d.request.ctx_tokens, 32768);
  assert_ok(read_ours(&d, "--ctx 32768 -np 4", err));
  assert_u64(d.request.ctx_tokens, 32768);
  assert_ok(read_ours(&d, "--max-model-len 8k", err));
  assert_u64(d.request.ctx_tokens, 8000);
  assert_ok(read_ours(&d, "--max-model-len=8K -tp 2 --mem-fraction-static 0.8", err));
  assert_u64(d.request.ctx_tokens, 8192);
  assert_u64(d.request.tp, 2);
}

static void a_word_that_engines_share_needs_the_engine(void **state) {
  (void)state;
  vf_deployment d;
  assert_fails(read_ours(&d, "--max-total-tokens 8192", err), VF_USAGE, "--engine says which");
  assert_ok(read_ours(&d, "-e tgi --max-total-tokens 8192", err));
  assert_u64(d.request.ctx_tokens, 8192);
  assert_fails(read_ours(&d, "-n 64", err), VF_USAGE, "--engine says which");
  assert_ok(read_ours(&d, "-e llama.cpp -n 64", err));
  assert_u64(d.request.seqs, 0);
}

static void a_number_without_its_unit_is_no_size(void **state) {
  (void)state;
  vf_deployment d;
  assert_fails(read_ours(&d, "--used 2", err), VF_USAGE, "--used: 2 of what? 2GiB or 2GB");
  assert_fails(read_ours(&d, "--headroom 1", err), VF_USAGE, "1 of what?");
  assert_fails(read_ours(&d, "--memory 24", err), VF_USAGE, "24 of what?");
  assert_ok(read_ours(&d, "--kv-cache-memory-bytes 8589934592 --cpu-offload-gb 8", err));
  assert_u64(d.request.cpu_offload_bytes, UINT64_C(8) << 30);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(words_are_split_as_a_shell_does),
      cmocka_unit_test(variables_are_replaced_and_what_is_not_set_is_marked),
      cmocka_unit_test(what_is_not_closed_is_told),
      cmocka_unit_test(braces_that_nest_without_end_are_refused),
      cmocka_unit_test(vllm_is_read_with_its_own_suffixes),
      cmocka_unit_test(llama_server_shares_its_context_among_slots),
      cmocka_unit_test(overrides_add_up_within_a_line),
      cmocka_unit_test(objects_say_the_same_as_their_members),
      cmocka_unit_test(every_word_is_accounted_for),
      cmocka_unit_test(variables_that_are_not_set_are_named),
      cmocka_unit_test(assignments_before_a_program_are_its_environment),
      cmocka_unit_test(values_that_make_no_sense_name_their_option),
      cmocka_unit_test(beginnings_are_options_where_the_parser_takes_them),
      cmocka_unit_test(every_spelling_names_a_parameter),
      cmocka_unit_test(no_word_stands_twice_in_a_table),
      cmocka_unit_test(every_parameter_is_read_as_it_is_printed),
      cmocka_unit_test(values_that_are_none_leave_a_parameter_as_it_was),
      cmocka_unit_test(what_is_written_is_read_back),
      cmocka_unit_test(engines_words_among_ours_mean_what_they_mean_there),
      cmocka_unit_test(a_word_that_engines_share_needs_the_engine),
      cmocka_unit_test(a_number_without_its_unit_is_no_size),
  };
  return cmocka_run_group_tests(tests, set_up, tear_down);
}
