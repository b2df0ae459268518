"$VRAMFIT" formats iq4
"$VRAMFIT" formats q4_0_ # types of GGUF that are gone, and are Q4_0
"$VRAMFIT" formats mxfp4
