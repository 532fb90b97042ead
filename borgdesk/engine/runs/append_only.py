"""Detects repositories that keep the space of what is deleted.

Borg does not say whether a repository is append-only, and deletes and compacts without an error. But a compaction
always reports how much it has freed, unless it did nothing, because of that.
"""

from __future__ import annotations

from dataclasses import replace

from borgdesk.borg.output import LogMessage, OutputEvent
from borgdesk.borg.replies import parse_freed
from borgdesk.domain.reasons import Code, Reason
from borgdesk.domain.repository import Repository
from borgdesk.domain.run import Outcome
from borgdesk.engine.borg_calls.borg_process import BorgAnswer
from borgdesk.engine.runs.active_run import ActiveRun


class FreedSpace:
    """Listens to a compaction."""

    def __init__(self, active: ActiveRun, repository: Repository) -> None:
        self._active, self._repository = active, repository
        self.freed: int | None = None
        """Bytes; None if Borg has reported nothing."""
        self.text = ""
        """The same in Borg's words."""

    def hear(self, event: OutputEvent) -> None:
        """Process an event of the compaction."""
        found = parse_freed(event.message) if isinstance(event, LogMessage) else None
        if found is not None:
            self.freed, self.text = found

    def conclude(self, answer: BorgAnswer) -> None:
        """Store whether the repository is append-only, and note it, if the compaction has shown it."""
        if answer.result.outcome is not Outcome.SUCCESS or self._active.cancel.asked:
            return  # one that was stopped, even if too late, may have been silent
        is_append_only = self.freed is None
        if is_append_only:
            self._active.note(Reason(Code.APPEND_ONLY))
        if is_append_only != self._repository.append_only:
            self._active.workspace.store.repositories.set_append_only(self._repository.id, is_append_only)
            self._repository = replace(self._repository, append_only=is_append_only)
