"$VRAMFIT" nodes p5
