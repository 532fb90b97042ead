"""The whole set-up in one file: exporting it, and importing it elsewhere."""
