printf 'FROM x\nPARAMETER num_ctx lots\n' > Modelfile; "$VRAMFIT" --model Modelfile --gpu h100
printf 'PARAMETER num_ctx 8\n' > Modelfile; "$VRAMFIT" --model Modelfile --gpu h100
printf 'FROM x\nRUN y\n' > Modelfile; "$VRAMFIT" --model Modelfile --gpu h100
printf 'FROM x\nSYSTEM """no end\n' > Modelfile; "$VRAMFIT" --model Modelfile --gpu h100
printf 'FROM x\nPARAMETER num_ctxx 8\n' > Modelfile; "$VRAMFIT" --model Modelfile --gpu h100
OLLAMA_NUM_PARALLEL=many "$VRAMFIT" --engine ollama --model llama3.1:8b --gpu h100
