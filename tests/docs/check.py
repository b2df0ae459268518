#!/usr/bin/env python3
"""Runs every example of the documentation and compares what it prints.

usage: check.py [--bless] VRAMFIT FILE.md...

An example is a line that starts with "$ vramfit" in a block marked ```console; the lines up to the next "$ " or
the end of the block are what it prints, standard error after standard output. --bless writes the output anew."""
import os
import subprocess
import sys
import tempfile

args = sys.argv[1:]
bless = args[0] == "--bless"
if bless:
    args = args[1:]
vramfit, files = os.path.abspath(args[0]), [os.path.abspath(f) for f in args[1:]]
env = dict(os.environ, PATH=os.path.dirname(vramfit) + ":" + os.environ["PATH"], LC_ALL="C.UTF-8")
env.pop("COLUMNS", None)
env.pop("VRAMFIT_CATALOG", None)
env["XDG_CONFIG_HOME"] = "/nonexistent"
env.pop("NO_COLOR", None)
env.pop("CLICOLOR_FORCE", None)
here = os.path.dirname(os.path.abspath(__file__))
examples = failed = 0


def run(command, folder):
    p = subprocess.run(command, shell=True, cwd=folder, env=env, capture_output=True, text=True, encoding="utf-8")
    return (p.stdout + p.stderr).rstrip("\n").split("\n")


def check_block(path, block, folder):
    """The block with the output that the commands print now; counts differences."""
    global examples, failed
    out, i = [], 0
    while i < len(block):
        line = block[i]
        out.append(line)
        i += 1
        if not line.startswith("$ "):
            continue
        expected = []
        while i < len(block) and not block[i].startswith("$ "):
            expected.append(block[i])
            i += 1
        while expected and expected[-1] == "":
            expected.pop()
        examples += 1
        got = run(line[2:], folder)
        if got == [""]:
            got = []
        if [g.rstrip() for g in got] != [e.rstrip() for e in expected]:
            failed += 1
            print("%s: %s" % (path, line))
            for g in got:
                print("  | " + g)
        out += [g.rstrip() for g in got]
        if i < len(block):
            out.append("")
    return out


for path in files:
    with open(path, encoding="utf-8") as f:
        lines = f.read().split("\n")
    result, i = [], 0
    with tempfile.TemporaryDirectory() as folder:
        os.makedirs(os.path.join(folder, "docs"))
        os.symlink(os.path.join(here, "..", "..", "docs", "examples"), os.path.join(folder, "docs", "examples"))
        while i < len(lines):
            result.append(lines[i])
            i += 1
            if lines[i - 1].strip() != "```console":
                continue
            block = []
            while lines[i].strip() != "```":
                block.append(lines[i])
                i += 1
            result += check_block(path, block, folder)
    if bless:
        with open(path, "w", encoding="utf-8") as f:
            f.write("\n".join(result))
print("%d examples, %d differ" % (examples, failed))
sys.exit(failed != 0 and not bless)
