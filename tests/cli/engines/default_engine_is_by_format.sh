for q in q4 awq fp8 mlx-4bit exl3-4.0bpw; do $VRAMFIT --model llama3.1-8b --quant $q --gpu rtx-4090 --ctx 8k | head -n 1; done
