t() { "$VRAMFIT" train --gpu h100 "$@" | sed -n '1p;/needs/p;/assumes/,$p'; }
t -- torchrun --nproc_per_node 8 --nnodes 1 --node_rank 0 pretrain_gpt.py --use-mcore-models --num-layers 32 --hidden-size 4096 --ffn-hidden-size 14336 --num-attention-heads 32 --group-query-attention --num-query-groups 8 --kv-channels 128 --seq-length 8192 --max-position-embeddings 8192 --position-embedding-type rope --rotary-base 1000000 --swiglu --normalization RMSNorm --attention-backend fused --apply-layernorm-1p --untie-embeddings-and-output-weights --disable-bias-linear --micro-batch-size 1 --global-batch-size 128 --bf16 --cross-entropy-loss-fusion --fp8-format hybrid --tensor-model-parallel-size 2 --sequence-parallel --use-distributed-optimizer --overlap-grad-reduce --mock-data --tokenizer-type NullTokenizer --vocab-size 128256 --log-interval 1 --recompute-activations
t -- torchrun --nproc_per_node 8 --nnodes 32 pretrain_gpt.py --num-layers 96 --hidden-size 12288 --num-attention-heads 96 --seq-length 2048 --max-position-embeddings 2048 --micro-batch-size 1 --global-batch-size 1536 --fp16 --tensor-model-parallel-size 8 --pipeline-model-parallel-size 16 --vocab-file v.json --merge-file m.txt --frobnicate 3
"$VRAMFIT" train --gpu h100 -- python pretrain_gpt.py --num-layers 24 --hidden-size many --num-attention-heads 16; echo "exit $?"
"$VRAMFIT" train --gpu h100 -- torchrun --nproc_per_node 8 --nnodes two pretrain_gpt.py --num-layers 24; echo "exit $?"
"$VRAMFIT" train --gpu h100 -- torchrun --nproc_per_node 8 pretrain_gpt.py --num-layers 24 --hidden-size 1024 --num-attention-heads 16 --pipeline-model-parallel-size 32 --seq-length 1024; echo "exit $?"
cat > gpt.yaml <<'Y'
trainer: {devices: 8, num_nodes: 2, precision: bf16}
model:
  tensor_model_parallel_size: 2
  pipeline_model_parallel_size: 2
  micro_batch_size: 2
  global_batch_size: 64
  encoder_seq_length: 4096
  num_layers: 40
  hidden_size: 5120
  ffn_hidden_size: 13824
  num_attention_heads: 40
  activation: fast-swiglu
  share_embeddings_and_output_weights: false
  activations_checkpoint_granularity: full
  tokenizer: {library: huggingface, type: meta-llama/Llama-2-13b-hf}
  optim: {name: distributed_fused_adam, lr: 1e-4}
Y
t --config gpt.yaml
"$VRAMFIT" train --gpu h100 --config gpt.yaml --explain | grep 'Megatron itself'
"$VRAMFIT" check gpt.yaml --gpu h100; echo "exit $?"
