#!/usr/bin/env python3
"""Every malformed input through the program: run.py VRAMFIT [--bless] [PATTERN]

cases() of gguf_cases.py, checkpoint_cases.py and text_cases.py build the inputs; expected.tsv says what each of them must be
answered with: exit status and the line on standard error (place and reason), or the verdict.  Whatever is said: no run may
end by a signal, take more than two seconds or more than 64 MiB, print a raw control character, a bidirectional override or
a line that GitHub takes for a command, or say more than one line for status 2; and what is called a FITS must be expected.
--bless writes expected.tsv anew: read what changed.
"""
import os, re, resource, shutil, subprocess, sys, tempfile, time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
sys.dont_write_bytecode = True
import checkpoint_cases, gguf_cases, text_cases

HERE = os.path.dirname(os.path.abspath(__file__))
SECONDS, KIB, WIDTH = 2.0, 64 << 10, 230
RAW = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def lay_out(folder, files):
    for path, data in files.items():
        size = None
        if isinstance(data, tuple):
            data, size = data
        path = os.path.join(folder, path)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as f:
            f.writelines(data() if callable(data) else [data])
            if size is not None:
                f.truncate(size)


def run(command, folder, environment):
    out, err = os.path.join(folder, ".out"), os.path.join(folder, ".err")
    start = time.monotonic()
    with open(out, "wb") as o, open(err, "wb") as e:
        p = subprocess.Popen(command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=o, stderr=e)
    while True:
        pid, status, usage = os.wait4(p.pid, os.WNOHANG)
        if pid:
            break
        if time.monotonic() - start > 20:
            p.kill()
            _, status, usage = os.wait4(p.pid, 0)
            break
        time.sleep(0.001)
    p.returncode = os.waitstatus_to_exitcode(status)
    with open(out, "rb") as o, open(err, "rb") as e:
        return p.returncode, o.read(), e.read(), usage


def told(status, out, err, arguments):
    """One line of what was answered: the reason, or the verdict."""
    line = err.split("\n")[0] if status == 2 and err else out.split("\n")[0]
    if status == 2 and not err:  # a check tells what it found in its page
        line = next((l.strip() for l in out.split("\n") if "error" in l.lower() or ": " in l), line)
    if status != 2 and arguments[0] in ("check", "place", "inspect"):
        line = re.sub(r"[-+]?\d[\d.,–-]*", "#", line)
    elif status != 2:
        line = line.split("  ")[0].split(" ")[0]
    line = re.sub(r"(?<=lists )\d+|(?<=\()\d+(?= are known)", "#", line)  # how many there are by now
    return line.replace("\t", " ")[:WIDTH]


def problems(status, out, err, usage, arguments):
    found = []
    seconds, kib = usage.ru_utime + usage.ru_stime, usage.ru_maxrss
    if status < 0 or status > 2:
        found.append("exit status %d" % status)
    if seconds > SECONDS and "ASAN_OPTIONS" not in os.environ:
        found.append("%.1f s" % seconds)
    # Linux counts what the process was before its exec, too: this program has to stay below the limit itself.
    if kib > KIB and "ASAN_OPTIONS" not in os.environ:
        found.append("%d MiB" % (kib >> 10))
    if status == 2 and err.count("\n") != 1 and not (err == "" and "check" in arguments):
        found.append("%d lines of errors" % err.count("\n"))
    if RAW.search(out) or RAW.search(err):
        found.append("raw control characters")
    if re.search(r"^\s*::", out + "\n" + err, re.M):
        found.append("a workflow command")
    return found


def main():
    arguments = [a for a in sys.argv[1:] if a != "--bless"]
    bless, vramfit = "--bless" in sys.argv, os.path.abspath(arguments[0])
    pattern = re.compile(arguments[1]) if len(arguments) > 1 else None
    table = os.path.join(HERE, "expected.tsv")
    expected = {}
    if os.path.exists(table):
        for line in open(table, encoding="utf-8"):
            if not line.startswith("#"):
                name, status, text = line.rstrip("\n").split("\t")
                expected[name] = (int(status), text)
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("VRAMFIT", "OLLAMA", "LLAMA"))}
    environment.update(LC_ALL="C.UTF-8", XDG_CONFIG_HOME="/nonexistent", HOME="/nonexistent")
    scratch, wrong, seen = tempfile.mkdtemp(), [], {}
    for module in (gguf_cases, checkpoint_cases, text_cases):
        for name, files, words in module.cases():
            if name in seen:
                wrong.append("%s: there are two cases of this name" % name)
            if pattern and not pattern.search(name):
                continue
            folder = os.path.join(scratch, "w")
            os.makedirs(folder)
            lay_out(folder, files)
            status, out, err, usage = run([vramfit] + words, folder, environment)
            shutil.rmtree(folder)
            out, err = out.decode("utf-8", "surrogateescape"), err.decode("utf-8", "surrogateescape")
            answer = (status, told(status, out, err, words))
            for p in problems(status, out, err, usage, words):
                wrong.append("%s: %s" % (name, p))
            if not bless and expected.get(name) != answer:
                wrong.append("%s: %s\n  not %s" % (name, answer, expected.get(name)))
            seen[name] = answer
    shutil.rmtree(scratch)
    if bless:
        expected.update(seen) if pattern else (expected := seen)
        with open(table, "w", encoding="utf-8", errors="surrogateescape") as f:
            f.write("# case\texit status\twhat is told\n")
            f.writelines("%s\t%d\t%s\n" % (n, *a) for n, a in expected.items())
    elif not pattern:
        wrong += ["%s: expected, but there is no such case" % n for n in expected if n not in seen]
    print("\n".join(wrong))
    print("%d cases, %d complaints" % (len(seen), len(wrong)))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
