"""Small model files, built so that every part of them can be made wrong.  Python's standard library only.

A model of two layers, 64 wide, is whole in each of the three formats: `gguf()`, `safetensors()`, `pytorch()` make its
bytes; their arguments change one part each.
"""
import io, json, math, pickle, struct, zipfile

# ---- GGUF (ggml/docs/gguf.md): magic, version, counts, keys, tensor records, padding, data ----------------------

U8, I8, U16, I16, U32, I32, F32, BOOL, STRING, ARRAY, U64, I64, F64 = range(13)
FORMS = {U8: "B", I8: "b", U16: "H", I16: "h", U32: "I", I32: "i", F32: "f", BOOL: "B", U64: "Q", I64: "q", F64: "d"}
SIZES = {0: 4, 1: 2, 24: 1, 27: 8, 30: 2}  # bytes an element of the plain types: F32, F16, I8, I64, BF16
EMBD, FF, HEADS, KV_HEADS, VOCAB, LAYERS = 64, 128, 4, 2, 256, 2


def text(s, length=None):
    raw = s if isinstance(s, bytes) else s.encode()
    return struct.pack("<Q", len(raw) if length is None else length) + raw


def items(kind, values, count=None):
    body = b"".join(text(v) if kind == STRING else struct.pack("<" + FORMS[kind], v) for v in values)
    return struct.pack("<IQ", kind, len(values) if count is None else count) + body


def key(name, kind, value):
    if kind == STRING:
        body = text(value)
    elif kind == ARRAY:
        body = value
    else:
        body = struct.pack("<" + FORMS[kind], value)
    return text(name) + struct.pack("<I", kind) + body


def record(name, dims, kind, offset, n_dims=None):
    n = len(dims) if n_dims is None else n_dims
    return text(name) + struct.pack("<I", n) + b"".join(struct.pack("<Q", d) for d in dims) + struct.pack("<IQ", kind, offset)


def head(records, keys, magic=b"GGUF", version=3, n_tensors=None, n_keys=None, align=32, data=b""):
    b = magic + struct.pack("<IQQ", version, len(records) if n_tensors is None else n_tensors,
                            len(keys) if n_keys is None else n_keys)
    b += b"".join(keys) + b"".join(records)
    return b + b"\0" * (-len(b) % align) + data


def base_keys(arch="llama", skip=(), **changed):
    """The keys of the model; one of them anew (underscores for what the key's end has), or left out."""
    counts = [("block_count", LAYERS), ("context_length", 4096), ("embedding_length", EMBD), ("feed_forward_length", FF),
              ("attention.head_count", HEADS), ("attention.head_count_kv", KV_HEADS), ("vocab_size", VOCAB)]
    out = [key("general.architecture", STRING, arch)]
    for name, value in counts:
        if name in skip:
            continue
        value = changed.get(name.replace(".", "_"), value)
        out.append(value if isinstance(value, bytes) else key(arch + "." + name, U32, value))
    return out + [key(arch + ".attention.layer_norm_rms_epsilon", F32, 1e-5)]


def shapes(layers=LAYERS):
    narrow = EMBD // HEADS * KV_HEADS
    out = [("token_embd.weight", [EMBD, VOCAB], 1)]
    for i in range(layers):
        p = "blk.%d." % i
        out += [(p + "attn_norm.weight", [EMBD], 0), (p + "attn_q.weight", [EMBD, EMBD], 1),
                (p + "attn_k.weight", [EMBD, narrow], 1), (p + "attn_v.weight", [EMBD, narrow], 1),
                (p + "attn_output.weight", [EMBD, EMBD], 1), (p + "ffn_norm.weight", [EMBD], 0),
                (p + "ffn_gate.weight", [EMBD, FF], 1), (p + "ffn_up.weight", [EMBD, FF], 1),
                (p + "ffn_down.weight", [FF, EMBD], 1)]
    return out + [("output_norm.weight", [EMBD], 0), ("output.weight", [EMBD, VOCAB], 1)]


def lay(tensors, align=32):
    """Records with offsets one behind the other, and the length of the data."""
    out, at = [], 0
    for name, dims, kind in tensors:
        n = SIZES.get(kind, 1)
        for d in dims:
            n *= d
        out.append(record(name, dims, kind, at))
        at += (n + align - 1) // align * align
    return out, at


def lay_keys(keys, tensors):
    """What head() takes of other files than models: records, keys and room for the data."""
    records, length = lay(tensors)
    return records, keys, b"GGUF", 3, None, None, 32, b"\0" * length


def gguf(keys=None, more=(), tensors=None, align=32, cut=None, **changed):
    records, length = lay(shapes() if tensors is None else tensors, align)
    b = head(records, (base_keys() if keys is None else keys) + list(more), align=align, data=b"\0" * length, **changed)
    return b if cut is None else b[:cut]


