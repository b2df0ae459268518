#!/usr/bin/env python3
"""Damaged model files: damaged.py VRAMFIT CORPUS [COUNT [SEED]]

COUNT (400) headers, drawn by SEED (the day's date) from the GGUF headers of CORPUS and from the small whole models of
malformed/make.py, and a quarter as many safetensors checkpoints, each damaged in one of the ways of `ways` below. No run may end by a signal, take two seconds or
64 MiB; and where a tensor of the whole file is missing in the damaged one, or has another shape, as this file's own
reader sees it, the answer may neither be FITS nor TIGHT nor RISKY. The failing ones are kept and named.
Python's standard library only.
"""
import datetime, json, os, random, re, resource, shutil, struct, subprocess, sys, tempfile, time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "malformed")]
sys.dont_write_bytecode = True
import make, missing

SECONDS, KIB = 2.0, 64 << 10
# llama.cpp loads files without these: the embedding serves as output, factors of rotation are those of the header.
OPTIONAL = re.compile(rb"^output\.weight$|rope_freqs|rope_factors|\.bias$")


def shapes(data):
    """{name: dimensions as they are written} as the file says it, or None where it cannot be read so far; of a name that stands twice nothing."""
    try:
        h = missing.Header(data)
    except (struct.error, IndexError, KeyError, UnicodeDecodeError, MemoryError, OverflowError):
        return None
    return {name: record[8 + len(name):-12] for name, record in h.tensors}  # how many, and each


def numbers(h, data):
    """Where a 32-bit or 64-bit number of the metadata stands."""
    out, at = [], 24
    for raw in h.keys:
        n = struct.unpack_from("<Q", raw, 0)[0]
        kind = struct.unpack_from("<I", raw, 8 + n)[0]
        if kind in (4, 5, 6, 10):
            out.append((at + 12 + n, "<Q" if kind == 10 else "<I"))
        at += len(raw)
    return out


def flip(r, h, data):
    data = bytearray(data)
    for _ in range(r.choice((1, 1, 2, 4, 16))):
        data[r.randrange(len(data))] ^= 1 << r.randrange(8)
    return bytes(data)


def flip_in_tensors(r, h, data):
    start = data.index(h.tensors[0][1])
    data = bytearray(data)
    for _ in range(r.choice((1, 1, 3))):
        data[r.randrange(start, len(data))] ^= 1 << r.randrange(8)
    return bytes(data)


def cut(r, h, data):
    return data[:r.randrange(1, len(data))]


def zero(r, h, data):
    at = r.randrange(len(data))
    n = min(len(data) - at, r.choice((1, 4, 8, 64, 4096)))
    return data[:at] + r.choice((b"\0", b"\xff")) * n + data[at + n:]


def shift(r, h, data):
    at, n = r.randrange(len(data)), r.choice((1, 4, 8, 100))
    return data[:at] + data[at + n:] if r.random() < 0.5 else data[:at] + r.randbytes(n) + data[at:]


