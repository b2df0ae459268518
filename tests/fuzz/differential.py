#!/usr/bin/env python3
"""vramfit's readers against others: differential.py READ_WEIGHTS COUNT [SEED]

COUNT files of each format are made of whole ones by changing bytes, fields and lengths, and read twice: by read_weights,
which is vramfit's reader, and by the readers below, which were written from the formats' specifications alone
(ggml/docs/gguf.md with what gguf.cpp refuses; safetensors' README and its checks).  They have to agree about what is a
file, and of one that is, about the number of tensors and of bytes.  Python's standard library only.
"""
import json, os, random, re, struct, subprocess, sys, tempfile

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "corpus", "malformed"))
import make


class Bad(Exception):
    pass


# ---- GGUF --------------------------------------------------------------------------------------------------------

# ggml's types: (elements, bytes) of a block; those that were removed are not there.
BLOCKS = {0: (1, 4), 1: (1, 2), 2: (32, 18), 3: (32, 20), 6: (32, 22), 7: (32, 24), 8: (32, 34), 9: (32, 36), 10: (256, 84),
          11: (256, 110), 12: (256, 144), 13: (256, 176), 14: (256, 210), 15: (256, 292), 16: (256, 66), 17: (256, 74),
          18: (256, 98), 19: (256, 50), 20: (32, 18), 21: (256, 110), 22: (256, 82), 23: (256, 136), 24: (1, 1), 25: (1, 2),
          26: (1, 4), 27: (1, 8), 28: (1, 8), 29: (256, 56), 30: (1, 2), 34: (256, 54), 35: (256, 66), 39: (32, 17), 40: (64, 36),
          41: (128, 18)}
SIZES = {0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8}


class Cursor:
    def __init__(self, data):
        self.data, self.at, self.order = data, 0, "<"

    def take(self, n):
        if n > len(self.data) - self.at:
            raise Bad("the file ends")
        self.at += n
        return self.data[self.at - n:self.at]

    def number(self, form):
        return struct.unpack(self.order + form, self.take(struct.calcsize(form)))[0]


def read_gguf(data):
    c = Cursor(data)
    if c.take(4) != b"GGUF":
        raise Bad("magic")
    version = c.number("I")
    if version & 0xFFFF == 0 and version != 0:
        c.order = ">"
        version = struct.unpack(">I", struct.pack("<I", version))[0]
    if version not in (2, 3):
        raise Bad("version")
    n_tensors, n_keys = c.number("Q"), c.number("Q")
    if n_tensors > 1 << 20 or n_keys > 65536 or n_tensors * 24 > len(data) or n_keys * 13 > len(data):
        raise Bad("counts")
    seen, align = {}, 32
    for _ in range(n_keys):
        n = c.number("Q")
        if not 1 <= n <= 65535:
            raise Bad("key length")
        name = c.take(n)
        if b"\0" in name or name in seen:
            raise Bad("key")
        kind = c.number("I")
        value = read_value(c, kind)
        if name == b"general.alignment":
            if kind != 4 or value == 0 or value & (value - 1):
                raise Bad("alignment")
            align = value
        seen[name] = (kind, value)
    names, at, total, padding = set(), 0, 0, 0
    for _ in range(n_tensors):
        n = c.number("Q")
        if not 1 <= n <= 63:
            raise Bad("name length")
        name = c.take(n)
        if b"\0" in name or name in names:
            raise Bad("name")
        names.add(name)
        dims = c.number("I")
        if not 1 <= dims <= 4:
            raise Bad("dimensions")
        shape = [c.number("Q") for _ in range(dims)]
        kind, offset = c.number("I"), c.number("Q")
        elements = 1
        for d in shape:
            elements *= d
        # llama.cpp multiplies from the left and compares each time; a zero does not hide what overflows beside it.
        rows = 1
        for d in shape[1:]:
            rows *= d
        if kind not in BLOCKS or any(d >= 2**63 for d in shape) or elements >= 2**63 or rows >= 2**64:
            raise Bad("shape or type")
        block, size = BLOCKS[kind]
        if shape[0] % block or elements // block * size >= 2**63 or offset != at:
            raise Bad("rows or offset")
        length = elements // block * size
        at += (length + align - 1) // align * align
        padding = (length + align - 1) // align * align - length
        total += length
        if at >= 2**63:
            raise Bad("size")
    start = (c.at + align - 1) // align * align
    if n_tensors and start + at - padding > len(data):
        raise Bad("data")
    for name in (b"split.count", b"split.no", b"split.tensors.count"):
        if name in seen and (seen[name][0] not in (0, 1, 2, 3, 4, 5, 10, 11) or seen[name][1] < 0):
            raise Bad("split")
    return n_tensors, total


