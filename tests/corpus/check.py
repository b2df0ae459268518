#!/usr/bin/env python3
"""Real configs and real GGUF headers through the program: check.py VRAMFIT CORPUS

Every config of the corpus makes a model, but for the kinds that vramfit says it does not know; every
header, grown to its file's size, has exactly the bytes that its file has.  Skips (77) without corpus.
"""
import json, os, shutil, subprocess, sys, tempfile

# What these are: towers and captioning models without a language model to serve, video diffusion,
# and a family whose layers are not published in a form that could be checked.
UNKNOWN = {"git", "clip", "vit", "wan", "delta_net", "gated_deltanet", "gla", "gsa", "hgrn2", "samba", "sba"}

# Drafts whose heads are not published in a form that could be counted.
UNKNOWN_DRAFTS = ("DSpark", "Domino")

# Models whose tower no published code describes.
STRANGE_TOWERS = {"kimi-k3"}

# Parameters that the makers or a count of the published tensors state.
COUNTS = {"mamba2-130m-hf": 128989632, "mamba-codestral-7b-mlx-2bit": 7285403648, "mlc-phi-2": 2779683840,
          "mlc-llava": 7063427072, "as-qwen3-8b-eagle3": 1021853696, "mlc-gpt2-medium": 354823168}


def inspect(vramfit, path):
    run = subprocess.run([vramfit, "inspect", path, "--json"], capture_output=True, text=True)
    return run, json.loads(run.stdout) if run.returncode == 0 else None


def check_configs(vramfit, folder):
    bad = n = 0
    for name in sorted(os.listdir(folder)):
        path = os.path.join(folder, name, "config.json")
        if not os.path.exists(path):
            continue
        n += 1
        config = json.load(open(path))
        kind, classes = config.get("model_type") or "wan", str(config.get("architectures"))
        run, answer = inspect(vramfit, path)
        known = kind not in UNKNOWN and not any(d in classes for d in UNKNOWN_DRAFTS)
        if known and answer is None:
            print("%s: %s" % (name, run.stderr.strip()))
            bad += 1
        elif not known and (run.returncode != 2 or "is not known" not in run.stderr):
            print("%s: '%s' should be unknown: %s" % (name, kind, run.stderr.strip()))
            bad += 1
        elif answer is not None and name not in STRANGE_TOWERS and any("tower" in a for a in answer["anomalies"]):
            print("%s: %s" % (name, answer["anomalies"]))
            bad += 1
        elif answer is not None and answer["params"] != COUNTS.get(name, answer["params"]):
            print("%s: %d parameters, not %d" % (name, answer["params"], COUNTS[name]))
            bad += 1
        elif answer is not None and answer["params"] < 1000:
            print("%s: only %d parameters" % (name, answer["params"]))
            bad += 1
    print("%d configs, %d wrong" % (n, bad))
    return bad


def check_headers(vramfit, folder):
    bad = n = 0
    with tempfile.TemporaryDirectory() as scratch:
        for name, size in sorted(json.load(open(os.path.join(folder, "sizes.json"))).items()):
            if size is None:
                continue
            path = os.path.join(scratch, name + ".gguf")
            shutil.copyfile(os.path.join(folder, name + ".header"), path)
            os.chmod(path, 0o600)
            os.truncate(path, size)
            run, answer = inspect(vramfit, path)
            os.remove(path)
            n += 1
            if answer is None or answer["anomalies"] or answer["file_bytes"] != size:
                print("%s: %s" % (name, run.stderr.strip() or answer["anomalies"]))
                bad += 1
            elif answer["header_bytes"] + answer["data_bytes"] > size:
                print("%s: %d bytes are more than the file has" % (name, answer["data_bytes"]))
                bad += 1
    print("%d headers, %d wrong" % (n, bad))
    return bad


def main():
    vramfit, corpus = sys.argv[1], os.environ.get("VRAMFIT_CORPUS") or sys.argv[2]
    if not os.path.isdir(os.path.join(corpus, "configs")):
        print("skipped: no corpus at %s (VRAMFIT_CORPUS names another place)" % corpus)
        return 77
    bad = check_configs(vramfit, os.path.join(corpus, "configs"))
    bad += check_headers(vramfit, os.path.join(corpus, "gguf"))
    return 1 if bad else 0


sys.exit(main())
