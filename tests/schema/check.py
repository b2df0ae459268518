#!/usr/bin/env python3
"""Validates the catalogs and vramfit's own JSON against the schemas under data/schemas.

usage: check.py DATA_DIR VRAMFIT

Exit status 77 (skipped) where the jsonschema module is not installed."""
import glob
import json
import os
import subprocess
import sys
import tempfile

try:
    import jsonschema
except ImportError:
    print("skipped: python3-jsonschema is not installed")
    sys.exit(77)

data, vramfit = sys.argv[1:3]
failed = 0


def load(*path):
    with open(os.path.join(data, *path), encoding="utf-8") as f:
        return json.load(f)


def validator(name):
    schema = load("schemas", name + ".schema.json")
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def check(v, what, document):
    global failed
    for e in sorted(v.iter_errors(document), key=lambda e: list(map(str, e.path))):
        failed += 1
        print("%s: /%s: %s" % (what, "/".join(map(str, e.path)), e.message[:200]))


for kind in ("models", "gpus", "nodes", "workloads"):
    v = validator(kind)
    files = sorted(glob.glob(os.path.join(data, kind, "*.json")))
    assert files, "no files under data/" + kind
    for path in files:
        check(v, path, load(kind, os.path.basename(path)))

# Every figure of a device or a node has a source: its own, or its class's; a source names a figure that is there.
PLAIN = {"id", "name", "aliases", "class", "kind", "backend", "vendor", "architecture", "total_basis", "notes",
         "profiles", "sources", "gpu"}
UNDER = {"link_mb_per_s": "link", "link_domain": "link", "pcie_gen": "pcie", "pcie_lanes": "pcie"}


def entries(kind):
    for path in sorted(glob.glob(os.path.join(data, kind, "*.json"))):
        for entry in load(kind, os.path.basename(path))[kind]:
            yield path, entry


for kind in ("gpus", "nodes"):
    for path, entry in entries(kind):
        figures = {UNDER.get(k, k) for k in entry if k not in PLAIN and not k.startswith("x-")}
        for key in figures - entry["sources"].keys():
            failed += 1
            print("%s: %s: no source for %s" % (path, entry["id"], key))
        for key in entry["sources"].keys() - figures - PLAIN:
            failed += 1
            print("%s: %s: a source for %s, which is not there" % (path, entry["id"], key))

# No device reports more than it is sold with; what it cannot have is not there.
for path, g in entries("gpus"):
    if g.get("total_mib", 0) > g.get("nominal_gb", 0) * 1024:
        failed += 1
        print("%s: %s: a total beyond its nominal size" % (path, g["id"]))
    for p in g.get("profiles", []):
        if p["total_mib"] >= g["total_mib"]:
            failed += 1
            print("%s: %s: an instance larger than the device: %s" % (path, g["id"], p["id"]))

# Low, expected and high are in order; what is loaded is no more than the peak; variants are told apart.
for path, w in entries("workloads"):
    names = [x["id"] for x in w["variants"]]
    bad = [x["id"] for x in w["variants"]
           if sorted(x["memory_mib"]) != x["memory_mib"] or x.get("loaded_mib", 0) > x["memory_mib"][1]]
    if bad or len(set(names)) != len(names):
        failed += 1
        print("%s: %s: variants %s" % (path, w["id"], bad or names))

# The schemas refuse what they should refuse.
for kind, change in (("models", {"params": 0}), ("models", {"hidden_size": "4096"}), ("models", {"typo": 1}),
                     ("gpus", {"total_mib": 0}), ("gpus", {"kind": "magic"}), ("gpus", {"context_mib": [1, 2]}),
                     ("gpus", {"fp8_gflops": 0}), ("gpus", {"link_mb_per_s": None}), ("gpus", {"pcie_gen": 5.5}),
                     ("gpus", {"profiles": [{"id": "1g.18gb", "total_mib": 16384}]}), ("nodes", {"count": 0}),
                     ("nodes", {"host_memory_mib": None}), ("nodes", {"gpus": "h100"}),
                     ("workloads", {"variants": []}), ("workloads", {"task": "magic"}),
                     ("workloads", {"variants": [{"id": "a", "memory_mib": [1, 2, 3], "quality": "measured"}]})):
    path = sorted(glob.glob(os.path.join(data, kind, "*.json")))[0]
    document = load(kind, os.path.basename(path))
    document[kind][0].update(change)
    if validator(kind).is_valid(document):
        failed += 1
        print("the schema of %s lets %r through" % (kind, change))

