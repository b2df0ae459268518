/* test_trainers.c - trainers' lines and files: what each word becomes, and that no word is lost. */
#include "support.h"

#include "core/training_params.h"
#include "deploy/command.h"
#include "engines/trainers.h"
#include "vramfit/deploy.h"

static vf_context *ctx;

/* ---- The tables ------------------------------------------------------------------------- */

static const vf_dialect *const all_tables[] = {
    &vf_words_accelerate, &vf_words_launcher, &vf_words_deepspeed, &vf_words_trainer,
    &vf_words_axolotl,    &vf_words_factory,  &vf_words_torchtune, &vf_words_mlx_lora,
    &vf_words_megatron,   &vf_words_nemo};

/* Whether a value is one that the word takes: asked of a run of a small model. */
static bool is_a_word(const char *param, const char *value) {
  vf_model *m;
  vf_device d[8];
  size_t n;
  vf_train out;
  vf_train_request r = vf_train_request_init();
  if (strcmp(param, "quant") == 0) r.base_quant = value;
  if (strcmp(param, "quant") != 0 && vf_train_set(&r, param, value, NULL) != VF_OK) return false;
  assert_ok(vf_model_open(&m, ctx, "qwen3-0.6b", NULL, NULL, err));
  assert_ok(vf_devices_parse(d, 8, &n, ctx, "h100x8", err));
  vf_status status = vf_train_run(&out, m, &r, d, n, NULL);
  vf_model_free(m);
  return status != VF_UNKNOWN;
}

static void check_map(const vf_spelling *row) {
  for (const char *s = row->value; *s != '\0';) {
    char value[64];
    size_t pair = strcspn(s, " "), theirs = strcspn(s, ":");
    assert_true(theirs < pair && theirs < 64);
    snprintf(value, sizeof value, "%.*s", (int)(pair - theirs - 1), s + theirs + 1);
    bool nothing = value[0] == '\0' || strcmp(value, "-") == 0 || strcmp(value, "=") == 0;
    if (!nothing && !is_a_word(row->param, value))
      fail_msg("%s: %s is no %s", row->words, value, row->param);
    s += pair + strspn(s + pair, " ");
  }
}

/* A word's value as it is printed is one that can be said again, and means the same. */
static void every_word_is_read_as_it_is_printed(void **state) {
  (void)state;
  static const char *const values[] = {
      [VF_TRAIN_string] = "none",   [VF_TRAIN_list] = "a,b", [VF_TRAIN_tokens] = "4k",
      [VF_TRAIN_count] = "3",       [VF_TRAIN_flag] = "on",  [VF_TRAIN_size] = "9MB",
      [VF_TRAIN_parameters] = "25M"};
  for (size_t i = 0; i < VF_TRAIN_PARAM_COUNT; i++) {
    const vf_train_param *p = &vf_train_params[i];
    vf_train_request said = vf_train_request_init(), again = said;
    char printed[64];
    vf_text t = vf_text_on(printed, sizeof printed);
    assert_ok(vf_train_set(&said, p->name, values[p->kind], err));
    assert_true(vf_train_param_is_set(p, &said));
    vf_train_param_print(p, &said, &t);
    assert_ok(vf_train_set(&again, p->name, printed, err));
    assert_true(vf_train_param_equal(p, &said, &again));
  }
}

static void values_that_are_none_are_refused_with_what_is_wanted(void **state) {
  (void)state;
  static const struct {
    const char *word, *value, *part;
  } rows[] = {{"micro-batch", "0", "'0' is not a number from 1 to 1048576"},
              {"micro-batch", "-3", "'-3' is not a number"},
              {"grad-accum", "4x", "'4x' is not a number"},
              {"images", "1048577", "'1048577' is not a number"},
              {"compile", "maybe", "'maybe' is neither on nor off"},
              {"network", "12G", "not a number of parameters"},
              {"buffer", "12XB", "'12XB'"},
              {"method", "", "an empty value says nothing"}};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    vf_train_request r = vf_train_request_init();
    assert_fails(vf_train_set(&r, rows[i].word, rows[i].value, err), VF_USAGE, rows[i].part);
    assert_false(vf_train_is_said(&r));
  }
}

static void every_row_means_a_parameter_and_a_word_that_there_is(void **state) {
  (void)state;
  for (size_t t = 0; t < sizeof all_tables / sizeof *all_tables; t++)
    for (size_t i = 0; i < all_tables[t]->n_rows; i++) {
      const vf_spelling *row = &all_tables[t]->rows[i];
      bool ours =
          row->param != NULL && (row->param[0] == '@' || vf_train_param_find(row->param) != NULL ||
                                 vf_param_find(row->param, strlen(row->param)) != NULL);
      if (row->effect == VF_EFFECT_READ && row->param != NULL && !ours)
        fail_msg("%s: no parameter is called %s", row->words, row->param);
      bool kept = row->param != NULL && row->param[0] == '@'; /* until all is read */
      if (row->measure == VF_MEASURE_MAP && row->param != NULL && !kept) check_map(row);
    }
  for (size_t i = 0; vf_trainer_at(i) != NULL; i++) {
    const vf_trainer *t = vf_trainer_at(i);
    for (const vf_trainer_default *d = t->defaults; d->param != NULL; d++)
      assert_true(is_a_word(d->param, d->value));
    for (const char *const *l = t->lacks; *l != NULL; l++) assert_non_null(strchr(*l, '='));
  }
}

/* ---- Lines ------------------------------------------------------------------------------ */

