"""Checks patterns and options of Borg while a form is filled in."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QObject, QTimer, Signal

from borgdesk.engine.repositories.form_checks import TypedRemarks, typed_remarks
from borgdesk.gui.repositories.repository_tabs import BackupTab
from borgdesk.gui.workers.background import Background

_PAUSE = 300
"""Milliseconds after the last key press before the form is checked."""

_Typed = tuple[tuple[str, ...], tuple[str, ...], str, str]
"""Excludes, sources, patterns and options."""


class ExcludeRemarks(QObject):
    """Checks excludes, patterns and options of a tab in the background."""

    shown = Signal()
    """The result is shown."""

    def __init__(self, tab: BackupTab, background: Background, parent: QObject) -> None:
        super().__init__(parent)
        self._tab, self._background = tab, background
        self._timer = QTimer(self, singleShot=True, interval=_PAUSE)
        self._timer.timeout.connect(self._on_timeout)

    def start(self) -> None:
        """Check the form as soon as nothing is typed for a moment."""
        self._timer.start()

    def _on_timeout(self) -> None:
        typed = self._typed()
        self._background.ask(lambda: typed_remarks(*typed), partial(self._show, typed), owner=self)

    def _typed(self) -> _Typed:
        tab, advanced = self._tab, self._tab.advanced
        return (
            tab.excludes.patterns(),
            tab.sources.paths(),
            advanced.patterns.toPlainText(),
            advanced.arguments.text(),
        )

    def _show(self, typed: _Typed, found: TypedRemarks) -> None:
        if typed == self._typed():
            self._tab.excludes.show_remarks(found.excludes)
            self._tab.advanced.show_problems(found.patterns, found.arguments)
        self.shown.emit()
