#!/usr/bin/env python3
"""The tables of docs/accuracy.md that follow from the truth rows: what vramfit says of each, run as a user runs it.

usage: accuracy.py [--bless] VRAMFIT DOCS

Reads llamacpp.tsv, builds.tsv, logs.tsv, serving.tsv, estimators.tsv and training.tsv beside this script, and fails if the page's tables are not
what comes out;
--bless writes them.  They stand between "<!-- generated: NAME -->" and "<!-- end -->".  Standard library only.
"""
import collections, concurrent.futures, json, os, re, shlex, statistics, subprocess, sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import builds
import fit_training

HERE = os.path.dirname(os.path.abspath(__file__))
UNITS = {"MiB": 2**20, "GiB": 2**30, "GB": 10**9, "tokens": 1, "x": 1, "bool": 1}
ROOM = ["--memory", "4TiB", "--host-memory", "4TiB"]


def rows_of(name):
    with open(os.path.join(HERE, name), encoding="utf-8") as f:
        lines = f.read().splitlines()
    keys = [l for l in lines if l.startswith("#")][-1][1:].strip().split("\t")
    return [dict(zip(keys, l.split("\t"))) for l in lines if not l.startswith("#")]


def run(args):
    p = subprocess.run([VRAMFIT] + args + ["--json"], capture_output=True, text=True)
    if p.returncode not in (0, 1):
        return p.stderr.strip().splitlines()[-1]
    return json.loads(p.stdout)


def run_all(jobs):
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        return list(pool.map(run, jobs))


# ---- Figures of a result ------------------------------------------------------------------------

PARTS = {"weights": ("weights_bytes",), "context": ("kv_cache_bytes", "state_bytes"), "compute": ("compute_bytes",),
         "output": ("output_bytes",), "runtime": ("runtime_bytes",)}


def side(r, host):
    return [d for d in r["devices"] if (d["kind"] == "host") == host]


def part(r, host, name):
    return sum(d.get(f, 0) for d in side(r, host) for f in PARTS[name])


def figure(r, name):
    """A figure by the name that logs.tsv gives it; None if the result has none."""
    if name.startswith(("gpu.", "host.")):
        where, what = name.split(".")
        return part(r, where == "host", what)
    first = side(r, False)[0]
    graphs = [l["bytes"] for l in r["lines"] if l["name"] == "cuda_graphs" and l["device"] == 0]
    return {"weights_per_rank": first.get("weights_bytes"),
            "activation": first.get("activation_bytes", first.get("compute_bytes")),
            "cuda_graphs": graphs[0] if graphs else None,
            "kv_pool": first.get("kv_pool_bytes"), "kv_pool_tokens": first.get("kv_pool_tokens"),
            "max_concurrency": r.get("limits", {}).get("max_concurrency"),
            "peak_total": first.get("need_bytes"),
            "peak_allocated": first["need_bytes"] - first.get("runtime_bytes", 0),
            "fits": int(r["verdict"] != "no-fit")}[name]


# ---- Tables -------------------------------------------------------------------------------------

HEADS = ["n", "exact", "median", "p95", "worst", "under by > 1 %"]


def statistics_of(errors):
    """errors: percent, 0 if equal."""
    e = sorted(abs(x) for x in errors)
    worst = max(errors, key=abs)
    p95 = e[min(len(e) - 1, int(0.95 * len(e)))]
    return [len(e), sum(x == 0 for x in errors), "%.2f %%" % statistics.median(e), "%.2f %%" % p95,
            "%+.2f %%" % worst if worst else "0", sum(x < -1 for x in errors)]


def table(heads, lines):
    out = ["| " + " | ".join(heads) + " |", "|" + "---|" * len(heads)]
    return "\n".join(out + ["| " + " | ".join(str(c) for c in l) + " |" for l in lines])