v = validator("result")
for args in (["--gpu", "gb10"], ["--gpu", "rtx-4090"], ["--gpu", "rtx-4090x2", "--host-memory", "64GiB"],
             ["--gpu", "cpu", "--host-memory", "64GiB"], ["--gpu", "rtx-4090", "--ngl", "10"],
             ["--gpu", "h100x8", "--engine", "vllm", "--quant", "fp8"],
             ["--gpu", "h100", "--engine", "sglang", "--quant", "bf16"],
             ["--gpu", "h100x2", "--engine", "tensorrt-llm"], ["--gpu", "h100", "--engine", "transformers"]):
    out = subprocess.run([vramfit, "--model", "llama3.1-70b", "--quant", "q4", "--ctx", "8k", "--json"] + args,
                         capture_output=True, text=True)
    check(v, " ".join(args), json.loads(out.stdout))

# This machine, and one made up of everything that can be said of a device.
v = validator("machine")
with tempfile.TemporaryDirectory() as root:
    for path, text in {"proc/meminfo": "MemTotal: 67108864 kB\nMemAvailable: 60000000 kB\nSwapTotal: 5 kB\n",
                       "proc/self/cgroup": "0::/\n", "sys/fs/cgroup/memory.max": "8589934592\n",
                       "sys/class/drm/card0/device/vendor": "0x1002\n",
                       "sys/class/drm/card0/device/device": "0x1586\n",
                       "sys/class/drm/card0/device/mem_info_vram_total": "536870912\n",
                       "sys/class/drm/card0/device/mem_info_vram_used": "1000\n",
                       "sys/class/drm/card0/device/mem_info_gtt_total": "34359738368\n",
                       "sys/class/drm/card1/device/vendor": "0x8086\n",
                       "sys/class/drm/card1/device/tile0/physical_vram_size_bytes": "0x2f8000000\n",
                       "sys/class/drm/card2/device/vendor": "0x1002\n"}.items():
        os.makedirs(os.path.dirname(os.path.join(root, path)), exist_ok=True)
        with open(os.path.join(root, path), "w", encoding="ascii") as f:
            f.write(text)
    for args in ([], ["--sysroot", root]):
        out = subprocess.run([vramfit, "detect", "--json"] + args, capture_output=True, text=True)
        check(v, "detect", json.loads(out.stdout))
# Manifests of ours, and what check makes of files.
tests = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
v = validator("manifest")
manifest = {"vramfit": 1, "defaults": {"gpu": "l4"}, "deployments": [
    {"name": "a", "model": "qwen3-8b", "quant": "q8_0", "engine": "llama.cpp", "kv": "q8_0", "cpu_moe": True,
     "expect": {"min_seqs": 64, "max_utilization": "50%", "min_headroom": "1GiB", "fits": True, "min_ctx": "4k", "min_decode": 5}},
    {"command": "vllm serve Qwen/Qwen3-32B -tp $N --max-model-len 8k --attention-backend X"}, {"command": ["ollama", "run", "qwen3:8b"]},
    {"model": "nobody-knows-it"}, {"model": "qwen3-4b", "gpu": "l4", "gpus": 2, "engine": "vllm", "quant": "fp8"}]}
check(v, "a manifest", manifest)
for wrong in ({"vramfit": 2, "deployments": []}, {"vramfit": 1}, {"vramfit": 1, "deployments": [{"expect": {"typo": 1}}]}):
    if v.is_valid(wrong):
        failed += 1
        print("the schema of manifest lets %r through" % (wrong,))
v = validator("check")
with tempfile.TemporaryDirectory() as root:
    with open(os.path.join(root, "x.json"), "w") as f:
        json.dump(manifest, f)
    with open(os.path.join(root, "y.json"), "w") as f:
        f.write("{")
    for args in ([], ["--gpu", "h100", "--strict"]):
        out = subprocess.run([vramfit, "check", "--format", "json", root] + args, capture_output=True, text=True)
        check(v, "check", json.loads(out.stdout))

