/* spelling.c - TensorRT-LLM's words: trtllm-serve.
 *
 * Source: tensorrt_llm/commands/serve.py (click: exact names with underscores; --kv_cache_dtype
 * since pull request 11487 of February 2026).  A file given with --config counts more than the
 * line. */
#include "engines/spelling.h"

static const vf_program programs[] = {
    {"trtllm-serve", "tensorrt-llm"}, {"trtllm-serve serve", "tensorrt-llm"}, {NULL, NULL}};
static const char *const images[] = {NULL};

static const vf_spelling rows[] = {
    {"model", ""},
    {"ctx", "--max_seq_len"},
    {"kv", "--kv_cache_dtype", .value = "fp8:fp8_e4m3", .measure = VF_MEASURE_MAP},
    {"tp", "--tp_size --tensor_parallel_size"},
    {"pp", "--pp_size --pipeline_parallel_size"},
    {"ep", "--ep_size --moe_expert_parallel_size"},
    {"gpu-memory-utilization",
     "--free_gpu_memory_fraction --kv_cache_free_gpu_memory_fraction --free-gpu-memory-fraction"},
    {"max-num-seqs", "--max_batch_size"},
    {"max-num-batched-tokens", "--max_num_tokens"},
    {"block-size", "--tokens-per-block --tokens_per_block", .silent = true},
    {"pool-tokens", "--kv_cache_config.max_tokens", .silent = true},
    {"kv-cache-memory-bytes", "--kv_cache_config.max_gpu_total_bytes", .silent = true},
    {"allow-long-ctx", NULL, .env = "TLLM_ALLOW_LONG_MAX_MODEL_LEN", .value = "1:on 0:off",
     .measure = VF_MEASURE_MAP},
    /* May move memory, and no parameter stands for it. */
    {.words = "--backend --config --extra_llm_api_options --max_beam_width --cp_size "
              "--context_parallel_size --cluster_size --moe_cluster_parallel_size --gpus_per_node "
              "--num_postprocess_workers --revision --custom_module_dirs",
     .effect = VF_EFFECT_UNREAD},
    {.words = "--enable_chunked_prefill --enable_attention_dp",
     .form = VF_FORM_BARE,
     .effect = VF_EFFECT_UNREAD},
    /* Move nothing. */
    {.words = "--host --port --tokenizer --log_level --reasoning_parser --tool_parser "
              "--metadata_server_config_file --server_role --otlp_traces_endpoint "
              "--served_model_name --chat_template --disagg_cluster_uri --media_io_kwargs",
     .effect = VF_EFFECT_NONE},
    {.words = "--trust_remote_code --fail_fast_on_attention_window_too_large --grpc",
     .form = VF_FORM_BARE,
     .effect = VF_EFFECT_NONE},
};

const vf_dialect vf_dialect_tensorrt_llm = {
    .name = "TensorRT-LLM",
    .programs = programs,
    .images = images,
    .rules = VF_DIALECT_EQUALS,
    .rows = rows,
    .n_rows = sizeof rows / sizeof *rows,
};
