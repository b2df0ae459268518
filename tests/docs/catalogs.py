#!/usr/bin/env python3
"""The pages that list the catalogs: catalogs.py [--bless] VRAMFIT DATA DOCS

Writes docs/models.md, docs/gpus.md, docs/nodes.md and docs/workloads.md out of data/ and the program, and how large the
catalogs are into docs/catalogs.md; without --bless, says whether they are current.
"""
import glob, json, os, re, subprocess, sys

MODELS = """# Models

{n} models, by family. Generated from `data/models/`; `vramfit inspect NAME` shows one whole.

*Parameters* are counted over the tensors that vramfit derives, each parameter once, without layers
that predict further tokens. *Active* are those that are read for a token of text: the chosen experts
and no tower for images or sound. Where no remark stands, the first is exactly the published count.

"""
GPUS = """# Devices

{n} devices. Generated from `data/gpus/`, where every figure has its source. *Total* is what the
driver reports; where no such report was found, it is derived and marked *. *Free for use* is what
is left of it for applications: less what the driver keeps, on one pool of memory less the system's
share. GB/s is the memory's bandwidth, *link* what joins a device to its peers (both directions);
TFLOPS are dense, in 16, 8 and 4 bits. What is not known is left empty.

"""
INSTANCES = """## Instances

A GPU that can be cut (MIG), by the sizes that `nvidia-smi mig -lgip` prints, which are smaller than
the names say. `--gpu h200:1g.18gb` takes the device by any of its names.

| name | GiB | units |
|---|---:|---:|
"""
NODES = """# Nodes

{n} nodes, which `--gpu` takes like devices: `--gpu dgx-h100` stands for all its devices. Generated
from `data/nodes/`, where every figure has its source. *Host memory* is that of one host: it is the
main memory of the estimate unless `--host-memory` says otherwise. What is not known is left empty.

"""

WORKLOADS = """# Workloads

{n} programs that are no language-model servers, and {v} ways to run them, with the memory that they
were seen to take, in GiB: low, expected, high. Generated from `data/workloads/`, where every figure
has its source. `vramfit workloads NAME` shows one whole; `vramfit place` takes them by name, a way
to run one behind a colon: `faster-whisper-large-v3:int8`.

*measured*: someone saw it. *vendor*: its makers say so. *estimate*: others say so, or it was worked
out. *+ context*: the figure is without what each process costs before it loads anything.

"""


def entries(data, kind):
    for path in sorted(glob.glob(os.path.join(data, kind, "*.json"))):
        document = json.load(open(path))
        yield document["title"], document[kind]


def inspect(vramfit, name):
    run = subprocess.run([vramfit, "inspect", name, "--json"], capture_output=True, text=True, check=True)
    return json.loads(run.stdout)


def models_page(vramfit, data):
    out, n = [], 0
    for title, models in entries(data, "models"):
        out.append("## %s\n\n| name | architecture | parameters | active | remark |\n|---|---|---:|---:|---|" % title)
        for m in models:
            x = inspect(vramfit, m["id"])
            assert x["params"] == m["params"], m["id"]
            active = "{:,}".format(x["active_params"]) if x["active_params"] != x["params"] else ""
            out.append("| %s | %s | %s | %s | %s |" % (m["id"], x["architecture"], "{:,}".format(x["params"]),
                                                       active, m.get("params_note", "")))
            n += 1
        out.append("")
    return MODELS.format(n=n) + "\n".join(out)


def number(entry, key, unit):
    return "%g" % (entry[key] / unit) if key in entry else ""


def free_mib(gpu, classes):
    """What is left for applications, as src/readers/device.c reads it."""
    shared = classes.get(gpu.get("class"), {})
    total = gpu.get("total_mib", 0)
    if "working_set_permille" in shared or "working_set_permille" in gpu:
        return total * gpu.get("working_set_permille", shared.get("working_set_permille")) // 1000
    return total - gpu.get("reserve_mib", shared.get("reserve_mib", 0))


def all_classes(data):
    documents = [json.load(open(path)) for path in glob.glob(os.path.join(data, "gpus", "*.json"))]
    return {c["id"]: c for document in documents for c in document.get("classes", [])}


def gpu_row(g, classes):
    mark = "*" if g.get("total_basis") == "derived" else ""
    rates = [number(g, key, 1000) for key in ("fp16_gflops", "fp8_gflops", "fp4_gflops")]
    free = "%.1f GiB" % (free_mib(g, classes) / 1024) if "total_mib" in g else ""
    link = (g["link"] + " " + number(g, "link_mb_per_s", 1000)) if "link" in g else ""
    return "| %s | %s | %s%s | %s | %s | %s | %s |" % (
        g["id"], g["name"], g.get("total_mib", ""), mark, free, number(g, "bandwidth_mb_per_s", 1000),
        " / ".join(r or "–" for r in rates) if any(rates) else "", link)


