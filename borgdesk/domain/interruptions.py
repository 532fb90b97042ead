"""The error recorded for a run whose process died, while it ran or before it started."""

from __future__ import annotations

from collections.abc import Mapping

from borgdesk.translation import N_, _

_UNDER_WAY: Mapping[str, str] = {
    "backup": N_("BorgDesk was interrupted while the backup was running."),
    "restore": N_("BorgDesk was interrupted while the restore was running."),
    "check": N_("BorgDesk was interrupted while the check was running."),
    "prune": N_("BorgDesk was interrupted while the prune was running."),
    "compact": N_("BorgDesk was interrupted while it was freeing disk space."),
    "break-lock": N_("BorgDesk was interrupted while the lock was being broken."),
    "info": N_("BorgDesk was interrupted while it was reading information."),
}

_BEFORE_START: Mapping[str, str] = {
    "backup": N_("BorgDesk was interrupted before the backup started; nothing was stopped."),
    "restore": N_("BorgDesk was interrupted before the restore started; nothing was stopped."),
    "check": N_("BorgDesk was interrupted before the check started; nothing was stopped."),
    "prune": N_("BorgDesk was interrupted before the prune started; nothing was stopped."),
    "compact": N_("BorgDesk was interrupted before it began to free disk space; nothing was stopped."),
    "break-lock": N_("BorgDesk was interrupted before the lock was broken; nothing was stopped."),
    "info": N_("BorgDesk was interrupted before it read information; nothing was stopped."),
}


def while_running(kind: str) -> str:
    """Return the sentence about a run that was under way; a kind that is not known counts as a backup."""
    return _(_UNDER_WAY.get(kind, _UNDER_WAY["backup"]))


def before_start(kind: str) -> str:
    """Return the sentence about a run that had not started yet."""
    return _(_BEFORE_START.get(kind, _BEFORE_START["backup"]))
