"$VRAMFIT" train --network 12B --trained-params 40M --precision bf16 --sample-memory 4GB --buffer 10GB --gpu l40s --explain
"$VRAMFIT" max micro-batch --network 12B --trained-params 40M --precision bf16 --sample-memory 4GB --gpu l40s | head -1
