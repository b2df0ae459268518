"""Folders of safetensors and PyTorch checkpoints that are wrong in one place, and configs."""
from make import *

ASK = ["--model", "m", "--gpu", "rtx-4090", "--ctx", "4k", "--engine", "vllm"]
E = "model.embed_tokens.weight"


def folder(weights, settings=None, name="model.safetensors"):
    return {"m/config.json": config() if settings is None else settings, "m/" + name: weights}


def set_(name, **fields):
    return lambda d: d[name].update(fields)


def headers():
    """The header of a safetensors file; what the format's own tests and its list of attacks have is among it."""
    st = safetensors
    yield "good", st()
    yield "offset_negative", st(set_(E, data_offsets=[-5, 32763]))
    yield "offset_2_63", st(set_(E, data_offsets=[0, 2**63]))
    yield "offset_beyond_2_64", st(set_(E, data_offsets=[0, 2**64 + 32768]))
    yield "offset_of_fractions", st(set_(E, data_offsets=[0.0, 32768.0]))
    yield "offset_1e400", st(header=lambda h: h.replace(b"32768]", b"1e400]", 1))
    yield "offset_nan", st(header=lambda h: h.replace(b"32768]", b"NaN]", 1))
    yield "offset_reversed", st(set_(E, data_offsets=[32768, 0]))
    yield "offset_one", st(set_(E, data_offsets=[0]))
    yield "offset_three", st(set_(E, data_offsets=[0, 32768, 1]))
    yield "offset_a_text", st(set_(E, data_offsets="0-32768"))
    yield "overlap", st(set_("lm_head.weight", data_offsets=[0, 32768]))
    yield "gap", st(lambda d: d.pop("model.layers.0.mlp.up_proj.weight"))
    yield "shape_negative", st(set_(E, shape=[-256, -64]))
    yield "shape_of_fractions", st(set_(E, shape=[256.0, 64]))
    yield "shape_wraps", st(set_(E, shape=[2**32, 2**32]))
    yield "shape_wraps_by_two", st(set_(E, shape=[2**63, 2]))
    yield "shape_1e400", st(header=lambda h: h.replace(b"[256, 64]", b"[1e400, 64]", 1))
    yield "shape_of_1000", st(set_(E, shape=[1] * 1000))
    yield "shape_a_text", st(set_(E, shape="x"))
    yield "shape_nested", st(set_(E, shape=[[256], 64]))
    yield "shape_of_another_size", st(set_(E, shape=[255, 64]))
    yield "shape_empty_with_bytes", st(set_(E, shape=[]))
    yield "shape_zero_with_bytes", st(set_(E, shape=[0, 64]))
    yield "dtype_unknown", st(set_(E, dtype="Q9"))
    yield "dtype_lower_case", st(set_(E, dtype="bf16"))
    yield "dtype_a_number", st(set_(E, dtype=5))
    yield "dtype_missing", st(lambda d: d[E].pop("dtype"))
    yield "shape_missing", st(lambda d: d[E].pop("shape"))
    yield "offsets_missing", st(lambda d: d[E].pop("data_offsets"))
    yield "dtype_of_four_bits_odd", st(set_(E, dtype="F4", shape=[65535]))
    yield "entry_a_number", st(lambda d: d.update({E: 5}))
    yield "entry_null", st(lambda d: d.update({E: None}))
    yield "metadata_not_text", st(lambda d: d.update(__metadata__={"a": 1}))
    yield "metadata_nested", st(lambda d: d.update(__metadata__={"a": {"b": "c"}}))
    yield "metadata_a_list", st(lambda d: d.update(__metadata__=[]))
    yield "metadata_twice", st(header=lambda h: b'{"__metadata__":{},"__metadata__":{},' + h[1:])
    yield "key_more", st(set_(E, foo=1))
    yield "name_twice", st(header=lambda h: h[:-1] + b',"lm_head.weight":{"dtype":"BF16","shape":[1],"data_offsets":[0,2]}}')
    yield "name_twice_by_an_escape", st(header=lambda h: h[:-1] + b',"lm\\u005fhead.weight":{"dtype":"BF16","shape":[1],"data_offsets":[0,2]}}')
    yield "dtype_twice", st(header=lambda h: h.replace(b'"dtype": "BF16"', b'"dtype": "F32", "dtype": "BF16"', 1))
    yield "name_with_commands", st(lambda d: d.update({"\x1b[2J\n::error::": d.pop("lm_head.weight")}))
    yield "name_with_nul", st(lambda d: d.update({"a\0b": d.pop("lm_head.weight")}))
    yield "name_lone_surrogate", st(header=lambda h: h.replace(b"lm_head", b"\\ud800"))
    yield "name_that_is_not_utf8", st(header=lambda h: h.replace(b"lm_head", b"\xff\xfe"))
    yield "name_empty", st(lambda d: d.update({"": d.pop("lm_head.weight")}))
    for n in (0, 1, 7, 2**31, 2**32 - 1, 100000001, 10**12, 2**63 - 1, 2**63, 2**64 - 8, 2**64 - 1):
        yield "header_length_%d" % n, st(length=n)
    for n in range(8):
        yield "only_%d_bytes" % n, st()[:n]
    yield "header_length_1000_of_a_small_file", st(length=1000, data=0, header=b"{}")
    yield "header_with_mark", st(header=lambda h: b"\xef\xbb\xbf" + h)
    yield "header_begins_with_blanks", st(header=lambda h: b"  " + h)
    yield "header_ends_with_blanks", st(header=lambda h: h + b"    ")
    yield "header_ends_with_nul", st(header=lambda h: h + b"\0\0\0\0")
    yield "header_ends_with_more", st(header=lambda h: h + b"x")
    yield "header_of_16_bits", st(header=lambda h: h.decode().encode("utf-16"))
    yield "header_deep", st(header=b'{"a":' * 5000 + b"1" + b"}" * 5000, data=0)
    yield "header_deep_lists", st(header=b'{"a":' + b"[" * 100000, data=0)
    yield "header_a_list", st(header=b"[]", data=0)
    yield "header_null", st(header=b"null", data=0)
    yield "header_empty", st(header=b"", data=0)
    yield "header_a_comment", st(header=lambda h: b"/*x*/" + h)
    yield "header_a_comma_more", st(header=lambda h: h[:-1] + b",}")
    yield "header_single_quotes", st(header=lambda h: h.replace(b'"', b"'"))
    yield "tail", st(tail=b"PK\3\4junk")
    yield "a_byte_short", st()[:-1]
    yield "half", st()[:40000]
    yield "no_tensor", st(header=b"{}", data=0)
    yield "metadata_alone", st(header=b'{"__metadata__":{"format":"pt"}}', data=0)
    yield "without_the_head", st(tensors=names()[:-1])
    yield "without_the_head_beside_a_buffer", st(tensors=names()[:-1] + [("model.rotary_emb.inv_freq", [8])])
    yield "without_the_embedding_beside_a_small_one", st(tensors=names()[1:] + [("model.embed_token.weight", [8, EMBD])])
    yield "without_a_layer", st(tensors=[t for t in names() if "layers.1." not in t[0]])
    yield "half_of_the_layers_of_four", None
    yield "without_the_embedding", st(tensors=names()[1:])
    yield "one_matrix_of_another_shape", st(tensors=[(n, [128, 64] if "0.self_attn.q_proj" in n else s) for n, s in names()])
    yield "without_one_matrix", st(tensors=[t for t in names() if "1.mlp.down_proj" not in t[0]])
    yield "a_pointer_of_git_lfs", b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"0" * 64 + b"\nsize 4\n"


