"$VRAMFIT" formats iq4
