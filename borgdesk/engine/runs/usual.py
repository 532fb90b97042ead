"""What a run usually takes, from the last good run of the same repository and kind."""

from __future__ import annotations

from borgdesk.domain.downtime import Side, downtime
from borgdesk.domain.history import Execution
from borgdesk.domain.ids import RepositoryId
from borgdesk.domain.progress import Usual
from borgdesk.domain.run import RunKind
from borgdesk.engine.workspace import Workspace


def read_usual(workspace: Workspace, repository_id: RepositoryId, kind: RunKind) -> Usual:
    """Return what the last good run took; nothing if there is none.

    Raises:
        StoreUnusable: the history cannot be read.
    """
    run = workspace.store.runs.last_good(repository_id, kind)
    if run is None:
        return Usual()
    size = None if run.statistics is None else run.statistics.original_size
    seconds = {call.step: call.duration for call in run.borg if call.duration is not None}
    return Usual(size, seconds, downtime([*map(_side, run.executions)]))


def _side(execution: Execution) -> Side:
    return Side(execution.planned.name, execution.planned.hook, execution.status, execution.finished_at)
