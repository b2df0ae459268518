#!/usr/bin/env python3
"""A GGUF file lacks a kind of tensor in every layer alike: needs.py VRAMFIT [ARCH...]

models.json has files of every architecture of llama.cpp, and spared.json the tensors without which llama.cpp v0.5.0
(de3ff81) loads each of them nevertheless. Without any of the others, in all layers at once, vramfit has to refuse the
file, and where a tensor is wider than the header makes it; whole it is answered. Standard library only.
"""
import concurrent.futures, json, os, subprocess, sys, tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import header, oracle

# In all layers alike of twice the size that the header makes them.
WIDER = ("token_embd.weight", "output_norm.weight", "blk.{}.attn_norm.weight", "blk.{}.ffn_norm.weight",
         "blk.{}.ffn_gate_inp.weight")
SPARED = os.path.join(os.path.dirname(os.path.abspath(__file__)), "spared.json")


def ask(vramfit, keys, tensors, path):
    header.write(path, keys, tensors)
    run = subprocess.run([vramfit, "--model", path, "--gpu", "cpu", "--memory", "65536GiB", "--ctx", "512", "--engine",
                          "llama.cpp"], capture_output=True, text=True)
    os.unlink(path)
    return run.returncode


def check(vramfit, arch, model, spared, folder):
    """What is wrong with the answers about this architecture's file, and how many were asked."""
    keys = {k: oracle.tuples_back(v) for k, v in model["keys"].items()}
    path = os.path.join(folder, arch + ".gguf")
    kinds = list(dict.fromkeys(t[0] for t in model["tensors"]))
    wrong = [] if ask(vramfit, keys, oracle.unpacked(model["tensors"]), path) in (0, 1) else ["%s: refused, though whole" % arch]
    damaged = [("without " + k, [t for t in model["tensors"] if t[0] != k]) for k in kinds if k not in spared]
    for kind in kinds:
        if kind in WIDER:
            wide = [[t[0], [2 * t[1][0]] + t[1][1:]] + t[2:] if t[0] == kind else t for t in model["tensors"]]
            damaged.append(("with twice as wide a " + kind, wide))
    for what, tensors in damaged:
        code = ask(vramfit, keys, oracle.unpacked(tensors), path)
        if code != 2:
            wrong.append("%s %s: exit status %d" % (arch, what, code))
    return wrong, len(damaged)


def main(vramfit, *names):
    models, spared = json.load(open(oracle.MODELS)), json.load(open(SPARED))
    with tempfile.TemporaryDirectory() as folder, concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        jobs = [pool.submit(check, vramfit, a, models[a], spared[a], folder) for a in spared if not names or a in names]
        results = [j.result() for j in jobs]
    wrong = [w for r in results for w in r[0]]
    print("\n".join(wrong))
    print("%d damaged files of %d models, %d complaints" % (sum(r[1] for r in results), len(results), len(wrong)))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