def read_value(c, kind):
    if kind == 8:
        n = c.number("Q")
        value = c.take(n)
        if n <= 4096 and b"\0" in value:
            raise Bad("NUL")
        return value
    if kind == 9:
        kind, n = c.number("I"), c.number("Q")
        if kind == 8:
            if n * 8 > len(c.data) - c.at:
                raise Bad("list")
            for _ in range(n):
                c.take(c.number("Q"))
            return None
        if kind not in SIZES:
            raise Bad("list type")
        c.take(n * SIZES[kind])
        return None
    if kind not in SIZES:
        raise Bad("type")
    return c.number({0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "B", 10: "Q", 11: "q", 12: "d"}[kind])


# ---- safetensors -------------------------------------------------------------------------------------------------

BITS = {"BOOL": 8, "U8": 8, "I8": 8, "F8_E5M2": 8, "F8_E4M3": 8, "F8_E8M0": 8, "F4": 4, "F6_E2M3": 6, "F6_E3M2": 6, "I16": 16, "U16": 16,
        "F16": 16, "BF16": 16, "I32": 32, "U32": 32, "F32": 32, "F64": 64, "I64": 64, "U64": 64, "C64": 64, "F8_E4M3FNUZ": 8, "F8_E5M2FNUZ": 8}


def no_twice(pairs):
    if len({k for k, _ in pairs}) != len(pairs):
        raise Bad("twice")
    return dict(pairs)


def refuse(_):
    raise Bad("not a number")


def whole(text):
    """Integers are written without a fraction; what is beyond a double is none."""
    if text.startswith("-0"):
        return 0
    return int(text)


def check_strings(v):
    if isinstance(v, str):
        if "\0" in v or any(0xD800 <= ord(ch) < 0xE000 for ch in v):
            raise Bad("string")
    elif isinstance(v, dict):
        for k, x in v.items():
            check_strings(k)
            check_strings(x)
    elif isinstance(v, list):
        for x in v:
            check_strings(x)


def is_count(v):
    return isinstance(v, int) and not isinstance(v, bool) and 0 <= v < 2**64


def read_safetensors(data):
    if len(data) < 8:
        raise Bad("short")
    n = struct.unpack("<Q", data[:8])[0]
    if n == 0 or n > 100000000 or n > len(data) - 8:
        raise Bad("length")
    try:
        raw = data[8:8 + n].decode("utf-8")
        header = json.loads(raw, object_pairs_hook=no_twice, parse_constant=refuse, parse_int=whole)
    except (ValueError, RecursionError):
        raise Bad("json")
    if not isinstance(header, dict) or raw.startswith("\ufeff"):
        raise Bad("object")
    check_strings(header)
    spans = []
    for name, t in header.items():
        if name == "__metadata__":
            if not isinstance(t, dict) or not all(isinstance(v, str) for v in t.values()):
                raise Bad("metadata")
            continue
        if not isinstance(t, dict) or not {"dtype", "shape", "data_offsets"} <= set(t):
            raise Bad("entry")
        dtype, shape, where = t["dtype"], t["shape"], t["data_offsets"]
        if not isinstance(dtype, str) or dtype not in BITS or not isinstance(shape, list) or not isinstance(where, list) or len(where) != 2:
            raise Bad("fields")
        if not all(is_count(v) for v in shape + where):
            raise Bad("numbers")
        bits = BITS[dtype]
        for d in shape:
            bits *= d
        if bits % 8 or bits // 8 != where[1] - where[0]:
            raise Bad("size")
        spans.append(tuple(where))
    at = 0
    for begin, end in sorted(spans):
        if begin != at or end < begin:
            raise Bad("gap")
        at = end
    if 8 + n + at != len(data):
        raise Bad("tail")
    return len(spans), at


# ---- Files -------------------------------------------------------------------------------------------------------

