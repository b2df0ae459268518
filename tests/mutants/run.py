#!/usr/bin/env python3
"""Changes one operator or number of the source at a time, and asks whether a test notices.

usage: run.py COUNT [SEED] [--build FOLDER] [--log FILE] [--only FILE...] [--slowest SECONDS] [--budget SECONDS]

COUNT places are drawn at random (SEED; 20), none twice, from src/core, src/engines and src/readers of a copy of the working
tree; each is changed alone, built, and tested until a test fails twice.  What makes a mutant cheap, a second or two where
the machine is free:

- One link.  The library is built shared and shows everything, so that no program is linked anew with it.
- A map of which tests run which line, made once by gcov in a second build and kept in FOLDER until a file changes.  A
  mutant is asked of the tests that run its line; where none does, nothing can notice it.  Lines without code of their
  own (tables, the middle of an expression) are asked of every test that runs something of their file.
- The order.  Tests that noticed much in little time and run much of the file go first, as learnt on the way; after a
  budget of SECONDS (60) a mutant counts as one that nothing noticed.

A mutant that does not compile, or that the compiler makes the same object of (-O2), is drawn anew; one with which the
catalogs cannot be embedded any more is noticed by that, and one that embeds others is asked of every test.  Left out, which
can only make the figure worse: tests that fail or are skipped without any mutant, take longer than SECONDS (60), or stand
in OTHERS below.  Those that nothing noticed are listed: each is a missing test, was short of time, or changes nothing that
can be seen.  gcc and gcov 9 or later; ninja, and ccache where it is.  Python's standard library only.
"""
import argparse, concurrent.futures, hashlib, json, os, random, re, resource, shutil, signal, subprocess, sys, time

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
ROOMS = ("src/core", "src/engines", "src/readers")
# No tests of what this tree computes; and those that take minutes, mostly to ask anew what others ask.
OTHERS = re.compile(r"(consumers_.*|headers|house|oracle_live|gpu|test_inverse|docs_accuracy|speeds|hostile_names)$")

# What is changed into what.  Within strings, comments and preprocessor lines nothing is.
CHANGES = [(r"(?<![<>=!-])<(?![<=])(?=\s)", "<="), (r"(?<![<>=!-])>(?![>=])(?=\s)", ">="), (r"<=", "<"), (r">=(?!=)", ">"), (r"==", "!="),
           (r"!=", "=="), (r"&&", "||"), (r"\|\|", "&&"), (r"(?<=\s)\+(?=\s)", "-"), (r"(?<=\s)-(?=\s)", "+"), (r"(?<=\w\s)\*(?=\s\w)", "+"),
           (r"(?<=\s)/(?=\s)", "*"), (r"\+\+", "--"), (r"(?<![\w.])0(?![\w.])", "1"), (r"(?<![\w.])1(?![\w.])", "2"), (r"(?<![\w.])2(?![\w.])", "3"),
           (r"\btrue\b", "false"), (r"\bfalse\b", "true"), (r"\+=", "-="), (r"(?<=return )VF_OK(?=;)", "VF_MALFORMED")]


# ---- Places -------------------------------------------------------------------------------------
def hash_of(path):
    return hashlib.sha256(open(path, "rb").read()).hexdigest() if os.path.exists(path) else ""


def code_of(text):
    """The text with everything that is no code blanked out, so that places agree."""
    blank = lambda m: re.sub(r"[^\n]", " ", m.group(0))
    text = re.sub(r"/\*.*?\*/", blank, text, flags=re.S)
    text = re.sub(r'"(?:\\.|[^"\\\n])*"', blank, text)
    text = re.sub(r"'(?:\\.|[^'\\\n])'", blank, text)
    text = re.sub(r"//[^\n]*", blank, text)
    return re.sub(r"^[ \t]*#(?:[^\n\\]|\\\n|\\.)*", blank, text, flags=re.M)


def places(tree):
    found = []
    for room in ROOMS:
        for folder, _, names in sorted(os.walk(os.path.join(tree, room))):
            for name in sorted(n for n in names if n.endswith(".c")):
                path = os.path.join(folder, name)
                code = code_of(open(path, encoding="utf-8").read())
                for pattern, instead in CHANGES:
                    found += [(path, m.start(), m.end(), instead) for m in re.finditer(pattern, code)]
    return sorted(found)


