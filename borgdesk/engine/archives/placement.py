"""Decides what becomes of each restored item, also where a file exists, and records that before any is moved.

Borg extracts into the stage, a separate folder on the same file system. New items are moved; an item that replaces
another is exchanged with it atomically, and the old one then lies in the stage until it is discarded or put back. Items
are identified by inode, so that after a crash the next process can tell what was done.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import stat
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from functools import cached_property
from pathlib import Path

from borgdesk.engine.archives.tree_copy import TreeCopy
from borgdesk.engine.processes.exchange import sync_disk
from borgdesk.store.files import sync_folder

_LONGEST_NAME = 255
"""Bytes of a name."""

_LONGEST_EXTENSION = 32
"""Bytes of what follows the last dot of a name, if that is its extension."""


class OnConflict(StrEnum):
    """How to handle a file that exists and differs."""

    KEEP = "keep"
    REPLACE = "replace"
    BOTH = "both"


class Act(StrEnum):
    """The action for one item."""

    NEW = "new"
    """Move to a free place: a file, or a folder with all its contents."""
    REPLACE = "replace"
    BOTH = "both"
    """Move beside the existing item, under another name."""
    KEEP = "keep"
    """Keep the existing item."""
    SAME = "same"
    """What was there is the same already."""
    PROTECTED = "protected"
    """What is there is nobody's to restore over, as a repository or what BorgDesk needs, or cannot be written."""
    FOLDER = "folder"
    """An existing folder; its modification time is restored after its contents have been placed."""
    ABOVE = "above"
    """An existing folder that is not restored itself; its modification time is restored when that is undone."""


@dataclass(frozen=True, slots=True)
class Placement:
    """The planned action for one item. Paths are bytes, since names may contain any."""

    act: Act
    source: bytes
    """Path in the stage."""
    target: bytes
    inode: int
    """Of the item in the stage at planning; for a ``folder`` or one ``above``, of the existing folder."""
    time: int = 0
    """Modification time in nanoseconds of the item, or of the existing folder."""
    items: int = 1
    """Number of files that are moved; a folder without any counts as one."""
    size: int = 0
    """Bytes of them."""
    reason: str = ""
    """Why it is ``protected``."""
    digest: str = ""
    """Of names, sizes and times in a folder that is moved: whoever undoes it can tell whether it was changed."""
    mode: int = 0
    """Of a folder that its owner may not write to, and for that reason not move either; otherwise 0."""

    def to_json(self) -> str:
        """Return a line of the plan."""
        paths = [base64.b64encode(path).decode() for path in (self.source, self.target)]
        return json.dumps(
            [self.act, *paths, self.inode, self.time, self.items, self.size, self.reason, self.digest, self.mode]
        )

    @classmethod
    def from_json(cls, line: str) -> Placement:
        """A line of the plan, read again."""
        act, source, target, *rest = json.loads(line)
        return cls(Act(act), base64.b64decode(source), base64.b64decode(target), *rest)


@dataclass(frozen=True)
class Rules:
    """By what it is decided what becomes of each item."""

    on_conflict: OnConflict
    today: date
    """In the names of what is placed beside what was there."""
    protected: Mapping[bytes, str] = field(default_factory=dict)
    """Places, by their real path, that nothing is put into, with the reasons."""
    stage_on: Callable[[bytes], bytes] | None = None
    """Makes a stage in a folder, which is on another disk than the first one."""
    above: frozenset[bytes] = frozenset()
    """Folders that are only on the way to what is restored; they are left as they are."""
    links: frozenset[bytes] = frozenset()
    """Those of them that may be links to folders now."""
    check: Callable[[], None] = lambda: None
    """Is called for every item, and raises what ends the planning."""
    given: set[bytes] = field(default_factory=set)
    """Names that were found for items placed beside others."""

    @cached_property
    def _names(self) -> frozenset[bytes]:
        return frozenset(map(os.path.basename, self.protected))

    def protection(self, place: bytes) -> str | None:
        """Why nothing may be put there, if so. Only what has the right name is worth a look at its real path."""
        if os.path.basename(place) not in self._names:  # noqa: PTH119 - bytes
            return None
        return self.protected.get(os.path.realpath(place))


