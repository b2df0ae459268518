#!/usr/bin/env python3
"""Holds the public headers to what they promise.

usage: headers.py SOURCE_DIR CC CXX      (CXX may be empty: no C++ compiler)

Each header compiles alone, as C11 and as C++17. Every function that returns a status must be used; every function has
a comment and a test that calls it, from several threads, too (tests/unit/test_threads.c); each of its pointers is NULL
once in tests/unit/test_face.c (refuses or takes).
Values of enums are written out, and the same as in tests/unit/pinned.def. Structs that begin with their size have an
_init(). vramfit.h stays short."""
import glob
import os
import re
import subprocess
import sys
import tempfile

source, compilers = sys.argv[1], {"c": sys.argv[2], "cpp": sys.argv[3]}
standards = {"c": "-std=c11", "cpp": "-std=c++17"}
MOST_LINES = 600
paths = sorted(glob.glob(os.path.join(source, "include", "vramfit", "*.h")))
problems = []


def read(*parts):
    with open(os.path.join(source, *parts), encoding="utf-8") as f:
        return f.read()


def complain(path, what):
    problems.append("%s: %s" % (os.path.basename(path), what))


def compile_alone(path, language):
    if compilers[language] == "":
        return
    with tempfile.TemporaryDirectory() as folder:
        program = os.path.join(folder, "alone." + language)
        with open(program, "w") as f:
            f.write("#include <vramfit/%s>\nint main(void);\nint main(void) { return 0; }\n" % os.path.basename(path))
        command = compilers[language].split() + [standards[language], "-Wall", "-Wextra", "-Wpedantic", "-Werror",
                                                 "-fsyntax-only", "-I" + os.path.join(source, "include"), program]
        p = subprocess.run(command, capture_output=True, text=True)
    if p.returncode != 0:
        complain(path, "does not compile alone: " + p.stderr.split("\n")[0])


def without_comments(text):
    return re.sub(r"/\*.*?\*/", " ", text, flags=re.S)


def check_function(path, text, match, face, threads):
    before, returns, name, parameters = text[:match.start()], match.group(1), match.group(2), match.group(3)
    fallible = "vf_status" in returns.split()
    if fallible and "VF_MUST_USE" not in returns:
        complain(path, "%s: a status that may be ignored: VF_MUST_USE is missing" % name)
    # A comment stands above it, or above the functions that it is in one block with.
    block = before[before.rfind("\n\n"):]
    if "*/" not in block and not name.endswith("_free"):
        complain(path, "%s: no comment" % name)
    if name + "(" not in face:
        complain(path, "%s: tests/unit/test_face.c does not call it" % name)
    if not fallible:
        return
    if name + "(" not in threads:
        complain(path, "%s: tests/unit/test_threads.c does not call it" % name)
    for p in parameters.split(","):
        argument = p.split()[-1].lstrip("*")
        pointer = "*" in p or "vf_write_fn" in p
        if not pointer or argument in ("err", "user"):
            continue
        if not re.search(r'(refuses|takes)\("%s",\s*%s\(' % (argument, name), face):
            complain(path, "%s: %s is never NULL in tests/unit/test_face.c" % (name, argument))


def check_enums(path, text, pinned):
    for body in re.findall(r"typedef enum \w+ \{(.*?)\} \w+;", without_comments(text), re.S):
        for name, value in re.findall(r"\b(VF_\w+)\b(?:\s*=\s*(\w+))?", body):
            if name in ("VF_STATUS_ENUM", "VF_STATUS_MAP") or name.endswith("_COUNT"):
                continue
            if value == "value":
                continue
            if value == "":
                complain(path, "%s: its value is not written out" % name)
            elif pinned.get(name) != value:
                complain(path, "%s = %s: tests/unit/pinned.def has %s" % (name, value, pinned.get(name)))


face = read("tests", "unit", "test_face.c")
threads = read("tests", "unit", "test_threads.c")
pinned = dict(re.findall(r"X\((\w+), (\d+)\)", read("tests", "unit", "pinned.def")))
functions = 0
for path in paths:
    text = read(path)
    for language in standards:
        compile_alone(path, language)
    for match in re.finditer(r"^VF_API\s+([^;{}]*?)\b(vf_\w+)\(([^;]*?)\);", text, re.S | re.M):
        check_function(path, text, match, face, threads)
        functions += 1
    check_enums(path, text, pinned)
    for struct in re.findall(r"typedef struct (\w+) \{\s*size_t struct_size;", text):
        if "static inline %s %s_init(void)" % (struct, struct) not in text:
            complain(path, "%s: begins with its size, and has no _init()" % struct)
        if "BEGINS_WITH_SIZE(%s)" % struct not in face:
            complain(path, "%s: tests/unit/test_face.c does not hold its first member" % struct)
    if os.path.basename(path) == "vramfit.h" and text.count("\n") > MOST_LINES:
        complain(path, "%d lines, more than %d" % (text.count("\n"), MOST_LINES))
for p in problems:
    print(p)
if compilers["cpp"] == "":
    print("no C++ compiler: compiled as C alone")
print("%d headers, %d functions, %d problems" % (len(paths), functions, len(problems)))
sys.exit(len(problems) != 0 or functions == 0)
