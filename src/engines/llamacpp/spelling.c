/* spelling.c - llama.cpp's words: llama-server, llama-cli and their kin.
 *
 * Source: common/arg.cpp of build 10573 (3f545be, 2026-08-22); ik_llama.cpp common/common.cpp of
 * 2026-08-15.  Exact names, no '=', '_' is '-' behind two dashes; single values: the last one wins;
 * lists (-ot, --lora) add up.  Variables give defaults that the line overrides. */
#include "engines/spelling.h"

static const vf_program programs[] = {{"llama-server", "llama-server"},
                                      {"llama-cli", "llama-cli"},
                                      {"llama-bench", "llama-bench"},
                                      {NULL, NULL}};
static const char *const images[] = {"llama.cpp:server", "llama.cpp:full", "llama-server", NULL};

static const vf_spelling rows[] = {
    /* The model. */
    {"model", "-m --model", .env = "LLAMA_ARG_MODEL"},
    {.env = "GGML_CUDA_ENABLE_UNIFIED_MEMORY", .effect = VF_EFFECT_UNREAD},
    {"model", "-hf -hfr --hf-repo", .env = "LLAMA_ARG_HF_REPO", .measure = VF_MEASURE_REPO,
     .silent = true},
    {"model", "-hff --hf-file", .env = "LLAMA_ARG_HF_FILE", .measure = VF_MEASURE_FILE,
     .silent = true},
    {"model", "-mu --model-url", .env = "LLAMA_ARG_MODEL_URL", .silent = true},
    /* The context is that of all slots together, and shared out among them; in one pool every slot
     * may use all of it (common/arg.cpp, server-context.cpp).  A 0 that is said keeps --fit from
     * lowering it (arg.cpp: fit_params_min_ctx). */
    {"ctx", "-c --ctx-size", .env = "LLAMA_ARG_CTX_SIZE", .measure = VF_MEASURE_TOTAL,
     .zero = "max"},
    {"seqs", "-np --parallel", .env = "LLAMA_ARG_N_PARALLEL"},
    {"ngl", "-ngl --gpu-layers --n-gpu-layers", .env = "LLAMA_ARG_N_GPU_LAYERS"},
    {"cpu-moe", "-ncmoe --n-cpu-moe", .env = "LLAMA_ARG_N_CPU_MOE"},
    {"cpu-moe", "-cmoe --cpu-moe", .value = "all", .form = VF_FORM_BARE, .silent = true},
    {"override-tensor", "-ot --override-tensor", .env = "LLAMA_ARG_OVERRIDE_TENSOR"},
    {"split", "-sm --split-mode", .env = "LLAMA_ARG_SPLIT_MODE"},
    {"main-gpu", "-mg --main-gpu", .env = "LLAMA_ARG_MAIN_GPU"},
    {"tensor-split", "-ts --tensor-split", .env = "LLAMA_ARG_TENSOR_SPLIT"},
    {"kv-k", "-ctk --cache-type-k", .env = "LLAMA_ARG_CACHE_TYPE_K"},
    {"kv-v", "-ctv --cache-type-v", .env = "LLAMA_ARG_CACHE_TYPE_V"},
    /* A switch without a value up to b6324, one with a value since. */
    {"flash-attn", "-fa --flash-attn", .env = "LLAMA_ARG_FLASH_ATTN", .value = "on",
     .form = VF_FORM_MAYBE},
    {"batch-size", "-b --batch-size", .env = "LLAMA_ARG_BATCH"},
    {"ubatch", "-ub --ubatch-size", .env = "LLAMA_ARG_UBATCH"},
    {"no-kv-offload", "-nkvo --no-kv-offload", .env = "LLAMA_ARG_NO_KV_OFFLOAD",
     .form = VF_FORM_BARE},
    {"no-kv-offload", "-kvo --kv-offload", .value = "off", .form = VF_FORM_BARE, .silent = true},
    {"no-kv-offload", NULL, .env = "LLAMA_ARG_KV_OFFLOAD",
     .value = "1:off true:off on:off enabled:off *:on", .measure = VF_MEASURE_MAP, .silent = true},
    {"no-mmap", "--no-mmap", .env = "LLAMA_ARG_NO_MMAP", .form = VF_FORM_BARE},
    {"no-mmap", "--mmap", .value = "off", .form = VF_FORM_BARE, .silent = true},
    {"no-mmap", NULL, .env = "LLAMA_ARG_MMAP", .value = "1:off true:off on:off enabled:off *:on",
     .measure = VF_MEASURE_MAP, .silent = true},
    {"no-mmap", "-lm --load-mode", .env = "LLAMA_ARG_LOAD_MODE", .value = "none:on dio:on *:off",
     .measure = VF_MEASURE_MAP, .silent = true},
    {"swa-full", "--swa-full", .env = "LLAMA_ARG_SWA_FULL", .form = VF_FORM_BARE},
    {"kv-unified", "-kvu --kv-unified", .env = "LLAMA_ARG_KV_UNIFIED", .form = VF_FORM_BARE},
    {"kv-unified", "-no-kvu --no-kv-unified", .value = "off", .form = VF_FORM_BARE, .silent = true},
    {"no-op-offload", "--no-op-offload", .env = "LLAMA_ARG_NO_OP_OFFLOAD", .form = VF_FORM_BARE},
    {"no-op-offload", "--op-offload", .value = "off", .form = VF_FORM_BARE, .silent = true},
    {"embeddings", "--embeddings --embedding", .env = "LLAMA_ARG_EMBEDDINGS", .form = VF_FORM_BARE},
    {"repack", "--repack", .env = "LLAMA_ARG_REPACK", .form = VF_FORM_BARE},
    {"repack", "-nr --no-repack", .value = "off", .form = VF_FORM_BARE, .silent = true},
    {"no-host", "--no-host", .env = "LLAMA_ARG_NO_HOST", .form = VF_FORM_BARE},
    {"cache-ram", "-cram --cache-ram", .env = "LLAMA_ARG_CACHE_RAM", .measure = VF_MEASURE_MIB},
    {"fit", "-fit --fit", .env = "LLAMA_ARG_FIT", .value = "on", .form = VF_FORM_MAYBE},
    /* A repository brings its tower along (common/arg.cpp, mmproj-auto). */
    {"mmproj", "-mm --mmproj", .env = "LLAMA_ARG_MMPROJ"},
    {"mmproj", "--no-mmproj --no-mmproj-auto", .value = "none", .form = VF_FORM_BARE,
     .silent = true},
    {"lora", "--lora"},
    {"draft", "-md --spec-draft-model --model-draft", .env = "LLAMA_ARG_SPEC_DRAFT_MODEL"},
    {"draft", "-hfd -hfrd --spec-draft-hf --hf-repo-draft", .env = "LLAMA_ARG_SPEC_DRAFT_HF_REPO",
     .measure = VF_MEASURE_REPO, .silent = true},
    {"spec-type", "--spec-type", .env = "LLAMA_ARG_SPEC_TYPE"},
    {"spec-type", "--mtp", .value = "draft-mtp", .form = VF_FORM_BARE, .silent = true},
    {"spec-type", "--eagle3", .value = "draft-eagle3", .form = VF_FORM_BARE, .silent = true},
    {"spec-type", "--dflash", .value = "draft-dflash", .form = VF_FORM_BARE, .silent = true},
    /* --draft-max and its kin until they were removed. */
    {"spec-tokens", "--spec-draft-n-max --draft-max --draft-n --draft",
     .env = "LLAMA_ARG_SPEC_DRAFT_N_MAX"},
    /* May move memory, and no parameter stands for it. */
    {.words = "-dev --device -fitt --fit-target -fitc --fit-ctx "
              "-dr --docker-repo -mmu --mmproj-url --image-min-tokens --image-max-tokens "
              "--mtmd-batch-max-tokens --rpc --override-kv --pooling --attention --rope-scaling "
              "--rope-scale --rope-freq-base --rope-freq-scale --yarn-orig-ctx --lora-scaled "
              "--control-vector --control-vector-scaled --control-vector-layer-range -ctxcp "
              "--ctx-checkpoints --swa-checkpoints -cms --checkpoint-min-step -ctkd "
              "--spec-draft-type-k --cache-type-k-draft -ctvd --spec-draft-type-v "
              "--cache-type-v-draft -otd --spec-draft-override-tensor --override-tensor-draft "
              "-ncmoed --spec-draft-n-cpu-moe --spec-draft-ncmoe --n-cpu-moe-draft -devd "
              "--spec-draft-device --device-draft -ngld --spec-draft-ngl --gpu-layers-draft "
              "--n-gpu-layers-draft -cd --ctx-size-draft --models-dir --models-preset "
              "--models-max -gan --grp-attn-n -gaw --grp-attn-w -ns --sequences",
     .effect = VF_EFFECT_UNREAD},
    {.words = "--rerank --reranking --mmproj-offload --no-mmproj-offload -cmoed "
              "--spec-draft-cpu-moe --cpu-moe-draft -bs --backend-sampling --cache-idle-slots "
              "--no-cache-idle-slots --mlock -dio --direct-io -ndio --no-direct-io "
              "--spec-default",
     .form = VF_FORM_BARE,
     .effect = VF_EFFECT_UNREAD},
    /* Presets (common/arg.cpp of 0017d6f). */
    {.words = "--embd-gemma-default",
     .value = "-hf ggml-org/embeddinggemma-300M-qat-q4_0-GGUF:Q4_0 -ub 2048 -b 2048 -np 32 -c "
              "65536 --embedding",
     .form = VF_FORM_BARE,
     .effect = VF_EFFECT_STANDS},
    {.words = "--fim-qwen-1.5b-default",
     .value = "-hf ggml-org/Qwen2.5-Coder-1.5B-Q8_0-GGUF:Q8_0 -ub 1024 -b 1024 -c 0",
     .form = VF_FORM_BARE,
     .effect = VF_EFFECT_STANDS},
    {.words = "--fim-qwen-3b-default",
     .value = "-hf ggml-org/Qwen2.5-Coder-3B-Q8_0-GGUF:Q8_0 -ub 1024 -b 1024 -c 0",
     .form = VF_FORM_BARE,
     .effect = VF_EFFECT_STANDS},
    {.words = "--fim-qwen-7b-default",
     .value = "-hf ggml-org/Qwen2.5-Coder-7B-Q8_0-GGUF:Q8_0 -ub 1024 -b 1024 -c 0",
     .form = VF_FORM_BARE,
     .effect = VF_EFFECT_STANDS},
    {.words = "--fim-qwen-7b-spec",
     .value = "-hf ggml-org/Qwen2.5-Coder-7B-Q8_0-GGUF:Q8_0 -hfd "
              "ggml-org/Qwen2.5-Coder-0.5B-Q8_0-GGUF:Q8_0 -ub 1024 -b 1024 -c 0",
     .form = VF_FORM_BARE,
     .effect = VF_EFFECT_STANDS},
    {.words = "--fim-qwen-14b-spec",
     .value = "-hf ggml-org/Qwen2.5-Coder-14B-Q8_0-GGUF:Q8_0 -hfd "
              "ggml-org/Qwen2.5-Coder-0.5B-Q8_0-GGUF:Q8_0 -ub 1024 -b 1024 -c 0",
     .form = VF_FORM_BARE,
     .effect = VF_EFFECT_STANDS},
    {.words = "--fim-qwen-30b-default",
     .value = "-hf ggml-org/Qwen3-Coder-30B-A3B-Instruct-Q8_0-GGUF:Q8_0 -ub 1024 -b 1024 -c 0",
     .form = VF_FORM_BARE,
     .effect = VF_EFFECT_STANDS},
    {.words = "--gpt-oss-20b-default",
     .value = "-hf ggml-org/gpt-oss-20b-GGUF -ub 2048 -b 32768 -np 2 -c 262144",
     .form = VF_FORM_BARE,
     .effect = VF_EFFECT_STANDS},
    {.words = "--gpt-oss-120b-default",
     .value = "-hf ggml-org/gpt-oss-120b-GGUF -ub 2048 -b 32768 -np 2 -c 262144",
     .form = VF_FORM_BARE,
     .effect = VF_EFFECT_STANDS},
    {.words = "--vision-gemma-4b-default",
     .value = "-hf ggml-org/gemma-3-4b-it-qat-GGUF:Q4_0 -c 0",
     .form = VF_FORM_BARE,
     .effect = VF_EFFECT_STANDS},
    {.words = "--vision-gemma-12b-default",
     .value = "-hf ggml-org/gemma-3-12b-it-qat-GGUF:Q4_0 -c 0",
     .form = VF_FORM_BARE,
     .effect = VF_EFFECT_STANDS},
    /* ik_llama.cpp alone (common/common.cpp). */
    {.words = "-mla --mla-use -amb --attention-max-batch -sas -ser --smart-expert-reduction -op "
              "--offload-policy -cuda --max-gpu -smgs -gr -draft -wgt --worst-graph-tokens",
     .only = "ik_llama.cpp",
     .effect = VF_EFFECT_UNREAD},
    {.words = "-fmoe --fused-moe -no-fmoe -rtr --run-time-repack -muge -mqkv -khad -vhad "
              "-thp --transparent-huge-pages -gfm",
     .form = VF_FORM_BARE,
     .only = "ik_llama.cpp",
     .effect = VF_EFFECT_UNREAD},
    /* Move nothing.  A switch without a value in older builds. */
    {.words = "-co --color", .form = VF_FORM_MAYBE, .effect = VF_EFFECT_NONE},
    {.words = "--server-base -t --threads -tb --threads-batch -C --cpu-mask -Cr "
              "--cpu-range --cpu-strict --prio --poll -Cb --cpu-mask-batch -Crb --cpu-range-batch "
              "--cpu-strict-batch --prio-batch --poll-batch -lcs --lookup-cache-static -lcd "
              "--lookup-cache-dynamic -n --predict --n-predict --keep --chunks -p --prompt -sys "
              "--system-prompt -f --file -sysf --system-prompt-file --in-file -bf --binary-file "
              "-ptc --print-token-count --prompt-cache -r --reverse-prompt --in-prefix "
              "--in-suffix --samplers -s --seed --sampler-seq --sampling-seq --temp --temperature "
              "--top-k --top-p --min-p --top-nsigma --top-n-sigma --xtc-probability "
              "--xtc-threshold --typical --typical-p --repeat-last-n --repeat-penalty "
              "--presence-penalty --frequency-penalty --dry-multiplier --dry-base "
              "--dry-allowed-length --dry-penalty-last-n --dry-sequence-breaker --adaptive-target "
              "--adaptive-decay --dynatemp-range --dynatemp-exp --mirostat --mirostat-lr "
              "--mirostat-ent -l --logit-bias --grammar --grammar-file -j --json-schema -jf "
              "--json-schema-file --yarn-ext-factor --yarn-attn-factor --yarn-beta-slow "
              "--yarn-beta-fast --hellaswag-tasks --winogrande-tasks --multiple-choice-tasks "
              "--save-all-logits --kl-divergence-base --ppl-stride --ppl-output-type -dt "
              "--defrag-thold --image --audio --video --numa -fitp --fit-print -a --alias --tags "
              "-hft --hf-token --context-file --chunk-size --chunk-separator --junk --pos -o "
              "--output --output-file -ofreq --output-frequency --output-format --save-frequency "
              "--chunk --from-chunk -npp -ntg -npl --embd-normalize --embd-output-format "
              "--embd-separator --cls-separator --host --port --path --cors-origins "
              "--cors-methods --cors-headers --api-prefix --ui-config --webui-config "
              "--ui-config-file --webui-config-file --tools --tools-runtime --mcp-servers-config "
              "--mcp-servers-json --api-key --api-key-file --ssl-key-file --ssl-cert-file "
              "--chat-template-kwargs -to --timeout --sse-ping-interval --threads-http "
              "--cache-reuse --slot-save-path --media-path --reasoning-format -rea --reasoning "
              "--reasoning-effort --reasoning-budget --reasoning-budget-message --chat-template "
              "--chat-template-file -sps --slot-prompt-similarity --sleep-idle-seconds "
              "--positive-file --negative-file --pca-batch --pca-iter --method --log-file "
              "--log-prompts-dir --log-colors -lv --verbosity --log-verbosity "
              "--spec-draft-threads -td --threads-draft --spec-draft-threads-batch -tbd "
              "--threads-batch-draft --spec-draft-cpu-mask -Cd --cpu-mask-draft "
              "--spec-draft-cpu-range -Crd --cpu-range-draft --spec-draft-cpu-strict "
              "--cpu-strict-draft --spec-draft-prio --prio-draft --spec-draft-poll --poll-draft "
              "--spec-draft-cpu-mask-batch -Cbd --cpu-mask-batch-draft "
              "--spec-draft-cpu-range-batch -Crbd --cpu-range-batch-draft "
              "--spec-draft-cpu-strict-batch --cpu-strict-batch-draft --spec-draft-prio-batch "
              "--prio-batch-draft --spec-draft-poll-batch --poll-batch-draft --spec-draft-n-min "
              "--spec-draft-p-split --draft-p-split --spec-draft-p-min --draft-p-min "
              "--spec-ngram-mod-n-min --spec-ngram-mod-n-max --spec-ngram-mod-n-match "
              "--spec-ngram-simple-size-n --spec-ngram-simple-size-m --spec-ngram-simple-min-hits "
              "--spec-ngram-map-k-size-n --spec-ngram-map-k-size-m --spec-ngram-map-k-min-hits "
              "--spec-ngram-map-k4v-size-n --spec-ngram-map-k4v-size-m "
              "--spec-ngram-map-k4v-min-hits --draft-min --draft-n-min --spec-ngram-size-n "
              "--spec-ngram-size-m --spec-ngram-min-hits --tts-lang --tts-speaker-file "
              "--diffusion-steps --diffusion-eps --diffusion-algorithm --diffusion-alg-temp "
              "--diffusion-block-length --diffusion-cfg-scale --diffusion-add-gumbel-noise -lr "
              "--learning-rate -lr-min --learning-rate-min -decay-epochs "
              "--learning-rate-decay-epochs -wd --weight-decay -val-split --val-split -epochs "
              "--epochs -opt --optimizer --logits-output-dir --tensor-filter",
     .effect = VF_EFFECT_NONE},
    {.words = "-cl --cache-list --completion-bash --verbose-prompt --display-prompt "
              "--no-display-prompt --context-shift --no-context-shift --perf --no-perf "
              "--show-timings --no-show-timings -e --escape --no-escape --prompt-cache-all "
              "--prompt-cache-ro -sp --special -cnv --conversation -no-cnv --no-conversation -st "
              "--single-turn -i --interactive -if --interactive-first -mli --multiline-input "
              "--in-prefix-bos --warmup --no-warmup --spm-infill --ignore-eos --hellaswag "
              "--winogrande --multiple-choice --kl-divergence -cb --cont-batching -nocb "
              "--no-cont-batching --mmproj-auto --list-devices "
              "--check-tensors --process-output --ppl --no-ppl --show-statistics --parse-special "
              "--ids --stdin --no-bos --no-parse-special --show-count -pps -tgs --reuse-port "
              "--cors-credentials --no-cors-credentials --ui-mcp-proxy --webui-mcp-proxy "
              "--no-ui-mcp-proxy --no-webui-mcp-proxy -ag --agent -no-ag --no-agent --ui --webui "
              "--no-ui --no-webui --cache-prompt --no-cache-prompt --metrics --props --slots "
              "--no-slots --models-autoload --no-models-autoload --jinja --no-jinja "
              "--reasoning-preserve --no-reasoning-preserve --skip-chat-parsing "
              "--no-skip-chat-parsing --prefill-assistant --no-prefill-assistant "
              "--lora-init-without-apply --simple-io --log-disable --verbose --log-verbose "
              "--offline --log-prefix --no-log-prefix --log-timestamps --no-log-timestamps "
              "--spec-draft-backend-sampling --no-spec-draft-backend-sampling --diffusion-visual "
              "--check --save-logits --no-cnv",
     .form = VF_FORM_BARE,
     .effect = VF_EFFECT_NONE},
};

const vf_dialect vf_dialect_llamacpp = {
    .name = "llama.cpp",
    .programs = programs,
    .images = images,
    .rules = VF_DIALECT_UNDERSCORES,
    .rows = rows,
    .n_rows = sizeof rows / sizeof *rows,
};
