#!/usr/bin/env python3
"""Every option of a serving engine that moves memory moves the estimate, or is named in it: engines.py VRAMFIT

A line of the engine is asked for without and with the option.  Either a figure differs (of a device, a line or a limit), or
one of the assumptions names the option, or the line is refused in words that name it.  Nothing is dropped silently.
"""
import concurrent.futures, json, os, shlex, subprocess, sys

VRAMFIT = sys.argv[1]

DENSE = "Qwen/Qwen3-8B --max-model-len 16384"
MOE = "Qwen/Qwen3-30B-A3B --max-model-len 16384"
HYBRID = "Qwen/Qwen3-Next-80B-A3B-Instruct --max-model-len 16384"
VISION = "Qwen/Qwen2.5-VL-7B-Instruct --max-model-len 65536 --max-num-seqs 1"
LATENT = "deepseek-ai/DeepSeek-V2-Lite --max-model-len 16384"
WINDOWS = "google/gemma-3-12b-it --max-model-len 32768"

# engine: what comes before its model, how it is started: (line, GPUs, words that are added, ...)
VLLM = [
    (DENSE, "h100", "--max-model-len 4096", "--max-num-seqs 2000", "--max-num-batched-tokens 32k", "--gpu-memory-utilization 0.5",
     "--kv-cache-dtype fp8", "--kv-cache-dtype fp8_e5m2", "--kv-cache-dtype int8_per_token_head", "--kv-cache-dtype turboquant_4bit_nc",
     "--kv-cache-dtype turboquant_k8v4", "--kv-cache-dtype nvfp4", "--kv-cache-dtype nvfp4_4over6", "--block-size 128",
     "--num-gpu-blocks-override 100", "--kv-cache-memory-bytes 4G",
     "--cpu-offload-gb 4", "--enforce-eager", "-O0", "--compilation-config '{\"cudagraph_mode\": \"NONE\"}'", "-cc.cudagraph_mode=NONE",
     "--max-cudagraph-capture-size 64", "--cudagraph-capture-sizes 1 2 4", "--quantization fp8", "--dtype float32",
     "--enable-lora --max-loras 8 --max-lora-rank 64", "--max-cpu-loras 8",
     "--speculative-config '{\"method\": \"draft_model\", \"model\": \"Qwen/Qwen3-0.6B\", \"num_speculative_tokens\": 4}'",
     "--max-num-scheduled-tokens 512", "--long-prefill-token-threshold 512", "--kv-transfer-config '{\"kv_connector\": \"NixlConnector\"}'",
     "--kv-offloading-size 32", "--hf-overrides '{\"max_position_embeddings\": 8192}'", "--rope-scaling '{\"factor\": 0.01}'",
     "--additional-config '{\"a\": 1}'", "--quantization-config '{\"a\": 1}'", "--load-format bitsandbytes", "--runner pooling", "--convert embed", "--task embed",
     "--swap-space 8", "--max-seq-len-to-capture 4096", "--num-scheduler-steps 8", "--use-v2-block-manager", "--enable-sleep-mode",
     "--config x.yaml", "--attention-backend FLASHINFER", "--max-logprobs 200", "--max-model-len auto", "--max-model-len -1"),
    (MOE, "h100x4", "-tp 4", "-tp 2 -pp 2", "-dp 4", "-dp 4 --enable-expert-parallel", "-tp 4 -ep", "-dp 4 --data-parallel-size-local 2",
     "-dp 4 --all2all-backend deepep_low_latency", "-tp 4 --enable-dbo", "-tp 4 --enable-eplb", "-tp 4 --eplb-config.num_redundant_experts 8",
     "-tp 4 --num-redundant-experts 8", "-tp 4 --nnodes 2", "-tp 4 --disable-custom-all-reduce"),
    (LATENT, "h100x4", "-tp 4 -dcp 2", "-tp 4 --kv-cache-dtype fp8"),
    (HYBRID, "h200x2", "-tp 2 --max-num-seqs 64", "-tp 2 --no-enable-prefix-caching", "-tp 2 --mamba-ssm-cache-dtype float32",
     "-tp 2 --mamba-cache-dtype float32", "-tp 2 --mamba-block-size 512", "-tp 2 --mamba-cache-mode align", "-tp 2 --use-replayssm",
     "-tp 2 --speculative-config.method mtp --speculative-config.num_speculative_tokens 2"),
    (VISION, "rtx-4090", "--limit-mm-per-prompt '{\"image\": 0, \"video\": 0}'", "--limit-mm-per-prompt.video 0", "--skip-mm-profiling",
     "--mm-processor-kwargs '{\"max_pixels\": 200704}'", "--media-io-kwargs '{\"video\": {\"num_frames\": 8}}'", "--language-model-only",
     "--video-pruning-rate 0.5", "--mm-encoder-attn-dtype fp8", "--mm-encoder-tp-mode data", "--mm-processor-cache-gb 8"),
    (WINDOWS, "h100", "--disable-hybrid-kv-cache-manager", "--disable-sliding-window"),
]
SGLANG = [
    (DENSE, "h100", "--context-length 4096", "--mem-fraction-static 0.5", "--kv-cache-dtype fp8_e5m2", "--kv-cache-dtype fp4_e2m1",
     "--max-total-tokens 20000", "--max-running-requests 8", "--chunked-prefill-size 2048", "--chunked-prefill-size -1",
     "--max-prefill-tokens 4096", "--prefill-max-requests 2", "--page-size 64", "--cuda-graph-max-bs 8", "--cuda-graph-bs 1 2 4",
     "--disable-cuda-graph", "--enable-torch-compile", "--torch-compile-max-bs 8", "--cpu-offload-gb 4", "--quantization fp8",
     "--offload-group-size 4", "--offload-num-in-group 1", "--offload-prefetch-step 1",
     "--torchao-config int4wo-128", "--enable-hierarchical-cache", "--enable-hierarchical-cache --hicache-ratio 4",
     "--enable-hierarchical-cache --hicache-size 30", "--enable-lora --max-loras-per-batch 4 --max-lora-rank 64",
     "--speculative-algorithm STANDALONE --speculative-draft-model-path Qwen/Qwen3-0.6B --speculative-num-draft-tokens 4",
     "--speculative-algorithm EAGLE --speculative-num-steps 3 --speculative-eagle-topk 1 --speculative-num-draft-tokens 4",
     "--speculative-token-map x", "--speculative-draft-window-size 512", "--speculative-dflash-block-size 16",
     "--json-model-override-args '{\"rope_scaling\": {\"factor\": 0.01}}'", "--dtype float32", "--enable-memory-saver",
     "--disaggregation-mode prefill", "--nnodes 2", "--base-gpu-id 1", "--load-format bitsandbytes", "--attention-backend triton"),
    (MOE, "h100x4", "--tp 4", "--tp 2 --pp 2", "--tp 4 --ep 4", "--tp 4 --dp 4 --enable-dp-attention", "--tp 4 --moe-a2a-backend deepep",
     "--tp 4 --deepep-mode low_latency", "--tp 4 --moe-dense-tp-size 1", "--tp 4 --ep-num-redundant-experts 4", "--tp 4 --attn-cp-size 2",
     "--tp 4 --moe-dp-size 2", "--tp 4 --enable-dp-lm-head", "--tp 4 --disable-shared-experts-fusion", "--tp 4 --kt-weight-path x",
     "--tp 4 --kt-num-gpu-experts 8 --kt-weight-path x", "--tp 4 --kt-gpu-prefill-token-threshold 512 --kt-weight-path x",
     "--tp 4 --kt-method AMXINT4 --kt-weight-path x", "--tp 4 --kt-expert-placement-strategy uniform --kt-weight-path x"),
    (HYBRID, "h200x2", "--tp 2 --max-mamba-cache-size 64", "--tp 2 --mamba-full-memory-ratio 0.5", "--tp 2 --mamba-ssm-dtype bfloat16",
     "--tp 2 --disable-radix-cache --max-running-requests 16", "--tp 2 --mamba-radix-cache-strategy extra_buffer",
     "--tp 2 --mamba-scheduler-strategy no_buffer", "--tp 2 --mamba-max-states-per-path 4", "--tp 2 --enable-int8-mamba-checkpoint"),
    (WINDOWS, "h100", "--swa-full-tokens-ratio 0.3", "--disable-hybrid-swa-memory", "--language-only"),
]
TRT = [
    ("Qwen/Qwen3-8B --max_seq_len 8192", "h100", "--max_batch_size 32", "--max_num_tokens 65536", "--max_seq_len 32768",
     "--kv_cache_free_gpu_memory_fraction 0.5", "--kv_cache_dtype fp8", "--max_beam_width 4", "--config x.yaml", "--extra_llm_api_options x.yaml"),
    ("Qwen/Qwen3-30B-A3B --max_seq_len 8192", "h100x4", "--tp_size 4", "--tp_size 2 --pp_size 2", "--tp_size 4 --ep_size 4", "--tp_size 4 --gpus_per_node 2"),
]
TGI = [
    ("--model-id Qwen/Qwen3-8B --max-total-tokens 8192", "h100x2", "--max-total-tokens 16384 --max-input-tokens 12000", "--max-batch-prefill-tokens 16384", "--max-batch-total-tokens 20000",
     "--cuda-memory-fraction 0.5", "--quantize fp8", "--num-shard 2", "--kv-cache-dtype fp8_e5m2", "--max-batch-size 4",
     "--cuda-graphs 0", "--speculate 4", "--lora-adapters x", "--rope-scaling dynamic", "--prefix-caching false"),
]
LMDEPLOY = [
    ("Qwen/Qwen3-8B --session-len 16320", "a100-80gb", "--session-len 4096", "--cache-max-entry-count 0.4", "--quant-policy 8", "--quant-policy 4",
     "--cache-block-seq-len 128", "--max-batch-size 512", "--max-prefill-token-num 32768", "--backend pytorch", "--model-format awq",
     "--eager-mode", "--num-tokens-per-iter 4096"),
    ("Qwen/Qwen3-30B-A3B --session-len 16384", "a100-80gbx4", "--tp 4", "--dp 4", "--ep 4"),
]
MLX = [
    ("--model mlx-community/Qwen3-8B-4bit", "m4-max-64gb", "--max-tokens 4096", "--prompt-cache-bytes 8G", "--prompt-cache-size 4", "--draft-model mlx-community/Qwen3-0.6B-4bit",
     "--adapter-path x", "--decode-concurrency 8", "--prompt-concurrency 8", "--prefill-step-size 512"),
]
LLAMA = [
    ("-hf unsloth/Qwen3-8B-GGUF:Q4_K_M -c 16384 --no-mmproj", "rtx-4090x2", "-c 4096", "-np 2", "-np 2 -kvu", "-ub 2048", "-ctk q8_0 -ctv q8_0",
     "-fa off", "-ngl 10", "-ngl 0", "-dev CUDA0", "-dev none", "-fitt 8192", "-fitc 32768", "-sm none", "-sm row", "-sm tensor", "-ts 3,1",
     "--mlock", "-ot 'blk\\.[0-9]\\.=CPU'", "-nkvo", "--no-kv-offload", "--no-op-offload", "--rpc 10.0.0.2:50052",
     "-cram 0", "-ctxcp 4", "--cache-idle-slots", "-md x.gguf", "-hfd unsloth/Qwen3-0.6B-GGUF:Q4_K_M", "-hfd unsloth/Qwen3-0.6B-GGUF:Q4_K_M -ngld 0",
     "-hfd unsloth/Qwen3-0.6B-GGUF:Q4_K_M -ctkd q8_0 -ctvd q8_0", "-hfd unsloth/Qwen3-0.6B-GGUF:Q4_K_M -cd 4096", "-hfd unsloth/Qwen3-0.6B-GGUF:Q4_K_M --spec-draft-n-max 64",
     "--override-kv a=int:1", "--rope-scale 2", "--yarn-orig-ctx 8192", "--embedding", "--rerank", "--pooling mean", "--lora x.gguf", "--control-vector x.gguf", "-dio",
     "--models-max 2", "--models-dir x", "--grp-attn-n 4"),
    ("-hf unsloth/Qwen3-30B-A3B-GGUF:Q4_K_M -c 16384 --no-mmproj", "rtx-4090x2", "-cmoe", "-ncmoe 10", "-ot exps=CPU"),
    ("-hf unsloth/Qwen3.5-9B-GGUF:Q4_K_M -c 16384", "rtx-4090", "--no-mmproj", "--no-mmproj-offload", "--image-max-tokens 4096", "--image-min-tokens 4096", "--mtmd-batch-max-tokens 512",
     "-ctxcp 4", "-cms 2048", "-np 8"),
]
IK = [
    ("-hf unsloth/DeepSeek-V2-Lite-GGUF:Q4_K_M -c 16384 -ngl 99", "rtx-4090", "-mla 1", "-mla 0", "-amb 256", "-fmoe", "-no-fmoe", "-rtr", "-np 4", "-ctk q8_0", "-ctk q6_0", "-ctk q8_KV", "-khad",
     "-vhad", "-ser 6,1", "-muge", "-mqkv", "-gr", "--fit", "--fit-margin 2048", "-sm graph", "--max-gpu 1", "-smgs", "-wgt 1", "-op 1,0", "-cuda fusion=1", "-ub 2048",
     "--spec-type mtp:n_max=2", "-ot exps=CPU", "-fa off"),
]
KOBOLD = [
    ("--model unsloth/Qwen3-8B-GGUF:Q4_K_M --contextsize 8192", "rtx-4090x2", "--contextsize 16384", "--gpulayers 10", "--tensor_split 3 1", "--quantkv 1 --flashattention", "--blasbatchsize 2048", "--usecublas lowvram",
     "--usecublas rowsplit", "--moecpu 4", "--overridetensors 'blk=CPU'", "--usemlock", "--nokvoffload", "--mmproj x.gguf", "--sdmodel x",
     "--whispermodel x", "--embeddingsmodel x", "--config x.kcpps"),
]
STARTS = [("vllm", "vllm serve ", VLLM), ("sglang", "python -m sglang.launch_server --model-path ", SGLANG),
          ("tensorrt-llm", "trtllm-serve ", TRT), ("tgi", "text-generation-launcher ", TGI),
          ("lmdeploy", "lmdeploy serve api_server ", LMDEPLOY), ("mlx", "mlx_lm.server ", MLX),
          ("llama.cpp", "llama-server ", LLAMA), ("ik_llama.cpp", "llama-server ", IK), ("koboldcpp", "koboldcpp ", KOBOLD)]


