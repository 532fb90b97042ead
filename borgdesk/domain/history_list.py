"""The history as one list: runs, and the tests of scripts among them.

Runs and tests are numbered separately. A test stands above the run that was the newest one when it began.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NewType

from borgdesk.domain.history import Execution, Run
from borgdesk.domain.ids import ExecutionId, RunId

Key = NewType("Key", int)
"""A number that tells runs and tests apart and is the larger the later one began."""

SPACING = 2**32
"""Keys from one run to the next: more than tests will ever be counted."""


@dataclass(frozen=True, slots=True)
class ListedTest:
    """A test of a script, without output."""

    execution: Execution
    after: RunId
    """The newest run when it began; 0 if there was none."""


Listed = Run | ListedTest


def key_of_run(run_id: int) -> Key:
    """Return the key of a run."""
    return Key(run_id * SPACING)


def key_of(listed: Listed) -> Key:
    """Return the key of a run or test."""
    if isinstance(listed, ListedTest):
        return Key(listed.after * SPACING + listed.execution.id)
    return key_of_run(listed.id)


def execution_of(key: int) -> ExecutionId | None:
    """Return the execution of the test with this key; None if it is the key of a run."""
    return ExecutionId(key % SPACING) or None


def run_of(key: int) -> RunId:
    """Return the run with this key, or the one after which the test with this key began."""
    return RunId(key // SPACING)


def first_run_from(key: int) -> RunId:
    """Return the smallest number of a run whose key is this one or larger."""
    return RunId(-(-key // SPACING))
