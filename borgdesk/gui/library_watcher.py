"""Notices within two seconds what other programs do in the library folder."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QFileSystemWatcher, QObject, QTimer, Signal

from borgdesk.engine.outside import Stamp, Survey, look, survey
from borgdesk.engine.workspace import Workspace
from borgdesk.gui.background import Background

_SETTLING = 200
"""Milliseconds of quiet after the last sign of a change: a git checkout replaces files one by one."""

_POLL = 1500
"""Milliseconds between two looks at the folder, for file systems that give no sign (network disks, subfolders)."""


class LibraryWatcher(QObject):
    """Looks at the folder when the system says that something happened in it, and every now and then without a word."""

    surveyed = Signal(object)
    """A Survey: at the beginning, and whenever a file changed since."""

    def __init__(self, workspace: Workspace, background: Background, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._workspace = workspace
        self._background = background
        self._known: Mapping[str, Stamp] | None = None
        self._busy = False
        self._again = False
        self._watcher = QFileSystemWatcher([str(workspace.paths.library)], self)
        self._watcher.directoryChanged.connect(self._notice)
        self._watcher.fileChanged.connect(self._notice)
        self._settling = QTimer(self, singleShot=True, interval=_SETTLING)
        self._settling.timeout.connect(self._look)
        self._poll = QTimer(self, interval=_POLL)
        self._poll.timeout.connect(self._look)

    def start(self) -> None:
        """Look now, and go on watching."""
        self._poll.start()
        self.survey()

    def stop(self) -> None:
        """Watch no more."""
        self._poll.stop()
        self._settling.stop()

    def survey(self) -> None:
        """Look at everything, whether files changed or not: the database did."""
        self._known = None
        self._look()

    def watch_file(self, path: str) -> None:
        """Have the system tell of changes of this file at once: of those inside a file the folder says nothing."""
        files = self._watcher.files()
        if files:
            self._watcher.removePaths(files)
        if path:
            self._watcher.addPath(path)

    def _notice(self, _path: str) -> None:
        self._settling.start()

    def _look(self) -> None:
        """One look at a time; a sign that comes meanwhile leads to another one."""
        if self._busy:
            self._again = True
            return
        self._busy = True
        known = self._known
        self._background.ask(lambda: self._ask(known), self._finish, self._fail, self)

    def _ask(self, known: Mapping[str, Stamp] | None) -> Survey | None:
        if known is not None and look(self._workspace.paths.library) == known:
            return None
        return survey(self._workspace)

    def _finish(self, found: Survey | None) -> None:
        self._busy = False
        if found is not None:
            self._known = found.stamps
            self.surveyed.emit(found)
        if self._again:
            self._again = False
            self._look()

    def _fail(self, error: Exception) -> None:
        """The disk or the database may answer again at the next look; a defect of ours is told once."""
        self._busy = False
        from borgdesk.domain.errors import BorgDeskError

        if not isinstance(error, BorgDeskError | OSError):
            self._poll.stop()
            raise error
