"""Background request to Borg, one at a time, with a banner that describes it and offers *Stop*."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TypeVar

from PySide6.QtCore import QObject, Signal

from borgdesk.domain.errors import BorgDeskError, Stopped
from borgdesk.engine.processes.cancel import Cancel
from borgdesk.gui.look import theme, words
from borgdesk.gui.look.banner import Banner, BannerButton
from borgdesk.gui.workers.background import Background
from borgdesk.gui.workers.thread_emitter import ThreadEmitter
from borgdesk.translation import _

T = TypeVar("T")


class BorgQuestion(QObject):
    """Starting a request stops the previous one."""

    _progressed = Signal(Cancel, float)
    """The request that is identified by its cancel flag, and how much of it is done."""

    def __init__(
        self, background: Background, banner: Banner, parent: QObject | None = None, *, working: Banner | None = None
    ) -> None:
        """*working*: where the request is described, if what went wrong is said elsewhere."""
        super().__init__(parent)
        self._background, self._banner, self._working = background, banner, working or banner
        self._cancel: Cancel | None = None
        self._what = ""
        self._progressed.connect(self._on_progressed)
        self._tell_progressed = ThreadEmitter(self._progressed)

    @property
    def is_open(self) -> bool:
        """Whether a request is in progress."""
        return self._cancel is not None

    def ask(
        self,
        what: str,
        question: Callable[[Cancel], T],
        answer: Callable[[T], None],
        failed: Callable[[str], None] | None = None,
        stopped: Callable[[], None] = lambda: None,
    ) -> None:
        """Start a request; *failed* gets the error instead of the banner, *Stop* calls *stopped*."""
        self.stop()
        cancel = self._cancel = Cancel()
        self._what = what

        def press_stop() -> None:
            self.stop()
            stopped()

        def end(result: T) -> None:
            if self._close(cancel):
                answer(result)

        def fail(error: BorgDeskError) -> None:
            if not self._close(cancel) or isinstance(error, Stopped):
                return
            if failed is None:
                self._banner.show_message(error.sentence, theme.Tone.BAD)
            else:
                failed(error.sentence)

        self._banner.show_message("")
        self._working.show_message(what, theme.Tone.WORKING, [BannerButton(_("S&top"), press_stop)], dismissible=False)
        self._background.ask(partial(question, cancel), end, fail, owner=self, cancel=cancel)

    def tell_progress(self, cancel: Cancel, fraction: float) -> None:
        """Show how much of the request with this flag is done; for its own thread."""
        self._tell_progressed(cancel, fraction)

    def _on_progressed(self, cancel: Cancel, fraction: float) -> None:
        if cancel is self._cancel:
            self._working.change_text(_("{what} {percent}").format(what=self._what, percent=words.percent(fraction)))

    def stop(self) -> None:
        """Stop the request; its answer is discarded."""
        if self._cancel is not None:
            self._cancel.ask()
            self._close(self._cancel)

    def _close(self, cancel: Cancel) -> bool:
        """Return whether that was the request in progress, and end it."""
        if self._cancel is not cancel:
            return False
        self._cancel = None
        self._working.show_message("")
        return True
