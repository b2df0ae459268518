#!/usr/bin/env python3
"""Fits the figures of src/core/speed.c on the even rows of speed.tsv and tells how they do on the odd ones.

usage: fit_speed.py VRAMFIT [speed.tsv]

Prints, for each class of device, the shares of the bandwidth that kernels reach, the fixed time per layer and per layer of
experts, the extremes of predicted over measured time on both halves, and the same when each model is left out in turn.
What a step reads comes from vramfit itself (--json, "step_reads"). Standard library only."""
import json
import math
import os
import subprocess
import sys

PRIOR = {"packed": .8, "plain": .9, "kv": .6, "latent": .5, "layer_us": 60., "expert_us": 60.}
# How strongly each is held at its prior: rows that say nothing about a figure leave it there.
HOLD = {"packed": .05, "plain": .05, "kv": .02, "latent": .02, "layer_us": .01, "expert_us": .01}
SHARES = ("packed", "plain", "kv", "latent")


def class_of(gpu):
    if "gb10" in gpu:
        return "CUDA_UNIFIED"
    if "apple" in gpu:
        return "METAL_ULTRA" if "ultra" in gpu else "METAL"
    if "ryzen" in gpu:
        return "ROCM_UNIFIED"
    return "CUDA_HBM" if "a100" in gpu else "CUDA"


def vramfit(*words):
    p = subprocess.run([sys.argv[1], *words, "--json"], capture_output=True, text=True)
    assert p.returncode in (0, 1), p.stderr
    return json.loads(p.stdout)


def bandwidth(gpu):
    name = gpu.split("x2")[0] if gpu.endswith("x2") else gpu
    found = []

    def walk(x):
        if isinstance(x, dict):
            if isinstance(x.get("bandwidth_mb_per_s"), int):
                found.append(x["bandwidth_mb_per_s"])
            for v in x.values():
                walk(v)
        elif isinstance(x, list):
            for v in x:
                walk(v)
    walk(vramfit("gpus", name))
    return found[0] * 1e6


def read(path):
    rows = []
    for line in open(path, encoding="utf-8"):
        if line.startswith("#"):
            continue
        rid, model, quant, engine, gpu, memory, ctx, flash, milli = line.split("\t")[:9]
        words = ["--model", model, "--quant", quant, "--engine", engine, "--gpu", gpu, "--ctx", ctx]
        words += ["--memory", memory] if memory != "-" else []
        words += ["--flash-attn", flash] if flash != "-" else []
        r = vramfit(*words)["speed"]["step_reads"]
        r.update(id=rid, model=model, gpu=gpu, seconds=1e3 / int(milli), bandwidth=bandwidth(gpu), half=len(rows) % 2)
        rows.append(r)
    return rows


def predict(r, f):
    b = r["bandwidth"]
    return (r["quantized_weights_bytes"] / (b * f["packed"]) + r["other_weights_bytes"] / (b * f["plain"]) +
            (r["kv_cache_bytes"] + r["state_bytes"]) / (b * f["kv"]) + r["latent_cache_bytes"] / (b * f["latent"]) +
            (r["layers"] * f["layer_us"] + r["expert_layers"] * f["expert_us"]) * 1e-6)


def error(r, f):
    return math.log(predict(r, f) / r["seconds"])


def loss(rows, f):
    return sum(error(r, f) ** 2 for r in rows) + sum(HOLD[k] * math.log(f[k] / PRIOR[k]) ** 2 for k in f)


def fit(rows):
    """Coordinate descent in the logarithm of every figure."""
    f, step = dict(PRIOR), .3
    best = loss(rows, f)
    while step > .002:
        moved = False
        for k in f:
            for s in (step, -step):
                g = dict(f)
                g[k] *= math.exp(s)
                if k in SHARES and g[k] > 1:
                    continue
                now = loss(rows, g)
                if now < best - 1e-9:
                    f, best, moved = g, now, True
        if not moved:
            step /= 2
    return f


def spread(errors):
    return "%.2f to %.2f" % (math.exp(min(errors)), math.exp(max(errors))) if errors else "none"


def main():
    rows = read(sys.argv[2] if len(sys.argv) > 2 else os.path.join(os.path.dirname(__file__), "speed.tsv"))
    inside = counted = 0
    for name in sorted({class_of(r["gpu"]) for r in rows}):
        mine = [r for r in rows if class_of(r["gpu"]) == name]
        halves = [[r for r in mine if r["half"] == h] for h in (0, 1)]
        f = fit(halves[0])
        out = []
        for model in sorted({r["model"] for r in mine}):
            g = fit([r for r in mine if r["model"] != model])
            out += [error(r, g) for r in mine if r["model"] == model]
        if name != "CUDA_HBM":          # two rows, one model: nothing to fit on
            counted += len(out)
            inside += sum(1 / 1.33 <= math.exp(e) <= 1 / .75 for e in out)
        print("%-13s n %2d + %2d  %s" % (name, len(halves[0]), len(halves[1]),
                                        "  ".join("%s %.3g" % kv for kv in f.items())))
        print("%13s predicted / measured time: fitted %s, held back %s, each model left out %s" % (
            "", spread([error(r, f) for r in halves[0]]), spread([error(r, f) for r in halves[1]]), spread(out)))
    print("each model left out in turn: %d of %d rows within 0.75 to 1.33 times the predicted time" % (inside, counted))


main()
