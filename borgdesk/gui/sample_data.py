"""Trying BorgDesk without risk: a second window on a throwaway set-up, whose data is all in one temporary folder."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import borgdesk
from borgdesk.domain.errors import BorgDeskError
from borgdesk.engine import demo
from borgdesk.engine.process import Detached, StartFailed

_START = "import sys; sys.path.insert(0, sys.argv.pop(1)); from borgdesk.app import main; sys.exit(main())"
"""Works in a checkout and when installed, whatever the current directory."""


@dataclass(frozen=True, slots=True)
class SampleWindow:
    """A window of its own process."""

    folder: Path
    """Everything it works with; it may be removed afterwards."""
    process: Detached


def open_sample_window(environment: Mapping[str, str]) -> SampleWindow:
    """Make the sample data and open a window on it. Takes a second or two.

    Raises:
        BorgDeskError: the data could not be made, or the window not started.
    """
    made = demo.build(None, environment)
    made.workspace.store.close()
    root = str(Path(borgdesk.__path__[0]).parent)
    try:
        process = Detached(
            [sys.executable, "-P", "-c", _START, root], made.workspace.environment, (), made.folder / "window.log"
        )
    except StartFailed as error:
        raise BorgDeskError(f"The window with sample data could not be opened. {error}") from error
    return SampleWindow(made.folder, process)
