"""Places restored files as planned, one by one, and undoes that."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from borgdesk.engine.archives.placement import Act, Placement, contents
from borgdesk.engine.processes.exchange import exchange, rename_new, settle_exchange
from borgdesk.translation import _


@dataclass
class Placed:
    """The result of placing."""

    restored: int = 0
    kept: int = 0
    replaced: int = 0
    renamed: int = 0
    renamed_to: list[str] = field(default_factory=list)
    """The paths of these."""
    same: int = 0
    """Items that were as in the archive already."""
    size: int = 0
    problems: list[tuple[str, str]] = field(default_factory=list)
    """Path and reason of items that were not placed."""

    def count(self, one: Placement) -> None:
        """Count an action that was carried out."""
        match one.act:
            case Act.KEEP:
                self.kept += one.items
            case Act.REPLACE:
                self.replaced += 1
            case Act.BOTH:
                self.renamed += 1
                self.renamed_to.append(os.fsdecode(one.target))
            case Act.SAME:
                self.same += one.items
                return
            case Act.FOLDER | Act.ABOVE | Act.PROTECTED:
                return
        if one.act is not Act.KEEP:
            self.restored += one.items
            self.size += one.size


def carry_out(
    plan: Sequence[Placement],
    stop: Callable[[], bool],
    told: Callable[[Placement], None],
    placed: Placed | None = None,
) -> Placed:
    """Carry out the remaining actions of a plan, until *stop* returns True between two items; *told* gets each.

    The result is *placed*, if given: who does not wait for the end sees what was done so far.
    """
    placed = Placed() if placed is None else placed
    for one in plan:
        if stop():
            break
        if one.act is Act.PROTECTED:
            placed.problems.append((os.fsdecode(one.target), one.reason))
            continue
        try:
            _do(one)
        except OSError as error:
            placed.problems.append((os.fsdecode(one.target), _reason(error)))
            continue
        placed.count(one)
        told(one)
    return placed


def _do(one: Placement) -> None:
    match one.act:
        case Act.NEW | Act.BOTH:
            if _where(one) != one.target:
                _move(one, one.source, one.target)
            elif one.mode:
                os.chmod(one.target, one.mode)  # noqa: PTH101 - bytes
        case Act.REPLACE:
            _replace(one)
        case Act.FOLDER:
            _set_time(one, one.time)


def _replace(one: Placement) -> None:
    where = _where(one)
    if where == one.target:
        settle_exchange(one.source)
        return
    if where is None and os.path.lexists(one.source):
        raise OSError(errno.ESTALE, _("nobody can tell whether it was restored already"))
    if stat.S_ISDIR(os.lstat(one.target).st_mode):
        # It is one since the plan was made. Nobody's folder is thrown out for a file.
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    exchange(one.source, one.target)


def _set_time(one: Placement, time: int) -> None:
    """Give a folder the time that it had before something was placed in it, where that can be done."""
    with contextlib.suppress(OSError):
        status = os.lstat(one.target)
        if status.st_ino == one.inode and status.st_mtime_ns != time:
            os.utime(one.target, ns=(status.st_atime_ns, time), follow_symlinks=False)


def holds_replaced(plan: Sequence[Placement]) -> bool:
    """Whether something that was replaced is in the stage, or may be, if the stage cannot be seen."""
    return any(one.act is Act.REPLACE and _where(one) != one.source for one in plan)


def undo(plan: Sequence[Placement], restored_at: int) -> Placed:
    """Put back what was there before; what was changed since is kept and reported as a problem.

    *restored_at*: when the restore had ended, in nanoseconds. A folder that was changed later keeps its own time.
    """
    undone = Placed()
    times = [(one, _time(one)) for one in plan if one.act in (Act.FOLDER, Act.ABOVE)]
    for one in reversed(plan):
        try:
            if _undo(one):
                undone.count(one)
        except OSError as error:
            undone.problems.append((os.fsdecode(one.target), _reason(error)))
        except _Changed:
            undone.problems.append((os.fsdecode(one.target), _("it has changed since it was restored")))
    # Restore the modification times of folders, which were emptied and filled again.
    for one, time in times:
        _set_time(one, one.time if time <= restored_at else time)
    return undone


def _time(one: Placement) -> int:
    try:
        return os.lstat(one.target).st_mtime_ns
    except OSError:
        return 0


class _Changed(Exception):
    """A restored item was modified since."""


def _undo(one: Placement) -> bool:
    """Undo one action; return whether there was something to undo."""
    if one.act not in (Act.NEW, Act.BOTH, Act.REPLACE):
        return False
    replaced = one.act is Act.REPLACE
    if replaced:
        settle_exchange(one.source)
    if _where(one) == one.source:
        return False  # it was never placed
    if _inode(one.target) is None:
        if replaced:
            # What was restored was removed since, and what it had replaced is wanted back.
            rename_new(one.source, one.target)
        return replaced
    if not _is_like(one.target, one):
        raise _Changed
    if replaced:
        exchange(one.source, one.target)
    else:
        os.makedirs(os.path.dirname(one.source), mode=0o700, exist_ok=True)  # noqa: PTH103, PTH120 - bytes
        _move(one, one.target, one.source)
    return True


def _move(one: Placement, source: bytes, target: bytes) -> None:
    """Move an item to a free name. A folder can only be moved by an owner who may write to it."""
    if not one.mode:
        rename_new(source, target)
        return
    os.chmod(source, one.mode | stat.S_IRWXU)  # noqa: PTH101 - bytes
    try:
        rename_new(source, target)
    except OSError:
        os.chmod(source, one.mode)  # noqa: PTH101 - bytes
        raise
    os.chmod(target, one.mode)  # noqa: PTH101 - bytes


def _where(one: Placement) -> bytes | None:
    """Where a restored item is, at its target or in the stage; None if it is nowhere, or may be either of both.

    Its inode tells, but some file systems, as those of memory cards, number their files anew when they are mounted.
    """
    inodes = {path: inode for path in (one.target, one.source) if (inode := _inode(path)) is not None}
    if list(inodes.values()) == [one.inode]:
        return next(iter(inodes))
    signs = {path: (_is_like(path, one), inode == one.inode) for path, inode in inodes.items()}
    best = max(signs.values(), default=(False, False))
    found = [path for path, sign in signs.items() if sign == best]
    return found[0] if any(best) and len(found) == 1 else None


def _is_like(path: bytes, one: Placement) -> bool:
    """Whether what is at *path* is as the item was when it was planned."""
    try:
        status = os.lstat(path)
        found = contents(path, status)
    except OSError:
        return False
    if (found.items, found.size, found.digest) != (one.items, one.size, one.digest):
        return False
    return stat.S_ISDIR(status.st_mode) or status.st_mtime_ns == one.time


def _inode(path: bytes) -> int | None:
    try:
        return os.lstat(path).st_ino
    except FileNotFoundError:
        return None


def _reason(error: OSError) -> str:
    if error.errno == errno.EXDEV:
        return _("it is on another disk than the folder that it is in; restore it to a folder")
    return (error.strerror or str(error)).lower()
