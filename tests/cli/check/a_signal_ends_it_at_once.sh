# in the middle of a file, with nothing of a baseline or a summary left
cat > run.py <<'E'
import json, os, signal, subprocess, time
json.dump({"services": {"s%d" % i: {"image": "vllm/vllm-openai", "command": ["--model", "Qwen/Qwen3-4B", "--max-model-len",
                                    str(4096 + i)]} for i in range(9000)}}, open("many.json", "w"))
for number in signal.SIGTERM, signal.SIGINT, signal.SIGHUP:
    p = subprocess.Popen([os.environ["VRAMFIT"], "check", "--gpu", "h100", "--quiet", "--write-baseline", "b.json",
                          "--summary", "s.md", "many.json"])
    while p.poll() is None and not [n for n in os.listdir(".") if n.startswith("b.json")]:
        time.sleep(0.005)
    p.send_signal(number)
    print(p.wait(), sorted(os.listdir(".")))
E
python3 run.py
