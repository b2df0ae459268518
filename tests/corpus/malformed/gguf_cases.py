"""GGUF files that are wrong in one place; those that llama.cpp's own test makes by hand are called handcrafted_*."""
from make import *

ASK = ["--model", "m.gguf", "--gpu", "rtx-4090", "--ctx", "4k"]
BOUNDS = (0, 1, 2**31 - 1, 2**31, 2**32 - 1, 2**32, 2**61, 2**62 + 1, 2**63 - 1, 2**63, 2**64 - 1)


def one(name, data, arguments=ASK):
    return name, {"m.gguf": data}, arguments


def changed(name, dims=None, kind=None, rename=None):
    """The model's tensors with one of them another."""
    return [(rename or n, dims or d, k if kind is None else kind) if n == name else (n, d, k) for n, d, k in shapes()]


def without(*names):
    return [t for t in shapes() if t[0] not in names]


def handcrafted():
    keys = [key("my_key_%d" % i, kind, 1) for i, kind in enumerate((U8, I16, U32, F32, BOOL, U64, F64))]
    arch = [key("general.architecture", STRING, "llama")]
    records, length = lay([("my_tensor_%d" % i, [32 + i, 3], i % 2) for i in range(5)])
    data = b"\0" * length
    yield "header_bad_magic", head([], [], magic=b"FUGG")
    yield "header_bad_version_0", head([], [], version=0)
    yield "header_bad_version_1", head([], [], version=1)
    yield "header_bad_version_future", head([], [], version=4)
    yield "header_bad_n_tensors", head([], [], n_tensors=2**64 - 1)
    yield "header_bad_n_kv", head([], [], n_keys=2**64 - 1)
    yield "header_empty", head([], [])
    yield "kv_bad_key_size", head([], [struct.pack("<Q", 2**64 - 1) + b"my_key_0"] + keys)
    yield "kv_bad_type", head([], [text("my_key_0") + struct.pack("<I", 13) + b"\1"] + keys)
    yield "kv_bad_list_type", head([], [text("my_key_0") + struct.pack("<IIQ", ARRAY, 13, 1) + b"\1"] + keys)
    yield "kv_duplicate_key", head([], keys + keys[:1])
    yield "kv_bad_align", head([], keys + [key("general.alignment", U32, 13)])
    yield "kv_success_without_architecture", head([], keys)
    yield "tensors_bad_name_size", head([record("my_tensor_0" + "_long" * 12, [32], 0, 0)], arch + keys)
    yield "tensors_bad_n_dims", head([record("my_tensor_0", [1] * 5, 0, 0)], arch + keys)
    yield "tensors_bad_shape", head([record("my_tensor_0", [2**64 - 1], 0, 0)], arch + keys)
    yield "tensors_ne_too_big", head([record("my_tensor_0", [4 * (2**31 - 1)] * 2, 0, 0)], arch + keys)
    yield "tensors_nbytes_too_big", head([record("my_tensor_0", [1533916891] * 2, 27, 0)], arch + keys)
    yield "tensors_bad_type", head([record("my_tensor_0", [32], 9999, 0)], arch + keys)
    yield "tensors_bad_offset", head([record("my_tensor_0", [32], 0, 2**64 - 1)], arch + keys)
    yield "tensors_duplicate_name", head(lay([("my_tensor", [32], 0)] * 2)[0], arch + keys, data=b"\0" * 256)
    yield "tensors_bad_align", head(records, arch + keys + [key("general.alignment", U32, 13)], align=13, data=data)
    yield "tensors_inconsistent_align", head(lay([("my_tensor_%d" % i, [33, 3], 0) for i in range(4)], 1)[0], arch + keys,
                                             data=b"\0" * 2048)
    yield "data_not_enough_data", gguf()[:-33]
    yield "data_bad_align", gguf(more=[key("general.alignment", U32, 13)], align=13)
    yield "data_inconsistent_align", gguf(more=[key("general.alignment", U32, 64)])
    yield "data_mem_size_overflow", head([record("a", [0x7FFFFFFFFFFFFFC0], 24, 0),
                                          record("b", [0x7FFFFFFFFFFFFFC0], 24, 0x7FFFFFFFFFFFFFC0)], arch + keys,
                                         data=b"\0" * 32)
    yield "data_success", gguf()
    yield "data_custom_align", gguf(more=[key("general.alignment", U32, 1)], align=1)
    yield "data_success_without_a_model", head(records, arch + keys, data=data)


