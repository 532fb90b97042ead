"""BorgDesk's own log: what the program did, what it decided and why, and its internal errors, with secrets masked.

It never contains the output of scripts, nor any secret known to this process. Windows, commands and guardians append to
the same file: each record is a single write to the end of the file, and whichever process finds the file full starts a
new one.
"""

from __future__ import annotations

import contextlib
import fcntl
import logging
import os
import re
import stat
from collections.abc import Iterable, Mapping
from pathlib import Path

from borgdesk import private

FILE_NAME = "borgdesk.log"

VARIABLE = "BORGDESK_LOG"
"""The minimum level of records; inherited by guardians."""

_LEVELS = {name: getattr(logging, name.upper()) for name in ("debug", "info", "warning", "error")}
_FORMAT = "%(asctime)s %(process)d %(threadName)s %(levelname)s %(name)s: %(message)s"

_SIZE = 1024 * 1024
_OLDER = 2
"""Number of older files that are kept."""

_LONGEST_TAIL = 256 * 1024
"""Bytes at the end of the log in which its last lines are searched."""

_MASK = b"[secret]"
_SHORTEST = 4
"""Characters. Shorter secrets would mask parts of words everywhere."""

_hidden: set[bytes] = set()


def start(folder: Path, environment: Mapping[str, str] = os.environ) -> None:
    """Log to ``borgdesk.log`` below *folder*, three files of 1 MiB.

    If it cannot be written, or others can write to it, nothing is logged.
    """
    wanted = environment.get(VARIABLE, "info").lower()
    # Only for our loggers: other libraries log every statement and every D-Bus message.
    logging.getLogger("borgdesk").setLevel(_LEVELS.get(wanted, logging.INFO))
    root = logging.getLogger()
    root.setLevel(logging.INFO)
    try:
        _prepare(folder)
        handler: logging.Handler = SharedFileHandler(folder / FILE_NAME, _SIZE)
    except OSError:
        handler = logging.NullHandler()
    handler.setFormatter(logging.Formatter(_FORMAT))
    logging.raiseExceptions = False
    root.addHandler(handler)
    if wanted not in _LEVELS:
        logging.getLogger(__name__).warning("%s=%s is none of %s", VARIABLE, wanted, ", ".join(_LEVELS))


def _prepare(folder: Path) -> None:
    """Create the folder, or make it private. If others can write to it, it stays as it is, so that it is refused.

    Raises:
        OSError: it cannot be used.
    """
    mode = folder.stat().st_mode if folder.exists() else 0
    if mode & stat.S_IWOTH:
        raise PermissionError
    # The group may be one that its user has alone.
    if not mode & stat.S_IWGRP:
        private.make_folder(folder)


def hide(secrets: Iterable[str]) -> None:
    """Mask these secrets, and each of their lines, in everything this process logs from now on."""
    for secret in secrets:
        for piece in (secret, *secret.splitlines()):
            if len(piece) >= _SHORTEST:
                _hidden.add(piece.encode("utf-8", "surrogatepass"))


def masked(text: bytes) -> bytes:
    """Return *text* with the secrets known to this process masked."""
    known = [piece for piece in tuple(_hidden) if piece in text]
    if not known:
        return text
    # The longest first, since it may contain a shorter one. Existing masks are kept, even if "secret" is a secret.
    pieces = sorted((_MASK, *known), key=len, reverse=True)
    return re.sub(b"|".join(map(re.escape, pieces)), _MASK, text)


def last_lines(folder: Path, count: int) -> str:
    """Return the last *count* lines of the log below *folder*, masked once more; empty if there is no log."""
    content = b""
    for name in (f"{FILE_NAME}.1", FILE_NAME):
        with contextlib.suppress(OSError), (folder / name).open("rb") as file:
            file.seek(max(0, os.fstat(file.fileno()).st_size - _LONGEST_TAIL))
            content += file.read(_LONGEST_TAIL)
    lines = _without_logins(masked(content)).decode("utf-8", "replace").splitlines()
    return "\n".join(lines[-count:])


def _without_logins(text: bytes) -> bytes:
    """Mask passwords in URLs, which the process that wrote the log did not know."""
    return re.sub(rb"(\w://[^\s/:@]*:)[^\s/@]+@", rb"\1" + _MASK + b"@", text)


class SharedFileHandler(logging.Handler):
    """Appends to a file shared with other processes, and starts a new one when it is full."""

    def __init__(self, path: Path, size: int) -> None:
        """Raise :class:`OSError` if the file cannot be written."""
        super().__init__()
        self._path = path
        self._size = size
        self._file = private.append(path)

    def emit(self, record: logging.LogRecord) -> None:
        """Write one record with a single write."""
        try:
            text = masked(f"{self.format(record)}\n".encode("utf-8", "backslashreplace"))
            self._make_room(len(text))
            os.write(self._file.fileno(), text)
        except Exception:
            self.handleError(record)

    def close(self) -> None:
        """Close the file."""
        self._file.close()
        super().close()

    def _make_room(self, needed: int) -> None:
        if not self._is_current():
            self._reopen()
        if os.fstat(self._file.fileno()).st_size + needed > self._size and self._begin_anew():
            self._reopen()

    def _is_current(self) -> bool:
        """Return whether our file still has its name: another process may have rotated it."""
        try:
            return os.path.samestat(self._path.stat(), os.fstat(self._file.fileno()))
        except FileNotFoundError:
            return False

    def _reopen(self) -> None:
        file, self._file = self._file, private.append(self._path)
        file.close()

    def _begin_anew(self) -> bool:
        """Rotate the full file; return False, without waiting, if another process is doing so."""
        folder = os.open(self._path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if not self._is_current():
                return True
            names = [self._path, *(self._path.with_name(f"{self._path.name}.{n}") for n in range(1, _OLDER + 1))]
            for older, newer in reversed([*zip(names[1:], names[:-1], strict=True)]):
                with contextlib.suppress(FileNotFoundError):
                    newer.replace(older)
        except BlockingIOError:
            return False
        finally:
            os.close(folder)
        return True
