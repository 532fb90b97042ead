"""The names of lanes, for the window, the command line and messages alike."""

from __future__ import annotations

from borgdesk.domain.run import Hook
from borgdesk.translation import N_, _

_TITLES = {
    Hook.PRE_BACKUP: N_("Before the backup"),
    Hook.POST_BACKUP: N_("After the backup"),
    Hook.POST_RUN: N_("At the end"),
    Hook.PRE_RESTORE: N_("Before a restore"),
    Hook.POST_RESTORE: N_("After a restore"),
    Hook.TEST: N_("Test"),
}


def lane_title(hook: Hook) -> str:
    """Return the name of a lane."""
    return _(_TITLES[hook])
