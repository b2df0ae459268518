#!/usr/bin/env python3
"""A model file that lacks a tensor is refused: missing.py VRAMFIT CORPUS [EACH]

Of every architecture among the GGUF headers of CORPUS, one file, made as long as it says: whole it must be answered
(0 or 1), and without any one of EACH tensors (spread over the file, first and last among them) it must be an error (2)
that names a tensor. So must its first half be, as a part that was renamed and as a file that was cut; the file with 0 for a
count that its tensors show; and one with all queries of half the size, or all of a feed-forward of twice. Skips (77) without
corpus. Python's standard library only.
"""
import os, re, struct, subprocess, sys, tempfile

SIZES = {0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8}


class Header:
    def __init__(self, data):
        self.data, self.at = data, 24
        self.version, n, keys = struct.unpack_from("<IQQ", data, 4)
        self.alignment, self.arch, self.keys = 32, "", []
        for _ in range(keys):
            start = self.at
            key, kind = self.string(), self.take("<I")
            if key == b"general.alignment":
                self.alignment = struct.unpack_from("<I", data, self.at)[0]
            if key == b"general.architecture":
                self.arch = data[self.at + 8:self.at + 8 + struct.unpack_from("<Q", data, self.at)[0]].decode()
            self.skip(kind)
            self.keys.append(data[start:self.at])
        self.tensors = []
        for _ in range(n):
            start = self.at
            name, dims = self.string(), self.take("<I")
            self.at += 8 * dims + 12
            self.tensors.append((name, data[start:self.at]))

    def take(self, form):
        value = struct.unpack_from(form, self.data, self.at)[0]
        self.at += struct.calcsize(form)
        return value

    def string(self):
        n = self.take("<Q")
        self.at += n
        return self.data[self.at - n:self.at]

    def skip(self, kind):
        if kind == 8:
            self.string()
        elif kind == 9:
            of, n = self.take("<I"), self.take("<Q")
            for _ in range(n if of == 8 else 0):
                self.string()
            self.at += 0 if of == 8 else n * SIZES[of]
        else:
            self.at += SIZES[kind]

    def without(self, gone, keys=()):
        """The header without some tensors; the others' offsets follow each other again at 4 GiB apart."""
        kept = [t for t in self.tensors if t[0] not in gone]
        out = [b"GGUF", struct.pack("<IQQ", self.version, len(kept), len(self.keys) + len(keys))] + self.keys + list(keys)
        return b"".join(out), kept


def number_key(key, value):
    return struct.pack("<Q", len(key)) + key + struct.pack("<II", 4, value)


def ask(vramfit, folder, name, head, kept):
    """Offsets have to be right for the file to be read as far as its tensors: vramfit itself says where they lie."""
    path = os.path.join(folder, name)
    with open(path, "wb") as f:
        f.write(head + b"".join(t[1] for t in kept))
    for _ in range(2):
        run = subprocess.run([vramfit, "--model", path, "--gpu", "h100x8", "--ctx", "4k", "--engine", "llama.cpp"],
                             capture_output=True, text=True)
        cut = re.search(r"ends (\d+) bytes before", run.stderr)
        if not cut:
            break
        os.truncate(path, os.path.getsize(path) + int(cut.group(1)))
    os.unlink(path)
    return run


def zeroed(header, end):
    """The header with 0 in a number that it has, whose key ends so; None: it has none, or a list."""
    for i, k in enumerate(header.keys):
        n = struct.unpack_from("<Q", k)[0]
        if k[8:8 + n].endswith(end) and k[8 + n:12 + n] == struct.pack("<I", 4) and k[12 + n:] != bytes(4):
            out = header.keys[:i] + [k[:12 + n] + bytes(4)] + header.keys[i + 1:]
            return b"".join([b"GGUF", struct.pack("<IQQ", header.version, len(header.tensors), len(out))] + out)
    return None


