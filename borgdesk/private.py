"""Creates files and folders that only their owner can access, whatever the umask."""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
from collections.abc import Iterator
from io import FileIO
from pathlib import Path
from typing import IO

FILE = 0o600
FOLDER = 0o700


def make_folder(path: Path) -> None:
    """Create a private folder and its missing parents; an existing folder of ours becomes private.

    Raises:
        OSError: it cannot be created.
    """
    make_missing(path)
    _close_to_others(path, FOLDER)


def make_missing(path: Path) -> None:
    """Create a private folder and its missing parents, all of them private; an existing folder stays as it is.

    ``mkdir(mode=0o700, parents=True)`` leaves the parents open to whomever the umask lets in.

    Raises:
        OSError: it cannot be created.
    """
    try:
        _make(path)
    except FileNotFoundError:
        make_missing(path.parent)
        with contextlib.suppress(FileExistsError):
            _make(path)
    except FileExistsError:
        if not path.is_dir():
            raise


def _make(path: Path) -> None:
    path.mkdir(FOLDER)
    # A umask can take away even what the owner needs.
    path.chmod(FOLDER)


def append(path: Path) -> IO[bytes]:
    """Open a file for appending.

    Raises:
        OSError: it cannot be opened.
    """
    file = open(path, "ab", opener=_open)  # noqa: SIM115 - Path.open has no opener
    _close_to_others(file.fileno(), FILE)
    return file


def lines(path: Path) -> FileIO:
    """Open a file for reading and unbuffered appending.

    Raises:
        OSError: it cannot be opened.
    """
    file = FileIO(path, "a+", opener=_open)
    _close_to_others(file.fileno(), FILE)
    return file


def anew(path: Path) -> FileIO:
    """Create or truncate a file for unbuffered writing.

    Raises:
        OSError: it cannot be created.
    """
    file = FileIO(path, "w", opener=_open)
    _close_to_others(file.fileno(), FILE)
    return file


def remove(folder: Path, name: str) -> None:
    """Remove *name* in *folder*, with everything in it, as far as possible.

    No symbolic link is followed, even if somebody replaces *folder*, *name* or anything below with one meanwhile. If
    *name* is a link, the link itself is removed.
    """
    with contextlib.suppress(OSError):
        within = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            if stat.S_ISDIR(os.lstat(name, dir_fd=within).st_mode):
                shutil.rmtree(name, ignore_errors=True, dir_fd=within)
            else:
                os.unlink(name, dir_fd=within)
        finally:
            os.close(within)


def remove_locked(folder: Path, name: str) -> None:
    """As :func:`remove`, including folders that their owner may not change, which extracted ones may be."""
    with contextlib.suppress(OSError):
        within = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            _unlock(name, within)
        finally:
            os.close(within)
    remove(folder, name)


def _unlock(name: str, within: int) -> None:
    """Let the owner change a folder and everything in it; uses descriptors, so that no link is followed."""
    place = os.open(name, os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=within)
    try:
        os.chmod(f"/proc/self/fd/{place}", FOLDER)  # noqa: PTH101 - what was opened, whatever its name is now
        inside = os.open(".", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=place)
    finally:
        os.close(place)
    try:
        with os.scandir(inside) as entries:
            folders = [entry.name for entry in entries if entry.is_dir(follow_symlinks=False)]
        for folder in folders:
            with contextlib.suppress(OSError):
                _unlock(folder, inside)
    finally:
        os.close(inside)


@contextlib.contextmanager
def temporary_folder(prefix: str) -> Iterator[Path]:
    """Provide a temporary folder that is safe for programs that play tricks with links, unlike ``tempfile``'s.

    Raises:
        OSError: it cannot be created.
    """
    import tempfile  # imported here because it takes longer than everything else

    folder = Path(tempfile.mkdtemp(prefix=prefix)).resolve()
    try:
        yield folder
    finally:
        remove(folder.parent, folder.name)


def _close_to_others(file: Path | int, mode: int) -> None:
    """Remove permissions of others, left by an older version or an unusual umask, unless the file is not ours."""
    status = os.stat(file)  # noqa: PTH116 - a file that is open has no path
    ours = status.st_uid == os.geteuid() and (stat.S_ISREG(status.st_mode) or stat.S_ISDIR(status.st_mode))
    if ours and stat.S_IMODE(status.st_mode) != mode:
        os.chmod(file, mode)  # noqa: PTH101


def _open(path: str, flags: int) -> int:
    # Without O_NONBLOCK, opening a named pipe that nobody reads would block; regular files ignore it.
    return os.open(path, flags | os.O_CLOEXEC | os.O_NONBLOCK, FILE)