static size_t cut(char *text, const char **words) {
  size_t n = 0;
  for (char *s = strtok(text, " "); s != NULL; s = strtok(NULL, " ")) words[n++] = s;
  return n;
}

/* "engine model xGPUs words; remarks". */
static vf_status read(char out[512], const char *line, vf_error *why) {
  char text[1024];
  const char *words[64];
  vf_command *c;
  vf_deployment d;
  size_t remarks;
  vf_train_request nothing = vf_train_request_init();
  vf_text t = vf_text_on(out, 512);
  snprintf(text, sizeof text, "%s", line);
  assert_ok(vf_command_new(&c, ctx, err));
  vf_status status = vf_command_read_trainer(c, words, cut(text, words), why);
  if (status == VF_OK) status = vf_command_deployment(c, &d, why);
  if (status == VF_OK) {
    assert_true(d.training);
    vf_text_printf(&t, "%s %s x%u ", d.request.engine, d.model, (unsigned)d.gpus);
    vf_text words_of = vf_text_on(text, sizeof text);
    vf_train_words_text(&words_of, &d.train, &nothing);
    vf_text_put(&t, text);
    if (d.quant != NULL) vf_text_printf(&t, " --quant %s", d.quant);
    remarks = d.n_remarks;
    for (size_t i = 0; i < remarks; i++) vf_text_printf(&t, "; %s", d.remarks[i].text);
  }
  vf_command_free(c);
  return status;
}

static void every_launcher_is_read(void **state) {
  (void)state;
  static const struct {
    const char *line, *means;
  } rows[] = {
      {"accelerate launch --num_processes 4 --mixed_precision bf16 sft.py --model_name_or_path "
       "Qwen/Qwen3-8B --max_length 4096 --per_device_train_batch_size 2 --learning_rate 2e-5",
       "trl Qwen/Qwen3-8B x4 --precision mixed --seq-len 4096 --micro-batch 2 --parallel ddp"},
      {"torchrun --nproc_per_node=8 train.py --model_name_or_path m --bf16 True --fsdp "
       "full_shard auto_wrap --gradient_checkpointing --output_dir /tmp/x --optim adamw_bnb_8bit",
       "transformers m x8 --precision mixed --optimizer adamw-8bit --checkpointing full "
       "--parallel fsdp"},
      {"python -m torch.distributed.run --nproc-per-node 2 run_clm.py --model_name_or_path m "
       "--block_size 1024",
       "transformers m x2 --seq-len 1024 --parallel ddp"},
      {"CUDA_VISIBLE_DEVICES=0,1 trl dpo --model_name_or_path m --use_peft --lora_r 32 "
       "--load_in_4bit --lora_target_modules q_proj v_proj",
       "trl m x2 --method qlora --lora-rank 32 --lora-targets q,v --objective dpo"},
      {"mlx_lm.lora --model mlx-community/Qwen3-4B-4bit --train --batch-size 2 --num-layers -1 "
       "--grad-checkpoint --data d",
       "mlx-lm mlx-community/Qwen3-4B-4bit x0 --micro-batch 2 --checkpointing full "
       "--train-layers 1048576"},
      {"tune run --nproc_per_node 2 full_finetune_distributed",
       "torchtune (null) x2 --parallel fsdp"},
      {"llamafactory-cli train --stage sft --model_name_or_path m --finetuning_type lora "
       "--quantization_bit 8 --cutoff_len 1024 --lora_target all --flash_attn fa2 --bf16",
       "llama-factory m x0 --method qlora --seq-len 1024 --attention flash --lora-targets "
       "all-linear --objective sft --quant int8"},
      {"deepspeed --num_gpus 8 train.py --model_name_or_path m --use_galore",
       "transformers m x8 --parallel ddp; use_galore is no option of Trainer that is known: it may "
       "move memory"},
      {"python unsloth_run.py --model_name m --max_seq_length=512 --loss_type focal",
       "unsloth m x0 --seq-len 512; Trainer's loss_type focal is not read: it may move memory"},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    char got[512];
    vf_error why = {.status = VF_OK};
    if (read(got, rows[i].line, &why) != VF_OK) fail_msg("%s: %s", rows[i].line, why.message);
    assert_string_equal(got, rows[i].means);
  }
}

static void a_line_that_trains_nothing_is_told(void **state) {
  (void)state;
  char out[512];
  vf_error why = {.status = VF_OK};
  assert_int_equal(read(out, "vllm serve m", &why), VF_UNKNOWN);
  assert_non_null(strstr(why.message, "no trainer can be told"));
  assert_int_equal(read(out, "accelerate launch", &why), VF_UNKNOWN);
  assert_int_equal(read(out, "trl sft --max_length 0x10", &why), VF_USAGE);
  assert_string_equal(why.source, "max_length");
  assert_int_equal(read(out, "tune run lora --config llama3/8B_lora", &why), VF_USAGE);
  assert_int_equal(read(out, "trl sft --max_length --bf16", &why), VF_USAGE);
}

static int set_up(void **state) {
  (void)state;
  assert_int_equal(vf_context_new(&ctx, NULL, NULL), VF_OK);
  return 0;
}

static int tear_down(void **state) {
  (void)state;
  vf_context_free(ctx);
  return 0;
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_word_is_read_as_it_is_printed),
      cmocka_unit_test(values_that_are_none_are_refused_with_what_is_wanted),
      cmocka_unit_test(every_row_means_a_parameter_and_a_word_that_there_is),
      cmocka_unit_test(every_launcher_is_read),
      cmocka_unit_test(a_line_that_trains_nothing_is_told),
  };
  return cmocka_run_group_tests_name("trainers", tests, set_up, tear_down);
}