def narrow(dtype):
    """Every weight in numbers of one byte, which the config says nothing of."""
    def change(d):
        at = 0
        for t in d.values():
            n = math.prod(t["shape"])
            t.update(dtype=dtype, data_offsets=[at, at + n])
            at += n
    data = entries()[1] // 2
    return safetensors(change, data=data)


def strangers():
    """Whole files beside the config of another model: engines refuse what does not fit into the tensors that the config
    makes, and turn the type of numbers into the config's."""
    whole = safetensors()
    more = lambda f, t: safetensors(tensors=names() + [(n.replace("layers.1.", f), s) for n, s in names() if "layers.1." in n] + t)
    awq = {"quant_method": "awq", "bits": 4, "group_size": 128}
    yield "one_head_for_keys", whole, config(num_key_value_heads=1)
    yield "smaller_heads", whole, config(head_dim=8)
    yield "a_narrower_feed_forward", whole, config(intermediate_size=64)
    yield "fewer_layers", whole, config(num_hidden_layers=1)
    yield "fewer_words", whole, config(vocab_size=128)
    yield "awq_of_plain_numbers", whole, config(quantization_config=awq)
    yield "a_layer_that_predicts", more("layers.2.", [("model.layers.2.eh_proj.weight", [64, 128])]), None
    yield "a_layer_that_the_config_counts_apart", more("layers.2.", []), config(num_nextn_predict_layers=1)
    yield "a_module_that_predicts", more("mtp.layers.0.", []), None
    yield "a_tower_of_more_layers", more("vision_tower.encoder.layers.7.", []), None
    yield "tables_of_rotation", safetensors(tensors=names() + [("model.layers.0.self_attn.rotary_emb.inv_freq", [8])]), None
    yield "numbers_of_fp8", narrow("F8_E4M3"), None
    yield "numbers_of_a_byte", narrow("U8"), None


