"""``borgdesk script test``: run a script now, with its output as it comes."""

from __future__ import annotations

import argparse

from borgdesk.cli import json_values, words
from borgdesk.cli.console import Console
from borgdesk.cli.inputs import values_of
from borgdesk.cli.stopping import TEST, stopping
from borgdesk.domain.events import Event, OutputPrinted, Stream
from borgdesk.domain.history import Execution
from borgdesk.domain.run import ExecutionStatus, Hook, Outcome
from borgdesk.engine.cancel import Cancel
from borgdesk.engine.trial import Pretence, run_test

_COULD_NOT = 2
_TIMED_OUT = 124
"""As timeout(1) has it."""

_CANCELLED = 130


def test(console: Console, arguments: argparse.Namespace) -> int:
    """Run the script in the pretended circumstances; the exit code is its own."""
    store = console.workspace.store
    script = store.scripts.get(arguments.script)
    parameters, secrets = values_of(arguments.param, arguments.secret)
    pretence = Pretence(
        repository=store.repositories.get(arguments.repo) if arguments.repo is not None else None,
        hook=Hook(arguments.hook),
        outcome=Outcome(arguments.outcome) if arguments.outcome else None,
        values=parameters | secrets,
        secrets=frozenset(secrets),
        timeout=arguments.timeout,
    )

    def show(event: Event) -> None:
        if isinstance(event, OutputPrinted):
            # With --json the answer is on standard output, alone.
            screen = console.out if event.stream is Stream.STDOUT and not console.json else console.err
            screen.write("".join(f"{line}\n" for line in event.lines))

    cancel = Cancel()
    with stopping(cancel, console.say, TEST):
        execution = run_test(console.workspace, script, pretence, show, cancel)
    if execution.status is not ExecutionStatus.SUCCESS:
        console.say(_sentence(execution))
    console.answer(json_values.execution(execution), lambda _: None)
    return _exit_code(execution)


def _sentence(execution: Execution) -> str:
    how, why = words.status(execution.status), execution.reason or ""
    what = why if why.startswith(how) else f"{how}: {why}" if why else how
    return f"borgdesk: “{execution.planned.name}” {what}".rstrip(".") + "."


def _exit_code(execution: Execution) -> int:
    if execution.status is ExecutionStatus.TIMED_OUT:
        return _TIMED_OUT
    if execution.status is ExecutionStatus.CANCELLED:
        return _CANCELLED
    return _COULD_NOT if execution.exit_code is None else execution.exit_code