def llamacpp_args(r):
    cpu = r["backend"] == "cpu"
    args = ["--model", r["model"], "--quant", r["quant"], "--engine", "llama.cpp", "--ctx", r["ctx_per_seq"],
            "--gpu", "cpu" if cpu else "rtx-4090x2" if r["gpus"] == "2" else "rtx-4090",
            "--seqs", r["seqs"], "--ubatch", r["ubatch"], "--outputs", r["output_rows"], "--kv-k", r["kv_k"],
            "--kv-v", r["kv_v"], "--flash-attn", r["flash_attn"], "--host-memory", "4TiB"]
    for key, option in (("unified", "--kv-unified"), ("no_kv_offload", "--no-kv-offload"), ("swa_full", "--swa-full"),
                        ("cpu_moe", "--cpu-moe")):
        args += [option] if r[key] != "0" else []
    if not cpu:
        args += ["--memory", "4TiB"]
    if int(r["ngl"]) >= 0:
        args += ["--ngl", r["ngl"]]
    if r["gpus"] == "2":
        args += ["--split", r["split"]] + ([] if r["tensor_split"] == "-" else ["--tensor-split", r["tensor_split"]])
    return args


def llamacpp_tables():
    rows = rows_of("llamacpp.tsv")
    by_figure, by_architecture = collections.defaultdict(list), collections.defaultdict(list)
    count = collections.Counter()
    for r, got in zip(rows, run_all([llamacpp_args(r) for r in rows])):
        if isinstance(got, str):
            sys.exit("%s %s: %s" % (r["model"], r["quant"], got))
        count[got["model"]["architecture"]] += 1
        for what in ("weights", "context", "compute"):
            want = {h: int(r[what + ("_host" if h else "_device")]) for h in (False, True)}
            if r["backend"] == "cpu":
                pairs = [("CPU alone: ", sum(want.values()), part(got, True, what))]
            else:
                pairs = [("host: " if h else "device: ", want[h], part(got, h, what)) for h in (False, True)]
            for where, w, g in pairs:
                error = 0.0 if w == g else 100.0 * (g - w) / max(w, 1)
                by_figure[where + what].append(error)
                by_architecture[got["model"]["architecture"]].append(error)
        error = float(part(got, True, "output") != int(r["output"]))
        by_figure["output"].append(error)
        by_architecture[got["model"]["architecture"]].append(error)
    return {"llama.cpp by figure": table(["figure"] + HEADS, [[f] + statistics_of(e) for f, e in sorted(by_figure.items())]),
            "llama.cpp by architecture": table(["architecture", "rows"] + HEADS[:1] + HEADS[1:],
                                               [[a, count[a]] + statistics_of(e) for a, e in sorted(by_architecture.items())])}


def rule_table():
    """What rules.def says of builds, in their order."""
    with open(os.path.join(HERE, "..", "..", "src", "engines", "ggml", "rules.def"), encoding="utf-8") as f:
        text = re.sub(r"\s+", " ", f.read().split("*/", 1)[1])
    rules = re.findall(r'VF_GGML_RULE\((\w+), (\d+), (\d+), "([^"]+)", "([^"]+)"\)', text)
    name = lambda b: "v0.5.0" if b == "10489" else "b" + b
    lines = [[name(s) if s != "0" else "", name(u) if u != "0" else "", change, words] for _, s, u, change, words in rules]
    order = sorted(zip(rules, lines), key=lambda x: int(x[0][2]) or int(x[0][1]))
    return {"llama.cpp by rule": table(["since", "until", "change", "what holds"], [l for _, l in order])}


