"""Script files: written wholly or not at all, and read without surprises."""

from __future__ import annotations

import os
import stat
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from borgdesk.domain.errors import ScriptUnreadable, StoreUnusable
from borgdesk.domain.script import MAX_SCRIPT_BYTES

_PREFIX = ".borgdesk-"
_SUFFIX = ".partial"
_ABANDONED = 3600.0
"""Seconds after which an unfinished file belongs to a process that died."""


def read(path: Path) -> bytes:
    """The bytes of a script file; never empty.

    Raises:
        ScriptUnreadable: it is missing, empty, not a file, larger than any script, or cannot be read.
    """
    try:
        # Without O_NONBLOCK, opening a named pipe waits for ever.
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        try:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise ScriptUnreadable(f"The script file {path} is not a regular file.")
            with os.fdopen(descriptor, "rb", closefd=False) as file:
                content = file.read(MAX_SCRIPT_BYTES + 1)
        finally:
            os.close(descriptor)
    except FileNotFoundError as error:
        raise ScriptUnreadable(f"The script file {path} is missing.") from error
    except OSError as error:
        raise ScriptUnreadable(f"The script file {path} cannot be read: {error.strerror}.") from error
    if not content.strip():
        raise ScriptUnreadable(f"The script file {path} is empty.")
    if len(content) > MAX_SCRIPT_BYTES:
        raise ScriptUnreadable(f"The script file {path} is larger than {MAX_SCRIPT_BYTES // 1024 // 1024} MiB.")
    return content


def write(path: Path, content: bytes, mode: int) -> None:
    """Put a file in place so that, whatever happens, there is the old one or the new one and nothing between.

    A symbolic link is followed: people keep scripts elsewhere and link to them.

    Raises:
        StoreUnusable: it cannot be written; the old file, if any, is untouched.
    """
    target = Path(os.path.realpath(path))
    with blamed(f"The file {path} cannot be written"):
        make_folder(target.parent)
        descriptor, name = tempfile.mkstemp(prefix=_PREFIX, suffix=_SUFFIX, dir=target.parent)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
                file.flush()
                os.fchmod(descriptor, mode)
                os.fsync(descriptor)
            Path(name).replace(target)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
        sync_folder(target.parent)


def make_folder(folder: Path) -> None:
    """Create a folder that only its owner can enter, with those above it, so that a power loss leaves it there."""
    if not folder.is_dir():
        make_folder(folder.parent)
        folder.mkdir(mode=0o700, exist_ok=True)
        sync_folder(folder.parent)


@contextmanager
def blamed(what: str) -> Iterator[None]:
    """Turn an error of the file system into a sentence that begins with *what*."""
    try:
        yield
    except OSError as error:
        raise StoreUnusable(f"{what}: {error.strerror}. Nothing was changed.") from error


def sync_folder(folder: Path) -> None:
    """Make the names in a folder survive a power loss."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def hidden_name(words: str) -> str:
    """A name for a file that is on its way out; :func:`sweep` removes what a killed process left."""
    return f"{_PREFIX}{words}{_SUFFIX}"


def sweep(folder: Path) -> None:
    """Remove unfinished files that a process left which was killed while it wrote."""
    for unfinished in folder.glob(f"{_PREFIX}*{_SUFFIX}"):
        with suppress(OSError):
            if time.time() - unfinished.stat().st_mtime > _ABANDONED:
                unfinished.unlink()


@contextmanager
def undone_on_error() -> Iterator[ExitStack]:
    """Callbacks that take changes of files back if what follows, such as the commit of their row, fails."""
    with ExitStack() as undo:
        yield undo
        undo.pop_all()
