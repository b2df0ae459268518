# text beyond the right edge is cut off: seven letters' widths of each word are kept free
"$VRAMFIT" llama3.1-70b gb10 -q q4 -c 32k --plot all.svg >/dev/null
sed -n 's/.*<text x="\([0-9]*\)" y="[0-9]*" text-anchor="start" class="[^"]*">\([^<]*\)<.*/\1 \2/p' all.svg |
  awk '{ n = $1 + 7 * (length($0) - length($1) - 1); if ($2 !~ /FITS/ && n > 800) print "beyond the edge:", $0 } END { print NR, "words" }'
printf '{"model_type":"llama","hidden_size":2048,"num_hidden_layers":8,"num_attention_heads":16,"num_key_value_heads":4,"intermediate_size":8192,"vocab_size":32000,"max_position_embeddings":8192,"torch_dtype":"bfloat16"}' >a-name-of-a-config-that-is-much-longer-than-a-title-has-room-for.json
"$VRAMFIT" ./a-name-of-a-config-that-is-much-longer-than-a-title-has-room-for.json rtx-4090 -q q4 -c 8k --plot long.svg >/dev/null
sed -n 's/.*class="t">\(.*\)<.text>/\1/p' long.svg