def build_tables():
    found, order = collections.defaultdict(list), []
    for _, build, _, figures in builds.measure(VRAMFIT):
        if build not in order:
            order.append(build)
        for name, truth, low, expected, high in figures:
            what = ("host " if name.startswith("host") else "CPU alone " if name.startswith("cpu") else "device ") + name.split(".")[1]
            error = 0.0 if expected == truth else 100.0 * (expected - truth) / max(truth, 1)
            found[build, what].append((error, low == truth == high, builds.is_inside(truth, low, high)))
    order.sort(key=lambda b: int(b[1:]) if b[1:].isdigit() else 10**9)
    lines = [[b, w, len(x), sum(e[1] for e in x), "%+.1f %%" % max((e[0] for e in x), key=abs) if any(e[0] for e in x) else "0",
              sum(e[2] for e in x)] for (b, w), x in sorted(found.items(), key=lambda i: (order.index(i[0][0]), i[0][1]))]
    return {"llama.cpp by build": table(["build", "figure", "n", "exact", "worst", "inside"], lines)}


FAMILIES = [("llama.cpp", "llama.cpp"), ("ik_llama", "ik_llama.cpp"), ("Ollama", "Ollama"), ("vLLM", "vLLM"),
            ("SGLang", "SGLang"), ("TensorRT", "TensorRT-LLM"), ("transformers", "transformers"), ("mlx", "MLX"), ("ExLlama", "ExLlama")]


def log_tables():
    runs = {}
    for r in rows_of("logs.tsv"):
        runs.setdefault(r["run"], []).append(r)
    tables, unanswered, totals = collections.defaultdict(list), [], []
    for figures, got in zip(runs.values(), run_all([shlex.split(f[0]["options"]) for f in runs.values()])):
        first = figures[0]
        family = next(name for key, name in FAMILIES if first["engine"].startswith(key))
        if isinstance(got, str):
            unanswered.append([first["run"], first["engine"], "`" + re.sub("^vramfit: ", "", got) + "`"])
            continue
        want_gpu = got_gpu = 0
        for f in figures:
            scale = UNITS[f["unit"]]
            want, step, value = float(f["value"]) * scale, float(f["resolution"]) * scale, figure(got, f["figure"])
            if value is None:
                unanswered.append([first["run"], first["engine"], "no figure " + f["figure"]])
                continue
            equal = abs(value - want) <= step / 2 + 1e-9 * abs(want)
            tables[family, f["figure"]].append(0.0 if equal else 100.0 * (value - want) / want if want else 100.0)
            if f["figure"] in ("gpu.weights", "gpu.context", "gpu.compute"):
                want_gpu, got_gpu = want_gpu + want, got_gpu + value
        names = {f["figure"] for f in figures}
        if names >= {"gpu.weights", "gpu.context", "gpu.compute"}:
            parts = "llama.cpp" if family == "llama.cpp" else family
            totals.append([first["run"], parts, first["engine"], "%.0f" % (want_gpu / 2**20),
                           "%+.2f %%" % (100 * (got_gpu - want_gpu) / want_gpu)])
    order = [name for _, name in FAMILIES]
    lines = [[k[0], k[1]] + statistics_of(e) for k, e in sorted(tables.items(), key=lambda x: (order.index(x[0][0]), x[0][1]))]
    return {"logs": table(["engine", "figure"] + HEADS, lines),
            "logs, totals": table(["run", "program", "version", "MiB on the GPUs", "vramfit"], totals),
            "logs, unanswered": table(["run", "engine", "why"], unanswered)}


def span(r, name):
    """The interval that is told for a figure: of the pool, of the parts of a line; None without one."""
    first = side(r, False)[0]
    if name == "kv_pool" and "kv_pool_low_bytes" in first:
        return first["kv_pool_low_bytes"], first["kv_pool_high_bytes"]
    if name == "peak_total":
        return first["need_low_bytes"], first["need_high_bytes"]
    parts = {"weights_per_rank": WEIGHTS, "activation": ("activation",), "cuda_graphs": ("cuda_graphs",)}.get(name, ())
    lines = [l for l in r["lines"] if l["device"] == 0 and l["name"] in parts]
    if not lines:
        return None
    return sum(l.get("low_bytes", l["bytes"]) for l in lines), sum(l.get("high_bytes", l["bytes"]) for l in lines)


