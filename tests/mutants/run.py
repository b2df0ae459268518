#!/usr/bin/env python3
"""Changes one operator or number of the source at a time, and asks whether a test notices.

usage: run.py COUNT [SEED] [--build FOLDER] [--log FILE] [--only FILE...]

COUNT places are drawn at random (SEED; 20) from src/core, src/engines and src/readers of a copy of the working tree; each
is changed alone, built, and tested by the unit tests, the truth rows, the oracle and the program's cases, quickest first,
until one fails.  A mutant that does not compile, or that the compiler makes the same object of, is drawn anew; one with which
the catalogs cannot be embedded any more is noticed by that.  Those that nothing noticed are listed: each is a missing test, or
changes nothing that can be seen.  ccache and ninja are used where they are.  Python's standard library only.
"""
import argparse, hashlib, os, random, re, resource, shutil, subprocess, sys, time

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
ROOMS = ("src/core", "src/engines", "src/readers")

# What is changed into what.  Within strings, comments and preprocessor lines nothing is.
CHANGES = [(r"(?<![<>=!-])<(?![<=])(?=\s)", "<="), (r"(?<![<>=!-])>(?![>=])(?=\s)", ">="), (r"<=", "<"), (r">=(?!=)", ">"), (r"==", "!="),
           (r"!=", "=="), (r"&&", "||"), (r"\|\|", "&&"), (r"(?<=\s)\+(?=\s)", "-"), (r"(?<=\s)-(?=\s)", "+"), (r"(?<=\w\s)\*(?=\s\w)", "+"),
           (r"(?<=\s)/(?=\s)", "*"), (r"\+\+", "--"), (r"(?<![\w.])0(?![\w.])", "1"), (r"(?<![\w.])1(?![\w.])", "2"), (r"(?<![\w.])2(?![\w.])", "3"),
           (r"\btrue\b", "false"), (r"\bfalse\b", "true"), (r"\+=", "-="), (r"(?<=return )VF_OK(?=;)", "VF_MALFORMED")]
QUICK = "test_core|test_coreside|test_shard|test_json|test_gguf|test_whole|test_safetensors|test_pytorch|test_checkpoint|test_names|test_devices|" \
        "test_catalog|test_estimate|test_files|test_manifest|test_measured|test_speed|test_towers|test_scenario|test_command|test_face"
STEPS = [["-R", "^(%s)$" % QUICK], ["-R", "^(test_faults|test_truth_.*|replay_.*|differential)$"], ["-R", "^(cli/|malformed|schemas|docs_examples|oracle$)"]]


def code_of(text):
    """The text with everything that is no code blanked out, so that places agree."""
    blank = lambda m: re.sub(r"[^\n]", " ", m.group(0))
    text = re.sub(r"/\*.*?\*/", blank, text, flags=re.S)
    text = re.sub(r'"(?:\\.|[^"\\\n])*"', blank, text)
    text = re.sub(r"'(?:\\.|[^'\\\n])'", blank, text)
    return re.sub(r"^[ \t]*#(?:[^\n\\]|\\\n|\\.)*", blank, text, flags=re.M)


def places(tree):
    found = []
    for room in ROOMS:
        for folder, _, names in sorted(os.walk(os.path.join(tree, room))):
            for name in sorted(n for n in names if n.endswith(".c")):
                path = os.path.join(folder, name)
                code = code_of(open(path, encoding="utf-8").read())
                for pattern, instead in CHANGES:
                    found += [(path, m.start(), m.end(), instead) for m in re.finditer(pattern, code)]
    return sorted(found)


def bounded():
    resource.setrlimit(resource.RLIMIT_AS, (16 << 30, 16 << 30))  # a mutant may ask for everything


def run(command, **more):
    return subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, preexec_fn=bounded,
                          **more).returncode


def object_of(build, tree, path):
    o = os.path.join(build, "CMakeFiles/vramfit_objects.dir", os.path.relpath(path, tree) + ".o")
    return hashlib.sha256(open(o, "rb").read()).hexdigest() if os.path.exists(o) else ""


def judge(build, without=None):
    for step in STEPS:
        if run(["ctest", "--test-dir", build, "-j", "2", "--stop-on-failure", "--timeout", "120"] + step + (without or [])):
            return True
    return False


def failing(build):
    """What fails without any mutant: it can tell nothing."""
    names = []
    for step in STEPS:
        run(["ctest", "--test-dir", build, "-j", "2", "--timeout", "300"] + step)
        log = os.path.join(build, "Testing/Temporary/LastTestsFailed.log")
        if os.path.exists(log):
            names += [l.strip().split(":", 1)[1] for l in open(log) if ":" in l]
            os.remove(log)
    return names


def main():
    p = argparse.ArgumentParser()
    p.add_argument("count", type=int)
    p.add_argument("seed", type=int, nargs="?", default=20)
    p.add_argument("--build", default=os.path.join(TOP, "build-mutants"))
    p.add_argument("--log")
    p.add_argument("--only", nargs="+", help="files: places in those alone")
    o = p.parse_args()
    tree, build, r = os.path.join(o.build, "tree"), os.path.join(o.build, "build"), random.Random(o.seed)
    os.makedirs(tree, exist_ok=True)
    os.environ.pop("VRAMFIT_CORPUS", None)
    run("tar -cf - --exclude=./build --exclude='./build-*' --exclude=./.git . | tar -xf - -C %s" % tree, shell=True, cwd=TOP)
    options = ["-G", "Ninja"] if shutil.which("ninja") else []
    options += ["-DCMAKE_C_COMPILER_LAUNCHER=ccache"] if shutil.which("ccache") else []
    if run(["cmake", "-S", tree, "-B", build, "-DVRAMFIT_TESTS=ON", "-DCMAKE_BUILD_TYPE=Release"] + options) or \
            run(["cmake", "--build", build, "-j", "2"]):
        sys.exit("mutants: the tree does not build")
    bad = failing(build)
    without = ["-E", "^(%s)$" % "|".join(map(re.escape, bad))] if bad else []
    print("left out, since it fails without any mutant: %s" % ", ".join(bad) if bad else "all tests pass without any mutant", flush=True)
    every, killed, alive = places(tree), 0, []
    if o.only:
        every = [x for x in every if os.path.relpath(x[0], tree) in o.only]
    objects = {x[0]: object_of(build, tree, x[0]) for x in every}
    print("%d places" % len(every), flush=True)
    while killed + len(alive) < o.count:
        path, start, end, instead = r.choice(every)
        text = open(path, encoding="utf-8").read()
        line = text.count("\n", 0, start) + 1
        began = time.time()
        try:
            open(path, "w", encoding="utf-8").write(text[:start] + instead + text[end:])
            broken = run(["cmake", "--build", build, "-j", "2"])
            if object_of(build, tree, path) in ("", objects[path]):
                continue
            dead = broken != 0 or judge(build, without)
        finally:
            open(path, "w", encoding="utf-8").write(text)  # built anew with the next one
        killed += dead
        what = "%s %s:%d  %s -> %s  %s  (%.0f s)" % ("killed  " if dead else "SURVIVED", os.path.relpath(path, tree), line, text[start:end], instead,
                                                    text.split("\n")[line - 1].strip()[:90], time.time() - began)
        if not dead:
            alive.append(what)
        print(what, flush=True)
        if o.log:
            open(o.log, "a").write(what + "\n")
    print("%d mutants, %d noticed: %d %%" % (killed + len(alive), killed, 100 * killed // (killed + len(alive))))
    return 0


if __name__ == "__main__":
    sys.exit(main())
