#!/usr/bin/env python3
"""What vramfit says of builds of llama.cpp against their real loads (builds.tsv beside this script).

usage: builds.py [--spread] VRAMFIT

Fails if a figure that is called exact is not, if one lies outside its interval, if fewer are exact than before, or if
intervals have grown. --spread measures on one half of the rows how far figures that are not exact lie from what is told;
the widths of intervals are those of the other half. accuracy.py makes its table from the same figures.
"""
import collections, concurrent.futures, json, os, shlex, statistics, subprocess, sys

HERE = os.path.dirname(os.path.abspath(__file__))
ROOM = ["--memory", "4TiB", "--host-memory", "4TiB"]
PARTS = {"weights": ("weights",), "context": ("kv_cache", "recurrent_state"), "compute": ("compute",)}
LEAST_EXACT = 0.93  # of all figures; weights by a name lie within what the versions of llama-quantize write
WIDEST = 0.20       # median width of the intervals that are not exact


def rows():
    with open(os.path.join(HERE, "builds.tsv"), encoding="utf-8") as f:
        return [l.rstrip("\n").split("\t") for l in f if not l.startswith("#")]


def run(vramfit, row):
    args = shlex.split(row[2])
    room = ROOM if "cpu" not in args else ROOM[2:]
    p = subprocess.run([vramfit, "fit"] + args + room + ["--json"], capture_output=True, text=True)
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


def measure(vramfit):
    """Of every row: its id, build and arguments, and (figure, truth, low, expected, high) or an error's text."""
    table = rows()
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for (rid, build, args, figures), result in zip(table, pool.map(lambda r: run(vramfit, r), table)):
            pairs = [x.split("=") for x in figures.split()]
            yield rid, build, args, (result if isinstance(result, str) else
                                     [(name, int(truth)) + told(result, name) for name, truth in pairs])


def is_inside(truth, low, high):
    slack = max(1024, truth // 1000)  # padding of copies
    return low - slack <= truth <= high + slack


def main(vramfit, shows_spread):
    failed, exact, n, spread, widths = 0, 0, 0, collections.defaultdict(list), []
    for rid, build, args, figures in measure(vramfit):
        if isinstance(figures, str):
            failed += 1
            print("%s: %s: %s" % (rid, args, figures))
            continue
        for name, truth, low, expected, high in figures:
            n, exact = n + 1, exact + (low == truth == high)
            if not is_inside(truth, low, high):
                failed += 1
                print("%s %s: %s is %d, told %d to %d" % (rid, args, name, truth, low, high))
            if low == high or truth == 0:
                continue
            if int(rid) % 2:
                widths.append((high - low) / truth)
            else:
                spread[build, name.split(".")[1]].append(100 * (truth - expected) / truth)
    middle = statistics.median(widths) if widths else 0.0
    print("%d figures, %d exact, %d failed; intervals of one half: %d, median width %.1f %%"
          % (n, exact, failed, len(widths), 100 * middle))
    for key, x in sorted(spread.items()) if shows_spread else []:
        print("%-8s %-8s n %3d  from %+.1f %% to %+.1f %%" % (*key, len(x), min(x), max(x)))
    return failed != 0 or exact < LEAST_EXACT * n or middle > WIDEST


if __name__ == "__main__":
    sys.exit(main(os.path.abspath(sys.argv[-1]), "--spread" in sys.argv))
