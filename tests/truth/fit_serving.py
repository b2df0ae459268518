#!/usr/bin/env python3
"""How wide the intervals of serving engines' pools have to be: fitted on one half of the logs, checked on the other.

usage: fit_serving.py VRAMFIT

Reads the pools of serving.tsv and logs.tsv beside this script (pools.tsv has a test of its own) and asks vramfit for each.
A run's half follows from a checksum of its name, so that a new row moves no other.  For each engine the script finds, on the
first half, by how much the half-widths of the intervals would have to be scaled for 95 % of the logged pools to lie inside,
and says what share of the second half lies inside at that scale and as the intervals are.  A scale well above 1 says that
an interval of src/engines/ is too narrow, well below that it is too wide.  Standard library only.
"""
import collections, json, os, shlex, statistics, subprocess, sys, zlib

HERE = os.path.dirname(os.path.abspath(__file__))
UNITS = {"MiB": 2**20, "GiB": 2**30, "GB": 10**9}


def rows_of(name):
    with open(os.path.join(HERE, name), encoding="utf-8") as f:
        lines = f.read().splitlines()
    keys = [l for l in lines if l.startswith("#")][-1][1:].strip().split("\t")
    return [dict(zip(keys, l.split("\t"))) for l in lines if not l.startswith("#")]


def pool_of(options):
    p = subprocess.run([sys.argv[1]] + shlex.split(options) + ["--json"], capture_output=True, text=True)
    if p.returncode not in (0, 1):
        return None
    d = next(d for d in json.loads(p.stdout)["devices"] if d["kind"] != "host")
    return tuple(d.get("kv_pool" + end + "_bytes") for end in ("_low", "", "_high"))


def needed_scale(truth, step, pool):
    """By how much the half-width on the truth's side has to be scaled to reach it."""
    low, mid, high = pool
    gap = max(abs(truth - mid) - step / 2, 0)
    half = high - mid if truth > mid else mid - low
    return 0.0 if gap == 0 else gap / half if half > 0 else float("inf")


def main():
    halves = collections.defaultdict(lambda: ([], []))
    for r in rows_of("serving.tsv") + rows_of("logs.tsv"):
        if r["figure"] != "kv_pool":
            continue
        pool = pool_of(r["options"])
        if pool is None or None in pool:
            continue
        truth, step = float(r["value"]) * UNITS[r["unit"]], float(r["resolution"]) * UNITS[r["unit"]]
        half = zlib.crc32(r["run"].encode()) % 2
        halves[r["engine"].split(" ")[0]][half].append((needed_scale(truth, step, pool), 100 * (pool[2] - pool[0]) / truth))
    print("%-10s %7s %14s %8s %17s %13s %14s" % ("engine", "fitted", "scale for 95 %", "checked", "inside at that", "inside as is", "median width"))
    for engine, (fitted, checked) in sorted(halves.items()):
        scales = sorted(s for s, _ in fitted)
        scale = scales[min(len(scales) - 1, int(0.95 * len(scales)))] if scales else float("nan")
        width = statistics.median([w for _, w in fitted + checked])
        print("%-10s %7d %14.2f %8d %17s %13s %12.1f %%" % (engine, len(fitted), scale, len(checked),
              "%d of %d" % (sum(s <= scale for s, _ in checked), len(checked)),
              "%d of %d" % (sum(s <= 1 for s, _ in checked), len(checked)), width))


main()
