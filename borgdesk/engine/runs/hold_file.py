"""The files that say which runs keep a shared service stopped, and what may be done next.

Several runs *hold* a service: the first stops it, those that come meanwhile join, and the last one that gives it back
starts it again. Every decision is one change of one small file, made durable under a lock that all processes share. A
run is a member before it relies on the service being down, and until somebody else owes the start or it has begun.

The guardian must be able to decide the same when BorgDesk itself is gone, so this module imports only what starts
quickly.
"""

from __future__ import annotations

import errno
import fcntl
import os
import time

from borgdesk.engine.runs.hold_process import is_alive

TYPE_CHECKING = False  # importing typing takes longer than all other imports here
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Self

FREE, TAKING, HELD, FAILED, RELEASING = "free", "taking", "held", "failed", "releasing"
"""States: nobody holds it; the first run stops it; it is down; stopping it failed; the last run starts it again."""
_STATES = (FREE, TAKING, HELD, FAILED, RELEASING)

TAKEN, JOINED, WAIT = "taken", "joined", "wait"
"""Answers to :func:`take`."""

LAST, AGAIN, LEFT, GONE, NEVER, BUSY = "last", "again", "left", "gone", "never", "busy"
"""Answers to :func:`give_back`."""

_LOCK = "lock"
_NOTES = ".notes"
_NEW = ".new"
_GLANCE = 0.02
PATIENCE = 20.0
"""Seconds to wait for the lock, which is held for milliseconds unless its holder was stopped (SIGSTOP)."""


class Wish:
    """What a run needs stopped."""

    def __init__(self, key: str, place: str, name: str) -> None:
        """*key* is the name of the file. Holds of one *place* stop the same, but perhaps not in the same way."""
        self.key = key
        self.place = place
        self.name = name


class Member:
    """A run that needs the service stopped."""

    def __init__(self, run: int, mark: str, who: Iterable[str]) -> None:
        """*who* are the processes that will give it back, as :mod:`~borgdesk.engine.runs.hold_process` names them.

        *mark* is in the environment of all its processes.
        """
        self.run = run
        self.mark = mark
        self.who = list(who)

    @property
    def is_alive(self) -> bool:
        """Whether anybody is left that will give it back."""
        return any(is_alive(one) for one in self.who)


class Hold:
    """The content of one file."""

    def __init__(self, key: str) -> None:
        self.key = key
        self.state = FREE
        self.run = 0
        """The run that stopped it; while it is started again, the run that does."""
        self.since = ""
        self.place = ""
        self.name = ""
        self.members: dict[int, Member] = {}
        self.failed: list[int] = []
        """Runs that failed to start it again; the start is owed by each of them."""
        self.gone: dict[int, int] = {}
        """Runs that owe the start no more, each with the run that owed it then, until their history says so."""
        self.ending: list[str] = []
        """Marks of dead members, whose Borg must be ended before the start."""

    @property
    def is_worth_keeping(self) -> bool:
        """Whether the file says more than that nobody holds the service."""
        return self.state != FREE or bool(self.failed or self.gone)

    def others(self, run: int) -> list[Member]:
        """Return the members other than *run*."""
        return [one for one in self.members.values() if one.run != run]


