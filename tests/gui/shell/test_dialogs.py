"""All dialogs: no input is lost without a question, and Enter activates the default button."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial

import pytest
import shiboken6
from PySide6.QtCore import QEvent, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QLineEdit,
    QMessageBox,
    QPlainTextEdit,
    QPushButton,
    QRadioButton,
    QTableView,
    QTextBrowser,
    QWidget,
)

from borgdesk.gui.editor.editor import ScriptEditor
from borgdesk.gui.lanes.assignment_dialog import AssignmentDialog
from borgdesk.gui.look.dialog import Dialog
from borgdesk.gui.repositories.add_repository_dialog import AddRepositoryDialog
from borgdesk.gui.scripts.parameter_dialog import ParameterDialog
from borgdesk.gui.scripts.template_dialog import TemplateDialog
from tests.gui.tour import Tour

_FORMS = (AddRepositoryDialog, AssignmentDialog, ParameterDialog, TemplateDialog)


def press_escape(dialog: Dialog) -> None:
    QTest.keyClick(dialog, Qt.Key.Key_Escape)


def close(dialog: Dialog) -> None:
    dialog.close()


def cancel(dialog: Dialog) -> None:
    box = dialog.findChild(QDialogButtonBox)
    assert isinstance(box, QDialogButtonBox)
    box.button(QDialogButtonBox.StandardButton.Cancel).click()


@pytest.mark.parametrize("leave", [press_escape, close, cancel])
def test_whatever_was_changed_is_not_lost_unasked(tour: Tour, leave: Callable[[Dialog], None]) -> None:
    tour.fill()
    changed: dict[type[QDialog], int] = {}
    problems = []
    for place in tour.dialogs():
        dialog = place.widget
        if not isinstance(dialog, _FORMS) or "works" in place.name:
            continue
        for widget in [*controls(dialog)]:
            if not shiboken6.isValid(widget):
                # Another choice has other values.
                continue
            # As if the dialog had been opened with these values.
            dialog._before = dialog.entered()
            if (undo := change(widget)) is None:
                continue
            changed[type(dialog)] = changed.get(type(dialog), 0) + 1
            leave(dialog)
            if not _answer(dialog):
                problems.append(f"{place.name}: lost {_told(widget)}")
                dialog.open()
            undo()
    assert problems == []
    assert set(changed) == set(_FORMS)
    assert sum(changed.values()) > 30


def _answer(dialog: Dialog) -> bool:
    """Return whether closing the dialog asks first, in which case it stays open."""
    asked = QApplication.activeModalWidget()
    if not isinstance(asked, QMessageBox):
        return False
    QTest.keyClick(asked, Qt.Key.Key_Escape)
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    return dialog.isVisible()


def controls(dialog: QWidget) -> Iterator[QWidget]:
    """Yield the controls that a user can change, except search fields."""
    for widget in dialog.findChildren(QWidget):
        seen = widget.window() is dialog and widget.isVisible() and widget.isEnabled()
        if seen and "Search" not in widget.accessibleName():
            yield widget


def change(widget: QWidget) -> Callable[[], object] | None:
    """Change a control's value as a user does; return how to restore it, or None if it has no value."""
    if isinstance(widget, QComboBox) and not widget.isEditable() and widget.count() > 1:
        before = widget.currentIndex()
        _choose(widget, (before + 1) % widget.count())
        return lambda: _choose(widget, before)
    if isinstance(widget, QAbstractSpinBox):
        widget.setFocus()
        QTest.keyClick(widget, Qt.Key.Key_Up)
        return lambda: QTest.keyClick(widget, Qt.Key.Key_Down)
    if isinstance(widget, QLineEdit) and not isinstance(widget.parent(), QComboBox | QAbstractSpinBox):
        QTest.keyClicks(widget, "X")
        return lambda: QTest.keyClick(widget, Qt.Key.Key_Backspace)
    if isinstance(widget, QPlainTextEdit) and not widget.isReadOnly():
        QTest.keyClicks(widget, "X")
        return lambda: QTest.keyClick(widget, Qt.Key.Key_Backspace)
    if isinstance(widget, QAbstractButton) and widget.isCheckable():
        return _press(widget)
    return None


