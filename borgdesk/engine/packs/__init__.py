"""Script packs: making, reading, signing and installing files with scripts that are passed on together."""
