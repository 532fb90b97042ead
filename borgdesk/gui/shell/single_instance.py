"""Ensures one window per user (and ``BORGDESK_HOME``): a second start raises the existing window and ends.

A file lock decides which process is first. It is released with its process, so a crash leaves nothing behind. Further
processes contact the first one through a socket, over which both sides accept only the same user, and send one line:
what the window is to show, or nothing.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import logging
import os
import pwd
import socket
import stat
import struct
import time
from collections.abc import Callable, Iterator, Mapping
from enum import Enum, auto
from pathlib import Path

from PySide6.QtCore import QObject, QSocketNotifier, QTimer, Signal

from borgdesk import private
from borgdesk.domain.digests import sha256
from borgdesk.domain.errors import BorgDeskError, InUse, InvalidInput
from borgdesk.domain.window_request import WindowRequest
from borgdesk.paths import Paths
from borgdesk.translation import _

_log = logging.getLogger(__name__)

PATIENCE = 10.0
"""Seconds to wait for the first instance to answer, or to end if it is ending."""

_ANSWER = 2.0
"""Seconds to wait for one answer."""

_GLANCE = 0.05
_LONGEST = 128
"""Bytes of the longest line that is read."""
_RAISED, _ENDING = b"raised\n", b"ending\n"
_NO_LOCKS = (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP)
"""Errors of file systems that do not support locks."""


class _Answer(Enum):
    RAISED = auto()
    ENDING = auto()
    SILENT = auto()
    """Nobody listens, or the listener does not answer."""
    FOREIGN = auto()
    """The listener belongs to another user."""


class SingleInstance(QObject):
    """Is either the first instance, which is told about later ones, or a later one."""

    raised = Signal()
    """BorgDesk was started again."""
    asked = Signal(object)
    """The :class:`WindowRequest` of a later start, after :attr:`raised`."""

    def __init__(
        self,
        paths: Paths,
        environment: Mapping[str, str] = os.environ,
        parent: QObject | None = None,
        patience: float = PATIENCE,
    ) -> None:
        super().__init__(parent)
        self._lock_file = paths.state / "window.lock"
        self._folders = _folders(paths, environment)
        self._name = f"window-{sha256(os.fsencode(os.path.realpath(paths.data))).hexdigest()[:16]}.socket"
        self._patience = patience
        self._lock: int | None = None
        self._server: _Server | None = None
        self.is_ending: Callable[[], bool] = lambda: False
        """Returns whether the first instance is ending and can no longer show its window."""

    def claim(self, request: WindowRequest | None = None, *, raise_first: bool = True) -> bool:
        """Return whether this is the first instance. If not, the first one has shown its window, and gets *request*.

        Without *raise_first*, that one is left alone, whatever it is doing.

        Raises:
            InUse: another instance exists and cannot show its window; the sentence says why.
            BorgDeskError: the state folder cannot be written.
        """
        end = time.monotonic() + self._patience
        while not self._take_lock():
            if not raise_first:
                return False
            answer = self._call_first(request)
            if answer is _Answer.RAISED:
                return False
            if time.monotonic() >= end:
                raise InUse(self._why(answer))
            time.sleep(_GLANCE)
        self._listen()
        return True

    def close(self) -> None:
        """Give up the lock and the socket."""
        if self._server is not None:
            self._server.close()
            self._server = None
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    # lock

    def _take_lock(self) -> bool:
        try:
            private.make_missing(self._lock_file.parent)
            descriptor = os.open(self._lock_file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        except OSError as error:
            raise BorgDeskError(
                _("BorgDesk cannot start because {lock_file} cannot be written: {error}.").format(
                    lock_file=self._lock_file, error=error.strerror
                )
            ) from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno not in _NO_LOCKS:
                os.close(descriptor)
                return False
            _log.warning("%s cannot be locked: %s", self._lock_file, error.strerror)
            if self._call_first(None) is not _Answer.SILENT:
                os.close(descriptor)
                return False
        self._lock = descriptor
        with contextlib.suppress(OSError):
            os.ftruncate(descriptor, 0)
            os.write(descriptor, f"{os.getpid()} {socket.gethostname()}\n".encode())
        return True

    def _holder(self) -> tuple[str, str]:
        """Return process id and host of the lock's holder, each empty if unknown."""
        with contextlib.suppress(OSError, ValueError):
            process, host = self._lock_file.read_text().split()
            return process, host
        return "", ""

    def _why(self, answer: _Answer) -> str:
        process, host = self._holder()
        if host not in ("", socket.gethostname()):
            return _("BorgDesk is already open on {host}, using the same files. Quit it there first.").format(host=host)
        if answer is _Answer.ENDING:
            return _(
                "BorgDesk is quitting: it is waiting for the scripts of a backup to put everything back. Start it "
                "again when that is done."
            )
        user = _user_of(process)
        if user is not None:
            return _(
                "BorgDesk is already open for user {user} (process {process}), using the same files. Quit it there "
                "first."
            ).format(user=user, process=process)
        if not process:
            return _("BorgDesk is already open but not responding. End that process, then start BorgDesk again.")
        return _(
            "BorgDesk is already open (process {process}) but not responding. End that process, then start BorgDesk "
            "again."
        ).format(process=process)

    # socket

    def _listen(self) -> None:
        """Listen in the first suitable folder. If there is none, the window opens anyway, but cannot be raised."""
        for folder in self._folders:
            try:
                self._server = _Server(folder, self._name, self._greet)
            except OSError as error:
                _log.warning("no socket can be made in %s: %s", folder, error)
            else:
                return

    def _greet(self, connection: socket.socket, line: str) -> None:
        if self.is_ending():
            connection.send(_ENDING)
            return
        connection.send(_RAISED)
        self.raised.emit()
        with contextlib.suppress(InvalidInput):
            self.asked.emit(WindowRequest.parse(line))

    def _call_first(self, request: WindowRequest | None) -> _Answer:
        answers = list[_Answer]()
        for folder in self._folders:
            answers.append(self._ask(folder, request))
            if answers[-1] is _Answer.RAISED:
                break
        _log.debug("another window was asked at %s: %s", self._folders, answers)
        return next((answer for answer in answers if answer is not _Answer.SILENT), _Answer.SILENT)

    def _ask(self, folder: Path, request: WindowRequest | None) -> _Answer:
        try:
            with _entered(folder) as place, socket.socket(socket.AF_UNIX) as connection:
                connection.settimeout(_ANSWER)
                connection.connect(f"{place}/{self._name}")
                if not _is_ours(connection):
                    return _Answer.FOREIGN
                connection.send(f"{request or ''}\n".encode())
                said = connection.recv(16)
        except OSError:
            return _Answer.SILENT
        return {_RAISED: _Answer.RAISED, _ENDING: _Answer.ENDING}.get(said, _Answer.SILENT)


