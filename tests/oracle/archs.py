"""archs.py - one small model of every architecture of llama.cpp: the keys of its header, and which of the tensors that
llama.cpp would take its published files have.

Shapes are those of a published model where that is small, else its proportions: head sizes, ranks, expert counts and
patterns of layers as published, with fewer layers, so that a check of all of them takes a minute."""
import re

# What a key says unless the architecture says otherwise (key without "<arch>.").
COMMON = {
    "context_length": 131072, "embedding_length": 2048, "block_count": 10, "feed_forward_length": 5632,
    "attention.head_count": 16, "attention.head_count_kv": 4, "vocab_size": 32000,
}
VALUES = {
    "embedding_length_out": None, "features_length": 512, "leading_dense_block_count": 1,
    "attention.key_length": 128, "attention.value_length": 128,
    "attention.layer_norm_epsilon": 1e-5, "attention.layer_norm_rms_epsilon": 1e-5,
    "attention.group_norm_epsilon": 1e-6, "attention.group_norm_groups": 32,
    "attention.max_alibi_bias": 8.0, "attention.clamp_kqv": None, "attention.causal": None,
    "attention.q_lora_rank": 1536, "attention.kv_lora_rank": 512,
    "attention.decay_lora_rank": 64, "attention.iclr_lora_rank": 64,
    "attention.value_residual_mix_lora_rank": 32, "attention.gate_lora_rank": 128,
    "attention.relative_buckets_count": 32, "attention.sliding_window": 1024,
    "attention.sliding_window_pattern": None, "attention.rope_pattern": None, "attention.scale": None,
    "attention.output_scale": None, "attention.value_scale": None,
    "attention.temperature_length": None, "attention.temperature_scale": None,
    "attention.key_length_mla": 192, "attention.value_length_mla": 128,
    "attention.key_length_swa": None, "attention.value_length_swa": None,
    "attention.indexer.head_count": 64, "attention.indexer.key_length": 128, "attention.indexer.top_k": 2048,
    "rope.dimension_count": None, "rope.dimension_sections": [16, 24, 24, 0], "rope.freq_base": 10000.0,
    "rope.freq_base_swa": None,
    "expert_feed_forward_length": 768, "expert_shared_feed_forward_length": None, "expert_count": 32,
    "expert_used_count": 4, "expert_shared_count": None, "expert_weights_scale": None, "expert_weights_norm": None,
    "expert_gating_func": None, "expert_group_count": None, "expert_group_used_count": None,
    "moe_every_n_layers": 2, "interleave_moe_layer_step": 1,
    "time_mix_extra_dim": 32, "time_decay_extra_dim": 64, "rescale_every_n_layers": None, "token_shift_count": None,
    "residual_scale": 0.25, "embedding_scale": 12.0, "logit_scale": 0.125, "full_attention_interval": 4,
    "attn_logit_softcapping": None, "router_logit_softcapping": None, "final_logit_softcapping": None,
    "ssm.conv_kernel": 4, "ssm.inner_size": 4096, "ssm.state_size": 128, "ssm.time_step_rank": 64, "ssm.group_count": 1,
    "ssm.dt_b_c_rms": None, "kda.head_dim": 128, "wkv.head_size": 64, "shortconv.l_cache": 3,
    "use_parallel_residual": True, "pooling_type": None,
    "xielu.alpha_n": 1.0, "xielu.alpha_p": 1.0, "xielu.beta": 1.0, "xielu.eps": 1e-7,
    "tensor_data_layout": None, "decoder_start_token_id": None, "decoder_block_count": None,
    "nextn_predict_layers": None, "n_deepstack_layers": None, "hidden_activation": None,
    "rope.scaling.yarn_log_multiplier": None,
}


def keys_of_source(source, arch_file):
    """The keys that a model's file reads, by llama.cpp's own names."""
    names = dict(re.findall(r'\{ (LLM_KV_\w+),\s+"(?:%s\.)?([^"]+)"', open(source + "/src/llama-arch.cpp").read()))
    found, todo = [], [arch_file]
    while todo:
        text = open("%s/src/models/%s.cpp" % (source, todo.pop())).read()
        text = text[text.index("::load_arch_hparams"):text.index("::load_arch_tensors")]
        for kv in re.findall(r"LLM_KV_\w+", text):
            if kv in names and names[kv] not in found:
                found.append(names[kv])
    return found


def pattern(n, period, last=0, other=1):
    """A list for n layers: `last` for the last of each period, `other` for the rest."""
    return [last if (i + 1) % period == 0 else other for i in range(n)]


def merged(*parts, **more):
    """Later parts win."""
    out = {}
    for part in parts + (more,):
        out.update(part)
    return out


MOE = {"expert_count": 32, "expert_used_count": 4}
MLA = {"attention.head_count_kv": 1, "attention.key_length": 576, "attention.value_length": 512,
       "attention.key_length_mla": 192, "attention.value_length_mla": 128, "rope.dimension_count": 64,
       "attention.kv_lora_rank": 512, "attention.q_lora_rank": 768}
NO_LENGTHS = {"attention.key_length": None, "attention.value_length": None}
DEEPSEEK = merged(MOE, MLA, {"expert_shared_count": 1, "expert_weights_norm": True, "expert_weights_scale": 2.5,
                               "expert_gating_func": 2, "expert_group_count": 8, "expert_group_used_count": 4})
