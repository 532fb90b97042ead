"""The folders in which BorgDesk keeps its files, and the location of the resources it ships."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from borgdesk import private

STAGE = ".borgdesk-restore-"
"""Begins the name of the folders that restored files wait in, and replaced ones afterwards: beside the user's files."""

_APPLICATION = "borgdesk"

NAMES_OF_PATHS = (
    "HOME",
    "TMPDIR",
    "BORGDESK_HOME",
    *(f"XDG_{kind}_HOME" for kind in ("CONFIG", "DATA", "STATE", "CACHE")),
    *(f"BORG_{kind}_DIR" for kind in ("BASE", "CACHE", "CONFIG", "DATA", "KEYS", "SECURITY", "RUNTIME")),
    "BORG_KEY_FILE",
)
"""Variables that contain the path of a file or folder."""


def with_absolute_paths(environment: Mapping[str, str]) -> dict[str, str]:
    """Return *environment* with relative paths made absolute, for programs started in another working directory.

    Links are not resolved. A bare program name (``borg``) is looked up in ``PATH``, whose relative entries are dropped:
    what they lead to depends on the current folder, in which somebody else may have put a ``borg``.
    """
    result = dict(environment)
    for name in NAMES_OF_PATHS:
        if value := result.get(name):
            result[name] = _absolute(value)
    if "/" in (borg := result.get("BORGDESK_BORG", "")):
        result["BORGDESK_BORG"] = _absolute(borg)
    if search_path := result.get("PATH"):
        kept = (folder for folder in search_path.split(os.pathsep) if folder.startswith("/"))
        result["PATH"] = os.pathsep.join(kept) or os.defpath
    return result


def _absolute(path: str) -> str:
    return path if path.startswith("/") else os.path.abspath(path)  # noqa: PTH100 - may be empty: the current folder


@dataclass(frozen=True, slots=True)
class Paths:
    """The four folders of the XDG Base Directory specification, with a subfolder for BorgDesk in each."""

    config: Path
    data: Path
    state: Path
    cache: Path
    home: Path | None = None
    """The folder in ``BORGDESK_HOME``, if everything is kept below it."""

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Self:
        """Return the user's folders, or all four below ``BORGDESK_HOME`` if that is set (tests, trials)."""
        if home := environment.get("BORGDESK_HOME"):
            return cls.below(Path(home).absolute())
        import platformdirs

        folders = platformdirs.PlatformDirs(_APPLICATION, appauthor=False)
        named = folders.user_config_path, folders.user_data_path, folders.user_state_path, folders.user_cache_path
        return cls(*(folder.absolute() for folder in named))

    @classmethod
    def below(cls, home: Path) -> Self:
        """Return all four folders below *home*."""
        return cls(home / "config", home / "data", home / "state", home / "cache", home)

    @property
    def database(self) -> Path:
        """The SQLite file with all metadata and history."""
        return self.data / "borgdesk.db"

    @property
    def history_index(self) -> Path:
        """The text index of the history, which is made again when it is missing."""
        return self.cache / "history-index.db"

    @property
    def library(self) -> Path:
        """The folder of script files, which users may edit and put under version control."""
        return self.data / "scripts"

    @property
    def revisions(self) -> Path:
        """Every text a script ever had, each once, named by its SHA-256."""
        return self.data / "revisions"

    @property
    def runs(self) -> Path:
        """One folder per run: its log, events and output, and the notes its scripts leave each other."""
        return self.state / "runs"

    @property
    def tests(self) -> Path:
        """One folder per script test, with contents as in :attr:`runs`."""
        return self.state / "tests"

    @property
    def turns(self) -> Path:
        """The lock files that allow one run at a time at a repository's location."""
        return self.state / "turns"

    @property
    def holds(self) -> Path:
        """The files that say which runs keep a shared service stopped."""
        return self.state / "holds"

    def make(self) -> None:
        """Create missing folders, accessible to their owner only."""
        for folder in (self.config, self.data, self.state, self.cache, self.library, self.revisions, self.runs):
            private.make_missing(folder)


def resource(name: str) -> Path:
    """Return a shipped file or folder: beside the package in a checkout, inside it when installed.

    Raises:
        FileNotFoundError: no such file is shipped.
    """
    return _shipped("resources", name)


def document(name: str) -> Path:
    """Return a page of the documentation, such as ``guide.md``, from the checkout or the installation.

    Raises:
        FileNotFoundError: no such page is shipped.
    """
    return _shipped("docs", name)


def _shipped(folder: str, name: str) -> Path:
    package = Path(__file__).parent
    for parent in (package, package.parent):
        if (parent / folder / name).exists():
            return parent / folder / name
    raise FileNotFoundError(f"The file {name} is missing from BorgDesk's installation.")