# ---- safetensors: a length of eight bytes, a header in JSON, data without gaps ----------------------------------

CONFIG = {"model_type": "llama", "architectures": ["LlamaForCausalLM"], "hidden_size": EMBD, "intermediate_size": FF,
          "num_hidden_layers": LAYERS, "num_attention_heads": HEADS, "num_key_value_heads": KV_HEADS, "vocab_size": VOCAB,
          "max_position_embeddings": 4096, "torch_dtype": "bfloat16", "tie_word_embeddings": False, "rms_norm_eps": 1e-5}


def config(without=(), **changed):
    c = {k: v for k, v in CONFIG.items() if k not in without}
    c.update(changed)
    return json.dumps(c).encode()


def names(layers=LAYERS):
    narrow = EMBD // HEADS * KV_HEADS
    out = [("model.embed_tokens.weight", [VOCAB, EMBD])]
    for i in range(layers):
        p = "model.layers.%d." % i
        out += [(p + "input_layernorm.weight", [EMBD]), (p + "self_attn.q_proj.weight", [EMBD, EMBD]),
                (p + "self_attn.k_proj.weight", [narrow, EMBD]), (p + "self_attn.v_proj.weight", [narrow, EMBD]),
                (p + "self_attn.o_proj.weight", [EMBD, EMBD]), (p + "post_attention_layernorm.weight", [EMBD]),
                (p + "mlp.gate_proj.weight", [FF, EMBD]), (p + "mlp.up_proj.weight", [FF, EMBD]),
                (p + "mlp.down_proj.weight", [EMBD, FF])]
    return out + [("model.norm.weight", [EMBD]), ("lm_head.weight", [VOCAB, EMBD])]


def entries(tensors=None):
    out, at = {}, 0
    for name, shape in names() if tensors is None else tensors:
        n = 2
        for d in shape:
            n *= d
        out[name] = {"dtype": "BF16", "shape": shape, "data_offsets": [at, at + n]}
        at += n
    return out, at


def safetensors(change=None, header=None, length=None, data=None, tail=b"", tensors=None):
    """`change` alters the header as a dictionary; `header` alters it as text, or stands for it."""
    d, n = entries(tensors)
    if change is not None:
        change(d)
    raw = json.dumps(d).encode()
    if callable(header):
        raw = header(raw)
    elif header is not None:
        raw = header
    return struct.pack("<Q", len(raw) if length is None else length) + raw + b"\0" * (n if data is None else data) + tail


# ---- PyTorch: a zip of a pickle and one file a storage -----------------------------------------------------------

def op_text(s):
    raw = s.encode()
    return b"X" + struct.pack("<I", len(raw)) + raw


def op_int(n):
    if 0 <= n < 2**31:
        return b"J" + struct.pack("<i", n)
    raw = n.to_bytes((n.bit_length() + 8) // 8, "little", signed=True)
    return b"\x8a" + bytes([len(raw)]) + raw


def op_tensor(storage, count, shape, offset=0, kind="BFloat16Storage", strides=None):
    if strides is None:
        strides, n = [], 1
        for d in reversed(shape):
            strides.insert(0, n)
            n *= d
    ints = lambda values: b"(" + b"".join(op_int(v) for v in values) + b"t"
    persistent = b"(" + op_text("storage") + b"ctorch\n" + kind.encode() + b"\n" + op_text(storage) + op_text("cpu") + \
        op_int(count) + b"tQ"
    return b"ctorch._utils\n_rebuild_tensor_v2\n(" + persistent + op_int(offset) + ints(shape) + ints(strides) + \
        b"\x89ccollections\nOrderedDict\n)RtR"


def pickled(tensors):
    body = b"".join(op_text(n) + t for n, t in tensors)
    return b"\x80\x02}(" + body + b"u."


def pytorch(tensors=None, data=None, storages=None, extra=(), inner="archive"):
    """`data` stands for the pickle; `storages` for the list of (name, bytes)."""
    every = []
    for i, (name, shape) in enumerate(names() if tensors is None else tensors):
        n = 1
        for d in shape:
            n *= d
        every.append((name, str(i), n, shape))
    raw = pickled([(n, op_tensor(s, c, shape)) for n, s, c, shape in every]) if data is None else data
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as z:
        z.writestr(zipfile.ZipInfo(inner + "/data.pkl"), raw)
        for name, body in [(s, b"\0" * 2 * c) for _, s, c, _ in every] if storages is None else storages:
            z.writestr(zipfile.ZipInfo(inner + "/data/" + name), body)
        for name, body in extra:
            z.writestr(zipfile.ZipInfo(name), body)
        z.writestr(zipfile.ZipInfo(inner + "/version"), b"3\n")
    return out.getvalue()