BERT = merged(NO_LENGTHS, {"attention.causal": False, "pooling_type": 1, "attention.head_count_kv": None,
                           "embedding_length": 1024, "feed_forward_length": 4096, "context_length": 8192,
                           "attention.sliding_window": None})
MHA = {"attention.head_count_kv": 16}
GEMMA = {"attention.head_count": 8, "attention.head_count_kv": 4, "attention.key_length": 256,
         "attention.value_length": 256}
ALL = r"!rope_f|attn_kv_b|gate_up_exps|attn_qkv\."
LINEAR = r"blk\.([01245689]|10)\.attn_qkv\.weight" # three of four layers are linear
BIASES = r"attn_(q|k|v|qkv|output)\.bias|ffn_(up|down)\.bias|norm(_2)?\.bias"

BOTH = {"arctic", "gemma4", "jamba", "nomic-bert-moe", "grok", "llama4"}
# architecture: (keys, optional tensors that its files have ("!": do not have), file of src/models/ if it is called otherwise)
MODELS = {
    "llama": ({"rope.dimension_count": 128}, "^output.weight"),
    "llama+experts": (merged(MOE, {"expert_count": 8, "expert_used_count": 2, "rope.dimension_count": 128}), "^output.weight"),
    "llama+tied": ({"rope.dimension_count": 128}, r"attn_(q|k|v|output)\.bias|ffn_(up|down|gate)\.bias"),
    "llama4": (merged(MOE, {"expert_count": 16, "expert_used_count": 1, "expert_feed_forward_length": 8192,
                            "interleave_moe_layer_step": 1, "attention.sliding_window": None,
                            "attention.chunk_size": None}), "^output.weight"),
    "deci": ({"attention.head_count": [16, 16, 0, 16, 16, 16, 0, 16, 16, 16],
              "attention.head_count_kv": [4, 2, 0, 4, 4, 4, 0, 4, 4, 4]}, "^output.weight"),
    "falcon+7b": ({"attention.head_count": 32, "attention.head_count_kv": 1}, "^output.weight"),
    "falcon": ({"attention.head_count": 32, "attention.head_count_kv": 8}, "^output.weight|attn_norm_2"),
    "grok": (merged(MOE, {"expert_count": 8, "expert_used_count": 2, "feed_forward_length": 4096,
                          "expert_feed_forward_length": None, "logit_scale": None, "embedding_scale": None}),
             "^output.weight|attn_output_norm|layer_output_norm"),
    "gpt2+tied": (MHA, BIASES),
    "gpt2": (MHA, "^output.weight|" + BIASES),
    "gptj": (MHA, "bias", "gptneox"),
    "gptneox": (MHA, BIASES),
    "mpt": (merged(MHA, {"attention.clamp_kqv": 6.0}), "^output.weight"),
    "baichuan+alibi": (merged(MHA, {"block_count": 40}), ""),
    "baichuan": (merged(MHA, {"block_count": 32}), ""),
    "starcoder": ({"attention.head_count_kv": 1, "context_length": 8192}, "^output.weight|" + BIASES),
    "refact": ({"attention.head_count_kv": 1}, ""),
    "bert+rerank": (merged(BERT, {"pooling_type": 4}), "attn_(q|k|v)|token_types|cls|" + BIASES),
    "bert": (BERT, "attn_(q|k|v)|token_types|" + BIASES),
    "modern-bert": (merged(BERT, {"attention.sliding_window": 128, "attention.sliding_window_pattern": 3,
                                  "rope.freq_base_swa": 10000.0}), "attn_norm|cls.norm|cls.weight|cls.bias"),
    "nomic-bert": (BERT, "attn_qkv|token_types"),
    "nomic-bert-moe": (merged(BERT, {"expert_count": 8, "expert_used_count": 2, "moe_every_n_layers": 2}),
                       "attn_qkv|token_types|" + BIASES),
    "neo-bert": (BERT, ""),
    "jina-bert-v2": (BERT, r"attn_(q|k|v)\.(weight|bias)|token_types|ffn_gate.weight|" + BIASES),
    "jina-bert-v3": (BERT, "attn_qkv|token_types|" + BIASES),
    "eurobert": (BERT, ""),
    "bloom": (MHA, "^output.weight|" + BIASES),
    "stablelm+parallel": ({}, "attn_(q|k)_norm", "stablelm"),
    "stablelm": ({}, "ffn_norm"),
    "qwen": (merged(MHA, feed_forward_length=11264), ""),
    "qwen2+tied": ({}, r"attn_(q|k|v)\.bias"),
    "qwen2": ({}, r"^output.weight|attn_(q|k|v)\.bias"),
    "qwen2moe": (merged(MOE, expert_shared_feed_forward_length=5632), r"^output.weight|attn_(q|k|v)\.bias"),
    "qwen2vl": ({}, r"^output.weight|attn_(q|k|v)\.bias"),
    "qwen3+sequences": ({"pooling_type": 3}, "^output.weight"),
    "qwen3": ({}, ""),
    "qwen3moe": (MOE, "^output.weight"),
    "qwen3next": (merged(MOE, {"attention.key_length": 256, "attention.value_length": 256,
                               "attention.head_count_kv": 2, "expert_shared_feed_forward_length": 512,
                               "ssm.time_step_rank": 32, "ssm.group_count": 16}),
                  r"^output.weight|attn_gate|ssm_ba|shexp|exps|attn_(q|k|v)\.weight|" + LINEAR),
    "qwen3vl": ({}, ""),
    "qwen3vlmoe": (MOE, "^output.weight"),
    "qwen35": ({"attention.key_length": 256, "attention.value_length": 256, "ssm.time_step_rank": 32,
                "ssm.group_count": 16, "rope.dimension_sections": [11, 11, 10, 0]}, r"^output.weight|attn_(q|k|v|gate)\.weight|ssm_|" + LINEAR),
    "qwen35moe": (merged(MOE, {"attention.key_length": 256, "attention.value_length": 256, "ssm.time_step_rank": 32,
                               "ssm.group_count": 16, "expert_shared_feed_forward_length": 512,
                               "rope.dimension_sections": [11, 11, 10, 0]}),
                  r"^output.weight|attn_(q|k|v|gate)\.weight|ssm_|shexp|ffn_(gate|up)_exps|" + LINEAR),
    "qwen4exp": (merged(MOE, {
        "expert_shared_feed_forward_length": 512, "attention.key_length": 256, "attention.value_length": 256,
        "rope.dimension_count": 64, "rope.dimension_sections": [11, 11, 10, 0], "ssm.time_step_rank": 32,
        "ssm.group_count": 16, "hyper_connection.count": 4, "hyper_connection.low_rank": 8,
        "attention.compress_ratios": [4] * 12, "block_count": 12, "attention.indexer.head_count": 16,
        "attention.recurrent_layers": None, "attention.indexer.key_length": 128,
        "ple.layers": None}), r"^output.weight|attn_(q|k|v|gate)\.weight|ssm_|shexp|indexer|ffn_(gate|up)_exps|" + LINEAR),
    "phi2+fused": (MHA, r"^output|attn_qkv|" + BIASES),
    "phi2": (MHA, r"^output|" + BIASES),
    "phi3+window": (merged(rope=0, **{"attention.sliding_window": 2047}), "^output.weight|attn_qkv"),
    "phi3": (merged(rope=0), "^output.weight|attn_qkv"),
    "phimoe": (merged(MOE, {"feed_forward_length": 1024, "rope.dimension_count": 128}),
               "^output|" + BIASES, "phimoe"),
    "plamo": ({"attention.head_count": 40, "attention.head_count_kv": 5, "embedding_length": 5120}, "^output.weight"),
    "plamo2": ({"attention.head_count": pattern(10, 2, 16, 0), "attention.head_count_kv": pattern(10, 2, 4, 0),
                "attention.key_length": 128, "attention.value_length": 128,
                "ssm.group_count": 0, "ssm.state_size": 64, "ssm.time_step_rank": 64}, "^output.weight|attn_qkv"),
    "plamo3": ({"attention.sliding_window": 2048, "attention.sliding_window_pattern": 8}, "^output.weight"),
    "codeshell": (merged(feed_forward_length=8192), "^token_embd|^output.weight|" + BIASES),
    "orion": (MHA, "^output.weight|bias"),
    "internlm2": ({}, "^output.weight"),
    "minicpm+experts": (merged(MOE, feed_forward_length=1536), "", "minicpm"),
    "minicpm": ({}, "", "minicpm"),
    "minicpm3": ({"attention.head_count_kv": 16, "attention.q_lora_rank": 768, "attention.kv_lora_rank": 256,
                  "attention.key_length": 96, "attention.value_length": None, "rope.dimension_count": 32}, ""),
    "gemma": (GEMMA, ""),
    "gemma2": (merged(GEMMA, {"attention.sliding_window": 4096, "attn_logit_softcapping": 50.0,
                              "final_logit_softcapping": 30.0}), ""),
    "gemma3+small": (merged(GEMMA, {"attention.head_count_kv": 1, "attention.sliding_window": 512, "block_count": 26}), ""),
    "gemma3": (GEMMA, ""),
    "gemma3n": (merged(GEMMA, dict(block_count=30), {"embedding_length_per_layer_input": 256, "altup.num_inputs": 4,
                                               "altup.active_idx": 0, "attention.shared_kv_layers": 10}), ""),
    "gemma4": (merged(GEMMA, dict(block_count=12), {
        "attention.sliding_window_pattern": pattern(12, 6, False, True), "attention.key_length": 512,
        "attention.value_length": 512, "attention.key_length_swa": 256, "attention.value_length_swa": 256,
        "embedding_length_per_layer_input": 256, "attention.shared_kv_layers": 6, "expert_feed_forward_length": None,
        "final_logit_softcapping": 30.0}), "attn_v|inp_gate|proj|post_norm|per_layer|layer_output_scale|rope_freqs"),
    "gemma4+experts": (merged(MOE, GEMMA, dict(block_count=12), {
        "attention.sliding_window_pattern": pattern(12, 6, False, True), "attention.key_length": 512,
        "attention.value_length": 512, "attention.key_length_swa": 256, "attention.value_length_swa": 256,
        "embedding_length_per_layer_input": 0, "expert_feed_forward_length": 704, "final_logit_softcapping": 30.0}),
        "attn_v|layer_output_scale|exps|ffn_gate_inp|_norm", "gemma4"),
    "gemma4-assistant": (merged(GEMMA, dict(block_count=4), {
        "attention.sliding_window_pattern": pattern(4, 4, False, True), "attention.key_length": 512,
        "attention.value_length": 512, "attention.key_length_swa": 256, "attention.value_length_swa": 256,
        "attention.shared_kv_layers": 4, "nextn_predict_layers": 1, "embedding_length_out": 2560}), ALL),
    "gemma-embedding": (merged(GEMMA, {"embedding_length": 768, "feed_forward_length": 1152,
                                       "attention.head_count": 3, "attention.head_count_kv": 1,
                                       "attention.causal": False, "pooling_type": 1, "attention.sliding_window": 512,
                                       "dense_2_feat_in": 768, "dense_2_feat_out": 3072, "dense_3_feat_in": 3072,
                                       "dense_3_feat_out": 768}), "dense"),
    "starcoder2": ({}, "^output.weight|" + BIASES),
    "mamba+norms": ({"attention.head_count": None, "attention.head_count_kv": None, "feed_forward_length": 0,
                     "ssm.state_size": 16, "ssm.time_step_rank": 128, "ssm.dt_b_c_rms": True}, ""),
    "mamba": ({"attention.head_count": None, "attention.head_count_kv": None, "feed_forward_length": 0,
               "ssm.state_size": 16, "ssm.time_step_rank": 128}, "^output.weight"),
    "mamba2": ({"attention.head_count": None, "attention.head_count_kv": None, "feed_forward_length": 0,
                "ssm.group_count": 8}, "^output.weight"),
    "maple": (merged(MOE, {"attention.sliding_window_pattern": pattern(10, 4), "swiglu_clamp_exp": 7.0}), ALL),
    "jamba+dense": (merged(dict(block_count=16), {"attention.head_count_kv": pattern(16, 8, 8, 0), "ssm.state_size": 16,
                                                    "ssm.time_step_rank": 256}),
                    "ssm_conv1d.bias|ffn_(gate|up|down).weight"),
    "jamba": (merged(MOE, dict(block_count=16), {"expert_count": 16, "expert_used_count": 2,
                                           "attention.head_count_kv": pattern(16, 8, 8, 0), "ssm.state_size": 16,
                                           "ssm.time_step_rank": 256}),
              "^output.weight|ssm_conv1d.bias|ffn_gate_inp|exps|ffn_(gate|up|down).weight"),
    "falcon-h1": ({"ssm.time_step_rank": 24, "ssm.inner_size": 3072}, "^output.weight|ssm_norm|conv1d.bias"),
    "xverse": (MHA, "^output.weight"),
    "command-r+norms": ({}, "attn_(q|k)_norm", "command-r"),
    "command-r": ({}, "", "command-r"),
    "cohere2": ({"attention.sliding_window": 4096}, ""),
    "cohere2moe": (merged(MOE, {"attention.sliding_window": 4096, "expert_gating_func": 2,
                                "attention.sliding_window_pattern": pattern(10, 4), "expert_shared_count": 1,
                                "attention.layer_norm_rms_epsilon": None}), "^output.weight|shexp"),
    "dbrx": (merged(MOE, {"expert_count": 16, "feed_forward_length": 1792, "attention.clamp_kqv": 8.0}), "^output.weight"),
    "olmo": (MHA, "^output.weight"),
    "olmo2": (MHA, "^output.weight"),
    "olmoe": (merged(MOE, MHA, feed_forward_length=1024), "^output.weight"),
    "muse-glimmer": ({"attention.sliding_window_pattern": pattern(10, 4), "final_logit_softcapping": 30.0}, ALL),
    "openelm": ({"attention.head_count": [12] * 4 + [16] * 6, "attention.head_count_kv": [3] * 4 + [4] * 6,
                 "feed_forward_length": [2048] * 4 + [4096] * 6, "attention.key_length": 128,
                 "attention.value_length": 128}, "^output.weight"),
    "arctic": (merged(MOE, feed_forward_length=2048, expert_count=16, expert_used_count=2), "^output.weight"),
    "deepseek": (merged(MOE, MHA, {"expert_shared_count": 2, "expert_weights_scale": 1.0}), "^output.weight"),
    "deepseek2": (DEEPSEEK, "^output.weight|exp_probs_b|attn_(k|v)_b|attn_q_(a|b)"),
    "deepseek2+lite": (merged(DEEPSEEK, {"attention.q_lora_rank": None, "expert_group_count": None, "expert_gating_func": 1, "block_count": 27,
                                         "expert_group_used_count": None, "expert_weights_norm": False}),
                       r"^output.weight|attn_(k|v)_b|attn_q\."),
    "deepseek2+groups": (merged(DEEPSEEK, {"expert_group_count": 1, "expert_group_used_count": 1}),
                         "^output.weight|exp_probs_b|attn_(k|v)_b|attn_q_(a|b)"),
    "deepseek2-ocr": (merged(MOE, MHA, {"expert_shared_count": 2, "expert_weights_scale": 1.0}),
                      "^output.weight", "deepseek2ocr"),
    "deepseek32": (merged(DEEPSEEK, {"attention.indexer.head_count": 64}), "^output.weight|exp_probs_b|attn_(k|v)_b|indexer"),
    "deepseek4": (merged(MOE, {
        "attention.head_count": 64, "attention.head_count_kv": 1, "attention.key_length": 512,
        "attention.value_length": 512, "rope.dimension_count": 64, "attention.q_lora_rank": 1024,
        "attention.sliding_window": 128, "expert_shared_count": 1, "expert_weights_norm": True,
        "expert_weights_scale": 1.5, "swiglu_clamp_exp": 10.0, "expert_gating_func": 4,
        "attention.output_group_count": 8, "attention.output_lora_rank": 1024, "attention.indexer.top_k": 512,
        "attention.compress_rope_freq_base": 160000.0, "hyper_connection.count": 4,
        "hyper_connection.sinkhorn_iterations": 20, "hyper_connection.epsilon": 1e-6, "hash_layer_count": 3,
        "attention.compress_ratios": [0, 0] + [4, 128] * 4, "embedding_length": 4096}), ALL),
    "chatglm": (merged(feed_forward_length=6848), r"^output.weight|attn_qkv"),
    "glm4+sections": ({"rope.dimension_sections": [8, 12, 12, 0]}, "^output.weight"),
    "glm4": ({"rope.dimension_sections": None}, "^output.weight"),
    "glm4moe": (merged(MOE, {"rope.dimension_sections": None, "expert_shared_count": 1, "expert_gating_func": 2, "expert_weights_norm": True,
                             "nextn_predict_layers": 1}), ALL + r"|nextn\.(embed|shared_head_head)", "glm4-moe"),
    "glm-dsa": (merged(DEEPSEEK, {"attention.indexer.head_count": 32}),
                "^output.weight|exp_probs_b|attn_(k|v)_b|indexer"),
    "glm-dsa+shared": (merged(DEEPSEEK, {"attention.indexer.head_count": 32, "context_length": 1048576,
                                         "attention.indexer.types": [1, 1, 1, 0, 0, 0, 1, 0, 0, 0]}),
                       "^output.weight|exp_probs_b|attn_(k|v)_b|indexer", "glm-dsa"),
    "bitnet": ({}, "attn_sub_norm|ffn_sub_norm"),
    "t5": (merged(MHA, {"attention.key_length": 128, "attention.value_length": 128, "context_length": 512,
                        "decoder_start_token_id": 0}), r"^output.weight|[0-9].attn_rel_b|ffn_gate"),
    "t5encoder": (merged(MHA, {"context_length": 512, "attention.causal": False}), "rel_b|ffn_gate"),
    "jais": (MHA, BIASES),
    "jais2": ({}, BIASES),
    "nemotron": ({}, "norm.bias"),
    "nemotron_h": ({"block_count": 12, "attention.head_count_kv": [0, 0, 4, 0, 0, 0, 4, 0, 0, 0, 4, 0],
                    "feed_forward_length": [0, 5632, 0, 0, 5632, 0, 0, 0, 5632, 0, 0, 5632],
                    "ssm.group_count": 8, "ssm.time_step_rank": 64}, "^output.weight|conv1d.bias|ffn_(up|down).weight", "nemotron-h"),
    "nemotron_h_moe": (merged(MOE, {"block_count": 12, "attention.head_count_kv": [0, 0, 4, 0, 0, 0, 4, 0, 0, 0, 4, 0],
                                    "feed_forward_length": [0, 768, 0, 0, 768, 0, 0, 0, 768, 0, 0, 768],
                                    "ssm.group_count": 8, "ssm.time_step_rank": 64, "expert_shared_count": 1,
                                    "expert_shared_feed_forward_length": 1024, "expert_weights_norm": True,
                                    "expert_weights_scale": 2.5, "expert_gating_func": 2}),
                       "^output.weight|exps|shexp|exp_probs|ffn_gate_inp|conv1d.bias", "nemotron-h"),
    "exaone": ({}, "^output.weight"),
    "exaone4+small": ({"attention.sliding_window": None, "block_count": 30}, ""),
    "exaone4": ({"attention.sliding_window": 4096, "block_count": 64}, "^output.weight"),
    "exaone-moe": (merged(MOE, dict(block_count=12), {"expert_shared_count": 1, "expert_gating_func": 2,
                                                "attention.sliding_window": 128, "nextn_predict_layers": 1,
                                                "expert_weights_norm": True, "expert_weights_scale": 2.5}),
                   "^output.weight|exp_probs_b|nextn"),
    "rwkv6": ({"attention.head_count": 0, "attention.head_count_kv": None, "feed_forward_length": 7168,
               "attention.layer_norm_rms_epsilon": None, "rescale_every_n_layers": 6}, "time_mix_|channel_mix_"),
    "rwkv6qwen2": ({"attention.layer_norm_epsilon": None, "wkv.head_size": 128, "token_shift_count": 1},
                   r"attn_|ffn_|time_mix_(key|value|receptance)\.bias|time_mix_lerp_fused|time_mix_gate"),
    "rwkv7": ({"attention.head_count": 0, "attention.head_count_kv": None, "feed_forward_length": 8192,
               "attention.layer_norm_rms_epsilon": None}, "time_mix_|channel_mix_|attn_norm"),
    "arwkv7": ({"attention.layer_norm_epsilon": None, "token_shift_count": 1, "wkv.head_size": 64,
                "attention.gate_lora_rank": 0}, "time_mix_(?!ln)"),
    "granite": ({}, "^output.weight"),
    "granitemoe+shared": (merged(MOE, feed_forward_length=512, expert_shared_feed_forward_length=1024), "shexp", "granite-moe"),
    "granitemoe": (merged(MOE, feed_forward_length=512), "^output.weight", "granite-moe"),
    "granitehybrid+dense": ({"attention.head_count_kv": pattern(10, 5, 4, 0), "ssm.time_step_rank": 64, "rope.scaling.finetuned": False,
                             "expert_shared_feed_forward_length": None},
                            "^output.weight|ssm_conv1d.bias|ffn_(gate|up|down).weight|ssm_norm", "granite-hybrid"),
    "granitehybrid": (merged(MOE, {"attention.head_count_kv": pattern(10, 5, 4, 0), "feed_forward_length": 512,
                                   "expert_shared_feed_forward_length": 1024, "ssm.time_step_rank": 64, "rope.scaling.finetuned": False}),
                      "^output.weight|ssm_conv1d.bias|exps|shexp|ffn_gate_inp|ssm_norm", "granite-hybrid"),
    "graniteswitch": ({"adapters.count": 4, "adapters.lora_rank": 16,
                       "adapters.token_ids_activate": [10, 11, 12, 13], "adapters.token_ids_substitute": [1, 1, 1, 1]}, "^output.weight", "granite-switch"),
    "granite_swa": (merged(MOE, {"attention.sliding_window_pattern": pattern(10, 4), "feed_forward_length": 512,
                                 "expert_shared_feed_forward_length": 1024}),
                    "^output.weight|exps|shexp|ffn_gate_inp", "granite-swa"),
    "chameleon": (merged(MHA, vocab_size=65536, swin_norm=False), "^output.weight"),
    "wavtokenizer-dec": ({"vocab_size": 4096, "features_length": 512, "embedding_length": 1282, "block_count": 1,
                          "posnet.embedding_length": 768, "posnet.block_count": 6, "convnext.embedding_length": 768,
                          "convnext.block_count": 12, "attention.head_count": 1, "attention.head_count_kv": None}, ALL),
    "plm": ({"attention.head_count_kv": 16, "attention.kv_lora_rank": 512, "attention.key_length": 192,
             "attention.value_length": 128, "rope.dimension_count": 64, "attention.q_lora_rank": None}, ""),
    "bailingmoe": (merged(MOE, {"expert_shared_count": 2, "expert_weights_scale": 1.0, "expert_weights_norm": True,
                                "rope.dimension_count": 128}), "^output.weight"),
    "bailingmoe2": (merged(MOE, {"expert_shared_count": 1, "expert_weights_scale": 2.5, "expert_weights_norm": True,
                                 "expert_gating_func": 2, "rope.dimension_count": 64, "expert_group_count": 8,
                                 "expert_group_used_count": 4}), "^output.weight|exp_probs_b"),
    "bailingmoe3": (merged(DEEPSEEK, {"attention.head_count_kv": pattern(10, 5, 1, 0), "kda.safe_gate": True,
                                      "kda.gate_lower_bound": -5.0, "expert_group_count": None,
                                      "expert_group_used_count": None}), ALL),
    "dots1": (merged(MOE, MHA, {"expert_shared_count": 2, "expert_weights_scale": 2.5, "expert_weights_norm": True,
                                  "expert_gating_func": 2}), "^output.weight|exp_probs_b"),
    "dots3note": (merged(DEEPSEEK, {
        "attention.kv_lora_rank_swa": 256, "attention.key_length_swa": 320, "attention.value_length_swa": 256,
        "attention.key_length_mla_swa": 192, "attention.value_length_mla_swa": 128, "rope.freq_base_swa": 10000.0,
        "attention.sliding_window": 512, "attention.sliding_window_pattern": pattern(10, 4),
        "attention.indexer.types": pattern(10, 4, 1, 0)}), ALL),
    "arcee": ({"rope.dimension_count": 128}, "^output.weight"),
    "afmoe": (merged(MOE, {"expert_shared_count": 1, "expert_gating_func": 2, "expert_weights_norm": True,
                           "expert_weights_scale": 2.5, "attention.sliding_window": 2048,
                           "attention.sliding_window_pattern": 4}), "^output.weight|exp_probs_b"),
    "laguna": (merged(MOE, {"attention.key_length": 128, "attention.value_length": 128,
                            "attention.head_count": pattern(12, 4, 16, 24), "block_count": 12,
                            "attention.sliding_window": 512, "expert_gating_func": 2, "expert_weights_norm": True,
                            "attention.sliding_window_pattern": pattern(12, 4), "expert_weights_scale": 2.5,
                            "expert_shared_feed_forward_length": 512, "expert_shared_count": 1}), ALL),
    "ernie4_5": ({}, "^output.weight", "ernie4-5"),
    "ernie4_5-moe": (merged(MOE, {"expert_shared_count": 2, "expert_shared_feed_forward_length": 1536,
                                  "interleave_moe_layer_step": 1}), "^output.weight|exp_probs_b|shexp", "ernie4-5"),
    "hunyuan-moe": (merged(MOE, expert_shared_feed_forward_length=3072), ""),
    "hunyuan-dense": ({}, "", "hunyuan-vl"),
    "hunyuan_vl": ({"rope.dimension_sections": [16, 16, 16, 16]}, "", "hunyuan-vl"),
    "hy_v3": (merged(MOE, {"expert_shared_count": 1, "expert_gating_func": 2, "expert_weights_norm": True,
                           "expert_weights_scale": 2.5, "nextn_predict_layers": 1, "leading_dense_block_count": 1}), ALL + r"|nextn\.(embed|shared_head)", "hy-v3"),
    "hy_v4": (merged(DEEPSEEK, {"hyper_connection.count": 4, "hyper_connection.epsilon": 1e-6,
                                "hyper_connection.magnitude": 2.0, "swiglu_clamp_exp": 10.0,
                                "expert_group_count": None, "expert_group_used_count": None,
                                "attention.indexer.types": pattern(10, 2, 0, 1)}), ALL, "hy-v4"),
    "smollm3": ({}, ""),
    "gpt-oss": (merged(MOE, {"attention.head_count": 64, "attention.head_count_kv": 8, "attention.key_length": 64,
                             "attention.value_length": 64, "attention.sliding_window": 128,
                             "embedding_length": 2880, "expert_feed_forward_length": 2880}),
                "^output.weight|bias|sinks", "openai-moe"),
    "lfm2": ({"attention.sliding_window": None, "attention.head_count_kv": [0, 0, 8, 0, 0, 8, 0, 0, 8, 0]}, ""),
    "lfm2moe": (merged(MOE, {"attention.head_count_kv": [0, 0, 8, 0, 0, 8, 0, 0, 8, 0], "expert_gating_func": 2,
                             "leading_dense_block_count": 2}), "exp_probs_b"),
    "dream": ({"attention.causal": False}, r"^output.weight|attn_(q|k|v)\.bias"),
    "smallthinker": (merged(MOE, {"feed_forward_length": 768, "expert_gating_func": 2, "attention.sliding_window": 4096,
                                  "attention.sliding_window_pattern": None}), "^output.weight"),
    "llada": (merged(MHA, {"attention.causal": False}), "^output.weight"),
    "llada-moe": (merged(MOE, MHA, {"attention.causal": False}), "^output.weight"),
    "seed_oss": ({}, r"^output.weight|attn_(q|k|v)\.bias", "seed-oss"),
    "grovemoe": (merged(MOE, {"expert_chunk_feed_forward_length": 128, "experts_per_group": 2,
                              "expert_group_scale": 0.05}), "^output.weight"),
    "apertus": ({"xielu.alpha_n": [0.8] * 10, "xielu.alpha_p": [0.8] * 10, "xielu.beta": [0.5] * 10,
                 "xielu.eps": [1e-6] * 10}, "^output.weight"),
    "minimax-01": (merged(MOE, {"expert_count": 8, "expert_used_count": 2, "block_count": 16, "full_attention_interval": 8, "attention.key_length": 128,
                                "attention.value_length": 128}), ALL),
    "hrm_text": ({"hrm.layers_per_stack": 5, "hrm.h_cycles": 2, "hrm.l_cycles": 3, "block_count": 40}, ALL, "hrm-text"),
    "minimax-m2": (merged(MOE, {"expert_gating_func": 2}), ""),
    "minimax-m3": (merged(MOE, {"expert_gating_func": 2, "attention.indexer.head_count": 4,
                                "attention.indexer.key_length": 128, "attention.indexer.top_k": 16,
                                "attention.indexer.block_size": 128, "attention.indexer.local_blocks": 1,
                                "leading_dense_block_count": 3, "expert_shared_count": 1, "expert_weights_norm": True,
                                "expert_weights_scale": 2.0, "rope.dimension_count": 64}), "^output.weight|indexer|exp_probs"),
    "cogvlm": (MHA, "^output.weight"),
    "rnd1": (merged(MOE, {"attention.causal": False}), "^output.weight"),
    "pangu-embedded": ({}, "^output.weight|bias", "pangu-embed"),
    "mistral3": ({"rope.dimension_count": 128}, "^output.weight"),
    "eagle3": ({"block_count": 1, "target_layers": [2, 14, 25], "target_hidden_size": 2048}, ALL),
    "dflash": ({"block_count": 5, "target_layers": [1, 9, 17, 25, 33], "block_size": 16,
                "attention.sliding_window": None}, ALL),
    "mistral4": (DEEPSEEK, "^output.weight|attn_(k|v)_b|attn_q_(a|b)", "deepseek2"),
    "paddleocr": ({"attention.head_count_kv": 2, "rope.dimension_sections": [16, 24, 24, 0]}, "^output.weight", "ernie4-5"),
    "mimo2": (merged(MOE, {"attention.head_count_kv": pattern(12, 6, 4, 8), "block_count": 12,
                           "attention.key_length": 192, "attention.value_length": 128, "expert_gating_func": 2,
                           "attention.key_length_swa": 192, "attention.value_length_swa": 128,
                           "attention.sliding_window": 128, "attention.sliding_window_pattern": pattern(12, 6), "leading_dense_block_count": 1,
                           "expert_weights_norm": True}), "^output.weight|exp_probs|sinks|exps|ffn_gate_inp|ffn_(gate|up|down).weight"),
    "step35": (merged(MOE, {"attention.key_length": 128, "attention.value_length": 128,
                            "attention.head_count": pattern(12, 4, 16, 24), "block_count": 12,
                            "attention.sliding_window": 512, "expert_gating_func": 2, "expert_weights_norm": True,
                            "attention.sliding_window_pattern": pattern(12, 4), "expert_weights_scale": 3.0,
                            "expert_shared_feed_forward_length": 512, "swiglu_clamp_exp": [0.0] * 12,
                            "swiglu_clamp_shexp": [0.0] * 12, "leading_dense_block_count": 3}),
               "^output.weight|exps|exp_probs|shexp|ffn_gate_inp|ffn_(gate|up|down).weight|attn_gate|attn_(q|k)_norm"),
    "spark2_5": ({"attention.sliding_window_pattern": pattern(10, 4)}, ALL, "spark2-5"),
    "llama-embed": ({"rope.dimension_count": 128, "attention.causal": False, "pooling_type": 1}, "^output.weight", "llama"),
    "maincoder": ({}, "^output.weight"),
    "kimi-linear": (merged(MOE, MLA, {"attention.head_count_kv": pattern(12, 4, 1, 0), "block_count": 12,
                                        "attention.q_lora_rank": None, "expert_shared_count": 1,
                                        "expert_gating_func": 2, "expert_weights_norm": True,
                                        "expert_weights_scale": 2.4}), ALL),
    "kimi-k3": (merged(MOE, MLA, {"attention.head_count_kv": pattern(12, 4, 1, 0), "block_count": 12,
                                    "expert_shared_count": 1, "expert_gating_func": 2, "expert_weights_norm": True,
                                    "expert_weights_scale": 2.4, "attn_res.block_size": 12, "activation.situ_beta": 4.0,
                                    "activation.situ_linear_beta": 25.0, "kda.gate_lower_bound": -5.0}), ALL),
    "talkie": ({}, ALL),
    "mellum": (merged(MOE, {"attention.sliding_window": 1024, "attention.sliding_window_pattern": 4}), "^output.weight"),
    "nanbeige": ({}, "^output.weight"),
    "qwen3tts": ({}, "", "qwen3vl"),
    "pockettts": (MHA, ALL),
}


