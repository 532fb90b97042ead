"""Runs one task in a terminal: progress, cancellation and result."""

from __future__ import annotations

import threading

from borgdesk.cli.console import Console
from borgdesk.cli.live_screen import LiveScreen
from borgdesk.cli.progress import Progress
from borgdesk.cli.stopping import stopping
from borgdesk.domain.history import Run
from borgdesk.domain.repository import Repository
from borgdesk.domain.run import Trigger
from borgdesk.engine.processes.cancel import Cancel
from borgdesk.engine.runs import recipe
from borgdesk.engine.runs.task import Task

_GLANCE = 0.2
"""Seconds between checks for signals by the main thread, which is the one that handles them."""


def run_task(console: Console, repository: Repository, task: Task) -> Run:
    """Run *task* now, and return the finished run. Signals stop it like the window's Stop button.

    Raises:
        StoreUnusable: history cannot be written; nothing was started then.
    """
    cancel, board = Cancel(), LiveScreen(console.err)
    progress = Progress(board, repository.name, cancel, alone=True)
    ended: list[Run | Exception] = []

    def work() -> None:
        try:
            ended.append(recipe.run(console.workspace, repository, task, Trigger.CLI, progress, cancel))
        except Exception as error:
            ended.append(error)

    with stopping(cancel, board.line):
        thread = threading.Thread(target=work, name=f"{task.kind} of {repository.name}")
        thread.start()
        while thread.is_alive():
            thread.join(_GLANCE)
    (end,) = ended
    if isinstance(end, Exception):
        raise end
    return end
