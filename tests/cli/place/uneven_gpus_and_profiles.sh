cat > box.json <<'J'
{"gpu": ["rtx-4090", "rtx-3090", "rtx-3060-12gb"], "host_memory": "64GiB",
 "workloads": [
 {"name":"whisper","workload":"faster-whisper-large-v3:int8"},
 {"name":"flux","workload":"flux.1-dev:nf4"},
 {"name":"chat","model":"qwen3-14b","quant":"q4","ctx":"16k"},
 {"name":"embed","workload":"bge-m3"},
 {"name":"tts","workload":"kokoro", "container": true},
 {"name":"train","size":["10GiB","12GiB","13GiB"],"class":"training","profiles":["night"]},
 {"name":"big","model":"llama3.1:70b","quant":"q4","ctx":"4k","profiles":["night"],"schedule":"on-demand"}],
 "container": "200MiB"}
J
"$VRAMFIT" place box.json
"$VRAMFIT" place box.json --scenario default
"$VRAMFIT" place box.json --scenario nigth