def lengths():
    """Every length, count, size and offset of the format, at its bounds."""
    for n in BOUNDS:
        yield "n_keys_%d" % n, head([], base_keys(), n_keys=n)
        yield "n_tensors_%d" % n, head(lay(shapes())[0], base_keys(), n_tensors=n, data=b"\0" * 400000)
        yield "key_length_%d" % n, gguf(keys=base_keys() + [struct.pack("<Q", n) + b"abc"])
        yield "string_length_%d" % n, gguf(more=[text("x") + struct.pack("<IQ", STRING, n) + b"abc"])
        yield "name_length_%d" % n, head([text("abc", n) + struct.pack("<IQIQ", 1, 32, 0, 0)], base_keys(), data=b"\0" * 256)
        for kind in (U8, U32, STRING, U64):
            yield "list_of_type_%d_length_%d" % (kind, n), gguf(more=[text("x") + struct.pack("<IIQ", ARRAY, kind, n)])
        yield "dimension_%d" % n, head(
            [record("token_embd.weight", [EMBD, n], 1, 0)], base_keys(), data=b"\0" * 4096)
        yield "offset_%d" % n, head([record("token_embd.weight", [EMBD, VOCAB], 1, n)], base_keys(), data=b"\0" * 65536)
    for n in (0, 1, 2, 5, 2**31, 2**32 - 1):
        yield "n_dims_%d" % n, head([record("token_embd.weight", [EMBD, VOCAB], 1, 0, n_dims=n)], base_keys(),
                                    data=b"\0" * 65536)
    for n in (4, 5, 31, 32, 33, 36, 37, 38, 99, 2**31, 2**32 - 1):
        yield "type_%d" % n, head([record("token_embd.weight", [EMBD, VOCAB], n, 0)], base_keys(), data=b"\0" * 65536)
    for n in (13, 14, 255, 2**31, 2**32 - 1):
        yield "value_type_%d" % n, gguf(more=[text("x") + struct.pack("<I", n) + b"\0" * 8])
    for n in (0, 3, 13, 48, 2**31 - 1, 2**31, 2**32 - 1):
        yield "alignment_%d" % n, gguf(more=[key("general.alignment", U32, n)])
    for n in (1, 8, 64, 4096):
        yield "alignment_%d_kept" % n, gguf(more=[key("general.alignment", U32, n)], align=n)
    yield "alignment_u64", gguf(more=[key("general.alignment", U64, 32)])
    yield "alignment_string", gguf(more=[key("general.alignment", STRING, "32")])
    for name in ("block_count", "embedding_length", "feed_forward_length", "attention.head_count",
                 "attention.head_count_kv", "vocab_size", "context_length"):
        for n in (0, 1, 2**31, 2**32 - 1):
            yield "%s_%d" % (name, n), gguf(keys=base_keys(**{name.replace(".", "_"): n}))
    for name in ("attention.key_length", "attention.value_length", "attention.sliding_window", "expert_count",
                 "rope.dimension_count"):
        for n in (0, 1, 2**31, 2**32 - 1):
            yield "%s_%d" % (name, n), gguf(more=[key("llama." + name, U32, n)])


