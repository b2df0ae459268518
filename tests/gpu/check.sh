#!/bin/sh
# Compares vramfit detect with nvidia-smi, on a machine that has both; elsewhere it is skipped (77).
#
# usage: check.sh VRAMFIT
vramfit=$1
command -v nvidia-smi >/dev/null 2>&1 || { echo "skipped: no nvidia-smi on this machine"; exit 77; }
nvidia-smi -L >/dev/null 2>&1 || { echo "skipped: nvidia-smi finds no driver"; exit 77; }
command -v python3 >/dev/null 2>&1 || { echo "skipped: no python3"; exit 77; }
exec python3 - "$vramfit" <<'PY'
import json, subprocess, sys

vramfit = sys.argv[1]
fields = "name,pci.device_id,memory.total,memory.reserved,memory.used,mig.mode.current"
out = subprocess.run(["nvidia-smi", "--query-gpu=" + fields, "--format=csv,noheader,nounits"],
                     capture_output=True, text=True)
if out.returncode != 0:
    print("skipped: this nvidia-smi does not know: " + fields)
    sys.exit(77)
rows = [[c.strip() for c in line.split(",")] for line in out.stdout.strip().split("\n")]
if any(r[5] == "Enabled" for r in rows):
    print("skipped: a GPU is cut into instances (MIG)")
    sys.exit(77)
got = json.loads(subprocess.run([vramfit, "detect", "--json"], capture_output=True, text=True, check=True).stdout)
devices = [d for d in got["devices"] if d["source"] == "nvml"]
failed = 0


def check(what, holds):
    global failed
    if not holds:
        failed += 1
        print("FAILED: " + what)


check("%d GPUs, not %d" % (len(devices), len(rows)), len(devices) == len(rows))
MIB = 1 << 20
for d, (name, pci, total, reserved, used, _) in zip(devices, rows):
    print("%s: %s" % (name, d))
    check("the name", d["name"] == name)
    check("the PCI id", d["pci_id"].replace(":", "") == (pci[6:10] + pci[2:6]).lower())
    if not total.isdigit():  # shared memory
        check("one pool", d["kind"] == "unified")
        check("the pool is main memory", d["total_bytes"] == got["host"]["total_bytes"])
        continue
    check("the total", abs(d["total_bytes"] // MIB - int(total)) <= 1)
    check("what the driver keeps", abs(d["reserved_bytes"] // MIB - int(reserved)) <= 1)
    check("what is in use", abs(d["used_bytes"] // MIB - int(used)) <= 64)  # others may move
    check("sums", d["total_bytes"] == d["reserved_bytes"] + d["used_bytes"] + d["free_bytes"])
if rows:
    r = subprocess.run([vramfit, "--model", "llama3.2-1b", "--quant", "q8_0", "--ctx", "4k", "--gpu", "auto", "--json"],
                       capture_output=True, text=True)
    check("--gpu auto: " + r.stderr, r.returncode in (0, 1))
    check("the same devices", [d["total_bytes"] for d in json.loads(r.stdout)["devices"] if d["kind"] != "host"] ==
          [d["total_bytes"] for d in devices if d["usable"]])
print("%d GPUs compared" % len(rows) if not failed else "%d checks failed" % failed)
sys.exit(1 if failed else 0)
PY
