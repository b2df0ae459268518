#!/usr/bin/env python3
"""Lines and branches that the tests run, by room: rooms.py BUILD [--lines ROOM...]

BUILD was configured with -DCMAKE_BUILD_TYPE=Debug and -DCMAKE_C_FLAGS="-O0 --coverage -fprofile-abs-path
-fprofile-update=atomic" (there are tests with threads) and has run the tests. Prints the table of docs/reliability.md, and with --lines the lines of some rooms that nothing ran. gcov of gcc 9
or later; Python's standard library only.
"""
import collections, concurrent.futures, gzip, json, os, subprocess, sys


def notes_of(build):
    for folder, _, names in os.walk(build):
        for name in names:
            if name.endswith(".gcno") and ("vramfit_objects.dir" in folder or "vramfit_cli.dir" in folder):
                yield os.path.join(folder, name)


def read(path):
    run = subprocess.run(["gcov", "--json-format", "--stdout", "--branch-probabilities", path], stdout=subprocess.PIPE,
                         stderr=subprocess.DEVNULL, cwd=os.path.dirname(path))
    return [json.loads(l) for l in run.stdout.split(b"\n") if l.startswith(b"{")]


def main():
    build, wanted = os.path.abspath(sys.argv[1]), sys.argv[3:] if len(sys.argv) > 2 else []
    lines, branches = collections.defaultdict(dict), collections.defaultdict(dict)
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for documents in pool.map(read, sorted(notes_of(build))):
            for d in documents:
                for f in d["files"]:
                    path = os.path.normpath(os.path.join(d.get("current_working_directory", ""), f["file"]))
                    at = path.rfind("/src/")
                    if at < 0:
                        continue
                    name = path[at + 5:]
                    for l in f["lines"]:
                        key = (name, l["line_number"])
                        lines[name.split("/")[0]][key] = lines[name.split("/")[0]].get(key, 0) + l["count"]
                        for i, b in enumerate(l["branches"]):
                            k = key + (i, l.get("function_name", ""))
                            branches[name.split("/")[0]][k] = branches[name.split("/")[0]].get(k, 0) + b["count"]
    rooms = ["base", "core", "readers", "models", "engines", "machine", "deploy", "solve", "look", "report", "cli"]
    print("| room | lines | branches |\n|---|---|---|")
    sums = [0, 0, 0, 0]
    for room in rooms:
        n, ran = len(lines[room]), sum(c > 0 for c in lines[room].values())
        m, took = len(branches[room]), sum(c > 0 for c in branches[room].values())
        sums = [a + b for a, b in zip(sums, (n, ran, m, took))]
        print("| %s | %.1f %% of %s | %.1f %% |" % (room, 100 * ran / max(n, 1), format(n, ","), 100 * took / max(m, 1)))
    print("| all | %.1f %% of %s | %.1f %% |" % (100 * sums[1] / sums[0], format(sums[0], ","), 100 * sums[3] / sums[2]))
    for room in wanted:
        for (name, line), count in sorted(lines[room].items()):
            if count == 0:
                print("%s:%d" % (name, line))
    return 0


if __name__ == "__main__":
    sys.exit(main())
