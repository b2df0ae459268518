#!/usr/bin/env python3
"""A GGUF file lacks a kind of tensor in every layer alike: needs.py VRAMFIT [ARCH...]

models.json has files of every architecture of llama.cpp, and spared.json the tensors without which llama.cpp v0.5.0
(de3ff81) loads each of them nevertheless. Without any of the others, in all layers at once, vramfit has to refuse the
file; whole it is answered. Standard library only.
"""
import concurrent.futures, json, os, subprocess, sys, tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import header, oracle

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
    asked = [k for k in kinds if k not in spared]
    for kind in asked:
        left = [t for t in model["tensors"] if t[0] != kind]
        code = ask(vramfit, keys, oracle.unpacked(left), path)
        if code != 2:
            wrong.append("%s without %s: exit status %d" % (arch, kind, code))
    return wrong, len(asked)


def main(vramfit, *names):
    models, spared = json.load(open(oracle.MODELS)), json.load(open(SPARED))
    with tempfile.TemporaryDirectory() as folder, concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        jobs = [pool.submit(check, vramfit, a, models[a], spared[a], folder) for a in spared if not names or a in names]
        results = [j.result() for j in jobs]
    wrong = [w for r in results for w in r[0]]
    print("\n".join(wrong))
    print("%d files of %d models that lack a kind of tensor, %d complaints" % (sum(r[1] for r in results), len(results), len(wrong)))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
