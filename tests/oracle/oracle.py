#!/usr/bin/env python3
"""Every architecture of llama.cpp against llama.cpp itself, on its CPU backend.

usage: oracle.py check VRAMFIT [ARCH...]      vramfit against the measurements that are kept: no network, no llama.cpp
       oracle.py live VRAMFIT [FOLDER]        some of the measurements again, with llama.cpp: exit 77 where it is not to be had
       oracle.py measure FOLDER [ARCH...]     all measurements, into models.json and tests/truth/oracle.tsv
       oracle.py matrix VRAMFIT               the table of docs/accuracy.md
       oracle.py allow VRAMFIT|all            src/models/measured.def: the architectures that may be called exact; first
                                              all, then, built with that, those that are

The npm package node-llama-cpp carries llama.cpp v0.5.0 prebuilt, and its sources; FOLDER is where it is installed, once
(150 MB; $VRAMFIT_ORACLE, else ~/.cache/vramfit-oracle).  archs.py says what a model of each architecture is like; llama.cpp says which tensors such a file must have, then
loads its header without allocating, and tells what it would allocate.  Standard library only.
"""
import collections, concurrent.futures, fcntl, json, os, re, subprocess, sys, tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import archs, header

HERE = os.path.dirname(os.path.abspath(__file__))
MODELS = os.path.join(HERE, "models.json")
TRUTH = os.path.join(HERE, "..", "truth", "oracle.tsv")
VERSION, SKIP = "3.22.1", 77
COLUMNS = "architecture ctx kv ubatch seqs flash_attn output_rows unified embeddings weights cache compute".split()

LIVE = ("llama", "qwen3moe", "gemma3", "deepseek2", "bert", "mamba2", "qwen3next", "gpt-oss", "llada", "lfm2")

# Context in all, cache format, batch, sequences, flash attention, rows of logits, one cache for all, embeddings.
DECODERS = [(8192, "f16", 512, 1, "on", 1, 0, 0), (32768, "q8_0", 512, 1, "on", 1, 0, 0),
            (8192, "f16", 512, 4, "on", 4, 0, 0), (16384, "f16", 512, 4, "on", 4, 1, 0),
            (8192, "f16", 1024, 1, "off", 1, 0, 0), (8192, "f16", 512, 1, "on", 512, 0, 0),
            (4096, "f16", 64, 1, "on", 1, 0, 0)]
ENCODERS = [(8192, "f16", 512, 1, "on", 512, 0, 1), (8192, "f16", 512, 4, "on", 512, 0, 1),
            (8192, "f16", 512, 1, "off", 512, 0, 1), (4096, "f16", 64, 1, "on", 64, 0, 1)]
KEEP32 = re.compile(r"norm|bias|ffn_gate_inp|exp_probs|ssm_(a|d|conv|dt|norm)|sinks|conv1d|_scale|rope_f|"
                    r"time_mix_(?!(key|value|receptance|output|gate|[agv][12])\.weight)|channel_mix_lerp|"
                    r"altup_(correct|predict|router_norm)|hc_|ape|rel_b|position_embd|token_types|alpha|layer_out|enc\.|"
                    r"lerp|router|shortconv.conv|cls")


# ---- llama.cpp ------------------------------------------------------------------------------------

def run(command, **more):
    return subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=600, **more).returncode == 0