def indexes():
    first, second = names()[:10], names()[10:]
    one, two = safetensors(tensors=first), safetensors(tensors=second)
    a, b = "model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"
    where = {n: a for n, _ in first}
    where.update({n: b for n, _ in second})

    def files(index, more=None, raw=None):
        f = {"m/config.json": config(), "m/" + a: one, "m/" + b: two}
        f["m/model.safetensors.index.json"] = json.dumps(index).encode() if raw is None else raw
        f.update(more or {})
        return {k: v for k, v in f.items() if v is not None}

    whole = {"metadata": {"total_size": 213632}, "weight_map": where}
    change = lambda **c: {"metadata": {"total_size": 213632}, "weight_map": {**where, **c}}
    yield "index", files(whole)
    yield "index_of_a_part", files({"metadata": {}, "weight_map": {n: a for n, _ in first}})
    yield "index_without_the_second_file", files(whole, {"m/" + b: None})
    yield "index_with_a_path_upwards", files(change(**{"lm_head.weight": "../x.safetensors"}))
    yield "index_with_an_absolute_path", files(change(**{"lm_head.weight": "/etc/passwd"}))
    yield "index_with_an_empty_name", files(change(**{"lm_head.weight": ""}))
    yield "index_with_a_number", files(change(**{"lm_head.weight": 5}))
    yield "index_of_a_tensor_that_is_not_there", files(change(**{"model.layers.7.mlp.up_proj.weight": a}))
    yield "index_names_the_wrong_file", files(change(**{"lm_head.weight": a}))
    yield "index_empty", files({})
    yield "index_without_a_map", files({"metadata": {}})
    yield "index_of_an_empty_map", files({"weight_map": {}})
    yield "index_a_list", files([])
    yield "index_cut", files(None, raw=json.dumps(whole).encode()[:200])
    yield "index_twice_the_same_name", files(None, raw=json.dumps(whole).encode().replace(b'"model.norm.weight"', b'"lm_head.weight"'))
    yield "index_of_zero_bytes", files(None, raw=b"")
    yield "index_file_is_cut", files(whole, {"m/" + b: two[:-10]})
    yield "index_file_is_a_page", files(whole, {"m/" + b: b"<html></html>"})
    yield "no_index_and_a_file_missing", {"m/config.json": config(), "m/" + a: one}
    yield "no_index", {"m/config.json": config(), "m/" + a: one, "m/" + b: two}


