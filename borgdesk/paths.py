"""Where BorgDesk keeps its files, and where it finds what it ships."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

_APPLICATION = "borgdesk"


@dataclass(frozen=True, slots=True)
class Paths:
    """The four folders of the XDG base directory specification, with BorgDesk's name below each."""

    config: Path
    data: Path
    state: Path
    cache: Path
    home: Path | None = None
    """The folder of ``BORGDESK_HOME``, when everything is kept below it."""

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Self:
        """The user's folders, or all four below ``BORGDESK_HOME`` when that is set (tests, trials)."""
        if home := environment.get("BORGDESK_HOME"):
            return cls.below(Path(home).absolute())
        import platformdirs

        folders = platformdirs.PlatformDirs(_APPLICATION, appauthor=False)
        return cls(folders.user_config_path, folders.user_data_path, folders.user_state_path, folders.user_cache_path)

    @classmethod
    def below(cls, home: Path) -> Self:
        """All four folders below *home*."""
        return cls(home / "config", home / "data", home / "state", home / "cache", home)

    @property
    def database(self) -> Path:
        """The SQLite file with all metadata and history."""
        return self.data / "borgdesk.db"

    @property
    def library(self) -> Path:
        """The folder of script files that people may edit and version themselves."""
        return self.data / "scripts"

    @property
    def revisions(self) -> Path:
        """Every text a script ever had, each once, named by its SHA-256."""
        return self.data / "revisions"

    @property
    def runs(self) -> Path:
        """A folder a run: its log and the notes its scripts leave each other."""
        return self.state / "runs"

    @property
    def tests(self) -> Path:
        """A folder a test of a script, as :attr:`runs` has one a run."""
        return self.state / "tests"

    @property
    def turns(self) -> Path:
        """The lock files that give one run at a time its turn at a repository's location."""
        return self.state / "turns"

    def make(self) -> None:
        """Create the folders that are missing, readable by their owner only."""
        for folder in (self.config, self.data, self.state, self.cache, self.library, self.revisions, self.runs):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)


def resource(name: str) -> Path:
    """A shipped file or folder: beside the package in a checkout, inside it when installed.

    Raises:
        FileNotFoundError: nothing of that name is shipped.
    """
    package = Path(__file__).parent
    for folder in (package / "resources", package.parent / "resources"):
        if (folder / name).exists():
            return folder / name
    raise FileNotFoundError(f"BorgDesk's installation lacks the file {name}.")
