#!/usr/bin/env python3
"""What vramfit says of builds of llama.cpp against their real loads (builds.tsv beside this script).

usage: builds.py [--spread] VRAMFIT

Fails if a figure that is called exact is not, if one lies outside its interval, or if fewer are exact than before. --spread
measures on one half of the rows how far figures that are not exact lie from what is told, and reports intervals on the other.
"""
import collections, concurrent.futures, json, os, shlex, statistics, subprocess, sys

HERE = os.path.dirname(os.path.abspath(__file__))
ROOM = ["--memory", "4TiB", "--host-memory", "4TiB"]
PARTS = {"weights": ("weights",), "context": ("kv_cache", "recurrent_state"), "compute": ("compute",)}
LEAST_EXACT = 0.97  # of all figures
WIDEST = 0.20       # median width of the intervals that are not exact


def rows():
    with open(os.path.join(HERE, "builds.tsv"), encoding="utf-8") as f:
        return [l.rstrip("\n").split("\t") for l in f if not l.startswith("#")]


def run(row):
    args = shlex.split(row[2])
    room = ROOM if "cpu" not in args else ROOM[2:]
    p = subprocess.run([VRAMFIT, "fit"] + args + room + ["--json"], capture_output=True, text=True)
    return json.loads(p.stdout) if p.returncode in (0, 1) else p.stderr.strip()


def told(result, name):
    """(low, expected, high) of a figure: the lines of a device, or of all GPUs, or of the host."""
    where, what = name.split(".")
    hosts = {d["index"] for d in result["devices"] if d["kind"] == "host"}
    if where in ("host", "cpu"):
        wanted = hosts
    elif where == "gpu":
        wanted = {d["index"] for d in result["devices"]} - hosts
    else:
        wanted = {int(where[3:])}
    lines = [l for l in result["lines"] if l["device"] in wanted and l["name"] in PARTS[what]]
    return tuple(sum(l.get(k, l["bytes"]) for l in lines) for k in ("low_bytes", "bytes", "high_bytes"))


def main():
    failed, exact, n, spread, widths = 0, 0, 0, collections.defaultdict(list), collections.defaultdict(list)
    table = rows()
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for (rid, build, args, figures), result in zip(table, pool.map(run, table)):
            if isinstance(result, str):
                failed += 1
                print("%s: %s: %s" % (rid, args, result))
                continue
            for name, truth in (x.split("=") for x in figures.split()):
                truth, (low, expected, high) = int(truth), told(result, name)
                n, exact = n + 1, exact + (low == truth == high)
                near = abs(expected - truth) <= max(1024, truth // 1000)  # padding of copies
                if not (low <= truth <= high or near):
                    failed += 1
                    print("%s %s: %s is %d, told %d to %d" % (rid, args, name, truth, low, high))
                if low != high and truth:
                    half = widths if int(rid) % 2 else spread
                    half[build, name.split(".")[1]].append((truth - expected) / truth if half is spread else (high - low) / truth)
    print("%d rows, %d figures, %d exact, %d failed" % (len(table), n, exact, failed))
    if SPREAD:
        for key, x in sorted(spread.items()):
            print("%-8s %-8s n %3d  from %+.1f %% to %+.1f %%" % (*key, len(x), 100 * min(x), 100 * max(x)))
    all_widths = [w for x in widths.values() for w in x]
    middle = statistics.median(all_widths) if all_widths else 0.0
    print("intervals of the other half: %d, median width %.1f %%" % (len(all_widths), 100 * middle))
    return failed != 0 or exact < LEAST_EXACT * n


SPREAD = "--spread" in sys.argv
VRAMFIT = os.path.abspath(sys.argv[-1])
if __name__ == "__main__":
    sys.exit(main())
