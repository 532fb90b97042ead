"""The task of a backup run: what distinguishes it from other kinds of runs."""

from __future__ import annotations

import contextlib
import logging

from borgdesk.borg.command_options import CreateOptions
from borgdesk.borg.replies import CreateReply, UnexpectedReply, parse_create
from borgdesk.domain.errors import StoreUnusable
from borgdesk.domain.events import Tell
from borgdesk.domain.history import ArchiveStatistics, Run
from borgdesk.domain.pattern_roots import without_roots
from borgdesk.domain.reasons import Code, Reason
from borgdesk.domain.repository import Repository
from borgdesk.domain.run import BorgStep, Outcome, RunKind, Step, Trigger
from borgdesk.domain.schedule import Slot
from borgdesk.engine.borg_calls.borg_process import Access, BorgAnswer
from borgdesk.engine.processes.cancel import Cancel
from borgdesk.engine.processes.memory_file import patterns_file
from borgdesk.engine.repositories.create_options import create_options
from borgdesk.engine.repositories.free_space import free_space, warning_of
from borgdesk.engine.repositories.mounted import refuse_while_mounted
from borgdesk.engine.repositories.sources import Sources, look_at_sources
from borgdesk.engine.runs import recipe
from borgdesk.engine.runs.active_run import ActiveRun
from borgdesk.engine.runs.borg_in_run import call_in_run
from borgdesk.engine.runs.retention import apply_retention
from borgdesk.engine.runs.task import Setting, Task
from borgdesk.engine.workspace import Workspace
from borgdesk.store.store import Store

_log = logging.getLogger(__name__)

_NAME_TAKEN = "Archive.AlreadyExists"


def run(
    workspace: Workspace,
    repository: Repository,
    trigger: Trigger,
    listener: Tell,
    cancel: Cancel,
    slot: Slot | None = None,
) -> Run:
    """Back up *repository* now and return the finished run; see :func:`borgdesk.engine.runs.recipe.run`."""
    return recipe.run(workspace, repository, Backup(slot), trigger, listener, cancel)


class Backup(Task):
    """Checks the sources, creates an archive, and applies retention."""

    kind = RunKind.BACKUP
    step = Step.CREATE
    borg_steps = (BorgStep.CREATE,)

    def __init__(self, slot: Slot | None = None) -> None:
        """*slot* is what a schedule made due; None if it is not a schedule that starts the backup."""
        self._slot = slot
        self._sources: Sources | None = None

    def claim(self, store: Store, queued: Run) -> None:
        """Claim the slot."""
        if self._slot is not None:
            store.schedules.claim(self._slot, queued.id)

    def prepare(self, setting: Setting) -> None:
        """Reject what Borg would reject, or would wait for in vain."""
        refuse_while_mounted(setting.active.workspace, setting.repository)
        create_options(setting.repository)

    def work(self, setting: Setting) -> Outcome:
        """Create the archive."""
        active, repository, access = setting.active, setting.repository, setting.way.access()
        found = look_at_sources(active.workspace, repository, str(active.folder), active.cancel)
        self._sources = found
        if (warning := warning_of(active.workspace, repository, found.free)) is not None:
            active.note(warning)
        with patterns_file(without_roots(repository.patterns)) as patterns:
            borg = _create(active, repository, access, create_options(repository, found, patterns))
        if borg.made_archive:
            # Only a good run records which sources had files; problems of others are reported first.
            repositories, wanted = active.workspace.store.repositories, repository.id
            active.recorder.write(lambda: repositories.remember_filled_sources(wanted, found.filled))
            active.errors = (*found.warnings, *active.errors)
        return Outcome.WARNING if borg is Outcome.SUCCESS and found.troubles else borg

    def follow_up(self, setting: Setting) -> None:
        """Apply retention, and record how much space there is afterwards."""
        try:
            self._retain(setting)
        finally:
            self._report_space(setting)

    def _report_space(self, setting: Setting) -> None:
        free = None if self._sources is None else self._sources.free
        measured = {"free_before": free, "free_after": None if free is None else free_space(setting.repository)}
        known = {name: value for name, value in measured.items() if value is not None}
        if known or setting.active.report:
            setting.active.put_report(**known)

    def _retain(self, setting: Setting) -> None:
        active, repository = setting.active, setting.repository
        if active.outcome is None or not active.outcome.made_archive or not repository.retention:
            return
        if self._sources is not None and self._sources.troubles:
            active.note(Reason(Code.SOURCES_MISSING))
            return
        if not active.cancel.asked:
            # Otherwise retention is left to the next run, and must not appear as begun.
            active.enter(Step.RETENTION)
        try:
            apply_retention(active, repository, setting.way.access())
        except Exception as error:
            _log.exception("retention of run %d failed", active.run.id)
            active.taint(Reason(Code.RETENTION_FAILED, {"error": str(error)}))


def _create(active: ActiveRun, repository: Repository, access: Access, options: CreateOptions) -> Outcome:
    answer = _call_create(active, repository, access, options)
    if answer.result.msgid == _NAME_TAKEN and not active.cancel.wait(1.0):
        # Archive names contain the time in seconds: a second backup within one second would clash.
        answer = _call_create(active, repository, access, options)
    active.borg_exit_code = answer.result.exit_code
    reply = _reply(answer)
    if reply is not None:
        stats = reply.stats
        _learn(active, repository, reply.repository.id)
        active.archive = reply.archive_name
        active.statistics = ArchiveStatistics(stats.original_size, stats.deduplicated_size, stats.files)
        if (whole := reply.repository.stats) is not None:
            # Stored with the rest of the report at the end: nothing before that depends on it.
            active.report["repository_size"] = whole.deduplicated_size
    if answer.cancelled:
        active.note(Reason(Code.CHECKPOINT_KEPT if answer.saved else Code.NOTHING_KEPT))
        return Outcome.CANCELLED
    active.errors = active.errors or answer.result.reasons
    return answer.result.outcome


def _call_create(active: ActiveRun, repository: Repository, access: Access, options: CreateOptions) -> BorgAnswer:
    location, stall_limit = repository.location, repository.stall_limit
    return call_in_run(active, access, BorgStep.CREATE, lambda borg: borg.create(location, options), stall_limit)


def _learn(active: ActiveRun, repository: Repository, borg_id: str) -> None:
    """Record the repository's id: other configurations of it, with any spelling of its location, are detected by it."""
    if borg_id != repository.borg_id:
        # This run does not depend on it, and the next one will store it.
        with contextlib.suppress(StoreUnusable):
            active.workspace.store.repositories.identify(repository.id, borg_id)


def _reply(answer: BorgAnswer) -> CreateReply | None:
    """Parse the reply of ``borg create``; None if it was killed in the middle of it."""
    try:
        return parse_create(answer.stdout)
    except UnexpectedReply:
        if answer.gave_up:
            return None
        raise