class _Server:
    """Listening socket; passes on each connection of this user with the line that it sends, then closes it."""

    def __init__(self, folder: Path, name: str, greet: Callable[[socket.socket, str], None]) -> None:
        self._folder, self._name, self._greet = folder, name, greet
        self._socket = socket.socket(socket.AF_UNIX)
        try:
            folder.mkdir(mode=0o700, exist_ok=True)
            with contextlib.suppress(PermissionError):
                folder.chmod(0o700)
            with _entered(folder) as place:
                # The socket is left from a process that died: the lock is ours.
                with contextlib.suppress(FileNotFoundError):
                    os.unlink(f"{place}/{name}")  # noqa: PTH108 - through the folder that was looked at
                self._socket.bind(f"{place}/{name}")
            self._socket.listen()
            self._socket.setblocking(False)
        except BaseException:
            self._socket.close()
            raise
        self._notifier = QSocketNotifier(self._socket.fileno(), QSocketNotifier.Type.Read)
        self._notifier.activated.connect(self._on_activated)

        self._callers: set[_Caller] = set()

    def close(self) -> None:
        self._notifier.setEnabled(False)
        for caller in [*self._callers]:
            caller.close()
        with contextlib.suppress(OSError):
            (self._folder / self._name).unlink()
        self._socket.close()

    def _on_activated(self) -> None:
        with contextlib.suppress(OSError):
            connection, _ = self._socket.accept()
            connection.setblocking(False)
            if _is_ours(connection):
                self._callers.add(_Caller(connection, self._greet, self._callers.discard))
            else:
                connection.close()


class _Caller(QObject):
    """A connection whose line has not arrived yet; nobody waits for it."""

    def __init__(
        self,
        connection: socket.socket,
        greet: Callable[[socket.socket, str], None],
        gone: Callable[[_Caller], None],
    ) -> None:
        super().__init__()
        self._connection, self._greet, self._gone = connection, greet, gone
        self._notifier = QSocketNotifier(connection.fileno(), QSocketNotifier.Type.Read)
        self._notifier.activated.connect(self._on_activated)
        QTimer.singleShot(int(_ANSWER * 1000), self, self.close)

    def close(self) -> None:
        self._notifier.setEnabled(False)
        self._connection.close()
        self._gone(self)

    def _on_activated(self) -> None:
        self._notifier.setEnabled(False)
        with contextlib.suppress(OSError):
            # One that closes without a line only wanted to know whether anybody is there.
            if line := self._connection.recv(_LONGEST):
                self._greet(self._connection, line.decode(errors="replace").strip())
        self.close()


@contextlib.contextmanager
def _entered(folder: Path) -> Iterator[str]:
    """Yield a path to the checked *folder* that is short enough for a socket address (107 bytes), even if it is moved.

    Raises:
        PermissionError: the folder belongs to another user, or others can write to it.
        OSError: the folder does not exist or is not a folder.
    """
    descriptor = os.open(folder, os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        found = os.fstat(descriptor)
        if found.st_uid != os.geteuid() or stat.S_IMODE(found.st_mode) & 0o022:
            raise PermissionError(errno.EPERM, "others can write there", str(folder))
        yield f"/proc/self/fd/{descriptor}"
    finally:
        os.close(descriptor)


def _folders(paths: Paths, environment: Mapping[str, str]) -> list[Path]:
    """Return possible folders of the socket, best first: a start from cron or ssh may not know the first one."""
    runtime = Path(environment.get("XDG_RUNTIME_DIR", ""))
    folders = [runtime / "borgdesk"] if runtime.is_absolute() else []
    usual = Path(f"/run/user/{os.geteuid()}/borgdesk")
    return [*folders, *([usual] if usual not in folders else []), paths.state]


def _is_ours(connection: socket.socket) -> bool:
    """Return whether the peer is the same user."""
    credentials = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    _, user, _ = struct.unpack("3i", credentials)
    return bool(user == os.geteuid())


def _user_of(process: str) -> str | None:
    """Return the name of the other user who owns that process; None if it is the same user or unknown."""
    try:
        user = Path("/proc", process).stat().st_uid if process else os.geteuid()
    except OSError:
        return None
    if user == os.geteuid():
        return None
    try:
        return pwd.getpwuid(user).pw_name
    except KeyError:
        return str(user)
