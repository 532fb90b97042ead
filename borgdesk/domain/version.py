"""The version of BorgDesk, in a module that is quick to import for ``--version``."""

VERSION = "0.1.0"
"""Same as in ``pyproject.toml``, which a test checks."""
