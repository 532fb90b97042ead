"""Copies files and folders to another disk with all that Borg restores: links, holes, owners, modes, times."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import stat
from collections.abc import Callable

_CHUNK = 8 * 1024**2


class TreeCopy:
    """One copy; names of the same file in it are the same file in the copy."""

    def __init__(self, check: Callable[[], None]) -> None:
        """*check* is called often, and raises what ends the copying."""
        self._check = check
        self._known: dict[tuple[int, int], bytes] = {}

    def copy(self, source: bytes, target: bytes) -> None:
        """Copy an item to a name that does not exist yet.

        Raises:
            OSError: it cannot be read, or written.
        """
        self._check()
        status = os.lstat(source)
        key = status.st_dev, status.st_ino
        if key in self._known:
            os.link(self._known[key], target, follow_symlinks=False)
            return
        if stat.S_ISDIR(status.st_mode):
            self._copy_folder(source, target)
        elif stat.S_ISLNK(status.st_mode):
            os.symlink(os.readlink(source), target)  # noqa: PTH115, PTH211 - bytes
        elif stat.S_ISREG(status.st_mode):
            self._copy_content(source, target, status.st_size)
        else:
            os.mknod(target, status.st_mode, status.st_rdev)
        if status.st_nlink > 1 and not stat.S_ISDIR(status.st_mode):
            self._known[key] = target
        # Only root may give files away, and some file systems have no owners.
        with contextlib.suppress(OSError):
            os.lchown(target, status.st_uid, status.st_gid)
        with contextlib.suppress(PermissionError):
            shutil.copystat(source, target, follow_symlinks=False)

    def _copy_folder(self, source: bytes, target: bytes) -> None:
        os.mkdir(target, 0o700)  # noqa: PTH102 - bytes
        with os.scandir(source) as found:
            names = [entry.name for entry in found]
        for name in names:
            self.copy(os.path.join(source, name), os.path.join(target, name))  # noqa: PTH118 - bytes

    def _copy_content(self, source: bytes, target: bytes, size: int) -> None:
        with open(source, "rb") as reader, open(target, "xb", opener=_private) as writer:  # noqa: PTH123 - bytes
            at = 0
            while (at := _next_data(reader.fileno(), at)) < size:
                end = min(os.lseek(reader.fileno(), at, os.SEEK_HOLE), size)
                os.lseek(reader.fileno(), at, os.SEEK_SET)
                os.lseek(writer.fileno(), at, os.SEEK_SET)
                while at < end:
                    self._check()
                    copied = os.sendfile(writer.fileno(), reader.fileno(), None, min(_CHUNK, end - at))
                    if not copied:
                        raise OSError(errno.EIO, os.strerror(errno.EIO), source)
                    at += copied
            writer.truncate(size)


def _next_data(descriptor: int, at: int) -> int:
    """Where the next data of a file begins; far behind its end if only a hole follows."""
    try:
        return os.lseek(descriptor, at, os.SEEK_DATA)
    except OSError as error:
        if error.errno != errno.ENXIO:
            raise
        return 2**63


def _private(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_CLOEXEC, 0o600)
