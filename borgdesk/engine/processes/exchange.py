"""Atomic renames with Linux's ``renameat2``, which never overwrite a file or leave a name without one."""

from __future__ import annotations

import contextlib
import ctypes
import errno
import functools
import os
import shutil
from typing import Any

_AT_FDCWD = -100
_NO_REPLACE, _EXCHANGE = 1, 2
_ASIDE = b".aside"


def rename_new(source: bytes, target: bytes) -> None:
    """Rename *source* to a name that must not exist yet.

    Raises:
        FileExistsError: the name exists.
        OSError: any other reason; EXDEV if the target is on another file system.
    """
    try:
        _rename(source, target, _NO_REPLACE)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOSYS):
            raise
        if os.path.lexists(target):
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), target) from error
        os.rename(source, target)  # noqa: PTH104 - bytes


def exchange(one: bytes, other: bytes) -> None:
    """Exchange two files atomically: at no moment is either name missing.

    Where the file system cannot do that, *other* gets a second name beside *one* first, and is then replaced by *one*.
    Whoever dies in the middle, or comes after, calls it again, or :func:`settle_exchange` where *one* has its place.

    Raises:
        OSError: it was not done.
    """
    try:
        _rename(one, other, _EXCHANGE)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOSYS):
            raise
        aside = one + _ASIDE
        # From a try that died before the next step.
        with contextlib.suppress(FileNotFoundError):
            os.unlink(aside)  # noqa: PTH108 - bytes
        _put_aside(other, aside)
        os.rename(one, other)  # noqa: PTH104 - bytes
        settle_exchange(one)


def settle_exchange(one: bytes) -> None:
    """What was replaced by *one* gets the place of it, if that did not happen yet."""
    if not os.path.lexists(one):
        with contextlib.suppress(FileNotFoundError):
            os.rename(one + _ASIDE, one)  # noqa: PTH104 - bytes


def _put_aside(path: bytes, aside: bytes) -> None:
    try:
        os.link(path, aside, follow_symlinks=False)
    except OSError as error:
        if error.errno not in (errno.EPERM, errno.ENOTSUP, errno.EMLINK):
            raise
        # A file system without links.
        shutil.copy2(path, aside, follow_symlinks=False)
        sync_disk(os.path.dirname(aside))  # noqa: PTH120 - bytes


def sync_disk(folder: bytes) -> None:
    """Sync the file system of *folder* to its disk."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        if _libc().syncfs(descriptor):
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number), folder)
    finally:
        os.close(descriptor)


def _rename(source: bytes, target: bytes, flag: int) -> None:
    if _libc().renameat2(_AT_FDCWD, source, _AT_FDCWD, target, flag):
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), source, None, target)


@functools.cache
def _libc() -> Any:
    return ctypes.CDLL(None, use_errno=True)
