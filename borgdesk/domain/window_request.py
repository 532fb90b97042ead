"""What the window can be asked to show, by another process or by a click on a notification."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from borgdesk.domain.errors import InvalidInput
from borgdesk.translation import _


class Wanted(StrEnum):
    """What is to be shown or done."""

    RUN = "run"
    """A run of the history."""
    REPOSITORY = "repository"
    BACKUP = "backup"
    """Back up a repository now, and show the run."""
    ALL_BACKUPS = "backup:all"
    """Back up all repositories now."""
    HISTORY = "history"
    PACK = "pack"
    """Show a script pack, to add its scripts."""


@dataclass(frozen=True, slots=True)
class WindowRequest:
    """One request; as text it is ``run:12``, ``history`` or ``pack:/home/anna/web.borgdesk-pack``."""

    wanted: Wanted
    number: int = 0
    """The id of the run or the repository; 0 for what has none."""

    path: str = ""
    """Absolute path of the file of a pack; empty for all else."""

    def __str__(self) -> str:
        return f"{self.wanted}:{self.number or self.path}" if self.number or self.path else self.wanted

    @classmethod
    def parse(cls, text: str) -> WindowRequest:
        """Return the request that a text stands for.

        Raises:
            InvalidInput: it stands for none.
        """
        if text in (Wanted.ALL_BACKUPS, Wanted.HISTORY):
            return cls(Wanted(text))
        if text.startswith(f"{Wanted.PACK}:/"):
            return cls(Wanted.PACK, path=text.removeprefix(f"{Wanted.PACK}:"))
        found = re.fullmatch(r"(run|repository|backup):([0-9]{1,18})", text, re.ASCII)
        if found is None:
            raise InvalidInput(
                _(
                    "“{text}” cannot be opened. Use history, backup:all, pack:/PATH, or run:ID, repository:ID or "
                    "backup:ID with an ID such as 12."
                ).format(text=text)
            )
        return cls(Wanted(found[1]), int(found[2]))
