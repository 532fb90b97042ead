"""Trees of files: the contents of archives, and what a backup would contain."""