def torch():
    pt = pytorch
    t = lambda *a, **k: pickled([("model.norm.weight", op_tensor(*a, **k))])
    store = [("0", b"\0" * 128)]
    good = op_tensor("0", 64, [64])
    yield "good", pt()
    yield "without_a_layer", pt(tensors=[x for x in names() if "layers.1." not in x[0]])
    yield "empty_dictionary", pt(data=pickled([]), storages=[])
    yield "no_pickle", pt(inner="archive")[:0] + b"PK\5\6" + b"\0" * 18
    yield "a_call_of_os_system", pt(data=b"\x80\x02cos\nsystem\n" + op_text("touch hacked") + b"\x85R.", storages=store)
    yield "a_call_of_eval", pt(data=b"\x80\x02cbuiltins\neval\n" + op_text("1") + b"\x85R.", storages=store)
    yield "a_call_of_subprocess", pt(data=b"\x80\x02csubprocess\nPopen\n" + op_text("id") + b"\x85R.", storages=store)
    yield "a_reduce_of_builtins", pt(data=pickle.dumps(ValueError("x"), 2), storages=store)
    yield "protocol_0_of_an_int", pt(data=pickle.dumps(5, 0), storages=[])
    yield "protocol_9", pt(data=b"\x80\x09}.", storages=[])
    yield "no_stop", pt(data=pickled([("model.norm.weight", good)])[:-1], storages=store)
    yield "empty_stack", pt(data=b"\x80\x02.", storages=[])
    yield "mark_without_end", pt(data=b"\x80\x02(((((.", storages=[])
    yield "pop_of_nothing", pt(data=b"\x80\x020.", storages=[])
    yield "memo_not_there", pt(data=b"\x80\x02h\x07.", storages=[])
    yield "memo_beyond", pt(data=b"\x80\x02}r\xff\xff\xff\x7f.", storages=[])
    yield "text_longer_than_the_file", pt(data=b"\x80\x02}X\xff\xff\xff\x7fabc", storages=[])
    yield "text_of_2_64", pt(data=b"\x80\x04\x8d" + b"\xff" * 8 + b"abc", storages=[])
    yield "number_of_2000_bytes", pt(data=b"\x80\x02\x8b\xd0\x07\x00\x00" + b"\1" * 2000 + b".", storages=[])
    yield "storage_missing", pt(data=t("7", 64, [64]), storages=store)
    yield "storage_too_small", pt(data=t("0", 640, [640]), storages=store)
    yield "tensor_beyond_its_storage", pt(data=t("0", 64, [64], offset=32), storages=store)
    yield "tensor_shape_wraps", pt(data=t("0", 64, [2**40, 2**40], strides=[0, 0]), storages=store)
    yield "tensor_shape_negative", pt(data=t("0", 64, [-64]), storages=store)
    yield "tensor_stride_huge", pt(data=t("0", 64, [8, 8], strides=[2**62, 1]), storages=store)
    yield "tensor_offset_2_63", pt(data=t("0", 64, [64], offset=2**63 - 1), storages=store)
    yield "storage_of_an_unknown_type", pt(data=t("0", 64, [64], kind="EvilStorage"), storages=store)
    yield "tensor_in_tensor", pt(data=pickled([("a", b"}(" + op_text("b") + good + b"u")]), storages=store)
    yield "name_upwards", pt(extra=[("../../x", b"")])
    yield "cut", pt()[:-200]
    yield "cut_in_the_middle", pt()[:2000]
    yield "bytes_before", b"junk" + pt()
    yield "legacy_file", pickle.dumps(0x1950a86a20f9469cfc6c, 2) + pickle.dumps(1001, 2)
    yield "zeros", b"\0" * 512


