"""The runs that a list of the history has loaded."""

from __future__ import annotations

from borgdesk.domain.history import Run
from borgdesk.gui.runs.run_list import RunList


def runs_in(model: RunList) -> list[Run]:
    """Return the loaded runs, newest first, without tests of scripts."""
    return [row for row in model.rows() if isinstance(row, Run)]
