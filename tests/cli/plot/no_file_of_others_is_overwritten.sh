# A slip of the command line costs no model: a file that vramfit did not write stays; its own are drawn again.
fit="--model qwen3-0.6b --quant q8_0 --ctx 4k --gpu rtx-4090 --quiet"
echo weights >model.svg; echo weights >model.gguf
"$VRAMFIT" $fit --plot model.gguf; echo "exit $?"
"$VRAMFIT" $fit --plot model.svg; echo "exit $?"
"$VRAMFIT" $fit --plot picture.png; echo "exit $?"
"$VRAMFIT" $fit --plot no/such/folder.svg; echo "exit $?"
ln -s model.gguf link.svg
"$VRAMFIT" $fit --plot link.svg; echo "exit $?"
cat model.svg model.gguf
"$VRAMFIT" $fit --plot new.svg && "$VRAMFIT" $fit --plot new.svg; echo "exit $?"
head -c 10 new.svg; echo
ls
