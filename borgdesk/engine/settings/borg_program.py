"""Finds out which Borg a program is, and what to say about its version."""

from __future__ import annotations

from dataclasses import replace

from borgdesk.borg.replies import BorgVersion
from borgdesk.engine.borg_calls.borg_process import usable_version
from borgdesk.engine.processes.cancel import Cancel
from borgdesk.engine.settings import borg_advice
from borgdesk.engine.workspace import Workspace
from borgdesk.translation import _

_BETTER = BorgVersion(1, 4)


def version_of(workspace: Workspace, program: str = "", cancel: Cancel | None = None) -> BorgVersion:
    """Ask a program, by default the one in use, for its version.

    Raises:
        BorgUnusable: there is no such program, or it is no Borg that BorgDesk can use.
        NoAnswer: a folder of the search path does not respond.
        Stopped: *cancel* was asked meanwhile.
    """
    return usable_version(replace(workspace, fixed_borg=program or workspace.borg), cancel, experimental=True)


def advice(version: BorgVersion) -> str:
    """Return what to say about a version; empty if nothing."""
    if version.is_experimental:
        return _("Borg 2 is experimental: with it, BorgDesk lists and restores archives, and does nothing else.")
    if version < _BETTER:
        return _(
            "Borg {version} works, but Borg 1.4 says more exactly what went wrong. Read Borg's upgrade notes before "
            "you change: archives that an old Borg has made may need one more step."
        ).format(version=version)
    return ""


def untold_advice(workspace: Workspace) -> str:
    """Return the advice about the Borg in use, unless the user has had it; empty if there is none.

    Raises:
        StoreUnusable: the database cannot be read.
    """
    if borg_advice.was_given(workspace):
        return ""
    version = version_of(workspace)
    return advice(version) if version < _BETTER else ""
