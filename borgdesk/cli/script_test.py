"""``borgdesk script test``: runs a script now and prints its output as it arrives."""

from __future__ import annotations

import argparse

from borgdesk.cli import json_values, words
from borgdesk.cli.console import Commands, Console
from borgdesk.cli.inputs import values_of
from borgdesk.cli.stopping import TEST, stopping
from borgdesk.domain.enumeration import quoted
from borgdesk.domain.events import Event, OutputLeftOut, OutputPrinted, Stream
from borgdesk.domain.exit_codes import CANCELLED, FAILURE
from borgdesk.domain.history import Execution
from borgdesk.domain.run import ExecutionStatus, Hook, Outcome
from borgdesk.engine.processes.cancel import Cancel
from borgdesk.engine.script_tests.script_test import ScriptTestSetup, run_test
from borgdesk.translation import _

_TIMED_OUT = 124
"""As timeout(1) does."""


def test(console: Console, arguments: argparse.Namespace) -> int:
    """Run the script under the given test conditions and return its exit code."""
    store = console.workspace.store
    script = store.scripts.get(arguments.script)
    parameters, secrets = values_of(arguments.param, arguments.secret)
    setup = ScriptTestSetup(
        repository=store.repositories.get(arguments.repo) if arguments.repo is not None else None,
        hook=Hook(arguments.hook),
        outcome=Outcome(arguments.outcome) if arguments.outcome else None,
        values=parameters | secrets,
        secrets=frozenset(secrets),
        timeout=arguments.timeout,
    )

    def show(event: Event) -> None:
        if isinstance(event, OutputPrinted):
            # With --json, standard output contains only the result.
            screen = console.out if event.stream is Stream.STDOUT and not console.json else console.err
            screen.write("".join(f"{line}\n" for line in event.lines))
        elif isinstance(event, OutputLeftOut):
            console.say(_("(… {lines} came too fast to show)").format(lines=words.lines(event.count)))

    cancel = Cancel()
    with stopping(cancel, console.say, TEST):
        execution = run_test(console.workspace, script, setup, show, cancel)
    if execution.status is not ExecutionStatus.SUCCESS:
        console.say(_sentence(execution))
    console.answer(json_values.execution(execution))
    return _exit_code(execution)


def _sentence(execution: Execution) -> str:
    how, why = words.status(execution.status), execution.reason or ""
    what = why if why.startswith(how) else f"{how}: {why}" if why else how
    return f"borgdesk: {quoted(execution.planned.name)} {what}".rstrip(".") + "."


def _exit_code(execution: Execution) -> int:
    if execution.status is ExecutionStatus.TIMED_OUT:
        return _TIMED_OUT
    if execution.status is ExecutionStatus.CANCELLED:
        return CANCELLED
    return FAILURE if execution.exit_code is None else execution.exit_code


COMMANDS: Commands = {"script test": test}
