"""View of the output of a script or Borg, with colours and search; it stays responsive however much arrives."""

from __future__ import annotations

import re
import time
from collections import deque
from collections.abc import Iterable
from functools import cache

from PySide6.QtCore import QEvent, Qt, QTimer, Signal
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontDatabase,
    QKeySequence,
    QShortcut,
    QTextCharFormat,
    QTextCursor,
    QTextDocument,
)
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPlainTextEdit, QPushButton, QVBoxLayout, QWidget

from borgdesk.domain.events import Stream
from borgdesk.engine.runs.run_log_reader import shortened
from borgdesk.gui.look import icons, theme, words
from borgdesk.gui.look.ansi import PLAIN, Style, plain, styled
from borgdesk.gui.look.elided_label import ElidedLabel
from borgdesk.gui.look.find_bar import FindBar
from borgdesk.gui.look.search_query import SearchQuery, SearchResult
from borgdesk.gui.workers.live_run import KEPT_LINES, Lines
from borgdesk.translation import _

_PAUSE = 20
"""Milliseconds between two portions of queued lines."""

_PORTION = 0.004
"""Maximum seconds per portion: less than a frame, so that the window stays responsive while lines pour in."""

_FEWEST, _MOST = 10, 400
"""Minimum and maximum lines of a portion. Qt measures the lines only when the portion ends, so the size of a portion
follows from the time of the one before.
"""

_SPECIAL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
"""Characters that require :func:`~borgdesk.gui.look.ansi.styled`."""

_COUNTED = 1000
"""Number of matches after which counting stops."""

# The 16 terminal colours, in shades that are readable on light and on dark backgrounds.
_LIGHT = ("#000000", "#c01c28", "#1a7f37", "#8a5a00", "#1c62b9", "#a347ba", "#0d7d8c", "#5e5c64",
          "#5e5c64", "#d01b24", "#21863c", "#9a6000", "#2a6fd6", "#b14bc9", "#1a8899", "#3d3846")  # fmt: skip
_DARK = ("#8b8792", "#ff7b74", "#57c878", "#e5b048", "#7ab3f5", "#d9a0e8", "#5fd0e0", "#d7d5db",
         "#a3a0aa", "#ff938d", "#7be096", "#f4c96b", "#9cc7fa", "#e6b9f2", "#85e0ec", "#ffffff")  # fmt: skip


