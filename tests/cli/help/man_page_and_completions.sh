"$VRAMFIT" --generate man | head -12

"$VRAMFIT" --generate bash | bash -n; echo "bash $?"

"$VRAMFIT" --generate fish | grep -e 'l gpu ' -e 'a place'
"$VRAMFIT" --generate zsh | head -2
"$VRAMFIT" --generate sh; echo "exit $?"
