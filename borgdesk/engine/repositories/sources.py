"""Checks the sources of a run right before Borg reads them: an unplugged disk must not look like deleted files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from borgdesk import private
from borgdesk.borg.excludes import remarks
from borgdesk.borg.own_folders import own_folders
from borgdesk.domain.errors import BorgDeskError, RunRefused
from borgdesk.domain.reasons import Code, Reason
from borgdesk.domain.repository import Repository
from borgdesk.engine.processes.cancel import Cancel
from borgdesk.engine.processes.file_probes import NoAnswer, probe
from borgdesk.engine.repositories.free_space import free_in, space_question
from borgdesk.engine.workspace import Workspace
from borgdesk.paths import STAGE
from borgdesk.translation import _

_REPLACED = f"sh:**/{STAGE}*"
"""What a restore replaced lies beside it, until it is thrown away."""

_REMARK_LIMIT = 3.0
"""Seconds that a form waits for a disk."""


@dataclass(frozen=True, slots=True)
class Sources:
    """The sources as they were found."""

    paths: tuple[str, ...]
    """The paths given to Borg: links are resolved, and missing sources are left out."""
    count: int
    """The number of sources, including those."""
    filled: frozenset[str]
    """The repository's sources that are not empty."""
    troubles: tuple[str, ...]
    """Problems of other sources, as parts of a sentence."""
    excludes: tuple[str, ...]
    """Patterns for what never belongs in a backup."""
    free: int | None = None
    """Free bytes on the disk of a local repository, if that is known."""

    @property
    def warnings(self) -> tuple[Reason, ...]:
        """The problems as a warning; none if there are none."""
        return (Reason(Code.SOURCES_IN_TROUBLE, {"troubles": self.troubles}),) if self.troubles else ()


def make_source(folder: Path) -> None:
    """Make a folder that is to be backed up; one that exists stays as it is.

    Raises:
        BorgDeskError: it cannot be made.
    """
    try:
        private.make_missing(folder)
    except OSError as error:
        raise BorgDeskError(
            _("The folder {folder} cannot be made: {reason}").format(folder=folder, reason=error.strerror)
        ) from error


def look_at_sources(workspace: Workspace, repository: Repository, own: str, cancel: Cancel) -> Sources:
    """Check every source of *repository*; *own* is a folder of ours that changes during the run.

    Raises:
        RunRefused: all are missing, or one is and the repository is set to fail then.
        Stopped: *cancel* was asked meanwhile.
        BorgDeskError: no source can be checked.
    """
    found = find_sources(workspace, repository, own, cancel)
    if found.troubles and (len(found.troubles) == found.count or repository.fail_on_missing_source):
        raise RunRefused(
            _("{troubles}. A disk may not be mounted. Nothing was backed up.").format(
                troubles="; ".join(found.troubles)
            )
        )
    return found


def find_sources(workspace: Workspace, repository: Repository, own: str, cancel: Cancel) -> Sources:
    """As :func:`look_at_sources`, whatever is missing."""
    kept_out = [*own_folders(workspace.environment), own]
    sources = repository.all_sources
    questions = [("source", source) for source in sources] + [("real", folder) for folder in kept_out]
    # Last, since nothing depends on it.
    answers = probe([*questions, *space_question(repository)], cancel)
    free = free_in(answers[len(questions) :])
    found = dict(zip(sources, answers, strict=False))
    troubles = {source: trouble for source in found if (trouble := _trouble(source, found[source], repository))}
    real = [folder for folder in answers[len(found) : len(questions)] if isinstance(folder, str)]
    return Sources(
        # An empty folder does no harm; other faulty sources would only make Borg report errors or hang.
        paths=tuple(dict.fromkeys(_path(source, found[source]) for source in found if _can_be_read(found[source]))),
        count=len(found),
        filled=frozenset(source for source in found if _state(found[source]) == "there"),
        troubles=tuple(troubles.values()),
        excludes=(*(f"pp:{folder}" for folder in dict.fromkeys([*kept_out, *real])), _REPLACED),
        free=free,
    )


def source_remarks(sources: Sequence[str]) -> list[str]:
    """Return sentences about new sources that are missing, or not what they seem."""
    try:
        answers = probe([("source", source) for source in sources], limit=_REMARK_LIMIT)
    except BorgDeskError:
        return []
    return [remark for source, answer in zip(sources, answers, strict=True) if (remark := _remark(source, answer))]


def exclude_remarks(excludes: Sequence[str], sources: Sequence[str]) -> list[str]:
    """Return a sentence for each pattern that excludes nothing in *sources*; links are resolved, as for Borg."""
    if not excludes:
        return []
    try:
        answers = probe([("source", source) for source in sources], limit=_REMARK_LIMIT)
    except BorgDeskError:
        return []
    paths = [
        source if answer is NoAnswer else _path(source, answer) for source, answer in zip(sources, answers, strict=True)
    ]
    return remarks(excludes, paths)


def _remark(source: str, answer: Any) -> str:
    match _state(answer):
        case "missing" | "dangling":
            return _(
                "{source} does not exist at the moment. A run without it backs up the rest and ends with a warning."
            ).format(source=source)
        case "unreadable":
            return _("{source} cannot be read: {error}.").format(source=source, error=answer["why"])
        case "silent":
            return _("{source} is not responding. It may be on a machine that is not reachable.").format(source=source)
        case _ if "target" in answer:
            return _("{source} is a link. Its target, {target}, is backed up.").format(
                source=source, target=answer["target"]
            )
        case _:
            return ""


def _state(answer: Any) -> str:
    return "silent" if answer is NoAnswer else str(answer["state"])


def _can_be_read(answer: Any) -> bool:
    return _state(answer) in ("there", "empty")


def _path(source: str, answer: Mapping[str, str]) -> str:
    """Return the resolved path: Borg would store a link, but nothing of its target."""
    return answer.get("target", source)


def _trouble(source: str, answer: Any, repository: Repository) -> str:
    match _state(answer):
        case "missing":
            return _("“{source}” does not exist").format(source=source)
        case "dangling":
            return _("“{source}” is a link to “{target}”, which does not exist").format(
                source=source, target=answer["target"]
            )
        case "unreadable":
            return _("“{source}” cannot be read ({error})").format(source=source, error=answer["why"])
        case "silent":
            return _("“{source}” is not responding").format(source=source)
        case "empty" if source in repository.filled_sources:
            return _("“{source}” is empty, but had files in the last good backup").format(source=source)
        case _:
            return ""
