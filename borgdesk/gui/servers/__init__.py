"""The server of a repository: how it is reached, the key that logs in there, and the key by which it is recognised."""
