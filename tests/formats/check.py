#!/usr/bin/env python3
"""What vramfit check writes, in each format, by its own parser: check.py VRAMFIT

Hostile names and every kind of result go into one run; JUnit is parsed as XML, SARIF, code quality, JSON and baselines as
JSON, CSV and TAP line by line; the same findings have to be in all. Where xmllint, jsonschema and the published schemas are
(VRAMFIT_PUBLISHED names a folder with JUnit.xsd and sarif-schema-2.1.0.json), they are valid by these, too.
"""
import csv, io, json, os, re, signal, subprocess, sys, tempfile, time
import xml.etree.ElementTree as ET

vramfit = os.path.abspath(sys.argv[1])
HOSTILE = "a\x1b[31m\n::error::b <x a=\"1\">]]>&'|`#*_\\ # SKIP %0A\ufffe,\"q\" =1+1 $(id) \u202e"
MANIFEST = {"vramfit": 1, "deployments": [
    {"name": "good", "model": "qwen3-4b", "quant": "q4_k_m", "ctx": "4k", "gpu": "l4", "engine": "llama.cpp"},
    {"name": "bad", "model": "qwen3-32b", "quant": "bf16", "ctx": "8k", "gpu": "l4", "engine": "llama.cpp"},
    {"name": "no gpu", "model": "qwen3-4b", "quant": "q4_k_m", "engine": "llama.cpp"},
    {"name": HOSTILE, "model": HOSTILE, "gpu": "l4"}, {"name": "typo", "modle": "x", "gpu": "l4"},
    {"name": "words", "command": "llama-server -hf x/Qwen3-4B-GGUF:Q4_K_M --rpc h:1 --nonsense", "gpu": "l4"}]}
failed = 0


def need(what, ok):
    global failed
    if not ok:
        failed += 1
        print("FAILED: " + what)


def run(fmt, *more):
    p = subprocess.run([vramfit, "check", "--format", fmt, "d", *more], capture_output=True, cwd=folder)
    need("%s: exit %d" % (fmt, p.returncode), p.returncode == 2)
    text = p.stdout.decode("utf-8")
    need("%s: control characters" % fmt, not re.search("[\x00-\x09\x0b-\x1f\x7f]", text))
    return text


