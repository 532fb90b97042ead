"""What a crash interrupted, offered again: one draft at a time, until each is opened or thrown away."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from borgdesk.engine.drafts import Draft, Drafts
from borgdesk.gui import words
from borgdesk.gui.background import Background
from borgdesk.gui.theme import Tone
from borgdesk.gui.widgets.message import Message


class DraftOffers(Message):
    """Put away, it comes again at the next start; a script that is opened meanwhile takes its draft with it."""

    opening_asked = Signal(object)
    """A Draft; :meth:`take` follows if it is opened."""

    def __init__(self, drafts: Drafts, background: Background, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._drafts = drafts
        self._background = background
        self._offered: list[Draft] = []

    def offer(self, drafts: list[Draft]) -> None:
        """Offer these, the first one first."""
        self._offered = drafts
        self._show_next()

    def take(self, draft: Draft) -> None:
        """It is open now."""
        self._offered = [one for one in self._offered if one.key != draft.key]
        self._show_next()

    def draft_of(self, script_id: int) -> Draft | None:
        """The draft of a script, if one waits."""
        return next((one for one in self._offered if one.edited.script_id == script_id), None)

    def _show_next(self) -> None:
        if not self._offered:
            self.hide()
            return
        draft = self._offered[0]
        said = self.tr("BorgDesk ended before “{name}” was saved. What was edited until {time} was kept.")
        self.say(
            said.format(name=draft.edited.name, time=words.moment(draft.saved_at)),
            Tone.WARNING,
            [
                (self.tr("Open it"), partial(self._ask_opening, draft)),
                (self.tr("Throw it away"), partial(self._throw_away, draft)),
            ],
        )

    def _ask_opening(self, draft: Draft) -> None:
        self._show_next()
        self.opening_asked.emit(draft)

    def _throw_away(self, draft: Draft) -> None:
        self._background.do(partial(self._drafts.drop, draft.key))
        self.take(draft)
