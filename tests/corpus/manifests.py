#!/usr/bin/env python3
"""Real manifests read by vramfit check: manifests.py VRAMFIT CORPUS

Every deployment of deployments/index.json: found at its path or line, its engine, its model, each parameter that it
states as it states it, and nothing that may move memory dropped. Files that cannot be read have to be reported with
their line, files without a deployment as not read. Prints each miss; fails below 90 % of the deployments. Skips (77)
without corpus, or if vramfit was built without libyaml.
"""
import json, os, subprocess, sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from commands import BEFORE, ENGINES, KEYS, same

# Told in another way: by the name of the model, by what stands around the engine's words, or as an option that is not read.
BESIDE = BEFORE | {"quant_stated", "no_mmproj", "speculative_config", "chunked_prefill", "lora", "kv_bits"}


def text_of(value):
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, list):
        return ",".join(text_of(v) for v in value)
    return None if value is None else str(value)


def parameter(d, key):
    r = d["request"]
    if key == "kv" and "kv" not in r:
        return text_of(r.get("kv_k"))
    if key == "spec_method":
        return text_of(r.get("spec_method"))
    if key == "cache_ram_bytes" and "cache_ram_bytes" in r:
        return text_of(r["cache_ram_bytes"] // (1 << 20) if r["cache_ram_bytes"] >= 1 << 20 else r["cache_ram_bytes"])
    return text_of(r.get(key))


def check_value(key, want, d):
    ours = KEYS.get(key, key)
    got = parameter(d, ours)
    unset = " ".join("%s %s" % (u["parameter"], u["text"]) for u in d["unset"])
    if key == "quant" and str(want).lower() in (d["model"] or "").lower():
        return None
    if key == "kv":
        want, got = [(x or "").replace("fp8_e4m3fn", "fp8").replace("fp8_e4m3", "fp8") for x in (want, got)]
    if key in ("draft", "mmproj") and want and "$" in str(want) and got and got.split("/")[-1] == want.split("/")[-1]:
        return None
    if want is None or (isinstance(want, str) and "$" in want):
        return None if got is not None or ours in unset or key in unset else "%s: a variable says it, and it is not told" % key
    if ours in unset:
        return None
    if key in ("fit", "flash_attn"):
        words = {"1": "on", "0": "off", "true": "on", "false": "off"}
        return None if got == words.get(str(want).lower(), str(want).lower()) else "%s: %s, not %s" % (key, got, want)
    if key == "ngl" and (want in (-1, "all", "auto") or want == 999):
        return None if got in (None, "all", "999") else "ngl: %s" % got
    if want in ("auto", -1, 1, "1", 0, False) and got is None:
        return None
    return None if same(key, want, got) else "%s: %s, not %s" % (key, got, want)


def misses(row, d):
    out = []
    engine = ENGINES.get(d["engine"], d["engine"])
    if engine != row["engine"] and not (row["engine"] == "ik_llama.cpp" and engine == "llama.cpp"):
        out.append("engine %s, not %s" % (engine, row["engine"]))
    want = row.get("model")
    got = d["model"]
    quant = d["request"].get("quant")
    if want and got != want and "%s:%s" % (got, quant) != want and want not in (("hf://%s" % got), "ollama://%s" % got):
        if not ("$" in want and got and got.split("/")[-1] == want.split("/")[-1]):
            out.append("model %s, not %s" % (got, want))
    for key, value in row["expect"].items():
        if key in BESIDE or key in ("engine", "model"):
            continue
        bad = check_value(key, value, d)
        if bad:
            out.append(bad)
    told = " ".join(d["unread"] + d["read"]).replace("_", "-") + " " + " ".join(u["text"] for u in d["unset"])
    for option in row["unread"]:
        word = option.split()[0].split("=")[0].rstrip(":")
        if word.replace("_", "-") in told or word in ("engine_args", "options"):
            continue
        if word.split(".")[0].replace("_", "-") in told or word in ("-sc", "-cc", "-ac") or "-config" in word and "-config" in told:
            continue
        out.append("%s: dropped" % option)
    return out


def main():
    vramfit, corpus = os.path.abspath(sys.argv[1]), os.environ.get("VRAMFIT_CORPUS") or sys.argv[2]
    folder = os.path.join(corpus, "deployments")
    if not os.path.exists(os.path.join(folder, "index.json")):
        print("skipped: no corpus at %s (VRAMFIT_CORPUS names another place)" % folder)
        return 77
    n = good = silent = 0
    for f in json.load(open(os.path.join(folder, "index.json")))["files"]:
        run = subprocess.run([vramfit, "check", "--format", "json", f["file"]], capture_output=True, text=True, cwd=folder, timeout=30)
        if "without libyaml" in run.stdout:
            print("skipped: vramfit was built without libyaml")
            return 77
        try:
            result = json.loads(run.stdout)
        except ValueError:
            print("%s: no JSON, exit %d: %s" % (f["id"], run.returncode, run.stderr.strip()))
            silent += 1
            n += len(f.get("deployments", []))
            continue
        found = {d["path"]: d for d in result["deployments"]}
        lines = {d["line"]: d for d in result["deployments"]}
        if f.get("error") and not any(e["line"] and e["kind"] == "error" for e in result["errors"]):
            print("%s: not reported: %s" % (f["id"], f["error"]))
            silent += 1
        if not f.get("deployments") and not result["deployments"] and not result["errors"]:
            print("%s: neither read nor told" % f["id"])
            silent += 1
        for row in f.get("deployments", []):
            n += 1
            d = found.get(row["path"]) or lines.get(row["line"])
            bad = misses(row, d) if d else ["not found; there are %s; %s" % (sorted(found)[:4], [e["message"] for e in result["errors"]][:2])]
            good += not bad
            for b in bad:
                print("%s %s: %s" % (f["id"], row["path"], b))
    print("%d of %d deployments as stated (%.1f %%); %d files without a word" % (good, n, 100.0 * good / n, silent))
    return 0 if good >= 0.9 * n and silent == 0 else 1


if __name__ == "__main__":
    sys.exit(main())