def copy(tree):
    """Brings the working tree's files there, each only where it differs, and returns a hash of them all."""
    names = subprocess.check_output(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=TOP).decode().split("\0")
    names = sorted(n for n in names if os.path.isfile(os.path.join(TOP, n)) and not n.startswith("tests/mutants/"))
    wanted = {os.path.join(tree, n) for n in names}
    for path in (os.path.join(folder, n) for folder, _, there in os.walk(tree) for n in there):
        if path not in wanted:
            os.remove(path)
    for source, target in ((os.path.join(TOP, n), os.path.join(tree, n)) for n in names):
        if hash_of(source) != hash_of(target):
            os.makedirs(os.path.dirname(target), exist_ok=True)
            shutil.copy(source, target)
    return hashlib.sha256("".join(n + hash_of(os.path.join(tree, n)) for n in names).encode()).hexdigest()


# ---- Building and running -----------------------------------------------------------------------
def bounded():
    os.setsid()
    resource.setrlimit(resource.RLIMIT_AS, (8 << 30, 8 << 30))  # a mutant may ask for everything


def start(command, **more):
    return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, preexec_fn=bounded, **more)


def finish(process, seconds):
    """Its exit status, or None where it was still running after that time."""
    try:
        return process.wait(seconds)
    except subprocess.TimeoutExpired:
        return end(process)


def end(process):
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    process.wait()


def make(build, target, seconds=600):
    return finish(start(["ninja", "-C", build, "-j", "2", "-k", "0", target]), seconds)


def configure(tree, build, flags):
    options = ["-DCMAKE_C_COMPILER_LAUNCHER=ccache"] if shutil.which("ccache") else []
    options += ["-DVRAMFIT_TESTS=ON", "-DCMAKE_BUILD_TYPE=None", "-DBUILD_SHARED_LIBS=ON", "-DCMAKE_C_VISIBILITY_PRESET=default",
                "-DCMAKE_LINK_DEPENDS_NO_SHARED=ON", "-DCMAKE_C_FLAGS=" + flags]
    if finish(start(["cmake", "-G", "Ninja", "-S", tree, "-B", build] + options), 600) or make(build, "all", 3600):
        sys.exit("mutants: the tree does not build")


def tests_of(build):
    """Every test's command and folder, by name."""
    said = json.loads(subprocess.check_output(["ctest", "--test-dir", build, "--show-only=json-v1"]))
    where = lambda t: next((p["value"] for p in t["properties"] if p["name"] == "WORKING_DIRECTORY"), build)
    return {t["name"]: (t["command"], where(t)) for t in said["tests"] if not OTHERS.match(t["name"])}


# ---- The map: which test runs which line --------------------------------------------------------
def objects_in(build):
    for room in ROOMS:
        for folder, _, names in os.walk(os.path.join(build, "CMakeFiles/vramfit_objects.dir", room)):
            for name in names:
                yield os.path.join(folder, name)


