/* spelling.c - SGLang's words: python -m sglang.launch_server, sglang serve.
 *
 * Source: python/sglang/srt/server_args.py of 9fec359 (2026-07-13).  argparse: dashes alone, a
 * unique beginning is the option, the last one wins, flags have no "--no-". */
#include "engines/spelling.h"

static const vf_program programs[] = {{"-m sglang.launch_server", "sglang"},
                                      {"sglang serve", "sglang"},
                                      {"sglang.launch_server", "sglang"},
                                      {NULL, NULL}};
static const char *const images[] = {"sglang-server", NULL};

static const vf_spelling rows[] = {
    {"model", "--model-path --model"},
    {"ctx", "--context-length"},
    {"quant", "--quantization"},
    {"dtype", "--dtype",
     .value = "auto:auto float16:f16 half:f16 bfloat16:bf16 float32:f32 float:f32",
     .measure = VF_MEASURE_MAP, .strict = true},
    {"kv", "--kv-cache-dtype"},
    {"tp", "--tp-size --tensor-parallel-size --tp"},
    {"pp", "--pp-size --pipeline-parallel-size --pp"},
    {"dp", "--dp-size --data-parallel-size --dp"},
    {"ep", "--ep-size --expert-parallel-size --ep"},
    {"dcp", "--dcp-size --decode-context-parallel-size"},
    {"gpu-memory-utilization", "--mem-fraction-static"},
    {"max-num-seqs", "--max-running-requests"},
    {"max-num-batched-tokens", "--chunked-prefill-size"},
    {"block-size", "--page-size"},
    {"cpu-offload-gb", "--cpu-offload-gb", .measure = VF_MEASURE_GIB},
    {"spec-type", "--speculative-algorithm"},
    {"draft", "--speculative-draft-model-path --speculative-draft-model --speculative-draft"},
    {"draft-quant", "--speculative-draft-model-quantization"},
    {"spec-tokens", "--speculative-num-draft-tokens"},
    {"max-loras", "--max-loras-per-batch"},
    {"max-loras", "--enable-lora", .value = "8", .form = VF_FORM_BARE, .measure = VF_MEASURE_LEAST},
    {"max-lora-rank", "--max-lora-rank"},
    {"prefix-caching", "--disable-radix-cache", .value = "off", .form = VF_FORM_BARE},
    {"language-model-only", "--language-only", .form = VF_FORM_BARE},
    {"swa-full", "--disable-hybrid-swa-memory", .form = VF_FORM_BARE},
    {"enforce-eager", "--disable-cuda-graph", .form = VF_FORM_BARE},
    {"pool-tokens", "--max-total-tokens", .measure = VF_MEASURE_SUFFIX},
    {"cuda-graph-max-bs", "--cuda-graph-max-bs --cuda-graph-max-bs-decode"},
    {"swa-full-tokens-ratio", "--swa-full-tokens-ratio"},
    {"max-mamba-cache-size", "--max-mamba-cache-size"},
    {"mamba-full-memory-ratio", "--mamba-full-memory-ratio"},
    {"mamba-ssm-dtype", "--mamba-ssm-dtype", .env = "SGLANG_MAMBA_SSM_DTYPE"},
    {"hicache-ratio", "--hicache-ratio"},
    {"hicache-ratio", "--enable-hierarchical-cache", .value = "2", .form = VF_FORM_BARE,
     .measure = VF_MEASURE_LEAST},
    {"hicache-size", "--hicache-size", .measure = VF_MEASURE_GIB},
    {"gpu-experts", "--kt-num-gpu-experts"},
    {"host-experts", "--kt-weight-path", .value = "*:on", .measure = VF_MEASURE_MAP},
    {"deepep", "--moe-a2a-backend", .value = "deepep:on *:off", .measure = VF_MEASURE_MAP},
    {"deepep", "--enable-deepep-moe", .form = VF_FORM_BARE, .silent = true},
    {"rope-factor", "--json-model-override-args.rope_scaling.factor"},
    {"rope-original", "--json-model-override-args.rope_scaling.original_max_position_embeddings"},
    {"ctx-limit", "--json-model-override-args.max_position_embeddings"},
    {"allow-long-ctx", NULL, .env = "SGLANG_ALLOW_OVERWRITE_LONGER_CONTEXT_LEN",
     .value = "1:on 0:off", .measure = VF_MEASURE_MAP},
    {.words = "--json-model-override-args.rope_scaling.rope_type "
              "--json-model-override-args.rope_scaling.type",
     .effect = VF_EFFECT_NONE},
    /* May move memory, and no parameter stands for it. */
    {.words = "--load-format",
     .plain = "auto safetensors pt npcache dummy sharded_state mistral layered runai_streamer",
     .effect = VF_EFFECT_UNREAD},
    {.words = "--device", .plain = "auto cuda", .effect = VF_EFFECT_UNREAD},
    {.words = "--json-model-override-args", .form = VF_FORM_JSON, .effect = VF_EFFECT_UNREAD},
    {.env = "SGLANG_MAMBA_CONV_DTYPE", .effect = VF_EFFECT_UNREAD},
    {.env = "SGLANG_ENABLE_JIT_DEEPGEMM", .effect = VF_EFFECT_UNREAD},
    {.env = "SGLANG_ATTENTION_BACKEND", .effect = VF_EFFECT_UNREAD},
    {.words = "--max-prefill-tokens --prefill-max-requests "
              "--speculative-num-steps --speculative-eagle-topk --speculative-dflash-block-size "
              "--speculative-dspark-block-size --speculative-draft-window-size "
              "--speculative-token-map "
              "--cuda-graph-max-bs-prefill --cuda-graph-config --cuda-graph-backend-decode "
              "--cuda-graph-backend-prefill --torch-compile-max-bs --moe-dense-tp-size "
              "--deepep-mode --ep-num-redundant-experts --attn-cp-size "
              "--moe-dp-size "
              "--mamba-radix-cache-strategy --mamba-scheduler-strategy "
              "--mamba-max-states-per-path --int8-mamba-ckpt-size "
              "--offload-group-size --offload-num-in-group "
              "--offload-prefetch-step --offload-mode --disaggregation-mode --base-gpu-id "
              "--gpu-id-step --nnodes --kt-method "
              "--kt-gpu-prefill-token-threshold --kt-expert-placement-strategy --torchao-config "
              "--attention-backend --decode-attention-backend "
              "--prefill-attention-backend --mm-attention-backend --moe-runner-backend "
              "--config --nsa-prefill-backend --nsa-decode-backend "
              "--dsa-prefill-backend --dsa-decode-backend  --revision "
              "--model-impl --max-loaded-loras --num-reserved-decode-tokens "
              "--disaggregation-decode-extra-slots --pp-max-micro-batch-size",
     .effect = VF_EFFECT_UNREAD},
    {.words = "--disable-prefill-cuda-graph --disable-decode-cuda-graph --enable-torch-compile "
              "--enable-dp-lm-head --enable-int8-mamba-checkpoint "
              "--encoder-only --kt-enable-dynamic-expert-update "
              "--disable-shared-experts-fusion --enable-memory-saver --enable-mixed-chunk "
              "--disable-custom-all-reduce --enable-two-batch-overlap "
              "--enable-single-batch-overlap --enable-flashinfer-allreduce-fusion "
              "--enable-nsa-prefill-context-parallel --enable-dsa-prefill-context-parallel "
              "--enable-prefill-context-parallel --disable-overlap-schedule --is-embedding "
              "--enable-eplb --mm-enable-dp-encoder --enable-unified-memory "
              "--prefill-only-disable-kv-cache --enable-symm-mem",
     .form = VF_FORM_BARE,
     .effect = VF_EFFECT_UNREAD},
    {.words = "--lora-target-modules --cuda-graph-bs --cuda-graph-bs-decode "
              "--cuda-graph-bs-prefill",
     .form = VF_FORM_MANY,
     .effect = VF_EFFECT_UNREAD},
    {.words = "--enable-multimodal", .form = VF_FORM_BARE, .effect = VF_EFFECT_UNREAD},
    /* Move nothing: that replicas share the ranks' attention follows from --tp and --dp. */
    {.words = "--enable-dp-attention --enable-quant-communications --enable-lora-overlap-loading "
              "--experts-shared-outer-loras",
     .form = VF_FORM_BARE,
     .effect = VF_EFFECT_NONE},
    {.words = "--tokenizer-path --tokenizer-mode --tokenizer-backend --tokenizer-worker-num "
              "--detokenizer-worker-num --model-loader-extra-config --model-config-parser "
              "--quantization-param-path --modelopt-quant --modelopt-checkpoint-restore-path "
              "--modelopt-checkpoint-save-path --modelopt-export-path --rl-quant-profile "
              "--max-queued-requests --schedule-policy --default-priority-value "
              "--priority-scheduling-preemption-threshold --retraction-policy "
              "--schedule-conservativeness --radix-eviction-policy --num-continuous-decode-steps "
              "--scheduler-recv-interval --nccl-port --dist-timeout --dist-init-addr --node-rank "
              "--pp-async-batch-depth --load-balance-method --cp-strategy --dsa-prefill-cp-mode "
              "--prefill-cp-mode --random-seed --watchdog-timeout --soft-watchdog-timeout "
              "--custom-sigquit-handler --host --port --fastapi-root-path --grpc-port --warmups "
              "--ssl-keyfile --ssl-certfile --ssl-ca-certs --ssl-keyfile-password --api-key "
              "--admin-api-key --served-model-name --weight-version --chat-template "
              "--hf-chat-template-name --completion-template --file-storage-path "
              "--reasoning-parser --tool-call-parser --tool-server --sampling-defaults "
              "--asr-max-buffer-seconds --asr-max-concurrent-sessions --preferred-sampling-params "
              "--stream-interval --batch-notify-size --log-level --log-level-http "
              "--log-requests-level --log-requests-format --crash-dump-folder "
              "--smg-http-sidecar-port --load-snapshot-publish-interval "
              "--tokenizer-metrics-custom-labels-header --extra-metric-labels "
              "--gc-warning-threshold-secs --decode-log-interval --kv-events-config "
              "--forward-pass-metrics-worker-id --forward-pass-metrics-ipc-name --trace-modules "
              "--otlp-traces-endpoint --export-metrics-to-file-dir --stat-loggers "
              "--constrained-json-whitespace-pattern --sampling-backend --grammar-backend "
              "--radix-cache-backend --fp8-gemm-runner-backend --fp4-gemm-runner-backend "
              "--bf16-gemm-backend --dsa-paged-mqa-logits-backend --dsa-topk-backend "
              "--mamba-backend --cuda-graph-tc-compiler --triton-attention-num-kv-splits "
              "--triton-attention-split-tile-size  "
              "--flashinfer-allreduce-fusion-backend --speculative-draft-model-revision "
              "--speculative-draft-load-format --speculative-dspark-sps-table-path "
              "--speculative-dspark-confidence-sts-path --speculative-accept-threshold-single "
              "--speculative-accept-threshold-acc --speculative-attention-mode "
              "--speculative-draft-attention-backend --speculative-moe-runner-backend "
              "--speculative-moe-a2a-backend --speculative-adaptive-config "
              "--decoupled-spec-bind-endpoint --decoupled-spec-rank --decoupled-spec-role",
     .effect = VF_EFFECT_NONE},
    {.words = "--spec-trace-dir --speculative-ngram-min-bfs-breadth "
              "--speculative-ngram-max-bfs-breadth --speculative-ngram-match-type "
              "--speculative-ngram-max-trie-depth --speculative-ngram-capacity "
              "--speculative-ngram-external-corpus-path --speculative-ngram-external-sam-budget "
              "--speculative-ngram-external-corpus-max-tokens --flashinfer-mxfp4-moe-precision "
              "--deepep-dispatcher-output-dtype --ep-dispatch-algorithm --init-expert-location "
              "--eplb-algorithm --eplb-rebalance-num-iterations --eplb-rebalance-layers-per-chunk "
              "--eplb-min-rebalancing-utilization-threshold --expert-distribution-recorder-mode "
              "--expert-distribution-recorder-buffer-size --deepep-config --elastic-ep-backend "
              "--mooncake-ib-device --mamba-cache-philox-rounds --mamba-track-interval "
              "--linear-attn-backend --linear-attn-decode-backend --linear-attn-prefill-backend "
              "--linear-replayssm-cache-len --hicache-write-policy --hicache-io-backend "
              "--hicache-mem-layout --hicache-storage-backend --hicache-storage-prefetch-policy "
              "--hicache-storage-backend-extra-config --hisparse-config --mm-process-config "
              "--limit-mm-data-per-request  --lora-eviction-policy "
              "--lora-backend --max-lora-chunk-size  "
              "--lora-drain-wait-threshold --tbo-token-distribution-threshold "
              "--lmcache-config-file --flexkv-config-file --kt-cpuinfer --kt-threadpool-count "
              "--kt-max-deferred-experts-per-token --dllm-algorithm --dllm-algorithm-config "
              "--disaggregation-transfer-backend --disaggregation-bootstrap-port "
              "--disaggregation-ib-device --disaggregation-decode-polling-interval "
              "--optimistic-prefill-attempts --encoder-transfer-backend --encoder-bootstrap-port "
              "--pdmux-config-path --sm-group-num --weight-loader-prefetch-num-threads "
              "--remote-instance-weight-loader-seed-instance-ip "
              "--remote-instance-weight-loader-seed-instance-service-port "
              "--remote-instance-weight-loader-backend --engine-info-bootstrap-port "
              "--modelexpress-config --download-dir --model-checksum --decrypted-config-file "
              "--decrypted-draft-config-file --prefill-delayer-max-delay-passes "
              "--prefill-delayer-token-usage-low-watermark --prefill-delayer-queue-min-ratio "
              "--prefill-delayer-max-delay-ms --min-free-slots-delay --rl-on-policy-target "
              "--kv-canary --kv-canary-real-data --kv-canary-sweep-interval "
              "--dynamic-batch-tokenizer-batch-size --dynamic-batch-tokenizer-batch-timeout "
              "--debug-tensor-dump-output-folder --debug-tensor-dump-input-file "
              "--msprobe-dump-config --tokenizer-ipc-name --scheduler-input-ipc-name "
              "--detokenizer-ipc-name --rpc-ipc-name --metrics-ipc-name "
              "--tokenizer-worker-ipc-name --decoupled-spec-ipc-config --load-collector-ipc-name "
              "--instance-id --spec-capture-method --nsa-prefill-cp-mode",
     .effect = VF_EFFECT_NONE},
    {.words = "--skip-tokenizer-init --trust-remote-code --enable-fp32-lm-head "
              "--quantize-and-serve --enable-tf32-matmul --enable-dynamic-chunking "
              "--enable-priority-scheduling --disable-priority-preemption "
              "--abort-on-priority-when-disabled --schedule-low-priority-values-first "
              "--enable-page-major-kv-layout --disable-chunked-prefix-cache --enable-prefill-cp "
              "--enable-dsa-cache-layer-split --enable-dp-attention-local-control-broadcast "
              "--enable-attn-tp-input-scattered --disable-attn-tp-gather --enable-p2p-check "
              "--sleep-on-idle --use-ray --smg-grpc-mode --grpc-mode --skip-server-warmup "
              "--enable-http2 --enable-ssl-refresh --enable-cache-report --strip-thinking-cache "
              "--enable-strict-thinking --allow-auto-truncate "
              "--stream-response-default-include-usage --incremental-streaming-output "
              "--enable-streaming-session --enable-session-radix-cache --log-requests "
              "--show-time-cost --enable-metrics --enable-mfu-metrics "
              "--enable-metrics-for-all-schedulers --enable-request-time-stats-logging "
              "--enable-forward-pass-metrics --enable-trace --export-metrics-to-file "
              "--constrained-json-disable-any-whitespace --disable-flashinfer-autotune "
              "--disable-cuda-graph-padding --enable-profile-cuda-graph --enable-cudagraph-gc "
              "--debug-cuda-graph --enable-layerwise-nvtx-marker --enable-nccl-nvls "
              "--triton-attention-reduce-in-fp32 --flashinfer-mla-disable-ragged "
              "--enable-fused-qk-norm-rope --enable-precise-embedding-interpolation "
              "--enable-fused-moe-sum-all-reduce --enable-deepseek-v4-fp4-indexer "
              "--enable-mscclpp --enable-torch-symm-mem --pre-warm-nccl "
              "--enforce-disable-flashinfer-allreduce-fusion --enable-aiter-allreduce-fusion "
              "--enable-torch-compile-debug-mode "
              "--speculative-dspark-align-verify-tokens-to-graph-tier "
              "--speculative-use-rejection-sampling --speculative-skip-dp-mlp-sync "
              "--enable-multi-layer-eagle --speculative-adaptive "
              "--enable-expert-distribution-metrics --enable-elastic-expert-backup "
              "--enable-waterfill --elastic-ep-rejoin "
              "--disable-flashinfer-cutlass-moe-fp4-allgather --enforce-shared-experts-fusion "
              "--enable-mamba-cache-stochastic-rounding --uses-mamba-radix-cache "
              "--enable-linear-replayssm --enable-hisparse --enable-broadcast-mm-inputs-process "
              "--enable-prefix-mm-cache --enable-mm-global-cache --disable-fast-image-processor "
              "--keep-mm-feature-on-device --lora-use-virtual-experts --lora-strict-loading "
              "--enable-lmcache --enable-flexkv --dllm-fdfo "
              "--disaggregation-decode-enable-radix-cache "
              "--disaggregation-decode-enable-offload-kvcache "
              "--enable-adaptive-dispatch-to-encoder --enable-pdmux --weight-loader-disable-mmap "
              "--weight-loader-prefetch-checkpoints --weight-loader-drop-cache-after-load "
              "--remote-instance-weight-loader-start-seed-via-transfer-engine "
              "--delete-ckpt-after-loading --checkpoint-engine-wait-weights-before-ready "
              "--enable-prefill-delayer --enable-deterministic-inference "
              "--enable-dynamic-batch-tokenizer --enable-tokenizer-batch-encode "
              "--disable-tokenizer-batch-decode --enable-weights-cpu-backup "
              "--enable-draft-weights-cpu-backup --enable-custom-logit-processor "
              "--enable-return-hidden-states --enable-return-routed-experts "
              "--enable-return-indexer-topk --disable-outlines-disk-cache --enable-mis "
              "--enable-spec-capture --stream-output",
     .form = VF_FORM_BARE,
     .effect = VF_EFFECT_NONE},
    {.words = "--numa-node --gc-threshold --log-requests-target "
              "--uvicorn-access-log-exclude-prefixes --tokenizer-metrics-allowed-custom-labels "
              "--bucket-time-to-first-token --bucket-inter-token-latency "
              "--bucket-e2e-request-latency --prompt-tokens-buckets --generation-tokens-buckets "
              "--decoupled-spec-connect-endpoints --lora-paths --encoder-urls "
              "--encoder-register-urls --custom-weight-loader "
              "--remote-instance-weight-loader-send-weights-group-ports "
              "--prefill-delayer-forward-passes-buckets --prefill-delayer-wait-seconds-buckets "
              "--debug-tensor-dump-layers --forward-hooks --spec-capture-aux-layer-ids "
              "--kt-numa-nodes",
     .form = VF_FORM_MANY,
     .effect = VF_EFFECT_NONE},
};

const vf_dialect vf_dialect_sglang = {
    .name = "SGLang",
    .programs = programs,
    .images = images,
    .rules = VF_DIALECT_PREFIXES | VF_DIALECT_EQUALS,
    .rows = rows,
    .n_rows = sizeof rows / sizeof *rows,
};
