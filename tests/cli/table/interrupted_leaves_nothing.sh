cat >run.py <<"E"
import os, re, signal, subprocess, time
p = subprocess.Popen([os.environ["VRAMFIT"], "table", "--model", "any", "--gpu", "any", "--quant", "any", "--seqs", "1,2", "--ctx", "8k", "--format", "csv", "--engine", "llama.cpp"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
catches = 0
while p.poll() is None and not catches >> (signal.SIGINT - 1) & 1:  # until it is ready to be interrupted
    time.sleep(0.05)
    with open("/proc/%d/status" % p.pid) as f:
        catches = int(re.search(r"SigCgt:\s*(\w+)", f.read()).group(1), 16)
p.send_signal(signal.SIGINT)
out, err = p.communicate()
print(p.returncode, len(out), len(err))
E
python3 run.py