def scaled(record, times):
    """A matrix so many times as high, or the half of it."""
    n = struct.unpack_from("<Q", record)[0]
    at = 8 + n + 4 + 8
    high = struct.unpack_from("<Q", record, at)[0]
    return record[:at] + struct.pack("<Q", int(high * times)) + record[at + 8:]


def relaid(header, kept, times=lambda name: 1):
    """Tensor records with offsets anew: each right behind the one before it."""
    old = []
    for name, record in header.tensors:
        old.append(struct.unpack_from("<Q", record, len(record) - 8)[0])
    size = {t[0]: (old[i + 1] if i + 1 < len(old) else None) for i, t in enumerate(header.tensors)}
    starts = {t[0]: old[i] for i, t in enumerate(header.tensors)}
    at, out = 0, []
    for name, record in kept:
        out.append((name, record[:-8] + struct.pack("<Q", at)))
        at += int((size[name] - starts[name]) * times(name)) if size[name] is not None else 0
    return out


def main():
    vramfit, corpus = sys.argv[1], os.environ.get("VRAMFIT_CORPUS") or sys.argv[2]
    each = int(sys.argv[3]) if len(sys.argv) > 3 else 12
    folder = os.path.join(corpus, "gguf")
    if not os.path.isdir(folder):
        print("skipped: no corpus at %s (VRAMFIT_CORPUS names another place)" % corpus)
        return 77
    scratch, seen, wrong, asked = tempfile.mkdtemp(), set(), [], 0
    for name in sorted(os.listdir(folder)):
        if not name.endswith(".header"):
            continue
        h = Header(open(os.path.join(folder, name), "rb").read())
        if h.arch in seen:
            continue
        seen.add(h.arch)
        head, kept = h.without(())
        run = ask(vramfit, scratch, "whole.gguf", head, kept)
        if run.returncode not in (0, 1):
            wrong.append("%s: whole, but %s" % (name, run.stderr.strip()))
        n = len(h.tensors)
        tied = "output.weight"  # without it the embedding serves, in nearly every architecture
        gone = sorted({i * (n - 1) // max(1, each - 1) for i in range(each)})
        for i in (k for k in gone if h.tensors[k][0].decode() != tied):
            head, kept = h.without((h.tensors[i][0],))
            run = ask(vramfit, scratch, "less.gguf", head, relaid(h, kept))
            asked += 1
            if run.returncode != 2:
                wrong.append("%s without %s: exit %d" % (name, h.tensors[i][0].decode(), run.returncode))
        attends, feeds = any(t[0].endswith(b".attn_q.weight") for t in h.tensors), b".ffn_up.weight"
        for key in (b".attention.head_count", b".embedding_length_per_layer_input"):
            head = zeroed(h, key)
            if head is None or (b"head_count" in key and not attends):
                continue
            asked += 1
            if ask(vramfit, scratch, "zero.gguf", head, h.tensors).returncode != 2:
                wrong.append("%s with %s of 0 is answered" % (name, key.decode()))
        for part, by in ((b".attn_q.weight", 0.5), (feeds, 2)):
            times = lambda t: by if t.endswith(part) else 1
            if not any(t[0].endswith(part) for t in h.tensors):
                continue
            changed = [(t[0], scaled(t[1], times(t[0])) if times(t[0]) != 1 else t[1]) for t in h.tensors]
            asked += 1
            if ask(vramfit, scratch, "scaled.gguf", h.without(())[0], relaid(h, changed, times)).returncode != 2:
                wrong.append("%s with each %s times %s is answered" % (name, part.decode(), by))
        half = {t[0] for t in h.tensors[n // 2:]}
        for keys in ((), (number_key(b"split.count", 2), number_key(b"split.no", 0))):
            head, kept = h.without(half, keys)
            asked += 1
            if ask(vramfit, scratch, "half.gguf", head, kept).returncode != 2:
                wrong.append("%s: half of it is answered" % name)
    os.rmdir(scratch)
    print("\n".join(wrong))
    print("%d files that lack tensors, of %d architectures: %d answered all the same" % (asked, len(seen), len(wrong)))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
