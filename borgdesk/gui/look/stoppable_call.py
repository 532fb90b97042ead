"""Waits for a call whose result matters even after *Stop*, with a banner that describes it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TypeVar

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QApplication, QLineEdit, QWidget
from shiboken6 import isValid

from borgdesk.domain.errors import BorgDeskError, Stopped
from borgdesk.engine.processes.cancel import Cancel
from borgdesk.gui.look.banner import Banner, BannerButton
from borgdesk.gui.look.theme import Tone
from borgdesk.gui.workers.background import Background
from borgdesk.translation import _

T = TypeVar("T")


class StoppableCall(QObject):
    """One call at a time. *Stop* only asks: what has been done by then is told."""

    changed = Signal(bool)
    """Whether a call is in progress."""

    def __init__(self, background: Background, banner: Banner, parent: QObject) -> None:
        super().__init__(parent)
        self._background, self._banner = background, banner
        self._cancel: Cancel | None = None
        self._focused: QWidget | None = None
        """What had the keyboard before it was disabled for the call."""

    @property
    def is_open(self) -> bool:
        """Whether a call is in progress."""
        return self._cancel is not None

    def ask(self, what: str, question: Callable[[Cancel], T], answer: Callable[[T], object]) -> None:
        """Call *question* in the background, then *answer* with its result; errors are shown in the banner."""
        if self._cancel is not None:
            return
        self._cancel = cancel = Cancel()
        stop = BannerButton(_("S&top"), self.stop, hides_banner=False)
        self._banner.show_message(what, Tone.WORKING, [stop], dismissible=False)
        self._focused = QApplication.focusWidget()
        self.changed.emit(True)
        self._background.ask(partial(question, cancel), partial(self._end, answer), self._fail, self, cancel)

    def stop(self) -> None:
        """Ask the call to stop."""
        if self._cancel is not None:
            self._cancel.ask()
            self._banner.show_message(_("Stopping…"), Tone.WORKING, dismissible=False)

    def _end(self, answer: Callable[[T], object], result: T) -> None:
        self._cancel = None
        self._banner.show_message("")
        self.changed.emit(False)
        answer(result)

    def _fail(self, error: BorgDeskError) -> None:
        self._cancel = None
        self._banner.show_message("")
        self.changed.emit(False)
        self._banner.show_message(error.sentence, Tone.MUTED if isinstance(error, Stopped) else Tone.BAD)
        self._focus_again()

    def _focus_again(self) -> None:
        """Let what was entered be corrected: a disabled field has passed the keyboard on to something else."""
        field, self._focused = self._focused, None
        if field is None or not isValid(field) or not field.isEnabled() or not field.window().isActiveWindow():
            return
        field.setFocus(Qt.FocusReason.OtherFocusReason)
        if isinstance(field, QLineEdit):
            field.selectAll()
