"""The data given to the guardian in advance: all it needs to run the owed scripts without BorgDesk."""

from __future__ import annotations

import logging
from dataclasses import replace

from borgdesk.domain.decisions import LaneState, decide
from borgdesk.domain.errors import BorgDeskError
from borgdesk.domain.history import Execution
from borgdesk.domain.reasons import in_words
from borgdesk.domain.run import Outcome, Trigger
from borgdesk.domain.sentences import interrupted
from borgdesk.engine.processes.process import StartFailed
from borgdesk.engine.processes.script_records import record_file
from borgdesk.engine.processes.supervisor_client import request_for
from borgdesk.engine.runs.active_run import ActiveRun
from borgdesk.engine.runs.last_resort import Owed, pack
from borgdesk.engine.runs.script_program import program_of

_log = logging.getLogger(__name__)


def handed_over(active: ActiveRun) -> bytes:
    """Return what a run owes now: after the settled outcome, or else after an interruption."""
    outcome = active.outcome or Outcome.INTERRUPTED
    return pack(active.mark, [owed for one in active.executions if (owed := _owed(active, one, outcome)) is not None])


def _owed(active: ActiveRun, execution: Execution, outcome: Outcome) -> Owed | None:
    planned = execution.planned
    if not planned.hook.is_post or execution.status.is_final or planned.problem is not None:
        return None
    if not decide(planned.hook, planned.policy, LaneState(), outcome, tainted=active.tainted).run:
        return None
    errors = active.errors if active.outcome else (interrupted(active.run.kind),)
    facts = replace(active.facts(execution), trigger=Trigger.RECOVERY, outcome=outcome, error=in_words(errors, " "))
    record = record_file(active.folder, execution.id)
    try:
        request = request_for(program_of(active, execution, facts), record).message
        text, _ = active.texts.get(planned.revision or "")
    except (BorgDeskError, StartFailed) as error:
        # It will fail in its turn, which is recorded then.
        _log.warning("the guardian cannot be given %s: %s", planned.name, error)
        return None
    except Exception:
        # A bug of ours must not end the run that is being handed over.
        _log.exception("the guardian cannot be given %s", planned.name)
        return None
    held = None if planned.hold is None else (str(active.workspace.paths.holds), planned.hold.key, active.run.id)
    return Owed(execution.id, planned.name, float(planned.policy.timeout), text, request, held)
