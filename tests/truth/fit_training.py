#!/usr/bin/env python3
"""How far published peaks of training are from what is worked out: fit_training.py VRAMFIT [--fit]

Rows of training.tsv whose id's SHA-1 is even are fitted on; the others are only reported. --fit prints what the table
`spreads` of src/core/training.c is made of, for what is allocated, reserved, and held by the device: the median of truth
over the sum (JSON bare; of the device held), and the 4th and 96th of a hundred of truth over the ends that it has. One GPU, DDP and ZeRO are `plain`, tensors, stages or experts that are shared `layers`, ZeRO with states in main memory `host`; the ends of what the device holds are fitted over all, but for the lower one of `host`.
Without it, what stands now is held against both halves. Python's standard library only.
"""
import collections, hashlib, json, os, subprocess, sys

HERE = os.path.dirname(os.path.abspath(__file__))
LIBRARY_BYTES = 800 << 20  # of a process, as in training.c
KEYS = {"peak_allocated": "allocated", "peak_reserved": "reserved_peak", "peak_total": "need"}


# Left out of the fit, and counted in the report: what the options do not say.
APART = [
    ("litgpt", "--parallel fsdp", "litgpt keeps a frozen base whole on every GPU"),
    ("", "--objective grpo", "the rollout engine is in the figure"),
    ("ms-swift", "qwen2.5-7b --method full --precision mixed --optimizer adamw --seq-len 8192 --micro-batch 1 --checkpointing selective",
     "its source may mean the card: 80 GB"),
    ("axolotl", "kimi-linear-48b-a3b --method qlora --quant int8", "its experts are one tensor, and stay in 16 bits"),
]


def is_apart(program, args):
    return any(program.startswith(p) and part in args for p, part, why in APART)


def way_of(gpus, args):
    """As training.c has it."""
    words = args.split(" ")
    if gpus > 1 and any(w in ("--tp", "--pp", "--ep") and words[i + 1] != "1" for i, w in enumerate(words)):
        return "layers"
    if any(w.startswith("zero") for w in words) and "--offload" in words and "optimizer" in words[words.index("--offload") + 1]:
        return "host"
    return "fsdp" if gpus > 1 and "fsdp" in words else "plain"


def is_fitted(row_id):
    return int(hashlib.sha1(row_id.encode()).hexdigest(), 16) % 2 == 0


def ask(vramfit, args):
    p = subprocess.run([vramfit, "train"] + args.split(" ") + ["--json"], capture_output=True, text=True)
    return json.loads(p.stdout) if p.returncode in (0, 1) else None


def at(values, share):
    values = sorted(values)
    if len(values) < 20 and share != .5:  # too few to leave any out
        share = round(share)
    return values[round(share * (len(values) - 1))]


def rows():
    """Of training.tsv: id, figure, value, options, program."""
    with open(os.path.join(HERE, "training.tsv"), encoding="utf-8") as f:
        for line in f:
            if not line.startswith("#"):
                row_id, figure, value, _, args, program = line.rstrip("\n").split("\t")[:6]
                yield row_id, figure, int(value), args, program


def main():
    vramfit, known = sys.argv[1], {}
    ratios, stated, fits, refused, asked = collections.defaultdict(list), collections.defaultdict(list), [], 0, 0
    for row_id, figure, value, args, program in rows():
        if args not in known:
            known[args] = ask(vramfit, args)
        r, asked = known[args], asked + 1
        if r is None:
            refused += 1
            continue
        d, fitted = r["devices"][0], is_fitted(row_id)
        if figure == "fits":
            fits.append((row_id, bool(value), r["verdict"]))
            continue
        key, group = KEYS[figure], way_of(r["gpus"], args)
        if "--fit" in sys.argv and is_apart(program, args):
            continue
        what, more = ("held", LIBRARY_BYTES) if key == "need" else ("bare", 0)
        ends = [r[what + e] + more for e in ("_low_bytes", "_bytes", "_high_bytes")]
        for g in (group, "all") if key == "need" else (group,):
            ratios[g, key, fitted].append([value / e for e in ends])
        lo, mid, hi = (d[key + end] for end in ("_low_bytes", "_bytes", "_high_bytes"))
        stated[group, key, fitted].append((100.0 * (mid - value) / value, lo <= value <= hi, (hi - lo) / mid))
    if "--fit" in sys.argv:
        for group in ("plain", "fsdp", "layers", "host", "all"):
            for key in KEYS.values():
                x = ratios[group, key, True]
                if x:
                    print("%-8s %-14s n %3d  {%4d, %4d, %4d}" % (group, key, len(x), *(
                        round(1000 * at([r[i] for r in x], q)) for i, q in enumerate((.04, .5, .96)))))
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


if __name__ == "__main__":
    sys.exit(main())
