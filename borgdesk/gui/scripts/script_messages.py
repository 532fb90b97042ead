"""Banner messages about opening and saving a script."""

from __future__ import annotations

from collections.abc import Callable, Collection

from borgdesk.domain.enumeration import listed
from borgdesk.domain.errors import Changed
from borgdesk.engine.scripts.drafts import Draft
from borgdesk.gui.look import words
from borgdesk.gui.look.banner import Banner, BannerButton
from borgdesk.gui.look.theme import Tone
from borgdesk.translation import _


def show_exposed(banner: Banner, why: str, protect: Callable[[], object]) -> None:
    """Say that others can change the file, so that it is not executed."""
    text = _("{sentence} Check the text. If it is what you want to run, protect the file from changes by others.")
    button = BannerButton(_("Protect file"), protect)
    banner.show_message(text.format(sentence=why), Tone.WARNING, [button], dismissible=False)


def show_restored(banner: Banner, draft: Draft) -> None:
    """Say that the text comes from a draft."""
    text = _("These are your changes up to {time}. BorgDesk closed before they were saved.")
    banner.show_message(text.format(time=words.moment(draft.saved_at)), Tone.WORKING)


def show_lost(banner: Banner) -> None:
    """Say that the script was removed, but its edited text is still here."""
    text = _(
        "This script was removed from the library while it had unsaved changes. Saving adds it again as a new script."
    )
    banner.show_message(text, Tone.WARNING)


def show_moved_secrets(banner: Banner, names: Collection[str]) -> None:
    """Say that some plain values are secret now."""
    text = _("The values of {names} are now stored with your secrets.")
    banner.show_message(text.format(names=listed(sorted(names))), Tone.WORKING)


def show_changed(banner: Banner, error: Changed, discard: Callable[[], object], keep: Callable[[], object]) -> None:
    """Say that another program stored conflicting changes, and let the user choose."""
    choices = [BannerButton(_("Discard my changes"), discard), BannerButton(_("Keep my changes"), keep)]
    banner.show_message(error.sentence, Tone.WARNING, choices, dismissible=False)
