"""Controls how the program ends, whether through the window, the menu, a signal or the end of the session."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING

from PySide6.QtCore import QEventLoop, QObject, QTimer, Signal, SignalInstance
from PySide6.QtWidgets import QApplication, QMessageBox

from borgdesk.gui.shell.main_window import MainWindow
from borgdesk.gui.shell.quit_dialog import UnderWay, ask_to_quit
from borgdesk.translation import _

if TYPE_CHECKING:
    from borgdesk.gui.shell.tray import Tray

_log = logging.getLogger(__name__)

_SESSION_PATIENCE = 120.0
"""Seconds for which the end of the session may be delayed by pending work; the guardian does the rest."""

_LOOKOUT = 2000
"""Milliseconds between two checks that the tray is still there while the window is hidden in it."""


class Stage(Enum):
    """How far quitting has progressed."""

    OPEN = auto()
    """New work is accepted."""
    HOLDING = auto()
    """The session waits for work that is being stopped, but may still continue."""
    ENDING = auto()
    """No new work is accepted; running work is being stopped and finishes what it owes."""
    ENDED = auto()
    """No work is left."""


@dataclass(frozen=True, slots=True)
class Work:
    """Work that must finish before the program may end."""

    is_busy: Callable[[], bool]
    stop: Callable[[], object]
    """Asks the work to stop; a repeated call must not make it hurry."""
    became_idle: SignalInstance
    """Emitted when the work is no longer busy."""
    under_way: Callable[[], UnderWay | None]
    """Describes the work for the user before it is stopped; None if stopping it loses nothing."""


class Lifetime(QObject):
    """Decides what closing the window, quitting, a signal and the end of the session do."""

    ended = Signal()
    """No work is left and the program is to end now."""
    edits_lost = Signal(list)
    """The program is ending without asking the user: names of the dialogs and forms with unsaved input."""
    hidden = Signal()
    """The window was closed and BorgDesk continues in the tray."""

    def __init__(self, window: MainWindow, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._window = window
        self._stage = Stage.OPEN
        self._works: list[Work] = []
        self._tray: Tray | None = None
        self._wants_tray: Callable[[], bool] = lambda: False
        self._is_end_by_system = False
        self._leaving = False
        """Whether the user is being asked about unsaved changes."""
        self._question: QMessageBox | None = None
        self._lookout = QTimer(self, interval=_LOOKOUT)
        self._lookout.timeout.connect(self._on_lookout_timeout)
        window.close_requested.connect(self.close_window)
        window.quit_requested.connect(self.quit)

    # setup

    def watch(self, work: Work) -> None:
        """Stop *work* before the program ends, and wait for it."""
        self._works.append(work)
        work.became_idle.connect(self._on_idle)

    def use_tray(self, tray: Tray, wanted: Callable[[], bool]) -> None:
        """Use this tray; *wanted* returns whether the user wants the window to close into it."""
        self._tray, self._wants_tray = tray, wanted
        tray.quit_requested.connect(self.quit)

    @property
    def has_tray(self) -> bool:
        """Whether there is a tray."""
        return self._tray is not None

    @property
    def is_ending(self) -> bool:
        """Whether new work is refused because the program is ending."""
        return self._stage is not Stage.OPEN

    @property
    def is_end_by_system(self) -> bool:
        """Whether work is stopped because the session ends or a signal came, and not by the user."""
        return self._is_end_by_system

    # requests

    def start_hidden(self) -> bool:
        """Let the program begin in the tray; return False, with nothing done, if there is none."""
        if self._tray is None or not self._tray.is_available():
            return False
        self._lookout.start()
        return True

    def close_window(self) -> None:
        """Handle the user closing the window: hide it if a tray can bring it back; never end a backup."""
        _log.debug("the window is closed; tray: %s, busy: %s", self._tray is not None, self._is_busy())
        if self.is_ending:
            self._window.hide()
        elif self._tray is not None and self._tray.is_available() and self._wants_tray():
            self._window.hide()
            self._lookout.start()
            self.hidden.emit()
        elif self._tray is None and self._is_busy():
            self._window.showMinimized()
        else:
            self.quit()

    def quit(self) -> None:
        """Handle the user quitting: ask first if input would be lost or work is in progress."""
        if self.is_ending:
            self._show_ending()
            return
        dialog = self._question or QApplication.activeModalWidget()
        if dialog is not None:
            # Questions about unsaved changes must be answered before anything else.
            self._window.come_forward()
            dialog.raise_()
            dialog.activateWindow()
        elif self._may_leave():
            self._ask_about_work()

    def terminate(self) -> None:
        """End the program without a question, as a signal or the desktop asks; running work is stopped, not hurried.

        A logout sends several signals, so a second one changes nothing.
        """
        self._end(by_system=True)

    def _end(self, *, by_system: bool) -> None:
        if self._stage is Stage.ENDED:
            return
        _log.debug("asked to end; busy: %s", self._is_busy())
        if self._stage is not Stage.ENDING and (names := self._window.lost_at_end()):
            self.edits_lost.emit(names)
        self._stage, self._is_end_by_system = Stage.ENDING, by_system
        if self._question is not None:
            self._question.close()
        for work in self._works:
            work.stop()
        self._on_idle()
        if self._stage is Stage.ENDING:
            self._show_ending()

    def hold_session(self) -> None:
        """Delay the end of the session until all work is stopped, for as long as the session allows.

        The session may still go on: when the logout is cancelled, BorgDesk accepts work again.
        """
        if self._stage is Stage.OPEN:
            self._stage, self._is_end_by_system = Stage.HOLDING, True
            for work in self._works:
                work.stop()
        self._wait(_SESSION_PATIENCE)
        if self._stage is Stage.HOLDING:
            self._stage = Stage.OPEN

    # implementation

    def _may_leave(self) -> bool:
        if self._leaving:
            return False
        self._leaving = True
        try:
            if self._window.has_unsaved():
                self._window.come_forward()
            return self._window.can_leave()
        finally:
            self._leaving = False

    def _ask_about_work(self) -> None:
        under_way = [found for work in self._works if (found := work.under_way()) is not None]
        if not under_way:
            self._end(by_system=False)
            return
        self._window.come_forward()
        self._question = ask_to_quit(self._window, under_way, self._end_for_user)
        self._question.finished.connect(self._on_question_finished)

    def _end_for_user(self) -> None:
        self._end(by_system=False)

    def _on_question_finished(self) -> None:
        self._question = None

    def _is_busy(self) -> bool:
        return any(work.is_busy() for work in self._works)

    def _on_idle(self) -> None:
        if self._stage is Stage.ENDING and not self._is_busy():
            self._stage = Stage.ENDED
            self.ended.emit()

    def _show_ending(self) -> None:
        self._window.show_waiting(_("BorgDesk will quit as soon as everything has been put back."))

    def _on_lookout_timeout(self) -> None:
        """Show the hidden window again if the tray that could bring it back has gone."""
        if self._window.isVisible() or self.is_ending:
            self._lookout.stop()
        elif self._tray is None or not self._tray.is_available():
            self._lookout.stop()
            self._window.showMinimized()

    def _wait(self, patience: float) -> None:
        end = time.monotonic() + patience
        while self._is_busy() and time.monotonic() < end:
            loop = QEventLoop()
            for work in self._works:
                work.became_idle.connect(loop.quit)
            QTimer.singleShot(1000, loop.quit)
            loop.exec(QEventLoop.ProcessEventsFlag.ExcludeUserInputEvents)
