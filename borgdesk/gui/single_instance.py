"""One window a user (and a ``BORGDESK_HOME``): a second start raises the first one's window and ends."""

from __future__ import annotations

import hashlib
import os

from PySide6.QtCore import QObject, Signal
from PySide6.QtNetwork import QLocalServer, QLocalSocket

from borgdesk.paths import Paths

_PATIENCE = 1000
"""Milliseconds for the other one to answer."""

_RAISE = b"raise\n"


class SingleInstance(QObject):
    """Either the first, which is told of others, or one of the others."""

    raised = Signal()
    """Somebody started BorgDesk again."""

    def __init__(self, paths: Paths, parent: QObject | None = None) -> None:
        super().__init__(parent)
        place = hashlib.sha256(str(paths.data).encode()).hexdigest()[:16]
        self._name = f"borgdesk-{os.getuid()}-{place}"
        self._server = QLocalServer(self)
        self._server.setSocketOptions(QLocalServer.SocketOption.UserAccessOption)
        self._server.newConnection.connect(self._greet)

    def is_first(self) -> bool:
        """Whether this is the only one. If not, the first was told to show its window."""
        if self._tell_first():
            return False
        if self._server.listen(self._name):
            return True
        # Who listened there has died without tidying up.
        QLocalServer.removeServer(self._name)
        return self._server.listen(self._name) or not self._tell_first()

    def close(self) -> None:
        """Let another one be the first."""
        self._server.close()

    def _tell_first(self) -> bool:
        socket = QLocalSocket()
        socket.connectToServer(self._name)
        if not socket.waitForConnected(_PATIENCE):
            return False
        socket.write(_RAISE)
        socket.waitForBytesWritten(_PATIENCE)
        socket.disconnectFromServer()
        return True

    def _greet(self) -> None:
        while (socket := self._server.nextPendingConnection()) is not None:
            socket.disconnected.connect(socket.deleteLater)
            self.raised.emit()
