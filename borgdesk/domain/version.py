"""What BorgDesk is called and which version it is, in a module that is quick to import for ``--version``."""

VERSION = "0.1.0"
"""Same as in ``pyproject.toml``, which a test checks."""

APPLICATION_ID = "org.borgdesk.BorgDesk"
"""Names the desktop file, the icon, the AppStream component and the autostart entry; never changes."""
