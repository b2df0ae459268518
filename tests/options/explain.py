#!/usr/bin/env python3
"""Every line of every engine says what it is made of and where that comes from: explain.py VRAMFIT

Engines by their names in `vramfit engines`, with models of every kind and with options that add lines.  A line's formula has
its figure in bytes, a number that the figure is made of or a word for what was measured, and a source in brackets; so have the
two that tell speeds.  What an engine refuses is passed over, but every engine must answer some.
"""
import concurrent.futures, itertools, json, math, os, re, subprocess, sys

VRAMFIT = sys.argv[1]

MODELS = ["llama3.1-8b", "gemma3-12b", "gemma4-e4b", "gpt-oss-20b", "qwen3-30b-a3b", "qwen3-next-80b-a3b", "deepseek-v2-lite", "minimax-m3",
          "deepseek-v3.2-685b", "deepseek-v4-flash", "mamba-2.8b", "rwkv7-2.9b-world", "whisper-large-v3", "bge-m3"]
GPU, MAC = "h200x8", "m3-ultra-512gb"
MORE = [
    ["--spec-tokens", "2"], ["--draft", "llama3.2-1b"], ["--mmproj", "auto"], ["--ngl", "4"], ["--cpu-moe"], ["--cpu-offload-gb", "4"],
    ["--lora-rank", "64"], ["--tp", "8"], ["--pp", "2"], ["--dp", "8", "--ep", "8"], ["--kv", "fp8"], ["--quant", "mlx-4bit"],
    ["--quant", "exl3-4.0bpw"], ["--quant", "awq"], ["--seqs", "8"], ["--used", "1GiB"], ["--spec-type", "draft-mtp"]]


def engines():
    table = subprocess.run([VRAMFIT, "engines", "--json"], capture_output=True, text=True)
    return [e["name"] for e in json.loads(table.stdout)["engines"]]


def ask(job):
    engine, model, gpu, more = job
    line = [VRAMFIT, "--model", model, "--engine", engine, "--gpu", gpu, "--ctx", "8192", "--explain", "--json"] + more
    done = subprocess.run(line, capture_output=True, text=True)
    if done.returncode == 2:
        return job, None
    return job, json.loads(done.stdout)


def multiplies(formula, total):
    """Whether some of the numbers in front of the result make it, as a product or as one over another."""
    numbers = [float(n) for n in re.findall(r"\d+(?:\.\d+)?", formula.split(" = ")[0].replace(",", ""))]
    products = [math.prod(some) for n in range(1, 5) for some in itertools.combinations(numbers, n)]
    shares = [a / b for a in numbers for b in numbers if b]
    return any(abs(p - total) <= 2 for p in products + shares)


# Sums over layers that differ, or of llama.cpp's cells.
SUMS = ("convolution and state of", "what keys of")


def faults(result):
    for line in result["lines"]:
        formula = line.get("formula", "")
        if not re.search(r"\[[^\[\]]{4,}\]$", formula):
            yield "%s: no source: %s" % (line["name"], formula)
        elif "{:,} B".format(line["bytes"]) not in formula and line["bytes"] != 0 and "MiB" not in formula:
            yield "%s: %d B is not in it: %s" % (line["name"], line["bytes"], formula)
        elif line["name"] == "recurrent_state" and not formula.startswith(SUMS) and not multiplies(formula, line["bytes"]):
            yield "%s: no factors make %d B: %s" % (line["name"], line["bytes"], formula)
        elif not re.search(r"\d", formula):
            yield "%s: no number: %s" % (line["name"], formula)


def main():
    jobs = []
    for engine in engines():
        gpu = MAC if engine == "mlx" else GPU
        jobs += [(engine, m, gpu, []) for m in MODELS]
        jobs += [(engine, MODELS[i % len(MODELS)], gpu, more) for i, more in enumerate(MORE)]
    answered, bad = {}, {}
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for (engine, model, gpu, more), result in pool.map(ask, jobs):
            if result is None:
                continue
            answered[engine] = answered.get(engine, 0) + 1
            for fault in faults(result):
                bad.setdefault((engine, fault.split(":")[0], fault.split(":")[1]), "%s %s %s %s: %s" % (engine, model, gpu, " ".join(more), fault))
    silent = [e for e in engines() if e not in answered]
    for words in bad.values():
        print(words)
    for e in silent:
        print("%s answers nothing" % e)
    print("%d answers of %d engines, %d lines without" % (sum(answered.values()), len(answered), len(bad)))
    sys.exit(1 if bad or silent else 0)


if __name__ == "__main__":
    main()
