"""Diagnoses local repositories: finds out who holds a lock, or that the repository is gone."""

from __future__ import annotations

import json
import re
import socket
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from borgdesk.borg.result import BorgResult
from borgdesk.domain.errors import BorgDeskError
from borgdesk.domain.repository import is_local, local_path
from borgdesk.domain.run import Outcome
from borgdesk.engine.processes.cancel import Cancel
from borgdesk.engine.processes.file_probes import NoAnswer, probe
from borgdesk.translation import _

_LOCKED = "LockTimeout"
_NOT_THERE = ("Repository.DoesNotExist", "Repository.InvalidRepository")
"""Message ids for a repository that vanished before it was opened, leaving nothing or a mount point behind."""

_LOCK_IN_TROUBLE = ("LockError", "LockErrorT", "LockFailed", "NotLocked", "NotMyLock")
"""Message ids for one that vanished, lock and all, during an operation (seen with 1.4.5)."""

_SYSTEM_ERROR = "[Errno "
"""Or Borg has no name for that, and its message contains this."""

_HOLDER = re.compile(r"\A(?P<host>.+)\.(?P<pid>[0-9]+)-[0-9a-f]+\Z")
"""An entry of ``lock.exclusive/``, as Borg 1.2 and 1.4 name it: host.pid-thread, where host is often name@number."""


def with_diagnosis(result: BorgResult, location: str, cancel: Cancel | None = None) -> BorgResult:
    """Return *result* with a better sentence, if a look at the repository explains it in time."""
    if result.outcome is not Outcome.FAILURE or not is_local(location):
        return result
    locked = result.msgid == _LOCKED
    vanished = result.msgid in _NOT_THERE + _LOCK_IN_TROUBLE or _SYSTEM_ERROR in result.detail
    if not locked and not vanished:
        return result
    try:
        (seen,) = probe([("repository", local_path(location))], cancel)
    except BorgDeskError:
        return result
    if seen is NoAnswer:
        return replace(result, sentence=_("{sentence} Its disk no longer responds.").format(sentence=result.sentence))
    if locked:
        holders = ", ".join(dict.fromkeys(_holders(seen)))
        if not holders:
            return result
        sentence = _("{sentence} It is held by {holders}.").format(sentence=result.sentence, holders=holders)
        return replace(result, sentence=sentence)
    if seen["gone"]:
        sentence = _(
            "The repository is no longer at {location}: its disk may have been unplugged or unmounted."
        ).format(location=location)
        return replace(result, sentence=sentence, detail=result.detail or result.sentence)
    return result


def lock_holders(location: str) -> tuple[str, ...]:
    """Return who holds the repository's lock, and since when, in words; empty if that is not visible in time."""
    if not is_local(location):
        return ()
    try:
        (seen,) = probe([("repository", local_path(location))])
    except BorgDeskError:
        return ()
    return () if seen is NoAnswer else tuple(dict.fromkeys(_holders(seen)))


def _holders(seen: Mapping[str, Any]) -> Iterator[str]:
    """Yield the holders of the exclusive lock and of shared ones (a mount), which are in the roster."""
    exclusive: set[tuple[str, int]] = set()
    for name, when in seen["holders"]:
        if match := _HOLDER.match(name):
            since = datetime.fromtimestamp(when, UTC).astimezone()
            yield _("{holder} since {time:%Y-%m-%d %H:%M}").format(
                holder=_in_words(match["host"], int(match["pid"])), time=since
            )
            exclusive.add((match["host"], int(match["pid"])))
    try:
        roster = json.loads(seen["roster"])
        for kind in ("exclusive", "shared"):
            for host, pid, _thread in roster.get(kind, []):
                if (str(host), int(pid)) in exclusive:
                    continue
                yield _in_words(str(host), int(pid))
    except (ValueError, TypeError, AttributeError):
        return


def _in_words(host: str, pid: int) -> str:
    name = re.sub(r"@[0-9]+\Z", "", host)
    here = name.partition(".")[0] == socket.gethostname().partition(".")[0]
    if here:
        return _("process {pid} on this machine").format(pid=pid)
    return _("process {pid} on {host}").format(pid=pid, host=name)
