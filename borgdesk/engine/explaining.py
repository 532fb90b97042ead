"""What Borg does not say about its trouble, but a look at a local repository does: who holds it, or that it is gone."""

from __future__ import annotations

import contextlib
import json
import re
import socket
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from borgdesk.borg.result import BorgResult
from borgdesk.domain.repository import is_local
from borgdesk.domain.run import Outcome

_LOCKED = "LockTimeout"
_NOT_THERE = ("Repository.DoesNotExist", "Repository.InvalidRepository")
"""What Borg says of a repository that vanished before it was opened, leaving nothing or a mount point behind."""

_LOCK_IN_TROUBLE = ("LockError", "LockErrorT", "LockFailed", "NotLocked", "NotMyLock")
"""What it may say of one that vanished, lock and all, while it worked (seen with 1.4.5)."""

_SYSTEM_ERROR = "[Errno "
"""Or it has no name for that, and this is in what it says."""

_HOLDER = re.compile(r"\A(?P<host>.+)\.(?P<pid>[0-9]+)-[0-9a-f]+\Z")
"""An entry of ``lock.exclusive/``, as Borg 1.2 and 1.4 name it: host.pid-thread, the host often being name@number."""


def explained(result: BorgResult, location: str) -> BorgResult:
    """*result* with a sentence that says more, where there is more to see."""
    if result.outcome is not Outcome.FAILURE or not is_local(location):
        return result
    if result.msgid == _LOCKED:
        holders = ", ".join(dict.fromkeys(_holders(Path(location))))
        return replace(result, sentence=f"{result.sentence} It is held by {holders}.") if holders else result
    vanished = result.msgid in _NOT_THERE + _LOCK_IN_TROUBLE or _SYSTEM_ERROR in result.detail
    if vanished and _is_gone(Path(location, "config")):
        sentence = f"The repository is not at {location} any more: was its disk unplugged or unmounted?"
        return replace(result, sentence=sentence, detail=result.detail or result.sentence)
    return result


def _is_gone(file: Path) -> bool:
    try:
        file.stat()
    except OSError as error:
        # Whatever else there is, such as that it may not be looked at, Borg has said.
        return isinstance(error, FileNotFoundError | NotADirectoryError)
    return False


def _holders(repository: Path) -> Iterator[str]:
    """Who has the repository for itself, or only reads it (a mount), which is in the roster."""
    with contextlib.suppress(OSError):
        for entry in (repository / "lock.exclusive").iterdir():
            if match := _HOLDER.match(entry.name):
                yield _in_words(match["host"], int(match["pid"]))
    try:
        roster = json.loads((repository / "lock.roster").read_text())
        for kind in ("exclusive", "shared"):
            for host, pid, _ in roster.get(kind, []):
                yield _in_words(str(host), int(pid))
    except (OSError, ValueError, TypeError, AttributeError):
        return


def _in_words(host: str, pid: int) -> str:
    name = re.sub(r"@[0-9]+\Z", "", host)
    here = name.partition(".")[0] == socket.gethostname().partition(".")[0]
    return f"process {pid} of this machine" if here else f"process {pid} of the machine {name}"
