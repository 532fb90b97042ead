"""Detects changes that other programs make in the library folder, within two seconds."""

from __future__ import annotations

import logging
from collections.abc import Mapping

from PySide6.QtCore import QFileSystemWatcher, QObject, QTimer, Signal

from borgdesk.domain.errors import BorgDeskError, Defect
from borgdesk.engine.scripts.library_scan import LibraryScan, Stamp, read_stamps, scan_library
from borgdesk.engine.workspace import Workspace
from borgdesk.gui.workers.background import Background

_log = logging.getLogger(__name__)

_SETTLING = 200
"""Milliseconds without events before a scan: a git checkout replaces files one by one."""

_POLL = 1500
"""Milliseconds between two scans, for changes without events (network file systems, subfolders)."""


class LibraryWatcher(QObject):
    """Scans the folder on file system events and at regular intervals."""

    scanned = Signal(object)
    """A LibraryScan: the first one, and one for every change of a file."""

    def __init__(self, workspace: Workspace, background: Background, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._workspace = workspace
        self._background = background
        self._known: Mapping[str, Stamp] | None = None
        self._busy = False
        self._again = False
        self._watcher = QFileSystemWatcher([str(workspace.paths.library)], self)
        self._watcher.directoryChanged.connect(self._on_changed)
        self._watcher.fileChanged.connect(self._on_changed)
        self._settling = QTimer(self, singleShot=True, interval=_SETTLING)
        self._settling.timeout.connect(self._look)
        self._poll = QTimer(self, interval=_POLL)
        self._poll.timeout.connect(self._look)

    def start(self) -> None:
        """Scan now and keep watching."""
        self._poll.start()
        self.scan()

    def stop(self) -> None:
        """Stop watching."""
        self._poll.stop()
        self._settling.stop()

    def scan(self) -> None:
        """Scan and report even if no file has changed, because the database has."""
        self._known = None
        self._look()

    def watch_file(self, path: str) -> None:
        """Get events for this file as well: the folder gives none for changes of a file's content."""
        files = self._watcher.files()
        if files:
            self._watcher.removePaths(files)
        if path:
            self._watcher.addPath(path)

    def _on_changed(self, _path: str) -> None:
        self._settling.start()

    def _look(self) -> None:
        """Scan, but only one at a time; an event meanwhile leads to another scan."""
        if self._busy:
            self._again = True
            return
        self._busy = True
        known = self._known
        self._background.ask(lambda: self._ask(known), self._on_scanned, self._on_failed, self)

    def _ask(self, known: Mapping[str, Stamp] | None) -> LibraryScan | None:
        try:
            if known is not None and read_stamps(self._workspace.paths.library) == known:
                return None
            return scan_library(self._workspace)
        except OSError as error:
            # The disk may answer the next time.
            _log.info("the library was not read: %s", error)
            return None

    def _on_scanned(self, found: LibraryScan | None) -> None:
        self._busy = False
        if found is not None:
            self._known = found.stamps
            self.scanned.emit(found)
        if self._again:
            self._again = False
            self._look()

    def _on_failed(self, error: BorgDeskError) -> None:
        """Ignore errors of the database, since the next scan may succeed; a defect is reported once only."""
        self._busy = False
        if isinstance(error, Defect):
            self._poll.stop()
