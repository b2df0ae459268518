#!/usr/bin/env python3
"""Real launch lines read by the library: commands.py READ_COMMAND CORPUS [--all]

Every row of deployments/commands.json: the parameters that it states, as it states them, and every other
option accounted for (passed over, or told). Prints each miss. Fails below 95 % of the rows. Lines behind
docker and other wrappers are counted apart. Skips (77) without corpus.
"""
import json, os, re, subprocess, sys

ENGINES = {"llama-server": "llama.cpp", "llama-cli": "llama.cpp", "llama-bench": "llama.cpp"}
# What the row calls a parameter, and our key for it; None: told by what stands before the engine's words.
KEYS = {"gpu_memory_utilization": "gpu_memory_utilization", "kv": "kv", "enforce_eager": "enforce_eager",
        "ubatch": "ubatch_tokens", "cache_ram_mib": "cache_ram_bytes", "lora_enabled": "max_loras"}
BEFORE = {"visible_devices", "image", "docker_gpus", "program", "ctx_scope", "quant_from", "max_loaded_models"}
# Read off the words in another way: an option that is told, or a name that the model has.
TOLD = {"chunked_prefill": "chunked-prefill", "speculative_config": "speculative", "kv_bits": "kv-bits",
        "lora": "lora", "mmproj": None}


def number(text):
    try:
        return float(text)
    except (TypeError, ValueError):
        return None


def same(key, want, got):
    if isinstance(want, bool):
        return got in (("on", "all", "true") if want else ("off", None, "1")) or (want and number(got) is not None)
    if key == "cache_ram_mib":
        return number(got) == want
    if isinstance(want, list):
        if key == "tensor_split":
            return [float(x) for x in got.split(",")] == [float(x) for x in want] if got else False
        return got is not None and got.replace(" ", "") == ",".join(want).replace(" ", "")
    if isinstance(want, (int, float)):
        return number(got) is not None and abs(number(got) - want) < 1e-6 * max(1, abs(want))
    return (got or "").lower() == str(want).lower()


def misses(row, r):
    if "error" in r:
        return ["error: " + r["error"]]
    out, p, unset = [], r["parameters"], {}
    for pair in r["unset"]:
        for k, v in pair.items():
            unset[k] = unset.get(k, "") + " " + v
    for key, want in row["expect"].items():
        ours = KEYS.get(key, key)
        if key in BEFORE:
            continue
        if key == "engine":
            if ENGINES.get(r["engine"], r["engine"]) != want:
                out.append("engine %s, not %s" % (r["engine"], want))
            continue
        if key in TOLD:
            told = " ".join(r["remarks"] + r["passed"] + r["taken"] + list(unset.values()) + list(p))
            if TOLD[key] and TOLD[key].replace("-", "") not in told.replace("-", "").replace("_", ""):
                out.append("%s is not told" % key)
            continue
        got = p.get(ours)
        if key == "quant" and str(want).lower() in p.get("model", "").lower():
            continue  # the name says it, and the name is kept
        if key == "quant" and got is None and str(row["expect"].get("quant_from")).startswith("default of -hf"):
            continue  # the repository's files are known later
        if key == "ctx_tokens" and want == 0 and got == "max":
            continue
        if key == "model" and got is not None and want == "%s:%s" % (got, p.get("quant")):
            continue
        if key == "kv":
            want, got = [(x or "").replace("fp8_e4m3fn", "fp8").replace("fp8_e4m3", "fp8") for x in (want, got)]
        if want is None or (isinstance(want, str) and "$" in want):
            if ours not in unset and got is None:
                out.append("%s: a variable says it, and it is not told" % key)
        elif key == "fit" or key == "flash_attn":
            if got not in ((str(want).lower(),) if want is not True else ("on",)):
                out.append("%s: %s, not %s" % (key, got, want))
        elif key == "ngl" and want in (-1, "all"):
            if got not in (None, "all"):
                out.append("ngl: %s" % got)
        elif want in ("auto", -1, 1, "1", 0, False) and got is None:
            continue  # the default, said
        elif not same(key, want, got):
            out.append("%s: %s, not %s" % (key, got, want))
    told = " ".join(r["remarks"] + r["passed"] + r["taken"])
    known = {"--max-model-len", "-b", "--batch-size"}
    for option in row["unread"] + row["harmless"] + row.get("unknown", []):
        word = option.split()[0].split("=")[0]
        flat = word.replace("_", "-")
        if not word.startswith("-") and option in row["harmless"]:
            continue  # a variable that moves nothing
        if flat in told.replace("_", "-") or flat in known or word in " ".join(unset.values()):
            continue
        if word == "VLLM_ALLOW_LONG_MAX_MODEL_LEN" and "allow_long_ctx" in p:
            continue
        if row["expect"].get("engine") == "vllm" and re.match(r"-(sc|cc|ac)\b", word) and "-config" in told:
            continue
        out.append("%s: not accounted for" % word)
    return out


def is_wrapped(row):
    return "image" in row["expect"] or re.match(r"\s*(docker|podman|apptainer|kubectl|srun|mpirun|bash -|sh -)", row["command"]) is not None


def main():
    reader, corpus = sys.argv[1], os.environ.get("VRAMFIT_CORPUS") or sys.argv[2]
    path = os.path.join(corpus, "deployments", "commands.json")
    if not os.path.exists(path):
        print("skipped: no corpus at %s (VRAMFIT_CORPUS names another place)" % corpus)
        return 77
    good = n = wrapped = 0
    for row in json.load(open(path))["rows"]:
        run = subprocess.run([reader], input=row["command"], capture_output=True, text=True, timeout=20)
        bad = misses(row, json.loads(run.stdout)) if run.returncode == 0 else ["exit %d" % run.returncode]
        n += 1
        good += not bad
        wrapped += bool(bad) and is_wrapped(row)
        for b in bad:
            print("%s%s: %s" % (row["id"], " (wrapped)" if is_wrapped(row) else "", b))
    print("%d of %d rows as stated (%.1f %%); %d of the others are behind a wrapper" % (good, n, 100.0 * good / n, wrapped))
    return 0 if good >= 0.95 * n else 1


if __name__ == "__main__":
    sys.exit(main())
