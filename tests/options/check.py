#!/usr/bin/env python3
"""Every command with every option of --help: check.py VRAMFIT

An option that a command does not take ends in exit 2 and says so; one that it takes is not refused for that.
"""
import re, subprocess, sys

ESTIMATING = {"fit", "table", "max", "compare"}
COMMANDS = ESTIMATING | {"inspect", "explain", "detect", "place", "check", "train", "models", "gpus", "nodes", "workloads", "formats", "engines"}
EVERYWHERE = {"catalog", "format", "json", "quiet", "color", "unit", "help", "version"}
ONLY = {
    "strict": ESTIMATING | {"place", "inspect", "check"}, "fits": {"models"}, "generate": {"fit"}, "all": {"fit", "max", "models"},
    "allow-risky": (ESTIMATING - {"max"}) | {"place", "check"}, "cell": {"table"}, "rows": {"table"}, "columns": {"table"},
    "min-ctx": {"max"}, "min-seqs": {"max"}, "params": {"models"}, "family": {"models", "workloads"}, "vendor": {"gpus", "nodes"},
    "id": {"models"}, "sysroot": ESTIMATING | {"place", "detect", "check"}, "scenario": {"place"}, "profile": {"place"}, "card": {"place"},
    "card-svg": {"place"}, "explain": {"fit"}, "launch": {"fit"}, "plot": {"fit", "train"}, "tensors": {"inspect"}, "graph": {"inspect"},
    "memory": ESTIMATING | {"place", "check", "gpus", "nodes", "workloads"}, "model": ESTIMATING | {"inspect"},
    "gpu": ESTIMATING | {"place", "check"}, "total": ESTIMATING | {"place", "check"}, "used": ESTIMATING | {"place", "check"},
    "host-memory": ESTIMATING | {"place", "check"}, "headroom": ESTIMATING | {"place", "check"},
    "gpus": ESTIMATING | {"check"}, "ctx": ESTIMATING | {"check"}, "seqs": ESTIMATING | {"check"}, "quant": ESTIMATING | {"check"},
    "kv": ESTIMATING | {"check"}, "engine": ESTIMATING | {"check"}, "baseline": {"check"}, "write-baseline": {"check"},
    "only-changed": {"check"}, "exclude": {"check"}, "summary": {"check"},
}
TRAINING = {"method", "precision", "optimizer", "seq-len", "micro-batch", "grad-accum", "checkpointing", "attention", "loss",
            "compile", "network", "sample-memory", "buffer", "lora-rank", "lora-targets", "offload", "vpp", "cp", "tiled-mlp", "objective", "optimizer-rank", "step-in-backward",
            "ema", "freeze", "train-layers", "images", "base-dtype", "reference", "teacher", "reward-model", "critic", "rollout", "rollout-sleep", "trained-params"}
ONLY.update({name: {"train", "max"} for name in TRAINING})
ONLY["config"] = {"train", "max"}
ONLY.update({"parallel": ESTIMATING | {"train"}, "tp": ESTIMATING | {"train"}, "pp": ESTIMATING | {"train"}, "ep": ESTIMATING | {"train"}})
for name in ("strict", "allow-risky", "sysroot", "explain", "memory", "model", "gpu", "total", "used", "headroom", "gpus", "quant", "engine",
             "host-memory"):
    ONLY[name] = ONLY[name] | {"train"}
VALUES = {"SIZE": "8GiB", "SIZE|PCT": "10%", "SHARE": "0.9", "F": "q8_0", "A..B": "7B..14B", "SIZE|MIB": "0", "GIB|SIZE": "8GiB",
          "A,B,...": "3,1", "PATTERN=CPU,…": "exps=CPU", "GB/S": "90", "on|off|auto": "on", "N|all": "2",
          "layer|tensor|none": "layer", "headroom|verdict|need": "need", "auto|always|never": "never", "gib|gb": "gb",
          "E[@VERSION]": "llama.cpp", "G[xN]": "l4", "M": "qwen3-8b", "G": "l4", "man|bash|zsh|fish": "man", "draft-mtp": "draft-mtp", "AXIS": "quant"}


def main():
    vramfit = sys.argv[1]
    text = subprocess.run([vramfit, "--help"], capture_output=True, text=True).stdout
    options = re.findall(r"^  .{3} --([a-z-]+)(?: (\S+))?", text, re.M)
    bad = n = 0
    for command in sorted(COMMANDS):
        for name, argument in options:
            takes = command in ONLY.get(name, COMMANDS if name in EVERYWHERE else ESTIMATING)
            words = [vramfit, command, "--" + name]
            if argument and not argument.startswith("["):
                words.append("bf16" if name == "dtype" else "24GiB..48GiB" if name == "memory" and command not in ESTIMATING else VALUES.get(argument, "2"))
            run = subprocess.run(words, capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=60)
            refused = "takes no --%s" % name in run.stderr
            n += 1
            if refused == takes or (refused and (run.returncode != 2 or run.stdout)):
                print("vramfit %s --%s: exit %d, %s" % (command, name, run.returncode, run.stderr.strip()))
                bad += 1
    print("%d pairs of command and option, %d wrong" % (n, bad))
    return 1 if bad or n < 14 * 60 else 0


sys.exit(main())