def parts():
    """What is not whole, or is not what its metadata says."""
    for name, _, _ in shapes():
        if ".1." not in name:
            yield "without_" + name, gguf(tensors=without(name))
    for part in ("attn_norm", "ffn_norm", "attn_q", "attn_k", "attn_v", "attn_output", "ffn_gate", "ffn_up", "ffn_down"):
        yield "without_all_" + part, gguf(tensors=[t for t in shapes() if part not in t[0]])
    for name, dims, _ in shapes():
        if len(dims) == 2 and ".1." not in name:
            yield "half_" + name, gguf(tensors=changed(name, dims=[dims[0], dims[1] // 2]))
    yield "vector_for_output", gguf(tensors=changed("output.weight", dims=[EMBD], kind=0))
    yield "without_a_layer", gguf(keys=base_keys(block_count=3))
    yield "with_a_layer_more", gguf(keys=base_keys(block_count=1))
    yield "without_tensors", gguf(tensors=[])
    yield "one_empty_tensor", gguf(tensors=[("token_embd.weight", [0, 5], 1)])
    yield "an_empty_tensor_more", gguf(tensors=shapes() + [("blk.0.attn_sinks.weight", [0], 0)])
    yield "experts_that_are_not_there", gguf(more=[key("llama.expert_count", U32, 2**32 - 1),
                                                   key("llama.expert_used_count", U32, 2**32 - 1)])
    yield "more_experts_used_than_there", gguf(more=[key("llama.expert_count", U32, 2),
                                                     key("llama.expert_used_count", U32, 9)])
    yield "part_of_two_renamed", gguf(more=[key("split.count", U16, 2), key("split.no", U16, 0)])
    yield "split_count_of_another_type", gguf(more=[key("split.count", STRING, "2")])
    yield "split_tensors_more_than_there", gguf(more=[key("split.count", U16, 1), key("split.tensors.count", I32, 99)])
    yield "vocabulary_alone", head([], base_keys() + [key("tokenizer.ggml.tokens", ARRAY, items(STRING, ["a"] * VOCAB))])
    yield "header_alone", head(lay(shapes())[0], base_keys())
    yield "cut_behind_the_magic", gguf(cut=4)
    yield "cut_in_the_counts", gguf(cut=20)
    yield "cut_in_a_key", gguf(cut=60)
    yield "cut_in_a_record", gguf(cut=700)
    yield "empty", b""
    yield "zeros", b"\0" * 4096
    yield "zeros_of_1_gib", (b"", 1 << 30)
    yield "a_web_page", b"<!DOCTYPE html><html><body>404</body></html>"
    yield "a_pointer_of_git_lfs", b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"0" * 64 + b"\nsize 4\n"
    yield "old_ggml_file", b"lmgg" + b"\0" * 64
    yield "a_zip", pytorch()
    yield "bytes_before_the_magic", b"\0" * 7 + gguf()
    yield "big_endian_version_of_a_little_endian_file", gguf(version=0x03000000)
    yield "tensors_that_overlap", head([record(n, d, k, 0) for n, d, k in shapes()], base_keys(), data=b"\0" * 400000)
    yield "a_tensor_of_1_tb_more", head(lay(shapes())[0] + [record("extra.weight", [2**40], 0, lay(shapes())[1])],
                                        base_keys(), data=b"\0" * 400000)
    yield "rows_that_do_not_divide", gguf(tensors=changed("output.weight", dims=[EMBD + 1, VOCAB], kind=2))
    yield "wraps_2_32_by_2_32", head([record("token_embd.weight", [2**32, 2**32], 1, 0)], base_keys())
    yield "wraps_three_dimensions", head([record("token_embd.weight", [2**31, 2**31, 4], 1, 0)], base_keys())
    yield "wraps_bytes_only", head([record("token_embd.weight", [2**62, 2], 0, 0)], base_keys())


def metadata():
    a = "llama.attention.head_count_kv"
    heads = lambda body: gguf(keys=base_keys(attention_head_count_kv=key(a, ARRAY, body)))
    yield "key_twice", gguf(more=[key("llama.block_count", U32, 2)])
    yield "key_twice_with_another_value", gguf(more=[key(a, U32, 1)])
    yield "key_empty", gguf(more=[key("", U32, 1)])
    yield "key_with_nul", gguf(more=[key("a\0b", U32, 1)])
    yield "key_of_65535", gguf(more=[key("k" * 65535, U32, 1)])
    yield "key_of_65536", gguf(more=[key("k" * 65536, U32, 1)])
    yield "name_empty", gguf(tensors=shapes() + [("", [64], 0)])
    yield "name_of_64", gguf(tensors=shapes() + [("n" * 64, [64], 0)])
    yield "name_with_nul", gguf(tensors=shapes() + [("a\0b", [64], 0)])
    yield "name_with_escapes", gguf(tensors=shapes() + [("\x1b[2J\x1b]0;x\x07", [64], 0)])
    yield "name_that_is_not_utf8", gguf(tensors=shapes() + [(b"\xff\xfe\x80", [64], 0)])
    yield "architecture_missing", gguf(keys=base_keys()[1:])
    yield "architecture_empty", gguf(keys=[key("general.architecture", STRING, "")] + base_keys()[1:])
    yield "architecture_a_number", gguf(keys=[key("general.architecture", U32, 1)] + base_keys()[1:])
    yield "architecture_with_commands", gguf(keys=[key("general.architecture", STRING, "\x1b[31m\n::error::x")] + base_keys()[1:])
    yield "architecture_of_1_mib", gguf(keys=[key("general.architecture", STRING, "x" * (1 << 20))] + base_keys()[1:])
    yield "architecture_twice_as_another", gguf(more=[key("general.architecture", STRING, "qwen2")])
    yield "heads_a_short_list", heads(items(U32, [2]))
    yield "heads_a_long_list", heads(items(U32, [2, 2, 2]))
    yield "heads_negative", heads(items(I32, [-1, 2]))
    yield "heads_of_fractions", heads(items(F32, [float("nan"), 2.0]))
    yield "heads_of_texts", heads(items(STRING, ["2", "2"]))
    yield "heads_a_list_of_lists", heads(struct.pack("<IQ", ARRAY, 1) + items(U32, [2]))
    yield "heads_do_not_divide", gguf(keys=base_keys(attention_head_count_kv=3))
    yield "more_kv_heads_than_heads", gguf(keys=base_keys(attention_head_count_kv=8))
    yield "head_count_a_text", gguf(keys=base_keys(attention_head_count=key("llama.attention.head_count", STRING, "4")))
    yield "head_count_a_fraction", gguf(keys=base_keys(attention_head_count=key("llama.attention.head_count", F32, 4.5)))
    yield "head_count_negative", gguf(keys=base_keys(attention_head_count=key("llama.attention.head_count", I32, -4)))
    yield "block_count_u64_of_2_63", gguf(keys=base_keys(block_count=key("llama.block_count", U64, 2**63)))
    yield "lists_in_lists", gguf(more=[text("x") + struct.pack("<I", ARRAY) + struct.pack("<IQ", ARRAY, 1) * 100 + items(U32, [1])])
    for name in ("block_count", "embedding_length", "feed_forward_length", "attention.head_count",
                 "attention.head_count_kv", "vocab_size", "context_length"):
        yield "without_key_" + name, gguf(keys=base_keys(skip=(name,)))
    for value in (float("nan"), float("inf"), -1.0):
        yield "epsilon_%s" % value, gguf(keys=base_keys()[:-1] + [key("llama.attention.layer_norm_rms_epsilon", F32, value)])


def shards():
    first, second = shapes()[:10], shapes()[10:]
    split = lambda no, tensors, count=2, total=len(shapes()): gguf(
        tensors=tensors, keys=base_keys() if no == 0 else [key("general.architecture", STRING, "llama")],
        more=[key("split.no", U16, no), key("split.count", U16, count), key("split.tensors.count", I32, total)])
    path = "d-%05d-of-00002.gguf"
    ask = ["--model", path % 1, "--gpu", "rtx-4090", "--ctx", "4k"]
    pair = lambda a, b: {path % 1: a, path % 2: b}
    good = pair(split(0, first), split(1, second))
    yield "shards", good, ask
    yield "shards_by_their_second", good, ["--model", path % 2] + ask[2:]
    yield "shards_without_the_second", {path % 1: split(0, first)}, ask
    yield "shards_without_the_first", {path % 2: split(1, second)}, ["--model", path % 2] + ask[2:]
    yield "shards_that_both_hold_one", pair(split(0, first), split(1, first[-1:] + second)), ask
    yield "shards_the_same_twice", pair(split(0, first), split(0, first)), ask
    yield "shards_of_three_in_two", pair(split(0, first, 3), split(1, second, 3)), ask
    yield "shards_that_lack_one", pair(split(0, first), split(1, second[:-1])), ask
    yield "shards_of_which_one_is_cut", pair(split(0, first), split(1, second)[:-999]), ask
    yield "shards_of_which_one_is_a_page", pair(split(0, first), b"<html>"), ask
    yield "shards_that_swapped_names", pair(split(1, second), split(0, first)), ask
    yield "shard_renamed", {"m.gguf": split(0, first)}, ASK
    yield "shard_second_renamed", {"m.gguf": split(1, second)}, ASK
    yield "shard_of_zero", {"d-00000-of-00002.gguf": split(0, first)}, ["--model", "d-00000-of-00002.gguf"] + ask[2:]
    yield "shard_three_of_two", {"d-00003-of-00002.gguf": split(0, first)}, ["--model", "d-00003-of-00002.gguf"] + ask[2:]
    yield "shards_of_none", {"d-00001-of-00000.gguf": split(0, first)}, ["--model", "d-00001-of-00000.gguf"] + ask[2:]


def crowds():
    """More of everything than a model has: each is told with its limit, within the time and the memory of all cases.
    Made piece by piece, so that the program that measures stays small."""
    def model(n_keys=0, more_key=None, n_tensors=0, more_tensor=None):
        records, at = lay(shapes())
        keys = base_keys()
        yield b"GGUF" + struct.pack("<IQQ", 3, len(records) + n_tensors, len(keys) + n_keys)
        yield from keys
        for i in range(n_keys):
            yield more_key(i)
        yield from records
        for i in range(n_tensors):
            yield record(more_tensor(i), [32], 1, at + 64 * i)

    numbers = struct.pack("<IIQ", ARRAY, U8, 8192) + b"\1" * 8192
    for name, n, make in (("lists_of_600_kb", 70, lambda i: text("x.%d" % i) + numbers),
                          ("texts_of_17_mb", 4200, lambda i: key("x.%d" % i, STRING, "v" * 4096)),
                          ("keys_of_18_mb", 300, lambda i: key("x.%d." % i + "k" * 60000, BOOL, 1)),
                          ("keys_60000", 60000, lambda i: key("llama.x%05d" % i, BOOL, 1)),
                          ("keys_65536", 65536, lambda i: key("llama.x%05d" % i, BOOL, 1))):
        yield name, (lambda n=n, make=make: model(n, make), 32 << 20)
    for n in (60000, 70000):
        yield "strangers_%d" % n, (lambda n=n: model(0, None, n, lambda i: "blk.%d.stranger_%d.weight" % (i % 2, i)), 32 << 20)


def adapters():
    """LoRAs of the model, and what llama.cpp refuses of them."""
    def lora(*pairs, arch="llama", kind="lora", more=()):
        tensors = [(n + end, d, 0) for n, a, b in pairs for end, d in ((".lora_a", a), (".lora_b", b)) if d is not None]
        return head(*lay_keys([key("general.architecture", STRING, arch), key("general.type", STRING, "adapter"),
                               key("adapter.type", STRING, kind), key("adapter.lora.alpha", F32, 16.0)], tensors + list(more)))
    q = ("blk.1.attn_q.weight", [EMBD, 8], [8, EMBD])
    yield "good", lora(q, ("blk.0.ffn_down.weight", [FF, 8], [8, EMBD]), ("token_embd.weight", [8, VOCAB], [8, EMBD]))
    yield "with_a_norm", lora(q, more=[("blk.0.attn_norm.weight", [EMBD], 0)])
    yield "of_another_architecture", lora(q, arch="qwen2")
    yield "of_another_kind", lora(q, kind="ia3")
    yield "of_a_layer_behind_the_last", lora(("blk.99.attn_q.weight",) + q[1:])
    yield "of_a_tensor_that_is_not_there", lora(("blk.0.attn_sinks.weight", [EMBD, 8], [8, EMBD]))
    yield "of_a_narrower_model", lora((q[0], [8, 8], [8, 8]))
    yield "with_one_half", lora((q[0], q[1], None))
    yield "with_the_other_half", lora((q[0], None, q[2]))
    yield "of_two_ranks", lora((q[0], [EMBD, 8], [16, EMBD]))
    yield "with_a_weight", lora(q, more=[("blk.0.attn_q.weight", [EMBD, EMBD], 0)])
    yield "empty", lora()


def towers():
    """Towers of two layers, and of fewer than their headers say."""
    def tower(layers=2, kind="mlp", word="vision", front="v", tensors=2, has=True):
        keys = [key("general.architecture", STRING, "clip"), key("general.type", STRING, "mmproj"),
                key("clip.projector_type", STRING, kind)]
        keys += [key("clip.has_%s_encoder" % word, 7, 1)] if has else []
        keys += [key("clip.%s.block_count" % word, U32, layers)] if layers is not None else []
        return head(*lay_keys(keys, [("%s.blk.%d.attn_out.weight" % (front, i), [EMBD, EMBD], 1) for i in range(tensors)]))
    yield "good", tower()
    yield "that_hears", tower(word="audio", front="a")
    yield "of_convolutions", tower(layers=128, kind="gemma3nv")
    yield "of_one_layer", tower(layers=24, tensors=1)
    yield "of_2_32_layers", tower(layers=2**32 - 1)
    yield "without_a_layer_count", tower(layers=None)
    yield "that_does_not_say_what_it_is", tower(has=False)


def cases():
    for group in (handcrafted, lengths, parts, metadata):
        for name, data in group():
            yield one("gguf/" + ("handcrafted_" if group is handcrafted else "") + name, data)
    for name, files, arguments in shards():
        yield "gguf/" + name, files, arguments
    for word, option, group in (("adapter", "--lora", adapters), ("tower", "--mmproj", towers)):
        for name, data in group():
            yield "gguf/%s_%s" % (word, name), {"m.gguf": gguf(), "p.gguf": data}, ASK + [option, "p.gguf"]
    for name, data in crowds():
        yield one("gguf/" + name, data)
        yield one("gguf/inspect_of_" + name, data, ["inspect", "m.gguf"])
    for renamed in ("blk.0.attn_q.weight", "output.weight", "token_embd.weight", "blk.1.ffn_norm.weight"):
        yield one("gguf/strange_name_in_place_of_" + renamed, gguf(tensors=changed(renamed, rename=renamed.replace("weight", "wejght"))))
    yield "gguf/inspect_of_a_cut_file", {"m.gguf": gguf(cut=5000)}, ["inspect", "m.gguf"]
    yield "gguf/inspect_of_hostile_names", {"m.gguf": gguf(tensors=shapes() + [("\x1b[2J::error::", [64], 0)])}, ["inspect", "m.gguf", "--tensors"]
