"""Tab with the parameters that a script's text declares."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QFrame, QLabel, QPushButton, QVBoxLayout, QWidget

from borgdesk.domain.parameters import Header, Parameter
from borgdesk.gui.look import icons, script_words
from borgdesk.gui.look.banner import Banner
from borgdesk.gui.look.form_parts import explanation
from borgdesk.gui.look.form_scroll import FormScroll
from borgdesk.gui.look.theme import Tone
from borgdesk.translation import _


class ParametersTab(QWidget):
    """Displays the header's parameter block; parameters are declared only in the text."""

    addition_requested = Signal()
    header_changed = Signal(object)
    """The Header of the present text."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.header = Header()
        self._message = Banner()
        self._inside = QWidget()
        self._column = QVBoxLayout(self._inside)
        self.add = QPushButton(icons.icon("list-add"), _("&Add parameter…"))
        self.add.clicked.connect(self.addition_requested)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 6, 0, 0)
        layout.addWidget(self._message)
        layout.addWidget(FormScroll(self._inside), 1)
        layout.addWidget(self.add)
        self._show(self.header)

    def show_header(self, header: Header | None) -> None:
        """Show the declarations of a text; None for a malformed block, for which the last valid one is kept."""
        if header is None:
            self._message.show_message(
                _("The parameter block is not valid; see the findings."), Tone.BAD, dismissible=False
            )
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
            none = explanation(
                _(
                    "This script has no parameters. With parameters, the same script can work for several "
                    "repositories, each with its own values."
                )
            )
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
            facts.append(_("default: {value}").format(value=parameter.default or _("(empty)")))
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
