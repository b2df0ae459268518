printf '{"gpus":[{"id":"card","name":"Card","class":"geforce",\n"total_mib":0}]}' > a.json
"$VRAMFIT" --catalog a.json gpus
printf '{"models":[{"id":"m","model_type":"llama",\n"hiden_size":8}]}' > a.json
"$VRAMFIT" --catalog a.json models
"$VRAMFIT" --catalog missing models
"$VRAMFIT" models add a.json
