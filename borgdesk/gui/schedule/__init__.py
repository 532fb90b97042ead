"""The schedule of a repository: when it is backed up by itself."""
