#!/usr/bin/env python3
"""How far published peaks of training are from what is worked out: fit_training.py VRAMFIT [--fit]

Rows of training.tsv whose id's SHA-1 is even are fitted on; the others are only reported. --fit prints the table
`spreads` of src/core/training.c: of truth over the bare sum (JSON backward/step, whose middle it is), the 6th, 50th and
94th of a hundred, for one GPU and for several, for what is allocated, reserved, and held by the device. Without it, what
stands now is held against both halves. Python's standard library only.
"""
import collections, hashlib, json, os, subprocess, sys

HERE = os.path.dirname(os.path.abspath(__file__))
LIBRARY_BYTES = 800 << 20  # of a process, as in training.c
KEYS = {"peak_allocated": "allocated", "peak_reserved": "reserved_peak", "peak_total": "need"}


# Left out of the fit, and counted in the report: what the options do not say.
APART = {("litgpt", "fsdp"): "litgpt keeps a frozen base whole on every GPU"}


def is_apart(program, args):
    return any(program.startswith(p) and "--parallel " + way in args for p, way in APART)


def is_fitted(row_id):
    return int(hashlib.sha1(row_id.encode()).hexdigest(), 16) % 2 == 0


def ask(vramfit, args):
    p = subprocess.run([vramfit, "train"] + args.split(" ") + ["--json"], capture_output=True, text=True)
    return json.loads(p.stdout) if p.returncode in (0, 1) else None


def at(values, share):
    values = sorted(values)
    return values[min(len(values) - 1, int(share * len(values)))]


def main():
    vramfit, known = sys.argv[1], {}
    ratios, stated, fits, refused, asked = collections.defaultdict(list), collections.defaultdict(list), [], 0, 0
    for line in open(os.path.join(HERE, "training.tsv"), encoding="utf-8"):
        if line.startswith("#"):
            continue
        row_id, figure, value, _, args, program = line.rstrip("\n").split("\t")[:6]
        if args not in known:
            known[args] = ask(vramfit, args)
        r, asked = known[args], asked + 1
        if r is None:
            refused += 1
            continue
        d, fitted, value = r["devices"][0], is_fitted(row_id), int(value)
        if figure == "fits":
            fits.append((row_id, bool(value), r["verdict"]))
            continue
        key, group = KEYS[figure], "one" if r["gpus"] == 1 else "several"
        if "--fit" in sys.argv and is_apart(program, args):
            continue
        bare = r["bare_bytes"] + (LIBRARY_BYTES if key == "need" else 0)
        ratios[group, key, fitted].append(value / bare)
        lo, mid, hi = (d[key + end] for end in ("_low_bytes", "_bytes", "_high_bytes"))
        stated[group, key, fitted].append((100.0 * (mid - value) / value, lo <= value <= hi, (hi - lo) / mid))
    if "--fit" in sys.argv:
        for group in ("one", "several"):
            for key in KEYS.values():
                x = ratios[group, key, True]
                if x:
                    print("%-8s %-14s n %3d  {%4d, %4d, %4d}" % (group, key, len(x), *(round(1000 * at(x, q)) for q in (.06, .5, .94))))
        return 0
    for k in sorted(stated):
        x = stated[k]
        print("%-8s %-14s %-8s n %3d  median error %5.1f %%  inside %3d (%.0f %%)  median width %.0f %%" % (
            k[0], k[1], "fitted" if k[2] else "left out", len(x), at([abs(e[0]) for e in x], .5), sum(e[1] for e in x),
            100.0 * sum(e[1] for e in x) / len(x), 100 * at([e[2] for e in x], .5)))
    wrong = [f for f in fits if f[1] != (f[2] in ("fits", "tight"))]
    print("%d of %d answered; fits: %d of %d agree; false FITS: %s" % (asked - refused, asked, len(fits) - len(wrong), len(fits),
          ", ".join(f[0] for f in wrong if not f[1]) or "none"))
    return 0


sys.exit(main())
