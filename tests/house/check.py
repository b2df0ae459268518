#!/usr/bin/env python3
"""How the house stands: check.py FOLDER OBJECTS [--report]

Fails on what must not be: an include or a symbol that points up a floor, rooms that need each other in a circle, a
command line that looks past the public headers, more than 500 lines of vramfit.h. --report prints for the reader:
lengths of functions, the share of comments and the lines that stand more than once, room by room. Symbols come from
nm over the folder OBJECTS (as CMake lays them out); without nm the includes alone are checked. Python's standard library only.
"""
import collections, os, re, subprocess, sys

# The floors of docs/house.md, from the ground. Rooms of one floor do not know each other, except where it is said.
FLOORS = [["base"], ["core"], ["models", "engines"], ["readers"], ["machine", "stores"], ["deploy"], ["solve", "look"],
          ["report"], ["cli"]]
LEVEL = {room: i for i, rooms in enumerate(FLOORS) for room in rooms}
APART = {"embed", "hostless"}  # programs that run while building, and what stands in for other rooms
BESIDE = {("machine", "stores"), ("stores", "machine")}


def sources(folder):
    for top in ("src", "include"):
        for path, _, names in os.walk(os.path.join(folder, top)):
            for name in sorted(names):
                if name.endswith((".c", ".h", ".def")):
                    yield os.path.relpath(os.path.join(path, name), folder)


def room_of(path):
    return path.split("/")[1] if path.startswith("src/") else "include"


def is_up(here, there):
    """Whether `here` may not know `there`."""
    if here == there or here in APART or there not in LEVEL or here not in LEVEL:
        return False
    return LEVEL[there] > LEVEL[here] or (LEVEL[there] == LEVEL[here] and (here, there) not in BESIDE)


def include_arrows(folder):
    arrows = []
    for path in sources(folder):
        for n, line in enumerate(open(os.path.join(folder, path), encoding="utf-8"), 1):
            m = re.match(r'\s*#\s*include\s+"([^"]+)"', line)
            if m and os.path.exists(os.path.join(folder, "src", m.group(1))):
                arrows.append((path, n, "src/" + m.group(1)))
    return arrows


def file_circles(arrows):
    """Headers that include each other, in the end."""
    out = collections.defaultdict(set)
    for a, _, b in arrows:
        out[a].add(b)
    found = []
    for start in [p for p in out if p.endswith((".h", ".def"))]:
        seen, stack = set(), list(out[start])
        while stack:
            at = stack.pop()
            if at == start:
                found.append(start)
                break
            if at not in seen:
                seen.add(at)
                stack.extend(out.get(at, ()))
    return found


def objects_below(folder, objects):
    """object -> source, both as paths below their folders"""
    found = {}
    for path, _, names in os.walk(objects):
        for name in names:
            obj = os.path.relpath(os.path.join(path, name), objects)
            source = os.path.join("src", obj[:-2])
            if name.endswith(".c.o") and os.path.exists(os.path.join(folder, source)):
                found[obj] = source
    return found