with tempfile.TemporaryDirectory() as folder:
    os.mkdir(os.path.join(folder, "d"))
    with open(os.path.join(folder, "d", "a b%.json"), "w") as f:
        json.dump(MANIFEST, f)
    with open(os.path.join(folder, "d", "broken.json"), "w") as f:
        f.write('{"vramfit": 1,\n "x": }')
    result = json.loads(run("json"))
    rules = [r for d in result["deployments"] for r in d["rules"]]
    need("json: rules", sorted(set(rules)) == ["model-unknown", "no-fit", "not-judged", "option-invalid", "option-not-read"])
    need("json: error with its line", [(e["file"], e["line"]) for e in result["errors"]] == [("d/broken.json", 2)])

    junit = run("junit")
    suites = ET.fromstring(junit).findall("testsuite")
    need("junit: suites", [s.get("tests") for s in suites] == ["6", "1"])
    need("junit: failures", sum(len(s.findall("testcase/failure")) for s in suites) == int(suites[0].get("failures")))
    need("junit: skipped", sum(len(s.findall("testcase/skipped")) for s in suites) == int(suites[0].get("skipped")))
    need("junit: error", len(suites[1].findall("testcase/error")) == 1)

    sarif = json.loads(run("sarif"))
    results = sarif["runs"][0]["results"]
    ids = [r["id"] for r in sarif["runs"][0]["tool"]["driver"]["rules"]]
    need("sarif: findings", [r["ruleId"] for r in results] == rules)
    need("sarif: index of rules", all(ids[r["ruleIndex"]] == r["ruleId"] for r in results))
    need("sarif: URIs", results[0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "d/a%20b%25.json")
    need("sarif: unreadable", sarif["runs"][0]["invocations"][0]["executionSuccessful"] is False)

    quality = json.loads(run("codequality"))
    need("codequality: findings", [q["check_name"] for q in quality] == rules + ["cannot-read"])
    need("codequality: names", len({q["fingerprint"] for q in quality}) == len(quality))

    rows = list(csv.DictReader(io.StringIO(run("csv"))))
    need("csv: rows", [r["verdict"] for r in rows] == [d["verdict"] or "" for d in result["deployments"]])
    need("csv: formulas", not any(c[:1] in "=@" for r in rows for c in r.values() if c))

    tap = run("tap").splitlines()
    need("tap: plan", tap[0] == "TAP version 14" and tap[-1] == "1..7")
    need("tap: lines", len([t for t in tap if re.match(r"(not )?ok \d+ - ", t)]) == 7)
    need("tap: directives", not any(re.search(r"(?<!\\)# SKIP %0A", t) for t in tap if t.startswith(("ok", "not ok"))))

    github = [line for line in run("github").splitlines() if line]
    need("github: commands", all(re.match(r"::(error|warning|notice) file=", g) for g in github))
    need("github: findings", len(github) == len(rules) + 1)

    table = [line for line in run("markdown").splitlines() if line]
    cells = [len(re.findall(r"(?<!\\)\|", line)) for line in table]
    need("markdown: cells", len(set(cells)) == 1 and len(table) == 2 + 6)
    summary = run("summary")
    need("summary: markup", "<x" not in summary)
    need("baseline", len(json.loads(run("baseline"))["deployments"]) == len([d for d in result["deployments"] if d["rules"]]))

    published = os.environ.get("VRAMFIT_PUBLISHED")
    if published:
        import jsonschema
        schema = json.load(open(os.path.join(published, "sarif-schema-2.1.0.json")))
        need("sarif: by its schema", not list(jsonschema.Draft7Validator(schema).iter_errors(sarif)))
        with open(os.path.join(folder, "junit.xml"), "w") as f:
            f.write(junit)
        p = subprocess.run(["xmllint", "--noout", "--schema", os.path.join(published, "JUnit.xsd"), os.path.join(folder, "junit.xml")],
                           capture_output=True, text=True)
        need("junit: by its schema: " + p.stderr[:300], p.returncode == 0)
# Many deployments take no more memory than a few, and an interrupted run leaves no file half-written.
with tempfile.TemporaryDirectory() as folder:
    many = os.path.join(folder, "many.json")
    with open(many, "w") as f:
        json.dump({"services": {"s%d" % i: {"image": "vllm/vllm-openai", "command": ["--model", "Qwen/Qwen3-4B", "--max-model-len",
                                            str(4096 + i)]} for i in range(3000)}}, f)
    p = subprocess.Popen([vramfit, "check", "--gpu", "h100", "--format", "csv", many], stdout=subprocess.PIPE)
    lines = len(p.stdout.read().splitlines())
    _, status, usage = os.wait4(p.pid, 0)
    sanitized = b"__asan_init" in open(vramfit, "rb").read()
    need("many: all are told", lines == 3001 and os.WEXITSTATUS(status) == 0)
    need("many: %d KiB" % usage.ru_maxrss, sanitized or usage.ru_maxrss < 48 << 10)
    p = subprocess.Popen([vramfit, "check", "--quiet", "--write-baseline", "b.json", "-", many], cwd=folder, stdin=subprocess.PIPE)
    for _ in range(500):  # it opens its files before it reads standard input, and listens to signals before that
        if [n for n in os.listdir(folder) if n.startswith("b.json")]:
            break
        time.sleep(0.01)
    p.send_signal(signal.SIGINT)
    p.stdin.close()
    need("interrupted: exit", p.wait() == 130)
    need("interrupted: files", sorted(os.listdir(folder)) == ["many.json"])
print("%d failed" % failed)
sys.exit(1 if failed else 0)
