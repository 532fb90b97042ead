"""What will go wrong when a repository is added, said while its form is still being filled in. Borg is not asked."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from borgdesk.borg.options import Encryption
from borgdesk.domain.errors import InvalidInput
from borgdesk.domain.repository import Repository, check_location, is_local
from borgdesk.domain.script import check_name
from borgdesk.engine.enrolling import check_name_is_free, check_series, checked
from borgdesk.engine.queue import canonical
from borgdesk.engine.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Foreseen:
    """A sentence about a form; empty where all is well."""

    sentence: str = ""
    prevents: bool = False
    """Whether it cannot be added like this; otherwise it is only worth knowing."""


def foresee(workspace: Workspace, repository: Repository, init: Encryption | None) -> Foreseen:
    """Look at the values of a repository that is to be added, or made first with encryption *init*."""
    try:
        check_location(repository.location)
        _check_place(repository.location, init)
        check_name(repository.name, "repository")
        wanted = checked(repository)
        check_name_is_free(workspace, wanted.name)
        check_series(workspace, wanted)
    except InvalidInput as error:
        return Foreseen(str(error), prevents=True)
    return Foreseen(_worth_knowing(workspace, repository))


def _check_place(location: str, init: Encryption | None) -> None:
    location = location.strip()
    if not is_local(location):
        return
    path = Path(location)
    if init is None:
        if not path.exists():
            raise InvalidInput(f"There is no folder {location}. Is the disk mounted, or shall a repository be made?")
        if not (path / "config").is_file():
            raise InvalidInput(f"The folder {location} is not a Borg repository.")
        return
    if path.is_dir() and os.access(path, os.R_OK) and any(path.iterdir()):
        what = (
            "is a Borg repository already: add it as an existing one" if (path / "config").is_file() else "is not empty"
        )
        raise InvalidInput(f"The folder {location} {what}.")
    if path.exists() and not path.is_dir():
        raise InvalidInput(f"{location} is a file, not a folder.")
    if not path.parent.is_dir():
        raise InvalidInput(f"There is no folder {path.parent} in which the repository could be made.")


def _worth_knowing(workspace: Workspace, repository: Repository) -> str:
    location = canonical(repository.location.strip())
    for other in workspace.store.repositories.list():
        if canonical(other.location) == location:
            return f"“{other.name}” is at the same place; the two will take turns."
    for source in repository.sources:
        if not os.path.lexists(source):
            return f"There is no {source} now; a backup fails while it is missing."
    if is_local(location):
        for source in repository.sources:
            if Path(location).is_relative_to(source) and not repository.excludes:
                return f"The repository lies inside of {source}, which is backed up into it; exclude it."
    return ""
