"""Card below the others of a lane for the inline script of a repository."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QKeyEvent, QMouseEvent, QPalette
from PySide6.QtWidgets import QHBoxLayout, QLabel, QMenu, QPushButton, QVBoxLayout, QWidget

from borgdesk.domain.ids import AssignmentId
from borgdesk.engine.lanes.foresight import Foresight
from borgdesk.gui.look import icons, words
from borgdesk.gui.look.card import Card
from borgdesk.gui.look.elided_label import ElidedLabel
from borgdesk.translation import _

_SHOWN = 30
"""Lines of the script in the tooltip."""


class InlineCard(Card):
    """Shows the first command, and whether the script is used; it cannot be dragged, but moved to the library.

    Enter or a double click opens it, Delete removes it.
    """

    edit_requested = Signal()
    move_requested = Signal()
    removal_requested = Signal()

    def __init__(self, text: str, *, idle: bool, parent: QWidget | None = None) -> None:
        """*idle*: scripts are assigned to the lane, so that the inline script is not used."""
        super().__init__(parent)
        self.name = QLabel(_("Inline script"))
        self.command = ElidedLabel()
        self.command.setText(first_command(text))
        self.about = QLabel(wordWrap=True)
        self._is_idle = idle
        self.edit = QPushButton(_("Edit…"))
        self.edit.setToolTip(_("Edits and tests the inline script"))
        self.edit.clicked.connect(self.edit_requested)
        self.button = QPushButton(_("Move to library"))
        self.button.setToolTip(_("Makes it a script of the library, assigned here, which can be edited"))
        self.button.setVisible(not idle)
        self.button.clicked.connect(self.move_requested)
        lines = text.strip().splitlines()
        self.setToolTip(words.tooltip("\n".join([*lines[:_SHOWN], *(["…"] if len(lines) > _SHOWN else [])])))
        for label in (self.command, self.about):
            label.setForegroundRole(QPalette.ColorRole.PlaceholderText)
        self.show_becoming("", is_run=True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._lay_out()

    def show_becoming(self, remark: str, is_run: bool) -> None:
        """Show whether the script would run in a scenario, with a *remark* about that; an idle one never does."""
        self._is_run = is_run and not self._is_idle
        font = self.name.font()
        font.setBold(self._is_run)
        self.name.setFont(font)
        self.name.setForegroundRole(
            QPalette.ColorRole.WindowText if self._is_run else QPalette.ColorRole.PlaceholderText
        )
        usual = _("Not used while scripts are assigned here.") if self._is_idle else _("Runs here.")
        self.about.setText(remark or usual)
        self.setAccessibleName(f"{self.name.text()}. {self.command.text()}. {self.about.text()}")

    @property
    def is_run(self) -> bool:
        """Whether the script would run."""
        return self._is_run

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.edit_requested.emit()
        elif event.key() == Qt.Key.Key_Delete:
            self.removal_requested.emit()
        else:
            super().keyPressEvent(event)

    def mouseDoubleClickEvent(self, _event: QMouseEvent) -> None:
        self.edit_requested.emit()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction(icons.icon("document-edit"), _("&Edit…"), self.edit_requested.emit)
        if not self._is_idle:
            menu.addAction(_("&Move to library"), self.move_requested.emit)
        menu.addAction(icons.icon("list-remove"), _("&Remove"), self.removal_requested.emit)
        menu.popup(event.globalPos())

    def _lay_out(self) -> None:
        first = QHBoxLayout()
        first.setSpacing(10)
        first.addWidget(self.name)
        first.addWidget(self.command, 1)
        texts = QVBoxLayout()
        texts.setSpacing(2)
        texts.addLayout(first)
        texts.addWidget(self.about)
        row = QHBoxLayout(self)
        row.setContentsMargins(10, 6, 10, 6)
        row.addLayout(texts, 1)
        row.addWidget(self.edit, 0, Qt.AlignmentFlag.AlignVCenter)
        row.addWidget(self.button, 0, Qt.AlignmentFlag.AlignVCenter)


def what_becomes(number: AssignmentId, foresight: Foresight | None) -> tuple[str, bool]:
    """Return a remark about an inline script in a scenario, and whether it would run."""
    if foresight is None:
        return "", True
    decision = foresight.decisions.get(number)
    if number == foresight.failing:
        return _begun_with_capital(_("fails here")), True
    if decision is None or decision.reason is None:
        return "", True
    return _begun_with_capital(decision.reason.in_words()), decision.run


def _begun_with_capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def first_command(text: str) -> str:
    """Return the first line of a script that is neither empty nor a comment."""
    lines = (line.strip() for line in text.splitlines())
    return next((line for line in lines if line and not line.startswith("#")), "")