class OutputView(QWidget):
    """Lines of output, the last :data:`~borgdesk.gui.workers.live_run.KEPT_LINES` of them."""

    save_requested = Signal()
    """The user wants to save the output; the owner of the view knows where all of it is."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._waiting: deque[Lines] = deque()
        self._waiting_count = 0
        """Number of lines in it."""
        self._styles = dict.fromkeys(Stream, PLAIN)
        self._left_out = 0
        self._portion = _FEWEST * 10
        self._pulse = QTimer(self, interval=_PAUSE)
        self._pulse.timeout.connect(self._show_portion)
        self._follow = False
        self._text = self._make_text()
        self._title = ElidedLabel(self)
        self._notice = QLabel(self, wordWrap=True)
        self._notice.setTextFormat(Qt.TextFormat.PlainText)
        self._notice.hide()
        self._find_bar = FindBar(self, can_replace=False)
        self._find_bar.query_changed.connect(lambda query: self._find(query, backward=False, again=True))
        self._find_bar.find_requested.connect(lambda query, backward: self._find(query, backward=backward))
        self._find_bar.closed.connect(self._text.setFocus)
        self._lay_out()
        shortcut = QShortcut(QKeySequence(QKeySequence.StandardKey.Find), self._text)
        shortcut.setContext(Qt.ShortcutContext.WidgetShortcut)
        shortcut.activated.connect(self._open_find)

    # content

    def set_title(self, title: str) -> None:
        """Set the title that names the source of the output."""
        self._title.setText(title)
        self._text.setAccessibleName(title)

    def show_lines(self, chunks: Iterable[Lines], *, notice: str = "", empty: str = "") -> None:
        """Replace the content by these lines, scrolled to their beginning; *empty* is shown if there are none."""
        self.clear()
        self._text.setPlaceholderText(empty)
        self._set_notice(notice)
        self._follow = False
        self.append(chunks)

    def follow_lines(self, chunks: Iterable[Lines], left_out: int = 0, empty: str = "") -> None:
        """As :meth:`show_lines`, but scrolled to the end, where :meth:`append` continues."""
        self.clear()
        self._text.setPlaceholderText(empty)
        self._follow = True
        self.append(chunks)
        self.leave_out(left_out)

    def append(self, chunks: Iterable[Lines]) -> None:
        """Add lines at the end; the scroll position stays if the user has scrolled up."""
        for stream, lines in chunks:
            self._waiting.append((stream, lines))
            self._waiting_count += len(lines)
        while self._waiting and self._waiting_count - len(self._waiting[0][1]) >= KEPT_LINES:
            gone = len(self._waiting.popleft()[1])
            self._waiting_count -= gone
            self._left_out += gone
        if self._waiting and not self._pulse.isActive():
            self._show_portion()
            self._pulse.start()
        self._update_buttons()

    def leave_out(self, count: int) -> None:
        """Add to the number of lines that are only in the log file."""
        self._left_out += count
        self._show_left_out()

    def clear(self) -> None:
        """Remove all content."""
        self._pulse.stop()
        self._waiting.clear()
        self._waiting_count = 0
        self._styles = dict.fromkeys(Stream, PLAIN)
        self._left_out = 0
        self._text.clear()
        self._set_notice("")
        self._update_buttons()

    def text(self) -> str:
        """Return the shown and the queued text, without colours."""
        shown = self._text.toPlainText()
        return "\n".join([*([shown] if shown else []), *(plain(line) for _, lines in self._waiting for line in lines)])

    @property
    def is_settled(self) -> bool:
        """Whether every line that arrived is shown."""
        return not self._waiting

    def set_can_save(self, can_save: bool) -> None:
        """Set whether the user can save output beyond what the view has."""
        self._save.setVisible(can_save)

    def focus_search(self) -> None:
        """Open the search and focus it."""
        self._open_find()

    # widgets

    def _make_text(self) -> QPlainTextEdit:
        text = QPlainTextEdit(self)
        text.setLayoutDirection(Qt.LayoutDirection.LeftToRight)  # as in a terminal
        text.setReadOnly(True)
        text.setUndoRedoEnabled(False)
        text.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        text.setMaximumBlockCount(KEPT_LINES)
        text.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        text.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        text.setTabChangesFocus(True)
        return text

    def _lay_out(self) -> None:
        self._search = self._button(_("S&earch"), "edit-find", _("Search this output (Ctrl+F)"))
        self._search.clicked.connect(self._open_find)
        self._copy = self._button(_("&Copy"), "edit-copy", _("Copy the selection, or everything shown"))
        self._copy.clicked.connect(self._copy_text)
        self._save = self._button(_("Sa&ve…"), "document-save", _("Save the output to a file"))
        self._save.clicked.connect(self.save_requested)
        top = QHBoxLayout()
        top.addWidget(self._title, 1)
        for button in (self._search, self._copy, self._save):
            top.addWidget(button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(top)
        column.addWidget(self._notice)
        column.addWidget(self._text, 1)
        column.addWidget(self._find_bar)
        self._update_buttons()

    def _button(self, text: str, icon: str, tip: str) -> QPushButton:
        button = QPushButton(icons.icon(icon), text, self)
        button.setToolTip(tip)
        button.setAutoDefault(False)
        return button

    def _update_buttons(self) -> None:
        there = bool(self._waiting) or not self._text.document().isEmpty()
        for button in (self._search, self._copy, self._save):
            button.setEnabled(there)

    def _set_notice(self, text: str) -> None:
        self._notice.setText(text)
        self._notice.setVisible(bool(text))

    def _show_left_out(self) -> None:
        if self._left_out > 0:
            count = words.lines(self._left_out)
            self._set_notice(_("{lines} before these are in the log file only.").format(lines=count))

    # inserting lines

    def _show_portion(self) -> None:
        """Show as many of the queued lines as fit into a portion of time."""
        bar = self._text.verticalScrollBar()
        at_end = self._follow and bar.value() >= bar.maximum() - 1
        before = 0 if self._text.document().isEmpty() else self._text.blockCount()
        dark = theme.is_dark(self._text.palette())
        cursor = QTextCursor(self._text.document())
        cursor.movePosition(QTextCursor.MoveOperation.End)
        cursor.beginEditBlock()
        began, shown = time.monotonic(), 0
        while self._waiting and shown < self._portion:
            stream, lines = self._next_lines(self._portion - shown)
            self._insert(cursor, stream, lines, dark=dark)
            shown += len(lines)
        cursor.endEditBlock()
        took = time.monotonic() - began
        self._portion = max(_FEWEST, min(_MOST, round(shown * _PORTION / took), 2 * self._portion)) if took else _MOST
        self._left_out += max(0, before + shown - KEPT_LINES)
        if not self._waiting:
            self._pulse.stop()
            self._show_left_out()
        if at_end:
            bar.setValue(bar.maximum())

    def _next_lines(self, count: int) -> Lines:
        """Return at most *count* of the oldest queued lines."""
        stream, lines = self._waiting.popleft()
        if len(lines) > count:
            self._waiting.appendleft((stream, lines[count:]))
            lines = lines[:count]
        self._waiting_count -= len(lines)
        return stream, lines

    def _insert(self, cursor: QTextCursor, stream: Stream, lines: tuple[str, ...], *, dark: bool) -> None:
        if not cursor.atStart():
            cursor.insertBlock()
        lines = tuple(map(shortened, lines))
        text = "\n".join(lines)
        if not _SPECIAL.search(text):
            cursor.insertText(text, _format(self._styles[stream], stream, dark))
            return
        for place, line in enumerate(lines):
            if place:
                cursor.insertBlock()
            pieces, self._styles[stream] = styled(line, self._styles[stream])
            for piece, style in pieces:
                cursor.insertText(piece, _format(style, stream, dark))

    # searching and copying

    def _open_find(self) -> None:
        self._find_bar.open(self._text.textCursor().selectedText())

    def _find(self, query: SearchQuery, *, backward: bool, again: bool = False) -> None:
        """Find the next match; *again* starts at the beginning of the selection, since the query changed."""
        pattern = query.pattern()
        if not query.text or not pattern.isValid():
            self._find_bar.show_result(SearchResult(error=pattern.errorString() if query.text else ""))
            return
        document, cursor = self._text.document(), self._text.textCursor()
        flags = QTextDocument.FindFlag.FindBackward if backward else QTextDocument.FindFlag(0)
        if query.match_case:
            flags |= QTextDocument.FindFlag.FindCaseSensitively
        if again:
            cursor.setPosition(cursor.selectionStart())
        found, wrapped = document.find(pattern, cursor, flags), False
        if found.isNull() and query.wrap:
            edge = QTextCursor(document)
            edge.movePosition(QTextCursor.MoveOperation.End if backward else QTextCursor.MoveOperation.Start)
            found, wrapped = document.find(pattern, edge, flags), True
        if found.isNull():
            self._find_bar.show_result(SearchResult())
            return
        self._text.setTextCursor(found)
        total, current = self._count(query, found.selectionStart())
        more = total >= _COUNTED
        self._find_bar.show_result(SearchResult(total, more, current, wrapped))

    def _count(self, query: SearchQuery, position: int) -> tuple[int, int]:
        matches = query.pattern().globalMatch(self._text.toPlainText())
        total = current = 0
        while matches.hasNext() and total < _COUNTED:
            total += 1
            if matches.next().capturedStart() == position:
                current = total
        return total, current

    def _copy_text(self) -> None:
        if not self._text.textCursor().hasSelection():
            self._text.selectAll()
        self._text.copy()

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.PaletteChange:
            _format.cache_clear()
        super().changeEvent(event)


@cache
def _format(style: Style, stream: Stream, dark: bool) -> QTextCharFormat:
    form = QTextCharFormat()
    color = _color(style.color, dark)
    if color is None and stream is Stream.STDERR:
        color = theme.color(theme.Tone.BAD)
    if color is not None:
        form.setForeground(color)
    if (ground := _color(style.ground, dark)) is not None:
        form.setBackground(ground)
        if style.color is None:
            form.setForeground(QColor("#000000") if ground.lightness() > 128 else QColor("#ffffff"))
    if style.bold:
        form.setFontWeight(QFont.Weight.Bold)
    form.setFontItalic(style.italic)
    form.setFontUnderline(style.underline)
    return form


def _color(value: int | str | None, dark: bool) -> QColor | None:
    if value is None:
        return None
    if isinstance(value, str):
        return QColor(value)
    return QColor((_DARK if dark else _LIGHT)[value])
