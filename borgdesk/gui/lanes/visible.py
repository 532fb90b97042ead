"""What is visible of a board, to tell whether what is stored looks different."""

from __future__ import annotations

from borgdesk.engine.lanes.arrangement import RepositoryLanes
from borgdesk.gui.lanes.library_list import shown_of


def visible(board: RepositoryLanes) -> tuple[object, ...]:
    """Return what is visible of a board, without the results of runs and the usage counts of scripts."""
    repository, library = board.repository, [shown_of(script) for script in board.library]
    inline = (repository.pre_script, repository.post_script)
    steps = (repository.sources, repository.patterns, repository.retention)
    return board.assignments, board.headers, board.warnings, library, inline, steps