def decide(stage: bytes, target: bytes, rules: Rules) -> Iterator[Placement]:
    """What is to be done so that all that is in the folder *stage* gets into the folder *target*.

    Where another disk is mounted below it, what belongs there is copied there first, into a stage of its own: from then
    on, each item needs no more than a rename.
    """
    with os.scandir(stage) as found:
        entries = sorted(found, key=lambda entry: entry.name)
    for entry in entries:
        yield from _decide(entry.path, os.path.join(target, entry.name), rules)  # noqa: PTH118 - bytes


def _decide(source: bytes, place: bytes, rules: Rules) -> Iterator[Placement]:
    rules.check()
    status = os.lstat(source)
    if reason := rules.protection(place):
        yield Placement(Act.PROTECTED, source, place, status.st_ino, reason=reason)
        return
    try:
        there = os.lstat(place)
    except FileNotFoundError:
        yield _planned(Act.NEW, source, place, status)
        return
    if place in rules.links and stat.S_ISLNK(there.st_mode) and os.path.isdir(place):  # noqa: PTH112 - bytes
        there = os.stat(place)  # noqa: PTH116 - bytes
    if stat.S_ISDIR(status.st_mode) and stat.S_ISDIR(there.st_mode):
        yield from _merge(source, place, status, there, rules)
        return
    yield _conflict(source, place, status, there, rules)


def _merge(
    source: bytes, place: bytes, status: os.stat_result, there: os.stat_result, rules: Rules
) -> Iterator[Placement]:
    if there.st_dev != status.st_dev and rules.stage_on is not None:
        yield from _from_another_disk(source, place, rules, rules.stage_on)
    else:
        yield from decide(source, place, rules)
    act = Act.ABOVE if place in rules.above else Act.FOLDER
    yield Placement(act, source, place, there.st_ino, there.st_mtime_ns)


def _from_another_disk(
    source: bytes, place: bytes, rules: Rules, stage_on: Callable[[bytes], bytes]
) -> Iterator[Placement]:
    """Copy what is put into *place* itself; folders only on the way may lead back to the disk of the stage."""
    with os.scandir(source) as found:
        inner = {entry.path: os.path.join(place, entry.name) for entry in found}  # noqa: PTH118 - bytes
    through = sorted(path for path, there in inner.items() if _is_on_the_way(there, rules))
    if moved := sorted(inner.keys() - set(through)):
        try:
            stage = stage_on(place)
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            yield Placement(Act.PROTECTED, source, place, os.lstat(source).st_ino, reason=reason)
        else:
            _copy(moved, stage, rules)
            yield from decide(stage, place, rules)
    for path in through:
        yield from _decide(path, inner[path], rules)


def above(source: bytes, folder: bytes) -> Placement:
    """Return what to remember of the folder *folder*, to which *source* is restored."""
    there = os.stat(folder)  # noqa: PTH116 - bytes
    return Placement(Act.ABOVE, source, folder, there.st_ino, there.st_mtime_ns)


def _is_on_the_way(place: bytes, rules: Rules) -> bool:
    """Whether a folder is there that only others are restored into: it may be on the disk that the stage is on."""
    if place not in rules.above or not os.path.isdir(place):  # noqa: PTH112 - bytes
        return False
    return place in rules.links or not os.path.islink(place)  # noqa: PTH114 - bytes


def _copy(sources: Iterable[bytes], stage: bytes, rules: Rules) -> None:
    """Copy items into a stage on another disk."""
    copy = TreeCopy(rules.check)
    for source in sources:
        copy.copy(source, os.path.join(stage, os.path.basename(source)))  # noqa: PTH118, PTH119 - bytes
    sync_disk(stage)


def _conflict(source: bytes, place: bytes, status: os.stat_result, there: os.stat_result, rules: Rules) -> Placement:
    alike = stat.S_IFMT(status.st_mode) == stat.S_IFMT(there.st_mode)
    if alike and _is_same(source, place, status, there):
        return _planned(Act.SAME, source, place, status)
    if rules.on_conflict is OnConflict.KEEP:
        return _planned(Act.KEEP, source, place, status)
    # A folder against a file: nobody's folder is thrown out for a file.
    if rules.on_conflict is OnConflict.REPLACE and not stat.S_ISDIR(status.st_mode) and not stat.S_ISDIR(there.st_mode):
        return _planned(Act.REPLACE, source, place, status)
    beside = _free_name(source, place, rules, folder=stat.S_ISDIR(status.st_mode))
    return _planned(Act.BOTH, source, beside, status)


