#!/usr/bin/env python3
"""No name from outside is more than text in any output: hostile.py VRAMFIT

One list of names that are a command, a formula, markup, a link or a control sequence somewhere goes through every place where
a name can come from (a file's name, a folder's, a manifest's, a catalog's, an engine's line) and every format that can be
asked for there. What is printed has no control character but ends of lines, no mark of writing direction, is UTF-8, has no
line that GitHub takes for a command (but those of the format for it), no cell of CSV that a spreadsheet computes, no markup
of Markdown, SVG or XML that was not ours, and is JSON where it says so. Python's standard library only.
"""
import csv, io, json, os, re, subprocess, sys, tempfile
import xml.etree.ElementTree as tree

NAMES = ["::error file=x::pwned", "=HYPERLINK(\"http://evil\")", "@SUM(1)", "+1", "+1+cmd|'!A1", "-2+3", "a\x1b[31mred\x1b[0m", "a\x1b]0;title\x07",
         "\u202egnp.exe", "\u2066a\u2069", "a\x9b31m", "a\u0085b", "<img src=x onerror=alert(1)>", "</text></svg><script>", "]]>&amp;<!--",
         "[x](http://evil)", "![x](http://evil)", "|a|b|", "`rm`", "# head", "**a**", "a\tb", "a\rb", "a\n::warning::b", "not ok 7 - x", "a%0A::error::b",
         "\uff1dSUM(1)", "\u2028a", "a\\u001b[0m", "'; rm -rf /; '", "$(id)", "${HOME}", "\udcff\udcfe"]
RAW = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")
FORMATS = "table json csv markdown github junit sarif tap codequality baseline summary".split()


class Judge:
    def __init__(self, vramfit, folder):
        self.vramfit, self.folder, self.wrong, self.runs = vramfit, folder, [], 0

    def run(self, name, form, words, files=()):
        environment = {**os.environ, "LC_ALL": "C.UTF-8", "XDG_CONFIG_HOME": "/nonexistent"}
        run = subprocess.run([self.vramfit] + [os.fsencode(w) for w in words], cwd=self.folder, capture_output=True, env=environment,
                             stdin=subprocess.DEVNULL)
        self.runs += 1
        for what, raw in (("output", run.stdout), ("errors", run.stderr)):
            for why in self.faults(raw, form if what == "output" else "table"):
                self.wrong.append("%r, %s, %s: %s\n  %r" % (name, " ".join(words)[:80], what, why, raw[:300]))
        if run.returncode < 0 or run.returncode > 2:
            self.wrong.append("%r, %s: exit %d" % (name, words[0], run.returncode))

    def faults(self, raw, form):
        try:
            text = raw.decode("utf-8")
        except UnicodeDecodeError:
            return ["is no UTF-8"]
        found = []
        if RAW.search(text):
            found.append("has a control character or a mark of direction")
        if form != "github" and re.search(r"^\s*::", text, re.M):
            found.append("has a line that GitHub takes for a command")
        if form == "github" and any(l and not re.match(r"::(error|warning|notice) file=", l) for l in text.split("\n")):
            found.append("has a line that is no annotation")
        if not text.strip():
            return found
        if form in ("json", "sarif", "codequality", "baseline"):
            try:
                json.loads(text)
            except ValueError as e:
                found.append("is no JSON: %s" % e)
        if form == "csv":
            for row in csv.reader(io.StringIO(text)):
                found += ["has the formula %r" % c for c in row if re.match("[=@+\t\r\uff1d\uff0b\uff0d\uff20]", c)]
                found += ["has the formula %r" % c for c in row if c.startswith("-") and not re.match(r"-[\d.]*$", c)]
        if form in ("junit", "svg"):
            try:
                root = tree.fromstring(text)
                if any(e.tag.split("}")[-1] in ("script", "img") for e in root.iter()):
                    found.append("has an element of the name's")
            except tree.ParseError as e:
                found.append("is no XML: %s" % e)
        if form in ("markdown", "summary") and re.search(r"(?<!\\)\]\(http://evil|<img|<script", text):
            found.append("has markup of the name's")
        if form == "tap" and re.search(r"^(not )?ok (?!\d+ - )", text, re.M):
            found.append("has a result of the name's")
        return found


def main():
    vramfit = os.path.abspath(sys.argv[1])
    with tempfile.TemporaryDirectory() as folder:
        j = Judge(vramfit, folder)
        for i, name in enumerate(NAMES):
            text = name.encode("utf-8", "replace").decode()
            manifest = {"vramfit": 1, "deployments": [{"name": text, "model": "qwen3-32b", "gpu": "l4"}, {"name": "m", "model": text, "gpu": "l4"},
                                                      {"name": "o", "gpu": "l4", "command": ["vllm", "serve", "Qwen/Qwen3-0.6B", "--" + text, text]}]}
            with open(os.path.join(folder, "m.json"), "w") as f:
                json.dump(manifest, f)
            with open(os.path.join(folder, "box.json"), "w") as f:
                json.dump({"gpu": "l4", "workloads": [{"name": text, "size": "30GB"}, {"name": "b", "size": "1GB"}]}, f)
            safe = name.replace("/", "_")
            for form in FORMATS:
                j.run(name, form, ["check", "--format", form, "m.json"])
                if form in ("table", "json", "csv", "markdown"):
                    j.run(name, form, ["table", "--model", safe + ".gguf,qwen3-0.6b", "--gpu", "l4", "--format", form])
                    j.run(name, form, ["place", "box.json", "--format", form] if form in ("csv", "markdown") else ["place", "box.json"] + ["--json"] * (form == "json"))
            j.run(name, "table", ["--model", safe, "--gpu", "l4"])
            j.run(name, "json", ["--model", safe, "--gpu", "l4", "--json"])
            j.run(name, "table", ["--model", "qwen3-0.6b", "--gpu", safe])
            j.run(name, "table", ["inspect", safe + "/m.gguf"])
            j.run(name, "table", ["--gpu", "l4", "--", "vllm", "serve", "Qwen/Qwen3-0.6B", "--" + safe])
            j.run(name, "json", ["--gpu", "l4", "--json", "--", "vllm", "serve", "Qwen/Qwen3-0.6B", "--" + safe])
            j.run(name, "table", ["explain", safe])
            j.run(name, "table", [safe])
            j.run(name, "svg", ["place", "box.json", "--card-svg", "-"])
            if len(sys.argv) > 2 and i >= int(sys.argv[2]):
                break
    print("\n".join(j.wrong[:40]))
    print("%d names, %d runs, %d faults" % (len(NAMES), j.runs, len(j.wrong)))
    return 1 if j.wrong else 0


sys.exit(main())