def gpus_page(data):
    out, instances, n, classes = [], [], 0, all_classes(data)
    for title, gpus in entries(data, "gpus"):
        out.append("## %s\n\n| name | device | total MiB | free for use | GB/s | TFLOPS | link GB/s |\n"
                   "|---|---|---:|---:|---:|---|---|" % title)
        for g in gpus:
            out.append(gpu_row(g, classes))
            instances += ["| %s:%s | %.2f | %s |" % (g["id"], p["id"], p["total_mib"] / 1024, p.get("compute_units", ""))
                          for p in g.get("profiles", [])]
            n += 1
        out.append("")
    return GPUS.format(n=n) + "\n".join(out) + "\n" + INSTANCES + "\n".join(instances) + "\n"


def nodes_page(data):
    out, n = [], 0
    for title, nodes in entries(data, "nodes"):
        out.append("## %s\n\n| name | also | devices | link | host memory |\n|---|---|---|---|---:|" % title)
        for x in nodes:
            link = x.get("link", "") + (", %d together" % x["link_domain"] if "link_domain" in x else "")
            host = "%g GiB" % (x["host_memory_mib"] // 1024) if "host_memory_mib" in x else ""
            hosts = " × %d" % x["hosts"] if "hosts" in x and host else ""
            out.append("| %s | %s | %d × %s | %s | %s%s |" % (x["id"], ", ".join(x.get("aliases", [])), x["count"],
                                                              x["gpu"], link, host, hosts))
            n += 1
        out.append("")
    return NODES.format(n=n) + "\n".join(out)


def workload_row(w, v):
    how = [v.get("model"), v.get("implementation"), v.get("dtype"), v.get("resolution"),
           "batch %d" % v["batch"] if v.get("batch", 1) > 1 else None, v.get("conditions")]
    low, expected, high = ("%.2f" % (mib / 1024) for mib in v["memory_mib"])
    return "| %s | %s | %s | %s | %s | %s%s |" % (
        w["id"] + ":" + v["id"], ", ".join(h for h in how if h), low, expected, high, v["quality"],
        " + context" if v.get("scope") == "allocator" else "")


def workloads_page(data):
    out, n, count = [], 0, 0
    for title, workloads in entries(data, "workloads"):
        out.append("## %s\n" % title)
        for w in workloads:
            out.append("**%s**, %s\n\n| name | how | low | expected | high | figure |\n|---|---|---:|---:|---:|---|" %
                       (w["name"], w["task"].replace("-", " ")))
            out += [workload_row(w, v) for v in w["variants"]]
            out += ["\n%s" % w[key] for key in ("notes", "formula") if key in w]
            out.append("")
            n, count = n + 1, count + len(w["variants"])
    return WORKLOADS.format(n=n, v=count) + "\n".join(out)


SIZE = re.compile(r"^The catalogs are .*$", re.M)


def catalogs_page(data, docs):
    """docs/catalogs.md with the sentence that says how much there is."""
    counts, size = [], 0
    for kind in ("models", "gpus", "nodes", "workloads"):
        listed = [e for _, l in entries(data, kind) for e in l]
        counts.append("%d %s" % (len(listed), {"gpus": "devices"}.get(kind, kind)))
        size += sum(len(json.dumps(e, separators=(",", ":"), ensure_ascii=False).encode()) for e in listed)
    line = "The catalogs are %s and %s: %.1f MB of the program, of which a call reads the page that it asks for." % (
        ", ".join(counts[:-1]), counts[-1], size / 1e6)
    text = open(os.path.join(docs, "catalogs.md")).read()
    assert len(SIZE.findall(text)) == 1, "docs/catalogs.md: one line begins with 'The catalogs are'"
    return SIZE.sub(lambda _: line, text)


def main():
    arguments = [a for a in sys.argv[1:] if a != "--bless"]
    vramfit, data, docs = arguments
    stale = 0
    for name, text in (("models.md", models_page(vramfit, data)), ("gpus.md", gpus_page(data)),
                       ("nodes.md", nodes_page(data)), ("workloads.md", workloads_page(data)),
                       ("catalogs.md", catalogs_page(data, docs))):
        path = os.path.join(docs, name)
        if "--bless" in sys.argv:
            open(path, "w").write(text)
        elif not os.path.exists(path) or open(path).read() != text:
            print("%s is not current: tests/docs/catalogs.py --bless writes it" % path)
            stale += 1
    return 1 if stale else 0


sys.exit(main())
