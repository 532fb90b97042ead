"""Base class of all dialogs."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractSpinBox,
    QComboBox,
    QDialog,
    QLineEdit,
    QListWidget,
    QMessageBox,
    QPlainTextEdit,
    QWidget,
)

from borgdesk.gui.look import screen_fit, tab_order
from borgdesk.gui.look.help_window import open_help
from borgdesk.translation import _


class Dialog(QDialog):
    """Dialog with Tab in reading order that fits the screen and asks before entered values are lost."""

    help_page = ""
    """Name of the chapter of the documentation that describes the dialog, mostly that of its page."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._before: object = None
        """Result of :meth:`entered` when the dialog was opened."""

    def entered(self) -> object:
        """Return what would be lost by leaving, by default the values of all controls; None if nothing can be entered.

        Two results are equal if nothing was entered in between.
        """
        mine = (widget for widget in self.findChildren(QWidget) if widget.window() is self and self.counts(widget))
        return [value for widget in mine if (value := _value(widget)) is not None]

    def counts(self, widget: QWidget) -> bool:
        """Return whether the value of a control is input; not if the program changes it."""
        return True

    def has_edits(self) -> bool:
        """Return whether something was entered, chosen or switched that would be lost."""
        return self.entered() != self._before

    def reject(self) -> None:
        """Handle Escape, *Cancel* and the window's close button; ask first if something was entered."""
        if self.isVisible() and self.has_edits():
            self._ask_to_leave()
        else:
            super().reject()

    def setWindowTitle(self, title: str) -> None:
        """Set a title that may contain a name: ``[*]`` is not Qt's placeholder for unsaved changes here."""
        super().setWindowTitle(title.replace("[*]", "[*][*]"))

    def focusNextPrevChild(self, next: bool) -> bool:  # noqa: A002 - Qt's name
        return tab_order.go_on(self, forward=next)

    def setVisible(self, visible: bool) -> None:
        if visible and not self.isVisible():
            screen_fit.fit_dialog(self)
            self._before = self.entered()
        super().setVisible(visible)

    def event(self, event: QEvent) -> bool:
        handled = super().event(event)
        if event.type() == QEvent.Type.LayoutRequest and self.isVisible():
            screen_fit.grow(self)
        return handled

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_F1:
            open_help(self, self.help_page)
        else:
            super().keyPressEvent(event)

    def _ask_to_leave(self) -> None:
        box = QMessageBox(self)
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        box.setIcon(QMessageBox.Icon.Question)
        box.setWindowTitle(self.windowTitle())
        box.setText(_("Close this window and discard your changes?"))
        leave = box.addButton(_("&Discard"), QMessageBox.ButtonRole.DestructiveRole)
        stay = box.addButton(_("Keep &editing"), QMessageBox.ButtonRole.RejectRole)
        box.setDefaultButton(stay)
        box.setEscapeButton(stay)
        leave.clicked.connect(lambda: self.done(QDialog.DialogCode.Rejected))
        box.open()


def _value(widget: QWidget) -> object:
    """Return a control's value; None if it has none or is part of another control."""
    value: object = None
    if isinstance(widget, QComboBox):
        value = widget.currentText() if widget.isEditable() else widget.currentIndex()
    elif isinstance(widget, QAbstractSpinBox):
        value = widget.text()
    elif isinstance(widget, QLineEdit) and not widget.isReadOnly():
        value = None if _is_part(widget) else widget.text()
    elif isinstance(widget, QPlainTextEdit) and not widget.isReadOnly():
        value = widget.toPlainText()
    elif isinstance(widget, QListWidget):
        items = [widget.item(row) for row in range(widget.count())]
        value = [(item.text(), item.checkState()) for item in items]
    elif isinstance(widget, QAbstractButton) and widget.isCheckable():
        value = widget.isChecked()
    return value


def _is_part(line: QLineEdit) -> bool:
    parent: QObject | None = line.parent()
    return isinstance(parent, QComboBox | QAbstractSpinBox)