def number(r, h, data):
    where = numbers(h, data)
    if not where:
        return cut(r, h, data)
    at, form = r.choice(where)
    old, top = struct.unpack_from(form, data, at)[0], 2**64 - 1 if form == "<Q" else 2**32 - 1
    new = r.choice((0, 1, old // 2, old + 1, max(old - 1, 0), min(2 * old, top), top, top // 2, top // 2 + 1)) & top
    return data[:at] + struct.pack(form, new) + data[at + struct.calcsize(form):]


def without_some(r, h, data):
    gone = {t[0] for t in r.sample(h.tensors, min(len(h.tensors) - 1, r.choice((1, 1, 1, 2, 5, 40))))}
    head, kept = h.without(gone)
    return head + b"".join(t[1] for t in missing.relaid(h, kept))


def without_a_kind(r, h, data):
    kind = re.sub(rb"^blk\.\d+\.", b"", r.choice(h.tensors)[0])
    head, kept = h.without({t[0] for t in h.tensors if t[0].endswith(kind)})
    return head + b"".join(t[1] for t in missing.relaid(h, kept))


def without_a_key(r, h, data):
    keys = list(h.keys)
    del keys[r.randrange(len(keys))]
    return b"GGUF" + struct.pack("<IQQ", h.version, len(h.tensors), len(keys)) + b"".join(keys) + b"".join(t[1] for t in h.tensors)


def renamed(r, h, data):
    i = r.randrange(len(h.tensors))
    name, record = h.tensors[i]
    new = bytearray(name)
    new[r.randrange(len(new))] = r.choice(b"abcxyz_.0189")
    out = [t[1] for t in h.tensors]
    out[i] = record[:8] + bytes(new) + record[8 + len(name):]
    return data[:data.index(h.tensors[0][1])] + b"".join(out)


def resized(r, h, data):
    i = r.randrange(len(h.tensors))
    name, record = h.tensors[i]
    at = 12 + len(name)
    old = struct.unpack_from("<Q", record, at)[0]
    new = r.choice((old // 2, old * 2, old + 32, 0, 1, 2**32, 2**63)) & (2**64 - 1)
    out = [t[1] for t in h.tensors]
    out[i] = record[:at] + struct.pack("<Q", new) + record[at + 8:]
    return data[:data.index(h.tensors[0][1])] + b"".join(out)


ways = [flip, flip_in_tensors, flip_in_tensors, cut, zero, shift, number, number, without_some, without_some, without_a_kind,
        without_a_key, renamed, renamed, resized]


# ---- Checkpoints: a header in JSON, and a config beside it ------------------------------------------------------

def checkpoint(r):
    """A damaged safetensors file, what was done to it, and the first tensor that it lacks or has in another shape."""
    layers = r.choice((2, 3, 4, 8))
    whole = make.names(layers)
    tensors = [(n, list(s)) for n, s in whole]
    way = r.choice(("less", "less", "a_kind_less", "renamed", "resized", "flip", "cut", "shift", "zero"))
    i = r.randrange(len(tensors))
    if way == "less":
        gone = {t[0] for t in r.sample(tensors, r.choice((1, 1, 2, 5)))}
        tensors = [t for t in tensors if t[0] not in gone]
    elif way == "a_kind_less":
        kind = re.sub(r"^model\.layers\.\d+\.", "", tensors[i][0])
        tensors = [t for t in tensors if not t[0].endswith(kind)]
    elif way == "renamed":
        name = tensors[i][0]
        at = r.randrange(len(name))
        tensors[i] = (name[:at] + r.choice("abcxyz_.0189") + name[at + 1:], tensors[i][1])
    elif way == "resized":
        tensors[i][1][-1] = r.choice((0, 1, 2 * tensors[i][1][-1], tensors[i][1][-1] + 2))
    data = make.safetensors(tensors=tensors)
    end = 8 + struct.unpack_from("<Q", data, 0)[0]
    at = r.randrange(end)
    if way == "flip":
        data = data[:at] + bytes([data[at] ^ 1 << r.randrange(8)]) + data[at + 1:]
    elif way == "cut":
        data = data[:at]
    elif way == "shift":
        data = data[:at] + r.randbytes(r.choice((1, 8))) + data[at:]
    elif way == "zero":
        data = data[:at] + b"\0" * 8 + data[at + 8:]
    lacking = None
    try:
        d = json.loads(data[8:8 + struct.unpack_from("<Q", data, 0)[0]])
        # A name with a slip in it is one tensor as before: what an engine calls it is not known from its config.
        # Embeddings and heads with more numbers than the config says are common, and counted.
        lacking = next((n for n, s in whole if (len(d) < len(whole) and n not in d) or
                        (n in d and d[n].get("shape") != s and not ("layers" not in n and d[n]["shape"][-1:] > s[-1:]))), None)
    except (ValueError, struct.error, AttributeError):
        pass
    return data, make.config(num_hidden_layers=layers), way, lacking


def small():
    for arch in ("llama", "qwen2", "qwen3", "phi3", "gemma2"):
        yield "small-" + arch, make.gguf(keys=make.base_keys(arch))


def ask(vramfit, path, size):
    """As often as the file says by how much it is too short; a file of zeros behind its header takes no room."""
    for _ in range(3):
        start = time.monotonic()
        p = subprocess.Popen([vramfit, "--model", path, "--gpu", "h100x8", "--ctx", "4k", "--engine", "llama.cpp"],
                             stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True)
        try:
            out, err = p.communicate(timeout=20)
        except subprocess.TimeoutExpired:
            p.kill()
            return -1, "", "20 s", 20.0, 0
        short = re.search(rb"ends (\d+) bytes before", err)
        seconds = time.monotonic() - start
        if not short or p.returncode != 2 or int(short.group(1)) > 1 << 41:
            break
        os.truncate(path, os.path.getsize(path) + int(short.group(1)))
    return p.returncode, out.decode(errors="replace"), err.decode(errors="replace"), seconds, 0


def main():
    vramfit, corpus = sys.argv[1], os.environ.get("VRAMFIT_CORPUS") or sys.argv[2]
    count = int(sys.argv[3]) if len(sys.argv) > 3 else 400
    seed = int(sys.argv[4]) if len(sys.argv) > 4 else int(datetime.date.today().strftime("%Y%m%d"))
    r, folder = random.Random(seed), os.path.join(corpus, "gguf")
    whole = list(small())
    if os.path.isdir(folder):
        names = sorted(n for n in os.listdir(folder) if n.endswith(".header"))
        whole += [(n, os.path.join(folder, n)) for n in r.sample(names, min(60, len(names)))]
    scratch, wrong, told = tempfile.mkdtemp(), [], {}
    for i in range(count):
        name, data = r.choice(whole)
        data = data if isinstance(data, bytes) else open(data, "rb").read()
        h, way = missing.Header(data), r.choice(ways)
        data = data[:h.at] if len(data) > h.at else data
        bad = way(r, h, data)
        before, after = shapes(data), shapes(bad)
        lacking = after is not None and [n for n in before if after.get(n) != before[n] and not OPTIONAL.search(n)]
        path = os.path.join(scratch, "%s-%s-%d.gguf" % (name.replace(".header", ""), way.__name__, i))
        open(path, "wb").write(bad)
        usage = resource.getrusage(resource.RUSAGE_CHILDREN)
        code, out, err, seconds, _ = ask(vramfit, path, len(bad))
        now = resource.getrusage(resource.RUSAGE_CHILDREN)
        spent = now.ru_utime + now.ru_stime - usage.ru_utime - usage.ru_stime
        complaints = []
        if code not in (0, 1, 2):
            complaints.append("exit status %d" % code)
        if spent > SECONDS and "ASAN_OPTIONS" not in os.environ:
            complaints.append("%.1f s" % spent)
        if now.ru_maxrss > KIB and usage.ru_maxrss <= KIB and "ASAN_OPTIONS" not in os.environ:
            complaints.append("%d MiB" % (now.ru_maxrss >> 10))
        if code == 2 and err.count("\n") != 1:
            complaints.append("%d lines of errors" % err.count("\n"))
        if lacking and code != 2 and not out.startswith("NO-FIT"):
            complaints.append("%s, without %s" % (out.split(" ")[0], lacking[0].decode(errors="replace")))
        told[(way.__name__, code)] = told.get((way.__name__, code), 0) + 1
        if complaints:
            open(os.path.join(tempfile.gettempdir(), os.path.basename(path)), "wb").write(bad)
            wrong.append("%s: %s: %s" % (os.path.basename(path), "; ".join(complaints), (err or out).split("\n")[0]))
        os.unlink(path)
    for i in range(count // 4):
        data, config, way, lacking = checkpoint(r)
        folder = os.path.join(scratch, "m-%s-%d" % (way, i))
        os.mkdir(folder)
        open(os.path.join(folder, "model.safetensors"), "wb").write(data)
        open(os.path.join(folder, "config.json"), "wb").write(config)
        run = subprocess.run([vramfit, "--model", folder, "--gpu", "l4", "--ctx", "4k", "--engine", "vllm"], stdin=subprocess.DEVNULL,
                             capture_output=True, timeout=20)
        if run.returncode not in (0, 1, 2) or (lacking and run.returncode != 2):
            wrong.append("%s: exit status %d, without %s" % (os.path.basename(folder), run.returncode, lacking))
            shutil.copytree(folder, os.path.join(tempfile.gettempdir(), os.path.basename(folder)), dirs_exist_ok=True)
        told[("checkpoint_" + way, run.returncode)] = told.get(("checkpoint_" + way, run.returncode), 0) + 1
    shutil.rmtree(scratch)
    print("\n".join(wrong))
    print(", ".join("%s %d: %d" % (w, c, n) for (w, c), n in sorted(told.items())))
    print("%d damaged files of seed %d, %d complaints" % (count, seed, len(wrong)))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
