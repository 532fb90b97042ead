"""Lists the services that runs keep stopped together now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from borgdesk.domain.ids import RunId
from borgdesk.engine.runs import hold_file
from borgdesk.engine.runs.hold_file import Hold
from borgdesk.engine.workspace import Workspace


class HoldState(StrEnum):
    """What is being done with a service."""

    TAKING = "taking"
    """It is being stopped."""
    HELD = "held"
    """It is down."""
    RELEASING = "releasing"
    """It is being started again, or will be by the run that failed to stop it."""


@dataclass(frozen=True, slots=True)
class HeldService:
    """A service that runs keep stopped."""

    key: str
    name: str
    state: HoldState
    runs: tuple[RunId, ...]
    """Those that need it stopped, the oldest first."""
    since: datetime | None


def held_services(workspace: Workspace) -> list[HeldService]:
    """Return what is held now, the longest first.

    Raises:
        OSError: the files cannot be read.
    """
    found = [_service(hold) for hold in hold_file.every(str(workspace.paths.holds)) if hold.state != hold_file.FREE]
    return sorted(found, key=lambda one: (one.since is None, one.since.timestamp() if one.since else 0.0))


def _service(hold: Hold) -> HeldService:
    state = HoldState.RELEASING if hold.state == hold_file.FAILED else HoldState(hold.state)
    runs = tuple(RunId(run) for run in sorted(hold.members))
    return HeldService(hold.key, hold.name, state, runs, _moment(hold.since))


def _moment(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None
