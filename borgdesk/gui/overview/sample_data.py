"""Opens a second window on sample data in one temporary folder, for trying BorgDesk without risk."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from borgdesk.domain.errors import BorgDeskError
from borgdesk.engine.processes.process import Detached, StartFailed
from borgdesk.engine.processes.self_start import python_command
from borgdesk.translation import _


@dataclass(frozen=True, slots=True)
class SampleWindow:
    """A window in a process of its own."""

    folder: Path
    """The folder with all its data, which may be removed afterwards."""
    process: Detached


def open_sample_window(environment: Mapping[str, str]) -> SampleWindow:
    """Create the sample data and open a window on it; takes a second or two.

    Raises:
        BorgDeskError: the data could not be created, or the window not started.
    """
    # Not at the top: hardly ever needed, and the first page would wait for what it imports.
    from borgdesk.engine.runs import demo

    made = demo.build(None, environment)
    made.workspace.store.close()
    try:
        process = Detached(python_command("borgdesk.app"), made.workspace.environment, (), made.folder / "window.log")
    except StartFailed as error:
        raise BorgDeskError(
            _("The window with sample data could not be opened. {error}").format(error=error)
        ) from error
    return SampleWindow(made.folder, process)
