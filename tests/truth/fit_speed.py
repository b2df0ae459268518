#!/usr/bin/env python3
"""Fits the figures of src/core/speed_reach.c on half of the groups of speed.tsv and speed_runs.tsv and tells how they, and the
intervals that vramfit tells, do on the other half.

usage: fit_speed.py VRAMFIT [--check] [CLASS...]

A group is what one source measured of one model in one format: neighbouring rows are alike, so whole groups are left out.
For each class of devices and engines: the shares of the bandwidth that kernels reach, the fixed times per layer, the share
of the full rate of further sequences and of prompts; the 5th and 95th percentile of measured over predicted time on groups that
the fit saw and on the others; and how many rows lie inside vramfit's interval, with its median width.  What a step reads and
what a prompt computes come from vramfit itself (--json: "step_reads", "prompt").  With --check only the sums are told, and
fewer than 85 % of the rows left out inside (80 % of times to the first token, some of which were queues) is a failure.
Standard library only."""
import collections
import concurrent.futures
import hashlib
import json
import math
import os
import re
import statistics
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
PRIOR = {"packed": .8, "plain": .85, "kv": .65, "latent": .4, "layer_us": 60., "expert_us": 60., "batch": .3, "batch_experts": .1}
SHARES = ("packed", "plain", "kv", "latent", "batch", "batch_experts")
HOLD = .3  # how strongly each is held at its prior: rows that say nothing about a figure leave it there
TOGETHER = ("benchy", "saturated", "offline", "fixed-batch")  # kinds of rows whose requests come at once
GRAPHS = ("vllm", "sglang", "tensorrt-llm", "tgi")


def table(name):
    with open(os.path.join(HERE, name), encoding="utf-8") as f:
        lines = f.read().splitlines()
    heads = [l for l in lines if l.startswith("#")]
    sources = dict(l[len("# source "):].split("\t") for l in heads if l.startswith("# source "))
    keys = heads[-1][1:].strip().split("\t")
    return [dict(zip(keys, l.split("\t"))) for l in lines if not l.startswith("#")], sources


def number(text):
    return None if text in ("-", "", None) else float(text)


def runs():
    """Rows of both tables in one form: options, source, what was measured."""
    out = []
    rows, _ = table("speed.tsv")
    for r in rows:
        words = ["--model", r["model"], "--quant", r["quant"], "--engine", r["engine"], "--gpu", r["gpu"], "--ctx", r["ctx"]]
        words += ["--memory", r["memory"]] if r["memory"] != "-" else []
        words += ["--flash-attn", r["flash"]] if r["flash"] != "-" else []
        out.append(dict(id=r["id"], words=words, source=r["source"], at_once=1, decode=float(r["milli_tokens_per_s"]) / 1e3,
                        prefill=None, first=None))
    rows, sources = table("speed_runs.tsv")
    for r in rows:
        n = int(number(r["concurrency"]) or 1)
        decode, tpot = number(r["decode"]), number(r["tpot_ms"])
        each = decode if decode is not None else 1e3 / tpot if tpot else None
        out.append(dict(id=r["id"], words=r["options"].split(), source=sources[r["source"]].split("#")[0], at_once=n,
                        decode=each * n if each else None, prefill=number(r["prefill"]), first=number(r["ttft_ms"]),
                        together=r["kind"] in TOGETHER, tokens=int((number(r["prompt"]) or 0) + (number(r["depth"]) or 0))))
    return out


def vramfit(*words):
    p = subprocess.run([sys.argv[1], *words, "--json"], capture_output=True, text=True)
    return json.loads(p.stdout) if p.returncode in (0, 1) else None


def option(words, name, default=None):
    return words[words.index(name) + 1] if name in words else default


CARDS = {}


def card(gpu):
    """What the catalog says of one device of "rtx-3090x4", and how many there are."""
    many = re.fullmatch(r"(.*)x(\d+)", gpu)
    name, count = (many.group(1), int(many.group(2))) if many else (gpu, 1)
    if name not in CARDS:
        found = {}
        def walk(x):
            if isinstance(x, dict):
                if isinstance(x.get("bandwidth_mb_per_s"), int):
                    for k, v in x.items():
                        found.setdefault(k, v)
                for v in x.values():
                    walk(v)
            elif isinstance(x, list):
                for v in x:
                    walk(v)
        walk(vramfit("gpus", name) or {})
        CARDS[name] = found
    return CARDS[name], count


