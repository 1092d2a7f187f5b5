"""What a liquid junction makes of a reading, and what the membrane's potential is."""