WEIGHTS = ("weights", "draft_weights", "prediction_layer", "tower", "allocator_slack", "rope_tables", "latent_copies", "lora_slots")
NEAR = 0.5  # percent: what counts as right for weights, whose logs print two digits


def serving_tables():
    """serving.tsv by engine and version, and what lies outside of what is told, with the reason where it is known."""
    runs = {}
    for r in rows_of("serving.tsv"):
        runs.setdefault(r["run"], []).append(r)
    tables, outside, off = collections.defaultdict(list), [], []
    for figures, got in zip(runs.values(), run_all([shlex.split(f[0]["options"]) for f in runs.values()])):
        first = figures[0]
        if isinstance(got, str):
            outside.append([first["run"], first["engine"], first["version"], "all", "", "", "`" + re.sub("^vramfit: |: did you mean.*| \\(vramfit models.*", "", got) + "`"])
            continue
        for f in figures:
            scale, name = UNITS[f["unit"]], f["figure"]
            want, step, value = float(f["value"]) * scale, float(f["resolution"]) * scale, figure(got, name)
            if name not in ("kv_pool", "weights_per_rank", "fits", "peak_total") or value is None:
                continue
            if name == "fits":
                error, inside, width = 0.0 if value == want else -100.0 if value else 100.0, value == want, None
            else:
                ends = span(got, name)
                error = 100.0 * (value - want) / want
                slack = max(step / 2, want * NEAR / 100 if name == "weights_per_rank" else 0)
                inside = ends is not None and ends[0] - slack <= want <= ends[1] + slack
                width = 100.0 * (ends[1] - ends[0]) / want if ends else None
            # too much room for the cache, too little of everything else
            under = error > 1 if name == "kv_pool" else error < -1
            tables[first["engine"], first["version"], name].append((error, inside, width, under))
            told = [f["run"], f["engine"], f["version"], name, "%.2f" % (want / 2**30) if scale > 1 else f["value"],
                    "%.2f" % (value / 2**30) if scale > 1 else value]
            why = f["reason"] if f["reason"] != "-" else "not explained"
            if not inside:
                outside.append(told + [why])
            if name == "weights_per_rank" and abs(value - want) > max(step / 2, want * NEAR / 100):
                off.append(told[:3] + told[4:] + ["%+.1f %%" % error, why])
    order = [name for _, name in FAMILIES]
    by_version = lambda v: [int(x) if x.isdigit() else 999 for x in re.split(r"[.v]", v) if x]
    lines = []
    for (engine, version, name), rows in sorted(tables.items(), key=lambda x: (order.index(x[0][0]) if x[0][0] in order else 99, x[0][0], by_version(x[0][1]), x[0][2])):
        widths = [w for _, _, w, _ in rows if w is not None]
        errors = [e for e, _, _, _ in rows]
        lines.append([engine, version, name, len(rows), sum(i for _, i, _, _ in rows), "%.1f %%" % statistics.median(widths) if widths else "–",
                      "%.2f %%" % statistics.median(abs(e) for e in errors), "%+.2f %%" % max(errors, key=abs), sum(u for _, _, _, u in rows)])
    return {"serving": table(["engine", "version", "figure", "n", "inside", "width", "median", "worst", "under-counts"], lines),
            "serving, outside": table(["run", "engine", "version", "figure", "logged", "told", "why"], outside),
            "serving, weights": table(["run", "engine", "version", "logged", "told", "off", "why"], off)}


