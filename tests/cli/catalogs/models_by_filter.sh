"$VRAMFIT" models qwen3 --family qwen --params 25B..40B
