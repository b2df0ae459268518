printf '\357\273\277FROM qwen3:8b\nPARAMETER num_ctx 8192\n' >Modelfile
$VRAMFIT check Modelfile --gpu l4
