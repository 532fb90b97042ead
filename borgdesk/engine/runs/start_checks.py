"""Checks that the scripts a run will owe can be started, before anything has been stopped."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace

from borgdesk.domain.errors import BorgDeskError, InvalidInput
from borgdesk.domain.history import PlannedScript
from borgdesk.domain.ids import AssignmentId
from borgdesk.domain.parameters import check_value
from borgdesk.domain.script import shebang
from borgdesk.domain.variables import inherited
from borgdesk.engine.processes.cancel import Cancel
from borgdesk.engine.processes.process import as_bytes
from borgdesk.engine.runs.script_texts import ScriptTexts
from borgdesk.engine.runs.surroundings import Surroundings
from borgdesk.engine.scripts.interpreters import wanted_by
from borgdesk.engine.workspace import Workspace
from borgdesk.translation import _

_RESERVE = 256 * 1024
"""Bytes of argv and environment reserved for variables of a run that are not known yet."""

_MOST = 6 * 1024 * 1024
"""Bytes of argv and environment that Linux passes at most, whatever the stack limit."""

_ENTRY = 9
"""Bytes that each variable takes besides its text: a NUL and a pointer."""

Secrets = Mapping[tuple[AssignmentId | None, str], str]


def with_start_problems(
    workspace: Workspace,
    texts: ScriptTexts,
    scripts: Sequence[PlannedScript],
    secrets: Secrets,
    surroundings: Surroundings,
    cancel: Cancel | None = None,
) -> list[PlannedScript]:
    """Return *scripts*, with a problem added to those after the backup that cannot be started.

    Scripts before it are not checked: one of them may provide what another one needs, and if it fails, nothing was
    stopped that is not started again.
    """
    revisions = {one.revision for one in scripts if one.revision}
    # Its interpreter, and the program that ``env`` has to find.
    programs = {revision: wanted_by(shebang(texts.get(revision)[0])) for revision in revisions}
    wanted = {revision: words[-1] for revision, words in programs.items()}
    try:
        surroundings.look_at((program for words in programs.values() for program in words), cancel)
        missing = frozenset(program for program in wanted.values() if surroundings.path_of(program) is None)
    except BorgDeskError:
        # Either the run is cancelled, which it reports itself, or nothing can be started, which the scripts will
        # report.
        missing = frozenset()
    return [
        replace(one, problem=_interpreter_problem(one, wanted, missing) or _value_problem(workspace, one, secrets))
        if one.hook.is_post and one.problem is None
        else one
        for one in scripts
    ]


def _interpreter_problem(one: PlannedScript, wanted: Mapping[str, str], missing: frozenset[str]) -> str | None:
    program = wanted.get(one.revision or "")
    if program not in missing:
        return None
    return _("The script “{script}” cannot be started: the interpreter {program} is not installed.").format(
        script=one.name, program=program
    )


def _value_problem(workspace: Workspace, one: PlannedScript, secrets: Secrets) -> str | None:
    kept = {name: secrets[one.assignment_id, name] for name in one.secrets if (one.assignment_id, name) in secrets}
    values = {**one.values, **kept}
    try:
        for name, value in values.items():
            check_value(name, value)
    except InvalidInput as error:
        return _("The script “{script}” cannot be started. {error}").format(script=one.name, error=error)
    passed = {**inherited(workspace.environment), **values}
    size = sum(len(as_bytes(name)) + len(as_bytes(value)) + _ENTRY for name, value in passed.items())
    if size + _RESERVE > min(os.sysconf("SC_ARG_MAX"), _MOST):
        return _("The script “{script}” cannot be started: its values are longer than Linux allows in total.").format(
            script=one.name
        )
    return None
