# The static fraction by release: by ranks, less 18 GiB, by size, by parts, with graphs of prompts.
share() { $VRAMFIT --model llama3.1-8b --engine "sglang@$1" --gpu "$2" --ctx 8192 --json | grep -E '"(memory_fraction_ppm|max_num_batched_tokens)"' | tr -d '\n'; echo " $1 $2"; }
for v in 0.4.3 0.4.6 0.4.7 0.4.8 0.5.3 0.5.9 0.5.10; do for g in rtx-4090 l40s h100 h200 b200; do share $v $g; done; done
$VRAMFIT --model llama3.1-8b --engine sglang@0.3 --gpu h100
