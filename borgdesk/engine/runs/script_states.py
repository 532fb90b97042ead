"""Determines the states of a dead run's scripts from their records: ended, still running, or unknown."""

from __future__ import annotations

import logging
import signal
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from borgdesk.domain.history import Execution
from borgdesk.domain.ids import ExecutionId
from borgdesk.domain.run import ExecutionStatus
from borgdesk.engine.processes import process, procfs
from borgdesk.engine.processes.adopted import is_watched
from borgdesk.engine.processes.markers import borg_marker, execution_marker, supervisor_marker
from borgdesk.engine.processes.process_tree import ProcessTree
from borgdesk.engine.processes.script_records import Record, all_records, read_record, record_file

_log = logging.getLogger(__name__)

ORPHAN_GRACE = 1.0
"""Seconds that orphans get to end by themselves: services are waiting to be started again. A killed Borg then loses no
more than what it had not committed; its locks are cleared."""

_PATIENCE = 10.0
"""Seconds for the supervisors of a dead process to execute its last request; it normally takes milliseconds."""

_GLANCE = 0.02


@dataclass(slots=True)
class ScriptStates:
    """The scripts of a dead run whose final status is not in the history."""

    folder: Path
    mark: str
    executions: tuple[Execution, ...]
    records: Mapping[ExecutionId, Record] = field(default_factory=dict)
    left_running: dict[ExecutionId, ProcessTree] = field(default_factory=dict)
    """Processes that could not be killed because they belong to another user, by execution id."""

    def settle(self) -> dict[ExecutionId, Record]:
        """Kill what must not continue; return the records of what may continue, or has ended unnoticed.

        Owed scripts continue until their timeout. Pre-backup scripts and Borg are killed. Processes of scripts that had
        ended are left alone: a service is up again because of them.
        """
        self._await_supervisors()
        found = {e.id: self.records[e.id] for e in self.executions if self._may_stay(e)}
        trees = {e.id: self._tree(e) for e in self._open() if e.id not in found}
        ended = process.end_trees([ProcessTree(borg_marker(self.mark)), *trees.values()], ORPHAN_GRACE)
        if ended:
            _log.warning("ended %d orphaned processes", ended)
        self.left_running = {number: tree for number, tree in trees.items() if tree.look()}
        for execution in self._open():
            if execution.id not in found and (record := self._last_word(execution)) is not None:
                found[execution.id] = record
        return found

    def _tree(self, execution: Execution) -> ProcessTree:
        """Return the processes of a script, including those in its session that belong to another user now."""
        record = self.records.get(execution.id)
        began = None if record is None else record.began
        marker = execution_marker(self.mark, execution.id)
        return ProcessTree(marker) if began is None else ProcessTree(marker, began.session)

    def _open(self) -> list[Execution]:
        """Return executions whose records may be newer than the history.

        A pending one whose record has an end was reset by a recovery after a failure; the record shows that failure.
        """
        return [e for e in self.executions if _is_open(e)]

    def _read(self) -> None:
        read = {e.id: read_record(record_file(self.folder, e.id)) for e in self._open()}
        self.records = {number: record for number, record in read.items() if record is not None}

    def _await_supervisors(self) -> None:
        """Wait until supervisors start nothing more: the dead process may have sent a request just before its death."""
        marker = supervisor_marker(self.mark)
        end = time.monotonic() + _PATIENCE
        while True:
            there = [one for one in procfs.processes() if procfs.has_marker(one.pid, marker)]
            self._read()
            known = {
                record.began.supervisor
                for record in all_records(self.folder)
                if record.began is not None and (record.ended is None or record.ended.alone)
            }
            busy = [one for one in there if (one.pid, one.started) not in known]
            if not busy:
                return
            if time.monotonic() >= end:
                _log.warning("ended %d supervisors that did not answer", len(busy))
                for one in busy:
                    procfs.send(one, signal.SIGKILL)
            time.sleep(_GLANCE)

    def _may_stay(self, execution: Execution) -> bool:
        record = self.records.get(execution.id)
        if record is None or record.began is None:
            return False
        if record.ended is not None:
            return True
        left = record.began.at + execution.planned.policy.timeout - time.monotonic()
        return execution.planned.hook.is_post and is_watched(record.began) and left > 0

    def _last_word(self, execution: Execution) -> Record | None:
        """Return the record of a script that was just killed, if it had already ended successfully."""
        end = time.monotonic() + process.DRAIN
        path = record_file(self.folder, execution.id)
        record = read_record(path)
        while record is not None and record.began is not None and record.ended is None and time.monotonic() < end:
            if not is_watched(record.began):
                record = read_record(path)
                break
            time.sleep(_GLANCE)
            record = read_record(path)
        return record if record is not None and record.ended is not None and record.ended.code == 0 else None


def _is_open(execution: Execution) -> bool:
    pending = execution.status is ExecutionStatus.PENDING and execution.finished_at is None
    return pending or execution.status is ExecutionStatus.RUNNING
