"""Banner that offers to restore unsaved drafts after a crash."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from borgdesk.domain.ids import ScriptId
from borgdesk.engine.scripts.drafts import Draft, Drafts
from borgdesk.gui.look import words
from borgdesk.gui.look.banner import Banner, BannerButton
from borgdesk.gui.look.theme import Tone
from borgdesk.gui.workers.background import Background
from borgdesk.translation import _


class DraftOffers(Banner):
    """Offers drafts one at a time until each is opened or discarded.

    A dismissed draft is offered again at the next start. Opening its script by other means restores it, too.
    """

    opening_requested = Signal(object)
    """A Draft to open; call :meth:`withdraw` once it is open."""

    def __init__(self, drafts: Drafts, background: Background, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._drafts = drafts
        self._background = background
        self._offered: list[Draft] = []

    def offer(self, drafts: list[Draft]) -> None:
        """Offer these drafts one after the other."""
        self._offered = drafts
        self._show_next()

    def withdraw(self, draft: Draft) -> None:
        """Stop offering a draft, because it is open now."""
        self._offered = [one for one in self._offered if one.key != draft.key]
        self._show_next()

    def draft_of(self, script_id: ScriptId) -> Draft | None:
        """Return the draft of a script, if one is on offer."""
        return next((one for one in self._offered if one.edited.script_id == script_id), None)

    def _show_next(self) -> None:
        if not self._offered:
            self.hide()
            return
        draft = self._offered[0]
        said = _("BorgDesk closed before “{name}” was saved. Your changes up to {time} can be restored.")
        self.show_message(
            said.format(name=draft.edited.name, time=words.moment(draft.saved_at)),
            Tone.WARNING,
            [
                BannerButton(_("Restore"), partial(self._ask_opening, draft)),
                BannerButton(_("Discard"), partial(self._throw_away, draft)),
            ],
        )

    def _ask_opening(self, draft: Draft) -> None:
        self._show_next()
        self.opening_requested.emit(draft)

    def _throw_away(self, draft: Draft) -> None:
        self._background.do(partial(self._drafts.drop, draft.key))
        self.withdraw(draft)