def estimator_tables():
    rows = rows_of("estimators.tsv")
    results = run_all([["--model", r["model"], "--quant", "q4_k_m", "--gpu", "rtx-4090", "--engine", "llama.cpp", "--ctx",
                        r["ctx"], "--outputs", "1"] + ROOM for r in rows])
    out = {}
    for kind in ("cache", "total"):
        lines, heads = [], None
        for r, got in zip(rows, results):
            if r["figure"] != kind:
                continue
            truth = int(r["truth"])
            mine = sum(part(got, False, p) for p in (["context"] if kind == "cache" else ["weights", "context", "compute"]))
            others = [k for k in list(r)[4:] if any(x[k] != "-" for x in rows if x["figure"] == kind)]
            heads = ["model", "tokens", "MiB", "vramfit"] + others
            def told(mib):
                error = 100.0 * (mib - truth) / truth
                return "=" if abs(mib - truth) <= 1 else "%+.1f %%" % error if abs(error) < 1000 else "× %.0f" % (mib / truth)
            lines.append([r["model"], "{:,}".format(int(r["ctx"])), "{:,}".format(truth), told(mine / 2**20)] +
                         ["–" if r[k] == "-" else told(int(r[k])) for k in others])
        out["estimators, " + kind] = table(heads, lines)
    return out


def training_tables():
    """Published peaks of training, of the half that its intervals were fitted to and of the other; and who is outside."""
    rows = list(fit_training.rows())
    figures = {"peak_allocated": "allocated", "peak_reserved": "reserved_peak", "peak_total": "need"}
    groups, outside = collections.defaultdict(list), []
    for (row_id, figure, truth, args, program), got in zip(rows, run_all([["train"] + r[3].split(" ") for r in rows])):
        if isinstance(got, str) or figure not in figures:
            continue
        low, told, high = (got["devices"][0][figures[figure] + end] for end in ("_low_bytes", "_bytes", "_high_bytes"))
        error, inside = 100.0 * (told - truth) / truth, low <= truth <= high
        half = "fitted" if fit_training.is_fitted(row_id) else "left out"
        groups["one GPU" if got["gpus"] == 1 else "several", figures[figure].replace("_peak", ""), half].append(
            (error, inside, 100.0 * (high - low) / told, truth > high))
        if not inside:
            outside.append([args.split(" ")[1], program.split(" ")[0], row_id, figures[figure].replace("_peak", ""),
                            "%.1f" % (truth / 2**30), "%.1f–%.1f" % (low / 2**30, high / 2**30), "%+.0f %%" % error])
    lines = [list(k) + [len(x), "%.1f %%" % statistics.median(abs(e[0]) for e in x),
                        "%d (%.0f %%)" % (sum(e[1] for e in x), 100.0 * sum(e[1] for e in x) / len(x)),
                        "%.0f %%" % statistics.median(e[2] for e in x), sum(e[0] < -1 for e in x), sum(e[3] for e in x)]
             for k, x in sorted(groups.items())]
    heads = ["", "figure", "half", "n", "median error", "inside", "width", "under by > 1 %", "above the interval"]
    return {"training": table(heads, lines),
            "training, outside": table(["model", "program", "row", "figure", "GiB", "interval", "told"], outside)}


def architecture_tables():
    sys.path.insert(0, os.path.join(HERE, "..", "oracle"))
    import oracle
    return {"llama.cpp, every architecture": oracle.matrix(VRAMFIT)}


bless = sys.argv[1] == "--bless"
VRAMFIT, docs = sys.argv[1 + bless:]
path = os.path.join(docs, "accuracy.md")
with open(path, encoding="utf-8") as f:
    page = f.read()
tables = {**llamacpp_tables(), **build_tables(), **rule_table(), **log_tables(), **serving_tables(), **estimator_tables(),
          **training_tables(), **architecture_tables()}
new = page
for name, text in tables.items():
    mark = "<!-- generated: %s -->\n" % name
    if mark not in new:
        sys.exit("%s: no place for '%s'" % (path, name))
    a = new.index(mark) + len(mark)
    new = new[:a] + text + "\n" + new[new.index("<!-- end -->", a):]
if new == page:
    print("%d tables are current" % len(tables))
elif bless:
    with open(path, "w", encoding="utf-8") as f:
        f.write(new)
else:
    for a, b in zip(page.splitlines(), new.splitlines()):
        if a != b:
            print("- %s\n+ %s" % (a, b))
    sys.exit("%s: its tables are not what vramfit says now; if it should say so, run accuracy.py --bless" % path)