def lines_run(build, slot, command, folder):
    """Runs a test whose counts go below the folder SLOT: {file: lines that it ran}, {file: lines with code}."""
    finish(start(command, cwd=folder, env=dict(os.environ, GCOV_PREFIX=slot)), 1200)
    counts = [slot + o[:-5] + ".gcda" for o in objects_in(build) if o.endswith(".gcno")]
    counts = [c for c in counts if os.path.exists(c)]
    ran, code = {}, {}
    said = subprocess.run(["gcov", "--json-format", "--stdout"] + counts, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout if counts else b""
    for document in (json.loads(l) for l in said.split(b"\n") if l.startswith(b"{")):
        for f in document["files"]:
            name = f["file"][f["file"].rfind("/src/") + 1:]
            if name.startswith(ROOMS) and name.endswith(".c"):
                code[name] = [l["line_number"] for l in f["lines"]]
                ran[name] = [l["line_number"] for l in f["lines"] if l["count"]]
    for c in counts:
        os.remove(c)
    return ran, code


def measured(build, slowest):
    """{test: seconds} of those that pass within SLOWEST seconds, and the names of the others."""
    def seconds_of(test):
        began = time.time()
        passed = finish(start(test[0], cwd=test[1]), slowest) == 0
        return time.time() - began if passed else None

    tests = tests_of(build)
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        seconds = dict(zip(tests, pool.map(seconds_of, tests.values())))
    return {n: s for n, s in seconds.items() if s is not None}, [n for n, s in seconds.items() if s is None]


def map_of(folder, tree, wanted):
    """{test: {file: lines that it runs}} and {file: lines with code}, made by running each of the tests once."""
    build = os.path.join(folder, "map")
    configure(tree, build, "-O0 --coverage -fprofile-abs-path -w")
    slots = [os.path.join(folder, "counts%d" % i) for i in range(2)]
    for slot in slots:  # gcov looks for a file's notes beside its counts
        shutil.rmtree(slot, ignore_errors=True)
        for notes in (o for o in objects_in(build) if o.endswith(".gcno")):
            os.makedirs(os.path.dirname(slot + notes), exist_ok=True)
            os.symlink(notes, slot + notes)
    tests, code = {}, {}

    def one(name, command, where):
        slot = slots.pop()
        try:
            return name, lines_run(build, slot, command, where)
        finally:
            slots.append(slot)

    with concurrent.futures.ThreadPoolExecutor(len(slots)) as pool:
        for task in [pool.submit(one, name, *test) for name, test in tests_of(build).items() if name in wanted]:
            name, (ran, with_code) = task.result()
            tests[name] = ran
            code.update(with_code)
    return tests, code


def kept(folder, key, make_it):
    """What make_it() returned for the same files before, or returns now."""
    path = os.path.join(folder, "map.json")
    if os.path.exists(path):
        was = json.load(open(path))
        if was["key"] == key:
            return was
    made = dict(make_it(), key=key)
    json.dump(made, open(path, "w"))
    return made


def by_line(tests, code):
    """Which tests run a line, {(file, line): tests}, and which run something of a file, {file: tests}."""
    lines = {(f, n): set() for f, numbers in code.items() for n in numbers}
    files = {}
    for test, ran in tests.items():
        for f, numbers in ran.items():
            for n in numbers:
                lines[f, n].add(test)
            if numbers:
                files.setdefault(f, set()).add(test)
    return lines, files


# ---- Judging ------------------------------------------------------------------------------------
class Suite:
    """The tests, with what each costs, what of each file it runs, and how often it noticed a mutant."""

    def __init__(self, build, seconds, ran, budget):
        self.tests, self.seconds, self.ran, self.budget = tests_of(build), seconds, ran, budget
        self.asked, self.noticed = {}, {}

    def worth(self, test, name):
        """How likely it is to notice something in a file, by what it noticed before and runs of that, for each second."""
        rate = (self.noticed.get(test, 0) + 1) / (self.asked.get(test, 0) + 2)
        return rate * (1 + len(self.ran[test].get(name, ()))) / (self.seconds[test] + 0.05)

    def fails(self, test):
        """Asked once more: on a busy machine what is short of time fails without a mutant, too."""
        return finish(start(self.tests[test][0], cwd=self.tests[test][1]), 20 + 10 * self.seconds[test]) != 0

    def first_to_notice(self, tests, name):
        """A test that fails with this file changed; "": each of them passes, or time is up.  Two run at a time."""
        waiting, running, until = sorted(tests, key=lambda t: self.worth(t, name)), {}, time.time() + self.budget
        while (waiting or running) and time.time() < until:
            while waiting and len(running) < 2:
                test = waiting.pop()
                running[test] = start(self.tests[test][0], cwd=self.tests[test][1]), time.time() + 20 + 10 * self.seconds[test]
            time.sleep(0.002)
            for test, (process, end_by) in list(running.items()):
                if process.poll() is None and time.time() < end_by:
                    continue
                failed = process.poll() != 0
                end(process)
                del running[test]
                failed = failed and self.fails(test)
                self.asked[test] = self.asked.get(test, 0) + 1
                self.noticed[test] = self.noticed.get(test, 0) + failed
                if failed:
                    for other, _ in running.values():
                        end(other)
                    return test
        for process, _ in running.values():
            end(process)
        return ""


def say(log, text):
    print(text, flush=True)
    if log:
        open(log, "a").write(text + "\n")


class Mutants:
    """A built tree of which one place at a time is another one."""

    def __init__(self, tree, build, suite, lines, files):
        self.tree, self.build, self.suite, self.lines, self.files = tree, build, suite, lines, files
        self.catalogs = os.path.join(build, "catalog_builtin.c")

    def asked(self, name, line):
        """The tests that could notice a change of this line."""
        return self.lines.get((name, line), self.files.get(name, ()))

    def noticed_by(self, name, line, text):
        """Who notices that the file is this text; "": nobody does; None: it does not compile, or to the same object."""
        path, compiled = os.path.join(self.tree, name), os.path.join(self.build, "CMakeFiles/vramfit_objects.dir", name + ".o")
        was, embedded = open(path, encoding="utf-8").read(), hash_of(self.catalogs)
        object_was = hash_of(compiled)
        try:
            open(path, "w", encoding="utf-8").write(text)
            status = make(self.build, "libvramfit.so", 120)
            if hash_of(compiled) in ("", object_was):
                return None
            if status != 0:
                return "embedding the catalogs"
            tests = self.suite.seconds if hash_of(self.catalogs) != embedded else self.asked(name, line)
            return self.suite.first_to_notice(tests, name)
        finally:
            open(path, "w", encoding="utf-8").write(was)
            make(self.build, "libvramfit.so")


def main():
    p = argparse.ArgumentParser()
    p.add_argument("count", type=int)
    p.add_argument("seed", type=int, nargs="?", default=20)
    p.add_argument("--build", default=os.path.join(TOP, "build-mutants"))
    p.add_argument("--log")
    p.add_argument("--only", nargs="+", help="files: places in those alone")
    p.add_argument("--slowest", type=float, default=60, help="seconds that a test may take")
    p.add_argument("--budget", type=float, default=60, help="seconds of tests that a mutant may take")
    o = p.parse_args()
    tree, build = os.path.join(o.build, "tree"), os.path.join(o.build, "build")
    os.environ.pop("VRAMFIT_CORPUS", None)
    os.makedirs(o.build, exist_ok=True)
    key = copy(tree)
    configure(tree, build, "-O2 -fno-semantic-interposition -w")

    def learn():
        seconds, others = measured(build, o.slowest)
        tests, code = map_of(o.build, tree, seconds)
        return {"seconds": seconds, "others": others, "tests": tests, "code": code}

    known = kept(o.build, "%s %g" % (key, o.slowest), learn)
    suite = Suite(build, known["seconds"], known["tests"], o.budget)
    mutants = Mutants(tree, build, suite, *by_line(known["tests"], known["code"]))
    every = [x for x in places(tree) if not o.only or os.path.relpath(x[0], tree) in o.only]
    random.Random(o.seed).shuffle(every)
    say(o.log, "%d tests of %d places; left out: %s" % (len(suite.seconds), len(every), ", ".join(known["others"]) or "none"))
    count, alive = 0, []
    for path, begin, stop, instead in every:
        if count == o.count:
            break
        name, text, began = os.path.relpath(path, tree), open(path, encoding="utf-8").read(), time.time()
        line = text.count("\n", 0, begin) + 1
        by = mutants.noticed_by(name, line, text[:begin] + instead + text[stop:])
        if by is None:
            continue
        count += 1
        what = "%s:%d  %s -> %s  %s" % (name, line, text[begin:stop], instead, text.split("\n")[line - 1].strip()[:90])
        if not by:
            alive.append(what + ("" if mutants.asked(name, line) else "  [no test runs it]"))
        say(o.log, "%s  (%.1f s)" % ("noticed  " + what + "  by " + by if by else "SURVIVED " + alive[-1], time.time() - began))
    say(o.log, "\n".join(["%d mutants, %d noticed: %d %%" % (count, count - len(alive), 100 * (count - len(alive)) // max(count, 1))] + alive))


if __name__ == "__main__":
    main()
