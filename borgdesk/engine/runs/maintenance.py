"""Tasks started by hand, each of them a run: prune, compact, check, breaking a lock and reading information."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial

from borgdesk.borg.command_options import CheckOptions
from borgdesk.borg.output import LogMessage, OutputEvent
from borgdesk.borg.replies import RepositoryInfo, parse_check_end, parse_info
from borgdesk.domain.errors import AlreadyStarted, BorgDeskError, InvalidInput, Stopped
from borgdesk.domain.history import Run
from borgdesk.domain.ids import RunId
from borgdesk.domain.reasons import Code, Reason, text
from borgdesk.domain.repository import Repository
from borgdesk.domain.run import BorgStep, Outcome, RunKind, RunStatus, Step, Trigger
from borgdesk.engine.borg_calls.borg_diagnosis import lock_holders
from borgdesk.engine.borg_calls.borg_process import Access, usable_version
from borgdesk.engine.borg_calls.limits import ATTENDED_LOCK_WAIT
from borgdesk.engine.processes.cancel import Cancel
from borgdesk.engine.repositories.mounted import refuse_while_mounted
from borgdesk.engine.repositories.repository_access import cannot_open, lock_unbroken
from borgdesk.engine.repositories.shared_locations import turn_at_once
from borgdesk.engine.runs import recipe
from borgdesk.engine.runs.append_only import FreedSpace
from borgdesk.engine.runs.borg_in_run import call_in_run
from borgdesk.engine.runs.retention import (
    is_deletion,
    list_all,
    remember_compaction,
    remember_deletion,
    removal,
    why_not_prune,
)
from borgdesk.engine.runs.task import Setting, Task, outcome_of
from borgdesk.engine.workspace import Workspace
from borgdesk.store.store import Store
from borgdesk.translation import _


class _Maintenance(Task):
    """A task that needs exclusive access to the repository."""

    def prepare(self, setting: Setting) -> None:
        """Refuse a run that would wait for the lock of a mount."""
        refuse_while_mounted(setting.active.workspace, setting.repository)


class Prune(_Maintenance):
    """Deletes the archives of this configuration that no rule keeps. :class:`Compact` frees their space."""

    kind = RunKind.PRUNE
    step = Step.PRUNE
    borg_steps = (BorgStep.LIST, BorgStep.PRUNE)

    def prepare(self, setting: Setting) -> None:
        """Also refuse to prune without rules, or by a clock that is suddenly far ahead."""
        if not setting.repository.retention:
            raise InvalidInput(
                _("“{name}” has no rules of retention, so nothing is pruned.").format(name=setting.repository.name)
            )
        if (reason := why_not_prune(setting.active.workspace, setting.repository)) is not None:
            raise InvalidInput(reason.in_words())
        super().prepare(setting)

    def work(self, setting: Setting) -> Outcome:
        """Delete them; their number goes into the report."""
        active, repository, access = setting.active, setting.repository, setting.way.access()
        listing = partial(list_all, location=repository.location)
        answer = call_in_run(active, access, BorgStep.LIST, listing, repository.stall_limit)
        outcome = outcome_of(active, answer)
        if outcome is not Outcome.SUCCESS:
            return outcome
        gone = 0

        def hear(event: OutputEvent) -> None:
            nonlocal gone
            gone += is_deletion(event)

        for make in removal(active, repository, answer.stdout):
            answer = call_in_run(active, access, BorgStep.PRUNE, make, repository.stall_limit, hear=hear)
            outcome = outcome_of(active, answer)
        active.put_report(pruned=gone)
        if gone:
            remember_deletion(active, repository)
        if outcome is Outcome.SUCCESS or gone:
            active.note(Reason(Code.ARCHIVES_PRUNED, {"count": gone}))
        return outcome


class Compact(_Maintenance):
    """Frees the space of deleted archives."""

    kind = RunKind.COMPACT
    step = Step.COMPACT
    borg_steps = (BorgStep.COMPACT,)

    def work(self, setting: Setting) -> Outcome:
        """Compact; the number of freed bytes goes into the report."""
        active, repository = setting.active, setting.repository
        space = FreedSpace(active, repository)
        answer = call_in_run(
            active, setting.way.access(), BorgStep.COMPACT, lambda borg: borg.compact(repository.location),
            repository.stall_limit, hear=space.hear,
        )  # fmt: skip
        if space.freed is not None:
            active.note(Reason(Code.SPACE_FREED, {"size": space.text}))
        space.conclude(answer)
        active.put_report(freed=space.freed)
        outcome = outcome_of(active, answer)
        if outcome is Outcome.SUCCESS:
            remember_compaction(active, repository)
        return outcome


class Check(_Maintenance):
    """Checks for damage, and repairs it if requested."""

    kind = RunKind.CHECK
    step = Step.CHECK
    borg_steps = (BorgStep.CHECK,)

    def __init__(self, options: CheckOptions | None = None) -> None:
        """The default checks repository and archives, without reading the data."""
        self._options = options or CheckOptions()
        self.report = {
            "repository_only": self._options.repository_only,
            "archives_only": self._options.archives_only,
            "verify_data": self._options.verify_data,
            "repair": self._options.repair,
        }

    def work(self, setting: Setting) -> Outcome:
        """Check; damage is a failure."""
        return self._check(setting)

    def _check(self, setting: Setting, hear: Callable[[OutputEvent], None] = lambda _: None) -> Outcome:
        location, options = setting.repository.location, self._options
        answer = call_in_run(
            setting.active, setting.way.access(), BorgStep.CHECK, lambda borg: borg.check(location, options),
            setting.repository.stall_limit, hear=hear,
        )  # fmt: skip
        return outcome_of(setting.active, answer)


class PartCheck(Check):
    """Checks a part of a repository, continuing where the last such check stopped.

    Borg compares checksums then, and reads no archives; the report says whether this was the last part.
    """

    def __init__(self, seconds: int, seen: RunId | None = None, *, is_automatic: bool = False) -> None:
        """It takes at most *seconds*. *seen* is the newest check that whoever decided on an automatic one knew of."""
        super().__init__(CheckOptions(repository_only=True, max_duration=seconds))
        self.report = {**self.report, "max_duration": seconds, "complete": False}
        self._seconds, self._seen, self._is_automatic = seconds, seen, is_automatic

    def claim(self, store: Store, queued: Run) -> None:
        """Of several processes that found an automatic check due, let one do it."""
        if not self._is_automatic:
            return
        checks = store.runs.list(repository=int(queued.repository_id or 0), kind=RunKind.CHECK, limit=2)
        other = next((run.id for run in checks if run.id != queued.id), None)
        if other is not None and other != self._seen:
            raise AlreadyStarted(other)

    def work(self, setting: Setting) -> Outcome:
        """Check; whether it came to the end goes into the report, and damage is a failure."""
        ends: list[bool] = []

        def hear(event: OutputEvent) -> None:
            if isinstance(event, LogMessage) and (end := parse_check_end(event.message)) is not None:
                ends.append(end)

        began = time.monotonic()
        outcome = self._check(setting, hear)
        # A server may keep its messages to itself.
        complete = ends[-1] if ends else time.monotonic() - began < self._seconds
        setting.active.put_report(complete=complete and outcome is Outcome.SUCCESS)
        if outcome is Outcome.SUCCESS:
            setting.active.note(Reason(Code.CHECKED_TO_THE_END if complete else Code.CHECKED_IN_PART))
        return outcome


class BreakLock(Task):
    """Removes the locks of a repository and of its cache, for which the repository is not opened."""

    kind = RunKind.BREAK_LOCK
    step = Step.BREAK_LOCK
    borg_steps = (BorgStep.BREAK_LOCK,)
    opens = False

    def work(self, setting: Setting) -> Outcome:
        """Remove them; who held them goes into the report, as far as that is visible."""
        active, location, limit = setting.active, setting.repository.location, setting.repository.stall_limit
        usable_version(active.workspace, active.cancel)
        active.put_report(held_by=list(lock_holders(location)))
        access = Access(connection=setting.repository.connection)
        answer = call_in_run(active, access, BorgStep.BREAK_LOCK, lambda borg: borg.break_lock(location), limit)
        return outcome_of(active, answer)


class Info(Task):
    """Reads what a repository is, and how large; it needs no exclusive access."""

    kind = RunKind.INFO
    step = Step.INFO
    borg_steps = (BorgStep.INFO,)
    found: RepositoryInfo | None = None
    """The answer, once there is one."""

    def work(self, setting: Setting) -> Outcome:
        """Read it; the answer goes into the report, too, and its size into a note."""
        active, repository = setting.active, setting.repository
        answer = call_in_run(
            active, setting.way.access(), BorgStep.INFO,
            lambda borg: replace(borg, lock_wait=ATTENDED_LOCK_WAIT).info(repository.location), repository.stall_limit,
        )  # fmt: skip
        outcome = outcome_of(active, answer)
        if outcome is Outcome.FAILURE:
            active.errors = (text(str(cannot_open(answer.result, repository.location))),)
        if not outcome.made_archive:
            return outcome
        found = self.found = parse_info(answer.stdout)
        if found.id != repository.borg_id:
            active.workspace.store.repositories.identify(repository.id, found.id)
        active.put_report(info=_as_report(found))
        if found.stats is not None:
            sizes = {"original_size": found.stats.original_size, "deduplicated_size": found.stats.deduplicated_size}
            active.note(Reason(Code.REPOSITORY_SIZE, {"encryption": found.encryption, **sizes}))
        return outcome


def _as_report(found: RepositoryInfo) -> dict[str, str | int | None]:
    stats = found.stats
    return {
        "id": found.id,
        "encryption": found.encryption,
        "keyfile": found.keyfile,
        "last_modified": found.last_modified.isoformat(),
        "original_size": stats.original_size if stats else None,
        "compressed_size": stats.compressed_size if stats else None,
        "deduplicated_size": stats.deduplicated_size if stats else None,
    }


def break_lock(
    workspace: Workspace, repository: Repository, trigger: Trigger, cancel: Cancel | None = None
) -> tuple[str, ...]:
    """Break the lock of a stored repository, as a run; return who held it, as far as that is visible.

    The user must have made sure that no other Borg uses it: concurrent writes may damage the repository.

    Raises:
        InUse: a run of BorgDesk is using the repository.
        BorgDeskError: Borg failed.
        Stopped: *cancel* was asked.
    """
    with turn_at_once(workspace, repository):
        pass  # a run would wait until the other one has ended
    run = recipe.run(workspace, repository, BreakLock(), trigger, lambda _: None, cancel or Cancel())
    if run.status is RunStatus.CANCELLED:
        raise Stopped
    if run.status is not RunStatus.SUCCESS:
        raise BorgDeskError(lock_unbroken(repository.location, run.error or ""))
    return tuple(run.report.get("held_by", ()))