def configs():
    yield "good", config()
    for k in ("hidden_size", "num_hidden_layers", "num_attention_heads", "num_key_value_heads", "vocab_size",
              "intermediate_size", "max_position_embeddings"):
        for v in (0, -1, 2**31, 2**32, 2**53, 2**63, 1e99, 1.5, "64", None, True, [1], {"a": 1}):
            word = "a_list" if v == [1] else "an_object" if isinstance(v, dict) else "a_text" if v == "64" else str(v)
            yield "%s_%s" % (k, word), config(**{k: v})
        yield "%s_missing" % k, config(without=(k,))
    yield "dtype_with_escapes", config(torch_dtype="\x1b[31mx")
    yield "model_type_with_escapes", config(model_type="\x1b]0;evil\x07")
    yield "model_type_a_number", config(model_type=5)
    yield "model_type_empty", config(model_type="")
    yield "model_type_missing", config(without=("model_type", "architectures"))
    yield "architectures_a_link", config(architectures=["[x](http://evil)"])
    yield "layer_types_too_few", config(layer_types=["full_attention"])
    yield "layer_types_unknown", config(layer_types=["x\n::error::", "y"])
    yield "layer_types_a_text", config(layer_types="full_attention")
    yield "quant_unknown", config(quantization_config={"quant_method": "\x1b[2J"})
    yield "quant_zero_bits", config(quantization_config={"quant_method": "gptq", "bits": 0, "group_size": 0})
    yield "quant_2_31_bits", config(quantization_config={"quant_method": "awq", "bits": 2**31, "group_size": -1})
    yield "quant_blocks_of_zero", config(quantization_config={"quant_method": "fp8", "weight_block_size": [0, 0]})
    yield "quant_a_list", config(quantization_config=[1])
    yield "rope_factor_1e308", config(rope_scaling={"type": "yarn", "factor": 1e308})
    yield "rope_a_text", config(rope_scaling="yarn")
    yield "window_negative", config(sliding_window=-1)
    yield "window_2_62", config(sliding_window=2**62)
    yield "heads_do_not_divide", config(num_attention_heads=5)
    yield "kv_heads_do_not_divide", config(num_key_value_heads=3)
    yield "experts_2_31", config(model_type="mixtral", num_local_experts=2**31, num_experts_per_tok=2)
    yield "experts_used_more_than_there", config(model_type="mixtral", num_local_experts=2, num_experts_per_tok=9)
    j = config()
    for name, raw in {
            "mark": b"\xef\xbb\xbf" + j, "nul_behind": j + b"\0", "key_twice": j[:-1] + b', "hidden_size": 32}',
            "key_in_another_case": j[:-1] + b', "Hidden_Size": 32}', "key_twice_by_an_escape": j[:-1] + b', "hidden\\u005fsize": 32}',
            "nan": j.replace(b'"hidden_size": 64', b'"hidden_size": NaN'),
            "infinity": j.replace(b'"hidden_size": 64', b'"hidden_size": Infinity'),
            "1e400": j.replace(b'"hidden_size": 64', b'"hidden_size": 1e400'), "lone_surrogate": j.replace(b'llama"', b'\\ud800"', 1),
            "deep_objects": b'{"a":' * 100000, "deep_lists": b"[" * 1000000, "empty": b"", "blanks": b"  \n", "comma_more": j[:-1] + b",}",
            "hexadecimal": j.replace(b"64", b"0x40", 1), "leading_zero": j.replace(b"64", b"064", 1), "plus": j.replace(b"64", b"+64", 1),
            "comment": b"//x\n" + j, "escaped_nul": j.replace(b"llama", b"\\u0000", 1), "latin_1": j.replace(b"llama", b"ll\xe4ma", 1),
            "overlong_utf8": j.replace(b"llama", b"ll\xc1\xa1ma", 1), "two_values": j + j, "a_list": b"[]", "a_text": b'"x"', "a_number": b"5",
            "null": b"null", "cut": j[:-1], "cut_in_a_text": j[:9], "a_control_in_a_text": j.replace(b"llama", b"ll\nama", 1),
            "bad_escape": j.replace(b"llama", b"ll\\xama", 1), "short_escape": j.replace(b"llama", b"\\u12", 1),
            "text_of_3_mib": lambda: j[:-1] + b',"x":"' + b"a" * (3 << 20) + b'"}', "larger_than_16_mib": (b'{"a":"', 17 << 20),
            "many_keys": lambda: j[:-1] + b"," + b",".join(b'"k%d":%d' % (i, i) for i in range(100000)) + b"}",
            "many_numbers": lambda: j[:-1] + b',"x":[' + b"1," * 499999 + b"1" + b"]}",
            "many_lists": lambda: j[:-1] + b',"x":[' + b"[]," * 99999 + b"[]" + b"]}", "a_page": b"<!DOCTYPE html>",
            "a_pointer_of_git_lfs": b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"0" * 64 + b"\nsize 4\n"}.items():
        yield "text_" + name, raw() if callable(raw) else raw


def crowd():
    """As many tensors as fit the limit, spread over the layers so that no two are one entry; and one more."""
    entry = '"%s.layers.%d.experts.%06d.proj.qw":{"dtype":"U8","shape":[4],"data_offsets":[%7d,%7d]}%s'
    for name, word, n in (("tensors_262144", "m", 262144), ("tensors_262145", "m", 262145), ("names_of_17_mb", "x" * 4000, 4200)):
        length = len(entry % (word, 0, 0, 0, 0, ","))

        def header(word=word, n=n, length=length):
            yield struct.pack("<Q", n * length + 1) + b"{"
            for i in range(n):
                yield (entry % (word, i % 2, i, 4 * i, 4 * i + 4, "," if i + 1 < n else "}")).encode()

        yield name, (header, 9 + n * length + 4 * n)


def cases():
    for name, data in headers():
        if name == "half_of_the_layers_of_four":
            yield "safetensors/" + name, folder(safetensors(), config(num_hidden_layers=4)), ASK
        else:
            yield "safetensors/" + name, folder(data), ASK
    for name, data, settings in strangers():
        yield "safetensors/config_of_another/" + name, folder(data, settings), ASK
    for name, data in crowd():
        yield "safetensors/" + name, folder(data), ASK
        yield "safetensors/inspect_of_" + name, folder(data), ["inspect", "m"]
    yield "safetensors/file_alone_without_config", {"m/model.safetensors": safetensors()}, ASK
    yield "safetensors/folder_empty", {"m/x": b""}, ASK
    for name, files in indexes():
        yield "safetensors/" + name, files, ASK
    for name, data in torch():
        yield "pytorch/" + name, folder(data, name="pytorch_model.bin"), ASK
    for name, raw in configs():
        yield "config/" + name, {"config.json": raw}, ["--model", "config.json", "--quant", "q4_k_m", "--gpu", "rtx-4090", "--ctx", "4k"]
