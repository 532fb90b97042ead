"""Borg's own cache and security folders, which are excluded from backups because Borg changes them meanwhile."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePosixPath


def own_folders(environment: Mapping[str, str]) -> tuple[str, ...]:
    """Return Borg's cache folder and its security folder (known repositories), for Borg 1 and 2.

    Keys are not included: users may want them in a backup of their home folder, and they do not change.
    """
    base = environment.get("BORG_BASE_DIR") or environment.get("HOME")
    if not base:
        return ()

    def below(own: str, xdg: str, usual: str) -> str:
        if own in environment:
            return environment[own]
        home = None if environment.get("BORG_BASE_DIR") else environment.get(xdg)
        return str(PurePosixPath(home if home is not None else PurePosixPath(base, usual), "borg"))

    caches = below("BORG_CACHE_DIR", "XDG_CACHE_HOME", ".cache")
    if "BORG_SECURITY_DIR" in environment:
        return caches, environment["BORG_SECURITY_DIR"]
    homes = (
        below("BORG_CONFIG_DIR", "XDG_CONFIG_HOME", ".config"),
        below("BORG_DATA_DIR", "XDG_DATA_HOME", ".local/share"),
    )
    return caches, *(str(PurePosixPath(home, "security")) for home in homes)
