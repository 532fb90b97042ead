"""Compares what was extracted with the archive, before any of it is moved into place."""

from __future__ import annotations

import hashlib
import os
import re
import stat
from collections.abc import Callable
from pathlib import Path

from borgdesk.borg.hashes import HashReader
from borgdesk.domain.errors import BorgDeskError
from borgdesk.engine.archives.selection import Selection
from borgdesk.store.listings import Entry
from borgdesk.translation import N_, _

_ROUNDED = 2_000
"""Nanoseconds: the listing has microseconds, which Borg has rounded."""

_PRECISION = 2**50
"""In what Borg computes with, a moment that is far away has fewer digits behind the point."""

_UNDECODABLE = re.compile("[\udc80-\udcff]")

_ODD_TIME = 1_000_000_001_000_001_001
"""A moment in nanoseconds that a coarse file system keeps as another one."""

_ODD_MODE = 0o610

_CHUNK = 1024**2
"""Bytes of a file that are read at once."""

_OTHER_CONTENT = N_("Nothing was restored: “{path}” has different content than in the archive. Check the repository.")


def verify(stage: Path, selection: Selection, told: Callable[[Entry], None], *, warning: str = "") -> list[Entry]:
    """Hold type, size, mode and time of everything against the listing; *told* hears of each item before.

    Returns what is missing because Borg could not create it, and has warned of it: devices for anybody but root, links
    on a disk that has none. All else can be restored. *warning*: the first of these, in Borg's words.

    Raises:
        BorgDeskError: something is missing, or is different.
    """
    file_system = _FileSystem(stage)
    left_out: list[Entry] = []
    for entry in selection.items():
        told(entry)
        if warning and "?" not in entry.path and not os.path.lexists(f"{stage}/{entry.path}"):
            left_out.append(entry)
            continue
        trouble = _difference(f"{stage}/{entry.path}", entry, file_system)
        if trouble and not has_double(stage, entry.path):
            if warning:
                # As when the disk is full: the repository has nothing to do with it.
                raise BorgDeskError(
                    _("Nothing was restored: Borg could not extract everything. Borg says: “{words}”").format(
                        words=warning
                    )
                )
            raise BorgDeskError(_(trouble).format(path=entry.path))
    known = {entry.path for entry in left_out}
    for entry in selection.entries:
        if entry.path not in known and not os.path.lexists(stage / entry.path):
            raise BorgDeskError(
                _(
                    "Nothing was restored: “{path}” has a name that is not UTF-8, so that it cannot be restored alone. "
                    "Restore the folder that it is in."
                ).format(path=entry.path)
            )
    return left_out


def has_double(stage: Path, path: str) -> bool:
    """Whether another item is listed with the same path: of names that are not UTF-8, Borg prints ``?`` for a byte."""
    folder = stage
    for name in path.split("/"):
        place = name
        if "?" in name:
            alike = [one for one in _names_in(folder) if _UNDECODABLE.sub("?", one) == name]
            if len(alike) > 1:
                return True
            place = alike[0] if alike else name
        folder /= place
    return False


def _names_in(folder: Path) -> list[str]:
    try:
        return os.listdir(folder)  # noqa: PTH208 - names only
    except OSError:
        return []


class HashCheck:
    """Holds the contents of what was extracted against the hashes that Borg prints."""

    def __init__(
        self, stage: Path, told: Callable[[str, int], None], step: Callable[[], object] = lambda: None
    ) -> None:
        """*told* hears the path and size of each file before it is read; *step* is called while it is."""
        self._stage, self._told, self._step, self._reader = stage, told, step, HashReader()
        self._problem: Exception | None = None

    def feed(self, chunk: bytes) -> None:
        """Borg printed something. What is wrong is raised by :meth:`finish`: nobody could hear it here."""
        if self._problem is not None:
            return
        try:
            for wanted, path in self._reader.feed(chunk):
                self._compare(wanted, path)
        except (BorgDeskError, OSError) as error:
            self._problem = error

    def finish(self) -> None:
        """Nothing comes any more.

        Raises:
            BorgDeskError: a file is different.
            OSError: one cannot be read.
        """
        self._reader.finish()
        if self._problem is not None:
            raise self._problem

    def _compare(self, wanted: str, path: str) -> None:
        place = self._stage / path
        if wanted and place.is_file() and not place.is_symlink():
            self._told(path, place.lstat().st_size)
            if self._hash_of(place) != wanted and not has_double(self._stage, path):
                raise BorgDeskError(_(_OTHER_CONTENT).format(path=path))

    def _hash_of(self, file: Path) -> str:
        digest = hashlib.sha256()
        with file.open("rb", buffering=0) as opened:
            while chunk := opened.read(_CHUNK):
                digest.update(chunk)
                self._step()
        return digest.hexdigest()


class _FileSystem:
    """What the file system of the stage can keep: one for cameras has neither modes nor exact times."""

    def __init__(self, stage: Path) -> None:
        probe = stage / ".borgdesk-probe"
        probe.touch()
        try:
            os.utime(probe, ns=(_ODD_TIME, _ODD_TIME))
            self.grain = max(_ROUNDED, 2 * abs(probe.stat().st_mtime_ns - _ODD_TIME))
            try:
                probe.chmod(_ODD_MODE)
            except OSError:
                self.keeps_modes = False
            else:
                self.keeps_modes = stat.S_IMODE(probe.stat().st_mode) == _ODD_MODE
        finally:
            probe.unlink()


def _difference(path: str, entry: Entry, file_system: _FileSystem) -> str:
    """How an item differs from what the archive says; empty for not at all."""
    try:
        status = os.lstat(path)
    except FileNotFoundError:
        # A name that is not UTF-8 is listed with question marks.
        return (
            "" if "?" in entry.path else N_("Nothing was restored: “{path}” was not extracted. Check the repository.")
        )
    if entry.mode and stat.S_IFMT(status.st_mode) != stat.S_IFMT(entry.mode):
        return N_("Nothing was restored: “{path}” has a different type than in the archive. Check the repository.")
    if entry.mode and file_system.keeps_modes and not entry.is_link and _permissions(status) != entry.mode & 0o777:
        return N_("Nothing was restored: “{path}” has different permissions than in the archive. Check the repository.")
    if entry.is_file and not entry.target and status.st_size != entry.size:
        return N_("Nothing was restored: “{path}” has a different size than in the archive. Check the repository.")
    grain = max(file_system.grain, abs(status.st_mtime_ns) // _PRECISION)
    if entry.is_file and abs(status.st_mtime_ns - entry.mtime * 1000) > grain:
        return N_(
            "Nothing was restored: “{path}” has a different modification time than in the archive. Check the "
            "repository."
        )
    return ""


def _permissions(status: os.stat_result) -> int:
    """Without the bits that only the owner of a file may set: it may be somebody else's now."""
    return stat.S_IMODE(status.st_mode) & 0o777
