"""The parameters a script declares, as its text says now."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QFrame, QLabel, QPushButton, QVBoxLayout, QWidget

from borgdesk.domain.parameters import Header, Parameter
from borgdesk.gui import icons, script_words
from borgdesk.gui.theme import Tone
from borgdesk.gui.widgets.form_scroll import FormScroll
from borgdesk.gui.widgets.message import Message


class ParametersTab(QWidget):
    """Reads the block; the text stays the one place where parameters are declared."""

    addition_asked = Signal()
    header_changed = Signal(object)
    """The Header that the text has now."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.header = Header()
        self._message = Message()
        self._inside = QWidget()
        self._column = QVBoxLayout(self._inside)
        self.add = QPushButton(icons.icon("list-add"), self.tr("&Add parameter…"))
        self.add.clicked.connect(self.addition_asked)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 6, 0, 0)
        layout.addWidget(self._message)
        layout.addWidget(FormScroll(self._inside), 1)
        layout.addWidget(self.add)
        self._show(self.header)

    def show_header(self, header: Header | None) -> None:
        """Show what a text declares; None for a malformed block, which leaves the last good one in force."""
        if header is None:
            self._message.say(self.tr("The parameter block is malformed: see the findings."), Tone.BAD, closable=False)
            return
        self._message.hide()
        if header != self.header:
            self.header = header
            self._show(header)
            self.header_changed.emit(header)

    def _show(self, header: Header) -> None:
        while (item := self._column.takeAt(0)) is not None:
            if (old := item.widget()) is not None:
                old.hide()
                old.deleteLater()
        if not header.parameters:
            none = QLabel(
                self.tr(
                    "This script takes no values. A parameter lets the same script do its work for several "
                    "repositories, each with its own value."
                )
            )
            none.setWordWrap(True)
            none.setForegroundRole(QPalette.ColorRole.PlaceholderText)
            self._column.addWidget(none)
        for parameter in header.parameters:
            self._column.addWidget(self._card(parameter))
        self._column.addStretch(1)

    def _card(self, parameter: Parameter) -> QWidget:
        card = QFrame()
        card.setFrameShape(QFrame.Shape.StyledPanel)
        layout = QVBoxLayout(card)
        layout.setSpacing(2)
        name = QLabel(parameter.name)
        font = name.font()
        font.setBold(True)
        name.setFont(font)
        name.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        facts = [script_words.parameter_kind(parameter)]
        if parameter.choices:
            facts.append(", ".join(parameter.choices))
        if parameter.default is not None:
            facts.append(self.tr("default: {value}").format(value=parameter.default or self.tr("(empty)")))
        kind = QLabel(" · ".join(facts))
        kind.setForegroundRole(QPalette.ColorRole.PlaceholderText)
        for label, text in ((name, ""), (QLabel(), parameter.description), (kind, "")):
            if text:
                label.setText(text)
            if label.text():
                label.setWordWrap(True)
                label.setTextFormat(Qt.TextFormat.PlainText)
                layout.addWidget(label)
        return card