class Llama:
    """The prebuilt library, its sources, and the program that asks it."""

    def __init__(self, folder):
        os.makedirs(folder, exist_ok=True)
        self.folder = folder = os.path.abspath(folder)
        self.library = os.path.join(folder, "node_modules/@node-llama-cpp/linux-x64/bins/linux-x64")
        self.source = os.path.join(folder, "src")
        self.program = os.path.join(folder, "ask")
        self.processes = {}

    def install(self):
        """Why it cannot be used here; None if it can.  One process at a time."""
        with open(os.path.join(self.folder, "lock"), "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            return self.install_alone()

    def install_alone(self):
        if not os.path.isdir(self.library):
            names = ["node-llama-cpp@" + VERSION, "@node-llama-cpp/linux-x64@" + VERSION]
            try:
                run(["npm", "init", "-y"], cwd=self.folder)
                run(["npm", "install", "--omit=optional", "--ignore-scripts"] + names, cwd=self.folder)
            except (OSError, subprocess.TimeoutExpired):
                return "no npm"
        if not os.path.isdir(self.library):
            return "npm cannot install node-llama-cpp"
        bundle = os.path.join(self.folder, "node_modules/node-llama-cpp/llama/gitRelease.bundle")
        if not os.path.isdir(self.source) and not run(["git", "clone", "-q", bundle, self.source]):
            return "no git"
        code = os.path.join(HERE, "oracle.cpp")
        if not os.path.exists(self.program) or os.path.getmtime(self.program) < os.path.getmtime(code):
            parts = ["libllama.v0.5.0.so", "libggml.v0.5.0.so", "libggml-base.so"]
            include = ["-I%s/%s" % (self.source, d) for d in ("include", "ggml/include", "src")]
            command = ["g++", "-std=c++17", "-O1"] + include + [code, "-o", self.program]
            command += [os.path.join(self.library, p) for p in parts]
            if not run(command + ["-Wl,-rpath," + self.library, "-Wl,--allow-shlib-undefined", "-ldl"]):
                return "no C++ compiler"
        return None

    def ask(self, line, tensors=False):
        p = self.processes.get(tensors)
        if p is None:
            command = [self.program, self.library] + (["tensors"] if tensors else [])
            p = self.processes[tensors] = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                                           stderr=subprocess.DEVNULL, text=True)
        p.stdin.write(line + "\n")
        p.stdin.flush()
        found = []
        for answer in p.stdout:
            if answer.startswith('["'):
                found.append(json.loads(answer))
            if answer.startswith('{"file"'):
                return dict(json.loads(answer), tensors=found)
        p.wait()
        self.processes[tensors] = None
        return {"error": "llama.cpp ends", "tensors": found}


# ---- Models ---------------------------------------------------------------------------------------

def is_encoder(arch):
    return "bert" in arch or arch in ("gemma-embedding", "llama-embed", "t5encoder")


def format_of(name, shape):
    if "tid2eid" in name:
        return "I32"
    return "F32" if len([n for n in shape if n > 1]) < 2 or KEEP32.search(name) else "F16"


def packed(tensors):
    """Tensors that differ in their layer alone on one line: [name with {}, shape, format, layers]."""
    out = collections.OrderedDict()
    for name, shape, form in tensors:
        m = re.match(r"((?:enc\.|dec\.)?blk\.|posnet\.|convnext\.)(\d+)(\..*)", name)
        key = (m.group(1) + "{}" + m.group(3) if m else name, tuple(shape), form)
        out.setdefault(key, []).append(int(m.group(2)) if m else -1)
    return [[k[0], list(k[1]), k[2], v] for k, v in out.items()]


def unpacked(lines):
    return [(name.format(i) if i >= 0 else name, shape, form) for name, shape, form, layers in lines for i in layers]


def make(llama, arch, folder):
    """Keys and tensors of a file of this architecture, or why there is none."""
    keys = archs.model(llama.source, arch)
    path = os.path.join(folder, arch + ".gguf")
    header.write(path, keys, [("x", [1], "F32")])
    answer = llama.ask("tensors %s %s" % (path, archs.wanted(arch)), tensors=True)
    shapes = {t[0]: t[1:5] for t in archs.real(arch, keys, answer["tensors"])}
    if not shapes:
        return None, answer.get("end") or answer.get("error")
    tensors = [(name, shape, format_of(name, shape)) for name, shape in shapes.items()]
    header.write(path, keys, tensors)
    answer = llama.ask("load " + path)
    return {"keys": keys, "tensors": packed(tensors)}, answer.get("error")


def tuples_back(v):
    """JSON has no pairs: ("u64", n) comes back as a list."""
    if isinstance(v, list) and len(v) == 2 and v[0] == "u64":
        return ("u64", v[1])
    return [tuples_back(x) for x in v] if isinstance(v, list) else v


def write_header(model, path):
    header.write(path, {k: tuples_back(v) for k, v in model["keys"].items()}, unpacked(model["tensors"]))


def rows_of_truth():
    with open(TRUTH, encoding="utf-8") as f:
        lines = [l.split("\t") for l in f.read().splitlines() if not l.startswith("#")]
    return [dict(zip(COLUMNS, l)) for l in lines]


