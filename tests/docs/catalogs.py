#!/usr/bin/env python3
"""The pages that list the catalogs: catalogs.py [--bless] VRAMFIT DATA DOCS

Writes docs/models.md and docs/gpus.md out of data/ and the program; without --bless, says whether
they are current.
"""
import glob, json, os, subprocess, sys

MODELS = """# Models

{n} models, by family. Generated from `data/models/`; `vramfit inspect NAME` shows one whole.

*Parameters* are counted over the tensors that vramfit derives, each parameter once, without layers
that predict further tokens. *Active* are those that are read for a token of text: the chosen experts
and no tower for images or sound. Where no remark stands, the first is exactly the published count.

"""
GPUS = """# Devices

{n} devices. Generated from `data/gpus/`, where every figure has its source. *Total* is what the
driver reports; where an entry has no such figure, it is derived and marked *.

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


def gpus_page(data):
    out, n = [], 0
    for title, gpus in entries(data, "gpus"):
        out.append("## %s\n\n| name | device | total MiB | GB/s |\n|---|---|---:|---:|" % title)
        for g in gpus:
            total = g.get("total_mib", "")
            mark = "*" if g.get("total_basis") == "derived" else ""
            speed = "%g" % (g["bandwidth_mb_per_s"] / 1000) if "bandwidth_mb_per_s" in g else ""
            out.append("| %s | %s | %s%s | %s |" % (g["id"], g.get("name", ""), total, mark, speed))
            n += 1
        out.append("")
    return GPUS.format(n=n) + "\n".join(out)


def main():
    arguments = [a for a in sys.argv[1:] if a != "--bless"]
    vramfit, data, docs = arguments
    stale = 0
    for name, text in (("models.md", models_page(vramfit, data)), ("gpus.md", gpus_page(data))):
        path = os.path.join(docs, name)
        if "--bless" in sys.argv:
            open(path, "w").write(text)
        elif not os.path.exists(path) or open(path).read() != text:
            print("%s is not current: tests/docs/catalogs.py --bless writes it" % path)
            stale += 1
    return 1 if stale else 0


sys.exit(main())