def symbols(folder, objects):
    """(who defines a symbol, who needs which) over the objects below `objects`, which lie as their sources do."""
    defined, needed, sources = {}, [], objects_below(folder, objects)
    try:
        text = subprocess.run(["nm", "-A"] + sorted(sources), cwd=objects, capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return None
    for line in text.splitlines():
        m = re.match(r"(.*?):[0-9a-f]*\s+([A-Za-z]) (\S+)$", line)
        if m and m.group(2) in "TDRBC":
            defined[m.group(3)] = sources[m.group(1)]
        elif m and m.group(2) == "U":
            needed.append((sources[m.group(1)], m.group(3)))
    return defined, needed


def functions(text):
    """(name, lines) of each function: its head starts in the first column, its last brace stands there alone."""
    head, start = None, None
    for i, line in enumerate(text.split("\n")):
        if start is None:
            m = re.match(r"^[A-Za-z_][\w\s*]*?\b(\w+)\(", line)
            if m and not line.endswith((";", ",")) or m and line.endswith(",") and "=" not in line:
                head = (m.group(1), i)
            if head is not None and line.endswith("{") and "=" not in line:
                start = head
            elif line.endswith((";", "}")):
                head = None
        elif line == "}":
            yield start[0], i - start[1] + 1
            head = start = None


def comment_share(text):
    inside = re.findall(r"/\*.*?\*/", text, re.S)
    rulers = sum(1 for c in inside if "----" in c)
    return sum(c.count("\n") + 1 for c in inside) - rulers


def report(folder):
    rooms = collections.defaultdict(lambda: {"files": 0, "lines": 0, "comments": 0, "lengths": [], "blocks": 0})
    blocks = collections.defaultdict(set)
    for path in sources(folder):
        text = open(os.path.join(folder, path), encoding="utf-8").read()
        r = rooms[room_of(path)]
        r["files"] += 1
        r["lines"] += text.count("\n")
        r["comments"] += comment_share(text)
        if path.endswith(".c"):
            r["lengths"] += [(n, name, path) for name, n in functions(text)]
        lines = [re.sub(r"\s+", " ", x).strip() for x in text.split("\n")]
        lines = [x for x in lines if len(x) > 3 and not x.startswith("#include")]
        for i in range(len(lines) - 5):
            blocks[tuple(lines[i:i + 6])].add((path, i))
    print("%-10s %5s %7s %6s %7s %4s %4s %9s" % ("room", "files", "lines", "funcs", "median", "p90", "max", "comments"))
    every = []
    for room in sorted(rooms, key=lambda x: LEVEL.get(x, 99)):
        r = rooms[room]
        n = sorted(x[0] for x in r["lengths"])
        every += r["lengths"]
        if n:
            print("%-10s %5d %7d %6d %7d %4d %4d %8.1f%%" % (room, r["files"], r["lines"], len(n), n[len(n) // 2],
                  n[len(n) * 9 // 10], n[-1], 100.0 * r["comments"] / r["lines"]))
    print("\nlongest functions")
    for n, name, path in sorted(every, reverse=True)[:12]:
        print("  %3d  %s  %s" % (n, name, path))
    print("\nsix lines that stand more than once")
    for block, at in sorted(blocks.items(), key=lambda b: -len(b[1])):
        if len({p for p, _ in at}) > 1:
            print("  %s: %s" % (", ".join(sorted({p for p, _ in at})), block[0][:60]))


def main():
    folder, objects = sys.argv[1], sys.argv[2]
    wrong = []
    arrows = include_arrows(folder)
    for path, line, target in arrows:
        if is_up(room_of(path), room_of(target)):
            wrong.append("%s:%d: %s includes what stands above or beside it: %s" % (path, line, room_of(path), target))
        if room_of(path) == "cli" and room_of(target) != "cli":
            wrong.append("%s:%d: the program uses the public headers alone, not %s" % (path, line, target))
    wrong += ["%s: includes itself, in the end" % p for p in sorted(set(file_circles(arrows)))]
    found = symbols(folder, objects)
    said = "nm is missing: includes alone were looked at"
    if found is not None:
        defined, needed = found
        said = "%d symbols, %d uses" % (len(defined), len(needed))
        for path, symbol in needed:
            if symbol in defined and is_up(room_of(path), room_of(defined[symbol])):
                wrong.append("%s: %s uses %s of %s, above or beside it" % (path, room_of(path), symbol, defined[symbol]))
    face = open(os.path.join(folder, "include/vramfit/vramfit.h"), encoding="utf-8").read().count("\n")
    if face > 600:
        wrong.append("include/vramfit/vramfit.h: %d lines; it keeps to 600" % face)
    if "--report" in sys.argv:
        report(folder)
    print("\n".join(wrong) if wrong else "nothing points up: %d includes, %s" % (len(arrows), said))
    return 1 if wrong else 0


sys.exit(main())
