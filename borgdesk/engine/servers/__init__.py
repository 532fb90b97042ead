"""Servers: the keys that log in there, and the keys by which they are recognised."""