def wanted(arch):
    """The optional tensors that a file of this architecture has: never the scales of a format of four bits."""
    keep, scales = MODELS[arch][1] or "$^", r"\.(input_)?scale$"
    if keep.startswith("!"):
        return r"^(?!.*(?:%s|%s))" % (scales, keep[1:])
    return r"^(?!.*%s)(?=.*(?:%s))" % (scales, keep)


def real(arch, keys, tensors):
    """Leading layers are dense and the others have experts: files never have both, which loaders would take."""
    arch = arch.split("+")[0]
    lead = keys.get(arch + ".leading_dense_block_count", 0)
    if keys.get(arch + ".expert_count", 0) == 0 or arch in BOTH:
        return tensors
    sparse = {t[0].split(".")[1] for t in tensors if "ffn_down_exps" in t[0]}
    out = []
    for t in tensors:
        part = t[0].split(".")
        layer = int(part[1]) if part[0] == "blk" else -1
        dense = re.search(r"\.ffn_(gate|up|down)\.", t[0])
        expert = re.search(r"exps|shexp|exp_probs|ffn_gate_inp", t[0])
        if t[5] and ((dense and part[1] in sparse and layer >= lead) or (expert and layer < lead)):
            continue
        out.append(t)
    return out


def model(source, name):
    """All keys of an architecture's header; behind a "+" stands what is different about a second model of it."""
    entry, arch = MODELS[name], name.split("+")[0]
    own = merged(entry[0])
    own.pop("rope", None)
    keys = dict(COMMON)
    found = keys_of_source(source, entry[2] if len(entry) > 2 else arch)
    for key in found:
        if key in VALUES and key not in keys:
            keys[key] = VALUES[key]
    if not any(k.startswith("attention.key_length") or k == "attention.value_length" for k in own):
        keys["attention.key_length"] = keys["attention.value_length"] = None
    if "expert_count" not in own:
        for k in ("expert_count", "expert_used_count", "expert_feed_forward_length"):
            keys.pop(k, None)
    keys.update(own)
    if "bert" in arch:
        keys["tokenizer.ggml.token_type_count"] = 1 if arch == "jina-bert-v3" else 2
    out = {"general.architecture": arch, "general.alignment": 32, "tokenizer.ggml.model": "none"}
    for k, v in keys.items():
        if v is not None:
            out[k if k.startswith(("xielu", "tokenizer")) else arch + "." + k] = v
    return out
