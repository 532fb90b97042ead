"""Preview of a file in an archive: its text or picture, or why there is none."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QSize, Qt, QTimer
from PySide6.QtGui import QFontDatabase, QImage, QImageReader, QPixmap, QResizeEvent
from PySide6.QtWidgets import QLabel, QPlainTextEdit, QStackedWidget, QWidget

from borgdesk.domain.archive import Archive
from borgdesk.domain.errors import BorgDeskError, Stopped
from borgdesk.domain.repository import Repository
from borgdesk.engine.archives.file_preview import LARGEST, read_file
from borgdesk.engine.processes.cancel import Cancel
from borgdesk.engine.workspace import Workspace
from borgdesk.gui.look import words
from borgdesk.gui.workers.background import Background
from borgdesk.store.listings import Entry
from borgdesk.translation import _

_PAUSE = 300
"""Milliseconds a file must be selected before it is requested from Borg, so that passing over files requests none."""
_LONGEST_LINE = 2000
"""Maximum line length in characters: a text view needs as long for a line of a megabyte as for a book."""
_MOST_PIXELS = 50_000_000
_MOST_LINES = 20_000
"""A text view needs seconds for a megabyte of short lines."""
_SIDE = 2048
"""Maximum side of a stored picture in pixels."""


_UNBOUNDED = (b"svg", b"svgz")
"""Formats that can take any time and memory to draw, however small the file and the picture are."""


@dataclass(frozen=True, slots=True)
class _Content:
    text: str | None = None
    image: QImage | None = None
    problem: str = ""


class FileView(QStackedWidget):
    """Requests a file from Borg while it is visible, one at a time."""

    def __init__(self, workspace: Workspace, background: Background, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._workspace, self._background = workspace, background
        self._wanted: tuple[Repository, Archive, Entry] | None = None
        self._is_asked = False
        self._cancel: Cancel | None = None
        self._pixmap = QPixmap()
        self.message = QLabel(self)
        self.message.setWordWrap(True)
        self.message.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.text = QPlainTextEdit(self)
        self.text.setReadOnly(True)
        self.text.setAccessibleName(_("Text of the file"))
        self.text.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.text.setLayoutDirection(Qt.LayoutDirection.LeftToRight)  # as in an editor
        self.text.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self.image = QLabel(self)
        self.image.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.image.setMinimumSize(1, 1)
        for one in (self.message, self.text, self.image):
            self.addWidget(one)
        self._pause = QTimer(self, singleShot=True, interval=_PAUSE)
        self._pause.timeout.connect(self._ask)

    def show_file(self, repository: Repository | None, archive: Archive, entry: Entry) -> None:
        """Show a file once the view is visible; without a repository, show nothing."""
        self.clear()
        if repository is None:
            return
        self._wanted = (repository, archive, entry)
        if self.isVisible():
            self._pause.start()

    def clear(self) -> None:
        """Show nothing and cancel the request."""
        self._pause.stop()
        self._wanted, self._is_asked = None, False
        self._stop()
        self._tell("")

    def _stop(self) -> None:
        if self._cancel is not None:
            self._cancel.ask()
            self._cancel = None

    def _ask(self) -> None:
        if self._wanted is None or self._is_asked:
            return
        self._is_asked = True
        repository, archive, entry = self._wanted
        reason = _reason_for_nothing(entry)
        if reason:
            self._tell(reason)
            return
        cancel = self._cancel = Cancel()
        self._tell(_("Reading “{name}”…").format(name=words.file_name(entry.name)))
        question = partial(_read, self._workspace, repository, archive, entry, cancel)
        self._background.ask(question, partial(self._show, cancel), partial(self._fail, cancel), self, cancel)

    def _show(self, cancel: Cancel, content: _Content) -> None:
        if cancel is not self._cancel:
            return
        self._cancel = None
        if content.text is not None:
            self.text.setPlainText(content.text)
            self.setCurrentWidget(self.text)
        elif content.image is not None:
            self._pixmap = QPixmap.fromImage(content.image)
            width, height = content.image.width(), content.image.height()
            self.image.setAccessibleName(_("Picture of {width} × {height}").format(width=width, height=height))
            self.setCurrentWidget(self.image)
            self._fit_image()
        else:
            self._tell(content.problem)

    def _fail(self, cancel: Cancel, error: BorgDeskError) -> None:
        if cancel is not self._cancel or isinstance(error, Stopped):
            return
        self._cancel = None
        self._tell(error.sentence)

    def _tell(self, text: str) -> None:
        self.message.setText(text)
        self.setCurrentWidget(self.message)

    def _fit_image(self) -> None:
        if self.currentWidget() is not self.image or self._pixmap.isNull():
            return
        ratio = self.devicePixelRatioF()
        room = self._pixmap.size().boundedTo(self.size() * ratio)
        shown = self._pixmap.scaled(
            room, Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation
        )
        shown.setDevicePixelRatio(ratio)
        self.image.setPixmap(shown)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit_image()

    def setVisible(self, visible: bool) -> None:
        super().setVisible(visible)
        if visible:
            self._pause.start()


def _reason_for_nothing(entry: Entry) -> str:
    if not entry.is_file:
        return _("Only files have a preview.")
    if entry.size > LARGEST:
        return _("Larger than {limit}, so no preview is shown.").format(limit=words.size(LARGEST))
    return "" if entry.size else _("The file is empty.")


def _read(workspace: Workspace, repository: Repository, archive: Archive, entry: Entry, cancel: Cancel) -> _Content:
    content = read_file(workspace, repository, archive, entry, cancel)
    image = _image(content)
    if image is not None:
        return _Content(image=image)
    text = _text(content)
    return _Content(text=text) if text is not None else _Content(problem=_("A binary file, so no preview is shown."))


def _image(content: bytes) -> QImage | None:
    buffer = QBuffer()
    buffer.setData(QByteArray(content))
    buffer.open(QIODevice.OpenModeFlag.ReadOnly)
    reader = QImageReader(buffer)
    reader.setAutoTransform(True)
    if bytes(reader.format().data()) in _UNBOUNDED:
        return None
    size = reader.size()
    if not reader.canRead() or size.width() * size.height() > _MOST_PIXELS:
        return None
    if max(size.width(), size.height()) > _SIDE:
        reader.setScaledSize(size.scaled(QSize(_SIDE, _SIDE), Qt.AspectRatioMode.KeepAspectRatio))
    image = reader.read()
    return None if image.isNull() else image


def _text(content: bytes) -> str | None:
    if b"\0" in content:
        return None
    try:
        text = content.decode()
    except UnicodeDecodeError:
        text = content.decode("latin-1")
        if sum(one < 32 and one not in b"\t\n\r\f\x1b" for one in content):
            return None
    lines = text.split("\n", _MOST_LINES)
    if len(lines) > _MOST_LINES:
        lines[-1] = "…"
    return "\n".join(line if len(line) <= _LONGEST_LINE else f"{line[:_LONGEST_LINE]}…" for line in lines)
