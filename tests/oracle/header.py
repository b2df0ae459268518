"""header.py - writes the header of a GGUF file: keys and tensors, no data; the file is sparse, of its real size."""
import os
import struct

ALIGNMENT = 32
FORMATS = {"F32": (0, 4), "F16": (1, 2), "BF16": (30, 2), "I32": (26, 4)}
KINDS = {bool: (7, "<?"), int: (4, "<I"), float: (6, "<f")}


def text(s):
    raw = s.encode()
    return struct.pack("<Q", len(raw)) + raw


def value(v):
    """A value with its type; an int64 is written as a pair ('u64', n)."""
    if isinstance(v, str):
        return struct.pack("<I", 8) + text(v)
    if isinstance(v, tuple):
        return struct.pack("<IQ", 10, v[1])
    if not isinstance(v, list):
        kind, form = KINDS[type(v)]
        return struct.pack("<I", kind) + struct.pack(form, v)
    if v and isinstance(v[0], tuple):
        return struct.pack("<IIQ", 9, 10, len(v)) + b"".join(struct.pack("<Q", x[1]) for x in v)
    if v and isinstance(v[0], str):
        return struct.pack("<IIQ", 9, 8, len(v)) + b"".join(text(x) for x in v)
    kind, form = KINDS[type(v[0])]
    return struct.pack("<IIQ", 9, kind, len(v)) + b"".join(struct.pack(form, x) for x in v)


def padded(n):
    return (n + ALIGNMENT - 1) // ALIGNMENT * ALIGNMENT


def write(path, keys, tensors):
    """tensors: (name, [ne...], format)."""
    out = [b"GGUF", struct.pack("<IQQ", 3, len(tensors), len(keys))]
    for name, v in keys.items():
        out += [text(name), value(v)]
    offset = 0
    for name, shape, form in tensors:
        while len(shape) > 1 and shape[-1] == 1:
            shape = shape[:-1]
        kind, size = FORMATS[form]
        for n in shape:
            size *= n
        out += [text(name), struct.pack("<I", len(shape)), struct.pack("<%dQ" % len(shape), *shape),
                struct.pack("<IQ", kind, offset)]
        offset += padded(size)
    head = b"".join(out)
    with open(path, "wb") as f:
        f.write(head)
    os.truncate(path, padded(len(head)) + offset)
