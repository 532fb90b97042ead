"""Reads script files safely, and writes them atomically."""

from __future__ import annotations

import os
import stat
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from borgdesk.domain.errors import BorgDeskError, InvalidInput, ScriptUnreadable, StoreUnusable
from borgdesk.domain.script import MAX_SCRIPT_BYTES
from borgdesk.translation import _

_USUAL = 64 * 1024
"""Bytes; hardly any script is larger."""
_PREFIX = ".borgdesk-"
_SUFFIX = ".partial"
_ABANDONED = 3600.0
"""Seconds after which an unfinished file is considered left by a dead process."""


def read(path: Path) -> bytes:
    """Return the contents of a script file; never empty.

    Raises:
        ScriptUnreadable: it is missing, empty, not a regular file, too large, or cannot be read.
    """
    try:
        # Without O_NONBLOCK, opening a named pipe blocks for ever.
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        try:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode):
                raise ScriptUnreadable(_("The script file {path} is not a regular file.").format(path=path))
            with os.fdopen(descriptor, "rb", closefd=False) as file:
                # Allocating the maximum costs more than reading a usual script, and not all file systems report sizes.
                expected = min(max(status.st_size, _USUAL), MAX_SCRIPT_BYTES)
                content = file.read(expected + 1)
                if len(content) > expected:
                    content += file.read(MAX_SCRIPT_BYTES - expected)
        finally:
            os.close(descriptor)
    except FileNotFoundError as error:
        raise ScriptUnreadable(_("The script file {path} is missing.").format(path=path)) from error
    except OSError as error:
        raise ScriptUnreadable(
            _("The script file {path} cannot be read: {error}.").format(path=path, error=error.strerror)
        ) from error
    if not content.strip():
        raise ScriptUnreadable(_("The script file {path} is empty.").format(path=path))
    if len(content) > MAX_SCRIPT_BYTES:
        raise ScriptUnreadable(
            _("The script file {path} is larger than {limit} MiB.").format(
                path=path, limit=MAX_SCRIPT_BYTES // 1024 // 1024
            )
        )
    return content


def write(path: Path, content: bytes, mode: int) -> None:
    """Replace a file atomically: after a crash there is either the old file or the new one.

    A symbolic link is followed: people keep scripts elsewhere and link to them.

    Raises:
        StoreUnusable: it cannot be written; the old file, if any, is unchanged.
    """
    target = Path(os.path.realpath(path))
    with blamed(_("The file {path} cannot be written").format(path=path)):
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


def check_new(file: Path) -> None:
    """Refuse to overwrite a file.

    Raises:
        InvalidInput: it exists.
    """
    if os.path.lexists(file):
        raise InvalidInput(_("The file {file} exists already. Choose another name.").format(file=file))


def write_private(file: Path, content: bytes, *, over: bool = False) -> None:
    """Write a file that only its owner can read, all of it or nothing; an existing one is replaced only with *over*.

    Raises:
        InvalidInput: the file exists; nothing was written.
        BorgDeskError: the file cannot be written.
    """
    try:
        _write_private(file, content, over=over)
    except OSError as error:
        if isinstance(error, FileExistsError):
            check_new(file)
        raise BorgDeskError(
            _("The file {file} cannot be written: {error}.").format(file=file, error=error.strerror)
        ) from error


def _write_private(file: Path, content: bytes, *, over: bool) -> None:
    descriptor, name = tempfile.mkstemp(prefix=_PREFIX, suffix=_SUFFIX, dir=file.parent)
    try:
        with os.fdopen(descriptor, "wb") as partial:
            partial.write(content)
            partial.flush()
            os.fsync(partial.fileno())
        if over:
            Path(name).replace(file)
            return
        try:
            os.link(name, file)
        except FileExistsError:
            raise
        except OSError:
            # A file system without links.
            os.close(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
            Path(name).replace(file)
    finally:
        with suppress(FileNotFoundError):
            Path(name).unlink()


def make_folder(folder: Path) -> None:
    """Create a private folder and its parents durably."""
    if not folder.is_dir():
        make_folder(folder.parent)
        folder.mkdir(mode=0o700, exist_ok=True)
        sync_folder(folder.parent)


@contextmanager
def blamed(what: str) -> Iterator[None]:
    """Convert file system errors to an error whose sentence begins with *what*."""
    try:
        yield
    except OSError as error:
        raise StoreUnusable(
            _("{what}: {error}. Nothing was changed.").format(what=what, error=error.strerror)
        ) from error


def sync_folder(folder: Path) -> None:
    """Sync a folder, so that its entries survive a power failure."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def hidden_name(words: str) -> str:
    """Return the name of a file that is being added to or removed from the library; *words* say which and where."""
    return f"{_PREFIX}{words}{_SUFFIX}"


def leftovers(folder: Path) -> list[tuple[Path, str]]:
    """Return files below a folder left by killed processes, each with the words in its hidden name."""
    found = []
    for current, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        hidden = (name for name in names if name.startswith(_PREFIX) and name.endswith(_SUFFIX))
        found += [(Path(current, name), name.removeprefix(_PREFIX).removesuffix(_SUFFIX)) for name in hidden]
    return found


def is_abandoned(path: Path) -> bool:
    """Return whether an unfinished file was left by a dead process."""
    try:
        return time.time() - path.stat().st_mtime > _ABANDONED
    except OSError:
        return False


def put_in_place(aside: Path, path: Path) -> bool:
    """Give a file that was set aside its name; return False if another file has that name.

    If several processes try, the first one succeeds, and nothing is left for the others to do.

    Raises:
        StoreUnusable: the name cannot be given.
    """
    with blamed(_("The file {path} cannot be written").format(path=path)):
        try:
            os.link(aside, path, follow_symlinks=False)
        except FileExistsError:
            if not aside.exists() or not aside.samefile(path):
                return not os.path.lexists(aside)
        except FileNotFoundError:
            return os.path.lexists(path)
        except OSError:  # the file system has no hard links
            if os.path.lexists(path):
                return False
            aside.rename(path)
        sync_folder(path.parent)
        aside.unlink(missing_ok=True)
        return True


@contextmanager
def undone_on_error() -> Iterator[ExitStack]:
    """Provide a stack of callbacks that undo changes of files if what follows, such as a commit, fails."""
    with ExitStack() as undo:
        yield undo
        undo.pop_all()