def _choose(combo: QComboBox, place: int) -> None:
    combo.setCurrentIndex(place)
    combo.activated.emit(place)


def _press(button: QAbstractButton) -> Callable[[], object] | None:
    if "Show" in (button.text() or button.accessibleName()):
        # A control that only displays something loses nothing.
        return None
    if isinstance(button, QRadioButton):
        if button.isChecked():
            return None
        group = button.parentWidget()
        assert group is not None
        (made,) = [one for one in group.findChildren(QRadioButton) if one.isChecked() and one.parent() is group]
        button.click()
        return made.click
    button.click()
    return button.click


def test_enter_does_what_the_default_button_says(tour: Tour) -> None:
    tour.fill()
    problems: list[str] = []
    seen = 0
    for place in tour.dialogs():
        assert isinstance(place.widget, QDialog)
        dialog = Defused(place.widget)
        if not dialog.defaults():
            problems.append(f"{place.name}: no default button")
        for stop in [*stops(place.widget)]:
            stop.setFocus(Qt.FocusReason.TabFocusReason)
            (button,) = dialog.defaults()
            seen += 1
            dialog.pressed.clear()
            QTest.keyClick(stop, Qt.Key.Key_Return)
            if dialog.pressed != [button] * (button.isEnabled() and button.isVisible()):
                names = [one.text() for one in dialog.pressed]
                problems.append(f"{place.name}: Enter in {_told(stop)} presses {names}, not {button.text()}")
        if any(dialog.destroys(button) for button in dialog.first):
            problems.append(f"{place.name}: destroys by default")
        if dialog.is_form and not any(dialog.accepts(button) for button in dialog.first):
            problems.append(f"{place.name}: Enter leaves a form")
    assert problems == []
    assert seen > 60


class Defused:
    """A dialog whose buttons only record that they were pressed."""

    def __init__(self, dialog: QDialog) -> None:
        self._is_form = isinstance(dialog, Dialog)
        self._boxes = dialog.findChildren(QDialogButtonBox)
        self._buttons = [one for one in dialog.findChildren(QPushButton) if one.window() is dialog]
        self.pressed: list[QPushButton] = []
        self.first = self.defaults()
        for box in self._boxes:
            box.blockSignals(True)
        for button in self._buttons:
            with warnings.catch_warnings(), suppress(RuntimeError):
                # Buttons of a box are connected only by Qt.
                warnings.simplefilter("ignore", RuntimeWarning)
                button.clicked.disconnect()
            button.clicked.connect(partial(self._press, button))

    def _press(self, button: QPushButton, _checked: bool = False) -> None:
        self.pressed.append(button)

    def defaults(self) -> list[QPushButton]:
        """Return the buttons drawn as the default."""
        return [one for one in self._buttons if one.isDefault()]

    @property
    def is_form(self) -> bool:
        """Whether values are entered, which a button then accepts."""
        return self._is_form and any(map(self.accepts, self._buttons))

    def accepts(self, button: QPushButton) -> bool:
        """Return whether the button accepts what was entered."""
        return any(box.buttonRole(button) is QDialogButtonBox.ButtonRole.AcceptRole for box in self._boxes)

    def destroys(self, button: QPushButton) -> bool:
        """Return whether the button deletes something irrevocably."""
        return any(box.buttonRole(button) is QDialogButtonBox.ButtonRole.DestructiveRole for box in self._boxes)


def stops(dialog: QDialog) -> Iterator[QWidget]:
    """Yield the stops where Enter neither breaks a line nor opens the selection."""
    for widget in dialog.findChildren(QWidget):
        seen = widget.window() is dialog and widget.isVisible() and widget.isEnabled()
        written = isinstance(widget, QPlainTextEdit) and not widget.isReadOnly()
        written |= isinstance(widget.parent(), ScriptEditor)
        opened = isinstance(widget, QTableView | QTextBrowser)
        takes = bool(widget.focusPolicy() & Qt.FocusPolicy.TabFocus) and widget.focusProxy() is None
        if seen and takes and not written and not opened:
            yield widget


def _told(widget: QWidget) -> str:
    text = getattr(widget, "text", None)
    return f"{type(widget).__name__} {widget.accessibleName() or (text() if callable(text) else '')}"