def measure_one(llama, arch, path):
    rows = []
    for setting in ENCODERS if is_encoder(arch) else DECODERS:
        r = llama.ask("load %s %s" % (path, " ".join(map(str, setting))))
        if "error" not in r:
            rows.append([arch] + list(setting) + [r["weights_bytes"], r["cache_bytes"], r["compute_bytes"]])
    return rows


def measure(folder, names):
    llama = Llama(folder)
    why = llama.install()
    if why:
        sys.exit("oracle: " + why)
    models = json.load(open(MODELS)) if os.path.exists(MODELS) else {}
    rows = collections.OrderedDict((a, []) for a in archs.MODELS)
    for r in rows_of_truth() if names else []:
        rows[r["architecture"]].append([r[c] for c in COLUMNS])
    with tempfile.TemporaryDirectory() as scratch:
        for arch in names or archs.MODELS:
            models[arch], why = make(llama, arch, scratch)
            if why:
                models[arch] = {"refused": re.sub(r"^.*error loading model( hyperparameters)?: ", "", why.strip())}
                rows[arch] = []
                continue
            rows[arch] = measure_one(llama, arch, os.path.join(scratch, arch + ".gguf"))
    with open(MODELS, "w", encoding="utf-8") as f:
        f.write("{\n" + ",\n".join("%s: %s" % (json.dumps(a), json.dumps(models[a])) for a in archs.MODELS if a in models) + "\n}\n")
    with open(TRUTH, "w", encoding="utf-8") as f:
        f.write("# What llama.cpp v0.5.0 (de3ff81) itself would allocate on its CPU backend, in bytes, for one model of each\n"
                "# architecture (tests/oracle/models.json): measured by tests/oracle/oracle.py without allocating.\n"
                "# " + "\t".join(COLUMNS) + "\n")
        for arch in archs.MODELS:
            f.writelines("\t".join(map(str, r)) + "\n" for r in rows[arch])
    print("%d architectures, %d rows" % (sum(1 for r in rows.values() if r), sum(map(len, rows.values()))))


# ---- vramfit --------------------------------------------------------------------------------------

def ask_vramfit(program, path, r):
    """Weights, cache and compute as (low, bytes, high, basis), or the refusal."""
    per_sequence = int(r["ctx"]) if r["unified"] == "1" else int(r["ctx"]) // int(r["seqs"])
    command = [program, "--model", path, "--gpu", "cpu", "--memory", "65536GiB", "--engine", "llama.cpp", "--ctx",
               str(per_sequence), "--seqs", r["seqs"], "--kv", r["kv"], "--ubatch", r["ubatch"], "--outputs",
               r["output_rows"], "--flash-attn", r["flash_attn"], "--no-mmap", "--json"]
    p = subprocess.run(command + (["--kv-unified"] if r["unified"] == "1" else []), capture_output=True, text=True)
    if p.returncode not in (0, 1):
        return (p.stderr.strip() or p.stdout.strip()).splitlines()[0]
    parts = {"weights": ("weights",), "cache": ("kv_cache", "recurrent_state"), "compute": ("compute",)}
    lines = json.loads(p.stdout)["lines"]
    out = {}
    for part, names in parts.items():
        own = [l for l in lines if l["name"] in names]
        exact = all(l["basis"] == "exact" for l in own)
        out[part] = tuple(sum(l[k] for l in own) for k in ("low_bytes", "bytes", "high_bytes")) + (exact,)
    return out


def judge(program, names=None):
    """For each architecture: {part: list of (error in percent, said to be exact, inside)} or a refusal."""
    models, rows = json.load(open(MODELS)), rows_of_truth()
    wanted = [a for a in models if not names or a in names]
    out = {a: "llama.cpp: " + models[a]["refused"] for a in wanted if "refused" in models[a]}
    with tempfile.TemporaryDirectory() as scratch, concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        jobs = []
        for a in wanted:
            if a in out:
                continue
            path = os.path.join(scratch, a + ".gguf")
            write_header(models[a], path)
            jobs += [(a, r, pool.submit(ask_vramfit, program, path, r)) for r in rows if r["architecture"] == a]
        for a, r, job in jobs:
            got = job.result()
            if isinstance(got, str):
                out[a] = got.replace(scratch + "/", "")
            if isinstance(out.get(a), str):
                continue
            for part, (low, mid, high, exact) in got.items():
                want = int(r[part])
                error = 0.0 if mid == want else 100.0 * (mid - want) / max(want, 1)
                out.setdefault(a, {}).setdefault(part, []).append((error, exact, low <= want <= high))
    return out