def class_of(r):
    engine = option(r["words"], "--engine", "llama.cpp").split("@")[0]
    gpu, c = option(r["words"], "--gpu"), r["card"]
    capability = float(c.get("compute_capability") or 0)
    hbm = capability in (6.0, 7.0, 8.0, 9.0, 10.0, 10.3)
    if engine in ("mlx", "exllama"):
        return engine.upper()
    graphs = engine in GRAPHS
    if "apple" in gpu:
        return "METAL_ULTRA" if c["bandwidth_mb_per_s"] > 700000 else "METAL"
    unified = c.get("kind") == "unified"
    if capability:
        kind = "UNIFIED" if unified else "HBM" if hbm else ""
        experts = "EXPERTS" if graphs and hbm and r["reads"]["expert_layers"] else ""
        return "_".join(x for x in ("GRAPHS" if graphs else "CUDA", kind, experts) if x)
    if c.get("bandwidth_mb_per_s") and "arc" not in gpu and gpu != "cpu":
        return "GRAPHS_ROCM" if graphs else "ROCM_UNIFIED" if unified else "ROCM"
    return "OTHER"


def read(r):
    j = vramfit(*r["words"])
    if j is None or "speed" not in j:
        return None
    s = j["speed"]
    r["card"], r["devices"] = card(option(r["words"], "--gpu"))
    r.update(speed=s, reads=s["step_reads"], prompt=s.get("prompt"), active=j["model"]["active_params"],
             ranks=int(option(r["words"], "--tp", "1")), ctx=j["request"]["ctx_tokens"],
             weights=sum(d.get("weights_bytes", 0) for d in j["devices"]))
    r["name"] = class_of(r)
    r["group"] = (r["source"], option(r["words"], "--model"), option(r["words"], "--quant"))
    if r["first"]:  # a prompt as long as the context
        words = list(r["words"])
        words[words.index("--ctx") + 1] = str(max(r["tokens"], 1))
        other = vramfit(*words)
        prefix = "first_token_together_ms" if r["together"] else "first_token_ms"
        told = (other or {}).get("speed", {})
        s.update({"first" + end: told[prefix + end] for end in ("_low", "_high") if prefix + end in told})
    r["half"] = int(hashlib.sha1(repr(r["group"]).encode()).hexdigest(), 16) % 2
    return r


def predict(r, f):
    b, s = r["card"]["bandwidth_mb_per_s"] * 1e6, r["reads"]
    t = (s["quantized_weights_bytes"] / (b * f["packed"]) + s["other_weights_bytes"] / (b * f["plain"]) +
         (s["kv_cache_bytes"] + s["state_bytes"]) / (b * f["kv"]) + s["latent_cache_bytes"] / (b * f["latent"])) / r["ranks"]
    t += (s["layers"] * f["layer_us"] + s["expert_layers"] * f["expert_us"]) * 1e-6
    if r["prompt"] and r["at_once"] > 1:
        share = f["batch_experts"] if s["expert_layers"] else f["batch"]
        t += (r["at_once"] - 1) * 2 * r["active"] / (share * r["prompt"]["full_rate_gflops"] * 1e9) / r["ranks"]
    return t


def error(r, f):
    """Logarithm of measured over predicted time."""
    return math.log(r["at_once"] / r["decode"] / predict(r, f))


def fit(rows):
    """Coordinate descent in the logarithm of every figure; large groups count by their root."""
    size = collections.Counter(r["group"] for r in rows)

    def loss(f):
        return sum(abs(error(r, f)) / math.sqrt(size[r["group"]]) for r in rows) + \
            sum(HOLD * abs(math.log(f[k] / PRIOR[k])) for k in f)
    f, step, best = dict(PRIOR), .3, loss(PRIOR)
    while step > .01:
        moved = False
        for k in f:
            for s in (step, -step):
                g = dict(f, **{k: f[k] * math.exp(s)})
                if k in SHARES and g[k] > 1.05:
                    continue
                now = loss(g)
                if now < best - 1e-9:
                    f, best, moved = g, now, True
        step = step if moved else step / 2
    return f


