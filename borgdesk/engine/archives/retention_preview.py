"""Predicts which archives retention would keep, and by which rule, without changing anything."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from borgdesk.borg.archive_name import series_glob
from borgdesk.borg.command_options import PruneOptions
from borgdesk.borg.output import OutputEvent, OutputLine
from borgdesk.borg.pruning import kept
from borgdesk.borg.replies import ArchiveEntry, PruneAction, parse_list, parse_prune_line
from borgdesk.borg.series import is_checkpoint, matches
from borgdesk.domain.repository import Repository, Retention
from borgdesk.engine.archives.archive_list import reading
from borgdesk.engine.processes.cancel import Cancel
from borgdesk.engine.repositories.shared_locations import identity_here
from borgdesk.engine.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Verdict:
    """The prediction for one archive."""

    id: str
    archive: str
    start: datetime
    keep: bool
    rule: str | None = None
    """Why it is kept, such as ``daily #1``; None if it is deleted, or the rules do not apply to it."""
    ours: bool = True
    """Whether this configuration made it: retention ignores all others."""


def retention_preview(
    workspace: Workspace, repository: Repository, retention: Retention | None = None, cancel: Cancel | None = None
) -> list[Verdict]:
    """Return the prediction for every archive of *repository*, newest first; *retention* replaces its own rules.

    Raises:
        BorgDeskError: Borg failed.
        InUse: a run is using the repository.
        Stopped: *cancel* was asked.
    """
    rules = repository.retention if retention is None else retention
    location = repository.location
    with reading(workspace, repository, cancel or Cancel()) as borg:
        answer = borg.ask(lambda call: call.list_archives(location, checkpoints=True))
        archives = parse_list(answer.stdout).archives
        identity = identity_here(repository)
        matching = [one for one in archives if matches(repository.archive_name, identity, one.name)]
        own = made_here(workspace, repository, matching)
        if not rules:
            reasons: Mapping[str, str | None] = {one.id: None for one in own}
        elif len(own) < len(matching):
            reasons = _numbered(own, rules)
        else:
            heard = _Decisions()
            options = PruneOptions(series_glob(repository.archive_name), rules, dry_run=True)
            borg.ask(lambda call: call.prune(location, options), listen=heard)
            reasons = heard.kept
    ours = {one.id for one in own}
    verdicts = [
        Verdict(
            one.id, one.name, one.start, one.id not in ours or one.id in reasons, reasons.get(one.id), one.id in ours
        )
        for one in archives
    ]
    return sorted(verdicts, key=lambda one: one.start)[::-1]


def made_here(
    workspace: Workspace, repository: Repository, archives: Sequence[ArchiveEntry], just_made: Iterable[str] = ()
) -> list[ArchiveEntry]:
    """Return the archives made by this configuration, according to the history; checkpoints by host and user."""
    identity = identity_here()
    made = workspace.store.runs.archives_of(repository.id) | set(just_made)
    return [
        archive
        for archive in archives
        if archive.name in made
        or (is_checkpoint(archive.name) and (archive.hostname, archive.username) == (identity.hostname, identity.user))
    ]


class _Decisions:
    """Collects the decisions of a dry run of Borg."""

    def __init__(self) -> None:
        self.kept: dict[str, str | None] = {}

    def __call__(self, event: OutputEvent) -> None:
        decision = parse_prune_line(event) if isinstance(event, OutputLine) else None
        if decision is not None and decision.action is PruneAction.KEEP:
            # Borg's own name of the rule that people set as "last".
            rule = decision.rule.replace("secondly", "last") if decision.rule else None
            self.kept[decision.archive_id] = rule


def _numbered(own: Sequence[ArchiveEntry], rules: Retention) -> dict[str, str | None]:
    """Number the archives that a rule keeps as Borg does, from the newest, ignoring checkpoints."""
    finished = [one for one in own if not is_checkpoint(one.name)]
    reasons = kept(finished, rules, datetime.now(UTC))
    counts: Counter[str] = Counter()
    numbered: dict[str, str | None] = {one.id: None for one in own if is_checkpoint(one.name)}
    for archive in sorted(finished, key=lambda one: one.start, reverse=True):
        if (rule := reasons.get(archive.id)) is not None:
            counts[rule] += 1
            numbered[archive.id] = f"{rule} #{counts[rule]}"
    return numbered