def ask(engine, gpu, line):
    forced = ["--engine", engine] if engine.startswith("ik") else []
    words = [VRAMFIT, "--gpu", gpu, "--json"] + forced + ["--"] + shlex.split(line)
    p = subprocess.run(words, capture_output=True, text=True)
    if p.returncode not in (0, 1):
        return None, p.stderr
    r = json.loads(p.stdout)
    figures = {k: r.get(k) for k in ("devices", "lines", "limits", "model", "verdict")}
    for l in figures["lines"]:
        l.pop("formula", None)
    return figures, " ".join(a["text"] for a in r.get("assumptions", []))


def told(option, words):
    """Whether the words name the option: as typed, or the object that it is a part of."""
    name = option.split("=")[0]
    return name in words or name.split(".")[0] in words


def judge(job):
    engine, gpu, base, words = job
    plain, said = ask(engine, gpu, base)
    if plain is None:
        return "%s: the line without options is refused: %s" % (engine, said.strip())
    with_it, also = ask(engine, gpu, base + " " + words)
    options = [w for w in shlex.split(words) if w.startswith("-") and not w[1:].replace(".", "").isdigit()]
    if with_it is None:
        return None if any(told(o, also) for o in options) or "no " in also or "not" in also else "%s: %s: %s" % (engine, words, also.strip())
    if with_it != plain:
        return None
    return None if any(told(o, also) for o in options[-1:]) else "%s: %s: no figure moves and nothing is said" % (engine, words)


def jobs():
    for engine, start, groups in STARTS:
        for line, gpu, *added in groups:
            if engine == "sglang":
                line = line.replace("--max-model-len", "--context-length")
            for words in added:
                # ranks and what they need stand in the line that is compared with
                parts = words.split(" ")
                ranks = engine in ("vllm", "sglang") and len(parts) > 2 and parts[0] in ("-tp", "--tp", "-dp") and "pp" not in parts[2]
                base = line + (" " + " ".join(parts[:2]) if ranks else "")
                yield engine, gpu, start + base, " ".join(parts[2:]) if ranks else words


with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
    wrong = [w for w in pool.map(judge, jobs()) if w]
print("\n".join(wrong) if wrong else "every option moves a figure or is named")
sys.exit(bool(wrong))