# Files about boxes, and what place makes of them.
tests = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
boxes = glob.glob(os.path.join(tests, "corpus", "scenario", "*.json"))
boxes += glob.glob(os.path.join(tests, "..", "docs", "examples", "*", "*.json"))
for path in sorted(boxes):
    with open(path, encoding="utf-8") as f:
        document = json.load(f)
    gpu = ["--gpu", "rtx-6000-ada"] if "services" in document else []
    if not gpu:
        check(validator("scenario"), path, document)
    out = subprocess.run([vramfit, "place", path, "--json"] + gpu, capture_output=True, text=True)
    check(validator("place"), path + " --json", json.loads(out.stdout))
good = {"gpu": "gb10", "workloads": [{"size": "12GB"}]}
for change in ({"workloads": []}, {"workloads": [{}]}, {"workloads": [{"size": "12"}]}, {"typo": 1}, {"headroom": "101%"},
               {"workloads": [{"size": "1GB", "model": "m"}]}, {"workloads": [{"size": "1GB", "keep_alive": "5x"}]}):
    if validator("scenario").is_valid(dict(good, **change)):
        failed += 1
        print("the schema of scenarios lets %r through" % (change,))
BASE = ["--model", "llama3.1-70b", "--ctx", "8k", "--json"]
for schema, args in (("table", ["table", "--quant", "q4,q8_0", "--gpu", "h100,l4"]),
                     ("table", ["table", "--quant", "awq,q4", "--engine", "any", "--gpu", "h100", "--seqs", "1,4"]),
                     ("table", ["table", "--quant", "fp8", "--engine", "vllm", "--gpus", "1,3,8", "--gpu", "l4",
                                "--kv", "any"]),
                     ("max", ["max", "ctx", "--quant", "q4", "--gpu", "l4"]),
                     ("max", ["max", "seqs", "--quant", "q4", "--gpu", "h100"]),
                     ("max", ["max", "quant", "--gpu", "h100"]), ("max", ["max", "kv", "--quant", "q4", "--gpu", "h100"]),
                     ("max", ["max", "gpus", "--quant", "fp8", "--engine", "vllm", "--gpu", "l4"]),
                     ("max", ["max", "ngl", "--quant", "q4", "--gpu", "l4"]),
                     ("max", ["max", "gpu", "--quant", "q4"]),
                     ("max", ["max", "micro-batch", "--method", "qlora", "--gpu", "l4"]),
                     ("max", ["max", "seq-len", "--gpu", "b200"]), ("max", ["max", "rank", "--method", "lora", "--gpu", "l4"]),
                     ("max", ["max", "gpus", "--method", "full", "--gpu", "h100"]),
                     ("train", ["train", "--gpu", "l4"]), ("train", ["train", "--gpu", "h100x8", "--engine", "deepspeed"]),
                     ("train", ["train", "--gpu", "l4", "--method", "qlora", "--engine", "unsloth"])):
    training = schema == "train" or {"micro-batch", "seq-len", "rank", "--method"} & set(args)
    base = BASE[:2] + BASE[-1:] if training else BASE
    out = subprocess.run([vramfit] + args + base, capture_output=True, text=True)
    check(validator(schema), " ".join(args), json.loads(out.stdout))
for args in (["--model", "nope", "--gpu", "l4"], ["place", "missing.json"], ["--bogus"], ["check", "missing.yaml"]):
    out = subprocess.run([vramfit] + args + ["--json"], capture_output=True, text=True)
    check(validator("error"), " ".join(args), json.loads(out.stdout))
out = subprocess.run([vramfit, "compare", "--quant q4", "--quant q8_0 --seqs 2", "--gpu", "h100"] + BASE,
                     capture_output=True, text=True)
for deployment in json.loads(out.stdout)["deployments"]:
    check(validator("result"), "compare", dict(deployment, format_version="2.0"))

print("%d errors" % failed)
sys.exit(failed != 0)
