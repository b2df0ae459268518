/* spelling.c - vLLM's words: vllm serve and its older module.
 *
 * Source: vllm/engine/arg_utils.py, entrypoints/openai/cli_args.py and utils/argparse_utils.py of
 * 017e9f4 (2026-08-17).  argparse: '_' is '-', a unique beginning is the option, "--no-x" turns a
 * flag off, "--x.y V" is a member of the object --x; a number with k m g t counts in powers of
 * 1000, with K M G T of 1024. */
#include "engines/spelling.h"

static const vf_program programs[] = {{"vllm serve", "vllm"},
                                      {"-m vllm.entrypoints.openai.api_server", "vllm"},
                                      {"-m vllm.entrypoints.api_server", "vllm"},
                                      {"-m vllm.entrypoints.cli.main serve", "vllm"},
                                      {NULL, NULL}};
static const char *const images[] = {"vllm/vllm-openai", "vllm-openai", "vllm-therock", "rocm/vllm",
                                     NULL};

static const vf_spelling rows[] = {
    /* The model. */
    {"model", ""},
    {"model", "--model", .silent = true},
    {"ctx", "--max-model-len", .measure = VF_MEASURE_SUFFIX, .left = "ctx-fits"},
    {"quant", "--quantization -q"},
    {"dtype", "--dtype",
     .value = "auto:auto float16:f16 half:f16 bfloat16:bf16 float32:f32 float:f32",
     .measure = VF_MEASURE_MAP, .strict = true},
    {"kv", "--kv-cache-dtype",
     .value =
         "auto:auto float16:f16 bfloat16:bf16 fp8_e4m3:fp8_e4m3 fp8:fp8_e4m3 fp8_e5m2:fp8_e5m2 "
         "fp8_ds_mla:fp8_e4m3 nvfp4:nvfp4 int8_per_token_head:int8 int4_per_token_head:int4",
     .measure = VF_MEASURE_MAP, .strict = true},
    {"tp", "--tensor-parallel-size -tp"},
    {"pp", "--pipeline-parallel-size -pp"},
    {"dp", "--data-parallel-size -dp"},
    {"ep", "--enable-expert-parallel -ep", .value = "all", .form = VF_FORM_BARE},
    {"dcp", "--decode-context-parallel-size -dcp"},
    {"gpu-memory-utilization", "--gpu-memory-utilization"},
    /* config/scheduler.py, cache.py: Field(ge=1) */
    {"max-num-seqs", "--max-num-seqs", .counts = true},
    {"max-num-batched-tokens", "--max-num-batched-tokens", .measure = VF_MEASURE_SUFFIX,
     .counts = true},
    {"block-size", "--block-size", .counts = true},
    {"num-gpu-blocks-override", "--num-gpu-blocks-override", .counts = true},
    {"kv-cache-memory-bytes", "--kv-cache-memory-bytes --kv-cache-memory",
     .measure = VF_MEASURE_SUFFIX},
    {"cpu-offload-gb", "--cpu-offload-gb", .measure = VF_MEASURE_GIB},
    /* A model of its own that drafts, or its own layers; as options or as one object. */
    {"spec-tokens",
     "--spec-tokens --speculative-config.num_speculative_tokens --num-speculative-tokens"},
    {"spec-type", "--spec-method --speculative-config.method"},
    {"draft", "--spec-model --speculative-config.model --speculative-model"},
    {"draft-quant", "--speculative-config.quantization"},
    /* Slots for adapters are there only with --enable-lora: then one (config/lora.py). */
    {"max-loras", "--max-loras"},
    {"max-loras", "--enable-lora", .value = "1", .form = VF_FORM_BARE, .measure = VF_MEASURE_LEAST},
    {"max-lora-rank", "--max-lora-rank"},
    {"prefix-caching", "--enable-prefix-caching", .value = "on", .form = VF_FORM_BARE},
    {"prefix-caching", "--no-enable-prefix-caching", .value = "off", .form = VF_FORM_BARE},
    {"language-model-only", "--language-model-only", .form = VF_FORM_BARE},
    {"swa-full", "--disable-hybrid-kv-cache-manager", .form = VF_FORM_BARE},
    {"enforce-eager", "--enforce-eager", .form = VF_FORM_BARE},
    {"enforce-eager", "--compilation-config.cudagraph_mode --compilation-config.use_cudagraph",
     .value = "NONE:on false:on", .measure = VF_MEASURE_MAP, .silent = true},
    {"enforce-eager", "-O --optimization-level", .value = "0:on", .measure = VF_MEASURE_MAP,
     .silent = true},
    /* May move memory, and no parameter stands for it. */
    {.words = "--speculative-config -sc", .form = VF_FORM_JSON, .effect = VF_EFFECT_UNREAD},
    {.words = "--compilation-config -cc", .form = VF_FORM_JSON, .effect = VF_EFFECT_UNREAD},
    {"mm-images", "--limit-mm-per-prompt.image"},
    {"mm-videos", "--limit-mm-per-prompt.video"},
    {.words = "--limit-mm-per-prompt", .form = VF_FORM_JSON, .effect = VF_EFFECT_UNREAD},
    {"mm-max-pixels", "--mm-processor-kwargs.max_pixels"},
    {.words = "--mm-processor-kwargs", .form = VF_FORM_JSON, .effect = VF_EFFECT_UNREAD},
    {"cuda-graph-max-bs",
     "--max-cudagraph-capture-size --compilation-config.max_cudagraph_capture_size"},
    {"mamba-ssm-dtype", "--mamba-ssm-cache-dtype"},
    {"skip-mm-profiling", "--skip-mm-profiling", .form = VF_FORM_BARE},
    {.words = "--media-io-kwargs", .form = VF_FORM_JSON, .effect = VF_EFFECT_UNREAD},
    {"rope-factor", "--hf-overrides.rope_parameters.factor --hf-overrides.rope_scaling.factor "
                    "--hf-overrides.text_config.rope_parameters.factor "
                    "--hf-overrides.text_config.rope_scaling.factor --rope-scaling.factor"},
    {"rope-original", "--hf-overrides.rope_parameters.original_max_position_embeddings "
                      "--hf-overrides.rope_scaling.original_max_position_embeddings "
                      "--hf-overrides.text_config.rope_parameters.original_max_position_embeddings "
                      "--hf-overrides.text_config.rope_scaling.original_max_position_embeddings "
                      "--rope-scaling.original_max_position_embeddings"},
    {"ctx-limit",
     "--hf-overrides.max_position_embeddings --hf-overrides.text_config.max_position_embeddings"},
    {.words = "--hf-overrides.rope_parameters.rope_type --hf-overrides.rope_parameters.rope_theta "
              "--hf-overrides.rope_scaling.rope_type --hf-overrides.rope_scaling.type "
              "--rope-scaling.rope_type --rope-scaling.type --hf-overrides.rope_theta",
     .effect = VF_EFFECT_NONE},
    {.words = "--hf-overrides", .form = VF_FORM_JSON, .effect = VF_EFFECT_UNREAD},
    {.words = "--kv-transfer-config", .form = VF_FORM_JSON, .effect = VF_EFFECT_UNREAD},
    {.words = "--ec-transfer-config", .form = VF_FORM_JSON, .effect = VF_EFFECT_UNREAD},
    {.words = "--eplb-config", .form = VF_FORM_JSON, .effect = VF_EFFECT_UNREAD},
    {.words = "--additional-config", .form = VF_FORM_JSON, .effect = VF_EFFECT_UNREAD},
    {.words = "--quantization-config", .form = VF_FORM_JSON, .effect = VF_EFFECT_UNREAD},
    {.words = "--rope-scaling", .form = VF_FORM_JSON, .effect = VF_EFFECT_UNREAD},
    {.words = "--attention-config -ac", .form = VF_FORM_JSON, .effect = VF_EFFECT_UNREAD},
    {.words = "--kernel-config", .form = VF_FORM_JSON, .effect = VF_EFFECT_UNREAD},
    {.words = "--override-neuron-config", .form = VF_FORM_JSON, .effect = VF_EFFECT_UNREAD},
    {.words = "--pooler-config", .form = VF_FORM_JSON, .effect = VF_EFFECT_UNREAD},
    {.words = "--diffusion-config -dc", .form = VF_FORM_JSON, .effect = VF_EFFECT_UNREAD},
    {.words = "--weight-transfer-config", .form = VF_FORM_JSON, .effect = VF_EFFECT_UNREAD},
    /* Variables (vllm/envs.py). */
    {.env = "VLLM_USE_V1", .plain = "1", .effect = VF_EFFECT_UNREAD},
    {.env = "VLLM_ATTENTION_BACKEND", .effect = VF_EFFECT_UNREAD},
    {.env = "VLLM_USE_DEEP_GEMM", .effect = VF_EFFECT_UNREAD},
    {"allow-long-ctx", NULL, .env = "VLLM_ALLOW_LONG_MAX_MODEL_LEN", .value = "1:on 0:off",
     .measure = VF_MEASURE_MAP},
    {.env = "VLLM_USE_V2_MODEL_RUNNER", .effect = VF_EFFECT_UNREAD},
    {.env = "VLLM_MLA_DISABLE", .effect = VF_EFFECT_UNREAD},
    {.env = "VLLM_PP_LAYER_PARTITION", .effect = VF_EFFECT_UNREAD},
    {.env = "VLLM_MEMORY_PROFILER_ESTIMATE_CUDAGRAPHS", .effect = VF_EFFECT_UNREAD},
    {.env = "VLLM_MARLIN_INPUT_DTYPE", .effect = VF_EFFECT_UNREAD},
    {.env = "VLLM_FLASHINFER_WORKSPACE_BUFFER_SIZE", .effect = VF_EFFECT_UNREAD},
    {.env = "VLLM_MOE_DP_CHUNK_SIZE", .effect = VF_EFFECT_UNREAD},
    {.env = "VLLM_ALL2ALL_BACKEND", .effect = VF_EFFECT_UNREAD},
    {.env = "VLLM_CPU_KVCACHE_SPACE", .effect = VF_EFFECT_UNREAD},
    {.words = "--runner", .plain = "auto generate", .effect = VF_EFFECT_UNREAD},
    {.words = "--task", .plain = "auto generate", .effect = VF_EFFECT_UNREAD},
    {.words = "--convert", .plain = "auto none", .effect = VF_EFFECT_UNREAD},
    {.words = "--load-format",
     .plain = "auto hf safetensors fastsafetensors pt npcache dummy mistral runai_streamer "
              "runai_streamer_sharded tensorizer sharded_state",
     .effect = VF_EFFECT_UNREAD},
    /* On by default since V1. */
    {.words = "--enable-chunked-prefill",
     .plain = "on True true",
     .form = VF_FORM_BARE,
     .effect = VF_EFFECT_UNREAD},
    {.words = "--async-scheduling",
     .plain = "on",
     .form = VF_FORM_BARE,
     .effect = VF_EFFECT_UNREAD},
    {.words = "--revision --hf-config-path --config --attention-backend --mamba-backend "
              "--max-num-scheduled-tokens "
              "--long-prefill-token-threshold --nnodes -n --prefill-context-parallel-size -pcp "
              "--data-parallel-size-local -dpl --data-parallel-rank -dpn "
              "--data-parallel-start-rank -dpr --all2all-backend --ubatch-size "
              "--num-redundant-experts --kv-cache-dtype-skip-layers --mamba-cache-dtype "
              "--mamba-block-size --mamba-cache-mode "
              "--replayssm-buffer-len --kv-offloading-size --kv-offloading-backend "
              "--offload-backend --offload-group-size --offload-num-in-group "
              "--offload-prefetch-step --mm-processor-cache-gb --mm-encoder-tp-mode "
              "--mm-encoder-attn-backend --mm-encoder-attn-dtype --video-pruning-rate "
              "--mm-ipc-gpu-memory-gb --lora-dtype --max-cpu-loras --max-logprobs --moe-backend "
              "--performance-mode --watermark "
              "--max-seq-len-to-capture --num-scheduler-steps --swap-space --api-server-count "
              "-asc --model-impl",
     .effect = VF_EFFECT_UNREAD},
    {.words = "--disable-sliding-window --disable-cascade-attn --enable-sleep-mode "
              "--enable-cumem-allocator --enable-dbo --enable-eplb --enable-elastic-ep "
              "--kv-sharing-fast-prefill --use-replayssm --mm-encoder-only "
              "--enable-mm-embeds --enable-prompt-embeds --fully-sharded-loras "
              "--enable-tower-connector-lora "
              "--disable-custom-all-reduce --headless --use-v2-block-manager",
     .form = VF_FORM_BARE,
     .effect = VF_EFFECT_UNREAD},
    {.words = "--cudagraph-capture-sizes --lora-target-modules --cpu-offload-params "
              "--offload-params",
     .form = VF_FORM_MANY,
     .effect = VF_EFFECT_UNREAD},
    /* Move nothing. */
    {.words = "--tokenizer --tokenizer-mode --seed --allowed-local-media-path --code-revision "
              "--tokenizer-revision --logprobs-mode --config-format --hf-token "
              "--generation-config --io-processor-plugin --renderer-num-workers --download-dir "
              "--safetensors-load-strategy --safetensors-prefetch-num-threads "
              "--safetensors-prefetch-block-size --pt-load-map-location --mamba-ssu-algorithm "
              "--mamba-cache-philox-rounds --reasoning-parser --reasoning-parser-plugin "
              "--distributed-executor-backend --master-addr --master-port --node-rank -r "
              "--distributed-timeout-seconds --cpu-distributed-timeout-seconds --dcp-comm-backend "
              "--dcp-kv-cache-interleave-size --cp-kv-cache-interleave-size "
              "--data-parallel-address -dpa --data-parallel-rpc-port -dpp --data-parallel-backend "
              "-dpb --dbo-decode-token-threshold --dbo-prefill-token-threshold "
              "--expert-placement-strategy --max-parallel-loading-workers --worker-cls "
              "--worker-extension-cls --prefix-caching-hash-algo "
              "--prefix-cache-retention-interval --prefix-match-unit --mm-processor-cache-type "
              "--mm-hasher-algorithm --mm-shm-cache-max-object-size-mb "
              "--mm-encoder-fp8-scale-path --mm-encoder-fp8-scale-save-path "
              "--mm-encoder-fp8-scale-save-margin --video-pruning-method --mm-tensor-ipc "
              "--mm-processor-device --otlp-traces-endpoint --kv-cache-metrics-sample "
              "--jit-monitor-mode --scheduling-policy --scheduler-cls --prefill-schedule-interval "
              "--stream-interval --linear-backend --shutdown-timeout --gdn-prefill-backend "
              "--kda-prefill-backend --chat-template --chat-template-content-format "
              "--response-role --tool-call-parser --tool-parser-plugin --tool-server "
              "--log-config-file --max-log-len --cohere-format --fingerprint-mode "
              "--fingerprint-value --host --port --data-parallel-supervisor-port "
              "--dp-supervisor-probe-interval-s --dp-supervisor-probe-timeout-s "
              "--dp-supervisor-probe-failure-threshold --uds --uvicorn-log-level "
              "--disable-access-log-for-endpoints --allowed-origins --allowed-methods "
              "--allowed-headers --ssl-keyfile --ssl-certfile --ssl-ca-certs --ssl-cert-reqs "
              "--ssl-ciphers --root-path --preemption-mode --guided-decoding-backend "
              "--worker-use-ray",
     .effect = VF_EFFECT_NONE},
    {.words = "--trust-remote-code --allow-deprecated-quantization --enable-return-routed-experts "
              "--return-sampling-mask --use-fp64-gumbel --skip-tokenizer-init --use-tqdm-on-load "
              "--enable-mamba-cache-stochastic-rounding --numa-bind --data-parallel-hybrid-lb "
              "-dph --data-parallel-external-lb -dpe --data-parallel-multi-port-external-lb -dpm "
              "--enable-ep-weight-filter --disable-nccl-for-dp-synchronization "
              "--ray-workers-use-nsight --enable-fault-tolerance --interleave-mm-strings "
              "--mm-device-do-normalize --specialize-active-lora --enable-mixed-moe-lora-format "
              "--enable-moe-shared-loras --kv-cache-metrics --cudagraph-metrics "
              "--enable-layerwise-nvtx-tracing --enable-mfu-metrics "
              "--enable-logging-iteration-details --jit-monitor-verbose "
              "--disable-chunked-mm-input --scheduler-reserve-full-isl "
              "--enable-flashinfer-autotune --enable-bf16x3-router-gemm --disable-log-stats "
              "--aggregate-engine-logging --fail-on-environ-validation --enable-log-requests "
              "--trust-request-chat-template --return-tokens-as-token-ids "
              "--enable-auto-tool-choice --exclude-tools-when-tool-choice-none "
              "--enable-prompt-tokens-details --enable-per-request-metrics "
              "--enable-server-load-tracking --enable-force-include-usage "
              "--enable-tokenizer-info-endpoint --enable-log-outputs --enable-log-deltas "
              "--cohere-is-reasoning-model --log-error-stack --tokens-only "
              "--disable-uvicorn-access-log --allow-credentials --enable-ssl-refresh "
              "--enable-request-id-headers --disable-fastapi-docs --enable-offline-docs "
              "--enable-flash-late-interaction --disable-log-requests "
              "--disable-frontend-multiprocessing --enable-reasoning --grpc "
              "--enable-sequence-parallel",
     .form = VF_FORM_BARE,
     .effect = VF_EFFECT_NONE},
    {.words = "--served-model-name --lora-modules --allowed-media-domains --middleware "
              "--logits-processors --ignore-patterns --numa-bind-nodes --numa-bind-cpus "
              "--device-ids --api-key --show-hidden-metrics-for-version --collect-detailed-traces",
     .form = VF_FORM_MANY,
     .effect = VF_EFFECT_NONE},
    {.words = "--default-chat-template-kwargs --reasoning-config --structured-outputs-config "
              "--profiler-config --kv-events-config --ec-manager-config "
              "--override-generation-config --model-loader-extra-config --fault-tolerance-config "
              "--ir-op-priority --default-mm-loras --model-class-overrides",
     .form = VF_FORM_JSON,
     .effect = VF_EFFECT_NONE},
};

const vf_dialect vf_dialect_vllm = {
    .name = "vLLM",
    .programs = programs,
    .images = images,
    .rules = VF_DIALECT_PREFIXES | VF_DIALECT_UNDERSCORES | VF_DIALECT_EQUALS | VF_DIALECT_NEGATES |
             VF_DIALECT_DOTS,
    .rows = rows,
    .n_rows = sizeof rows / sizeof *rows,
};
