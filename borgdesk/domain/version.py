"""The version of BorgDesk, where a program that is just to print it finds it at once."""

VERSION = "0.1.0"
"""As in ``pyproject.toml``; a test holds the two together."""
