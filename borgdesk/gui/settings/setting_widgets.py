"""Input widgets that show one setting and change it, whoever else changes it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import time
from typing import Any

from PySide6.QtCore import QObject, QSignalBlocker, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QSpinBox,
    QWidget,
)

from borgdesk.domain.schedule import Hours
from borgdesk.domain.settings import Setting
from borgdesk.gui.look.time_edit import TimeEdit
from borgdesk.gui.workers.live_settings import LiveSettings
from borgdesk.translation import _

_NIGHT = Hours(time(22), time(7))
"""Quiet hours that are offered."""


class SettingsForm(QObject):
    """Creates the widgets. What is refused is reported, and the stored value shown again."""

    refused = Signal(str)
    """A sentence that says why a value was not taken."""
    accepted = Signal(str)
    """Key of a setting that was changed here."""
    changed = Signal()
    """Some values are different now, whoever changed them."""

    def __init__(self, settings: LiveSettings, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._settings = settings
        self._shows: list[Callable[[], None]] = []
        settings.changed.connect(self._on_changed)

    def check_box(self, setting: Setting[bool], text: str) -> QCheckBox:
        """Return a check box."""
        box = QCheckBox(text)
        self._bind(box, lambda: box.setChecked(self._settings.values[setting]))
        box.toggled.connect(lambda checked: self._change(setting, checked))
        return box

    def choice(self, setting: Setting[str], choices: Sequence[tuple[str, str]]) -> QComboBox:
        """Return a list of values, each with its words. A value that is not among them is added when it is set."""
        box = QComboBox()
        for value, words in choices:
            box.addItem(words, value)

        def show() -> None:
            value = self._settings.values[setting]
            if box.findData(value) < 0:
                box.addItem(value, value)
            box.setCurrentIndex(box.findData(value))

        self._bind(box, show)
        box.currentIndexChanged.connect(lambda _: self._change(setting, box.currentData()))
        return box

    def number(self, setting: Setting[int], suffix: str, zero: str = "", before: str = "") -> QSpinBox:
        """Return a field for a number, with *before* and *suffix* around it.

        *zero* is what the lower limit, 0, means; it stands alone.
        """
        box = QSpinBox()
        box.setPrefix(before)
        box.setRange(*setting.limits)
        box.setSuffix(suffix)
        box.setSpecialValueText(zero)
        box.setGroupSeparatorShown(True)
        box.setKeyboardTracking(False)
        self._bind(box, lambda: box.setValue(self._settings.values[setting]))
        box.valueChanged.connect(lambda number: self._change(setting, number))
        return box

    def program(self, setting: Setting[str], placeholder: str) -> tuple[QWidget, QLineEdit]:
        """Return a row with a field for the path of a program and a button to choose it, and the field."""
        row = QWidget()
        field, button = QLineEdit(row), QPushButton(_("&Browse…"), row)
        field.setPlaceholderText(placeholder)
        field.setClearButtonEnabled(True)
        button.setAutoDefault(False)
        layout = QHBoxLayout(row)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(field, 1)
        layout.addWidget(button)
        self._bind(field, lambda: field.setText(self._settings.values[setting]))
        field.editingFinished.connect(lambda: self._change(setting, field.text().strip()))

        def choose() -> None:
            dialog = QFileDialog(row.window(), _("Choose the Borg program"), field.text() or "/usr/bin")
            dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
            dialog.fileSelected.connect(lambda path: self._change(setting, path))
            dialog.finished.connect(dialog.deleteLater)
            dialog.open()

        button.clicked.connect(choose)
        return row, field

    def hours(self, setting: Setting[str], text: str) -> tuple[QWidget, QCheckBox, TimeEdit, TimeEdit]:
        """Return a row with a check box and the two ends of a part of the day, and its widgets."""
        row = QWidget()
        box = QCheckBox(text, row)
        begin, end = TimeEdit(_("Begin of the quiet hours"), row), TimeEdit(_("End of the quiet hours"), row)
        layout = QHBoxLayout(row)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(box)
        layout.addWidget(begin)
        layout.addWidget(QLabel(_("to"), row))
        layout.addWidget(end)
        layout.addStretch(1)

        def show() -> None:
            value = self._settings.values[setting]
            hours = Hours.parse(value) if value else _NIGHT
            box.setChecked(bool(value))
            for field, at in ((begin, hours.begin), (end, hours.end)):
                field.setEnabled(bool(value))
                with QSignalBlocker(field):
                    field.set_value(at)

        def change() -> None:
            # Equal ends are no part of the day: the person is still typing.
            if not box.isChecked():
                self._change(setting, "")
            elif begin.value() != end.value():
                self._change(setting, str(Hours(begin.value(), end.value())))

        self._bind(box, show)
        box.toggled.connect(change)
        for field in (begin, end):
            field.editingFinished.connect(change)
        return row, box, begin, end

    def _bind(self, widget: QWidget, show: Callable[[], None]) -> None:
        def quietly() -> None:
            with QSignalBlocker(widget):
                show()

        self._shows.append(quietly)
        quietly()

    def _change(self, setting: Setting[Any], value: object) -> None:
        def on_failed(sentence: str) -> None:
            self._on_changed()
            self.refused.emit(sentence)

        if value != self._settings.values[setting]:
            self._settings.change(setting, value, lambda: self.accepted.emit(setting.key), on_failed)

    def _on_changed(self) -> None:
        for show in self._shows:
            show()
        self.changed.emit()
