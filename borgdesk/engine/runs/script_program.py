"""Makes what is started for a script: its interpreter, its variables, and the marks of its processes."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

from borgdesk.domain.history import Execution
from borgdesk.domain.parameters import check_value
from borgdesk.domain.script import shebang
from borgdesk.domain.variables import RunFacts, variables
from borgdesk.engine.processes.markers import execution_marker, marked
from borgdesk.engine.processes.process import Program
from borgdesk.engine.processes.script_records import record_file
from borgdesk.engine.processes.supervisor_client import Request, request_for
from borgdesk.engine.runs.active_run import ActiveRun, ReadyRequest
from borgdesk.engine.scripts.interpreters import interpreter

_log = logging.getLogger(__name__)


def make_ready(active: ActiveRun, execution: Execution) -> None:
    """Prepare the request for a script before its turn, if nothing slow is needed for that.

    In a recovery, secrets may still be on their way; and an interpreter may be brought by the script before it.
    """
    revision = execution.planned.revision
    if active.recovered or active.surroundings is None or revision is None:
        return
    try:
        text = active.texts.get(revision)
        program = _program(active, execution, active.facts(execution), text, active.surroundings.known_path_of)
        request = request_for(program, record_file(active.folder, execution.id))
    except Exception as error:
        # At its turn the request is made again, and errors are reported then.
        _log.debug("%s is not made ready: %s", execution.planned.name, error)
    else:
        active.ready = ReadyRequest(execution.id, active.standing, text, request)


def request_of(active: ActiveRun, execution: Execution) -> Request:
    """Return the request for a script: the prepared one, unless something has changed since.

    Raises:
        As :func:`program_of`.
    """
    ready = active.ready
    if (
        ready is not None
        and (ready.execution_id, ready.standing) == (execution.id, active.standing)
        and ready.text == active.texts.get(_revision(execution))
    ):
        return ready.request
    program = program_of(active, execution, active.facts(execution))
    return request_for(program, record_file(active.folder, execution.id))


def program_of(active: ActiveRun, execution: Execution, facts: RunFacts) -> Program:
    """Return the program for a script, with the variables made from *facts*.

    Raises:
        StartFailed: its interpreter is not installed.
        ScriptUnreadable: its text is missing or was altered.
        InvalidInput: a value cannot be passed.
        SecretsUnavailable: a secret value cannot be read from the keyring.
    """
    text = active.texts.get(_revision(execution))
    return _program(active, execution, facts, text, active.looked_at().path_of)


def _revision(execution: Execution) -> str:
    assert execution.planned.revision is not None
    return execution.planned.revision


def _program(
    active: ActiveRun,
    execution: Execution,
    facts: RunFacts,
    text: tuple[bytes, Path],
    path_of: Callable[[str], str | None],
) -> Program:
    content, file = text
    argv = (*interpreter(shebang(content), path_of), str(file))
    marker = execution_marker(active.mark, execution.id)
    environment = _environment(active, execution, facts) | marked(marker)
    return Program(argv, environment, marker, cwd=Path(active.looked_at().folder))


def _environment(active: ActiveRun, execution: Execution, facts: RunFacts) -> dict[str, str]:
    """Return the user's environment with BorgDesk's variables and the script's parameters."""
    planned = execution.planned
    values = dict(planned.values)
    for name in planned.secrets:
        values[name] = active.secret(planned.assignment_id, name)
    for name, value in values.items():
        check_value(name, value)
    return {**active.inherited, **values, **variables(facts)}