def mutate(r, data, limit):
    """A few changes within the first `limit` bytes, where the header is."""
    b = bytearray(data)
    limit = min(limit, len(b))
    for _ in range(r.choice((1, 1, 1, 2, 3))):
        at, way = r.randrange(limit), r.randrange(9)
        if way == 0:
            b[at] = r.randrange(256)
        elif way == 1:
            b[at] ^= 1 << r.randrange(8)
        elif way == 2:
            at = min(at, len(b) - 8)
            b[at:at + 8] = struct.pack("<Q", r.choice((0, 1, 2, 3, 31, 32, 64, 255, 2**31, 2**32 - 1, 2**32, 2**63, 2**64 - 1)))
        elif way == 3:
            at = min(at, len(b) - 4)
            b[at:at + 4] = struct.pack("<I", r.choice((0, 1, 2, 3, 4, 5, 6, 8, 9, 10, 12, 13, 30, 32, 2**31, 2**32 - 1)))
        elif way == 4:
            del b[at:at + r.choice((1, 2, 4, 8, 33))]
        elif way == 5:
            b[at:at] = bytes(r.randrange(256) for _ in range(r.choice((1, 2, 4, 8, 32))))
        elif way == 6:
            n = r.choice((4, 8, 32, 64))
            b[at:at] = b[at:at + n]
        elif way == 7:
            del b[r.randrange(len(b)):]
        else:
            b[at:at + 1] = r.choice((b'"', b"{", b"}", b"[", b"]", b",", b":", b"0", b"9", b"-", b".", b"e", b" ", b"\\", b"u", b"\xc3", b"\xff"))
        limit = min(limit, len(b))
        if limit < 16:
            break
    return bytes(b)


def small_safetensors(r):
    names = [("a.b.%d.weight" % i, [r.choice((0, 1, 3, 8)) for _ in range(r.randrange(4))]) for i in range(r.randrange(5))]
    header, at = {}, 0
    if r.random() < 0.4:
        header["__metadata__"] = {"format": "pt"}
    for name, shape in names:
        dtype = r.choice(sorted(BITS))
        bits = BITS[dtype]
        for d in shape:
            bits *= d
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [at, at + bits // 8]}
        at += bits // 8
    raw = json.dumps(header, indent=r.choice((None, None, 1))).encode()
    return struct.pack("<Q", len(raw)) + raw + b"\0" * at


def small_gguf(r):
    kinds = {make.U8: 1, make.I16: -1, make.U32: 7, make.F32: 1.5, make.BOOL: 1, make.STRING: "text", make.U64: 2**40, make.F64: 0.5}
    keys = [make.key("k.%d" % i, *r.choice(sorted(kinds.items()))) for i in range(r.randrange(6))]
    if r.random() < 0.4:
        keys.append(make.key("l", make.ARRAY, make.items(r.choice((make.U32, make.STRING)), [])))
        keys.append(make.key("m", make.ARRAY, make.items(make.STRING, ["a", "bc"])))
    align = r.choice((32, 32, 1, 64))
    if align != 32:
        keys.append(make.key("general.alignment", make.U32, align))
    records, at = [], 0
    for i in range(r.randrange(5)):
        kind = r.choice(sorted(BLOCKS))
        block, size = BLOCKS[kind]
        dims = [block * r.choice((0, 1, 2))] + [r.choice((0, 1, 2, 3)) for _ in range(r.randrange(4))]
        n = size
        for d in dims:
            n *= d
        records.append(make.record("t.%d" % i, dims, kind, at))
        at += (n // block + align - 1) // align * align
    return make.head(records, keys, align=align, data=b"\0" * at, version=r.choice((3, 3, 2)))


def main():
    program, count, seed = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]) if len(sys.argv) > 3 else 20
    r, wrong, accepted = random.Random(seed), [], 0
    formats = (("gguf", read_gguf, small_gguf, make.gguf(), 1632), ("safetensors", read_safetensors, small_safetensors, make.safetensors(), 2310))
    with tempfile.TemporaryDirectory() as scratch:
        for ending, reader, small, whole_file, limit in formats:
            for start in range(0, count, 1000):
                files = []
                for i in range(min(1000, count - start)):
                    base = whole_file if i % 10 == 0 else small(r)
                    data = mutate(r, base, limit) if i % 20 != 1 else base
                    path = os.path.join(scratch, "%d.%s" % (i, ending))
                    with open(path, "wb") as f:
                        f.write(data)
                    files.append((path, data))
                lines = subprocess.run([program], input="\n".join(p for p, _ in files) + "\n", capture_output=True, text=True,
                                       errors="replace").stdout.split("\n")
                for (path, data), line in zip(files, lines):
                    try:
                        own = "ok %d %d" % reader(data)
                        accepted += 1
                    except Bad as e:
                        own = "no (%s)" % e
                    if own[:2] != line[:2] or (own[:2] == "ok" and own != line):
                        wrong.append("%s of seed %d: %s here, %s there: %s" % (os.path.basename(path), seed, own, line, data[:400]))
    print("\n".join(wrong[:20]))
    print("%d files of each format, %d whole; %d disagreements" % (count, accepted, len(wrong)))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