class Locked:
    """All holds, locked against other processes and threads."""

    def __init__(self, folder: str, patience: float = PATIENCE) -> None:
        self._folder = folder
        self._patience = patience
        self._lock = -1

    def __enter__(self) -> Self:
        """Take the lock.

        Raises:
            OSError: it cannot be had, or not in time.
        """
        try:
            self._lock = self._open()
        except FileNotFoundError:
            os.makedirs(self._folder, 0o700, exist_ok=True)  # noqa: PTH103 - pathlib takes time to import
            self._lock = self._open()
        end = time.monotonic() + self._patience
        try:
            while not self._is_ours():
                if time.monotonic() >= end:
                    raise TimeoutError(errno.ETIMEDOUT, os.strerror(errno.ETIMEDOUT))
                time.sleep(_GLANCE)
        except BaseException:
            os.close(self._lock)
            raise
        return self

    def _open(self) -> int:
        return os.open(f"{self._folder}/{_LOCK}", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def _is_ours(self) -> bool:
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def __exit__(self, *_: object) -> None:
        os.close(self._lock)

    def read(self, key: str) -> Hold:
        """Return a hold; a free one if there is no file, or none that can be understood."""
        return read(self._folder, key)

    def every(self) -> list[Hold]:
        """Return all holds."""
        return every(self._folder)

    def write(self, hold: Hold) -> None:
        """Make a change durable.

        Raises:
            OSError: it cannot be written; the file is as it was.
        """
        path = f"{self._folder}/{hold.key}"
        if not hold.is_worth_keeping:
            try:
                os.unlink(path)  # noqa: PTH108
            except FileNotFoundError:
                return
        else:
            _write(path + _NEW, _text(hold).encode("utf-8", "surrogateescape"))
            os.replace(path + _NEW, path)  # noqa: PTH105
        _sync(self._folder)


def take(folder: str, wish: Wish, member: Member, at: str) -> tuple[str, Hold]:
    """Let a run have the service stopped.

    Returns TAKEN if it has to stop it now; JOINED, with the hold, if it is down; WAIT, with the hold to wait for, while
    it is being stopped or started, or if stopping it failed, or if all its holders have died.

    Raises:
        OSError: the files cannot be written; nothing has changed.
    """
    with Locked(folder) as holds:
        hold = holds.read(wish.key)
        for other in holds.every():
            # They stop the same in another way.
            if other.key != wish.key and other.place == wish.place and other.state != FREE:
                return WAIT, other
        if hold.state == FREE:
            hold.state, hold.run, hold.since = TAKING, member.run, at
            hold.place, hold.name = wish.place, wish.name
        elif hold.state != HELD or not any(one.is_alive for one in hold.members.values()):
            return WAIT, hold
        hold.members[member.run] = member
        holds.write(hold)
        return (TAKEN if hold.state == TAKING else JOINED), hold


def took(folder: str, key: str, run: int, *, stopped: bool) -> None:
    """Record how the script that stops the service ended in the run that took it.

    Raises:
        OSError: it cannot be recorded; then nobody joins, and the run itself starts the service again.
    """
    with Locked(folder) as holds:
        hold = holds.read(key)
        if hold.state == TAKING and hold.run == run:
            hold.state = HELD if stopped else FAILED
            holds.write(hold)


def give_back(folder: str, key: str, run: int, who: str, *, stopped: bool) -> tuple[str, int, list[str]]:
    """Let a run give the service back.

    *who* does it. *stopped* says whether the run, judging by its history, stopped the service or relied on it.

    Returns LAST, with the marks of dead members whose Borg has to be ended first, if the run has to start it now; AGAIN
    likewise for a run whose start failed before; BUSY, with a run, if such a start has to wait for that; LEFT, with the
    run that owes the start now; GONE, with the run that owed it, or 0; NEVER if this run has nothing to start.

    Raises:
        OSError: the files cannot be written; nothing has changed.
    """
    with Locked(folder) as holds:
        hold = holds.read(key)
        answer = _way_back(hold, run, stopped=stopped)
        if answer == LEFT:
            del hold.members[run]
            others = [one.run for one in hold.members.values() if one.is_alive]
            hold.gone[run] = max(others)
            holds.write(hold)
            return LEFT, hold.gone[run], []
        if answer in (LAST, AGAIN):
            _release(hold, run, who)
            holds.write(hold)
            return answer, run, [*hold.ending]
        return answer, hold.gone.get(run, hold.run), []


def _way_back(hold: Hold, run: int, *, stopped: bool) -> str:
    ours = hold.state == RELEASING and hold.run == run
    if run in hold.failed:
        return AGAIN if ours or hold.state == FREE else BUSY
    if run in hold.members:
        return LEFT if any(one.is_alive for one in hold.others(run)) else LAST
    if run in hold.gone:
        return GONE
    if not stopped:
        return NEVER
    # There is no trace of it: the files were lost. Better twice than not at all, but never under another run.
    return LAST if hold.state == FREE else GONE


def _release(hold: Hold, run: int, who: str) -> None:
    for other in hold.others(run):
        hold.ending.append(other.mark)
        hold.gone[other.run] = run
    member = hold.members.get(run) or Member(run, "", [])
    if who not in member.who:
        member.who.append(who)
    hold.state, hold.run, hold.members = RELEASING, run, {run: member}


def gave_back(folder: str, key: str, run: int, *, started: bool) -> bool:
    """Record how the script that starts the service again ended; return whether there was anything to record.

    Raises:
        OSError: it cannot be recorded; others wait until the history of the run says that it is over.
    """
    with Locked(folder) as holds:
        hold = holds.read(key)
        if hold.state != RELEASING or hold.run != run:
            return False
        hold.state, hold.members, hold.ending = FREE, {}, []
        hold.failed = [one for one in hold.failed if one != run] + ([] if started else [run])
        holds.write(hold)
        return True


def forget(folder: str, key: str, runs: Iterable[int]) -> None:
    """Forget runs whose history is complete, or that are not there any more: they owe the start no longer.

    Raises:
        OSError: it cannot be recorded.
    """
    with Locked(folder) as holds:
        hold = holds.read(key)
        for run in runs:
            hold.members.pop(run, None)
            hold.gone.pop(run, None)
            hold.failed = [one for one in hold.failed if one != run]
        if not hold.members:
            hold.state = FREE
        holds.write(hold)


def settled(folder: str, key: str, runs: Iterable[int]) -> None:
    """Forget that runs had left the start to others: their history says so now.

    Raises:
        OSError: it cannot be recorded.
    """
    known = [run for run in runs if run in read(folder, key).gone]
    if not known:
        return
    with Locked(folder) as holds:
        hold = holds.read(key)
        for run in known:
            hold.gone.pop(run, None)
        holds.write(hold)


def every(folder: str) -> list[Hold]:
    """Return all holds, also without the lock: each file is replaced at once."""
    try:
        names = sorted(os.listdir(folder))  # noqa: PTH208
    except FileNotFoundError:
        return []
    return [read(folder, name) for name in names if name != _LOCK and "." not in name]


def read(folder: str, key: str) -> Hold:
    """Return a hold; a free one if there is no file, or none that can be understood."""
    hold = Hold(key)
    try:
        with open(f"{folder}/{key}", "rb") as file:  # noqa: PTH123
            lines = file.read().decode("utf-8", "surrogateescape").splitlines()
        for line in lines:
            _understand(hold, line)
    except FileNotFoundError:
        pass
    except ValueError:
        return Hold(key)
    return hold


def _understand(hold: Hold, line: str) -> None:
    what, _, rest = line.partition(" ")
    if what == "state" and rest not in _STATES:
        raise ValueError(rest)
    if what in ("state", "since", "place", "name"):
        setattr(hold, what, rest)
    elif what == "run":
        hold.run = int(rest)
    elif what == "member":
        run, mark, *who = rest.split(" ")
        hold.members[int(run)] = Member(int(run), mark, who)
    elif what == "failed":
        hold.failed.append(int(rest))
    elif what == "gone":
        run, _, to = rest.partition(" ")
        hold.gone[int(run)] = int(to)
    elif what == "ending":
        hold.ending.append(rest)


def _text(hold: Hold) -> str:
    lines = [f"state {hold.state}", f"run {hold.run}", f"since {hold.since}", f"place {hold.place}"]
    lines += [f"name {' '.join(hold.name.split())}"]
    lines += [" ".join(("member", str(one.run), one.mark, *one.who)) for one in hold.members.values()]
    lines += [f"failed {run}" for run in hold.failed]
    lines += [f"gone {run} {to}" for run, to in hold.gone.items()]
    lines += [f"ending {mark}" for mark in hold.ending]
    return "\n".join(lines) + "\n"


def notes(folder: str, key: str) -> str:
    """Return the folder in which the scripts of a hold leave notes for each other."""
    return f"{folder}/{key}{_NOTES}"


def _write(path: str, content: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    try:
        rest = memoryview(content)
        while rest:
            rest = rest[os.write(descriptor, rest) :]
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _sync(folder: str) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