def verdict(results):
    worst = max((e for e, _, _ in results), key=abs)
    return "exact" if worst == 0 else "%+.1f %%" % worst


def check(program, names):
    bad, count = [], collections.Counter()
    for arch, parts in judge(program, names).items():
        if isinstance(parts, str):
            count["refused"] += 1
            if parts.startswith("vramfit") and "is not known" not in parts:
                bad.append("%s: llama.cpp takes it, and vramfit says: %s" % (arch, parts))
            if names:
                print(arch, parts)
            continue
        for part, results in parts.items():
            count[part + (" exact" if verdict(results) == "exact" else " modelled")] += 1
            wrong = [e for e, exact, inside in results if (exact and e != 0) or (not exact and not inside)]
            if wrong:
                bad.append("%s: %s is said to be %s, but is off by %+.2f %%" %
                           (arch, part, "exact" if any(x for e, x, _ in results if e) else "in an interval", max(wrong, key=abs)))
        if names:
            print(arch, {p: verdict(r) for p, r in parts.items()})
    print(", ".join("%s: %d" % c for c in sorted(count.items())))
    print("\n".join(bad))
    return 1 if bad else 0


def live(program, folder):
    llama = Llama(folder)
    why = llama.install()
    if why:
        print("skipped: llama.cpp is not to be had here (%s)" % why)
        return SKIP
    models, bad = json.load(open(MODELS)), 0
    with tempfile.TemporaryDirectory() as scratch:
        for arch in LIVE:
            path = os.path.join(scratch, arch + ".gguf")
            write_header(models[arch], path)
            now = [list(map(str, r)) for r in measure_one(llama, arch, path)]
            kept = [[r[c] for c in COLUMNS] for r in rows_of_truth() if r["architecture"] == arch]
            if now != kept:
                print("%s: llama.cpp says %s, oracle.tsv %s" % (arch, now, kept))
                bad += 1
    return bad or check(program, LIVE)


def matrix(program):
    """architecture | tensors | cache | compute, in the order of llama.cpp's own list."""
    lines, count = [], collections.Counter()
    for arch, parts in judge(program).items():
        if isinstance(parts, str):
            reason = parts.split(": ", 1)[-1] if parts.startswith("llama.cpp") else "refused"
            lines.append("| %s | %s | | |" % (arch, reason))
            continue
        cells = [verdict(parts[p]) for p in ("weights", "cache", "compute")]
        for p, c in zip(("tensors", "cache", "compute"), cells):
            count[p] += c == "exact"
        lines.append("| %s | %s |" % (arch, " | ".join(cells)))
    names = {l.split(" ")[1].split("+")[0] for l in lines}
    head = ("Exact of %d models of %d architectures: tensors %d, cache %d, compute %d.\n\n" %
            (len(lines), len(names), count["tensors"], count["cache"], count["compute"]))
    return head + "\n".join(["| architecture | tensors | cache | compute |", "|---|---|---|---|"] + lines)


def allow(program):
    names = [a for a in archs.MODELS if "+" not in a]
    if program != "all":
        bad = {a.split("+")[0] for a, parts in judge(program).items()
               if isinstance(parts, str) or any(verdict(r) != "exact" for r in parts.values())}
        names = [a for a in names if a not in bad]
    with open(os.path.join(HERE, "..", "..", "src", "models", "measured.def"), "w", encoding="utf-8") as f:
        f.write("/* measured.def - architectures whose weights, caches and graphs were compared with llama.cpp's own figures, and\n"
                " * equal them (tests/truth/oracle.tsv).  Written by tests/oracle/oracle.py; no other is called exact. */\n")
        f.writelines('X("%s")\n' % a for a in sorted(names))
    print("%d architectures" % len(names))


def main(words):
    if len(words) < 2:
        sys.exit(__doc__)
    what, first, rest = words[0], words[1], words[2:]
    if what == "measure":
        return measure(first, rest)
    if what == "allow":
        return allow(first)
    if what == "matrix":
        return print(matrix(first))
    cache = os.environ.get("VRAMFIT_ORACLE") or os.path.expanduser("~/.cache/vramfit-oracle")
    return live(first, rest[0] if rest else cache) if what == "live" else check(first, rest)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