def _planned(act: Act, source: bytes, target: bytes, status: os.stat_result) -> Placement:
    found = contents(source, status)
    is_locked = stat.S_ISDIR(status.st_mode) and not status.st_mode & stat.S_IWUSR
    mode = stat.S_IMODE(status.st_mode) if is_locked else 0
    return Placement(
        act, source, target, status.st_ino, status.st_mtime_ns, found.items, found.size, digest=found.digest, mode=mode
    )


def _is_same(source: bytes, place: bytes, status: os.stat_result, there: os.stat_result) -> bool:
    if stat.S_ISLNK(status.st_mode):
        return os.readlink(source) == os.readlink(place)  # noqa: PTH115 - bytes
    return status.st_size == there.st_size and status.st_mtime_ns == there.st_mtime_ns


def _free_name(source: bytes, place: bytes, rules: Rules, *, folder: bool) -> bytes:
    """Return the first name like ``report (2026-11-20).odt`` that is free, and that nothing else is restored to."""
    path, name = os.path.split(place)
    stem, dot, extension = (name, b"", b"") if folder else name.rpartition(b".")
    if not stem or len(extension) > _LONGEST_EXTENSION:
        stem, dot, extension = name, b"", b""
    number = 1
    while True:
        mark = rules.today.isoformat() if number == 1 else f"{rules.today.isoformat()} {number}"
        tail = f" ({mark})".encode() + dot + extension
        free = _cut(stem, _LONGEST_NAME - len(tail)) + tail
        candidate = os.path.join(path, free)  # noqa: PTH118 - bytes
        beside = os.path.join(os.path.dirname(source), free)  # noqa: PTH118, PTH120 - bytes
        if candidate not in rules.given and not os.path.lexists(candidate) and not os.path.lexists(beside):
            rules.given.add(candidate)
            return candidate
        number += 1


def _cut(name: bytes, length: int) -> bytes:
    """Cut a name between two characters, if it is UTF-8."""
    try:
        name.decode()
    except UnicodeDecodeError:
        return name[:length]
    return name[:length].decode(errors="ignore").encode()


@dataclass(frozen=True, slots=True)
class Contents:
    """How much something consists of, and for a folder a digest of what is in it."""

    items: int
    """Files; a folder without any counts as one."""
    size: int
    """Bytes of them."""
    digest: str = ""


def contents(path: bytes, status: os.stat_result) -> Contents:
    """Look through a file or folder.

    Raises:
        OSError: a folder cannot be read.
    """
    if not stat.S_ISDIR(status.st_mode):
        return Contents(1, status.st_size)
    seen = _Seen()
    seen.add(path)
    return Contents(max(seen.files, 1), seen.size, seen.digest.hexdigest())


class _Seen:
    """What was seen so far in a folder."""

    def __init__(self) -> None:
        self.files = self.size = 0
        self.digest = hashlib.sha256()

    def add(self, folder: bytes) -> None:
        with os.scandir(folder) as found:
            entries = sorted(found, key=lambda entry: entry.name)
        for entry in entries:
            status = entry.stat(follow_symlinks=False)
            self.digest.update(b"%b\0%x\0" % (entry.name, stat.S_IFMT(status.st_mode)))
            if stat.S_ISDIR(status.st_mode):
                self.add(entry.path)
                self.digest.update(b"/")
            else:
                self.files += 1
                self.size += status.st_size
                self.digest.update(b"%d\0%d\0" % (status.st_size, status.st_mtime_ns))


def write_plan(path: Path, placements: Iterator[Placement]) -> list[Placement]:
    """Write the plan durably before it is carried out."""
    decided = list(placements)
    partial = path.with_suffix(".part")
    with partial.open("w") as file:
        for one in decided:
            file.write(one.to_json() + "\n")
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)
    # What is placed may reach its disk sooner than this name: then a recovery would throw away what was replaced.
    sync_folder(path.parent)
    return decided


def read_plan(path: Path) -> list[Placement]:
    """Read the plan."""
    return [Placement.from_json(line) for line in path.read_text().splitlines()]
