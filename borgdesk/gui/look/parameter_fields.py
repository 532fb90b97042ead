"""Input fields for the parameter types of scripts; all of them exchange values as text, as scripts do."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QComboBox,
    QFileDialog,
    QHBoxLayout,
    QLineEdit,
    QPlainTextEdit,
    QSizePolicy,
    QToolButton,
    QWidget,
)

from borgdesk.domain.parameters import Parameter, ParameterType
from borgdesk.gui.look import icons
from borgdesk.gui.look.form_parts import show_text
from borgdesk.translation import _

_MOST_LINES = 5


class Field(QWidget):
    """Input field for one value."""

    edited = Signal()

    def value(self) -> str:
        """Return the value; empty if none was given."""
        raise NotImplementedError

    def set_value(self, value: str) -> None:
        """Show a value without emitting :attr:`edited`."""
        raise NotImplementedError

    def _hold(self, *widgets: QWidget) -> None:
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        for widget in widgets:
            layout.addWidget(widget)
        widgets[0].setAccessibleName(self.accessibleName())


def field_for(parameter: Parameter, name: str) -> Field:
    """Return the input field for a parameter; *name* is its accessible name."""
    if parameter.secret:
        return SecretField(name)
    if parameter.type is ParameterType.CHOICE:
        return ChoiceField(name, [(choice, choice) for choice in parameter.choices], parameter.default is None)
    if parameter.type is ParameterType.BOOLEAN:
        return BooleanField(name, parameter.default is None)
    if parameter.type is ParameterType.PATH:
        return PathField(name)
    if parameter.type is ParameterType.INTEGER:
        return LineField(name)
    return TextField(name)


class LineField(Field):
    """Single-line field."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(name)
        self.line = QLineEdit()
        self._hold(self.line)
        self.line.textEdited.connect(lambda _: self.edited.emit())

    def value(self) -> str:
        return self.line.text()

    def set_value(self, value: str) -> None:
        show_text(self.line, value)


class _GrowingText(QPlainTextEdit):
    """Text field that grows with its text, up to some lines; Tab leaves it."""

    def __init__(self) -> None:
        super().__init__()
        self.setTabChangesFocus(True)
        self.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.document().setDocumentMargin(4)
        self.textChanged.connect(self.updateGeometry)

    def sizeHint(self) -> QSize:
        lines = min(max(self.blockCount(), 1), _MOST_LINES)
        height = lines * self.fontMetrics().lineSpacing() + 2 * 4 + 2 * self.frameWidth() + 2
        if self.horizontalScrollBar().isVisible():
            height += self.horizontalScrollBar().sizeHint().height()
        return QSize(160, height)

    def minimumSizeHint(self) -> QSize:
        return QSize(80, self.sizeHint().height())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            event.ignore()
        else:
            super().keyPressEvent(event)


class TextField(Field):
    """Multi-line field."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(name)
        self.text = _GrowingText()
        self._hold(self.text)
        self.text.textChanged.connect(self.edited)

    def value(self) -> str:
        return self.text.toPlainText()

    def set_value(self, value: str) -> None:
        before = self.text.blockSignals(True)
        self.text.setPlainText(value)
        self.text.blockSignals(before)
        self.text.updateGeometry()


class PathField(LineField):
    """Field for a path, with a button to choose a folder."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(name, parent)
        browse = QToolButton()
        browse.setIcon(icons.icon("folder"))
        browse.setToolTip(_("Choose a folder"))
        browse.setAccessibleName(_("Choose a folder for {name}").format(name=name))
        browse.clicked.connect(self._browse)
        layout = self.layout()
        assert layout is not None
        layout.addWidget(browse)

    def _browse(self) -> None:
        chosen = QFileDialog.getExistingDirectory(self, _("Choose a folder"), self.line.text())
        if chosen:
            self.line.setText(chosen)
            self.edited.emit()


class ChoiceField(Field):
    """Field for one of several values."""

    def __init__(self, name: str, choices: list[tuple[str, str]], may_be_empty: bool) -> None:
        """*choices* are pairs of displayed text and value for the script."""
        super().__init__()
        self.setAccessibleName(name)
        self.box = QComboBox()
        if may_be_empty:
            self.box.addItem("", "")
        for shown, value in choices:
            self.box.addItem(shown, value)
        self._hold(self.box)
        self.box.activated.connect(lambda _: self.edited.emit())

    def value(self) -> str:
        return str(self.box.currentData() or "")

    def set_value(self, value: str) -> None:
        place = self.box.findData(value)
        if place < 0 and value:
            self.box.addItem(value, value)
            place = self.box.count() - 1
        self.box.setCurrentIndex(place)


class BooleanField(ChoiceField):
    """Field for yes or no."""

    def __init__(self, name: str, may_be_empty: bool) -> None:
        super().__init__(name, [(_("Yes"), "true"), (_("No"), "false")], may_be_empty)


class SecretField(Field):
    """Field for a secret, which is masked while it is typed and never shown again."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(name)
        self.line = QLineEdit()
        self.line.setEchoMode(QLineEdit.EchoMode.Password)
        self.eye = QToolButton()
        self.eye.setText(_("Show"))
        self.eye.setCheckable(True)
        self.eye.setAccessibleName(_("Show {name}").format(name=name))
        self.eye.toggled.connect(self._on_eye_toggled)
        self._hold(self.line, self.eye)
        self.line.textEdited.connect(lambda _: self.edited.emit())

    def value(self) -> str:
        return self.line.text()

    def set_value(self, value: str) -> None:
        self.line.setText(value)

    def set_kept(self, kept: bool) -> None:
        """Show whether there is a stored value, which remains unless another one is typed."""
        self.line.setPlaceholderText(_("stored; type to replace it") if kept else "")

    def _on_eye_toggled(self, visible: bool) -> None:
        self.line.setEchoMode(QLineEdit.EchoMode.Normal if visible else QLineEdit.EchoMode.Password)
