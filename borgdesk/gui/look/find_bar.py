"""Find and replace bar, independent of the text that is searched."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QCheckBox, QGridLayout, QHBoxLayout, QLabel, QLineEdit, QPushButton, QWidget

from borgdesk.gui.look import icons
from borgdesk.gui.look.search_query import SearchQuery, SearchResult
from borgdesk.translation import _, ngettext

_TYPING_PAUSE = 150
"""Milliseconds without a key press after which a query counts as typed."""


class FindBar(QWidget):
    """Fields and buttons for searching.

    The owner of the text answers each signal by searching and calls `show_result` with the result.
    """

    query_changed = Signal(object)
    """The SearchQuery changed and typing paused."""
    find_requested = Signal(object, bool)
    """SearchQuery; True to search backwards."""
    replace_requested = Signal(object, str)
    """SearchQuery and replacement: replace the selected match, then find the next."""
    replace_all_requested = Signal(object, str)
    closed = Signal()

    def __init__(self, parent: QWidget | None = None, *, can_replace: bool = True) -> None:
        super().__init__(parent)
        self._can_replace = can_replace
        self._pause = QTimer(self, singleShot=True)
        self._pause.timeout.connect(lambda: self.query_changed.emit(self.query()))
        self._make_fields()
        self._make_buttons()
        self._lay_out()
        self._connect()
        self._show_replace(visible=False)
        self.hide()

    def query(self) -> SearchQuery:
        """Return the search that the fields describe."""
        return SearchQuery(
            text=self._find.text(),
            regular_expression=self._regular.isChecked(),
            match_case=self._case.isChecked(),
            whole_word=self._word.isChecked(),
            wrap=self._wrap.isChecked(),
        )

    def open(self, text: str = "", *, replace: bool = False) -> None:
        """Show and focus the bar; a ``text`` of one line becomes the search."""
        if text and "\n" not in text and not self._regular.isChecked():
            self._find.setText(text)
        self._show_replace(visible=replace and self._can_replace)
        self.show()
        self._find.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self._find.selectAll()
        self._pause.start(0)

    def close_bar(self) -> None:
        """Hide the bar and emit the signal."""
        self._pause.stop()
        self.hide()
        self.closed.emit()

    def show_result(self, result: SearchResult) -> None:
        """Show the result of the last request beside the field."""
        self._result.setText(self._words(result))
        self._result.setAccessibleName(self._result.text())
        found = result.total > 0 and not result.error
        for button in (self._next, self._previous, self._replace_one, self._replace_every):
            button.setEnabled(found)

    def _words(self, result: SearchResult) -> str:
        locale = self.locale()
        if result.error:
            return result.error
        if result.replaced:
            return ngettext("{count} replaced", "{count} replaced", result.replaced).format(
                count=locale.toString(result.replaced)
            )
        if not self._find.text():
            return ""
        if not result.total:
            return _("Not found")
        total = locale.toString(result.total)
        if result.more:
            total = _("more than {count}").format(count=total)
        if not result.current:
            return _("{count} found").format(count=total)
        words = _("{current} of {count}").format(current=locale.toString(result.current), count=total)
        return _("{position}, search wrapped").format(position=words) if result.wrapped else words

    def _make_fields(self) -> None:
        self._find = QLineEdit(self, clearButtonEnabled=True)
        self._find.setAccessibleName(_("Find"))
        self._find_label = QLabel(_("&Find:"), self)
        self._find_label.setBuddy(self._find)
        self._replace = QLineEdit(self, clearButtonEnabled=True)
        self._replace.setAccessibleName(_("Replace with"))
        self._replace_label = QLabel(_("Re&place with:"), self)
        self._replace_label.setBuddy(self._replace)
        self._result = QLabel(self, wordWrap=True, textFormat=Qt.TextFormat.PlainText)
        self._case = QCheckBox(_("Match &case"), self)
        self._word = QCheckBox(_("&Whole word"), self)
        self._regular = QCheckBox(_("Regular e&xpression"), self)
        self._regular.setToolTip(
            _("In the replacement, \\0 is the match, \\1 to \\9 are its groups, \\n is a line break, and \\t is a tab.")
        )
        self._wrap = QCheckBox(_("Wrap &around"), self)
        self._wrap.setChecked(True)

    def _make_buttons(self) -> None:
        self._previous = self._button(_("P&revious"), "go-up", _("Shift+F3"))
        self._next = self._button(_("&Next"), "go-down", _("F3"))
        self._close = self._button(_("Close"), "window-close", _("Esc"))
        self._replace_one = self._button(_("&Replace"), "edit-find-replace", "")
        self._replace_every = self._button(_("Replace a&ll"), "edit-find-replace", "")

    def _button(self, text: str, icon: str, tip: str) -> QPushButton:
        button = QPushButton(icons.icon(icon), text, self, autoDefault=False)
        button.setToolTip(tip)
        return button

    def _lay_out(self) -> None:
        grid = QGridLayout(self)
        grid.setContentsMargins(6, 6, 6, 6)
        grid.setColumnStretch(1, 1)
        for row, column, widget in (
            (0, 0, self._find_label),
            (0, 1, self._find),
            (0, 2, self._previous),
            (0, 3, self._next),
            (0, 4, self._close),
            (1, 0, self._replace_label),
            (1, 1, self._replace),
            (1, 2, self._replace_one),
            (1, 3, self._replace_every),
        ):
            grid.addWidget(widget, row, column)
        options = QHBoxLayout()
        for box in (self._case, self._word, self._regular, self._wrap):
            options.addWidget(box)
        options.addWidget(self._result, 1)
        grid.addLayout(options, 2, 0, 1, 5)

    def _connect(self) -> None:
        self._find.textChanged.connect(self._on_text_changed)
        for box in (self._case, self._word, self._regular, self._wrap):
            box.toggled.connect(lambda: self._pause.start(0))
        self._next.clicked.connect(lambda: self._ask(backward=False))
        self._previous.clicked.connect(lambda: self._ask(backward=True))
        self._close.clicked.connect(self.close_bar)
        self._replace_one.clicked.connect(lambda: self.replace_requested.emit(self.query(), self._replace.text()))
        self._replace_every.clicked.connect(lambda: self.replace_all_requested.emit(self.query(), self._replace.text()))
        self._replace.returnPressed.connect(self._replace_one.click)

    def _on_text_changed(self) -> None:
        self._pause.start(_TYPING_PAUSE)

    def _show_replace(self, *, visible: bool) -> None:
        for widget in (self._replace_label, self._replace, self._replace_one, self._replace_every):
            widget.setVisible(visible)

    def _ask(self, *, backward: bool) -> None:
        if self._find.text():
            self.find_requested.emit(self.query(), backward)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.close_bar()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self._find.hasFocus():
            self._ask(backward=bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier))
        else:
            super().keyPressEvent(event)

    def event(self, event: QEvent) -> bool:
        # Esc closes the bar, not the dialog that contains it.
        if (
            event.type() == QEvent.Type.ShortcutOverride
            and isinstance(event, QKeyEvent)
            and event.key() == Qt.Key.Key_Escape
        ):
            event.accept()
            return True
        return super().event(event)
