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
     "--additional-config '{\"a\": 1}'", "--quantization-config '{\"a\": 1}'", "--load-format dummy", "--runner pooling", "--convert embed", "--task embed",
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
     "--disaggregation-mode prefill", "--nnodes 2", "--base-gpu-id 1", "--load-format dummy", "--attention-backend triton"),
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
STARTS = [("vllm", "vllm serve ", VLLM), ("sglang", "python -m sglang.launch_server --model-path ", SGLANG),
          ("tensorrt-llm", "trtllm-serve ", TRT), ("tgi", "text-generation-launcher ", TGI),
          ("lmdeploy", "lmdeploy serve api_server ", LMDEPLOY), ("mlx", "mlx_lm.server ", MLX)]


def ask(gpu, line):
    words = [VRAMFIT, "--gpu", gpu, "--json", "--"] + shlex.split(line)
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
    plain, said = ask(gpu, base)
    if plain is None:
        return "%s: the line without options is refused: %s" % (engine, said.strip())
    with_it, also = ask(gpu, base + " " + words)
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
