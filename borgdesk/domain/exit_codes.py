"""Exit codes of the command line; 0 is success."""

from __future__ import annotations

from collections.abc import Iterable

from borgdesk.domain.run import NOT_NOW, RunStatus

WARNING = 1
"""It was done, and something is worth a look; or the answer to a question is no."""
FAILURE = 2
CANCELLED = 130


def exit_code_of(status: RunStatus) -> int:
    """Return the exit code of ``borgdesk run`` for a run that ended with *status*."""
    return {
        RunStatus.SUCCESS: 0,
        RunStatus.WARNING: WARNING,
        RunStatus.SKIPPED: NOT_NOW,
        RunStatus.CANCELLED: CANCELLED,
    }.get(status, FAILURE)


def worst(exit_codes: Iterable[int]) -> int:
    """Return the worst exit code of several runs, in the order failure, cancelled, skipped, warning."""
    severity = {0: 0, WARNING: 1, NOT_NOW: 2, CANCELLED: 3}
    return max(exit_codes, key=lambda code: severity.get(code, 4), default=0)