def spread(values):
    if not values:
        return "none"
    v = sorted(values)
    at = lambda p: math.exp(v[min(len(v) - 1, int(p * len(v)))])
    return "%.2f (%.2f to %.2f)" % (math.exp(statistics.median(v)), at(.05), at(.95))


def prompt_share(r):
    """The share of the full rate that a prompt reached."""
    p, b = r["prompt"], r["card"]["bandwidth_mb_per_s"] * 1e6
    read_s = p["chunks"] * r["weights"] / (.8 * b) / r["ranks"] / r["ctx"]
    gain = math.sqrt(r["devices"] * p["chunks"] / (r["devices"] + p["chunks"] - 1)) if r["ranks"] == 1 else 1
    seconds = gain / r["prefill"]
    return p["operations_per_token"] / (p["full_rate_gflops"] * 1e9) / r["ranks"] / max(seconds - read_s, seconds / 10)


def inside(rows, key, measured):
    told = [r for r in rows if key + "_low" in r["speed"]]
    if not told:
        return "none told"
    ok = sum(r["speed"][key + "_low"] <= r[measured] <= r["speed"][key + "_high"] for r in told)
    width = statistics.median(r["speed"][key + "_high"] / max(r["speed"][key + "_low"], 1e-9) for r in told)
    return "%d of %d, width %.2f" % (ok, len(rows), width)


def report_decode(rows):
    seen, left = ([r for r in rows if r["half"] == h] for h in (0, 1))
    f = fit(seen or rows)
    print("  decode  n %d + %d  %s" % (len(seen), len(left), "  ".join("%s %.3g" % kv for kv in f.items())))
    for name, part in (("one", lambda r: r["at_once"] == 1), ("several", lambda r: r["at_once"] > 1)):
        a, b = [r for r in seen if part(r)], [r for r in left if part(r)]
        if a or b:
            print("    %-8s measured / predicted time: fitted %s, left out %s; inside: fitted %s; left out %s" % (
                name, spread([error(r, f) for r in a]), spread([error(r, f) for r in b]),
                inside(a, "decode_tokens_per_s", "decode"), inside(b, "decode_tokens_per_s", "decode")))


def report_prompts(rows):
    kinds = (("experts", lambda r: r["reads"]["expert_layers"] != 0),
             ("16 bits", lambda r: not r["reads"]["expert_layers"] and not r["reads"]["quantized_weights_bytes"]),
             ("quantized", lambda r: not r["reads"]["expert_layers"] and r["reads"]["quantized_weights_bytes"]))
    for name, part in kinds:
        mine = [r for r in rows if part(r)]
        seen, left = ([r for r in mine if r["half"] == h] for h in (0, 1))
        if mine:
            shares = [prompt_share(r) for r in seen or mine if r["prompt"]]
            print("  prompts %-9s n %d + %d  share %s; inside: fitted %s; left out %s" % (
                name, len(seen), len(left), "%.3f" % statistics.median(shares) if shares else "none",
                inside(seen, "prefill_tokens_per_s", "prefill"), inside(left, "prefill_tokens_per_s", "prefill")))


def main():
    names = [a for a in sys.argv[2:] if a != "--check"]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        rows = [r for r in pool.map(read, runs()) if r is not None]
    for name in sorted({r["name"] for r in rows}):
        if "--check" in sys.argv or (names and name not in names):
            continue
        mine = [r for r in rows if r["name"] == name and not r["reads"]["host_memory_bytes"]]
        print("%s: %d groups" % (name, len({r["group"] for r in mine})))
        decode, prompts = [r for r in mine if r["decode"]], [r for r in mine if r["prefill"]]
        if decode:
            report_decode(decode)
        if prompts:
            report_prompts(prompts)
    few = False
    for what, key in (("decode", "decode_tokens_per_s"), ("prefill", "prefill_tokens_per_s"), ("first", "first")):
        for half, name in ((0, "fitted"), (1, "left out")):
            told = inside([r for r in rows if r[what] and r["half"] == half], key, what)
            print("all, %s, %s: %s" % (what, name, told))
            ok, of = (int(x) for x in re.match(r"(\d+) of (\d+)", told).groups())
            few |= half == 1 and ok < (.80 if what == "first" else .85) * of
    sys.exit("fewer than 85 % inside" if few else 0)


main()
