"""Tracks the processes that belong to one program; once seen, a process stays a member.

What identifies a member may be gone a moment later: ``sudo`` switches to another user, so that its environment cannot
be read and it cannot be signalled; when the shell that called it is killed, its parent is gone as well. Then only its
session, or having been seen before, identifies it.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from borgdesk.engine.processes import procfs
from borgdesk.engine.processes.procfs import Marker, Process
from borgdesk.translation import _

_Key = tuple[int, int]


def _key(process: Process) -> _Key:
    """A pid alone is reused, and a process can change its parent."""
    return process.pid, process.started


class ProcessTree:
    """Processes that descend from the roots, share a session with a root or a descendant, or carry the marker."""

    def __init__(self, marker: Marker, roots: Callable[[], frozenset[int]] = frozenset) -> None:
        """*roots* is called at each look: a pid is a root only as long as it cannot be reused."""
        self._marker = marker
        self._roots = roots
        self._known: set[_Key] = set()
        self._sessions: dict[int, int] = {}
        """Sessions of members, with the start times of their leaders."""

    def look(self) -> set[Process]:
        """Return the members that exist now, without this process."""
        table = {process.pid: process for process in procfs.processes() if process.pid != os.getpid()}
        roots = self._roots()
        self._forget_sessions_used_again(table)
        members = {
            process
            for process in table.values()
            if process.pid in roots
            or process.session in roots
            or _key(process) in self._known
            or (self._marker and procfs.has_marker(process.pid, self._marker))
        }
        while (grown := members | self._kin(table, members)) != members:
            members = grown
        self._known = {_key(member) for member in members}
        return members

    def _forget_sessions_used_again(self, table: dict[int, Process]) -> None:
        for session, started in [*self._sessions.items()]:
            leader = table.get(session)
            if leader is not None and leader.started != started:
                del self._sessions[session]

    def _kin(self, table: dict[int, Process], members: set[Process]) -> set[Process]:
        self._sessions.update({member.pid: member.started for member in members if member.session == member.pid})
        pids = {member.pid for member in members}
        return {p for p in table.values() if p.parent in pids or p.session in self._sessions}


def name_of(process: Process) -> str:
    """Return the display name of a process, even if it belongs to another user."""
    try:
        name = Path(f"/proc/{process.pid}/comm").read_text(errors="replace").strip()
    except OSError:
        name = ""
    return _("{program} (process {pid})").format(program=name or _("a program"), pid=process.pid)
