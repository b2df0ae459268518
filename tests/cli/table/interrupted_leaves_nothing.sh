cat >run.py <<"E"
import os, signal, subprocess, time
p = subprocess.Popen([os.environ["VRAMFIT"], "table", "--model", "any", "--gpu", "any", "--quant", "any", "--seqs", "1,2,3,4", "--ctx", "8k", "--format", "csv", "--engine", "llama.cpp"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
time.sleep(1.5)
p.send_signal(signal.SIGINT)
out, err = p.communicate()
print(p.returncode, len(out), len(err))
E
python3 run.py
